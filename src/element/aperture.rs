//! A stop: an opaque sheet with an opening.

use ndarray::Array2;
use num_complex::Complex;

use super::{Element, Site};
use crate::error::{Error, Result};
use crate::program::{Factor, Program, Wants};
use crate::units::Metres;

/// Where an opaque sheet is open; its middle is on the axis.
#[derive(Clone, Debug, PartialEq)]
pub enum Opening {
    /// A disc.
    Round {
        /// Metres.
        diameter: Metres,
    },
    /// A rectangle.
    Rectangle {
        /// Along y, metres.
        height: Metres,
        /// Along x, metres.
        width: Metres,
    },
    /// Any shape: amplitude transmissions from 0 to 1, indexed `[y, x]`, each on a rectangle; opaque outside.
    Drawn {
        /// One number a rectangle.
        transmission: Array2<f64>,
        /// Height of all of them together, metres.
        height: Metres,
        /// Width of all of them together, metres.
        width: Metres,
    },
}

/// Parts along a side of a sample in which the covered share of it is counted.
const PARTS: usize = 8;

/// A stop. A sample that its edge crosses passes the open share of the amplitude.
#[derive(Clone, Debug, PartialEq)]
pub struct Aperture(Opening);

impl Aperture {
    /// A stop with that opening.
    ///
    /// # Errors
    /// [`Error::Value`] for lengths that are not above zero, and for transmissions outside 0 to 1.
    pub fn new(opening: Opening) -> Result<Self> {
        let lengths = match &opening {
            Opening::Round { diameter } => vec![*diameter],
            Opening::Rectangle { height, width } | Opening::Drawn { height, width, .. } => {
                vec![*height, *width]
            }
        };
        if let Some(length) = lengths.iter().find(|length| !(length.is_finite() && **length > 0.0)) {
            return Err(Error::Value(format!("an opening of {length} m: it must be above zero")));
        }
        if let Opening::Drawn { transmission, .. } = &opening {
            if transmission.is_empty() {
                return Err(Error::Value(
                    "an opening without any transmission: draw at least one number".into(),
                ));
            }
            if let Some(value) = transmission.iter().find(|value| !(0.0..=1.0).contains(*value)) {
                return Err(Error::Value(format!("a transmission of {value}: a stop has 0 to 1")));
            }
        }
        Ok(Aperture(opening))
    }

    /// Amplitude transmission at (y, x), metres from the axis.
    fn at(&self, y: Metres, x: Metres) -> f64 {
        let open = |inside: bool| if inside { 1.0 } else { 0.0 };
        match &self.0 {
            Opening::Round { diameter } => open(2.0 * y.hypot(x) <= *diameter),
            Opening::Rectangle { height, width } => open(2.0 * y.abs() <= *height && 2.0 * x.abs() <= *width),
            Opening::Drawn { transmission, height, width } => {
                let (rows, columns) = transmission.dim();
                let place = |at: f64, side: f64, parts: usize| {
                    let place = (at / side + 0.5) * parts as f64;
                    (place >= 0.0 && place < parts as f64).then_some(place as usize)
                };
                match (place(y, *height, rows), place(x, *width, columns)) {
                    (Some(row), Some(column)) => transmission[[row, column]],
                    _ => 0.0,
                }
            }
        }
    }
}

impl Element for Aperture {
    fn name(&self) -> String {
        "aperture".into()
    }

    fn lower(&self, _: &[Array2<f64>], site: &Site, program: &mut Program) {
        let grid = site.grid;
        let pitch = grid.pixel_pitch();
        let part = |number: usize| ((number as f64 + 0.5) / PARTS as f64 - 0.5) * pitch;
        let entries = Array2::from_shape_fn(grid.shape(), |(y, x)| {
            let (y, x) = (grid.y(y), grid.x(x));
            let sum: f64 = (0..PARTS * PARTS)
                .map(|number| self.at(y + part(number / PARTS), x + part(number % PARTS)))
                .sum();
            Complex::new(sum / (PARTS * PARTS) as f64, 0.0)
        });
        program.multiply(Factor::sampled(entries, Wants::Nothing));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::Grid;
    use crate::program::Op;

    fn transmission(opening: Opening) -> Array2<f64> {
        let site = Site {
            grid: Grid::new(40, 40, 0.1e-3).unwrap(),
            padded: (80, 80),
            wavelength: 0.75e-3,
            medium: 1.0,
        };
        let mut program = Program::default();
        Aperture::new(opening).unwrap().lower(&[], &site, &mut program);
        assert_eq!(program.ops(), [Op::Multiply(0)]);
        program.factors()[0].entries().mapv(|t| t.re)
    }

    #[test]
    fn openings_have_their_areas() {
        let area = |opening| transmission(opening).sum() * 1e-8;
        let disc = area(Opening::Round { diameter: 3e-3 });
        // Counted in parts of 12.5 um along an edge of 9.4 mm: the parts it crosses are right by half on average.
        assert!((disc / (std::f64::consts::PI * 2.25e-6) - 1.0).abs() < 2e-3, "{disc}");
        let square = area(Opening::Rectangle { height: 2e-3, width: 1.05e-3 });
        assert!((square / 2.1e-6 - 1.0).abs() < 1e-12, "{square}");
    }

    #[test]
    fn a_drawn_opening_stands_as_it_is_drawn() {
        let drawn = transmission(Opening::Drawn {
            transmission: ndarray::array![[1.0, 0.0], [0.5, 0.25]],
            height: 2e-3,
            width: 2e-3,
        });
        assert_eq!((drawn[[15, 15]], drawn[[15, 25]]), (1.0, 0.0));
        assert_eq!((drawn[[25, 15]], drawn[[25, 25]], drawn[[5, 5]]), (0.5, 0.25, 0.0));
    }

    #[test]
    fn impossible_openings_are_refused() {
        let refused = |opening| Aperture::new(opening).unwrap_err().to_string();
        assert!(refused(Opening::Round { diameter: 0.0 }).contains("above zero"));
        assert!(refused(Opening::Rectangle { height: 1.0, width: f64::NAN }).contains("above zero"));
        let drawn = |value| Opening::Drawn {
            transmission: Array2::from_elem((1, 1), value),
            height: 1.0,
            width: 1.0,
        };
        assert!(refused(drawn(1.5)).contains("0 to 1"));
    }
}
