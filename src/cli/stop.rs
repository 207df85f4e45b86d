//! Ctrl-C: asked once, the work stops after its step; asked twice, the program leaves.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::say;
use crate::error::{Error, Result};

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
        ctrlc::set_handler(move || {
            if flag.swap(true, Ordering::SeqCst) {
                // Asked twice: leave now. The last checkpoint is whole, whatever is being written.
                std::process::exit(130);
            }
            say("\nstopping after this step (press Ctrl-C again to leave without saving it)");
        })
        .map_err(|error| Error::Value(format!("cannot watch for Ctrl-C: {error}")))?;
        Ok(stop)
    }

    /// Whether to stop.
    pub(super) fn asked(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
