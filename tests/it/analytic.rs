//! Propagation against nature: closed forms, each with the error it may have and why.

use std::f64::consts::TAU;

use d2nn::bench::Bench;
use d2nn::detector::{Detector, Region};
use d2nn::engine::{CpuEngine, Engine, ModesEngine};
use d2nn::field::WaveField;
use d2nn::grid::{Grid, spatial_frequencies};
use d2nn::object::{Encoding, Illumination, ObjectPlane, Placement, Resampling};
use d2nn::propagation::angular_spectrum::transfer;
use d2nn::propagation::rayleigh_sommerfeld::{direct_summation, safe_distance, safe_offset};
use d2nn::propagation::{Across, Fft2, Gap, Method, PixelModel, Propagator, padded_shape};
use d2nn::reference::Network;
use ndarray::{Array2, Array3, Axis};
use num_complex::Complex;

use crate::support::{random_field, relative_error, small_bench};

const WAVELENGTH: f64 = 0.75e-3;
const WAVENUMBER: f64 = TAU / WAVELENGTH;

fn plan(grid: Grid, distance: f64, method: Method, padding: f64) -> Propagator<f64> {
    let padded = padded_shape(grid, padding).unwrap();
    let pixel_model = PixelModel::Point;
    Propagator::new(Gap {
        grid,
        padded,
        wavelength: WAVELENGTH,
        distance,
        method,
        pixel_model,
        shift: (0.0, 0.0),
        carrier: (0.0, 0.0),
    })
    .unwrap()
}

fn sampled(grid: Grid, amplitude: impl Fn(f64, f64) -> Complex<f64>) -> WaveField<f64> {
    let at = |(row, column)| amplitude(grid.y(row), grid.x(column));
    WaveField::new(grid, Array2::from_shape_fn(grid.shape(), at)).unwrap()
}

/// A sum of plane waves with whole numbers of periods on the window.
fn plane_waves(grid: Grid, orders: &[(i32, i32)]) -> WaveField<f64> {
    let (height, width) = grid.aperture();
    sampled(grid, |y, x| {
        let wave =
            |&(a, b): &(i32, i32)| Complex::cis(TAU * (f64::from(a) * y / height + f64::from(b) * x / width));
        orders.iter().map(wave).sum()
    })
}

#[test]
fn a_plane_wave_gains_the_phase_of_its_axial_frequency() {
    let grid = Grid::new(64, 48, 0.4e-3).unwrap();
    let (height, width) = grid.aperture();
    for (a, b) in [(0, 0), (5, 0), (-7, 3), (10, 9)] {
        let field = plane_waves(grid, &[(a, b)]);
        let behind = plan(grid, 6e-3, Method::AngularSpectrum, 1.0).propagate(&field);
        let (fy, fx) = (f64::from(a) / height, f64::from(b) / width);
        let w = (WAVELENGTH.powi(-2) - fx * fx - fy * fy).sqrt();
        let expected = sampled(grid, |y, x| Complex::cis(TAU * (fy * y + fx * x + w * 6e-3)));
        // Rounding: 50 rad of phase at 1e-16 each, and two transforms.
        assert!(relative_error(&behind, &expected) < 1e-13, "{a} {b}");
    }
}

#[test]
fn two_steps_are_one() {
    // H(z1) H(z2) = H(z1 + z2), travelling and evanescent frequencies alike.
    let grid = Grid::new(96, 80, 0.3e-3).unwrap();
    let step = 1.0 / (96.0 * grid.pixel_pitch());
    for i in 0..40 {
        for j in 0..40 {
            let (fy, fx) = (f64::from(i) * step, f64::from(j) * step);
            let product = transfer(fy, fx, WAVELENGTH, 7e-3) * transfer(fy, fx, WAVELENGTH, 23e-3);
            let whole = transfer(fy, fx, WAVELENGTH, 30e-3);
            // 250 rad of phase, rounded at 1.1e-16 each: 3e-14 a factor.
            assert!((product - whole).norm() < 1e-13 * (1.0 + whole.norm()), "{fy} {fx}");
        }
    }
}

