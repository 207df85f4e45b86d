//! What all samples of an engine share: gaps with their plans and transfer functions, transmissions, regions.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use d2nn_kernels::{Arithmetic, Fft, Transformed};
use ndarray::Array2;
use num_complex::{Complex, Complex32};
use rayon::prelude::*;

use super::aligned::Aligned;
use crate::bench::Bench;
use crate::field::narrow_complex;
use crate::program::{Op, Pointwise, Program, Wants};
use crate::propagation::{Fft2, Span};

/// Rows and columns of a plane that light comes from or goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Extent {
    rows: Range<usize>,
    columns: Range<usize>,
}

/// A span as an engine crosses it.
///
/// A plane with a window around it crosses a span by pad, transform, product, transform back, crop. What counts is
/// the impulse response at the offsets between places that send and places that receive; so it is read out of the
/// span's own window, however large, and stands in the smallest fast one that holds those offsets. The operator
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
    /// A crossing of `way`, whose span has the impulse response `response` in its padded window.
    fn new(way: &Way, response: &Array2<Complex<f64>>, plans: &Plans) -> Self {
        let (window, [reach_y, reach_x]) = (way.window(), way.reach);
        let (padded_rows, padded_columns) = response.dim();
        let mut kept = Array2::zeros(window);
        // Of a periodic window each offset once.
        let offsets = |reach: usize, side: usize| {
            let most = (reach as isize).min((side as isize - 1) / 2);
            -(most + isize::from(2 * most + 1 < side as isize && reach as isize > most))..=most
        };
        for dy in offsets(reach_y, window.0) {
            for dx in offsets(reach_x, window.1) {
                // A window that is not padded for the whole plane is periodic, and so is its response.
                let at = |offset: isize, side: usize| offset.rem_euclid(side as isize) as usize;
                kept[[at(dy, window.0), at(dx, window.1)]] =
                    response[[at(dy, padded_rows), at(dx, padded_columns)]];
            }
        }
        Fft2::new(window.0, window.1).forward(&mut kept);
        let factor = 1.0 / (window.0 * window.1) as f64;
        let even = way.span.is_even();
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

/// What happens on a plane, between two crossings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Local {
    /// Samples are multiplied by a factor.
    Multiply(FactorSlot),
    /// Samples cross a sheet with that number; the field on it is kept at that place.
    Pointwise { sheet: usize, kept: usize },
}

/// A factor of each network, and what the adjoint pass needs there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct FactorSlot {
    /// Its number.
    pub(super) factor: usize,
    /// What is asked for.
    pub(super) wants: Wants,
    /// Number of the plane on which the field in front is kept, where anything is asked for.
    pub(super) kept: usize,
    /// First of its sums, in planes of one number a sample.
    first_sum: usize,
}

impl FactorSlot {
    /// Numbers a sample that the adjoint pass sums up: the slope by the phase, or the two parts of that by the factor.
    pub(super) fn sums(&self) -> usize {
        match self.wants {
            Wants::Nothing => 0,
            Wants::Turn { .. } => 1,
            Wants::Whole => 2,
        }
    }
}

/// What all samples share.
pub(super) struct Optics {
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// What is crossed, in the order of the light; the last one only as far as the detector looks.
    pub(super) crossings: Vec<Arc<Crossing>>,
    /// The last crossing, to the whole detector plane.
    pub(super) to_plane: Arc<Crossing>,
    /// What happens on the object plane and behind each crossing.
    pub(super) planes: Vec<Vec<Local>>,
    /// Devices side by side, each with factors and regions of its own.
    pub(super) networks: usize,
    /// Each factor, one number a sample; network by network.
    pub(super) factors: Vec<Aligned<Complex32>>,
    /// Sheets of the program.
    pub(super) sheets: Vec<Arc<dyn Pointwise>>,
    /// Fields a network keeps for the adjoint pass.
    pub(super) kept: usize,
    /// Sums a network has, in planes of one number a sample.
    pub(super) sums: usize,
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
    pub(super) arithmetic: Arithmetic,
    plans: Plans,
    /// What each of `crossings`, and `to_plane`, crosses.
    ways: Vec<Way>,
}

