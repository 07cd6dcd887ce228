//! What an order costs, line by line: tickets first, then to each ticket its discount, its fees, its taxes, then what comes once
//! to the whole order. Pure: holds, prices, rules, a promo code and the moment go in, lines come out.
//!
//! A discount is negative, belongs to its ticket and never takes more off than that costs. Its `tax` is what less is contained in
//! what is paid: ticket and discount together contain the tax of the price that was paid. A tax that is added has lines of its
//! own, one for each ticket and tax. How anything is rounded is said in [`crate::catalog::price_rules`].

mod exchange;
mod promo;
#[cfg(test)]
mod scenes;
#[cfg(test)]
mod tests;
mod tickets;
mod voucher;

pub use promo::{Discount, Promo, PromoCodeInput, PromoRefusal, normal_promo_code};
pub use voucher::{Voucher, VoucherRefusal};

use jiff::Timestamp;
use uuid::Uuid;

use super::saga::{Line, LineKind};
use super::store::{LineView, NewLine};
use super::wire::WantedTicket;
use crate::catalog::PriceTable;
use crate::catalog::plan::PlanDocument;
use crate::catalog::price_rules::{Charges, Place, PriceRules, Tax, TaxPart, sum};
use crate::http::ApiError;
use crate::platform::ids::derived_id;
use crate::platform::money::{Currency, Money};
use tickets::{Ticket, tickets};

/// A hold with what is needed to price it.
#[derive(Clone, Copy, Debug)]
pub struct ToPrice<'a> {
    /// Of which show.
    pub show: Uuid,
    /// Which hold.
    pub hold: Uuid,
    /// In which country the show is, as its venue writes it.
    pub country: &'a str,
    /// Its seats, by guid.
    pub seats: &'a [String],
    /// Its places of areas, by id.
    pub areas: &'a [(String, u32)],
    /// The show's prices.
    pub table: &'a PriceTable,
    /// What the plan says of its places.
    pub document: &'a PlanDocument,
}

/// By what an order is priced.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// The fees and taxes of the house.
    pub rules: &'a PriceRules,
    /// The code that the buyer has.
    pub promo: Option<&'a Promo>,
    /// Of the whole order.
    pub currency: Currency,
    /// When it is priced: lists and codes are valid for a while.
    pub now: Timestamp,
}

/// A line with all that it says.
#[derive(Clone, Debug)]
pub struct Priced {
    /// For the saga.
    pub line: Line,
    /// For people.
    pub said: NewLine,
}

impl Priced {
    /// As an order shows it.
    #[must_use]
    pub fn view(&self, currency: Currency) -> LineView {
        let (line, said) = (&self.line, self.said.clone());
        LineView {
            id: line.id,
            kind: line.kind.word().to_owned(),
            of: line.of,
            label: said.label,
            show_id: line.show,
            seat: line.seat.clone(),
            section: said.section,
            row: said.row,
            number: said.number,
            area: line.area.clone(),
            price_level: said.price_level,
            ticket_type: said.ticket_type,
            price_list: said.price_list,
            quantity: line.quantity,
            amount: Money::new(line.amount, currency),
            tax: Money::new(line.tax, currency),
        }
    }
}

/// How much of one tax an order has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaxSum {
    /// What buyers read.
    pub name: String,
    /// Its rate in hundredths of a percent.
    pub rate_bp: i64,
    /// Whether prices and fees have it in them, or it was added.
    pub included: bool,
    /// How much.
    pub amount: i64,
}

/// What an order costs.
#[derive(Clone, Debug)]
pub struct Bill {
    /// Its lines, tickets first.
    pub lines: Vec<Priced>,
    /// Its taxes; together they are the tax of its lines.
    pub taxes: Vec<TaxSum>,
    /// Why the code that was told takes nothing off.
    pub refused: Option<PromoRefusal>,
}

impl Bill {
    /// All that is to be paid.
    #[must_use]
    pub fn total(&self) -> i64 {
        self.lines.iter().map(|priced| priced.line.amount).sum()
    }

    /// What its lines of this kind come to.
    #[must_use]
    pub fn of_kind(&self, kind: LineKind) -> i64 {
        self.lines.iter().filter(|priced| priced.line.kind == kind).map(|priced| priced.line.amount).sum()
    }
}

