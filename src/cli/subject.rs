//! The one image a command is about: a test image by number, or a picture of the user's own.

use std::path::Path;

use ndarray::Array2;

use super::picture_flags::{self, PictureFlags};
use super::say;
use crate::dataset::Images;
use crate::design::Device;
use crate::error::{Error, Result};

/// An image, its name, and its class where that is known.
pub(super) struct Subject {
    /// Values from 0 to 1, shape of the device's images.
    pub(super) image: Array2<f32>,
    /// What pictures call it.
    pub(super) name: String,
    /// Its class.
    pub(super) truth: Option<usize>,
}

impl Subject {
    /// Test image `number`.
    pub(super) fn of_test_image(device: &Device, images: &Images, number: usize) -> Result<Self> {
        if number >= images.len() {
            return Err(Error::Usage(format!(
                "--image {number}: the test images are 0 to {}",
                images.len().saturating_sub(1)
            )));
        }
        let truth = usize::from(images.labels[number]);
        Ok(Subject {
            image: images.batch(&[number]).index_axis_move(ndarray::Axis(0), 0),
            name: format!("test image {number} ({})", device.design.data.class_name(truth)),
            truth: Some(truth),
        })
    }

    /// A picture in a file, fitted to the images of the device.
    pub(super) fn of_picture(device: &Device, path: &Path, flags: &PictureFlags) -> Result<Self> {
        let fitted = flags.read(path, device.design.bench.object.image())?;
        let path = picture_flags::name(path);
        say(&format!("{}: {}", path.display(), fitted.describe()));
        Ok(Subject {
            image: fitted.image.mapv(|value| f32::from(value) / 255.0),
            name: path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
            truth: None,
        })
    }
}
