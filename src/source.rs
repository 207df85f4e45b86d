//! The light that leaves the object beside a single coherent wave: several wavelengths, and a source that is not a point.
//!
//! Waves of different wavelengths, or from different points of an incoherent source, do not interfere on a detector:
//! their intensities add. Each is a *beam*, carried coherently by itself ([`crate::bench::Bench::beams`]).
//!
//! ```
//! use d2nn::source::{Extended, LightSource};
//!
//! let disc = Extended { half_angle: 0.02, points: 7 };
//! let lamp = LightSource { extended: Some(disc), ..LightSource::default() };
//! assert_eq!(lamp.beams(), 7);
//! # Ok::<(), d2nn::Error>(())
//! ```

use std::f64::consts::TAU;

use crate::error::{Error, Result};
use crate::named::named;
use crate::units::{Metres, Radians, format_length, trimmed};

/// Light of one wavelength.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Wavelength over that of the bench, which the masks are designed for.
    pub ratio: f64,
    /// Its share of the power; the shares of all lines add up to 1.
    pub share: f64,
}

/// Which readings light of a line adds to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineReadout {
    /// Every one: detectors that see all wavelengths alike.
    Sum,
    /// Reading r is that of line r mod the number of lines: detectors behind filters, one for each line at every place.
    Multiplexed,
}
named! { LineReadout { Sum = "sum", Multiplexed = "multiplexed" } }

/// A round source of mutually incoherent points, so far away that each sends a plane wave.
///
/// Points are spread evenly over the disc. The coherence between two places on the object at the distance d is that of
/// van Cittert and Zernike, 2 J1(v)/v with v = k d sin(half angle) (Born & Wolf, Principles of Optics, 7th ed., section
/// 10.4.2), as far as the points can show it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extended {
    /// Half the angle that the source takes, seen from the object.
    pub half_angle: Radians,
    /// Number of points.
    pub points: usize,
}

impl Extended {
    /// Directions of the waves, the sines of the angles to the axis towards +y and +x; their mean is the axis.
    ///
    /// Points of a sunflower: the k-th of n lies sqrt((k + 1/2)/n) of the radius off, each turned by the golden angle against
    /// the one before (Vogel, Math. Biosci. 44, 179 (1979)).
    pub fn directions(&self) -> Vec<(f64, f64)> {
        let golden = TAU * (1.0 - 2.0 / (1.0 + 5f64.sqrt()));
        let points = self.points as f64;
        let spread: Vec<(f64, f64)> = (0..self.points)
            .map(|number| {
                let radius = self.half_angle.sin() * ((number as f64 + 0.5) / points).sqrt();
                let (sin, cos) = (golden * number as f64).sin_cos();
                (radius * sin, radius * cos)
            })
            .collect();
        let middle = spread.iter().fold((0.0, 0.0), |sum, at| (sum.0 + at.0 / points, sum.1 + at.1 / points));
        spread.into_iter().map(|at| (at.0 - middle.0, at.1 - middle.1)).collect()
    }
}

/// What light there is on the object.
#[derive(Clone, Debug, PartialEq)]
pub struct LightSource {
    /// Its wavelengths.
    pub lines: Vec<Line>,
    /// How lines are read.
    pub readout: LineReadout,
    /// How it is spread over angles; none for one coherent wave.
    pub extended: Option<Extended>,
}

/// One coherent wave of the bench's own wavelength.
impl Default for LightSource {
    fn default() -> Self {
        LightSource {
            lines: vec![Line { ratio: 1.0, share: 1.0 }],
            readout: LineReadout::Sum,
            extended: None,
        }
    }
}

impl LightSource {
    /// Most beams a device may have: each costs as much as a device alone.
    pub const MOST_BEAMS: usize = 1000;

    /// Light of several wavelengths, as (wavelength over that of the bench, weight): weights are scaled to shares.
    pub fn of_lines(lines: &[(f64, f64)], readout: LineReadout) -> Self {
        let total: f64 = lines.iter().map(|(_, weight)| weight).sum();
        let lines = lines.iter().map(|&(ratio, weight)| Line { ratio, share: weight / total }).collect();
        LightSource { lines, readout, extended: None }
    }

    /// Number of beams.
    pub fn beams(&self) -> usize {
        self.lines.len() * self.extended.map_or(1, |extended| extended.points)
    }

    /// Whether it is one coherent wave of the bench's own wavelength.
    pub fn is_plain(&self) -> bool {
        *self == LightSource::default()
    }

    /// In words, of a bench of `wavelength`; empty for one coherent wave of it.
    pub fn words(&self, wavelength: Metres) -> String {
        let mut words = Vec::new();
        if self.lines.len() > 1 || self.lines[0].ratio != 1.0 {
            let line = |line: &Line| {
                let length = format_length(line.ratio * wavelength, 4);
                if self.lines.len() == 1 { length } else { format!("{length} ({:.0} %)", 100.0 * line.share) }
            };
            let lines: Vec<String> = self.lines.iter().map(line).collect();
            let apart = if self.told_apart() > 1 { ", each read by itself" } else { "" };
            words.push(format!("light of {}{apart}", lines.join(" and ")));
        }
        if let Some(Extended { half_angle, points }) = self.extended {
            let half_angle = trimmed(half_angle.to_degrees(), 3);
            words.push(format!(
                "an incoherent source of {half_angle} degrees to each side in {points} points"
            ));
        }
        words.join(", ")
    }

