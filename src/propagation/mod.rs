//! Free space between two parallel planes: planned once, then applied forward and adjoint.
//!
//! ```
//! use d2nn::field::WaveField;
//! use d2nn::grid::Grid;
//! use d2nn::propagation::{Gap, Method, PixelModel, Propagator, padded_shape};
//! use ndarray::Array2;
//! use num_complex::Complex;
//!
//! let grid = Grid::new(64, 64, 0.4e-3)?;
//! let gap = Gap {
//!     grid,
//!     padded: padded_shape(grid, 2.0)?,
//!     wavelength: 0.75e-3,
//!     distance: 12e-3,
//!     method: Method::Auto,
//!     pixel_model: PixelModel::Square,
//!     shift: (0.0, 0.0),
//!     carrier: (0.0, 0.0),
//! };
//! let free_space = Propagator::new(gap)?;
//! let hole = Array2::from_shape_fn(grid.shape(), |(y, x)| {
//!     Complex::new(if (28..36).contains(&y) && (28..36).contains(&x) { 1.0 } else { 0.0 }, 0.0)
//! });
//! let hole = WaveField::new(grid, hole)?;
//! let behind = free_space.propagate(&hole);
//! assert!(behind.power() < hole.power(), "some light leaves the aperture");
//!
//! // The adjoint belongs to it: <P u, v> = <u, P* v>.
//! let dot = |a: &WaveField<f64>, b: &WaveField<f64>| -> Complex<f64> {
//!     a.amplitude.iter().zip(&b.amplitude).map(|(a, b)| a.conj() * b).sum()
//! };
//! let (left, right) = (dot(&behind, &behind), dot(&hole, &free_space.adjoint(&behind)));
//! assert!((left - right).norm() < 1e-12 * left.norm());
//! # Ok::<(), d2nn::Error>(())
//! ```

use std::f64::consts::TAU;
use std::sync::Arc;

use ndarray::{Array2, AxisDescription, Slice};
use num_complex::Complex;

use crate::error::{Error, Result};
use crate::field::{Real, WaveField, narrow_complex};
use crate::grid::{Grid, spatial_frequencies};
use crate::named::named;
use crate::units::{Metres, format_length};

pub mod angular_spectrum;
mod axial_cut;
mod camera;
mod fft2;
pub(crate) mod passive;
pub mod rayleigh_sommerfeld;
mod slab;
mod span;

pub use axial_cut::AxialCut;
pub use camera::Camera;
pub use fft2::Fft2;
pub(crate) use fft2::fast_length;
pub use slab::{Polarisation, Slab};
pub(crate) use span::in_finer;
pub use span::{Across, Refinement, Span};

/// How the transfer function of a gap is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The exact angular spectrum, sampled in frequency, within the band limit of Matsushima & Shimobaba.
    AngularSpectrum,
    /// The Fourier transform of the impulse response sampled in space: at twice the side the whole linear
    /// convolution, and with square pixels the field of real ones to 2e-4 (docs/optics.md).
    RayleighSommerfeld,
    /// For each gap the better of the two: the sampled impulse response where it is safely sampled up to the width
    /// of the plane ([`rayleigh_sommerfeld::safe_offset`]) and at its peak ([`rayleigh_sommerfeld::safe_distance`]), the
    /// angular spectrum elsewhere.
    Auto,
}

named! { Method {
    Auto = "auto",
    AngularSpectrum = "angular-spectrum",
    RayleighSommerfeld = "rayleigh-sommerfeld",
} }

/// What leaves a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PixelModel {
    /// A point source at the centre of the pixel.
    Point,
    /// A square of constant amplitude in light along the axis, times exp(i 2 pi f0 x) in light along the carrier f0: the
    /// transfer function times sinc((fx - f0x) pitch) sinc((fy - f0y) pitch).
    Square,
}

named! { PixelModel { Point = "point", Square = "square" } }

/// One stretch of free space between two planes with the same grid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gap {
    /// Grid of both planes.
    pub grid: Grid,
    /// Points of the padded window, (rows, columns); see [`padded_shape`].
    pub padded: (usize, usize),
    /// Wavelength in the medium, metres.
    pub wavelength: Metres,
    /// Axial distance, metres.
    pub distance: Metres,
    /// How the transfer function is made.
    pub method: Method,
    /// What leaves a pixel.
    pub pixel_model: PixelModel,
    /// Lateral displacement (y, x) of the second plane's pixels against the first's, metres.
    pub shift: (Metres, Metres),
    /// Spatial frequency (y, x) that light turns by inside a pixel, cycles per metre: that of a tilted illumination. Only
    /// square pixels know it.
    pub carrier: (f64, f64),
}

