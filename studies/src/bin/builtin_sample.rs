//! Makes the sample of Fashion-MNIST that is built into the program.
//!
//! ```text
//! cargo run --release -p studies --bin builtin_sample -- /usr/share/datasets/fashion-mnist [target folder]
//! ```
//!
//! Reads the four published files from the folder and writes the first 600 training and 100 test images of
//! each class, in the published order, to `src/dataset/sample/` or the target folder. The same input gives the
//! same bytes: no time and no operating system in the gzip headers.

use std::path::{Path, PathBuf};

use d2nn::dataset::idx::Idx;
use d2nn::dataset::{
    DatasetName, Images, Part, SAMPLE_TEST_PER_CLASS, SAMPLE_TRAINING_PER_CLASS, Source, Split, load_split,
};
use d2nn::{Error, Result, files};
use flate2::{Compression, GzBuilder};

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let usage = || Error::Usage("usage: builtin_sample <folder with Fashion-MNIST> [target folder]".into());
    let source = Source::Folder(arguments.next().ok_or_else(usage)?);
    let target = arguments.next().unwrap_or_else(|| PathBuf::from("src/dataset/sample"));
    for split in Split::ALL {
        let set = load_split(DatasetName::FashionMnist, &source, split)?;
        let per_class = match split {
            Split::Train => SAMPLE_TRAINING_PER_CLASS,
            Split::Test => SAMPLE_TEST_PER_CLASS,
        };
        let chosen = first_of_each_class(&set, per_class);
        let (rows, columns) = set.shape();
        let pixels =
            chosen.iter().flat_map(|index| set.images.index_axis(ndarray::Axis(0), *index).to_owned());
        let images = Idx::new(&[chosen.len(), rows, columns], pixels.collect())?;
        let labels = Idx::new(&[chosen.len()], chosen.iter().map(|index| set.labels[*index]).collect())?;
        let [images_part, labels_part] = split.parts();
        write(&target, images_part, &images)?;
        write(&target, labels_part, &labels)?;
    }
    Ok(())
}

fn first_of_each_class(set: &Images, per_class: usize) -> Vec<usize> {
    let mut counts = [0; 10];
    (0..set.len())
        .filter(|index| {
            let count = &mut counts[usize::from(set.labels[*index])];
            *count += 1;
            *count <= per_class
        })
        .collect()
}

fn write(folder: &Path, part: Part, idx: &Idx) -> Result<()> {
    let path = folder.join(format!("{}.gz", part.file_name()));
    files::write_whole(&path, |writer| {
        let failed = |source| Error::io("write", &path, source);
        // 255: no operating system in particular.
        let header = GzBuilder::new().mtime(0).operating_system(255);
        let mut gzip = header.write(writer, Compression::best());
        std::io::Write::write_all(&mut gzip, &idx.to_bytes()).map_err(failed)?;
        gzip.finish().map_err(failed)?;
        Ok(())
    })?;
    println!("{} {}", idx.sha256(), path.display());
    Ok(())
}
