//! `d2nn tolerance`: the table, its picture, and sizes that cannot be.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::device::small_but;
use crate::support::pictures::Drawn;
use crate::support::program::{copy, d2nn, trained, workshop};

/// The JSON of the shared device, its picture in `folder`.
fn judged(folder: &Path, more: &[&str]) -> Value {
    let device = trained().device.to_str().unwrap();
    let data = trained().folder.join("data");
    let arguments =
        ["tolerance", device, "--data", data.to_str().unwrap(), "--json", "--out", "tolerance.svg"];
    d2nn(folder, &[&arguments[..], more].concat()).json()
}

#[test]
fn errors_of_size_zero_are_the_device_as_designed() {
    let folder = tempfile::tempdir().unwrap();
    let zero =
        ["--shift-xy=0 mm", "--shift-z=0 mm", "--rotation=0 deg", "--height-noise=0 um", "--wavelength=0 %"];
    let json = judged(folder.path(), &[&zero[..], &["--draws", "2"]].concat());
    let evaluated = d2nn(&trained().folder, &["evaluate", "device", "--data", "data", "--json"]).json();
    let disturbances = json["disturbances"].as_array().unwrap();
    assert_eq!((disturbances.len(), &json["images"]), (5, &Value::from(50)));
    for figures in disturbances.iter().chain([&json]) {
        for key in ["accuracy", "power_efficiency_input"] {
            assert_eq!(figures[key], evaluated[key], "{figures}");
        }
    }
    for (figures, runs) in disturbances.iter().zip([2, 2, 2, 2, 2]) {
        assert_eq!(figures["accuracy_draws"].as_array().unwrap().len(), runs, "{figures}");
    }
    assert_eq!(json["plate"], "thin");
    let picture = fs::read_to_string(folder.path().join("tolerance.svg")).unwrap();
    assert!(picture.contains("as designed") && picture.contains("accuracy in %"));
}

#[test]
fn everything_at_once_whatever_the_threads_and_the_seed_decides() {
    let folder = tempfile::tempdir().unwrap();
    let run =
        |more: &[&str]| judged(folder.path(), &[&["--all", "--draws", "2", "--limit", "20"], more].concat());
    let one = run(&["--threads", "1"]);
    assert_eq!(run(&["--threads", "3"]), one);
    assert_ne!(run(&["--seed", "2"]), one);
    let disturbances = one["disturbances"].as_array().unwrap();
    assert_eq!(disturbances.len(), 3 * 5 + 5 + 4);
    let of = |kind: &str| -> Vec<f64> {
        let rows = disturbances.iter().filter(|row| row["kind"] == kind);
        rows.map(|row| row["size"].as_f64().unwrap()).collect()
    };
    // A quarter, half and a whole pixel of 0.4 mm.
    assert_eq!(of("shift-xy"), [1e-4, 2e-4, 4e-4]);
    assert_eq!(of("levels"), [2.0, 4.0, 8.0, 16.0, 32.0]);
    for row in disturbances {
        let number = |key: &str| row[key].as_f64().unwrap();
        let (low, mean, high) = (number("accuracy_lowest"), number("accuracy"), number("accuracy_highest"));
        assert!(low <= mean && mean <= high && number("power_efficiency_input") > 0.0, "{row}");
    }
    // A given list takes the place of the sizes that follow from the device.
    let given = run(&["--levels", "3, 5"]);
    let levels: Vec<_> =
        given["disturbances"].as_array().unwrap().iter().filter(|row| row["kind"] == "levels").collect();
    assert_eq!(levels.len(), 2);
}

#[test]
fn power_is_counted_in_watts() {
    let folder = tempfile::tempdir().unwrap();
    let run = |powers: &str, nep: &str| {
        judged(folder.path(), &["--power", powers, "--nep", nep, "--exposure", "20 ms", "--draws", "3"])
    };
    let json = run("1 W, 1 pW", "1 nW");
    let rows = json["disturbances"].as_array().unwrap();
    assert_eq!(rows.iter().map(|row| row["size"].as_f64().unwrap()).collect::<Vec<_>>(), [1.0, 1e-12]);
    assert_eq!((&json["exposure"], &json["noise_equivalent_power"]), (&0.02.into(), &1e-9.into()));
    // A watt drowns the noise of a nanowatt; of a picowatt nothing is left but one guess in ten, 50 images three times.
    assert_eq!(rows[0]["accuracy"], json["accuracy"]);
    assert!(rows[1]["accuracy"].as_f64().unwrap() < 0.25, "{}", rows[1]);
    let picture = fs::read_to_string(folder.path().join("tolerance.svg")).unwrap();
    assert!(picture.contains("power behind the object, mW"), "the largest has its unit");
}

