//! Whether a bench is sampled finely enough and padded widely enough: each rule with its number, limit and advice.

use crate::bench::{Beam, Bench};
use crate::element::{Placed, Site};
use crate::named::Named;
use crate::object::Illumination;
use crate::propagation::angular_spectrum::needed_padding;
use crate::propagation::rayleigh_sommerfeld::{safe_distance, safe_offset};
use crate::propagation::{Gap, Method, PixelModel, sinc};
use crate::units::format_length;

/// At nine tenths of the padding it needs, the angular spectrum cuts the steepest tenth of the angles, which carries
/// little: docs/optics.md has figures.
const ENOUGH_OF_THE_PADDING: f64 = 0.9;

/// What is wrong with the sampling of `bench`, a sentence each.
pub(super) fn problems(bench: &Bench) -> Vec<String> {
    // The directions of an extended source are those about the tilt of the object's light.
    let own = bench.object.illumination().direction();
    let along_y = |beam: &Beam| (own.0 + beam.direction.0).abs();
    let along_x = |beam: &Beam| (own.1 + beam.direction.1).abs();
    let mut problems: Vec<String> = Vec::new();
    for line in 0..bench.source.lines.len() {
        let beams = || bench.beams().into_iter().filter(move |beam| beam.network == 0 && beam.line == line);
        let by_y = beams().max_by(|a, b| along_y(a).total_cmp(&along_y(b)));
        let by_x = beams().max_by(|a, b| along_x(a).total_cmp(&along_x(b)));
        // Mostly there is one beam.
        for beam in by_y.into_iter().chain(by_x.filter(|beam| by_y != Some(*beam))) {
            let key = if beam.direction == (0.0, 0.0) { "object.tilt" } else { "source.half_angle" };
            for problem in of_beam(&bench.in_beam(&beam), key) {
                if !problems.contains(&problem) {
                    problems.push(problem);
                }
            }
        }
    }
    problems
}

/// What is wrong with the sampling of a single beam, whose direction is that of `key`.
fn of_beam(bench: &Bench, key: &str) -> Vec<String> {
    let mut problems: Vec<String> =
        bench.path().stops().iter().filter_map(|stop| gap(&stop.free_space()?)).collect();
    problems.dedup();
    problems.extend(bench.optics.iter().filter_map(|placed| optic(placed, &bench.site())));
    problems.extend(illumination(bench, key));
    problems
}

/// Why the planes of `bench` hardly see each other, if so: no rule is broken, but nothing can be learned.
pub(super) fn unconnected(bench: &Bench) -> Option<String> {
    let (height, width) = bench.grid().aperture();
    let half = height.max(width) / 2.0;
    let wavelength = bench.wavelength_in_medium();
    let reach = |distance: &f64| safe_offset(wavelength, *distance, bench.grid().pixel_pitch());
    let reached: f64 = bench.gaps.iter().map(reach).sum();
    (reached < half).then(|| {
        format!(
            "across all gaps together light spreads by {} to each side, and from the axis to the edge of a plane it is \
             {}: pixels hardly reach each other; are the units of bench.wavelength, pixel_pitch and gaps as meant?",
            format_length(reached, 3),
            format_length(half, 3)
        )
    })
}

/// Power that square pixels may lose by the direction of the light, behind the second mask, before it is told.
const LOST_TO_THE_TILT: f64 = 0.05;

/// What square pixels may take from tilted light behind the second mask, where its direction is the masks' matter.
pub(super) fn turning(bench: &Bench) -> Option<String> {
    let (along_y, along_x) = bench.object.illumination().carrier(bench.wavelength_in_medium());
    let pitch = bench.grid().pixel_pitch();
    let lost = 1.0 - (sinc(along_y * pitch) * sinc(along_x * pitch)).powi(2);
    (bench.pixel_model == PixelModel::Square && bench.masks() > 1 && lost > LOST_TO_THE_TILT).then(|| {
        format!(
            "object.tilt: the wave turns by {:.2} of a turn inside a sample; behind mask 2 and later ones light that keeps \
             this direction is read {:.1} % low a gap; raise oversample",
            (along_y * pitch).abs().max((along_x * pitch).abs()),
            100.0 * lost
        )
    })
}

