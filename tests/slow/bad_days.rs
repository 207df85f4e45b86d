//! Bad days of a training: killed, out of room, a folder that cannot be written, two at once, damaged files, clocks and
//! data that change. Each has a message, and nothing is lost.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};

use crate::support::device::{small_but, some_images, write_images};
use crate::support::program::{Answer, command, copy_folder, d2nn, history, masks, names, started, workshop};
use d2nn::dataset::Split;
use d2nn::npy::ArchiveWriter;
use d2nn::random::{Purpose, Stream};
use d2nn::training::checkpoint::{load, previous, save};
use ndarray::Array1;
use tempfile::TempDir;

/// Enough epochs to be stopped in.
const LONG: &str = "epochs = 12\nstart = \"random\"";

/// Trains `design` in `folder` into `out`, saved after every step.
fn train<'a>(design: &'a str, out: &'a str) -> [&'a str; 8] {
    ["train", design, "--data", "data", "--out", out, "--save-every", "0"]
}

const RESUME: [&str; 7] = ["train", "device", "--data", "data", "--resume", "--save-every", "0"];

fn state(folder: &Path) -> PathBuf {
    folder.join("device/checkpoint/state.npz")
}

/// The device of a training of [`LONG`] that nothing has disturbed, trained once for all tests.
fn undisturbed() -> &'static Path {
    static UNDISTURBED: OnceLock<PathBuf> = OnceLock::new();
    UNDISTURBED.get_or_init(|| {
        // In the folder that cargo keeps for tests: statics are never dropped, so no temporary folder.
        let device = Path::new(env!("CARGO_TARGET_TMPDIR")).join("undisturbed");
        let _ = fs::remove_dir_all(&device);
        let folder = workshop();
        fs::write(folder.path().join("long.toml"), small_but("epochs = 2", LONG)).unwrap();
        let out = device.to_str().unwrap();
        d2nn(folder.path(), &["train", "long.toml", "--data", "data", "--out", out]).done();
        device
    })
}

/// A training of twelve epochs that `signal` met after its second: the folder with `device`, and with `reference`, which
/// nothing has disturbed.
fn stopped_by(signal: &str) -> (TempDir, Answer) {
    let folder = workshop();
    let path = folder.path();
    fs::write(path.join("long.toml"), small_but("epochs = 2", LONG)).unwrap();
    copy_folder(undisturbed(), &path.join("reference"));
    let underway = started(path, &train("long.toml", "device"), 2);
    underway.send(signal);
    let answer = underway.end();
    assert!(state(path).exists(), "{}", answer.stderr);
    (folder, answer)
}

/// The device is the one of an undisturbed training: masks to the bit, history but for the clock, and no file more.
#[track_caller]
fn same(folder: &Path, device: &str) {
    let (device, reference) = (folder.join(device), folder.join("reference"));
    assert!(masks(&device) == masks(&reference), "other masks");
    assert_eq!(history(&device), history(&reference));
    assert_eq!(names(&device), names(&reference));
    assert_eq!(names(&device.join("plots")), names(&reference.join("plots")));
}

/// Files below `folder` that are being written, or were when the program was killed.
fn torn(folder: &Path) -> BTreeSet<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return BTreeSet::new() };
    entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .flat_map(|path| {
            if path.is_dir() {
                torn(&path)
            } else {
                BTreeSet::from_iter(path.extension().is_some_and(|e| e == "tmp").then_some(path))
            }
        })
        .collect()
}

/// Kills that must have met the training, where `D2NN_KILLS` says no other number, and of these, kills that must have met a
/// file being written.
const KILLS: usize = 20;
const TORN: usize = 3;
/// After as many kills a training is left alone: how far it came before depends on the machine, that it ends does not.
const KILLS_OF_ONE: usize = 30;
/// As many kills must be enough to meet the torn files.
const ENOUGH: usize = 200;
/// A training here takes a second or two; one that takes as long waits for something that never comes.
const HANGS: Duration = Duration::from_secs(600);

