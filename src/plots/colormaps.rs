//! From a number to a colour: intensity, phase and shares.

use std::f64::consts::TAU;

/// How numbers in 0..=1 become colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colormap {
    /// Intensity: black through purple and orange to pale yellow, lightness always rising.
    ///
    /// "inferno" of N. Smith and S. van der Walt (matplotlib, CC0), met at 17 points and linear between.
    Intensity,
    /// Phase: begins and ends at the same dark colour, blue on the rising half, red on the falling one.
    ///
    /// After the idea of "twilight" (B. Bechtold): lightness says how far from 0, hue on which side.
    Phase,
    /// Shares in a table: white to deep blue, lightness always falling.
    Share,
}

/// The "inferno" colour map at 0, 1/16, ..., 1, in sRGB.
const INFERNO: [[u8; 3]; 17] = [
    [0, 0, 4],
    [11, 7, 36],
    [33, 12, 74],
    [61, 9, 101],
    [87, 16, 110],
    [113, 25, 110],
    [138, 34, 106],
    [163, 44, 97],
    [188, 55, 84],
    [208, 69, 69],
    [227, 89, 51],
    [241, 113, 31],
    [249, 140, 10],
    [252, 170, 15],
    [249, 201, 50],
    [242, 232, 101],
    [252, 255, 164],
];

impl Colormap {
    /// The sRGB colour of `value`, clamped to 0..=1 (not a number counts as 0).
    pub fn colour(self, value: f64) -> [u8; 3] {
        let value = if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) };
        match self {
            Colormap::Intensity => {
                let place = value * (INFERNO.len() - 1) as f64;
                let index = (place as usize).min(INFERNO.len() - 2);
                mix(INFERNO[index], INFERNO[index + 1], place - index as f64)
            }
            Colormap::Phase => {
                let (sine, cosine) = (value * TAU).sin_cos();
                // Far from 0 the colour is light and nearly grey; the hue lives on the flanks.
                let far = (1.0 - cosine) / 2.0;
                let lightness = 0.20 + 0.73 * far;
                let purple = 1.0 - far;
                // As strong as sRGB can show: stronger blues would be cut off, and the cut would be seen.
                oklab(lightness, 0.030 * purple - 0.060 * sine, -0.035 * purple - 0.085 * sine)
            }
            Colormap::Share => {
                let lightness = 0.985 - 0.62 * value;
                let strength = value.powf(0.7);
                oklab(lightness, -0.030 * strength, -0.120 * strength)
            }
        }
    }
}

/// The colour between two sRGB colours, `share` of the way.
pub(super) fn mix(from: [u8; 3], to: [u8; 3], share: f64) -> [u8; 3] {
    std::array::from_fn(|i| {
        let (from, to) = (f64::from(from[i]), f64::from(to[i]));
        (from + (to - from) * share).round().clamp(0.0, 255.0) as u8
    })
}

/// Relative luminance of an sRGB colour, 0 black to 1 white (IEC 61966-2-1, WCAG 2).
pub fn luminance(colour: [u8; 3]) -> f64 {
    let linear = colour.map(|channel| {
        let value = f64::from(channel) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
}

/// sRGB of a colour in Oklab (B. Ottosson, "A perceptual color space for image processing", 2020).
fn oklab(lightness: f64, a: f64, b: f64) -> [u8; 3] {
    let l = (lightness + 0.3963377774 * a + 0.2158037573 * b).powi(3);
    let m = (lightness - 0.1055613458 * a - 0.0638541728 * b).powi(3);
    let s = (lightness - 0.0894841775 * a - 1.2914855480 * b).powi(3);
    let linear = [
        4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
        -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
        -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s,
    ];
    linear.map(|value| {
        let value = value.clamp(0.0, 1.0);
        let encoded = if value <= 0.0031308 { 12.92 * value } else { 1.055 * value.powf(1.0 / 2.4) - 0.055 };
        (encoded * 255.0).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequential_maps_only_rise_or_only_fall_in_luminance() {
        let steps = |map: Colormap| -> Vec<f64> {
            (0..=200).map(|i| luminance(map.colour(f64::from(i) / 200.0))).collect()
        };
        assert!(steps(Colormap::Intensity).windows(2).all(|pair| pair[1] >= pair[0]));
        assert!(steps(Colormap::Share).windows(2).all(|pair| pair[1] <= pair[0]));
    }

    #[test]
    fn the_ends_of_the_phase_map_meet() {
        assert_eq!(Colormap::Phase.colour(0.0), Colormap::Phase.colour(1.0));
        // No step of the circle is larger than the eye forgives, the seam included.
        for i in 0..256 {
            let here = Colormap::Phase.colour(f64::from(i) / 256.0);
            let next = Colormap::Phase.colour(f64::from((i + 1) % 256) / 256.0);
            let step = (0..3).map(|c| here[c].abs_diff(next[c])).max();
            assert!(step <= Some(5), "{i}: {here:?} {next:?}");
        }
    }

    #[test]
    fn the_two_sides_of_zero_phase_differ() {
        let (rising, falling) = (Colormap::Phase.colour(0.25), Colormap::Phase.colour(0.75));
        assert!(rising[2] > rising[0] && falling[0] > falling[2], "{rising:?} {falling:?}");
    }

    #[test]
    fn values_outside_are_clamped() {
        assert_eq!(Colormap::Intensity.colour(-1.0), [0, 0, 4]);
        assert_eq!(Colormap::Intensity.colour(7.0), [252, 255, 164]);
        assert_eq!(Colormap::Intensity.colour(f64::NAN), [0, 0, 4]);
    }
}
