//! A piece of a plate and the light that falls on it, as one period of an endless row of such pieces.
//!
//! What solves Maxwell's equations repeats itself at its borders, and so do the models here: both see the same plate and the
//! same light. Around the piece the plate goes on for a margin, in which the light fades out.

use std::f64::consts::{FRAC_PI_2, TAU};
use std::path::Path;

use ndarray::{Array2, Ix0, Ix2, arr0};
use num_complex::Complex;

use crate::bench::{Bench, MaskPixels};
use crate::element::{Modulation, Slicing, Thickness};
use crate::error::{Error, Result};
use crate::field::WaveField;
use crate::grid::Grid;
use crate::npy::{Archive, ArchiveWriter};
use crate::units::{Metres, format_length};

/// One period: relief, light, and what both are made of.
pub(super) struct PlatePiece {
    /// Height of each pixel, metres, `[y, x]`.
    pub(super) heights: Array2<f64>,
    /// Light on the front face of the base.
    pub(super) incident: WaveField<f64>,
    /// Side of a pixel, metres.
    pub(super) pixel_pitch: Metres,
    /// Wavelength in vacuum, metres.
    pub(super) wavelength: Metres,
    /// Refractive index around the plate.
    pub(super) medium: f64,
    /// The plate, and how it is taken in slices.
    pub(super) thickness: Thickness,
}

/// Which part of a mask, in pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    /// First row and column of the piece with its margin.
    pub(super) first: (usize, usize),
    /// Pixels along a side, with the margin.
    pub(super) side: usize,
    /// Pixels of the margin on each side.
    pub(super) margin: usize,
}

impl Cut {
    /// The piece of `side` pixels with `margin` pixels around it, whose middle is nearest to `at` = (y, x) metres from the
    /// middle of the mask.
    ///
    /// # Errors
    /// [`Error::Usage`] when it reaches over the edge of the mask.
    pub(super) fn new(
        mask: (usize, usize),
        pitch: Metres,
        (side, margin): (usize, usize),
        at: (Metres, Metres),
    ) -> Result<Self> {
        let whole = side + 2 * margin;
        let first = |pixels: usize, at: Metres| {
            let first = (pixels as f64 / 2.0 + at / pitch - whole as f64 / 2.0).round();
            (first >= 0.0 && first + whole as f64 <= pixels as f64).then_some(first as usize)
        };
        match (first(mask.0, at.0), first(mask.1, at.1)) {
            (Some(row), Some(column)) => Ok(Cut { first: (row, column), side: whole, margin }),
            _ => Err(Error::Usage(format!(
                "--crop and --margin make {whole} x {whole} pixels, which reach over the edge of a mask of {} x {} pixels: give \
                 a smaller --crop, or another place with --at",
                mask.0, mask.1
            ))),
        }
    }

    /// Share of the amplitude that is left at sample `sample` of a side with `oversample` samples a pixel.
    fn fading(&self, sample: usize, oversample: usize) -> f64 {
        let from_edge = |sample: usize| (sample as f64 + 0.5) / (self.margin * oversample) as f64;
        let last = self.side * oversample - 1;
        let near = from_edge(sample.min(last - sample)).min(1.0);
        if self.margin == 0 { 1.0 } else { (FRAC_PI_2 * near).sin().powi(2) }
    }
}

impl PlatePiece {
    /// The piece `cut` of mask `mask` of `bench`, of `phases`, in `light` of `wavelength` that falls on the front face of its whole
    /// plate.
    ///
    /// # Errors
    /// [`Error::Value`] for fields that do not fit the piece.
    pub(super) fn of(
        cut: Cut,
        phases: &Array2<f32>,
        bench: &Bench,
        mask: usize,
        thickness: Thickness,
        wavelength: Metres,
        light: &WaveField<f64>,
    ) -> Result<Self> {
        let (row, column) = cut.first;
        let MaskPixels { shape, samples: oversample } = bench.pixels_of(mask);
        // The mask stands in the middle of its plane.
        let beside = |pixels: usize, plane: usize| (plane - pixels * oversample) / 2;
        let plane = bench.grid().shape();
        let height =
            |phase: f32| bench.modulation.relief_phase(f64::from(phase)) * thickness.height_per_radian;
        let (top, left) =
            (beside(shape.0, plane.0) + row * oversample, beside(shape.1, plane.1) + column * oversample);
        let side = cut.side * oversample;
        let amplitude = Array2::from_shape_fn((side, side), |(y, x)| {
            light.amplitude[(top + y, left + x)] * cut.fading(y, oversample) * cut.fading(x, oversample)
        });
        let sample_pitch = bench.grid().pixel_pitch();
        Ok(PlatePiece {
            heights: Array2::from_shape_fn((cut.side, cut.side), |(y, x)| {
                height(phases[(row + y, column + x)])
            }),
            incident: WaveField::new(Grid::new(side, side, sample_pitch)?, amplitude)?,
            pixel_pitch: sample_pitch * oversample as f64,
            wavelength,
            medium: bench.medium,
            thickness,
        })
    }

