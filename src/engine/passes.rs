//! The light of one sample: two fused passes a propagation, in single precision.
//!
//! A field waits between the passes as the x-spectrum of its rows, shape (rows, padded columns). The *column
//! pass* gathers a block of columns, transforms, multiplies with H, transforms back and scatters the rows that
//! are kept. The *row pass* transforms each row back, crops, meets the mask, pads and transforms again. Rows
//! that carry nothing are never transformed, nothing is transposed as a whole, and a block stays in cache.

use std::ops::Range;

use ndarray::ArrayView2;
use num_complex::Complex32;

use super::optics::Optics;
use super::tiles::{BLOCK, gather, scatter};
use crate::network::Bench;

/// Rows that meet the mask together: long enough streams of fields, masks and gradients to be fetched ahead, short
/// enough to stay in the innermost cache between their two transforms (26 kB at 400 points).
const ROWS: usize = 8;

const DARK: Complex32 = Complex32::new(0.0, 0.0);

/// What one sample in flight needs.
pub(super) struct Workspace {
    /// x-spectra of the rows, shape (rows, padded columns).
    spectra: Vec<Complex32>,
    /// One block of columns, shape (BLOCK, padded rows).
    block: Vec<Complex32>,
    scratch: Vec<Complex32>,
    /// Field that fell on each mask, shape (masks, rows, columns).
    incident: Vec<Complex32>,
    /// Field at the detector plane, shape (rows, columns); only the rows asked for are valid.
    detector: Vec<Complex32>,
}

impl Workspace {
    /// Dark planes.
    pub(super) fn new(optics: &Optics) -> Self {
        let (rows, columns) = (optics.rows, optics.columns);
        let scratch =
            [&optics.row_forward, &optics.row_inverse, &optics.column_forward, &optics.column_inverse]
                .map(|fft| fft.get_inplace_scratch_len());
        Workspace {
            spectra: vec![DARK; rows * optics.padded.1],
            block: vec![DARK; BLOCK * optics.padded.0],
            scratch: vec![DARK; scratch.into_iter().max().unwrap_or(0)],
            incident: vec![DARK; optics.masks.len() * rows * columns],
            detector: vec![DARK; rows * columns],
        }
    }

    /// Carries an image from the object plane to the spectra behind the last gap.
    pub(super) fn forward(&mut self, optics: &Optics, bench: &Bench, image: ArrayView2<'_, f32>) {
        self.emit(optics, bench, image);
        let every_row = 0..optics.rows;
        let every_row = std::slice::from_ref(&every_row);
        let pixels = optics.rows * optics.columns;
        let mut lit = std::slice::from_ref(&optics.object_rows);
        for (index, mask) in optics.masks.iter().enumerate() {
            self.cross_columns::<false>(optics, index, lit, every_row);
            let incident = &mut self.incident[index * pixels..(index + 1) * pixels];
            let groups = incident
                .chunks_mut(ROWS * optics.columns)
                .zip(mask.chunks(ROWS * optics.columns))
                .zip(self.spectra.chunks_mut(ROWS * optics.padded.1));
            for ((incident, mask), rows) in groups {
                optics.row_inverse.process_with_scratch(rows, &mut self.scratch);
                let lines = incident
                    .chunks_exact_mut(optics.columns)
                    .zip(mask.chunks_exact(optics.columns))
                    .zip(rows.chunks_exact_mut(optics.padded.1));
                for ((incident, mask), row) in lines {
                    let (inside, outside) = row.split_at_mut(optics.columns);
                    incident.copy_from_slice(inside);
                    for (u, t) in inside.iter_mut().zip(mask) {
                        *u *= t;
                    }
                    outside.fill(DARK);
                }
                optics.row_forward.process_with_scratch(rows, &mut self.scratch);
            }
            lit = every_row;
        }
    }

    /// Puts the encoded image into the spectra.
    fn emit(&mut self, optics: &Optics, bench: &Bench, image: ArrayView2<'_, f32>) {
        let object = &bench.object;
        let left = object.origin().1;
        let upsampling = object.upsampling();
        let width = optics.padded.1;
        for (line, values) in image.outer_iter().enumerate() {
            let first = optics.object_rows.start + line * upsampling;
            let (row, copies) = self.spectra[first * width..(first + upsampling) * width].split_at_mut(width);
            row.fill(DARK);
            let places = row[left..].chunks_exact_mut(upsampling);
            for (place, &value) in places.zip(values) {
                place.fill(object.amplitude(value));
            }
            optics.row_forward.process_with_scratch(row, &mut self.scratch);
            // The rows of an enlarged pixel are the same.
            copies.chunks_exact_mut(width).for_each(|copy| copy.copy_from_slice(row));
        }
    }

