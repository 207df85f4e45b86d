//! `[detector]` as it is typed, and what it means on a grid.

use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize};

use super::arrangement::{self, rows_of};
use super::named_key;
use super::training_table::LossName;
use super::typed::{Length, Lengths, Offset};
use super::work::Checked;
use crate::detector::{Detector, Scheme, image_regions, near_square, regions_at, ring, rows};
use crate::grid::Grid;
use crate::named::Named;
use crate::object::ObjectPlane;
use crate::units::Metres;

/// Largest number of regions in a row that is typed.
const MAX_IN_A_ROW: usize = 1000;

/// `[detector]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DetectorTable {
    /// How readings become scores.
    #[serde(with = "named_key")]
    pub scheme: Scheme,
    /// Regions in each row, top to bottom, such as "3-4-3"; "grid", rows as nearly a square as they make; "ring";
    /// "list", at `centres`; "image", a region for each image value, where that stands on the object plane. Left out,
    /// rows for the number of classes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layout: Option<String>,
    /// Side of a region, or [height, width]; of no meaning to an image, like the pitches. Left out, these are those of the
    /// default design, or less where the plane has no room for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region_size: Option<RegionSize>,
    /// Between the centres of neighbouring rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row_pitch: Option<Length>,
    /// Between the centres of neighbours in a row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column_pitch: Option<Length>,
    /// From the axis to the centres of a ring.
    pub ring_radius: Length,
    /// Centres of listed regions, [y, x] from the axis.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub centres: Vec<[Offset; 2]>,
}

/// One length for both sides, or [height, width].
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum RegionSize {
    /// A square.
    Square(Length),
    /// Height, width.
    Each([Length; 2]),
}

impl<'de> Deserialize<'de> for RegionSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const EXPECTED: &str = "a length such as \"4.8 mm\", or [height, width]";
        match Lengths::read(deserializer, EXPECTED)? {
            Lengths::One(side) => Ok(RegionSize::Square(side)),
            Lengths::List(sides) => <[Length; 2]>::try_from(sides)
                .map(RegionSize::Each)
                .map_err(|sides| D::Error::invalid_length(sides.len(), &EXPECTED)),
        }
    }
}

impl RegionSize {
    /// Height and width.
    fn sides(&self) -> [Metres; 2] {
        match self {
            RegionSize::Square(side) => [side.value(); 2],
            RegionSize::Each(sides) => sides.each_ref().map(Length::value),
        }
    }
}

impl Default for DetectorTable {
    fn default() -> Self {
        DetectorTable {
            scheme: Scheme::Single,
            layout: None,
            region_size: None,
            row_pitch: None,
            column_pitch: None,
            ring_radius: Length::known("18 mm", 18e-3),
            centres: Vec::new(),
        }
    }
}

/// What the readings are to say.
pub(super) struct Task<'a> {
    /// The plane the light comes from.
    pub(super) object: &'a ObjectPlane,
    /// The key that gives its image as many pixels, and the value.
    pub(super) extent_key: &'a str,
    /// Number of classes.
    pub(super) classes: usize,
    /// Number of devices that share them.
    pub(super) networks: usize,
    /// Wavelengths that are read at every place.
    pub(super) told_apart: usize,
    /// What the device is trained by.
    pub(super) loss: LossName,
}

/// The detector of `table` for `task`, and the table with nothing left out.
pub(super) fn detector(table: &DetectorTable, task: &Task<'_>) -> Checked<(Detector, DetectorTable)> {
    let (networks, grid) = (task.networks, task.object.grid());
    let scheme = table.scheme;
    let classes = task.classes / networks.max(1);
    let (readings, lines) = (classes * scheme.regions_a_class(), task.told_apart);
    if !readings.is_multiple_of(lines) {
        return Err(format!(
            "source.readout = \"multiplexed\": {classes} classes and scheme = \"{}\" take {readings} readings, which {lines} \
             wavelengths do not share evenly; take another number of source.wavelengths, or readout = \"sum\"",
            scheme.name()
        ));
    }
    // Each place has a reading for each of the wavelengths that are told apart.
    let regions = readings / lines;
    let in_rows = || {
        let rows = if lines == 1 { rows_of(classes, scheme) } else { rows_of(regions, Scheme::Single) };
        rows.iter().map(usize::to_string).collect::<Vec<_>>().join("-")
    };
    let name = table.layout.clone().unwrap_or_else(in_rows);
    let layout = format!("detector.layout = \"{name}\"");
    match (name.as_str(), task.loss) {
        ("image", LossName::ImageMse) if networks > 1 => {
            return Err(format!("bench.networks = {networks}: devices that form an image share no classes"));
        }
        ("image", LossName::ImageMse) if task.told_apart > 1 => {
            return Err(
                "source.readout = \"multiplexed\": an image is read in all wavelengths; take \"sum\"".into(),
            );
        }
        ("image", LossName::ImageMse) => {
            return Ok((image_detector(&layout, task)?, table.clone()));
        }
        ("image", _) => {
            return Err(format!(
                "training.loss = \"{}\" is for classes, and {layout} has none: take loss = \"image-mse\"",
                task.loss.name()
            ));
        }
        (_, LossName::ImageMse) => {
            return Err(format!(
                "training.loss = \"image-mse\" needs an image to compare, and {layout} forms none: take layout = \
                 \"image\""
            ));
        }
        _ => {}
    }
    if !table.centres.is_empty() && name != "list" {
        return Err(format!("detector.centres belong to layout = \"list\", and {layout}"));
    }
    let RegionPlaces { size, pitches, centres } = places(table, &name, regions, grid)?;
    if centres.len() != regions {
        return Err(format!(
            "{layout} has {} regions: {classes} classes and scheme = \"{}\" take {regions}{}; layout = \"{}\" has \
             as many",
            centres.len(),
            scheme.name(),
            match (networks > 1, lines > 1) {
                (true, false) => " in each of the networks",
                (false, true) => ", each read in every wavelength",
                (true, true) => " in each of the networks, each read in every wavelength",
                (false, false) => "",
            },
            in_rows()
        ));
    }
    let placed = regions_at(grid, size, &centres).map_err(|error| format!("detector: {error}"))?;
    let detector = Detector::new(grid, placed)
        .map(|detector| detector.telling_apart(lines))
        .and_then(|detector| detector.read_by(scheme))
        .map_err(|error| format!("detector: {error}"))?;
    let arrangement = DetectorTable {
        layout: Some(name),
        region_size: table.region_size.clone().or_else(|| Some(RegionSize::Square(Length::of(size[0])))),
        row_pitch: table.row_pitch.clone().or_else(|| Some(Length::of(pitches[0]))),
        column_pitch: table.column_pitch.clone().or_else(|| Some(Length::of(pitches[1]))),
        ..table.clone()
    };
    Ok((detector, arrangement))
}

