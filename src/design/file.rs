//! `design.toml` as it is typed: every key, with the value it has when it is left out.

use std::f64::consts::TAU;

use serde::de::Deserializer;
use serde::{Deserialize, Serialize};

use super::advice::told;
use super::detector_table::DetectorTable;
use super::images_table::ImagesTable;
use super::mask_pixels::{MaskSides, Pitches};
use super::named_key;
use super::optics_table::OpticTable;
use super::printer::PrinterTable;
use super::source_table::SourceTable;
use super::training_table::TrainingTable;
use super::typed::{Angle, Length, Lengths, Offset, Sides};
use crate::element::{Modulation, PlateModel};
use crate::error::Error;
use crate::object::{Encoding, Illumination, Resampling};
use crate::propagation::{Method, PixelModel};

/// Version of the design file this program reads and writes.
pub const FORMAT: u32 = 1;

/// A design as typed. Lengths and angles keep their text; a key that is left out has the value of the default
/// device; unknown keys are refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DesignFile {
    /// Version of the file, [`FORMAT`].
    pub format: u32,
    /// Name of the device; begins the names of its plates. Left out, that of its data set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Planes and the light between them.
    pub bench: BenchTable,
    /// What a pixel of a mask can do.
    pub mask: MaskTable,
    /// The images of a data set of one's own.
    #[serde(skip_serializing_if = "ImagesTable::is_empty")]
    pub images: ImagesTable,
    /// The image at the object plane.
    pub object: ObjectTable,
    /// The light on the object.
    #[serde(skip_serializing_if = "SourceTable::is_usual")]
    pub source: SourceTable,
    /// The detector plane.
    pub detector: DetectorTable,
    /// What the plates are made of.
    pub material: MaterialTable,
    /// How the masks are trained.
    pub training: TrainingTable,
    /// How the plates are made.
    pub fabrication: FabricationTable,
    /// Optics between the planes, beside the masks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub optics: Vec<OpticTable>,
    /// A printer that is not known by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub printer: Option<PrinterTable>,
}

/// `[bench]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BenchTable {
    /// Vacuum wavelength.
    pub wavelength: Length,
    /// Side of a pixel: of object and detector, and of masks that have none of their own.
    #[serde(deserialize_with = "one_pitch")]
    pub pixel_pitch: Length,
    /// Pixels of every plane: one number, or [rows, columns]. No mask is larger.
    pub pixels: Sides,
    /// Number of phase masks.
    pub masks: usize,
    /// Devices side by side that see the same object and share the classes.
    pub networks: usize,
    /// Axial distances object - mask 1 - ... - detector: one length, or a list of one more than masks.
    pub gaps: Gaps,
    /// How transfer functions are made.
    #[serde(with = "named_key")]
    pub method: Method,
    /// Side of the padded window over the side of the plane.
    pub padding: f64,
    /// What leaves a pixel.
    #[serde(with = "named_key")]
    pub pixel_model: PixelModel,
    /// Samples along one side of a pixel.
    pub oversample: usize,
    /// Whether a design that the sampling rules refuse is run all the same.
    pub allow_aliasing: bool,
}

/// Reads `bench.pixel_pitch`: who types a list of them is told where masks have theirs.
fn one_pitch<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Length, D::Error> {
    let expected = "one pitch, such as \"0.4 mm\", that of object and detector: masks have pitches of their own by \
                    mask.pixel_pitch";
    Length::read(deserializer, expected)
}

/// One length for all gaps, or one for each.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Gaps {
    /// All alike.
    All(Length),
    /// One for each gap, in the order of the light.
    Each(Vec<Length>),
}

impl<'de> Deserialize<'de> for Gaps {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = Lengths::read(deserializer, "a length such as \"30 mm\", or a list of them")?;
        Ok(match read {
            Lengths::One(length) => Gaps::All(length),
            Lengths::List(list) => Gaps::Each(list),
        })
    }
}

