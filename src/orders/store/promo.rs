//! SQL of promo codes. A use belongs to an order from the moment it is made: one that ends without a sale gives it back, one that
//! is paid after all has it again. What was sold keeps it, also when its money goes back later: else who buys and gives back
//! could use a code that is good once as often as they like.

use jiff::Timestamp;
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::pricing::{Promo, PromoCodeInput, PromoRefusal, normal_promo_code};
use super::super::saga::{OrderState, Saga};
use super::{Orders, jiff as moment};
use crate::catalog::{CatalogError, codes};
use crate::platform::db::DbFault;
use crate::platform::time::sql;

/// More codes of one house that stand at a time would be a list of customers.
const STANDING_MAX: i64 = 10_000;

/// A promo code, as the back office sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PromoCode {
    /// Its id.
    pub id: Uuid,
    /// Its own fields.
    #[serde(flatten)]
    pub fields: PromoCodeInput,
    /// How many orders have it and have not ended without a sale.
    #[schema(minimum = 0)]
    pub uses: i32,
    /// When it was put away.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub archived_at: Option<Timestamp>,
    /// Grows with every change; what `If-Match` compares.
    pub version: i32,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// Which codes.
#[derive(Clone, Debug, Default)]
pub struct PromoRecords {
    /// This one, put away or not.
    pub id: Option<Uuid>,
    /// Of these houses; `None` is all.
    pub of: Option<Vec<Uuid>>,
    /// The one of this name that stands.
    pub code: Option<String>,
    /// Also those that were put away.
    pub archived: bool,
    /// Where the page before ended.
    pub after: Option<(Timestamp, Uuid)>,
    /// One more than the page has.
    pub limit: i64,
}

impl PromoCode {
    /// As orders are priced with it.
    #[must_use]
    pub fn promo(&self) -> Promo {
        let fields = &self.fields;
        Promo {
            id: self.id,
            code: fields.code.clone().unwrap_or_default(),
            discount: fields.discount,
            only: fields.only.clone(),
            valid_from: fields.valid_from,
            valid_until: fields.valid_until,
            used_up: fields.uses_max.is_some_and(|max| self.uses >= max),
        }
    }
}

impl Orders {
    /// Codes, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn promo_codes(&self, records: &PromoRecords) -> Result<Vec<PromoCode>, DbFault> {
        select(&self.pool, records).await
    }

    /// One code, put away or not.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn promo_code(&self, id: Uuid) -> Result<Option<PromoCode>, DbFault> {
        let records = PromoRecords { id: Some(id), archived: true, limit: 1, ..PromoRecords::default() };
        Ok(select(&self.pool, &records).await?.pop())
    }

    /// The code of this house that somebody has typed; `None`: it has none of this name.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn promo_typed(&self, organizer: Uuid, typed: &str) -> Result<Option<Promo>, DbFault> {
        let Some(code) = normal_promo_code(typed) else { return Ok(None) };
        let of = Some(vec![organizer]);
        let records = PromoRecords { of, code: Some(code), limit: 1, ..PromoRecords::default() };
        Ok(select(&self.pool, &records).await?.pop().map(|code| code.promo()))
    }
}

async fn select(executor: impl sqlx::PgExecutor<'_>, records: &PromoRecords) -> Result<Vec<PromoCode>, DbFault> {
    let rows = sqlx::query!(
        "SELECT id, organizer_id, code, discount, only_for, valid_from, valid_until, uses_max, per_customer_max, note, uses, version,
                archived_at, created_at
         FROM promo_code
         WHERE ($1::uuid IS NULL OR id = $1) AND ($2::uuid[] IS NULL OR organizer_id = ANY ($2))
           AND ($3::text IS NULL OR code = $3) AND ($4 OR archived_at IS NULL)
           AND ($5::timestamptz IS NULL OR (created_at, id) > ($5, $6))
         ORDER BY created_at, id LIMIT $7",
        records.id,
        records.of.as_deref(),
        records.code,
        records.archived,
        records.after.map(|(at, _)| sql(at)) as Option<jiff_sqlx::Timestamp>,
        records.after.map(|(_, id)| id),
        records.limit
    )
    .fetch_all(executor)
    .await?;
    let unreadable = |error: serde_json::Error| DbFault(sqlx::Error::Decode(Box::new(error)));
    let codes = rows.into_iter().map(|row| {
        Ok(PromoCode {
            id: row.id,
            fields: PromoCodeInput {
                organizer_id: row.organizer_id,
                code: Some(row.code),
                discount: serde_json::from_value(row.discount).map_err(unreadable)?,
                only: serde_json::from_value(row.only_for).map_err(unreadable)?,
                valid_from: moment(row.valid_from),
                valid_until: moment(row.valid_until),
                uses_max: row.uses_max,
                per_customer_max: row.per_customer_max,
                note: row.note,
            },
            uses: row.uses,
            archived_at: moment(row.archived_at),
            version: row.version,
            created_at: row.created_at.to_jiff(),
        })
    });
    codes.collect()
}

