//! Gzip files: one member after another (RFC 1952, 2.2), and what may lie behind the last.
//!
//! Blocked storage fills the last block with zeros, which are passed over as `gzip` does. Other bytes are told: the data
//! in front of them are whole, but nobody knows what they are.

use std::error::Error;
use std::fmt;
use std::io::{self, BufRead, BufReader, Cursor, ErrorKind, Read};

use flate2::bufread::GzDecoder;

/// Zeros that are passed over: more than any block of a storage has, and less than a connection without an end sends.
const MOST_ZEROS: usize = 1 << 20;

/// The content of `reader`, decompressed when it starts like a gzip file, whatever its name.
pub(super) fn uncompressed<'a>(mut reader: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let mut start = Vec::with_capacity(2);
    reader.by_ref().take(2).read_to_end(&mut start)?;
    let gzipped = start == [0x1f, 0x8b];
    let whole = Cursor::new(start).chain(reader);
    Ok(if gzipped { Box::new(Members::new(BufReader::new(whole))) } else { Box::new(whole) })
}

/// Bytes behind the last member, the first of them.
#[derive(Debug)]
pub(super) struct TrailingBytes(Vec<u8>);

impl fmt::Display for TrailingBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes: Vec<String> = self.0.iter().map(|byte| format!("{byte:02x}")).collect();
        write!(f, "bytes that are no gzip data follow its end ({})", bytes.join(" "))
    }
}

impl Error for TrailingBytes {}

/// The members, one after another.
struct Members<R> {
    /// None behind the last.
    member: Option<GzDecoder<R>>,
    first: bool,
    /// Whether this member has given nothing yet.
    begins: bool,
    /// How the member begins: what is told when it is none.
    start: Vec<u8>,
}

impl<R: BufRead> Members<R> {
    fn new(reader: R) -> Self {
        Members { member: Some(GzDecoder::new(reader)), first: true, begins: true, start: Vec::new() }
    }

    /// Goes to the next member, past zeros, if there is one.
    fn next(&mut self) -> io::Result<()> {
        let Some(member) = self.member.take() else { return Ok(()) };
        let mut reader = member.into_inner();
        let mut passed = 0;
        loop {
            let bytes = reader.fill_buf()?;
            if bytes.is_empty() {
                return Ok(());
            }
            let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
            passed += zeros;
            if zeros < bytes.len() || passed > MOST_ZEROS {
                self.start = bytes[zeros.min(bytes.len() - 1)..].iter().take(8).copied().collect();
                reader.consume(zeros);
                break;
            }
            reader.consume(zeros);
        }
        if self.start[0] != 0x1f {
            return Err(self.trailing());
        }
        self.member = Some(GzDecoder::new(reader));
        (self.first, self.begins) = (false, true);
        Ok(())
    }

    fn trailing(&mut self) -> io::Error {
        io::Error::new(ErrorKind::InvalidData, TrailingBytes(std::mem::take(&mut self.start)))
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(member) = &mut self.member else { return Ok(0) };
            match member.read(buffer) {
                Ok(0) if !buffer.is_empty() => self.next()?,
                Ok(read) => {
                    self.begins &= read == 0;
                    return Ok(read);
                }
                // No member begins here.
                Err(_) if !self.first && self.begins && member.header().is_none() => {
                    return Err(self.trailing());
                }
                Err(error) => return Err(error),
            }
        }
    }
}
