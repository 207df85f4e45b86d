//! How rough masks are, as a term of the loss.

use std::f64::consts::TAU;

use ndarray::Array2;

/// Mean of 1 - cos of the phase difference over all pairs of neighbours: 0 for a flat mask, about 1 for random phases.
///
/// Whole turns do not count. Rough masks send light to large angles, where one sample a pixel tells least.
pub fn roughness(phase: &Array2<f32>) -> f64 {
    let mut sum = 0.0;
    for_pairs(phase.dim(), |a, b| sum += 1.0 - f64::from(phase[a] - phase[b]).cos());
    sum / pairs(phase.dim())
}

/// Adds `weight` times the gradient of [`roughness`] to `gradient`.
pub(super) fn add_roughness_gradient(weight: f64, phase: &Array2<f32>, gradient: &mut Array2<f32>) {
    let factor = (weight / pairs(phase.dim())) as f32;
    for_pairs(phase.dim(), |a, b| {
        let slope = factor * (phase[a] - phase[b]).rem_euclid(TAU as f32).sin();
        gradient[a] += slope;
        gradient[b] -= slope;
    });
}

/// Mean square of the phase difference over all pairs of neighbours, of phases within a turn, as heights are printed: whole turns
/// count, since a relief falls by its whole height where its phase begins anew.
pub fn steepness(phase: &Array2<f32>) -> f64 {
    let mut sum = 0.0;
    for_pairs(phase.dim(), |a, b| {
        sum += f64::from(within_a_turn(phase[a]) - within_a_turn(phase[b])).powi(2)
    });
    sum / pairs(phase.dim())
}

/// Adds `weight` times the gradient of [`steepness`] to `gradient`.
pub(super) fn add_steepness_gradient(weight: f64, phase: &Array2<f32>, gradient: &mut Array2<f32>) {
    let factor = (2.0 * weight / pairs(phase.dim())) as f32;
    for_pairs(phase.dim(), |a, b| {
        let slope = factor * (within_a_turn(phase[a]) - within_a_turn(phase[b]));
        gradient[a] += slope;
        gradient[b] -= slope;
    });
}

/// A full turn stays one: it is the top of a relief that goes so far.
fn within_a_turn(phase: f32) -> f32 {
    let turn = TAU as f32;
    if (0.0..=turn).contains(&phase) { phase } else { phase.rem_euclid(turn) }
}

/// Calls `visit` for each pixel and its neighbour below and to the right.
fn for_pairs((rows, columns): (usize, usize), mut visit: impl FnMut([usize; 2], [usize; 2])) {
    for y in 0..rows {
        for x in 0..columns {
            if y + 1 < rows {
                visit([y, x], [y + 1, x]);
            }
            if x + 1 < columns {
                visit([y, x], [y, x + 1]);
            }
        }
    }
}

/// Number of pairs; one for a single pixel, whose sum is empty.
fn pairs((rows, columns): (usize, usize)) -> f64 {
    ((rows - 1) * columns + rows * (columns - 1)).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Stream};

    #[test]
    fn flat_is_smooth_and_random_is_rough() {
        assert_eq!(roughness(&Array2::from_elem((5, 6), 2.5)), 0.0);
        assert_eq!(roughness(&Array2::from_elem((1, 1), 2.5)), 0.0);
        let mut stream = Stream::new(3, Purpose::Masks, 0);
        let random = Array2::from_shape_simple_fn((64, 64), || TAU as f32 * stream.uniform());
        // The mean of cos over 8064 pairs is 0 +- 0.008.
        assert!((roughness(&random) - 1.0).abs() < 0.05);
        assert_eq!(steepness(&Array2::from_elem((5, 6), 2.5)), 0.0);
        // The mean square of a difference of two numbers spread evenly over a turn is a sixth of its square, 6.58; 8064 pairs.
        assert!((steepness(&random) - TAU * TAU / 6.0).abs() < 0.4);
        // A step of a whole turn is none on the circle, and the highest there is in a relief.
        let cliff = Array2::from_shape_fn((2, 2), |(_, x)| if x == 0 { 0.0 } else { TAU as f32 });
        assert!(roughness(&cliff) < 1e-6 && steepness(&cliff) > 10.0);
        let turned = random.mapv(|phase| phase + 3.0 * TAU as f32);
        assert!((roughness(&turned) - roughness(&random)).abs() < 1e-6);
    }

    #[test]
    fn gradient_is_the_central_difference() {
        let mut stream = Stream::new(4, Purpose::Masks, 0);
        let phase = Array2::from_shape_simple_fn((4, 5), || TAU as f32 * stream.uniform());
        let mut gradient = Array2::from_elem((4, 5), 1.0);
        add_roughness_gradient(0.5, &phase, &mut gradient);
        let mut of_steps = Array2::from_elem((4, 5), 1.0);
        add_steepness_gradient(0.5, &phase, &mut of_steps);
        for at in [[0, 0], [2, 3], [3, 4]] {
            let value = |of: &dyn Fn(&Array2<f32>) -> f64, step: f32| {
                let mut moved = phase.clone();
                moved[at] += step;
                0.5 * of(&moved)
            };
            // Single-precision phases: rounding 4e-7 / 2e-2, truncation 1e-4 of a sixth of a small third derivative.
            let difference = |of: &dyn Fn(&Array2<f32>) -> f64| (value(of, 1e-2) - value(of, -1e-2)) / 2e-2;
            assert!((difference(&roughness) - f64::from(gradient[at] - 1.0)).abs() < 2e-5, "{at:?}");
            // A square has no third derivative; its values are up to 20, rounded in single precision.
            assert!((difference(&steepness) - f64::from(of_steps[at] - 1.0)).abs() < 2e-4, "{at:?}");
        }
    }
}
