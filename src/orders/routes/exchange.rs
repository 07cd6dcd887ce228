//! Tickets of an order that are given for the one that is just being made: who may give them, what they are worth, and why not.

use uuid::Uuid;

use super::super::checkout::Checkout;
use super::super::drive::Loaded;
use super::super::returning::{Fate, Offer, TicketBack, plan_exchange};
use super::super::saga::{Saga, WishRefused};
use super::super::store::{NewExchange, NotGiven};
use super::super::wire::{ExchangeWish, QuotedExchange};
use super::Access;
use super::care::lines_of;
use crate::accounts::MaybeIdentity;
use crate::http::{ApiError, Code};
use crate::platform::audit::{Actor, Entry};
use crate::platform::keys::Keys;
use crate::platform::money::{Currency, Money};
use crate::tickets::access::Shown;

/// Tickets with what they are worth.
pub(super) struct Given {
    /// As it is kept.
    pub(super) new: NewExchange,
    /// What people call their order.
    pub(super) number: String,
    /// What people call their places.
    pub(super) places: Vec<String>,
    kept: i64,
}

impl Given {
    /// What giving them means, where so much of their worth pays.
    pub(super) fn quoted(&self, pays: i64) -> QuotedExchange {
        let money = |amount| Money::new(amount, self.new.old.currency);
        QuotedExchange {
            order_id: self.new.old.order,
            number: self.number.clone(),
            worth: money(self.new.worth),
            kept: money(self.kept),
            pays: money(pays),
            back: money(self.new.worth - pays),
        }
    }
}

/// The tickets that somebody wishes to give for an order of this house: who may see their order may.
pub(super) async fn given(
    checkout: &Checkout,
    keys: &Keys,
    identity: &MaybeIdentity,
    wish: &ExchangeWish,
    (organizer, currency): (Uuid, Currency),
    into: Uuid,
) -> Result<Given, ApiError> {
    let order = wish.order_id;
    let shown = Shown::told(keys, identity, order, wish.token.as_deref()).something()?;
    let access = shown.admitted(checkout.store.standing(order).await?.as_ref(), "order")?;
    let missing = || ApiError::not_found("order");
    let Loaded { saga, version, .. } = checkout.store.load(order).await?.ok_or_else(missing)?;
    let view = checkout.store.view(order).await?.ok_or_else(missing)?;
    if view.standing.organizer != organizer || saga.currency != currency {
        return Err(ApiError::field("exchange.order_id", "must be of the same house and in the same currency"));
    }
    let unknown = |_| ApiError::field("exchange.tickets", "is not a ticket of that order");
    let lines = wish.tickets.as_deref().map(|named| lines_of(&saga, named)).transpose().map_err(unknown)?;
    let offers = checkout.store.offers(order).await?;
    let now = checkout.now();
    let plan = plan_exchange(&saga, &offers, lines.as_deref(), now, access == Access::Staff).map_err(refused)?;
    if let Some(ticket) = plan.closed() {
        return Err(closed(&saga, &offers, ticket));
    }
    if plan.tickets.is_empty() {
        return Err(refused(WishRefused::NothingToGiveBack));
    }
    let label =
        |ticket: &TicketBack| view.lines.iter().find(|line| line.id == ticket.line).map(|line| line.label.clone());
    let places: Vec<String> = plan.tickets.iter().filter_map(label).collect();
    // On record whoever does it: their buyer may ask where the tickets are.
    let actor = match (access, &identity.0) {
        (Access::Owner | Access::Staff, Some(identity)) => Actor::User(identity.user),
        (Access::Owner | Access::Staff | Access::Guest, _) => Actor::Guest,
    };
    let entry = Entry::new(actor, "order.exchanged").of(organizer).on("order", order).with("into", into);
    let new = NewExchange {
        version,
        lines: plan.returning.lines.iter().map(|it| (it.line, it.kept)).collect(),
        worth: plan.returning.back(),
        entry,
        old: saga,
    };
    Ok(Given { new, number: view.number, places, kept: plan.returning.kept() })
}

fn refused(refused: WishRefused) -> ApiError {
    let detail = match refused {
        WishRefused::Promised => "These tickets are just being exchanged for others.",
        WishRefused::UnderWay => "A cancellation of that order is still on its way.",
        WishRefused::NothingToGiveBack => "That order has no tickets that could be exchanged.",
        other @ (WishRefused::NotOpen
        | WishRefused::Disputed
        | WishRefused::NotItsLines
        | WishRefused::Decided
        | WishRefused::TooMuch { .. }
        | WishRefused::NotFailed) => return other.into(),
    };
    ApiError::new(Code::ExchangeClosed, detail)
}

fn closed(saga: &Saga, offers: &[Offer], ticket: &TicketBack) -> ApiError {
    let show = saga.lines.iter().find(|line| line.id == ticket.line).and_then(|line| line.show);
    let detail = match offers.iter().find(|offer| Some(offer.show) == show) {
        Some(offer) if offer.fate == Fate::Cancelled => {
            format!("{} was cancelled: its tickets are given back, and not exchanged.", offer.title)
        }
        Some(offer) => match offer.exchange_ends() {
            Some(until) => format!("Tickets for {} could be exchanged until {until}.", offer.title),
            None => format!("Tickets for {} cannot be exchanged.", offer.title),
        },
        None => "These tickets cannot be exchanged.".to_owned(),
    };
    ApiError::new(Code::ExchangeClosed, detail)
}

/// Why the order was not made, where its tickets could not be given after all.
pub(super) fn not_given(refused: NotGiven) -> ApiError {
    match refused {
        NotGiven::Overtaken => ApiError::busy(1),
        NotGiven::NotGood => ApiError::new(Code::ExchangeClosed, "One of these tickets is not good any more."),
    }
}
