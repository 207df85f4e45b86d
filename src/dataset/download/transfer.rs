//! The way over the network: mirror after mirror, checked while it arrives.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use ureq::Agent;

use super::{Patience, Received};
use crate::dataset::gzip::uncompressed;
use crate::dataset::idx::hexadecimal;
use crate::dataset::published::{Catalogue, Part, PublishedFile};
use crate::error::{Error, Result};
use crate::files;

/// Downloads `part` into `folder` (created if need be) from the first mirror that has it, and returns its path.
///
/// The file appears under its name only when its SHA-256 is the catalogue's: of its uncompressed content, or of the file.
///
/// # Errors
/// [`Error::Download`] with the reason of every mirror, [`Error::Io`] when the folder cannot be written to;
/// [`Error::Feature`] in a build without the feature `download`.
pub fn fetch(
    catalogue: &Catalogue,
    part: Part,
    folder: &Path,
    patience: &Patience,
    progress: &mut dyn FnMut(&Received),
) -> Result<PathBuf> {
    let _place = files::Place::folder(folder)?;
    let name = format!("{}.gz", part.file_name());
    let target = folder.join(&name);
    let mut reasons = Vec::new();
    for mirror in &catalogue.mirrors {
        let url = format!("{mirror}{name}");
        match fetch_from(&url, catalogue.file(part), &target, patience, progress) {
            Ok(()) => return Ok(target),
            Err(Error::Download { url, problem }) => reasons.push(format!("{url}: {problem}")),
            // A full disk is no better with another mirror.
            Err(error) => return Err(error),
        }
    }
    let advice = "check the connection, or name a folder that has the files as training.data";
    Err(Error::Download { url: name, problem: format!("{}; {advice}", reasons.join("; ")) })
}

fn fetch_from(
    url: &str,
    published: &PublishedFile,
    target: &Path,
    patience: &Patience,
    progress: &mut dyn FnMut(&Received),
) -> Result<()> {
    let failed = |problem: String| Error::Download { url: url.to_owned(), problem };
    let mut response = agent(url, patience).get(url).call().map_err(|error| failed(explain(&error)))?;
    let total = response.body().content_length();
    let body = response.body_mut().as_reader();
    let limit = published.most_packed();
    if let Some(total) = total.filter(|total| *total > limit) {
        return Err(failed(format!("it offers {total} bytes where at most {limit} are expected")));
    }
    files::write_whole(target, |writer| {
        let packed = Sha256::new();
        let mut arrival =
            Arrival { body, copy: writer, packed, url, received: 0, total, limit, progress, failure: None };
        let found = digest(&mut arrival, published.bytes);
        match arrival.failure {
            Some(Failure::Network(problem)) => return Err(failed(problem)),
            Some(Failure::Disk(source)) => return Err(Error::io("write", target, source)),
            None => {}
        }
        let (bytes, sum) =
            found.map_err(|error| failed(format!("it is no sound gzip file ({error}); nothing was kept")))?;
        let sum = if published.packed { hexadecimal(arrival.packed) } else { sum };
        if bytes == published.bytes && sum == published.sha256 {
            return Ok(());
        }
        let length =
            if bytes > published.bytes { format!("over {}", published.bytes) } else { bytes.to_string() };
        Err(failed(format!(
            "its content is not the published one: {length} bytes with SHA-256 {sum}, expected {} bytes with \
             SHA-256 {}; nothing was kept",
            published.bytes, published.sha256
        )))
    })
}

fn agent(url: &str, patience: &Patience) -> Agent {
    let mut config = Agent::config_builder()
        .user_agent(concat!("d2nn/", env!("CARGO_PKG_VERSION")))
        .timeout_resolve(Some(patience.connect))
        .timeout_connect(Some(patience.connect))
        .timeout_per_read(Some(patience.silence))
        .timeout_global(Some(patience.overall));
    // A proxy cannot reach a server on this machine.
    if url.starts_with("http://127.0.0.1") || url.starts_with("http://localhost") {
        config = config.proxy(None);
    }
    config.build().into()
}

fn explain(error: &ureq::Error) -> String {
    match error {
        ureq::Error::StatusCode(404) => "the server does not have it (404)".into(),
        ureq::Error::StatusCode(status) => format!("the server answers with status {status}"),
        ureq::Error::HostNotFound => "the server's name is not known; is there a network?".into(),
        other => other.to_string(),
    }
}

/// Length (at most `expected` + 1) and SHA-256 of the uncompressed content.
fn digest(arrival: impl Read, expected: u64) -> io::Result<(u64, String)> {
    let mut content = uncompressed(arrival)?.take(expected + 1);
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    let mut bytes = 0;
    loop {
        match content.read(&mut buffer)? {
            0 => return Ok((bytes, hexadecimal(hasher))),
            read => {
                hasher.update(&buffer[..read]);
                bytes += read as u64;
            }
        }
    }
}

enum Failure {
    Network(String),
    Disk(io::Error),
}

/// The body as it arrives: counted, limited and copied to the file while the decoder reads it.
struct Arrival<'a, R, W> {
    body: R,
    copy: W,
    /// Checksum of the bytes as they arrive.
    packed: Sha256,
    url: &'a str,
    received: u64,
    total: Option<u64>,
    limit: u64,
    progress: &'a mut dyn FnMut(&Received),
    failure: Option<Failure>,
}

impl<R: Read, W: Write> Read for Arrival<'_, R, W> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match self.body.read(buffer) {
            Ok(read) => read,
            Err(error) => {
                let problem = format!("the connection broke after {} bytes: {error}", self.received);
                self.failure = Some(Failure::Network(problem));
                return Err(io::ErrorKind::Other.into());
            }
        };
        self.received += read as u64;
        if self.received > self.limit {
            let problem = format!("it sends more than the {} bytes expected at most", self.limit);
            self.failure = Some(Failure::Network(problem));
            return Err(io::ErrorKind::Other.into());
        }
        self.packed.update(&buffer[..read]);
        if let Err(error) = self.copy.write_all(&buffer[..read]) {
            self.failure = Some(Failure::Disk(error));
            return Err(io::ErrorKind::Other.into());
        }
        (self.progress)(&Received { url: self.url, received: self.received, total: self.total });
        Ok(read)
    }
}
