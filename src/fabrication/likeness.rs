//! Plates beside the masks they should be: how far they differ, and which mask they look like instead.

use std::f64::consts::TAU;
use std::fmt;

use ndarray::{Array2, ArrayView2};
use num_complex::Complex64;

use crate::fabrication::as_exported::Exported;
use crate::fabrication::height_map::HeightMap;
use crate::material::Material;
use crate::units::Metres;

/// One plate beside its mask.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// How much thicker the plate is than the mask's, metres: the median over the pixels. A base of its own.
    pub thicker: Metres,
    /// Root mean square difference of the heights, the median taken off, metres.
    pub rms: Metres,
    /// Largest difference of the heights, the median taken off, metres.
    pub largest: Metres,
    /// The pixel of the largest difference, [row, column].
    pub largest_at: (usize, usize),
    /// Pixels that differ by more than half a step of the design's heights.
    pub other_pixels: usize,
    /// Pixels of the plate.
    pub pixels: usize,
    /// Pixels beyond the relief of the design: more than half a step below its lowest level or above a full turn.
    pub beyond: usize,
    /// Whether every height is the mask's to the rounding of single precision.
    pub exact: bool,
    /// What it looks like, where that is much more like it than its own mask as it lies.
    pub looks_like: Option<Likeness>,
}

/// A mask, and how the plate lies on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Likeness {
    /// Number of the mask, from 1.
    pub mask: usize,
    /// How the plate lies.
    pub lie: Lie,
}

/// One of the eight ways a square plate lies on a mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lie {
    /// x and y are exchanged; comes first.
    transposed: bool,
    /// Rows run the other way.
    rows_turned: bool,
    /// Columns run the other way.
    columns_turned: bool,
}

impl Lie {
    /// As it should.
    pub const STRAIGHT: Lie = Lie { transposed: false, rows_turned: false, columns_turned: false };

    fn all() -> impl Iterator<Item = Lie> {
        (0..8).map(|code| Lie {
            transposed: code & 4 != 0,
            rows_turned: code & 2 != 0,
            columns_turned: code & 1 != 0,
        })
    }

    /// The pixel of the mask that lies under pixel `(row, column)` of a plate of that shape.
    fn mask_pixel(self, (row, column): (usize, usize), (rows, columns): (usize, usize)) -> (usize, usize) {
        let row = if self.rows_turned { rows - 1 - row } else { row };
        let column = if self.columns_turned { columns - 1 - column } else { column };
        if self.transposed { (column, row) } else { (row, column) }
    }
}

impl fmt::Display for Lie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.transposed, self.rows_turned, self.columns_turned) {
            (false, false, false) => "straight",
            (false, true, false) => "mirrored top to bottom",
            (false, false, true) => "mirrored left to right",
            (false, true, true) => "turned by 180 degrees",
            (true, false, false) => "mirrored on a diagonal",
            (true, true, true) => "mirrored on the other diagonal",
            (true, _, _) => "turned by 90 degrees",
        })
    }
}

/// Pixels a likeness is judged by, about: its statistical error is then below a hundredth.
const SAMPLED_PIXELS: usize = 16_384;

/// Compares the plates of a device with the heights they should have, in the order of the light.
///
/// `designed` must have as many maps as there are plates, each of the shape of its plate.
pub fn compare(
    exported: &Exported,
    designed: &[HeightMap],
    material: &Material,
    wavelength: Metres,
) -> Vec<Comparison> {
    let phasor = |height: Metres| Complex64::cis(material.phase(height, wavelength));
    let turn = material.height(TAU, wavelength);
    let mut plates = Vec::with_capacity(designed.len());
    for (index, (heights, map)) in exported.heights.iter().zip(designed).enumerate() {
        let mut comparison = differences(heights, map, turn);
        if comparison.other_pixels > 0 {
            comparison.looks_like = looks_like(index, heights, designed, &phasor);
        }
        plates.push(comparison);
    }
    plates
}

