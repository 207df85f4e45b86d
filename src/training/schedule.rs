//! How the step size changes over a training.

use std::f64::consts::PI;

/// Half a cosine from `rate` at step 0 to nothing after `steps` steps (Loshchilov & Hutter, ICLR 2017, eq. 5,
/// without restarts).
pub fn cosine(rate: f64, step: u64, steps: u64) -> f64 {
    0.5 * rate * (1.0 + (PI * step as f64 / steps as f64).cos())
}

/// The share of a step size that step `step` (from 0) of a rise over `warm_up` steps has: 1/warm_up, ..., 1, 1, ...
pub fn rise(step: u64, warm_up: u64) -> f64 {
    if step < warm_up { (step + 1) as f64 / warm_up as f64 } else { 1.0 }
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

    #[test]
    fn a_rise_ends_at_the_whole_step() {
        assert_eq!([0, 1, 2, 3, 4].map(|step| rise(step, 4)), [0.25, 0.5, 0.75, 1.0, 1.0]);
        assert_eq!(rise(0, 0), 1.0);
    }
}
