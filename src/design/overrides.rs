//! Values that take the place of a design's: `training.epochs=3`.

use std::fmt;

use toml::{Table, Value};

use super::advice::advised;
use super::file::DesignFile;
use crate::error::{Error, Result};

/// A key of the design, and the value it is to have.
#[derive(Clone, Debug, PartialEq)]
pub struct Override {
    /// Dotted: `training.epochs`.
    key: String,
    value: Value,
}

impl Override {
    /// Reads `KEY=VALUE`. The value is TOML; what is not is text, so that `bench.gaps=20 mm` needs no marks of its own.
    ///
    /// # Errors
    /// [`Error::Usage`] without a key or a value, and for a list, table or quoted text that is not closed.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = |problem: String| Error::Usage(problem);
        let Some((key, typed)) = text.split_once('=') else {
            return Err(wrong("give a key of the design and its value, such as training.epochs=3".into()));
        };
        let typed = typed.trim();
        if typed.is_empty() {
            return Err(wrong(format!("{} has no value; empty text is \"\"", key.trim())));
        }
        let value = match typed.parse::<Value>() {
            Ok(value) => value,
            // No value of a design begins like this but these.
            Err(error) if typed.starts_with(['[', '{', '"', '\'']) => {
                return Err(wrong(format!("not TOML: {}", error.to_string().trim_end())));
            }
            Err(_) => Value::String(typed.to_owned()),
        };
        Self::new(key.trim(), value).map_err(wrong)
    }

    /// `value` for the dotted `key`, which must have a name between any two points.
    pub(super) fn new(key: &str, value: Value) -> std::result::Result<Self, String> {
        if key.split('.').any(|part| part.is_empty() || part.contains(char::is_whitespace)) {
            return Err(format!("\"{key}\" is no key of a design: one is training.epochs"));
        }
        Ok(Override { key: key.to_owned(), value })
    }

    /// The dotted key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The value.
    pub(super) fn value(&self) -> &Value {
        &self.value
    }

    /// Whether one of two keys is, or holds, the other.
    pub(super) fn meets(&self, key: &str) -> bool {
        let holds = |outer: &str, inner: &str| {
            inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        holds(&self.key, key) || holds(key, &self.key)
    }

    /// Puts the value into `table`; the key of a table that was made for it, if so.
    fn put(&self, table: &mut Table) -> std::result::Result<Option<String>, String> {
        let mut inner = table;
        let mut made = None;
        let mut parts: Vec<&str> = self.key.split('.').collect();
        let last = parts.pop().unwrap_or_default();
        for (depth, part) in parts.iter().enumerate() {
            // A table that is not there may be one that is optional; if it is not, it is refused as unknown.
            let entry = inner.entry(part.to_owned()).or_insert_with(|| {
                made.get_or_insert_with(|| parts[..=depth].join("."));
                Value::Table(Table::new())
            });
            inner = match entry {
                Value::Table(inner) => inner,
                Value::Array(_) => {
                    let list = parts[..=depth].join(".");
                    return Err(format!("{list} is a list: give all of it, {list}=[...]"));
                }
                _ => return Err(format!("{} has no keys of its own", parts[..=depth].join("."))),
            };
        }
        inner.insert(last.to_owned(), self.value.clone());
        Ok(made)
    }
}

/// As it may be typed again: `bench.gaps="20 mm"`.
impl fmt::Display for Override {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}={}", self.key, self.value)
    }
}

impl DesignFile {
    /// The design with `overrides` in place of what it has, the last of the same key; a table or list is replaced whole.
    /// `told` is how messages call one of them.
    ///
    /// # Errors
    /// [`Error::Design`] that names the override with an unknown key or a value of a wrong kind.
    pub fn with(&self, overrides: &[Override], told: &dyn Fn(&Override) -> String) -> Result<Self> {
        if overrides.is_empty() {
            return Ok(self.clone());
        }
        let table = self.to_table()?;
        let all: Vec<&Override> = overrides.iter().collect();
        let problem = match put_all(&table, &all) {
            Ok(design) => return Ok(design),
            Err(problem) => problem,
        };
        // Guilty is who cannot be there, or else the first who cannot stand alone.
        let without = |index: usize| {
            let others: Vec<&Override> = overrides
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != index)
                .map(|pair| pair.1)
                .collect();
            put_all(&table, &others).is_ok()
        };
        let alone = |index: &usize| put_all(&table, &[&overrides[*index]]).is_err();
        let indices = 0..overrides.len();
        let guilty = indices.clone().find(|index| without(*index)).or_else(|| indices.clone().find(alone));
        let guilty = guilty.unwrap_or(overrides.len() - 1);
        let problem = put_all(&table, &[&overrides[guilty]]).err().unwrap_or(problem);
        Err(Error::Design { file: told(&overrides[guilty]), problem })
    }
}

fn put_all(table: &Table, overrides: &[&Override]) -> std::result::Result<DesignFile, String> {
    let mut table = table.clone();
    let mut made = None;
    for entry in overrides {
        made = made.or(entry.put(&mut table)?);
    }
    let design: DesignFile = table.try_into().map_err(|error: toml::de::Error| {
        let text = error.to_string();
        match &made {
            // An optional key that is no table.
            Some(key) if text.contains("invalid type: map, expected a sequence") => {
                format!("{key} is a list: give all of it, {key}=[...]")
            }
            Some(key) if text.contains("invalid type: map") => format!("{key} has no keys of its own"),
            _ => advised(&text).replace('\n', " "),
        }
    })?;
    design.check_format()?;
    Ok(design)
}

