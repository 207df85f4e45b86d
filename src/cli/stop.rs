//! Ctrl-C: asked once, the work stops after its step or its batch and nothing that is done is lost; asked again, the
//! program leaves.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::say;
use crate::error::{Error, Result};

/// Signals so soon after the first are the same one: supervisors tell a program and its whole group.
const ONE_SIGNAL: Duration = Duration::from_secs(1);

/// Whether the user has asked to stop.
pub(super) struct Stop(Arc<AtomicBool>);

/// What is said when the user asks to stop, and when the user asks again.
struct StopWords {
    first: &'static str,
    again: &'static str,
}

const TRAINING: StopWords = StopWords {
    first: "\nstopping after this step (press Ctrl-C again to leave without saving it)",
    // The last checkpoint is whole, whatever is being written.
    again: "left without saving this step; --resume goes on from the last checkpoint",
};

const JUDGING: StopWords = StopWords {
    first: "\nstopping after this batch, with the figures so far (press Ctrl-C again to leave without them)",
    // Files are written whole or not at all, whatever is being written.
    again: "left without the figures",
};

impl Stop {
    /// Watches a training from here on, when there is something to save; before, Ctrl-C just leaves. Once in a process.
    ///
    /// # Errors
    /// [`Error::Value`] when the operating system refuses.
    pub(super) fn watch() -> Result<Self> {
        Self::saying(TRAINING)
    }

    /// Watches a command that judges a device, when there is something to judge. Once in a process.
    ///
    /// # Errors
    /// [`Error::Value`] when the operating system refuses.
    pub(super) fn watch_judging() -> Result<Self> {
        Self::saying(JUDGING)
    }

    fn saying(words: StopWords) -> Result<Self> {
        let stop = Stop(Arc::new(AtomicBool::new(false)));
        let flag = Arc::clone(&stop.0);
        let mut first: Option<Instant> = None;
        ctrlc::set_handler(move || match first {
            None => {
                first = Some(Instant::now());
                flag.store(true, Ordering::SeqCst);
                say(words.first);
            }
            Some(asked) if asked.elapsed() < ONE_SIGNAL => {}
            Some(_) => {
                say(words.again);
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
