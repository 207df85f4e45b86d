//! Where results cannot go is said before the work begins, and figures are out before pictures.

use std::fs;
use std::path::Path;

use crate::support::device::small_but;
use crate::support::program::{Answer, copy, d2nn, names, trained, workshop};

/// What progress, simulation and drawing say on stderr: not one of them may have begun.
const WORK: [&str; 5] = ["wrote ", "evaluating", "disturbing", "training device", "epoch"];

#[track_caller]
fn refused_at_once(answer: &Answer, code: i32, words: &[&str]) {
    answer.fails(code, words);
    for word in WORK {
        assert!(!answer.stderr.contains(word), "{}", answer.stderr);
    }
}

/// A device, data, and a file where folders should be.
fn with_a_file_in_the_way() -> tempfile::TempDir {
    let folder = copy();
    fs::write(folder.path().join("file"), "in the way").unwrap();
    fs::write(folder.path().join("picture.png"), "no picture").unwrap();
    folder
}

#[test]
fn every_verb_tries_its_outputs_first() {
    let folder = with_a_file_in_the_way();
    let path = folder.path();
    fs::create_dir(path.join("taken")).unwrap();
    fs::write(path.join("small.toml"), crate::support::device::SMALL).unwrap();
    fs::write(path.join("some.toml"), "design = \"small.toml\"\n[grid]\n\"training.seed\" = [1, 2]\n")
        .unwrap();
    let before = names(path);
    // Data that are not there are told only by who goes on to look for them: the place comes first.
    let absent = ["--data", "nowhere"];
    for (verb, flag, file) in [
        (&["evaluate", "device"][..], "--readings", true),
        (&["tolerance", "device", "--levels", "2"], "--out", true),
        (&["report", "device"], "--out", true),
        (&["plot", "device", "masks"], "--out", false),
        (&["export-stl", "device"], "--out", false),
        (&["export-kit", "device"], "--out", false),
    ] {
        let name = if verb[0] == "tolerance" { "x.png" } else { "x" };
        // Pictures of masks take no data: these are refused all the same.
        let data = if verb[0] == "plot" { &[][..] } else { &absent[..] };
        let run = |place: &str| d2nn(path, &[verb, &[flag, place], data].concat());
        let below = format!("file/{name}");
        refused_at_once(&run(&below), 1, &[&below, "file is a file where a folder is needed"]);
        if file {
            fs::create_dir_all(path.join("taken.png")).unwrap();
            refused_at_once(&run("taken.png"), 2, &["taken.png: it is a folder; name a file"]);
            fs::remove_dir(path.join("taken.png")).unwrap();
        } else {
            refused_at_once(&run("file"), 1, &["file is a file where a folder is needed"]);
        }
        if cfg!(target_os = "linux") {
            refused_at_once(&run(&format!("/proc/d2nn/{name}")), 1, &["/proc/d2nn"]);
        }
    }
    for verb in [
        &["export", "device", "--format", "npy", "--out", "file/x"][..],
        &["man", "--out", "file/x"],
        &["train", "small.toml", "--data", "data", "--out", "file/x"],
        &["sweep", "some.toml", "--data", "data", "--out", "file/x"],
        &[
            "propagate",
            "absent.npy",
            "--wavelength=1 mm",
            "--pixel-pitch=1 mm",
            "--distance=1 m",
            "--out=file/x",
        ],
    ] {
        refused_at_once(&d2nn(path, verb), 1, &["file/x", "file is a file where a folder is needed"]);
    }
    assert_eq!(names(path), before, "nothing was begun");
    assert_eq!(fs::read(path.join("file")).unwrap(), b"in the way");
}