impl Optics {
    /// Plans `bench` with `program`, with the threads of `pool`.
    pub(super) fn new(bench: &Bench, program: &Program, pool: &rayon::ThreadPool) -> Self {
        let (rows, columns) = bench.grid().shape();
        let regions: Vec<_> =
            bench.detector.regions().iter().map(|region| (region.rows(), region.columns())).collect();
        let (top, _) = bench.object.origin();
        let (height, _) = bench.object.extent();
        let ways = ways(bench, program);
        let mut plans = Plans::default();
        let (crossings, to_plane) = plan(&ways, &[], &mut plans, pool);
        let (planes, kept, sums) = planes(program);
        Optics {
            rows,
            columns,
            crossings,
            to_plane,
            planes,
            networks: bench.networks,
            factors: (0..bench.networks * program.factors().len())
                .map(|_| Aligned::new(Complex32::new(1.0, 0.0), rows * columns))
                .collect(),
            sheets: program.sheets().to_vec(),
            kept,
            sums,
            object_rows: top..top + height,
            detector_rows: merged(looked_at(bench).into_iter().map(|(rows, _)| rows).collect()),
            watches_plane: bench.detector.watches_plane(),
            regions_of_row: regions_of_row(rows, &regions),
            regions,
            pixel_area: bench.grid().pixel_area(),
            arithmetic: Arithmetic::default(),
            plans,
            ways,
        }
    }

    /// Plans the same device with other errors of alignment; spans that are as they were are not planned again.
    pub(super) fn realign(&mut self, bench: &Bench, program: &Program, pool: &rayon::ThreadPool) {
        let ways = ways(bench, program);
        let known: Vec<_> = self.ways.iter().copied().zip(self.all_crossings().cloned()).collect();
        (self.crossings, self.to_plane) = plan(&ways, &known, &mut self.plans, pool);
        self.ways = ways;
        (self.planes, self.kept, self.sums) = planes(program);
        self.sheets = program.sheets().to_vec();
    }

    /// The last crossing, as far as the detector looks.
    pub(super) fn to_regions(&self) -> &Crossing {
        &self.crossings[self.crossings.len() - 1]
    }

    /// Samples of a plane.
    pub(super) fn samples(&self) -> usize {
        self.rows * self.columns
    }

    /// Factors of each network.
    pub(super) fn factors_each(&self) -> usize {
        self.factors.len() / self.networks
    }

    /// Where `network` keeps row `row` of the field in front of a plane.
    pub(super) fn kept_row(&self, network: usize, kept: usize, row: usize) -> Range<usize> {
        let first = ((network * self.kept + kept) * self.rows + row) * self.columns;
        first..first + self.columns
    }

    /// Row `row` of a factor of `network`.
    pub(super) fn factor_row(&self, network: usize, factor: usize, row: usize) -> &[Complex32] {
        &self.factors[network * self.factors_each() + factor][row * self.columns..][..self.columns]
    }

    /// Where the sums of `slot` of `network` stand.
    pub(super) fn sums_of(&self, network: usize, slot: &FactorSlot) -> Range<usize> {
        let first = (network * self.sums + slot.first_sum) * self.samples();
        first..first + slot.sums() * self.samples()
    }

    /// The slots of a network that ask for something, in the order of the light.
    pub(super) fn asking(&self) -> impl Iterator<Item = FactorSlot> + '_ {
        self.planes.iter().flatten().filter_map(|local| match local {
            Local::Multiply(slot) if slot.wants != Wants::Nothing => Some(*slot),
            _ => None,
        })
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

    /// Every crossing there is.
    pub(super) fn all_crossings(&self) -> impl Iterator<Item = &Arc<Crossing>> {
        self.crossings.iter().chain(std::iter::once(&self.to_plane))
    }
}

