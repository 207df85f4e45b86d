//! The device on its bench: set as a message says, planned again only where that changed, one image at a time.

use std::time::Instant;

use ndarray::{Array2, Axis};
use num_complex::Complex32;
use serde_json::{Value, json};

use super::frame::FrameWriter;
use super::request::{BenchSettings, FrameRequest};
use crate::bench::{Bench, Role};
use crate::dataset::Images;
use crate::design::Device;
use crate::detector::Scheme;
use crate::element::{Modulation, Thickness};
use crate::engine::{Engine, Simulator};
use crate::error::{Error, Result};
use crate::evaluation::imaging::{likeness, scaled};
use crate::field::WaveField;
use crate::plots::Colormap;
use crate::propagation::AxialCut;
use crate::reference::{Instrument, Light, intensity, readings};
use crate::units::Metres;

/// Columns of the side view in each gap.
const SLICES: usize = 16;

/// Points along one side of a picture of a mask at most.
const MOST_MASK_SIDE: usize = 512;

/// A device, the images to show it, and how its bench stands.
pub struct Table {
    device: Device,
    images: Option<Images>,
    threads: usize,
    /// One sample a pixel.
    coarse: Option<Setup>,
    /// As designed, where that is finer.
    fine: Option<Setup>,
}

impl Table {
    /// Lays out `device`, with test `images` if there are any, simulated by `threads` threads (0: one a core).
    ///
    /// # Errors
    /// [`Error::Value`] for a device that does not fit together.
    pub fn new(device: Device, images: Option<Images>, threads: usize) -> Result<Self> {
        let images = images.filter(|images| images.shape() == device.design.bench.object.image());
        let mut table = Table { device, images, threads, coarse: None, fine: None };
        // What cannot be simulated is said now, and the first frame is quick.
        table.setup(false)?;
        Ok(table)
    }

    /// Whether the design asks for more than one sample a pixel.
    fn is_finer(&self) -> bool {
        self.device.design.simulated.oversample > 1
    }

    fn setup(&mut self, fine: bool) -> Result<&mut Setup> {
        let fine = fine && self.is_finer();
        let design = &self.device.design;
        let (slot, bench) =
            if fine { (&mut self.fine, &design.simulated) } else { (&mut self.coarse, &design.bench) };
        if slot.is_none() {
            *slot = Some(Setup::new(bench, &self.device, self.threads)?);
        }
        slot.as_mut().ok_or_else(|| Error::Value("no bench".into()))
    }

    /// What the page must know before the first frame.
    pub fn describe(&self) -> Value {
        let design = &self.device.design;
        let bench = &design.bench;
        let (rows, columns) = bench.grid().shape();
        let (image_rows, image_columns) = bench.object.image();
        let scheme = bench.detector.scheme();
        let region = |(number, region): (usize, &crate::detector::Region)| {
            json!({
                "row": region.row, "column": region.column, "height": region.height, "width": region.width,
                "mark": scheme.mark(number),
            })
        };
        let regions: Vec<_> = if design.forms_image() {
            Vec::new()
        } else {
            bench.detector.regions().iter().enumerate().map(region).collect()
        };
        let labels = self.images.as_ref().map(|images| images.labels.clone()).unwrap_or_default();
        let table = |map: Colormap| -> Vec<[u8; 3]> {
            (0..256).map(|level| map.colour(f64::from(level) / 255.0)).collect()
        };
        let (origin, extent) = (bench.object.origin(), bench.object.extent());
        json!({
            "name": design.name,
            "data": design.data.name,
            "classes": if design.forms_image() { Vec::new() } else { design.data.class_names.clone() },
            "class_names": design.data.class_names,
            "forms_image": design.forms_image(),
            "scheme": match scheme { Scheme::Single => "single", Scheme::Differential => "differential" },
            "networks": bench.networks,
            "masks": bench.masks(),
            "modulation": match bench.modulation {
                Modulation::Phase { .. } => "phase",
                Modulation::Amplitude => "amplitude",
                Modulation::Complex => "complex",
            },
            "own_pixels": !bench.mask_pixels.is_empty(),
            "rows": rows, "columns": columns, "pitch": bench.grid().pixel_pitch(),
            "image": [image_rows, image_columns],
            "object": [origin.0, origin.1, extent.0, extent.1],
            "gaps": bench.gaps, "wavelength": bench.wavelength,
            "samples": design.simulated.oversample,
            "material": design.material.name(),
            "refractive_index": design.material.refractive_index(),
            "extinction": design.material.extinction_coefficient(),
            "regions": regions,
            "labels": labels,
            "slices": SLICES,
            "colours": { "intensity": table(Colormap::Intensity), "phase": table(Colormap::Phase) },
        })
    }

    /// Test image `number`: its values, row by row, and its class.
    pub fn image(&self, number: usize) -> Option<Value> {
        let images = self.images.as_ref().filter(|images| number < images.len())?;
        let values: Vec<u8> = images.images.index_axis(Axis(0), number).iter().copied().collect();
        Some(json!({ "number": number, "label": images.labels[number], "image": values }))
    }

