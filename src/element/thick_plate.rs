//! A printed plate with its thickness: a base, and a relief that light crosses slice by slice.
//!
//! A thin mask has pillars of no height. Real ones are as high as a wavelength and act on each other; in plastic light
//! spreads from pillar to pillar. Three models of that, all linear, one-way and scalar:
//!
//! - *equivalent*, one slice: half of the relief's height in a homogeneous medium, the phases in one plane, the other
//!   half;
//! - *sliced*, several slices: the split-step method (Feit & Fleck, Appl. Opt. 17, 3990 (1978)), each slice a thin mask of
//!   what of the relief lies in it, in the middle of its way through the medium;
//! - *wpm*, the wave propagation method (Brenner & Singer, Appl. Opt. 32, 4984 (1993)): light crosses each slice in plastic and,
//!   beside it, in what surrounds it, and each pixel takes what belongs to it. Right for steep light, at twice the price.
//!
//! None has reflections inside the relief, or polarisation; docs/optics.md says what that costs.

use std::f64::consts::TAU;

use ndarray::Array2;
use num_complex::Complex;

use super::{Element, Modulation, Motion, Site};
use crate::material::Material;
use crate::named::named;
use crate::program::{Factor, Footprint, Program, Slopes, Wants};
use crate::propagation::{Gap, Method, PixelModel, Polarisation, Refinement, Slab, Span, fast_length};
use crate::units::{Metres, Radians};

/// How the plates of a device are simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlateModel {
    /// Sheets without thickness: what published devices of this kind are simulated as.
    Thin,
    /// With base and relief, the phases in one plane in the middle of the relief.
    Equivalent,
    /// With base and relief, in several slices.
    Sliced,
    /// With base and relief, in slices that are crossed in both media.
    WavePropagation,
}
named! { PlateModel {
    Thin = "thin",
    Equivalent = "equivalent",
    Sliced = "sliced",
    WavePropagation = "wpm",
} }

/// How light crosses a slice of a relief.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slicing {
    /// Half of the slice in a medium between both, the phases of its plastic, the other half.
    SplitStep,
    /// In plastic and in the surroundings side by side; each pixel takes its own.
    WavePropagation,
}

/// What a plate is made of, and how light is taken through it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thickness {
    /// Refractive index of the plate.
    pub refractive_index: f64,
    /// Extinction coefficient of the plate.
    pub extinction_coefficient: f64,
    /// Thickness of the base, metres: it stands before the plane of the mask, and the relief behind it.
    pub base: Metres,
    /// Height of the highest relief, metres.
    pub relief: Metres,
    /// Height of a radian of phase as designed, metres.
    pub height_per_radian: Metres,
    /// Samples inside along one side of a sample outside: light is shorter in plastic, and a relief sends it far aside.
    pub finer: usize,
    /// How light crosses them.
    pub slicing: Slicing,
    /// Slices of the relief; one in split steps is the equivalent sheet.
    pub slices: usize,
    /// Refractive index of the medium that light spreads in, between plate and surroundings.
    pub reference_index: f64,
}

/// A plate of square pixels with its thickness, in the middle of its plane; a smaller one stands in an opaque holder as thick as
/// itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ThickPlate {
    modulation: Modulation,
    thickness: Thickness,
    footprint: Footprint,
    absent: bool,
}

/// Room around the plane in which light spreads inside a plate, in lengths of its longest way between two planes: beyond, it
/// would have to travel at more than 75 degrees.
const SPREAD: f64 = 4.0;

impl ThickPlate {
    /// A plate of `pixels` = (rows, columns) pixels, each sampled `oversample` x `oversample` times outside of it, whose values
    /// are phases of `modulation`.
    pub fn new(
        modulation: Modulation,
        thickness: Thickness,
        pixels: (usize, usize),
        oversample: usize,
    ) -> Self {
        let footprint = Footprint::new(pixels, oversample * thickness.finer, 0.0);
        ThickPlate { modulation, thickness, footprint, absent: false }
    }

