//! How large the window must be, and what a pixel is: the figures of docs/optics.md.
//!
//! ```text
//! cargo run --release -p studies --bin padding_table
//! ```
//!
//! Everything is double precision, 200 x 200 pixels of 0.4 mm, 0.75 mm waves, gaps of 30 mm.

use std::f64::consts::TAU;

use d2nn::Result;
use d2nn::bench::Bench;
use d2nn::dataset::{DatasetName, Source, Split, load_split};
use d2nn::design::{Design, DesignFile};
use d2nn::field::WaveField;
use d2nn::grid::{Grid, spatial_frequencies};
use d2nn::propagation::{Fft2, Gap, Method, PixelModel, Propagator, angular_spectrum, padded_shape};
use d2nn::random::{Purpose, Stream};
use d2nn::reference::{Light, Network};
use ndarray::{Array2, Axis};
use num_complex::Complex;

const SIDE: usize = 200;
const PITCH: f64 = 0.4e-3;
const WAVELENGTH: f64 = 0.75e-3;
const DISTANCE: f64 = 30e-3;

fn main() -> Result<()> {
    one_hop()?;
    whole_device()?;
    pixels()?;
    paraxial()
}

/// Phases from [0, 2 pi), one for each pixel.
fn random_phases(number: u64) -> Array2<f64> {
    let mut stream = Stream::new(1, Purpose::Masks, number);
    Array2::from_shape_simple_fn((SIDE, SIDE), || TAU * f64::from(stream.uniform()))
}

fn plane(grid: Grid, phases: &Array2<f64>) -> Result<WaveField<f64>> {
    WaveField::new(grid, phases.mapv(Complex::cis))
}

fn gap(grid: Grid, padding: f64, method: Method, pixel_model: PixelModel) -> Result<Gap> {
    let padded = padded_shape(grid, padding)?;
    Ok(Gap {
        grid,
        padded,
        wavelength: WAVELENGTH,
        distance: DISTANCE,
        method,
        pixel_model,
        shift: (0.0, 0.0),
        carrier: (0.0, 0.0),
    })
}

fn hop(
    field: &WaveField<f64>,
    padding: f64,
    method: Method,
    pixel_model: PixelModel,
) -> Result<WaveField<f64>> {
    Ok(Propagator::new(gap(field.grid(), padding, method, pixel_model)?)?.propagate(field))
}

/// Carries `field` by any transfer function of (fy, fx) on a window of `padding` times the side.
fn carry(
    field: &WaveField<f64>,
    padding: f64,
    transfer: impl Fn(f64, f64) -> Complex<f64>,
) -> Result<WaveField<f64>> {
    let (rows, columns) = padded_shape(field.grid(), padding)?;
    let fft = Fft2::<f64>::new(rows, columns);
    let (fy, fx) = (spatial_frequencies(rows, PITCH), spatial_frequencies(columns, PITCH));
    let mut window = Array2::from_elem((rows, columns), Complex::new(0.0, 0.0));
    field.amplitude.indexed_iter().for_each(|(at, value)| window[at] = *value);
    fft.forward(&mut window);
    for ((y, x), value) in window.indexed_iter_mut() {
        *value *= transfer(fy[y], fx[x]);
    }
    fft.inverse(&mut window);
    WaveField::new(field.grid(), Array2::from_shape_fn(field.grid().shape(), |at| window[at]))
}

/// |a - b| / |b|.
fn error(field: &WaveField<f64>, reference: &WaveField<f64>) -> f64 {
    let mut difference = field.clone();
    difference.amplitude -= &reference.amplitude;
    (difference.power() / reference.power()).sqrt()
}

