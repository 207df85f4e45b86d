//! Whether the parts of a bench fit together.

use super::Bench;
use crate::element::{Placed, Slicing, Thickness};
use crate::error::{Error, Result};
use crate::object::Illumination;
use crate::units::format_length;

/// Turns by which a slice of plastic may turn light by the wave propagation method: half of one, and what errors of the
/// wavelength add.
const MOST_TURNS_OF_A_SLICE: f64 = 0.6;

impl Bench {
    /// Checks that the parts fit together.
    ///
    /// # Errors
    /// [`Error::Value`] when there is no gap, a length is not above zero, the window is smaller than the grid, the
    /// detector has another grid, or planes stand beside each other.
    pub fn check(&self) -> Result<()> {
        if self.gaps.is_empty() {
            return Err(Error::Value("a bench needs at least one gap".into()));
        }
        if self.networks == 0 {
            return Err(Error::Value("a bench needs at least one network".into()));
        }
        if !(self.medium.is_finite() && self.medium >= 1.0) {
            return Err(Error::Value(format!("a medium of index {}: it must be at least 1", self.medium)));
        }
        let (rows, columns) = self.grid().shape();
        if self.oversample == 0
            || !rows.is_multiple_of(self.oversample)
            || !columns.is_multiple_of(self.oversample)
        {
            return Err(Error::Value(format!(
                "{} samples a pixel on a grid of {rows} x {columns} samples: pixels must have whole samples",
                self.oversample
            )));
        }
        self.check_pixels()?;
        if let Some(length) = std::iter::once(&self.wavelength)
            .chain(&self.gaps)
            .find(|length| !(length.is_finite() && **length > 0.0))
        {
            return Err(Error::Value(format!("a wavelength or gap of {length} m: it must be above zero")));
        }
        if self.padded.0 < self.grid().rows() || self.padded.1 < self.grid().columns() {
            return Err(Error::Value("the padded window is smaller than the grid".into()));
        }
        if self.detector.grid() != self.grid() {
            return Err(Error::Value("object plane and detector plane must have the same grid".into()));
        }
        self.check_source()?;
        self.check_plates()?;
        self.check_optics()?;
        let (height, width) = self.grid().aperture();
        for gap in 0..self.gaps.len() {
            let (y, x) = self.alignment.shift(gap);
            if !(y.abs() < height && x.abs() < width) {
                return Err(Error::Value(format!(
                    "the planes of gap {gap} stand {y} m and {x} m aside of each other: less than their size, \
                     {height} m and {width} m, it must be"
                )));
            }
        }
        Ok(())
    }

    /// The source is one that the object and the detector can have.
    fn check_source(&self) -> Result<()> {
        self.source.check()?;
        if self.source.told_apart() != self.detector.told_apart() {
            return Err(Error::Value(format!(
                "{} wavelengths are read apart, and the detector has {} readings at every place",
                self.source.told_apart(),
                self.detector.told_apart()
            )));
        }
        let Some(extended) = self.source.extended else { return Ok(()) };
        if let Illumination::Gaussian { .. } = self.object.illumination() {
            return Err(Error::Value(
                "an extended source sends plane waves, and the object stands in a Gaussian beam: take one of the two".into(),
            ));
        }
        let (y, x) = self.object.illumination().direction();
        if extended.directions().iter().any(|at| (y + at.0).hypot(x + at.1) >= 1.0) {
            return Err(Error::Value(
                "an extended source about tilted light has waves at 90 degrees or more: make its half angle or the tilt smaller"
                    .into(),
            ));
        }
        Ok(())
    }

