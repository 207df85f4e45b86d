//! The frame around the pixels of a plate, as it is asked for.

use crate::units::Metres;

/// A frame; all lengths in metres, those across the plate to a quarter of a pixel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// Width on each side of the pixels.
    pub width: Metres,
    /// Its top above the flat side.
    pub height: Metres,
    /// Depth of what is engraved: arrow, number of the plate, name of the device, and which side this is.
    pub engraving: Option<Metres>,
    /// Whether the corner next to pixel [0, 0] is cut off.
    pub notch: bool,
    /// Side of the square holes for pins in the three other corners.
    pub pin_holes: Option<Metres>,
}
