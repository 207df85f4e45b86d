//! How well the device answers: accuracy with its spread, confusion, distribution of the light.

use super::figured::Figured;
use super::figures::Figures;
use super::words::{basis, device, figure, grouped, heads, interval, name, paragraph, percent, words};
use crate::error::Result;
use crate::evaluation::{Answer, Evaluation, Figure, FigureUnit, Spread, wilson_interval};
use crate::plots::report::{Cell, Markup, Section, bar, classed, element, heat_table, histogram, table};

/// Bins of the distributions.
const BINS: usize = 48;

/// Accuracy of each class, efficiencies, and how they spread over the images.
pub(super) fn accuracy(figures: &Figures<'_>) -> Result<Section> {
    let samples = figures.device.design.simulated.oversample;
    let command = format!("evaluate {}", device(figures));
    let mut content = Vec::new();
    match &figures.figured {
        Figured::Classes { judged, answers } => {
            content.push(paragraph(
                "Share of right answers for each true class, with Wilson\u{2019}s 95 % interval: what so many images say \
                 about images like them.",
            ));
            content.push(classes(figures, judged));
            content.push(basis(figures, judged.images, Some(samples), &command));
            content.push(efficiencies(judged));
            content.push(spread(answers)?);
        }
        Figured::Images(judged) => {
            content.push(paragraph(
                "How like its object the image is that is read on the detector, beside what free space makes of the same \
                 objects.",
            ));
            content.push(formed(judged));
            content.push(basis(figures, judged.device.images, Some(samples), &command));
        }
    }
    let seeds = match &figures.device.provenance {
        Some(provenance) => format!(
            "One device of one training, seed {}: how much accuracy changes from seed to seed is not seen here. d2nn sweep \
             trains a design with several.",
            provenance.seed
        ),
        None => "One device: how much accuracy changes from training to training is not seen here.".into(),
    };
    content.push(classed("p", "quiet").text(seeds));
    let title = if matches!(figures.figured, Figured::Images(_)) { "Likeness" } else { "Accuracy" };
    Ok(Section { anchor: "accuracy", title, content })
}

fn classes(figures: &Figures<'_>, judged: &Evaluation) -> Markup {
    let row = |title: String, right: u64, all: u64| {
        let found = wilson_interval(right, all);
        let share = if all > 0 { right as f64 / all as f64 } else { 0.0 };
        vec![
            name(title),
            figure(grouped(all as usize)),
            figure(grouped(right as usize)),
            figure(if all > 0 { percent(share, 2) } else { "\u{2013}".into() }),
            figure(if all > 0 { interval(found, 1) } else { "\u{2013}".into() }),
            element("td").with(bar(share, if all > 0 { found } else { (0.0, 0.0) })),
        ]
    };
    let mut rows: Vec<_> = judged
        .confusion
        .outer_iter()
        .enumerate()
        .map(|(class, counts)| row(class_name(figures, class), counts[class], counts.sum()))
        .collect();
    rows.push(row("all".into(), judged.confusion.diag().sum(), judged.images as u64));
    table(
        "Accuracy by class",
        &heads(&["class", "images", "right", "accuracy", "95 % interval", "0 to 100 %"]),
        &rows,
    )
}

/// "3 dress".
pub(super) fn class_name(figures: &Figures<'_>, class: usize) -> String {
    format!("{class} {}", figures.device.design.data.class_name(class))
}

fn efficiencies(judged: &Evaluation) -> Markup {
    let figures = judged.figures();
    // The score has a table of its own.
    let (shares, others): (Vec<&Figure>, Vec<&Figure>) = figures
        .iter()
        .skip(1)
        .filter(|one| one.value.is_finite())
        .partition(|one| one.unit == FigureUnit::Share);
    let rows: Vec<_> = shares
        .into_iter()
        .chain(others)
        .map(|one| {
            let value = if one.unit == FigureUnit::Share { percent(one.value, 3) } else { one.told() };
            vec![name(one.label), figure(value), words(one.of.replace(" - ", " \u{2212} "))]
        })
        .collect();
    table("Efficiencies, means over the images", &heads(&["figure", "mean", "what it is"]), &rows)
}

/// Contrast and light in the true region, image by image.
fn spread(answers: &[Answer]) -> Result<Markup> {
    let mut block = element("div").with(element("h3").text("Spread over the images"));
    let contrast = Spread::of(answers.iter().filter_map(|answer| answer.contrast), BINS);
    let power = Spread::of(answers.iter().filter_map(|answer| answer.power_efficiency_input), BINS);
    let (Some(contrast), Some(power)) = (contrast, power) else {
        return Ok(block.with(paragraph("No image has any light.")));
    };
    let mut graphs = classed("div", "graphs");
    for (spread, title, across, marks) in [
        (
            &contrast,
            "Lead of the true class",
            "signal contrast, %",
            vec![("the answer turns here".to_owned(), 0.0)],
        ),
        (&power, "Light in the true region", "share of the object\u{2019}s power, %", Vec::new()),
    ] {
        let range = (100.0 * spread.range.0, 100.0 * spread.range.1);
        let inside = marks.into_iter().filter(|(_, at)| (range.0..=range.1).contains(at));
        let alternative = format!(
            "{title}: distribution over {} images, median {}, from {} to {}",
            spread.images,
            percent(spread.percentiles[2], 3),
            percent(spread.range.0, 3),
            percent(spread.range.1, 3)
        );
        graphs = graphs.with(classed("figure", "graph").with(element("h4").text(title)).with(histogram(
            &spread.bins,
            range,
            across,
            &inside.collect::<Vec<_>>(),
            &alternative,
        )?));
    }
    let row = |title: &str, spread: &Spread| {
        let mut row =
            vec![name(title), figure(percent(spread.mean, 3)), figure(percent(spread.deviation, 3))];
        row.extend(spread.percentiles.iter().map(|value| figure(percent(*value, 3))));
        row
    };
    block = block.with(graphs).with(table(
        "The same in figures; the last five are percentiles",
        &heads(&["figure", "mean", "deviation", "5 %", "25 %", "median", "75 %", "95 %"]),
        &[row("signal contrast", &contrast), row("true region / object", &power)],
    ));
    Ok(block)
}

