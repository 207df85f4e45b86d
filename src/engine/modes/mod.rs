//! Past the cost of one pass an image: between object and detector the device is linear.
//!
//! An image reaches the device as a combination of modes, one for each value: 784 of 28 x 28. Once the light of
//! the modes has been carried to the detector, the readings of an image are a matter of a few products of matrices, and
//! so is the source of the adjoint light of a batch of any size. Only rounding differs from one pass an image.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use ndarray::{Array2, Array3, ArrayView2, ArrayView3, Axis, Slice};
use num_complex::Complex32;
use rayon::prelude::*;

use super::{Carrier, Cpu, Engine, Gradients, ImageEngine, Reach, ReadingSlopes, Readings};
use crate::bench::Bench;
use crate::detector::Watch;
use crate::error::{Error, Result};
use crate::object::ObjectPlane;
use crate::reference::Light;

mod classifier;
mod plane_power;
mod responses;

pub use classifier::Classifier;
use plane_power::{PlaneField, PlaneFields, PlanePower};
use responses::{Coefficients, Responses, complex, keep};

/// Images a mode above which carrying the modes is worth it: a pass and the products cost about as much again.
const IMAGES_A_MODE: f64 = 1.5;

/// Most memory the fields of the modes may take; devices with more are simulated image by image.
const MEMORY: usize = 3 << 30;

/// [`ModesEngine::keeping`] unless said otherwise.
const KEPT: usize = 1 << 30;

/// Modes carried between two reports of progress.
const BLOCK: usize = 28;

/// Parts a batch is divided into, each with a sum of its own; a fixed number, so that threads change no bit.
const PARTS: usize = 16;

/// An engine that carries modes of the object where that is less work than carrying every image.
pub struct ModesEngine<C: Carrier = Cpu> {
    images: ImageEngine<C>,
    /// The object planes that take modes in place of images, one a beam; none where the field is not linear in coefficients.
    linear: Option<Vec<ObjectPlane>>,
    /// The modes that gradients are made in, shape (modes, image values); none for image by image.
    basis: Option<Arc<Array2<f32>>>,
    /// What the masks make of a mode for each image value, once it is asked for.
    prepared: OnceLock<Prepared>,
    /// Most memory for the fields below, bytes.
    keeping: usize,
    /// Fields that fell on the masks, of the first modes; used again by the next batch.
    waiting: Arc<Mutex<C::Waiting>>,
}

struct Prepared {
    regions: Responses,
    plane: PlanePower,
}

impl<C: Carrier> ModesEngine<C> {
    /// Reads through modes what `engine` would read image by image, once [prepared](Engine::prepare) for many.
    /// Gradients are those of `engine`.
    pub fn new(engine: ImageEngine<C>) -> Self {
        ModesEngine {
            linear: linear(&engine.carrier),
            images: engine,
            basis: None,
            keeping: KEPT,
            prepared: OnceLock::new(),
            waiting: Arc::default(),
        }
    }

    /// The same engine with gradients in the modes of `basis`, orthonormal rows of shape (modes, image values): those
    /// of the images' projections. What they cost does not grow with the batch.
    ///
    /// # Errors
    /// [`Error::Value`] for another number of image values, and for an object plane whose field is not linear in them.
    pub fn with_basis(self, basis: Array2<f32>) -> Result<Self> {
        let (rows, columns) = self.carrier().bench().object.image();
        if basis.nrows() == 0 || basis.ncols() != rows * columns {
            return Err(Error::Value(format!(
                "{} modes of {} values: images have {rows} x {columns}",
                basis.nrows(),
                basis.ncols()
            )));
        }
        if self.linear.is_none() {
            return Err(Error::Value(
                "there are no modes where values are interpolated and then become phases or holes, where phases differ by \
                 wavelength, or where a sheet changes with the intensity: image by image, then"
                    .into(),
            ));
        }
        Ok(ModesEngine { basis: Some(Arc::new(basis)), ..self })
    }

    /// The same engine with at most `bytes` of memory for the fields that fell on the masks, kept from the forward to the
    /// adjoint pass of the modes (1 GiB unless said otherwise). Modes without a place are carried twice.
    pub fn keeping(self, bytes: usize) -> Self {
        ModesEngine { keeping: bytes, ..self }
    }

    fn carrier(&self) -> &C {
        &self.images.carrier
    }

    /// Number of threads in use.
    pub fn threads(&self) -> usize {
        self.carrier().threads()
    }

    /// As [`Carrier::light`].
    ///
    /// # Errors
    /// As [`Carrier::light`].
    pub fn light(&self, image: ArrayView2<'_, f32>) -> Result<Vec<Light<f32>>> {
        self.carrier().light(image)
    }

