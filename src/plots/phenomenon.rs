//! A known phenomenon: a map of the intensity at the left, simulated and closed-form curves at the right.

use std::path::Path;

use ndarray::Array2;

use super::axes::{self, Bar, Scale};
use super::colormaps::Colormap;
use super::font::Weight;
use super::sheet::{Hang, Ink, Pane, Sheet, Text, WIDTH};
use super::{PictureFormat, check_finite, intensity};
use crate::error::{Error, Result};

/// Side of the white rim, and the room that ticks and the name of an axis take at the left and below.
const RIM: f64 = 40.0;
const BESIDE: f64 = 110.0;
const BELOW: f64 = 92.0;
/// Room for the legend above a panel.
const ABOVE: f64 = 56.0;

/// What is measured along one side of a frame, and from where to where.
#[derive(Clone, Copy, Debug)]
pub struct Axis<'a> {
    /// Quantity and unit: "z in mm".
    pub name: &'a str,
    /// At the left or at the bottom of a panel; at the left or at the top of a map.
    pub from: f64,
    /// At the other end.
    pub to: f64,
}

/// How intensities become colours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Brightness {
    /// From 0 to this intensity.
    Linear(f64),
    /// Decibels relative to the maximum, down to the floor (below zero, in dB).
    Decibels(f64),
}

/// Intensity on a plane, across the axis or along it.
#[derive(Clone, Copy, Debug)]
pub struct IntensityMap<'a> {
    /// Intensity, row 0 on top; values lie at the middles of equal parts of the axes.
    pub intensity: &'a Array2<f64>,
    /// Along a row.
    pub across: Axis<'a>,
    /// Along a column, from the top.
    pub upright: Axis<'a>,
    /// How intensities become colours.
    pub brightness: Brightness,
    /// What the colour bar says, unit included.
    pub label: &'a str,
}

/// Where a curve comes from; it is drawn accordingly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The exact closed form: a broad pale line.
    ClosedForm,
    /// An approximation that is worth seeing beside it: a thin red line.
    Approximation,
    /// What d2nn computed: dots.
    Simulated,
}

/// One curve of a panel.
#[derive(Clone, Copy, Debug)]
pub struct Curve<'a> {
    /// Its name in the legend.
    pub name: &'a str,
    /// Where it comes from.
    pub origin: Origin,
    /// Points in the units of the axes; what lies outside the axes is not drawn.
    pub points: &'a [(f64, f64)],
}

/// Curves on one pair of axes.
#[derive(Clone, Copy, Debug)]
pub struct PhenomenonPanel<'a> {
    /// What the curves depend on.
    pub across: Axis<'a>,
    /// What they show.
    pub upright: Axis<'a>,
    /// In the order of drawing: the last lies on top.
    pub curves: &'a [Curve<'a>],
}

/// A phenomenon on one sheet.
#[derive(Clone, Copy, Debug)]
pub struct Phenomenon<'a> {
    /// The light.
    pub map: IntensityMap<'a>,
    /// Its comparison with theory, one panel below the other.
    pub panels: &'a [PhenomenonPanel<'a>],
    /// Name of the phenomenon.
    pub title: &'a str,
    /// A quieter line below the title.
    pub note: Option<&'a str>,
}

impl Phenomenon<'_> {
    /// Writes the plot to `path`.
    ///
    /// # Errors
    /// [`Error::Value`] for axes without extent, a brightness without range, values that are not finite, and
    /// intensities below zero; [`Error::Io`] when the file cannot be written.
    pub fn write(&self, path: &Path, format: PictureFormat) -> Result<()> {
        super::write(&self.draw()?, path, format)
    }

    fn check(&self) -> Result<()> {
        intensity::check(self.map.intensity, "the intensity")?;
        let sensible = match self.map.brightness {
            Brightness::Linear(full) => full.is_finite() && full > 0.0,
            Brightness::Decibels(floor) => floor.is_finite() && floor < 0.0,
        };
        if !sensible {
            return Err(Error::Value(format!(
                "{:?} to be plotted: a full intensity must lie above 0, a floor below 0 dB",
                self.map.brightness
            )));
        }
        let axes = self.panels.iter().flat_map(|panel| [panel.across, panel.upright]);
        for axis in [self.map.across, self.map.upright].into_iter().chain(axes) {
            check_finite([axis.from, axis.to], &format!("the end of the axis \"{}\"", axis.name))?;
            if axis.from == axis.to {
                return Err(Error::Value(format!("the axis \"{}\" to be plotted has no extent", axis.name)));
            }
        }
        for curve in self.panels.iter().flat_map(|panel| panel.curves) {
            let values = curve.points.iter().flat_map(|&(x, y)| [x, y]);
            check_finite(values, &format!("the curve \"{}\"", curve.name))?;
        }
        Ok(())
    }

    fn draw(&self) -> Result<Sheet> {
        self.check()?;
        let mut sheet = Sheet::new()?;
        let top = sheet.head(self.title, self.note) + 16.0;
        let height = if self.panels.len() > 1 { 700.0 } else { 560.0 };
        let map = Pane::new(RIM + BESIDE, top + ABOVE, 600.0, height);
        self.map.draw(&mut sheet, map);

        let left = map.right() + 320.0;
        let each = (height + ABOVE + BELOW) / self.panels.len().max(1) as f64;
        for (index, panel) in self.panels.iter().enumerate() {
            let above = map.top - ABOVE + index as f64 * each;
            let frame = Pane::new(left, above + ABOVE, WIDTH - RIM - 12.0 - left, each - ABOVE - BELOW);
            panel.draw(&mut sheet, frame);
        }
        sheet.height = map.bottom() + BELOW + 16.0;
        Ok(sheet)
    }
}

