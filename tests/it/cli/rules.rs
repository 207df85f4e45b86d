//! Each rule of a design is of the work it protects, and a key that does nothing is told.

use std::fs;
use std::path::Path;

use d2nn::design::{Design, DesignFile, Preset, Work};
use d2nn::npy::array_bytes;
use ndarray::Array2;

use crate::support::device::write_tiny_data;
use crate::support::pictures::grey;
use crate::support::program::{Answer, d2nn};

/// Not to be trained: with one sample a pixel the wide side is aliased for one method and the short one for the other.
const RECTANGULAR: &str = r#"
name = "rect"
[bench]
pixels = [64, 96]
masks = 1
gaps = "12 mm"
[object]
upsampling = 2
[detector]
region_size = "2 mm"
row_pitch = "4 mm"
column_pitch = "4 mm"
"#;

/// [`RECTANGULAR`] with more keys, and flat masks for it, in `device`.
fn device(folder: &Path, more: &str) {
    let device = folder.join("device");
    fs::create_dir_all(&device).unwrap();
    fs::write(device.join("design.toml"), format!("{RECTANGULAR}{more}")).unwrap();
    fs::write(device.join("mask-1.npy"), array_bytes(&Array2::<f32>::zeros((64, 96)))).unwrap();
    write_tiny_data(&folder.join("data"));
    fs::write(folder.join("boot.png"), grey((28, 28), |x, y| ((x * y) % 256) as u8)).unwrap();
}

fn run(folder: &Path, arguments: &[&str]) -> Answer {
    d2nn(folder, arguments)
}

#[test]
fn a_device_is_not_refused_for_a_rule_of_training() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    // The grid of mini-batches; what does not go with a large batch; errors too large for this bench.
    for (more, word) in [
        ("", "training.oversample = 1"),
        ("[training]\noversample = 4\n", "training.oversample = 4"),
        ("[training]\noversample = 2\nloss = \"plane-mse\"\noptimiser = \"modes\"\n", "training.optimiser"),
        (
            "[training]\noversample = 2\nloss = \"power-error\"\nlabel_smoothing = 0.1\n",
            "training.label_smoothing",
        ),
        ("[training]\noversample = 2\nperturbations = { shift_z = \"7 mm\" }\n", "perturbations.shift_z"),
    ] {
        device(path, more);
        for verb in [
            &["evaluate", "device", "--data", "data", "--limit", "2"][..],
            &["export-stl", "device", "--no-check", "--out", "plates"],
            &["export", "device", "--format", "npy", "--out", "heights"],
            &["classify", "device", "boot.png"],
        ] {
            let answer = run(path, verb);
            answer.done();
            assert!(!answer.stderr.contains("aliased"), "{}", answer.stderr);
        }
        let sheet = run(path, &["inspect", "device"]);
        assert!(sheet.done().contains("it cannot be trained: training."), "{}", sheet.stdout);
        // Who would train it is told, before anything is made.
        run(path, &["train", "device/design.toml", "--data", "data", "--out", "new"]).fails(2, &[word]);
        assert!(!path.join("new").exists());
    }
    device(path, "");
    let advice = run(path, &["train", "device/design.toml", "--data", "data", "--out", "new"]);
    advice.fails(2, &["is aliased", "raise training.oversample", "--allow-aliasing"]);
}

#[test]
fn a_device_is_not_refused_for_a_rule_of_printing_but_where_it_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    // Pixels of 0.4 mm fit; a plate of 38 mm does not fit the 1 mm of this tray, and a frame that is not there has no height.
    let tray = "[printer]\nname = \"tiny\"\nlayer_height = \"16 um\"\nminimum_feature = \"0.1 mm\"\ntray = [\"1 mm\", \"1 mm\", \"1 mm\"]\n";
    for (more, word) in [(tray, "tiny"), ("[fabrication]\nframe_height = \"3 mm\"\n", "frame_width")] {
        device(path, more);
        run(path, &["evaluate", "device", "--data", "data", "--limit", "2"]).done();
        run(path, &["classify", "device", "boot.png"]).done();
        for verb in [
            &["export-stl", "device", "--no-check", "--out", "p"][..],
            &["export", "device", "--format", "npy", "--out", "p"],
        ] {
            run(path, verb).fails(2, &["device/design.toml", word]);
        }
        let sheet = run(path, &["inspect", "device"]);
        assert!(sheet.done().contains("no plates can be made of it: fabrication."), "{}", sheet.stdout);
    }
}

