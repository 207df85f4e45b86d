//! Known physics, simulated and compared with closed forms: the figures and pictures of docs/physics-gallery.md.
//!
//! ```text
//! cargo run --release -p studies --bin physics_gallery -- docs/gallery
//! ```
//!
//! Everything is double precision at 0.75 mm, carried by the same [`Propagator`] as every design.

use std::f64::consts::TAU;
use std::path::{Path, PathBuf};

use d2nn::field::WaveField;
use d2nn::grid::Grid;
use d2nn::propagation::{Gap, Method, PixelModel, Propagator, padded_shape};
use d2nn::{Error, Result, files};
use ndarray::Array2;
use num_complex::Complex;

mod double_slit;
mod gaussian_beam;
mod poisson_spot;
mod talbot;

const WAVELENGTH: f64 = 0.75e-3;
const WAVENUMBER: f64 = TAU / WAVELENGTH;
const MM: f64 = 1e-3;

fn main() {
    let folder = std::env::args().nth(1).map(PathBuf::from);
    let drawn = folder
        .ok_or_else(|| Error::Usage("name a folder: physics_gallery <folder>".into()))
        .and_then(|folder| draw(&folder));
    if let Err(error) = drawn {
        eprintln!("{error}");
        std::process::exit(i32::from(error.exit_code()));
    }
}

fn draw(folder: &Path) -> Result<()> {
    files::create_folder(folder)?;
    let picture = |name: &str| folder.join(format!("{name}.png"));
    talbot::talbot(&picture("talbot"))?;
    poisson_spot::poisson_spot(&picture("poisson-spot"))?;
    double_slit::double_slit(&picture("double-slit"))?;
    gaussian_beam::gaussian_beam(&picture("gaussian-beam"))
}

/// One line of the table.
fn report(what: &str, figure: &str) {
    println!("  {what:<86}{figure}");
}

/// Free space behind the square pixels of a screen, no light from beyond the window.
fn behind_screen(
    screen: &WaveField<f64>,
    distance: f64,
    method: Method,
    padding: f64,
) -> Result<WaveField<f64>> {
    propagated(screen, distance, method, padding, PixelModel::Square)
}

/// Free space behind the samples of a smooth wave, without padding: the window repeats itself.
fn behind_wave(wave: &WaveField<f64>, distance: f64) -> Result<WaveField<f64>> {
    propagated(wave, distance, Method::AngularSpectrum, 1.0, PixelModel::Point)
}

fn propagated(
    field: &WaveField<f64>,
    distance: f64,
    method: Method,
    padding: f64,
    pixel_model: PixelModel,
) -> Result<WaveField<f64>> {
    let grid = field.grid();
    let (rows, columns) = padded_shape(grid, padding)?;
    // A window of one row repeats that row without end: the light does not depend on y.
    let padded = if grid.rows() == 1 { (1, columns) } else { (rows, columns) };
    let gap = Gap {
        grid,
        padded,
        wavelength: WAVELENGTH,
        distance,
        method,
        pixel_model,
        shift: (0.0, 0.0),
        carrier: (0.0, 0.0),
    };
    Ok(Propagator::new(gap)?.propagate(field))
}

/// A field given by its amplitude at (y, x).
fn sampled(grid: Grid, amplitude: impl Fn(f64, f64) -> Complex<f64>) -> Result<WaveField<f64>> {
    let at = |(row, column)| amplitude(grid.y(row), grid.x(column));
    WaveField::new(grid, Array2::from_shape_fn(grid.shape(), at))
}

/// |a - b| / |b| in the Euclidean norm.
fn relative(a: &[Complex<f64>], b: &[Complex<f64>]) -> f64 {
    let difference: f64 = a.iter().zip(b).map(|(a, b)| (a - b).norm_sqr()).sum();
    (difference / b.iter().map(Complex::norm_sqr).sum::<f64>()).sqrt()
}

fn field_error(field: &WaveField<f64>, exact: &WaveField<f64>) -> f64 {
    let list = |field: &WaveField<f64>| field.amplitude.iter().copied().collect::<Vec<_>>();
    relative(&list(field), &list(exact))
}

/// `count` positions in the middles of equal parts from `from` to `to`.
fn middles(from: f64, to: f64, count: usize) -> Vec<f64> {
    (0..count).map(|i| from + (to - from) * (i as f64 + 0.5) / count as f64).collect()
}

/// A curve of `count` steps.
fn curve(from: f64, to: f64, count: usize, value: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
    (0..=count).map(|i| from + (to - from) * i as f64 / count as f64).map(|x| (x, value(x))).collect()
}

/// Intensity indexed [position, z]: one column for each of `z`.
fn side_view(z: &[f64], column: impl Fn(f64) -> Result<Vec<f64>>) -> Result<Array2<f64>> {
    let columns: Result<Vec<_>> = z.iter().map(|&z| column(z)).collect();
    let columns = columns?;
    Ok(Array2::from_shape_fn((columns[0].len(), columns.len()), |(row, z)| columns[z][row]))
}