    /// Lines that have readings of their own: 1 where all add up.
    pub fn told_apart(&self) -> usize {
        if self.readout == LineReadout::Multiplexed { self.lines.len() } else { 1 }
    }

    /// Checks the numbers.
    ///
    /// # Errors
    /// [`Error::Value`] for no line, lengths or shares that are not above zero, shares that do not add up to 1, an angle that is
    /// not between 0 and a quarter turn, and no points or too many.
    pub fn check(&self) -> Result<()> {
        let above_zero = |number: f64| number.is_finite() && number > 0.0;
        if self.lines.is_empty() {
            return Err(Error::Value("a source without a wavelength".into()));
        }
        if let Some(line) = self.lines.iter().find(|line| !(above_zero(line.ratio) && above_zero(line.share)))
        {
            return Err(Error::Value(format!(
                "light of {} times the wavelength with a share of {}: both must be above zero",
                line.ratio, line.share
            )));
        }
        let total: f64 = self.lines.iter().map(|line| line.share).sum();
        // A hundred shares are rounded by 1e-16 each.
        if (total - 1.0).abs() > 1e-9 {
            return Err(Error::Value(format!(
                "shares of the wavelengths add up to {total}: they must make 1"
            )));
        }
        if let Some(Extended { half_angle, points }) = self.extended
            && (!(half_angle > 0.0 && half_angle < TAU / 4.0) || points == 0)
        {
            return Err(Error::Value(format!(
                "a source of {points} points and half an angle of {half_angle} rad: there must be a point, and an angle \
                 between 0 and a quarter turn"
            )));
        }
        if self.beams() > Self::MOST_BEAMS {
            return Err(Error::Value(format!(
                "{} wavelengths from {} points are {} beams: {} is the limit, take fewer points",
                self.lines.len(),
                self.beams() / self.lines.len(),
                self.beams(),
                Self::MOST_BEAMS
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// J1(v) by its integral, (1/pi) int cos(t - v sin t) dt over half a turn.
    fn bessel(v: f64) -> f64 {
        let steps = 2000;
        let sum: f64 = (0..steps)
            .map(|step| {
                let t = std::f64::consts::PI * (step as f64 + 0.5) / steps as f64;
                (t - v * t.sin()).cos()
            })
            .sum();
        sum / steps as f64
    }

    /// Largest difference to van Cittert and Zernike for distances up to the second zero of the coherence.
    fn worst(points: usize) -> f64 {
        let source = Extended { half_angle: 0.03, points };
        let directions = source.directions();
        let mut worst: f64 = 0.0;
        for step in 1..=28 {
            let v = 0.25 * f64::from(step);
            let expected = 2.0 * bessel(v) / v;
            for turn in 0..8 {
                let (sin, cos) = (TAU * f64::from(turn) / 8.0).sin_cos();
                // k d = v/sin(half angle).
                let along = |at: &(f64, f64)| v / 0.03f64.sin() * (at.0 * sin + at.1 * cos);
                let (re, im) = directions.iter().fold((0.0, 0.0), |sum, at| {
                    (sum.0 + along(at).cos() / points as f64, sum.1 + along(at).sin() / points as f64)
                });
                worst = worst.max((re - expected).hypot(im));
            }
        }
        worst
    }

    #[test]
    fn points_converge_to_van_cittert_and_zernike() {
        let [few, some, many] = [8, 32, 128].map(worst);
        // Of points spread evenly the error falls as fast as their number rises, or nearly: 0.18, 0.05 and 0.013.
        assert!(few < 0.3 && some < 0.08 && many < 0.02, "{few} {some} {many}");
        assert!(some < 0.5 * few && many < 0.5 * some, "{few} {some} {many}");
    }

    #[test]
    fn one_point_is_on_the_axis() {
        assert_eq!(Extended { half_angle: 0.1, points: 1 }.directions(), [(0.0, 0.0)]);
    }

    #[test]
    fn impossible_sources_are_refused() {
        let lines = |lines: &[(f64, f64)]| LightSource::of_lines(lines, LineReadout::Sum);
        let disc = |half_angle, points| LightSource {
            extended: Some(Extended { half_angle, points }),
            ..LightSource::default()
        };
        for (source, reason) in [
            (LightSource { lines: Vec::new(), ..LightSource::default() }, "without a wavelength"),
            (lines(&[(1.0, 1.0), (0.0, 1.0)]), "above zero"),
            (lines(&[(1.0, 1.0), (1.1, f64::NAN)]), "above zero"),
            (
                LightSource { lines: vec![Line { ratio: 1.0, share: 0.5 }], ..LightSource::default() },
                "make 1",
            ),
            (disc(2.0, 3), "quarter turn"),
            (disc(0.1, 0), "a point"),
            (disc(0.1, 2000), "1000 is the limit"),
        ] {
            let message = source.check().unwrap_err().to_string();
            assert!(message.contains(reason), "{message}");
        }
        assert_eq!(lines(&[(1.0, 1.0), (1.1, 3.0)]).lines[1].share, 0.75);
    }
}
