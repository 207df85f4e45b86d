//! Past the cost of one pass an image: between object and detector the device is linear.
//!
//! An image reaches the device as a combination of modes, one for each value: 784 of 28 x 28. Once the light of
//! the modes has been carried to the detector, the readings of an image are a matter of a few products of matrices, and
//! so is the source of the adjoint light of a batch of any size. Only rounding differs from one pass an image.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use ndarray::{Array2, ArrayView3, Axis, Slice};
use num_complex::Complex32;
use rayon::prelude::*;

use super::aligned::Aligned;
use super::passes::{Reach, Workspace};
use super::{CpuEngine, Engine, Gradients, ReadingSlopes, Readings};
use crate::bench::Bench;
use crate::error::{Error, Result};
use crate::object::ObjectPlane;

mod classifier;
mod plane_power;
mod responses;

pub use classifier::Classifier;
use plane_power::{PlaneFields, PlanePower};
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
pub struct ModesEngine {
    images: CpuEngine,
    /// The object planes that take modes in place of images, one a beam; none where the field is not linear in coefficients.
    linear: Option<Vec<ObjectPlane>>,
    /// The modes that gradients are made in, shape (modes, image values); none for image by image.
    basis: Option<Array2<f32>>,
    /// What the present masks make of a mode for each image value.
    prepared: RwLock<Option<Arc<Prepared>>>,
    /// Most memory for the fields below, bytes.
    keeping: usize,
    /// Fields that fell on the masks, of the first modes; used again by the next batch.
    kept: Mutex<Vec<Aligned<Complex32>>>,
}

struct Prepared {
    regions: Responses,
    plane: PlanePower,
}

impl ModesEngine {
    /// Reads through modes what `engine` would read image by image, once [prepared](Engine::prepare) for many.
    /// Gradients are those of `engine`.
    pub fn new(engine: CpuEngine) -> Self {
        ModesEngine {
            linear: linear(&engine),
            images: engine,
            basis: None,
            keeping: KEPT,
            prepared: RwLock::default(),
            kept: Mutex::default(),
        }
    }

    /// The same engine with gradients in the modes of `basis`, orthonormal rows of shape (modes, image values): those
    /// of the images' projections. What they cost does not grow with the batch.
    ///
    /// # Errors
    /// [`Error::Value`] for another number of image values, and for an object plane whose field is not linear in them.
    pub fn with_basis(self, basis: Array2<f32>) -> Result<Self> {
        let (rows, columns) = self.bench().object.image();
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
        Ok(ModesEngine { basis: Some(basis), ..self })
    }

    /// The same engine with at most `bytes` of memory for the fields that fell on the masks, kept from the forward to the
    /// adjoint pass of the modes (1 GiB unless said otherwise). Modes without a place are carried twice.
    pub fn keeping(self, bytes: usize) -> Self {
        ModesEngine { keeping: bytes, ..self }
    }

