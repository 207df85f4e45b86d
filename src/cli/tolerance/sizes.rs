//! Kinds of errors and their sizes: as typed, as checked, and as they follow from a device.

use super::ToleranceArgs;
use crate::design::Design;
use crate::error::{Error, Result};
use crate::evaluation::{Disturbance, Readout};
use crate::units::{
    format_length, format_power, parse_angle, parse_length, parse_percent, parse_power, parse_time, trimmed,
};

/// Draws of one kind and size at most.
const MOST_DRAWS: usize = 10_000;

/// A kind of error, as it is typed and shown.
pub(in crate::cli) struct DisturbanceKind {
    /// The flag without its dashes, and the name for programs.
    pub(in crate::cli) name: &'static str,
    /// What a size is, and its unit on paper unless it is a length.
    pub(in crate::cli) quantity: &'static str,
    pub(in crate::cli) unit: Unit,
    /// Whether equal factors of sizes are alike; then there is no size for the device as designed.
    pub(in crate::cli) logarithmic: bool,
    parse: fn(&str) -> Parsed,
}

/// What sizes are measured in on paper.
#[derive(Clone, Copy)]
pub(in crate::cli) enum Unit {
    /// The unit of length that suits the largest.
    Length,
    /// The unit of power that suits the largest.
    Power,
    /// This much of what they are inside.
    Of(f64),
}

pub(in crate::cli) const KINDS: [DisturbanceKind; 8] = [
    DisturbanceKind {
        name: "shift-xy",
        quantity: "lateral displacement, \u{b1}",
        unit: Unit::Length,
        logarithmic: false,
        parse: |text| parse_length(text).map(Disturbance::Lateral),
    },
    DisturbanceKind {
        name: "shift-z",
        quantity: "axial displacement, \u{b1}",
        unit: Unit::Length,
        logarithmic: false,
        parse: |text| parse_length(text).map(Disturbance::Axial),
    },
    DisturbanceKind {
        name: "rotation",
        quantity: "rotation, \u{b1} degrees",
        unit: Unit::Of(std::f64::consts::PI / 180.0),
        logarithmic: false,
        parse: |text| parse_angle(text).map(Disturbance::Rotation),
    },
    DisturbanceKind {
        name: "height-noise",
        quantity: "height error, rms",
        unit: Unit::Length,
        logarithmic: false,
        parse: |text| parse_length(text).map(Disturbance::Heights),
    },
    DisturbanceKind {
        name: "levels",
        quantity: "levels a turn",
        unit: Unit::Of(1.0),
        logarithmic: true,
        parse: |text| levels(text).map(Disturbance::Levels),
    },
    DisturbanceKind {
        name: "wavelength",
        quantity: "wavelength, \u{b1} %",
        unit: Unit::Of(1e-2),
        logarithmic: false,
        parse: |text| parse_percent(text).map(Disturbance::Wavelength),
    },
    DisturbanceKind {
        name: "detector-noise",
        quantity: "photons, mean image",
        unit: Unit::Of(1.0),
        logarithmic: true,
        parse: |text| photons(text).map(Disturbance::Photons),
    },
    DisturbanceKind {
        name: "power",
        quantity: "power behind the object,",
        unit: Unit::Power,
        logarithmic: true,
        parse: |text| power(text).map(Disturbance::Power),
    },
];

/// The kind of `disturbance` and its size.
pub(in crate::cli) fn kind(disturbance: Disturbance) -> (&'static DisturbanceKind, f64) {
    let (number, size) = match disturbance {
        Disturbance::Lateral(size) => (0, size),
        Disturbance::Axial(size) => (1, size),
        Disturbance::Rotation(size) => (2, size),
        Disturbance::Heights(size) => (3, size),
        Disturbance::Levels(levels) => (4, f64::from(levels)),
        Disturbance::Wavelength(size) => (5, size),
        Disturbance::Photons(mean) => (6, mean),
        Disturbance::Power(power) => (7, power),
    };
    (&KINDS[number], size)
}

