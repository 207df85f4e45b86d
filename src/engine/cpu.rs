//! The engine on processor cores: two fused passes a propagation, in single precision.
//!
//! A field waits between the passes as the x-spectrum of its rows, shape (rows, padded columns). The *column
//! pass* gathers a block of columns, transforms, multiplies with H, transforms back and scatters the rows that
//! are kept. The *row pass* transforms each row back, crops, meets the mask, pads and transforms again. Rows
//! that carry nothing are never transformed, nothing is transposed as a whole, and a block stays in cache.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use ndarray::{Array2, ArrayView2, ArrayView3, Axis};
use num_complex::Complex32;
use rayon::prelude::*;
use rustfft::{Fft, FftPlanner};

use super::{Engine, Gradients, ReadingSlopes, Readings};
use crate::error::{Error, Result};
use crate::field::narrow_complex;
use crate::network::Bench;
use crate::propagation::transfer_function;

/// Columns gathered at a time: two cache lines of complex numbers a row, and 51 kB a block at 400 points.
const BLOCK: usize = 16;

/// Samples whose gradients are summed one after the other. A constant: the order of every sum, and so every
/// bit of the result, is independent of the number of threads.
const CHUNK: usize = 2;

const DARK: Complex32 = Complex32::new(0.0, 0.0);

/// Engine for the processor.
pub struct CpuEngine {
    bench: Bench,
    optics: Optics,
    pool: rayon::ThreadPool,
    workspaces: Mutex<Vec<Workspace>>,
    /// Phase gradients of each chunk of the batch, used again by the next batch.
    sums: Mutex<Vec<Vec<f32>>>,
}

impl CpuEngine {
    /// Plans `bench` for `threads` threads (0: one a core).
    ///
    /// # Errors
    /// [`Error::Value`] when the bench does not fit together or threads cannot be started.
    pub fn new(bench: Bench, threads: usize) -> Result<Self> {
        bench.check()?;
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .map_err(|error| Error::Value(format!("cannot start {threads} threads: {error}")))?;
        Ok(CpuEngine {
            optics: Optics::new(&bench),
            bench,
            pool,
            workspaces: Mutex::default(),
            sums: Mutex::default(),
        })
    }

    /// Number of threads in use.
    pub fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// Runs `work` with a workspace from the shelf; there are never more than threads.
    fn with_workspace<R>(&self, work: impl FnOnce(&mut Workspace) -> R) -> R {
        let shelf = || self.workspaces.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = shelf().pop();
        let mut workspace = taken.unwrap_or_else(|| Workspace::new(&self.optics));
        let result = work(&mut workspace);
        shelf().push(workspace);
        result
    }

    fn check_images(&self, images: &ArrayView3<'_, f32>) -> Result<()> {
        let (_, rows, columns) = images.dim();
        if (rows, columns) == self.bench.object.image() {
            return Ok(());
        }
        Err(Error::Value(format!(
            "images of {rows} x {columns} values: this device takes {:?}",
            self.bench.object.image()
        )))
    }
}

impl Engine for CpuEngine {
    fn bench(&self) -> &Bench {
        &self.bench
    }

    fn set_phases(&mut self, phases: &[Array2<f32>]) -> Result<()> {
        let masks = self.bench.masks();
        if phases.len() != masks {
            return Err(Error::Value(format!("{} masks: this device has {masks}", phases.len())));
        }
        for (number, phase) in phases.iter().enumerate() {
            if phase.dim() != self.bench.grid().shape() {
                return Err(Error::Value(format!(
                    "mask {} has the shape {:?}: this device takes {:?}",
                    number + 1,
                    phase.dim(),
                    self.bench.grid().shape()
                )));
            }
            if phase.iter().any(|value| !value.is_finite()) {
                return Err(Error::Value(format!("mask {} has phases that are not finite", number + 1)));
            }
        }
        let cis = |phase: &Array2<f32>| phase.iter().map(|&phase| Complex32::cis(phase)).collect();
        self.optics.masks = phases.iter().map(cis).collect();
        Ok(())
    }

