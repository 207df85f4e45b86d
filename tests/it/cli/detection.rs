//! Devices with pairs of regions, and several side by side, from training to pictures and plates.

use std::fs;
use std::path::Path;

use crate::support::device::small_but;
use crate::support::pictures;
use crate::support::program::{d2nn, names, workshop};

/// Pairs of regions for ten classes on the small plane, or for five of them on each of two.
fn pairs(networks: usize) -> String {
    let detector = "scheme = \"differential\"\nlayout = \"grid\"\nregion_size = [\"2.4 mm\", \"2 mm\"]\n\
                    row_pitch = \"4 mm\"\ncolumn_pitch = \"4 mm\"";
    small_but("region_size = \"4 mm\"\nrow_pitch = \"6 mm\"\ncolumn_pitch = \"6 mm\"", detector)
        .replace("[bench]", &format!("[bench]\nnetworks = {networks}"))
        .replace(
            "learning_rate = 0.1",
            "learning_rate = 0.1\nefficiency_weight = 0.5\nefficiency_target = 0.05\noutput_efficiency_weight = 0.5",
        )
}

fn train(path: &Path, networks: usize) -> String {
    fs::write(path.join("pairs.toml"), pairs(networks)).unwrap();
    let answer = d2nn(path, &["train", "pairs.toml", "--data", "data", "--out", "device"]);
    answer.done().to_owned()
}

fn own_picture(path: &Path) {
    let picture = pictures::grey((28, 28), |x, y| if x.abs_diff(14) < 8 && y > 5 { 220 } else { 3 });
    fs::write(path.join("own.png"), picture).unwrap();
}

#[test]
fn a_device_of_pairs() {
    let folder = workshop();
    let path = folder.path();
    assert!(train(path, 1).contains("accuracy"));
    own_picture(path);
    let judged = d2nn(path, &["evaluate", "device", "--data", "data", "--json"]).json();
    assert_eq!(judged["energy_distribution"][0].as_array().unwrap().len(), 20);
    assert_eq!(judged["confusion"].as_array().unwrap().len(), 10);

    let answer = d2nn(path, &["classify", "device", "own.png", "--json"]).json();
    let (scores, readings) = (&answer[0]["scores"], &answer[0]["readings"]);
    let number = |value: &serde_json::Value| value.as_f64().unwrap();
    for class in 0..10 {
        let [plus, minus] = [0, 1].map(|part| number(&readings[2 * class + part]));
        assert!((number(&scores[class]) - (plus - minus) / (plus + minus)).abs() < 1e-12);
    }
    let best = (0..10).fold(0, |best, c| if number(&scores[c]) > number(&scores[best]) { c } else { best });
    assert_eq!(answer[0]["class"], best);
    assert!(d2nn(path, &["classify", "device", "own.png"]).done().contains("(+ "));
    let compiled = d2nn(path, &["classify", "device", "own.png", "--json", "--compiled"]).json();
    assert_eq!(compiled[0]["class"], best);

    d2nn(path, &["plot", "device", "detector", "--image-file", "own.png", "--format", "svg", "--out", "svg"])
        .done();
    let svg = fs::read_to_string(path.join("svg/detector.svg")).unwrap();
    assert!(["\n0+\n", "\n9-\n", "lead of + over -"].iter().all(|word| svg.contains(word)));
    assert!(d2nn(path, &["inspect", "device"]).done().contains("10 pairs of regions"));
    let grids =
        d2nn(path, &["evaluate", "device", "--data", "data", "--convergence", "--limit", "5", "--json"])
            .json();
    assert_eq!(grids["grids"][4]["same_answers"], 1.0, "the reference agrees with itself: {grids}");
    d2nn(path, &["export-kit", "device", "--data", "data", "--out", "kit"]).done();
    let sheet = fs::read_to_string(path.join("kit/kit.json")).unwrap();
    assert!(sheet.contains("detector"));
}

#[test]
fn networks_side_by_side() {
    let folder = workshop();
    let path = folder.path();
    let text = train(path, 2);
    assert!(text.contains("mask-1.npy .. mask-4.npy"), "{text}");
    let masks = names(&path.join("device")).into_iter().filter(|name| name.starts_with("mask-")).count();
    assert_eq!(masks, 4);
    let judged = d2nn(path, &["evaluate", "device", "--data", "data", "--json"]).json();
    assert_eq!(judged["energy_distribution"][0].as_array().unwrap().len(), 20);
    assert!(d2nn(path, &["inspect", "device"]).done().contains("2 networks of 2 phase masks"));

    own_picture(path);
    let answers: Vec<_> = [
        &["classify", "device", "own.png", "--json"][..],
        &["classify", "device", "own.png", "--json", "--compiled"],
    ]
    .map(|arguments| d2nn(path, arguments).json()[0]["class"].clone())
    .into();
    assert_eq!(answers[0], answers[1]);
    d2nn(path, &["plot", "device", "all", "--data", "data", "--format", "svg", "--out", "svg"]).done();
    // Image 0 of the test images is an ankle boot, class 9: the plane of the second network.
    let svg = fs::read_to_string(path.join("svg/detector.svg")).unwrap();
    for word in ["network 2 of 2", "\n5+\n", "\n9-\n"] {
        assert!(svg.contains(word), "no {word} in the plane of the second network");
    }
    assert!(!svg.contains("\n4+\n"), "class 4 is read by the first network");
    d2nn(path, &["export-stl", "device", "--data", "data", "--out", "plates"]).done();
    let plates = names(&path.join("plates")).into_iter().filter(|name| name.ends_with(".stl")).count();
    assert_eq!(plates, 4);
    d2nn(path, &["evaluate", "--stl", "plates", "device", "--data", "data"]).done();
    d2nn(path, &["export-kit", "device", "--data", "data"])
        .fails(2, &["2 networks side by side", "export-stl"]);
}

#[test]
fn a_learnt_temperature_is_written_down() {
    let folder = workshop();
    let path = folder.path();
    fs::write(path.join("learnt.toml"), small_but("epochs = 2", "epochs = 1\nlearn_temperature = true"))
        .unwrap();
    let report = d2nn(path, &["train", "learnt.toml", "--data", "data", "--out", "device"]);
    assert!(report.done().contains("learnt temperature: "), "{}", report.done());
    let provenance: toml::Table =
        fs::read_to_string(path.join("device/provenance.toml")).unwrap().parse().unwrap();
    let learnt = provenance["metrics"]["learnt_temperature"].as_float().unwrap();
    let design = fs::read_to_string(path.join("device/design.toml")).unwrap();
    assert!(learnt > 0.0 && learnt != 30.0 && design.contains("temperature = 30.0"), "{learnt}");
}
