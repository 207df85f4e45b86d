//! Several wavelengths, and sources that are no points: beams are carried by themselves, and their intensities add.

use d2nn::bench::Bench;
use d2nn::detector::{Detector, Layout, Scheme};
use d2nn::engine::{Classifier, CpuEngine, Engine, ModesEngine};
use d2nn::object::{Encoding, ObjectPlane};
use d2nn::reference::Instrument;
use d2nn::source::{Extended, LightSource, LineReadout};
use ndarray::Array2;

use crate::support::{random_images, random_masks, random_values, side_by_side, small_bench};

/// Two wavelengths of unlike strength, the second off the design.
fn colours(readout: LineReadout) -> LightSource {
    LightSource::of_lines(&[(1.0, 3.0), (1.15, 1.0)], readout)
}

/// A source of three points, two degrees wide.
fn disc() -> LightSource {
    LightSource { extended: Some(Extended { half_angle: 0.035, points: 3 }), ..LightSource::default() }
}

/// The small bench with every reading at a place of two, for two wavelengths.
fn multiplexed() -> Bench {
    let bench = small_bench();
    let grid = bench.grid();
    let layout = Layout { counts: vec![2, 2], region_size: 1.6e-3, row_pitch: 4e-3, column_pitch: 4e-3 };
    let detector = Detector::new(grid, layout.regions(grid).unwrap()).unwrap().telling_apart(2);
    let detector = detector.read_by(Scheme::Differential).unwrap();
    Bench { detector, source: colours(LineReadout::Multiplexed), ..bench }
}

/// Benches of several beams, each with a word for messages.
fn benches() -> Vec<(&'static str, Bench)> {
    let both = LightSource { extended: disc().extended, ..colours(LineReadout::Sum) };
    vec![
        ("colours", Bench { source: colours(LineReadout::Sum), ..small_bench() }),
        ("disc", Bench { source: disc(), ..small_bench() }),
        ("colours from a disc, side by side", Bench { source: both, ..side_by_side() }),
        ("multiplexed", multiplexed()),
    ]
}

fn engine(bench: &Bench, masks: &[Array2<f32>]) -> CpuEngine {
    let mut engine = CpuEngine::new(bench.clone(), 2).unwrap();
    engine.set_masks(masks).unwrap();
    engine
}

#[test]
fn intensities_of_wavelengths_add() {
    let bench = Bench { source: colours(LineReadout::Sum), ..small_bench() };
    let values = random_values(&bench, 1);
    let image = random_images(&bench, 1).index_axis_move(ndarray::Axis(0), 0);
    let together = Instrument::<f64>::new(&bench, &values).unwrap().readings(image.view()).unwrap();
    // A device in light of 1.15 of the wavelength is what an error of 15 % in it makes of it.
    let plain = small_bench();
    let other = plain
        .misaligned(&d2nn::misalignment::Misalignment { wavelength: 0.15, ..Default::default() })
        .unwrap();
    let of = |bench: &Bench| Instrument::<f64>::new(bench, &values).unwrap().readings(image.view()).unwrap();
    for ((sum, own), off) in together.iter().zip(of(&plain)).zip(of(&other)) {
        // The same sums of a few thousand numbers in double precision.
        assert!((sum - (0.75 * own + 0.25 * off)).abs() < 1e-12 * sum, "{sum} {own} {off}");
    }
}

#[test]
fn multiplexed_readings_are_those_of_one_wavelength_each() {
    let bench = multiplexed();
    let values = random_values(&bench, 2);
    let image = random_images(&bench, 1).index_axis_move(ndarray::Axis(0), 0);
    let instrument = Instrument::<f64>::new(&bench, &values).unwrap();
    let lights = instrument.light(image.view()).unwrap();
    let read = instrument.readings_of(&lights);
    assert_eq!((read.len(), bench.classes()), (8, 4));
    for (place, pair) in read.chunks(2).enumerate() {
        for (line, share) in [0.75, 0.25].into_iter().enumerate() {
            let alone = bench.detector.readings(&lights[line].detector)[2 * place];
            assert!((pair[line] - share * alone).abs() < 1e-15, "{place} {line}");
        }
    }
}

