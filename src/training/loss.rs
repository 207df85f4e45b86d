//! What training minimises: from the readings of a sample to a number and its derivatives.

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

#[cfg(test)]
mod tests {
    use super::*;

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
}
