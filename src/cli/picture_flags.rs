//! Reading a picture of the user's own: the flags that say how, and standard input as `-`.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::dataset::picture::{self, Fitted, Invert, Treatment};
use crate::error::{Error, Result};

/// What stands for standard input.
pub(super) const STANDARD_INPUT: &str = "-";

/// How pictures are treated.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct PictureFlags {
    /// Whether to exchange dark and bright in your own picture
    #[arg(long, value_enum, default_value_t = InvertName::Auto)]
    invert: InvertName,
    /// Take the brightness of your own picture as it is stored, without stretching a narrow range to black and white
    #[arg(long)]
    no_stretch: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum InvertName {
    Auto,
    Never,
    Always,
}

impl PictureFlags {
    /// Reads the picture at `path`, or from standard input for `-`, fitted to `rows` x `columns` pixels.
    pub(super) fn read(&self, path: &Path, (rows, columns): (usize, usize)) -> Result<Fitted> {
        let invert = match self.invert {
            InvertName::Auto => Invert::Auto,
            InvertName::Never => Invert::Never,
            InvertName::Always => Invert::Always,
        };
        let treatment = Treatment { invert, stretch: !self.no_stretch };
        if path != Path::new(STANDARD_INPUT) {
            return picture::read(path, rows, columns, treatment);
        }
        let stdin = io::stdin();
        if stdin.is_terminal() {
            return Err(Error::Usage(
                "- stands for standard input, and that is this terminal: send a PNG or JPEG file to it (`< FILE`), or \
                 write ./- for a file of that name"
                    .into(),
            ));
        }
        picture::read_from(stdin.lock(), &name(path), rows, columns, treatment)
    }
}

/// What messages call the picture at `path`.
pub(super) fn name(path: &Path) -> PathBuf {
    if path == Path::new(STANDARD_INPUT) { "standard input".into() } else { path.into() }
}
