//! `d2nn inspect`: the data sheet, for people and for programs.

use std::fs;

use serde_json::{Value, json};

use crate::support::device::small_but;
use crate::support::program::{d2nn, trained};

#[test]
fn the_default_design_without_arguments() {
    let folder = tempfile::tempdir().unwrap();
    let answer = d2nn(folder.path(), &["inspect"]);
    for line in [
        "0.75 mm (399.7 GHz)",
        "200 x 200 pixels of 0.4 mm = 80 mm x 80 mm",
        "5 phase masks",
        "30 mm, 30 mm, 30 mm, 30 mm, 30 mm, 30 mm",
        "10 regions of 4.8 mm x 4.8 mm",
        "1.038 mm for a phase of 2 pi",
        "at each face of a plate (simulated, without echoes)",
        // asin(0.75 / 0.8), and 30 mm times its tangent: 80.8 mm.
        "69.6 degrees",
        "a pixel reaches 80.822 mm across 30 mm: neighbouring plates are fully connected",
        // 40^2 / (0.75 * 30).
        "71.11 (half",
        "2.5000 /mm; evanescent beyond 1.3333 /mm",
        "training              22 epochs in 160 modes with blocks of 2 x 2 pixels and thin plates,\n",
        "                        then 8 epochs in 64 modes with 1 x 1 samples a pixel and sliced plates,\n",
        "                        then 9 epochs in 100 modes with 1 x 1 samples a pixel and sliced plates\n",
    ] {
        assert!(answer.done().contains(line), "\"{line}\" is not in {}", answer.stdout);
    }
    let json = d2nn(folder.path(), &["inspect", "--json"]).json();
    assert_eq!(json["detector_regions"][0], json!([70, 70, 12, 12]));
    assert_eq!(json["object_origin"], json!([44, 44]));
    assert!(fs::read_dir(folder.path()).unwrap().next().is_none(), "inspect writes nothing");
}

#[test]
fn json_has_what_other_programs_need() {
    let mut json = d2nn(&trained().folder, &["inspect", "device", "--json"]).json();
    // Masks have a budget and an origin, a design has none; all else is the same.
    let [budget, provenance, modified] = ["power_budget", "provenance", "modified_masks"]
        .map(|key| json.as_object_mut().unwrap().remove(key).unwrap());
    assert_eq!((&provenance["seed"], modified), (&json!(7), json!([])));
    let correlation = json.as_object_mut().unwrap().remove("thin_correlation").unwrap();
    let foretold: Vec<f64> = correlation.as_array().unwrap().iter().map(|c| c.as_f64().unwrap()).collect();
    assert!(foretold.len() == 2 && foretold.iter().all(|c| *c > 0.0 && *c <= 1.0), "{foretold:?}");
    assert_eq!(budget["past_the_plane"].as_array().unwrap().len(), 3);
    assert!(
        budget["regions"].as_f64().unwrap() > 0.0 && budget["left_by_reflection"].as_f64().unwrap() < 1.0
    );
    // Plates with a thickness reflect at the faces of their bases, each nearly what one face is said to, since light is steep in part.
    let thick = d2nn(&trained().folder, &["inspect", "device", "--plate", "sliced", "--json"]).json();
    let (sliced, face) = (&thick["power_budget"], json["face_reflection"].as_f64().unwrap());
    assert_eq!(sliced["left_by_reflection"], 1.0);
    let taken = sliced["absorbed"][0].as_f64().unwrap();
    let arrives = 1.0 - sliced["past_the_plane"][0].as_f64().unwrap();
    assert!(taken / arrives > 1.9 * face && taken / arrives < 4.0 * face, "{taken} of {arrives}");
    assert_eq!(json, d2nn(&trained().folder, &["inspect", "small.toml", "--json"]).json());
    // 25.6 mm wide, 10 mm regions of 10 pixels, 15 pixels from centre to centre; [y, x, height, width].
    let expected =
        [[12, 12], [12, 27], [12, 42], [27, 5], [27, 20], [27, 35], [27, 50], [42, 12], [42, 27], [42, 42]];
    let regions: Vec<Value> = expected.iter().map(|[y, x]| json!([y, x, 10, 10])).collect();
    let found = json["detector_regions"].as_array().unwrap();
    for (found, expected) in found.iter().zip(&regions) {
        let list = |value: &Value| -> Vec<i64> {
            value.as_array().unwrap().iter().map(|number| number.as_i64().unwrap()).collect()
        };
        // Centres of odd multiples of half a pixel may be rounded either way.
        for (found, expected) in list(found).iter().zip(list(expected)) {
            assert!((found - expected).abs() <= 1, "{found} {expected}");
        }
        assert_eq!(list(found)[2..], [10, 10]);
    }
    assert_eq!(found.len(), 10);
    assert_eq!(json["object_origin"], json!([4, 4]));
    assert_eq!(json["object_upsampling"], 2);
    assert_eq!(json["object_image"], json!([28, 28]));
    assert_eq!(json["pixels"], 64);
    assert_eq!((&json["pixel_pitch"], &json["wavelength"]), (&json!(0.4e-3), &json!(0.75e-3)));
    assert_eq!(json["gaps"], json!([0.012, 0.012, 0.012]));
    assert_eq!(json["masks"], 2);
    assert_eq!((&json["method"], &json["pixel_model"]), (&json!("rayleigh-sommerfeld"), &json!("square")));
    assert_eq!(json["classes"].as_array().unwrap().len(), 10);
    let padded = json["padded_pixels"].as_array().unwrap();
    assert!(padded.iter().all(|side| side.as_u64().unwrap() >= 127));
    assert_eq!(json["sampling"]["fully_connected"], true);
    assert_eq!(json["sampling"]["nyquist_frequency"], 1250.0);
}

