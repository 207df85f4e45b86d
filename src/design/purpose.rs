//! What a design is wanted for: each rule across keys is checked by the work it protects, and by no other.

/// What is right, or a sentence with the key that is wrong.
pub(super) type Checked<T> = Result<T, String>;

/// What a design is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A new device: all rules, so that none is found to be broken after hours of training.
    Training,
    /// A device that is there: its light. How it was trained is past.
    Simulation,
    /// A device that is there: its plates.
    Making,
}

impl Purpose {
    /// Whether a rule that protects `other` holds for this.
    fn minds(self, other: Purpose) -> bool {
        self == Purpose::Training || self == other
    }
}

/// The rules that a design breaks, each with the work it protects.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Broken(Vec<(Purpose, String)>);

impl Broken {
    /// What `found` holds; if it is a broken rule of `purpose`, that is noted and `otherwise` takes the place.
    pub(super) fn or<T>(&mut self, purpose: Purpose, found: Checked<T>, otherwise: T) -> T {
        found.unwrap_or_else(|problem| {
            self.0.push((purpose, problem));
            otherwise
        })
    }

    /// The first that was noted, for what has one purpose only.
    pub(super) fn first(self) -> Checked<()> {
        self.0.into_iter().next().map_or(Ok(()), |(_, problem)| Err(problem))
    }

    /// Refuses `purpose` by the first rule of that work that is broken.
    pub(super) fn check_for(&self, purpose: Purpose) -> Checked<()> {
        let found = self.0.iter().find(|(rule, _)| purpose.minds(*rule));
        found.map_or(Ok(()), |(_, problem)| Err(problem.clone()))
    }

    /// What is impossible, a sentence each, and why.
    pub(super) fn unfit(&self) -> Vec<String> {
        let told = |(rule, problem): &(Purpose, String)| match rule {
            Purpose::Making => format!("no plates can be made of it: {problem}"),
            Purpose::Training | Purpose::Simulation => format!("it cannot be trained: {problem}"),
        };
        self.0.iter().map(told).collect()
    }
}
