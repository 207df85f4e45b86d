//! The device: object -> (gap, mask) x n -> gap -> detector, with other optics between them.

use ndarray::{Array2, ArrayView2};

use crate::detector::Detector;
use crate::element::{Modulation, Motion, Placed, PlateModel, Site, Thickness};
use crate::error::{Error, Result};
use crate::field::Real;
use crate::grid::Grid;
use crate::misalignment::{Alignment, Misalignment};
use crate::object::ObjectPlane;
use crate::program::Program;
use crate::propagation::{Gap, Method, PixelModel, padded_shape};
use crate::source::LightSource;
use crate::units::Metres;

mod beams;
mod check;
mod path;
mod pixels;

pub use beams::Beam;
pub use path::{Lowered, Path, Role, Station};
pub use pixels::MaskPixels;
pub(crate) use pixels::stands_centred;

/// Everything on the optical table but the masks.
#[derive(Clone, Debug, PartialEq)]
pub struct Bench {
    /// Vacuum wavelength, metres.
    pub wavelength: Metres,
    /// Refractive index of what is between the planes.
    pub medium: f64,
    /// Devices side by side that see the same object, each with masks of its own and a detector like the others: they share
    /// the classes.
    pub networks: usize,
    /// Distances object - mask 1 - ... - detector, metres: one more than there are masks. A single one is free space.
    pub gaps: Vec<Metres>,
    /// Points of the padded window, (rows, columns).
    pub padded: (usize, usize),
    /// How transfer functions are made.
    pub method: Method,
    /// What leaves a pixel.
    pub pixel_model: PixelModel,
    /// Samples along one side of a pixel; the grid of every plane has that many.
    pub oversample: usize,
    /// The pixels of each mask, where they are not those of the grid; empty where all are. Networks have them alike.
    pub mask_pixels: Vec<MaskPixels>,
    /// What a pixel of a mask does to the light.
    pub modulation: Modulation,
    /// How thick the plates of the masks are; thin sheets without. Only masks of phases have a thickness.
    pub plate: Option<Thickness>,
    /// How the planes stand across the axis: [`Bench::misaligned`] moves and turns them.
    pub alignment: Alignment,
    /// Optics beside the masks, at places of their own: on the axis, whatever the errors of alignment.
    pub optics: Vec<Placed>,
    /// The object plane; its grid is the grid of every plane.
    pub object: ObjectPlane,
    /// The light on the object: how many wavelengths, from how many points.
    pub source: LightSource,
    /// The detector plane.
    pub detector: Detector,
}

impl Bench {
    /// One network of lossless phase masks in air, one sample a pixel, in windows of twice the side, in one coherent wave:
    /// `gaps` from the object to the detector, one more than there are masks.
    ///
    /// # Errors
    /// As [`Bench::check`].
    pub fn new(
        wavelength: Metres,
        gaps: Vec<Metres>,
        object: ObjectPlane,
        detector: Detector,
    ) -> Result<Bench> {
        let bench = Bench {
            wavelength,
            medium: 1.0,
            networks: 1,
            gaps,
            padded: padded_shape(object.grid(), 2.0)?,
            method: Method::Auto,
            pixel_model: PixelModel::Square,
            oversample: 1,
            mask_pixels: Vec::new(),
            modulation: Modulation::LOSSLESS,
            plate: None,
            alignment: Alignment::default(),
            optics: Vec::new(),
            object,
            source: LightSource::default(),
            detector,
        };
        bench.check()?;
        Ok(bench)
    }

