//! `d2nn export-stl`: files, table, refusals. What is inside a plate is judged in `tests/it/fabrication.rs`.

use std::f64::consts::TAU;
use std::fs;
use std::path::Path;

use d2nn::fabrication::{PlateOptions, StlUnit, export_plates, read_heights};
use d2nn::grid::Grid;
use d2nn::material::Material;
use d2nn::npy::array_bytes;
use ndarray::Array2;

use crate::support::program::{Answer, copy, d2nn, names, trained};

fn export(folder: &Path, more: &[&str]) -> Answer {
    d2nn(folder, &[&["export-stl", trained().device.to_str().unwrap()], more].concat())
}

/// Coordinates of all corners in a binary file, by axis.
fn corners(bytes: &[u8]) -> [Vec<f32>; 3] {
    let mut axes = [const { Vec::new() }; 3];
    for triangle in bytes[84..].chunks_exact(50) {
        // A normal, three corners, two bytes.
        for (place, number) in triangle[12..48].chunks_exact(4).enumerate() {
            axes[place % 3].push(f32::from_le_bytes(number.try_into().unwrap()));
        }
    }
    axes
}

fn extent(values: &[f32]) -> (f32, f32) {
    let range = |(low, high): (f32, f32), value: &f32| (low.min(*value), high.max(*value));
    values.iter().fold((f32::INFINITY, f32::NEG_INFINITY), range)
}

#[test]
fn one_plate_a_mask_in_millimetres() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let answer = export(path, &["--out", "plates", "--base", "2 mm"]);
    let text = answer.done();
    let files = ["small-mask-1.mm.stl", "small-mask-2.mm.stl"];
    assert_eq!(names(&path.join("plates")), files.map(str::to_owned).into());
    for word in ["triangles", "bounding box", "volume", "relief", "time", "written to plates", "closed"] {
        assert!(text.contains(word), "\"{word}\" is not in {text}");
    }
    for file in files {
        let bytes = fs::read(path.join("plates").join(file)).unwrap();
        let triangles = u32::from_le_bytes(bytes[80..84].try_into().unwrap());
        assert_eq!(bytes.len(), 84 + 50 * triangles as usize);
        assert!(!bytes.starts_with(b"solid"), "readers would take it for text");
        let row = text.lines().find(|line| line.starts_with(file)).unwrap();
        let count: String = row.split_whitespace().nth(1).unwrap().split(',').collect();
        assert_eq!(count, triangles.to_string());
        let [x, y, z] = corners(&bytes).map(|axis| extent(&axis));
        // 64 pixels of 0.4 mm, to the last bit; 1.0378 mm are a full turn at n = 1.7227, in steps of 1 um.
        assert_eq!((x.1 - x.0, y.1 - y.0), (25.6, 25.6));
        assert!(row.contains("25.6 x 25.6 x "), "{row}");
        assert!(z.0 == 0.0 && z.1 > 2.0 && z.1 < 2.0 + 1.0378 + 0.0006, "{z:?}");
    }
}

#[test]
fn heights_are_rounded_as_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    // Heights at the corners of pixels; posts inside a pixel may end between two levels.
    let heights = |out: &str, more: &[&str]| -> Vec<f32> {
        export(path, &[&["--out", out], more].concat()).done();
        let [x, y, z] = corners(&fs::read(path.join(out).join("small-mask-1.mm.stl")).unwrap());
        let at_corner = |at: f32| (at / 0.4 - (at / 0.4).round()).abs() < 1e-3;
        let mut heights: Vec<f32> = (0..z.len())
            .filter(|corner| at_corner(x[*corner]) && at_corner(y[*corner]))
            .map(|corner| z[corner])
            .collect();
        heights.sort_by(f32::total_cmp);
        heights.dedup();
        heights
    };
    // Without rounding there are far more heights than levels or layers could give.
    let continuous = heights("continuous", &[]);
    assert!(continuous.len() > 100, "{}", continuous.len());
    // Eight levels: the bottom, the base, and eighths of 0.75 mm / 0.7227 on it.
    let check = |heights: &[f32], step: f32, most: usize| {
        assert_eq!((heights[0], heights[1]), (0.0, 1.0));
        assert!((4..=most + 1).contains(&heights.len()), "{heights:?}");
        for height in &heights[1..] {
            let steps = (height - 1.0) / step;
            // Single precision holds numbers up to 2 to 1.2e-7, against a step of at least 0.1.
            assert!((steps - steps.round()).abs() < 4e-6, "{heights:?}");
        }
    };
    check(&heights("levels", &["--levels", "8"]), 0.75 / 0.7227 / 8.0, 8);
    // The base of 1 mm is ten layers already, the relief at most eleven.
    check(&heights("layers", &["--layer-height", "100 um"]), 0.1, 12);
    // Without an --out the plates lie in the device.
    let own = copy();
    d2nn(own.path(), &["export-stl", "device", "--levels", "4"]).done();
    assert_eq!(names(&own.path().join("device/stl")).len(), 2);
}

