//! The training step against what rustfft alone needs, side by side on one core.
//!
//! Run: `cargo bench --bench step`. Each round times three things in turn; medians and ratios within a round are
//! printed: the step, rustfft alone for the transforms the step makes, and rustfft alone for those of the plain pass
//! in the padded window of the design, which the engine need not make. Then the same with plates of a thickness, over their
//! own transforms and over the thin step with the same samples between plates.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use d2nn::bench::Bench;
use d2nn::design::{Design, DesignFile};
use d2nn::element::Thickness;
use d2nn::engine::{CpuEngine, Engine};
use d2nn::training::ClassLoss;
use d2nn_kernels::{Fft, Transformed};
use ndarray::{Array2, Array3};
use num_complex::Complex32;

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
    /// One for each (points, how many).
    fn of(transforms: &[(usize, usize)]) -> Vec<Self> {
        let mut planner = f32::planner();
        let mut plan = |&(points, count): &(usize, usize)| {
            let plans = [planner.forward(points), planner.inverse(points)];
            let scratch = vec![Complex32::default(); plans[0].get_inplace_scratch_len()];
            Alone { points, count, plans, block: vec![Complex32::default(); BLOCK * points + LINE], scratch }
        };
        transforms.iter().map(&mut plan).collect()
    }

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

/// Transforms of the plain pass in the padded window, for one sample of a training step.
///
/// A propagation transforms every column there and back. A row pass at a mask transforms every row back and
/// forth; the object sends only its distinct rows, the detector receives only the rows its regions lie in, and
/// the adjoint ends at the first mask.
fn plain_transforms(bench: &Bench) -> usize {
    let masks = bench.masks();
    let (rows, columns) = (bench.grid().rows(), bench.padded.1);
    let mut lit = vec![false; rows];
    bench.detector.regions().iter().for_each(|region| lit[region.rows()].fill(true));
    let detector = lit.iter().filter(|lit| **lit).count();
    let forward = bench.object.image().0 + (masks + 1) * 2 * columns + masks * 2 * rows + detector;
    let adjoint = detector + masks * 2 * columns + (masks - 1) * 2 * rows + rows;
    forward + adjoint
}

/// The step of `bench` with some masks; slopes are those of cross-entropy.
struct Timed {
    engine: CpuEngine,
    images: Array3<f32>,
    loss: ClassLoss,
}

impl Timed {
    fn of(bench: Bench) -> Self {
        let (masks, shape) = (bench.masks(), bench.mask_shape(0));
        let mut engine = CpuEngine::new(bench, 1).expect("the default is sound");
        let phase = |mask: usize| {
            Array2::from_shape_fn(shape, |(y, x)| ((y * 31 + x * 17 + mask * 7) % 64) as f32 / 10.0)
        };
        engine.set_masks(&(0..masks).map(phase).collect::<Vec<_>>()).expect("phases fit");
        let images =
            Array3::from_shape_fn((SAMPLES, 28, 28), |(s, y, x)| ((s + y * 5 + x * 3) % 16) as f32 / 15.0);
        Timed { engine, images, loss: ClassLoss::cross_entropy(20.0) }
    }

    fn run(&self) -> Duration {
        let began = Instant::now();
        let pass = self
            .engine
            .gradients(self.images.view(), &|sample, readings, slopes| {
                self.loss.evaluate(readings, sample % 10, 1.0, slopes);
            })
            .expect("images fit");
        black_box(pass);
        began.elapsed()
    }
}

/// Runs `work` and says how long it took.
fn timed(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}

fn list(alone: &[Alone]) -> String {
    let one = |Alone { points, count, .. }: &Alone| format!("{count} of {points} points");
    alone.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Median and quartiles.
fn median(mut values: Vec<f64>) -> (f64, f64, f64) {
    values.sort_by(f64::total_cmp);
    (values[values.len() / 2], values[values.len() / 4], values[3 * values.len() / 4])
}

fn milliseconds(times: &[Duration]) -> Vec<f64> {
    times.iter().map(|time| time.as_secs_f64() * 1e3 / SAMPLES as f64).collect()
}

/// Prints what `step` takes over `bare`, round by round.
fn compare(name: &str, step: &[f64], bare: &[f64]) {
    let (ratio, low, high) = median(step.iter().zip(bare).map(|(step, bare)| step / bare).collect());
    println!("  over {name}, within a round: median {ratio:.3}, quartiles {low:.3} and {high:.3}");
}

fn thin(bench: &Bench) {
    let step = Timed::of(bench.clone());
    let plain = [(bench.padded.0, plain_transforms(bench))];
    let mut alone = [Alone::of(&step.engine.transforms()), Alone::of(&plain)];
    let mut times = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        times[0].push(step.run());
        for (alone, times) in alone.iter_mut().zip(&mut times[1..]) {
            times.push(timed(|| alone.iter_mut().for_each(Alone::run)));
        }
    }
    let [step, own, plain] = times.map(|times| milliseconds(&times));
    println!("training step, one core: median {:.3} ms a sample", median(step.clone()).0);
    for (name, times, alone) in [("its own transforms", own, &alone[0]), ("the plain pass", plain, &alone[1])]
    {
        println!(
            "rustfft alone, {name}: median {:.3} ms a sample ({})",
            median(times.clone()).0,
            list(alone)
        );
        compare("that", &step, &times);
    }
}

/// The same with plates of a thickness, beside the thin one with the same samples outside.
fn thick(name: &str, bench: &Bench, plate: Thickness) {
    let flat = Timed::of(bench.clone());
    let step = Timed::of(Bench { plate: Some(plate), ..bench.clone() });
    let mut alone = Alone::of(&step.engine.transforms());
    let (mut with, mut without, mut own) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS / 5 {
        with.push(step.run());
        without.push(flat.run());
        own.push(timed(|| alone.iter_mut().for_each(Alone::run)));
    }
    let [with, without, own] = [with, without, own].map(|times| milliseconds(&times));
    println!("{name}: median {:.3} ms a sample ({})", median(with.clone()).0, list(&alone));
    compare("its own transforms", &with, &own);
    compare("the thin step", &with, &without);
}

fn main() {
    // Words behind `--`, apart from cargo's own: what is asked for.
    let asked: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let wanted = |name: &str| asked.is_empty() || asked.iter().any(|word| word == name);
    let design = Design::resolve("the default design", &DesignFile::default()).expect("the default is sound");
    if wanted("thin") {
        thin(&design.bench);
    }
    let sliced = design.thickness().expect("masks are reliefs");
    let plates = [
        ("equivalent", "equivalent sheet", Thickness { slices: 1, ..sliced }),
        ("sliced", "four slices", sliced),
        ("finer", "four slices, 2 x 2 samples inside", Thickness { finer: 2, ..sliced }),
    ];
    for (word, name, plate) in plates {
        if wanted(word) {
            thick(name, &design.bench, plate);
        }
    }
}
