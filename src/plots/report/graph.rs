//! Small graphs: distributions, curves, bars.

use super::field::{number, picture};
use super::markup::{Markup, classed, element};
use crate::error::{Error, Result};
use crate::plots::axes::ticks;

const WIDTH: f64 = 360.0;
const HEIGHT: f64 = 198.0;
const LEFT: f64 = 46.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 20.0;
const BOTTOM: f64 = 42.0;

/// One curve of a [`graph`].
#[derive(Clone, Debug, Default)]
pub struct GraphCurve {
    /// Its name in the legend; none for an empty one.
    pub name: String,
    /// Points (x, y).
    pub points: Vec<(f64, f64)>,
    /// Lowest and highest value at each point; empty for none.
    pub ranges: Vec<(f64, f64)>,
    /// Its looks: "first", "second" or "level", a line to compare with.
    pub look: &'static str,
}

/// A length from 0 to 1 as a bar, with a lighter part from `interval.0` to `interval.1`.
pub fn bar(share: f64, interval: (f64, f64)) -> Markup {
    let at = |value: f64| number(100.0 * value.clamp(0.0, 1.0));
    let rect = |look: &str, from: f64, to: f64, y: &str, height: &str| {
        classed("rect", look)
            .attribute("x", at(from))
            .attribute("width", at(to - from))
            .attribute("y", y)
            .attribute("height", height)
    };
    classed("svg", "bar")
        .attribute("viewBox", "0 0 100 10")
        .attribute("preserveAspectRatio", "none")
        .attribute("aria-hidden", "true")
        .with(rect("track", 0.0, 1.0, "2", "6"))
        .with(rect("full", 0.0, share, "2", "6"))
        .with(rect("interval", interval.0, interval.1, "4", "2"))
}

/// How many images have which value: equally wide bins over `range`, with words below.
///
/// # Errors
/// [`Error::Value`] for no bins and a range that is not finite.
pub fn histogram(
    bins: &[u64],
    range: (f64, f64),
    across: &str,
    marks: &[(String, f64)],
    alternative: &str,
) -> Result<Markup> {
    let most = bins.iter().copied().max().unwrap_or(0) as f64;
    if bins.is_empty() || !(range.0.is_finite() && range.1.is_finite()) {
        return Err(Error::Value("a distribution to be drawn has no range".into()));
    }
    let (low, high) = widened(range);
    let frame = Axes { x: (low, high), y: (0.0, most.max(1.0)) };
    let mut drawing = frame.begin(across, "images", None, alternative);
    let width = (range.1 - range.0) / bins.len() as f64;
    for (index, count) in bins.iter().enumerate() {
        let from = frame.across(range.0 + index as f64 * width);
        let to = frame.across(range.0 + (index + 1) as f64 * width).max(from + 1.0);
        let top = frame.up(*count as f64);
        drawing = drawing.with(
            classed("rect", "bin")
                .attribute("x", number(from + 0.3))
                .attribute("y", number(top))
                .attribute("width", number(to - from - 0.6))
                .attribute("height", number(HEIGHT - BOTTOM - top)),
        );
    }
    for (name, at) in marks {
        let x = frame.across(*at);
        drawing = drawing.with(line("level", (x, TOP - 18.0), (x, HEIGHT - BOTTOM))).with(
            classed("text", if x > WIDTH / 2.0 { "word over end" } else { "word over begin" })
                .attribute("x", number(x + if x > WIDTH / 2.0 { -4.0 } else { 4.0 }))
                .attribute("y", number(TOP - 8.0))
                .attribute("font-size", "11")
                .text(name),
        );
    }
    Ok(drawing)
}

