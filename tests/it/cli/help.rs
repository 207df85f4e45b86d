//! Help, versions, verbs that do not exist, `d2nn data`, and readers that leave early.

use std::fs;
use std::process::Stdio;

use crate::support::program::{command, d2nn, trained};

pub const VERBS: [&[&str]; 20] = [
    &["train"],
    &["sweep"],
    &["evaluate"],
    &["tolerance"],
    &["classify"],
    &["plot"],
    &["report"],
    &["view"],
    &["export-stl"],
    &["export-kit"],
    &["export"],
    &["inspect"],
    &["full-wave"],
    &["propagate"],
    &["data"],
    &["data", "where"],
    &["data", "fetch"],
    &["completions"],
    &["man"],
    &[],
];

#[test]
fn every_help_has_an_example() {
    let folder = tempfile::tempdir().unwrap();
    for verb in VERBS {
        for flag in ["--help", "-h"] {
            let answer = d2nn(folder.path(), &[verb, &[flag]].concat());
            let words = [&["d2nn"], verb].concat().join(" ");
            assert!(answer.done().contains(&format!("Usage: {words}")), "{}", answer.stdout);
            let examples =
                answer.stdout.split_once("Example").unwrap_or_else(|| panic!("{words}: no example")).1;
            assert!(examples.contains(&format!("  {words}")), "{words}: {examples}");
            assert_eq!(answer.stderr, "");
        }
    }
}

#[test]
fn wrong_verbs_and_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    d2nn(path, &["trian"]).fails(2, &["trian", "train"]);
    d2nn::<&str>(path, &[]).fails(2, &["Usage: d2nn"]);
    d2nn(path, &["data", "remove"]).fails(2, &["remove"]);
    d2nn(path, &["data", "fetch", "cifar-10"]).fails(2, &["cifar-10", "fashion-mnist"]);
    assert_eq!(d2nn(path, &["--version"]).done(), format!("d2nn {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn data_says_what_is_where() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let answer = d2nn(path, &["data", "where"]);
    let text = answer.done();
    let cache = path.join("cache").join("fashion-mnist");
    for word in
        ["\nfashion-mnist\n", "\nmnist\n", cache.to_str().unwrap(), "D2NN_OFFLINE is set", "6000 + 1000"]
    {
        assert!(text.contains(word), "\"{word}\" is not in {text}");
    }
    assert_eq!(d2nn(path, &["data"]).done(), text);
    // What lies in the cache is found, counted, and told from the published files.
    crate::support::device::write_tiny_data(&cache);
    let text = d2nn(path, &["data"]).done().to_owned();
    assert!(text.contains("> cache") && text.contains("200 + 50 images"), "{text}");
    assert!(text.contains("train-images-idx3-ubyte is not the published file"), "{text}");
    fs::write(cache.join("t10k-labels-idx1-ubyte"), "damaged").unwrap();
    assert!(d2nn(path, &["data"]).done().contains("damaged: "));
    // A search takes the cache before anything else, and says so.
    crate::support::device::write_tiny_data(&cache);
    let device = trained().device.to_str().unwrap();
    let json = d2nn(path, &["evaluate", device, "--json"]).json();
    assert_eq!((&json["images"], &json["data"]["builtin_sample"]), (&50.into(), &false.into()));
    assert!(json["data"]["source"].as_str().unwrap().starts_with("the cache"), "{json}");

    d2nn(path, &["data", "fetch", "fashion-mnist"])
        .fails(2, &["D2NN_OFFLINE", "fashion-mnist", "training.data"]);
    assert!(d2nn(path, &["data", "licence"]).done().contains("Zalando"));
}

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let trained = trained();
    for arguments in [
        &["inspect"][..],
        &["inspect", "--json"],
        &["evaluate", "device", "--data", "data"],
        &["data"],
        &["--help"],
        &["train", "--help"],
    ] {
        let mut command = command(&trained.folder, arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // Before the program can have written anything.
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
    }
}
