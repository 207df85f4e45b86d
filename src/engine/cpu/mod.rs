//! The carrier on processor cores: samples side by side, each in the fused passes of `passes.rs`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ndarray::{Array2, ArrayView2, ArrayView3, Axis};
use num_complex::{Complex, Complex32};
use rayon::prelude::*;

use self::aligned::Aligned;
use self::optics::{FactorSlot, Lit, Optics};
use self::passes::{Room, Workspace};
use super::lookout::Lookout;
use super::{Carrier, Reach};
use crate::bench::{Beam, Bench, Lowered, Path};
use crate::error::{Error, Result};
use crate::field::{WaveField, narrow_complex};
use crate::object::ObjectPlane;
use crate::program::{Factor, Op, Slopes, Wants};
use crate::propagation::Refinement;
use crate::propagation::passive::check_passive;
use crate::reference::{Instrument, Light};

mod aligned;
mod crossing;
mod optics;
mod passes;

/// Samples whose gradients are summed one after the other, for a batch of `samples`.
///
/// A function of the batch alone: the order of every sum, and so every bit of the result, is independent of the
/// number of threads. Two, or more where more than 32 sums would have to be kept.
fn chunk_size(samples: usize) -> usize {
    samples.div_ceil(32).max(2)
}

/// A beam, and what it meets.
struct Ray {
    beam: Beam,
    bench: Bench,
    path: Path,
}

/// Carries light on processor cores, in single precision.
pub struct Cpu {
    bench: Bench,
    rays: Vec<Ray>,
    /// The program of each beam.
    lowered: Vec<Lowered>,
    /// The object plane of each beam.
    objects: Vec<ObjectPlane>,
    optics: Optics,
    /// The values the program was made of.
    values: Vec<Array2<f64>>,
    tools: Arc<Tools>,
}

/// What carriers of one device work with, whatever its alignment and values.
struct Tools {
    pool: Arc<rayon::ThreadPool>,
    /// Of what is below.
    room: Room,
    workspaces: Mutex<Vec<Workspace>>,
    /// Sums of the slopes of each chunk of the batch, used again by the next batch.
    sums: Mutex<Vec<Aligned<f32>>>,
}

impl Tools {
    fn new(pool: Arc<rayon::ThreadPool>, room: Room) -> Self {
        Tools { pool, room, workspaces: Mutex::default(), sums: Mutex::default() }
    }
}

/// The fields of samples that wait for the adjoint pass; the first samples of a batch have one.
#[derive(Default)]
pub struct Waiting(Vec<Mutex<Aligned<Complex32>>>);

impl Cpu {
    /// Plans `bench` for `threads` threads (0: one a core), with open masks: no phase, full amplitude.
    ///
    /// # Errors
    /// [`Error::Value`] when the bench does not fit together or threads cannot be started.
    pub fn new(bench: Bench, threads: usize) -> Result<Self> {
        bench.check()?;
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .map_err(|error| Error::Value(format!("cannot start {threads} threads: {error}")))?;
        let values = widened(&vec![bench.open_values(); bench.networks].concat());
        let rays = rays(&bench);
        let lowered = lower(&rays, &values, &pool);
        let crossings = lowered[0].program.ops().iter().rev();
        let last = crossings.copied().find(|op| matches!(op, Op::Cross(_) | Op::Blend(_)));
        let ends_plainly = last.is_some_and(|op| match op {
            Op::Cross(span) => lowered[0].program.spans()[span].refinement() == Refinement::Same,
            _ => false,
        });
        if !ends_plainly {
            return Err(Error::Value(
                "the last way to the detector is not free space or a homogeneous plate: leave some room there".into(),
            ));
        }
        let optics = Optics::new(&bench, &lit(&rays, &lowered), &pool);
        let tools = Tools::new(Arc::new(pool), Room::of(&optics));
        Ok(Self::ready(bench, rays, lowered, optics, values, Arc::new(tools)))
    }

