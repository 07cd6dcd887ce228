//! From holds to an order.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use aisle_actors::core::{HoldId, HoldState, ShowId};
use uuid::Uuid;

use super::super::asking::area_ids;
use super::super::checkout::Checkout;
use super::super::drive::Drove;
use super::super::pricing::{Bill, Promo, PromoRefusal, Terms, ToPrice, Voucher, VoucherRefusal, price};
use super::super::saga::{Attempt, AttemptStatus, Disputes, OrderState, Part, PartState, Refusal, Review, Saga};
use super::super::store::{Made, NewOrder, NotGiven, Trace};
use super::super::wire::{
    AskQuote, CheckoutBody, CreateOrder, ExchangeWish, OrderBody, OwnedHold, Quote, QuotedVoucher, WantedTicket,
};
use super::exchange::{Given, given, not_given};
use super::methods::chosen;
use super::refusals::{no_promo, no_voucher};
use super::{answer, token_for, told};
use crate::accounts::{MaybeIdentity, Role, normalized};
use crate::catalog::{Catalog, PriceRules, PriceTable, Shelf, Shelved};
use crate::holds::{Guesses, HoldJson, proves_hold};
use crate::http::client_address::client_address;
use crate::http::rejection::{guids, rejected, unasked};
use crate::http::{ApiError, Caller, Code, IdempotencyKey, Json};
use crate::payments::Gateways;
use crate::platform::ids::{derived_id, new_id};
use crate::platform::keys::{Keys, Purpose};
use crate::platform::money::{Currency, Money};
use crate::platform::network::group;
use crate::platform::time::to_core;
use crate::tickets::access::{Access, Shown};

/// A request that found its order refused before it began is decided anew, this often.
const DECIDED_ANEW_MAX: u8 = 20;
/// How often tickets are looked at again because their order has changed meanwhile.
const LOOKS_MAX: u8 = 10;

/// A hold as it stands, with all that is needed to price and to pay it.
struct Standing {
    show: Uuid,
    hold: Uuid,
    seats: Vec<String>,
    areas: Vec<(String, u32)>,
    country: String,
    table: PriceTable,
    shelved: Arc<Shelved>,
    pay_within_ms: u64,
}

/// Who sells, and by which rules.
struct Seller {
    organizer: Uuid,
    currency: Currency,
    /// Of each show.
    countries: HashMap<Uuid, String>,
    rules: PriceRules,
}

/// What handlers of this file work with.
struct Desk<'a> {
    checkout: &'a Checkout,
    keys: &'a Keys,
    catalog: &'a Catalog,
    shelf: &'a Shelf,
    guesses: &'a Guesses,
    /// From where the request comes.
    from: IpAddr,
}

