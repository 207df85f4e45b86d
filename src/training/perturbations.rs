//! Errors trained in: a device that has learnt on imperfect benches works on one.

use std::f32::consts::TAU;

use ndarray::Array2;

use crate::bench::Bench;
use crate::element::Modulation;
use crate::error::Result;
use crate::misalignment::Tolerance;
use crate::random::{Purpose, Stream};
use crate::units::Radians;

/// What goes wrong in each step of a training, drawn anew ("vaccination", Mengu et al., Nanophotonics 9, 4207, 2020).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Perturbations {
    /// Largest errors of alignment and wavelength.
    pub tolerance: Tolerance,
    /// Standard deviation of an error of the phase of each pixel, as wrong heights make it.
    pub phase_noise: Radians,
    /// Phases are rounded to that many levels a turn; 0 for none.
    pub levels: u32,
    /// Share of a stage's steps in which all of this rises in a straight line from nothing to what is asked for.
    pub ramp: f64,
}

impl Perturbations {
    /// Whether nothing goes wrong.
    pub fn is_none(&self) -> bool {
        Perturbations { ramp: 0.0, ..*self } == Perturbations::default()
    }

    /// How much of it there is in step `step` (from 0) of `steps`.
    pub fn strength(&self, step: u64, steps: u64) -> f64 {
        let rise = self.ramp * steps as f64;
        if rise > 0.0 { ((step + 1) as f64 / rise).min(1.0) } else { 1.0 }
    }

    /// `bench` with the errors of this step; where heights are off its reliefs may be higher than designed.
    ///
    /// # Errors
    /// As [`Bench::misaligned`].
    pub fn misaligned(&self, bench: &Bench, strength: f64, random: &mut Stream) -> Result<Bench> {
        let Tolerance { lateral, axial, rotation, wavelength } = self.tolerance;
        let scaled = Tolerance {
            lateral: strength * lateral,
            axial: strength * axial,
            rotation: strength * rotation,
            wavelength: strength * wavelength,
        };
        let mut bench = bench.misaligned(&scaled.draw(bench.masks(), random))?;
        if self.phase_noise > 0.0 {
            bench.modulation = bench.modulation.of_any_height();
        }
        Ok(bench)
    }

    /// Makes the phases among `values`, those of masks of `modulation`, what comes out in this step.
    ///
    /// Rounded ones are approached: `strength` of the way from the phase to its level, which is that of
    /// [`Modulation::nearest_level`]. The gradient by what comes out is taken as that by what was meant (the
    /// straight-through estimator, Bengio et al., arXiv:1308.3432).
    pub(super) fn come_out(
        &self,
        values: &mut [Array2<f32>],
        modulation: Modulation,
        strength: f64,
        random: &mut Stream,
    ) {
        let noise = strength * self.phase_noise;
        for (array, values) in values.iter_mut().enumerate() {
            if !modulation.is_angle(array % modulation.channels()) {
                continue;
            }
            if self.levels > 0 {
                values.mapv_inplace(|phase| self.towards_level(modulation, phase, strength as f32));
            }
            if noise > 0.0 {
                values.mapv_inplace(|phase| modulation.misprinted(phase, noise * random.normal()));
            }
        }
    }

    /// `phase` moved to its level by `share` of the way that is shorter on the circle: from just below a turn level 0 lies
    /// above.
    fn towards_level(&self, modulation: Modulation, phase: f32, share: f32) -> f32 {
        let level = modulation.nearest_level(phase, self.levels);
        if share >= 1.0 {
            return level;
        }
        let phase = modulation.relief_phase(phase);
        let way = level - phase;
        phase + share * (way - TAU * (way / TAU).round())
    }

