//! The light of one sample: two fused passes a propagation, in single precision.
//!
//! A field waits between the passes as the x-spectrum of its rows, one row every `stride` numbers. The *column
//! pass* gathers a block of columns, transforms, multiplies with H, transforms back and scatters the rows that
//! are kept. The *row pass* transforms each row back, crops, meets what stands on the plane, pads for the next span and
//! transforms again. Rows that carry nothing are never transformed, nothing is transposed as a whole, and a block stays in
//! cache.

use std::ops::Range;

use d2nn_kernels::BLOCK;
use ndarray::ArrayView2;
use num_complex::{Complex, Complex32};

use super::aligned::Aligned;
use super::crossing::{Column, Crossing};
use super::optics::{Local, Optics};
use crate::bench::Bench;
use crate::field::narrow_complex;
use crate::program::{Wants, cross_pointwise, cross_pointwise_adjoint};

const DARK: Complex32 = Complex32::new(0.0, 0.0);

/// What one sample in flight needs.
pub(super) struct Workspace {
    /// x-spectra of the rows; a row begins every `stride` numbers, whatever the window of the gap at hand.
    spectra: Aligned<Complex32>,
    stride: usize,
    /// One block of columns, shape (BLOCK, rows of the window).
    block: Aligned<Complex32>,
    scratch: Aligned<Complex32>,
    /// Fields that are kept for the adjoint pass, shape (networks, kept, rows, columns).
    incident: Aligned<Complex32>,
    /// Field at the detector plane of each network, shape (networks, rows, columns); only what was asked for is valid.
    detector: Aligned<Complex32>,
}

impl Workspace {
    /// Dark planes.
    pub(super) fn new(optics: &Optics) -> Self {
        let (rows, columns) = (optics.rows, optics.columns);
        let largest =
            |size: &dyn Fn(&Crossing) -> usize| optics.all_crossings().map(|c| size(c)).fold(0, usize::max);
        let stride = largest(&|crossing| crossing.window.1);
        Workspace {
            spectra: Aligned::new(DARK, rows * stride),
            stride,
            block: Aligned::new(DARK, BLOCK * largest(&|crossing| crossing.window.0)),
            scratch: Aligned::new(DARK, largest(&Crossing::scratch)),
            incident: Aligned::new(DARK, optics.networks * optics.kept * rows * columns),
            detector: Aligned::new(DARK, optics.networks * rows * columns),
        }
    }

    /// Carries an image through every network to `rows` of its detector plane, across `last`, the last gap.
    pub(super) fn carry(
        &mut self,
        optics: &Optics,
        bench: &Bench,
        image: ArrayView2<'_, f32>,
        last: &Crossing,
        rows: &[Range<usize>],
    ) {
        for network in 0..optics.networks {
            self.forward(optics, bench, image, last, network);
            self.arrive(optics, last, rows, network);
        }
    }

    /// Carries an image from the object plane to the last plane of `network` before the detector, transformed for `last`,
    /// the span to the detector.
    fn forward(
        &mut self,
        optics: &Optics,
        bench: &Bench,
        image: ArrayView2<'_, f32>,
        last: &Crossing,
        network: usize,
    ) {
        let crossed = optics.crossings.len() - 1;
        let of = |index: usize| if index < crossed { &*optics.crossings[index] } else { last };
        self.emit(optics, bench, image, of(0), network);
        let every_row = 0..optics.rows;
        let every_row = std::slice::from_ref(&every_row);
        let mut lit = std::slice::from_ref(&optics.object_rows);
        for index in 0..crossed {
            let (here, next) = (of(index), of(index + 1));
            self.cross_columns(optics, here, lit, every_row, false);
            for row in 0..optics.rows {
                let spectrum = &mut self.spectra[row * self.stride..][..self.stride];
                here.row_inverse.process_with_scratch(&mut spectrum[..here.window.1], &mut self.scratch);
                let inside = &mut spectrum[..optics.columns];
                meet(optics, &optics.planes[index + 1], network, row, inside, &mut self.incident);
                spectrum[optics.columns..next.window.1].fill(DARK);
                next.row_forward.process_with_scratch(&mut spectrum[..next.window.1], &mut self.scratch);
            }
            lit = every_row;
        }
    }