#[test]
fn text_files() {
    let folder = tempfile::tempdir().unwrap();
    export(folder.path(), &["--out", "plates", "--ascii", "--levels", "2"]).done();
    let text = fs::read_to_string(folder.path().join("plates/small-mask-2.mm.stl")).unwrap();
    assert!(text.starts_with("solid ") && text.trim_end().lines().last().unwrap().starts_with("endsolid"));
    assert_eq!(text.matches("facet normal").count(), text.matches("endfacet").count());
}

#[test]
fn wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    export(path, &["--levels", "8", "--layer-height", "16 um"]).fails(2, &["--levels", "--layer-height"]);
    export(path, &["--base", "thick"]).fails(2, &["--base", "\"thick\" is not a length"]);
    export(path, &["--base", "1"]).fails(2, &["--base", "no unit"]);
    export(path, &["--base", "0 mm"]).fails(2, &["--base", "above zero"]);
    export(path, &["--base=-1 mm"]).fails(2, &["--base", "above zero"]);
    export(path, &["--base", "nan mm"]).fails(2, &["--base"]);
    export(path, &["--layer-height", "16 layers"]).fails(2, &["--layer-height", "unknown unit"]);
    for levels in ["0", "1", "65537"] {
        export(path, &["--levels", levels]).fails(2, &["--levels", levels, "2 to 65536"]);
    }
    export(path, &["--levels", "-2"]).fails(2, &["-2"]);
    d2nn(path, &["export-stl", "nowhere"]).fails(2, &["nowhere is not a device folder"]);
    assert!(!trained().device.join("stl").exists());

    fs::write(path.join("file"), "mine").unwrap();
    export(path, &["--out", "file"]).fails(1, &["file"]);
    export(path, &["--out", "file/below"]).fails(1, &["file/below"]);
    assert_eq!(fs::read(path.join("file")).unwrap(), b"mine");
    // Lengths that no number in the file can hold, and steps that it cannot tell apart.
    for base in ["1e300 m", "1e-300 m"] {
        export(path, &["--out", "p", "--base", base]).fails(2, &["--base", base, "out of range"]);
    }
    export(path, &["--out", "p", "--base", "100 m"]).fails(1, &["mask 1", "take a thinner base"]);
    export(path, &["--out", "p", "--layer-height", "1 pm"]).fails(1, &["mask 1", "cannot tell"]);
    export(path, &["--out", "p", "--layer-height", "2 mm"]).fails(1, &["mask 1"]);
    assert!(!path.join("p").exists(), "a folder made for nothing is left");
}

/// A phase map of 5 x 8 pixels that goes over many turns, forwards and backwards.
fn phases() -> Array2<f64> {
    Array2::from_shape_fn((5, 8), |(y, x)| 1e6 * TAU * (y as f64 - 2.0) + 0.37 * x as f64 + 0.11 * y as f64)
}

const OF_A_MAP: [&str; 6] = ["--pixel-pitch", "0.4 mm", "--wavelength", "0.75 mm", "--index", "1.7227"];

fn export_map(folder: &Path, file: &str, more: &[&str]) -> Answer {
    d2nn(folder, &[&["export-stl", file], &OF_A_MAP[..], more].concat())
}

/// Heights above the flat side of the one plate in `folder/out`.
fn map_heights(folder: &Path, out: &str, file: &str) -> Array2<f64> {
    let grid = Grid::new(5, 8, 0.4e-3).unwrap();
    read_heights(&folder.join(out).join(file), &grid, StlUnit::Millimetres).unwrap()
}

