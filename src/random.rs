//! Random numbers, only ever from an explicit seed.
//!
//! What is drawn is written out here: the drawing of libraries may change between their versions, and a seed
//! must mean the same masks tomorrow.

use std::f64::consts::TAU;

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
    pub fn coin(&mut self) -> bool {
        self.0.next_u64() >> 63 == 1
    }

    /// A number from [0, 1).
    pub fn uniform(&mut self) -> f32 {
        // The upper 24 bits are exact in single precision.
        (self.0.next_u64() >> 40) as f32 / (1u64 << 24) as f32
    }

    /// A number from the normal distribution of mean 0 and deviation 1.
    ///
    /// Box and Muller, Ann. Math. Stat. 29, 610 (1958), of which one of two numbers is taken.
    pub fn normal(&mut self) -> f32 {
        // 1 - u lies in (0, 1].
        let radius = (-2.0 * (1.0 - f64::from(self.uniform())).ln()).sqrt();
        (radius * (TAU * f64::from(self.uniform())).cos()) as f32
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
    fn normal_numbers_have_their_moments() {
        let mut stream = Stream::new(5, Purpose::Masks, 0);
        let drawn: Vec<f64> = (0..20_000).map(|_| f64::from(stream.normal())).collect();
        let moment = |power: i32| drawn.iter().map(|value| value.powi(power)).sum::<f64>() / 20_000.0;
        // One sigma: 0.007, 0.010, 0.027 and 0.069; five of them.
        for (power, expected, sigma) in [(1, 0.0, 0.007), (2, 1.0, 0.01), (3, 0.0, 0.027), (4, 3.0, 0.069)] {
            assert!((moment(power) - expected).abs() < 5.0 * sigma, "{power}: {}", moment(power));
        }
    }
}