#[test]
fn evanescent_waves_decay() {
    // |H| = exp(-2 pi z |w|), w^2 = 1/wavelength^2 - fx^2 - fy^2 < 0.
    let frequency: f64 = 1.4e3;
    let w = (frequency * frequency - WAVELENGTH.powi(-2)).sqrt();
    for distance in [0.1e-3, 1e-3] {
        let h = transfer(0.6 * frequency, 0.8 * frequency, WAVELENGTH, distance);
        let expected = (-TAU * distance * w).exp();
        assert!(expected < 0.8 && (h - expected).norm() < 1e-12, "{h} {expected}: rounding");
    }
}

#[test]
fn travelling_light_keeps_its_power() {
    // At a pitch of 0.8 mm every sampled frequency travels and lies inside the band limit; no crop.
    let grid = Grid::new(256, 240, 0.8e-3).unwrap();
    let field = random_field(grid, 1);
    let behind = plan(grid, 30e-3, Method::AngularSpectrum, 1.0).propagate(&field);
    // |H| = 1 to one rounding; 61,440 powers are summed.
    assert!((behind.power() / field.power() - 1.0).abs() < 1e-13);
}

#[test]
fn a_discrete_bessel_beam_keeps_its_shape() {
    // All plane waves on one ring of frequencies, a^2 + b^2 = 65^2, have the same axial frequency.
    let side: i32 = 256;
    let grid = Grid::new(side as usize, side as usize, 0.3e-3).unwrap();
    let ring: Vec<(i32, i32)> = (-65..=65)
        .flat_map(|a| (-65..=65).map(move |b| (a, b)))
        .filter(|(a, b)| a * a + b * b == 65 * 65)
        .collect();
    assert_eq!(ring.len(), 36, "65 is chosen for its many Pythagorean triples");
    let field = plane_waves(grid, &ring);
    let behind = plan(grid, 30e-3, Method::AngularSpectrum, 1.0).propagate(&field);
    let frequency = 65.0 / grid.aperture().0;
    let w = (WAVELENGTH.powi(-2) - frequency * frequency).sqrt();
    let turned = field.amplitude.mapv(|u| u * Complex::cis(TAU * w * 30e-3));
    let expected = WaveField::new(grid, turned).unwrap();
    assert!(relative_error(&behind, &expected) < 1e-12, "rounding of 200 rad of phase");
}

#[test]
fn a_complex_source_point_is_carried_exactly() {
    // A point source at the imaginary place z = i b is an exact beam of the Helmholtz equation.
    let grid = Grid::new(512, 512, 0.3e-3).unwrap();
    let b = 8e-3;
    let beam = |z: f64| {
        sampled(grid, move |y, x| {
            let axial = Complex::new(z, -b);
            let root = (axial * axial + x * x + y * y).sqrt();
            let r = if root.im > 0.0 { -root } else { root };
            (Complex::new(0.0, WAVENUMBER) * r - WAVENUMBER * b).exp() / r
        })
    };
    let behind = plan(grid, 24e-3, Method::AngularSpectrum, 1.0).propagate(&beam(6e-3));
    // Rounding only: the beam's spectrum at the band limit is exp(-46), its tail at the window's edge is lower
    // still.
    let error = relative_error(&behind, &beam(30e-3));
    assert!(error < 1e-12, "{error}");
}

#[test]
fn a_grating_images_itself_at_the_exact_talbot_distance() {
    // Orders 0 and +-1 of a period of 3.2 mm: z_T = wavelength / (1 - sqrt(1 - wavelength^2 / p^2)).
    let grid = Grid::new(64, 64, 0.4e-3).unwrap();
    let period: f64 = 3.2e-3;
    let talbot = WAVELENGTH / (1.0 - (1.0 - (WAVELENGTH / period).powi(2)).sqrt());
    assert!((talbot - 26.926e-3).abs() < 5e-7, "{talbot}");
    let grating =
        |shift: f64| sampled(grid, |_, x| Complex::new(1.0 + (TAU * (x - shift) / period).cos(), 0.0));
    let at = |distance: f64| plan(grid, distance, Method::AngularSpectrum, 1.0).propagate(&grating(0.0));
    let difference = |a: &WaveField<f64>, b: &WaveField<f64>| {
        let (a, b) = (a.intensity(), b.intensity());
        (&a - &b).mapv(f64::abs).into_iter().fold(0.0, f64::max)
    };
    assert!(difference(&at(talbot), &grating(0.0)) < 1e-11, "rounding");
    // Half way the first orders are in opposition: the image is shifted by half a period.
    assert!(difference(&at(talbot / 2.0), &grating(period / 2.0)) < 1e-11, "rounding");
    // The paraxial distance 2 p^2 / wavelength is 0.381 mm too far, where the orders are out of step by
    // 2 pi 0.381/26.926 = 0.089 rad: the test can tell the two.
    assert!(difference(&at(2.0 * period * period / WAVELENGTH), &grating(0.0)) > 1e-3);
}

