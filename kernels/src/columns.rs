//! Columns of a field, side by side in the lanes of vectors: transformed, multiplied, transformed back, in place.
//!
//! Columns stand as they are, one row behind the other: a vector takes as many neighbours of a row as it has lanes, each of
//! which goes through the same operations, so nothing is turned. Forward by decimation in frequency, which leaves
//! the frequencies in the order of their reversed digits; the product knows that order; back by decimation in time, which
//! undoes it (Cooley & Tukey, Math. Comput. 19, 297 (1965); Gentleman & Sande, AFIPS 29, 563 (1966)). The first stage
//! reads rows, the last writes rows, and the one in the middle goes forward, multiplies and goes back at once.
//!
//! Transforms back are forward ones of numbers whose real and imaginary parts have changed places.

use std::f64::consts::TAU;
use std::ops::Range;
use std::sync::Arc;

use num_complex::Complex32;
use pulp::{Simd, WithSimd, bytemuck};

use crate::arithmetic::Arithmetic;
use crate::lanes::{LANES, Pair, RADICES, dark, dft, load, product, store};
use crate::transforms::{Fft, Transformed};

/// Convolutions along the columns of windows: planned once for a transfer function.
pub struct ColumnFilter {
    arithmetic: Arithmetic,
    /// Points of the columns before and behind.
    points: [usize; 2],
    blocks: Vec<Block>,
    /// Columns before and behind that lie beyond the band of the other plane, if there are any.
    beyond: [Range<usize>; 2],
    way: Way,
}

/// Neighbouring columns: the first of them in the window before and in that behind, and how many.
struct Block {
    first: [usize; 2],
    count: usize,
}

/// How columns are transformed.
enum Way {
    /// In lanes, from plane to plane of the same samples: the row of the transfer function at each place.
    Same { plan: Plan, rows: Vec<usize>, transfer: Split },
    /// In lanes, between planes of different samples.
    Refined { plans: [Plan; 2], band: Vec<Shared>, transfer: Split },
    /// Of lengths with other factors than 2, 3 and 5, one after the other.
    Single { plans: [[Arc<dyn Fft<f32>>; 2]; 2], band: Vec<Shared>, transfer: Vec<Complex32> },
}

/// A frequency that both planes have: its places in their columns, and its row in the transfer function.
#[derive(Clone, Copy)]
struct Shared {
    places: [usize; 2],
    row: usize,
}

/// Stages of the transform of a column.
pub(crate) struct Plan {
    pub(crate) points: usize,
    pub(crate) stages: Vec<Stage>,
}

/// One stage.
pub(crate) struct Stage {
    pub(crate) radix: usize,
    /// Points of the transforms it begins.
    size: usize,
    /// exp(-i 2 pi j p/size), for each j below size/radix those of p = 1 .. radix, real and imaginary part.
    twiddles: Vec<f32>,
}

/// Real and imaginary parts apart, a vector of each for every block and row; they begin at a cache line.
struct Split {
    numbers: Vec<f32>,
    start: usize,
    /// Rows of a block.
    rows: usize,
}

/// Bytes of a cache line.
const LINE: usize = 64;

impl Plan {
    /// Two stages or more for `points` points: as few as can be, of the smallest radices then; none for other factors than 2,
    /// 3 and 5.
    pub(crate) fn new(points: usize) -> Option<Self> {
        // A whole transform in one stage would have to read, multiply and write at once.
        let most = RADICES[RADICES.len() - 1].min(points.saturating_sub(1));
        let radices = radices(points, most).filter(|radices| !radices.is_empty())?;
        let mut size = points;
        let stage = |radix: usize| {
            let mut twiddles = Vec::with_capacity(2 * (radix - 1) * (size / radix));
            for j in 0..size / radix {
                for p in 1..radix {
                    let angle = -TAU * (j * p) as f64 / size as f64;
                    twiddles.extend([angle.cos() as f32, angle.sin() as f32]);
                }
            }
            let stage = Stage { radix, size, twiddles };
            size /= radix;
            stage
        };
        Some(Plan { points, stages: radices.into_iter().map(stage).collect() })
    }

