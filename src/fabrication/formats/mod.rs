//! The masks of a device in the forms other machines take: one file a mask, and one sidecar that says what they hold.
//!
//! Each file is read back before it takes its name: pictures and tables must give the same numbers again.

use std::fmt;
use std::path::Path;

use ndarray::Array2;

use crate::error::{Error, Result};
use crate::fabrication::height_map::HeightMap;
use crate::fabrication::plate::{check_grids, check_named_masks, grid_of, of_mask, solid};
use crate::fabrication::profile::Profile;
use crate::fabrication::read_back::check_triangles;
use crate::fabrication::stl::{StlScale, StlUnit};
use crate::files;
use crate::grid::Grid;
use crate::material::Material;
use crate::plate::{PlateOptions, Relief};
use crate::raster::{self, Most, Refusal};
use crate::units::{Metres, counted, format_length};

pub mod gds;
pub mod grey;
mod lookup;
mod sidecar;
pub mod slm;
pub mod table;
pub mod threemf;

pub use lookup::LookupTable;
pub use sidecar::Sidecar;
pub use slm::Panel;

use sidecar::{HeightScale, MaskFile};

/// A form of file.
#[derive(Clone, Debug, PartialEq)]
pub enum Format {
    /// The solid with unit, name and metadata, one object a file.
    ThreeMf,
    /// A greyscale picture of the relief, 16 bits, PNG.
    Png16,
    /// The same as TIFF.
    Tiff16,
    /// Heights as text, in the unit of the plate.
    Csv,
    /// Heights in metres, a NumPy array.
    Npy,
    /// A layout with one layer a level of the relief, GDSII.
    Gds,
    /// Frames for a spatial light modulator.
    Slm(Panel),
}

impl Format {
    /// What it is asked for by.
    pub fn name(&self) -> &'static str {
        match self {
            Format::ThreeMf => "3mf",
            Format::Png16 => "png16",
            Format::Tiff16 => "tiff16",
            Format::Csv => "csv",
            Format::Npy => "npy",
            Format::Gds => "gds",
            Format::Slm(_) => "slm",
        }
    }

    /// Name of the file of mask `number` (from 1) of the device `name`, whose plates have the unit `unit`.
    pub fn file_name(&self, name: &str, number: usize, unit: StlUnit) -> String {
        let ending = match self {
            Format::ThreeMf => "3mf",
            Format::Png16 => "png",
            Format::Tiff16 => "tif",
            Format::Csv => return format!("{name}-mask-{number}.{}.csv", unit.name()),
            Format::Npy => "npy",
            Format::Gds => "gds",
            Format::Slm(_) => "slm.png",
        };
        format!("{name}-mask-{number}.{ending}")
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The masks of a device, phases or heights, and what they are made of.
#[derive(Clone, Copy, Debug)]
pub struct DeviceMasks<'a> {
    /// Name of the device, which the files are called by.
    pub name: &'a str,
    /// In the order of the light, each of the shape of its grid.
    pub masks: &'a [Profile<'a>],
    /// The pixels of each mask; a single grid is that of all.
    pub grids: &'a [Grid],
    /// In vacuum.
    pub wavelength: Metres,
    /// What plates are made of.
    pub material: &'a Material,
    /// How plates are made.
    pub options: &'a PlateOptions,
}

