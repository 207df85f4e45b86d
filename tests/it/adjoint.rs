//! Adjoints: <A u, v> = <u, A^H v> for each linear step, reciprocity, and finite differences for the whole.

use d2nn::bench::Bench;
use d2nn::detector::{Detector, Region, Scheme, Watch, image_regions};
use d2nn::element::{Element, Modulation, Site, ThinMask};
use d2nn::field::WaveField;
use d2nn::grid::Grid;
use d2nn::object::{Encoding, ObjectPlane};
use d2nn::program::{Factor, Program};
use d2nn::propagation::{Gap, Method, PixelModel, Propagator, Refinement, padded_shape};
use d2nn::reference::Network;
use d2nn::training::{ClassError, ClassLoss, Hinge, ImageError, Loss, PlaneHinge};
use ndarray::Array2;

use crate::support::{
    own_pixel_benches, random_field, random_image, random_numbers, random_phases, random_values, small_bench,
    varied_benches,
};

const METHODS: [Method; 2] = [Method::AngularSpectrum, Method::RayleighSommerfeld];
const PIXELS: [PixelModel; 2] = [PixelModel::Point, PixelModel::Square];

fn propagators() -> Vec<Propagator<f64>> {
    let grid = Grid::new(24, 31, 0.4e-3).unwrap();
    let padded = padded_shape(grid, 2.0).unwrap();
    let plan = |method, pixel_model| {
        Propagator::new(Gap {
            grid,
            padded,
            wavelength: 0.75e-3,
            distance: 6e-3,
            method,
            pixel_model,
            shift: (0.0, 0.0),
            carrier: (0.0, 0.0),
        })
        .unwrap()
    };
    METHODS.iter().flat_map(|&method| PIXELS.map(|pixels| plan(method, pixels))).collect()
}

#[test]
fn a_gap_and_its_adjoint() {
    for propagator in propagators() {
        let grid = propagator.span().grid();
        let (u, v) = (random_field(grid, 1), random_field(grid, 2));
        let forward = propagator.propagate(&u).inner(&v);
        let adjoint = u.inner(&propagator.adjoint(&v));
        // Rounding of sums over 744 pixels, relative to the size of their terms.
        assert!((forward - adjoint).norm() < 1e-13 * (u.power() * v.power()).sqrt() / grid.pixel_area());
    }
}

#[test]
fn a_gap_to_other_samples_and_its_adjoint() {
    for propagator in propagators() {
        for refinement in
            [Refinement::Finer(2), Refinement::Coarser(2), Refinement::Finer(3), Refinement::Coarser(3)]
        {
            let span = propagator.span().onto(refinement);
            let propagator = Propagator::new(span).unwrap();
            let [before, behind] = span.grids().unwrap();
            let (u, v) = (random_field(before, 1), random_field(behind, 2));
            let inner = |a: &WaveField<f64>, b: &WaveField<f64>| -> num_complex::Complex<f64> {
                a.amplitude.iter().zip(&b.amplitude).map(|(a, b)| a.conj() * b).sum()
            };
            let (forward, adjoint) =
                (inner(&propagator.propagate(&u), &v), inner(&u, &propagator.adjoint(&v)));
            let size =
                (u.amplitude.mapv(|u| u.norm_sqr()).sum() * v.amplitude.mapv(|v| v.norm_sqr()).sum()).sqrt();
            // Rounding of sums over up to 6,696 samples, relative to the size of their terms.
            assert!(
                (forward - adjoint).norm() < 1e-12 * size,
                "{refinement:?} {}",
                (forward - adjoint).norm() / size
            );
        }
    }
}

#[test]
fn a_gap_is_reciprocal() {
    // Source and observer may be exchanged: sum (A u) v = sum u (A v), because H is even.
    for propagator in propagators() {
        let grid = propagator.span().grid();
        let (u, v) = (random_field(grid, 3), random_field(grid, 4));
        let product = |a: &WaveField<f64>, b: &WaveField<f64>| -> num_complex::Complex<f64> {
            a.amplitude.iter().zip(&b.amplitude).map(|(a, b)| a * b).sum()
        };
        let there = product(&propagator.propagate(&u), &v);
        let back = product(&u, &propagator.propagate(&v));
        assert!(
            (there - back).norm() < 1e-13 * (u.power() * v.power()).sqrt() / grid.pixel_area(),
            "rounding"
        );
    }
}

