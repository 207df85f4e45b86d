//! A device whose masks have pixels of their own, from its design to plates and pictures.

use std::fs;

use d2nn::fabrication::read_heights;
use d2nn::grid::Grid;
use d2nn::npy::{array_bytes, read_array};
use ndarray::{Array2, Ix2};

use crate::support::device;
use crate::support::program::{d2nn, workshop};

/// Masks of 64 pixels of 0.4 mm, 32 of 0.8 mm and 48 of 0.4 mm on planes of 64 pixels of 0.4 mm.
fn design() -> String {
    let masks = "[mask]\npixel_pitch = [\"0.4 mm\", \"0.8 mm\", \"0.4 mm\"]\npixels = [64, 32, 48]\n";
    let text = device::small_but("masks = 2", "masks = 3").replace("[object]", &format!("{masks}\n[object]"));
    text.replace("epochs = 2", "epochs = 1")
}

const SHAPES: [usize; 3] = [64, 32, 48];
const PITCHES: [f64; 3] = [0.4, 0.8, 0.4];

#[test]
fn it_is_trained_evaluated_exported_and_read_back() {
    let folder = workshop();
    let path = folder.path();
    fs::write(path.join("own.toml"), design()).unwrap();
    let trained = d2nn(path, &["train", "own.toml", "--data", "data", "--out", "device"]);
    trained.done();
    assert!(trained.stderr.contains("3 masks of 64 x 64, 32 x 32, 48 x 48 pixels"), "{}", trained.stderr);
    for (number, side) in (1..).zip(SHAPES) {
        let bytes = fs::read(path.join(format!("device/mask-{number}.npy"))).unwrap();
        let mask: Array2<f32> = read_array::<f32, Ix2>(&bytes).unwrap();
        assert_eq!(mask.dim(), (side, side));
        assert!(mask.iter().any(|phase| *phase != mask[[0, 0]]), "mask {number} has learnt nothing");
    }

    let judged = d2nn(path, &["evaluate", "device", "--data", "data", "--json"]).json();
    let sheet = d2nn(path, &["inspect", "device", "--json"]).json();
    assert_eq!(sheet["mask_pixels"], serde_json::json!([[64, 64], [32, 32], [48, 48]]));
    for (found, pitch) in sheet["mask_pixel_pitches"].as_array().unwrap().iter().zip(PITCHES) {
        assert!((found.as_f64().unwrap() - pitch * 1e-3).abs() < 1e-12);
    }
    let text = d2nn(path, &["inspect", "device"]);
    let text = text.done();
    assert!(text.contains("64 x 64, 32 x 32, 48 x 48 of 0.4 mm, 0.8 mm, 0.4 mm"), "{text}");

    // Each plate has its own pitch, and is strict: it was judged when it was written, and is read back pixel by pixel.
    let made = d2nn(path, &["export-stl", "device", "--data", "data", "--out", "plates", "--json"]).json();
    for (index, (side, pitch)) in SHAPES.into_iter().zip(PITCHES).enumerate() {
        let plate = &made["plates"][index];
        let mm = |value: &serde_json::Value| value.as_f64().unwrap() * 1e3;
        assert!((mm(&plate["pixel_pitch"]) - pitch).abs() < 1e-9);
        let long = side as f64 * pitch;
        // Single precision of the file.
        assert!((mm(&plate["bounding_box"][0]) - long).abs() < 1e-5, "{plate}");
        let file = path.join(format!("plates/small-mask-{}.mm.stl", index + 1));
        let grid = Grid::new(side, side, pitch * 1e-3).unwrap();
        let heights = read_heights(&file, &grid, d2nn::fabrication::StlUnit::Millimetres).unwrap();
        assert_eq!(heights.dim(), (side, side));
    }
    assert_eq!(made["as_exported"]["plates"].as_array().unwrap().len(), 3, "{made}");
    let back = d2nn(path, &["evaluate", "device", "--data", "data", "--stl", "plates", "--json"]).json();
    assert!(back["plates"].as_array().unwrap().len() == 3, "{back}");
    assert!(judged["accuracy"].is_number());

    for (format, file) in
        [("csv", "small-mask-2.mm.csv"), ("3mf", "small-mask-2.3mf"), ("npy", "small-mask-2.npy")]
    {
        let told = d2nn(path, &["export", "device", "--format", format, "--out", "files", "--json"]).json();
        assert!(path.join("files").join(file).exists(), "{format}");
        assert!(told["pixel_pitch"].is_null() && told["pixels"].is_null(), "masks differ: {told}");
        assert_eq!(told["files"][1]["pixels"], serde_json::json!([32, 32]));
        assert!((told["files"][1]["pixel_pitch"].as_f64().unwrap() - 0.8e-3).abs() < 1e-12);
    }
    let layout =
        ["export", "device", "--format", "gds", "--set", "fabrication.levels=8", "--out", "files", "--json"];
    let told = d2nn(path, &layout[..4]);
    told.fails(1, &["fabrication.levels"]);

    // Pictures, the page of all, the kit and every kind of error take such masks.
    d2nn(path, &["plot", "device", "masks", "--out", "pictures"]).done();
    d2nn(path, &["report", "device", "--data", "data", "--quick", "--out", "page.html"]).done();
    let kit = d2nn(path, &["export-kit", "device", "--data", "data", "--out", "kit", "--json"]).json();
    for (plate, pitch) in kit["plates"].as_array().unwrap().iter().zip(PITCHES) {
        assert!((plate["pixel_pitch"].as_f64().unwrap() - pitch * 1e-3).abs() < 1e-12);
        // All as large as the holder is wide: 64 pixels and a frame of 6 mm on each side.
        let wide = plate["bounding_box"][0].as_f64().unwrap() * 1e3;
        assert!((wide - (25.6 + 12.0)).abs() < 1e-4, "{plate}");
    }
    let spread = [
        "tolerance",
        "device",
        "--data",
        "data",
        "--limit",
        "4",
        "--draws",
        "2",
        "--rotation",
        "1 deg",
        "--shift-xy",
        "0.2 mm",
        "--json",
    ];
    assert!(d2nn(path, &spread).json()["disturbances"].as_array().unwrap().len() == 2);
    let piece = [
        "full-wave",
        "device",
        "--mask",
        "2",
        "--crop",
        "4.8 mm",
        "--data",
        "data",
        "--out",
        "piece",
        "--json",
    ];
    // Six pixels of 0.8 mm, and two of margin on each side.
    let told = d2nn(path, &piece).json();
    assert_eq!((told["pixels"].as_u64(), told["margin"].as_u64()), (Some(10), Some(2)), "{told}");

    // A mask of another shape is told with the one it should have.
    fs::write(path.join("device/mask-2.npy"), array_bytes(&Array2::<f32>::zeros((64, 64)))).unwrap();
    d2nn(path, &["inspect", "device"])
        .fails(1, &["mask-2.npy", "(64, 64)", "mask 2 of this device is 32 x 32"]);
}

