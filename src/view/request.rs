//! What the page asks for, as it came and as it was checked.

use ndarray::Array2;
use serde::Deserialize;

use crate::bench::Bench;
use crate::error::{Error, Result};
use crate::misalignment::{Displacement, Misalignment};

/// Masks and displacements a message may speak of: more than any device has.
const MOST_MASKS: usize = 100;

/// Largest part by which the light may be longer or shorter than the design's.
const MOST_WAVELENGTH: f64 = 0.3;

/// Largest extinction coefficient: at 1 a wavelength of material leaves 3 parts in a million of the light.
const MOST_EXTINCTION: f64 = 1.0;

/// A frame the page asks for.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct FrameRequest {
    /// The image, row by row, 0 dark and 255 bright.
    pub image: Vec<u8>,
    /// How the bench stands.
    #[serde(default)]
    pub bench: BenchSettings,
    /// Whether to simulate the grid of the design; otherwise one sample a pixel, which is faster.
    #[serde(default)]
    pub fine: bool,
    /// Whether to send the phase of each field.
    #[serde(default)]
    pub phase: bool,
    /// Whether to send a side view.
    #[serde(default)]
    pub side: bool,
    /// Which of networks side by side to show; without it the one that answers.
    #[serde(default)]
    pub network: Option<usize>,
}

/// How the bench stands, against its design.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct BenchSettings {
    /// One a mask in the order of the light, or none for masks in their places.
    pub masks: Vec<MaskSettings>,
    /// Displacement (y, x) of the detector, and along the axis, metres.
    pub detector: [f64; 3],
    /// Relative error of the wavelength.
    pub wavelength: f64,
    /// Extinction coefficient of the material; without it that of the design.
    pub extinction: Option<f64>,
}

/// How one mask stands.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct MaskSettings {
    /// Displacement towards +y, metres.
    pub y: f64,
    /// Displacement towards +x, metres.
    pub x: f64,
    /// Displacement away from the object, metres.
    pub z: f64,
    /// Angle by which it is turned, radians.
    pub rotation: f64,
    /// Whether it stands on the bench at all.
    pub on: bool,
}

impl Default for MaskSettings {
    fn default() -> Self {
        MaskSettings { y: 0.0, x: 0.0, z: 0.0, rotation: 0.0, on: true }
    }
}

impl FrameRequest {
    /// Reads a message.
    ///
    /// # Errors
    /// [`Error::Value`] for what is no such message.
    pub fn parse(body: &[u8]) -> Result<Self> {
        serde_json::from_slice(body)
            .map_err(|error| Error::Value(format!("this is no frame request: {error}")))
    }

    /// The image as values from 0 to 1.
    ///
    /// # Errors
    /// [`Error::Value`] for another number of values than `shape` (rows, columns) has.
    pub fn image(&self, shape: (usize, usize)) -> Result<Array2<f32>> {
        let (rows, columns) = shape;
        if self.image.len() != rows * columns {
            return Err(Error::Value(format!(
                "an image of {} values: this device takes {rows} x {columns}",
                self.image.len()
            )));
        }
        let at = |(y, x): (usize, usize)| f32::from(self.image[y * columns + x]) / 255.0;
        Ok(Array2::from_shape_fn(shape, at))
    }
}

impl BenchSettings {
    /// The errors of alignment and wavelength these are, on `bench`.
    ///
    /// # Errors
    /// [`Error::Value`] with the value and its limit.
    pub fn misalignment(&self, bench: &Bench) -> Result<Misalignment> {
        if self.masks.len() > MOST_MASKS {
            return Err(Error::Value(format!("{} masks: at most {MOST_MASKS}", self.masks.len())));
        }
        if !(-MOST_WAVELENGTH..=MOST_WAVELENGTH).contains(&self.wavelength) {
            return Err(Error::Value(format!(
                "a wavelength {} longer: it may be off by {MOST_WAVELENGTH}",
                self.wavelength
            )));
        }
        if let Some(kappa) = self.extinction.filter(|kappa| !(0.0..=MOST_EXTINCTION).contains(kappa)) {
            return Err(Error::Value(format!(
                "an extinction coefficient of {kappa}: it must be 0 to {MOST_EXTINCTION}"
            )));
        }
        let (height, width) = bench.grid().aperture();
        let length: f64 = bench.gaps.iter().sum();
        let place = |y: f64, x: f64, axial: f64| {
            if !(y.abs() <= height && x.abs() <= width && axial.abs() <= length) {
                return Err(Error::Value(format!(
                    "a plane {y} m, {x} m aside and {axial} m along the axis from its place: beyond the bench"
                )));
            }
            Ok(Displacement { lateral: (y, x), axial })
        };
        let [y, x, z] = self.detector;
        let masks = self.masks.iter().map(|mask| place(mask.y, mask.x, mask.z)).collect::<Result<_>>()?;
        let errors = Misalignment {
            masks,
            rotations: self.masks.iter().map(|mask| mask.rotation).collect(),
            absent: self.masks.iter().map(|mask| !mask.on).collect(),
            detector: place(y, x, z)?,
            wavelength: self.wavelength,
        };
        errors.check(bench.masks())?;
        Ok(errors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_as_designed() {
        let request =
            FrameRequest::parse(br#"{"image": [0, 255], "bench": {"masks": [{"x": 1e-3}]}}"#).unwrap();
        assert_eq!(request.bench.masks, [MaskSettings { x: 1e-3, ..MaskSettings::default() }]);
        assert!(request.bench.masks[0].on && !request.fine && request.network.is_none());
        assert_eq!(request.image((1, 2)).unwrap(), ndarray::array![[0.0, 1.0]]);
        assert!(request.image((2, 2)).unwrap_err().to_string().contains("2 x 2"));
    }

    #[test]
    fn other_messages_are_refused() {
        for body in
            ["", "{}", "[]", "{\"image\": [256]}", "{\"image\": [-1]}", "{\"image\": [], \"x\": 1}", "\u{0}"]
        {
            assert!(FrameRequest::parse(body.as_bytes()).is_err(), "{body}");
        }
        // Deeper than any message: refused, not a stack that overflows.
        let deep = format!("{{\"image\": {}", "[".repeat(100_000));
        assert!(FrameRequest::parse(deep.as_bytes()).is_err());
    }
}
