//! The program as its users meet it: files, messages, exit codes.

// The lint spares test functions but not the functions they share.
#![expect(clippy::unwrap_used)]

#[path = "../support/device.rs"]
mod device;
#[path = "../support/program.rs"]
mod program;

mod as_exported;
mod classify;
mod convergence;
mod damage;
mod detection;
mod evaluate;
mod export;
mod export_kit;
mod export_stl;
mod help;
mod imaging;
mod inspect;
mod machine_readable;
mod plot;
mod propagate;
#[cfg(unix)]
mod resume;
mod set;
mod shell;
mod sweep;
mod tolerance;
mod train;
