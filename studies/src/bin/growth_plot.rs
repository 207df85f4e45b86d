//! Draws what the benchmark of growth printed: `cargo run --release -p studies --bin growth_plot -- growth.txt growth.png`.

use std::fs;
use std::path::Path;

use d2nn::error::{Error, Result};
use d2nn::plots::{Chart, ChartAxis, ChartPanel, PictureFormat, Series};

/// Pixels a side, masks, threads, milliseconds a sample, its work in units, megabytes.
type Row = [f64; 6];

fn rows(text: &str) -> Vec<Row> {
    let numbers = |line: &str| -> Option<Row> {
        let numbers: Vec<f64> = line.split(',').map(|number| number.parse().ok()).collect::<Option<_>>()?;
        numbers.try_into().ok()
    };
    text.lines().filter_map(numbers).collect()
}

/// Points of the first row of each kind, sorted: a run may have measured a device again.
fn curve(rows: &[Row], wanted: impl Fn(&Row) -> bool, of: impl Fn(&Row) -> (f64, f64)) -> Vec<(f64, f64)> {
    let mut points: Vec<(f64, f64)> = Vec::new();
    for (x, y) in rows.iter().filter(|row| wanted(row)).map(of) {
        if points.iter().all(|point| point.0 != x) {
            points.push((x, y));
        }
    }
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [from, to] = &arguments[..] else {
        return Err(Error::Usage("growth_plot growth.txt growth.png".into()));
    };
    let text = fs::read_to_string(from).map_err(|error| Error::io("read", Path::new(from), error))?;
    let rows = rows(&text);
    let five = |row: &Row| row[1] == 5.0 && row[2] == 1.0;
    let time = curve(&rows, five, |row| (row[0], row[3]));
    let memory = curve(&rows, five, |row| (row[0], row[5]));
    let masks = curve(&rows, |row| row[0] == 200.0 && row[2] == 1.0, |row| (row[1], row[3]));
    let Some(&(first, at_first)) = time.first() else {
        return Err(Error::Value(format!("{from} has no lines of the benchmark of growth")));
    };
    let work = |side: f64| side * side * side.log2();
    let transforms: Vec<_> =
        time.iter().map(|&(side, _)| (side, at_first * work(side) / work(first))).collect();
    let logarithmic = |name| ChartAxis { name, logarithmic: true, names: &[] };
    let straight = |name| ChartAxis { name, logarithmic: false, names: &[] };
    let measured = |name, points| Series { name, points, ranges: &[], marked: true };
    let by_side = [
        Series { name: "P\u{b2} log P", points: &transforms, ranges: &[], marked: false },
        measured("measured", &time),
    ];
    let (by_memory, by_masks) = ([measured("measured", &memory)], [measured("measured", &masks)]);
    let panels = [
        ChartPanel {
            across: logarithmic("pixels of a side, P"),
            upright: logarithmic("ms a sample and step, five masks"),
            series: &by_side,
        },
        ChartPanel {
            across: logarithmic("pixels of a side, P"),
            upright: logarithmic("peak memory in MB, five masks"),
            series: &by_memory,
        },
        ChartPanel {
            across: straight("masks of 200 x 200 pixels"),
            upright: straight("ms a sample and step"),
            series: &by_masks,
        },
    ];
    let title = "How a training step grows";
    let chart = Chart { panels: &panels, level: false, title, note: Some("one core, one sample a pixel") };
    let format = if to.ends_with(".svg") { PictureFormat::Svg } else { PictureFormat::Png };
    chart.write(Path::new(to), format)
}