#[test]
fn half_the_plane_gives_half_the_amplitude_at_the_edge() {
    // Half open, half closed, the pixel on the edge half open: 1/2 plus an odd function, which is 0 there at
    // any distance.
    let grid = Grid::new(128, 16, 0.4e-3).unwrap();
    let open = |row: usize| [0.5, 1.0, 0.5, 0.0][row / 64 * 2 + usize::from(!row.is_multiple_of(64))];
    let field = Array2::from_shape_fn(grid.shape(), |(row, _)| Complex::new(open(row), 0.0));
    let behind =
        plan(grid, 12e-3, Method::AngularSpectrum, 1.0).propagate(&WaveField::new(grid, field).unwrap());
    let expected = 0.5 * Complex::cis(WAVENUMBER * 12e-3);
    for column in [0, 7, 15] {
        assert!((behind.amplitude[[64, column]] - expected).norm() < 1e-12, "rounding");
    }
}

#[test]
fn the_axis_behind_a_circular_aperture() {
    // On the axis U = exp(ikz) - (z/s) exp(iks), s = sqrt(z^2 + a^2), exactly. The circle is built of square
    // pixels: its area is wrong by chance, so the mean over several radii is judged: 3.2, 1.5 and
    // 0.7 % when this was written, falling with the pitch; the bounds leave a third and must fall likewise.
    let z = 30e-3;
    let error = |side: usize, pitch: f64, radius: f64| {
        let s = f64::hypot(z, radius);
        let expected = Complex::cis(WAVENUMBER * z) - z / s * Complex::cis(WAVENUMBER * s);
        let grid = Grid::new(side, side, pitch).unwrap();
        let field = sampled(grid, |y, x| Complex::new(f64::from(u8::from(x.hypot(y) <= radius)), 0.0));
        let behind = plan(grid, z, Method::RayleighSommerfeld, 2.0).propagate(&field);
        (behind.amplitude[[side / 2, side / 2]] - expected).norm()
    };
    let radii = [5.1e-3, 5.7e-3, 6.3e-3, 6.6e-3, 7.1e-3, 7.4e-3, 7.7e-3, 8e-3];
    let mean = |side, pitch| radii.iter().map(|&a| error(side, pitch, a)).sum::<f64>() / 8.0;
    let errors = [mean(41, 0.4e-3), mean(81, 0.2e-3), mean(161, 0.1e-3)];
    for (error, bound) in errors.iter().zip([0.045, 0.022, 0.012]) {
        assert!(*error < bound, "{errors:?}");
    }
}

#[test]
fn the_shadow_of_a_disc_has_a_bright_spot() {
    // The plane wave less the light of a hole in the place of the disc (Babinet); on the axis z^2/(z^2 + a^2),
    // Osterberg & Smith, JOSA 51, 1050 (1961), beside it J0^2(k a rho/s) times that.
    let (side, pitch, z, a) = (151, 0.1e-3, 25e-3, 6e-3);
    let s = f64::hypot(z, a);
    let grid = Grid::new(side, side, pitch).unwrap();
    let hole = sampled(grid, |y, x| Complex::new(f64::from(u8::from(x.hypot(y) <= a)), 0.0));
    let padded = padded_shape(grid, 2.0).unwrap();
    let (method, pixel_model) = (Method::RayleighSommerfeld, PixelModel::Square);
    let gap = Gap {
        grid,
        padded,
        wavelength: WAVELENGTH,
        distance: z,
        method,
        pixel_model,
        shift: (0.0, 0.0),
        carrier: (0.0, 0.0),
    };
    let behind = Propagator::new(gap).unwrap().propagate(&hole);
    let intensity = behind.amplitude.mapv(|u| (Complex::cis(WAVENUMBER * z) - u).norm_sqr());
    let j0 =
        |x: f64| (0..64).map(|i| (x * (TAU * (f64::from(i) + 0.5) / 128.0).sin()).cos()).sum::<f64>() / 64.0;
    let peak = (z / s).powi(2);
    // Up to the first dark ring, at 1.23 mm. The stairs of the edge take (pi pitch a/(wavelength s))^2/3 = 0.3 % off
    // the spot, and J0^2 leaves out (rho/a)^2 J1^2, J1^2 at most 0.34: 0.3 and 1.1 % when this was written.
    for i in 0..=12 {
        let expected = peak * j0(WAVENUMBER * a * pitch * i as f64 / s).powi(2);
        let difference = (intensity[[side / 2, side / 2 + i]] - expected).abs() / peak;
        let bound = 0.005 + 0.34 * (pitch * i as f64 / a).powi(2);
        assert!(difference < bound, "{i}: {difference}");
    }
}