#[test]
fn devices_show_how_they_were_trained_and_designs_do_not() {
    let folder = &trained().folder;
    let device = d2nn(folder, &["inspect", "device"]);
    for word in [
        "small\n",
        "training\n",
        "fashion-mnist, 180 images",
        "test accuracy",
        "seed",
        "d2nn train small.toml",
    ] {
        assert!(device.done().contains(word), "\"{word}\" is not in {}", device.stdout);
    }
    let design = d2nn(folder, &["inspect", "small.toml"]);
    assert!(!design.done().contains("test accuracy"), "{}", design.stdout);
}

#[test]
fn other_shapes_and_methods() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let text = small_but("pixels = 64", "pixels = [64, 80]\npadding = 3\nmethod = \"angular-spectrum\"")
        .replace("gaps = \"12 mm\"", "gaps = [\"3 mm\", \"12 mm\", \"20 mm\"]");
    fs::write(path.join("other.toml"), text).unwrap();
    let json = d2nn(path, &["inspect", "other.toml", "--json"]).json();
    assert_eq!((&json["pixels"], &json["gaps"]), (&json!([64, 80]), &json!([0.003, 0.012, 0.02])));
    let sheet = d2nn(path, &["inspect", "other.toml"]);
    for word in ["80 x 64 pixels", "3 mm, 12 mm, 20 mm", "partly connected", "padding 3; 3.1 is needed"] {
        assert!(sheet.done().contains(word), "\"{word}\" is not in {}", sheet.stdout);
    }
    // Pitches below half a wavelength: light of every direction, no limit of sampling.
    let fine = small_but("pixels = 64", "pixels = 64\nwavelength = \"0.9 mm\"");
    fs::write(path.join("fine.toml"), fine).unwrap();
    let json = d2nn(path, &["inspect", "fine.toml", "--json"]).json();
    assert_eq!(json["sampling"]["largest_angle_degrees"], 90.0);
    assert_eq!(json["sampling"]["safe_offset"], Value::Null);
    let sheet = d2nn(path, &["inspect", "fine.toml"]);
    assert!(!sheet.done().contains("inf") && !sheet.stdout.contains("NaN"), "{}", sheet.stdout);
}

#[test]
fn wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    d2nn(path, &["inspect", "absent.toml"]).fails(1, &["cannot read absent.toml"]);
    fs::write(path.join("bad.toml"), "[bench]\nmasks = 0\n").unwrap();
    d2nn(path, &["inspect", "bad.toml"]).fails(2, &["bad.toml", "bench.masks = 0"]);
    fs::write(path.join("binary.toml"), [0xff, 0xfe, 0]).unwrap();
    d2nn(path, &["inspect", "binary.toml"]).fails(1, &["binary.toml"]);
    fs::create_dir(path.join("empty")).unwrap();
    d2nn(path, &["inspect", "empty"]).fails(1, &["empty/design.toml"]);
    d2nn(path, &["inspect", "a.toml", "b.toml"]).fails(2, &["b.toml"]);
    for (text, advice) in [
        ("[bench]\nmaks = 3\n", "is `masks` meant?"),
        ("[bench]\nwavelength = 0.75\n", "text with a unit"),
        ("[set]\n\"bench.masks\" = 3\n", "d2nn sweep"),
    ] {
        fs::write(path.join("meant.toml"), text).unwrap();
        d2nn(path, &["inspect", "meant.toml"]).fails(2, &["meant.toml", advice]);
    }
}

