//! How many pixels masks have, how large, and how their plates are simulated, for sentences.

use crate::bench::Bench;
use crate::design::{Design, Stage};
use crate::element::PlateModel;
use crate::named::Named;
use crate::units::format_length;

/// Columns and rows of the masks of `bench`, as people write them: "200 x 200", or mask by mask where they differ.
pub(super) fn mask_sizes(bench: &Bench) -> String {
    each(bench, |mask| {
        let (rows, columns) = bench.mask_shape(mask);
        format!("{columns} x {rows}")
    })
}

/// Sides of the pixels of the masks of `bench`: "0.4 mm", or mask by mask where they differ.
pub(super) fn mask_pitches(bench: &Bench) -> String {
    each(bench, |mask| format_length(bench.mask_grid(mask).pixel_pitch(), 4))
}

/// How the plates of `design` are simulated in `stage`, " and sliced plates"; nothing where all are thin.
pub(super) fn stage_plates(design: &Design, stage: &Stage) -> String {
    match (design.plate_model(), stage.bench.plate_model()) {
        (PlateModel::Thin, PlateModel::Thin) => String::new(),
        (_, model) => format!(" and {} plates", model.name()),
    }
}

/// What `of` says of each mask, once where all are alike.
fn each(bench: &Bench, of: impl Fn(usize) -> String) -> String {
    let mut all: Vec<String> = (0..bench.masks()).map(of).collect();
    if all.windows(2).all(|pair| pair[0] == pair[1]) {
        all.truncate(1);
    }
    all.join(", ")
}
