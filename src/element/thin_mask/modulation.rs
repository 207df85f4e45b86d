//! What the pixels of a mask do to light, and by which numbers.

use std::f64::consts::{FRAC_PI_4, TAU};

use ndarray::Array2;
use num_complex::Complex;

use crate::element::Motion;
use crate::field::Real;
use crate::material::Material;
use crate::named::named;
use crate::units::{Metres, Radians};

/// What a pixel can do to the light that crosses it, and by which numbers.
///
/// A mask is given by *values*, one real array a channel; the transmission t follows from them. Training moves
/// *parameters*, any real numbers, which [`Modulation::motion`] maps onto values within their range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Modulation {
    /// A relief of a real material: t = base exp((i - absorption) phase). One channel, the phase.
    ///
    /// Phases within [0, phase_max] are heights as they are; others stand for the height of the phase less whole
    /// turns, as it is printed.
    Phase {
        /// Nepers of amplitude lost per radian of phase, kappa/(n - medium).
        absorption: f64,
        /// Amplitude transmission of the plate below the relief.
        base: f64,
        /// Largest phase of the relief.
        phase_max: Radians,
        /// What a pixel gives over its phase: the wavelength of the design over that of the light. 1 as designed; then
        /// t = base exp((i - absorption) scale phase).
        scale: f64,
    },
    /// A grey filter: t = amplitude, 0 to 1. One channel.
    Amplitude,
    /// Any passive transmission, t = amplitude exp(i phase). Two channels: phase, amplitude.
    Complex,
}

named! { Modulation {
    Phase { absorption: 0.0, base: 1.0, phase_max: TAU, scale: 1.0 } = "phase",
    Amplitude = "amplitude",
    Complex = "complex",
} }

impl Modulation {
    /// A lossless phase mask of a full turn: t = exp(i phase).
    pub const LOSSLESS: Self = Modulation::Phase { absorption: 0.0, base: 1.0, phase_max: TAU, scale: 1.0 };

    /// A relief of `material` up to `phase_max` on a base of `base_thickness`.
    pub fn of_material(
        material: &Material,
        wavelength: Metres,
        base_thickness: Metres,
        phase_max: Radians,
    ) -> Self {
        Modulation::Phase {
            absorption: material.absorption_per_radian(),
            base: material.transmission(base_thickness, wavelength),
            phase_max,
            scale: 1.0,
        }
    }

    /// The same masks in light `ratio` times as long: a relief of constant n and kappa gives a phase and an absorption
    /// that are less in that measure. Other masks do the same in any light.
    pub(crate) fn in_light(self, ratio: f64) -> Self {
        match self {
            Modulation::Phase { absorption, base, phase_max, scale } => Modulation::Phase {
                absorption,
                base: base.powf(1.0 / ratio),
                phase_max,
                scale: scale / ratio,
            },
            other => other,
        }
    }

    /// What a relief gives over the phases of its values; 1 as designed.
    pub(crate) fn scale(self) -> f64 {
        match self {
            Modulation::Phase { scale, .. } => scale,
            Modulation::Amplitude | Modulation::Complex => 1.0,
        }
    }

    /// Whether the masks are reliefs of a material.
    pub fn is_phase(self) -> bool {
        matches!(self, Modulation::Phase { .. })
    }

    /// Numbers a pixel has.
    pub fn channels(self) -> usize {
        match self {
            Modulation::Phase { .. } | Modulation::Amplitude => 1,
            Modulation::Complex => 2,
        }
    }

    /// Whether the values of a channel are phases.
    pub fn is_angle(self, channel: usize) -> bool {
        matches!((self, channel), (Modulation::Phase { .. }, _) | (Modulation::Complex, 0))
    }

    /// Whether any of a pixel's values is a phase.
    pub(crate) fn has_phases(self) -> bool {
        (0..self.channels()).any(|channel| self.is_angle(channel))
    }

    /// How a training moves the values of a channel.
    pub fn motion(self, channel: usize) -> Motion {
        let most = match self {
            Modulation::Phase { absorption, phase_max, .. } if absorption == 0.0 && phase_max == TAU => {
                return Motion::Circle;
            }
            Modulation::Phase { phase_max, .. } => phase_max,
            Modulation::Complex if channel == 0 => return Motion::Circle,
            Modulation::Amplitude | Modulation::Complex => 1.0,
        };
        Motion::Between { least: 0.0, most }
    }

