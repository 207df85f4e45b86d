//! `d2nn evaluate --stl` and the end of `d2nn export-stl`: plates read back from their files and simulated.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::program::{Answer, copy, d2nn, names, trained};

fn plate(number: usize) -> String {
    format!("device/stl/small-mask-{number}.mm.stl")
}

fn evaluate(folder: &Path, more: &[&str]) -> Answer {
    d2nn(folder, &[&["evaluate", "--stl", "device/stl", "--data", "data"], more].concat())
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

/// A device with its plates.
fn with_plates(more: &[&str]) -> tempfile::TempDir {
    let own = copy();
    d2nn(own.path(), &[&["export-stl", "device", "--no-check"], more].concat()).done();
    own
}

#[test]
fn the_export_ends_with_its_check() {
    let own = copy();
    let export =
        |more: &[&str]| d2nn(own.path(), &[&["export-stl", "device", "--data", "data"], more].concat());
    let answer = export(&[]);
    let text = answer.done();
    for word in ["as exported, on the first 50 test images of the folder data", "designed", "of 50 images"] {
        assert!(text.contains(word), "\"{word}\" is not in {text}");
    }
    let json = export(&["--json", "--density", "1.2", "--price", "300 EUR/kg"]).json();
    let (plates, exported) = (&json["plates"], &json["as_exported"]);
    assert_eq!((plates.as_array().unwrap().len(), &json["currency"]), (2, &"EUR".into()));
    // 1.2 g/cm3; 0.3 EUR a gram.
    let (volume, mass) = (number(&json["volume"]), number(&json["mass"]));
    assert!((mass / (volume * 1.2e6) - 1.0).abs() < 1e-12);
    assert!((number(&json["price"]) / (mass * 0.3) - 1.0).abs() < 1e-12);
    for plate in exported["plates"].as_array().unwrap() {
        assert_eq!((&plate["as_designed"], &plate["other_pixels"]), (&true.into(), &0.into()));
    }
    let designed = d2nn(own.path(), &["evaluate", "device", "--data", "data", "--json"]).json();
    assert_eq!(exported["designed"]["accuracy"], designed["accuracy"]);
    // Steps of 1 um in a turn of 1038 um: 0.002 rad rms, which moves a loss of about 1 by far less than this.
    let losses = [&exported["designed"]["loss"], &exported["exported"]["loss"]].map(number);
    assert!((losses[0] - losses[1]).abs() < 1e-3, "{losses:?}");

    // With their thickness the same plates are judged once more.
    assert!(
        text.contains(
            "as printed, plates with their thickness in 4 slices and 4 x 4 samples a pixel inside: accuracy"
        ),
        "{text}"
    );
    let printed = &json["as_printed"];
    assert_eq!((&printed["plate"], &printed["designed_plate"]), (&"sliced".into(), &"thin".into()));
    assert_eq!((&printed["images"], &printed["samples_in_plates"]), (&50.into(), &4.into()));
    let sliced = ["evaluate", "device", "--data", "data", "--plate", "sliced", "--json"];
    let sliced = d2nn(own.path(), &sliced).json();
    // The heights of the plates are those of the design but for steps of 1 um, on the same 50 images.
    let losses = [&printed["printed"]["loss"], &sliced["loss"]].map(number);
    assert!((losses[0] - losses[1]).abs() < 5e-3, "{losses:?}");

    // A wrong place for the images is told before anything is written.
    fs::remove_dir_all(own.path().join("device/stl")).unwrap();
    d2nn(own.path(), &["export-stl", "device", "--data", "nowhere"]).fails(1, &["nowhere"]);
    assert!(!own.path().join("device/stl").exists());
    let text = export(&["--no-check"]);
    assert!(!text.done().contains("as exported"));
}

#[test]
fn plates_are_judged_beside_the_design() {
    let own = with_plates(&["--layer-height", "100 um"]);
    // The device is the one that holds the plates.
    let text = evaluate(own.path(), &[]);
    for word in [
        "small on fashion-mnist, test images from the folder data, not the published files, thin plates\nas read back from ",
        "heights in steps of 0.1 mm where the design has 1 um",
        "small-mask-2.mm.stl",
        "0 of 4096  heights as designed",
        "accuracy",
        "points",
        "of 50 images",
    ] {
        assert!(text.done().contains(word), "\"{word}\" is not in {}", text.stdout);
    }
    assert_eq!(text.stderr, "");
    let json = evaluate(own.path(), &["device", "--json"]).json();
    assert!((number(&json["step"]) - 1e-4).abs() < 1e-12);
    assert_eq!(json["plate"], "thin");
    assert_eq!(json["warnings"], Value::Array(Vec::new()));
    // Heights of ten layers a turn are another device, if not by much.
    assert_ne!(json["exported"]["loss"], json["designed"]["loss"]);
    // Absorption by the thickness: a base of 1 mm and 0.5 mm of relief on the average, two plates.
    let lossy = evaluate(own.path(), &["--extinction-coefficient", "0.02", "--json"]).json();
    let share = |json: &Value, which: &str| number(&json[which]["power_efficiency_input"]);
    let kept = share(&lossy, "exported") / share(&json, "exported");
    // exp(-4 pi kappa h/wavelength) with 2 mm of base and up to 2.08 mm of relief altogether.
    assert!((0.25..0.52).contains(&kept), "{kept}");
    let (exported, designed) = (share(&lossy, "exported"), share(&lossy, "designed"));
    assert!((exported / designed - 1.0).abs() < 0.1, "{exported} {designed}");
}

#[test]
fn swapped_and_edited_plates_are_noticed() {
    let own = with_plates(&[]);
    let path = own.path();
    let loss = |json: &Value, which: &str| number(&json[which]["loss"]);
    let good = evaluate(path, &["--json"]).json();

    // Swapped.
    fs::rename(path.join(plate(1)), path.join("first")).unwrap();
    fs::rename(path.join(plate(2)), path.join(plate(1))).unwrap();
    fs::rename(path.join("first"), path.join(plate(2))).unwrap();
    let json = evaluate(path, &["--json"]).json();
    for (index, other) in [(0, 2), (1, 1)] {
        assert_eq!(json["plates"][index]["looks_like"]["mask"], other);
        assert_eq!(json["plates"][index]["looks_like"]["lie"], "straight");
        let warning = json["warnings"][index].as_str().unwrap();
        assert!(
            warning.contains(&format!("looks like mask {other}")) && warning.contains("swapped"),
            "{warning}"
        );
    }
    assert_eq!(loss(&json, "designed"), loss(&good, "designed"));
    assert!(loss(&json, "exported") > loss(&good, "exported") + 0.01, "{json}");
    let text = evaluate(path, &[]);
    assert!(text.done().contains("warning: small-mask-1.mm.stl looks like mask 2"), "{}", text.stdout);
    assert!(number(&json["exported"]["accuracy"]) <= number(&json["designed"]["accuracy"]), "{json}");

    // One pixel of another mask raised by hand in the file: its top, not its walls, as a careless editor does.
    let own = with_plates(&[]);
    let path = own.path();
    let file = path.join(plate(2));
    let mut bytes = fs::read(&file).unwrap();
    let inside = |at: f32, pixel: f32| at > pixel * 0.4 - 0.01 && at < (pixel + 1.0) * 0.4 + 0.01;
    for triangle in bytes[84..].chunks_exact_mut(50) {
        let read = |at: usize| f32::from_le_bytes(triangle[at..at + 4].try_into().unwrap());
        let top = read(8) > 0.9;
        let over = (0..3).all(|c| inside(read(12 + 12 * c), 20.0) && inside(read(16 + 12 * c), 30.0));
        if top && over {
            for corner in 0..3 {
                let at = 20 + 12 * corner;
                let raised = f32::from_le_bytes(triangle[at..at + 4].try_into().unwrap()) + 1.5;
                triangle[at..at + 4].copy_from_slice(&raised.to_le_bytes());
            }
        }
    }
    fs::write(&file, bytes).unwrap();
    let json = evaluate(path, &["--json"]).json();
    let raised = &json["plates"][1];
    assert_eq!((&json["plates"][0]["as_designed"], &raised["as_designed"]), (&true.into(), &false.into()));
    assert_eq!((&raised["other_pixels"], &raised["pixels_beyond"]), (&1.into(), &1.into()));
    assert_eq!(raised["largest_at"], serde_json::json!([30, 20]));
    assert!((number(&raised["largest_difference"]) - 1.5e-3).abs() < 1e-9, "{raised}");
    let warning = json["warnings"][0].as_str().unwrap();
    assert!(warning.contains("1 of 4096 pixels") && warning.contains("[30, 20]"), "{warning}");
}

#[test]
fn wrong_usage() {
    let own = with_plates(&["--out", "elsewhere"]);
    let path = own.path();
    let evaluate = |more: &[&str]| d2nn(path, &[&["evaluate"], more].concat());
    evaluate(&["--stl", "elsewhere"]).fails(2, &["--stl elsewhere", "name the device"]);
    evaluate(&["--stl", "nowhere"]).fails(1, &["nowhere"]);
    evaluate(&["--stl", "device/stl", "device"]).fails(1, &["device/stl"]);
    evaluate(&["--stl", "data", "device"]).fails(1, &["data", "none of mask 1, 2"]);
    evaluate(&["--stl", "elsewhere", "device", "--convergence"]).fails(2, &["--convergence"]);
    evaluate(&["--stl", "elsewhere", "device", "--data", "data", "--limit", "0"]).fails(2, &["--limit 0"]);
    evaluate(&["--stl", "elsewhere", "device", "--data", "data"]).done();
}

#[test]
fn printers_take_or_refuse_a_device() {
    let own = copy();
    let path = own.path();
    let export = |more: &[&str]| d2nn(path, &[&["export-stl", "device", "--no-check"], more].concat());
    let text = export(&["--printer", "polyjet-16um"]);
    for word in [
        "1.008 mm",
        "printer polyjet-16um, layers of 16 um",
        "warning: pixels of 0.4 mm are below the 0.423 mm",
    ] {
        assert!(text.done().contains(word), "\"{word}\" is not in {}", text.stdout);
    }
    assert_eq!(export(&["--printer", "sla-50um", "--json"]).json()["printer"], "sla-50um");
    export(&["--printer", "sla-40um", "--out", "p"]).fails(2, &["sla-40um", "\"sla-50um\"", "none"]);

    // A printer in the design that is too small refuses it; none overrides it.
    let file = path.join("device/design.toml");
    let small = "[printer]\nname = \"small\"\nlayer_height = \"20 um\"\nminimum_feature = \"0.1 mm\"\n\
                 tray = [\"20 mm\", \"30 mm\", \"30 mm\"]\n";
    let design = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{design}\n{small}")).unwrap();
    export(&["--out", "p"])
        .fails(2, &["25.6 mm x 25.6 mm does not fit on its tray of 20 mm x 30 mm", "--printer none"]);
    // Its light is none of the printer's business: the sheet tells what cannot be done.
    let sheet = d2nn(path, &["inspect", "device"]);
    assert!(sheet.done().contains("no plates can be made of it: fabrication.printer"), "{}", sheet.stdout);
    assert!(sheet.stdout.contains("does not fit"), "{}", sheet.stdout);
    assert!(!path.join("p").exists());
    export(&["--out", "p", "--printer", "none"]).done();
    assert_eq!(names(&path.join("p")).len(), 2);
    fs::write(&file, format!("{design}\n{}", small.replace("20 mm", "26 mm"))).unwrap();
    let sheet = d2nn(path, &["inspect", "device"]);
    assert!(sheet.done().contains("small, layers of 20 um"), "{}", sheet.stdout);
    assert_eq!(d2nn(path, &["inspect", "device", "--json"]).json()["printer"], "small");
    export(&["--density=-1"]).fails(2, &["material.density = -1"]);
    export(&["--price", "much"]).fails(2, &["price", "\"much\""]);
    let unweighed = export(&["--out", "q", "--printer", "none", "--price", "300 EUR/kg"]);
    assert!(unweighed.done().contains("no density is known"), "{}", unweighed.stdout);
    assert!(trained().device.exists());
}

#[test]
fn the_base_of_thick_plates_is_the_one_that_was_printed() {
    let own = copy();
    let design = own.path().join("device/design.toml");
    let text = fs::read_to_string(&design).unwrap();
    let absorbing = text.replace("plate = \"thin\"", "plate = \"sliced\"").replace("finer = 1", "finer = 2");
    let absorbing = absorbing.replace("extinction_coefficient = 0.0", "extinction_coefficient = 0.05");
    assert!(absorbing != text && absorbing.contains("0.05"), "{text}");
    fs::write(&design, absorbing).unwrap();
    let light = |base: &str| {
        let out = format!("plates {base}");
        let export = ["export-stl", "device", "--no-check", "--out", &out, "--base", base];
        d2nn(own.path(), &export).done();
        let judged = ["evaluate", "--stl", &out, "device", "--data", "data", "--json"];
        let json = d2nn(own.path(), &judged).json();
        ["designed", "exported"].map(|which| number(&json[which]["power_efficiency_input"]))
    };
    let [designed, as_designed] = light("1 mm");
    assert!((as_designed / designed - 1.0).abs() < 0.05, "{as_designed} {designed}: layers, and that is all");
    // Two bases that are half a millimetre thicker: exp(-4 pi kappa 1 mm/0.75 mm), and layers.
    let [_, thicker] = light("1.5 mm");
    let expected = (-4.0 * std::f64::consts::PI * 0.05 * 1.0 / 0.75).exp();
    assert!((thicker / as_designed / expected - 1.0).abs() < 0.05, "{thicker} {as_designed} {expected}");
}
