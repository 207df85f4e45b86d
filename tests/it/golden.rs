//! Numbers that last: readings, gradients and a short training of tiny devices, as they were when they were filed.
//!
//! Other tests say that the numbers are right, within a bound that physics or rounding sets. This one says that they are
//! the same as last year, to far more digits: what moves them unasked is found here. docs/conventions.md has the rule for
//! changing them; `D2NN_BLESS=1 cargo test --test it golden` files them anew.

use std::fs;
use std::path::{Path, PathBuf};

use d2nn::bench::Bench;
use d2nn::dataset::Split;
use d2nn::design::{Design, DesignFile};
use d2nn::engine::CpuEngine;
use d2nn::reference::Instrument;
use d2nn::training::{ClassLoss, Start, State, Trainer};
use ndarray::Array2;
use serde_json::{Value, json};

use crate::support::device;
use crate::support::{random_images, random_values, side_by_side, small_bench, varied_benches};

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/golden.json")
}

/// Compares `found` with what is filed under `name`, or files it.
#[track_caller]
fn judge(name: &str, found: &Value, relative: f64) {
    static FILE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _alone = FILE.lock().unwrap();
    let text = fs::read_to_string(file()).unwrap_or_else(|_| "{}".into());
    let mut filed: Value = serde_json::from_str(&text).unwrap();
    if std::env::var_os("D2NN_BLESS").is_some() {
        filed[name] = found.clone();
        fs::write(file(), format!("{filed:#}\n")).unwrap();
        return;
    }
    let mut differences = Vec::new();
    compare(name, &filed[name], found, relative, &mut differences);
    assert!(
        differences.is_empty(),
        "{} numbers are not as filed; docs/conventions.md says when they may change:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

/// Equal in form, and every number within `relative` of the largest of its array.
fn compare(place: &str, filed: &Value, found: &Value, relative: f64, differences: &mut Vec<String>) {
    match (filed, found) {
        (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => {
            for (key, value) in a {
                compare(&format!("{place}, {key}"), value, &b[key], relative, differences);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let scale =
                a.iter().filter_map(Value::as_f64).fold(0.0, |most: f64, value| most.max(value.abs()));
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                match (a.as_f64(), b.as_f64()) {
                    (Some(x), Some(y)) if (x - y).abs() <= relative * scale => {}
                    (Some(x), Some(y)) => {
                        differences.push(format!("{place} [{index}]: filed {x:e}, found {y:e}"))
                    }
                    _ => compare(&format!("{place} [{index}]"), a, b, relative, differences),
                }
            }
        }
        _ => differences.push(format!("{place}: filed {filed}, found {found}")),
    }
}

/// What a device of random masks reads of three images, and how a loss of the first changes with the masks.
fn light_of(bench: &Bench) -> Value {
    let values = random_values(bench, 11);
    let channels = bench.modulation.channels();
    let masks = bench.masks() * channels;
    let loss = ClassLoss::cross_entropy(20.0);
    let networks: Vec<Value> = Instrument::<f64>::new(bench, &values)
        .unwrap()
        .beams()
        .iter()
        .map(|(_, network)| {
            let images = random_images(bench, 3);
            let readings: Vec<Vec<f64>> =
                images.outer_iter().map(|image| network.readings(image).unwrap()).collect();
            let light = network.light(images.index_axis(ndarray::Axis(0), 0)).unwrap();
            let mut slopes = vec![0.0; readings[0].len()];
            loss.evaluate(&readings[0], 1, 1.0, &mut slopes);
            let gradients = network.gradients(&light, &slopes).unwrap();
            assert_eq!(gradients.len(), masks);
            json!({ "readings": readings, "gradients": gradients.iter().map(probes).collect::<Vec<_>>() })
        })
        .collect();
    json!(networks)
}

/// A few values of an array, and its norm, which all of them move.
fn probes(array: &Array2<f64>) -> Vec<f64> {
    let (rows, columns) = array.dim();
    let at = [(0, 0), (rows / 2, columns / 3), (rows / 5, columns - 1), (rows - 1, columns / 2)];
    let norm = array.mapv(|value| value * value).sum().sqrt();
    at.iter().map(|place| array[*place]).chain([norm]).collect()
}

#[test]
fn light() {
    let mut benches = vec![("plain", small_bench()), ("side by side, differential", side_by_side())];
    benches.extend(varied_benches());
    for (name, bench) in benches {
        // Double precision on any processor: transforms of some hundred points round at 1e-15, and the derivatives of the
        // loss amplify it by the temperature. What is meant to be caught is larger by orders.
        judge(name, &light_of(&bench), 1e-11);
    }
}

#[test]
fn a_short_training() {
    let images = device::some_images(Split::Train, 200);
    let design = Design::resolve("small", &DesignFile::parse("small", device::SMALL).unwrap()).unwrap();
    let settings = d2nn::training::Settings {
        start: Start::Random,
        flips: true,
        ..design.settings(images.images.dim().0)
    };
    let bench = &design.bench;
    let state = State::new(bench, settings.start, settings.seed);
    let begun: Vec<Vec<f64>> = state.values(bench).iter().map(widened).collect();
    let engine = Box::new(CpuEngine::new(bench.clone(), 2).unwrap());
    let mut trainer = Trainer::new(engine, design.objective().loss(), settings, &images, state).unwrap();
    while !trainer.finished() {
        trainer.step().unwrap();
    }
    let state = trainer.into_parts().1;
    let history: Vec<[f64; 4]> = state
        .history
        .iter()
        .map(|row| [row.training_loss, row.training_accuracy, row.validation_loss, row.validation_accuracy])
        .collect();
    // Which images are held out, the random start, order and mirror images are drawn from the seed alone.
    // Single precision, equal to the bit; the reader of the file rounds the last digit of double precision.
    judge("training, random start", &json!(begun), 1e-12);
    // Single precision: a pixel whose gradient is nearly nothing may step the other way where roundings differ between
    // processors. A loss moves in the sixth digit then; a changed order of the images moves it in the second.
    judge("training, history", &json!(history), 1e-3);
}

fn widened(array: &Array2<f32>) -> Vec<f64> {
    array.iter().step_by(257).map(|value| f64::from(*value)).collect()
}
