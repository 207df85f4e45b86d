//! What a printer can make: layers, smallest feature, room.

use crate::units::{Metres, format_length};

/// A printer by what limits a plate.
#[derive(Clone, Debug, PartialEq)]
pub struct Printer {
    /// What it is asked for by.
    pub name: String,
    /// Height of a layer, metres.
    pub layer_height: Metres,
    /// Side of the smallest pixel it prints at all, metres.
    pub minimum_feature: Metres,
    /// Pixels below this come out distorted, metres; none where nothing is known.
    pub faithful_feature: Option<Metres>,
    /// The room of its tray along x, y and z, metres.
    pub tray: [Metres; 3],
    /// Highest relief above the base, metres; none where only the tray limits it.
    pub relief_max: Option<Metres>,
}

/// Name that asks for no printer.
pub const NO_PRINTER: &str = "none";

impl Printer {
    /// Names of the printers known here. docs/fabrication.md says where their figures come from.
    pub const NAMES: [&str; 3] = ["polyjet-16um", "sla-50um", "two-photon"];

    /// The printer of that name, one of [`Printer::NAMES`].
    pub fn named(name: &str) -> Option<Self> {
        let printer = |layer_height, minimum_feature, faithful_feature, tray| Printer {
            name: name.to_owned(),
            layer_height,
            minimum_feature,
            faithful_feature,
            tray,
            relief_max: None,
        };
        match name {
            // Cubes printed by material jetting fail below 212 um and are distorted below 423 um (PMC8071569).
            "polyjet-16um" => Some(printer(16e-6, 212e-6, Some(423e-6), [490e-3, 390e-3, 200e-3])),
            "sla-50um" => Some(printer(50e-6, 50e-6, None, [200e-3, 125e-3, 210e-3])),
            "two-photon" => Some(printer(10e-9, 200e-9, None, [100e-3, 100e-3, 8e-3])),
            _ => None,
        }
    }

    /// Why the printer cannot make a plate that fills `bounding_box` (x, y, z), with pixels of `pixel_pitch` and a
    /// relief of up to `relief` above the base, all in metres: a sentence for each reason, with advice.
    pub fn refusals(&self, bounding_box: [Metres; 3], pixel_pitch: Metres, relief: Metres) -> Vec<String> {
        // Lengths that are typed equal may differ in the last bits once they are products.
        let above = |length: Metres, limit: Metres| length > limit * (1.0 + 1e-9);
        let mut refusals = Vec::new();
        let [x, y, z] = bounding_box;
        let [room_x, room_y, room_z] = self.tray;
        // A plate may lie either way on the tray.
        let lies = |x, y| !above(x, room_x) && !above(y, room_y);
        if !lies(x, y) && !lies(y, x) {
            refusals.push(format!(
                "a plate of {} x {} does not fit on its tray of {} x {}; lower bench.pixels or bench.pixel_pitch, or \
                 take a larger printer",
                format_length(x, 3),
                format_length(y, 3),
                format_length(room_x, 3),
                format_length(room_y, 3)
            ));
        }
        if above(z, room_z) {
            refusals.push(format!(
                "a plate {} thick is higher than its room of {}; lower fabrication.base_thickness, or take a larger \
                 printer",
                format_length(z, 3),
                format_length(room_z, 3)
            ));
        }
        if above(self.minimum_feature, pixel_pitch) {
            refusals.push(format!(
                "pixels of {} are below its smallest feature of {}; raise bench.pixel_pitch, or take a finer printer",
                format_length(pixel_pitch, 4),
                format_length(self.minimum_feature, 4)
            ));
        }
        if let Some(limit) = self.relief_max.filter(|limit| above(relief, *limit)) {
            refusals.push(format!(
                "a relief of {} is above the {} it can make; lower mask.height_max or mask.phase_max, or take \
                 another printer",
                format_length(relief, 4),
                format_length(limit, 4)
            ));
        }
        if above(2.0 * self.layer_height, relief) {
            refusals.push(format!(
                "its layers of {} leave no relief: the highest is {}, below two layers; take a printer of finer layers",
                format_length(self.layer_height, 4),
                format_length(relief, 4)
            ));
        }
        refusals
    }

    /// How many layers a step of height is: a whole number, or nothing.
    pub fn whole_layers(&self, step: Metres) -> Option<u32> {
        let layers = step / self.layer_height;
        // A millionth of a layer is no printer's doing, but the rounding of typed lengths.
        let whole = layers.round();
        ((layers - whole).abs() <= 1e-6 * layers && (1.0..=1e9).contains(&whole)).then_some(whole as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_a_printer() {
        for name in Printer::NAMES {
            let printer = Printer::named(name).unwrap();
            assert_eq!(printer.name, name);
            assert!(printer.layer_height <= printer.minimum_feature);
        }
        assert_eq!(Printer::named(NO_PRINTER), None);
    }

    #[test]
    fn what_does_not_fit_is_refused_for_each_reason() {
        let printer = Printer { relief_max: Some(1.2e-3), ..Printer::named("sla-50um").unwrap() };
        let refusals = |x, y, z, pitch, relief| printer.refusals([x, y, z], pitch, relief);
        assert!(refusals(0.125, 0.2, 0.21, 50e-6, 1.2e-3).is_empty(), "all at their limits, turned");
        for (found, words) in [
            (refusals(0.126, 0.201, 2e-3, 0.4e-3, 1e-3), "tray of 200 mm x 125 mm"),
            (refusals(0.126, 0.126, 2e-3, 0.4e-3, 1e-3), "126 mm x 126 mm"),
            (refusals(0.1, 0.1, 0.22, 0.4e-3, 1e-3), "220 mm thick"),
            (refusals(0.1, 0.1, 2e-3, 49e-6, 1e-3), "smallest feature of 50 um"),
            (refusals(0.1, 0.1, 2e-3, 0.4e-3, 1.3e-3), "1.3 mm is above the 1.2 mm"),
            (refusals(0.1, 0.1, 2e-3, 0.4e-3, 99e-6), "layers of 50 um"),
        ] {
            assert!(found.len() == 1 && found[0].contains(words), "{words}: {found:?}");
        }
    }

    #[test]
    fn whole_layers_are_told_from_others() {
        let printer = Printer::named("polyjet-16um").unwrap();
        assert_eq!(printer.whole_layers(16e-6), Some(1));
        assert_eq!(printer.whole_layers(0.032e-3), Some(2));
        for step in [20e-6, 8e-6, 1e-9] {
            assert_eq!(printer.whole_layers(step), None, "{step}");
        }
    }
}
