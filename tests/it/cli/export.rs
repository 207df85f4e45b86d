//! `d2nn export`: files, sidecars, refusals. What is inside a file is judged in `tests/it/formats.rs`.

use std::f64::consts::TAU;
use std::fs;
use std::path::Path;

use d2nn::npy::{array_bytes, read_array};
use ndarray::{Array2, Ix2};
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
    // As spreadsheets save it: the same table.
    for (name, text) in [
        ("bom.csv", format!("\u{feff}grey,phase\n{table}")),
        ("gray.csv", format!("gray,phase\n{table}")),
        ("windows.csv", format!("\u{feff}gray,phase\n{table}").replace('\n', "\r\n")),
    ] {
        fs::write(path.join(name), text).unwrap();
        export(path, "slm", &["--out", "t", "--panel-scale", "2", "--lut", name]).done();
        for file in ["small-mask-1.slm.png", "small.slm-lut.csv"] {
            let read = |out: &str| fs::read(path.join(out).join(file)).unwrap();
            assert_eq!(read("t"), read("s"), "{name}: {file}");
        }
    }
    let json: Value = serde_json::from_slice(&fs::read(path.join("s/small.slm.json")).unwrap()).unwrap();
    // (1080 - 128)/2 and (1920 - 128)/2; two pixels of the panel to one of 0.4 mm.
    assert_eq!(json["slm"]["origin"], serde_json::json!([476, 896]));
    assert_eq!(json["slm"]["panel_pitch"], 0.0002);
    for (name, content, words) in [
        ("empty.csv", &b""[..], &["empty.csv", "0 different phases"][..]),
        ("words.csv", b"0,0\nbright,2\n", &["words.csv", "line 2", "\"bright\" is not a grey"]),
        ("binary.csv", &[0xff, 0x80, 0x81], &["binary.csv", "not text"]),
        ("wide.csv", b"\xff\xfe0\0,\0", &["wide.csv", "UTF-16", "UTF-8"]),
        ("degrees.csv", b"gray,phase (deg)\n0,0\n1,1\n", &["degrees.csv", "line 1", "radians"]),
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

#[test]
fn a_phase_map_takes_every_form() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let phases = Array2::from_shape_fn((6, 9), |(y, x)| 0.5 * x as f64 - 40.0 * y as f64);
    let heights = Array2::from_shape_fn((6, 9), |(y, x)| 1e-7 * (x + 3 * y) as f64);
    fs::write(path.join("phase.npy"), array_bytes(&phases)).unwrap();
    fs::write(path.join("lens.npy"), array_bytes(&heights)).unwrap();
    let flags = ["--pixel-pitch", "8 um", "--wavelength", "532 nm", "--index", "1.5", "--base", "20 um"];
    let turn = 532e-9 / 0.5;
    for (format, more) in [
        ("3mf", &["--frame", "80 um"][..]),
        ("png16", &["--levels", "16"]),
        ("tiff16", &["--layer-height", "50 nm"]),
        ("csv", &[]),
        ("npy", &[]),
        ("gds", &["--levels", "8"]),
        ("slm", &["--panel", "20x10"]),
        ("stl", &["--ascii"]),
    ] {
        for (file, heights) in [("phase", &[][..]), ("lens", &["--heights"])] {
            let out = format!("{file}-{format}");
            let array = format!("{file}.npy");
            let words =
                [&["export", &array, "--format", format, "--out", &out], &flags[..], more, heights].concat();
            let answer = d2nn(path, &words);
            assert!(answer.done().contains("read back"), "{format}: {}", answer.stdout);
            assert!(
                names(&path.join(&out)).iter().any(|name| name.starts_with(&format!("{file}-mask-1."))),
                "{format}"
            );
        }
    }
    let facts: Value =
        serde_json::from_slice(&fs::read(path.join("phase-npy/phase.npy.json")).unwrap()).unwrap();
    assert_eq!((&facts["device"], &facts["pixels"]), (&"phase".into(), &serde_json::json!([6, 9])));
    assert_eq!((&facts["wavelength"], &facts["refractive_index"]), (&532e-9.into(), &1.5.into()));
    let step = facts["step"].as_f64().unwrap();
    let read = |file: &str| read_array::<f64, Ix2>(&fs::read(path.join(file)).unwrap()).unwrap();
    for (found, phase) in read("phase-npy/phase-mask-1.npy").iter().zip(&phases) {
        let asked = 20e-6 + (phase / TAU).rem_euclid(1.0) * turn;
        // Half a step, and the phase in single precision: 3e-7 of a turn.
        assert!((found - asked).abs() < 0.501 * step, "{found} {asked}");
    }
    for (found, height) in read("lens-npy/lens-mask-1.npy").iter().zip(&heights) {
        assert!((found - 20e-6 - height).abs() < 0.501 * step, "{found} {height}: above a turn too");
    }
    // Without a place to write, beside the array.
    d2nn(path, &[&["export", "phase.npy", "--format", "csv"], &flags[..]].concat()).done();
    assert!(path.join("export/phase-mask-1.um.csv").exists());
    d2nn(path, &["export", "phase.npy", "--format", "csv"])
        .fails(2, &["--pixel-pitch", "--wavelength", "--index"]);
}
