//! The devices in layers/ do what their provenance says, every time the tests run; `D2NN_IMAGES=1000` takes all stored images.

use std::fs;
use std::path::{Path, PathBuf};

use d2nn::bench::Bench;
use d2nn::dataset::{DatasetName, ImageSet, Images, Source, Split, load_split};
use d2nn::design::Device;
use d2nn::detector::brightest;
use d2nn::engine::{Classifier, CpuEngine, Engine, ModesEngine};
use d2nn::evaluation::{Disturbance, Readout, Study, evaluate, tolerance};
use d2nn::reference::Instrument;
use d2nn::training::loss_of;
use sha2::{Digest, Sha256};

fn devices() -> Vec<PathBuf> {
    let layers = Path::new(env!("CARGO_MANIFEST_DIR")).join("layers");
    let folders: Vec<PathBuf> = fs::read_dir(layers)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    assert!(!folders.is_empty(), "layers/ has a device");
    folders
}

/// Images each device is judged by, where `D2NN_IMAGES` says no other number: they are carried one by one, in 40 ms each.
const IMAGES: usize = 250;

/// The stored test images of `data`: 1,000 of Fashion-MNIST in the program, 500 of MNIST and 520 letters beside this test.
fn stored_images(data: &ImageSet) -> Images {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let source = match data.known {
        Some(DatasetName::FashionMnist) => Source::BuiltinSample,
        Some(_) => Source::Folder(fixtures.join("mnist")),
        None => Source::Folder(fixtures.join("letters")),
    };
    load_split(data, &source, Split::Test).unwrap()
}

/// [`IMAGES`] of `images`, evenly from all of them.
fn some(images: &Images) -> Vec<usize> {
    let wanted = std::env::var("D2NN_IMAGES").map_or(IMAGES, |number| number.parse().unwrap());
    let count = wanted.min(images.len());
    (0..count).map(|index| index * images.len() / count).collect()
}

#[test]
fn masks_are_those_of_the_provenance() {
    for folder in devices() {
        let device = Device::open(&folder).unwrap();
        let provenance = device.provenance.expect("a shipped device says how it came to be");
        assert!(!provenance.data.builtin_sample, "{}: trained on the sample only", folder.display());
        assert_eq!(provenance.masks.len(), device.masks.len());
        for (index, sum) in provenance.masks.iter().enumerate() {
            let bytes = fs::read(folder.join(format!("mask-{}.npy", index + 1))).unwrap();
            let found: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(&found, sum, "{}: mask {}", folder.display(), index + 1);
        }
    }
}

#[test]
fn accuracy_is_that_of_the_provenance() {
    for folder in devices() {
        let device = Device::open(&folder).unwrap();
        let claim = device.provenance.as_ref().unwrap().metrics.clone();
        let images = stored_images(&device.design.data);
        let mut engine = CpuEngine::new(device.design.simulated.clone(), 0).unwrap();
        engine.set_masks(&device.masks).unwrap();
        let Some(loss) = device.design.loss() else { continue }; // It names no classes.
        let indices = some(&images);
        let judged =
            evaluate(&engine, &images, &indices, &loss_of(&loss, engine.bench()), &mut |_| Ok(true)).unwrap();
        // n of the N test images, 10,000 mostly: the share of right answers of such a choice spreads by
        // sqrt(p (1 - p)/n (1 - n/N)), two points at 88 % and 250; three times that.
        let all = device.provenance.as_ref().unwrap().data.test_images as f64;
        let (p, n) = (claim.test_accuracy.unwrap(), indices.len() as f64);
        let spread = (p * (1.0 - p) / n * (1.0 - n / all)).sqrt();
        let name = folder.display();
        assert!((judged.accuracy() - p).abs() < 3.0 * spread, "{name}: {} for {p}", judged.accuracy());
        // Means of ratios that spread by about half their size: 3.2 % over 250 images; three times that.
        let share = 3.0 * 0.5 / n.sqrt();
        for (found, claimed) in [
            (judged.detector_share, claim.detector_share),
            (judged.power_efficiency_input, claim.power_efficiency_input),
            (judged.power_efficiency_output, claim.power_efficiency_output.unwrap()),
        ] {
            assert!((found / claimed - 1.0).abs() < share, "{name}: {found} for {claimed}");
        }
    }
}

