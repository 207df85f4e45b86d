//! What an engine crosses: spans in the smallest windows that hold what sends and what receives, planned once.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use d2nn_kernels::{Arithmetic, ColumnFilter, RowTransform, Transformed};
use ndarray::Array2;
use num_complex::{Complex, Complex32};
use rayon::prelude::*;

use crate::bench::Bench;
use crate::detector::Watch;
use crate::field::narrow_complex;
use crate::program::{Factor, Op, Program};
use crate::propagation::{Fft2, Refinement, Span};

/// Rows and columns of a plane that light comes from or goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) rows: Range<usize>,
    pub(super) columns: Range<usize>,
}

impl Extent {
    /// All of a plane.
    pub(super) fn whole(rows: usize, columns: usize) -> Self {
        Extent { rows: 0..rows, columns: 0..columns }
    }

    /// What of it `factor` lets through.
    pub(super) fn shrink_to(&mut self, factor: &Factor) {
        let [rows, columns] = factor.footprint().lit();
        let both = |a: &Range<usize>, b: Range<usize>| a.start.max(b.start)..a.end.min(b.end);
        (self.rows, self.columns) = (both(&self.rows, rows), both(&self.columns, columns));
    }
}

/// A span as an engine crosses it.
///
/// A plane with a window around it crosses a span by pad, transform, product, transform back, crop. What counts is
/// the impulse response at the offsets between places that send and places that receive; so it is read out of the
/// span's own window, however large, and stands in the smallest fast one that holds those offsets. The operator
/// between the two extents is the same to rounding.
pub(super) struct Crossing {
    /// The plane before it and the plane behind it.
    ends: [Edge; 2],
    /// The transfer function, with the factor of the unnormalised transforms.
    filter: ColumnFilter,
}

/// A plane in the window of a crossing.
pub(super) struct Edge {
    /// Points of the window, (rows, columns).
    pub(super) window: (usize, usize),
    pub(super) row_forward: Arc<RowTransform>,
    pub(super) row_inverse: Arc<RowTransform>,
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
        let ends = way.span.refinement().factors().map(|factor| {
            let window = (window.0 * factor, window.1 * factor);
            let [row_forward, row_inverse] = plans.of(window.1);
            Edge { window, row_forward, row_inverse }
        });
        let factor = 1.0 / (ends[0].window.0 * ends[0].window.1) as f64;
        if way.span.refinement() != Refinement::Same {
            let (along_y, along_x) = (way.span.offsets(window.0), way.span.offsets(window.1));
            kept.indexed_iter_mut().for_each(|((y, x), value)| *value *= along_y[y] * along_x[x]);
        }
        let even = way.span.is_even() && way.span.refinement() == Refinement::Same;
        // Between planes on one axis and of the same samples, in light along it, it is even in both frequencies.
        let (height, width) = if even { (window.0 / 2 + 1, window.1 / 2 + 1) } else { window };
        let quarter = kept.outer_iter().take(height);
        let transfer: Vec<Complex32> = quarter
            .flat_map(|row| row.into_iter().take(width).copied())
            .map(|value| narrow_complex(value * factor))
            .collect();
        let factors = way.span.refinement().factors();
        let filter = ColumnFilter::new(Arithmetic::default(), window, factors, &transfer, even);
        Crossing { ends, filter }
    }

    /// The plane before it.
    pub(super) fn before(&self) -> &Edge {
        &self.ends[0]
    }

    /// The plane behind it.
    pub(super) fn behind(&self) -> &Edge {
        &self.ends[1]
    }

    /// The product along the columns, and the transforms around it.
    pub(super) fn filter(&self) -> &ColumnFilter {
        &self.filter
    }

    /// Numbers of scratch space that any of its transforms of rows needs.
    pub(super) fn scratch(&self) -> usize {
        let of_end = |end: &Edge| [&end.row_forward, &end.row_inverse].map(|rows| rows.scratch());
        self.ends.iter().flat_map(of_end).fold(0, usize::max)
    }
}

/// Planned transforms by their number of points, forward and inverse.
#[derive(Clone, Default)]
pub(super) struct Plans(BTreeMap<usize, [Arc<RowTransform>; 2]>);

impl Plans {
    /// Plans transforms of each of `sides` points that are not planned yet.
    fn add(&mut self, sides: impl Iterator<Item = usize>) {
        let mut planner = None;
        for side in sides {
            self.0.entry(side).or_insert_with(|| {
                let planner = planner.get_or_insert_with(f32::planner);
                [false, true].map(|inverse| {
                    Arc::new(RowTransform::new(Arithmetic::default(), &mut **planner, side, inverse))
                })
            });
        }
    }