/// What `mask` multiplies a field by.
fn factor(mask: ThinMask, grid: Grid, values: &[Array2<f64>]) -> Factor {
    let place = Site { grid, padded: grid.shape(), wavelength: 0.75e-3, medium: 1.0 };
    let mut program = Program::default();
    mask.lower(values, &place, &mut program);
    program.factors()[0].clone()
}

#[test]
fn a_mask_and_its_adjoint() {
    let grid = Grid::new(13, 8, 0.4e-3).unwrap();
    let mask = factor(ThinMask::lossless(grid), grid, &random_phases(grid, 1, 5));
    let (u, v) = (random_field(grid, 6), random_field(grid, 7));
    let (forward, adjoint) = (mask.apply(&u).inner(&v), u.inner(&mask.adjoint(&v)));
    assert!(
        (forward - adjoint).norm() < 1e-14 * (u.power() * v.power()).sqrt() / grid.pixel_area(),
        "rounding"
    );
    assert!((mask.apply(&u).power() / u.power() - 1.0).abs() < 1e-14, "a phase mask absorbs nothing");
}

#[test]
fn readings_and_their_adjoint() {
    let grid = Grid::new(10, 12, 0.4e-3).unwrap();
    let region = |row, column| Region { row, column, height: 3, width: 4 };
    let detector = Detector::new(grid, vec![region(0, 0), region(5, 7)]).unwrap();
    let (field, direction) = (random_field(grid, 8), random_field(grid, 9));
    let slopes = [0.7, -1.3];
    let value = |t: f64| -> f64 {
        let moved = &field.amplitude + &direction.amplitude.mapv(|d| d * t);
        let moved = WaveField::new(grid, moved).unwrap();
        detector.readings(&moved).iter().zip(slopes).map(|(reading, slope)| reading * slope).sum()
    };
    let gradient = detector.adjoint(&field, &slopes);
    let along = gradient.inner(&direction).re;
    // Readings are quadratic: central differences are exact but for rounding.
    let difference = (value(1e-3) - value(-1e-3)) / 2e-3;
    assert!((along - difference).abs() < 1e-11 * along.abs(), "{along} {difference}");
}

const CLASSES: ClassLoss = ClassLoss::cross_entropy(20.0);

/// Loss of a small device for one image, and its gradient by every phase.
fn loss_and_gradient(
    bench: &Bench,
    loss: &dyn Loss,
    phases: &[Array2<f64>],
    image: &Array2<f32>,
) -> (f64, Vec<Array2<f64>>) {
    let network = Network::new(bench.clone(), phases.to_vec()).unwrap();
    let light = network.light(image.view()).unwrap();
    let readings = bench.detector.readings(&light.detector);
    let mut slopes = vec![0.0; readings.len()];
    let target = loss.needs().target(bench, image.view(), 3 % bench.classes());
    let value = loss.evaluate(&readings, &target, &mut slopes);
    (value, network.gradients(&light, &slopes).unwrap())
}

#[test]
fn every_kind_of_mask_and_its_adjoint() {
    let grid = Grid::new(12, 18, 0.4e-3).unwrap();
    let kinds = [
        Modulation::Phase { absorption: 0.05, base: 0.9, phase_max: std::f64::consts::TAU, scale: 1.0 },
        Modulation::Amplitude,
        Modulation::Complex,
    ];
    for (kind, oversample) in kinds.into_iter().flat_map(|kind| [(kind, 1), (kind, 3)]) {
        let mut next = random_numbers(21);
        let values: Vec<Array2<f64>> = (0..kind.channels())
            .map(|_| Array2::from_shape_simple_fn((12 / oversample, 18 / oversample), || 0.5 + 0.5 * next()))
            .collect();
        let mask = factor(ThinMask::new(kind, (12 / oversample, 18 / oversample), oversample), grid, &values);
        let (u, v) = (random_field(grid, 22), random_field(grid, 23));
        let (forward, adjoint) = (mask.apply(&u).inner(&v), u.inner(&mask.adjoint(&v)));
        assert!(
            (forward - adjoint).norm() < 1e-14 * (u.power() * v.power()).sqrt() / grid.pixel_area(),
            "rounding"
        );
        assert!(mask.apply(&u).power() < u.power(), "a passive mask makes no light");
    }
}