    fn prepared(&self) -> Option<Arc<Prepared>> {
        self.prepared.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Number of threads in use.
    pub fn threads(&self) -> usize {
        self.images.threads()
    }

    /// Coefficients of `images`, in `basis` or one a value.
    fn coefficients(&self, images: ArrayView3<'_, f32>, basis: Option<&Array2<f32>>) -> Coefficients {
        let object = &self.bench().object;
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

    /// Carries `modes` modes to the regions, `values` of each; `take` gets the workspace after each, and its place.
    ///
    /// # Errors
    /// What `progress` returns, which is told the share that is done; without it there is no pause.
    fn carry_all<P: Send>(
        &self,
        modes: usize,
        values: &(dyn Fn(usize) -> Vec<f32> + Sync),
        reach: Reach,
        places: impl Iterator<Item = P>,
        take: &(dyn Fn(&mut Workspace, P) + Sync),
        mut progress: Option<&mut dyn FnMut(f64) -> Result<()>>,
    ) -> Result<Responses> {
        let Some(linear) = &self.linear else { return Err(Error::Value("an object without modes".into())) };
        let optics = &self.images.optics;
        let mut regions = Responses::new(modes, optics);
        let mut places = regions.fields_mut().outer_iter_mut().zip(places).enumerate();
        let block = if progress.is_some() { BLOCK } else { modes };
        let blocks = modes.div_ceil(block);
        for number in 1..=blocks {
            let some: Vec<_> = places.by_ref().take(block).collect();
            self.images.pool.install(|| {
                some.into_par_iter().for_each(|(mode, (mut fields, place))| {
                    self.images.with_workspace(|workspace| {
                        self.carry(workspace, linear, &values(mode), reach);
                        keep(workspace.region_fields(optics), &mut fields);
                        take(workspace, place);
                    });
                });
            });
            if let Some(progress) = &mut progress {
                progress(number as f64 / (blocks + 1) as f64)?;
            }
        }
        drop(places);
        Ok(regions)
    }

    /// The regions' fields of a mode for each image value.
    fn region_responses(&self, progress: &mut dyn FnMut(f64) -> Result<()>) -> Result<Responses> {
        let (rows, columns) = self.bench().object.image();
        let nothing = std::iter::repeat(());
        self.carry_all(
            rows * columns,
            &|mode| unit(rows * columns, mode),
            Reach::Regions,
            nothing,
            &|_, ()| {},
            Some(progress),
        )
    }

    /// Carries the mode `values` to the detector.
    fn carry(&self, workspace: &mut Workspace, linear: &[ObjectPlane], values: &[f32], reach: Reach) {
        let (rows, columns) = self.bench().object.image();
        let mode = Array2::from_shape_fn((rows, columns), |(y, x)| values[y * columns + x]);
        workspace.carry(&self.images.optics, linear, mode.view(), reach);
    }
}

/// The object planes that take modes in place of images, if there are any: coefficients must be the same in every beam.
fn linear(engine: &CpuEngine) -> Option<Vec<ObjectPlane>> {
    let first = engine.objects.first()?;
    let alike = engine.objects.iter().all(|object| object.encoding() == first.encoding());
    if !engine.is_linear() || !alike {
        return None;
    }
    engine.objects.iter().map(ObjectPlane::linear).collect()
}

/// One value of an image, and nothing else.
fn unit(values: usize, mode: usize) -> Vec<f32> {
    let mut unit = vec![0.0; values];
    unit[mode] = 1.0;
    unit
}

impl Engine for ModesEngine {
    fn bench(&self) -> &Bench {
        self.images.bench()
    }

    fn set_masks(&mut self, values: &[Array2<f32>]) -> Result<()> {
        *self.prepared.get_mut().unwrap_or_else(PoisonError::into_inner) = None;
        self.images.set_masks(values)
    }

    fn set_bench(&mut self, bench: Bench) -> Result<()> {
        self.images.set_bench(bench)?;
        *self.prepared.get_mut().unwrap_or_else(PoisonError::into_inner) = None;
        self.linear = linear(&self.images);
        Ok(())
    }

    fn prepare(&self, samples: usize, progress: &mut dyn FnMut(f64) -> Result<()>) -> Result<()> {
        if self.linear.is_none() {
            return Ok(());
        }
        let optics = &self.images.optics;
        let (rows, columns) = self.bench().object.image();
        let (modes, plane_samples) = (rows * columns, optics.beams.len() * optics.samples());
        let bytes = PlaneFields::bytes(modes, plane_samples).saturating_add(Responses::bytes(modes, optics));
        let worth = samples as f64 > IMAGES_A_MODE * modes as f64 && bytes <= MEMORY;
        if !worth || self.prepared().is_some() {
            return Ok(());
        }
        // There may not be room for both.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let mut planes = PlaneFields::new(modes, plane_samples);
        let regions = self.carry_all(
            modes,
            &|mode| unit(modes, mode),
            Reach::Plane,
            planes.planes_mut(),
            &|workspace, plane| {
                let shares = optics.beams.iter().map(|beam| beam.share);
                plane.set(workspace.plane_field(), shares);
            },
            Some(progress),
        )?;
        let complex = self.bench().object.has_complex_coefficients();
        let plane = self.images.pool.install(|| planes.power(optics.pixel_area, complex));
        progress(1.0)?;
        *self.prepared.write().unwrap_or_else(PoisonError::into_inner) =
            Some(Arc::new(Prepared { regions, plane }));
        Ok(())
    }

    fn readings(&self, images: ArrayView3<'_, f32>) -> Result<Readings> {
        let Some(prepared) = self.prepared() else { return self.images.readings(images) };
        self.images.check_images(&images)?;
        let coefficients = self.coefficients(images, None);
        let (regions, plane) = self.images.pool.install(|| {
            rayon::join(
                || prepared.regions.readings(&coefficients),
                || {
                    prepared
                        .plane
                        .of(coefficients.real.view(), coefficients.imaginary.as_ref().map(|i| i.view()))
                },
            )
        });
        Readings { regions, plane }.of_passive(self.images.bench(), images)
    }

    fn gradients(&self, images: ArrayView3<'_, f32>, slopes: &ReadingSlopes<'_>) -> Result<Gradients> {
        let (Some(basis), Some(linear)) = (&self.basis, &self.linear) else {
            return self.images.gradients(images, slopes);
        };
        if self.images.optics.watches_plane {
            return Err(Error::Value(
                "a loss of the whole detector plane is computed image by image, not in modes".into(),
            ));
        }
        self.images.check_images(&images)?;
        let (samples, modes) = (images.len_of(Axis(0)), basis.nrows());
        let optics = &self.images.optics;
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = &mut *kept;
        let numbers = optics.beams.len() * optics.kept * optics.samples();
        let most = self.keeping / (numbers * size_of::<Complex32>()).max(1);
        kept.resize_with(modes.min(most), || Aligned::new(Complex32::default(), numbers));

        // Forward: the modes to the regions.
        let regions = self.carry_all(
            modes,
            &|mode| basis.row(mode).to_vec(),
            Reach::Regions,
            kept.iter_mut().map(Some).chain(std::iter::repeat_with(|| None)),
            &|workspace, incident| {
                if let Some(incident) = incident {
                    std::mem::swap(workspace.incident_mut(), incident);
                }
            },
            None,
        )?;

        // The batch: readings, and one source a mode.
        let size = samples.div_ceil(PARTS).max(1);
        let complex_coefficients = self.bench().object.has_complex_coefficients();
        let batch = self.images.pool.install(|| regions.batch(samples, complex_coefficients));
        let parts: Vec<(Array2<f64>, Array2<f32>)> = self.images.pool.install(|| {
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
        let mut readings = Array2::zeros((samples, self.bench().readings()));
        let mut sum = batch.no_images();
        for (part, (read, from)) in parts.iter().enumerate() {
            let rows = Slice::from(part * size..part * size + read.nrows());
            readings.slice_axis_mut(Axis(0), rows).assign(read);
            sum += from;
        }
        let source = batch.source(sum);

        // Adjoint: the sources back to the first mask.
        let places: Vec<_> = kept.iter_mut().map(|incident| Mutex::new(Some(incident))).collect();
        let (_, masks) = self.images.sum_passes(modes, |workspace, mode, gradient| {
            let stored = places
                .get(mode)
                .and_then(|place| place.lock().unwrap_or_else(PoisonError::into_inner).take());
            match stored {
                Some(incident) => std::mem::swap(workspace.incident_mut(), incident),
                None => self.carry(workspace, linear, &basis.row(mode).to_vec(), Reach::Regions),
            }
            let numbers = source.row(mode).to_vec();
            workspace.set_region_source(optics, complex(&numbers));
            workspace.adjoint(optics, gradient);
        });
        Ok(Gradients { readings, masks })
    }
}
