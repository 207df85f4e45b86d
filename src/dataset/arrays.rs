//! A data set in a NumPy archive: `x_train`, `y_train`, `x_test`, `y_test` as Keras keeps its own, or the names of
//! MedMNIST, `train_images` and so on.
//!
//! Images have three dimensions, or a fourth of one channel or of three (red, green, blue). Their values are bytes, or
//! numbers from 0 to 1.

use std::path::{Path, PathBuf};

use ndarray::{Array3, ArrayD, Axis, Ix3, Ix4};

use super::idx::MAX_BYTES;
use super::picture::luma_709;
use super::published::Split;
use crate::error::{Error, Result};
use crate::files::read_bytes;
use crate::npy::{self, Archive, Kind};

/// An archive of images with labels.
pub(super) struct ArrayFile {
    path: PathBuf,
    archive: Archive,
}

impl ArrayFile {
    /// Opens the archive at `path`.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be read, [`Error::File`] when it is no archive.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let bytes = read_bytes(path, MAX_BYTES as u64)?;
        if !bytes.starts_with(b"PK") {
            return Err(Error::file(
                path,
                "this is no NumPy archive (.npz): name one with x_train, y_train, x_test and y_test, or a folder",
            ));
        }
        let archive =
            Archive::open_packed(bytes, MAX_BYTES as u64).map_err(|problem| Error::file(path, problem))?;
        Ok(ArrayFile { path: path.to_owned(), archive })
    }

    /// The file, which errors are about.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The labels of one half.
    ///
    /// # Errors
    /// [`Error::File`] for an absent array, and for values that are no labels.
    pub(super) fn labels(&mut self, split: Split) -> Result<Vec<u8>> {
        let (name, bytes) = self.part(split, ["y", "labels"])?;
        let read = npy::read_real::<ndarray::IxDyn>(&bytes).map_err(|problem| format!("{name}: {problem}"));
        let labels = read.and_then(|(values, _)| labels(&name, &values));
        labels.map_err(|problem| Error::file(&self.path, problem))
    }

    /// The images of one half.
    ///
    /// # Errors
    /// [`Error::File`] for an absent array, and for values that are no images.
    pub(super) fn images(&mut self, split: Split) -> Result<Array3<u8>> {
        let (name, bytes) = self.part(split, ["x", "images"])?;
        let images = values(&bytes).and_then(grey);
        images.map_err(|problem| Error::file(&self.path, format!("{name}: {problem}")))
    }

    /// The content of an array by the names it may have, and the one it has.
    fn part(&mut self, split: Split, [short, long]: [&str; 2]) -> Result<(String, Vec<u8>)> {
        let half = match split {
            Split::Train => "train",
            Split::Test => "test",
        };
        let names = [format!("{short}_{half}"), format!("{half}_{long}")];
        let there = self.archive.names();
        let Some(name) = names.iter().find(|name| there.contains(name)) else {
            let problem = format!(
                "the archive lacks {}; it has {}: save it with x_train, y_train, x_test and y_test",
                names[0],
                if there.is_empty() { "nothing".into() } else { there.join(", ") }
            );
            return Err(Error::file(&self.path, problem));
        };
        let bytes = self.archive.bytes(name).map_err(|problem| Error::file(&self.path, problem))?;
        Ok((name.clone(), bytes))
    }
}

fn labels(name: &str, values: &ArrayD<f64>) -> std::result::Result<Vec<u8>, String> {
    if values.len() != values.len_of(Axis(0)) {
        return Err(format!(
            "{name}: labels of shape {:?}: give one number for each image, not one for each class",
            values.shape()
        ));
    }
    let label = |(index, value): (usize, &f64)| {
        // Whole and in range, so the cast changes nothing.
        (value.fract() == 0.0 && (0.0..=255.0).contains(value)).then_some(*value as u8).ok_or_else(|| {
            format!("{name}: label {value} of image {index} is no class: labels are whole numbers from 0 on")
        })
    };
    values.iter().enumerate().map(label).collect()
}

/// The values of images as bytes, whatever their dimensions.
fn values(bytes: &[u8]) -> std::result::Result<ArrayD<u8>, String> {
    match npy::kind(bytes)? {
        Kind::Uint(1) => npy::read_array(bytes),
        Kind::Bool => Ok(npy::read_array::<bool, _>(bytes)?.mapv(|bit: bool| if bit { 255 } else { 0 })),
        kind => {
            let (values, _) = npy::read_real::<ndarray::IxDyn>(bytes)?;
            let most = if matches!(kind, Kind::Float(_)) { 1.0 } else { 255.0 };
            if let Some((at, value)) =
                values.iter().enumerate().find(|(_, value)| !(0.0..=most).contains(*value))
            {
                let advice = if most == 1.0 { "divide by the largest there can be" } else { "save bytes" };
                return Err(format!(
                    "its value {value} at {at} is out of range: {kind} values of images go from 0 to {most}; {advice}"
                ));
            }
            Ok(values.mapv(|value| (value * 255.0 / most).round() as u8))
        }
    }
}

/// Images `[n, rows, columns]`; of three channels the luma.
fn grey(values: ArrayD<u8>) -> std::result::Result<Array3<u8>, String> {
    let shape = values.shape().to_vec();
    let strange = || {
        format!(
            "an array of shape {shape:?} holds no images: it must be (images, rows, columns), or have a fourth dimension \
             of 1 or 3 channels"
        )
    };
    if shape.contains(&0) {
        return Err(format!("an array of shape {shape:?} holds no images"));
    }
    match shape.as_slice() {
        [_, _, _] => values.into_dimensionality::<Ix3>().map_err(|_| strange()),
        [_, _, _, 1] => {
            values.index_axis_move(Axis(3), 0).into_dimensionality::<Ix3>().map_err(|_| strange())
        }
        [_, 1, _, _] => {
            values.index_axis_move(Axis(1), 0).into_dimensionality::<Ix3>().map_err(|_| strange())
        }
        &[count, rows, columns, 3] => {
            let values = values.into_dimensionality::<Ix4>().map_err(|_| strange())?;
            Ok(Array3::from_shape_fn((count, rows, columns), |(n, y, x)| {
                luma_709([0, 1, 2].map(|channel| values[[n, y, x, channel]].into())) as u8
            }))
        }
        _ => Err(strange()),
    }
}
