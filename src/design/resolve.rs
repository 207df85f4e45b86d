//! From a design as typed to checked objects; the only home of rules across keys.

use crate::dataset::DatasetName;
use crate::detector::{Detector, Layout};
use crate::error::{Error, Result};
use crate::fabrication::{PlateOptions, Relief, StlFormat};
use crate::grid::Grid;
use crate::material::Material;
use crate::network::Bench;
use crate::object::{Encoding, ObjectPlane};
use crate::propagation::angular_spectrum::needed_padding;
use crate::propagation::rayleigh_sommerfeld::safe_offset;
use crate::propagation::{Method, PixelModel, padded_shape};
use crate::training::{CrossEntropy, Settings, Start};
use crate::units::{Metres, format_length, parse_positive_length};

use super::file::{DesignFile, EncodingKey, Gaps, MethodKey, PixelModelKey, Sides, StartKey};

/// Rows and columns of the images of both data sets.
pub const IMAGE: (usize, usize) = (28, 28);
/// Masks a device may have.
const MAX_MASKS: usize = 100;
/// Lengths a device may have: from a picometre to a thousand kilometres, so that no product or power of them
/// leaves the range of numbers.
const LENGTHS: std::ops::RangeInclusive<Metres> = 1e-12..=1e6;
/// Wavelengths along a gap at most: the phase of a path, 2 pi times that many, keeps 6 digits after the point.
const MAX_WAVELENGTHS: f64 = 1e9;
/// Pixels a plane may have along a side: beyond this the padded window of one sample takes gigabytes.
const MAX_PIXELS: usize = 4096;

/// A design whose parts are checked, each by itself and against each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Design {
    /// Name of the device.
    pub name: String,
    /// Everything on the optical table but the masks.
    pub bench: Bench,
    /// What the plates are made of.
    pub material: Material,
    /// Which images it is trained on.
    pub data: DatasetName,
    /// How it is trained; `validation` is a number of images once [`Design::settings`] knows how many there are.
    training: Settings,
    validation: f64,
    /// How its plates are made.
    pub plate: PlateOptions,
}

impl Design {
    /// Checks `typed`; `file` is named in messages.
    ///
    /// # Errors
    /// [`Error::Design`] with the key, its value, the limit and what to do.
    pub fn resolve(file: &str, typed: &DesignFile) -> Result<Self> {
        resolve(typed).map_err(|problem| Error::Design { file: file.to_owned(), problem })
    }

    /// Training settings for a training set of `images` images.
    pub fn settings(&self, images: usize) -> Settings {
        Settings { validation: (self.validation * images as f64).round() as usize, ..self.training }
    }

    /// Side of the padded window over the side of the plane (the larger of rows and columns).
    pub fn padding(&self) -> f64 {
        let (rows, columns) = self.bench.grid().shape();
        let (padded_rows, padded_columns) = self.bench.padded;
        (padded_rows as f64 / rows as f64).max(padded_columns as f64 / columns as f64)
    }

    /// The loss the device is trained with.
    pub fn loss(&self) -> CrossEntropy {
        self.training.loss
    }

    /// The seed of the training.
    pub fn seed(&self) -> u64 {
        self.training.seed
    }
}

type Checked<T> = std::result::Result<T, String>;

