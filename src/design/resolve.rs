//! From a design as typed to checked objects; the only home of rules across keys.

use std::f64::consts::{FRAC_PI_2, TAU};

use crate::bench::Bench;
use crate::dataset::ImageSet;
use crate::element::{Modulation, PlateModel, Thickness};
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::material::Material;
use crate::misalignment::Alignment;
use crate::named::Named;
use crate::object::{Encoding, Illumination, ObjectPlane, Placement};
use crate::plate::{PlateOptions, Price, Printer, Stock};
use crate::propagation::padded_shape;
use crate::units::{Metres, format_length};

use super::detector_table::{DetectorTable, Task, detector};
use super::device_name::may_have;
use super::file::{Between, DesignFile, Gaps, MaskTable, MaterialTable, ObjectTable, ReferenceIndex};
use super::idle::idle_keys;
use super::images_table::image_set;
use super::mask_pixels::mask_pixels;
use super::optics_table::optics;
use super::rounding::Rounding;
use super::source_table::source;
use super::training::TrainingPlan;
use super::typed::{Length, Offset};
use super::work::{Broken, Checked, Work};
use super::{plate, printer, sampling};

/// Pixels along a side of an image value where none are typed and the plane has room for them.
const UPSAMPLING: usize = 4;
/// Masks a device may have.
const MAX_MASKS: usize = 100;
/// Wavelengths along a gap at most: the phase of a path, 2 pi times that many, keeps 6 digits after the point.
const MAX_WAVELENGTHS: f64 = 1e9;
/// Pixels a plane may have along a side: beyond this the padded window of one sample takes gigabytes.
const MAX_PIXELS: usize = 4096;

/// A design whose parts are checked, each by itself and against each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Design {
    /// Name of the device.
    pub name: String,
    /// Everything on the optical table but the masks, with one sample a pixel: the device as it is drawn.
    pub bench: Bench,
    /// The same with the samples and the window it is simulated with.
    pub simulated: Bench,
    /// How far image and regions stand from where they were put.
    pub rounding: Rounding,
    /// What is wrong with the sampling, where the design allows it, and what else is told of it: light that spreads too
    /// little or turns inside pixels, image and regions that are rounded apart.
    pub warnings: Vec<String>,
    /// Keys that are given and do nothing, a sentence each.
    pub idle_keys: Vec<String>,
    /// Rules of training and making that it breaks.
    broken: Broken,
    /// What the plates are made of.
    pub material: Material,
    /// Which images it is trained on.
    pub data: ImageSet,
    /// `[detector]` with nothing left out that has a meaning.
    pub(super) arrangement: DetectorTable,
    /// How it is trained.
    pub(super) training: TrainingPlan,
    /// How its plates are made.
    pub plate: PlateOptions,
    /// The printer that makes them, if one is named.
    pub printer: Option<Printer>,
    /// What their material weighs and costs.
    pub stock: Stock,
}

impl Design {
    /// Checks `typed` as the design of a new device, by all rules; `file` is named in messages.
    ///
    /// # Errors
    /// [`Error::Design`] with the key, its value, the limit and what to do.
    pub fn resolve(file: &str, typed: &DesignFile) -> Result<Self> {
        Self::resolve_for(Work::Training, file, typed)
    }

    /// Checks `typed` by the rules of `work`.
    ///
    /// # Errors
    /// As [`Design::resolve`].
    pub fn resolve_for(work: Work, file: &str, typed: &DesignFile) -> Result<Self> {
        let mut design =
            resolve(typed).map_err(|problem| Error::Design { file: file.to_owned(), problem })?;
        design.check_for(work, file)?;
        if work == Work::Training {
            for stage in design.stages(1) {
                stage.bench.check().map_err(|error| Error::Design {
                    file: file.to_owned(),
                    problem: format!("training.modes: {error}"),
                })?;
            }
            // Allowed, or it would have been refused.
            design.warnings.extend(design.training.sampling_problems());
        }
        design.idle_keys = idle_keys(typed, &design.training);
        Ok(design)
    }

    /// Refuses the design for `work`; `file` is named in the message.
    ///
    /// # Errors
    /// [`Error::Design`] with the first rule of that work that is broken.
    pub fn check_for(&self, work: Work, file: &str) -> Result<()> {
        self.broken.check_for(work).map_err(|problem| Error::Design { file: file.to_owned(), problem })
    }

    /// What the design cannot be used for, a sentence each, and why.
    pub fn unfit(&self) -> Vec<String> {
        self.broken.unfit()
    }

    /// Side of the padded window over the side of the plane (the larger of rows and columns).
    pub fn padding(&self) -> f64 {
        self.simulated.padding()
    }
}

