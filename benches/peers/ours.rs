//! The default device with one sample a pixel in d2nn itself, timed as the peers beside this file are.
//!
//! ```text
//! cargo run --release -p studies --bin peers_ours -- --data FOLDER time --batch 32 --threads 2
//! cargo run --release -p studies --bin peers_ours -- --data FOLDER test-set
//! cargo run --release -p studies --bin peers_ours -- --data FOLDER train --until 0.88 --modes
//! ```
//!
//! Prints lines of JSON with the keys of `harness.py`. README.md says what is compared.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::{Args, Parser, Subcommand};
use d2nn::bench::Bench;
use d2nn::dataset::{DatasetName, Images, Source, Split, load_split};
use d2nn::design::{Design, DesignFile, Device, Stage};
use d2nn::engine::{CpuEngine, Engine, ModesEngine};
use d2nn::evaluation::{Evaluation, evaluate};
use d2nn::training::{Settings, State, Trainer, leading_components, loss_of};
use d2nn::{Error, Result};
use ndarray::{Axis, Slice};
use serde_json::{Value, json};

#[path = "../support/mod.rs"]
mod support;
use support::peak_mb;

#[derive(Parser)]
struct Arguments {
    /// Folder with the IDX files of Fashion-MNIST
    #[arg(long)]
    data: PathBuf,
    /// Images a batch
    #[arg(long, default_value_t = 16, global = true)]
    batch: usize,
    /// Threads; 0 is one a core
    #[arg(long, default_value_t = 0, global = true)]
    threads: usize,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Times a forward pass and a training step
    Time {
        /// Time for each of the two
        #[arg(long, default_value_t = 3.0)]
        seconds: f64,
    },
    /// Classifies all test images with trained masks
    TestSet {
        /// Trained device
        #[arg(long, default_value = "layers/fashion-400ghz")]
        device: PathBuf,
    },
    /// Trains, and logs test accuracy against seconds
    Train(Train),
}

#[derive(Args)]
struct Train {
    /// Test accuracy that ends the training
    #[arg(long, default_value_t = 1.0)]
    until: f64,
    /// Wall-clock time that ends the training
    #[arg(long, default_value_t = f64::INFINITY)]
    max_seconds: f64,
    /// Steps between two looks at the test images
    #[arg(long, default_value_t = 1000)]
    every: u64,
    /// Of the whole schedule
    #[arg(long, default_value_t = 12)]
    epochs: u64,
    /// The stages in modes that the default design begins with, in place of mini-batches
    #[arg(long)]
    modes: bool,
    /// Training images, the first ones
    #[arg(long, default_value_t = 54000)]
    images: usize,
    /// Test images, the first ones
    #[arg(long, default_value_t = 10000)]
    test_images: usize,
}

/// What all measurements share.
struct Subject {
    design: Design,
    batch: usize,
    threads: usize,
    source: Source,
}

fn main() -> Result<()> {
    let Arguments { data, batch, threads, what } = Arguments::parse();
    let design = Design::resolve("the default design", &DesignFile::default())?;
    let subject = Subject { design, batch, threads, source: Source::Folder(data) };
    match what {
        What::Time { seconds } => subject.time(seconds),
        What::TestSet { device } => subject.test_set(&device),
        What::Train(train) => subject.train(&train),
    }
}

impl Subject {
    /// One sample a pixel: the bench of the design as it is drawn.
    fn bench(&self) -> &Bench {
        &self.design.bench
    }

    fn engine(&self) -> Result<CpuEngine> {
        CpuEngine::new(self.bench().clone(), self.threads)
    }

    /// The first `count` images of a half of the data set.
    fn images(&self, split: Split, count: usize) -> Result<Images> {
        let Images { images, labels } = load_split(DatasetName::FashionMnist, &self.source, split)?;
        let count = count.min(labels.len());
        let images = images.slice_axis(Axis(0), Slice::from(..count)).to_owned();
        Ok(Images { images, labels: labels[..count].to_vec() })
    }

    fn settings(&self) -> Settings {
        // Of mini-batches: the default design begins in modes and has no epochs of them.
        Settings { batch: self.batch, epochs: 12, ..self.design.settings(0) }
    }

    fn start(&self) -> State {
        let (bench, settings) = (self.bench(), self.settings());
        State::new(bench, settings.start, settings.seed)
    }

    /// The stages of `train` that have one sample a pixel or less, without validation.
    fn stages(&self, train: &Train, images: usize) -> Vec<Stage> {
        if !train.modes {
            let settings = Settings { epochs: train.epochs, ..self.settings() };
            return vec![Stage { settings, bench: self.bench().clone(), modes: None }];
        }
        // Nine tenths of these are the images learned from.
        let stages = self.design.stages(images * 10 / 9).into_iter();
        stages
            .filter(|stage| stage.bench.oversample == 1)
            .map(|stage| Stage { settings: Settings { validation: 0, ..stage.settings }, ..stage })
            .collect()
    }

    fn judge(&self, engine: &dyn Engine, images: &Images) -> Result<Evaluation> {
        let loss =
            self.design.loss().ok_or_else(|| Error::Value("the default device names classes".into()))?;
        let indices: Vec<usize> = (0..images.len()).collect();
        evaluate(engine, images, &indices, &loss_of(&loss, engine.bench()), &mut |_| Ok(true))
    }

