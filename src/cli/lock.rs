//! One training a folder: a lock of the operating system, which ends with the program however that ends.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use super::say;
use crate::error::{Error, Result};
use crate::files::Place;

/// The file that is locked.
const LOCK: &str = ".d2nn-lock";

/// A folder nobody else writes to while this lives.
pub(super) struct Lock {
    folder: PathBuf,
    /// None where the file system has no locks.
    file: Option<File>,
    /// Folders that were made for the lock go last, when they are empty.
    _place: Place,
}

/// Whether a file of this name belongs to a lock, held or left by a program that was killed.
pub(super) fn is_lock(name: &str) -> bool {
    name == LOCK
}

impl Lock {
    /// Takes the lock of `folder`, which is made if it is not there.
    ///
    /// A file system without locks is told of, and does not stop the work.
    ///
    /// # Errors
    /// [`Error::File`] when another program has it, [`Error::Io`] when the folder cannot be made or written to.
    pub(super) fn take(folder: &Path) -> Result<Self> {
        let place = Place::folder(folder)?;
        let path = folder.join(LOCK);
        loop {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false);
            let mut file = options.open(&path).map_err(|source| Error::io("write", &path, source))?;
            match file.try_lock() {
                Ok(()) => {
                    // Who had it may have removed it since it was opened: then the lock is on no file any more.
                    if !is_at(&file, &path) {
                        continue;
                    }
                    // For the message of who comes next; the lock does not depend on it.
                    let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
                    return Ok(Lock { folder: folder.to_owned(), file: Some(file), _place: place });
                }
                Err(TryLockError::WouldBlock) => return Err(taken(folder, &mut file)),
                Err(TryLockError::Error(error)) => {
                    say(&format!(
                        "warning: {}: no lock can be had here ({error}); train only once at a time into this folder",
                        folder.display()
                    ));
                    return Ok(Lock { folder: folder.to_owned(), file: None, _place: place });
                }
            }
        }
    }
}

fn taken(folder: &Path, file: &mut File) -> Error {
    let mut process = String::new();
    let _ = Read::by_ref(file).take(20).read_to_string(&mut process);
    let who = match process.trim().parse::<u32>() {
        Ok(number) => format!("another d2nn (process {number})"),
        Err(_) => "another d2nn".into(),
    };
    Error::file(
        folder,
        format!("{who} is training here: wait for it, stop it, or choose another folder with --out"),
    )
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), fs::metadata(path)) {
        (Ok(held), Ok(there)) => (held.dev(), held.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

impl Drop for Lock {
    fn drop(&mut self) {
        // While it is still held. What cannot be removed is no harm: it is not locked any more.
        let _ = fs::remove_file(self.folder.join(LOCK));
        drop(self.file.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_had_once() {
        let folder = tempfile::tempdir().unwrap();
        let device = folder.path().join("runs/device");
        let lock = Lock::take(&device).unwrap();
        let message = Lock::take(&device).err().unwrap().to_string();
        let process = format!("another d2nn (process {})", std::process::id());
        assert!(message.contains("device") && message.contains(&process), "{message}");
        assert!(message.contains("--out"), "{message}");
        drop(lock);
        assert!(!folder.path().join("runs").exists(), "folders that were made for nothing are gone");
        // What a killed program leaves is a file without a lock.
        fs::create_dir_all(&device).unwrap();
        fs::write(device.join(LOCK), "123\n").unwrap();
        drop(Lock::take(&device).unwrap());
        assert_eq!(fs::read_dir(&device).unwrap().count(), 0);
        fs::write(folder.path().join("file"), "").unwrap();
        assert!(Lock::take(&folder.path().join("file/device")).is_err());
    }

    #[test]
    fn many_who_want_it_never_have_it_together() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        let folder = tempfile::tempdir().unwrap();
        let inside = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mut had = 0;
                    while had < 100 {
                        let Ok(lock) = Lock::take(folder.path()) else {
                            std::thread::yield_now();
                            continue;
                        };
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        inside.fetch_sub(1, Ordering::SeqCst);
                        drop(lock);
                        had += 1;
                    }
                });
            }
        });
    }
}
