//! `[source]`: wavelengths of the light on the object, and how far its source is spread.

use serde::{Deserialize, Serialize};

use super::named_key;
use super::typed::{Angle, Length};
use super::work::Checked;
use crate::source::{Extended, LightSource, LineReadout};
use crate::units::Metres;

/// `[source]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SourceTable {
    /// Vacuum wavelengths; none for `bench.wavelength` alone.
    pub wavelengths: Vec<Length>,
    /// How strong each is; none for alike.
    pub weights: Vec<f64>,
    /// Which readings light of a wavelength adds to.
    #[serde(with = "named_key")]
    pub readout: LineReadout,
    /// Half the angle under which the source is seen from the object; 0 for one coherent wave.
    pub half_angle: Angle,
    /// Incoherent points that stand for a source that has an angle.
    pub points: usize,
}

impl Default for SourceTable {
    fn default() -> Self {
        SourceTable {
            wavelengths: Vec::new(),
            weights: Vec::new(),
            readout: LineReadout::Sum,
            half_angle: Angle::known("0 deg", 0.0),
            points: 16,
        }
    }
}

impl SourceTable {
    /// Whether nothing is typed: such a table is left out of a file.
    pub(super) fn is_usual(&self) -> bool {
        *self == SourceTable::default()
    }
}

/// The source of `table` on a bench of `wavelength`.
pub(super) fn source(table: &SourceTable, wavelength: Metres) -> Checked<LightSource> {
    let count = table.wavelengths.len();
    if !table.weights.is_empty() && table.weights.len() != count {
        return Err(format!(
            "source.weights has {} numbers: give one for each of the {count} source.wavelengths, or none",
            table.weights.len()
        ));
    }
    if let Some(weight) = table.weights.iter().find(|weight| !(weight.is_finite() && **weight > 0.0)) {
        return Err(format!(
            "source.weights: {weight} is not above zero; leave out a wavelength without light"
        ));
    }
    for (number, length) in table.wavelengths.iter().enumerate() {
        if table.wavelengths[..number].iter().any(|other| other.value() == length.value()) {
            return Err(format!(
                "source.wavelengths: \"{length}\" is there twice; give it once, with its weight"
            ));
        }
    }
    let mut source = LightSource::default();
    if count > 0 {
        let weight = |number: usize| table.weights.get(number).copied().unwrap_or(1.0);
        let lines = table.wavelengths.iter().enumerate();
        let lines: Vec<(f64, f64)> =
            lines.map(|(number, length)| (length.value() / wavelength, weight(number))).collect();
        source = LightSource::of_lines(&lines, table.readout);
    }
    let half_angle = table.half_angle.value();
    if !(0.0..std::f64::consts::FRAC_PI_2).contains(&half_angle) {
        return Err(format!(
            "source.half_angle = \"{}\": it must be 0 to less than 90 degrees",
            table.half_angle
        ));
    }
    if half_angle > 0.0 {
        source.extended = Some(Extended { half_angle, points: table.points });
    }
    if table.points == 0 {
        return Err("source.points = 0: a source has a point at least".into());
    }
    source.check().map_err(|error| format!("source.wavelengths and source.points: {error}"))?;
    Ok(source)
}
