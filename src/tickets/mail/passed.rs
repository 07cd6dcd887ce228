//! Tickets were passed on: their new holder gets them, and who bought them is told, should it not have been they.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Writer, message, write};
use crate::notify::{ComposeError, Composers, Message, put};
use crate::platform::db::DbFault;
use crate::tickets::access::passed_on_token;
use crate::tickets::{Status, Ticket};

const PASSED_ON: &str = "tickets_passed_on";
const GIVEN_AWAY: &str = "tickets_given_away";

/// Which tickets went to whom.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PassedOn {
    /// Of which order.
    pub order: Uuid,
    /// Which.
    pub tickets: Vec<Uuid>,
    /// The customer who has them now.
    pub holder: Uuid,
}

/// "Here are tickets for you" to their new holder, and "your tickets were passed on" to who bought them. Once for each `wish`.
///
/// # Errors
/// When the database does not answer.
pub async fn tell_passed_on(connection: &mut PgConnection, wish: Uuid, passed: &PassedOn) -> Result<(), DbFault> {
    put(connection, PASSED_ON, &format!("{PASSED_ON}:{wish}"), passed).await?;
    put(connection, GIVEN_AWAY, &format!("{GIVEN_AWAY}:{wish}"), passed).await?;
    Ok(())
}

impl Writer {
    /// Registers the mails of this file.
    pub(super) fn register_passed(&self, composers: Composers) -> Composers {
        let (passed, given) = (self.clone(), self.clone());
        composers
            .with(PASSED_ON, move |payload| {
                let writer = passed.clone();
                async move { writer.to_the_new_holder(payload).await }
            })
            .with(GIVEN_AWAY, move |payload| {
                let writer = given.clone();
                async move { writer.to_who_gave_them(payload).await }
            })
    }

    /// Those that are still theirs when the mail is written, which may be hours later.
    async fn theirs(&self, passed: &PassedOn) -> Result<Vec<Ticket>, ComposeError> {
        let mut tickets = self.tickets.of_order(passed.order).await?;
        let is_buyer = self.tickets.customer(passed.order).await? == Some(passed.holder);
        tickets.retain(|ticket| {
            let named = passed.tickets.contains(&ticket.id) && ticket.status == Status::Valid;
            // Who bought them may have them back; then they are passed on to nobody, and whoever had them in between has them no more.
            named && ticket.passed_on_to.map_or(is_buyer, |holder| holder == passed.holder)
        });
        Ok(tickets)
    }

    async fn to_the_new_holder(&self, payload: Value) -> Result<Option<Message>, ComposeError> {
        let passed: PassedOn = serde_json::from_value(payload)?;
        let tickets = self.theirs(&passed).await?;
        let (Some(first), Some(mut letter)) = (tickets.first(), self.tickets.letter(passed.order).await?) else {
            return Ok(None);
        };
        let Some((name, email)) = self.tickets.holder(passed.holder).await? else { return Ok(None) };
        let house = self.tickets.house(&letter.organizer).await?;
        let subject =
            format!("{} passed {} on to you", letter.name, if tickets.len() == 1 { "a ticket" } else { "tickets" });
        let token = passed_on_token(&self.keys, first.id, first.issue);
        let link = format!("{}/api/v1/tickets/{}.pdf?t={token}", self.public_url, first.id);
        // What it cost is between the house and who bought it.
        letter.lines.clear();
        let giver = std::mem::replace(&mut letter.name, name);
        letter.email = email;
        let words = write(PASSED_ON, &letter, &house, &tickets, Some(&giver), &link)?;
        let pages = self.attached(&letter.number, house, tickets).await?;
        Ok(Some(message(&letter, subject, words, pages)))
    }

    async fn to_who_gave_them(&self, payload: Value) -> Result<Option<Message>, ComposeError> {
        let passed: PassedOn = serde_json::from_value(payload)?;
        let tickets = self.theirs(&passed).await?;
        let Some(letter) = self.tickets.letter(passed.order).await? else { return Ok(None) };
        let house = self.tickets.house(&letter.organizer).await?;
        let subject = format!("Tickets of your order {} were passed on", letter.number);
        let link = self.link(letter.order, letter.link_version);
        let words = write(GIVEN_AWAY, &letter, &house, &tickets, None, &link)?;
        Ok(Some(message(&letter, subject, words, vec![])))
    }
}