/// `[mask]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MaskTable {
    /// What a pixel does to the light; its figures are in other keys.
    #[serde(with = "named_key")]
    pub modulation: Modulation,
    /// Side of a pixel of the masks, where it is not `bench.pixel_pitch`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pixel_pitch: Option<Pitches>,
    /// Pixels of the masks, where they do not fill the planes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pixels: Option<MaskSides>,
    /// Largest phase of the relief.
    pub phase_max: Angle,
    /// Largest height of the relief, instead of `phase_max`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height_max: Option<Length>,
    /// How the plates are simulated: as thin sheets, or with their thickness.
    #[serde(with = "named_key")]
    pub plate: PlateModel,
    /// Slices of the relief of a sliced plate.
    pub slices: usize,
    /// Samples inside a plate along one side of a sample outside.
    pub finer: usize,
    /// Refractive index of the medium that light spreads in inside a relief.
    pub reference_index: ReferenceIndex,
}

/// `mask.reference_index`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "\"mean\", or a refractive index")]
pub enum ReferenceIndex {
    /// In words.
    Between(Between),
    /// A number.
    Number(f64),
}

/// See [`ReferenceIndex`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Between {
    /// The mean of the plate's index and that of its surroundings.
    Mean,
}

impl Default for MaskTable {
    fn default() -> Self {
        MaskTable {
            modulation: Modulation::LOSSLESS,
            pixel_pitch: None,
            pixels: None,
            phase_max: Angle::known("2 pi", TAU),
            height_max: None,
            plate: PlateModel::Thin,
            slices: 4,
            finer: 1,
            reference_index: ReferenceIndex::Between(Between::Mean),
        }
    }
}

/// `[object]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ObjectTable {
    /// What a pixel value becomes; its figures are in other keys.
    #[serde(with = "named_key")]
    pub encoding: Encoding,
    /// Phase of the value 1 where values are phases.
    pub phase_range: Angle,
    /// Power that values are raised to before they become amplitudes or phases.
    pub gamma: f64,
    /// Value from which light passes where images are binary.
    pub threshold: f32,
    /// Pixels of the plane along one side of an image pixel; left out, four or as many as the plane has room for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upsampling: Option<usize>,
    /// Longer side of the image on the plane, instead of `upsampling`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<Length>,
    /// Distance of the image's middle from the axis, [y, x].
    pub offset: [Offset; 2],
    /// How images are brought to the pixels of the plane.
    #[serde(with = "named_key")]
    pub resampling: Resampling,
    /// The light that falls on the object; its figures are in other keys.
    #[serde(with = "named_key")]
    pub illumination: Illumination,
    /// Angles of a tilted wave to the axis, [towards y, towards x].
    pub tilt: [Angle; 2],
    /// Radius of a Gaussian beam, where its intensity has fallen to exp(-2).
    pub waist: Length,
}

/// `[material]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MaterialTable {
    /// Name as people know it.
    pub name: String,
    /// Refractive index at the wavelength.
    pub refractive_index: f64,
    /// Imaginary part of the refractive index: absorption.
    pub extinction_coefficient: f64,
    /// Refractive index of what is between the plates.
    pub surrounding_index: f64,
    /// Grams a cubic centimetre, for the mass of the plates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub density: Option<f64>,
    /// Price for a mass or a volume, such as "300 EUR/kg".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<String>,
}

/// `[fabrication]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FabricationTable {
    /// Thickness of the plate below the relief.
    pub base_thickness: Length,
    /// Heights are rounded to whole layers of this height.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer_height: Option<Length>,
    /// Heights are rounded to this many levels of a full turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub levels: Option<u32>,
    /// Width of the frame around the pixels; none without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame_width: Option<Length>,
    /// Top of the frame above the flat side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frame_height: Option<Length>,
    /// Whether the frame says which plate it is and which way round it stands.
    pub engraving: bool,
    /// Depth of what is engraved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engraving_depth: Option<Length>,
    /// Whether the corner of the frame beside pixel [0, 0] is cut off.
    pub notch: bool,
    /// Side of square holes for pins in the three other corners.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pin_holes: Option<Length>,
    /// Name of the printer: its layers, its smallest feature and its tray limit the plates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub printer: Option<String>,
}

impl Default for DesignFile {
    fn default() -> Self {
        DesignFile {
            format: FORMAT,
            name: None,
            bench: BenchTable::default(),
            mask: MaskTable::default(),
            images: ImagesTable::default(),
            object: ObjectTable::default(),
            source: SourceTable::default(),
            detector: DetectorTable::default(),
            material: MaterialTable::default(),
            training: TrainingTable::default(),
            fabrication: FabricationTable::default(),
            optics: Vec::new(),
            printer: None,
        }
    }
}

