//! Promo codes: what one takes off, of which tickets, and why it doesn't. A code is money, an access code is a key; somebody may
//! have both.

use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::catalog::price_rules::{Only, Place, WHOLE_BP, is_amount};
use crate::platform::money::{Currency, Money, apportion, share};

/// A promo code's own fields.
#[derive(Clone, Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PromoCodeInput {
    /// Whose it is. Cannot be changed.
    #[garde(skip)]
    pub organizer_id: Uuid,
    /// What people type: 3 to 40 letters and digits; case, spaces and hyphens do not matter. Left out: one is made. Cannot be
    /// changed.
    #[garde(inner(length(chars, min = 3, max = 80)))]
    #[serde(default)]
    #[schema(min_length = 3, max_length = 80, example = "SPRING24")]
    pub code: Option<String>,
    /// What it takes off.
    #[garde(dive)]
    pub discount: Discount,
    /// Of which tickets.
    #[garde(dive)]
    #[serde(default)]
    pub only: Only,
    /// From this moment on; null: from when it is made.
    #[garde(skip)]
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub valid_from: Option<Timestamp>,
    /// Until this moment, which is not part of it; null: for good.
    #[garde(skip)]
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub valid_until: Option<Timestamp>,
    /// How many orders may have it in all; null is no limit.
    #[garde(inner(range(min = 1, max = 1_000_000)))]
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub uses_max: Option<i32>,
    /// How many orders of one customer may have it, by their address; null is no limit.
    #[garde(inner(range(min = 1, max = 1_000)))]
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1_000)]
    pub per_customer_max: Option<i32>,
    /// What it is for; the house's own.
    #[garde(length(chars, max = 500))]
    #[serde(default)]
    #[schema(max_length = 500)]
    pub note: String,
}

/// What a code takes off: of the prices of tickets, never of fees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Discount {
    /// So many hundredths of a percent of each ticket. All of it makes it a comp.
    PercentBp(#[garde(range(min = 1, max = 10_000))] i64),
    /// So much of each ticket, in orders of this currency.
    PerTicket(#[garde(custom(is_amount))] Money),
    /// So much of all of them together, shared out by their prices, in orders of this currency.
    PerOrder(#[garde(custom(is_amount))] Money),
}

/// A code that stands.
#[derive(Clone, Debug)]
pub struct Promo {
    /// Its id.
    pub id: Uuid,
    /// As people read it.
    pub code: String,
    /// What it takes off.
    pub discount: Discount,
    /// Of which tickets.
    pub only: Only,
    /// From when.
    pub valid_from: Option<Timestamp>,
    /// Until when.
    pub valid_until: Option<Timestamp>,
    /// It has no use left.
    pub used_up: bool,
}

/// Why a code takes nothing off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PromoRefusal {
    /// The house has no such code.
    Unknown,
    /// It is not valid yet.
    NotYet,
    /// It is not valid any more.
    Over,
    /// It is for other shows.
    NotTheseShows,
    /// It is for other price levels or ticket types.
    NotTheseTickets,
    /// It takes off an amount of another currency.
    OtherCurrency,
    /// The tickets that it is for cost too little to take anything off.
    NothingToTakeOff,
    /// All its uses are taken.
    UsedUp,
    /// This customer has used it as often as they may.
    UsedByYou,
}

impl PromoRefusal {
    /// For people.
    #[must_use]
    pub fn detail(self) -> &'static str {
        match self {
            Self::Unknown => "There is no such promo code.",
            Self::NotYet => "This promo code is not valid yet.",
            Self::Over => "This promo code is no longer valid.",
            Self::NotTheseShows => "This promo code is for other shows.",
            Self::NotTheseTickets => "This promo code is for other tickets.",
            Self::OtherCurrency => "This promo code is for another currency.",
            Self::NothingToTakeOff => "There is nothing that this promo code could take off.",
            Self::UsedUp => "This promo code has been used up.",
            Self::UsedByYou => "You have used this promo code already.",
        }
    }
}

/// A code as it is kept and compared: upper case, without spaces and hyphens. `None` where it can be no code at all.
#[must_use]
pub fn normal_promo_code(told: &str) -> Option<String> {
    let kept: String = told.chars().filter(|letter| !letter.is_whitespace() && *letter != '-').collect();
    let kept = kept.to_ascii_uppercase();
    let is_code = (3..=40).contains(&kept.len()) && kept.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_code.then_some(kept)
}

impl Promo {
    /// What it takes off each of these tickets.
    ///
    /// # Errors
    /// Why it takes off nothing at all.
    pub fn discounts(
        &self,
        tickets: &[(Place<'_>, i64)],
        currency: Currency,
        now: Timestamp,
    ) -> Result<Vec<i64>, PromoRefusal> {
        if self.valid_from.is_some_and(|from| now < from) {
            return Err(PromoRefusal::NotYet);
        }
        if self.valid_until.is_some_and(|until| until <= now) {
            return Err(PromoRefusal::Over);
        }
        let wide = Only { price_levels: Vec::new(), ticket_types: Vec::new(), ..self.only.clone() };
        if !tickets.iter().any(|(place, _)| wide.fits(place)) {
            return Err(PromoRefusal::NotTheseShows);
        }
        if !tickets.iter().any(|(place, _)| self.only.fits(place)) {
            return Err(PromoRefusal::NotTheseTickets);
        }
        let in_currency = |money: Money| {
            if money.currency == currency { Ok(money.amount) } else { Err(PromoRefusal::OtherCurrency) }
        };
        let prices: Vec<i64> =
            tickets.iter().map(|(place, price)| if self.only.fits(place) { (*price).max(0) } else { 0 }).collect();
        let discounts: Vec<i64> = match self.discount {
            Discount::PercentBp(rate) => prices.iter().map(|&price| share(price, rate, WHOLE_BP).min(price)).collect(),
            Discount::PerTicket(money) => {
                let amount = in_currency(money)?;
                prices.iter().map(|&price| amount.min(price)).collect()
            }
            Discount::PerOrder(money) => apportion(in_currency(money)?.min(prices.iter().sum()), &prices),
        };
        if discounts.iter().all(|&discount| discount == 0) {
            return Err(PromoRefusal::NothingToTakeOff);
        }
        if self.used_up { Err(PromoRefusal::UsedUp) } else { Ok(discounts) }
    }
}
