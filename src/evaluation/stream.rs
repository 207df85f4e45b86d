//! One stream of readings, image after image, that every judge reads.

use ndarray::{ArrayView2, Axis};

use crate::dataset::Images;
use crate::engine::Engine;
use crate::error::{Error, Result};

/// Images simulated between two reports of progress.
const BATCH: usize = 128;

/// An image and what a device makes of it.
#[derive(Clone, Copy, Debug)]
pub struct Sample<'a> {
    /// Number of the image in its set.
    pub index: usize,
    /// Its label: the true class, for a device that names classes.
    pub label: usize,
    /// The image, values 0 to 1.
    pub image: ArrayView2<'a, f32>,
    /// Power in each region, network by network.
    pub readings: &'a [f64],
    /// Power through the whole detector plane.
    pub plane: f64,
    /// Power of the object.
    pub entering: f64,
}

impl Sample<'_> {
    /// Power in all regions together.
    pub fn collected(&self) -> f64 {
        self.readings.iter().sum()
    }
}

/// Loss of a sample.
pub type SampleLoss<'a> = dyn Fn(&Sample<'_>) -> f64 + 'a;

/// Simulates the images with `indices`, and shows each of them to `see` in that order.
///
/// `go_on` is told the number of images done after each batch, and while the engine prepares. Where it says no the stream
/// ends early: judges have the figures of the images that they have seen, which may be none. An error of either ends the
/// work.
///
/// # Errors
/// [`Error::Value`] for no images and images of another shape than the device takes; what `go_on` and `see` return.
pub fn stream(
    engine: &dyn Engine,
    images: &Images,
    indices: &[usize],
    go_on: &mut dyn FnMut(usize) -> Result<bool>,
    see: &mut dyn FnMut(&Sample<'_>) -> Result<()>,
) -> Result<()> {
    if indices.is_empty() {
        return Err(Error::Value("no images to evaluate".into()));
    }
    let bench = engine.bench();
    let Some(count) = Count::prepare(engine, indices.len(), go_on)? else { return Ok(()) };
    for (number, chunk) in indices.chunks(BATCH).enumerate() {
        let batch = images.batch(chunk);
        let found = engine.readings(batch.view())?;
        for (sample, &index) in chunk.iter().enumerate() {
            let image = batch.index_axis(Axis(0), sample);
            see(&Sample {
                index,
                label: usize::from(images.labels[index]),
                image,
                readings: &found.regions.index_axis(Axis(0), sample).to_vec(),
                plane: found.plane[sample],
                entering: bench.entering(image),
            })?;
        }
        if !go_on(count.after(number * BATCH + chunk.len()))? {
            break;
        }
    }
    Ok(())
}

/// Counts work as a number of images done, also while an engine prepares for all of them.
struct Count {
    images: usize,
    /// Share of all work that is done before the first image is read.
    before: f64,
}

impl Count {
    /// Most of the work of an engine that prepares lies there.
    const PREPARING: f64 = 0.8;

    /// Prepares `engine` for `images` images; nothing where `go_on` has said no.
    fn prepare(
        engine: &dyn Engine,
        images: usize,
        go_on: &mut dyn FnMut(usize) -> Result<bool>,
    ) -> Result<Option<Self>> {
        let mut count = Count { images, before: 0.0 };
        let mut stopped = false;
        let prepared = engine.prepare(images, &mut |share| {
            count.before = Self::PREPARING * share;
            stopped = !go_on(count.after(0))?;
            // An engine ends its work by an error.
            if stopped { Err(Error::Interrupted("stopped".into())) } else { Ok(()) }
        });
        if stopped {
            return Ok(None);
        }
        prepared.map(|()| Some(count))
    }

    /// Images done, in terms of all work, when `read` are read.
    fn after(&self, read: usize) -> usize {
        (self.before * (self.images - read) as f64) as usize + read
    }
}
