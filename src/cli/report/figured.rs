//! What a device was judged by, for the report.

use crate::cli::imaging;
use crate::evaluation::{Answer, Evaluation};

/// Figures of what the device is for.
pub(super) enum Figured {
    /// It names classes.
    Classes { judged: Evaluation, answers: Vec<Answer> },
    /// It forms images.
    Images(imaging::BesideFreeSpace),
}

impl Figured {
    /// Number of images.
    pub(super) fn images(&self) -> usize {
        match self {
            Figured::Classes { judged, .. } => judged.images,
            Figured::Images(judged) => judged.device.images,
        }
    }
}
