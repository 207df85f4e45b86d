//! What anyone may hand to the program, one function a kind of input. Whatever the bytes, it comes back with a value or
//! with an error that names the file; a panic, an abort or an error without a place is a defect.
//!
//! `tests/it/hostile.rs`, `benches/hostile/millions.rs` and `fuzz/` feed them.

#![allow(dead_code)] // Each of them uses its part.

use std::fmt::Write as _;
use std::io::{Cursor, Write};
use std::path::Path;
use std::sync::OnceLock;

use d2nn::dataset::idx::Idx;
use d2nn::dataset::picture::{self, Treatment};
use d2nn::dataset::{Source, load, look};
use d2nn::design::folder::{parse_history, parse_mask, parse_provenance};
use d2nn::design::{Design, DesignFile, Override, Sweep, parse_classifier};
use d2nn::element::Modulation;
use d2nn::fabrication::formats::LookupTable;
use d2nn::fabrication::{Exported, PlateFile, Relief, StlUnit, read_plate_in};
use d2nn::grid::Grid;
use d2nn::material::Material;
use d2nn::npy::{Archive, ArchiveWriter, array_bytes as array, read_array};
use d2nn::raster::{self, Samples};
use d2nn::training::State;
use d2nn::training::checkpoint::{self, Identity};
use d2nn::{Error, Result};
use ndarray::{Array1, Array2, Array3, Array4, Ix1, Ix2, Ix3};
use num_complex::Complex;

/// A kind of input.
pub struct Input {
    /// Its name.
    pub name: &'static str,
    /// Takes the bytes in.
    pub take: fn(&[u8]) -> bool,
    /// Sound ones to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Memory the whole program may have at its peak while millions of small ones are taken in, bytes.
    pub most: u64,
}

const MB: u64 = 1 << 20;

/// All kinds.
pub const INPUTS: &[Input] = &[
    Input { name: "idx", take: idx, seeds: idx_seeds, most: 150 * MB },
    Input { name: "design", take: design, seeds: design_seeds, most: 150 * MB },
    Input { name: "sweep", take: sweep, seeds: sweep_seeds, most: 150 * MB },
    Input { name: "mask", take: mask, seeds: mask_seeds, most: 150 * MB },
    Input { name: "npy", take: npy, seeds: npy_seeds, most: 150 * MB },
    Input { name: "stl", take: stl, seeds: stl_seeds, most: 150 * MB },
    Input { name: "picture", take: picture, seeds: picture_seeds, most: 1536 * MB },
    Input { name: "checkpoint", take: checkpoint, seeds: checkpoint_seeds, most: 150 * MB },
    Input { name: "classifier", take: classifier, seeds: classifier_seeds, most: 150 * MB },
    Input { name: "images", take: images, seeds: images_seeds, most: 150 * MB },
    Input { name: "folders", take: folders, seeds: folders_seeds, most: 150 * MB },
    Input { name: "text", take: text, seeds: text_seeds, most: 150 * MB },
];

/// Whether `result` is a value; an error must name `file` and say something.
fn judged<T>(result: Result<T>, file: &str) -> bool {
    match result {
        Ok(_) => true,
        Err(error) => {
            let text = error.to_string();
            assert!(
                text.contains(file) && text.len() > file.len() + 10,
                "an error without a place: {text:?}"
            );
            assert!(!matches!(error, Error::Interrupted(_)), "{text}");
            false
        }
    }
}

fn as_text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// IDX files of images and of labels, plain or gzipped.
pub fn idx(bytes: &[u8]) -> bool {
    let file = Path::new("hostile-idx");
    let read = |dimensions| {
        judged(
            Idx::read(file, bytes, dimensions).inspect(|idx| {
                assert_eq!(idx.dimensions().iter().product::<usize>(), idx.values().len());
                assert!(idx.to_bytes().len() == idx.values().len() + 4 + 4 * dimensions);
            }),
            "hostile-idx",
        )
    };
    read(3) | read(1)
}

