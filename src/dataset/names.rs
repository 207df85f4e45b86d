//! The data sets that are known by name: their classes, their files' names, which way round their images lie.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// A data set of images with labels that is known by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DatasetName {
    /// Zalando's articles of clothing (Xiao, Rasul, Vollgraf, arXiv:1708.07747).
    FashionMnist,
    /// Handwritten digits (LeCun, Cortes, Burges).
    Mnist,
    /// Cursive Japanese characters, one of each row of Hiragana (Clanuwat et al., arXiv:1812.01718).
    Kmnist,
    /// EMNIST (Cohen, Afshar, Tapson, van Schaik, arXiv:1702.05373): letters, both cases as one class.
    EmnistLetters,
    /// EMNIST: digits and letters, lower case apart where it looks different, equally many of each class.
    EmnistBalanced,
    /// EMNIST: the same classes with all images there are.
    EmnistBymerge,
    /// EMNIST: digits, upper case and lower case.
    EmnistByclass,
    /// EMNIST: digits.
    EmnistDigits,
    /// EMNIST: digits, as many as MNIST has.
    EmnistMnist,
}

const CLOTHES: &[&str] = &[
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
];
const HIRAGANA: &[&str] = &["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"];
/// Digits, upper case, lower case: the order of EMNIST's labels.
#[rustfmt::skip]
const CHARACTERS: &[&str] = &[
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9",
    "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M",
    "N", "O", "P", "Q", "R", "S", "T", "U", "V", "W", "X", "Y", "Z",
    "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m",
    "n", "o", "p", "q", "r", "s", "t", "u", "v", "w", "x", "y", "z",
];
/// The same without the lower case letters that look like their upper case.
#[rustfmt::skip]
const MERGED: &[&str] = &[
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9",
    "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M",
    "N", "O", "P", "Q", "R", "S", "T", "U", "V", "W", "X", "Y", "Z",
    "a", "b", "d", "e", "f", "g", "h", "n", "q", "r", "t",
];

impl DatasetName {
    /// All of them.
    pub const ALL: [DatasetName; 9] = [
        DatasetName::FashionMnist,
        DatasetName::Mnist,
        DatasetName::Kmnist,
        DatasetName::EmnistLetters,
        DatasetName::EmnistBalanced,
        DatasetName::EmnistBymerge,
        DatasetName::EmnistByclass,
        DatasetName::EmnistDigits,
        DatasetName::EmnistMnist,
    ];

    /// Rows and columns of the images of every one of them.
    pub const SHAPE: (usize, usize) = (28, 28);

    /// The name on the command line, in design files and of the folder.
    pub fn as_str(self) -> &'static str {
        match self {
            DatasetName::FashionMnist => "fashion-mnist",
            DatasetName::Mnist => "mnist",
            DatasetName::Kmnist => "kmnist",
            DatasetName::EmnistLetters => "emnist-letters",
            DatasetName::EmnistBalanced => "emnist-balanced",
            DatasetName::EmnistBymerge => "emnist-bymerge",
            DatasetName::EmnistByclass => "emnist-byclass",
            DatasetName::EmnistDigits => "emnist-digits",
            DatasetName::EmnistMnist => "emnist-mnist",
        }
    }

    /// What each label stands for.
    pub fn class_names(self) -> &'static [&'static str] {
        match self {
            DatasetName::FashionMnist => CLOTHES,
            DatasetName::Mnist | DatasetName::EmnistDigits | DatasetName::EmnistMnist => &CHARACTERS[..10],
            DatasetName::Kmnist => HIRAGANA,
            DatasetName::EmnistLetters => &CHARACTERS[10..36],
            DatasetName::EmnistBalanced | DatasetName::EmnistBymerge => MERGED,
            DatasetName::EmnistByclass => CHARACTERS,
        }
    }

    /// Whether it is one of the sets of EMNIST: their files bear their names, and their images lie transposed.
    pub(super) fn is_emnist(self) -> bool {
        self.as_str().starts_with("emnist-")
    }

    /// The label of the first class in the files: EMNIST counts its letters from 1.
    pub(super) fn first_label(self) -> u8 {
        u8::from(self == DatasetName::EmnistLetters)
    }

    /// The folder that torchvision puts it into.
    pub(super) fn torchvision_folder(self) -> &'static str {
        match self {
            DatasetName::FashionMnist => "FashionMNIST",
            DatasetName::Mnist => "MNIST",
            DatasetName::Kmnist => "KMNIST",
            _ => "EMNIST",
        }
    }

    /// All names, for a sentence.
    pub(super) fn list() -> String {
        DatasetName::ALL.map(DatasetName::as_str).join(", ")
    }
}

impl fmt::Display for DatasetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for DatasetName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        DatasetName::ALL.into_iter().find(|name| name.as_str() == text).ok_or_else(|| {
            Error::Usage(format!("unknown data set \"{text}\": the names are {}", DatasetName::list()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_classes_of_emnist_are_those_of_its_paper() {
        // Table II of arXiv:1702.05373.
        for (name, classes) in [
            (DatasetName::EmnistByclass, 62),
            (DatasetName::EmnistBymerge, 47),
            (DatasetName::EmnistBalanced, 47),
            (DatasetName::EmnistLetters, 26),
            (DatasetName::EmnistDigits, 10),
            (DatasetName::EmnistMnist, 10),
        ] {
            assert_eq!(name.class_names().len(), classes, "{name}");
            assert!(name.is_emnist());
        }
        // Its section II-B: these lower case letters are merged with their upper case.
        let merged: Vec<&str> = CHARACTERS.iter().filter(|name| !MERGED.contains(name)).copied().collect();
        assert_eq!(merged.concat(), "cijklmopsuvwxyz");
        assert_eq!(DatasetName::EmnistLetters.class_names()[25], "Z");
    }
}
