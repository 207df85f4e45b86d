//! What the device is, the figures in large, the data sheet.

use super::figured::Figured;
use super::figures::{Figures, MaskOrigin};
use super::words::{grouped, interval, loud, percent};
use crate::cli::inspect;
use crate::cli::inspect::power::{budget_images, budget_lines};
use crate::cli::mask_words::{mask_pitches, mask_sizes};
use crate::detector::Scheme;
use crate::element::Modulation;
use crate::evaluation::wilson_interval;
use crate::plots::report::{Markup, Section, classed, element, facts};
use crate::units::format_length;

/// Everything above the first section.
pub(super) fn head(figures: &Figures<'_>) -> Vec<Markup> {
    let mut head = vec![classed("p", "lead").text(sentence(figures))];
    head.extend(notes(figures));
    head.push(classed("div", "tiles").with_all(tiles(figures)));
    head
}

/// What the device is, in a sentence or two.
fn sentence(figures: &Figures<'_>) -> String {
    let design = &figures.device.design;
    let bench = &design.bench;
    let kind = match bench.modulation {
        Modulation::Phase { .. } => "phase",
        Modulation::Amplitude => "amplitude",
        Modulation::Complex => "complex",
    };
    let masks = match (bench.networks, bench.masks()) {
        (1, 1) => format!("one {kind} mask"),
        (1, masks) => format!("{masks} {kind} masks"),
        (networks, masks) => format!("{networks} networks side by side of {masks} {kind} masks each"),
    };
    let task = if design.forms_image() {
        format!("forms images: the detector shows what stands at the object plane, judged on {}", design.data)
    } else {
        let read = match bench.detector.scheme() {
            Scheme::Single => "the brightest detector region",
            Scheme::Differential => "the pair of detector regions with the largest lead",
        };
        format!("tells the {} classes of {} apart: {read} is the answer", bench.classes(), design.data)
    };
    format!(
        "A diffractive optical network that {task}. Light of {} crosses {masks} of {} pixels of {}, \
         {} from the object to the detector.",
        format_length(bench.wavelength, 4),
        mask_sizes(bench).replace('x', "\u{d7}"),
        mask_pitches(bench),
        format_length(bench.gaps.iter().sum(), 4)
    )
}

/// What must be known before the figures are believed.
fn notes(figures: &Figures<'_>) -> Vec<Markup> {
    let mut notes = Vec::new();
    let provenance = figures.device.provenance.as_ref();
    if provenance.is_some_and(|provenance| provenance.data.builtin_sample) {
        notes.push(loud(
            "This device was trained on the sample of Fashion-MNIST that is built into the program, a tenth of the full \
             set. Its figures do not compare with published ones.",
        ));
    }
    if provenance
        .is_some_and(|provenance| !provenance.data.builtin_sample && provenance.data.published == Some(false))
    {
        notes.push(loud(format!(
            "This device was trained on files that are not the published ones of {}. Its figures do not compare with \
             published ones.",
            figures.device.design.data
        )));
    }
    if figures.shown.published == Some(false) && !figures.shown.is_sample() {
        notes.push(loud(format!(
            "Judged on other images: {} has not the published files of {}.",
            figures.shown.source.describe(),
            figures.shown.set
        )));
    }
    if let Some(warning) = figures.shown.source.warning() {
        notes.push(loud(format!("Judged on a sample: {warning}.")));
    }
    match figures.origin {
        MaskOrigin::AsTrained => {}
        MaskOrigin::Changed => notes.push(loud(
            "The masks are not the ones that the training wrote: their checksums differ from provenance.toml. The figures \
             here are of the masks as they are now.",
        )),
        MaskOrigin::Unknown => notes.push(loud(
            "The folder has no provenance.toml: how these masks came to be, and on which images, is not known.",
        )),
    }
    notes.extend(figures.device.design.warnings.iter().map(|warning| loud(format!("Sampling: {warning}."))));
    notes
}

fn tile(value: String, name: &str, meaning: String) -> Markup {
    classed("div", "tile")
        .with(element("span").text(name))
        .with(element("b").text(value))
        .with(element("small").text(meaning))
}

fn tiles(figures: &Figures<'_>) -> Vec<Markup> {
    match &figures.figured {
        Figured::Classes { judged, .. } => {
            let right = judged.confusion.diag().sum();
            vec![
                tile(
                    percent(judged.accuracy(), 2),
                    "accuracy",
                    format!(
                        "of {} test images; 95 %: {}",
                        grouped(judged.images),
                        interval(wilson_interval(right, judged.images as u64), 2)
                    ),
                ),
                tile(
                    percent(judged.power_efficiency_input, 3),
                    "light in the true region",
                    "of the power of the object".into(),
                ),
                tile(
                    percent(judged.detector_share, 2),
                    "light on all regions",
                    "of what reaches the detector plane".into(),
                ),
                tile(
                    percent(judged.signal_contrast, 2),
                    "signal contrast",
                    "lead of the true class over the best other, of the light on the regions".into(),
                ),
            ]
        }
        Figured::Images(judged) => vec![
            tile(
                format!("{:.4}", judged.device.ssim),
                "structural similarity",
                format!("mean of {} test images", grouped(judged.device.images)),
            ),
            tile(
                format!("{:.4}", judged.free_space.ssim),
                "without masks",
                "what free space makes of the same objects".into(),
            ),
            tile(
                percent(judged.device.power_efficiency_input, 2),
                "light in the image",
                "of the power of the object".into(),
            ),
        ],
    }
}

/// The data sheet of `d2nn inspect`.
pub(super) fn data_sheet(figures: &Figures<'_>) -> Section {
    let design = &figures.device.design;
    let mut content = Vec::new();
    for group in inspect::sheet(design, None) {
        let lines = facts(group.lines);
        if group.title == "design" {
            content.push(lines);
        } else {
            content.push(
                element("details")
                    .with(element("summary").text("Sampling: what the grid can and cannot carry"))
                    .with(lines),
            );
        }
    }
    content.push(
        element("details")
            .with(element("summary").text("Power budget: where the light goes"))
            .with(facts(budget_lines(&figures.budget, design)))
            .with(
                classed("p", "quiet")
                    .text(format!("Shares of the object's power, mean of the {}.", budget_images(design))),
            ),
    );
    Section { anchor: "data-sheet", title: "Data sheet", content }
}

/// The last lines of the page.
pub(super) fn foot() -> Vec<Markup> {
    vec![element("p").text(format!(
        "Made by d2nn {} ({}). Same device, data and program: the same page, byte for byte.",
        env!("CARGO_PKG_VERSION"),
        env!("D2NN_COMMIT")
    ))]
}
