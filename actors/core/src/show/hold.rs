//! Decisions about a hold that stands.

use super::check::must_be_named_once;
use super::record::{Hold, places, quantity_in, set_quantity};
use super::{HoldState, Show};
use crate::command::{AreaCount, Channel};
use crate::event::Event;
use crate::ids::{BuyerId, HoldId, OrderId, SeatNo};
use crate::rejection::Rejection;
use crate::time::{DurationMs, Timestamp};

/// Whoever gives up a payment has at least this long to choose again, also past the cap of the hold; where a hold's whole
/// time is shorter, that long.
const REOPENED_MIN_MS: DurationMs = 60_000;

impl Show {
    pub(super) fn decide_change(
        &self,
        now: Timestamp,
        hold: HoldId,
        add: &[SeatNo],
        remove: &[SeatNo],
        areas: &[AreaCount],
    ) -> Result<Vec<Event>, Rejection> {
        let known = self.known_hold(now, hold);
        if let Some(record) = known.filter(|record| adds_to(record, add, areas)) {
            let from_allocation = self.standing_allocation(record.allocation).is_some();
            self.must_be_on_sale(now, record.origin.channel, from_allocation)?;
        }
        let record = self.must_be_known(now, hold)?;
        self.must_be_open(now, record)?;
        self.must_be_places(add, areas)?;
        let named: Vec<SeatNo> = add.iter().chain(remove).copied().collect();
        must_be_named_once(&named, &[])?;

        let added: Vec<SeatNo> = add.iter().copied().filter(|seat| !record.seats.contains(seat)).collect();
        let removed: Vec<SeatNo> = remove.iter().copied().filter(|seat| record.seats.contains(seat)).collect();
        let changed: Vec<AreaCount> =
            areas.iter().copied().filter(|count| quantity_in(&record.areas, count.area) != count.quantity).collect();
        if added.is_empty() && removed.is_empty() && changed.is_empty() {
            return Ok(Vec::new());
        }
        let kept: Vec<SeatNo> = record.seats.iter().copied().filter(|seat| !removed.contains(seat)).collect();
        let mut areas_after = record.areas.clone();
        for count in &changed {
            set_quantity(&mut areas_after, count.area, count.quantity);
        }
        let after = added.len() as u64 + places(&kept, &areas_after);
        if after == 0 {
            return Ok(vec![Event::HoldReleased { hold }]);
        }
        let has: Vec<SeatNo> = kept.iter().chain(&added).copied().collect();
        self.must_take_whole_tables(record.origin.channel, &named, &has)?;
        let pool = self.pool_of(record.allocation);
        self.must_be_within_limits(record.origin, record.places(), after)?;
        self.must_be_available(pool, &added)?;
        let more: Vec<AreaCount> = changed
            .iter()
            .map(|count| AreaCount {
                area: count.area,
                quantity: count.quantity.saturating_sub(quantity_in(&record.areas, count.area)),
            })
            .collect();
        self.must_have_room(pool, &more)?;
        let rule = self.orphan_rule(now, record.origin.channel);
        self.must_not_strand(rule, pool, &added, &kept, &removed)?;
        Ok(vec![Event::HoldChanged { hold, added, removed, areas: changed }])
    }

    pub(super) fn decide_extend(&self, now: Timestamp, hold: HoldId) -> Result<Vec<Event>, Rejection> {
        if let Some(record) = self.known_hold(now, hold) {
            self.must_not_be_over(now, record.origin.channel)?;
        }
        let record = self.must_be_known(now, hold)?;
        let expires_at = self.must_be_open(now, record)?;
        let longer = self.hold_clock(now).plus_ms(self.settings.hold_ttl_ms).min(record.extendable_until);
        // An extension never takes time away.
        if longer <= expires_at {
            return Ok(Vec::new());
        }
        Ok(vec![Event::HoldExtended { hold, expires_at: longer }])
    }

    pub(super) fn decide_release(&self, now: Timestamp, hold: HoldId) -> Result<Vec<Event>, Rejection> {
        let record = self.must_be_known(now, hold)?;
        match record.state {
            HoldState::Open { .. } => Ok(vec![Event::HoldReleased { hold }]),
            HoldState::Released { .. } | HoldState::Lapsed { .. } | HoldState::PaymentEnded { .. } => Ok(Vec::new()),
            // Who is told "released" must not be charged afterwards.
            HoldState::Paying { .. } | HoldState::Booked { .. } => Err(Rejection::HoldNotOpen),
        }
    }

