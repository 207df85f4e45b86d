//! One training: what it is of, where it begins and where it goes.

use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use clap::Args;
use ndarray::Array2;

use crate::cli::lock::Lock;
use crate::cli::{ThreadsFlag, data_note};
use crate::dataset::Dataset;
use crate::design::{Design, Device};
use crate::training::State;

/// How often a training is saved.
#[derive(Debug, Args)]
pub(in crate::cli) struct SaveFlag {
    /// Seconds between two checkpoints inside an epoch (0: after every step); the result does not depend on it
    #[arg(long, value_name = "SECONDS", default_value_t = SaveFlag::USUAL)]
    save_every: u64,
}

impl SaveFlag {
    const USUAL: u64 = 60;

    pub(super) fn interval(&self) -> Duration {
        Duration::from_secs(self.save_every)
    }

    /// As it is typed again; nothing for the usual.
    pub(super) fn words(&self) -> Vec<String> {
        if self.save_every == Self::USUAL {
            Vec::new()
        } else {
            vec!["--save-every".into(), self.save_every.to_string()]
        }
    }
}

/// Where a training begins.
pub(in crate::cli) enum JobStart {
    /// At masks as the design says.
    Anew,
    /// At the masks of another device.
    From(State),
    /// Where an earlier sitting stopped.
    Resumed(State),
}

impl JobStart {
    pub(super) fn resumes(&self) -> bool {
        matches!(self, JobStart::Resumed(_))
    }
}

/// One training and where it goes.
pub(in crate::cli) struct Job<'a> {
    /// The device folder; new, or with what an earlier training left.
    pub(in crate::cli) folder: PathBuf,
    /// What is trained.
    pub(in crate::cli) design: Design,
    /// The same as it is written into the folder.
    pub(in crate::cli) text: String,
    /// What it learns from and is judged by.
    pub(in crate::cli) dataset: Rc<Dataset>,
    /// How many threads simulate.
    pub(in crate::cli) threads: &'a ThreadsFlag,
    /// How often it is saved.
    pub(in crate::cli) save: &'a SaveFlag,
    /// Held to the end: nobody else trains in the folder.
    pub(in crate::cli) lock: Lock,
    /// Where it begins.
    pub(in crate::cli) start: JobStart,
    /// What to type to go on after it was stopped.
    pub(in crate::cli) go_on: String,
    /// Epochs from one drawing of curves, masks and a detector plane to the next; none before the end without.
    pub(in crate::cli) plot_every: Option<u64>,
}

impl Job<'_> {
    /// What must be said of the images it learns from.
    pub(super) fn data_note(&self) -> Option<&'static str> {
        data_note(self.dataset.source.warning().is_some(), self.dataset.published)
    }

    /// The device with `masks`, before it is judged.
    pub(super) fn device(&self, masks: Vec<Array2<f32>>) -> Device {
        Device {
            folder: self.folder.clone(),
            design: self.design.clone(),
            masks,
            provenance: None,
            modified: Vec::new(),
        }
    }
}