    /// The same device with `errors` of alignment and wavelength, on top of those it has.
    ///
    /// Gaps change by the axial displacements of their ends, and light crosses them aside by the difference of the
    /// lateral ones: exactly, by any part of a pixel. Indices of refraction are taken as constant, so in other light
    /// reliefs, and objects that are reliefs, give other phases.
    ///
    /// # Errors
    /// [`Error::Value`] for errors that [`Misalignment::check`] refuses, for planes that would stand in each other, and
    /// for planes that would stand beside each other.
    pub fn misaligned(&self, errors: &Misalignment) -> Result<Bench> {
        let masks = self.masks();
        errors.check(masks)?;
        let axial = |plane: usize| errors.displacement(plane, masks).axial;
        let mut bench = Bench { alignment: self.alignment.with(errors, masks), ..self.clone() };
        for (index, gap) in bench.gaps.iter_mut().enumerate() {
            let before = if index == 0 { 0.0 } else { axial(index - 1) };
            *gap += axial(index) - before;
            if *gap <= 0.0 {
                return Err(Error::Value(format!(
                    "gap {index} of {} m becomes {gap} m by the displacements of its ends: it must stay above zero",
                    self.gaps[index]
                )));
            }
        }
        if errors.wavelength != 0.0 {
            bench.change_light(1.0 + errors.wavelength);
        }
        bench.check()?;
        Ok(bench)
    }

    /// Whether `other` is the same device but for errors of alignment and wavelength.
    pub(crate) fn is_same_device_as(&self, other: &Bench) -> bool {
        let of = |bench: &Bench| {
            (
                (bench.gaps.len(), bench.medium, bench.padded, bench.oversample, bench.networks),
                (bench.method, bench.pixel_model, std::mem::discriminant(&bench.modulation)),
            )
        };
        of(self) == of(other)
            && self.detector == other.detector
            && self.object.is_placed_as(&other.object)
            && (&self.optics, self.plate, &self.source) == (&other.optics, other.plate, &other.source)
            && self.mask_pixels == other.mask_pixels
    }

    /// Grid of every plane.
    pub fn grid(&self) -> Grid {
        self.object.grid()
    }

    /// Samples along one side of a pixel where light is finest: inside plates with a thickness.
    pub fn samples_in_plates(&self) -> usize {
        self.oversample * self.plate.map_or(1, |plate| plate.finer)
    }

    /// Wavelength between the planes, metres.
    pub fn wavelength_in_medium(&self) -> Metres {
        self.wavelength / self.medium
    }

    /// Side of the padded window over the side of the plane, the larger of both.
    pub(crate) fn padding(&self) -> f64 {
        let (rows, columns) = self.grid().shape();
        (self.padded.0 as f64 / rows as f64).max(self.padded.1 as f64 / columns as f64)
    }

    /// The same device simulated with `samples` x `samples` samples a pixel in a window of `padding` times the side.
    ///
    /// Masks, object and regions keep their places and sizes.
    ///
    /// # Errors
    /// [`Error::Value`] for a bench that has more than one sample a pixel already, and for grids and windows that are
    /// too large.
    pub fn sampled(&self, samples: usize, padding: f64) -> Result<Bench> {
        if self.oversample != 1 || samples == 0 {
            return Err(Error::Value(format!(
                "{samples} samples a pixel where there are {} already: start from one",
                self.oversample
            )));
        }
        let object = self.object.finer(samples, self.wavelength_in_medium())?;
        let grid = object.grid();
        let detector = self
            .detector
            .replaced(grid, |region| Some(region.finer(samples)))
            .ok_or_else(|| Error::Value(format!("detector regions do not fit {samples} samples a pixel")))?;
        Ok(Bench {
            padded: padded_shape(grid, padding)?,
            oversample: samples,
            mask_pixels: self.pixels_sampled(samples),
            object,
            detector,
            ..self.clone()
        })
    }

    /// The same device with pixels `bins` times as wide, in a window of `padding` times the side: a coarse mask for a
    /// training to begin with.
    ///
    /// None where planes, masks, image or regions are no whole number of such pixels, and for a bench with more than one
    /// sample a pixel.
    pub fn binned(&self, bins: usize, padding: f64) -> Option<Bench> {
        if self.oversample != 1 {
            return None;
        }
        let object = self.object.coarser(bins, self.wavelength_in_medium())?;
        let grid = object.grid();
        Some(Bench {
            padded: padded_shape(grid, padding).ok()?,
            mask_pixels: self.pixels_binned(bins)?,
            object,
            detector: self.detector.replaced(grid, |region| region.coarser(bins))?,
            ..self.clone()
        })
    }

