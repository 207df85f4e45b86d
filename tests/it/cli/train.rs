//! `d2nn train`: what it writes, what it refuses.

use std::fs;
use std::path::Path;

use d2nn::dataset::{Images, Split};
use d2nn::design::folder::Provenance;
use d2nn::design::{Design, DesignFile};
use d2nn::npy::read_array;
use ndarray::{Array3, Ix2};
use sha2::{Digest, Sha256};

use crate::support::device::{SMALL, small_but, some_images, write_images, write_tiny_data};
use crate::support::program::{copy, d2nn, history, masks, names, trained, workshop};

fn set<const N: usize>(names: [&str; N]) -> std::collections::BTreeSet<String> {
    names.map(str::to_owned).into()
}

fn provenance(device: &Path) -> Provenance {
    toml::from_str(&fs::read_to_string(device.join("provenance.toml")).unwrap()).unwrap()
}

#[test]
fn a_training_writes_a_device_folder() {
    let device = &trained().device;
    let expected = ["design.toml", "history.csv", "mask-1.npy", "mask-2.npy", "plots", "provenance.toml"];
    assert_eq!(names(device), set(expected));
    let plots = ["confusion.png", "detector.png", "light.png", "masks.png", "training.png"];
    assert_eq!(names(&device.join("plots")), set(plots));
    for plot in plots {
        assert!(fs::read(device.join("plots").join(plot)).unwrap().starts_with(b"\x89PNG"), "{plot}");
    }
    // As it was typed, and how it was trained leaves nothing open.
    let mut typed = DesignFile::parse("small", SMALL).unwrap();
    Design::resolve("small", &typed).unwrap().settle(&mut typed);
    let text = fs::read_to_string(device.join("design.toml")).unwrap();
    assert_eq!(DesignFile::parse("written", &text).unwrap(), typed);

    let provenance = provenance(device);
    for (bytes, sum) in masks(device).iter().zip(&provenance.masks) {
        // NumPy's own header: little-endian single precision in C order.
        let header = String::from_utf8_lossy(&bytes[..128]).into_owned();
        assert!(header.contains("'<f4'") && header.contains("(64, 64)"), "{header}");
        let phase = read_array::<f32, Ix2>(bytes).unwrap();
        // They start flat: what is not zero has been learned.
        assert!(phase.iter().all(|value| value.is_finite()) && phase.iter().any(|value| *value != 0.0));
        let digest: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(*sum, digest);
    }
    assert_eq!(provenance.masks.len(), 2);
    assert_eq!((provenance.seed, provenance.version.as_str()), (7, env!("CARGO_PKG_VERSION")));
    assert_eq!(provenance.command, "d2nn train small.toml --data data --out device");
    let data = &provenance.data;
    assert_eq!((data.training_images, data.validation_images, data.test_images), (180, 20, 50));
    assert_eq!((data.name.as_str(), data.builtin_sample), ("fashion-mnist", false));
    assert_eq!(data.sha256.len(), 64);
    assert!(provenance.metrics.validation_accuracy.is_some());

    let history = history(device);
    assert_eq!(history.len(), 3);
    let epochs: Vec<_> =
        history[1..].iter().map(|line| line.split(',').take(2).collect::<Vec<_>>()).collect();
    assert_eq!(epochs, [["1", "12"], ["2", "24"]]);

    let (stdout, stderr) = (trained().answer.done(), &trained().answer.stderr);
    for word in ["accuracy", "of 50 images", "confusion", "T-shirt/top", "written to device", "plots/"] {
        assert!(stdout.contains(word), "\"{word}\" is not in {stdout}");
    }
    for word in [
        "training device: 2 masks",
        "180 images",
        "training loss   accuracy",
        "\n      1/2  ",
        "\n      2/2  ",
    ] {
        assert!(stderr.contains(word), "\"{word}\" is not in {stderr}");
    }
}

#[test]
fn the_built_in_sample_is_announced_at_both_ends() {
    let folder = workshop();
    let path = folder.path();
    fs::write(path.join("one.toml"), small_but("epochs = 2\nbatch = 16", "epochs = 1\nbatch = 64")).unwrap();
    let answer = d2nn(path, &["train", "one.toml", "--data", "builtin"]);
    assert_eq!(answer.stderr.matches("warning: this is the built-in sample").count(), 2, "{}", answer.stderr);
    assert!(answer.done().contains("note: built-in sample of Fashion-MNIST"), "{}", answer.stdout);
    // Without --out the folder is called like the design.
    let provenance = provenance(&path.join("runs/small"));
    assert!(provenance.data.builtin_sample);
    assert_eq!(provenance.data.sha256, d2nn::dataset::SAMPLE_CHECKSUM);
    assert_eq!(provenance.data.training_images, 5400);
}