#[test]
fn the_table_begins_with_the_device_as_designed() {
    let folder = copy();
    let arguments = ["tolerance", "device", "--data", "data", "--limit", "20", "--draws", "2"];
    let more = ["--shift-xy", "0.1 mm, 3 mm", "--detector-noise", "1e5,1", "--read-noise", "2"];
    let answer = d2nn(folder.path(), &[&arguments[..], &more].concat());
    let text = answer.done();
    for word in [
        "first 20 test images",
        ", thin plates\n",
        "\nnone ",
        "shift-xy",
        "0.1 mm",
        "3 mm",
        "100000",
        "lowest",
    ] {
        assert!(text.contains(word), "\"{word}\" is not in {text}");
    }
    assert!(answer.stderr.contains("tolerance.png"), "{}", answer.stderr);
    assert!(Drawn::open(&folder.path().join("device/plots/tolerance.png")).width > 1000);
}

#[test]
fn wrong_sizes_say_why() {
    let folder = &trained().folder;
    for (flags, words) in [
        (&[][..], &["--shift-xy", "--all"][..]),
        (&["--shift-xy", "0.1"], &["--shift-xy", "no unit", "0.75 mm"]),
        (&["--shift-xy", "0.1 mm,,0.2 mm"], &["--shift-xy", "not a length"]),
        (&["--shift-xy", "20 mm"], &["--shift-xy", "20 mm is too much", "beside"]),
        (&["--shift-xy=-1 mm"], &["--shift-xy", "below zero"]),
        (&["--shift-xy", "-1 mm"], &["--shift-xy", "below zero"]),
        (&["--shift-z", "6 mm"], &["--shift-z", "6 mm is too much", "meet"]),
        (&["--rotation", "1 mm"], &["--rotation", "unknown unit \"mm\"", "deg"]),
        (&["--height-noise", "1 deg"], &["--height-noise", "unknown unit \"deg\""]),
        (&["--levels", "1"], &["--levels", "2 to 65536"]),
        (&["--levels", "2.5"], &["--levels", "whole numbers"]),
        (&["--wavelength", "0.01"], &["--wavelength", "no unit", "0.5 %"]),
        (&["--wavelength", "100 %"], &["--wavelength", "too much"]),
        (&["--detector-noise", "1000 photons"], &["--detector-noise", "without a unit"]),
        (&["--detector-noise", "0"], &["--detector-noise", "0.001"]),
        (&["--levels", "2", "--read-noise", "3"], &["--read-noise", "--detector-noise"]),
        (&["--detector-noise", "10", "--read-noise=-3"], &["--read-noise -3"]),
        (&["--power", "1"], &["--power", "no unit", "uW"]),
        (&["--power", "1 uW", "--nep", "1 nJ"], &["--nep", "unknown unit \"nJ\""]),
        (&["--power", "1 uW", "--exposure", "0 s"], &["--exposure", "above zero"]),
        (&["--levels", "2", "--nep", "1 nW"], &["--nep is for --power"]),
        (&["--levels", "2", "--exposure", "1 s"], &["--exposure is for --power"]),
        (&["--levels", "2", "--draws", "0"], &["--draws 0"]),
        (&["--levels", "2", "--limit", "0"], &["--limit 0"]),
        (&["--levels", "2", "--out", "picture.jpg"], &["--out picture.jpg", ".svg"]),
    ] {
        let arguments = [&["tolerance", "device", "--data", "data"][..], flags].concat();
        d2nn(folder, &arguments).fails(2, words);
    }
}

#[test]
fn heights_are_those_of_reliefs() {
    let folder = workshop();
    let path = folder.path();
    let design = small_but("epochs = 2", "epochs = 1") + "\n[mask]\nmodulation = \"amplitude\"\n";
    fs::write(path.join("amplitude.toml"), design).unwrap();
    d2nn(path, &["train", "amplitude.toml", "--data", "data", "--out", "device"]).done();
    let run = |flags: &[&str]| {
        d2nn(
            path,
            &[&["tolerance", "device", "--data", "data", "--limit", "10", "--draws", "1"], flags].concat(),
        )
    };
    run(&["--levels", "4"]).fails(2, &["--levels", "mask.modulation"]);
    let all = run(&["--all"]);
    assert!(!all.done().contains("levels") && all.stdout.contains("rotation"), "{}", all.stdout);
}
