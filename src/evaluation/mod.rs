//! How well a device answers, and with how much of the light.
//!
//! [`evaluate`] judges answers, [`evaluate_images`] images, [`tolerance`] a device with errors of building it; `examples/custom_detector.rs`
//! shows the first.

use ndarray::{Array2, Axis};

use crate::dataset::Images;
use crate::detector::Scheme;
use crate::engine::Engine;
use crate::error::{Error, Result};

mod budget;
mod convergence;
pub mod imaging;
mod photons;
mod spread;
mod ssim;
mod tolerance;

pub use budget::PowerBudget;
pub use convergence::{Convergence, FIELD_IMAGES, GRIDS, convergence, convergence_until};
pub use imaging::{ImageFigures, evaluate_images, evaluate_images_until};
pub use photons::Readout;
pub use spread::{Answer, Spread, wilson_interval};
pub use ssim::ssim;
pub use tolerance::{Disturbance, Judged, Outcome, Study, simulated_images, tolerance, tolerance_until};

/// Images simulated between two reports of progress.
const BATCH: usize = 128;

/// Loss of readings: (readings, true class, power of the object).
pub type ReadingLoss<'a> = dyn Fn(&[f64], usize, f64) -> f64 + 'a;

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

/// Simulates the images with `indices` and judges the answers.
///
/// `progress` is told the number of images done, and stops the work by an error.
///
/// # Errors
/// [`Error::Value`] for no images, images of another shape than the device takes, or labels without a region;
/// what `progress` returns.
pub fn evaluate(
    engine: &dyn Engine,
    images: &Images,
    indices: &[usize],
    loss: &ReadingLoss<'_>,
    progress: &mut dyn FnMut(usize) -> Result<()>,
) -> Result<Evaluation> {
    evaluate_until(engine, images, indices, loss, &mut |done| progress(done).map(|()| true))
}

/// [`evaluate`] up to where `go_on` says no: it is told the number of images done, and the figures are those of so many
/// of the first of `indices`; of none of them ([`Evaluation::images`] is 0, means are not numbers) where the engine was
/// still preparing.
///
/// # Errors
/// As [`evaluate`], and what `go_on` returns.
pub fn evaluate_until(
    engine: &dyn Engine,
    images: &Images,
    indices: &[usize],
    loss: &ReadingLoss<'_>,
    go_on: &mut dyn FnMut(usize) -> Result<bool>,
) -> Result<Evaluation> {
    let bench = engine.bench();
    let classes = bench.classes();
    if indices.is_empty() {
        return Err(Error::Value("no images to evaluate".into()));
    }
    let mut totals = Totals::new(bench.detector.scheme(), classes);
    let Some(count) = Count::prepare(engine, indices.len(), go_on)? else { return Ok(totals.means()) };
    for (number, chunk) in indices.chunks(BATCH).enumerate() {
        let batch = images.batch(chunk);
        let readings = engine.readings(batch.view())?;
        for (sample, &index) in chunk.iter().enumerate() {
            let label = usize::from(images.labels[index]);
            if label >= classes {
                return Err(Error::Value(format!(
                    "image {index} has the label {label}: this device has {classes} classes"
                )));
            }
            let read = readings.regions.index_axis(Axis(0), sample).to_vec();
            let entering = bench.entering(batch.index_axis(Axis(0), sample));
            totals.add(&read, readings.plane[sample], entering, label, loss(&read, label, entering));
        }
        if !go_on(count.after(number * BATCH + chunk.len()))? {
            break;
        }
    }
    Ok(totals.means())
}

/// Counts work as a number of images done, also while an engine prepares for all of them.
struct Count {
    images: usize,
    /// Share of all work that is done before the first image is read.
    before: f64,
}

impl Count {
    /// Most of the work of an engine that prepares lies there.
    const PREPARING: f64 = 0.8;

    /// Prepares `engine` for `images` images; nothing where `go_on` has said no.
    fn prepare(
        engine: &dyn Engine,
        images: usize,
        go_on: &mut dyn FnMut(usize) -> Result<bool>,
    ) -> Result<Option<Self>> {
        let mut count = Count { images, before: 0.0 };
        let mut stopped = false;
        let prepared = engine.prepare(images, &mut |share| {
            count.before = Self::PREPARING * share;
            stopped = !go_on(count.after(0))?;
            // An engine ends its work by an error.
            if stopped { Err(Error::Interrupted("stopped".into())) } else { Ok(()) }
        });
        if stopped {
            return Ok(None);
        }
        prepared.map(|()| Some(count))
    }

    /// Images done, in terms of all work, when `read` are read.
    fn after(&self, read: usize) -> usize {
        (self.before * (self.images - read) as f64) as usize + read
    }
}

/// Sums over the images seen so far.
struct Totals {
    scheme: Scheme,
    lit: Vec<u64>,
    sums: Evaluation,
}

impl Totals {
    fn new(scheme: Scheme, classes: usize) -> Self {
        Totals {
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

    fn add(&mut self, readings: &[f64], plane: f64, entering: f64, label: usize, loss: f64) {
        let sums = &mut self.sums;
        sums.images += 1;
        sums.loss += loss;
        sums.confusion[[label, self.scheme.answer(readings)]] += 1;
        let collected: f64 = readings.iter().sum();
        if collected <= 0.0 {
            return;
        }
        self.lit[label] += 1;
        let right = readings[self.scheme.region(label)];
        for (sum, reading) in sums.region_shares.row_mut(label).iter_mut().zip(readings) {
            *sum += reading / collected;
        }
        sums.power_efficiency_input += right / entering;
        sums.power_efficiency_output += right / plane;
        sums.detector_share += collected / plane;
        sums.signal_contrast += spread::lead(self.scheme, readings, label) / collected;
    }

    fn means(self) -> Evaluation {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_by_hand() {
        let mut totals = Totals::new(Scheme::Single, 2);
        totals.add(&[3.0, 1.0], 8.0, 10.0, 0, 0.5);
        totals.add(&[3.0, 1.0], 8.0, 20.0, 1, 1.5);
        totals.add(&[0.0, 0.0], 0.0, 0.0, 0, 1.0);
        let means = totals.means();
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
