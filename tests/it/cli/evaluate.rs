//! `d2nn evaluate`: the figures, as text and for programs.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::support::program::{copy, d2nn, trained};

/// The keys of `--json`, as documented: a change here breaks programs of others.
const KEYS: [&str; 19] = [
    "accuracy",
    "confusion",
    "data",
    "detector_share",
    "energy_distribution",
    "extinction_coefficient",
    "images",
    "loss",
    "modified_masks",
    "oversample",
    "padding",
    "partial",
    "per_class_accuracy",
    "plate",
    "power_efficiency_input",
    "power_efficiency_output",
    "samples_in_plates",
    "signal_contrast",
    "source",
];

fn evaluate(more: &[&str]) -> Value {
    let arguments = ["evaluate", "device", "--data", "data", "--json"];
    d2nn(&trained().folder, &[&arguments[..], more].concat()).json()
}

fn matrix(value: &Value) -> Vec<Vec<f64>> {
    let row = |row: &Value| row.as_array().unwrap().iter().map(|cell| cell.as_f64().unwrap()).collect();
    value.as_array().unwrap().iter().map(row).collect()
}

#[test]
fn the_figures_agree_with_each_other() {
    for (more, images, split) in
        [(&[][..], 50, "test"), (&["--split", "train"], 200, "train"), (&["--limit", "7"], 7, "test")]
    {
        let json = evaluate(more);
        let keys: BTreeSet<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, KEYS.into());
        assert_eq!(json["images"], images);
        let confusion = matrix(&json["confusion"]);
        assert_eq!((confusion.len(), confusion[0].len()), (10, 10));
        let all: f64 = confusion.iter().flatten().sum();
        let right: f64 = (0..10).map(|class| confusion[class][class]).sum();
        assert_eq!(all, f64::from(images));
        assert!((json["accuracy"].as_f64().unwrap() - right / all).abs() < 1e-15);
        let per_class = json["per_class_accuracy"].as_array().unwrap();
        for (class, (row, share)) in confusion.iter().zip(per_class).enumerate() {
            let shown: f64 = row.iter().sum();
            match share.as_f64() {
                // The JSON reader of this test may miss the last of 53 bits.
                Some(share) => assert!((share - row[class] / shown).abs() < 1e-15, "class {class}"),
                // A class without images has no accuracy.
                None => assert!(share.is_null() && shown == 0.0, "class {class}"),
            }
        }
        for (shown, shares) in confusion.iter().zip(json["energy_distribution"].as_array().unwrap()) {
            match shares.as_array() {
                // Ten shares of at most some tens of images, each rounded once: a few 1e-16 each.
                Some(shares) => {
                    let sum: f64 = shares.iter().map(|share| share.as_f64().unwrap()).sum();
                    assert!((sum - 1.0).abs() < 1e-13, "{shares:?}");
                }
                None => assert!(shares.is_null() && shown.iter().sum::<f64>() == 0.0, "{shares}"),
            }
        }
        let number = |key: &str| json[key].as_f64().unwrap();
        let (input, output) = (number("power_efficiency_input"), number("power_efficiency_output"));
        // Free space and phase masks create no light, and the true region is one of all.
        assert!(0.0 < input && input < output && output < number("detector_share"));
        assert!(number("detector_share") < 1.0 && number("signal_contrast").abs() < 1.0);
        assert!(number("loss") > 0.0 && number("padding") >= 2.0);
        assert_eq!(json["data"]["split"], split);
        assert_eq!(json["data"]["name"], "fashion-mnist");
        assert_eq!(json["data"]["builtin_sample"], false);
        assert!(json["data"]["source"].as_str().unwrap().contains("data"));
    }
}

#[test]
fn the_figures_are_those_of_the_training_whatever_the_threads() {
    let text = fs::read_to_string(trained().device.join("provenance.toml")).unwrap();
    let provenance: toml::Table = text.parse().unwrap();
    let metrics = provenance["metrics"].as_table().unwrap();
    let one = evaluate(&["--threads", "1"]);
    assert_eq!(one, evaluate(&["--threads", "2"]));
    for (key, metric) in [
        ("accuracy", "test_accuracy"),
        ("power_efficiency_input", "power_efficiency_input"),
        ("power_efficiency_output", "power_efficiency_output"),
        ("detector_share", "detector_share"),
        ("signal_contrast", "signal_contrast"),
    ] {
        let (found, expected) = (one[key].as_f64().unwrap(), metrics[metric].as_float().unwrap());
        // The JSON reader of this test may miss the last of 53 bits.
        assert!((found / expected - 1.0).abs() < 1e-15, "{key}: {found} {expected}");
    }
}

#[test]
fn the_images_held_out_are_those_of_the_training() {
    let text = fs::read_to_string(trained().device.join("provenance.toml")).unwrap();
    let provenance: toml::Table = text.parse().unwrap();
    let held_out = evaluate(&["--split", "validation"]);
    assert_eq!(held_out["data"]["split"], "validation");
    assert_eq!(held_out["images"].as_i64(), provenance["data"]["validation_images"].as_integer());
    // The last epoch of the training ends on the grid that is judged.
    let (found, expected) = (&held_out["accuracy"], &provenance["metrics"]["validation_accuracy"]);
    assert_eq!(found.as_f64(), expected.as_float());

    let folder = copy();
    let design = folder.path().join("device/design.toml");
    let text = fs::read_to_string(&design).unwrap();
    let share = text.lines().find(|line| line.starts_with("validation = ")).unwrap();
    fs::write(&design, text.replace(share, "validation = 0.0")).unwrap();
    d2nn(folder.path(), &["evaluate", "device", "--data", "data", "--split", "validation"])
        .fails(2, &["training.validation", "none of 200 images", "--split test"]);
}

