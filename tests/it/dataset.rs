//! Data sets: IDX files and their errors, the search, downloads, the sample, splits.
//!
//! Nothing here touches the network or the machine's own data sets: files are made in temporary folders and
//! the server is a thread of the test.

use std::cell::Cell;
use std::ffi::OsString;
use std::fs;
use std::io::{Cursor, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use d2nn::Error;
use d2nn::dataset::download::{self, Patience};
use d2nn::dataset::idx::Idx;
use d2nn::dataset::{
    Catalogue, DatasetName, Finding, Part, Places, SAMPLE_CHECKSUM, SAMPLE_LICENCE, SearchPlace, Source,
    Split, Verdict, Wanted, epoch_order, hold_out, load, load_split, locate, survey, verify,
};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

const FASHION: DatasetName = DatasetName::FashionMnist;

// ---- small data sets -------------------------------------------------------------------------------------

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Header and values written out by hand: the tests do not trust the writer they test.
fn idx_bytes(sizes: &[u32], values: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, sizes.len() as u8];
    for size in sizes {
        bytes.extend(size.to_be_bytes());
    }
    bytes.extend(values);
    bytes
}

/// The uncompressed file of `part` in a set of 20 training and 10 test images of 2 x 3 pixels.
fn content(part: Part) -> Vec<u8> {
    let count = if Split::Train.parts().contains(&part) { 20 } else { 10 };
    match part.dimensions() {
        3 => {
            let values: Vec<u8> = (0..count * 6).map(|value| (value * 7 + part as u32) as u8).collect();
            idx_bytes(&[count, 2, 3], &values)
        }
        _ => idx_bytes(&[count], &(0..count).map(|index| (index % 10) as u8).collect::<Vec<_>>()),
    }
}

fn write_set(folder: &Path, parts: &[Part]) {
    fs::create_dir_all(folder).unwrap();
    for part in parts {
        fs::write(folder.join(format!("{}.gz", part.file_name())), gzip(&content(*part))).unwrap();
    }
}

fn full_set() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_set(folder.path(), &Part::ALL);
    folder
}

fn source(folder: &TempDir) -> Source {
    Source::Folder(folder.path().to_owned())
}

/// The message of an [`Error::File`] about a file whose name ends in `file`.
fn file_problem(error: Error, file: &str) -> String {
    match error {
        Error::File { file: named, problem } => {
            assert!(named.to_string_lossy().ends_with(file), "{named:?} is not {file}: {problem}");
            problem
        }
        other => panic!("not an error of a file: {other}"),
    }
}

fn assert_says(message: &str, words: &[&str]) {
    for word in words {
        assert!(message.contains(word), "\"{word}\" is missing in: {message}");
    }
}

// ---- IDX files -------------------------------------------------------------------------------------------

#[test]
fn images_keep_their_order_gzipped_or_not() {
    let bytes = idx_bytes(&[2, 2, 3], &[0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15]);
    for stored in [bytes.clone(), gzip(&bytes)] {
        let idx = Idx::read(Path::new("images"), stored.as_slice(), 3).unwrap();
        assert_eq!(idx.dimensions(), [2, 2, 3]);
        assert_eq!(idx.to_bytes(), bytes);
        assert_eq!(idx.sha256(), sha256(&bytes));
        let images = idx.into_images().unwrap();
        assert_eq!(images[[0, 1, 2]], 5, "last dimension fastest");
        assert_eq!(images[[1, 0, 1]], 11);
    }
}

#[test]
fn a_gzip_file_of_two_members_is_one_file() {
    let bytes = content(Part::TrainLabels);
    let (head, tail) = bytes.split_at(9);
    let stored = [gzip(head), gzip(tail)].concat();
    let idx = Idx::read(Path::new("labels"), stored.as_slice(), 1).unwrap();
    assert_eq!(idx.to_bytes(), bytes);
}

#[test]
fn zeros_behind_a_gzip_file_are_passed_over_and_other_bytes_told() {
    let bytes = idx_bytes(&[4, 2, 2], &[7; 16]);
    let packed = gzip(&bytes);
    let (head, tail) = bytes.split_at(9);
    let read = |stored: &[u8]| Idx::read(Path::new("images"), stored, 3);
    // Blocks of 512 bytes, as tapes have them; zeros between members too; more than one buffer of them.
    for zeros in [1, 2, 512, 20_000] {
        assert_eq!(read(&[&packed[..], &vec![0; zeros]].concat()).unwrap().to_bytes(), bytes, "{zeros}");
        let members = [gzip(head), vec![0; zeros], gzip(tail), vec![0; zeros]].concat();
        assert_eq!(read(&members).unwrap().to_bytes(), bytes, "{zeros}");
    }
    for (behind, shown) in [
        (&b"\r\n"[..], "0d 0a"),
        (b"\0\0\r\n", "0d 0a"),
        (b"\x1f", "1f"),
        (b"\x1f\x8c no member", "1f 8c 20"),
        (b"\x1f\x8b\x07", "1f 8b 07"),
    ] {
        let problem = file_problem(read(&[&packed[..], behind].concat()).unwrap_err(), "images");
        assert_says(&problem, &["is whole, but bytes", &format!("({shown}"), "cut them off"]);
    }
    // A member that was cut is a file that was cut.
    let cut = [gzip(head), gzip(tail)].concat();
    assert_says(&file_problem(read(&cut[..cut.len() - 10]).unwrap_err(), "images"), &["truncated"]);
    // Zeros without an end are none of a block.
    let endless = Cursor::new(packed).chain(std::io::repeat(0));
    let problem = file_problem(Idx::read(Path::new("images"), endless, 3).unwrap_err(), "images");
    assert_says(&problem, &["bytes that are no gzip data follow"]);
}

