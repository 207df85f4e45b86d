//! `d2nn plot`: pictures of a device at work.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use ndarray::Array2;

use super::camera_flags::{CameraFlags, Looking};
use super::judgement::Judgement;
use super::picture_flags::PictureFlags;
use super::progress::Progress;
use super::subject::Subject;
use super::trial::Trial;
use super::{DataFlag, ModifiedFlag, ThreadsFlag, answers, data_note, print};
use crate::bench::{Bench, Role};
use crate::dataset::{Images, Split};
use crate::design::Device;
use crate::design::folder::{PLOTS, read_history};
use crate::detector::Region;
use crate::error::{Error, Result};
use crate::evaluation::Evaluation;
use crate::evaluation::imaging::{likeness, scaled};
use crate::field::WaveField;
use crate::files::{Place, create_folder};
use crate::plots::{
    Confusion, DetectorPlane, FormedImage, History, Imaging, LightPath, MaskQuantity, Masks, PictureFormat,
    Plane, Score, SideView, Training,
};
use crate::reference::{Instrument, Light, intensity};
use crate::units::Metres;

/// Slices of the side view in each gap.
const SLICES: usize = 20;

/// Arguments of `d2nn plot`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  d2nn plot layers/fashion-400ghz
  d2nn plot layers/fashion-400ghz light --image 7
  d2nn plot layers/fashion-400ghz detector --camera-pitch \"0.1 mm\"
  d2nn plot runs/fashion-400ghz detector --image-file boot.png --format svg --out pictures")]
pub struct PlotArgs {
    /// Device folder
    device: PathBuf,
    #[command(flatten)]
    modified: ModifiedFlag,
    /// What to draw
    #[arg(value_enum, default_value_t = PlotKind::All)]
    kind: PlotKind,
    /// Number of the test image whose light is drawn
    #[arg(long, value_name = "N", default_value_t = 0, conflicts_with = "image_file")]
    image: usize,
    /// A picture of your own instead of a test image (PNG or JPEG; - is standard input)
    #[arg(long, value_name = "F")]
    image_file: Option<PathBuf>,
    #[command(flatten)]
    picture: PictureFlags,
    #[command(flatten)]
    camera: CameraFlags,
    /// Folder for the pictures (default: plots in the device folder)
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// File format
    #[arg(long, value_enum, default_value_t = PictureFormatName::Png)]
    format: PictureFormatName,
    /// Only the first N test images in the confusion matrix
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    #[command(flatten)]
    data: DataFlag,
    #[command(flatten)]
    threads: ThreadsFlag,
}

/// What to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PlotKind {
    /// Intensity at the detector plane, linear and dB, with regions and readings; the image beside its object and
    /// free space for a device that forms images
    Detector,
    /// The phase masks
    Masks,
    /// Loss and accuracy, or similarity of images, over the epochs
    Training,
    /// Confusion matrix on the test images; not for a device that forms images
    Confusion,
    /// Intensity on every plane and a side view
    Light,
    /// All of them
    All,
}

/// File formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PictureFormatName {
    Png,
    Svg,
}

