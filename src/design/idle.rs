//! Keys of a design that are given and do nothing, because another key has not the value they belong to.

use toml::{Table, Value};

use super::detector_table::RegionSize;
use super::file::DesignFile;
use super::presets::Preset;
use super::source_table::SourceTable;
use super::training::{FINE_EPOCHS, TrainingPlan};
use super::training_table::TrainingTable;
use super::typed::Length;
use crate::element::{Modulation, PlateModel};
use crate::object::{Encoding, Illumination};
use crate::units::{parse_angle, parse_length};

/// When a key, or every key of a table, does something.
struct Rule {
    /// Dotted; the name of a table stands for all its keys.
    key: &'static str,
    used: fn(&DesignFile, &TrainingPlan) -> bool,
    /// What would have to be so, after "does nothing without".
    without: &'static str,
}

const fn rule(
    key: &'static str,
    used: fn(&DesignFile, &TrainingPlan) -> bool,
    without: &'static str,
) -> Rule {
    Rule { key, used, without }
}

/// The layout of the detector; where it is left out, rows.
fn layout(typed: &DesignFile) -> &str {
    typed.detector.layout.as_deref().unwrap_or_default()
}

/// Whether regions lie in rows.
fn in_rows(typed: &DesignFile) -> bool {
    !["ring", "list", "image"].contains(&layout(typed))
}

fn is_relief(typed: &DesignFile, _: &TrainingPlan) -> bool {
    matches!(typed.mask.modulation, Modulation::Phase { .. })
}

const RELIEF: &str = "mask.modulation = \"phase\"";
const NO_IMAGE: &str = "a layout other than \"image\"";

/// Every key that may do nothing. The others always do something; a test names them all.
const RULES: &[Rule] = &[
    rule("mask.phase_max", |typed, _| typed.mask.height_max.is_none(), "leaving mask.height_max out"),
    rule(
        "mask.slices",
        |typed, _| matches!(typed.mask.plate, PlateModel::Sliced | PlateModel::WavePropagation),
        "mask.plate = \"sliced\" or \"wpm\"",
    ),
    rule(
        "mask.finer",
        // Whoever takes the thickness from the plates of the default design has not typed its samples.
        |typed, _| {
            let usual = Preset::Terahertz.design().map(|design| design.mask.finer);
            typed.mask.plate != PlateModel::Thin || usual.is_ok_and(|finer| finer == typed.mask.finer)
        },
        "a mask.plate other than \"thin\"",
    ),
    rule(
        "mask.reference_index",
        |typed, _| matches!(typed.mask.plate, PlateModel::Equivalent | PlateModel::Sliced),
        "mask.plate = \"equivalent\" or \"sliced\"",
    ),
    rule(
        "object.phase_range",
        |typed, _| matches!(typed.object.encoding, Encoding::Phase { .. }),
        "object.encoding = \"phase\"",
    ),
    rule(
        "object.gamma",
        |typed, _| !matches!(typed.object.encoding, Encoding::Binary { .. }),
        "object.encoding = \"amplitude\" or \"phase\"",
    ),
    rule(
        "object.threshold",
        |typed, _| matches!(typed.object.encoding, Encoding::Binary { .. }),
        "object.encoding = \"binary\"",
    ),
    rule("object.upsampling", |typed, _| typed.object.size.is_none(), "leaving object.size out"),
    rule(
        "object.tilt",
        |typed, _| matches!(typed.object.illumination, Illumination::Tilted { .. }),
        "object.illumination = \"tilted\"",
    ),
    rule(
        "object.waist",
        |typed, _| matches!(typed.object.illumination, Illumination::Gaussian { .. }),
        "object.illumination = \"gaussian\"",
    ),
    rule("source.weights", |typed, _| !typed.source.wavelengths.is_empty(), "source.wavelengths"),
    rule("source.readout", |typed, _| typed.source.wavelengths.len() > 1, "two source.wavelengths or more"),
    rule("source.points", |typed, _| typed.source.half_angle.value() > 0.0, "source.half_angle above 0"),
    rule("detector.scheme", |typed, _| layout(typed) != "image", NO_IMAGE),
    rule("detector.region_size", |typed, _| layout(typed) != "image", NO_IMAGE),
    rule("detector.row_pitch", |typed, _| in_rows(typed), "a layout in rows, or \"grid\""),
    rule("detector.column_pitch", |typed, _| in_rows(typed), "a layout in rows, or \"grid\""),
    rule("detector.ring_radius", |typed, _| layout(typed) == "ring", "detector.layout = \"ring\""),
    rule("material.density", is_relief, RELIEF),
    rule("material.price", is_relief, RELIEF),
    rule(
        "training.batch",
        |_, training| training.has_mini_batches(false) || training.has_mini_batches(true),
        "epochs of mini-batches",
    ),
    rule("training.learning_rate", |_, training| training.has_mini_batches(false), "training.epochs above 0"),
    rule(
        "training.fine_epochs",
        // What is written down of a design that left it out is no wish.
        |typed, training| training.is_finer() || typed.training.fine_epochs.is_none_or(|n| n <= FINE_EPOCHS),
        "bench.oversample above training.oversample",
    ),
    rule(
        "training.fine_learning_rate",
        |_, training| training.has_mini_batches(true),
        "training.fine_epochs above 0 and bench.oversample above training.oversample",
    ),
    rule(
        "training.temperature",
        |_, training| training.loss().is_some_and(|loss| loss.temperature().is_some()),
        "a cross-entropy as training.loss",
    ),
    rule(
        "training.efficiency_target",
        |typed, _| typed.training.efficiency_weight > 0.0,
        "training.efficiency_weight above 0",
    ),
    rule(
        "training.output_efficiency_target",
        |typed, _| typed.training.output_efficiency_weight > 0.0,
        "training.output_efficiency_weight above 0",
    ),
    rule(
        "training.contrast_target",
        |typed, _| typed.training.contrast_weight > 0.0,
        "training.contrast_weight above 0",
    ),
    rule(
        "training.perturbations.ramp",
        |_, training| !training.perturbations().is_none(),
        "another error in training.perturbations",
    ),
    rule(
        "training.modes",
        // Of a design in mini-batches an empty list is written down.
        |typed, training| training.is_in_modes() || typed.training.modes.as_ref().is_none_or(Vec::is_empty),
        "training.optimiser = \"modes\"",
    ),
    rule("fabrication", is_relief, RELIEF),
    rule(
        "fabrication.engraving_depth",
        |typed, _| typed.fabrication.engraving,
        "fabrication.engraving = true",
    ),
    rule(
        "printer",
        |typed, _| match (&typed.printer, &typed.fabrication.printer) {
            (Some(own), Some(named)) => own.name == *named,
            _ => true,
        },
        "its name as fabrication.printer",
    ),
];