#[test]
fn images_of_three_values_a_pixel_become_grey() {
    // Pure colours, and two greys.
    let colours = [[255_u8, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [0, 0, 0], [9, 9, 9]];
    let bytes = idx_bytes(&[3, 1, 2, 3], &colours.concat());
    for stored in [bytes.clone(), gzip(&bytes)] {
        let idx = Idx::read(Path::new("images"), stored.as_slice(), 3).unwrap();
        assert_eq!(idx.dimensions(), [3, 1, 2]);
        // Luma of Rec. ITU-R BT.709: 0.2126, 0.7152 and 0.0722 of 255.
        assert_eq!(idx.values(), [54, 182, 18, 255, 0, 9]);
    }
    // One value along the last dimension says nothing, of images and of labels.
    let grey = Idx::read(Path::new("images"), idx_bytes(&[2, 2, 3, 1], &[5; 12]).as_slice(), 3).unwrap();
    assert_eq!((grey.dimensions(), grey.values()), (&[2, 2, 3][..], &[5; 12][..]));
    let labels = Idx::read(Path::new("labels"), idx_bytes(&[4, 1], &[3, 1, 4, 1]).as_slice(), 1).unwrap();
    assert_eq!(labels.into_labels(), Some(vec![3, 1, 4, 1]));
    for (wanted, sizes, words) in [
        (3, &[2, 3, 28, 28][..], &["has 28 values a pixel (2 x 3 x 28 x 28)", "60000 x 28 x 28 x 3"][..]),
        (3, &[2, 5, 5, 4], &["has 4 values a pixel"]),
        (3, &[2, 5, 5, 3, 1], &["has 5 dimensions; "]),
        (3, &[6, 25], &["has 2 dimensions; "]),
        (1, &[6, 10], &["has 10 labels an image (6 x 10)"]),
        (1, &[6, 5, 5], &["has 3 dimensions; ", "swapped"]),
    ] {
        let count = sizes.iter().product::<u32>() as usize;
        let error = Idx::read(Path::new("other"), idx_bytes(sizes, &vec![1; count]).as_slice(), wanted);
        let problem = file_problem(error.unwrap_err(), "other");
        assert_says(&problem, words);
        assert_eq!(problem.contains("swapped"), words.contains(&"swapped"), "{problem}");
    }
}

#[test]
fn damaged_files_say_what_is_wrong() {
    let good = idx_bytes(&[4, 2, 2], &[7; 16]);
    let packed = gzip(&good);
    let mut corrupt = packed.clone();
    let checksum = corrupt.len() - 8;
    corrupt[checksum] ^= 0xff;
    let cases: Vec<(&str, Vec<u8>, &[&str])> = vec![
        ("empty", vec![], &["is 0 bytes long", "00 00 08 03"]),
        ("short", vec![0, 0, 8], &["is 3 bytes long", "get it again"]),
        (
            "web page",
            b"<!DOCTYPE html>".to_vec(),
            &["starts with 3c 21 44 4f", "00 00 08 03", "another kind"],
        ),
        ("labels", idx_bytes(&[4], &[1; 4]), &["has 1 dimension;", "swapped"]),
        ("floats", vec![0, 0, 0x0d, 3, 0, 0, 0, 1], &["type 0x0d", "not unsigned bytes"]),
        ("half a header", good[..9].to_vec(), &["ends within its header"]),
        ("no images", idx_bytes(&[0, 28, 28], &[]), &["0 x 28 x 28", "none"]),
        ("no rows", idx_bytes(&[9, 0, 28], &[]), &["9 x 0 x 28", "none"]),
        ("short values", good[..good.len() - 1].to_vec(), &["holds 15 values", "promises 16", "truncated"]),
        ("long values", [good.clone(), vec![1]].concat(), &["goes on after the 16 values", "damaged"]),
        ("long inside gzip", gzip(&[good.clone(), vec![1]].concat()), &["goes on after the 16 values"]),
        ("short inside gzip", gzip(&good[..20]), &["holds 4 values", "promises 16"]),
        ("cut gzip", packed[..packed.len() - 9].to_vec(), &["gzip", "truncated"]),
        ("gzip without its end", packed[..packed.len() - 3].to_vec(), &["gzip", "truncated"]),
        ("corrupt gzip", corrupt, &["gzip data is damaged", "get the file again"]),
        (
            "garbage after gzip",
            [packed, b"garbage!!!".to_vec()].concat(),
            &["is whole", "follow its end (67 61 72 62", "cut them off"],
        ),
    ];
    for (name, bytes, words) in cases {
        let error = Idx::read(Path::new(name), bytes.as_slice(), 3).expect_err(name);
        assert_eq!(error.exit_code(), 1);
        assert_says(&file_problem(error, name), words);
    }
}

/// A reader that counts what is taken from it.
struct Counted<'a, R>(R, &'a Cell<usize>);

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.0.read(buffer)?;
        self.1.set(self.1.get() + read);
        Ok(read)
    }
}