/// Runs `d2nn plot`.
///
/// # Errors
/// For a damaged device, absent data, pictures that cannot be read and folders that cannot be written.
pub fn run(args: PlotArgs) -> Result<()> {
    let device = args.modified.open(&args.device)?;
    let format = match args.format {
        PictureFormatName::Png => PictureFormat::Png,
        PictureFormatName::Svg => PictureFormat::Svg,
    };
    let forms_image = device.design.forms_image();
    if args.kind == PlotKind::Confusion && forms_image {
        return Err(Error::Usage(format!(
            "{} forms images: it names no classes that could be confused; `d2nn plot {0} detector` shows an image",
            args.device.display()
        )));
    }
    let wants = |kind| {
        args.kind == kind || args.kind == PlotKind::All && !(kind == PlotKind::Confusion && forms_image)
    };
    let mut test = None;
    if wants(PlotKind::Confusion)
        || (wants(PlotKind::Light) || wants(PlotKind::Detector)) && args.image_file.is_none()
    {
        test = Some(args.data.load(&device.design, Split::Test)?);
    }
    let note = test.as_ref().and_then(|shown| data_note(shown.is_sample(), shown.published));
    let folder = args.out.unwrap_or_else(|| device.folder.join(PLOTS));
    if let Some(ending @ ("png" | "svg")) = folder.extension().and_then(|ending| ending.to_str())
        && !folder.is_dir()
    {
        return Err(Error::Usage(format!(
            "--out {}: it is the folder for the pictures, whose names are given; --format {ending} makes them {ending}",
            folder.display()
        )));
    }
    // What can be wrong in the command line is checked before the first picture is drawn.
    let subject = match (&args.image_file, &test) {
        _ if !(wants(PlotKind::Detector) || wants(PlotKind::Light)) => None,
        (Some(path), _) => Some(Subject::of_picture(&device, path, &args.picture)?),
        (None, Some(shown)) => Some(Subject::of_test_image(&device, &shown.images, args.image)?),
        (None, None) => None,
    };
    if args.limit == Some(0) {
        return Err(Error::Usage("--limit 0: there must be at least one image".into()));
    }
    let drawn = [
        (PlotKind::Masks, "masks"),
        (PlotKind::Training, "training"),
        (PlotKind::Detector, "detector"),
        (PlotKind::Light, "light"),
        (PlotKind::Confusion, "confusion"),
    ];
    let names = drawn.iter().filter(|(kind, _)| wants(*kind));
    let _place = Place::files(&folder, names.map(|(_, name)| format!("{name}.{}", format.extension())))?;
    let looking = args.camera.looking(device.design.bench.grid())?;
    if looking.is_some() && (!wants(PlotKind::Detector) || forms_image) {
        return Err(Error::Usage(
            "--camera-pitch is of the detector plane of a device that names classes: draw `detector`".into(),
        ));
    }
    let engine = if wants(PlotKind::Confusion) { Some(args.threads.engine(&device)?) } else { None };
    let mut artist =
        Artist { device: &device, folder, format, looking, data_note: note, written: Vec::new() };
    if wants(PlotKind::Masks) {
        artist.masks()?;
    }
    if wants(PlotKind::Training) {
        let drawn = artist.training()?;
        if !drawn && args.kind == PlotKind::Training {
            return Err(Error::file(
                &device.folder.join("history.csv"),
                "is absent or empty: nothing to draw",
            ));
        }
    }
    if let Some(subject) = &subject {
        artist.image(subject, wants(PlotKind::Detector), wants(PlotKind::Light))?;
    }
    if let (Some(shown), Some(engine)) = (&test, engine) {
        let trial = Trial::of(&device.design, &shown.images, args.limit);
        let judged = answers::judge(&engine, &trial, &mut |_| ())?;
        artist.confusion(&judged)?;
    }
    let lines: String = artist.written.iter().map(|path| format!("{}\n", path.display())).collect();
    print(&lines)
}

/// Draws masks, curves and the detector plane of a device that is being trained into its plots folder.
pub(super) fn during_training(device: &Device, test: &Images, note: Option<&'static str>) -> Result<()> {
    let mut artist = Artist::at_home(device, note)?;
    artist.masks()?;
    artist.training()?;
    artist.image(&Subject::of_test_image(device, test, 0)?, true, false)
}

/// Draws everything into the plots folder of a device that has just been trained.
pub(super) fn after_training(
    device: &Device,
    judged: &Judgement,
    test: &Images,
    note: Option<&'static str>,
) -> Result<()> {
    let mut artist = Artist::at_home(device, note)?;
    artist.masks()?;
    artist.training()?;
    if let Judgement::Classes(judged) = judged {
        artist.confusion(judged)?;
    }
    artist.image(&Subject::of_test_image(device, test, 0)?, true, true)
}

/// Draws into one folder.
struct Artist<'a> {
    device: &'a Device,
    folder: PathBuf,
    format: PictureFormat,
    /// A camera in place of the detector plane.
    looking: Option<Looking>,
    /// What must be said of the images.
    data_note: Option<&'static str>,
    written: Vec<PathBuf>,
}

/// The light of one image, and the network that is shown.
struct Seen<'a> {
    instrument: &'a Instrument<f64>,
    lights: &'a [Light<f64>],
    network: usize,
}

impl Seen<'_> {
    /// Intensity on a plane.
    fn on(&self, field: impl Fn(&Light<f64>) -> &WaveField<f64>) -> Array2<f64> {
        intensity(self.instrument.bench(), self.lights, self.network, field)
    }
}

/// Classes of a network's detector plane among all.
struct ShownClasses {
    /// The first of them.
    first: usize,
    /// What the device answers.
    answer: usize,
    /// What would be right.
    truth: Option<usize>,
}

impl<'a> Artist<'a> {
    /// One that draws PNG into the plots folder of `device`.
    fn at_home(device: &'a Device, data_note: Option<&'static str>) -> Result<Self> {
        let folder = device.folder.join(PLOTS);
        create_folder(&folder)?;
        let format = PictureFormat::Png;
        Ok(Artist { device, folder, format, looking: None, data_note, written: Vec::new() })
    }
}