/// The keys of `typed`, of which `training` was made, that differ from their default and do nothing: a sentence each.
pub(super) fn idle_keys(typed: &DesignFile, training: &TrainingPlan) -> Vec<String> {
    let mut usual = DesignFile::default();
    // Sizes that are left out follow from the number of regions; these are the ones that design files always named.
    usual.detector.region_size = Some(RegionSize::Square(Length::known("4.8 mm", 4.8e-3)));
    usual.detector.row_pitch = Some(Length::known("9.6 mm", 9.6e-3));
    usual.detector.column_pitch = Some(Length::known("9.6 mm", 9.6e-3));
    // So are these stages.
    usual.training.modes = Some(TrainingTable::usual_stages(PlateModel::Thin, 1));
    // What cannot be written as TOML is refused where it is.
    let (Ok(given), Ok(mut usual)) = (typed.to_table(), usual.to_table()) else {
        return Vec::new();
    };
    // Left out of a file where nothing of it is typed.
    if let Ok(source) = Value::try_from(SourceTable::default()) {
        usual.insert("source".into(), source);
    }
    let idle = RULES.iter().filter(|rule| !(rule.used)(typed, training)).flat_map(|rule| {
        let told = move |(key, value): (String, Value)| {
            format!("{key} = {value} does nothing without {}: leave it out, or give that too", rule.without)
        };
        let usual = at(&usual, rule.key);
        match at(&given, rule.key) {
            // Of a table that is there by default each key that is another; a table of its own is one thing.
            Some(Value::Table(keys)) if usual.is_some() => {
                let usual = usual.and_then(Value::as_table);
                let other = keys
                    .iter()
                    .filter(|(key, value)| !same(value, usual.and_then(|table| table.get(key.as_str()))));
                other.map(|(key, value)| told((format!("{}.{key}", rule.key), value.clone()))).collect()
            }
            Some(Value::Table(_)) => {
                vec![format!("[{}] does nothing without {}: leave it out", rule.key, rule.without)]
            }
            // Stages are long, and more than one line.
            Some(Value::Array(list))
                if !same(&Value::Array(list.clone()), usual) && list.iter().all(Value::is_table) =>
            {
                vec![format!("[[{}]] does nothing without {}: leave it out", rule.key, rule.without)]
            }
            Some(value) if !same(value, usual) => vec![told((rule.key.to_owned(), value.clone()))],
            _ => Vec::new(),
        }
    });
    idle.collect()
}

