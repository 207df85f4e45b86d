//! The engine on processor cores: samples side by side, each in the fused passes of `passes.rs`.

use std::sync::{Mutex, PoisonError};

use ndarray::{Array2, ArrayView2, ArrayView3, Axis};
use num_complex::Complex32;
use rayon::prelude::*;

use super::aligned::Aligned;
use super::optics::Optics;
use super::passes::Workspace;
use super::{Engine, Gradients, ReadingSlopes, Readings};
use crate::error::{Error, Result};
use crate::field::WaveField;
use crate::mask::{Modulation, transmission32};
use crate::network::{Bench, Light};
use crate::propagation::passive::check_passive;

/// Samples whose gradients are summed one after the other, for a batch of `samples`.
///
/// A function of the batch alone: the order of every sum, and so every bit of the result, is independent of the
/// number of threads. Two, or more where more than 32 sums would have to be kept.
fn chunk_size(samples: usize) -> usize {
    samples.div_ceil(32).max(2)
}

/// Engine for the processor.
pub struct CpuEngine {
    bench: Bench,
    pub(super) optics: Optics,
    pub(super) pool: rayon::ThreadPool,
    /// The values the masks are made of.
    values: Vec<Array2<f32>>,
    workspaces: Mutex<Vec<Workspace>>,
    /// Phase gradients of each chunk of the batch, used again by the next batch.
    sums: Mutex<Vec<Aligned<f32>>>,
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
        let mut engine = CpuEngine {
            optics: Optics::new(&bench, &pool),
            pool,
            values: Vec::new(),
            workspaces: Mutex::default(),
            sums: Mutex::default(),
            bench,
        };
        // Open masks: no phase, full amplitude.
        let modulation = engine.bench.modulation;
        let open = |channel: usize| {
            let value = if modulation.is_angle(channel) { 0.0 } else { 1.0 };
            Array2::from_elem(engine.bench.mask_shape(), value)
        };
        let one: Vec<_> = (0..modulation.channels()).map(open).collect();
        let all = vec![one; engine.bench.all_masks()].concat();
        engine.set_masks(&all)?;
        Ok(engine)
    }

    /// Number of threads in use.
    pub fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// The light of one image (values 0 to 1) in each network: every field of [`Light`], at the speed of
    /// [`Engine::readings`].
    ///
    /// # Errors
    /// [`Error::Value`] when the image has not the shape the object plane takes, and where more power reaches a plane than
    /// leaves the object.
    pub fn light(&self, image: ArrayView2<'_, f32>) -> Result<Vec<Light<f32>>> {
        let (optics, grid) = (&self.optics, self.bench.grid());
        let object: WaveField<f32> = self.bench.object.encode(image)?;
        let (pixels, masks) = (optics.rows * optics.columns, self.bench.masks());
        let field = |samples: &[Complex32]| {
            let mut field = WaveField::dark(grid);
            field.amplitude.iter_mut().zip(samples).for_each(|(to, from)| *to = *from);
            field
        };
        let lights: Vec<Light<f32>> = self.with_workspace(|workspace| {
            let every_row = 0..optics.rows;
            workspace.carry(optics, &self.bench, image, &optics.to_plane, std::slice::from_ref(&every_row));
            let mut incident = workspace.incident_mut().chunks_exact(pixels).map(field).collect::<Vec<_>>();
            let detectors = workspace.plane_field().chunks_exact(pixels).map(field);
            detectors
                .map(|detector| {
                    let incident = incident.drain(..masks).collect();
                    Light { object: object.clone(), incident, detector }
                })
                .collect()
        });
        let entering = object.power();
        for light in &lights {
            for field in light.incident.iter().chain([&light.detector]) {
                check_passive("the device", entering, field.power())?;
            }
        }
        Ok(lights)
    }

    /// Transmission of each sample of mask `mask`, as it stands on the bench: row by row.
    pub fn transmission(&self, mask: usize) -> &[Complex32] {
        &self.optics.masks[mask]
    }

    /// Transforms that one sample of [`Engine::gradients`] takes, as (points, how many) with points rising.
    ///
    /// What a benchmark compares the pass with: the same transforms and nothing else.
    pub fn transforms(&self) -> Vec<(usize, usize)> {
        let optics = &self.optics;
        let mut counts = std::collections::BTreeMap::new();
        let mut add = |points: usize, count: usize| *counts.entry(points).or_insert(0) += count;
        let masks = optics.masks_of(0).len();
        let detector: usize = optics.detector_rows.iter().map(|rows| rows.len()).sum();
        let distinct =
            (0..self.bench.object.extent().0).filter(|row| !self.bench.object.repeats(*row)).count();
        for (index, crossing) in optics.crossings.iter().enumerate() {
            let (sent, received) = (
                if index == 0 { distinct } else { optics.rows },
                if index == masks { detector } else { optics.rows },
            );
            // Forward and, behind the first mask, adjoint: the adjoint ends there.
            let passes = optics.networks * if index == 0 { 1 } else { 2 };
            add(crossing.window.1, passes * (sent + received));
            add(crossing.window.0, passes * 2 * crossing.window.1);
        }
        counts.into_iter().collect()
    }

    /// Runs `work` with a workspace from the shelf; there are never more than threads.
    pub(super) fn with_workspace<R>(&self, work: impl FnOnce(&mut Workspace) -> R) -> R {
        let shelf = || self.workspaces.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = shelf().pop();
        let mut workspace = taken.unwrap_or_else(|| Workspace::new(&self.optics));
        let result = work(&mut workspace);
        shelf().push(workspace);
        result
    }

    /// Sums the gradients by the masks of `samples` adjoint passes; `pass` gets a workspace, the number of the sample
    /// and the sums it adds to.
    pub(super) fn sum_passes<R: Send>(
        &self,
        samples: usize,
        pass: impl Fn(&mut Workspace, usize, &mut [f32]) -> R + Sync,
    ) -> (Vec<R>, Vec<Array2<f32>>) {
        let optics = &self.optics;
        let size = chunk_size(samples);
        let parts = samples.div_ceil(size);
        let numbers = optics.rows * optics.columns * optics.sums_a_sample();
        let mut sums = self.sums.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = sums.len().max(parts);
        sums.resize_with(kept, || Aligned::new(0.0, optics.masks.len() * numbers));
        let sums = &mut sums[..parts];
        let results: Vec<Vec<R>> = self.pool.install(|| {
            sums.par_iter_mut()
                .enumerate()
                .map(|(chunk, gradient)| {
                    gradient.fill(0.0);
                    self.with_workspace(|workspace| {
                        (chunk * size..samples.min((chunk + 1) * size))
                            .map(|sample| pass(workspace, sample, gradient))
                            .collect()
                    })
                })
                .collect()
        });
        let masks: Vec<Vec<Array2<f32>>> = self.pool.install(|| {
            (0..optics.masks.len())
                .into_par_iter()
                .map(|mask| {
                    let part = mask * numbers..(mask + 1) * numbers;
                    let mut total = sums.first().map_or(vec![0.0; numbers], |sum| sum[part.clone()].to_vec());
                    for sum in sums.iter().skip(1) {
                        total.iter_mut().zip(&sum[part.clone()]).for_each(|(total, value)| *total += value);
                    }
                    self.by_values(mask, total)
                })
                .collect()
        });
        (results.into_iter().flatten().collect(), masks.concat())
    }

    /// The gradient by the values of mask `mask` from the sums of the adjoint pass over all samples.
    fn by_values(&self, mask: usize, mut sums: Vec<f32>) -> Vec<Array2<f32>> {
        let (optics, modulation) = (&self.optics, self.bench.modulation);
        let footprint = self.bench.footprint(mask % self.bench.masks());
        let parts = optics.sums_a_sample();
        if self.bench.alignment.is_absent(mask % self.bench.masks()) {
            return vec![Array2::zeros(self.bench.mask_shape()); modulation.channels()];
        }
        if modulation.scale() != 1.0 {
            let scale = modulation.scale() as f32;
            sums.iter_mut().for_each(|sum| *sum *= scale);
        }
        if parts == 1 && self.bench.oversample == 1 && footprint.is_upright() {
            // One number a pixel already, in the order of the array.
            let mut sums = sums.into_iter();
            return vec![Array2::from_shape_simple_fn(self.bench.mask_shape(), || {
                sums.next().unwrap_or(0.0)
            })];
        }
        // First the samples that meet a pixel are summed, row by row.
        let mut pixels = vec![Array2::zeros(self.bench.mask_shape()); parts];
        for (y, row) in sums.chunks_exact(optics.columns * parts).enumerate() {
            for (x, sample) in row.chunks_exact(parts).enumerate() {
                for (pixel, part) in pixels.iter_mut().zip(sample) {
                    pixel[footprint.pixel((y, x))] += part;
                }
            }
        }
        if parts == 1 {
            return pixels;
        }
        let channels = modulation.channels();
        let values = &self.values[mask * channels..(mask + 1) * channels];
        (0..channels)
            .map(|channel| {
                Array2::from_shape_fn(self.bench.mask_shape(), |at| {
                    let by_value = modulation.derivatives(Modulation::pixel(values, at))[channel];
                    pixels[0][at] * by_value.re - pixels[1][at] * by_value.im
                })
            })
            .collect()
    }

    /// Transmission of every sample of the masks, from their values.
    fn lay_masks(&mut self) {
        let CpuEngine { bench, optics, pool, values, .. } = self;
        let (columns, oversample, modulation) = (optics.columns, bench.oversample, bench.modulation);
        let channels = modulation.channels();
        let placed = |mask| (bench.footprint(mask), bench.alignment.is_absent(mask));
        let placed: Vec<_> = (0..bench.all_masks()).map(|mask| placed(mask % bench.masks())).collect();
        let masks = optics.masks.par_iter_mut().zip(values.par_chunks(channels)).zip(&placed);
        pool.install(|| {
            masks.for_each(|((mask, values), (footprint, absent))| {
                if *absent {
                    mask.fill(Complex32::new(1.0, 0.0));
                    return;
                }
                let pixel = |at| transmission32(modulation, Modulation::pixel(values, at));
                if !footprint.is_upright() {
                    let pixels = Array2::from_shape_fn(values[0].dim(), pixel);
                    for (y, row) in mask.chunks_exact_mut(columns).enumerate() {
                        for (x, sample) in row.iter_mut().enumerate() {
                            *sample = pixels[footprint.pixel((y, x))];
                        }
                    }
                    return;
                }
                for (y, rows) in mask.chunks_exact_mut(columns * oversample).enumerate() {
                    let (row, copies) = rows.split_at_mut(columns);
                    for (x, samples) in row.chunks_exact_mut(oversample).enumerate() {
                        samples.fill(pixel((y, x)));
                    }
                    copies.chunks_exact_mut(columns).for_each(|copy| copy.copy_from_slice(row));
                }
            });
        });
    }

    pub(super) fn check_images(&self, images: &ArrayView3<'_, f32>) -> Result<()> {
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

    fn set_masks(&mut self, values: &[Array2<f32>]) -> Result<()> {
        let (masks, modulation) = (self.bench.all_masks(), self.bench.modulation);
        let channels = modulation.channels();
        if values.len() != masks * channels {
            return Err(Error::Value(if channels == 1 {
                format!("{} masks: this device has {masks}", values.len())
            } else {
                format!("{} arrays of mask values: this device has {masks} masks of {channels}", values.len())
            }));
        }
        for (number, array) in values.iter().enumerate() {
            let mask = number / channels + 1;
            if array.dim() != self.bench.mask_shape() {
                return Err(Error::Value(format!(
                    "mask {mask} has the shape {:?}: this device takes {:?}",
                    array.dim(),
                    self.bench.mask_shape()
                )));
            }
            modulation
                .check(number % channels, array)
                .map_err(|problem| Error::Value(format!("mask {mask}: {problem}")))?;
        }
        self.values = values.to_vec();
        self.lay_masks();
        Ok(())
    }

    fn set_bench(&mut self, bench: Bench) -> Result<()> {
        bench.check()?;
        if !self.bench.is_same_device_as(&bench) {
            return Err(Error::Value(
                "another device than this engine simulates: only gaps, alignment and wavelength may change"
                    .into(),
            ));
        }
        self.optics.realign(&bench, &self.pool);
        let placed = |bench: &Bench, mask| (bench.footprint(mask), bench.alignment.is_absent(mask));
        let same_masks = (0..bench.masks()).all(|mask| placed(&bench, mask) == placed(&self.bench, mask));
        let same_masks = same_masks && bench.modulation == self.bench.modulation;
        self.bench = bench;
        if !same_masks {
            self.lay_masks();
        }
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
                        let (last, every_row) = (&optics.to_plane, 0..optics.rows);
                        let image = images.index_axis(Axis(0), sample);
                        workspace.carry(optics, &self.bench, image, last, std::slice::from_ref(&every_row));
                        (workspace.readings(optics), workspace.plane_power(optics))
                    })
                })
                .collect()
        });
        let regions = self.bench.readings();
        let readings = Readings {
            regions: Array2::from_shape_fn((samples, regions), |(sample, region)| results[sample].0[region]),
            plane: results.iter().map(|(_, plane)| *plane).collect(),
        };
        readings.of_passive(&self.bench, images)
    }

    fn gradients(&self, images: ArrayView3<'_, f32>, slopes: &ReadingSlopes<'_>) -> Result<Gradients> {
        self.check_images(&images)?;
        let samples = images.len_of(Axis(0));
        let optics = &self.optics;
        let numbers = self.bench.readings() + if optics.watches_plane { 2 } else { 0 };
        let last = &optics.crossings[optics.masks_of(0).len()];
        let (readings, masks) = self.sum_passes(samples, |workspace, sample, gradient| {
            let image = images.index_axis(Axis(0), sample);
            workspace.carry(optics, &self.bench, image, last, &optics.detector_rows);
            let read = workspace.readings(optics);
            let mut slope = vec![0.0; numbers];
            slopes(sample, &read, &mut slope);
            workspace.weigh(optics, &slope);
            workspace.adjoint(optics, gradient);
            read
        });
        Ok(Gradients {
            readings: Array2::from_shape_fn((samples, numbers), |(sample, number)| readings[sample][number]),
            masks,
        })
    }
}
