//! Tickets were given for another order: who bought them is told that they are good no more.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Writer, message, write};
use crate::notify::{ComposeError, Composers, Message, put};
use crate::platform::db::DbFault;

pub(super) const EXCHANGED: &str = "tickets_exchanged";

/// Which tickets were given for which order.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Exchanged {
    order: Uuid,
    into: Uuid,
    tickets: Vec<Uuid>,
}

/// "Your tickets were exchanged". Once for each order that they were given for.
///
/// # Errors
/// When the database does not answer.
pub async fn tell_exchanged(
    connection: &mut PgConnection,
    into: Uuid,
    order: Uuid,
    tickets: Vec<Uuid>,
) -> Result<bool, DbFault> {
    put(connection, EXCHANGED, &format!("{EXCHANGED}:{into}"), &Exchanged { order, into, tickets }).await
}

impl Writer {
    /// Registers the mail of this file.
    pub(super) fn register_exchanged(&self, composers: Composers) -> Composers {
        let writer = self.clone();
        composers.with(EXCHANGED, move |payload| {
            let writer = writer.clone();
            async move { writer.exchanged(payload).await }
        })
    }

    async fn exchanged(&self, payload: Value) -> Result<Option<Message>, ComposeError> {
        let given: Exchanged = serde_json::from_value(payload)?;
        let Some(letter) = self.tickets.letter(given.order).await? else { return Ok(None) };
        let house = self.tickets.house(&letter.organizer).await?;
        let mut tickets = self.tickets.of_order(given.order).await?;
        tickets.retain(|ticket| given.tickets.contains(&ticket.id));
        // Who has the other order may have been forgotten since, and with them what it is called.
        let into = self.tickets.letter(given.into).await?.map(|other| other.number);
        let subject = format!("Tickets of your order {} were exchanged", letter.number);
        let link = self.link(letter.order, letter.link_version);
        let words = write(EXCHANGED, &letter, &house, &tickets, into.as_deref(), &link)?;
        Ok(Some(message(&letter, subject, words, vec![])))
    }
}
