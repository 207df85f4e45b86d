//! Kinds of things by name: each name of a design file and of an output is written in one place.

/// A closed list of kinds, each with a name. Kinds that carry figures are the same kind whatever the figures.
pub trait Named: Copy + 'static {
    /// The names, in the order of the kinds.
    const NAMES: &'static [&'static str];
    /// One of each kind; those that carry figures have usual ones, to be replaced by who knows better.
    const KINDS: &'static [Self];

    /// What this kind is called.
    fn name(&self) -> &'static str;

    /// The kind that is called `name`, if there is one.
    fn named(name: &str) -> Option<Self> {
        Self::KINDS.iter().copied().find(|kind| kind.name() == name)
    }
}

/// How alike two names must be to be taken for one (Jaro and Winkler's measure, 1 for the same): one letter wrong, missing or
/// too many in a name of five is above 0.85, names of other meaning are below.
const ALIKE: f64 = 0.85;

/// Which of the `known` names was probably meant by the misspelled `typed`.
pub(crate) fn meant<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let likeness = known.into_iter().map(|name| (strsim::jaro_winkler(typed, name), name));
    likeness.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(alike, _)| *alike >= ALIKE).map(|(_, name)| name)
}

/// Names the kinds of an enum: `named! { Method { Auto = "auto", Exact = "exact" } }`. A kind without a name does not
/// compile.
macro_rules! named {
    ($of:ident { $($kind:ident $({ $($figure:ident: $usual:expr),+ })? = $name:literal),+ $(,)? }) => {
        impl $crate::named::Named for $of {
            const NAMES: &'static [&'static str] = &[$($name),+];
            const KINDS: &'static [Self] = &[$($of::$kind $({ $($figure: $usual),+ })?),+];

            fn name(&self) -> &'static str {
                match self {
                    $($of::$kind { .. } => $name),+
                }
            }
        }
    };
}
pub(crate) use named;

#[cfg(test)]
mod tests {
    use super::Named;

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Light {
        Plane,
        Tilted { angle: f64 },
    }
    named! { Light { Plane = "plane", Tilted { angle: 0.5 } = "tilted" } }

    #[test]
    fn kinds_are_found_by_name_whatever_their_figures() {
        assert_eq!(Light::NAMES, ["plane", "tilted"]);
        assert_eq!(Light::named("tilted"), Some(Light::Tilted { angle: 0.5 }));
        assert_eq!((Light::named("round"), Light::named("Plane")), (None, None));
        assert_eq!((Light::Plane.name(), Light::Tilted { angle: 1.0 }.name()), ("plane", "tilted"));
    }
}