    /// Transforms of `side` points, which must have been added.
    fn of(&self, side: usize) -> [Arc<RowTransform>; 2] {
        self.0[&side].clone()
    }
}

/// A span, and the largest offsets along y and x between places that send and receive, in samples of its own grid.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Way {
    span: Span,
    reach: [usize; 2],
}

impl Way {
    /// Points of the rows of the windows of its crossing on both planes.
    fn row_points(&self) -> impl Iterator<Item = usize> {
        let (_, columns) = self.window();
        self.span.refinement().factors().into_iter().map(move |factor| columns * factor)
    }

    /// Points of the window of its crossing, on the coarser plane.
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
pub(super) fn looked_at(bench: &Bench) -> Vec<(Range<usize>, Range<usize>)> {
    if bench.detector.watch() != Watch::Regions {
        let (rows, columns) = bench.grid().shape();
        return vec![(0..rows, 0..columns)];
    }
    bench.detector.regions().iter().map(|region| (region.rows(), region.columns())).collect()
}

/// What the light of `bench` crosses: each span of `program`, the last one to what the detector looks at and once more to
/// the whole plane; then what is crossed beside those that are blended, to whole planes.
pub(super) fn ways(bench: &Bench, program: &Program) -> Vec<Way> {
    let ((top, left), (height, width)) = (bench.object.origin(), bench.object.extent());
    let object = Extent { rows: top..top + height, columns: left..left + width };
    let lines = looked_at(bench);
    let seen = Extent {
        rows: hull(lines.iter().map(|(rows, _)| rows)),
        columns: hull(lines.iter().map(|(_, columns)| columns)),
    };
    let spans = program.spans();
    let (mut first, mut beside) = (Vec::new(), Vec::new());
    // What carries light on the plane behind each.
    let mut lit: Vec<Extent> = Vec::new();
    let behind = |span: Span| {
        let ((rows, columns), [_, factor]) = (span.grid().shape(), span.refinement().factors());
        Extent::whole(rows * factor, columns * factor)
    };
    for op in program.ops() {
        match *op {
            Op::Cross(span) => {
                first.push(spans[span]);
                lit.push(behind(spans[span]));
            }
            Op::Blend(number) => {
                let blend = program.blends()[number];
                beside.push((first.len(), spans[blend.with]));
                first.push(spans[blend.without]);
                lit.push(behind(spans[blend.without]));
            }
            Op::Multiply(factor) => {
                if let Some(plane) = lit.last_mut() {
                    plane.shrink_to(&program.factors()[factor]);
                }
            }
            Op::Pointwise(_) => {}
        }
    }
    let last = first.len() - 1;
    let reached = |index: usize, span: Span, to: Option<&Extent>| {
        let ((rows, columns), (tall, wide)) = (span.grid().shape(), span.padded());
        if span.refinement() != Refinement::Same {
            // Between samples of different sizes there is no whole offset: the window as it is.
            return Way { span, reach: [tall, wide] };
        }
        let plane = Extent::whole(rows, columns);
        let from = if index == 0 { &object } else { &lit[index - 1] };
        let to = to.unwrap_or(if index == last { &plane } else { &lit[index] });
        Way { span, reach: [reach(&from.rows, &to.rows), reach(&from.columns, &to.columns)] }
    };
    (0..last)
        .map(|index| reached(index, first[index], None))
        .chain([reached(last, first[last], Some(&seen)), reached(last, first[last], None)])
        .chain(beside.into_iter().map(|(index, span)| reached(index, span, None)))
        .collect()
}

/// Points of a padded window above which gaps are planned one after the other: each takes three such arrays of double
/// precision at a time.
const LARGE: usize = 1 << 22;

/// A crossing for each of `ways`, of which some are `known`; equal ones share one.
pub(super) fn plan(
    ways: &[Way],
    known: &[(Way, Arc<Crossing>)],
    plans: &mut Plans,
    pool: &rayon::ThreadPool,
) -> Vec<Arc<Crossing>> {
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
    plans.add(ways.iter().flat_map(Way::row_points));
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
    ways.iter()
        .filter_map(|way| all.iter().find(|(other, _)| other == way))
        .map(|(_, crossing)| Arc::clone(crossing))
        .collect()
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
