//! What is wrong with a plan: every problem with the place where it stands.

use std::fmt;

use serde::Serialize;

/// Problems told at once: enough to mend a file in one sitting, few enough to read.
pub const PROBLEMS_MAX: usize = 50;

/// One thing that is wrong with a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlanProblem {
    /// Where: a JSON path such as `zones[2].rows[5].seats[3].seat_guid`; empty for the whole document.
    pub field: String,
    /// What: a sentence for people.
    pub message: String,
}

impl fmt::Display for PlanProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() { f.write_str(&self.message) } else { write!(f, "{}: {}", self.field, self.message) }
    }
}

/// Why a document is not a plan: all its problems in the order in which they stand, up to [`PROBLEMS_MAX`].
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
pub struct PlanProblems {
    /// The first of them.
    pub problems: Vec<PlanProblem>,
    /// How many more there are.
    pub more: usize,
}

impl fmt::Display for PlanProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.problems.len() + self.more;
        write!(f, "the seat plan has {count} problem{}", if count == 1 { "" } else { "s" })?;
        match self.problems.first() {
            Some(first) => write!(f, ", first {first}"),
            None => Ok(()),
        }
    }
}

impl PlanProblems {
    /// A document with a single problem that hides all others.
    pub(super) fn only(message: impl Into<String>) -> Self {
        Self { problems: vec![PlanProblem { field: String::new(), message: message.into() }], more: 0 }
    }

    pub(super) fn add(&mut self, at: &Path<'_>, message: impl FnOnce() -> String) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(PlanProblem { field: at.to_string(), message: message() });
        } else {
            self.more += 1;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }
}

/// Where in the document we are. A chain on the stack, because it is written out only where something is wrong.
#[derive(Clone, Copy)]
pub(super) struct Path<'a> {
    above: Option<&'a Path<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Root,
    Key(&'a str),
    Index(usize),
}

impl<'a> Path<'a> {
    pub(super) const ROOT: Path<'static> = Path { above: None, step: Step::Root };

    pub(super) fn key(&'a self, key: &'a str) -> Path<'a> {
        Path { above: Some(self), step: Step::Key(key) }
    }

    pub(super) fn index(&'a self, index: usize) -> Path<'a> {
        Path { above: Some(self), step: Step::Index(index) }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(above) = self.above {
            above.fmt(f)?;
        }
        match self.step {
            Step::Root => Ok(()),
            Step::Key(key) => {
                let first = self.above.is_none_or(|above| matches!(above.step, Step::Root));
                write!(f, "{}{key}", if first { "" } else { "." })
            }
            Step::Index(index) => write!(f, "[{index}]"),
        }
    }
}
