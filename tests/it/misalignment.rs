//! Misaligned benches: by other ways to say the same physics, and by oracles.

use std::f64::consts::TAU;

use d2nn::bench::Bench;
use d2nn::engine::{CpuEngine, Engine, ModesEngine};
use d2nn::field::WaveField;
use d2nn::grid::Grid;
use d2nn::misalignment::{Displacement, Misalignment, Tolerance};
use d2nn::object::{Encoding, ObjectPlane, Placement};
use d2nn::propagation::rayleigh_sommerfeld::impulse_response;
use d2nn::propagation::{Gap, Method, PixelModel, Propagator};
use d2nn::random::{Purpose, Stream};
use d2nn::reference::Network;
use ndarray::Array2;
use num_complex::Complex;

use crate::support::{
    random_field, random_image, random_images, random_masks, random_values, relative_error, small_bench,
    varied_benches,
};

fn aside(y: f64, x: f64) -> Displacement {
    Displacement { lateral: (y, x), axial: 0.0 }
}

fn along(z: f64) -> Displacement {
    Displacement { lateral: (0.0, 0.0), axial: z }
}

fn readings(bench: &Bench, values: &[Array2<f64>], image: &Array2<f32>) -> Vec<f64> {
    Network::<f64>::new(bench.clone(), values.to_vec()).unwrap().readings(image.view()).unwrap()
}

/// Largest difference over the largest reading.
fn difference(a: &[f64], b: &[f64]) -> f64 {
    let largest = b.iter().copied().fold(0.0, f64::max);
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) / largest
}

#[test]
fn no_errors_are_the_same_bench() {
    for (name, bench) in varied_benches() {
        let masks = bench.masks();
        let none = Misalignment {
            masks: vec![Displacement::default(); masks],
            rotations: vec![0.0; masks],
            ..Misalignment::default()
        };
        for errors in [none, Misalignment::default()] {
            assert!(bench.misaligned(&errors).unwrap() == bench, "{name}");
        }
    }
}

#[test]
fn a_mask_taken_off_is_a_plane_that_does_nothing() {
    let bench = small_bench();
    let (values, image) = (random_values(&bench, 3), random_image((8, 8), 4));
    let errors = Misalignment { absent: vec![false, true], ..Misalignment::default() };
    // A lossless mask of no phase lets light through as it is.
    let flat = vec![values[0].clone(), Array2::zeros(bench.mask_shape(0))];
    let taken_off = bench.misaligned(&errors).unwrap();
    assert_eq!(readings(&taken_off, &values, &image), readings(&bench, &flat, &image));
    // So it does where a mask has a base that absorbs, and whatever else is wrong with it.
    let absorbing =
        d2nn::element::Modulation::Phase { absorption: 0.1, base: 0.5, phase_max: TAU, scale: 1.0 };
    let turned = Misalignment { rotations: vec![0.0, 0.4], ..errors };
    let dull = Bench { modulation: absorbing, ..bench }.misaligned(&turned).unwrap();
    let other = vec![values[0].clone(), values[1].mapv(|phase| 0.3 * phase + 0.1)];
    assert_eq!(readings(&dull, &values, &image), readings(&dull, &other, &image));
}

#[test]
fn everything_aside_is_the_object_aside_the_other_way() {
    let plain = small_bench();
    let (grid, pitch) = (plain.grid(), plain.grid().pixel_pitch());
    let values = random_values(&plain, 1);
    let image = random_image((8, 8), 2);
    for method in [Method::AngularSpectrum, Method::RayleighSommerfeld] {
        for pixel_model in [PixelModel::Point, PixelModel::Square] {
            let bench = Bench { method, pixel_model, ..plain.clone() };
            let errors = Misalignment {
                masks: vec![aside(pitch, -2.0 * pitch); 2],
                detector: aside(pitch, -2.0 * pitch),
                ..Misalignment::default()
            };
            let moved = readings(&bench.misaligned(&errors).unwrap(), &values, &image);
            let mut placement = Placement::centred(grid, (8, 8), 2);
            placement.origin = (placement.origin.0 - 1, placement.origin.1 + 2);
            let object = ObjectPlane::placed(grid, (8, 8), placement, Encoding::Amplitude).unwrap();
            let expected = readings(&Bench { object, ..bench.clone() }, &values, &image);
            // Whole pixels are exact but for square pixels in the sampled response, whose tails in the window of twice
            // the side see its end two pixels from where it was.
            let bound = match (method, pixel_model) {
                (Method::RayleighSommerfeld, PixelModel::Square) => 2e-3,
                _ => 1e-12,
            };
            let off = difference(&moved, &expected);
            assert!(off < bound, "{method:?} {pixel_model:?}: {off}");
            let aligned = readings(&bench, &values, &image);
            assert!(difference(&moved, &aligned) > 0.05, "two pixels matter");
        }
    }
}