    /// Where each frequency stands behind the stages.
    pub(crate) fn places(&self) -> Vec<usize> {
        let mut places = vec![0; self.points];
        for place in 0..self.points {
            let (mut rest, mut unit, mut frequency) = (place, 1, 0);
            for Stage { radix, size, .. } in &self.stages {
                let each = size / radix;
                frequency += unit * (rest / each);
                rest %= each;
                unit *= radix;
            }
            places[frequency] = place;
        }
        places
    }
}

/// Factors of `points`, none above `most`, falling: as few as can be, and of those the ones with the smallest first.
fn radices(points: usize, most: usize) -> Option<Vec<usize>> {
    if points == 1 {
        return Some(Vec::new());
    }
    let with = |radix: usize| {
        let rest = radices(points / radix, radix)?;
        Some([vec![radix], rest].concat())
    };
    let fitting = RADICES.into_iter().filter(|&radix| radix <= most && points.is_multiple_of(radix));
    fitting.filter_map(with).min_by_key(Vec::len)
}

impl ColumnFilter {
    /// Plans columns of windows with a band of `band` = (rows, columns) points, `factors` times as many in the windows before
    /// and behind along both sides, for the transfer function `transfer`: row by row, on the whole band, or on the
    /// frequencies from zero up where it is `even` in both.
    pub fn new(
        arithmetic: Arithmetic,
        band: (usize, usize),
        factors: [usize; 2],
        transfer: &[Complex32],
        even: bool,
    ) -> Self {
        let (rows, columns) = band;
        let points = factors.map(|factor| rows * factor);
        let refined = factors[0] != factors[1];
        let plans = [points[0], points[1]].map(Plan::new);
        let in_lanes = plans.iter().all(Option::is_some);
        let lanes = if in_lanes { arithmetic.lanes() } else { 1 };
        // Positive and negative frequencies lie apart in a finer window.
        let half = columns.div_ceil(2);
        let middle = if refined { half } else { columns };
        let parts = [0..middle, middle..columns];
        let block = |first: usize, end: usize| Block {
            first: factors.map(|factor| in_finer(first, columns, factor)),
            count: lanes.min(end - first),
        };
        let starts: Vec<(usize, usize)> = parts
            .into_iter()
            .flat_map(|part| part.clone().step_by(lanes).map(move |first| (first, part.end)))
            .collect();
        let blocks = starts.iter().map(|&(first, end)| block(first, end)).collect();
        let beyond = [[0, 1], [1, 0]].map(|[own, other]| {
            let more =
                if factors[own] > factors[other] { in_finer(half, columns, factors[own]) } else { half };
            half..more
        });
        let folded = |frequency: usize, points: usize| {
            if even { frequency.min(points - frequency) } else { frequency }
        };
        let width = if even { columns / 2 + 1 } else { columns };
        let tall = if even { rows / 2 + 1 } else { rows };
        let value = |row: usize, column: usize| transfer[row * width + folded(column, columns)];
        let columns_of = |first: usize, end: usize| first..end.min(first + lanes);
        let split = || {
            let blocks = starts.iter().map(|&(first, end)| columns_of(first, end));
            let numbers = blocks.flat_map(|columns| (0..tall).map(move |row| (row, columns.clone())));
            arithmetic
                .split(tall, numbers.map(|(row, columns)| columns.map(|column| value(row, column)).collect()))
        };
        let band = |places: [Vec<usize>; 2]| -> Vec<Shared> {
            let shared = |row: usize| Shared {
                places: [0, 1].map(|end| places[end][in_finer(row, rows, factors[end])]),
                row: folded(row, rows),
            };
            (0..rows).map(shared).collect()
        };
        let way = match plans {
            [Some(plan), Some(_)] if !refined => {
                let mut of_place = vec![0; rows];
                for (frequency, place) in plan.places().into_iter().enumerate() {
                    of_place[place] = folded(frequency, rows);
                }
                Way::Same { plan, rows: of_place, transfer: split() }
            }
            [Some(before), Some(behind)] => {
                let band = band([before.places(), behind.places()]);
                Way::Refined { plans: [before, behind], band, transfer: split() }
            }
            _ => {
                let mut planner = f32::planner();
                let plans = points.map(|points| [planner.forward(points), planner.inverse(points)]);
                let all = |column: usize| (0..tall).map(move |row| (row, column));
                Way::Single {
                    plans,
                    band: band(points.map(|points| (0..points).collect())),
                    transfer: (0..columns).flat_map(all).map(|(row, column)| value(row, column)).collect(),
                }
            }
        };
        ColumnFilter { arithmetic, points, blocks, beyond, way }
    }

