//! Files are written whole or not at all: to a temporary file beside the target, then renamed. And none is read that is
//! larger than what belongs there.

use std::fs;
use std::io::{BufWriter, ErrorKind, Read, Write};
use std::path::Path;

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use crate::error::{Error, Result};

mod place;

pub use place::Place;

/// How the names of temporary files begin and end.
const TEMPORARY: (&str, &str) = (".d2nn-", ".tmp");

/// Writes `path` through `write`; on any failure the old file, if there was one, is left as it was.
///
/// # Errors
/// [`Error::Io`] when the folder cannot be written to, and whatever `write` returns.
pub fn write_whole(path: &Path, write: impl FnOnce(&mut BufWriter<&fs::File>) -> Result<()>) -> Result<()> {
    let temporary = written_beside(path, write)?;
    temporary.persist(path).map_err(|error| Error::io("write", path, error.error))?;
    Ok(())
}

/// [`write_whole`], after which the old file, if there was one, is found at `previous`.
///
/// Killed between the two renames, it leaves no file at `path` and the old one at `previous`.
///
/// # Errors
/// As [`write_whole`].
pub fn write_whole_keeping(
    path: &Path,
    previous: &Path,
    write: impl FnOnce(&mut BufWriter<&fs::File>) -> Result<()>,
) -> Result<()> {
    let temporary = written_beside(path, write)?;
    match fs::rename(path, previous) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(Error::io("rename", path, error)),
        _ => {}
    }
    temporary.persist(path).map_err(|error| Error::io("write", path, error.error))?;
    Ok(())
}

/// A temporary file in the folder of `path`, whole and on disk.
fn written_beside(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&fs::File>) -> Result<()>,
) -> Result<NamedTempFile> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let failed = |source| Error::io("write", path, source);
    let temporary = temporary_in(folder).map_err(failed)?;
    let mut writer = BufWriter::with_capacity(1 << 18, temporary.as_file());
    write(&mut writer)?;
    writer.flush().map_err(failed)?;
    drop(writer);
    temporary.as_file().sync_all().map_err(failed)?;
    Ok(temporary)
}

