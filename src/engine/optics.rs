//! What all samples of an engine share: gaps with their plans and transfer functions, transmissions, regions.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use d2nn_kernels::{Arithmetic, Fft, Transformed};
use ndarray::Array2;
use num_complex::{Complex, Complex32};
use rayon::prelude::*;

use super::aligned::Aligned;
use crate::field::narrow_complex;
use crate::mask::Modulation;
use crate::network::Bench;
use crate::propagation::{Fft2, Gap, transfer_function};

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
    /// Transfer function, column by column: `[fx][fy]`, with the factor of the unnormalised transforms. Between planes on
    /// one axis, in light along it, it is even in both, and only fx >= 0 and fy >= 0 are kept.
    transfer: Aligned<Complex32>,
    even: bool,
}

/// The transfer function along fy, for one column of the spectrum.
pub(super) enum Column<'a> {
    /// At fy >= 0; it is even.
    Even(&'a [Complex32]),
    /// At all fy, in the order of the transform.
    Whole(&'a [Complex32]),
}

impl Crossing {
    /// A crossing of `span`, whose gap has the impulse response `response` in its padded window.
    fn new(span: &Span, response: &Array2<Complex<f64>>, plans: &Plans) -> Self {
        let (window, [reach_y, reach_x]) = (span.window(), span.reach);
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
        let even = span.gap.shift == (0.0, 0.0) && span.gap.carrier == (0.0, 0.0);
        let (height, width) = if even { (window.0 / 2 + 1, window.1 / 2 + 1) } else { window };
        let mut transfer = Aligned::new(Complex32::default(), height * width);
        for (column, value) in transfer.chunks_exact_mut(height).zip(kept.columns()) {
            column.iter_mut().zip(value).for_each(|(to, from)| *to = narrow_complex(from * factor));
        }
        let [column_forward, column_inverse] = plans.of(window.0);
        let [row_forward, row_inverse] = plans.of(window.1);
        Crossing { window, row_forward, row_inverse, column_forward, column_inverse, transfer, even }
    }

    /// The transfer function for column `fx` of the spectrum.
    pub(super) fn transfer_column(&self, fx: usize) -> Column<'_> {
        if self.even {
            let (folded, length) = (fx.min(self.window.1 - fx), self.window.0 / 2 + 1);
            Column::Even(&self.transfer[folded * length..(folded + 1) * length])
        } else {
            Column::Whole(&self.transfer[fx * self.window.0..(fx + 1) * self.window.0])
        }
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
    /// The gaps in the order of the light; the last one only as far as the detector looks.
    pub(super) crossings: Vec<Arc<Crossing>>,
    /// The last gap, to the whole detector plane.
    pub(super) to_plane: Arc<Crossing>,
    /// Devices side by side, each with masks and regions of its own.
    pub(super) networks: usize,
    /// Transmission of each mask, one number a sample; network by network.
    pub(super) masks: Vec<Aligned<Complex32>>,
    /// Rows of the object plane that carry light.
    pub(super) object_rows: Range<usize>,
    /// Rows of the detector plane that are looked at: those that some region lies in, or all.
    pub(super) detector_rows: Vec<Range<usize>>,
    /// Whether the whole plane is looked at, and not the regions alone ([`crate::detector::Detector::watching_plane`]).
    pub(super) watches_plane: bool,
    /// Regions of a network as (rows, columns).
    pub(super) regions: Vec<(Range<usize>, Range<usize>)>,
    /// Numbers of the regions each row meets: an image has hundreds of regions.
    pub(super) regions_of_row: Vec<Vec<usize>>,
    pub(super) pixel_area: f64,
    /// Nepers a radian, where all masks are phase masks: then one number a sample is all of the gradient.
    pub(super) absorption: Option<f32>,
    pub(super) arithmetic: Arithmetic,
    plans: Plans,
    /// What each of `crossings`, and `to_plane`, crosses.
    spans: Vec<Span>,
}

impl Optics {
    /// Plans `bench`, with the threads of `pool`.
    pub(super) fn new(bench: &Bench, pool: &rayon::ThreadPool) -> Self {
        let (rows, columns) = bench.grid().shape();
        let regions: Vec<_> =
            bench.detector.regions().iter().map(|region| (region.rows(), region.columns())).collect();
        let (top, _) = bench.object.origin();
        let (height, _) = bench.object.extent();
        let spans = spans(bench);
        let mut plans = Plans::default();
        let (crossings, to_plane) = plan(&spans, &[], &mut plans, pool);
        Optics {
            rows,
            columns,
            crossings,
            to_plane,
            networks: bench.networks,
            masks: (0..bench.all_masks())
                .map(|_| Aligned::new(Complex32::new(1.0, 0.0), rows * columns))
                .collect(),
            object_rows: top..top + height,
            detector_rows: merged(looked_at(bench).into_iter().map(|(rows, _)| rows).collect()),
            watches_plane: bench.detector.watches_plane(),
            regions_of_row: regions_of_row(rows, &regions),
            regions,
            pixel_area: bench.grid().pixel_area(),
            absorption: absorption(bench),
            arithmetic: Arithmetic::default(),
            plans,
            spans,
        }
    }

    /// Plans the same device with other errors of alignment; gaps that are as they were are not planned again.
    pub(super) fn realign(&mut self, bench: &Bench, pool: &rayon::ThreadPool) {
        let spans = spans(bench);
        let known: Vec<_> = self.spans.iter().copied().zip(self.all_crossings().cloned()).collect();
        (self.crossings, self.to_plane) = plan(&spans, &known, &mut self.plans, pool);
        self.spans = spans;
        self.absorption = absorption(bench);
    }

    /// Numbers of the masks of `network`.
    pub(super) fn masks_of(&self, network: usize) -> Range<usize> {
        let masks = self.masks.len() / self.networks;
        network * masks..(network + 1) * masks
    }

    /// The regions of all networks as (rows, columns), the planes one below the other.
    pub(super) fn all_regions(&self) -> impl Iterator<Item = (Range<usize>, Range<usize>)> + '_ {
        (0..self.networks).flat_map(move |network| {
            let first = network * self.rows;
            self.regions
                .iter()
                .map(move |(rows, columns)| (first + rows.start..first + rows.end, columns.clone()))
        })
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

fn absorption(bench: &Bench) -> Option<f32> {
    match bench.modulation {
        Modulation::Phase { absorption, .. } => Some(absorption as f32),
        Modulation::Amplitude | Modulation::Complex => None,
    }
}

/// Planned transforms by their number of points, forward and inverse.
#[derive(Default)]
struct Plans(BTreeMap<usize, [Arc<dyn Fft<f32>>; 2]>);

impl Plans {
    /// Plans transforms of each of `sides` points that are not planned yet.
    fn add(&mut self, sides: impl Iterator<Item = usize>) {
        let mut planner = None;
        for side in sides {
            self.0.entry(side).or_insert_with(|| {
                let planner = planner.get_or_insert_with(f32::planner);
                [planner.forward(side), planner.inverse(side)]
            });
        }
    }

    /// Transforms of `side` points, which must have been added.
    fn of(&self, side: usize) -> [Arc<dyn Fft<f32>>; 2] {
        self.0[&side].clone()
    }
}

/// A gap, and the largest offsets along y and x between places that send and receive, in pixels.
#[derive(Clone, Copy, PartialEq)]
struct Span {
    gap: Gap,
    reach: [usize; 2],
}

impl Span {
    /// Points of the window of its crossing.
    fn window(&self) -> (usize, usize) {
        let [y, x] = self.reach;
        (window_side(self.gap.grid.rows(), y), window_side(self.gap.grid.columns(), x))
    }
}

/// What is looked at on the detector plane, as (rows, columns).
fn looked_at(bench: &Bench) -> Vec<(Range<usize>, Range<usize>)> {
    if bench.detector.watches_plane() {
        let (rows, columns) = bench.grid().shape();
        return vec![(0..rows, 0..columns)];
    }
    bench.detector.regions().iter().map(|region| (region.rows(), region.columns())).collect()
}

/// What the light of `bench` crosses: each gap, the last one to what the detector looks at and once more to the whole
/// plane.
fn spans(bench: &Bench) -> Vec<Span> {
    let (rows, columns) = bench.grid().shape();
    let ((top, left), (height, width)) = (bench.object.origin(), bench.object.extent());
    let object = Extent { rows: top..top + height, columns: left..left + width };
    let plane = Extent { rows: 0..rows, columns: 0..columns };
    let lines = looked_at(bench);
    let seen = Extent {
        rows: hull(lines.iter().map(|(rows, _)| rows)),
        columns: hull(lines.iter().map(|(_, columns)| columns)),
    };
    let last = bench.masks();
    let reached = |index: usize, to: &Extent| {
        let from = if index == 0 { &object } else { &plane };
        let reach = [reach(&from.rows, &to.rows), reach(&from.columns, &to.columns)];
        Span { gap: bench.gap(index), reach }
    };
    (0..last)
        .map(|index| reached(index, &plane))
        .chain([reached(last, &seen), reached(last, &plane)])
        .collect()
}

/// Points of a padded window above which gaps are planned one after the other: each takes three such arrays of double
/// precision at a time.
const LARGE: usize = 1 << 22;

/// A crossing for each of `spans`, of which some are `known`; equal ones share one. The last is given by itself.
fn plan(
    spans: &[Span],
    known: &[(Span, Arc<Crossing>)],
    plans: &mut Plans,
    pool: &rayon::ThreadPool,
) -> (Vec<Arc<Crossing>>, Arc<Crossing>) {
    // The impulse response of a gap serves all its crossings.
    let mut unknown: Vec<Vec<Span>> = Vec::new();
    for span in spans {
        if known.iter().any(|(other, _)| other == span) {
            continue;
        }
        match unknown.iter_mut().find(|of_gap| of_gap[0].gap == span.gap) {
            Some(of_gap) if of_gap.contains(span) => {}
            Some(of_gap) => of_gap.push(*span),
            None => unknown.push(vec![*span]),
        }
    }
    plans.add(spans.iter().map(Span::window).flat_map(|(rows, columns)| [rows, columns]));
    let plans = &*plans;
    let make = |of_gap: &Vec<Span>| {
        let mut response = transfer_function(&of_gap[0].gap);
        Fft2::new(response.nrows(), response.ncols()).inverse(&mut response);
        let crossing = |span: &Span| (*span, Arc::new(Crossing::new(span, &response, plans)));
        of_gap.iter().map(crossing).collect::<Vec<_>>()
    };
    let large = spans.iter().any(|Span { gap, .. }| gap.padded.0 * gap.padded.1 > LARGE);
    let made: Vec<Vec<_>> = if large {
        unknown.iter().map(make).collect()
    } else {
        pool.install(|| unknown.par_iter().map(make).collect())
    };
    let all: Vec<_> = known.iter().chain(made.iter().flatten()).collect();
    let mut crossings: Vec<_> = spans
        .iter()
        .filter_map(|span| all.iter().find(|(other, _)| other == span))
        .map(|(_, crossing)| Arc::clone(crossing))
        .collect();
    let to_plane = crossings.remove(spans.len() - 1);
    (crossings, to_plane)
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
