//! Files in which providers say what they have collected, kept and paid out, and how they agree with what we have. Plain: bytes
//! and our rows go in, a verdict on every line comes out.

mod compare;
mod formats;
mod table;

pub use compare::{Compared, OurClaim, OurPayment, OurRefund, Ours, Verdict, compare};
pub use formats::read;

use jiff::civil::Date;

use crate::platform::money::Currency;

/// A file is not larger.
pub const BYTES_MAX: usize = 8 * 1024 * 1024;
/// And has not more lines.
pub const LINES_MAX: usize = 50_000;

/// Whose file it is, by its columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Ours, for any provider.
    Generic,
    /// Stripe's itemised payout reconciliation.
    Stripe,
    /// Razorpay's settlement recon.
    Razorpay,
}

impl Format {
    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::Stripe => "stripe",
            Self::Razorpay => "razorpay",
        }
    }
}

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// Money from a buyer.
    Payment,
    /// Money back to a buyer.
    Refund,
    /// Money that a buyer's bank took back.
    Dispute,
    /// Money that came back from it.
    DisputeWon,
    /// What the provider asks for, by itself.
    Fee,
    /// Money to the house's bank.
    Payout,
    /// Anything else.
    Other,
}

impl LineKind {
    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::Refund => "refund",
            Self::Dispute => "dispute",
            Self::DisputeWon => "dispute_won",
            Self::Fee => "fee",
            Self::Payout => "payout",
            Self::Other => "other",
        }
    }
}

/// One line of a file. Money that the provider has for us is positive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayoutLine {
    /// Where it begins in the file, from one.
    pub line: usize,
    /// What makes it the same line in another file.
    pub key: String,
    /// What it is about.
    pub kind: LineKind,
    /// What people read of it.
    pub reference: String,
    /// By which names we may know what it is about.
    pub names: Vec<String>,
    /// What moved.
    pub gross: i64,
    /// What the provider kept of it.
    pub fee: i64,
    /// What is left; gross less fee.
    pub net: i64,
    /// How much of it went to the house's bank.
    pub paid_out: i64,
    /// In which currency.
    pub currency: Currency,
    /// On which day it happened.
    pub day: Date,
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayoutFile {
    /// Whose.
    pub format: Format,
    /// Of which provider all of it is.
    pub provider: String,
    /// Its lines; at least one.
    pub lines: Vec<PayoutLine>,
}

impl PayoutFile {
    /// The first and the last day of its lines.
    #[must_use]
    pub fn days(&self) -> Option<(Date, Date)> {
        let days = self.lines.iter().map(|line| line.day);
        days.clone().min().zip(days.max())
    }
}

/// Why a file could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadFile {
    /// Where; `None`: as a whole.
    pub line: Option<usize>,
    /// Why, for people.
    pub why: String,
}

impl BadFile {
    fn at(line: usize, why: impl Into<String>) -> Self {
        Self { line: Some(line), why: why.into() }
    }

    fn whole(why: impl Into<String>) -> Self {
        Self { line: None, why: why.into() }
    }
}

impl std::fmt::Display for BadFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.why),
            None => f.write_str(&self.why),
        }
    }
}
