//! Frames for spatial light modulators: the phases of a mask as greys of 8 bits on a panel.
//!
//! Row 0 of the mask is the top row, as on a plot of it. What the mask does not cover has the phase 0.

use std::f64::consts::TAU;

use ndarray::{Array2, ArrayView2};

use super::does_not_read_back;
use super::lookup::LookupTable;
use crate::error::{Error, Result};
use crate::raster::{self, Samples};
use crate::units::Radians;

/// Most pixels along one side of a panel; the largest on sale have 4160.
pub const MAX_SIDE: usize = 16_384;

/// The modulator a mask is shown on.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// Pixels of the panel.
    pub rows: usize,
    /// Pixels of the panel.
    pub columns: usize,
    /// Pixels of the panel along one side of a pixel of the mask.
    pub repeats: usize,
    /// What its greys do.
    pub table: LookupTable,
}

/// A mask on a panel.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// Greys, shape (rows, columns) of the panel.
    pub greys: Array2<u8>,
    /// Root mean square error of the phases of the mask's pixels, in radians.
    pub rms_phase_error: Radians,
    /// Largest of these errors, in radians.
    pub max_phase_error: Radians,
}

impl Default for Panel {
    /// 1920 x 1080 pixels, one for each of the mask, 256 greys to a turn.
    fn default() -> Self {
        Panel { rows: 1080, columns: 1920, repeats: 1, table: LookupTable::linear() }
    }
}

impl Panel {
    /// Row and column of the panel where a mask of so many pixels begins: centred, one less where it is not whole.
    ///
    /// # Errors
    /// [`Error::Value`] for a panel the mask does not fit on.
    pub fn origin(&self, (rows, columns): (usize, usize)) -> Result<(usize, usize)> {
        let sides = 1..=MAX_SIDE;
        if !(sides.contains(&self.rows) && sides.contains(&self.columns) && sides.contains(&self.repeats)) {
            return Err(Error::Value(format!(
                "a panel of {} x {} pixels, {} of them a pixel of the mask: each must be 1 to {MAX_SIDE}",
                self.columns, self.rows, self.repeats
            )));
        }
        let (high, wide) = (rows.saturating_mul(self.repeats), columns.saturating_mul(self.repeats));
        match (self.rows.checked_sub(high), self.columns.checked_sub(wide)) {
            (Some(down), Some(across)) => Ok((down / 2, across / 2)),
            _ => Err(Error::Value(format!(
                "a mask of {columns} x {rows} pixels takes {wide} x {high} of the panel, which has {} x {}: take a larger one, or \
                 fewer of its pixels for each",
                self.columns, self.rows
            ))),
        }
    }

    /// `phases` (radians, any finite values) on this panel; rounded to `levels` equal steps of a turn first, if given.
    ///
    /// # Errors
    /// As [`Panel::origin`], and for a phase that is not finite.
    pub fn show(&self, phases: ArrayView2<'_, f32>, levels: Option<u32>) -> Result<Shown> {
        let (top, left) = self.origin(phases.dim())?;
        let mut mask = Array2::zeros(phases.dim());
        let (mut sum, mut worst) = (0.0, 0.0_f64);
        for ((row, column), &phase) in phases.indexed_iter() {
            if !phase.is_finite() {
                return Err(Error::Value(format!(
                    "the phase of pixel [{row}, {column}] is {phase}: a mask needs finite phases to be shown"
                )));
            }
            let phase = f64::from(phase);
            // Whole levels, of which the last is 0 again: the table takes phases less whole turns.
            let level = levels.map_or(phase, |levels| {
                let step = TAU / f64::from(levels);
                (phase / step).round() * step
            });
            let (grey, off) = self.table.nearest(level);
            let error = off + level - phase;
            sum += error * error;
            worst = worst.max(error.abs());
            mask[[row, column]] = grey;
        }
        let background = self.background();
        let greys = Array2::from_shape_fn((self.rows, self.columns), |(y, x)| {
            let pixel = |at: usize, first: usize| at.checked_sub(first).map(|inside| inside / self.repeats);
            let pixel = pixel(y, top).zip(pixel(x, left));
            pixel.and_then(|(row, column)| mask.get([row, column]).copied()).unwrap_or(background)
        });
        Ok(Shown { greys, rms_phase_error: (sum / phases.len() as f64).sqrt(), max_phase_error: worst })
    }

    /// The grey around the mask: that of the phase 0.
    pub fn background(&self) -> u8 {
        self.table.nearest(0.0).0
    }
}

/// The PNG file of `greys`, read back.
///
/// # Errors
/// [`Error::Value`] when it does not come back the same.
pub fn png(greys: &Array2<u8>) -> Result<Vec<u8>> {
    let bytes: Vec<u8> = greys.iter().copied().collect();
    let (rows, columns) = greys.dim();
    let file = raster::png(&bytes, columns, rows, Samples::Grey)?;
    if read_png(&file).as_ref() == Ok(greys) { Ok(file) } else { Err(does_not_read_back()) }
}

/// The greys in the PNG file `bytes`, shape (rows, columns).
///
/// # Errors
/// A sentence that says what is wrong; the caller knows the file.
pub fn read_png(bytes: &[u8]) -> std::result::Result<Array2<u8>, String> {
    Ok(super::grey_values(bytes, false)?.mapv(|grey| grey as u8))
}
