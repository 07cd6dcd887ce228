//! What the house writes to its customers: each mail is asked for in the transaction that made it true, and composed when
//! it is sent, from what is true then.

mod exchanged;
mod links;
mod passed;

use std::sync::{Arc, LazyLock};

use minijinja::{AutoEscape, Environment, context};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::access::order_token;
use super::pdf::{self, Sheet};
use super::store::Letter;
use super::{Status, Ticket, Tickets, code, words};
use crate::notify::{Attachment, ComposeError, Composers, Message, put};
use crate::platform::db::DbFault;
use crate::platform::keys::Keys;

const ORDER_CONFIRMATION: &str = "order_confirmation";
const ORDER_REFUNDED: &str = "order_refunded";
const BACK_ON_VOUCHER: &str = "back_on_voucher";
const LATE_MONEY_REFUNDED: &str = "late_money_refunded";
const ORDER_HELD: &str = "order_held";
const ORDER_NOT_SOLD: &str = "order_not_sold";

pub use exchanged::tell_exchanged;
pub use links::{ask_for_links, send_newer_link};
pub use passed::{PassedOn, tell_passed_on};

#[derive(Serialize, Deserialize)]
struct AboutOrder {
    order: Uuid,
}

#[derive(Serialize, Deserialize)]
struct AboutRefund {
    refund: Uuid,
}

/// "Your order is confirmed", with all its tickets. Once an order, however often it is asked for.
///
/// # Errors
/// When the database does not answer.
pub async fn confirm(connection: &mut PgConnection, order: Uuid) -> Result<bool, DbFault> {
    put(connection, ORDER_CONFIRMATION, &format!("{ORDER_CONFIRMATION}:{order}"), &AboutOrder { order }).await
}

/// "Your money is on its way back". Once a refund.
///
/// # Errors
/// When the database does not answer.
pub async fn tell_refunded(connection: &mut PgConnection, refund: Uuid) -> Result<bool, DbFault> {
    put(connection, ORDER_REFUNDED, &format!("{ORDER_REFUNDED}:{refund}"), &AboutRefund { refund }).await
}

/// "What your voucher had paid is on it again". Once a refund.
///
/// # Errors
/// When the database does not answer.
pub async fn tell_back_on_voucher(connection: &mut PgConnection, refund: Uuid) -> Result<bool, DbFault> {
    put(connection, BACK_ON_VOUCHER, &format!("{BACK_ON_VOUCHER}:{refund}"), &AboutRefund { refund }).await
}

/// "Your payment came too late, and goes back". Once a refund.
///
/// # Errors
/// When the database does not answer.
pub async fn tell_late_money_refunded(connection: &mut PgConnection, refund: Uuid) -> Result<bool, DbFault> {
    put(connection, LATE_MONEY_REFUNDED, &format!("{LATE_MONEY_REFUNDED}:{refund}"), &AboutRefund { refund }).await
}

/// "We look at your order; nothing has been taken". Once an order.
///
/// # Errors
/// When the database does not answer.
pub async fn tell_held(connection: &mut PgConnection, order: Uuid) -> Result<bool, DbFault> {
    put(connection, ORDER_HELD, &format!("{ORDER_HELD}:{order}"), &AboutOrder { order }).await
}

/// "We could not sell you these places; nothing was taken". Once an order.
///
/// # Errors
/// When the database does not answer.
pub async fn tell_not_sold(connection: &mut PgConnection, order: Uuid) -> Result<bool, DbFault> {
    put(connection, ORDER_NOT_SOLD, &format!("{ORDER_NOT_SOLD}:{order}"), &AboutOrder { order }).await
}

/// Composes the mails of this room.
#[derive(Clone)]
pub struct Writer {
    tickets: Tickets,
    keys: Arc<Keys>,
    public_url: Arc<str>,
}

impl Writer {
    /// `public_url` is how the outside reaches this server, without a slash at the end.
    #[must_use]
    pub fn new(tickets: Tickets, keys: Arc<Keys>, public_url: &str) -> Self {
        Self { tickets, keys, public_url: public_url.into() }
    }

