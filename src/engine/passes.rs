//! The light of one sample: two fused passes a propagation, in single precision.
//!
//! A field waits between the passes as the x-spectrum of its rows, one row every `stride` numbers. The *column
//! pass* gathers a block of columns, transforms, multiplies with H, transforms back and scatters the rows that
//! are kept. The *row pass* transforms each row back, crops, meets the mask, pads for the next gap and transforms
//! again. Rows that carry nothing are never transformed, nothing is transposed as a whole, and a block stays in
//! cache.

use std::ops::Range;

use d2nn_kernels::BLOCK;
use ndarray::ArrayView2;
use num_complex::Complex32;

use super::aligned::Aligned;
use super::optics::{Column, Crossing, Optics};
use crate::network::Bench;

const DARK: Complex32 = Complex32::new(0.0, 0.0);

/// What one sample in flight needs.
pub(super) struct Workspace {
    /// x-spectra of the rows; a row begins every `stride` numbers, whatever the window of the gap at hand.
    spectra: Aligned<Complex32>,
    stride: usize,
    /// One block of columns, shape (BLOCK, rows of the window).
    block: Aligned<Complex32>,
    scratch: Aligned<Complex32>,
    /// Field that fell on each mask, shape (masks, rows, columns).
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
            incident: Aligned::new(DARK, optics.masks.len() * rows * columns),
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

    /// Carries an image from the object plane to the field behind the last mask of `network`, transformed for `last`, the
    /// gap to the detector.
    fn forward(
        &mut self,
        optics: &Optics,
        bench: &Bench,
        image: ArrayView2<'_, f32>,
        last: &Crossing,
        network: usize,
    ) {
        let masks = optics.masks_of(network);
        let first = if masks.is_empty() { last } else { &optics.crossings[0] };
        self.emit(optics, bench, image, first);
        let every_row = 0..optics.rows;
        let every_row = std::slice::from_ref(&every_row);
        let pixels = optics.rows * optics.columns;
        let mut lit = std::slice::from_ref(&optics.object_rows);
        for (index, mask) in optics.masks[masks.clone()].iter().enumerate() {
            let here = &optics.crossings[index];
            let next = if index + 1 < masks.len() { &optics.crossings[index + 1] } else { last };
            self.cross_columns(optics, here, lit, every_row, false);
            let number = masks.start + index;
            let rows = self.incident[number * pixels..(number + 1) * pixels]
                .chunks_exact_mut(optics.columns)
                .zip(mask.chunks_exact(optics.columns))
                .zip(self.spectra.chunks_exact_mut(self.stride));
            for ((incident, mask), row) in rows {
                here.row_inverse.process_with_scratch(&mut row[..here.window.1], &mut self.scratch);
                optics.arithmetic.cross_mask(&mut row[..optics.columns], mask, incident);
                row[optics.columns..next.window.1].fill(DARK);
                next.row_forward.process_with_scratch(&mut row[..next.window.1], &mut self.scratch);
            }
            lit = every_row;
        }
    }

    /// Puts the encoded image into the spectra, transformed for `gap`.
    fn emit(&mut self, optics: &Optics, bench: &Bench, image: ArrayView2<'_, f32>, gap: &Crossing) {
        let object = &bench.object;
        let ((_, left), (_, extent)) = (object.origin(), object.extent());
        let width = gap.window.1;
        for (line, row) in optics.object_rows.clone().enumerate() {
            let (above, below) = self.spectra.split_at_mut(row * self.stride);
            let spectrum = &mut below[..width];
            if object.repeats(line) {
                spectrum.copy_from_slice(&above[(row - 1) * self.stride..][..width]);
                continue;
            }
            spectrum.fill(DARK);
            object.row(image, line, &mut spectrum[left..left + extent]);
            gap.row_forward.process_with_scratch(spectrum, &mut self.scratch);
        }
    }

