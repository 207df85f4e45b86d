//! `d2nn train`: from a design to a device folder.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use ndarray::{Array2, Axis, Slice};

use self::folder::{
    begin_at, check_free, check_identity, checkpoint_path, default_folder, load_checkpoint, note_command,
    quoted,
};
use super::judgement::Judgement;
use super::presets::PresetFlag;
use super::progress::Progress;
use super::{DataFlag, ThreadsFlag, check_images, evaluate, plot, print, sample_note, say, warn_of_sampling};
use crate::dataset::{Dataset, Split, hold_out, load};
use crate::design::folder::{
    CHECKPOINT, DESIGN, DataProvenance, FinerGrid, Provenance, read_design_as, remove_results, write_history,
    write_masks, write_provenance,
};
use crate::design::{Design, DesignFile, Device, OptimiserKey, Stage};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::files::{create_folder, write_bytes};
use crate::network::Bench;
use crate::training::checkpoint::{self, Identity};
use crate::training::{Epoch, Objective, State, Trainer, leading_components};

mod folder;

/// Between two checkpoints inside an epoch.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(60);
/// Test images that judge a trained device on a finer grid.
const FINER_GRID_IMAGES: usize = 500;
/// Samples along a side of that grid at most: beyond, a sample takes a gigabyte.
const MAX_FINE_SIDE: usize = 2048;

/// Arguments of `d2nn train`.
#[derive(Debug, Args)]
#[command(
    after_help = "Without arguments it trains the default device into runs/fashion-400ghz: 0.75 mm, five masks \
of 200 x 200 pixels, Fashion-MNIST. Ctrl-C finishes the running step and saves; --resume goes on as if nothing \
had happened.

Examples:
  d2nn train
  d2nn train my-design.toml --epochs 3 --out runs/short
  d2nn train --preset imaging
  d2nn train runs/short --resume"
)]
pub struct TrainArgs {
    /// Design file, or device folder whose design is trained (anew, or further with --resume)
    #[arg(value_name = "DESIGN.toml | DEVICE")]
    design: Option<PathBuf>,
    #[command(flatten)]
    preset: PresetFlag,
    #[command(flatten)]
    data: DataFlag,
    /// Device folder to write (default: runs/ and the name in the design)
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Train in mini-batches and show every training image N times; overrides training.optimiser and training.epochs
    #[arg(long, value_name = "N")]
    epochs: Option<u64>,
    /// Epochs of mini-batches at the end, on the grid of the bench; overrides training.fine_epochs
    #[arg(long, value_name = "N")]
    fine_epochs: Option<u64>,
    /// Seed of masks, split, order and flips; overrides training.seed
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Begin at the masks of another device, such as the same one trained on a coarser grid
    #[arg(long, value_name = "DEVICE", conflicts_with = "resume")]
    from: Option<PathBuf>,
    /// Run a design that the sampling rules refuse; sets bench.allow_aliasing
    #[arg(long)]
    allow_aliasing: bool,
    #[command(flatten)]
    threads: ThreadsFlag,
    /// Go on with a training that was stopped
    #[arg(long, conflicts_with = "force")]
    resume: bool,
    /// Replace the device in an existing folder
    #[arg(long)]
    force: bool,
}

/// Runs `d2nn train`.
///
/// # Errors
/// For wrong designs and flags, absent or damaged data, an existing folder, a checkpoint that does not fit;
/// [`Error::Interrupted`] after Ctrl-C, when everything is saved.
pub fn run(args: TrainArgs) -> Result<()> {
    let mut job = Job::prepare(&args)?;
    // From here on there is something to save; before, Ctrl-C just leaves.
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::SeqCst) {
            // Asked twice: leave now. The last checkpoint is whole, whatever is being written.
            std::process::exit(130);
        }
        say("\nstopping after this step (press Ctrl-C again to leave without saving it)");
    })
    .map_err(|error| Error::Value(format!("cannot watch for Ctrl-C: {error}")))?;
    let state = job.train(&stop)?;
    job.finish(state, &stop)
}

/// One training and where it goes.
struct Job<'a> {
    args: &'a TrainArgs,
    folder: PathBuf,
    text: String,
    design: Design,
    dataset: Dataset,
    state: Option<State>,
    /// The leading modes of the images, once a stage has asked for them.
    modes: Option<Array2<f32>>,
    /// The command lines of all sittings so far.
    commands: Vec<String>,
}