    /// Puts the encoded image into the spectra, behind what stands on the object plane, transformed for `span`.
    fn emit(
        &mut self,
        optics: &Optics,
        bench: &Bench,
        image: ArrayView2<'_, f32>,
        span: &Crossing,
        network: usize,
    ) {
        let object = &bench.object;
        let ((_, left), (_, extent)) = (object.origin(), object.extent());
        let width = span.window.1;
        let plane = &optics.planes[0];
        for (line, row) in optics.object_rows.clone().enumerate() {
            let (above, below) = self.spectra.split_at_mut(row * self.stride);
            let spectrum = &mut below[..width];
            if plane.is_empty() && object.repeats(line) {
                spectrum.copy_from_slice(&above[(row - 1) * self.stride..][..width]);
                continue;
            }
            spectrum.fill(DARK);
            object.row(image, line, &mut spectrum[left..left + extent]);
            meet(optics, plane, network, row, &mut spectrum[..optics.columns], &mut self.incident);
            span.row_forward.process_with_scratch(spectrum, &mut self.scratch);
        }
    }

    /// Last column pass and inverse row transforms: the field at the detector plane of `network` on `rows`.
    fn arrive(&mut self, optics: &Optics, last: &Crossing, rows: &[Range<usize>], network: usize) {
        let crossed = optics.crossings.len() - 1;
        let lit = if crossed == 0 { optics.object_rows.clone() } else { 0..optics.rows };
        self.cross_columns(optics, last, std::slice::from_ref(&lit), rows, false);
        let first = network * optics.rows;
        for row in rows.iter().cloned().flatten() {
            let spectrum = &mut self.spectra[row * self.stride..][..last.window.1];
            last.row_inverse.process_with_scratch(spectrum, &mut self.scratch);
            let inside = &mut spectrum[..optics.columns];
            meet(optics, &optics.planes[crossed + 1], network, row, inside, &mut self.incident);
            self.detector[(first + row) * optics.columns..(first + row + 1) * optics.columns]
                .copy_from_slice(inside);
        }
    }

    /// Power in each region, then what [`Detector::watching_plane`](crate::detector::Detector::watching_plane) adds; after
    /// [`Workspace::carry`].
    pub(super) fn readings(&self, optics: &Optics) -> Vec<f64> {
        let read = |(rows, columns): (Range<usize>, Range<usize>)| {
            let line = |row: usize| &self.detector[row * optics.columns..][columns.clone()];
            rows.map(|row| power(line(row))).sum::<f64>() * optics.pixel_area
        };
        let mut readings: Vec<f64> = optics.all_regions().map(read).collect();
        if optics.watches_plane {
            let square = |u: &Complex32| f64::from(u.norm_sqr()).powi(2);
            let squares: f64 = self
                .detector
                .chunks_exact(optics.columns)
                .map(|row| row.iter().map(square).sum::<f64>())
                .sum();
            readings.extend([self.plane_power(optics), squares * optics.pixel_area]);
        }
        readings
    }

    /// Power through the planes; after [`Workspace::carry`] to every row.
    pub(super) fn plane_power(&self, optics: &Optics) -> f64 {
        self.detector.chunks_exact(optics.columns).map(power).sum::<f64>() * optics.pixel_area
    }

    /// The field on the samples of every region, region by region and row by row; after [`Workspace::carry`].
    pub(super) fn region_fields<'a>(&'a self, optics: &'a Optics) -> impl Iterator<Item = Complex32> + 'a {
        optics.all_regions().flat_map(move |(rows, columns)| {
            rows.flat_map(move |row| &self.detector[row * optics.columns..][columns.clone()]).copied()
        })
    }

    /// The field on every sample of the detector planes; after [`Workspace::carry`] to every row.
    pub(super) fn plane_field(&self) -> &[Complex32] {
        &self.detector
    }

    /// The fields that are kept, to be put back for [`Workspace::adjoint`].
    pub(super) fn incident_mut(&mut self) -> &mut Aligned<Complex32> {
        &mut self.incident
    }

    /// Makes the field at the detector the source of the adjoint light: times the slope of its region, or what all of
    /// [`Workspace::readings`] want of a sample.
    pub(super) fn weigh(&mut self, optics: &Optics, slopes: &[f64]) {
        if optics.watches_plane {
            return self.weigh_plane(optics, slopes);
        }
        for ((rows, columns), slope) in optics.all_regions().zip(slopes) {
            let factor = (2.0 * slope * optics.pixel_area) as f32;
            for row in rows {
                self.detector[row * optics.columns..][columns.clone()].iter_mut().for_each(|u| *u *= factor);
            }
        }
    }

