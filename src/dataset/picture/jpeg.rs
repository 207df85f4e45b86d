//! JPEG files, whole or not at all.
//!
//! The decoder fills what is missing with grey and says nothing unless it is strict, and then it also refuses
//! what cameras and editors write without harm: bytes between segments, whatever follows the picture. So the
//! file is first laid out by its markers (ITU-T T.81, annex B): junk between segments is left out, an end of
//! the file before the end marker is found. What remains goes to the strict decoder.

use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::raster::{Most, Raster, Refusal};

/// First bytes of every JPEG file: the start marker, and the first byte of the next.
pub(super) const SIGNATURE: [u8; 3] = [0xff, START, 0xff];

const START: u8 = 0xd8;
const END: u8 = 0xd9;
const SCAN: u8 = 0xda;
const RESTARTS: u8 = 0xdd;

/// What stands behind the data of the last scan when it is asked whether they are complete: no marker, and no
/// code that leaves a picture as it is.
const FILLER: [u8; 64] = {
    let mut bytes = [0; 64];
    let mut at = 0;
    while at < bytes.len() {
        // Steps through the odd bytes in a scattered order; 0xff, which would begin a marker, is left out.
        bytes[at] = ((at * 74 + 53) % 254) as u8;
        at += 1;
    }
    bytes
};

/// Reads the JPEG file `bytes`.
pub(super) fn read(bytes: &[u8], most: Most) -> Result<Raster, Refusal> {
    let layout = ScanLayout::of(bytes)?;
    let raster = decode(&layout.file(&[]), most)?;
    // At the end marker the decoder reads zeros. Where other bits give another picture, it needed them.
    match decode(&layout.file(&FILLER), most) {
        Ok(other) if other.values == raster.values => Ok(raster),
        _ => Err(short()),
    }
}

fn short() -> Refusal {
    Refusal::Unsound("its data end before the picture does: the file is damaged".into())
}

fn cut() -> Refusal {
    Refusal::Unsound("it ends before its end marker: the file is cut off".into())
}

/// A file without what is not the picture's.
struct ScanLayout {
    /// From the start marker to the end marker, without it.
    bytes: Vec<u8>,
    /// Where in them the data of the last scan end.
    data_end: usize,
}

impl ScanLayout {
    fn of(file: &[u8]) -> Result<Self, Refusal> {
        let mut layout = ScanLayout { bytes: vec![0xff, START], data_end: 0 };
        let mut frame = FrameHeader::default();
        let mut at = 2;
        loop {
            at += file[at..].iter().position(|byte| *byte == 0xff).ok_or_else(cut)?;
            at += file[at..].iter().position(|byte| *byte != 0xff).ok_or_else(cut)?;
            let marker = file[at];
            at += 1;
            match marker {
                END if layout.data_end > 0 => return Ok(layout),
                END => return Err(Refusal::Unsound("it ends before its first pixel".into())),
                // No segment begins with these.
                0x00 | 0x01 | 0xd0..=START => {}
                _ => {
                    let length = file.get(at..at + 2).ok_or_else(cut)?;
                    let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
                    let segment = file.get(at..at + length).ok_or_else(cut)?;
                    layout.bytes.extend([0xff, marker]);
                    layout.bytes.extend(segment);
                    at += length;
                    frame.note(marker, segment);
                    if marker == SCAN {
                        let (length, restarts) = scan(&file[at..]).ok_or_else(cut)?;
                        if frame.restarts(segment).is_some_and(|promised| restarts < promised) {
                            return Err(short());
                        }
                        let end = at + length;
                        layout.bytes.extend(&file[at..end]);
                        layout.data_end = layout.bytes.len();
                        at = end;
                    }
                }
            }
        }
    }

    /// The file again, with `filler` behind the data of its last scan.
    fn file(&self, filler: &[u8]) -> Vec<u8> {
        let (data, rest) = self.bytes.split_at(self.data_end);
        [data, filler, rest, &[0xff, END]].concat()
    }
}

