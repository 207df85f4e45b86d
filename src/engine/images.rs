//! Readings and gradients image by image, on any carrier.

use ndarray::{Array2, ArrayView2, ArrayView3, Axis};

use super::{Carrier, Cpu, Engine, Gradients, Reach, ReadingSlopes, Readings};
use crate::bench::Bench;
use crate::error::{Error, Result};
use crate::reference::Light;

/// An engine that carries every image.
pub struct ImageEngine<C: Carrier = Cpu> {
    pub(super) carrier: C,
}

impl ImageEngine<Cpu> {
    /// As [`Cpu::new`].
    ///
    /// # Errors
    /// As [`Cpu::new`].
    pub fn new(bench: Bench, threads: usize) -> Result<Self> {
        Ok(ImageEngine::on(Cpu::new(bench, threads)?))
    }

    /// As [`Cpu::transforms`].
    pub fn transforms(&self) -> Vec<(usize, usize)> {
        self.carrier.transforms()
    }
}

impl<C: Carrier> ImageEngine<C> {
    /// The engine whose light `carrier` carries.
    pub fn on(carrier: C) -> Self {
        ImageEngine { carrier }
    }

    /// Number of threads in use.
    pub fn threads(&self) -> usize {
        self.carrier.threads()
    }

    /// As [`Carrier::light`].
    ///
    /// # Errors
    /// As [`Carrier::light`].
    pub fn light(&self, image: ArrayView2<'_, f32>) -> Result<Vec<Light<f32>>> {
        self.carrier.light(image)
    }

    /// An engine of the same kind, as [`Engine::at`].
    ///
    /// # Errors
    /// As [`Engine::at`].
    pub(super) fn beside(&self, bench: Bench, values: &[Array2<f32>]) -> Result<Self> {
        Ok(ImageEngine { carrier: self.carrier.at(bench, values)? })
    }

    pub(super) fn check_images(&self, images: &ArrayView3<'_, f32>) -> Result<()> {
        let (_, rows, columns) = images.dim();
        let takes = self.carrier.bench().object.image();
        if (rows, columns) == takes {
            return Ok(());
        }
        Err(Error::Value(format!("images of {rows} x {columns} values: this device takes {takes:?}")))
    }
}

impl<C: Carrier + 'static> Engine for ImageEngine<C> {
    fn bench(&self) -> &Bench {
        self.carrier.bench()
    }

    fn set_masks(&mut self, values: &[Array2<f32>]) -> Result<()> {
        self.carrier.set_masks(values)
    }

    fn at(&self, bench: Bench, values: &[Array2<f32>]) -> Result<Box<dyn Engine>> {
        Ok(Box::new(self.beside(bench, values)?))
    }

    fn readings(&self, images: ArrayView3<'_, f32>) -> Result<Readings> {
        self.check_images(&images)?;
        let (carrier, lookout) = (&self.carrier, self.carrier.lookout());
        let read = carrier.forward(carrier.objects(), images, Reach::Planes, |_, planes| {
            (lookout.readings_of_planes(planes), lookout.power(planes))
        });
        let (regions, plane): (Vec<Vec<f64>>, Vec<f64>) = read.into_iter().unzip();
        let regions = rows(regions, self.bench().readings());
        Readings { regions, plane }.of_passive(self.bench(), images)
    }

    fn gradients(&self, images: ArrayView3<'_, f32>, slopes: &ReadingSlopes<'_>) -> Result<Gradients> {
        self.check_images(&images)?;
        let (carrier, lookout) = (&self.carrier, self.carrier.lookout());
        let (readings, masks) = carrier.forward_and_back(carrier.objects(), images, |sample, seen| {
            let read = lookout.readings(seen);
            let mut slope = vec![0.0; read.len()];
            slopes(sample, &read, &mut slope);
            lookout.weigh(seen, &slope);
            read
        });
        let numbers = self.bench().readings() + lookout.watch.readings();
        Ok(Gradients { readings: rows(readings, numbers), masks })
    }
}

/// An array of rows of `columns` numbers.
fn rows(rows: Vec<Vec<f64>>, columns: usize) -> Array2<f64> {
    let mut array = Array2::zeros((rows.len(), columns));
    for (mut to, from) in array.axis_iter_mut(Axis(0)).zip(rows) {
        to.iter_mut().zip(from).for_each(|(to, from)| *to = from);
    }
    array
}
