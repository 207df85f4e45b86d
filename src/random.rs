//! Random numbers, only ever from an explicit seed.
//!
//! What is drawn is written out here: the drawing of libraries may change between their versions, and a seed
//! must mean the same masks tomorrow.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What a stream of random numbers is for, so that no two uses of one seed share numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Which images are held out for validation.
    HoldOut = 1,
    /// In which order an epoch takes the images.
    EpochOrder = 2,
    /// Which images an epoch shows mirrored.
    EpochFlips = 3,
    /// The first phases of a mask.
    Masks = 4,
    /// How the bench of a training step is misaligned.
    TrainingErrors = 5,
    /// How a bench is misaligned that a device is judged on.
    Tolerance = 6,
    /// Errors of the heights of plates.
    HeightErrors = 7,
    /// Noise of a detector.
    DetectorNoise = 8,
    /// How a training image is distorted.
    Augmentation = 9,
}

/// A stream of random numbers: a function of seed, purpose and number alone.
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// Stream `number` (of an epoch, of a mask) for `purpose`.
    pub fn new(seed: u64, purpose: Purpose, number: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&(purpose as u64).to_le_bytes());
        key[16..24].copy_from_slice(&number.to_le_bytes());
        Stream(ChaCha8Rng::from_seed(key))
    }

    /// True or false, evenly.
    pub(crate) fn coin(&mut self) -> bool {
        self.0.next_u64() >> 63 == 1
    }

    /// A number from [0, 1).
    pub fn uniform(&mut self) -> f32 {
        // The upper 24 bits are exact in single precision.
        (self.0.next_u64() >> 40) as f32 / (1u64 << 24) as f32
    }

    /// A number from [0, 1) in double precision.
    pub fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A number from the normal distribution of mean 0 and variance 1.
    ///
    /// Box and Muller, Ann. Math. Stat. 29, 610 (1958); one of the pair.
    pub fn normal(&mut self) -> f64 {
        // From (0, 1]: the logarithm has no value at zero.
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// A number of events from the Poisson distribution of mean `mean`; none for a mean that is not above zero.
    ///
    /// Products of uniform numbers below a mean of 10 (Knuth, The Art of Computer Programming 2, section 3.4.1),
    /// transformed rejection from there on (Hoermann, Insurance: Mathematics and Economics 12, 39 (1993), PTRS), a normal
    /// number above 10^9.
    pub fn poisson(&mut self, mean: f64) -> f64 {
        if !(mean > 0.0 && mean.is_finite()) {
            return 0.0;
        }
        if mean > 1e9 {
            // Skewed by 3e-5 of a deviation; above, the logarithms of factorials lose their digits.
            return (mean + mean.sqrt() * self.normal()).round().max(0.0);
        }
        if mean < 10.0 {
            let (limit, mut product, mut events) = ((-mean).exp(), self.unit(), 0.0);
            while product > limit {
                product *= self.unit();
                events += 1.0;
            }
            return events;
        }
        let b = 0.931 + 2.53 * mean.sqrt();
        let a = -0.059 + 0.02483 * b;
        let inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
        loop {
            let (u, v) = (self.unit() - 0.5, self.unit());
            let near = 0.5 - u.abs();
            let events = ((2.0 * a / near + b) * u + mean + 0.43).floor();
            if near >= 0.07 && v <= 0.9277 - 3.6224 / (b - 2.0) {
                return events;
            }
            if events < 0.0 || (near < 0.013 && v > near) {
                continue;
            }
            let hat = (v * inverse_alpha / (a / (near * near) + b)).ln();
            if hat <= events * mean.ln() - mean - ln_factorial(events) {
                return events;
            }
        }
    }

    /// Puts `items` in random order.
    ///
    /// Fisher and Yates, from the back (Knuth, The Art of Computer Programming 2, algorithm 3.4.2 P).
    pub fn shuffle(&mut self, items: &mut [usize]) {
        for last in (1..items.len()).rev() {
            // The upper half of the product is uniform up to 1 part in 2^64 / items.
            let other = ((u128::from(self.0.next_u64()) * (last as u128 + 1)) >> 64) as usize;
            items.swap(last, other);
        }
    }
}

/// ln n! for a whole number, to 1e-10.
fn ln_factorial(n: f64) -> f64 {
    // Stirling's series (Abramowitz & Stegun 6.1.41), from 10 on; below, n! is exact.
    if n < 10.0 {
        return ((2..=n as u64).product::<u64>() as f64).ln();
    }
    let z = n + 1.0;
    (z - 0.5) * z.ln() - z + 0.5 * std::f64::consts::TAU.ln() + 1.0 / (12.0 * z) - 1.0 / (360.0 * z.powi(3))
        + 1.0 / (1260.0 * z.powi(5))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_their_own_and_even() {
        let draw = |seed, purpose, number| {
            let mut stream = Stream::new(seed, purpose, number);
            (0..4000).map(|_| stream.uniform()).collect::<Vec<_>>()
        };
        let first = draw(1, Purpose::Masks, 0);
        assert_eq!(first, draw(1, Purpose::Masks, 0));
        for other in [draw(2, Purpose::Masks, 0), draw(1, Purpose::HoldOut, 0), draw(1, Purpose::Masks, 1)] {
            assert_ne!(first, other);
        }
        assert!(first.iter().all(|value| (0.0..1.0).contains(value)));
        // The mean of 4000 uniform numbers is 0.5 +- 0.0046 (one sigma); five sigma.
        let mean = first.iter().sum::<f32>() / 4000.0;
        assert!((mean - 0.5).abs() < 0.023, "{mean}");
    }

    #[test]
    fn normal_and_poisson_numbers_have_their_mean_and_variance() {
        let count = 40_000;
        let moments = |mut draw: Box<dyn FnMut() -> f64>| {
            let numbers: Vec<f64> = (0..count).map(|_| draw()).collect();
            let mean = numbers.iter().sum::<f64>() / count as f64;
            (mean, numbers.iter().map(|number| (number - mean).powi(2)).sum::<f64>() / count as f64)
        };
        let mut stream = Stream::new(3, Purpose::HeightErrors, 0);
        let (mean, variance) = moments(Box::new(move || stream.normal()));
        // Five standard errors: 1/sqrt(n) of the mean, sqrt(2/n) of the variance.
        assert!(mean.abs() < 0.025 && (variance - 1.0).abs() < 0.036, "{mean} {variance}");
        for expected in [0.3, 4.0, 9.9, 10.0, 31.0, 1000.0, 1e6, 1e12] {
            let mut stream = Stream::new(4, Purpose::DetectorNoise, expected as u64);
            let (mean, variance) = moments(Box::new(move || stream.poisson(expected)));
            assert!((mean - expected).abs() < 5.0 * (expected / count as f64).sqrt(), "{expected}: {mean}");
            let error = ((2.0 + 1.0 / expected) / count as f64).sqrt() * expected;
            assert!((variance - expected).abs() < 5.0 * error, "{expected}: {variance}");
        }
        let mut stream = Stream::new(5, Purpose::DetectorNoise, 0);
        assert_eq!([0.0, -1.0, f64::NAN].map(|mean| stream.poisson(mean)), [0.0; 3]);
        for (n, value) in [
            (0.0, 1.0f64),
            (1.0, 1.0),
            (9.0, 362_880.0),
            (10.0, 3_628_800.0),
            (20.0, 2.432_902_008_176_64e18),
        ] {
            assert!((ln_factorial(n) - value.ln()).abs() < 1e-9, "{n}");
        }
    }
}
