//! `[[optics]]`: lenses, stops, plates and saturable sheets between the planes of a device.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::resolve::{Checked, length};
use crate::element::{Aperture, Element, Lens, LensPhase, Opening, Placed, Plate, Saturable};
use crate::material::Material;
use crate::propagation::Polarisation;
use crate::units::{Metres, parse_length};

/// One of `[[optics]]`: `kind` says which of the keys belong to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpticTable {
    /// What it is.
    pub kind: OpticKind,
    /// Number of the gap it stands in: 0 between the object and mask 1.
    pub gap: usize,
    /// From the plane in front of the gap to its first face; touching that plane unless said otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distance: Option<String>,
    /// Of a lens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub focal_length: Option<String>,
    /// Of a lens: which phase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<PhaseKey>,
    /// Of a round aperture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diameter: Option<String>,
    /// Of a rectangular aperture: side of a square, or height and width.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opening: Option<Lengths>,
    /// Of a slab.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thickness: Option<String>,
    /// Of a slab.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refractive_index: Option<f64>,
    /// Of a slab.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extinction_coefficient: Option<f64>,
    /// Of a slab.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub polarisation: Option<PolarisationKey>,
    /// Of a slab: whether light goes to and fro inside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub echoes: Option<bool>,
    /// Of a saturable absorber, for dim light.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optical_depth: Option<f64>,
    /// Of a saturable absorber, in units of the intensity of the illumination.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saturation_intensity: Option<f64>,
}

/// `kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OpticKind {
    /// An ideal thin lens.
    Lens,
    /// A stop.
    Aperture,
    /// A homogeneous plate.
    Slab,
    /// A saturable absorber.
    Saturable,
}

/// `phase` of a lens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PhaseKey {
    /// That of a perfect lens.
    Exact,
    /// Its parabola.
    Paraxial,
}

/// `polarisation` of a slab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PolarisationKey {
    /// The mean of both.
    Mean,
    /// Transverse electric.
    Te,
    /// Transverse magnetic.
    Tm,
}

/// One length for both sides, or [height, width].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a length such as \"40 mm\", or [height, width]")]
pub enum Lengths {
    /// Both alike.
    Square(String),
    /// Height, width.
    Each([String; 2]),
}

impl OpticTable {
    /// Which keys that belong to one kind are typed.
    fn typed(&self) -> [(&'static str, OpticKind, bool); 10] {
        use OpticKind::{Aperture, Lens, Saturable, Slab};
        [
            ("focal_length", Lens, self.focal_length.is_some()),
            ("phase", Lens, self.phase.is_some()),
            ("diameter", Aperture, self.diameter.is_some()),
            ("opening", Aperture, self.opening.is_some()),
            ("thickness", Slab, self.thickness.is_some()),
            ("refractive_index", Slab, self.refractive_index.is_some()),
            ("extinction_coefficient", Slab, self.extinction_coefficient.is_some()),
            ("polarisation", Slab, self.polarisation.is_some()),
            ("echoes", Slab, self.echoes.is_some()),
            ("optical_depth", Saturable, self.optical_depth.is_some()),
        ]
    }

    fn element(&self) -> Checked<Arc<dyn Element>> {
        let name = format!("{:?}", self.kind).to_lowercase();
        let alien = self.typed().into_iter().find(|(_, kind, typed)| *typed && *kind != self.kind);
        if let Some((key, ..)) = alien {
            return Err(format!("{key} is no key of a {name}: take it out, or change kind"));
        }
        if self.saturation_intensity.is_some() && self.kind != OpticKind::Saturable {
            return Err(format!("saturation_intensity is no key of a {name}: take it out, or change kind"));
        }
        let missing = |key: &str| format!("a {name} needs {key}");
        let needed = |key: &str, text: &Option<String>| -> Checked<Metres> {
            length(key, text.as_ref().ok_or_else(|| missing(key))?)
        };
        let built = |error: crate::error::Error| error.to_string();
        Ok(match self.kind {
            OpticKind::Lens => {
                let text = self.focal_length.as_ref().ok_or_else(|| missing("focal_length"))?;
                let focal = parse_length(text).map_err(|problem| format!("focal_length: {problem}"))?;
                let phase = match self.phase.unwrap_or(PhaseKey::Exact) {
                    PhaseKey::Exact => LensPhase::Exact,
                    PhaseKey::Paraxial => LensPhase::Paraxial,
                };
                Arc::new(Lens::new(focal, phase).map_err(built)?)
            }
            OpticKind::Aperture => {
                let opening = match (&self.diameter, &self.opening) {
                    (Some(text), None) => Opening::Round { diameter: length("diameter", text)? },
                    (None, Some(Lengths::Square(side))) => {
                        let side = length("opening", side)?;
                        Opening::Rectangle { height: side, width: side }
                    }
                    (None, Some(Lengths::Each([height, width]))) => Opening::Rectangle {
                        height: length("opening", height)?,
                        width: length("opening", width)?,
                    },
                    _ => return Err("an aperture needs diameter or opening, and not both".into()),
                };
                Arc::new(Aperture::new(opening).map_err(built)?)
            }
            OpticKind::Slab => {
                let thickness = needed("thickness", &self.thickness)?;
                let index = self.refractive_index.ok_or_else(|| missing("refractive_index"))?;
                let material = Material::new("slab", index)
                    .and_then(|material| material.absorbing(self.extinction_coefficient.unwrap_or(0.0)))
                    .map_err(built)?;
                let polarisation = match self.polarisation.unwrap_or(PolarisationKey::Mean) {
                    PolarisationKey::Mean => Polarisation::Mean,
                    PolarisationKey::Te => Polarisation::TransverseElectric,
                    PolarisationKey::Tm => Polarisation::TransverseMagnetic,
                };
                let plate = Plate::new(&material, thickness, polarisation).map_err(built)?;
                Arc::new(if self.echoes.unwrap_or(true) { plate } else { plate.without_echoes() })
            }
            OpticKind::Saturable => {
                let depth = self.optical_depth.ok_or_else(|| missing("optical_depth"))?;
                let intensity = self.saturation_intensity.ok_or_else(|| missing("saturation_intensity"))?;
                Arc::new(Saturable::new(depth, intensity).map_err(built)?)
            }
        })
    }
}

/// The optics that `tables` ask for.
pub(super) fn optics(tables: &[OpticTable]) -> Checked<Vec<Placed>> {
    let placed = |(number, table): (usize, &OpticTable)| {
        let named = |problem: String| format!("[[optics]] number {}: {problem}", number + 1);
        let distance = match &table.distance {
            Some(text) => parse_length(text).map_err(|problem| named(format!("distance: {problem}")))?,
            None => 0.0,
        };
        Ok(Placed { gap: table.gap, distance, element: table.element().map_err(named)? })
    };
    tables.iter().enumerate().map(placed).collect()
}