    /// The same object and detector with nothing between them: one gap as long as all.
    pub fn free_space(&self) -> Bench {
        // One long gap may be safe for another method than short ones.
        let lateral = vec![self.alignment.lateral(self.gaps.len())];
        Bench {
            gaps: vec![self.gaps.iter().sum()],
            method: Method::Auto,
            alignment: Alignment { lateral, ..Alignment::default() }.with(&Misalignment::default(), 0),
            optics: Vec::new(),
            plate: None,
            mask_pixels: Vec::new(),
            ..self.clone()
        }
    }

    /// How the plates of the masks are simulated.
    pub fn plate_model(&self) -> PlateModel {
        self.plate.map_or(PlateModel::Thin, |plate| plate.model())
    }

    /// Number of masks of each network.
    pub fn masks(&self) -> usize {
        self.gaps.len() - 1
    }

    /// Number of masks of all networks.
    pub fn all_masks(&self) -> usize {
        self.networks * self.masks()
    }

    /// Number of readings: regions of all networks, network by network.
    pub fn readings(&self) -> usize {
        self.networks * self.detector.regions().len()
    }

    /// Number of classes: each network has as many, the first ones the first.
    pub fn classes(&self) -> usize {
        self.networks * self.detector.classes()
    }

    /// Power that enters the device with `image` (values 0 to 1): each network has an object of its own, and the beams of a
    /// network share its light.
    pub fn entering(&self, image: ArrayView2<'_, f32>) -> f64 {
        self.networks as f64 * self.object.power(image)
    }

    /// The bench of one network alone.
    pub fn alone(&self) -> Bench {
        Bench { networks: 1, ..self.clone() }
    }

    /// The stretch of free space with number `index`, 0 between object and mask 1.
    pub fn gap(&self, index: usize) -> Gap {
        Gap {
            grid: self.grid(),
            padded: self.padded,
            wavelength: self.wavelength_in_medium(),
            distance: self.gaps[index],
            method: self.method,
            pixel_model: self.pixel_model,
            shift: self.alignment.shift(index),
            // Light arrives so at the object and, but for diffraction, at mask 1; behind it the masks decide.
            carrier: if index < 2 {
                self.object.illumination().carrier(self.wavelength_in_medium())
            } else {
                (0.0, 0.0)
            },
        }
    }

    /// Positions of object, masks and detector along the axis, metres from the object.
    pub fn positions(&self) -> Vec<Metres> {
        let mut z = 0.0;
        let behind = self.gaps.iter().map(|gap| {
            z += gap;
            z
        });
        std::iter::once(0.0).chain(behind).collect()
    }

    /// The plane on which everything stands, and the light there.
    pub fn site(&self) -> Site {
        Site { grid: self.grid(), padded: self.padded, wavelength: self.wavelength, medium: self.medium }
    }

    /// Arrays of values of each network: those of the masks in the order of the light, then those of other optics.
    pub fn arrays(&self) -> usize {
        let optics: usize = self.optics.iter().map(|placed| placed.element.arrays()).sum();
        self.masks() * self.modulation.channels() + optics
    }

    /// How a training moves each array of values of all networks, in the order of [`Bench::check_all_values`].
    pub(crate) fn motions(&self) -> Vec<Motion> {
        let channels = self.modulation.channels();
        let masks =
            (0..self.masks()).flat_map(|_| (0..channels).map(|channel| self.modulation.motion(channel)));
        let optics = self.optics.iter().map(|placed| &placed.element);
        let optics = optics.flat_map(|element| (0..element.arrays()).map(|array| element.motion(array)));
        let each: Vec<Motion> = masks.chain(optics).collect();
        vec![each; self.networks].concat()
    }

    /// Mask and channel of the array with number `array` among those of all networks; none for one of other optics.
    ///
    /// Masks are counted through all networks.
    pub(crate) fn mask_of(&self, array: usize) -> Option<(usize, usize)> {
        let (each, channels) = (self.arrays().max(1), self.modulation.channels());
        let (network, own) = (array / each, array % each);
        (own < self.masks() * channels).then(|| (network * self.masks() + own / channels, own % channels))
    }

