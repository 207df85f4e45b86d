//! What several tests share.
#![allow(dead_code)] // Each test binary uses its part.

pub mod device;
pub mod inputs;
pub mod mutations;
pub mod pictures;
pub mod program;

use d2nn::bench::{Bench, MaskPixels};
use d2nn::detector::{Detector, Layout, Scheme};
use d2nn::element::{Modulation, Slicing, Thickness};
use d2nn::field::WaveField;
use d2nn::grid::Grid;
use d2nn::material::Material;
use d2nn::misalignment::{Displacement, Misalignment};
use d2nn::npy::Number;
use d2nn::object::{Encoding, Illumination, ObjectPlane, Placement, Resampling};
use d2nn::propagation::Method;
use d2nn::random::{Purpose, Stream};
use ndarray::{Array2, Array3};
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

/// Values without any order for the masks of `bench`, one array a channel.
pub fn random_values(bench: &Bench, seed: u64) -> Vec<Array2<f64>> {
    let mut next = random_numbers(seed);
    let channels = bench.modulation.channels();
    (0..bench.all_masks() * channels)
        .map(|array| {
            let angle = bench.modulation.is_angle(array % channels);
            Array2::from_shape_simple_fn(bench.mask_shape(array / channels), || {
                // Phases of one turn, the first of a relief; amplitudes away from 0, where a phase has no meaning.
                if angle { std::f64::consts::PI * (1.0 + next()) } else { 0.55 + 0.45 * next() }
            })
        })
        .collect()
}

/// Small benches that differ in what masks, objects and samples can be.
pub fn varied_benches() -> Vec<(&'static str, Bench)> {
    let plain = small_bench();
    let grid = plain.grid();
    let absorbing =
        Modulation::Phase { absorption: 0.06, base: 0.8, phase_max: std::f64::consts::TAU, scale: 1.0 };
    let bilinear = Placement { origin: (3, 6), extent: (19, 17), resampling: Resampling::Bilinear };
    let with_object = |placement, encoding, illumination| Bench {
        object: ObjectPlane::placed(grid, (8, 8), placement, encoding)
            .unwrap()
            .illuminated(illumination, plain.wavelength),
        ..plain.clone()
    };
    let centred = Placement::centred(grid, (8, 8), 2);
    // Every error there is; a relief that absorbs, in a tilted wave, is touched by all of them.
    let placed = |y, x, axial| Displacement { lateral: (y, x), axial };
    let errors = Misalignment {
        masks: vec![placed(0.13e-3, -0.31e-3, 0.2e-3), placed(-0.5e-3, 0.07e-3, -0.3e-3)],
        rotations: vec![0.03, -0.2],
        absent: Vec::new(),
        detector: placed(0.4e-3, 0.9e-3, 0.5e-3),
        wavelength: 0.01,
    };
    let tilted = Illumination::Tilted { towards_y: -0.1, towards_x: 0.2 };
    let touched = with_object(centred, Encoding::Phase { range: 3.0 }, tilted);
    let touched = Bench { modulation: absorbing, ..touched };
    let taken_off = Misalignment { absent: vec![false, true], ..errors.clone() };
    let aside = Misalignment { detector: placed(0.2e-3, 0.0, 0.0), ..Misalignment::default() };
    vec![
        ("misaligned", touched.misaligned(&errors).unwrap()),
        ("misaligned, oversampled", touched.sampled(2, 2.0).unwrap().misaligned(&errors).unwrap()),
        (
            "complex, misaligned, by the angular spectrum",
            Bench { modulation: Modulation::Complex, method: Method::AngularSpectrum, ..plain.clone() }
                .misaligned(&errors)
                .unwrap(),
        ),
        ("one plane aside", plain.misaligned(&aside).unwrap()),
        ("absorbing", Bench { modulation: absorbing, ..plain.clone() }),
        ("amplitude", Bench { modulation: Modulation::Amplitude, ..plain.clone() }),
        ("complex", Bench { modulation: Modulation::Complex, ..plain.clone() }),
        ("oversampled", Bench { modulation: absorbing, ..plain.clone() }.sampled(2, 2.0).unwrap()),
        (
            "complex, oversampled",
            Bench { modulation: Modulation::Complex, ..plain.clone() }.sampled(3, 2.0).unwrap(),
        ),
        ("in water", Bench { medium: 1.33, method: Method::Auto, ..plain.clone() }),
        ("binary", with_object(centred, Encoding::Binary { threshold: 0.4 }, Illumination::Plane)),
        ("half-turn phase", with_object(centred, Encoding::Phase { range: 3.1 }, Illumination::Plane)),
        (
            "bilinear, aside, in a beam",
            with_object(bilinear, Encoding::Amplitude, Illumination::Gaussian { waist: 3e-3 }),
        ),
        (
            "bilinear phase in a tilted wave",
            with_object(
                bilinear,
                Encoding::Phase { range: 2.0 },
                Illumination::Tilted { towards_y: 0.3, towards_x: -0.2 },
            ),
        ),
        (
            "tilted along x only",
            with_object(
                centred,
                Encoding::Amplitude,
                Illumination::Tilted { towards_y: 0.0, towards_x: 0.4 },
            ),
        ),
        ("misaligned, a mask taken off", touched.misaligned(&taken_off).unwrap()),
    ]
}

/// The file of `array` as NumPy writes it when neighbours along the first axis lie side by side.
pub fn columns_first<A: Number>(array: &Array2<A>) -> Vec<u8> {
    let (rows, columns) = array.dim();
    let order = "'fortran_order': True";
    let header = format!("{{'descr': '{}', {order}, 'shape': ({rows}, {columns}), }}\n", A::DESCRIPTOR);
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    array.t().iter().for_each(|value| value.write(&mut bytes));
    bytes
}

