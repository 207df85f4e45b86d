//! A device on a server of its own, and requests to it written out byte by byte.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::Duration;

use d2nn::dataset::Split;
use d2nn::design::{Design, DesignFile, Device};
use d2nn::random::{Purpose, Stream};
use d2nn::view::{Server, Stopper, Table};
use ndarray::Array2;
use serde_json::Value;

use crate::support::device::{SMALL, some_images};

/// A device of random masks with the design `text`.
pub fn device(text: &str) -> Device {
    let design = Design::resolve("design.toml", &DesignFile::parse("design.toml", text).unwrap()).unwrap();
    let mut stream = Stream::new(3, Purpose::Masks, 0);
    let bench = &design.bench;
    let channels = bench.modulation.channels();
    let mask = |array: usize| {
        let most = if bench.modulation.is_angle(array % channels) { std::f32::consts::TAU } else { 1.0 };
        Array2::from_shape_simple_fn(bench.mask_shape(array / channels), || most * stream.uniform())
    };
    let masks = (0..bench.all_masks() * channels).map(mask).collect();
    Device { folder: PathBuf::from("device"), masks, provenance: None, design, modified: Vec::new() }
}

/// [`SMALL`] with more keys: lines of one table.
pub fn small_with(table: &str, lines: &str) -> String {
    SMALL.replace(&format!("[{table}]\n"), &format!("[{table}]\n{lines}\n"))
}

/// A server at work, stopped when it is dropped.
pub struct Shown {
    pub address: SocketAddr,
    stopper: Stopper,
    thread: Option<JoinHandle<()>>,
}

impl Shown {
    pub fn new(device: &Device) -> Self {
        let table = Table::new(device.clone(), Some(some_images(Split::Test, 20)), 1).unwrap();
        let server = Server::bind(table, 0).unwrap();
        let (address, stopper) = (server.address(), server.stopper());
        Shown { address, stopper, thread: Some(std::thread::spawn(move || server.run())) }
    }

    pub fn connect(&self) -> TcpStream {
        connect(self.address)
    }

    /// The answer to `request`, whose Host is the right one unless it has one itself.
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        if !headers.iter().any(|(name, _)| *name == "Host") {
            head += &format!("Host: {}\r\n", self.address);
        }
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        if !body.is_empty() && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("Content-Length")) {
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        head += "\r\n";
        let mut stream = self.connect();
        stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
        Answer::read(&mut stream)
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], &[])
    }

    pub fn post(&self, path: &str, content_type: &str, body: &[u8]) -> Answer {
        self.ask("POST", path, &[("Content-Type", content_type)], body)
    }

    /// The frame for `request`.
    #[track_caller]
    pub fn frame(&self, request: &Value) -> Frame {
        let answer = self.post("/frame", "application/json", request.to_string().as_bytes());
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        Frame::read(&answer.body)
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.stopper.stop();
        // A panic in the server is a failure of the test, and no answer of the program.
        let ended = self.thread.take().unwrap().join();
        assert!(ended.is_ok() || std::thread::panicking(), "the server panicked");
    }
}

pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(30))).unwrap();
    stream
}

/// An answer, read to the end of the connection.
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn read(stream: &mut TcpStream) -> Self {
        let mut bytes = Vec::new();
        // A server that refuses a body may close while it is being sent.
        let _ = stream.read_to_end(&mut bytes);
        Self::parse(&bytes).unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(&bytes)))
    }

    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
        let status =
            head.strip_prefix("HTTP/1.1 ").or(head.strip_prefix("HTTP/1.0 "))?.get(..3)?.parse().ok()?;
        Some(Answer { status, head, body: bytes[end + 4..].to_vec() })
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The reason for a refusal.
    #[track_caller]
    pub fn error(&self) -> String {
        self.json()["error"].as_str().unwrap().to_owned()
    }
}

/// A frame, taken apart as the page does it.
pub struct Frame {
    pub header: Value,
    data: Vec<u8>,
}

impl Frame {
    pub fn read(bytes: &[u8]) -> Self {
        let (length, rest) = bytes.split_first_chunk::<4>().unwrap();
        let (header, data) = rest.split_at(u32::from_le_bytes(*length) as usize);
        Frame { header: serde_json::from_slice(header).unwrap(), data: data.to_vec() }
    }

    pub fn numbers(&self, key: &str) -> Vec<f64> {
        self.header[key].as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
    }

    fn picture(&self, name: &str) -> &Value {
        let pictures = self.header["pictures"].as_array().unwrap();
        pictures.iter().find(|picture| picture["name"] == name).unwrap_or_else(|| panic!("no {name}"))
    }

    pub fn has(&self, name: &str) -> bool {
        self.header["pictures"].as_array().unwrap().iter().any(|picture| picture["name"] == name)
    }

    /// Bytes of a picture: `part` is "level" or "phase".
    pub fn bytes(&self, name: &str, part: &str) -> Array2<u8> {
        let picture = self.picture(name);
        let number = |key: &str| picture[key].as_u64().unwrap() as usize;
        let (rows, columns, at) = (number("rows"), number("columns"), number(part));
        Array2::from_shape_vec((rows, columns), self.data[at..at + rows * columns].to_vec()).unwrap()
    }

    pub fn peak(&self, name: &str) -> f64 {
        self.picture(name)["peak"].as_f64().unwrap()
    }
}
