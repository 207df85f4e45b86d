//! What a detector that counts photons, or has a noise of its own, makes of the light on its regions.

use crate::detector::Scheme;
use crate::random::Stream;
use crate::units::{Metres, Seconds, Watts};

/// Planck's constant times the speed of light, J m (both exact by definition).
const PLANCK_TIMES_LIGHT: f64 = 6.626_070_15e-34 * 299_792_458.0;

/// How the detector turns light into numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Readout {
    /// Standard deviation of a region's reading in the dark, photons; for [`Disturbance::Photons`](super::Disturbance::Photons).
    pub read_noise: f64,
    /// Time over which a region gathers light; for [`Disturbance::Power`](super::Disturbance::Power).
    pub exposure: Seconds,
    /// Signal as strong as the noise of a region in a bandwidth of one hertz, watts per root hertz. An exposure t has the
    /// bandwidth 1/(2 t), and the noise NEP / sqrt(2 t). For [`Disturbance::Power`](super::Disturbance::Power).
    pub noise_equivalent_power: f64,
}

impl Default for Readout {
    /// No noise of its own, one second.
    fn default() -> Self {
        Readout { read_noise: 0.0, exposure: 1.0, noise_equivalent_power: 0.0 }
    }
}

impl Readout {
    /// Photons of one watt in an exposure, at `wavelength` (in vacuum): N = t lambda / (h c).
    fn photons_a_watt(&self, wavelength: Metres) -> f64 {
        self.exposure * wavelength / PLANCK_TIMES_LIGHT
    }

    /// The noise of a region in the dark, photons, when all its light is of `wavelength`.
    fn thermal_noise(&self, wavelength: Metres) -> f64 {
        self.noise_equivalent_power / (2.0 * self.exposure).sqrt() * self.photons_a_watt(wavelength)
    }
}

/// What the regions read of an image on the device as designed.
pub(super) struct Reading {
    pub(super) regions: Vec<f64>,
    pub(super) label: usize,
    /// Power of the object.
    pub(super) entering: f64,
}

/// What a detector makes of a reading.
#[derive(Clone, Copy)]
pub(super) struct Counting {
    /// Photons in the mean for a reading of 1.
    gain: f64,
    /// Standard deviation of a region in the dark, photons.
    noise: f64,
}

impl Counting {
    /// The regions count `photons` together in the mean over `readings`.
    pub(super) fn of_photons(photons: f64, readings: &[Reading], readout: &Readout) -> Self {
        let collected = readings.iter().flat_map(|reading| &reading.regions).sum();
        Counting { gain: gain(photons, readings, collected), noise: readout.read_noise }
    }

    /// The object has `power` in the mean over `readings`, in light of `wavelength`.
    pub(super) fn of_power(
        power: Watts,
        readings: &[Reading],
        wavelength: Metres,
        readout: &Readout,
    ) -> Self {
        let entering = readings.iter().map(|reading| reading.entering).sum();
        let photons = power * readout.photons_a_watt(wavelength);
        Counting { gain: gain(photons, readings, entering), noise: readout.thermal_noise(wavelength) }
    }
}

/// Photons for a reading of 1, where `photons` a reading are `sum` in all of them.
fn gain(photons: f64, readings: &[Reading], sum: f64) -> f64 {
    if sum > 0.0 { photons * readings.len() as f64 / sum } else { 0.0 }
}

