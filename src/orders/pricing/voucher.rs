//! Gift vouchers: what one pays of an order, and why it doesn't. A voucher is money and no discount: it changes no price, fee or
//! tax, and what it doesn't pay is paid by a provider.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::saga::LineKind;
use super::{Bill, Of};
use crate::platform::money::{Currency, Money};

/// A voucher, as orders are paid with it.
#[derive(Clone, Debug)]
pub struct Voucher {
    /// Its id.
    pub id: Uuid,
    /// The first characters of its code.
    pub prefix: String,
    /// What is left of it.
    pub balance: Money,
    /// Until when it pays; that moment is not part of it.
    pub valid_until: Option<Timestamp>,
    /// It pays nothing any more.
    pub voided: bool,
}

/// Why a voucher pays nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VoucherRefusal {
    /// The house has no such voucher.
    Unknown,
    /// The house has voided it.
    Void,
    /// It is not valid any more.
    Over,
    /// It is of another currency.
    OtherCurrency,
    /// Nothing is left of it.
    Empty,
    /// There is nothing to be paid.
    NothingToPay,
    /// Less is left of it than a moment ago.
    LessLeft,
}

impl VoucherRefusal {
    /// For people.
    #[must_use]
    pub fn detail(self) -> &'static str {
        match self {
            Self::Unknown => "There is no such voucher.",
            Self::Void => "This voucher was voided by the house.",
            Self::Over => "This voucher is no longer valid.",
            Self::OtherCurrency => "This voucher is of another currency.",
            Self::Empty => "Nothing is left on this voucher.",
            Self::NothingToPay => "There is nothing that this voucher could pay.",
            Self::LessLeft => "Less is left on this voucher than a moment ago.",
        }
    }
}

impl Voucher {
    /// How much it pays of so much.
    ///
    /// # Errors
    /// Why it pays nothing.
    pub fn pays(&self, total: i64, currency: Currency, now: Timestamp) -> Result<i64, VoucherRefusal> {
        if self.voided {
            return Err(VoucherRefusal::Void);
        }
        if self.valid_until.is_some_and(|until| until <= now) {
            return Err(VoucherRefusal::Over);
        }
        if self.balance.currency != currency {
            return Err(VoucherRefusal::OtherCurrency);
        }
        if self.balance.amount <= 0 {
            return Err(VoucherRefusal::Empty);
        }
        if total <= 0 {
            return Err(VoucherRefusal::NothingToPay);
        }
        Ok(self.balance.amount.min(total))
    }
}

impl Bill {
    /// Pays with a voucher what that has: the last line of the order.
    ///
    /// # Errors
    /// Why it pays nothing; then the bill is as it was.
    pub fn pay_with(
        &mut self,
        order: Uuid,
        voucher: &Voucher,
        currency: Currency,
        now: Timestamp,
    ) -> Result<i64, VoucherRefusal> {
        let pays = voucher.pays(self.total(), currency, now)?;
        let of = Of { order, ticket: None, show: None };
        let label = format!("Gift voucher {}…", voucher.prefix);
        self.lines.push(of.line((LineKind::Voucher, 0), label, -pays, 0));
        Ok(pays)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn euro() -> Currency {
        "EUR".parse().unwrap()
    }

    fn voucher(balance: i64) -> Voucher {
        let valid_until = Some(at(100));
        Voucher {
            id: Uuid::nil(),
            prefix: "ABCD".to_owned(),
            balance: Money::new(balance, euro()),
            valid_until,
            voided: false,
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_voucher_pays_what_it_has_and_never_more_than_is_to_be_paid() {
        assert_eq!(voucher(500).pays(2000, euro(), at(0)), Ok(500));
        assert_eq!(voucher(2000).pays(2000, euro(), at(99)), Ok(2000));
        assert_eq!(voucher(2001).pays(2000, euro(), at(99)), Ok(2000));
    }

    #[test]
    fn the_reasons_come_in_their_order() {
        let dollars = "USD".parse().unwrap();
        let void = Voucher { voided: true, ..voucher(0) };
        assert_eq!(void.pays(0, dollars, at(100)), Err(VoucherRefusal::Void));
        assert_eq!(voucher(0).pays(0, dollars, at(100)), Err(VoucherRefusal::Over), "its end is not part of it");
        assert_eq!(voucher(0).pays(0, dollars, at(99)), Err(VoucherRefusal::OtherCurrency));
        assert_eq!(voucher(0).pays(0, euro(), at(99)), Err(VoucherRefusal::Empty));
        assert_eq!(voucher(1).pays(0, euro(), at(99)), Err(VoucherRefusal::NothingToPay));
    }

    #[test]
    fn the_line_of_a_voucher_changes_no_other_line_nor_the_taxes() {
        let mut bill = Bill { lines: Vec::new(), taxes: Vec::new(), refused: None };
        let of = Of { order: Uuid::nil(), ticket: None, show: None };
        bill.lines.push(of.line((LineKind::Fee, 0), "Fee".to_owned(), 300, 50));
        assert_eq!(bill.pay_with(Uuid::nil(), &voucher(200), euro(), at(0)), Ok(200));
        assert_eq!((bill.total(), bill.of_kind(LineKind::Fee), bill.of_kind(LineKind::Voucher)), (100, 300, -200));
        assert_eq!(bill.lines[1].line.tax, 0);
        let mut free = Bill { lines: Vec::new(), taxes: Vec::new(), refused: None };
        assert_eq!(free.pay_with(Uuid::nil(), &voucher(200), euro(), at(0)), Err(VoucherRefusal::NothingToPay));
        assert!(free.lines.is_empty());
    }
}