impl DeviceMasks<'_> {
    /// Writes one file for each mask into `folder`, each read back before it takes its name, then the sidecar.
    ///
    /// `done` is called after each mask. Nothing is written when a mask cannot be exported at all. The bytes depend on the
    /// arguments alone.
    ///
    /// # Errors
    /// [`Error::Value`] for no masks, another number of grids, pixels that are written in different units, a name that is not a file
    /// name, as [`HeightMap::from_phase`], and for what the format cannot hold; [`Error::Io`] when the folder cannot be written to.
    pub fn export(&self, format: &Format, folder: &Path, mut done: impl FnMut(usize)) -> Result<Sidecar> {
        check_named_masks(self.masks.len(), self.name)?;
        self.check_grids()?;
        if let Format::Slm(panel) = format {
            return self.export_frames(format, panel, folder, done);
        }
        let maps = self.height_maps()?;
        let scale = self.height_scale(format, &maps[0])?;
        let lines = if *format == Format::Gds { self.lines(&maps)? } else { Vec::new() };
        files::create_folder(folder)?;
        let mut written = Vec::new();
        for (map, number) in maps.iter().zip(1..) {
            let path = folder.join(format.file_name(self.name, number, self.unit()));
            let bytes = match lines.get(number - 1) {
                Some(lines) => gds::write(map, lines, number),
                None => self.encode(format, map, number, &path),
            };
            let bytes = bytes.map_err(|error| of_mask(number, error))?;
            files::write_bytes(&path, &bytes)?;
            written.push(MaskFile::of_heights(&path, number, &bytes, map));
            done(number);
        }
        let mut sidecar = Sidecar::new(self, format.name(), Some((scale, &maps[0])), &written);
        if !lines.is_empty() {
            sidecar = sidecar.with_layout(&lines);
        }
        sidecar.written(folder)
    }

    /// The pixels of the mask with that index.
    fn grid(&self, index: usize) -> &Grid {
        grid_of(self.grids, index)
    }

    /// One grid, or one a mask, and all of them in one unit.
    fn check_grids(&self) -> Result<()> {
        check_grids(self.masks.len(), self.grids)?;
        let pitches = || self.grids.iter().map(Grid::pixel_pitch);
        let least = pitches().fold(f64::INFINITY, f64::min);
        match pitches().find(|pitch| StlUnit::for_pitch(*pitch) != StlUnit::for_pitch(least)) {
            None => Ok(()),
            Some(other) => Err(Error::Value(format!(
                "masks with pixels of {} and of {} are written in different units, and files of one export have one: write \
                 them as STL files, whose names say it",
                format_length(least, 4),
                format_length(other, 4)
            ))),
        }
    }

    /// The lines of the layout of each mask, where the relief has levels.
    fn lines(&self, maps: &[HeightMap]) -> Result<Vec<gds::Lines>> {
        if self.options.relief == Relief::Continuous {
            return Err(Error::Value(
                "GDSII has one layer a level of height, and this relief is continuous: give it levels, such as \
                 fabrication.levels = 16, or the height of a step, fabrication.layer_height"
                    .into(),
            ));
        }
        gds::check_levels(&maps[0])?;
        (0..maps.len()).map(|mask| gds::Lines::new(self.grid(mask))).collect()
    }

    fn unit(&self) -> StlUnit {
        StlUnit::for_pitch(self.grid(0).pixel_pitch())
    }

    fn height_maps(&self) -> Result<Vec<HeightMap>> {
        let PlateOptions { base_thickness, relief, .. } = *self.options;
        let map = |(index, mask): (usize, &Profile<'_>)| {
            let map =
                mask.height_map(self.grid(index), self.wavelength, self.material, base_thickness, relief);
            map.map_err(|error| of_mask(index + 1, error))
        };
        self.masks.iter().enumerate().map(map).collect()
    }

    /// What the numbers in files of `format` mean as heights; base and step are those of `map`, the same for all masks.
    fn height_scale(&self, format: &Format, map: &HeightMap) -> Result<HeightScale> {
        let plate = HeightScale { quantity: "thickness", offset: 0.0, scale: 1.0 / self.unit().a_metre() };
        Ok(match format {
            Format::Png16 | Format::Tiff16 => HeightScale {
                quantity: "grey",
                offset: map.base(),
                scale: map.step() / f64::from(grey::greys_a_step(map)?),
            },
            Format::Gds => HeightScale { quantity: "level", offset: map.base(), scale: map.step() },
            Format::ThreeMf | Format::Csv | Format::Slm(_) => plate,
            Format::Npy => HeightScale { scale: 1.0, ..plate },
        })
    }

    /// The file of one mask; `path` is for messages.
    fn encode(&self, format: &Format, map: &HeightMap, number: usize, path: &Path) -> Result<Vec<u8>> {
        match format {
            Format::ThreeMf => self.solid(map, number, path),
            Format::Png16 => grey::png(&grey::greys(map)?),
            Format::Tiff16 => grey::tiff(&grey::greys(map)?),
            Format::Csv => {
                let pitch = self.grid(number - 1).pixel_pitch();
                table::csv(map, pitch, &format!("{}-mask-{number}", self.name), self.unit())
            }
            Format::Npy | Format::Gds | Format::Slm(_) => table::npy(map),
        }
    }

    /// The 3MF file of one mask, judged as an STL file is.
    fn solid(&self, map: &HeightMap, number: usize, path: &Path) -> Result<Vec<u8>> {
        let pitch = self.grid(number - 1).pixel_pitch();
        let mesh = solid(map, pitch, self.name, number, self.options)?.mesh;
        // Printers leave out what lies at negative places.
        let (near, _) = mesh.bounds();
        let scale = StlScale::new(pitch, map).with_origin([near[0], near[1]]);
        let length = |length: Metres| format_length(length, 6);
        let metadata = [
            ("Title", format!("{}, mask {number} of {}", self.name, self.masks.len())),
            ("Application", format!("d2nn {}", env!("CARGO_PKG_VERSION"))),
            (
                "Description",
                "Plate of a diffractive optical network. Flat side towards the object; mask 1 is nearest to it.".into(),
            ),
            ("d2nn:Mask", number.to_string()),
            ("d2nn:Wavelength", length(self.wavelength)),
            ("d2nn:Material", self.material.name().to_owned()),
            ("d2nn:RefractiveIndex", self.material.refractive_index().to_string()),
            ("d2nn:PixelPitch", length(pitch)),
            ("d2nn:Base", length(map.base())),
        ];
        let name = format!("{}-mask-{number}", self.name);
        let (bytes, triangles) = threemf::write(&mesh, &scale, &name, &metadata)?;
        let heights = map.relief().mapv(|steps| steps + map.base_steps());
        check_triangles(path, &mesh, &scale, heights.view(), triangles, |each| {
            threemf::for_each_triangle(&bytes, path, scale.unit(), each)
        })?;
        Ok(bytes)
    }

    /// Where each mask begins on `panel`, and the side of the panel's pixels, metres.
    fn panel_places(&self, panel: &Panel) -> Result<Vec<((usize, usize), Metres)>> {
        let place = |mask: usize| {
            let grid = self.grid(mask);
            Ok((panel.origin(grid.shape())?, grid.pixel_pitch() / panel.repeats as f64))
        };
        (0..self.masks.len()).map(place).collect()
    }

    /// Frames show phases, not heights, so base and layers do not count.
    fn export_frames(
        &self,
        format: &Format,
        panel: &Panel,
        folder: &Path,
        mut done: impl FnMut(usize),
    ) -> Result<Sidecar> {
        let levels = match self.options.relief {
            Relief::Continuous => None,
            Relief::Levels(levels) => Some(levels),
            Relief::LayerHeight(layer) => {
                return Err(Error::Value(format!(
                    "a modulator shows phases and has no layers of {}: give it fabrication.levels = 256, which take the \
                     place of layers",
                    format_length(layer, 4)
                )));
            }
        };
        let show = |(index, mask): (usize, &Profile<'_>)| {
            let phases = mask.phases(self.wavelength, self.material);
            panel.show(phases.view(), levels).map_err(|error| of_mask(index + 1, error))
        };
        let frames: Vec<slm::Shown> = self.masks.iter().enumerate().map(show).collect::<Result<_>>()?;
        files::create_folder(folder)?;
        let mut written = Vec::new();
        for (frame, number) in frames.iter().zip(1..) {
            let bytes = slm::png(&frame.greys).map_err(|error| of_mask(number, error))?;
            let path = folder.join(format.file_name(self.name, number, self.unit()));
            files::write_bytes(&path, &bytes)?;
            written.push(MaskFile::of_frame(&path, number, &bytes, frame));
            done(number);
        }
        let table = folder.join(format!("{}.slm-lut.csv", self.name));
        files::write_bytes(&table, panel.table.to_csv().as_bytes())?;
        Sidecar::new(self, format.name(), None, &written)
            .with_panel(panel, &self.panel_places(panel)?, &table)
            .written(folder)
    }
}

/// The greys in the PNG file `bytes`, which must have 8 or, when `deep`, 16 bits; shape (rows, columns).
fn grey_values(bytes: &[u8], deep: bool) -> std::result::Result<Array2<u16>, String> {
    let most = Most { side: u32::MAX, pixels: u64::MAX, bytes: 1 << 31 };
    let raster = raster::read_png(bytes, most).map_err(|refusal| match refusal {
        Refusal::Unsound(problem) => problem,
        other => format!("{other:?}"),
    })?;
    if raster.channels != 1 || raster.deep != deep {
        let bits = if raster.deep { 16 } else { 8 };
        let wanted = if deep { 16 } else { 8 };
        return Err(format!(
            "is no {wanted}-bit grey picture: it has {} of {bits} bits per pixel",
            counted(raster.channels as u64, "value")
        ));
    }
    Array2::from_shape_vec((raster.height, raster.width), raster.values).map_err(|error| error.to_string())
}

fn does_not_read_back() -> Error {
    Error::Value("the file does not read back as it was written; report it with the mask".into())
}
