//! Training: from labelled images to phases.
mod loss;
mod optimiser;
pub use loss::CrossEntropy;
pub use optimiser::Adam;