    /// Numbers of scratch space that [`ColumnFilter::apply`] needs.
    pub fn scratch(&self) -> usize {
        match &self.way {
            Way::Same { plan, .. } => 2 * LANES * plan.points,
            Way::Refined { plans: [before, behind], .. } => 2 * LANES * (before.points + behind.points),
            Way::Single { .. } => 0,
        }
    }

    /// Convolves the columns of `spectra`, of which a row begins every `stride` numbers: rows outside `lit` are dark, rows outside
    /// `kept` are not written. Adjoint: from behind to before, with the conjugate of the transfer function.
    pub fn apply(
        &self,
        spectra: &mut [Complex32],
        stride: usize,
        lit: &[Range<usize>],
        kept: &[Range<usize>],
        adjoint: bool,
        scratch: &mut [f32],
    ) {
        let ends = if adjoint { [1, 0] } else { [0, 1] };
        let [from, to] = ends;
        let rows = [marked(lit, self.points[from]), marked(kept, self.points[to])];
        let pass = Pass { filter: self, ends, stride, rows: [&rows[0], &rows[1]], adjoint };
        match &self.way {
            Way::Same { .. } | Way::Refined { .. } => {
                let spectra = bytemuck::cast_slice_mut(spectra);
                self.arithmetic.0.dispatch(InLanes { pass, spectra, scratch });
            }
            Way::Single { plans, band, transfer } => pass.singly(plans, band, transfer, spectra),
        }
        // Frequencies that a finer plane has beyond the band.
        if !self.beyond[to].is_empty() {
            for row in kept.iter().cloned().flatten() {
                spectra[row * stride..][self.beyond[to].clone()].fill(Complex32::default());
            }
        }
    }
}

/// Place of the frequency with the number `index` of `points` in a transform of `factor` times as many.
fn in_finer(index: usize, points: usize, factor: usize) -> usize {
    if index < points.div_ceil(2) { index } else { index + (factor - 1) * points }
}

/// Whether each of `points` rows lies in one of `ranges`.
fn marked(ranges: &[Range<usize>], points: usize) -> Vec<bool> {
    let mut marked = vec![false; points];
    ranges.iter().for_each(|range| marked[range.clone()].fill(true));
    marked
}

impl Arithmetic {
    /// Numbers of a vector.
    fn lanes(self) -> usize {
        struct Count;
        impl WithSimd for Count {
            type Output = usize;
            #[inline(always)]
            fn with_simd<S: Simd>(self, _: S) -> usize {
                S::F32_LANES
            }
        }
        self.0.dispatch(Count)
    }

    /// Parts of `lines` of complex numbers, each at most a vector long, `rows` of them for each block.
    fn split(self, rows: usize, lines: impl Iterator<Item = Vec<Complex32>>) -> Split {
        struct Parts<'a>(&'a [Complex32]);
        impl WithSimd for Parts<'_> {
            type Output = Vec<f32>;
            #[inline(always)]
            fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
                bytemuck::cast_slice(&load(simd, bytemuck::cast_slice(self.0))).to_vec()
            }
        }
        let numbers: Vec<f32> = lines.flat_map(|line| self.0.dispatch(Parts(&line))).collect();
        let mut padded = vec![0.0; numbers.len() + LINE / size_of::<f32>()];
        let start = padded.as_ptr().align_offset(LINE);
        padded[start..start + numbers.len()].copy_from_slice(&numbers);
        Split { numbers: padded, start, rows }
    }
}

impl Split {
    /// The rows of block `number`.
    #[inline(always)]
    fn block<S: Simd>(&self, number: usize) -> &[Pair<S>] {
        let (vectors, _) = S::as_simd_f32s(&self.numbers[self.start..]);
        let (pairs, _) = vectors.as_chunks::<2>();
        &pairs[number * self.rows..(number + 1) * self.rows]
    }
}

