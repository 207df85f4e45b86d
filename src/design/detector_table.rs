//! `[detector]` as it is typed, and what it means on a grid.

use serde::{Deserialize, Serialize};

use super::file::DesignFile;
use super::resolve::{Checked, length};
use super::training_table::LossKey;
use crate::detector::{Detector, Scheme, image_regions, near_square, regions_at, ring, rows};
use crate::object::ObjectPlane;
use crate::units::{Metres, parse_length};

/// Classes of the data sets there are.
pub(super) const CLASSES: usize = 10;
/// Largest number of regions in a row that is typed.
const MAX_IN_A_ROW: usize = 1000;

/// `[detector]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DetectorTable {
    /// How readings become scores.
    pub scheme: SchemeKey,
    /// Regions in each row, top to bottom, such as "3-4-3"; "grid", rows as nearly a square as they make; "ring";
    /// "list", at `centres`; "image", a region for each image value, where that stands on the object plane.
    pub layout: String,
    /// Side of a region, or [height, width]; of no meaning to an image, like the pitches.
    pub region_size: RegionSize,
    /// Between the centres of neighbouring rows.
    pub row_pitch: String,
    /// Between the centres of neighbours in a row.
    pub column_pitch: String,
    /// From the axis to the centres of a ring.
    pub ring_radius: String,
    /// Centres of listed regions, [y, x] from the axis.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub centres: Vec<[String; 2]>,
}

/// `detector.scheme`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SchemeKey {
    /// One region a class.
    Single,
    /// A pair of regions a class, one for and one against it.
    Differential,
}

/// One length for both sides, or [height, width].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a length such as \"4.8 mm\", or [height, width]")]
pub enum RegionSize {
    /// A square.
    Square(String),
    /// Height, width.
    Each([String; 2]),
}

impl Default for DetectorTable {
    fn default() -> Self {
        DetectorTable {
            scheme: SchemeKey::Single,
            layout: "3-4-3".into(),
            region_size: RegionSize::Square("4.8 mm".into()),
            row_pitch: "9.6 mm".into(),
            column_pitch: "9.6 mm".into(),
            ring_radius: "18 mm".into(),
            centres: Vec::new(),
        }
    }
}

impl SchemeKey {
    /// What it means.
    pub(super) fn scheme(self) -> Scheme {
        match self {
            SchemeKey::Single => Scheme::Single,
            SchemeKey::Differential => Scheme::Differential,
        }
    }
}

/// The detector of `typed` on the grid of `object`.
pub(super) fn detector(typed: &DesignFile, object: &ObjectPlane) -> Checked<Detector> {
    let (table, grid) = (&typed.detector, object.grid());
    let layout = format!("detector.layout = \"{}\"", table.layout);
    match (table.layout.as_str(), typed.training.loss) {
        ("image", LossKey::ImageMse) if typed.bench.networks > 1 => {
            return Err(format!(
                "bench.networks = {}: devices that form an image share no classes",
                typed.bench.networks
            ));
        }
        ("image", LossKey::ImageMse) => return image_detector(&layout, typed, object),
        ("image", _) => {
            return Err(format!(
                "training.loss = \"{}\" is for classes, and {layout} has none: take loss = \"image-mse\"",
                typed.training.loss.name()
            ));
        }
        (_, LossKey::ImageMse) => {
            return Err(format!(
                "training.loss = \"image-mse\" needs an image to compare, and {layout} forms none: take layout = \
                 \"image\""
            ));
        }
        _ => {}
    }
    if !table.centres.is_empty() && table.layout != "list" {
        return Err(format!("detector.centres belong to layout = \"list\", and {layout}"));
    }
    let scheme = table.scheme.scheme();
    let classes = CLASSES / typed.bench.networks.max(1);
    let regions = classes * scheme.regions_a_class();
    let centres = centres(table, &layout, regions)?;
    if centres.len() != regions {
        return Err(format!(
            "{layout} has {} regions: {classes} classes and scheme = \"{}\" take {regions}{}{}",
            centres.len(),
            match table.scheme {
                SchemeKey::Single => "single",
                SchemeKey::Differential => "differential",
            },
            if typed.bench.networks > 1 { " in each of the networks" } else { "" },
            if scheme == Scheme::Differential { ", such as layout = \"grid\"" } else { "" }
        ));
    }
    let side = |text: &String| length("detector.region_size", text);
    let size = match &table.region_size {
        RegionSize::Square(text) => [side(text)?; 2],
        RegionSize::Each([height, width]) => [side(height)?, side(width)?],
    };
    let regions = regions_at(grid, size, &centres).map_err(|error| format!("detector: {error}"))?;
    Detector::new(grid, regions)
        .and_then(|detector| detector.read_by(scheme))
        .map_err(|error| format!("detector: {error}"))
}

/// Middles of the regions in their order.
fn centres(table: &DetectorTable, layout: &str, regions: usize) -> Checked<Vec<[Metres; 2]>> {
    let counts = match table.layout.as_str() {
        "ring" => return Ok(ring(regions, length("detector.ring_radius", &table.ring_radius)?)),
        "list" => {
            let along = |text: &String| {
                parse_length(text).map_err(|problem| format!("detector.centres: {problem}"))
            };
            return table.centres.iter().map(|[y, x]| Ok([along(y)?, along(x)?])).collect();
        }
        "grid" => near_square(regions),
        listed => listed
            .split('-')
            .map(|count| count.parse().ok().filter(|count| (1..=MAX_IN_A_ROW).contains(count)))
            .collect::<Option<_>>()
            .ok_or_else(|| {
                format!(
                    "{layout}: write the number of regions in each row, such as \"3-4-3\", or \"grid\", \"ring\", \
                     \"list\" or \"image\""
                )
            })?,
    };
    Ok(rows(
        &counts,
        length("detector.row_pitch", &table.row_pitch)?,
        length("detector.column_pitch", &table.column_pitch)?,
    ))
}

/// A region for each image value, where the value stands on the object plane.
fn image_detector(layout: &str, typed: &DesignFile, object: &ObjectPlane) -> Checked<Detector> {
    let ((rows, columns), (height, width)) = (object.image(), object.extent());
    if height % rows != 0 || width % columns != 0 {
        let key = match &typed.object.size {
            Some(text) => format!("object.size = \"{text}\""),
            None => format!("object.upsampling = {}", typed.object.upsampling),
        };
        return Err(format!(
            "{layout} needs whole pixels for each of {rows} x {columns} image values, and {key} makes {height} x \
             {width} pixels of them: give object.upsampling instead"
        ));
    }
    let regions = image_regions(object.origin(), object.image(), (height / rows, width / columns));
    Detector::new(object.grid(), regions).map_err(|error| format!("detector: {error}"))
}