#[cfg(test)]
mod tests {
    use super::super::file::Gaps;
    use super::super::training_table::StageGrid;
    use super::super::typed::Sides;
    use super::*;
    use crate::element::Modulation;

    fn with(texts: &[&str]) -> Result<DesignFile> {
        let overrides: Vec<Override> = texts.iter().map(|text| Override::parse(text).unwrap()).collect();
        DesignFile::default().with(&overrides, &|entry| format!("--set {entry}"))
    }

    #[test]
    fn values_are_toml_and_the_rest_is_text() {
        let design = with(&[
            "training.epochs=3",
            "training.learning_rate = 1e-2",
            "training.flips=true",
            "bench.gaps=20 mm",
            "bench.pixel_pitch=\"0.5 mm\"",
            "bench.pixels=[100, 120]",
            "mask.modulation=amplitude",
            "detector.layout=5-5",
            "name=short",
            "fabrication.levels=8",
        ])
        .unwrap();
        assert_eq!((design.training.epochs, design.training.learning_rate), (Some(3), 0.01));
        assert!(design.training.flips);
        assert_eq!(design.bench.gaps, Gaps::All("20 mm".parse().unwrap()));
        assert_eq!(
            (design.bench.pixel_pitch.text(), design.bench.pixels),
            ("0.5 mm", Sides::Each([100, 120]))
        );
        assert_eq!(design.mask.modulation, Modulation::Amplitude);
        assert_eq!((design.detector.layout.as_deref(), design.name.as_deref()), (Some("5-5"), Some("short")));
        assert_eq!(design.fabrication.levels, Some(8));
        // All else is as it was, and the last of two values counts.
        assert_eq!(design.material, DesignFile::default().material);
        let twice = with(&["training.seed=2", "training.seed=3"]).unwrap();
        assert_eq!(twice.training.seed, 3);
    }

    #[test]
    fn lists_are_replaced_whole() {
        let stage = "training.modes=[{modes=64, grid=\"binned\", batch=4000, steps=10, learning_rate=0.3}]";
        let design = with(&[stage, "bench.gaps=[\"20 mm\", \"30 mm\"]"]).unwrap();
        let Some([modes]) = design.training.modes.as_deref() else { panic!("one stage") };
        assert_eq!((modes.grid, modes.steps), (StageGrid::Binned, 10));
        assert_eq!(
            design.bench.gaps,
            Gaps::Each(["20 mm", "30 mm"].map(|text| text.parse().unwrap()).into())
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (texts, message) in [
            (
                &["training.epoch=3"][..],
                "--set training.epoch=3: unknown field `epoch`, expected one of `data`",
            ),
            (
                &["training.epochs=3", "trainig.seed=3", "name=x"],
                "--set trainig.seed=3: unknown field `trainig`",
            ),
            (&["mask.modulation=grey"], "--set mask.modulation=\"grey\": unknown variant `grey`"),
            (
                &["bench.gaps=3"],
                "--set bench.gaps=3: invalid type: integer `3`, expected a length such as \"30 mm\", or a list of them",
            ),
            (&["training.epochs=-1"], "--set training.epochs=-1: invalid value: integer `-1`"),
            (&["name=5"], "--set name=5: invalid type: integer `5`, expected text in quotes"),
            (&["name.first=x"], "--set name.first=\"x\": name has no keys of its own"),
            (&["object.size.x=1 mm"], "--set object.size.x=\"1 mm\": object.size has no keys of its own"),
            (&["training.modes.steps=3"], "training.modes is a list: give all of it, training.modes=[...]"),
            (&["format=2"], "--set format=2: format = 2: this version of d2nn reads format = 1"),
            // A table needs all of its keys: the first of several that do not suffice is named.
            (&["printer.name=x", "printer.layer_height=1 um"], "--set printer.name=\"x\": missing field"),
        ] {
            let error = with(texts).unwrap_err();
            assert!(error.to_string().contains(message), "{error}");
            assert_eq!(error.exit_code(), 2);
        }
        let printer = ["printer.name=x", "printer.layer_height=1 um", "printer.minimum_feature=1 um"];
        let tray = "printer.tray=[\"1 mm\", \"1 mm\", \"1 mm\"]";
        with(&[&printer[..], &[tray]].concat()).unwrap();
        let error = with(&[&printer[..], &[tray, "training.epoch=3"]].concat()).unwrap_err();
        assert!(error.to_string().starts_with("--set training.epoch=3"), "{error}");
    }

    #[test]
    fn what_is_no_override_is_told() {
        for (text, message) in [
            ("training.epochs", "give a key of the design and its value"),
            ("name= ", "name has no value"),
            ("=3", "\"\" is no key"),
            ("training..epochs=3", "\"training..epochs\" is no key"),
            ("training epochs=3", "\"training epochs\" is no key"),
            ("bench.gaps=[\"20 mm\"", "not TOML"),
            ("name=\"x", "not TOML"),
        ] {
            let error = Override::parse(text).unwrap_err();
            assert!(error.to_string().contains(message), "{text}: {error}");
        }
    }

    #[test]
    fn keys_meet_where_one_holds_the_other() {
        let entry = Override::parse("training.epochs=3").unwrap();
        assert!(entry.meets("training.epochs") && entry.meets("training"));
        assert!(!entry.meets("training.epoch") && !entry.meets("bench"));
    }
}
