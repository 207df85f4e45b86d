//! `d2nn inspect`: data sheet, sampling report and power budget.

pub(super) mod power;
mod provenance;
mod sampling;
pub(in crate::cli) mod thickness;

use std::f64::consts::{PI, TAU};
use std::fmt::Write;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use power::{budget, budget_json, budget_text};
use sampling::{Sampling, methods};

use super::mask_words::{mask_pitches, mask_sizes, stage_plates};
use super::presets::PresetFlag;
use super::set::SetFlag;
use super::source::source_json;
use super::{ModifiedFlag, SimulationFlags, print, print_json};
use crate::design::folder::{DESIGN, read_typed};
use crate::design::{Design, Device, Rounding, Stage, Work};
use crate::detector::Scheme;
use crate::element::{Modulation, Placed, PlateModel};
use crate::error::Result;
use crate::named::Named;
use crate::object::{Encoding, Illumination};
use crate::propagation::Method;
use crate::units::{Metres, counted, format_length, trimmed};

/// Training images of both data sets: a stage in modes has as many epochs as its steps take.
const TRAINING_IMAGES: usize = 60_000;

/// Arguments of `d2nn inspect`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d2nn inspect                         the default design
  d2nn inspect my-design.toml
  d2nn inspect --preset visible-printed
  d2nn inspect --set bench.gaps=\"20 mm\"
  d2nn inspect layers/fashion-400ghz --json")]
