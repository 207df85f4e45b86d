//! How fast a training learns in modes and in mini-batches:
//! `cargo run --release -p studies --bin modes_study -- SEED GRID:MODES:BATCH:EPOCHS:RATE[:LOOKS] ...`
//!
//! Stages one after the other on the default device from flat masks, each with a cosine of its own from RATE (radians).
//! GRID is `binned` (blocks of 2 x 2 pixels), `coarse` (one sample a pixel) or `fine` (2 x 2 samples); MODES = 0 is image by
//! image. LOOKS times a stage (4) all test images are judged, with one sample a pixel and with 2 x 2; the seconds are those
//! of training alone, with one look at the 6,000 validation images at the end of a stage. D2NN_DATA names another folder of
//! Fashion-MNIST.

use std::time::Instant;

use d2nn::bench::Bench;
use d2nn::dataset::{DatasetName, Images, Source, hold_out, load};
use d2nn::design::{Design, Preset};
use d2nn::engine::{CpuEngine, Engine, ModesEngine};
use d2nn::error::{Error, Result};
use d2nn::evaluation::evaluate;
use d2nn::training::{ClassLoss, Settings, State, Trainer, leading_components, loss_of};
use ndarray::Array2;

struct Stage {
    bench: Bench,
    settings: Settings,
    modes: usize,
    looks: u64,
}

fn usage() -> Error {
    Error::Usage("modes_study SEED GRID:MODES:BATCH:EPOCHS:RATE[:LOOKS] ...".into())
}

fn stage(text: &str, design: &Design, settings: Settings) -> Result<Stage> {
    let mut parts = text.split(':');
    let (bench, binning) = match parts.next() {
        Some("binned") => (design.bench.binned(2, design.padding()).ok_or_else(usage)?, 2),
        Some("coarse") => (design.bench.clone(), 1),
        Some("fine") => (design.simulated.clone(), 1),
        _ => return Err(usage()),
    };
    let mut number = || parts.next().and_then(|part| part.parse::<f64>().ok()).ok_or_else(usage);
    let (modes, batch, epochs, rate) = (number()?, number()?, number()?, number()?);
    let looks = number().unwrap_or(4.0);
    let settings = Settings {
        binning,
        batch: batch as usize,
        epochs: epochs as u64,
        learning_rate: rate,
        warm_up: if modes > 0.0 { 10 } else { 0 },
        validate_every: u64::MAX,
        ..settings
    };
    Ok(Stage { bench, settings, modes: modes as usize, looks: looks as u64 })
}

/// Accuracy, power in the true region over that of the object, and share of the detector.
fn judge(bench: &Bench, masks: &[Array2<f32>], images: &Images, loss: ClassLoss) -> Result<(f64, f64, f64)> {
    let mut engine = ModesEngine::new(CpuEngine::new(bench.clone(), 0)?);
    engine.set_masks(masks)?;
    let indices: Vec<usize> = (0..images.len()).collect();
    let judged = evaluate(&engine, images, &indices, &loss_of(&loss, bench), &mut |_| Ok(true))?;
    Ok((judged.accuracy(), judged.power_efficiency_input, judged.detector_share))
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (seed, stages) = arguments.split_first().ok_or_else(usage)?;
    let seed = seed.parse().map_err(|_| usage())?;
    let folder = std::env::var("D2NN_DATA").unwrap_or_else(|_| "/usr/share/datasets/fashion-mnist".into());
    let data = load(DatasetName::FashionMnist, &Source::Folder(folder.into()))?;
    let design = Design::resolve("the default", &Preset::Terahertz.design()?)?;
    let loss = design.loss().ok_or_else(usage)?;
    let settings = Settings { seed, ..design.settings(data.train.len()) };
    let stages: Vec<Stage> =
        stages.iter().map(|text| stage(text, &design, settings)).collect::<Result<_>>()?;
    let held = hold_out(&data.train.labels, settings.validation, seed)?;

    let mut state = State::new(&design.bench, settings.start, seed);
    let began = Instant::now();
    let most = stages.iter().map(|stage| stage.modes).max().filter(|most| *most > 0);
    let object = &design.bench.object;
    let basis = most
        .map(|most| leading_components(object, &data.train, &held.training, settings.flips, most))
        .transpose()?;
    let mut seconds = began.elapsed().as_secs_f64();
    let mut first_epoch = 0;
    println!(
        "stage,steps,seconds,training_loss,training_accuracy,test_accuracy_1x1,test_accuracy_2x2,power_efficiency_input,\
         detector_share"
    );
    for (number, Stage { bench, settings, modes, looks }) in stages.into_iter().enumerate() {
        let began = Instant::now();
        let mut engine = ModesEngine::new(CpuEngine::new(bench, 0)?);
        if let Some(basis) = basis.as_ref().filter(|_| modes > 0) {
            engine = engine.with_basis(basis.slice_axis(ndarray::Axis(0), (..modes).into()).to_owned())?;
        }
        let settings = Settings { first_epoch, ..settings };
        let mut trainer = Trainer::new(Box::new(engine), Box::new(loss), settings, &data.train, state)?;
        seconds += began.elapsed().as_secs_f64();
        let every = (trainer.steps() / looks.max(1)).max(1);
        let mut taken = 0;
        while !trainer.finished() {
            let began = Instant::now();
            let step = trainer.step()?;
            seconds += began.elapsed().as_secs_f64();
            taken += 1;
            if taken % every == 0 || trainer.finished() {
                let masks = trainer.state().values(&design.bench);
                let coarse = judge(&design.bench, &masks, &data.test, loss)?;
                let (accuracy, input, share) = judge(&design.simulated, &masks, &data.test, loss)?;
                println!(
                    "{},{},{seconds:.1},{:.4},{:.4},{:.4},{accuracy:.4},{input:.5},{share:.4}",
                    number + 1,
                    step.step,
                    step.loss,
                    step.accuracy,
                    coarse.0
                );
            }
        }
        (_, state) = trainer.into_parts();
        first_epoch += settings.epochs;
    }
    Ok(())
}
