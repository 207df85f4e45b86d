//! `d2nn sweep`: what it trains, what it compares, how it goes on, what it refuses.

use std::fs;
use std::path::Path;

use d2nn::Error;
use d2nn::design::{DesignFile, Sweep};

use crate::support::device::SMALL;
use crate::support::program::{Answer, d2nn, workshop};

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
