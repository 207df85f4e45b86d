//! `d2nn sweep`: what it trains, what it compares, how it goes on, what it refuses.

use std::fs;
use std::path::Path;

use d2nn::Error;
use d2nn::design::{DesignFile, Sweep};
use serde_json::json;

use crate::support::device::{SMALL, some_images, write_images};
use crate::support::program::{Answer, d2nn, masks, names, workshop};
use d2nn::dataset::Split;

/// Two devices of one epoch each.
const GRID: &str = r#"
design = "small.toml"

[set]
"training.epochs" = 1

[grid]
"training.learning_rate" = [0.05, 0.1]
"#;

fn sweep(folder: &Path, more: &[&str]) -> Answer {
    d2nn(folder, &[&["sweep", "rates.toml", "--data", "data"], more].concat())
}

fn design(device: &Path) -> DesignFile {
    DesignFile::parse("d", &fs::read_to_string(device.join("design.toml")).unwrap()).unwrap()
}

#[test]
fn bad_sweeps_get_their_message() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/sweep/bad");
    let files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() > 20, "{} files", files.len());
    let mut failures = Vec::new();
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        let expected = text.lines().next().and_then(|line| line.strip_prefix("# error: ")).unwrap();
        match Sweep::read(&path, &[]) {
            Ok(_) => failures.push(format!("{} is accepted", path.display())),
            Err(error) => {
                let message = error.to_string();
                let names = message.starts_with(&path.display().to_string());
                if !names || !message.contains(expected) || !matches!(error, Error::Design { .. }) {
                    failures.push(format!("{}\n  expected: {expected}\n  got: {message}", path.display()));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The devices of a sweep of the small design, which need not be trained.
fn devices(text: &str) -> (Vec<String>, Vec<(String, DesignFile)>) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("small.toml"), SMALL).unwrap();
    let path = folder.path().join("s.toml");
    fs::write(&path, format!("design = \"small.toml\"\n{text}")).unwrap();
    let sweep = Sweep::read(&path, &[]).unwrap();
    (sweep.keys, sweep.devices.into_iter().map(|device| (device.name, device.typed)).collect())
}

#[test]
fn the_first_key_is_the_slowest_and_names_say_what_is_swept() {
    let text = "seeds = [1, 2]\n[grid]\n\"training.batch\" = [8, 16]\nbench.gaps = [\"12 mm\", \"12.5mm\"]\n";
    let (keys, found) = devices(text);
    assert_eq!(keys, ["training.batch", "bench.gaps", "training.seed"]);
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names.len(), 8);
    assert_eq!(
        names[..3],
        ["batch-8_gaps-12mm_seed-1", "batch-8_gaps-12mm_seed-2", "batch-8_gaps-12.5mm_seed-1"]
    );
    assert_eq!(names[7], "batch-16_gaps-12.5mm_seed-2");
    let last = &found[7].1;
    assert_eq!((last.training.batch, last.training.seed, last.training.epochs), (16, 2, Some(2)));
}

#[test]
fn runs_are_combined_with_the_grid_and_have_a_value_for_every_key() {
    let text = "[grid]\n\"bench.oversample\" = [1, 2]\n\
                [[runs]]\n\"mask.modulation\" = \"amplitude\"\n\
                [[runs]]\n\"training.oversample\" = 1\n\"training.learning_rate\" = 0.2\n";
    let (keys, found) = devices(text);
    assert_eq!(
        keys,
        ["mask.modulation", "training.oversample", "training.learning_rate", "bench.oversample"]
    );
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "modulation-amplitude_bench-oversample-1",
            "modulation-amplitude_bench-oversample-2",
            "training-oversample-1_learning_rate-0.2_bench-oversample-1",
            "training-oversample-1_learning_rate-0.2_bench-oversample-2",
        ]
    );
}

#[test]
fn what_a_file_name_cannot_hold_becomes_a_checksum() {
    let stage = |steps| format!("[{{modes=9, grid=\"coarse\", batch=9, steps={steps}, learning_rate=0.1}}]");
    let text = format!(
        "[grid]\n\"material.name\" = [\"a/b\", \"ab\"]\n\"training.modes\" = [{}, {}]\n",
        stage(1),
        stage(2)
    );
    let (_, found) = devices(&text);
    let mut names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert!(
        names.iter().all(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c))),
        "{names:?}"
    );
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 4, "{names:?}");
}

