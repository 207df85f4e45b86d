//! A sweep: one design in many variations, each a device to be trained.

use std::collections::HashSet;
use std::path::Path;

use sha2::{Digest, Sha256};
use toml::{Table, Value};

use self::file::SweepFile;
pub use self::value::{Quantity, SweptValue};
use super::file::DesignFile;
use super::folder::{MAX_TOML, read_typed};
use super::overrides::Override;
use super::presets::Preset;
use super::resolve::Design;
use crate::error::{Error, Result};
use crate::files::read_text;

mod file;
mod value;

/// The key that repeats a device: its mean and spread are of these.
pub const SEED: &str = "training.seed";
/// Devices of a sweep at most: each is a folder and takes minutes.
const MAX_DEVICES: usize = 1000;
/// Letters of the name of a folder at most, before the last of them are replaced by a checksum.
const MAX_NAME: usize = 80;

/// What a sweep file asks for, all of it checked.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// The name of the file without its ending.
    pub name: String,
    /// The dotted keys that are swept: those of `[[runs]]`, of `[grid]`, and [`SEED`] for `seeds`.
    pub keys: Vec<String>,
    /// The devices, in the order they are trained.
    pub devices: Vec<Variation>,
}

/// One device of a sweep.
#[derive(Clone, Debug)]
pub struct Variation {
    /// Made of what it is asked for; the name of its folder.
    pub name: String,
    /// What it has for each of [`Sweep::keys`].
    pub values: Vec<SweptValue>,
    /// The design, with nothing left open.
    pub typed: DesignFile,
    /// The same, checked.
    pub design: Design,
}

impl Sweep {
    /// Reads and checks a sweep file and all of its designs; `flags` are overrides for every device.
    ///
    /// # Errors
    /// [`Error::Io`] when a file cannot be read; [`Error::Design`] for a wrong sweep, and for a wrong design with the
    /// device that has it.
    pub fn read(path: &Path, flags: &[Override]) -> Result<Self> {
        Self::parse(path, &read_text(path, MAX_TOML)?, flags)
    }

    /// [`Sweep::read`] of the text of a sweep file; `path` is for messages, and for where its design lies.
    ///
    /// # Errors
    /// As [`Sweep::read`].
    pub fn parse(path: &Path, text: &str, flags: &[Override]) -> Result<Self> {
        let shown = path.display().to_string();
        let wrong = |problem: String| Error::Design { file: shown.clone(), problem };
        let sweep = SweepFile::parse(text).map_err(wrong)?;
        let plan = Plan::of(&sweep, flags).map_err(wrong)?;
        let base = start(&sweep, path)?
            .with(&plan.fixed, &|entry| format!("{shown}: [set] {entry}"))?
            .with(flags, &ToString::to_string)?;
        let keys = plan.keys();
        let short = short(&keys);
        let mut devices = Vec::new();
        let mut names = HashSet::new();
        for overrides in plan.combinations() {
            let name = name(&overrides, &keys, &short);
            // Letters of either case are one to some file systems.
            if !names.insert(name.to_lowercase()) {
                return Err(wrong(format!("{name} is asked for twice: give every value once")));
            }
            let told = format!("{shown}: {name}");
            let mut typed = base.with(&overrides, &|entry| format!("{told}: {entry}"))?;
            typed.look_at_images()?;
            let design = Design::resolve(&told, &typed)?;
            design.settle(&mut typed);
            let table = typed.to_table()?;
            let values = keys.iter().map(|key| SweptValue::of(&table, key)).collect();
            devices.push(Variation { name, values, typed, design });
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Sweep { name, keys, devices })
    }

    /// The keys as briefly as they can be told apart: `masks` for `bench.masks`.
    pub fn short_keys(&self) -> Vec<String> {
        short(&self.keys)
    }
}

/// The design that is varied.
fn start(sweep: &SweepFile, path: &Path) -> Result<DesignFile> {
    let wrong = |problem: String| Err(Error::Design { file: path.display().to_string(), problem });
    match (&sweep.design, &sweep.preset) {
        (Some(_), Some(_)) => wrong("design and preset: begin with one of them".into()),
        // As it is written: beside the sweep, wherever the program is run.
        (Some(design), None) => read_typed(&path.parent().unwrap_or(Path::new("")).join(design)),
        (None, Some(name)) => match Preset::ALL.into_iter().find(|preset| preset.name() == name) {
            Some(preset) => preset.design(),
            None => {
                let known = Preset::ALL.map(|preset| format!("\"{}\"", preset.name())).join(", ");
                wrong(format!("preset = \"{name}\": the presets are {known}"))
            }
        },
        (None, None) => Ok(DesignFile::default()),
    }
}

/// The overrides of a sweep.
struct Plan {
    fixed: Vec<Override>,
    /// One list of overrides each; an empty one where there are no `[[runs]]`.
    runs: Vec<Vec<Override>>,
    /// Values of a key each, the slowest first.
    axes: Vec<Vec<Override>>,
}

