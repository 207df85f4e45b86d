//! What can be looked at: masks, light, images that are formed, wrong answers.

use ndarray::{Array2, ArrayView2, Axis, Slice};

use super::answers::class_name;
use super::figured::Figured;
use super::figures::{Example, Figures};
use super::words::{grouped, loud, paragraph};
use crate::bench::Role;
use crate::cli::mask_words::{mask_pitches, mask_sizes};
use crate::detector::Region;
use crate::error::Result;
use crate::plots::report::{
    Face, Markup, Outline, Section, bar, classed, element, fields, overlaid, scale, side_view,
};
use crate::units::format_length;

/// The masks of each network in the order of the light.
pub(super) fn masks(figures: &Figures<'_>) -> Result<Section> {
    let bench = &figures.device.design.bench;
    let channels = bench.modulation.channels();
    let (height, width) = bench.grid().aperture();
    let mut content = vec![paragraph(if bench.mask_pixels.is_empty() {
        format!(
            "In the order of the light, seen along it. Each is {} wide and {} high.",
            format_length(width, 4),
            format_length(height, 4)
        )
    } else {
        format!(
            "In the order of the light, seen along it, each drawn as large as the others. They have {} pixels of {}, in the middle of \
             planes that are {} wide and {} high.",
            mask_sizes(bench).replace('x', "\u{d7}"),
            mask_pitches(bench),
            format_length(width, 4),
            format_length(height, 4)
        )
    })];
    for network in 0..bench.networks {
        if bench.networks > 1 {
            content.push(element("h3").text(network_name(figures, network)));
        }
        for channel in 0..channels {
            let (face, what) = if bench.modulation.is_angle(channel) {
                (Face::Phase, "phase")
            } else {
                (Face::Share, "amplitude")
            };
            let named: Vec<(String, Array2<f64>)> = (0..bench.masks())
                .map(|mask| {
                    let number = network * bench.masks() + mask;
                    let values = figures.device.masks[number * channels + channel].mapv(f64::from);
                    (format!("mask {}", number + 1), values)
                })
                .collect();
            let views: Vec<_> = named.iter().map(|(name, values)| (name.clone(), values.view())).collect();
            content.push(fields(&views, face, false, what)?);
            content.push(meaning(face));
        }
    }
    Ok(Section { anchor: "masks", title: "Masks", content })
}

/// "Network 2 of 2: sandal, shirt".
fn network_name(figures: &Figures<'_>, network: usize) -> String {
    let bench = &figures.device.design.bench;
    let each = bench.detector.classes();
    let classes = figures.classes().iter().skip(network * each).take(each).cloned().collect::<Vec<_>>();
    format!("Network {} of {}: {}", network + 1, bench.networks, classes.join(", "))
}

/// What the colours mean.
fn meaning(face: Face) -> Markup {
    let (low, high) = match face {
        Face::Phase => ("0", "2\u{3c0} phase"),
        Face::Share => ("0", "1 amplitude transmission"),
        Face::Amplitude => ("dark", "largest amplitude of the plane"),
    };
    scale(face, low, high)
}

