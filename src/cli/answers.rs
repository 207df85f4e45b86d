//! Judging a device that names classes.

use std::fmt::Write;

use serde_json::{Value, json};

use super::figures::json_of;
use super::trial::{Pass, Trial};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::evaluation::{ACCURACY, ClassJudge, Evaluation, FigureUnit, Sample};
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

/// The figures for programs.
pub(super) fn as_json(judged: &Evaluation) -> Value {
    let mut object = json_of(&judged.figures());
    object["images"] = json!(judged.images);
    object["confusion"] = judged.confusion.outer_iter().map(|row| row.to_vec()).collect();
    object["per_class_accuracy"] = json!(judged.per_class_accuracy());
    object["energy_distribution"] = judged
        .region_shares
        .outer_iter()
        .zip(judged.per_class_accuracy())
        .map(|(row, judged)| judged.map(|_| row.to_vec()))
        .collect();
    object
}

/// The figures as text.
pub(super) fn report(heading: &str, judged: &Evaluation, classes: &[String]) -> String {
    let mut text = format!("{heading}\n\n");
    for figure in judged.figures() {
        // A loss that needs more than the readings of regions is not known here.
        if !figure.value.is_finite() {
            continue;
        }
        let value = match figure.unit {
            // Points and signs of per cent stand below each other.
            FigureUnit::Number(_) => format!("{}  ", figure.told()),
            _ => figure.told(),
        };
        let counted = format!("of {} images", judged.images);
        let meaning = if figure.key == ACCURACY.key { &counted } else { figure.of };
        let _ = writeln!(text, "{:<26}{value:>9}  {meaning}", figure.label);
    }
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
        let _ = writeln!(
            text,
            "  {}",
            accuracy.map_or("       -".into(), |share| format!("{:>8}", ACCURACY.unit.told(share)))
        );
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
