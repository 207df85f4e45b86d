//! The papers of a kit: assembly sheet, `kit.json`, and what is said on the terminal.

use std::fmt::Write;
use std::path::Path;

use serde_json::{Value, json};

use super::{Made, ObjectPlate, Workshop};
use crate::detector::Scheme;
use crate::error::{Error, Result};
use crate::fabrication::SolidReport;
use crate::fabrication::format_reports;
use crate::files::write_bytes;
use crate::named::Named;
use crate::plots::{AssembledPlate, Assembly, PictureFormat};
use crate::units::{format_length, trimmed};

/// All measures, for programs.
pub(super) const KIT_JSON: &str = "kit.json";
/// Version of `kit.json`.
const FORMAT: u32 = 1;

/// Writes the papers and gives the text for the terminal, and `kit.json`.
pub(super) fn write(kit: &Workshop<'_>, made: &Made) -> Result<(String, Value)> {
    let name = &kit.device.design.name;
    let sheet = kit.folder.join(format!("{name}-assembly.png"));
    assembly(kit, made, &sheet)?;
    let json = as_json(kit, made);
    let bytes = serde_json::to_vec_pretty(&json)
        .map_err(|error| Error::Value(format!("cannot write kit.json: {error}")))?;
    write_bytes(&kit.folder.join(KIT_JSON), &bytes)?;
    let mut text = format_reports(&made.plates);
    let unit = made.holder.unit;
    for (what, solid) in
        [("object", &made.object.solid), ("detector", &made.detector.solid), ("holder", &made.holder)]
    {
        let [x, y, z] = solid.bounding_box.map(|length| trimmed(length * unit.a_metre(), 4));
        let _ = writeln!(text, "{what:<9}{} : {x} x {y} x {z} {}", file_name(&solid.file), unit.name());
    }
    if let Some(room) = too_long(kit, made) {
        let _ = writeln!(
            text,
            "the holder does not fit {room}: cut it between slots, or stand the plates on a rail, their flat sides as far apart as \
             in kit.json"
        );
    }
    let _ = writeln!(text, "\n{}", object_line(kit, made));
    let _ = writeln!(
        text,
        "written to {} with {} and kit.json; every solid read back: closed two-manifolds of exact volume",
        kit.folder.display(),
        file_name(&sheet)
    );
    Ok((text, json))
}