    fn ready(
        bench: Bench,
        rays: Vec<Ray>,
        lowered: Vec<Lowered>,
        optics: Optics,
        values: Vec<Array2<f64>>,
        tools: Arc<Tools>,
    ) -> Self {
        let objects = rays.iter().map(|ray| ray.bench.object.clone()).collect();
        let mut ready = Cpu { bench, rays, lowered, objects, optics, values, tools };
        ready.lay_factors();
        ready
    }

    /// Transforms that one sample of [`Engine::gradients`](super::Engine::gradients) takes, as (points, how many) with points rising.
    ///
    /// What a benchmark compares the pass with: the same transforms and nothing else.
    pub fn transforms(&self) -> Vec<(usize, usize)> {
        let optics = &self.optics;
        let mut counts = std::collections::BTreeMap::new();
        let mut add = |points: usize, count: usize| *counts.entry(points).or_insert(0) += count;
        let last = optics.crossed() - 1;
        let earliest = optics.earliest().unwrap_or(usize::MAX);
        let detector: usize = optics.detector_rows.iter().map(|rows| rows.len()).sum();
        for (beam, object) in optics.beams.iter().zip(&self.objects) {
            let distinct = (0..object.extent().0).filter(|row| !object.repeats(*row)).count();
            for (index, crossing) in beam.crossings.iter().enumerate() {
                let (before, behind) = (crossing.before().window, crossing.behind().window);
                let sent = if index == 0 { distinct } else { optics.planes[index].lit.rows.len() };
                let received = if index == last { detector } else { optics.planes[index + 1].lit.rows.len() };
                // Forward and, behind the first plane that asks for slopes, adjoint: the adjoint ends there.
                let passes = if index < earliest { 1 } else { 2 };
                add(before.1, passes * sent);
                // Of two that are blended, what is sent is transformed once along the rows and received twice.
                for _ in 0..if beam.beside[index].is_some() { 2 } else { 1 } {
                    add(behind.1, passes * received);
                    for window in [before, behind] {
                        add(window.0, passes * before.1.min(behind.1));
                    }
                }
            }
        }
        counts.into_iter().collect()
    }

    /// Runs `work` with a workspace from the shelf; there are never more than threads.
    fn with_workspace<R>(&self, work: impl FnOnce(&mut Workspace) -> R) -> R {
        let shelf = || self.tools.workspaces.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = shelf().pop();
        let mut workspace = taken.unwrap_or_else(|| Workspace::new(self.tools.room));
        let result = work(&mut workspace);
        shelf().push(workspace);
        result
    }

    /// Sums the slopes by the values of `samples` adjoint passes; `pass` gets a workspace, the number of the sample
    /// and the sums it adds to.
    fn sum_passes<R: Send>(
        &self,
        samples: usize,
        pass: impl Fn(&mut Workspace, usize, &mut [f32]) -> R + Sync,
    ) -> (Vec<R>, Vec<Array2<f32>>) {
        let size = chunk_size(samples);
        let parts = samples.div_ceil(size);
        let mut sums = self.tools.sums.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = sums.len().max(parts);
        sums.resize_with(kept, || Aligned::new(0.0, self.tools.room.sums));
        let sums = &mut sums[..parts];
        let results: Vec<Vec<R>> = self.run(|| {
            sums.par_iter_mut()
                .enumerate()
                .map(|(chunk, sums)| {
                    sums.fill(0.0);
                    self.with_workspace(|workspace| {
                        (chunk * size..samples.min((chunk + 1) * size))
                            .map(|sample| pass(workspace, sample, sums))
                            .collect()
                    })
                })
                .collect()
        });
        (results.into_iter().flatten().collect(), self.run(|| self.by_value(sums)))
    }

