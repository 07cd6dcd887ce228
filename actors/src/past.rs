//! Looking back: a show as it was at some moment of its journal.

use std::sync::Arc;

use aisle_core::{Plan, Seq, Show, ShowId, Timestamp, Touched};

use crate::journal::{Journal, JournalError, entries_of};
use crate::recall::Recalled;

/// Lines read at a time: a long journal is never in memory as a whole.
const PAGE: usize = 2_000;

/// A moment of a show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// After the event of this number.
    Seq(Seq),
    /// At this time; what time alone had brought by then counts, whether it had been written down or not.
    Time(Timestamp),
}

impl Recalled {
    /// The show as it was at `moment`; where the journal ends before it, as it is. Owns nothing and wakes nobody.
    ///
    /// # Errors
    /// [`JournalError::Damaged`] for a gap or an unreadable entry on the way; `Refused` or `Unknown`: ask again.
    pub async fn at(journal: &dyn Journal, id: ShowId, plan: Arc<Plan>, moment: Moment) -> Result<Self, JournalError> {
        // By time the whole journal is replayed: a snapshot says when it was taken, not how far time had come before.
        let snapshot = match moment {
            Moment::Seq(seq) => journal.snapshot(id, seq).await?,
            Moment::Time(_) => None,
        };
        let from_snapshot = snapshot.and_then(|snapshot| Self::from_snapshot(id, &plan, &snapshot).ok());
        let mut recalled = from_snapshot.unwrap_or_else(|| Self::begin(id, plan));
        let mut touched = Touched::default();
        loop {
            let lines = journal.lines(id, recalled.seq, PAGE).await?;
            let is_last = lines.len() < PAGE;
            for entry in entries_of(id, recalled.seq, lines)? {
                let is_later = match moment {
                    Moment::Seq(seq) => entry.seq > seq,
                    Moment::Time(time) => entry.at > time,
                };
                if is_later {
                    return Ok(recalled.brought_to(moment));
                }
                recalled.go_on(&entry, &mut touched);
                touched.clear();
            }
            if is_last {
                return Ok(recalled.brought_to(moment));
            }
        }
    }

    fn brought_to(mut self, moment: Moment) -> Self {
        if let Moment::Time(time) = moment {
            let mut touched = Touched::default();
            for event in self.show.expire(time) {
                self.show.apply(time, &event, &mut touched);
            }
            self.at = self.at.max(time);
        }
        self
    }
}

/// Whether two shows are the same: everything that a snapshot would keep.
pub(crate) fn same(one: &Show, other: &Show) -> bool {
    one.image() == other.image()
}
