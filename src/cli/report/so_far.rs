//! What a report that was stopped had found out: told as text, since no page is written.

use super::figured::Figured;
use crate::cli::{LabelledImages, answers, convergence, imaging, tolerance};
use crate::design::Device;
use crate::evaluation::{Convergence, GRIDS, Judged, Outcome};

/// The figures of a report that was stopped.
pub(super) struct SoFar {
    pub(super) figured: Figured,
    /// Images it was to be judged on.
    pub(super) wanted: usize,
    /// The grids that are done; none where they were not begun.
    pub(super) convergence: Option<Vec<Convergence>>,
    /// The draws that are done, and the images of each; none where they were not begun.
    pub(super) tolerance: Option<((Judged, Vec<Outcome>), usize)>,
}

impl SoFar {
    /// The figures as the commands that make them alone tell them; nothing where no image was judged.
    pub(super) fn text(&self, device: &Device, shown: &LabelledImages) -> String {
        if self.figured.images() == 0 {
            return String::new();
        }
        let heading = shown.heading(&device.design);
        let mut text = match &self.figured {
            Figured::Classes { judged, .. } => {
                answers::report(&heading, judged, &device.design.data.class_names)
            }
            Figured::Images(judged) => imaging::report(&heading, judged),
        };
        if let Some(rows) = self.convergence.as_ref().filter(|rows| !rows.is_empty()) {
            text += &format!("\n{}", convergence::table(device, shown, rows));
        }
        if let Some(((undisturbed, outcomes), images)) = &self.tolerance {
            let heading = shown.heading_of_first(*images, &device.design);
            text += &format!("\n{}", tolerance::report::table(&heading, undisturbed, outcomes));
        }
        text
    }

    /// How far it came.
    pub(super) fn describe(&self) -> String {
        if self.figured.images() == 0 {
            return format!("stopped before any of {} images was judged: nothing is told", self.wanted);
        }
        let mut told = format!("stopped after {} of {} images", self.figured.images(), self.wanted);
        if let Some(rows) = &self.convergence {
            told += &format!(", {} of {} grids", rows.len(), GRIDS.len());
        }
        if let Some(((_, outcomes), _)) = &self.tolerance {
            let runs: usize = outcomes.iter().map(|outcome| outcome.draws.len()).sum();
            told += &format!(", {runs} runs with errors");
        }
        told + ": the figures are of these alone"
    }
}
