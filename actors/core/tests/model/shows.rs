//! What the naive model does with the show as a whole: its state, its rules, the times of its sale, its plan.

use aisle_core::*;

use super::house::House;
use super::{Model, Outcome, State};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sale {
    Draft,
    On,
    Paused(i64),
    Moved,
    Cancelled,
    Over,
}

impl Model {
    /// The show takes part in anything new at all.
    pub(super) fn must_run(&self, origin: Origin) -> Outcome {
        match self.sale {
            Sale::Draft => Err("not_on_sale"),
            Sale::Over | Sale::Cancelled | Sale::Moved => Err("sales_ended"),
            Sale::Paused(_) if origin.channel != Channel::Staff => Err("sales_paused"),
            Sale::On | Sale::Paused(_) => Ok(()),
        }
    }

    /// And its sale has not ended.
    pub(super) fn must_not_be_over(&self, origin: Origin) -> Outcome {
        self.must_run(origin)?;
        let over = self.is_after_the_end() && origin.channel != Channel::Staff;
        if over { Err("sales_ended") } else { Ok(()) }
    }

    /// And has begun, for this door. An allocation opens its own places early.
    pub(super) fn may_sell(&self, origin: Origin, its_own: bool) -> Outcome {
        self.must_not_be_over(origin)?;
        let early = match origin.channel {
            Channel::Staff | Channel::AccessCode => true,
            Channel::Allocation => its_own,
            Channel::Public => false,
        };
        if self.is_before_the_sale() && !early { Err("not_on_sale") } else { Ok(()) }
    }

    pub fn is_before_the_sale(&self) -> bool {
        self.rules.on_sale_at.is_some_and(|begin| self.now < begin.0)
    }

    pub fn is_after_the_end(&self) -> bool {
        self.rules.sales_end_at.is_some_and(|end| self.now >= end.0)
    }

    pub(super) fn takes_money(&self) -> Outcome {
        match self.sale {
            Sale::Draft => Err("not_on_sale"),
            Sale::Over | Sale::Cancelled | Sale::Moved => Err("sales_ended"),
            Sale::On | Sale::Paused(_) => Ok(()),
        }
    }

    pub(super) fn change_show(&mut self, change: &StateChange) -> Outcome {
        self.sale = match (self.sale, change) {
            (Sale::Draft | Sale::Moved, StateChange::Publish) => Sale::On,
            (Sale::On, StateChange::Publish | StateChange::Resume) => Sale::On,
            (Sale::On, StateChange::Pause { .. }) => Sale::Paused(self.now),
            (Sale::Paused(since), StateChange::Pause { .. }) => Sale::Paused(since),
            (Sale::Paused(since), StateChange::Resume) => {
                for hold in self.holds.values_mut() {
                    if let State::Open(until) = hold.state {
                        hold.state = State::Open(until + self.now - since);
                        hold.cap += self.now - since;
                    }
                }
                Sale::On
            }
            (Sale::Draft | Sale::On | Sale::Paused(_) | Sale::Moved | Sale::Cancelled, StateChange::Cancel { .. }) => {
                Sale::Cancelled
            }
            (Sale::On | Sale::Paused(_) | Sale::Moved, StateChange::Move { .. }) => Sale::Moved,
            (Sale::On | Sale::Paused(_) | Sale::Moved | Sale::Over, StateChange::End) => Sale::Over,
            _ => return Err("wrong_state"),
        };
        Ok(())
    }

    pub(super) fn configure(&mut self, rules: &Settings) -> Outcome {
        let (second, month) = (1_000, 31 * 24 * 3_600_000);
        let possible = rules.hold_ttl_ms >= second
            && rules.pay_within_ms >= second
            && rules.hold_ttl_ms <= rules.extend_max_ms
            && rules.extend_max_ms <= month
            && rules.pay_within_ms <= month
            && rules.places_per_hold_max > 0
            && rules.holds_per_buyer_max != Some(0)
            && rules.places_per_buyer_max != Some(0)
            && rules.on_sale_at.is_none_or(|begin| rules.sales_end_at.is_none_or(|end| begin < end));
        if !possible {
            return Err("validation_failed");
        }
        self.rules = rules.clone();
        Ok(())
    }

    /// Whoever has a place keeps it, or the plan does not change; what the house kept for itself and is gone, it does without.
    pub(super) fn change_plan(&mut self, plan: &Plan) -> Outcome {
        if self.house.is_version_of(plan) {
            return Ok(());
        }
        if matches!(self.sale, Sale::Cancelled | Sale::Over) {
            return Err("wrong_state");
        }
        let next = House::of(plan);
        let gone: Vec<u32> =
            self.house.places().map(|place| place.number).filter(|&seat| next.place(seat).is_none()).collect();
        let somebodys = gone.iter().any(|&seat| matches!(self.letter(seat), b'h' | b'b'));
        if somebodys || self.house.floor - self.floor() > next.floor {
            return Err("plan_lacks_places");
        }
        for kept in self.allocations.values_mut() {
            kept.has.seats.retain(|seat| !gone.contains(seat));
        }
        self.house = next;
        Ok(())
    }
}
