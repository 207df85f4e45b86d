//! d2nn simulates, trains and fabricates diffractive optical neural networks.

pub mod detector;
pub mod error;
pub mod files;
pub mod grid;
pub mod material;
pub mod plots;
pub mod units;

pub use error::{Error, Result};