/// Along single values of each array and a random direction through all, the gradient of the loss of `bench` is its
/// central difference.
fn assert_gradient(name: &str, bench: &Bench, loss: &dyn Loss, seed: u64) {
    let values = random_values(bench, seed);
    let image = random_image((8, 8), seed + 1);
    let (_, gradient) = loss_and_gradient(bench, loss, &values, &image);
    let mut next = random_numbers(seed + 2);
    let zeros = || values.iter().map(|values| Array2::zeros(values.dim())).collect::<Vec<_>>();
    let mut directions: Vec<Vec<Array2<f64>>> = Vec::new();
    for (array, values) in values.iter().enumerate() {
        let mut one = zeros();
        one[array][[values.nrows() / 3, values.ncols() / 2]] = 1.0;
        directions.push(one);
    }
    let random = |values: &Array2<f64>| Array2::from_shape_simple_fn(values.dim(), &mut next);
    directions.push(values.iter().map(random).collect());
    for direction in &directions {
        let at = |t: f64| {
            let moved: Vec<_> = values.iter().zip(direction).map(|(p, d)| p + &(d * t)).collect();
            loss_and_gradient(bench, loss, &moved, &image).0
        };
        let along: f64 = gradient.iter().zip(direction).map(|(g, d)| (g * d).sum()).sum();
        let step = 1e-5;
        let difference = (at(step) - at(-step)) / (2.0 * step);
        // As below: truncation 1e-10 of the third derivative, rounding 1e-16 / 1e-5 of the loss.
        assert!((along - difference).abs() < 2e-9 + 1e-7 * along.abs(), "{name}: {along} {difference}");
        // What is not on the bench does nothing.
        let channels = bench.modulation.channels();
        let on = |array: usize| !bench.alignment.is_absent(array / channels % bench.masks());
        if !(0..values.len()).any(|array| on(array) && direction[array].iter().any(|part| *part != 0.0)) {
            assert_eq!((along, difference), (0.0, 0.0), "{name}");
            continue;
        }
        assert!(along.abs() > 1e-8, "{name}: a gradient of {along} says nothing");
    }
}

/// Benches of one network.
fn alone() -> impl Iterator<Item = (&'static str, Bench)> {
    varied_benches().into_iter().chain(own_pixel_benches()).filter(|(_, bench)| bench.networks == 1)
}

#[test]
fn gradients_of_every_material_encoding_and_sampling_are_central_differences() {
    for (number, (name, bench)) in alone().enumerate() {
        assert_gradient(name, &bench, &CLASSES, 100 + number as u64 * 10);
    }
}

