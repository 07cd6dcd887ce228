//! What an order would cost, as the API speaks of it.

use serde::Serialize;
use utoipa::ToSchema;

use super::super::pricing::{Bill, PromoRefusal, Voucher, VoucherRefusal};
use super::super::saga::LineKind;
use super::super::store::LineView;
use super::QuotedExchange;
use crate::platform::money::{Currency, Money};

/// What it would cost.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Quote {
    /// A line for each place, then what belongs to each, then what comes once.
    pub lines: Vec<LineView>,
    /// What the tickets cost before anything is taken off or added.
    pub tickets: Money,
    /// What is taken off; zero or negative.
    pub discount: Money,
    /// All fees.
    pub fees: Money,
    /// How much of each tax.
    pub taxes: Vec<QuotedTax>,
    /// All that is to be paid, less what tickets that are given for it and a voucher pay.
    pub total: Money,
    /// In which currency.
    #[schema(value_type = String, pattern = "^[A-Z]{3}$")]
    pub currency: Currency,
    /// What became of the promo code that was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub promo: Option<QuotedPromo>,
    /// What became of the voucher that was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub voucher: Option<QuotedVoucher>,
    /// What giving the tickets that were told means.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub exchange: Option<QuotedExchange>,
}

/// How much of one tax.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct QuotedTax {
    /// What buyers read.
    #[schema(example = "VAT")]
    pub name: String,
    /// Its rate in hundredths of a percent.
    #[schema(example = 2500)]
    pub rate_bp: i64,
    /// Whether prices and fees have it in them, or it was added.
    pub included: bool,
    /// How much.
    pub amount: Money,
}

/// What became of a promo code.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct QuotedPromo {
    /// As it was told.
    pub code: String,
    /// Whether it takes something off.
    pub applies: bool,
    /// Why it doesn't, as a word.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reason: Option<PromoRefusal>,
    /// Why it doesn't, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub detail: Option<&'static str>,
}

/// What became of a voucher.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct QuotedVoucher {
    /// As it was told.
    pub code: String,
    /// Whether it pays something.
    pub applies: bool,
    /// How much.
    pub pays: Money,
    /// How much would be left on it; null where it pays nothing.
    pub left: Option<Money>,
    /// Why it pays nothing, as a word.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reason: Option<VoucherRefusal>,
    /// Why it pays nothing, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub detail: Option<&'static str>,
}

impl QuotedVoucher {
    /// What a voucher pays, or why it doesn't.
    #[must_use]
    pub fn of(code: String, currency: Currency, paid: Result<(&Voucher, i64), VoucherRefusal>) -> Self {
        let pays = paid.as_ref().map_or(0, |(_, pays)| *pays);
        let refused = paid.as_ref().err().copied();
        Self {
            code,
            applies: refused.is_none(),
            pays: Money::new(pays, currency),
            left: paid.ok().map(|(voucher, pays)| Money::new(voucher.balance.amount - pays, currency)),
            reason: refused,
            detail: refused.map(VoucherRefusal::detail),
        }
    }
}

impl Quote {
    /// Of a bill, and of the codes that were told.
    #[must_use]
    pub fn of(bill: &Bill, currency: Currency, promo: Option<String>, voucher: Option<QuotedVoucher>) -> Self {
        let money = |amount| Money::new(amount, currency);
        let taxes = bill.taxes.iter().map(|tax| QuotedTax {
            name: tax.name.clone(),
            rate_bp: tax.rate_bp,
            included: tax.included,
            amount: money(tax.amount),
        });
        Self {
            lines: bill.lines.iter().map(|priced| priced.view(currency)).collect(),
            tickets: money(bill.of_kind(LineKind::Ticket)),
            discount: money(bill.of_kind(LineKind::Discount)),
            fees: money(bill.of_kind(LineKind::Fee)),
            taxes: taxes.collect(),
            total: money(bill.total()),
            voucher,
            exchange: None,
            currency,
            promo: promo.map(|code| QuotedPromo {
                code,
                applies: bill.refused.is_none(),
                reason: bill.refused,
                detail: bill.refused.map(PromoRefusal::detail),
            }),
        }
    }
}
