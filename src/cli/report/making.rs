//! How the device is made: plates, training, and how this report came to be.

use super::figured::Figured;
use super::figures::Figures;
use super::words::{device, figure, grouped, name, paragraph, percent};
use crate::cli::inspect::thickness;
use crate::error::Result;
use crate::fabrication::plate_table;
use crate::plots::report::{GraphCurve, Markup, Section, classed, element, facts, graph, table};
use crate::training::Epoch;

/// What someone who prints the plates asks before printing.
///
/// # Errors
/// As [`thickness::foretold`].
pub(super) fn printing(figures: &Figures<'_>) -> Result<Section> {
    let mut content = Vec::new();
    match &figures.plates {
        Err(problem) => content.push(paragraph(format!("Not to be printed. {problem}."))),
        Ok(report) => {
            content.push(paragraph(format!(
                "{}, each read back and found a closed two-manifold with the volume and heights of its design.",
                report.sums()
            )));
            // How long it took is no figure of the plates.
            let mut plates = plate_table(&report.plates);
            plates.iter_mut().for_each(|row| {
                row.pop();
            });
            content.push(plain_table("Plates", &plates));
            content.push(plain_table("Reliefs", &report.relief_table()));
            if let Some(printer) = &report.printer {
                content.push(paragraph(format!("Printer: {}.", printer.name)));
            }
            let thickness =
                thickness::foretold(figures.device)?.map(|foretold| foretold.text().trim().to_owned());
            let warnings: Vec<&String> = thickness.iter().chain(&report.warnings).collect();
            if !warnings.is_empty() {
                content.push(element("h3").text("Before printing"));
                let warnings = warnings.into_iter().map(|warning| element("li").text(warning));
                content.push(classed("ul", "warnings").with_all(warnings));
            }
            content.push(
                classed("p", "quiet")
                    .text("The files: ")
                    .with(element("code").text(format!("d2nn export-stl {}", device(figures)))),
            );
        }
    }
    Ok(Section { anchor: "printing", title: "Printing report", content })
}

/// A table whose first row are its heads.
fn plain_table(caption: &str, rows: &[Vec<String>]) -> Markup {
    let Some((heads, rows)) = rows.split_first() else { return paragraph("None.") };
    let row = |row: &Vec<String>| {
        let cell = |(index, text): (usize, &String)| if index == 0 { name(text) } else { figure(text) };
        row.iter().enumerate().map(cell).collect()
    };
    table(caption, heads, &rows.iter().map(row).collect::<Vec<_>>())
}

/// How the training went, and where it is written down.
pub(super) fn training(figures: &Figures<'_>) -> Result<Section> {
    let mut content = Vec::new();
    let provenance = figures.device.provenance.as_ref();
    if let Some(provenance) = provenance {
        let data = &provenance.data;
        let mut lines = vec![
            ("command", provenance.command.clone()),
            ("seed", provenance.seed.to_string()),
            ("program", format!("d2nn {} ({})", provenance.version, provenance.commit)),
            (
                "data",
                format!(
                    "{}{}: {} images to learn from, {} to validate",
                    data.name,
                    match (data.builtin_sample, data.published) {
                        (true, _) => ", built-in sample",
                        (false, Some(false)) => ", not the published files",
                        (false, _) => "",
                    },
                    grouped(data.training_images),
                    grouped(data.validation_images)
                ),
            ),
            ("time", format!("{:.0} s", provenance.metrics.training_seconds)),
        ];
        if let Some(accuracy) = provenance.metrics.test_accuracy {
            lines.push((
                "test accuracy then",
                format!("{} of {} images", percent(accuracy, 2), grouped(data.test_images)),
            ));
        }
        if let Some(ssim) = provenance.metrics.test_ssim {
            lines.push(("test SSIM then", format!("{ssim:.4} of {} images", grouped(data.test_images))));
        }
        content.push(facts(lines));
    } else {
        content.push(paragraph("No provenance: how the device was trained is not written down."));
    }
    if figures.history.is_empty() {
        content.push(paragraph("No history: how the training went is not written down."));
    } else {
        content.push(curves(figures, &figures.history)?);
    }
    Ok(Section { anchor: "training", title: "Training", content })
}

fn curves(figures: &Figures<'_>, history: &[Epoch]) -> Result<Markup> {
    let curve = |name: &str, look: &'static str, of: &dyn Fn(&Epoch) -> f64| GraphCurve {
        name: name.into(),
        points: history
            .iter()
            .map(|row| (row.epoch as f64, of(row)))
            .filter(|(_, value)| value.is_finite())
            .collect(),
        ranges: Vec::new(),
        look,
    };
    let (score, factor) = match figures.figured {
        Figured::Classes { .. } => ("accuracy, %", 100.0),
        Figured::Images(_) => ("SSIM", 1.0),
    };
    let mut graphs = classed("div", "graphs");
    for (up, training, validation) in [
        (
            "loss",
            curve("training", "second", &|row| row.training_loss),
            curve("validation", "first", &|row| row.validation_loss),
        ),
        (
            score,
            curve("training", "second", &|row| factor * row.training_accuracy),
            curve("validation", "first", &|row| factor * row.validation_accuracy),
        ),
    ] {
        let curves: Vec<GraphCurve> =
            [training, validation].into_iter().filter(|curve| !curve.points.is_empty()).collect();
        if !curves.is_empty() {
            graphs = graphs.with(graph(
                &curves,
                "epoch",
                up,
                false,
                None,
                &format!("{up} against epochs of the training"),
            )?);
        }
    }
    Ok(graphs)
}

/// How this report came to be.
pub(super) fn colophon(figures: &Figures<'_>) -> Section {
    let design = &figures.device.design;
    let mut lines = vec![
        ("program", format!("d2nn {} ({})", env!("CARGO_PKG_VERSION"), env!("D2NN_COMMIT"))),
        ("device", design.name.clone()),
        (
            "images",
            format!("first {} test images of {}", grouped(figures.judged_images), figures.shown.origin()),
        ),
    ];
    if let Some(date) = source_date() {
        lines.push(("date", date));
    }
    if let Some(provenance) = &figures.device.provenance {
        let sums: Vec<String> = provenance
            .masks
            .iter()
            .enumerate()
            .map(|(index, sum)| format!("mask {}: {sum}", index + 1))
            .collect();
        lines.push(("masks as trained, SHA-256", sums.join("\n")));
    }
    Section { anchor: "colophon", title: "About this report", content: vec![facts(lines)] }
}

/// The day that SOURCE_DATE_EPOCH names, if it does: a date of the clock would make each report another.
fn source_date() -> Option<String> {
    let seconds: u64 = std::env::var("SOURCE_DATE_EPOCH").ok()?.parse().ok()?;
    Some(day(seconds / 86_400))
}

/// Year, month and day of day `number` since 1 January 1970, of the Gregorian calendar
/// (H. Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`).
fn day(number: u64) -> String {
    let days = number + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let (day, month) =
        (of_year - (153 * shifted + 2) / 5 + 1, if shifted < 10 { shifted + 3 } else { shifted - 9 });
    let year = year + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_the_calendar() {
        for (number, date) in
            [(0, "1970-01-01"), (11_016, "2000-02-29"), (19_782, "2024-02-29"), (20_819, "2027-01-01")]
        {
            assert_eq!(day(number), date);
        }
    }
}
