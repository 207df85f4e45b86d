//! `[[optics]]`: lenses, stops, plates and saturable sheets between the planes of a device.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::named_key;
use super::typed::{Length, Offset};
use super::work::Checked;
use crate::element::{Aperture, Element, Lens, LensPhase, Opening, Placed, Plate, Saturable};
use crate::material::Material;
use crate::propagation::Polarisation;
use crate::units::Metres;

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
    pub distance: Option<Offset>,
    /// Of a lens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub focal_length: Option<Offset>,
    /// Of a lens: which phase.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "named_key::optional")]
    pub phase: Option<LensPhase>,
    /// Of a round aperture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diameter: Option<Length>,
    /// Of a rectangular aperture: side of a square, or height and width.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opening: Option<OpeningSides>,
    /// Of a slab.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thickness: Option<Length>,
    /// Of a slab.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refractive_index: Option<f64>,
    /// Of a slab.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extinction_coefficient: Option<f64>,
    /// Of a slab.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "named_key::optional")]
    pub polarisation: Option<Polarisation>,
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

/// One length for both sides, or [height, width].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a length such as \"40 mm\", or [height, width]")]
pub enum OpeningSides {
    /// Both alike.
    Square(Length),
    /// Height, width.
    Each([Length; 2]),
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
        let built = |error: crate::error::Error| error.to_string();
        Ok(match self.kind {
            OpticKind::Lens => {
                let focal = self.focal_length.as_ref().ok_or_else(|| missing("focal_length"))?.value();
                let phase = self.phase.unwrap_or(LensPhase::Exact);
                Arc::new(Lens::new(focal, phase).map_err(built)?)
            }
            OpticKind::Aperture => {
                let opening = match (&self.diameter, &self.opening) {
                    (Some(text), None) => Opening::Round { diameter: text.value() },
                    (None, Some(OpeningSides::Square(side))) => {
                        Opening::Rectangle { height: side.value(), width: side.value() }
                    }
                    (None, Some(OpeningSides::Each([height, width]))) => {
                        Opening::Rectangle { height: height.value(), width: width.value() }
                    }
                    _ => return Err("an aperture needs diameter or opening, and not both".into()),
                };
                Arc::new(Aperture::new(opening).map_err(built)?)
            }
            OpticKind::Slab => {
                let thickness = self.thickness.as_ref().ok_or_else(|| missing("thickness"))?.value();
                let index = self.refractive_index.ok_or_else(|| missing("refractive_index"))?;
                let material = Material::new("slab", index)
                    .and_then(|material| material.absorbing(self.extinction_coefficient.unwrap_or(0.0)))
                    .map_err(built)?;
                let polarisation = self.polarisation.unwrap_or(Polarisation::Mean);
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
        let distance: Metres = table.distance.as_ref().map_or(0.0, Offset::value);
        Ok(Placed { gap: table.gap, distance, element: table.element().map_err(named)? })
    };
    tables.iter().enumerate().map(placed).collect()
}
