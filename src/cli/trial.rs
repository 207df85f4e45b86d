//! The images a device is judged by, and showing them with progress.

use super::progress::Progress;
use crate::dataset::Images;
use crate::design::Design;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::evaluation::{Sample, stream};

/// What a device is judged by.
pub(super) struct Trial<'a> {
    pub(super) design: &'a Design,
    pub(super) images: &'a Images,
    /// Only the first so many of them.
    pub(super) limit: Option<usize>,
    /// Asked after each batch: no ends the judging, with the figures of the images so far; an error ends the work.
    pub(super) go_on: &'a dyn Fn() -> Result<bool>,
}

/// Somebody who looks on while an engine reads the images.
pub(super) struct Pass<'a> {
    pub(super) engine: &'a dyn Engine,
    pub(super) see: &'a mut dyn FnMut(&Sample<'_>) -> Result<()>,
}

impl<'a> Trial<'a> {
    /// By the first `limit` of `images`, to the end.
    pub(super) fn of(design: &'a Design, images: &'a Images, limit: Option<usize>) -> Self {
        Trial { design, images, limit, go_on: &|| Ok(true) }
    }

    /// Number of images it is to be judged by.
    pub(super) fn wanted(&self) -> Result<usize> {
        first_images(self.images, self.limit).map(|indices| indices.len())
    }

    /// Lets each engine read all images, one engine after the other, up to where it is not to go on.
    pub(super) fn run(&self, passes: &mut [Pass<'_>]) -> Result<()> {
        let indices = first_images(self.images, self.limit)?;
        let mut progress = Progress::new("evaluating", (passes.len() * indices.len()) as u64, "images");
        let mut goes_on = true;
        let done = passes.iter_mut().enumerate().try_for_each(|(number, Pass { engine, see })| {
            if !goes_on {
                return Ok(());
            }
            let mut told = |done| {
                progress.update((number * indices.len() + done) as u64, String::new);
                goes_on = (self.go_on)()?;
                Ok(goes_on)
            };
            stream(*engine, self.images, &indices, &mut told, see)
        });
        progress.finish();
        done
    }
}

/// Indices of the first `limit` of `images`.
pub(super) fn first_images(images: &Images, limit: Option<usize>) -> Result<Vec<usize>> {
    if limit == Some(0) {
        return Err(Error::Usage("--limit 0: there must be at least one image".into()));
    }
    Ok((0..images.len().min(limit.unwrap_or(usize::MAX))).collect())
}
