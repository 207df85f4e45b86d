//! A plate with holes: the object, or the windows of the detector.

use ndarray::Array2;

use crate::error::Result;
use crate::fabrication::blocks::Rectangle;
use crate::fabrication::frame::{Framed, Steps};
use crate::fabrication::lettering::{LETTER_HEIGHT, Lettering};
use crate::fabrication::mesh::PARTS_A_PIXEL;
use crate::fabrication::stl::{StlScale, StlUnit};
use crate::plate::Frame;
use crate::units::Metres;

/// Steps of height in the thickness of a stencil: there is nothing finer on it.
const STEPS: i32 = 1000;

/// A sheet with holes through it.
#[derive(Clone, Debug)]
pub struct Stencil {
    /// Where there is material, shape (rows, columns).
    pub material: Array2<bool>,
    /// Side of a pixel, metres.
    pub pixel_pitch: Metres,
    /// Thickness of the sheet, metres.
    pub thickness: Metres,
    /// What is engraved between the holes.
    pub labels: Vec<Label>,
}

/// A word above a window, read from the side the light leaves by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// What it says.
    pub text: String,
    /// First row of the room for it, and rows.
    pub rows: (usize, usize),
    /// First column of the room for it, and columns.
    pub columns: (usize, usize),
}

impl Stencil {
    /// The stencil in `frame`, with `text` engraved at the top; and its scale.
    ///
    /// Labels that find no room for strokes of a pixel are left out.
    ///
    /// # Errors
    /// As [`Frame::around_pixels`].
    pub fn framed(&self, frame: &Frame, text: &str) -> Result<(Framed, StlScale)> {
        let step = self.thickness / f64::from(STEPS);
        let pixels = self.heights();
        let depth = frame.engraving.map_or(0, |depth| (depth / step).round() as i32).min(STEPS / 2);
        let engravings: Vec<(Rectangle, i32)> = if depth == 0 {
            Vec::new()
        } else {
            self.labels.iter().flat_map(Label::strokes).map(|stroke| (stroke, STEPS - depth)).collect()
        };
        let steps = Steps { base: 0.0, base_steps: 0, step };
        let framed = frame.around_pixels(&pixels, steps, self.pixel_pitch, text, &engravings)?;
        Ok((framed, StlScale::even(self.pixel_pitch, step, StlUnit::for_pitch(self.pixel_pitch))))
    }

    /// Thickness of each pixel in steps.
    fn heights(&self) -> Array2<i32> {
        self.material.mapv(|there| if there { STEPS } else { 0 })
    }
}

impl Label {
    fn strokes(&self) -> Vec<Rectangle> {
        let ((top, rows), (left, columns)) = (self.rows, self.columns);
        let stroke = rows as i32 / (LETTER_HEIGHT + 1);
        if stroke == 0 {
            return Vec::new();
        }
        let lettering = Lettering::new(&self.text, columns as i32 / stroke);
        // In pixels from the rim; the reader's right is towards smaller x.
        let first = left as i32 + (columns as i32 + lettering.width * stroke) / 2;
        let head = top as i32 + (rows as i32 - LETTER_HEIGHT * stroke) / 2;
        let span = |from: i32, count: i32| [from * PARTS_A_PIXEL, (from + count) * PARTS_A_PIXEL];
        lettering
            .runs
            .iter()
            .map(|&(column, row, count)| Rectangle {
                x: span(first - (column + count) * stroke, count * stroke),
                y: span(head + row * stroke, stroke),
            })
            .collect()
    }
}
