//! Promise 3, as the world sees it.

use super::super::super::{ExchangeState, OrderState, RefundStatus, Repayment, Saga};
use super::World;
use super::provider::Charge;

/// What one order has come to, in money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// What providers have collected for it.
    pub captured: i64,
    /// What they have given back.
    pub refunded: i64,
    /// What the house gave back itself.
    pub by_hand: i64,
    /// What its tickets that are good were sold for.
    pub sold: i64,
    /// What was kept of those that were given back.
    pub kept: i64,
    /// What was given back for tickets that stayed.
    pub goodwill: i64,
    /// What a voucher, or tickets of another order, have paid of it and have not back.
    pub credit: i64,
    /// What its tickets have paid for other orders.
    pub exchanged: i64,
}

impl World {
    /// The sums of an order.
    pub fn sums(&self, saga: &Saga) -> Sums {
        let mine = |payment: &uuid::Uuid| saga.attempt(*payment).is_some();
        let charges = self.provider.charges.iter().filter(|(payment, _)| mine(payment));
        let captured = charges.filter(|(_, charge)| matches!(charge, Charge::Captured(_))).count()
            + self.provider.seconds.keys().filter(|payment| mine(payment)).count();
        // A second payment of one attempt is one of its own to us, and the same attempt's to the provider.
        let of_it = saga.refunds.iter().filter_map(|refund| self.provider.refunds.get(&refund.id));
        let with = |is: &dyn Fn(&&Repayment) -> bool| -> i64 {
            saga.refunds.iter().filter(is).map(|refund| refund.amount.amount).sum()
        };
        let lines = |cancelled: bool| {
            saga.lines.iter().filter(move |line| line.cancelled == cancelled && !line.kind.is_credit())
        };
        let confirmed = saga.confirmed_at.is_some();
        Sums {
            captured: i64::try_from(captured).unwrap() * saga.total,
            refunded: of_it.map(|(_, amount)| amount).sum(),
            credit: if confirmed {
                -saga.credits().map(|line| line.amount).sum::<i64>()
                    - with(&|refund| saga.credit_of(refund).is_some() && refund.takes_money())
            } else {
                0
            },
            exchanged: {
                let done = saga.exchanges.iter().filter(|exchange| exchange.state == ExchangeState::Done);
                done.map(|exchange| exchange.credit - exchange.returned).sum()
            },
            by_hand: with(&|refund| refund.status == RefundStatus::ByHand),
            sold: if confirmed { lines(false).map(|line| line.amount).sum() } else { 0 },
            kept: if confirmed { lines(true).map(|line| line.kept).sum() } else { 0 },
            goodwill: with(&|refund| refund.is_goodwill() && refund.takes_money()),
        }
    }

    /// Promise 3: captured money ends in tickets or in exactly one refund; the books say the same. What was kept was decided, and
    /// what was given as a kindness was too.
    pub fn must_agree(&self, scene: &str) {
        let sums = self.sums(&self.kept);
        self.order_must_agree(&self.kept, sums, scene);
        let of = |account: &str| self.books.get(account).copied().unwrap_or(0);
        let books = [
            ("provider:sandbox", sums.captured - sums.refunded),
            ("by_hand", -sums.by_hand),
            ("deposits", 0),
            ("refunds_due", 0),
            ("cancellation_fees", -sums.kept),
            ("goodwill", sums.goodwill),
            ("vouchers", sums.credit),
            ("exchanges", 0),
        ];
        let sold = of("sales") + of("fees") + of("taxes");
        assert_eq!(sold, -sums.sold, "{scene}: {sums:?} {:?} {:#?}", self.books, self.kept);
        for (account, expected) in books {
            assert_eq!(of(account), expected, "{scene}: {account}: {sums:?} {:?} {:#?}", self.books, self.kept);
        }
        assert!(self.confirmed <= 1, "{scene}: confirmed twice");
        let booked = self.seats().matches('b').count();
        let lines = self.kept.lines.iter().filter(|line| !line.cancelled && !line.kind.is_credit()).count();
        let expected = if self.kept.confirmed_at.is_some() { lines } else { 0 };
        assert_eq!(booked, expected, "{scene}: seats and tickets differ: {} {:#?}", self.seats(), self.kept);
    }