impl Default for BenchTable {
    fn default() -> Self {
        BenchTable {
            wavelength: Length::known("0.75 mm", 0.75e-3),
            pixel_pitch: Length::known("0.4 mm", 0.4e-3),
            pixels: Sides::Square(200),
            masks: 5,
            networks: 1,
            gaps: Gaps::All(Length::known("30 mm", 30e-3)),
            method: Method::Auto,
            padding: 2.0,
            pixel_model: PixelModel::Square,
            oversample: 2,
            allow_aliasing: false,
        }
    }
}

impl Default for ObjectTable {
    fn default() -> Self {
        ObjectTable {
            encoding: Encoding::Amplitude,
            phase_range: Angle::known("2 pi", TAU),
            gamma: 1.0,
            threshold: 0.5,
            upsampling: None,
            size: None,
            offset: [Offset::known("0 mm", 0.0), Offset::known("0 mm", 0.0)],
            resampling: Resampling::Nearest,
            illumination: Illumination::Plane,
            tilt: [Angle::known("0 deg", 0.0), Angle::known("0 deg", 0.0)],
            waist: Length::known("20 mm", 20e-3),
        }
    }
}

impl Default for MaterialTable {
    fn default() -> Self {
        MaterialTable {
            name: "VeroBlackPlus RGD875".into(),
            refractive_index: 1.7227,
            extinction_coefficient: 0.0,
            surrounding_index: 1.0,
            density: None,
            price: None,
        }
    }
}

impl Default for FabricationTable {
    fn default() -> Self {
        FabricationTable {
            base_thickness: Length::known("1 mm", 1e-3),
            layer_height: None,
            levels: None,
            frame_width: None,
            frame_height: None,
            engraving: true,
            engraving_depth: None,
            notch: true,
            pin_holes: None,
            printer: None,
        }
    }
}

impl DesignFile {
    /// Reads a design from the text of `file` (its name, for messages).
    ///
    /// # Errors
    /// [`Error::Design`] for what is not TOML, unknown keys, values of a wrong kind and other versions.
    pub fn parse(file: &str, text: &str) -> Result<Self, Error> {
        let wrong = |problem: String| Error::Design { file: file.to_owned(), problem };
        let design: DesignFile =
            toml::from_str(text).map_err(|error| wrong(format!("\n{}", told(text, &error))))?;
        design.check_format().map_err(wrong)?;
        Ok(design)
    }

    pub(super) fn check_format(&self) -> Result<(), String> {
        if self.format == FORMAT {
            return Ok(());
        }
        Err(format!("format = {}: this version of d2nn reads format = {FORMAT}", self.format))
    }

    /// Looks at the files that `training.data` names, where they are no data set known by name, and writes down in
    /// `[images]` what was left out there.
    ///
    /// # Errors
    /// Those of files that cannot be read or are no images; nothing is looked at for a known data set, and where
    /// `[images]` is complete.
    pub fn look_at_images(&mut self) -> Result<(), Error> {
        self.images.look_at(&self.training.data)
    }

    /// The design as a table, every key written out.
    pub(super) fn to_table(&self) -> Result<toml::Table, Error> {
        toml::Table::try_from(self).map_err(|error| Error::Value(format!("cannot write the design: {error}")))
    }

    /// The design as text, every key written out.
    ///
    /// # Errors
    /// [`Error::Value`] if a value cannot be written as TOML (a number beyond 64 bits).
    pub fn to_text(&self) -> Result<String, Error> {
        toml::to_string(self).map_err(|error| Error::Value(format!("cannot write the design: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_design_is_the_default_device() {
        assert_eq!(DesignFile::parse("design.toml", "").unwrap(), DesignFile::default());
    }

    #[test]
    fn what_is_written_is_read_back() {
        let design = DesignFile {
            bench: BenchTable {
                gaps: Gaps::Each(["1 mm", "2 mm"].map(|text| text.parse().unwrap()).into()),
                pixels: Sides::Each([20, 30]),
                masks: 1,
                ..BenchTable::default()
            },
            fabrication: FabricationTable { levels: Some(8), ..FabricationTable::default() },
            ..DesignFile::default()
        };
        assert_eq!(DesignFile::parse("d", &design.to_text().unwrap()).unwrap(), design);
    }
}
