//! Phases become heights, in whole steps: what is built on them compares integers only.

use std::f64::consts::{PI, TAU};

use ndarray::{Array2, ArrayView2};

use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::material::Material;
use crate::plate::Relief;
use crate::units::{Metres, Radians, format_length};

/// The heights of one plate: a base and, on each pixel, a whole number of steps of relief.
///
/// Shape (rows, columns), as the mask it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct HeightMap {
    base: Metres,
    base_steps: i32,
    step: Metres,
    most_steps: i32,
    relief: Array2<i32>,
    rms_phase_error: Radians,
    max_phase_error: Radians,
}

/// The finest step of a continuous relief that people still read easily: 1 um.
const COARSEST_CONTINUOUS_STEP: Metres = 1e-6;

/// A full turn has at least this many steps in a continuous relief: 0.002 rad rms.
const STEPS_A_TURN: f64 = 1000.0;

/// A thick base may coarsen the steps of a continuous relief down to this many a turn: 0.02 rad rms.
const FEWEST_STEPS_A_TURN: f64 = 100.0;

/// Quarter steps up to the highest point at most: below 2^23 of them a single-precision number, which has
/// 24 binary digits, tells each from the next.
const MOST_QUARTER_STEPS: f64 = 8_388_608.0;

impl HeightMap {
    /// The heights that give `phase` (radians, any finite value, shape of `grid`) at `wavelength` in `material`.
    ///
    /// h = wavelength phase / (2 pi (n - 1)) with the phase wrapped into [0, 2 pi), on top of `base_thickness`.
    ///
    /// # Errors
    /// [`Error::Value`] for a shape other than the grid's, a phase that is not finite, a wavelength or base that
    /// is not a finite length above zero, or a relief that cannot be made (fewer than two levels, layers higher
    /// than a full turn, a base so thick that an STL file cannot tell the heights apart).
    pub fn from_phase<T: Copy + Into<f64>>(
        phase: ArrayView2<'_, T>,
        grid: &Grid,
        wavelength: Metres,
        material: &Material,
        base_thickness: Metres,
        relief: Relief,
    ) -> Result<Self> {
        check_shape(phase.dim(), grid, "phases")?;
        check_lengths(wavelength, base_thickness)?;
        let turn = material.height(TAU, wavelength);
        let levels = Levels::new(relief, turn, base_thickness)?;
        let most_steps = levels.most_steps(turn);
        let (mut sum, mut worst) = (0.0_f64, 0.0_f64);
        let mut steps = Array2::zeros(phase.dim());
        for ((row, column), value) in phase.indexed_iter() {
            let value: f64 = (*value).into();
            if !value.is_finite() {
                return Err(Error::Value(format!(
                    "the phase of pixel [{row}, {column}] is {value}: a mask needs finite phases to be fabricated"
                )));
            }
            let height = material.height(wrapped(value), wavelength);
            let step = levels.nearest(height);
            let error = wrapped(material.phase(f64::from(step) * levels.step, wavelength) - value + PI) - PI;
            sum += error * error;
            worst = worst.max(error.abs());
            steps[[row, column]] = step;
        }
        Ok(HeightMap {
            base: levels.base,
            base_steps: levels.base_steps,
            step: levels.step,
            most_steps,
            rms_phase_error: (sum / steps.len() as f64).sqrt(),
            max_phase_error: worst,
            relief: steps,
        })
    }

    /// The steps nearest to `heights` (metres above the base, zero or more, shape of `grid`).
    ///
    /// Heights are made as they are, above a full turn too; steps of [`Relief::Levels`] are those of a full turn at
    /// `wavelength` in `material`, and errors of height are told as errors of phase there.
    ///
    /// # Errors
    /// As [`HeightMap::from_phase`], and for a height below zero.
    pub fn from_heights(
        heights: ArrayView2<'_, f64>,
        grid: &Grid,
        wavelength: Metres,
        material: &Material,
        base_thickness: Metres,
        relief: Relief,
    ) -> Result<Self> {
        check_shape(heights.dim(), grid, "heights")?;
        check_lengths(wavelength, base_thickness)?;
        let mut highest: Metres = 0.0;
        for ((row, column), height) in heights.indexed_iter() {
            if !(height.is_finite() && *height >= 0.0) {
                return Err(Error::Value(format!(
                    "the height of pixel [{row}, {column}] is {height} m: heights stand on the base, so each must be a \
                     number, 0 or more"
                )));
            }
            highest = highest.max(*height);
        }
        let levels = Levels::of_heights(relief, material.height(TAU, wavelength), highest, base_thickness)?;
        let (mut sum, mut worst) = (0.0_f64, 0.0_f64);
        let steps = heights.mapv(|height| {
            let step = levels.nearest(height);
            let error = material.phase(f64::from(step) * levels.step - height, wavelength);
            sum += error * error;
            worst = worst.max(error.abs());
            step
        });
        Ok(HeightMap {
            base: levels.base,
            base_steps: levels.base_steps,
            step: levels.step,
            // A flat relief has no step at all; the pictures of one divide by this number.
            most_steps: levels.most_steps(highest).max(1),
            rms_phase_error: (sum / steps.len() as f64).sqrt(),
            max_phase_error: worst,
            relief: steps,
        })
    }