#[test]
fn the_printable_device_forgives_planes_that_stand_aside() {
    let device =
        Device::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("layers/fashion-400ghz-printable")).unwrap();
    let images = stored_images(&device.design.data);
    let indices = some(&images);
    let study = Study {
        values: &device.masks,
        turn: device.design.material.height(std::f64::consts::TAU, device.design.bench.wavelength),
        images: &images,
        indices: &indices,
        draws: 2,
        seed: 1,
        readout: Readout::default(),
    };
    // Slices would take ten times as long to say the same of planes that stand aside.
    let sheets = Bench { plate: None, ..device.design.simulated.clone() };
    let engine = CpuEngine::new(sheets, 0).unwrap();
    let aside = [Disturbance::Lateral(0.2e-3)];
    let (undisturbed, outcomes) = tolerance(&engine, &study, &aside, &mut |_| Ok(true)).unwrap().unwrap();
    // It is to lose two points at most, and loses 0.3 in the mean of 2,000 images. Of 250 images twice about 3 % change sides: a
    // standard error of 0.8 points.
    let lost = undisturbed.accuracy - outcomes[0].accuracy();
    assert!(lost < 0.02, "{lost}");
}

#[test]
fn the_engine_agrees_with_the_reference_at_full_size() {
    for folder in devices() {
        let device = Device::open(&folder).unwrap();
        let bench = &device.design.simulated;
        let images = stored_images(&device.design.data);
        let batch = images.batch(&[0, 1, 2]);
        let mut engine = CpuEngine::new(bench.clone(), 0).unwrap();
        engine.set_masks(&device.masks).unwrap();
        let read = engine.readings(batch.view()).unwrap();
        let phases: Vec<_> = device.masks.iter().map(|phase| phase.mapv(f64::from)).collect();
        let reference = Instrument::<f64>::new(bench, &phases).unwrap();
        for (sample, image) in batch.outer_iter().enumerate() {
            let exact = reference.readings(image).unwrap();
            let brightest = exact.iter().copied().fold(0.0, f64::max);
            for (found, want) in read.regions.row(sample).iter().zip(&exact) {
                // Single precision through six gaps; tests/it/engine.rs has the count.
                assert!((found - want).abs() < 2e-5 * brightest, "{}: {found} {want}", folder.display());
            }
        }
    }
}

#[test]
fn a_compiled_classifier_answers_the_same() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("layers/fashion-400ghz");
    let device = Device::open(&folder).unwrap();
    // On a grid of one sample a pixel: the same readings, a fourth of the time.
    let bench = &device.design.bench;
    let mut engine = ModesEngine::new(CpuEngine::new(bench.clone(), 2).unwrap());
    engine.set_masks(&device.masks).unwrap();
    let compiled = Classifier::compile(&engine, &mut |_| Ok(())).unwrap();
    let (_, regions, rank) = compiled.factors().dim();
    assert!(regions == 10 && rank <= 288, "a region has 144 complex samples, the factor {rank} numbers");
    let images = stored_images(&device.design.data);
    let batch = images.batch(&(0..200).collect::<Vec<_>>());
    let mut simulated = CpuEngine::new(bench.clone(), 2).unwrap();
    simulated.set_masks(&device.masks).unwrap();
    let expected = simulated.readings(batch.view()).unwrap().regions;
    for (sample, image) in batch.outer_iter().enumerate() {
        let read = compiled.readings(image).unwrap();
        let want = expected.row(sample).to_vec();
        let largest = want.iter().copied().fold(0.0, f64::max);
        for (got, want) in read.iter().zip(&want) {
            // Roundings of a pass, as on small benches (tests/it/classifier.rs); smooth images lose less in what the factors leave out.
            assert!((got - want).abs() < 2e-5 * largest, "{sample}: {got} {want}");
        }
        assert_eq!(brightest(&read), brightest(&want), "image {sample}");
    }
}