#[test]
fn two_slits_make_fringes_of_the_stated_spacing() {
    // A window of one row repeats it without end: long slits. Far away the intensity is
    // 4 w^2/(wavelength r) cos^2(theta) cos^2(pi d sin(theta)/wavelength) sinc^2(w sin(theta)/wavelength), from
    // the Rayleigh-Sommerfeld integral with H1(kr) -> sqrt(2/(pi k r)).
    let (w, d, z) = (0.75e-3, 3e-3, 150e-3);
    let grid = Grid::new(1, 1600, 0.1875e-3).unwrap();
    let open = |x: f64| f64::from(u8::from((x.abs() - d / 2.0).abs() < w / 2.0));
    let slits = sampled(grid, |_, x| Complex::new(open(x), 0.0));
    let (method, pixel_model) = (Method::AngularSpectrum, PixelModel::Square);
    let gap = Gap {
        grid,
        padded: (1, 8000),
        wavelength: WAVELENGTH,
        distance: z,
        method,
        pixel_model,
        shift: (0.0, 0.0),
        carrier: (0.0, 0.0),
    };
    let screen = Propagator::new(gap).unwrap().propagate(&slits).intensity();
    let expected = |x: f64| {
        let (r, half_turns) = (x.hypot(z), TAU / 2.0 * x / (x.hypot(z) * WAVELENGTH));
        let envelope = (half_turns * w).sin() / (half_turns * w);
        4.0 * w * w / (WAVELENGTH * r) * (z / r * envelope * (half_turns * d).cos()).powi(2)
    };
    // |sin(theta)| up to 0.7. What the far-zone formula leaves out is a phase across the slits of
    // pi (d/2)^2/(wavelength z) = 0.06 rad between inner and outer light, which enters squared and partly cancels:
    // 7e-4 of the central fringe when this was written. Slits are whole pixels, so they have no edge error.
    let worst = (0..1600)
        .map(|i| (grid.x(i), screen[[0, i]]))
        .filter(|(x, _)| x.abs() / x.hypot(z) < 0.7)
        .map(|(x, intensity)| (intensity - expected(x)).abs() / expected(1e-9))
        .fold(0.0, f64::max);
    assert!(worst < 1e-3, "{worst}");
    // Dark at sin(theta) = (m + 1/2) wavelength/d: what half a pixel lets in and the same phase fills, 1e-4.
    for m in 0..3 {
        let sine = (f64::from(m) + 0.5) * WAVELENGTH / d;
        let dark = 800 + (z * sine / (1.0 - sine * sine).sqrt() / grid.pixel_pitch()) as usize;
        assert!(screen[[0, dark]] < 1e-3 * expected(1e-9), "{m}: {}", screen[[0, dark]]);
    }
}

#[test]
fn the_sampled_impulse_response_is_the_direct_sum() {
    // At padding 2 the transform holds the whole linear convolution: equal to rounding, on any shape.
    for (rows, columns, seed) in [(24, 24, 2), (20, 33, 3), (1, 17, 4), (31, 2, 5)] {
        let grid = Grid::new(rows, columns, 0.4e-3).unwrap();
        let field = random_field(grid, seed);
        let oracle = direct_summation(&field, WAVELENGTH, 6e-3, &mut |_| ()).unwrap();
        let fast = plan(grid, 6e-3, Method::RayleighSommerfeld, 2.0).propagate(&field);
        assert!(relative_error(&fast, &oracle) < 1e-12, "{rows} x {columns}");
    }
}