    /// What mask `mask` of `network` does, as a picture: rows and columns, and a byte a point, the phase (a full turn
    /// being 256) or the amplitude; nothing where a holder is beside the mask.
    pub fn mask(&self, network: usize, mask: usize) -> Option<Value> {
        let bench = &self.device.design.bench;
        if network >= bench.networks || mask >= bench.masks() {
            return None;
        }
        let values = &self.device.masks[(network * bench.masks() + mask) * bench.modulation.channels()];
        // A mask with pixels of its own stands on those of the plane, as the pictures of light do.
        let own = !bench.mask_pixels.is_empty();
        let (tall, wide) = if own { bench.grid().shape() } else { values.dim() };
        let step = tall.max(wide).div_ceil(MOST_MASK_SIDE);
        let byte = |value: f32| {
            if bench.modulation.is_angle(0) {
                (value * (256.0 / std::f32::consts::TAU)).round().rem_euclid(256.0) as u8
            } else {
                (value * 255.0).round() as u8
            }
        };
        let rows: Vec<usize> = (0..tall).step_by(step).collect();
        let columns: Vec<usize> = (0..wide).step_by(step).collect();
        let pixel = |at: (usize, usize)| if own { bench.pixel_at(mask, at) } else { Some(at) };
        let point = |y: usize, x: usize| pixel((y, x)).map(|at| byte(values[at]));
        let points: Vec<Option<u8>> =
            rows.iter().flat_map(|y| columns.iter().map(|x| point(*y, *x))).collect();
        Some(json!({ "rows": rows.len(), "columns": columns.len(), "points": points }))
    }

    /// Rows and columns of an image.
    pub(super) fn image_shape(&self) -> (usize, usize) {
        self.device.design.bench.object.image()
    }

    /// The light of one image on the bench as it is set, and what the detector reads: `frame.rs` says in which form.
    ///
    /// # Errors
    /// [`Error::Value`] for an image of another shape, and a bench that cannot stand so.
    pub fn frame(&mut self, request: &FrameRequest) -> Result<Vec<u8>> {
        let began = Instant::now();
        let image = request.image(self.image_shape())?;
        let fine = request.fine && self.is_finer();
        let shown = request.network;
        let networks = self.device.design.bench.networks;
        if let Some(network) = shown.filter(|network| *network >= networks) {
            return Err(Error::Value(format!("network {network}: there are {networks}, the first is 0")));
        }
        let Table { device, .. } = self;
        let (material, base, forms_image) =
            (device.design.material.clone(), device.design.plate.base_thickness, device.design.forms_image());
        let setup = self.setup(fine)?;
        setup.set(&request.bench, |kappa, bench| {
            let Modulation::Phase { phase_max, .. } = bench.modulation else {
                return Err(Error::Value(
                    "the masks are no reliefs: they have no material that absorbs".into(),
                ));
            };
            let material = material.clone().absorbing(kappa)?;
            Ok(Modulation::of_material(&material, bench.wavelength, base, phase_max))
        })?;
        let planned = began.elapsed();
        let lights = setup.engine.light(image.view())?;
        let bench = setup.engine.bench();
        let readings = readings(bench, &lights);
        let scheme = bench.detector.scheme();
        let answer = scheme.answer(&readings);
        let network = shown.unwrap_or(if forms_image { 0 } else { answer / bench.detector.classes() });
        let on = |field: &dyn Fn(&Light<f32>) -> &WaveField<f32>| shown_field(bench, &lights, network, field);
        let at_detector = on(&|light| &light.detector);
        // Each network has an object of its own.
        let each = bench.detector.regions().len();
        let collected: f64 = readings[network * each..(network + 1) * each].iter().sum();
        let entering = bench.object.power(image.view());
        let mut frame = FrameWriter::new(json!({
            "samples": bench.oversample,
            "network": network,
            "power": {
                "object": entering,
                "detector": at_detector.power(),
                "regions": collected,
            },
        }));
        if forms_image {
            let picture = bench.object.picture(image.view());
            let seen = scaled(&readings, &picture);
            frame.set("similarity", json!(likeness(&readings, &picture)));
            frame.intensity("seen", &seen.mapv(|value| value as f32));
        } else {
            frame.set("readings", json!(readings));
            frame.set("scores", json!(scheme.scores(&readings)));
            frame.set("answer", json!(answer));
        }
        frame.field("object", &on(&|light| &light.object).amplitude, request.phase);
        for (plane, (role, _)) in bench.planes().iter().enumerate() {
            if let Role::Mask(mask) = role {
                let behind = on(&|light| &light.behind[plane]);
                frame.field(&format!("mask {}", mask + 1), &behind.amplitude, request.phase);
            }
        }
        frame.field("detector", &at_detector.amplitude, request.phase);
        let simulated = began.elapsed();
        if request.side {
            let side = setup.side_view(&lights, network)?;
            frame.intensity("side", &side);
        }
        let milliseconds = |time: std::time::Duration| 1e3 * time.as_secs_f64();
        frame.set(
            "milliseconds",
            json!({
                "plan": milliseconds(planned),
                "frame": milliseconds(simulated - planned),
                "side": milliseconds(began.elapsed() - simulated),
            }),
        );
        Ok(frame.finish())
    }
}