    /// Last column pass and inverse row transforms: the field at the detector plane on `rows`.
    pub(super) fn arrive(&mut self, optics: &Optics, rows: &[Range<usize>]) {
        let every_row = 0..optics.rows;
        self.cross_columns::<false>(optics, optics.masks.len(), std::slice::from_ref(&every_row), rows);
        for row in rows.iter().cloned().flatten() {
            let spectrum = &mut self.spectra[row * optics.padded.1..(row + 1) * optics.padded.1];
            optics.row_inverse.process_with_scratch(spectrum, &mut self.scratch);
            self.detector[row * optics.columns..(row + 1) * optics.columns]
                .copy_from_slice(&spectrum[..optics.columns]);
        }
    }

    /// Power in each region; after [`Workspace::arrive`].
    pub(super) fn readings(&self, optics: &Optics) -> Vec<f64> {
        let read = |(rows, columns): &(Range<usize>, Range<usize>)| {
            let line = |row: usize| {
                &self.detector[row * optics.columns + columns.start..row * optics.columns + columns.end]
            };
            rows.clone().map(|row| power(line(row))).sum::<f64>() * optics.pixel_area
        };
        optics.regions.iter().map(read).collect()
    }

    /// Power through the plane; after [`Workspace::arrive`] on every row.
    pub(super) fn plane_power(&self, optics: &Optics) -> f64 {
        self.detector.chunks_exact(optics.columns).map(power).sum::<f64>() * optics.pixel_area
    }

    /// Carries the adjoint field from the detector to the first mask and adds the phase gradients.
    pub(super) fn adjoint(&mut self, optics: &Optics, slopes: &[f64], gradient: &mut [f32]) {
        let width = optics.padded.1;
        for row in optics.detector_rows.iter().cloned().flatten() {
            let spectrum = &mut self.spectra[row * width..(row + 1) * width];
            spectrum.fill(DARK);
            for ((rows, columns), slope) in optics.regions.iter().zip(slopes) {
                if rows.contains(&row) {
                    let factor = (2.0 * slope * optics.pixel_area) as f32;
                    let field = &self.detector[row * optics.columns..(row + 1) * optics.columns];
                    for column in columns.clone() {
                        spectrum[column] = field[column] * factor;
                    }
                }
            }
            optics.row_forward.process_with_scratch(spectrum, &mut self.scratch);
        }
        let every_row = 0..optics.rows;
        let every_row = std::slice::from_ref(&every_row);
        let pixels = optics.rows * optics.columns;
        let mut lit = &optics.detector_rows[..];
        for (index, mask) in optics.masks.iter().enumerate().rev() {
            self.cross_columns::<true>(optics, index + 1, lit, every_row);
            lit = every_row;
            let groups = self.incident[index * pixels..(index + 1) * pixels]
                .chunks(ROWS * optics.columns)
                .zip(mask.chunks(ROWS * optics.columns))
                .zip(gradient[index * pixels..(index + 1) * pixels].chunks_mut(ROWS * optics.columns))
                .zip(self.spectra.chunks_mut(ROWS * width));
            for (((incident, mask), gradient), rows) in groups {
                optics.row_inverse.process_with_scratch(rows, &mut self.scratch);
                let lines = incident
                    .chunks_exact(optics.columns)
                    .zip(mask.chunks_exact(optics.columns))
                    .zip(gradient.chunks_exact_mut(optics.columns))
                    .zip(rows.chunks_exact_mut(width));
                for (((incident, mask), gradient), row) in lines {
                    let (inside, outside) = row.split_at_mut(optics.columns);
                    for (((g, t), u), gradient) in inside.iter_mut().zip(mask).zip(incident).zip(gradient) {
                        *g *= t.conj();
                        *gradient += g.im * u.re - g.re * u.im;
                    }
                    outside.fill(DARK);
                }
                if index > 0 {
                    optics.row_forward.process_with_scratch(rows, &mut self.scratch);
                }
            }
        }
    }

    /// The column pass across gap `gap`: rows outside `lit` are dark, rows outside `kept` are not written.
    fn cross_columns<const ADJOINT: bool>(
        &mut self,
        optics: &Optics,
        gap: usize,
        lit: &[Range<usize>],
        kept: &[Range<usize>],
    ) {
        let (height, width) = optics.padded;
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
                gather(&self.spectra[first..], width, range, block, height);
            }
            optics.column_forward.process_with_scratch(block, &mut self.scratch);
            for (column, spectrum) in block.chunks_exact_mut(height).enumerate() {
                for (value, transfer) in spectrum.iter_mut().zip(optics.transfer_column(gap, first + column))
                {
                    *value *= if ADJOINT { transfer.conj() } else { *transfer };
                }
            }
            optics.column_inverse.process_with_scratch(block, &mut self.scratch);
            for range in kept.iter().cloned() {
                scatter(block, height, range, &mut self.spectra[first..], width);
            }
        }
    }
}

/// Sum of |u|^2, in double precision: readings of different brightness share one sum.
fn power(field: &[Complex32]) -> f64 {
    field.iter().map(|u| f64::from(u.norm_sqr())).sum()
}
