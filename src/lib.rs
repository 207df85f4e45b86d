//! d2nn simulates, trains and fabricates diffractive optical neural networks.

pub mod dataset;
pub mod detector;
pub mod error;
pub mod files;
pub mod grid;
pub mod material;
pub mod units;

pub use error::{Error, Result};
