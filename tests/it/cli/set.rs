//! `--set KEY=VALUE` of `train` and `inspect`.

use std::fs;

use d2nn::design::{DesignFile, Optimiser};
use serde_json::json;

use crate::support::program::{d2nn, trained, workshop};

#[test]
fn any_key_can_be_set_for_a_training() {
    let folder = workshop();
    let path = folder.path();
    let arguments = [
        "train",
        "small.toml",
        "--data",
        "data",
        "--set",
        "training.epochs=1",
        "--set",
        "bench.gaps=[\"12 mm\", \"13 mm\", \"12 mm\"]",
        "--set",
        "mask.modulation=amplitude",
        "--set",
        "name=other",
        "--set",
        "bench.pixel_pitch=0.41 mm",
        "--seed",
        "8",
    ];
    d2nn(path, &arguments).done();
    // The name decides where it goes.
    let device = path.join("runs/other");
    let typed = DesignFile::parse("d", &fs::read_to_string(device.join("design.toml")).unwrap()).unwrap();
    assert_eq!((typed.training.epochs, typed.training.seed, typed.training.batch), (Some(1), 8, 16));
    assert_eq!(typed.bench.pixel_pitch.text(), "0.41 mm");
    let provenance = fs::read_to_string(device.join("provenance.toml")).unwrap();
    let command: toml::Table = provenance.parse().unwrap();
    let command = command["command"].as_str().unwrap();
    for word in [
        "--set training.epochs=1 ",
        "--set 'bench.gaps=[\"12 mm\", \"13 mm\", \"12 mm\"]' ",
        "--set \"bench.pixel_pitch=0.41 mm\" ",
    ] {
        assert!(command.contains(word), "{word} is not in {command}");
    }
}

#[test]
fn stages_in_modes_can_be_set() {
    let folder = workshop();
    let path = folder.path();
    let modes = "training.modes=[{modes=20, grid=\"coarse\", batch=50, steps=4, learning_rate=0.1}]";
    let arguments = ["train", "small.toml", "--data", "data", "--out", "device", "--set", modes];
    d2nn(
        path,
        &[&arguments[..], &["--set", "training.optimiser=modes", "--set", "training.epochs=0"]].concat(),
    )
    .done();
    let typed = fs::read_to_string(path.join("device/design.toml")).unwrap();
    let typed = DesignFile::parse("d", &typed).unwrap();
    assert_eq!(
        (typed.training.optimiser, typed.training.modes.map(|stages| stages.len())),
        (Some(Optimiser::Modes), Some(1))
    );
}

#[test]
fn designs_presets_and_devices_can_be_looked_at_changed() {
    let folder = &trained().folder;
    let inspect = |arguments: &[&str]| d2nn(folder, &[&["inspect", "--json"], arguments].concat()).json();
    let gaps = ["--set", "bench.gaps=13 mm"];
    for design in [&["small.toml"][..], &["device"]] {
        assert_eq!(inspect(&[design, &gaps[..]].concat())["gaps"], json!([0.013, 0.013, 0.013]));
    }
    let imaging = inspect(&["--preset", "imaging", "--set", "bench.masks=2", "--set", "bench.gaps=4 mm"]);
    assert_eq!((&imaging["masks"], &imaging["forms_image"]), (&json!(2), &json!(true)));
    assert_eq!(
        inspect(&["--set", "detector.layout=2-6-2"])["detector_regions"].as_array().unwrap().len(),
        10
    );
}

#[test]
fn what_cannot_be_set_is_told_with_its_flag() {
    let folder = workshop();
    let path = folder.path();
    let train = |set: &[&str]| {
        let flags: Vec<&str> = set.iter().flat_map(|text| ["--set", *text]).collect();
        d2nn(path, &[&["train", "small.toml", "--data", "data"], &flags[..]].concat())
    };
    train(&["training.seed=3", "training.epoch=3"])
        .fails(2, &["error: --set training.epoch=3: unknown field `epoch`", "is `epochs` meant?"]);
    train(&["training.epochs=many"]).fails(2, &["--set training.epochs=\"many\"", "invalid type"]);
    train(&["training.epochs"]).fails(2, &["'training.epochs'", "--set <KEY=VALUE>", "training.epochs=3"]);
    // Rules across keys name the file, the flags and the key.
    train(&["training.seed=3", "bench.masks=3", "bench.gaps=[\"12 mm\"]"])
        .fails(2, &["small.toml with --set training.seed=3 --set bench.masks=3", "bench.gaps"]);
    assert!(!path.join("runs").exists());
}