impl Plan {
    fn of(sweep: &SweepFile, flags: &[Override]) -> std::result::Result<Self, String> {
        let entries = |table: &Table, heading: &str| -> std::result::Result<Vec<Override>, String> {
            let entry = |(key, value): (String, Value)| Override::new(&key, value);
            let found: std::result::Result<Vec<_>, String> = flat(table).into_iter().map(entry).collect();
            found.map_err(|problem| format!("{heading}: {problem}"))
        };
        let fixed = entries(&sweep.set, "[set]")?;
        let mut runs = Vec::new();
        for (index, table) in sweep.runs.iter().enumerate() {
            if table.is_empty() {
                return Err(format!("[[runs]] {}: give it at least one key", index + 1));
            }
            runs.push(entries(table, "[[runs]]")?);
        }
        let mut axes: Vec<Vec<Override>> = Vec::new();
        for entry in entries(&sweep.grid, "[grid]")? {
            let key = entry.key();
            let Value::Array(values) = entry.value() else {
                return Err(format!("[grid] {entry}: give a list of values, {key} = [...]"));
            };
            axes.push(
                values
                    .iter()
                    .map(|value| Override::new(key, value.clone()))
                    .collect::<std::result::Result<_, _>>()?,
            );
            if values.is_empty() {
                return Err(format!("[grid] {key} = []: give it at least one value"));
            }
        }
        if !sweep.seeds.is_empty() {
            let seed = |seed: &i64| Override::new(SEED, Value::Integer(*seed));
            axes.push(sweep.seeds.iter().map(seed).collect::<std::result::Result<_, _>>()?);
        }
        if axes.is_empty() && runs.is_empty() {
            return Err("nothing is swept: give [grid], [[runs]] or seeds".into());
        }
        if runs.is_empty() {
            runs.push(Vec::new());
        }
        let plan = Plan { fixed, runs, axes };
        plan.check_keys(flags)?;
        let sizes = plan.axes.iter().map(Vec::len).chain([plan.runs.len()]);
        match sizes.clone().try_fold(1usize, usize::checked_mul) {
            Some(devices) if devices <= MAX_DEVICES => Ok(plan),
            _ => {
                let product: Vec<String> = sizes.map(|size| size.to_string()).collect();
                Err(format!("{} devices: a sweep has at most {MAX_DEVICES}", product.join(" x ")))
            }
        }
    }

    /// A key of the grid stands nowhere else, and a flag is not swept: one would hide the other.
    fn check_keys(&self, flags: &[Override]) -> std::result::Result<(), String> {
        let meets = |entry: &Override, other: &Override| entry.meets(other.key());
        let heads = || self.axes.iter().filter_map(|axis| axis.first());
        let runs = || self.runs.iter().flatten();
        for (index, head) in heads().enumerate() {
            let place = if heads().take(index).any(|entry| meets(entry, head)) {
                "another key of the grid"
            } else if runs().any(|entry| meets(entry, head)) {
                "[[runs]]"
            } else if self.fixed.iter().any(|entry| meets(entry, head)) {
                "[set]"
            } else {
                continue;
            };
            let key = head.key();
            let advice = if key == SEED { " (seeds are the values of training.seed)" } else { "" };
            return Err(format!("[grid] {key} is in {place} too: give it in one place{advice}"));
        }
        match flags.iter().find(|flag| heads().chain(runs()).any(|entry| meets(entry, flag))) {
            Some(flag) => Err(format!("{flag} cannot be set for all devices: {} is swept", flag.key())),
            None => Ok(()),
        }
    }

    /// The swept keys, each once.
    fn keys(&self) -> Vec<String> {
        let mut keys: Vec<String> = Vec::new();
        let axes = self.axes.iter().filter_map(|axis| axis.first());
        for entry in self.runs.iter().flatten().chain(axes) {
            if !keys.iter().any(|key| key == entry.key()) {
                keys.push(entry.key().to_owned());
            }
        }
        keys
    }

    /// The overrides of each device, the last key the fastest.
    fn combinations(&self) -> Vec<Vec<Override>> {
        self.axes.iter().fold(self.runs.clone(), |begun, axis| {
            let with = |so_far: &[Override], entry: &Override| [so_far, std::slice::from_ref(entry)].concat();
            begun.iter().flat_map(|so_far| axis.iter().map(move |entry| with(so_far, entry))).collect()
        })
    }
}

/// Dotted keys and their values: `"bench.gaps"`, `bench.gaps` and `bench = { gaps = ... }` are the same.
fn flat(table: &Table) -> Vec<(String, Value)> {
    let inner = |(key, value): (&String, &Value)| match value {
        Value::Table(inner) if !inner.is_empty() => {
            flat(inner).into_iter().map(|(rest, value)| (format!("{key}.{rest}"), value)).collect()
        }
        value => vec![(key.clone(), value.clone())],
    };
    table.iter().flat_map(inner).collect()
}

/// The last part of each key, or all of it with another of the same last part.
fn short(keys: &[String]) -> Vec<String> {
    let last = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
    let alone = |key: &&String| keys.iter().filter(|other| last(other) == last(key)).count() == 1;
    keys.iter().map(|key| if alone(&key) { last(key) } else { key.replace('.', "-") }).collect()
}

/// The name of a device: the same for the same overrides, however the sweep grows around it.
fn name(overrides: &[Override], keys: &[String], short: &[String]) -> String {
    let mut exact = true;
    let mut parts = Vec::new();
    for entry in overrides {
        let key = keys.iter().position(|key| key == entry.key()).map_or("", |index| &short[index]);
        let (letters, all) = value::file_safe(entry.value());
        exact &= all;
        parts.push(format!("{key}-{letters}"));
    }
    let name = parts.join("_");
    if exact && name.len() <= MAX_NAME {
        return name;
    }
    // What a file name cannot hold still tells devices apart.
    let all: Vec<String> = overrides.iter().map(ToString::to_string).collect();
    let sum = Sha256::digest(all.join("\n"));
    let begin: String = name.chars().take(MAX_NAME - 9).collect();
    format!("{begin}_{:02x}{:02x}{:02x}{:02x}", sum[0], sum[1], sum[2], sum[3])
}