/// An image with values from 0 to 1.
pub fn random_image(shape: (usize, usize), seed: u64) -> Array2<f32> {
    let mut next = random_numbers(seed);
    Array2::from_shape_simple_fn(shape, || (0.5 + 0.5 * next()) as f32)
}

/// Images for the object plane of `bench`, by their numbers; shape (images, rows, columns).
pub fn random_images(bench: &Bench, count: usize) -> Array3<f32> {
    let (rows, columns) = bench.object.image();
    let mut images = Array3::zeros((count, rows, columns));
    for (number, mut image) in images.outer_iter_mut().enumerate() {
        image.assign(&random_image((rows, columns), number as u64));
    }
    images
}

/// [`random_values`] in single precision, as engines take them.
pub fn random_masks(bench: &Bench, seed: u64) -> Vec<Array2<f32>> {
    random_values(bench, seed).iter().map(|values| values.mapv(|value| value as f32)).collect()
}

/// A device of two masks, 28 x 28 pixels and four regions: small enough for finite differences.
pub fn small_bench() -> Bench {
    let grid = Grid::new(28, 28, 0.4e-3).unwrap();
    let layout = Layout { counts: vec![2, 2], region_size: 1.6e-3, row_pitch: 4e-3, column_pitch: 4e-3 };
    let object = ObjectPlane::new(grid, (8, 8), 2, Encoding::Amplitude).unwrap();
    let detector = Detector::new(grid, layout.regions(grid).unwrap()).unwrap();
    let bench = Bench::new(0.75e-3, vec![6e-3, 6e-3, 8e-3], object, detector).unwrap();
    Bench { method: Method::RayleighSommerfeld, ..bench }
}

/// Three masks of 0.4, 0.8 and 0.4 mm with 40, 20 and 32 pixels a side on planes of 40 pixels of 0.4 mm.
pub fn own_pixels_bench() -> Bench {
    let grid = Grid::new(40, 40, 0.4e-3).unwrap();
    let layout = Layout { counts: vec![2, 2], region_size: 2.4e-3, row_pitch: 5.6e-3, column_pitch: 5.6e-3 };
    let object = ObjectPlane::new(grid, (8, 8), 4, Encoding::Amplitude).unwrap();
    let detector = Detector::new(grid, layout.regions(grid).unwrap()).unwrap();
    let bench = Bench::new(0.75e-3, vec![8e-3, 9e-3, 10e-3, 9e-3], object, detector).unwrap();
    let own = |side, samples| MaskPixels { shape: (side, side), samples };
    let bench = Bench { mask_pixels: vec![own(40, 1), own(20, 2), own(32, 1)], ..bench };
    bench.check().unwrap();
    bench
}

/// Benches whose masks have pixels of their own: sampled finer, turned and aside, taken off, thick, with holders on all sides or
/// two, in two networks.
pub fn own_pixel_benches() -> Vec<(&'static str, Bench)> {
    let plain = own_pixels_bench();
    let absorbing =
        Modulation::Phase { absorption: 0.06, base: 0.8, phase_max: std::f64::consts::TAU, scale: 1.0 };
    let placed = |y, x, axial| Displacement { lateral: (y, x), axial };
    let errors = Misalignment {
        masks: vec![
            placed(0.1e-3, -0.3e-3, 0.2e-3),
            placed(-0.5e-3, 0.1e-3, -0.3e-3),
            placed(0.2e-3, 0.3e-3, 0.0),
        ],
        rotations: vec![0.05, -0.2, 0.3],
        ..Misalignment::default()
    };
    let taken_off = Misalignment { absent: vec![false, true, true], ..errors.clone() };
    let own = |rows, columns, samples| MaskPixels { shape: (rows, columns), samples };
    let held = vec![own(24, 40, 1), own(12, 12, 3), own(10, 14, 2)];
    let held = Bench { mask_pixels: held, modulation: absorbing, ..plain.clone() };
    held.check().unwrap();
    let resin = Material::new("resin", 1.7).unwrap().absorbing(0.02).unwrap();
    let thickness = Thickness::of_material(&resin, plain.wavelength, 0.6e-3, std::f64::consts::TAU);
    let thick = |finer, slicing, slices| Bench {
        plate: Some(Thickness { finer, slicing, slices, ..thickness }),
        ..held.clone()
    };
    vec![
        ("own pixels", plain.clone()),
        ("own pixels, sampled finer", plain.sampled(2, 2.0).unwrap()),
        ("own pixels, complex, misaligned", {
            Bench { modulation: Modulation::Complex, ..plain.clone() }.misaligned(&errors).unwrap()
        }),
        ("own pixels, taken off", plain.misaligned(&taken_off).unwrap()),
        ("held", held.clone()),
        ("held, sampled finer, misaligned", held.sampled(2, 2.0).unwrap().misaligned(&errors).unwrap()),
        ("held, side by side", Bench { networks: 2, ..held.clone() }),
        ("held, sliced", thick(2, Slicing::SplitStep, 2)),
        ("held, wpm, turned", thick(1, Slicing::WavePropagation, 2).misaligned(&errors).unwrap()),
    ]
}

/// Two devices side by side, read by pairs of regions.
pub fn side_by_side() -> Bench {
    let bench = small_bench();
    let detector = bench.detector.clone().read_by(Scheme::Differential).unwrap();
    Bench { networks: 2, detector, ..bench }
}
