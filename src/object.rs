//! The object plane: an image encoded in the light that enters the device.

use std::f64::consts::TAU;
use std::sync::Arc;

use ndarray::{Array2, ArrayView2};
use num_complex::Complex;

use crate::error::{Error, Result};
use crate::field::{Real, WaveField, narrow_complex};
use crate::grid::Grid;
use crate::named::named;
use crate::units::{Metres, Radians};

/// How an image value from 0 to 1 becomes a complex amplitude.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Encoding {
    /// The value is the amplitude; the phase is flat.
    Amplitude,
    /// The value is the phase, 0 to `range`; the amplitude is 1 inside the image.
    Phase {
        /// Phase of the value 1.
        range: Radians,
    },
    /// Light passes, amplitude 1, where the value is at least `threshold`: an image cut into a sheet.
    Binary {
        /// From 0 to 1.
        threshold: f32,
    },
}

named! { Encoding {
    Amplitude = "amplitude",
    Phase { range: TAU } = "phase",
    Binary { threshold: 0.5 } = "binary",
} }

/// How an image is brought to the samples of the plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resampling {
    /// Each image value is a rectangle.
    Nearest,
    /// Values between the centres of image pixels are interpolated; constant beyond the outermost centres.
    Bilinear,
}

named! { Resampling { Nearest = "nearest", Bilinear = "bilinear" } }

/// The light that falls on the object.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Illumination {
    /// A plane wave along the axis, amplitude 1.
    Plane,
    /// A plane wave, amplitude 1, whose direction is tilted from the axis towards +y and +x.
    Tilted {
        /// Angle to the axis in the plane x = 0.
        towards_y: Radians,
        /// Angle to the axis in the plane y = 0.
        towards_x: Radians,
    },
    /// A beam with its waist at the object plane, on the axis: amplitude exp(-r^2/waist^2).
    Gaussian {
        /// Radius at which the intensity has fallen to exp(-2).
        waist: Metres,
    },
}

named! { Illumination {
    Plane = "plane",
    Tilted { towards_y: 0.0, towards_x: 0.0 } = "tilted",
    Gaussian { waist: f64::INFINITY } = "gaussian",
} }

impl Illumination {
    /// Spatial frequency (y, x) its phase turns by, cycles per metre; `wavelength` in the medium.
    pub fn carrier(self, wavelength: Metres) -> (f64, f64) {
        let (y, x) = self.direction();
        (y / wavelength, x / wavelength)
    }

    /// Sines of its angles to the axis towards +y and +x.
    pub(crate) fn direction(self) -> (f64, f64) {
        match self {
            Illumination::Tilted { towards_y, towards_x } => (towards_y.sin(), towards_x.sin()),
            Illumination::Plane | Illumination::Gaussian { .. } => (0.0, 0.0),
        }
    }

    /// Amplitude at (y, x), metres from the axis; `wavelength` in the medium.
    fn amplitude(self, y: Metres, x: Metres, wavelength: Metres) -> Complex<f64> {
        match self {
            Illumination::Plane => Complex::new(1.0, 0.0),
            Illumination::Tilted { towards_y, towards_x } => {
                Complex::cis(TAU / wavelength * (towards_y.sin() * y + towards_x.sin() * x))
            }
            Illumination::Gaussian { waist } => Complex::new((-(x * x + y * y) / (waist * waist)).exp(), 0.0),
        }
    }
}

/// Where the image stands on the plane, in samples of its grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Row and column of the image's first sample.
    pub origin: (usize, usize),
    /// Rows and columns the image takes.
    pub extent: (usize, usize),
    /// How it is brought there.
    pub resampling: Resampling,
}

impl Placement {
    /// An image of `image` = (rows, columns) values in the middle, each value a square of `upsampling` samples.
    pub fn centred(grid: Grid, image: (usize, usize), upsampling: usize) -> Self {
        let extent = (image.0.saturating_mul(upsampling), image.1.saturating_mul(upsampling));
        let first = |pixels: usize, side: usize| pixels.saturating_sub(side) / 2;
        Placement {
            origin: (first(grid.rows(), extent.0), first(grid.columns(), extent.1)),
            extent,
            resampling: Resampling::Nearest,
        }
    }
}