fn resolve(typed: &DesignFile) -> Checked<Design> {
    let name = typed.device_name();
    if name.is_empty() || name.starts_with('.') || !name.chars().all(may_have) {
        return Err(format!(
            "name = \"{name}\": it begins file names, so use letters, digits, '-', '_' and '.' only"
        ));
    }
    let table = &typed.bench;
    let wavelength = table.wavelength.value();
    let pitch = table.pixel_pitch.value();
    let (rows, columns) = table.pixels.shape();
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
    if !(2.0..=16.0).contains(&table.padding) {
        return Err(format!(
            "bench.padding = {}: it must be 2 to 16; below 2 light that leaves the plane on one side comes \
             back in on the other",
            table.padding
        ));
    }
    let padded = padded_shape(grid, table.padding).map_err(|error| format!("bench.padding: {error}"))?;
    let material = material(&typed.material)?;
    let data = image_set(&typed.training.data, &typed.images)?;
    let (object, extent_key) =
        object(&typed.object, data.shape, grid, wavelength / material.surrounding_index())?;
    let source = source(&typed.source, wavelength)?;
    let classes = data.classes();
    if table.networks == 0 || !classes.is_multiple_of(table.networks) {
        let possible: Vec<String> = (1..classes)
            .filter(|share| classes.is_multiple_of(*share))
            .map(|share| share.to_string())
            .collect();
        return Err(format!(
            "bench.networks = {}: they share {classes} classes evenly, so it must be {} or {classes}",
            table.networks,
            possible.join(", ")
        ));
    }
    let task = Task {
        object: &object,
        extent_key: &extent_key,
        classes,
        networks: table.networks,
        told_apart: source.told_apart(),
        loss: typed.training.loss,
    };
    let (detector, arrangement) = detector(&typed.detector, &task)?;
    let base = typed.fabrication.base_thickness.value();
    let modulation = modulation(&typed.mask, &material, wavelength, base)?;
    let bench = Bench {
        wavelength,
        networks: table.networks,
        medium: material.surrounding_index(),
        gaps,
        padded,
        method: table.method,
        pixel_model: table.pixel_model,
        oversample: 1,
        mask_pixels: mask_pixels(
            typed.mask.pixel_pitch.as_ref(),
            typed.mask.pixels.as_ref(),
            grid,
            table.masks,
        )?,
        modulation,
        alignment: Alignment::default(),
        optics: optics(&typed.optics)?,
        plate: thickness(&typed.mask, modulation, &material, wavelength, base)?,
        detector,
        object,
        source,
    };
    bench.check().map_err(|error| format!("bench: {error}"))?;
    let sides = rows.max(columns).saturating_mul(table.oversample);
    if table.oversample == 0 || sides > MAX_PIXELS {
        return Err(format!(
            "bench.oversample = {}: it must be at least 1, and pixels times oversample at most {MAX_PIXELS}",
            table.oversample
        ));
    }
    let simulated = if table.oversample == 1 {
        bench.clone()
    } else {
        bench
            .sampled(table.oversample, table.padding)
            .map_err(|error| format!("bench.oversample: {error}"))?
    };
    let mut warnings = sampling::problems(&simulated);
    let unsampled = |problems: &mut Vec<String>| match table.allow_aliasing || problems.is_empty() {
        true => Ok(()),
        false => Err(format!(
            "{}; or run it all the same with bench.allow_aliasing = true",
            problems.swap_remove(0)
        )),
    };
    unsampled(&mut warnings)?;
    let mut broken = Broken::default();
    let training =
        TrainingPlan::resolve(&typed.training, table.padding, &material, &bench, &simulated, &mut broken)?;
    broken.or(Work::Training, unsampled(&mut training.sampling_problems()), ());
    warnings.extend(sampling::unconnected(&bench));
    warnings.extend(sampling::turning(&simulated));
    warnings.extend(sampling::inside_plates(&simulated));
    let offset = typed.object.offset.each_ref().map(Offset::value);
    let rounding = Rounding::of(offset, &bench, &arrangement)?;
    warnings.extend(rounding.unevenness());
    let printer = printer::printer(typed.printer.as_ref(), typed.fabrication.printer.as_deref())?;
    let turn = material.height(TAU, wavelength);
    let relief = match bench.modulation {
        Modulation::Phase { phase_max, .. } => material.height(phase_max, wavelength),
        Modulation::Amplitude | Modulation::Complex => turn,
    };
    let plate = plate::plate(&typed.fabrication, turn, &mut broken)?;
    let mut grids = bench.mask_grids().into_iter();
    let fit = grids.try_fold(plate, |plate, grid| printer::fit(printer.as_ref(), plate, grid, relief, turn));
    let plate = broken.or(Work::Making, fit, plate);
    Ok(Design {
        name,
        bench,
        simulated,
        rounding,
        warnings,
        idle_keys: Vec::new(),
        broken,
        material,
        data,
        arrangement,
        training,
        plate,
        printer,
        stock: stock(&typed.material)?,
    })
}