    /// The parameter a training of flat masks begins with.
    ///
    /// Where there are ends it begins away from them: phases in the middle, amplitudes at 0.85.
    pub fn flat(self, channel: usize) -> f32 {
        if self.is_angle(channel) { 0.0 } else { FRAC_PI_4 as f32 }
    }

    /// A parameter with that value ([`Motion::parameter`]); phases beyond a relief are taken less whole turns.
    pub fn parameter(self, channel: usize, value: f32) -> f32 {
        match self.motion(channel) {
            motion @ Motion::Between { .. } if self.is_phase() => motion.parameter(self.relief_phase(value)),
            motion => motion.parameter(value),
        }
    }

    /// Transmission of a pixel; `values` has one number a channel.
    pub fn transmission<T: Real>(self, values: [T; 2]) -> Complex<T> {
        let cis = |phase: T| Complex::new(phase.cos(), phase.sin());
        match self {
            Modulation::Phase { absorption, base, scale, .. } => {
                let given = |phase: T| T::narrow(scale) * phase;
                let amplitude = if absorption == 0.0 {
                    T::narrow(base)
                } else {
                    T::narrow(base) * (-T::narrow(absorption) * given(self.relief_phase(values[0]))).exp()
                };
                // In the light of the design whole turns do not matter, in another they do.
                let phase = if scale == 1.0 { values[0] } else { given(self.relief_phase(values[0])) };
                cis(phase) * amplitude
            }
            Modulation::Amplitude => Complex::new(values[0], T::zero()),
            Modulation::Complex => cis(values[0]) * values[1],
        }
    }

    /// Derivatives of [`Modulation::transmission`] by each channel.
    pub fn derivatives<T: Real>(self, values: [T; 2]) -> [Complex<T>; 2] {
        let none = Complex::new(T::zero(), T::zero());
        let t = self.transmission(values);
        match self {
            Modulation::Phase { absorption, scale, .. } => {
                [t * Complex::new(-T::narrow(absorption * scale), T::narrow(scale)), none]
            }
            Modulation::Amplitude => [Complex::new(T::one(), T::zero()), none],
            Modulation::Complex => {
                [t * Complex::new(T::zero(), T::one()), Complex::new(values[0].cos(), values[0].sin())]
            }
        }
    }

    /// Checks the values of one channel.
    ///
    /// # Errors
    /// A sentence with the place and the value, for values that are not finite and amplitudes outside 0 to 1.
    pub fn check<T: Real>(self, channel: usize, values: &Array2<T>) -> std::result::Result<(), String> {
        let amplitude = !self.is_angle(channel);
        let name = if amplitude { "amplitude" } else { "phase" };
        for ((y, x), value) in values.indexed_iter() {
            if !value.is_finite() {
                return Err(format!("the {name} at [{y}, {x}] is {value:?}: it must be finite"));
            }
            // An amplitude that was a complex number may exceed 1 by its rounding.
            if amplitude && !(0.0..=1.0 + 1e-6).contains(&value.widen()) {
                return Err(format!(
                    "the amplitude at [{y}, {x}] is {value:?}: a mask without gain has amplitudes from 0 to 1"
                ));
            }
        }
        Ok(())
    }

