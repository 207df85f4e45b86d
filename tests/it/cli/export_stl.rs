//! `d2nn export-stl`: files, table, refusals. What is inside a plate is judged in `tests/it/fabrication.rs`.

use std::fs;
use std::path::Path;

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
