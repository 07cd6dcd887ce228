//! Changes on their way to the public: gathered, then encoded once for everybody.

use std::collections::BTreeMap;

use aisle_core::{AreaNo, HoldId, HoldView, Plan, Seq, ShowState};
use bytestring::ByteString;

use super::PublicChange;

/// What changed publicly between two durable sequence numbers. Each place, area and hold is named once, with the last word on it.
///
/// It names everything that was touched in between, also what is in the end as it was before. So it is true for whoever has
/// any number from `from` up to `seq`, not only for those who have `from`. Only where a show was loaded again it is a mere
/// difference.
#[derive(Clone, Debug)]
pub struct Delta {
    /// The number before it.
    pub from: Seq,
    /// The number after it.
    pub seq: Seq,
    /// Places in the plan's order, with their new letters.
    pub seats: Vec<(u32, u8)>,
    /// Areas, with the number of places now available.
    pub areas: Vec<(AreaNo, u32)>,
    /// The show's new state, where it changed.
    pub show: Option<ShowState>,
    /// Holds that began, changed or ended. Private: a socket picks its own.
    pub holds: BTreeMap<HoldId, HoldView>,
    /// It is the difference of two maps: true for those alone who have `from`.
    pub(super) difference: bool,
    text: ByteString,
    /// Where in `text` stands what does not depend on `from`.
    rest: usize,
}

const HEAD: &str = r#"{"t":"delta","from":"#;

impl Delta {
    /// `{"t":"delta",…}` for a client that has `have`. Shared, not copied, by all who have [`from`](Self::from).
    #[must_use]
    pub fn text_for(&self, have: Seq) -> ByteString {
        if have == self.from {
            return self.text.clone();
        }
        ByteString::from(format!("{HEAD}{}{}", have.0, self.text.get(self.rest..).unwrap_or_default()))
    }

    /// Seats and areas that it names.
    pub(super) fn places(&self) -> usize {
        self.seats.len() + self.areas.len()
    }
}

/// Changes of several steps as one.
#[derive(Clone, Debug, Default)]
pub(super) struct Gathered {
    seats: BTreeMap<u32, u8>,
    areas: BTreeMap<AreaNo, u32>,
    show: Option<ShowState>,
    holds: BTreeMap<HoldId, HoldView>,
    pub(super) steps: u64,
    pub(super) difference: bool,
}

impl Gathered {
    pub(super) fn add(&mut self, change: PublicChange) {
        self.seats.extend(change.seats);
        self.areas.extend(change.areas);
        self.show = change.show.or(self.show.take());
        self.holds.extend(change.holds.into_iter().map(|hold| (hold.hold, hold)));
    }

    pub(super) fn add_delta(&mut self, delta: &Delta) {
        self.seats.extend(delta.seats.iter().copied());
        self.areas.extend(delta.areas.iter().copied());
        self.show = delta.show.clone().or(self.show.take());
        self.holds.extend(delta.holds.iter().map(|(&id, hold)| (id, hold.clone())));
    }

    pub(super) fn add_later(&mut self, later: Self) {
        self.seats.extend(later.seats);
        self.areas.extend(later.areas);
        self.show = later.show.or(self.show.take());
        self.holds.extend(later.holds);
    }

    pub(super) fn into_delta(self, plan: &Plan, from: Seq, seq: Seq) -> Delta {
        let Self { seats, areas, show, holds, steps: _, difference } = self;
        let (seats, areas): (Vec<_>, Vec<_>) = (seats.into_iter().collect(), areas.into_iter().collect());
        let (text, rest) = encode(plan, from, seq, &seats, &areas);
        Delta { from, seq, seats, areas, show, holds, difference, text, rest }
    }
}

fn encode(plan: &Plan, from: Seq, seq: Seq, seats: &[(u32, u8)], areas: &[(AreaNo, u32)]) -> (ByteString, usize) {
    use std::fmt::Write as _;

    let mut text = format!("{HEAD}{}", from.0);
    let rest = text.len();
    // Writing into a String cannot fail.
    let _ = write!(text, r#","seq":{},"seats":["#, seq.0);
    let mut comma = "";
    for (place, letter) in seats {
        let _ = write!(text, r#"{comma}[{place},"{}"]"#, char::from(*letter));
        comma = ",";
    }
    text.push_str(r#"],"areas":["#);
    let mut comma = "";
    for (number, available) in areas {
        if let Some(area) = plan.area(*number) {
            let id = serde_json::Value::from(&*area.id);
            let _ = write!(text, "{comma}[{id},{available}]");
            comma = ",";
        }
    }
    text.push_str("]}");
    (ByteString::from(text), rest)
}
