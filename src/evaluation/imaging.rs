//! How like its object the image is that a device forms, and with how much of the light.

use ndarray::{Array2, Axis};

use super::ssim::ssim;
use super::{BATCH, Count};
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

/// Simulates the images with `indices` and compares what is read with what was shown.
///
/// `loss` is told the readings and the picture; `progress` the number of images done, and stops the work by an
/// error.
///
/// # Errors
/// [`Error::Value`] for no images, images of another shape than the device takes, or a detector that is no image;
/// what `progress` returns.
pub fn evaluate_images(
    engine: &dyn Engine,
    images: &Images,
    indices: &[usize],
    loss: &dyn Fn(&[f64], &Array2<f64>) -> f64,
    progress: &mut dyn FnMut(usize) -> Result<()>,
) -> Result<ImageFigures> {
    evaluate_images_until(engine, images, indices, loss, &mut |done| progress(done).map(|()| true))
}

/// [`evaluate_images`] up to where `go_on` says no, as [`super::evaluate_until`].
///
/// # Errors
/// As [`evaluate_images`], and what `go_on` returns.
pub fn evaluate_images_until(
    engine: &dyn Engine,
    images: &Images,
    indices: &[usize],
    loss: &dyn Fn(&[f64], &Array2<f64>) -> f64,
    go_on: &mut dyn FnMut(usize) -> Result<bool>,
) -> Result<ImageFigures> {
    let bench = engine.bench();
    let ((rows, columns), regions) = (bench.object.image(), bench.detector.regions().len());
    if regions != rows * columns {
        return Err(Error::Value(format!(
            "a detector of {regions} regions is no image of {rows} x {columns} values"
        )));
    }
    if indices.is_empty() {
        return Err(Error::Value("no images to evaluate".into()));
    }
    let mut sums = ImageFigures::default();
    let mut lit = 0usize;
    let Some(count) = Count::prepare(engine, indices.len(), go_on)? else { return Ok(means(sums, 0)) };
    for (number, chunk) in indices.chunks(BATCH).enumerate() {
        let batch = images.batch(chunk);
        let readings = engine.readings(batch.view())?;
        sums.images += chunk.len();
        for sample in 0..chunk.len() {
            let image = batch.index_axis(Axis(0), sample);
            let entering = bench.object.power(image);
            let picture = bench.object.picture(image);
            let plane = readings.plane[sample];
            if picture.sum() <= 0.0 || plane <= 0.0 {
                continue;
            }
            lit += 1;
            let read = readings.regions.index_axis(Axis(0), sample).to_vec();
            let seen = scaled(&read, &picture);
            let collected: f64 = read.iter().sum();
            sums.loss += loss(&read, &picture);
            sums.ssim += ssim(seen.view(), picture.view());
            sums.mean_squared_error +=
                (&seen - &picture).mapv(|difference| difference * difference).sum() / picture.len() as f64;
            sums.power_efficiency_input += collected / entering;
            sums.detector_share += collected / plane;
        }
        if !go_on(count.after(number * BATCH + chunk.len()))? {
            break;
        }
    }
    Ok(means(sums, lit))
}

/// The means of `sums` over `lit` images; of no images at all they are not numbers.
fn means(sums: ImageFigures, lit: usize) -> ImageFigures {
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

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn readings_become_as_bright_as_the_picture() {
        let picture = array![[1.0, 0.5], [0.25, 0.25]];
        assert_eq!(scaled(&[8.0, 4.0, 2.0, 2.0], &picture), picture);
        assert_eq!(likeness(&[8.0, 4.0, 2.0, 2.0], &picture), 1.0);
        assert_eq!(scaled(&[0.0; 4], &picture), Array2::<f64>::zeros((2, 2)));
    }
}
