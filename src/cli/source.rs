//! The light on the object, for programs.

use serde_json::{Value, json};

use crate::bench::Bench;
use crate::named::Named;

/// Wavelengths in metres, angles in radians.
pub(super) fn source_json(bench: &Bench) -> Value {
    let source = &bench.source;
    json!({
        "wavelengths": source.lines.iter().map(|line| line.ratio * bench.wavelength).collect::<Vec<_>>(),
        "shares": source.lines.iter().map(|line| line.share).collect::<Vec<_>>(),
        "readout": source.readout.name(),
        "half_angle": source.extended.map_or(0.0, |extended| extended.half_angle),
        "points": source.extended.map_or(1, |extended| extended.points),
    })
}
