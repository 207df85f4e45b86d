//! A compiled device reads images as the simulated one does.

use d2nn::bench::Bench;
use d2nn::engine::{Classifier, CpuEngine, Engine, ModesEngine};
use ndarray::{Array2, Array3, Axis};

use crate::support::{random_image, random_masks, side_by_side, small_bench, varied_benches};

fn engine(bench: &Bench, masks: &[Array2<f32>]) -> ModesEngine {
    let mut engine = ModesEngine::new(CpuEngine::new(bench.clone(), 2).unwrap());
    engine.set_masks(masks).unwrap();
    engine
}

#[test]
fn readings_are_those_of_the_simulation() {
    let benches =
        [("plain", small_bench()), ("side by side", side_by_side())].into_iter().chain(varied_benches());
    for (name, bench) in benches {
        let masks = random_masks(&bench, 41);
        let engine = engine(&bench, &masks);
        let compiled = Classifier::compile(&engine, &mut |_| Ok(()));
        if bench.object.linear().is_none() {
            assert!(compiled.err().unwrap().to_string().contains("cannot be compiled"), "{name}");
            continue;
        }
        let compiled = compiled.unwrap();
        let again = Classifier::new(bench.object.clone(), compiled.factors().clone()).unwrap();
        for seed in 0..20 {
            let image = random_image(bench.object.image(), seed);
            let read = compiled.readings(image.view()).unwrap();
            let mut single = CpuEngine::new(bench.clone(), 1).unwrap();
            single.set_masks(&masks).unwrap();
            let expected = single.readings(image.view().insert_axis(Axis(0))).unwrap().regions;
            let brightest = expected.iter().copied().fold(0.0, f64::max);
            for (got, want) in read.iter().zip(&expected) {
                // Roundings of a pass, and what the factors leave out: a millionth of the trace, which is a few times
                // the brightest reading of an image without any order.
                assert!((got - want).abs() < 4e-5 * brightest, "{name}: {got} {want}");
            }
            assert_eq!(again.readings(image.view()).unwrap(), read);
        }
    }
}

/// Readings of the device, one sample a pixel.
#[test]
fn what_does_not_fit_is_refused() {
    let bench = small_bench();
    let masks = random_masks(&bench, 41);
    let compiled = Classifier::compile(&engine(&bench, &masks), &mut |_| Ok(())).unwrap();
    assert!(compiled.readings(Array2::zeros((5, 5)).view()).is_err());
    assert!(Classifier::new(bench.object.clone(), Array3::zeros((3, 4, 5))).is_err());
    let mut broken = compiled.factors().clone();
    broken[[0, 0, 0]] = f32::NAN;
    assert!(Classifier::new(bench.object.clone(), broken).is_err());
    assert_eq!(compiled.readings(Array2::zeros((8, 8)).view()).unwrap(), [0.0; 4], "a dark image");
    let stopped = engine(&bench, &masks);
    let stop = &mut |_| Err(d2nn::error::Error::Value("stopped".into()));
    assert!(Classifier::compile(&stopped, stop).is_err());
}