#[test]
fn planes_along_the_axis_are_other_gaps() {
    let bench = small_bench();
    let errors = Misalignment {
        masks: vec![along(0.5e-3), along(-0.25e-3)],
        detector: along(1e-3),
        ..Default::default()
    };
    let moved = bench.misaligned(&errors).unwrap();
    let gaps = [6.5e-3, 5.25e-3, 9.25e-3];
    for (gap, expected) in moved.gaps.iter().zip(gaps) {
        assert!((gap - expected).abs() < 1e-15, "{gap} {expected}");
    }
    assert_eq!(Bench { gaps: moved.gaps.clone(), ..bench }, moved, "and nothing else");
}

#[test]
fn a_plane_wave_is_met_aside_with_the_phase_of_the_way() {
    // A wave on a frequency of the window, which needs no padding.
    let grid = Grid::new(40, 32, 0.4e-3).unwrap();
    let (wavelength, distance, shift) = (0.75e-3, 5e-3, (0.13e-3, -0.29e-3));
    let (fy, fx) = (3.0 / grid.aperture().0, -2.0 / grid.aperture().1);
    let wave = |shift: (f64, f64), phase: f64| {
        let at = |(row, column)| {
            Complex::cis(TAU * (fy * (grid.y(row) + shift.0) + fx * (grid.x(column) + shift.1)) + phase)
        };
        WaveField::new(grid, Array2::from_shape_fn(grid.shape(), at)).unwrap()
    };
    let gap = Gap {
        grid,
        padded: grid.shape(),
        wavelength,
        distance,
        method: Method::AngularSpectrum,
        pixel_model: PixelModel::Point,
        shift,
        carrier: (0.0, 0.0),
    };
    let met = Propagator::new(gap).unwrap().propagate(&wave((0.0, 0.0), 0.0));
    let w = (wavelength.powi(-2) - fy * fy - fx * fx).sqrt();
    assert!(relative_error(&met, &wave(shift, TAU * w * distance)) < 1e-12);
}

#[test]
fn a_plane_aside_by_part_of_a_pixel_meets_the_direct_sum_there() {
    let bench = small_bench();
    let grid = bench.grid();
    let errors = Misalignment { detector: aside(0.17e-3, -0.23e-3), ..Misalignment::default() };
    let bench = Bench { pixel_model: PixelModel::Point, ..bench };
    let gap = bench.misaligned(&errors).unwrap().gap(2);
    assert_eq!(gap.shift, (0.17e-3, -0.23e-3));
    let field = random_field(grid, 3);
    let met = Propagator::new(gap).unwrap().propagate(&field);
    let sum = Array2::from_shape_fn(grid.shape(), |(row, column)| -> Complex<f64> {
        let (y, x) = (grid.y(row) + 0.17e-3, grid.x(column) - 0.23e-3);
        let from = |((r, c), u): ((usize, usize), &Complex<f64>)| {
            u * impulse_response(y - grid.y(r), x - grid.x(c), gap.wavelength, gap.distance)
                * grid.pixel_area()
        };
        field.amplitude.indexed_iter().map(from).sum()
    });
    // The window of twice the side holds every offset: rounding is all.
    assert!(relative_error(&met, &WaveField::new(grid, sum).unwrap()) < 1e-12);
}

#[test]
fn another_wavelength_is_another_bench_with_less_phase() {
    let plain = small_bench();
    let plain = Bench {
        object: ObjectPlane::new(plain.grid(), (8, 8), 2, Encoding::Phase { range: 3.0 }).unwrap(),
        ..plain
    };
    let longer = plain.misaligned(&Misalignment { wavelength: 0.02, ..Misalignment::default() }).unwrap();
    let (values, image) = (random_values(&plain, 4), random_image((8, 8), 5));
    let by_hand = Bench {
        wavelength: 1.02 * plain.wavelength,
        object: ObjectPlane::new(plain.grid(), (8, 8), 2, Encoding::Phase { range: 3.0 / 1.02 }).unwrap(),
        ..plain.clone()
    };
    // Phases of the first turn are heights as they are.
    let less: Vec<_> = values.iter().map(|phase| phase / 1.02).collect();
    let off = difference(&readings(&longer, &values, &image), &readings(&by_hand, &less, &image));
    assert!(off < 1e-12, "{off}");
    // What is printed does not know that a phase was given with more turns.
    let turned: Vec<_> = values.iter().map(|phase| phase + 3.0 * TAU).collect();
    let off = difference(&readings(&longer, &turned, &image), &readings(&longer, &values, &image));
    assert!(off < 1e-12, "{off}");
}

