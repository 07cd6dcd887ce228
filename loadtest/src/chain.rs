//! What a client of the live feed knows of a show: a map at one number, to which deltas are added that follow on it.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What the server says, as far as a map needs it.
#[derive(Debug, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum Said {
    /// The whole.
    Snapshot {
        /// Of which version of the plan.
        plan_version: String,
        /// At which number.
        seq: u64,
        /// A letter for each seat.
        seats: String,
        /// Places left without numbers.
        areas: Vec<AreaLeft>,
    },
    /// What changed between two numbers.
    Delta {
        /// It follows on this number.
        from: u64,
        /// And leads to this one.
        seq: u64,
        /// Seats by their place in the plan, with their letter now.
        #[serde(default)]
        seats: Vec<(usize, String)>,
        /// Areas with the places that they have left now.
        #[serde(default)]
        areas: Vec<(String, u64)>,
    },
    /// Nothing happened after this.
    Alive {
        /// The number of it.
        seq: u64,
    },
    /// The show is played on another plan.
    Plan,
    /// Something that is no business of the map.
    #[serde(other)]
    Other,
}

/// Places left in an area.
#[derive(Debug, Deserialize)]
pub struct AreaLeft {
    /// Which area.
    pub area: String,
    /// So many.
    pub available: u64,
}

/// What became of something that the server said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The map is whole again: it was new, or had missed too much.
    Whole,
    /// The delta followed on what was known.
    Added,
    /// It was known already.
    Old,
    /// Something is missing: resync.
    Gap,
    /// The plan is another; letters and numbers count no more.
    PlanChanged,
    /// It does not touch the map.
    Aside,
    /// It cannot be true: a seat that the plan does not have, a delta that leads backwards.
    Nonsense,
}

/// A map at one number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chain {
    /// Of which version of the plan; empty until the first snapshot.
    pub plan_version: String,
    /// Its number.
    pub seq: u64,
    /// A letter for each seat.
    pub letters: Vec<u8>,
    /// Places left, by area.
    pub areas: BTreeMap<String, u64>,
}

impl Chain {
    /// Whether there is anything that deltas could follow on.
    #[must_use]
    pub fn is_known(&self) -> bool {
        !self.plan_version.is_empty()
    }

    /// Takes in what the server says.
    pub fn hear(&mut self, said: Said) -> Step {
        match said {
            Said::Snapshot { plan_version, seq, seats, areas } => {
                let areas = areas.into_iter().map(|left| (left.area, left.available)).collect();
                *self = Self { plan_version, seq, letters: seats.into_bytes(), areas };
                Step::Whole
            }
            Said::Delta { .. } | Said::Alive { .. } if !self.is_known() => Step::Gap,
            Said::Delta { seq, .. } if seq <= self.seq => Step::Old,
            Said::Delta { from, .. } if from != self.seq => Step::Gap,
            Said::Delta { from: _, seq, seats, areas } => self.add(seq, &seats, areas),
            Said::Alive { seq } if seq == self.seq => Step::Aside,
            Said::Alive { .. } => Step::Gap,
            Said::Plan => {
                *self = Self::default();
                Step::PlanChanged
            }
            Said::Other => Step::Aside,
        }
    }

    /// All or nothing.
    fn add(&mut self, seq: u64, seats: &[(usize, String)], areas: Vec<(String, u64)>) -> Step {
        let fits = |(place, letter): &(usize, String)| *place < self.letters.len() && letter.len() == 1;
        if !seats.iter().all(fits) || !areas.iter().all(|(area, _)| self.areas.contains_key(area)) {
            return Step::Nonsense;
        }
        for (place, letter) in seats {
            self.letters[*place] = letter.as_bytes()[0];
        }
        self.areas.extend(areas);
        self.seq = seq;
        Step::Added
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hear(chain: &mut Chain, text: &str) -> Step {
        chain.hear(serde_json::from_str(text).expect("a message"))
    }

    fn known() -> Chain {
        let mut chain = Chain::default();
        let text = r#"{"t":"snapshot","plan_version":"p","seq":41,"seats":"aaab","areas":[{"area":"floor","available":9}],"server_time":"x"}"#;
        assert_eq!(hear(&mut chain, text), Step::Whole);
        chain
    }

    #[test]
    fn deltas_follow_on_each_other() {
        let mut chain = known();
        assert_eq!(
            hear(&mut chain, r#"{"t":"delta","from":41,"seq":44,"seats":[[0,"h"],[1,"h"]],"areas":[["floor",7]]}"#),
            Step::Added
        );
        assert_eq!(hear(&mut chain, r#"{"t":"delta","from":44,"seq":45,"seats":[[0,"b"]]}"#), Step::Added);
        assert_eq!((chain.seq, chain.letters.as_slice(), chain.areas["floor"]), (45, b"bhab".as_slice(), 7));
        assert_eq!(hear(&mut chain, r#"{"t":"alive","seq":45}"#), Step::Aside);
    }

    #[test]
    fn what_is_known_already_changes_nothing() {
        let mut chain = known();
        let before = chain.clone();
        assert_eq!(hear(&mut chain, r#"{"t":"delta","from":40,"seq":41,"seats":[[0,"h"]]}"#), Step::Old);
        assert_eq!(hear(&mut chain, r#"{"t":"delta","from":12,"seq":30,"seats":[[0,"h"]]}"#), Step::Old);
        assert_eq!(chain, before);
    }

    #[test]
    fn a_gap_is_told_and_nothing_of_it_is_shown() {
        for text in [
            r#"{"t":"delta","from":42,"seq":44,"seats":[[0,"h"]]}"#,
            r#"{"t":"delta","from":40,"seq":44,"seats":[[0,"h"]]}"#,
            r#"{"t":"alive","seq":42}"#,
        ] {
            let mut chain = known();
            assert_eq!(hear(&mut chain, text), Step::Gap, "{text}");
            assert_eq!(chain, known(), "{text}");
        }
        assert_eq!(hear(&mut Chain::default(), r#"{"t":"delta","from":0,"seq":1}"#), Step::Gap);
    }

    #[test]
    fn a_snapshot_begins_anew_wherever_one_was() {
        let mut chain = known();
        assert_eq!(
            hear(&mut chain, r#"{"t":"snapshot","plan_version":"p","seq":12,"seats":"aa","areas":[]}"#),
            Step::Whole
        );
        assert_eq!((chain.seq, chain.letters.len(), chain.areas.len()), (12, 2, 0));
    }

    #[test]
    fn another_plan_forgets_everything() {
        let mut chain = known();
        assert_eq!(hear(&mut chain, r#"{"t":"plan"}"#), Step::PlanChanged);
        assert!(!chain.is_known());
    }

    #[test]
    fn what_cannot_be_true_is_not_believed_in_part() {
        let mut chain = known();
        for text in [
            r#"{"t":"delta","from":41,"seq":42,"seats":[[0,"h"],[4,"h"]]}"#,
            r#"{"t":"delta","from":41,"seq":42,"seats":[[0,"hh"]]}"#,
            r#"{"t":"delta","from":41,"seq":42,"areas":[["roof",1]]}"#,
        ] {
            assert_eq!(hear(&mut chain, text), Step::Nonsense, "{text}");
            assert_eq!(chain, known(), "{text}");
        }
    }

    #[test]
    fn news_of_a_newer_server_is_passed_over() {
        let mut chain = known();
        assert_eq!(hear(&mut chain, r#"{"t":"show","state":"paused","public_message":null}"#), Step::Aside);
        assert_eq!(hear(&mut chain, r#"{"t":"weather","rain":true}"#), Step::Aside);
        assert_eq!(chain, known());
    }
}