/// One application of a filter.
struct Pass<'a> {
    filter: &'a ColumnFilter,
    /// Numbers of the planes light comes from and goes to.
    ends: [usize; 2],
    stride: usize,
    /// Which rows are lit, and which are kept.
    rows: [&'a [bool]; 2],
    adjoint: bool,
}

impl Pass<'_> {
    /// Column by column.
    fn singly(
        &self,
        plans: &[[Arc<dyn Fft<f32>>; 2]; 2],
        band: &[Shared],
        transfer: &[Complex32],
        spectra: &mut [Complex32],
    ) {
        let [from, to] = self.ends;
        let [lit, kept] = self.rows;
        let places = |rows: &[bool]| -> Vec<usize> {
            rows.iter().enumerate().filter(|(_, here)| **here).map(|(row, _)| row).collect()
        };
        let (lit, kept) = (places(lit), places(kept));
        let (mut sent, mut received) =
            (vec![Complex32::default(); self.rows[0].len()], vec![Complex32::default(); self.rows[1].len()]);
        let tall = transfer.len() / self.filter.blocks.len();
        // Into a finer window from the last column: none is written over before it is read.
        let (columns, falling) = (self.filter.blocks.len(), received.len() > sent.len());
        for turn in 0..columns {
            let number = if falling { columns - 1 - turn } else { turn };
            let first = self.filter.blocks[number].first;
            sent.fill(Complex32::default());
            lit.iter().for_each(|&row| sent[row] = spectra[row * self.stride + first[from]]);
            plans[from][0].process(&mut sent);
            received.fill(Complex32::default());
            for Shared { places, row } in band {
                let factor = transfer[number * tall + row];
                received[places[to]] = sent[places[from]] * if self.adjoint { factor.conj() } else { factor };
            }
            plans[to][1].process(&mut received);
            kept.iter().for_each(|&row| spectra[row * self.stride + first[to]] = received[row]);
        }
    }
}

/// A pass whose columns stand in lanes.
struct InLanes<'a> {
    pass: Pass<'a>,
    spectra: &'a mut [f32],
    scratch: &'a mut [f32],
}

/// Calls a function with the radix `$radix` as a constant.
macro_rules! with_radix {
    ($radix:expr, $function:ident, $lanes:ident, $($argument:expr),*) => {
        match $radix {
            2 => $function::<$lanes, 2>($($argument),*),
            3 => $function::<$lanes, 3>($($argument),*),
            4 => $function::<$lanes, 4>($($argument),*),
            5 => $function::<$lanes, 5>($($argument),*),
            6 => $function::<$lanes, 6>($($argument),*),
            8 => $function::<$lanes, 8>($($argument),*),
            _ => $function::<$lanes, 9>($($argument),*),
        }
    };
}

pub(crate) use with_radix;