#[test]
fn impossible_benches_are_refused() {
    let bench = small_bench();
    let none = Misalignment::default();
    for (errors, reason) in [
        (
            Misalignment { masks: vec![along(0.0), along(-6e-3)], ..none.clone() },
            "gap 1 of 0.006 m becomes 0 m",
        ),
        (Misalignment { detector: aside(0.0, 12e-3), ..none.clone() }, "gap 2 stand 0 m and 0.012 m aside"),
        (Misalignment { masks: vec![aside(0.0, 0.0)], ..none.clone() }, "1 displacements for 2 masks"),
        (Misalignment { wavelength: f64::NAN, ..none.clone() }, "wavelength"),
    ] {
        let message = bench.misaligned(&errors).unwrap_err().to_string();
        assert!(message.contains(reason), "{message}");
    }
}

#[test]
fn an_engine_on_another_bench_is_an_engine_made_for_it() {
    let tolerance = Tolerance { lateral: 0.5e-3, axial: 0.3e-3, rotation: 0.1, wavelength: 0.01 };
    let mut stream = Stream::new(6, Purpose::Tolerance, 0);
    let slopes = |_: usize, readings: &[f64], slopes: &mut [f64]| slopes.copy_from_slice(readings);
    for (name, bench) in [("plain", small_bench())].into_iter().chain(varied_benches()) {
        let images = random_images(&bench, 4);
        let masks = random_masks(&bench, 7);
        let results = |engine: &dyn Engine| {
            (engine.readings(images.view()).unwrap(), engine.gradients(images.view(), &slopes).unwrap())
        };
        let new = |bench: &Bench| {
            let mut engine = CpuEngine::new(bench.clone(), 2).unwrap();
            engine.set_masks(&masks).unwrap();
            engine
        };
        let engine = new(&bench);
        let aligned = results(&engine);
        let one_aside = Misalignment { detector: aside(0.1e-3, 0.0), ..Misalignment::default() };
        for errors in [tolerance.draw(bench.masks(), &mut stream), one_aside] {
            let moved = bench.misaligned(&errors).unwrap();
            let beside = engine.at(moved.clone(), &masks).unwrap();
            assert!(*beside.bench() == moved);
            let got = results(&*beside);
            assert!(got == results(&new(&moved)), "{name}");
            assert!(got != aligned, "{name}");
            let back = beside.at(bench.clone(), &masks).unwrap();
            assert!(results(&*back) == aligned, "{name}: and back");
        }
        assert!(*engine.bench() == bench && results(&engine) == aligned, "{name}: as it was");
    }
}

#[test]
fn modes_of_another_bench_are_made_anew() {
    let bench = small_bench();
    let images = random_images(&bench, 130);
    let masks = random_masks(&bench, 8);
    let moved = bench
        .misaligned(&Misalignment {
            detector: aside(0.3e-3, -0.2e-3),
            wavelength: 0.01,
            ..Misalignment::default()
        })
        .unwrap();
    let new = |bench: &Bench| {
        let mut engine = ModesEngine::new(CpuEngine::new(bench.clone(), 2).unwrap());
        engine.set_masks(&masks).unwrap();
        engine.prepare(1000, &mut |_| Ok(())).unwrap();
        engine
    };
    let engine = new(&bench);
    let before = engine.readings(images.view()).unwrap();
    let beside = engine.at(moved.clone(), &masks).unwrap();
    beside.prepare(1000, &mut |_| Ok(())).unwrap();
    let after = beside.readings(images.view()).unwrap();
    assert!(engine.readings(images.view()).unwrap() == before);
    assert!(after != before && after == new(&moved).readings(images.view()).unwrap());
}

#[test]
fn other_devices_are_refused() {
    let bench = small_bench();
    let masks = random_masks(&bench, 9);
    let engine = CpuEngine::new(bench.clone(), 1).unwrap();
    let amplitude = d2nn::element::Modulation::Amplitude;
    for (other, reason) in [
        (bench.sampled(2, 2.0).unwrap(), "another device"),
        (bench.free_space(), "another device"),
        (Bench { modulation: amplitude, ..bench.clone() }, "another device"),
        (Bench { gaps: vec![-1.0; 3], ..bench.clone() }, "above zero"),
    ] {
        let message = engine.at(other, &masks).err().unwrap().to_string();
        assert!(message.contains(reason), "{message}");
    }
    let message = engine.at(bench, &masks[1..]).err().unwrap().to_string();
    assert!(message.contains("masks: this device has"), "{message}");
}
