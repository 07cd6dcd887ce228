//! The payment providers: tables of their own, which know nothing of orders, and news of whatever changes in them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::payments::{CancelWorth, Cancelled, Method, MethodKind, RefundWish, Report, Start, What};
use crate::platform::money::Money;

/// Every kind of provider: by its name, how it takes the money and what its word on a cancel is worth.
pub const PROVIDERS: [(&str, Method); 3] = [
    (
        "card",
        Method {
            kind: MethodKind::AuthoriseThenCapture,
            cancel: CancelWorth::Confirmed,
            authorisation_lasts: SignedDuration::from_hours(1),
        },
    ),
    ("at_once", at_once(CancelWorth::Confirmed)),
    ("transfer", at_once(CancelWorth::BestEffort)),
];

const fn at_once(cancel: CancelWorth) -> Method {
    Method { kind: MethodKind::PaidAtOnce, cancel, authorisation_lasts: SignedDuration::ZERO }
}

/// How the provider with this name behaves.
pub fn method(provider: &str) -> Method {
    PROVIDERS.iter().find(|(name, _)| *name == provider).map_or(PROVIDERS[0].1, |(_, method)| *method)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Open,
    Authorized,
    Captured,
    Declined,
    Cancelled,
}

/// What the buyer has done that the provider reports only once the house cancels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Late {
    /// Paid when the time was over.
    TooLate,
    /// Paid then, in time.
    InTime(Timestamp),
}

#[derive(Clone, Debug)]
pub struct Charge {
    pub provider_ref: String,
    pub amount: i64,
    pub at: Timestamp,
}

#[derive(Clone, Debug)]
pub struct Payment {
    pub method: Method,
    pub amount: Money,
    pub status: Status,
    pub pay_by: Timestamp,
    pub paid_at: Option<Timestamp>,
    pub late: Option<Late>,
    pub twice: bool,
    /// Its amount will never be collected: whoever asks again is told so again.
    pub uncollectable: bool,
    pub charges: Vec<Charge>,
}

#[derive(Clone, Debug)]
pub struct Refund {
    pub payment: Uuid,
    pub provider_ref: String,
    pub amount: Money,
    /// Recorded, and yet it came to nothing.
    pub failed: bool,
}

#[derive(Default)]
pub struct Bank {
    pub payments: BTreeMap<Uuid, Payment>,
    pub refunds: BTreeMap<Uuid, Refund>,
    /// Refunds that will never be made: whoever asks again is told so again.
    pub refused: BTreeSet<Uuid>,
    /// News that nobody has been sent yet.
    pub news: Vec<Report>,
    events: u64,
}

/// The provider's own name for a payment's charge.
fn charge_name(payment: Uuid, number: u32) -> String {
    format!("{}/{number}", payment.simple())
}

impl Bank {
    fn tell(&mut self, payment: Uuid, what: What, provider_ref: String, at: Timestamp, amount: Money) {
        self.events += 1;
        let event_id = self.events.to_string();
        self.news.push(Report { event_id, payment, provider_ref, what, at, amount, instrument: None });
    }

    fn charge(&mut self, payment: Uuid, number: u32, at: Timestamp) {
        let Some(found) = self.payments.get_mut(&payment) else { return };
        let (name, amount) = (charge_name(payment, number), found.amount);
        if found.charges.iter().any(|charge| charge.provider_ref == name) {
            return;
        }
        found.charges.push(Charge { provider_ref: name.clone(), amount: amount.amount, at });
        self.tell(payment, What::Captured, name, at, amount);
    }

    /// `None`: it was cancelled before it began. Else the provider's name for it.
    pub fn start(&mut self, start: &Start, method: Method) -> Option<String> {
        let payment = self.payments.entry(start.payment).or_insert(Payment {
            method,
            amount: start.amount,
            status: Status::Open,
            pay_by: start.pay_by,
            paid_at: None,
            late: None,
            twice: false,
            uncollectable: false,
            charges: Vec::new(),
        });
        (payment.status != Status::Cancelled).then(|| charge_name(start.payment, 1))
    }