    /// Plates have room in the gaps, and are reliefs.
    fn check_plates(&self) -> Result<()> {
        let Some(Thickness { base, relief, slices, reference_index, finer, .. }) = self.plate else {
            return Ok(());
        };
        if !self.modulation.is_phase() {
            return Err(Error::Value("only masks of phases are plates with a thickness".into()));
        }
        let lengths = base > 0.0 && relief > 0.0 && base.is_finite() && relief.is_finite();
        if !lengths || slices == 0 || !(reference_index.is_finite() && reference_index >= 1.0) {
            return Err(Error::Value(format!(
                "a plate of {base} m with a relief of {relief} m in {slices} slices, about an index of {reference_index}: \
                 lengths must be above zero, slices and index at least 1"
            )));
        }
        if finer == 0 {
            return Err(Error::Value("no samples inside plates: at least one on a sample outside".into()));
        }
        self.grid().finer(finer)?;
        self.check_turn_of_a_slice()?;
        for (gap, length) in self.gaps.iter().enumerate() {
            let (front, back) = self.taken_by_plates(gap);
            if front + back >= *length {
                return Err(Error::Value(format!(
                    "gap {gap} of {}: its plates take {} of it",
                    format_length(*length, 4),
                    format_length(front + back, 4)
                )));
            }
        }
        Ok(())
    }

    /// By the wave propagation method a pixel takes a share of the light in plastic that is 1/(exp(i b) - 1) of something, with
    /// what a slice turns the light by, b: no number at a whole turn, and far from the share of a height well beyond half of one.
    fn check_turn_of_a_slice(&self) -> Result<()> {
        let Some(plate) = self.plate.filter(|plate| plate.slicing == Slicing::WavePropagation) else {
            return Ok(());
        };
        let shortest = self.source.lines.iter().map(|line| line.ratio).fold(1.0, f64::min) * self.wavelength;
        let turns = plate.relief * (plate.refractive_index - self.medium) / shortest;
        let needed = (turns / MOST_TURNS_OF_A_SLICE).ceil() as usize;
        if plate.slices >= needed {
            return Ok(());
        }
        Err(Error::Value(format!(
            "{} slices of a relief that turns light of {} by {turns:.2} turns: by the wave propagation method a slice may \
             turn it by {MOST_TURNS_OF_A_SLICE} turns, so take {needed} slices or more",
            plate.slices,
            format_length(shortest, 4)
        )))
    }

    /// Each stands whole within its gap, and behind the one before it.
    fn check_optics(&self) -> Result<()> {
        for (gap, length) in self.gaps.iter().enumerate() {
            let (front, back) = self.taken_by_plates(gap);
            let (one, other) = (self.alignment.lateral(gap), self.alignment.lateral(gap + 1));
            let mut end = front;
            let mut free = 0.0;
            for Placed { distance, element, .. } in self.optics_of(gap).map(|number| &self.optics[number]) {
                let (name, behind) = (element.name(), distance + element.thickness());
                if !(*distance >= 0.0 && behind <= *length - back) {
                    return Err(Error::Value(format!(
                        "{} from {} to {} of gap {gap}, which is {} long: it must stand inside it",
                        a_or_an(&name),
                        format_length(*distance, 4),
                        format_length(behind, 4),
                        format_length(*length, 4)
                    )));
                }
                if *distance < end {
                    return Err(Error::Value(format!(
                        "{} at {} of gap {gap} reaches into what stands before it (a plate with a thickness, or optics), which ends at {}: put it behind",
                        a_or_an(&name),
                        format_length(*distance, 4),
                        format_length(end, 4)
                    )));
                }
                free += distance - end;
                end = behind;
            }
            // It is in free space that light goes from plane to plane that stand aside of each other.
            if one != other && end > front && free + (length - back - end) <= 0.0 {
                return Err(Error::Value(format!(
                    "optics fill gap {gap}: the planes at its ends cannot stand aside of each other"
                )));
            }
        }
        let site = self.site();
        for Placed { element, .. } in &self.optics {
            let (said, made) = (element.arrays(), element.open(&site).len());
            if said != made {
                return Err(Error::Value(format!(
                    "the {} says it has {said} arrays of values, and Element::open makes {made}",
                    element.name()
                )));
            }
            (0..said).try_for_each(|array| element.motion(array).check(&element.name(), array))?;
        }
        match self.optics.iter().find(|placed| placed.gap >= self.gaps.len()) {
            Some(Placed { gap, element, .. }) => Err(Error::Value(format!(
                "a {} in gap {gap}: there are gaps 0 to {}",
                element.name(),
                self.gaps.len() - 1
            ))),
            None => Ok(()),
        }
    }
}

/// `name` with its article.
fn a_or_an(name: &str) -> String {
    let article = if name.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {name}")
}
