//! How the step size changes over a training.

use std::f64::consts::PI;

/// Half a cosine from `rate` at step 0 to nothing after `steps` steps (Loshchilov & Hutter, ICLR 2017, eq. 5,
/// without restarts).
pub fn cosine(rate: f64, step: u64, steps: u64) -> f64 {
    0.5 * rate * (1.0 + (PI * step as f64 / steps as f64).cos())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn begins_at_the_rate_and_ends_at_nothing() {
        assert_eq!(cosine(0.1, 0, 100), 0.1);
        assert!((cosine(0.1, 50, 100) - 0.05).abs() < 1e-15);
        assert!(cosine(0.1, 99, 100) < 1e-4);
    }
}
