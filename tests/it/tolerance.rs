//! Tolerance of a small device, by the library: draws, and the bench it leaves behind.

use d2nn::dataset::Images;
use d2nn::engine::{CpuEngine, Engine, ModesEngine};
use d2nn::error::Error;
use d2nn::evaluation::{Disturbance, Readout, Study, evaluate, simulated_images, tolerance};
use d2nn::misalignment::Misalignment;
use ndarray::Array2;

use crate::support::{random_images, random_masks, small_bench};

fn images() -> Images {
    let images = random_images(&small_bench(), 40).mapv(|value| (255.0 * value) as u8);
    Images { images, labels: (0..40).map(|label| label % 4).collect() }
}

fn study<'a>(values: &'a [Array2<f32>], images: &'a Images, indices: &'a [usize]) -> Study<'a> {
    Study { values, turn: 1.04e-3, images, indices, draws: 4, seed: 3, readout: Readout::default() }
}

#[test]
fn larger_errors_cost_more() {
    let (bench, images, indices) = (small_bench(), images(), (0..40).collect::<Vec<_>>());
    let values = random_masks(&bench, 1);
    let mut engine = ModesEngine::new(CpuEngine::new(bench.clone(), 2).unwrap());
    let kinds = [
        Disturbance::Lateral(1e-5),
        Disturbance::Lateral(1e-3),
        Disturbance::Levels(256),
        Disturbance::Wavelength(0.02),
        Disturbance::Photons(1e4),
    ];
    let mut done = Vec::new();
    let (designed, outcomes) =
        tolerance(&engine, &study(&values, &images, &indices), &kinds, &mut |images| {
            done.push(images);
            Ok(true)
        })
        .unwrap()
        .unwrap();
    assert_eq!(outcomes.iter().map(|outcome| outcome.draws.len()).collect::<Vec<_>>(), [4, 4, 1, 2, 4]);
    let total = simulated_images(&kinds, 4, 40);
    assert_eq!((total, done.last()), (40 * (1 + 4 + 4 + 1 + 2), Some(&total)));
    assert!(done.is_sorted());
    // Images of noise give every answer by chance; the light tells a small error from a large one.
    let off = |number: usize| {
        let draws = outcomes[number].draws.iter();
        draws.map(|draw| (draw.power_efficiency_input - designed.power_efficiency_input).abs()).sum::<f64>()
    };
    assert!(off(0) > 0.0 && off(0) < 0.1 * off(1), "{} {}", off(0), off(1));
    assert_eq!(outcomes[4].draws[0].power_efficiency_input, designed.power_efficiency_input);
    assert_ne!(outcomes[3].draws[0], outcomes[3].draws[1], "longer and shorter light");

    // Whatever masks the engine had, those of the study were judged; its own are as they were.
    assert!(*engine.bench() == bench);
    let open = vec![Array2::zeros(bench.mask_shape(0)); bench.masks()];
    let before = engine.readings(images.batch(&indices).view()).unwrap();
    engine.set_masks(&open).unwrap();
    assert!(engine.readings(images.batch(&indices).view()).unwrap() == before);
    engine.set_masks(&values).unwrap();
    let judged = evaluate(&engine, &images, &indices, &|_| 0.0, &mut |_| Ok(true)).unwrap();
    assert_eq!(judged.accuracy(), designed.accuracy);
    assert_eq!(judged.power_efficiency_input, designed.power_efficiency_input);
}

#[test]
fn a_wavelength_is_the_misaligned_bench() {
    let (bench, images, indices) = (small_bench(), images(), (0..40).collect::<Vec<_>>());
    let values = random_masks(&bench, 2);
    let engine = CpuEngine::new(bench.clone(), 2).unwrap();
    let kinds = [Disturbance::Wavelength(0.03)];
    let (_, outcomes) =
        tolerance(&engine, &study(&values, &images, &indices), &kinds, &mut |_| Ok(true)).unwrap().unwrap();
    for (draw, wavelength) in outcomes[0].draws.iter().zip([0.03, -0.03]) {
        let errors = Misalignment { wavelength, ..Misalignment::default() };
        let mut engine = CpuEngine::new(bench.misaligned(&errors).unwrap(), 2).unwrap();
        engine.set_masks(&values).unwrap();
        let judged = evaluate(&engine, &images, &indices, &|_| 0.0, &mut |_| Ok(true)).unwrap();
        assert_eq!(draw.power_efficiency_input, judged.power_efficiency_input);
        assert_eq!(draw.accuracy, judged.accuracy());
    }
}

#[test]
fn impossible_studies_are_refused_and_stops_are_heard() {
    let (bench, images, indices) = (small_bench(), images(), (0..40).collect::<Vec<_>>());
    let values = random_masks(&bench, 3);
    let engine = CpuEngine::new(bench.clone(), 1).unwrap();
    let study = study(&values, &images, &indices);
    let run =
        |study: &Study, kind| tolerance(&engine, study, &[kind], &mut |_| Ok(true)).unwrap_err().to_string();
    assert!(run(&Study { draws: 0, ..study }, Disturbance::Levels(2)).contains("no draws"));
    let usual = Readout::default();
    for (readout, reason) in [
        (Readout { read_noise: -1.0, ..usual }, "a read noise of -1"),
        (Readout { noise_equivalent_power: f64::NAN, ..usual }, "a noise-equivalent power of NaN"),
        (Readout { exposure: 0.0, ..usual }, "an exposure of 0"),
    ] {
        assert!(run(&Study { readout, ..study }, Disturbance::Levels(2)).contains(reason));
    }
    assert!(run(&study, Disturbance::Levels(1)).contains("at least 2"));
    // Some of 4 draws of 24 numbers up to 50 mm put a gap of 6 mm below zero.
    assert!(run(&study, Disturbance::Axial(50e-3)).contains("it must stay above zero"));
    let mut stop = |done: usize| if done > 40 { Err(Error::Value("stopped".into())) } else { Ok(true) };
    let stopped = tolerance(&engine, &study, &[Disturbance::Levels(4)], &mut stop);
    assert!(stopped.unwrap_err().to_string().contains("stopped"));
    assert!(*engine.bench() == bench, "and the bench is put back");
}
