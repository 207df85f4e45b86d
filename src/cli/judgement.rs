//! What a device is judged by: its answers or its images.

use super::{ThreadsFlag, evaluate, imaging};
use crate::dataset::Images;
use crate::design::Device;
use crate::design::folder::Metrics;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::evaluation::Evaluation;
use crate::training::Epoch;

/// Figures of a device on the test images.
pub(super) enum Judgement {
    /// It names classes.
    Classes(Evaluation),
    /// It forms images.
    Images(imaging::Compared),
}

impl Judgement {
    /// Judges `device`, simulated by `engine`, on all of `images`; an error of `stopped` ends it early.
    pub(super) fn of(
        engine: &dyn Engine,
        device: &Device,
        threads: &ThreadsFlag,
        images: &Images,
        stopped: &dyn Fn() -> Option<Error>,
    ) -> Result<Self> {
        let design = &device.design;
        Ok(if design.forms_image() {
            Judgement::Images(imaging::judge(engine, design, threads, images, None, stopped)?)
        } else {
            Judgement::Classes(evaluate::judge(engine, design, images, None, stopped)?)
        })
    }

    /// Number of images.
    pub(super) fn images(&self) -> usize {
        match self {
            Judgement::Classes(judged) => judged.images,
            Judgement::Images(judged) => judged.device.images,
        }
    }

    /// The figures as text.
    pub(super) fn report(&self, heading: &str, classes: &[String]) -> String {
        match self {
            Judgement::Classes(judged) => evaluate::report(heading, judged, classes),
            Judgement::Images(judged) => imaging::report(heading, judged),
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
