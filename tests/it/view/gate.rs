//! Who is let in, and what is refused with 4xx.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};

use d2nn::view::{Server, Table};
use serde_json::json;

use super::client::{Answer, Shown, device};
use crate::support::device::SMALL;
use crate::support::pictures;

#[test]
fn the_page_and_its_files_are_served_under_a_strict_policy() {
    let shown = Shown::new(&device(SMALL));
    let page = shown.get("/");
    let html = String::from_utf8(page.body.clone()).unwrap();
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    // Whatever the page and its scripts ask for is there.
    let mut paths = vec!["/".to_owned()];
    let quoted = |text: &str, before: &str| -> Vec<String> {
        text.split(before).skip(1).map(|rest| rest.split(['"', '\'']).next().unwrap().to_owned()).collect()
    };
    paths.extend(
        quoted(&html, "href=\"/").into_iter().chain(quoted(&html, "src=\"/")).map(|p| format!("/{p}")),
    );
    let script = String::from_utf8(shown.get("/view.js").body).unwrap();
    paths.extend(quoted(&script, "from './").into_iter().map(|path| format!("/{path}")));
    assert!(paths.len() >= 8, "{paths:?}");
    for path in &paths {
        let answer = shown.get(path);
        assert_eq!(answer.status, 200, "{path}");
        let policy = answer.header("content-security-policy").unwrap();
        for part in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"] {
            assert!(policy.contains(part), "{policy}");
        }
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("access-control-allow-origin"), None);
        let head = shown.ask("HEAD", path, &[], &[]);
        assert_eq!((head.status, head.body.len()), (200, 0));
    }
    // Nothing is loaded from elsewhere, and nothing stands in the page that the policy forbids.
    assert!(!html.contains("http://") && !html.contains("https://") && !html.contains("style="));
}

#[test]
fn only_the_loopback_address_is_bound() {
    let shown = Shown::new(&device(SMALL));
    assert_eq!(shown.address.ip(), Ipv4Addr::LOCALHOST);
    // A port that is taken is said, with the address.
    let table = Table::new(device(SMALL), None, 1).unwrap();
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let error = Server::bind(table, taken.local_addr().unwrap().port()).err().unwrap().to_string();
    assert!(error.contains(&taken.local_addr().unwrap().to_string()), "{error}");
}

#[test]
fn foreign_hosts_and_origins_are_refused() {
    let shown = Shown::new(&device(SMALL));
    let port = shown.address.port();
    let frame = json!({"image": vec![9; 784]}).to_string();
    let post = |headers: &[(&str, &str)]| {
        let headers = [&[("Content-Type", "application/json")], headers].concat();
        shown.ask("POST", "/frame", &headers, frame.as_bytes()).status
    };
    let (here, local) = (format!("127.0.0.1:{port}"), format!("localhost:{port}"));
    assert_eq!(post(&[("Host", &here), ("Origin", &format!("http://{here}"))]), 200);
    assert_eq!(post(&[("Host", &local), ("Origin", &format!("http://{local}"))]), 200);
    for host in ["evil.example", &format!("evil.example:{port}"), "127.0.0.1", "127.0.0.1:1", ""] {
        assert_eq!(post(&[("Host", host)]), 421, "{host}");
        assert_eq!(shown.ask("GET", "/", &[("Host", host)], &[]).status, 421, "{host}");
    }
    for origin in ["http://evil.example", "https://127.0.0.1", "null", &format!("http://{here}.evil.example")]
    {
        assert_eq!(post(&[("Origin", origin)]), 403, "{origin}");
        assert_eq!(shown.ask("GET", "/device", &[("Origin", origin)], &[]).status, 403, "{origin}");
    }
    assert_eq!(post(&[("Sec-Fetch-Site", "cross-site")]), 403);
    // A form of another page can send text, and no JSON.
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
        assert_eq!(shown.post("/frame", kind, frame.as_bytes()).status, 415, "{kind}");
        assert_eq!(shown.post("/picture", kind, b"x").status, 415, "{kind}");
    }
}