    /// The same for an order and the one whose tickets pay for it: what went from one to the other lies nowhere between.
    pub fn both_must_agree(&self, scene: &str) {
        let orders: Vec<&Saga> = [&self.kept].into_iter().chain(&self.beside).collect();
        let (mut moved, mut sold, mut kept, mut goodwill, mut vouchers, mut seats) = (0, 0, 0, 0, 0, 0);
        for saga in &orders {
            let sums = self.sums(saga);
            self.order_must_agree(saga, sums, scene);
            moved += sums.captured - sums.refunded;
            sold += sums.sold;
            kept += sums.kept;
            goodwill += sums.goodwill;
            vouchers += sums.credit - sums.exchanged;
            let good = saga.lines.iter().filter(|line| line.seat.is_some() && !line.cancelled);
            seats += if saga.confirmed_at.is_some() { good.count() } else { 0 };
        }
        let of = |account: &str| self.books.get(account).copied().unwrap_or(0);
        let expected = [
            ("provider:sandbox", moved),
            ("sales", -sold),
            ("cancellation_fees", -kept),
            ("goodwill", goodwill),
            ("vouchers", vouchers),
            ("exchanges", 0),
            ("deposits", 0),
            ("refunds_due", 0),
        ];
        for (account, expected) in expected {
            assert_eq!(of(account), expected, "{scene}: {account}: {:?} {orders:#?}", self.books);
        }
        assert_eq!(self.seats().matches('b').count(), seats, "{scene}: {} {orders:#?}", self.seats());
        for exchange in orders.iter().flat_map(|saga| &saga.exchanges) {
            let rests = matches!(exchange.state, ExchangeState::Off | ExchangeState::Done);
            assert!(rests, "{scene}: an exchange never ends: {orders:#?}");
        }
    }

    /// The same for one order among many, but for the books that all of them share.
    pub fn order_must_agree(&self, saga: &Saga, sums: Sums, scene: &str) {
        let Sums { captured, refunded, by_hand, sold, kept, goodwill, credit, exchanged } = sums;
        let paid = captured - refunded - by_hand + credit;
        assert_eq!(paid, sold + kept - goodwill + exchanged, "{scene}: {sums:?}: {saga:#?}");
        let set_aside =
            |payment: &uuid::Uuid| matches!(self.provider.charges.get(payment), Some(Charge::Authorized(_)));
        let authorized = saga.attempts.iter().any(|attempt| set_aside(&attempt.id));
        assert!(!authorized, "{scene}: an amount stays set aside: {saga:#?}");
        for refund in &saga.refunds {
            // One that was refused, and whose tickets stayed good, is over; every other has come to its end.
            let refused = refund.status == RefundStatus::Failed && refund.is_for_tickets() && !refund.owed;
            let ended = matches!(refund.status, RefundStatus::Succeeded | RefundStatus::ByHand | RefundStatus::Again);
            // A kindness that was refused, and whose money went back with the tickets since, has nothing left to go back.
            let brought = saga.attempt(refund.payment).map_or(0, |attempt| attempt.amount.amount);
            let there = brought - saga.refunded(refund.payment) - saga.lost(refund.payment);
            let moot = refund.is_goodwill() && !refund.takes_money() && refund.amount.amount > there;
            assert!(ended || refused || moot, "{scene}: {refund:?}: {saga:#?}");
        }
        // Money that bought nothing went back once, and whole.
        for attempt in saga.attempts.iter().filter(|attempt| Some(attempt.id) != saga.paid_with) {
            let back = saga.refunds.iter().filter(|refund| refund.payment == attempt.id);
            let back: Vec<i64> =
                back.filter(|refund| refund.takes_money()).map(|refund| refund.amount.amount).collect();
            assert!(back.is_empty() || back == [attempt.amount.amount], "{scene}: {attempt:?} {back:?}: {saga:#?}");
        }
        assert!(!matches!(saga.state, OrderState::Refunding), "{scene}: it never ends: {saga:#?}");
    }
}
