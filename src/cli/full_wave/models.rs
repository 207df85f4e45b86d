//! What the models of plates make of the light on a piece, and how like two fields are.

use ndarray::{Array2, Zip};
use num_complex::Complex;

use super::piece::PlatePiece;
use crate::element::{Element, PlateModel, Site, Slicing, ThickPlate, Thickness, ThinMask};
use crate::error::{Error, Result};
use crate::field::WaveField;
use crate::grid::spatial_frequencies;
use crate::program::{Blend, Op, Program};
use crate::propagation::angular_spectrum::transfer;
use crate::propagation::{Fft2, Propagator};
use crate::units::Metres;

/// The models that are compared, in the order in which they are told.
pub(super) const MODELS: [PlateModel; 4] =
    [PlateModel::Thin, PlateModel::Equivalent, PlateModel::Sliced, PlateModel::WavePropagation];

impl PlatePiece {
    /// Light in the plane of the highest relief, by `model`.
    ///
    /// # Errors
    /// As [`Propagator::new`].
    pub(super) fn behind(&self, model: PlateModel) -> Result<WaveField<f64>> {
        let grid = self.incident.grid();
        let site = Site { grid, padded: grid.shape(), wavelength: self.wavelength, medium: self.medium };
        let pixels = self.heights.dim();
        let phases = [self.heights.mapv(|height| height / self.thickness.height_per_radian)];
        let mut program = Program::default();
        let (slicing, slices) = match model {
            PlateModel::Thin => {
                // A sheet stands where the relief begins; base and relief are air.
                ThinMask::new(self.modulation(), pixels, self.oversample()).lower(
                    &phases,
                    &site,
                    &mut program,
                );
                let before = self.through_air(&self.incident, self.thickness.base)?;
                return self.through_air(&run(&program, before)?, self.thickness.relief);
            }
            PlateModel::Equivalent => (Slicing::SplitStep, 1),
            PlateModel::Sliced => (Slicing::SplitStep, self.thickness.slices),
            PlateModel::WavePropagation => (Slicing::WavePropagation, self.thickness.slices),
        };
        let thickness = Thickness { slicing, slices, ..self.thickness };
        ThickPlate::new(self.modulation(), thickness, pixels, self.oversample()).lower(
            &phases,
            &site,
            &mut program,
        );
        run(&program, self.incident.clone())
    }

    /// A way around the plate, periodic as the piece: no band limit, for nothing comes from elsewhere.
    fn through_air(&self, field: &WaveField<f64>, distance: Metres) -> Result<WaveField<f64>> {
        let wavelength = self.wavelength / self.medium;
        let (mut spectrum, fft) = spectrum(field);
        for_each_wave(field, &mut spectrum, |fy, fx, u| *u *= transfer(fy, fx, wavelength, distance));
        fft.inverse(&mut spectrum);
        WaveField::new(field.grid(), spectrum)
    }

    /// Only the waves of `field` that travel around the plate.
    pub(super) fn travelling(&self, field: &WaveField<f64>) -> Array2<Complex<f64>> {
        let limit = (self.medium / self.wavelength).powi(2);
        let (mut spectrum, _) = spectrum(field);
        for_each_wave(field, &mut spectrum, |fy, fx, u| {
            if fy * fy + fx * fx >= limit {
                *u = Complex::new(0.0, 0.0);
            }
        });
        spectrum
    }
}

fn spectrum(field: &WaveField<f64>) -> (Array2<Complex<f64>>, Fft2<f64>) {
    let (rows, columns) = field.grid().shape();
    let fft = Fft2::new(rows, columns);
    let mut spectrum = field.amplitude.clone();
    fft.forward(&mut spectrum);
    (spectrum, fft)
}

fn for_each_wave(
    field: &WaveField<f64>,
    spectrum: &mut Array2<Complex<f64>>,
    mut then: impl FnMut(f64, f64, &mut Complex<f64>),
) {
    let (rows, columns) = spectrum.dim();
    let pitch = field.grid().pixel_pitch();
    let (fy, fx) = (spatial_frequencies(rows, pitch), spatial_frequencies(columns, pitch));
    for ((y, x), u) in spectrum.indexed_iter_mut() {
        then(fy[y], fx[x], u);
    }
}

/// `field` behind all of `program`, which is linear.
fn run(program: &Program, field: WaveField<f64>) -> Result<WaveField<f64>> {
    program.ops().iter().try_fold(field, |field, op| match *op {
        Op::Cross(span) => Propagator::new(program.spans()[span])?.carry(&field),
        Op::Multiply(factor) => Ok(program.factors()[factor].apply(&field)),
        Op::Blend(number) => {
            let blend = program.blends()[number];
            let share = program.factors()[blend.share].samples(field.grid().shape());
            let way = |span: usize| Propagator::new(program.spans()[span])?.carry(&field);
            let (mut behind, with) = (way(blend.without)?, way(blend.with)?);
            Zip::from(&mut behind.amplitude)
                .and(&with.amplitude)
                .and(&share)
                .for_each(|without, with, share| *without = Blend::join(*share, *without, *with));
            Ok(behind)
        }
        Op::Pointwise(_) => Err(Error::Value("a plate is linear".into())),
    })
}

/// |<a, b>|^2/(<a, a> <b, b>): 1 for fields that are equal but for a factor, 0 where one is dark.
pub(super) fn likeness(a: &Array2<Complex<f64>>, b: &Array2<Complex<f64>>) -> f64 {
    let inner = Zip::from(a).and(b).fold(Complex::new(0.0, 0.0), |sum, a, b| sum + a.conj() * b);
    let powers = power(a) * power(b);
    if powers > 0.0 { inner.norm_sqr() / powers } else { 0.0 }
}

/// Sum of |u|^2.
pub(super) fn power(field: &Array2<Complex<f64>>) -> f64 {
    field.iter().map(|u| u.norm_sqr()).sum()
}
