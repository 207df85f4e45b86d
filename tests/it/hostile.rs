//! Input that nobody made in good faith: no panic, no memory beyond a limit, an error that says where.

use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;
use std::process::Command;

use d2nn::npy::array_bytes;
use ndarray::Array1;

use crate::support::inputs::{self, INPUTS};
use crate::support::mutations::Mutations;
use crate::support::{pictures, program};

/// Seconds in a test; `cargo run -p studies --bin hostile` takes in millions.
fn take(name: &str, cases: u64) {
    let input = INPUTS.iter().find(|input| input.name == name).unwrap();
    let seeds = (input.seeds)();
    let sound = seeds.iter().filter(|seed| (input.take)(seed)).count();
    assert!(2 * sound > seeds.len() || sound >= 2, "{name}: {sound} of {} seeds are sound", seeds.len());
    let accepted =
        (0..cases).filter(|case| (input.take)(&Mutations::new(1, *case).hostile(&seeds))).count() as u64;
    // Were nothing taken, only the first check would be tried; were all taken, nothing would be hostile.
    assert!(accepted > 0 && accepted < cases, "{name}: {accepted} of {cases} accepted");
}

macro_rules! kinds {
    ($($name:ident: $cases:expr,)*) => {
        $(#[test]
        fn $name() {
            take(stringify!($name), $cases);
        })*

        #[test]
        fn every_kind_has_a_test() {
            let names: Vec<&str> = INPUTS.iter().map(|input| input.name).collect();
            assert_eq!(names, [$(stringify!($name)),*]);
        }
    };
}

kinds! {
    idx: 20_000,
    design: 10_000,
    sweep: 2_000,
    mask: 20_000,
    npy: 20_000,
    stl: 10_000,
    picture: 5_000,
    checkpoint: 3_000,
    classifier: 3_000,
    images: 3_000,
    folders: 2_000,
    text: 5_000,
}

#[test]
fn heights_beyond_numbers_are_refused() {
    let sound = &(INPUTS.iter().find(|input| input.name == "stl").unwrap().seeds)()[0];
    assert!(inputs::stl(sound));
    // Header, count, the normal of the first triangle, x and y of its first corner; then z.
    let z = 80 + 4 + 12 + 8;
    for height in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN, 1e7] {
        let mut bytes = sound.clone();
        bytes[z..z + 4].copy_from_slice(&height.to_le_bytes());
        assert!(!inputs::stl(&bytes), "{height}");
    }
}

/// Runs the program with `megabytes` of address space: what asks for more is killed, not refused.
#[cfg(target_os = "linux")]
#[track_caller]
fn refused_within(megabytes: u64, folder: &Path, arguments: &[&str], words: &[&str]) {
    let shell = format!("ulimit -v {}; exec \"$0\" \"$@\"", megabytes << 10);
    let output = Command::new("sh")
        .args(["-c", &shell, env!("CARGO_BIN_EXE_d2nn")])
        .args(arguments)
        .current_dir(folder)
        .env("D2NN_OFFLINE", "1")
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    let code = output.status.code();
    assert!(matches!(code, Some(1 | 2)), "{arguments:?}: {:?}: {stderr}", output.status);
    for word in words {
        assert!(stderr.contains(word), "{arguments:?}: no \"{word}\" in {stderr}");
    }
}

/// A file of `size` bytes that takes no room on disk.
fn hollow(path: &Path, begin: &[u8], size: u64) {
    let mut file = fs::File::create(path).unwrap();
    file.write_all(begin).unwrap();
    file.set_len(size).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn sizes_are_checked_before_memory_is_taken() {
    let folder = program::copy();
    let path = folder.path();
    let gigabytes = 20 << 30;
    // 400 MB hold the program and its threads' stacks.
    let small = 400;
    hollow(&path.join("huge.toml"), b"name = \"x\"\n", gigabytes);
    for verb in ["train", "inspect"] {
        refused_within(
            small,
            path,
            &[verb, "huge.toml"],
            &["huge.toml: has 21474836480 bytes", "at most 1048576"],
        );
    }
    refused_within(small, path, &["sweep", "huge.toml"], &["huge.toml", "at most 1048576"]);
    refused_within(small, path, &["inspect", "/dev/zero"], &["/dev/zero", "more than 1048576"]);

    let device = path.join("device");
    fs::write(path.join("dot.png"), pictures::grey((4, 4), |_, _| 0)).unwrap();
    for (file, verb) in [
        ("mask-1.npy", &["evaluate", "device", "--data", "data"][..]),
        ("provenance.toml", &["evaluate", "device", "--data", "data"]),
        ("history.csv", &["plot", "device", "training", "--out", "p"]),
        ("classifier.npz", &["classify", "device", "dot.png", "--compiled"]),
    ] {
        let before = fs::read(device.join(file));
        hollow(&device.join(file), b"", gigabytes);
        refused_within(small, path, verb, &[file, "at most"]);
        match before {
            Ok(bytes) => fs::write(device.join(file), bytes).unwrap(),
            Err(_) => fs::remove_file(device.join(file)).unwrap(),
        }
    }
    fs::create_dir(device.join("checkpoint")).unwrap();
    hollow(&device.join("checkpoint/state.npz"), b"PK", gigabytes);
    let resume = ["train", "device", "--resume", "--data", "data"];
    refused_within(small, path, &resume, &["state.npz", "at most 4294967296"]);

    // A header that promises a gigabyte, and one that promises more than that.
    let images = path.join("data").join("train-images-idx3-ubyte");
    hollow(&images, &[0, 0, 8, 3, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 4, 0], 1000);
    let evaluate = ["evaluate", "device", "--split", "train", "--data", "data"];
    refused_within(small, path, &evaluate, &["train-images", "truncated"]);
    hollow(&images, &[0, 0, 8, 3, 255, 255, 255, 255, 0, 0, 0, 28, 0, 0, 0, 28], 1000);
    refused_within(
        small,
        path,
        &evaluate,
        &["train-images", "4294967295 x 28 x 28", "more than the 1073741824"],
    );
    hollow(
        &path.join("field.npy"),
        b"\x93NUMPY\x01\x00\x76\x00{'descr': '<c16', 'fortran_order': False, 'shape': (16384, 16384), }",
        4000,
    );
    refused_within(
        small,
        path,
        &[
            "propagate",
            "field.npy",
            "--pixel-pitch",
            "0.4 mm",
            "--wavelength",
            "0.75 mm",
            "--distance",
            "30 mm",
            "--out",
            "o.npy",
        ],
        &["field.npy", "more than the file holds"],
    );
    // A text without an end of line.
    fs::create_dir(path.join("plates")).unwrap();
    for mask in [1, 2] {
        hollow(&path.join(format!("plates/small-mask-{mask}.mm.stl")), b"solid x", gigabytes);
    }
    let plates = ["evaluate", "device", "--stl", "plates", "--data", "data"];
    refused_within(small, path, &plates, &["small-mask-1.mm.stl", "more than 4096 bytes"]);
    // Triangles without an end of line, which the search for a first line would take in whole.
    hollow(&path.join("plates/small-mask-1.mm.stl"), &[1; 84], gigabytes);
    refused_within(small, path, &plates, &["small-mask-1.mm.stl", "no material"]);
}

/// A PNG picture of `width` x `height` black pixels in 64 bits each, whose rows pack to nothing.
fn bomb(width: u32, height: u32) -> Vec<u8> {
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    let row = vec![0; 1 + 8 * width as usize];
    (0..height).for_each(|_| packed.write_all(&row).unwrap());
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut chunk = |name: &[u8], content: &[u8]| {
        png.extend((content.len() as u32).to_be_bytes());
        let body = [name, content].concat();
        let mut crc = flate2::Crc::new();
        crc.update(&body);
        png.extend(body);
        png.extend(crc.sum().to_be_bytes());
    };
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[16, 6, 0, 0, 0]].concat();
    chunk(b"IHDR", &header);
    chunk(b"IDAT", &packed.finish().unwrap());
    chunk(b"IEND", &[]);
    png
}