/// Where and how images stand on the object plane. Outside the image the plane is opaque.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectPlane {
    grid: Grid,
    image: (usize, usize),
    placement: Placement,
    encoding: Encoding,
    /// Power that values are raised to before they become amplitudes or phases.
    gamma: f64,
    illumination: Illumination,
    /// Amplitude of the illumination on the extent; none for amplitude 1.
    lit: Option<Arc<Array2<Complex<f64>>>>,
}

impl ObjectPlane {
    /// Images of `image` = (rows, columns) values, each a square of `upsampling` pixels, in the middle of the plane,
    /// in a plane wave along the axis.
    ///
    /// # Errors
    /// As [`ObjectPlane::placed`].
    pub fn new(grid: Grid, image: (usize, usize), upsampling: usize, encoding: Encoding) -> Result<Self> {
        Self::placed(grid, image, Placement::centred(grid, image, upsampling), encoding)
    }

    /// Images of `image` = (rows, columns) values at `placement`, in a plane wave along the axis.
    ///
    /// # Errors
    /// [`Error::Value`] when the image is empty or does not fit on the grid.
    pub fn placed(
        grid: Grid,
        image: (usize, usize),
        placement: Placement,
        encoding: Encoding,
    ) -> Result<Self> {
        let fits = |first: usize, side: usize, values: usize, limit: usize| {
            side > 0 && values > 0 && first.checked_add(side).is_some_and(|end| end <= limit)
        };
        let Placement { origin, extent, .. } = placement;
        if !fits(origin.0, extent.0, image.0, grid.rows())
            || !fits(origin.1, extent.1, image.1, grid.columns())
        {
            return Err(Error::Value(format!(
                "images of {} x {} values on {} x {} pixels from row {} and column {}: the plane has {} x {}",
                image.0,
                image.1,
                extent.0,
                extent.1,
                origin.0,
                origin.1,
                grid.rows(),
                grid.columns()
            )));
        }
        let illumination = Illumination::Plane;
        Ok(ObjectPlane { grid, image, placement, encoding, gamma: 1.0, illumination, lit: None })
    }

    /// The same plane with values raised to the power `gamma` before they become amplitudes or phases; a binary object takes them
    /// as they are.
    pub fn with_gamma(self, gamma: f64) -> Self {
        ObjectPlane { gamma, ..self }
    }

    /// The same plane in another light; `wavelength` in the medium.
    pub fn illuminated(self, illumination: Illumination, wavelength: Metres) -> Self {
        let Placement { origin, extent, .. } = self.placement;
        let lit = (illumination != Illumination::Plane).then(|| {
            Arc::new(Array2::from_shape_fn(extent, |(y, x)| {
                illumination.amplitude(self.grid.y(origin.0 + y), self.grid.x(origin.1 + x), wavelength)
            }))
        });
        ObjectPlane { illumination, lit, ..self }
    }

    /// The same object in light `ratio` times as long, now of `wavelength` in the medium.
    ///
    /// A relief of constant index gives the phases of its values less in that measure; tilts keep their angles.
    pub(crate) fn in_light(&self, ratio: f64, wavelength: Metres) -> Self {
        let encoding = match self.encoding {
            Encoding::Phase { range } => Encoding::Phase { range: range / ratio },
            other => other,
        };
        ObjectPlane { encoding, ..self.clone() }.illuminated(self.illumination, wavelength)
    }

    /// Whether images stand in the same places and become amplitudes in the same way, whatever the light.
    pub(crate) fn is_placed_as(&self, other: &ObjectPlane) -> bool {
        let of = |plane: &ObjectPlane| {
            (plane.grid, plane.image, plane.placement, std::mem::discriminant(&plane.encoding), plane.gamma)
        };
        of(self) == of(other)
    }