#[test]
fn a_sweep_trains_compares_and_goes_on() {
    let folder = workshop();
    let path = folder.path();
    let text = format!("seeds = [1, 2]\n{GRID}");
    fs::write(path.join("rates.toml"), &text).unwrap();
    let first = sweep(path, &[]);
    let out = path.join("runs/rates");
    let expected = [
        "learning_rate-0.05_seed-1",
        "learning_rate-0.05_seed-2",
        "learning_rate-0.1_seed-1",
        "learning_rate-0.1_seed-2",
        "sweep.csv",
        "sweep.png",
    ];
    assert_eq!(names(&out), expected.map(str::to_owned).into(), "{}", first.stderr);
    for word in [
        "rates: 4 devices",
        "learning_rate  seed  accuracy",
        "mean and standard deviation",
        " +- ",
        "sweep.png",
    ] {
        assert!(first.done().contains(word), "\"{word}\" is not in {}", first.stdout);
    }
    for word in ["4 devices into runs/rates, 0 of them finished", "device 4 of 4: learning_rate-0.1_seed-2"] {
        assert!(first.stderr.contains(word), "\"{word}\" is not in {}", first.stderr);
    }
    let device = out.join("learning_rate-0.05_seed-2");
    let typed = design(&device);
    assert_eq!(
        (typed.training.learning_rate, typed.training.seed, typed.training.epochs),
        (0.05, 2, Some(1))
    );
    // The same as alone.
    let alone =
        ["train", "small.toml", "--data", "data", "--out", "alone", "--set", "training.learning_rate=0.05"];
    d2nn(path, &[&alone[..], &["--set", "training.epochs=1", "--seed", "2"]].concat()).done();
    assert!(masks(&device) == masks(&path.join("alone")));

    let csv = fs::read_to_string(out.join("sweep.csv")).unwrap();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(
        lines[0],
        "training.learning_rate,training.seed,test_accuracy,validation_accuracy,power_efficiency_input,\
         power_efficiency_output,detector_share,signal_contrast,training_seconds,folder"
    );
    assert_eq!(lines.len(), 5);
    assert!(lines[2].starts_with("0.05,2,0.") && lines[2].ends_with(",learning_rate-0.05_seed-2"), "{csv}");

    // Nothing is trained again, a device that was taken away is, and what has not begun is.
    let before = fs::metadata(device.join("mask-1.npy")).unwrap().modified().unwrap();
    fs::remove_dir_all(out.join("learning_rate-0.1_seed-1")).unwrap();
    fs::write(path.join("rates.toml"), text.replace("[0.05, 0.1]", "[0.02, 0.05, 0.1]")).unwrap();
    let again = sweep(path, &["--json"]);
    assert!(
        again.stderr.contains("6 devices into runs/rates, 3 of them finished, 0 begun"),
        "{}",
        again.stderr
    );
    assert_eq!(again.stderr.matches("\ndevice ").count(), 3, "{}", again.stderr);
    assert_eq!(fs::metadata(device.join("mask-1.npy")).unwrap().modified().unwrap(), before);
    let json = again.json();
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/sweep.md")).unwrap();
    for key in json.as_object().unwrap().keys() {
        assert!(page.contains(&format!("`{key}`")), "docs/sweep.md lacks {key}");
    }
    for column in lines[0].split(',').filter(|name| !name.contains('.')) {
        assert!(page.contains(&format!("`{column}`")), "docs/sweep.md lacks {column}");
    }
    assert_eq!(json["keys"], json!(["training.learning_rate", "training.seed"]));
    let (rows, means) = (json["rows"].as_array().unwrap(), json["means"].as_array().unwrap());
    assert_eq!((rows.len(), means.len()), (6, 3));
    assert_eq!(rows[5]["values"], json!({ "training.learning_rate": 0.1, "training.seed": 2 }));
    assert_eq!(rows[5]["folder"], "learning_rate-0.1_seed-2");
    let accuracy = |row: usize| rows[row]["metrics"]["test_accuracy"].as_f64().unwrap();
    let mean = &means[2]["metrics"]["test_accuracy"];
    assert_eq!(
        (&means[2]["devices"], &means[2]["values"]),
        (&json!(2), &json!({ "training.learning_rate": 0.1 }))
    );
    assert!((mean["mean"].as_f64().unwrap() - (accuracy(4) + accuracy(5)) / 2.0).abs() < 1e-12, "{json}");
    let deviation = (accuracy(4) - accuracy(5)).abs() / 2.0f64.sqrt();
    assert!((mean["deviation"].as_f64().unwrap() - deviation).abs() < 1e-12, "{json}");
    // All is there: nothing is left but the table.
    let third = sweep(path, &[]);
    assert!(third.done().contains("0.02") && !third.stderr.contains("\ndevice "), "{}", third.stderr);
}

