//! What training minimises: from the readings of a sample to a number and its derivatives.

use ndarray::Array2;

/// Softmax cross-entropy of the readings, scaled to logits s_c = T I_c / sum(I).
///
/// Dividing by the collected power makes the answer independent of the brightness of the object; the
/// temperature T says how far apart shares must be to count as certain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CrossEntropy {
    /// T above; dimensionless.
    pub temperature: f64,
}

impl CrossEntropy {
    /// Loss of `readings` when `label` is right.
    pub fn value(&self, readings: &[f64], label: usize) -> f64 {
        self.evaluate(readings, label, &mut vec![0.0; readings.len()])
    }

    /// Loss of `readings` when `label` is right, and its derivatives by each reading into `slopes`.
    ///
    /// With p = softmax(s): L = -ln p_label, dL/ds = p - onehot, and by the quotient rule
    /// dL/dI_c = (T / S) (dL/ds_c - sum_k share_k dL/ds_k), S = sum(I). Readings that are all zero (a black
    /// image) give ln(classes) and zero derivatives.
    pub fn evaluate(&self, readings: &[f64], label: usize, slopes: &mut [f64]) -> f64 {
        let total: f64 = readings.iter().sum();
        if total <= 0.0 {
            slopes.fill(0.0);
            return (readings.len() as f64).ln();
        }
        let scale = self.temperature / total;
        let largest = readings.iter().fold(f64::MIN, |a, &b| a.max(b)) * scale;
        let sum: f64 = readings.iter().map(|reading| (reading * scale - largest).exp()).sum();
        for (class, (slope, reading)) in slopes.iter_mut().zip(readings).enumerate() {
            let probability = (reading * scale - largest).exp() / sum;
            *slope = probability - if class == label { 1.0 } else { 0.0 };
        }
        let mean: f64 = slopes.iter().zip(readings).map(|(slope, reading)| slope * reading / total).sum();
        slopes.iter_mut().for_each(|slope| *slope = scale * (*slope - mean));
        sum.ln() + largest - readings[label] * scale
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn derivatives_are_central_differences() {
        let loss = CrossEntropy { temperature: 12.0 };
        let readings = [0.3, 1.2, 0.05, 0.7];
        let mut slopes = [0.0; 4];
        loss.evaluate(&readings, 3, &mut slopes);
        for class in 0..4 {
            // Truncation of the second-order difference is about step^2 = 1e-10, rounding 1e-16/1e-5.
            let step = 1e-5;
            let at = |offset: f64| {
                let mut moved = readings;
                moved[class] += offset;
                loss.value(&moved, 3)
            };
            let difference = (at(step) - at(-step)) / (2.0 * step);
            assert!((difference - slopes[class]).abs() < 1e-8, "{class}: {difference} {}", slopes[class]);
        }
    }

    #[test]
    fn brightness_does_not_matter() {
        let loss = CrossEntropy { temperature: 12.0 };
        let mut slopes = [0.0; 3];
        let dim = loss.evaluate(&[1e-9, 2e-9, 3e-9], 0, &mut slopes);
        let bright = loss.evaluate(&[1e6, 2e6, 3e6], 0, &mut slopes);
        assert!((dim - bright).abs() < 1e-12);
        // Uncertain shares: -ln softmax([2, 4, 6])_0.
        assert!((bright - ((2f64.exp() + 4f64.exp() + 6f64.exp()).ln() - 2.0)).abs() < 1e-12);
    }

    #[test]
    fn darkness_teaches_nothing() {
        let mut slopes = [1.0; 10];
        let value = CrossEntropy { temperature: 10.0 }.evaluate(&[0.0; 10], 4, &mut slopes);
        assert_eq!((value, slopes), (10f64.ln(), [0.0; 10]));
    }

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
            // As above.
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