    /// Registers this room's mails.
    #[must_use]
    pub fn register(&self, composers: Composers) -> Composers {
        let (confirmed, refunded, late) = (self.clone(), self.clone(), self.clone());
        let (held, not_sold, on_voucher) = (self.clone(), self.clone(), self.clone());
        self.register_exchanged(self.register_passed(self.register_links(composers)))
            .with(ORDER_CONFIRMATION, move |payload| {
                let writer = confirmed.clone();
                async move { writer.about_order(payload).await }
            })
            .with(ORDER_REFUNDED, move |payload| {
                let writer = refunded.clone();
                async move { writer.about_refund(ORDER_REFUNDED, payload).await }
            })
            .with(BACK_ON_VOUCHER, move |payload| {
                let writer = on_voucher.clone();
                async move { writer.about_refund(BACK_ON_VOUCHER, payload).await }
            })
            .with(LATE_MONEY_REFUNDED, move |payload| {
                let writer = late.clone();
                async move { writer.about_refund(LATE_MONEY_REFUNDED, payload).await }
            })
            .with(ORDER_HELD, move |payload| {
                let writer = held.clone();
                async move { writer.about_review(ORDER_HELD, payload).await }
            })
            .with(ORDER_NOT_SOLD, move |payload| {
                let writer = not_sold.clone();
                async move { writer.about_review(ORDER_NOT_SOLD, payload).await }
            })
    }

    async fn about_order(&self, payload: Value) -> Result<Option<Message>, ComposeError> {
        let about: AboutOrder = serde_json::from_value(payload)?;
        let Some(letter) = self.tickets.letter(about.order).await? else { return Ok(None) };
        let house = self.tickets.house(&letter.organizer).await?;
        let mut tickets = self.tickets.of_order(about.order).await?;
        tickets.retain(|ticket| ticket.status == Status::Valid && ticket.passed_on_to.is_none());
        let subject = match tickets.first() {
            Some(first) => format!("Your tickets for {} ({})", first.production, letter.number),
            None => format!("Your order {} is confirmed", letter.number),
        };
        let link = self.link(letter.order, letter.link_version);
        let words = write(ORDER_CONFIRMATION, &letter, &house, &tickets, None, &link)?;
        let pages = self.attached(&letter.number, house, tickets).await?;
        Ok(Some(message(&letter, subject, words, pages)))
    }

    async fn about_refund(&self, kind: &'static str, payload: Value) -> Result<Option<Message>, ComposeError> {
        let about: AboutRefund = serde_json::from_value(payload)?;
        let Some((order, amount)) = self.tickets.refunded(about.refund).await? else { return Ok(None) };
        let Some(letter) = self.tickets.letter(order).await? else { return Ok(None) };
        let house = self.tickets.house(&letter.organizer).await?;
        let subject = match kind {
            LATE_MONEY_REFUNDED => format!("Your payment for order {} came too late", letter.number),
            _ => format!("Your refund for order {}", letter.number),
        };
        let words = write(kind, &letter, &house, &[], Some(&amount.display()), &self.link(order, letter.link_version))?;
        Ok(Some(message(&letter, subject, words, vec![])))
    }

    async fn about_review(&self, kind: &'static str, payload: Value) -> Result<Option<Message>, ComposeError> {
        let about: AboutOrder = serde_json::from_value(payload)?;
        let Some(letter) = self.tickets.letter(about.order).await? else { return Ok(None) };
        let house = self.tickets.house(&letter.organizer).await?;
        let subject = match kind {
            ORDER_HELD => format!("We are looking at your order {}", letter.number),
            _ => format!("Your order {} was not completed", letter.number),
        };
        let words = write(kind, &letter, &house, &[], None, &self.link(letter.order, letter.link_version))?;
        Ok(Some(message(&letter, subject, words, vec![])))
    }

    /// The tickets as one file; none where there are none. Drawn beside the runtime's threads: pages of letters take a while.
    async fn attached(
        &self,
        number: &str,
        house: String,
        tickets: Vec<Ticket>,
    ) -> Result<Vec<Attachment>, ComposeError> {
        if tickets.is_empty() {
            return Ok(vec![]);
        }
        let codes: Vec<_> = tickets.iter().map(|ticket| code::of_ticket(&self.keys, ticket)).collect();
        let drawn = tokio::task::spawn_blocking(move || {
            let sheets: Vec<_> = tickets.iter().zip(codes).map(|(ticket, code)| Sheet { ticket, code }).collect();
            pdf::draw(&house, &sheets)
        });
        let body = drawn.await??;
        let content_type = "application/pdf".to_owned();
        Ok(vec![Attachment { name: format!("tickets-{number}.pdf"), content_type, body }])
    }

    /// What stands after `#` never reaches a server, so it is in no log.
    fn link(&self, order: Uuid, version: i32) -> String {
        let token = order_token(&self.keys, order, version);
        format!("{}/orders/{order}#t={token}", self.public_url)
    }
}

