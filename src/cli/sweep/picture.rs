//! `sweep.png`: score and power efficiency against what was swept.

use std::path::Path;

use super::results::{Group, Results, SeedSpread};
use crate::design::folder::Metrics;
use crate::design::sweep::{Quantity, SEED, SweptValue};
use crate::error::Result;
use crate::plots::{Chart, ChartAxis, ChartPanel, PictureFormat, Series};
use crate::units::{format_length, parse_length};

/// Curves a panel can have.
const MOST_CURVES: usize = 5;
/// The key that names a device.
const NAME: &str = "name";
/// From this ratio of the largest to the smallest value on, equal factors are equally long.
const LOGARITHMIC: f64 = 20.0;

/// What is drawn upright in a panel.
struct VerticalAxis {
    name: &'static str,
    factor: f64,
    of: fn(&Metrics) -> Option<f64>,
}

/// Where the groups stand across: on numbers, or each at a name.
struct PictureLayout {
    name: String,
    logarithmic: bool,
    /// None on numbers.
    names: Vec<String>,
    curves: Vec<SweepCurve>,
}

/// One curve.
struct SweepCurve {
    name: String,
    /// Where groups stand across, and which.
    places: Vec<(f64, usize)>,
}

/// One curve in one panel.
struct Drawn<'a> {
    name: &'a str,
    points: Vec<(f64, f64)>,
    ranges: Vec<(f64, f64)>,
}

/// Draws what is known so far to `path`.
pub(super) fn draw(results: &Results, path: &Path) -> Result<()> {
    let only_seeds = results.sweep.keys.iter().all(|key| key == SEED);
    let groups = if only_seeds { results.singles() } else { results.groups() };
    let layout = PictureLayout::of(&keys(results, only_seeds), &groups);
    let measures = measures(&groups);
    let curves = measures.each_ref().map(|measure| drawn(&layout, &groups, measure));
    let series = curves.each_ref().map(|curves| {
        let some = curves.iter().filter(|curve| !curve.points.is_empty());
        some.map(Drawn::series).collect::<Vec<_>>()
    });
    let across = ChartAxis { name: &layout.name, logarithmic: layout.logarithmic, names: &layout.names };
    // A figure that is no number has no place: all of them may be such.
    let some = measures.iter().zip(&series).filter(|(_, series)| !series.is_empty());
    let panels: Vec<ChartPanel> = some
        .map(|(measure, series)| ChartPanel {
            across,
            upright: ChartAxis { name: measure.name, logarithmic: false, names: &[] },
            series,
        })
        .collect();
    if panels.is_empty() {
        return Ok(());
    }
    let spread = groups.iter().any(|group| group.metrics.len() > 1);
    let seeds = spread.then_some("points: mean over the seeds; bars: one standard deviation up and down");
    let note: Vec<&str> = seeds.into_iter().chain(results.note()).collect();
    let note = note.join("; ");
    Chart {
        panels: &panels,
        level: false,
        title: &format!(
            "{}: {} of {} devices",
            results.sweep.name,
            results.finished(),
            results.sweep.devices.len()
        ),
        note: (!note.is_empty()).then_some(&note[..]),
    }
    .write(path, PictureFormat::Png)
}

/// The keys that groups have values of: dotted, and brief.
fn keys(results: &Results, only_seeds: bool) -> Vec<(String, String)> {
    let keys = results.sweep.keys.iter().cloned().zip(results.sweep.short_keys());
    keys.filter(|(key, _)| only_seeds || key != SEED).collect()
}

fn measures(groups: &[Group]) -> [VerticalAxis; 2] {
    let light =
        |name| VerticalAxis { name, factor: 100.0, of: |metrics| Some(metrics.power_efficiency_input) };
    if groups.iter().any(|group| group.spread(|metrics| metrics.test_accuracy).is_some()) {
        let accuracy = |metrics: &Metrics| metrics.test_accuracy;
        [
            VerticalAxis { name: "test accuracy in %", factor: 100.0, of: accuracy },
            light("true region / power of the object in %"),
        ]
    } else {
        [
            VerticalAxis { name: "SSIM of the test images", factor: 1.0, of: |metrics| metrics.test_ssim },
            light("area of the image / power of the object in %"),
        ]
    }
}