/// One image a class on its way.
pub(super) fn light(figures: &Figures<'_>) -> Result<Section> {
    let bench = &figures.device.design.bench;
    let masks = bench.masks();
    let places = bench.planes();
    let planes_of = |network: usize| -> Vec<(String, f64)> {
        let between = places.iter().map(|(role, z)| match role {
            Role::Mask(mask) => (format!("mask {}", network * masks + mask + 1), *z),
            Role::Optic(number) => (bench.optics[*number].element.name(), *z),
            Role::Gap => ("gap".into(), *z),
        });
        let ends = [("object".to_owned(), 0.0), ("detector".to_owned(), bench.length())];
        let [object, detector] = ends;
        std::iter::once(object).chain(between).chain([detector]).collect()
    };
    let mut content = vec![paragraph(
        "The first test image of each class on its way. Above the bench from the side, on the cut through its middle, in \
         decibels down to 40 below the largest; below every plane face on, the root of its intensity. Masks are shown with \
         the light that falls on them.",
    )];
    for (index, example) in figures.examples.iter().enumerate() {
        let planes = planes_of(example.network);
        let told = match &figures.figured {
            Figured::Classes { .. } => format!(
                "{}: {}",
                class_name(figures, example.truth),
                if example.answer == example.truth {
                    "answered right".to_owned()
                } else {
                    format!("taken for {}", figures.classes()[example.answer])
                }
            ),
            Figured::Images(_) => class_name(figures, example.truth),
        };
        let which = match bench.networks {
            1 => String::new(),
            count => format!(", through network {} of {count}", example.network + 1),
        };
        let what = format!("light of test image {} ({told}{which})", example.number);
        let mut block = element("details");
        if index < 2 {
            block = block.attribute("open", "open");
        }
        block =
            block.with(element("summary").text(&told).with(
                classed("span", "quiet").text(format!(" \u{2013} test image {}{which}", example.number)),
            ));
        let mut shown = classed("div", "light");
        if let Some(side) = &example.side {
            shown = shown.with(classed("div", "scroll side").with(classed("div", "wide").with(side_view(
                side,
                &figures.positions,
                &planes,
                &format!("{what}, from the side"),
            )?)));
        }
        let views: Vec<_> = planes
            .iter()
            .zip(&example.planes)
            .map(|((name, _), plane)| (name.clone(), plane.view()))
            .collect();
        shown = shown.with(fields(&views, Face::Amplitude, true, &what)?);
        content.push(block.with(shown));
    }
    content.push(meaning(Face::Amplitude));
    Ok(Section { anchor: "light", title: "Light through the device", content })
}

