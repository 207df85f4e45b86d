//! Judges a trained device on finer grids: does the answer depend on one sample a pixel?
//!
//! ```text
//! cargo run --release --example finer_grid -- DEVICE [IMAGES]
//! ```
//!
//! Takes the first test images of the built-in sample, 200 unless told otherwise. Each pixel of the device
//! becomes S x S samples with the same phase; plates, regions and images keep their places and sizes.

use std::path::Path;

use d2nn::dataset::{Images, Source, Split, load_split};
use d2nn::design::Device;
use d2nn::detector::{Detector, Region, brightest};
use d2nn::engine::{CpuEngine, Engine};
use d2nn::evaluation::evaluate;
use d2nn::grid::Grid;
use d2nn::network::Bench;
use d2nn::object::ObjectPlane;
use d2nn::propagation::{PixelModel, padded_shape};
use d2nn::{Error, Result};
use ndarray::{Array2, Axis};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let usage = || Error::Usage("usage: finer_grid DEVICE [IMAGES]".into());
    let device = Device::open(Path::new(arguments.first().ok_or_else(usage)?))?;
    let count = arguments.get(1).map_or(Ok(200), |text| text.parse().map_err(|_| usage()))?;
    let images = load_split(device.design.data, &Source::BuiltinSample, Split::Test)?;
    let indices: Vec<usize> = (0..images.len().min(count)).collect();
    let design = &device.design;
    println!("{}, {} test images of the built-in sample", design.name, indices.len());
    println!(
        "{:>2}  {:<7}{:>10}{:>14}{:>12}{:>12}{:>16}",
        "S", "pixels", "accuracy", "same answers", "I_L/E_in", "I_L/E_out", "shares change"
    );
    let mut first: Option<Vec<Vec<f64>>> = None;
    for (samples, pixel_model, name) in [
        (1, PixelModel::Square, "square"),
        (2, PixelModel::Square, "square"),
        (4, PixelModel::Square, "square"),
        (1, PixelModel::Point, "point"),
        (2, PixelModel::Point, "point"),
        (4, PixelModel::Point, "point"),
    ] {
        let mut engine = CpuEngine::new(finer(&design.bench, samples, pixel_model)?, 0)?;
        let finer = |phase: &Array2<f32>| {
            let (rows, columns) = phase.dim();
            Array2::from_shape_fn((rows * samples, columns * samples), |(y, x)| {
                phase[[y / samples, x / samples]]
            })
        };
        engine.set_phases(&device.phases.iter().map(finer).collect::<Vec<_>>())?;
        let loss = |readings: &[f64], label| design.loss().value(readings, label);
        let judged = evaluate(&engine, &images, &indices, &loss, &mut |_| Ok(()))?;
        let shares = shares(&engine, &images, &indices)?;
        let base = first.get_or_insert_with(|| shares.clone());
        let same = shares.iter().zip(&*base).filter(|(a, b)| brightest(a) == brightest(b)).count();
        let norm =
            |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>().sqrt();
        let (flat, flat_base) = (shares.concat(), base.concat());
        let change =
            norm(&mut flat.iter().zip(&flat_base).map(|(a, b)| a - b)) / norm(&mut flat_base.into_iter());
        println!(
            "{samples:>2}  {name:<7}{:>8.1} %{:>12.1} %{:>10.3} %{:>10.3} %{change:>16.4}",
            100.0 * judged.accuracy(),
            100.0 * same as f64 / indices.len() as f64,
            100.0 * judged.power_efficiency_input,
            100.0 * judged.power_efficiency_output,
        );
    }
    Ok(())
}

/// The same device with every pixel sampled `samples` x `samples` times.
fn finer(bench: &Bench, samples: usize, pixel_model: PixelModel) -> Result<Bench> {
    let coarse = bench.grid();
    let pitch = coarse.pixel_pitch() / samples as f64;
    let grid = Grid::new(coarse.rows() * samples, coarse.columns() * samples, pitch)?;
    let object = &bench.object;
    let regions = bench.detector.regions().iter().map(|region| Region {
        row: region.row * samples,
        column: region.column * samples,
        height: region.height * samples,
        width: region.width * samples,
    });
    let upsampling = object.upsampling() * samples;
    Ok(Bench {
        padded: padded_shape(grid, 2.0)?,
        pixel_model,
        object: ObjectPlane::new(grid, object.image(), upsampling, object.encoding())?,
        detector: Detector::new(grid, regions.collect())?,
        ..bench.clone()
    })
}

/// Share of each region in the collected power, for each image.
fn shares(engine: &dyn Engine, images: &Images, indices: &[usize]) -> Result<Vec<Vec<f64>>> {
    let mut shares = Vec::new();
    for chunk in indices.chunks(64) {
        let readings = engine.readings(images.batch(chunk).view())?.regions;
        for row in readings.axis_iter(Axis(0)) {
            let total = row.sum().max(f64::MIN_POSITIVE);
            shares.push(row.iter().map(|reading| reading / total).collect());
        }
    }
    Ok(shares)
}
