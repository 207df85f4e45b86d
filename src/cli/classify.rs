//! `d2nn classify`: readings and class for the user's own pictures.

use std::fmt::Write;
use std::path::PathBuf;

use clap::Args;
use ndarray::{ArrayView2, Axis};
use serde_json::json;

use super::picture_flags::{self, PictureFlags, STANDARD_INPUT};
use super::progress::Progress;
use super::{ModifiedFlag, ThreadsFlag, print, print_json, say};
use crate::dataset::picture::Contrast;
use crate::design::Device;
use crate::detector::Scheme;
use crate::engine::{Classifier, Engine, Simulator};
use crate::error::{Error, Result};
use crate::files::Place;
use crate::propagation::passive::check_passive;

/// Arguments of `d2nn classify`.
#[derive(Debug, Args)]
#[command(
    after_help = "Each picture becomes a grey image of the size the device takes, as docs/data.md describes: padded \
to its shape, averaged down, inverted when its border is brighter than what is on it, because the data sets show bright things on
black, and stretched from its darkest and brightest to black and white. What was done stands beside each answer.

--compiled reads them without simulating the device: by sums of squares that were worked out once, and are kept
in classifier.npz of the device folder for the next time.

Example:
  d2nn classify layers/fashion-400ghz shirt.png boot.jpg
  convert boot.webp png:- | d2nn classify layers/fashion-400ghz -"
)]
pub struct ClassifyArgs {
    /// Device folder
    device: PathBuf,
    #[command(flatten)]
    modified: ModifiedFlag,
    /// PNG or JPEG files of any size, grey or colour; - is standard input
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<PathBuf>,
    #[command(flatten)]
    picture: PictureFlags,
    /// Do not simulate the light: use the compiled classifier of the device, made now if there is none
    #[arg(long)]
    compiled: bool,
    /// One JSON array on stdout
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    threads: ThreadsFlag,
}

/// Runs `d2nn classify`.
///
/// # Errors
/// For a damaged device; after all answers for pictures that cannot be read.
pub fn run(args: ClassifyArgs) -> Result<()> {
    let device = args.modified.open(&args.device)?;
    if device.design.forms_image() {
        return Err(Error::Usage(format!(
            "{} forms images (detector.layout = \"image\"): it has no classes to choose from; `d2nn plot {0} detector \
             --image-file PICTURE` shows what it makes of a picture",
            args.device.display()
        )));
    }
    if args.images.iter().filter(|path| path.as_os_str() == STANDARD_INPUT).count() > 1 {
        return Err(Error::Usage("- is standard input, which holds one picture: give it once".into()));
    }
    let reader = if args.compiled {
        Reader::Compiled(Box::new(compiled(&device, &args.threads)?))
    } else {
        Reader::Simulated(Box::new(args.threads.engine(&device)?))
    };
    let shape = device.design.bench.object.image();
    let classes = &device.design.data.class_names;
    let mut text = String::new();
    let mut values = Vec::new();
    let mut unread = 0;
    for path in &args.images {
        let file = picture_flags::name(path);
        let fitted = match args.picture.read(path, shape) {
            Ok(fitted) => fitted,
            // One of many is no reason to say nothing about the others.
            Err(error) if args.images.len() > 1 => {
                say(&format!("error: {error}"));
                values.push(json!({ "file": file.display().to_string(), "error": error.to_string() }));
                unread += 1;
                continue;
            }
            Err(error) => return Err(error),
        };
        let image = fitted.image.mapv(|value| f32::from(value) / 255.0);
        let readings = reader.readings(image.view())?;
        let total: f64 = readings.iter().sum();
        // A compiled classifier knows the regions alone.
        check_passive("the device", device.design.simulated.entering(image.view()), total)?;
        let shares: Vec<f64> =
            readings.iter().map(|reading| if total > 0.0 { reading / total } else { 0.0 }).collect();
        let scheme = device.design.bench.detector.scheme();
        let (answer, scores) = (scheme.answer(&readings), scheme.scores(&readings));
        let _ = writeln!(text, "{}: {} ({})", file.display(), classes[answer], fitted.describe());
        let digits = scores.len().saturating_sub(1).to_string().len();
        for (class, score) in scores.iter().enumerate() {
            let mark = if class == answer { '>' } else { ' ' };
            let _ = write!(text, "{mark} {class:>digits$} {:<12} ", classes[class]);
            let _ = match scheme {
                Scheme::Single => {
                    writeln!(text, "{:5.1} % {}", 100.0 * score, "#".repeat((score * 40.0).round() as usize))
                }
                Scheme::Differential => {
                    let [plus, minus] = [0, 1].map(|part| 100.0 * shares[scheme.region(class) + part]);
                    writeln!(text, "{score:6.3}  (+ {plus:5.1} %, - {minus:5.1} %)")
                }
            };
        }
        values.push(json!({
            "file": file.display().to_string(),
            "class": answer,
            "name": classes[answer],
            "readings": readings,
            "shares": shares,
            "scores": scores,
            "fitted": fitted.describe(),
            "inverted": fitted.inverted,
            "stretched": match fitted.contrast {
                Contrast::Stretched { low, high } => Some([low, high]),
                Contrast::Sufficient | Contrast::Faint | Contrast::AsStored => None,
            },
            "background": fitted.background,
            "blank": fitted.is_blank(),
        }));
    }
    if args.json {
        print_json(&serde_json::Value::Array(values))?
    } else {
        print(&text)?
    }
    match unread {
        0 => Ok(()),
        _ => Err(Error::Value(format!("{unread} of {} pictures could not be read", args.images.len()))),
    }
}

/// What reads the pictures.
enum Reader {
    Simulated(Box<Simulator>),
    Compiled(Box<Classifier>),
}

impl Reader {
    fn readings(&self, image: ArrayView2<'_, f32>) -> Result<Vec<f64>> {
        match self {
            Reader::Simulated(engine) => {
                Ok(engine.readings(image.insert_axis(Axis(0)))?.regions.row(0).to_vec())
            }
            Reader::Compiled(classifier) => classifier.readings(image),
        }
    }
}

/// The compiled classifier of `device`: the one it keeps, or a new one, which it then keeps if its folder can be written.
fn compiled(device: &Device, threads: &ThreadsFlag) -> Result<Classifier> {
    if let Some(kept) = device.load_classifier()? {
        return Ok(kept);
    }
    let path = device.classifier_path();
    let unkept = |error: Error| {
        say(&format!("warning: {error}; the classifier is compiled anew the next time"));
    };
    // Said before the work: who minds can stop it.
    let place = Place::file(&path).map_err(unkept);
    let mut bar = Progress::new("compiling", 100, "%");
    let classifier = Classifier::compile(&threads.engine(device)?, &mut |share| {
        bar.update((100.0 * share) as u64, String::new);
        Ok(())
    })?;
    bar.finish();
    if place.is_ok() {
        match device.save_classifier(&classifier) {
            Ok(()) => say(&format!("kept in {}", path.display())),
            Err(error) => unkept(error),
        }
    }
    Ok(classifier)
}
