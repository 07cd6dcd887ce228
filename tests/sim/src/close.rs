//! The end of the day: nothing goes wrong any more, and everything must come to its end.

use aisle_actors::NodeId;
use aisle_actors::core::Timestamp;
use aisle_actors::turn::{Effect, Turn};
use uuid::Uuid;

use crate::auditor::Verdict;
use crate::house::{House, Ticket};
use crate::nodes::Node;

/// Many times what the slowest order needs.
const SETTLING_TICKS_MAX: u32 = 20_000;

impl House {
    /// Whether anything is still on its way.
    fn is_at_rest(&self) -> bool {
        self.flights.is_empty()
            && self.wanted.is_empty()
            && self.jobs.is_empty()
            && self.copies.is_empty()
            && self.desk.is_at_rest()
    }

    /// Nothing goes wrong any more: providers speak, nodes stay up, messages arrive. Until everything rests.
    pub fn settle(&mut self) -> Verdict {
        self.calm = true;
        self.moods = crate::providers::Moods::default();
        self.buyers.clear();
        self.stragglers.clear();
        for _ in 0..SETTLING_TICKS_MAX {
            if self.is_at_rest() {
                return self.close_books();
            }
            self.tick()?;
        }
        Err(format!(
            "it does not come to rest: {} appends, {} wishes, {} jobs, {} pieces of news; {}",
            self.flights.len(),
            self.wanted.len(),
            self.jobs.len(),
            self.copies.len(),
            self.desk.restless(),
        ))
    }

    /// The day is over: everything falls, somebody else takes it all up, and time does the rest.
    pub fn close(&mut self) -> Verdict {
        for Node { id, .. } in &self.nodes {
            self.memory.end_lease(*id);
        }
        let last = NodeId(Uuid::from_u128(u128::MAX));
        for (show, model) in &mut self.models {
            let epoch = self.memory.acquire_now(last, *show).map_err(|error| error.to_string())?;
            let recover = |with_snapshot| {
                let recovered = self.memory.load_now(*show, with_snapshot).map_err(|error| error.to_string())?;
                Turn::<Ticket>::recover(*show, &self.plan, recovered, u64::MAX, None).map_err(|error| error.to_string())
            };
            let ((mut short, _), (whole, _)) = (recover(true)?, recover(false)?);
            if short.show().image() != whole.show().image() {
                return Err(format!("show {show} is another from its snapshot than from its whole journal"));
            }
            let later = Timestamp(self.now).plus_ms(24 * 60 * 60_000);
            for effect in short.time(later) {
                if let Effect::Append(entries) = effect {
                    self.memory.append_now(last, *show, epoch, &entries).map_err(|error| error.to_string())?;
                    for entry in entries.iter() {
                        model.durable(entry)?;
                    }
                }
            }
            let overdue = model.overdue(later);
            if !overdue.is_empty() {
                return Err(format!("holds of show {show} never ended: {overdue:?}"));
            }
        }
        Ok(())
    }
}