#[test]
fn what_is_malformed_gets_4xx_and_a_reason() {
    let shown = Shown::new(&device(SMALL));
    for (method, path, status) in [
        ("GET", "/nothing", 404),
        ("GET", "/image/", 404),
        ("GET", "/image/-1", 404),
        ("GET", "/image/99999999999999999999", 404),
        ("GET", "/../../etc/passwd", 404),
        ("GET", "/%2e%2e/etc/passwd", 404),
        ("GET", "/frame", 405),
        ("POST", "/", 405),
        ("POST", "/device", 405),
        ("DELETE", "/frame", 405),
        ("PUT", "/view.css", 405),
    ] {
        let answer = shown.ask(method, path, &[], &[]);
        assert_eq!(answer.status, status, "{method} {path}");
        assert!(!answer.error().is_empty());
        assert_eq!(answer.header("allow").is_some(), status == 405);
    }
    let image = vec![9; 784];
    let masks =
        |settings: serde_json::Value| json!({"image": image, "bench": {"masks": settings}}).to_string();
    for (body, word) in [
        (String::new(), "frame request"),
        ("{".into(), "frame request"),
        ("[]".into(), "frame request"),
        (json!({"image": "boot"}).to_string(), "frame request"),
        (json!({"image": [1, 2, 3]}).to_string(), "28 x 28"),
        (json!({"image": vec![300; 784]}).to_string(), "frame request"),
        (json!({"image": image, "color": 1}).to_string(), "color"),
        (json!({"image": image, "bench": {"tilt": 1}}).to_string(), "tilt"),
        (json!({"image": image, "bench": {"wavelength": 9.0}}).to_string(), "wavelength"),
        (json!({"image": image, "bench": {"extinction": -0.1}}).to_string(), "extinction"),
        (json!({"image": image, "bench": {"detector": [0.0, 1e300, 0.0]}}).to_string(), "beyond the bench"),
        (json!({"image": image, "bench": {"wavelength": "1e999"}}).to_string(), "frame request"),
        (masks(json!([{}])), "1 displacements for 2 masks"),
        (masks(json!(vec![json!({}); 3])), "3 displacements for 2 masks"),
        (masks(json!([{"z": 13e-3}, {}])), "it must stay above zero"),
        (masks(json!([{"x": 25.6e-3}, {}])), "aside of each other"),
        (masks(json!([{"x": 1e308}, {}])), "beyond the bench"),
    ] {
        let answer = shown.post("/frame", "application/json", body.as_bytes());
        assert_eq!(answer.status, 422, "{body:.60}");
        assert!(answer.error().contains(word), "{word}: {}", answer.error());
    }
    // Numbers beyond any number are no JSON numbers.
    let huge = format!("{{\"image\": {image:?}, \"bench\": {{\"wavelength\": 1e999}}}}");
    assert_eq!(shown.post("/frame", "application/json", huge.as_bytes()).status, 422);
    // And all the same it works.
    assert_eq!(shown.frame(&json!({"image": image})).numbers("readings").len(), 10);
}

#[test]
fn sizes_are_limited_before_anything_is_read() {
    let shown = Shown::new(&device(SMALL));
    for (path, kind, most) in
        [("/frame", "application/json", 320 << 10), ("/picture", "application/octet-stream", 16 << 20)]
    {
        for length in [format!("{}", most + 1), "4000000000".into(), format!("{}", u64::MAX)] {
            // Not a byte of the body is sent, and the answer is there.
            let answer = shown.ask("POST", path, &[("Content-Type", kind), ("Content-Length", &length)], &[]);
            // The largest of them is no length to hyper, and refused with the headers.
            assert!([413, 431].contains(&answer.status), "{path} {length}: {}", answer.status);
        }
        // Chunks say no length: they are counted.
        let mut stream = shown.connect();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: {kind}\r\n\
             Transfer-Encoding: chunked\r\n\r\n",
            shown.address
        );
        stream.write_all(head.as_bytes()).unwrap();
        let chunk =
            [format!("{:x}\r\n", 1 << 19).into_bytes(), vec![b' '; 1 << 19], b"\r\n".to_vec()].concat();
        for _ in 0..(most >> 16) + 2 {
            if stream.write_all(&chunk).is_err() {
                break;
            }
        }
        let answer = Answer::read(&mut stream);
        assert_eq!(answer.status, 413, "{path}");
    }
    // Headers: too many, and too large.
    let many: Vec<String> = (0..80).map(|n| format!("X-{n}")).collect();
    let headers: Vec<(&str, &str)> = many.iter().map(|name| (name.as_str(), "1")).collect();
    assert_eq!(shown.ask("GET", "/", &headers, &[]).status, 431);
    let large = "x".repeat(20 << 10);
    assert_eq!(shown.ask("GET", "/", &[("X", &large)], &[]).status, 431);
    let long = format!("/{}", "a".repeat(20 << 10));
    assert!([414, 431].contains(&shown.get(&long).status));
    // A picture that claims more pixels than it may have is refused by its header.
    let mut png = pictures::grey((1, 1), |_, _| 0);
    png[16..24].copy_from_slice(&[0, 0, 0x27, 0x10, 0, 0, 0x27, 0x10]);
    let crc = crc32(&png[12..29]);
    png[29..33].copy_from_slice(&crc.to_be_bytes());
    let refused = shown.post("/picture", "application/octet-stream", &png);
    assert_eq!(refused.status, 422);
    assert!(refused.error().contains("10000 x 10000"), "{}", refused.error());
}

/// The checksum of a chunk of a PNG file.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 })
    })
}

#[test]
fn a_connection_carries_many_requests_and_waits_its_turn() {
    let shown = Shown::new(&device(SMALL));
    let request = format!("GET /icon.svg HTTP/1.1\r\nHost: {}\r\n\r\n", shown.address);
    let mut stream = shown.connect();
    for _ in 0..3 {
        stream.write_all(request.as_bytes()).unwrap();
        let mut bytes = [0; 4096];
        let read = stream.read(&mut bytes).unwrap();
        assert_eq!(Answer::parse(&bytes[..read]).unwrap().status, 200);
    }
    // 32 connections have a place; the next one is answered when one of them goes.
    let mut others: Vec<_> = (0..31).map(|_| shown.connect()).collect();
    for other in &mut others {
        other.write_all(request.as_bytes()).unwrap();
        assert!(other.read(&mut [0; 4096]).unwrap() > 0);
    }
    let mut waiting = shown.connect();
    waiting.write_all(request.as_bytes()).unwrap();
    waiting.set_read_timeout(Some(std::time::Duration::from_millis(300))).unwrap();
    assert!(waiting.read(&mut [0; 4096]).is_err(), "it should wait");
    others.pop();
    waiting.set_read_timeout(Some(std::time::Duration::from_secs(30))).unwrap();
    assert!(waiting.read(&mut [0; 4096]).unwrap() > 0);
}
