//! What linearity is worth: a data set through modes against image by image, and a compiled classifier.
//!
//! Run: `cargo bench --bench modes`. The shipped device on its own grid, the images of the built-in sample; the sample's
//! test set ten times over stands for a whole one of 10,000. Both ways run in turn, medians of their ratio are printed.

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use d2nn::dataset::{DatasetName, Images, Source, load};
use d2nn::design::Device;
use d2nn::detector::brightest;
use d2nn::engine::{Classifier, CpuEngine, Engine, ModesEngine};
use d2nn::error::Result;
use d2nn::evaluation::{Evaluation, evaluate};

const ROUNDS: usize = 3;
const WHOLE: usize = 10_000;

fn judged(engine: &dyn Engine, images: &Images, indices: &[usize]) -> Result<(Evaluation, f64)> {
    let began = Instant::now();
    let evaluation = evaluate(engine, images, indices, &|_| 0.0, &mut |_| Ok(true))?;
    Ok((evaluation, began.elapsed().as_secs_f64()))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() -> Result<()> {
    let device = Device::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("layers/fashion-400ghz"))?;
    let images = load(DatasetName::FashionMnist, &Source::BuiltinSample)?.test;
    let few: Vec<usize> = (0..images.len()).collect();
    let many: Vec<usize> = (0..WHOLE).map(|number| number % images.len()).collect();
    let mut one_by_one = CpuEngine::new(device.design.simulated.clone(), 0)?;
    one_by_one.set_masks(&device.masks)?;
    let mut modes = ModesEngine::new(CpuEngine::new(device.design.simulated.clone(), 0)?);
    println!("threads {}, {} images, one by one {} of them", modes.threads(), many.len(), few.len());

    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        let (slow, slow_seconds) = judged(&one_by_one, &images, &few)?;
        // Masks that are set anew have no modes yet.
        modes.set_masks(&device.masks)?;
        let (fast, fast_seconds) = judged(&modes, &images, &many)?;
        let times = (WHOLE / images.len()) as u64;
        let same = slow.confusion.mapv(|count| count * times) == fast.confusion;
        let slow_seconds = slow_seconds * times as f64;
        println!(
            "one by one {slow_seconds:.1} s, modes {fast_seconds:.2} s, ratio {:.1}, same answers: {same}",
            slow_seconds / fast_seconds
        );
        ratios.push(slow_seconds / fast_seconds);
    }
    println!("median ratio {:.1}", median(ratios));

    let compiled = Classifier::compile(&modes, &mut |_| Ok(()))?;
    let (_, regions, rank) = compiled.factors().dim();
    let batch = images.batch(&few);
    let (mut micros, mut same) = (Vec::new(), 0);
    let read = one_by_one.readings(batch.view())?;
    for (image, simulated) in batch.outer_iter().zip(read.regions.outer_iter()) {
        let began = Instant::now();
        let readings = black_box(compiled.readings(black_box(image))?);
        micros.push(began.elapsed().as_secs_f64() * 1e6);
        same += usize::from(brightest(&readings) == brightest(&simulated.to_vec()));
    }
    println!(
        "compiled: {regions} regions of rank {rank}, median {:.1} us an image on one core, {same} of {} answers the same",
        median(micros),
        images.len()
    );
    Ok(())
}