/// A size as people write it.
pub(in crate::cli) fn written(disturbance: Disturbance) -> String {
    match disturbance {
        Disturbance::Lateral(size) | Disturbance::Axial(size) | Disturbance::Heights(size) => {
            format_length(size, 4)
        }
        Disturbance::Rotation(size) => format!("{} deg", trimmed(size.to_degrees(), 4)),
        Disturbance::Levels(levels) => levels.to_string(),
        Disturbance::Wavelength(size) => format!("{} %", trimmed(100.0 * size, 4)),
        Disturbance::Photons(mean) => trimmed(mean, 2),
        Disturbance::Power(power) => format_power(power, 4),
    }
}

/// The errors that the flags ask for, in the order of the kinds.
pub(super) fn wanted(args: &ToleranceArgs, design: &Design) -> Result<Vec<Disturbance>> {
    if !(1..=MOST_DRAWS).contains(&args.draws) {
        return Err(Error::Usage(format!("--draws {}: it must be 1 to {MOST_DRAWS}", args.draws)));
    }
    let sizes = possible_sizes(design);
    let mut disturbances = Vec::new();
    for ((list, kind), sizes) in args.lists().into_iter().zip(&KINDS).zip(sizes) {
        let Some(list) = list else {
            disturbances.extend(sizes.into_iter().filter(|_| args.all));
            continue;
        };
        for text in list.split(',') {
            let refused = |problem: String| Error::Usage(format!("--{} \"{list}\": {problem}", kind.name));
            let disturbance = (kind.parse)(text.trim()).map_err(refused)?;
            check(disturbance, design).map_err(refused)?;
            disturbances.push(disturbance);
        }
    }
    if disturbances.is_empty() {
        let flags: Vec<_> = KINDS.iter().map(|kind| format!("--{}", kind.name)).collect();
        return Err(Error::Usage(format!(
            "name a kind of error and its sizes, or --all: {}",
            flags.join(", ")
        )));
    }
    Ok(disturbances)
}

/// How the detector reads, by the flags; those for errors that are not among `disturbances` are refused.
pub(super) fn readout(args: &ToleranceArgs, disturbances: &[Disturbance]) -> Result<Readout> {
    let photons = disturbances.iter().any(|kind| matches!(kind, Disturbance::Photons(_)));
    let watts = disturbances.iter().any(|kind| matches!(kind, Disturbance::Power(_)));
    for (flag, given, kind, used) in [
        ("--read-noise", args.read_noise.is_some(), "--detector-noise", photons),
        ("--nep", args.nep.is_some(), "--power", watts),
        ("--exposure", args.exposure.is_some(), "--power", watts),
    ] {
        if given && !used {
            return Err(Error::Usage(format!("{flag} is for {kind}, which is not given")));
        }
    }
    let mut readout = Readout::default();
    if let Some(noise) = args.read_noise {
        if !(noise >= 0.0 && noise.is_finite()) {
            return Err(Error::Usage(format!("--read-noise {noise}: it must be 0 or more photons")));
        }
        readout.read_noise = noise;
    }
    if let Some(text) = &args.nep {
        let refused = |problem| {
            Error::Usage(format!("--nep \"{text}\" (watts per root hertz, written as a power): {problem}"))
        };
        readout.noise_equivalent_power = power(text).map_err(refused)?;
    }
    if let Some(text) = &args.exposure {
        let refused = |problem: String| Error::Usage(format!("--exposure \"{text}\": {problem}"));
        readout.exposure = parse_time(text).map_err(refused)?;
        if readout.exposure > 1e6 {
            return Err(refused("it must be at most 1e6 s".into()));
        }
    }
    Ok(readout)
}

/// A size, or what is wrong with its text.
type Parsed = std::result::Result<Disturbance, String>;

fn levels(text: &str) -> std::result::Result<u32, String> {
    let levels = text.parse().ok().filter(|levels| (2..=65_536).contains(levels));
    levels.ok_or_else(|| format!("\"{text}\" is no number of levels: write whole numbers from 2 to 65536"))
}