/// One gap of free space behind two planes that fill the aperture: the rough one and the smooth one.
fn one_hop() -> Result<()> {
    let grid = Grid::new(SIDE, SIDE, PITCH)?;
    let random = plane(grid, &random_phases(0))?;
    let flat = plane(grid, &Array2::zeros((SIDE, SIDE)))?;
    println!("One gap: relative error of the field in the next aperture");
    println!("{:<22}{:>8}  {:<8}{:>14}{:>14}", "method", "padding", "pixels", "random phases", "flat");
    for (name, pixel_model) in [("point", PixelModel::Point), ("square", PixelModel::Square)] {
        let reference = |field| hop(field, 8.0, Method::AngularSpectrum, pixel_model);
        let (random_reference, flat_reference) = (reference(&random)?, reference(&flat)?);
        for (label, method, padding) in [
            ("angular-spectrum", Method::AngularSpectrum, 1.0),
            ("angular-spectrum", Method::AngularSpectrum, 2.0),
            ("angular-spectrum", Method::AngularSpectrum, 3.0),
            ("angular-spectrum", Method::AngularSpectrum, 4.0),
            ("rayleigh-sommerfeld", Method::RayleighSommerfeld, 2.0),
            ("rayleigh-sommerfeld", Method::RayleighSommerfeld, 4.0),
        ] {
            println!(
                "{label:<22}{padding:>8}  {name:<8}{:>14.2e}{:>14.2e}",
                error(&hop(&random, padding, method, pixel_model)?, &random_reference),
                error(&hop(&flat, padding, method, pixel_model)?, &flat_reference),
            );
        }
        if pixel_model == PixelModel::Point {
            let transfer = |fy: f64, fx: f64| angular_spectrum::transfer(fy, fx, WAVELENGTH, DISTANCE);
            for padding in [2.0, 4.0] {
                println!(
                    "{:<22}{padding:>8}  {name:<8}{:>14.2e}{:>14.2e}",
                    "same, no band limit",
                    error(&carry(&random, padding, transfer)?, &random_reference),
                    error(&carry(&flat, padding, transfer)?, &flat_reference),
                );
            }
        }
    }
    println!();
    Ok(())
}

/// The default bench with five random masks and the first test image of the built-in sample.
fn whole_device() -> Result<()> {
    let design = Design::resolve("the default design", &DesignFile::default())?;
    let images = load_split(DatasetName::FashionMnist, &Source::BuiltinSample, Split::Test)?;
    let image = images.batch(&[0]).index_axis_move(Axis(0), 0);
    let light = |method, padding, pixel_model| -> Result<(Light<f64>, Vec<f64>)> {
        let padded = padded_shape(design.bench.grid(), padding)?;
        let bench = Bench { method, padded, pixel_model, ..design.bench.clone() };
        let network = Network::<f64>::new(bench, (0..5).map(random_phases).collect())?;
        let light = network.light(image.view())?;
        let readings = network.bench().detector.readings(&light.detector);
        let total: f64 = readings.iter().sum();
        Ok((light, readings.iter().map(|reading| reading / total).collect()))
    };
    println!("Five random masks, six gaps: relative errors at the detector plane");
    println!("{:<22}{:>8}  {:<8}{:>8}{:>17}", "method", "padding", "pixels", "field", "detector shares");
    for (name, pixel_model) in [("point", PixelModel::Point), ("square", PixelModel::Square)] {
        let (reference, reference_shares) = light(Method::AngularSpectrum, 8.0, pixel_model)?;
        for (label, method, padding) in [
            ("angular-spectrum", Method::AngularSpectrum, 1.0),
            ("angular-spectrum", Method::AngularSpectrum, 2.0),
            ("angular-spectrum", Method::AngularSpectrum, 4.0),
            ("rayleigh-sommerfeld", Method::RayleighSommerfeld, 2.0),
        ] {
            let (light, shares) = light(method, padding, pixel_model)?;
            let squares = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
            let apart = squares(&mut shares.iter().zip(&reference_shares).map(|(a, b)| a - b));
            println!(
                "{label:<22}{padding:>8}  {name:<8}{:>8.3}{:>17.4}",
                error(&light.detector, &reference.detector),
                apart / squares(&mut reference_shares.iter().copied()),
            );
        }
    }
    println!();
    Ok(())
}

