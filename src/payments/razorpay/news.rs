//! What Razorpay's events mean here. As with Stripe, of a payment's event nothing is believed but whose it is.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use super::super::gateway::{News, Report, Told, WebhookError, WebhookRequest, What};
use super::answers::notes;
use super::signature::EVENT_ID;
use crate::platform::ids::request_hash;
use crate::platform::money::{Currency, Money};

/// They send an event again for a day.
const AGE_MAX_S: i64 = 3 * 24 * 3_600;
/// Clocks are a little apart.
const AHEAD_MAX_S: i64 = 300;
/// Longer names of events there are none.
const EVENT_ID_BYTES_MAX: usize = 255;

#[derive(Deserialize)]
struct Event {
    event: String,
    created_at: i64,
    payload: Payload,
}

#[derive(Deserialize)]
struct Payload {
    #[serde(default)]
    payment: Option<Wrapped<Paid>>,
    #[serde(default)]
    order: Option<Wrapped<Order>>,
    #[serde(default)]
    refund: Option<Wrapped<Refund>>,
    #[serde(default)]
    dispute: Option<Wrapped<Claim>>,
}

#[derive(Deserialize)]
struct Wrapped<T> {
    entity: T,
}

#[derive(Deserialize)]
struct Paid {
    #[serde(default)]
    id: Option<String>,
    #[serde(default, deserialize_with = "notes")]
    notes: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Order {
    #[serde(default)]
    receipt: Option<String>,
}

#[derive(Deserialize)]
struct Claim {
    id: String,
}

#[derive(Deserialize)]
struct Refund {
    id: String,
    amount: i64,
    currency: Currency,
    #[serde(default)]
    payment_id: Option<String>,
    #[serde(default, deserialize_with = "notes")]
    notes: BTreeMap<String, String>,
}

fn read(body: &[u8]) -> Result<Event, WebhookError> {
    // The error of JSON would quote what stands there.
    serde_json::from_slice(body).map_err(|error| {
        WebhookError::Malformed(format!("not an event (line {}, column {})", error.line(), error.column()))
    })
}

/// Whether it was made lately.
///
/// # Errors
/// `SignatureInvalid` for somebody's recording.
pub fn is_fresh(request: &WebhookRequest<'_>) -> Result<(), WebhookError> {
    let age = request.now.as_second().saturating_sub(read(request.body)?.created_at);
    if (-AHEAD_MAX_S..=AGE_MAX_S).contains(&age) { Ok(()) } else { Err(WebhookError::SignatureInvalid) }
}

/// The event's name, by its header.
pub fn name(request: &WebhookRequest<'_>) -> String {
    let named = request.headers.get(EVENT_ID).filter(|name| !name.is_empty() && name.len() <= EVENT_ID_BYTES_MAX);
    named.cloned().unwrap_or_else(|| unnamed(request.body))
}

/// What is named by what it says.
fn unnamed(body: &[u8]) -> String {
    format!("body:{:016x}", request_hash(body))
}

fn nothing(why: &str) -> News {
    News::Nothing { why: why.to_owned() }
}

/// Reads an event whose signature was right.
pub fn parse(body: &[u8]) -> Result<Told, WebhookError> {
    let Event { event, created_at, payload } = read(body)?;
    let news = match event.as_str() {
        "payment.authorized" | "payment.captured" | "order.paid" => {
            let by_order = payload.order.and_then(|it| it.entity.receipt?.parse().ok());
            let paid = payload.payment.map(|it| it.entity);
            let by_note = paid.as_ref().and_then(|paid| paid.notes.get("aisle_payment")?.parse().ok());
            match by_order.or(by_note) {
                Some(payment) => News::Ask { payment, theirs: paid.and_then(|paid| paid.id).filter(|id| is_name(id)) },
                None => nothing("it is about no payment of ours"),
            }
        }
        "refund.created" | "refund.processed" | "refund.failed" => match payload.refund {
            Some(refund) => refund_news(&event, created_at, refund.entity)?,
            None => return Err(WebhookError::Malformed("a refund's event without the refund".to_owned())),
        },
        "payment.failed" => nothing("the buyer can try again on the provider's page"),
        word if word.starts_with("payment.dispute.") => match payload.dispute {
            Some(dispute) if is_name(&dispute.entity.id) => {
                News::Claim { claim: dispute.entity.id, at: said_at(created_at)? }
            }
            Some(_) | None => return Err(WebhookError::Malformed("a dispute's event without its name".to_owned())),
        },
        _ => nothing("this kind of event asks for nothing here"),
    };
    Ok(Told { event_id: unnamed(body), news })
}

/// It goes into the address of a question, so it is nothing else.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= EVENT_ID_BYTES_MAX
        && text.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_')
}

fn said_at(created_at: i64) -> Result<Timestamp, WebhookError> {
    Timestamp::from_second(created_at).map_err(|_| WebhookError::Malformed("a time that there is not".to_owned()))
}

