//! What training minimises: from the readings of a sample to a number and its derivatives.

mod class;
mod picture;

pub use class::{ClassError, ClassLoss, Hinge};
pub use picture::ImageError;
