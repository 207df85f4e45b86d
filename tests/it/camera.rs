//! A camera of another pitch behind the last gap: the same light, at other places.

use std::f64::consts::{PI, TAU};

use d2nn::field::WaveField;
use d2nn::grid::Grid;
use d2nn::propagation::{Camera, Gap, Method, PixelModel, Propagator, Refinement, Span, padded_shape};
use d2nn::reference::Instrument;
use ndarray::Array2;
use num_complex::Complex;

use crate::support::{random_field, random_image, random_masks, side_by_side, small_bench};

fn gap(rows: usize, columns: usize) -> Gap {
    let grid = Grid::new(rows, columns, 0.4e-3).unwrap();
    Gap {
        grid,
        padded: padded_shape(grid, 2.0).unwrap(),
        wavelength: 0.75e-3,
        distance: 9e-3,
        method: Method::RayleighSommerfeld,
        pixel_model: PixelModel::Square,
        shift: (0.3e-3, -0.1e-3),
        carrier: (0.0, 0.0),
    }
}

#[test]
fn a_camera_with_the_pixels_of_the_plane_sees_the_plane() {
    for (rows, columns) in [(24, 31), (17, 20)] {
        let gap = gap(rows, columns);
        let field = random_field(gap.grid, 1);
        let seen = Camera::new(gap, gap.grid, (0.0, 0.0)).unwrap().propagate(&field).amplitude;
        let behind = Propagator::new(gap).unwrap().propagate(&field).amplitude;
        let off = (&seen - &behind).mapv(|d| d.norm()).fold(0.0, |a: f64, b| a.max(*b));
        // Rounding of transforms of up to 120 points.
        assert!(off < 1e-13, "{off}");
    }
}

#[test]
fn every_pixel_is_the_sum_over_the_spectrum() {
    let gap = gap(20, 26);
    let field = random_field(gap.grid, 2);
    let (camera, at) = (Grid::new(15, 22, 0.217e-3).unwrap(), (0.7e-3, -1.1e-3));
    let seen = Camera::new(gap, camera, at).unwrap().propagate(&field);
    // The impulse response of the band, pixel by pixel: a periodic sinc between samples.
    let (rows, columns) = gap.padded;
    let mut window = Array2::from_elem(gap.padded, Complex::default());
    for (at, u) in field.amplitude.indexed_iter() {
        window[at] = *u;
    }
    let fft = d2nn::propagation::Fft2::new(rows, columns);
    fft.forward(&mut window);
    window *= &Span::from(gap).transfer_function();
    let signed = |index: usize, points: usize| {
        if index < points.div_ceil(2) { index as f64 } else { index as f64 - points as f64 }
    };
    for (row, column) in [(0, 0), (7, 13), (14, 21)] {
        // In samples from the first one of the plane.
        let y = (camera.y(row) + at.0 - gap.grid.y(0)) / gap.grid.pixel_pitch();
        let x = (camera.x(column) + at.1 - gap.grid.x(0)) / gap.grid.pixel_pitch();
        let sum: Complex<f64> = window
            .indexed_iter()
            .map(|((i, j), u)| {
                let turn = signed(i, rows) * y / rows as f64 + signed(j, columns) * x / columns as f64;
                u * Complex::cis(TAU * turn)
            })
            .sum();
        let wanted = sum / (rows * columns) as f64;
        // Rounding of sums over some thousand frequencies of size one.
        assert!((seen.amplitude[[row, column]] - wanted).norm() < 1e-12, "[{row}, {column}]");
    }
}

#[test]
fn a_camera_and_its_adjoint() {
    let gap = gap(20, 26);
    for (rows, columns, pitch) in [(15, 22, 0.217e-3), (40, 7, 0.19e-3), (6, 9, 1e-3)] {
        let camera = Camera::new(gap, Grid::new(rows, columns, pitch).unwrap(), (0.1e-3, 0.2e-3)).unwrap();
        let u = random_field(gap.grid, 3);
        let v = random_field(Grid::new(rows, columns, pitch).unwrap(), 4);
        let inner = |a: &WaveField<f64>, b: &WaveField<f64>| -> Complex<f64> {
            a.amplitude.iter().zip(&b.amplitude).map(|(a, b)| a.conj() * b).sum()
        };
        let (forward, adjoint) = (inner(&camera.propagate(&u), &v), inner(&u, &camera.adjoint(&v)));
        // Rounding of sums over 520 samples of size one.
        assert!((forward - adjoint).norm() < 1e-11, "{forward} {adjoint}");
    }
}

