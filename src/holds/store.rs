//! SQL of bookings by key: whose they are, and the shop's own number for them. Their places are in the show's journal.

use std::collections::HashSet;

use sqlx::PgPool;
use uuid::Uuid;

use crate::platform::db::DbFault;

/// A booking that a shop made with its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyBooking {
    /// Its id.
    pub booking: Uuid,
    /// In whose house.
    pub organizer: Uuid,
    /// Of which show.
    pub show: Uuid,
    /// The hold that it was.
    pub hold: Uuid,
    /// The key that made it.
    pub machine: Uuid,
    /// The shop's own number for it.
    pub reference: String,
}

/// Writes that it shall be made; returns what stands of this hold, which may be what somebody wrote before.
///
/// # Errors
/// When the database does not answer.
pub async fn intend(db: &PgPool, new: KeyBooking) -> Result<KeyBooking, DbFault> {
    let written = sqlx::query!(
        "INSERT INTO key_booking (booking_id, organizer_id, show_id, hold_id, machine_id, reference)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        new.booking,
        new.organizer,
        new.show,
        new.hold,
        new.machine,
        new.reference
    )
    .execute(db)
    .await?;
    if written.rows_affected() == 1 {
        return Ok(new);
    }
    // Somebody whose intent was refused may take it back between the two; then ours stands.
    Ok(read(db, new.show, new.booking).await?.unwrap_or(new))
}

/// Writes in one commit that all of these shall be made; returns the bookings that were not intended before.
///
/// # Errors
/// When the database does not answer, or refuses one of them: none is written then.
pub async fn intend_all<'a>(db: &PgPool, new: impl Iterator<Item = &'a KeyBooking>) -> Result<HashSet<Uuid>, DbFault> {
    let (mut bookings, mut organizers, mut shows) = (Vec::new(), Vec::new(), Vec::new());
    let (mut holds, mut machines, mut references) = (Vec::new(), Vec::new(), Vec::new());
    for one in new {
        bookings.push(one.booking);
        organizers.push(one.organizer);
        shows.push(one.show);
        holds.push(one.hold);
        machines.push(one.machine);
        references.push(one.reference.clone());
    }
    let written = sqlx::query_scalar!(
        "INSERT INTO key_booking (booking_id, organizer_id, show_id, hold_id, machine_id, reference)
         SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[])
         ON CONFLICT DO NOTHING RETURNING booking_id",
        &bookings,
        &organizers,
        &shows,
        &holds,
        &machines,
        &references
    )
    .fetch_all(db)
    .await?;
    Ok(written.into_iter().collect())
}

/// Takes an intent back: the show has refused it for good.
///
/// # Errors
/// When the database does not answer.
pub async fn forget(db: &PgPool, booking: Uuid) -> Result<(), DbFault> {
    sqlx::query!("DELETE FROM key_booking WHERE booking_id = $1", booking).execute(db).await?;
    Ok(())
}

/// A booking by key.
///
/// # Errors
/// When the database does not answer.
pub async fn read(db: &PgPool, show: Uuid, booking: Uuid) -> Result<Option<KeyBooking>, DbFault> {
    let row = sqlx::query!(
        "SELECT booking_id, organizer_id, show_id, hold_id, machine_id, reference
         FROM key_booking WHERE booking_id = $1 AND show_id = $2",
        booking,
        show
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| KeyBooking {
        booking: row.booking_id,
        organizer: row.organizer_id,
        show: row.show_id,
        hold: row.hold_id,
        machine: row.machine_id,
        reference: row.reference,
    }))
}
