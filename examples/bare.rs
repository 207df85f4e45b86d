//! The library without the program: a bench with its masks, an image, the brightest class.
//!
//! ```text
//! cargo run --release --no-default-features --example bare -- PICTURE.png
//! ```
//!
//! Without a picture it takes the first test image of the sample.

use std::path::Path;

use d2nn::dataset::picture::{self, Treatment};
use d2nn::dataset::{DatasetName, Source, Split, load_split};
use d2nn::design::Device;
use d2nn::reference::Network;
use ndarray::Axis;

fn main() -> d2nn::Result<()> {
    let Device { design, masks, .. } = Device::open(Path::new("layers/fashion-400ghz"))?;
    let (rows, columns) = design.bench.object.image();
    let image = match std::env::args_os().nth(1) {
        Some(path) => {
            let fitted = picture::read(Path::new(&path), rows, columns, Treatment::default())?;
            fitted.image.mapv(|value| f32::from(value) / 255.0)
        }
        None => load_split(DatasetName::FashionMnist, &Source::BuiltinSample, Split::Test)?
            .batch(&[0])
            .index_axis_move(Axis(0), 0),
    };
    let scheme = design.bench.detector.scheme();
    let readings = Network::new(design.simulated, masks)?.readings(image.view())?;
    println!("{}", design.data.class_names[scheme.answer(&readings)]);
    Ok(())
}
