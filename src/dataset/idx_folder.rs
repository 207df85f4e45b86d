//! A folder with the IDX files of a data set, however a loader or an archive has left them there.
//!
//! They are looked for in the folder itself and in the folders that torchvision (`FashionMNIST/raw`) and the archive of
//! EMNIST (`gzip`) make, each file under its published name or in a folder of that name, as Kaggle's archives have it.

use std::path::{Path, PathBuf};

use super::names::DatasetName;
use super::published::Part;
use crate::error::Error;
use crate::named::meant;

/// How deep a folder is searched for files that are named in a message.
const HINT_DEPTH: usize = 3;

/// Files named in a message at most.
const HINTS: usize = 3;

/// Entries of a folder looked at for a message at most: a folder of pictures has many.
const HINT_ENTRIES: usize = 2000;

/// Where the IDX files of one data set are.
pub(super) struct IdxFolder {
    /// As it was named.
    base: PathBuf,
    /// Where the files lie: the folder or one below it.
    home: PathBuf,
    known: Option<DatasetName>,
}

impl IdxFolder {
    /// The place at or below `base` that has all of `parts`, or else any, or else `base` itself.
    pub(super) fn find(base: &Path, known: Option<DatasetName>, parts: &[Part]) -> Self {
        let places = places(known);
        let at = |home: &String| IdxFolder { base: base.to_owned(), home: base.join(home), known };
        let has = |place: &&String, all: bool| {
            let folder = at(place);
            let mut found = parts.iter().map(|part| folder.file(*part).is_some());
            if all { found.all(|found| found) } else { found.any(|found| found) }
        };
        let best =
            places.iter().find(|place| has(place, true)).or_else(|| places.iter().find(|p| has(p, false)));
        best.map_or_else(|| at(&String::new()), at)
    }

    /// The file of `part`, under any of its names.
    pub(super) fn file(&self, part: Part) -> Option<PathBuf> {
        let names = part.accepted_names(self.known);
        // Kaggle unpacks each file into a folder of its name.
        let nested = names.iter().map(|name| self.home.join(name).join(name));
        let plain = names.iter().map(|name| self.home.join(name));
        plain.chain(nested).find(|file| file.is_file())
    }

    /// Those of `parts` that are not there.
    pub(super) fn missing(&self, parts: &[Part]) -> Vec<Part> {
        parts.iter().copied().filter(|part| self.file(*part).is_none()).collect()
    }

    /// The error for the absence of `parts`.
    pub(super) fn lacks(&self, parts: &[Part]) -> Error {
        let base = &self.base;
        if !base.is_dir() {
            let names = DatasetName::ALL.iter().map(|name| name.as_str());
            let likely = base.to_str().and_then(|typed| meant(typed, names));
            let problem = "there is no such folder: name one that has the files of the data set";
            return Error::file(
                base,
                match likely {
                    Some(name) => format!("{problem}; is {name} meant?"),
                    None => format!("{problem}, or one of {}", DatasetName::list()),
                },
            );
        }
        let names = self.names(parts);
        let found = idx_files(base);
        let hint = if found.is_empty() {
            "put the IDX file there, gzipped or not, or name another".to_owned()
        } else {
            format!(
                "it has {}: name the folder of the files, or their data set with training.data",
                found.join(", ")
            )
        };
        Error::file(base, format!("the folder lacks {names}: {hint}"))
    }

    /// Names of `parts`, for a sentence.
    pub(super) fn names(&self, parts: &[Part]) -> String {
        parts.iter().map(|part| part.published_name(self.known)).collect::<Vec<_>>().join(", ")
    }
}

/// Folders below the named one in which the files may lie, the folder itself first.
fn places(known: Option<DatasetName>) -> Vec<String> {
    let mut places = vec![String::new()];
    if let Some(name) = known {
        places.push(name.as_str().into());
        places.push(format!("{}/raw", name.torchvision_folder()));
        if name.is_emnist() {
            places.extend(["gzip", "raw", "EMNIST/raw/gzip"].map(str::to_owned));
        }
    }
    places.push("raw".into());
    places
}

/// IDX files below `folder` by their names, as paths from it.
fn idx_files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut level = vec![folder.to_owned()];
    for _ in 0..HINT_DEPTH {
        let entries = level.iter().filter_map(|folder| std::fs::read_dir(folder).ok());
        let mut paths: Vec<PathBuf> =
            entries.flatten().flatten().take(HINT_ENTRIES).map(|e| e.path()).collect();
        paths.sort();
        let is_idx = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            path.is_file() && (name.contains("idx3-ubyte") || name.contains("idx1-ubyte"))
        };
        found.extend(paths.iter().filter(|path| is_idx(path)).cloned());
        level = paths.into_iter().filter(|path| path.is_dir()).collect();
    }
    let shown = |path: &PathBuf| path.strip_prefix(folder).unwrap_or(path).display().to_string();
    let mut names: Vec<String> = found.iter().take(HINTS).map(shown).collect();
    if found.len() > HINTS {
        names.push("...".into());
    }
    names
}
