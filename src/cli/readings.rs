//! The readings of many images as a NumPy archive, for one's own analysis.

use std::path::Path;

use ndarray::{Array1, Array2, ShapeError};

use crate::error::{Error, Result};
use crate::evaluation::Sample;
use crate::files::write_bytes;
use crate::npy::ArchiveWriter;

/// Readings in the order of the images.
#[derive(Default)]
pub(super) struct ReadingsFile {
    /// All readings of one image after those of another.
    readings: Vec<f64>,
    /// The power of each object.
    entering: Vec<f64>,
    labels: Vec<i64>,
}

impl ReadingsFile {
    /// Notes what is read of the next image.
    pub(super) fn note(&mut self, sample: &Sample<'_>) {
        self.readings.extend_from_slice(sample.readings);
        self.entering.push(sample.entering);
        self.labels.push(sample.label as i64);
    }

    /// Writes `readings` (images, regions), `entering` (images) and `labels` (images) to `path`, whole or not at all.
    pub(super) fn write(self, path: &Path) -> Result<()> {
        let ReadingsFile { readings, entering, labels } = self;
        let count = entering.len();
        let readings = Array2::from_shape_vec((count, readings.len() / count.max(1)), readings);
        let failed = |error: ShapeError| Error::Value(format!("cannot put the readings together: {error}"));
        let readings = readings.map_err(failed)?;
        let mut npz = ArchiveWriter::default();
        npz.add("readings", &readings)?;
        npz.add("entering", &Array1::from(entering))?;
        npz.add("labels", &Array1::from(labels))?;
        write_bytes(path, &npz.finish()?)
    }
}