    /// The same plate turned in its plane, as [`super::ThinMask::turned`].
    pub fn turned(self, angle: Radians) -> Self {
        ThickPlate {
            footprint: Footprint::new(self.footprint.pixels, self.footprint.oversample, angle),
            ..self
        }
    }

    /// A plate that has been taken off the bench: its place is free space.
    pub fn taken_off(self) -> Self {
        ThickPlate { absent: true, ..self }
    }

    /// The pixels on the samples of `site`, inside the plate.
    fn footprint(&self, site: &Site) -> Footprint {
        self.footprint.on(site.grid.shape())
    }

    /// A face of the holder around the plate, where it does not fill its plane; `outside` it.
    fn stop(&self, outside: &Site, program: &mut Program) {
        let footprint = self.footprint.coarser(self.thickness.finer).on(outside.grid.shape());
        if !footprint.fills_the_plane() {
            let open = Array2::from_elem(self.footprint.pixels, Complex::new(1.0, 0.0));
            program.multiply(Factor::of_pixels(open, footprint, Wants::Nothing));
        }
    }

    /// Height of a pixel, metres.
    fn height(&self, phase: f64) -> Metres {
        self.modulation.relief_phase(phase) * self.thickness.height_per_radian
    }

    /// Height of a slice, metres.
    fn slice(&self) -> Metres {
        self.thickness.relief / self.thickness.slices as f64
    }

    /// The longest way that light spreads in between two planes of the plate, metres.
    fn longest_way(&self) -> Metres {
        let Thickness { base, relief, .. } = self.thickness;
        let slice = self.slice();
        match self.thickness.slicing {
            _ if self.absent => base + relief,
            Slicing::SplitStep => slice.max(base + slice / 2.0),
            Slicing::WavePropagation => slice.max(base),
        }
    }

    /// Window of what is crossed inside: light spreads little there, and each plane cuts off what left its aperture.
    fn window(&self, site: &Site) -> (usize, usize) {
        let room = (SPREAD * self.longest_way() / site.grid.pixel_pitch()).ceil() as usize;
        let side = |pixels: usize, padded: usize| fast_length(pixels + room).min(padded.max(pixels));
        (side(site.grid.rows(), site.padded.0), side(site.grid.columns(), site.padded.1))
    }

    /// Heights above the foot of slice `number` of each pixel, as far as the slice goes.
    fn filled(&self, number: usize, phase: f64) -> Metres {
        let above = self.height(phase) - number as f64 * self.slice();
        // What a wrong print has above the highest relief is in the last slice.
        let most = if number + 1 == self.thickness.slices { f64::INFINITY } else { self.slice() };
        above.clamp(0.0, most)
    }

    /// The samples inside.
    fn inside(&self, site: &Site) -> Site {
        let finer = self.thickness.finer;
        // A plane that is too large is refused with the bench, and stays as it is.
        let grid = site.grid.finer(finer).unwrap_or(site.grid);
        Site { grid, padded: (site.padded.0 * finer, site.padded.1 * finer), ..*site }
    }

    /// Each slice a thin mask in the middle of its way through the reference medium. The first way is one with that through
    /// the base: no mask stands between; the last one leads outside.
    fn lower_in_split_steps(&self, values: &[Array2<f64>], outside: &Site, program: &mut Program) {
        let finer = Refinement::finer(self.thickness.finer);
        let site = &self.inside(outside);
        let Thickness { refractive_index, extinction_coefficient, slices, reference_index, .. } =
            self.thickness;
        let (wavenumber, slice) = (TAU / site.wavelength, self.slice());
        // Against the plate's own index, and what every sample of a slice has in common.
        let contrast = refractive_index - site.medium;
        let common = site.medium - reference_index;
        let absorption = extinction_coefficient / contrast;
        for number in 0..slices {
            program.cross(if number == 0 {
                self.base(outside).then(self.way(outside, reference_index, slice / 2.0)).onto(finer)
            } else {
                self.way(site, reference_index, slice).into()
            });
            let entries = values[0].mapv(|phase| {
                let turn = wavenumber * contrast * self.filled(number, phase);
                Complex::from_polar((-absorption * turn).exp(), turn + wavenumber * common * slice)
            });
            program.multiply(Factor::of_pixels(entries, self.footprint(site), Wants::Turn { absorption }));
        }
        let last = Span::from(self.way(outside, reference_index, slice / 2.0));
        program.cross(last.onto(finer.reversed()));
    }