    /// Thickness under the relief, in metres; with [`Relief::LayerHeight`] the nearest whole number of layers.
    pub fn base(&self) -> Metres {
        self.base
    }

    /// The base in whole steps, at least one: the integer mesh stands on it.
    pub fn base_steps(&self) -> i32 {
        self.base_steps
    }

    /// One step of height, in metres.
    pub fn step(&self) -> Metres {
        self.step
    }

    /// The highest relief that any phase may get, in steps: it depends on the kind of relief, not on the phases.
    pub fn most_steps(&self) -> i32 {
        self.most_steps
    }

    /// Steps of relief on each pixel, shape (rows, columns), zero or more.
    pub fn relief(&self) -> ArrayView2<'_, i32> {
        self.relief.view()
    }

    /// Height of a pixel above the flat side, base and relief, in metres.
    pub fn height(&self, row: usize, column: usize) -> Metres {
        self.base + f64::from(self.relief[[row, column]]) * self.step
    }

    /// Lowest and highest relief above the base, in metres.
    pub fn relief_range(&self) -> (Metres, Metres) {
        let (low, high) = self
            .relief
            .iter()
            .fold((i32::MAX, i32::MIN), |(low, high), &step| (low.min(step), high.max(step)));
        (f64::from(low) * self.step, f64::from(high) * self.step)
    }

    /// Lowest, mean and highest thickness over the pixels, in metres.
    pub fn thickness(&self) -> [Metres; 3] {
        let (low, high) = self.relief_range();
        let steps: i64 = self.relief.iter().map(|&step| i64::from(step)).sum();
        let mean = self.step * steps as f64 / self.relief.len() as f64;
        [low, mean, high].map(|relief| self.base + relief)
    }

    /// Volume of the plate in cubic metres, with pixels of `pixel_pitch` metres.
    pub fn volume(&self, pixel_pitch: Metres) -> f64 {
        let steps: i64 = self.relief.iter().map(|&step| i64::from(step)).sum();
        (self.base * self.relief.len() as f64 + self.step * steps as f64) * pixel_pitch * pixel_pitch
    }

    /// Root mean square and largest phase error of whole steps against the phases asked for, in radians.
    pub fn phase_errors(&self) -> (Radians, Radians) {
        (self.rms_phase_error, self.max_phase_error)
    }
}

fn check_shape(shape: (usize, usize), grid: &Grid, what: &str) -> Result<()> {
    if shape == grid.shape() {
        return Ok(());
    }
    let (rows, columns) = grid.shape();
    Err(Error::Value(format!(
        "a mask of {} x {} {what} on a grid of {rows} x {columns} pixels: the shapes must be the same",
        shape.0, shape.1
    )))
}

fn check_lengths(wavelength: Metres, base_thickness: Metres) -> Result<()> {
    for (what, length) in [("wavelength", wavelength), ("base thickness", base_thickness)] {
        if !(length.is_finite() && length > 0.0) {
            return Err(Error::Value(format!("a {what} of {length} m: it must be above zero")));
        }
    }
    Ok(())
}

/// `phase` in [0, 2 pi).
fn wrapped(phase: Radians) -> Radians {
    let phase = phase.rem_euclid(TAU);
    // A tiny negative phase plus 2 pi rounds to 2 pi itself.
    if phase >= TAU { 0.0 } else { phase }
}

/// The heights a relief may take.
struct Levels {
    base: Metres,
    base_steps: i32,
    step: Metres,
    /// Height of a full turn, in metres, and the highest level below it, when phases near 2 pi go to level 0.
    circular: Option<(Metres, i32)>,
}

