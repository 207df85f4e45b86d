//! Reliefs as they are printed: heights from the base up, in levels or with errors.

use std::f64::consts::TAU;

use super::Modulation;
use crate::field::Real;
use crate::units::Radians;

impl Modulation {
    /// The phase whose height is printed: `phase` itself within the relief, otherwise less whole turns.
    pub fn relief_phase<T: Real>(self, phase: T) -> T {
        let largest = match self {
            Modulation::Phase { phase_max, .. } => phase_max,
            Modulation::Amplitude | Modulation::Complex => TAU,
        };
        // What single precision makes of the highest phase is a little above it, and no height a turn lower.
        if phase >= T::zero() && phase.widen() <= largest.max(f64::from(largest as f32)) {
            return phase;
        }
        // In double precision: in single a turn is off by 2e-7, and so is every one of a thousand turns.
        T::narrow(phase.widen().rem_euclid(TAU))
    }

    /// The phase of the nearest of `levels` equal steps of a full turn.
    ///
    /// The step of the whole turn is no step at all, and a relief that ends earlier has no step above its end.
    pub fn nearest_level(self, phase: f32, levels: u32) -> f32 {
        let step = TAU / f64::from(levels);
        let number = (f64::from(self.relief_phase(phase)) / step).round();
        let number = match self {
            Modulation::Phase { phase_max, .. } if phase_max < TAU => {
                number.min((phase_max / step + 1e-9).floor())
            }
            _ if number >= f64::from(levels) => 0.0,
            _ => number,
        };
        (number * step) as f32
    }

    /// The phase of a pixel that is wrong by `error`. No pixel of a relief is lower than the base; it may be higher than the
    /// highest of the design ([`Modulation::of_any_height`]).
    pub fn misprinted(self, phase: f32, error: Radians) -> f32 {
        if !self.is_phase() {
            return (f64::from(phase) + error) as f32;
        }
        (f64::from(self.relief_phase(phase)) + error).max(0.0) as f32
    }

    /// The same relief without a highest height: what is too high is a height all the same, and no height less a turn.
    pub fn of_any_height(self) -> Self {
        match self {
            Modulation::Phase { absorption, base, scale, .. } => {
                Modulation::Phase { absorption, base, phase_max: f64::MAX, scale }
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABSORBING: Modulation =
        Modulation::Phase { absorption: 0.04, base: 0.9, phase_max: TAU, scale: 1.0 };

    #[test]
    fn the_highest_phase_is_high_in_any_precision() {
        // 2 pi in single precision is 2e-7 above it.
        let highest = TAU as f32;
        assert_eq!(ABSORBING.relief_phase(highest), highest);
        assert_eq!(ABSORBING.relief_phase(f64::from(highest)), f64::from(highest));
        assert!(ABSORBING.relief_phase(f64::from(highest.next_up())) < 1e-5);
    }

    #[test]
    fn levels_end_below_a_turn_and_below_the_relief() {
        let quarter = TAU as f32 / 4.0;
        for (phase, level) in
            [(0.0, 0.0), (0.7, 0.0), (0.8, 1.0), (2.9, 2.0), (5.4, 3.0), (6.2, 0.0), (-0.8, 3.0)]
        {
            for modulation in [Modulation::LOSSLESS, ABSORBING, Modulation::Complex] {
                assert!((modulation.nearest_level(phase, 4) - level * quarter).abs() < 1e-6, "{phase}");
            }
        }
        // Half a turn has the steps 0, 1 and 2 of four, and 0 and 1 of three.
        let half = Modulation::Phase { absorption: 0.04, base: 0.9, phase_max: TAU / 2.0, scale: 1.0 };
        assert!((half.nearest_level(3.1, 4) - 2.0 * quarter).abs() < 1e-6);
        assert!((half.nearest_level(3.1, 3) - TAU as f32 / 3.0).abs() < 1e-6);
    }

    #[test]
    fn a_misprinted_pixel_stands_on_its_base_and_may_be_too_high() {
        assert_eq!(ABSORBING.misprinted(0.1, -0.4), 0.0);
        assert!(
            (Modulation::Complex.misprinted(0.1, -0.4) + 0.3).abs() < 1e-7,
            "what is no relief has no base"
        );
        assert_eq!(ABSORBING.misprinted(0.1 - TAU as f32, 0.0), ABSORBING.relief_phase(0.1 - TAU as f32));
        // A thousand turns up single precision keeps 5e-4 of a phase, and the turns themselves are taken off exactly.
        let turns_up = (1000.0 * TAU + 1.0) as f32;
        let exactly = f64::from(turns_up) - 1000.0 * TAU;
        assert!((f64::from(ABSORBING.misprinted(turns_up, 0.0)) - exactly).abs() < 1e-7);
        let high = ABSORBING.misprinted(6.2, 0.3);
        assert!((high - 6.5).abs() < 1e-6);
        // More plastic than a full turn absorbs more than a full turn, and not next to nothing.
        let transmitted = |modulation: Modulation| modulation.transmission([f64::from(high), 0.0]).norm();
        assert!((transmitted(ABSORBING.of_any_height()) - 0.9 * (-0.04f64 * 6.5).exp()).abs() < 1e-7);
        assert!(transmitted(ABSORBING) > 0.89, "less a turn it would be a thin spot");
    }
}