/// One code, as this transaction sees it.
///
/// # Errors
/// When the database does not answer.
pub async fn read(connection: &mut PgConnection, id: Uuid) -> Result<Option<PromoCode>, CatalogError> {
    let records = PromoRecords { id: Some(id), archived: true, limit: 1, ..PromoRecords::default() };
    Ok(select(connection, &records).await?.pop())
}

fn field(field: &str, message: &str) -> CatalogError {
    CatalogError::Field { field: field.to_owned(), message: message.to_owned() }
}

/// Fields that contradict each other.
///
/// # Errors
/// The first of them.
pub fn check(fields: &PromoCodeInput) -> Result<(), CatalogError> {
    if fields.code.as_deref().is_some_and(|code| normal_promo_code(code).is_none()) {
        return Err(field("code", "must be 3 to 40 letters and digits"));
    }
    if fields.valid_from.zip(fields.valid_until).is_some_and(|(from, until)| until <= from) {
        return Err(field("valid_until", "must be after valid_from"));
    }
    Ok(())
}

/// Makes a code.
///
/// # Errors
/// Where the house has one of this name, or as many as it may have; a show of another house is named.
pub async fn insert(connection: &mut PgConnection, id: Uuid, fields: &PromoCodeInput) -> Result<(), CatalogError> {
    let code = match fields.code.as_deref().and_then(normal_promo_code) {
        Some(code) => code,
        None => codes::made_code()?,
    };
    crate::catalog::own_shows(connection, fields.organizer_id, &[("only".to_owned(), &fields.only)]).await?;
    // The house's row is locked, so that two who make codes at once count each other's.
    sqlx::query_scalar!("SELECT id FROM organizer WHERE id = $1 FOR NO KEY UPDATE", fields.organizer_id)
        .fetch_one(&mut *connection)
        .await?;
    let standing = sqlx::query_scalar!(
        "SELECT count(*) AS \"count!\" FROM promo_code WHERE organizer_id = $1 AND archived_at IS NULL",
        fields.organizer_id
    )
    .fetch_one(&mut *connection)
    .await?;
    if standing >= STANDING_MAX {
        return Err(CatalogError::InUse("The house has as many promo codes as it may have; put some away first."));
    }
    let done = sqlx::query!(
        "INSERT INTO promo_code (id, organizer_id, code, discount, only_for, valid_from, valid_until, uses_max, per_customer_max, note)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (organizer_id, code) WHERE archived_at IS NULL DO NOTHING",
        id,
        fields.organizer_id,
        code,
        serde_json::to_value(fields.discount).unwrap_or_default(),
        serde_json::to_value(&fields.only).unwrap_or_default(),
        fields.valid_from.map(sql) as Option<jiff_sqlx::Timestamp>,
        fields.valid_until.map(sql) as Option<jiff_sqlx::Timestamp>,
        fields.uses_max,
        fields.per_customer_max,
        fields.note
    )
    .execute(connection)
    .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(field("code", "is one of this house's already")) }
}

/// Changes a code that was not put away and still has this version, for orders that are made from now on.
///
/// # Errors
/// `Conflict` where it hasn't; a field that cannot be changed is named.
pub async fn update(
    connection: &mut PgConnection,
    before: &PromoCode,
    fields: &PromoCodeInput,
) -> Result<(), CatalogError> {
    if fields.organizer_id != before.fields.organizer_id {
        return Err(field("organizer_id", "cannot be changed"));
    }
    if fields.code.as_deref().and_then(normal_promo_code) != before.fields.code {
        return Err(field("code", "cannot be changed"));
    }
    crate::catalog::own_shows(connection, fields.organizer_id, &[("only".to_owned(), &fields.only)]).await?;
    let done = sqlx::query!(
        "UPDATE promo_code SET discount = $3, only_for = $4, valid_from = $5, valid_until = $6, uses_max = $7, per_customer_max = $8,
                note = $9, version = version + 1, updated_at = now()
         WHERE id = $1 AND version = $2 AND archived_at IS NULL",
        before.id,
        before.version,
        serde_json::to_value(fields.discount).unwrap_or_default(),
        serde_json::to_value(&fields.only).unwrap_or_default(),
        fields.valid_from.map(sql) as Option<jiff_sqlx::Timestamp>,
        fields.valid_until.map(sql) as Option<jiff_sqlx::Timestamp>,
        fields.uses_max,
        fields.per_customer_max,
        fields.note
    )
    .execute(connection)
    .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(CatalogError::Conflict) }
}

