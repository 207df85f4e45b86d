//! The conventions of docs/conventions.md, one test each: signs, axes and places.

use std::f64::consts::TAU;

use d2nn::element::{Element, Site, ThinMask};
use d2nn::field::WaveField;
use d2nn::grid::Grid;
use d2nn::material::Material;
use d2nn::object::{Encoding, ObjectPlane};
use d2nn::program::{Factor, Program};
use d2nn::propagation::rayleigh_sommerfeld::impulse_response;
use d2nn::propagation::{Fft2, Gap, Method, PixelModel, Propagator, padded_shape};
use ndarray::Array2;
use num_complex::Complex;

const WAVELENGTH: f64 = 0.75e-3;

fn grid() -> Grid {
    Grid::new(80, 64, 0.4e-3).unwrap()
}

fn plan(distance: f64, method: Method) -> Propagator<f64> {
    let padded = padded_shape(grid(), 2.0).unwrap();
    let (wavelength, pixel_model) = (WAVELENGTH, PixelModel::Point);
    Propagator::new(Gap {
        grid: grid(),
        padded,
        wavelength,
        distance,
        method,
        pixel_model,
        shift: (0.0, 0.0),
        carrier: (0.0, 0.0),
    })
    .unwrap()
}

/// A soft round beam around (y, x), so that edges play no part.
fn beam(y0: f64, x0: f64) -> WaveField<f64> {
    let amplitude = Array2::from_shape_fn(grid().shape(), |(row, column)| {
        let (y, x) = (grid().y(row) - y0, grid().x(column) - x0);
        Complex::new((-(x * x + y * y) / (3e-3f64).powi(2)).exp(), 0.0)
    });
    WaveField::new(grid(), amplitude).unwrap()
}

/// Centre of gravity (y, x) of the intensity, metres.
fn centre(field: &WaveField<f64>) -> (f64, f64) {
    let intensity = field.intensity();
    let total = intensity.sum();
    let moment = |position: &dyn Fn((usize, usize)) -> f64| {
        intensity.indexed_iter().map(|(at, value)| value * position(at)).sum::<f64>() / total
    };
    (moment(&|(row, _)| grid().y(row)), moment(&|(_, column)| grid().x(column)))
}

fn mask(phase: impl Fn(f64, f64) -> f64) -> Factor {
    let at = |(row, column)| phase(grid().y(row), grid().x(column));
    let phases = Array2::from_shape_fn(grid().shape(), at);
    let place = Site { grid: grid(), padded: grid().shape(), wavelength: WAVELENGTH, medium: 1.0 };
    let mut program = Program::default();
    ThinMask::lossless(grid()).lower(&[phases], &place, &mut program);
    program.factors()[0].clone()
}

#[test]
fn propagation_along_z_is_exp_plus_ikz() {
    // The phase of a broad beam on its axis advances by k dz between two close planes, up to the Gouy phase of
    // a beam this wide: wavelength dz / (pi w^2) = 0.01 rad over 0.3 mm at most.
    for method in [Method::AngularSpectrum, Method::RayleighSommerfeld] {
        let at = |z: f64| plan(z, method).propagate(&beam(0.0, 0.0)).amplitude[[40, 32]];
        let step = 0.1e-3;
        let turn = (at(20e-3 + step) / at(20e-3)).arg();
        assert!((turn - TAU * step / WAVELENGTH).abs() < 0.02, "{turn}");
    }
    let h = |z: f64| impulse_response(0.0, 0.0, WAVELENGTH, z);
    assert!((h(1.0 + 1e-4) / h(1.0)).arg() > 0.0);
}

#[test]
fn arrays_are_row_y_column_x_and_nothing_is_mirrored() {
    let behind = plan(10e-3, Method::RayleighSommerfeld).propagate(&beam(5e-3, -3e-3));
    let (y, x) = centre(&behind);
    // Diffraction is symmetric about the beam; a tenth of a pixel is its discretisation.
    assert!((y - 5e-3).abs() < 4e-5 && (x + 3e-3).abs() < 4e-5, "{y} {x}");
}

