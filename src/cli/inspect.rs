//! `d2nn inspect`: data sheet and sampling report.

use std::f64::consts::{PI, TAU};
use std::fmt::Write;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::presets::PresetFlag;
use super::{SimulationFlags, open_device_as, print, print_json};
use crate::dataset::{DatasetName, Source, Split, load_split};
use crate::design::folder::read_design_as;
use crate::design::{Design, Device};
use crate::error::Result;
use crate::evaluation::PowerBudget;
use crate::mask::Modulation;
use crate::network::Bench;
use crate::object::{Encoding, Illumination};
use crate::propagation::angular_spectrum::{BandLimit, needed_padding};
use crate::propagation::rayleigh_sommerfeld::safe_offset;
use crate::propagation::{Method, PixelModel};
use crate::units::{Metres, format_length, trimmed};

/// Images of the sample in the program whose light is followed.
const BUDGET_IMAGES: usize = 10;

/// Arguments of `d2nn inspect`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d2nn inspect                         the default design
  d2nn inspect my-design.toml
  d2nn inspect --preset visible-printed
  d2nn inspect layers/fashion-400ghz --json")]
pub struct InspectArgs {
    /// Design file or device folder (default: the default design)
    #[arg(value_name = "DEVICE | DESIGN.toml")]
    design: Option<PathBuf>,
    #[command(flatten)]
    preset: PresetFlag,
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
    let (design, device) = match &args.design {
        None => {
            let (name, mut typed) = args.preset.design();
            args.simulation.apply(&mut typed);
            (Design::resolve(&name, &typed)?, None)
        }
        Some(path) if path.is_dir() => {
            let device = open_device_as(path, &args.simulation)?;
            (device.design.clone(), Some(device))
        }
        Some(path) => (read_design_as(path, &|typed| args.simulation.apply(typed))?.1, None),
    };
    let sampling = Sampling::of(&design);
    let budget = device.as_ref().map(budget).transpose()?;
    if args.json {
        let mut json = as_json(&design, &sampling);
        if let Some(budget) = &budget {
            json["power_budget"] = budget_json(budget, &design);
        }
        print_json(&json)
    } else {
        let mut text = sheet(&design, &sampling, device.as_ref());
        if let Some(budget) = &budget {
            text += &budget_text(budget, &design);
        }
        print(&text)
    }
}

/// Where the light of some images of the sample in the program goes.
fn budget(device: &Device) -> Result<PowerBudget> {
    let images = load_split(DatasetName::FashionMnist, &Source::BuiltinSample, Split::Test)?;
    let indices: Vec<usize> = (0..BUDGET_IMAGES).collect();
    PowerBudget::of(&device.design.simulated, &device.masks, &images, &indices)
}

/// Share of the light that is left when every face of every plate reflects its part.
fn left_by_reflection(design: &Design) -> f64 {
    (1.0 - design.material.face_reflection()).powi(2 * design.bench.masks() as i32)
}

fn budget_json(budget: &PowerBudget, design: &Design) -> serde_json::Value {
    json!({
        "images": BUDGET_IMAGES,
        "past_the_plane": budget.past,
        "absorbed": budget.absorbed,
        "regions": budget.regions,
        "beside_the_regions": budget.beside,
        "left_by_reflection": left_by_reflection(design),
    })
}

fn budget_text(budget: &PowerBudget, design: &Design) -> String {
    let mut text = format!(
        "\npower budget, share of the object's power (first {BUDGET_IMAGES} test images of the sample)\n"
    );
    let mut line = |name: String, value: String| {
        let _ = writeln!(text, "  {name:<22}{value}");
    };
    let percent = |share: f64| format!("{:.2} %", 100.0 * share);
    let list = |shares: &[f64]| shares.iter().map(|share| percent(*share)).collect::<Vec<_>>().join(", ");
    line("past the planes".into(), format!("{} = {}", list(&budget.past), percent(budget.past.iter().sum())));
    if budget.absorbed.iter().any(|share| share.abs() > 1e-6) {
        let sum = percent(budget.absorbed.iter().sum());
        line("absorbed in the masks".into(), format!("{} = {sum}", list(&budget.absorbed)));
    }
    line("detector regions".into(), percent(budget.regions));
    line("beside the regions".into(), percent(budget.beside));
    if design.bench.modulation.is_phase() {
        line(
            "reflection".into(),
            format!(
                "not simulated: at {} faces it would leave {} of what arrives",
                2 * design.bench.masks(),
                percent(left_by_reflection(design))
            ),
        );
    }
    text
}

