//! Kinds of the optics by name, as keys of a design: `#[serde(with = "named_key")]`.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, Error, Visitor};
use serde::ser::Serializer;

use crate::named::Named;

/// Reads a name.
pub(super) fn deserialize<'de, K: Named, D: Deserializer<'de>>(deserializer: D) -> Result<K, D::Error> {
    struct Name<K>(PhantomData<K>);
    impl<K: Named> Visitor<'_> for Name<K> {
        type Value = K;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            let names: Vec<String> = K::NAMES.iter().map(|name| format!("\"{name}\"")).collect();
            write!(formatter, "one of {}", names.join(", "))
        }

        fn visit_str<E: Error>(self, name: &str) -> Result<K, E> {
            K::named(name).ok_or_else(|| E::unknown_variant(name, K::NAMES))
        }
    }
    deserializer.deserialize_str(Name(PhantomData))
}

/// Writes the name.
pub(super) fn serialize<K: Named, S: Serializer>(kind: &K, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.name())
}

/// A kind that may be left out: `#[serde(default, with = "named_key::optional")]`.
pub(super) mod optional {
    use super::{Deserializer, Named, Serializer};

    /// Reads a name.
    pub(in super::super) fn deserialize<'de, K: Named, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<K>, D::Error> {
        super::deserialize(deserializer).map(Some)
    }

    /// Writes the name, if there is one.
    pub(in super::super) fn serialize<K: Named, S: Serializer>(
        kind: &Option<K>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match kind {
            Some(kind) => super::serialize(kind, serializer),
            None => serializer.serialize_none(),
        }
    }
}
