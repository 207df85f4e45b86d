//! One optical pass over a batch: forward to readings, adjoint to phase gradients.
//!
//! A [`Carrier`] carries light on some hardware: images in, what the detector sees out; sources back in, slopes by the
//! values out. It is the seam for other hardware, and it is the whole pass, not the transform. An [`Engine`] makes readings
//! and gradients of it, image by image ([`ImageEngine`]) or in modes of the object ([`ModesEngine`]). Neither knows labels
//! or a loss.
//!
//! ```
//! use d2nn::design::{Design, DesignFile};
//! use d2nn::engine::{CpuEngine, Engine};
//! use ndarray::{Array2, Array3};
//!
//! let text = "format = 1\n[bench]\npixels = 64\nmasks = 2\ngaps = \"12 mm\"\noversample = 1\n[object]\nupsampling = 2\n\
//!             [detector]\nregion_size = \"4 mm\"\nrow_pitch = \"6 mm\"\ncolumn_pitch = \"6 mm\"\n";
//! let bench = Design::resolve("small", &DesignFile::parse("small", text)?)?.bench;
//! let mut engine = CpuEngine::new(bench, 0)?;
//! engine.set_masks(&[Array2::zeros((64, 64)), Array2::zeros((64, 64))])?;
//! let images = Array3::from_elem((3, 28, 28), 0.5);
//! assert_eq!(engine.readings(images.view())?.regions.dim(), (3, 10));
//!
//! // A gradient that asks for more light in region 0.
//! let pass = engine.gradients(images.view(), &|_, _, slopes| slopes[0] = -1.0)?;
//! assert_eq!((pass.masks.len(), pass.masks[0].dim()), (2, (64, 64)));
//! # Ok::<(), d2nn::Error>(())
//! ```

use ndarray::{Array2, ArrayView2, ArrayView3, Axis};
use num_complex::Complex32;

use crate::bench::Bench;
use crate::error::Result;
use crate::object::ObjectPlane;
use crate::propagation::passive::check_passive;
use crate::reference::Light;

mod cpu;
mod images;
mod lookout;
mod modes;

pub use cpu::{Cpu, Waiting};
pub use images::ImageEngine;
pub use lookout::Lookout;
pub use modes::{Classifier, ModesEngine};

/// The engine that carries every image, on processor cores.
pub type CpuEngine = ImageEngine<Cpu>;

/// The engine for work of any size on this machine: image by image, and in modes where that is less work.
pub type Simulator = ModesEngine<Cpu>;

impl Simulator {
    /// Plans `bench` for `threads` threads (0: one a core), with open masks: no phase, full amplitude.
    ///
    /// # Errors
    /// [`Error::Value`](crate::Error::Value) when the bench does not fit together or threads cannot be started.
    pub fn of(bench: Bench, threads: usize) -> Result<Self> {
        Ok(ModesEngine::new(CpuEngine::new(bench, threads)?))
    }
}

/// How far light is carried on the detector planes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// To what the detector looks at: fields are *seen* ([`Lookout`]).
    Seen,
    /// To every sample: fields are *planes* ([`Lookout`]).
    Planes,
}

/// Carries light through a device on some hardware: a plan of its gaps, with the values of its masks.
///
/// Images are sent in by object planes, one a beam: those of the device, or others of the same size that take modes
/// ([`ObjectPlane::linear`]). Results are the same to the bit whatever the number of threads.
pub trait Carrier: Send + Sync + Sized {
    /// Fields that wait for the adjoint pass.
    type Waiting: Default + Send + Sync;

    /// What is simulated.
    fn bench(&self) -> &Bench;

    /// The object plane of each beam.
    fn objects(&self) -> &[ObjectPlane];

    /// What the detector looks at.
    fn lookout(&self) -> &Lookout;

    /// Whether the field at the detector is linear in that at the object.
    fn is_linear(&self) -> bool;

    /// Number of threads in use.
    fn threads(&self) -> usize;

    /// Does other work on the same threads.
    fn run<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R;

    /// As [`Engine::set_masks`].
    ///
    /// # Errors
    /// As [`Engine::set_masks`].
    fn set_masks(&mut self, values: &[Array2<f32>]) -> Result<()>;

    /// As [`Engine::at`].
    ///
    /// # Errors
    /// As [`Engine::at`].
    fn at(&self, bench: Bench, values: &[Array2<f32>]) -> Result<Self>;

    /// Carries `images`, shape (samples, rows, columns), to the detector; `see` gets the number of the sample and its
    /// fields.
    fn forward<R: Send>(
        &self,
        objects: &[ObjectPlane],
        images: ArrayView3<'_, f32>,
        reach: Reach,
        see: impl Fn(usize, &[Complex32]) -> R + Sync,
    ) -> Vec<R>;

    /// Carries `images` to the detector and back; `turn` makes what is seen of a sample the source of its adjoint light.
    ///
    /// Besides what `turn` returns, the slopes by the values in the order of [`Engine::set_masks`], summed over the samples.
    fn forward_and_back<R: Send>(
        &self,
        objects: &[ObjectPlane],
        images: ArrayView3<'_, f32>,
        turn: impl Fn(usize, &mut [Complex32]) -> R + Sync,
    ) -> (Vec<R>, Vec<Array2<f32>>);