#[test]
fn an_existing_folder_is_only_replaced_with_force() {
    let folder = copy();
    let path = folder.path();
    let device = path.join("device");
    let before = masks(&device);
    d2nn(path, &["train", "device", "--data", "data", "--out", "device"])
        .fails(2, &["device exists", "--force", "--out"]);
    assert!(masks(&device) == before);

    fs::write(device.join("notes.txt"), "mine").unwrap();
    fs::write(device.join("mask-3.npy"), "of a larger device").unwrap();
    fs::write(device.join("plots/old.png"), "old").unwrap();
    let force = ["train", "device", "--data", "data", "--out", "device", "--seed", "8", "--epochs", "1"];
    d2nn(path, &[&force[..], &["--force"]].concat()).done();
    assert!(masks(&device) != before);
    assert_eq!(history(&device).len(), 2);
    let files = ["design.toml", "history.csv", "mask-1.npy", "mask-2.npy", "notes.txt", "plots"];
    assert_eq!(names(&device), set(["provenance.toml"]).into_iter().chain(set(files)).collect());
    assert!(!names(&device.join("plots")).contains("old.png"));
}

#[test]
fn force_replaces_the_device_that_is_named_and_no_other() {
    let folder = copy();
    let path = folder.path();
    // Designs have the name of the first device, and so has the folder they go to.
    let own = path.join("runs/small");
    fs::create_dir_all(path.join("runs")).unwrap();
    fs::rename(path.join("device"), &own).unwrap();
    crate::support::program::copy_folder(&own, &path.join("other"));
    let before = masks(&own);
    for named in ["other", "other/design.toml"] {
        d2nn(path, &["train", named, "--data", "data", "--epochs", "1", "--force"])
            .fails(2, &["--force would replace", "not other", "--out"]);
    }
    assert!(masks(&own) == before);
    d2nn(path, &["train", "runs/small", "--data", "data", "--epochs", "1", "--force"]).done();
    assert!(masks(&own) != before);
}

#[test]
fn folders_that_are_no_devices_are_never_touched() {
    let folder = workshop();
    let path = folder.path();
    let train = |out: &str, more: &[&str]| {
        let out = ["train", "small.toml", "--data", "data", "--epochs", "1", "--out", out];
        d2nn(path, &[&out[..], more].concat())
    };
    fs::create_dir(path.join("thesis")).unwrap();
    fs::write(path.join("thesis/chapter.txt"), "years").unwrap();
    train("thesis", &[]).fails(2, &["thesis exists"]);
    train("thesis", &["--force"]).fails(2, &["thesis holds other files", "--out"]);
    assert_eq!(names(&path.join("thesis")), set(["chapter.txt"]));

    fs::write(path.join("file"), "a file").unwrap();
    train("file", &[]).fails(1, &["file"]);
    train("file", &["--force"]).fails(1, &["file"]);
    // Permissions do not bind every user; nobody makes folders below a file.
    train("file/below", &[]).fails(1, &["file/below"]);
    if cfg!(target_os = "linux") {
        train("/proc/d2nn", &[]).fails(1, &["/proc/d2nn"]);
    }
    assert_eq!(fs::read(path.join("file")).unwrap(), b"a file");

    fs::create_dir(path.join("empty")).unwrap();
    train("empty", &[]).done();
}

#[test]
fn wrong_usage_is_told_before_anything_is_written() {
    let folder = workshop();
    let path = folder.path();
    let train = |more: &[&str]| d2nn(path, &[&["train", "small.toml", "--data", "data"], more].concat());
    train(&["--epochs", "0"]).fails(2, &["nothing to train", "training.epochs = 0", "bench.oversample"]);
    train(&["--epochs", "100001"]).fails(2, &["small.toml", "training.epochs = 100001", "0 to 100000"]);
    train(&["--epochs", "many"]).fails(2, &["--epochs", "many"]);
    train(&["--seed=-1"]).fails(2, &["--seed"]);
    train(&["--seed", "9223372036854775808"]).fails(2, &["training.seed"]);
    train(&["--threads", "5000"]).fails(2, &["--threads 5000", "1024"]);
    train(&["--resume", "--force"]).fails(2, &["--resume", "--force"]);
    train(&["--colour"]).fails(2, &["--colour"]);
    d2nn(path, &["train", "absent.toml", "--data", "data"]).fails(1, &["cannot read absent.toml"]);
    d2nn(path, &["train", "data", "--data", "data"]).fails(1, &["cannot read", "design.toml"]);
    fs::write(path.join("bad.toml"), small_but("pixels = 64", "pixel = 64")).unwrap();
    d2nn(path, &["train", "bad.toml", "--data", "data"]).fails(2, &["bad.toml", "unknown field `pixel`"]);
    assert!(!path.join("runs").exists());
}