/// What is shown of a plane of `network`: the field of a single beam; of several the root of their intensity, with the phase
/// of the chief one.
fn shown_field<'a>(
    bench: &Bench,
    lights: &'a [Light<f32>],
    network: usize,
    field: &dyn Fn(&'a Light<f32>) -> &'a WaveField<f32>,
) -> WaveField<f32> {
    let mut shown = field(&lights[bench.chief_beam(network)]).clone();
    if bench.beams_each() > 1 {
        let total = intensity(bench, lights, network, field);
        shown
            .amplitude
            .zip_mut_with(&total, |u, total| *u = Complex32::from_polar(total.sqrt() as f32, u.arg()));
    }
    shown
}

/// The device simulated on one grid.
struct Setup {
    /// As designed.
    designed: Bench,
    engine: Simulator,
    /// Values of the masks of all networks.
    values: Vec<Array2<f32>>,
    /// How the engine's bench stands.
    settings: BenchSettings,
    /// Cuts that were planned, for the gaps at hand.
    cuts: Vec<AxialCut>,
}

impl Setup {
    fn new(bench: &Bench, device: &Device, threads: usize) -> Result<Self> {
        let mut engine = Simulator::of(bench.clone(), threads)?;
        engine.set_masks(&device.masks)?;
        let values = device.masks.clone();
        Ok(Setup {
            designed: bench.clone(),
            engine,
            values,
            settings: BenchSettings::default(),
            cuts: Vec::new(),
        })
    }

    /// Sets the bench; `modulation` makes that of another absorption. On an error nothing has changed.
    fn set(
        &mut self,
        settings: &BenchSettings,
        modulation: impl Fn(f64, &Bench) -> Result<Modulation>,
    ) -> Result<()> {
        if *settings == self.settings {
            return Ok(());
        }
        let errors = settings.misalignment(&self.designed)?;
        let mut bench = self.designed.clone();
        if let Some(kappa) = settings.extinction {
            bench.modulation = modulation(kappa, &bench)?;
            bench.plate = bench.plate.map(|plate| Thickness { extinction_coefficient: kappa, ..plate });
        }
        let bench = bench.misaligned(&errors)?;
        self.engine = if bench.plate == self.engine.bench().plate {
            self.engine.beside(bench, &self.values)?
        } else {
            // Plates of another plastic are another device, with plans of its own.
            let mut engine = Simulator::of(bench, self.engine.threads())?;
            engine.set_masks(&self.values)?;
            engine
        };
        self.settings = settings.clone();
        Ok(())
    }

    /// Intensity on the plane x = 0, indexed `[y, z]`, gap by gap, of the light of every beam of `network`.
    fn side_view(&mut self, lights: &[Light<f32>], network: usize) -> Result<Array2<f32>> {
        let bench = self.engine.bench();
        let (rows, gaps) = (bench.grid().rows(), bench.gaps.len());
        let mut side = Array2::zeros((rows, gaps * SLICES));
        if !bench.optics.is_empty() || bench.plate.is_some() {
            // Cuts know free space alone: plainly, then, at the columns that are nearest.
            let plain = Instrument::new(bench, &self.values)?;
            let (positions, view) = plain.side_view(lights, network, SLICES, &mut |_| ())?;
            let ends = bench.positions();
            for column in 0..gaps * SLICES {
                let (gap, slice) = (column / SLICES, column % SLICES);
                let z = ends[gap] + bench.gaps[gap] * slice as f64 / SLICES as f64;
                let behind = positions.partition_point(|position| *position <= z);
                let nearest = view.column(behind.saturating_sub(1));
                side.column_mut(column).zip_mut_with(&nearest, |to, from| *to = *from as f32);
            }
            return Ok(side);
        }
        let beams: Vec<_> = bench.beams().into_iter().map(|beam| (beam, bench.in_beam(&beam))).collect();
        let own = || beams.iter().zip(lights).filter(|((beam, _), _)| beam.network == network);
        self.cuts
            .retain(|cut| own().any(|((_, bench), _)| (0..gaps).any(|index| cut.serves(&bench.gap(index)))));
        for ((beam, bench), light) in own() {
            for (index, field) in std::iter::once(&light.object).chain(&light.behind).enumerate() {
                let gap = bench.gap(index);
                let known = self.cuts.iter().position(|cut| cut.serves(&gap));
                let cut = match known {
                    Some(known) => &self.cuts[known],
                    None => {
                        self.cuts.push(AxialCut::new(gap, SLICES)?);
                        &self.cuts[self.cuts.len() - 1]
                    }
                };
                let place: (Metres, Metres) = bench.alignment.lateral(index);
                let columns = cut.intensity(field, place);
                for slice in 0..SLICES {
                    let share = beam.share as f32;
                    side.column_mut(index * SLICES + slice).scaled_add(share, &columns.column(slice));
                }
            }
        }
        Ok(side)
    }
}