/// Prices an order. `order` gives the lines their ids. A code that does not apply takes nothing off, and the bill says why.
///
/// # Errors
/// A wish for a place that is in none of the holds, or for a ticket type that is not sold there; a place that has no price.
pub fn price(order: Uuid, holds: &[ToPrice<'_>], wanted: &[WantedTicket], terms: &Terms<'_>) -> Result<Bill, ApiError> {
    let tickets = tickets(order, holds, wanted, terms.now)?;
    Ok(bill(order, &tickets, terms))
}

fn bill(order: Uuid, tickets: &[Ticket<'_>], terms: &Terms<'_>) -> Bill {
    let priced: Vec<(Place<'_>, i64)> = tickets.iter().map(|ticket| (ticket.place(), ticket.price())).collect();
    let (discounts, refused) = match terms.promo.map(|promo| promo.discounts(&priced, terms.currency, terms.now)) {
        None => (vec![0; tickets.len()], None),
        Some(Ok(discounts)) => (discounts, None),
        Some(Err(refused)) => (vec![0; tickets.len()], Some(refused)),
    };
    let mut lines: Vec<Priced> = tickets.iter().map(|ticket| ticket.priced.clone()).collect();
    let mut taxes = Taxes::default();
    let mut belonging = Vec::new();
    let mut paid = Vec::with_capacity(tickets.len());
    for ((ticket, line), discount) in tickets.iter().zip(&mut lines).zip(discounts) {
        let price = ticket.price();
        let charges = terms.rules.on_ticket(&ticket.place(), price - discount, terms.currency);
        let of = Of { order, ticket: Some(line.line.id), show: line.line.show };
        line.line.tax = if discount == 0 {
            sum(&charges.contained)
        } else {
            sum(&terms.rules.on_ticket(&ticket.place(), price, terms.currency).contained)
        };
        if discount != 0 {
            let label = terms.promo.map_or_else(String::new, |promo| format!("Promo code {}", promo.code));
            let less = sum(&charges.contained) - line.line.tax;
            belonging.push(of.line((LineKind::Discount, 0), label, -discount, less));
        }
        taxes.add(&charges.contained, true);
        of.charges(&charges, &mut belonging, &mut taxes);
        paid.push((ticket.place(), price - discount));
    }
    lines.append(&mut belonging);
    let once = terms.rules.on_order(&paid, terms.currency);
    Of { order, ticket: None, show: None }.charges(&once, &mut lines, &mut taxes);
    Bill { lines, taxes: taxes.0, refused }
}

/// What a line belongs to.
#[derive(Clone, Copy)]
struct Of {
    order: Uuid,
    ticket: Option<Uuid>,
    show: Option<Uuid>,
}

impl Of {
    /// Its id follows from what it belongs to, its kind and its number there.
    fn line(self, (kind, number): (LineKind, usize), label: String, amount: i64, tax: i64) -> Priced {
        let owner = self.ticket.unwrap_or(self.order);
        let line = Line {
            id: derived_id(&[b"line of", owner.as_bytes(), kind.word().as_bytes(), &number.to_be_bytes()]),
            kind,
            of: self.ticket,
            show: self.show,
            hold: None,
            seat: None,
            area: None,
            quantity: 1,
            amount,
            tax,
            kept: 0,
            giving_back: false,
            cancelled: false,
        };
        Priced { line, said: NewLine::labelled(label) }
    }

    fn charges(self, charges: &Charges<'_>, lines: &mut Vec<Priced>, taxes: &mut Taxes) {
        for (number, due) in charges.fees.iter().enumerate() {
            let contained = sum(&due.contained);
            lines.push(self.line((LineKind::Fee, number), due.fee.name.clone(), due.amount, contained));
            taxes.add(&due.contained, true);
        }
        for (number, part) in charges.added.iter().enumerate() {
            lines.push(self.line((LineKind::Tax, number), named(part.tax), part.amount, part.amount));
        }
        taxes.add(&charges.added, false);
    }
}

/// `VAT 8.25 %`.
fn named(tax: &Tax) -> String {
    let (whole, rest) = (tax.rate_bp / 100, tax.rate_bp % 100);
    let rest = format!("{rest:02}");
    match rest.trim_end_matches('0') {
        "" => format!("{} {whole} %", tax.name),
        rest => format!("{} {whole}.{rest} %", tax.name),
    }
}

/// Sums by tax, in the order in which they come up.
#[derive(Default)]
struct Taxes(Vec<TaxSum>);

impl Taxes {
    fn add(&mut self, parts: &[TaxPart<'_>], included: bool) {
        for part in parts.iter().filter(|part| part.amount != 0) {
            let same = |one: &&mut TaxSum| {
                one.name == part.tax.name && one.rate_bp == part.tax.rate_bp && one.included == included
            };
            match self.0.iter_mut().find(same) {
                Some(one) => one.amount += part.amount,
                None => self.0.push(TaxSum {
                    name: part.tax.name.clone(),
                    rate_bp: part.tax.rate_bp,
                    included,
                    amount: part.amount,
                }),
            }
        }
    }
}
