//! How plates are made: their base, the heights of their relief, the kind of file.

use super::frame::Frame;
use crate::units::Metres;

/// How plates are made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlateOptions {
    /// Solid thickness under the relief, in metres, above zero.
    pub base_thickness: Metres,
    /// Which heights the relief may have.
    pub relief: Relief,
    /// Binary unless text is asked for.
    pub format: StlFormat,
    /// What stands around the pixels, if anything.
    pub frame: Option<Frame>,
}

impl Default for PlateOptions {
    /// A base of 1 mm, a continuous relief, binary, no frame.
    fn default() -> Self {
        PlateOptions {
            base_thickness: 1e-3,
            relief: Relief::Continuous,
            format: StlFormat::Binary,
            frame: None,
        }
    }
}

/// Which heights the relief of a plate may have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Relief {
    /// Any height, to a fine decimal step: 1 um or less, and at most a thousandth of a full turn.
    Continuous,
    /// This many equal steps to a full turn of phase; a phase just below 2 pi goes to level 0.
    Levels(u32),
    /// Whole layers of a printer of this layer height, in metres; the base too is whole layers.
    LayerHeight(Metres),
}

/// Binary or text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StlFormat {
    /// 50 bytes a triangle.
    #[default]
    Binary,
    /// Some 130 bytes a triangle; all digits of each number, so that it reads back the same.
    Ascii,
}
