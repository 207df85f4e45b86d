//! The sidecar: what a program must know of exported files, as JSON.

use std::f64::consts::TAU;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::DeviceMasks;
use super::gds::{DATATYPE, Lines, USER_UNIT};
use super::slm::{Panel, Shown};
use crate::error::Result;
use crate::fabrication::height_map::HeightMap;
use crate::files;
use crate::files::sha256;
use crate::units::{Metres, Radians, format_length};

/// Version of the keys: another number would mean other meanings.
pub const VERSION: u32 = 1;

/// Which way round, in words that need no picture.
const ARRAY: &str = "[y, x]: rows along y, columns along x";
const LIGHT: &str = "towards +z: in through the flat side, out through the relief";

/// Errors of phase people should know of, in radians: as the printing report has it.
const NOTABLE_ERROR: Radians = 0.1;

/// What the numbers in the files are: height above the flat side = offset + scale x number, metres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeightScale {
    /// What a number is: "grey", "level", "thickness".
    pub quantity: &'static str,
    /// Height of the number 0, metres.
    pub offset: Metres,
    /// Height of one, metres.
    pub scale: Metres,
}

/// The file of one mask, for the sidecar.
#[derive(Clone, Debug, PartialEq)]
pub struct MaskFile(Value);

impl MaskFile {
    /// A file that holds heights; `bytes` is its content.
    pub(super) fn of_heights(path: &Path, mask: usize, bytes: &[u8], map: &HeightMap) -> Self {
        let [lowest, _, highest] = map.thickness();
        let mut file = facts(path, mask, bytes, map.phase_errors());
        file["thickness"] = json!([lowest, highest]);
        MaskFile(file)
    }

    /// A frame of a modulator.
    pub(super) fn of_frame(path: &Path, mask: usize, bytes: &[u8], shown: &Shown) -> Self {
        MaskFile(facts(path, mask, bytes, (shown.rms_phase_error, shown.max_phase_error)))
    }
}

fn facts(path: &Path, mask: usize, bytes: &[u8], (rms, max): (Radians, Radians)) -> Value {
    json!({
        "file": file_name(path),
        "mask": mask,
        "bytes": bytes.len(),
        "sha256": sha256(bytes),
        "phase_error": {"rms": rms, "max": max},
    })
}

/// What is written beside exported files.
#[derive(Clone, Debug, PartialEq)]
pub struct Sidecar {
    /// Its file, in the folder of the others; only its name until it is written.
    pub path: PathBuf,
    /// Its content; docs/fabrication.md has all keys.
    pub json: Value,
}

impl Sidecar {
    /// The sidecar of `files` in `format`; `heights` is what their numbers mean, with the map of a mask, and is left out
    /// where they are no heights.
    pub(super) fn new(
        device: &DeviceMasks<'_>,
        format: &str,
        heights: Option<(HeightScale, &HeightMap)>,
        files: &[MaskFile],
    ) -> Self {
        let material = device.material;
        let json = json!({
            "sidecar": VERSION,
            "program": format!("d2nn {}", env!("CARGO_PKG_VERSION")),
            "device": device.name,
            "format": format,
            "unit": "m",
            "wavelength": device.wavelength,
            "material": material.name(),
            "refractive_index": material.refractive_index(),
            "surrounding_index": material.surrounding_index(),
            "full_turn": material.height(TAU, device.wavelength),
            "orientation": {"array": ARRAY, "row_0": row_0(format), "light": LIGHT},
            "files": files.iter().map(|file| file.0.clone()).collect::<Vec<_>>(),
            "warnings": [],
        });
        let mut sidecar = Sidecar { path: format!("{}.{format}.json", device.name).into(), json };
        let grids = || (0..files.len()).map(|mask| device.grid(mask));
        sidecar.tell(None, "pixels", grids().map(|grid| json!(grid.shape())).collect());
        sidecar.tell(None, "pixel_pitch", grids().map(|grid| json!(grid.pixel_pitch())).collect());
        if let Some((HeightScale { quantity, offset, scale }, map)) = heights {
            sidecar.json["base"] = json!(map.base());
            sidecar.json["step"] = json!(map.step());
            sidecar.json["height"] = json!({"quantity": quantity, "offset": offset, "scale": scale});
        }
        sidecar
    }