/// Puts a code away: from now on it takes nothing off. Orders that have it keep it. Once more changes nothing.
///
/// # Errors
/// When the database does not answer.
pub async fn archive(connection: &mut PgConnection, id: Uuid) -> Result<(), CatalogError> {
    sqlx::query!(
        "UPDATE promo_code SET archived_at = now(), version = version + 1, updated_at = now() WHERE id = $1 AND archived_at IS NULL",
        id
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes one use of a code for an order. The code's row is locked until the transaction ends, so that its last use is taken
/// once; who waited for it sees what is left then.
pub(super) async fn reserve(
    connection: &mut PgConnection,
    promo: Uuid,
    order: Uuid,
    customer: Uuid,
) -> Result<Result<(), PromoRefusal>, DbFault> {
    let taken = sqlx::query!(
        "UPDATE promo_code SET uses = uses + 1
         WHERE id = $1 AND archived_at IS NULL AND (uses_max IS NULL OR uses < uses_max) RETURNING per_customer_max",
        promo
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(taken) = taken else {
        let stands =
            sqlx::query_scalar!("SELECT archived_at IS NULL AS \"stands!\" FROM promo_code WHERE id = $1", promo)
                .fetch_optional(&mut *connection)
                .await?;
        return Ok(Err(if stands == Some(true) { PromoRefusal::UsedUp } else { PromoRefusal::Unknown }));
    };
    if let Some(max) = taken.per_customer_max {
        let own = sqlx::query_scalar!(
            "SELECT count(*) AS \"count!\" FROM promo_use WHERE promo_code = $1 AND customer_id = $2 AND returned_at IS NULL",
            promo,
            customer
        )
        .fetch_one(&mut *connection)
        .await?;
        if own >= i64::from(max) {
            return Ok(Err(PromoRefusal::UsedByYou));
        }
    }
    sqlx::query!(
        "INSERT INTO promo_use (order_id, promo_code, customer_id) VALUES ($1, $2, $3)",
        order,
        promo,
        customer
    )
    .execute(connection)
    .await?;
    Ok(Ok(()))
}

/// Whether an order counts as a use of its code, and of its voucher: it was sold, or may still be.
pub(super) fn counts(saga: &Saga) -> bool {
    match saga.state {
        OrderState::Expired | OrderState::Cancelled => saga.confirmed_at.is_some(),
        OrderState::AwaitingPayment
        | OrderState::InReview
        | OrderState::Authorized
        | OrderState::Booked
        | OrderState::Captured
        | OrderState::Confirmed
        | OrderState::Refunding
        | OrderState::Refunded
        | OrderState::PartiallyRefunded => true,
    }
}

/// Gives an order's use back when the order ends without a sale, and takes it again when late money buys its seats after all.
/// Then it counts even past the limit: the buyer had the price, and has paid it.
pub(super) async fn settle(connection: &mut PgConnection, before: &Saga, after: &Saga) -> Result<(), DbFault> {
    match (counts(before), counts(after)) {
        (true, false) => {
            sqlx::query!(
                "WITH back AS (UPDATE promo_use SET returned_at = now() WHERE order_id = $1 AND returned_at IS NULL RETURNING promo_code)
                 UPDATE promo_code SET uses = uses - 1 WHERE id IN (SELECT promo_code FROM back)",
                after.order
            )
            .execute(connection)
            .await?;
        }
        (false, true) => {
            sqlx::query!(
                "WITH again AS (UPDATE promo_use SET returned_at = NULL WHERE order_id = $1 AND returned_at IS NOT NULL RETURNING promo_code)
                 UPDATE promo_code SET uses = uses + 1 WHERE id IN (SELECT promo_code FROM again)",
                after.order
            )
            .execute(connection)
            .await?;
        }
        (true, true) | (false, false) => {}
    }
    Ok(())
}