    /// Slopes by the values of all networks from the sums of every chunk.
    fn by_value(&self, sums: &[Aligned<f32>]) -> Vec<Array2<f32>> {
        let optics = &self.optics;
        let slots: Vec<FactorSlot> = optics.asking().collect();
        let slopes: Vec<Slopes> = (0..optics.beams.len() * slots.len())
            .into_par_iter()
            .map(|number| {
                let (beam, slot) = (number / slots.len(), &slots[number % slots.len()]);
                let part = optics.sums_of(beam, slot);
                let mut total = sums.first().map_or(vec![0.0; part.len()], |sum| sum[part.clone()].to_vec());
                for sum in sums.iter().skip(1) {
                    total.iter_mut().zip(&sum[part.clone()]).for_each(|(total, value)| *total += value);
                }
                Self::of_entries(slot, &self.lowered[beam].program.factors()[slot.factor], &total)
            })
            .collect();
        let mut slopes = slopes.into_iter();
        let of_beams: Vec<Vec<Slopes>> =
            self.rays.iter().map(|_| slopes.by_ref().take(slots.len()).collect()).collect();
        let by_beam: Vec<Vec<Array2<f64>>> = self
            .rays
            .par_iter()
            .zip(&self.lowered)
            .zip(of_beams)
            .map(|((ray, lowered), slopes)| {
                ray.path.pull_back(lowered, self.values_of(ray.beam.network), slopes)
            })
            .collect();
        // Beams of a network share its values.
        let mut by_beam = by_beam.into_iter();
        let totals = (0..self.bench.networks).filter_map(|_| {
            by_beam.by_ref().take(self.bench.beams_each()).reduce(|mut total, slopes| {
                total.iter_mut().zip(&slopes).for_each(|(total, slopes)| *total += slopes);
                total
            })
        });
        let totals: Vec<Array2<f64>> = totals.flatten().collect();
        totals.par_iter().map(|slopes| slopes.mapv(|slope| slope as f32)).collect()
    }

    /// The values of `network`.
    fn values_of(&self, network: usize) -> &[Array2<f64>] {
        let each = self.bench.arrays();
        &self.values[network * each..(network + 1) * each]
    }

    /// Slopes by the entries of `factor` from the sums over all samples of the plane, row by row.
    fn of_entries(slot: &FactorSlot, factor: &Factor, sums: &[f32]) -> Slopes {
        let (footprint, shape, columns) = (factor.footprint(), factor.entries().dim(), slot.kept.columns);
        match factor.wants() {
            Wants::Turn { .. } | Wants::Nothing => {
                let sums = sums.iter().map(|sum| f64::from(*sum));
                Slopes::Turn(footprint.gather(columns, shape, sums))
            }
            Wants::Whole => {
                let parts = sums.as_chunks::<2>().0.iter();
                let sums = parts.map(|[re, im]| Complex::new(f64::from(*re), f64::from(*im)));
                Slopes::Whole(footprint.gather(columns, shape, sums))
            }
        }
    }

    /// Every sample of the factors, from their entries.
    fn lay_factors(&mut self) {
        let Cpu { optics, tools, lowered, .. } = self;
        let factors = lowered.iter().flat_map(|lowered| lowered.program.factors());
        let laid: Vec<_> = optics.factors.iter_mut().zip(factors).collect();
        tools.pool.install(|| {
            laid.into_par_iter().for_each(|(laid, factor)| {
                let entries = factor.entries().mapv(narrow_complex);
                factor.footprint().spread(&entries, laid.columns, &mut laid.samples);
            });
        });
    }

    /// Carries every image forward; `take` gets the workspace behind it, and its number.
    fn carry_each<R: Send>(
        &self,
        objects: &[ObjectPlane],
        images: ArrayView3<'_, f32>,
        reach: Reach,
        take: impl Fn(&mut Workspace, usize) -> R + Sync,
    ) -> Vec<R> {
        self.run(|| {
            (0..images.len_of(Axis(0)))
                .into_par_iter()
                .map(|sample| {
                    self.with_workspace(|workspace| {
                        workspace.carry(&self.optics, objects, images.index_axis(Axis(0), sample), reach);
                        take(workspace, sample)
                    })
                })
                .collect()
        })
    }
}

impl Carrier for Cpu {
    type Waiting = Waiting;

    fn bench(&self) -> &Bench {
        &self.bench
    }

    fn objects(&self) -> &[ObjectPlane] {
        &self.objects
    }

    fn lookout(&self) -> &Lookout {
        &self.optics.lookout
    }

    fn is_linear(&self) -> bool {
        self.lowered[0].program.is_linear()
    }

