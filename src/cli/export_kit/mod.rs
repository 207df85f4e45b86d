//! `d2nn export-kit`: all that is needed to build a device.

mod sheets;

use std::path::PathBuf;

use clap::Args;
use ndarray::Array2;
use num_complex::Complex;

use super::picture_flags::PictureFlags;
use super::plate_flags::PlateFlags;
use super::progress::Progress;
use super::subject::Subject;
use super::{DataFlag, ModifiedFlag, as_exported, print, print_json};
use crate::dataset::Split;
use crate::design::folder::KIT;
use crate::design::{DesignFile, Device, Length, Work};
use crate::element::Modulation;
use crate::error::{Error, Result};
use crate::fabrication::kit::{Bridges, Holder, Label, Slot, Stencil, bridge};
use crate::fabrication::{
    Frame, HeightMap, PlateOptions, PlateReport, SolidReport, Steps, StlFormat, StlScale, StlUnit,
    export_plate, export_solid, plate_file_name,
};
use crate::field::WaveField;
use crate::files::{Place, create_folder};
use crate::grid::Grid;
use crate::object::Encoding;
use crate::reference::{Instrument, Network};
use crate::units::{Metres, format_length};

/// Width of a frame that the design does not give, in pixels: 6 mm of 0.4 mm.
const FRAME_PIXELS: f64 = 15.0;
/// Width of bridges in a stencil, in pixels.
const BRIDGE_PIXELS: usize = 2;
/// Play of a plate in its slot, in widths of the frame: 0.3 mm for 6 mm.
const CLEARANCE: f64 = 0.05;

/// Arguments of `d2nn export-kit`.
#[derive(Debug, Args)]
#[command(
    after_help = "The object is one image: a test image (--image) or a picture of your own (--image-file). Where the \
object is light and dark, its plate is a stencil: holes where the image is bright, bridges where pieces would fall out. kit.json has every measure, and what the device answers to the stencil.

Examples:
  d2nn export-kit layers/fashion-400ghz --out kit
  d2nn export-kit layers/fashion-400ghz --image-file boot.png --layer-height \"16 um\" --pin-holes \"3 mm\""
)]
pub struct ExportKitArgs {
    /// Device folder
    device: PathBuf,
    #[command(flatten)]
    modified: ModifiedFlag,
    /// Folder for the kit (default: kit in the device folder)
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Number of the test image on the object plate
    #[arg(long, value_name = "N", default_value_t = 0, conflicts_with = "image_file")]
    image: usize,
    /// A picture of your own instead of a test image (PNG or JPEG; - is standard input)
    #[arg(long, value_name = "FILE")]
    image_file: Option<PathBuf>,
    #[command(flatten)]
    picture: PictureFlags,
    /// Image value from which on light passes the stencil (default: that whose light is most like the image's)
    #[arg(long, value_name = "VALUE")]
    threshold: Option<f64>,
    #[command(flatten)]
    plate: PlateFlags,
    #[command(flatten)]
    data: DataFlag,
    /// One JSON object on stdout, that of kit.json
    #[arg(long)]
    json: bool,
}

/// Runs `d2nn export-kit`.
///
/// # Errors
/// For a damaged device, wrong lengths, a picture that cannot be read, planes too near to each other for a holder, a
/// folder that cannot be written, and a part that fails its check.
pub fn run(args: ExportKitArgs) -> Result<()> {
    if let Some(threshold) = args.threshold.filter(|value| !(*value > 0.0 && *value <= 1.0)) {
        return Err(Error::Usage(format!("--threshold {threshold}: it must be above 0 and at most 1")));
    }
    let device = args.modified.open_changed(&args.device, Work::Making, &|typed| {
        args.plate.apply(typed);
        give_a_frame(typed);
    })?;
    as_exported::check_printable(&device.folder, &device.design)?;
    if device.design.bench.networks > 1 {
        return Err(Error::Usage(format!(
            "{} has {} networks side by side: a kit holds one; `d2nn export-stl` makes the plates of all of them, numbered \
             network by network",
            device.folder.display(),
            device.design.bench.networks
        )));
    }
    let folder = args.out.clone().unwrap_or_else(|| device.folder.join(KIT));
    let assembly = format!("{}-assembly.png", device.design.name);
    let _place = Place::files(&folder, [sheets::KIT_JSON, assembly.as_str()])?;
    let subject = match &args.image_file {
        Some(path) => Subject::of_picture(&device, path, &args.picture)?,
        None => {
            let shown = args.data.load(&device.design, Split::Test)?;
            Subject::of_test_image(&device, &shown.images, args.image)?
        }
    };
    let kit = Workshop::new(&device, &subject, args.threshold, folder)?;
    let made = kit.make()?;
    let (text, json) = sheets::write(&kit, &made)?;
    if args.json { print_json(&json) } else { print(&text) }
}

