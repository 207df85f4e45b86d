//! A camera of other pixels than the plane's: the flags that say which.

use clap::Args;

use crate::bench::Bench;
use crate::detector::Region;
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::units::{Metres, format_length, parse_length, parse_positive_length};

/// Which camera looks at the light.
#[derive(Debug, Default, Args)]
pub(super) struct CameraFlags {
    /// Pitch of a camera's pixels, in place of those of the plane, such as "0.1 mm"
    #[arg(long, value_name = "LENGTH")]
    camera_pitch: Option<String>,
    /// Pixels of the camera along one side (default: as many as the plane has room for)
    #[arg(long, value_name = "N", requires = "camera_pitch")]
    camera_pixels: Option<usize>,
    /// Where the middle of the camera stands from the axis, to the right and down
    #[arg(long, num_args = 2, value_names = ["X", "Y"], allow_hyphen_values = true, requires = "camera_pitch")]
    camera_at: Option<Vec<String>>,
}

/// Pixels of a camera, and where its middle stands, (y, x) from the axis.
#[derive(Clone, Copy)]
pub(super) struct Looking {
    pub(super) grid: Grid,
    pub(super) at: (Metres, Metres),
}

impl Looking {
    /// The detector regions of `bench` on the camera, to the nearest pixel.
    ///
    /// # Errors
    /// [`Error::Usage`] for regions that the camera does not see.
    pub(super) fn regions(&self, bench: &Bench) -> Result<Vec<Region>> {
        let (plane, pitch) = (bench.grid(), self.grid.pixel_pitch());
        let (height, width) = self.grid.aperture();
        let edges = |first: usize, length: usize, from: Metres, at: Metres, side: Metres, pixels: usize| {
            // Edges of pixels from the first edge of the camera.
            let place = |sample: usize| {
                ((from + sample as f64 * plane.pixel_pitch() - at + side / 2.0) / pitch).round()
            };
            let (begin, end) = (place(first), place(first + length));
            (begin >= 0.0 && end <= pixels as f64 && end > begin)
                .then_some((begin as usize, (end - begin) as usize))
        };
        let (tall, wide) = plane.aperture();
        let (rows, columns) = self.grid.shape();
        let seen = |region: &Region| {
            let along_y = edges(region.row, region.height, -tall / 2.0, self.at.0, height, rows)?;
            let along_x = edges(region.column, region.width, -wide / 2.0, self.at.1, width, columns)?;
            let ((row, height), (column, width)) = (along_y, along_x);
            Some(Region { row, column, height, width })
        };
        bench.detector.regions().iter().map(seen).collect::<Option<_>>().ok_or_else(|| {
            Error::Usage(format!(
                "a camera of {rows} x {columns} pixels of {} does not see all detector regions: raise --camera-pixels, or put it \
                 elsewhere with --camera-at",
                format_length(pitch, 4)
            ))
        })
    }
}

impl CameraFlags {
    /// The camera on a plane of `plane`, if there is one.
    ///
    /// # Errors
    /// [`Error::Usage`] for lengths and numbers without sense.
    pub(super) fn looking(&self, plane: Grid) -> Result<Option<Looking>> {
        let Some(pitch) = &self.camera_pitch else { return Ok(None) };
        let wrong = |flag: &'static str| move |problem: String| Error::Usage(format!("{flag}: {problem}"));
        let pitch = parse_positive_length(pitch).map_err(wrong("--camera-pitch"))?;
        let (height, width) = plane.aperture();
        // A hair more, so that rounding loses no pixel.
        let fitting = |side: Metres| (side / pitch * (1.0 + 1e-9)).floor().max(1.0) as usize;
        let (rows, columns) = match self.camera_pixels {
            Some(pixels) => (pixels, pixels),
            None => (fitting(height), fitting(width)),
        };
        let grid = Grid::new(rows, columns, pitch)
            .map_err(|error| Error::Usage(format!("--camera-pitch and --camera-pixels: {error}")))?;
        let at = |index: usize| match self.camera_at.as_ref().and_then(|at| at.get(index)) {
            Some(text) => parse_length(text).map_err(wrong("--camera-at")),
            None => Ok(0.0),
        };
        Ok(Some(Looking { grid, at: (at(1)?, at(0)?) }))
    }
}
