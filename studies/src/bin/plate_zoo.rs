//! Writes plates that are hard on meshers, for `.ci/validate_plates.sh` and for measuring.
//!
//! ```text
//! cargo run --release -p studies --bin plate_zoo -- FOLDER                     the zoo
//! cargo run --release -p studies --bin plate_zoo -- FOLDER ROWS COLUMNS COUNT  random plates in frames, to time
//! ```

use std::f64::consts::TAU;
use std::path::Path;

use d2nn::fabrication::{Frame, HeightMap, PlateOptions, Relief, StlFormat, export_plates, format_reports};
use d2nn::grid::Grid;
use d2nn::material::Material;
use d2nn::random::{Purpose, Stream};
use d2nn::{Error, Result};
use ndarray::Array2;

/// All that a frame can have.
const FRAME: Frame =
    Frame { width: 6e-3, height: 2.238e-3, engraving: Some(0.4e-3), notch: true, pin_holes: Some(3e-3) };

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let usage = || Error::Usage("usage: plate_zoo FOLDER [ROWS COLUMNS COUNT]".into());
    let (folder, numbers) = arguments.split_first().ok_or_else(usage)?;
    let numbers: Vec<usize> =
        numbers.iter().map(|number| number.parse().map_err(|_| usage())).collect::<Result<_>>()?;
    match numbers[..] {
        [] => zoo(Path::new(folder)),
        [rows, columns, count] => {
            let masks: Vec<_> = (0..count as u64).map(|seed| random(rows, columns, seed)).collect();
            let framed = PlateOptions { frame: Some(FRAME), ..PlateOptions::default() };
            export(Path::new(folder), "random", &masks, framed, 0.4e-3, 0.75e-3)
        }
        _ => Err(usage()),
    }
}

fn zoo(folder: &Path) -> Result<()> {
    let plain = PlateOptions::default();
    let pitch = 0.4e-3;
    let wavelength = 0.75e-3;
    let turn = |share: f64| (share * TAU) as f32;
    for (name, mask) in [
        ("random-200", random(200, 200, 1)),
        ("random-50", random(50, 50, 2)),
        ("random-31x50", random(31, 50, 3)),
        ("lens-200", lens(200)),
        ("checkerboard-50", Array2::from_shape_fn((50, 50), |(y, x)| turn(((x + y) % 2) as f64 * 0.5))),
        ("constant-50", Array2::from_elem((50, 50), turn(0.25))),
        ("steps-50", Array2::from_shape_fn((50, 50), |(_, x)| turn(x as f64 / 50.0))),
        (
            "lone-pixels-9",
            Array2::from_shape_fn((9, 9), |(y, x)| turn(if y % 2 + x % 2 == 2 { 0.5 } else { 0.0 })),
        ),
        ("flat-5x3", Array2::zeros((5, 3))),
        ("saddle-2", ndarray::arr2(&[[turn(0.75), turn(0.25)], [turn(0.0), turn(0.5)]])),
        ("saddle-other-2", ndarray::arr2(&[[turn(0.0), turn(0.5)], [turn(0.9), turn(0.25)]])),
        ("row-1x4", random(1, 4, 5)),
        ("one-1", random(1, 1, 6)),
    ] {
        export(folder, name, &[mask], plain, pitch, wavelength)?;
    }
    let levels = PlateOptions { relief: Relief::Levels(4), ..plain };
    export(folder, "four-levels-50", &[random(50, 50, 7)], levels, pitch, wavelength)?;
    let layers = PlateOptions { relief: Relief::LayerHeight(50e-6), ..plain };
    let mask = random(50, 50, 8);
    export(folder, "layers-50", std::slice::from_ref(&mask), layers, pitch, wavelength)?;
    write_layers(&folder.join("layers-50.csv"), &mask, layers, pitch, wavelength)?;
    let text = PlateOptions { format: StlFormat::Ascii, ..plain };
    export(folder, "ascii-20", &[random(20, 20, 9)], text, pitch, wavelength)?;
    let framed = PlateOptions { frame: Some(FRAME), ..plain };
    // The number of holes in the name is what the judges go by.
    export(folder, "frame-with-3-holes-200", &[random(200, 200, 11)], framed, pitch, wavelength)?;
    export(folder, "frame-with-3-holes-20", &[random(20, 20, 12)], framed, pitch, wavelength)?;
    let small = Frame { width: 2.8e-3, engraving: None, pin_holes: None, ..FRAME };
    let notched = PlateOptions { frame: Some(small), ..plain };
    export(folder, "notch-9", &[random(9, 9, 13)], notched, pitch, wavelength)?;
    let visible = PlateOptions { base_thickness: 20e-6, ..plain };
    export(folder, "visible-20", &[random(20, 20, 10)], visible, 1e-6, 532e-9)
}

fn export(
    folder: &Path,
    name: &str,
    masks: &[Array2<f32>],
    options: PlateOptions,
    pitch: f64,
    wavelength: f64,
) -> Result<()> {
    let Some(first) = masks.first() else { return Err(Error::Usage("COUNT must be 1 or more".into())) };
    let grid = Grid::new(first.nrows(), first.ncols(), pitch)?;
    let resin = Material::new("VeroBlackPlus RGD875", 1.7227)?;
    let views: Vec<_> = masks.iter().map(|mask| mask.view()).collect();
    let reports = export_plates(&views, &[grid], wavelength, &resin, &options, folder, name, |_| {})?;
    print!("{}", format_reports(&reports));
    Ok(())
}

/// The thickness of each pixel in whole layers, for `.ci/compare_slices.py`.
fn write_layers(
    path: &Path,
    mask: &Array2<f32>,
    options: PlateOptions,
    pitch: f64,
    wavelength: f64,
) -> Result<()> {
    let grid = Grid::new(mask.nrows(), mask.ncols(), pitch)?;
    let resin = Material::new("VeroBlackPlus RGD875", 1.7227)?;
    let map = HeightMap::from_phase(
        mask.view(),
        &grid,
        wavelength,
        &resin,
        options.base_thickness,
        options.relief,
    )?;
    let mut text = String::new();
    for row in map.relief().outer_iter() {
        let layers: Vec<String> = row.iter().map(|steps| (steps + map.base_steps()).to_string()).collect();
        text += &(layers.join(",") + "\n");
    }
    std::fs::write(path, text).map_err(|source| Error::io("write", path, source))
}

fn random(rows: usize, columns: usize, seed: u64) -> Array2<f32> {
    let mut numbers = Stream::new(seed, Purpose::Masks, 0);
    Array2::from_shape_simple_fn((rows, columns), || numbers.uniform() * TAU as f32)
}

/// A lens of many turns: smooth but for its wraps.
fn lens(side: usize) -> Array2<f32> {
    let middle = (side as f64 - 1.0) / 2.0;
    Array2::from_shape_fn((side, side), |(y, x)| {
        (-((x as f64 - middle).powi(2) + (y as f64 - middle).powi(2)) * 0.005) as f32
    })
}
