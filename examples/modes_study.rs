//! How fast a training learns in modes and in mini-batches:
//! `cargo run --release --example modes_study -- SEED MODES:BATCH:EPOCHS:RATE ...`
//!
//! Stages one after the other on the default device from flat masks, one sample a pixel, each with a cosine of its own
//! from RATE (radians). MODES = 0 is mini-batches, image by image. After every fourth of an epoch's images, or every
//! 16 steps if that is more, all test images are judged; the seconds are those of training alone.

use std::time::Instant;

use d2nn::dataset::{DatasetName, Images, Source, hold_out, load};
use d2nn::design::{Design, Preset};
use d2nn::engine::{CpuEngine, Engine, ModesEngine};
use d2nn::error::{Error, Result};
use d2nn::evaluation::evaluate;
use d2nn::training::{CrossEntropy, Objective, Settings, State, Trainer, leading_components};

struct Stage {
    modes: usize,
    batch: usize,
    epochs: u64,
    rate: f64,
}

fn stage(text: &str) -> Option<Stage> {
    let parts: Vec<&str> = text.split(':').collect();
    let [modes, batch, epochs, rate] = parts[..] else { return None };
    Some(Stage {
        modes: modes.parse().ok()?,
        batch: batch.parse().ok()?,
        epochs: epochs.parse().ok()?,
        rate: rate.parse().ok()?,
    })
}

fn judge(engine: &ModesEngine, images: &Images, loss: CrossEntropy) -> Result<(f64, f64, f64)> {
    let indices: Vec<usize> = (0..images.len()).collect();
    let loss = |readings: &[f64], label| loss.value(readings, label);
    let judged = evaluate(engine, images, &indices, &loss, &mut |_| Ok(()))?;
    Ok((judged.accuracy(), judged.power_efficiency_input, judged.detector_share))
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let usage = || Error::Usage("modes_study SEED MODES:BATCH:EPOCHS:RATE ...".into());
    let (seed, stages) = arguments.split_first().ok_or_else(usage)?;
    let seed = seed.parse().map_err(|_| usage())?;
    let stages: Vec<Stage> =
        stages.iter().map(|text| stage(text).ok_or_else(usage)).collect::<Result<_>>()?;

    let folder = std::env::var("D2NN_DATA").unwrap_or_else(|_| "/usr/share/datasets/fashion-mnist".into());
    let data = load(DatasetName::FashionMnist, &Source::Folder(folder.into()))?;
    let design = Design::resolve("the default", &Preset::Terahertz.design())?;
    let bench = design.bench.clone();
    let Objective::Classification(loss) = design.objective() else { return Err(usage()) };
    let settings = Settings { validation: 0, seed, ..design.settings(data.train.len()) };
    let held = hold_out(&data.train.labels, 0, seed)?;

    let mut state =
        State::new(bench.modulation, bench.masks(), bench.mask_shape(), settings.start, settings.seed);
    let mut seconds = 0.0;
    let mut first_epoch = 0;
    let mut judging = ModesEngine::new(CpuEngine::new(bench.clone(), 0)?);
    println!(
        "stage,modes,batch,steps,seconds,training_loss,training_accuracy,test_accuracy,power_efficiency_input,detector_share"
    );
    for (number, Stage { modes, batch, epochs, rate }) in stages.into_iter().enumerate() {
        let began = Instant::now();
        let engine = ModesEngine::new(CpuEngine::new(bench.clone(), 0)?);
        let engine = if modes > 0 {
            let basis =
                leading_components(&bench.object, &data.train, &held.training, settings.flips, modes)?;
            engine.with_basis(basis)?
        } else {
            engine
        };
        let settings = Settings { first_epoch, epochs, batch, learning_rate: rate, ..settings };
        let mut trainer = Trainer::new(Box::new(engine), settings, &data.train, state)?;
        seconds += began.elapsed().as_secs_f64();
        let every = (trainer.steps_an_epoch() / 4).max(16);
        let mut taken = 0;
        while !trainer.finished() {
            let began = Instant::now();
            let step = trainer.step()?;
            seconds += began.elapsed().as_secs_f64();
            taken += 1;
            if taken % every == 0 || trainer.finished() {
                judging.set_masks(&trainer.state().values(bench.modulation))?;
                let (accuracy, input, share) = judge(&judging, &data.test, loss)?;
                println!(
                    "{},{modes},{batch},{taken},{seconds:.1},{:.4},{:.4},{accuracy:.4},{input:.5},{share:.4}",
                    number + 1,
                    step.loss,
                    step.accuracy
                );
            }
        }
        (_, state) = trainer.into_parts();
        first_epoch += epochs;
    }
    Ok(())
}
