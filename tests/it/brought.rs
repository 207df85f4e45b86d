//! Data sets as loaders, archives and people leave them: each layout, and each wrong one with its message.

use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;

use d2nn::dataset::idx::Idx;
use d2nn::dataset::{
    DatasetName, ImageSet, Part, Places, Source, Split, Wanted, load, load_half, load_split, locate, look,
};
use d2nn::npy::array_bytes;
use d2nn::raster::{Samples, png};
use d2nn::{Error, dataset};
use ndarray::{Array1, Array2, Array3, Array4};
use tempfile::TempDir;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// The message of `result`, which must name the end of a path.
#[track_caller]
fn problem<T>(result: Result<T, Error>, file: &str, words: &[&str]) {
    let message = result.err().unwrap_or_else(|| panic!("{file} was read")).to_string();
    assert!(message.contains(file), "{file} is not named in: {message}");
    for word in words {
        assert!(message.contains(word), "\"{word}\" is not in: {message}");
    }
}

fn idx(sizes: &[usize], value: impl Fn(usize) -> u8) -> Vec<u8> {
    Idx::new(sizes, (0..sizes.iter().product()).map(value).collect()).unwrap().to_bytes()
}

/// The four files of a set of 8 training and 4 test images of 9 x 8 values, by the function of their names.
fn write_idx(folder: &Path, file: impl Fn(Part) -> String, label: impl Fn(usize) -> u8) {
    for part in Part::ALL {
        let count = if Split::Train.parts().contains(&part) { 8 } else { 4 };
        let bytes = match part.dimensions() {
            3 => idx(&[count, 9, 8], |index| (index % 251) as u8),
            _ => idx(&[count], &label),
        };
        let path = folder.join(file(part));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

// ---- IDX files -------------------------------------------------------------------------------------------

#[test]
fn folders_of_loaders_are_searched() {
    type Layout = (DatasetName, fn(Part) -> String);
    let layouts: [Layout; 7] = [
        // torchvision
        (DatasetName::FashionMnist, |part| format!("FashionMNIST/raw/{}", part.file_name())),
        (DatasetName::Mnist, |part| format!("MNIST/raw/{}", part.file_name())),
        (DatasetName::Kmnist, |part| format!("KMNIST/raw/{}", part.file_name())),
        // the folder of one of them
        (DatasetName::Kmnist, |part| format!("raw/{}", part.file_name())),
        // Kaggle
        (DatasetName::FashionMnist, |part| format!("{0}/{0}", part.file_name())),
        (DatasetName::Mnist, |part| part.file_name().replace("-idx", ".idx")),
        // a cache of this program
        (DatasetName::Kmnist, |part| format!("kmnist/{}", part.file_name())),
    ];
    for (name, file) in layouts {
        let folder = tempfile::tempdir().unwrap();
        write_idx(folder.path(), file, |index| (index % 10) as u8);
        let wanted = Wanted::Folder(folder.path().to_owned());
        let places = Places::from_variables(|_| None);
        let found = locate(name, &wanted, &places, &Split::ALL, &mut |_| ()).unwrap();
        let set = load(name, &found.source).unwrap();
        assert_eq!((set.train.len(), set.test.len()), (8, 4), "{}", file(Part::TestImages));
        // Some other 12 images: known not to be the published ones, where those are known.
        assert_eq!(set.published, (name != DatasetName::Kmnist).then_some(false));
    }
}

#[test]
fn halves_of_different_folders_are_not_put_together() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    write_idx(path, |part| format!("raw/{}", part.file_name()), |_| 1);
    // Labels alone lie in the folder itself, of which the images are elsewhere.
    fs::write(path.join("t10k-labels-idx1-ubyte"), idx(&[4], |_| 2)).unwrap();
    let test = load_split(DatasetName::Mnist, &Source::Folder(path.to_owned()), Split::Test).unwrap();
    assert_eq!(test.labels, [1, 1, 1, 1]);
}

#[test]
fn files_that_lie_elsewhere_are_named() {
    let folder = tempfile::tempdir().unwrap();
    write_idx(&folder.path().join("deep"), |part| part.file_name().into(), |_| 0);
    let wanted = Wanted::Folder(folder.path().to_owned());
    let places = Places::from_variables(|_| None);
    let found = locate(DatasetName::Mnist, &wanted, &places, &[Split::Test], &mut |_| ());
    let name = folder.path().file_name().unwrap().to_str().unwrap();
    problem(found.map(drop), name, &["lacks t10k-images-idx3-ubyte", "deep/t10k-images-idx3-ubyte", "..."]);
}

#[test]
fn emnist_stands_upright_and_counts_from_nought() {
    let folder = tempfile::tempdir().unwrap();
    let file = |part: Part| format!("gzip/{}", part.published_name(Some(DatasetName::EmnistLetters)));
    assert_eq!(file(Part::TestLabels), "gzip/emnist-letters-test-labels-idx1-ubyte");
    write_idx(folder.path(), file, |index| 1 + 3 * index as u8);
    let source = Source::Folder(folder.path().to_owned());
    let letters = load(DatasetName::EmnistLetters, &source).unwrap();
    assert_eq!(letters.test.labels, [0, 3, 6, 9]);
    assert_eq!(letters.set.class_name(3), "D");
    // The file has 9 rows of 8 values, which are the columns of the image.
    assert_eq!(letters.test.shape(), (8, 9));
    assert_eq!(letters.test.images[[0, 5, 7]], 7 * 8 + 5);
    assert_eq!(letters.published, None);

    write_idx(folder.path(), file, |_| 0);
    problem(
        load(DatasetName::EmnistLetters, &source),
        "emnist-letters-train-labels",
        &["label 0", "1 to 26"],
    );
    problem(
        load_split(DatasetName::EmnistDigits, &source, Split::Test),
        "lacks emnist-digits-test-images-idx3-ubyte",
        &["emnist-letters-test-images"],
    );
}

#[test]
fn a_set_of_ones_own_has_the_classes_of_its_list() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    write_idx(path, |part| part.file_name().into(), |index| (index % 3) as u8);
    let set = look(path, None).unwrap();
    assert_eq!(
        (set.class_names, set.shape, set.known),
        (vec!["0".into(), "1".into(), "2".into()], (9, 8), None)
    );
    assert!(!dataset::brings_classes(path));
    // As Windows saves it.
    fs::write(path.join("labels.txt"), "\u{feff}cat\r\ndog\r\n\r\nox\r\n").unwrap();
    assert!(dataset::brings_classes(path));
    let set = look(path, None).unwrap();
    assert_eq!(set.class_names, ["cat", "dog", "ox"]);
    let whole = load(&set, &Source::Folder(path.to_owned())).unwrap();
    assert_eq!((whole.train.len(), whole.published), (8, None));

    fs::write(path.join("labels.txt"), "cat\ndog\n").unwrap();
    problem(look(path, None), "labels.txt", &["2 classes", "up to 2"]);
    fs::write(path.join("labels.txt"), "cat\ndog\ncat\n").unwrap();
    problem(look(path, None), "labels.txt", &["classes 0 and 2", "\"cat\""]);
    fs::write(path.join("labels.txt"), "cat\ndog\n").unwrap();
    let two = ImageSet::own("two", vec!["cat".into(), "dog".into()], (9, 8)).unwrap();
    problem(
        load(&two, &Source::Folder(path.to_owned())),
        "train-labels-idx1-ubyte",
        &["label 2 of image 2", "two has the labels 0 to 1"],
    );
}

