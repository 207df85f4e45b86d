//! The suite every engine passes: equal to the reference, adjoint, energy, and the same bits for any threads.

use d2nn::bench::Bench;
use d2nn::detector::{Detector, Layout, Watch, image_regions};
use d2nn::engine::{CpuEngine, Engine};
use d2nn::grid::Grid;
use d2nn::object::{Encoding, ObjectPlane};
use d2nn::propagation::{Method, PixelModel, padded_shape};
use d2nn::reference::{Instrument, Network};
use d2nn::training::{ClassError, ClassLoss, Hinge, PlaneHinge};
use ndarray::{Array2, Array3, Axis};

use crate::support::{
    own_pixel_benches, random_images, random_values, side_by_side, small_bench, varied_benches,
};

const LOSS: ClassLoss = ClassLoss::cross_entropy(20.0);

/// Benches that differ in everything an engine may trip over: shape, padding, method, gaps, encoding, layout.
fn benches() -> Vec<Bench> {
    let plain = small_bench();
    let grid = Grid::new(30, 44, 0.4e-3).unwrap();
    let layout = Layout { counts: vec![2, 1], region_size: 2e-3, row_pitch: 5e-3, column_pitch: 6e-3 };
    let oblong = Bench {
        gaps: vec![9e-3, 12e-3, 9e-3, 7.5e-3],
        padded: padded_shape(grid, 2.5).unwrap(),
        object: ObjectPlane::new(grid, (7, 9), 3, Encoding::Phase { range: std::f64::consts::TAU }).unwrap(),
        detector: Detector::new(grid, layout.regions(grid).unwrap()).unwrap(),
        method: Method::AngularSpectrum,
        pixel_model: PixelModel::Point,
        ..plain.clone()
    };
    let lone = Bench { gaps: vec![8e-3, 8e-3], ..plain.clone() };
    // Regions that are the image, and free space.
    let regions = image_regions(plain.object.origin(), plain.object.image(), (2, 2));
    let imaging = Bench { detector: Detector::new(plain.grid(), regions).unwrap(), ..plain.clone() };
    let free = imaging.free_space();
    assert_eq!((free.masks(), free.gaps.len()), (0, 1));
    let varied = varied_benches().into_iter().chain(own_pixel_benches()).map(|(_, bench)| bench);
    [plain, oblong, lone, imaging, free].into_iter().chain(varied).collect()
}

/// Values for the masks of `bench` that single precision holds exactly.
fn values(bench: &Bench, seed: u64) -> Vec<Array2<f64>> {
    random_values(bench, seed).iter().map(|values| values.mapv(|value| f64::from(value as f32))).collect()
}

fn engine(bench: &Bench, phases: &[Array2<f64>], threads: usize) -> CpuEngine {
    let mut engine = CpuEngine::new(bench.clone(), threads).unwrap();
    let narrow: Vec<Array2<f32>> = phases.iter().map(|phase| phase.mapv(|value| value as f32)).collect();
    engine.set_masks(&narrow).unwrap();
    engine
}

fn label(sample: usize, classes: usize) -> usize {
    sample % classes
}

#[test]
fn readings_and_gradients_are_those_of_the_reference() {
    for bench in benches().into_iter().filter(|bench| bench.networks == 1) {
        let phases = values(&bench, 11);
        let images = random_images(&bench, 5);
        let classes = bench.detector.regions().len();
        let reference = Network::<f64>::new(bench.clone(), phases.clone()).unwrap();
        let engine = engine(&bench, &phases, 2);
        let pass = engine
            .gradients(images.view(), &|sample, readings, slopes| {
                LOSS.evaluate(readings, label(sample, classes), 1.0, slopes);
            })
            .unwrap();
        let read = engine.readings(images.view()).unwrap();

        let mut gradients =
            phases.iter().map(|phases| Array2::<f64>::zeros(phases.dim())).collect::<Vec<_>>();
        for (sample, image) in images.outer_iter().enumerate() {
            let light = reference.light(image).unwrap();
            let exact = bench.detector.readings(&light.detector);
            let brightest = exact.iter().copied().fold(0.0, f64::max);
            // Six transforms of 60 to 110 points and as many products in single precision: a few times 6e-8 of
            // the amplitude each, twice that of the power. 2e-5 is fifty roundings.
            for (got, want) in read.regions.row(sample).iter().zip(&exact) {
                assert!((got - want).abs() < 2e-5 * brightest, "{got} {want}");
            }
            for (got, want) in pass.readings.row(sample).iter().zip(read.regions.row(sample)) {
                // The training pass crosses the last gap in a smaller window, with other roundings.
                assert!((got - want).abs() < 2e-5 * brightest, "both passes read the same light");
            }
            let plane = light.detector.power();
            assert!((read.plane[sample] - plane).abs() < 2e-5 * plane);
            let mut slopes = vec![0.0; classes];
            LOSS.evaluate(&exact, label(sample, classes), 1.0, &mut slopes);
            for (sum, gradient) in gradients.iter_mut().zip(reference.gradients(&light, &slopes).unwrap()) {
                *sum += &gradient;
            }
        }
        for (mask, (got, want)) in pass.masks.iter().zip(&gradients).enumerate() {
            let difference = (&got.mapv(f64::from) - want).mapv(|d| d * d).sum().sqrt();
            let norm = want.mapv(|d| d * d).sum().sqrt();
            // As above, there and back, and the derivatives of the loss amplify errors of the readings by the
            // temperature.
            // A mask that is taken off has none at all on either side.
            assert!(difference <= 1e-4 * norm, "mask {mask}: {}", difference / norm);
        }
    }
}

