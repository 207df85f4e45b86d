//! `d2nn data`: where data sets are, and fetching them.

use std::fmt::Write as _;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::advice::advised;
use super::{print, print_json, say};
use crate::dataset::download::Received;
use crate::dataset::{
    DatasetName, Finding, ImageSet, Places, SAMPLE_LICENCE, SearchPlace, SearchStep, Source, Split, Verdict,
    Wanted, locate, survey, verify,
};
use crate::error::Result;

/// Shows where data sets are looked for and what is there, or downloads one.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:
  d2nn data                      what is where
  d2nn data --json               the same for programs
  d2nn data fetch fashion-mnist  download into the cache, checksums verified

Environment:
  D2NN_CACHE    folder for downloaded data sets instead of the user's cache
  D2NN_OFFLINE  1: never use the network"
)]
pub struct DataArgs {
    #[command(subcommand)]
    command: Option<DataCommand>,
    /// What is where as one JSON object on stdout
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum DataCommand {
    /// Show where each data set is looked for and what was found (the default)
    #[command(after_help = "Example:\n  d2nn data where")]
    Where,
    /// Download a data set into the user's cache, or replace what is damaged there
    #[command(after_help = "Example:\n  d2nn data fetch fashion-mnist")]
    Fetch {
        /// The data set
        #[arg(value_parser = PossibleValuesParser::new(DatasetName::ALL.map(DatasetName::as_str))
            .try_map(|text| text.parse::<DatasetName>()))]
        name: DatasetName,
    },
    /// Print the licence of the built-in sample
    Licence,
}

/// Runs `d2nn data`.
///
/// # Errors
/// [`crate::Error::Download`], [`crate::Error::File`] or [`crate::Error::Io`] when a data set cannot be fetched,
/// [`crate::Error::Usage`] when the environment forbids it.
pub fn run(args: DataArgs) -> Result<()> {
    let places = Places::from_environment();
    match args.command.unwrap_or(DataCommand::Where) {
        DataCommand::Where if args.json => print_json(&as_json(&places)),
        DataCommand::Where => print(&table(&places)),
        DataCommand::Licence => print(SAMPLE_LICENCE),
        DataCommand::Fetch { name } => {
            let mut bar = DownloadProgress::default();
            let located = locate(name, &Wanted::Download, &places, &Split::ALL, &mut |step| bar.show(step));
            bar.finish();
            let folder = located?.source.folder().map(Path::to_owned).unwrap_or_default();
            if bar.downloads == 0 {
                say("nothing to download: every file is there");
            }
            print(&format!("{name} is in {}: {}\n", folder.display(), content(name, &folder, &places)))
        }
    }
}

/// Finds a data set for a command: shows downloads and prints the warning of the sample, both to stderr.
///
/// # Errors
/// As [`locate`].
pub fn locate_aloud(set: &ImageSet, wanted: &Wanted, splits: &[Split]) -> Result<Source> {
    let mut bar = DownloadProgress::default();
    let located = locate(set, wanted, &Places::from_environment(), splits, &mut |step| bar.show(step));
    bar.finish();
    let located = located?;
    if let Some(warning) = located.warning() {
        say(&format!("warning: {}", advised(warning, std::env::args_os())));
    }
    Ok(located.source)
}

/// A bar for each download on a terminal, a line for each otherwise, on stderr.
#[derive(Default)]
struct DownloadProgress {
    url: String,
    bar: Option<ProgressBar>,
    downloads: usize,
}

impl DownloadProgress {
    fn show(&mut self, step: &Received) {
        if self.url != step.url {
            self.finish();
            self.url = step.url.to_owned();
            self.downloads += 1;
            if std::io::stderr().is_terminal() {
                let bar = ProgressBar::new(step.total.unwrap_or(0));
                let template = "{wide_msg} {bytes:>10} / {total_bytes:<10} {bytes_per_sec:>12}";
                if let Ok(style) = ProgressStyle::with_template(template) {
                    bar.set_style(style);
                }
                bar.set_message(step.url.to_owned());
                self.bar = Some(bar);
            } else {
                say(&format!("downloading {}", step.url));
            }
        }
        if let Some(bar) = &self.bar {
            bar.set_position(step.received);
        }
    }

    fn finish(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.abandon();
        }
    }
}