    fn readings(&self, images: ArrayView3<'_, f32>) -> Result<Readings> {
        self.check_images(&images)?;
        let samples = images.len_of(Axis(0));
        let optics = &self.optics;
        let results: Vec<(Vec<f64>, f64)> = self.pool.install(|| {
            (0..samples)
                .into_par_iter()
                .map(|sample| {
                    self.with_workspace(|workspace| {
                        workspace.forward(optics, &self.bench, images.index_axis(Axis(0), sample));
                        let every_row = 0..optics.rows;
                        workspace.arrive(optics, std::slice::from_ref(&every_row));
                        (workspace.readings(optics), workspace.plane_power(optics))
                    })
                })
                .collect()
        });
        let regions = self.bench.detector.regions().len();
        Ok(Readings {
            regions: Array2::from_shape_fn((samples, regions), |(sample, region)| results[sample].0[region]),
            plane: results.iter().map(|(_, plane)| *plane).collect(),
        })
    }

    fn gradients(&self, images: ArrayView3<'_, f32>, slopes: &ReadingSlopes<'_>) -> Result<Gradients> {
        self.check_images(&images)?;
        let samples = images.len_of(Axis(0));
        let optics = &self.optics;
        let regions = self.bench.detector.regions().len();
        let parts = samples.div_ceil(CHUNK);
        let pixels = optics.rows * optics.columns;
        let mut sums = self.sums.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = sums.len().max(parts);
        sums.resize_with(kept, || vec![0.0; optics.masks.len() * pixels]);
        let sums = &mut sums[..parts];
        let chunks: Vec<Vec<f64>> = self.pool.install(|| {
            sums.par_iter_mut()
                .enumerate()
                .map(|(chunk, gradient)| {
                    gradient.fill(0.0);
                    let mut readings = Vec::with_capacity(CHUNK * regions);
                    self.with_workspace(|workspace| {
                        for sample in chunk * CHUNK..samples.min((chunk + 1) * CHUNK) {
                            workspace.forward(optics, &self.bench, images.index_axis(Axis(0), sample));
                            workspace.arrive(optics, &optics.detector_rows);
                            let read = workspace.readings(optics);
                            let mut slope = vec![0.0; regions];
                            slopes(sample, &read, &mut slope);
                            workspace.adjoint(optics, &slope, gradient);
                            readings.extend(read);
                        }
                    });
                    readings
                })
                .collect()
        });
        let readings: Vec<f64> = chunks.concat();
        let mut phases = vec![Array2::zeros((optics.rows, optics.columns)); optics.masks.len()];
        self.pool.install(|| {
            phases.par_iter_mut().enumerate().for_each(|(mask, total)| {
                for sum in sums.iter() {
                    let part = &sum[mask * pixels..(mask + 1) * pixels];
                    total.iter_mut().zip(part).for_each(|(total, value)| *total += value);
                }
            });
        });
        Ok(Gradients {
            regions: Array2::from_shape_fn((samples, regions), |(sample, region)| {
                readings[sample * regions + region]
            }),
            phases,
        })
    }
}

/// What all samples share: plans, transfer functions, transmissions, regions.
struct Optics {
    rows: usize,
    columns: usize,
    padded: (usize, usize),
    row_forward: Arc<dyn Fft<f32>>,
    row_inverse: Arc<dyn Fft<f32>>,
    column_forward: Arc<dyn Fft<f32>>,
    column_inverse: Arc<dyn Fft<f32>>,
    /// For each gap its transfer function, column by column: `[fx][fy]`, only fx >= 0 (H is even), with the
    /// factor of the unnormalised transforms.
    transfer: Vec<Arc<Vec<Complex32>>>,
    /// exp(i phase) of each mask.
    masks: Vec<Vec<Complex32>>,
    /// Rows of the object plane that carry light.
    object_rows: Range<usize>,
    /// Rows that some detector region lies in.
    detector_rows: Vec<Range<usize>>,
    /// Regions as (rows, columns).
    regions: Vec<(Range<usize>, Range<usize>)>,
    pixel_area: f64,
}

