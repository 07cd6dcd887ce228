//! A ticket goes to somebody else: its code and its links change, and who bought it keeps the money's side of it.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::platform::db::DbFault;
use crate::platform::ids;

/// A ticket may be passed on so often: each time a mail goes to an address that somebody typed.
pub const ISSUES_MAX: i32 = 10;

/// What is passed on, and to whom.
#[derive(Clone, Debug)]
pub struct Pass<'a> {
    /// Tickets of this order.
    pub order: Uuid,
    /// In this house.
    pub organizer: Uuid,
    /// These.
    pub tickets: &'a [Uuid],
    /// What the new holder is called.
    pub name: &'a str,
    /// Where the mail goes.
    pub email: &'a str,
    /// The same, as addresses are compared.
    pub email_normalized: &'a str,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passed {
    /// They are this customer's now.
    On(Uuid),
    /// One of them is not good, or not any more, or was passed on too often; none was.
    NotGood,
}

/// Passes tickets on in the caller's transaction: all of them, or none. The caller holds the order's row, so that none of them is
/// being given back meanwhile.
///
/// # Errors
/// When the database does not answer.
pub async fn pass_on(connection: &mut PgConnection, pass: &Pass<'_>) -> Result<Passed, DbFault> {
    let wanted = i64::try_from(pass.tickets.len()).unwrap_or(i64::MAX);
    let good = sqlx::query_scalar!(
        "SELECT count(*) AS \"good!\" FROM ticket WHERE order_id = $1 AND id = ANY ($2) AND status = 'valid' AND issue < $3",
        pass.order,
        pass.tickets,
        ISSUES_MAX
    )
    .fetch_one(&mut *connection)
    .await?;
    if good != wanted || wanted == 0 {
        return Ok(Passed::NotGood);
    }
    // Whom the house knows already keeps the name that they gave themselves.
    let holder = sqlx::query_scalar!(
        "INSERT INTO customer (id, organizer_id, email, email_normalized, name, locale)
         VALUES ($1, $2, $3, $4, $5, (SELECT c.locale FROM orders o JOIN customer c ON c.id = o.customer_id WHERE o.id = $6))
         ON CONFLICT (organizer_id, email_normalized) DO UPDATE SET email_normalized = EXCLUDED.email_normalized
         RETURNING id",
        ids::new_id(),
        pass.organizer,
        pass.email,
        pass.email_normalized,
        pass.name,
        pass.order
    )
    .fetch_one(&mut *connection)
    .await?;
    // Back to who bought them: then they are passed on to nobody, but the codes change all the same.
    sqlx::query!(
        "UPDATE ticket t SET holder_id = nullif($3, o.customer_id), issue = issue + 1, passed_on_at = now()
         FROM orders o WHERE o.id = t.order_id AND t.order_id = $1 AND t.id = ANY ($2)",
        pass.order,
        pass.tickets,
        holder
    )
    .execute(connection)
    .await?;
    Ok(Passed::On(holder))
}
