//! Where a data set is: the folder the user named, the cache, the system's folder, the network, the sample.
//!
//! The first place that has every file needed wins. A place the user named is never replaced by another one.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::download::{self, Patience, Received};
use super::idx::Idx;
use super::idx_folder::IdxFolder;
use super::names::DatasetName;
use super::published::{Catalogue, Part, Split};
use super::reading::Files;
use super::sample;
use super::set::ImageSet;
use super::source::Source;
use crate::error::{Error, Result};

/// What the user asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Wanted {
    /// Nothing named: search.
    #[default]
    Search,
    /// This folder or file and no other.
    Folder(PathBuf),
    /// The set of this name, wherever it is found.
    Set(DatasetName),
    /// The sample in the program (`builtin`).
    Builtin,
    /// The cache, filled from the network where it lacks or has damaged files (`download`).
    Download,
}

impl From<OsString> for Wanted {
    /// `builtin`, `download`, the name of a data set, or a folder or file (one that is named like a word is written
    /// `./builtin`).
    fn from(text: OsString) -> Self {
        match text.to_str() {
            Some("builtin") => Wanted::Builtin,
            Some("download") => Wanted::Download,
            Some(word) => word.parse().map_or_else(|_| Wanted::Folder(text.into()), Wanted::Set),
            None => Wanted::Folder(text.into()),
        }
    }
}

/// The places of this machine and user.
#[derive(Clone, Debug)]
pub struct Places {
    /// The user's cache of this program; each data set has a folder in it.
    pub cache: Option<PathBuf>,
    /// The system's folder of data sets; each has a folder in it.
    pub system: Option<PathBuf>,
    /// Whether the network must not be used.
    pub offline: bool,
    /// How long the network may take.
    pub patience: Patience,
    /// What to download from where, if not what [`Catalogue::published`] says.
    pub catalogue: Option<Catalogue>,
}

impl Places {
    /// The places the environment names; nothing else in the library reads it.
    pub fn from_environment() -> Self {
        Places::from_variables(|name| std::env::var_os(name))
    }

    /// The places that environment variables with these values name: `D2NN_CACHE` or else the custom of the
    /// operating system, and `D2NN_OFFLINE` (anything but empty and 0).
    pub fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let folder = |name: &str| variable(name).map(PathBuf::from).filter(|folder| folder.is_absolute());
        let cache = variable("D2NN_CACHE").map(PathBuf::from).or_else(|| {
            let caches = if cfg!(windows) {
                folder("LOCALAPPDATA")
            } else if cfg!(target_os = "macos") {
                folder("HOME").map(|home| home.join("Library/Caches"))
            } else {
                folder("XDG_CACHE_HOME").or_else(|| folder("HOME").map(|home| home.join(".cache")))
            };
            caches.map(|caches| caches.join("d2nn"))
        });
        Places {
            cache,
            system: cfg!(unix).then(|| PathBuf::from("/usr/share/datasets")),
            offline: variable("D2NN_OFFLINE").is_some_and(|value| value != OsStr::new("0")),
            patience: Patience::default(),
            catalogue: None,
        }
    }

    /// What is downloaded from where; `None` for a set that is not downloaded.
    pub fn catalogue(&self, name: DatasetName) -> Option<Catalogue> {
        self.catalogue.clone().or_else(|| Catalogue::published(name))
    }

    /// The folder of `name` in the cache.
    fn cache_of(&self, name: DatasetName) -> Option<PathBuf> {
        self.cache.as_ref().map(|cache| cache.join(name.as_str()))
    }
}

/// A place that is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchPlace {
    /// The folder that is named.
    Named,
    /// The user's cache.
    Cache,
    /// The system's folder.
    System,
    /// The network.
    Download,
    /// The sample in the program.
    BuiltinSample,
}

/// What was found at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Every file that is needed.
    Found,
    /// Not every file: what is missing.
    Absent(String),
    /// Not searched: why.
    Skipped(String),
    /// Tried in vain: why.
    Failed(String),
}

/// One step of the search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchStep {
    /// The kind of place.
    pub place: SearchPlace,
    /// Folder or addresses.
    pub at: String,
    /// What was found.
    pub finding: Finding,
}

/// A data set that was found, and the way there.
#[derive(Clone, Debug)]
pub struct Located {
    /// Where it is.
    pub source: Source,
    /// The places that were searched, in order; the last one has it.
    pub steps: Vec<SearchStep>,
}

impl Located {
    /// What the user must be told: [`Source::warning`], and why the network did not help.
    pub fn warning(&self) -> Option<String> {
        let warning = self.source.warning()?;
        let failure = self.steps.iter().find_map(|step| match &step.finding {
            Finding::Failed(why) => Some(format!(" (the download failed: {why})")),
            Finding::Skipped(why) if step.place == SearchPlace::Download => {
                Some(format!(" (nothing was downloaded: {why})"))
            }
            _ => None,
        });
        Some(warning + &failure.unwrap_or_default())
    }
}

