//! Devices with damaged files: each verb that opens them says which file, what is wrong and what belongs there.

use std::fs;
use std::path::Path;

use d2nn::npy::{Number, array_bytes, read_array};
use ndarray::Array2;

use crate::support::columns_first;
use crate::support::program::{claiming, copy, d2nn, masks, trained};

/// Every verb that opens a device.
fn all_refuse(folder: &Path, code: i32, words: &[&str]) {
    for verb in [
        &["evaluate", "device", "--data", "data"][..],
        &["plot", "device", "masks", "--out", "p"],
        &["export-stl", "device", "--out", "p"],
        &["inspect", "device"],
        &["classify", "device", "picture.png"],
    ] {
        d2nn(folder, verb).fails(code, words);
    }
    assert!(!folder.join("p").exists(), "nothing is written for a damaged device");
}

fn write<A: Number>(folder: &Path, mask: &Array2<A>) {
    fs::write(folder.join("device/mask-2.npy"), array_bytes(mask)).unwrap();
}

fn second_mask() -> Array2<f32> {
    read_array(&masks(&trained().device)[1]).unwrap()
}

#[test]
fn masks_of_another_shape_or_kind() {
    let folder = copy();
    let path = folder.path();
    let belongs = "a mask of this device is 64 x 64 float32, in radians";
    for shape in [(64, 63), (32, 32), (1, 4096), (0, 64)] {
        write(path, &Array2::<f32>::zeros(shape));
        let found = format!("({}, {})", shape.0, shape.1);
        all_refuse(path, 1, &["mask-2.npy", "has the shape", &found, belongs]);
    }
    write(path, &Array2::<f64>::zeros((200, 200)));
    all_refuse(path, 1, &["mask-2.npy", "bytes", belongs]);
    write(path, &Array2::<i32>::zeros((64, 64)));
    all_refuse(path, 1, &["mask-2.npy", belongs]);
    for bad in [f32::NAN, f32::INFINITY] {
        let mut mask = second_mask();
        mask[[63, 0]] = bad;
        write(path, &mask);
        all_refuse(path, 1, &["mask-2.npy", "the phase at [63, 0] is", "it must be finite"]);
    }
    // A number that single precision does not hold.
    let mut mask = second_mask().mapv(f64::from);
    mask[[0, 5]] = 1e300;
    write(path, &mask);
    all_refuse(path, 1, &["mask-2.npy", "at [0, 5]"]);
    fs::remove_file(path.join("device/mask-2.npy")).unwrap();
    all_refuse(path, 1, &["mask-2.npy", "is missing", "d2nn train"]);
    fs::create_dir(path.join("device/mask-2.npy")).unwrap();
    all_refuse(path, 1, &["mask-2.npy"]);
}

#[test]
fn truncated_masks() {
    let folder = copy();
    let path = folder.path();
    let [_, bytes] = masks(&trained().device);
    for length in [0, 3, 9, 60, 128, 130, bytes.len() / 2, bytes.len() - 1] {
        fs::write(path.join("device/mask-2.npy"), &bytes[..length]).unwrap();
        let arguments = ["evaluate", "device", "--data", "data"];
        d2nn(path, &arguments).fails(1, &["mask-2.npy", "64 x 64 float32"]);
    }
    fs::write(path.join("device/mask-2.npy"), [&bytes[..], &[0]].concat()).unwrap();
    all_refuse(path, 1, &["mask-2.npy", "64 x 64 float32"]);
    // A header that claims petabytes.
    let lying = claiming(&bytes, "(64, 64)", "(99999999, 99999999)");
    fs::write(path.join("device/mask-2.npy"), lying).unwrap();
    all_refuse(path, 1, &["mask-2.npy", "more than the file holds"]);
}

#[test]
fn masks_edited_elsewhere_are_welcome() {
    let folder = copy();
    let path = folder.path();
    let evaluate = || {
        let mut json = d2nn(path, &["evaluate", "device", "--data", "data", "--json"]).json();
        json.as_object_mut().unwrap().remove("modified_masks");
        json
    };
    let before = evaluate();
    write(path, &second_mask().mapv(f64::from));
    assert_eq!(evaluate(), before, "double precision");
    // Columns first: the same array, stored the other way round.
    fs::write(path.join("device/mask-2.npy"), columns_first(&second_mask())).unwrap();
    assert_eq!(evaluate(), before, "columns first");
    write(path, &second_mask().reversed_axes().as_standard_layout().into_owned());
    assert_ne!(evaluate(), before, "a turned mask is another mask");
}

#[test]
fn damaged_texts() {
    let folder = copy();
    let path = folder.path();
    let provenance = path.join("device/provenance.toml");
    let text = fs::read_to_string(&provenance).unwrap();
    fs::write(&provenance, text.replace("seed = 7", "seed = \"seven\"")).unwrap();
    all_refuse(path, 1, &["provenance.toml", "seed", "delete it to do without"]);
    // Without it a device works; it only cannot say where it comes from.
    fs::remove_file(&provenance).unwrap();
    d2nn(path, &["evaluate", "device", "--data", "data"]).done();
    let design = path.join("device/design.toml");
    let text = fs::read_to_string(&design).unwrap();
    fs::write(&design, text.replace("masks = 2", "masks = 3")).unwrap();
    all_refuse(path, 1, &["mask-3.npy", "is missing"]);
    fs::write(&design, text.replace("masks = 2", "masks = 2\nmask = 2")).unwrap();
    all_refuse(path, 2, &["design.toml", "unknown field `mask`"]);
    fs::write(&design, &text[..text.len() / 2]).unwrap();
    let half = d2nn(path, &["inspect", "device"]);
    assert!(half.code != Some(101) && half.code.is_some(), "{}", half.stderr);
    fs::write(&design, [0xff, 0xfe]).unwrap();
    all_refuse(path, 1, &["design.toml"]);
    fs::remove_file(&design).unwrap();
    all_refuse(path, 1, &["cannot read", "design.toml"]);
}
