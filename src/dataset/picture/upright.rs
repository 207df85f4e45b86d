//! Turning a picture upright as its camera noted.

use exif::{In, Tag};

use crate::raster::Raster;

/// How the camera was held: 1 to 8, as EXIF 2.32 (CIPA DC-008), tag 274, numbers it.
pub(super) fn orientation(exif: &[u8]) -> Option<u32> {
    let (fields, _) = exif::parse_exif(exif).ok()?;
    let field = fields.iter().find(|field| field.tag == Tag::Orientation && field.ifd_num == In::PRIMARY)?;
    field.value.get_uint(0)
}

/// `raster` as its camera saw it: mirrored from left to right where `orientation` says so, then turned.
pub(super) fn upright(raster: Raster, orientation: u32) -> Raster {
    if !(2..=8).contains(&orientation) {
        return raster;
    }
    let Raster { width, height, channels, .. } = raster;
    let (to_width, to_height) = if orientation >= 5 { (height, width) } else { (width, height) };
    let mut values = Vec::with_capacity(raster.values.len());
    for y in 0..to_height {
        for x in 0..to_width {
            let (row, column) = match orientation {
                2 => (y, width - 1 - x),
                3 => (height - 1 - y, width - 1 - x),
                4 => (height - 1 - y, x),
                5 => (x, y),
                6 => (height - 1 - x, y),
                7 => (height - 1 - x, width - 1 - y),
                _ => (x, width - 1 - y),
            };
            let at = (row * width + column) * channels;
            values.extend_from_slice(&raster.values[at..at + channels]);
        }
    }
    Raster { width: to_width, height: to_height, values, ..raster }
}
