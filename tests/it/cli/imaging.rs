//! A device that forms images, from training to pictures.

use std::fs;

use d2nn::design::folder::Provenance;

use crate::support::device::small_but;
use crate::support::pictures;
use crate::support::program::{d2nn, history, names, workshop};

#[test]
fn a_device_that_forms_images() {
    let folder = workshop();
    let path = folder.path();
    // 7.2 mm of light and 28 x 28 values of 0.8 mm: free space blurs them.
    let design = small_but(
        "region_size = \"4 mm\"\nrow_pitch = \"6 mm\"\ncolumn_pitch = \"6 mm\"",
        "layout = \"image\"",
    )
    .replace("[training]", "[training]\nloss = \"image-mse\"");
    fs::write(path.join("image.toml"), design).unwrap();
    let answer = d2nn(path, &["train", "image.toml", "--data", "data", "--out", "device"]);
    for word in
        ["SSIM", "free space", "50 images", "mean squared error", "area of the image / detector plane"]
    {
        assert!(answer.done().contains(word), "\"{word}\" is not in {}", answer.stdout);
    }
    assert!(!answer.stdout.contains("accuracy"), "{}", answer.stdout);
    assert!(answer.stderr.contains("\n      2/2  ") && answer.stderr.contains("training loss       SSIM"));
    let plots = ["detector.png", "light.png", "masks.png", "training.png"].map(str::to_owned);
    assert_eq!(names(&path.join("device/plots")), plots.into());

    let json = |more: &[&str]| {
        d2nn(path, &[&["evaluate", "device", "--data", "data", "--json"], more].concat()).json()
    };
    let judged = json(&[]);
    assert_eq!(judged, json(&["--threads", "1"]));
    assert_eq!(judged["images"], 50);
    assert_eq!((&judged["plate"], &judged["modified_masks"]), (&"thin".into(), &serde_json::json!([])));
    assert_eq!(judged["source"]["points"], 1);
    let number = |value: &serde_json::Value| value.as_f64().unwrap();
    let free = &judged["free_space"];
    // Two epochs of twelve steps are enough to be better than nothing at all.
    assert!(number(&judged["ssim"]) > number(&free["ssim"]), "{judged}");
    assert!(number(&judged["mean_squared_error"]) < number(&free["mean_squared_error"]), "{judged}");
    assert!(number(&judged["loss"]) < number(&free["loss"]), "{judged}");
    for figures in [&judged, free] {
        let (input, share) = (number(&figures["power_efficiency_input"]), number(&figures["detector_share"]));
        assert!(0.0 < input && input <= share && share < 1.0, "{judged}");
    }
    assert_eq!(json(&["--limit", "3"])["images"], 3);

    let text = fs::read_to_string(path.join("device/provenance.toml")).unwrap();
    let metrics = toml::from_str::<Provenance>(&text).unwrap().metrics;
    assert_eq!((metrics.test_accuracy, metrics.validation_accuracy), (None, None));
    assert!((metrics.test_ssim.unwrap() / number(&judged["ssim"]) - 1.0).abs() < 1e-14);
    assert!((metrics.test_ssim_free_space.unwrap() / number(&free["ssim"]) - 1.0).abs() < 1e-14);
    assert!(
        (metrics.mean_squared_error.unwrap() / number(&judged["mean_squared_error"]) - 1.0).abs() < 1e-14
    );
    // The column of the score holds the similarity.
    let last = history(&path.join("device")).pop().unwrap();
    let score: f64 = last.split(',').nth(6).unwrap().parse().unwrap();
    assert!((score - metrics.validation_ssim.unwrap()).abs() < 1e-6, "{last}");

    let sheet = d2nn(path, &["inspect", "device"]);
    assert!(
        sheet.done().contains("test SSIM") && !sheet.stdout.contains("test accuracy"),
        "{}",
        sheet.stdout
    );

    let picture = pictures::grey((40, 60), |x, y| if x.abs_diff(20) < 8 && y > 10 { 220 } else { 3 });
    fs::write(path.join("own.png"), picture).unwrap();
    d2nn(path, &["classify", "device", "own.png"])
        .fails(2, &["device forms images", "no classes", "d2nn plot"]);
    d2nn(path, &["plot", "device", "confusion", "--data", "data"])
        .fails(2, &["device forms images", "no classes"]);
    d2nn(path, &["evaluate", "device", "--data", "data", "--convergence"])
        .fails(2, &["--convergence", "device forms images", "--oversample"]);
    let plot = |more: &[&str]| {
        d2nn(path, &[&["plot", "device", "--data", "data", "--format", "svg"], more].concat())
    };
    plot(&["all", "--out", "all"]).done();
    let pictures = ["detector.svg", "light.svg", "masks.svg", "training.svg"].map(str::to_owned);
    assert_eq!(names(&path.join("all")), pictures.into());
    plot(&["detector", "--image-file", "own.png", "--out", "own"]).done();
    for (file, words) in [
        ("all/detector.svg", &["test image 0", "free space", "read, SSIM", "the picture wanted"][..]),
        ("all/training.svg", &["SSIM", "best validation"]),
        ("own/detector.svg", &["own.png", "free space"]),
    ] {
        let svg = fs::read_to_string(path.join(file)).unwrap();
        for word in words {
            assert!(svg.contains(word), "{file} lacks \"{word}\"");
        }
        // Not 784 outlines.
        assert!(svg.matches("<rect").count() < 200, "{file}");
    }
}
