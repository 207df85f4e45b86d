//! Everything a report shows, judged and simulated once.

use std::f64::consts::TAU;

use ndarray::{Array2, Axis};

use super::figured::Figured;
use super::so_far::SoFar;
use crate::cli::inspect::power::budget;
use crate::cli::judgement::Judgement;
use crate::cli::progress::Progress;
use crate::cli::stop::Stop;
use crate::cli::tolerance::sizes;
use crate::cli::trial::{Trial, first_images};
use crate::cli::{LabelledImages, ThreadsFlag, as_exported, convergence, print_report};
use crate::dataset::Images;
use crate::design::folder::read_history;
use crate::design::{Device, Work};
use crate::engine::Engine;
use crate::error::Result;
use crate::evaluation::imaging::{likeness, scaled};
use crate::evaluation::{
    Answer, Convergence, Disturbance, Judged, Outcome, PowerBudget, Readout, Sample, Study, simulated_images,
    tolerance,
};
use crate::fabrication::PrintReport;
use crate::field::WaveField;
use crate::files::Scratch;
use crate::reference::{Instrument, Light, intensity};
use crate::training::Epoch;
use crate::units::Metres;

/// Images of the convergence table: a grid of 4 x 4 samples a pixel takes a tenth of a second for each.
pub(super) const CONVERGENCE_IMAGES: usize = 200;
/// Images of the tolerance tables: a standard error of 1.5 points at an accuracy of 88 %.
pub(super) const TOLERANCE_IMAGES: usize = 500;
/// Draws of each kind and size of error.
pub(super) const TOLERANCE_DRAWS: usize = 2;
/// Seed of those draws, the default of `d2nn tolerance`.
const TOLERANCE_SEED: u64 = 1;
/// Slices of the side views in each gap.
const SLICES: usize = 10;
/// Wrong answers shown.
const MISTAKES: usize = 9;

/// A part that takes its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReportPart {
    Convergence,
    Tolerance,
}

/// One image on its way through the device.
pub(super) struct Example {
    /// Number of the test image.
    pub(super) number: usize,
    /// The image, values 0 to 1.
    pub(super) image: Array2<f32>,
    /// Its class.
    pub(super) truth: usize,
    /// The class the device names, for one that does.
    pub(super) answer: usize,
    /// Readings of all regions of all networks.
    pub(super) readings: Vec<f64>,
    /// The network whose light is shown.
    pub(super) network: usize,
    /// Intensity on object, masks and detector of that network.
    pub(super) planes: Vec<Array2<f64>>,
    /// Intensity on its detector plane for each network.
    pub(super) detectors: Vec<Array2<f64>>,
    /// Intensity along the axis.
    pub(super) side: Option<Array2<f64>>,
}

/// The image a device forms beside what free space makes of the same object.
pub(super) struct Formed {
    /// What is wanted, what is read behind the device, what without masks: values, 1 for white.
    pub(super) pictures: [Array2<f64>; 3],
    /// Structural similarity of the latter two.
    pub(super) similarity: [f64; 2],
}

/// What became of the masks since the training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MaskOrigin {
    /// The folder does not say how they came to be.
    Unknown,
    /// They are as trained.
    AsTrained,
    /// These numbers (from 1) are not the trained ones.
    Changed,
}

/// All of it.
pub(super) struct Figures<'a> {
    pub(super) device: &'a Device,
    /// The images it is judged by.
    pub(super) shown: &'a LabelledImages,
    /// Test images judged.
    pub(super) judged_images: usize,
    pub(super) figured: Figured,
    /// Power of ten images of the sample.
    pub(super) budget: PowerBudget,
    pub(super) origin: MaskOrigin,
    /// One image a class.
    pub(super) examples: Vec<Example>,
    /// Where the columns of the side views are.
    pub(super) positions: Vec<Metres>,
    /// One for each example, of a device that forms images.
    pub(super) formed: Vec<Formed>,
    pub(super) mistakes: Vec<Example>,
    pub(super) convergence: Option<Vec<Convergence>>,
    pub(super) tolerance: Option<(Judged, Vec<Outcome>)>,
    /// Images of the tolerance tables.
    pub(super) tolerance_images: usize,
    /// The plates, if masks can be printed; why not otherwise.
    pub(super) plates: std::result::Result<PrintReport, String>,
    pub(super) history: Vec<Epoch>,
}

