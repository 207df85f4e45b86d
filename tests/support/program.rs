//! Running the real program, and one trained device that tests share.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::support::device;

/// What the program answered.
#[derive(Clone, Debug)]
pub struct Answer {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Answer {
    /// The program must leave with `code` and must say each of `words` on stderr.
    #[track_caller]
    pub fn fails(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        assert_eq!(self.stdout, "", "data on stdout beside an error");
        for word in words {
            assert!(self.stderr.contains(word), "\"{word}\" is not in: {}", self.stderr);
        }
    }

    /// The program must be done; gives stdout.
    #[track_caller]
    pub fn done(&self) -> &str {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        &self.stdout
    }

    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(self.done()).unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }
}

/// The program with `arguments`, ready to start in `folder`: no network, a cache of its own.
pub fn command<S: AsRef<OsStr>>(folder: &Path, arguments: &[S]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_d2nn"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    command.env("D2NN_OFFLINE", "1").env("D2NN_CACHE", folder.join("cache"));
    command
}

/// Runs the program in `folder`. It must never panic, nor be killed by a signal.
#[track_caller]
pub fn d2nn<S: AsRef<OsStr>>(folder: &Path, arguments: &[S]) -> Answer {
    let output = command(folder, arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let answer =
        Answer { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) };
    assert!(!answer.stderr.contains("panicked"), "{}", answer.stderr);
    assert!(answer.code.is_some(), "killed: {:?} {}", output.status, answer.stderr);
    answer
}

/// The program under way.
pub struct Underway {
    pub child: Child,
    /// What it will say on stderr.
    pub lines: Box<dyn Iterator<Item = String>>,
    /// What it said so far.
    pub stderr: String,
}

impl Underway {
    /// Sends `signal`.
    pub fn send(&self, signal: &str) {
        let kill = Command::new("kill").args([&format!("-{signal}"), &self.child.id().to_string()]).status();
        assert!(kill.unwrap().success());
    }

    /// Waits for the end.
    pub fn end(mut self) -> Answer {
        self.lines.for_each(|line| self.stderr += &format!("{line}\n"));
        let code = self.child.wait().unwrap().code();
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        Answer { code, stdout: String::new(), stderr: self.stderr }
    }
}

/// Starts the program in `folder` and waits until stderr has the row of epoch `until`.
pub fn started(folder: &Path, arguments: &[&str], until: u64) -> Underway {
    let mut child = command(folder, arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = Box::new(BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap));
    let mut stderr = String::new();
    for line in lines.by_ref() {
        stderr += &format!("{line}\n");
        if is_row_of(&line, until) {
            break;
        }
    }
    Underway { child, lines, stderr }
}

/// Whether `line` is the row of `epoch` in the table of a training.
pub fn is_row_of(line: &str, epoch: u64) -> bool {
    line.trim_start().starts_with(&format!("{epoch}/"))
}

/// A folder with `small.toml` and the tiny data set in `data`.
pub fn workshop() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("small.toml"), device::SMALL).unwrap();
    device::write_tiny_data(&folder.path().join("data"));
    folder
}

/// A device trained once for all tests that only read it, with the data it was trained on.
pub struct Trained {
    /// Holds `small.toml`, `data` and `device`.
    pub folder: PathBuf,
    /// The device folder.
    pub device: PathBuf,
    /// What the training said.
    pub answer: Answer,
}

/// The shared device; tests that change it take a [`copy`].
pub fn trained() -> &'static Trained {
    static TRAINED: OnceLock<Trained> = OnceLock::new();
    TRAINED.get_or_init(|| {
        // In the folder that cargo keeps for tests: statics are never dropped, so no temporary folder.
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("trained");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("small.toml"), device::SMALL).unwrap();
        device::write_tiny_data(&folder.join("data"));
        let answer = d2nn(&folder, &["train", "small.toml", "--data", "data", "--out", "device"]);
        answer.done();
        Trained { device: folder.join("device"), folder, answer }
    })
}

/// A folder with `device` (a copy of the shared one) and `data`, to be changed as a test likes.
pub fn copy() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&trained().device, &folder.path().join("device"));
    copy_folder(&trained().folder.join("data"), &folder.path().join("data"));
    folder
}

/// Copies the folder `from` with all that is in it.
pub fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The bytes of a NumPy file with `claim` instead of the `shape` in its header.
pub fn claiming(bytes: &[u8], shape: &str, claim: &str) -> Vec<u8> {
    let at = bytes.windows(shape.len()).position(|window| window == shape.as_bytes()).unwrap();
    // The header ends in spaces: there is room.
    let claim = format!("{claim}, }}");
    let mut lying = bytes.to_vec();
    lying[at..at + claim.len()].copy_from_slice(claim.as_bytes());
    lying
}

/// Names in `folder`.
pub fn names(folder: &Path) -> BTreeSet<String> {
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    fs::read_dir(folder).unwrap().map(name).collect()
}

/// The bytes of the mask files of a small device.
pub fn masks(device: &Path) -> [Vec<u8>; 2] {
    [1, 2].map(|number| fs::read(device.join(format!("mask-{number}.npy"))).unwrap())
}

/// `history.csv` without the clock: all but the last column.
pub fn history(device: &Path) -> Vec<String> {
    let text = fs::read_to_string(device.join("history.csv")).unwrap();
    text.lines().map(|line| line.rsplit_once(',').unwrap().0.to_owned()).collect()
}
