//! `[fabrication]` checked: base, steps of height and frame of the plates.

use super::file::FabricationTable;
use super::typed::Length;
use super::work::{Broken, Checked, Work};
use crate::plate::{Frame, PlateOptions, Relief, StlFormat};
use crate::units::Metres;

/// Height of the frame over the base, in full turns of relief: above all pixels, so that plates can be stacked.
const FRAME_TURNS: f64 = 1.2;
/// Depth of what is engraved, in full turns of relief.
const ENGRAVING_TURNS: f64 = 0.4;

/// How plates are made of a material whose full turn is `turn` metres high.
pub(super) fn plate(table: &FabricationTable, turn: Metres, broken: &mut Broken) -> Checked<PlateOptions> {
    let relief = match (&table.layer_height, table.levels) {
        (None, None) => Relief::Continuous,
        (Some(height), None) => Relief::LayerHeight(height.value()),
        (None, Some(levels)) if (2..=65_536).contains(&levels) => Relief::Levels(levels),
        (None, Some(levels)) => {
            return Err(format!("fabrication.levels = {levels}: it must be 2 to 65536"));
        }
        (Some(_), Some(_)) => return Err("fabrication has both layer_height and levels: give one".into()),
    };
    let base_thickness = table.base_thickness.value();
    let frame = frame(table, turn, broken);
    Ok(PlateOptions { base_thickness, relief, format: StlFormat::Binary, frame })
}

fn frame(table: &FabricationTable, turn: Metres, broken: &mut Broken) -> Option<Frame> {
    let optional = |length: &Option<Length>| length.as_ref().map(Length::value);
    let height = optional(&table.frame_height);
    let depth = optional(&table.engraving_depth);
    let pin_holes = optional(&table.pin_holes);
    let Some(width) = optional(&table.frame_width) else {
        let of_a_frame = [
            ("frame_height", height.is_some()),
            ("engraving_depth", depth.is_some()),
            ("pin_holes", pin_holes.is_some()),
        ];
        let without = match of_a_frame.iter().find(|(_, given)| *given) {
            Some((key, _)) => Err(format!("fabrication.{key} is of a frame: give frame_width too")),
            None => Ok(()),
        };
        broken.or(Work::Making, without, ());
        return None;
    };
    Some(Frame {
        width,
        height: height.unwrap_or(table.base_thickness.value() + FRAME_TURNS * turn),
        engraving: table.engraving.then_some(depth.unwrap_or(ENGRAVING_TURNS * turn)),
        notch: table.notch,
        pin_holes,
    })
}
