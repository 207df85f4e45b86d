//! The printing report: what someone who prints the plates asks before printing.

use std::f64::consts::TAU;
use std::fmt::Write;

use ndarray::ArrayView2;

use crate::element::{Modulation, Motion};
use crate::fabrication::plate::{PlateReport, plate_table};
use crate::fabrication::stl::StlUnit;
use crate::material::Material;
use crate::plate::{Printer, Stock};
use crate::units::{Metres, counted, format_length, trimmed};

/// Plates that stand alone bend and break below this base.
const THIN_BASE: Metres = 0.6e-3;

/// Phase errors of this rms scatter 1 - exp(-0.1^2), one per cent, of the light of each plate.
const LARGE_PHASE_ERROR: f64 = 0.1;

/// A phase this near to an end of its range is held there: a thousandth of a turn, as training keeps from the ends.
const AT_AN_END: f64 = TAU / 1000.0;

/// What plates are made with and for.
#[derive(Clone, Copy, Debug)]
pub struct Making<'a> {
    /// Vacuum wavelength, metres.
    pub wavelength: Metres,
    /// The material.
    pub material: &'a Material,
    /// What it weighs and costs.
    pub stock: &'a Stock,
    /// What a pixel of a mask can do.
    pub modulation: Modulation,
    /// The printer, if one is named.
    pub printer: Option<&'a Printer>,
}

/// All that is known of the plates of a device before they are printed.
#[derive(Clone, Debug, PartialEq)]
pub struct PrintReport {
    /// The plates in the order of the light.
    pub plates: Vec<PlateReport>,
    /// For each plate the share of pixels whose phase an end of the relief holds ([`clipped_share`]).
    pub clipped: Vec<f64>,
    /// What the material weighs and costs.
    pub stock: Stock,
    /// The printer, if one is named.
    pub printer: Option<Printer>,
    /// What may go wrong, a sentence each, with number, limit and advice.
    pub warnings: Vec<String>,
}