    /// The same object sampled `samples` times finer; `wavelength` in the medium.
    ///
    /// # Errors
    /// [`Error::Value`] when the finer grid is too large.
    pub fn finer(&self, samples: usize, wavelength: Metres) -> Result<Self> {
        let times = |(rows, columns): (usize, usize)| (rows * samples, columns * samples);
        let (rows, columns) = times(self.grid.shape());
        let grid = Grid::new(rows, columns, self.grid.pixel_pitch() / samples as f64)?;
        let placement = Placement {
            origin: times(self.placement.origin),
            extent: times(self.placement.extent),
            resampling: self.placement.resampling,
        };
        Ok(Self::placed(grid, self.image, placement, self.encoding)?
            .with_gamma(self.gamma)
            .illuminated(self.illumination, wavelength))
    }

    /// The same object on samples `bins` times as wide, if it begins and ends between them; `wavelength` in the medium.
    pub fn coarser(&self, bins: usize, wavelength: Metres) -> Option<Self> {
        let parts = |(rows, columns): (usize, usize)| {
            let whole = bins > 0 && rows.is_multiple_of(bins) && columns.is_multiple_of(bins);
            whole.then(|| (rows / bins, columns / bins))
        };
        let (rows, columns) = parts(self.grid.shape())?;
        let grid = Grid::new(rows, columns, self.grid.pixel_pitch() * bins as f64).ok()?;
        let Placement { origin, extent, resampling } = self.placement;
        let extent = parts(extent)?;
        // An image value that took whole samples must go on doing so.
        let coarse = extent.0.is_multiple_of(self.image.0) && extent.1.is_multiple_of(self.image.1);
        if self.upsampling().is_some() && !coarse {
            return None;
        }
        let placement = Placement { origin: parts(origin)?, extent, resampling };
        let plane = Self::placed(grid, self.image, placement, self.encoding).ok()?;
        Some(plane.with_gamma(self.gamma).illuminated(self.illumination, wavelength))
    }

    /// Grid of the object plane.
    pub fn grid(&self) -> Grid {
        self.grid
    }

    /// Rows and columns of an image before it is brought to the plane.
    pub fn image(&self) -> (usize, usize) {
        self.image
    }

    /// How values become amplitudes.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Power that values are raised to before they become amplitudes or phases.
    pub fn gamma(&self) -> f64 {
        self.gamma
    }

    /// The light that falls on the object.
    pub fn illumination(&self) -> Illumination {
        self.illumination
    }

    /// How an image is brought to the samples of the plane.
    pub fn resampling(&self) -> Resampling {
        self.placement.resampling
    }

    /// Samples along one side of the square that each image value takes, if it takes one.
    pub fn upsampling(&self) -> Option<usize> {
        let ((rows, columns), (height, width)) = (self.image, self.placement.extent);
        let times = height / rows;
        let whole = (rows * times, columns * times) == (height, width);
        (whole && self.placement.resampling == Resampling::Nearest).then_some(times)
    }

    /// Row and column of the image's first sample on the grid.
    pub fn origin(&self) -> (usize, usize) {
        self.placement.origin
    }

    /// Rows and columns the image takes on the grid.
    pub fn extent(&self) -> (usize, usize) {
        self.placement.extent
    }

    /// Complex amplitude of an image value in light of amplitude 1.
    fn encoded<T: Real>(&self, value: f32) -> Complex<T> {
        // The power of 1 is spared, and an image with noise may have values below 0.
        let shown = || if self.gamma == 1.0 { value } else { value.max(0.0).powf(self.gamma as f32) };
        match self.encoding {
            Encoding::Amplitude => Complex::new(T::narrow(f64::from(shown())), T::zero()),
            Encoding::Phase { range } => narrow_complex(Complex::cis(range * f64::from(shown()))),
            Encoding::Binary { threshold } => {
                Complex::new(if value >= threshold { T::one() } else { T::zero() }, T::zero())
            }
        }
    }

