//! A frame as bytes: the length of a header (four bytes, the lowest first), the header as JSON, and behind it the
//! pictures it names, a byte a point.
//!
//! A byte is 255 times the fourth root of the intensity over the brightest of its picture: fine steps where it is dark,
//! so that the page can show the same bytes on any scale.

use std::f32::consts::TAU;

use ndarray::Array2;
use num_complex::Complex32;
use serde_json::{Value, json};

/// Points along one side of a picture at most; larger planes are sent as means over squares.
const MOST_SIDE: usize = 512;

/// A frame being written.
pub(super) struct FrameWriter {
    header: Value,
    pictures: Vec<Value>,
    bytes: Vec<u8>,
}

impl FrameWriter {
    /// A frame with `header`, an object.
    pub(super) fn new(header: Value) -> Self {
        FrameWriter { header, pictures: Vec::new(), bytes: Vec::new() }
    }

    /// The intensity of a field, and its phase if `phase`.
    pub(super) fn field(&mut self, name: &str, field: &Array2<Complex32>, phase: bool) {
        let bins = field.nrows().max(field.ncols()).div_ceil(MOST_SIDE);
        let intensity = binned(field.dim(), bins, |at| field[at].norm_sqr());
        let first = self.bytes.len();
        self.intensity(name, &intensity);
        if phase {
            self.bytes.extend(if bins == 1 {
                field.iter().map(|u| angle(*u)).collect::<Vec<_>>()
            } else {
                // The middle of a square stands for it: phases have no mean.
                let (rows, columns) = intensity.dim();
                let middle = |at: usize, side: usize| (at * bins + bins / 2).min(side - 1);
                (0..rows * columns)
                    .map(|n| {
                        angle(field[[middle(n / columns, field.nrows()), middle(n % columns, field.ncols())]])
                    })
                    .collect()
            });
            if let Some(picture) = self.pictures.last_mut() {
                picture["phase"] = json!(first + intensity.len());
            }
        }
    }

    /// A picture of intensities.
    pub(super) fn intensity(&mut self, name: &str, intensity: &Array2<f32>) {
        let peak = intensity.iter().copied().fold(0.0, f32::max);
        let factor = if peak > 0.0 { 1.0 / peak } else { 0.0 };
        self.pictures.push(json!({
            "name": name,
            "rows": intensity.nrows(),
            "columns": intensity.ncols(),
            "peak": peak,
            "level": self.bytes.len(),
        }));
        let level = |value: &f32| (255.0 * (value * factor).sqrt().sqrt() + 0.5) as u8;
        self.bytes.extend(intensity.iter().map(level));
    }

    /// Sets `key` of the header.
    pub(super) fn set(&mut self, key: &str, value: Value) {
        self.header[key] = value;
    }

    /// The whole frame.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.header["pictures"] = Value::Array(self.pictures);
        let header = self.header.to_string().into_bytes();
        let mut frame = Vec::with_capacity(4 + header.len() + self.bytes.len());
        frame.extend((header.len() as u32).to_le_bytes());
        frame.extend(header);
        frame.extend(self.bytes);
        frame
    }
}

/// The phase of `u` as a byte, a full turn being 256.
fn angle(u: Complex32) -> u8 {
    (u.im.atan2(u.re) * (256.0 / TAU)).round() as i32 as u8
}

/// Means over squares of `bins` x `bins` points; those at the far edges may be cut.
fn binned(shape: (usize, usize), bins: usize, value: impl Fn([usize; 2]) -> f32) -> Array2<f32> {
    let (rows, columns) = shape;
    if bins == 1 {
        return Array2::from_shape_fn(shape, |(y, x)| value([y, x]));
    }
    Array2::from_shape_fn((rows.div_ceil(bins), columns.div_ceil(bins)), |(y, x)| {
        let (bottom, right) = (rows.min((y + 1) * bins), columns.min((x + 1) * bins));
        let mut sum = 0.0;
        for row in y * bins..bottom {
            for column in x * bins..right {
                sum += value([row, column]);
            }
        }
        sum / ((bottom - y * bins) * (right - x * bins)) as f32
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_fourth_roots_and_phases_are_turns() {
        let u = |norm: f32, turn: f32| Complex32::from_polar(norm, turn * TAU);
        let field = ndarray::array![[u(2.0, 0.0), u(0.5, 0.25)], [u(0.0, 0.0), u(1.0, -0.25)]];
        let mut writer = FrameWriter::new(json!({"answer": 3}));
        writer.field("plane", &field, true);
        let frame = writer.finish();
        let length = u32::from_le_bytes(frame[..4].try_into().unwrap()) as usize;
        let header: Value = serde_json::from_slice(&frame[4..4 + length]).unwrap();
        assert_eq!((&header["answer"], &header["pictures"][0]["peak"]), (&json!(3), &json!(4.0)));
        assert_eq!(header["pictures"][0]["phase"], 4);
        // Fourth roots of intensities are square roots of amplitudes: 1, 1/2, 0, 0.7071.
        assert_eq!(&frame[4 + length..], [255, 128, 0, 180, 0, 64, 0, 192]);
    }

    #[test]
    fn large_planes_are_means() {
        let means = binned((3, 5), 2, |[y, x]| (10 * y + x) as f32);
        assert_eq!(means, ndarray::array![[5.5, 7.5, 9.0], [20.5, 22.5, 24.0]]);
    }
}