/// What the grid can and cannot carry.
struct Sampling {
    /// Sine of the largest angle the pixels diffract to; 1 for pitches of half a wavelength or less.
    sine: f64,
    shortest: Metres,
    /// Half the width of the plane squared over wavelength and shortest gap.
    fresnel_number: f64,
    /// Frequencies the band limit keeps along the shorter side, cycles per metre, for the longest gap.
    band_limit: f64,
    nyquist: f64,
    /// Share of the sampled frequencies that is evanescent.
    evanescent_share: f64,
    /// Reach of a pixel across the shortest gap at the largest angle; also the largest offset at which the impulse
    /// response is safely sampled there: both end where its local frequency is the pixels' highest.
    reach: Metres,
    widest: Metres,
    /// Padding the angular spectrum needs across the longest gap.
    needed_padding: f64,
}

impl Sampling {
    fn of(design: &Design) -> Self {
        let bench = &design.simulated;
        let grid = bench.grid();
        let pitch = grid.pixel_pitch();
        let wavelength = bench.wavelength_in_medium();
        let (height, width) = grid.aperture();
        let shortest = bench.gaps.iter().copied().fold(f64::INFINITY, f64::min);
        let longest = bench.gaps.iter().copied().fold(0.0, f64::max);
        let widest = height.max(width);
        let sine = (wavelength / (2.0 * pitch)).min(1.0);
        let (rows, columns) = bench.padded;
        let band = BandLimit::new(rows as f64 * pitch, columns as f64 * pitch, wavelength, longest);
        let nyquist = 0.5 / pitch;
        Sampling {
            sine,
            shortest,
            fresnel_number: (widest / 2.0).powi(2) / (wavelength * shortest),
            band_limit: band.limits().0.min(band.limits().1),
            nyquist,
            evanescent_share: evanescent_share(nyquist * wavelength),
            reach: safe_offset(wavelength, shortest, pitch),
            widest,
            needed_padding: needed_padding(height.min(width), pitch, wavelength, longest),
        }
    }

    /// Whether light of every pixel reaches every pixel of the next plane.
    fn fully_connected(&self) -> bool {
        self.reach >= self.widest
    }

    /// What to change, if anything.
    fn advice(&self, design: &Design) -> String {
        let padding = design.padding();
        if methods(&design.simulated) == [Method::RayleighSommerfeld] {
            format!("padding {} suffices: the window holds the whole linear convolution", trimmed(padding, 2))
        } else {
            format!(
                "padding {}; {} is needed for the window to hold all that leaves a plane (longest gap)",
                trimmed(padding, 2),
                if self.needed_padding.is_finite() {
                    trimmed(self.needed_padding, 1)
                } else {
                    "no finite one".into()
                }
            )
        }
    }
}

/// Share of the square of frequencies |f| <= half_side (in units of 1/wavelength) outside the unit circle.
fn evanescent_share(half_side: f64) -> f64 {
    if half_side <= std::f64::consts::FRAC_1_SQRT_2 {
        return 0.0;
    }
    let disc = if half_side >= 1.0 {
        std::f64::consts::PI
    } else {
        // The disc without the four caps that stick out of the square.
        let cap = half_side.acos() - half_side * (1.0 - half_side * half_side).sqrt();
        std::f64::consts::PI - 4.0 * cap
    };
    1.0 - disc / (4.0 * half_side * half_side)
}

fn method_name(method: Method) -> &'static str {
    match method {
        Method::AngularSpectrum => "angular-spectrum",
        Method::RayleighSommerfeld => "rayleigh-sommerfeld",
        Method::Auto => "auto",
    }
}

