//! What a house adds to its prices, and which taxes are in them: pure functions over its rules, in whole minor units.
//!
//! A **fee** is added to what tickets cost, for each ticket or once an order: a fixed amount, or a percentage of what is paid. A
//! **tax** is contained in prices and fees, or added to them. What every buyer has to pay for a ticket is in the price that is
//! shown first ([`PriceRules::all_in`]).
//!
//! * A percentage is rounded half away from zero ([`share`]), each line by itself; sums are sums of lines, never rounded.
//! * Fees and taxes are of what is paid: of a price less its discount. What costs nothing has no fee, and an order of such
//!   tickets none either.
//! * Of taxes with one name the first that fits counts, so that a reduced rate stands before the full one; taxes of different
//!   names add up. Contained ones are contained together: of an amount `a` with the rates `r`, `s` the first is `a × r ∕ (1 + r + s)`.
//! * An added tax is of what is paid less what is contained in it.

#[cfg(test)]
mod tests;

use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::platform::money::{Currency, Money, share};

/// A hundred percent, in basis points.
pub const WHOLE_BP: i64 = 10_000;
/// No price is above this: a thousand million of a currency with two decimals.
const AMOUNT_MAX: i64 = 100_000_000_000;

/// The rules of a house.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceRules {
    /// What is added to prices.
    #[garde(length(max = 20), dive)]
    #[serde(default)]
    #[schema(max_items = 20)]
    pub fees: Vec<Fee>,
    /// Which taxes are in them, or come on top. Of those with one name the first that fits counts.
    #[garde(length(max = 50), dive)]
    #[serde(default)]
    #[schema(max_items = 50)]
    pub taxes: Vec<Tax>,
}

/// What a rule is for; an empty list is everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Only {
    /// Only these shows.
    #[garde(length(max = 500))]
    #[serde(default)]
    #[schema(max_items = 500)]
    pub shows: Vec<Uuid>,
    /// Only venues in these countries, as venues write theirs; case does not matter.
    #[garde(length(max = 250), inner(length(chars, min = 1, max = 100)))]
    #[serde(default)]
    #[schema(max_items = 250)]
    pub countries: Vec<String>,
    /// Only price levels with these keys.
    #[garde(length(max = 100), inner(length(bytes, min = 1, max = 40)))]
    #[serde(default)]
    #[schema(max_items = 100)]
    pub price_levels: Vec<String>,
    /// Only ticket types with these keys.
    #[garde(length(max = 100), inner(length(bytes, min = 1, max = 40)))]
    #[serde(default)]
    #[schema(max_items = 100)]
    pub ticket_types: Vec<String>,
}

/// What is added to prices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Fee {
    /// What buyers read.
    #[garde(length(chars, min = 1, max = 100), custom(says_something))]
    #[schema(min_length = 1, max_length = 100, example = "Booking fee")]
    pub name: String,
    /// How often.
    #[garde(skip)]
    pub per: FeePer,
    /// How much.
    #[garde(dive)]
    pub amount: FeeAmount,
    /// For which tickets; one of the whole order is due where any of its tickets fits.
    #[garde(dive)]
    #[serde(default)]
    pub only: Only,
}

/// How often a fee is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FeePer {
    /// For each ticket; given back with it.
    Ticket,
    /// Once, however many tickets, holds and shows the order has.
    Order,
}

/// How much a fee is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FeeAmount {
    /// So much, in orders of this currency and in no other.
    Fixed(#[garde(custom(is_amount))] Money),
    /// So many hundredths of a percent of what is paid for the tickets.
    PercentBp(#[garde(range(min = 1, max = 10_000))] i64),
}

/// A tax.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Tax {
    /// What buyers read; rates of one tax have one name.
    #[garde(length(chars, min = 1, max = 100), custom(says_something))]
    #[schema(min_length = 1, max_length = 100, example = "VAT")]
    pub name: String,
    /// Its rate in hundredths of a percent: 2500 is 25 %.
    #[garde(range(min = 0, max = 10_000))]
    #[schema(minimum = 0, maximum = 10_000, example = 2500)]
    pub rate_bp: i64,
    /// Whether prices and fees have it in them, as in Europe and India, or it is added, as in the United States.
    #[garde(skip)]
    pub included: bool,
    /// What it is on.
    #[garde(skip)]
    #[serde(default)]
    pub on: TaxOn,
    /// For which tickets.
    #[garde(dive)]
    #[serde(default)]
    pub only: Only,
}

