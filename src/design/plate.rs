//! `[fabrication]` checked: base, steps of height and frame of the plates.

use super::file::{DesignFile, FabricationTable};
use super::purpose::{Broken, Purpose};
use super::resolve::{Checked, length};
use crate::plate::{Frame, PlateOptions, Relief, StlFormat};
use crate::units::Metres;

/// Height of the frame over the base, in full turns of relief: above all pixels, so that plates can be stacked.
const FRAME_TURNS: f64 = 1.2;
/// Depth of what is engraved, in full turns of relief.
const ENGRAVING_TURNS: f64 = 0.4;

/// The base as messages name it: the flag may have said it.
pub(super) const BASE: &str = "fabrication.base_thickness (--base)";

/// How plates are made of a material whose full turn is `turn` metres high.
pub(super) fn plate(typed: &DesignFile, turn: Metres, broken: &mut Broken) -> Checked<PlateOptions> {
    let table = &typed.fabrication;
    let relief = match (&table.layer_height, table.levels) {
        (None, None) => Relief::Continuous,
        (Some(height), None) => {
            Relief::LayerHeight(length("fabrication.layer_height (--layer-height)", height)?)
        }
        (None, Some(levels)) if (2..=65_536).contains(&levels) => Relief::Levels(levels),
        (None, Some(levels)) => {
            return Err(format!("fabrication.levels = {levels} (--levels): it must be 2 to 65536"));
        }
        (Some(_), Some(_)) => return Err("fabrication has both layer_height and levels: give one".into()),
    };
    let base_thickness = length(BASE, &table.base_thickness)?;
    let frame = frame(table, base_thickness, turn, broken)?;
    Ok(PlateOptions { base_thickness, relief, format: StlFormat::Binary, frame })
}

fn frame(
    table: &FabricationTable,
    base: Metres,
    turn: Metres,
    broken: &mut Broken,
) -> Checked<Option<Frame>> {
    let optional = |key: &str, text: &Option<String>| {
        text.as_ref().map(|text| length(&format!("fabrication.{key}"), text)).transpose()
    };
    let height = optional("frame_height", &table.frame_height)?;
    let depth = optional("engraving_depth", &table.engraving_depth)?;
    let pin_holes = optional("pin_holes", &table.pin_holes)?;
    let Some(width) = optional("frame_width", &table.frame_width)? else {
        let of_a_frame = [
            ("frame_height", height.is_some()),
            ("engraving_depth", depth.is_some()),
            ("pin_holes", pin_holes.is_some()),
        ];
        let without = match of_a_frame.iter().find(|(_, given)| *given) {
            Some((key, _)) => Err(format!("fabrication.{key} is of a frame: give frame_width too")),
            None => Ok(()),
        };
        broken.or(Purpose::Making, without, ());
        return Ok(None);
    };
    Ok(Some(Frame {
        width,
        height: height.unwrap_or(base + FRAME_TURNS * turn),
        engraving: table.engraving.then_some(depth.unwrap_or(ENGRAVING_TURNS * turn)),
        notch: table.notch,
        pin_holes,
    }))
}
