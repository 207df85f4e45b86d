//! How plates are made, where that is not as the design says: flags over `[fabrication]`.

use clap::Args;

use crate::design::{DesignFile, Length};

/// Flags over the keys of `[fabrication]`.
#[derive(Debug, Args)]
pub(super) struct PlateFlags {
    /// Thickness below the relief, such as "1 mm"; overrides fabrication.base_thickness
    #[arg(long, value_name = "LENGTH")]
    base: Option<Length>,
    /// Round heights to N levels of a full turn; overrides the design
    #[arg(long, value_name = "N", conflicts_with = "layer_height", value_parser = levels)]
    levels: Option<u32>,
    /// Round heights to whole printer layers, such as "16 um"; overrides the design
    #[arg(long, value_name = "LENGTH")]
    layer_height: Option<Length>,
    /// Put a frame of this width around the pixels, such as "6 mm"; overrides fabrication.frame_width
    #[arg(long, value_name = "LENGTH")]
    frame: Option<Length>,
    /// Top of the frame above the flat side; overrides fabrication.frame_height
    #[arg(long, value_name = "LENGTH")]
    frame_height: Option<Length>,
    /// Depth of what is engraved on the frame; overrides fabrication.engraving_depth
    #[arg(long, value_name = "LENGTH", conflicts_with = "no_engraving")]
    engraving_depth: Option<Length>,
    /// Engrave nothing on the frame
    #[arg(long)]
    no_engraving: bool,
    /// Leave the corner of the frame beside pixel [0, 0] as it is
    #[arg(long)]
    no_notch: bool,
    /// Square holes of this side in the three other corners of the frame; overrides fabrication.pin_holes
    #[arg(long, value_name = "LENGTH")]
    pin_holes: Option<Length>,
}

/// Reads a number of levels.
fn levels(text: &str) -> Result<u32, String> {
    let known = text.parse().ok().filter(|levels| (2..=65_536).contains(levels));
    known.ok_or_else(|| "give a whole number, 2 to 65536".into())
}

impl PlateFlags {
    /// Puts the flags over the keys of `typed`.
    pub(super) fn apply(&self, typed: &mut DesignFile) {
        let table = &mut typed.fabrication;
        if self.levels.is_some() || self.layer_height.is_some() {
            (table.levels, table.layer_height) = (self.levels, self.layer_height.clone());
        }
        if let Some(base) = &self.base {
            table.base_thickness.clone_from(base);
        }
        for (key, flag) in [
            (&mut table.frame_width, &self.frame),
            (&mut table.frame_height, &self.frame_height),
            (&mut table.engraving_depth, &self.engraving_depth),
            (&mut table.pin_holes, &self.pin_holes),
        ] {
            if flag.is_some() {
                key.clone_from(flag);
            }
        }
        table.engraving &= !self.no_engraving;
        table.notch &= !self.no_notch;
    }
}