/// An empty temporary file in `folder`.
fn temporary_in(folder: &Path) -> std::io::Result<NamedTempFile> {
    // Plain permissions (the temporary-file crate defaults to owner-only, for secrets).
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY.0).suffix(TEMPORARY.1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

/// Writes `bytes` to `path`, whole or not at all.
///
/// # Errors
/// [`Error::Io`] when the folder cannot be written to.
pub fn write_bytes(path: &Path, bytes: &[u8]) -> Result<()> {
    write_whole(path, |writer| writer.write_all(bytes).map_err(|source| Error::io("write", path, source)))
}

/// SHA-256 of `bytes` in hexadecimal digits, as `sha256sum` prints it.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether two paths are one file or folder; where one does not exist they are not.
pub(crate) fn is_same_place(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// Creates `folder` and its parents; an existing one is fine.
///
/// # Errors
/// [`Error::Io`] when the operating system refuses.
pub fn create_folder(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(|source| Error::io("create folder", folder, source))
}

/// A folder of the system's for files nobody keeps: it is gone with this value.
#[derive(Debug)]
pub struct Scratch(tempfile::TempDir);

impl Scratch {
    /// A new empty one.
    ///
    /// # Errors
    /// [`Error::Io`] when the operating system refuses.
    pub fn new() -> Result<Self> {
        let made = tempfile::Builder::new().prefix("d2nn-").tempdir();
        made.map(Scratch).map_err(|error| Error::io("create a folder in", &std::env::temp_dir(), error))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

/// Whether a file of this name is one that was being written when the program was killed.
pub fn is_temporary(name: &str) -> bool {
    name.starts_with(TEMPORARY.0) && name.ends_with(TEMPORARY.1)
}

/// Whether `folder` holds nothing but what a killed program was writing.
pub(crate) fn has_only_temporaries(folder: &Path) -> bool {
    let temporary = |entry: std::io::Result<fs::DirEntry>| {
        entry.is_ok_and(|entry| is_temporary(&entry.file_name().to_string_lossy()))
    };
    fs::read_dir(folder).is_ok_and(|mut entries| entries.all(temporary))
}

/// Removes what a killed program was writing in `folder`, which need not exist.
///
/// # Errors
/// [`Error::Io`] when the operating system refuses.
pub fn remove_temporaries(folder: &Path) -> Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::io("read", folder, error)),
    };
    for entry in entries {
        let entry = entry.map_err(|error| Error::io("read", folder, error))?;
        if is_temporary(&entry.file_name().to_string_lossy()) {
            fs::remove_file(entry.path()).map_err(|error| Error::io("remove", &entry.path(), error))?;
        }
    }
    Ok(())
}

/// Reads a file of at most `most` bytes; no more memory is taken for a larger one, or one without an end.
///
/// # Errors
/// [`Error::Io`] when it cannot be read, [`Error::File`] when it is larger.
pub fn read_bytes(path: &Path, most: u64) -> Result<Vec<u8>> {
    let failed = |source| Error::io("read", path, source);
    let file = fs::File::open(path).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    let large =
        |size: &str| Error::file(path, format!("has {size} bytes: what belongs here has at most {most}"));
    if size > most {
        return Err(large(&size.to_string()));
    }
    // The size is no promise: pipes have none, and files grow.
    let mut bytes = Vec::with_capacity(size as usize);
    file.take(most + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > most {
        return Err(large(&format!("more than {most}")));
    }
    Ok(bytes)
}

/// Reads a text of at most `most` bytes, less the mark of UTF-8 that some editors and spreadsheets put before it.
///
/// # Errors
/// As [`read_bytes`]; [`Error::File`] with the line for what is not UTF-8.
pub fn read_text(path: &Path, most: u64) -> Result<String> {
    let mut bytes = read_bytes(path, most)?;
    if bytes.starts_with(b"\xef\xbb\xbf") {
        bytes.drain(..3);
    }
    // With its mark or without: every other byte of plain letters is zero.
    if bytes.starts_with(b"\xff\xfe")
        || bytes.starts_with(b"\xfe\xff")
        || bytes.iter().take(2).any(|byte| *byte == 0)
    {
        return Err(Error::file(path, "is text in UTF-16: save the file in UTF-8"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + good.iter().filter(|byte| **byte == b'\n').count();
        Error::file(path, format!("line {line} is not text: save the file in UTF-8"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_old_file_is_kept_beside_the_new() {
        let folder = tempfile::tempdir().unwrap();
        let (path, previous) = (folder.path().join("state"), folder.path().join("previous"));
        let write = |text: &'static [u8]| {
            write_whole_keeping(&path, &previous, |writer| {
                writer.write_all(text).map_err(|error| Error::io("write", Path::new("state"), error))
            })
        };
        write(b"one").unwrap();
        assert!(!previous.exists());
        write(b"two").unwrap();
        write(b"three").unwrap();
        assert_eq!(
            (fs::read(&path).unwrap(), fs::read(&previous).unwrap()),
            (b"three".into(), b"two".into())
        );
        let failed = write_whole_keeping(&path, &previous, |_| Err(Error::Value("disk full".into())));
        assert!(failed.is_err());
        assert_eq!(
            (fs::read(&path).unwrap(), fs::read(&previous).unwrap()),
            (b"three".into(), b"two".into())
        );
        fs::write(folder.path().join(".d2nn-x.tmp"), "half").unwrap();
        remove_temporaries(folder.path()).unwrap();
        remove_temporaries(&folder.path().join("nowhere")).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn files_are_read_up_to_their_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("design.toml");
        fs::write(&path, "a = 1\nb = \"\u{e9}\"\n").unwrap();
        assert_eq!(read_text(&path, 15).unwrap().lines().count(), 2);
        let error = read_text(&path, 14).unwrap_err().to_string();
        assert!(error.ends_with("design.toml: has 15 bytes: what belongs here has at most 14"), "{error}");
        fs::write(&path, b"a = 1\nb = \"\xe9\"\n").unwrap();
        let error = read_text(&path, 100).unwrap_err().to_string();
        assert!(error.contains("line 2 is not text"), "{error}");
        // As editors and spreadsheets of Windows save it.
        fs::write(&path, "\u{feff}a = 1\r\nb = 2\r\n").unwrap();
        assert_eq!(read_text(&path, 100).unwrap(), "a = 1\r\nb = 2\r\n");
        let units = |big: bool| -> Vec<u8> {
            "a = 1\n"
                .encode_utf16()
                .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() })
                .collect()
        };
        for bytes in [
            [vec![0xff, 0xfe], units(false)].concat(),
            [vec![0xfe, 0xff], units(true)].concat(),
            units(false),
            units(true),
        ] {
            fs::write(&path, bytes).unwrap();
            let error = read_text(&path, 100).unwrap_err().to_string();
            assert!(error.ends_with("design.toml: is text in UTF-16: save the file in UTF-8"), "{error}");
        }
        // Without an end and without a size.
        #[cfg(unix)]
        assert!(read_bytes(Path::new("/dev/zero"), 100).unwrap_err().to_string().contains("more than 100"));
    }

    #[test]
    fn a_failed_write_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mask.npy");
        write_bytes(&path, b"old").unwrap();
        let failed = write_whole(&path, |writer| {
            writer.write_all(b"half of the new").unwrap();
            Err(Error::Value("disk full".into()))
        });
        assert!(failed.is_err());
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "the temporary file is gone");
    }
}
