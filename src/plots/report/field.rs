//! Fields as pictures: masks, planes, side views, with outlines over them.

use std::f64::consts::TAU;

use ndarray::{Array2, ArrayView2};

use super::markup::{Markup, classed, element};
use crate::detector::Region;
use crate::error::{Error, Result};
use crate::plots::colormaps::Colormap;
use crate::plots::{bitmap, intensity, svg};

/// Steps from the first to the last colour of a picture: more cannot be told apart side by side, and cost bytes.
const STEPS: f64 = 80.0;
/// Rows and columns of a picture of light that stands in a row with others, at most.
const SMALL: usize = 150;
/// The same of masks.
const LARGE: usize = 640;
/// The same of a plane with outlines, and rows of a side view.
const MIDDLE: usize = 240;
/// Below the maximum by more than this a side view is black, dB.
const FLOOR: f64 = -40.0;

/// How a field is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    /// Phases in radians, whole turns dropped.
    Phase,
    /// Shares from 0 to 1 as they are.
    Share,
    /// The root of an intensity over its largest.
    Amplitude,
}

impl Face {
    fn map(self) -> Colormap {
        match self {
            Face::Phase => Colormap::Phase,
            Face::Share | Face::Amplitude => Colormap::Intensity,
        }
    }
}

/// A rectangle over a field.
#[derive(Clone, Debug, PartialEq)]
pub struct Outline {
    /// Where, in pixels of the field.
    pub region: Region,
    /// What is written beside it.
    pub mark: String,
    /// Its looks: "right", "wrong" or "other".
    pub look: &'static str,
}