fn resolve(typed: &DesignFile) -> Checked<Design> {
    if typed.name.is_empty()
        || typed.name.starts_with('.')
        || !typed.name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    {
        return Err(format!(
            "name = \"{}\": it begins file names, so use letters, digits, '-', '_' and '.' only",
            typed.name
        ));
    }
    let table = &typed.bench;
    let wavelength = length("bench.wavelength", &table.wavelength)?;
    let pitch = length("bench.pixel_pitch", &table.pixel_pitch)?;
    let (rows, columns) = match table.pixels {
        Sides::Square(side) => (side, side),
        Sides::Each([rows, columns]) => (rows, columns),
    };
    if !(1..=MAX_PIXELS).contains(&rows) || !(1..=MAX_PIXELS).contains(&columns) {
        return Err(format!("bench.pixels = {rows} x {columns}: each side must be 1 to {MAX_PIXELS}"));
    }
    let grid = Grid::new(rows, columns, pitch).map_err(|error| format!("bench.pixels: {error}"))?;
    let gaps = gaps(table.masks, &table.gaps)?;
    if let Some(gap) = gaps.iter().find(|gap| **gap / wavelength > MAX_WAVELENGTHS) {
        return Err(format!(
            "bench.gaps: {} are {:.1e} wavelengths: beyond {MAX_WAVELENGTHS:.0e} the phase of the light has no \
             digits left; shorten the gap or lengthen bench.wavelength",
            format_length(*gap, 3),
            gap / wavelength
        ));
    }
    let method = match table.method {
        MethodKey::AngularSpectrum => Method::AngularSpectrum,
        MethodKey::RayleighSommerfeld => Method::RayleighSommerfeld,
    };
    if !(2.0..=16.0).contains(&table.padding) {
        return Err(format!(
            "bench.padding = {}: it must be 2 to 16; below 2 light that leaves the plane on one side comes \
             back in on the other",
            table.padding
        ));
    }
    let padded = padded_shape(grid, table.padding).map_err(|error| format!("bench.padding: {error}"))?;
    match method {
        Method::RayleighSommerfeld => check_sampling(grid, wavelength, &gaps)?,
        Method::AngularSpectrum => check_padding(grid, wavelength, &gaps, table.padding)?,
    }
    let encoding = match typed.object.encoding {
        EncodingKey::Amplitude => Encoding::Amplitude,
        EncodingKey::Phase => Encoding::Phase,
    };
    let object = ObjectPlane::new(grid, IMAGE, typed.object.upsampling, encoding)
        .map_err(|error| format!("object.upsampling = {}: {error}", typed.object.upsampling))?;
    let bench = Bench {
        wavelength,
        gaps,
        padded,
        method,
        pixel_model: match table.pixel_model {
            PixelModelKey::Point => PixelModel::Point,
            PixelModelKey::Square => PixelModel::Square,
        },
        object,
        detector: detector(typed, grid)?,
    };
    bench.check().map_err(|error| format!("bench: {error}"))?;
    let (training, validation) = training(typed)?;
    Ok(Design {
        name: typed.name.clone(),
        bench,
        material: Material::new(&typed.material.name, typed.material.refractive_index)
            .map_err(|error| format!("material.refractive_index: {error}"))?,
        data: typed.training.data.parse().map_err(|error| format!("training.data: {error}"))?,
        training,
        validation,
        plate: plate(typed)?,
    })
}

/// Reads a length of a device; `key` is the key or the flag it was typed at.
///
/// # Errors
/// A sentence with the key for what is not a length above zero, or far beyond any device.
pub fn length(key: &str, text: &str) -> std::result::Result<Metres, String> {
    let length = parse_positive_length(text).map_err(|problem| format!("{key}: {problem}"))?;
    if LENGTHS.contains(&length) {
        return Ok(length);
    }
    Err(format!("{key}: \"{text}\" is out of range: lengths go from 1 pm to 1000 km (1e6 m)"))
}

fn gaps(masks: usize, typed: &Gaps) -> Checked<Vec<Metres>> {
    if !(1..=MAX_MASKS).contains(&masks) {
        return Err(format!("bench.masks = {masks}: it must be 1 to {MAX_MASKS}"));
    }
    let texts = match typed {
        Gaps::All(text) => vec![text; masks + 1],
        Gaps::Each(texts) if texts.len() == masks + 1 => texts.iter().collect(),
        Gaps::Each(texts) => {
            return Err(format!(
                "bench.gaps has {} lengths: {masks} masks need {}, from the object to the detector",
                texts.len(),
                masks + 1
            ));
        }
    };
    texts.into_iter().map(|text| length("bench.gaps", text)).collect()
}

/// The impulse response must be sampled finely enough at the largest offset between two planes.
fn check_sampling(grid: Grid, wavelength: Metres, gaps: &[Metres]) -> Checked<()> {
    let shortest = gaps.iter().copied().fold(f64::INFINITY, f64::min);
    let (height, width) = grid.aperture();
    let (widest, limit) = (height.max(width), safe_offset(wavelength, shortest, grid.pixel_pitch()));
    if widest <= limit {
        return Ok(());
    }
    Err(format!(
        "bench.method = \"rayleigh-sommerfeld\" is aliased: across a gap of {} the impulse response is sampled \
         safely up to an offset of {} at this pixel_pitch, and the plane is {} wide; lengthen the gaps, lower \
         pixel_pitch or pixels, or take method = \"angular-spectrum\"",
        format_length(shortest, 3),
        format_length(limit, 3),
        format_length(widest, 3)
    ))
}

