//! The training step against what rustfft alone needs for its transforms, side by side on one core.
//!
//! Run: `cargo bench --bench step`. Each round times both in turn; medians and their ratio are printed.

use std::hint::black_box;
use std::time::{Duration, Instant};

use d2nn::design::{Design, DesignFile};
use d2nn::engine::{CpuEngine, Engine};
use d2nn::training::CrossEntropy;
use ndarray::{Array2, Array3};
use num_complex::Complex32;
use rustfft::FftPlanner;

const ROUNDS: usize = 201;
/// Few, so that both are timed within the same mood of a shared machine.
const SAMPLES: usize = 2;

/// Transforms of the padded length that one sample takes: (forward pass, training step).
///
/// A propagation transforms every column there and back. A row pass at a mask transforms every row back and
/// forth; the object sends only its distinct rows, the detector receives only the rows its regions lie in, and
/// the adjoint ends at the first mask.
fn transforms(design: &Design) -> (usize, usize) {
    let bench = &design.bench;
    let masks = bench.masks();
    let (rows, columns) = (bench.grid().rows(), bench.padded.1);
    let object = bench.object.image().0;
    let mut lit = vec![false; rows];
    bench.detector.regions().iter().for_each(|region| lit[region.rows()].fill(true));
    let detector = lit.iter().filter(|lit| **lit).count();
    let forward = object + (masks + 1) * 2 * columns + masks * 2 * rows + detector;
    let adjoint = detector + masks * 2 * columns + (masks - 1) * 2 * rows + rows;
    (forward, forward + adjoint)
}

fn main() {
    let design = Design::resolve("the default design", &DesignFile::default()).expect("the default is sound");
    let bench = design.bench.clone();
    let (masks, shape, side) = (bench.masks(), bench.grid().shape(), bench.padded.0);
    let mut engine = CpuEngine::new(bench, 1).expect("the default is sound");
    let phase = |mask: usize| {
        Array2::from_shape_fn(shape, |(y, x)| ((y * 31 + x * 17 + mask * 7) % 64) as f32 / 10.0)
    };
    engine.set_phases(&(0..masks).map(phase).collect::<Vec<_>>()).expect("phases fit");
    let images =
        Array3::from_shape_fn((SAMPLES, 28, 28), |(s, y, x)| ((s + y * 5 + x * 3) % 16) as f32 / 15.0);
    let loss = CrossEntropy { temperature: 20.0 };

    let (_, count) = transforms(&design);
    let mut planner = FftPlanner::<f32>::new();
    let plans = [planner.plan_fft_forward(side), planner.plan_fft_inverse(side)];
    // A block that stays in the cache, as the engine's does: the best case for rustfft.
    let mut block = vec![Complex32::new(0.5, -0.25); 16 * side];
    let mut scratch = vec![Complex32::default(); plans[0].get_inplace_scratch_len()];

    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let pass = engine
            .gradients(images.view(), &|sample, readings, slopes| {
                loss.evaluate(readings, sample % 10, slopes);
            })
            .expect("images fit");
        times[0].push(began.elapsed());
        black_box(pass);

        let began = Instant::now();
        for call in 0..SAMPLES * count / 16 {
            if call % 64 == 0 {
                block.fill(Complex32::new(0.5, -0.25));
            }
            plans[call % 2].process_with_scratch(black_box(&mut block), &mut scratch);
        }
        times[1].push(began.elapsed());
    }
    let mut ratios: Vec<f64> = times[0]
        .iter()
        .zip(&times[1])
        .map(|(step, alone)| step.as_secs_f64() / alone.as_secs_f64())
        .collect();
    ratios.sort_by(f64::total_cmp);
    let [(step, best_step), (alone, best_alone)] = times.map(|mut times: Vec<Duration>| {
        times.sort();
        let milliseconds = |time: Duration| time.as_secs_f64() * 1e3 / SAMPLES as f64;
        (milliseconds(times[ROUNDS / 2]), milliseconds(times[0]))
    });
    println!("transforms of {side} points a training sample: {count}");
    println!("training step, one core:  median {step:.3}, least {best_step:.3} ms a sample");
    println!("rustfft alone, one core:  median {alone:.3}, least {best_alone:.3} ms a sample");
    println!(
        "ratio within a round:     median {:.3}, quartiles {:.3} and {:.3}; ratio of the least {:.3}",
        ratios[ROUNDS / 2],
        ratios[ROUNDS / 4],
        ratios[3 * ROUNDS / 4],
        best_step / best_alone
    );
}
