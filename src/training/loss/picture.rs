//! How far the image that is read is from the picture that is wanted.

use ndarray::Array2;

use super::{Loss, Needs, Target};
use crate::evaluation::imaging::likeness;

/// Squared error of the image that is read, both images normalised to the same light.
///
/// With the shares o = I / sum(I) of the readings and g = x / sum(x) of the picture x:
/// L = sum (o - g)^2 / sum g^2. It is 1 for readings without light and 0 for the picture itself, whatever the
/// brightness of either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageError;

impl ImageError {
    /// Loss of `readings` when `picture` (intensities, in the order of the regions) is wanted.
    pub fn value(&self, readings: &[f64], picture: &Array2<f64>) -> f64 {
        self.evaluate(readings, picture, &mut vec![0.0; readings.len()])
    }

    /// Loss of `readings` when `picture` is wanted, and its derivatives by each reading into `slopes`.
    ///
    /// dL/do = 2 (o - g) / sum g^2, and by the quotient rule dL/dI_c = (dL/do_c - sum_k o_k dL/do_k) / S,
    /// S = sum(I). Dark readings (loss 1) and a dark picture (loss 0) give zero derivatives.
    pub fn evaluate(&self, readings: &[f64], picture: &Array2<f64>, slopes: &mut [f64]) -> f64 {
        slopes.fill(0.0);
        let (total, light): (f64, f64) = (readings.iter().sum(), picture.sum());
        if light <= 0.0 {
            return 0.0;
        }
        if total <= 0.0 {
            return 1.0;
        }
        let scale: f64 = picture.iter().map(|value| (value / light).powi(2)).sum();
        let mut loss = 0.0;
        let mut mean = 0.0;
        for ((slope, reading), wanted) in slopes.iter_mut().zip(readings).zip(picture) {
            let difference = reading / total - wanted / light;
            loss += difference * difference / scale;
            *slope = 2.0 * difference / scale;
            mean += reading / total * *slope;
        }
        slopes.iter_mut().for_each(|slope| *slope = (*slope - mean) / total);
        loss
    }
}

impl Loss for ImageError {
    fn needs(&self) -> Needs {
        Needs { picture: true, ..Needs::default() }
    }

    fn evaluate(&self, readings: &[f64], target: &Target, slopes: &mut [f64]) -> f64 {
        self.evaluate(readings, &target.picture, slopes)
    }

    /// The structural similarity of what is read and the picture.
    fn score(&self, readings: &[f64], target: &Target) -> f64 {
        likeness(readings, &target.picture)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn derivatives_of_the_image_error_are_central_differences() {
        let picture = array![[0.2, 1.0], [0.0, 0.6]];
        let readings = [0.3, 1.2, 0.05, 0.7];
        let mut slopes = [0.0; 4];
        ImageError.evaluate(&readings, &picture, &mut slopes);
        for region in 0..4 {
            let step = 1e-5;
            let at = |offset: f64| {
                let mut moved = readings;
                moved[region] += offset;
                ImageError.value(&moved, &picture)
            };
            let difference = (at(step) - at(-step)) / (2.0 * step);
            // Truncation of the second-order difference is about step^2 = 1e-10, rounding 1e-16/1e-5.
            assert!((difference - slopes[region]).abs() < 1e-8, "{region}: {difference} {}", slopes[region]);
        }
        // More light of the same pattern is no gain.
        let along: f64 = slopes.iter().zip(readings).map(|(slope, reading)| slope * reading).sum();
        assert!(along.abs() < 1e-15);
    }

    #[test]
    fn the_image_error_by_hand() {
        let picture = array![[1.0, 3.0]];
        assert!(ImageError.value(&[2e-9, 6e-9], &picture) < 1e-30, "brightness does not matter");
        // o = (1/2, 1/2), g = (1/4, 3/4): 2/16 over 10/16.
        assert!((ImageError.value(&[5.0, 5.0], &picture) - 0.2).abs() < 1e-15);
        let mut slopes = [1.0; 2];
        assert_eq!(ImageError.evaluate(&[0.0; 2], &picture, &mut slopes), 1.0);
        assert_eq!(slopes, [0.0; 2]);
        slopes = [1.0; 2];
        assert_eq!(ImageError.evaluate(&[1.0, 2.0], &array![[0.0, 0.0]], &mut slopes), 0.0);
        assert_eq!(slopes, [0.0; 2]);
    }
}
