//! The frame around the pixels: it stiffens the plate, and says which plate it is and which way round it stands.
//!
//! Whoever mounts a plate looks at its relief, against the light. Up is where row 0 is (y grows downward), so x runs to
//! the left there. All that is engraved reads upright from there: the arrow points to row 0.

use ndarray::Array2;

use crate::error::{Error, Result};
use crate::fabrication::blocks::{Blocks, Rectangle};
use crate::fabrication::height_map::HeightMap;
use crate::fabrication::lettering::{ARROW, LETTER_HEIGHT, Lettering};
use crate::fabrication::mesh::{LEAST_SIDE, PARTS_A_PIXEL, PlateMesh};
use crate::plate::Frame;
use crate::units::{Metres, format_length};

/// Strokes a line of letters needs across the frame: itself and one of room on either side.
const STROKES_ACROSS: i32 = LETTER_HEIGHT + 2;

/// What is engraved on the side of the frame that is below.
const FRONT_MARK: &str = "DETECTOR SIDE";

/// Heights in whole steps: the ground is a base that may lie between steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Steps {
    /// Height of the base, metres; 0 for none.
    pub base: Metres,
    /// The same in steps.
    pub base_steps: i32,
    /// Height of a step, metres.
    pub step: Metres,
}

impl Steps {
    /// The nearest whole number of steps up to `height` metres.
    fn up_to(self, height: Metres) -> f64 {
        ((height - self.base) / self.step).round() + f64::from(self.base_steps)
    }
}

/// A plate in its frame.
#[derive(Clone, Debug)]
pub struct Framed {
    /// The solid; the pixels begin at x = y = 0, the frame lies around them.
    pub mesh: PlateMesh,
    /// What is engraved at the top; empty without engraving.
    pub engraved: String,
}

impl Frame {
    /// Puts the plate of `map` (pixels of `pixel_pitch` metres) into this frame; `number` and `name` are engraved.
    ///
    /// # Errors
    /// As [`Frame::around_pixels`].
    pub fn around(&self, map: &HeightMap, pixel_pitch: Metres, number: usize, name: &str) -> Result<Framed> {
        let pixels = map.relief().mapv(|steps| steps + map.base_steps());
        let steps = Steps { base: map.base(), base_steps: map.base_steps(), step: map.step() };
        self.around_pixels(&pixels, steps, pixel_pitch, &format!("{number} {name}"), &[])
    }

    /// Puts `pixels` (whole steps above the flat side, 0 for a hole) of `pixel_pitch` metres into this frame, with `text`
    /// behind the arrow; `blocks` are drawn over the pixels.
    ///
    /// # Errors
    /// [`Error::Value`] for a frame that is too narrow for its letters or holes, lower than its engraving, or higher than
    /// integers go.
    pub fn around_pixels(
        &self,
        pixels: &Array2<i32>,
        steps: Steps,
        pixel_pitch: Metres,
        text: &str,
        engravings: &[(Rectangle, i32)],
    ) -> Result<Framed> {
        let layout = FrameLayout::new(self, steps, pixel_pitch, pixels)?;
        let mut blocks = Blocks::default();
        layout.sides(&mut blocks);
        engravings.iter().for_each(|(stroke, height)| blocks.draw(*stroke, *height));
        let mut engraved = String::new();
        if let Some(depth) = self.engraving {
            engraved = layout.engrave(&mut blocks, depth, &format!("{ARROW} {text}"))?;
        }
        if self.notch {
            blocks.draw(layout.corner([true, true], 0, floored(layout.width / 2)), 0);
        }
        if let Some(side) = self.pin_holes {
            let side = parts(side, pixel_pitch);
            let wall = floored((layout.width - side) / 2);
            if wall < floored(layout.width / 4) || side < LEAST_SIDE {
                return Err(Error::Value(format!(
                    "fabrication.pin_holes: holes of {} in a frame of {}: they may take half of its width",
                    format_length(f64::from(side) / f64::from(PARTS_A_PIXEL) * pixel_pitch, 4),
                    format_length(self.width, 4)
                )));
            }
            for corner in [[false, true], [true, false], [false, false]] {
                blocks.draw(layout.corner(corner, wall, side), 0);
            }
        }
        Ok(Framed {
            mesh: blocks.solid(pixels, PARTS_A_PIXEL)?,
            engraved: engraved.trim_start_matches(ARROW).trim().into(),
        })
    }
}

/// A length in 16ths of a pixel, the nearest quarter of a pixel: lines at quarters are never too near to each other.
fn parts(length: Metres, pixel_pitch: Metres) -> i32 {
    // Saturates, and what is beyond the range of the mesh is refused.
    let quarters = (length / pixel_pitch * f64::from(PARTS_A_PIXEL / LEAST_SIDE)).round() as i32;
    quarters.saturating_mul(LEAST_SIDE)
}