    /// The same plane with values as amplitudes, if the field of every image is linear in the
    /// [coefficients](Self::coefficient) of its values.
    ///
    /// It is not where values are interpolated and then raised to a power, or become phases or holes.
    pub fn linear(&self) -> Option<ObjectPlane> {
        let itself = self.encoding == Encoding::Amplitude && self.gamma == 1.0;
        let linear = itself || self.placement.resampling == Resampling::Nearest;
        linear.then(|| ObjectPlane { encoding: Encoding::Amplitude, gamma: 1.0, ..self.clone() })
    }

    /// The amplitude that stands for an image value on the plane of [`ObjectPlane::linear`].
    pub fn coefficient(&self, value: f32) -> Complex<f32> {
        self.encoded(value)
    }

    /// Whether a [coefficient](Self::coefficient) may have an imaginary part.
    pub fn has_complex_coefficients(&self) -> bool {
        matches!(self.encoding, Encoding::Phase { .. })
    }

    /// Whether row `row` of the extent is the same as the one above it, whatever the image.
    pub fn repeats(&self, row: usize) -> bool {
        let along_y = match self.illumination {
            Illumination::Plane => true,
            Illumination::Tilted { towards_y, .. } => towards_y == 0.0,
            Illumination::Gaussian { .. } => false,
        };
        let source = |row: usize| nearest(row, self.placement.extent.0, self.image.0);
        row > 0
            && along_y
            && self.placement.resampling == Resampling::Nearest
            && source(row) == source(row - 1)
    }

    /// Amplitudes of `image` (values 0 to 1, shape [`ObjectPlane::image`]) on row `row` of the extent, into `line`.
    pub fn row<T: Real>(&self, image: ArrayView2<'_, f32>, row: usize, line: &mut [Complex<T>]) {
        let (height, width) = self.placement.extent;
        match self.placement.resampling {
            Resampling::Nearest => {
                let values = image.row(nearest(row, height, self.image.0));
                let mut last = (usize::MAX, Complex::new(T::zero(), T::zero()));
                for (x, amplitude) in line.iter_mut().enumerate().take(width) {
                    let source = nearest(x, width, self.image.1);
                    if source != last.0 {
                        last = (source, self.encoded(values[source]));
                    }
                    *amplitude = last.1;
                }
            }
            Resampling::Bilinear => {
                let (top, below, down) = between(row, height, self.image.0);
                for (x, amplitude) in line.iter_mut().enumerate().take(width) {
                    let (left, right, across) = between(x, width, self.image.1);
                    let at = |y: usize| image[[y, left]] * (1.0 - across) + image[[y, right]] * across;
                    *amplitude = self.encoded(at(top) * (1.0 - down) + at(below) * down);
                }
            }
        }
        if let Some(lit) = &self.lit {
            for (amplitude, light) in line.iter_mut().zip(lit.row(row)) {
                *amplitude = *amplitude * narrow_complex(*light);
            }
        }
    }

    /// Power of `image` (values 0 to 1) at the object plane: what enters the device.
    pub fn power(&self, image: ArrayView2<'_, f32>) -> f64 {
        let (height, width) = self.placement.extent;
        let mut line = vec![Complex::new(0.0f64, 0.0); width];
        let mut row_power = 0.0;
        let mut power = 0.0;
        for row in 0..height {
            if !self.repeats(row) {
                self.row(image, row, &mut line);
                row_power = line.iter().map(Complex::norm_sqr).sum();
            }
            power += row_power;
        }
        power * self.grid.pixel_area()
    }

    /// What a picture of `image` (values 0 to 1) shows, 0 to 1, in the same shape: the intensity of each value, its
    /// square where values are amplitudes. Of a phase object, which is bright everywhere, it shows the values: a
    /// device that forms this picture makes phases visible.
    pub fn picture(&self, image: ArrayView2<'_, f32>) -> Array2<f64> {
        image.mapv(|value| match self.encoding {
            Encoding::Phase { .. } => f64::from(value),
            Encoding::Amplitude | Encoding::Binary { .. } => self.encoded::<f64>(value).norm_sqr(),
        })
    }