    fn threads(&self) -> usize {
        self.tools.pool.current_num_threads()
    }

    fn run<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        self.tools.pool.install(work)
    }

    fn set_masks(&mut self, values: &[Array2<f32>]) -> Result<()> {
        self.bench.check_all_values(values)?;
        self.values = widened(values);
        self.lowered = lower(&self.rays, &self.values, &self.tools.pool);
        self.lay_factors();
        Ok(())
    }

    fn at(&self, bench: Bench, values: &[Array2<f32>]) -> Result<Self> {
        bench.check()?;
        if !self.bench.is_same_device_as(&bench) {
            return Err(Error::Value(
                "another device than this engine simulates: only gaps, alignment and wavelength may change"
                    .into(),
            ));
        }
        bench.check_all_values(values)?;
        let (rays, values, pool) = (rays(&bench), widened(values), &self.tools.pool);
        let lowered = lower(&rays, &values, pool);
        let optics = self.optics.realigned(&bench, &lit(&rays, &lowered), pool);
        // A plate that is taken off keeps and sums less.
        let room = Room::of(&optics);
        let tools = if room == self.tools.room {
            Arc::clone(&self.tools)
        } else {
            Arc::new(Tools::new(Arc::clone(pool), room))
        };
        Ok(Self::ready(bench, rays, lowered, optics, values, tools))
    }

    fn forward<R: Send>(
        &self,
        objects: &[ObjectPlane],
        images: ArrayView3<'_, f32>,
        reach: Reach,
        see: impl Fn(usize, &[Complex32]) -> R + Sync,
    ) -> Vec<R> {
        self.carry_each(objects, images, reach, |workspace, sample| {
            see(sample, workspace.arrived(&self.optics, reach))
        })
    }

    fn forward_and_back<R: Send>(
        &self,
        objects: &[ObjectPlane],
        images: ArrayView3<'_, f32>,
        turn: impl Fn(usize, &mut [Complex32]) -> R + Sync,
    ) -> (Vec<R>, Vec<Array2<f32>>) {
        let optics = &self.optics;
        self.sum_passes(images.len_of(Axis(0)), |workspace, sample, sums| {
            workspace.carry(optics, objects, images.index_axis(Axis(0), sample), Reach::Seen);
            let result = turn(sample, workspace.arrived(optics, Reach::Seen));
            workspace.adjoint(optics, sums);
            result
        })
    }

    fn forward_waiting<R: Send>(
        &self,
        objects: &[ObjectPlane],
        images: ArrayView3<'_, f32>,
        bytes: usize,
        waiting: &mut Waiting,
        see: impl Fn(usize, &[Complex32]) -> R + Sync,
    ) -> Vec<R> {
        let optics = &self.optics;
        let numbers = self.tools.room.kept;
        let most = bytes / (numbers * size_of::<Complex32>()).max(1);
        let places = images.len_of(Axis(0)).min(most);
        waiting
            .0
            .retain_mut(|place| place.get_mut().unwrap_or_else(PoisonError::into_inner).len() == numbers);
        waiting.0.resize_with(places, || Mutex::new(Aligned::new(Complex32::default(), numbers)));
        let waiting = &*waiting;
        self.carry_each(objects, images, Reach::Seen, |workspace, sample| {
            if let Some(mut place) = waiting.place(sample) {
                std::mem::swap(workspace.incident_mut(), &mut *place);
            }
            see(sample, workspace.arrived(optics, Reach::Seen))
        })
    }

    fn back(
        &self,
        objects: &[ObjectPlane],
        images: ArrayView3<'_, f32>,
        waiting: &Waiting,
        source: impl Fn(usize, &mut [Complex32]) + Sync,
    ) -> Vec<Array2<f32>> {
        let optics = &self.optics;
        let (_, slopes) = self.sum_passes(images.len_of(Axis(0)), |workspace, sample, sums| {
            match waiting.place(sample) {
                Some(mut place) => std::mem::swap(workspace.incident_mut(), &mut *place),
                None => {
                    workspace.carry(optics, objects, images.index_axis(Axis(0), sample), Reach::Seen);
                }
            }
            source(sample, workspace.source(optics));
            workspace.adjoint(optics, sums);
        });
        slopes
    }

    fn light(&self, image: ArrayView2<'_, f32>) -> Result<Vec<Light<f32>>> {
        if !self.bench.optics.is_empty() || self.bench.plate.is_some() || self.bench.has_holders() {
            // Fields in front of what asks for no slopes, and on holders, are not kept: plainly, then.
            let values: Vec<_> = self.values.iter().map(|values| values.mapv(|value| value as f32)).collect();
            return Instrument::new(&self.bench, &values)?.light(image);
        }
        let (optics, grid) = (&self.optics, self.bench.grid());
        let objects: Vec<WaveField<f32>> =
            self.objects.iter().map(|object| object.encode(image)).collect::<Result<_>>()?;
        let (pixels, masks) = (optics.samples(), self.bench.masks());
        let field = |samples: &mut dyn Iterator<Item = Complex32>| {
            let mut field = WaveField::dark(grid);
            field.amplitude.iter_mut().zip(samples).for_each(|(to, from)| *to = from);
            field
        };
        let lights: Vec<Light<f32>> = self.with_workspace(|workspace| {
            workspace.carry(optics, &self.objects, image, Reach::Planes);
            let (mut incident, mut behind) = (Vec::new(), Vec::new());
            for (plane, factor) in workspace.incident_mut().chunks_exact(pixels).zip(&optics.factors) {
                incident.push(field(&mut plane.iter().copied()));
                behind.push(field(&mut plane.iter().zip(&*factor.samples).map(|(u, t)| u * t)));
            }
            let (mut incident, mut behind) = (incident.into_iter(), behind.into_iter());
            let detectors = workspace.plane_field().chunks_exact(pixels).zip(objects);
            detectors
                .map(|(detector, object)| Light {
                    object,
                    incident: incident.by_ref().take(masks).collect(),
                    behind: behind.by_ref().take(masks).collect(),
                    detector: field(&mut detector.iter().copied()),
                })
                .collect()
        });
        for light in &lights {
            let entering = light.object.power();
            for field in light.incident.iter().chain([&light.detector]) {
                check_passive("the device", entering, field.power())?;
            }
        }
        Ok(lights)
    }
}