impl Gap {
    /// How its transfer function is made: `method`, with [`Method::Auto`] decided.
    pub fn resolved_method(&self) -> Method {
        match self.method {
            Method::Auto if self.is_response_safe() => Method::RayleighSommerfeld,
            Method::Auto => Method::AngularSpectrum,
            fixed => fixed,
        }
    }

    /// Whether it is too short for the sampled impulse response, whose peak the samples miss.
    pub fn is_near_contact(&self) -> bool {
        self.distance < rayleigh_sommerfeld::safe_distance(self.grid.pixel_pitch())
    }

    /// Whether the impulse response is safely sampled, at its peak and up to the width of the plane.
    fn is_response_safe(&self) -> bool {
        let (height, width) = self.grid.aperture();
        let safe = rayleigh_sommerfeld::safe_offset(self.wavelength, self.distance, self.grid.pixel_pitch());
        !self.is_near_contact() && height.max(width) <= safe
    }
}

/// Points of the padded window: at least `padding` times each side, rounded up to a fast length.
///
/// # Errors
/// [`Error::Value`] unless `padding` is a number from 1 to 16 and the window fits into memory.
pub fn padded_shape(grid: Grid, padding: f64) -> Result<(usize, usize)> {
    if !(1.0..=16.0).contains(&padding) {
        return Err(Error::Value(format!("a padding of {padding}: it must be 1 to 16 times the side")));
    }
    let side = |pixels: usize| fast_length((pixels as f64 * padding).ceil() as usize);
    let (rows, columns) = (side(grid.rows()), side(grid.columns()));
    if rows.saturating_mul(columns) > Grid::MAX_SIDE * Grid::MAX_SIDE {
        return Err(Error::Value(format!("a padded window of {rows} x {columns} points is too large")));
    }
    Ok((rows, columns))
}

/// The transfer function of a gap on the padded window, in the order of the discrete transform.
///
/// Built in double precision: k z of a long path has no digits to spare. Even in both frequencies, but for a shift or a
/// carrier.
pub(crate) fn transfer_function(gap: &Gap) -> Array2<Complex<f64>> {
    let (rows, columns) = gap.padded;
    let pitch = gap.grid.pixel_pitch();
    let fy = spatial_frequencies(rows, pitch);
    let fx = spatial_frequencies(columns, pitch);
    let (shift_y, shift_x) = gap.shift;
    let mut transfer = match gap.resolved_method() {
        Method::AngularSpectrum | Method::Auto => {
            let window = (rows as f64 * pitch, columns as f64 * pitch);
            let sampled = angular_spectrum::sampled_transfer(window, pitch, gap.wavelength, gap.distance);
            Array2::from_shape_fn((rows, columns), |(y, x)| {
                // A plane that stands aside sees the spectrum with the phase of the way there.
                let aside = TAU * (fy[y] * shift_y + fx[x] * shift_x);
                sampled(fy[y], fx[x]) * Complex::cis(aside)
            })
        }
        Method::RayleighSommerfeld => {
            // Indices beyond the middle are negative offsets.
            let offset = |i: usize, n: usize| if 2 * i <= n { i as f64 } else { i as f64 - n as f64 } * pitch;
            let mut response = Array2::from_shape_fn((rows, columns), |(y, x)| {
                rayleigh_sommerfeld::impulse_response(
                    offset(y, rows) + shift_y,
                    offset(x, columns) + shift_x,
                    gap.wavelength,
                    gap.distance,
                ) * gap.grid.pixel_area()
            });
            Fft2::new(rows, columns).forward(&mut response);
            response
        }
    };
    if gap.pixel_model == PixelModel::Square {
        let spectrum = |frequencies: &[f64], carrier: f64| {
            frequencies.iter().map(|f| sinc((f - carrier) * pitch)).collect::<Vec<_>>()
        };
        let (along_y, along_x) = (spectrum(&fy, gap.carrier.0), spectrum(&fx, gap.carrier.1));
        for ((y, x), value) in transfer.indexed_iter_mut() {
            *value *= along_y[y] * along_x[x];
        }
    }
    transfer
}

/// sin(pi t)/(pi t).
pub(crate) fn sinc(t: f64) -> f64 {
    let angle = std::f64::consts::PI * t;
    if angle == 0.0 { 1.0 } else { angle.sin() / angle }
}

/// Carries a field across a span by two-dimensional transforms; slow beside the engine, and plain.
#[derive(Clone)]
pub struct Propagator<T: Real> {
    span: Span,
    /// On the window of the coarse plane, with the factor of samples that differ.
    transfer: Arc<Array2<Complex<T>>>,
    /// The plane before it and the plane behind it.
    ends: [End<T>; 2],
}

/// A plane in its window.
#[derive(Clone)]
struct End<T: Real> {
    grid: Grid,
    window: (usize, usize),
    /// Samples along one side of a coarse one.
    factor: usize,
    fft: Fft2<T>,
}