#[test]
fn what_is_in_the_way_inside_a_folder_is_found_too() {
    let folder = with_a_file_in_the_way();
    let path = folder.path();
    let run = |arguments: &[&str]| d2nn(path, &[arguments, &["--data", "data"]].concat());
    // A file in the place of the folder of pictures, where they go without --out.
    fs::remove_dir_all(path.join("device/plots")).unwrap();
    fs::write(path.join("device/plots"), "").unwrap();
    for verb in [&["tolerance", "device", "--levels", "2"][..], &["plot", "device"]] {
        refused_at_once(&run(verb), 1, &["device/plots is a file where a folder is needed"]);
    }
    // A device is not taken apart for one that then could not be written.
    let before = names(&path.join("device"));
    let again = run(&["train", "device/design.toml", "--out", "device", "--force"]);
    refused_at_once(&again, 1, &["device/plots is a file where a folder is needed"]);
    assert_eq!(names(&path.join("device")), before);
    fs::remove_file(path.join("device/plots")).unwrap();
    // A folder in the place of a file.
    for (name, verb) in [
        ("report.html", &["report", "device", "--quick"][..]),
        ("plots/confusion.png", &["plot", "device"]),
        ("mask-2.npy", &["train", "trained.toml", "--out", "device", "--force"]),
    ] {
        fs::copy(trained().folder.join("small.toml"), path.join("trained.toml")).unwrap();
        let there = path.join("device").join(name);
        let _ = fs::remove_file(&there);
        fs::create_dir_all(&there).unwrap();
        refused_at_once(&run(verb), 2, &[name, "it is a folder"]);
        fs::remove_dir(&there).unwrap();
    }
}

/// Runs the program with files of at most `blocks` times 512 bytes: a disk that has run full.
#[cfg(unix)]
fn on_a_full_disk(blocks: u64, folder: &Path, arguments: &[&str]) -> Answer {
    let shell = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let output = std::process::Command::new("sh")
        .args(["-c", &shell, env!("CARGO_BIN_EXE_d2nn")])
        .args(arguments)
        .current_dir(folder)
        .env("D2NN_OFFLINE", "1")
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Answer { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

#[test]
#[cfg(unix)]
fn figures_are_out_before_what_may_still_fail() {
    let folder = copy();
    let path = folder.path();
    // Room for the trial of 4096 bytes and not for the picture, nor for the readings of 50 images, 4.8 kB.
    let tolerance = ["tolerance", "device", "--data", "data", "--levels", "2", "--draws", "1"];
    let answer = on_a_full_disk(9, path, &tolerance);
    assert!(answer.code == Some(1) && answer.stderr.contains("cannot write device/plots/tolerance.png"));
    assert!(answer.stdout.contains("levels"), "the table is lost: {}", answer.stdout);
    let json = on_a_full_disk(9, path, &[&tolerance[..], &["--json"]].concat());
    assert!(json.code == Some(1) && serde_json::from_str::<serde_json::Value>(&json.stdout).is_ok());
    let evaluate = ["evaluate", "device", "--data", "data", "--readings", "readings.npz"];
    let answer = on_a_full_disk(9, path, &evaluate);
    assert!(
        answer.code == Some(1) && answer.stderr.contains("cannot write readings.npz"),
        "{}",
        answer.stderr
    );
    assert!(answer.stdout.contains("accuracy"), "the figures are lost: {}", answer.stdout);
    assert!(!path.join("readings.npz").exists());
}

#[test]
#[cfg(unix)]
fn a_training_whose_pictures_fail_tells_its_test() {
    let folder = workshop();
    let path = folder.path();
    fs::write(path.join("one.toml"), small_but("epochs = 2", "epochs = 1")).unwrap();
    // Room for the checkpoint of 100 kB, not for the picture of the light.
    let train = ["train", "one.toml", "--data", "data", "--out", "device"];
    let answer = on_a_full_disk(1200, path, &train);
    assert!(
        answer.code == Some(1) && answer.stdout.contains("accuracy"),
        "{}{}",
        answer.stdout,
        answer.stderr
    );
    for word in ["cannot write device/plots/light.png", "make room, and go on with", "--resume"] {
        assert!(answer.stderr.contains(word), "\"{word}\" is not in {}", answer.stderr);
    }
    d2nn(path, &["train", "device", "--data", "data", "--resume"]).done();
    assert!(path.join("device/plots/light.png").is_file() && !path.join("device/checkpoint").exists());
}
