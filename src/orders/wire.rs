//! Orders as the API speaks of them.

mod cancellation;
mod dispute;
mod exchange;
mod mine;
mod quote;
mod review;

use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::saga::{LineKind, OrderState, Repayment, Saga};
use super::store::{ExchangeView, LineView, OrderView, PaymentView, ShowView};
use crate::holds::HoldJson;
use crate::platform::money::Money;

pub use cancellation::{CancellationJson, TicketBackJson};
pub use dispute::DisputeJson;
pub use exchange::{ExchangeWish, QuotedExchange};
pub use mine::{MyOrderJson, PlaceJson};
pub use quote::{Quote, QuotedPromo, QuotedTax, QuotedVoucher};
pub use review::{FindingJson, ReviewJson};

/// A hold, and the proof that it is the caller's.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnedHold {
    /// Of which show.
    #[garde(skip)]
    pub show_id: Uuid,
    /// Which hold.
    #[garde(skip)]
    pub hold_id: Uuid,
    /// What its maker was given with it.
    #[garde(length(bytes, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub token: String,
}

/// Which ticket type a place is to be. Names either a seat or an area.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WantedTicket {
    /// A `seat_guid`.
    #[garde(length(bytes, max = 200))]
    #[serde(default)]
    #[schema(max_length = 200)]
    pub seat: Option<String>,
    /// An `area_id`.
    #[garde(length(bytes, max = 200))]
    #[serde(default)]
    #[schema(max_length = 200)]
    pub area: Option<String>,
    /// How many places of the area; one unless told.
    #[garde(range(min = 1, max = 1000))]
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1000)]
    pub quantity: Option<u32>,
    /// The key of a ticket type.
    #[garde(length(bytes, min = 1, max = 40))]
    #[schema(min_length = 1, max_length = 40)]
    pub ticket_type: String,
}

/// What to price.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskQuote {
    /// The holds.
    #[garde(length(min = 1, max = 10), dive)]
    #[schema(min_items = 1, max_items = 10)]
    pub holds: Vec<OwnedHold>,
    /// Ticket types other than the shows' default.
    #[garde(length(max = 200), dive)]
    #[serde(default)]
    #[schema(max_items = 200)]
    pub tickets: Vec<WantedTicket>,
    /// A promo code. One that takes nothing off changes nothing, and the quote says why.
    #[garde(inner(length(chars, min = 1, max = 80)))]
    #[serde(default)]
    #[schema(min_length = 1, max_length = 80, example = "SPRING24")]
    pub promo_code: Option<String>,
    /// A gift voucher's code. One that pays nothing changes nothing, and the quote says why.
    #[garde(inner(length(chars, min = 1, max = 80)))]
    #[serde(default)]
    #[schema(min_length = 1, max_length = 80, example = "7F3K-2M9P-8HJW-QQ23-4567")]
    pub voucher_code: Option<String>,
    /// Tickets of another order that are given for it; they pay before a voucher does.
    #[garde(dive)]
    #[serde(default)]
    pub exchange: Option<ExchangeWish>,
}

/// Who buys.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Buyer {
    /// Their name.
    #[garde(length(chars, min = 1, max = 200), custom(says_something))]
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// Where their tickets go.
    #[garde(length(bytes, max = 254), email)]
    #[schema(max_length = 254, format = Email)]
    pub email: String,
    /// Their language, as a BCP 47 tag.
    #[garde(length(bytes, min = 2, max = 35))]
    #[serde(default)]
    #[schema(min_length = 2, max_length = 35)]
    pub locale: Option<String>,
}

fn says_something(text: &str, (): &()) -> garde::Result {
    if text.trim().is_empty() { Err(garde::Error::new("must not be empty")) } else { Ok(()) }
}