impl WithSimd for InLanes<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let InLanes { pass: Pass { filter, ends: [from, to], stride, rows: [lit, kept], adjoint }, .. } =
            self;
        let stride = 2 * stride;
        let (vectors, _) = S::as_mut_simd_f32s(self.scratch);
        let (pairs, _) = vectors.as_chunks_mut::<2>();
        // Into a finer window from the last block: none is written over before it is read.
        let (blocks, falling) = (filter.blocks.len(), filter.points[to] > filter.points[from]);
        for turn in 0..blocks {
            let number = if falling { blocks - 1 - turn } else { turn };
            let Block { first, count } = filter.blocks[number];
            let (read, written) = (2 * first[from], 2 * first[to]);
            let (plans, transfer) = match &filter.way {
                Way::Same { plan, transfer, .. } => ([plan, plan], transfer),
                Way::Refined { plans, transfer, .. } => ([&plans[from], &plans[to]], transfer),
                Way::Single { .. } => return,
            };
            let [sending, receiving] = plans;
            let transfer = transfer.block::<S>(number);
            let (buffer, other) = pairs.split_at_mut(sending.points);
            let source = Rows { first: read, stride, count, marked: Some(lit) };
            let stage = &sending.stages[0];
            with_radix!(stage.radix, enter, S, simd, stage, &*self.spectra, source, buffer);
            // Between planes of the same samples the last stage forward and the first one back are one.
            let shared = usize::from(matches!(filter.way, Way::Same { .. }));
            for stage in &sending.stages[1..sending.stages.len() - shared] {
                with_radix!(stage.radix, part, S, simd, stage, buffer);
            }
            let buffer = match &filter.way {
                Way::Same { rows, .. } => {
                    let radix = sending.stages[sending.stages.len() - 1].radix;
                    with_radix!(radix, multiply, S, simd, buffer, rows, transfer, adjoint);
                    buffer
                }
                Way::Refined { band, .. } => {
                    let other = &mut other[..receiving.points];
                    other.fill(dark(simd));
                    for Shared { places, row } in band {
                        other[places[to]] = filtered(simd, buffer[places[from]], transfer[*row], adjoint);
                    }
                    other
                }
                Way::Single { .. } => return,
            };
            let back = &receiving.stages[1..receiving.stages.len() - shared];
            for turn in 0..back.len() {
                let stage = &back[back.len() - 1 - turn];
                with_radix!(stage.radix, join, S, simd, stage, buffer);
            }
            let target = Rows { first: written, stride, count, marked: Some(kept) };
            let stage = &receiving.stages[0];
            with_radix!(stage.radix, leave, S, simd, stage, buffer, self.spectra, target);
        }
    }
}

/// Where rows of some columns stand: the first number, how far apart, how many complex numbers of each, and which rows, if
/// not all.
pub(crate) struct Rows<'a> {
    pub(crate) first: usize,
    pub(crate) stride: usize,
    pub(crate) count: usize,
    pub(crate) marked: Option<&'a [bool]>,
}

impl Rows<'_> {
    #[inline(always)]
    fn row(&self, row: usize) -> Range<usize> {
        let first = self.first + row * self.stride;
        first..first + 2 * self.count
    }

    #[inline(always)]
    fn has(&self, row: usize) -> bool {
        match self.marked {
            Some(marked) => marked[row],
            None => true,
        }
    }
}

/// x times the twiddle factor whose real and imaginary part `factor` holds.
#[inline(always)]
fn twiddled<S: Simd>(simd: S, x: Pair<S>, factor: &[f32]) -> Pair<S> {
    product(simd, x, [simd.splat_f32s(factor[0]), simd.splat_f32s(factor[1])])
}

/// Twiddle factors of place `j`.
#[inline(always)]
fn twiddles<const R: usize>(stage: &Stage, j: usize) -> &[[f32; 2]] {
    let (factors, _) = stage.twiddles.as_chunks::<2>();
    &factors[j * (R - 1)..(j + 1) * (R - 1)]
}

/// The first stage, out of the rows.
#[inline(always)]
pub(crate) fn enter<S: Simd, const R: usize>(
    simd: S,
    stage: &Stage,
    spectra: &[f32],
    rows: Rows<'_>,
    buffer: &mut [Pair<S>],
) {
    let each = stage.size / R;
    for j in 0..each {
        let mut x = [dark(simd); R];
        for (q, x) in x.iter_mut().enumerate() {
            let row = j + q * each;
            if rows.has(row) {
                *x = load(simd, &spectra[rows.row(row)]);
            }
        }
        dft(simd, &mut x);
        buffer[j] = x[0];
        for (p, factor) in twiddles::<R>(stage, j).iter().enumerate() {
            buffer[(p + 1) * each + j] = twiddled(simd, x[p + 1], factor);
        }
    }
}

/// A stage forward.
#[inline(always)]
pub(crate) fn part<S: Simd, const R: usize>(simd: S, stage: &Stage, buffer: &mut [Pair<S>]) {
    let each = stage.size / R;
    for j in 0..each {
        let factors = twiddles::<R>(stage, j);
        for block in buffer.chunks_exact_mut(stage.size) {
            let mut x = [dark(simd); R];
            for (q, x) in x.iter_mut().enumerate() {
                *x = block[j + q * each];
            }
            dft(simd, &mut x);
            block[j] = x[0];
            for (p, factor) in factors.iter().enumerate() {
                block[(p + 1) * each + j] = twiddled(simd, x[p + 1], factor);
            }
        }
    }
}