impl PrintReport {
    /// The report on `plates`, made of `masks` (phases in radians) in the same order.
    pub fn new<T: Copy + Into<f64>>(
        plates: Vec<PlateReport>,
        masks: &[ArrayView2<'_, T>],
        making: &Making<'_>,
    ) -> Self {
        PrintReport {
            clipped: masks.iter().map(|mask| clipped_share(mask.view(), making.modulation)).collect(),
            stock: making.stock.clone(),
            printer: making.printer.cloned(),
            warnings: warnings(&plates, making),
            plates,
        }
    }

    /// Volume of all plates, cubic metres.
    pub fn volume(&self) -> f64 {
        self.plates.iter().map(|plate| plate.volume).sum()
    }

    /// The report as text: two tables of one line a plate, the sums, the warnings.
    pub fn text(&self) -> String {
        let mut text = format_reports(&self.plates);
        text.push('\n');
        text += &aligned(&self.relief_table());
        let _ = writeln!(text, "\n{}", self.sums());
        if let Some(printer) = &self.printer {
            let _ = writeln!(
                text,
                "printer {}, layers of {}",
                printer.name,
                format_length(printer.layer_height, 4)
            );
        }
        for warning in &self.warnings {
            let _ = writeln!(text, "warning: {warning}");
        }
        text
    }

    /// Volume of all plates, and what they weigh and cost where that is known: "5 plates: 65.2 cm3, 77 g".
    pub fn sums(&self) -> String {
        let volume = self.volume();
        let mut sums = vec![format!("{} cm3", significant(volume * 1e6))];
        sums.extend(self.stock.mass(volume).map(|mass| format!("{} g", significant(mass))));
        sums.extend(self.stock.cost(volume).map(|cost| self.money(cost)));
        format!("{}: {}", counted(self.plates.len() as u64, "plate"), sums.join(", "))
    }

    /// What the reliefs are like, a row a plate under a row of heads.
    pub fn relief_table(&self) -> Vec<Vec<String>> {
        let mut heads = vec![
            "mask",
            "thickness",
            "mean",
            "levels",
            "saddles",
            "islands",
            "pillars",
            "clipped",
            "largest error",
        ];
        let weighed = self.stock.density.is_some();
        let paid = self.plates.first().is_some_and(|plate| self.stock.cost(plate.volume).is_some());
        heads.extend(weighed.then_some("mass"));
        heads.extend(paid.then_some("price"));
        let mut table = vec![heads.into_iter().map(String::from).collect::<Vec<_>>()];
        for (index, (plate, clipped)) in self.plates.iter().zip(&self.clipped).enumerate() {
            let survey = &plate.survey;
            let [low, mean, high] = plate.thickness;
            let mut row = vec![
                (index + 1).to_string(),
                format!("{} to {}", format_length(low, 4), format_length(high, 4)),
                format_length(mean, 4),
                survey.levels.to_string(),
                format!("{} of {}", survey.saddles, survey.corners),
                survey.islands.to_string(),
                survey.pillars.to_string(),
                format!("{:.1} %", 100.0 * clipped),
                format!("{:.4} rad", plate.max_phase_error),
            ];
            row.extend(self.stock.mass(plate.volume).map(|mass| format!("{} g", significant(mass))));
            row.extend(self.stock.cost(plate.volume).map(|cost| self.money(cost)));
            table.push(row);
        }
        table
    }

    fn money(&self, sum: f64) -> String {
        format!("{sum:.2} {}", self.stock.currency())
    }
}

/// Share of pixels whose phase, within [0, phase_max] or less whole turns, lies within a thousandth of a turn of an
/// end or beyond it. Nothing of a lossless relief of a whole turn, whose phases go round and have no ends.
pub fn clipped_share<T: Copy + Into<f64>>(mask: ArrayView2<'_, T>, modulation: Modulation) -> f64 {
    let Modulation::Phase { phase_max, .. } = modulation else { return 0.0 };
    if modulation.motion(0) == Motion::Circle {
        return 0.0;
    }
    let at_an_end = |phase: &&T| {
        let phase: f64 = modulation.relief_phase((**phase).into());
        phase <= AT_AN_END || phase >= phase_max - AT_AN_END
    };
    mask.iter().filter(at_an_end).count() as f64 / mask.len() as f64
}

fn warnings(plates: &[PlateReport], making: &Making<'_>) -> Vec<String> {
    let mut warnings = Vec::new();
    let Some(first) = plates.first() else { return warnings };
    if making.stock.price.is_some() && making.stock.cost(first.volume).is_none() {
        warnings.push("the price is by mass, and no density is known: give material.density (g/cm3)".into());
    }
    // Plates in micrometres are printed on a substrate that carries them.
    if first.unit == StlUnit::Millimetres && first.base < THIN_BASE * (1.0 - 1e-9) {
        warnings.push(format!(
            "the base is {} thick, and plates under {} bend and break; raise fabrication.base_thickness",
            format_length(first.base, 4),
            format_length(THIN_BASE, 4)
        ));
    }
    let which = |fails: &dyn Fn(&PlateReport) -> bool| -> Vec<usize> {
        (0..plates.len()).filter(|index| fails(&plates[*index])).collect()
    };
    let coarse = which(&|plate| plate.rms_phase_error > LARGE_PHASE_ERROR);
    if !coarse.is_empty() {
        let worst = coarse.iter().map(|index| plates[*index].rms_phase_error).fold(0.0, f64::max);
        warnings.push(format!(
            "{}: the steps of {} cost {worst:.3} rad rms, above {LARGE_PHASE_ERROR} rad: {:.1} % of the light is \
             scattered at each plate; take finer layers or more levels",
            masks_named(&coarse, plates.len()),
            format_length(first.step, 4),
            100.0 * (1.0 - (-worst * worst).exp())
        ));
    }
    let frail = which(&|plate| plate.survey.pillars > 0);
    if let Some(most) = frail.iter().map(|index| plates[*index].survey.pillars).max() {
        warnings.push(format!(
            "{}: up to {most} single pixels a plate rise above all their neighbours by more than their width of {}: \
             thin pillars may break; train with training.smoothness, or a lower mask.height_max",
            masks_named(&frail, plates.len()),
            format_length(finest(frail.iter().map(|index| &plates[*index])), 4)
        ));
    }
    if let Some(printer) = making.printer {
        warnings.extend(of_printer(printer, plates, making));
    }
    warnings
}

/// "all masks", "mask 2", "masks 1, 3": by their indices, of so many.
fn masks_named(indices: &[usize], masks: usize) -> String {
    if indices.len() == masks && masks > 1 {
        return "all masks".into();
    }
    let numbers: Vec<String> = indices.iter().map(|index| (index + 1).to_string()).collect();
    format!("mask{} {}", if numbers.len() == 1 { "" } else { "s" }, numbers.join(", "))
}

/// The narrowest pixel of some plates, metres.
fn finest<'a>(plates: impl IntoIterator<Item = &'a PlateReport>) -> Metres {
    plates.into_iter().map(|plate| plate.pixel_pitch).fold(f64::INFINITY, f64::min)
}

