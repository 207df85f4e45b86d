//! The power through the whole detector plane, as a quadratic form in the coefficients of the modes.
//!
//! With D_p the field of mode p on the samples of the plane, the field of an image is sum_p c_p D_p, and its power
//! sum_pq conj(c_p) c_q H_pq with the Hermitian H_pq = sum conj(D_p) D_q = S_pq + i K_pq.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, Axis, Slice};
use num_complex::Complex32;
use rayon::prelude::*;

/// Modes whose products are summed together: two blocks of a tile stay in cache.
const MODES: usize = 112;

/// Numbers of a plane whose products are summed in single precision before they are added in double.
const TILE: usize = 2048;

/// The fields of all modes on the detector plane, in fixed point.
///
/// They are many (784 modes on 400 x 400 samples: 125 million numbers), and only their products are wanted. A step is
/// the largest number of the mode over 32767; the errors of a hundred thousand samples cancel, so that a power is as
/// exact as one of single precision (tests/it/modes.rs).
pub(super) struct PlaneFields {
    /// Real and imaginary parts side by side, mode by mode.
    steps: Vec<i16>,
    /// Numbers of a mode.
    width: usize,
    /// Value of a step of each mode.
    scales: Vec<f32>,
}

impl PlaneFields {
    /// Dark planes of `samples` samples.
    pub(super) fn new(modes: usize, samples: usize) -> Self {
        PlaneFields { steps: vec![0; modes * 2 * samples], width: 2 * samples, scales: vec![0.0; modes] }
    }

    /// Bytes of that many planes.
    pub(super) fn bytes(modes: usize, samples: usize) -> usize {
        modes * 2 * samples * size_of::<i16>()
    }

    /// Keeps the field of `mode`.
    pub(super) fn set(&mut self, mode: usize, field: PlaneField) {
        self.steps[mode * self.width..(mode + 1) * self.width].copy_from_slice(&field.steps);
        self.scales[mode] = field.scale;
    }

    /// The quadratic form of the power in units of `area`; the part K only if `complex` coefficients will come.
    ///
    /// The order of every sum is fixed, whatever the number of threads.
    pub(super) fn power(&self, area: f64, complex: bool) -> PlanePower {
        let modes = self.scales.len();
        let blocks: Vec<_> = (0..modes).step_by(MODES).map(|first| first..modes.min(first + MODES)).collect();
        let pairs: Vec<_> = (0..blocks.len()).flat_map(|i| (i..blocks.len()).map(move |j| (i, j))).collect();
        let products = |left: std::ops::Range<usize>, right: std::ops::Range<usize>, turned: bool| {
            let mut sum = Array2::<f64>::zeros((left.len(), right.len()));
            let mut part = Array2::<f32>::zeros(sum.dim());
            for first in (0..self.width).step_by(TILE) {
                let numbers = first..self.width.min(first + TILE);
                let from = self.tile(left.clone(), numbers.clone(), false);
                let to = self.tile(right.clone(), numbers, turned);
                general_mat_mul(1.0, &from, &to.t(), 0.0, &mut part);
                sum.zip_mut_with(&part, |sum, part| *sum += f64::from(*part));
            }
            for ((p, q), value) in sum.indexed_iter_mut() {
                let scales = [self.scales[left.start + p], self.scales[right.start + q]].map(f64::from);
                *value *= scales[0] * scales[1] * area;
            }
            sum
        };
        let form = |turned: bool| {
            let sums: Vec<_> = pairs
                .par_iter()
                .map(|&(i, j)| products(blocks[i].clone(), blocks[j].clone(), turned))
                .collect();
            let mut form = Array2::zeros((modes, modes));
            for (&(i, j), sum) in pairs.iter().zip(&sums) {
                let (rows, columns) = (Slice::from(blocks[i].clone()), Slice::from(blocks[j].clone()));
                let sign = if turned { -1.0 } else { 1.0 };
                let mut across = form.slice_axis_mut(Axis(0), columns);
                across.slice_axis_mut(Axis(1), rows).assign(&(&sum.t() * sign));
                form.slice_axis_mut(Axis(0), rows).slice_axis_mut(Axis(1), columns).assign(sum);
            }
            form
        };
        PlanePower { symmetric: form(false), skew: complex.then(|| form(true)) }
    }