/// What came of gathering them.
pub(super) enum Gathered<'a> {
    /// All of it.
    Whole(Box<Figures<'a>>),
    /// What was found out before it was stopped.
    Stopped(Box<SoFar>),
}

impl<'a> Figures<'a> {
    /// Judges and simulates `device`.
    ///
    /// # Errors
    /// For images that do not fit the device, plates that fail their check and damaged histories.
    pub(super) fn gather(
        device: &'a Device,
        shown: &'a LabelledImages,
        limit: Option<usize>,
        parts: &[ReportPart],
        threads: &ThreadsFlag,
        stop: &Stop,
    ) -> Result<Gathered<'a>> {
        let (design, images) = (&device.design, &shown.images);
        let history = read_history(&device.folder)?;
        let plates = plates(device)?;
        let mut so_far = Box::new(SoFar {
            figured: judge(device, images, limit, threads, stop)?,
            wanted: first_images(images, limit)?.len(),
            convergence: None,
            tolerance: None,
        });
        if stop.asked() {
            return Ok(Gathered::Stopped(so_far));
        }
        let figured = &so_far.figured;
        let judged_images = figured.images();
        let stage = ReportStage::new(device)?;
        let (examples, positions) = stage.one_a_class(images)?;
        let formed = if design.forms_image() { stage.formed(&examples)? } else { Vec::new() };
        let mistakes = match figured {
            Figured::Classes { answers, .. } => stage.mistakes(images, answers)?,
            Figured::Images(_) => Vec::new(),
        };
        let classes = !design.forms_image();
        let wants = |part| classes && parts.contains(&part);
        let few = |most: usize| Some(limit.unwrap_or(most).min(most));
        if stop.asked() {
            return Ok(Gathered::Stopped(so_far));
        }
        if wants(ReportPart::Convergence) {
            let rows = convergence::judge(device, images, few(CONVERGENCE_IMAGES), threads.threads, stop)?;
            so_far.convergence = Some(rows);
        }
        if stop.asked() {
            return Ok(Gathered::Stopped(so_far));
        }
        let tolerance_images = few(TOLERANCE_IMAGES).unwrap_or(0).min(images.len());
        if wants(ReportPart::Tolerance) {
            let found = disturb(device, images, tolerance_images, threads, stop)?;
            so_far.tolerance = found.map(|found| (found, tolerance_images));
        }
        if stop.asked() {
            return Ok(Gathered::Stopped(so_far));
        }
        let SoFar { figured, convergence, tolerance, .. } = *so_far;
        let tolerance = tolerance.map(|(found, _)| found);
        Ok(Gathered::Whole(Box::new(Figures {
            device,
            shown,
            judged_images,
            figured,
            budget: budget(device)?,
            origin: origin(device),
            examples,
            positions,
            formed,
            mistakes,
            convergence,
            tolerance,
            tolerance_images,
            plates,
            history,
        })))
    }

    /// Names of the classes.
    pub(super) fn classes(&self) -> &[String] {
        &self.device.design.data.class_names
    }
}

fn judge(
    device: &Device,
    images: &Images,
    limit: Option<usize>,
    threads: &ThreadsFlag,
    stop: &Stop,
) -> Result<Figured> {
    let engine = threads.engine(device)?;
    let (scheme, names_classes) = (engine.bench().detector.scheme(), !device.design.forms_image());
    let mut answers = Vec::new();
    let mut note = |sample: &Sample<'_>| {
        if names_classes {
            answers.push(Answer::new(scheme, sample.readings, sample.label, sample.entering));
        }
    };
    let go_on = || Ok(!stop.asked());
    let trial = Trial { go_on: &go_on, ..Trial::of(&device.design, images, limit) };
    Ok(match Judgement::of(&engine, &trial, threads, &mut note)? {
        Judgement::Classes(judged) => Figured::Classes { judged, answers },
        Judgement::Images(judged) => Figured::Images(judged),
    })
}