/// The room of the design's printer, where the holder is larger.
fn too_long(kit: &Workshop<'_>, made: &Made) -> Option<String> {
    let printer = kit.device.design.printer.as_ref()?;
    let sorted = |mut sides: [f64; 2]| {
        sides.sort_by(f64::total_cmp);
        sides
    };
    let ([x, y, z], [wide, deep, high]) = (made.holder.bounding_box, printer.tray);
    let (part, tray) = (sorted([x, y]), sorted([wide, deep]));
    (part[0] > tray[0] || part[1] > tray[1] || z > high).then(|| {
        let [wide, deep, high] = printer.tray.map(|side| format_length(side, 3));
        format!("the room of {}, {wide} x {deep} x {high}", printer.name)
    })
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// What the object plate is, and what the device makes of it.
fn object_line(kit: &Workshop<'_>, made: &Made) -> String {
    let name = &kit.subject.name;
    match &made.object_plate {
        ObjectPlate::Relief => format!("object: {name}, a relief; cover all but the image"),
        ObjectPlate::Stencil { threshold, bridges, open, answers } => {
            let mut text = format!(
                "object: {name}, a stencil open from {threshold:.3} on ({open} pixels), {} bridges of {} pixels in all",
                bridges.pieces, bridges.pixels
            );
            if let Some([image, stencil]) = answers.map(|classes| classes.map(|class| class_name(kit, class)))
            {
                let model = kit.device.design.plate_model().name();
                let _ = write!(
                    text,
                    "\nthe device answers {image} to the image and {stencil} to the stencil, simulated with {model} plates \
                     (`d2nn export-stl` says what they do as printed)"
                );
            }
            text
        }
    }
}

fn class_name(kit: &Workshop<'_>, class: usize) -> String {
    format!("{class} ({})", kit.device.design.data.class_name(class))
}

fn assembly(kit: &Workshop<'_>, made: &Made, path: &Path) -> Result<()> {
    let design = &kit.device.design;
    let last = made.slots.len() - 1;
    let plates: Vec<AssembledPlate> = made
        .slots
        .iter()
        .zip(&made.planes)
        .enumerate()
        .map(|(index, (slot, plane))| AssembledPlate {
            name: match index {
                0 => "object".into(),
                _ if index == last => "detector".into(),
                _ => format!("mask {index}"),
            },
            plane: *plane,
            flat_side: slot.flat_side,
            thickness: slot.thickness,
        })
        .collect();
    let (height, width) = design.bench.grid().aperture();
    let mut steps = vec![
        match too_long(kit, made) {
            Some(_) => "Print all parts flat side down, without scaling. The holder is longer than the printer: cut it between slots, or \
                        stand the plates on a rail, at the distances above."
                .to_owned(),
            None => "Print all parts flat side down, the holder once, without scaling.".to_owned(),
        },
        "Set the plates into the slots of the holder: OBJECT first, then masks 1, 2, ..., DETECTOR last, as the floor says behind each slot."
            .to_owned(),
        "Every plate: arrow up, engraved side away from the source. Its flat side looks at the object.".to_owned(),
        format!(
            "Light the object from behind with {} of {}.",
            match design.bench.object.illumination() {
                crate::object::Illumination::Plane => "a plane wave",
                crate::object::Illumination::Tilted { .. } => "the tilted wave of the design",
                crate::object::Illumination::Gaussian { .. } => "the Gaussian beam of the design",
            },
            match design.bench.source.words(design.bench.wavelength) {
                words if words.is_empty() => format_length(design.bench.wavelength, 4),
                words => words,
            }
        ),
    ];
    steps.push(match &made.object_plate {
        ObjectPlate::Stencil { .. } => {
            "Plastic is not opaque: cover object and detector plate with foil, holes and windows left \
                                        open. Keep light off the edges of the plates."
                .into()
        }
        ObjectPlate::Relief => {
            "Cover the object plate around the image and the detector plate around its windows with foil. \
                                Keep light off the edges of the plates."
                .into()
        }
    });
    steps.push(if design.forms_image() {
        "The image stands in the window of the detector plate, upright.".to_owned()
    } else {
        let names = &design.data.class_names;
        let classes: Vec<String> =
            (0..).zip(names).map(|(class, name): (usize, _)| format!("{class} {name}")).collect();
        let rule = match design.bench.detector.scheme() {
            Scheme::Single => "The brightest window is the answer",
            Scheme::Differential => {
                "The answer is the pair whose window + leads its window - by the largest share of the two"
            }
        };
        format!("{rule}: {}.", classes.join(", "))
    });
    let title = format!("{}: assembly", design.name);
    let note = format!("object: {}; distances between planes, all measures in kit.json", kit.subject.name);
    Assembly {
        plates: &plates,
        plate: (width + 2.0 * kit.frame.width, height + 2.0 * kit.frame.width),
        frame: kit.frame.width,
        notch: kit.frame.notch,
        pin_holes: kit.frame.pin_holes,
        steps: &steps,
        title: &title,
        note: Some(&note),
    }
    .write(path, PictureFormat::Png)
}

/// Every measure; lengths in metres.
fn as_json(kit: &Workshop<'_>, made: &Made) -> Value {
    let design = &kit.device.design;
    let solid = |solid: &SolidReport| {
        json!({
            "file": file_name(&solid.file),
            "unit": solid.unit.name(),
            "bounding_box": solid.bounding_box,
            "volume": solid.volume,
            "triangles": solid.triangles,
            "euler_number": solid.euler_number,
        })
    };
    let plates: Vec<Value> = made
        .plates
        .iter()
        .map(|plate| {
            json!({
                "file": file_name(&plate.file),
                "unit": plate.unit.name(),
                "bounding_box": plate.bounding_box,
                "volume": plate.volume,
                "triangles": plate.triangles,
                "euler_number": plate.euler_number,
                "base": plate.base,
                "step": plate.step,
                "pixel_pitch": plate.pixel_pitch,
                "relief": [plate.relief.0, plate.relief.1],
                "engraved": plate.engraved,
            })
        })
        .collect();
    let object = match &made.object_plate {
        ObjectPlate::Relief => json!({"kind": "relief"}),
        ObjectPlate::Stencil { threshold, bridges, open, answers } => json!({
            "kind": "stencil",
            "threshold": threshold,
            "open_pixels": open,
            "bridges": bridges.pieces,
            "bridge_pixels": bridges.pixels,
            "answer_to_image": answers.map(|[image, _]| image),
            "answer_to_stencil": answers.map(|[_, stencil]| stencil),
            "plate_model": kit.device.design.plate_model().name(),
        }),
    };
    let planes: Vec<Value> = made
        .slots
        .iter()
        .zip(&made.planes)
        .map(|(slot, plane)| {
            json!({
                "label": slot.label,
                "plane": plane,
                "flat_side": slot.flat_side,
                "thickness": slot.thickness,
            })
        })
        .collect();
    let holder = kit.holder(made.slots.clone());
    json!({
        "format": FORMAT,
        "name": design.name,
        "wavelength": design.bench.wavelength,
        "pixel_pitch": design.bench.grid().pixel_pitch(),
        "pixels": [design.bench.grid().rows(), design.bench.grid().columns()],
        "gaps": design.bench.gaps,
        "planes": planes,
        "plates": plates,
        "object": {
            "image": kit.subject.name,
            "plate": solid(&made.object.solid),
            "plane_behind_flat_side": made.object.plane,
            "made_as": object,
        },
        "detector": {
            "plate": solid(&made.detector.solid),
            "plane_behind_flat_side": made.detector.plane,
            "classes": if design.forms_image() { &[][..] } else { &design.data.class_names[..] },
        },
        "holder": {
            "solid": solid(&made.holder),
            "wall": holder.wall(),
            "grip": holder.grip(),
            "clearance": holder.clearance,
        },
        "frame": {
            "width": kit.frame.width,
            "height": kit.frame.height,
            "engraving_depth": kit.frame.engraving,
            "notch": kit.frame.notch,
            "pin_holes": kit.frame.pin_holes,
        },
        "orientation": "Looking at the engraved side, against the light: row 0 is up, column 0 on the right. x = column \
                        times pitch and y = row times pitch in the files; pixels begin at x = y = 0.",
        "truth": kit.subject.truth,
    })
}