impl Waiting {
    /// The place of `sample`, if it has one.
    fn place(&self, sample: usize) -> Option<MutexGuard<'_, Aligned<Complex32>>> {
        self.0.get(sample).map(|place| place.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn widened(values: &[Array2<f32>]) -> Vec<Array2<f64>> {
    values.iter().map(|values| values.mapv(f64::from)).collect()
}

/// Every beam of `bench`, and what it meets.
fn rays(bench: &Bench) -> Vec<Ray> {
    let ray = |beam: Beam| {
        let bench = bench.in_beam(&beam);
        Ray { beam, path: bench.path(), bench }
    };
    bench.beams().into_iter().map(ray).collect()
}

fn lit<'a>(rays: &'a [Ray], lowered: &'a [Lowered]) -> Vec<Lit<'a>> {
    let of = |(ray, lowered): (&'a Ray, &'a Lowered)| Lit { bench: &ray.bench, program: &lowered.program };
    rays.iter().zip(lowered).map(of).collect()
}

/// The program of each beam; `values` of all networks, network by network.
fn lower(rays: &[Ray], values: &[Array2<f64>], pool: &rayon::ThreadPool) -> Vec<Lowered> {
    let Some(first) = rays.first() else { return Vec::new() };
    let (each, stops) = (first.bench.arrays(), first.path.stops().len());
    let pieces: Vec<_> = pool.install(|| {
        (0..rays.len() * stops)
            .into_par_iter()
            .map(|number| {
                let Ray { beam, path, .. } = &rays[number / stops];
                path.piece(number % stops, &values[beam.network * each..(beam.network + 1) * each])
            })
            .collect()
    });
    let mut pieces = pieces.into_iter();
    rays.iter().map(|_| Lowered::of(pieces.by_ref().take(stops))).collect()
}
