//! Planes that do not stand where the design puts them: what a real bench does to a device.
//!
//! The object plane is where all places are measured from. Heights that come out wrong are no matter of alignment:
//! they change the values of a mask.

use crate::error::{Error, Result};
use crate::random::Stream;
use crate::units::{Metres, Radians};

/// How far a plane stands from its place.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Displacement {
    /// Towards +y and +x, metres.
    pub lateral: (Metres, Metres),
    /// Towards +z, away from the object, metres.
    pub axial: Metres,
}

/// Errors of one bench, against its design; by default there are none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Misalignment {
    /// Displacement of each mask in the order of the light; empty for masks in their places.
    pub masks: Vec<Displacement>,
    /// Angle by which each mask is turned in its plane about its own middle, from +x towards +y: clockwise for who
    /// looks along the light. Empty for masks that stand upright.
    pub rotations: Vec<Radians>,
    /// Which masks have been taken off the bench: light crosses their planes as it is, within the same aperture. Empty for
    /// none.
    pub absent: Vec<bool>,
    /// Displacement of the detector.
    pub detector: Displacement,
    /// Relative error of the wavelength: 0.01 is light 1 % longer than the design's.
    pub wavelength: f64,
}

impl Misalignment {
    /// Checks the errors for a device of `masks` masks.
    ///
    /// # Errors
    /// [`Error::Value`] for displacements or rotations of another number of masks, for errors that are not finite, and
    /// for a wavelength that is not above zero.
    pub fn check(&self, masks: usize) -> Result<()> {
        for (what, count) in [
            ("displacements", self.masks.len()),
            ("rotations", self.rotations.len()),
            ("masks that may be absent", self.absent.len()),
        ] {
            if count != 0 && count != masks {
                return Err(Error::Value(format!("{count} {what} for {masks} masks: one a mask, or none")));
            }
        }
        let displaced = self.masks.iter().chain([&self.detector]);
        let lengths = displaced.flat_map(|plane| [plane.lateral.0, plane.lateral.1, plane.axial]);
        if let Some(error) = lengths.chain(self.rotations.iter().copied()).find(|error| !error.is_finite()) {
            return Err(Error::Value(format!("a plane displaced or turned by {error}: it must be finite")));
        }
        if !(self.wavelength.is_finite() && self.wavelength > -1.0) {
            return Err(Error::Value(format!(
                "a relative error of the wavelength of {}: it must be above -1",
                self.wavelength
            )));
        }
        Ok(())
    }

    /// Displacement of mask `index`, or behind the last one of the detector.
    pub(crate) fn displacement(&self, index: usize, masks: usize) -> Displacement {
        if index < masks { self.masks.get(index).copied().unwrap_or_default() } else { self.detector }
    }
}

/// The largest error of each kind; by default none.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tolerance {
    /// Of the lateral place of each mask and of the detector, along y and along x, metres.
    pub lateral: Metres,
    /// Of the axial place of each mask and of the detector, metres.
    pub axial: Metres,
    /// Of the rotation of each mask in its plane, radians.
    pub rotation: Radians,
    /// Of the wavelength, relative.
    pub wavelength: f64,
}

impl Tolerance {
    /// One bench of `masks` masks within the tolerance: each error is drawn by itself, evenly from minus to plus the
    /// largest.
    ///
    /// Mengu et al., Nanophotonics (2020, doi:10.1515/nanoph-2020-0291) train with such draws. As many numbers are taken from `stream`
    /// whatever the tolerance is.
    pub fn draw(&self, masks: usize, stream: &mut Stream) -> Misalignment {
        let mut within = |most: f64| most * (2.0 * f64::from(stream.uniform()) - 1.0);
        let mut planes = Vec::with_capacity(masks + 1);
        for _ in 0..=masks {
            let lateral = (within(self.lateral), within(self.lateral));
            planes.push((Displacement { lateral, axial: within(self.axial) }, within(self.rotation)));
        }
        let (detector, _) = planes.pop().unwrap_or_default();
        let (masks, rotations) = planes.into_iter().unzip();
        Misalignment { masks, rotations, absent: Vec::new(), detector, wavelength: within(self.wavelength) }
    }
}

/// How the planes of a bench stand across the axis; by default all of them are centred and upright.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Alignment {
    /// Place (y, x) of the middle of each mask, and last of the detector, metres from the axis; empty for all on it.
    pub(crate) lateral: Vec<(Metres, Metres)>,
    /// Angle by which each mask is turned; empty for all upright.
    pub(crate) rotations: Vec<Radians>,
    /// Whether each mask has been taken off; empty for none.
    pub(crate) absent: Vec<bool>,
}

impl Alignment {
    /// Place (y, x) of the middle of plane `index`, metres from the axis; 0 is the object, which is on it.
    pub fn lateral(&self, index: usize) -> (Metres, Metres) {
        index.checked_sub(1).and_then(|place| self.lateral.get(place)).copied().unwrap_or_default()
    }

