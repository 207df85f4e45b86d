//! `d2nn view` as browsers, and others, meet it: over a socket.

mod client;
mod frames;
mod gate;
mod hostile;
#[cfg(unix)]
mod verb;
