//! How often a device names the right class, and with how much of the light.

use ndarray::Array2;

use super::spread::lead;
use super::stream::{Sample, SampleLoss, stream};
use crate::bench::Bench;
use crate::dataset::Images;
use crate::detector::Scheme;
use crate::engine::Engine;
use crate::error::{Error, Result};

/// Figures of a device on labelled images.
///
/// Every efficiency is the mean over the images of a ratio whose denominator its name or its text says.
/// Images without any light (all black) count as answers but not in the means of ratios.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Number of images.
    pub images: usize,
    /// Mean loss.
    pub loss: f64,
    /// Answers, shape (classes, classes): rows are the true class, columns the answer.
    pub confusion: Array2<u64>,
    /// Mean share of each region in the collected power, shape (classes, regions): rows are the true class.
    pub region_shares: Array2<f64>,
    /// Power in the region that counts for the true class over the power of the object, I_L / E_in.
    pub power_efficiency_input: f64,
    /// The same power over the power through the detector plane's aperture, I_L / E_out.
    pub power_efficiency_output: f64,
    /// Power in all regions over the power through the detector plane's aperture, sum(I) / E_out.
    pub detector_share: f64,
    /// (signal of the true class - largest of the others) / sum(I), where the signal of a class is its reading or the
    /// difference of its pair; negative for a wrong answer of single regions.
    pub signal_contrast: f64,
}

impl Evaluation {
    /// Share of right answers.
    pub fn accuracy(&self) -> f64 {
        self.confusion.diag().sum() as f64 / self.images as f64
    }

    /// Share of right answers of each true class; `None` for a class without images.
    pub fn per_class_accuracy(&self) -> Vec<Option<f64>> {
        let share = |(row, right): (ndarray::ArrayView1<'_, u64>, &u64)| match row.sum() {
            0 => None,
            all => Some(*right as f64 / all as f64),
        };
        self.confusion.outer_iter().zip(&self.confusion.diag()).map(share).collect()
    }
}

/// Judges answers, image after image.
#[derive(Clone, Debug)]
pub struct ClassJudge {
    scheme: Scheme,
    /// Images with light on the regions, by true class.
    lit: Vec<u64>,
    sums: Evaluation,
}

impl ClassJudge {
    /// One that has seen no images of the device on `bench`.
    pub fn of(bench: &Bench) -> Self {
        Self::new(bench.detector.scheme(), bench.classes())
    }

    fn new(scheme: Scheme, classes: usize) -> Self {
        ClassJudge {
            scheme,
            lit: vec![0; classes],
            sums: Evaluation {
                images: 0,
                loss: 0.0,
                confusion: Array2::zeros((classes, classes)),
                region_shares: Array2::zeros((classes, classes * scheme.regions_a_class())),
                power_efficiency_input: 0.0,
                power_efficiency_output: 0.0,
                detector_share: 0.0,
                signal_contrast: 0.0,
            },
        }
    }

    /// Takes `sample` into account, and what `loss` says of it.
    ///
    /// # Errors
    /// [`Error::Value`] for a label without a region.
    pub fn add(&mut self, sample: &Sample<'_>, loss: &SampleLoss<'_>) -> Result<()> {
        let &Sample { readings, plane, entering, label, .. } = sample;
        if label >= self.lit.len() {
            let (index, classes) = (sample.index, self.lit.len());
            return Err(Error::Value(format!(
                "image {index} has the label {label}: this device has {classes} classes"
            )));
        }
        let sums = &mut self.sums;
        sums.images += 1;
        sums.loss += loss(sample);
        sums.confusion[[label, self.scheme.answer(readings)]] += 1;
        let collected = sample.collected();
        if collected <= 0.0 {
            return Ok(());
        }
        self.lit[label] += 1;
        let right = readings[self.scheme.region(label)];
        for (sum, reading) in sums.region_shares.row_mut(label).iter_mut().zip(readings) {
            *sum += reading / collected;
        }
        sums.power_efficiency_input += right / entering;
        sums.power_efficiency_output += right / plane;
        sums.detector_share += collected / plane;
        sums.signal_contrast += lead(self.scheme, readings, label) / collected;
        Ok(())
    }

    /// The figures of all images seen; of none, accuracy and loss are not numbers.
    pub fn figures(self) -> Evaluation {
        let mut means = self.sums;
        means.loss /= means.images as f64;
        for (mut row, lit) in means.region_shares.outer_iter_mut().zip(&self.lit) {
            row /= (*lit).max(1) as f64;
        }
        let lit = self.lit.iter().sum::<u64>().max(1) as f64;
        for mean in [
            &mut means.power_efficiency_input,
            &mut means.power_efficiency_output,
            &mut means.detector_share,
            &mut means.signal_contrast,
        ] {
            *mean /= lit;
        }
        means
    }
}

/// Simulates the images with `indices` and judges the answers.
///
/// `go_on` is told the number of images done. Where it says no the figures are those of so many of the first of `indices`;
/// of none of them ([`Evaluation::images`] is 0, means are not numbers) where the engine was still preparing.
///
/// # Errors
/// [`Error::Value`] for no images, images of another shape than the device takes, or labels without a region;
/// what `go_on` returns.
pub fn evaluate(
    engine: &dyn Engine,
    images: &Images,
    indices: &[usize],
    loss: &SampleLoss<'_>,
    go_on: &mut dyn FnMut(usize) -> Result<bool>,
) -> Result<Evaluation> {
    let mut judge = ClassJudge::of(engine.bench());
    stream(engine, images, indices, go_on, &mut |sample| judge.add(sample, loss))?;
    Ok(judge.figures())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_by_hand() {
        let mut judge = ClassJudge::new(Scheme::Single, 2);
        let image = Array2::zeros((1, 1));
        let sample = |readings, plane, entering, label| Sample {
            index: 7,
            label,
            image: image.view(),
            readings,
            plane,
            entering,
        };
        judge.add(&sample(&[3.0, 1.0], 8.0, 10.0, 0), &|_| 0.5).unwrap();
        judge.add(&sample(&[3.0, 1.0], 8.0, 20.0, 1), &|_| 1.5).unwrap();
        judge.add(&sample(&[0.0, 0.0], 0.0, 0.0, 0), &|_| 1.0).unwrap();
        let refused = judge.add(&sample(&[3.0, 1.0], 8.0, 20.0, 2), &|_| 0.0).unwrap_err().to_string();
        assert!(refused.contains("image 7 has the label 2: this device has 2 classes"), "{refused}");
        let means = judge.figures();
        assert_eq!(means.images, 3);
        assert_eq!(means.loss, 1.0);
        assert_eq!(means.confusion, ndarray::array![[2, 0], [1, 0]]);
        assert_eq!(means.region_shares, ndarray::array![[0.75, 0.25], [0.75, 0.25]]);
        assert!((means.accuracy() - 2.0 / 3.0).abs() < 1e-15);
        assert_eq!(means.per_class_accuracy(), [Some(1.0), Some(0.0)]);
        assert!((means.power_efficiency_input - (0.3 + 0.05) / 2.0).abs() < 1e-15);
        assert!((means.power_efficiency_output - (3.0 / 8.0 + 1.0 / 8.0) / 2.0).abs() < 1e-15);
        assert_eq!(means.detector_share, 0.5);
        assert_eq!(means.signal_contrast, 0.0);
    }
}