/// Images that are formed beside their objects.
pub(super) fn formed_images(figures: &Figures<'_>) -> Result<Section> {
    let mut content = Vec::new();
    if !figures.formed.is_empty() {
        content.push(paragraph(
            "What is wanted, what is read on the detector behind the device, and what would be read without masks. All \
             are equally bright in sum; brighter than white is shown white.",
        ));
        let mut cases = classed("div", "cases");
        for (example, formed) in figures.examples.iter().zip(&figures.formed) {
            let [wanted, read, free] = formed.pictures.each_ref().map(|picture| picture.mapv(|v| v.min(1.0)));
            let named: [(String, ArrayView2<'_, f64>); 3] = [
                ("wanted".into(), wanted.view()),
                (format!("device, SSIM {:.3}", formed.similarity[0]), read.view()),
                (format!("free space, {:.3}", formed.similarity[1]), free.view()),
            ];
            let what = format!("test image {}", example.number);
            cases = cases.with(
                classed("div", "case")
                    .with(element("h3").text(format!("{}, {what}", class_name(figures, example.truth))))
                    .with(fields(&named, Face::Share, false, &what)?),
            );
        }
        content.push(cases);
    }
    Ok(Section { anchor: "images", title: "Images", content })
}

/// Wrong answers with their detector planes.
pub(super) fn mistakes(figures: &Figures<'_>) -> Result<Section> {
    let mut content = Vec::new();
    if let Figured::Classes { judged, answers } = &figures.figured {
        let wrong = answers.iter().filter(|answer| !answer.is_right()).count();
        if wrong == 0 {
            content.push(paragraph(format!("None among {} images.", judged.images)));
        } else {
            content.push(paragraph(format!(
                "{} of {}: the first of each class, then the first ones that are left. The detector plane is shown \
                 with its regions, the true class in green and the answer in red.",
                figures.mistakes.len(),
                grouped(wrong)
            )));
            let cases = figures.mistakes.iter().map(|example| case(figures, example));
            content.push(classed("div", "cases").with_all(cases.collect::<Result<Vec<_>>>()?));
        }
        if judged.images < 20 {
            content.push(loud("Judged on very few images."));
        }
    }
    Ok(Section { anchor: "mistakes", title: "Misclassified", content })
}

fn case(figures: &Figures<'_>, example: &Example) -> Result<Markup> {
    let bench = &figures.device.design.bench;
    let detector = &bench.detector;
    let scheme = detector.scheme();
    let label = |class: usize| figures.device.design.data.class_name(class);
    let title = format!("{}, taken for {}", label(example.truth), label(example.answer));
    let what = format!("test image {} ({title})", example.number);
    let image = example.image.mapv(f64::from);
    let mut pair =
        classed("div", "pair").with(fields(&[("object".into(), image.view())], Face::Share, false, &what)?);
    let part = around(detector.regions(), detector.grid().shape());
    let whole = (part.height, part.width) == detector.grid().shape();
    for (network, plane) in example.detectors.iter().enumerate() {
        let first = network * detector.regions().len();
        let outlines: Vec<Outline> = detector
            .regions()
            .iter()
            .enumerate()
            .map(|(index, region)| {
                let class = scheme.class(first + index);
                let look = look(example, class);
                let region =
                    Region { row: region.row - part.row, column: region.column - part.column, ..*region };
                Outline { region, mark: scheme.mark(first + index), look }
            })
            .collect();
        let name = match bench.networks {
            1 => "detector plane".to_owned(),
            count => format!("detector plane of network {} of {count}", network + 1),
        };
        let name = if whole { name } else { format!("{name}, around its regions") };
        let rows = plane.slice_axis(Axis(0), Slice::from(part.rows()));
        let seen = rows.slice_axis(Axis(1), Slice::from(part.columns()));
        let shown = overlaid(seen, Face::Amplitude, &outlines, &format!("{what}, {name}"))?;
        if network > 0 {
            pair = pair.with(element("span"));
        }
        pair = pair.with(element("figure").with(shown).with(element("figcaption").text(name)));
    }
    Ok(classed("div", "case")
        .with(
            element("h3")
                .text(title)
                .with(classed("span", "quiet").text(format!(" \u{2013} test image {}", example.number))),
        )
        .with(pair)
        .with(scores(figures, example)))
}

/// The part of a plane of `shape` that holds all `regions`, with a margin of a tenth of the plane around them.
fn around(regions: &[Region], shape: (usize, usize)) -> Region {
    let margin = shape.0.max(shape.1) / 10;
    let first = |of: &dyn Fn(&Region) -> usize| regions.iter().map(of).min().unwrap_or(0);
    let last = |of: &dyn Fn(&Region) -> usize| regions.iter().map(of).max().unwrap_or(0);
    let row = first(&|region| region.row).saturating_sub(margin);
    let column = first(&|region| region.column).saturating_sub(margin);
    Region {
        row,
        column,
        height: (last(&|region| region.rows().end) + margin).min(shape.0) - row,
        width: (last(&|region| region.columns().end) + margin).min(shape.1) - column,
    }
}

/// How a class looks beside an example: the right one, the one it was taken for, another.
fn look(example: &Example, class: usize) -> &'static str {
    if class == example.truth {
        "right"
    } else if class == example.answer {
        "wrong"
    } else {
        "other"
    }
}

/// The true class, the answer and the best others by their scores.
fn scores(figures: &Figures<'_>, example: &Example) -> Markup {
    let scheme = figures.device.design.bench.detector.scheme();
    let scores = scheme.scores(&example.readings);
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b)));
    let shown = order.iter().copied().filter(|class| {
        [example.truth, example.answer].contains(class) || order.iter().position(|o| o == class) < Some(3)
    });
    let largest = scores.iter().map(|score| score.abs()).fold(0.0, f64::max);
    let row = |class: usize| {
        let look = look(example, class);
        let share = if largest > 0.0 { scores[class].max(0.0) / largest } else { 0.0 };
        let value = match scheme.regions_a_class() {
            1 => format!("{:.1} %", 100.0 * scores[class]),
            _ => format!("{:+.3}", scores[class]).replace('-', "\u{2212}"),
        };
        element("li")
            .with(classed("span", look).text(&figures.classes()[class]))
            .with(bar(share, (0.0, 0.0)))
            .with(element("span").text(value))
    };
    let rows: Vec<Markup> = shown.map(row).collect();
    classed("ul", "scores").with_all(rows)
}