    /// Of a phase object the intensity that `image` would have with its values as amplitudes, on the samples of the plane; none of
    /// other objects, whose own intensity shows them.
    ///
    /// # Errors
    /// [`Error::Value`] when the image has another shape.
    pub(crate) fn values_as_light(&self, image: ArrayView2<'_, f32>) -> Result<Option<Array2<f64>>> {
        let Encoding::Phase { .. } = self.encoding else { return Ok(None) };
        let shown = ObjectPlane {
            encoding: Encoding::Amplitude,
            gamma: 1.0,
            illumination: Illumination::Plane,
            lit: None,
            ..self.clone()
        };
        Ok(Some(shown.encode::<f64>(image)?.amplitude.mapv(|u| u.norm_sqr())))
    }

    /// Refuses an image that has not the shape [`ObjectPlane::image`].
    ///
    /// # Errors
    /// [`Error::Value`] then.
    pub fn check(&self, image: ArrayView2<'_, f32>) -> Result<()> {
        if image.dim() != self.image {
            return Err(Error::Value(format!(
                "an image of shape {:?}: this device takes {:?}",
                image.dim(),
                self.image
            )));
        }
        Ok(())
    }

    /// The field of `image` (values 0 to 1, shape [`ObjectPlane::image`]) on the object plane.
    ///
    /// # Errors
    /// [`Error::Value`] when the image has another shape.
    pub fn encode<T: Real>(&self, image: ArrayView2<'_, f32>) -> Result<WaveField<T>> {
        self.check(image)?;
        let mut field = WaveField::dark(self.grid);
        let Placement { origin: (top, left), extent: (height, width), .. } = self.placement;
        let mut line = vec![Complex::new(T::zero(), T::zero()); width];
        for row in 0..height {
            self.row(image, row, &mut line);
            for (x, amplitude) in line.iter().enumerate() {
                field.amplitude[[top + row, left + x]] = *amplitude;
            }
        }
        Ok(field)
    }
}

/// The image value whose rectangle the centre of sample `sample` of `samples` lies in, of `values`.
fn nearest(sample: usize, samples: usize, values: usize) -> usize {
    (2 * sample + 1) * values / (2 * samples)
}

