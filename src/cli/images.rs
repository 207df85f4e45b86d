//! `--data`: the images a command is about, where they come from, and whether they are the published ones.

use std::path::Path;

use clap::Args;
use serde_json::{Value, json};

use super::data;
use crate::dataset::{
    DatasetName, Half, ImageSet, Images, Source, Split, Wanted, brings_classes, hold_out, load_half,
};
use crate::design::{Design, DesignFile, ImagesTable, Override};
use crate::error::{Error, Result};
use crate::named::Named;

/// Where images come from.
#[derive(Debug, Args)]
pub(super) struct DataFlag {
    /// Name of a data set ("fashion-mnist", "emnist-letters", ...), a folder of IDX files, a folder with a folder of
    /// pictures for each class, a NumPy archive (.npz), "builtin" for the sample in the program, or "download"; without
    /// it the user's cache, the system's folder, the network and the sample are tried in turn
    #[arg(long = "data", value_name = "WHERE")]
    pub(super) data: Option<std::ffi::OsString>,
}

/// Images a device is judged by, and which they are.
pub(super) struct LabelledImages {
    /// The data set they are of.
    pub(super) set: ImageSet,
    /// Which half of it.
    pub(super) split: Split,
    /// Whether they are only what training holds out of that half.
    held_out: bool,
    /// Where they were read from.
    pub(super) source: Source,
    /// The images.
    pub(super) images: Images,
    /// Whether they are the published ones; `None` where no checksum is published.
    pub(super) published: Option<bool>,
}

impl DataFlag {
    fn wanted(&self) -> Wanted {
        self.data.clone().map_or(Wanted::Search, Wanted::from)
    }

    /// Finds `set`; a warning about the built-in sample goes to stderr.
    pub(super) fn locate(&self, set: &ImageSet, splits: &[Split]) -> Result<Source> {
        data::locate_aloud(set, &self.wanted(), splits)
    }

    /// Finds and reads one half of the data set of `design`, or of the one that is named in its place.
    pub(super) fn load(&self, design: &Design, split: Split) -> Result<LabelledImages> {
        let set = match self.wanted() {
            Wanted::Set(name) => stand_in(name, &design.data)?,
            _ => design.data.clone(),
        };
        let source = self.locate(&set, &[split])?;
        let Half { images, published } = load_half(&set, &source, split)?;
        check_images(&source, &images, design)?;
        Ok(LabelledImages { set, split, held_out: false, source, images, published })
    }

    /// The images that a training of `design` on this data set holds out for validation.
    pub(super) fn load_held_out(&self, design: &Design) -> Result<LabelledImages> {
        let shown = self.load(design, Split::Train)?;
        let settings = design.settings(shown.images.len());
        if settings.validation == 0 {
            return Err(Error::Usage(format!(
                "--split validation: training.validation of {} holds none of {} images out: judge by --split test",
                design.name,
                shown.images.len()
            )));
        }
        let held = hold_out(&shown.images.labels, settings.validation, settings.seed)?;
        Ok(LabelledImages { images: shown.images.select(&held.validation), held_out: true, ..shown })
    }

    /// The data set of a training as values over those of its design: one that is named, or files that say what their
    /// classes are.
    pub(super) fn overrides(&self) -> Result<Vec<Override>> {
        let data = match self.wanted() {
            Wanted::Set(name) => name.as_str().to_owned(),
            Wanted::Folder(path) if brings_classes(&path) => path.to_string_lossy().into_owned(),
            _ => return Ok(Vec::new()),
        };
        Ok(vec![Override::parse(&format!("training.data={data}"))?])
    }

    /// What `typed` is to be trained with: a data set that is named, or files that say what their classes are, take the
    /// place of its own.
    pub(super) fn over(&self, typed: &mut DesignFile) {
        let known = typed.training.data.parse::<DatasetName>().is_ok();
        match self.wanted() {
            Wanted::Set(name) => {
                typed.training.data = name.as_str().into();
                typed.images = ImagesTable::default();
            }
            Wanted::Folder(path) if !known || brings_classes(&path) => {
                typed.training.data = path.to_string_lossy().into_owned();
            }
            _ => {}
        }
    }
}

/// The data set `name` for a device of `own`: only where the classes are the same, or the device has brought its own.
fn stand_in(name: DatasetName, own: &ImageSet) -> Result<ImageSet> {
    let set = ImageSet::from(name);
    let fits = set.class_names == own.class_names || own.known.is_none() && set.classes() == own.classes();
    if own.known == Some(name) || fits {
        return Ok(set);
    }
    Err(Error::Usage(format!(
        "--data {name}: this device tells the {} classes of {own} apart, not the {} of {name}; for a folder that is called \
         so write ./{name}",
        own.classes(),
        set.classes()
    )))
}

/// Images must have the shape the object plane takes: said here, where their folder is still known.
pub(super) fn check_images(source: &Source, images: &Images, design: &Design) -> Result<()> {
    let ((rows, columns), (needed_rows, needed_columns)) = (images.shape(), design.bench.object.image());
    if (rows, columns) == (needed_rows, needed_columns) {
        return Ok(());
    }
    let problem = format!(
        "has images of {columns} x {rows} pixels where a device takes {needed_columns} x {needed_rows}: name \
         another folder with --data, or train a device for these: docs/data.md says how"
    );
    Err(Error::file(source.path().unwrap_or(Path::new("the sample in the program")), problem))
}

/// What a sentence about images that were read adds to their place.
pub(super) fn not_published(published: Option<bool>, source: &Source) -> &'static str {
    // Of the sample another note says more.
    if published == Some(false) && *source != Source::BuiltinSample {
        ", not the published files"
    } else {
        ""
    }
}

impl LabelledImages {
    /// Whether they are only the sample in the program.
    pub(super) fn is_sample(&self) -> bool {
        self.source.warning().is_some()
    }

    /// Where they are from, and that they are not the published ones.
    pub(super) fn origin(&self) -> String {
        format!("{}{}", self.source.describe(), not_published(self.published, &self.source))
    }

    /// What stands above figures of a device of `design` on them: both names, where they are from, how plates are simulated.
    pub(super) fn heading(&self, design: &Design) -> String {
        self.headed(design, "")
    }

    /// [`LabelledImages::heading`] of figures on the first `images` of them.
    pub(super) fn heading_of_first(&self, images: usize, design: &Design) -> String {
        self.headed(design, &format!("first {images} "))
    }

    fn headed(&self, design: &Design, which: &str) -> String {
        format!(
            "{} on {}, {which}{} images from {}, {} plates",
            design.name,
            self.set,
            self.split_name(),
            self.origin(),
            design.plate_model().name()
        )
    }

    /// "test", "train" or "validation".
    pub(super) fn split_name(&self) -> &'static str {
        match self.split {
            _ if self.held_out => "validation",
            Split::Test => "test",
            Split::Train => "train",
        }
    }

    /// Which they are, for programs.
    pub(super) fn as_json(&self) -> Value {
        json!({
            "name": self.set.name,
            "split": self.split_name(),
            "source": self.source.describe(),
            "builtin_sample": self.is_sample(),
            "published": self.published,
        })
    }
}