#[test]
fn a_loss_of_the_whole_plane_is_that_of_the_reference() {
    let benches = benches().into_iter().chain([side_by_side()]);
    for (bench, watch) in benches.flat_map(|bench| [(bench.clone(), Watch::Plane), (bench, Watch::Power)]) {
        let phases = values(&bench, 11);
        let images = random_images(&bench, 2);
        let regions = bench.readings();
        let loss = if watch == Watch::Plane {
            ClassLoss { error: ClassError::PlaneError { regions, area: 4e-6 }, ..LOSS }
        } else {
            let hinge = Hinge { weight: 3.0, target: 0.9 };
            ClassLoss { output_efficiency: Some(PlaneHinge { hinge, regions }), ..LOSS }
        };
        let watching = Bench { detector: bench.detector.clone().watching(watch), ..bench.clone() };
        let engine = engine(&watching, &phases, 2);
        let pass = engine
            .gradients(images.view(), &|sample, readings, slopes| {
                loss.evaluate(readings, label(sample, regions), 1.0, slopes);
            })
            .unwrap();
        let answers = engine.readings(images.view()).unwrap().regions;
        assert_eq!(answers.dim(), (2, regions), "answers need no plane");

        let reference = Instrument::<f64>::new(&watching, &phases).unwrap();
        let mut gradients =
            phases.iter().map(|phases| Array2::<f64>::zeros(phases.dim())).collect::<Vec<_>>();
        for (sample, image) in images.outer_iter().enumerate() {
            let light = reference.light(image).unwrap();
            let exact = reference.readings_of(&light);
            // As for regions alone; Q goes with the square of the power, so with twice the roundings.
            for (number, (got, want)) in pass.readings.row(sample).iter().zip(&exact).enumerate() {
                let scale = if number > regions { *want } else { exact[regions] };
                assert!((got - want).abs() < 4e-5 * scale, "{number}: {got} {want}");
            }
            let mut slopes = vec![0.0; regions + watch.readings()];
            loss.evaluate(&exact, label(sample, regions), 1.0, &mut slopes);
            for (sum, gradient) in gradients.iter_mut().zip(reference.gradients(&light, &slopes).unwrap()) {
                *sum += &gradient;
            }
        }
        for (mask, (got, want)) in pass.masks.iter().zip(&gradients).enumerate() {
            let difference = (&got.mapv(f64::from) - want).mapv(|d| d * d).sum().sqrt();
            let norm = want.mapv(|d| d * d).sum().sqrt();
            assert!(difference <= 1e-4 * norm, "mask {mask}: {}", difference / norm);
        }
    }
}