    /// Whether the field at the detector is linear in that at the object.
    pub fn is_linear(&self) -> bool {
        let site = self.site();
        self.optics.iter().all(|Placed { element, .. }| {
            let mut program = Program::default();
            element.lower(&element.open(&site), &site, &mut program);
            program.is_linear()
        })
    }

    /// Length of the device from the object to the detector, metres.
    pub fn length(&self) -> Metres {
        let positions = self.positions();
        positions[positions.len() - 1]
    }

    /// Values of one network that do as little as they can: masks are open, with no phase and full amplitude.
    pub fn open_values<T: Real>(&self) -> Vec<Array2<T>> {
        let channels = self.modulation.channels();
        let open = |array: usize| {
            let value = if self.modulation.is_angle(array % channels) { T::zero() } else { T::one() };
            Array2::from_elem(self.mask_shape(array / channels), value)
        };
        let masks = (0..self.masks() * channels).map(open);
        let optics = self.optics.iter().flat_map(|placed| placed.element.open(&self.site()));
        masks.chain(optics.map(|values| values.mapv(T::narrow))).collect()
    }

    /// Checks the values of all networks, network by network.
    ///
    /// # Errors
    /// As [`Bench::check_values`].
    pub fn check_all_values<T: Real>(&self, values: &[Array2<T>]) -> Result<()> {
        self.check_number(values.len(), self.networks)?;
        let mut networks = values.chunks(self.arrays().max(1)).enumerate();
        networks.try_for_each(|(network, values)| self.check_values(network * self.masks(), values))
    }

    /// Refuses another number of arrays than those of `networks` networks.
    pub(crate) fn check_number(&self, found: usize, networks: usize) -> Result<()> {
        let (arrays, masks) = (networks * self.arrays(), networks * self.masks());
        let channels = self.modulation.channels();
        if found == arrays {
            return Ok(());
        }
        Err(Error::Value(if arrays > masks * channels {
            format!("{found} arrays of values: this device has {arrays}")
        } else if channels == 1 {
            format!("{found} masks: this device has {masks}")
        } else {
            format!("{found} arrays of mask values: this device has {masks} masks of {channels}")
        }))
    }

    /// Checks the values of one network, in the order of [`Bench::arrays`]; `first` masks of other networks are before its.
    ///
    /// # Errors
    /// [`Error::Value`] for a wrong number of arrays, a wrong shape, or a value out of its range.
    pub fn check_values<T: Real>(&self, first: usize, values: &[Array2<T>]) -> Result<()> {
        self.check_number(values.len(), 1)?;
        let channels = self.modulation.channels();
        let all = self.masks() * channels;
        let (site, mut own) = (self.site(), values[all..].iter());
        for Placed { element, .. } in &self.optics {
            for (open, array) in element.open(&site).iter().zip(own.by_ref()) {
                if array.dim() != open.dim() {
                    return Err(Error::Value(format!(
                        "values of the {} have the shape {:?}: it takes {:?}",
                        element.name(),
                        array.dim(),
                        open.dim()
                    )));
                }
                if let Some((at, value)) = array.indexed_iter().find(|(_, value)| !value.is_finite()) {
                    return Err(Error::Value(format!(
                        "the value at {at:?} of the {} is {value:?}: it must be finite",
                        element.name()
                    )));
                }
            }
        }
        for (number, array) in values[..all].iter().enumerate() {
            let mask = first + number / channels + 1;
            let shape = self.mask_shape(number / channels);
            if array.dim() != shape {
                return Err(Error::Value(format!(
                    "mask {mask} has the shape {:?}: this device takes {shape:?}",
                    array.dim()
                )));
            }
            self.modulation
                .check(number % channels, array)
                .map_err(|problem| Error::Value(format!("mask {mask}: {problem}")))?;
        }
        Ok(())
    }

    /// Masks and other optics in the order of the light, of which [`crate::reference::Light`] has the fields: what each is,
    /// and its place from the object, metres.
    pub fn planes(&self) -> Vec<(Role, Metres)> {
        let path = self.path();
        let planes = path.stops().iter().filter(|stop| stop.role != Role::Gap);
        planes.map(|stop| (stop.role, stop.z)).collect()
    }
}