impl<'a> Job<'a> {
    /// Design, data and folder, all checked before anything is written.
    fn prepare(args: &'a TrainArgs) -> Result<Self> {
        let allow = |typed: &mut DesignFile| typed.bench.allow_aliasing |= args.allow_aliasing;
        let (file, mut typed) = match &args.design {
            None if args.resume => {
                let folder = args.out.clone().unwrap_or_else(|| default_folder(&args.preset.design().1.name));
                (folder.join(DESIGN).display().to_string(), read_design_as(&folder.join(DESIGN), &allow)?.0)
            }
            None => args.preset.design(),
            Some(path) => {
                let path = if path.is_dir() { path.join(DESIGN) } else { path.clone() };
                (path.display().to_string(), read_design_as(&path, &allow)?.0)
            }
        };
        let table = &mut typed.training;
        let as_typed = table.clone();
        if args.epochs.is_some() {
            (table.optimiser, table.epochs) = (Some(OptimiserKey::MiniBatches), args.epochs);
        }
        table.fine_epochs = args.fine_epochs.or(table.fine_epochs);
        table.seed = args.seed.unwrap_or(table.seed);
        if args.resume && *table != as_typed {
            return Err(Error::Usage(
                "--resume goes on with the design as it is: leave out --epochs, --fine-epochs and --seed, or train \
                 anew"
                    .into(),
            ));
        }
        allow(&mut typed);
        let design = Design::resolve(&file, &typed)?;
        if design.stages(0).is_empty() {
            return Err(Error::Usage(
                "nothing to train: training.epochs = 0, and training.fine_epochs = 0 or bench.oversample no finer than \
                 training.oversample, without training.optimiser = \"modes\""
                    .into(),
            ));
        }
        warn_of_sampling(&design);
        let folder = match (&args.out, &args.design) {
            (Some(out), _) => out.clone(),
            (None, Some(path)) if args.resume && path.is_dir() => path.clone(),
            _ => default_folder(&design.name),
        };
        design.settle(&mut typed);
        let text = typed.to_text()?;
        let resumed = if args.resume { Some(load_checkpoint(&folder)?) } else { None };
        if resumed.is_none() {
            check_free(&folder, args.force)?;
        }
        let source = args.data.locate(design.data, &Split::ALL)?;
        let dataset = load(design.data, &source)?;
        // Both halves have one shape; before a folder is touched, so that --force does not empty it in vain.
        check_images(&source, &dataset.train, &design)?;
        let state = match resumed {
            Some((state, identity)) => {
                let found = Identity { design: text.clone(), data: dataset.checksum.clone() };
                check_identity(&folder, &identity, &found)?;
                Some(state)
            }
            None => args.from.as_deref().map(|from| begin_at(from, &design)).transpose()?,
        };
        Ok(Job { args, folder, text, design, dataset, state, modes: None, commands: Vec::new() })
    }

    /// Trains to the end, stage after stage.
    fn train(&mut self, stop: &AtomicBool) -> Result<State> {
        let stages = self.design.stages(self.dataset.train.len());
        let bench = &self.design.bench;
        let settings = self.design.settings(self.dataset.train.len());
        let fresh = || {
            State::new(bench.modulation, bench.all_masks(), bench.mask_shape(), settings.start, settings.seed)
        };
        let mut state = self.state.take().unwrap_or_else(fresh);
        let mut begun = false;
        for stage in &stages {
            let end = stage.settings.first_epoch + stage.settings.epochs;
            // Nothing is planned for a stage that an earlier sitting finished.
            if begun || (state.history.len() as u64) < end {
                state = self.run_stage(stage, state, begun, stop)?;
                begun = true;
            }
        }
        Ok(state)
    }

    /// Trains to the end of `stage`, saving on the way; `begun` after an earlier stage of this sitting.
    fn run_stage(&mut self, stage: &Stage, state: State, begun: bool, stop: &AtomicBool) -> Result<State> {
        let Stage { settings, bench, modes } = stage;
        let modulation = bench.modulation;
        let mut engine = self.args.threads.bare_engine(bench.clone())?;
        let threads = engine.threads();
        if let Some(modes) = *modes {
            engine = engine.with_basis(self.leading_modes(modes)?)?;
        }
        let mut trainer = Trainer::new(Box::new(engine), *settings, &self.dataset.train, state)?;
        if !begun {
            if stop.load(Ordering::SeqCst) {
                return Err(Error::Interrupted("stopped before the first step: nothing was changed".into()));
            }
            if !self.args.resume {
                create_folder(&self.folder)?;
                remove_results(&self.folder)?;
                write_bytes(&self.folder.join(DESIGN), self.text.as_bytes())?;
            }
            create_folder(&self.folder.join(CHECKPOINT))?;
            self.commands = note_command(&self.folder)?;
        }
        let image_count = trainer.training_images() as u64;
        let epochs = trainer.state().history.len() as u64 - settings.first_epoch;
        let mut done = epochs * image_count + trainer.state().images;
        let mut progress = Progress::new("training", settings.epochs * image_count, "images");
        progress.resume_at(done);
        progress.line(&self.stage_line(stage, image_count, trainer.steps_an_epoch(), threads));
        let mut saved = Instant::now();
        let objective = settings.objective;
        while !trainer.finished() {
            let step = trainer.step()?;
            done += step.images as u64;
            let epoch = trainer.state().history.len();
            progress.update(done, || {
                format!("epoch {} loss {:.4} {}", epoch + 1, step.loss, score(objective, step.accuracy))
            });
            // Epochs of large batches are short: those with a look at the validation images are told and saved.
            let told = step
                .finished
                .filter(|row| modes.is_none() || settings.validation == 0 || !row.validation_loss.is_nan());
            if let Some(row) = &told {
                progress.line(&epoch_line(row, self.epochs(), objective));
                write_history(&self.folder, &trainer.state().history)?;
                write_masks(&self.folder, modulation, &trainer.state().values(modulation))?;
            }
            // After the last step the test comes, which asks again.
            let last = trainer.finished() && trainer.state().history.len() as u64 == self.epochs();
            let stopping = stop.load(Ordering::SeqCst) && !last;
            if told.is_some() || stopping || saved.elapsed() >= CHECKPOINT_EVERY {
                self.save(trainer.state())?;
                saved = Instant::now();
            }
            if stopping {
                progress.finish();
                return Err(Error::Interrupted(format!(
                    "stopped after {} of {} steps, everything is saved; go on with\n  {}",
                    step.step,
                    self.steps(image_count),
                    self.resume_command()
                )));
            }
        }
        progress.finish();
        Ok(trainer.into_parts().1)
    }