fn idx_seeds() -> Vec<Vec<u8>> {
    let images = Idx::new(&[3, 4, 5], (0..60).collect()).unwrap().to_bytes();
    let labels = Idx::new(&[7], (0..7).collect()).unwrap().to_bytes();
    let packed = |bytes: &[u8]| {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    };
    let zeros = Idx::new(&[100, 28, 28], vec![0; 78_400]).unwrap().to_bytes();
    vec![packed(&images), packed(&labels), packed(&zeros), images, labels]
}

/// `design.toml`: as typed, as checked, as written again.
pub fn design(bytes: &[u8]) -> bool {
    let file = "hostile.toml";
    let design = DesignFile::parse(file, &as_text(bytes)).and_then(|typed| {
        let design = Design::resolve(file, &typed)?;
        let mut settled = typed.clone();
        design.settle(&mut settled);
        let again = DesignFile::parse(file, &settled.to_text()?)?;
        assert_eq!(again, settled, "what is written is read back");
        Ok(design)
    });
    judged(design, file)
}

fn design_seeds() -> Vec<Vec<u8>> {
    let mut seeds = files("tests/fixtures/design/good", "toml");
    seeds.extend(files("tests/fixtures/design/bad", "toml"));
    seeds.push(DesignFile::default().to_text().unwrap().into_bytes());
    seeds
}

/// A sweep with its designs.
pub fn sweep(bytes: &[u8]) -> bool {
    judged(Sweep::parse(Path::new("hostile-sweep.toml"), &as_text(bytes), &[]), "")
}

fn sweep_seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = [
        "preset = \"terahertz\"\nseeds = [1, 2]\n[set]\n\"training.epochs\" = 3\n[grid]\n\"bench.masks\" = [1, 3]\n",
        "[grid]\n\"bench.gaps\" = [\"20 mm\", \"30 mm\"]\n\"training.learning_rate\" = [0.1, 0.2]\n",
        "[[runs]]\n\"bench.masks\" = 2\n[[runs]]\n\"bench.masks\" = 3\nmask.modulation = \"complex\"\n",
    ]
    .map(|text| text.as_bytes().to_vec())
    .into();
    seeds.extend(files("tests/fixtures/sweep", "toml"));
    seeds
}

/// A mask of each kind.
pub fn mask(bytes: &[u8]) -> bool {
    static BENCHES: OnceLock<Vec<d2nn::bench::Bench>> = OnceLock::new();
    let benches = BENCHES.get_or_init(|| {
        let typed = DesignFile::parse("small", SMALL).unwrap();
        let bench = Design::resolve("small", &typed).unwrap().bench;
        let kinds = [bench.modulation, Modulation::Amplitude, Modulation::Complex];
        kinds.map(|modulation| d2nn::bench::Bench { modulation, ..bench.clone() }).into()
    });
    let file = "hostile-mask.npy";
    benches.iter().fold(false, |any, bench| {
        let read = parse_mask(Path::new(file), bytes, bench, 0).inspect(|channels| {
            assert_eq!(channels.len(), bench.modulation.channels());
            assert!(channels.iter().flatten().all(|value| value.is_finite()));
        });
        any | judged(read, file)
    })
}

const SMALL: &str = "[bench]\npixels = 12\nmasks = 1\ngaps = \"2 mm\"\noversample = 1\npixel_pitch = \"0.4 mm\"\n\
                     [object]\nsize = \"4 mm\"\nresampling = \"bilinear\"\n[detector]\nregion_size = \"0.8 mm\"\n\
                     row_pitch = \"1.2 mm\"\ncolumn_pitch = \"1.2 mm\"\n[training]\nepochs = 1\n";

fn mask_seeds() -> Vec<Vec<u8>> {
    let values = Array2::from_shape_fn((12, 12), |(y, x)| (y * 12 + x) as f32 / 200.0);
    vec![
        array(&values),
        array(&values.mapv(f64::from)),
        array(&values.mapv(|value| Complex::new(value, 0.1))),
        array(&values.mapv(|value| Complex::new(f64::from(value), 0.1))),
        array(&values.t().to_owned()),
    ]
}

