//! `d2nn view` as browsers, and others, meet it: over a socket.

// The lint spares test functions but not the functions they share.
#![expect(clippy::unwrap_used)]

#[path = "../support/device.rs"]
mod device;
#[path = "../support/program.rs"]
mod program;

mod client;
mod frames;
mod gate;
mod hostile;
#[cfg(unix)]
mod verb;