#[test]
fn a_phase_map_is_printed_without_a_device() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("phase.npy"), array_bytes(&phases())).unwrap();
    fs::write(path.join("single.npy"), array_bytes(&phases().mapv(|phase| phase.rem_euclid(TAU) as f32)))
        .unwrap();
    let answer = export_map(path, "phase.npy", &[]);
    for word in [
        "phase-mask-1.mm.stl",
        "3.2 x 2 x ",
        "thickness",
        "1 plate: ",
        "written to stl",
        "read back",
        "closed",
    ] {
        assert!(answer.done().contains(word), "\"{word}\" is not in {}", answer.stdout);
    }
    assert_eq!(names(&path.join("stl")), ["phase-mask-1.mm.stl".to_owned()].into());
    let turn = 0.75e-3 / 0.7227;
    for ((y, x), height) in map_heights(path, "stl", "phase-mask-1.mm.stl").indexed_iter() {
        let asked = 1e-3 + (phases()[[y, x]] / TAU).rem_euclid(1.0) * turn;
        // Half a step of 1 um, single precision of the file, and 1e-10 of a turn that a phase of a million has.
        assert!((height - asked).abs() < 0.51e-6, "[{y}, {x}]: {height} {asked}");
    }
    // The same plate from single precision within a turn, and as the plate of a device.
    let bytes = |out: &str, file: &str| fs::read(path.join(out).join(file)).unwrap()[84..].to_vec();
    export_map(path, "single.npy", &["--out", "single"]).done();
    assert_eq!(bytes("single", "single-mask-1.mm.stl"), bytes("stl", "phase-mask-1.mm.stl"));
    let grid = Grid::new(5, 8, 0.4e-3).unwrap();
    let resin = Material::new("resin", 1.7227).unwrap();
    let options = PlateOptions::default();
    let device = path.join("device");
    export_plates(&[phases().view()], &[grid], 0.75e-3, &resin, &options, &device, "phase", |_| {}).unwrap();
    assert_eq!(bytes("device", "phase-mask-1.mm.stl"), bytes("stl", "phase-mask-1.mm.stl"));

    // The options of plates.
    let flags =
        ["--base", "2 mm", "--layer-height", "50 um", "--frame", "4 mm", "--density", "1.2", "--json"];
    let json = export_map(path, "phase.npy", &[&flags[..], &["--out", "layers"]].concat()).json();
    let plate = &json["plates"][0];
    assert_eq!((plate["base"].as_f64(), plate["step"].as_f64()), (Some(2e-3), Some(50e-6)));
    assert!((plate["bounding_box"][0].as_f64().unwrap() - 11.2e-3).abs() < 1e-9);
    assert!(plate["mass"].as_f64().unwrap() > 0.0 && json["as_exported"].is_null());
    for height in map_heights(path, "layers", "phase-mask-1.mm.stl") {
        let layers = (height - 2e-3) / 50e-6;
        // Rounding to single precision: 2e-10 m of 3 mm.
        assert!((layers - layers.round()).abs() < 1e-5 && layers.round() < 21.0, "{height}");
    }
    export_map(path, "phase.npy", &["--ascii", "--out", "ascii"]).done();
    assert!(fs::read(path.join("ascii/phase-mask-1.mm.stl")).unwrap().starts_with(b"solid"));
    // A printer that cannot make it is refused as for a device.
    export_map(path, "phase.npy", &["--printer", "sla-50um", "--base", "300 mm"]).fails(2, &["sla-50um"]);
}

#[test]
fn heights_are_printed_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    // Up to three and a half turns.
    let heights = Array2::from_shape_fn((5, 8), |(y, x)| 0.1e-3 * (x * 5 + y) as f64 * 0.9);
    fs::write(path.join("lens.npy"), array_bytes(&heights)).unwrap();
    let json = export_map(path, "lens.npy", &["--heights", "--json"]).json();
    for ((place, height), found) in heights.indexed_iter().zip(map_heights(path, "stl", "lens-mask-1.mm.stl"))
    {
        // Half a step of 1 um and rounding to single precision.
        assert!((found - 1e-3 - height).abs() < 0.501e-6, "{place:?}: {found} {height}");
    }
    let relief = &json["plates"][0]["relief"];
    assert_eq!(relief[0].as_f64(), Some(0.0));
    assert!((relief[1].as_f64().unwrap() - 3.51e-3).abs() < 1e-9, "{relief}");
    export_map(path, "lens.npy", &["--heights", "--levels", "8", "--out", "levels"]).done();
    let step = 0.75e-3 / 0.7227 / 8.0;
    for (found, height) in map_heights(path, "levels", "lens-mask-1.mm.stl").iter().zip(&heights) {
        let levels = (found - 1e-3) / step;
        assert!((levels - levels.round()).abs() < 1e-5, "{found}");
        assert!(
            (found - 1e-3 - height).abs() < 0.5001 * step,
            "the nearest, and no circle: {found} {height}"
        );
    }
}