/// Plates of a kit stand in frames, whether the design has them or not.
fn give_a_frame(typed: &mut DesignFile) {
    let pitch = typed.bench.pixel_pitch.value();
    typed.fabrication.frame_width.get_or_insert_with(|| Length::of(FRAME_PIXELS * pitch));
}

/// One plate that is no mask.
struct KitPart {
    solid: SolidReport,
    /// How far behind its flat side the plane lies that it stands for, metres.
    plane: Metres,
}

/// What the object plate is.
enum ObjectPlate {
    /// Holes through a sheet.
    Stencil {
        /// Image value from which on light passes.
        threshold: f64,
        bridges: Bridges,
        /// Pixels of the image light passes.
        open: usize,
        /// The device's answers: to the image, and to the stencil; none for devices that form images.
        answers: Option<[usize; 2]>,
    },
    /// A relief.
    Relief,
}

/// All that was made.
struct Made {
    plates: Vec<PlateReport>,
    object: KitPart,
    object_plate: ObjectPlate,
    detector: KitPart,
    holder: SolidReport,
    slots: Vec<Slot>,
    /// Where the planes lie along the light, the object's at 0, metres.
    planes: Vec<Metres>,
}

/// The threshold at which a stencil of ones and zeros is most like `values`: their overlap, sum over the open pixels over
/// the root of their number, is largest.
fn most_like(values: &Array2<f64>) -> f64 {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| *value > 0.0).collect();
    sorted.sort_unstable_by(|a, b| b.total_cmp(a));
    let (mut sum, mut best) = (0.0, (0.0, 1.0));
    for (index, value) in sorted.iter().enumerate() {
        sum += value;
        let overlap = sum / ((index + 1) as f64).sqrt();
        // A threshold opens all pixels of one value: only the last of them counts.
        if sorted.get(index + 1) != Some(value) && overlap > best.0 {
            best = (overlap, *value);
        }
    }
    best.1
}

/// A kit to be made.
struct Workshop<'a> {
    device: &'a Device,
    subject: &'a Subject,
    threshold: Option<f64>,
    folder: PathBuf,
    /// Its height in whole steps, as it is printed.
    frame: Frame,
    /// Thickness below the reliefs as it is printed, metres.
    base: Metres,
}

impl<'a> Workshop<'a> {
    fn new(
        device: &'a Device,
        subject: &'a Subject,
        threshold: Option<f64>,
        folder: PathBuf,
    ) -> Result<Self> {
        let frame = device.design.plate.frame;
        let frame = frame.ok_or_else(|| Error::Value("plates of a kit need a frame".into()))?;
        // What printers round is rounded before distances are taken.
        let (design, pixel) = (&device.design, Array2::<f64>::zeros((1, 1)));
        let grid = Grid::new(1, 1, design.bench.grid().pixel_pitch())?;
        let map = HeightMap::from_phase(
            pixel.view(),
            &grid,
            design.bench.wavelength,
            &design.material,
            design.plate.base_thickness,
            design.plate.relief,
        )?;
        let steps = ((frame.height - map.base()) / map.step()).round();
        let frame = Frame { height: map.base() + steps * map.step(), ..frame };
        Ok(Workshop { device, subject, threshold, folder, frame, base: map.base() })
    }

    fn make(&self) -> Result<Made> {
        let design = &self.device.design;
        let bench = &design.bench;
        // What can fail without a file is tried before one is written.
        let (planes, slots) = self.slots();
        let holder = self.holder(slots.clone());
        let (holder_mesh, holder_scale) = holder.solid()?;
        let options = self.mask_options()?;
        let mut progress = Progress::new("exporting", options.len() as u64 + 3, "parts");
        let mut done = 0;
        create_folder(&self.folder)?;
        let mut plates = Vec::new();
        for (index, (phase, options)) in self.device.masks.iter().zip(&options).enumerate() {
            let grid = bench.mask_grid(index);
            let map = HeightMap::from_phase(
                phase.view(),
                &grid,
                bench.wavelength,
                &design.material,
                options.base_thickness,
                options.relief,
            )?;
            let unit = StlUnit::for_pitch(grid.pixel_pitch());
            let file = self.folder.join(plate_file_name(&design.name, index + 1, unit));
            plates.push(export_plate(&map, &grid, &file, &design.name, index + 1, options)?);
            done += 1;
            progress.update(done, String::new);
        }
        let (object, object_plate) = self.object()?;
        progress.update(done + 1, String::new);
        let detector = self.detector()?;
        progress.update(done + 2, String::new);
        let none = Array2::zeros((0, 0));
        let holder = export_solid(
            &holder_mesh,
            &holder_scale,
            none.view(),
            &self.path("holder", &holder_scale),
            &format!("{}-holder", design.name),
            StlFormat::Binary,
        )?;
        progress.finish();
        Ok(Made { plates, object, object_plate, detector, holder, slots, planes })
    }