fn photons(text: &str) -> std::result::Result<f64, String> {
    let photons = text.parse().ok().filter(|photons| (1e-3..=1e15).contains(photons));
    photons.ok_or_else(|| {
        format!("\"{text}\" is no number of photons: write a number from 0.001 to 1e15 without a unit, such as 1e4")
    })
}

fn power(text: &str) -> std::result::Result<f64, String> {
    let power = parse_power(text)?;
    if power <= 1e6 { Ok(power) } else { Err(format!("\"{text}\" is too much: it must be at most 1e6 W")) }
}

/// Whether a device can have such errors.
fn check(disturbance: Disturbance, design: &Design) -> std::result::Result<(), String> {
    let bench = &design.simulated;
    if disturbance.is_of_heights() && !bench.modulation.is_phase() {
        return Err("only masks with mask.modulation = \"phase\" have heights".into());
    }
    let (height, width) = bench.grid().aperture();
    let (limit, why) = match disturbance {
        Disturbance::Lateral(_) => (height.min(width) / 2.0, "planes could stand beside each other"),
        Disturbance::Axial(_) => {
            (bench.shortest_room() / 2.0, "planes could meet, or what stands between them")
        }
        Disturbance::Wavelength(_) => (1.0, "no light would be left"),
        _ => (f64::INFINITY, ""),
    };
    let (_, size) = kind(disturbance);
    if size < 0.0 {
        return Err(format!(
            "{} is below zero: sizes are how far errors go to both sides",
            written(disturbance)
        ));
    }
    if size > 0.0 && size >= limit {
        return Err(format!("{} is too much: {why}", written(disturbance)));
    }
    Ok(())
}

/// The sizes of `--all`: those of [`default_sizes`] that a device can have.
pub(in crate::cli) fn possible_sizes(design: &Design) -> [Vec<Disturbance>; KINDS.len()] {
    let relief = design.bench.modulation.is_phase();
    default_sizes(design).map(|mut sizes| {
        sizes.retain(|size| relief || !size.is_of_heights());
        // Where optics touch the next plane there is no room for it to move in.
        sizes.retain(|size| kind(*size).1 > 0.0);
        sizes
    })
}

/// Sizes of each kind at which a device of that geometry begins to suffer.
fn default_sizes(design: &Design) -> [Vec<Disturbance>; KINDS.len()] {
    let bench = &design.bench;
    let (grid, wavelength) = (bench.grid(), bench.wavelength_in_medium());
    let pitch = grid.pixel_pitch();
    let (height, width) = grid.aperture();
    // Beyond this length light under the largest angle is a wave ahead of light along the axis.
    let sine = (wavelength / (2.0 * pitch)).min(1.0);
    let depth = wavelength / (1.0 - (1.0 - sine * sine).sqrt());
    let room = bench.shortest_room();
    let turn = design.material.height(std::f64::consts::TAU, bench.wavelength);
    // By this angle the edge of a plate moves by a pixel.
    let edge = 2.0 * pitch / height.max(width);
    let sizes = |of: fn(f64) -> Disturbance, unit: f64, parts: [f64; 3]| {
        parts.into_iter().map(|part| of(round(part * unit))).collect::<Vec<_>>()
    };
    [
        sizes(Disturbance::Lateral, pitch, [0.25, 0.5, 1.0]),
        sizes(Disturbance::Axial, depth.min(0.45 * room), [0.25, 0.5, 1.0]),
        sizes(|angle| Disturbance::Rotation(angle.to_radians()), edge.to_degrees(), [0.5, 1.0, 2.0]),
        sizes(Disturbance::Heights, turn, [0.02, 0.05, 0.1]),
        [2, 4, 8, 16, 32].map(Disturbance::Levels).to_vec(),
        sizes(Disturbance::Wavelength, 0.01, [0.5, 1.0, 2.0]),
        [1e2, 1e3, 1e4, 1e5].map(Disturbance::Photons).to_vec(),
        // What power is much depends on the detector, of which nothing is known.
        Vec::new(),
    ]
}

/// `value` to two digits.
fn round(value: f64) -> f64 {
    format!("{value:.1e}").parse().unwrap_or(value)
}
