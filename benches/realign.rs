//! What a misaligned bench costs: planning the gaps anew, beside a training step.
//!
//! Run: `cargo bench --bench realign`. Each round draws the default device anew, with every gap changed, and times
//! `Engine::at`; then a step of four images on that bench and on the aligned one, whose transfer functions are
//! even. Medians are printed.

use std::time::Instant;

use d2nn::bench::Bench;
use d2nn::design::{Design, DesignFile};
use d2nn::engine::{CpuEngine, Engine};
use d2nn::error::Result;
use d2nn::misalignment::Tolerance;
use d2nn::random::{Purpose, Stream};
use ndarray::{Array2, Array3};

const ROUNDS: usize = 21;
const SAMPLES: usize = 4;

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn milliseconds(work: impl FnOnce() -> Result<()>) -> Result<f64> {
    let began = Instant::now();
    work()?;
    Ok(1e3 * began.elapsed().as_secs_f64())
}

fn measure(name: &str, bench: &Bench, threads: usize) -> Result<()> {
    let mut engine = CpuEngine::new(bench.clone(), threads)?;
    let masks = vec![Array2::from_elem(bench.mask_shape(0), 1.0); bench.masks()];
    engine.set_masks(&masks)?;
    let images = Array3::from_elem((SAMPLES, 28, 28), 0.5);
    let step = |engine: &dyn Engine| {
        milliseconds(|| engine.gradients(images.view(), &|_, _, slopes| slopes.fill(1.0)).map(|_| ()))
    };
    let tolerance = Tolerance { lateral: 0.4e-3, axial: 1e-3, rotation: 0.01, wavelength: 0.0 };
    let mut stream = Stream::new(1, Purpose::Tolerance, 0);
    let (mut plans, mut asides, mut upright) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let drawn = bench.misaligned(&tolerance.draw(bench.masks(), &mut stream))?;
        let mut beside = None;
        plans.push(milliseconds(|| {
            beside = Some(engine.at(drawn, &masks)?);
            Ok(())
        })?);
        if let Some(beside) = beside {
            asides.push(step(&*beside)?);
        }
        upright.push(step(&engine)?);
    }
    println!(
        "{name}, {} threads: planning {:.1} ms, {SAMPLES} images misaligned {:.1} ms, aligned {:.1} ms",
        engine.threads(),
        median(plans),
        median(asides),
        median(upright)
    );
    Ok(())
}

fn main() -> Result<()> {
    let design = Design::resolve("the default design", &DesignFile::default())?;
    for threads in [1, 2] {
        measure("one sample a pixel", &design.bench, threads)?;
    }
    measure("2 x 2 samples a pixel", &design.simulated, 2)
}
