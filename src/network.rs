//! The device: object -> (gap, mask) x n -> gap -> detector, and its plain reference pass.
//!
//! This pass is slow, obvious and runs in any precision; it judges the engines.

use ndarray::{Array2, ArrayView2};

use crate::detector::Detector;
use crate::error::{Error, Result};
use crate::field::{Real, WaveField};
use crate::grid::Grid;
use crate::mask::{Footprint, Mask, Modulation};
use crate::misalignment::{Alignment, Misalignment};
use crate::object::ObjectPlane;
use crate::propagation::{Gap, Method, PixelModel, Propagator, padded_shape};
use crate::units::Metres;

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
    /// Samples along one side of a pixel of a mask; the grid of every plane has that many.
    pub oversample: usize,
    /// What a pixel of a mask does to the light.
    pub modulation: Modulation,
    /// How the planes stand across the axis: [`Bench::misaligned`] moves and turns them.
    pub alignment: Alignment,
    /// The object plane; its grid is the grid of every plane.
    pub object: ObjectPlane,
    /// The detector plane.
    pub detector: Detector,
}

impl Bench {
    /// Checks that the parts fit together.
    ///
    /// # Errors
    /// [`Error::Value`] when there is no gap, a length is not above zero, the window is smaller than the grid, the
    /// detector has another grid, or planes stand beside each other.
    pub fn check(&self) -> Result<()> {
        if self.gaps.is_empty() {
            return Err(Error::Value("a bench needs at least one gap".into()));
        }
        if self.networks == 0 {
            return Err(Error::Value("a bench needs at least one network".into()));
        }
        if !(self.medium.is_finite() && self.medium >= 1.0) {
            return Err(Error::Value(format!("a medium of index {}: it must be at least 1", self.medium)));
        }
        let (rows, columns) = self.grid().shape();
        if self.oversample == 0
            || !rows.is_multiple_of(self.oversample)
            || !columns.is_multiple_of(self.oversample)
        {
            return Err(Error::Value(format!(
                "{} samples a pixel on a grid of {rows} x {columns} samples: pixels must have whole samples",
                self.oversample
            )));
        }
        if let Some(length) = std::iter::once(&self.wavelength)
            .chain(&self.gaps)
            .find(|length| !(length.is_finite() && **length > 0.0))
        {
            return Err(Error::Value(format!("a wavelength or gap of {length} m: it must be above zero")));
        }
        if self.padded.0 < self.grid().rows() || self.padded.1 < self.grid().columns() {
            return Err(Error::Value("the padded window is smaller than the grid".into()));
        }
        if self.detector.grid() != self.grid() {
            return Err(Error::Value("object plane and detector plane must have the same grid".into()));
        }
        let (height, width) = self.grid().aperture();
        for gap in 0..self.gaps.len() {
            let (y, x) = self.alignment.shift(gap);
            if !(y.abs() < height && x.abs() < width) {
                return Err(Error::Value(format!(
                    "the planes of gap {gap} stand {y} m and {x} m aside of each other: less than their size, \
                     {height} m and {width} m, it must be"
                )));
            }
        }
        Ok(())
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
            let ratio = 1.0 + errors.wavelength;
            bench.wavelength *= ratio;
            bench.modulation = bench.modulation.in_light(ratio);
            bench.object = bench.object.in_light(ratio, bench.wavelength_in_medium());
        }
        bench.check()?;
        Ok(bench)
    }

    /// Whether `other` is the same device but for errors of alignment and wavelength.
    pub fn is_same_device_as(&self, other: &Bench) -> bool {
        let of = |bench: &Bench| {
            (
                (bench.gaps.len(), bench.medium, bench.padded, bench.oversample, bench.networks),
                (bench.method, bench.pixel_model, std::mem::discriminant(&bench.modulation)),
            )
        };
        of(self) == of(other) && self.detector == other.detector && self.object.is_placed_as(&other.object)
    }

    /// Grid of every plane.
    pub fn grid(&self) -> Grid {
        self.object.grid()
    }

    /// Rows and columns of a mask's pixels.
    pub fn mask_shape(&self) -> (usize, usize) {
        let (rows, columns) = self.grid().shape();
        (rows / self.oversample, columns / self.oversample)
    }

    /// Wavelength between the planes, metres.
    pub fn wavelength_in_medium(&self) -> Metres {
        self.wavelength / self.medium
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
            object,
            detector,
            ..self.clone()
        })
    }

    /// The same device with pixels `bins` times as wide, in a window of `padding` times the side: a coarse mask for a
    /// training to begin with.
    ///
    /// None where planes, image or regions are no whole number of such pixels, and for a bench with more than one sample
    /// a pixel.
    pub fn binned(&self, bins: usize, padding: f64) -> Option<Bench> {
        if self.oversample != 1 {
            return None;
        }
        let object = self.object.coarser(bins, self.wavelength_in_medium())?;
        let grid = object.grid();
        Some(Bench {
            padded: padded_shape(grid, padding).ok()?,
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
            ..self.clone()
        }
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

    /// Power that enters the device with `image` (values 0 to 1): each network has an object of its own.
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

    /// For each gap the number of the first gap of the same length whose ends stand aside of each other by as much, and
    /// whose light turns as much inside a pixel: equal gaps share their transfer function.
    pub fn first_equal_gap(&self) -> Vec<usize> {
        let first =
            |index: usize| (0..index).find(|other| self.gap(*other) == self.gap(index)).unwrap_or(index);
        (0..self.gaps.len()).map(first).collect()
    }

    /// Which pixel of mask `index` each sample of its plane meets.
    pub(crate) fn footprint(&self, index: usize) -> Footprint {
        Footprint::new(self.mask_shape(), self.oversample, self.alignment.rotation(index))
    }
}

/// The light of one image on its way through the device.
#[derive(Clone, Debug)]
pub struct Light<T> {
    /// Field at the object plane.
    pub object: WaveField<T>,
    /// Field that falls on each mask, in the order of the light.
    pub incident: Vec<WaveField<T>>,
    /// Field at the detector plane.
    pub detector: WaveField<T>,
}

/// A bench with its masks.
#[derive(Clone)]
pub struct Network<T: Real> {
    bench: Bench,
    propagators: Vec<Propagator<T>>,
    masks: Vec<Mask<T>>,
}

impl<T: Real> Network<T> {
    /// Plans the device; `values` of the masks (phases in radians) in the order of the light, one array a channel
    /// of the modulation, one number a pixel.
    ///
    /// # Errors
    /// [`Error::Value`] when the parts do not fit together.
    pub fn new(bench: Bench, values: Vec<Array2<T>>) -> Result<Self> {
        bench.check()?;
        if bench.networks != 1 {
            return Err(Error::Value(format!(
                "{} networks side by side: take one alone (Network::side_by_side)",
                bench.networks
            )));
        }
        let channels = bench.modulation.channels();
        if values.len() != bench.masks() * channels {
            return Err(Error::Value(format!(
                "{} arrays of mask values for {} gaps: there must be one gap more than masks, and {channels} a mask",
                values.len(),
                bench.gaps.len()
            )));
        }
        let mut propagators: Vec<Propagator<T>> = Vec::new();
        for (index, first) in bench.first_equal_gap().into_iter().enumerate() {
            propagators.push(if first < index {
                propagators[first].clone()
            } else {
                Propagator::new(bench.gap(index))?
            });
        }
        let grid = bench.grid();
        let masks = values
            .chunks(channels)
            .enumerate()
            .map(|(index, values)| {
                let upright = Mask::new(grid, bench.modulation, bench.oversample, values.to_vec())?;
                let turned = upright.turned(bench.alignment.rotation(index));
                Ok(if bench.alignment.is_absent(index) { turned.taken_off() } else { turned })
            })
            .collect::<Result<_>>()?;
        Ok(Network { bench, propagators, masks })
    }

    /// Each network of `bench` by itself; `values` of all masks, network by network.
    ///
    /// # Errors
    /// As [`Network::new`].
    pub fn side_by_side(bench: &Bench, values: &[Array2<T>]) -> Result<Vec<Self>> {
        let each = bench.masks() * bench.modulation.channels();
        if values.len() != bench.networks * each {
            return Err(Error::Value(format!(
                "{} arrays of mask values for {} networks of {each}",
                values.len(),
                bench.networks
            )));
        }
        (0..bench.networks)
            .map(|network| Network::new(bench.alone(), values[network * each..(network + 1) * each].to_vec()))
            .collect()
    }

    /// Everything but the masks.
    pub fn bench(&self) -> &Bench {
        &self.bench
    }

    /// The masks in the order of the light.
    pub fn masks(&self) -> &[Mask<T>] {
        &self.masks
    }

    /// Carries `object` through the device.
    ///
    /// # Errors
    /// [`Error::Value`] for a gap that gives light ([`Propagator::carry`]).
    pub fn propagate(&self, object: WaveField<T>) -> Result<Light<T>> {
        let mut field = object.clone();
        let mut incident = Vec::with_capacity(self.masks.len());
        for (propagator, mask) in self.propagators.iter().zip(&self.masks) {
            let arriving = propagator.carry(&field)?;
            field = mask.apply(&arriving);
            incident.push(arriving);
        }
        let detector = self.propagators[self.masks.len()].carry(&field)?;
        Ok(Light { object, incident, detector })
    }

    /// The light of `image` (values 0 to 1) through the device.
    ///
    /// # Errors
    /// [`Error::Value`] when the image has not the shape the object plane takes, and as [`Network::propagate`].
    pub fn light(&self, image: ArrayView2<'_, f32>) -> Result<Light<T>> {
        self.propagate(self.bench.object.encode(image)?)
    }

    /// Power in each detector region for `image`.
    ///
    /// # Errors
    /// As [`Network::light`].
    pub fn readings(&self, image: ArrayView2<'_, f32>) -> Result<Vec<f64>> {
        Ok(self.bench.detector.readings(&self.light(image)?.detector))
    }

    /// Intensity on the cut x = 0 along the axis: positions in metres, and an array indexed `[y, z]`.
    ///
    /// As [`Network::side_views`] of one image.
    ///
    /// # Errors
    /// [`Error::Value`] for no slices.
    pub fn side_view(
        &self,
        light: &Light<T>,
        slices: usize,
        progress: &mut dyn FnMut(usize),
    ) -> Result<(Vec<Metres>, Array2<f64>)> {
        let (positions, mut views) = self.side_views(&[light], slices, progress)?;
        let view = views.pop().ok_or_else(|| Error::Value("a side view of no light".into()))?;
        Ok((positions, view))
    }

    /// Intensity on the cut x = 0 along the axis, for the light of each image: positions in metres, and an array indexed
    /// `[y, z]` each.
    ///
    /// An even number of columns has none on the axis: the mean of the two beside it is taken.
    ///
    /// Each gap gives `slices` columns, its first plane included; the last column is the detector plane.
    /// Between planes the field is carried by [`Method::Auto`], planned once for all images and equal ways. The cut goes
    /// from the middle of a plane to the middle of the next, where they do not stand on the axis.
    /// `progress` is told the number of columns that are done.
    ///
    /// # Errors
    /// [`Error::Value`] for no slices.
    pub fn side_views(
        &self,
        lights: &[&Light<T>],
        slices: usize,
        progress: &mut dyn FnMut(usize),
    ) -> Result<(Vec<Metres>, Vec<Array2<f64>>)> {
        if slices == 0 {
            return Err(Error::Value("a side view needs at least one slice a gap".into()));
        }
        let bench = &self.bench;
        let (rows, columns) = bench.grid().shape();
        let cut = |field: &WaveField<T>| {
            let intensity = field.intensity();
            (&intensity.column((columns - 1) / 2) + &intensity.column(columns / 2)) / 2.0
        };
        let count = bench.gaps.len() * slices + 1;
        let mut views = vec![Array2::zeros((rows, count)); lights.len()];
        let mut positions = vec![0.0; count];
        let starts = bench.positions();
        let leaving = |light: &Light<T>, index: usize| match index {
            0 => light.object.clone(),
            _ => self.masks[index - 1].apply(&light.incident[index - 1]),
        };
        let first_equal = bench.first_equal_gap();
        let mut done = 0;
        for slice in 0..slices {
            let mut planned: Vec<Option<Propagator<T>>> = vec![None; bench.gaps.len()];
            for (index, length) in bench.gaps.iter().enumerate() {
                let distance = length * slice as f64 / slices as f64;
                let column = index * slices + slice;
                positions[column] = starts[index] + distance;
                let first = first_equal[index];
                if slice > 0 && planned[first].is_none() {
                    let whole = bench.gap(index);
                    let way = distance / length;
                    let shift = (way * whole.shift.0, way * whole.shift.1);
                    let gap = Gap { distance, method: Method::Auto, shift, ..whole };
                    planned[first] = Some(Propagator::new(gap)?);
                }
                for (light, view) in lights.iter().zip(&mut views) {
                    let field = leaving(light, index);
                    let field = match &planned[first] {
                        Some(way) => way.carry(&field)?,
                        None => field,
                    };
                    view.column_mut(column).assign(&cut(&field));
                }
                done += 1;
                progress(done);
            }
        }
        positions[count - 1] = starts[bench.gaps.len()];
        for (light, view) in lights.iter().zip(&mut views) {
            view.column_mut(count - 1).assign(&cut(&light.detector));
        }
        Ok((positions, views))
    }

    /// Gradient with respect to the values of the masks, in the order of [`Network::new`], of a loss whose derivatives by the readings are `slopes`.
    pub fn gradients(&self, light: &Light<T>, slopes: &[f64]) -> Vec<Array2<T>> {
        let mut adjoint = self.bench.detector.adjoint(&light.detector, slopes);
        let mut gradients = Vec::with_capacity(self.masks.len());
        for (index, mask) in self.masks.iter().enumerate().rev() {
            let behind = self.propagators[index + 1].adjoint(&adjoint);
            gradients.push(mask.gradient(&light.incident[index], &behind));
            adjoint = mask.adjoint(&behind);
        }
        gradients.into_iter().rev().flatten().collect()
    }
}