/// One gap behind a random mask whose pixels are sampled ever finer: what a square pixel really does.
fn pixels() -> Result<()> {
    let phases = random_phases(0);
    let carried = |samples: usize, padding, method, pixel_model| -> Result<(f64, Array2<Complex<f64>>)> {
        let grid = Grid::new(SIDE * samples, SIDE * samples, PITCH / samples as f64)?;
        let fine = Array2::from_shape_fn(grid.shape(), |(y, x)| phases[[y / samples, x / samples]]);
        let field = plane(grid, &fine)?;
        let behind = hop(&field, padding, method, pixel_model)?;
        // Odd numbers of samples have one at the centre of each pixel.
        let centre = |index: usize| index * samples + samples / 2;
        let centres = Array2::from_shape_fn((SIDE, SIDE), |(y, x)| behind.amplitude[[centre(y), centre(x)]]);
        Ok((behind.power() / field.power(), centres))
    };
    let norm = |field: &Array2<Complex<f64>>| field.iter().map(|u| u.norm_sqr()).sum::<f64>().sqrt();
    let (angular, sampled) = (Method::AngularSpectrum, Method::RayleighSommerfeld);
    let (_, finest) = carried(7, 2.0, sampled, PixelModel::Square)?;
    println!("Random phases, one gap, pixels sampled S x S times; field at pixel centres against S = 7");
    println!("{:>3}  {:<22}{:>8}  {:<8}{:>8}{:>9}", "S", "method", "padding", "pixels", "power", "error");
    let (point, square) = (PixelModel::Point, PixelModel::Square);
    for (samples, method, padding, pixel_model) in [
        (1, sampled, 2.0, point),
        (1, angular, 8.0, point),
        (1, angular, 2.0, square),
        (1, angular, 4.0, square),
        (1, angular, 8.0, square),
        (1, sampled, 2.0, square),
        (3, sampled, 2.0, point),
        (3, sampled, 2.0, square),
        (5, sampled, 2.0, point),
        (5, sampled, 2.0, square),
    ] {
        let (power, field) = carried(samples, padding, method, pixel_model)?;
        println!(
            "{samples:>3}  {:<22}{padding:>8}  {:<8}{power:>8.3}{:>9.1e}",
            if method == angular { "angular-spectrum" } else { "rayleigh-sommerfeld" },
            if pixel_model == point { "point" } else { "square" },
            norm(&(&field - &finest)) / norm(&finest)
        );
    }
    println!();
    Ok(())
}

/// The paraxial transfer function: its phase error at two frequencies, and its error over one gap.
fn paraxial() -> Result<()> {
    let fresnel = |f2: f64| DISTANCE * (1.0 / WAVELENGTH - WAVELENGTH * f2 / 2.0);
    println!("Paraxial (Fresnel) against exact, one gap");
    for frequency in [0.25e3, 0.5e3, 1.0e3, 1.25e3] {
        let exact = DISTANCE * (WAVELENGTH.powi(-2) - frequency * frequency).sqrt();
        let apart = TAU * (exact - fresnel(frequency * frequency)).abs();
        println!("phase error at {:.2} /mm: {apart:>6.2} rad", frequency / 1e3);
    }
    let grid = Grid::new(SIDE, SIDE, PITCH)?;
    for (name, phases) in [("random phases", random_phases(0)), ("flat", Array2::zeros((SIDE, SIDE)))] {
        let field = plane(grid, &phases)?;
        let reference = hop(&field, 8.0, Method::AngularSpectrum, PixelModel::Point)?;
        let behind = carry(&field, 8.0, |fy, fx| Complex::cis(TAU * fresnel(fy.powi(2) + fx.powi(2))))?;
        println!("relative error of the field, {name}: {:.2}", error(&behind, &reference));
    }
    Ok(())
}