#[test]
fn its_own_grid_is_checked_for_every_verb() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    device(path, "");
    let text = RECTANGULAR.to_string().replace("masks = 1", "masks = 1\noversample = 1");
    fs::write(path.join("device/design.toml"), text).unwrap();
    let key = "bench.allow_aliasing = true";
    let evaluate = run(path, &["evaluate", "device", "--data", "data"]);
    evaluate.fails(2, &["is aliased", key, "--allow-aliasing sets bench.allow_aliasing"]);
    // A verb without the flag does not advise it.
    let classify = run(path, &["classify", "device", "boot.png"]);
    classify.fails(2, &["is aliased", key]);
    assert!(!classify.stderr.contains("--allow-aliasing"), "{}", classify.stderr);
}

fn idle(text: &str) -> Vec<String> {
    let typed = DesignFile::parse("d", text).unwrap();
    Design::resolve("d", &typed).unwrap().idle_keys
}

#[test]
fn keys_that_do_nothing_are_told() {
    for (text, key, without) in [
        ("[object]\ntilt = [\"20 deg\", \"0 deg\"]", "object.tilt = [", "object.illumination = \"tilted\""),
        ("[object]\nwaist = \"5 mm\"", "object.waist = \"5 mm\"", "\"gaussian\""),
        ("[object]\nphase_range = \"1 pi\"", "object.phase_range", "object.encoding = \"phase\""),
        ("[object]\nencoding = \"binary\"\ngamma = 0.5", "object.gamma = 0.5", "\"amplitude\" or \"phase\""),
        ("[object]\nthreshold = 0.25", "object.threshold = 0.25", "object.encoding = \"binary\""),
        ("[object]\nsize = \"44.8 mm\"\nupsampling = 2", "object.upsampling = 2", "object.size"),
        ("[mask]\nheight_max = \"0.5 mm\"\nphase_max = \"1 pi\"", "mask.phase_max", "mask.height_max"),
        ("[detector]\nring_radius = \"20 mm\"", "detector.ring_radius", "\"ring\""),
        ("[detector]\nlayout = \"ring\"\nrow_pitch = \"9 mm\"", "detector.row_pitch", "layout in rows"),
        ("[training]\nbatch = 32", "training.batch = 32", "mini-batches"),
        ("[training]\nlearning_rate = 0.1", "training.learning_rate", "training.epochs"),
        ("[training]\nefficiency_target = 0.5", "training.efficiency_target", "efficiency_weight"),
        ("[training]\ncontrast_target = 0.5", "training.contrast_target", "contrast_weight"),
        (
            "[training]\noutput_efficiency_target = 0.5",
            "training.output_efficiency_target",
            "output_efficiency_weight",
        ),
        ("[training]\nperturbations = { ramp = 0.5 }", "training.perturbations.ramp", "another error"),
        ("[training]\nloss = \"power-error\"\ntemperature = 3.0", "training.temperature", "cross-entropy"),
        (
            "[bench]\noversample = 1\n[training]\nfine_epochs = 3\nepochs = 1",
            "training.fine_epochs = 3",
            "bench.oversample above",
        ),
        (
            "[training]\nepochs = 1\n[[training.modes]]\nmodes = 9\ngrid = \"coarse\"\nbatch = 9\nsteps = 9\nlearning_rate = 0.1",
            "[[training.modes]]",
            "training.optimiser = \"modes\"",
        ),
        (
            "[mask]\nmodulation = \"complex\"\n[fabrication]\nlevels = 8",
            "fabrication.levels = 8",
            "mask.modulation",
        ),
        (
            "[material]\ndensity = 1.2\n[mask]\nmodulation = \"amplitude\"",
            "material.density",
            "mask.modulation",
        ),
        (
            "[fabrication]\nframe_width = \"6 mm\"\nengraving = false\nengraving_depth = \"0.2 mm\"",
            "fabrication.engraving_depth",
            "engraving = true",
        ),
    ] {
        let told = idle(text);
        assert!(told.len() == 1 && told[0].starts_with(key) && told[0].contains(without), "{text}: {told:?}");
    }
    for text in [
        "",
        // In use, or the default in other words.
        "[object]\nillumination = \"tilted\"\ntilt = [\"1 deg\", \"0 deg\"]",
        "[object]\nphase_range = \"360 deg\"\nwaist = \"2 cm\"\ntilt = [\"0 rad\", \"0 pi\"]",
        "[training]\nepochs = 2\nbatch = 32\nlearning_rate = 0.1\nfine_learning_rate = 0.01",
        "[detector]\nlayout = \"ring\"\nring_radius = \"20 mm\"",
    ] {
        assert_eq!(idle(text), [""; 0], "{text}");
    }
}