/// The two image values around the centre of sample `sample` of `samples`, and the share of the second.
fn between(sample: usize, samples: usize, values: usize) -> (usize, usize, f32) {
    let place = (sample as f64 + 0.5) * values as f64 / samples as f64 - 0.5;
    let place = place.clamp(0.0, values as f64 - 1.0);
    let first = place as usize;
    (first, (first + 1).min(values - 1), (place - first as f64) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> Grid {
        Grid::new(20, 24, 0.4e-3).unwrap()
    }

    fn image() -> Array2<f32> {
        Array2::from_shape_fn((4, 5), |(y, x)| (y * 5 + x) as f32 / 20.0)
    }

    #[test]
    fn nearest_is_a_rectangle_a_value() {
        let plane = ObjectPlane::new(grid(), (4, 5), 3, Encoding::Amplitude).unwrap();
        assert_eq!((plane.origin(), plane.extent()), ((4, 4), (12, 15)));
        let field = plane.encode::<f64>(image().view()).unwrap();
        for ((y, x), value) in field.amplitude.indexed_iter() {
            let inside = (4..16).contains(&y) && (4..19).contains(&x);
            let expected = if inside { f64::from(image()[[(y - 4) / 3, (x - 4) / 3]]) } else { 0.0 };
            assert_eq!(*value, Complex::new(expected, 0.0));
        }
        assert!((plane.power(image().view()) - field.power()).abs() < 1e-12 * field.power());
        assert!(plane.repeats(1) && plane.repeats(2) && !plane.repeats(3) && !plane.repeats(0));
    }

    #[test]
    fn bilinear_keeps_a_ramp() {
        let placement = Placement { origin: (0, 2), extent: (16, 20), resampling: Resampling::Bilinear };
        let plane = ObjectPlane::placed(grid(), (4, 5), placement, Encoding::Amplitude).unwrap();
        let ramp = Array2::from_shape_fn((4, 5), |(y, x)| 0.1 * y as f32 + 0.05 * x as f32);
        let field = plane.encode::<f64>(ramp.view()).unwrap();
        for ((y, x), value) in
            field.amplitude.indexed_iter().filter(|((y, x), _)| (2..14).contains(y) && (4..20).contains(x))
        {
            // Between the outermost centres an affine image stays affine.
            let (row, column) = ((y as f64 + 0.5) / 4.0 - 0.5, ((x - 2) as f64 + 0.5) / 4.0 - 0.5);
            assert!((value.re - (0.1 * row + 0.05 * column)).abs() < 1e-6, "{y} {x} {value}");
        }
        assert!((1..16).all(|row| !plane.repeats(row)));
    }

    #[test]
    fn encodings_are_what_they_say() {
        let at = |encoding: Encoding, value: f32| {
            ObjectPlane::new(grid(), (1, 1), 1, encoding).unwrap().encoded::<f64>(value)
        };
        assert_eq!(at(Encoding::Amplitude, 0.25), Complex::new(0.25, 0.0));
        assert!((at(Encoding::Phase { range: TAU / 2.0 }, 1.0) - Complex::new(-1.0, 0.0)).norm() < 1e-15);
        let root = |encoding: Encoding, value: f32| {
            let plane = ObjectPlane::new(grid(), (1, 1), 1, encoding).unwrap().with_gamma(0.5);
            plane.finer(2, 0.75e-3).unwrap().encoded::<f64>(value)
        };
        assert_eq!(root(Encoding::Amplitude, 0.25), Complex::new(0.5, 0.0));
        assert!((root(Encoding::Phase { range: TAU / 2.0 }, 0.25) - Complex::new(0.0, 1.0)).norm() < 1e-15);
        assert_eq!(root(Encoding::Amplitude, -0.25), Complex::new(0.0, 0.0));
        assert_eq!(root(Encoding::Binary { threshold: 0.3 }, 0.25), Complex::new(0.0, 0.0));
        let seen = |encoding: Encoding| {
            let plane = ObjectPlane::new(grid(), (1, 2), 1, encoding).unwrap();
            plane.picture(ndarray::array![[0.25, 0.5]].view())
        };
        assert_eq!(seen(Encoding::Amplitude), ndarray::array![[0.0625, 0.25]]);
        assert_eq!(seen(Encoding::Phase { range: 1.0 }), ndarray::array![[0.25, 0.5]]);
        assert_eq!(seen(Encoding::Binary { threshold: 0.5 }), ndarray::array![[0.0, 1.0]]);
        let binary = Encoding::Binary { threshold: 0.5 };
        assert_eq!([at(binary, 0.49), at(binary, 0.5)], [Complex::new(0.0, 0.0), Complex::new(1.0, 0.0)]);
    }

    #[test]
    fn values_of_a_phase_object_are_shown_as_amplitudes() {
        let of = |encoding: Encoding| ObjectPlane::new(grid(), (4, 5), 3, encoding).unwrap();
        let amplitudes = of(Encoding::Amplitude);
        let light = amplitudes.encode::<f64>(image().view()).unwrap().amplitude.mapv(|u| u.norm_sqr());
        let phases = of(Encoding::Phase { range: TAU });
        assert_eq!(phases.values_as_light(image().view()).unwrap(), Some(light));
        assert_eq!(amplitudes.values_as_light(image().view()).unwrap(), None);
    }

    #[test]
    fn interpolated_roots_are_not_linear() {
        let placed = |resampling: Resampling| {
            let placement = Placement { origin: (0, 2), extent: (16, 20), resampling };
            ObjectPlane::placed(grid(), (4, 5), placement, Encoding::Amplitude).unwrap()
        };
        assert!(placed(Resampling::Bilinear).linear().is_some());
        assert!(placed(Resampling::Bilinear).with_gamma(0.5).linear().is_none());
        let roots = placed(Resampling::Nearest).with_gamma(0.5);
        let values = image().mapv(|value| roots.coefficient(value).re);
        let field = roots.linear().unwrap().encode::<f32>(values.view()).unwrap();
        assert_eq!(field.amplitude, roots.encode::<f32>(image().view()).unwrap().amplitude);
    }

    #[test]
    fn illumination_has_its_direction_and_its_waist() {
        let bright = Array2::from_elem((4, 5), 1.0f32);
        let plane = ObjectPlane::new(grid(), (4, 5), 3, Encoding::Amplitude).unwrap();
        let (towards_y, towards_x) = (0.1, -0.2);
        let tilted = plane.clone().illuminated(Illumination::Tilted { towards_y, towards_x }, 0.75e-3);
        let field = tilted.encode::<f64>(bright.view()).unwrap();
        let k = TAU / 0.75e-3;
        let expected = [k * 0.4e-3 * 0.1f64.sin(), -k * 0.4e-3 * 0.2f64.sin()];
        let step =
            [field.amplitude[[9, 8]], field.amplitude[[8, 9]]].map(|u| (u / field.amplitude[[8, 8]]).arg());
        assert!((step[0] - expected[0]).abs() < 1e-12 && (step[1] - expected[1]).abs() < 1e-12);
        assert!(
            (tilted.power(bright.view()) - plane.power(bright.view())).abs() < 1e-18,
            "a tilt takes no power"
        );
        let waist = 2e-3;
        let beam = plane.illuminated(Illumination::Gaussian { waist }, 0.75e-3);
        let field = beam.encode::<f64>(bright.view()).unwrap();
        let (y, x) = (grid().y(6), grid().x(7));
        assert!((field.amplitude[[6, 7]].re - (-(x * x + y * y) / (waist * waist)).exp()).abs() < 1e-15);
        assert!((beam.power(bright.view()) - field.power()).abs() < 1e-12 * field.power());
    }

    #[test]
    fn finer_is_the_same_object() {
        let plane = ObjectPlane::new(grid(), (4, 5), 3, Encoding::Amplitude).unwrap();
        let fine = plane.finer(2, 0.75e-3).unwrap();
        assert_eq!((fine.origin(), fine.extent()), ((8, 8), (24, 30)));
        assert!((fine.power(image().view()) / plane.power(image().view()) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn coarser_undoes_finer_and_keeps_values_whole() {
        let plane = ObjectPlane::new(grid(), (4, 5), 3, Encoding::Amplitude).unwrap();
        let light = plane.clone().illuminated(Illumination::Gaussian { waist: 5e-3 }, 0.75e-3);
        for plane in [plane.clone(), light] {
            assert_eq!(plane.finer(2, 0.75e-3).unwrap().coarser(2, 0.75e-3), Some(plane));
        }
        // Three samples a value are no whole number of pairs; five do not divide a plane of twenty by three.
        for bins in [0, 2, 3] {
            assert_eq!(plane.coarser(bins, 0.75e-3), None, "{bins}");
        }
        // All sides are even, but a value would have one and a half samples.
        assert_eq!(
            ObjectPlane::new(grid(), (4, 4), 3, Encoding::Amplitude).unwrap().coarser(2, 0.75e-3),
            None
        );
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (origin, extent) in
            [((0, 0), (21, 4)), ((17, 0), (4, 5)), ((0, 0), (0, 5)), ((usize::MAX, 0), (4, 5))]
        {
            let placement = Placement { origin, extent, resampling: Resampling::Nearest };
            assert!(ObjectPlane::placed(grid(), (4, 5), placement, Encoding::Amplitude).is_err());
        }
        assert!(ObjectPlane::new(grid(), (4, 5), usize::MAX, Encoding::Amplitude).is_err());
    }
}