/// An order to be made.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateOrder {
    /// The holds that it pays for: of one house, in one currency.
    #[garde(length(min = 1, max = 10), dive)]
    #[schema(min_items = 1, max_items = 10)]
    pub holds: Vec<OwnedHold>,
    /// Who buys.
    #[garde(dive)]
    pub customer: Buyer,
    /// Ticket types other than the shows' default.
    #[garde(length(max = 200), dive)]
    #[serde(default)]
    #[schema(max_items = 200)]
    pub tickets: Vec<WantedTicket>,
    /// With whom to pay; the house's usual one unless told.
    #[garde(length(bytes, min = 1, max = 40))]
    #[serde(default)]
    #[schema(min_length = 1, max_length = 40, example = "sandbox")]
    pub provider: Option<String>,
    /// By which of its methods; the first that the house offers unless told.
    #[garde(length(bytes, min = 1, max = 40))]
    #[serde(default)]
    #[schema(min_length = 1, max_length = 40, example = "card")]
    pub method: Option<String>,
    /// Equal or better adjacent seats will do, should the money come late and the seats be gone.
    #[garde(skip)]
    #[serde(default)]
    pub accept_equal_seats: bool,
    /// The terms that the buyer agreed to.
    #[garde(length(chars, max = 100))]
    #[serde(default)]
    #[schema(max_length = 100)]
    pub terms_version: Option<String>,
    /// A promo code. One that takes nothing off is refused.
    #[garde(inner(length(chars, min = 1, max = 80)))]
    #[serde(default)]
    #[schema(min_length = 1, max_length = 80, example = "SPRING24")]
    pub promo_code: Option<String>,
    /// A gift voucher's code: pays up to what is left of it. One that pays nothing is refused.
    #[garde(inner(length(chars, min = 1, max = 80)))]
    #[serde(default)]
    #[schema(min_length = 1, max_length = 80, example = "7F3K-2M9P-8HJW-QQ23-4567")]
    pub voucher_code: Option<String>,
    /// Tickets of another order that are given for it; they pay before a voucher does. They stay good until it is sold.
    #[garde(dive)]
    #[serde(default)]
    pub exchange: Option<ExchangeWish>,
    /// What the buyer was told it costs, in minor units: where it has become another price since, nothing is ordered.
    #[garde(inner(range(min = 0)))]
    #[serde(default)]
    #[schema(minimum = 0)]
    pub expected_total: Option<i64>,
}

/// Another attempt to pay.
#[derive(Clone, Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TryAgain {
    /// With whom; the house's usual one unless told.
    #[garde(length(bytes, min = 1, max = 40))]
    #[serde(default)]
    #[schema(min_length = 1, max_length = 40, example = "sandbox")]
    pub provider: Option<String>,
    /// By which of its methods; the first that the house offers unless told.
    #[garde(length(bytes, min = 1, max = 40))]
    #[serde(default)]
    #[schema(min_length = 1, max_length = 40, example = "card")]
    pub method: Option<String>,
}

/// What to cancel.
#[derive(Clone, Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelOrder {
    /// Only these tickets; all of them unless told.
    #[garde(length(min = 1, max = 200))]
    #[serde(default)]
    #[schema(min_items = 1, max_items = 200)]
    pub tickets: Option<Vec<Uuid>>,
    /// Why, for the house.
    #[garde(length(chars, max = 500))]
    #[serde(default)]
    #[schema(max_length = 500)]
    pub reason: Option<String>,
    /// What was said would come back, in minor units: where it is another amount by now, nothing is done.
    #[garde(inner(range(min = 0)))]
    #[serde(default)]
    #[schema(minimum = 0)]
    pub expect: Option<i64>,
}

/// What somebody knows of an order whose link is lost.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LookUpOrder {
    /// Its number; without it the mail lists all orders of the address.
    #[garde(length(bytes, min = 1, max = 40))]
    #[serde(default)]
    #[schema(min_length = 1, max_length = 40, example = "A-7F3K2M")]
    pub number: Option<String>,
    /// The address it was ordered with.
    #[garde(length(bytes, min = 3, max = 254))]
    #[schema(min_length = 3, max_length = 254)]
    pub email: String,
}

/// An order that is to be one's own, and what proves it.
#[derive(Clone, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimOrder {
    /// Which order.
    #[garde(skip)]
    pub order_id: Uuid,
    /// Out of its link.
    #[garde(length(bytes, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub token: String,
}

/// How far an order is, as its buyer sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StatusJson {
    /// Nobody has paid yet, or the money is just on its way.
    AwaitingPayment,
    /// The amount is set aside, nothing is taken, and the house looks at it.
    InReview,
    /// Paid; the tickets are being made.
    Paid,
    /// The tickets are out.
    Confirmed,
    /// Payment did not come, or came to nothing.
    Expired,
    /// Given up.
    Cancelled,
    /// Money is on its way back.
    Refunding,
    /// All of it was given back.
    Refunded,
    /// Some of it was.
    PartiallyRefunded,
}

impl From<OrderState> for StatusJson {
    fn from(state: OrderState) -> Self {
        match state {
            OrderState::AwaitingPayment | OrderState::Authorized | OrderState::Booked => Self::AwaitingPayment,
            OrderState::InReview => Self::InReview,
            OrderState::Captured => Self::Paid,
            OrderState::Confirmed => Self::Confirmed,
            OrderState::Expired => Self::Expired,
            OrderState::Refunding => Self::Refunding,
            OrderState::Refunded => Self::Refunded,
            OrderState::PartiallyRefunded => Self::PartiallyRefunded,
            OrderState::Cancelled => Self::Cancelled,
        }
    }
}

/// Who bought.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CustomerJson {
    /// Their id in this house.
    pub id: Uuid,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
}

