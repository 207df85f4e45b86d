//! d2nn simulates, trains and fabricates diffractive optical neural networks.

pub mod cli;
pub mod dataset;
pub mod design;
pub mod detector;
pub mod engine;
pub mod error;
pub mod evaluation;
pub mod fabrication;
pub mod field;
pub mod files;
pub mod grid;
pub mod mask;
pub mod material;
pub mod network;
pub mod npy;
pub mod object;
pub mod plots;
pub mod propagation;
pub mod random;
pub mod training;
pub mod units;

pub use error::{Error, Result};