/// Arrays of many kinds, as `propagate` takes them.
pub fn npy(bytes: &[u8]) -> bool {
    fn sound<A, D: ndarray::Dimension>(
        array: std::result::Result<ndarray::Array<A, D>, String>,
        most: usize,
    ) -> bool {
        match array {
            Ok(array) => {
                assert!(array.len() * size_of::<A>() <= most);
                true
            }
            Err(text) => {
                assert!(text.len() > 5, "{text}");
                false
            }
        }
    }
    sound(read_array::<Complex<f64>, Ix2>(bytes), bytes.len())
        | sound(read_array::<f32, Ix2>(bytes), bytes.len())
        | sound(read_array::<f64, Ix3>(bytes), bytes.len())
        | sound(read_array::<u8, Ix1>(bytes), bytes.len())
        | sound(read_array::<bool, Ix2>(bytes), bytes.len())
        | sound(read_array::<i64, Ix2>(bytes), bytes.len())
}

fn npy_seeds() -> Vec<Vec<u8>> {
    let bits = Array2::from_shape_fn((3, 4), |(y, x)| (x + y) % 2 == 0);
    let mut seeds = vec![
        array(&bits),
        array(&Array1::from_iter(0..9_u8)),
        array(&Array3::<f64>::zeros((2, 3, 2))),
        array(&Array2::<i64>::ones((2, 5))),
    ];
    seeds.extend(mask_seeds());
    seeds
}

/// A plate in an STL file, binary or text, and what is made of its heights.
pub fn stl(bytes: &[u8]) -> bool {
    let grid = Grid::new(6, 5, 0.4e-3).unwrap();
    let material = Material::new("plastic", 1.7227).unwrap();
    let name = "hostile-mask-1.mm.stl";
    let file = PlateFile { path: name.into(), unit: StlUnit::Millimetres };
    let heights = read_plate_in(&mut Cursor::new(bytes), &file, &grid).inspect(|heights| {
        assert!(heights.iter().all(|height| height.is_finite()), "{heights}");
        let exported = Exported { heights: vec![heights.clone()] };
        let (modulation, masks) = exported.masks(&material, 0.75e-3);
        masks.iter().for_each(|mask| modulation.check(0, mask).unwrap());
        exported.relief(Relief::Continuous, 1e-6, 1e-3);
    });
    judged(heights, name)
}

fn stl_seeds() -> Vec<Vec<u8>> {
    // Steps of one pixel: the top of each, then the flat side.
    let mut corners: Vec<[[f32; 3]; 3]> = Vec::new();
    for (row, column) in (0..6).flat_map(|row| (0..5).map(move |column| (row, column))) {
        let at = |y: i32, x: i32| {
            [0.4 * (column + x) as f32, 0.4 * (row + y) as f32, 1.0 + 0.1 * ((row + column) % 4) as f32]
        };
        corners.push([at(0, 0), at(0, 1), at(1, 1)]);
        corners.push([at(0, 0), at(1, 1), at(1, 0)]);
    }
    corners.push([[0.0, 0.0, 0.0], [2.0, 2.4, 0.0], [2.0, 0.0, 0.0]]);
    let mut binary = vec![b' '; 80];
    binary.extend((corners.len() as u32).to_le_bytes());
    let mut text = String::from("solid plate\n");
    for [a, b, c] in &corners {
        binary.extend([0_u8; 12]);
        for number in [a, b, c].into_iter().flatten() {
            binary.extend(number.to_le_bytes());
        }
        binary.extend([0, 0]);
        text += "facet normal 0 0 1\nouter loop\n";
        for [x, y, z] in [a, b, c] {
            let _ = writeln!(text, "vertex {x} {y} {z}");
        }
        text += "endloop\nendfacet\n";
    }
    text += "endsolid plate\n";
    vec![binary, text.into_bytes()]
}

/// Pictures.
pub fn picture(bytes: &[u8]) -> bool {
    let file = "hostile-picture";
    let fitted = picture::read_bytes(bytes, file, u64::MAX, (28, 28), Treatment::default());
    judged(fitted.inspect(|fitted| assert_eq!(fitted.image.dim(), (28, 28))), file)
}