impl Levels {
    fn new(relief: Relief, turn: Metres, base: Metres) -> Result<Self> {
        let (step, circular) = match relief {
            Relief::Continuous => (continuous_step(turn, base), None),
            Relief::Levels(count) if count >= 2 => {
                let highest = i32::try_from(count - 1).unwrap_or(i32::MAX);
                (turn / f64::from(count), Some((turn, highest)))
            }
            Relief::Levels(count) => {
                return Err(Error::Value(format!("{count} levels of height: a relief needs at least 2")));
            }
            Relief::LayerHeight(layer) if layer.is_finite() && layer > 0.0 => {
                // A level at exactly a full turn is level 0; rounding must not let it in.
                let highest = (turn / layer * (1.0 - 1e-12)).ceil() - 1.0;
                if highest < 1.0 {
                    return Err(Error::Value(format!(
                        "layers of {}, but a full turn of phase is only {} high: every plate would be flat; print in finer layers",
                        format_length(layer, 4),
                        format_length(turn, 4)
                    )));
                }
                (layer, Some((turn, highest.min(f64::from(i32::MAX)) as i32)))
            }
            Relief::LayerHeight(layer) => {
                return Err(Error::Value(format!("a layer height of {layer} m: it must be above zero")));
            }
        };
        Levels::on(base, relief, step, turn, turn, circular)
    }

    /// For heights up to `highest`, which do not go round.
    fn of_heights(relief: Relief, turn: Metres, highest: Metres, base: Metres) -> Result<Self> {
        let step = match relief {
            Relief::Continuous => continuous_step(turn, base + highest),
            Relief::Levels(_) => Levels::new(relief, turn, base)?.step,
            Relief::LayerHeight(layer) if layer.is_finite() && layer > 0.0 => layer,
            Relief::LayerHeight(layer) => {
                return Err(Error::Value(format!("a layer height of {layer} m: it must be above zero")));
            }
        };
        if highest > 0.0 && highest < step / 2.0 {
            return Err(Error::Value(format!(
                "steps of {}, but the relief is only {} high: the plate would be flat; take finer steps",
                format_length(step, 4),
                format_length(highest, 4)
            )));
        }
        Levels::on(base, relief, step, turn, highest, None)
    }

    /// Steps of `step` on `base` up to `highest`, if a file can tell them apart.
    fn on(
        base: Metres,
        relief: Relief,
        step: Metres,
        turn: Metres,
        highest: Metres,
        circular: Option<(Metres, i32)>,
    ) -> Result<Self> {
        let base_steps = (base / step).round().max(1.0);
        let base = if matches!(relief, Relief::LayerHeight(_)) { base_steps * step } else { base };
        let too_fine = (base + highest + step) / step * 4.0 > MOST_QUARTER_STEPS;
        if too_fine || (relief == Relief::Continuous && turn / step < FEWEST_STEPS_A_TURN) {
            return Err(Error::Value(format!(
                "a relief of {} in steps of {} on a base of {}: an STL file (single precision) cannot tell such heights apart; take a thinner base or fewer levels",
                format_length(highest, 4),
                format_length(step, 4),
                format_length(base, 4)
            )));
        }
        Ok(Levels { base, base_steps: base_steps as i32, step, circular })
    }

    /// The highest level there is; without levels, a full turn rounded to a step.
    fn most_steps(&self, turn: Metres) -> i32 {
        self.circular.map_or((turn / self.step).round() as i32, |(_, highest)| highest)
    }

    /// The level nearest to `height` (metres, below a full turn).
    fn nearest(&self, height: Metres) -> i32 {
        let level = (height / self.step).round() as i32;
        let Some((turn, highest)) = self.circular else { return level };
        let level = level.min(highest);
        let below = (height - f64::from(level) * self.step).abs();
        if below <= turn - height { level } else { 0 }
    }
}

/// The largest of 1, 2 or 5 times a power of ten that gives a full turn its steps; coarser on a very thick base.
fn continuous_step(turn: Metres, base: Metres) -> Metres {
    let most = (turn / STEPS_A_TURN).min(COARSEST_CONTINUOUS_STEP);
    let least = (base + 2.0 * turn) * 4.0 / MOST_QUARTER_STEPS;
    let decade = most.log10().floor() as i32;
    let step = |exponent: i32, digit: f64| {
        // Dividing by a whole power of ten rounds once: 1 um is the f64 nearest to 1e-6.
        if exponent < 0 { digit / 10f64.powi(-exponent) } else { digit * 10f64.powi(exponent) }
    };
    // A hair of slack: the logarithm of 1e-6 may fall on either side of -6.
    let fitting = |length: &Metres| *length <= most * (1.0 + 1e-9);
    let ladder: Vec<Metres> = (decade - 1..decade + 9)
        .flat_map(|exponent| [1.0, 2.0, 5.0].map(|digit| step(exponent, digit)))
        .collect();
    let finest = ladder.iter().copied().rfind(fitting).unwrap_or(most);
    ladder.into_iter().find(|length| *length >= finest.max(least)).unwrap_or(finest)
}
