//! `classifier.npz` of a device: its compiled classifier, and what it was compiled from.

use std::fs;
use std::path::{Path, PathBuf};

use ndarray::{Array1, Array3, ArrayView1};
use sha2::{Digest, Sha256};

use super::folder::{CLASSIFIER, DESIGN, Device};
use crate::engine::Classifier;
use crate::error::{Error, Result};
use crate::files::{read_bytes, write_bytes};
use crate::npy::{Archive, ArchiveWriter};
use crate::object::ObjectPlane;

/// Bytes of the file at most; as many factors as there are parts of coefficients, for twenty regions, take 197 million.
const MAX_BYTES: u64 = 256 << 20;

impl Device {
    /// Where the compiled classifier is kept.
    pub fn classifier_path(&self) -> PathBuf {
        self.folder.join(CLASSIFIER)
    }

    /// Keeps `classifier` in the device's folder, with the fingerprint of the design and masks it was compiled from.
    ///
    /// # Errors
    /// [`Error::Io`] when the file cannot be written.
    pub fn save_classifier(&self, classifier: &Classifier) -> Result<()> {
        let mut npz = ArchiveWriter::default();
        npz.add("factors", classifier.factors())?;
        npz.add("fingerprint", &self.fingerprint()?)?;
        write_bytes(&self.classifier_path(), &npz.finish()?)
    }

    /// The kept classifier; none if there is no file, or it is of another design or other masks.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::File`] for a file that cannot be read or is damaged.
    pub fn load_classifier(&self) -> Result<Option<Classifier>> {
        let path = self.classifier_path();
        if !path.exists() {
            return Ok(None);
        }
        let bytes = read_bytes(&path, MAX_BYTES)?;
        parse_classifier(&path, bytes, &self.design.simulated.object, self.fingerprint()?.view())
    }

    /// SHA-256 of the design as typed and of the values of the masks.
    fn fingerprint(&self) -> Result<Array1<u8>> {
        let path = self.folder.join(DESIGN);
        let mut hash = Sha256::new();
        hash.update(fs::read(&path).map_err(|error| Error::io("read", &path, error))?);
        for value in self.masks.iter().flatten() {
            hash.update(value.to_le_bytes());
        }
        Ok(hash.finalize().iter().copied().collect())
    }
}

/// The classifier in `bytes`, the whole content of a file, of a device with that `object` plane; none if it was compiled
/// from what has another `fingerprint`. `path` is for messages.
///
/// # Errors
/// [`Error::File`] for a file that is damaged.
pub fn parse_classifier(
    path: &Path,
    bytes: Vec<u8>,
    object: &ObjectPlane,
    fingerprint: ArrayView1<'_, u8>,
) -> Result<Option<Classifier>> {
    let damaged = |what: String| {
        Error::file(path, format!("is not a usable classifier ({what}); delete it to compile it again"))
    };
    let mut archive = Archive::open(bytes).map_err(damaged)?;
    let found: Array1<u8> = archive.part("fingerprint").map_err(damaged)?;
    if found != fingerprint {
        return Ok(None);
    }
    let factors: Array3<f32> = archive.part("factors").map_err(damaged)?;
    Classifier::new(object.clone(), factors).map(Some).map_err(|error| damaged(error.to_string()))
}