    /// Says of all masks what is the same for each, in the table `table` or at the top; of each with its file what is not.
    fn tell(&mut self, table: Option<&str>, key: &str, values: Vec<Value>) {
        let first = values.first().cloned().unwrap_or_default();
        if values.iter().all(|value| *value == first) {
            let place = match table {
                Some(table) => &mut self.json[table],
                None => &mut self.json,
            };
            place[key] = first;
            return;
        }
        for (index, value) in values.into_iter().enumerate() {
            self.json["files"][index][key] = value;
        }
    }

    /// Adds what the frames of a modulator are like; `places` has where each mask begins and the side of the panel's pixels.
    pub(super) fn with_panel(
        mut self,
        panel: &Panel,
        places: &[((usize, usize), Metres)],
        table: &Path,
    ) -> Self {
        let largest = panel.table.largest_error();
        self.json["slm"] = json!({
            "panel": [panel.rows, panel.columns],
            "repeats": panel.repeats,
            "background": panel.background(),
            "lookup_table": file_name(table),
            "lookup_table_sha256": sha256(panel.table.to_csv().as_bytes()),
            "largest_error": largest,
        });
        self.tell(Some("slm"), "panel_pitch", places.iter().map(|(_, pitch)| json!(pitch)).collect());
        self.tell(Some("slm"), "origin", places.iter().map(|(origin, _)| json!(origin)).collect());
        if largest > NOTABLE_ERROR {
            self.json["warnings"] = json!([format!(
                "the lookup table leaves phases without a grey: some are {largest:.3} rad off; the modulator may not reach a \
                 full turn"
            )]);
        }
        self
    }

    /// Adds what the layouts are like.
    pub(super) fn with_layout(mut self, lines: &[Lines]) -> Self {
        self.json["gds"] = json!({ "user_unit": USER_UNIT, "datatype": DATATYPE });
        self.tell(Some("gds"), "database_unit", lines.iter().map(|lines| json!(lines.unit)).collect());
        self.tell(
            Some("gds"),
            "largest_error",
            lines.iter().map(|lines| json!(lines.largest_error)).collect(),
        );
        self
    }

    /// The sidecar after it was written to `folder`.
    pub(super) fn written(mut self, folder: &Path) -> Result<Self> {
        self.path = folder.join(&self.path);
        files::write_bytes(&self.path, format!("{:#}\n", self.json).as_bytes())?;
        Ok(self)
    }

    /// What may go wrong.
    pub fn warnings(&self) -> impl Iterator<Item = &str> {
        self.json["warnings"].as_array().into_iter().flatten().filter_map(Value::as_str)
    }

    /// One line a file, and what the numbers mean, for people.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for file in self.json["files"].as_array().into_iter().flatten() {
            let number = |value: &Value| value.as_f64().unwrap_or(0.0);
            text += file["file"].as_str().unwrap_or_default();
            text += &format!("  {:.3} MB", number(&file["bytes"]) / 1e6);
            if let Some([low, high]) = file["thickness"].as_array().map(Vec::as_slice) {
                let length = |value: &Value| format_length(number(value), 4);
                text += &format!("  {} to {}", length(low), length(high));
            }
            let error = &file["phase_error"];
            text += &format!(
                "  phase error {:.4} rad rms, {:.4} at most\n",
                number(&error["rms"]),
                number(&error["max"])
            );
        }
        text
    }
}

fn row_0(format: &str) -> &'static str {
    match format {
        "png16" | "tiff16" | "slm" => {
            "the top row of the picture, y = 0, column 0 on the left: the mask as seen along the light; as seen from the \
             relief it is flipped top to bottom"
        }
        "csv" | "npy" => "the first row, y = 0, the lowest y of the plate",
        _ => "y = 0, the lowest y of the pixels; x and y as in the STL files: seen from the relief",
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}
