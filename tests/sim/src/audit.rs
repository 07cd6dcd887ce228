//! The auditor of the money: what the providers' own tables say has moved is held against tickets, seats and books.

use aisle_actors::core::{BookingId, Event, SeatNo, ShowId};
use uuid::Uuid;

use crate::auditor::{Model, Verdict, must};
use crate::bank::Status;
use crate::desk::Admits;
use crate::exchanges::exchanged_of;
use crate::house::House;
use crate::orders::saga::{ExchangeState, LineKind, OrderState, RefundStatus, Repayment, ReviewState, Saga, news};

/// What a voucher, or tickets of another order, have paid of an order and have not back. What is still to go back there has not: it waits for what goes back to the
/// payment, and stays where that is refused.
fn by_credit_of(saga: &Saga, kind: LineKind) -> i64 {
    let is_of = |refund: &Repayment| saga.credit_of(refund).is_some_and(|line| line.kind == kind);
    let onto = saga.refunds.iter().filter(|refund| is_of(refund) && refund.status == RefundStatus::Succeeded);
    let paid = -saga.credits().filter(|line| line.kind == kind).map(|line| line.amount).sum::<i64>();
    let paid = paid - onto.map(|refund| refund.amount.amount).sum::<i64>();
    if saga.confirmed_at.is_some() { paid } else { 0 }
}

impl House {
    /// What moved at the providers for this order: collected, and given back for good.
    fn moved(&self, saga: &Saga) -> (i64, i64) {
        let payments: Vec<Uuid> = saga.attempts.iter().map(|attempt| attempt.id).collect();
        self.bank.moved(&payments)
    }

    /// Never both: a ticket that admits is paid for, by money that has not gone back.
    pub fn audit(&self, order: Uuid) -> Verdict {
        let Some(row) = self.desk.rows.get(&order) else { return Ok(()) };
        let (captured, back) = self.moved(&row.saga);
        let tickets = row.saga.lines.iter().filter_map(|line| self.desk.tickets.get(&line.id));
        let admits: i64 = tickets.filter(|it| it.admits == Admits::Yes).map(|it| it.amount).sum();
        let credit = by_credit_of(&row.saga, LineKind::Voucher) + by_credit_of(&row.saga, LineKind::Exchange);
        must(captured - back + credit - exchanged_of(&row.saga) >= admits, || {
            format!("order {order} has tickets for {admits}, paid {captured} and got {back} back: {:#?}", row.saga)
        })
    }

    fn has_its_seats(&self, saga: &Saga) -> Verdict {
        for part in &saga.parts {
            let model = self.models.get(&ShowId(part.show)).ok_or("no such show")?;
            let (seats, floor) = model.booked(BookingId(part.booking)).unwrap_or_default();
            let wanted: u32 = part.areas.iter().map(|(_, quantity)| quantity).sum();
            must(self.names(seats) == self.sorted(&part.seats) && floor == wanted, || {
                format!("order {} has {seats:?} and {floor} places of show {}: {part:?}", saga.order, part.show)
            })?;
        }
        Ok(())
    }

    fn names(&self, seats: &[SeatNo]) -> Vec<String> {
        self.sorted(&crate::jobs::guids(&self.plan, seats))
    }

    fn sorted(&self, names: &[String]) -> Vec<String> {
        let mut names = names.to_vec();
        names.sort();
        names
    }

    /// No capture without seats, and none that staff still look at, or would not have.
    pub fn may_capture(&self, saga: &Saga) -> Verdict {
        let decided = match self.desk.rows.get(&saga.order).map(|row| row.saga.review.state) {
            Some(ReviewState::Clear | ReviewState::Flagged | ReviewState::Accepted) => true,
            Some(
                ReviewState::Unjudged
                | ReviewState::Wanted
                | ReviewState::Refused
                | ReviewState::Lapsed
                | ReviewState::Withdrawn
                | ReviewState::LetGo,
            )
            | None => false,
        };
        must(decided, || format!("money is taken that nobody has agreed to: {saga:#?}"))?;
        self.has_its_seats(saga)
    }

    /// No ticket without seats, and none before the money is here.
    pub fn may_confirm(&self, saga: &Saga) -> Verdict {
        self.has_its_seats(saga)?;
        let (captured, back) = self.moved(saga);
        must(captured - back >= saga.total, || {
            format!("order {} of {} is confirmed with {captured} paid and {back} given back", saga.order, saga.total)
        })
    }