/// Share of right answers of a detector that counts photons.
///
/// Each region counts a Poisson number of its own and adds normal noise. In a pair a count below zero is taken as none:
/// the sum of two such would be no measure of their difference.
pub(super) fn accuracy_of_counts(
    readings: &[Reading],
    scheme: Scheme,
    Counting { gain, noise }: Counting,
    stream: &mut Stream,
) -> f64 {
    let least = match scheme {
        Scheme::Single => f64::NEG_INFINITY,
        Scheme::Differential => 0.0,
    };
    let mut right = 0;
    for Reading { regions, label, .. } in readings {
        let counts: Vec<f64> = regions
            .iter()
            .map(|reading| (stream.poisson(gain * reading) + noise * stream.normal()).max(least))
            .collect();
        right += usize::from(scheme.answer(&counts) == *label);
    }
    right as f64 / readings.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;

    fn alike(count: usize, regions: &[f64], label: impl Fn(usize) -> usize) -> Vec<Reading> {
        let reading = |image| Reading { regions: regions.to_vec(), label: label(image), entering: 4.0 };
        (0..count).map(reading).collect()
    }

    /// Share of right answers for `photons` in the mean.
    fn counted(readings: &[Reading], scheme: Scheme, photons: f64, read_noise: f64) -> f64 {
        let readout = Readout { read_noise, ..Readout::default() };
        let counting = Counting::of_photons(photons, readings, &readout);
        let mut stream = Stream::new(1, Purpose::DetectorNoise, 0);
        accuracy_of_counts(readings, scheme, counting, &mut stream)
    }

    #[test]
    fn many_photons_see_what_is_there_and_few_do_not() {
        // The first region is brighter whatever the class.
        let any = alike(2000, &[0.6, 0.4], |image| image % 2);
        assert_eq!(counted(&any, Scheme::Single, 1e6, 0.0), 0.5);
        let right = alike(2000, &[0.6, 0.4], |_| 0);
        let of_right = |photons, noise| counted(&right, Scheme::Single, photons, noise);
        assert_eq!(of_right(1e6, 0.0), 1.0);
        // 60 against 40 photons: the difference is 20 with a deviation of 10, so 2.3 % go wrong; half of the draws are
        // wrong in the noise of 1,000.
        assert!((of_right(100.0, 0.0) - 0.977).abs() < 0.02);
        assert!((of_right(100.0, 1000.0) - 0.5).abs() < 0.06);
    }

    #[test]
    fn a_pair_in_the_dark_does_not_win_by_a_sum_near_zero() {
        // Class 0 leads clearly; the pair of class 1 gets nothing but noise.
        let pairs = alike(4000, &[0.9, 0.1, 0.0, 0.0], |_| 0);
        assert_eq!(counted(&pairs, Scheme::Differential, 1e4, 0.0), 1.0);
        // The noise of 10 photons alone decides pair 1: both counts below zero (1/4) give no score, one of them (1/2) a
        // score of +-1, which beats 0.8 in half of those; two above zero (1/4) give (a - b)/(a + b), above 0.8 where
        // b < a/9: an angle of 6.3 of 90 degrees. Right in 1 - 1/4 - 0.0176: 73.2 %, standard error 0.7 points.
        let noisy = counted(&pairs, Scheme::Differential, 1e4, 10.0);
        assert!((noisy - 0.732).abs() < 0.03, "{noisy}");
    }

    #[test]
    fn a_watt_has_its_photons_and_a_detector_its_noise() {
        // 0.4 THz: a photon has 2.65e-22 J.
        let wavelength = 299_792_458.0 / 0.4e12;
        let readout = Readout { exposure: 0.02, noise_equivalent_power: 1e-9, ..Readout::default() };
        assert!((readout.photons_a_watt(wavelength) * 6.626_070_15e-34 * 0.4e12 / 0.02 - 1.0).abs() < 1e-12);
        // A nanowatt a root hertz: over 20 ms, 25 Hz, five nanowatts.
        let noise = readout.thermal_noise(wavelength) / readout.photons_a_watt(wavelength);
        assert!((noise / 5e-9 - 1.0).abs() < 1e-12);
        // A quarter of the object's light reaches the regions: of 1 uW, 0.15 and 0.1 uW fall on the two.
        let readings = alike(2000, &[0.6, 0.4], |_| 0);
        let right = |power: f64, noise_equivalent_power: f64| {
            let readout = Readout { noise_equivalent_power, ..readout };
            let counting = Counting::of_power(power, &readings, wavelength, &readout);
            assert!(
                (counting.gain * 0.6 / (0.15 * power * readout.photons_a_watt(wavelength)) - 1.0).abs()
                    < 1e-12
            );
            let mut stream = Stream::new(1, Purpose::DetectorNoise, 0);
            accuracy_of_counts(&readings, Scheme::Single, counting, &mut stream)
        };
        // The difference of 50 nW in a noise of sqrt(2) 5 nW x 5 is 1.41 deviations: 92.1 % right; of a fifth, 61.1 %.
        // Bounds: more than three standard errors of 2,000, 0.6 and 1.1 points.
        assert_eq!(right(1e-6, 1e-9), 1.0);
        assert!((right(1e-6, 5e-9) - 0.921).abs() < 0.02);
        assert!((right(0.2e-6, 5e-9) - 0.611).abs() < 0.04);
        assert_eq!(right(1e-12, 0.0), 1.0, "a picowatt is 75 million photons");
    }
}
