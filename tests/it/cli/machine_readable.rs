//! `--json` of the commands whose own tests do not read it.

use std::fs;

use d2nn::npy::{Archive, array_bytes};
use ndarray::{Array1, Array2};
use serde_json::Value;

use crate::support::program::{copy, d2nn, workshop};

#[test]
fn where_data_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let cache = path.join("cache").join("fashion-mnist");
    crate::support::device::write_tiny_data(&cache);
    fs::write(cache.join("t10k-labels-idx1-ubyte"), "damaged").unwrap();
    let json = d2nn(path, &["data", "--json"]).json();
    let places = json["fashion-mnist"].as_array().unwrap();
    let of = |name: &str| places.iter().find(|place| place["place"] == name).unwrap();
    assert_eq!((&of("cache")["state"], &of("sample")["state"]), (&"found".into(), &"found".into()));
    assert_eq!(
        (&of("network")["state"], &of("network")["why"]),
        (&"skipped".into(), &"D2NN_OFFLINE is set".into())
    );
    let files = of("cache")["files"].as_array().unwrap();
    let contents: Vec<&Value> = files.iter().map(|file| &file["content"]).collect();
    assert_eq!(contents, ["other", "other", "other", "damaged"]);
    assert_eq!(files[0]["count"], 200);
    assert_eq!(files[0]["sha256"].as_str().unwrap().len(), 64);
    assert!(files[3]["problem"].as_str().unwrap().contains("t10k-labels-idx1-ubyte"), "{}", files[3]);
    assert!(json["mnist"].is_array());
    d2nn(path, &["data", "--json", "where"]).fails(2, &["--json"]);
}

#[test]
fn a_propagation() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let field = Array2::from_elem((8, 12), 1.0_f64);
    fs::write(path.join("in.npy"), array_bytes(&field)).unwrap();
    let lengths = ["--wavelength", "0.75 mm", "--pixel-pitch", "0.4 mm", "--distance", "2 mm"];
    let arguments = [&["propagate", "in.npy", "--out", "out.npy"], &lengths[..]].concat();
    let text = d2nn(path, &arguments).done().to_owned();
    let json = d2nn(path, &[&arguments[..], &["--json"]].concat()).json();
    assert_eq!((&json["rows"], &json["columns"]), (&8.into(), &12.into()));
    assert_eq!((&json["distance"], &json["out"]), (&0.002.into(), &"out.npy".into()));
    let kept = json["power_kept"].as_f64().unwrap();
    assert!(kept > 0.0 && kept < 1.0 && text.contains(&format!("power {kept:.6}")), "{json} {text}");
}

#[test]
fn a_training() {
    let folder = workshop();
    let arguments = ["train", "small.toml", "--data", "data", "--epochs", "1", "--out", "device", "--json"];
    let json = d2nn(folder.path(), &arguments).json();
    assert_eq!(json["folder"], "device");
    let text = fs::read_to_string(folder.path().join("device/provenance.toml")).unwrap();
    let written: Value = toml::from_str(&text).unwrap();
    // The JSON reader of this test may miss the last of 53 bits.
    let text = |value: &Value| serde_json::to_string(value).unwrap();
    let close = |a: &Value, b: &Value| match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-15 * b.abs(),
        _ => text(a) == text(b),
    };
    for (key, value) in written.as_object().unwrap() {
        match value.as_object() {
            Some(table) => {
                let found = json["provenance"][key].as_object().unwrap();
                assert!(found.keys().eq(table.keys()), "{key}");
                assert!(table.iter().all(|(name, value)| close(&found[name], value)), "{key}");
            }
            None => assert!(close(&json["provenance"][key], value), "{key}"),
        }
    }
}

#[test]
fn a_kit() {
    let own = copy();
    let arguments = ["export-kit", "device", "--data", "data", "--out", "kit", "--json"];
    let json = d2nn(own.path(), &arguments).json();
    let written: Value = serde_json::from_slice(&fs::read(own.path().join("kit/kit.json")).unwrap()).unwrap();
    assert_eq!(json, written);
}

#[test]
fn readings_of_every_image() {
    let trained = crate::support::program::trained();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let (device, data) = (trained.device.to_str().unwrap(), trained.folder.join("data"));
    let evaluate = ["evaluate", device, "--data", data.to_str().unwrap(), "--limit", "30", "--json"];
    let json = d2nn(path, &[&evaluate[..], &["--readings", "r.npz"]].concat()).json();
    assert_eq!(json, d2nn(path, &evaluate).json(), "looking changes nothing");
    let mut npz = Archive::open(fs::read(path.join("r.npz")).unwrap()).unwrap();
    let readings: Array2<f64> = npz.part("readings").unwrap();
    let labels: Array1<i64> = npz.part("labels").unwrap();
    let entering: Array1<f64> = npz.part("entering").unwrap();
    assert_eq!((readings.dim(), labels.len(), entering.len()), ((30, 10), 30, 30));
    // The figures follow from them.
    let brightest =
        |row: ndarray::ArrayView1<f64>| (0..10).max_by(|a, b| row[*a].total_cmp(&row[*b])).unwrap() as i64;
    let right = readings.outer_iter().zip(&labels).filter(|(row, label)| brightest(*row) == **label).count();
    assert_eq!(json["accuracy"].as_f64().unwrap(), right as f64 / 30.0);
    let shares = readings
        .outer_iter()
        .zip(&labels)
        .zip(&entering)
        .map(|((row, label), power)| row[*label as usize] / power);
    let efficiency = json["power_efficiency_input"].as_f64().unwrap();
    assert!((shares.sum::<f64>() / 30.0 - efficiency).abs() < 1e-12, "{efficiency}");
    d2nn(path, &["evaluate", device, "--readings", "r.npz", "--convergence"]).fails(2, &["--readings"]);
}
