//! Stopping a training by a signal, by force, and going on: to the bit as if nothing had happened.

use std::fs;
use std::path::Path;

use crate::support::device::{small_but, some_images, write_images};
use crate::support::program::{Answer, copy, d2nn, history, is_row_of, masks, names, started, workshop};
use d2nn::dataset::Split;

/// Enough epochs that every signal meets a training under way.
const EPOCHS: &str = "epochs = 40\nstart = \"random\"";
/// The same in two stages: ten epochs, then twenty on a finer grid.
const STAGES: &str = "epochs = 10\nfine_epochs = 20\nstart = \"random\"";

fn in_stages() -> String {
    small_but("epochs = 2", STAGES).replace("oversample = 1", "oversample = 2")
}

/// A device whose pixels can be bound in blocks, trained in modes on three grids and then in mini-batches; of every
/// two epochs in modes one is announced.
fn in_modes() -> String {
    let stage = |modes, grid, rate| {
        format!(
            "[[training.modes]]\nmodes = {modes}\ngrid = \"{grid}\"\nbatch = 50\nsteps = 30\nlearning_rate = {rate}\n"
        )
    };
    let stages = stage(20, "binned", 0.3) + &stage(30, "coarse", 0.1) + &stage(30, "fine", 0.05);
    small_but("epochs = 2", "optimiser = \"modes\"\nfine_epochs = 2\nstart = \"random\"")
        .replace("\"4 mm\"", "\"4.8 mm\"")
        .replace("\"6 mm\"", "\"6.4 mm\"")
        .replace("oversample = 1", "oversample = 2")
        + "\n"
        + &stages
}

/// Starts the program, waits until stderr says that epoch `until` is over, sends `signal`, and waits for the end.
fn stopped(folder: &Path, arguments: &[&str], until: u64, signal: &str) -> Answer {
    let underway = started(folder, arguments, until);
    underway.send(signal);
    underway.end()
}

/// The command that the message after a signal gives, without the program's name.
#[track_caller]
fn advice(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.code, Some(130), "{}", answer.stderr);
    assert!(answer.stderr.contains("everything is saved; go on with"), "{}", answer.stderr);
    let line = answer.stderr.lines().last().unwrap().trim();
    line.strip_prefix("d2nn ").unwrap().split(' ').map(str::to_owned).collect()
}

#[test]
fn a_signal_that_comes_twice_at_once_counts_once() {
    let folder = workshop();
    let path = folder.path();
    fs::write(path.join("long.toml"), small_but("epochs = 2", EPOCHS)).unwrap();
    let arguments = ["train", "long.toml", "--data", "data", "--out", "device"];
    let underway = started(path, &arguments, 2);
    underway.send("TERM");
    underway.send("TERM");
    advice(&underway.end());
}

#[test]
fn a_training_draws_itself_when_it_is_asked_to() {
    let folder = workshop();
    let path = folder.path();
    fs::write(path.join("long.toml"), small_but("epochs = 2", EPOCHS)).unwrap();
    let train = |out, more: &[&str]| {
        let arguments = [&["train", "long.toml", "--data", "data", "--out", out][..], more].concat();
        assert_eq!(stopped(path, &arguments, 6, "INT").code, Some(130));
        path.join(out).join("plots")
    };
    let drawn = train("drawn", &["--plot-every", "2"]);
    assert_eq!(names(&drawn), ["detector.png", "masks.png", "training.png"].map(str::to_owned).into());
    assert!(!train("plain", &[]).exists(), "before the end nothing is drawn unasked");
    let arguments = ["train", "long.toml", "--data", "data", "--out", "never", "--plot-every", "0"];
    d2nn(path, &arguments).fails(2, &["--plot-every", "0"]);
}

#[test]
fn a_training_stopped_three_times_ends_with_the_same_bits() {
    // The last stop is in the second of two stages.
    stopped_three_times(&in_stages(), [2, 8, 15]);
}

#[test]
fn a_training_in_modes_stopped_three_times_ends_with_the_same_bits() {
    // One stop in each of the stages in modes: 180 images are four steps an epoch, 30 steps eight epochs.
    stopped_three_times(&in_modes(), [2, 10, 20]);
}

fn stopped_three_times(design: &str, until: [u64; 3]) {
    let folder = workshop();
    let path = folder.path();
    fs::write(path.join("long.toml"), design).unwrap();
    let train = |out| ["train", "long.toml", "--data", "data", "--out", out];
    d2nn(path, &train("reference")).done();

    let device = path.join("broken");
    let interrupted = stopped(path, &train("broken"), until[0], "INT");
    let advice = advice(&interrupted);
    assert_eq!(advice, ["train", "broken", "--data", "data", "--resume"]);
    assert!(device.join("checkpoint/state.npz").exists());
    assert!(!device.join("provenance.toml").exists());
    // What is there can be looked at meanwhile.
    d2nn(path, &["evaluate", "broken", "--data", "data"]).done();
    d2nn(path, &train("broken")).fails(2, &["broken exists", "--resume"]);

    let advice: Vec<&str> = advice.iter().map(String::as_str).collect();
    let terminated = stopped(path, &advice, until[1], "TERM");
    assert_eq!(terminated.code, Some(130), "{}", terminated.stderr);
    // After an epoch is announced the checkpoint of the one announced before is whole, whatever was being written.
    let killed = stopped(path, &advice, until[2], "KILL");
    assert_eq!(killed.code, None, "{}", killed.stderr);
    let resumed = d2nn(path, &advice);
    resumed.done();
    assert!(resumed.stderr.contains("resuming broken"), "{}", resumed.stderr);
    let again = resumed.stderr.lines().any(|line| is_row_of(line, until[2] - 2));
    assert!(!again, "it goes on, not anew: {}", resumed.stderr);

    assert!(masks(&device) == masks(&path.join("reference")));
    assert_eq!(history(&device), history(&path.join("reference")));
    assert_eq!(names(&device), names(&path.join("reference")));
    let provenance = fs::read_to_string(device.join("provenance.toml")).unwrap();
    assert!(provenance.contains("long.toml --data data --out broken && d2nn train broken"), "{provenance}");
    d2nn(path, &advice).fails(2, &["the training is finished", "nothing to resume"]);
}