/// Fields in a row that wraps, each with its name; `what` tells those who cannot see them what they show.
///
/// `smooth` says whether neighbours run into each other when a picture is enlarged (light) or not (pixels).
///
/// # Errors
/// [`Error::Value`] for an empty field and values that are not finite.
pub fn fields(
    named: &[(String, ArrayView2<'_, f64>)],
    face: Face,
    smooth: bool,
    what: &str,
) -> Result<Markup> {
    // The looks of a row may depend on how many there are; more than nine are no row.
    let count = format!("--count:{}", named.len().clamp(1, 9));
    let mut row = classed("div", "fields").attribute("style", count);
    for (name, field) in named {
        let words = format!("{what}, {name}");
        let shown = match smooth {
            true => image(shrunk(*field, SMALL).view(), face, smooth, &words)?,
            false => image(thinned(*field, LARGE).view(), face, smooth, &words)?,
        };
        row = row.with(element("figure").with(shown).with(element("figcaption").text(name)));
    }
    Ok(row)
}

fn image(field: ArrayView2<'_, f64>, face: Face, smooth: bool, alternative: &str) -> Result<Markup> {
    let (rows, columns) = field.dim();
    Ok(classed("img", if smooth { "smooth" } else { "pixels" })
        .attribute("src", address(field, face)?)
        .attribute("width", columns.to_string())
        .attribute("height", rows.to_string())
        .attribute("alt", alternative))
}

/// `field` with means in place of its values where it has more than `most` rows or columns.
fn shrunk(field: ArrayView2<'_, f64>, most: usize) -> Array2<f64> {
    let (rows, columns) = field.dim();
    let factor = (most as f64 / rows.max(columns).max(1) as f64).min(1.0);
    let of = |sources: usize| ((sources as f64 * factor).round() as usize).max(1);
    averaged(field, of(rows), of(columns))
}

/// `field` in at most as many `rows` and `columns`, means in place of its values.
fn averaged(field: ArrayView2<'_, f64>, rows: usize, columns: usize) -> Array2<f64> {
    if field.nrows() <= rows && field.ncols() <= columns {
        return field.to_owned();
    }
    let of = |sources: usize, targets: usize| bitmap::weights(sources, targets.min(sources), false);
    let (down, across) = (of(field.nrows(), rows), of(field.ncols(), columns));
    Array2::from_shape_fn((down.len(), across.len()), |(y, x)| {
        let row = |&(source, weight): &(usize, f64)| {
            across[x].iter().map(|&(column, share)| share * field[[source, column]]).sum::<f64>() * weight
        };
        down[y].iter().map(row).sum()
    })
}

/// Every so manieth pixel of `field` where it has more than `most` rows or columns: phases have no mean.
fn thinned(field: ArrayView2<'_, f64>, most: usize) -> Array2<f64> {
    let step = field.nrows().max(field.ncols()).div_ceil(most).max(1);
    let shape = (field.nrows().div_ceil(step), field.ncols().div_ceil(step));
    Array2::from_shape_fn(shape, |(y, x)| field[[y * step, x * step]])
}

/// The picture as a data: address.
fn address(field: ArrayView2<'_, f64>, face: Face) -> Result<String> {
    let (rows, columns) = field.dim();
    if rows == 0 || columns == 0 {
        return Err(Error::Value("a field to be shown has no pixels".into()));
    }
    crate::plots::check_finite(field.iter().copied(), "a field")?;
    let map = face.map();
    let shares = match face {
        Face::Phase => field.mapv(|phase| phase.rem_euclid(TAU) / TAU),
        Face::Share => field.to_owned(),
        Face::Amplitude => {
            let full = intensity::largest(field);
            intensity::linear(field, full).mapv(|share| share.max(0.0).sqrt())
        }
    };
    let rgb: Vec<u8> = shares.iter().flat_map(|share| map.colour((share * STEPS).round() / STEPS)).collect();
    let coded = svg::base64(&bitmap::encode(&rgb, columns as u32, rows as u32)?);
    Ok(format!("data:image/png;base64,{coded}"))
}

/// The colours of a face from its least to its largest value, between words for both.
pub fn scale(face: Face, low: &str, high: &str) -> Markup {
    let map = face.map();
    let stops: Vec<String> = (0..=16)
        .map(|stop| {
            let [red, green, blue] = map.colour(f64::from(stop) / 16.0);
            format!("#{red:02x}{green:02x}{blue:02x}")
        })
        .collect();
    let style = format!("background:linear-gradient(90deg,{})", stops.join(","));
    classed("div", "scale")
        .with(element("span").text(low))
        .with(element("i").attribute("style", style))
        .with(element("span").text(high))
}

/// The light on a plane with outlines over it.
///
/// # Errors
/// As [`fields`].
pub fn overlaid(
    plane: ArrayView2<'_, f64>,
    face: Face,
    outlines: &[Outline],
    alternative: &str,
) -> Result<Markup> {
    let (rows, columns) = plane.dim();
    let unit = rows.max(columns) as f64 / 150.0;
    let mut drawing = picture(rows as f64, columns as f64, alternative).with(
        element("image")
            .attribute("href", address(shrunk(plane, MIDDLE).view(), face)?)
            .attribute("width", columns.to_string())
            .attribute("height", rows.to_string()),
    );
    for Outline { region, mark, look } in outlines {
        let [x, y, width, height] =
            [region.column, region.row, region.width, region.height].map(|side| side.to_string());
        drawing = drawing.with(
            classed("rect", &format!("outline {look}"))
                .attribute("x", x)
                .attribute("y", y)
                .attribute("width", width)
                .attribute("height", height)
                .attribute("stroke-width", number(if *look == "other" { unit } else { 2.0 * unit })),
        );
        let above = region.row as f64 - 2.5 * unit;
        let place =
            if above > 10.0 * unit { above } else { (region.row + region.height) as f64 + 10.0 * unit };
        drawing = drawing.with(
            classed("text", &format!("mark {look}"))
                .attribute("x", number(region.column as f64 + region.width as f64 / 2.0))
                .attribute("y", number(place))
                .attribute("font-size", number(10.0 * unit))
                .attribute("stroke-width", number(2.0 * unit))
                .text(mark),
        );
    }
    Ok(drawing)
}

/// Light from the side, `view` indexed [y, z] at the rising positions `z`, in decibels; `planes` are names at positions.
///
/// # Errors
/// As [`fields`]; [`Error::Value`] for another number of positions than columns, or fewer than two.
pub fn side_view(
    view: &Array2<f64>,
    z: &[f64],
    planes: &[(String, f64)],
    alternative: &str,
) -> Result<Markup> {
    let (Some(low), Some(high)) = (z.first(), z.last()) else {
        return Err(Error::Value("a side view without positions".into()));
    };
    if z.len() != view.ncols() || high <= low {
        return Err(Error::Value(format!(
            "a side view of {} columns at {} positions",
            view.ncols(),
            z.len()
        )));
    }
    crate::plots::check_finite(view.iter().copied(), "a side view")?;
    let full = intensity::largest(view.view());
    let levels = intensity::decibels(view.view(), full, FLOOR);
    // Columns as close as the closest, so that unequal gaps keep their lengths.
    let closest = z.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
    let columns = (((high - low) / closest).round() as usize + 1).clamp(2, 400);
    let mut even = Array2::zeros((view.nrows(), columns));
    for (column, mut target) in even.columns_mut().into_iter().enumerate() {
        let at = low + (high - low) * column as f64 / (columns - 1) as f64;
        let after = z.partition_point(|&place| place < at).clamp(1, z.len() - 1);
        let share = ((at - z[after - 1]) / (z[after] - z[after - 1])).clamp(0.0, 1.0);
        target.assign(&levels.column(after - 1));
        target.zip_mut_with(&levels.column(after), |value, &to| *value += (to - *value) * share);
    }
    let (width, height) = (720.0, 150.0);
    let mut drawing = picture(height + 18.0, width, alternative).with(
        element("image")
            .attribute("href", address(averaged(even.view(), MIDDLE, columns).view(), Face::Share)?)
            .attribute("y", "18")
            .attribute("width", number(width))
            .attribute("height", number(height))
            .attribute("preserveAspectRatio", "none"),
    );
    for (index, (name, position)) in planes.iter().enumerate() {
        let x = (position - low) / (high - low) * width;
        drawing = drawing.with(
            classed("line", "plane")
                .attribute("x1", number(x))
                .attribute("x2", number(x))
                .attribute("y1", "18")
                .attribute("y2", number(height + 18.0)),
        );
        let hang = match index {
            0 => "begin",
            last if last + 1 == planes.len() => "end",
            _ => "middle",
        };
        drawing = drawing.with(
            classed("text", &format!("word {hang}"))
                .attribute("x", number(x))
                .attribute("y", "12")
                .attribute("font-size", "12")
                .text(name),
        );
    }
    Ok(drawing)
}

/// A drawing of that size, in its own units.
pub(super) fn picture(height: f64, width: f64, alternative: &str) -> Markup {
    classed("svg", "drawing")
        .attribute("viewBox", format!("0 0 {} {}", number(width), number(height)))
        .attribute("role", "img")
        .attribute("aria-label", alternative)
}

/// A coordinate.
pub(super) fn number(value: f64) -> String {
    crate::units::trimmed(value, 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn large_fields_become_smaller_pictures() {
        let field = array![[1.0, 3.0, 5.0, 7.0], [1.0, 3.0, 5.0, 7.0]];
        assert_eq!(shrunk(field.view(), 2), array![[2.0, 6.0]]);
        assert_eq!(averaged(field.view(), 1, 4), array![[1.0, 3.0, 5.0, 7.0]]);
        assert_eq!(thinned(field.view(), 2), array![[1.0, 5.0]]);
        for kept in [shrunk(field.view(), 4), averaged(field.view(), 9, 9), thinned(field.view(), 4)] {
            assert_eq!(kept, field);
        }
    }

    #[test]
    fn what_cannot_be_shown_is_refused() {
        let empty = Array2::<f64>::zeros((0, 3));
        assert!(fields(&[("mask 1".into(), empty.view())], Face::Phase, false, "phase").is_err());
        let wrong = array![[f64::NAN]];
        assert!(overlaid(wrong.view(), Face::Share, &[], "light").is_err());
        let view = array![[1.0, 2.0]];
        assert!(side_view(&view, &[0.0], &[], "light").is_err());
        assert!(side_view(&view, &[1.0, 0.0], &[], "light").is_err());
    }
}
