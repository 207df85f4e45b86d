//! How time and memory grow with pixels, masks and threads.
//!
//! Run: `cargo bench --bench growth`. One line of CSV for each device: a training step (forward and adjoint) of a batch,
//! milliseconds a sample, and that over P^2 log2 P times the passes, P being the pixels of a side: constant where
//! nothing but the transforms counts. Each device runs in a process of its own, whose largest memory is printed.

use std::hint::black_box;
use std::process::Command;
use std::time::{Duration, Instant};

use d2nn::bench::Bench;
use d2nn::design::{Design, DesignFile};
use d2nn::detector::{Detector, Layout};
use d2nn::engine::{CpuEngine, Engine};
use d2nn::error::{Error, Result};
use d2nn::grid::Grid;
use d2nn::object::{Encoding, ObjectPlane};
use d2nn::propagation::padded_shape;
use d2nn::training::ClassLoss;
use ndarray::Array3;

mod support;
use support::peak_mb;

const LOSS: ClassLoss = ClassLoss::cross_entropy(20.0);
const SIDES: [usize; 5] = [100, 200, 400, 800, 1600];
const MASKS: [usize; 5] = [1, 2, 5, 10, 20];

/// The default device with other numbers: object and regions keep their share of the plane.
fn bench(side: usize, masks: usize) -> Result<Bench> {
    let design = Design::resolve("the default", &DesignFile::default())?;
    let grid = Grid::new(side, side, design.bench.grid().pixel_pitch())?;
    let scale = side as f64 / 200.0;
    let layout = Layout {
        counts: vec![3, 4, 3],
        region_size: 4.8e-3 * scale,
        row_pitch: 9.6e-3 * scale,
        column_pitch: 9.6e-3 * scale,
    };
    Ok(Bench {
        gaps: vec![design.bench.gaps[0] * scale; masks + 1],
        padded: padded_shape(grid, 2.0)?,
        object: ObjectPlane::new(grid, (28, 28), side / 50, Encoding::Amplitude)?,
        detector: Detector::new(grid, layout.regions(grid)?)?,
        ..design.bench
    })
}

/// Median time of a sample's training step.
fn measure(side: usize, masks: usize, threads: usize) -> Result<Duration> {
    let engine = CpuEngine::new(bench(side, masks)?, threads)?;
    let samples = 8;
    let images = Array3::from_shape_fn((samples, 28, 28), |(n, y, x)| ((n + y * x) % 7) as f32 / 6.0);
    let slopes = |sample: usize, readings: &[f64], slopes: &mut [f64]| {
        LOSS.evaluate(readings, sample, 1.0, slopes);
    };
    let mut times = Vec::new();
    let end = Instant::now() + Duration::from_secs(3);
    while times.len() < 3 || Instant::now() < end {
        let began = Instant::now();
        black_box(engine.gradients(images.view(), &slopes)?);
        times.push(began.elapsed() / samples as u32);
    }
    times.remove(0);
    times.sort();
    Ok(times[times.len() / 2])
}

fn main() -> Result<()> {
    let arguments: Vec<usize> =
        std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    if let [side, masks, threads] = arguments[..] {
        let ms = measure(side, masks, threads)?.as_secs_f64() * 1e3;
        // The first mask's adjoint ends there: masks + 1 gaps forward, masks back.
        let work = (side * side) as f64 * (side as f64).log2() * (2 * masks + 1) as f64;
        println!("{side},{masks},{threads},{ms:.3},{:.3},{:.0}", ms * 1e6 / work, peak_mb());
        return Ok(());
    }
    let program = std::env::current_exe().map_err(|error| Error::Value(error.to_string()))?;
    println!("side,masks,threads,ms_a_sample,ns_a_unit,peak_mb");
    let sides = SIDES.map(|side| (side, 5, 1));
    let masks = MASKS.map(|masks| (200, masks, 1));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = [1, cores].map(|threads| (200, 5, threads));
    for (side, masks, threads) in sides.into_iter().chain(masks).chain(threads) {
        let arguments = [side, masks, threads].map(|number| number.to_string());
        let answer = Command::new(&program)
            .args(arguments)
            .output()
            .map_err(|error| Error::Value(format!("cannot start the benchmark again: {error}")))?;
        print!("{}{}", String::from_utf8_lossy(&answer.stdout), String::from_utf8_lossy(&answer.stderr));
    }
    Ok(())
}
