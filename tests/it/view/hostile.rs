//! Bytes that are no requests, requests that are damaged, and senders that take their time: the server answers or
//! closes, does not grow, and goes on.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::time::{Duration, Instant};

use d2nn::random::{Purpose, Stream};
use d2nn::view::{BenchSettings, FrameRequest};
use proptest::prelude::*;
use serde_json::json;

use super::client::{Answer, Shown, device};
use crate::support::device::SMALL;

/// Connections of each kind: random bytes, and sound requests with damage.
const ROUNDS: usize = 2000;

/// Resident memory of this process, server and all, in bytes.
#[cfg(target_os = "linux")]
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<usize>().unwrap() << 10
}

/// Sends `bytes`, lets the server know that was all, and reads what comes.
fn throw(shown: &Shown, bytes: &[u8]) -> Vec<u8> {
    let mut stream = shown.connect();
    let mut answer = Vec::new();
    // The server may be done with it before all is sent.
    if stream.write_all(bytes).is_ok() {
        let _ = stream.shutdown(Shutdown::Write);
    }
    let _ = stream.read_to_end(&mut answer);
    answer
}

/// What comes back is nothing, or answers that are well formed; an answer that is an error is one of the sender.
#[track_caller]
fn sound(answer: &[u8], sent: &[u8]) -> Option<u16> {
    if answer.is_empty() {
        return None;
    }
    let parsed = Answer::parse(answer);
    let status = parsed.as_ref().map(|answer| answer.status);
    let good = status.is_some_and(|status| [100, 200].contains(&status) || (400..500).contains(&status));
    assert!(good, "{status:?} for {:?}", String::from_utf8_lossy(&sent[..sent.len().min(300)]));
    status
}

#[test]
fn random_and_damaged_bytes_over_the_socket() {
    let shown = Shown::new(&device(SMALL));
    let mut stream = Stream::new(11, Purpose::Tolerance, 0);
    let mut below = |most: usize| (stream.unit() * most as f64) as usize;
    let frame =
        json!({"image": vec![7; 784], "bench": {"masks": [{"x": 1e-4}, {"rotation": 0.1}]}}).to_string();
    let whole = |body: &str| {
        format!(
            "POST /frame HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            shown.address,
            body.len()
        )
        .into_bytes()
    };
    let sound_requests = [
        whole(&frame),
        format!("GET /device HTTP/1.1\r\nHost: {}\r\n\r\n", shown.address).into_bytes(),
        format!("GET /image/3 HTTP/1.1\r\nHost: {}\r\nOrigin: http://{0}\r\n\r\n", shown.address).into_bytes(),
        format!(
            "POST /frame HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n\
             {:x}\r\n{frame}\r\n0\r\n\r\n",
            shown.address,
            frame.len()
        )
        .into_bytes(),
    ];
    for request in &sound_requests {
        assert_eq!(Answer::parse(&throw(&shown, request)).unwrap().status, 200);
    }
    #[cfg(target_os = "linux")]
    let before = resident();
    for _ in 0..ROUNDS {
        let length = 1 + below(4096);
        let bytes: Vec<u8> = (0..length).map(|_| below(256) as u8).collect();
        sound(&throw(&shown, &bytes), &bytes);
    }
    let words: [&[u8]; 10] = [
        b"\r\n\r\n",
        b"\0",
        b"HTTP/9.9",
        b"Content-Length: 18446744073709551616\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Expect: 100-continue\r\n",
        b"ffffffffffffffff\r\n",
        b"Upgrade: websocket\r\n",
        b"1e308",
        b"[[[[[[[[",
    ];
    let mut answers = std::collections::BTreeMap::new();
    for round in 0..ROUNDS {
        let mut bytes = sound_requests[round % sound_requests.len()].clone();
        for _ in 0..1 + below(4) {
            let at = below(bytes.len());
            match below(5) {
                0 => bytes[at] = below(256) as u8,
                1 => bytes.truncate(at.max(1)),
                2 => drop(bytes.splice(at..at, words[below(words.len())].iter().copied())),
                3 => drop(bytes.drain(at..(at + 1 + below(20)).min(bytes.len()))),
                _ => bytes.extend_from_within(at..),
            }
            if bytes.is_empty() {
                bytes.push(b' ');
            }
        }
        *answers.entry(sound(&throw(&shown, &bytes), &bytes)).or_insert(0) += 1;
    }
    // The damage reaches everything: requests that are sound all the same, and each kind of refusal.
    for status in [200, 400, 404, 415, 421, 422] {
        assert!(answers.get(&Some(status)).is_some_and(|count| *count >= 3), "{status}: {answers:?}");
    }
    // Connections and messages leave nothing behind: one window of the small device is 0.5 MB, so 32 MB is noise of the
    // allocator and of 4000 threads of the past, where a leak of 16 KiB a connection would be 64 MB.
    #[cfg(target_os = "linux")]
    {
        let grown = resident().saturating_sub(before);
        assert!(grown < 32 << 20, "{grown} bytes more");
    }
    assert_eq!(Answer::parse(&throw(&shown, &sound_requests[0])).unwrap().status, 200);
}

#[test]
fn slow_senders_are_let_go() {
    let shown = Shown::new(&device(SMALL));
    let began = Instant::now();
    let (mut silent, mut half, mut body) = (shown.connect(), shown.connect(), shown.connect());
    half.write_all(b"GET / HTTP/1.1\r\nHost: ").unwrap();
    let head = format!(
        "POST /frame HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{",
        shown.address
    );
    body.write_all(head.as_bytes()).unwrap();
    let ends = |stream: &mut std::net::TcpStream| {
        let mut answer = Vec::new();
        stream.set_read_timeout(Some(Duration::from_secs(25))).unwrap();
        stream.read_to_end(&mut answer).expect("the server closes the connection");
        Answer::parse(&answer).map(|answer| answer.status)
    };
    assert_eq!(ends(&mut body), Some(408));
    assert!([None, Some(408)].contains(&ends(&mut half)));
    assert!([None, Some(408)].contains(&ends(&mut silent)));
    // Ten seconds are what headers and bodies have.
    assert!((8..25).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    assert_eq!(shown.get("/").status, 200);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, ..ProptestConfig::default() })]

    /// Any text is a request or an error, and a request that is one is checked or an error: never a panic.
    #[test]
    fn any_text_is_a_request_or_an_error(text in "[\\[\\]{}\",:a-z0-9.eE+\\- ]{0,200}") {
        let _ = FrameRequest::parse(text.as_bytes());
        let request = format!("{{\"image\": [], \"bench\": {text}}}");
        let _ = FrameRequest::parse(request.as_bytes());
    }

    /// Any numbers stand on a bench, or are refused.
    #[test]
    fn any_numbers_stand_or_are_refused(
        places in proptest::collection::vec(proptest::num::f64::ANY, 10),
        wavelength in proptest::num::f64::ANY,
        extinction in proptest::option::of(proptest::num::f64::ANY),
        count in 0usize..120,
    ) {
        use d2nn::view::MaskSettings;
        let mask = MaskSettings { y: places[0], x: places[1], z: places[2], rotation: places[3], on: places[4] > 0.0 };
        let settings = BenchSettings {
            masks: vec![mask; count],
            detector: [places[5], places[6], places[7]],
            wavelength,
            extinction,
        };
        let bench = &device(SMALL).design.bench;
        if let Ok(errors) = settings.misalignment(bench) {
            // What passed is finite, and the bench itself says whether planes would meet.
            prop_assert!(errors.wavelength.abs() <= 0.3);
            let _ = bench.misaligned(&errors);
        }
    }
}
