//! A sweep file as it is typed.

use serde::Deserialize;
use toml::Table;

/// Version of the sweep file this program reads.
const FORMAT: u32 = 1;

/// A sweep as typed; unknown keys are refused.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SweepFile {
    /// Version of the file.
    format: u32,
    /// Design file to begin with, seen from the sweep file.
    pub(super) design: Option<String>,
    /// Preset to begin with, instead.
    pub(super) preset: Option<String>,
    /// Values of `training.seed`, the fastest key of the grid.
    pub(super) seeds: Vec<i64>,
    /// Overrides for every device.
    pub(super) set: Table,
    /// A list of values for each key.
    pub(super) grid: Table,
    /// Overrides of a device each.
    pub(super) runs: Vec<Table>,
}

impl Default for SweepFile {
    fn default() -> Self {
        SweepFile {
            format: FORMAT,
            design: None,
            preset: None,
            seeds: Vec::new(),
            set: Table::new(),
            grid: Table::new(),
            runs: Vec::new(),
        }
    }
}

impl SweepFile {
    /// Reads the text of a sweep file; a sentence says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let sweep: SweepFile =
            toml::from_str(text).map_err(|error| format!("\n{}", error.to_string().trim_end()))?;
        if sweep.format != FORMAT {
            return Err(format!("format = {}: this version of d2nn reads format = {FORMAT}", sweep.format));
        }
        Ok(sweep)
    }
}
