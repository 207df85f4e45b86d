//! Plates with thickness: against exact plates, thin masks, finite differences, and the reference.

use std::f64::consts::TAU;

use d2nn::bench::Bench;
use d2nn::element::{Element, Modulation, Site, Slicing, ThickPlate, Thickness};
use d2nn::engine::{CpuEngine, Engine, ModesEngine};
use d2nn::field::WaveField;
use d2nn::grid::Grid;
use d2nn::misalignment::{Displacement, Misalignment};
use d2nn::program::Program;
use d2nn::propagation::{Polarisation, Propagator, Slab};
use d2nn::reference::{Instrument, Network, through};
use d2nn::source::{LightSource, LineReadout};
use ndarray::Array2;
use num_complex::Complex;

use crate::support::{random_image, random_images, random_masks, random_numbers, random_values, small_bench};

const INDEX: f64 = 1.7227;
const WAVELENGTH: f64 = 0.75e-3;

fn thickness(slices: usize) -> Thickness {
    Thickness {
        refractive_index: INDEX,
        extinction_coefficient: 0.01,
        base: 1e-3,
        relief: WAVELENGTH / (INDEX - 1.0),
        height_per_radian: WAVELENGTH / (INDEX - 1.0) / TAU,
        finer: 1,
        slicing: Slicing::SplitStep,
        slices,
        reference_index: 1.36,
    }
}

/// The same crossed in both media side by side.
fn side_by_side(slices: usize) -> Thickness {
    Thickness { slicing: Slicing::WavePropagation, ..thickness(slices) }
}

/// Benches with plates: the equivalent sheet and slices, upright and out of place, one mask taken off.
fn benches() -> Vec<(&'static str, Bench)> {
    let with = |slices| Bench { plate: Some(thickness(slices)), ..small_bench() };
    let displaced = |y, x, axial| Displacement { lateral: (y, x), axial };
    let errors = Misalignment {
        masks: vec![displaced(0.3e-3, -0.2e-3, 0.1e-3), displaced(-0.1e-3, 0.4e-3, 0.0)],
        rotations: vec![0.02, -0.1],
        wavelength: 0.01,
        ..Misalignment::default()
    };
    let inside = |thickness| Bench { plate: Some(thickness), ..small_bench() };
    let absent = Misalignment { absent: vec![true, false], ..Misalignment::default() };
    vec![
        ("equivalent", with(1)),
        ("sliced", with(4)),
        ("sliced, oversampled", with(3).sampled(2, 2.0).unwrap()),
        ("out of place", with(2).misaligned(&errors).unwrap()),
        ("sliced, finer inside", inside(Thickness { finer: 2, ..thickness(3) })),
        ("sliced, finer inside, oversampled", {
            inside(Thickness { finer: 3, ..thickness(2) }).sampled(2, 2.0).unwrap()
        }),
        (
            "equivalent, finer inside and out of place",
            inside(Thickness { finer: 2, ..thickness(1) }).misaligned(&errors).unwrap(),
        ),
        ("one taken off, finer inside", {
            inside(Thickness { finer: 2, ..thickness(2) }).misaligned(&absent).unwrap()
        }),
        ("wpm", Bench { plate: Some(side_by_side(3)), ..small_bench() }),
        ("wpm, finer inside", inside(Thickness { finer: 2, ..side_by_side(2) })),
        (
            "wpm, oversampled and out of place",
            Bench { plate: Some(side_by_side(2)), ..small_bench() }
                .sampled(2, 2.0)
                .unwrap()
                .misaligned(&errors)
                .unwrap(),
        ),
        ("one taken off", with(2).misaligned(&absent).unwrap()),
    ]
}

/// Field behind a plate of `values` in a plane wave that covers its window: by the operations it becomes.
fn behind(plate: &ThickPlate, values: &Array2<f64>, place: &Site, light: &WaveField<f64>) -> WaveField<f64> {
    let mut program = Program::default();
    plate.lower(std::slice::from_ref(values), place, &mut program);
    through(&program, light.clone()).unwrap()
}

