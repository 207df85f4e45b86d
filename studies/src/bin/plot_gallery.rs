//! Draws every kind of plot into a folder: `cargo run -p studies --bin plot_gallery -- <folder>`.
//!
//! The light is simulated (a shape crosses five lens-like masks), the training and the confusion are made up.

use std::f64::consts::TAU;
use std::path::{Path, PathBuf};

use d2nn::dataset::DatasetName;
use d2nn::detector::{Region, Scheme};
use d2nn::grid::{Grid, spatial_frequencies};
use d2nn::plots::{
    Confusion, DetectorPlane, History, LightPath, MaskQuantity, Masks, PictureFormat, Plane, Score, SideView,
    Training,
};
use d2nn::{Error, Result, files};
use ndarray::{Array1, Array2};
use num_complex::Complex64;

const WAVELENGTH: f64 = 0.75e-3;
const GAP: f64 = 30e-3;

fn main() {
    let folder = std::env::args().nth(1).map(PathBuf::from);
    let drawn = folder
        .ok_or_else(|| Error::Usage("name a folder: plot_gallery <folder>".into()))
        .and_then(|folder| draw(&folder));
    if let Err(error) = drawn {
        eprintln!("{error}");
        std::process::exit(i32::from(error.exit_code()));
    }
}

fn draw(folder: &Path) -> Result<()> {
    files::create_folder(folder)?;
    let grid = Grid::new(200, 200, 0.4e-3)?;
    let regions = regions();
    let target = regions[9];
    let masks: Vec<Array2<f32>> = (0..5).map(|index| lens(&grid, index, target)).collect();
    let bench = Bench::new(&grid);
    let (planes, side, z) = bench.light(&boot(&grid), &masks);
    let names: Vec<String> = std::iter::once("object".to_owned())
        .chain((1..=5).map(|index| format!("mask {index}")))
        .chain(std::iter::once("detector".to_owned()))
        .collect();
    let planes: Vec<Plane> = planes
        .iter()
        .zip(&names)
        .enumerate()
        .map(|(index, (intensity, name))| Plane { name, z: index as f64 * GAP, intensity })
        .collect();
    let positions: Vec<f64> = (1..=5).map(|index| f64::from(index) * GAP).collect();
    let labels: Vec<String> =
        DatasetName::FashionMnist.class_names().iter().map(|&name| name.to_owned()).collect();
    let detected = planes[6].intensity;
    let powers: Vec<f64> = regions.iter().map(|region| power(detected, region)).collect();
    let sum: f64 = powers.iter().sum();
    let readings: Vec<f64> = powers.iter().map(|power| power / sum).collect();
    let answer = (0..10).fold(0, |best, index| if readings[index] > readings[best] { index } else { best });

    for format in [PictureFormat::Png, PictureFormat::Svg] {
        let path = |name: &str| folder.join(format!("{name}.{}", format.extension()));
        LightPath {
            planes: &planes,
            side: SideView { intensity: &side, z: &z },
            grid: &grid,
            masks: &positions,
            title: "Light crossing five masks",
            note: Some("a boot-like amplitude, wavelength 0.75 mm, 30 mm from plane to plane"),
        }
        .write(&path("light"), format)?;
        let plane = DetectorPlane {
            intensity: detected,
            grid: &grid,
            regions: &regions,
            scheme: Scheme::Single,
            first_class: 0,
            labels: &labels,
            readings: &readings,
            answer: Some(answer),
            truth: Some(9),
            title: "Image 17: Ankle boot, answered Ankle boot",
            note: Some("synthetic image and lens-like masks"),
        };
        plane.write(&path("detector"), format)?;
        let blurred = readings.iter().map(|reading| 0.08 + 0.2 * reading).collect::<Vec<_>>();
        DetectorPlane {
            readings: &blurred,
            truth: Some(7),
            title: "Image 18: Sneaker, answered Ankle boot",
            note: None,
            ..plane
        }
        .write(&path("detector-wrong"), format)?;
        Masks {
            quantity: MaskQuantity::Phase,
            masks: &masks,
            grids: &[grid],
            title: "Phase masks, the one nearest the object first",
            note: None,
        }
        .write(&path("masks"), format)?;
        Training {
            score: Score::Accuracy,
            history: &history(),
            title: "Training of five masks on 54,000 images",
            note: Some("batches of 32, learning rate 0.01"),
        }
        .write(&path("training"), format)?;
        Confusion { counts: &counts(), labels: &labels, title: "Test images", note: Some("made-up counts") }
            .write(&path("confusion"), format)?;
    }
    odd_cases(folder)
}