fn refund_news(event: &str, created_at: i64, entity: Refund) -> Result<News, WebhookError> {
    let ours = |name: &str| entity.notes.get(name).and_then(|id| id.parse::<Uuid>().ok());
    let Some((payment, refund)) = ours("aisle_payment").zip(ours("aisle_refund")) else {
        // Somebody made it at Razorpay: how much of what went back is asked.
        return Ok(match entity.payment_id {
            Some(theirs) if is_name(&theirs) => News::GivenBack { theirs },
            Some(_) | None => nothing("the refund is of no payment that was begun here"),
        });
    };
    let failed = event == "refund.failed";
    let what = if failed { What::RefundFailed { refund } } else { What::Refunded { refund } };
    Ok(News::Report(Report {
        event_id: entity.id.clone(),
        payment,
        provider_ref: entity.id,
        what,
        at: said_at(created_at)?,
        amount: Money::new(entity.amount, entity.currency),
        instrument: None,
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn of(event: &str, payload: Value) -> Result<News, WebhookError> {
        let event = json!({"event": event, "created_at": 1_800_000_000, "payload": payload});
        parse(event.to_string().as_bytes()).map(|told| told.news)
    }

    #[test]
    fn a_payment_is_ours_by_its_orders_receipt_or_by_its_note() {
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let note = json!({"entity": {"id": "pay_1", "notes": {"aisle_payment": one.to_string()}}});
        let receipt = json!({"entity": {"id": "order_1", "receipt": two.simple().to_string()}});
        let theirs = || Some("pay_1".to_owned());
        assert_eq!(
            of("payment.captured", json!({"payment": note})).unwrap(),
            News::Ask { payment: one, theirs: theirs() }
        );
        // A buyer can write on the note, and not on the receipt.
        let both = json!({"payment": note, "order": receipt});
        assert_eq!(of("order.paid", both).unwrap(), News::Ask { payment: two, theirs: theirs() });
        for notes in [json!([]), json!({}), json!(null), json!({"aisle_payment": 7})] {
            let foreign = json!({"payment": {"entity": {"id": "pay_1", "notes": notes}}});
            assert!(matches!(of("payment.captured", foreign).unwrap(), News::Nothing { .. }), "{notes}");
        }
        assert!(matches!(of("payment.failed", json!({"payment": note})).unwrap(), News::Nothing { .. }));
    }

    #[test]
    fn a_refund_says_itself_what_became_of_it() {
        let notes =
            json!({"aisle_payment": Uuid::from_u128(1).to_string(), "aisle_refund": Uuid::from_u128(2).to_string()});
        let refund = json!({"refund": {"entity": {"id": "rfnd_1", "amount": 100, "currency": "INR", "notes": notes}}});
        let what = |event| match of(event, refund.clone()).unwrap() {
            News::Report(report) => report.what,
            other => panic!("{other:?}"),
        };
        let id = Uuid::from_u128(2);
        assert_eq!(what("refund.created"), What::Refunded { refund: id });
        assert_eq!(what("refund.failed"), What::RefundFailed { refund: id });
        let theirs = |id: &str| json!({"refund": {"entity": {"id": "rfnd_1", "amount": 100, "currency": "INR", "notes": [], "payment_id": id}}});
        assert_eq!(of("refund.created", theirs("pay_1")).unwrap(), News::GivenBack { theirs: "pay_1".to_owned() });
        assert!(matches!(of("refund.created", theirs("pay_1/x")).unwrap(), News::Nothing { .. }));
    }

    #[test]
    fn a_claim_is_asked_about_by_its_name_and_by_nothing_else() {
        let at = Timestamp::from_second(1_800_000_000).unwrap();
        for word in ["created", "under_review", "won", "lost", "closed", "action_required"] {
            let dispute = json!({"dispute": {"entity": {"id": "disp_1", "status": "won", "amount": "a lie"}}});
            let said = of(&format!("payment.dispute.{word}"), dispute).unwrap();
            assert_eq!(said, News::Claim { claim: "disp_1".to_owned(), at }, "{word}");
        }
        for id in ["", "disp_1/accept", "disp 1", "disp_1?x"] {
            let dispute = json!({"dispute": {"entity": {"id": id}}});
            assert!(of("payment.dispute.created", dispute).is_err(), "{id}");
        }
        assert!(of("payment.dispute.created", json!({"payment": {"entity": {"id": "pay_1"}}})).is_err());
    }

    #[test]
    fn a_recording_is_refused() {
        let body = json!({"event": "x", "created_at": 1_800_000_000, "payload": {}}).to_string();
        let headers = BTreeMap::new();
        let fresh = |now: i64| {
            let now = Timestamp::from_second(now).unwrap();
            is_fresh(&WebhookRequest { headers: &headers, body: body.as_bytes(), now }).is_ok()
        };
        assert!(fresh(1_800_000_000) && fresh(1_800_000_000 + AGE_MAX_S) && fresh(1_800_000_000 - AHEAD_MAX_S));
        assert!(!fresh(1_800_000_001 + AGE_MAX_S) && !fresh(1_799_999_999 - AHEAD_MAX_S));
    }
}