    /// The base, and each slice crossed in the surroundings and in the plate, side by side.
    fn lower_side_by_side(&self, values: &[Array2<f64>], outside: &Site, program: &mut Program) {
        program.cross(self.base(outside).onto(Refinement::finer(self.thickness.finer)));
        let (slice, site) = (self.slice(), &self.inside(outside));
        let inside = Slab { faces: false, ..self.plastic(site, slice) };
        for number in 0..self.thickness.slices {
            let shares = values[0].mapv(|phase| self.share(site, self.filled(number, phase)).0);
            let share = Factor::of_pixels(shares, self.footprint(site), Wants::Whole);
            program.blend(self.way(site, site.medium, slice).into(), inside.into(), share);
        }
        if self.thickness.finer > 1 {
            // What a pixel takes is decided on the samples inside.
            let plane = Span::nothing(self.way(outside, outside.medium, slice));
            program.cross(plane.onto(Refinement::Coarser(self.thickness.finer)));
        }
    }

    /// What a pixel takes of the light in plastic, with `filled` metres of a slice full of it, and the slope by `filled`.
    ///
    /// A top inside a slice: w = (exp(i f b) - 1)/(exp(i b) - 1) with the share f of the slice and what plastic turns the light by in
    /// it, b: along the axis the pixel then is as high as it is, whatever the slice, and w = f in thin slices, where
    /// (1 - f) exp(i k1 d) + f exp(i k2 d) is right to first order for any direction.
    fn share(&self, site: &Site, filled: Metres) -> (Complex<f64>, Complex<f64>) {
        let Thickness { refractive_index, extinction_coefficient, .. } = self.thickness;
        let index = Complex::new(refractive_index - site.medium, extinction_coefficient);
        let by_metre = Complex::i() * (TAU / site.wavelength) * index;
        let whole = (by_metre * self.slice()).exp() - 1.0;
        let part = (by_metre * filled).exp();
        ((part - 1.0) / whole, by_metre * part / whole)
    }

    /// The way through the base. The faces of the plate reflect what those of the base alone would.
    fn base(&self, outside: &Site) -> Span {
        self.plastic(outside, self.thickness.base).into()
    }

    /// A homogeneous plate of the plate's material, `thickness` thick.
    fn plastic(&self, site: &Site, thickness: Metres) -> Slab {
        Slab {
            grid: site.grid,
            padded: self.window(site),
            wavelength: site.wavelength,
            medium: site.medium,
            refractive_index: self.thickness.refractive_index,
            extinction_coefficient: self.thickness.extinction_coefficient,
            thickness,
            polarisation: Polarisation::Mean,
            echoes: false,
            faces: true,
        }
    }

    /// A way of `distance` in a medium of index `index`.
    fn way(&self, site: &Site, index: f64, distance: Metres) -> Gap {
        Gap {
            grid: site.grid,
            padded: self.window(site),
            wavelength: site.wavelength / index,
            distance,
            method: Method::AngularSpectrum,
            pixel_model: PixelModel::Point,
            shift: (0.0, 0.0),
            carrier: (0.0, 0.0),
        }
    }
}

