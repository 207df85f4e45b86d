//! How wrong, how dim and how undecided the answer of a device that names classes is.

use super::{Loss, Needs, Target};
use crate::detector::{Scheme, Watch, brightest};

/// What the answer is judged by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ClassError {
    /// Softmax cross-entropy of the logits T times the scores of [`Scheme::scores`]: brightness does not count, and the
    /// temperature T says how far apart two scores must be to count as certain.
    CrossEntropy {
        /// T above; dimensionless.
        temperature: f64,
    },
    /// Softmax cross-entropy of the logits T I_r / max(I) of single regions (Mengu et al., IEEE JSTQE 26, 3700114, 2019,
    /// with T = 10).
    PeakCrossEntropy {
        /// T above; dimensionless.
        temperature: f64,
    },
    /// Squared error of the powers, sum_r (I_r / E_in - [r is the true region])^2: all of the object's power is wanted in
    /// the true region (the image loss of Lin et al., Science 361, 1004, 2018, with one number a region in place of one a
    /// pixel).
    PowerError,
    /// Squared error of the intensity of every sample of the detector plane, which shall be even within the true region
    /// and dark around it (Lin et al. 2018). With the power E through the plane and the area A of a region,
    ///
    /// A integral (I/E - [true region]/A)^2 = A Q/E^2 - 2 I_L/E + 1,   Q = integral I^2.
    ///
    /// It takes readings of a detector that watches [`Watch::Plane`].
    PlaneError {
        /// Number of regions, behind which E and Q stand.
        regions: usize,
        /// Area of a region, square metres.
        area: f64,
    },
}

/// A term that is `weight` where nothing of what it asks for is there, falls linearly and is zero from `target` on:
/// weight max(0, 1 - x / target).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hinge {
    /// Value at x = 0.
    pub weight: f64,
    /// Where it becomes zero.
    pub target: f64,
}

impl Hinge {
    /// The term at `x`, and its derivative.
    fn at(self, x: f64) -> (f64, f64) {
        if x >= self.target {
            return (0.0, 0.0);
        }
        // Not a number where x is none.
        (self.weight * (1.0 - x / self.target), -self.weight / self.target)
    }
}

/// A term on the power through the detector plane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlaneHinge {
    /// The term.
    pub hinge: Hinge,
    /// Number of regions, behind which the power stands.
    pub regions: usize,
}

/// The loss of a device that names classes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassLoss {
    /// How readings become scores.
    pub scheme: Scheme,
    /// What the answer is judged by.
    pub error: ClassError,
    /// Share of the probability that a cross-entropy wants spread evenly over all classes (Szegedy et al., CVPR 2016,
    /// section 7).
    pub label_smoothing: f64,
    /// On the power in the true region over that of the object, I_L / E_in.
    pub efficiency: Option<Hinge>,
    /// On the power in the true region over that through the detector plane, I_L / E: light that leaves the plane sideways
    /// costs nothing. It takes readings of a detector that watches [`Watch::Power`] or more.
    pub output_efficiency: Option<PlaneHinge>,
    /// On the signal contrast, (signal of the true class - largest of the others) / sum(I).
    pub contrast: Option<Hinge>,
}

impl ClassLoss {
    /// Cross-entropy of the shares of single regions and nothing else.
    pub const fn cross_entropy(temperature: f64) -> Self {
        ClassLoss {
            scheme: Scheme::Single,
            error: ClassError::CrossEntropy { temperature },
            label_smoothing: 0.0,
            efficiency: None,
            output_efficiency: None,
            contrast: None,
        }
    }

    /// Whether the power of the object counts; if not, any number does in its place.
    pub(crate) fn asks_for_power(&self) -> bool {
        self.error == ClassError::PowerError || self.efficiency.is_some()
    }

    /// What it looks at on the detector plane.
    pub fn watch(&self) -> Watch {
        match (self.error, self.output_efficiency) {
            (ClassError::PlaneError { .. }, _) => Watch::Plane,
            (_, Some(_)) => Watch::Power,
            (_, None) => Watch::Regions,
        }
    }

    /// The class that `readings` name.
    pub fn answer(&self, readings: &[f64]) -> usize {
        self.scheme.answer(&readings[..self.regions(readings)])
    }

    /// How many of `readings` are of regions.
    fn regions(&self, readings: &[f64]) -> usize {
        let known = match (self.error, self.output_efficiency) {
            (ClassError::PlaneError { regions, .. }, _) | (_, Some(PlaneHinge { regions, .. })) => regions,
            (_, None) => readings.len(),
        };
        known.min(readings.len())
    }

