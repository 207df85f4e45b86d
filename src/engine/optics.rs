//! What all samples of an engine share: gaps with their plans and transfer functions, transmissions, regions.

use std::ops::Range;
use std::sync::Arc;

use ndarray::Array2;
use num_complex::{Complex, Complex32};
use rustfft::{Fft, FftPlanner};

use super::aligned::Aligned;
use super::arithmetic::Arithmetic;
use crate::field::narrow_complex;
use crate::mask::Modulation;
use crate::network::Bench;
use crate::propagation::{Fft2, transfer_function};

/// Rows and columns of a plane that light comes from or goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Extent {
    rows: Range<usize>,
    columns: Range<usize>,
}

/// A gap as an engine crosses it.
///
/// A plane with a window around it crosses a gap by pad, transform, product, transform back, crop. What counts is
/// the impulse response at the offsets between places that send and places that receive; so it is read out of the
/// gap's own window, however large, and stands in the smallest fast one that holds those offsets. The operator
/// between the two extents is the same to rounding.
pub(super) struct Crossing {
    /// Points of the window, (rows, columns).
    pub(super) window: (usize, usize),
    pub(super) row_forward: Arc<dyn Fft<f32>>,
    pub(super) row_inverse: Arc<dyn Fft<f32>>,
    pub(super) column_forward: Arc<dyn Fft<f32>>,
    pub(super) column_inverse: Arc<dyn Fft<f32>>,
    /// Transfer function, column by column: `[fx][fy]`, only fx >= 0 and fy >= 0 (it is even in both), with the
    /// factor of the unnormalised transforms.
    transfer: Aligned<Complex32>,
}

impl Crossing {
    /// A crossing of the gap with impulse response `response` (in its padded window) up to the given offsets.
    fn new(
        bench: &Bench,
        response: &Array2<Complex<f64>>,
        [reach_y, reach_x]: [usize; 2],
        planner: &mut FftPlanner<f32>,
    ) -> Self {
        let (rows, columns) = bench.grid().shape();
        let window = (window_side(rows, reach_y), window_side(columns, reach_x));
        let (padded_rows, padded_columns) = response.dim();
        let mut kept = Array2::zeros(window);
        let offsets = |reach: usize| -(reach as isize)..=reach as isize;
        for dy in offsets(reach_y) {
            for dx in offsets(reach_x) {
                // A window that is not padded for the whole plane is periodic, and so is its response.
                let at = |offset: isize, side: usize| offset.rem_euclid(side as isize) as usize;
                kept[[at(dy, window.0), at(dx, window.1)]] =
                    response[[at(dy, padded_rows), at(dx, padded_columns)]];
            }
        }
        Fft2::new(window.0, window.1).forward(&mut kept);
        let factor = 1.0 / (window.0 * window.1) as f64;
        let mut transfer = Aligned::new(Complex32::default(), (window.0 / 2 + 1) * (window.1 / 2 + 1));
        for (column, value) in transfer.chunks_exact_mut(window.0 / 2 + 1).zip(kept.columns()) {
            column.iter_mut().zip(value).for_each(|(to, from)| *to = narrow_complex(from * factor));
        }
        Crossing {
            window,
            row_forward: planner.plan_fft_forward(window.1),
            row_inverse: planner.plan_fft_inverse(window.1),
            column_forward: planner.plan_fft_forward(window.0),
            column_inverse: planner.plan_fft_inverse(window.0),
            transfer,
        }
    }

    /// The transfer function along fy >= 0, for column `fx` of the spectrum.
    pub(super) fn transfer_column(&self, fx: usize) -> &[Complex32] {
        let (folded, length) = (fx.min(self.window.1 - fx), self.window.0 / 2 + 1);
        &self.transfer[folded * length..(folded + 1) * length]
    }

    /// Numbers of scratch space that any of its transforms needs.
    pub(super) fn scratch(&self) -> usize {
        [&self.row_forward, &self.row_inverse, &self.column_forward, &self.column_inverse]
            .map(|fft| fft.get_inplace_scratch_len())
            .into_iter()
            .fold(0, usize::max)
    }
}

/// What all samples share.
pub(super) struct Optics {
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// The gaps in the order of the light; the last one only as far as the detector regions see.
    pub(super) crossings: Vec<Arc<Crossing>>,
    /// The last gap, to the whole detector plane.
    pub(super) to_plane: Arc<Crossing>,
    /// Transmission of each mask, one number a sample.
    pub(super) masks: Vec<Aligned<Complex32>>,
    /// Rows of the object plane that carry light.
    pub(super) object_rows: Range<usize>,
    /// Rows that some detector region lies in.
    pub(super) detector_rows: Vec<Range<usize>>,
    /// Regions as (rows, columns).
    pub(super) regions: Vec<(Range<usize>, Range<usize>)>,
    /// Numbers of the regions each row meets: an image has hundreds of regions.
    pub(super) regions_of_row: Vec<Vec<usize>>,
    pub(super) pixel_area: f64,
    /// Nepers a radian, where all masks are phase masks: then one number a sample is all of the gradient.
    pub(super) absorption: Option<f32>,
    pub(super) arithmetic: Arithmetic,
}