    /// Epochs of all stages.
    fn epochs(&self) -> u64 {
        self.design.stages(self.dataset.train.len()).iter().map(|stage| stage.settings.epochs).sum()
    }

    /// Steps of all stages of a training that learns from `images` images.
    fn steps(&self, images: u64) -> u64 {
        let steps = |stage: &Stage| stage.settings.epochs * images.div_ceil(stage.settings.batch as u64);
        self.design.stages(self.dataset.train.len()).iter().map(steps).sum()
    }

    /// The `count` leading modes of the images learned from, found once for all stages.
    fn leading_modes(&mut self, count: usize) -> Result<Array2<f32>> {
        let images = &self.dataset.train;
        let modes = match &self.modes {
            Some(modes) => modes,
            None => {
                let settings = self.design.settings(images.len());
                let most = self.design.stages(images.len()).iter().filter_map(|stage| stage.modes).max();
                let held = hold_out(&images.labels, settings.validation, settings.seed)?;
                let found = leading_components(
                    &self.design.bench.object,
                    images,
                    &held.training,
                    settings.flips,
                    most.unwrap_or(count),
                )?;
                self.modes.insert(found)
            }
        };
        Ok(modes.slice_axis(Axis(0), Slice::from(..count)).to_owned())
    }

    /// What is about to happen: images, epochs and steps of `stage`.
    fn stage_line(&self, stage: &Stage, images: u64, steps: u64, threads: usize) -> String {
        let Stage { settings, bench, modes } = stage;
        let samples = match (settings.binning, bench.oversample) {
            (1, 1) => String::new(),
            (1, samples) => format!(" of {samples} x {samples} samples"),
            (bins, _) => format!(" in blocks of {bins} x {bins}"),
        };
        let means = modes.map_or_else(String::new, |modes| format!(" in {modes} modes"));
        format!(
            "{} {}: {} masks of {:?} pixels{samples}, {images} images from {}{means}, {} epochs of {steps} steps, \
             {threads} threads",
            if self.args.resume { "resuming" } else { "training" },
            self.folder.display(),
            bench.all_masks(),
            self.design.bench.mask_shape(),
            self.dataset.source.describe(),
            settings.epochs,
        )
    }

    /// What to type to go on: without the same --data other images might be found.
    fn resume_command(&self) -> String {
        let mut words = vec!["d2nn".into(), "train".into(), quoted(self.folder.as_os_str())];
        if let Some(data) = &self.args.data.data {
            words.extend(["--data".into(), quoted(data)]);
        }
        words.push("--resume".into());
        words.join(" ")
    }

    fn save(&self, state: &State) -> Result<()> {
        let identity = Identity { design: self.text.clone(), data: self.dataset.checksum.clone() };
        checkpoint::save(&checkpoint_path(&self.folder), state, &identity)
    }