pub struct InspectArgs {
    /// Design file or device folder (default: the default design)
    #[arg(value_name = "DEVICE | DESIGN.toml")]
    design: Option<PathBuf>,
    #[command(flatten)]
    modified: ModifiedFlag,
    #[command(flatten)]
    preset: PresetFlag,
    #[command(flatten)]
    set: SetFlag,
    #[command(flatten)]
    simulation: SimulationFlags,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// Runs `d2nn inspect`.
///
/// # Errors
/// For a wrong design and a damaged device.
pub fn run(args: InspectArgs) -> Result<()> {
    let (file, typed) = match &args.design {
        None => args.preset.design()?,
        Some(path) => {
            let path = if path.is_dir() { path.join(DESIGN) } else { path.clone() };
            (path.display().to_string(), read_typed(&path)?)
        }
    };
    let (file, mut typed) = args.set.over(file, &typed)?;
    args.simulation.apply(&mut typed);
    let (design, device) = match &args.design {
        Some(folder) if folder.is_dir() => {
            let device =
                args.modified.open_changed(folder, Work::Simulation, &|design| design.clone_from(&typed))?;
            (device.design.clone(), Some(device))
        }
        _ => {
            typed.look_at_images()?;
            (Design::resolve_for(Work::Simulation, &file, &typed)?, None)
        }
    };
    let budget = device.as_ref().map(budget).transpose()?;
    let foretold = device.as_ref().map(thickness::foretold).transpose()?.flatten();
    if args.json {
        let mut json = as_json(&design, &Sampling::of(&design));
        if let Some(budget) = &budget {
            json["power_budget"] = budget_json(budget, &design);
        }
        if let Some(foretold) = &foretold {
            json["thin_correlation"] = json!(foretold.masks);
        }
        if let Some(device) = &device {
            provenance::add_to_json(&mut json, device);
        }
        print_json(&json)
    } else {
        let mut text = sheet_text(&design, &sheet(&design, device.as_ref()));
        if let Some(budget) = &budget {
            text += &budget_text(budget, &design);
        }
        text += &foretold.map(|foretold| foretold.text()).unwrap_or_default();
        print(&text)
    }
}

/// What is wrong with the design, what it cannot be used for, and which of its keys do nothing.
fn warnings(design: &Design) -> Vec<String> {
    [design.warnings.clone(), design.unfit(), design.idle_keys.clone()].concat()
}

/// The grids of the training and the epochs on each.
fn stages(design: &Design) -> String {
    let stage = |stage: &Stage| {
        let (epochs, samples) = (stage.settings.epochs, stage.bench.oversample);
        let epochs = counted(epochs, "epoch");
        let means = stage.modes.map_or_else(String::new, |modes| format!(" in {modes} modes"));
        let plates = stage_plates(design, stage);
        match stage.settings.binning {
            1 => format!("{epochs}{means} with {samples} x {samples} samples a pixel{plates}"),
            bins => format!("{epochs}{means} with blocks of {bins} x {bins} pixels{plates}"),
        }
    };
    match &design.stages(TRAINING_IMAGES)[..] {
        [] => "none".into(),
        stages => stages.iter().map(stage).collect::<Vec<_>>().join(",\nthen "),
    }
}

fn as_json(design: &Design, sampling: &Sampling) -> serde_json::Value {
    let bench = &design.bench;
    let (rows, columns) = bench.grid().shape();
    let (top, left) = bench.object.origin();
    let (image_rows, image_columns) = bench.object.image();
    let regions: Vec<[usize; 4]> = bench
        .detector
        .regions()
        .iter()
        .map(|region| [region.row, region.column, region.height, region.width])
        .collect();
    let finite = |value: f64| value.is_finite().then_some(value);
    let mut json = json!({
        "name": design.name,
        "wavelength": bench.wavelength,
        "pixel_pitch": bench.grid().pixel_pitch(),
        "pixels": if rows == columns { json!(rows) } else { json!([rows, columns]) },
        "oversample": design.simulated.oversample,
        "padded_pixels": [design.simulated.padded.0, design.simulated.padded.1],
        "padding": design.padding(),
        "masks": bench.masks(),
        "networks": bench.networks,
        "gaps": bench.gaps,
        "method": match methods(&design.simulated)[..] {
            [method] => method.name(),
            _ => Method::Auto.name(),
        },
        "gap_methods": (0..bench.gaps.len())
            .map(|index| design.simulated.gap(index).resolved_method().name())
            .collect::<Vec<_>>(),
        "pixel_model": bench.pixel_model.name(),
        "modulation": bench.modulation.name(),
        "object_encoding": bench.object.encoding().name(),
        "object_illumination": bench.object.illumination().name(),
        "object_extent": [bench.object.extent().0, bench.object.extent().1],
        "object_image": [image_rows, image_columns],
        "object_origin": [top, left],
        "object_upsampling": bench.object.upsampling(),
        "detector_regions": regions,
        "forms_image": design.forms_image(),
        "classes": if design.forms_image() { &[][..] } else { &design.data.class_names[..] },
        "material": design.material.name(),
        "refractive_index": design.material.refractive_index(),
        "extinction_coefficient": design.material.extinction_coefficient(),
        "surrounding_index": design.material.surrounding_index(),
        "full_turn_height": design.material.height(TAU, bench.wavelength),
        "face_reflection": design.material.face_reflection(),
        "printer": design.printer.as_ref().map(|printer| &printer.name),
        "warnings": warnings(design),
        "sampling": {
            "largest_angle_degrees": sampling.sine.asin().to_degrees(),
            "fresnel_number": sampling.fresnel_number,
            "nyquist_frequency": sampling.nyquist,
            "band_limit": sampling.band_limit,
            "evanescent_share": sampling.evanescent_share,
            "pixel_reach": finite(sampling.reach),
            "fully_connected": sampling.fully_connected(),
            "safe_offset": finite(sampling.safe_offset),
            "safe_distance": sampling.safe_distance,
        },
    });
    let grids = (0..bench.masks()).map(|mask| bench.mask_grid(mask));
    json["mask_pixels"] = grids.clone().map(|grid| json!(grid.shape())).collect();
    json["mask_pixel_pitches"] = grids.map(|grid| json!(grid.pixel_pitch())).collect();
    json["plate"] = json!(design.plate_model().name());
    json["object_gamma"] = json!(bench.object.gamma());
    json["source"] = source_json(bench);
    json["other_optics"] = bench.optics.iter().map(|placed| json!(placed.element.name())).collect();
    let pitch = bench.grid().pixel_pitch();
    let Rounding { image, regions } = &design.rounding;
    json["image_displacement"] = json!(image.map(|by| by * pitch));
    json["region_displacements"] = regions.iter().map(|region| json!(region.map(|by| by * pitch))).collect();
    json
}

fn masks(design: &Design) -> String {
    let side_by_side = match design.bench.networks {
        1 => String::new(),
        networks => format!("{networks} networks of "),
    };
    let named = |kind: &str| format!("{side_by_side}{}", counted(design.bench.masks() as u64, kind));
    match design.bench.modulation {
        Modulation::Phase { absorption, phase_max, base, .. } => {
            let mut text = named("phase mask");
            if phase_max < TAU {
                let _ = write!(text, " up to {} pi", trimmed(phase_max / PI, 4));
            }
            if absorption > 0.0 {
                let full = base * (-absorption * phase_max).exp();
                let _ = write!(
                    text,
                    ": {:.1} % of the power through the base, {:.1} % through the highest relief",
                    100.0 * base * base,
                    100.0 * full * full
                );
            }
            text
        }
        Modulation::Amplitude => named("amplitude mask"),
        Modulation::Complex => named("complex mask"),
    }
}

/// How the plates are simulated.
fn plates(design: &Design) -> String {
    let model = design.plate_model().name();
    match design.bench.plate {
        None => format!("{model}: sheets without thickness"),
        Some(plate) => format!(
            "{model}: a base of {} and a relief of {}, in {} about an index of {}, {4} x {4} samples a pixel inside",
            length(plate.base),
            length(plate.relief),
            counted(plate.slices as u64, "slice"),
            trimmed(plate.reference_index, 4),
            design.simulated.samples_in_plates()
        ),
    }
}

fn encoding(encoding: Encoding) -> String {
    match encoding {
        Encoding::Amplitude => "amplitude".into(),
        Encoding::Phase { range } => format!("phase up to {} pi", trimmed(range / PI, 4)),
        Encoding::Binary { threshold } => format!("binary from {threshold}"),
    }
}

fn illumination(illumination: Illumination) -> String {
    match illumination {
        Illumination::Plane => String::new(),
        Illumination::Tilted { towards_y, towards_x } => format!(
            ", plane wave tilted by {} degrees towards y and {} towards x",
            trimmed(towards_y.to_degrees(), 2),
            trimmed(towards_x.to_degrees(), 2)
        ),
        Illumination::Gaussian { waist } => format!(", Gaussian beam of waist {}", format_length(waist, 3)),
    }
}

/// Frequency of light of this wavelength in empty space.
fn frequency(wavelength: Metres) -> String {
    let hertz = 299_792_458.0 / wavelength;
    if hertz < 1e13 {
        format!("{} GHz", trimmed(hertz / 1e9, 1))
    } else {
        format!("{} THz", trimmed(hertz / 1e12, 1))
    }
}

fn length(value: Metres) -> String {
    format_length(value, 3)
}

/// Lines of a data sheet under one heading: names and values.
pub(super) struct SheetGroup {
    /// The heading.
    pub(super) title: &'static str,
    /// Name and value of each line.
    pub(super) lines: Vec<(String, String)>,
}

/// The data sheet: the design, its sampling, and the training of a device that tells of it.
pub(super) fn sheet(design: &Design, device: Option<&Device>) -> Vec<SheetGroup> {
    let sampling = Sampling::of(design);
    let mut groups = vec![
        SheetGroup { title: "design", lines: design_lines(design) },
        SheetGroup { title: "sampling", lines: sampling_lines(design, &sampling) },
    ];
    groups.extend(device.and_then(provenance::group));
    groups
}

/// The data sheet as text; the design goes without a heading, under its name.
fn sheet_text(design: &Design, groups: &[SheetGroup]) -> String {
    let mut text = format!("{}\n", design.name);
    for (index, group) in groups.iter().enumerate() {
        if index > 0 {
            let _ = writeln!(text, "\n{}", group.title);
        }
        for (name, value) in &group.lines {
            // Further lines of a value begin where it begins.
            let value = value.replace('\n', &format!("\n{:24}", ""));
            let _ = writeln!(text, "  {name:<22}{value}");
        }
    }
    text
}

fn design_lines(design: &Design) -> Vec<(String, String)> {
    let bench = &design.bench;
    let grid = bench.grid();
    let (rows, columns) = grid.shape();
    let (height, width) = grid.aperture();
    let mut lines = Vec::new();
    let mut line = |name: &str, value: String| lines.push((name.to_owned(), value));
    line("wavelength", format!("{} ({})", length(bench.wavelength), frequency(bench.wavelength)));
    line(
        "planes",
        format!(
            "{columns} x {rows} pixels of {} = {} x {}",
            length(grid.pixel_pitch()),
            length(width),
            length(height)
        ),
    );
    line("masks", masks(design));
    if !bench.mask_pixels.is_empty() {
        line("mask pixels", format!("{} of {}", mask_sizes(bench), mask_pitches(bench)));
    }
    line("plates", plates(design));
    line("gaps", bench.gaps.iter().map(|gap| length(*gap)).collect::<Vec<_>>().join(", "));
    if !bench.optics.is_empty() {
        let named = |placed: &Placed| format!("{} in gap {}", placed.element.name(), placed.gap);
        line("other optics", bench.optics.iter().map(named).collect::<Vec<_>>().join(", "));
    }
    line(
        "propagation",
        format!(
            "{}, {} x {} points (padding {}), {} pixels{}",
            methods(&design.simulated)
                .into_iter()
                .map(|method| method.name())
                .collect::<Vec<_>>()
                .join(" and "),
            design.simulated.padded.1,
            design.simulated.padded.0,
            trimmed(design.padding(), 2),
            bench.pixel_model.name(),
            match design.simulated.oversample {
                1 => String::new(),
                samples => format!(" of {samples} x {samples} samples"),
            }
        ),
    );
    let (image_rows, image_columns) = bench.object.image();
    let (extent_rows, extent_columns) = bench.object.extent();
    line(
        "object",
        format!(
            "{image_columns} x {image_rows} image as {}{}, {extent_columns} x {extent_rows} pixels{}",
            encoding(bench.object.encoding()),
            match bench.object.gamma() {
                1.0 => String::new(),
                gamma => format!(" of values to the power {gamma}"),
            },
            illumination(bench.object.illumination())
        ),
    );
    let source = bench.source.words(bench.wavelength);
    if !source.is_empty() {
        line("source", format!("{source}: {} beams", bench.beams().len()));
    }
    let region = bench.detector.regions()[0];
    line(
        "detector",
        format!(
            "{} of {} x {}",
            if design.forms_image() {
                format!("the image where the object stands, {image_columns} x {image_rows} regions")
            } else {
                match bench.detector.scheme() {
                    Scheme::Single => format!("{} regions", bench.readings()),
                    Scheme::Differential => format!("{} pairs of regions", bench.classes()),
                }
            },
            length(region.width as f64 * grid.pixel_pitch()),
            length(region.height as f64 * grid.pixel_pitch())
        ),
    );
    if let Some(words) = design.rounding.words() {
        line("placement", words);
    }
    line(
        "material",
        format!(
            "{}, n = {}{}: {} for a phase of 2 pi",
            design.material.name(),
            design.material.refractive_index(),
            match design.material.extinction_coefficient() {
                0.0 => String::new(),
                kappa => format!(" + {kappa} i"),
            },
            length(design.material.height(TAU, bench.wavelength))
        ),
    );
    if let Some(printer) = &design.printer {
        let [x, y, z] = printer.tray.map(|side| format_length(side, 3));
        line(
            "printer",
            format!(
                "{}, layers of {}, pixels of at least {}, room of {x} x {y} x {z}: the plates fit",
                printer.name,
                format_length(printer.layer_height, 4),
                format_length(printer.minimum_feature, 4)
            ),
        );
    }
    line(
        "face reflection",
        format!(
            "{:.2} % of the power at each face of a plate ({})",
            100.0 * design.material.face_reflection(),
            match design.plate_model() {
                PlateModel::Thin => "not simulated",
                _ => "simulated, without echoes",
            }
        ),
    );
    line("training", stages(design));
    lines
}

fn sampling_lines(design: &Design, sampling: &Sampling) -> Vec<(String, String)> {
    let bench = &design.bench;
    let grid = bench.grid();
    let mut lines = Vec::new();
    let mut line = |name: &str, value: String| lines.push((name.to_owned(), value));
    line(
        "largest angle",
        format!(
            "{:.1} degrees (pitch {:.3} wavelengths)",
            sampling.sine.asin().to_degrees(),
            grid.pixel_pitch() / bench.wavelength_in_medium()
        ),
    );
    line(
        "connection",
        format!(
            "a pixel reaches {} across {}: {}",
            if sampling.reach.is_finite() { length(sampling.reach) } else { "everything".into() },
            length(sampling.shortest),
            if sampling.fully_connected() {
                "neighbouring plates are fully connected".to_owned()
            } else {
                format!(
                    "less than the plate of {}, neighbouring plates are partly connected",
                    length(sampling.widest)
                )
            }
        ),
    );
    line(
        "Fresnel number",
        format!("{:.2} (half the plate's width squared / wavelength / gap)", sampling.fresnel_number),
    );
    line(
        "Nyquist frequency",
        format!(
            "{:.4} /mm; evanescent beyond {:.4} /mm: {:.1} % of the sampled frequencies",
            sampling.nyquist / 1e3,
            1e-3 / bench.wavelength_in_medium(),
            100.0 * sampling.evanescent_share
        ),
    );
    line(
        "band limit",
        format!("{:.4} /mm (angular spectrum, longest gap, this padding)", sampling.band_limit / 1e3),
    );
    line(
        "impulse response",
        format!(
            "safely sampled {}, and from a gap of {} on (shortest here {})",
            match sampling.safe_offset.is_finite() {
                true => format!(
                    "up to an offset of {} (largest here {})",
                    length(sampling.safe_offset),
                    length(sampling.widest)
                ),
                false => "at any offset".into(),
            },
            length(sampling.safe_distance),
            length(sampling.shortest)
        ),
    );
    line("padding", sampling.advice(design));
    for warning in warnings(design) {
        line("warning", warning);
    }
    lines
}
