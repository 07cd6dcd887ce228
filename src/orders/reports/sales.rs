//! What was sold, given back, kept and lost.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use super::{By, Class, Days, ROWS_MAX, Rows, TooMany, Zones, class_of};
use crate::platform::money::Currency;

/// What one account took in and gave out in a quarter of an hour.
#[derive(Clone, Debug)]
pub struct SalesFact {
    /// When that quarter began.
    pub at: Timestamp,
    /// Of which show; a fee of the whole order has none.
    pub show: Option<Uuid>,
    /// At which provider the order was paid; a free one at none.
    pub provider: Option<String>,
    /// The venue's time zone.
    pub zone: Option<String>,
    /// In which currency.
    pub currency: Currency,
    /// Which account.
    pub account: String,
    /// The sum of its credits; not negative.
    pub credit: i64,
    /// The sum of its debits; not negative.
    pub debit: i64,
}

/// How many tickets went out and came back in a quarter of an hour.
#[derive(Clone, Debug)]
pub struct CountFact {
    /// When that quarter began.
    pub at: Timestamp,
    /// Of which show.
    pub show: Option<Uuid>,
    /// At which provider the order was paid.
    pub provider: Option<String>,
    /// The venue's time zone.
    pub zone: Option<String>,
    /// In which currency.
    pub currency: Currency,
    /// Tickets that were sold.
    pub sold: i64,
    /// Tickets that were given back.
    pub back: i64,
    /// What was taken off their prices; not negative.
    pub discounts: i64,
}

/// What a row is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SalesKey {
    /// This show; `None`: fees of whole orders.
    Show(Option<Uuid>),
    /// This day.
    Day(Date),
    /// This provider; `None`: what was free.
    Provider(Option<String>),
}

/// What was sold of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SalesRow {
    /// Tickets that went out.
    pub tickets_sold: i64,
    /// Tickets that came back.
    pub tickets_given_back: i64,
    /// What buyers paid, fees and taxes in it, discounts taken off.
    pub gross: i64,
    /// What was taken off: gross is without it.
    pub discounts: i64,
    /// How much of gross is fees.
    pub fees: i64,
    /// How much of gross is taxes.
    pub taxes: i64,
    /// What was given back, at the price it was sold for.
    pub refunds: i64,
    /// What of that was kept.
    pub kept: i64,
    /// What was lost to buyers' banks.
    pub chargebacks: i64,
}

impl SalesRow {
    /// What stays.
    #[must_use]
    pub fn net(&self) -> i64 {
        self.gross - self.refunds + self.kept - self.chargebacks
    }

    /// Two rows as one.
    pub fn add(&mut self, other: &Self) {
        self.tickets_sold += other.tickets_sold;
        self.tickets_given_back += other.tickets_given_back;
        self.gross += other.gross;
        self.discounts += other.discounts;
        self.fees += other.fees;
        self.taxes += other.taxes;
        self.refunds += other.refunds;
        self.kept += other.kept;
        self.chargebacks += other.chargebacks;
    }
}

/// The report, while it grows.
#[derive(Clone, Debug)]
pub struct SalesReport {
    by: By,
    days: Days,
    zones: Zones,
    rows: BTreeMap<(SalesKey, Currency), SalesRow>,
}

impl SalesReport {
    /// An empty one.
    #[must_use]
    pub fn new(by: By, days: Days, zones: Zones) -> Self {
        Self { by, days, zones, rows: BTreeMap::new() }
    }

    fn row(
        &mut self,
        at: Timestamp,
        zone: Option<&str>,
        (show, provider): (Option<Uuid>, Option<&str>),
        currency: Currency,
    ) -> Result<Option<&mut SalesRow>, TooMany> {
        let day = self.zones.day(at, zone);
        if !self.days.has(day) {
            return Ok(None);
        }
        let key = match self.by {
            By::Show => SalesKey::Show(show),
            By::Day => SalesKey::Day(day),
            By::Provider => SalesKey::Provider(provider.map(str::to_owned)),
        };
        let key = (key, currency);
        if self.rows.len() >= ROWS_MAX && !self.rows.contains_key(&key) {
            return Err(TooMany);
        }
        Ok(Some(self.rows.entry(key).or_default()))
    }