    /// Closes an attempt that nobody has paid, also one that has not come here yet.
    pub fn cancel(&mut self, id: Uuid, method: Method, amount: Money, now: Timestamp) -> Cancelled {
        let Some(payment) = self.payments.get_mut(&id) else {
            let status = Status::Cancelled;
            let closed = Payment {
                method,
                amount,
                status,
                pay_by: now,
                paid_at: None,
                late: None,
                twice: false,
                uncollectable: false,
                charges: Vec::new(),
            };
            self.payments.insert(id, closed);
            return Cancelled::Confirmed;
        };
        match payment.status {
            Status::Open => {}
            Status::Authorized | Status::Captured => return Cancelled::AlreadyPaid,
            Status::Declined | Status::Cancelled => return Cancelled::Confirmed,
        }
        payment.status = Status::Cancelled;
        let (amount, late, pay_by) = (payment.amount, payment.late, payment.pay_by);
        self.tell(id, What::Cancelled, charge_name(id, 1), now, amount);
        match late {
            None => {}
            Some(Late::TooLate) => self.charge(id, 1, pay_by.max(now)),
            Some(Late::InTime(at)) => self.charge(id, 1, at),
        }
        Cancelled::Confirmed
    }

    pub fn is_set_aside(&self, id: Uuid) -> bool {
        self.payments.get(&id).is_some_and(|it| it.status == Status::Authorized && !it.uncollectable)
    }

    /// The amount will never be collected; perhaps it is not even set aside any more, and nobody is told.
    pub fn refuse_capture(&mut self, id: Uuid, let_go: bool) {
        if let Some(payment) = self.payments.get_mut(&id).filter(|it| it.status == Status::Authorized) {
            payment.uncollectable = true;
            if let_go {
                payment.status = Status::Cancelled;
            }
        }
    }

    /// The bank lets go of an amount by itself. False: none is set aside.
    pub fn let_go(&mut self, id: Uuid, now: Timestamp) -> bool {
        self.payments.get(&id).is_some_and(|it| it.status == Status::Authorized) && self.void(id, now)
    }

    /// False: it was captured.
    pub fn void(&mut self, id: Uuid, now: Timestamp) -> bool {
        let Some(payment) = self.payments.get_mut(&id) else { return true };
        match payment.status {
            Status::Captured => return false,
            Status::Authorized | Status::Open => {}
            Status::Declined | Status::Cancelled => return true,
        }
        payment.status = Status::Cancelled;
        let amount = payment.amount;
        self.tell(id, What::Cancelled, charge_name(id, 1), now, amount);
        true
    }

    /// False: no amount is set aside.
    pub fn capture(&mut self, id: Uuid, now: Timestamp) -> bool {
        let Some(payment) = self.payments.get_mut(&id) else { return false };
        match payment.status {
            Status::Captured => return true,
            Status::Authorized if !payment.uncollectable => {}
            Status::Authorized | Status::Open | Status::Declined | Status::Cancelled => return false,
        }
        payment.status = Status::Captured;
        let (at, twice) = (payment.paid_at.unwrap_or(now), payment.twice);
        self.charge(id, 1, at);
        if twice {
            self.charge(id, 2, at);
        }
        true
    }

    /// False: there is not so much to give back.
    pub fn refund(&mut self, wish: &RefundWish, now: Timestamp) -> bool {
        if self.refunds.contains_key(&wish.refund) {
            return true;
        }
        if self.refused.contains(&wish.refund) {
            return false;
        }
        let name = wish.charge.provider_ref.clone().unwrap_or_else(|| charge_name(wish.charge.payment, 1));
        let found = self.payments.iter().find_map(|(id, payment)| {
            payment.charges.iter().find(|charge| charge.provider_ref == name).map(|charge| (*id, charge.amount))
        });
        let Some((payment, charged)) = found else { return false };
        let of_it = self.refunds.values().filter(|refund| refund.provider_ref == name && !refund.failed);
        let before: i64 = of_it.map(|refund| refund.amount.amount).sum();
        if before + wish.amount.amount > charged || wish.amount.amount <= 0 {
            return false;
        }
        let refund = Refund { payment, provider_ref: name.clone(), amount: wish.amount, failed: false };
        self.refunds.insert(wish.refund, refund);
        self.tell(payment, What::Refunded { refund: wish.refund }, name, now, wish.amount);
        true
    }