#[test]
fn networks_side_by_side_are_each_alone() {
    let bench = side_by_side();
    let phases = values(&bench, 41);
    let images = random_images(&bench, 3);
    let slope = |sample: usize, readings: &[f64], slopes: &mut [f64]| {
        slopes.iter_mut().enumerate().for_each(|(region, slope)| *slope = (region + sample) as f64);
        assert!(readings.len() == slopes.len());
    };
    let together = engine(&bench, &phases, 2);
    let pass = together.gradients(images.view(), &slope).unwrap();
    let read = together.readings(images.view()).unwrap();
    assert_eq!((bench.all_masks(), bench.readings(), bench.classes()), (4, 8, 4));
    assert_eq!(read.regions.dim(), (3, 8));
    let mut plane = vec![0.0; 3];
    for network in 0..2 {
        let alone = engine(&bench.alone(), &phases[2 * network..2 * network + 2], 1);
        let first = 4 * network;
        let own = alone
            .gradients(images.view(), &|sample, _, slopes| {
                slopes
                    .iter_mut()
                    .enumerate()
                    .for_each(|(region, slope)| *slope = (first + region + sample) as f64);
            })
            .unwrap();
        let apart = alone.readings(images.view()).unwrap();
        for (sample, row) in apart.regions.outer_iter().enumerate() {
            assert_eq!(read.regions.row(sample).to_vec()[first..first + 4], row.to_vec());
            assert_eq!(
                pass.readings.row(sample).to_vec()[first..first + 4],
                own.readings.row(sample).to_vec()
            );
            plane[sample] += apart.plane[sample];
        }
        assert!(pass.masks[2 * network..2 * network + 2] == own.masks);
    }
    // The sums of power are added in another order: rounding of a few thousand numbers.
    assert!(read.plane.iter().zip(&plane).all(|(together, apart)| (together / apart - 1.0).abs() < 1e-12));
    assert!(Network::new(bench.clone(), phases.clone()).is_err());
    assert_eq!(Instrument::new(&bench, &phases).unwrap().beams().len(), 2);
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    for bench in benches() {
        let phases = values(&bench, 12);
        let images = random_images(&bench, 13);
        let classes = bench.detector.regions().len();
        let run = |threads| {
            let engine = engine(&bench, &phases, threads);
            let slopes = |sample: usize, readings: &[f64], slopes: &mut [f64]| {
                LOSS.evaluate(readings, label(sample, classes), 1.0, slopes);
            };
            (engine.gradients(images.view(), &slopes).unwrap(), engine.readings(images.view()).unwrap())
        };
        let one = run(1);
        for threads in [2, 3, 8] {
            assert!(run(threads) == one, "{threads} threads");
        }
    }
}

#[test]
fn a_pass_leaves_nothing_behind_for_the_next() {
    // Workspaces are used again: a dark image after a bright one must read dark.
    let bench = small_bench();
    let engine = engine(&bench, &values(&bench, 13), 1);
    let slopes = |_: usize, readings: &[f64], slopes: &mut [f64]| slopes.copy_from_slice(readings);
    let bright = random_images(&bench, 1);
    let first = engine.gradients(bright.view(), &slopes).unwrap();
    let dark = engine.gradients(Array3::zeros(bright.dim()).view(), &slopes).unwrap();
    assert!(dark.readings.iter().all(|reading| *reading == 0.0));
    assert!(dark.masks.iter().flatten().all(|gradient| *gradient == 0.0));
    assert!(engine.readings(bright.view()).unwrap().regions.iter().all(|reading| *reading > 0.0));
    assert!(engine.gradients(bright.view(), &slopes).unwrap() == first);
}

#[test]
fn readings_grow_with_the_square_of_the_amplitude() {
    let bench = small_bench();
    let engine = engine(&bench, &values(&bench, 14), 1);
    let images = random_images(&bench, 3);
    let full = engine.readings(images.view()).unwrap();
    let half = engine.readings(images.mapv(|value| value / 2.0).view()).unwrap();
    for (half, full) in half.regions.iter().zip(&full.regions) {
        assert_eq!(half * 4.0, *full, "a factor of two is exact in binary");
    }
}

#[test]
fn a_device_does_not_make_light() {
    for bench in benches() {
        let engine = engine(&bench, &values(&bench, 15), 2);
        let images = random_images(&bench, 4);
        let read = engine.readings(images.view()).unwrap();
        for (sample, image) in images.outer_iter().enumerate() {
            let entering = bench.object.power(image);
            let collected: f64 = read.regions.row(sample).sum();
            assert!(collected > 0.0 && collected < read.plane[sample]);
            assert!(read.plane[sample] < entering, "{} of {entering}", read.plane[sample]);
        }
    }
}

#[test]
fn wrong_shapes_are_refused() {
    let bench = small_bench();
    let mut engine = CpuEngine::new(bench.clone(), 1).unwrap();
    let shape = bench.grid().shape();
    for (phases, reason) in [
        (vec![Array2::zeros(shape)], "1 masks"),
        (vec![Array2::zeros((3, 3)); bench.masks()], "mask 1 has the shape (3, 3)"),
        (vec![Array2::from_elem(shape, f32::NAN); bench.masks()], "must be finite"),
    ] {
        let message = engine.set_masks(&phases).unwrap_err().to_string();
        assert!(message.contains(reason), "{message}");
    }
    assert!(engine.readings(Array3::zeros((2, 5, 5)).view()).is_err());
    let nothing = engine.readings(random_images(&bench, 0).view()).unwrap();
    assert_eq!(nothing.regions.len_of(Axis(0)), 0);
}
