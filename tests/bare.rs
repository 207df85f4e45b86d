//! The library without the program, built with `--no-default-features`: it works, and says which feature it lacks.
//!
//! With all features there is nothing to see here; `.ci/run` runs it without them.

#![cfg(not(any(feature = "download", feature = "npz")))]
// The lint spares test functions but not the functions they share.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use d2nn::Error;
use d2nn::dataset::{
    DatasetName, Finding, Images, Places, SearchPlace, Source, Split, Wanted, load_split, locate, look,
    survey,
};
use d2nn::design::{Design, DesignFile, Device};
use d2nn::plate::Relief;
use d2nn::reference::Network;

fn shipped() -> Device {
    Device::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("layers/fashion-400ghz")).unwrap()
}

fn sample() -> Images {
    load_split(DatasetName::FashionMnist, &Source::BuiltinSample, Split::Test).unwrap()
}

/// The feature that is missing, and the message.
fn missing<T>(result: d2nn::Result<T>) -> (&'static str, String) {
    match result {
        Err(error @ Error::Feature { feature, .. }) => (feature, error.to_string()),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("this build has no such feature"),
    }
}

fn places(cache: &Path) -> Places {
    Places { cache: Some(cache.to_owned()), system: None, ..Places::from_variables(|_| None) }
}

#[test]
fn a_shipped_device_answers() {
    let Device { design, masks, .. } = shipped();
    let images = sample();
    let scheme = design.simulated.detector.scheme();
    let network = Network::new(design.simulated, masks).unwrap();
    let right = (0..10).filter(|&index| {
        let image = images.batch(&[index]);
        let readings = network.readings(image.index_axis(ndarray::Axis(0), 0)).unwrap();
        scheme.answer(&readings) == usize::from(images.labels[index])
    });
    // It answers 88 of a hundred right (provenance.toml); chance is one of ten.
    assert!(right.count() >= 6);
}

#[test]
fn plates_of_a_design_are_read_without_fabrication() {
    let text =
        "format = 1\nname = \"plates\"\n[fabrication]\nlayer_height = \"16 um\"\nframe_width = \"4 mm\"\n";
    let typed = DesignFile::parse("plates.toml", text).unwrap();
    let design = Design::resolve("plates.toml", &typed).unwrap();
    assert_eq!(design.plate.relief, Relief::LayerHeight(16e-6));
    assert_eq!(design.plate.frame.map(|frame| frame.width), Some(4e-3));
}

#[test]
fn archives_say_which_feature_reads_them() {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("shapes.npz");
    fs::write(&path, b"PK\x03\x04").unwrap();
    let (feature, message) = missing(look(&path, None));
    assert_eq!(feature, "npz");
    assert!(message.contains("shapes.npz") && message.contains("features = [\"npz\"]"), "{message}");
}

#[test]
fn the_network_says_which_feature_it_takes() {
    let folder = tempfile::tempdir().unwrap();
    let places = places(folder.path());
    let ask = |wanted| {
        locate(DatasetName::FashionMnist, &wanted, &places, &[Split::Test], &mut |_| {
            panic!("nothing arrives")
        })
    };
    let (feature, message) = missing(ask(Wanted::Download));
    assert_eq!(feature, "download");
    assert!(message.contains("features = [\"download\"]"), "{message}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is begun");
    // A search passes the network over, says so, and ends at the sample.
    let skipped = Finding::Skipped("this build of d2nn has no feature \"download\"".into());
    let step = survey(DatasetName::FashionMnist, &places)
        .into_iter()
        .find(|step| step.place == SearchPlace::Download);
    assert_eq!(step.unwrap().finding, skipped);
    let found = ask(Wanted::Search).unwrap();
    assert!(found.steps.iter().any(|step| step.finding == skipped));
    assert!(found.warning().unwrap().contains("no feature \"download\""));
}
