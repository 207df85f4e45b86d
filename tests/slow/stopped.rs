//! Ctrl-C in what judges a device: what was judged is told, and nothing is half written.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use d2nn::dataset::Split;

use crate::support::device::{some_images, write_images};
use crate::support::program::{Answer, command, copy, d2nn, names};

/// Runs the program and sends SIGINT after `delay`.
fn interrupted(folder: &Path, arguments: &[&str], delay: Duration) -> Answer {
    let mut command = command(folder, arguments);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    sleep(delay);
    let pid = child.id().to_string();
    // That it has ended already is told by its exit code.
    let _ = Command::new("kill").args(["-INT", &pid]).stderr(Stdio::null()).status().unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let answer =
        Answer { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) };
    assert!(!answer.stderr.contains("panicked"), "{}", answer.stderr);
    answer
}

/// The program stopped somewhere in its work, as `halfway` says: the moment depends on the machine, so later and earlier
/// ones are tried in turn. `output` is what it must not have written then.
#[track_caller]
fn stopped(folder: &Path, arguments: &[&str], output: &str, halfway: impl Fn(&Answer) -> bool) -> Answer {
    let began = Instant::now();
    d2nn(folder, arguments).done();
    let whole = began.elapsed();
    let written = folder.join(output);
    let _ = fs::remove_file(&written);
    let mut seen = Vec::new();
    for part in [0.5, 0.7, 0.4, 0.8, 0.3, 0.6, 0.9, 0.2] {
        let answer = interrupted(folder, arguments, whole.mul_f64(part));
        if answer.code == Some(130) && halfway(&answer) {
            assert!(output.is_empty() || !written.exists(), "{output} is there: {}", answer.stderr);
            return answer;
        }
        let _ = fs::remove_file(&written);
        seen.push(answer);
    }
    panic!("never stopped halfway in {whole:?}: {seen:#?}");
}

/// The two numbers of `stopped after N of M`.
fn counts(answer: &Answer) -> Option<(usize, usize)> {
    let (_, rest) = answer.stderr.split_once("error: stopped after ")?;
    let mut words = rest.split(' ');
    let done = words.next()?.parse().ok()?;
    Some((done, words.nth(1)?.parse().ok()?))
}

fn halfway(answer: &Answer) -> bool {
    counts(answer).is_some_and(|(done, all)| 0 < done && done < all)
}

/// A small device beside 1,000 test images.
fn workshop() -> tempfile::TempDir {
    let folder = copy();
    write_images(&folder.path().join("data"), Split::Test, &some_images(Split::Test, 1000));
    folder
}

#[test]
fn an_evaluation_tells_what_it_has_judged() {
    let folder = workshop();
    let path = folder.path();
    let arguments = [
        "evaluate",
        "device",
        "--data",
        "data",
        "--oversample",
        "4",
        "--threads",
        "1",
        "--json",
        "--readings",
        "r.npz",
    ];
    let answer = stopped(path, &arguments, "r.npz", halfway);
    let (done, all) = counts(&answer).unwrap();
    assert_eq!((all, done % 128), (1000, 0), "whole batches");
    for words in ["stopping after this batch", "the first", "alone", "r.npz is not written"] {
        assert!(answer.stderr.contains(words), "{words}: {}", answer.stderr);
    }
    let figures: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!((figures["images"].as_u64(), figures["partial"].as_bool()), (Some(done as u64), Some(true)));
    // They are the figures of so many images.
    let limit = done.to_string();
    let same = ["evaluate", "device", "--data", "data", "--oversample", "4", "--json", "--limit", &limit];
    let whole = d2nn(path, &same).json();
    assert_eq!(whole["partial"], false);
    for key in ["accuracy", "loss", "confusion", "energy_distribution", "power_efficiency_input"] {
        assert_eq!(whole[key], figures[key], "{key}");
    }
}

#[test]
fn grids_that_are_done_are_told() {
    let folder = workshop();
    let path = folder.path();
    let arguments = ["evaluate", "device", "--data", "data", "--convergence", "--limit", "300", "--json"];
    let answer = stopped(path, &arguments, "", halfway);
    let (done, _) = counts(&answer).unwrap();
    let figures: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!((figures["grids"].as_array().unwrap().len(), &figures["partial"]), (done, &true.into()));
    assert!(answer.stderr.contains("of 5 grids"), "{}", answer.stderr);
}

#[test]
fn draws_that_are_done_are_told() {
    let folder = workshop();
    let path = folder.path();
    let arguments = [
        "tolerance",
        "device",
        "--data",
        "data",
        "--shift-xy",
        "0.1 mm, 0.2 mm",
        "--detector-noise",
        "1e4",
        "--draws",
        "6",
        "--limit",
        "500",
        "--threads",
        "1",
        "--out",
        "t.png",
    ];
    let answer = stopped(path, &arguments, "t.png", halfway);
    let (done, all) = counts(&answer).unwrap();
    assert_eq!(all, 18);
    let runs: usize = answer
        .stdout
        .lines()
        .filter(|line| line.starts_with("shift-xy"))
        .map(|line| line.split_whitespace().rev().nth(2).unwrap().parse::<usize>().unwrap())
        .sum();
    assert_eq!(runs, done, "{}", answer.stdout);
    assert!(answer.stdout.contains("\nnone "), "{}", answer.stdout);
    assert!(answer.stderr.contains("t.png is not written"), "{}", answer.stderr);
}

#[test]
fn a_report_tells_what_it_has_judged_and_writes_no_page() {
    let folder = workshop();
    let path = folder.path();
    let arguments = [
        "report",
        "device",
        "--data",
        "data",
        "--limit",
        "400",
        "--no-tolerance",
        "--threads",
        "1",
        "--out",
        "page.html",
    ];
    let answer = stopped(path, &arguments, "page.html", |answer| answer.stderr.contains("of 5 grids"));
    assert!(answer.stdout.contains("accuracy"), "{}", answer.stdout);
    assert!(answer.stderr.contains("stopped after 400 of 400 images, "), "{}", answer.stderr);
    assert!(answer.stderr.contains("page.html is not written"), "{}", answer.stderr);
    assert_eq!(names(path), ["data", "device"].map(str::to_owned).into());
}

#[test]
fn plates_are_compared_before_they_are_judged() {
    let folder = workshop();
    let path = folder.path();
    d2nn(path, &["export-stl", "device", "--no-check", "--out", "plates"]).done();
    let arguments = [
        "evaluate",
        "device",
        "--stl",
        "plates",
        "--data",
        "data",
        "--oversample",
        "4",
        "--threads",
        "1",
        "--json",
    ];
    let answer =
        stopped(path, &arguments, "", |answer| answer.stderr.contains("only their heights are compared"));
    let figures: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!((&figures["partial"], &figures["exported"]), (&true.into(), &serde_json::Value::Null));
    assert_eq!(figures["plates"].as_array().unwrap().len(), 2);
}