impl Optics {
    fn new(bench: &Bench) -> Self {
        let (rows, columns) = bench.grid().shape();
        let padded = bench.padded;
        let mut planner = FftPlanner::new();
        let mut transfer: Vec<Arc<Vec<Complex32>>> = Vec::new();
        for (index, first) in bench.first_equal_gap().into_iter().enumerate() {
            transfer.push(if first < index {
                Arc::clone(&transfer[first])
            } else {
                let exact = transfer_function(&bench.gap(index));
                let factor = 1.0 / (padded.0 * padded.1) as f64;
                let kept = (0..=padded.1 / 2).flat_map(|fx| (0..padded.0).map(move |fy| [fy, fx]));
                Arc::new(kept.map(|at| narrow_complex(exact[at] * factor)).collect())
            });
        }
        let regions: Vec<_> =
            bench.detector.regions().iter().map(|region| (region.rows(), region.columns())).collect();
        let (top, _) = bench.object.origin();
        Optics {
            rows,
            columns,
            padded,
            row_forward: planner.plan_fft_forward(padded.1),
            row_inverse: planner.plan_fft_inverse(padded.1),
            column_forward: planner.plan_fft_forward(padded.0),
            column_inverse: planner.plan_fft_inverse(padded.0),
            transfer,
            masks: vec![vec![Complex32::new(1.0, 0.0); rows * columns]; bench.masks()],
            object_rows: top..top + bench.object.extent().0,
            detector_rows: merged(regions.iter().map(|(rows, _)| rows.clone()).collect()),
            regions,
            pixel_area: bench.grid().pixel_area(),
        }
    }

