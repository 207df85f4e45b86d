//! Design files, good and bad: each bad one begins with a comment that says what its message must contain.

use std::fs;
use std::path::{Path, PathBuf};

use d2nn::Error;
use d2nn::dataset::DatasetName;
use d2nn::design::folder::read_design;
use d2nn::design::{Design, DesignFile, Objective, Optimiser, Preset, Stage, TrainingTable};
use d2nn::detector::{Region, Scheme};
use d2nn::element::Modulation;
use d2nn::fabrication::Relief;
use d2nn::object::{Encoding, Illumination, Resampling};
use d2nn::propagation::{Method, PixelModel};
use d2nn::training::{Augmentation, ClassError, ClassLoss, Hinge, ImageError, PlaneHinge};

fn fixtures(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/design").join(folder);
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn good(name: &str) -> Design {
    let path = Path::new("tests/fixtures/design/good").join(name).with_extension("toml");
    read_design(&Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap().1
}

#[test]
fn bad_designs_get_their_message() {
    let files = fixtures("bad");
    assert!(files.len() > 70, "{} files", files.len());
    let mut failures = Vec::new();
    for path in &files {
        let text = fs::read_to_string(path).unwrap();
        let expected = text.lines().next().and_then(|line| line.strip_prefix("# error: "));
        let expected = expected.unwrap_or_else(|| panic!("{} does not begin with # error:", path.display()));
        match read_design(path) {
            Ok(_) => failures.push(format!("{} is accepted", path.display())),
            Err(error) => {
                let message = error.to_string();
                // The file, the expected words, and the exit code of a wrong design.
                if !message.contains(expected)
                    || !message.starts_with(&path.display().to_string())
                    || !matches!(error, Error::Design { .. })
                    || error.exit_code() != 2
                {
                    failures.push(format!("{}\n  expected: {expected}\n  got: {message}", path.display()));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn good_designs_are_read_and_written_back() {
    let files = fixtures("good");
    assert!(files.len() >= 5);
    for path in files {
        let (typed, design) = read_design(&path).unwrap_or_else(|error| panic!("{error}"));
        // What a device folder holds is the written text: it must mean the same.
        let again = DesignFile::parse("written", &typed.to_text().unwrap()).unwrap();
        assert_eq!(again, typed, "{}", path.display());
        assert_eq!(Design::resolve("written", &again).unwrap(), design, "{}", path.display());
        // So must what a training writes down of it.
        let mut settled = typed.clone();
        design.settle(&mut settled);
        assert_eq!(Design::resolve("settled", &settled).unwrap(), design, "{}", path.display());
    }
}

#[test]
fn presets_mean_what_their_complete_files_say() {
    // Every key written out: a default that changes shows here, as it changes the devices of the literature.
    let files = fixtures("presets");
    assert_eq!(files.len(), Preset::ALL.len());
    for preset in Preset::ALL {
        let path = files.iter().find(|path| path.file_stem().unwrap() == preset.name()).unwrap();
        let (typed, design) = read_design(path).unwrap();
        let mut found = preset.design().unwrap();
        // A device without a name is called after its images.
        found.name = Some(found.device_name());
        let (plates, finer) = (found.mask.plate, found.mask.finer);
        found.training.modes.get_or_insert_with(|| TrainingTable::usual_stages(plates, finer));
        assert_eq!(found, typed, "{}", preset.name());
        assert_eq!(
            Design::resolve("preset", &preset.design().unwrap()).unwrap(),
            design,
            "{}",
            preset.name()
        );
    }
}

#[test]
fn networks_share_the_classes() {
    for (networks, layout) in [(5, "2"), (5, "1-1"), (2, "2-3"), (10, "1")] {
        let text = format!("[bench]\nnetworks = {networks}\n[detector]\nlayout = \"{layout}\"\n");
        let bench = Design::resolve("many", &DesignFile::parse("many", &text).unwrap()).unwrap().bench;
        let regions = 10 / networks;
        assert_eq!((bench.all_masks(), bench.detector.regions().len()), (5 * networks, regions), "{text}");
        assert_eq!((bench.readings(), bench.classes()), (10, 10));
    }
}

#[test]
fn the_minimal_design_is_the_default_device() {
    let design = good("minimal");
    assert_eq!(design, Design::resolve("default", &DesignFile::default()).unwrap());
    let bench = &design.bench;
    assert_eq!((bench.wavelength, bench.grid().pixel_pitch()), (0.75e-3, 0.4e-3));
    assert_eq!((bench.grid().shape(), bench.masks()), ((200, 200), 5));
    assert_eq!(bench.gaps, [0.03; 6]);
    assert_eq!((bench.method, bench.pixel_model), (Method::Auto, PixelModel::Square));
    assert_eq!(bench.gap(0).resolved_method(), Method::RayleighSommerfeld);
    assert_eq!(design.simulated, bench.sampled(2, 2.0).unwrap());
    // Most is learned in modes, on blocks of pixels and with one sample a pixel; the last steps are on the bench's grid.
    let stages = design.stages(60_000);
    let row = |stage: &Stage| (stage.settings.binning, stage.bench.oversample, stage.modes.is_some());
    let rows: Vec<_> = stages.iter().map(row).collect();
    assert_eq!(rows, [(2, 1, true), (2, 1, true), (1, 1, true), (1, 1, true), (1, 2, true)]);
    assert_eq!((&stages[2].bench, &stages[4].bench), (bench, &design.simulated));
    // 54,000 images are 14 steps of 4,000; 400 steps end in the 29th epoch.
    assert_eq!((stages[0].settings.epochs, stages[0].settings.batch), (29, 4000));
    assert!(
        stages
            .windows(2)
            .all(|s| s[1].settings.first_epoch == s[0].settings.first_epoch + s[0].settings.epochs)
    );
    assert!(stages.windows(2).all(|s| s[1].settings.learning_rate < s[0].settings.learning_rate));
    assert_eq!((bench.object.origin(), bench.object.extent()), ((44, 44), (112, 112)));
    assert_eq!(bench.detector.regions().len(), 10);
    // 4.8 mm are 12 pixels; nothing of the image's linear convolution may wrap around.
    assert!(bench.detector.regions().iter().all(|region| (region.height, region.width) == (12, 12)));
    assert!(bench.padded.0 >= 399 && bench.padded.1 >= 399);
}

#[test]
fn every_key_arrives() {
    let design = good("everything");
    assert_eq!(design.name, "everything_2.0");
    assert_eq!(design.bench.object.encoding(), Encoding::Phase { range: std::f64::consts::PI });
    // 30 mm are 75 pixels; (200 - 75)/2 - 5 and + 10, halves down.
    assert_eq!((design.bench.object.extent(), design.bench.object.origin()), ((75, 75), (57, 72)));
    assert_eq!(design.bench.object.resampling(), Resampling::Bilinear);
    assert_eq!(design.bench.object.illumination(), Illumination::Gaussian { waist: 12e-3 });
    assert_eq!(design.simulated.grid().shape(), (800, 800));
    assert_eq!((design.simulated.oversample, design.simulated.mask_shape(0)), (4, (200, 200)));
    assert_eq!(design.simulated.object.extent(), (300, 300));
    assert_eq!(design.bench.medium, 1.1);
    let Modulation::Phase { absorption, base, phase_max, .. } = design.bench.modulation else {
        panic!("a phase mask")
    };
    // kappa/(n - m); 2 mm of base; 0.6 mm of relief.
    assert!((absorption - 0.02 / 0.5).abs() < 1e-12);
    assert!((base - (-std::f64::consts::TAU * 0.02 * 2.0 / 0.75).exp()).abs() < 1e-12);
    assert!((phase_max - std::f64::consts::TAU * 0.5 * 0.6 / 0.75).abs() < 1e-12);
    assert!(design.padding() >= 2.5);
    assert_eq!((design.material.name(), design.material.refractive_index()), ("a resin", 1.6));
    assert_eq!(design.data.known, Some(DatasetName::Mnist));
    let settings = design.settings(60_000);
    assert_eq!((settings.epochs, settings.batch, settings.validation), (100_000, 4096, 0));
    assert_eq!(settings.learning_rate, 0.01);
    let [first, fine] = &design.stages(60_000)[..] else { panic!("two stages") };
    assert_eq!((first.bench.oversample, fine.bench.oversample), (2, 4));
    assert_eq!((fine.settings.first_epoch, fine.settings.epochs), (100_000, 3));
    assert_eq!(fine.settings.learning_rate, 0.002);
    assert_eq!(design.objective(), Objective::Classification(ClassLoss::cross_entropy(10.0)));
    assert_eq!(settings.smoothness, 0.5);
    assert_eq!((settings.flips, settings.seed), (false, i64::MAX as u64));
    assert_eq!(design.plate.base_thickness, 2e-3);
    assert_eq!(design.plate.relief, Relief::LayerHeight(16e-6));

    let point = good("point_pixels_angular_spectrum");
    assert_eq!((point.bench.method, point.bench.pixel_model), (Method::AngularSpectrum, PixelModel::Point));
    assert_eq!(point.plate.relief, Relief::Levels(8));

    let rectangle = good("rectangular_pixels");
    assert_eq!(rectangle.bench.grid().shape(), (120, 200));
    let regions = rectangle.bench.detector.regions();
    // Two rows of five, each row and both rows together centred: 9.6 mm are 24 pixels, a region has 12.
    assert_eq!((regions[0].row, regions[0].column), (60 - 12 - 6, 100 - 48 - 6));
    assert_eq!((regions[9].row, regions[9].column), (60 + 12 - 6, 100 + 48 - 6));

    assert_eq!(good("unequal_gaps").bench.gaps, [0.03, 0.045, 0.1]);

    let pairs = good("differential");
    let detector = &pairs.bench.detector;
    assert_eq!(
        (detector.scheme(), detector.classes(), detector.regions().len()),
        (Scheme::Differential, 10, 20)
    );
    // Four rows of five, 24 pixels apart, 10 pixels high and 8 wide.
    assert_eq!(
        detector.regions()[0],
        Region { row: 100 - 36 - 5, column: 100 - 48 - 4, height: 10, width: 8 }
    );
    assert_eq!(pairs.simulated.detector.scheme(), Scheme::Differential);
    let settings = pairs.settings(100);
    assert_eq!(
        pairs.objective(),
        Objective::Classification(ClassLoss {
            scheme: Scheme::Differential,
            label_smoothing: 0.1,
            efficiency: Some(Hinge { weight: 2.0, target: 0.03 }),
            output_efficiency: Some(PlaneHinge { hinge: Hinge { weight: 1.5, target: 0.3 }, regions: 20 }),
            contrast: Some(Hinge { weight: 0.5, target: 0.25 }),
            ..ClassLoss::cross_entropy(5.0)
        })
    );
    assert_eq!((settings.learn_temperature, settings.averaging), (true, 0.99));
    let rotation = 9f64.to_radians() as f32;
    assert_eq!(settings.augmentation, Augmentation { shift: 1.5, rotation, scale: 0.1, noise: 0.02 });

    let bench = good("networks").bench;
    assert_eq!((bench.networks, bench.masks(), bench.all_masks()), (2, 5, 10));
    assert_eq!((bench.detector.classes(), bench.classes(), bench.readings()), (5, 10, 20));

    let perturbed = good("perturbed").settings(100).perturbations;
    assert_eq!((perturbed.tolerance.lateral, perturbed.tolerance.axial), (0.4e-3, 1e-3));
    assert_eq!((perturbed.tolerance.rotation, perturbed.tolerance.wavelength), (0.5f64.to_radians(), 0.01));
    // A turn is 1.0378 mm high.
    assert!((perturbed.phase_noise - std::f64::consts::TAU * 0.01 / 1.0378).abs() < 1e-5);
    assert_eq!((perturbed.levels, perturbed.ramp), (64, 0.25));

    let ring = good("ring");
    let first = Region { row: 100 - 50 - 6, column: 100 - 6, height: 12, width: 12 };
    assert_eq!(ring.bench.detector.regions()[0], first);
    let loss = ring.loss().unwrap();
    assert_eq!(loss.error, ClassError::PeakCrossEntropy { temperature: 10.0 });
    let list = good("list");
    assert_eq!(list.bench.detector.regions()[9].row, 100 + 75 - 6);
    assert_eq!(list.loss().unwrap().error, ClassError::PowerError);

    let image = good("image");
    assert!(image.forms_image() && !rectangle.forms_image());
    assert_eq!(image.objective(), Objective::Imaging(ImageError));
    let regions = image.bench.detector.regions();
    // 10 pixels down and 10 to the left of the middle, like the object; row by row.
    let (top, left) = image.bench.object.origin();
    assert_eq!((regions.len(), top, left), (784, 32, 12));
    assert_eq!(regions[29], Region { row: 34, column: 14, height: 2, width: 2 });
}

#[test]
fn a_stage_without_epochs_or_on_the_same_grid_is_left_out() {
    let stages = |text: &str| {
        let design = Design::resolve("d", &DesignFile::parse("d", text).unwrap()).unwrap();
        let row = |stage: &Stage| (stage.bench.oversample, stage.settings.first_epoch, stage.settings.epochs);
        design.stages(100).iter().map(row).collect::<Vec<_>>()
    };
    assert_eq!(stages("[training]\nepochs = 4\nfine_epochs = 2"), [(1, 0, 4), (2, 4, 2)]);
    assert_eq!(stages("[training]\nepochs = 4\nfine_epochs = 0"), [(1, 0, 4)]);
    assert_eq!(stages("[training]\nepochs = 0\nfine_epochs = 2"), [(2, 0, 2)]);
    assert_eq!(stages("[training]\nepochs = 4\noversample = 2"), [(2, 0, 4)]);
    assert_eq!(stages("[bench]\noversample = 1\n[training]\nepochs = 4"), [(1, 0, 4)]);
    assert_eq!(stages("[training]\nepochs = 0\nfine_epochs = 0"), []);
    // Stages that are left out are those that suit the plates: thick ones are learned with thin ones on blocks first.
    let rows = |text: &str| {
        let design = Design::resolve("d", &DesignFile::parse("d", text).unwrap()).unwrap();
        let row = |stage: &Stage| (stage.settings.binning, stage.bench.plate.is_some());
        design.stages(100).iter().map(row).collect::<Vec<_>>()
    };
    assert_eq!(rows(""), [(2, false), (2, false), (1, false), (1, false), (1, false)]);
    assert_eq!(rows("[mask]\nplate = \"sliced\""), [(2, false), (1, true), (1, true)]);
    // Mini-batches are twelve epochs and one unless said otherwise, and may follow the modes.
    let mini_batches = "[training]\noptimiser = \"mini-batches\"\n";
    assert_eq!(stages(mini_batches), [(1, 0, 12), (2, 12, 1)]);
    assert_eq!(stages(&format!("{mini_batches}fine_epochs = 0")), [(1, 0, 12)]);
    let modes =
        "[[training.modes]]\nmodes = 3\ngrid = \"coarse\"\nbatch = 30\nsteps = 7\nlearning_rate = 0.1\n";
    assert_eq!(stages(&format!("[training]\n{modes}")), [(1, 0, 3)]);
    assert_eq!(
        stages(&format!("[training]\noptimiser = \"modes\"\nepochs = 2\nfine_epochs = 1\n{modes}")),
        [(1, 0, 3), (1, 3, 2), (2, 5, 1)]
    );
    let fine = modes.replace("coarse", "fine");
    assert_eq!(stages(&format!("[training]\n{fine}")), [(2, 0, 3)]);
    assert_eq!(stages(&format!("[bench]\noversample = 1\n[training]\n{fine}")), []);
}

#[test]
fn blocks_of_pixels_are_a_coarser_device_or_none() {
    let design = |text: &str| Design::resolve("d", &DesignFile::parse("d", text).unwrap()).unwrap();
    let coarse = "[bench]\npixel_pitch = \"0.8 mm\"\npixels = 100\noversample = 1\n[object]\nupsampling = 2";
    assert_eq!(good("minimal").bench.binned(2, 2.0), Some(design(coarse).bench));
    // Three pixels a value, an odd plane, regions that begin inside a block.
    for text in ["[object]\nupsampling = 3", "[bench]\npixels = 199", "[detector]\ncolumn_pitch = \"10 mm\""]
    {
        let design = design(text);
        assert_eq!(design.bench.binned(2, 2.0), None, "{text}");
        let binnings: Vec<usize> = design.stages(100).iter().map(|stage| stage.settings.binning).collect();
        assert_eq!(binnings, [1; 5], "{text}");
    }
    assert_eq!(good("minimal").simulated.binned(2, 2.0), None);
}

#[test]
fn what_is_settled_is_the_design_that_was_meant() {
    // The default would be four samples a value.
    let text = "[object]\nresampling = \"bilinear\"\nupsampling = 2\n";
    let mut typed = DesignFile::parse("d", text).unwrap();
    let design = Design::resolve("d", &typed).unwrap();
    design.settle(&mut typed);
    assert_eq!(typed.object.upsampling, Some(2));
    assert_eq!(Design::resolve("d", &typed).unwrap(), design);
}

#[test]
fn an_offset_goes_to_the_nearest_pixel_and_half_of_one_down() {
    let centred = good("minimal").bench.object.origin();
    for (offset, pixels) in [
        ("0.1", 0),
        ("-0.1", 0),
        ("0.2", 0),
        ("0.35", 1),
        ("-0.2", -1),
        ("-0.35", -1),
        ("0.4", 1),
        ("-0.8", -2),
    ] {
        let text = format!("[object]\noffset = [\"{offset} mm\", \"0 mm\"]\n");
        let design = Design::resolve("d", &DesignFile::parse("d", &text).unwrap()).unwrap();
        let moved = (centred.0.checked_add_signed(pixels).unwrap(), centred.1);
        assert_eq!(design.bench.object.origin(), moved, "{offset} mm of pixels of 0.4 mm");
    }
}

#[test]
fn plates_that_take_too_many_samples_are_not_simulated() {
    // Pixels of nearly ten wavelengths of green light: 17 samples each inside plastic, on 400 pixels.
    let text = "[bench]\nwavelength = \"532 nm\"\npixel_pitch = \"5 um\"\npixels = 400\ngaps = \"30 mm\"\noversample = 1\n\
                [detector]\nregion_size = \"60 um\"\nrow_pitch = \"120 um\"\ncolumn_pitch = \"120 um\"\n[mask]\nplate = \"thin\"\n";
    let design = Design::resolve("d", &DesignFile::parse("d", text).unwrap()).unwrap();
    let message =
        design.with_plates(design.thickness().unwrap(), design.bench.modulation).unwrap_err().to_string();
    assert!(message.contains("samples a pixel: more than 4096 a side"), "{message}");
}

#[test]
fn a_training_begins_in_modes_unless_something_speaks_against_them() {
    let optimiser = |text: &str| {
        let mut typed = DesignFile::parse("d", text).unwrap();
        let design = Design::resolve("d", &typed).unwrap();
        design.settle(&mut typed);
        // What is written down means the same and leaves nothing open.
        assert_eq!(Design::resolve("d", &typed).unwrap(), design);
        assert!(typed.training.epochs.is_some() && typed.training.fine_epochs.is_some());
        typed.training.optimiser.unwrap()
    };
    assert_eq!(optimiser(""), Optimiser::Modes);
    assert_eq!(optimiser("[object]\nencoding = \"phase\""), Optimiser::Modes);
    for text in [
        "[training]\nepochs = 12",
        "[training]\noptimiser = \"mini-batches\"",
        "[object]\nencoding = \"phase\"\nresampling = \"bilinear\"",
        "[detector]\nlayout = \"image\"\n[training]\nloss = \"image-mse\"",
    ] {
        assert_eq!(optimiser(text), Optimiser::MiniBatches, "{text}");
    }
}

#[test]
fn the_validation_share_becomes_a_number_of_images() {
    let design = good("minimal");
    assert_eq!(design.settings(60_000).validation, 6000);
    assert_eq!(design.settings(4).validation, 0);
}

#[test]
fn a_printer_gives_its_layers() {
    let design = good("own_printer");
    let printer = design.printer.as_ref().unwrap();
    assert_eq!(
        (printer.name.as_str(), printer.tray, printer.relief_max),
        ("bench-top", [0.12, 0.08, 0.15], Some(2e-3))
    );
    assert_eq!(design.plate.relief, Relief::LayerHeight(25e-6));
    assert_eq!(design.stock.density, Some(1.1));
    assert_eq!(design.stock.price.as_ref().unwrap().to_string(), "120 EUR/l");

    let with = |fabrication: &str| {
        let text = format!("[fabrication]\n{fabrication}\n");
        Design::resolve("typed", &DesignFile::parse("typed", &text).unwrap()).unwrap()
    };
    // Steps that the design names stay, where they are whole layers or at least as high.
    assert_eq!(with("printer = \"polyjet-16um\"").plate.relief, Relief::LayerHeight(16e-6));
    let double = with("printer = \"polyjet-16um\"\nlayer_height = \"32 um\"");
    assert_eq!(double.plate.relief, Relief::LayerHeight(32e-6));
    assert_eq!(with("printer = \"polyjet-16um\"\nlevels = 8").plate.relief, Relief::Levels(8));
    let none = with("printer = \"none\"");
    assert_eq!((none.plate.relief, none.printer), (Relief::Continuous, None));
    // The visible device needs the finest.
    let mut typed = Preset::VisiblePrinted.design().unwrap();
    typed.fabrication.printer = Some("two-photon".into());
    let visible = Design::resolve("typed", &typed).unwrap();
    assert_eq!(visible.plate.relief, Relief::LayerHeight(10e-9));
    typed.fabrication.printer = Some("sla-50um".into());
    let refused = Design::resolve("typed", &typed).unwrap_err();
    assert!(
        refused.to_string().contains("pixels of 285 nm are below its smallest feature of 50 um"),
        "{refused}"
    );
}

#[test]
fn stages_on_coarse_grids_have_thin_plates_unless_told() {
    let resolved = |more: &str| {
        let text = format!("format = 1\n[mask]\nplate = \"sliced\"\n{more}");
        Design::resolve("sliced", &DesignFile::parse("sliced", &text).unwrap())
    };
    let models = |design: &Design| -> Vec<Option<usize>> {
        design.stages(60_000).iter().map(|stage| stage.bench.plate.map(|plate| plate.slices)).collect()
    };
    assert_eq!(models(&resolved("").unwrap()), [None, Some(4), Some(4)]);
    let stage = |grid: &str, plate: &str| {
        format!(
            "[[training.modes]]\nmodes = 8\ngrid = \"{grid}\"\nplate = \"{plate}\"\nbatch = 100\nsteps = 1\nlearning_rate = 0.1\n"
        )
    };
    let told = [("binned", "thin"), ("coarse", "equivalent"), ("fine", "sliced"), ("fine", "thin")];
    let told: String = told.iter().map(|(grid, plate)| stage(grid, plate)).collect();
    let design = resolved(&told).unwrap();
    assert_eq!(models(&design), [None, Some(1), Some(4), None]);
    // A plate has no room in a gap of a millimetre: told before anything is trained, though the device itself is thin.
    let short = "format = 1\n[bench]\nallow_aliasing = true\ngaps = \"1.5 mm\"\n".to_owned()
        + &stage("fine", "sliced");
    let message =
        Design::resolve("short", &DesignFile::parse("short", &short).unwrap()).unwrap_err().to_string();
    assert!(
        message.contains("training.modes: gap 0 of 1.5 mm") || message.contains("its plates take"),
        "{message}"
    );
}

#[test]
fn steepness_means_the_same_for_all_pitches() {
    let weight = |pitch: &str| {
        let text = format!(
            "format = 1\n[bench]\npixel_pitch = \"{pitch}\"\nallow_aliasing = true\n[training]\nsteepness = 2.0\n[detector]\n\
             region_size = \"4.8 mm\"\n"
        );
        let design = Design::resolve("steep", &DesignFile::parse("steep", &text).unwrap()).unwrap();
        design.settings(1000).steepness
    };
    // A radian is 1.0378 mm / 2 pi high: slopes of 0.4129 and 0.2064 a radian.
    let height = 0.75 / 0.7227 / std::f64::consts::TAU;
    for (pitch, millimetres) in [("0.4 mm", 0.4), ("0.8 mm", 0.8)] {
        let expected = 2.0 * (height / millimetres).powi(2);
        // Products of a few rounded numbers.
        assert!((weight(pitch) / expected - 1.0).abs() < 1e-9, "{pitch}");
    }
    let amplitudes = "format = 1\n[mask]\nmodulation = \"amplitude\"\n[training]\nsteepness = 1.0\n";
    let refused = Design::resolve("flat", &DesignFile::parse("flat", amplitudes).unwrap()).unwrap_err();
    assert!(refused.to_string().contains("training.steepness is of reliefs"), "{refused}");
}