#[test]
fn engine_and_reference_agree() {
    for (name, bench) in benches() {
        let values = random_values(&bench, 3);
        let masks = random_masks(&bench, 3);
        let engine = engine(&bench, &masks);
        let images = random_images(&bench, 2);
        let reference = Instrument::<f64>::new(&bench, &values).unwrap();
        let read = engine.readings(images.view()).unwrap();
        let pass = engine
            .gradients(images.view(), &|_, readings, slopes| {
                slopes
                    .iter_mut()
                    .zip(readings)
                    .enumerate()
                    .for_each(|(n, (slope, _))| *slope = 1.0 + n as f64);
            })
            .unwrap();
        let mut gradients: Vec<Array2<f64>> = values.iter().map(|v| Array2::zeros(v.dim())).collect();
        let mut slopes = vec![0.0; bench.readings()];
        for (sample, image) in images.outer_iter().enumerate() {
            let lights = reference.light(image).unwrap();
            let exact = reference.readings_of(&lights);
            let brightest = exact.iter().copied().fold(0.0, f64::max);
            for (got, want) in read.regions.row(sample).iter().zip(&exact) {
                // Single precision through three gaps, as for one beam (tests/it/engine.rs).
                assert!((got - want).abs() < 2e-5 * brightest, "{name}: {got} {want}");
            }
            let plane: f64 = (0..bench.networks)
                .map(|n| d2nn::reference::intensity(&bench, &lights, n, |light| &light.detector).sum())
                .sum::<f64>()
                * bench.grid().pixel_area();
            assert!((read.plane[sample] / plane - 1.0).abs() < 2e-5, "{name}");
            slopes.iter_mut().enumerate().for_each(|(n, slope)| *slope = 1.0 + n as f64);
            for (sum, found) in gradients.iter_mut().zip(reference.gradients(&lights, &slopes).unwrap()) {
                *sum += &found;
            }
        }
        for (mask, (got, want)) in pass.masks.iter().zip(&gradients).enumerate() {
            let off = (&got.mapv(f64::from) - want).mapv(|d| d * d).sum().sqrt();
            let norm = want.mapv(|d| d * d).sum().sqrt();
            assert!(off <= 1e-4 * norm, "{name} mask {mask}: {}", off / norm);
        }
    }
}

#[test]
fn gradients_are_differences() {
    for (name, bench) in benches() {
        let values = random_values(&bench, 4);
        let image = random_images(&bench, 1).index_axis_move(ndarray::Axis(0), 0);
        let slopes: Vec<f64> = (0..bench.readings()).map(|n| 1e6 * (1.0 + n as f64)).collect();
        let loss = |values: &[Array2<f64>]| -> f64 {
            let read = Instrument::new(&bench, values).unwrap().readings(image.view()).unwrap();
            read.iter().zip(&slopes).map(|(reading, slope)| reading * slope).sum()
        };
        let instrument = Instrument::new(&bench, &values).unwrap();
        let found = instrument.gradients(&instrument.light(image.view()).unwrap(), &slopes).unwrap();
        for (mask, at) in [(0, [13, 12]), (1, [10, 17]), (values.len() - 1, [14, 14])] {
            let step = 1e-5;
            let moved = |by: f64| {
                let mut values = values.clone();
                values[mask][at] += by;
                loss(&values)
            };
            let slope = (moved(step) - moved(-step)) / (2.0 * step);
            // Truncation goes with the square of the step, 1e-10; rounding is 1e-16 of the loss over the step.
            let bound = 1e-7 * slope.abs() + 1e-10 * loss(&values);
            assert!((found[mask][at] - slope).abs() < bound, "{name} {mask}: {} {slope}", found[mask][at]);
        }
    }
}

#[test]
fn modes_and_the_compiled_classifier_read_the_same() {
    for (name, bench) in benches() {
        let masks = random_masks(&bench, 5);
        let images = random_images(&bench, 200);
        let plain = engine(&bench, &masks);
        let own = plain.readings(images.view()).unwrap();
        let slopes = |sample: usize, readings: &[f64], slopes: &mut [f64]| {
            slopes.iter_mut().zip(readings).enumerate().for_each(|(n, (slope, reading))| {
                *slope = (1.0 + n as f64 + (sample % 3) as f64) * reading;
            });
        };
        let passes = plain.gradients(images.view(), &slopes).unwrap();
        let all = Array2::eye(64);
        let modes = ModesEngine::new(plain).with_basis(all).unwrap();
        let brightest = own.regions.iter().copied().fold(0.0, f64::max);
        let batch = modes.gradients(images.view(), &slopes).unwrap();
        modes.prepare(10_000, &mut |_| Ok(())).unwrap();
        let read = modes.readings(images.view()).unwrap();
        for (got, want) in
            read.regions.iter().zip(&own.regions).chain(batch.readings.iter().zip(&own.regions))
        {
            // As with one beam, tests/it/modes.rs: products of single precision.
            assert!((got - want).abs() < 3e-5 * brightest, "{name}: {got} {want}");
        }
        for (got, want) in read.plane.iter().zip(&own.plane) {
            assert!((got / want - 1.0).abs() < 1e-4, "{name}: {got} {want}");
        }
        for (got, want) in batch.masks.iter().zip(&passes.masks) {
            let off = (got - want).mapv(|d| d * d).sum().sqrt();
            let norm = want.mapv(|d| d * d).sum().sqrt();
            assert!(off <= 3e-4 * norm, "{name}: {}", off / norm);
        }
        let classifier = Classifier::compile(&modes, &mut |_| Ok(())).unwrap();
        for (sample, image) in images.outer_iter().take(3).enumerate() {
            let compiled = classifier.readings(image).unwrap();
            for (got, want) in compiled.iter().zip(own.regions.row(sample)) {
                // What is left of the trace, 1e-6, and single precision.
                assert!((got - want).abs() < 3e-5 * brightest, "{name}: {got} {want}");
            }
        }
    }
}