#[test]
fn too_many_classes_and_too_small_images_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    write_idx(path, |part| part.file_name().into(), |index| if index == 3 { 100 } else { 0 });
    problem(look(path, None), "train-labels-idx1-ubyte", &["label 100", "at most 100 classes"]);
    write_idx(path, |part| part.file_name().into(), |index| (index % 2) as u8);
    for part in [Part::TrainImages, Part::TestImages] {
        fs::write(path.join(part.file_name()), idx(&[8, 7, 8], |_| 0)).unwrap();
    }
    let name = path.file_name().unwrap().to_str().unwrap();
    problem(look(path, None), name, &["7 rows and 8 columns", "8 to 256"]);
    assert!(ImageSet::own("one", vec!["only".into()], (9, 9)).is_err());
    assert!(ImageSet::own("blank", vec!["a".into(), " ".into()], (9, 9)).is_err());
}

// ---- NumPy archives --------------------------------------------------------------------------------------

/// An archive of `parts` in a folder of its own, packed as Keras packs its own.
fn archive(parts: &[(&str, Vec<u8>)]) -> (TempDir, Source) {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in parts {
        zip.start_file(format!("{name}.npy"), options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("set.npz");
    fs::write(&path, zip.finish().unwrap().into_inner()).unwrap();
    (folder, Source::File(path))
}

/// A test half with these images and labels.
fn test_half(images: Vec<u8>, labels: Vec<u8>) -> (TempDir, Source) {
    archive(&[("x_test", images), ("y_test", labels)])
}

fn three() -> ImageSet {
    ImageSet::own("set.npz", ["a", "b", "c"].map(str::to_owned).into(), (8, 9)).unwrap()
}

#[test]
fn arrays_of_every_kind_are_images() {
    let value = |n: usize, y: usize, x: usize| (n * 72 + y * 9 + x) as u8;
    let plain = Array3::from_shape_fn((3, 8, 9), |(n, y, x)| value(n, y, x));
    let labels = array_bytes(&Array1::from(vec![2_i64, 0, 1]));
    let column = array_bytes(&Array2::from_shape_fn((3, 1), |(n, _)| [2_u8, 0, 1][n]));
    let channel = Array4::from_shape_fn((3, 8, 9, 1), |(n, y, x, _)| value(n, y, x));
    let first = Array4::from_shape_fn((3, 1, 8, 9), |(n, _, y, x)| value(n, y, x));
    let grey = Array4::from_shape_fn((3, 8, 9, 3), |(n, y, x, _)| value(n, y, x));
    for (what, images, labels) in [
        ("bytes", array_bytes(&plain), labels.clone()),
        ("labels in a column", array_bytes(&plain), column),
        ("a channel at the end", array_bytes(&channel), labels.clone()),
        ("a channel in front", array_bytes(&first), labels.clone()),
        ("three channels alike", array_bytes(&grey), labels.clone()),
        ("numbers from 0 to 1", array_bytes(&plain.mapv(|v| f32::from(v) / 255.0)), labels.clone()),
        ("whole numbers", array_bytes(&plain.mapv(i64::from)), labels.clone()),
    ] {
        let (_folder, source) = test_half(images, labels);
        let half = load_half(three(), &source, Split::Test).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(half.images.images, plain, "{what}");
        assert_eq!((half.images.labels, half.published), (vec![2, 0, 1], None), "{what}");
    }
    // Rec. ITU-R BT.709: a pure green of 200 has the luma 0.7152 * 200 = 143.
    let green =
        Array4::from_shape_fn((1, 8, 9, 3), |(_, _, _, channel)| if channel == 1 { 200_u8 } else { 0 });
    let (_folder, source) = test_half(array_bytes(&green), array_bytes(&Array1::from(vec![1_u8])));
    let images = load_split(three(), &source, Split::Test).unwrap();
    assert!(images.images.iter().all(|value| *value == 143));
    // MedMNIST's names.
    let (_folder, source) =
        archive(&[("test_images", array_bytes(&plain)), ("test_labels", labels), ("val_images", vec![])]);
    assert_eq!(load_split(three(), &source, Split::Test).unwrap().images, plain);
}

#[test]
fn an_archive_of_published_images_is_known_for_them() {
    // The content of the files in another wrapping has the same checksums; of 500 images it is not the published.
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/mnist");
    let images = load_split(DatasetName::Mnist, &Source::Folder(fixtures.clone()), Split::Test).unwrap();
    let (_folder, source) =
        test_half(array_bytes(&images.images), array_bytes(&Array1::from(images.labels.clone())));
    let packed = load_half(DatasetName::Mnist, &source, Split::Test).unwrap();
    assert_eq!((packed.images, packed.published), (images, Some(false)));
}

#[test]
fn arrays_that_are_no_images_say_so() {
    let images = || array_bytes(&Array3::<u8>::zeros((3, 8, 9)));
    let labels = || array_bytes(&Array1::from(vec![0_u8, 1, 2]));
    let ramp =
        |scale: f32| array_bytes(&Array3::from_shape_fn((3, 8, 9), |(n, _, x)| scale * (n * 9 + x) as f32));
    for (what, images, labels, words) in [
        ("two dimensions", array_bytes(&Array2::<u8>::zeros((3, 72))), labels(), &["x_test", "[3, 72]"][..]),
        (
            "four channels",
            array_bytes(&Array4::<u8>::zeros((3, 8, 9, 4))),
            labels(),
            &["[3, 8, 9, 4]", "1 or 3"],
        ),
        ("none", array_bytes(&Array3::<u8>::zeros((0, 8, 9))), labels(), &["x_test", "no images"]),
        ("numbers to 255", ramp(9.0), labels(), &["x_test", "value 9 at 1", "from 0 to 1", "divide"]),
        (
            "below zero",
            array_bytes(&Array3::from_elem((3, 8, 9), -1_i16)),
            labels(),
            &["-1", "from 0 to 255"],
        ),
        (
            "no numbers",
            array_bytes(&Array3::from_elem((3, 8, 9), f32::NAN)),
            labels(),
            &["NaN", "from 0 to 1"],
        ),
        (
            "halves",
            images(),
            array_bytes(&Array1::from(vec![0.5, 1.0, 2.0])),
            &["y_test", "label 0.5 of image 0"],
        ),
        (
            "one-hot",
            images(),
            array_bytes(&Array2::<f32>::eye(3)),
            &["y_test", "[3, 3]", "one number for each image"],
        ),
        (
            "a class too many",
            images(),
            array_bytes(&Array1::from(vec![0, 3, 1])),
            &["label 3 of image 1", "0 to 2"],
        ),
        ("few labels", images(), array_bytes(&Array1::from(vec![0, 1])), &["2 labels", "3 images"]),
        ("text", images(), b"[0, 1, 2]".to_vec(), &["y_test", "no NumPy array"]),
    ] {
        let (_folder, source) = test_half(images, labels);
        eprintln!("{what}");
        problem(load_split(three(), &source, Split::Test), "set.npz", words);
    }
    let (_folder, source) = archive(&[("images", images()), ("labels", labels())]);
    problem(
        load_split(three(), &source, Split::Test),
        "set.npz",
        &["lacks y_test", "images, labels", "x_train, y_train, x_test and y_test"],
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("set.npz");
    fs::write(&path, b"P5 3 3 255").unwrap();
    problem(look(&path, None), "set.npz", &["no NumPy archive", "x_train"]);
    fs::write(&path, b"PK\x03\x04 and no more").unwrap();
    problem(look(&path, None), "set.npz", &[]);
}

// ---- pictures --------------------------------------------------------------------------------------------

/// A picture of `size` with a bright block, in a folder that is made.
fn picture(path: &Path, (rows, columns): (usize, usize), left: usize) {
    let values: Vec<u8> = (0..rows * columns)
        .map(|index| {
            let (y, x) = (index / columns, index % columns);
            if (rows / 4..rows / 2).contains(&y) && (left..left + columns / 4).contains(&x) { 250 } else { 0 }
        })
        .collect();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, png(&values, columns, rows, Samples::Grey).unwrap()).unwrap();
}

#[test]
fn folders_of_pictures_are_classes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    for class in ["ox", "cat"] {
        for number in 0..3 {
            picture(&path.join(format!("train/{class}/{number}.png")), (40, 60), 10 * number);
        }
        picture(&path.join(format!("test/{class}/a.PNG")), (90, 90), 20);
    }
    fs::write(path.join("train/cat/.DS_Store"), "x").unwrap();
    fs::write(path.join("train/cat/notes.txt"), "x").unwrap();
    assert!(dataset::brings_classes(path));
    let set = look(path, Some((20, 32))).unwrap();
    assert_eq!(
        (set.class_names.as_slice(), set.shape),
        (["cat".to_owned(), "ox".to_owned()].as_slice(), (20, 32))
    );
    assert_eq!(look(path, None).unwrap().shape, (28, 28));
    let whole = load(&set, &Source::Folder(path.to_owned())).unwrap();
    assert_eq!((&whole.train.labels[..], &whole.test.labels[..]), (&[0, 0, 0, 1, 1, 1][..], &[0, 1][..]));
    assert_eq!(whole.train.shape(), (20, 32));
    assert!(whole.train.images.iter().any(|value| *value > 200), "the block is there");

    // A device that calls its classes so is shown pictures by their names, in its own order.
    let other = ImageSet::own("other", ["ox", "cat", "yak"].map(str::to_owned).into(), (20, 32)).unwrap();
    let test = load_split(&other, &Source::Folder(path.to_owned()), Split::Test).unwrap();
    assert_eq!(test.labels, [0, 1]);
    problem(
        load_split(DatasetName::FashionMnist, &Source::Folder(path.to_owned()), Split::Test),
        path.file_name().unwrap().to_str().unwrap(),
        &["no class is called \"cat\"", "Ankle boot"],
    );

    picture(&path.join("test/dog/a.png"), (9, 9), 0);
    problem(load(&set, &Source::Folder(path.to_owned())), "dog", &["training pictures have no such class"]);
    fs::remove_dir_all(path.join("test/dog")).unwrap();
    fs::write(path.join("train/ox/4.gif"), "GIF89a").unwrap();
    problem(look(path, None), "4.gif", &["PNG or JPEG"]);
    fs::remove_file(path.join("train/ox/4.gif")).unwrap();
    fs::write(path.join("train/ox/5.png"), "no picture").unwrap();
    problem(load(&set, &Source::Folder(path.to_owned())), "5.png", &["neither a PNG nor a JPEG"]);
    fs::remove_dir_all(path.join("test")).unwrap();
    problem(look(path, None), path.file_name().unwrap().to_str().unwrap(), &["train and no test"]);
}

#[test]
fn pictures_in_one_folder_are_divided_always_alike() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    for class in ["10", "9", "1"] {
        for number in 0..6 {
            picture(&path.join(format!("{class}/{number}.png")), (28, 28), 3 * number);
        }
    }
    let set = look(path, None).unwrap();
    assert_eq!(set.class_names, ["1", "9", "10"], "numbers are in their order");
    let source = Source::Folder(path.to_owned());
    let whole = load(&set, &source).unwrap();
    assert_eq!(whole.test.labels, [0, 1, 2], "one of six of each class");
    assert_eq!(whole.train.len(), 15);
    assert_eq!(load(&set, &source).unwrap().checksum, whole.checksum);
}

#[test]
fn what_is_not_there_is_told() {
    let own = ImageSet::own("no/such/set.npz", vec!["a".into(), "b".into()], (8, 8)).unwrap();
    let places = Places::from_variables(|_| None);
    let found = locate(&own, &Wanted::Search, &places, &[Split::Test], &mut |_| ());
    problem(found.map(drop), "no/such/set.npz", &["current folder", "training.data"]);
    let found = locate(&own, &Wanted::Builtin, &places, &[Split::Test], &mut |_| ());
    problem(found.map(drop), "no/such/set.npz", &["neither built in nor downloaded"]);
    let letters = DatasetName::EmnistLetters;
    let found = locate(letters, &Wanted::Search, &places, &[Split::Test], &mut |_| ());
    problem(found.map(drop), "emnist-letters was not found", &["never downloaded", "training.data"]);
    let found = locate(letters, &Wanted::Download, &places, &[Split::Test], &mut |_| ());
    problem(found.map(drop), "emnist-letters is not downloaded", &["training.data"]);
    let empty = tempfile::tempdir().unwrap();
    let name = empty.path().file_name().unwrap().to_str().unwrap();
    problem(look(empty.path(), None), name, &["lacks train-labels-idx1-ubyte"]);
}