#[test]
fn absurd_sizes_are_refused_before_anything_is_read() {
    for sizes in [[u32::MAX, 28, 28], [u32::MAX; 3], [1 << 20, 1 << 6, 1 << 6]] {
        let taken = Cell::new(0);
        let endless = Cursor::new(idx_bytes(&sizes, &[])).chain(std::io::repeat(0));
        let error = Idx::read(Path::new("bomb"), Counted(endless, &taken), 3).unwrap_err();
        let problem = file_problem(error, "bomb");
        assert_says(&problem, &[&sizes[0].to_string(), "1073741824 that are read at most"]);
        assert_eq!(taken.get(), 16, "the header and no more");
    }
}

#[test]
fn a_gzip_bomb_is_read_no_further_than_its_header_promises() {
    let bomb = gzip(&[idx_bytes(&[1, 28, 28], &[]), vec![0; 100_000_000]].concat());
    let taken = Cell::new(0);
    let error = Idx::read(Path::new("bomb"), Counted(bomb.as_slice(), &taken), 3).unwrap_err();
    assert_says(&file_problem(error, "bomb"), &["goes on after the 784 values"]);
    assert!(taken.get() < bomb.len() / 5, "{} of {} compressed bytes read", taken.get(), bomb.len());
}

#[test]
fn sets_of_values_that_do_not_fit_are_refused() {
    for (sizes, count) in [(vec![2, 2], 3), (vec![], 0), (vec![0], 0), (vec![usize::MAX, 2], 2)] {
        assert!(matches!(Idx::new(&sizes, vec![0; count]), Err(Error::Value(_))), "{sizes:?}");
    }
    assert_eq!(
        Idx::new(&[2, 1, 2], vec![1, 2, 3, 4]).unwrap().to_bytes(),
        idx_bytes(&[2, 1, 2], &[1, 2, 3, 4])
    );
}

#[test]
fn a_file_that_cannot_be_read_is_the_systems_fault() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(Idx::open(&folder.path().join("absent"), 3), Err(Error::Io { action: "read", .. })));
}

// ---- whole sets ------------------------------------------------------------------------------------------

#[test]
fn a_set_is_loaded_with_the_checksum_of_its_content() {
    let folder = full_set();
    let set = load(FASHION, &source(&folder)).unwrap();
    assert_eq!((set.train.len(), set.test.len()), (20, 10));
    assert_eq!(set.train.shape(), (2, 3));
    assert_eq!(set.train.labels[13], 3);
    assert_eq!(set.train.images[[1, 0, 0]], 6 * 7);
    assert_eq!(set.set.class_names[9], "Ankle boot");
    assert_eq!(set.checksum, sha256(&Part::ALL.map(content).concat()));

    // The same content stored otherwise is the same set.
    let plain = tempfile::tempdir().unwrap();
    for part in Part::ALL {
        fs::write(plain.path().join(part.file_name()), content(part)).unwrap();
    }
    assert_eq!(load(FASHION, &source(&plain)).unwrap().checksum, set.checksum);
    assert_eq!(load_split(FASHION, &source(&plain), Split::Test).unwrap(), set.test);
}

#[test]
fn every_usual_file_name_is_found_and_contents_outrank_extensions() {
    for rename in [
        |name: &str| name.to_owned(),
        |name: &str| format!("{name}.gz"),
        |name: &str| name.replace("-idx", ".idx"),
        |name: &str| name.replace("-idx", ".idx") + ".gz",
    ] {
        let folder = tempfile::tempdir().unwrap();
        for part in Part::ALL {
            fs::write(folder.path().join(rename(part.file_name())), content(part)).unwrap();
        }
        assert_eq!(load(FASHION, &source(&folder)).unwrap().test.len(), 10);
    }
}

#[test]
fn one_half_is_read_without_the_other() {
    let folder = full_set();
    fs::write(folder.path().join("train-images-idx3-ubyte.gz"), b"rubbish").unwrap();
    assert_eq!(load_split(FASHION, &source(&folder), Split::Test).unwrap().len(), 10);
    assert!(load_split(FASHION, &source(&folder), Split::Train).is_err());

    let half = tempfile::tempdir().unwrap();
    write_set(half.path(), &Split::Test.parts());
    let wanted = Wanted::Folder(half.path().to_owned());
    let nowhere = nowhere();
    let found = locate(FASHION, &wanted, &nowhere, &[Split::Test], &mut |_| ()).unwrap();
    assert_eq!(load_split(FASHION, &found.source, Split::Test).unwrap().len(), 10);
    assert!(locate(FASHION, &wanted, &nowhere, &Split::ALL, &mut |_| ()).is_err());
    let error = load_split(FASHION, &found.source, Split::Train).unwrap_err();
    assert_says(&error.to_string(), &["lacks train-images-idx3-ubyte"]);
}

