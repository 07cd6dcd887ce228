//! What two of the planted bugs do; see [`crate::planted`].

use super::check::Pool;
use super::{HoldState, Show};
use crate::command::BestAvailable;
use crate::event::Event;
use crate::settings::OrphanRule;
use crate::time::Timestamp;

impl Show {
    /// Holds whose time to pay is over, as if they were open ones.
    pub(super) fn lapse_paying(&self, now: Timestamp) -> impl Iterator<Item = Event> {
        let overdue = move |state: &HoldState| matches!(state, HoldState::Paying { pay_by, .. } if *pay_by <= now);
        let holds = self.holds.iter().filter(move |(_, record)| overdue(&record.state));
        holds.map(|(hold, _)| Event::HoldLapsed { hold })
    }

    /// The booking of as many seats, but of those that are best by now.
    pub(super) fn chosen_again(&self, mut event: Event) -> Event {
        if let Event::Booked { seats, .. } = &mut event {
            let quantity = u32::try_from(seats.len()).unwrap_or(0);
            let best = BestAvailable { quantity, category: None, section: None, accessible: 0, companions: 0 };
            if let Some(chosen) = self.best_available(Pool::Free, &best, OrphanRule::Off) {
                *seats = chosen;
            }
        }
        event
    }
}