#[test]
fn devices_of_every_kind_are_compared() {
    let folder = workshop();
    let path = folder.path();
    let text = "design = \"small.toml\"\n[set]\n\"training.epochs\" = 1\n\
                [[runs]]\n\"mask.modulation\" = \"amplitude\"\n\
                [[runs]]\n\"detector.layout\" = \"image\"\n\"training.loss\" = \"image-mse\"\n\
                [[runs]]\nbench.gaps = [\"12 mm\", \"12 mm\", \"13 mm\"]\n";
    fs::write(path.join("kinds.toml"), text).unwrap();
    let answer = d2nn(path, &["sweep", "kinds.toml", "--data", "data"]);
    assert!(answer.done().contains("amplitude   3-4-3   cross-entropy  12 mm"), "{}", answer.stdout);
    assert!(!answer.stdout.contains("standard deviation"), "{}", answer.stdout);
    let csv = fs::read_to_string(path.join("runs/kinds/sweep.csv")).unwrap();
    let lines: Vec<&str> = csv.lines().collect();
    assert!(lines[0].contains("test_accuracy,validation_accuracy,test_ssim,validation_ssim,"), "{csv}");
    assert!(lines[2].starts_with("phase,image,image-mse,12 mm,,,0."), "{csv}");
    assert!(lines[3].starts_with("phase,3-4-3,cross-entropy,\"[12 mm, 12 mm, 13 mm]\",0."), "{csv}");
    assert!(fs::read(path.join("runs/kinds/sweep.png")).unwrap().starts_with(b"\x89PNG"));
}

#[test]
fn folders_with_something_else_are_told_before_anything_is_trained() {
    let folder = workshop();
    let path = folder.path();
    fs::write(path.join("rates.toml"), GRID).unwrap();
    let other = path.join("runs/rates/learning_rate-0.1");
    fs::create_dir_all(&other).unwrap();
    fs::write(other.join("notes.txt"), "mine").unwrap();
    sweep(path, &[]).fails(2, &["runs/rates/learning_rate-0.1 exists"]);
    fs::write(other.join("design.toml"), SMALL).unwrap();
    sweep(path, &[]).fails(2, &["learning_rate-0.1 holds another design than the sweep asks for", "--out"]);
    fs::remove_dir_all(&other).unwrap();
    sweep(path, &[]).done();
    // The same with another number of epochs, or of other images, is no part of this comparison.
    sweep(path, &["--set", "training.epochs=2"]).fails(2, &["holds another design"]);
    write_images(&path.join("few"), Split::Train, &some_images(Split::Train, 100));
    write_images(&path.join("few"), Split::Test, &some_images(Split::Test, 50));
    d2nn(path, &["sweep", "rates.toml", "--data", "few"]).fails(2, &["was trained on other images", "--out"]);
    let device = "runs/rates/learning_rate-0.1";
    sweep(path, &["--out", device]).fails(2, &["is a device", "--out"]);
}

#[test]
fn wrong_usage_is_told_before_anything_is_written() {
    let folder = workshop();
    let path = folder.path();
    fs::write(path.join("rates.toml"), GRID).unwrap();
    sweep(path, &["--set", "training.learning_rate=0.1"]).fails(2, &["training.learning_rate is swept"]);
    sweep(path, &["--set", "training.epoch=3"]).fails(2, &["--set training.epoch=3: unknown field"]);
    sweep(path, &["--set", "training.epochs=0"])
        .fails(2, &["rates.toml: learning_rate-0.05: nothing to train"]);
    sweep(path, &["--threads", "5000"]).fails(2, &["--threads 5000"]);
    d2nn(path, &["sweep", "absent.toml"]).fails(1, &["cannot read absent.toml"]);
    d2nn::<&str>(path, &["sweep"]).fails(2, &["SWEEP.toml"]);
    fs::write(path.join("lost.toml"), "design = \"absent.toml\"\nseeds = [1]").unwrap();
    d2nn(path, &["sweep", "lost.toml"]).fails(1, &["cannot read absent.toml"]);
    assert!(!path.join("runs/rates/learning_rate-0.05").exists());
}