#[test]
fn the_angular_spectrum_nears_the_direct_sum_with_padding() {
    // A smooth beam inside the grid. What is left at small padding is the light the band limit cuts; at large
    // padding it is the sampling of the impulse response in the oracle. 9e-5, 1.5e-5, 1.2e-5 when this was written.
    let grid = Grid::new(48, 40, 0.3e-3).unwrap();
    let field = sampled(grid, |y, x| Complex::new((-(x * x + y * y) / (2.5e-3f64).powi(2)).exp(), 0.0));
    let oracle = direct_summation(&field, WAVELENGTH, 9e-3, &mut |_| ()).unwrap();
    let errors: Vec<f64> = [2.0, 4.0, 8.0]
        .map(|padding| {
            relative_error(&plan(grid, 9e-3, Method::AngularSpectrum, padding).propagate(&field), &oracle)
        })
        .to_vec();
    for (error, bound) in errors.iter().zip([2e-4, 3e-5, 3e-5]) {
        assert!(*error < bound, "{errors:?}");
    }
}

#[test]
fn a_plane_that_stands_aside_sees_the_field_there() {
    // By a whole pixel: what the next pixel saw. By half a pixel twice, from the coarse grid's centres to the edges and
    // the next centres, is tested through the pixel centres of finer grids (tests/it/cli/convergence.rs).
    let grid = Grid::new(30, 26, 0.4e-3).unwrap();
    let field = random_field(grid, 17);
    for method in [Method::RayleighSommerfeld, Method::AngularSpectrum] {
        let gap = Gap {
            grid,
            padded: padded_shape(grid, 4.0).unwrap(),
            wavelength: WAVELENGTH,
            distance: 12e-3,
            method,
            // With square pixels the two ends of the window, which differ by the shift, reach in by the sinc's tails.
            pixel_model: PixelModel::Point,
            shift: (0.0, 0.0),
            carrier: (0.0, 0.0),
        };
        let straight = Propagator::<f64>::new(gap).unwrap().propagate(&field).amplitude;
        let aside =
            Propagator::<f64>::new(Gap { shift: (0.4e-3, -0.8e-3), ..gap }).unwrap().propagate(&field);
        let largest = straight.iter().fold(0.0f64, |largest, u| largest.max(u.norm()));
        for ((y, x), u) in aside.amplitude.indexed_iter().filter(|((y, x), _)| *y < 29 && *x >= 2) {
            // Rounding of k r, 100 rad at 1e-16, over the window.
            assert!((u - straight[[y + 1, x - 2]]).norm() < 1e-11 * largest, "{method:?} {y} {x}");
        }
    }
}

/// The exact transfer function, evanescent waves included, in a window of twelve times the side.
fn exactly(field: &WaveField<f64>, distance: f64) -> WaveField<f64> {
    let grid = field.grid();
    let ((rows, columns), pitch) = (grid.shape(), grid.pixel_pitch());
    let side = (12 * rows, 12 * columns);
    let mut window = Array2::zeros(side);
    for (at, value) in field.amplitude.indexed_iter() {
        window[at] = *value;
    }
    let fft = Fft2::new(side.0, side.1);
    fft.forward(&mut window);
    let (fy, fx) = (spatial_frequencies(side.0, pitch), spatial_frequencies(side.1, pitch));
    for ((y, x), value) in window.indexed_iter_mut() {
        *value *= transfer(fy[y], fx[x], WAVELENGTH, distance);
    }
    fft.inverse(&mut window);
    WaveField::new(grid, Array2::from_shape_fn(grid.shape(), |at| window[at])).unwrap()
}

#[test]
fn near_contact_light_keeps_its_power() {
    // A beam of 3 mm on samples of 0.3 mm, a tenth of a millimetre and a hundredth away: it has not changed. Its Rayleigh
    // length is 37.7 mm, so the middle loses (0.1 / 37.7)^2 / 2 = 4e-6, and no wave of its spectrum is evanescent.
    let grid = Grid::new(48, 48, 0.3e-3).unwrap();
    let beam = sampled(grid, |y, x| Complex::new((-(x * x + y * y) / (3e-3f64).powi(2)).exp(), 0.0));
    for (distance, figure) in [(0.1e-3, "3.36"), (0.01e-3, "20700")] {
        let behind = plan(grid, distance, Method::Auto, 2.0).carry(&beam).unwrap();
        assert!((behind.power() / beam.power() - 1.0).abs() < 1e-6, "{}", behind.power() / beam.power());
        // Beside the axis by half a sample in each direction: exp(-2 (0.15 / 3)^2).
        let middle = behind.amplitude[[24, 24]].norm();
        assert!((middle - 0.995_012).abs() < 1e-5, "{middle}");
        // The sampled response has its peak p^2 / (2 pi z^2) = 1.4 and 143 in one sample: 3.4 and 20,000 times the power.
        let message =
            plan(grid, distance, Method::RayleighSommerfeld, 2.0).carry(&beam).unwrap_err().to_string();
        assert!(
            message.contains(&format!("gives {figure}")) && message.contains("times the power"),
            "{message}"
        );
        let message = direct_summation(&beam, WAVELENGTH, distance, &mut |_| ()).unwrap_err().to_string();
        assert!(message.contains(&format!("gives {figure}")) && message.contains("direct sum"), "{message}");
    }
}