#[test]
fn phases_of_an_object_differ_by_wavelength_and_have_no_modes() {
    let bench = small_bench();
    let relief = Encoding::Phase { range: 3.0 };
    let object = ObjectPlane::new(bench.grid(), (8, 8), 2, relief).unwrap();
    let bench = Bench { object, source: colours(LineReadout::Sum), ..bench };
    let plain = ModesEngine::new(CpuEngine::new(bench.clone(), 1).unwrap());
    let message = plain.with_basis(Array2::eye(64)).err().unwrap().to_string();
    assert!(message.contains("differ by wavelength"), "{message}");
    // Nor are those of a single other wavelength those of the design.
    let other = Bench { source: LightSource::of_lines(&[(0.9, 1.0)], LineReadout::Sum), ..bench.clone() };
    let masks = random_masks(&other, 5);
    let images = random_images(&other, 3);
    let expected = engine(&other, &masks).readings(images.view()).unwrap();
    let many = ModesEngine::new(engine(&other, &masks));
    many.prepare(10_000, &mut |_| Ok(())).unwrap();
    assert!(many.readings(images.view()).unwrap() == expected);
    assert!(many.with_basis(Array2::eye(64)).is_err());
    // A phase encoded by a disc is the same from each point.
    let disc = Bench { source: disc(), ..bench };
    assert!(ModesEngine::new(CpuEngine::new(disc, 1).unwrap()).with_basis(Array2::eye(64)).is_ok());
}

#[test]
fn a_wide_source_washes_fringes_out() {
    // Two slits 4 mm apart: fringes of wavelength times distance over 4 mm, until the source is as wide as the angle
    // between the slits' waves, wavelength/(4 mm): by van Cittert and Zernike they vanish at 0.61 of it to each side.
    let bench = small_bench();
    let object = ObjectPlane::new(bench.grid(), (14, 14), 2, Encoding::Amplitude).unwrap();
    let slits = Array2::from_shape_fn((14, 14), |(_, x)| if x == 4 || x == 9 { 1.0f32 } else { 0.0 });
    let visibility = |half_angle: f64| {
        let extended = Some(Extended { half_angle, points: 40 });
        let source = LightSource { extended, ..LightSource::default() };
        let bench = Bench { object: object.clone(), source, gaps: vec![40e-3], ..bench.clone() };
        let instrument = Instrument::<f64>::new(&bench, &[]).unwrap();
        let lights = instrument.light(slits.view()).unwrap();
        let row = d2nn::reference::intensity(&bench, &lights, 0, |light| &light.detector).row(14).to_vec();
        // The middle fringe is bright, the first dark one half a period (3.75 mm, 9 samples) aside.
        let (bright, dark) = (row[13] + row[14], row[13 - 9] + row[14 + 9]);
        (bright - dark) / (bright + dark)
    };
    let narrow = visibility(1e-4);
    let wide = visibility((0.61 * 0.75f64 / 4.0).asin());
    assert!(narrow > 0.6, "{narrow}");
    assert!(wide < 0.35 * narrow, "{wide} {narrow}");
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    for (name, bench) in benches() {
        let masks = random_masks(&bench, 6);
        let images = random_images(&bench, 9);
        let run = |threads: usize| {
            let mut engine = CpuEngine::new(bench.clone(), threads).unwrap();
            engine.set_masks(&masks).unwrap();
            let ones = |_: usize, _: &[f64], slopes: &mut [f64]| slopes.fill(1.0);
            (engine.readings(images.view()).unwrap(), engine.gradients(images.view(), &ones).unwrap())
        };
        assert!(run(1) == run(3), "{name}");
    }
}
