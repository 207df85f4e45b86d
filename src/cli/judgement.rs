//! What a device is judged by: its answers or its images.

use super::trial::Trial;
use super::{ThreadsFlag, answers, imaging};
use crate::design::Device;
use crate::design::folder::Metrics;
use crate::engine::Engine;
use crate::error::Result;
use crate::evaluation::{Evaluation, Sample};
use crate::training::Epoch;

/// Figures of a device on the test images.
pub(super) enum Judgement {
    /// It names classes.
    Classes(Evaluation),
    /// It forms images.
    Images(imaging::Compared),
}

impl Judgement {
    /// Judges the device of `engine`; `see` is shown what is read of each image in its turn.
    pub(super) fn of(
        engine: &dyn Engine,
        trial: &Trial<'_>,
        threads: &ThreadsFlag,
        see: &mut dyn FnMut(&Sample<'_>),
    ) -> Result<Self> {
        Ok(if trial.design.forms_image() {
            Judgement::Images(imaging::judge(engine, trial, threads, see)?)
        } else {
            Judgement::Classes(answers::judge(engine, trial, see)?)
        })
    }

    /// Number of images.
    pub(super) fn images(&self) -> usize {
        match self {
            Judgement::Classes(judged) => judged.images,
            Judgement::Images(judged) => judged.device.images,
        }
    }

    /// Whether the judging was stopped before all of `wanted` images.
    pub(super) fn is_partial(&self, wanted: usize) -> bool {
        let judged = match self {
            Judgement::Classes(judged) => judged.images,
            Judgement::Images(judged) => judged.device.images.min(judged.free_space.images),
        };
        judged < wanted
    }

    /// The figures as text.
    pub(super) fn report(&self, heading: &str, classes: &[String]) -> String {
        match self {
            Judgement::Classes(judged) => answers::report(heading, judged, classes),
            Judgement::Images(judged) => imaging::report(heading, judged),
        }
    }

    /// The figures of `device` for programs; `wanted` says of how many images, `data` of which.
    pub(super) fn as_json(
        &self,
        device: &Device,
        wanted: usize,
        data: serde_json::Value,
    ) -> serde_json::Value {
        let partial = self.is_partial(wanted);
        match self {
            Judgement::Classes(judged) => answers::as_json(judged, device, partial, data),
            Judgement::Images(judged) => imaging::as_json(judged, &device.design, partial, data),
        }
    }

    /// The figures for the provenance; `last` is the last row of the history.
    pub(super) fn metrics(&self, last: Option<&Epoch>, learnt_temperature: Option<f64>) -> Metrics {
        let validation = last.map(|row| row.validation_accuracy).filter(|score| score.is_finite());
        let training_seconds = last.map_or(0.0, |row| row.seconds);
        match self {
            Judgement::Classes(judged) => Metrics {
                test_accuracy: Some(judged.accuracy()),
                validation_accuracy: validation,
                test_ssim: None,
                test_ssim_free_space: None,
                validation_ssim: None,
                mean_squared_error: None,
                mean_squared_error_free_space: None,
                power_efficiency_input: judged.power_efficiency_input,
                power_efficiency_output: Some(judged.power_efficiency_output),
                detector_share: judged.detector_share,
                signal_contrast: Some(judged.signal_contrast),
                learnt_temperature,
                training_seconds,
            },
            Judgement::Images(judged) => Metrics {
                test_accuracy: None,
                validation_accuracy: None,
                test_ssim: Some(judged.device.ssim),
                test_ssim_free_space: Some(judged.free_space.ssim),
                validation_ssim: validation,
                mean_squared_error: Some(judged.device.mean_squared_error),
                mean_squared_error_free_space: Some(judged.free_space.mean_squared_error),
                power_efficiency_input: judged.device.power_efficiency_input,
                power_efficiency_output: None,
                detector_share: judged.device.detector_share,
                signal_contrast: None,
                learnt_temperature: None,
                training_seconds,
            },
        }
    }
}