impl Optics {
    pub(super) fn new(bench: &Bench) -> Self {
        let (rows, columns) = bench.grid().shape();
        let regions: Vec<_> =
            bench.detector.regions().iter().map(|region| (region.rows(), region.columns())).collect();
        let (top, left) = bench.object.origin();
        let (height, width) = bench.object.extent();
        let object = Extent { rows: top..top + height, columns: left..left + width };
        let plane = Extent { rows: 0..rows, columns: 0..columns };
        let seen = Extent {
            rows: hull(regions.iter().map(|(rows, _)| rows)),
            columns: hull(regions.iter().map(|(_, columns)| columns)),
        };
        let mut crossings =
            Crossings { bench, planner: FftPlanner::new(), response: None, known: Vec::new() };
        let last = bench.masks();
        let from = |index: usize| if index == 0 { &object } else { &plane };
        Optics {
            rows,
            columns,
            crossings: (0..=last)
                .map(|index| crossings.get(index, from(index), if index == last { &seen } else { &plane }))
                .collect(),
            to_plane: crossings.get(last, from(last), &plane),
            masks: (0..last).map(|_| Aligned::new(Complex32::new(1.0, 0.0), rows * columns)).collect(),
            object_rows: object.rows.clone(),
            detector_rows: merged(regions.iter().map(|(rows, _)| rows.clone()).collect()),
            regions_of_row: regions_of_row(rows, &regions),
            regions,
            pixel_area: bench.grid().pixel_area(),
            absorption: match bench.modulation {
                Modulation::Phase { absorption, .. } => Some(absorption as f32),
                Modulation::Amplitude | Modulation::Complex => None,
            },
            arithmetic: Arithmetic::new(),
        }
    }

    /// Numbers a sample that the adjoint pass sums up: the derivative by the phase, or the two parts of that by
    /// the transmission.
    pub(super) fn sums_a_sample(&self) -> usize {
        if self.absorption.is_some() { 1 } else { 2 }
    }

    /// Every crossing there is.
    pub(super) fn all_crossings(&self) -> impl Iterator<Item = &Arc<Crossing>> {
        self.crossings.iter().chain(std::iter::once(&self.to_plane))
    }
}

/// Makes crossings; equal gaps that reach equally far share one.
struct Crossings<'a> {
    bench: &'a Bench,
    planner: FftPlanner<f32>,
    /// First gap of the length, and the impulse response in its padded window: only the last one, they are large.
    response: Option<(usize, Array2<Complex<f64>>)>,
    /// First gap of the length, reach, crossing.
    known: Vec<(usize, [usize; 2], Arc<Crossing>)>,
}

impl Crossings<'_> {
    fn get(&mut self, index: usize, from: &Extent, to: &Extent) -> Arc<Crossing> {
        let first = self.bench.first_equal_gap()[index];
        let reach = [reach(&from.rows, &to.rows), reach(&from.columns, &to.columns)];
        if let Some((_, _, known)) = self.known.iter().find(|known| (known.0, known.1) == (first, reach)) {
            return Arc::clone(known);
        }
        let response = match self.response.take() {
            Some((of, response)) if of == first => response,
            _ => {
                let mut response = transfer_function(&self.bench.gap(index));
                Fft2::new(response.nrows(), response.ncols()).inverse(&mut response);
                response
            }
        };
        let crossing = Arc::new(Crossing::new(self.bench, &response, reach, &mut self.planner));
        self.response = Some((first, response));
        self.known.push((first, reach, Arc::clone(&crossing)));
        crossing
    }
}

/// The largest offset between a place in `from` and one in `to`, in pixels.
fn reach(from: &Range<usize>, to: &Range<usize>) -> usize {
    (to.end - 1).abs_diff(from.start).max((from.end - 1).abs_diff(to.start))
}

/// Points along one side of a window that holds `pixels` and keeps offsets up to `reach` apart.
///
/// The smallest 2^a 3^b 5^c with a >= 3 and c <= 1: rustfft's vector code takes 432 points faster than 400
/// (benches/README.md has the measurement). A fixed rule, so that a seed means the same bits on every machine.
fn window_side(pixels: usize, reach: usize) -> usize {
    let fast = |length: usize| {
        let mut rest = length / 8;
        for factor in [2, 3] {
            while rest.is_multiple_of(factor) {
                rest /= factor;
            }
        }
        rest == 1 || rest == 5
    };
    let minimum = pixels.max(2 * reach + 1).next_multiple_of(8);
    (minimum..).step_by(8).find(|&length| fast(length)).unwrap_or(minimum)
}

/// The smallest range around all of `ranges`.
fn hull<'a>(ranges: impl Iterator<Item = &'a Range<usize>>) -> Range<usize> {
    ranges.cloned().reduce(|hull, range| hull.start.min(range.start)..hull.end.max(range.end)).unwrap_or(0..1)
}

/// For each of `rows` rows the numbers of the regions it meets, rising.
fn regions_of_row(rows: usize, regions: &[(Range<usize>, Range<usize>)]) -> Vec<Vec<usize>> {
    let mut met = vec![Vec::new(); rows];
    for (number, (lines, _)) in regions.iter().enumerate() {
        met[lines.clone()].iter_mut().for_each(|row| row.push(number));
    }
    met
}

/// Sorted, disjoint ranges that cover the same rows.
fn merged(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| range.start);
    let mut merged: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_hold_plane_and_offsets() {
        for (pixels, reach, expected) in
            [(200, 199, 432), (200, 155, 320), (200, 141, 288), (200, 20, 216), (1, 0, 8), (256, 255, 512)]
        {
            assert_eq!(window_side(pixels, reach), expected, "{pixels} {reach}");
        }
    }

    #[test]
    fn reach_is_the_largest_offset() {
        assert_eq!(reach(&(44..156), &(0..200)), 155);
        assert_eq!(reach(&(0..200), &(70..130)), 129);
        assert_eq!(reach(&(3..4), &(3..4)), 0);
    }
}