#[test]
fn planes_in_contact_pass_the_beam_through_every_engine() {
    // The beam above through two flat masks, each gap a tenth of a millimetre or a hundredth.
    let small = small_bench();
    let grid = Grid::new(48, 48, 0.3e-3).unwrap();
    let object = ObjectPlane::new(grid, (8, 8), 6, Encoding::Amplitude).unwrap();
    let middle = Region { row: 24, column: 24, height: 1, width: 1 };
    let rest = Region { row: 0, column: 0, height: 24, width: 48 };
    let white = Array3::<f32>::ones((1, 8, 8));
    for gap in [0.1e-3, 0.01e-3] {
        let bench = Bench {
            gaps: vec![gap; 3],
            padded: padded_shape(grid, 2.0).unwrap(),
            method: Method::Auto,
            pixel_model: PixelModel::Point,
            object: object.clone().illuminated(Illumination::Gaussian { waist: 3e-3 }, WAVELENGTH),
            detector: Detector::new(grid, vec![middle, rest]).unwrap(),
            ..small.clone()
        };
        let entering = bench.entering(white.index_axis(Axis(0), 0));
        let flat = vec![Array2::<f32>::zeros((48, 48)); 2];
        let mut engine = CpuEngine::new(bench.clone(), 1).unwrap();
        engine.set_masks(&flat).unwrap();
        let mut modes = ModesEngine::new(CpuEngine::new(bench.clone(), 1).unwrap());
        modes.set_masks(&flat).unwrap();
        modes.prepare(1000, &mut |_| Ok(())).unwrap();
        let engines: [&dyn Engine; 2] = [&engine, &modes];
        for engine in engines {
            let readings = engine.readings(white.view()).unwrap();
            // Single precision through three transforms of 96 x 96 points and back: 1e-6, and 2e-5 of single modes' sums.
            let power = readings.plane[0] / entering;
            assert!((power - 1.0).abs() < 5e-5, "{gap}: {power}");
            // 0.3 mm on: (0.3 / 37.7)^2 / 2 = 3e-5 less.
            let middle = (readings.regions[[0, 0]] / grid.pixel_area()).sqrt();
            assert!((middle - 0.995_012).abs() < 1e-4, "{gap}: {middle}");
        }
        let network =
            Network::<f64>::new(bench, flat.iter().map(|mask| mask.mapv(f64::from)).collect()).unwrap();
        let light = network.light(white.index_axis(Axis(0), 0)).unwrap();
        assert!((light.detector.power() / entering - 1.0).abs() < 1e-6, "{gap}");
    }
}

#[test]
fn near_contact_rough_light_keeps_its_evanescent_waves() {
    let grid = Grid::new(32, 30, 0.3e-3).unwrap();
    let field = random_field(grid, 9);
    // What is left is what comes around a window of twice the side: 1e-3 at 0.02 mm, 0.01 at 0.3 mm, 0.024 at 0.7 mm in NumPy. Without
    // evanescent waves it is 0.6 and 0.18.
    for (distance, bound) in [(0.02e-3, 3e-3), (0.3e-3, 2e-2), (0.7e-3, 5e-2)] {
        let behind = plan(grid, distance, Method::Auto, 2.0).carry(&field).unwrap();
        let exact = exactly(&field, distance);
        let error = (&behind.amplitude - &exact.amplitude).mapv(|u| u.norm_sqr()).sum().sqrt()
            / field.amplitude.mapv(|u| u.norm_sqr()).sum().sqrt();
        assert!(error < bound, "{distance}: {error}");
    }
    // By its name the angular spectrum keeps them beyond the limit as well, where they have not died: 0.07 of what arrives
    // across three samples with them, 0.12 without.
    let behind = plan(grid, 0.9e-3, Method::AngularSpectrum, 2.0).propagate(&field);
    assert!(relative_error(&behind, &exactly(&field, 0.9e-3)) < 0.09);
}