    /// With the slopes s of regions, plane power and Q: 2 pitch^2 (s_region + s_plane + 2 s_Q |U|^2) U.
    fn weigh_plane(&mut self, optics: &Optics, slopes: &[f64]) {
        let regions = optics.regions.len();
        let (of_regions, of_plane) = slopes.split_at(optics.networks * regions);
        let [by_power, by_square] = [of_plane[0], of_plane[1]].map(|slope| 2.0 * slope * optics.pixel_area);
        let mut along = vec![0f64; optics.columns];
        for (line, row) in self.detector.chunks_exact_mut(optics.columns).enumerate() {
            let (network, line) = (line / optics.rows, line % optics.rows);
            along.fill(by_power);
            for &region in &optics.regions_of_row[line] {
                let slope = 2.0 * of_regions[network * regions + region] * optics.pixel_area;
                along[optics.regions[region].1.clone()].iter_mut().for_each(|factor| *factor += slope);
            }
            for (u, factor) in row.iter_mut().zip(&along) {
                *u *= (factor + 2.0 * by_square * f64::from(u.norm_sqr())) as f32;
            }
        }
    }

    /// Makes `source`, in the order of [`Workspace::region_fields`], the source of the adjoint light.
    pub(super) fn set_region_source(&mut self, optics: &Optics, source: impl Iterator<Item = Complex32>) {
        let mut source = source;
        for (rows, columns) in optics.all_regions() {
            for row in rows {
                let samples = self.detector[row * optics.columns..][columns.clone()].iter_mut();
                samples.zip(source.by_ref()).for_each(|(sample, value)| *sample = value);
            }
        }
    }

    /// Carries the adjoint field from what is looked at on the detector plane to the first plane of each network that asks
    /// for slopes, and adds them to `sums` ([`Optics::sums_of`]).
    pub(super) fn adjoint(&mut self, optics: &Optics, sums: &mut [f32]) {
        for network in 0..optics.networks {
            self.adjoint_through(optics, network, sums);
        }
    }

    fn adjoint_through(&mut self, optics: &Optics, network: usize, sums: &mut [f32]) {
        let Some(earliest) = optics.earliest() else { return };
        let last = optics.to_regions();
        let first = network * optics.rows;
        let at_detector = &optics.planes[optics.crossings.len()];
        for row in optics.detector_rows.iter().cloned().flatten() {
            let spectrum = &mut self.spectra[row * self.stride..][..last.window.1];
            spectrum.fill(DARK);
            let source = &self.detector[(first + row) * optics.columns..(first + row + 1) * optics.columns];
            if optics.watches_plane {
                spectrum[..optics.columns].copy_from_slice(source);
            } else {
                for &region in &optics.regions_of_row[row] {
                    let columns = optics.regions[region].1.clone();
                    spectrum[columns.clone()].copy_from_slice(&source[columns]);
                }
            }
            let inside = &mut spectrum[..optics.columns];
            meet_adjoint(optics, at_detector, network, row, inside, &self.incident, sums);
            last.row_forward.process_with_scratch(spectrum, &mut self.scratch);
        }
        let every_row = 0..optics.rows;
        let every_row = std::slice::from_ref(&every_row);
        let mut lit = &optics.detector_rows[..];
        for index in (earliest..optics.crossings.len()).rev() {
            let here = &*optics.crossings[index];
            self.cross_columns(optics, here, lit, every_row, true);
            lit = every_row;
            for row in 0..optics.rows {
                let spectrum = &mut self.spectra[row * self.stride..][..self.stride];
                here.row_inverse.process_with_scratch(&mut spectrum[..here.window.1], &mut self.scratch);
                let inside = &mut spectrum[..optics.columns];
                meet_adjoint(optics, &optics.planes[index], network, row, inside, &self.incident, sums);
                if index > earliest {
                    let next = &optics.crossings[index - 1];
                    spectrum[optics.columns..next.window.1].fill(DARK);
                    next.row_forward.process_with_scratch(&mut spectrum[..next.window.1], &mut self.scratch);
                }
            }
        }
    }