#[test]
fn gradients_of_every_loss_and_detection_scheme_are_central_differences() {
    let plain = ClassLoss::cross_entropy(20.0);
    // The little device has a few per cent of the power in a region: terms that ask for more are at work.
    let hinge = Some(Hinge { weight: 3.0, target: 0.9 });
    let mut number = 0;
    for scheme in [Scheme::Single, Scheme::Differential] {
        let bench = small_bench();
        let bench = Bench { detector: bench.detector.clone().read_by(scheme).unwrap(), ..bench };
        let plain = ClassLoss { scheme, ..plain };
        for (name, loss) in [
            ("cross-entropy", plain),
            ("smoothed", ClassLoss { label_smoothing: 0.2, ..plain }),
            ("power error", ClassLoss { error: ClassError::PowerError, ..plain }),
            ("efficiency", ClassLoss { efficiency: hinge, ..plain }),
            ("contrast", ClassLoss { contrast: hinge, ..plain }),
            ("by the peak", ClassLoss { error: ClassError::PeakCrossEntropy { temperature: 10.0 }, ..plain }),
        ] {
            if scheme == Scheme::Single || name != "by the peak" {
                number += 1;
                assert_gradient(name, &bench, &loss, 1000 + 10 * number);
            }
        }
        let error = ClassError::PlaneError { regions: bench.readings(), area: 1.6e-5 };
        let watching = Bench { detector: bench.detector.clone().watching(Watch::Plane), ..bench };
        let loss = ClassLoss { error, ..plain };
        assert_gradient("plane error", &watching, &loss, 2000 + 10 * number);
        let share = PlaneHinge { hinge: Hinge { weight: 2.0, target: 0.5 }, regions: watching.readings() };
        let watching = Bench { detector: watching.detector.clone().watching(Watch::Power), ..watching };
        let loss = ClassLoss { output_efficiency: Some(share), ..plain };
        assert_gradient("share of the plane", &watching, &loss, 3000 + 10 * number);
    }
}

#[test]
fn the_gradient_of_the_image_error_is_its_central_difference() {
    for (name, seed, encoding) in
        [("amplitude", 50, Encoding::Amplitude), ("phase", 60, Encoding::Phase { range: 3.0 })]
    {
        let mut bench = small_bench();
        let grid = bench.grid();
        bench.object = ObjectPlane::new(grid, (8, 8), 2, encoding).unwrap();
        bench.detector = Detector::new(grid, image_regions(bench.object.origin(), (8, 8), (2, 2))).unwrap();
        assert_gradient(name, &bench, &ImageError, seed);
    }
}

#[test]
fn the_gradient_of_the_whole_loss_is_its_central_difference() {
    for (number, (method, pixel_model)) in
        METHODS.iter().flat_map(|&method| PIXELS.map(|pixels| (method, pixels))).enumerate()
    {
        let encoding = [Encoding::Amplitude, Encoding::Phase { range: std::f64::consts::TAU }][number % 2];
        let mut bench = Bench { method, pixel_model, ..small_bench() };
        bench.object = ObjectPlane::new(bench.grid(), (8, 8), 2, encoding).unwrap();
        let seed = number as u64 * 10;
        let phases = random_phases(bench.grid(), bench.masks(), seed);
        let image = random_image((8, 8), seed + 1);
        let (_, gradient) = loss_and_gradient(&bench, &CLASSES, &phases, &image);

        // Single pixels of each mask, and one random direction through all phases at once.
        let mut next = random_numbers(seed + 2);
        let mut directions: Vec<Vec<Array2<f64>>> = Vec::new();
        for mask in 0..bench.masks() {
            let mut one = vec![Array2::zeros(bench.grid().shape()); bench.masks()];
            one[mask][[5 + 3 * mask, 11]] = 1.0;
            directions.push(one);
        }
        let random = || Array2::from_shape_simple_fn(bench.grid().shape(), &mut next);
        directions.push(std::iter::repeat_with(random).take(bench.masks()).collect());
        for direction in &directions {
            let at = |t: f64| {
                let moved: Vec<_> = phases.iter().zip(direction).map(|(p, d)| p + &(d * t)).collect();
                loss_and_gradient(&bench, &CLASSES, &moved, &image).0
            };
            let along: f64 = gradient.iter().zip(direction).map(|(g, d)| (g * d).sum()).sum();
            let step = 1e-5;
            let difference = (at(step) - at(-step)) / (2.0 * step);
            // Truncation step^2 = 1e-10 of the third derivative, rounding 1e-16 / 1e-5 of the loss; the sizes
            // of both are a few.
            assert!((along - difference).abs() < 2e-9 + 1e-7 * along.abs(), "{along} {difference}");
            assert!(along.abs() > 1e-7, "a gradient of {along} says nothing");
        }
    }
}