fn picture_seeds() -> Vec<Vec<u8>> {
    fn values<const N: usize>(
        width: usize,
        height: usize,
        pixel: impl Fn(usize, usize) -> [u8; N],
    ) -> Vec<u8> {
        (0..width * height).flat_map(|at| pixel(at % width, at / width)).collect()
    }
    let colour = values(9, 7, |x, y| [20 * x as u8, 30 * y as u8, 99]);
    let alpha = values(6, 5, |x, y| [x as u8, 200, 40 * y as u8, 50 * x as u8]);
    let grey = values(8, 8, |x, y| [(31 * x * y) as u8]);
    let deep = values(5, 4, |x, y| ((9000 * x + y) as u16).to_be_bytes());
    let png = |bytes: &[u8], width, height, samples| raster::png(bytes, width, height, samples).unwrap();
    let jpeg = |bytes: &[u8], width, height, colour| {
        let mut file = Vec::new();
        jpeg_encoder::Encoder::new(&mut file, 90).encode(bytes, width, height, colour).unwrap();
        file
    };
    vec![
        png(&colour, 9, 7, Samples::Colour),
        jpeg(&colour, 9, 7, jpeg_encoder::ColorType::Rgb),
        png(&grey, 8, 8, Samples::Grey),
        jpeg(&grey, 8, 8, jpeg_encoder::ColorType::Luma),
        png(&alpha, 6, 5, Samples::ColourAlpha),
        png(&deep, 5, 4, Samples::DeepGrey),
    ]
}

/// A checkpoint: as it is, with a seal that is right, and with one part of a sound one replaced.
pub fn checkpoint(bytes: &[u8]) -> bool {
    let file = "hostile-state.npz";
    let read = |bytes: Vec<u8>| {
        judged(
            checkpoint::read(Path::new(file), bytes).inspect(|(state, _)| {
                assert!(state.parameters.iter().flatten().all(|value| value.is_finite()));
            }),
            file,
        )
    };
    let parts = [
        "counters",
        "sums",
        "temperature",
        "design",
        "data",
        "history",
        "parameters",
        "average",
        "mean",
        "square",
    ];
    read(bytes.to_vec())
        | read(checkpoint::sealed(bytes.to_vec()))
        | read(checkpoint::sealed(with_part(sound_checkpoint(), &parts, bytes)))
}

fn sound_checkpoint() -> &'static [(String, Vec<u8>)] {
    static PARTS: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    PARTS.get_or_init(|| unpacked(&checkpoint_seeds()[0]))
}

/// `parts` as an archive, one of them, which the first byte of `bytes` chooses by `names`, replaced by the rest of `bytes`.
fn with_part(parts: &[(String, Vec<u8>)], names: &[&str], bytes: &[u8]) -> Vec<u8> {
    let chosen = bytes.first().map(|byte| format!("{}.npy", names[usize::from(*byte) % names.len()]));
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, content) in parts {
        zip.start_file(name.as_str(), options).unwrap();
        let replaced = chosen.as_ref() == Some(name);
        zip.write_all(if replaced { &bytes[1..] } else { content }).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn unpacked(archive: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut zip = zip::ZipArchive::new(Cursor::new(archive)).unwrap();
    (0..zip.len())
        .map(|index| {
            let mut entry = zip.by_index(index).unwrap();
            let mut content = Vec::new();
            std::io::Read::read_to_end(&mut entry, &mut content).unwrap();
            (entry.name().unwrap().into_owned(), content)
        })
        .collect()
}

fn checkpoint_seeds() -> Vec<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.npz");
    let parameters =
        |mask: usize| Array2::from_shape_fn((3, 4), |(y, x)| (0.3 + (5 * y + 3 * x + mask) as f32).sin());
    let mut state = State::of_parameters(vec![parameters(0), parameters(1)]);
    state.average = state.parameters.clone();
    let identity = Identity { design: "name = \"x\"\n".into(), data: "0123".into() };
    checkpoint::save(&path, &state, &identity).unwrap();
    let whole = std::fs::read(&path).unwrap();
    // The parts by themselves, behind the byte that chooses them.
    let parts = unpacked(&whole);
    let chosen = |(index, (_, content)): (usize, &(String, Vec<u8>))| [&[index as u8][..], content].concat();
    let mut seeds = vec![whole];
    seeds.extend(parts.iter().enumerate().map(chosen));
    seeds
}

