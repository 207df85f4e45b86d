//! How certain a share is, and how figures spread over the images.

use crate::detector::Scheme;

/// Standard normal quantile of a two-sided interval of 95 %.
const Z95: f64 = 1.959_963_984_540_054;

/// The 95 % interval of a probability that `hits` of `trials` speak for; the whole range without trials.
///
/// Wilson's score interval (E. B. Wilson, J. Am. Stat. Assoc. 22, 209, 1927, p. 210): it never leaves 0 to 1, and is
/// near its nominal level for shares near 1 and few trials, where the one from the standard error is not.
pub fn wilson_interval(hits: u64, trials: u64) -> (f64, f64) {
    if trials == 0 {
        return (0.0, 1.0);
    }
    let (n, p) = (trials as f64, hits as f64 / trials as f64);
    let z2 = Z95 * Z95 / n;
    let middle = (p + z2 / 2.0) / (1.0 + z2);
    let half = Z95 / (1.0 + z2) * (p * (1.0 - p) / n + z2 / (4.0 * n)).sqrt();
    ((middle - half).max(0.0), (middle + half).min(1.0))
}

/// What a device made of one image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answer {
    /// The true class.
    pub truth: usize,
    /// The class it named.
    pub answer: usize,
    /// Signal contrast, (signal of the true class - largest of the others) / sum(I); none without light.
    pub contrast: Option<f64>,
    /// Power in the region of the true class over the power of the object; none without light.
    pub power_efficiency_input: Option<f64>,
}

impl Answer {
    /// Judges the `readings` of an image of class `truth` whose object has the power `entering`.
    pub fn new(scheme: Scheme, readings: &[f64], truth: usize, entering: f64) -> Self {
        let collected: f64 = readings.iter().sum();
        let lit = collected > 0.0;
        Answer {
            truth,
            answer: scheme.answer(readings),
            contrast: lit.then(|| lead(scheme, readings, truth) / collected),
            power_efficiency_input: lit.then(|| readings[scheme.region(truth)] / entering),
        }
    }

    /// Whether it named the true class.
    pub fn is_right(&self) -> bool {
        self.answer == self.truth
    }
}

/// Signal of the true class less the largest of the others.
pub(super) fn lead(scheme: Scheme, readings: &[f64], truth: usize) -> f64 {
    let signals = scheme.signals(readings);
    let others = signals.iter().enumerate().filter(|(class, _)| *class != truth);
    signals[truth] - others.fold(f64::MIN, |largest, (_, signal)| largest.max(*signal))
}

/// How a figure spreads over the images.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    /// Number of images.
    pub images: usize,
    /// Mean.
    pub mean: f64,
    /// Standard deviation of the sample.
    pub deviation: f64,
    /// The values that 5, 25, 50, 75 and 95 % of the images stay below, linear between neighbours.
    pub percentiles: [f64; 5],
    /// Where the bins begin and end: from the smallest to the largest value.
    pub range: (f64, f64),
    /// Images in each of equally wide bins.
    pub bins: Vec<u64>,
}

impl Spread {
    /// The spread of `values` in `bins` bins; none of no values.
    pub fn of(values: impl IntoIterator<Item = f64>, bins: usize) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let (low, high) = (*values.first()?, *values.last()?);
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let percentile = |share: f64| {
            let place = share * (count - 1.0);
            let (below, above) = (values[place.floor() as usize], values[place.ceil() as usize]);
            below + (above - below) * place.fract()
        };
        let mut counts = vec![0; bins.max(1)];
        for value in &values {
            let place = if high > low { (value - low) / (high - low) * counts.len() as f64 } else { 0.0 };
            let last = counts.len() - 1;
            counts[(place as usize).min(last)] += 1;
        }
        Some(Spread {
            images: values.len(),
            mean,
            deviation: (squares / (count - 1.0).max(1.0)).sqrt(),
            percentiles: [0.05, 0.25, 0.5, 0.75, 0.95].map(percentile),
            range: (low, high),
            bins: counts,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilsons_interval_as_published() {
        // R. G. Newcombe, Statistics in Medicine 17, 857 (1998), table I, method 3, to four digits.
        for (hits, trials, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let found = wilson_interval(hits, trials);
            assert!((found.0 - low).abs() < 5e-5 && (found.1 - high).abs() < 5e-5, "{hits} {found:?}");
        }
        assert_eq!(wilson_interval(20, 20).1, 1.0);
        assert_eq!(wilson_interval(0, 0), (0.0, 1.0));
    }

    #[test]
    fn an_answer_by_hand() {
        let single = Answer::new(Scheme::Single, &[3.0, 1.0], 1, 20.0);
        assert_eq!((single.answer, single.is_right()), (0, false));
        assert_eq!(single.contrast, Some(-0.5));
        assert_eq!(single.power_efficiency_input, Some(0.05));
        let pairs = Answer::new(Scheme::Differential, &[3.0, 1.0, 2.0, 2.0], 0, 8.0);
        assert_eq!((pairs.answer, pairs.contrast), (0, Some(0.25)));
        assert_eq!(Answer::new(Scheme::Single, &[0.0, 0.0], 0, 0.0).contrast, None);
    }

    #[test]
    fn a_spread_by_hand() {
        let spread = Spread::of([4.0, 1.0, 2.0, 3.0, 5.0], 4).unwrap();
        assert_eq!((spread.images, spread.mean, spread.range), (5, 3.0, (1.0, 5.0)));
        assert!((spread.deviation - 2.5f64.sqrt()).abs() < 1e-15);
        assert_eq!(spread.percentiles[1..4], [2.0, 3.0, 4.0]);
        assert_eq!(spread.bins, [1, 1, 1, 2]);
        assert_eq!(Spread::of([2.0, 2.0], 3).unwrap().bins, [2, 0, 0]);
        assert_eq!(Spread::of([], 3), None);
    }
}