    /// Coefficients of `images`, in `basis` or one a value.
    fn coefficients(&self, images: ArrayView3<'_, f32>, basis: Option<&Array2<f32>>) -> Coefficients {
        let object = &self.carrier().bench().object;
        let (samples, rows, columns) = images.dim();
        let part = |of: &dyn Fn(Complex32) -> f32| {
            let mut values = Array2::zeros((samples, rows * columns));
            values.iter_mut().zip(images.iter()).for_each(|(to, value)| *to = of(object.coefficient(*value)));
            match basis {
                Some(basis) => values.dot(&basis.t()),
                None => values,
            }
        };
        let complex = object.has_complex_coefficients();
        Coefficients { real: part(&|c| c.re), imaginary: complex.then(|| part(&|c| c.im)) }
    }

    /// Carries a mode for each image value to the detector, some at a time; `take` gets the regions' fields to be filled,
    /// the number of the first mode, and what `see` made of the fields of each.
    ///
    /// # Errors
    /// What `progress` returns, which is told the share that is done.
    fn carry_values<R: Send>(
        &self,
        reach: Reach,
        see: &(dyn Fn(&[Complex32]) -> R + Sync),
        take: &mut dyn FnMut(usize, Vec<R>),
        progress: &mut dyn FnMut(f64) -> Result<()>,
    ) -> Result<()> {
        let Some(linear) = &self.linear else { return Err(Error::Value("an object without modes".into())) };
        let (rows, columns) = self.carrier().bench().object.image();
        let blocks = (rows * columns).div_ceil(BLOCK);
        for first in (0..rows * columns).step_by(BLOCK) {
            let count = BLOCK.min(rows * columns - first);
            let unit = |(mode, y, x): (usize, usize, usize)| f32::from(y * columns + x == first + mode);
            let modes = Array3::from_shape_fn((count, rows, columns), unit);
            take(first, self.carrier().forward(linear, modes.view(), reach, |_, fields| see(fields)));
            progress((first / BLOCK + 1) as f64 / (blocks + 1) as f64)?;
        }
        Ok(())
    }

    /// The regions' fields of a mode for each image value.
    fn region_responses(&self, progress: &mut dyn FnMut(f64) -> Result<()>) -> Result<Responses> {
        let (rows, columns) = self.carrier().bench().object.image();
        let mut regions = Responses::new(rows * columns, self.carrier().lookout());
        let mut take = |first: usize, seen: Vec<Vec<Complex32>>| {
            let rows = regions.fields_mut().outer_iter_mut().skip(first);
            rows.zip(seen).for_each(|(mut numbers, seen)| keep(&seen, &mut numbers));
        };
        let lookout = self.carrier().lookout();
        let of_regions = |seen: &[Complex32]| {
            if !lookout.watches_plane() {
                return seen.to_vec();
            }
            let mut regions = Vec::new();
            lookout.look_at_regions(seen, &mut regions);
            regions
        };
        self.carry_values(Reach::Seen, &of_regions, &mut take, progress)?;
        Ok(regions)
    }

    /// What the masks make of a mode for each image value, on the regions and on the planes.
    fn compile(&self, progress: &mut dyn FnMut(f64) -> Result<()>) -> Result<Prepared> {
        let (carrier, lookout) = (self.carrier(), self.carrier().lookout());
        let (rows, columns) = carrier.bench().object.image();
        let (modes, samples) = (rows * columns, carrier.objects().len() * lookout.samples());
        let mut regions = Responses::new(modes, lookout);
        let mut planes = PlaneFields::new(modes, samples);
        self.carry_values(
            Reach::Planes,
            &|fields| {
                let mut seen = Vec::new();
                lookout.look_at_regions(fields, &mut seen);
                (seen, PlaneField::of(fields, lookout.shares()))
            },
            &mut |first, found| {
                let rows = regions.fields_mut().outer_iter_mut().skip(first);
                for (mode, (mut numbers, (seen, plane))) in rows.zip(found).enumerate() {
                    keep(&seen, &mut numbers);
                    planes.set(first + mode, plane);
                }
            },
            progress,
        )?;
        let complex = carrier.bench().object.has_complex_coefficients();
        let plane = carrier.run(|| planes.power(lookout.pixel_area, complex));
        progress(1.0)?;
        Ok(Prepared { regions, plane })
    }

    /// An engine of the same kind, as [`Engine::at`].
    ///
    /// # Errors
    /// As [`Engine::at`].
    pub fn beside(&self, bench: Bench, values: &[Array2<f32>]) -> Result<Self> {
        let images = self.images.beside(bench, values)?;
        Ok(ModesEngine {
            linear: linear(&images.carrier),
            images,
            basis: self.basis.clone(),
            keeping: self.keeping,
            prepared: OnceLock::new(),
            waiting: Arc::clone(&self.waiting),
        })
    }
}

/// The object planes that take modes in place of images, if there are any: coefficients are those of the bench in every beam
/// ([`Bench::has_modes`]).
fn linear(carrier: &impl Carrier) -> Option<Vec<ObjectPlane>> {
    let has_modes = carrier.is_linear() && carrier.bench().has_modes();
    has_modes.then(|| carrier.objects().iter().map(ObjectPlane::linear).collect()).flatten()
}

