//! Where somebody's orders are: asked for by a number and an address, or by the address alone, or because older links were
//! ended. In the buyer's language.
//!
//! Whoever asks is not told whether there is such an order, and nothing is looked up for them: the wish is written down, and who
//! composes it sees what there is to say. Each house writes its own mail to its own customer, so that none reads what was bought
//! in another.

use minijinja::context;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{AboutOrder, TEMPLATES, Writer};
use crate::accounts::Language;
use crate::notify::{ComposeError, Composers, Message, put};
use crate::platform::db::DbFault;
use crate::platform::ids;
use crate::tickets::store::{Listed, Reader, Whose};
use crate::tickets::{Status, words};

const LINKS_ASKED_FOR: &str = "order_links_asked_for";
const ORDER_LOOKUP: &str = "order_lookup";
const ORDERS_LOOKUP: &str = "orders_lookup";
const NEWER_LINK: &str = "order_newer_link";

/// What somebody knows who looks for an order. The address goes from the outbox as soon as it was read.
#[derive(Serialize, Deserialize)]
struct Wish {
    email: String,
    number: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct AboutCustomer {
    customer: Uuid,
}

/// Writes down that somebody looks for an order, or for all of an address (as addresses are compared). The same work whatever
/// there is.
///
/// # Errors
/// When the database does not answer.
pub async fn ask_for_links(connection: &mut PgConnection, email: &str, number: Option<&str>) -> Result<(), DbFault> {
    let wish = Wish { email: email.to_owned(), number: number.map(str::to_owned) };
    put(connection, LINKS_ASKED_FOR, &format!("{LINKS_ASKED_FOR}:{}", ids::new_id()), &wish).await?;
    Ok(())
}

/// "The older links have ended, and here is the newer one". Once a version.
///
/// # Errors
/// When the database does not answer.
pub async fn send_newer_link(connection: &mut PgConnection, order: Uuid, version: i32) -> Result<bool, DbFault> {
    put(connection, NEWER_LINK, &format!("{NEWER_LINK}:{order}:{version}"), &AboutOrder { order }).await
}

/// What a mail is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    /// One order that was looked for.
    One,
    /// All orders of an address.
    All,
    /// Older links were ended.
    Newer,
}

/// A mail's words.
struct Words {
    subject: String,
    dear: &'static str,
    title: String,
    paragraphs: Vec<&'static str>,
    order: &'static str,
    open: &'static str,
    keep: &'static str,
    sold_by: &'static str,
}

fn words_of(subject: Subject, language: Language, number: &str, attached: bool) -> Words {
    match language {
        Language::English => english(subject, number, attached),
        Language::German => german(subject, number, attached),
    }
}

fn english(subject: Subject, number: &str, attached: bool) -> Words {
    let again = "The tickets are attached once more.";
    let (title, mut paragraphs) = match subject {
        Subject::One => (
            format!("Your order {number}"),
            vec!["somebody, probably you, asked for the link to this order again. Here it is."],
        ),
        Subject::All => (
            "Your orders".to_owned(),
            vec![
                "somebody, probably you, asked for the links to everything that was bought with this address. Here they are.",
            ],
        ),
        Subject::Newer => (
            format!("A new link to your order {number}"),
            vec![
                "the links to this order that we had sent before have been ended, because one of them may have come into wrong \
                 hands. From now on only this one opens it. Tickets that you have printed stay good.",
                "If it was neither you nor the box office, you need do nothing: the old links are of no use to anybody any more.",
            ],
        ),
    };
    paragraphs.extend(attached.then_some(again));
    let keep = "A link opens its order without a password. Whoever has it can see and cancel the order, so keep it to yourself.";
    let subject = title.clone();
    Words { subject, dear: "Dear", title, paragraphs, order: "Order", open: "Open the order", keep, sold_by: "Sold by" }
}

