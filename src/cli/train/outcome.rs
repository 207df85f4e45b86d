//! The end of a training: the test, what is written, what is told.

use super::folder::remove_checkpoint;
use super::job::Job;
use crate::bench::Bench;
use crate::cli::images::not_published;
use crate::cli::judgement::Judgement;
use crate::cli::stop::Stop;
use crate::cli::trial::Trial;
use crate::cli::{answers, plot};
use crate::design::folder::{
    DataProvenance, FinerGrid, Metrics, Provenance, write_history, write_masks, write_provenance,
};
use crate::design::{Design, Device};
use crate::element::Thickness;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::training::State;
use crate::units::counted;

/// Test images that judge a trained device on a finer grid: one by one, so fewer where plates have a thickness.
const FINER_GRID_IMAGES: usize = 500;
/// The same of plates with a thickness.
const FINER_GRID_IMAGES_IN_PLATES: usize = 100;
/// Samples along a side of that grid at most: beyond, a sample takes a gigabyte.
const MAX_FINE_SIDE: usize = 2048;

/// What a training has come to.
pub(in crate::cli) struct Trained {
    /// As it was written into the folder.
    pub(in crate::cli) provenance: Provenance,
    /// The figures as text.
    pub(in crate::cli) report: String,
    /// Why the pictures could not be drawn: the device is whole but for them, and is finished again by going on.
    pub(in crate::cli) unfinished: Option<Error>,
}

/// Tests once, then writes masks, provenance and pictures.
pub(super) fn finish(job: &Job, state: State, commands: &[String], stop: &Stop) -> Result<Trained> {
    let modulation = job.design.bench.modulation;
    let masks = state.values(&job.design.bench);
    let sums = write_masks(&job.folder, modulation, &masks)?;
    write_history(&job.folder, &state.history)?;
    let device = job.device(masks);
    let engine = job.threads.engine(&device)?;
    // A test on fewer images than the provenance says is none.
    let go_on = || match stop.asked() {
        false => Ok(true),
        true => Err(Error::Interrupted(format!(
            "stopped in the final test, all steps are saved; go on with\n  {}",
            job.go_on
        ))),
    };
    let trial = Trial { go_on: &go_on, ..Trial::of(&job.design, &job.dataset.test, None) };
    let judged = Judgement::of(&engine, &trial, job.threads, &mut |_| ())?;
    let finer = finer_grid(job, &device, &trial)?;
    let metrics = judged.metrics(state.history.last(), job.design.learnt_temperature(state.temperature));
    let provenance = provenance(job, metrics, judged.images(), sums, finer, commands);
    write_provenance(&job.folder, &provenance)?;
    // A picture that fails must not lose the figures of the test. Only when all is there nothing is left to resume.
    let unfinished = plot::after_training(&device, &judged, &job.dataset.test, job.data_note())
        .and_then(|()| remove_checkpoint(&job.folder))
        .err();
    let heading = format!(
        "{} after {}, test images of {} from {}{}",
        job.design.name,
        counted(state.history.len() as u64, "epoch"),
        job.design.data,
        job.dataset.source.describe(),
        not_published(job.dataset.published, &job.dataset.source)
    );
    let mut text = judged.report(&heading, &job.dataset.set.class_names);
    if let Some(temperature) = provenance.metrics.learnt_temperature {
        text += &format!("\nlearnt temperature: {temperature:.2}\n");
    }
    if let Some(finer) = &provenance.finer_grid {
        text += &format!(
            "\nfiner grid: {:.2} % at {2} x {2} samples a pixel, {:.2} % as trained (first {3} test images)\n",
            100.0 * finer.accuracy,
            100.0 * finer.accuracy_as_trained,
            finer.oversample,
            finer.images
        );
    }
    if let Some(note) = job.data_note() {
        text += &format!("\nnote: {note}; the figures do not compare with published ones\n");
    }
    text += &format!(
        "\nwritten to {}: design.toml, {}, history.csv, provenance.toml, plots/\n",
        job.folder.display(),
        match device.design.bench.all_masks() {
            1 => "mask-1.npy".to_owned(),
            masks => format!("mask-1.npy .. mask-{masks}.npy"),
        }
    );
    Ok(Trained { provenance, report: text, unfinished })
}

/// The accuracy on a finer grid, nearer to printed pixels; none for a device that forms images, and where a finer
/// grid does not fit into memory.
fn finer_grid(job: &Job, device: &Device, whole: &Trial<'_>) -> Result<Option<FinerGrid>> {
    if device.design.forms_image() {
        return Ok(None);
    }
    let Some(finer) = finer_bench(&job.design) else { return Ok(None) };
    let finer = finer?;
    let images = job.dataset.test.len().min(finer_grid_images(&job.design));
    let trial = Trial { limit: Some(images), ..*whole };
    let accuracy = |bench: Bench| {
        let mut engine = job.threads.bare_engine(bench)?;
        engine.set_masks(&device.masks)?;
        answers::judge(&engine, &trial, &mut |_| ()).map(|judged| judged.accuracy())
    };
    Ok(Some(FinerGrid {
        oversample: finer.oversample,
        images,
        accuracy: accuracy(finer)?,
        accuracy_as_trained: accuracy(job.design.simulated.clone())?,
    }))
}

fn finer_grid_images(design: &Design) -> usize {
    if design.bench.plate.is_some() { FINER_GRID_IMAGES_IN_PLATES } else { FINER_GRID_IMAGES }
}

/// The device on the finer grid, where it fits into memory. Inside plates are at least as many samples as the design has.
fn finer_bench(design: &Design) -> Option<Result<Bench>> {
    let (rows, columns) = design.bench.grid().shape();
    let oversample = if design.simulated.oversample < 4 { 4 } else { 8 };
    let finer = design.simulated.samples_in_plates().div_ceil(oversample);
    let plate = design.bench.plate.map(|plate| Thickness { finer, ..plate });
    let bench = Bench { plate, ..design.bench.clone() };
    (rows.max(columns) * oversample <= MAX_FINE_SIDE)
        .then(|| bench.sampled(oversample, bench.padding().max(2.0)))
}

/// The benches on which a trained device of `design` is judged at the end, and by how many of `tested` images.
pub(super) fn test_passes(design: &Design, tested: usize) -> Vec<(Bench, usize)> {
    let mut passes = vec![(design.simulated.clone(), tested)];
    if design.forms_image() {
        // Free space beside it.
        passes.push((design.simulated.free_space(), tested));
    } else if let Some(Ok(finer)) = finer_bench(design) {
        let images = tested.min(finer_grid_images(design));
        passes.extend([(finer, images), (design.simulated.clone(), images)]);
    }
    passes
}

fn provenance(
    job: &Job,
    metrics: Metrics,
    test_images: usize,
    masks: Vec<String>,
    finer_grid: Option<FinerGrid>,
    commands: &[String],
) -> Provenance {
    let settings = job.design.settings(job.dataset.train.len());
    Provenance {
        version: env!("CARGO_PKG_VERSION").into(),
        commit: env!("D2NN_COMMIT").into(),
        command: commands.join(" && "),
        seed: settings.seed,
        data: DataProvenance {
            name: job.design.data.name.clone(),
            builtin_sample: job.dataset.source.warning().is_some(),
            published: job.dataset.published,
            sha256: job.dataset.checksum.clone(),
            training_images: job.dataset.train.len() - settings.validation,
            validation_images: settings.validation,
            test_images,
        },
        warnings: job.design.warnings.clone(),
        metrics,
        finer_grid,
        masks,
    }
}
