//! A temperature that is learnt with the masks.

/// By how much the temperature differs from the one it began with, and the moments of its own Adam.
///
/// The logarithm is moved, so that it stays above zero, by a tenth of the masks' step size: a radian is much for a phase
/// and far more for a logarithm.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LearntTemperature {
    /// Logarithm of the factor.
    pub log: f64,
    /// Running mean of the derivative.
    pub mean: f64,
    /// Running mean of its square.
    pub square: f64,
}

impl LearntTemperature {
    const SHARE_OF_STEP: f64 = 0.1;

    /// The temperature over the one it began with.
    pub fn factor(self) -> f64 {
        self.log.exp()
    }

    /// The temperature that has been learnt from `start` on.
    pub(crate) fn applied_to(self, start: f64) -> f64 {
        start * self.factor()
    }

    /// Step `step` (from 1) of a stage down `slope`, the derivative of the loss by the logarithm; `rate` is that of the
    /// masks.
    pub fn step(&mut self, slope: f64, rate: f64, step: u64) {
        if step == 1 {
            (self.mean, self.square) = (0.0, 0.0);
        }
        self.mean += 0.1 * (slope - self.mean);
        self.square += 0.001 * (slope * slope - self.square);
        let (mean, square) =
            (self.mean / (1.0 - 0.9f64.powf(step as f64)), self.square / (1.0 - 0.999f64.powf(step as f64)));
        self.log -= Self::SHARE_OF_STEP * rate * mean / (square.sqrt() + 1e-12);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_down_the_slope_and_stays_above_zero() {
        // A loss of (ln T - ln 3)^2.
        let mut temperature = LearntTemperature::default();
        for step in 1..=2000 {
            let rate = 0.3 * (1.0 - step as f64 / 2000.0);
            temperature.step(2.0 * (temperature.log - 3f64.ln()), rate, step);
        }
        assert!((temperature.factor() - 3.0).abs() < 0.01, "{}", temperature.factor());
        let mut still = LearntTemperature::default();
        still.step(0.0, 0.3, 1);
        assert_eq!(still.factor(), 1.0);
    }
}
