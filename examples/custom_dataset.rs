//! A data set of one's own: four shapes of 16 x 16 values, drawn at random places, in memory.
//!
//! ```text
//! cargo run --release --example custom_dataset
//! ```
//!
//! Trains a device of two masks and four regions on 2,000 of them and judges it on 400 others. With an argument, the images
//! are also written as IDX files into that folder, the form in which `--data FOLDER` takes images (of 28 x 28 values there).

use std::path::{Path, PathBuf};

use d2nn::bench::Bench;
use d2nn::dataset::idx::Idx;
use d2nn::dataset::{Images, Split};
use d2nn::detector::{Detector, Layout};
use d2nn::engine::{CpuEngine, Engine};
use d2nn::evaluation::evaluate;
use d2nn::grid::Grid;
use d2nn::object::{Encoding, ObjectPlane};
use d2nn::random::{Purpose, Stream};
use d2nn::training::{ClassLoss, Settings, State, Trainer, loss_of};
use d2nn::{Result, files};
use ndarray::Array3;

const SIDE: usize = 16;
const NAMES: [&str; 4] = ["bar", "post", "cross", "frame"];

/// Whether the shape of a class covers the point (y, x), each from -4 to 4 around its middle.
fn covers(class: usize, y: i32, x: i32) -> bool {
    let inside = y.abs() <= 4 && x.abs() <= 4;
    inside
        && match class {
            0 => y.abs() <= 1,
            1 => x.abs() <= 1,
            2 => (y.abs() - x.abs()).abs() <= 1,
            _ => y.abs() >= 3 || x.abs() >= 3,
        }
}

/// `count` shapes by `seed`: class after class, each somewhere in its image.
fn shapes(count: usize, seed: u64) -> Images {
    let mut stream = Stream::new(seed, Purpose::Masks, 0);
    let mut images = Array3::zeros((count, SIDE, SIDE));
    let labels: Vec<u8> = (0..count).map(|number| (number % NAMES.len()) as u8).collect();
    for (mut image, label) in images.outer_iter_mut().zip(&labels) {
        let mut middle = || 5 + (6.0 * stream.uniform()) as i32;
        let (y, x) = (middle(), middle());
        for ((row, column), value) in image.indexed_iter_mut() {
            if covers(usize::from(*label), row as i32 - y, column as i32 - x) {
                *value = 255;
            }
        }
    }
    Images { images, labels }
}

fn bench() -> Result<Bench> {
    let grid = Grid::new(64, 64, 0.4e-3)?;
    let layout = Layout { counts: vec![2, 2], region_size: 4e-3, row_pitch: 8e-3, column_pitch: 8e-3 };
    let object = ObjectPlane::new(grid, (SIDE, SIDE), 2, Encoding::Amplitude)?;
    Bench::new(0.75e-3, vec![12e-3; 3], object, Detector::new(grid, layout.regions(grid)?)?)
}

/// The two IDX files of one half, as Fashion-MNIST names them.
fn write(folder: &Path, split: Split, images: &Images) -> Result<()> {
    let [pictures, labels] = split.parts();
    let idx = Idx::new(&[images.len(), SIDE, SIDE], images.images.iter().copied().collect())?;
    files::write_bytes(&folder.join(pictures.file_name()), &idx.to_bytes())?;
    let idx = Idx::new(&[images.len()], images.labels.clone())?;
    files::write_bytes(&folder.join(labels.file_name()), &idx.to_bytes())
}

fn main() -> Result<()> {
    let (train, test) = (shapes(2000, 1), shapes(400, 2));
    if let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) {
        files::create_folder(&folder)?;
        write(&folder, Split::Train, &train)?;
        write(&folder, Split::Test, &test)?;
        println!("written to {}", folder.display());
    }

    let bench = bench()?;
    let loss = ClassLoss::cross_entropy(10.0);
    let settings =
        Settings { epochs: 3, batch: 20, learning_rate: 0.1, validation: 200, ..Settings::default() };
    let state = State::new(&bench, settings.start, settings.seed);
    let engine = CpuEngine::new(bench.clone(), 0)?;
    let mut trainer = Trainer::new(Box::new(engine), Box::new(loss), settings, &train, state)?;
    while !trainer.finished() {
        trainer.step()?;
    }
    let masks = trainer.into_parts().1.values(&bench);

    let mut engine = CpuEngine::new(bench, 0)?;
    engine.set_masks(&masks)?;
    let all: Vec<usize> = (0..test.len()).collect();
    let judged = evaluate(&engine, &test, &all, &loss_of(&loss, engine.bench()), &mut |_| Ok(true))?;
    for (name, share) in NAMES.iter().zip(judged.per_class_accuracy()) {
        println!("{name:<6} {:5.1} %", 100.0 * share.unwrap_or(0.0));
    }
    println!("all    {:5.1} % of {} images", 100.0 * judged.accuracy(), judged.images);
    Ok(())
}