impl<T: Real> Propagator<T> {
    /// Plans a gap, or another span.
    ///
    /// # Errors
    /// [`Error::Value`] for wavelengths and lengths that are not finite or not above zero, for planes that become too large
    /// and for a window smaller than the grid.
    pub fn new(span: impl Into<Span>) -> Result<Self> {
        let span = span.into();
        for (name, length) in [("wavelength", Some(span.wavelength())), ("distance", span.length())] {
            if let Some(length) = length.filter(|length| !(length.is_finite() && *length > 0.0)) {
                return Err(Error::Value(format!("a {name} of {length} m: it must be above zero")));
            }
        }
        let (padded, grid) = (span.padded(), span.grid());
        if padded.0 < grid.rows() || padded.1 < grid.columns() {
            return Err(Error::Value("the padded window is smaller than the grid".into()));
        }
        let (factors, grids) = (span.refinement().factors(), span.grids()?);
        let end = |side: usize| {
            let (factor, window) = (factors[side], (padded.0 * factors[side], padded.1 * factors[side]));
            End { grid: grids[side], window, factor, fft: Fft2::new(window.0, window.1) }
        };
        let mut transfer = span.transfer_function();
        if span.refinement() != Refinement::Same {
            // Sums over fine samples have more terms than those over coarse ones.
            let scale = (factors[1] as f64 / factors[0] as f64).powi(2);
            let (along_y, along_x) = (span.offsets(padded.0), span.offsets(padded.1));
            for ((y, x), value) in transfer.indexed_iter_mut() {
                *value *= along_y[y] * along_x[x] * scale;
            }
        }
        Ok(Propagator { span, transfer: Arc::new(transfer.mapv(narrow_complex)), ends: [end(0), end(1)] })
    }

    /// The span this was planned for.
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// The field behind the span: crop F^-1 H F pad.
    pub fn propagate(&self, field: &WaveField<T>) -> WaveField<T> {
        let [before, behind] = &self.ends;
        self.apply(field, before, behind, |value, transfer| value * transfer)
    }

    /// As [`Propagator::propagate`], judged: no span gives light.
    ///
    /// # Errors
    /// [`Error::Value`] for a field behind that has more power than `field`.
    pub fn carry(&self, field: &WaveField<T>) -> Result<WaveField<T>> {
        let behind = self.propagate(field);
        let length = || format_length(self.span.length().unwrap_or(0.0), 3);
        let what = match self.span.across() {
            Across::Gap(_) => format!("free space of {}", length()),
            Across::Slab(_) => format!("a plate of {}", length()),
            Across::Nothing(_) => "a plane that is sampled otherwise".into(),
        };
        passive::check_passive(&what, field.power(), behind.power())?;
        Ok(behind)
    }

    /// The Hermitian adjoint of [`Propagator::propagate`]: crop F^-1 conj(H) F pad.
    ///
    /// Neither the inverse nor a propagation by -z: evanescent and cropped light stays lost.
    pub fn adjoint(&self, field: &WaveField<T>) -> WaveField<T> {
        let [before, behind] = &self.ends;
        // Transforms back are divided by their number of points: of the other plane on the way there.
        let points = |end: &End<T>| (end.window.0 * end.window.1) as f64;
        let scale = T::narrow(points(before) / points(behind));
        self.apply(field, behind, before, |value, transfer| value * transfer.conj() * scale)
    }

    fn apply(
        &self,
        field: &WaveField<T>,
        from: &End<T>,
        to: &End<T>,
        times: impl Fn(Complex<T>, Complex<T>) -> Complex<T>,
    ) -> WaveField<T> {
        let inside = |grid: Grid| {
            let aperture = [grid.rows(), grid.columns()];
            move |axis: AxisDescription| Slice::from(..aperture[axis.axis.index()])
        };
        let dark = |window: (usize, usize)| Array2::from_elem(window, Complex::new(T::zero(), T::zero()));
        let mut window = dark(from.window);
        window.slice_each_axis_mut(inside(from.grid)).assign(&field.amplitude);
        from.fft.forward(&mut window);
        if from.factor == to.factor {
            window.zip_mut_with(&self.transfer, |value, &transfer| *value = times(*value, transfer));
        } else {
            let mut behind = dark(to.window);
            let (rows, columns) = self.transfer.dim();
            for ((y, x), &transfer) in self.transfer.indexed_iter() {
                let at = |end: &End<T>| [in_finer(y, rows, end.factor), in_finer(x, columns, end.factor)];
                behind[at(to)] = times(window[at(from)], transfer);
            }
            window = behind;
        }
        to.fft.inverse(&mut window);
        let mut behind = WaveField::dark(to.grid);
        behind.amplitude.assign(&window.slice_each_axis(inside(to.grid)));
        behind
    }
}
