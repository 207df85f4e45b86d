//! Light on a camera whose pixels are not those of the plane: any pitch, any place within the window.
//!
//! The spectrum behind a span is summed at the positions of the camera's pixels. They stand at equal distances, so the sum
//! along each axis is a chirp-z transform (Rabiner, Schafer & Rader, IEEE Trans. Audio Electroacoust. 17, 86 (1969)), made
//! by convolution with a chirp (Bluestein, IEEE Trans. Audio Electroacoust. 18, 451 (1970)).
//!
//! ```
//! use d2nn::field::WaveField;
//! use d2nn::grid::Grid;
//! use d2nn::propagation::{Camera, Gap, Method, PixelModel, padded_shape};
//! use num_complex::Complex;
//!
//! let grid = Grid::new(32, 32, 0.4e-3)?;
//! let gap = Gap {
//!     grid,
//!     padded: padded_shape(grid, 2.0)?,
//!     wavelength: 0.75e-3,
//!     distance: 30e-3,
//!     method: Method::AngularSpectrum,
//!     pixel_model: PixelModel::Square,
//!     shift: (0.0, 0.0),
//!     carrier: (0.0, 0.0),
//! };
//! let mut hole = WaveField::dark(grid);
//! hole.amplitude[[16, 16]] = Complex::new(1.0, 0.0);
//! // The same 6 mm in 60 pixels of 0.1 mm, 1 mm off the axis.
//! let camera = Camera::new(gap, Grid::new(60, 60, 0.1e-3)?, (0.0, 1e-3))?;
//! assert_eq!(camera.propagate(&hole).amplitude.dim(), (60, 60));
//! # Ok::<(), d2nn::Error>(())
//! ```

use std::f64::consts::{PI, TAU};
use std::sync::Arc;

use d2nn_kernels::{Fft, Transformed};
use ndarray::{Array2, Axis, Slice};
use num_complex::Complex;

use super::{Fft2, Refinement, Span, fast_length};
use crate::error::{Error, Result};
use crate::field::WaveField;
use crate::grid::{Grid, spatial_frequencies};
use crate::units::{Metres, format_length};

/// Carries a field across a span onto the pixels of a camera, in double precision.
///
/// A pixel takes the field at its centre.
pub struct Camera {
    span: Span,
    grid: Grid,
    transfer: Array2<Complex<f64>>,
    fft: Fft2<f64>,
    /// Along y and along x.
    axes: [Sight; 2],
}

impl Camera {
    /// Plans `span` to a camera of `grid`, whose middle stands `at` (y, x) metres off the axis.
    ///
    /// # Errors
    /// [`Error::Value`] for a camera that reaches beyond where the window of the span holds light of the whole plane, and for
    /// a span to other samples.
    pub fn new(span: impl Into<Span>, grid: Grid, at: (Metres, Metres)) -> Result<Self> {
        let span = span.into();
        if span.refinement() != Refinement::Same {
            return Err(Error::Value("a camera behind a span to other samples: it brings its own".into()));
        }
        let plane = span.grid();
        let pitch = plane.pixel_pitch();
        let (rows, columns) = span.padded();
        let line = |pixels: usize, window: usize, seen: usize, at: Metres| {
            let reach = at.abs() + seen as f64 * grid.pixel_pitch() / 2.0;
            // A way from one edge of the plane longer than half the window comes in again on the other side.
            let known = (window - pixels.min(window)) as f64 * pitch / 2.0;
            // The plane itself lies in a window of twice its side, to a pixel.
            if reach > known + pitch || !reach.is_finite() {
                return Err(Error::Value(format!(
                    "a camera that reaches {} off the axis: light is known within {} of it; make it smaller, or the window \
                     wider (bench.padding)",
                    format_length(reach, 4),
                    format_length(known, 4)
                )));
            }
            Ok(Sight::new(pixels, window, pitch, seen, grid.pixel_pitch(), at))
        };
        Ok(Camera {
            axes: [
                line(plane.rows(), rows, grid.rows(), at.0)?,
                line(plane.columns(), columns, grid.columns(), at.1)?,
            ],
            transfer: span.transfer_function(),
            fft: Fft2::new(rows, columns),
            span,
            grid,
        })
    }

    /// The span this was planned for.
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// The field on the camera; its own middle is the middle of the grid.
    pub fn propagate(&self, field: &WaveField<f64>) -> WaveField<f64> {
        let mut window = Array2::from_elem(self.span.padded(), Complex::default());
        window.slice_each_axis_mut(self.inside()).assign(&field.amplitude);
        self.fft.forward(&mut window);
        window *= &self.transfer;
        let mut seen = WaveField::dark(self.grid);
        seen.amplitude.assign(&both(&window, &self.axes, Sight::look));
        seen
    }

    /// The Hermitian adjoint of [`Camera::propagate`].
    pub fn adjoint(&self, seen: &WaveField<f64>) -> WaveField<f64> {
        let mut window = both(&seen.amplitude, &self.axes, Sight::look_adjoint);
        window.zip_mut_with(&self.transfer, |value, transfer| *value *= transfer.conj());
        // The transform back divides by the number of points; the adjoint of a transform does not.
        self.fft.inverse(&mut window);
        let points = window.len() as f64;
        let mut field = WaveField::dark(self.span.grid());
        field.amplitude.assign(&window.slice_each_axis(self.inside()).mapv(|value| value * points));
        field
    }

    /// The plane in its window.
    fn inside(&self) -> impl FnMut(ndarray::AxisDescription) -> Slice {
        let sides = [self.span.grid().rows(), self.span.grid().columns()];
        move |axis| Slice::from(..sides[axis.axis.index()])
    }
}

