//! The holder: a comb whose slots keep every plane at its distance.
//!
//! In its file the light travels along x, plates stand across it along y with their row 0 up. A plate sits on the floor of
//! its slot; the ribs around it grip the lower side of its frame and the towers its two upright sides, both less than the
//! frame is wide, so nothing stands in the light.

use crate::error::{Error, Result};
use crate::fabrication::blocks::{Blocks, Rectangle};
use crate::fabrication::lettering::{LETTER_HEIGHT, Lettering};
use crate::fabrication::mesh::{LEAST_SIDE, PARTS_A_PIXEL, PlateMesh};
use crate::fabrication::stl::{StlScale, StlUnit};
use crate::units::{Metres, format_length};

/// Where one plate stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot {
    /// What stands there: "OBJECT", "1".
    pub label: String,
    /// Where its flat side lies along the light, metres.
    pub flat_side: Metres,
    /// Thickness of its frame, metres.
    pub thickness: Metres,
}

/// A holder; all lengths in metres.
#[derive(Clone, Debug, PartialEq)]
pub struct Holder {
    /// The plates in the order of the light.
    pub slots: Vec<Slot>,
    /// Width of the plates, frames included.
    pub plate_width: Metres,
    /// Width of the frames.
    pub frame_width: Metres,
    /// Play of a plate in its slot, on each side half of it along the light, all of it across.
    pub clearance: Metres,
}

/// Steps of the holder across: a hundredth of a millimetre for frames of 6 mm.
const STEPS_A_FRAME: f64 = 600.0;

impl Holder {
    /// Thickness of the floor, of the ribs and of the side walls.
    pub fn wall(&self) -> Metres {
        self.frame_width / 2.0
    }

    /// How far ribs and towers reach over a frame.
    pub fn grip(&self) -> Metres {
        0.75 * self.frame_width
    }

    /// The solid and its scale.
    ///
    /// # Errors
    /// [`Error::Value`] for no slots, and planes too near to each other for a wall between their slots.
    pub fn solid(&self) -> Result<(PlateMesh, StlScale)> {
        let (Some(first), Some(last)) = (self.slots.first(), self.slots.last()) else {
            return Err(Error::Value("a holder without planes".into()));
        };
        let least = self.frame_width / 4.0;
        for pair in self.slots.windows(2) {
            let wall = pair[1].flat_side - pair[0].flat_side - pair[0].thickness - self.clearance;
            if wall < least {
                return Err(Error::Value(format!(
                    "a holder: between plates {} and {} {} are left for a wall, and it needs {}; lower \
                     fabrication.frame_height or fabrication.frame_width",
                    pair[0].label,
                    pair[1].label,
                    format_length(wall.max(0.0), 3),
                    format_length(least, 3)
                )));
            }
        }
        // Lines lie at whole steps, a step has the least side of a block: none are too near to each other.
        let step = self.frame_width / STEPS_A_FRAME;
        let start = first.flat_side - self.clearance / 2.0 - 2.0 * self.wall();
        let along = |z: Metres| ((z - start) / step).round() as i32 * LEAST_SIDE;
        let across = |y: Metres| (y / step).round() as i32 * LEAST_SIDE;
        let up = |height: Metres| (height / step).round() as i32;
        let end = along(last.flat_side + last.thickness + self.clearance / 2.0 + 2.0 * self.wall());
        let side = self.wall();
        let width = self.plate_width + 2.0 * self.clearance + 2.0 * side;
        let (floor, rib) = (up(self.wall()), up(self.wall() + self.grip()));
        let tower = up(self.wall() + 2.0 * self.frame_width);
        let mut blocks = Blocks::default();
        blocks.draw(Rectangle { x: [0, end], y: [0, across(width)] }, floor);
        let slot = |slot: &Slot| {
            let half = self.clearance / 2.0;
            [slot.flat_side - half, slot.flat_side + slot.thickness + half]
        };
        let reach = across(side + self.clearance + self.grip());
        for (height, y) in
            [(rib, [0, across(width)]), (tower, [0, reach]), (tower, [across(width) - reach, across(width)])]
        {
            for [from, to] in self.slots.iter().map(slot) {
                blocks.draw(Rectangle { x: [along(from - self.wall()), along(to + self.wall())], y }, height);
            }
        }
        for [from, to] in self.slots.iter().map(slot) {
            blocks.draw(
                Rectangle { x: [along(from), along(to)], y: [across(side), across(width - side)] },
                floor,
            );
        }
        self.engrave(&mut blocks, &slot, &along, across(width));
        // A step is four sixteenths of the pixel of this scale, and as high as it is wide.
        let pixel = step * f64::from(PARTS_A_PIXEL / LEAST_SIDE);
        let unit = StlUnit::for_pitch(self.frame_width / 15.0);
        let none = ndarray::Array2::zeros((0, 0));
        Ok((blocks.solid(&none, PARTS_A_PIXEL)?, StlScale::even(pixel, step, unit)))
    }

    /// Engraves what stands where into the floor behind each slot, read with the light going to the right.
    fn engrave(
        &self,
        blocks: &mut Blocks,
        slot: &dyn Fn(&Slot) -> [Metres; 2],
        along: &dyn Fn(Metres) -> i32,
        width: i32,
    ) {
        let stroke = STEPS_A_FRAME as i32 * LEAST_SIDE * 2 / 15;
        let floor = STEPS_A_FRAME as i32 / 2;
        let depth = floor / 8;
        for (index, own) in self.slots.iter().enumerate() {
            let from = along(slot(own)[1] + self.wall());
            let Some(next) = self.slots.get(index + 1) else { continue };
            let room = along(slot(next)[0] - self.wall()) - from;
            let lettering = Lettering::new(&own.label, room / stroke - 2);
            if lettering.text.len() < own.label.len() {
                continue;
            }
            let left = from + (room - lettering.width * stroke) / 2 / LEAST_SIDE * LEAST_SIDE;
            let head = (width + LETTER_HEIGHT * stroke) / 2 / LEAST_SIDE * LEAST_SIDE;
            for &(column, row, count) in &lettering.runs {
                let x = left + column * stroke;
                let y = head - (row + 1) * stroke;
                blocks.draw(Rectangle { x: [x, x + count * stroke], y: [y, y + stroke] }, floor - depth);
            }
        }
    }
}