impl Desk<'_> {
    /// The caller owns all of these, and none is named twice.
    fn must_own(&self, holds: &[OwnedHold]) -> Result<(), ApiError> {
        for (at, owned) in holds.iter().enumerate() {
            if !proves_hold(self.keys, ShowId(owned.show_id), HoldId(owned.hold_id), &owned.token) {
                return Err(ApiError::plain(Code::HoldTokenInvalid).hold(owned.hold_id));
            }
            if holds[..at].iter().any(|other| other.hold_id == owned.hold_id) {
                return Err(ApiError::field(format!("holds[{at}]"), "is named twice"));
            }
        }
        Ok(())
    }

    async fn standing(&self, seller: &Seller, holds: &[OwnedHold], any_state: bool) -> Result<Vec<Standing>, ApiError> {
        let mut standing = Vec::with_capacity(holds.len());
        for owned in holds {
            let named = |error: ApiError| error.hold(owned.hold_id);
            let show = ShowId(owned.show_id);
            let handle = self.checkout.outside.shows.get(show).await.map_err(|error| named(unasked(&error)))?;
            let view = handle.hold(HoldId(owned.hold_id)).await.map_err(|error| named(unasked(&error)))?;
            let view = view.ok_or_else(|| named(ApiError::not_found("hold")))?;
            // Ended holds say how they ended.
            HoldJson::of(&view, show, handle.plan(), to_core(self.checkout.now())).map_err(named)?;
            if matches!(view.state, HoldState::Paying { .. }) && !any_state {
                let detail = "The hold is being paid for already.";
                return Err(named(ApiError::new(Code::HoldNotOpen, detail)));
            }
            let facts = handle.facts().await.map_err(|error| named(unasked(&error)))?;
            let shelved = self.shelf.version(handle.plan().version().0).await?;
            standing.push(Standing {
                show: show.0,
                hold: owned.hold_id,
                seats: guids(handle.plan(), &view.seats),
                areas: area_ids(handle.plan(), &view.areas),
                country: seller.countries.get(&show.0).cloned().unwrap_or_default(),
                table: self.catalog.price_table(show.0).await?,
                shelved: shelved.ok_or_else(|| named(ApiError::not_found("show")))?,
                pay_within_ms: facts.settings.pay_within_ms,
            });
        }
        Ok(standing)
    }

    /// Who sells all of these, and by which rules.
    async fn seller(&self, holds: &[OwnedHold]) -> Result<Seller, ApiError> {
        let shows: Vec<Uuid> = holds.iter().map(|owned| owned.show_id).collect();
        let sellers = self.checkout.store.sellers(&shows).await?;
        let Some(first) = sellers.first() else { return Err(ApiError::not_found("show")) };
        let (organizer, currency) = (first.organizer, first.currency);
        if sellers.iter().any(|other| other.organizer != organizer || other.currency != currency) {
            return Err(ApiError::field("holds", "must be of one house and in one currency"));
        }
        let kept = self.catalog.price_rules(organizer).await?.ok_or_else(|| ApiError::not_found("show"))?;
        let countries = sellers.into_iter().map(|sold| (sold.show, sold.country)).collect();
        Ok(Seller { organizer, currency, countries, rules: kept.rules })
    }

    /// The code that the buyer told, or why it is none. Who guesses is stopped.
    async fn promo(
        &self,
        organizer: Uuid,
        told: Option<&str>,
    ) -> Result<Option<Result<Promo, PromoRefusal>>, ApiError> {
        let Some(told) = told else { return Ok(None) };
        let (now, from) = (to_core(self.checkout.now()), Some(self.from));
        self.guesses.must_be_few(now, from, organizer)?;
        let found = self.checkout.store.promo_typed(organizer, told).await?;
        if found.is_none() {
            self.guesses.was_wrong(now, from, organizer);
        }
        Ok(Some(found.ok_or(PromoRefusal::Unknown)))
    }

    /// The voucher whose code the buyer told; of another house's as little as of none. Who guesses is stopped.
    async fn voucher(
        &self,
        organizer: Uuid,
        told: Option<&str>,
    ) -> Result<Option<Result<Voucher, VoucherRefusal>>, ApiError> {
        let Some(told) = told else { return Ok(None) };
        let (now, from) = (to_core(self.checkout.now()), Some(self.from));
        self.guesses.must_be_few(now, from, organizer)?;
        let found = self.checkout.store.voucher_typed(organizer, told).await?;
        if found.is_none() {
            self.guesses.was_wrong(now, from, organizer);
        }
        Ok(Some(found.ok_or(VoucherRefusal::Unknown)))
    }

    /// The tickets that the buyer gives for it.
    async fn given(
        &self,
        seller: &Seller,
        wish: Option<&ExchangeWish>,
        identity: &MaybeIdentity,
        into: Uuid,
    ) -> Result<Option<Given>, ApiError> {
        let Some(wish) = wish else { return Ok(None) };
        let house = (seller.organizer, seller.currency);
        given(self.checkout, self.keys, identity, wish, house, into).await.map(Some)
    }
}

fn priced(order: Uuid, standing: &[Standing], wanted: &[WantedTicket], terms: &Terms<'_>) -> Result<Bill, ApiError> {
    let holds: Vec<ToPrice<'_>> = standing
        .iter()
        .map(|hold| ToPrice {
            show: hold.show,
            hold: hold.hold,
            country: &hold.country,
            seats: &hold.seats,
            areas: &hold.areas,
            table: &hold.table,
            document: &hold.shelved.document,
        })
        .collect();
    price(order, &holds, wanted, terms)
}