    /// The column pass across `span`: rows outside `lit` are dark, rows outside `kept` are not written.
    fn cross_columns(
        &mut self,
        optics: &Optics,
        span: &Crossing,
        lit: &[Range<usize>],
        kept: &[Range<usize>],
        adjoint: bool,
    ) {
        let ((height, width), stride) = (span.window, self.stride);
        for first in (0..width).step_by(BLOCK) {
            let columns = BLOCK.min(width - first);
            let block = &mut self.block[..columns * height];
            // Everything between the lit ranges, and the padding behind them, is dark.
            let mut dark = 0;
            for range in lit.iter().cloned().chain(std::iter::once(height..height)) {
                for column in block.chunks_exact_mut(height) {
                    column[dark..range.start].fill(DARK);
                }
                dark = range.end;
                let spectra = &self.spectra[first..];
                optics.arithmetic.gather(spectra, stride, range, block, height);
            }
            span.column_forward.process_with_scratch(block, &mut self.scratch);
            for (column, spectrum) in block.chunks_exact_mut(height).enumerate() {
                match span.transfer_column(first + column) {
                    Column::Even(transfer) => optics.arithmetic.filter(spectrum, transfer, adjoint),
                    Column::Whole(transfer) => optics.arithmetic.filter_whole(spectrum, transfer, adjoint),
                }
            }
            span.column_inverse.process_with_scratch(block, &mut self.scratch);
            for range in kept.iter().cloned() {
                let spectra = &mut self.spectra[first..];
                optics.arithmetic.scatter(block, height, range, spectra, stride);
            }
        }
    }
}

/// Row `row` of a field meets what stands on the plane of `network`; what is kept goes to `incident`.
fn meet(
    optics: &Optics,
    plane: &[Local],
    network: usize,
    row: usize,
    field: &mut [Complex32],
    incident: &mut [Complex32],
) {
    for local in plane {
        match *local {
            Local::Multiply(slot) => {
                let factor = optics.factor_row(network, slot.factor, row);
                if slot.wants == Wants::Nothing {
                    field.iter_mut().zip(factor).for_each(|(u, t)| *u *= t);
                } else {
                    let kept = &mut incident[optics.kept_row(network, slot.kept, row)];
                    optics.arithmetic.cross_mask(field, factor, kept);
                }
            }
            Local::Pointwise { sheet, kept } => {
                let sheet = &*optics.sheets[sheet];
                incident[optics.kept_row(network, kept, row)].copy_from_slice(field);
                field.iter_mut().for_each(|u| *u = narrow_complex(cross_pointwise(sheet, widen(*u))));
            }
        }
    }
}

/// The adjoint of [`meet`], which adds to `sums` what is asked for.
fn meet_adjoint(
    optics: &Optics,
    plane: &[Local],
    network: usize,
    row: usize,
    field: &mut [Complex32],
    incident: &[Complex32],
    sums: &mut [f32],
) {
    for local in plane.iter().rev() {
        match *local {
            Local::Multiply(slot) => {
                let factor = optics.factor_row(network, slot.factor, row);
                if slot.wants == Wants::Nothing {
                    field.iter_mut().zip(factor).for_each(|(u, t)| *u *= t.conj());
                    continue;
                }
                let kept = &incident[optics.kept_row(network, slot.kept, row)];
                let numbers = optics.columns * slot.sums();
                let sums = &mut sums[optics.sums_of(network, &slot)][row * numbers..][..numbers];
                match slot.wants {
                    Wants::Turn { absorption } => {
                        optics.arithmetic.cross_phase_adjoint(field, factor, kept, sums, absorption as f32);
                    }
                    Wants::Whole | Wants::Nothing => {
                        optics.arithmetic.cross_adjoint(field, factor, kept, sums);
                    }
                }
            }
            Local::Pointwise { sheet, kept } => {
                let sheet = &*optics.sheets[sheet];
                let kept = &incident[optics.kept_row(network, kept, row)];
                for (g, u) in field.iter_mut().zip(kept) {
                    *g = narrow_complex(cross_pointwise_adjoint(sheet, widen(*u), widen(*g)));
                }
            }
        }
    }
}

fn widen(u: Complex32) -> Complex<f64> {
    Complex::new(f64::from(u.re), f64::from(u.im))
}

/// Sum of |u|^2, in double precision: readings of different brightness share one sum.
fn power(field: &[Complex32]) -> f64 {
    field.iter().map(|u| f64::from(u.norm_sqr())).sum()
}
