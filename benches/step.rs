//! The training step against what rustfft alone needs for its transforms, side by side on one core.
//!
//! Run: `cargo bench --bench step`. Each round times both in turn; medians and their ratio are printed.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use d2nn::design::{Design, DesignFile};
use d2nn::engine::{CpuEngine, Engine};
use d2nn::training::CrossEntropy;
use ndarray::{Array2, Array3};
use num_complex::Complex32;
use rustfft::{Fft, FftPlanner};

const ROUNDS: usize = 201;
/// Few, so that both are timed within the same mood of a shared machine.
const SAMPLES: usize = 4;
/// Transforms a call, as the engine's column passes make them.
const BLOCK: usize = 16;
/// Numbers in a cache line: rustfft is faster on arrays that begin at one.
const LINE: usize = 8;

/// The transforms of one length that the samples take.
struct Alone {
    points: usize,
    count: usize,
    plans: [Arc<dyn Fft<f32>>; 2],
    /// Stays in the cache, as the engine's does: the best case for rustfft.
    block: Vec<Complex32>,
    scratch: Vec<Complex32>,
}

impl Alone {
    fn run(&mut self) {
        let first = self.block.as_ptr().align_offset(LINE * size_of::<Complex32>());
        let block = &mut self.block[first..first + BLOCK * self.points];
        for call in 0..SAMPLES * self.count / BLOCK {
            if call % 64 == 0 {
                block.fill(Complex32::new(0.5, -0.25));
            }
            self.plans[call % 2].process_with_scratch(black_box(&mut *block), &mut self.scratch);
        }
    }
}

fn main() {
    let design = Design::resolve("the default design", &DesignFile::default()).expect("the default is sound");
    let bench = design.bench.clone();
    let (masks, shape) = (bench.masks(), bench.grid().shape());
    let mut engine = CpuEngine::new(bench, 1).expect("the default is sound");
    let phase = |mask: usize| {
        Array2::from_shape_fn(shape, |(y, x)| ((y * 31 + x * 17 + mask * 7) % 64) as f32 / 10.0)
    };
    engine.set_masks(&(0..masks).map(phase).collect::<Vec<_>>()).expect("phases fit");
    let images =
        Array3::from_shape_fn((SAMPLES, 28, 28), |(s, y, x)| ((s + y * 5 + x * 3) % 16) as f32 / 15.0);
    let loss = CrossEntropy { temperature: 20.0 };

    let mut planner = FftPlanner::<f32>::new();
    let mut alone: Vec<Alone> = engine
        .transforms()
        .into_iter()
        .map(|(points, count)| {
            let plans = [planner.plan_fft_forward(points), planner.plan_fft_inverse(points)];
            let scratch = vec![Complex32::default(); plans[0].get_inplace_scratch_len()];
            Alone { points, count, plans, block: vec![Complex32::default(); BLOCK * points + LINE], scratch }
        })
        .collect();

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
        alone.iter_mut().for_each(Alone::run);
        times[1].push(began.elapsed());
    }
    let mut ratios: Vec<f64> =
        times[0].iter().zip(&times[1]).map(|(step, bare)| step.as_secs_f64() / bare.as_secs_f64()).collect();
    ratios.sort_by(f64::total_cmp);
    let [(step, best_step), (bare, best_bare)] = times.map(|mut times: Vec<Duration>| {
        times.sort();
        let milliseconds = |time: Duration| time.as_secs_f64() * 1e3 / SAMPLES as f64;
        (milliseconds(times[ROUNDS / 2]), milliseconds(times[0]))
    });
    let list = |Alone { points, count, .. }: &Alone| format!("{count} of {points} points");
    println!("transforms a training sample: {}", alone.iter().map(list).collect::<Vec<_>>().join(", "));
    println!("training step, one core:  median {step:.3}, least {best_step:.3} ms a sample");
    println!("rustfft alone, one core:  median {bare:.3}, least {best_bare:.3} ms a sample");
    println!(
        "ratio within a round:     median {:.3}, quartiles {:.3} and {:.3}; ratio of the least {:.3}",
        ratios[ROUNDS / 2],
        ratios[ROUNDS / 4],
        ratios[3 * ROUNDS / 4],
        best_step / best_bare
    );
}