/// A compiled classifier, as it is and with one part replaced.
pub fn classifier(bytes: &[u8]) -> bool {
    static OBJECT: OnceLock<d2nn::object::ObjectPlane> = OnceLock::new();
    let object = OBJECT.get_or_init(|| {
        let typed = DesignFile::parse("small", SMALL).unwrap();
        Design::resolve("small", &typed).unwrap().bench.object
    });
    let fingerprint = Array1::from_iter(0..32_u8);
    let file = "hostile-classifier.npz";
    let read = |bytes: Vec<u8>| {
        let read = parse_classifier(Path::new(file), bytes, object, fingerprint.view());
        judged(
            read.inspect(|classifier| {
                if let Some(classifier) = classifier {
                    let readings = classifier.readings(Array2::from_elem((28, 28), 0.5).view()).unwrap();
                    assert!(readings.len() <= 1 << 20);
                }
            }),
            file,
        )
    };
    static PARTS: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    let parts = PARTS.get_or_init(|| unpacked(&classifier_seeds()[0]));
    read(bytes.to_vec()) | read(with_part(parts, &["factors", "fingerprint"], bytes))
}

fn classifier_seeds() -> Vec<Vec<u8>> {
    let mut npz = ArchiveWriter::default();
    npz.add("factors", &Array3::<f32>::from_elem((784, 2, 2), 0.1)).unwrap();
    npz.add("fingerprint", &Array1::from_iter(0..32_u8)).unwrap();
    let whole = npz.finish().unwrap();
    assert!(Archive::open(whole.clone()).is_ok());
    let mut seeds = vec![whole];
    seeds.push([&[0][..], &array(&Array3::<f32>::from_elem((784, 1, 1), 0.1))].concat());
    seeds.push([&[1][..], &array(&Array1::from_iter(0..32_u8))].concat());
    seeds
}

/// What a data set makes of the files at `path`, which errors must name; all of it is read.
fn brought(path: &Path, shape: Option<(usize, usize)>) -> bool {
    let name = path.file_name().unwrap().to_str().unwrap();
    let found = look(path, shape).and_then(|set| {
        let whole = load(&set, &Source::named(path.to_owned()))?;
        for half in [&whole.train, &whole.test] {
            assert_eq!((half.shape(), half.images.dim().0), (set.shape, half.labels.len()));
            assert!(half.labels.iter().all(|label| usize::from(*label) < set.classes()));
        }
        Ok(())
    });
    judged(found, name)
}

/// A NumPy archive of images with labels, as it is and with one of its arrays replaced.
pub fn images(bytes: &[u8]) -> bool {
    static PARTS: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    let parts = PARTS.get_or_init(|| unpacked(&images_seeds()[0]));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hostile-set.npz");
    let read = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        brought(&path, None)
    };
    read(bytes) | read(&with_part(parts, &["x_train", "y_train", "x_test", "y_test"], bytes))
}

fn images_seeds() -> Vec<Vec<u8>> {
    let pictures =
        |count: usize| Array3::from_shape_fn((count, 8, 9), |(n, y, x)| (n * 72 + y * 9 + x) as u8);
    let labels = |count: usize| Array1::from_shape_fn(count, |n| (n % 3) as u8);
    let archive = |method| {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default().compression_method(method);
        for (name, content) in [
            ("x_train.npy", array(&pictures(6))),
            ("y_train.npy", array(&labels(6))),
            ("x_test.npy", array(&pictures(3))),
            ("y_test.npy", array(&labels(3))),
        ] {
            zip.start_file(name, options).unwrap();
            zip.write_all(&content).unwrap();
        }
        zip.finish().unwrap().into_inner()
    };
    vec![
        archive(zip::CompressionMethod::Stored),
        archive(zip::CompressionMethod::Deflated),
        // Parts by themselves, behind the byte that chooses them: numbers from 0 to 1, colour, and labels of other types.
        [&[0][..], &array(&pictures(6).mapv(|value| f32::from(value) / 255.0))].concat(),
        [&[0][..], &array(&Array4::<u8>::from_elem((6, 8, 9, 3), 99))].concat(),
        [&[2][..], &array(&pictures(3).mapv(|value| value > 99))].concat(),
        [&[1][..], &array(&labels(6).mapv(i64::from))].concat(),
        [&[3][..], &array(&labels(3).mapv(f64::from))].concat(),
        [&[3][..], &array(&Array2::<u8>::zeros((3, 1)))].concat(),
    ]
}