impl Artist<'_> {
    fn path(&mut self, name: &str) -> PathBuf {
        let path = self.folder.join(format!("{name}.{}", self.format.extension()));
        self.written.push(path.clone());
        path
    }

    fn labels(&self) -> Vec<String> {
        self.device.design.data.class_names.clone()
    }

    /// What pictures of the device itself carry: what it learned from, if not the published files.
    fn trained_note(&self) -> Option<&'static str> {
        let provenance = self.device.provenance.as_ref();
        provenance.map_or(self.data_note, |found| data_note(found.data.builtin_sample, found.data.published))
    }

    /// What pictures of images carry: what must be said of the images, or else of the training.
    fn note(&self, from_data: bool) -> Option<&'static str> {
        self.data_note.filter(|_| from_data).or_else(|| self.trained_note())
    }

    fn masks(&mut self) -> Result<()> {
        let modulation = self.device.design.bench.modulation;
        for channel in 0..modulation.channels() {
            let (quantity, what) = if modulation.is_angle(channel) {
                (MaskQuantity::Phase, "phase")
            } else {
                (MaskQuantity::Amplitude, "amplitude")
            };
            let path = self.path(if channel == 0 { "masks" } else { "masks-amplitude" });
            let title = format!("{}: {what} masks in the order of the light", self.device.design.name);
            let masks: Vec<_> =
                self.device.masks.iter().skip(channel).step_by(modulation.channels()).cloned().collect();
            Masks {
                quantity,
                masks: &masks,
                grids: &self.device.design.bench.mask_grids(),
                title: &title,
                note: self.trained_note(),
            }
            .write(&path, self.format)?;
        }
        Ok(())
    }

    /// Whether there was a history to draw.
    fn training(&mut self) -> Result<bool> {
        let number = |value: f64| value.is_finite().then_some(value);
        let history: Vec<History> = read_history(&self.device.folder)?
            .iter()
            .map(|row| History {
                epoch: row.epoch as f64,
                training_loss: number(row.training_loss),
                validation_loss: number(row.validation_loss),
                training_score: number(row.training_accuracy),
                validation_score: number(row.validation_accuracy),
            })
            .collect();
        if history.is_empty() {
            return Ok(false);
        }
        let path = self.path("training");
        let title = format!("{}: training", self.device.design.name);
        let score = if self.device.design.forms_image() { Score::Ssim } else { Score::Accuracy };
        Training { history: &history, score, title: &title, note: self.trained_note() }
            .write(&path, self.format)?;
        Ok(true)
    }

    fn confusion(&mut self, judged: &Evaluation) -> Result<()> {
        let path = self.path("confusion");
        let title = format!("{}, test images", self.device.design.name);
        let (labels, note) = (self.labels(), self.note(true));
        Confusion { counts: &judged.confusion, labels: &labels, title: &title, note }
            .write(&path, self.format)
    }

    fn image(&mut self, subject: &Subject, detector: bool, light: bool) -> Result<()> {
        let masks: Vec<Array2<f64>> = self.device.masks.iter().map(|values| values.mapv(f64::from)).collect();
        let instrument = Instrument::<f64>::new(&self.device.design.simulated, &masks)?;
        let bench = instrument.bench();
        let lights = instrument.light(subject.image.view())?;
        let readings = instrument.readings_of(&lights);
        let answer = bench.detector.scheme().answer(&readings);
        // Of networks side by side the one with the true class is shown, or with the answer.
        let shown = subject.truth.unwrap_or(answer) / bench.detector.classes();
        let shown = if self.device.design.forms_image() { 0 } else { shown };
        let seen = Seen { instrument: &instrument, lights: &lights, network: shown };
        let grid = bench.grid();
        let name = format!("{}: {}", self.device.design.name, subject.name);
        let note = self.note(subject.truth.is_some());
        let title = if self.device.design.forms_image() {
            let ssim = likeness(&readings, &bench.object.picture(subject.image.view()));
            format!("{name}, SSIM {ssim:.3}")
        } else {
            let which = match bench.networks {
                1 => String::new(),
                count => format!(", network {} of {count}", shown + 1),
            };
            format!("{name}{which}, answer {}", self.labels()[answer])
        };
        if detector && self.device.design.forms_image() {
            self.formed_image(subject, &seen, &title, note)?;
        } else if detector {
            let first_class = shown * bench.detector.classes();
            let classes = ShownClasses { first: first_class, answer, truth: subject.truth };
            self.detector_plane(&classes, &seen, &title, note)?;
        }
        if light {
            let columns = bench.beams_each() * bench.gaps.len() * SLICES;
            let mut progress = Progress::new("side view", columns as u64, "slices");
            let side = instrument
                .side_view(&lights, shown, SLICES, &mut |done| progress.update(done as u64, String::new));
            progress.finish();
            let (positions, side) = side?;
            let ends = bench.positions();
            let masks = &ends[1..ends.len() - 1];
            let (names, ends) = named_planes(bench);
            let incident = 0..bench.planes().len();
            // A phase object is bright everywhere: its values are shown.
            let object = match bench.object.values_as_light(subject.image.view())? {
                Some(values) => values,
                None => seen.on(|light| &light.object),
            };
            let intensities: Vec<Array2<f64>> = std::iter::once(object)
                .chain(incident.map(|plane| seen.on(|light| &light.incident[plane])))
                .chain([seen.on(|light| &light.detector)])
                .collect();
            let planes: Vec<Plane<'_>> = names
                .iter()
                .zip(&ends)
                .zip(&intensities)
                .map(|((name, z), intensity)| Plane { name, z: *z, intensity })
                .collect();
            let path = self.path("light");
            LightPath {
                planes: &planes,
                side: SideView { intensity: &side, z: &positions },
                grid: &grid,
                masks,
                title: &title,
                note,
            }
            .write(&path, self.format)?;
        }
        Ok(())
    }

    fn detector_plane(
        &mut self,
        classes: &ShownClasses,
        seen: &Seen<'_>,
        title: &str,
        note: Option<&str>,
    ) -> Result<()> {
        let bench = seen.instrument.bench();
        let each = bench.detector.regions().len();
        let all = seen.instrument.readings_of(seen.lights);
        let readings = &all[seen.network * each..(seen.network + 1) * each];
        let total: f64 = readings.iter().sum();
        let shares: Vec<f64> =
            readings.iter().map(|reading| if total > 0.0 { reading / total } else { 0.0 }).collect();
        let path = self.path("detector");
        let first_class = classes.first;
        let here =
            |class: usize| class.checked_sub(first_class).filter(|class| *class < bench.detector.classes());
        let (intensity, grid, regions) = match self.looking {
            None => (seen.on(|light| &light.detector), bench.grid(), bench.detector.regions().to_vec()),
            Some(looking) => (
                seen.instrument.camera(seen.lights, seen.network, looking.grid, looking.at)?,
                looking.grid,
                looking.regions(bench)?,
            ),
        };
        DetectorPlane {
            intensity: &intensity,
            grid: &grid,
            regions: &regions,
            scheme: bench.detector.scheme(),
            first_class,
            labels: &self.labels()[first_class..first_class + bench.detector.classes()],
            readings: &shares,
            answer: here(classes.answer),
            truth: classes.truth.and_then(here),
            title,
            note,
        }
        .write(&path, self.format)
    }

    /// The object, its image, and what free space makes of it.
    fn formed_image(
        &mut self,
        subject: &Subject,
        seen: &Seen<'_>,
        title: &str,
        note: Option<&str>,
    ) -> Result<()> {
        let bench = seen.instrument.bench();
        let free = Instrument::<f64>::new(&bench.free_space(), &[])?;
        let lights = free.light(subject.image.view())?;
        let alone = Seen { instrument: &free, lights: &lights, network: 0 };
        let picture = bench.object.picture(subject.image.view());
        let planes = [
            seen.on(|light| &light.object),
            seen.on(|light| &light.detector),
            alone.on(|light| &light.detector),
        ];
        let read = [seen, &alone].map(|seen| seen.instrument.readings_of(seen.lights));
        let pictures = read.each_ref().map(|readings| scaled(readings, &picture));
        let similarity = read.each_ref().map(|readings| Some(likeness(readings, &picture)));
        let image = |name, intensity, picture, ssim| FormedImage { name, intensity, picture, ssim };
        let ((row, column), (height, width)) = (bench.object.origin(), bench.object.extent());
        let path = self.path("detector");
        Imaging {
            images: &[
                image("object", &planes[0], &picture, None),
                image("image", &planes[1], &pictures[0], similarity[0]),
                image("free space", &planes[2], &pictures[1], similarity[1]),
            ],
            grid: &bench.grid(),
            area: Region { row, column, height, width },
            title,
            note,
        }
        .write(&path, self.format)
    }
}

/// Names and places of the planes whose light is drawn: object, masks and other optics, detector.
fn named_planes(bench: &Bench) -> (Vec<String>, Vec<Metres>) {
    let planes = bench.planes().into_iter().map(|(role, z)| match role {
        Role::Mask(mask) => (format!("on mask {}", mask + 1), z),
        Role::Optic(number) => (format!("on the {}", bench.optics[number].element.name()), z),
        Role::Gap => ("gap".into(), z),
    });
    let object = if bench.object.has_complex_coefficients() { "object, phase" } else { "object" };
    let ends = [(object.to_owned(), 0.0), ("detector".to_owned(), bench.length())];
    let [object, detector] = ends;
    std::iter::once(object).chain(planes).chain([detector]).unzip()
}
