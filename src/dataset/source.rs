//! Where a data set is read from.

use std::path::{Path, PathBuf};

use super::sample;

/// Where a data set is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A folder the user named.
    Folder(PathBuf),
    /// A file the user named.
    File(PathBuf),
    /// The user's cache.
    Cache(PathBuf),
    /// The system's folder of data sets.
    System(PathBuf),
    /// The user's cache, filled just now.
    Download(PathBuf),
    /// The sample in the program.
    BuiltinSample,
}

impl Source {
    /// A place the user named.
    pub fn named(path: PathBuf) -> Self {
        if path.is_file() { Source::File(path) } else { Source::Folder(path) }
    }

    /// The folder, if it is one.
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Source::Folder(path) | Source::Cache(path) | Source::System(path) | Source::Download(path) => {
                Some(path)
            }
            Source::File(_) | Source::BuiltinSample => None,
        }
    }

    /// The folder or the file, if it is one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Source::File(path) => Some(path),
            other => other.folder(),
        }
    }

    /// In words: `the cache /home/ada/.cache/d2nn/fashion-mnist`.
    pub fn describe(&self) -> String {
        match self {
            Source::Folder(path) => format!("the folder {}", path.display()),
            Source::File(path) => format!("the file {}", path.display()),
            Source::Cache(path) => format!("the cache {}", path.display()),
            Source::System(path) => format!("the system's folder {}", path.display()),
            Source::Download(path) => format!("the network, now in the cache {}", path.display()),
            Source::BuiltinSample => "the sample in the program".into(),
        }
    }

    /// What the user must be told before results from this source are believed.
    pub fn warning(&self) -> Option<String> {
        (*self == Source::BuiltinSample).then(|| {
            let (train, test) = sample::SIZES;
            format!(
                "this is the built-in sample of Fashion-MNIST, {train} training and {test} test images, not the \
                 60000 and 10000 of the full set: accuracies do not compare with published ones. Get the full \
                 set with `d2nn data fetch fashion-mnist`, or name a folder that has it as training.data"
            )
        })
    }
}