    /// Numbers of some modes; `turned` by a quarter: (re, im) becomes (im, -re), so that the products are K.
    fn tile(
        &self,
        modes: std::ops::Range<usize>,
        numbers: std::ops::Range<usize>,
        turned: bool,
    ) -> Array2<f32> {
        let mut tile = Array2::zeros((modes.len(), numbers.len()));
        for (mut row, mode) in tile.outer_iter_mut().zip(modes) {
            let steps = &self.steps[mode * self.width..][numbers.clone()];
            if turned {
                let pairs = steps.as_chunks::<2>().0.iter();
                let turned = pairs.flat_map(|[re, im]| [f32::from(*im), -f32::from(*re)]);
                row.iter_mut().zip(turned).for_each(|(to, number)| *to = number);
            } else {
                row.iter_mut().zip(steps).for_each(|(to, step)| *to = f32::from(*step));
            }
        }
        tile
    }
}

/// The field of one mode.
pub(super) struct PlaneField {
    steps: Vec<i16>,
    scale: f32,
}

impl PlaneField {
    /// That of `field`, plane after plane, of which each has its share of the power.
    pub(super) fn of(field: &[Complex32], shares: impl ExactSizeIterator<Item = f64> + Clone) -> Self {
        let samples = field.len() / shares.len();
        let planes = || field.chunks_exact(samples).zip(shares.clone().map(|share| share.sqrt() as f32));
        let largest = planes().fold(0f32, |largest, (plane, weight)| {
            plane.iter().fold(largest, |largest, u| largest.max(weight * u.re.abs().max(u.im.abs())))
        });
        let factor = if largest > 0.0 { f32::from(i16::MAX) / largest } else { 0.0 };
        let mut steps = vec![0; 2 * field.len()];
        let of_planes = steps.as_chunks_mut::<2>().0.chunks_exact_mut(samples);
        for (steps, (plane, weight)) in of_planes.zip(planes()) {
            let factor = weight * factor;
            for (to, u) in steps.iter_mut().zip(plane) {
                *to = [(u.re * factor).round() as i16, (u.im * factor).round() as i16];
            }
        }
        PlaneField { steps, scale: largest / f32::from(i16::MAX) }
    }
}

/// The quadratic form S, and K where coefficients are complex.
pub(super) struct PlanePower {
    symmetric: Array2<f64>,
    skew: Option<Array2<f64>>,
}

impl PlanePower {
    /// Power of each image: coefficients (images, modes), real parts and imaginary parts if there are any.
    pub(super) fn of(&self, real: ArrayView2<'_, f32>, imaginary: Option<ArrayView2<'_, f32>>) -> Vec<f64> {
        let real = real.mapv(f64::from);
        let mut powers = along(&real.dot(&self.symmetric), &real);
        if let (Some(imaginary), Some(skew)) = (imaginary, &self.skew) {
            let imaginary = imaginary.mapv(f64::from);
            let own = along(&imaginary.dot(&self.symmetric), &imaginary);
            let mixed = along(&real.dot(skew), &imaginary);
            for (power, (own, mixed)) in powers.iter_mut().zip(own.into_iter().zip(mixed)) {
                *power += own - 2.0 * mixed;
            }
        }
        powers
    }
}

/// Inner products of the rows.
fn along(a: &Array2<f64>, b: &Array2<f64>) -> Vec<f64> {
    a.axis_iter(Axis(0)).zip(b.axis_iter(Axis(0))).map(|(a, b)| a.dot(&b)).collect()
}