#[cfg(target_os = "linux")]
#[test]
fn what_swells_on_reading_is_refused_before_it_does() {
    let folder = program::copy();
    let path = folder.path();
    let small = 400;
    // Half a gigabyte each, from kilobytes.
    fs::write(path.join("bomb.png"), bomb(16_384, 4_000)).unwrap();
    refused_within(
        small,
        path,
        &["classify", "device", "bomb.png"],
        &["bomb.png", "16384 x 4000 pixels, more than 64000000"],
    );
    fs::write(path.join("wide.png"), bomb(16_385, 1)).unwrap();
    refused_within(
        small,
        path,
        &["classify", "device", "wide.png"],
        &["wide.png", "more than 16384 pixels a side"],
    );

    fs::write(path.join("dot.png"), pictures::grey((4, 4), |_, _| 0)).unwrap();
    let mut zip = zip::ZipWriter::new(fs::File::create(path.join("device/classifier.npz")).unwrap());
    for name in ["fingerprint.npy", "factors.npy"] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        let zeros = vec![0; 1 << 20];
        (0..500).for_each(|_| zip.write_all(&zeros).unwrap());
    }
    zip.finish().unwrap();
    refused_within(
        small,
        path,
        &["classify", "device", "dot.png", "--compiled"],
        &["classifier.npz", "larger than the file it is packed in", "delete it"],
    );

    // An archive of images whose array unpacks to more than 1 GiB, said so, and one that promises 128 bytes of half a
    // gigabyte.
    let archive = |megabytes: usize| {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default().compression_level(Some(1));
        zip.start_file("x_test.npy", options).unwrap();
        let zeros = vec![0; 1 << 20];
        (0..megabytes).for_each(|_| zip.write_all(&zeros).unwrap());
        zip.start_file("y_test.npy", options).unwrap();
        zip.write_all(&array_bytes(&Array1::<u8>::zeros(2))).unwrap();
        zip.finish().unwrap().into_inner()
    };
    let evaluate = ["evaluate", "device", "--data", "set.npz"];
    fs::write(path.join("set.npz"), archive(1025)).unwrap();
    refused_within(small, path, &evaluate, &["set.npz: x_test", "more than 1073741824 bytes"]);
    let mut lying = archive(500);
    let size = (500u32 << 20).to_le_bytes();
    while let Some(at) = lying.windows(4).position(|bytes| bytes == size) {
        lying[at..at + 4].copy_from_slice(&128u32.to_le_bytes());
    }
    fs::write(path.join("set.npz"), lying).unwrap();
    refused_within(small, path, &evaluate, &["set.npz", "x_test"]);

    // Goes on after what its header promises: only one byte more is unpacked.
    let images = fs::File::create(path.join("data/train-images-idx3-ubyte.gz")).unwrap();
    let _ = fs::remove_file(path.join("data/train-images-idx3-ubyte"));
    let mut packed = flate2::write::GzEncoder::new(images, flate2::Compression::fast());
    packed.write_all(&[0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 28, 0, 0, 0, 28]).unwrap();
    let zeros = vec![0; 1 << 20];
    (0..1000).for_each(|_| packed.write_all(&zeros).unwrap());
    packed.finish().unwrap();
    refused_within(
        small,
        path,
        &["evaluate", "device", "--split", "train", "--data", "data"],
        &["train-images-idx3-ubyte.gz", "goes on after the 784 values"],
    );
}
