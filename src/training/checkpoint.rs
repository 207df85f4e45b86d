//! The state of a training in one file: a NumPy archive (`numpy.load` opens it) that ends in a checksum of all of it.

use std::io::Write;
use std::path::{Path, PathBuf};

use ndarray::{Array1, Array2, Array3, Axis};

use super::{Adam, Epoch, LearntTemperature, State};
use crate::error::{Error, Result};
use crate::files::{read_bytes, sha256, write_whole_keeping};
use crate::npy::{Archive, ArchiveWriter};

/// Version of the layout below with arrays of one shape, each kind of them in one array of three dimensions.
const FORMAT: u64 = 5;
/// The same with arrays of shapes of their own, each in a file of its own.
const SHAPED: u64 = 6;
/// How the comment of the archive begins; SHA-256 of all before it follows, in hexadecimal, and ends the file.
const SEAL: &[u8] = b"sha256 ";
/// Letters of that sum.
const SUM: usize = 64;
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

/// Where the checkpoint before the one at `path` is kept: should that be damaged, little is lost.
pub fn previous(path: &Path) -> PathBuf {
    path.with_file_name("previous.npz")
}

/// Writes `state` to `path`, whole or not at all; the checkpoint that was there goes to [`previous`].
///
/// # Errors
/// [`Error::Io`] when the file cannot be written.
pub fn save(path: &Path, state: &State, identity: &Identity) -> Result<()> {
    let archive = archive(state, identity)
        .map_err(|error| Error::Value(format!("cannot put the checkpoint together: {error}")))?;
    let archive = sealed(archive);
    write_whole_keeping(path, &previous(path), |writer| {
        writer.write_all(&archive).map_err(|error| Error::io("write", path, error))
    })
}

/// `archive`, a ZIP file without a comment, with its checksum for a comment: as a checkpoint must be to be read.
pub fn sealed(mut archive: Vec<u8>) -> Vec<u8> {
    // Its last two bytes are the length of the comment (APPNOTE.TXT, 4.3.16).
    archive.truncate(archive.len().saturating_sub(2));
    archive.extend(((SEAL.len() + SUM) as u16).to_le_bytes());
    archive.extend(SEAL);
    let sum = sha256(&archive);
    archive.extend(sum.bytes());
    archive
}

/// Whether `bytes` are what was written, to the last bit.
fn check_seal(bytes: &[u8]) -> std::result::Result<(), String> {
    let (before, found) = bytes.split_at(bytes.len().saturating_sub(SUM));
    if before.ends_with(SEAL) {
        return if found == sha256(before).as_bytes() { Ok(()) } else { Err("its checksum is wrong".into()) };
    }
    // Earlier formats had no seal.
    match Archive::open(bytes.to_vec()).and_then(|mut npz| npz.part::<u64, _>("counters")) {
        Ok(counters) => check_format(&counters).and(Err("its checksum is missing".into())),
        Err(_) => Err("it is cut off or no checkpoint at all".into()),
    }
}

fn check_format(counters: &Array1<u64>) -> std::result::Result<(), String> {
    match counters.first() {
        Some(&(FORMAT | SHAPED)) => Ok(()),
        Some(other) => Err(format!(
            "it was written by another version of d2nn, in format {other} where this one reads {FORMAT} and {SHAPED}"
        )),
        None => Err("it has no format".into()),
    }
}

fn archive(state: &State, identity: &Identity) -> Result<Vec<u8>> {
    let mut npz = ArchiveWriter::default();
    let shape = state.parameters.first().map(Array2::dim);
    let alike = state.parameters.iter().all(|array| Some(array.dim()) == shape);
    let format = if alike { FORMAT } else { SHAPED };
    let counters = [format, state.adam.steps, state.images, state.average.len() as u64];
    npz.add("counters", &Array1::from_iter(counters))?;
    npz.add("sums", &Array1::from_iter([state.loss, state.score, state.seconds]))?;
    let LearntTemperature { log, mean, square } = state.temperature;
    npz.add("temperature", &Array1::from_iter([log, mean, square]))?;
    npz.add("design", &Array1::from_iter(identity.design.bytes()))?;
    npz.add("data", &Array1::from_iter(identity.data.bytes()))?;
    let history: Vec<f64> = state.history.iter().flat_map(Epoch::numbers).collect();
    let rows = state.history.len();
    npz.add(
        "history",
        &Array2::from_shape_fn((rows, Epoch::WIDTH), |(row, column)| history[row * Epoch::WIDTH + column]),
    )?;
    for (name, arrays) in [
        ("parameters", &state.parameters),
        ("average", &state.average),
        ("mean", &state.adam.mean),
        ("square", &state.adam.square),
    ] {
        if !alike {
            for (number, array) in arrays.iter().enumerate() {
                npz.add(&format!("{name}-{}", number + 1), array)?;
            }
        } else if let Some((rows, columns)) = shape.filter(|_| !arrays.is_empty()) {
            let each = |(array, y, x): (usize, usize, usize)| arrays[array][[y, x]];
            npz.add(name, &Array3::from_shape_fn((arrays.len(), rows, columns), each))?;
        }
    }
    npz.finish()
}

/// Reads a checkpoint back.
///
/// # Errors
/// [`Error::Io`] when there is no file to read, [`Error::File`] when it is truncated, damaged or of another
/// version.
pub fn load(path: &Path) -> Result<(State, Identity)> {
    read(path, read_bytes(path, MAX_BYTES)?)
}

/// The checkpoint in `bytes`, the whole content of a file; `path` is for messages.
///
/// # Errors
/// [`Error::File`] as [`load`].
pub fn read(path: &Path, bytes: Vec<u8>) -> Result<(State, Identity)> {
    let damaged = |what: String| {
        Error::file(path, format!("is not a usable checkpoint ({what}); delete it and train again"))
    };
    unpack(bytes).map_err(damaged)
}

fn unpack(bytes: Vec<u8>) -> std::result::Result<(State, Identity), String> {
    check_seal(&bytes)?;
    let mut npz = Archive::open(bytes)?;
    let counters: Array1<u64> = npz.part("counters")?;
    check_format(&counters)?;
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
    let mut arrays = |name: &str| -> std::result::Result<Vec<Array2<f32>>, String> {
        let found = if counters[0] == SHAPED {
            let own = format!("{name}-");
            let count = npz.names().iter().filter(|part| part.starts_with(&own)).count();
            (1..=count)
                .map(|number| npz.part(&format!("{own}{number}")))
                .collect::<std::result::Result<_, _>>()?
        } else {
            let stacked: Array3<f32> = npz.part(name)?;
            stacked.axis_iter(Axis(0)).map(|array| array.to_owned()).collect::<Vec<Array2<f32>>>()
        };
        if found.iter().flatten().any(|value| !value.is_finite()) {
            return Err(format!("{name} has numbers that are not finite"));
        }
        Ok(found)
    };
    let parameters = arrays("parameters")?;
    let average = if counters[3] == 0 { Vec::new() } else { arrays("average")? };
    let (mean, square) = (arrays("mean")?, arrays("square")?);
    let shapes = |arrays: &[Array2<f32>]| arrays.iter().map(Array2::dim).collect::<Vec<_>>();
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