    fn report(&self, what: &str, figures: Value) -> Result<()> {
        let mut line = json!({
            "name": "d2nn",
            "version": env!("CARGO_PKG_VERSION"),
            "variant": "CpuEngine",
            "malloc": "as it comes",
            "what": what,
            "batch": self.batch,
            "threads": self.engine()?.threads(),
            "peak_mb": rounded(peak_mb(), 1),
        });
        if let (Some(line), Value::Object(figures)) = (line.as_object_mut(), figures) {
            line.extend(figures);
        }
        println!("{line}");
        Ok(())
    }

    fn time(&self, seconds: f64) -> Result<()> {
        let images = self.images(Split::Train, usize::MAX)?;
        let batch = images.batch(&(0..self.batch).collect::<Vec<_>>());
        let engine = self.engine()?;
        let figures = |(time, rounds): (Duration, usize)| {
            let ms = time.as_secs_f64() * 1e3 / self.batch as f64;
            json!({ "ms_a_sample": rounded(ms, 4), "rounds": rounds })
        };
        let forward =
            median(seconds, || engine.readings(batch.view()).map(|readings| drop(black_box(readings))))?;
        drop(engine);
        self.report("forward", figures(forward))?;
        let loss = self.design.objective().loss();
        let mut trainer =
            Trainer::new(Box::new(self.engine()?), loss, self.settings(), &images, self.start())?;
        let step = median(seconds, || trainer.step().map(drop))?;
        self.report("training step", figures(step))
    }

    fn test_set(&self, device: &Path) -> Result<()> {
        let images = self.images(Split::Test, usize::MAX)?;
        let mut engine = ModesEngine::new(self.engine()?);
        engine.set_masks(&Device::open(device)?.masks)?;
        let began = Instant::now();
        let accuracy = self.judge(&engine, &images)?.accuracy();
        let seconds = began.elapsed().as_secs_f64();
        let figures = json!({
            "images": images.len(),
            "seconds": rounded(seconds, 2),
            "ms_a_sample": rounded(seconds * 1e3 / images.len() as f64, 4),
            "accuracy": accuracy,
            "rounds": 1,
        });
        self.report("test set", figures)
    }

    fn train(&self, train: &Train) -> Result<()> {
        let wall = Instant::now();
        let images = self.images(Split::Train, train.images)?;
        let test = self.images(Split::Test, train.test_images)?;
        let mut judge = ModesEngine::new(self.engine()?);
        let stages = self.stages(train, images.len());
        let began = Instant::now();
        let basis = match stages.iter().filter_map(|stage| stage.modes).max() {
            Some(most) => {
                let all: Vec<usize> = (0..images.len()).collect();
                let object = &self.bench().object;
                Some(leading_components(object, &images, &all, self.settings().flips, most)?)
            }
            None => None,
        };
        let mut taken = began.elapsed();
        let mut state = self.start();
        let last = stages.len();
        for (number, Stage { settings, bench, modes }) in stages.into_iter().enumerate() {
            let began = Instant::now();
            let mut engine = ModesEngine::new(CpuEngine::new(bench, self.threads)?);
            if let (Some(basis), Some(modes)) = (&basis, modes) {
                engine = engine.with_basis(basis.slice_axis(Axis(0), Slice::from(..modes)).to_owned())?;
            }
            let loss = self.design.objective().loss();
            let mut trainer = Trainer::new(Box::new(engine), loss, settings, &images, state)?;
            taken += began.elapsed();
            while !trainer.finished() {
                let began = Instant::now();
                let step = trainer.step()?;
                taken += began.elapsed();
                let mut ended = if trainer.finished() && number + 1 == last {
                    Some("epochs")
                } else if wall.elapsed().as_secs_f64() > train.max_seconds {
                    Some("time")
                } else {
                    None
                };
                if step.step % train.every != 0 && ended.is_none() {
                    continue;
                }
                judge.set_masks(&trainer.state().values(self.bench()))?;
                let accuracy = self.judge(&judge, &test)?.accuracy();
                if accuracy >= train.until {
                    ended = Some("accuracy");
                }
                let figures = json!({
                    "variant": if modes.is_some() { "modes" } else { "mini-batches" },
                    "batch": settings.batch,
                    "step": step.step,
                    "epoch": rounded(step.step as f64 / trainer.steps_an_epoch() as f64, 4),
                    "seconds": rounded(taken.as_secs_f64(), 2),
                    "training_loss": rounded(step.loss, 5),
                    "test_accuracy": accuracy,
                    "test_images": test.len(),
                    "ended": ended,
                });
                self.report("training", figures)?;
                if ended.is_some() {
                    return Ok(());
                }
            }
            (_, state) = trainer.into_parts();
        }
        Ok(())
    }
}

/// As many digits after the point as anyone reads.
fn rounded(value: f64, digits: i32) -> f64 {
    (value * 10f64.powi(digits)).round() / 10f64.powi(digits)
}

/// Median time of `work`, and how often it was timed; the first two calls do not count.
fn median(seconds: f64, mut work: impl FnMut() -> Result<()>) -> Result<(Duration, usize)> {
    work()?;
    work()?;
    let end = Instant::now() + Duration::from_secs_f64(seconds);
    let mut times = Vec::new();
    while Instant::now() < end || times.len() < 5 {
        let began = Instant::now();
        work()?;
        times.push(began.elapsed());
    }
    times.sort();
    Ok((times[times.len() / 2], times.len()))
}