/// The window must hold what leaves the plane, or the band limit cuts it: the angular spectrum then loses light.
fn check_padding(grid: Grid, wavelength: Metres, gaps: &[Metres], padding: f64) -> Checked<()> {
    let longest = gaps.iter().copied().fold(0.0, f64::max);
    let (height, width) = grid.aperture();
    let needed = needed_padding(height.min(width), grid.pixel_pitch(), wavelength, longest);
    // At nine tenths the steepest tenth of the angles is cut, which carries little: docs/optics.md has figures.
    if padding >= 0.9 * needed {
        return Ok(());
    }
    Err(format!(
        "bench.method = \"angular-spectrum\" at bench.padding = {padding} is aliased: across a gap of {} light \
         spreads so far that a padding of {needed:.1} is needed; raise padding, shorten the gaps, or take method = \
         \"rayleigh-sommerfeld\"",
        format_length(longest, 3)
    ))
}

fn detector(typed: &DesignFile, grid: Grid) -> Checked<Detector> {
    let table = &typed.detector;
    let layout = format!("detector.layout = \"{}\"", table.layout);
    let counts: Vec<usize> = table
        .layout
        .split('-')
        .map(|count| count.parse().ok().filter(|count| (1..=1000).contains(count)))
        .collect::<Option<_>>()
        .ok_or_else(|| format!("{layout}: write the number of regions in each row, such as \"3-4-3\""))?;
    let classes = 10;
    if counts.iter().sum::<usize>() != classes {
        return Err(format!("{layout} has {} regions: the data set has {classes} classes", {
            counts.iter().sum::<usize>()
        }));
    }
    let layout = Layout {
        counts,
        region_size: length("detector.region_size", &table.region_size)?,
        row_pitch: length("detector.row_pitch", &table.row_pitch)?,
        column_pitch: length("detector.column_pitch", &table.column_pitch)?,
    };
    let regions = layout.regions(grid).map_err(|error| format!("detector: {error}"))?;
    Detector::new(grid, regions).map_err(|error| format!("detector: {error}"))
}

fn training(typed: &DesignFile) -> Checked<(Settings, f64)> {
    let table = &typed.training;
    for (key, value, limit) in [("epochs", table.epochs, 100_000), ("batch", table.batch as u64, 4096)] {
        if !(1..=limit).contains(&value) {
            return Err(format!("training.{key} = {value}: it must be 1 to {limit}"));
        }
    }
    for (key, value) in [("learning_rate", table.learning_rate), ("temperature", table.temperature)] {
        if !(value.is_finite() && value > 0.0) {
            return Err(format!("training.{key} = {value}: it must be a number above zero"));
        }
    }
    if !(0.0..=0.9).contains(&table.validation) {
        return Err(format!(
            "training.validation = {}: the share held out must be 0 to 0.9",
            table.validation
        ));
    }
    if table.seed > i64::MAX as u64 {
        return Err(format!("training.seed = {}: a design file holds seeds up to {}", table.seed, i64::MAX));
    }
    let settings = Settings {
        epochs: table.epochs,
        batch: table.batch,
        learning_rate: table.learning_rate,
        loss: CrossEntropy { temperature: table.temperature },
        validation: 0,
        flips: table.flips,
        start: match table.start {
            StartKey::Flat => Start::Flat,
            StartKey::Random => Start::Random,
        },
        seed: table.seed,
    };
    Ok((settings, table.validation))
}

fn plate(typed: &DesignFile) -> Checked<PlateOptions> {
    let table = &typed.fabrication;
    let relief = match (&table.layer_height, table.levels) {
        (None, None) => Relief::Continuous,
        (Some(height), None) => Relief::LayerHeight(length("fabrication.layer_height", height)?),
        (None, Some(levels)) if (2..=65_536).contains(&levels) => Relief::Levels(levels),
        (None, Some(levels)) => return Err(format!("fabrication.levels = {levels}: it must be 2 to 65536")),
        (Some(_), Some(_)) => return Err("fabrication has both layer_height and levels: give one".into()),
    };
    let base_thickness = length("fabrication.base_thickness", &table.base_thickness)?;
    Ok(PlateOptions { base_thickness, relief, format: StlFormat::Binary })
}