    /// Angle by which mask `index` (0 is the first) is turned in its plane, from +x towards +y.
    pub fn rotation(&self, index: usize) -> Radians {
        self.rotations.get(index).copied().unwrap_or_default()
    }

    /// Whether mask `index` (0 is the first) has been taken off the bench.
    pub fn is_absent(&self, index: usize) -> bool {
        self.absent.get(index).copied().unwrap_or_default()
    }

    /// Displacement (y, x) of the plane behind gap `index` against the one before it, metres.
    pub fn shift(&self, index: usize) -> (Metres, Metres) {
        let ((y, x), (y_before, x_before)) = (self.lateral(index + 1), self.lateral(index));
        (y - y_before, x - x_before)
    }

    /// The same planes with `errors` on top, of a bench of `masks` masks.
    pub(crate) fn with(&self, errors: &Misalignment, masks: usize) -> Alignment {
        let lateral: Vec<_> = (0..=masks)
            .map(|plane| {
                let ((y, x), moved) = (self.lateral(plane + 1), errors.displacement(plane, masks).lateral);
                (y + moved.0, x + moved.1)
            })
            .collect();
        let turned = |mask| self.rotation(mask) + errors.rotations.get(mask).copied().unwrap_or_default();
        let rotations: Vec<_> = (0..masks).map(turned).collect();
        let taken = |mask| self.is_absent(mask) || errors.absent.get(mask).copied().unwrap_or_default();
        let absent: Vec<_> = (0..masks).map(taken).collect();
        // Planes in their places are written in one way.
        Alignment {
            lateral: if lateral.iter().all(|place| *place == (0.0, 0.0)) { Vec::new() } else { lateral },
            rotations: if rotations.iter().all(|angle| *angle == 0.0) { Vec::new() } else { rotations },
            absent: if absent.contains(&true) { absent } else { Vec::new() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;

    #[test]
    fn draws_stay_within_the_tolerance_and_reach_for_its_ends() {
        let tolerance = Tolerance { lateral: 1e-3, axial: 2e-3, rotation: 0.1, wavelength: 0.01 };
        let mut stream = Stream::new(1, Purpose::Tolerance, 0);
        let mut most = [0.0f64; 4];
        for _ in 0..200 {
            let drawn = tolerance.draw(3, &mut stream);
            drawn.check(3).unwrap();
            assert_eq!((drawn.masks.len(), drawn.rotations.len()), (3, 3));
            for plane in drawn.masks.iter().chain([&drawn.detector]) {
                most[0] = most[0].max(plane.lateral.0.abs()).max(plane.lateral.1.abs());
                most[1] = most[1].max(plane.axial.abs());
            }
            most[2] = drawn.rotations.iter().fold(most[2], |most, angle| most.max(angle.abs()));
            most[3] = most[3].max(drawn.wavelength.abs());
        }
        for (most, limit) in most.into_iter().zip([1e-3, 2e-3, 0.1, 0.01]) {
            // The largest of 200 even draws misses the end by 5 % once in 28,000 times.
            assert!(most <= limit && most > 0.95 * limit, "{most} {limit}");
        }
        let none = Tolerance::default().draw(3, &mut stream);
        assert_eq!(Alignment::default().with(&none, 3), Alignment::default());
    }

    #[test]
    fn impossible_errors_are_refused() {
        let moved = |lateral, axial| Displacement { lateral, axial };
        let none = Misalignment::default();
        for (errors, reason) in [
            (Misalignment { masks: vec![Displacement::default()], ..none.clone() }, "1 displacements for 2"),
            (Misalignment { rotations: vec![0.1; 3], ..none.clone() }, "3 rotations for 2"),
            (Misalignment { absent: vec![true], ..none.clone() }, "1 masks that may be absent for 2"),
            (Misalignment { detector: moved((0.0, f64::NAN), 0.0), ..none.clone() }, "must be finite"),
            (Misalignment { wavelength: -1.0, ..none.clone() }, "above -1"),
        ] {
            let message = errors.check(2).unwrap_err().to_string();
            assert!(message.contains(reason), "{message}");
        }
    }

    #[test]
    fn shifts_are_differences_of_places() {
        let at = |y| Displacement { lateral: (y, -y), axial: 0.0 };
        let errors =
            Misalignment { masks: vec![at(1.0), at(3.0)], detector: at(2.0), ..Misalignment::default() };
        let alignment = Alignment::default().with(&errors, 2);
        assert_eq!([0, 1, 2].map(|gap| alignment.shift(gap)), [(1.0, -1.0), (2.0, -2.0), (-1.0, 1.0)]);
        assert_eq!(alignment.with(&errors, 2).lateral(2), (6.0, -6.0));
    }
}
