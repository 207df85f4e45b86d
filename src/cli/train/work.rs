//! A training at work: step after step, told, drawn and saved on the way, tested at the end.

use std::time::Instant;

use ndarray::{Array2, Axis, Slice};

use super::folder::{checkpoint_path, note_command, sweep_up, with_advice};
use super::forecast::Forecast;
use super::job::{Job, JobStart};
use super::outcome::{Trained, finish};
use super::telling::{epoch_row, score, stage_line, table_head};
use crate::cli::plot;
use crate::cli::progress::Progress;
use crate::cli::stop::Stop;
use crate::dataset::hold_out;
use crate::design::Stage;
use crate::design::folder::{CHECKPOINT, DESIGN, remove_results, write_history, write_masks};
use crate::error::{Error, Result};
use crate::files::{create_folder, write_bytes};
use crate::training::checkpoint::{self, Identity};
use crate::training::{State, Trainer, leading_components};

/// What a training gathers on its way.
#[derive(Default)]
struct Sitting {
    /// The leading modes of the images, once a stage has asked for them.
    modes: Option<Array2<f32>>,
    /// The command lines of all sittings so far; none before this one has begun to write.
    commands: Vec<String>,
}

impl Job<'_> {
    /// Trains to the end, tests, and writes the device.
    ///
    /// # Errors
    /// What engine and files refuse; [`Error::Interrupted`] when `stop` is asked, when everything is saved.
    pub(in crate::cli) fn run(self, stop: &Stop) -> Result<Trained> {
        let advised = |error| with_advice(error, &self.folder, &self.go_on);
        let mut outcome = self.work(stop).map_err(advised)?;
        outcome.unfinished = outcome.unfinished.map(advised);
        drop(self.lock);
        Ok(outcome)
    }

    fn work(&self, stop: &Stop) -> Result<Trained> {
        let mut sitting = Sitting::default();
        let state = self.train(&mut sitting, stop)?;
        finish(self, state, &sitting.commands, stop)
    }

    /// Puts the folder in order before the first step of this sitting, from `state` on.
    fn begin(&self, state: &State) -> Result<Vec<String>> {
        let anew = !self.start.resumes();
        if anew {
            remove_results(&self.folder)?;
            write_bytes(&self.folder.join(DESIGN), self.text.as_bytes())?;
        }
        sweep_up(&self.folder)?;
        create_folder(&self.folder.join(CHECKPOINT))?;
        let commands = note_command(&self.folder)?;
        if anew {
            // From here on there is something to go on from.
            self.save(state)?;
        }
        Ok(commands)
    }

    /// Trains to the end, stage after stage.
    fn train(&self, sitting: &mut Sitting, stop: &Stop) -> Result<State> {
        let stages = self.design.stages(self.dataset.train.len());
        let bench = &self.design.bench;
        let settings = self.design.settings(self.dataset.train.len());
        let mut state = match &self.start {
            JobStart::Anew => State::new(bench, settings.start, settings.seed),
            JobStart::From(state) | JobStart::Resumed(state) => state.clone(),
        };
        let learned_from = self.dataset.train.len().saturating_sub(settings.validation) as u64;
        let tested = self.dataset.test.len();
        let mut forecast = Forecast::new(&self.design, &stages, learned_from, tested);
        for (number, stage) in stages.iter().enumerate() {
            let end = stage.settings.first_epoch + stage.settings.epochs;
            // Nothing is planned for a stage that an earlier sitting finished.
            if (state.history.len() as u64) < end {
                let epochs = state.history.len() as u64 - stage.settings.first_epoch;
                let batch = stage.settings.batch as u64;
                let done = epochs * learned_from.div_ceil(batch) + state.images.div_ceil(batch);
                forecast.begin(number, done);
                state = self.run_stage(stage, state, sitting, &mut forecast, stop)?;
            }
        }
        if sitting.commands.is_empty() {
            // Only the test was left to do.
            sitting.commands = self.begin(&state)?;
        }
        Ok(state)
    }

    /// Trains to the end of `stage`, saving on the way.
    fn run_stage(
        &self,
        stage: &Stage,
        state: State,
        sitting: &mut Sitting,
        forecast: &mut Forecast,
        stop: &Stop,
    ) -> Result<State> {
        let Stage { settings, bench, modes } = stage;
        let (modulation, objective) = (bench.modulation, self.design.objective());
        let mut engine = self.threads.bare_engine(bench.clone())?;
        let threads = engine.threads();
        if let Some(modes) = *modes {
            engine = engine.with_basis(self.leading_modes(&mut sitting.modes, modes)?)?;
        }
        let mut trainer =
            Trainer::new(Box::new(engine), objective.loss(), *settings, &self.dataset.train, state)?;
        if sitting.commands.is_empty() {
            if stop.asked() {
                return Err(Error::Interrupted("stopped before the first step: nothing was changed".into()));
            }
            sitting.commands = self.begin(trainer.state())?;
        }
        let image_count = trainer.training_images() as u64;
        let epochs = trainer.state().history.len() as u64 - settings.first_epoch;
        let mut done = epochs * image_count + trainer.state().images;
        let mut progress = Progress::new("training", settings.epochs * image_count, "images");
        progress.resume_at(done);
        progress.line(&stage_line(self, stage, image_count, trainer.steps_an_epoch(), threads));
        if let Some(line) = forecast.line() {
            progress.line(&line);
        }
        progress.line(&table_head(objective));
        let mut saved = Instant::now();
        let mut drawn = trainer.state().history.len() as u64;
        let mut began = Instant::now();
        while !trainer.finished() {
            let step = trainer.step()?;
            done += step.images as u64;
            let epoch = trainer.state().history.len();
            progress.update(done, || {
                let score = score(objective, step.accuracy);
                let left = forecast.remark().map_or_else(String::new, |left| format!(", {left}"));
                format!("epoch {} step {} loss {:.4} {score}{left}", epoch + 1, step.step, step.loss)
            });
            // Epochs of large batches are short: those with a look at the validation images are told and saved.
            let told = step.finished.filter(|row| {
                modes.is_none() || settings.validation == 0 || !row.validation_accuracy.is_nan()
            });
            if let Some(row) = &told {
                progress.line(&epoch_row(row, self.epochs(), objective));
                write_history(&self.folder, &trainer.state().history)?;
                let masks = trainer.state().values(&self.design.bench);
                write_masks(&self.folder, modulation, &masks)?;
                if self.plot_every.is_some_and(|epochs| row.epoch - drawn >= epochs) {
                    drawn = row.epoch;
                    self.draw(masks)?;
                }
            }
            // After the last step the test comes, which asks again.
            let last = trainer.finished() && trainer.state().history.len() as u64 == self.epochs();
            let stopping = stop.asked() && !last;
            if told.is_some() || stopping || saved.elapsed() >= self.save.interval() {
                self.save(trainer.state())?;
                saved = Instant::now();
            }
            // Saving and drawing included: they come again.
            if forecast.took(began.elapsed().as_secs_f64())
                && let Some(line) = forecast.line()
            {
                progress.line(&line);
            }
            began = Instant::now();
            if stopping {
                progress.finish();
                return Err(Error::Interrupted(format!(
                    "stopped after {} of {} steps, everything is saved; go on with\n  {}",
                    step.step,
                    self.steps(image_count),
                    self.go_on
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
    fn leading_modes(&self, found: &mut Option<Array2<f32>>, count: usize) -> Result<Array2<f32>> {
        let images = &self.dataset.train;
        let modes = match found {
            Some(modes) => modes,
            None => {
                let settings = self.design.settings(images.len());
                let most = self.design.stages(images.len()).iter().filter_map(|stage| stage.modes).max();
                let held = hold_out(&images.labels, settings.validation, settings.seed)?;
                let leading = leading_components(
                    &self.design.bench.object,
                    images,
                    &held.training,
                    settings.flips,
                    most.unwrap_or(count),
                )?;
                found.insert(leading)
            }
        };
        Ok(modes.slice_axis(Axis(0), Slice::from(..count)).to_owned())
    }

    /// Draws the device as it is now.
    fn draw(&self, masks: Vec<Array2<f32>>) -> Result<()> {
        plot::during_training(&self.device(masks), &self.dataset.test, self.data_note())
    }

    fn save(&self, state: &State) -> Result<()> {
        let identity = Identity { design: self.text.clone(), data: self.dataset.checksum.clone() };
        checkpoint::save(&checkpoint_path(&self.folder), state, &identity)
    }
}