/// Finds the files of `set` that `splits` need; `progress` is told of each piece of a download.
///
/// # Errors
/// [`Error::File`] when a folder the user named lacks a file, [`Error::Usage`] when what the user asks for is
/// not there to be had, [`Error::Download`] when the download the user asks for fails ([`Error::Feature`] in a build
/// that downloads nothing), [`Error::Value`] when nothing is found anywhere.
pub fn locate(
    set: impl Into<ImageSet>,
    wanted: &Wanted,
    places: &Places,
    splits: &[Split],
    progress: &mut dyn FnMut(&Received),
) -> Result<Located> {
    let set = set.into();
    let parts: Vec<Part> = splits.iter().flat_map(|split| split.parts()).collect();
    let name = match (wanted, set.known) {
        (Wanted::Folder(path), known) => return named(path, known, &parts),
        (Wanted::Set(name), _) => *name,
        (_, Some(name)) => name,
        (Wanted::Search, None) => return own(&set, &parts),
        (Wanted::Builtin | Wanted::Download, None) => {
            return Err(Error::Usage(format!(
                "{set} is neither built in nor downloaded: name its files as training.data"
            )));
        }
    };
    match wanted {
        Wanted::Builtin if name != DatasetName::FashionMnist => Err(Error::Usage(format!(
            "the built-in sample is of fashion-mnist, not of {name}; {}",
            how_to_get(name, places)
        ))),
        Wanted::Builtin => Ok(Located { source: Source::BuiltinSample, steps: vec![sample_step(name)] }),
        Wanted::Download => {
            let Some(catalogue) = places.catalogue(name) else {
                return Err(Error::Usage(format!("{name} is not downloaded: {}", how_to_get(name, places))));
            };
            if places.offline {
                return Err(Error::Usage(format!(
                    "D2NN_OFFLINE forbids to download {name}: unset it, or name a folder that has the files \
                     as training.data"
                )));
            }
            let folder = places.cache_of(name).ok_or_else(|| {
                Error::Usage("there is no folder to download to: set D2NN_CACHE to one".into())
            })?;
            let there = IdxFolder::find(&folder, Some(name), &parts);
            for part in parts {
                let is_good = |file: &PathBuf| {
                    sum(file, part).is_ok_and(|sum| catalogue.vouches_for(part, &sum, file) == Some(true))
                };
                let good = there.file(part).is_some_and(|file| is_good(&file));
                if !good {
                    download::fetch(&catalogue, part, &folder, &places.patience, progress)?;
                }
            }
            let at = folder.display().to_string();
            let step = SearchStep { place: SearchPlace::Download, at, finding: Finding::Found };
            Ok(Located { source: Source::Download(folder), steps: vec![step] })
        }
        _ => search(name, places, &parts, progress),
    }
}

/// The place the user named, and no other.
fn named(path: &Path, known: Option<DatasetName>, parts: &[Part]) -> Result<Located> {
    let found = || {
        let step =
            SearchStep { place: SearchPlace::Named, at: path.display().to_string(), finding: Finding::Found };
        Located { source: Source::named(path.to_owned()), steps: vec![step] }
    };
    if path.is_file() {
        return Ok(found());
    }
    let folder = IdxFolder::find(path, known, parts);
    let missing = folder.missing(parts);
    let is_idx = missing.len() < parts.len() || !path.is_dir();
    if missing.is_empty() || !is_idx && matches!(Files::at(path, known)?, Files::Pictures(_)) {
        return Ok(found());
    }
    Err(folder.lacks(&missing))
}

/// The files of a set that somebody brought: its name is where they are.
fn own(set: &ImageSet, parts: &[Part]) -> Result<Located> {
    let path = Path::new(&set.name);
    if !path.exists() {
        return Err(Error::file(
            path,
            "the images of this device are not there, as seen from the current folder: name them as training.data",
        ));
    }
    named(path, None, parts)
}

/// What to do about a set that is not found.
fn how_to_get(name: DatasetName, places: &Places) -> String {
    let folder = "name a folder that has it as training.data";
    match places.catalogue(name) {
        Some(_) => format!("get {name} with `d2nn data fetch {name}`, or {folder}"),
        None => format!("{folder}; {name} is looked for on this machine and never downloaded (docs/data.md)"),
    }
}