/// What a tax is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaxOn {
    /// Tickets and fees.
    #[default]
    All,
    /// Tickets alone.
    Tickets,
    /// Fees alone.
    Fees,
}

impl TaxOn {
    fn tickets(self) -> bool {
        match self {
            Self::All | Self::Tickets => true,
            Self::Fees => false,
        }
    }

    fn fees(self) -> bool {
        match self {
            Self::All | Self::Fees => true,
            Self::Tickets => false,
        }
    }
}

/// A tax is worth nothing as a text of blanks.
fn says_something(text: &str, (): &()) -> garde::Result {
    if text.trim().is_empty() { Err(garde::Error::new("must not be empty")) } else { Ok(()) }
}

pub(crate) fn is_amount(money: &Money, (): &()) -> garde::Result {
    if (1..=AMOUNT_MAX).contains(&money.amount) {
        Ok(())
    } else {
        Err(garde::Error::new("must be above zero, and no more than any price"))
    }
}

/// Where a ticket is, for whom, and at which level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// Of which show.
    pub show: Uuid,
    /// In which country, as its venue writes it.
    pub country: &'a str,
    /// The key of its price level.
    pub price_level: &'a str,
    /// The key of its ticket type.
    pub ticket_type: &'a str,
}

impl Only {
    /// Whether a ticket there is meant.
    #[must_use]
    pub fn fits(&self, place: &Place<'_>) -> bool {
        let any = |list: &[String], key: &str| list.is_empty() || list.iter().any(|one| one == key);
        let country = place.country.trim().to_lowercase();
        (self.shows.is_empty() || self.shows.contains(&place.show))
            && (self.countries.is_empty() || self.countries.iter().any(|one| one.trim().to_lowercase() == country))
            && any(&self.price_levels, place.price_level)
            && any(&self.ticket_types, place.ticket_type)
    }
}

/// How much of one tax is in something, or was added to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaxPart<'r> {
    /// Which.
    pub tax: &'r Tax,
    /// How much.
    pub amount: i64,
}

/// A fee that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueFee<'r> {
    /// Which.
    pub fee: &'r Fee,
    /// How much.
    pub amount: i64,
    /// Taxes in it.
    pub contained: Vec<TaxPart<'r>>,
}

/// What comes to a ticket, or to an order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Charges<'r> {
    /// Taxes in what is paid for the ticket itself.
    pub contained: Vec<TaxPart<'r>>,
    /// Fees.
    pub fees: Vec<DueFee<'r>>,
    /// Taxes on top of both.
    pub added: Vec<TaxPart<'r>>,
}

impl Charges<'_> {
    /// All that is to be paid on top.
    #[must_use]
    pub fn on_top(&self) -> i64 {
        self.fees.iter().map(|fee| fee.amount).sum::<i64>() + sum(&self.added)
    }
}

