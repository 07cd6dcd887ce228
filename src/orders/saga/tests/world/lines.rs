//! Lines of orders, and orders that have more of them than tickets.

use uuid::Uuid;

use super::super::super::{Admission, Exchange, ExchangeState, Line, LineKind, Part, PartState, Saga, news};
use super::{World, attempt, id};
use crate::payments::MethodKind;

/// A ticket for one seat.
pub fn line(id: Uuid, show: Uuid, hold: Uuid, seat: &str, amount: i64) -> Line {
    Line {
        id,
        kind: LineKind::Ticket,
        of: None,
        show: Some(show),
        hold: Some(hold),
        seat: Some(seat.to_owned()),
        area: None,
        quantity: 1,
        amount,
        tax: 0,
        kept: 0,
        giving_back: false,
        cancelled: false,
    }
}

/// What a voucher pays.
pub fn credit(id: Uuid, amount: i64) -> Line {
    Line {
        kind: LineKind::Voucher,
        show: None,
        hold: None,
        seat: None,
        ..line(id, Uuid::nil(), Uuid::nil(), "", -amount)
    }
}

impl World {
    /// A fee for the whole order.
    pub fn add_fee(&mut self, amount: i64) {
        self.kept.total += amount;
        for attempt in &mut self.kept.attempts {
            attempt.amount.amount += amount;
        }
        let of_nobody = line(id(5, self.kept.lines.len()), Uuid::nil(), Uuid::nil(), "", amount);
        let fee = Line { kind: LineKind::Fee, show: None, hold: None, seat: None, ..of_nobody };
        self.kept.lines.push(fee);
    }

    /// So much of it is paid with a voucher; with all of it there is nobody to pay at.
    pub fn add_voucher(&mut self, amount: i64) {
        self.kept.total -= amount;
        for attempt in &mut self.kept.attempts {
            attempt.amount.amount -= amount;
        }
        self.kept.attempts.retain(|attempt| attempt.amount.amount > 0);
        self.kept.lines.push(credit(id(5, self.kept.lines.len()), amount));
    }

    /// Another order: one seat at this price in each show, paid with tickets of this one, of which so much each is kept. From now
    /// on it is the order, and this one stands beside it. Nothing, where the tickets cannot be given.
    pub fn exchange(&mut self, number: usize, first_alone: bool, price: i64, kept: i64) {
        let first = [self.kept.lines[0].id];
        let Ok(wanted) = self.kept.wanted_back(first_alone.then_some(&first[..])) else { return };
        let places = self.kept.lines.iter().filter(|line| wanted.contains(&line.id) && line.hold.is_some());
        let kept = places.map(|line| (line.id, kept.min(line.amount))).collect();
        let returning = self.kept.returning(&wanted, &kept);
        let (worth, shows) = (returning.back(), self.shows.len());
        let cost = price * i64::try_from(shows).unwrap();
        let pays = worth.min(cost);
        let mut old = self.kept.clone();
        let mut new =
            Saga { order: id(9, number), number: "A-333333".to_owned(), ..World::new(0, 0, self.trouble, 1).kept };
        new.total = cost - pays;
        for at in 0..shows {
            let (show, hold) = (id(1, at), id(2, 10 * number + at));
            if self.hold(at, hold, u32::try_from(number).unwrap()).is_err() {
                return;
            }
            let seat = format!("A-{}", number + 1);
            let booking = id(3, 10 * number + at);
            let (state, seats, areas) = (PartState::Intended, vec![seat.clone()], Vec::new());
            new.parts.push(Part { show, hold, booking, state, seats, areas });
            new.lines.push(line(id(5, 10 * number + at), show, hold, &seat, price));
        }
        new.lines.push(Line { kind: LineKind::Exchange, ..credit(id(5, 10 * number + 9), pays) });
        if new.total > 0 {
            let kind = self.kept.attempts.first().map_or(MethodKind::AuthoriseThenCapture, |attempt| attempt.kind);
            new.attempts.push(attempt(id(4, 10 * number), kind, new.total));
        }
        old.exchanges.push(Exchange {
            into: new.order,
            state: ExchangeState::Open,
            lines: returning.lines.iter().map(|it| (it.line, it.kept)).collect(),
            worth,
            credit: pays,
            returned: 0,
        });
        self.kept = new;
        self.beside = Some(old);
    }

    /// What a change of this order means for the one beside it, in the same transaction.
    pub(super) fn tell_beside(&mut self, after: &Saga) {
        let (Some(told), Some(old)) = (news(&self.kept, after), &mut self.beside) else { return };
        let at = old.exchanges.iter().position(|exchange| exchange.into == after.order).expect("its exchange");
        let admits = |old: &Saga| {
            let given = old.lines.iter().filter(|line| old.exchanges[at].has(line.id));
            given.map(|line| old.admission(line)).collect::<Vec<_>>()
        };
        if let Some(state) = told.ends {
            assert_eq!(old.exchanges[at].state, ExchangeState::Open, "it ends twice: {old:#?}");
            let claimed = !old.disputes.claims.is_empty();
            assert!(
                claimed || admits(old).iter().all(|admits| *admits == Admission::Valid),
                "good until then: {old:#?}"
            );
            old.exchanges[at].state = state;
            let then = if state == ExchangeState::Sold { Admission::Revoked } else { Admission::Valid };
            assert!(admits(old).iter().all(|admits| *admits == then), "never both: {old:#?}");
        }
        old.exchanges[at].returned += told.returned;
        assert!(old.exchanges[at].returned <= old.exchanges[at].credit, "more came back than went in: {old:#?}");
    }
}
