//! `d2nn sweep` from end to end: several trainings a test.

use std::fs;
use std::path::Path;

use d2nn::dataset::Split;
use d2nn::design::DesignFile;
use serde_json::json;

use crate::support::device::{SMALL, some_images, write_images};
use crate::support::program::{Answer, d2nn, masks, names, workshop};

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
