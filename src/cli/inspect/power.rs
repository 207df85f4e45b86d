//! Where the light of a device goes, as `d2nn inspect` reports it.

use std::fmt::Write;

use ndarray::{Array3, Axis};
use serde_json::json;

use crate::dataset::{DatasetName, Images, Source, Split, load_split};
use crate::design::{Design, Device};
use crate::element::PlateModel;
use crate::error::Result;
use crate::evaluation::PowerBudget;

/// Images of the sample in the program whose light is followed.
pub(in crate::cli) const BUDGET_IMAGES: usize = 10;

/// Where the light of some images of the sample in the program goes.
pub(in crate::cli) fn budget(device: &Device) -> Result<PowerBudget> {
    let images = sample_images(device, BUDGET_IMAGES)?;
    let indices: Vec<usize> = (0..BUDGET_IMAGES).collect();
    PowerBudget::of(&device.design.simulated, &device.masks, &images, &indices)
}

/// The first `count` test images of the sample in the program, as `device` takes images.
pub(super) fn sample_images(device: &Device, count: usize) -> Result<Images> {
    let mut images = load_split(DatasetName::FashionMnist, &Source::BuiltinSample, Split::Test)?;
    let indices: Vec<usize> = (0..count).collect();
    images.images = stretched(&images.images.select(Axis(0), &indices), device.design.bench.object.image());
    images.labels.truncate(count);
    Ok(images)
}

/// `images` stretched to `shape` = (rows, columns), each value that of the nearest.
fn stretched(images: &Array3<u8>, (rows, columns): (usize, usize)) -> Array3<u8> {
    let (count, from_rows, from_columns) = images.dim();
    let nearest = |place: usize, from: usize, to: usize| (2 * place + 1) * from / (2 * to);
    Array3::from_shape_fn((count, rows, columns), |(n, y, x)| {
        images[[n, nearest(y, from_rows, rows), nearest(x, from_columns, columns)]]
    })
}

/// The images of the budget, for a sentence.
pub(in crate::cli) fn budget_images(design: &Design) -> String {
    let (rows, columns) = design.bench.object.image();
    let stretched = if (rows, columns) == DatasetName::SHAPE {
        String::new()
    } else {
        format!(", stretched to {rows} x {columns} values")
    };
    format!("first {BUDGET_IMAGES} test images of the sample{stretched}")
}

/// Share of the light that is left when every face of every plate reflects its part: all of it where plates have a thickness, and
/// with it faces that reflect.
pub(super) fn left_by_reflection(design: &Design) -> f64 {
    match design.plate_model() {
        PlateModel::Thin => (1.0 - design.material.face_reflection()).powi(2 * design.bench.masks() as i32),
        _ => 1.0,
    }
}

pub(super) fn budget_json(budget: &PowerBudget, design: &Design) -> serde_json::Value {
    json!({
        "images": BUDGET_IMAGES,
        "past_the_plane": budget.past,
        "absorbed": budget.absorbed,
        "other_optics": budget.optics,
        "regions": budget.regions,
        "beside_the_regions": budget.beside,
        "left_by_reflection": left_by_reflection(design),
    })
}

pub(super) fn budget_text(budget: &PowerBudget, design: &Design) -> String {
    let mut text = format!("\npower budget, share of the object's power ({})\n", budget_images(design));
    for (name, value) in budget_lines(budget, design) {
        let _ = writeln!(text, "  {name:<22}{value}");
    }
    text
}

/// The budget as names and values.
pub(in crate::cli) fn budget_lines(budget: &PowerBudget, design: &Design) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    let mut line = |name: String, value: String| lines.push((name, value));
    let percent = |share: f64| format!("{:.2} %", 100.0 * share);
    let list = |shares: &[f64]| shares.iter().map(|share| percent(*share)).collect::<Vec<_>>().join(", ");
    line("past the planes".into(), format!("{} = {}", list(&budget.past), percent(budget.past.iter().sum())));
    let thin = design.plate_model() == PlateModel::Thin;
    if budget.absorbed.iter().any(|share| share.abs() > 1e-6) {
        let sum = percent(budget.absorbed.iter().sum());
        let name = if thin { "absorbed in the masks" } else { "taken by the masks" };
        line(name.into(), format!("{} = {sum}", list(&budget.absorbed)));
    }
    if !budget.optics.is_empty() {
        let sum = percent(budget.optics.iter().sum());
        line("taken by other optics".into(), format!("{} = {sum}", list(&budget.optics)));
    }
    line("detector regions".into(), percent(budget.regions));
    line("beside the regions".into(), percent(budget.beside));
    if design.bench.modulation.is_phase() {
        let faces = 2 * design.bench.masks();
        line(
            "reflection".into(),
            if thin {
                let left = percent(left_by_reflection(design));
                format!("not simulated: at {faces} faces it would leave {left} of what arrives")
            } else {
                format!("at {faces} faces, in what the masks take; echoes are not simulated")
            },
        );
    }
    lines
}
