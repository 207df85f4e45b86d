//! What several tests share.
#![allow(dead_code, clippy::unwrap_used)]

use d2nn::detector::{Detector, Layout};
use d2nn::field::WaveField;
use d2nn::grid::Grid;
use d2nn::mask::Modulation;
use d2nn::network::Bench;
use d2nn::object::{Encoding, ObjectPlane};
use d2nn::propagation::{Method, PixelModel, padded_shape};
use d2nn::random::{Purpose, Stream};
use ndarray::Array2;
use num_complex::Complex;

/// Numbers from [-1, 1), by seed.
pub fn random_numbers(seed: u64) -> impl FnMut() -> f64 {
    let mut stream = Stream::new(seed, Purpose::Masks, 0);
    move || f64::from(stream.uniform()) * 2.0 - 1.0
}

/// A field without any order: the hardest case.
pub fn random_field(grid: Grid, seed: u64) -> WaveField<f64> {
    let mut next = random_numbers(seed);
    let amplitude = Array2::from_shape_simple_fn(grid.shape(), || Complex::new(next(), next()));
    WaveField::new(grid, amplitude).unwrap()
}

/// |a - b| / |b| in the Euclidean norm.
pub fn relative_error(a: &WaveField<f64>, b: &WaveField<f64>) -> f64 {
    let difference: f64 = a.amplitude.iter().zip(&b.amplitude).map(|(a, b)| (a - b).norm_sqr()).sum();
    let norm: f64 = b.amplitude.iter().map(|b| b.norm_sqr()).sum();
    (difference / norm).sqrt()
}

/// Phases from [-pi, pi) without any order, one array a mask.
pub fn random_phases(grid: Grid, masks: usize, seed: u64) -> Vec<Array2<f64>> {
    let mut next = random_numbers(seed);
    let mut mask = || Array2::from_shape_simple_fn(grid.shape(), || std::f64::consts::PI * next());
    std::iter::repeat_with(&mut mask).take(masks).collect()
}

/// An image with values from 0 to 1.
pub fn random_image(shape: (usize, usize), seed: u64) -> Array2<f32> {
    let mut next = random_numbers(seed);
    Array2::from_shape_simple_fn(shape, || (0.5 + 0.5 * next()) as f32)
}

/// A device of two masks, 28 x 28 pixels and four regions: small enough for finite differences.
pub fn small_bench() -> Bench {
    let grid = Grid::new(28, 28, 0.4e-3).unwrap();
    let layout = Layout { counts: vec![2, 2], region_size: 1.6e-3, row_pitch: 4e-3, column_pitch: 4e-3 };
    Bench {
        wavelength: 0.75e-3,
        gaps: vec![6e-3, 6e-3, 8e-3],
        padded: padded_shape(grid, 2.0).unwrap(),
        method: Method::RayleighSommerfeld,
        pixel_model: PixelModel::Square,
        medium: 1.0,
        oversample: 1,
        modulation: Modulation::LOSSLESS,
        object: ObjectPlane::new(grid, (8, 8), 2, Encoding::Amplitude).unwrap(),
        detector: Detector::new(grid, layout.regions(grid).unwrap()).unwrap(),
    }
}