impl Thickness {
    /// A plate of `material` whose phases go up to `phase_max` in light of `wavelength`, with a base of that thickness: in four
    /// slices about the middle of the indices in and around it.
    pub fn of_material(material: &Material, wavelength: Metres, base: Metres, phase_max: Radians) -> Self {
        let (inside, around) = (material.refractive_index(), material.surrounding_index());
        Thickness {
            refractive_index: inside,
            extinction_coefficient: material.extinction_coefficient(),
            base,
            relief: material.height(phase_max, wavelength),
            height_per_radian: material.height(1.0, wavelength),
            finer: 1,
            slicing: Slicing::SplitStep,
            slices: 4,
            reference_index: (inside + around) / 2.0,
        }
    }

    /// The same plate simulated by `model`; none for a thin one.
    pub fn simulated_as(self, model: PlateModel) -> Option<Self> {
        match model {
            PlateModel::Thin => None,
            PlateModel::Equivalent => Some(Thickness { slicing: Slicing::SplitStep, slices: 1, ..self }),
            PlateModel::Sliced => Some(Thickness { slicing: Slicing::SplitStep, ..self }),
            PlateModel::WavePropagation => Some(Thickness { slicing: Slicing::WavePropagation, ..self }),
        }
    }

    /// The model of plates that it is.
    pub fn model(&self) -> PlateModel {
        match self.slicing {
            Slicing::SplitStep if self.slices == 1 => PlateModel::Equivalent,
            Slicing::SplitStep => PlateModel::Sliced,
            Slicing::WavePropagation => PlateModel::WavePropagation,
        }
    }

    /// Samples along a side of a pixel of `pitch` metres that light needs inside the plate: four a wavelength in it.
    ///
    /// With half as many the field behind a plate of the default device has a squared correlation of 0.85 with that of
    /// many samples, with these 0.97.
    pub fn samples(&self, pitch: Metres, wavelength: Metres) -> usize {
        (4.0 * self.refractive_index * pitch / wavelength).ceil() as usize
    }
}

impl Element for ThickPlate {
    fn name(&self) -> String {
        "plate".into()
    }

    fn arrays(&self) -> usize {
        self.modulation.channels()
    }

    fn motion(&self, array: usize) -> Motion {
        self.modulation.motion(array)
    }

    fn open(&self, _: &Site) -> Vec<Array2<f64>> {
        vec![Array2::zeros(self.footprint.pixels)]
    }

    fn lower(&self, values: &[Array2<f64>], site: &Site, program: &mut Program) {
        let Thickness { base, relief, .. } = self.thickness;
        if self.absent {
            program.cross(self.way(site, site.medium, base + relief).into());
            return;
        }
        self.stop(site, program);
        match self.thickness.slicing {
            Slicing::SplitStep => self.lower_in_split_steps(values, site, program),
            Slicing::WavePropagation => self.lower_side_by_side(values, site, program),
        }
        self.stop(site, program);
    }

    fn pull_back(&self, values: &[Array2<f64>], site: &Site, slopes: &[Slopes]) -> Vec<Array2<f64>> {
        let slice = self.slice();
        let contrast = self.thickness.refractive_index - site.medium;
        // A radian of the design is that height, and turns light at hand by so much.
        let turn = TAU / site.wavelength * contrast * self.thickness.height_per_radian;
        let by_value = Array2::from_shape_fn(self.footprint.pixels, |at| {
            if self.absent {
                return 0.0;
            }
            // The slice that holds the top moves with it; a top between two belongs to the lower one.
            let height = self.height(values[0][at]);
            let top = ((height / slice) as usize).min(slopes.len() - 1);
            match &slopes[top] {
                Slopes::Turn(found) => found[at] * turn,
                Slopes::Whole(found) => {
                    let (_, by_height) = self.share(site, height - top as f64 * slice);
                    (found[at] * by_height).re * self.thickness.height_per_radian
                }
            }
        });
        vec![by_value]
    }

    fn thickness(&self) -> Metres {
        self.thickness.base + self.thickness.relief
    }
}