    /// How the plate of each mask is made: the frame of a smaller one reaches as far as the others, so that all fit the holder.
    fn mask_options(&self) -> Result<Vec<PlateOptions>> {
        let design = &self.device.design;
        let (height, width) = design.bench.grid().aperture();
        let options = |mask: usize| {
            let grid = design.bench.mask_grid(mask);
            let (tall, wide) = grid.aperture();
            let (down, across) = ((height - tall) / 2.0, (width - wide) / 2.0);
            if (down - across).abs() > 1e-6 * grid.pixel_pitch() {
                return Err(Error::Usage(format!(
                    "mask {} is {} narrower and {} lower than its plane: frames are as wide on all sides, so a kit takes masks that \
                     are smaller by as much both ways; `d2nn export-stl` makes its plate alone",
                    mask + 1,
                    format_length(2.0 * across, 4),
                    format_length(2.0 * down, 4)
                )));
            }
            let frame = design.plate.frame.map(|frame| Frame { width: frame.width + across, ..frame });
            Ok(PlateOptions { frame, ..design.plate })
        };
        (0..design.bench.masks()).map(options).collect()
    }

    fn path(&self, part: &str, scale: &StlScale) -> PathBuf {
        self.folder.join(format!("{}-{part}.{}.stl", self.device.design.name, scale.unit().name()))
    }

    /// Whether the object is light and dark, and its plate has holes.
    fn is_stencil(&self) -> bool {
        !matches!(self.device.design.bench.object.encoding(), Encoding::Phase { .. })
    }

    /// Where the planes lie, and where the plates that stand for them.
    ///
    /// The plane of a mask is the top of its base, where its relief begins; that of the object is where light leaves it;
    /// that of the detector the side the light meets.
    fn slots(&self) -> (Vec<Metres>, Vec<Slot>) {
        let design = &self.device.design;
        let base = self.base;
        let object = if self.is_stencil() { self.frame.height } else { base };
        let mut plane = 0.0;
        let mut planes = vec![plane];
        let slot = |label: String, flat_side| Slot { label, flat_side, thickness: self.frame.height };
        let mut slots = vec![slot("OBJECT".into(), -object)];
        for (index, gap) in design.bench.gaps.iter().enumerate() {
            plane += gap;
            planes.push(plane);
            slots.push(if index < design.bench.masks() {
                slot((index + 1).to_string(), plane - base)
            } else {
                slot("DETECTOR".into(), plane)
            });
        }
        (planes, slots)
    }

    fn holder(&self, slots: Vec<Slot>) -> Holder {
        let (_, width) = self.device.design.bench.grid().aperture();
        Holder {
            slots,
            plate_width: width + 2.0 * self.frame.width,
            frame_width: self.frame.width,
            clearance: CLEARANCE * self.frame.width,
        }
    }

    /// The plate of the image.
    fn object(&self) -> Result<(KitPart, ObjectPlate)> {
        let bench = &self.device.design.bench;
        let pitch = bench.grid().pixel_pitch();
        let ones = Array2::from_elem(self.subject.image.dim(), 1.0_f32);
        let lit = bench.object.encode::<f64>(ones.view())?.amplitude;
        let there = bench.object.encode::<f64>(self.subject.image.view())?.amplitude;
        if self.is_stencil() {
            // Whatever lights the object falls out of the ratio.
            let values = ndarray::Zip::from(&there)
                .and(&lit)
                .map_collect(|there, lit| if lit.norm() > 0.0 { there.norm() / lit.norm() } else { 0.0 });
            let threshold = self.threshold.unwrap_or_else(|| most_like(&values));
            // A hair of slack for values that were multiplied and divided by the light.
            let mut material = values.mapv(|value| value <= 0.0 || value < threshold * (1.0 - 1e-9));
            let bridges = bridge(&mut material, BRIDGE_PIXELS);
            let open = material.iter().filter(|material| !**material).count();
            if open == 0 {
                return Err(Error::Usage(format!(
                    "{}: no light would pass its stencil; lower --threshold, or take another image",
                    self.subject.name
                )));
            }
            let answers = self.answers(&material)?;
            let stencil =
                Stencil { material, pixel_pitch: pitch, thickness: self.frame.height, labels: Vec::new() };
            let solid = self.stencil(&stencil, "object")?;
            let part = KitPart { solid, plane: self.frame.height };
            return Ok((part, ObjectPlate::Stencil { threshold, bridges, open, answers }));
        }
        let dark = Array2::zeros(self.subject.image.dim());
        let dark = bench.object.encode::<f64>(dark.view())?.amplitude;
        let phase =
            ndarray::Zip::from(&there).and(&dark).map_collect(|there, dark| (there * dark.conj()).arg());
        let (material, plate) = (&self.device.design.material, &self.device.design.plate);
        let map = HeightMap::from_phase(
            phase.view(),
            &bench.grid(),
            bench.wavelength,
            material,
            plate.base_thickness,
            plate.relief,
        )?;
        let heights = map.relief().mapv(|steps| steps + map.base_steps());
        let steps = Steps { base: map.base(), base_steps: map.base_steps(), step: map.step() };
        let framed = self.frame.around_pixels(&heights, steps, pitch, "OBJECT", &[])?;
        let scale = StlScale::new(pitch, &map);
        let title = format!("{}-object", self.device.design.name);
        let path = self.path("object", &scale);
        let solid = export_solid(&framed.mesh, &scale, heights.view(), &path, &title, plate.format)?;
        Ok((KitPart { solid, plane: map.base() }, ObjectPlate::Relief))
    }