    /// Something has become durable that an order may have a say in.
    pub fn witness(&self, show: ShowId, event: &Event) -> Verdict {
        let Event::BookingCancelled { booking, seats, .. } = event else { return Ok(()) };
        let Some(order) = self.of_bookings.get(&booking.0) else { return Ok(()) };
        for seat in self.names(seats) {
            let ticket = self.desk.seats.get(&(show.0, seat.clone())).and_then(|line| self.desk.tickets.get(line));
            let admits = ticket.is_some_and(|it| it.order == *order && it.admits == Admits::Yes);
            must(!admits, || format!("{seat} of show {show} is on sale again and order {order} has a ticket for it"))?;
        }
        Ok(())
    }

    pub fn count_change(&mut self, before: &Saga, after: &Saga) {
        if before.state != after.state {
            self.report.count(match after.state {
                OrderState::AwaitingPayment => "order: awaiting_payment",
                OrderState::InReview => "order: in_review",
                OrderState::Authorized => "order: authorized",
                OrderState::Booked => "order: booked",
                OrderState::Captured => "order: captured",
                OrderState::Confirmed => "order: confirmed",
                OrderState::Expired => "order: expired",
                OrderState::Refunding => "order: refunding",
                OrderState::Refunded => "order: refunded",
                OrderState::PartiallyRefunded => "order: partially_refunded",
                OrderState::Cancelled => "order: cancelled",
            });
        }
        if before.review.state != after.review.state {
            self.report.count(match after.review.state {
                ReviewState::Unjudged => "review: unjudged",
                ReviewState::Clear => "review: found nothing",
                ReviewState::Flagged => "review: flagged",
                ReviewState::Wanted => "review: wanted",
                ReviewState::Accepted => "review: accepted",
                ReviewState::Refused => "review: refused",
                ReviewState::Lapsed => "review: lapsed",
                ReviewState::Withdrawn => "review: withdrawn",
                ReviewState::LetGo => "review: let go by the bank",
            });
        }
        match news(before, after).and_then(|told| told.ends) {
            Some(ExchangeState::Sold) => self.report.count("exchange: sold"),
            Some(ExchangeState::Off) => self.report.count("exchange: not sold after all"),
            Some(ExchangeState::Open | ExchangeState::Done) | None => {}
        }
        for refund in &after.refunds {
            if before.refunds.iter().any(|it| it.id == refund.id) {
                continue;
            }
            self.report.count(match refund.cause.as_str() {
                "late" => "order: late money given back",
                "duplicate" => "order: second payment given back",
                "amount" => "order: wrong amount given back",
                _ => match after.credit_of(refund).map(|line| line.kind) {
                    Some(LineKind::Exchange) => "exchange: given back out of the other order",
                    _ if refund.is_of_exchange() => "exchange: the rest given back",
                    _ if refund.is_from_exchange() => "exchange: passed back",
                    Some(_) => "order: given back onto a voucher",
                    None => "order: tickets given back",
                },
            });
        }
    }

    /// When everything has come to rest: money is in tickets or was given back, never both and never neither; seats and books
    /// say the same.
    pub fn close_books(&self) -> Verdict {
        let (mut moved, mut sold, mut fees, mut owed, mut by_voucher) = (0, 0, 0, 0, 0);
        for (order, row) in &self.desk.rows {
            let saga = &row.saga;
            self.audit(*order)?;
            let (captured, back) = self.moved(saga);
            let wares = || saga.lines.iter().filter(|line| !line.kind.is_credit());
            let kept: i64 = wares().filter(|line| !line.cancelled).map(|line| line.amount).sum();
            let tickets = if saga.confirmed_at.is_some() { kept } else { 0 };
            let fee: i64 = saga.lines.iter().filter(|line| line.cancelled).map(|line| line.kept).sum();
            // What a provider has refused to give back is somebody's work, and the order says so.
            let failed: i64 = saga
                .refunds
                .iter()
                .filter(|refund| refund.status == RefundStatus::Failed)
                .map(|refund| refund.amount.amount)
                .sum();
            let (credit, given) = (by_credit_of(saga, LineKind::Voucher), by_credit_of(saga, LineKind::Exchange));
            let rest = captured - back + credit + given - exchanged_of(saga) - tickets - fee;
            must((0..=failed).contains(&rest), || {
                format!(
                    "order {order}: {captured} paid, {back} given back, tickets for {tickets}, {failed} refused: {saga:#?}"
                )
            })?;
            self.rests(saga)?;
            moved += captured - back;
            sold += tickets;
            fees += fee;
            owed += rest;
            by_voucher += credit;
        }
        let of = |account: &str| self.desk.books.get(account).copied().unwrap_or(0);
        let providers: i64 =
            self.desk.books.iter().filter(|(name, _)| name.starts_with("provider:")).map(|(_, sum)| sum).sum();
        let books = &self.desk.books;
        must(providers == moved, || format!("{moved} moved at the providers, and the books say {books:?}"))?;
        let booked = of("sales") + of("fees") + of("taxes");
        must(-booked == sold, || format!("tickets for {sold} were sold, and the books say {books:?}"))?;
        must(of("vouchers") == by_voucher, || format!("vouchers paid {by_voucher}, and the books say {books:?}"))?;
        must(-of("cancellation_fees") == fees, || format!("{fees} were kept, and the books say {books:?}"))?;
        must(-of("deposits") - of("refunds_due") - of("exchanges") == owed, || {
            format!("{owed} is owed, and the books say {books:?}")
        })?;
        for (what, times) in &self.desk.outbox {
            must(*times == 1, || format!("{what} was said {times} times"))?;
        }
        self.no_booking_without_its_order()
    }