/// What the layouts must also bear: long planes, many masks, many regions, no light.
fn odd_cases(folder: &Path) -> Result<()> {
    let path = |name: &str| folder.join(format!("odd-{name}.png"));
    let wide = Grid::new(60, 150, 8e-6)?;
    let phase = Array2::from_shape_fn(wide.shape(), |(y, x)| (y * x) as f32 * 0.01);
    for count in [1, 2, 6, 20] {
        let masks = vec![phase.clone(); count];
        let title = format!("{count} masks of 60 x 150 pixels of 8 µm");
        Masks { quantity: MaskQuantity::Phase, masks: &masks, grids: &[wide], title: &title, note: None }
            .write(&path(&format!("masks-{count}")), PictureFormat::Png)?;
    }
    let dark = Array2::zeros(wide.shape());
    let regions: Vec<Region> = (0..20)
        .map(|i| Region { row: 2 + i / 7 * 20, column: 4 + i % 7 * 21, height: 16, width: 16 })
        .collect();
    let labels: Vec<String> = (0..20).map(|i| format!("class {i} with a long name")).collect();
    DetectorPlane {
        intensity: &dark,
        grid: &wide,
        regions: &regions,
        scheme: Scheme::Single,
        first_class: 0,
        labels: &labels,
        readings: &[0.0; 20],
        answer: Some(0),
        truth: None,
        title: "Twenty regions and no light",
        note: None,
    }
    .write(&path("detector-dark"), PictureFormat::Png)?;
    let light =
        Array2::from_shape_fn(wide.shape(), |(y, x)| 1e-5 * (x as f64 * 0.1).sin().powi(2) * y as f64);
    DetectorPlane {
        intensity: &light,
        grid: &wide,
        regions: &regions[..1],
        scheme: Scheme::Single,
        first_class: 0,
        labels: &labels[..1],
        readings: &[1.0],
        answer: Some(0),
        truth: Some(0),
        title: "One region, weak light",
        note: None,
    }
    .write(&path("detector-one"), PictureFormat::Png)?;
    let mut many = Array2::from_elem((20, 20), 123);
    many.diag_mut().fill(45_678);
    Confusion { counts: &many, labels: &labels, title: "Twenty classes", note: None }
        .write(&path("confusion-20"), PictureFormat::Png)?;
    let two = ndarray::array![[0, 0], [3, 12]];
    Confusion { counts: &two, labels: &labels[..2], title: "Two classes", note: None }
        .write(&path("confusion-2"), PictureFormat::Png)?;
    let one = [History { epoch: 1.0, validation_score: Some(0.8), ..History::default() }];
    Training { history: &one, score: Score::Accuracy, title: "One row", note: None }
        .write(&path("training-one"), PictureFormat::Png)?;

    let names: Vec<String> = (0..22).map(|i| format!("plane {i}")).collect();
    let planes: Vec<Plane> = names
        .iter()
        .enumerate()
        .map(|(i, name)| Plane { name, z: i as f64 * 2e-3, intensity: &light })
        .collect();
    let z: Vec<f64> = (0..50).map(|i| f64::from(i) * 42e-3 / 49.0).collect();
    let side =
        Array2::from_shape_fn((60, 50), |(y, z)| (-((y as f64 - 30.0) / (2.0 + z as f64)).powi(2)).exp());
    let masks: Vec<f64> = (1..21).map(|i| f64::from(i) * 2e-3).collect();
    let side = SideView { intensity: &side, z: &z };
    let all =
        LightPath { planes: &planes, side, grid: &wide, masks: &masks, title: "Twenty masks", note: None };
    all.write(&path("light-20"), PictureFormat::Png)?;
    let uneven =
        [Plane { z: 0.0, ..planes[0] }, Plane { z: 5e-3, ..planes[1] }, Plane { z: 42e-3, ..planes[2] }];
    LightPath { planes: &uneven, masks: &[5e-3], title: "One mask", ..all }
        .write(&path("light-1"), PictureFormat::Png)
}

/// Ten regions of 24 x 24 pixels in rows of 3, 4 and 3.
fn regions() -> Vec<Region> {
    let mut regions = Vec::new();
    for (row, columns) in [(38, 3), (88, 4), (138, 3)] {
        for i in 0..columns {
            let column = 100 + i * 44 - columns * 22 + 10;
            regions.push(Region { row, column, height: 24, width: 24 });
        }
    }
    regions
}

fn power(intensity: &Array2<f64>, region: &Region) -> f64 {
    let rows = region.row..region.row + region.height;
    let columns = region.column..region.column + region.width;
    rows.flat_map(|row| columns.clone().map(move |column| intensity[[row, column]])).sum()
}

/// Amplitude 1 where a boot might be.
fn boot(grid: &Grid) -> Array2<Complex64> {
    Array2::from_shape_fn(grid.shape(), |(row, column)| {
        let (x, y) = (grid.x(column) * 1e3, grid.y(row) * 1e3);
        let shaft = (-14.0..2.0).contains(&x) && (-20.0..14.0).contains(&y);
        let foot = (-14.0..20.0).contains(&x) && (2.0 + (x - 2.0).max(0.0) * 0.25..14.0).contains(&y);
        let sole = (-15.0..21.0).contains(&x) && (15.0..18.0).contains(&y);
        Complex64::from(if shaft || foot || sole { 1.0 } else { 0.0 })
    })
}

