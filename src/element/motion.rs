//! How a training moves the values of an element.

use crate::error::{Error, Result};

/// How a training moves the values of one array of an [`Element`](super::Element).
///
/// A training moves *parameters*, any real numbers; values follow from them. A step of Adam moves a parameter by about the learning
/// rate, which is in radians, so each variant says what a radian is to a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Motion {
    /// Phases on the circle, radians: the parameter itself, without ends.
    Circle,
    /// Any number: value = `by_radian` times the parameter.
    Free {
        /// What the value moves while a phase moves by a radian, in the unit of the values; above zero.
        by_radian: f64,
    },
    /// Numbers with ends: value = least + (most - least) (1 + sin parameter)/2.
    ///
    /// The sine reaches both ends and turns there: its slope vanishes at single points, never on a stretch, so no value is
    /// ever stuck, as it would be with a clamp or a sigmoid.
    Between {
        /// Smallest value.
        least: f64,
        /// Largest value.
        most: f64,
    },
}

impl Motion {
    /// Value of a parameter.
    pub fn value(self, parameter: f32) -> f32 {
        match self {
            Motion::Circle => parameter,
            Motion::Free { by_radian } => by_radian as f32 * parameter,
            Motion::Between { least, most } => {
                least as f32 + (most - least) as f32 * 0.5 * (1.0 + parameter.sin())
            }
        }
    }

    /// Derivative of [`Motion::value`].
    pub fn slope(self, parameter: f32) -> f32 {
        match self {
            Motion::Circle => 1.0,
            Motion::Free { by_radian } => by_radian as f32,
            Motion::Between { least, most } => (most - least) as f32 * 0.5 * parameter.cos(),
        }
    }

    /// A parameter with that value; away from ends by a thousandth of a turn, since there the slope is nothing.
    pub fn parameter(self, value: f32) -> f32 {
        match self {
            Motion::Circle => value,
            Motion::Free { by_radian } => value / by_radian as f32,
            Motion::Between { least, most } => {
                let sine = 2.0 * (value - least as f32) / (most - least) as f32 - 1.0;
                sine.clamp(-1.0, 1.0).asin().clamp(-1.5646, 1.5646)
            }
        }
    }

    /// Refuses what moves nothing, for the array `array` of `name`.
    pub(crate) fn check(self, name: &str, array: usize) -> Result<()> {
        let problem = match self {
            Motion::Free { by_radian } if !(by_radian.is_finite() && by_radian > 0.0) => {
                format!("move by {by_radian} a radian: it must be above zero")
            }
            Motion::Between { least, most } if !(least.is_finite() && most.is_finite() && least < most) => {
                format!("lie between {least} and {most}: the second must be above the first")
            }
            _ => return Ok(()),
        };
        Err(Error::Value(format!("Element::motion of the {name}: values of array {array} {problem}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_parameters_and_the_slope_is_the_derivative() {
        for (motion, values) in [
            (Motion::Circle, [-7.0, 0.3, 4.0]),
            (Motion::Free { by_radian: 2e-4 }, [-3e-3, 1e-5, 2e-3]),
            (Motion::Between { least: -2e-3, most: 1e-3 }, [-1.9e-3, 0.0, 0.9e-3]),
        ] {
            for value in values {
                let parameter = motion.parameter(value);
                // Single precision of the range, and of the arcsine near an end.
                assert!(
                    (motion.value(parameter) - value).abs() <= 1e-5 * value.abs().max(1e-3),
                    "{motion:?}"
                );
                let difference = (motion.value(parameter + 1e-2) - motion.value(parameter - 1e-2)) / 2e-2;
                // Truncation 2e-5 of the slope, rounding 1e-5 of the largest value over the step.
                let scale = motion.slope(0.0).abs();
                assert!((difference - motion.slope(parameter)).abs() < 1e-3 * scale, "{motion:?} {value}");
            }
        }
        // At an end the slope would be nothing: a little inside.
        let ends = Motion::Between { least: 0.0, most: 1.0 };
        assert!(ends.slope(ends.parameter(0.0)) > 1e-3 && ends.slope(ends.parameter(2.0)) > 1e-3);
    }

    #[test]
    fn what_moves_nothing_is_refused() {
        for (motion, reason) in [
            (Motion::Free { by_radian: 0.0 }, "by 0 a radian: it must be above zero"),
            (Motion::Free { by_radian: f64::NAN }, "above zero"),
            (Motion::Between { least: 1.0, most: 1.0 }, "the second must be above the first"),
            (Motion::Between { least: 0.0, most: f64::INFINITY }, "between 0 and inf"),
        ] {
            let message = motion.check("grating", 0).unwrap_err().to_string();
            assert!(message.contains("the grating") && message.contains(reason), "{message}");
        }
        assert!(Motion::Circle.check("grating", 0).is_ok());
    }
}