    /// An order that rests has ended in one of the ways in which orders end, and has the seats it sold.
    fn rests(&self, saga: &Saga) -> Verdict {
        let ended = match saga.state {
            OrderState::Confirmed
            | OrderState::Expired
            | OrderState::Refunded
            | OrderState::PartiallyRefunded
            | OrderState::Cancelled => true,
            OrderState::AwaitingPayment
            | OrderState::InReview
            | OrderState::Authorized
            | OrderState::Booked
            | OrderState::Captured
            | OrderState::Refunding => false,
        };
        must(ended, || format!("an order has not come to its end: {saga:#?}"))?;
        for attempt in &saga.attempts {
            let set_aside = self.bank.payments.get(&attempt.id).is_some_and(|it| it.status == Status::Authorized);
            must(!set_aside, || format!("an amount stays set aside: {saga:#?}"))?;
        }
        let bought = saga.confirmed_at.is_some();
        let refused = matches!(saga.review.state, ReviewState::Refused | ReviewState::Lapsed | ReviewState::LetGo);
        must(!refused || !bought, || format!("staff would not sell, and it was sold: {saga:#?}"))?;
        let heard = self.desk.outbox.contains_key(&format!("not sold {}", saga.order));
        must(heard || !refused, || format!("the buyer waits to hear how it ended: {saga:#?}"))?;
        let said = self.desk.outbox.contains_key(&format!("confirmed {}", saga.order));
        must(said == saga.confirmed_at.is_some(), || format!("the buyer was told otherwise: {saga:#?}"))?;
        for part in &saga.parts {
            let model = self.models.get(&ShowId(part.show)).ok_or("no such show")?;
            let (seats, floor) = model.booked(BookingId(part.booking)).unwrap_or_default();
            let kept = || {
                let of_part = saga.lines.iter().filter(|line| line.hold == Some(part.hold) && !line.cancelled);
                of_part.filter(|_| saga.confirmed_at.is_some())
            };
            let wanted: Vec<String> = kept().filter_map(|line| line.seat.clone()).collect();
            let places: u32 = kept().filter(|line| line.area.is_some()).map(|line| line.quantity).sum();
            must(self.names(seats) == self.sorted(&wanted) && floor == places, || {
                format!(
                    "order {} has tickets for {wanted:?} and {places}, seats {seats:?} and {floor}: {saga:#?}",
                    saga.order
                )
            })?;
            must(!model.is_paying(part.hold.into()), || format!("a hold is paid for for ever: {saga:#?}"))?;
        }
        Ok(())
    }

    /// The other way round: whatever was booked for an order belongs to an order that knows of it.
    fn no_booking_without_its_order(&self) -> Verdict {
        for model in self.models.values() {
            for booking in model.bookings() {
                let known = self.of_bookings.get(&booking.0).is_none_or(|order| self.desk.rows.contains_key(order));
                must(known, || format!("{booking} belongs to an order that is not there"))?;
            }
        }
        Ok(())
    }
}

impl Model {
    /// What a booking has left, on the floor too.
    pub fn booked(&self, booking: BookingId) -> Option<(&[SeatNo], u32)> {
        self.bookings.get(&booking).map(|record| (record.seats.as_slice(), record.floor))
    }

    fn bookings(&self) -> impl Iterator<Item = &BookingId> {
        self.bookings.keys()
    }
}
