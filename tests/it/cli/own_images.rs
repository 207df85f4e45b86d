//! Images and classes that somebody brings, from the files to the plates.

use std::fs;
use std::io::{Cursor, Write};

use d2nn::dataset::{Source, Split, load_split};
use d2nn::design::{Design, DesignFile, Device, Optimiser};
use d2nn::npy::array_bytes;
use d2nn::view::{FrameRequest, Table};
use ndarray::{Array1, Array3};
use tempfile::TempDir;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::support::pictures::grey;
use crate::support::program::{copy, d2nn, trained};

/// A small device that leaves to the program what follows from the images.
const DESIGN: &str = "name = \"corners\"\n[bench]\npixels = 64\nmasks = 2\ngaps = \"12 mm\"\noversample = 1\n\
                      [training]\nepochs = 2\nbatch = 8\nlearning_rate = 0.1\nseed = 7\n";

/// Rows and columns of the images.
const SHAPE: (usize, usize) = (20, 32);

/// `count` images of four classes in turn, a bright block in one of the corners; labels from 0 to 3.
fn corners(count: usize) -> (Array3<u8>, Array1<i64>) {
    let (rows, columns) = SHAPE;
    let images = Array3::from_shape_fn((count, rows, columns), |(n, y, x)| {
        let (class, step) = (n % 4, n / 4 % 3);
        let (top, left) = (2 + step + 9 * (class / 2), 2 + step + 16 * (class % 2));
        if (top..top + 6).contains(&y) && (left..left + 10).contains(&x) { 255 } else { 0 }
    });
    (images, Array1::from_shape_fn(count, |n| (n % 4) as i64))
}

