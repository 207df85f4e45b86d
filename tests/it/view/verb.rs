//! The verb: the address on stdout, Ctrl-C, wrong arguments.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::client::{Answer, connect};
use crate::support::program::{command, copy, d2nn};

#[test]
fn it_prints_where_it_is_and_ends_with_ctrl_c() {
    let folder = copy();
    let mut child = command(folder.path(), &["view", "device", "--data", "data", "--threads", "1"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    let address = line.trim_end().strip_prefix("http://").and_then(|rest| rest.strip_suffix('/')).unwrap();
    let mut stream = connect(address.parse().unwrap());
    std::io::Write::write_all(
        &mut stream,
        format!("GET / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes(),
    )
    .unwrap();
    assert_eq!(Answer::read(&mut stream).status, 200);
    // A connection that stays open does not keep it.
    let _idle = connect(address.parse().unwrap());
    std::thread::sleep(Duration::from_millis(100));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let status = child.wait().unwrap();
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(said.contains("Ctrl-C") && !said.contains("panicked"), "{said}");
}

#[test]
fn what_cannot_be_shown_is_said() {
    let folder = copy();
    let path = folder.path();
    d2nn(path, &["view", "nowhere"]).fails(2, &["nowhere", "device folder"]);
    d2nn(path, &["view", "device", "--data", "absent"]).fails(1, &["absent"]);
    d2nn(path, &["view", "device", "--threads", "5000"]).fails(2, &["--threads 5000"]);
    d2nn(path, &["view", "device", "--port", "70000"]).fails(2, &["70000"]);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    d2nn(path, &["view", "device", "--data", "data", "--port", &port])
        .fails(2, &[&format!("--port {port}"), "another program", "leave it out"]);
}
