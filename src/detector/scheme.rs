//! From readings to scores: one region a class, or a pair of which one counts against the other.

use crate::named::named;

/// How the readings of the regions become one score a class; the highest is the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// One region a class: its score is its share I_c / sum(I) of the collected power.
    Single,
    /// A pair a class, regions 2c (counts for it) and 2c + 1 (counts against it): its score is
    /// (I_2c - I_2c+1) / (I_2c + I_2c+1), from -1 to 1 (Li et al., Adv. Photonics 1, 046001, 2019).
    ///
    /// Light cannot be negative, the difference of two readings can: a reading is a positive quadratic form in the image,
    /// a difference any.
    Differential,
}

named! { Scheme { Single = "single", Differential = "differential" } }

impl Scheme {
    /// Number of regions a class has.
    pub fn regions_a_class(self) -> usize {
        match self {
            Scheme::Single => 1,
            Scheme::Differential => 2,
        }
    }

    /// The region of `class` that shall be bright.
    pub fn region(self, class: usize) -> usize {
        class * self.regions_a_class()
    }

    /// The class that region `region` belongs to.
    pub fn class(self, region: usize) -> usize {
        region / self.regions_a_class()
    }

    /// What a region is called: the number of its class, with + or - where it counts for or against it.
    pub fn mark(self, region: usize) -> String {
        let class = self.class(region);
        match self {
            Scheme::Single => format!("{class}"),
            Scheme::Differential if region == self.region(class) => format!("{class}+"),
            Scheme::Differential => format!("{class}-"),
        }
    }

    /// One score a class; all zero where no light is.
    pub fn scores(self, readings: &[f64]) -> Vec<f64> {
        let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
        match self {
            Scheme::Single => {
                let total = readings.iter().sum();
                readings.iter().map(|reading| share(*reading, total)).collect()
            }
            Scheme::Differential => readings
                .as_chunks::<2>()
                .0
                .iter()
                .map(|[plus, minus]| share(plus - minus, plus + minus))
                .collect(),
        }
    }

    /// Turns `slopes`, the derivatives of a loss by the scores of `readings`, into those by the readings.
    ///
    /// With the whole W of a score p/W: d(p/W)/dI = (dp/dI - score) / W. Where no light is they are zero.
    pub(crate) fn slopes_by_readings(self, readings: &[f64], slopes: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        match self {
            Scheme::Single => {
                let total: f64 = readings.iter().sum();
                if total > 0.0 {
                    let mean: f64 =
                        slopes.iter().zip(readings).map(|(slope, reading)| slope * reading / total).sum();
                    out.iter_mut().zip(slopes).for_each(|(out, slope)| *out = (slope - mean) / total);
                }
            }
            Scheme::Differential => {
                let pairs = readings.as_chunks::<2>().0.iter().zip(slopes);
                for (([plus, minus], slope), out) in pairs.zip(out.as_chunks_mut::<2>().0) {
                    let whole = plus + minus;
                    if whole > 0.0 {
                        *out = [2.0 * slope * minus / whole.powi(2), -2.0 * slope * plus / whole.powi(2)];
                    }
                }
            }
        }
    }

    /// The class of the highest score; the first of equals.
    pub fn answer(self, readings: &[f64]) -> usize {
        match self {
            // A share is the largest where its reading is, without any rounding.
            Scheme::Single => brightest(readings),
            Scheme::Differential => brightest(&self.scores(readings)),
        }
    }

    /// What a class has to show: its reading, or the difference of its pair.
    pub fn signals(self, readings: &[f64]) -> Vec<f64> {
        match self {
            Scheme::Single => readings.to_vec(),
            Scheme::Differential => {
                readings.as_chunks::<2>().0.iter().map(|[plus, minus]| plus - minus).collect()
            }
        }
    }
}

/// Index of the largest number; the first of equals.
pub fn brightest(readings: &[f64]) -> usize {
    readings.iter().enumerate().fold(0, |best, (c, reading)| if *reading > readings[best] { c } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_equals_wins() {
        assert_eq!(brightest(&[1.0, 3.0, 3.0]), 1);
        assert_eq!(brightest(&[0.0, 0.0]), 0);
    }

    #[test]
    fn scores_by_hand() {
        let readings = [3.0, 1.0, 2.0, 2.0];
        assert_eq!(Scheme::Single.scores(&readings), [0.375, 0.125, 0.25, 0.25]);
        assert_eq!(Scheme::Differential.scores(&readings), [0.5, 0.0]);
        assert_eq!(Scheme::Differential.signals(&readings), [2.0, 0.0]);
        assert_eq!(Scheme::Differential.scores(&[0.0, 0.0, 0.0, 5.0]), [0.0, -1.0]);
        assert_eq!(Scheme::Single.scores(&[0.0, 0.0]), [0.0, 0.0]);
        // A dim pair that is sure beats a bright one that is not.
        assert_eq!(Scheme::Differential.answer(&[0.3, 0.0, 100.0, 50.0]), 0);
        assert_eq!(Scheme::Single.answer(&[0.3, 0.0, 100.0, 50.0]), 2);
        assert_eq!([0, 1, 6].map(|region| Scheme::Differential.mark(region)), ["0+", "0-", "3+"]);
        assert_eq!((Scheme::Differential.region(3), Scheme::Differential.class(7)), (6, 3));
    }

    #[test]
    fn slopes_are_central_differences() {
        let readings = [0.3, 1.2, 0.05, 0.7];
        for (scheme, slopes) in
            [(Scheme::Single, vec![0.2, -1.0, 0.5, 3.0]), (Scheme::Differential, vec![0.7, -2.0])]
        {
            let mut found = [0.0; 4];
            scheme.slopes_by_readings(&readings, &slopes, &mut found);
            let value = |readings: &[f64]| -> f64 {
                scheme.scores(readings).iter().zip(&slopes).map(|(score, slope)| score * slope).sum()
            };
            for region in 0..4 {
                // Truncation of the second-order difference: step^2 times a third derivative of up to 1e5 (the dim
                // reading of 0.05); rounding 1e-16/1e-6.
                let step = 1e-6;
                let at = |offset: f64| {
                    let mut moved = readings;
                    moved[region] += offset;
                    value(&moved)
                };
                let difference = (at(step) - at(-step)) / (2.0 * step);
                assert!((difference - found[region]).abs() < 1e-6, "{scheme:?} {region}");
            }
        }
    }
}