/// What scans are made of: how many restart markers they must have.
#[derive(Default)]
struct FrameHeader {
    width: u32,
    height: u32,
    /// Name, and samples across and down, of each component.
    components: Vec<(u8, u32, u32)>,
    /// Units of a scan from one restart marker to the next; 0 for none.
    interval: u32,
}

impl FrameHeader {
    /// Takes notice of the segment of `marker`, which begins with its length.
    fn note(&mut self, marker: u8, segment: &[u8]) {
        let number = |at: usize| {
            segment.get(at..at + 2).map_or(0, |pair| u32::from(u16::from_be_bytes([pair[0], pair[1]])))
        };
        match marker {
            RESTARTS => self.interval = number(2),
            // Start of frame of any kind; those left out are tables.
            0xc0..=0xcf if ![0xc4, 0xc8, 0xcc].contains(&marker) => {
                (self.height, self.width) = (number(3), number(5));
                let components = segment.get(8..).unwrap_or_default().chunks_exact(3);
                self.components = components
                    .map(|part| (part[0], u32::from(part[1] >> 4), u32::from(part[1] & 15)))
                    .collect();
            }
            _ => {}
        }
    }

    /// Restart markers within the scan whose header is `segment`, where they are known.
    fn restarts(&self, segment: &[u8]) -> Option<u32> {
        let names: Vec<u8> =
            segment.get(3..)?.chunks_exact(2).take(segment[2].into()).map(|pair| pair[0]).collect();
        let across = self.components.iter().map(|part| part.1).max()?;
        let down = self.components.iter().map(|part| part.2).max()?;
        let units = |pixels: u32, of: u32, samples: u32| (pixels * samples).div_ceil(8 * of.max(1));
        // One component alone is coded in its own blocks, several together in squares of blocks (A.2.2, A.2.3).
        let units = match names[..] {
            [name] => {
                let part = self.components.iter().find(|part| part.0 == name)?;
                units(self.width, across, part.1) * units(self.height, down, part.2)
            }
            _ => units(self.width, across, 1) * units(self.height, down, 1),
        };
        (self.interval > 0 && units > 0).then(|| units.div_ceil(self.interval) - 1)
    }
}

/// Bytes of data before the marker that ends a scan, which is none of those that may stand within it, and how many
/// restart markers they hold.
fn scan(data: &[u8]) -> Option<(usize, u32)> {
    let (mut at, mut restarts) = (0, 0);
    loop {
        at += data[at..].iter().position(|byte| *byte == 0xff)?;
        let marker = at + data[at..].iter().position(|byte| *byte != 0xff)?;
        match data[marker] {
            0x00 => {}
            0xd0..=0xd7 => restarts += 1,
            _ => return Some((at, restarts)),
        }
        at = marker + 1;
    }
}

fn decode(bytes: &[u8], most: Most) -> Result<Raster, Refusal> {
    let unsound = |error: DecodeErrors| Refusal::Unsound(error.to_string());
    let options =
        DecoderOptions::default().set_strict_mode(true).set_max_width(usize::MAX).set_max_height(usize::MAX);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(unsound)?;
    let (width, height) = decoder.dimensions().ok_or_else(|| Refusal::Unsound("no size".into()))?;
    most.allows(width as u64, height as u64)?;
    let (colour, channels) = match decoder.input_colorspace() {
        Some(ColorSpace::Luma) => (ColorSpace::Luma, 1),
        _ => (ColorSpace::RGB, 3),
    };
    if (width * height * channels) as u64 > most.bytes {
        return Err(Refusal::Bytes);
    }
    decoder.set_options(decoder.options().jpeg_set_out_colorspace(colour));
    let values = decoder.decode().map_err(unsound)?.into_iter().map(u16::from).collect();
    let exif = decoder.exif().cloned();
    Ok(Raster { width, height, channels, deep: false, values, exif })
}