#[test]
fn sets_that_do_not_hang_together_are_refused() {
    let replace = |part: Part, bytes: Vec<u8>| {
        let folder = full_set();
        fs::write(folder.path().join(format!("{}.gz", part.file_name())), bytes).unwrap();
        load(FASHION, &source(&folder)).unwrap_err()
    };

    let error = replace(Part::TrainLabels, idx_bytes(&[19], &[0; 19]));
    let problem = file_problem(error, "train-labels-idx1-ubyte.gz");
    assert_says(&problem, &["19 labels", "20 images", "train-images-idx3-ubyte.gz"]);

    let mut labels = vec![0; 10];
    labels[4] = 10;
    let error = replace(Part::TestLabels, idx_bytes(&[10], &labels));
    let problem = file_problem(error, "t10k-labels-idx1-ubyte.gz");
    assert_says(&problem, &["label 10 of image 4", "0 to 9"]);

    let error = replace(Part::TestImages, idx_bytes(&[10, 3, 3], &[0; 90]));
    let problem = file_problem(error, "t10k-images-idx3-ubyte.gz");
    assert_says(&problem, &["3 x 3", "2 x 3"]);

    let error = replace(Part::TrainImages, content(Part::TrainLabels));
    assert_says(&file_problem(error, "train-images-idx3-ubyte.gz"), &["swapped"]);
}

#[test]
fn names_are_read_and_unknown_ones_answered_with_the_list() {
    for name in DatasetName::ALL {
        assert_eq!(name.to_string().parse::<DatasetName>().unwrap(), name);
        assert!(d2nn::dataset::CLASSES.contains(&name.class_names().len()));
    }
    let error = "cifar-10".parse::<DatasetName>().unwrap_err();
    assert_eq!(error.exit_code(), 2);
    assert_says(&error.to_string(), &["cifar-10", "fashion-mnist", "mnist"]);
}

// ---- the search ------------------------------------------------------------------------------------------

/// No cache, no system folder, no network.
fn nowhere() -> Places {
    Places { cache: None, system: None, offline: true, patience: quick(), catalogue: None }
}

fn quick() -> Patience {
    Patience {
        connect: Duration::from_secs(5),
        silence: Duration::from_millis(500),
        overall: Duration::from_secs(3),
    }
}

fn search(places: &Places) -> d2nn::dataset::Located {
    locate(FASHION, &Wanted::Search, places, &Split::ALL, &mut |_| ()).unwrap()
}

#[test]
fn the_first_place_that_has_all_files_serves() {
    let root = tempfile::tempdir().unwrap();
    let (cache, system) = (root.path().join("cache"), root.path().join("system"));
    let places = Places { cache: Some(cache.clone()), system: Some(system.clone()), ..nowhere() };

    let found = search(&places);
    assert_eq!(found.source, Source::BuiltinSample);
    let order: Vec<SearchPlace> = found.steps.iter().map(|step| step.place).collect();
    assert_eq!(
        order,
        [SearchPlace::Cache, SearchPlace::System, SearchPlace::Download, SearchPlace::BuiltinSample]
    );
    assert_says(&found.warning().unwrap(), &["6000", "1000", "do not compare", "d2nn data fetch", "OFFLINE"]);

    write_set(&system.join("fashion-mnist"), &Part::ALL);
    let found = search(&places);
    assert_eq!(found.source, Source::System(system.join("fashion-mnist")));
    assert_eq!(found.warning(), None);

    // A cache with a hole does not serve, and says which hole.
    write_set(&cache.join("fashion-mnist"), &[Part::TrainImages, Part::TrainLabels, Part::TestImages]);
    let found = search(&places);
    assert_eq!(found.source, Source::System(system.join("fashion-mnist")));
    assert_eq!(found.steps[0].finding, Finding::Absent("lacks t10k-labels-idx1-ubyte".into()));

    write_set(&cache.join("fashion-mnist"), &[Part::TestLabels]);
    assert_eq!(search(&places).source, Source::Cache(cache.join("fashion-mnist")));
    assert_eq!(load(FASHION, &search(&places).source).unwrap().train.len(), 20);

    let survey = survey(FASHION, &places);
    assert_eq!(survey.len(), 4, "a survey goes through all places");
    assert_eq!(survey[0].finding, Finding::Found);
}

#[test]
fn a_named_folder_is_never_replaced() {
    let root = tempfile::tempdir().unwrap();
    let cache = root.path().join("cache");
    write_set(&cache.join("fashion-mnist"), &Part::ALL);
    let places = Places { cache: Some(cache), ..nowhere() };
    let named = root.path().join("mine");
    let look = || locate(FASHION, &Wanted::Folder(named.clone()), &places, &Split::ALL, &mut |_| ());

    assert_says(&file_problem(look().unwrap_err(), "mine"), &["no such folder"]);
    write_set(&named, &[Part::TrainImages, Part::TestImages, Part::TestLabels]);
    assert_says(&file_problem(look().unwrap_err(), "mine"), &["lacks train-labels-idx1-ubyte:"]);
    write_set(&named, &[Part::TrainLabels]);
    assert_eq!(look().unwrap().source, Source::Folder(named.clone()));
}

