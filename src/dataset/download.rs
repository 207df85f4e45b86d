//! Download of one file of a data set: bounded in time and size, kept only when its checksum is right.

#[cfg(not(feature = "download"))]
use std::path::{Path, PathBuf};
use std::time::Duration;

#[cfg(not(feature = "download"))]
use super::published::{Catalogue, Part};
#[cfg(not(feature = "download"))]
use crate::error::{Error, Result};

#[cfg(feature = "download")]
mod transfer;

#[cfg(feature = "download")]
pub use transfer::fetch;

/// How long the network may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For the name and the connection, each.
    pub connect: Duration,
    /// For the answer to begin, and between two pieces of it.
    pub silence: Duration,
    /// For one file.
    pub overall: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience {
            connect: Duration::from_secs(5),
            silence: Duration::from_secs(20),
            // 30 MB at 50 kB/s.
            overall: Duration::from_secs(600),
        }
    }
}

/// How far a download is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received<'a> {
    /// The address.
    pub url: &'a str,
    /// Bytes so far.
    pub received: u64,
    /// Bytes in all, when the server says so.
    pub total: Option<u64>,
}

/// Says that this build downloads nothing.
///
/// # Errors
/// [`Error::Feature`], always.
#[cfg(not(feature = "download"))]
pub fn fetch(
    _: &Catalogue,
    part: Part,
    _: &Path,
    _: &Patience,
    _: &mut dyn FnMut(&Received),
) -> Result<PathBuf> {
    Err(Error::Feature { action: format!("download {}", part.file_name()), feature: "download" })
}