fn german(subject: Subject, number: &str, attached: bool) -> Words {
    let again = "Die Karten liegen noch einmal bei.";
    let (title, mut paragraphs) = match subject {
        Subject::One => (
            format!("Ihre Bestellung {number}"),
            vec!["jemand, vermutlich Sie, hat den Link zu dieser Bestellung noch einmal angefordert. Hier ist er."],
        ),
        Subject::All => (
            "Ihre Bestellungen".to_owned(),
            vec![
                "jemand, vermutlich Sie, hat die Links zu allem angefordert, was mit dieser Adresse gekauft wurde. Hier sind sie.",
            ],
        ),
        Subject::Newer => (
            format!("Ein neuer Link zu Ihrer Bestellung {number}"),
            vec![
                "die Links zu dieser Bestellung, die wir früher geschickt haben, gelten nicht mehr, weil einer davon in falsche \
                 Hände gekommen sein kann. Ab jetzt öffnet nur noch dieser sie. Karten, die Sie ausgedruckt haben, gelten weiter.",
                "Waren es weder Sie noch die Theaterkasse, brauchen Sie nichts zu tun: Die alten Links nützen niemandem mehr.",
            ],
        ),
    };
    paragraphs.extend(attached.then_some(again));
    let keep = "Ein Link öffnet seine Bestellung ohne Passwort. Wer ihn hat, kann sie sehen und stornieren; behalten Sie ihn für sich.";
    let (open, sold_by) = ("Bestellung öffnen", "Verkauft von");
    let subject = title.clone();
    Words { subject, dear: "Guten Tag", title, paragraphs, order: "Bestellung", open, keep, sold_by }
}

/// An order as these mails list it.
#[derive(Serialize)]
struct Told {
    number: String,
    link: String,
    shows: Vec<ToldShow>,
}

#[derive(Serialize)]
struct ToldShow {
    title: String,
    when: String,
    venue: String,
}

fn told(listed: &Listed, language: Language, link: String) -> Told {
    let shows = listed.shows.iter().map(|show| {
        let starts = words::local(show.starts_at, &show.time_zone);
        let when = format!("{}, {} {}", words::date_in(language, &starts), words::time(&starts), words::zone(&starts));
        ToldShow { title: show.title.clone(), when, venue: format!("{}, {}", show.venue, show.city) }
    });
    Told { number: listed.number.clone(), link, shows: shows.collect() }
}

fn render(
    words: &Words,
    language: Language,
    house: &str,
    reader: &Reader,
    orders: &[Told],
) -> Result<(String, String), ComposeError> {
    let templates = TEMPLATES.as_ref().map_err(ToString::to_string)?;
    let facts = context! {
        house,
        language => language.tag(),
        name => &reader.name,
        organizer => &reader.organizer,
        orders => minijinja::Value::from(minijinja::value::Serde(orders)),
        dear => words.dear,
        title => &words.title,
        paragraphs => &words.paragraphs,
        order_word => words.order,
        open => words.open,
        keep => words.keep,
        sold_by => words.sold_by,
    };
    let text = templates.get_template("order_links.txt")?.render(&facts)?;
    let html = templates.get_template("order_links.html")?.render(&facts)?;
    Ok((text, html))
}

impl Writer {
    /// Registers the mails of this file.
    pub(super) fn register_links(&self, composers: Composers) -> Composers {
        let (asked, one, all, newer) = (self.clone(), self.clone(), self.clone(), self.clone());
        composers
            .with(LINKS_ASKED_FOR, move |payload| {
                let writer = asked.clone();
                async move { writer.look(payload).await.map(|()| None) }
            })
            .with(ORDER_LOOKUP, move |payload| {
                let writer = one.clone();
                async move { writer.about_one(Subject::One, payload).await }
            })
            .with(ORDERS_LOOKUP, move |payload| {
                let writer = all.clone();
                async move {
                    let about: AboutCustomer = serde_json::from_value(payload)?;
                    writer.tell(Subject::All, Whose::Customer(about.customer)).await
                }
            })
            .with(NEWER_LINK, move |payload| {
                let writer = newer.clone();
                async move { writer.about_one(Subject::Newer, payload).await }
            })
    }

    /// Has said what there is to say to who looks for an order: by each house for itself, and the same at most once in ten
    /// minutes, so that nobody's mailbox is filled by a stranger.
    async fn look(&self, payload: Value) -> Result<(), ComposeError> {
        let wish: Wish = serde_json::from_value(payload)?;
        let (found, moment) = self.tickets.looked_for(&wish.email, wish.number.as_deref()).await?;
        let mut connection = self.tickets.connection().await?;
        for whose in found {
            match whose {
                Whose::Order(order) => {
                    put(
                        &mut connection,
                        ORDER_LOOKUP,
                        &format!("{ORDER_LOOKUP}:{order}:{moment}"),
                        &AboutOrder { order },
                    )
                    .await?
                }
                Whose::Customer(customer) => {
                    let dedup = format!("{ORDERS_LOOKUP}:{customer}:{moment}");
                    put(&mut connection, ORDERS_LOOKUP, &dedup, &AboutCustomer { customer }).await?
                }
            };
        }
        Ok(())
    }

