//! Devices of the literature as designs to begin with.

use super::detector_table::{DetectorTable, RegionSize};
use super::file::{
    BenchTable, DesignFile, EncodingKey, FabricationTable, Gaps, MaterialTable, ObjectTable, Sides,
};
use super::training_table::{LossKey, TrainingTable};

/// A device that can be asked for by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// Printed plates at 0.4 THz that classify: the default design.
    Terahertz,
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
    pub const ALL: [Preset; 6] = [
        Preset::Terahertz,
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
            Preset::Terahertz => "The default design: 0.4 THz, five printed plates that classify",
            Preset::VisibleSlm => "532 nm, five phase modulators of 36 um pixels, 0.3 m apart",
            Preset::VisiblePrinted => "532 nm, five plates of 285 nm pixels, 21.3 um apart",
            Preset::Imaging => "0.4 THz, five printed plates that form an image",
            Preset::Lin2018 => "Lin et al. 2018: phase objects, squared error of the detector plane",
            Preset::Mengu2019 => "Mengu et al. 2019: phase objects, cross-entropy of 10 I / max I",
        }
    }

    /// The design, ready to be trained.
    ///
    /// Regions have 12 pixels a side and stand 24 apart, as in the default design.
    pub fn design(self) -> DesignFile {
        match self {
            Preset::Terahertz => DesignFile::default(),
            // The bench of LightRidge: 256 phases, 0.3 m between the modulators.
            Preset::VisibleSlm => DesignFile {
                name: Some("fashion-visible-slm".into()),
                bench: BenchTable {
                    wavelength: "532 nm".into(),
                    pixel_pitch: "36 um".into(),
                    gaps: Gaps::All("0.3 m".into()),
                    ..BenchTable::default()
                },
                detector: regions("432 um", "864 um"),
                material: MaterialTable {
                    name: "liquid-crystal phase modulator".into(),
                    refractive_index: 1.5,
                    ..MaterialTable::default()
                },
                fabrication: FabricationTable { levels: Some(256), ..FabricationTable::default() },
                ..DesignFile::default()
            },
            // 285 nm are 0.536 wavelengths, where the terahertz plates have 0.533: 200 pixels are just too wide for
            // the sampled impulse response of the first stage, and the angular spectrum is better in a wider window.
            // Engines pay for it once, when they plan.
            Preset::VisiblePrinted => DesignFile {
                name: Some("fashion-visible-printed".into()),
                bench: BenchTable {
                    wavelength: "532 nm".into(),
                    pixel_pitch: "285 nm".into(),
                    gaps: Gaps::All("21.3 um".into()),
                    padding: 3.0,
                    ..BenchTable::default()
                },
                detector: regions("3.42 um", "6.84 um"),
                material: MaterialTable {
                    name: "two-photon resin".into(),
                    refractive_index: 1.5,
                    ..MaterialTable::default()
                },
                fabrication: FabricationTable {
                    base_thickness: "5 um".into(),
                    ..FabricationTable::default()
                },
                ..DesignFile::default()
            },
            // Lin et al., Science 361, 1004 (2018): the imaging lens.
            Preset::Imaging => DesignFile {
                name: Some("imaging-400ghz".into()),
                bench: BenchTable {
                    pixel_pitch: "0.3 mm".into(),
                    pixels: Sides::Square(300),
                    gaps: Gaps::Each(
                        ["4 mm", "4 mm", "4 mm", "4 mm", "4 mm", "7 mm"].map(str::to_owned).into(),
                    ),
                    ..BenchTable::default()
                },
                object: ObjectTable { upsampling: Some(6), ..ObjectTable::default() },
                detector: DetectorTable { layout: Some("image".into()), ..DetectorTable::default() },
                training: TrainingTable {
                    loss: LossKey::ImageMse,
                    epochs: Some(4),
                    batch: 8,
                    ..TrainingTable::default()
                },
                ..DesignFile::default()
            },
            Preset::Lin2018 => DesignFile {
                name: Some("lin-2018".into()),
                object: phase_object(),
                training: TrainingTable { loss: LossKey::PlaneMse, ..TrainingTable::default() },
                ..DesignFile::default()
            },
            Preset::Mengu2019 => DesignFile {
                name: Some("mengu-2019".into()),
                object: phase_object(),
                training: TrainingTable { loss: LossKey::PeakCrossEntropy, ..TrainingTable::default() },
                ..DesignFile::default()
            },
        }
    }
}

/// Both papers encode fashion products as phases, and digits as amplitudes.
fn phase_object() -> ObjectTable {
    ObjectTable { encoding: EncodingKey::Phase, ..ObjectTable::default() }
}

fn regions(size: &str, pitch: &str) -> DetectorTable {
    DetectorTable {
        region_size: Some(RegionSize::Square(size.into())),
        row_pitch: Some(pitch.into()),
        column_pitch: Some(pitch.into()),
        ..DetectorTable::default()
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
        let resolved = |preset: Preset| Design::resolve(preset.name(), &preset.design()).unwrap();
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
            let design = Design::resolve(preset.name(), &preset.design()).unwrap();
            assert!(design.warnings.is_empty(), "{}: {:?}", preset.name(), design.warnings);
            // What is written into the device folder means the same.
            let text = preset.design().to_text().unwrap();
            assert_eq!(DesignFile::parse("written", &text).unwrap(), preset.design());
            if preset != Preset::Imaging {
                let regions = design.bench.detector.regions();
                assert!(regions.iter().all(|region| (region.height, region.width) == (12, 12)));
                assert_eq!(regions[1].column - regions[0].column, 24, "{}", preset.name());
            }
        }
    }
}