    /// Samples along a side of a pixel.
    pub(super) fn oversample(&self) -> usize {
        self.incident.grid().rows() / self.heights.nrows()
    }

    /// What a pixel does to light as a thin sheet.
    pub(super) fn modulation(&self) -> Modulation {
        let Thickness { refractive_index, extinction_coefficient, base, height_per_radian, .. } =
            self.thickness;
        Modulation::Phase {
            absorption: extinction_coefficient / (refractive_index - self.medium),
            base: (-TAU * extinction_coefficient * base / self.wavelength).exp(),
            // Heights are those of a plate: none stands for one a turn lower.
            phase_max: f64::INFINITY,
            scale: TAU * (refractive_index - self.medium) * height_per_radian / self.wavelength,
        }
    }

    /// All of it for an archive.
    pub(super) fn write(&self, archive: &mut ArchiveWriter) -> Result<()> {
        archive.add("heights", &self.heights)?;
        archive.add("incident", &self.incident.amplitude)?;
        let plate = &self.thickness;
        for (name, value) in [
            ("pixel_pitch", self.pixel_pitch),
            ("sample_pitch", self.incident.grid().pixel_pitch()),
            ("wavelength", self.wavelength),
            ("medium", self.medium),
            ("refractive_index", plate.refractive_index),
            ("extinction_coefficient", plate.extinction_coefficient),
            ("base", plate.base),
            ("relief", plate.relief),
            ("height_per_radian", plate.height_per_radian),
            ("slices", plate.slices as f64),
            ("reference_index", plate.reference_index),
        ] {
            archive.add(name, &arr0(value))?;
        }
        Ok(())
    }

    /// What [`PlatePiece::write`] wrote, from `path`.
    ///
    /// # Errors
    /// [`Error::File`] for parts that are missing, damaged, or do not fit together.
    pub(super) fn read(path: &Path, archive: &mut Archive) -> Result<Self> {
        let wrong = |problem: String| Error::file(path, problem);
        let mut number = |name: &str, most: f64| -> Result<f64> {
            let value = archive.part::<f64, Ix0>(name).map_err(wrong)?.into_scalar();
            if value.is_finite() && (0.0..=most).contains(&value) {
                return Ok(value);
            }
            Err(wrong(format!("{name} is {value}: it must be from 0 to {most}")))
        };
        let (pixel_pitch, sample_pitch) = (number("pixel_pitch", 1.0)?, number("sample_pitch", 1.0)?);
        let (wavelength, medium) = (number("wavelength", 1.0)?, number("medium", 10.0)?);
        let thickness = Thickness {
            refractive_index: number("refractive_index", 10.0)?,
            extinction_coefficient: number("extinction_coefficient", 10.0)?,
            base: number("base", 1.0)?,
            relief: number("relief", 1.0)?,
            height_per_radian: number("height_per_radian", 1.0)?,
            finer: 1,
            slicing: Slicing::SplitStep,
            slices: number("slices", 64.0)? as usize,
            reference_index: number("reference_index", 10.0)?,
        };
        let heights: Array2<f64> = archive.part::<f64, Ix2>("heights").map_err(wrong)?;
        let incident = field(path, archive, "incident", sample_pitch)?;
        let per_pixel = pixel_pitch / sample_pitch;
        let side = |pixels: usize| (pixels as f64 * per_pixel).round();
        let (rows, columns) = incident.grid().shape();
        let fits = (side(heights.nrows()), side(heights.ncols())) == (rows as f64, columns as f64);
        let above_zero =
            [pixel_pitch, wavelength, thickness.relief, thickness.base, thickness.height_per_radian];
        let makes_sense = above_zero.iter().all(|length| *length > 0.0)
            && medium >= 1.0
            && thickness.refractive_index > medium
            && thickness.reference_index >= 1.0
            && thickness.slices > 0
            && heights.iter().all(|height| (0.0..=1.0).contains(height));
        if !(fits && makes_sense && rows.is_multiple_of(heights.nrows().max(1))) {
            return Err(wrong(format!(
                "heights of {} x {} pixels of {}, light of {rows} x {columns} samples and the lengths beside them do not belong \
                 together: take what the script of `d2nn full-wave` wrote",
                heights.nrows(),
                heights.ncols(),
                format_length(pixel_pitch, 4)
            )));
        }
        Ok(PlatePiece { heights, incident, pixel_pitch, wavelength, medium, thickness })
    }
}

/// The field `name` of an archive, on samples of `pitch` metres.
pub(super) fn field(path: &Path, archive: &mut Archive, name: &str, pitch: Metres) -> Result<WaveField<f64>> {
    let wrong = |problem: String| Error::file(path, problem);
    let amplitude = archive.part::<Complex<f64>, Ix2>(name).map_err(wrong)?;
    if amplitude.iter().any(|u| !(u.re.is_finite() && u.im.is_finite())) {
        return Err(wrong(format!("{name} is not finite")));
    }
    let grid = Grid::new(amplitude.nrows(), amplitude.ncols(), pitch);
    let grid = grid.map_err(|error| wrong(format!("{name}: {error}")))?;
    WaveField::new(grid, amplitude)
}
