//! What Stripe's events mean here. Of a payment's event nothing is believed but whose it is: what happened is asked. So it does
//! not matter in which order they come, nor how often, and whoever steals the signing secret can at most make us ask.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use super::super::gateway::{News, Report, Told, WebhookError, What};
use super::amount::from_stripe;

/// Under which name our payment's id is kept with everything of it.
pub const PAYMENT: &str = "aisle_payment";
/// Under which name our refund's id is kept with it.
pub const REFUND: &str = "aisle_refund";
/// Longer names of events there are none.
const EVENT_ID_BYTES_MAX: usize = 255;

#[derive(Deserialize)]
struct Event {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    created: i64,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    object: Object,
}

/// As much of any object as we look at.
#[derive(Deserialize)]
struct Object {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    metadata: Option<BTreeMap<String, String>>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    amount: Option<i64>,
    #[serde(default)]
    currency: Option<String>,
    /// The payment that a refund is of; an object of its own where Stripe was told to put it in.
    #[serde(default)]
    payment_intent: serde_json::Value,
}

impl Object {
    fn ours(&self, name: &str) -> Option<Uuid> {
        self.metadata.as_ref()?.get(name)?.parse().ok()
    }
}

fn nothing(why: impl Into<String>) -> News {
    News::Nothing { why: why.into() }
}

/// Reads an event whose signature was right.
pub fn parse(body: &[u8]) -> Result<Told, WebhookError> {
    let malformed = |why: &str| WebhookError::Malformed(why.to_owned());
    // The error of JSON would quote what stands there.
    let event: Event = serde_json::from_slice(body).map_err(|error| {
        WebhookError::Malformed(format!("not an event (line {}, column {})", error.line(), error.column()))
    })?;
    if event.id.is_empty() || event.id.len() > EVENT_ID_BYTES_MAX {
        return Err(malformed("an event without an id of its own"));
    }
    let object = &event.data.object;
    let news = match event.kind.as_str() {
        "checkout.session.completed"
        | "checkout.session.async_payment_succeeded"
        | "checkout.session.async_payment_failed"
        | "checkout.session.expired"
        | "payment_intent.succeeded"
        | "payment_intent.canceled" => match object.ours(PAYMENT) {
            Some(payment) => News::Ask { payment, theirs: object.id.clone().filter(|id| is_page(id)) },
            None => nothing("it is about no payment of ours"),
        },
        "refund.created" | "refund.updated" | "refund.failed" | "charge.refund.updated" => {
            match object.ours(PAYMENT).zip(object.ours(REFUND)) {
                Some((payment, refund)) => refund_news(&event, payment, refund)?,
                // Somebody made it at Stripe: how much of what went back is asked.
                None => match object.payment_intent.as_str() {
                    Some(intent) if is_name(intent) => News::GivenBack { theirs: intent.to_owned() },
                    Some(_) | None => nothing("the refund is of no payment that was begun here"),
                },
            }
        }
        // Their page lets the buyer try again; nothing has ended.
        "payment_intent.payment_failed" => nothing("the buyer can try again on the provider's page"),
        kind if kind.starts_with("charge.dispute.") => match &object.id {
            Some(id) if is_name(id) => News::Claim { claim: id.clone(), at: said_at(&event)? },
            _ => return Err(malformed("a dispute without its name")),
        },
        _ => nothing("this kind of event asks for nothing here"),
    };
    Ok(Told { event_id: event.id, news })
}

/// A payment of ours is known there by its page.
fn is_page(id: &str) -> bool {
    is_name(id) && id.starts_with("cs_")
}

/// It goes into the address of a question, so it is nothing else.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= EVENT_ID_BYTES_MAX
        && text.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_')
}

fn said_at(event: &Event) -> Result<Timestamp, WebhookError> {
    Timestamp::from_second(event.created).map_err(|_| WebhookError::Malformed("a time that there is not".to_owned()))
}

