//! How like its object the image is that a device forms, and with how much of the light.

use ndarray::Array2;

use super::ssim::ssim;
use super::stream::{Sample, SampleLoss, stream};
use crate::bench::Bench;
use crate::dataset::Images;
use crate::engine::Engine;
use crate::error::{Error, Result};

/// Figures of a device that forms images, or of free space in its place: means over the images.
///
/// A picture is what the object would show ([`crate::object::ObjectPlane::picture`]); the readings are compared with
/// it as [`scaled`] makes them equally bright. Images without any light (all black) are in no mean.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ImageFigures {
    /// Number of images.
    pub images: usize,
    /// Mean loss.
    pub loss: f64,
    /// Structural similarity of readings and picture ([`ssim`]).
    pub ssim: f64,
    /// Mean squared difference of readings and picture, in squares of full white.
    pub mean_squared_error: f64,
    /// Power in the image's area over the power of the object, sum(I) / E_in.
    pub power_efficiency_input: f64,
    /// Power in the image's area over the power through the detector plane's aperture, sum(I) / E_out.
    pub detector_share: f64,
}

/// `readings` as a picture of as much light as `picture`; dark readings stay dark.
///
/// Absolute brightness says nothing about the image: a detector has a gain.
pub fn scaled(readings: &[f64], picture: &Array2<f64>) -> Array2<f64> {
    let total: f64 = readings.iter().sum();
    let factor = if total > 0.0 { picture.sum() / total } else { 0.0 };
    let columns = picture.ncols();
    Array2::from_shape_fn(picture.dim(), |(y, x)| readings[y * columns + x] * factor)
}

/// Structural similarity of `readings` and `picture`.
pub fn likeness(readings: &[f64], picture: &Array2<f64>) -> f64 {
    ssim(scaled(readings, picture).view(), picture.view())
}

/// Judges images, one after the other.
#[derive(Clone, Debug)]
pub struct ImageJudge<'a> {
    bench: &'a Bench,
    /// Images with light.
    lit: usize,
    sums: ImageFigures,
}

impl<'a> ImageJudge<'a> {
    /// One that has seen no images of the device on `bench`.
    ///
    /// # Errors
    /// [`Error::Value`] for a detector that is no image.
    pub fn of(bench: &'a Bench) -> Result<Self> {
        let ((rows, columns), regions) = (bench.object.image(), bench.readings());
        if regions != rows * columns {
            return Err(Error::Value(format!(
                "a detector of {regions} regions is no image of {rows} x {columns} values"
            )));
        }
        Ok(ImageJudge { bench, lit: 0, sums: ImageFigures::default() })
    }

    /// Takes `sample` into account, and what `loss` says of it.
    pub fn add(&mut self, sample: &Sample<'_>, loss: &SampleLoss<'_>) {
        let sums = &mut self.sums;
        sums.images += 1;
        let picture = self.bench.object.picture(sample.image);
        if picture.sum() <= 0.0 || sample.plane <= 0.0 {
            return;
        }
        self.lit += 1;
        let seen = scaled(sample.readings, &picture);
        let collected = sample.collected();
        sums.loss += loss(sample);
        sums.ssim += ssim(seen.view(), picture.view());
        sums.mean_squared_error +=
            (&seen - &picture).mapv(|difference| difference * difference).sum() / picture.len() as f64;
        sums.power_efficiency_input += collected / sample.entering;
        sums.detector_share += collected / sample.plane;
    }

    /// The figures of all images seen; of none, means are not numbers.
    pub fn figures(self) -> ImageFigures {
        Self::means(self.lit, self.sums)
    }

    fn means(lit: usize, sums: ImageFigures) -> ImageFigures {
        let count = if sums.images == 0 { 0 } else { lit.max(1) };
        let mean = |sum: f64| sum / count as f64;
        ImageFigures {
            images: sums.images,
            loss: mean(sums.loss),
            ssim: mean(sums.ssim),
            mean_squared_error: mean(sums.mean_squared_error),
            power_efficiency_input: mean(sums.power_efficiency_input),
            detector_share: mean(sums.detector_share),
        }
    }
}

/// Simulates the images with `indices` and compares what is read with what was shown.
///
/// `go_on` is told the number of images done. Where it says no the figures are those of so many of the first of `indices`.
///
/// # Errors
/// [`Error::Value`] for no images, images of another shape than the device takes, or a detector that is no image;
/// what `go_on` returns.
pub fn evaluate_images(
    engine: &dyn Engine,
    images: &Images,
    indices: &[usize],
    loss: &SampleLoss<'_>,
    go_on: &mut dyn FnMut(usize) -> Result<bool>,
) -> Result<ImageFigures> {
    let mut judge = ImageJudge::of(engine.bench())?;
    stream(engine, images, indices, go_on, &mut |sample| {
        judge.add(sample, loss);
        Ok(())
    })?;
    Ok(judge.figures())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn means_of_no_images_are_not_numbers() {
        let none = ImageFigures::default();
        let figures = |images| ImageJudge::means(0, ImageFigures { images, ..none });
        assert!(figures(0).ssim.is_nan() && figures(0).loss.is_nan() && figures(0).detector_share.is_nan());
        // Images that are all black count, and have no light to be measured.
        assert_eq!(figures(2), ImageFigures { images: 2, ..none });
    }

    #[test]
    fn readings_become_as_bright_as_the_picture() {
        let picture = array![[1.0, 0.5], [0.25, 0.25]];
        assert_eq!(scaled(&[8.0, 4.0, 2.0, 2.0], &picture), picture);
        assert_eq!(likeness(&[8.0, 4.0, 2.0, 2.0], &picture), 1.0);
        assert_eq!(scaled(&[0.0; 4], &picture), Array2::<f64>::zeros((2, 2)));
    }
}
