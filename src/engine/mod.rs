//! One optical pass over a batch: forward to readings, adjoint to phase gradients.
//!
//! The seam for other hardware is the whole pass, not the transform: what crosses it is one image and a few
//! readings a sample, and one gradient a pixel. An engine knows no labels and no loss.
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

use ndarray::{Array2, ArrayView3, Axis};

use crate::bench::Bench;
use crate::error::Result;
use crate::propagation::passive::check_passive;

mod aligned;
mod cpu;
mod crossing;
mod modes;
mod optics;
mod passes;

pub use cpu::CpuEngine;
pub use modes::{Classifier, ModesEngine};

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
    /// Power in each region, shape (samples, regions); two columns more where the detector watches the plane
    /// ([`crate::detector::Detector::watching_plane`]).
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

    /// Makes it the same device with other errors of alignment and wavelength (see [`Bench::misaligned`]): nothing else
    /// of `bench` may differ. The masks stay set; gaps that are as they were are not planned again.
    ///
    /// # Errors
    /// [`crate::Error::Value`] for another device, and for a bench that does not fit together; then nothing has changed.
    fn set_bench(&mut self, bench: Bench) -> Result<()>;

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