/// What light inside plates needs of samples.
pub(super) fn inside_plates(bench: &Bench) -> Option<String> {
    let plate = bench.plate?;
    let pitch = bench.grid().pixel_pitch() * bench.oversample as f64;
    // Two a wavelength hold every wave that travels in the plastic. Pixels no wider than a wavelength send much of their light
    // into waves that do not, and need four ([`crate::element::Thickness::samples`]).
    let narrowest = bench.mask_grids().iter().map(|grid| grid.pixel_pitch()).fold(f64::INFINITY, f64::min);
    let (share, least) = if narrowest > bench.wavelength { (2, "two") } else { (1, "four") };
    let needed = plate.samples(pitch, bench.wavelength).div_ceil(share);
    let inside = bench.oversample * plate.finer;
    (inside < needed).then(|| {
        format!(
            "light inside the plates has {inside} x {inside} samples a pixel, and needs {needed} x {needed}: less than {least} a \
             wavelength in the plastic; raise mask.finer"
        )
    })
}

fn gap(gap: &Gap) -> Option<String> {
    match gap.resolved_method() {
        Method::RayleighSommerfeld => impulse_response(gap),
        Method::AngularSpectrum | Method::Auto => padding(gap),
    }
}

/// The impulse response must be sampled finely enough at its peak, and at the largest offset between two planes.
fn impulse_response(gap: &Gap) -> Option<String> {
    if gap.is_near_contact() {
        let pitch = gap.grid.pixel_pitch();
        return Some(format!(
            "bench.method = \"rayleigh-sommerfeld\" gives light across a gap of {}: the peak of the impulse response is \
             as narrow as the gap, and samples of {} miss it or overstate it; the shortest gap here is {} (2.5 samples); \
             lengthen the gaps, lower pixel_pitch, raise oversample, or take method = \"auto\"",
            format_length(gap.distance, 3),
            format_length(pitch, 4),
            format_length(safe_distance(pitch), 4)
        ));
    }
    let (height, width) = gap.grid.aperture();
    let limit = safe_offset(gap.wavelength, gap.distance, gap.grid.pixel_pitch());
    let widest = height.max(width);
    (widest > limit).then(|| {
        format!(
            "bench.method = \"rayleigh-sommerfeld\" is aliased: across a gap of {} the impulse response is sampled \
             safely up to an offset of {} at samples of {}, and the plane is {} wide; lengthen the gaps, lower \
             pixel_pitch or pixels, raise oversample, or take method = \"auto\"",
            format_length(gap.distance, 3),
            format_length(limit, 3),
            format_length(gap.grid.pixel_pitch(), 4),
            format_length(widest, 3)
        )
    })
}

/// The window must hold what leaves the plane, or the band limit cuts it: the angular spectrum then loses light.
fn padding(gap: &Gap) -> Option<String> {
    let (height, width) = gap.grid.aperture();
    let padding =
        (gap.padded.0 as f64 / gap.grid.rows() as f64).min(gap.padded.1 as f64 / gap.grid.columns() as f64);
    let needed = needed_padding(height.min(width), gap.grid.pixel_pitch(), gap.wavelength, gap.distance);
    (padding < ENOUGH_OF_THE_PADDING * needed).then(|| {
        format!(
            "bench.method = \"{}\" at bench.padding = {padding:.1} is aliased: across a gap of {} light spreads so \
             far that the angular spectrum needs a padding of {needed:.1}; raise padding, shorten the gaps, or {}",
            gap.method.name(),
            format_length(gap.distance, 3),
            if gap.method == Method::Auto {
                "lower pixel_pitch, so that the impulse response is safely sampled"
            } else {
                "take method = \"auto\""
            }
        )
    })
}

/// What an element turns light by must be sampled.
fn optic(placed: &Placed, place: &Site) -> Option<String> {
    let turns = placed.element.steepest(place);
    (turns > 0.5).then(|| {
        format!(
            "a {} in gap {} is aliased: at the edge of the plane it turns the light by {turns:.2} of a turn from sample to \
             sample, and half a turn is the limit; take a longer focal length, lower pixel_pitch, or raise oversample",
            placed.element.name(),
            placed.gap
        )
    })
}

/// A tilted wave must turn by less than half a turn from sample to sample.
fn illumination(bench: &Bench, key: &str) -> Option<String> {
    let Illumination::Tilted { towards_y, towards_x } = bench.object.illumination() else {
        return None;
    };
    let steepest = towards_y.sin().abs().max(towards_x.sin().abs());
    let limit = bench.wavelength_in_medium() / (2.0 * bench.grid().pixel_pitch());
    (steepest > limit).then(|| {
        format!(
            "{key} is aliased: a wave at {:.1} degrees turns by more than half a turn from sample to sample, \
             the limit here is {:.1} degrees; lower the angle or pixel_pitch, or raise oversample",
            steepest.asin().to_degrees(),
            limit.min(1.0).asin().to_degrees()
        )
    })
}