/// Pixels along a side of an image value: as typed, or four, or what the plane has room for.
fn upsampling(table: &ObjectTable, image: (usize, usize), grid: Grid) -> usize {
    let most = (grid.rows() / image.0).min(grid.columns() / image.1);
    table.upsampling.unwrap_or(UPSAMPLING.min(most.max(1)))
}

fn gaps(masks: usize, typed: &Gaps) -> Checked<Vec<Metres>> {
    if !(1..=MAX_MASKS).contains(&masks) {
        return Err(format!("bench.masks = {masks}: it must be 1 to {MAX_MASKS}"));
    }
    match typed {
        Gaps::All(length) => Ok(vec![length.value(); masks + 1]),
        Gaps::Each(lengths) if lengths.len() == masks + 1 => Ok(lengths.iter().map(Length::value).collect()),
        Gaps::Each(lengths) => Err(format!(
            "bench.gaps has {} lengths: {masks} masks need {}, from the object to the detector",
            lengths.len(),
            masks + 1
        )),
    }
}

pub(super) fn material(table: &MaterialTable) -> Checked<Material> {
    Material::new(&table.name, table.refractive_index)
        .map_err(|error| format!("material.refractive_index: {error}"))?
        .absorbing(table.extinction_coefficient)
        .map_err(|error| format!("material.extinction_coefficient: {error}"))?
        .surrounded(table.surrounding_index)
        .map_err(|error| format!("material.surrounding_index: {error}"))
}

pub(super) fn stock(table: &MaterialTable) -> Checked<Stock> {
    // From aerogel to osmium.
    if let Some(density) = table.density.filter(|density| !(1e-3..=25.0).contains(density)) {
        return Err(format!("material.density = {density}: it is in g/cm3, and must be 0.001 to 25"));
    }
    let price = table.price.as_ref().map(|text| Price::parse(text)).transpose();
    let price = price.map_err(|problem| format!("material.price: {problem}"))?;
    Ok(Stock { density: table.density, price })
}

fn modulation(
    table: &MaskTable,
    material: &Material,
    wavelength: Metres,
    base: Metres,
) -> Checked<Modulation> {
    // The key that does nothing beside another is checked as well.
    let turns = table.phase_max.value();
    if !(turns > 0.0 && turns <= TAU * (1.0 + 1e-12)) {
        return Err(format!("mask.phase_max = \"{}\": it must be above 0 and at most 2 pi", table.phase_max));
    }
    let phase_max = match &table.height_max {
        Some(typed) => {
            let height = typed.value();
            let turn = material.height(TAU, wavelength);
            if height > turn {
                return Err(format!(
                    "mask.height_max = \"{typed}\": a full turn is {} high, and no plate needs more",
                    format_length(turn, 4)
                ));
            }
            material.phase(height, wavelength)
        }
        None => turns.min(TAU),
    };
    let is_relief = matches!(table.modulation, Modulation::Phase { .. });
    if !is_relief && material.extinction_coefficient() > 0.0 {
        return Err(format!(
            "material.extinction_coefficient = {}: only mask.modulation = \"phase\" is a relief that absorbs; set it \
             to 0",
            material.extinction_coefficient()
        ));
    }
    Ok(match table.modulation {
        Modulation::Phase { .. } => Modulation::of_material(material, wavelength, base, phase_max),
        _ if phase_max < TAU => {
            return Err("mask.phase_max and mask.height_max belong to mask.modulation = \"phase\"".into());
        }
        other => other,
    })
}

/// Most slices of a relief: more change nothing, and each is crossed as a gap is.
const MAX_SLICES: usize = 64;
/// Samples inside plates along one side of one outside at most.
const MAX_FINER: usize = 8;

