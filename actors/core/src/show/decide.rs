//! What is to happen when somebody wants something.
//!
//! Which commands a show takes in which state (`+` yes, `·` refused, `=` only as a repeat of what was done before):
//!
//! | command | draft | published | paused | cancelled, moved, ended | why |
//! |---|---|---|---|---|---|
//! | Hold, ChangeHold that adds | · | + | staff | · | a pause stops new sales; the counter may go on |
//! | ChangeHold that only gives back, ReleaseHold | · | + | + | + | giving back harms nobody |
//! | ExtendHold | · | + | staff | · | in a pause the hold's clock stands still: nothing is lost by waiting |
//! | StartPayment | · | + | staff, = | = | likewise; nobody should pay for a show whose sale was stopped |
//! | ReopenHold, EndPayment | · | + | + | + | a payment that is given up must be able to end |
//! | Book, SellLate | · | + | + | = | money on its way is kept where the show still stands, else it is given back |
//! | CancelBooking | + | + | + | + | |
//! | Block, Unblock, Configure, ChangePlan | + | + | + | + | the house's own affair |
//!
//! Staff are not bound by the times of the sale, by limits, by the orphan rule, and by tables that are sold whole. A code for
//! the presale opens the sale before `on_sale_at`, an allocation its own places; after `sales_end_at` neither helps. Whoever has
//! a hold when the sale ends may pay for it, but not extend it.

use super::Show;
use super::check::{Pool, must_want_something, wanted_areas};
use super::record::places;
use crate::command::{Channel, Command, HoldSeats, NewPlan};
use crate::event::Event;
use crate::planted::{self, Bug};
use crate::rejection::Rejection;
use crate::time::Timestamp;

impl Show {
    /// What is to happen when `command` comes at `now`: events, in their order, or the reason why not. Changes nothing.
    ///
    /// No events means that there is nothing to change: the same request again, or one that asks for what already is. What time
    /// alone has done must have been applied before ([`Show::expire`]).
    ///
    /// # Errors
    /// The first reason, in the order of [`Rejection`].
    pub fn decide(&self, now: Timestamp, command: &Command) -> Result<Vec<Event>, Rejection> {
        match command {
            Command::Hold(wanted) => self.decide_hold(now, wanted),
            Command::ChangeHold { hold, add, remove, areas } => self.decide_change(now, *hold, add, remove, areas),
            Command::ExtendHold { hold } => self.decide_extend(now, *hold),
            Command::ReleaseHold { hold } => self.decide_release(now, *hold),
            Command::StartPayment { hold, order, pay_within_ms, customer } => {
                self.decide_start_payment(now, *hold, *order, *pay_within_ms, *customer)
            }
            Command::ReopenHold { hold, order } => self.decide_reopen(now, *hold, *order),
            Command::EndPayment { hold, order } => self.decide_end_payment(now, *hold, *order),
            Command::Book { hold, booking, order } => self.decide_book(now, *hold, *booking, *order),
            Command::SellLate(sale) => self.decide_sell_late(now, sale),
            Command::CancelBooking { booking, seats, areas } => self.decide_cancel_booking(*booking, seats, areas),
            Command::Block { allocation, seats, areas, reason, release_at } => {
                self.decide_block(now, *allocation, seats, areas, reason, *release_at)
            }
            Command::Unblock { allocation, seats, areas } => self.decide_unblock(*allocation, seats, areas),
            Command::Configure(settings) => self.decide_configure(settings),
            Command::Change(change) => self.decide_state(now, change),
            Command::ChangePlan(NewPlan(plan)) => self.decide_plan(plan),
        }
    }

    /// Whether `command` is one that was carried out before and is only answered again.
    #[must_use]
    pub fn would_replay(&self, now: Timestamp, command: &Command) -> bool {
        match command {
            Command::Hold(wanted) => self.known_hold(now, wanted.hold).is_some() && self.decide(now, command).is_ok(),
            Command::StartPayment { .. } | Command::Book { .. } | Command::SellLate(_) => {
                self.decide(now, command).is_ok_and(|events| events.is_empty())
            }
            Command::ChangeHold { .. }
            | Command::ExtendHold { .. }
            | Command::ReleaseHold { .. }
            | Command::ReopenHold { .. }
            | Command::EndPayment { .. }
            | Command::CancelBooking { .. }
            | Command::Block { .. }
            | Command::Unblock { .. }
            | Command::Configure(_)
            | Command::Change(_)
            | Command::ChangePlan(_) => false,
        }
    }