    fn transfer_column(&self, gap: usize, fx: usize) -> &[Complex32] {
        let folded = fx.min(self.padded.1 - fx);
        &self.transfer[gap][folded * self.padded.0..(folded + 1) * self.padded.0]
    }
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

/// What one sample in flight needs.
struct Workspace {
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
    fn new(optics: &Optics) -> Self {
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
    fn forward(&mut self, optics: &Optics, bench: &Bench, image: ArrayView2<'_, f32>) {
        self.emit(optics, bench, image);
        let every_row = 0..optics.rows;
        let every_row = std::slice::from_ref(&every_row);
        let pixels = optics.rows * optics.columns;
        let mut lit = std::slice::from_ref(&optics.object_rows);
        for (index, mask) in optics.masks.iter().enumerate() {
            self.cross_columns::<false>(optics, index, lit, every_row);
            let incident = &mut self.incident[index * pixels..(index + 1) * pixels];
            let rows = self.spectra.chunks_exact_mut(optics.padded.1);
            let planes =
                incident.chunks_exact_mut(optics.columns).zip(mask.chunks_exact(optics.columns)).zip(rows);
            for ((incident, mask), row) in planes {
                optics.row_inverse.process_with_scratch(row, &mut self.scratch);
                let (inside, outside) = row.split_at_mut(optics.columns);
                incident.copy_from_slice(inside);
                for (u, t) in inside.iter_mut().zip(mask) {
                    *u *= t;
                }
                outside.fill(DARK);
                optics.row_forward.process_with_scratch(row, &mut self.scratch);
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
    fn arrive(&mut self, optics: &Optics, rows: &[Range<usize>]) {
        let every_row = 0..optics.rows;
        self.cross_columns::<false>(optics, optics.masks.len(), std::slice::from_ref(&every_row), rows);
        for row in rows.iter().cloned().flatten() {
            let spectrum = &mut self.spectra[row * optics.padded.1..(row + 1) * optics.padded.1];
            optics.row_inverse.process_with_scratch(spectrum, &mut self.scratch);
            self.detector[row * optics.columns..(row + 1) * optics.columns]
                .copy_from_slice(&spectrum[..optics.columns]);
        }
    }

    fn readings(&self, optics: &Optics) -> Vec<f64> {
        let read = |(rows, columns): &(Range<usize>, Range<usize>)| {
            let line = |row: usize| {
                &self.detector[row * optics.columns + columns.start..row * optics.columns + columns.end]
            };
            rows.clone().map(|row| power(line(row))).sum::<f64>() * optics.pixel_area
        };
        optics.regions.iter().map(read).collect()
    }

    fn plane_power(&self, optics: &Optics) -> f64 {
        self.detector.chunks_exact(optics.columns).map(power).sum::<f64>() * optics.pixel_area
    }

    /// Carries the adjoint field from the detector to the first mask and adds the phase gradients.
    fn adjoint(&mut self, optics: &Optics, slopes: &[f64], gradient: &mut [f32]) {
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
            let planes = self.incident[index * pixels..(index + 1) * pixels]
                .chunks_exact(optics.columns)
                .zip(mask.chunks_exact(optics.columns))
                .zip(gradient[index * pixels..(index + 1) * pixels].chunks_exact_mut(optics.columns))
                .zip(self.spectra.chunks_exact_mut(width));
            for (((incident, mask), gradient), row) in planes {
                optics.row_inverse.process_with_scratch(row, &mut self.scratch);
                let (inside, outside) = row.split_at_mut(optics.columns);
                for (((g, t), u), gradient) in inside.iter_mut().zip(mask).zip(incident).zip(gradient) {
                    *g *= t.conj();
                    *gradient += g.im * u.re - g.re * u.im;
                }
                if index > 0 {
                    outside.fill(DARK);
                    optics.row_forward.process_with_scratch(row, &mut self.scratch);
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

/// Rows turned at a time between rows and columns: the bounds are checked once for TILE x BLOCK numbers.
const TILE: usize = 8;

/// Writes the first numbers of the rows in `range` (row length `width`) into the columns of `block` (column
/// length `height`), as many as there are columns.
fn gather(rows: &[Complex32], width: usize, range: Range<usize>, block: &mut [Complex32], height: usize) {
    let columns = block.len() / height;
    let mut row = range.start;
    if columns == BLOCK {
        while row + TILE <= range.end {
            let from: [&[Complex32; BLOCK]; TILE] =
                std::array::from_fn(|line| fixed(&rows[(row + line) * width..]));
            for (column, place) in block.chunks_exact_mut(height).enumerate() {
                for (value, from) in place[row..row + TILE].iter_mut().zip(from) {
                    *value = from[column];
                }
            }
            row += TILE;
        }
    }
    for row in row..range.end {
        for (column, value) in rows[row * width..][..columns].iter().enumerate() {
            block[column * height + row] = *value;
        }
    }
}

/// The way back of [`gather`].
fn scatter(block: &[Complex32], height: usize, range: Range<usize>, rows: &mut [Complex32], width: usize) {
    let columns = block.len() / height;
    let mut row = range.start;
    if columns == BLOCK {
        while row + TILE <= range.end {
            let from: [&[Complex32; TILE]; BLOCK] =
                std::array::from_fn(|column| fixed(&block[column * height + row..]));
            for line in 0..TILE {
                for (value, from) in rows[(row + line) * width..][..BLOCK].iter_mut().zip(from) {
                    *value = from[line];
                }
            }
            row += TILE;
        }
    }
    for row in row..range.end {
        for (column, value) in rows[row * width..][..columns].iter_mut().enumerate() {
            *value = block[column * height + row];
        }
    }
}

/// The first `N` numbers, as an array.
fn fixed<const N: usize>(numbers: &[Complex32]) -> &[Complex32; N] {
    let (first, _) = numbers.as_chunks::<N>();
    &first[0]
}

/// Sum of |u|^2, in double precision: readings of different brightness share one sum.
fn power(field: &[Complex32]) -> f64 {
    field.iter().map(|u| f64::from(u.norm_sqr())).sum()
}
