//! What a device is judged by: its answers or its images.

use serde_json::{Value, json};

use super::source::source_json;
use super::trial::Trial;
use super::{ThreadsFlag, answers, imaging};
use crate::design::Device;
use crate::design::folder::Metrics;
use crate::engine::Engine;
use crate::error::Result;
use crate::evaluation::{ACCURACY, Evaluation, Figure, SSIM, Sample};
use crate::named::Named;
use crate::training::Epoch;

/// Figures of a device on the test images.
pub(super) enum Judgement {
    /// It names classes.
    Classes(Evaluation),
    /// It forms images.
    Images(imaging::BesideFreeSpace),
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
    pub(super) fn as_json(&self, device: &Device, wanted: usize, data: Value) -> Value {
        let mut json = match self {
            Judgement::Classes(judged) => answers::as_json(judged),
            Judgement::Images(judged) => imaging::as_json(judged),
        };
        json["partial"] = json!(self.is_partial(wanted));
        let design = &device.design;
        json["padding"] = json!(design.padding());
        json["oversample"] = json!(design.simulated.oversample);
        json["samples_in_plates"] = json!(design.simulated.samples_in_plates());
        json["extinction_coefficient"] = json!(design.material.extinction_coefficient());
        json["plate"] = json!(design.plate_model().name());
        json["source"] = source_json(&design.bench);
        json["modified_masks"] = json!(device.modified);
        json["data"] = data;
        json
    }

    /// The figures for the provenance; `last` is the last row of the history.
    pub(super) fn metrics(&self, last: Option<&Epoch>, learnt_temperature: Option<f64>) -> Metrics {
        let (figures, without_masks) = match self {
            Judgement::Classes(judged) => (judged.figures(), Vec::new()),
            Judgement::Images(judged) => (judged.device.figures(), judged.free_space.figures()),
        };
        let among = |figures: &[Figure], key: &str| {
            figures.iter().find(|figure| figure.key == key).map(|figure| figure.value)
        };
        let of = |key| among(&figures, key);
        // What is validated is the score, of either kind.
        let validated = |score: Figure| {
            let row = last.filter(|_| of(score.key).is_some());
            row.map(|row| row.validation_accuracy).filter(|score| score.is_finite())
        };
        Metrics {
            test_accuracy: of(ACCURACY.key),
            validation_accuracy: validated(ACCURACY),
            test_ssim: of(SSIM.key),
            test_ssim_free_space: among(&without_masks, SSIM.key),
            validation_ssim: validated(SSIM),
            mean_squared_error: of("mean_squared_error"),
            mean_squared_error_free_space: among(&without_masks, "mean_squared_error"),
            power_efficiency_input: of("power_efficiency_input").unwrap_or(f64::NAN),
            power_efficiency_output: of("power_efficiency_output"),
            detector_share: of("detector_share").unwrap_or(f64::NAN),
            signal_contrast: of("signal_contrast"),
            learnt_temperature,
            training_seconds: last.map_or(0.0, |row| row.seconds),
        }
    }
}

/// Figures of a device alone, and of how many images: its answers or its images.
pub(super) fn figures(engine: &dyn Engine, trial: &Trial<'_>) -> Result<(Vec<Figure>, usize)> {
    Ok(if trial.design.forms_image() {
        let judged = imaging::judge_alone(engine, trial)?;
        (judged.figures(), judged.images)
    } else {
        let judged = answers::judge(engine, trial, &mut |_| ())?;
        (judged.figures(), judged.images)
    })
}
