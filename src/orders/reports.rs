//! What the house has sold and what became of the money: by show, by day, by provider. Plain: facts of the ledger go in, rows
//! come out.
//!
//! A day is the venue's own: from its midnight to its next, so it has 23 or 25 hours where clocks are changed. Facts come in
//! quarters of an hour, which is as fine as offsets from UTC are.

pub mod csv;
mod days;
mod payments;
mod sales;

pub use days::{Days, DaysRefused, Zones};
pub use payments::{PaymentsFact, PaymentsKey, PaymentsReport, PaymentsRow};
pub use sales::{CountFact, SalesFact, SalesKey, SalesReport, SalesRow};

use std::collections::BTreeMap;

use serde::Deserialize;
use utoipa::ToSchema;

use crate::platform::money::Currency;

/// More rows than anybody reads; past it the days are to be fewer.
pub const ROWS_MAX: usize = 20_000;

/// The rows of a report, and their sums by currency.
pub type Rows<Key, Row> = (Vec<(Key, Currency, Row)>, BTreeMap<Currency, Row>);

/// There would be too many rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany;

/// What a row is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// One show.
    #[default]
    Show,
    /// One day of the venue.
    Day,
    /// One payment provider.
    Provider,
}

/// What an account of the books is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// What tickets are sold for.
    Sales,
    /// What the house asks for its work.
    Fees,
    /// What is the state's.
    Taxes,
    /// What is kept of what was given back.
    Kept,
    /// What was lost to buyers' banks.
    Chargebacks,
    /// What providers have for us.
    Provider,
    /// Anything else: deposits, claims that are open, the bank.
    Other,
}

/// The accounts that reports know, in one place. An account that is not here changes no report.
const CLASSES: [(&str, Class); 5] = [
    ("sales", Class::Sales),
    ("fees", Class::Fees),
    ("taxes", Class::Taxes),
    ("cancellation_fees", Class::Kept),
    ("chargebacks", Class::Chargebacks),
];

/// What this account is about.
#[must_use]
pub fn class_of(account: &str) -> Class {
    if account.starts_with("provider:") {
        return Class::Provider;
    }
    CLASSES.iter().find(|(name, _)| *name == account).map_or(Class::Other, |(_, class)| *class)
}

/// The accounts that a report of sales reads.
#[must_use]
pub fn sales_accounts() -> Vec<String> {
    CLASSES.iter().map(|(name, _)| (*name).to_owned()).collect()
}
