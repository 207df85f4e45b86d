//! How well a device answers, and with how much of the light.
//!
//! [`stream`] shows images and what is read of them, one after the other; judges look on. [`evaluate`] judges answers,
//! [`evaluate_images`] images, [`convergence`] a device on other grids, [`tolerance`] one with errors of building it;
//! `examples/custom_detector.rs` shows the first.

mod budget;
mod classes;
mod convergence;
mod figures;
pub mod imaging;
mod photons;
mod spread;
mod ssim;
mod stream;
mod thickness;
mod tolerance;

pub use budget::PowerBudget;
pub use classes::{ClassJudge, Evaluation, evaluate};
pub use convergence::{Convergence, FIELD_IMAGES, GRIDS, convergence};
pub use figures::{ACCURACY, Figure, FigureUnit, SSIM};
pub use imaging::{ImageFigures, ImageJudge, evaluate_images};
pub use photons::Readout;
pub use spread::{Answer, Spread, wilson_interval};
pub use ssim::ssim;
pub use stream::{Sample, SampleLoss, stream};
pub use thickness::thin_correlation;
pub use tolerance::{Disturbance, Judged, Outcome, Study, simulated_images, tolerance};
