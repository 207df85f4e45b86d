//! One error type for the whole program; its variants say who can fix the matter.

use std::path::{Path, PathBuf};

/// Result of everything in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong, by who can put it right.
///
/// Each message names the file, the key or flag, the value and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line asks for something that cannot be done; exit code 2.
    #[error("{0}")]
    Usage(String),

    /// The design of a device is wrong; exit code 2.
    #[error("{file}: {problem}")]
    Design {
        /// The design file, or where else the design came from.
        file: String,
        /// Key, value, limit and advice.
        problem: String,
    },

    /// A file is not what it should be: truncated, of the wrong shape, corrupt.
    #[error("{}: {problem}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What is wrong with it and what to do.
        problem: String,
    },

    /// The operating system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried: "read", "write", "create".
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// The answer of the operating system.
        source: std::io::Error,
    },

    /// A data set could not be downloaded.
    #[error("cannot download {url}: {problem}")]
    Download {
        /// The address.
        url: String,
        /// What happened and what to do.
        problem: String,
    },

    /// This build of the library was made without a part; docs/architecture.md lists them.
    #[error(
        "cannot {action}: this build of d2nn has no feature \"{feature}\"; build it with that feature (Cargo.toml: \
         features = [\"{feature}\"])"
    )]
    Feature {
        /// What was asked for: "read shapes.npz".
        action: String,
        /// The feature of Cargo.toml that has it.
        feature: &'static str,
    },

    /// A value handed to the library is out of its range (shape, sign, not finite).
    #[error("{0}")]
    Value(String),

    /// The user stopped the work; what was done is saved, or told. Exit code 130.
    #[error("{0}")]
    Interrupted(String),
}

impl Error {
    /// The operating system refused `action` ("read", "write", "create") on `path`.
    pub fn io(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        Error::Io { action, path: path.to_owned(), source }
    }

    /// `file` is not what it should be.
    pub fn file(file: &Path, problem: impl Into<String>) -> Self {
        Error::File { file: file.to_owned(), problem: problem.into() }
    }

    /// Exit code of the program: 1 failed, 2 wrong usage or wrong design, 130 interrupted.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Usage(_) | Error::Design { .. } => 2,
            Error::Interrupted(_) => 130,
            _ => 1,
        }
    }
}
