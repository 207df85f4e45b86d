//! Adam: gradient descent with a step size of its own for each phase.

/// Adam (Kingma & Ba, ICLR 2015, algorithm 1) with its usual constants.
#[derive(Clone, Debug, PartialEq)]
pub struct Adam {
    /// Running mean of the gradient.
    pub mean: Vec<f32>,
    /// Running mean of the squared gradient.
    pub square: Vec<f32>,
    /// Number of steps taken.
    pub steps: u64,
}

impl Adam {
    const MEAN_DECAY: f32 = 0.9;
    const SQUARE_DECAY: f32 = 0.999;
    /// Keeps pixels that no light reaches where they are.
    const EPSILON: f32 = 1e-8;

    /// A fresh optimiser for `parameters` numbers.
    pub fn new(parameters: usize) -> Self {
        Adam { mean: vec![0.0; parameters], square: vec![0.0; parameters], steps: 0 }
    }

    /// Counts one more step and returns its bias-corrected (rate, 1/sqrt of the square's correction).
    fn corrections(&mut self, rate: f64) -> (f32, f32) {
        self.steps += 1;
        let bias = |decay: f32| 1.0 - f64::from(decay).powf(self.steps as f64);
        let rate = rate / bias(Self::MEAN_DECAY);
        (rate as f32, bias(Self::SQUARE_DECAY).sqrt().recip() as f32)
    }

    /// One step of size `rate` down `gradient`, in place. All slices have the length given to [`Adam::new`].
    pub fn step(&mut self, parameters: &mut [f32], gradient: &[f32], rate: f64) {
        let (rate, spread) = self.corrections(rate);
        let moments = self.mean.iter_mut().zip(&mut self.square);
        for ((parameter, gradient), (mean, square)) in parameters.iter_mut().zip(gradient).zip(moments) {
            *mean += (1.0 - Self::MEAN_DECAY) * (gradient - *mean);
            *square += (1.0 - Self::SQUARE_DECAY) * (gradient * gradient - *square);
            *parameter -= rate * *mean / (square.sqrt() * spread + Self::EPSILON);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_steps_follow_the_paper() {
        // After one step every parameter has moved by the rate, whatever the size of its gradient.
        let mut adam = Adam::new(3);
        let mut parameters = [1.0, 1.0, 1.0];
        adam.step(&mut parameters, &[1e-3, -20.0, 0.0], 0.1);
        for (parameter, expected) in parameters.iter().zip([0.9, 1.1, 1.0]) {
            // epsilon/|gradient| = 1e-5 of a step.
            assert!((parameter - expected).abs() < 2e-6, "{parameters:?}");
        }
        // Second step by hand: m = 0.1 g1 0.9 + 0.1 g2 over 1 - 0.9^2; v likewise; g = 1, then 3.
        let mut adam = Adam::new(1);
        let mut parameter = [0.0];
        adam.step(&mut parameter, &[1.0], 0.1);
        adam.step(&mut parameter, &[3.0], 0.1);
        let mean: f64 = (0.09 + 0.3) / 0.19;
        let square: f64 = (0.000999 + 0.009) / (1.0 - 0.999f64.powi(2));
        let expected = -0.1 - 0.1 * mean / square.sqrt();
        assert!((f64::from(parameter[0]) - expected).abs() < 1e-5, "{} {expected}", parameter[0]);
    }

    #[test]
    fn finds_the_bottom_of_a_bowl() {
        let mut adam = Adam::new(2);
        let mut at = [3.0f32, -2.0];
        for step in 0..400 {
            let gradient = [2.0 * (at[0] - 1.0), 20.0 * (at[1] - 0.5)];
            adam.step(&mut at, &gradient, 0.1 * (1.0 - f64::from(step) / 400.0));
        }
        assert!((at[0] - 1.0).abs() < 1e-3 && (at[1] - 0.5).abs() < 1e-3, "{at:?}");
    }
}
