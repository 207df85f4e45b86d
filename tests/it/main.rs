//! Everything that is claimed and can be tested in minutes, one module a subject, in one program.
//!
//! What takes longer is in `tests/slow`; docs/architecture.md says how to run which.

// The lint spares test functions but not the functions they share.
#![allow(clippy::unwrap_used)]

#[path = "../support/mod.rs"]
mod support;

mod adjoint;
mod analytic;
mod architecture;
mod as_exported;
mod beams;
mod brought;
mod camera;
mod carrier;
mod classifier;
mod cli;
mod conventions;
mod dataset;
mod design_files;
mod docs;
mod energy;
mod engine;
mod fabrication;
mod formats;
mod frames;
mod golden;
mod hostile;
mod kit;
mod mask_files;
mod misalignment;
mod modes;
mod motion;
mod optics;
mod own_pixels;
mod plates;
mod plots;
mod report;
mod solids;
mod stream;
mod tolerance;
mod training;
mod view;