    /// What time alone brings until `now`: allocations that end, holds that lapse. Nothing, once that is applied.
    #[must_use]
    pub fn expire(&self, now: Timestamp) -> Vec<Event> {
        // Allocations first: what lapses in the same moment then goes to sale, and not back into one that is over.
        let released = self.releases.iter().take_while(|&&(at, _)| at <= now).filter_map(|&(_, allocation)| {
            self.allocations.get(allocation).map(|record| Event::SeatsUnblocked {
                allocation,
                seats: record.seats.iter().copied().collect(),
                areas: record.areas.clone(),
                by_time: true,
            })
        });
        let clock = self.hold_clock(now);
        let lapsed =
            self.lapses.iter().take_while(|&&(at, _)| at <= clock).map(|&(_, hold)| Event::HoldLapsed { hold });
        let mut events: Vec<Event> = released.chain(lapsed).collect();
        if planted::is(Bug::ExpirePayingHold) {
            events.extend(self.lapse_paying(now));
        }
        events
    }

    fn decide_hold(&self, now: Timestamp, wanted: &HoldSeats) -> Result<Vec<Event>, Rejection> {
        if let Some(record) = self.known_hold(now, wanted.hold) {
            let same = wanted.request.is_some() && record.request == wanted.request;
            return if same { Ok(Vec::new()) } else { Err(Rejection::KeyReused) };
        }
        self.must_be_on_sale(now, wanted.origin.channel, wanted.allocation.is_some())?;
        let pool = self.pool_for(wanted)?;
        let areas = wanted_areas(&wanted.areas);
        let best = wanted.best.as_ref().filter(|best| best.quantity > 0);
        if best.is_none() {
            must_want_something(&wanted.seats, &areas)?;
        }
        self.must_be_places(&wanted.seats, &wanted.areas)?;
        if best.is_some() && !wanted.seats.is_empty() {
            return Err(Rejection::NamedTwice);
        }
        self.must_take_whole_tables(wanted.origin.channel, &wanted.seats, &wanted.seats)?;
        let quantity = places(&wanted.seats, &areas) + best.map_or(0, |best| u64::from(best.quantity));
        self.must_be_within_limits(wanted.origin, 0, quantity)?;
        self.must_be_available(pool, &wanted.seats)?;
        self.must_have_room(pool, &areas)?;
        let rule = self.orphan_rule(now, wanted.origin.channel);
        let seats = match best {
            Some(best) => self.best_available(pool, best, rule).ok_or(Rejection::NoneAvailable)?,
            None => {
                self.must_not_strand(rule, pool, &wanted.seats, &[], &[])?;
                wanted.seats.clone()
            }
        };
        let clock = self.hold_clock(now);
        Ok(vec![Event::SeatsHeld {
            hold: wanted.hold,
            origin: wanted.origin,
            seats,
            areas,
            allocation: wanted.allocation,
            expires_at: clock.plus_ms(self.settings.hold_ttl_ms),
            extendable_until: clock.plus_ms(self.settings.extend_max_ms),
            request: wanted.request,
        }])
    }

    /// The public cannot name an allocation; for everybody else it must stand.
    fn pool_for(&self, wanted: &HoldSeats) -> Result<Pool, Rejection> {
        let Some(allocation) = wanted.allocation else {
            return Ok(Pool::Free);
        };
        match wanted.origin.channel {
            Channel::Staff | Channel::Allocation => self.standing_allocation(Some(allocation)).map(Pool::Allocation),
            Channel::Public | Channel::AccessCode => None,
        }
        .ok_or(Rejection::UnknownAllocation { allocation })
    }
}