fn formed(judged: &crate::cli::imaging::BesideFreeSpace) -> Markup {
    let (image, free) = (judged.device.figures(), judged.free_space.figures());
    let told = |one: &Figure| if one.unit == FigureUnit::Share { percent(one.value, 2) } else { one.told() };
    let rows: Vec<_> = image
        .iter()
        .zip(&free)
        .map(|(image, free)| {
            vec![name(image.label), figure(told(image)), figure(told(free)), words(image.of)]
        })
        .collect();
    table(
        "Device and free space, means over the images",
        &heads(&["figure", "device", "free space", "what it is"]),
        &rows,
    )
}

/// Which class is taken for which.
pub(super) fn confusion(figures: &Figures<'_>) -> Section {
    let mut content = Vec::new();
    if let Figured::Classes { judged, .. } = &figures.figured {
        let rows: Vec<_> = judged
            .confusion
            .outer_iter()
            .zip(judged.per_class_accuracy())
            .enumerate()
            .map(|(class, (counts, share))| {
                let all = counts.sum().max(1) as f64;
                let cell = |(answer, count): (usize, &u64)| Cell {
                    text: if *count == 0 { "\u{b7}".into() } else { count.to_string() },
                    shade: *count as f64 / all,
                    wanted: answer == class,
                };
                let cells = counts.iter().enumerate().map(cell).collect();
                let accuracy = share.map_or("\u{2013}".into(), |share| percent(share, 1));
                (class_name(figures, class), cells, vec![figure(accuracy)])
            })
            .collect();
        content.push(paragraph(
            "Rows are the true class, columns the answer; the stronger a cell, the larger its share of the row.",
        ));
        content.push(heat_table(
            "Number of images",
            "true class \u{2193} answer \u{2192}",
            &names(figures),
            &rows,
            &["accuracy"],
        ));
        if let Some(text) = most_confused(figures, judged) {
            content.push(paragraph(text));
        }
    }
    Section { anchor: "confusion", title: "Confusion matrix", content }
}

fn most_confused(figures: &Figures<'_>, judged: &Evaluation) -> Option<String> {
    let mut wrong: Vec<((usize, usize), u64)> = judged
        .confusion
        .indexed_iter()
        .filter(|((truth, answer), count)| truth != answer && **count > 0)
        .map(|(at, count)| (at, *count))
        .collect();
    wrong.sort_by_key(|(at, count)| (std::cmp::Reverse(*count), *at));
    let label = |class: usize| figures.device.design.data.class_name(class);
    let all: u64 = wrong.iter().map(|(_, count)| count).sum();
    let told: Vec<String> = wrong
        .iter()
        .take(3)
        .map(|((truth, answer), count)| format!("{} for {} ({count})", label(*truth), label(*answer)))
        .collect();
    (!told.is_empty()).then(|| {
        format!(
            "Most often taken for another: {}. {} wrong answers in all.",
            told.join(", "),
            grouped(all as usize)
        )
    })
}

/// Names of the classes.
fn names(figures: &Figures<'_>) -> Vec<String> {
    figures.classes().iter().map(|name| (*name).to_owned()).collect()
}

/// Where the light of each class goes.
pub(super) fn energy(figures: &Figures<'_>) -> Section {
    let mut content = Vec::new();
    if let Figured::Classes { judged, .. } = &figures.figured {
        let scheme = figures.device.design.bench.detector.scheme();
        let shares = &judged.region_shares;
        let largest = shares.iter().copied().fold(0.0, f64::max);
        let columns: Vec<String> = (0..shares.ncols())
            .map(|region| {
                let class = figures.device.design.data.class_name(scheme.class(region));
                match scheme.regions_a_class() {
                    1 => class.to_owned(),
                    _ if region == scheme.region(scheme.class(region)) => format!("{class} +"),
                    _ => format!("{class} \u{2212}"),
                }
            })
            .collect();
        let rows: Vec<_> = shares
            .outer_iter()
            .enumerate()
            .map(|(class, row)| {
                let cell = |(region, share): (usize, &f64)| Cell {
                    text: format!("{:.1}", 100.0 * share),
                    shade: if largest > 0.0 { share / largest } else { 0.0 },
                    wanted: region == scheme.region(class),
                };
                (class_name(figures, class), row.iter().enumerate().map(cell).collect(), Vec::new())
            })
            .collect();
        let pairs = if scheme.regions_a_class() == 2 {
            " Of each pair + counts for the class and \u{2212} against it."
        } else {
            ""
        };
        content.push(paragraph(format!(
            "Mean share of each detector region in the light that all regions collect, for the images of each true \
             class.{pairs}"
        )));
        content.push(heat_table(
            "Share of the collected light, %",
            "true class \u{2193} region \u{2192}",
            &columns,
            &rows,
            &[],
        ));
    }
    Section { anchor: "energy", title: "Energy distribution", content }
}