fn message(letter: &Letter, subject: String, (text, html): (String, String), attachments: Vec<Attachment>) -> Message {
    Message {
        organizer: Some(letter.organizer_id),
        name: letter.name.clone(),
        to: letter.email.clone(),
        subject,
        text,
        html,
        attachments,
    }
}

/// An evening in a mail: one show with the places in it.
#[derive(Serialize)]
struct Evening {
    title: String,
    date: String,
    time: String,
    zone: String,
    doors: Option<String>,
    venue: String,
    address: String,
    places: Vec<Place>,
}

#[derive(Serialize)]
struct Place {
    place: String,
    kind: String,
}

fn evenings(tickets: &[Ticket]) -> Vec<Evening> {
    let mut evenings: Vec<(Uuid, Evening)> = Vec::new();
    for ticket in tickets {
        let place = Place { place: words::place(ticket), kind: words::kind(ticket) };
        if let Some((_, evening)) = evenings.iter_mut().find(|(show, _)| *show == ticket.show_id) {
            evening.places.push(place);
            continue;
        }
        let starts = words::local(ticket.starts_at, &ticket.time_zone);
        let parts = [&ticket.address, &ticket.city, &ticket.country];
        let address: Vec<_> = parts.into_iter().filter(|part| !part.trim().is_empty()).cloned().collect();
        let evening = Evening {
            title: ticket.production.clone(),
            date: words::date(&starts),
            time: words::time(&starts),
            zone: words::zone(&starts),
            doors: ticket.doors_at.map(|doors| words::time(&words::local(doors, &ticket.time_zone))),
            venue: ticket.venue.clone(),
            address: address.join(", "),
            places: vec![place],
        };
        evenings.push((ticket.show_id, evening));
    }
    evenings.into_iter().map(|(_, evening)| evening).collect()
}

/// The templates, in the binary. What stands in HTML is escaped without anybody asking for it.
static TEMPLATES: LazyLock<Result<Environment<'static>, minijinja::Error>> = LazyLock::new(|| {
    let mut templates = Environment::new();
    templates.set_auto_escape_callback(|name| match name.rsplit('.').next() {
        Some("html") => AutoEscape::Html,
        Some(_) | None => AutoEscape::None,
    });
    for (name, source) in [
        ("base.html", include_str!("mail/base.html")),
        ("order_confirmation.html", include_str!("mail/order_confirmation.html")),
        ("order_confirmation.txt", include_str!("mail/order_confirmation.txt")),
        ("order_links.html", include_str!("mail/order_links.html")),
        ("order_links.txt", include_str!("mail/order_links.txt")),
        ("order_refunded.html", include_str!("mail/order_refunded.html")),
        ("order_refunded.txt", include_str!("mail/order_refunded.txt")),
        ("back_on_voucher.html", include_str!("mail/back_on_voucher.html")),
        ("back_on_voucher.txt", include_str!("mail/back_on_voucher.txt")),
        ("late_money_refunded.html", include_str!("mail/late_money_refunded.html")),
        ("late_money_refunded.txt", include_str!("mail/late_money_refunded.txt")),
        ("order_held.html", include_str!("mail/order_held.html")),
        ("order_held.txt", include_str!("mail/order_held.txt")),
        ("order_not_sold.html", include_str!("mail/order_not_sold.html")),
        ("order_not_sold.txt", include_str!("mail/order_not_sold.txt")),
        ("tickets_exchanged.html", include_str!("mail/tickets_exchanged.html")),
        ("tickets_exchanged.txt", include_str!("mail/tickets_exchanged.txt")),
        ("tickets_passed_on.html", include_str!("mail/tickets_passed_on.html")),
        ("tickets_passed_on.txt", include_str!("mail/tickets_passed_on.txt")),
        ("tickets_given_away.html", include_str!("mail/tickets_given_away.html")),
        ("tickets_given_away.txt", include_str!("mail/tickets_given_away.txt")),
    ] {
        templates.add_template(name, source)?;
    }
    Ok(templates)
});