fn drawn<'a>(layout: &'a PictureLayout, groups: &[Group], measure: &VerticalAxis) -> Vec<Drawn<'a>> {
    let curve = |curve: &'a SweepCurve| {
        let found = |(x, index): &(f64, usize)| Some((*x, groups[*index].spread(measure.of)?));
        let found: Vec<(f64, SeedSpread)> = curve.places.iter().filter_map(found).collect();
        let bar = |(_, spread): &(f64, SeedSpread)| {
            let deviation = spread.deviation.unwrap_or(0.0);
            (measure.factor * (spread.mean - deviation), measure.factor * (spread.mean + deviation))
        };
        let several = found.iter().any(|(_, spread)| spread.deviation.is_some());
        Drawn {
            name: &curve.name,
            points: found.iter().map(|(x, spread)| (*x, measure.factor * spread.mean)).collect(),
            ranges: if several { found.iter().map(bar).collect() } else { Vec::new() },
        }
    };
    layout.curves.iter().map(curve).collect()
}

impl Drawn<'_> {
    fn series(&self) -> Series<'_> {
        Series { name: self.name, points: &self.points, ranges: &self.ranges, marked: true }
    }
}

impl PictureLayout {
    /// For `groups` with values of `keys`.
    fn of(keys: &[(String, String)], groups: &[Group]) -> Self {
        // A key that has one value so far says nothing.
        let varied: Vec<usize> = (0..keys.len())
            .filter(|key| distinct(groups.iter().map(|group| group.values[*key])).len() > 1)
            .collect();
        // Devices that are told apart by name need no values below them.
        let names = |key: &&usize| {
            keys[**key].0 == NAME
                && distinct(groups.iter().map(|group| group.values[**key])).len() == groups.len()
        };
        if let Some(name) = varied.iter().find(names) {
            return Self::in_a_row(keys, groups, &[*name]);
        }
        // A seed is a name.
        let numbers = varied.iter().filter(|key| keys[**key].0 != SEED);
        let numeric = numbers.filter_map(|key| Self::on_numbers(keys, groups, &varied, *key)).next();
        let named = || match varied[..] {
            // Two keys of names: the first across, a curve for each value of the second.
            [first, second] => Self::at_names(keys, groups, first, second),
            _ => None,
        };
        numeric.or_else(named).unwrap_or_else(|| {
            let all = if varied.is_empty() { (0..keys.len()).collect() } else { varied.clone() };
            Self::in_a_row(keys, groups, &all)
        })
    }

    /// Each group at its values of the keys `across`.
    fn in_a_row(keys: &[(String, String)], groups: &[Group], across: &[usize]) -> Self {
        PictureLayout {
            name: axis_name(keys, across),
            logarithmic: false,
            names: groups.iter().map(|group| values(group, across)).collect(),
            curves: vec![SweepCurve {
                name: String::new(),
                places: (0..groups.len()).map(|index| (index as f64, index)).collect(),
            }],
        }
    }

    /// On the numbers of `key`, if it has only such, and the others are few.
    fn on_numbers(keys: &[(String, String)], groups: &[Group], varied: &[usize], key: usize) -> Option<Self> {
        let quantities: Option<Vec<Quantity>> =
            groups.iter().map(|group| group.values[key].quantity()).collect();
        let (unit, values) = on_one_scale(&quantities?)?;
        let others: Vec<usize> = varied.iter().copied().filter(|other| *other != key).collect();
        let mut curves = curves(keys, groups, &others, |index| values[index])?;
        for curve in &mut curves {
            curve.places.sort_by(|one, other| one.0.total_cmp(&other.0));
        }
        let (low, high) =
            values.iter().fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(*v), high.max(*v)));
        let dotted = &keys[key].0;
        Some(PictureLayout {
            name: if unit.is_empty() { dotted.clone() } else { format!("{dotted} in {unit}") },
            logarithmic: low > 0.0 && high >= LOGARITHMIC * low,
            names: Vec::new(),
            curves,
        })
    }

    /// At the values of the key `across`, a curve for each value of the key `apart`.
    fn at_names(keys: &[(String, String)], groups: &[Group], across: usize, apart: usize) -> Option<Self> {
        let found = distinct(groups.iter().map(|group| group.values[across]));
        let place = |index: usize| {
            found.iter().position(|value| *value == groups[index].values[across]).unwrap_or_default() as f64
        };
        let curves = curves(keys, groups, &[apart], place)?;
        let names = found.iter().map(ToString::to_string).collect();
        Some(PictureLayout { name: axis_name(keys, &[across]), logarithmic: false, names, curves })
    }
}