    /// Takes in what an account did.
    ///
    /// # Errors
    /// [`TooMany`] rows.
    pub fn money(&mut self, fact: &SalesFact) -> Result<(), TooMany> {
        let class = class_of(&fact.account);
        if matches!(class, Class::Provider | Class::Other) {
            return Ok(());
        }
        let about = (fact.show, fact.provider.as_deref());
        let Some(row) = self.row(fact.at, fact.zone.as_deref(), about, fact.currency)? else { return Ok(()) };
        match class {
            Class::Sales | Class::Fees | Class::Taxes => {
                row.gross += fact.credit;
                row.refunds += fact.debit;
                match class {
                    Class::Fees => row.fees += fact.credit,
                    Class::Taxes => row.taxes += fact.credit,
                    Class::Sales | Class::Kept | Class::Chargebacks | Class::Provider | Class::Other => {}
                }
            }
            Class::Kept => row.kept += fact.credit - fact.debit,
            Class::Chargebacks => row.chargebacks += fact.debit - fact.credit,
            Class::Provider | Class::Other => {}
        }
        Ok(())
    }

    /// Takes in how many tickets went out and came back.
    ///
    /// # Errors
    /// [`TooMany`] rows.
    pub fn count(&mut self, fact: &CountFact) -> Result<(), TooMany> {
        let about = (fact.show, fact.provider.as_deref());
        if let Some(row) = self.row(fact.at, fact.zone.as_deref(), about, fact.currency)? {
            row.tickets_sold += fact.sold;
            row.tickets_given_back += fact.back;
            row.discounts += fact.discounts;
        }
        Ok(())
    }

    /// Its rows, those of one thing together, and their sums by currency.
    #[must_use]
    pub fn done(self) -> Rows<SalesKey, SalesRow> {
        let mut totals: BTreeMap<Currency, SalesRow> = BTreeMap::new();
        for ((_, currency), row) in &self.rows {
            totals.entry(*currency).or_default().add(row);
        }
        (self.rows.into_iter().map(|((key, currency), row)| (key, currency, row)).collect(), totals)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_account_finds_its_column_and_net_is_what_stays() {
        let days = Days { from: "2026-05-01".parse().unwrap(), to: "2026-05-31".parse().unwrap() };
        let mut report = SalesReport::new(By::Show, days, Zones::new("UTC"));
        let euro: Currency = "EUR".parse().unwrap();
        let mut book = |account: &str, credit, debit, at: &str| {
            let fact = SalesFact {
                at: at.parse().unwrap(),
                show: None,
                provider: None,
                zone: None,
                currency: euro,
                account: account.to_owned(),
                credit,
                debit,
            };
            report.money(&fact).unwrap();
        };
        let day = "2026-05-04T10:00:00Z";
        book("sales", 9000, 4000, day);
        book("fees", 500, 0, day);
        book("taxes", 700, 300, day);
        book("cancellation_fees", 250, 0, day);
        book("chargebacks", 0, 100, day);
        book("provider:sandbox", 7, 7, day);
        book("deposits", 7, 7, day);
        book("sales", 9000, 0, "2026-06-01T00:00:00Z");
        let (rows, totals) = report.done();
        let row = SalesRow {
            gross: 10_200,
            fees: 500,
            taxes: 700,
            refunds: 4300,
            kept: 250,
            chargebacks: 100,
            ..SalesRow::default()
        };
        assert_eq!(rows, [(SalesKey::Show(None), euro, row)]);
        assert_eq!(row.net(), 6050);
        assert_eq!(totals[&euro], row);
    }
}