/// What an order of these holds would cost. Changes nothing.
#[utoipa::path(tag = "orders", request_body = AskQuote, responses((status = 200, body = Quote)))]
#[post("/quotes")]
#[allow(clippy::too_many_arguments, reason = "each is what actix extracts or shares")]
pub async fn make_quote(
    request: HttpRequest,
    checkout: web::Data<Checkout>,
    keys: web::Data<Keys>,
    catalog: web::Data<Catalog>,
    shelf: web::Data<Shelf>,
    guesses: web::Data<Guesses>,
    identity: MaybeIdentity,
    body: Json<AskQuote>,
) -> Result<HttpResponse, ApiError> {
    let from = group(client_address(&request));
    let desk = Desk { checkout: &checkout, keys: &keys, catalog: &catalog, shelf: &shelf, guesses: &guesses, from };
    let wanted = body.value;
    desk.must_own(&wanted.holds)?;
    let seller = desk.seller(&wanted.holds).await?;
    let standing = desk.standing(&seller, &wanted.holds, true).await?;
    let promo = desk.promo(seller.organizer, wanted.promo_code.as_deref()).await?;
    let known = promo.as_ref().and_then(|found| found.as_ref().ok());
    let terms = Terms { rules: &seller.rules, promo: known, currency: seller.currency, now: checkout.now() };
    let mut bill = priced(Uuid::nil(), &standing, &wanted.tickets, &terms)?;
    if let Some(Err(refused)) = promo {
        bill.refused = Some(refused);
    }
    let given = desk.given(&seller, wanted.exchange.as_ref(), &identity, Uuid::nil()).await?;
    let exchange = given.map(|given| {
        let pays = bill.exchange(Uuid::nil(), &given.number, &given.places, given.new.worth);
        given.quoted(pays)
    });
    let told = desk.voucher(seller.organizer, wanted.voucher_code.as_deref()).await?;
    let voucher = wanted.voucher_code.zip(told).map(|(code, found)| {
        let mut pay = |voucher| bill.pay_with(Uuid::nil(), voucher, seller.currency, checkout.now());
        let paid = found.as_ref().map_err(|refused| *refused).and_then(|voucher| Ok((voucher, pay(voucher)?)));
        QuotedVoucher::of(code, seller.currency, paid)
    });
    let quote = Quote { exchange, ..Quote::of(&bill, seller.currency, wanted.promo_code, voucher) };
    Ok(answer(StatusCode::OK, false, &quote))
}

/// Makes an order of holds and begins its payment. An order that costs nothing is confirmed at once.
#[utoipa::path(
    tag = "orders",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes this request repeatable", min_length = 1, max_length = 255)),
    request_body = CreateOrder,
    responses((status = 201, body = CheckoutBody))
)]
#[post("/orders")]
#[allow(clippy::too_many_arguments, reason = "each is what actix extracts or shares")]
pub async fn create_order(
    request: HttpRequest,
    checkout: web::Data<Checkout>,
    gateways: web::Data<Gateways>,
    keys: web::Data<Keys>,
    catalog: web::Data<Catalog>,
    shelf: web::Data<Shelf>,
    guesses: web::Data<Guesses>,
    identity: MaybeIdentity,
    key: IdempotencyKey,
    body: Json<CreateOrder>,
) -> Result<HttpResponse, ApiError> {
    let from = group(client_address(&request));
    let desk = Desk { checkout: &checkout, keys: &keys, catalog: &catalog, shelf: &shelf, guesses: &guesses, from };
    let Json { value: wanted, hash } = body;
    desk.must_own(&wanted.holds)?;
    let first = wanted.holds.first().map_or(Uuid::nil(), |owned| owned.hold_id);
    // Whoever proves to own the hold needs no other name: two strangers with one key have two holds.
    let caller = identity.0.as_ref().map_or(Caller::Holder(first), |identity| identity.caller());
    let scoped = key.of(caller)?;
    let first_id = scoped.as_ref().map_or_else(new_id, |scoped| scoped.id("POST /orders"));

    for again in 0..=DECIDED_ANEW_MAX {
        let order = if again == 0 { first_id } else { derived_id(&[b"again", first_id.as_bytes(), &[again]]) };
        let made = match desk.checkout.store.was_made(order, hash).await? {
            Some(made) => made,
            None => {
                let mut looks = 0;
                loop {
                    looks += 1;
                    let mut new = intent(&desk, order, &wanted, hash, &gateways, &identity).await?;
                    new.trace = trace(&request, &keys, new.organizer);
                    match desk.checkout.store.make(&new).await? {
                        Made::NotGiven(NotGiven::Overtaken) if looks < LOOKS_MAX => {}
                        made => break made,
                    }
                }
            }
        };
        match made {
            Made::New | Made::Before => {}
            Made::Reused => return Err(ApiError::plain(Code::IdempotencyKeyReused)),
            Made::Refused(refused) => return Err(no_promo(refused)),
            Made::NoVoucher(refused) => return Err(no_voucher(refused)),
            Made::NotGiven(refused) => return Err(not_given(refused)),
        }
        let drove = desk.checkout.drive(order).await?.ok_or_else(|| ApiError::not_found("order"))?;
        if let Some(refusal) = drove.refusals.first() {
            return Err(refused(&desk, refusal).await);
        }
        // A refusal changed nothing, so the same request is decided anew, as an order of its own.
        if made == Made::Before && drove.saga.was_refused() {
            continue;
        }
        return made_answer(&desk, &drove, made == Made::Before, &identity).await;
    }
    Err(ApiError::plain(Code::TooManyRequests).retry_after(60))
}