#[test]
fn kills_leave_no_trace() {
    let enough = std::env::var("D2NN_KILLS").map_or(KILLS, |number| number.parse().unwrap());
    let folder = workshop();
    let path = folder.path();
    let in_stages = small_but("epochs = 2", "epochs = 2\nfine_epochs = 1\nstart = \"random\"")
        .replace("oversample = 1", "oversample = 2");
    let stage =
        "[[training.modes]]\nmodes = 20\ngrid = \"coarse\"\nbatch = 50\nsteps = 12\nlearning_rate = 0.1\n";
    let in_modes = small_but(
        "epochs = 2",
        "optimiser = \"modes\"\nfine_epochs = 1\nstart = \"random\"\naveraging = 0.9",
    ) + "\n"
        + stage;
    let designs = [("stages.toml", in_stages), ("modes.toml", in_modes)];
    let mut moments = Stream::new(4, Purpose::Masks, 0);
    let (mut kills, mut met_a_file, mut trainings) = (0, 0, 0);
    let mut lives = [Duration::ZERO; 2];
    let begun = Instant::now();
    while kills < enough || met_a_file < TORN && kills < ENOUGH || trainings < 2 {
        let index = trainings % 2;
        let (name, text) = &designs[index];
        fs::write(path.join(name), text).unwrap();
        let reference = path.join(format!("reference-{index}"));
        if trainings < 2 {
            let began = Instant::now();
            d2nn(path, &train(name, reference.to_str().unwrap())).done();
            lives[index] = began.elapsed();
        }
        let device = path.join("device");
        let mut kills_of_this = 0;
        loop {
            // As a person would: with --resume where something is saved, anew where it was killed before.
            let saved = state(path).exists() || previous(&state(path)).exists();
            let finished = device.join("provenance.toml").exists();
            let mut arguments = train(name, "device").to_vec();
            if saved || finished {
                arguments = RESUME.to_vec();
            } else if device.exists() {
                arguments.push("--force");
            }
            let old = torn(&device);
            let log = fs::File::create(path.join("log")).unwrap();
            let mut child = command(path, &arguments).stdout(Stdio::null()).stderr(log).spawn().unwrap();
            // Half of a life is the test and its pictures: every fourth moment may fall there. Every fifth waits for a
            // file to be written.
            let within = if kills % 4 == 3 { 1.0 } else { 0.5 };
            let until = Instant::now() + lives[index].mul_f64(within * moments.unit());
            let for_a_file = kills % 5 == 4;
            let left_alone = kills_of_this == KILLS_OF_ONE;
            let go_on = || {
                left_alone || if for_a_file { torn(&device).is_subset(&old) } else { Instant::now() < until }
            };
            let began = Instant::now();
            while child.try_wait().unwrap().is_none() && go_on() {
                assert!(
                    began.elapsed() < HANGS,
                    "it hangs: {}",
                    fs::read_to_string(path.join("log")).unwrap()
                );
                std::thread::sleep(Duration::from_micros(200));
            }
            child.kill().unwrap();
            let status = child.wait().unwrap();
            let said = fs::read_to_string(path.join("log")).unwrap();
            assert!(!said.contains("panicked"), "{said}");
            match status.code() {
                None => {
                    assert_eq!(status.signal(), Some(9));
                    kills += 1;
                    kills_of_this += 1;
                    met_a_file += usize::from(!torn(&device).is_subset(&old));
                }
                Some(0) => {
                    // A machine that has become faster gives less time to kill in, a slower one more.
                    lives[index] = lives[index].mul_f64(if kills_of_this < 4 { 0.8 } else { 1.25 });
                    break;
                }
                // Killed at the very last, when all was done.
                Some(2) if finished && said.contains("nothing to resume") => break,
                Some(code) => panic!("exit code {code} after {kills} kills: {said}"),
            }
        }
        // The same names as in the other tests.
        let _ = fs::remove_dir_all(path.join("reference"));
        fs::rename(&reference, path.join("reference")).unwrap();
        same(path, "device");
        fs::rename(path.join("reference"), &reference).unwrap();
        let provenance = fs::read_to_string(device.join("provenance.toml")).unwrap();
        assert!(provenance.contains(&format!("command = \"d2nn train {name} --data data")), "{provenance}");
        fs::remove_dir_all(&device).unwrap();
        trainings += 1;
    }
    assert!(met_a_file >= TORN, "{met_a_file} of {kills} kills met a file being written");
    println!(
        "{trainings} trainings, {kills} kills, {met_a_file} of them while a file was written, {:.0} s",
        begun.elapsed().as_secs_f64()
    );
}