#[test]
fn it_begins_at_another_device_of_the_same_masks_only() {
    let folder = workshop();
    let path = folder.path();
    fs::write(path.join("own.toml"), design()).unwrap();
    d2nn(path, &["train", "own.toml", "--data", "data", "--out", "device"]).done();
    let again = ["train", "own.toml", "--data", "data", "--from", "device", "--out", "again"];
    d2nn(path, &again).done();
    let other = [&again[..6], &["--set", "mask.pixels=[[64,64],[30,32],[48,48]]", "--out", "other"]].concat();
    d2nn(path, &other).fails(2, &["--from device", "64 x 64, 32 x 32, 48 x 48", "64 x 64, 32 x 30, 48 x 48"]);
}

#[test]
fn wider_pixels_begin_narrower_ones() {
    let folder = workshop();
    let path = folder.path();
    fs::write(path.join("own.toml"), design()).unwrap();
    d2nn(path, &["train", "own.toml", "--data", "data", "--out", "wide"]).done();
    // Masks of 64, 32 and 48 pixels of 0.4, 0.8 and 0.4 mm: the second in pixels of 0.4 mm has 64. Steps of
    // a billionth of a radian leave it as it begins.
    let narrow = |pixels: &str, out: &str| {
        let pixels = format!("mask.pixels={pixels}");
        let words =
            ["train", "own.toml", "--data", "data", "--from", "wide", "--out", out, "--fine-epochs", "0"];
        let set =
            ["--set", "mask.pixel_pitch=0.4 mm", "--set", &pixels, "--set", "training.learning_rate=1e-9"];
        d2nn(path, &[&words[..], &set].concat())
    };
    narrow("[[64,64],[64,64],[48,48]]", "narrow").done();
    let mask = |device: &str, number: usize| {
        let bytes = fs::read(path.join(format!("{device}/mask-{number}.npy"))).unwrap();
        read_array::<f32, Ix2>(&bytes).unwrap()
    };
    let (wide, fine) = (mask("wide", 2), mask("narrow", 2));
    assert_eq!(fine.dim(), (64, 64));
    let near = |a: f32, b: f32| (a - b).abs() < 1e-5;
    assert!(fine.indexed_iter().all(|((y, x), phase)| near(*phase, wide[[y / 2, x / 2]])));
    assert!(mask("narrow", 3).iter().zip(&mask("wide", 3)).all(|(a, b)| near(*a, *b)));
    // As many pixels in a block, on a plate of another size.
    narrow("[[64,64],[62,62],[48,48]]", "other").fails(2, &["--from wide", "32 x 32", "62 x 62"]);
}

#[test]
fn designs_that_cannot_be_are_refused_with_what_can() {
    let folder = workshop();
    let path = folder.path();
    fs::write(path.join("own.toml"), design()).unwrap();
    for (change, words) in [
        ("mask.pixel_pitch=\"0.6 mm\"", &["mask.pixel_pitch = \"0.6 mm\"", "take 0.4 mm or 0.8 mm"][..]),
        (
            "mask.pixels=[65, 32, 48]",
            &["mask.pixels = 65 x 65 of mask 1", "the nearest that does is [64, 64]"],
        ),
        ("mask.pixels=[64, 32]", &["mask.pixels = 64 x 32 of mask 2", "32"]),
        ("mask.pixel_pitch=[\"0.4 mm\"]", &["mask.pixel_pitch has 1 lengths: there are 3 masks"]),
        ("bench.pixel_pitch=[\"0.4 mm\"]", &["mask.pixel_pitch"]),
    ] {
        d2nn(path, &["inspect", "own.toml", "--set", change]).fails(2, words);
    }
}