async fn made_answer(
    desk: &Desk<'_>,
    drove: &Drove,
    replayed: bool,
    identity: &MaybeIdentity,
) -> Result<HttpResponse, ApiError> {
    let unheard = drove.saga.parts.iter().any(|part| part.state == PartState::Intended);
    if unheard && drove.stuck.is_some() {
        return Err(ApiError::busy(1));
    }
    let saga = &drove.saga;
    let view = desk.checkout.store.view(saga.order).await?.ok_or_else(|| ApiError::not_found("order"))?;
    // Whoever sits at the old browser can repeat its requests. Once the links were ended the newer one is in the mail alone.
    let ended = replayed && view.standing.link_version > 0;
    let token = token_for(Access::Guest, desk.keys, &view).filter(|_| !ended);
    let order = told(saga, view, token, Access::Guest, identity, desk.checkout.now());
    let payment = order.payment.clone();
    Ok(answer(StatusCode::CREATED, replayed, &CheckoutBody { order, payment }))
}

/// Which hold could not be paid for, and why; the others stay open.
async fn refused(desk: &Desk<'_>, refusal: &Refusal) -> ApiError {
    match desk.checkout.outside.shows.get(ShowId(refusal.show)).await {
        Ok(handle) => rejected(&refusal.rejection, handle.plan()).hold(refusal.hold),
        Err(error) => unasked(&error).hold(refusal.hold),
    }
}