#[test]
fn a_torn_checkpoint_is_cleared_away() {
    let (folder, _) = stopped_by("KILL");
    let path = folder.path();
    // What a kill in the middle of the write leaves: half of the new file under another name, the old one whole.
    let whole = fs::read(state(path)).unwrap();
    fs::write(path.join("device/checkpoint/.d2nn-AbCdEf.tmp"), &whole[..whole.len() / 2]).unwrap();
    fs::write(path.join("device/.d2nn-GhIjKl.tmp"), b"\x93NUM").unwrap();
    // And in the middle of the two renames: the file of before, and none in its place.
    fs::rename(state(path), previous(&state(path))).unwrap();
    d2nn(path, &RESUME).done();
    same(path, "device");
}

#[test]
fn masks_and_history_of_another_moment_do_no_harm() {
    let (folder, _) = stopped_by("KILL");
    let path = folder.path();
    // Killed between the masks of an epoch and its checkpoint: here they are even those of the end.
    for name in ["mask-1.npy", "history.csv"] {
        fs::copy(path.join("reference").join(name), path.join("device").join(name)).unwrap();
    }
    fs::remove_file(path.join("device/mask-2.npy")).unwrap();
    d2nn(path, &RESUME).done();
    same(path, "device");
}

#[test]
fn what_is_killed_before_its_first_step_can_be_begun_again() {
    let folder = workshop();
    let path = folder.path();
    fs::create_dir(path.join("device")).unwrap();
    fs::write(path.join("device/.d2nn-lock"), "1\n").unwrap();
    fs::write(path.join("device/.d2nn-AbCdEf.tmp"), "format = ").unwrap();
    d2nn(path, &["train", "small.toml", "--data", "data", "--out", "device"]).done();
    assert!(names(&path.join("device")).iter().all(|name| !name.starts_with('.')));
    // The masks that another device gave it are in the first checkpoint.
    fs::write(
        path.join("long.toml"),
        small_but("epochs = 2", "epochs = 30\nlearning_rate = 1e-9").replacen("learning_rate = 0.1\n", "", 1),
    )
    .unwrap();
    let from = [&train("long.toml", "second")[..], &["--from", "device"]].concat();
    let mut child = command(path, &from).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let saved = path.join("second/checkpoint/state.npz");
    while !saved.exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it was saved");
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let (begun, _) = load(&saved).unwrap();
    let given = &masks(&path.join("device"))[0];
    let first = given[128..].chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()));
    assert!(first.zip(&begun.parameters[0]).all(|(phase, parameter)| (phase - parameter).abs() < 1e-5));
}

