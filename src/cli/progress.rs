//! How far a command is: a bar on a terminal, an occasional line elsewhere, always on stderr.

use std::fmt::Write;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressState, ProgressStyle};

use super::say;
use crate::units::three_digits;

/// Between two lines where there is no terminal.
const QUIET: Duration = Duration::from_secs(20);

/// Progress of one piece of work with a known number of items.
pub struct Progress {
    bar: Option<ProgressBar>,
    what: String,
    unit: &'static str,
    total: u64,
    began: Instant,
    spoke: Instant,
    /// Items done before this sitting; they do not count for the rate.
    before: Option<u64>,
}

impl Progress {
    /// Begins `total` items of `what`, counted in `unit` ("images").
    pub fn new(what: impl Into<String>, total: u64, unit: &'static str) -> Self {
        let what = what.into();
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(total);
            let template =
                format!("{{prefix}} {{wide_bar}} {{pos}}/{{len}} {unit} {{rate:>9}}, {{eta}} left{{msg}}");
            if let Ok(style) = ProgressStyle::with_template(&template) {
                let rate = |state: &ProgressState, text: &mut dyn Write| {
                    // A bar that cannot be written shows nothing.
                    let _ = text.write_str(&per_second(state.per_sec()));
                };
                bar.set_style(style.with_key("rate", rate));
            }
            bar.set_prefix(what.clone());
            bar
        });
        let now = Instant::now();
        Progress { bar, what, unit, total, began: now, spoke: now, before: None }
    }

    /// Says that `done` items are done; `message` is made only when it is shown.
    pub fn update(&mut self, done: u64, message: impl FnOnce() -> String) {
        let before = *self.before.get_or_insert(0);
        if let Some(bar) = &self.bar {
            bar.set_position(done);
            bar.set_message(after_comma(&message()));
        } else if self.spoke.elapsed() >= QUIET {
            self.spoke = Instant::now();
            let rate = (done - before) as f64 / self.began.elapsed().as_secs_f64();
            let left = Duration::from_secs_f64((self.total - done.min(self.total)) as f64 / rate.max(1e-9));
            say(&format!(
                "{}: {done}/{} {}, {}, {} left{}",
                self.what,
                self.total,
                self.unit,
                per_second(rate),
                HumanDuration(left),
                after_comma(&message())
            ));
        }
    }

    /// Goes on from `done` items that were done in an earlier sitting.
    pub fn resume_at(&mut self, done: u64) {
        self.before = Some(done);
        if let Some(bar) = &self.bar {
            bar.set_position(done);
            bar.reset_eta();
        }
    }

    /// Prints a line that stays, on stderr.
    pub fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| say(text)),
            None => say(text),
        }
    }

    /// Ends the work and takes the bar away.
    pub fn finish(self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// `message` as the end of a line that has begun; nothing where there is none.
fn after_comma(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(", {message}") }
}

/// A rate, in three digits: `12.3/s`.
fn per_second(rate: f64) -> String {
    format!("{}/s", three_digits(rate))
}