    /// Last column pass and inverse row transforms: the field at the detector plane of `network` on `rows`.
    fn arrive(&mut self, optics: &Optics, last: &Crossing, rows: &[Range<usize>], network: usize) {
        let lit = if optics.masks.is_empty() { optics.object_rows.clone() } else { 0..optics.rows };
        self.cross_columns(optics, last, std::slice::from_ref(&lit), rows, false);
        let first = network * optics.rows;
        for row in rows.iter().cloned().flatten() {
            let spectrum = &mut self.spectra[row * self.stride..][..last.window.1];
            last.row_inverse.process_with_scratch(spectrum, &mut self.scratch);
            self.detector[(first + row) * optics.columns..(first + row + 1) * optics.columns]
                .copy_from_slice(&spectrum[..optics.columns]);
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

    /// The fields that fell on the masks, to be kept and put back for [`Workspace::adjoint`].
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

    /// Carries the adjoint field from what is looked at on the detector plane to the first mask of each network and adds to
    /// the sums of the gradient, [`Optics::sums_a_sample`] numbers a sample of each mask.
    pub(super) fn adjoint(&mut self, optics: &Optics, gradient: &mut [f32]) {
        for network in 0..optics.networks {
            self.adjoint_through(optics, network, gradient);
        }
    }

    fn adjoint_through(&mut self, optics: &Optics, network: usize, gradient: &mut [f32]) {
        let masks = optics.masks_of(network);
        let last = &optics.crossings[masks.len()];
        let first = network * optics.rows;
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
            last.row_forward.process_with_scratch(spectrum, &mut self.scratch);
        }
        let every_row = 0..optics.rows;
        let every_row = std::slice::from_ref(&every_row);
        let pixels = optics.rows * optics.columns;
        let sums = optics.sums_a_sample();
        let mut lit = &optics.detector_rows[..];
        for (index, mask) in optics.masks[masks.clone()].iter().enumerate().rev() {
            let number = masks.start + index;
            let (here, next) = (&optics.crossings[index + 1], &optics.crossings[index]);
            self.cross_columns(optics, here, lit, every_row, true);
            lit = every_row;
            let rows = self.incident[number * pixels..(number + 1) * pixels]
                .chunks_exact(optics.columns)
                .zip(mask.chunks_exact(optics.columns))
                .zip(
                    gradient[number * pixels * sums..(number + 1) * pixels * sums]
                        .chunks_exact_mut(optics.columns * sums),
                )
                .zip(self.spectra.chunks_exact_mut(self.stride));
            for (((incident, mask), gradient), row) in rows {
                here.row_inverse.process_with_scratch(&mut row[..here.window.1], &mut self.scratch);
                let inside = &mut row[..optics.columns];
                match optics.absorption {
                    Some(absorption) => {
                        optics.arithmetic.cross_phase_adjoint(inside, mask, incident, gradient, absorption);
                    }
                    None => optics.arithmetic.cross_adjoint(inside, mask, incident, gradient),
                }
                if index > 0 {
                    row[optics.columns..next.window.1].fill(DARK);
                    next.row_forward.process_with_scratch(&mut row[..next.window.1], &mut self.scratch);
                }
            }
        }
    }

    /// The column pass across `gap`: rows outside `lit` are dark, rows outside `kept` are not written.
    fn cross_columns(
        &mut self,
        optics: &Optics,
        gap: &Crossing,
        lit: &[Range<usize>],
        kept: &[Range<usize>],
        adjoint: bool,
    ) {
        let ((height, width), stride) = (gap.window, self.stride);
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
            gap.column_forward.process_with_scratch(block, &mut self.scratch);
            for (column, spectrum) in block.chunks_exact_mut(height).enumerate() {
                match gap.transfer_column(first + column) {
                    Column::Even(transfer) => optics.arithmetic.filter(spectrum, transfer, adjoint),
                    Column::Whole(transfer) => optics.arithmetic.filter_whole(spectrum, transfer, adjoint),
                }
            }
            gap.column_inverse.process_with_scratch(block, &mut self.scratch);
            for range in kept.iter().cloned() {
                let spectra = &mut self.spectra[first..];
                optics.arithmetic.scatter(block, height, range, spectra, stride);
            }
        }
    }
}

/// Sum of |u|^2, in double precision: readings of different brightness share one sum.
fn power(field: &[Complex32]) -> f64 {
    field.iter().map(|u| f64::from(u.norm_sqr())).sum()
}
