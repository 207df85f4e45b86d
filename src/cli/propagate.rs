//! `d2nn propagate`: any field through free space, to compare with one's own code.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use ndarray::{Array2, Ix2};
use num_complex::Complex;
use serde_json::json;

use super::camera_flags::{CameraFlags, Looking};
use super::progress::Progress;
use super::{print, print_json, say};
use crate::error::{Error, Result};
use crate::field::WaveField;
use crate::files::{Place, is_same_place, read_bytes, write_bytes};
use crate::grid::{Grid, spatial_frequencies};
use crate::npy::{Kind, array_bytes, read_complex};
use crate::propagation::angular_spectrum::needed_padding;
use crate::propagation::rayleigh_sommerfeld::{direct_summation, safe_distance, safe_offset};
use crate::propagation::{Camera, Fft2, Gap, Method, PixelModel, Propagator, padded_shape};
use crate::units::{Metres, format_length, parse_positive_length};

/// Arguments of `d2nn propagate`.
#[derive(Debug, Args)]
#[command(
    after_help = "The field is sampled at points of the given pitch; time dependence exp(-i omega t), so a \
plane wave gains exp(+i k z). The arithmetic is double precision; the output is complex64 for complex64 and \
float32 input, complex128 otherwise.

Example:
  d2nn propagate field.npy --wavelength \"0.75 mm\" --pixel-pitch \"0.4 mm\" --distance \"30 mm\" --out out.npy
  d2nn propagate field.npy --wavelength \"0.75 mm\" --pixel-pitch \"0.4 mm\" --distance \"30 mm\" --out seen.npy \\
    --camera-pitch \"0.05 mm\" --camera-pixels 200 --camera-at \"3 mm\" \"-2 mm\""
)]
pub struct PropagateArgs {
    /// NumPy file of real or complex numbers of any kind, shape (rows, columns)
    field: PathBuf,
    /// Wavelength in the medium, such as "0.75 mm"
    #[arg(long, value_name = "LENGTH")]
    wavelength: String,
    /// Distance between samples, such as "0.4 mm"
    #[arg(long, value_name = "LENGTH")]
    pixel_pitch: String,
    /// How far, such as "30 mm"
    #[arg(long, value_name = "LENGTH")]
    distance: String,
    /// How
    #[arg(long, value_enum, default_value_t = MethodName::Auto)]
    method: MethodName,
    /// Side of the padded window over the side of the field, 1 to 16
    #[arg(long, value_name = "FACTOR", default_value_t = 2.0)]
    padding: f64,
    #[command(flatten)]
    camera: CameraFlags,
    /// NumPy file to write
    #[arg(long, value_name = "OUT.npy")]
    out: PathBuf,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// Ways to propagate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum MethodName {
    /// Rayleigh-sommerfeld where the impulse response is safely sampled, angular-spectrum elsewhere
    Auto,
    /// Exact transfer function, band-limited
    AngularSpectrum,
    /// Transform of the sampled impulse response
    RayleighSommerfeld,
    /// Plain sum over all pairs of pixels: slow, the reference
    Direct,
}

impl MethodName {
    /// The method itself, with `auto` decided for `gap`.
    fn taken(self, gap: &Gap) -> Self {
        match (self, gap.resolved_method()) {
            (MethodName::Auto, Method::RayleighSommerfeld) => MethodName::RayleighSommerfeld,
            (MethodName::Auto, _) => MethodName::AngularSpectrum,
            (fixed, _) => fixed,
        }
    }
}

/// Runs `d2nn propagate`.
///
/// # Errors
/// For lengths without sense, files that hold no field, and an output that cannot be written.
pub fn run(args: PropagateArgs) -> Result<()> {
    let length = |flag: &str, text: &str| -> Result<Metres> {
        parse_positive_length(text).map_err(|problem| Error::Usage(format!("{flag}: {problem}")))
    };
    let wavelength = length("--wavelength", &args.wavelength)?;
    let pitch = length("--pixel-pitch", &args.pixel_pitch)?;
    let distance = length("--distance", &args.distance)?;
    if is_same_place(&args.out, &args.field) {
        return Err(Error::Usage(format!(
            "--out {} is the field itself: give another file",
            args.out.display()
        )));
    }
    let _place = Place::file(&args.out)?;
    let (amplitude, single) = read(&args.field)?;
    let (rows, columns) = amplitude.dim();
    let grid =
        Grid::new(rows, columns, pitch).map_err(|error| Error::file(&args.field, error.to_string()))?;
    let field = WaveField::new(grid, amplitude)?;
    warn_of_the_edge(&field);
    let looking = args.camera.looking(grid)?;
    let method = match args.method {
        MethodName::Auto => Some(Method::Auto),
        MethodName::AngularSpectrum => Some(Method::AngularSpectrum),
        MethodName::RayleighSommerfeld => Some(Method::RayleighSommerfeld),
        MethodName::Direct => None,
    };
    let padded =
        padded_shape(grid, args.padding).map_err(|error| Error::Usage(format!("--padding: {error}")))?;
    let gap = Gap {
        grid,
        padded,
        wavelength,
        distance,
        method: method.unwrap_or(Method::RayleighSommerfeld),
        pixel_model: PixelModel::Point,
        shift: (0.0, 0.0),
        carrier: (0.0, 0.0),
    };
    if gap.resolved_method() == Method::RayleighSommerfeld {
        warn_of_sampling(&gap);
    }
    let behind = match method {
        None if looking.is_some() => {
            return Err(Error::Usage(
                "--method direct sums at the pixels of the field: take another for a camera".into(),
            ));
        }
        None => {
            let mut progress = Progress::new("summing", rows as u64, "rows");
            let sum = direct_summation(&field, wavelength, distance, &mut |row| {
                progress.update(row as u64, String::new);
            });
            progress.finish();
            sum?
        }
        Some(_) => {
            warn_of_padding(&gap, args.padding);
            match looking {
                None => Propagator::new(gap)?.carry(&field)?,
                Some(Looking { grid, at }) => {
                    let camera =
                        Camera::new(gap, grid, at).map_err(|error| Error::Usage(error.to_string()))?;
                    camera.propagate(&field)
                }
            }
        }
    };
    write(&args.out, &behind.amplitude, single)?;
    let (rows, columns) = behind.grid().shape();
    let kept = (field.power() > 0.0).then(|| behind.power() / field.power());
    if args.json {
        return print_json(&json!({
            "rows": rows,
            "columns": columns,
            "wavelength": wavelength,
            "pixel_pitch": behind.grid().pixel_pitch(),
            "distance": distance,
            "method": args.method.taken(&gap).to_possible_value().map(|value| value.get_name().to_owned()),
            "power_kept": kept,
            "out": args.out.display().to_string(),
        }));
    }
    let kept = kept.map_or("no light in the input, none in the output".into(), |kept| {
        format!("power {kept:.6} of the power of the input")
    });
    print(&format!("{rows} x {columns} pixels over {}: {kept}\n", format_length(distance, 6)))
}