fn search(
    name: DatasetName,
    places: &Places,
    parts: &[Part],
    progress: &mut dyn FnMut(&Received),
) -> Result<Located> {
    let mut steps = Vec::new();
    for mut step in passive_steps(name, places, parts) {
        if step.place == SearchPlace::Download
            && step.finding == Finding::Found
            && let Some(folder) = places.cache_of(name)
        {
            let missing = IdxFolder::find(&folder, Some(name), parts).missing(parts);
            let fetched = places.catalogue(name).map_or(Ok(()), |catalogue| {
                missing.into_iter().try_for_each(|part| {
                    download::fetch(&catalogue, part, &folder, &places.patience, progress).map(drop)
                })
            });
            if let Err(error) = fetched {
                step.finding = Finding::Failed(error.to_string());
            }
        }
        let source = match (step.place, &step.finding) {
            (SearchPlace::Cache, Finding::Found) => places.cache_of(name).map(Source::Cache),
            (SearchPlace::Download, Finding::Found) => places.cache_of(name).map(Source::Download),
            (SearchPlace::System, Finding::Found) => Some(Source::System(PathBuf::from(&step.at))),
            (SearchPlace::BuiltinSample, Finding::Found) => Some(Source::BuiltinSample),
            _ => None,
        };
        steps.push(step);
        if let Some(source) = source {
            return Ok(Located { source, steps });
        }
    }
    let reasons: Vec<String> = steps
        .iter()
        .filter_map(|step| match &step.finding {
            Finding::Found => None,
            Finding::Absent(why) | Finding::Skipped(why) | Finding::Failed(why) => {
                Some(format!("\n  {}: {why}", step.at))
            }
        })
        .collect();
    Err(Error::Value(format!(
        "the data set {name} was not found; {}. Searched:{}",
        how_to_get(name, places),
        reasons.concat()
    )))
}

/// Looks at every place where `name` is searched for, without downloading anything: the network counts as
/// found when it may be used.
pub fn survey(name: DatasetName, places: &Places) -> Vec<SearchStep> {
    passive_steps(name, places, &Part::ALL)
}

fn passive_steps(name: DatasetName, places: &Places, parts: &[Part]) -> Vec<SearchStep> {
    let nowhere =
        |place, why: &str| SearchStep { place, at: "-".into(), finding: Finding::Skipped(why.into()) };
    let cache = match places.cache_of(name) {
        Some(folder) => look(name, SearchPlace::Cache, &folder, parts),
        None => nowhere(SearchPlace::Cache, "no home folder is known: set D2NN_CACHE"),
    };
    let system = match &places.system {
        Some(folder) => look(name, SearchPlace::System, &folder.join(name.as_str()), parts),
        None => nowhere(SearchPlace::System, "this operating system has no such folder"),
    };
    let catalogue = places.catalogue(name);
    let finding = if catalogue.is_none() {
        Finding::Skipped(format!("{name} is not downloaded: name a folder that has it as training.data"))
    } else if cfg!(not(feature = "download")) {
        Finding::Skipped("this build of d2nn has no feature \"download\"".into())
    } else if places.offline {
        Finding::Skipped("D2NN_OFFLINE is set".into())
    } else if places.cache.is_none() {
        Finding::Skipped("there is no cache to download to: set D2NN_CACHE".into())
    } else {
        Finding::Found
    };
    let at = catalogue.map_or_else(|| "-".into(), |catalogue| catalogue.mirrors.join(", "));
    vec![cache, system, SearchStep { place: SearchPlace::Download, at, finding }, sample_step(name)]
}

fn sample_step(name: DatasetName) -> SearchStep {
    let (finding, at) = if name == DatasetName::FashionMnist {
        let (train, test) = sample::SIZES;
        (Finding::Found, format!("in the program ({train} + {test} images)"))
    } else {
        (Finding::Absent("the program has a sample of fashion-mnist only".into()), "in the program".into())
    };
    SearchStep { place: SearchPlace::BuiltinSample, at, finding }
}

fn look(name: DatasetName, place: SearchPlace, folder: &Path, parts: &[Part]) -> SearchStep {
    let files = IdxFolder::find(folder, Some(name), parts);
    let missing = files.missing(parts);
    let finding = if missing.is_empty() {
        Finding::Found
    } else if !folder.is_dir() {
        Finding::Absent("no such folder".into())
    } else {
        Finding::Absent(format!("lacks {}", files.names(&missing)))
    };
    SearchStep { place, at: folder.display().to_string(), finding }
}

/// What a file's checksum says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The published content.
    Published,
    /// A sound file of other content, with this SHA-256.
    Other(String),
    /// A sound file of which no checksum is published, with its SHA-256.
    Unlisted(String),
    /// Not readable: why.
    Damaged(String),
}

/// Reads the files of `name` in `folder` and compares them with the published ones; with each its number of
/// images or labels.
pub fn verify(name: DatasetName, folder: &Path, places: &Places) -> Vec<(PathBuf, usize, Verdict)> {
    let catalogue = places.catalogue(name);
    let there = IdxFolder::find(folder, Some(name), &Part::ALL);
    let files = Part::ALL.into_iter().filter_map(|part| Some((part, there.file(part)?)));
    files
        .map(|(part, file)| match Idx::open(&file, part.dimensions()) {
            Err(error) => (file, 0, Verdict::Damaged(error.to_string())),
            Ok(idx) => {
                let sum = idx.sha256();
                let known = catalogue.as_ref().and_then(|catalogue| catalogue.vouches_for(part, &sum, &file));
                let verdict = match known {
                    None => Verdict::Unlisted(sum),
                    Some(true) => Verdict::Published,
                    Some(false) => Verdict::Other(sum),
                };
                (file, idx.dimensions()[0], verdict)
            }
        })
        .collect()
}

fn sum(file: &Path, part: Part) -> Result<String> {
    Idx::open(file, part.dimensions()).map(|idx| idx.sha256())
}
