//! A data set of pictures: a folder for each class, in `train` and `test` or all together.
//!
//! Classes have the names of their folders, in the order of the numbers where all are numbers, else of the alphabet.
//! Pictures become images as own pictures do ([`super::picture`]), so that `classify` reads one as the training did.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ndarray::{Array3, Axis};

use super::idx::MAX_BYTES;
use super::picture::{self, Treatment};
use super::published::Split;
use super::split::hold_out;
use crate::error::{Error, Result};

/// Of how many pictures one is kept for the test, where there is no folder of the test.
const TEST_SHARE: usize = 6;

/// Seed of that choice: fixed, so that every device on these pictures is judged by the same ones.
const SPLIT_SEED: u64 = 1;

/// Names the folder of each half may have.
const TRAIN: &[&str] = &["train", "training"];
const TEST: &[&str] = &["test", "testing", "val", "validation"];

/// Pictures in folders.
pub(super) struct ClassFolders {
    base: PathBuf,
    classes: Vec<String>,
    /// The folders of the halves; none where the split is made here.
    halves: Option<[PathBuf; 2]>,
}

impl ClassFolders {
    /// The classes in `base`; `None` where it has no folders with pictures.
    ///
    /// # Errors
    /// [`Error::Io`] when a folder cannot be read; [`Error::File`] for one half without the other.
    pub(super) fn find(base: &Path) -> Result<Option<Self>> {
        if !base.is_dir() {
            return Ok(None);
        }
        let half = |names: &[&str]| names.iter().map(|name| base.join(name)).find(|folder| folder.is_dir());
        let (halves, root) = match (half(TRAIN), half(TEST)) {
            (Some(train), Some(test)) => (Some([train.clone(), test]), train),
            (None, None) => (None, base.to_owned()),
            (Some(_), None) => {
                return Err(Error::file(
                    base,
                    "the folder has train and no test: add one, or put all classes into one",
                ));
            }
            // A class may be called so.
            (None, Some(_)) => (None, base.to_owned()),
        };
        let mut classes = Vec::new();
        for folder in folders(&root)? {
            if !pictures(&root.join(&folder))?.is_empty() {
                classes.push(folder);
            }
        }
        let number = |name: &String| name.parse::<u64>().ok();
        if classes.iter().all(|name| number(name).is_some()) {
            classes.sort_by_key(number);
        }
        Ok((!classes.is_empty()).then(|| ClassFolders { base: base.to_owned(), classes, halves }))
    }

    /// Names of the classes.
    pub(super) fn classes(&self) -> &[String] {
        &self.classes
    }

    /// Gives the classes the labels they have in `names`: a folder is told by its name.
    ///
    /// # Errors
    /// [`Error::File`] for a folder whose name is not among them.
    pub(super) fn order_as(&mut self, names: &[String]) -> Result<()> {
        if let Some(stranger) = self.classes.iter().find(|class| !names.contains(class)) {
            let problem = format!(
                "no class is called \"{stranger}\": the classes are {}; name the folders after them",
                names.join(", ")
            );
            return Err(Error::file(&self.base, problem));
        }
        self.classes = names.to_vec();
        Ok(())
    }

    /// The folder, which errors are about.
    pub(super) fn path(&self) -> &Path {
        &self.base
    }

    /// The pictures of one half and their labels, in the order of the classes.
    fn files(&self, split: Split) -> Result<Vec<(PathBuf, u8)>> {
        let root = match &self.halves {
            Some([train, test]) => match split {
                Split::Train => train,
                Split::Test => test,
            },
            None => &self.base,
        };
        let known: BTreeSet<&String> = self.classes.iter().collect();
        if let Some(stranger) = folders(root)?.iter().find(|name| {
            !known.contains(name) && pictures(&root.join(name)).is_ok_and(|pictures| !pictures.is_empty())
        }) {
            let problem = "the training pictures have no such class: take it away, or add it there";
            return Err(Error::file(&root.join(stranger), problem));
        }
        let mut files = Vec::new();
        for (label, class) in (0..=u8::MAX).zip(&self.classes) {
            let folder = root.join(class);
            let found = if folder.is_dir() { pictures(&folder)? } else { Vec::new() };
            files.extend(found.into_iter().map(|path| (path, label)));
        }
        if self.halves.is_none() {
            let labels: Vec<u8> = files.iter().map(|(_, label)| *label).collect();
            let held = hold_out(&labels, (labels.len() / TEST_SHARE).max(1), SPLIT_SEED)
                .map_err(|_| Error::file(root, "one picture makes no training and no test: add more"))?;
            let chosen = match split {
                Split::Train => held.training,
                Split::Test => held.validation,
            };
            files = chosen.into_iter().map(|index| files[index].clone()).collect();
        }
        if files.is_empty() {
            return Err(Error::file(
                root,
                "there are no pictures in the folders of the classes: add PNG or JPEG files",
            ));
        }
        Ok(files)
    }

    /// The labels of one half.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::File`] for folders that cannot be read, a class of the test that the training has
    /// not, and no pictures.
    pub(super) fn labels(&self, split: Split) -> Result<Vec<u8>> {
        Ok(self.files(split)?.into_iter().map(|(_, label)| label).collect())
    }

    /// The pictures of one half, each fitted to `shape` = (rows, columns).
    ///
    /// # Errors
    /// As [`ClassFolders::labels`], and for a picture that cannot be read.
    pub(super) fn images(&self, split: Split, (rows, columns): (usize, usize)) -> Result<Array3<u8>> {
        let files = self.files(split)?;
        if files.len().saturating_mul(rows * columns) > MAX_BYTES {
            let problem = format!(
                "{} pictures of {rows} x {columns} values are more than the {MAX_BYTES} that are read at most: take \
                 fewer, or set images.shape smaller",
                files.len()
            );
            return Err(Error::file(&self.base, problem));
        }
        let mut images = Array3::zeros((files.len(), rows, columns));
        for ((path, _), mut image) in files.iter().zip(images.axis_iter_mut(Axis(0))) {
            image.assign(&picture::read(path, rows, columns, Treatment::default())?.image);
        }
        Ok(images)
    }
}

/// Names of the folders in `folder` that may be classes, sorted.
fn folders(folder: &Path) -> Result<Vec<String>> {
    let is_class = |path: &PathBuf, name: &str| path.is_dir() && !name.starts_with(['.', '_']);
    Ok(entries(folder)?
        .into_iter()
        .filter(|(path, name)| is_class(path, name))
        .map(|(_, name)| name)
        .collect())
}

/// Pictures in `folder`, sorted by name.
fn pictures(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for (path, name) in entries(folder)? {
        let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        match ending.as_str() {
            "png" | "jpg" | "jpeg" if !name.starts_with('.') && path.is_file() => found.push(path),
            "bmp" | "gif" | "webp" | "tif" | "tiff" | "pgm" | "ppm" if path.is_file() => {
                return Err(Error::file(
                    &path,
                    "pictures are read as PNG or JPEG: save it as one of them, or take it away",
                ));
            }
            // Notes and thumbnails of file managers.
            _ => {}
        }
    }
    Ok(found)
}

fn entries(folder: &Path) -> Result<Vec<(PathBuf, String)>> {
    let failed = |error| Error::io("read", folder, error);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        found.push((entry.path(), entry.file_name().to_string_lossy().into_owned()));
    }
    found.sort();
    Ok(found)
}
