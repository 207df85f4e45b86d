//! Devices of the literature as designs to begin with: design files in `presets/`.

use super::file::DesignFile;
use crate::error::Result;

/// A device that can be asked for by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// Printed plates at 0.4 THz that classify: the default design.
    Terahertz,
    /// Three printed plates at 0.4 THz that forgive errors of building.
    Printable,
    /// A bench of spatial light modulators in green light.
    VisibleSlm,
    /// The terahertz device scaled to green light, printed by two photons.
    VisiblePrinted,
    /// Printed plates at 0.4 THz that form an image.
    Imaging,
    /// The classifier of fashion products of Lin et al. 2018.
    Lin2018,
    /// The classifier of fashion products of Mengu et al. 2019.
    Mengu2019,
}

impl Preset {
    /// All of them.
    pub const ALL: [Preset; 7] = [
        Preset::Terahertz,
        Preset::Printable,
        Preset::VisibleSlm,
        Preset::VisiblePrinted,
        Preset::Imaging,
        Preset::Lin2018,
        Preset::Mengu2019,
    ];

    /// What it is asked for by.
    pub fn name(self) -> &'static str {
        match self {
            Preset::Terahertz => "terahertz",
            Preset::Printable => "printable",
            Preset::VisibleSlm => "visible-slm",
            Preset::VisiblePrinted => "visible-printed",
            Preset::Imaging => "imaging",
            Preset::Lin2018 => "lin-2018",
            Preset::Mengu2019 => "mengu-2019",
        }
    }

    /// What it is, in a line.
    pub fn describe(self) -> &'static str {
        match self {
            Preset::Terahertz => {
                "The default design: 0.4 THz, five printed plates that classify, simulated in slices"
            }
            Preset::Printable => {
                "0.4 THz, four printed plates of 0.8 mm pixels on a bench of 1 m, to be built"
            }
            Preset::VisibleSlm => "532 nm, five phase modulators of 36 um pixels, 0.3 m apart",
            Preset::VisiblePrinted => "532 nm, five plates of 285 nm pixels, 21.3 um apart",
            Preset::Imaging => "0.4 THz, five printed plates that form an image",
            Preset::Lin2018 => "Lin et al. 2018: phase objects, squared error of the detector plane",
            Preset::Mengu2019 => "Mengu et al. 2019: phase objects, cross-entropy of 10 I / max I",
        }
    }

    /// The text of its design file; a key that is left out has its default.
    pub fn text(self) -> &'static str {
        match self {
            Preset::Terahertz => include_str!("presets/terahertz.toml"),
            Preset::Printable => include_str!("presets/printable.toml"),
            Preset::VisibleSlm => include_str!("presets/visible-slm.toml"),
            Preset::VisiblePrinted => include_str!("presets/visible-printed.toml"),
            Preset::Imaging => include_str!("presets/imaging.toml"),
            Preset::Lin2018 => include_str!("presets/lin-2018.toml"),
            Preset::Mengu2019 => include_str!("presets/mengu-2019.toml"),
        }
    }

    /// The design, ready to be trained.
    ///
    /// # Errors
    /// As [`DesignFile::parse`]; a test reads all of them.
    pub fn design(self) -> Result<DesignFile> {
        DesignFile::parse(&format!("the preset {}", self.name()), self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Design;
    use super::*;
    use crate::object::Encoding;
    use crate::training::ClassError;

    #[test]
    fn the_classifiers_of_the_literature_have_their_object_and_loss() {
        let resolved = |preset: Preset| Design::resolve(preset.name(), &preset.design().unwrap()).unwrap();
        for preset in [Preset::Lin2018, Preset::Mengu2019] {
            let object = &resolved(preset).bench.object;
            assert_eq!(
                object.encoding(),
                Encoding::Phase { range: std::f64::consts::TAU },
                "{}",
                preset.name()
            );
        }
        let loss = |preset: Preset| resolved(preset).loss().map(|loss| loss.error);
        // Ten regions of 12 x 12 pixels of 0.4 mm.
        let Some(ClassError::PlaneError { regions: 10, area }) = loss(Preset::Lin2018) else {
            panic!("{:?}", loss(Preset::Lin2018))
        };
        assert!((area - 4.8e-3 * 4.8e-3).abs() < 1e-12);
        assert_eq!(loss(Preset::Mengu2019), Some(ClassError::PeakCrossEntropy { temperature: 10.0 }));
    }

    #[test]
    fn every_preset_is_a_sound_design() {
        for preset in Preset::ALL {
            let design = Design::resolve(preset.name(), &preset.design().unwrap()).unwrap();
            assert!(design.warnings.is_empty(), "{}: {:?}", preset.name(), design.warnings);
            // What is written into the device folder means the same.
            let text = preset.design().unwrap().to_text().unwrap();
            assert_eq!(DesignFile::parse("written", &text).unwrap(), preset.design().unwrap());
            if preset != Preset::Imaging {
                let (side, apart) = if preset == Preset::Printable { (32, 40) } else { (12, 24) };
                let regions = design.bench.detector.regions();
                assert!(regions.iter().all(|region| (region.height, region.width) == (side, side)));
                assert_eq!(regions[1].column - regions[0].column, apart, "{}", preset.name());
            }
        }
    }
}