async fn intent(
    desk: &Desk<'_>,
    order: Uuid,
    wanted: &CreateOrder,
    request: u64,
    gateways: &Gateways,
    identity: &MaybeIdentity,
) -> Result<NewOrder, ApiError> {
    let seller = desk.seller(&wanted.holds).await?;
    let (organizer, currency) = (seller.organizer, seller.currency);
    // Who sells for the house buys for others.
    let buyer = identity.0.as_ref().filter(|identity| !identity.may(Role::BoxOffice, organizer));
    let standing = desk.standing(&seller, &wanted.holds, false).await?;
    let promo = desk.promo(organizer, wanted.promo_code.as_deref()).await?.transpose().map_err(no_promo)?;
    let terms = Terms { rules: &seller.rules, promo: promo.as_ref(), currency, now: desk.checkout.now() };
    let mut bill = priced(order, &standing, &wanted.tickets, &terms)?;
    if let Some(refused) = bill.refused {
        return Err(no_promo(refused));
    }
    let given = desk.given(&seller, wanted.exchange.as_ref(), identity, order).await?;
    if let Some(given) = &given {
        bill.exchange(order, &given.number, &given.places, given.new.worth);
    }
    let voucher = desk.voucher(organizer, wanted.voucher_code.as_deref()).await?.transpose().map_err(no_voucher)?;
    if let Some(voucher) = &voucher {
        bill.pay_with(order, voucher, currency, terms.now).map_err(no_voucher)?;
    }
    let total = bill.total();
    if wanted.expected_total.is_some_and(|expected| expected != total) {
        let now = Money::new(total, currency).display();
        return Err(ApiError::new(Code::PriceChanged, format!("These tickets now cost {now}.")));
    }
    let (lines, said): (Vec<_>, Vec<_>) = bill.lines.into_iter().map(|priced| (priced.line, priced.said)).unzip();
    // What costs nothing needs nobody to pay at.
    let chosen = match total {
        0 => None,
        _ => Some(chosen(gateways, (organizer, currency), wanted.provider.as_deref(), wanted.method.as_deref()).await?),
    };
    let attempts = chosen.into_iter().map(|offer| Attempt {
        id: derived_id(&[b"payment", order.as_bytes(), b"1"]),
        number: 1,
        provider: offer.provider,
        account: offer.account,
        method: offer.method,
        kind: offer.kind,
        status: AttemptStatus::Starting,
        amount: Money::new(total, currency),
        provider_ref: None,
        checkout_url: None,
        paid_at: None,
        instrument: None,
        next_check_at: None,
        problem: None,
    });
    let email_normalized = normalized(&wanted.customer.email);
    let saga = Saga {
        order,
        // Given with the customer's row, as the number is with the order's.
        customer: Uuid::nil(),
        number: String::new(),
        state: OrderState::AwaitingPayment,
        total,
        currency,
        pay_by: None,
        pay_within_ms: standing.iter().map(|hold| hold.pay_within_ms).min().unwrap_or(0),
        accept_equal: wanted.accept_equal_seats,
        paid_with: None,
        review: Review::unjudged(),
        confirmed_at: None,
        parts: standing
            .into_iter()
            .map(|hold| Part {
                show: hold.show,
                hold: hold.hold,
                booking: derived_id(&[b"booking", order.as_bytes(), hold.hold.as_bytes()]),
                state: PartState::Intended,
                seats: hold.seats,
                areas: hold.areas,
            })
            .collect(),
        attempts: attempts.collect(),
        refunds: Vec::new(),
        disputes: Disputes::default(),
        exchanges: Vec::new(),
        lines,
    };
    Ok(NewOrder {
        saga,
        lines: said,
        organizer,
        buyer: buyer.map(|identity| identity.user),
        name: wanted.customer.name.trim().to_owned(),
        email: wanted.customer.email.clone(),
        email_normalized,
        locale: wanted.customer.locale.clone(),
        terms_version: wanted.terms_version.clone(),
        request,
        trace: Trace::default(),
        promo: promo.map(|promo| promo.id),
        voucher: voucher.map(|voucher| voucher.id),
        exchange: given.map(|given| given.new),
    })
}

/// Where an order comes from: marks that tell nothing but "the same". Of an address of this machine there is none, because
/// behind a proxy that is not named in `trusted_proxies` it would be everybody's.
fn trace(request: &HttpRequest, keys: &Keys, organizer: Uuid) -> Trace {
    let address = client_address(request);
    if address.is_loopback() || address.is_unspecified() {
        return Trace::default();
    }
    let network = group(address).to_string();
    let header = |name| request.headers().get(name).map_or(&[][..], |value| value.as_bytes());
    let mark = |what: &[&[u8]]| {
        let house = [&[organizer.as_bytes().as_slice()][..], what].concat();
        Some(keys.token(Purpose::OrderTrace, &house))
    };
    Trace {
        address: mark(&[b"address", network.as_bytes()]),
        // Of a browser as such nothing is known that another has not too; behind one address its own words tell it apart.
        device: mark(&[b"device", network.as_bytes(), header("user-agent"), header("accept-language")]),
    }
}

/// An order, by its token, by its owner or by the house.
#[utoipa::path(
    tag = "orders",
    params(("id" = Uuid, Path), ("Aisle-Order-Token" = Option<String>, Header)),
    responses((status = 200, body = OrderBody)),
    security(("order_token" = []), ("session" = []), ("bearer" = []))
)]
#[get("/orders/{id}")]
pub async fn read_order(
    request: HttpRequest,
    checkout: web::Data<Checkout>,
    keys: web::Data<Keys>,
    identity: MaybeIdentity,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let shown = Shown::of_order(&request, &keys, &identity, *id).something()?;
    // Read oftener than anything else of an order: what it shows says also who may see it.
    let missing = || ApiError::not_found("order");
    let view = checkout.store.view(*id).await?.ok_or_else(missing)?;
    let access = shown.admitted(Some(&view.standing), "order")?;
    let loaded = checkout.store.load(*id).await?.ok_or_else(missing)?;
    let token = token_for(access, &keys, &view);
    let order = told(&loaded.saga, view, token, access, &identity, checkout.now());
    Ok(answer(StatusCode::OK, false, &OrderBody { order }))
}
