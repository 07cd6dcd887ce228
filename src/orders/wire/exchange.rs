//! Tickets that are given for an order, as the API speaks of them.

use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::platform::money::Money;

/// Tickets that are given for what is ordered.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExchangeWish {
    /// Whose tickets: an order of the same house in the same currency.
    #[garde(skip)]
    pub order_id: Uuid,
    /// Which; all that are left unless told.
    #[garde(length(min = 1, max = 200))]
    #[serde(default)]
    #[schema(min_items = 1, max_items = 200)]
    pub tickets: Option<Vec<Uuid>>,
    /// That order's token, for who has no account that it belongs to.
    #[garde(inner(length(bytes, min = 1, max = 200)))]
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    pub token: Option<String>,
}

/// What giving tickets for it means.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct QuotedExchange {
    /// Whose tickets.
    pub order_id: Uuid,
    /// What people call that order.
    pub number: String,
    /// What the tickets are worth, with their fees and taxes.
    pub worth: Money,
    /// What the house keeps of them beside that.
    pub kept: Money,
    /// How much of their worth pays for this order.
    pub pays: Money,
    /// How much is beyond that, and goes back the way they were paid.
    pub back: Money,
}
