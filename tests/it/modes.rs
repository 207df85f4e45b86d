//! The engine of modes: the same readings and gradients as image by image, and the same bits for any threads.

use d2nn::bench::Bench;
use d2nn::detector::Watch;
use d2nn::engine::{CpuEngine, Engine, ModesEngine};
use d2nn::training::{ClassLoss, Hinge, PlaneHinge};
use ndarray::{Array2, Array3, Axis};

use crate::support::{
    own_pixel_benches, random_images, random_masks, side_by_side, small_bench, varied_benches,
};

const LOSS: ClassLoss = ClassLoss::cross_entropy(20.0);

fn benches() -> Vec<(&'static str, Bench)> {
    let free = small_bench().free_space();
    let own = [("plain", small_bench()), ("free space", free), ("side by side", side_by_side())];
    own.into_iter().chain(varied_benches()).chain(own_pixel_benches()).collect()
}

fn by_image(bench: &Bench) -> CpuEngine {
    let mut engine = CpuEngine::new(bench.clone(), 2).unwrap();
    engine.set_masks(&random_masks(bench, 31)).unwrap();
    engine
}

fn by_modes(bench: &Bench, threads: usize) -> ModesEngine {
    let mut engine = ModesEngine::new(CpuEngine::new(bench.clone(), threads).unwrap());
    engine.set_masks(&random_masks(bench, 31)).unwrap();
    engine
}

/// Prepares, and says whether there was anything to do.
fn prepare(engine: &ModesEngine, samples: usize) -> bool {
    let mut shares = Vec::new();
    engine
        .prepare(samples, &mut |share| {
            shares.push(share);
            Ok(())
        })
        .unwrap();
    assert!(shares.is_sorted() && shares.last().is_none_or(|last| *last == 1.0));
    !shares.is_empty()
}

fn is_linear(bench: &Bench) -> bool {
    bench.object.linear().is_some()
}

/// Of the loss of the regions; where the power of the plane is read, `bench` says so, of its share in the true region too.
fn slope_on(bench: &Bench) -> impl Fn(usize, &[f64], &mut [f64]) + Sync {
    let regions = bench.readings();
    let hinge = Hinge { weight: 3.0, target: 0.9 };
    let share = (bench.detector.watch() == Watch::Power).then_some(PlaneHinge { hinge, regions });
    let loss = ClassLoss { output_efficiency: share, ..LOSS };
    move |sample, readings, slopes| {
        loss.evaluate(readings, sample % regions, 1.0, slopes);
    }
}

fn slope(sample: usize, readings: &[f64], slopes: &mut [f64]) {
    LOSS.evaluate(readings, sample % readings.len(), 1.0, slopes);
}

/// The same benches with detectors that watch the power of the plane.
fn watching_power() -> Vec<(&'static str, Bench)> {
    let watching = |(name, bench): (&'static str, Bench)| {
        (name, Bench { detector: bench.detector.clone().watching(Watch::Power), ..bench })
    };
    benches().into_iter().map(watching).collect()
}

/// Every row of the identity: all modes, which is exact.
fn all(bench: &Bench) -> Array2<f32> {
    Array2::eye(bench.object.image().0 * bench.object.image().1)
}

#[test]
fn readings_are_those_image_by_image() {
    let plain = small_bench();
    let watching = Bench { detector: plain.detector.clone().watching(Watch::Plane), ..plain };
    for (name, bench) in benches().into_iter().chain([("whole plane watched", watching)]) {
        let images = random_images(&bench, 130);
        let expected = by_image(&bench).readings(images.view()).unwrap();
        let engine = by_modes(&bench, 2);
        assert_eq!(prepare(&engine, 130), is_linear(&bench), "{name}");
        let got = engine.readings(images.view()).unwrap();
        for sample in 0..130 {
            let brightest = expected.regions.row(sample).iter().copied().fold(0.0, f64::max);
            // The bound of tests/it/engine.rs for either of two passes in single precision.
            for (got, want) in got.regions.row(sample).iter().zip(expected.regions.row(sample)) {
                assert!((got - want).abs() < 2e-5 * brightest, "{name} {sample}: {got} {want}");
            }
            // Fixed point of 15 bits, 64 modes on 784 to 7,056 samples: 1e-5 a number, less in the sum.
            let (got, want) = (got.plane[sample], expected.plane[sample]);
            assert!((got / want - 1.0).abs() < 2e-5, "{name} {sample}: plane {got} {want}");
        }
    }
}

