//! `d2nn export-kit`: every part, its measures, and what is refused.

use std::fs;
use std::path::Path;

use d2nn::fabrication::{StlUnit, find_plates, read_heights};
use d2nn::grid::Grid;
use serde_json::Value;

use crate::support::device::small_but;
use crate::support::program::{Answer, copy, d2nn, names, trained};

fn export(folder: &Path, more: &[&str]) -> Answer {
    d2nn(folder, &[&["export-kit", "device", "--data", "data", "--out", "kit"], more].concat())
}

fn kit(folder: &Path) -> Value {
    serde_json::from_slice(&fs::read(folder.join("kit/kit.json")).unwrap()).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

#[test]
fn a_kit_has_every_part() {
    let own = copy();
    let path = own.path();
    let answer = export(path, &["--layer-height", "16 um", "--pin-holes", "3 mm", "--image", "3"]);
    for word in ["small-holder.mm.stl", "object: test image 3", "a stencil", "to the stencil", "kit.json"] {
        assert!(answer.done().contains(word), "\"{word}\" is not in {}", answer.stdout);
    }
    let expected = [
        "kit.json",
        "small-assembly.png",
        "small-detector.mm.stl",
        "small-holder.mm.stl",
        "small-mask-1.mm.stl",
        "small-mask-2.mm.stl",
        "small-object.mm.stl",
    ];
    assert_eq!(names(&path.join("kit")), expected.map(str::to_owned).into());
    assert!(fs::read(path.join("kit/small-assembly.png")).unwrap().starts_with(b"\x89PNG"));
    let kit = kit(path);
    // Planes at the gaps, whole layers of 16 um under the masks: 1.008 mm of 63 layers.
    let planes = kit["planes"].as_array().unwrap();
    let near = |found: f64, asked: f64| assert!((found - asked).abs() < 1e-12, "{found} {asked}");
    for (plane, asked) in planes.iter().zip([0.0, 12e-3, 24e-3, 36e-3]) {
        near(plane["plane"].as_f64().unwrap(), asked);
    }
    near(planes[1]["flat_side"].as_f64().unwrap(), 12e-3 - 1.008e-3);
    near(planes[3]["flat_side"].as_f64().unwrap(), 36e-3);
    let thickness = planes[0]["thickness"].as_f64().unwrap();
    near((thickness / 16e-6).round() * 16e-6, thickness);
    near(planes[0]["flat_side"].as_f64().unwrap(), -thickness);
    // 25.6 mm of pixels and two frames of 15 pixels; all parts of one thickness.
    for part in [&kit["object"]["plate"], &kit["detector"]["plate"], &kit["plates"][0]] {
        let size = numbers(&part["bounding_box"]);
        for (found, asked) in size.into_iter().zip([37.6e-3, 37.6e-3, thickness]) {
            near(found, asked);
        }
    }
    assert_eq!(kit["object"]["made_as"]["kind"], "stencil");
    assert_eq!(kit["detector"]["classes"].as_array().unwrap().len(), 10);
    // The plates of the kit are the plates of the device.
    let grid = Grid::new(64, 64, 0.4e-3).unwrap();
    let files = find_plates(&path.join("kit"), 2).unwrap();
    let again = ["export-stl", "device", "--no-check", "--layer-height", "16 um", "--out", "bare"];
    d2nn(path, &again).done();
    for (file, bare) in files.iter().zip(find_plates(&path.join("bare"), 2).unwrap()) {
        let heights = |path: &Path| read_heights(path, &grid, StlUnit::Millimetres).unwrap();
        assert_eq!(heights(&file.path), heights(&bare.path));
    }
    d2nn(path, &["evaluate", "--stl", "kit", "device", "--data", "data"]).done();
}

#[test]
fn a_holder_that_is_longer_than_the_printer_is_told() {
    let own = copy();
    let path = own.path();
    let design = path.join("device/design.toml");
    let text = fs::read_to_string(&design).unwrap();
    let printer = "\n[printer]\nname = \"bench-top\"\nlayer_height = \"16 um\"\nminimum_feature = \"0.1 mm\"\nrelief_max = \"2 mm\"\n";
    // Plates of 25.6 mm with frames of 6 mm, four planes 12 mm apart.
    for (tray, told) in
        [("[\"40 mm\", \"40 mm\", \"60 mm\"]", true), ("[\"90 mm\", \"60 mm\", \"60 mm\"]", false)]
    {
        fs::write(&design, format!("{text}{printer}tray = {tray}\n")).unwrap();
        let answer = export(path, &[]);
        assert_eq!(
            answer.done().contains("the holder does not fit the room of bench-top"),
            told,
            "{}",
            answer.stdout
        );
        fs::remove_dir_all(path.join("kit")).unwrap();
    }
}

#[test]
fn the_stencil_is_the_image_and_holds_together() {
    let own = copy();
    let path = own.path();
    let open = |threshold: &str| {
        export(path, &["--threshold", threshold]).done();
        let kit = kit(path);
        let made = &kit["object"]["made_as"];
        (made["open_pixels"].as_u64().unwrap(), made["bridge_pixels"].as_u64().unwrap())
    };
    // Each value of the image is two pixels wide here.
    let (few, _) = open("0.9");
    let (many, filled) = open("0.1");
    assert!(0 < few && few < many && (many + filled) % 4 == 0, "{few} {many} {filled}");
    export(path, &[]).done();
    let best = kit(path)["object"]["made_as"]["threshold"].as_f64().unwrap();
    assert!(best > 0.0 && best < 1.0, "{best}");
    export(path, &["--threshold", "0"]).fails(2, &["--threshold 0", "above 0"]);
    export(path, &["--threshold", "1.5"]).fails(2, &["--threshold 1.5", "at most 1"]);
    export(path, &["--image", "50"]).fails(2, &["--image 50", "0 to 49"]);
    export(path, &["--image-file", "absent.png"]).fails(1, &["absent.png"]);
    export(path, &["--frame", "0.4 mm", "--no-notch"]).fails(1, &["frame_width"]);
    export(path, &["--frame-height", "20 mm"]).fails(1, &["a holder", "between plates", "frame_height"]);
}

#[test]
fn phase_objects_are_reliefs_and_images_have_one_window() {
    let own = copy();
    let path = own.path();
    let file = path.join("device/design.toml");
    let design = fs::read_to_string(&file).unwrap();
    fs::write(&file, design.replace("encoding = \"amplitude\"", "encoding = \"phase\"")).unwrap();
    let answer = export(path, &[]);
    assert!(answer.done().contains("a relief"), "{}", answer.stdout);
    assert_eq!(kit(path)["object"]["made_as"]["kind"], "relief");
    assert!(kit(path)["object"]["plane_behind_flat_side"].as_f64().unwrap() < 1.01e-3);
    let image = small_but("[detector]", "[detector]\nlayout = \"image\"")
        .replace("epochs = 2", "epochs = 2\nloss = \"image-mse\"");
    fs::write(&file, image).unwrap();
    let answer = export(path, &["--frame", "5 mm"]);
    assert!(!answer.done().contains("answers"), "{}", answer.stdout);
    assert_eq!(kit(path)["detector"]["classes"].as_array().unwrap().len(), 0);
    assert!(trained().device.exists());
}