/// What a table says of the regions.
struct RegionPlaces {
    /// Height and width of a region.
    size: [Metres; 2],
    /// Distances between rows and in them.
    pitches: [Metres; 2],
    /// Middles of the regions in their order.
    centres: Vec<[Metres; 2]>,
}

fn places(table: &DetectorTable, name: &str, regions: usize, grid: Grid) -> Checked<RegionPlaces> {
    let counts = counts(name, &format!("detector.layout = \"{name}\""), regions)?;
    let (size, pitches) = sizes(table, counts.as_deref(), grid);
    let centres = match &counts {
        Some(counts) => rows(counts, pitches[0], pitches[1]),
        None => centres(table, name, regions),
    };
    Ok(RegionPlaces { size, pitches, centres })
}

/// Where the middles of the regions of `arrangement`, a table with nothing left out, are wanted.
pub(super) fn wanted(arrangement: &DetectorTable, regions: usize, grid: Grid) -> Checked<Vec<[Metres; 2]>> {
    Ok(places(arrangement, arrangement.layout.as_deref().unwrap_or_default(), regions, grid)?.centres)
}

/// Sides of a region, and distances between rows and in them, as typed or as the plane has room for `counts` regions.
fn sizes(table: &DetectorTable, counts: Option<&[usize]>, grid: Grid) -> ([Metres; 2], [Metres; 2]) {
    let size = table.region_size.as_ref().map(RegionSize::sides);
    let pixel = grid.pixel_pitch();
    let typed = [&table.row_pitch, &table.column_pitch];
    let numbers =
        [counts.map_or(1, <[usize]>::len), counts.and_then(|c| c.iter().copied().max()).unwrap_or(1)];
    let pixels = [grid.rows(), grid.columns()];
    let mut pitches = [arrangement::PITCH; 2];
    for axis in 0..2 {
        pitches[axis] = match typed[axis] {
            Some(pitch) => pitch.value(),
            None => {
                let side = size.map_or(arrangement::SIDE, |size| size[axis]);
                arrangement::pitch(numbers[axis], side, pixels[axis] as f64 * pixel, pixel)
            }
        };
    }
    (size.unwrap_or_else(|| [arrangement::side(pitches, grid); 2]), pitches)
}

/// Regions in each row; `None` for a layout that has no rows.
fn counts(name: &str, layout: &str, regions: usize) -> Checked<Option<Vec<usize>>> {
    match name {
        "ring" | "list" => Ok(None),
        "grid" => Ok(Some(near_square(regions))),
        listed => listed
            .split('-')
            .map(|count| count.parse().ok().filter(|count| (1..=MAX_IN_A_ROW).contains(count)))
            .collect::<Option<_>>()
            .map(Some)
            .ok_or_else(|| {
                format!(
                    "{layout}: write the number of regions in each row, such as \"3-4-3\", or \"grid\", \"ring\", \
                     \"list\" or \"image\""
                )
            }),
    }
}

/// Middles of the regions of a ring or a list, in their order.
fn centres(table: &DetectorTable, name: &str, regions: usize) -> Vec<[Metres; 2]> {
    if name == "ring" {
        return ring(regions, table.ring_radius.value());
    }
    table.centres.iter().map(|centre| centre.each_ref().map(Offset::value)).collect()
}

/// A region for each image value, where the value stands on the object plane.
fn image_detector(layout: &str, task: &Task<'_>) -> Checked<Detector> {
    let object = task.object;
    let ((rows, columns), (height, width)) = (object.image(), object.extent());
    if height % rows != 0 || width % columns != 0 {
        return Err(format!(
            "{layout} needs whole pixels for each of {rows} x {columns} image values, and {} makes {height} x {width} \
             pixels of them: give object.upsampling instead",
            task.extent_key
        ));
    }
    let regions = image_regions(object.origin(), object.image(), (height / rows, width / columns));
    Detector::new(object.grid(), regions).map_err(|error| format!("detector: {error}"))
}