    /// A refund that was recorded comes to nothing after all.
    pub fn fail_refund(&mut self, id: Uuid, now: Timestamp) {
        let Some(refund) = self.refunds.get_mut(&id).filter(|refund| !refund.failed) else { return };
        refund.failed = true;
        let (payment, name, amount) = (refund.payment, refund.provider_ref.clone(), refund.amount);
        self.tell(payment, What::RefundFailed { refund: id }, name, now, amount);
    }

    /// What is known under the house's id, newest last.
    pub fn look_up(&self, id: Uuid, now: Timestamp) -> Vec<Report> {
        let Some(payment) = self.payments.get(&id) else { return Vec::new() };
        let report = |what, provider_ref, at| Report {
            event_id: format!("look-up:{id}"),
            payment: id,
            provider_ref,
            what,
            at,
            amount: payment.amount,
            instrument: None,
        };
        let what = match payment.status {
            Status::Authorized => Some(What::Authorized),
            Status::Declined => Some(What::Declined),
            Status::Cancelled => Some(What::Cancelled),
            Status::Open | Status::Captured => None,
        };
        let at = payment.paid_at.unwrap_or(now);
        let of_status = what.map(|what| report(what, charge_name(id, 1), at));
        let charged = payment.charges.iter().map(|it| report(What::Captured, it.provider_ref.clone(), it.at));
        of_status.into_iter().chain(charged).collect()
    }

    /// The buyer pays, perhaps another amount than was asked for. False: the attempt is closed.
    pub fn pay(&mut self, id: Uuid, now: Timestamp, twice: bool, short_by: i64) -> bool {
        let Some(payment) = self.payments.get_mut(&id) else { return false };
        let method = payment.method;
        match (payment.status, method.cancel) {
            (Status::Open, _) => {}
            // Its word on a cancel is not worth much: money comes all the same.
            (Status::Cancelled, CancelWorth::BestEffort) if payment.charges.is_empty() => {}
            (
                Status::Authorized | Status::Captured | Status::Declined | Status::Cancelled,
                CancelWorth::Confirmed | CancelWorth::BestEffort,
            ) => return false,
        }
        payment.paid_at = Some(now);
        payment.twice = twice;
        payment.amount.amount -= short_by;
        let amount = payment.amount;
        match method.kind {
            MethodKind::AuthoriseThenCapture => {
                payment.status = Status::Authorized;
                self.tell(id, What::Authorized, charge_name(id, 1), now, amount);
            }
            MethodKind::PaidAtOnce => {
                payment.status = Status::Captured;
                self.charge(id, 1, now);
                if twice {
                    self.charge(id, 2, now);
                }
            }
        }
        true
    }

    /// The bank says no to the buyer. False: the attempt is closed.
    pub fn decline(&mut self, id: Uuid, now: Timestamp) -> bool {
        let Some(payment) = self.payments.get_mut(&id).filter(|it| it.status == Status::Open) else { return false };
        payment.status = Status::Declined;
        let amount = payment.amount;
        self.tell(id, What::Declined, charge_name(id, 1), now, amount);
        true
    }

    /// The buyer has paid, and the provider says so only once the house cancels. False: the attempt is closed.
    pub fn pay_unheard(&mut self, id: Uuid, late: Late) -> bool {
        let Some(payment) = self.payments.get_mut(&id).filter(|it| it.status == Status::Open) else { return false };
        payment.late = Some(late);
        true
    }

    /// What moved here by these payments: collected, and given back for good.
    pub fn moved(&self, payments: &[Uuid]) -> (i64, i64) {
        let captured = payments.iter().filter_map(|id| self.payments.get(id)).flat_map(|payment| &payment.charges);
        let back = self.refunds.values().filter(|refund| !refund.failed && payments.contains(&refund.payment));
        (captured.map(|charge| charge.amount).sum(), back.map(|refund| refund.amount.amount).sum())
    }
}
