//! The state of a training in one file: a NumPy archive (`numpy.load` opens it) whose parts carry checksums.

use std::io::{Cursor, Write};
use std::path::Path;

use ndarray::{Array1, Array2, Array3, Axis};
use ndarray_npy::NpzWriter;

use super::{Adam, Epoch, LearntTemperature, State};
use crate::error::{Error, Result};
use crate::files::write_whole;
use crate::npy::Archive;

/// Version of the layout below.
const FORMAT: u64 = 4;
/// Largest checkpoint that is read, bytes: 20 masks of 4096 x 4096 pixels.
const MAX_BYTES: u64 = 4 << 30;

/// What a checkpoint belongs to: it is only used for the same design and the same images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The design as text.
    pub design: String,
    /// Checksum of the data set.
    pub data: String,
}

/// Writes `state` to `path`, whole or not at all.
///
/// # Errors
/// [`Error::Io`] when the file cannot be written.
pub fn save(path: &Path, state: &State, identity: &Identity) -> Result<()> {
    let archive = archive(state, identity)
        .map_err(|error| Error::Value(format!("cannot put the checkpoint together: {error}")))?;
    write_whole(path, |writer| writer.write_all(&archive).map_err(|error| Error::io("write", path, error)))
}

fn archive(state: &State, identity: &Identity) -> std::result::Result<Vec<u8>, ndarray_npy::WriteNpzError> {
    let mut npz = NpzWriter::new(Cursor::new(Vec::new()));
    let counters = [FORMAT, state.adam.steps, state.images, state.average.len() as u64];
    npz.add_array("counters", &Array1::from_iter(counters))?;
    npz.add_array("sums", &Array1::from_iter([state.loss, state.score, state.seconds]))?;
    let LearntTemperature { log, mean, square } = state.temperature;
    npz.add_array("temperature", &Array1::from_iter([log, mean, square]))?;
    npz.add_array("design", &Array1::from_iter(identity.design.bytes()))?;
    npz.add_array("data", &Array1::from_iter(identity.data.bytes()))?;
    let history: Vec<f64> = state.history.iter().flat_map(Epoch::numbers).collect();
    let rows = state.history.len();
    npz.add_array(
        "history",
        &Array2::from_shape_fn((rows, Epoch::WIDTH), |(row, column)| history[row * Epoch::WIDTH + column]),
    )?;
    let (height, width) = state.parameters[0].dim();
    for (name, masks) in [
        ("parameters", &state.parameters),
        ("average", &state.average),
        ("mean", &state.adam.mean),
        ("square", &state.adam.square),
    ] {
        if masks.is_empty() {
            continue;
        }
        let stacked = Array3::from_shape_fn((masks.len(), height, width), |(mask, y, x)| masks[mask][[y, x]]);
        npz.add_array(name, &stacked)?;
    }
    Ok(npz.finish()?.into_inner())
}

/// Reads a checkpoint back.
///
/// # Errors
/// [`Error::Io`] when there is no file to read, [`Error::File`] when it is truncated, damaged or of another
/// version.
pub fn load(path: &Path) -> Result<(State, Identity)> {
    let size = std::fs::metadata(path).map_err(|error| Error::io("read", path, error))?.len();
    if size > MAX_BYTES {
        return Err(Error::file(path, format!("is no checkpoint: {size} bytes are too many")));
    }
    let bytes = std::fs::read(path).map_err(|error| Error::io("read", path, error))?;
    let damaged = |what: String| {
        Error::file(
            path,
            format!("is not a usable checkpoint ({what}); delete it and train again without --resume"),
        )
    };
    unpack(bytes).map_err(damaged)
}

fn unpack(bytes: Vec<u8>) -> std::result::Result<(State, Identity), String> {
    let mut npz = Archive::open(bytes)?;
    let counters: Array1<u64> = npz.part("counters")?;
    if counters.first() != Some(&FORMAT) {
        return Err("it was written by another version of d2nn".into());
    }
    let sums: Array1<f64> = npz.part("sums")?;
    let temperature: Array1<f64> = npz.part("temperature")?;
    let history: Array2<f64> = npz.part("history")?;
    if counters.len() != 4 || sums.len() != 3 || temperature.len() != 3 || history.ncols() != Epoch::WIDTH {
        return Err("its parts have unexpected shapes".into());
    }
    let mut text = |name| -> std::result::Result<String, String> {
        let bytes: Array1<u8> = npz.part(name)?;
        String::from_utf8(bytes.to_vec()).map_err(|error| error.to_string())
    };
    let identity = Identity { design: text("design")?, data: text("data")? };
    let mut masks = |name| -> std::result::Result<Vec<Array2<f32>>, String> {
        let stacked: Array3<f32> = npz.part(name)?;
        if stacked.iter().any(|value| !value.is_finite()) {
            return Err(format!("{name} has numbers that are not finite"));
        }
        Ok(stacked.axis_iter(Axis(0)).map(|mask| mask.to_owned()).collect())
    };
    let parameters = masks("parameters")?;
    let average = if counters[3] == 0 { Vec::new() } else { masks("average")? };
    let (mean, square) = (masks("mean")?, masks("square")?);
    let shapes = |masks: &[Array2<f32>]| masks.iter().map(Array2::dim).collect::<Vec<_>>();
    let alike = |other: &[Array2<f32>]| shapes(&parameters) == shapes(other);
    if parameters.is_empty() || !alike(&mean) || !alike(&square) || !(average.is_empty() || alike(&average)) {
        return Err("its parts have unexpected shapes".into());
    }
    let state = State {
        parameters,
        average,
        temperature: LearntTemperature { log: temperature[0], mean: temperature[1], square: temperature[2] },
        adam: Adam { mean, square, steps: counters[1] },
        history: history
            .outer_iter()
            .map(|row| Epoch::from_numbers(std::array::from_fn(|i| row[i])))
            .collect(),
        loss: sums[0],
        score: sums[1],
        images: counters[2],
        seconds: sums[2],
    };
    Ok((state, identity))
}