fn write(
    kind: &str,
    letter: &Letter,
    house: &str,
    tickets: &[Ticket],
    refund: Option<&str>,
    link: &str,
) -> Result<(String, String), ComposeError> {
    let templates = TEMPLATES.as_ref().map_err(ToString::to_string)?;
    let lines: Vec<_> = letter
        .lines
        .iter()
        .map(|line| context! { label => &line.label, quantity => line.quantity, amount => line.amount.display() })
        .collect();
    let by = letter.review_by.as_ref().map(|(by, zone)| {
        let by = words::local(*by, zone);
        format!("{}, {} {}", words::date(&by), words::time(&by), words::zone(&by))
    });
    let facts = context! {
        by,
        house, link, refund, lines,
        number => &letter.number,
        name => &letter.name,
        organizer => &letter.organizer,
        total => letter.total.display(),
        tax => (letter.tax.amount != 0).then(|| letter.tax.display()),
        evenings => minijinja::Value::from(minijinja::value::Serde(evenings(tickets))),
        tickets => tickets.len(),
    };
    let text = templates.get_template(&format!("{kind}.txt"))?.render(&facts)?;
    let html = templates.get_template(&format!("{kind}.html"))?.render(&facts)?;
    Ok((text, html))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::sample;
    use super::super::store::LetterLine;
    use super::*;
    use crate::platform::money::Money;

    const KINDS: [&str; 8] = [
        ORDER_CONFIRMATION,
        ORDER_REFUNDED,
        BACK_ON_VOUCHER,
        LATE_MONEY_REFUNDED,
        ORDER_HELD,
        ORDER_NOT_SOLD,
        "tickets_given_away",
        exchanged::EXCHANGED,
    ];

    fn letter() -> Letter {
        let money = |amount| Money::new(amount, "EUR".parse().unwrap());
        let line =
            |label: &str, quantity, amount| LetterLine { label: label.to_owned(), quantity, amount: money(amount) };
        Letter {
            order: Uuid::from_u128(2),
            link_version: 0,
            number: "A-7F3K2M".to_owned(),
            organizer_id: Uuid::from_u128(3),
            organizer: "Grand Theatre Ltd".to_owned(),
            name: "Ada Lovelace".to_owned(),
            email: "ada@example.org".to_owned(),
            total: money(9450),
            tax: money(1890),
            lines: vec![
                line("Stalls A-12, Adult", 1, 4500),
                line("Stalls A-13, Adult", 1, 4500),
                line("Booking fee", 1, 450),
            ],
            confirmed_at: None,
            review_by: Some(("2026-12-12T18:30:00Z".parse().unwrap(), "Europe/Stockholm".to_owned())),
        }
    }

    fn tickets() -> Vec<Ticket> {
        vec![sample::ticket(), Ticket { number: Some("13".to_owned()), ..sample::ticket() }]
    }

    /// Mails to be looked at: `AISLE_TEST_PAGES=folder cargo nextest run mails_to_look_at`.
    #[test]
    fn mails_to_look_at() {
        for kind in KINDS {
            let link = "https://tickets.example.org/orders/1#t=secret";
            let (text, html) = write(kind, &letter(), "The Aisle Houses", &tickets(), Some("EUR 94.50"), link).unwrap();
            assert!(text.contains(link) && text.contains("A-7F3K2M") && text.contains("Ada Lovelace"), "{text}");
            assert!(html.contains("tickets.example.org") && html.contains("A-7F3K2M"), "{html}");
            assert!(!text.contains("{{") && !html.contains("{{") && !text.contains("\n\n\n"), "{text}");
            if let Ok(folder) = std::env::var("AISLE_TEST_PAGES") {
                std::fs::write(format!("{folder}/{kind}.html"), html).unwrap();
                std::fs::write(format!("{folder}/{kind}.txt"), text).unwrap();
            }
        }
    }

    #[test]
    fn two_places_of_one_show_are_one_evening() {
        let evenings = evenings(&tickets());
        assert_eq!(evenings.len(), 1);
        assert_eq!(evenings[0].places.len(), 2);
        assert_eq!((evenings[0].time.as_str(), evenings[0].zone.as_str()), ("19:30", "CET"));
    }

    proptest! {
        #[test]
        fn what_people_write_stays_text_in_html(evil in "\\PC{0,80}") {
            let evil = format!("<img src=x onerror=\"alert('1')\">{evil}");
            let mut letter = letter();
            letter.name.clone_from(&evil);
            letter.lines[0].label.clone_from(&evil);
            let ticket = Ticket { production: evil.clone(), venue: evil.clone(), section: Some(evil), ..sample::ticket() };
            for kind in KINDS {
                let (_, html) = write(kind, &letter, "House", std::slice::from_ref(&ticket), Some("EUR 1"), "https://x/").unwrap();
                prop_assert!(!html.contains("<img"), "{html}");
            }
        }
    }
}