/// Pictures in a folder for each class: one of them replaced, another name of a picture or of a class, one more file.
/// The first byte chooses which.
pub fn folders(bytes: &[u8]) -> bool {
    static SOUND: OnceLock<Vec<u8>> = OnceLock::new();
    let sound = SOUND.get_or_init(|| picture_seeds()[2].clone());
    let (choice, rest) = bytes.split_first().unwrap_or((&0, &[]));
    // What an operating system takes as a name.
    let name: String = as_text(rest).chars().filter(|letter| !"/\\\0".contains(*letter)).take(60).collect();
    let name = if name.trim_matches('.').is_empty() { "x".to_owned() } else { name };
    let mut paths =
        ["cat/1.png", "cat/2.png", "cat/3.png", "ox/1.png", "ox/2.jpg", "ox/3.png"].map(str::to_owned);
    let mut content = std::iter::repeat_n(&sound[..], 6).collect::<Vec<_>>();
    let mut more = None;
    match choice % 8 {
        0..4 => content[usize::from(choice % 6)] = rest,
        4 => paths[1] = format!("cat/{name}"),
        5 => paths[..3].iter_mut().for_each(|path| *path = path.replace("cat", &name)),
        6 => more = Some(format!("ox/{name}")),
        _ => paths.iter_mut().skip(1).for_each(|path| *path = format!("test/{path}")),
    }
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().join("hostile-folder");
    for (path, content) in paths.iter().zip(&content).chain(more.as_ref().map(|path| (path, &rest))) {
        let path = base.join(path);
        // A name that a system does not take is no input.
        if std::fs::create_dir_all(path.parent().unwrap()).is_ok() {
            let _ = std::fs::write(&path, content);
        }
    }
    brought(&base, Some((9, 8)))
}

fn folders_seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = picture_seeds()
        .iter()
        .enumerate()
        .map(|(index, picture)| [&[index as u8 % 4][..], picture].concat())
        .collect();
    let names = [
        (4, "4.png"),
        (4, "note.txt"),
        (5, "train"),
        (5, "a cow"),
        (5, "12"),
        (6, "thumbs.db"),
        (6, "5.gif"),
        (7, ""),
    ];
    seeds.extend(names.map(|(choice, name)| [&[choice][..], name.as_bytes()].concat()));
    seeds
}

/// Everything else that is text: provenance, history, the table of a modulator, what follows `--set`.
pub fn text(bytes: &[u8]) -> bool {
    let text = as_text(bytes);
    let (provenance, history) = (Path::new("provenance.toml"), Path::new("history.csv"));
    let lookup = LookupTable::parse(&text).inspect(|table| {
        table.nearest(1.0);
        assert!(LookupTable::parse(&table.to_csv()).is_ok());
    });
    let over = Override::parse(&text).map(|entry| {
        judged(DesignFile::default().with(&[entry], &|_| "--set".into()), "--set");
    });
    judged(parse_provenance(provenance, &text), "provenance.toml")
        | judged(parse_history(history, &text), "history.csv")
        | lookup.inspect_err(|error| assert!(error.len() > 10)).is_ok()
        | over.inspect_err(|error| assert!(error.to_string().len() > 10)).is_ok()
}

fn text_seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> =
        ["grey,phase\n0,0\n128,3.1\n255,6.2\n", "training.epochs=3", "bench.gaps=[\"20 mm\", \"3 cm\"]"]
            .map(|text| text.as_bytes().to_vec())
            .into();
    seeds.extend(files("layers/fashion-400ghz", "toml"));
    seeds.extend(files("layers/fashion-400ghz", "csv"));
    seeds
}

/// The files in `folder` of the repository that end in `.extension`, by name.
fn files(folder: &str, extension: &str) -> Vec<Vec<u8>> {
    // The fuzzer and the studies have manifests of their own, one folder down.
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root =
        if here.ends_with("fuzz") || here.ends_with("studies") { here.parent().unwrap() } else { here };
    let mut paths: Vec<_> =
        std::fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|found| found == extension));
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}
