//! `d2nn classify`: a user's own pictures.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use d2nn::dataset::Split;
use d2nn::design::Device;
use d2nn::detector::brightest;
use d2nn::engine::{CpuEngine, Engine};
use ndarray::Axis;

use crate::support::device::some_images;
use crate::support::pictures;
use crate::support::program::{Answer, command, copy, d2nn, trained};

/// What the program says of what it reads from standard input.
fn classify_piped(folder: &Path, more: &[&str], file: &[u8]) -> Answer {
    let device = trained().device.to_str().unwrap();
    let words = [&["classify", device], more].concat();
    let mut command = command(folder, &words);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // It may stop reading before the end.
    let _ = child.stdin.take().unwrap().write_all(file);
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Answer { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// Writes test image `number` as a grey picture, each pixel a square of `scale`.
fn write_grey(number: usize, scale: usize, path: &Path) {
    let images = some_images(Split::Test, 50).images;
    let file = pictures::grey((28 * scale, 28 * scale), |x, y| images[[number, y / scale, x / scale]]);
    fs::write(path, file).unwrap();
}

fn classify(folder: &Path, more: &[&str]) -> Answer {
    let device = trained().device.to_str().unwrap();
    d2nn(folder, &[&["classify", device], more].concat())
}

#[test]
fn a_picture_of_a_test_image_is_read_like_the_test_image() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let images = some_images(Split::Test, 50).images;
    let picture = images.index_axis(Axis(0), 3);
    write_grey(3, 1, &path.join("grey.png"));
    write_grey(3, 4, &path.join("large.png"));
    fs::write(path.join("colour.png"), pictures::colour((28, 28), |x, y| [picture[[y, x]]; 3])).unwrap();
    fs::write(path.join("paper.png"), pictures::grey((28, 28), |x, y| 255 - picture[[y, x]])).unwrap();
    let files = ["grey.png", "large.png", "colour.png", "paper.png"];
    let answer = classify(path, &[&files[..], &["--json"]].concat()).json();
    let answers = answer.as_array().unwrap();

    let device = Device::open(&trained().device).unwrap();
    let mut engine = CpuEngine::new(device.design.bench.clone(), 1).unwrap();
    engine.set_masks(&device.masks).unwrap();
    let readings = engine.readings(some_images(Split::Test, 50).batch(&[3]).view()).unwrap();
    let expected = readings.regions.row(0).to_vec();
    for (file, answer) in files.iter().zip(answers) {
        assert_eq!(answer["file"], *file);
        let list = |key: &str| -> Vec<f64> {
            answer[key].as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
        };
        // Grey, colour and enlarged by a whole factor, or dark on bright paper: the same 28 x 28 values.
        let total: f64 = expected.iter().sum();
        for (found, scale) in [(list("readings"), 1.0), (list("shares"), total)] {
            assert_eq!(found.len(), 10);
            for (found, reading) in found.iter().zip(&expected) {
                // The JSON reader of this test may miss the last of 53 bits.
                assert!((found * scale / reading - 1.0).abs() < 1e-15, "{file}: {found} {reading}");
            }
        }
        assert_eq!(answer["class"], brightest(&expected));
        assert_eq!(answer["name"], device.design.data.class_names[brightest(&expected)]);
        let inverted = answer["fitted"].as_str().unwrap().contains(", inverted");
        assert_eq!(inverted, *file == "paper.png", "{file}");
    }
}

#[test]
fn the_text_names_the_class_and_how_the_picture_was_fitted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let wide = |x, y| [if x > 30 && x < 60 && y > 10 { 200 } else { 0 }, 40, 0];
    fs::write(path.join("wide.png"), pictures::colour((90, 50), wide)).unwrap();
    fs::write(path.join("black.png"), pictures::grey((28, 28), |_, _| 0)).unwrap();
    let answer = classify(path, &["wide.png", "black.png"]);
    let text = answer.done();
    assert!(text.contains("wide.png: ") && text.contains("90 x 50 pixels, not inverted"), "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("> ")).count(), 2, "{text}");
    // No light: no shares, and that is said.
    assert!(text.contains("blank") && text.contains("  0.0 %") && !text.contains("NaN"), "{text}");
    let inverted = classify(path, &["black.png", "--invert", "always", "--json"]).json();
    // All bright: every region gets light.
    assert!(inverted[0]["shares"].as_array().unwrap().iter().all(|share| share.as_f64().unwrap() > 0.0));
}

#[test]
fn brightness_is_relative() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let images = some_images(Split::Test, 50).images;
    for number in [0, 3, 7, 12] {
        let value = |x: usize, y: usize| images[[number, y, x]];
        let at = |x: usize, y: usize| value(x / 4, y / 4);
        let write = |name: &str, file: Vec<u8>| fs::write(path.join(name), file).unwrap();
        write("asked.png", pictures::grey((112, 112), at));
        write("dim.png", pictures::grey((112, 112), |x, y| at(x, y) / 2));
        write("page.png", pictures::grey((112, 112), |x, y| 127 - at(x, y) / 2));
        write("twelve.png", pictures::deep_grey((28, 28), |x, y| 16 * u16::from(value(x, y)) + 7));
        write(
            "cut-out.png",
            pictures::colour_alpha((112, 112), |x, y| {
                let grey = at(x, y);
                [grey, grey, grey, if grey > 0 { 255 } else { 0 }]
            }),
        );
        let files = ["asked.png", "dim.png", "page.png", "twelve.png", "cut-out.png"];
        let answers = classify(path, &[&files[..], &["--json"]].concat()).json();
        let list = |value: &serde_json::Value| -> Vec<f64> {
            value["shares"].as_array().unwrap().iter().map(|share| share.as_f64().unwrap()).collect()
        };
        for (file, answer) in files.iter().zip(answers.as_array().unwrap()) {
            assert_eq!(answer["class"], answers[0]["class"], "{file}");
            for (found, asked) in list(answer).iter().zip(list(&answers[0])) {
                // Half of the values are rounded by one part in 127 where the picture is dim.
                assert!((found - asked).abs() < 0.01, "{number} {file}: {found} {asked}");
            }
            assert_eq!(answer["inverted"], *file == "page.png", "{file}");
            assert_eq!(answer["blank"], false);
            assert_eq!(
                answer["stretched"].is_array(),
                ["dim.png", "page.png", "twelve.png"].contains(file),
                "{file}"
            );
            assert_eq!(
                answer["background"],
                if *file == "cut-out.png" { "black".into() } else { serde_json::Value::Null }
            );
        }
        let stored = classify(path, &["page.png", "--no-stretch", "--invert", "never", "--json"]).json();
        assert!(stored[0]["stretched"].is_null() && stored[0]["inverted"] == false);
        assert_ne!(stored[0]["readings"], answers[2]["readings"]);
    }
    let text = classify(path, &["page.png"]);
    assert!(
        text.done().contains("112 x 112 pixels, inverted, stretched (50.2 to 100 % of full scale)"),
        "{}",
        text.stdout
    );
}

