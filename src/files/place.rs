//! Where results go, tried before the work they come from: what cannot be written is said at once, not after minutes.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf, is_separator};

use super::temporary_in;
use crate::error::{Error, Result};

/// Bytes that are written to try a folder: a disk without room for a block has none for a result.
const BLOCK: [u8; 4096] = [0; 4096];

/// A place that was tried and can be written to. Folders that were made for it and stayed empty go with this value.
#[derive(Debug)]
#[must_use = "folders that were made for nothing are removed when it is dropped"]
pub struct Place {
    /// The innermost first.
    made: Vec<PathBuf>,
}

impl Place {
    /// Tries `path` for a file; its folder is made if it is not there.
    ///
    /// # Errors
    /// [`Error::Usage`] when `path` is a folder, a device or a pipe; [`Error::Io`] when its folder cannot be made or
    /// written to.
    pub fn file(path: &Path) -> Result<Self> {
        check_target(path)?;
        let folder = path.parent().unwrap_or(path);
        Self::tried(folder).map_err(|source| Error::io("write", path, source))
    }

    /// Tries `folder`, which is made if it is not there.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be made or written to.
    pub fn folder(folder: &Path) -> Result<Self> {
        Self::tried(folder).map_err(|source| Error::io("write to", folder, source))
    }

    /// Tries `folder` for files with these `names`.
    ///
    /// # Errors
    /// As [`Place::file`].
    pub fn files<N: AsRef<Path>>(folder: &Path, names: impl IntoIterator<Item = N>) -> Result<Self> {
        names.into_iter().try_for_each(|name| check_target(&folder.join(name)))?;
        Self::folder(folder)
    }

    fn tried(folder: &Path) -> io::Result<Self> {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let there = |path: &&Path| path.as_os_str().is_empty() || path.exists();
        if let Some(file) = folder.ancestors().find(there).filter(|path| path.is_file()) {
            let problem = format!("Not a directory: {} is a file where a folder is needed", file.display());
            return Err(io::Error::new(ErrorKind::NotADirectory, problem));
        }
        let made = folder.ancestors().take_while(|path| !there(path)).map(Path::to_owned).collect();
        let place = Place { made };
        fs::create_dir_all(folder)?;
        temporary_in(folder)?.write_all(&BLOCK)?;
        Ok(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Only empty ones go.
        for folder in &self.made {
            let _ = fs::remove_dir(folder);
        }
    }
}

/// Refuses what no file can take the place of.
fn check_target(path: &Path) -> Result<()> {
    let wrong = |what: &str| Err(Error::Usage(format!("{}: it is {what}; name a file", path.display())));
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => wrong("a folder"),
        // A file would be put into the place of a device, for every program.
        Ok(found) if !found.is_file() => wrong("a device or a pipe"),
        _ if path.file_name().is_none() || path.to_string_lossy().ends_with(is_separator) => {
            wrong("no name of a file")
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn folders_are_made_and_those_that_stay_empty_go() {
        let outer = tempfile::tempdir().unwrap();
        let path = outer.path().join("a/b/result.npz");
        let place = Place::file(&path).unwrap();
        assert_eq!(names(&outer.path().join("a/b")), 0, "the trial leaves nothing");
        drop(place);
        assert_eq!(names(outer.path()), 0);
        let place = Place::files(&outer.path().join("a/b"), ["result.npz", "other"]).unwrap();
        fs::write(&path, "result").unwrap();
        drop(place);
        assert_eq!(fs::read(&path).unwrap(), b"result");
        // What was there before stays, empty or not.
        let empty = outer.path().join("empty");
        fs::create_dir(&empty).unwrap();
        drop(Place::folder(&empty).unwrap());
        drop(Place::file(&path).unwrap());
        assert!(empty.is_dir() && path.is_file());
    }

    #[test]
    fn what_cannot_be_written_is_named() {
        let outer = tempfile::tempdir().unwrap();
        let (file, folder) = (outer.path().join("file"), outer.path().join("folder"));
        fs::write(&file, "old").unwrap();
        fs::create_dir(&folder).unwrap();
        let says = |tried: Result<Place>, code: u8, words: &[&str]| {
            let error = tried.unwrap_err();
            for word in words {
                assert!(error.to_string().contains(word), "\"{word}\" is not in {error}");
            }
            assert_eq!(error.exit_code(), code, "{error}");
        };
        for below in ["x.npz", "deep/x.npz"] {
            says(Place::file(&file.join(below)), 1, &["cannot write", below, "is a file where a folder"]);
        }
        says(Place::folder(&file), 1, &["cannot write to", "file", "Not a directory"]);
        says(Place::file(&folder), 2, &["folder: it is a folder; name a file"]);
        says(Place::files(outer.path(), ["new", "folder"]), 2, &["folder: it is a folder"]);
        says(Place::file(&outer.path().join("new/")), 2, &["no name of a file"]);
        says(Place::file(Path::new("")), 2, &["no name of a file"]);
        #[cfg(target_os = "linux")]
        {
            // Nobody writes to the one; the other would be gone for all programs of the machine.
            says(Place::file(Path::new("/proc/d2nn/x.npz")), 1, &["cannot write /proc/d2nn/x.npz"]);
            says(Place::file(Path::new("/dev/full")), 2, &["/dev/full: it is a device or a pipe"]);
        }
        assert_eq!(fs::read(&file).unwrap(), b"old");
        assert_eq!(names(outer.path()), 2);
    }
}
