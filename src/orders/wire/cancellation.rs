//! What would come back, as it is told before anybody presses.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::returning::{Offer, Plan};
use super::super::saga::{LineKind, Saga};
use super::super::store::{OrderView, tickets_of};
use crate::platform::money::Money;

/// What would come back of a ticket.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TicketBackJson {
    /// The tickets of this line; one, but for places of an area that were sold as one.
    pub tickets: Vec<Uuid>,
    /// What people read.
    pub label: String,
    /// Of which show.
    pub show_id: Option<Uuid>,
    /// What it cost, with its fees.
    pub paid: Money,
    /// How much goes back.
    pub back: Money,
    /// How much is kept.
    pub kept: Money,
    /// Whether it can be given back now.
    pub open: bool,
    /// How much of its price that is before fees, in basis points; null where it cannot be given back.
    #[schema(minimum = 0, maximum = 10_000)]
    pub back_bp: Option<i32>,
    /// Until when that holds; at that very moment it is over. Null where no end is set, or it is over.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// Until when this ticket may be passed on to somebody else; null: not.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub transfer_until: Option<Timestamp>,
    /// Until when this ticket may be exchanged for another; null: not, or not any more.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub exchange_until: Option<Timestamp>,
}

/// What giving tickets back would bring now.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CancellationJson {
    /// Whether all that was asked about can be given back now.
    pub open: bool,
    /// What would go back; say it as `expect` to be sure of it.
    pub back: Money,
    /// How much of that would go back onto the voucher that had paid, rather than to the payment.
    pub onto_voucher: Money,
    /// And how much to the order whose tickets had paid, and from there the way that was paid.
    pub through_exchange: Money,
    /// What would be kept.
    pub kept: Money,
    /// Until when that holds.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// Ticket by ticket.
    pub tickets: Vec<TicketBackJson>,
    /// What belongs to the whole order and goes with the last of its tickets: what it cost.
    pub order_paid: Money,
    /// And how much of that goes back.
    pub order_back: Money,
}

impl CancellationJson {
    /// A plan with the words of its order.
    #[must_use]
    pub fn of(saga: &Saga, view: &OrderView, offers: &[Offer], plan: &Plan, now: Timestamp) -> Self {
        let money = |amount| Money::new(amount, saga.currency);
        let tickets = plan.tickets.iter().filter_map(|ticket| {
            let line = saga.lines.iter().find(|line| line.id == ticket.line)?;
            let label = view.lines.iter().find(|line| line.id == ticket.line).map(|line| line.label.clone());
            let offer = offers.iter().find(|offer| Some(offer.show) == line.show);
            Some(TicketBackJson {
                tickets: tickets_of(line).collect(),
                label: label.unwrap_or_default(),
                show_id: line.show,
                paid: money(ticket.paid),
                back: money(ticket.back),
                kept: money(ticket.paid - ticket.back),
                open: ticket.terms.is_some(),
                back_bp: ticket.terms.map(|terms| terms.back_bp),
                until: ticket.terms.and_then(|terms| terms.until),
                transfer_until: offer.and_then(|offer| offer.transfer_until),
                exchange_until: offer.and_then(|offer| offer.exchange_terms(now, false)?.until),
            })
        });
        let shares = saga.shares(plan.returning.back());
        let onto = |kind: LineKind| -> i64 {
            let credits = |to: Uuid| saga.credits().any(|line| line.id == to && line.kind == kind);
            shares.iter().filter(|(to, _)| credits(*to)).map(|(_, part)| part).sum()
        };
        Self {
            onto_voucher: money(onto(LineKind::Voucher)),
            through_exchange: money(onto(LineKind::Exchange)),
            open: plan.closed().is_none(),
            back: money(plan.returning.back()),
            kept: money(plan.returning.kept()),
            until: plan.until(),
            tickets: tickets.collect(),
            order_paid: money(plan.rest.0),
            order_back: money(plan.rest.1),
        }
    }
}
