//! Transforms along rows: those of rustfft, or in lanes, a row each, for lengths at which rustfft is slow.

use std::ops::Range;
use std::sync::Arc;

use num_complex::Complex32;
use pulp::{Simd, WithSimd, bytemuck};

use crate::arithmetic::Arithmetic;
use crate::columns::{Plan, Rows, Stage, enter, part, with_radix};
use crate::lanes::{LANES, store};
use crate::transforms::{Fft, Planner};

/// The transform of a number of points, forward or inverse, without a factor.
pub struct RowTransform {
    points: usize,
    way: Way,
}

enum Way {
    /// Row by row.
    Single(Arc<dyn Fft<f32>>),
    /// A vector of rows at a time: what stands where behind the stages, by frequency.
    InLanes { arithmetic: Arithmetic, plan: Plan, places: Vec<usize> },
}

impl RowTransform {
    /// Plans the transform of `points` points, with `planner` where rustfft is quick.
    ///
    /// Two factors of 5 cost it three times as much a point as one: 450 points 1.15 us and 480 points 0.50 us
    /// (benches/README.md). A fixed rule, so that a seed means the same bits on every machine.
    pub fn new(arithmetic: Arithmetic, planner: &mut dyn Planner<f32>, points: usize, inverse: bool) -> Self {
        let slow = points.is_multiple_of(25).then(|| Plan::new(points)).flatten();
        let way = match slow {
            Some(plan) => {
                let mut places = plan.places();
                if inverse {
                    // The inverse transform is the forward one at the negative frequencies.
                    places[1..].reverse();
                }
                Way::InLanes { arithmetic, plan, places }
            }
            None if inverse => Way::Single(planner.inverse(points)),
            None => Way::Single(planner.forward(points)),
        };
        RowTransform { points, way }
    }

    /// Numbers of scratch space that [`RowTransform::apply`] needs.
    pub fn scratch(&self) -> usize {
        match &self.way {
            Way::Single(fft) => fft.get_inplace_scratch_len(),
            Way::InLanes { .. } => 2 * LANES * self.points,
        }
    }

    /// Transforms the first numbers of the rows in `range`, in place; a row begins every `stride` numbers.
    pub fn apply(
        &self,
        numbers: &mut [Complex32],
        stride: usize,
        range: Range<usize>,
        scratch: &mut [Complex32],
    ) {
        match &self.way {
            Way::Single(fft) => {
                for row in range {
                    fft.process_with_scratch(&mut numbers[row * stride..][..self.points], scratch);
                }
            }
            Way::InLanes { arithmetic, plan, places } => {
                arithmetic.0.dispatch(Pass { plan, places, numbers, stride, range, scratch });
            }
        }
    }
}

/// Some rows in lanes.
struct Pass<'a> {
    plan: &'a Plan,
    places: &'a [usize],
    numbers: &'a mut [Complex32],
    stride: usize,
    range: Range<usize>,
    scratch: &'a mut [Complex32],
}

impl WithSimd for Pass<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Pass { plan, places, numbers, stride, range, scratch } = self;
        let (lanes, points) = (S::F32_LANES, plan.points);
        let (turned, buffer) = scratch.split_at_mut(lanes * points);
        let (vectors, _) = S::as_mut_simd_f32s(bytemuck::cast_slice_mut(buffer));
        let (pairs, _) = vectors.as_chunks_mut::<2>();
        let buffer = &mut pairs[..points];
        let mut first = range.start;
        while first < range.end {
            let count = lanes.min(range.end - first);
            turn(&numbers[first * stride..], stride, (count, points), turned, lanes);
            let rows = Rows { first: 0, stride: 2 * lanes, count: lanes, marked: None };
            let stage: &Stage = &plan.stages[0];
            with_radix!(stage.radix, enter, S, simd, stage, bytemuck::cast_slice(turned), rows, buffer);
            for stage in &plan.stages[1..] {
                with_radix!(stage.radix, part, S, simd, stage, buffer);
            }
            let numbers_of_lanes: &mut [f32] = bytemuck::cast_slice_mut(turned);
            for (place, to) in places.iter().zip(numbers_of_lanes.chunks_exact_mut(2 * lanes)) {
                store(simd, buffer[*place], to);
            }
            turn(turned, lanes, (points, count), &mut numbers[first * stride..], stride);
            first += count;
        }
    }
}

/// Rows and columns turned at a time: the bounds are checked once for all of them.
const TILE: usize = 8;

/// Writes the rows of `from` into the columns of `to`, `shape` = (rows, columns) numbers; rows begin every `stride` numbers of
/// theirs.
#[inline(always)]
fn turn(from: &[Complex32], stride: usize, shape: (usize, usize), to: &mut [Complex32], to_stride: usize) {
    let (rows, columns) = shape;
    let (whole_rows, whole_columns) = (rows - rows % TILE, columns - columns % TILE);
    for row in (0..whole_rows).step_by(TILE) {
        for column in (0..whole_columns).step_by(TILE) {
            let mut tile = [[Complex32::new(0.0, 0.0); TILE]; TILE];
            for line in 0..TILE {
                tile[line].copy_from_slice(&from[(row + line) * stride + column..][..TILE]);
            }
            for place in 0..TILE {
                let mut line = [Complex32::new(0.0, 0.0); TILE];
                for (number, tile) in line.iter_mut().zip(&tile) {
                    *number = tile[place];
                }
                to[(column + place) * to_stride + row..][..TILE].copy_from_slice(&line);
            }
        }
    }
    for row in 0..rows {
        let first = if row < whole_rows { whole_columns } else { 0 };
        for column in first..columns {
            to[column * to_stride + row] = from[row * stride + column];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transforms::Transformed;

    #[test]
    fn rows_in_lanes_are_those_of_rustfft() {
        let (rows, stride) = (21, 460);
        for points in [25, 50, 450] {
            for inverse in [false, true] {
                let mut planner = f32::planner();
                let ours = RowTransform::new(Arithmetic::default(), &mut *planner, points, inverse);
                assert!(matches!(ours.way, Way::InLanes { .. }));
                let theirs = if inverse { planner.inverse(points) } else { planner.forward(points) };
                let number = |at: usize| Complex32::new((at % 17) as f32 - 8.0, (at % 23) as f32 - 11.0);
                let sent: Vec<Complex32> = (0..rows * stride).map(number).collect();
                let (mut found, mut expected) = (sent.clone(), sent.clone());
                let mut scratch = vec![Complex32::default(); ours.scratch()];
                ours.apply(&mut found, stride, 1..rows, &mut scratch);
                for row in 1..rows {
                    theirs.process(&mut expected[row * stride..][..points]);
                }
                for (found, expected) in found.iter().zip(&expected) {
                    // Sums of up to 450 numbers below 14 in single precision.
                    assert!((found - expected).norm() < 1e-2, "{points} {inverse}: {found} {expected}");
                }
                assert_eq!(found[..stride], sent[..stride]);
            }
        }
    }
}