#[test]
fn words_name_places_and_everything_else_a_folder() {
    let wanted = |text: &str| Wanted::from(OsString::from(text));
    assert_eq!(wanted("builtin"), Wanted::Builtin);
    assert_eq!(wanted("download"), Wanted::Download);
    assert_eq!(wanted("./builtin"), Wanted::Folder("./builtin".into()));
    assert_eq!(Wanted::default(), Wanted::Search);
}

#[test]
fn mnist_has_no_sample_and_says_what_to_do() {
    let mnist = DatasetName::Mnist;
    let error = locate(mnist, &Wanted::Search, &nowhere(), &Split::ALL, &mut |_| ()).unwrap_err();
    let words =
        ["mnist was not found", "d2nn data fetch mnist", "training.data", "D2NN_OFFLINE", "D2NN_CACHE"];
    assert_says(&error.to_string(), &words);

    let error = locate(mnist, &Wanted::Builtin, &nowhere(), &Split::ALL, &mut |_| ()).unwrap_err();
    assert_eq!(error.exit_code(), 2);
    assert_says(&error.to_string(), &["built-in sample", "fashion-mnist"]);
    let error = load(mnist, &Source::BuiltinSample).unwrap_err();
    assert_says(&error.to_string(), &["sample", "fashion-mnist"]);
}

#[test]
fn a_download_that_is_asked_for_but_forbidden_is_wrong_usage() {
    for places in [nowhere(), Places { offline: false, ..nowhere() }] {
        let error = locate(FASHION, &Wanted::Download, &places, &Split::ALL, &mut |_| ()).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert_says(&error.to_string(), &[if places.offline { "D2NN_OFFLINE" } else { "D2NN_CACHE" }]);
    }
}

#[test]
fn the_environment_names_the_places() {
    let places = |variables: &[(&str, &str)]| {
        let find = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into());
        Places::from_variables(find)
    };
    assert_eq!(places(&[]).cache, None);
    assert_eq!(places(&[("D2NN_CACHE", "/c"), ("HOME", "/h")]).cache, Some(PathBuf::from("/c")));
    #[cfg(all(unix, not(target_os = "macos")))]
    {
        let home = ("HOME", "/h");
        assert_eq!(places(&[home]).cache, Some(PathBuf::from("/h/.cache/d2nn")));
        assert_eq!(places(&[home, ("XDG_CACHE_HOME", "/x")]).cache, Some(PathBuf::from("/x/d2nn")));
        // The XDG specification: a relative path is to be ignored; an empty variable counts as absent.
        assert_eq!(places(&[home, ("XDG_CACHE_HOME", "x")]).cache, Some(PathBuf::from("/h/.cache/d2nn")));
        assert_eq!(places(&[home, ("D2NN_CACHE", "")]).cache, Some(PathBuf::from("/h/.cache/d2nn")));
        assert_eq!(places(&[home]).system, Some(PathBuf::from("/usr/share/datasets")));
    }
    for (value, offline) in [("1", true), ("yes", true), ("0", false), ("", false)] {
        assert_eq!(places(&[("D2NN_OFFLINE", value)]).offline, offline, "{value}");
    }
    assert!(!places(&[]).offline);
}

#[test]
fn gzip_files_may_be_what_is_vouched_for() {
    let (base, _) = good_server();
    let cache = tempfile::tempdir().unwrap();
    let mut published = catalogue(&[&base]);
    for file in &mut published.files {
        (file.packed, file.sha256) = (true, sha256(&gzip(&content(file.part))));
    }
    let places = Places { catalogue: Some(published.clone()), ..online(&cache, &[]) };
    let found = locate(FASHION, &Wanted::Download, &places, &Split::ALL, &mut |_| ()).unwrap();
    let folder = found.source.folder().unwrap();
    assert!(verify(FASHION, folder, &places).iter().all(|(_, _, verdict)| *verdict == Verdict::Published));
    // The same content in another wrapping may be the published one or not.
    let labels = folder.join("t10k-labels-idx1-ubyte.gz");
    fs::write(&labels, content(Part::TestLabels)).unwrap();
    assert_eq!(verify(FASHION, folder, &places)[3].2, Verdict::Unlisted(sha256(&content(Part::TestLabels))));

    published.files[3].sha256 = sha256(b"another file");
    fs::remove_file(&labels).unwrap();
    let places = Places { catalogue: Some(published), ..places };
    let error = locate(FASHION, &Wanted::Download, &places, &Split::ALL, &mut |_| ()).unwrap_err();
    assert_says(&error.to_string(), &["not the published one", &sha256(&gzip(&content(Part::TestLabels)))]);
    assert!(!labels.exists());
}