/// x times the transfer function or its conjugate, with real and imaginary part in each other's place.
#[inline(always)]
fn filtered<S: Simd>(simd: S, x: Pair<S>, [re, im]: Pair<S>, adjoint: bool) -> Pair<S> {
    let im = if adjoint { simd.neg_f32s(im) } else { im };
    let [re, im] = product(simd, x, [re, im]);
    [im, re]
}

/// The last stage forward, the product, and the first stage back.
#[inline(always)]
fn multiply<S: Simd, const R: usize>(
    simd: S,
    buffer: &mut [Pair<S>],
    rows: &[usize],
    transfer: &[Pair<S>],
    adjoint: bool,
) {
    let ((blocks, _), (rows, _)) = (buffer.as_chunks_mut::<R>(), rows.as_chunks::<R>());
    for (x, rows) in blocks.iter_mut().zip(rows) {
        dft(simd, x);
        for (x, row) in x.iter_mut().zip(rows) {
            *x = filtered(simd, *x, transfer[*row], adjoint);
        }
        dft(simd, x);
    }
}

/// A stage back.
#[inline(always)]
fn join<S: Simd, const R: usize>(simd: S, stage: &Stage, buffer: &mut [Pair<S>]) {
    let each = stage.size / R;
    for j in 0..each {
        let factors = twiddles::<R>(stage, j);
        for block in buffer.chunks_exact_mut(stage.size) {
            let mut x = [dark(simd); R];
            for (q, x) in x.iter_mut().enumerate() {
                *x = block[j + q * each];
            }
            for (p, factor) in factors.iter().enumerate() {
                x[p + 1] = twiddled(simd, x[p + 1], factor);
            }
            dft(simd, &mut x);
            for (q, x) in x.into_iter().enumerate() {
                block[j + q * each] = x;
            }
        }
    }
}