/// Curves over one pair of axes; `logarithmic` makes equal factors across equally long. `upright` is the least and the most
/// of the axis up, where it is not that of the curves.
///
/// # Errors
/// [`Error::Value`] for no points and values that are not finite, or not above zero where they must be.
pub fn graph(
    curves: &[GraphCurve],
    across: &str,
    up: &str,
    logarithmic: bool,
    upright: Option<(f64, f64)>,
    alternative: &str,
) -> Result<Markup> {
    let points = || curves.iter().flat_map(|curve| &curve.points);
    let values = || {
        let ranges = curves.iter().flat_map(|curve| &curve.ranges).flat_map(|(low, high)| [*low, *high]);
        points().map(|point| point.1).chain(ranges)
    };
    crate::plots::check_finite(points().map(|point| point.0).chain(values()), up)?;
    if points().next().is_none() || logarithmic && points().any(|point| point.0 <= 0.0) {
        return Err(Error::Value(format!("curves of \"{up}\" to be drawn have no place on their axes")));
    }
    let placed = |x: f64| if logarithmic { x.log10() } else { x };
    let extent = |values: &mut dyn Iterator<Item = f64>| {
        values.fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)))
    };
    let x = widened(extent(&mut points().map(|point| placed(point.0))));
    let y = upright.unwrap_or_else(|| widened(extent(&mut values())));
    let margin = 0.05 * (y.1 - y.0);
    let frame = Axes { x, y: (y.0 - margin, y.1 + margin) };
    let marks: Option<Vec<(f64, String)>> = logarithmic.then(|| {
        let mut sizes: Vec<f64> = curves[0].points.iter().map(|point| point.0).collect();
        sizes.dedup();
        sizes.into_iter().map(|size| (size.log10(), power(size))).collect()
    });
    // Nothing lies between whole numbers.
    let whole = points().all(|point| point.0.fract() == 0.0).then(|| {
        let marks = ticks(frame.x.0, frame.x.1, 5).into_iter().map(|tick| tick.value);
        marks.filter(|at| (at - at.round()).abs() < 1e-9).map(|at| (at, number(at))).collect()
    });
    let mut drawing = frame.begin(across, up, marks.or(whole), alternative);
    for curve in curves {
        let at = |&(x, y): &(f64, f64)| (frame.across(placed(x)), frame.up(y));
        let path: Vec<String> =
            curve.points.iter().map(at).map(|(x, y)| format!("{},{}", number(x), number(y))).collect();
        for (point, (low, high)) in curve.points.iter().zip(&curve.ranges) {
            let x = at(point).0;
            drawing = drawing.with(line(
                &format!("range {}", curve.look),
                (x, frame.up(*low)),
                (x, frame.up(*high)),
            ));
        }
        drawing = drawing
            .with(classed("polyline", &format!("curve {}", curve.look)).attribute("points", path.join(" ")));
        if curve.look != "level" && curve.points.len() <= 40 {
            for point in curve.points.iter().map(at) {
                drawing = drawing.with(
                    classed("circle", &format!("dot {}", curve.look))
                        .attribute("cx", number(point.0))
                        .attribute("cy", number(point.1))
                        .attribute("r", "3"),
                );
            }
        }
    }
    let named: Vec<&GraphCurve> = curves.iter().filter(|curve| !curve.name.is_empty()).collect();
    let mut figure = classed("figure", "graph").with(drawing);
    if !named.is_empty() {
        let key = |curve: &&GraphCurve| {
            element("span").with(classed("i", &format!("key {}", curve.look))).text(&curve.name)
        };
        figure = figure.with(classed("figcaption", "legend").with_all(named.iter().map(key)));
    }
    Ok(figure)
}

/// A range with two ends.
fn widened((low, high): (f64, f64)) -> (f64, f64) {
    if high > low { (low, high) } else { (low - 0.5, high + 0.5) }
}

/// Whole powers of ten as such.
fn power(value: f64) -> String {
    let exponent = value.log10();
    if value >= 1e3 && (exponent - exponent.round()).abs() < 1e-9 {
        let digits = "\u{2070}\u{b9}\u{b2}\u{b3}\u{2074}\u{2075}\u{2076}\u{2077}\u{2078}\u{2079}";
        let digit = digits.chars().nth(exponent.round() as usize);
        return digit.map_or_else(|| value.to_string(), |digit| format!("10{digit}"));
    }
    number(value)
}

fn line(look: &str, from: (f64, f64), to: (f64, f64)) -> Markup {
    classed("line", look)
        .attribute("x1", number(from.0))
        .attribute("y1", number(from.1))
        .attribute("x2", number(to.0))
        .attribute("y2", number(to.1))
}

/// From the lowest to the highest value of both axes.
struct Axes {
    x: (f64, f64),
    y: (f64, f64),
}

impl Axes {
    fn across(&self, value: f64) -> f64 {
        LEFT + (value - self.x.0) / (self.x.1 - self.x.0) * (WIDTH - LEFT - RIGHT)
    }

    fn up(&self, value: f64) -> f64 {
        HEIGHT - BOTTOM - (value - self.y.0) / (self.y.1 - self.y.0) * (HEIGHT - BOTTOM - TOP)
    }

    /// Ticks, lines and names of the axes.
    fn begin(&self, across: &str, up: &str, marks: Option<Vec<(f64, String)>>, alternative: &str) -> Markup {
        let word = |look: &str, at: (f64, f64), text: &str| {
            classed("text", &format!("word {look}"))
                .attribute("x", number(at.0))
                .attribute("y", number(at.1))
                .attribute("font-size", "11")
                .text(text)
        };
        let mut drawing = picture(HEIGHT, WIDTH, alternative);
        for tick in ticks(self.y.0, self.y.1, 4) {
            let y = self.up(tick.value);
            drawing = drawing.with(line("grid", (LEFT, y), (WIDTH - RIGHT, y))).with(word(
                "end",
                (LEFT - 5.0, y + 4.0),
                &tick.label,
            ));
        }
        let marks = marks.unwrap_or_else(|| {
            ticks(self.x.0, self.x.1, 5).into_iter().map(|tick| (tick.value, tick.label)).collect()
        });
        for (at, label) in marks {
            let x = self.across(at);
            drawing = drawing
                .with(line("grid", (x, HEIGHT - BOTTOM), (x, HEIGHT - BOTTOM + 4.0)))
                .with(word("middle", (x, HEIGHT - BOTTOM + 16.0), &label));
        }
        let middle = (TOP + HEIGHT - BOTTOM) / 2.0;
        drawing
            .with(line("axis", (LEFT, HEIGHT - BOTTOM), (WIDTH - RIGHT, HEIGHT - BOTTOM)))
            .with(word("middle", ((LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 8.0), across))
            .with(
                word("middle", (11.0, middle), up)
                    .attribute("transform", format!("rotate(-90 11 {})", number(middle))),
            )
    }
}