#[test]
fn a_plate_of_one_height_is_a_slab() {
    // In a window as wide as the plane everything is periodic, and a plane wave stays one.
    let grid = Grid::new(64, 64, 0.1e-3).unwrap();
    let place = Site { grid, padded: (64, 64), wavelength: WAVELENGTH, medium: 1.0 };
    let modulation = Modulation::LOSSLESS;
    let flat = WaveField::new(grid, Array2::from_elem((64, 64), Complex::new(1.0, 0.0))).unwrap();
    let split =
        [(1, 0.0), (1, 4.0), (4, 1.0), (4, 6.2), (7, 3.3)].map(|(n, radians)| (thickness(n), radians));
    let wave = [(4, 0.0), (4, 1.0), (16, 6.2), (7, 3.3)].map(|(n, radians)| (side_by_side(n), radians));
    for (thick, radians) in split.into_iter().chain(wave) {
        let thick = Thickness { extinction_coefficient: 0.02, ..thick };
        let plate = ThickPlate::new(modulation, thick, (64, 64), 1);
        let values = Array2::from_elem((64, 64), radians);
        let found = behind(&plate, &values, &place, &flat).amplitude[[31, 20]];
        // Along the axis a slab as thick as base and relief, then the way that is left in air.
        let height = radians * thick.height_per_radian;
        let slab = Slab {
            grid,
            padded: (64, 64),
            wavelength: WAVELENGTH,
            medium: 1.0,
            refractive_index: INDEX,
            extinction_coefficient: 0.02,
            thickness: thick.base + height,
            polarisation: Polarisation::Mean,
            echoes: false,
            faces: true,
        };
        let air = Complex::cis(TAU / WAVELENGTH * (thick.relief - height));
        let expected = slab.transfer(0.0, 0.0) * air;
        // Rounding of a phase of some tens of radians.
        assert!((found - expected).norm() < 1e-10, "{thick:?} {radians}: {found} {expected}");
    }
}

#[test]
fn tops_inside_slices_are_right_in_the_limit() {
    // A relief of one height in light of every direction: a slab and air behind it, whatever the slice its top is in.
    let grid = Grid::new(64, 64, 0.1e-3).unwrap();
    let place = Site { grid, padded: (64, 64), wavelength: WAVELENGTH, medium: 1.0 };
    let point = WaveField::new(
        grid,
        Array2::from_shape_fn((64, 64), |at| Complex::new(f64::from(u8::from(at == (32, 32))), 0.0)),
    );
    let light = point.unwrap();
    let off = |slices: usize| {
        let thick = side_by_side(slices);
        let plate = ThickPlate::new(Modulation::LOSSLESS, thick, (64, 64), 1);
        let found = behind(&plate, &Array2::from_elem((64, 64), 3.0), &place, &light).amplitude;
        let height = 3.0 * thick.height_per_radian;
        let slab = |length: f64, faces: bool| Slab {
            grid,
            padded: (64, 64),
            wavelength: WAVELENGTH,
            medium: 1.0,
            refractive_index: INDEX,
            extinction_coefficient: 0.01,
            thickness: length,
            polarisation: Polarisation::Mean,
            echoes: false,
            faces,
        };
        let air =
            Slab { refractive_index: 1.0, extinction_coefficient: 0.0, ..slab(thick.relief - height, false) };
        let carry = |slab: Slab, field: &WaveField<f64>| Propagator::new(slab).unwrap().propagate(field);
        let expected =
            carry(air, &carry(slab(height, false), &carry(slab(thick.base, true), &light))).amplitude;
        let norm = |field: &Array2<Complex<f64>>| field.iter().map(|u| u.norm_sqr()).sum::<f64>();
        (norm(&(&found - &expected)) / norm(&expected)).sqrt()
    };
    // The one slice with the top in it is wrong to second order in its height.
    let [four, sixteen, many] = [4, 16, 64].map(off);
    assert!(four < 0.2 && sixteen < 0.3 * four && many < 0.3 * sixteen, "{four} {sixteen} {many}");
}