/// The kinds of errors with one sample a pixel, which costs a quarter of two.
fn disturb(
    device: &Device,
    images: &Images,
    count: usize,
    threads: &ThreadsFlag,
    stop: &Stop,
) -> Result<Option<(Judged, Vec<Outcome>)>> {
    let design = &device.design;
    let disturbances: Vec<Disturbance> = sizes::possible_sizes(design).into_iter().flatten().collect();
    let indices: Vec<usize> = (0..count).collect();
    let study = Study {
        values: &device.masks,
        turn: design.material.height(TAU, design.bench.wavelength),
        images,
        indices: &indices,
        draws: TOLERANCE_DRAWS,
        seed: TOLERANCE_SEED,
        readout: Readout::default(),
    };
    let engine = threads.bare_engine(design.bench.clone())?;
    let total = simulated_images(&disturbances, TOLERANCE_DRAWS, count);
    let mut progress = Progress::new("disturbing", total as u64, "images");
    let judged = tolerance(&engine, &study, &disturbances, &mut |done| {
        progress.update(done as u64, String::new);
        Ok(!stop.asked())
    });
    progress.finish();
    judged
}

/// The printing report of plates that are written where nobody keeps them.
fn plates(device: &Device) -> Result<std::result::Result<PrintReport, String>> {
    let design = &device.design;
    if let Err(error) = as_exported::check_printable(&device.folder, design) {
        return Ok(Err(error.to_string()));
    }
    if let Err(error) = design.check_for(Work::Making, &device.folder.display().to_string()) {
        return Ok(Err(error.to_string()));
    }
    let folder = Scratch::new()?;
    print_report::of_plates(device, &design.plate, folder.path(), "meshing").map(Ok)
}

fn origin(device: &Device) -> MaskOrigin {
    match &device.provenance {
        None => MaskOrigin::Unknown,
        Some(_) if device.modified.is_empty() => MaskOrigin::AsTrained,
        Some(_) => MaskOrigin::Changed,
    }
}

/// A device, ready to carry single images.
struct ReportStage {
    instrument: Instrument<f32>,
    samples: usize,
}

impl ReportStage {
    fn new(device: &Device) -> Result<Self> {
        let bench = &device.design.simulated;
        Ok(ReportStage { instrument: Instrument::new(bench, &device.masks)?, samples: bench.oversample })
    }

    /// Carries test image `number`, and gives its light, beam by beam.
    fn carry(&self, images: &Images, number: usize) -> Result<(Example, Vec<Light<f32>>)> {
        let image = images.batch(&[number]).index_axis_move(Axis(0), 0);
        let truth = usize::from(images.labels[number]);
        let bench = self.instrument.bench();
        let lights = self.instrument.light(image.view())?;
        let readings = self.instrument.readings_of(&lights);
        // Of networks side by side the one with the true class is shown.
        let network = (truth / bench.detector.classes()).min(bench.networks - 1);
        let detectors = (0..bench.networks)
            .map(|network| self.pixels(&intensity(bench, &lights, network, |light| &light.detector)))
            .collect();
        let on = |field: &dyn Fn(&Light<f32>) -> &WaveField<f32>| {
            self.pixels(&intensity(bench, &lights, network, field))
        };
        let planes = std::iter::once(on(&|light| &light.object))
            .chain((0..bench.planes().len()).map(|plane| on(&|light| &light.incident[plane])))
            .chain([on(&|light| &light.detector)])
            .collect();
        let answer = bench.detector.scheme().answer(&readings);
        Ok((
            Example { number, image, truth, answer, readings, network, planes, detectors, side: None },
            lights,
        ))
    }