    /// The random numbers of step `step` of a training with `seed`, counted through all stages.
    pub fn stream(seed: u64, step: u64) -> Stream {
        Stream::new(seed, Purpose::TrainingErrors, step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn out(perturbations: Perturbations, strength: f64) -> Array2<f32> {
        let values = Array2::from_shape_fn((40, 40), |(y, x)| (40 * y + x) as f32 * TAU / 1600.0);
        let mut random = Perturbations::stream(1, 0);
        come_out(&perturbations, &values, Modulation::LOSSLESS, strength, &mut random)
    }

    fn come_out(
        perturbations: &Perturbations,
        values: &Array2<f32>,
        modulation: Modulation,
        strength: f64,
        random: &mut Stream,
    ) -> Array2<f32> {
        let mut values = [values.clone()];
        perturbations.come_out(&mut values, modulation, strength, random);
        let [values] = values;
        values
    }

    #[test]
    fn strength_rises_over_its_share_of_the_steps() {
        let ramped = Perturbations { ramp: 0.5, ..Perturbations::default() };
        assert!(ramped.is_none());
        assert_eq!([0, 1, 3, 7].map(|step| ramped.strength(step, 8)), [0.25, 0.5, 1.0, 1.0]);
        assert_eq!(Perturbations::default().strength(0, 8), 1.0);
    }

    #[test]
    fn levels_harden_and_are_levels_in_the_end() {
        let rounded = Perturbations { levels: 8, ..Perturbations::default() };
        let level = TAU / 8.0;
        let off = |phases: &Array2<f32>| {
            phases.iter().map(|phase| (phase / level - (phase / level).round()).abs()).fold(0.0, f32::max)
        };
        // A phase lies up to half a level off, and rounding is 1e-6 of a few levels.
        assert!((off(&out(rounded, 0.0)) - 0.5).abs() < 0.01);
        assert!((off(&out(rounded, 0.5)) - 0.25).abs() < 0.01);
        assert!(off(&out(rounded, 1.0)) < 1e-5);
    }

    #[test]
    fn what_is_printed_is_trained() {
        let relief = |phase_max| Modulation::Phase { absorption: 0.04, base: 1.0, phase_max, scale: 1.0 };
        let heights = Array2::from_shape_fn((1, 100), |(_, x)| 0.01 * x as f32 * TAU);
        let mut random = Perturbations::stream(1, 0);
        let rounded = Perturbations { levels: 3, ..Perturbations::default() };
        for (modulation, highest) in
            [(relief(f64::from(TAU)), 2.0 / 3.0), (relief(0.5 * f64::from(TAU)), 1.0 / 3.0)]
        {
            // Levels end below the turn and below the relief, as they are printed.
            let printed = come_out(&rounded, &heights, modulation, 1.0, &mut random);
            let most = printed.iter().copied().fold(0.0, f32::max);
            assert!((most / TAU - highest).abs() < 1e-6, "{most} {highest}");
        }
        // Half of the way from 0.99 of a turn leads up to 0.995 and not down through the turn.
        let half = come_out(&rounded, &heights, relief(f64::from(TAU)), 0.5, &mut random);
        assert!((half[[0, 99]] / TAU - 0.995).abs() < 1e-6);
        let noisy = Perturbations { phase_noise: 0.2, ..Perturbations::default() };
        let rough = come_out(&noisy, &heights, relief(f64::from(TAU)), 1.0, &mut random);
        let (low, high) = rough.iter().fold((f32::MAX, 0f32), |(l, h), phase| (l.min(*phase), h.max(*phase)));
        assert!(low == 0.0 && high > TAU - 0.06, "no pixel is lower than the base: {low} {high}");
    }

    #[test]
    fn noise_has_its_deviation_and_leaves_amplitudes_alone() {
        let noisy = Perturbations { phase_noise: 0.2, ..Perturbations::default() };
        let errors = out(noisy, 1.0) - out(Perturbations::default(), 1.0);
        // Near the base errors are cut off.
        let errors: Vec<f32> = errors.iter().copied().skip(300).collect();
        let deviation = (errors.iter().map(|error| error * error).sum::<f32>() / 1300.0).sqrt();
        // 1300 numbers: 0.2 +- 0.004 (one sigma); five sigma. The phase of the first is 1.18, nearly six sigma.
        assert!((deviation - 0.2).abs() < 0.02, "{deviation}");
        let amplitudes = Array2::from_elem((3, 3), 0.5);
        let mut random = Perturbations::stream(1, 0);
        assert_eq!(come_out(&noisy, &amplitudes, Modulation::Amplitude, 1.0, &mut random), amplitudes);
    }
}