impl<C: Carrier + 'static> Engine for ModesEngine<C> {
    fn bench(&self) -> &Bench {
        self.images.bench()
    }

    fn set_masks(&mut self, values: &[Array2<f32>]) -> Result<()> {
        self.prepared = OnceLock::new();
        self.images.set_masks(values)
    }

    fn at(&self, bench: Bench, values: &[Array2<f32>]) -> Result<Box<dyn Engine>> {
        Ok(Box::new(self.beside(bench, values)?))
    }

    fn prepare(&self, samples: usize, progress: &mut dyn FnMut(f64) -> Result<()>) -> Result<()> {
        if self.linear.is_none() || self.prepared.get().is_some() {
            return Ok(());
        }
        let lookout = self.carrier().lookout();
        let (rows, columns) = self.bench().object.image();
        let (modes, plane_samples) = (rows * columns, self.carrier().objects().len() * lookout.samples());
        let bytes = PlaneFields::bytes(modes, plane_samples).saturating_add(Responses::bytes(modes, lookout));
        if samples as f64 <= IMAGES_A_MODE * modes as f64 || bytes > MEMORY {
            return Ok(());
        }
        // There may not be room for both.
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = C::Waiting::default();
        let compiled = self.compile(progress)?;
        self.prepared.get_or_init(|| compiled);
        Ok(())
    }

    fn readings(&self, images: ArrayView3<'_, f32>) -> Result<Readings> {
        let Some(prepared) = self.prepared.get() else { return self.images.readings(images) };
        self.images.check_images(&images)?;
        let coefficients = self.coefficients(images, None);
        let imaginary = coefficients.imaginary.as_ref();
        let (regions, plane) = self.carrier().run(|| {
            rayon::join(
                || prepared.regions.readings(&coefficients),
                || prepared.plane.of(coefficients.real.view(), imaginary.map(|part| part.view())),
            )
        });
        Readings { regions, plane }.of_passive(self.bench(), images)
    }

    fn gradients(&self, images: ArrayView3<'_, f32>, slopes: &ReadingSlopes<'_>) -> Result<Gradients> {
        let (Some(basis), Some(linear)) = (&self.basis, &self.linear) else {
            return self.images.gradients(images, slopes);
        };
        let (carrier, lookout) = (self.carrier(), self.carrier().lookout());
        if lookout.watch == Watch::Plane {
            return Err(Error::Value(
                "a loss of the squared intensity of the detector plane is computed image by image, not in modes".into(),
            ));
        }
        self.images.check_images(&images)?;
        let (samples, rows, columns) = images.dim();
        let of_mode = |(mode, y, x): (usize, usize, usize)| basis[[mode, y * columns + x]];
        let modes = Array3::from_shape_fn((basis.nrows(), rows, columns), of_mode);
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);

        // Forward: the modes to the regions, and to the planes where their power is watched.
        let look = |seen: &[Complex32]| {
            let mut numbers = Vec::new();
            if lookout.watches_plane() {
                lookout.look_at_regions(seen, &mut numbers);
            }
            numbers.extend_from_slice(seen);
            numbers
        };
        let seen =
            carrier.forward_waiting(linear, modes.view(), self.keeping, &mut waiting, |_, seen| look(seen));
        let mut regions = Responses::watching(basis.nrows(), lookout);
        let places = regions.fields_mut().outer_iter_mut();
        places.zip(&seen).for_each(|(mut numbers, seen)| keep(seen, &mut numbers));

        // The batch: readings, and one source a mode.
        let size = samples.div_ceil(PARTS).max(1);
        let complex_coefficients = self.bench().object.has_complex_coefficients();
        let batch = carrier.run(|| regions.batch(samples, complex_coefficients));
        let parts: Vec<(Array2<f64>, Array2<f32>)> = carrier.run(|| {
            (0..samples.div_ceil(size))
                .into_par_iter()
                .map(|part| {
                    let first = part * size;
                    let some = images.slice_axis(Axis(0), Slice::from(first..samples.min(first + size)));
                    let coefficients = self.coefficients(some, Some(basis));
                    batch
                        .part(&coefficients, &|image, readings, slope| slopes(first + image, readings, slope))
                })
                .collect()
        });
        let mut readings = Array2::zeros((samples, regions.readings_each()));
        let mut sum = batch.no_images();
        for (part, (read, from)) in parts.iter().enumerate() {
            let rows = Slice::from(part * size..part * size + read.nrows());
            readings.slice_axis_mut(Axis(0), rows).assign(read);
            sum += from;
        }
        let source = batch.source(sum);

        // Adjoint: the sources back to the first mask.
        let fill = |mode: usize, to: &mut [Complex32]| {
            // Of the regions, and behind them of the planes.
            let (of_regions, seen) = source.row(mode).split_at(Axis(0), source.ncols() - 2 * to.len());
            complex(seen, to);
            if !of_regions.is_empty() {
                let mut sources = vec![Complex32::default(); of_regions.len() / 2];
                complex(of_regions, &mut sources);
                lookout.add_regions(&sources, to);
            }
        };
        let masks = carrier.back(linear, modes.view(), &waiting, fill);
        Ok(Gradients { readings, masks })
    }
}
