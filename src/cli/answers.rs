//! Judging a device that names classes.

use std::fmt::Write;

use serde_json::{Value, json};

use super::trial::{Pass, Trial};
use crate::design::Device;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::evaluation::{ClassJudge, Evaluation, Sample};
use crate::named::Named;
use crate::training::loss_of;

/// Judges the answers of a device, with progress, up to where `trial` is not to go on; `see` is shown what is read of each image in its turn.
pub(super) fn judge(
    engine: &dyn Engine,
    trial: &Trial<'_>,
    see: &mut dyn FnMut(&Sample<'_>),
) -> Result<Evaluation> {
    let design = trial.design;
    let Some(loss) = design.loss() else {
        return Err(Error::Usage(format!("{} forms images: it names no classes", design.name)));
    };
    let loss = loss_of(&loss, engine.bench());
    let mut judge = ClassJudge::of(engine.bench());
    let mut look = |sample: &Sample<'_>| {
        judge.add(sample, &loss)?;
        see(sample);
        Ok(())
    };
    trial.run(&mut [Pass { engine, see: &mut look }])?;
    Ok(judge.figures())
}

/// The figures for programs; `partial` says whether the judging was stopped, `data` of what they are.
pub(super) fn as_json(judged: &Evaluation, device: &Device, partial: bool, data: Value) -> Value {
    json!({
        "accuracy": judged.accuracy(),
        "images": judged.images,
        "partial": partial,
        "loss": judged.loss,
        "confusion": judged.confusion.outer_iter().map(|row| row.to_vec()).collect::<Vec<_>>(),
        "per_class_accuracy": judged.per_class_accuracy(),
        "energy_distribution": judged
            .region_shares
            .outer_iter()
            .zip(judged.per_class_accuracy())
            .map(|(row, judged)| judged.map(|_| row.to_vec()))
            .collect::<Vec<_>>(),
        "power_efficiency_input": judged.power_efficiency_input,
        "power_efficiency_output": judged.power_efficiency_output,
        "detector_share": judged.detector_share,
        "signal_contrast": judged.signal_contrast,
        "padding": device.design.padding(),
        "oversample": device.design.simulated.oversample,
        "extinction_coefficient": device.design.material.extinction_coefficient(),
        "plate": device.design.plate_model().name(),
        "modified_masks": device.modified,
        "data": data,
    })
}

/// The figures as text.
pub(super) fn report(heading: &str, judged: &Evaluation, classes: &[String]) -> String {
    let percent = |share: f64| format!("{:6.2} %", 100.0 * share);
    let mut text = format!("{heading}\n\n");
    let mut line = |name: &str, value: String, meaning: &str| {
        let _ = writeln!(text, "{name:<26}{value:>9}  {meaning}");
    };
    line("accuracy", percent(judged.accuracy()), &format!("of {} images", judged.images));
    if judged.loss.is_finite() {
        line("loss", format!("{:.4}  ", judged.loss), "mean of what the training minimises");
    }
    line(
        "power efficiency, input",
        percent(judged.power_efficiency_input),
        "true region / power of the object",
    );
    line("power efficiency, output", percent(judged.power_efficiency_output), "true region / detector plane");
    line("detector share", percent(judged.detector_share), "all regions / detector plane");
    line("signal contrast", percent(judged.signal_contrast), "(true - best other) / all regions");
    let _ = writeln!(text, "\nconfusion (rows: true class, columns: answer)");
    let _ = write!(text, "{:<15}", "");
    for class in 0..classes.len() {
        let _ = write!(text, "{class:>6}");
    }
    let _ = writeln!(text, "  accuracy");
    let accuracies = judged.per_class_accuracy();
    for ((class, row), accuracy) in judged.confusion.outer_iter().enumerate().zip(&accuracies) {
        let _ = write!(text, "{class:>2} {:<12}", classes.get(class).map_or("", String::as_str));
        for count in row {
            let _ = write!(text, "{count:>6}");
        }
        let _ = writeln!(text, "  {}", accuracy.map_or("       -".into(), percent));
    }
    let _ = writeln!(text, "\nmean share of each region in the collected power, % (rows: true class)");
    let _ = write!(text, "{:<15}", "");
    for region in 0..judged.region_shares.ncols() {
        let _ = match judged.region_shares.ncols() == 2 * classes.len() {
            true => write!(text, "{:>6}", format!("{}{}", region / 2, ["+", "-"][region % 2])),
            false => write!(text, "{region:>6}"),
        };
    }
    let _ = writeln!(text);
    for ((class, row), accuracy) in judged.region_shares.outer_iter().enumerate().zip(&accuracies) {
        let _ = write!(text, "{class:>2} {:<12}", classes.get(class).map_or("", String::as_str));
        for share in row {
            let _ = match accuracy {
                None => write!(text, "{:>6}", "-"),
                Some(_) => write!(text, "{:>6.1}", 100.0 * share),
            };
        }
        let _ = writeln!(text);
    }
    text
}