    /// Tests once, then writes masks, provenance and pictures.
    fn finish(&self, state: State, stop: &AtomicBool) -> Result<()> {
        let modulation = self.design.bench.modulation;
        let masks = state.values(modulation);
        let sums = write_masks(&self.folder, modulation, &masks)?;
        write_history(&self.folder, &state.history)?;
        let device =
            Device { folder: self.folder.clone(), design: self.design.clone(), masks, provenance: None };
        let engine = self.args.threads.engine(&device)?;
        let stopped = || {
            stop.load(Ordering::SeqCst).then(|| {
                Error::Interrupted(format!(
                    "stopped in the final test, all steps are saved; go on with\n  {}",
                    self.resume_command()
                ))
            })
        };
        let judged = Judgement::of(&engine, &device, &self.args.threads, &self.dataset.test, &stopped)?;
        let finer = self.finer_grid(&device, &stopped)?;
        let last = state.history.last();
        write_provenance(&self.folder, &self.provenance(&judged, last, sums, finer.clone()))?;
        let sample = self.dataset.source.warning().is_some();
        plot::after_training(&device, &judged, &self.dataset.test, sample)?;
        // The device is whole: nothing is left to resume.
        let checkpoint = self.folder.join(CHECKPOINT);
        fs::remove_dir_all(&checkpoint).map_err(|error| Error::io("remove", &checkpoint, error))?;
        let heading = format!(
            "{} after {} epochs, test images of {} from {}",
            self.design.name,
            state.history.len(),
            self.design.data,
            self.dataset.source.describe()
        );
        let mut text = judged.report(&heading, self.dataset.class_names);
        if let Some(finer) = &finer {
            text += &format!(
                "\nfiner grid: {:.2} % at {2} x {2} samples a pixel, {:.2} % as trained (first {3} test images)\n",
                100.0 * finer.accuracy,
                100.0 * finer.accuracy_as_trained,
                finer.oversample,
                finer.images
            );
        }
        if let Some(note) = sample_note(sample) {
            text += &format!("\nnote: {note}; the figures do not compare with published ones\n");
        }
        text += &format!(
            "\nwritten to {}: design.toml, mask-1.npy .. mask-{}.npy, history.csv, provenance.toml, plots/\n",
            self.folder.display(),
            device.design.bench.all_masks()
        );
        print(&text)?;
        if let Some(warning) = self.dataset.source.warning() {
            say(&format!("warning: {warning}"));
        }
        Ok(())
    }

    /// The accuracy on a finer grid, nearer to printed pixels; none for a device that forms images, and where a finer
    /// grid does not fit into memory.
    fn finer_grid(&self, device: &Device, stopped: &dyn Fn() -> Option<Error>) -> Result<Option<FinerGrid>> {
        if device.design.forms_image() {
            return Ok(None);
        }
        let (rows, columns) = device.design.bench.grid().shape();
        let oversample = if self.design.simulated.oversample < 4 { 4 } else { 8 };
        if rows.max(columns) * oversample > MAX_FINE_SIDE {
            return Ok(None);
        }
        let images = self.dataset.test.len().min(FINER_GRID_IMAGES);
        let accuracy = |bench: Bench| {
            let mut engine = self.args.threads.bare_engine(bench)?;
            engine.set_masks(&device.masks)?;
            evaluate::judge(&engine, &self.design, &self.dataset.test, Some(images), stopped)
                .map(|judged| judged.accuracy())
        };
        Ok(Some(FinerGrid {
            oversample,
            images,
            accuracy: accuracy(self.design.bench.sampled(oversample, 2.0)?)?,
            accuracy_as_trained: accuracy(self.design.simulated.clone())?,
        }))
    }

    fn provenance(
        &self,
        judged: &Judgement,
        last: Option<&Epoch>,
        masks: Vec<String>,
        finer_grid: Option<FinerGrid>,
    ) -> Provenance {
        let settings = self.design.settings(self.dataset.train.len());
        Provenance {
            version: env!("CARGO_PKG_VERSION").into(),
            commit: env!("D2NN_COMMIT").into(),
            command: self.commands.join(" && "),
            seed: settings.seed,
            data: DataProvenance {
                name: self.design.data.as_str().into(),
                builtin_sample: self.dataset.source.warning().is_some(),
                sha256: self.dataset.checksum.clone(),
                training_images: self.dataset.train.len() - settings.validation,
                validation_images: settings.validation,
                test_images: judged.images(),
            },
            warnings: self.design.warnings.clone(),
            metrics: judged.metrics(last),
            finer_grid,
            masks,
        }
    }
}

/// A mean score, named.
fn score(objective: Objective, mean: f64) -> String {
    match objective {
        Objective::Classification(_) => format!("accuracy {:.2} %", 100.0 * mean),
        Objective::Imaging(_) => format!("SSIM {mean:.4}"),
    }
}

fn epoch_line(row: &Epoch, epochs: u64, objective: Objective) -> String {
    let validation = if row.validation_accuracy.is_finite() {
        format!(
            ", validation loss {:.4} {}, detector share {:.1} %",
            row.validation_loss,
            score(objective, row.validation_accuracy),
            100.0 * row.detector_share
        )
    } else {
        String::new()
    };
    format!(
        "epoch {}/{epochs}: training loss {:.4} {}{validation}, {:.0} s",
        row.epoch,
        row.training_loss,
        score(objective, row.training_accuracy),
        row.seconds
    )
}