/// The methods in use, each once, in the order of the gaps.
fn methods(bench: &Bench) -> Vec<Method> {
    let mut methods = Vec::new();
    for index in 0..bench.gaps.len() {
        let method = bench.gap(index).resolved_method();
        if !methods.contains(&method) {
            methods.push(method);
        }
    }
    methods
}

fn modulation_name(modulation: Modulation) -> &'static str {
    match modulation {
        Modulation::Phase { .. } => "phase",
        Modulation::Amplitude => "amplitude",
        Modulation::Complex => "complex",
    }
}

fn encoding_name(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Amplitude => "amplitude",
        Encoding::Phase { .. } => "phase",
        Encoding::Binary { .. } => "binary",
    }
}

fn illumination_name(illumination: Illumination) -> &'static str {
    match illumination {
        Illumination::Plane => "plane",
        Illumination::Tilted { .. } => "tilted",
        Illumination::Gaussian { .. } => "gaussian",
    }
}

fn pixel_model_name(model: PixelModel) -> &'static str {
    match model {
        PixelModel::Point => "point",
        PixelModel::Square => "square",
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
    json!({
        "name": design.name,
        "wavelength": bench.wavelength,
        "pixel_pitch": bench.grid().pixel_pitch(),
        "pixels": if rows == columns { json!(rows) } else { json!([rows, columns]) },
        "oversample": design.simulated.oversample,
        "padded_pixels": [design.simulated.padded.0, design.simulated.padded.1],
        "padding": design.padding(),
        "masks": bench.masks(),
        "gaps": bench.gaps,
        "method": match methods(&design.simulated)[..] {
            [method] => method_name(method),
            _ => method_name(Method::Auto),
        },
        "gap_methods": (0..bench.gaps.len())
            .map(|index| method_name(design.simulated.gap(index).resolved_method()))
            .collect::<Vec<_>>(),
        "pixel_model": pixel_model_name(bench.pixel_model),
        "modulation": modulation_name(bench.modulation),
        "object_encoding": encoding_name(bench.object.encoding()),
        "object_illumination": illumination_name(bench.object.illumination()),
        "object_extent": [bench.object.extent().0, bench.object.extent().1],
        "object_image": [image_rows, image_columns],
        "object_origin": [top, left],
        "object_upsampling": bench.object.upsampling(),
        "detector_regions": regions,
        "forms_image": design.forms_image(),
        "classes": if design.forms_image() { &[][..] } else { &design.data.class_names()[..] },
        "material": design.material.name(),
        "refractive_index": design.material.refractive_index(),
        "extinction_coefficient": design.material.extinction_coefficient(),
        "surrounding_index": design.material.surrounding_index(),
        "full_turn_height": design.material.height(TAU, bench.wavelength),
        "face_reflection": design.material.face_reflection(),
        "warnings": design.warnings,
        "sampling": {
            "largest_angle_degrees": sampling.sine.asin().to_degrees(),
            "fresnel_number": sampling.fresnel_number,
            "nyquist_frequency": sampling.nyquist,
            "band_limit": sampling.band_limit,
            "evanescent_share": sampling.evanescent_share,
            "pixel_reach": finite(sampling.reach),
            "fully_connected": sampling.fully_connected(),
            "safe_offset": finite(sampling.reach),
        },
    })
}

