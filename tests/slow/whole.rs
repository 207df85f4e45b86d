//! Whole trainings by the program, each kind of mask and loss, and every verb on a device with other masks.

use std::fs;

use d2nn::design::DesignFile;
use d2nn::design::folder::Provenance;
use d2nn::npy::{array_bytes, read_array};
use ndarray::Array2;

use crate::support::device::{SMALL, small_but};
use crate::support::pictures;
use crate::support::program::{copy, d2nn, masks, trained, workshop};

#[test]
fn every_kind_of_mask_trains_and_is_read_back() {
    let folder = workshop();
    let path = folder.path();
    for (kind, keys) in [
        ("absorbing", "[mask]\nphase_max = \"pi\"\n[material]\nextinction_coefficient = 0.05"),
        ("amplitude", "[mask]\nmodulation = \"amplitude\""),
        ("complex", "[mask]\nmodulation = \"complex\""),
    ] {
        let design = small_but("epochs = 2", "epochs = 1") + "\n" + keys + "\n";
        fs::write(path.join("kind.toml"), design).unwrap();
        d2nn(path, &["train", "kind.toml", "--data", "data", "--out", kind]).done();
        let trained: Provenance =
            toml::from_str(&fs::read_to_string(path.join(kind).join("provenance.toml")).unwrap()).unwrap();
        let json = d2nn(path, &["evaluate", kind, "--data", "data", "--json"]).json();
        // A complex mask goes through its file as real and imaginary part: rounding, no more.
        let (found, claimed) =
            (json["power_efficiency_input"].as_f64().unwrap(), trained.metrics.power_efficiency_input);
        assert!((found / claimed - 1.0).abs() < 1e-5, "{kind}: {found} {claimed}");
        let budget = &d2nn(path, &["inspect", kind, "--json"]).json()["power_budget"];
        let sum = |key: &str| -> f64 {
            budget[key].as_array().unwrap().iter().map(|share| share.as_f64().unwrap()).sum()
        };
        let whole = sum("past_the_plane")
            + sum("absorbed")
            + budget["regions"].as_f64().unwrap()
            + budget["beside_the_regions"].as_f64().unwrap();
        assert!((whole - 1.0).abs() < 1e-9 && sum("absorbed") > 0.05, "{kind}: {budget}");
        let plates = d2nn(path, &["export-stl", kind]);
        if kind == "absorbing" {
            plates.done();
        } else {
            plates.fails(2, &["mask.modulation", "phase"]);
        }
    }
}

#[test]
fn a_loss_of_the_whole_plane_goes_all_the_way() {
    let folder = workshop();
    let path = folder.path();
    fs::write(path.join("plane.toml"), small_but("epochs = 2", "epochs = 1\nloss = \"plane-mse\"")).unwrap();
    let trained =
        d2nn(path, &["train", "plane.toml", "--data", "data", "--out", "device", "--plot-every", "1"]);
    // The row of the epoch: a training loss, no loss of the validation images, but their answers.
    let row = trained.stderr.lines().find(|line| line.trim_start().starts_with("1/1 ")).unwrap();
    let columns: Vec<&str> = row.split_whitespace().collect();
    assert_eq!((columns[5], columns[7]), ("-", "%"), "{row}");
    assert!(!trained.done().contains("loss"), "{}", trained.done());
    let judged = d2nn(path, &["evaluate", "device", "--data", "data", "--json"]).json();
    assert!(judged["loss"].is_null() && judged["accuracy"].is_f64(), "{judged}");
    d2nn(path, &["plot", "device", "training", "--format", "svg", "--out", "svg"]).done();
    d2nn(path, &["report", "device", "--data", "data", "--out", "report.html"]).done();
    let exported = d2nn(path, &["export-stl", "device", "--data", "data", "--out", "plates"]);
    let table = exported.done();
    assert!(table.contains("accuracy") && !table.contains("NaN"), "{table}");
}

#[test]
fn results_do_not_depend_on_threads_but_on_the_seed() {
    let folder = workshop();
    let path = folder.path();
    let design = small_but("epochs = 2", "epochs = 1\nstart = \"random\"");
    fs::write(path.join("random.toml"), design).unwrap();
    let train = |out: &str, more: [&str; 2]| {
        d2nn(path, &[&["train", "random.toml", "--data", "data", "--out", out][..], &more].concat()).done();
        masks(&path.join(out))
    };
    let one = train("one", ["--threads", "1"]);
    assert!(one == train("two", ["--threads", "2"]));
    let other = train("seed", ["--seed", "8"]);
    assert!(one[0] != other[0] && one[1] != other[1]);
    // Flags override keys, and the folder says what was done.
    let typed = fs::read_to_string(path.join("seed/design.toml")).unwrap();
    assert_eq!(DesignFile::parse("d", &typed).unwrap().training.seed, 8);
    assert_eq!(
        toml::from_str::<Provenance>(&fs::read_to_string(path.join("seed/provenance.toml")).unwrap())
            .unwrap()
            .seed,
        8
    );
}

#[test]
fn edited_masks_are_told() {
    let folder = copy();
    let path = folder.path();
    fs::write(path.join("boot.png"), pictures::grey((28, 28), |_, _| 0)).unwrap();
    let verbs = [
        &["evaluate", "device", "--data", "data"][..],
        &["tolerance", "device", "--data", "data", "--levels", "4", "--draws", "1"],
        &["classify", "device", "boot.png"],
        &["plot", "device", "masks", "--out", "plots"],
        &["export-stl", "device", "--no-check", "--out", "stl"],
        &["export-kit", "device", "--data", "data", "--out", "kit"],
        &["export", "device", "--format", "csv", "--out", "csv"],
        &["inspect", "device"],
        &[
            "train",
            "small.toml",
            "--data",
            "data",
            "--from",
            "device",
            "--epochs",
            "1",
            "--out",
            "further",
            "--force",
        ],
    ];
    fs::write(path.join("small.toml"), SMALL).unwrap();
    let warns = |masks: &str| {
        for verb in verbs {
            let answer = d2nn(path, verb);
            answer.done();
            let warning = format!("warning: device: {masks} not as trained (another checksum");
            assert!(answer.stderr.contains(&warning), "{verb:?}: {}", answer.stderr);
            assert!(answer.stderr.contains("--allow-modified"), "{verb:?}: {}", answer.stderr);
        }
    };
    let silent = |more: &[&str]| {
        for verb in verbs {
            let answer = d2nn(path, &[verb, more].concat());
            answer.done();
            assert!(!answer.stderr.contains("provenance"), "{verb:?}: {}", answer.stderr);
        }
    };
    silent(&[]);
    let second: Array2<f32> = read_array(&masks(&trained().device)[1]).unwrap();
    fs::write(path.join("device/mask-2.npy"), array_bytes(&second.mapv(|phase| phase + 0.1))).unwrap();
    warns("mask 2 is");
    let json = |arguments: &[&str]| d2nn(path, arguments).json()["modified_masks"].clone();
    assert_eq!(json(&["inspect", "device", "--json"]), serde_json::json!([2]));
    assert_eq!(json(&["evaluate", "device", "--data", "data", "--json"]), serde_json::json!([2]));
    fs::copy(path.join("device/mask-2.npy"), path.join("device/mask-1.npy")).unwrap();
    warns("masks 1 and 2 are");
    assert!(d2nn(path, &["inspect", "device"]).done().contains("masks 1 and 2 are not as trained"));
    silent(&["--allow-modified"]);
    // Without provenance nothing is known of the masks.
    fs::remove_file(path.join("device/provenance.toml")).unwrap();
    silent(&[]);
}