    /// Loss of `readings` when `label` is right; `entering` is the power of the object.
    pub fn value(&self, readings: &[f64], label: usize, entering: f64) -> f64 {
        self.evaluate(readings, label, entering, &mut vec![0.0; readings.len()])
    }

    /// Loss of `readings` when `label` is right, and its derivatives by each reading into `slopes`; `entering` is the
    /// power of the object.
    ///
    /// Readings that are all zero (a black image) give the loss of a guess and zero derivatives. Without what it needs
    /// of the plane ([`ClassLoss::watch`]) it is not a number.
    pub fn evaluate(&self, readings: &[f64], label: usize, entering: f64, slopes: &mut [f64]) -> f64 {
        self.evaluate_whole(readings, label, entering, slopes).0
    }

    /// [`ClassLoss::evaluate`], and the derivative of the loss by the logarithm of the temperature, T dL/dT; zero for a
    /// loss without one.
    fn evaluate_whole(
        &self,
        readings: &[f64],
        label: usize,
        entering: f64,
        slopes: &mut [f64],
    ) -> (f64, f64) {
        let (readings, plane) = readings.split_at(self.regions(readings));
        let (slopes, plane_slopes) = slopes.split_at_mut(readings.len());
        plane_slopes.fill(0.0);
        let classes = readings.len() / self.scheme.regions_a_class();
        let total: f64 = readings.iter().sum();
        slopes.fill(0.0);
        if total <= 0.0 || entering <= 0.0 {
            let guess = match self.error {
                ClassError::CrossEntropy { .. } | ClassError::PeakCrossEntropy { .. } => {
                    (classes as f64).ln()
                }
                ClassError::PowerError | ClassError::PlaneError { .. } => 1.0,
            };
            return (guess, 0.0);
        }
        // The logits are proportional to the temperature.
        let by_log = |by_logits: &[f64], logits: &[f64]| {
            by_logits.iter().zip(logits).map(|(slope, logit)| slope * logit).sum::<f64>()
        };
        let (mut loss, by_log_temperature) = match self.error {
            ClassError::CrossEntropy { temperature } => {
                let logits: Vec<f64> =
                    self.scheme.scores(readings).iter().map(|score| temperature * score).collect();
                let (loss, mut by_logits) = self.softmax(&logits, label);
                let by_log_temperature = by_log(&by_logits, &logits);
                by_logits.iter_mut().for_each(|slope| *slope *= temperature);
                self.scheme.slopes_by_readings(readings, &by_logits, slopes);
                (loss, by_log_temperature)
            }
            ClassError::PeakCrossEntropy { temperature } => {
                let peak = brightest(readings);
                let scale = temperature / readings[peak];
                let logits: Vec<f64> = readings.iter().map(|reading| scale * reading).collect();
                let (loss, by_logits) = self.softmax(&logits, label);
                // The largest reading is in every logit, and its own is constant.
                let along: f64 = by_logits
                    .iter()
                    .zip(readings)
                    .map(|(slope, reading)| slope * reading / readings[peak])
                    .sum();
                slopes.iter_mut().zip(&by_logits).for_each(|(to, slope)| *to = scale * slope);
                slopes[peak] -= scale * along;
                (loss, by_log(&by_logits, &logits))
            }
            ClassError::PowerError => {
                let wanted = self.scheme.region(label);
                let mut loss = 0.0;
                for (region, (slope, reading)) in slopes.iter_mut().zip(readings).enumerate() {
                    let off = reading / entering - if region == wanted { 1.0 } else { 0.0 };
                    loss += off * off;
                    *slope = 2.0 * off / entering;
                }
                (loss, 0.0)
            }
            ClassError::PlaneError { area, .. } => match plane {
                &[power, square] => {
                    let wanted = self.scheme.region(label);
                    let share = readings[wanted] / power;
                    slopes[wanted] = -2.0 / power;
                    plane_slopes[0] = 2.0 * (share - area * square / power.powi(2)) / power;
                    plane_slopes[1] = area / power.powi(2);
                    (area * square / power.powi(2) - 2.0 * share + 1.0, 0.0)
                }
                _ => (f64::NAN, 0.0),
            },
        };
        if let Some(hinge) = self.efficiency {
            let region = self.scheme.region(label);
            let (value, slope) = hinge.at(readings[region] / entering);
            loss += value;
            slopes[region] += slope / entering;
        }
        if let Some(PlaneHinge { hinge, .. }) = self.output_efficiency {
            let region = self.scheme.region(label);
            let power = plane.first().copied().unwrap_or(f64::NAN);
            let (value, slope) = hinge.at(readings[region] / power);
            loss += value;
            slopes[region] += slope / power;
            if let Some(by_power) = plane_slopes.first_mut() {
                *by_power -= slope * readings[region] / power.powi(2);
            }
        }
        if let Some(hinge) = self.contrast {
            loss += self.add_contrast(hinge, readings, label, total, slopes);
        }
        (loss, by_log_temperature)
    }

