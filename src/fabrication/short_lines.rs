//! What `stl_io` reads through: it takes in whole lines, and a hostile file may be one line without an end.

use std::io::{Error, ErrorKind, Read, Result, Seek, SeekFrom};

/// Bytes of a line of text at most; ours have 80, and a title.
const LONGEST: usize = 4096;
/// Bytes of a file that is no text which are shown to who asks whether it is.
const PROBE: usize = 512;

/// An STL file whose lines are short, if it is text.
pub(super) struct ShortLines<R> {
    inner: R,
    text: bool,
    /// Whether nobody has gone back to the start yet: `stl_io` does after it has looked for a first line.
    probing: bool,
    /// Bytes shown while probing.
    shown: usize,
    /// Lines so far, and bytes of the running one.
    lines: u64,
    line: usize,
}

impl<R: Read + Seek> ShortLines<R> {
    /// Reads `inner` from its start.
    ///
    /// # Errors
    /// Those of `inner`.
    pub(super) fn new(mut inner: R) -> Result<Self> {
        inner.rewind()?;
        let mut start = Vec::new();
        Read::by_ref(&mut inner).take(6).read_to_end(&mut start)?;
        inner.rewind()?;
        Ok(ShortLines { inner, text: start == b"solid ", probing: true, shown: 0, lines: 0, line: 0 })
    }
}

impl<R: Read> Read for ShortLines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if !self.text {
            let most = if self.probing { buffer.len().min(PROBE - self.shown) } else { buffer.len() };
            let count = self.inner.read(&mut buffer[..most])?;
            self.shown += if self.probing { count } else { 0 };
            return Ok(count);
        }
        let count = self.inner.read(buffer)?;
        for byte in &buffer[..count] {
            self.line += 1;
            if *byte == b'\n' {
                (self.lines, self.line) = (self.lines + 1, 0);
            } else if self.line > LONGEST {
                let problem = format!("line {} has more than {LONGEST} bytes", self.lines + 1);
                return Err(Error::new(ErrorKind::InvalidData, problem));
            }
        }
        Ok(count)
    }
}

impl<R: Seek> Seek for ShortLines<R> {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        (self.probing, self.lines, self.line) = (false, 0, 0);
        self.inner.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn only_text_has_lines() {
        let text = |line: usize| [&b"solid x\n"[..], &vec![b' '; line], b"\nendsolid x\n"].concat();
        let read = |bytes: Vec<u8>| {
            let mut lines = ShortLines::new(Cursor::new(bytes)).unwrap();
            let mut probed = Vec::new();
            lines.read_to_end(&mut probed)?;
            lines.rewind().unwrap();
            let mut whole = Vec::new();
            lines.read_to_end(&mut whole)?;
            Ok::<_, Error>((probed.len(), whole.len()))
        };
        let whole = text(LONGEST).len();
        assert_eq!(read(text(LONGEST)).unwrap(), (whole, whole));
        let error = read(text(LONGEST + 1)).unwrap_err();
        assert_eq!(error.to_string(), "line 2 has more than 4096 bytes");
        // Triangles may have no byte that ends a line for long.
        assert_eq!(read(vec![1; 100_000]).unwrap(), (PROBE, 100_000));
        assert_eq!(read(vec![]).unwrap(), (0, 0));
    }
}