#[test]
fn a_picture_comes_from_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    write_grey(3, 2, &path.join("three.png"));
    let bytes = fs::read(path.join("three.png")).unwrap();
    let mut named = classify(path, &["three.png", "--json"]).json();
    named[0]["file"] = "standard input".into();
    assert_eq!(classify_piped(path, &["-", "--json"], &bytes).json(), named);
    assert!(classify_piped(path, &["-"], &bytes).done().starts_with("standard input: "));
    classify_piped(path, &["-"], &bytes[..200]).fails(1, &["standard input: the picture cannot be read"]);
    classify_piped(path, &["-"], b"").fails(1, &["standard input: ", "neither a PNG nor a JPEG"]);
    classify_piped(path, &["-", "-"], &bytes).fails(2, &["standard input", "once"]);
    let both = classify_piped(path, &["-", "three.png", "--json"], &bytes).json();
    assert_eq!(both[0]["readings"], both[1]["readings"]);
    // A file of that name.
    fs::write(path.join("-"), &bytes).unwrap();
    assert!(classify(path, &["./-"]).done().starts_with("./-: "));
}

#[test]
fn pictures_that_are_none_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    write_grey(0, 2, &path.join("good.png"));
    let bytes = fs::read(path.join("good.png")).unwrap();
    fs::write(path.join("cut.png"), &bytes[..bytes.len() / 2]).unwrap();
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 2] ^= 4;
    fs::write(path.join("flipped.png"), flipped).unwrap();
    fs::write(path.join("text.png"), "a picture of a shirt").unwrap();
    fs::write(path.join("empty.png"), "").unwrap();
    for name in ["cut.png", "flipped.png", "text.png", "empty.png"] {
        classify(path, &[name]).fails(1, &[name, "save it as"]);
        // One of many is no reason to say nothing about the others.
        let answer = classify(path, &[name, "good.png", "--json"]);
        assert_eq!(answer.code, Some(1));
        assert!(answer.stderr.contains("1 of 2 pictures could not be read"), "{}", answer.stderr);
        let answers: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
        assert_eq!((&answers[0]["file"], &answers[1]["file"]), (&name.into(), &"good.png".into()));
        assert!(answers[0]["error"].as_str().unwrap().contains("save it as") && answers[1]["class"].is_u64());
    }
    let answer = classify(path, &["good.png", "absent.png"]);
    assert!(answer.code == Some(1) && answer.stdout.starts_with("good.png: "), "{}", answer.stdout);
    classify(path, &["absent.png"]).fails(1, &["cannot read absent.png"]);
    classify(path, &["."]).fails(1, &["."]);
    classify(path, &[]).fails(2, &["IMAGE"]);
    classify(path, &["good.png", "--invert", "maybe"]).fails(2, &["maybe"]);
    d2nn(path, &["classify", "nowhere", "good.png"]).fails(2, &["nowhere is not a device folder"]);
}

