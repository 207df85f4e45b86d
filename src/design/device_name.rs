//! What a device is called that was given no name: after the images it is for.

use std::path::Path;

use super::file::DesignFile;
use crate::dataset::DatasetName;

/// The name of the default device.
const DEFAULT: &str = "fashion-400ghz";
/// The name for images whose path has no letter that a name may have.
const NAMELESS: &str = "own-images";

/// Whether a name may have `letter`: it begins the names of files, on every system.
pub(super) fn may_have(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "-_.".contains(letter)
}

impl DesignFile {
    /// The name as typed; left out, that of the default device for Fashion-MNIST, of the data set for another one that
    /// is known, and of the folder or the file (without its ending) for images of one's own.
    pub fn device_name(&self) -> String {
        if let Some(name) = &self.name {
            return name.clone();
        }
        match self.training.data.parse::<DatasetName>() {
            Ok(DatasetName::FashionMnist) => DEFAULT.into(),
            Ok(known) => known.as_str().into(),
            Err(_) => of_path(Path::new(&self.training.data)),
        }
    }
}

fn of_path(path: &Path) -> String {
    // A folder may be called v1.5; a path may end in `.` or `..`, which are no names.
    let whole = path.canonicalize();
    let path = whole.as_deref().unwrap_or(path);
    let name = if path.is_dir() { path.file_name() } else { path.file_stem() };
    let name = name.unwrap_or_default().to_string_lossy();
    let name: String = name.chars().map(|letter| if may_have(letter) { letter } else { '-' }).collect();
    match name.trim_matches(['-', '.']) {
        "" => NAMELESS.into(),
        name => name.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_without_a_name_is_called_after_its_images() {
        let mut typed = DesignFile::default();
        let mut name = |data: &str| {
            typed.training.data = data.into();
            typed.device_name()
        };
        assert_eq!(name("fashion-mnist"), "fashion-400ghz");
        assert_eq!(name("emnist-letters"), "emnist-letters");
        assert_eq!(name("there/faces.npz"), "faces");
        assert_eq!(name("My leaves (2026)/"), "My-leaves--2026");
        assert_eq!(name("\u{c4}pfel"), "pfel");
        assert_eq!(name("\u{732b}"), "own-images");
        let folder = tempfile::tempdir().unwrap();
        let version = folder.path().join("leaves-v1.5");
        std::fs::create_dir(&version).unwrap();
        assert_eq!(name(&version.to_string_lossy()), "leaves-v1.5");
        assert_eq!(name(&version.join(".").to_string_lossy()), "leaves-v1.5");
        typed.name = Some("mine".into());
        assert_eq!(typed.device_name(), "mine");
    }
}
