//! `d2nn train`: from a design to a device folder.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use clap::Args;
use serde_json::json;

use self::folder::{begin_at, check_free, default_folder, load_checkpoint, quoted, resumed};
use self::job::{Job, JobStart, SaveFlag};
use super::lock::Lock;
use super::presets::PresetFlag;
use super::set::SetFlag;
use super::stop::Stop;
use super::{DataFlag, ModifiedFlag, ThreadsFlag, check_images, print, print_json, say, warn_of_design};
use crate::dataset::{Split, load};
use crate::design::folder::{DESIGN, is_device_folder, read_typed, try_place};
use crate::design::{Design, DesignFile, Optimiser};
use crate::error::{Error, Result};
use crate::files::is_same_place;

pub(super) mod folder;
mod forecast;
pub(super) mod job;
pub(super) mod outcome;
mod telling;
mod work;

/// Arguments of `d2nn train`.
#[derive(Debug, Args)]
#[command(
    after_help = "Without arguments it trains the default device into runs/fashion-400ghz: 0.75 mm, five masks \
of 200 x 200 pixels whose plates are simulated with their thickness, in slices, Fashion-MNIST. Ctrl-C finishes the running step and saves; --resume goes on as if nothing \
had happened.

Examples:
  d2nn train
  d2nn train --set mask.plate=thin --out runs/thin
  d2nn train my-design.toml --epochs 3 --out runs/short
  d2nn train --set bench.masks=3 --set bench.gaps=\"20 mm\" --out runs/three
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
    /// Device folder to write (default: runs/ and the name of the device)
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Train in mini-batches and show every training image N times, then training.fine_epochs more on the grid of the bench
    /// (one where that is finer); overrides training.optimiser and training.epochs
    #[arg(long, value_name = "N")]
    epochs: Option<u64>,
    /// Epochs of mini-batches at the end, on the grid of the bench; overrides training.fine_epochs
    #[arg(long, value_name = "N")]
    fine_epochs: Option<u64>,
    /// Seed of masks, split, order and flips; overrides training.seed
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Begin at the masks of another device, such as the same one trained on a coarser grid, or one whose masks are as
    /// large and have wider pixels
    #[arg(long, value_name = "DEVICE", conflicts_with = "resume")]
    from: Option<PathBuf>,
    #[command(flatten)]
    modified: ModifiedFlag,
    #[command(flatten)]
    set: SetFlag,
    /// Run a design that the sampling rules refuse; sets bench.allow_aliasing
    #[arg(long)]
    allow_aliasing: bool,
    #[command(flatten)]
    threads: ThreadsFlag,
    #[command(flatten)]
    save: SaveFlag,
    /// Go on with a training that was stopped
    #[arg(long, conflicts_with = "force")]
    resume: bool,
    /// Replace the device in an existing folder
    #[arg(long)]
    force: bool,
    /// Redraw the curves, the masks and a detector plane in plots/ every N epochs (in modes with the next look at the
    /// validation images)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    plot_every: Option<u64>,
    /// At the end one JSON object on stdout: the folder and its provenance
    #[arg(long)]
    json: bool,
}

/// Runs `d2nn train`.
///
/// # Errors
/// For wrong designs and flags, absent or damaged data, an existing folder, a checkpoint that does not fit;
/// [`Error::Interrupted`] after Ctrl-C, when everything is saved.
pub fn run(args: TrainArgs) -> Result<()> {
    let job = args.prepare()?;
    let warning = job.dataset.source.warning();
    let folder = job.folder.clone();
    let outcome = job.run(&Stop::watch()?)?;
    if args.json {
        print_json(&json!({ "folder": folder.display().to_string(), "provenance": outcome.provenance }))?;
    } else {
        print(&outcome.report)?;
    }
    if let Some(warning) = warning {
        say(&format!("warning: {warning}"));
    }
    outcome.unfinished.map_or(Ok(()), Err)
}

/// Refuses to replace the device in `folder`, after whose name the design asks, where `named` is another device.
fn refuse_another(named: &Path, folder: &Path) -> Result<()> {
    let device = if named.is_dir() { Some(named) } else { named.parent() };
    let Some(device) = device.filter(|device| is_device_folder(device) && folder.exists()) else {
        return Ok(());
    };
    if is_same_place(device, folder) {
        return Ok(());
    }
    Err(Error::Usage(format!(
        "--force would replace {}, which is called as the design says, and not {}: say which by --out",
        folder.display(),
        device.display()
    )))
}