/// The last stage, into the rows.
#[inline(always)]
fn leave<S: Simd, const R: usize>(
    simd: S,
    stage: &Stage,
    buffer: &[Pair<S>],
    spectra: &mut [f32],
    rows: Rows<'_>,
) {
    let each = stage.size / R;
    for j in 0..each {
        let mut any = false;
        for q in 0..R {
            any |= rows.has(j + q * each);
        }
        if !any {
            continue;
        }
        let mut x = [dark(simd); R];
        for (q, x) in x.iter_mut().enumerate() {
            *x = buffer[j + q * each];
        }
        for (p, factor) in twiddles::<R>(stage, j).iter().enumerate() {
            x[p + 1] = twiddled(simd, x[p + 1], factor);
        }
        dft(simd, &mut x);
        for (q, [im, re]) in x.into_iter().enumerate() {
            let row = j + q * each;
            if rows.has(row) {
                store(simd, [re, im], &mut spectra[rows.row(row)]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use num_complex::Complex;

    use super::*;

    /// Numbers between -0.5 and 0.5.
    fn numbers(count: usize) -> Vec<Complex32> {
        let mut state = 1u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1 << 24) as f32 - 0.5
        };
        (0..count).map(|_| Complex32::new(next(), next())).collect()
    }

    /// Column `number` of the band by the definition of the transform.
    fn by_definition(
        column: &[Complex32],
        to: usize,
        transfer: impl Fn(usize) -> Complex32,
        [before, behind]: [usize; 2],
        band: usize,
        adjoint: bool,
    ) -> Vec<Complex<f64>> {
        let wide = |number: Complex32| Complex::new(f64::from(number.re), f64::from(number.im));
        let from = column.len();
        let turn = |index: usize, points: usize| TAU * (index % points) as f64 / points as f64;
        let spectrum: Vec<Complex<f64>> = (0..band)
            .map(|row| {
                let place = in_finer(row, band, before);
                let terms = column.iter().enumerate();
                let sum: Complex<f64> =
                    terms.map(|(n, u)| wide(*u) * Complex::cis(-turn(n * place, from))).sum();
                sum * if adjoint { wide(transfer(row)).conj() } else { wide(transfer(row)) }
            })
            .collect();
        let at = |n: usize| {
            let terms = spectrum.iter().enumerate();
            terms.map(|(row, value)| value * Complex::cis(turn(n * in_finer(row, band, behind), to))).sum()
        };
        (0..to).map(at).collect()
    }

    #[test]
    fn columns_are_convolved_as_defined() {
        // Lengths of two to four stages, one with another factor; whole and ragged vectors; finer and coarser planes.
        let cases = [
            ((8, 16), [1, 1]),
            ((24, 21), [1, 1]),
            ((54, 20), [1, 1]),
            ((90, 7), [1, 1]),
            ((240, 33), [1, 1]),
            ((14, 18), [1, 1]),
            ((12, 20), [1, 2]),
            ((12, 37), [3, 1]),
            ((15, 9), [1, 2]),
            ((14, 5), [2, 1]),
        ];
        for (band, factors) in cases {
            for even in [false, factors == [1, 1]] {
                let (rows, columns) = band;
                let (tall, width) = if even { (rows / 2 + 1, columns / 2 + 1) } else { band };
                let transfer = numbers(tall * width);
                let filter = ColumnFilter::new(Arithmetic::default(), band, factors, &transfer, even);
                let fold = |index: usize, points: usize| if even { index.min(points - index) } else { index };
                for adjoint in [false, true] {
                    let ends = if adjoint { [factors[1], factors[0]] } else { factors };
                    let [from, to] = ends.map(|factor| rows * factor);
                    let stride = columns * factors[0].max(factors[1]) + 3;
                    let (lit, kept) = ([0..from / 3, from / 2..from / 2 + 2], 1..to / 2);
                    let sent = numbers(from.max(to) * stride);
                    let mut spectra = sent.clone();
                    let mut scratch = vec![0.0; filter.scratch()];
                    filter.apply(
                        &mut spectra,
                        stride,
                        &lit,
                        std::slice::from_ref(&kept),
                        adjoint,
                        &mut scratch,
                    );
                    for column in 0..columns {
                        let [source, target] = ends.map(|factor| in_finer(column, columns, factor));
                        let lines: Vec<Complex32> = (0..from)
                            .map(|row| {
                                let here = lit.iter().any(|range| range.contains(&row));
                                if here { sent[row * stride + source] } else { Complex32::default() }
                            })
                            .collect();
                        let factor = |row: usize| transfer[fold(row, rows) * width + fold(column, columns)];
                        let expected = by_definition(&lines, to, factor, ends, rows, adjoint);
                        for row in kept.clone() {
                            let found = spectra[row * stride + target];
                            let found = Complex::new(f64::from(found.re), f64::from(found.im));
                            // Sums of up to 240 x 240 terms below 1, with the rounding of single precision.
                            let difference = (found - expected[row]).norm();
                            assert!(
                                difference < 1e-6 * (rows * rows) as f64,
                                "{band:?} {factors:?} {even} {adjoint} at {row}, {column}: {difference}"
                            );
                        }
                    }
                    for row in kept.clone() {
                        let dark =
                            spectra[row * stride..][filter.beyond[usize::from(!adjoint)].clone()].iter();
                        assert!(dark.copied().all(|u| u == Complex32::default()), "beyond the band");
                    }
                    for row in (to / 2)..from.max(to) {
                        assert_eq!(spectra[row * stride..][..stride], sent[row * stride..][..stride]);
                    }
                }
            }
        }
    }

    #[test]
    fn few_stages_are_chosen() {
        for (points, expected) in
            [(8, &[4, 2][..]), (240, &[8, 6, 5]), (432, &[9, 8, 6]), (450, &[6, 5, 5, 3]), (288, &[8, 6, 6])]
        {
            let plan =
                Plan::new(points).map(|plan| plan.stages.iter().map(|stage| stage.radix).collect::<Vec<_>>());
            assert_eq!(plan.as_deref(), Some(expected), "{points}");
        }
        assert!([1, 2, 3, 5, 14].into_iter().all(|points| Plan::new(points).is_none()));
    }
}
