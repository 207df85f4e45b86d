//! The printer of a design: by name, or by the figures of `[printer]`, and whether its plates fit.

use serde::{Deserialize, Serialize};

use super::typed::Length;
use super::work::Checked;
use crate::grid::Grid;
use crate::plate::{NO_PRINTER, PlateOptions, Printer, Relief};
use crate::units::{Metres, format_length};

/// `[printer]`: a printer that is not known by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrinterTable {
    /// What `fabrication.printer` calls it.
    pub name: String,
    /// Height of a layer.
    pub layer_height: Length,
    /// Side of the smallest pixel it prints.
    pub minimum_feature: Length,
    /// Pixels below this come out distorted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub faithful_feature: Option<Length>,
    /// Room along x, y and z.
    pub tray: [Length; 3],
    /// Highest relief above the base.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relief_max: Option<Length>,
}

/// The printer that is asked for by `name`, or described in a table of its `own`, if any.
pub(super) fn printer(own: Option<&PrinterTable>, name: Option<&str>) -> Checked<Option<Printer>> {
    let own = own.map(own_printer).transpose()?;
    let Some(name) = name else { return Ok(own) };
    if name == NO_PRINTER {
        return Ok(None);
    }
    let own_name = own.as_ref().map(|printer| printer.name.clone());
    match own.filter(|printer| printer.name == name).or_else(|| Printer::named(name)) {
        Some(printer) => Ok(Some(printer)),
        None => {
            let mut known: Vec<String> = Printer::NAMES.iter().map(|name| format!("\"{name}\"")).collect();
            known.extend(own_name.map(|name| format!("\"{name}\"")));
            Err(format!(
                "fabrication.printer = \"{name}\": the printers are {}; \"{NO_PRINTER}\" is none of them, and a \
                 [printer] table describes another",
                known.join(", ")
            ))
        }
    }
}

fn own_printer(table: &PrinterTable) -> Checked<Printer> {
    let name = &table.name;
    if name.is_empty() || name == NO_PRINTER || name.contains(char::is_control) {
        return Err(format!("printer.name = \"{name}\": take a word other than \"{NO_PRINTER}\""));
    }
    if Printer::NAMES.contains(&name.as_str()) {
        return Err(format!("printer.name = \"{name}\" is known already: take another word"));
    }
    Ok(Printer {
        name: name.clone(),
        layer_height: table.layer_height.value(),
        minimum_feature: table.minimum_feature.value(),
        faithful_feature: table.faithful_feature.as_ref().map(Length::value),
        tray: table.tray.each_ref().map(Length::value),
        relief_max: table.relief_max.as_ref().map(Length::value),
    })
}

/// Puts the layers of `printer` into `plate` where the design names no steps of height, and checks that the printer
/// can make its plates: pixels of `grid`, a relief of up to `relief` metres, a full turn of `turn` metres.
pub(super) fn fit(
    printer: Option<&Printer>,
    mut plate: PlateOptions,
    grid: Grid,
    relief: Metres,
    turn: Metres,
) -> Checked<PlateOptions> {
    let Some(printer) = printer else { return Ok(plate) };
    let wrong = |problem: String| {
        Err(format!(
            "fabrication.printer = \"{}\": {problem}; fabrication.printer = \"{NO_PRINTER}\" asks for none",
            printer.name
        ))
    };
    let layer = || format_length(printer.layer_height, 4);
    match plate.relief {
        Relief::Continuous => plate.relief = Relief::LayerHeight(printer.layer_height),
        Relief::LayerHeight(height) if printer.whole_layers(height).is_none() => {
            return wrong(format!(
                "fabrication.layer_height = {} is no whole number of its layers of {}; leave layer_height out",
                format_length(height, 4),
                layer()
            ));
        }
        Relief::Levels(levels) if turn / f64::from(levels) < printer.layer_height => {
            return wrong(format!(
                "fabrication.levels = {levels} are steps of {}, below its layers of {}; take fewer levels, or leave \
                 levels out",
                format_length(turn / f64::from(levels), 4),
                layer()
            ));
        }
        Relief::LayerHeight(_) | Relief::Levels(_) => {}
    }
    let (height, width) = grid.aperture();
    let (around, top) = plate.frame.map_or((0.0, 0.0), |frame| (2.0 * frame.width, frame.height));
    let thickness = (plate.base_thickness + relief).max(top);
    match printer
        .refusals([width + around, height + around, thickness], grid.pixel_pitch(), relief)
        .into_iter()
        .next()
    {
        Some(problem) => wrong(problem),
        None => Ok(plate),
    }
}