#[test]
fn a_training_is_only_resumed_as_it_was() {
    let folder = workshop();
    let path = folder.path();
    fs::write(path.join("long.toml"), small_but("epochs = 2", EPOCHS)).unwrap();
    advice(&stopped(path, &["train", "long.toml", "--data", "data", "--out", "device"], 1, "INT"));
    let resume = |more: &[&str]| d2nn(path, &[&["train", "device", "--resume"], more].concat());
    let before = masks(&path.join("device"));

    resume(&["--data", "data", "--epochs", "50"]).fails(2, &["--resume", "leave out --epochs"]);
    resume(&["--data", "data", "--seed", "1"])
        .fails(2, &["leave out --epochs, --fine-epochs, --seed and --set"]);
    resume(&["--data", "data", "--set", "bench.gaps=13 mm"]).fails(2, &["leave out", "--set"]);
    let design = path.join("device/design.toml");
    let text = fs::read_to_string(&design).unwrap();
    fs::write(&design, text.replace("learning_rate = 0.1", "learning_rate = 0.2")).unwrap();
    resume(&["--data", "data"]).fails(1, &["state.npz", "another design.toml", "put it back"]);
    // A comment is no other design.
    fs::write(&design, format!("# mine\n{text}")).unwrap();
    write_images(&path.join("other"), Split::Train, &some_images(Split::Train, 240));
    write_images(&path.join("other"), Split::Test, &some_images(Split::Test, 50));
    resume(&["--data", "other"]).fails(1, &["state.npz", "other images"]);

    let checkpoint = path.join("device/checkpoint/state.npz");
    // Without the one before it, which would take its place.
    let _ = fs::remove_file(path.join("device/checkpoint/previous.npz"));
    let bytes = fs::read(&checkpoint).unwrap();
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 2] ^= 16;
    for (damaged, what) in [(&bytes[..bytes.len() / 2], "half"), (&flipped[..], "flipped"), (&[], "empty")] {
        fs::write(&checkpoint, damaged).unwrap();
        let words = ["device/checkpoint/state.npz", "not a usable checkpoint", "without --resume"];
        resume(&["--data", "data"]).fails(1, &words);
        assert!(masks(&path.join("device")) == before, "{what}");
    }
    fs::remove_file(&checkpoint).unwrap();
    resume(&["--data", "data"]).fails(2, &["no checkpoint to resume from", "without --resume"]);
    // None of that has spoilt what is there.
    fs::write(&checkpoint, &bytes).unwrap();
    let again = stopped(path, &["train", "device", "--resume", "--data", "data"], 5, "INT");
    assert_eq!(again.code, Some(130), "{}", again.stderr);
}

#[test]
fn there_must_be_something_to_resume() {
    let folder = copy();
    let path = folder.path();
    d2nn(path, &["train", "device", "--resume", "--data", "data"]).fails(2, &["is finished"]);
    d2nn(path, &["train", "--resume", "--data", "data"]).fails(1, &["runs/fashion-400ghz/design.toml"]);
    d2nn(path, &["train", "--resume", "--out", "nowhere"]).fails(1, &["nowhere/design.toml"]);
    assert_eq!(names(path), ["data", "device"].map(str::to_owned).into());
}

#[test]
fn the_advice_survives_folders_with_spaces() {
    let folder = workshop();
    let path = folder.path();
    fs::write(path.join("long.toml"), small_but("epochs = 2", EPOCHS)).unwrap();
    let answer = stopped(path, &["train", "long.toml", "--data", "data", "--out", "my run"], 1, "INT");
    assert!(answer.stderr.contains("d2nn train \"my run\" --data data --resume"), "{}", answer.stderr);
}

#[test]
fn a_sweep_goes_on_where_it_was_stopped() {
    let folder = workshop();
    let path = folder.path();
    fs::write(path.join("long.toml"), small_but("epochs = 2", EPOCHS)).unwrap();
    fs::write(path.join("seeds.toml"), "design = \"long.toml\"\nseeds = [1, 2]\n").unwrap();
    let interrupted =
        stopped(path, &["sweep", "seeds.toml", "--data", "data", "--out", "my sweep"], 2, "INT");
    assert!(interrupted.stderr.ends_with("\n  d2nn sweep seeds.toml --data data --out \"my sweep\"\n"));
    assert_eq!(interrupted.code, Some(130), "{}", interrupted.stderr);
    let out = path.join("my sweep");
    assert!(out.join("seed-1/checkpoint/state.npz").exists() && !out.join("seed-2").exists());
    // Rows of devices that are not finished are empty.
    assert!(fs::read_to_string(out.join("sweep.csv")).unwrap().contains("\n1,,,,,,,,seed-1\n"));
    let arguments = ["sweep", "seeds.toml", "--data", "data", "--out", "my sweep"];
    let resumed = d2nn(path, &arguments);
    assert!(resumed.stderr.contains("0 of them finished, 1 begun"), "{}", resumed.stderr);
    assert!(resumed.stderr.contains("resuming my sweep/seed-1"), "{}", resumed.stderr);
    resumed.done();
    d2nn(path, &["train", "long.toml", "--data", "data", "--out", "alone", "--seed", "1"]).done();
    assert!(masks(&out.join("seed-1")) == masks(&path.join("alone")));
}
