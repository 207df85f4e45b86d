//! The readings of many images as a NumPy archive, for one's own analysis.

use std::cell::RefCell;
use std::path::Path;

use ndarray::{Array1, Array2, Axis, ShapeError};

use crate::dataset::Images;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::files::write_bytes;
use crate::npy::ArchiveWriter;

/// Images read at a time where nothing else reads them.
const BATCH: usize = 128;

/// Readings in the order of the images.
#[derive(Default)]
pub(super) struct Readings {
    /// All readings of one image after those of another, and the power of each object.
    seen: RefCell<(Vec<f64>, Vec<f64>)>,
}

impl Readings {
    /// Notes the `readings` of the next image, whose object has the power `entering`.
    pub(super) fn note(&self, readings: &[f64], entering: f64) {
        let mut seen = self.seen.borrow_mut();
        seen.0.extend_from_slice(readings);
        seen.1.push(entering);
    }

    /// Those of the images with `indices`, read now; an error of `stopped` ends it early.
    pub(super) fn of(
        engine: &dyn Engine,
        images: &Images,
        indices: &[usize],
        stopped: &dyn Fn() -> Option<Error>,
    ) -> Result<Self> {
        let found = Readings::default();
        for chunk in indices.chunks(BATCH) {
            stopped().map_or(Ok(()), Err)?;
            let batch = images.batch(chunk);
            let read = engine.readings(batch.view())?;
            for (readings, image) in read.regions.outer_iter().zip(batch.outer_iter()) {
                found.note(&readings.to_vec(), engine.bench().entering(image));
            }
        }
        Ok(found)
    }

    /// Writes `readings` (images, regions), `entering` (images) and `labels` (images) to `path`, whole or not at all; the
    /// labels are those of the first of `images`.
    pub(super) fn write(self, path: &Path, images: &Images) -> Result<()> {
        let (readings, entering) = self.seen.into_inner();
        let count = entering.len();
        let labels: Array1<i64> = images.labels[..count].iter().map(|label| i64::from(*label)).collect();
        let readings = Array2::from_shape_vec((count, readings.len() / count.max(1)), readings);
        let failed = |error: ShapeError| Error::Value(format!("cannot put the readings together: {error}"));
        let readings = readings.map_err(failed)?;
        debug_assert_eq!(readings.len_of(Axis(0)), labels.len());
        let mut npz = ArchiveWriter::default();
        npz.add("readings", &readings)?;
        npz.add("entering", &Array1::from(entering))?;
        npz.add("labels", &labels)?;
        write_bytes(path, &npz.finish()?)
    }
}