/// The name of an axis of keys: all of the path of a single one.
fn axis_name(keys: &[(String, String)], across: &[usize]) -> String {
    match across {
        [key] => keys[*key].0.clone(),
        several => several.iter().map(|key| &keys[*key].1[..]).collect::<Vec<_>>().join(", "),
    }
}

fn values(group: &Group, across: &[usize]) -> String {
    across.iter().map(|key| group.values[*key].to_string()).collect::<Vec<_>>().join(", ")
}

/// A curve for each combination of the keys `apart`; none if they are too many, or two groups would share a place.
fn curves(
    keys: &[(String, String)],
    groups: &[Group],
    apart: &[usize],
    place: impl Fn(usize) -> f64,
) -> Option<Vec<SweepCurve>> {
    let mut curves: Vec<SweepCurve> = Vec::new();
    for (index, group) in groups.iter().enumerate() {
        let part = |key: &usize| format!("{} {}", keys[*key].1, group.values[*key]);
        let name = match apart {
            [] => String::new(),
            apart => apart.iter().map(part).collect::<Vec<_>>().join(", "),
        };
        let x = place(index);
        match curves.iter_mut().find(|curve| curve.name == name) {
            Some(curve) if curve.places.iter().any(|(other, _)| *other == x) => return None,
            Some(curve) => curve.places.push((x, index)),
            None => curves.push(SweepCurve { name, places: vec![(x, index)] }),
        }
    }
    // Curves of single points would be a legend in place of an axis.
    let alone = curves.len() > 1 && curves.iter().all(|curve| curve.places.len() == 1);
    (curves.len() <= MOST_CURVES && !alone).then_some(curves)
}

fn distinct<'a>(values: impl Iterator<Item = &'a SweptValue>) -> Vec<&'a SweptValue> {
    let mut found = Vec::new();
    for value in values {
        if !found.contains(&value) {
            found.push(value);
        }
    }
    found
}

/// The unit of quantities of one kind, and their values in it.
fn on_one_scale(quantities: &[Quantity]) -> Option<(String, Vec<f64>)> {
    let all = |of: fn(&Quantity) -> Option<f64>| quantities.iter().map(of).collect::<Option<Vec<f64>>>();
    let number = |quantity: &Quantity| match quantity {
        Quantity::Number(value) => Some(*value),
        _ => None,
    };
    let angle = |quantity: &Quantity| match quantity {
        Quantity::Angle(value) => Some(*value),
        _ => None,
    };
    let length = |quantity: &Quantity| match quantity {
        Quantity::Length(value) => Some(*value),
        _ => None,
    };
    if let Some(values) = all(number) {
        return Some((String::new(), values));
    }
    if let Some(values) = all(angle) {
        return Some(("rad".into(), values));
    }
    let values = all(length)?;
    let largest = values.iter().fold(0.0f64, |most, value| most.max(value.abs()));
    let unit = format_length(largest, 0).split(' ').next_back()?.to_owned();
    let size = parse_length(&format!("1 {unit}")).ok()?;
    Some((unit, values.iter().map(|value| value / size).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_of_one_kind_have_one_unit() {
        let lengths = [Quantity::Length(0.02), Quantity::Length(0.03)];
        let (unit, values) = on_one_scale(&lengths).unwrap();
        assert_eq!(
            (unit.as_str(), values.iter().map(|v| v.round()).collect::<Vec<_>>()),
            ("mm", vec![20.0, 30.0])
        );
        assert_eq!(on_one_scale(&[Quantity::Number(3.0), Quantity::Length(1.0)]), None);
        assert_eq!(on_one_scale(&[Quantity::Number(3.0)]), Some((String::new(), vec![3.0])));
    }
}