#[test]
fn slices_agree_where_light_does_not_spread_and_converge_where_it_does() {
    // Pixels of 3.2 mm are ten times as wide as light spreads inside; of 0.4 mm half as wide.
    let share = |pixel: usize, a: usize, b: usize| {
        let grid = Grid::new(96, 96, 0.1e-3).unwrap();
        let place = Site { grid, padded: (192, 192), wavelength: WAVELENGTH, medium: 1.0 };
        let mut next = random_numbers(11);
        let phases =
            Array2::from_shape_simple_fn((96 / pixel, 96 / pixel), || std::f64::consts::PI * (1.0 + next()));
        let light = WaveField::new(grid, Array2::from_elem((96, 96), Complex::new(1.0, 0.0))).unwrap();
        let field = |slices| {
            let plate = ThickPlate::new(Modulation::LOSSLESS, thickness(slices), phases.dim(), pixel);
            behind(&plate, &phases, &place, &light).amplitude
        };
        let (a, b) = (field(a), field(b));
        let power = |field: &Array2<Complex<f64>>| field.iter().map(|u| u.norm_sqr()).sum::<f64>();
        let inner: Complex<f64> = a.iter().zip(&b).map(|(a, b)| a.conj() * b).sum();
        inner.norm_sqr() / (power(&a) * power(&b))
    };
    // One slice against eight: large pixels hardly care, small ones do; and slices converge.
    let (wide, narrow) = (share(32, 1, 8), share(4, 1, 8));
    assert!(wide > 0.85 && narrow < wide - 0.1, "{wide} {narrow}");
    let (few, many) = (share(4, 2, 16), share(4, 8, 16));
    assert!(many > 0.98 && many > few, "{few} {many}");
}

#[test]
fn samples_inside_alone_do_what_they_do_everywhere() {
    // Coarse samples outside hold every wave that travels: half a wavelength apart and closer.
    let plate = Thickness { finer: 2, ..thickness(4) };
    let bench = Bench { plate: Some(plate), ..small_bench() };
    let masks = random_masks(&bench, 4);
    let image = random_image((8, 8), 2);
    let readings = |bench: &Bench| -> Vec<f64> {
        let values: Vec<Array2<f64>> = masks.iter().map(|mask| mask.mapv(f64::from)).collect();
        Instrument::new(bench, &values).unwrap().readings(image.view()).unwrap()
    };
    let outside = bench.grid().pixel_pitch() / 2.0;
    assert!(outside < WAVELENGTH / 2.0, "the samples outside are {outside} m apart");
    let inside = readings(&bench.sampled(2, 2.0).unwrap());
    let everywhere = Bench { plate: Some(thickness(4)), ..bench.clone() };
    let everywhere = readings(&everywhere.sampled(4, 2.0).unwrap());
    let coarse = Bench { plate: Some(thickness(4)), ..bench.clone() };
    let coarse = readings(&coarse.sampled(2, 2.0).unwrap());
    let brightest = everywhere.iter().copied().fold(0.0, f64::max);
    let off = |found: &[f64]| {
        found.iter().zip(&everywhere).fold(0.0, |most: f64, (a, b)| most.max((a - b).abs())) / brightest
    };
    println!("inside {} coarse {}", off(&inside), off(&coarse));
    assert!(off(&inside) < 0.2 * off(&coarse), "{} {}", off(&inside), off(&coarse));
}

