//! No free space and no mask gives light: a simulation that finds more power behind them is wrong.

use crate::error::{Error, Result};
use crate::units::three_digits;

/// Most power behind passive optics, in units of the power before it, that is not an error.
///
/// Where sampling is safe the sampled impulse response gains 5e-4 at most
/// ([`super::rayleigh_sommerfeld::safe_distance`]), the angular spectrum nothing, and single precision rounds sums of
/// powers at 1e-6: a hundredth more is none of these.
const MOST_POWER: f64 = 1.01;

/// Refuses `behind`, a power, where it is more than passive optics leaves of the power `before`; `what` stands between
/// them, as the subject of a sentence.
///
/// # Errors
/// [`Error::Value`] with the figure.
pub(crate) fn check_passive(what: &str, before: f64, behind: f64) -> Result<()> {
    if !behind.is_finite() {
        return Err(Error::Value(format!(
            "the power behind {what} is not finite: these lengths or amplitudes are beyond the range of numbers"
        )));
    }
    if behind <= MOST_POWER * before {
        return Ok(());
    }
    Err(Error::Value(format!(
        "{what} gives {} times the power it got, and passive optics gives none: the light is sampled too coarsely for \
         this method, or its window is too small; take the method auto, finer samples or more padding",
        three_digits(behind / before)
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gain_is_refused_with_its_figure() {
        assert!(check_passive("a gap", 2.0, 2.0).is_ok() && check_passive("a gap", 0.0, 0.0).is_ok());
        assert!(check_passive("a gap", 2.0, 2.01).is_ok(), "half a per cent may be rounding");
        let message = check_passive("a gap", 2.0, 6.8).unwrap_err().to_string();
        assert!(message.contains("a gap gives 3.4 times the power it got"), "{message}");
        assert!(check_passive("a gap", 0.0, 1e-9).is_err());
        let message = check_passive("a gap", 1.0, f64::NAN).unwrap_err().to_string();
        assert!(message.contains("not finite"), "{message}");
    }
}