impl TrainArgs {
    /// Design, data and folder, all checked before anything is written.
    fn prepare(&self) -> Result<Job<'_>> {
        let (design, mut typed) = self.design()?;
        if let Some(problem) = nothing_to_train(&design) {
            return Err(Error::Usage(problem));
        }
        warn_of_design(&design);
        if design.has_no_blocks() {
            say(
                "note: stages with grid = \"binned\" are trained on single pixels, four times as slow: the edges of plane, masks, \
                 image and all regions must lie between blocks of 2 x 2 pixels",
            );
        }
        let folder = match (&self.out, &self.design) {
            (Some(out), _) => out.clone(),
            (None, Some(path)) if self.resume && path.is_dir() => path.clone(),
            _ => default_folder(&design.name),
        };
        if let (None, true, Some(named)) = (&self.out, self.force, &self.design) {
            refuse_another(named, &folder)?;
        }
        design.settle(&mut typed);
        let text = typed.to_text()?;
        let (lock, saved) = if self.resume {
            // Where there is no folder there is nothing to go on from, and none is made.
            let lock = folder.is_dir().then(|| Lock::take(&folder)).transpose()?;
            let saved = load_checkpoint(&folder)?;
            (lock.map_or_else(|| Lock::take(&folder), Ok)?, Some(saved))
        } else {
            check_free(&folder, self.force)?;
            let lock = Lock::take(&folder)?;
            // Someone may have come and gone since it was looked at.
            check_free(&folder, self.force)?;
            (lock, None)
        };
        // Before data are looked for, which may mean to download them.
        try_place(&folder, design.bench.all_masks())?;
        let source = self.data.locate(&design.data, &Split::ALL)?;
        let dataset = load(&design.data, &source)?;
        // Both halves have one shape; before a folder is touched, so that --force does not empty it in vain.
        check_images(&source, &dataset.train, &design)?;
        let start = match (saved, &self.from) {
            (Some(saved), _) => JobStart::Resumed(resumed(&folder, saved, &text, &dataset)?),
            (None, Some(from)) => JobStart::From(begin_at(from, self.modified, &design)?),
            (None, None) => JobStart::Anew,
        };
        let go_on = self.resume_command(&folder);
        let (dataset, threads, save) = (Rc::new(dataset), &self.threads, &self.save);
        let plot_every = self.plot_every;
        Ok(Job { folder, design, text, dataset, threads, save, lock, start, go_on, plot_every })
    }

    /// The design with all flags over it, checked, and as typed.
    fn design(&self) -> Result<(Design, DesignFile)> {
        let read = |path: PathBuf| Ok::<_, Error>((path.display().to_string(), read_typed(&path)?));
        let (file, before) = match &self.design {
            None if self.resume => {
                let folder = match &self.out {
                    Some(folder) => folder.clone(),
                    None => {
                        let mut typed = self.preset.design()?.1;
                        self.data.over(&mut typed);
                        default_folder(&typed.device_name())
                    }
                };
                read(folder.join(DESIGN))?
            }
            None => self.preset.design()?,
            Some(path) if path.is_dir() => read(path.join(DESIGN))?,
            Some(path) => read(path.clone())?,
        };
        let (file, mut typed) = self.set.over(file, &before)?;
        let table = &mut typed.training;
        if self.epochs.is_some() {
            (table.optimiser, table.epochs) = (Some(Optimiser::MiniBatches), self.epochs);
        }
        table.fine_epochs = self.fine_epochs.or(table.fine_epochs);
        table.seed = self.seed.unwrap_or(table.seed);
        if self.resume && typed != before {
            return Err(Error::Usage(
                "--resume goes on with the design as it is: leave out --epochs, --fine-epochs, --seed and --set, or \
                 train anew"
                    .into(),
            ));
        }
        typed.bench.allow_aliasing |= self.allow_aliasing;
        if !self.resume {
            self.data.over(&mut typed);
        }
        typed.look_at_images()?;
        Ok((Design::resolve(&file, &typed)?, typed))
    }

    /// What to type to go on: without the same --data other images might be found.
    fn resume_command(&self, folder: &Path) -> String {
        let mut words = vec!["d2nn".into(), "train".into(), quoted(folder.as_os_str())];
        if let Some(data) = &self.data.data {
            words.extend(["--data".into(), quoted(data)]);
        }
        words.extend(self.save.words());
        words.push("--resume".into());
        words.join(" ")
    }
}

/// Why there is nothing to train in `design`, if so.
pub(super) fn nothing_to_train(design: &Design) -> Option<String> {
    design.stages(0).is_empty().then(|| {
        "nothing to train: training.epochs = 0, and training.fine_epochs = 0 or bench.oversample no finer than \
         training.oversample, without training.optimiser = \"modes\""
            .into()
    })
}