/// The share of the band, at each end of each axis, that counts as its edge.
const EDGE: f64 = 0.1;
/// Light at the edge of the band above which it is told: twice the 19 % of a field without any order, which fills the
/// band evenly.
const MUCH_AT_THE_EDGE: f64 = 0.38;

/// A wave that turns by half a turn from sample to sample is the same samples as one that turns the other way.
fn warn_of_the_edge(field: &WaveField<f64>) {
    let (rows, columns) = field.grid().shape();
    let mut spectrum = field.amplitude.clone();
    Fft2::new(rows, columns).forward(&mut spectrum);
    let edge = |side: usize| {
        let nyquist = spatial_frequencies(side, 1.0).into_iter();
        nyquist.map(|f| f.abs() > 0.5 * (1.0 - EDGE)).collect::<Vec<_>>()
    };
    let (along_y, along_x) = (edge(rows), edge(columns));
    let (mut all, mut at_the_edge) = (0.0, 0.0);
    for ((y, x), value) in spectrum.indexed_iter() {
        all += value.norm_sqr();
        at_the_edge += if along_y[y] || along_x[x] { value.norm_sqr() } else { 0.0 };
    }
    if at_the_edge > MUCH_AT_THE_EDGE * all {
        say(&format!(
            "warning: {:.0} % of the light stands at the edge of the band, where it turns by half a turn from sample to \
             sample and may as well turn the other way: sample the field finer than {}",
            100.0 * at_the_edge / all,
            format_length(field.grid().pixel_pitch(), 4)
        ));
    }
}

/// The impulse response must be sampled finely enough, by the direct sum as well.
fn warn_of_sampling(gap: &Gap) {
    let pitch = gap.grid.pixel_pitch();
    let (height, width) = gap.grid.aperture();
    let limit = safe_offset(gap.wavelength, gap.distance, pitch);
    if gap.is_near_contact() {
        say(&format!(
            "warning: samples of {} miss the peak of the impulse response, which is as narrow as the distance is long: it \
             is safely sampled from a distance of {} on; take --method auto",
            format_length(pitch, 4),
            format_length(safe_distance(pitch), 4)
        ));
    }
    if height.max(width) > limit {
        say(&format!(
            "warning: the impulse response is undersampled beyond an offset of {} (the field is {} wide): \
             take --method auto",
            format_length(limit, 3),
            format_length(height.max(width), 3)
        ));
    }
}

/// Light that leaves the window comes in again on the other side, or is cut by the band limit.
fn warn_of_padding(gap: &Gap, padding: f64) {
    let (height, width) = gap.grid.aperture();
    let sampled = gap.resolved_method() == Method::RayleighSommerfeld;
    let needed = if sampled {
        2.0
    } else {
        needed_padding(height.min(width), gap.grid.pixel_pitch(), gap.wavelength, gap.distance)
    };
    if padding < 0.9 * needed || sampled && padding < needed {
        say(&format!(
            "warning: --padding {padding} is too little for this method and distance: {needed:.1} is needed"
        ));
    }
}

/// The field, and whether its numbers were of single precision.
fn read(path: &Path) -> Result<(Array2<Complex<f64>>, bool)> {
    // The largest grid in complex128, and a header.
    let bytes = read_bytes(path, (Grid::MAX_SIDE * Grid::MAX_SIDE * 16 + 4096) as u64)?;
    let (field, kind) = read_complex::<Ix2>(&bytes).map_err(|error| {
        Error::file(path, format!("{error}: a field is a two-dimensional array of numbers, real or complex"))
    })?;
    let single = matches!(kind, Kind::Complex(8) | Kind::Float(4));
    if let Some(((y, x), _)) = field.indexed_iter().find(|(_, u)| !(u.re.is_finite() && u.im.is_finite())) {
        return Err(Error::file(path, format!("is not finite at [{y}, {x}]")));
    }
    Ok((field, single))
}

fn write(path: &Path, field: &Array2<Complex<f64>>, single: bool) -> Result<()> {
    let bytes = if single {
        array_bytes(&field.mapv(|u| Complex::new(u.re as f32, u.im as f32)))
    } else {
        array_bytes(field)
    };
    write_bytes(path, &bytes)
}