/// A NumPy archive of `parts`, packed as Keras packs its own.
fn packed(parts: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in parts {
        zip.start_file(format!("{name}.npy"), options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// `corners.npz` of 48 training and 24 test images, and `corners.toml`.
fn workshop() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let ((train, train_labels), (test, test_labels)) = (corners(48), corners(24));
    let archive = packed(&[
        ("x_train", array_bytes(&train)),
        ("y_train", array_bytes(&train_labels)),
        ("x_test", array_bytes(&test)),
        ("y_test", array_bytes(&test_labels)),
    ]);
    fs::write(folder.path().join("corners.npz"), archive).unwrap();
    fs::write(folder.path().join("corners.toml"), DESIGN).unwrap();
    folder
}

#[test]
fn four_classes_of_20_by_32_go_all_the_way() {
    let folder = workshop();
    let path = folder.path();
    fs::write(path.join("classes.txt"), "north-west\nnorth-east\nsouth-west\nsouth-east\n").unwrap();
    let told = d2nn(path, &["train", "corners.toml", "--data", "corners.npz", "--out", "device"]);
    let report = told.done();
    assert!(report.contains("of 24 images"), "{report}");
    assert!(report.contains("south-east"), "{report}");
    let design = fs::read_to_string(path.join("device/design.toml")).unwrap();
    for line in [
        "data = \"corners.npz\"",
        "shape = [20, 32]",
        "classes = [\"north-west\", \"north-east\", \"south-west\", \"south-east\"]",
        "layout = \"2-2\"",
        // 64 pixels have room for 2 a value.
        "upsampling = 2",
    ] {
        assert!(design.contains(line), "{line} is not in\n{design}");
    }

    // The design says where the images are, and what they are when they have gone.
    let json = d2nn(path, &["evaluate", "device", "--json"]).json();
    assert_eq!(json["images"], 24);
    assert_eq!(json["confusion"].as_array().unwrap().len(), 4);
    assert_eq!(json["data"]["name"], "corners.npz");
    assert_eq!(json["data"]["published"], serde_json::Value::Null);
    // Blocks in corners are told apart by light that hardly spreads: two epochs are enough for all but a few.
    assert!(json["accuracy"].as_f64().unwrap() > 0.9, "{}", json["accuracy"]);
    let svg = path.join("device/plots/confusion.svg");
    d2nn(path, &["plot", "device", "--format", "svg"]).done();
    assert!(fs::read_to_string(svg).unwrap().contains("north-east"));
    let plates = d2nn(path, &["export-stl", "device", "--json"]).json();
    assert_eq!(plates["as_exported"]["images"], 24);
    let page = d2nn(path, &["report", "device", "--quick"]);
    page.done();
    assert!(fs::read_to_string(path.join("device/report.html")).unwrap().contains("north-west"));

    fs::rename(path.join("corners.npz"), path.join("moved.npz")).unwrap();
    d2nn(path, &["evaluate", "device"]).fails(1, &["corners.npz", "current folder", "--data"]);
    let moved = d2nn(path, &["evaluate", "device", "--data", "moved.npz", "--json"]).json();
    assert_eq!(moved["accuracy"], json["accuracy"]);
    let sheet = d2nn(path, &["inspect", "device", "--json"]).json();
    assert_eq!(sheet["classes"][3], "south-east");
}

#[test]
fn other_files_under_the_published_names_are_called_so() {
    let folder = copy();
    let path = folder.path();
    let arguments = ["evaluate", "device", "--data", "data"];
    assert!(d2nn(path, &arguments).done().contains("from the folder data, not the published files"));
    let both = |extra: &[&str]| d2nn(path, &[&arguments[..], extra].concat());
    assert_eq!(both(&["--json"]).json()["data"]["published"], false);
    assert!(both(&["--convergence", "--limit", "2"]).done().contains("not the published files"));
    assert_eq!(both(&["--convergence", "--limit", "2", "--json"]).json()["data"]["published"], false);
    let tolerance = [
        "tolerance",
        "device",
        "--data",
        "data",
        "--levels",
        "2",
        "--draws",
        "1",
        "--limit",
        "5",
        "--out",
        "t.svg",
    ];
    assert!(d2nn(path, &tolerance).done().contains("not the published files"));
    assert!(fs::read_to_string(path.join("t.svg")).unwrap().contains("not the published files"));
    d2nn(path, &["plot", "device", "confusion", "--data", "data", "--format", "svg"]).done();
    let plot = fs::read_to_string(path.join("device/plots/confusion.svg")).unwrap();
    assert!(plot.contains("not the published files"), "{plot}");
    d2nn(path, &["report", "device", "--data", "data", "--quick"]).done();
    let page = fs::read_to_string(path.join("device/report.html")).unwrap();
    assert!(page.contains("has not the published files of fashion-mnist"));
    assert!(page.contains("trained on files that are not the published ones"));
    // So the training said, and wrote down.
    assert!(trained().answer.stdout.contains("not the published files"), "{}", trained().answer.stdout);
    assert!(fs::read_to_string(path.join("device/provenance.toml")).unwrap().contains("published = false"));
    assert!(d2nn(path, &["inspect", "device"]).done().contains("not the published files"));
}

#[test]
fn a_name_stands_for_its_classes_only() {
    let folder = copy();
    let named = d2nn(folder.path(), &["evaluate", "device", "--data", "emnist-letters"]);
    named.fails(2, &["--data emnist-letters", "10 classes of fashion-mnist", "26", "./emnist-letters"]);
    let named = d2nn(folder.path(), &["evaluate", "device", "--data", "fashion-mnist", "--limit", "1"]);
    // Found wherever it is, or the sample.
    assert!(named.done().contains("on fashion-mnist"));
}

#[test]
fn pictures_in_folders_are_trained_and_shown_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    for class in ["left", "right"] {
        for number in 0..6 {
            let target = path.join(format!("photos/{class}/{number}.png"));
            fs::create_dir_all(target.parent().unwrap()).unwrap();
            let left = if class == "left" { 4 } else { 26 } + number;
            let picture =
                grey(
                    (48, 30),
                    |x, y| {
                        if (left..left + 12).contains(&x) && (8..20).contains(&y) { 240 } else { 0 }
                    },
                );
            fs::write(target, picture).unwrap();
        }
    }
    fs::write(path.join("two.toml"), DESIGN.replace("corners", "two")).unwrap();
    let train = [
        "train",
        "two.toml",
        "--data",
        "photos",
        "--set",
        "images.shape=[20, 32]",
        "--out",
        "device",
        "--epochs",
        "1",
    ];
    d2nn(path, &train).done();
    let design = fs::read_to_string(path.join("device/design.toml")).unwrap();
    for line in ["classes = [\"left\", \"right\"]", "shape = [20, 32]", "layout = \"2\"", "data = \"photos\""]
    {
        assert!(design.contains(line), "{line} is not in\n{design}");
    }
    let json = d2nn(path, &["evaluate", "device", "--split", "train", "--json"]).json();
    assert_eq!(json["images"], 10);
    let answers = d2nn(path, &["classify", "device", "photos/left/0.png", "--json"]).json();
    assert!(["left", "right"].contains(&answers[0]["name"].as_str().unwrap()));
}

#[test]
fn a_sweep_takes_images_of_ones_own() {
    let folder = workshop();
    let path = folder.path();
    let text =
        "design = \"corners.toml\"\n[set]\n\"training.epochs\" = 1\n[grid]\n\"bench.masks\" = [1, 2]\n";
    fs::write(path.join("masks.toml"), text).unwrap();
    let json =
        d2nn(path, &["sweep", "masks.toml", "--data", "corners.npz", "--out", "swept", "--json"]).json();
    assert_eq!(json["rows"].as_array().unwrap().len(), 2);
    assert_eq!(json["published"], serde_json::Value::Null);
}

#[test]
fn what_images_cannot_be_is_said_before_the_training() {
    let folder = workshop();
    let path = folder.path();
    let train =
        |extra: &[&str]| d2nn(path, &[&["train", "corners.toml", "--out", "device"][..], extra].concat());
    train(&["--data", "nowhere.npz"]).fails(1, &["nowhere.npz", "no such"]);
    train(&["--set", "training.data=nowhere.npz"])
        .fails(2, &["training.data", "nowhere.npz", "emnist-letters"]);
    let classes = "images.classes=[\"a\", \"b\", \"c\"]";
    train(&["--data", "corners.npz", "--set", classes]).fails(1, &["corners.npz", "label 3", "0 to 2"]);
    train(&["--data", "corners.npz", "--set", "images.shape=[20, 20]"])
        .fails(1, &["corners.npz", "32 x 20", "20 x 20"]);
    train(&["--set", "images.shape=[20, 20]"]).fails(2, &["[images]", "fashion-mnist", "leave it out"]);
    train(&["--data", "corners.npz", "--set", "bench.networks=3"]).fails(2, &["4 classes", "1, 2 or 4"]);
    train(&["--data", "corners.npz", "--set", "object.upsampling=3"]).fails(2, &["20 x 32", "60 x 96"]);
    for (labels, words) in [
        (Array1::from_elem(8, 0), ["all labels are 0", "2 to 100 classes"]),
        (Array1::from_shape_fn(8, |n| 1 + (n % 4) as i64), ["labels are 1 to 4", "count from 0"]),
    ] {
        let (images, _) = corners(8);
        let (images, labels) = (array_bytes(&images), array_bytes(&labels));
        let parts = ["x_train", "x_test"].map(|name| (name, images.clone()));
        let parts = parts.into_iter().chain(["y_train", "y_test"].map(|name| (name, labels.clone())));
        fs::write(path.join("odd.npz"), packed(&parts.collect::<Vec<_>>())).unwrap();
        train(&["--data", "odd.npz"]).fails(1, &[&["odd.npz"][..], &words].concat());
    }
    assert!(!path.join("device").exists());
}

#[test]
fn images_of_many_values_are_trained_in_mini_batches() {
    let folder = tempfile::tempdir().unwrap();
    let design = "[bench]\npixels = 144\nmasks = 1\noversample = 1\ngaps = \"12 mm\"\n[training]\ndata = \"big.npz\"\n\
                  [images]\nshape = [72, 72]\nclasses = [\"a\", \"b\"]\n";
    fs::write(folder.path().join("big.toml"), design).unwrap();
    let sheet = d2nn(folder.path(), &["inspect", "big.toml", "--json"]).json();
    assert_eq!(sheet["classes"], serde_json::json!(["a", "b"]));
    let asked = format!("{design}[training.augmentation]\n")
        .replace("[training]\n", "[training]\noptimiser = \"modes\"\n");
    fs::write(folder.path().join("big.toml"), asked).unwrap();
    // 5,184 values: 20 bytes for each of 26,873,856 products.
    let words =
        ["optimiser = \"modes\"", "72 x 72", "538 MB", "at most 4096 values (64 x 64)", "mini-batches"];
    d2nn(folder.path(), &["train", "big.toml"]).fails(2, &words);
    let sheet = d2nn(folder.path(), &["inspect", "big.toml"]);
    assert!(words.iter().all(|word| sheet.done().contains(word)), "{}", sheet.stdout);
    let largest = design.replace("[72, 72]", "[64, 64]");
    let resolved = |text: &str| {
        let mut typed = DesignFile::parse("big.toml", text).unwrap();
        Design::resolve("big.toml", &typed).unwrap().settle(&mut typed);
        typed.training.optimiser
    };
    assert_eq!(resolved(&largest), Some(Optimiser::Modes));
    assert_eq!(resolved(design), Some(Optimiser::MiniBatches));
}

#[test]
fn a_device_without_a_name_is_called_after_its_images() {
    let folder = workshop();
    let path = folder.path();
    let nameless = DESIGN.strip_prefix("name = \"corners\"\n").unwrap();
    fs::write(path.join("nameless.toml"), nameless).unwrap();
    fs::rename(path.join("corners.npz"), path.join("four corners.npz")).unwrap();
    let train = ["train", "nameless.toml", "--data", "four corners.npz", "--epochs", "1"];
    let report = d2nn(path, &train);
    assert!(report.done().starts_with("four-corners after 1 epoch"), "{}", report.stdout);
    let device = path.join("runs/four-corners");
    assert!(fs::read_to_string(device.join("design.toml")).unwrap().contains("name = \"four-corners\"\n"));
    d2nn(path, &["export-stl", "runs/four-corners", "--no-check"]).done();
    assert!(device.join("stl/four-corners-mask-1.mm.stl").exists());
    d2nn(path, &["plot", "runs/four-corners", "masks", "--format", "svg"]).done();
    assert!(fs::read_to_string(device.join("plots/masks.svg")).unwrap().contains("four-corners: "));
    // Finished, so there is nothing to resume, and this is the folder that is meant.
    d2nn(path, &["train", "--resume", "--data", "four corners.npz"])
        .fails(2, &["runs/four-corners", "finished"]);
    // A name that is typed stands, and Fashion-MNIST has the name of the default device.
    let named = ["inspect", "nameless.toml", "--set", "training.data=four corners.npz", "--set", "name=mine"];
    assert_eq!(d2nn(path, &[&named[..], &["--json"]].concat()).json()["name"], "mine");
    assert_eq!(d2nn(path, &["inspect", "nameless.toml", "--json"]).json()["name"], "fashion-400ghz");
}

#[test]
fn the_page_is_told_classes_and_size() {
    let folder = workshop();
    let path = folder.path();
    d2nn(path, &["train", "corners.toml", "--data", "corners.npz", "--out", "device", "--epochs", "1"])
        .done();
    let device = Device::open(&path.join("device")).unwrap();
    let images =
        load_split(&device.design.data, &Source::File(path.join("corners.npz")), Split::Test).unwrap();
    let mut table = Table::new(device, Some(images), 1).unwrap();
    let page = table.describe();
    assert_eq!(page["image"], serde_json::json!([20, 32]));
    assert_eq!(page["class_names"], serde_json::json!(["0", "1", "2", "3"]));
    assert_eq!(page["labels"].as_array().unwrap().len(), 24);
    let image = table.image(5).unwrap();
    let request = serde_json::json!({ "image": image["image"], "side": true }).to_string();
    let frame = table.frame(&FrameRequest::parse(request.as_bytes()).unwrap()).unwrap();
    assert!(frame.len() > 64 * 64 * 3, "a byte for each pixel of the planes");
}