    async fn about_one(&self, subject: Subject, payload: Value) -> Result<Option<Message>, ComposeError> {
        let about: AboutOrder = serde_json::from_value(payload)?;
        self.tell(subject, Whose::Order(about.order)).await
    }

    async fn tell(&self, subject: Subject, whose: Whose) -> Result<Option<Message>, ComposeError> {
        let Some(reader) = self.tickets.reader(whose).await? else { return Ok(None) };
        let house = self.tickets.house(&reader.organizer).await?;
        let language = Language::of(&reader.locale);
        let number = reader.orders.first().map(|order| order.number.clone()).unwrap_or_default();
        let tickets = match whose {
            Whose::Order(order) => self.tickets.of_order(order).await?,
            Whose::Customer(_) => vec![],
        };
        let tickets: Vec<_> = tickets
            .into_iter()
            .filter(|ticket| ticket.status == Status::Valid && ticket.passed_on_to.is_none())
            .collect();
        let words = words_of(subject, language, &number, !tickets.is_empty());
        let link = |listed: &Listed| self.link(listed.order, listed.link_version);
        let orders: Vec<_> = reader.orders.iter().map(|listed| told(listed, language, link(listed))).collect();
        let (text, html) = render(&words, language, &house, &reader, &orders)?;
        let attachments = self.attached(&number, house, tickets).await?;
        Ok(Some(Message {
            organizer: Some(reader.organizer_id),
            name: reader.name,
            to: reader.email,
            subject: words.subject,
            text,
            html,
            attachments,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tickets::store::ListedShow;

    const SUBJECTS: [Subject; 3] = [Subject::One, Subject::All, Subject::Newer];
    const LANGUAGES: [Language; 2] = [Language::English, Language::German];

    fn reader(name: &str, title: &str) -> Reader {
        let show = ListedShow {
            title: title.to_owned(),
            venue: "Grand Theatre".to_owned(),
            city: "Lund".to_owned(),
            starts_at: "2026-12-12T18:30:00Z".parse().unwrap(),
            time_zone: "Europe/Stockholm".to_owned(),
        };
        let listed = |number: &str| Listed {
            order: Uuid::from_u128(2),
            link_version: 1,
            number: number.to_owned(),
            shows: vec![show.clone()],
        };
        Reader {
            organizer_id: Uuid::from_u128(3),
            organizer: "Grand Theatre Ltd".to_owned(),
            name: name.to_owned(),
            email: "ada@example.org".to_owned(),
            locale: "de-AT".to_owned(),
            orders: vec![listed("A-7F3K2M"), listed("A-222222")],
        }
    }

    fn written(subject: Subject, language: Language, reader: &Reader) -> (String, String) {
        let words = words_of(subject, language, "A-7F3K2M", subject != Subject::All);
        let link = "https://tickets.example.org/orders/1#t=secret".to_owned();
        let orders: Vec<_> = reader.orders.iter().map(|listed| told(listed, language, link.clone())).collect();
        render(&words, language, "The Aisle Houses", reader, &orders).unwrap()
    }

    #[test]
    fn every_order_has_its_link_in_both_languages_and_in_both_forms() {
        let reader = reader("Ada Lovelace", "The Cherry Orchard");
        for subject in SUBJECTS {
            for language in LANGUAGES {
                let (text, html) = written(subject, language, &reader);
                assert_eq!((text.matches("#t=secret").count(), html.matches("#t=secret").count()), (2, 2), "{text}");
                for said in
                    ["A-7F3K2M", "A-222222", "Ada Lovelace", "The Cherry Orchard", "19:30 CET", "Grand Theatre, Lund"]
                {
                    assert!(text.contains(said) && html.contains(said), "{said}: {text}");
                }
                assert!(!text.contains("{{") && !html.contains("{{") && !text.contains("\n\n\n"), "{text}");
                if let Ok(folder) = std::env::var("AISLE_TEST_PAGES") {
                    std::fs::write(format!("{folder}/links_{subject:?}_{}.html", language.tag()), html).unwrap();
                    std::fs::write(format!("{folder}/links_{subject:?}_{}.txt", language.tag()), text).unwrap();
                }
            }
        }
        assert!(written(Subject::One, Language::German, &reader).0.contains("Samstag, 12. Dezember 2026"));
    }

    #[test]
    fn what_people_write_stays_text_in_html() {
        let evil = "<img src=x onerror=\"alert(1)\">";
        for subject in SUBJECTS {
            assert!(!written(subject, Language::English, &reader(evil, evil)).1.contains("<img"));
        }
    }
}