/// A lens with a prism towards the region and some texture, as trained masks have.
fn lens(grid: &Grid, index: usize, target: Region) -> Array2<f32> {
    let focal_length = [0.24, 0.20, 0.18, 0.16, 0.14][index];
    let aim_x = grid.x(target.column + target.width / 2) / 0.09 / 5.0;
    let aim_y = grid.y(target.row + target.height / 2) / 0.09 / 5.0;
    Array2::from_shape_fn(grid.shape(), |(row, column)| {
        let (x, y) = (grid.x(column), grid.y(row));
        let path = -(x * x + y * y) / (2.0 * focal_length) + aim_x * x + aim_y * y;
        let swirl = (230.0 * x + index as f64).sin() * (310.0 * y - 2.0 * index as f64).cos();
        let grain = ((row * 7919 + column * 104_729 + index * 31) % 97) as f64 / 97.0;
        (TAU * path / WAVELENGTH + 0.7 * swirl + 0.5 * grain) as f32
    })
}

/// Free space by plain Fourier sums: slow, and enough for a picture.
struct Bench {
    forward: Array2<Complex64>,
    /// Axial wavenumber over 2 pi in 1/m; nothing where waves do not travel.
    axial: Array2<Option<f64>>,
}

impl Bench {
    fn new(grid: &Grid) -> Self {
        let n = grid.rows();
        let frequencies = spatial_frequencies(n, grid.pixel_pitch());
        Bench {
            forward: Array2::from_shape_fn((n, n), |(k, i)| {
                Complex64::from_polar(1.0, -TAU * ((k * i) % n) as f64 / n as f64)
            }),
            axial: Array2::from_shape_fn((n, n), |(y, x)| {
                let rest = WAVELENGTH.powi(-2) - frequencies[y].powi(2) - frequencies[x].powi(2);
                (rest > 0.0).then(|| rest.sqrt())
            }),
        }
    }

    fn after(&self, spectrum: &Array2<Complex64>, z: f64) -> Array2<Complex64> {
        let factor = self.axial.mapv(|axial| match axial {
            Some(axial) => Complex64::from_polar(1.0, TAU * axial * z),
            None => Complex64::from(0.0),
        });
        spectrum * &factor
    }

    /// Intensity on each plane, the side view [y, z] and its positions.
    fn light(
        &self,
        object: &Array2<Complex64>,
        masks: &[Array2<f32>],
    ) -> (Vec<Array2<f64>>, Array2<f64>, Vec<f64>) {
        let n = object.nrows();
        let backward = self.forward.mapv(|factor| factor.conj() / n as f64);
        let (steps, mut field) = (60, object.clone());
        let mut planes = vec![field.mapv(|a| a.norm_sqr())];
        let (mut columns, mut z): (Vec<Array1<f64>>, Vec<f64>) = (Vec::new(), Vec::new());
        for gap in 0..=masks.len() {
            let spectrum = self.forward.dot(&field).dot(&self.forward);
            for step in 0..steps {
                let distance = GAP * f64::from(step) / f64::from(steps);
                let here = self.after(&spectrum, distance).dot(&backward.column(n / 2));
                columns.push(backward.dot(&here).mapv(|a| a.norm_sqr()));
                z.push(gap as f64 * GAP + distance);
            }
            field = backward.dot(&self.after(&spectrum, GAP)).dot(&backward);
            planes.push(field.mapv(|a| a.norm_sqr()));
            if let Some(mask) = masks.get(gap) {
                field.zip_mut_with(mask, |a, &phase| *a *= Complex64::from_polar(1.0, f64::from(phase)));
            }
        }
        columns.push(planes[planes.len() - 1].column(n / 2).to_owned());
        z.push((masks.len() + 1) as f64 * GAP);
        let side = Array2::from_shape_fn((n, z.len()), |(y, z)| columns[z][y]);
        (planes, side, z)
    }
}

fn history() -> Vec<History> {
    (0..=80)
        .map(|i| {
            let epoch = f64::from(i) * 0.125;
            let ripple = (f64::from(i) * 2.4).sin() * 0.012;
            let falls = (-epoch / 1.3).exp();
            History {
                epoch,
                training_loss: Some(0.42 + 1.8 * falls + ripple),
                validation_loss: (i % 8 == 0)
                    .then_some(0.46 + 1.8 * falls + 0.002 * (epoch - 7.0).powi(2) * 0.5),
                training_score: Some(0.895 - 0.7 * falls + ripple / 3.0),
                validation_score: (i % 8 == 0)
                    .then_some(0.884 - 0.7 * falls - 0.0006 * (epoch - 8.0).powi(2)),
            }
        })
        .collect()
}

fn counts() -> Array2<u64> {
    let mut counts = Array2::from_shape_fn((10, 10), |(t, a)| ((t * 7 + a * 13) % 11) as u64);
    for (truth, answer, number) in
        [(0, 6, 128), (6, 0, 151), (2, 4, 84), (4, 2, 97), (2, 6, 93), (7, 9, 41), (4, 6, 77)]
    {
        counts[[truth, answer]] = number;
    }
    for class in 0..10 {
        counts[[class, class]] = 0;
        counts[[class, class]] = 1000 - counts.row(class).sum();
    }
    counts
}
