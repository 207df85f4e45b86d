//! Ctrl-C: asked once, the work stops after its step; asked again, the program leaves.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::say;
use crate::error::{Error, Result};

/// Signals so soon after the first are the same one: supervisors tell a program and its whole group.
const ONE_SIGNAL: Duration = Duration::from_secs(1);

/// Whether the user has asked to stop.
pub(super) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Watches from here on, when there is something to save; before, Ctrl-C just leaves. Once in a process.
    ///
    /// # Errors
    /// [`Error::Value`] when the operating system refuses.
    pub(super) fn watch() -> Result<Self> {
        let stop = Stop(Arc::new(AtomicBool::new(false)));
        let flag = Arc::clone(&stop.0);
        let mut first: Option<Instant> = None;
        ctrlc::set_handler(move || match first {
            None => {
                first = Some(Instant::now());
                flag.store(true, Ordering::SeqCst);
                say("\nstopping after this step (press Ctrl-C again to leave without saving it)");
            }
            Some(asked) if asked.elapsed() < ONE_SIGNAL => {}
            Some(_) => {
                // The last checkpoint is whole, whatever is being written.
                say("left without saving this step; --resume goes on from the last checkpoint");
                std::process::exit(130);
            }
        })
        .map_err(|error| Error::Value(format!("cannot watch for Ctrl-C: {error}")))?;
        Ok(stop)
    }

    /// Whether to stop.
    pub(super) fn asked(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