/// The largest gain of power for any field, by iteration of P* P.
fn largest_gain(propagator: &Propagator<f64>, grid: Grid) -> f64 {
    let mut field = random_field(grid, 4);
    let mut gain = 0.0;
    for _ in 0..60 {
        let norm = field.power().sqrt();
        field.amplitude.mapv_inplace(|u| u / norm);
        let behind = propagator.propagate(&field);
        gain = behind.power();
        field = propagator.adjoint(&behind);
    }
    gain
}

#[test]
fn between_its_limits_the_sampled_response_is_passive() {
    let grid = |pitch: f64| Grid::new(16, 16, pitch * WAVELENGTH).unwrap();
    for pitch in [0.1, 0.25, 0.4, 0.5, 0.6, 1.0, 2.0] {
        let grid = grid(pitch);
        let nearest = safe_distance(grid.pixel_pitch());
        // The distance from which on the plane is not too wide.
        let tangent = safe_offset(WAVELENGTH, 1.0, grid.pixel_pitch());
        let distance = nearest.max(grid.aperture().0 / tangent) * 1.0001;
        let gain = largest_gain(&plan(grid, distance, Method::RayleighSommerfeld, 2.0), grid);
        // 1.0005 on 32 x 32 samples, less on 16 x 16.
        assert!(gain < 1.001, "{pitch} {gain}");
        // The angular spectrum is passive at any distance.
        for part in [0.01, 0.3, 0.99] {
            let propagator = plan(grid, part * nearest, Method::Auto, 2.0);
            let Across::Gap(gap) = propagator.span().across() else { panic!("a gap is planned") };
            assert_eq!(gap.resolved_method(), Method::AngularSpectrum);
            assert!(largest_gain(&propagator, grid) < 1.0 + 1e-12, "rounding alone");
        }
    }
    // The limit is not idle: at 1.5 samples of half a wavelength power is gained.
    let grid = grid(0.5);
    let near = plan(grid, 1.5 * grid.pixel_pitch(), Method::RayleighSommerfeld, 2.0);
    assert!(largest_gain(&near, grid) > 1.1, "1.15 in NumPy");
}

#[test]
fn tilted_light_is_that_of_finer_samples() {
    // 20 degrees, where a wave turns by 0.18 of a turn inside a pixel: about the axis the pixel-aperture factor took a
    // tenth of the power a gap, 19 % here.
    let small = small_bench();
    let grid = Grid::new(48, 48, 0.4e-3).unwrap();
    let place = Placement { origin: (16, 4), extent: (16, 16), resampling: Resampling::Nearest };
    let tilted = Illumination::Tilted { towards_y: 0.0, towards_x: 20f64.to_radians() };
    let halves = [0, 24].map(|row| Region { row, column: 0, height: 24, width: 48 });
    let object = ObjectPlane::placed(grid, (4, 4), place, Encoding::Amplitude).unwrap();
    let bench = Bench {
        gaps: vec![8e-3, 8e-3],
        padded: padded_shape(grid, 2.0).unwrap(),
        object: object.illuminated(tilted, small.wavelength),
        detector: Detector::new(grid, halves.to_vec()).unwrap(),
        ..small
    };
    let image = Array2::from_shape_fn((4, 4), |(y, x)| 0.5 + ((3 * y + 5 * x) % 7) as f32 / 14.0);
    let prism = |slope: f64| Array2::from_shape_fn((48, 48), |(_, x)| slope * x as f64);
    let back = -TAU * 20f64.to_radians().sin() / WAVELENGTH * 0.4e-3;
    for (name, mask) in [("flat", prism(0.0)), ("back to the axis", prism(back))] {
        let power = |samples: usize| {
            let bench = if samples == 1 { bench.clone() } else { bench.sampled(samples, 2.0).unwrap() };
            let network = Network::<f64>::new(bench, vec![mask.clone()]).unwrap();
            let light = network.light(image.view()).unwrap();
            light.detector.power() / light.object.power()
        };
        let (coarse, fine) = (power(1), power(4));
        // Diffraction at the image's edges turns the light by some degrees more or less: 0.990 and 0.991 in NumPy.
        assert!((coarse / fine - 1.0).abs() < 0.02, "{name}: {coarse} {fine}");
    }
}