/// What stands at the dotted `key`.
fn at<'a>(table: &'a Table, key: &str) -> Option<&'a Value> {
    match key.split_once('.') {
        Some((outer, inner)) => at(table.get(outer)?.as_table()?, inner),
        None => table.get(key),
    }
}

/// Whether a value is the usual one: `"2 cm"` is `"20 mm"`.
fn same(value: &Value, usual: Option<&Value>) -> bool {
    match (value, usual) {
        (Value::String(a), Some(Value::String(b))) => {
            let near = |a: f64, b: f64| (a - b).abs() <= 1e-12 * a.abs().max(b.abs());
            let alike = |read: fn(&str) -> Result<f64, String>| {
                read(a).is_ok_and(|a| read(b).is_ok_and(|b| near(a, b)))
            };
            a == b || alike(parse_length) || alike(parse_angle)
        }
        (Value::Array(a), Some(Value::Array(b))) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, Some(b)))
        }
        (value, usual) => Some(value) == usual,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys that do something in every design.
    const ALWAYS: &[&str] = &[
        "format",
        "name",
        "bench",
        "mask.modulation",
        "mask.pixel_pitch",
        "mask.pixels",
        "mask.height_max",
        "mask.plate",
        "optics",
        "object.encoding",
        "object.size",
        "object.offset",
        "object.resampling",
        "object.illumination",
        "detector.layout",
        "detector.centres",
        "material.name",
        "material.refractive_index",
        "material.extinction_coefficient",
        "material.surrounding_index",
        "training.data",
        "training.optimiser",
        "training.epochs",
        "training.oversample",
        "training.loss",
        "training.learn_temperature",
        "training.label_smoothing",
        "training.efficiency_weight",
        "training.output_efficiency_weight",
        "training.contrast_weight",
        "training.smoothness",
        "training.steepness",
        "source.wavelengths",
        "source.half_angle",
        "training.validation",
        "training.flips",
        "images",
        "training.averaging",
        "training.start",
        "training.seed",
        "training.augmentation",
        "training.perturbations",
    ];

    #[test]
    fn every_key_is_sorted() {
        let page = include_str!("../../docs/design-file.md");
        let block = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
        let mut table = String::new();
        let mut keys = Vec::new();
        // The block has every key; those without a default are commented out.
        for line in block.lines().map(|line| line.trim_start_matches("# ")) {
            if line.starts_with('[') {
                table = line.trim_start_matches('[').split(']').next().unwrap().to_owned() + ".";
            } else if let Some((key, _)) = line.split_once(" = ") {
                keys.push(format!("{table}{key}"));
                // upsampling = 4    # or size = "44.8 mm"
                let other = line.split_once("# or ").and_then(|(_, other)| other.split_once(" = "));
                keys.extend(other.map(|(key, _)| format!("{table}{key}")));
            }
        }
        assert!(keys.len() > 80, "{keys:?}");
        let covers = |rule: &str, key: &str| {
            key.strip_prefix(rule).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        for key in &keys {
            let known = ALWAYS.iter().chain(RULES.iter().map(|rule| &rule.key)).any(|rule| covers(rule, key));
            assert!(known, "{key}: does it always do something? Put it into ALWAYS or give it a rule");
        }
        for rule in ALWAYS.iter().chain(RULES.iter().map(|rule| &rule.key)) {
            assert!(keys.iter().any(|key| covers(rule, key)), "{rule} is no key");
        }
    }

    #[test]
    fn the_same_in_other_words_is_the_same() {
        let text = |text: &str| Value::String(text.into());
        assert!(same(&text("2 cm"), Some(&text("20 mm"))) && same(&text("360 deg"), Some(&text("2 pi"))));
        assert!(!same(&text("21 mm"), Some(&text("20 mm"))) && !same(&text("3-4-3"), None));
        let tilt = |y: &str| Value::Array(vec![text(y), text("0 deg")]);
        assert!(same(&tilt("0 rad"), Some(&tilt("0 deg"))) && !same(&tilt("1 deg"), Some(&tilt("0 deg"))));
    }
}