#[test]
fn checksums_are_verified_file_by_file() {
    let folder = full_set();
    let places = Places { catalogue: Some(catalogue(&[])), ..nowhere() };
    fs::write(folder.path().join("t10k-labels-idx1-ubyte.gz"), idx_bytes(&[2], &[1, 2])).unwrap();
    fs::write(folder.path().join("t10k-images-idx3-ubyte.gz"), b"?").unwrap();
    let verdicts = verify(FASHION, folder.path(), &places);
    assert_eq!((verdicts[0].1, &verdicts[0].2), (20, &Verdict::Published));
    assert_eq!((verdicts[1].1, &verdicts[1].2), (20, &Verdict::Published));
    assert!(matches!(&verdicts[2].2, Verdict::Damaged(why) if why.contains("1 byte long")));
    assert_eq!((verdicts[3].1, &verdicts[3].2), (2, &Verdict::Other(sha256(&idx_bytes(&[2], &[1, 2])))));
}

// ---- downloads -------------------------------------------------------------------------------------------

/// What the server does with a connection after it has read the request for a path.
type Answer = Box<dyn Fn(&str, &mut TcpStream) + Send>;

/// A server on this machine; its base address and the number of requests it has had.
fn serve(answer: Answer) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/", listener.local_addr().unwrap());
    let requests = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&requests);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            let mut byte = [0];
            while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
                request.push(byte[0]);
            }
            counter.fetch_add(1, Ordering::SeqCst);
            let request = String::from_utf8_lossy(&request).into_owned();
            answer(request.split(' ').nth(1).unwrap_or(""), &mut stream);
        }
    });
    (base, requests)
}

fn respond(stream: &mut TcpStream, status: &str, body: &[u8]) {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    // The client may have hung up, which is for the test to judge, not for the server.
    let _ = stream.write_all(&[head.as_bytes(), body].concat());
}

/// Serves the small data set.
fn good_server() -> (String, Arc<AtomicUsize>) {
    serve(Box::new(|path, stream| {
        match Part::ALL.into_iter().find(|part| path == format!("/{}.gz", part.file_name())) {
            Some(part) => respond(stream, "200 OK", &gzip(&content(part))),
            None => respond(stream, "404 Not Found", b"no"),
        }
    }))
}

/// The small data set as if it were published at these addresses.
fn catalogue(mirrors: &[&str]) -> Catalogue {
    let mut catalogue = Catalogue::published(FASHION).unwrap();
    catalogue.mirrors = mirrors.iter().map(|mirror| (*mirror).to_owned()).collect();
    for file in &mut catalogue.files {
        file.bytes = content(file.part).len() as u64;
        file.sha256 = sha256(&content(file.part));
    }
    catalogue
}

fn online(cache: &TempDir, mirrors: &[&str]) -> Places {
    Places {
        cache: Some(cache.path().to_owned()),
        offline: false,
        catalogue: Some(catalogue(mirrors)),
        ..nowhere()
    }
}

#[test]
fn a_set_is_downloaded_once() {
    let (base, requests) = good_server();
    let cache = tempfile::tempdir().unwrap();
    let places = online(&cache, &[&base]);
    let mut seen = Vec::new();
    let found = locate(FASHION, &Wanted::Search, &places, &Split::ALL, &mut |step| {
        seen.push((step.url.to_owned(), step.received, step.total));
    })
    .unwrap();
    let folder = cache.path().join("fashion-mnist");
    assert_eq!(found.source, Source::Download(folder.clone()));
    assert_eq!(load(FASHION, &found.source).unwrap().checksum, sha256(&Part::ALL.map(content).concat()));
    assert_eq!(requests.load(Ordering::SeqCst), 4);
    let (url, received, total) = seen.last().unwrap();
    assert_eq!(url, &format!("{base}t10k-labels-idx1-ubyte.gz"));
    assert_eq!(Some(*received), *total);

    assert_eq!(search(&places).source, Source::Cache(folder.clone()));
    assert_eq!(requests.load(Ordering::SeqCst), 4, "the cache serves from now on");

    // A search trusts the cache; a download that is asked for puts a damaged file right, and only that.
    fs::write(folder.join("t10k-labels-idx1-ubyte.gz"), b"damaged").unwrap();
    let found = locate(FASHION, &Wanted::Download, &places, &Split::ALL, &mut |_| ()).unwrap();
    assert_eq!(requests.load(Ordering::SeqCst), 5);
    assert_eq!(load(FASHION, &found.source).unwrap().test.len(), 10);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 4);
}

#[test]
fn only_the_files_that_are_needed_are_downloaded() {
    let (base, requests) = good_server();
    let cache = tempfile::tempdir().unwrap();
    let places = online(&cache, &[&base]);
    locate(FASHION, &Wanted::Search, &places, &[Split::Test], &mut |_| ()).unwrap();
    assert_eq!(requests.load(Ordering::SeqCst), 2);
    search(&places);
    assert_eq!(requests.load(Ordering::SeqCst), 4);
}

#[test]
fn mirrors_are_tried_in_turn() {
    let (empty, refusals) = serve(Box::new(|_, stream| respond(stream, "404 Not Found", b"")));
    let (base, _) = good_server();
    let cache = tempfile::tempdir().unwrap();
    let found = search(&online(&cache, &[&empty, &base]));
    assert_eq!(refusals.load(Ordering::SeqCst), 4);
    assert_eq!(load(FASHION, &found.source).unwrap().train.len(), 20);
}