    /// The values of a pixel from its channels.
    pub(crate) fn pixel<T: Real>(channels: &[Array2<T>], at: (usize, usize)) -> [T; 2] {
        [channels[0][at], channels.get(1).map_or(T::zero(), |channel| channel[at])]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABSORBING: Modulation =
        Modulation::Phase { absorption: 0.04, base: 0.9, phase_max: TAU, scale: 1.0 };
    const LONGER: Modulation = Modulation::Phase { absorption: 0.04, base: 0.9, phase_max: TAU, scale: 0.98 };
    const ALL: [Modulation; 5] =
        [Modulation::LOSSLESS, ABSORBING, LONGER, Modulation::Amplitude, Modulation::Complex];

    #[test]
    fn derivatives_are_central_differences() {
        for modulation in ALL {
            for values in [[0.3, 0.7], [5.9, 0.2], [1.0, 0.0]] {
                let exact = modulation.derivatives::<f64>(values);
                for channel in 0..modulation.channels() {
                    let at = |step: f64| {
                        let mut moved = values;
                        moved[channel] += step;
                        modulation.transmission(moved)
                    };
                    // Truncation 1e-12 of third derivatives of about one, rounding 1e-16/1e-6.
                    let difference = (at(1e-6) - at(-1e-6)) / 2e-6;
                    assert!((difference - exact[channel]).norm() < 1e-9, "{modulation:?} {values:?}");
                }
            }
        }
    }

    #[test]
    fn parameters_reach_both_ends_and_the_slope_is_the_derivative() {
        for modulation in ALL {
            for channel in 0..modulation.channels() {
                let motion = modulation.motion(channel);
                let values: Vec<f32> = (0..1000).map(|step| motion.value(step as f32 * 0.00628)).collect();
                let (low, high) = values
                    .iter()
                    .fold((f32::MAX, f32::MIN), |(low, high), value| (low.min(*value), high.max(*value)));
                let largest = match motion {
                    Motion::Between { most, .. } => most as f32,
                    _ => TAU as f32,
                };
                // 1000 steps over a turn come within half a step of the ends; near them the sine is flat.
                assert!(low.abs() < 1e-3 && (high - largest).abs() < 0.01, "{modulation:?}: {low} {high}");
                for parameter in [-1.3f32, 0.0, 0.4, 2.0] {
                    let step = 1e-2f32;
                    let difference =
                        (motion.value(parameter + step) - motion.value(parameter - step)) / (2.0 * step);
                    // Truncation step^2/6 of the largest value, rounding 1e-6/1e-2.
                    assert!((difference - motion.slope(parameter)).abs() < 5e-4);
                }
            }
        }
    }

    #[test]
    fn a_value_has_its_parameter() {
        for modulation in ALL {
            for channel in 0..modulation.channels() {
                for value in [0.001, 0.3, 0.5, 0.99] {
                    let back = modulation.motion(channel).value(modulation.parameter(channel, value));
                    assert!((back - value).abs() < 1e-5, "{modulation:?} {value} {back}");
                }
            }
        }
    }

    #[test]
    fn phases_beyond_the_relief_are_printed_less_whole_turns() {
        let phase = |value: f64| ABSORBING.relief_phase(value);
        assert_eq!(phase(1.0), 1.0);
        assert!((phase(1.0 + 3.0 * TAU) - 1.0).abs() < 1e-12);
        assert!((phase(-0.5) - (TAU - 0.5)).abs() < 1e-12);
        // exp(-0.04 rad * 1) of the amplitude at one radian, under a base that passes 0.9 of it.
        let t = ABSORBING.transmission([1.0, 0.0]);
        assert!((t.norm() - 0.9 * (-0.04f64).exp()).abs() < 1e-15 && (t.arg() - 1.0).abs() < 1e-15);
    }

    #[test]
    fn amplitudes_have_limits() {
        let array = |value: f64| Array2::from_elem((2, 2), value);
        assert!(Modulation::Amplitude.check(0, &array(0.5)).is_ok());
        assert!(Modulation::Amplitude.check(0, &array(1.1)).unwrap_err().contains("without gain"));
        assert!(Modulation::Complex.check(1, &array(-0.1)).unwrap_err().contains("from 0 to 1"));
        assert!(Modulation::Complex.check(0, &array(-7.0)).is_ok());
        assert!(Modulation::LOSSLESS.check(0, &array(f64::NAN)).unwrap_err().contains("finite"));
    }

    #[test]
    fn a_relief_in_longer_light_gives_less_of_everything() {
        let longer = ABSORBING.in_light(1.02);
        let (design, light) = (ABSORBING.transmission([1.0f64, 0.0]), longer.transmission([1.0f64, 0.0]));
        // kappa and n - 1 are the same and so is the height: logarithms go with one over the wavelength.
        assert!((light.norm().ln() * 1.02 - design.norm().ln()).abs() < 1e-15);
        assert!((light.arg() * 1.02 - 1.0).abs() < 1e-15);
        // A phase below zero is printed a turn higher, and that turn is no whole one any more.
        let turned: Complex<f64> = longer.transmission([1.0 - TAU, 0.0]);
        assert!((turned - light).norm() < 1e-15);
        assert_eq!(Modulation::Complex.in_light(1.02), Modulation::Complex);
        assert_eq!(ABSORBING.in_light(1.0), ABSORBING);
    }
}
