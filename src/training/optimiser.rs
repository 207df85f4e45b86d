//! Adam: gradient descent with a step size of its own for each parameter.

use ndarray::{Array2, Zip};

/// Adam (Kingma & Ba, ICLR 2015, algorithm 1) with its usual constants.
#[derive(Clone, Debug, PartialEq)]
pub struct Adam {
    /// Running mean of the gradient, in the order and shapes of the parameters.
    pub mean: Vec<Array2<f32>>,
    /// Running mean of the squared gradient, the same.
    pub square: Vec<Array2<f32>>,
    /// Number of steps taken.
    pub steps: u64,
}

impl Adam {
    const MEAN_DECAY: f32 = 0.9;
    const SQUARE_DECAY: f32 = 0.999;
    /// Keeps pixels that no light reaches where they are.
    const EPSILON: f32 = 1e-8;

    /// A fresh optimiser for arrays of the shapes of `parameters`.
    pub fn new(parameters: &[Array2<f32>]) -> Self {
        let zeros: Vec<Array2<f32>> = parameters.iter().map(|array| Array2::zeros(array.dim())).collect();
        Adam { mean: zeros.clone(), square: zeros, steps: 0 }
    }

    /// One step of size `rate` (radians) down `gradients`, in place.
    pub fn step(&mut self, phases: &mut [Array2<f32>], gradients: &[Array2<f32>], rate: f64) {
        self.steps += 1;
        let bias = |decay: f32| 1.0 - f64::from(decay).powf(self.steps as f64);
        let rate = (rate / bias(Self::MEAN_DECAY)) as f32;
        let spread = bias(Self::SQUARE_DECAY).sqrt().recip() as f32;
        let moments = self.mean.iter_mut().zip(&mut self.square);
        for ((phase, gradient), (mean, square)) in phases.iter_mut().zip(gradients).zip(moments) {
            Zip::from(phase).and(gradient).and(mean).and(square).for_each(|phase, gradient, mean, square| {
                *mean += (1.0 - Self::MEAN_DECAY) * (gradient - *mean);
                *square += (1.0 - Self::SQUARE_DECAY) * (gradient * gradient - *square);
                *phase -= rate * *mean / (square.sqrt() * spread + Self::EPSILON);
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(values: &[f32]) -> Vec<Array2<f32>> {
        vec![Array2::from_shape_vec((1, values.len()), values.to_vec()).unwrap()]
    }

    #[test]
    fn first_steps_follow_the_paper() {
        // After one step every phase has moved by the rate, whatever the size of its gradient.
        let mut phases = row(&[1.0, 1.0, 1.0]);
        let mut adam = Adam::new(&phases);
        adam.step(&mut phases, &row(&[1e-3, -20.0, 0.0]), 0.1);
        for (phase, expected) in phases[0].iter().zip([0.9, 1.1, 1.0]) {
            // epsilon/|gradient| = 1e-5 of a step.
            assert!((phase - expected).abs() < 2e-6, "{phases:?}");
        }
        // Second step by hand: m = (0.09 g1 + 0.1 g2)/(1 - 0.9^2), v likewise; g = 1, then 3.
        let mut phase = row(&[0.0]);
        let mut adam = Adam::new(&phase);
        adam.step(&mut phase, &row(&[1.0]), 0.1);
        adam.step(&mut phase, &row(&[3.0]), 0.1);
        let mean: f64 = (0.09 + 0.3) / 0.19;
        let square: f64 = (0.000999 + 0.009) / (1.0 - 0.999f64.powi(2));
        let expected = -0.1 - 0.1 * mean / square.sqrt();
        // Constants and sums are f32: a few 1e-6 of the step.
        assert!((f64::from(phase[0][[0, 0]]) - expected).abs() < 1e-5, "{phase:?} {expected}");
    }

    #[test]
    fn finds_the_bottom_of_a_bowl() {
        let mut at = row(&[3.0, -2.0]);
        let mut adam = Adam::new(&at);
        for step in 0..400 {
            let gradient = [2.0 * (at[0][[0, 0]] - 1.0), 20.0 * (at[0][[0, 1]] - 0.5)];
            adam.step(&mut at, &row(&gradient), 0.1 * (1.0 - f64::from(step) / 400.0));
        }
        assert!((at[0][[0, 0]] - 1.0).abs() < 1e-3 && (at[0][[0, 1]] - 0.5).abs() < 1e-3, "{at:?}");
    }
}