#[test]
fn shipped_devices_and_presets_have_none() {
    let layers = Path::new(env!("CARGO_MANIFEST_DIR")).join("layers");
    let mut devices = 0;
    for entry in fs::read_dir(layers).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_dir()) {
        let (_, design) = d2nn::design::folder::read_design(&entry.path().join("design.toml")).unwrap();
        assert_eq!(design.idle_keys, [""; 0], "{}", entry.path().display());
        devices += 1;
    }
    assert!(devices > 3);
    for preset in Preset::ALL {
        let mut typed = preset.design().unwrap();
        let design = Design::resolve(preset.name(), &typed).unwrap();
        assert_eq!(design.idle_keys, [""; 0], "{}", preset.name());
        // Nor has what a training writes into the folder.
        design.settle(&mut typed);
        assert_eq!(Design::resolve_for(Work::Simulation, "d", &typed).unwrap().idle_keys, [""; 0]);
    }
}

#[test]
fn the_program_tells_keys_that_do_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let more = "[training]\noversample = 2\n";
    device(path, more);
    let text = format!("{RECTANGULAR}{more}").replace("[object]", "[object]\ntilt = [\"5 deg\", \"0 deg\"]");
    fs::write(path.join("device/design.toml"), text).unwrap();
    let word = "object.tilt = [\"5 deg\", \"0 deg\"] does nothing without object.illumination = \"tilted\"";
    let evaluated = run(path, &["evaluate", "device", "--data", "data", "--limit", "2"]);
    evaluated.done();
    assert!(evaluated.stderr.contains(&format!("warning: {word}")), "{}", evaluated.stderr);
    assert!(run(path, &["inspect", "device/design.toml"]).done().contains(word));
    let json = run(path, &["inspect", "device", "--json"]).json();
    let warnings = json["warnings"].as_array().unwrap();
    assert!(warnings.iter().any(|warning| warning.as_str().unwrap().starts_with(word)), "{json}");
    let trained =
        run(path, &["train", "device/design.toml", "--data", "data", "--epochs", "1", "--out", "new"]);
    assert!(trained.stderr.contains(word), "{}", trained.stderr);
}

#[test]
fn text_is_read_whether_in_use_or_not() {
    for (text, words) in [
        ("[object]\ntilt = [\"nonsense\", \"x\"]", ["object.tilt", "\"nonsense\" is not an angle"]),
        ("[object]\nwaist = \"banana\"", ["object.waist", "\"banana\" is not a length"]),
        ("[object]\nphase_range = \"??\"", ["object.phase_range", "\"??\" is not an angle"]),
        ("[object]\nthreshold = 3.0", ["object.threshold = 3", "from 0 to 1"]),
        ("[mask]\nheight_max = \"0.5 mm\"\nphase_max = \"much\"", ["mask.phase_max", "not an angle"]),
        ("[detector]\nring_radius = \"wide\"", ["detector.ring_radius", "not a length"]),
        ("[detector]\nlayout = \"ring\"\nrow_pitch = \"x\"", ["detector.row_pitch", "not a length"]),
        (
            "[detector]\nlayout = \"image\"\nregion_size = \"x\"\n[training]\nloss = \"image-mse\"",
            ["detector.region_size", "not a length"],
        ),
    ] {
        for work in [Work::Training, Work::Simulation, Work::Making] {
            let read = DesignFile::parse("d", text);
            let error =
                read.and_then(|typed| Design::resolve_for(work, "d", &typed)).unwrap_err().to_string();
            assert!(words.iter().all(|word| error.contains(word)), "{text}: {error}");
        }
    }
}