#[test]
fn a_gaussian_beam_is_as_wide_as_it_is() {
    // Paraxial: a waist of 8 wavelengths widens by less than a thousandth of what is left out, (lambda/(pi w0))^2 = 0.16 %.
    let (waist, wavelength, distance) = (6e-3, 0.75e-3, 120e-3);
    let grid = Grid::new(120, 120, 0.4e-3).unwrap();
    let amplitude = Array2::from_shape_fn(grid.shape(), |(y, x)| {
        Complex::new((-(grid.y(y).powi(2) + grid.x(x).powi(2)) / (waist * waist)).exp(), 0.0)
    });
    let gap = Gap {
        grid,
        padded: padded_shape(grid, 2.0).unwrap(),
        wavelength,
        distance,
        method: Method::AngularSpectrum,
        pixel_model: PixelModel::Point,
        shift: (0.0, 0.0),
        carrier: (0.0, 0.0),
    };
    let beam = WaveField::new(grid, amplitude).unwrap();
    // 20 mm in pixels of 0.037 mm, aside.
    let at = (2e-3, -1e-3);
    let camera = Grid::new(540, 540, 0.037e-3).unwrap();
    let seen = Camera::new(gap, camera, at).unwrap().propagate(&beam).intensity();
    let rayleigh = PI * waist * waist / wavelength;
    let width = waist * (1.0 + (distance / rayleigh).powi(2)).sqrt();
    for (row, column) in [(270, 270), (0, 539), (100, 300), (500, 20)] {
        let (y, x) = (camera.y(row) + at.0, camera.x(column) + at.1);
        let wanted = (waist / width).powi(2) * (-2.0 * (y * y + x * x) / (width * width)).exp();
        // What the paraxial beam leaves out, on its flank.
        assert!((seen[[row, column]] - wanted).abs() < 0.004 * wanted.max(0.1), "{row} {column}");
    }
}

#[test]
fn cameras_see_no_farther_than_the_window_and_bring_their_own_samples() {
    let gap = gap(20, 26);
    let of = |pixels, pitch, at| Camera::new(gap, Grid::new(pixels, pixels, pitch).unwrap(), at).map(|_| ());
    of(20, 0.4e-3, (0.0, 0.0)).unwrap();
    for (pixels, pitch, at) in
        [(20, 0.6e-3, (0.0, 0.0)), (20, 0.4e-3, (2e-3, 0.0)), (4, 0.4e-3, (f64::NAN, 0.0))]
    {
        let message = of(pixels, pitch, at).unwrap_err().to_string();
        assert!(message.contains("off the axis: light is known within"), "{message}");
    }
    let finer = Span::from(gap).onto(Refinement::Finer(2));
    let message = Camera::new(finer, gap.grid, (0.0, 0.0)).map(|_| ()).unwrap_err().to_string();
    assert!(message.contains("it brings its own"), "{message}");
}

#[test]
fn a_device_on_a_camera_is_the_device() {
    for bench in [small_bench(), side_by_side()] {
        let values: Vec<Array2<f64>> =
            random_masks(&bench, 5).iter().map(|mask| mask.mapv(f64::from)).collect();
        let instrument = Instrument::new(&bench, &values).unwrap();
        let lights = instrument.light(random_image((8, 8), 6).view()).unwrap();
        for network in 0..bench.networks {
            let seen = instrument.camera(&lights, network, bench.grid(), (0.0, 0.0)).unwrap();
            let plane = d2nn::reference::intensity(&bench, &lights, network, |light| &light.detector);
            let brightest = plane.iter().copied().fold(0.0, f64::max);
            assert!((&seen - &plane).iter().all(|off| off.abs() < 1e-12 * brightest));
        }
    }
}