fn differences(heights: &Array2<Metres>, map: &HeightMap, turn: Metres) -> Comparison {
    let mut exact = true;
    let mut differences: Vec<Metres> = heights
        .indexed_iter()
        .map(|((row, column), height)| {
            let asked = map.height(row, column);
            // A coordinate is rounded by half a part in 2^23 at most, and so is the foot of the plate.
            exact &= (height - asked).abs() <= 2f64.powi(-23) * asked;
            height - asked
        })
        .collect();
    let thicker = if exact { 0.0 } else { median(&mut differences.clone()) };
    differences.iter_mut().for_each(|difference| *difference -= thicker);
    let half = map.step() / 2.0;
    // Half a step itself, typed and rounded, is no other level.
    let differs = |difference: &&Metres| difference.abs() > half * (1.0 + 1e-6);
    let (at, largest) = differences
        .iter()
        .map(|difference| difference.abs())
        .enumerate()
        .fold((0, 0.0), |worst, next| if next.1 > worst.1 { next } else { worst });
    let (bottom, top) = (map.base() + thicker - half, map.base() + thicker + turn + half);
    let square: f64 = differences.iter().map(|difference| difference * difference).sum();
    Comparison {
        thicker,
        rms: (square / differences.len() as f64).sqrt(),
        largest,
        largest_at: (at / heights.ncols(), at % heights.ncols()),
        other_pixels: differences.iter().filter(differs).count(),
        pixels: differences.len(),
        beyond: heights.iter().filter(|height| !(bottom..=top).contains(*height)).count(),
        exact,
        looks_like: None,
    }
}

fn median(values: &mut [f64]) -> f64 {
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}

/// The mask and the lie that leave less than half the misfit of the plate's own mask as it should lie, if there are.
///
/// The fit is |mean of exp(i (phase of the plate - phase of the mask))|: 1 for the same relief on any base, about 0 for
/// another.
fn looks_like(
    own: usize,
    heights: &Array2<Metres>,
    designed: &[HeightMap],
    phasor: &dyn Fn(Metres) -> Complex64,
) -> Option<Likeness> {
    let shape = heights.dim();
    let pixels = sampled(heights.view());
    let plate: Vec<Complex64> = pixels.iter().map(|at| phasor(heights[*at])).collect();
    let fit = |index: usize, lie: Lie| {
        let map = &designed[index];
        let sum: Complex64 = pixels
            .iter()
            .zip(&plate)
            .map(|(at, plate)| {
                let (row, column) = lie.mask_pixel(*at, shape);
                plate * phasor(map.height(row, column)).conj()
            })
            .sum();
        (sum / pixels.len() as f64).norm()
    };
    let straight = fit(own, Lie::STRAIGHT);
    let mut best: Option<(f64, Likeness)> = None;
    for index in (0..designed.len()).filter(|index| designed[*index].relief().dim() == shape) {
        for lie in Lie::all().filter(|lie| !lie.transposed || shape.0 == shape.1) {
            let fit = fit(index, lie);
            if best.is_none_or(|(other, _)| fit > other) {
                best = Some((fit, Likeness { mask: index + 1, lie }));
            }
        }
    }
    // Below a half it is like nothing.
    let (fit, likeness) = best?;
    (fit > 0.5 && 1.0 - fit < (1.0 - straight) / 2.0).then_some(likeness)
}

/// Pixels spread evenly over a plate, all of them where there are few.
fn sampled(plate: ArrayView2<'_, Metres>) -> Vec<(usize, usize)> {
    let stride = (plate.len() as f64 / SAMPLED_PIXELS as f64).sqrt().floor().max(1.0) as usize;
    let (rows, columns) = plate.dim();
    (0..rows)
        .step_by(stride)
        .flat_map(|row| (0..columns).step_by(stride).map(move |column| (row, column)))
        .collect()
}