    pub(super) fn decide_start_payment(
        &self,
        now: Timestamp,
        hold: HoldId,
        order: OrderId,
        pay_within_ms: Option<DurationMs>,
        customer: Option<BuyerId>,
    ) -> Result<Vec<Event>, Rejection> {
        let known = self.known_hold(now, hold);
        if known.is_some_and(|record| is_paying_for(record, order)) {
            return Ok(Vec::new());
        }
        self.must_be_running(known.map_or(Channel::Public, |record| record.origin.channel))?;
        let record = self.must_be_known(now, hold)?;
        self.must_be_open(now, record)?;
        if record.given_up.contains(&order) {
            return Err(Rejection::HoldNotOpen);
        }
        self.must_be_within_customers_limit(record.origin, customer, record.places())?;
        let pay_by = now.plus_ms(pay_within_ms.unwrap_or(self.settings.pay_within_ms));
        Ok(vec![Event::PaymentStarted { hold, order, pay_by, customer }])
    }

    pub(super) fn decide_reopen(&self, now: Timestamp, hold: HoldId, order: OrderId) -> Result<Vec<Event>, Rejection> {
        let record = self.must_be_known(now, hold)?;
        match record.state {
            HoldState::Paying { .. } if is_paying_for(record, order) => {
                let expires_at = self.reopened_until(now, record);
                Ok(vec![Event::PaymentGivenUp { hold, order, expires_at }])
            }
            HoldState::Open { .. } => {
                let expires_at = self.must_be_open(now, record)?;
                Ok(given_up(hold, record, order, expires_at))
            }
            HoldState::Lapsed { at: lapsed_at } => Err(Rejection::HoldLapsed { lapsed_at }),
            HoldState::Paying { .. }
            | HoldState::Released { .. }
            | HoldState::PaymentEnded { .. }
            | HoldState::Booked { .. } => Err(Rejection::HoldNotOpen),
        }
    }

    /// The full time within the cap, and a minute also where the cap is past. That minute itself ends one payment after the
    /// cap, so that nobody keeps seats for ever by starting to pay and giving up.
    fn reopened_until(&self, now: Timestamp, record: &Hold) -> Timestamp {
        let clock = self.hold_clock(now);
        let settings = &self.settings;
        let full = clock.plus_ms(settings.hold_ttl_ms);
        let floor = clock.plus_ms(settings.hold_ttl_ms.min(REOPENED_MIN_MS));
        let end = record.extendable_until.plus_ms(settings.pay_within_ms).plus_ms(REOPENED_MIN_MS);
        full.min(record.extendable_until).max(floor).min(end).max(clock)
    }

    pub(super) fn decide_end_payment(
        &self,
        now: Timestamp,
        hold: HoldId,
        order: OrderId,
    ) -> Result<Vec<Event>, Rejection> {
        let record = self.must_be_known(now, hold)?;
        match record.state {
            HoldState::Paying { .. } if is_paying_for(record, order) => Ok(vec![Event::PaymentEnded { hold, order }]),
            HoldState::Open { expires_at } => Ok(given_up(hold, record, order, expires_at)),
            // No payment of this order is running any more, which is what was wanted.
            HoldState::PaymentEnded { .. } | HoldState::Lapsed { .. } | HoldState::Released { .. } => Ok(Vec::new()),
            HoldState::Paying { .. } | HoldState::Booked { .. } => Err(Rejection::HoldNotOpen),
        }
    }
}

fn adds_to(record: &Hold, add: &[SeatNo], areas: &[AreaCount]) -> bool {
    add.iter().any(|seat| !record.seats.contains(seat))
        || areas.iter().any(|count| count.quantity > quantity_in(&record.areas, count.area))
}

/// The order gives up a payment that has not begun: should its beginning still come, it is refused. Once said is enough.
fn given_up(hold: HoldId, record: &Hold, order: OrderId, expires_at: Timestamp) -> Vec<Event> {
    if record.given_up.contains(&order) {
        return Vec::new();
    }
    vec![Event::PaymentGivenUp { hold, order, expires_at }]
}

fn is_paying_for(record: &Hold, order: OrderId) -> bool {
    matches!(record.state, HoldState::Paying { order: paying, .. } if paying == order)
}