/// What a printer that takes the plates will not do well.
fn of_printer(printer: &Printer, plates: &[PlateReport], making: &Making<'_>) -> Vec<String> {
    let name = &printer.name;
    let mut warnings = Vec::new();
    let pitch = finest(plates);
    if let Some(limit) = printer.faithful_feature.filter(|limit| pitch < limit * (1.0 - 1e-9)) {
        warnings.push(format!(
            "pixels of {} are below the {} that {name} prints without distortion; print a test piece, or raise \
             bench.pixel_pitch",
            format_length(pitch, 4),
            format_length(limit, 4)
        ));
    }
    for plate in plates {
        warnings.extend(
            printer
                .refusals(
                    plate.bounding_box,
                    plate.pixel_pitch,
                    plate.relief.1.max(2.0 * printer.layer_height),
                )
                .into_iter()
                .map(|refusal| format!("{name}: {refusal}")),
        );
        if printer.whole_layers(plate.step).is_none() {
            warnings.push(format!(
                "heights in steps of {} are no whole layers of {}: {name} rounds them again, by up to {} ({:.3} rad); \
                 take fabrication.layer_height = \"{}\"",
                format_length(plate.step, 4),
                format_length(printer.layer_height, 4),
                format_length(printer.layer_height / 2.0, 4),
                making.material.phase(printer.layer_height / 2.0, making.wavelength),
                format_length(printer.layer_height, 4)
            ));
        }
    }
    // Most are the same for every plate.
    let mut seen = Vec::new();
    warnings.retain(|warning| {
        let new = !seen.contains(warning);
        seen.push(warning.clone());
        new
    });
    warnings
}

/// Three digits or so: `0.0123`, `1.23`, `12.3`, `1234`.
fn significant(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let digits = 2 - value.abs().log10().floor() as i32;
    trimmed(value, digits.clamp(0, 15) as usize)
}

/// The reports as a table in plain text, one line a plate under a line of heads.
pub fn format_reports(reports: &[PlateReport]) -> String {
    aligned(&plate_table(reports))
}

/// A table in plain text: the first column to the left, figures to the right.
fn aligned(table: &[Vec<String>]) -> String {
    let columns = table.first().map_or(0, Vec::len);
    let width = |cell: usize| table.iter().map(|row| row[cell].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in table {
        for (cell, (value, &width)) in row.iter().zip(&widths).enumerate() {
            text += &if cell == 0 { format!("{value:<width$}") } else { format!("  {value:>width$}") };
        }
        text.push('\n');
    }
    text
}
