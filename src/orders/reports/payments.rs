//! What providers have collected, given back, kept and paid out: the accounts `provider:<name>`, by what was booked on them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use super::{By, Days, ROWS_MAX, Rows, TooMany, Zones};
use crate::platform::money::Currency;

/// What one kind of transaction booked on a provider's account in a quarter of an hour.
#[derive(Clone, Debug)]
pub struct PaymentsFact {
    /// When that quarter began.
    pub at: Timestamp,
    /// The venue's time zone.
    pub zone: Option<String>,
    /// Which provider.
    pub provider: String,
    /// In which currency.
    pub currency: Currency,
    /// What kind of transaction.
    pub kind: String,
    /// What it booked: more is positive.
    pub amount: i64,
}

/// What a row is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PaymentsKey {
    /// This day.
    Day(Date),
    /// This provider.
    Provider(String),
}

/// What became of money at providers. Each column is signed as people say it; `net` is what the accounts grew by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PaymentsRow {
    /// Collected from buyers.
    pub captured: i64,
    /// Given back.
    pub refunded: i64,
    /// Refunds that came to nothing afterwards.
    pub refunds_failed: i64,
    /// Taken back by buyers' banks.
    pub disputed: i64,
    /// Won back from them.
    pub disputes_won: i64,
    /// Kept by the providers.
    pub fees: i64,
    /// Paid out to the house's bank.
    pub paid_out: i64,
    /// Anything else that was booked.
    pub other: i64,
}

impl PaymentsRow {
    /// By how much more the providers have for us.
    #[must_use]
    pub fn net(&self) -> i64 {
        self.captured - self.refunded + self.refunds_failed - self.disputed + self.disputes_won
            - self.fees
            - self.paid_out
            + self.other
    }

    /// Two rows as one.
    pub fn add(&mut self, other: &Self) {
        self.captured += other.captured;
        self.refunded += other.refunded;
        self.refunds_failed += other.refunds_failed;
        self.disputed += other.disputed;
        self.disputes_won += other.disputes_won;
        self.fees += other.fees;
        self.paid_out += other.paid_out;
        self.other += other.other;
    }
}

/// The report, while it grows.
#[derive(Clone, Debug)]
pub struct PaymentsReport {
    by: By,
    days: Days,
    zones: Zones,
    rows: BTreeMap<(PaymentsKey, Currency), PaymentsRow>,
}

impl PaymentsReport {
    /// An empty one, by day or by provider.
    #[must_use]
    pub fn new(by: By, days: Days, zones: Zones) -> Self {
        Self { by, days, zones, rows: BTreeMap::new() }
    }

    /// Takes in what was booked.
    ///
    /// # Errors
    /// [`TooMany`] rows.
    pub fn add(&mut self, fact: &PaymentsFact) -> Result<(), TooMany> {
        let day = self.zones.day(fact.at, fact.zone.as_deref());
        if !self.days.has(day) {
            return Ok(());
        }
        let key = match self.by {
            By::Day => PaymentsKey::Day(day),
            By::Provider | By::Show => PaymentsKey::Provider(fact.provider.clone()),
        };
        let key = (key, fact.currency);
        if self.rows.len() >= ROWS_MAX && !self.rows.contains_key(&key) {
            return Err(TooMany);
        }
        let row = self.rows.entry(key).or_default();
        match fact.kind.as_str() {
            "capture" => row.captured += fact.amount,
            "refund" | "refund_elsewhere" => row.refunded -= fact.amount,
            "refund_failed" => row.refunds_failed += fact.amount,
            "dispute" => row.disputed -= fact.amount,
            "dispute_won" | "dispute_lost" => row.disputes_won += fact.amount,
            "dispute_fee" | "provider_fee" => row.fees -= fact.amount,
            "payout" => row.paid_out -= fact.amount,
            _ => row.other += fact.amount,
        }
        Ok(())
    }

    /// Its rows, and their sums by currency.
    #[must_use]
    pub fn done(self) -> Rows<PaymentsKey, PaymentsRow> {
        let mut totals: BTreeMap<Currency, PaymentsRow> = BTreeMap::new();
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
    fn whatever_is_booked_is_in_one_column_and_net_is_the_sum() {
        let days = Days { from: "2026-05-01".parse().unwrap(), to: "2026-05-31".parse().unwrap() };
        let mut report = PaymentsReport::new(By::Provider, days, Zones::new("UTC"));
        let euro: Currency = "EUR".parse().unwrap();
        let booked = [
            ("capture", 9000),
            ("refund", -2000),
            ("refund_failed", 500),
            ("dispute", -1000),
            ("dispute_won", 1000),
            ("dispute_fee", -15),
            ("provider_fee", -85),
            ("payout", -6000),
            ("something_new", 3),
        ];
        for (kind, amount) in booked {
            let at = "2026-05-04T10:00:00Z".parse().unwrap();
            let (zone, provider, kind) = (None, "stripe".to_owned(), kind.to_owned());
            report.add(&PaymentsFact { at, zone, provider, currency: euro, kind, amount }).unwrap();
        }
        let (rows, totals) = report.done();
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].2.net(), booked.iter().map(|(_, amount)| amount).sum::<i64>());
        assert_eq!((rows[0].2.fees, rows[0].2.paid_out, rows[0].2.other), (100, 6000, 3));
        assert_eq!(totals[&euro], rows[0].2);
    }
}
