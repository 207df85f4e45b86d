//! What the devices of a sweep have come to: table, CSV and JSON.

use std::fmt::Write;
use std::path::Path;

use serde_json::{Value, json};

use crate::cli::data_note;
use crate::design::Sweep;
use crate::design::folder::{Metrics, Provenance};
use crate::design::sweep::{SEED, SweptValue};
use crate::error::{Error, Result};
use crate::evaluation::{FigureUnit, SSIM};
use crate::files::write_bytes;

/// A column of figures.
struct ResultColumn {
    /// Name in the CSV, as in the provenance.
    name: &'static str,
    /// Heading in the table.
    heading: &'static str,
    of: fn(&Metrics) -> Option<f64>,
    unit: FigureUnit,
    /// Whether it is one of devices that form images; both kinds have the others.
    images: Option<bool>,
}

const FIGURES: [ResultColumn; 9] = [
    figure("test_accuracy", "accuracy", |metrics| metrics.test_accuracy, FigureUnit::Share, Some(false)),
    figure("validation_accuracy", "validation", |m| m.validation_accuracy, FigureUnit::Share, Some(false)),
    figure("test_ssim", "SSIM", |metrics| metrics.test_ssim, SSIM.unit, Some(true)),
    figure("validation_ssim", "validation", |m| m.validation_ssim, SSIM.unit, Some(true)),
    figure(
        "power_efficiency_input",
        "of object",
        |m| Some(m.power_efficiency_input),
        FigureUnit::Share,
        None,
    ),
    figure(
        "power_efficiency_output",
        "of plane",
        |m| m.power_efficiency_output,
        FigureUnit::Share,
        Some(false),
    ),
    figure("detector_share", "share", |metrics| Some(metrics.detector_share), FigureUnit::Share, None),
    figure("signal_contrast", "contrast", |metrics| metrics.signal_contrast, FigureUnit::Share, Some(false)),
    figure("training_seconds", "time", |metrics| Some(metrics.training_seconds), FigureUnit::Seconds, None),
];

const fn figure(
    name: &'static str,
    heading: &'static str,
    of: fn(&Metrics) -> Option<f64>,
    unit: FigureUnit,
    images: Option<bool>,
) -> ResultColumn {
    ResultColumn { name, heading, of, unit, images }
}

/// Mean of values, and their sample standard deviation if there are several.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct SeedSpread {
    pub(super) mean: f64,
    pub(super) deviation: Option<f64>,
}

impl SeedSpread {
    /// Of at least one value.
    pub(super) fn of(values: &[f64]) -> Option<Self> {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let deviation = (values.len() > 1).then(|| (squares / (count - 1.0)).sqrt());
        (!values.is_empty()).then_some(SeedSpread { mean, deviation })
    }
}

/// Devices that differ in their seed only, those that are finished.
pub(super) struct Group<'a> {
    /// Of all keys but the seed.
    pub(super) values: Vec<&'a SweptValue>,
    pub(super) metrics: Vec<&'a Metrics>,
}

impl Group<'_> {
    /// Mean and spread of a figure, of the devices that have it.
    pub(super) fn spread(&self, of: fn(&Metrics) -> Option<f64>) -> Option<SeedSpread> {
        let values = self.metrics.iter().filter_map(|metrics| of(metrics));
        SeedSpread::of(&values.filter(|value| value.is_finite()).collect::<Vec<_>>())
    }
}

/// The devices of a sweep and what is known of them.
pub(super) struct Results<'a> {
    pub(super) sweep: &'a Sweep,
    pub(super) folder: &'a Path,
    /// Whether the images are those of the sample in the program only.
    sample: bool,
    /// Whether they are the published ones, all of them; `None` where no checksum is published.
    published: Option<bool>,
    metrics: Vec<Option<Metrics>>,
}

impl<'a> Results<'a> {
    pub(super) fn new(sweep: &'a Sweep, folder: &'a Path, sample: bool, published: Option<bool>) -> Self {
        Results { sweep, folder, sample, published, metrics: vec![None; sweep.devices.len()] }
    }

    /// The device `index` is finished.
    pub(super) fn add(&mut self, index: usize, provenance: &Provenance) {
        self.metrics[index] = Some(provenance.metrics.clone());
    }

    /// Number of devices that are finished.
    pub(super) fn finished(&self) -> usize {
        self.metrics.iter().flatten().count()
    }