    /// [`Carrier::forward`] to what is seen, with the fields of as many samples as `bytes` hold kept in `waiting`.
    fn forward_waiting<R: Send>(
        &self,
        objects: &[ObjectPlane],
        images: ArrayView3<'_, f32>,
        bytes: usize,
        waiting: &mut Self::Waiting,
        see: impl Fn(usize, &[Complex32]) -> R + Sync,
    ) -> Vec<R>;

    /// The way back of [`Carrier::forward_waiting`], for the same images: `source` fills the source of the adjoint light of
    /// a sample, in the form of what is seen. Samples that do not wait are carried forward once more.
    fn back(
        &self,
        objects: &[ObjectPlane],
        images: ArrayView3<'_, f32>,
        waiting: &Self::Waiting,
        source: impl Fn(usize, &mut [Complex32]) + Sync,
    ) -> Vec<Array2<f32>>;

    /// The light of one image (values 0 to 1) in each beam ([`Bench::beams`]), on every plane.
    ///
    /// # Errors
    /// [`Error::Value`](crate::Error::Value) when the image has not the shape the object plane takes, and where more power
    /// reaches a plane than leaves the object.
    fn light(&self, image: ArrayView2<'_, f32>) -> Result<Vec<Light<f32>>>;
}

/// What a batch left on the detector plane.
#[derive(Clone, Debug, PartialEq)]
pub struct Readings {
    /// Power in each region, shape (samples, regions).
    pub regions: Array2<f64>,
    /// Power through the whole detector plane of each sample.
    pub plane: Vec<f64>,
}

impl Readings {
    /// The same, judged: no device gives light to `images`.
    ///
    /// # Errors
    /// [`crate::Error::Value`] for a detector plane with more power than the object.
    fn of_passive(self, bench: &Bench, images: ArrayView3<'_, f32>) -> Result<Self> {
        for (sample, plane) in self.plane.iter().enumerate() {
            check_passive("the device", bench.entering(images.index_axis(Axis(0), sample)), *plane)?;
        }
        Ok(self)
    }
}

/// What the adjoint pass gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradients {
    /// Power in each region, shape (samples, regions); more columns where the detector watches the plane
    /// ([`crate::detector::Detector::watching`]).
    pub readings: Array2<f64>,
    /// Sum over the batch of the gradient by the values of masks and other optics, in the order of [`Engine::set_masks`].
    pub masks: Vec<Array2<f32>>,
}

/// Derivatives of a sample's loss by its readings: (sample number in the batch, readings, derivatives out).
pub type ReadingSlopes<'a> = dyn Fn(usize, &[f64], &mut [f64]) + Sync + 'a;

/// Simulates the device for batches of images.
///
/// Results are the same to the bit whatever the number of threads.
pub trait Engine: Send {
    /// What is simulated.
    fn bench(&self) -> &Bench;

    /// Sets the values of the masks (phases in radians) in the order of the light, one array a channel of the
    /// bench's modulation, one number a pixel; then those of other optics ([`Bench::arrays`]), shaped as
    /// [`Element::open`](crate::element::Element::open) gives them.
    ///
    /// # Errors
    /// [`crate::Error::Value`] for a wrong number of masks, a wrong shape, or a value out of its range.
    fn set_masks(&mut self, values: &[Array2<f32>]) -> Result<()>;

    /// An engine of the same device with other errors of alignment and wavelength (see [`Bench::misaligned`]) and other
    /// values, beside this one: nothing else of `bench` may differ. Gaps that are as they were are not planned again, and
    /// memory for work is shared.
    ///
    /// # Errors
    /// [`crate::Error::Value`] for another device, for a bench that does not fit together, and as [`Engine::set_masks`].
    fn at(&self, bench: Bench, values: &[Array2<f32>]) -> Result<Box<dyn Engine>>;

    /// Is told that about `samples` images will be read with the masks as they are: what pays only for many images is
    /// done now.
    ///
    /// `progress` is told the share that is done, and stops the work by an error.
    ///
    /// # Errors
    /// What `progress` returns.
    fn prepare(&self, samples: usize, progress: &mut dyn FnMut(f64) -> Result<()>) -> Result<()> {
        let _ = (samples, progress);
        Ok(())
    }

    /// Forward pass over `images`, values 0 to 1, shape (samples, rows, columns).
    ///
    /// # Errors
    /// [`crate::Error::Value`] when the images have not the shape the object plane takes, and where more power leaves the
    /// device than enters it.
    fn readings(&self, images: ArrayView3<'_, f32>) -> Result<Readings>;

    /// Forward and adjoint pass over `images`; `slopes` turns the readings of a sample into derivatives.
    ///
    /// # Errors
    /// [`crate::Error::Value`] when the images have not the shape the object plane takes.
    fn gradients(&self, images: ArrayView3<'_, f32>, slopes: &ReadingSlopes<'_>) -> Result<Gradients>;
}
