//! One's own orders, in their list.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::saga::OrderState;
use super::super::store::{Owned, ShowView};
use super::StatusJson;
use crate::platform::money::Money;

/// A place of an order, in a list of orders.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PlaceJson {
    /// Of which show.
    pub show_id: Uuid,
    /// What people read.
    pub label: String,
    /// How many.
    #[schema(minimum = 1)]
    pub quantity: u32,
}

/// One of one's own orders.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MyOrderJson {
    /// Its id.
    pub id: Uuid,
    /// What people call it.
    #[schema(example = "A-7F3K2M")]
    pub number: String,
    /// How far it is.
    pub status: StatusJson,
    /// Who sold it.
    pub organizer: String,
    /// What it costs.
    pub total: Money,
    /// Of which shows, by their start.
    pub shows: Vec<ShowView>,
    /// Its places that were not given back.
    pub places: Vec<PlaceJson>,
    /// Whether all of it may be cancelled now.
    pub cancellable: bool,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When its tickets were issued.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub confirmed_at: Option<Timestamp>,
}

impl MyOrderJson {
    /// An order as its owner's list shows it at `now`.
    #[must_use]
    pub fn of(owned: Owned, now: Timestamp) -> Self {
        let paid = matches!(owned.state, OrderState::Confirmed | OrderState::PartiallyRefunded);
        let in_time = owned.offers.iter().all(|offer| offer.ends_at(now).is_some_and(|until| now < until));
        // What nobody has paid is given up.
        let unpaid = owned.state == OrderState::AwaitingPayment;
        let cancellable = unpaid || (paid && in_time && !owned.places.is_empty() && !owned.giving_back);
        Self {
            id: owned.id,
            number: owned.number,
            status: owned.state.into(),
            organizer: owned.organizer,
            total: owned.total,
            shows: owned.shows,
            places: owned
                .places
                .into_iter()
                .map(|(show_id, label, quantity)| PlaceJson { show_id, label, quantity })
                .collect(),
            cancellable,
            created_at: owned.created_at,
            confirmed_at: owned.confirmed_at,
        }
    }
}