#[test]
fn engines_run_plates_as_the_reference_does() {
    for (name, bench) in benches() {
        let masks = random_masks(&bench, 3);
        let values: Vec<Array2<f64>> = masks.iter().map(|values| values.mapv(f64::from)).collect();
        let network = Network::new(bench.clone(), values).unwrap();
        let mut engine = CpuEngine::new(bench.clone(), 2).unwrap();
        engine.set_masks(&masks).unwrap();
        let images = random_images(&bench, 3);
        let read = engine.readings(images.view()).unwrap();
        let slopes = [0.7, -1.1, 0.4, 0.9];
        let pass = engine.gradients(images.view(), &|_, _, to| to.copy_from_slice(&slopes)).unwrap();
        let mut modes =
            ModesEngine::new(CpuEngine::new(bench.clone(), 1).unwrap()).with_basis(Array2::eye(64)).unwrap();
        modes.set_masks(&masks).unwrap();
        let in_modes = modes.gradients(images.view(), &|_, _, to| to.copy_from_slice(&slopes)).unwrap();
        let mut expected: Vec<Array2<f64>> = masks.iter().map(|values| Array2::zeros(values.dim())).collect();
        for (sample, image) in images.outer_iter().enumerate() {
            let light = network.light(image).unwrap();
            let exact = bench.detector.readings(&light.detector);
            let brightest = exact.iter().copied().fold(0.0, f64::max);
            for (got, want) in read.regions.row(sample).iter().zip(&exact) {
                // Single precision over up to thirteen crossings: 1e-5 of the brightest, and room for another processor.
                assert!((got - want).abs() < 5e-5 * brightest, "{name}: {got} {want}");
            }
            for (sum, gradient) in expected.iter_mut().zip(network.gradients(&light, &slopes).unwrap()) {
                *sum += &gradient;
            }
        }
        for found in [&pass.masks, &in_modes.masks] {
            for (got, want) in found.iter().zip(&expected) {
                let difference = (&got.mapv(f64::from) - want).mapv(|d| d * d).sum().sqrt();
                let norm = want.mapv(|d| d * d).sum().sqrt();
                assert!(difference <= 1e-4 * norm, "{name}: {}", difference / norm);
            }
        }
    }
}

#[test]
fn plates_are_taken_off_and_put_back_beside_an_engine() {
    // A plate that is off keeps nothing for the way back: its engine needs less room than the one beside it.
    let bench = Bench { plate: Some(Thickness { finer: 2, ..thickness(2) }), ..small_bench() };
    let off = Misalignment { absent: vec![true, false], ..Misalignment::default() };
    let (masks, images) = (random_masks(&bench, 8), random_images(&bench, 5));
    let slopes = |_: usize, readings: &[f64], slopes: &mut [f64]| slopes.copy_from_slice(readings);
    let results = |engine: &dyn Engine| {
        (engine.readings(images.view()).unwrap(), engine.gradients(images.view(), &slopes).unwrap())
    };
    for basis in [false, true] {
        let new = |bench: &Bench| {
            let mut engine = ModesEngine::new(CpuEngine::new(bench.clone(), 2).unwrap());
            if basis {
                engine = engine.with_basis(Array2::eye(64)).unwrap();
            }
            engine.set_masks(&masks).unwrap();
            engine
        };
        let taken_off = bench.misaligned(&off).unwrap();
        let (whole, less) = (results(&new(&bench)), results(&new(&taken_off)));
        assert!(whole != less);
        let engine = new(&taken_off);
        assert!(results(&engine) == less);
        let back = engine.at(bench.clone(), &masks).unwrap();
        assert!(results(&*back) == whole, "put back");
        let again = back.at(taken_off.clone(), &masks).unwrap();
        assert!(results(&*again) == less && results(&engine) == less, "taken off again");
    }
}

#[test]
fn slopes_by_height_are_central_differences() {
    for (name, bench) in benches() {
        let values = random_values(&bench, 5);
        let image = random_image((8, 8), 6);
        let slopes = [0.7, -1.1, 0.4, 0.9];
        let loss = |values: &[Array2<f64>]| -> f64 {
            let network = Network::new(bench.clone(), values.to_vec()).unwrap();
            network.readings(image.view()).unwrap().iter().zip(slopes).map(|(r, s)| r * s).sum()
        };
        let network = Network::new(bench.clone(), values.clone()).unwrap();
        let gradients = network.gradients(&network.light(image.view()).unwrap(), &slopes).unwrap();
        let mut next = random_numbers(7);
        let directions: Vec<Array2<f64>> =
            values.iter().map(|values| Array2::from_shape_simple_fn(values.dim(), &mut next)).collect();
        // No top of 1568 may pass from one slice to the next within the step: a phase every 0.004 rad, on average.
        let step = 1e-7;
        let moved = |step: f64| -> Vec<Array2<f64>> {
            values.iter().zip(&directions).map(|(values, way)| values + &(way * step)).collect()
        };
        let difference = (loss(&moved(step)) - loss(&moved(-step))) / (2.0 * step);
        let along: f64 = gradients.iter().zip(&directions).map(|(g, way)| (g * way).sum()).sum();
        let scale: f64 = gradients.iter().map(|g| g.mapv(f64::abs).sum()).sum();
        // Rounding of the loss, 1e-15 of the readings over the step.
        assert!((along - difference).abs() < 1e-6 * scale, "{name}: {along} {difference} of {scale}");
    }
}

