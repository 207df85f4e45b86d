//! `--set KEY=VALUE`.

use clap::Args;

use crate::design::{DesignFile, Override};
use crate::error::{Error, Result};

/// Values over those of a design.
#[derive(Debug, Default, Args)]
pub(super) struct SetFlag {
    /// Override any key of the design: training.epochs=3, bench.gaps="20 mm"; may be given several times
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = Override::parse)]
    overrides: Vec<Override>,
}

impl SetFlag {
    /// Puts the values over those of `typed`, which messages call `file`; returns what they call the result, and it.
    pub(super) fn over(&self, file: String, typed: &DesignFile) -> Result<(String, DesignFile)> {
        let changed = typed.with(&self.overrides, &|entry| format!("--set {entry}"))?;
        // What is wrong between keys is found later, and may be neither the file's fault nor that of one flag.
        let flags: String = self.overrides.iter().map(|entry| format!(" --set {entry}")).collect();
        Ok((if flags.is_empty() { file } else { format!("{file} with{flags}") }, changed))
    }

    /// `error` with the flag, where it is of one of the values.
    pub(super) fn told(&self, error: Error) -> Error {
        match error {
            Error::Design { file, problem }
                if self.overrides.iter().any(|entry| entry.to_string() == file) =>
            {
                Error::Design { file: format!("--set {file}"), problem }
            }
            other => other,
        }
    }

    /// The values as they were typed.
    pub(super) fn overrides(&self) -> &[Override] {
        &self.overrides
    }
}