#[test]
fn a_phase_that_grows_with_x_sends_light_to_greater_x() {
    // A plane wave exp(i 2 pi f x) runs at sin(theta) = wavelength f.
    let sine: f64 = 0.25;
    let tilt = mask(|_, x| TAU * sine / WAVELENGTH * x);
    let z = 20e-3;
    let (y, x) = centre(&plan(z, Method::RayleighSommerfeld).propagate(&tilt.apply(&beam(0.0, -4e-3))));
    let expected = -4e-3 + z * sine / (1.0 - sine * sine).sqrt();
    // The spread of angles in the beam (0.08 rad) bends the mean by its square, under 1 % of the path.
    assert!((x - expected).abs() < 0.2e-3 && y.abs() < 1e-5, "{x} {expected} {y}");
}

#[test]
fn a_mask_that_delays_the_middle_focuses() {
    // phase is a delay: exp(+i phase). A converging lens is thickest in the middle.
    let focus = 25e-3;
    let distance = |y: f64, x: f64| (x * x + y * y + focus * focus).sqrt();
    let phase = |y: f64, x: f64| -TAU / WAVELENGTH * (distance(y, x) - focus);
    assert!(phase(0.0, 0.0) > phase(5e-3, 0.0), "thickest in the middle");
    let lens = mask(phase);
    let flat = beam(0.0, 0.0);
    let peak = |field: &WaveField<f64>| field.intensity().into_iter().fold(0.0, f64::max);
    let carried = |field: &WaveField<f64>| plan(focus, Method::RayleighSommerfeld).propagate(field);
    assert!(peak(&carried(&lens.apply(&flat))) > 2.0 * peak(&carried(&flat)));
    assert!(peak(&carried(&lens.adjoint(&flat))) < peak(&carried(&flat)), "its adjoint diverges");
    let resin = Material::new("resin", 1.7227).unwrap();
    let turn = resin.height(TAU, WAVELENGTH);
    assert!(turn > 0.0 && resin.height(1.0, WAVELENGTH) < turn, "more phase is more height");
}

#[test]
fn the_forward_transform_has_a_minus_sign() {
    let fft = Fft2::<f64>::new(4, 8);
    let mut wave = Array2::from_shape_fn((4, 8), |(_, x)| Complex::cis(TAU * 3.0 * x as f64 / 8.0));
    fft.forward(&mut wave);
    // exp(+i 2 pi 3 x/8) lands on frequency +3, with no factor.
    assert!((wave[[0, 3]] - 32.0).norm() < 1e-12);
}

#[test]
fn intensity_is_power_per_area_and_readings_are_power() {
    let field = beam(0.0, 0.0);
    let by_hand: f64 = field.amplitude.iter().map(|u| u.norm_sqr()).sum::<f64>() * 0.4e-3 * 0.4e-3;
    assert!((field.power() / by_hand - 1.0).abs() < 1e-14);
    assert!((field.intensity().sum() * grid().pixel_area() / by_hand - 1.0).abs() < 1e-14);
}

#[test]
fn an_image_stands_upright_in_the_middle() {
    let object = ObjectPlane::new(grid(), (3, 2), 4, Encoding::Amplitude).unwrap();
    let image = ndarray::array![[0.1, 0.2], [0.3, 0.4], [0.5, 1.0]];
    let field: WaveField<f64> = object.encode(image.view()).unwrap();
    assert_eq!(object.origin(), (34, 28));
    for ((row, column), value) in image.indexed_iter() {
        let block = (34 + 4 * row, 28 + 4 * column);
        for (y, x) in [(0, 0), (3, 3)] {
            assert_eq!(field.amplitude[[block.0 + y, block.1 + x]].re, f64::from(*value));
        }
    }
    assert_eq!(field.amplitude[[33, 28]].norm(), 0.0, "opaque around the image");
    assert!((field.power() - object.power(image.view())).abs() < 1e-18);
}
