//! What a design is wanted for: each rule across keys is checked by the work it protects, and by no other.

/// What is right, or a sentence with the key that is wrong.
pub(super) type Checked<T> = Result<T, String>;

/// What a design is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// A new device: all rules, so that none is found to be broken after hours of training.
    Training,
    /// A device that is there: its light. How it was trained is past.
    Simulation,
    /// A device that is there: its plates.
    Making,
}

impl Work {
    /// Whether a rule that protects `other` holds for this.
    fn minds(self, other: Work) -> bool {
        self == Work::Training || self == other
    }
}

/// The rules that a design breaks, each with the work it protects.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Broken(Vec<(Work, String)>);

impl Broken {
    /// What `found` holds; if it is a broken rule of `work`, that is noted and `otherwise` takes the place.
    pub(super) fn or<T>(&mut self, work: Work, found: Checked<T>, otherwise: T) -> T {
        found.unwrap_or_else(|problem| {
            self.0.push((work, problem));
            otherwise
        })
    }

    /// The first that was noted, for what only one work has.
    pub(super) fn first(self) -> Checked<()> {
        self.0.into_iter().next().map_or(Ok(()), |(_, problem)| Err(problem))
    }

    /// Refuses `work` by the first rule of that work that is broken.
    pub(super) fn check_for(&self, work: Work) -> Checked<()> {
        let found = self.0.iter().find(|(rule, _)| work.minds(*rule));
        found.map_or(Ok(()), |(_, problem)| Err(problem.clone()))
    }

    /// What is impossible, a sentence each, and why.
    pub(super) fn unfit(&self) -> Vec<String> {
        let told = |(rule, problem): &(Work, String)| match rule {
            Work::Making => format!("no plates can be made of it: {problem}"),
            Work::Training | Work::Simulation => format!("it cannot be trained: {problem}"),
        };
        self.0.iter().map(told).collect()
    }
}