    /// Mean intensity over each pixel.
    fn pixels(&self, intensity: &Array2<f64>) -> Array2<f64> {
        let samples = self.samples;
        let mut mean = Array2::zeros((intensity.nrows() / samples, intensity.ncols() / samples));
        for ((y, x), value) in intensity.indexed_iter() {
            mean[[y / samples, x / samples]] += value / (samples * samples) as f64;
        }
        mean
    }

    /// The first test image of each class, with the light from the side.
    fn one_a_class(&self, images: &Images) -> Result<(Vec<Example>, Vec<Metres>)> {
        let mut first = Vec::new();
        for class in 0..=images.labels.iter().copied().max().unwrap_or(0) {
            first.extend(images.labels.iter().position(|label| *label == class));
        }
        let carried: Vec<_> =
            first.iter().map(|number| self.carry(images, *number)).collect::<Result<_>>()?;
        let (mut examples, lights): (Vec<Example>, Vec<Vec<Light<f32>>>) = carried.into_iter().unzip();
        let beams = self.instrument.beams();
        let columns = self.instrument.bench().gaps.len() * SLICES;
        let mut progress = Progress::new("side views", (beams.len() * columns) as u64, "slices");
        let mut positions = Vec::new();
        for (index, (beam, network)) in beams.iter().enumerate() {
            let chosen: Vec<usize> =
                (0..examples.len()).filter(|example| examples[*example].network == beam.network).collect();
            let shown: Vec<&Light<f32>> = chosen.iter().map(|example| &lights[*example][index]).collect();
            if shown.is_empty() {
                continue;
            }
            let (z, views) = network.side_views(&shown, SLICES, &mut |done| {
                progress.update((index * columns + done) as u64, String::new);
            })?;
            positions = z;
            for (example, view) in chosen.into_iter().zip(views) {
                let view = self.rows(&view) * beam.share;
                examples[example].side = Some(match examples[example].side.take() {
                    Some(side) => side + view,
                    None => view,
                });
            }
        }
        progress.finish();
        Ok((examples, positions))
    }

    /// Mean over the samples of each row of pixels.
    fn rows(&self, view: &Array2<f64>) -> Array2<f64> {
        let mut mean = Array2::zeros((view.nrows() / self.samples, view.ncols()));
        for ((y, z), value) in view.indexed_iter() {
            mean[[y / self.samples, z]] += value / self.samples as f64;
        }
        mean
    }

    /// Wrong answers: the first one of each class, then the first ones of all that are left.
    fn mistakes(&self, images: &Images, answers: &[Answer]) -> Result<Vec<Example>> {
        let wrong: Vec<usize> = (0..answers.len()).filter(|number| !answers[*number].is_right()).collect();
        let is_first = |number: &usize| {
            wrong.iter().find(|other| answers[**other].truth == answers[*number].truth) == Some(number)
        };
        let (mut chosen, others): (Vec<usize>, Vec<usize>) = wrong.iter().copied().partition(is_first);
        chosen.extend(others);
        chosen.truncate(MISTAKES);
        chosen.sort_by_key(|number| (answers[*number].truth, *number));
        chosen.into_iter().map(|number| Ok(self.carry(images, number)?.0)).collect()
    }

    /// What a device that forms images makes of `examples`.
    fn formed(&self, examples: &[Example]) -> Result<Vec<Formed>> {
        let bench = self.instrument.bench();
        let free = Instrument::<f32>::new(&bench.free_space(), &[])?;
        examples
            .iter()
            .map(|example| {
                let picture = bench.object.picture(example.image.view());
                let without = free.readings(example.image.view())?;
                let of = |readings: &[f64]| (scaled(readings, &picture), likeness(readings, &picture));
                let (seen, similarity) = of(&example.readings);
                let (without, alone) = of(&without);
                Ok(Formed { pictures: [picture, seen, without], similarity: [similarity, alone] })
            })
            .collect()
    }
}
