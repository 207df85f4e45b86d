//! Devices in light of several wavelengths, and from a source that is no point: trained, judged and drawn.

use std::fs;

use crate::support::device::{SMALL, small_but};
use crate::support::program::{d2nn, workshop};

#[test]
fn wavelengths_and_sources_from_training_to_pictures() {
    let folder = workshop();
    let path = folder.path();
    // Pairs whose two readings are of one place in two wavelengths (arXiv:2507.17374), in light of a small lamp.
    let regions = "region_size = \"4 mm\"\nrow_pitch = \"6 mm\"\ncolumn_pitch = \"6 mm\"";
    let design = small_but(
        regions,
        "scheme = \"differential\"\nlayout = \"5-5\"\nregion_size = \"2 mm\"\nrow_pitch = \"4 mm\"\ncolumn_pitch = \"4 mm\"",
    );
    let source = "\n[source]\nwavelengths = [\"0.75 mm\", \"0.85 mm\"]\nweights = [2, 1]\nreadout = \"multiplexed\"\n\
                  half_angle = \"1 deg\"\npoints = 3\n";
    fs::write(path.join("colours.toml"), design + source).unwrap();
    let told = d2nn(path, &["train", "colours.toml", "--data", "data", "--out", "device"]).done().to_owned();
    assert!(told.contains("accuracy"), "{told}");

    let sheet = d2nn(path, &["inspect", "device"]).done().to_owned();
    let line = "light of 0.75 mm (67 %) and 0.85 mm (33 %), each read by itself, an incoherent source of 1 degrees to each side \
                in 3 points: 6 beams";
    assert!(sheet.contains(line), "{sheet}");
    let sheet = d2nn(path, &["inspect", "device", "--json"]).json();
    assert_eq!(sheet["source"]["readout"], "multiplexed");
    assert_eq!(
        (&sheet["source"]["points"], sheet["detector_regions"].as_array().unwrap().len()),
        (&3.into(), 20)
    );

    let judged = d2nn(path, &["evaluate", "device", "--data", "data", "--limit", "20", "--json"]).json();
    assert_eq!(judged["energy_distribution"][0].as_array().unwrap().len(), 20);
    assert!((judged["source"]["wavelengths"][1].as_f64().unwrap() - 0.85e-3).abs() < 1e-12);
    assert!(
        d2nn(path, &["evaluate", "device", "--data", "data", "--limit", "20"])
            .done()
            .contains("0.85 mm (33 %)")
    );
    for (what, file) in [("detector", "detector.svg"), ("light", "light.svg")] {
        d2nn(path, &["plot", "device", what, "--data", "data", "--format", "svg", "--out", "svg"]).done();
        assert!(path.join("svg").join(file).is_file(), "{what}");
    }
    d2nn(path, &["export-stl", "device", "--no-check"]).done();
}

#[test]
fn any_device_is_judged_in_the_light_of_a_lamp() {
    let folder = workshop();
    let path = folder.path();
    fs::write(path.join("small.toml"), SMALL).unwrap();
    d2nn(path, &["train", "small.toml", "--data", "data", "--out", "device"]).done();
    let read = |flags: &[&str]| {
        let all = [&["evaluate", "device", "--data", "data", "--limit", "10", "--json"], flags].concat();
        d2nn(path, &all).json()
    };
    let (plain, lamp) = (read(&[]), read(&["--half-angle", "6 deg", "--points", "7"]));
    assert_eq!((&plain["source"]["points"], &lamp["source"]["points"]), (&1.into(), &7.into()));
    // Each point lights the object anew: what reaches the detector plane is another share of it.
    assert_ne!(plain["energy_distribution"], lamp["energy_distribution"]);
    let off = read(&["--wavelengths", "0.75 mm,0.9 mm"]);
    assert_eq!(off["source"]["shares"], serde_json::json!([0.5, 0.5]));
}

#[test]
fn impossible_sources_are_refused() {
    let folder = workshop();
    let path = folder.path();
    for (keys, reason) in [
        ("wavelengths = [\"0.7 mm\", \"0.8 mm\"]\nweights = [1]", "source.weights has 1 numbers"),
        ("wavelengths = [\"0.7 mm\", \"0.7 mm\"]", "is there twice"),
        ("wavelengths = [\"0.7 mm\"]\nweights = [0]", "is not above zero"),
        ("half_angle = \"95 deg\"", "less than 90 degrees"),
        ("half_angle = \"85 deg\"\npoints = 100", "source.half_angle is aliased"),
        ("half_angle = \"1 deg\"\npoints = 0", "source.points = 0"),
        ("half_angle = \"1 deg\"\npoints = 4000", "1000 is the limit"),
        (
            "wavelengths = [\"0.7 mm\", \"0.75 mm\", \"0.8 mm\"]\nreadout = \"multiplexed\"",
            "10 readings, which 3 wavelengths do not share",
        ),
        ("half_angle = \"1 deg\"\n[object]\nillumination = \"gaussian\"", "take one of the two"),
    ] {
        let design = SMALL.to_owned();
        let design = match keys.split_once("\n[object]\n") {
            Some((keys, object)) => {
                format!("{}\n[source]\n{keys}\n", design.replace("[object]", &format!("[object]\n{object}")))
            }
            None => format!("{design}\n[source]\n{keys}\n"),
        };
        fs::write(path.join("bad.toml"), design).unwrap();
        let answer = d2nn(path, &["train", "bad.toml", "--data", "data", "--out", "no"]);
        answer.fails(2, &[reason]);
    }
}