/// Money on its way back.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RefundJson {
    /// Its id.
    pub id: Uuid,
    /// How much.
    pub amount: Money,
    /// How far it is.
    #[schema(value_type = String, pattern = "^(pending|succeeded|failed|by_hand|again)$")]
    pub status: &'static str,
    /// Whether it goes back onto the voucher that had paid, rather than to the payment.
    pub onto_voucher: bool,
    /// Whether it goes back to the order whose tickets had paid, and from there the way that was paid.
    pub through_exchange: bool,
    /// Why.
    pub reason: String,
    /// When it was decided.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// One of an order's holds.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OrderHoldJson {
    /// Of which show.
    pub show_id: Uuid,
    /// Which hold.
    pub hold_id: Uuid,
}

/// An order, as its buyer sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OrderJson {
    /// Its id.
    pub id: Uuid,
    /// What people call it.
    #[schema(example = "A-7F3K2M")]
    pub number: String,
    /// Proves that its bearer made the order; only for who has proved it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub token: Option<String>,
    /// Whether it belongs to the account of who asks.
    pub yours: bool,
    /// How far it is.
    pub status: StatusJson,
    /// Who bought.
    pub customer: CustomerJson,
    /// What it costs.
    pub total: Money,
    /// What was ordered.
    pub lines: Vec<LineView>,
    /// Until when it may be paid; null where nothing is to be paid.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub pay_by: Option<Timestamp>,
    /// The same as milliseconds from now, for clocks that are wrong.
    pub pay_in_ms: Option<u64>,
    /// Once the house held it to look at it: by when its buyer hears, or has heard.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub review_by: Option<Timestamp>,
    /// What the rules of the house found, and what came of it; for its staff alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub review: Option<ReviewJson>,
    /// What the buyer's bank claims back; for its staff alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub disputes: Vec<DisputeJson>,
    /// The newest attempt to pay.
    pub payment: Option<PaymentView>,
    /// Money on its way back.
    pub refunds: Vec<RefundJson>,
    /// What it pays for.
    pub holds: Vec<OrderHoldJson>,
    /// Of which shows.
    pub shows: Vec<ShowView>,
    /// Its tickets that were given for other orders, and those that were given for it, oldest first.
    pub exchanges: Vec<ExchangeView>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When its tickets were issued.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub confirmed_at: Option<Timestamp>,
}

impl OrderJson {
    /// An order as it is at `now`, whoever looks at it.
    #[must_use]
    pub fn of(saga: &Saga, view: OrderView, now: Timestamp) -> Self {
        // The payment that counts; until one does, the newest.
        let payment = saga.paid_with.and_then(|id| saga.attempt(id)).or_else(|| saga.newest());
        Self {
            id: saga.order,
            number: view.number,
            token: None,
            yours: false,
            status: saga.state.into(),
            customer: CustomerJson { id: view.customer, name: view.name, email: view.email },
            total: Money::new(saga.total, saga.currency),
            lines: view.lines,
            pay_by: saga.pay_by,
            pay_in_ms: saga.pay_by.map(|at| u64::try_from(at.as_millisecond() - now.as_millisecond()).unwrap_or(0)),
            review_by: saga.review.by,
            review: None,
            disputes: Vec::new(),
            payment: payment.map(PaymentView::of),
            refunds: saga
                .refunds
                .iter()
                .map(|refund| RefundJson {
                    id: refund.id,
                    amount: refund.amount,
                    status: refund.status.word(),
                    onto_voucher: is_onto(saga, refund, LineKind::Voucher),
                    through_exchange: is_onto(saga, refund, LineKind::Exchange),
                    reason: refund.reason.clone(),
                    created_at: refund.created_at,
                })
                .collect(),
            holds: saga.parts.iter().map(|part| OrderHoldJson { show_id: part.show, hold_id: part.hold }).collect(),
            shows: view.shows,
            exchanges: view.exchanges,
            created_at: view.created_at,
            confirmed_at: saga.confirmed_at,
        }
    }
}

/// Whether money goes back onto a line of this kind.
fn is_onto(saga: &Saga, refund: &Repayment, kind: LineKind) -> bool {
    saga.credit_of(refund).is_some_and(|line| line.kind == kind)
}

/// An answer with an order.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OrderBody {
    /// The order.
    pub order: OrderJson,
}

/// An answer with an order and its newest payment.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CheckoutBody {
    /// The order.
    pub order: OrderJson,
    /// The attempt to pay; null where nothing is to be paid.
    pub payment: Option<PaymentView>,
}

/// An answer with an order and its holds.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReopenedBody {
    /// The order.
    pub order: OrderJson,
    /// The holds, open again.
    pub holds: Vec<HoldJson>,
}
