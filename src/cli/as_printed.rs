//! A device as it is printed: its figures when the plates have their thickness, beside those of thin ones.

use ndarray::Array2;
use serde_json::{Value, json};

use super::ThreadsFlag;
use super::as_exported::Plates;
use super::figures::json_of;
use super::judgement::figures;
use super::trial::Trial;
use crate::bench::Bench;
use crate::dataset::Images;
use crate::design::Device;
use crate::element::{PlateModel, Thickness};
use crate::engine::Engine;
use crate::error::Result;
use crate::evaluation::{Figure, FigureUnit};
use crate::named::Named;

/// Images a device is judged by as printed: light inside plates takes a hundred times as long as that of thin masks on a
/// coarse grid. An accuracy of the same images, thin and printed, differs by chance by about three points.
pub(super) const PRINTED_IMAGES: usize = 100;

/// Points by which a print may be under its design before it is told.
const POINTS: f64 = 2.0;

/// Figures of a device as it is simulated, and as it is printed.
pub(super) struct Printed {
    designed: Vec<Figure>,
    printed: Vec<Figure>,
    model: PlateModel,
    thickness: Thickness,
    samples: usize,
    images: usize,
}

/// A device with plates of their thickness.
struct WithThickness {
    bench: Bench,
    masks: Vec<Array2<f32>>,
    thickness: Thickness,
}

/// `device` with the plates that were written, or those of its masks; none where the masks are no reliefs, an error where such
/// plates have no room on the bench or in memory.
fn prepared(device: &Device, plates: Option<&Plates>) -> Option<Result<WithThickness>> {
    let design = &device.design;
    let thickness = design.thickness()?;
    let (modulation, masks, thickness) = match plates {
        Some(plates) => plates.as_thick(design, thickness),
        None => (design.bench.modulation, device.masks.clone(), thickness),
    };
    Some(design.with_plates(thickness, modulation).map(|bench| WithThickness { bench, masks, thickness }))
}

/// Why [`judge`] does not judge plates that are reliefs, in a sentence, if so.
pub(super) fn why_not(device: &Device, plates: Option<&Plates>) -> Option<String> {
    let problem = prepared(device, plates)?.err()?;
    Some(format!("not judged as printed, with the thickness of its plates: {problem}"))
}

/// Judges `device` as simulated and with plates of their thickness on the first `limit` of `images`: those of `plates` where they
/// have been written, otherwise its masks. None where the masks are no reliefs, where plates have no room on the bench, and where
/// the work was stopped.
///
/// # Errors
/// As [`figures`].
pub(super) fn judge(
    device: &Device,
    plates: Option<&Plates>,
    threads: &ThreadsFlag,
    images: &Images,
    limit: usize,
    go_on: &dyn Fn() -> Result<bool>,
) -> Result<Option<Printed>> {
    let design = &device.design;
    let Some(Ok(WithThickness { bench, masks, thickness })) = prepared(device, plates) else {
        return Ok(None);
    };
    let trial = Trial { go_on, ..Trial::of(design, images, Some(limit)) };
    let wanted = trial.wanted()?;
    let of = |bench: Bench, masks: &[Array2<f32>]| {
        let mut engine = threads.bare_engine(bench)?;
        engine.set_masks(masks)?;
        figures(&engine, &trial)
    };
    let (designed, judged) = of(design.simulated.clone(), &device.masks)?;
    if judged < wanted {
        return Ok(None);
    }
    let samples = bench.samples_in_plates();
    let (printed, images) = of(bench, &masks)?;
    let printed = Printed { designed, printed, model: design.plate_model(), thickness, samples, images };
    Ok((images == wanted).then_some(printed))
}

impl Printed {
    /// The score of a list of figures: the first of them.
    fn score(figures: &[Figure]) -> &Figure {
        &figures[0]
    }

    /// Both scores in a sentence.
    pub(super) fn text(&self) -> String {
        let (designed, printed) = (Self::score(&self.designed), Self::score(&self.printed));
        format!(
            "as printed, plates with their thickness in {} slices and {1} x {1} samples a pixel inside: {2} {3} of the first {4} images \
             ({5} in {6} plates, as simulated)",
            self.thickness.slices,
            self.samples,
            designed.label,
            printed.told(),
            self.images,
            designed.told(),
            self.model.name()
        )
    }

    /// What is to be told of a print that does less than its design.
    pub(super) fn warning(&self) -> Option<String> {
        let (designed, printed) = (Self::score(&self.designed), Self::score(&self.printed));
        let lost = designed.value - printed.value;
        let (limit, words) = match designed.unit {
            FigureUnit::Share => {
                (POINTS / 100.0, format!("{:.1} points of {}", 100.0 * lost, designed.label))
            }
            _ => (POINTS / 100.0, format!("{lost:.3} of {}", designed.label)),
        };
        (lost > limit).then(|| {
            format!(
                "printed, it loses {words}: its pillars are too narrow for thin plates to stand for them; train it with \
                 mask.plate = \"sliced\", or take larger pixels and lower or smoother reliefs (docs/optics.md)"
            )
        })
    }

    /// The figures for programs.
    pub(super) fn as_json(&self) -> Value {
        json!({
            "plate": self.thickness.model().name(),
            "slices": self.thickness.slices,
            "samples_in_plates": self.samples,
            "images": self.images,
            "designed": json_of(&self.designed),
            "designed_plate": self.model.name(),
            "printed": json_of(&self.printed),
            "warning": self.warning(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::element::Slicing;
    use crate::evaluation::ACCURACY;

    fn of(designed: f64, printed: f64) -> Printed {
        let figure = |value| vec![Figure { value, ..ACCURACY }];
        let thickness = Thickness {
            refractive_index: 1.7,
            extinction_coefficient: 0.0,
            base: 1e-3,
            relief: 1e-3,
            height_per_radian: 1e-4,
            finer: 1,
            slicing: Slicing::SplitStep,
            slices: 4,
            reference_index: 1.35,
        };
        Printed {
            designed: figure(designed),
            printed: figure(printed),
            model: PlateModel::Thin,
            thickness,
            samples: 4,
            images: 100,
        }
    }

    #[test]
    fn what_a_print_loses_is_told_from_two_points_on() {
        assert!(of(0.84, 0.83).warning().is_none() && of(0.2, 0.9).warning().is_none());
        let told = of(0.84, 0.21);
        assert!(told.warning().is_some_and(|warning| warning.contains("63.0 points of accuracy")));
        assert!(told.text().contains("accuracy 21.00 % of the first 100 images (84.00 % in thin plates"));
    }
}