fn refund_news(event: &Event, payment: Uuid, refund: Uuid) -> Result<News, WebhookError> {
    let malformed = |why: &str| WebhookError::Malformed(why.to_owned());
    let object = &event.data.object;
    let what = match object.status.as_deref() {
        Some("failed" | "canceled") => What::RefundFailed { refund },
        Some("succeeded" | "pending" | "requires_action") => What::Refunded { refund },
        Some(_) | None => return Err(malformed("a refund in a state that is not known")),
    };
    let amount = object.amount.zip(object.currency.as_deref()).and_then(|(amount, code)| from_stripe(amount, code));
    Ok(News::Report(Report {
        event_id: event.id.clone(),
        payment,
        provider_ref: object.id.clone().unwrap_or_default(),
        what,
        at: said_at(event)?,
        amount: amount.ok_or_else(|| malformed("a refund without its amount"))?,
        instrument: None,
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(kind: &str, object: Value) -> Result<News, WebhookError> {
        let event = json!({"id": "evt_1", "type": kind, "created": 1_800_000_000, "data": {"object": object}});
        parse(event.to_string().as_bytes()).map(|told| told.news)
    }

    #[test]
    fn a_payments_event_makes_us_ask_whatever_else_it_says() {
        let id = Uuid::from_u128(7);
        let of_ours = json!({"id": "cs_1", "metadata": {"aisle_payment": id.to_string()}, "amount_total": "a lie"});
        for kind in ["checkout.session.completed", "checkout.session.expired", "payment_intent.canceled"] {
            let asked = News::Ask { payment: id, theirs: Some("cs_1".to_owned()) };
            assert_eq!(read(kind, of_ours.clone()).unwrap(), asked, "{kind}");
        }
        // Only a page is a name by which we could ask.
        for name in [json!("pi_1"), json!("cs_1/expire"), json!(null)] {
            let read =
                read("payment_intent.succeeded", json!({"id": name, "metadata": {"aisle_payment": id.to_string()}}));
            assert_eq!(read.unwrap(), News::Ask { payment: id, theirs: None }, "{name}");
        }
        for metadata in [json!(null), json!({}), json!({"aisle_payment": "7"})] {
            let read = read("checkout.session.completed", json!({"id": "cs_1", "metadata": metadata})).unwrap();
            assert!(matches!(read, News::Nothing { .. }), "{metadata}");
        }
    }

    #[test]
    fn what_asks_for_nothing_says_why() {
        let of_ours = json!({"metadata": {"aisle_payment": Uuid::from_u128(7).to_string()}});
        for kind in ["payment_intent.payment_failed", "customer.created", ""] {
            assert!(matches!(read(kind, of_ours.clone()).unwrap(), News::Nothing { .. }), "{kind}");
        }
    }

    #[test]
    fn a_refund_says_itself_what_became_of_it() {
        let metadata =
            json!({"aisle_payment": Uuid::from_u128(7).to_string(), "aisle_refund": Uuid::from_u128(8).to_string()});
        let refund = |status: &str| json!({"id": "re_1", "metadata": metadata, "status": status, "amount": 100, "currency": "eur"});
        let what = |kind, status| match read(kind, refund(status)) {
            Ok(News::Report(report)) => Some(report.what),
            _ => None,
        };
        let id = Uuid::from_u128(8);
        assert_eq!(what("refund.created", "pending"), Some(What::Refunded { refund: id }));
        assert_eq!(what("refund.updated", "succeeded"), Some(What::Refunded { refund: id }));
        assert_eq!(what("refund.failed", "failed"), Some(What::RefundFailed { refund: id }));
        assert_eq!(what("refund.updated", "canceled"), Some(What::RefundFailed { refund: id }));
        assert_eq!(what("refund.updated", "odd"), None);
        let foreign = |intent: Value| json!({"id": "re_1", "metadata": {}, "status": "succeeded", "amount": 100, "currency": "eur", "payment_intent": intent});
        let theirs = "pi_1".to_owned();
        assert_eq!(read("refund.created", foreign(json!("pi_1"))).unwrap(), News::GivenBack { theirs });
        for intent in [json!(null), json!("pi_1&limit=9"), json!({"id": "pi_1"})] {
            assert!(matches!(read("refund.failed", foreign(intent)).unwrap(), News::Nothing { .. }));
        }
    }

    #[test]
    fn a_claim_is_asked_about_by_its_name_and_by_nothing_else() {
        let at = Timestamp::from_second(1_800_000_000).unwrap();
        for kind in ["created", "updated", "closed", "funds_withdrawn", "funds_reinstated"] {
            let said = read(&format!("charge.dispute.{kind}"), json!({"id": "du_1", "status": "won", "amount": 1}));
            assert_eq!(said.unwrap(), News::Claim { claim: "du_1".to_owned(), at }, "{kind}");
        }
        for id in [json!(null), json!(""), json!("du_1/../../refunds"), json!("du_1?x=y"), json!("d".repeat(300))] {
            assert!(read("charge.dispute.created", json!({"id": id})).is_err(), "{id}");
        }
    }

    #[test]
    fn what_is_no_event_is_malformed_and_not_quoted() {
        for body in [
            "",
            "[]",
            "{\"id\": \"geheim\"",
            "{\"id\": \"\", \"type\": \"x\", \"created\": 1, \"data\": {\"object\": {}}}",
        ] {
            match parse(body.as_bytes()) {
                Err(WebhookError::Malformed(why)) => assert!(!why.contains("geheim"), "{why}"),
                other => panic!("{other:?}"),
            }
        }
    }
}
