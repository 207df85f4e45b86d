//! `d2nn export`: files, sidecars, refusals. What is inside a file is judged in `tests/it/formats.rs`.

use std::fs;
use std::path::Path;

use d2nn::npy::array_bytes;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::support::program::{Answer, copy, d2nn, names, trained};

fn export(folder: &Path, format: &str, more: &[&str]) -> Answer {
    d2nn(folder, &[&["export", trained().device.to_str().unwrap(), "--format", format], more].concat())
}

#[test]
fn one_file_a_mask_and_a_sidecar() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    for (format, endings, more) in [
        ("3mf", &["3mf"][..], &["--frame", "6 mm"][..]),
        ("png16", &["png"], &["--levels", "16"]),
        ("tiff16", &["tif"], &["--layer-height", "16 um"]),
        ("csv", &["mm.csv"], &[]),
        ("npy", &["npy"], &["--base", "2 mm"]),
        ("gds", &["gds"], &["--levels", "8"]),
        ("slm", &["slm.png"], &["--panel", "128x100"]),
    ] {
        let out = path.join(format);
        let answer = export(path, format, &[&["--out", format], more].concat());
        assert!(answer.done().contains("read back"), "{}", answer.stdout);
        let sidecar = format!("small.{format}.json");
        let mut wanted: Vec<String> = [1, 2]
            .iter()
            .flat_map(|mask| endings.iter().map(move |ending| format!("small-mask-{mask}.{ending}")))
            .chain([sidecar.clone()])
            .collect();
        if format == "slm" {
            wanted.push("small.slm-lut.csv".into());
        }
        assert_eq!(names(&out), wanted.into_iter().collect());
        let json: Value = serde_json::from_slice(&fs::read(out.join(sidecar)).unwrap()).unwrap();
        assert_eq!(
            (&json["format"], &json["sidecar"], &json["device"]),
            (&format.into(), &1.into(), &"small".into())
        );
        assert_eq!(json["pixel_pitch"], 0.0004);
        for file in json["files"].as_array().unwrap() {
            let bytes = fs::read(out.join(file["file"].as_str().unwrap())).unwrap();
            let sum: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!((&file["sha256"], &file["bytes"]), (&sum.into(), &bytes.len().into()));
        }
        // The same bytes again, and the sidecar on stdout.
        let again = export(path, format, &[&["--out", "again", "--json"], more].concat());
        assert_eq!(again.json(), json);
    }
}

#[test]
fn stl_is_what_export_stl_writes() {
    let own = copy();
    let path = own.path();
    let more = ["--levels", "4", "--no-check"];
    d2nn(path, &[&["export", "device", "--format", "stl", "--out", "a"], &more[..]].concat()).done();
    d2nn(path, &[&["export-stl", "device", "--out", "b"], &more[..]].concat()).done();
    assert_eq!(names(&path.join("a")), names(&path.join("b")));
    for name in names(&path.join("a")) {
        assert_eq!(
            fs::read(path.join("a").join(&name)).unwrap(),
            fs::read(path.join("b").join(&name)).unwrap()
        );
    }
    // Without an --out the files lie in the device, and go with its other results.
    d2nn(path, &["export", "device", "--format", "npy"]).done();
    assert!(path.join("device/export/small-mask-2.npy").exists());
    let train =
        ["train", "device/design.toml", "--data", "data", "--out", "device", "--epochs", "1", "--force"];
    d2nn(path, &train).done();
    assert!(!path.join("device/export").exists());
}