/// Downloads the training images from a server that answers like this; the error, after checks that nothing
/// was kept.
fn failed_download(answer: Answer) -> String {
    let (base, _) = serve(answer);
    let folder = tempfile::tempdir().unwrap();
    let error =
        download::fetch(&catalogue(&[&base]), Part::TrainImages, folder.path(), &quick(), &mut |_| ())
            .unwrap_err();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is kept: {error}");
    assert!(matches!(error, Error::Download { .. }), "{error}");
    let message = error.to_string();
    assert_says(&message, &[&base, "train-images-idx3-ubyte.gz", "training.data"]);
    message
}

#[test]
fn an_absent_file_is_reported_with_the_status() {
    assert_says(&failed_download(Box::new(|_, stream| respond(stream, "404 Not Found", b""))), &["404"]);
    assert_says(&failed_download(Box::new(|_, stream| respond(stream, "503 Busy", b""))), &["503"]);
}

#[test]
fn other_content_is_refused_and_both_checksums_shown() {
    let mut other = content(Part::TrainImages);
    *other.last_mut().unwrap() ^= 1;
    let (expected, found) = (sha256(&content(Part::TrainImages)), sha256(&other));
    let message = failed_download(Box::new(move |_, stream| respond(stream, "200 OK", &gzip(&other))));
    assert_says(&message, &[&expected, &found, "nothing was kept"]);
    // What a hotel's network answers with.
    let message = failed_download(Box::new(|_, stream| respond(stream, "200 OK", b"<html>Log in</html>")));
    assert_says(&message, &["19 bytes", &expected]);
}

#[test]
fn truncated_bodies_are_refused() {
    let message = failed_download(Box::new(|_, stream| {
        let body = gzip(&content(Part::TrainImages));
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        let _ = stream.write_all(&[head.as_bytes(), &body[..20]].concat());
    }));
    assert_says(&message, &["the connection broke after 20 bytes"]);

    let message = failed_download(Box::new(|_, stream| {
        let body = gzip(&content(Part::TrainImages));
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        let _ = stream.write_all(&body[..body.len() - 6]);
    }));
    assert_says(&message, &["no sound gzip file", "nothing was kept"]);
}

#[test]
fn endless_bodies_end() {
    let started = Instant::now();
    // Plain rubbish: stopped by the length of the content.
    let message = failed_download(Box::new(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        while stream.write_all(&[7; 4096]).is_ok() {}
    }));
    assert_says(&message, &["not the published one: over 136 bytes", "expected 136 bytes"]);

    // Endless empty gzip members: content that never comes, stopped by the length of the body.
    let message = failed_download(Box::new(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        let nothing = gzip(b"");
        while stream.write_all(&nothing).is_ok() {}
    }));
    assert_says(&message, &["sends more than the 4232 bytes"]);

    let message = failed_download(Box::new(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n");
    }));
    assert_says(&message, &["offers 99999999999 bytes", "4232"]);
    assert!(started.elapsed() < Duration::from_secs(6), "{:?}", started.elapsed());
}

#[test]
fn silent_and_dripping_servers_are_given_up() {
    let started = Instant::now();
    let message = failed_download(Box::new(|_, stream| {
        // Until the client hangs up.
        let _ = stream.read(&mut [0]);
    }));
    assert_says(&message, &["timeout"]);
    assert!(started.elapsed() < Duration::from_millis(2500), "{:?}", started.elapsed());

    let started = Instant::now();
    let message = failed_download(Box::new(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n\x1f\x8b\x08");
        let _ = stream.read(&mut [0]);
    }));
    assert_says(&message, &["the connection broke after 3 bytes", "timeout"]);
    assert!(started.elapsed() < Duration::from_millis(2500), "{:?}", started.elapsed());

    let started = Instant::now();
    let message = failed_download(Box::new(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n\x1f\x8b\x08\0\0\0\0\0\0\0");
        // An empty stored block now and then: sound so far, and never finished.
        while stream.write_all(&[0, 0, 0, 0xff, 0xff]).is_ok() {
            std::thread::sleep(Duration::from_millis(100));
        }
    }));
    assert_says(&message, &["the connection broke", "timeout"]);
    assert!(started.elapsed() < Duration::from_secs(6), "{:?}", started.elapsed());
}

#[test]
fn a_failed_download_falls_back_to_the_sample_aloud() {
    let (empty, _) = serve(Box::new(|_, stream| respond(stream, "404 Not Found", b"")));
    let cache = tempfile::tempdir().unwrap();
    let places = online(&cache, &[&empty]);
    let found = search(&places);
    assert_eq!(found.source, Source::BuiltinSample);
    assert_says(&found.warning().unwrap(), &["sample", "the download failed", "404"]);
    let error = locate(FASHION, &Wanted::Download, &places, &Split::ALL, &mut |_| ()).unwrap_err();
    assert!(matches!(error, Error::Download { .. }), "asked for, it is an error: {error}");
}

#[test]
fn a_folder_that_cannot_be_written_is_no_mirrors_fault() {
    let (base, requests) = good_server();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, b"").unwrap();
    let error = download::fetch(&catalogue(&[&base, &base]), Part::TestLabels, &file, &quick(), &mut |_| ())
        .unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error}");
    assert_eq!(requests.load(Ordering::SeqCst), 0);
}