/// What `program` does on each plane, the planes of fields it keeps, and the planes of sums.
fn planes(program: &Program) -> (Vec<Vec<Local>>, usize, usize) {
    let (mut kept, mut sums) = (0, 0);
    let mut planes = vec![Vec::new()];
    for op in program.ops() {
        let local = match *op {
            Op::Cross(_) => {
                planes.push(Vec::new());
                continue;
            }
            Op::Multiply(factor) => {
                let wants = program.factors()[factor].wants();
                let slot = FactorSlot { factor, wants, kept, first_sum: sums };
                sums += slot.sums();
                kept += usize::from(wants != Wants::Nothing);
                Local::Multiply(slot)
            }
            Op::Pointwise(sheet) => {
                kept += 1;
                Local::Pointwise { sheet, kept: kept - 1 }
            }
        };
        if let Some(plane) = planes.last_mut() {
            plane.push(local);
        }
    }
    (planes, kept, sums)
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

/// A span, and the largest offsets along y and x between places that send and receive, in pixels.
#[derive(Clone, Copy, PartialEq)]
struct Way {
    span: Span,
    reach: [usize; 2],
}

impl Way {
    /// Points of the window of its crossing.
    fn window(&self) -> (usize, usize) {
        let [y, x] = self.reach;
        let ((rows, columns), (tall, wide)) = (self.span.grid().shape(), self.span.padded());
        // A window that is not padded for all offsets is periodic, as it is; a larger one would be so all the same.
        let side = |pixels: usize, reach: usize, padded: usize| {
            if padded < 2 * reach + 1 { padded } else { window_side(pixels, reach) }
        };
        (side(rows, y, tall), side(columns, x, wide))
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

/// What the light of `bench` crosses: each span of `program`, the last one to what the detector looks at and once more to
/// the whole plane.
fn ways(bench: &Bench, program: &Program) -> Vec<Way> {
    let (rows, columns) = bench.grid().shape();
    let ((top, left), (height, width)) = (bench.object.origin(), bench.object.extent());
    let object = Extent { rows: top..top + height, columns: left..left + width };
    let plane = Extent { rows: 0..rows, columns: 0..columns };
    let lines = looked_at(bench);
    let seen = Extent {
        rows: hull(lines.iter().map(|(rows, _)| rows)),
        columns: hull(lines.iter().map(|(_, columns)| columns)),
    };
    let spans = program.spans();
    let last = spans.len() - 1;
    let reached = |index: usize, to: &Extent| {
        let from = if index == 0 { &object } else { &plane };
        let reach = [reach(&from.rows, &to.rows), reach(&from.columns, &to.columns)];
        Way { span: spans[index], reach }
    };
    (0..last)
        .map(|index| reached(index, &plane))
        .chain([reached(last, &seen), reached(last, &plane)])
        .collect()
}

/// Points of a padded window above which gaps are planned one after the other: each takes three such arrays of double
/// precision at a time.
const LARGE: usize = 1 << 22;

/// A crossing for each of `ways`, of which some are `known`; equal ones share one. The last is given by itself.
fn plan(
    ways: &[Way],
    known: &[(Way, Arc<Crossing>)],
    plans: &mut Plans,
    pool: &rayon::ThreadPool,
) -> (Vec<Arc<Crossing>>, Arc<Crossing>) {
    // The impulse response of a span serves all its crossings.
    let mut unknown: Vec<Vec<Way>> = Vec::new();
    for way in ways {
        if known.iter().any(|(other, _)| other == way) {
            continue;
        }
        match unknown.iter_mut().find(|of_span| of_span[0].span == way.span) {
            Some(of_span) if of_span.contains(way) => {}
            Some(of_span) => of_span.push(*way),
            None => unknown.push(vec![*way]),
        }
    }
    plans.add(ways.iter().map(Way::window).flat_map(|(rows, columns)| [rows, columns]));
    let plans = &*plans;
    let make = |of_span: &Vec<Way>| {
        let mut response = of_span[0].span.transfer_function();
        Fft2::new(response.nrows(), response.ncols()).inverse(&mut response);
        let crossing = |way: &Way| (*way, Arc::new(Crossing::new(way, &response, plans)));
        of_span.iter().map(crossing).collect::<Vec<_>>()
    };
    let large = ways.iter().any(|way| way.span.padded().0 * way.span.padded().1 > LARGE);
    let made: Vec<Vec<_>> = if large {
        unknown.iter().map(make).collect()
    } else {
        pool.install(|| unknown.par_iter().map(make).collect())
    };
    let all: Vec<_> = known.iter().chain(made.iter().flatten()).collect();
    let mut crossings: Vec<_> = ways
        .iter()
        .filter_map(|way| all.iter().find(|(other, _)| other == way))
        .map(|(_, crossing)| Arc::clone(crossing))
        .collect();
    let to_plane = crossings.remove(ways.len() - 1);
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