#[test]
fn the_text_shows_the_same() {
    let json = evaluate(&[]);
    let answer = d2nn(&trained().folder, &["evaluate", "device", "--data", "data"]);
    let text = answer.done();
    let accuracy = format!("{:.2} %  of 50 images", 100.0 * json["accuracy"].as_f64().unwrap());
    for word in [
        accuracy.as_str(),
        "true region / power of the object",
        "true region / detector plane",
        "all regions / detector plane",
        "(true - best other) / all regions",
        "confusion (rows: true class",
        "9 Ankle boot",
    ] {
        assert!(text.contains(word), "\"{word}\" is not in {text}");
    }
    assert_eq!(answer.stderr, "");
}

#[test]
fn the_sample_in_the_program_is_named() {
    let arguments = ["evaluate", "device", "--data", "builtin", "--limit", "20", "--json"];
    let answer = d2nn(&trained().folder, &arguments);
    assert_eq!(answer.json()["data"]["builtin_sample"], true);
    assert!(answer.stderr.contains("warning: this is the built-in sample"), "{}", answer.stderr);
}

#[test]
fn wrong_usage() {
    let folder = &trained().folder;
    let evaluate = |more: &[&str]| d2nn(folder, &[&["evaluate"], more].concat());
    evaluate(&[]).fails(2, &["DEVICE"]);
    evaluate(&["device", "--data", "data", "--limit", "0"]).fails(2, &["--limit 0"]);
    evaluate(&["device", "--data", "data", "--limit", "-1"])
        .fails(2, &["invalid value '-1' for '--limit <N>'"]);
    evaluate(&["device", "--split", "middle"]).fails(2, &["middle", "test, train, validation"]);
    evaluate(&["device", "--threads", "1025"]).fails(2, &["--threads 1025"]);
    evaluate(&["nowhere"]).fails(2, &["nowhere is not a device folder", "d2nn train"]);
    evaluate(&["small.toml"]).fails(2, &["small.toml is not a device folder"]);
    evaluate(&["device/design.toml"]).fails(2, &["name the folder it lies in, device"]);
    evaluate(&["."]).fails(2, &[". is not a device folder", "it holds ./device"]);
    evaluate(&["data"]).fails(1, &["data/design.toml"]);
    evaluate(&["device", "--data", "nowhere"]).fails(1, &["nowhere", "no such folder"]);
}

#[test]
fn a_training_that_has_not_ended_is_told() {
    let folder = copy();
    let evaluate = || d2nn(folder.path(), &["evaluate", "device", "--data", "data"]);
    assert_eq!(evaluate().stderr, "");
    fs::create_dir(folder.path().join("device/checkpoint")).unwrap();
    let answer = evaluate();
    answer.done();
    for word in ["training is not finished", "d2nn train device --resume"] {
        assert!(answer.stderr.contains(word), "{}", answer.stderr);
    }
    fs::remove_file(folder.path().join("device/mask-1.npy")).unwrap();
    evaluate().fails(1, &["device", "no masks yet", "d2nn train device --resume"]);
}

#[test]
fn one_half_of_the_data_is_enough() {
    let folder = copy();
    for name in ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"] {
        fs::remove_file(folder.path().join("data").join(name)).unwrap();
    }
    d2nn(folder.path(), &["evaluate", "device", "--data", "data"]).done();
    d2nn(folder.path(), &["evaluate", "device", "--data", "data", "--split", "train"])
        .fails(1, &["lacks train-images-idx3-ubyte"]);
}

#[test]
fn plates_are_thin_unless_their_thickness_is_asked_for() {
    let thin = evaluate(&[]);
    assert_eq!((&thin["plate"], &thin["oversample"]), (&Value::from("thin"), &Value::from(1)));
    let lost = |json: &Value| json["power_efficiency_input"].as_f64().unwrap();
    for (model, more) in [("equivalent", &[][..]), ("sliced", &["--slices", "2"])] {
        let thick = evaluate(&[&["--plate", model], more].concat());
        // Four samples a wavelength in the plastic: 4 x 4 a pixel of 0.4 mm there, and as designed outside.
        assert_eq!((&thick["plate"], &thick["oversample"]), (&Value::from(model), &Value::from(1)));
        assert_eq!(thick["samples_in_plates"], 4);
        // Along the axis the faces of two plates pass 0.747 of the light, and less aslant; it is focused otherwise, too.
        assert!(lost(&thick) < 0.85 * lost(&thin) && lost(&thick) > 0.0, "{model}: {thick}");
    }
    let folder = &trained().folder;
    let arguments = ["evaluate", "device", "--data", "data", "--plate"];
    d2nn(folder, &[&arguments[..], &["thick"]].concat()).fails(2, &["thin, equivalent, sliced"]);
    let none = [&arguments[..], &["sliced", "--slices", "0"]].concat();
    d2nn(folder, &none).fails(2, &["mask.slices = 0", "1 to 64"]);
}
