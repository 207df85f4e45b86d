//! What the grid of a design can and cannot carry, as `d2nn inspect` reports it.

use crate::bench::Bench;
use crate::design::Design;
use crate::propagation::Method;
use crate::propagation::angular_spectrum::{BandLimit, needed_padding};
use crate::propagation::rayleigh_sommerfeld::{safe_distance, safe_offset};
use crate::units::{Metres, trimmed};

/// What the grid can and cannot carry.
pub(super) struct Sampling {
    /// Sine of the largest angle the pixels diffract to; 1 for pitches of half a wavelength or less.
    pub(super) sine: f64,
    pub(super) shortest: Metres,
    /// Half the width of the plane squared over wavelength and shortest gap.
    pub(super) fresnel_number: f64,
    /// Frequencies the band limit keeps along the shorter side, cycles per metre, for the longest gap.
    pub(super) band_limit: f64,
    pub(super) nyquist: f64,
    /// Share of the sampled frequencies that is evanescent.
    pub(super) evanescent_share: f64,
    /// Reach of a pixel across the shortest gap at the largest angle.
    pub(super) reach: Metres,
    /// The largest offset at which the impulse response is safely sampled there: as the reach it ends where the local
    /// frequency is the highest of the grid, here of the samples.
    pub(super) safe_offset: Metres,
    /// The shortest gap across which it is safely sampled at its peak.
    pub(super) safe_distance: Metres,
    pub(super) widest: Metres,
    /// Padding the angular spectrum needs across the longest gap.
    pub(super) needed_padding: f64,
}

impl Sampling {
    pub(super) fn of(design: &Design) -> Self {
        let bench = &design.simulated;
        let grid = bench.grid();
        let pitch = grid.pixel_pitch();
        let wavelength = bench.wavelength_in_medium();
        let (height, width) = grid.aperture();
        let shortest = bench.gaps.iter().copied().fold(f64::INFINITY, f64::min);
        let longest = bench.gaps.iter().copied().fold(0.0, f64::max);
        let widest = height.max(width);
        let pixel = design.bench.grid().pixel_pitch();
        let sine = (wavelength / (2.0 * pixel)).min(1.0);
        let (rows, columns) = bench.padded;
        let band = BandLimit::new(rows as f64 * pitch, columns as f64 * pitch, wavelength, longest);
        let nyquist = 0.5 / pitch;
        Sampling {
            sine,
            shortest,
            fresnel_number: (widest / 2.0).powi(2) / (wavelength * shortest),
            band_limit: band.limits().0.min(band.limits().1),
            nyquist,
            evanescent_share: evanescent_share(nyquist * wavelength),
            reach: safe_offset(wavelength, shortest, pixel),
            safe_offset: safe_offset(wavelength, shortest, pitch),
            safe_distance: safe_distance(pitch),
            widest,
            needed_padding: needed_padding(height.min(width), pitch, wavelength, longest),
        }
    }

    /// Whether light of every pixel reaches every pixel of the next plane.
    pub(super) fn fully_connected(&self) -> bool {
        self.reach >= self.widest
    }

    /// What to change, if anything.
    pub(super) fn advice(&self, design: &Design) -> String {
        let padding = design.padding();
        if methods(&design.simulated) == [Method::RayleighSommerfeld] {
            format!("padding {} suffices: the window holds the whole linear convolution", trimmed(padding, 2))
        } else {
            format!(
                "padding {}; {} is needed for the window to hold all that leaves a plane (longest gap)",
                trimmed(padding, 2),
                if self.needed_padding.is_finite() {
                    trimmed(self.needed_padding, 1)
                } else {
                    "no finite one".into()
                }
            )
        }
    }
}

/// Share of the square of frequencies |f| <= half_side (in units of 1/wavelength) outside the unit circle.
pub(super) fn evanescent_share(half_side: f64) -> f64 {
    if half_side <= std::f64::consts::FRAC_1_SQRT_2 {
        return 0.0;
    }
    let disc = if half_side >= 1.0 {
        std::f64::consts::PI
    } else {
        // The disc without the four caps that stick out of the square.
        let cap = half_side.acos() - half_side * (1.0 - half_side * half_side).sqrt();
        std::f64::consts::PI - 4.0 * cap
    };
    1.0 - disc / (4.0 * half_side * half_side)
}

/// The methods in use, each once, in the order of the gaps.
pub(super) fn methods(bench: &Bench) -> Vec<Method> {
    let mut methods = Vec::new();
    for index in 0..bench.gaps.len() {
        let method = bench.gap(index).resolved_method();
        if !methods.contains(&method) {
            methods.push(method);
        }
    }
    methods
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evanescent_share_by_counting() {
        // Against a count on a fine grid; its error is about one cell of the boundary, 1/500.
        for half_side in [0.5, 0.9375, 1.0, 1.8] {
            let cells = 1000;
            let at = |i: usize| half_side * (2.0 * (i as f64 + 0.5) / f64::from(cells) - 1.0);
            let outside = (0..cells as usize)
                .flat_map(|y| (0..cells as usize).map(move |x| (y, x)))
                .filter(|&(y, x)| at(y).hypot(at(x)) > 1.0)
                .count();
            let counted = outside as f64 / f64::from(cells).powi(2);
            assert!((evanescent_share(half_side) - counted).abs() < 2e-3, "{half_side}");
        }
    }
}
