//! Claims of buyers' banks, as the house's staff are told of them.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::saga::{Dispute, Saga};
use crate::platform::money::Money;

/// A claim that the buyer made at their bank.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DisputeJson {
    /// Its id.
    pub id: Uuid,
    /// Against which payment.
    pub payment_id: Uuid,
    /// The provider's name for it.
    pub provider_ref: String,
    /// How far it is.
    #[schema(value_type = String, pattern = "^(opened|won|lost)$")]
    pub state: &'static str,
    /// How much is claimed.
    pub amount: Money,
    /// The order's tickets admit nobody until it is decided.
    pub suspends: bool,
    /// When it was opened.
    #[schema(value_type = String, format = DateTime)]
    pub opened_at: Timestamp,
    /// When the provider decided it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub decided_at: Option<Timestamp>,
}

impl From<&Dispute> for DisputeJson {
    fn from(claim: &Dispute) -> Self {
        Self {
            id: claim.id,
            payment_id: claim.payment,
            provider_ref: claim.provider_ref.clone(),
            state: claim.state.word(),
            amount: claim.amount,
            suspends: claim.suspends,
            opened_at: claim.opened_at,
            decided_at: claim.decided_at,
        }
    }
}

impl DisputeJson {
    /// All claims against an order's payments.
    #[must_use]
    pub fn all(saga: &Saga) -> Vec<Self> {
        saga.disputes.claims.iter().map(Self::from).collect()
    }
}
