//! Devices on other grids than their own: `evaluate --convergence`, the flags, and training on a finer grid.

use std::fs;

use d2nn::design::folder::Provenance;
use serde_json::Value;

use crate::support::device::small_but;
use crate::support::program::{copy, d2nn, trained, workshop};

#[test]
fn the_table_compares_five_grids() {
    let folder = &trained().folder;
    let arguments = ["evaluate", "device", "--data", "data", "--convergence", "--limit", "20"];
    let json = d2nn(folder, &[&arguments[..], &["--json"]].concat()).json();
    assert_eq!((&json["images"], &json["field_images"]), (&Value::from(20), &Value::from(4)));
    assert_eq!(json["plate"], "thin");
    let grids = json["grids"].as_array().unwrap();
    let expected = [(1, 2.0), (1, 4.0), (2, 2.0), (2, 4.0), (4, 2.0)];
    for (row, (samples, padding)) in grids.iter().zip(expected) {
        assert_eq!(
            (row["oversample"].as_u64(), row["padding"].as_f64()),
            (Some(samples), Some(padding)),
            "{json}"
        );
    }
    let number = |row: usize, key: &str| grids[row][key].as_f64().unwrap();
    // The last row is the reference; finer grids come nearer, and the sampled response needs no more window than 2.
    assert_eq!((number(4, "field_error"), number(4, "same_answers")), (0.0, 1.0));
    assert!(number(2, "field_error") < number(0, "field_error"), "{json}");
    assert!(number(0, "field_error") < 0.5, "{json}");
    assert!((number(0, "accuracy") - number(1, "accuracy")).abs() < 1e-12, "{json}");
    let text = d2nn(folder, &arguments).done().to_owned();
    for word in ["samples  padding", "4 x 4", "points of accuracy", "first 20 test images", ", thin plates\n"]
    {
        assert!(text.contains(word), "\"{word}\" is not in {text}");
    }
}

#[test]
fn flags_change_the_bench_and_not_the_device() {
    let folder = &trained().folder;
    let evaluate = |more: &[&str]| {
        let arguments = ["evaluate", "device", "--data", "data", "--json", "--limit", "20"];
        d2nn(folder, &[&arguments[..], more].concat()).json()
    };
    let number = |json: &Value, key: &str| json[key].as_f64().unwrap();
    let plain = evaluate(&[]);
    let absorbing = evaluate(&["--extinction-coefficient", "0.03"]);
    // Two plates of 1 mm base and up to 1.04 mm relief: |t|^2 = exp(-4 pi kappa h/wavelength) each.
    let most = (-4.0 * std::f64::consts::PI * 0.03 / 0.75f64).exp().powi(2);
    let least = (-4.0 * std::f64::consts::PI * 0.03 * 2.038 / 0.75f64).exp().powi(2);
    let kept = number(&absorbing, "power_efficiency_input") / number(&plain, "power_efficiency_input");
    assert!(least < kept && kept < most, "{least} {kept} {most}");
    assert_eq!(number(&absorbing, "extinction_coefficient"), 0.03);
    let fine = evaluate(&["--oversample", "2", "--padding", "3"]);
    assert_eq!((fine["oversample"].as_u64(), number(&fine, "padding") >= 3.0), (Some(2), true));
    assert_ne!(fine["loss"], plain["loss"]);
    for (flag, word) in [
        ("--oversample=0", "bench.oversample = 0"),
        ("--padding=1", "bench.padding = 1"),
        ("--extinction-coefficient=-1", "material.extinction_coefficient"),
    ] {
        d2nn(folder, &["evaluate", "device", flag]).fails(2, &[word]);
    }
}

#[test]
fn a_training_goes_on_from_another_device_on_a_finer_grid() {
    // A copy of the shared device beside its data.
    let folder = copy();
    let path = folder.path();
    fs::rename(path.join("device"), path.join("coarse")).unwrap();
    fs::write(path.join("fine.toml"), small_but("oversample = 1", "oversample = 2")).unwrap();
    let arguments = [
        "train",
        "fine.toml",
        "--data",
        "data",
        "--epochs",
        "0",
        "--fine-epochs",
        "1",
        "--out",
        "fine",
        "--from",
    ];
    let answer = d2nn(path, &[&arguments[..], &["coarse"]].concat());
    assert!(answer.done().contains("finer grid:"), "{}", answer.stdout);
    let provenance = fs::read_to_string(path.join("fine/provenance.toml")).unwrap();
    let provenance: Provenance = toml::from_str(&provenance).unwrap();
    let finer = provenance.finer_grid.unwrap();
    assert_eq!((finer.oversample, finer.images), (4, 50));
    assert!(provenance.command.contains("--from coarse"), "{}", provenance.command);
    // It begins where the other ended: the first epoch is better than the other's first.
    let first = |device: &std::path::Path| -> f64 {
        let history = fs::read_to_string(device.join("history.csv")).unwrap();
        history.lines().nth(1).unwrap().split(',').nth(3).unwrap().parse().unwrap()
    };
    assert!(first(&path.join("fine")) < first(&path.join("coarse")));
    fs::write(path.join("three.toml"), small_but("masks = 2", "masks = 3")).unwrap();
    d2nn(path, &["train", "three.toml", "--data", "data", "--out", "three", "--from", "coarse"])
        .fails(2, &["--from coarse", "has 2 masks"]);
    d2nn(path, &["train", "fine.toml", "--data", "data", "--out", "new", "--from", "nowhere"])
        .fails(2, &["nowhere is not a device folder"]);
}

#[test]
fn aliased_designs_run_when_they_are_told_to() {
    let folder = workshop();
    let path = folder.path();
    let aliased = small_but("gaps = \"12 mm\"", "gaps = \"5 mm\"\nmethod = \"rayleigh-sommerfeld\"");
    fs::write(path.join("aliased.toml"), aliased).unwrap();
    d2nn(path, &["inspect", "aliased.toml"]).fails(2, &["is aliased", "--allow-aliasing"]);
    let allowed = d2nn(path, &["inspect", "aliased.toml", "--allow-aliasing", "--json"]).json();
    assert_eq!(allowed["warnings"].as_array().unwrap().len(), 1, "{allowed}");
    let arguments = ["train", "aliased.toml", "--data", "data", "--epochs", "1", "--allow-aliasing"];
    let answer = d2nn(path, &[&arguments[..], &["--out", "aliased"]].concat());
    answer.done();
    assert!(answer.stderr.contains("warning: bench.method = \"rayleigh-sommerfeld\" is aliased"));
    let provenance = fs::read_to_string(path.join("aliased/provenance.toml")).unwrap();
    let provenance: Provenance = toml::from_str(&provenance).unwrap();
    assert!(provenance.warnings[0].contains("is aliased"), "{:?}", provenance.warnings);
    // The device remembers that it may.
    let again = d2nn(path, &["evaluate", "aliased", "--data", "data"]);
    again.done();
    assert!(again.stderr.contains("is aliased"));
}