// ---- the sample ------------------------------------------------------------------------------------------

#[test]
fn the_sample_is_balanced_and_what_it_was() {
    let set = load(FASHION, &Source::BuiltinSample).unwrap();
    assert_eq!(set.checksum, SAMPLE_CHECKSUM);
    assert_eq!(set.train.images.dim(), (6000, 28, 28));
    assert_eq!(set.test.images.dim(), (1000, 28, 28));
    for class in 0..10 {
        assert_eq!(set.train.labels.iter().filter(|label| **label == class).count(), 600);
        assert_eq!(set.test.labels.iter().filter(|label| **label == class).count(), 100);
    }
    // The published sets begin with an ankle boot and a T-shirt; the test set with an ankle boot and a pullover.
    assert_eq!((set.train.labels[0], set.train.labels[1]), (9, 0));
    assert_eq!((set.test.labels[0], set.test.labels[1]), (9, 2));
    assert!(set.source.warning().is_some());
    assert_says(SAMPLE_LICENCE, &["Zalando SE", "Permission is hereby granted"]);
    assert_eq!(load_split(FASHION, &Source::BuiltinSample, Split::Test).unwrap(), set.test);
}

// ---- splits ----------------------------------------------------------------------------------------------

fn labels(counts: &[usize]) -> Vec<u8> {
    let longest = counts.iter().max().copied().unwrap_or(0);
    (0..longest)
        .flat_map(|round| (0..counts.len()).filter(move |class| round < counts[*class]))
        .map(|class| class as u8)
        .collect()
}

fn count(labels: &[u8], chosen: &[usize], classes: usize) -> Vec<usize> {
    (0..classes)
        .map(|class| chosen.iter().filter(|index| usize::from(labels[**index]) == class).count())
        .collect()
}

#[test]
fn a_split_is_disjoint_complete_sorted_and_stratified() {
    let labels = labels(&[100; 10]);
    let split = hold_out(&labels, 200, 7).unwrap();
    assert_eq!(count(&labels, &split.validation, 10), [20; 10]);
    assert_eq!(count(&labels, &split.training, 10), [80; 10]);
    assert!(split.training.is_sorted() && split.validation.is_sorted());
    let mut all = [split.training.clone(), split.validation.clone()].concat();
    all.sort_unstable();
    assert_eq!(all, (0..1000).collect::<Vec<_>>());

    assert_eq!(hold_out(&labels, 200, 7).unwrap(), split, "a pure function");
    assert_ne!(hold_out(&labels, 200, 8).unwrap(), split, "the seed matters");
    assert_ne!(split.validation, (0..200).collect::<Vec<_>>(), "not simply the first ones");
}

#[test]
fn numbers_that_do_not_divide_and_small_classes_are_levelled() {
    let even = labels(&[10, 10, 10]);
    assert_eq!(count(&even, &hold_out(&even, 8, 1).unwrap().validation, 3), [3, 3, 2]);
    let uneven = labels(&[2, 10, 10]);
    assert_eq!(count(&uneven, &hold_out(&uneven, 12, 1).unwrap().validation, 3), [2, 5, 5]);
    assert!(hold_out(&even, 0, 1).unwrap().validation.is_empty());
    assert_eq!(hold_out(&even, 29, 1).unwrap().training.len(), 1);
}

#[test]
fn holding_everything_out_is_refused() {
    for validation in [30, 31, usize::MAX] {
        let error = hold_out(&labels(&[10, 10, 10]), validation, 1).unwrap_err();
        assert_says(&error.to_string(), &[&validation.to_string(), "of 30"]);
    }
    assert!(hold_out(&[], 0, 1).is_err());
}

#[test]
fn the_order_of_an_epoch_depends_on_seed_and_epoch_alone() {
    let indices: Vec<usize> = (0..50).map(|index| 3 * index).collect();
    let order = epoch_order(&indices, 5, 2);
    assert_eq!(epoch_order(&indices, 5, 2), order);
    assert_ne!(epoch_order(&indices, 5, 3), order);
    assert_ne!(epoch_order(&indices, 6, 2), order);
    let mut sorted = order.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, indices);
    assert!(epoch_order(&[], 1, 1).is_empty());
}

#[test]
fn orders_and_splits_stay_what_they_are() {
    // From ChaCha with 8 rounds and the shuffle written anew in another language: a training that was
    // interrupted must go on the same with a later version.
    assert_eq!(epoch_order(&(0..10).collect::<Vec<_>>(), 5, 2), [3, 5, 0, 4, 7, 8, 6, 9, 1, 2]);
    assert_eq!(hold_out(&[0, 1].repeat(10), 6, 7).unwrap().validation, [0, 7, 13, 16, 18, 19]);
}

#[test]
fn every_order_is_equally_likely() {
    let mut counts = std::collections::HashMap::new();
    for epoch in 0..6000 {
        *counts.entry(epoch_order(&[0, 1, 2], 1, epoch)).or_insert(0) += 1;
    }
    assert_eq!(counts.len(), 6);
    // 1000 expected, standard deviation 29: five of them.
    assert!(counts.values().all(|count| (855..=1145).contains(count)), "{counts:?}");
}