    fn stencil(&self, stencil: &Stencil, part: &str) -> Result<SolidReport> {
        let (framed, scale) = stencil.framed(&self.frame, &part.to_ascii_uppercase())?;
        let title = format!("{}-{part}", self.device.design.name);
        let none = Array2::zeros((0, 0));
        let format = self.device.design.plate.format;
        export_solid(&framed.mesh, &scale, none.view(), &self.path(part, &scale), &title, format)
    }

    /// What the device answers to the image and to its stencil.
    fn answers(&self, material: &Array2<bool>) -> Result<Option<[usize; 2]>> {
        let design = &self.device.design;
        if design.forms_image() || !matches!(design.bench.modulation, Modulation::Phase { .. }) {
            return Ok(None);
        }
        let instrument = Instrument::<f32>::new(&design.simulated, &self.device.masks)?;
        let image = self.subject.image.view();
        let (bench, samples) = (instrument.bench(), design.simulated.oversample);
        let ones = Array2::from_elem(image.dim(), 1.0_f32);
        let through_the_stencil = |network: &Network<f32>| {
            let mut field: WaveField<f32> = network.bench().object.encode(ones.view())?;
            for ((row, column), value) in field.amplitude.indexed_iter_mut() {
                if material[[row / samples, column / samples]] {
                    *value = Complex::new(0.0, 0.0);
                }
            }
            network.propagate(field)
        };
        let beams = instrument.beams().iter();
        let lights = beams.map(|(_, network)| through_the_stencil(network)).collect::<Result<Vec<_>>>()?;
        let stencil = instrument.readings_of(&lights);
        let answer = |readings: &[f64]| bench.detector.scheme().answer(readings);
        Ok(Some([answer(&instrument.readings(image)?), answer(&stencil)]))
    }

    /// The plate with a window for each region.
    fn detector(&self) -> Result<KitPart> {
        let bench = &self.device.design.bench;
        let regions = bench.detector.regions();
        let mut material = Array2::from_elem(bench.grid().shape(), true);
        for region in regions {
            let rows = region.row..region.row + region.height;
            for row in rows {
                for column in region.column..region.column + region.width {
                    material[[row, column]] = false;
                }
            }
        }
        let labels = if self.device.design.forms_image() {
            Vec::new()
        } else {
            let scheme = bench.detector.scheme();
            (0..)
                .zip(regions)
                .map(|(number, region)| {
                    // The room above the window, up to another one, and at most as high as the window.
                    let column = region.column + region.width / 2;
                    let room = (0..region.row)
                        .rev()
                        .take(region.height)
                        .take_while(|row| material[[*row, column]])
                        .count();
                    let (rows, columns) = ((region.row - room, room), (region.column, region.width));
                    Label { text: scheme.mark(number), rows, columns }
                })
                .collect()
        };
        let pixel_pitch = bench.grid().pixel_pitch();
        let stencil = Stencil { material, pixel_pitch, thickness: self.frame.height, labels };
        Ok(KitPart { solid: self.stencil(&stencil, "detector")?, plane: 0.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::arr2;

    #[test]
    fn the_threshold_is_where_the_overlap_is_largest() {
        // Overlaps: 1; 1.9/sqrt 2 = 1.34; 2.0/sqrt 3 = 1.15.
        assert_eq!(most_like(&arr2(&[[1.0, 0.9, 0.1, 0.0]])), 0.9);
        // 1; 1.8/sqrt 3 = 1.04, both equal ones or none.
        assert_eq!(most_like(&arr2(&[[1.0, 0.4, 0.4]])), 0.4);
        // 1; 1.3/sqrt 2 = 0.92; 1.6/sqrt 3 = 0.92.
        assert_eq!(most_like(&arr2(&[[1.0, 0.3, 0.3]])), 1.0);
        assert_eq!(most_like(&arr2(&[[0.0]])), 1.0, "nothing opens");
    }
}