#[test]
fn plates_need_room_and_phases() {
    let with = |plate| Bench { plate: Some(plate), ..small_bench() };
    let refused = |bench: Bench| bench.check().unwrap_err().to_string();
    let message = refused(with(Thickness { base: 5.2e-3, ..thickness(1) }));
    assert!(message.contains("gap 1 of 6 mm: its plates take 6.2378 mm of it"), "{message}");
    assert!(refused(with(thickness(0))).contains("slices and index at least 1"));
    let grey = Bench { modulation: Modulation::Amplitude, ..with(thickness(1)) };
    assert!(refused(grey).contains("only masks of phases"));
    // By the wave propagation method the share of a pixel is no number where a slice turns light by a whole turn.
    let whole = Thickness { relief: 0.75e-3 / 0.72, ..side_by_side(1) };
    let message = refused(with(whole));
    assert!(message.contains("by 1.00 turns") && message.contains("take 2 slices or more"), "{message}");
    assert!(with(Thickness { slices: 2, ..whole }).check().is_ok());
    let blue = LightSource::of_lines(&[(1.0, 1.0), (0.5, 1.0)], LineReadout::Sum);
    let message = refused(Bench { source: blue, ..with(Thickness { slices: 2, ..whole }) });
    assert!(message.contains("take 4 slices or more"), "{message}");
    let bench = with(thickness(2));
    let length: f64 = bench.path().stops().iter().map(|stop| stop.element.thickness()).sum();
    assert!((length - bench.length()).abs() < 1e-15, "plates take their room from the gaps: {length}");
}

/// C of each mask of `bench` with phases of `of`, in the light of one image.
fn correlations(bench: &Bench, of: impl Fn((usize, usize)) -> f32) -> Vec<f64> {
    let masks: Vec<Array2<f32>> = (0..2).map(|_| Array2::from_shape_fn(bench.mask_shape(0), &of)).collect();
    let image = random_image(bench.object.image(), 9);
    d2nn::evaluation::thin_correlation(bench, &masks, image.view()).unwrap()
}

#[test]
fn thin_masks_foretell_smooth_plates_and_not_rough_ones() {
    let plain = small_bench();
    let bench = Bench { plate: Some(thickness(4)), ..plain.clone() }.sampled(4, 2.0).unwrap();
    // Steps of up to a turn from pixel to pixel: outside this project thin masks have 0.15 to 0.35 of full-wave fields, and
    // slices 0.78 of them; here a part of the light passes beside the relief, in pixels that happen to be low.
    let mut next = random_numbers(7);
    let random: Vec<f32> = (0..28 * 28).map(|_| (0.5 * TAU * (1.0 + next())) as f32).collect();
    let rough = correlations(&bench, |(y, x)| random[28 * y + x]);
    assert!(rough.iter().all(|c| *c < 0.5), "{rough:?}");
    // A bump of a radian over the whole plane: what is left is the slant of the light inside base and relief.
    let bump = |(y, x): (usize, usize)| {
        let (y, x) = (y as f32 - 13.5, x as f32 - 13.5);
        (-(y * y + x * x) / 200.0).exp()
    };
    let smooth = correlations(&bench, bump);
    assert!(smooth.iter().zip(&rough).all(|(smooth, rough)| *smooth > rough + 0.3), "{smooth:?} {rough:?}");
    let thin = d2nn::evaluation::thin_correlation(&plain, &[], random_image(plain.object.image(), 9).view());
    assert!(thin.unwrap_err().to_string().contains("thin plates"));
}