#[test]
fn what_is_no_phase_map_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let write = |name: &str, bytes: Vec<u8>| fs::write(path.join(name), bytes).unwrap();
    write("phase.npy", array_bytes(&phases()));
    let with = |at: (usize, usize), value: f64| {
        let mut phases = Array2::from_elem((5, 8), 1e-4);
        phases[at] = value;
        array_bytes(&phases)
    };
    write("nan.npy", with((3, 2), f64::NAN));
    write("infinite.npy", with((0, 7), f64::INFINITY));
    write("below.npy", with((1, 4), -1e-9));
    write("row.npy", array_bytes(&ndarray::Array1::<f64>::zeros(40)));
    write("stack.npy", array_bytes(&ndarray::Array3::<f64>::zeros((2, 5, 8))));
    write("complex.npy", array_bytes(&phases().mapv(|phase| num_complex::Complex::new(phase, 0.0))));
    write("empty.npy", array_bytes(&Array2::<f64>::zeros((0, 8))));
    write("text.npy", b"0.1,0.2".to_vec());
    let refused = |file: &str, more: &[&str], code: i32, words: &[&str]| {
        export_map(path, file, more).fails(code, &[words, &[file]].concat());
        assert!(!path.join("stl").exists(), "{file} leaves nothing");
    };
    refused("nan.npy", &[], 1, &["[3, 2] is NaN"]);
    refused("infinite.npy", &[], 1, &["[0, 7] is inf"]);
    refused("below.npy", &["--heights"], 1, &["[1, 4] is -0.000000001 m", "below 0"]);
    refused("row.npy", &[], 1, &["(40,)", "two-dimensional"]);
    refused("stack.npy", &[], 1, &["(2, 5, 8)", "two-dimensional"]);
    refused("complex.npy", &[], 1, &["complex128", "real numbers"]);
    refused("empty.npy", &[], 1, &["0 x 8"]);
    refused("text.npy", &[], 1, &["no NumPy array"]);
    refused("absent.npy", &[], 1, &["cannot read"]);
    refused("phase.npy", &["--data", "builtin"], 2, &["--data", "phase map"]);

    let bare = |more: &[&str]| d2nn(path, &[&["export-stl", "phase.npy"], more].concat());
    bare(&[]).fails(2, &["phase.npy is a phase map", "--pixel-pitch and --wavelength and --index"]);
    bare(&OF_A_MAP[..4]).fails(2, &["give --index too"]);
    bare(&["--heights"]).fails(2, &["--pixel-pitch"]);
    let changed = |at: usize, value: &str| {
        let mut flags = OF_A_MAP;
        flags[at] = value;
        bare(&flags)
    };
    changed(1, "4").fails(2, &["--pixel-pitch"]);
    changed(3, "0 mm").fails(2, &["--wavelength"]);
    changed(5, "0.9").fails(2, &["--index", "0.9", "above 1"]);
    // The flags of one are not for the other.
    export(path, &OF_A_MAP[..2]).fails(2, &["--pixel-pitch", "leave the flag out"]);
    let mask = trained().device.join("mask-1.npy");
    d2nn(path, &["export-stl", mask.to_str().unwrap()]).fails(2, &["name the folder it lies in"]);
    // Whole numbers may be grey levels: taken, and told.
    write("greys.npy", array_bytes(&Array2::<u8>::from_elem((5, 8), 3)));
    let greys = export_map(path, "greys.npy", &[]);
    greys.done();
    assert!(greys.stderr.contains("uint8") && greys.stderr.contains("scaled"), "{}", greys.stderr);
    // So are heights in millimetres.
    write("millimetres.npy", array_bytes(&Array2::from_elem((5, 8), 0.5)));
    let lens = export_map(path, "millimetres.npy", &["--heights"]);
    assert!(lens.stderr.contains("in metres"), "{}", lens.stderr);
}