/// How thick plates of `material` are; none for thin ones.
fn thickness(
    table: &MaskTable,
    modulation: Modulation,
    material: &Material,
    wavelength: Metres,
    base: Metres,
) -> Checked<Option<Thickness>> {
    // Keys that do nothing beside others are checked as well.
    if !(1..=MAX_SLICES).contains(&table.slices) {
        return Err(format!("mask.slices = {}: it must be 1 to {MAX_SLICES}", table.slices));
    }
    if !(1..=MAX_FINER).contains(&table.finer) {
        return Err(format!("mask.finer = {}: it must be 1 to {MAX_FINER}", table.finer));
    }
    let (plate, surrounding) = (material.refractive_index(), material.surrounding_index());
    let reference_index = match table.reference_index {
        ReferenceIndex::Between(Between::Mean) => (plate + surrounding) / 2.0,
        ReferenceIndex::Number(index) if (surrounding..=plate).contains(&index) => index,
        ReferenceIndex::Number(index) => {
            return Err(format!(
                "mask.reference_index = {index}: it must be between the indices around and in the plate, {surrounding} \
                 and {plate}; \"mean\" is in the middle"
            ));
        }
    };
    if table.plate == PlateModel::Thin {
        return Ok(None);
    }
    let Modulation::Phase { phase_max, .. } = modulation else {
        return Err(format!(
            "mask.plate = \"{}\": only mask.modulation = \"phase\" is a relief that has a thickness; take \"thin\"",
            table.plate.name()
        ));
    };
    let usual = Thickness::of_material(material, wavelength, base, phase_max);
    Ok(Thickness { slices: table.slices, finer: table.finer, reference_index, ..usual }
        .simulated_as(table.plate))
}

/// The plane of an image in light of `wavelength` in the medium, and the key that gives the image its pixels.
fn object(
    table: &ObjectTable,
    image: (usize, usize),
    grid: Grid,
    wavelength: Metres,
) -> Checked<(ObjectPlane, String)> {
    // All is checked, in use or not: who sets another key later should not meet it then.
    let range = table.phase_range.value();
    if !(range > 0.0 && range <= 100.0) {
        return Err(format!(
            "object.phase_range = \"{}\": it must be above 0 and at most 100 rad",
            table.phase_range
        ));
    }
    if !(0.1..=10.0).contains(&table.gamma) {
        return Err(format!("object.gamma = {}: it must be from 0.1 to 10", table.gamma));
    }
    if !(0.0..=1.0).contains(&table.threshold) {
        return Err(format!("object.threshold = {}: image values go from 0 to 1", table.threshold));
    }
    let encoding = match table.encoding {
        Encoding::Amplitude => Encoding::Amplitude,
        Encoding::Phase { .. } => Encoding::Phase { range },
        Encoding::Binary { .. } => Encoding::Binary { threshold: table.threshold },
    };
    let (extent, key) = match &table.size {
        None => {
            let upsampling = upsampling(table, image, grid);
            let times = |side: usize| side.saturating_mul(upsampling);
            ((times(image.0), times(image.1)), format!("object.upsampling = {upsampling}"))
        }
        Some(size) => {
            let longer = size.value() / grid.pixel_pitch();
            let side =
                |values: usize| (longer * values as f64 / image.0.max(image.1) as f64).round() as usize;
            ((side(image.0), side(image.1)), format!("object.size = \"{size}\""))
        }
    };
    if extent.0 > grid.rows() || extent.1 > grid.columns() {
        return Err(format!(
            "{key}: images of {} x {} values take {} x {} pixels; the plane has {} x {}",
            image.0,
            image.1,
            extent.0,
            extent.1,
            grid.rows(),
            grid.columns()
        ));
    }
    let first = |axis: usize, side: usize, pixels: usize| {
        let offset = &table.offset[axis];
        let first = (pixels as f64 - side as f64) / 2.0 + offset.value() / grid.pixel_pitch();
        // To the nearest pixel; half of one goes down, as without an offset.
        let first = (first - 0.5 - 1e-9).ceil();
        if first < 0.0 || first + side as f64 > pixels as f64 {
            return Err(format!(
                "object.offset = \"{offset}\" moves the image off the plane: bring it nearer to the axis"
            ));
        }
        Ok(first as usize)
    };
    let placement = Placement {
        origin: (first(0, extent.0, grid.rows())?, first(1, extent.1, grid.columns())?),
        extent,
        resampling: table.resampling,
    };
    let [y, x] = &table.tilt;
    let (towards_y, towards_x) = (y.value(), x.value());
    if towards_y.sin().hypot(towards_x.sin()) >= 1.0 || towards_y.abs().max(towards_x.abs()) >= FRAC_PI_2 {
        return Err(format!("object.tilt = [\"{y}\", \"{x}\"]: no wave travels at 90 degrees or more"));
    }
    let waist = table.waist.value();
    let illumination = match table.illumination {
        Illumination::Plane => Illumination::Plane,
        Illumination::Tilted { .. } => Illumination::Tilted { towards_y, towards_x },
        Illumination::Gaussian { .. } => Illumination::Gaussian { waist },
    };
    let object =
        ObjectPlane::placed(grid, image, placement, encoding).map_err(|error| format!("{key}: {error}"))?;
    Ok((object.with_gamma(table.gamma).illuminated(illumination, wavelength), key))
}