#[test]
fn a_compiled_classifier_reads_the_same_and_is_kept() {
    let folder = copy();
    let path = folder.path();
    write_grey(3, 1, &path.join("three.png"));
    write_grey(7, 1, &path.join("seven.png"));
    let run = |more: &[&str]| {
        let words = ["classify", "device", "three.png", "seven.png", "--json"];
        d2nn(path, &[&words, more].concat())
    };
    let simulated = run(&[]).json();
    let kept = path.join("device/classifier.npz");
    assert!(!kept.exists());
    let first = run(&["--compiled"]);
    assert!(first.stderr.contains("kept in"), "{}", first.stderr);
    let compiled = first.json();
    let written = fs::read(&kept).unwrap();
    for (a, b) in simulated.as_array().unwrap().iter().zip(compiled.as_array().unwrap()) {
        assert_eq!(a["class"], b["class"]);
        let list = |value: &serde_json::Value| -> Vec<f64> {
            value["readings"].as_array().unwrap().iter().map(|reading| reading.as_f64().unwrap()).collect()
        };
        let largest = list(a).iter().copied().fold(0.0, f64::max);
        for (a, b) in list(a).iter().zip(list(b)) {
            // The bound of tests/it/classifier.rs.
            assert!((a - b).abs() < 4e-5 * largest, "{a} {b}");
        }
    }
    // Kept for the next time, as long as the masks are the same.
    let again = run(&["--compiled"]);
    assert_eq!(again.json(), compiled);
    assert!(!again.stderr.contains("kept in"));
    fs::copy(path.join("device/mask-1.npy"), path.join("device/mask-2.npy")).unwrap();
    let edited = run(&["--compiled"]);
    assert!(edited.stderr.contains("kept in") && edited.json() != compiled);

    // Damaged anywhere: said so, and nothing is overwritten.
    for damaged in [&written[..written.len() / 2], &b"no archive"[..]] {
        fs::write(&kept, damaged).unwrap();
        run(&["--compiled"]).fails(1, &["classifier.npz", "is not a usable classifier", "delete it"]);
        assert_eq!(fs::read(&kept).unwrap(), damaged);
    }
}