/// Every column of `array` by the first line, then every row by the second.
fn both(
    array: &Array2<Complex<f64>>,
    lines: &[Sight; 2],
    by: impl Fn(&Sight, &[Complex<f64>]) -> Vec<Complex<f64>>,
) -> Array2<Complex<f64>> {
    let mut array = array.clone();
    for (axis, line) in [Axis(0), Axis(1)].into_iter().zip(lines) {
        let lanes: Vec<Vec<Complex<f64>>> =
            array.lanes(axis).into_iter().map(|lane| by(line, &lane.to_vec())).collect();
        let mut shape = array.dim();
        let side = lanes.first().map_or(0, Vec::len);
        if axis == Axis(0) {
            shape.0 = side
        } else {
            shape.1 = side
        }
        let mut found = Array2::from_elem(shape, Complex::default());
        for (mut to, from) in found.lanes_mut(axis).into_iter().zip(lanes) {
            to.iter_mut().zip(from).for_each(|(to, from)| *to = from);
        }
        array = found;
    }
    array
}

/// From the spectrum along one axis to the pixels of a camera.
struct Sight {
    /// What each frequency is multiplied by, in the order of the transform: the way to the first pixel, and 1/N.
    begins: Vec<Complex<f64>>,
    /// What each pixel is multiplied by: the lowest frequency, which the chirp counts from.
    ends: Vec<Complex<f64>>,
    there: Chirp,
    back: Chirp,
}

impl Sight {
    fn new(pixels: usize, window: usize, pitch: Metres, seen: usize, seen_pitch: Metres, at: Metres) -> Self {
        let first = at + (pixels as f64 - 1.0) / 2.0 * pitch - (seen as f64 - 1.0) / 2.0 * seen_pitch;
        let step = seen_pitch / (window as f64 * pitch);
        let lowest = -((window / 2) as f64);
        Sight {
            begins: spatial_frequencies(window, pitch)
                .into_iter()
                .map(|f| Complex::cis(TAU * f * first) / window as f64)
                .collect(),
            ends: (0..seen).map(|pixel| Complex::cis(TAU * lowest * step * pixel as f64)).collect(),
            there: Chirp::new(window, seen, step),
            back: Chirp::new(seen, window, step),
        }
    }

    /// Frequencies rising, from the order of the transform.
    fn rising(window: usize) -> impl Iterator<Item = usize> {
        (0..window).map(move |place| (place + window - window / 2) % window)
    }

    fn look(&self, spectrum: &[Complex<f64>]) -> Vec<Complex<f64>> {
        let turned: Vec<_> =
            Sight::rising(spectrum.len()).map(|index| spectrum[index] * self.begins[index]).collect();
        let mut seen = self.there.sums(&turned);
        seen.iter_mut().zip(&self.ends).for_each(|(value, end)| *value *= end);
        seen
    }

    fn look_adjoint(&self, seen: &[Complex<f64>]) -> Vec<Complex<f64>> {
        // The sum with conj(w) is the conjugate of that of conjugates with w.
        let turned: Vec<_> = seen.iter().zip(&self.ends).map(|(value, end)| value.conj() * end).collect();
        let sums = self.back.sums(&turned);
        let mut spectrum = vec![Complex::default(); sums.len()];
        for (index, sum) in Sight::rising(sums.len()).zip(sums) {
            spectrum[index] = sum.conj() * self.begins[index].conj();
        }
        spectrum
    }
}

/// y_j = sum_m x_m w^(m j) with w = exp(i 2 pi step), by Bluestein's m j = (m^2 + j^2 - (j - m)^2)/2.
struct Chirp {
    /// exp(i pi step n^2).
    chirp: Vec<Complex<f64>>,
    /// Transform of its conjugate at all offsets, with the factor of the transforms.
    kernel: Vec<Complex<f64>>,
    outputs: usize,
    forward: Arc<dyn Fft<f64>>,
    inverse: Arc<dyn Fft<f64>>,
}

impl Chirp {
    fn new(inputs: usize, outputs: usize, step: f64) -> Self {
        let length = fast_length(inputs + outputs);
        // Of a large square only what is left of whole turns matters.
        let chirp: Vec<Complex<f64>> = (0..inputs.max(outputs))
            .map(|n| Complex::cis(PI * ((n * n) as f64 * step).rem_euclid(2.0)))
            .collect();
        let mut planner = f64::planner();
        let (forward, inverse) = (planner.forward(length), planner.inverse(length));
        let mut kernel = vec![Complex::default(); length];
        for (n, value) in chirp.iter().enumerate() {
            if n < outputs {
                kernel[n] = value.conj() / length as f64;
            }
            if n > 0 && n < inputs {
                kernel[length - n] = value.conj() / length as f64;
            }
        }
        forward.process(&mut kernel);
        Chirp { chirp, kernel, outputs, forward, inverse }
    }

    fn sums(&self, values: &[Complex<f64>]) -> Vec<Complex<f64>> {
        let mut window = vec![Complex::default(); self.kernel.len()];
        for ((to, value), chirp) in window.iter_mut().zip(values).zip(&self.chirp) {
            *to = value * chirp;
        }
        self.forward.process(&mut window);
        window.iter_mut().zip(&self.kernel).for_each(|(value, kernel)| *value *= kernel);
        self.inverse.process(&mut window);
        window.truncate(self.outputs);
        window.iter_mut().zip(&self.chirp).for_each(|(value, chirp)| *value *= chirp);
        window
    }
}
