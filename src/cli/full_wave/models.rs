//! What the models of plates make of the light on a piece, and how like two fields are.

use ndarray::Array2;
use num_complex::Complex;

use super::super::WPM_SLICES;
use super::piece::PlatePiece;
use crate::element::{Element, PlateModel, Site, ThickPlate, ThinMask};
use crate::error::Result;
use crate::field::WaveField;
use crate::grid::spatial_frequencies;
use crate::program::Program;
use crate::propagation::Fft2;
use crate::propagation::angular_spectrum::transfer;
use crate::reference::through;
use crate::units::Metres;

/// The models that are compared, in the order in which they are told.
pub(super) const MODELS: [PlateModel; 4] =
    [PlateModel::Thin, PlateModel::Equivalent, PlateModel::Sliced, PlateModel::WavePropagation];

impl PlatePiece {
    /// Light in the plane of the highest relief, by `model`.
    ///
    /// # Errors
    /// As [`through`].
    pub(super) fn behind(&self, model: PlateModel) -> Result<WaveField<f64>> {
        let grid = self.incident.grid();
        let site = Site { grid, padded: grid.shape(), wavelength: self.wavelength, medium: self.medium };
        let pixels = self.heights.dim();
        let phases = [self.heights.mapv(|height| height / self.thickness.height_per_radian)];
        let mut program = Program::default();
        let Some(mut thickness) = self.thickness.simulated_as(model) else {
            // A sheet stands where the relief begins; base and relief are air.
            ThinMask::new(self.modulation(), pixels, self.oversample()).lower(&phases, &site, &mut program);
            let before = self.through_air(&self.incident, self.thickness.base)?;
            return self.through_air(&through(&program, before)?, self.thickness.relief);
        };
        if model == PlateModel::WavePropagation {
            thickness.slices = thickness.slices.max(WPM_SLICES);
        }
        ThickPlate::new(self.modulation(), thickness, pixels, self.oversample()).lower(
            &phases,
            &site,
            &mut program,
        );
        through(&program, self.incident.clone())
    }

    /// A way around the plate, periodic as the piece: no band limit, for nothing comes from elsewhere.
    fn through_air(&self, field: &WaveField<f64>, distance: Metres) -> Result<WaveField<f64>> {
        let wavelength = self.wavelength / self.medium;
        let (mut spectrum, fft) = spectrum(field);
        for_each_wave(field, &mut spectrum, |fy, fx, u| *u *= transfer(fy, fx, wavelength, distance));
        fft.inverse(&mut spectrum);
        WaveField::new(field.grid(), spectrum)
    }

    /// Amplitudes of the waves of `field` that travel around the plate.
    ///
    /// # Errors
    /// As [`WaveField::new`].
    pub(super) fn travelling(&self, field: &WaveField<f64>) -> Result<WaveField<f64>> {
        let limit = (self.medium / self.wavelength).powi(2);
        let (mut spectrum, _) = spectrum(field);
        for_each_wave(field, &mut spectrum, |fy, fx, u| {
            if fy * fy + fx * fx >= limit {
                *u = Complex::new(0.0, 0.0);
            }
        });
        WaveField::new(field.grid(), spectrum)
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