/// The quarter of a pixel at or below so many parts.
fn floored(parts: i32) -> i32 {
    parts / LEAST_SIDE * LEAST_SIDE
}

/// The frame in parts.
struct FrameLayout {
    width: i32,
    /// Side of the area of the pixels along x and y.
    area: [i32; 2],
    /// Height of the frame in steps.
    top: i32,
    steps: Steps,
}

impl FrameLayout {
    fn new(frame: &Frame, steps: Steps, pixel_pitch: Metres, pixels: &Array2<i32>) -> Result<Self> {
        let width = parts(frame.width, pixel_pitch);
        // As wide as the largest plate: beyond, the corners leave the range of the mesh.
        if !(2 * LEAST_SIDE..=crate::fabrication::mesh::LARGEST_COORDINATE / 4).contains(&width) {
            return Err(Error::Value(format!(
                "fabrication.frame_width = {}: with pixels of {} it must be half a pixel at least, and at most {} pixels",
                format_length(frame.width, 4),
                format_length(pixel_pitch, 4),
                crate::fabrication::mesh::LARGEST_COORDINATE / 4 / PARTS_A_PIXEL
            )));
        }
        let (rows, columns) = pixels.dim();
        let top = steps.up_to(frame.height);
        if !(1.0..=1e8).contains(&top) {
            return Err(Error::Value(format!(
                "fabrication.frame_height = {}: it must be at least one step of height, {}",
                format_length(frame.height, 4),
                format_length(steps.step, 4)
            )));
        }
        Ok(FrameLayout {
            width,
            area: [columns as i32 * PARTS_A_PIXEL, rows as i32 * PARTS_A_PIXEL],
            top: top as i32,
            steps,
        })
    }

    /// The four sides.
    fn sides(&self, blocks: &mut Blocks) {
        let [width, height] = self.area;
        let outer = [-self.width, width + self.width];
        for y in [[-self.width, 0], [height, height + self.width]] {
            blocks.draw(Rectangle { x: outer, y }, self.top);
        }
        for x in [[-self.width, 0], [width, width + self.width]] {
            blocks.draw(Rectangle { x, y: [0, height] }, self.top);
        }
    }

    /// A square of `side` in a corner, `wall` from both rims; `near` says whether at the near ends of x and y.
    fn corner(&self, near: [bool; 2], wall: i32, side: i32) -> Rectangle {
        let span = |axis: usize| {
            if near[axis] {
                [-self.width + wall, -self.width + wall + side]
            } else {
                let rim = self.area[axis] + self.width;
                [rim - wall - side, rim - wall]
            }
        };
        Rectangle { x: span(0), y: span(1) }
    }

    /// Engraves `text` above the pixels and the front mark below them; gives the text as it fitted.
    fn engrave(&self, blocks: &mut Blocks, depth: Metres, text: &str) -> Result<String> {
        let steps = self.steps;
        let floor = self.top - ((depth / steps.step).round() as i32).max(1);
        if floor < 1 {
            return Err(Error::Value(format!(
                "fabrication.engraving_depth = {}: the frame is only {} high",
                format_length(depth, 4),
                format_length(f64::from(self.top - steps.base_steps) * steps.step + steps.base, 4)
            )));
        }
        // Whole pixels, where there are some in a stroke: letters then need no lines of their own across the pixels.
        let stroke = match self.width / STROKES_ACROSS {
            fitting if fitting >= PARTS_A_PIXEL => fitting / PARTS_A_PIXEL * PARTS_A_PIXEL,
            fitting if fitting >= LEAST_SIDE => {
                // Divisors of a pixel, so that lines never come nearer than a stroke to those of the pixels.
                [8, 4].into_iter().find(|side| *side <= fitting).unwrap_or(LEAST_SIDE)
            }
            _ => {
                return Err(Error::Value(format!(
                    "fabrication.frame_width: letters need {} pixels at least; widen the frame, or set engraving = false",
                    f64::from(STROKES_ACROSS * LEAST_SIDE) / f64::from(PARTS_A_PIXEL)
                )));
            }
        };
        let [width, height] = self.area;
        let room = width / stroke;
        let above = Lettering::new(text, room);
        let below = Lettering::new(FRONT_MARK, room);
        for (lettering, top) in [(&above, true), (&below, false)] {
            // Centred along x on whole strokes, across the frame to a quarter of a pixel.
            let margin = (room - lettering.width) / 2 * stroke;
            let across = floored((self.width - LETTER_HEIGHT * stroke) / 2);
            // Up is towards smaller y, and the reader's right towards smaller x.
            let head = if top { -self.width + across } else { height + across };
            for &(first, row, count) in &lettering.runs {
                let right = width / PARTS_A_PIXEL * PARTS_A_PIXEL - margin - first * stroke;
                let y = head + row * stroke;
                blocks.draw(Rectangle { x: [right - count * stroke, right], y: [y, y + stroke] }, floor);
            }
        }
        Ok(above.text)
    }
}
