//! The figures a judge comes to: each with its names, what it is and how it is written. Text, JSON, tables, reports and
//! provenance are made of these.

use super::classes::Evaluation;
use super::imaging::ImageFigures;

/// What a figure is measured in, and how it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FigureUnit {
    /// A share of a whole: written in per cent.
    Share,
    /// A number without a unit: written with so many digits behind the point.
    Number(usize),
    /// Seconds: written whole.
    Seconds,
}

impl FigureUnit {
    /// `value` as people read it: "12.34 %", "0.1234", "12 s".
    pub fn told(self, value: f64) -> String {
        match self {
            FigureUnit::Share => format!("{:.2} %", 100.0 * value),
            FigureUnit::Number(digits) => format!("{value:.digits$}"),
            FigureUnit::Seconds => format!("{value:.0} s"),
        }
    }
}

/// A figure: the mean over the images of something.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    /// Name for programs.
    pub key: &'static str,
    /// Name for people.
    pub label: &'static str,
    /// What it is, for people.
    pub of: &'static str,
    /// What it is measured in.
    pub unit: FigureUnit,
    /// The figure; not a number where it is not known.
    pub value: f64,
}

impl Figure {
    /// The value as people read it.
    pub fn told(&self) -> String {
        self.unit.told(self.value)
    }

    const fn unknown(key: &'static str, label: &'static str, of: &'static str, unit: FigureUnit) -> Self {
        Figure { key, label, of, unit, value: f64::NAN }
    }
}

/// The score of a device that names classes; its value is not known here.
pub const ACCURACY: Figure =
    Figure::unknown("accuracy", "accuracy", "right answers / images", FigureUnit::Share);
/// The score of a device that forms images; its value is not known here.
pub const SSIM: Figure =
    Figure::unknown("ssim", "SSIM", "structural similarity, 1 for the same picture", FigureUnit::Number(4));

const INPUT: &str = "power efficiency, input";
const SHARE: &str = "detector share";
const CLASSES: [Figure; 6] = [
    ACCURACY,
    Figure::unknown("loss", "loss", "mean of what the training minimises", FigureUnit::Number(4)),
    Figure::unknown("power_efficiency_input", INPUT, "true region / power of the object", FigureUnit::Share),
    Figure::unknown(
        "power_efficiency_output",
        "power efficiency, output",
        "true region / detector plane",
        FigureUnit::Share,
    ),
    Figure::unknown("detector_share", SHARE, "all regions / detector plane", FigureUnit::Share),
    Figure::unknown(
        "signal_contrast",
        "signal contrast",
        "(true - best other) / all regions",
        FigureUnit::Share,
    ),
];
const IMAGES: [Figure; 5] = [
    SSIM,
    Figure::unknown(
        "mean_squared_error",
        "mean squared error",
        "equally bright pictures, white = 1",
        FigureUnit::Number(5),
    ),
    Figure::unknown("loss", "loss", "mean image error, as in training", FigureUnit::Number(4)),
    Figure::unknown(
        "power_efficiency_input",
        INPUT,
        "area of the image / power of the object",
        FigureUnit::Share,
    ),
    Figure::unknown("detector_share", SHARE, "area of the image / detector plane", FigureUnit::Share),
];

/// `table` with its values.
fn filled<const N: usize>(table: [Figure; N], values: [f64; N]) -> Vec<Figure> {
    table.into_iter().zip(values).map(|(figure, value)| Figure { value, ..figure }).collect()
}

impl Evaluation {
    /// The figures, the score first.
    pub fn figures(&self) -> Vec<Figure> {
        filled(
            CLASSES,
            [
                self.accuracy(),
                self.loss,
                self.power_efficiency_input,
                self.power_efficiency_output,
                self.detector_share,
                self.signal_contrast,
            ],
        )
    }
}

impl ImageFigures {
    /// The figures, the score first.
    pub fn figures(&self) -> Vec<Figure> {
        filled(
            IMAGES,
            [self.ssim, self.mean_squared_error, self.loss, self.power_efficiency_input, self.detector_share],
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_has_its_own_value_under_its_own_name() {
        let judged = Evaluation {
            images: 4,
            loss: 0.5,
            confusion: ndarray::array![[2, 1], [0, 1]],
            region_shares: ndarray::Array2::zeros((2, 2)),
            power_efficiency_input: 0.1,
            power_efficiency_output: 0.2,
            detector_share: 0.3,
            signal_contrast: -0.4,
        };
        let found: Vec<(&str, f64)> =
            judged.figures().iter().map(|figure| (figure.key, figure.value)).collect();
        assert_eq!(
            found,
            [
                ("accuracy", 0.75),
                ("loss", 0.5),
                ("power_efficiency_input", 0.1),
                ("power_efficiency_output", 0.2),
                ("detector_share", 0.3),
                ("signal_contrast", -0.4),
            ]
        );
        let formed = ImageFigures {
            images: 4,
            loss: 0.5,
            ssim: 0.6,
            mean_squared_error: 0.07,
            power_efficiency_input: 0.1,
            detector_share: 0.3,
        };
        let found: Vec<(&str, f64)> =
            formed.figures().iter().map(|figure| (figure.key, figure.value)).collect();
        assert_eq!(
            found,
            [
                ("ssim", 0.6),
                ("mean_squared_error", 0.07),
                ("loss", 0.5),
                ("power_efficiency_input", 0.1),
                ("detector_share", 0.3),
            ]
        );
        let told: Vec<String> = formed.figures().iter().map(Figure::told).collect();
        assert_eq!(told, ["0.6000", "0.07000", "0.5000", "10.00 %", "30.00 %"]);
        assert_eq!(FigureUnit::Seconds.told(12.6), "13 s");
    }
}