#[test]
fn wrong_data_leaves_the_old_device_alone() {
    let folder = copy();
    let path = folder.path();
    let before = masks(&path.join("device"));
    let train = |data: &str| d2nn(path, &["train", "device", "--out", "device", "--force", "--data", data]);
    train("absent").fails(1, &["absent", "no such folder", "or one of fashion-mnist"]);
    train("fasion-mnist").fails(1, &["fasion-mnist", "is fashion-mnist meant?"]);
    fs::create_dir(path.join("empty")).unwrap();
    train("empty").fails(1, &["empty", "lacks train-images"]);
    train("download").fails(2, &["D2NN_OFFLINE"]);

    let bytes = |name: &str| path.join("wrong").join(name);
    write_tiny_data(&path.join("wrong"));
    let mut images = some_images(Split::Train, 200);
    images.labels.pop();
    write_images(&path.join("wrong"), Split::Train, &images);
    train("wrong").fails(1, &["199 labels for the 200 images", "train-labels"]);
    fs::write(bytes("train-labels-idx1-ubyte"), b"not IDX at all").unwrap();
    train("wrong").fails(1, &["train-labels", "another kind of file"]);
    let whole = fs::read(path.join("data/train-images-idx3-ubyte")).unwrap();
    fs::copy(path.join("data/train-labels-idx1-ubyte"), bytes("train-labels-idx1-ubyte")).unwrap();
    fs::write(bytes("train-images-idx3-ubyte"), &whole[..whole.len() - 1]).unwrap();
    train("wrong").fails(1, &["train-images", "truncated"]);

    // Sound images of another size.
    for split in Split::ALL {
        let images =
            Images { images: Array3::from_elem((20, 8, 9), 100), labels: (0..20).map(|n| n % 10).collect() };
        write_images(&path.join("wrong"), split, &images);
    }
    train("wrong").fails(1, &["wrong", "9 x 8 pixels", "28 x 28", "--data"]);
    d2nn(path, &["evaluate", "device", "--data", "wrong"]).fails(1, &["9 x 8 pixels"]);
    assert!(masks(&path.join("device")) == before);
    assert!(path.join("device/provenance.toml").exists());
}

#[test]
fn nobody_has_to_listen() {
    // `d2nn train 2>&1 | head -0`: both pipes are closed while the program works.
    let folder = workshop();
    let path = folder.path();
    let arguments = ["train", "small.toml", "--data", "data", "--epochs", "1", "--out", "device"];
    let mut command = crate::support::program::command(path, &arguments);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop((child.stdout.take(), child.stderr.take()));
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(path.join("device/provenance.toml").exists());
    // And when there is something to complain about, the exit code still says so.
    let mut command = crate::support::program::command(path, &arguments);
    let mut child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(2));
}

#[test]
fn how_long_it_takes_is_told_after_the_first_steps() {
    let folder = workshop();
    let path = folder.path();
    // Two stages: mini-batches on two grids.
    let stages =
        small_but("oversample = 1", "oversample = 2").replace("epochs = 2", "epochs = 1\nfine_epochs = 1");
    fs::write(path.join("two.toml"), stages).unwrap();
    let answer = d2nn(path, &["train", "two.toml", "--data", "data", "--out", "device"]);
    answer.done();
    let is_told = |line: &&str| line.starts_with("about ") && line.contains(" and the test (until ");
    let told: Vec<&str> = answer.stderr.lines().filter(is_told).collect();
    let [first, second] = told[..] else { panic!("{}", answer.stderr) };
    assert!(first.contains("for all 2 stages") && first.ends_with(" UTC)"), "{first}");
    assert!(second.contains("for the last of 2 stages"), "{second}");
    // The first after some steps of the first epoch, the second before the head of the second table.
    let at = |line: &str| answer.stderr.find(line).unwrap();
    assert!(at(first) < at(" 1/2") && at(" 1/2") < at(second), "{}", answer.stderr);
}