#[test]
fn gradients_in_all_modes_are_those_image_by_image() {
    for (name, bench) in benches().into_iter().chain(watching_power()) {
        let slope = slope_on(&bench);
        if !is_linear(&bench) {
            assert!(by_modes(&bench, 1).with_basis(all(&bench)).is_err(), "{name}");
            continue;
        }
        let images = random_images(&bench, 21);
        let expected = by_image(&bench).gradients(images.view(), &slope).unwrap();
        let engine = by_modes(&bench, 2).with_basis(all(&bench)).unwrap();
        let got = engine.gradients(images.view(), &slope).unwrap();
        for (mask, (got, want)) in got.masks.iter().zip(&expected.masks).enumerate() {
            let norm = want.mapv(|d| d * d).sum().sqrt();
            let off = (got - want).mapv(|d| d * d).sum().sqrt();
            // As the bound of gradients in tests/it/engine.rs.
            assert!(off <= 1e-4 * norm, "{name}, mask {mask}: {}", off / norm);
        }
        for (got, want) in got.readings.iter().zip(&expected.readings) {
            assert!((got - want).abs() < 2e-5 * expected.readings.iter().copied().fold(0.0, f64::max));
        }
    }
}

#[test]
fn gradients_in_some_modes_are_those_of_the_projected_images() {
    let bench = small_bench();
    let (rows, columns) = bench.object.image();
    // Three modes that are orthonormal by construction: disjoint rows of the image, each of norm 1.
    let basis = Array2::from_shape_fn((3, rows * columns), |(mode, value)| {
        if value / columns == 2 * mode { 1.0 / (columns as f32).sqrt() } else { 0.0 }
    });
    let images = random_images(&bench, 9);
    let mut projected = images.clone();
    for mut image in projected.outer_iter_mut() {
        let values = Array2::from_shape_fn((rows * columns, 1), |(v, _)| image[[v / columns, v % columns]]);
        let kept = basis.t().dot(&basis.dot(&values));
        image.indexed_iter_mut().for_each(|((y, x), value)| *value = kept[[y * columns + x, 0]]);
    }
    let expected = by_image(&bench).gradients(projected.view(), &slope).unwrap();
    let engine = by_modes(&bench, 2).with_basis(basis).unwrap();
    let got = engine.gradients(images.view(), &slope).unwrap();
    for (got, want) in got.masks.iter().zip(&expected.masks) {
        let off = (got - want).mapv(|d| d * d).sum().sqrt();
        assert!(off < 1e-4 * want.mapv(|d| d * d).sum().sqrt());
    }
    // Readings stay those of the whole images.
    assert!(prepare(&engine, 1000));
    let read = engine.readings(images.view()).unwrap();
    let whole = by_image(&bench).readings(images.view()).unwrap();
    for (got, want) in read.regions.iter().zip(&whole.regions) {
        assert!((got - want).abs() < 2e-5 * whole.regions.iter().copied().fold(0.0, f64::max));
    }
}