    /// The temperature, where there is one.
    pub fn temperature(&self) -> Option<f64> {
        match self.error {
            ClassError::CrossEntropy { temperature } | ClassError::PeakCrossEntropy { temperature } => {
                Some(temperature)
            }
            ClassError::PowerError | ClassError::PlaneError { .. } => None,
        }
    }

    /// The same loss at another temperature, where it has one.
    pub fn at_temperature(mut self, new: f64) -> Self {
        match &mut self.error {
            ClassError::CrossEntropy { temperature } | ClassError::PeakCrossEntropy { temperature } => {
                *temperature = new;
            }
            ClassError::PowerError | ClassError::PlaneError { .. } => {}
        }
        self
    }

    /// Cross-entropy of the softmax of `logits` and the smoothed label, and its derivatives by the logits, p - q.
    fn softmax(&self, logits: &[f64], label: usize) -> (f64, Vec<f64>) {
        let spread = self.label_smoothing / logits.len() as f64;
        let wanted = |class: usize| spread + if class == label { 1.0 - self.label_smoothing } else { 0.0 };
        let largest = logits.iter().copied().fold(f64::MIN, f64::max);
        let sum: f64 = logits.iter().map(|logit| (logit - largest).exp()).sum();
        let mut loss = sum.ln() + largest;
        let slopes = logits.iter().enumerate().map(|(class, logit)| {
            loss -= wanted(class) * logit;
            (logit - largest).exp() / sum - wanted(class)
        });
        let slopes = slopes.collect();
        (loss, slopes)
    }

    /// The term of the contrast; its derivatives are added to `slopes`.
    ///
    /// With the margin m of the signals and S = sum(I): d(m/S)/dI = (dm/dI - m/S) / S.
    fn add_contrast(
        &self,
        hinge: Hinge,
        readings: &[f64],
        label: usize,
        total: f64,
        slopes: &mut [f64],
    ) -> f64 {
        let mut signals = self.scheme.signals(readings);
        let own = std::mem::replace(&mut signals[label], f64::MIN);
        let rival = brightest(&signals);
        let contrast = (own - signals[rival]) / total;
        let (value, slope) = hinge.at(contrast);
        slopes.iter_mut().for_each(|to| *to -= slope * contrast / total);
        for (class, sign) in [(label, 1.0), (rival, -1.0)] {
            let first = self.scheme.region(class);
            slopes[first] += sign * slope / total;
            if self.scheme == Scheme::Differential {
                slopes[first + 1] -= sign * slope / total;
            }
        }
        value
    }
}

impl Loss for ClassLoss {
    fn needs(&self) -> Needs {
        Needs { power: self.asks_for_power(), plane: self.watch(), picture: false }
    }

    fn evaluate(&self, readings: &[f64], target: &Target, slopes: &mut [f64]) -> f64 {
        self.evaluate(readings, target.label, target.entering, slopes)
    }

    fn score(&self, readings: &[f64], target: &Target) -> f64 {
        f64::from(u8::from(self.answer(readings) == target.label))
    }

    fn temperature(&self) -> Option<f64> {
        self.temperature()
    }