fn masks(design: &Design) -> String {
    let count = design.bench.masks();
    match design.bench.modulation {
        Modulation::Phase { absorption, phase_max, base } => {
            let mut text = format!("{count} phase masks");
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
        Modulation::Amplitude => format!("{count} amplitude masks"),
        Modulation::Complex => format!("{count} complex masks"),
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

fn sheet(design: &Design, sampling: &Sampling, device: Option<&Device>) -> String {
    let bench = &design.bench;
    let grid = bench.grid();
    let (rows, columns) = grid.shape();
    let (height, width) = grid.aperture();
    let length = |value: Metres| if value.is_finite() { format_length(value, 3) } else { "any".into() };
    let mut text = format!("{}\n", design.name);
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "  {name:<22}{value}");
    };
    line(
        "wavelength",
        format!("{} ({} GHz)", length(bench.wavelength), trimmed(299_792_458.0 / bench.wavelength / 1e9, 1)),
    );
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
    line("gaps", bench.gaps.iter().map(|gap| length(*gap)).collect::<Vec<_>>().join(", "));
    line(
        "propagation",
        format!(
            "{}, {} x {} points (padding {}), {} pixels{}",
            methods(&design.simulated).into_iter().map(method_name).collect::<Vec<_>>().join(" and "),
            design.simulated.padded.1,
            design.simulated.padded.0,
            trimmed(design.padding(), 2),
            pixel_model_name(bench.pixel_model),
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
            "{image_columns} x {image_rows} image as {}, {extent_columns} x {extent_rows} pixels{}",
            encoding(bench.object.encoding()),
            illumination(bench.object.illumination())
        ),
    );
    let region = bench.detector.regions()[0];
    line(
        "detector",
        format!(
            "{} of {} x {}",
            if design.forms_image() {
                format!("the image where the object stands, {image_columns} x {image_rows} regions")
            } else {
                format!("{} regions", bench.detector.regions().len())
            },
            length(region.width as f64 * grid.pixel_pitch()),
            length(region.height as f64 * grid.pixel_pitch())
        ),
    );
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
    line(
        "face reflection",
        format!(
            "{:.2} % of the power at each face of a plate (not simulated)",
            100.0 * design.material.face_reflection()
        ),
    );
    let _ = writeln!(text, "\nsampling");
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "  {name:<22}{value}");
    };
    line(
        "largest angle",
        format!(
            "{:.1} degrees (pitch {:.3} wavelengths)",
            sampling.sine.asin().to_degrees(),
            design.simulated.grid().pixel_pitch() / bench.wavelength_in_medium()
        ),
    );
    line(
        "connection",
        format!(
            "a pixel reaches {} across {}: {}",
            length(sampling.reach),
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
            "safely sampled up to an offset of {} (largest here {})",
            length(sampling.reach),
            length(sampling.widest)
        ),
    );
    line("padding", sampling.advice(design));
    for warning in &design.warnings {
        line("warning", warning.clone());
    }
    if let Some(provenance) = device.and_then(|device| device.provenance.as_ref()) {
        let _ = writeln!(text, "\ntraining");
        let mut line = |name: &str, value: String| {
            let _ = writeln!(text, "  {name:<22}{value}");
        };
        let data = &provenance.data;
        line(
            "data",
            format!(
                "{}, {} images{}",
                data.name,
                data.training_images,
                if data.builtin_sample { " (built-in sample)" } else { "" }
            ),
        );
        let metrics = &provenance.metrics;
        if let Some(accuracy) = metrics.test_accuracy {
            line("test accuracy", format!("{:.2} % of {} images", 100.0 * accuracy, data.test_images));
        }
        if let (Some(ssim), Some(free)) = (metrics.test_ssim, metrics.test_ssim_free_space) {
            line("test SSIM", format!("{ssim:.4} of {} images, free space {free:.4}", data.test_images));
        }
        line("detector share", format!("{:.2} %", 100.0 * metrics.detector_share));
        line("seed", provenance.seed.to_string());
        line(
            "made by",
            format!("d2nn {} ({}): {}", provenance.version, provenance.commit, provenance.command),
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evanescent_share_by_counting() {
        // Against a count on a fine grid; its error is about one cell of the boundary, 1/500.
        for half_side in [0.5, 0.9375, 1.0, 1.8] {
            let cells = 1000;
            let at = |i: usize| half_side * (2.0 * (i as f64 + 0.5) / f64::from(cells) - 1.0);
            let outside = (0..cells as usize)
                .flat_map(|y| (0..cells as usize).map(move |x| (y, x)))
                .filter(|&(y, x)| at(y).hypot(at(x)) > 1.0)
                .count();
            let counted = outside as f64 / f64::from(cells).powi(2);
            assert!((evanescent_share(half_side) - counted).abs() < 2e-3, "{half_side}");
        }
    }
}