#[test]
fn measured_tables_are_read_and_judged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let table: String = (0..=250).map(|grey| format!("{grey},{}\n", 0.024 * f64::from(grey))).collect();
    fs::write(path.join("lut.csv"), format!("grey,phase\n{table}")).unwrap();
    let answer = export(path, "slm", &["--out", "s", "--panel-scale", "2", "--lut", "lut.csv"]);
    // 6 rad of a turn: the gap is 0.283 rad wide.
    assert!(
        answer.done().contains("warning: the lookup table") && answer.stdout.contains("0.142 rad"),
        "{answer:?}"
    );
    assert_eq!(fs::read_to_string(path.join("s/small.slm-lut.csv")).unwrap(), format!("grey,phase\n{table}"));
    let json: Value = serde_json::from_slice(&fs::read(path.join("s/small.slm.json")).unwrap()).unwrap();
    // (1080 - 128)/2 and (1920 - 128)/2; two pixels of the panel to one of 0.4 mm.
    assert_eq!(json["slm"]["origin"], serde_json::json!([476, 896]));
    assert_eq!(json["slm"]["panel_pitch"], 0.0002);
    for (name, content, words) in [
        ("empty.csv", &b""[..], &["empty.csv", "0 different phases"][..]),
        ("words.csv", b"0,0\nbright,2\n", &["words.csv", "line 2", "\"bright\" is not a grey"]),
        ("binary.csv", &[0xff, 0xfe, 0], &["binary.csv", "not text"]),
    ] {
        fs::write(path.join(name), content).unwrap();
        export(path, "slm", &["--out", "none", "--lut", name]).fails(1, words);
    }
    export(path, "slm", &["--out", "none", "--lut", "nowhere.csv"]).fails(1, &["nowhere.csv"]);
    assert!(!path.join("none").exists());
}

#[test]
fn wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    export(path, "obj", &[]).fails(2, &["obj", "3mf", "png16", "gds"]);
    d2nn(path, &["export", trained().device.to_str().unwrap()]).fails(2, &["--format"]);
    d2nn(path, &["export", "nowhere", "--format", "npy"]).fails(2, &["nowhere is not a device folder"]);
    for flag in [&["--panel", "10x10"][..], &["--panel-scale", "2"], &["--lut", "x"]] {
        export(path, "npy", flag).fails(2, &[flag[0], "--format slm"]);
    }
    for flag in
        [&["--ascii"][..], &["--density", "1"], &["--price", "1 EUR/kg"], &["--no-check"], &["--data", "x"]]
    {
        export(path, "png16", flag).fails(2, &[flag[0], "--format stl"]);
    }
    for panel in ["1920", "x", "1920x", "0x10", "-1x5", "99999x10", "10*10"] {
        export(path, "slm", &[&format!("--panel={panel}")]).fails(2, &["--panel", panel, "1920x1080"]);
    }
    export(path, "slm", &["--panel-scale", "0"]).fails(2, &["--panel-scale 0"]);
    export(path, "slm", &["--out", "p", "--panel", "64x63"]).fails(1, &["mask 1", "64 x 63", "--panel"]);
    export(path, "gds", &["--out", "p"]).fails(1, &["--levels"]);
    export(path, "png16", &["--out", "p", "--levels", "1"]).fails(2, &["--levels", "2 to 65536"]);
    assert!(!path.join("p").exists() && !trained().device.join("export").exists());
    fs::write(path.join("file"), "mine").unwrap();
    export(path, "npy", &["--out", "file"]).fails(1, &["file"]);
    assert_eq!(fs::read(path.join("file")).unwrap(), b"mine");
}

#[test]
fn amplitude_masks_are_refused() {
    let own = copy();
    let path = own.path();
    let design = path.join("device/design.toml");
    let text = fs::read_to_string(&design).unwrap();
    let changed = text.replace("modulation = \"phase\"", "modulation = \"amplitude\"");
    assert_ne!(text, changed);
    fs::write(&design, changed).unwrap();
    for number in [1, 2] {
        let mask = ndarray::Array2::<f32>::from_elem((64, 64), 0.5);
        fs::write(path.join(format!("device/mask-{number}.npy")), array_bytes(&mask)).unwrap();
    }
    for format in ["npy", "slm", "3mf"] {
        d2nn(path, &["export", "device", "--format", format]).fails(2, &["mask.modulation = \"phase\""]);
    }
}