/// Runs the program behind `shell`, which ends in `exec "$0" "$@"`.
fn behind(shell: &str, folder: &Path, arguments: &[&str]) -> Answer {
    let output = Command::new("sh")
        .args(["-c", shell, env!("CARGO_BIN_EXE_d2nn")])
        .args(arguments)
        .current_dir(folder)
        .env("D2NN_OFFLINE", "1")
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Answer { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// Files of at most `blocks` times 512 bytes; that the kernel says so with a signal as well is not what is tested.
fn no_larger_than(blocks: u64) -> String {
    format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"")
}

#[test]
fn a_full_disk_leaves_what_was_saved() {
    let (folder, _) = stopped_by("INT");
    let path = folder.path();
    let device = path.join("device");
    let before = |name: &str| fs::read(device.join(name)).unwrap();
    let old = ["mask-1.npy", "mask-2.npy", "history.csv", "design.toml", "checkpoint/state.npz"].map(before);
    // No room for a mask of 16 kB, nor for a checkpoint.
    let answer = behind(&no_larger_than(16), path, &RESUME);
    answer.fails(
        1,
        &["cannot write device/checkpoint/state.npz", "what was saved before is whole: make room, and go on"],
    );
    let advice = answer.stderr.lines().last().unwrap().trim();
    assert_eq!(advice, "d2nn train device --data data --save-every 0 --resume");
    let new = ["mask-1.npy", "mask-2.npy", "history.csv", "design.toml", "checkpoint/state.npz"].map(before);
    assert!(old == new, "something is lost");
    assert!(torn(&device).is_empty());
    // Room for masks, not for a checkpoint: the masks are of later than what is gone on from.
    behind(&no_larger_than(100), path, &RESUME[..5]).fails(1, &["state.npz", "make room"]);
    assert!(before("checkpoint/state.npz") == old[4]);
    d2nn(path, &RESUME).done();
    same(path, "device");
    // From the start: nothing was saved, and nothing is in the way of trying again.
    behind(&no_larger_than(16), path, &train("long.toml", "new"))
        .fails(1, &["cannot write new/checkpoint/state.npz"]);
    d2nn(path, &[&train("long.toml", "new")[..], &["--force"]].concat()).done();
    same(path, "new");
}

/// Mounts need a namespace of one's own, which not every machine gives.
fn has_namespaces() -> bool {
    let tried = Command::new("unshare").args(["-Urm", "sh", "-c", "mount -t tmpfs none /tmp"]).output();
    let has = tried.is_ok_and(|output| output.status.success());
    if !has {
        println!("left out: this system gives no namespace to mount a file system in");
    }
    has
}

/// Runs the program with `mount` done before, in a namespace of its own.
fn mounted(mount: &str, folder: &Path, arguments: &[&str]) -> Answer {
    let inner = format!("{mount} && exec \"$0\" \"$@\"");
    behind(&format!("exec unshare -Urm sh -c '{inner}' \"$0\" \"$@\""), folder, arguments)
}

#[test]
fn a_small_file_system_runs_full() {
    if !has_namespaces() {
        return;
    }
    let folder = workshop();
    let path = folder.path();
    fs::write(path.join("long.toml"), small_but("epochs = 2", LONG)).unwrap();
    fs::create_dir(path.join("mounted")).unwrap();
    // Room for the first checkpoint, 100 kB, and not for the second beside it.
    let answer =
        mounted("mount -t tmpfs -o size=160k none mounted", path, &train("long.toml", "mounted/device"));
    answer
        .fails(1, &["cannot write mounted/device/", "No space left on device", "make room, and go on with"]);
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let (folder, _) = stopped_by("INT");
    let path = folder.path();
    fs::write(path.join("file"), "").unwrap();
    d2nn(path, &train("long.toml", "file/device")).fails(1, &["cannot", "file/device", "Not a directory"]);
    // Permissions do not bind the administrator; a file system that is read only does.
    let read_only = "mount --bind device device && mount -o remount,bind,ro device";
    if has_namespaces() {
        let answer = mounted(read_only, path, &RESUME);
        answer.fails(1, &["cannot write to device", "Read-only file system"]);
    }
    let sealed = path.join("sealed");
    fs::create_dir(&sealed).unwrap();
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(&sealed, fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(sealed.join("probe"), "").is_ok() {
        println!("left out: permissions do not bind this user");
        fs::remove_file(sealed.join("probe")).unwrap();
    } else {
        d2nn(path, &train("long.toml", "sealed/device")).fails(1, &["sealed/device", "Permission denied"]);
        d2nn(path, &train("long.toml", "sealed")).fails(1, &["sealed", "Permission denied"]);
    }
    fs::set_permissions(&sealed, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(names(&sealed).len(), 0);
    d2nn(path, &RESUME).done();
    same(path, "device");
}

#[test]
fn a_damaged_checkpoint_gives_way_to_the_one_before() {
    let (folder, _) = stopped_by("INT");
    let path = folder.path();
    let (state, previous) = (state(path), previous(&state(path)));
    let (last, before) = (fs::read(&state).unwrap(), fs::read(&previous).unwrap());
    assert!(last != before);
    let mut flipped = last.clone();
    flipped[last.len() / 3] ^= 4;
    for damaged in [&last[..last.len() / 2], &last[..last.len() - 1], &flipped, &[]] {
        fs::write(&state, damaged).unwrap();
        fs::write(&previous, &before).unwrap();
        // With other images it comes no further than the checkpoint.
        write_images(&path.join("other"), Split::Train, &some_images(Split::Train, 240));
        write_images(&path.join("other"), Split::Test, &some_images(Split::Test, 50));
        let answer = d2nn(path, &["train", "device", "--data", "other", "--resume"]);
        answer.fails(1, &["warning: device/checkpoint/state.npz", "not a usable checkpoint", "other images"]);
        assert!(answer.stderr.contains("going on from the checkpoint before it"), "{}", answer.stderr);
        assert!(fs::read(&state).unwrap() == before, "the good one has taken its place");
    }
    d2nn(path, &RESUME).done();
    same(path, "device");
}

#[test]
fn damaged_and_foreign_checkpoints_are_refused() {
    let (folder, _) = stopped_by("INT");
    let path = folder.path();
    let state = state(path);
    fs::remove_file(previous(&state)).unwrap();
    let whole = fs::read(&state).unwrap();
    let refused = |bytes: &[u8], words: &[&str]| {
        fs::write(&state, bytes).unwrap();
        d2nn(path, &RESUME).fails(1, &[words, &["device/checkpoint/state.npz"]].concat());
        assert!(fs::read(&state).unwrap() == bytes, "it is left as it was");
    };
    let mut flipped = whole.clone();
    flipped[whole.len() / 3] ^= 4;
    refused(&flipped, &["its checksum is wrong", "train again without --resume"]);
    refused(&whole[..whole.len() / 2], &["it is cut off or no checkpoint at all"]);
    // Format 4 had no checksum.
    let mut npz = ArchiveWriter::default();
    npz.add("counters", &Array1::from_iter([4_u64, 0, 0, 0])).unwrap();
    let old = npz.finish().unwrap();
    refused(&old, &["another version of d2nn, in format 4 where this one reads 5"]);
    // Of another design.
    let (saved, identity) = {
        fs::write(&state, &whole).unwrap();
        load(&state).unwrap()
    };
    let mut other = identity.clone();
    other.design = other.design.replace("masks = 2", "masks = 3");
    save(&state, &saved, &other).unwrap();
    fs::remove_file(previous(&state)).unwrap();
    let foreign = fs::read(&state).unwrap();
    refused(&foreign, &["belongs to a training with another design.toml"]);
    fs::write(&state, &whole).unwrap();
    d2nn(path, &RESUME).done();
    same(path, "device");
}

#[test]
fn two_trainings_do_not_share_a_folder() {
    let folder = workshop();
    let path = folder.path();
    fs::write(path.join("long.toml"), small_but("epochs = 2", "epochs = 4000\nstart = \"random\"")).unwrap();
    let mut first = started(path, &train("long.toml", "device"), 1);
    let process = format!("another d2nn (process {})", first.child.id());
    let words = ["device", &process, "wait for it, stop it, or choose another folder with --out"];
    d2nn(path, &RESUME).fails(1, &words);
    d2nn(path, &[&train("long.toml", "device")[..], &["--force"]].concat()).fails(1, &words);
    // A sweep whose device it is.
    fs::write(path.join("seeds.toml"), "design = \"long.toml\"\nseeds = [7]\n").unwrap();
    fs::create_dir(path.join("sweep")).unwrap();
    std::os::unix::fs::symlink(path.join("device"), path.join("sweep/seed-7")).unwrap();
    d2nn(path, &["sweep", "seeds.toml", "--data", "data", "--out", "sweep"]).fails(1, &["seed-7", &process]);
    // What only reads is welcome.
    d2nn(path, &["evaluate", "device", "--data", "data"]).done();
    assert!(first.child.try_wait().unwrap().is_none(), "the first goes on");
    // A lock dies with its program.
    first.child.kill().unwrap();
    first.child.wait().unwrap();
    let mut second = started(path, &RESUME, 3);
    assert!(second.stderr.contains("resuming device"), "{}", second.stderr);
    second.child.kill().unwrap();
    second.child.wait().unwrap();
}

#[test]
fn two_sweeps_do_not_share_a_folder() {
    let folder = workshop();
    let path = folder.path();
    fs::write(path.join("long.toml"), small_but("epochs = 2", "epochs = 4000\nstart = \"random\"")).unwrap();
    fs::write(path.join("seeds.toml"), "design = \"long.toml\"\nseeds = [1, 2]\n").unwrap();
    let sweep = ["sweep", "seeds.toml", "--data", "data", "--out", "sweep"];
    let mut first = started(path, &sweep, 1);
    d2nn(path, &sweep).fails(1, &["sweep", &format!("another d2nn (process {})", first.child.id())]);
    first.child.kill().unwrap();
    first.child.wait().unwrap();
}

#[test]
fn clocks_that_jump_change_nothing() {
    let (folder, _) = stopped_by("INT");
    let path = folder.path();
    // All of the folder comes from the future, the earlier checkpoint from a later one than the last.
    let ahead = |file: &Path, years: u64| {
        let time = SystemTime::now() + Duration::from_secs(years * 366 * 86_400);
        fs::File::options().write(true).open(file).unwrap().set_modified(time).unwrap();
    };
    for name in ["design.toml", "history.csv", "mask-1.npy", "mask-2.npy", "checkpoint/commands.txt"] {
        ahead(&path.join("device").join(name), 10);
    }
    ahead(&state(path), 10);
    ahead(&previous(&state(path)), 20);
    // The seconds of earlier sittings are a sum, not a date: even a wrong one only stands in the history.
    let (mut saved, identity) = load(&state(path)).unwrap();
    saved.seconds = 1e9;
    save(&state(path), &saved, &identity).unwrap();
    let begun = Instant::now();
    d2nn(path, &RESUME).done();
    same(path, "device");
    let last = fs::read_to_string(path.join("device/history.csv")).unwrap();
    let seconds: f64 = last.lines().last().unwrap().rsplit_once(',').unwrap().1.parse().unwrap();
    assert!((1e9..1e9 + begun.elapsed().as_secs_f64()).contains(&seconds), "{seconds}");
}

#[test]
fn data_that_change_between_runs_are_noticed() {
    let (folder, _) = stopped_by("INT");
    let path = folder.path();
    let images = path.join("data/train-images-idx3-ubyte");
    let whole = fs::read(&images).unwrap();
    let words = ["device/checkpoint/state.npz", "other images", "give the same --data again", "commands.txt"];
    // One pixel of one image, by one.
    let mut changed = whole.clone();
    changed[whole.len() / 2] ^= 1;
    fs::write(&images, &changed).unwrap();
    d2nn(path, &RESUME).fails(1, &words);
    // A test image counts as well: the figures at the end would not be those of the training that was begun.
    fs::write(&images, &whole).unwrap();
    let tests = path.join("data/t10k-images-idx3-ubyte");
    let whole = fs::read(&tests).unwrap();
    let mut changed = whole.clone();
    changed[whole.len() / 2] ^= 1;
    fs::write(&tests, &changed).unwrap();
    d2nn(path, &RESUME).fails(1, &words);
    fs::remove_file(&tests).unwrap();
    d2nn(path, &RESUME).fails(1, &["data", "t10k-images-idx3-ubyte"]);
    let before = fs::read(state(path)).unwrap();
    d2nn(path, &["train", "device", "--data", "builtin", "--resume"]).fails(1, &words);
    assert!(fs::read(state(path)).unwrap() == before);
    fs::write(&tests, &whole).unwrap();
    d2nn(path, &RESUME).done();
    same(path, "device");
}

#[test]
fn a_request_to_terminate_saves_as_ctrl_c_does() {
    for signal in ["TERM", "INT", "HUP"] {
        let (folder, answer) = stopped_by(signal);
        assert_eq!(answer.code, Some(130), "{signal}: {}", answer.stderr);
        assert!(answer.stderr.contains("everything is saved; go on with"), "{signal}: {}", answer.stderr);
        let advice = answer.stderr.lines().last().unwrap().trim().strip_prefix("d2nn ").unwrap().to_owned();
        assert_eq!(advice, "train device --data data --save-every 0 --resume");
        d2nn(folder.path(), &advice.split(' ').collect::<Vec<_>>()).done();
        same(folder.path(), "device");
    }
}
