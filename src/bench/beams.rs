//! The beams of a device: light that is carried by itself, and whose intensity is added to that of others.

use super::Bench;
use crate::object::Illumination;
use crate::source::{LightSource, LineReadout};

/// Coherent light of one wavelength from one point of the source, through one of the networks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beam {
    /// Number of the network it crosses.
    pub network: usize,
    /// Number of its line ([`LightSource::lines`]).
    pub line: usize,
    /// Sines of the angles to the axis towards +y and +x from which it comes, beside those of the illumination.
    pub direction: (f64, f64),
    /// Its share of the power on the object.
    pub share: f64,
}

impl Bench {
    /// Every beam: network by network, line by line, point by point.
    pub fn beams(&self) -> Vec<Beam> {
        let directions = self.source.extended.map_or(vec![(0.0, 0.0)], |extended| extended.directions());
        let points = directions.len() as f64;
        let lines = self.source.lines.iter().enumerate();
        let of_a_network: Vec<Beam> = lines
            .flat_map(|(line, light)| {
                let share = light.share / points;
                directions.iter().map(move |&direction| Beam { network: 0, line, direction, share })
            })
            .collect();
        (0..self.networks)
            .flat_map(|network| of_a_network.iter().map(move |&beam| Beam { network, ..beam }))
            .collect()
    }

    /// Beams of each network.
    pub fn beams_each(&self) -> usize {
        self.source.beams()
    }

    /// The device as `beam` sees it: one network in one coherent wave. Reliefs keep their heights.
    pub fn in_beam(&self, beam: &Beam) -> Bench {
        let detector = self.detector.without_filters();
        let mut bench = Bench { networks: 1, source: LightSource::default(), detector, ..self.clone() };
        let ratio = self.source.lines[beam.line].ratio;
        if ratio != 1.0 {
            bench.change_light(ratio);
        }
        if beam.direction != (0.0, 0.0) {
            let (own_y, own_x) = self.object.illumination().direction();
            let tilted = Illumination::Tilted {
                towards_y: (own_y + beam.direction.0).asin(),
                towards_x: (own_x + beam.direction.1).asin(),
            };
            let wavelength = bench.wavelength_in_medium();
            bench.object = bench.object.illuminated(tilted, wavelength);
        }
        bench
    }

    /// Whether images have modes: the field at the detector is linear in numbers that stand for their values, the same ones in every
    /// beam. Reliefs have other phases in other wavelengths.
    pub(crate) fn has_modes(&self) -> bool {
        let encoding = self.object.encoding();
        let alike = self.beams().iter().all(|beam| self.in_beam(beam).object.encoding() == encoding);
        alike && self.object.linear().is_some() && self.is_linear()
    }

    /// What the power of `beam` on region `region` of its network counts in the reading of that region.
    pub fn counts(&self, beam: &Beam, region: usize) -> f64 {
        match self.source.readout {
            LineReadout::Sum => beam.share,
            // Filters let the whole of a line pass, and nothing of the others.
            LineReadout::Multiplexed if region % self.source.lines.len() == beam.line => beam.share,
            LineReadout::Multiplexed => 0.0,
        }
    }

    /// The number, among all beams, of the one of `network` that stands for it where single fields are shown: of the line with
    /// the largest share, from the point of the source that is nearest to the axis.
    pub fn chief_beam(&self, network: usize) -> usize {
        let beams = self.beams();
        let off = |beam: &Beam| beam.direction.0.hypot(beam.direction.1);
        let better = |a: &Beam, b: &Beam| b.share.total_cmp(&a.share).then(off(a).total_cmp(&off(b)));
        let own = beams.iter().enumerate().filter(|(_, beam)| beam.network == network);
        own.min_by(|(_, a), (_, b)| better(a, b)).map_or(0, |(number, _)| number)
    }

    /// The bench in light `ratio` times as long.
    pub(super) fn change_light(&mut self, ratio: f64) {
        self.wavelength *= ratio;
        self.modulation = self.modulation.in_light(ratio);
        self.object = self.object.in_light(ratio, self.wavelength_in_medium());
    }
}