    /// What pictures and tables carry that were not made with the published files.
    pub(super) fn note(&self) -> Option<&'static str> {
        data_note(self.sample, self.published)
    }

    /// Writes the table to `path`.
    pub(super) fn write(&self, path: &Path) -> Result<()> {
        write_bytes(path, self.csv().as_bytes())
    }

    /// The figures that devices of this sweep can have.
    fn figures(&self) -> impl Iterator<Item = &'static ResultColumn> {
        let kind = |images| self.sweep.devices.iter().any(|device| device.design.forms_image() == images);
        let (classes, images) = (kind(false), kind(true));
        let has =
            move |figure: &&ResultColumn| figure.images.is_none_or(|of| if of { images } else { classes });
        FIGURES.iter().filter(has)
    }

    /// One row a device; figures of those that are not finished are empty.
    fn csv(&self) -> String {
        let keys = self.sweep.keys.iter().map(|key| cell(key));
        let names = self.figures().map(|figure| figure.name.to_owned());
        let mut text = keys.chain(names).chain(["folder".to_owned()]).collect::<Vec<_>>().join(",") + "\n";
        for (device, metrics) in self.sweep.devices.iter().zip(&self.metrics) {
            let values = device.values.iter().map(|value| cell(&value.to_string()));
            let figures = self.figures().map(|figure| {
                let value = metrics.as_ref().and_then(figure.of);
                value.map_or_else(String::new, |value| match figure.unit {
                    FigureUnit::Seconds => format!("{value:.1}"),
                    _ => format!("{value:.6}"),
                })
            });
            let row: Vec<String> = values.chain(figures).chain([cell(&device.name)]).collect();
            text += &(row.join(",") + "\n");
        }
        text
    }

    /// Finished devices by all keys but the seed, in the order of the sweep.
    pub(super) fn groups(&self) -> Vec<Group<'_>> {
        let mut groups: Vec<Group> = Vec::new();
        for (device, metrics) in self.sweep.devices.iter().zip(&self.metrics) {
            let Some(metrics) = metrics else { continue };
            let keys = self.sweep.keys.iter().zip(&device.values);
            let values: Vec<&SweptValue> = keys.filter(|(key, _)| *key != SEED).map(|pair| pair.1).collect();
            match groups.iter_mut().find(|group| group.values == values) {
                Some(group) => group.metrics.push(metrics),
                None => groups.push(Group { values, metrics: vec![metrics] }),
            }
        }
        groups
    }

    /// Finished devices, each alone, by all keys.
    pub(super) fn singles(&self) -> Vec<Group<'_>> {
        let found = self.sweep.devices.iter().zip(&self.metrics);
        found
            .filter_map(|(device, metrics)| {
                Some(Group { values: device.values.iter().collect(), metrics: vec![metrics.as_ref()?] })
            })
            .collect()
    }

    /// The table, and with several seeds the one of means.
    pub(super) fn report(&self) -> String {
        let figures: Vec<&ResultColumn> = self.figures().collect();
        let mut text = format!("{}: {} devices\n\n", self.sweep.name, self.sweep.devices.len());
        let told = |figure: &ResultColumn, metrics: &Metrics| {
            (figure.of)(metrics).map_or_else(|| "-".into(), |value| figure.unit.told(value))
        };
        let headings = figures.iter().map(|figure| figure.heading.to_owned());
        let mut rows =
            vec![self.sweep.short_keys().into_iter().chain(headings).chain(["folder".into()]).collect()];
        for (device, metrics) in self.sweep.devices.iter().zip(&self.metrics) {
            let Some(metrics) = metrics else { continue };
            let values = device.values.iter().map(ToString::to_string);
            let figures = figures.iter().map(|figure| told(figure, metrics));
            rows.push(values.chain(figures).chain([device.name.clone()]).collect::<Vec<_>>());
        }
        text += &columns(&rows, self.sweep.keys.len());
        let groups = self.groups();
        if groups.iter().any(|group| group.metrics.len() > 1) {
            let _ = writeln!(text, "\nmean and standard deviation over the seeds\n");
            let keys = self.sweep.keys.iter().zip(self.sweep.short_keys());
            let keys = keys.filter(|(key, _)| *key != SEED).map(|pair| pair.1);
            let headings = figures.iter().map(|figure| figure.heading.to_owned());
            let mut rows: Vec<Vec<String>> = vec![keys.chain(headings).chain(["seeds".into()]).collect()];
            for group in &groups {
                let values = group.values.iter().map(ToString::to_string);
                let spreads = figures.iter().map(|figure| match group.spread(figure.of) {
                    None => "-".into(),
                    Some(SeedSpread { mean, deviation: None }) => figure.unit.told(mean),
                    Some(SeedSpread { mean, deviation: Some(deviation) }) => {
                        let (mean, deviation) = (figure.unit.told(mean), figure.unit.told(deviation));
                        let number = |text: &str| text.split(' ').next().unwrap_or_default().to_owned();
                        format!("{} +- {deviation}", number(&mean))
                    }
                });
                rows.push(values.chain(spreads).chain([group.metrics.len().to_string()]).collect());
            }
            text += &columns(&rows, groups[0].values.len());
        }
        text += "\nof object: true region / power of the object; of plane: true region / detector plane;\n\
                 share: all regions / detector plane; contrast: (true - best other) / all regions\n";
        if let Some(note) = self.note() {
            let _ = writeln!(text, "\nnote: {note}; the figures do not compare with published ones");
        }
        let _ = writeln!(
            text,
            "\nwritten to {}: sweep.csv, sweep.png, a folder for each device",
            self.folder.display()
        );
        text
    }

    /// The rows for other programs.
    pub(super) fn as_json(&self) -> Result<Value> {
        let keys: Vec<&String> = self.sweep.keys.iter().collect();
        let failed = |error: serde_json::Error| Error::Value(format!("cannot write the results: {error}"));
        let values = |keys: &[&String], values: &mut dyn Iterator<Item = &SweptValue>| {
            let pairs = keys
                .iter()
                .zip(values)
                .map(|(key, value)| Ok(((*key).clone(), serde_json::to_value(value)?)));
            pairs.collect::<std::result::Result<serde_json::Map<_, _>, _>>().map_err(failed)
        };
        let mut rows = Vec::new();
        for (device, metrics) in self.sweep.devices.iter().zip(&self.metrics) {
            rows.push(json!({
                "values": values(&keys, &mut device.values.iter())?,
                "metrics": serde_json::to_value(metrics).map_err(failed)?,
                "folder": device.name,
            }));
        }
        let mut means = Vec::new();
        let unseeded: Vec<&String> = keys.into_iter().filter(|key| *key != SEED).collect();
        for group in self.groups() {
            let figure = |figure: &ResultColumn| {
                let spread = group.spread(figure.of);
                let value =
                    spread.map(|spread| json!({ "mean": spread.mean, "deviation": spread.deviation }));
                (figure.name.to_owned(), value.unwrap_or(Value::Null))
            };
            means.push(json!({
                "values": values(&unseeded, &mut group.values.iter().copied())?,
                "devices": group.metrics.len(),
                "metrics": self.figures().map(figure).collect::<serde_json::Map<_, _>>(),
            }));
        }
        Ok(json!({
            "name": self.sweep.name,
            "keys": self.sweep.keys,
            "rows": rows,
            "means": means,
            "builtin_sample": self.sample,
            "published": self.published,
        }))
    }
}

/// A field of a CSV file.
fn cell(text: &str) -> String {
    if text.contains([',', '"', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// Rows as text in columns: the first `words` of them and the last at the left, numbers at the right.
fn columns(rows: &[Vec<String>], words: usize) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for row in rows {
        for (column, field) in row.iter().enumerate() {
            let width = width(column);
            text += if column == 0 { "" } else { "  " };
            if column + 1 == row.len() {
                text += field;
            } else if column < words {
                let _ = write!(text, "{field:<width$}");
            } else {
                let _ = write!(text, "{field:>width$}");
            }
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread_is_that_of_a_sample() {
        assert_eq!(SeedSpread::of(&[]), None);
        assert_eq!(SeedSpread::of(&[3.0]), Some(SeedSpread { mean: 3.0, deviation: None }));
        assert_eq!(
            SeedSpread::of(&[1.0, 3.0]),
            Some(SeedSpread { mean: 2.0, deviation: Some(2.0f64.sqrt()) })
        );
    }

    #[test]
    fn fields_with_commas_are_quoted() {
        assert_eq!(cell("20 mm"), "20 mm");
        assert_eq!(cell("[20 mm, \"30\"]"), "\"[20 mm, \"\"30\"\"]\"");
    }
}