    fn evaluate_at(
        &self,
        temperature: f64,
        readings: &[f64],
        target: &Target,
        slopes: &mut [f64],
    ) -> (f64, f64) {
        self.at_temperature(temperature).evaluate_whole(readings, target.label, target.entering, slopes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READINGS: [f64; 6] = [0.3, 1.2, 0.05, 0.7, 0.45, 0.9];

    /// Every error and term, on both schemes.
    fn losses() -> Vec<ClassLoss> {
        let plain = ClassLoss::cross_entropy(12.0);
        let pairs = ClassLoss { scheme: Scheme::Differential, ..plain };
        let mut losses = vec![plain, pairs];
        losses.push(ClassLoss { error: ClassError::PeakCrossEntropy { temperature: 10.0 }, ..plain });
        losses.push(ClassLoss { label_smoothing: 0.1, ..plain });
        for base in [plain, pairs] {
            losses.push(ClassLoss { error: ClassError::PowerError, ..base });
            losses.push(ClassLoss { efficiency: Some(Hinge { weight: 2.0, target: 0.5 }), ..base });
            losses.push(ClassLoss { contrast: Some(Hinge { weight: 2.0, target: 0.7 }), ..base });
        }
        losses
    }

    #[test]
    fn derivatives_are_central_differences() {
        let entering = 4.0;
        for (loss, label) in losses().into_iter().flat_map(|loss| [(loss, 0), (loss, 2)]) {
            let mut slopes = [0.0; 6];
            let value = loss.evaluate(&READINGS, label, entering, &mut slopes);
            assert!(value > 0.0, "{loss:?}: every term is at work");
            let blind = loss.value(&READINGS, label, f64::NAN);
            assert_eq!(
                blind == value,
                !loss.asks_for_power(),
                "{loss:?}: {blind} without the power of the object"
            );
            for region in 0..6 {
                // Truncation of the second-order difference is about step^2 = 1e-10 times a third derivative of up to
                // 1e3 (the pair with the reading 0.05), rounding 1e-16/1e-5.
                let step = 1e-5;
                let at = |offset: f64| {
                    let mut moved = READINGS;
                    moved[region] += offset;
                    loss.value(&moved, label, entering)
                };
                let difference = (at(step) - at(-step)) / (2.0 * step);
                assert!((difference - slopes[region]).abs() < 1e-6, "{loss:?} {label} {region}");
            }
            let Some(temperature) = loss.temperature() else { continue };
            let at =
                |log: f64| loss.at_temperature(temperature * log.exp()).value(&READINGS, label, entering);
            let difference = (at(1e-5) - at(-1e-5)) / 2e-5;
            let target = Target { label, entering, picture: ndarray::Array2::zeros((0, 0)) };
            let (again, found) = loss.evaluate_at(temperature, &READINGS, &target, &mut slopes);
            assert!((difference - found).abs() < 1e-8, "{loss:?}: {difference} {found}");
            assert_eq!(again, value, "{loss:?}");
        }
    }

    #[test]
    fn the_plane_error_is_that_of_every_sample() {
        // Six samples of 2 m2 each, the regions the first two and the third; the second is right.
        let intensity = [0.3, 1.1, 0.7, 0.2, 0.0, 0.9f64];
        let cell = 2.0;
        let power = |samples: std::ops::Range<usize>| cell * intensity[samples].iter().sum::<f64>();
        let square = cell * intensity.iter().map(|i| i * i).sum::<f64>();
        for (label, inside, area) in [(0, 0..2, 4.0), (1, 2..3, 2.0)] {
            let error = ClassError::PlaneError { regions: 2, area };
            let loss = ClassLoss { error, ..ClassLoss::cross_entropy(1.0) };
            let wanted = |sample: usize| if inside.contains(&sample) { 1.0 / area } else { 0.0 };
            let every = intensity.iter().enumerate();
            let exact: f64 = every.map(|(x, i)| area * cell * (i / power(0..6) - wanted(x)).powi(2)).sum();
            let readings = [power(0..2), power(2..3), power(0..6), square];
            let mut slopes = [0.0; 4];
            assert!((loss.evaluate(&readings, label, 1.0, &mut slopes) - exact).abs() < 1e-12);
            assert_eq!(loss.answer(&readings), 0);
            for number in 0..4 {
                let at = |offset: f64| {
                    let mut moved = readings;
                    moved[number] += offset;
                    loss.value(&moved, label, 1.0)
                };
                // Truncation 1e-12, rounding 1e-16/1e-6.
                let difference = (at(1e-6) - at(-1e-6)) / 2e-6;
                assert!((difference - slopes[number]).abs() < 1e-8, "{number}: {difference} {slopes:?}");
            }
            // Brightness does not count: Q goes with its square.
            let along = slopes[0] * readings[0] + slopes[1] * readings[1] + slopes[2] * readings[2];
            assert!((along + 2.0 * slopes[3] * readings[3]).abs() < 1e-12);
            assert!(loss.value(&readings[..2], label, 1.0).is_nan(), "regions alone do not say it");
        }
    }

    #[test]
    fn light_of_the_plane_is_wanted_in_the_true_region() {
        let hinge = Hinge { weight: 2.0, target: 0.5 };
        for scheme in [Scheme::Single, Scheme::Differential] {
            let plain = ClassLoss { scheme, ..ClassLoss::cross_entropy(12.0) };
            let loss = ClassLoss { output_efficiency: Some(PlaneHinge { hinge, regions: 6 }), ..plain };
            assert_eq!(loss.watch(), Watch::Power);
            let readings: Vec<f64> = READINGS.iter().copied().chain([9.0]).collect();
            let mut slopes = [0.0; 7];
            let value = loss.evaluate(&readings, 1, f64::NAN, &mut slopes);
            let wanted = READINGS[scheme.region(1)] / 9.0;
            let without = plain.value(&READINGS, 1, f64::NAN);
            assert!((value - without - 2.0 * (1.0 - wanted / 0.5)).abs() < 1e-12);
            assert_eq!(loss.answer(&readings), plain.answer(&READINGS), "the plane is no region");
            for number in 0..7 {
                let at = |offset: f64| {
                    let mut moved = readings.clone();
                    moved[number] += offset;
                    loss.value(&moved, 1, f64::NAN)
                };
                // As of the other terms.
                let difference = (at(1e-5) - at(-1e-5)) / 2e-5;
                assert!((difference - slopes[number]).abs() < 1e-6, "{scheme:?} {number}");
            }
            // Light that leaves the plane is wanted, and that is all of it that matters: brightness is not.
            assert!(slopes[6] > 0.0);
            let brighter: Vec<f64> = readings.iter().map(|reading| 7.0 * reading).collect();
            assert!((loss.value(&brighter, 1, f64::NAN) - value).abs() < 1e-12);
            assert!(loss.value(&READINGS, 1, 1.0).is_nan(), "regions alone do not say it");
        }
    }

    #[test]
    fn brightness_does_not_matter_to_a_cross_entropy() {
        let loss = ClassLoss::cross_entropy(12.0);
        let mut slopes = [0.0; 3];
        let dim = loss.evaluate(&[1e-9, 2e-9, 3e-9], 0, 1.0, &mut slopes);
        let bright = loss.evaluate(&[1e6, 2e6, 3e6], 0, 1.0, &mut slopes);
        assert!((dim - bright).abs() < 1e-12);
        // Uncertain shares: -ln softmax([2, 4, 6])_0.
        assert!((bright - ((2f64.exp() + 4f64.exp() + 6f64.exp()).ln() - 2.0)).abs() < 1e-12);
        // By the peak: -ln softmax([10/3, 20/3, 10])_0.
        let peak = ClassLoss { error: ClassError::PeakCrossEntropy { temperature: 10.0 }, ..loss };
        let logits = [10.0 / 3.0, 20.0 / 3.0, 10.0f64];
        let expected = logits.iter().map(|logit| logit.exp()).sum::<f64>().ln() - logits[0];
        assert!((peak.value(&[1e-9, 2e-9, 3e-9], 0, 1.0) - expected).abs() < 1e-12);
    }

    #[test]
    fn terms_by_hand() {
        let plain = ClassLoss::cross_entropy(1.0);
        let more =
            |loss: ClassLoss, readings: &[f64]| loss.value(readings, 0, 8.0) - plain.value(readings, 0, 8.0);
        // 1 of 8 where a quarter is wanted; a quarter and more.
        let bright = ClassLoss { efficiency: Some(Hinge { weight: 3.0, target: 0.25 }), ..plain };
        assert!((more(bright, &[1.0, 3.0]) - 1.5).abs() < 1e-12);
        assert_eq!((more(bright, &[2.0, 3.0]), more(bright, &[4.0, 3.0])), (0.0, 0.0));
        // A contrast of (3 - 1)/4 where 1 is wanted; of -1/2.
        let clear = ClassLoss { contrast: Some(Hinge { weight: 3.0, target: 1.0 }), ..plain };
        assert!((more(clear, &[3.0, 1.0]) - 1.5).abs() < 1e-12);
        assert!((more(clear, &[1.0, 3.0]) - 4.5).abs() < 1e-12);
        // Half of the power in the true region and a quarter in the other.
        let power = ClassLoss { error: ClassError::PowerError, ..plain };
        assert!((power.value(&[4.0, 2.0], 0, 8.0) - (0.25 + 0.0625)).abs() < 1e-12);
    }

    #[test]
    fn darkness_teaches_nothing() {
        let mut slopes = [1.0; 10];
        let value = ClassLoss::cross_entropy(10.0).evaluate(&[0.0; 10], 4, 0.0, &mut slopes);
        assert_eq!((value, slopes), (10f64.ln(), [0.0; 10]));
    }
}