/// Each data set with the places it is looked for, in order, and what is there.
fn table(places: &Places) -> String {
    let mut text =
        String::from("A folder named with --data is the only place; otherwise the first that serves:\n");
    for name in DatasetName::ALL {
        let _ = write!(text, "\n{name}\n");
        let mut used = false;
        for step in survey(name, places) {
            let finding = match (&step.finding, step.place) {
                (Finding::Found, SearchPlace::Cache | SearchPlace::System | SearchPlace::Named) => {
                    content(name, Path::new(&step.at), places)
                }
                (Finding::Found, SearchPlace::Download) => "may be downloaded".into(),
                (Finding::Found, SearchPlace::BuiltinSample) => "there, for trying out".into(),
                (Finding::Absent(why), _) => why.clone(),
                (Finding::Skipped(why), _) => format!("skipped: {why}"),
                (Finding::Failed(why), _) => format!("failed: {why}"),
            };
            let chosen = step.finding == Finding::Found && !used;
            used |= chosen;
            let mark = if chosen { '>' } else { ' ' };
            let _ = write!(text, "{mark} {:<8} {}\n           {finding}\n", label(step.place), step.at);
        }
    }
    text
}

fn label(place: SearchPlace) -> &'static str {
    match place {
        SearchPlace::Named => "--data",
        SearchPlace::Cache => "cache",
        SearchPlace::System => "system",
        SearchPlace::Download => "network",
        SearchPlace::BuiltinSample => "sample",
    }
}

/// The same for programs: for each data set its places in order. `files` of a folder in the order train images, train
/// labels, test images, test labels; `sha256` is there where it is not the published one.
fn as_json(places: &Places) -> Value {
    let file = |(path, count, verdict): (PathBuf, usize, Verdict)| {
        let (state, problem, sum) = match verdict {
            Verdict::Published => ("published", None, None),
            Verdict::Other(sum) => ("other", None, Some(sum)),
            Verdict::Unlisted(sum) => ("unlisted", None, Some(sum)),
            Verdict::Damaged(why) => ("damaged", Some(why), None),
        };
        json!({ "file": path.display().to_string(), "count": count, "content": state, "problem": problem, "sha256": sum })
    };
    let place = |name: DatasetName, step: &SearchStep| {
        let (state, why) = match &step.finding {
            Finding::Found => ("found", None),
            Finding::Absent(why) => ("absent", Some(why)),
            Finding::Skipped(why) => ("skipped", Some(why)),
            Finding::Failed(why) => ("failed", Some(why)),
        };
        let folder =
            step.finding == Finding::Found && matches!(step.place, SearchPlace::Cache | SearchPlace::System);
        let files: Vec<Value> = if folder {
            verify(name, Path::new(&step.at), places).into_iter().map(file).collect()
        } else {
            Vec::new()
        };
        json!({ "place": label(step.place), "at": step.at, "state": state, "why": why, "files": files })
    };
    let all = DatasetName::ALL.map(|name| {
        let steps = survey(name, places);
        (name.as_str().to_owned(), steps.iter().map(|step| place(name, step)).collect::<Value>())
    });
    Value::Object(all.into_iter().collect())
}

/// Counts of the files in `folder` and what their checksums say.
fn content(name: DatasetName, folder: &Path, places: &Places) -> String {
    let files = verify(name, folder, places);
    // In the order train images, train labels, test images, test labels.
    let counts: Vec<String> = files.iter().step_by(2).map(|(_, count, _)| count.to_string()).collect();
    let mut text = format!("{} images", counts.join(" + "));
    if files.iter().all(|(_, _, verdict)| *verdict == Verdict::Published) {
        text += ", checksums are the published ones";
    }
    if files.iter().any(|(_, _, verdict)| matches!(verdict, Verdict::Unlisted(_))) {
        text += ", whose published checksums are not known";
    }
    for (file, _, verdict) in &files {
        let file = file.file_name().unwrap_or(file.as_os_str()).display();
        match verdict {
            Verdict::Published | Verdict::Unlisted(_) => {}
            Verdict::Other(sum) => {
                let _ = write!(text, "\n           {file} is not the published file: its SHA-256 is {sum}");
            }
            Verdict::Damaged(why) => {
                let _ = write!(text, "\n           damaged: {why}");
            }
        }
    }
    text
}
