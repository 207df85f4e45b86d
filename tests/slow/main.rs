//! What takes longer than tests should: `cargo test --test slow`, which `.ci/run` runs too.

// The lint spares test functions but not the functions they share.
#![allow(clippy::unwrap_used)]

#[path = "../support/mod.rs"]
mod support;

#[cfg(unix)]
mod bad_days;
mod displaced;
mod layers;
#[cfg(unix)]
mod resume;
#[cfg(unix)]
mod stopped;
mod sweep;
mod whole;
