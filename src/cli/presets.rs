//! `--preset NAME`.

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

use crate::design::{DesignFile, Preset};
use crate::error::Result;

/// A device of the literature to begin with.
#[derive(Debug, Args)]
pub(super) struct PresetFlag {
    /// A design from docs/devices.md instead of a file
    #[arg(long, value_name = "NAME", conflicts_with = "design")]
    preset: Option<Preset>,
}

impl PresetFlag {
    /// What the design is called in messages, and the design: the preset, or the default one.
    pub(super) fn design(&self) -> Result<(String, DesignFile)> {
        Ok(match self.preset {
            None => ("the default design".into(), Preset::Terahertz.design()?),
            Some(preset) => (format!("the preset {}", preset.name()), preset.design()?),
        })
    }
}

impl ValueEnum for Preset {
    fn value_variants<'a>() -> &'a [Self] {
        &Preset::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()).help(self.describe()))
    }
}
