//! Intensity on paper: linear or in decibels, on a scale from 0 to 1.

use ndarray::{Array2, ArrayView2};

use crate::error::{Error, Result};

/// Refuses intensities that are not finite or below zero; `what` names them in the message.
pub(super) fn check(intensity: &Array2<f64>, what: &str) -> Result<()> {
    if intensity.is_empty() {
        return Err(Error::Value(format!("{what} to be plotted has no pixels")));
    }
    super::check_finite(intensity.iter().copied(), what)?;
    match intensity.iter().find(|value| **value < 0.0) {
        Some(value) => Err(Error::Value(format!("{what} to be plotted has the negative value {value}"))),
        None => Ok(()),
    }
}

/// The largest intensity.
pub(super) fn largest(intensity: ArrayView2<f64>) -> f64 {
    intensity.iter().copied().fold(0.0, f64::max)
}

/// Share of the pixels that may be brighter than the linear scale: single speckles must not darken all the rest.
const CLIPPED: f64 = 1e-3;

/// The intensity at the end of a linear scale: that which [`CLIPPED`] of the pixels exceed, or the largest where that
/// leaves nothing.
pub(super) fn full_scale(intensity: ArrayView2<f64>) -> f64 {
    let mut values: Vec<f64> = intensity.iter().copied().collect();
    values.sort_by(f64::total_cmp);
    let last = values.len() - 1;
    let clipped = values[last - (last as f64 * CLIPPED) as usize];
    if clipped > 0.0 { clipped } else { values[last] }
}

/// Intensity as a share of `full`; all zero when `full` is.
pub(super) fn linear(intensity: ArrayView2<f64>, full: f64) -> Array2<f64> {
    intensity.mapv(|value| if full > 0.0 { (value / full).min(1.0) } else { 0.0 })
}

/// Decibels below `full`, from 0 at `floor` (negative, in dB) and less to 1 at `full`.
pub(super) fn decibels(intensity: ArrayView2<f64>, full: f64, floor: f64) -> Array2<f64> {
    intensity.mapv(|value| {
        if full > 0.0 && value > 0.0 {
            (1.0 - 10.0 * (value / full).log10() / floor).clamp(0.0, 1.0)
        } else {
            0.0
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn decibels_run_from_the_floor_to_the_maximum() {
        let shown = decibels(array![[0.0, 1e-9, 1e-2, 1.0]].view(), 1.0, -40.0);
        assert_eq!(shown, array![[0.0, 0.0, 0.5, 1.0]]);
    }

    #[test]
    fn single_speckles_do_not_set_the_scale() {
        let mut plane = Array2::from_elem((100, 100), 1.0);
        plane[[3, 4]] = 50.0;
        assert_eq!((largest(plane.view()), full_scale(plane.view())), (50.0, 1.0));
        let mut spot = Array2::zeros((100, 100));
        spot[[3, 4]] = 50.0;
        assert_eq!(full_scale(spot.view()), 50.0);
    }

    #[test]
    fn no_light_is_black_and_not_nan() {
        let dark = Array2::<f64>::zeros((2, 2));
        assert_eq!(linear(dark.view(), largest(dark.view())), dark);
        assert_eq!(decibels(dark.view(), 0.0, -40.0), dark);
    }

    #[test]
    fn impossible_intensities_are_refused() {
        for value in [f64::NAN, f64::INFINITY, -1.0] {
            let message = check(&array![[0.0, value]], "the intensity").unwrap_err().to_string();
            assert!(message.starts_with("the intensity to be plotted"), "{message}");
        }
    }
}
