//! The device: object -> (gap, mask) x n -> gap -> detector, and its plain reference pass.
//!
//! This pass is slow, obvious and runs in any precision; it judges the engines.

use ndarray::{Array2, ArrayView2};

use crate::detector::Detector;
use crate::error::{Error, Result};
use crate::field::{Real, WaveField};
use crate::grid::Grid;
use crate::mask::{Mask, Modulation};
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
    /// The object plane; its grid is the grid of every plane.
    pub object: ObjectPlane,
    /// The detector plane.
    pub detector: Detector,
}

impl Bench {
    /// Checks that the parts fit together.
    ///
    /// # Errors
    /// [`Error::Value`] when there is no gap, a length is not above zero, the window is smaller than the grid, or
    /// the detector has another grid.
    pub fn check(&self) -> Result<()> {
        if self.gaps.is_empty() {
            return Err(Error::Value("a bench needs at least one gap".into()));
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
        Ok(())
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
        Bench { gaps: vec![self.gaps.iter().sum()], method: Method::Auto, ..self.clone() }
    }

    /// Number of masks.
    pub fn masks(&self) -> usize {
        self.gaps.len() - 1
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
            shift: (0.0, 0.0),
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

    /// For each gap the number of the first gap of the same length: equal gaps share their transfer function.
    pub fn first_equal_gap(&self) -> Vec<usize> {
        let first = |length: &Metres| self.gaps.iter().position(|other| other == length).unwrap_or(0);
        self.gaps.iter().map(first).collect()
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
            .map(|values| Mask::new(grid, bench.modulation, bench.oversample, values.to_vec()))
            .collect::<Result<_>>()?;
        Ok(Network { bench, propagators, masks })
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
    pub fn propagate(&self, object: WaveField<T>) -> Light<T> {
        let mut field = object.clone();
        let mut incident = Vec::with_capacity(self.masks.len());
        for (propagator, mask) in self.propagators.iter().zip(&self.masks) {
            let arriving = propagator.propagate(&field);
            field = mask.apply(&arriving);
            incident.push(arriving);
        }
        let detector = self.propagators[self.masks.len()].propagate(&field);
        Light { object, incident, detector }
    }

    /// The light of `image` (values 0 to 1) through the device.
    ///
    /// # Errors
    /// [`Error::Value`] when the image has not the shape the object plane takes.
    pub fn light(&self, image: ArrayView2<'_, f32>) -> Result<Light<T>> {
        Ok(self.propagate(self.bench.object.encode(image)?))
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
    /// An even number of columns has none on the axis: the mean of the two beside it is taken.
    ///
    /// Each gap gives `slices` columns, its first plane included; the last column is the detector plane.
    /// Between planes the field is carried by [`Method::Auto`].
    /// `progress` is told the number of columns that are done.
    ///
    /// # Errors
    /// [`Error::Value`] for no slices.
    pub fn side_view(
        &self,
        light: &Light<T>,
        slices: usize,
        progress: &mut dyn FnMut(usize),
    ) -> Result<(Vec<Metres>, Array2<f64>)> {
        if slices == 0 {
            return Err(Error::Value("a side view needs at least one slice a gap".into()));
        }
        let bench = &self.bench;
        let (rows, columns) = bench.grid().shape();
        let cut = |field: &WaveField<T>| {
            let intensity = field.intensity();
            (&intensity.column((columns - 1) / 2) + &intensity.column(columns / 2)) / 2.0
        };
        let mut positions = Vec::new();
        let mut cuts = Vec::new();
        let starts = bench.positions();
        for (index, length) in bench.gaps.iter().enumerate() {
            let field = match index {
                0 => light.object.clone(),
                _ => self.masks[index - 1].apply(&light.incident[index - 1]),
            };
            for slice in 0..slices {
                let distance = length * slice as f64 / slices as f64;
                positions.push(starts[index] + distance);
                cuts.push(if slice == 0 {
                    cut(&field)
                } else {
                    let gap = Gap { distance, method: Method::Auto, ..bench.gap(index) };
                    cut(&Propagator::new(gap)?.propagate(&field))
                });
                progress(cuts.len());
            }
        }
        positions.push(starts[bench.gaps.len()]);
        cuts.push(cut(&light.detector));
        Ok((positions, Array2::from_shape_fn((rows, cuts.len()), |(y, z)| cuts[z][y])))
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