#[test]
fn a_wrong_unit_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    // Thin plates: shorter light has too few samples inside thick ones, which is told too.
    let warnings = |more: &[&str]| {
        let thin = ["inspect", "--json", "--set", "mask.plate=thin"];
        let json = d2nn(folder.path(), &[&thin, more].concat()).json();
        json["warnings"].as_array().unwrap().clone()
    };
    // Visible light on pixels for terahertz waves: six gaps of 30 mm spread it by a thousandth of that, 0.03 mm each.
    let found = warnings(&["--set", "bench.wavelength=0.75 um"]);
    assert!(found.len() == 1 && found[0].as_str().unwrap().contains("0.169 mm to each side"), "{found:?}");
    assert!(warnings(&["--set", "bench.wavelength=0.3 mm"]).is_empty());
}

#[test]
fn presets_are_designs_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let preset = |name: &str| d2nn(path, &["inspect", "--preset", name, "--json"]).json();
    assert_eq!(preset("terahertz"), d2nn(path, &["inspect", "--json"]).json());
    for (name, device, wavelength, pitch) in [
        ("terahertz", "fashion-400ghz", 0.75e-3, 0.4e-3),
        ("printable", "fashion-400ghz-printable", 0.75e-3, 0.8e-3),
        ("visible-slm", "fashion-visible-slm", 532e-9, 36e-6),
        ("visible-printed", "fashion-visible-printed", 532e-9, 285e-9),
        ("imaging", "imaging-400ghz", 0.75e-3, 0.3e-3),
    ] {
        let json = preset(name);
        assert_eq!(json["name"], device);
        for (key, value) in [("wavelength", wavelength), ("pixel_pitch", pitch)] {
            assert!((json[key].as_f64().unwrap() / value - 1.0_f64).abs() < 1e-12, "{name}: {key}");
        }
        assert_eq!(json["warnings"], json!([]), "{name}");
        assert_eq!(json["forms_image"], name == "imaging");
    }
    let imaging = preset("imaging");
    assert_eq!(imaging["detector_regions"].as_array().unwrap().len(), 784);
    assert_eq!(imaging["classes"], json!([]));
    let sheet = d2nn(path, &["inspect", "--preset", "imaging"]);
    assert!(sheet.done().contains("the image where the object stands, 28 x 28 regions"), "{}", sheet.stdout);
    d2nn(path, &["inspect", "--preset", "infrared"]).fails(2, &["infrared", "visible-slm"]);
    d2nn(path, &["inspect", "a.toml", "--preset", "imaging"]).fails(2, &["--preset", "cannot be used"]);
    d2nn(path, &["train", "a.toml", "--preset", "imaging"]).fails(2, &["--preset", "cannot be used"]);
}

#[test]
fn image_and_regions_that_are_rounded_apart_are_told() {
    // A plane of 65 pixels: the axis is in the middle of one. Image of 56 and regions of 6 have their middles between two:
    // the image goes half a pixel up and to the left, the regions half a pixel down and to the right.
    let folder = tempfile::tempdir().unwrap();
    let odd = "name = \"odd\"\n[bench]\npixels = 65\nmasks = 1\ngaps = \"10 mm\"\n[object]\nupsampling = 2\n[detector]\n\
               region_size = \"2.4 mm\"\nrow_pitch = \"4 mm\"\ncolumn_pitch = \"4 mm\"\n";
    fs::write(folder.path().join("odd.toml"), odd).unwrap();
    let figures = "the image stands [-0.50, -0.50] pixels [y, x] aside, the regions [0.50, 0.50] in the mean, 0.50 at most";
    let answer = d2nn(folder.path(), &["inspect", "odd.toml"]);
    assert!(answer.done().contains(figures), "{}", answer.stdout);
    let json = d2nn(folder.path(), &["inspect", "odd.toml", "--json"]).json();
    let warning = json["warnings"][0].as_str().unwrap();
    assert!(warning.contains(figures) && warning.contains("a symmetric device reads unevenly"), "{warning}");
    let half = |value: &Value, sign: f64| {
        value.as_array().unwrap().iter().all(|by| (by.as_f64().unwrap() - sign * 0.2e-3).abs() < 1e-12)
    };
    assert!(half(&json["image_displacement"], -1.0));
    assert!(json["region_displacements"].as_array().unwrap().iter().all(|region| half(region, 1.0)));
    // All even, or all odd: nothing is rounded. Readings of a symmetric image are equal there.
    for (pixels, size) in [("64", "2.4 mm"), ("64", "2 mm")] {
        let even = odd.replace("65", pixels).replace("2.4 mm", size);
        fs::write(folder.path().join("even.toml"), even).unwrap();
        let json = d2nn(folder.path(), &["inspect", "even.toml", "--json"]).json();
        let apart = size == "2 mm";
        assert_eq!(json["warnings"].as_array().unwrap().len(), usize::from(apart), "{pixels} {size}");
        assert_eq!(d2nn(folder.path(), &["inspect", "even.toml"]).done().contains("placement"), apart);
    }
}
