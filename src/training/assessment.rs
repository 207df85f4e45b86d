//! What a loss says of one sample, all in one go.

use super::loss::{Loss, Target};

/// What a loss says of one sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Assessment {
    pub(super) loss: f64,
    pub(super) score: f64,
    /// Derivative of the loss by the logarithm of the temperature; zero where that is not learnt.
    pub(super) by_log_temperature: f64,
}

impl Assessment {
    /// Loss and score of `readings`, and the derivatives into `slopes`; `temperature` is the one learnt so far, where
    /// one is learnt.
    pub(super) fn of(
        loss: &dyn Loss,
        temperature: Option<f64>,
        readings: &[f64],
        target: &Target,
        slopes: &mut [f64],
    ) -> Self {
        let (value, by_log_temperature) = match temperature {
            Some(temperature) => loss.evaluate_at(temperature, readings, target, slopes),
            None => (loss.evaluate(readings, target, slopes), 0.0),
        };
        Assessment { loss: value, score: loss.score(readings, target), by_log_temperature }
    }
}
