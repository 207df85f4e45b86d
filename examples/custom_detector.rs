//! A detector of one's own: a bar of regions of different widths, as a row of antennas would be.
//!
//! ```text
//! cargo run --release --example custom_detector
//! ```
//!
//! Trains two masks on the sample in the program for a few seconds, and says how well they answer and with how much light.

use d2nn::Result;
use d2nn::bench::Bench;
use d2nn::dataset::{DatasetName, Source, Split, load_split};
use d2nn::detector::{Detector, Region};
use d2nn::engine::{CpuEngine, Engine, ModesEngine};
use d2nn::evaluation::evaluate;
use d2nn::grid::Grid;
use d2nn::object::{Encoding, ObjectPlane};
use d2nn::training::{ClassLoss, Settings, State, Trainer, loss_of};

/// Ten regions side by side in the middle of the plane, the outer ones wider: less light goes there.
fn bar() -> Vec<Region> {
    let widths = [10, 8, 8, 6, 6, 6, 6, 8, 8, 10];
    let mut column = (100 - widths.iter().sum::<usize>()) / 2;
    let region = |width| {
        let region = Region { row: 42, column, height: 16, width };
        column += width;
        region
    };
    widths.map(region).into()
}

fn bench() -> Result<Bench> {
    let grid = Grid::new(100, 100, 0.4e-3)?;
    let object = ObjectPlane::new(grid, (28, 28), 2, Encoding::Amplitude)?;
    Bench::new(0.75e-3, vec![20e-3; 3], object, Detector::new(grid, bar())?)
}

fn main() -> Result<()> {
    let bench = bench()?;
    let loss = ClassLoss::cross_entropy(30.0);
    let images = load_split(DatasetName::FashionMnist, &Source::BuiltinSample, Split::Train)?;
    let settings = Settings { learning_rate: 0.1, validation: images.len() / 10, ..Settings::default() };
    let state = State::new(&bench, settings.start, settings.seed);
    let engine = CpuEngine::new(bench.clone(), 0)?;
    let mut trainer = Trainer::new(Box::new(engine), Box::new(loss), settings, &images, state)?;
    while !trainer.finished() {
        if let Some(epoch) = trainer.step()?.finished {
            println!(
                "epoch {}: {:.1} % of the validation images",
                epoch.epoch,
                100.0 * epoch.validation_accuracy
            );
        }
    }
    let masks = trainer.into_parts().1.values(&bench);

    let mut engine = ModesEngine::new(CpuEngine::new(bench, 0)?);
    engine.set_masks(&masks)?;
    let test = load_split(DatasetName::FashionMnist, &Source::BuiltinSample, Split::Test)?;
    let all: Vec<usize> = (0..test.len()).collect();
    let judged = evaluate(&engine, &test, &all, &loss_of(&loss, engine.bench()), &mut |_| Ok(true))?;
    println!(
        "{:.1} % of {} test images, {:.1} % of the object's light in the true region",
        100.0 * judged.accuracy(),
        judged.images,
        100.0 * judged.power_efficiency_input
    );
    Ok(())
}
