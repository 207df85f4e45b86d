//! Files are written whole or not at all: to a temporary file beside the target, then renamed.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::Path;

use crate::error::{Error, Result};

/// Writes `path` through `write`; on any failure the old file, if there was one, is left as it was.
///
/// # Errors
/// [`Error::Io`] when the folder cannot be written to, and whatever `write` returns.
pub fn write_whole(path: &Path, write: impl FnOnce(&mut BufWriter<&fs::File>) -> Result<()>) -> Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let failed = |source| Error::io("write", path, source);
    // Plain permissions (the temporary-file crate defaults to owner-only, for secrets).
    let mut builder = tempfile::Builder::new();
    builder.prefix(".d2nn-").suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let temporary = builder.tempfile_in(folder).map_err(failed)?;
    let mut writer = BufWriter::with_capacity(1 << 18, temporary.as_file());
    write(&mut writer)?;
    writer.flush().map_err(failed)?;
    drop(writer);
    temporary.as_file().sync_all().map_err(failed)?;
    temporary.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// Writes `bytes` to `path`, whole or not at all.
///
/// # Errors
/// [`Error::Io`] when the folder cannot be written to.
pub fn write_bytes(path: &Path, bytes: &[u8]) -> Result<()> {
    write_whole(path, |writer| writer.write_all(bytes).map_err(|source| Error::io("write", path, source)))
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

#[cfg(test)]
mod tests {
    use super::*;

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