#[test]
fn a_batch_by_products_of_modes_is_the_sum_of_its_images() {
    let all_benches = benches().into_iter().chain(watching_power());
    for (name, bench) in all_benches.filter(|(_, bench)| is_linear(bench)) {
        let slope = slope_on(&bench);
        let images = random_images(&bench, 40);
        let few = all(&bench).slice_axis(Axis(0), (20..25).into()).to_owned();
        let engine = by_modes(&bench, 2).with_basis(few).unwrap();
        // Forty images in five modes go by products, and one by its field: 10 x (40 x 4 + 128) < 40 x 128 on the small bench.
        let together = engine.gradients(images.view(), &slope).unwrap();
        let mut sums: Vec<_> = together.masks.iter().map(|mask| Array2::<f32>::zeros(mask.dim())).collect();
        for sample in 0..40 {
            let image = images.slice_axis(Axis(0), (sample..=sample).into());
            let own = |_, readings: &[f64], slopes: &mut [f64]| slope(sample, readings, slopes);
            let alone = engine.gradients(image, &own).unwrap();
            sums.iter_mut().zip(&alone.masks).for_each(|(sum, mask)| *sum += mask);
            let brightest = alone.readings.iter().copied().fold(0.0, f64::max);
            for (got, want) in together.readings.row(sample).iter().zip(alone.readings.row(0)) {
                assert!((got - want).abs() <= 2e-5 * brightest, "{name} {sample}: {got} {want}");
            }
        }
        for (got, want) in together.masks.iter().zip(&sums) {
            let off = (got - want).mapv(|d| d * d).sum().sqrt();
            // As the bound of gradients in tests/it/engine.rs.
            assert!(off <= 1e-4 * want.mapv(|d| d * d).sum().sqrt(), "{name}");
        }
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    for (_, bench) in benches().into_iter().filter(|(_, bench)| is_linear(bench)) {
        let images = random_images(&bench, 130);
        let run = |threads| {
            let engine = by_modes(&bench, threads).with_basis(all(&bench)).unwrap();
            prepare(&engine, 130);
            // Few modes go by their products.
            let few = by_modes(&bench, threads)
                .with_basis(all(&bench).slice_axis(Axis(0), (..5).into()).to_owned());
            (
                engine.gradients(images.view(), &slope).unwrap(),
                few.unwrap().gradients(images.view(), &slope).unwrap(),
                engine.readings(images.view()).unwrap(),
            )
        };
        let one = run(1);
        for threads in [2, 3, 8] {
            assert!(run(threads) == one, "{threads} threads");
        }
    }
}

#[test]
fn modes_that_are_carried_twice_give_the_same_bits() {
    let bench = small_bench();
    let images = random_images(&bench, 21);
    let run = |bytes| {
        let engine = by_modes(&bench, 2).with_basis(all(&bench)).unwrap().keeping(bytes);
        let first = engine.gradients(images.view(), &slope).unwrap();
        assert!(
            engine.gradients(images.view(), &slope).unwrap() == first,
            "the same masks, the same gradient"
        );
        first
    };
    let kept = run(usize::MAX);
    // No place, and places for some of the 64 modes: two masks of 28 x 28 numbers of 8 bytes each.
    for bytes in [0, 30 * 2 * 28 * 28 * 8] {
        assert!(run(bytes) == kept);
    }
}

#[test]
fn an_image_reads_the_same_in_any_batch() {
    let bench = small_bench();
    let engine = by_modes(&bench, 2);
    prepare(&engine, 1000);
    let images = random_images(&bench, 37);
    let together = engine.readings(images.view()).unwrap();
    for sample in [0, 17, 36] {
        let alone = engine.readings(images.slice_axis(Axis(0), (sample..=sample).into())).unwrap();
        assert_eq!(alone.regions.row(0), together.regions.row(sample));
        assert_eq!(alone.plane[0], together.plane[sample]);
    }
}

#[test]
fn few_images_are_not_worth_it_and_new_masks_need_new_modes() {
    let bench = small_bench();
    let mut engine = by_modes(&bench, 1);
    assert!(!prepare(&engine, 10), "64 modes for 10 images");
    assert!(prepare(&engine, 1000));
    assert!(!prepare(&engine, 1000), "prepared already");
    let images = random_images(&bench, 5);
    let before = engine.readings(images.view()).unwrap();
    let flat = bench.open_values::<f32>();
    engine.set_masks(&flat).unwrap();
    let mut plain = CpuEngine::new(bench.clone(), 1).unwrap();
    plain.set_masks(&flat).unwrap();
    let after = engine.readings(images.view()).unwrap();
    assert!(after != before && after == plain.readings(images.view()).unwrap());
    assert!(prepare(&engine, 1000));
}

#[test]
fn a_stop_while_preparing_leaves_nothing_half_done() {
    let bench = small_bench();
    let engine = by_modes(&bench, 2);
    let stopped = engine.prepare(1000, &mut |_| Err(d2nn::error::Error::Value("stopped".into())));
    assert!(stopped.unwrap_err().to_string().contains("stopped"));
    let images = random_images(&bench, 3);
    assert!(engine.readings(images.view()).unwrap() == by_image(&bench).readings(images.view()).unwrap());
}

#[test]
fn squared_intensities_have_no_modes() {
    let bench = small_bench();
    let watching = Bench { detector: bench.detector.clone().watching(Watch::Plane), ..bench };
    let engine = by_modes(&watching, 1).with_basis(all(&watching)).unwrap();
    let images = random_images(&watching, 3);
    let message = engine.gradients(images.view(), &slope).unwrap_err().to_string();
    assert!(message.contains("not in modes"), "{message}");
}

#[test]
fn bases_of_another_shape_are_refused() {
    let bench = small_bench();
    for basis in [Array2::zeros((3, 5)), Array2::zeros((0, 64))] {
        let refused = by_modes(&bench, 1).with_basis(basis).err().unwrap().to_string();
        assert!(refused.contains("modes of"), "{refused}");
    }
    let engine = by_modes(&bench, 1);
    prepare(&engine, 1000);
    assert!(engine.readings(Array3::zeros((2, 5, 5)).view()).is_err());
}