impl IntensityMap<'_> {
    fn draw(&self, sheet: &mut Sheet, frame: Pane) {
        let light = self.intensity.view();
        let (shown, low, high) = match self.brightness {
            Brightness::Linear(full) => (intensity::linear(light, full), 0.0, full),
            Brightness::Decibels(floor) => {
                (intensity::decibels(light, intensity::largest(light), floor), floor, 0.0)
            }
        };
        sheet.raster(frame, shown.view(), Colormap::Intensity, true);
        let x = self.across.scale(frame.left, frame.right());
        let y = self.upright.scale(frame.top, frame.bottom());
        axes::bottom_axis(sheet, frame, &x, &ticks(&x, 7), true);
        axes::left_axis(sheet, frame, &y, &ticks(&y, 7), true);
        sheet.outline(frame, 2.0, Ink::LINE);
        axes::name_below(sheet, frame, self.across.name);
        axes::name_beside(sheet, frame, self.upright.name);
        let bar =
            Bar { map: Colormap::Intensity, low, high, ticks: axes::ticks(low, high, 5), label: self.label };
        axes::bar_beside(sheet, Pane::new(frame.right() + 26.0, frame.top, 26.0, frame.height), &bar);
    }
}

impl PhenomenonPanel<'_> {
    fn draw(&self, sheet: &mut Sheet, frame: Pane) {
        let x = self.across.scale(frame.left, frame.right());
        let y = self.upright.scale(frame.bottom(), frame.top);
        let (across, up) = (ticks(&x, 7), ticks(&y, (frame.height / 50.0).min(8.0) as usize));
        axes::grid_lines(sheet, frame, (&x, &across), (&y, &up));
        for curve in self.curves {
            let visible = |&(at, value): &(f64, f64)| {
                let point = (x.pixel(at), y.pixel(value));
                let inside = Pane::new(point.0, point.1, 0.0, 0.0).lies_in(&frame);
                inside.then_some(point)
            };
            let points: Vec<Option<(f64, f64)>> = curve.points.iter().map(visible).collect();
            match curve.origin {
                Origin::Simulated => {
                    points.into_iter().flatten().for_each(|point| sheet.disc(point, 4.5, Ink::BLUE));
                }
                origin => {
                    for piece in points.split(Option::is_none).filter(|piece| piece.len() > 1) {
                        let (width, ink) = line(origin);
                        sheet.stroke(piece.iter().copied().flatten().collect(), width, ink);
                    }
                }
            }
        }
        axes::bottom_axis(sheet, frame, &x, &across, true);
        axes::left_axis(sheet, frame, &y, &up, true);
        sheet.outline(frame, 2.0, Ink::LINE);
        axes::name_below(sheet, frame, self.across.name);
        axes::name_beside(sheet, frame, self.upright.name);
        self.legend(sheet, frame);
    }

    /// Above the panel, where no curve runs.
    fn legend(&self, sheet: &mut Sheet, frame: Pane) {
        let (size, y) = (24.0, frame.top - 26.0);
        let mut x = frame.left;
        for curve in self.curves {
            match curve.origin {
                Origin::Simulated => {
                    for step in 0..3 {
                        sheet.disc((x + 8.0 + 16.0 * f64::from(step), y), 4.5, Ink::BLUE);
                    }
                }
                origin => {
                    let (width, ink) = line(origin);
                    sheet.stroke(vec![(x + 4.0, y), (x + 46.0, y)], width, ink);
                }
            }
            sheet.text(Text::new(curve.name, (x + 58.0, y), size).hang(Hang::Left));
            x += 58.0 + sheet.width_of(curve.name, size, Weight::Regular) + 30.0;
        }
    }
}

impl Axis<'_> {
    fn scale(&self, at_from: f64, at_to: f64) -> Scale {
        Scale { low: self.from, high: self.to, at_low: at_from, at_high: at_to }
    }
}

/// About `count` ticks, whichever way the axis runs.
fn ticks(scale: &Scale, count: usize) -> Vec<axes::Tick> {
    axes::ticks(scale.low.min(scale.high), scale.low.max(scale.high), count)
}

/// Width and ink of a curve that is drawn as a line.
fn line(origin: Origin) -> (f64, Ink) {
    match origin {
        Origin::Approximation => (3.0, Ink::RED),
        _ => (9.0, Ink::PALE),
    }
}