/// All of these together.
#[must_use]
pub fn sum(parts: &[TaxPart<'_>]) -> i64 {
    parts.iter().map(|part| part.amount).sum()
}

impl PriceRules {
    /// What comes to a ticket for which this is paid, its discount taken off.
    #[must_use]
    pub fn on_ticket(&self, place: &Place<'_>, paid: i64, currency: Currency) -> Charges<'_> {
        if paid <= 0 {
            return Charges::default();
        }
        let (of_tickets, of_fees) = (self.taxes_on(place, TaxOn::tickets), self.taxes_on(place, TaxOn::fees));
        let contained = contained(&of_tickets, paid);
        let fees: Vec<DueFee<'_>> =
            self.due(FeePer::Ticket, |fee| fee.only.fits(place).then_some(paid), currency, |_| of_fees.clone());
        let net = paid - sum(&contained);
        let added = self.added(&of_tickets, net, |tax| of_fees.iter().any(|one| std::ptr::eq(*one, tax)), &fees);
        Charges { contained, fees, added }
    }

    /// What comes once to an order of these tickets, each with what is paid for it. A fee is taxed as at the first ticket for
    /// which it is due.
    #[must_use]
    pub fn on_order(&self, tickets: &[(Place<'_>, i64)], currency: Currency) -> Charges<'_> {
        let paid: Vec<&(Place<'_>, i64)> = tickets.iter().filter(|(_, paid)| *paid > 0).collect();
        let of = |fee: &Fee| -> Option<i64> {
            let fitting: Vec<i64> =
                paid.iter().filter(|(place, _)| fee.only.fits(place)).map(|(_, paid)| *paid).collect();
            (!fitting.is_empty()).then(|| fitting.iter().sum())
        };
        let taxes = |fee: &Fee| {
            let first = paid.iter().find(|(place, _)| fee.only.fits(place));
            first.map_or_else(Vec::new, |(place, _)| self.taxes_on(place, TaxOn::fees))
        };
        let fees = self.due(FeePer::Order, of, currency, taxes);
        let mut added: Vec<TaxPart<'_>> = Vec::new();
        for due in &fees {
            let on_it = taxes(due.fee);
            for part in
                self.added(&[], 0, |tax| on_it.iter().any(|one| std::ptr::eq(*one, tax)), std::slice::from_ref(due))
            {
                added.push(part);
            }
        }
        Charges { contained: Vec::new(), fees, added }
    }

    /// What every buyer has to pay for a ticket of this price.
    #[must_use]
    pub fn all_in(&self, place: &Place<'_>, price: i64, currency: Currency) -> i64 {
        price + self.on_ticket(place, price, currency).on_top()
    }

    /// Fees that come once to an order with tickets of this show, in this currency.
    pub fn order_fees(&self, show: Uuid, country: &str, currency: Currency) -> impl Iterator<Item = &Fee> {
        self.fees.iter().filter(move |fee| {
            let wide = Only { price_levels: Vec::new(), ticket_types: Vec::new(), ..fee.only.clone() };
            let place = Place { show, country, price_level: "", ticket_type: "" };
            let paid = match fee.amount {
                FeeAmount::Fixed(money) => money.currency == currency,
                FeeAmount::PercentBp(_) => true,
            };
            fee.per == FeePer::Order && wide.fits(&place) && paid
        })
    }

    /// Taxes on this kind of thing there: of each name the first that fits.
    fn taxes_on(&self, place: &Place<'_>, on: fn(TaxOn) -> bool) -> Vec<&Tax> {
        let mut found: Vec<&Tax> = Vec::new();
        for tax in self.taxes.iter().filter(|tax| on(tax.on) && tax.only.fits(place)) {
            if found.iter().all(|other| other.name != tax.name) {
                found.push(tax);
            }
        }
        found
    }

    /// Fees that are due where `of` says of how much, with the taxes in them.
    fn due<'r>(
        &'r self,
        per: FeePer,
        of: impl Fn(&Fee) -> Option<i64>,
        currency: Currency,
        taxes: impl Fn(&Fee) -> Vec<&'r Tax>,
    ) -> Vec<DueFee<'r>> {
        let fees = self.fees.iter().filter(|fee| fee.per == per);
        fees.filter_map(|fee| {
            let of = of(fee)?;
            let amount = match fee.amount {
                FeeAmount::Fixed(money) => (money.currency == currency).then_some(money.amount)?,
                FeeAmount::PercentBp(rate) => share(of, rate, WHOLE_BP),
            };
            (amount > 0).then(|| DueFee { fee, amount, contained: contained(&taxes(fee), amount) })
        })
        .collect()
    }

    /// Taxes on top of a ticket and of fees: one rounding for each.
    fn added<'r>(
        &'r self,
        of_ticket: &[&'r Tax],
        net: i64,
        on_fees: impl Fn(&Tax) -> bool,
        fees: &[DueFee<'_>],
    ) -> Vec<TaxPart<'r>> {
        let fees: i64 = fees.iter().map(|fee| fee.amount - sum(&fee.contained)).sum();
        let on_top = self.taxes.iter().filter(|tax| !tax.included);
        on_top
            .filter_map(|tax| {
                let ticket = if of_ticket.iter().any(|one| std::ptr::eq(*one, tax)) { net } else { 0 };
                let of_fees = if on_fees(tax) { fees } else { 0 };
                let amount = share(ticket + of_fees, tax.rate_bp, WHOLE_BP);
                (amount > 0).then_some(TaxPart { tax, amount })
            })
            .collect()
    }
}

/// What these taxes are of an amount that has them in it.
fn contained<'r>(taxes: &[&'r Tax], amount: i64) -> Vec<TaxPart<'r>> {
    let within = || taxes.iter().filter(|tax| tax.included);
    let whole = WHOLE_BP + within().map(|tax| tax.rate_bp).sum::<i64>();
    within().map(|tax| TaxPart { tax, amount: share(amount, tax.rate_bp, whole) }).collect()
}
