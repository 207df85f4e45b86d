//! The folder of a training: where it may go, what an earlier sitting left there, and masks to begin at.

use std::ffi::OsStr;
use std::fs::{self, DirEntry};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use ndarray::Array2;

use crate::cli::lock::is_lock;
use crate::cli::mask_words::mask_sizes;
use crate::cli::{ModifiedFlag, say};
use crate::dataset::Dataset;
use crate::design::folder::{CHECKPOINT, TRIED, is_device_folder};
use crate::design::{Design, Work};
use crate::error::{Error, Result};
use crate::files::{has_only_temporaries, is_temporary, read_text, remove_temporaries, write_bytes};
use crate::grid::Grid;
use crate::training::State;
use crate::training::checkpoint::{self, Identity};
use crate::units::counted;

/// A word as a shell reads it back.
pub(super) fn quoted(word: &OsStr) -> String {
    // A line break, which only a list can have, would end the line it is noted on.
    let word = word.to_string_lossy().replace(['\n', '\r'], " ");
    let plain = |c: char| c.is_alphanumeric() || "-_./:=,+@%".contains(c) || cfg!(windows) && c == '\\';
    if !word.is_empty() && word.chars().all(plain) {
        word
    } else if !word.contains(['"', '$', '`', '\\', '!']) {
        format!("\"{word}\"")
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// This command line, to be typed again; without the folder the program lies in, which says nothing to others.
pub(in crate::cli) fn this_command() -> String {
    let words = std::env::args_os().skip(1).map(|word| quoted(&word));
    std::iter::once("d2nn".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

/// The first state of a training of `design` that begins at the masks of the device in `folder`. Its masks have as many pixels,
/// or are as large with wider ones, each of which becomes a block of narrower pixels.
pub(super) fn begin_at(folder: &Path, modified: ModifiedFlag, design: &Design) -> Result<State> {
    let device = modified.open_for_masks(folder, Work::Simulation, &|_| ())?;
    let (here, there) = (&design.bench, &device.design.bench);
    let same_kind = std::mem::discriminant(&here.modulation) == std::mem::discriminant(&there.modulation);
    let blocks = (0..here.masks()).map(|mask| pixels_in_one(here.mask_grid(mask), there.mask_grid(mask)));
    let blocks: Option<Vec<usize>> = blocks.collect();
    let alike = same_kind && (here.networks, here.masks()) == (there.networks, there.masks());
    let Some(blocks) = blocks.filter(|_| alike) else {
        return Err(Error::Usage(format!(
            "--from {}: it has {} of {} pixels where this design has {} of {}, or masks of another kind",
            folder.display(),
            counted(there.all_masks() as u64, "mask"),
            mask_sizes(there),
            here.all_masks(),
            mask_sizes(here)
        )));
    };
    let finer = |(array, values): (usize, &Array2<f32>)| match there.mask_of(array) {
        Some((mask, _)) => repeated(values, blocks[mask % blocks.len()]),
        None => values.clone(),
    };
    State::from_values(here, &device.masks.iter().enumerate().map(finer).collect::<Vec<_>>())
}

/// Pixels of `narrow` along one side of a pixel of `wide`, of masks of one size; 1 for as many pixels of whatever pitch.
fn pixels_in_one(narrow: Grid, wide: Grid) -> Option<usize> {
    let ((rows, columns), (wide_rows, wide_columns)) = (narrow.shape(), wide.shape());
    let times = rows / wide_rows;
    let as_large = (narrow.pixel_pitch() * times as f64 / wide.pixel_pitch() - 1.0).abs() < 1e-9;
    ((rows, columns) == (wide_rows * times, wide_columns * times) && (times == 1 || as_large))
        .then_some(times)
}

/// `values` with each of them a block of `times` x `times`.
fn repeated(values: &Array2<f32>, times: usize) -> Array2<f32> {
    let (rows, columns) = values.dim();
    Array2::from_shape_fn((rows * times, columns * times), |(row, column)| {
        values[[row / times, column / times]]
    })
}

/// Where a device of `name` goes unless told otherwise.
pub(in crate::cli) fn default_folder(name: &str) -> PathBuf {
    Path::new("runs").join(name)
}

/// The file that holds the state of a training.
pub(in crate::cli) fn checkpoint_path(folder: &Path) -> PathBuf {
    folder.join(CHECKPOINT).join("state.npz")
}

/// Bytes of the command lines of all sittings at most.
const MAX_COMMANDS: u64 = 1 << 20;

/// Adds this command line to those of earlier sittings, which are returned with it, for the provenance.
pub(super) fn note_command(folder: &Path) -> Result<Vec<String>> {
    let path = commands_path(folder);
    let earlier = read_text(&path, MAX_COMMANDS).unwrap_or_default();
    let mut commands: Vec<String> = earlier.lines().map(str::to_owned).collect();
    commands.push(this_command());
    write_bytes(&path, (commands.join("\n") + "\n").as_bytes())?;
    Ok(commands)
}

/// The state that was `saved` in `folder`, which must be of the design with this text and of `dataset`.
///
/// # Errors
/// [`Error::File`] when it is of another design or other images.
pub(in crate::cli) fn resumed(
    folder: &Path,
    (state, identity): (State, Identity),
    design: &str,
    dataset: &Dataset,
) -> Result<State> {
    let found = Identity { design: design.to_owned(), data: dataset.checksum.clone() };
    check_identity(folder, &identity, &found)?;
    Ok(state)
}

/// Whether something is saved in `folder` of a training that was stopped.
pub(in crate::cli) fn has_checkpoint(folder: &Path) -> bool {
    let path = checkpoint_path(folder);
    path.exists() || checkpoint::previous(&path).exists()
}

/// What is saved of a stopped training, or why there is none.
///
/// Of a damaged checkpoint the one before it takes the place, which is said.
///
/// # Errors
/// [`Error::Usage`] when there is none, [`Error::File`] when it is damaged.
pub(in crate::cli) fn load_checkpoint(folder: &Path) -> Result<(State, Identity)> {
    let path = checkpoint_path(folder);
    if has_checkpoint(folder) {
        return checkpoint::load(&path).or_else(|error| {
            let previous = checkpoint::previous(&path);
            let Ok(saved) = checkpoint::load(&previous) else { return Err(without_resume(error)) };
            // Killed between two renames it is only missing.
            if path.exists() {
                say(&format!(
                    "warning: {error}\nwarning: going on from the checkpoint before it, {}, as if it had been the last",
                    previous.display()
                ));
            }
            // So that the next one does not put the damaged one in the place of this one.
            fs::rename(&previous, &path).map_err(|error| Error::io("rename", &previous, error))?;
            Ok(saved)
        });
    }
    Err(Error::Usage(if folder.join("provenance.toml").exists() {
        format!("{}: the training is finished, there is nothing to resume", folder.display())
    } else {
        format!("{}: there is no checkpoint to resume from: train without --resume", folder.display())
    }))
}

/// A checkpoint that cannot be used is met by who resumes.
fn without_resume(error: Error) -> Error {
    match error {
        Error::File { file, problem } if problem.ends_with("train again") => {
            Error::File { file, problem: format!("{problem} without --resume") }
        }
        other => other,
    }
}

/// Removes the checkpoints of a device that is whole.
pub(super) fn remove_checkpoint(folder: &Path) -> Result<()> {
    // The state last but for the folder: whenever this is cut off, there is a state and the device is finished again, or
    // there is none and it is finished.
    let path = checkpoint_path(folder);
    for file in [checkpoint::previous(&path), path] {
        match fs::remove_file(&file) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(Error::io("remove", &file, error));
            }
            _ => {}
        }
    }
    let folder = folder.join(CHECKPOINT);
    fs::remove_dir_all(&folder).map_err(|error| Error::io("remove", &folder, error))
}

/// Removes what a killed sitting was writing in `folder`.
pub(super) fn sweep_up(folder: &Path) -> Result<()> {
    remove_temporaries(folder)?;
    TRIED.iter().try_for_each(|below| remove_temporaries(&folder.join(below)))
}

/// What to do after the operating system refused `error`, where something was saved before.
pub(super) fn with_advice(error: Error, folder: &Path, go_on: &str) -> Error {
    use ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    match error {
        Error::Io { action, path, source } if has_checkpoint(folder) => {
            let remedy = match source.kind() {
                StorageFull | QuotaExceeded | FileTooLarge => "make room",
                _ => "put that right",
            };
            let kind = source.kind();
            let text =
                format!("{source}; what was saved before is whole: {remedy}, and go on with\n  {go_on}");
            Error::Io { action, path, source: std::io::Error::new(kind, text) }
        }
        other => other,
    }
}

/// Where the commands of a training are kept until it is finished.
fn commands_path(folder: &Path) -> PathBuf {
    folder.join(CHECKPOINT).join("commands.txt")
}

/// Whether a checkpoint is of the design and the images that were found.
fn check_identity(folder: &Path, checkpoint: &Identity, found: &Identity) -> Result<()> {
    let wrong = |what: &str, advice: &str| {
        let problem = format!(
            "belongs to a training with {what}: {advice}, or train anew with --force; {} has the command it was begun with",
            commands_path(folder).display()
        );
        Err(Error::file(&checkpoint_path(folder), problem))
    };
    if checkpoint.design != found.design {
        let advice = format!(
            "go on with `d2nn train {} --resume`, which reads the design there (put it back if it was edited)",
            folder.display()
        );
        return wrong("another design.toml", &advice);
    }
    if checkpoint.data != found.data {
        return wrong("other images", "give the same --data again, put back as it was");
    }
    Ok(())
}

/// Whether no more than this is left by what was killed before it had begun: its lock, a file it was writing, or a folder
/// that was made to try it.
fn is_trial(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy().into_owned();
    is_lock(&name)
        || is_temporary(&name)
        || TRIED.contains(&name.as_str()) && has_only_temporaries(&entry.path())
}

/// A folder that exists is only used with `--force`, and then only if it holds a device.
pub(in crate::cli) fn check_free(folder: &Path, force: bool) -> Result<()> {
    let occupied = match fs::read_dir(folder) {
        Ok(mut entries) => entries.any(|entry| !entry.is_ok_and(|entry| is_trial(&entry))),
        // A file in the way is told by who tries to write there.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => false,
        Err(error) => return Err(Error::io("read", folder, error)),
    };
    if !occupied || force && is_device_folder(folder) {
        return Ok(());
    }
    let shown = folder.display();
    Err(Error::Usage(if force {
        format!("{shown} holds other files than a device: --force does not touch it, choose another --out")
    } else if has_checkpoint(folder) {
        format!("{shown} exists: go on with --resume, replace it with --force, or choose another --out")
    } else {
        format!("{shown} exists: replace it with --force, or choose another --out")
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::design::folder::PLOTS;

    #[test]
    fn words_are_quoted_for_a_shell() {
        for (word, expected) in [
            ("training.epochs=3", "training.epochs=3"),
            ("bench.gaps=20 mm", "\"bench.gaps=20 mm\""),
            ("bench.gaps=[\"20 mm\"]", "'bench.gaps=[\"20 mm\"]'"),
            ("it's $5", r"'it'\''s $5'"),
            ("", "\"\""),
            ("a\nb", "\"a b\""),
        ] {
            assert_eq!(quoted(OsStr::new(word)), expected);
        }
    }

    #[test]
    fn what_a_killed_trial_leaves_is_free() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("device");
        for below in TRIED {
            fs::create_dir_all(folder.join(below)).unwrap();
            fs::write(folder.join(below).join(".d2nn-abc.tmp"), "").unwrap();
        }
        for force in [false, true] {
            check_free(&folder, force).unwrap();
        }
        // Anything else is somebody's.
        let file = folder.join(PLOTS).join("masks.png");
        fs::write(&file, "").unwrap();
        for force in [false, true] {
            check_free(&folder, force).unwrap_err();
        }
        fs::rename(file, folder.join("notes.txt")).unwrap();
        check_free(&folder, true).unwrap_err();
    }
}
