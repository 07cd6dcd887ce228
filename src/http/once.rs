//! Work that is done once, however often its request arrives: the answer is kept in the transaction of the work.

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use serde::Serialize;
use sqlx::PgConnection;

use super::error::{ApiError, Code};
use super::idempotency::Scoped;
use crate::platform::db::{Db, DbFault};
use crate::platform::idempotency::{self, Begin};

/// Whose request it is, and which.
#[derive(Clone, Copy, Debug)]
pub struct Once<'a> {
    /// The key, where the caller gave one.
    pub key: Option<&'a Scoped>,
    /// The address, without its ids.
    pub route: &'static str,
    /// The hash of the request.
    pub hash: u64,
}

/// Does `work` in a transaction and answers with what it gives; a repeated request gets the first one's answer. A refusal
/// undoes everything and is decided anew.
///
/// # Errors
/// What the work refuses; `idempotency_key_reused` where the key came with another request.
pub async fn once<T: Serialize>(
    db: &Db,
    once: Once<'_>,
    status: StatusCode,
    work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, ApiError>,
) -> Result<HttpResponse, ApiError> {
    let mut transaction = db.begin().await.map_err(DbFault)?;
    if let Some(Scoped { scope, key }) = once.key {
        match idempotency::begin(&mut transaction, scope, once.route, key, once.hash).await? {
            Begin::Fresh => {}
            Begin::Reused => return Err(ApiError::plain(Code::IdempotencyKeyReused)),
            Begin::Replay { status, answer } => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
                let mut response = HttpResponse::build(status);
                response.insert_header((header::CACHE_CONTROL, super::caching::PRIVATE));
                return Ok(response.insert_header(("idempotent-replayed", "true")).json(answer));
            }
        }
    }
    let answer = work(&mut transaction).await?;
    let answer = serde_json::to_value(answer).map_err(|error| ApiError::fault(&error))?;
    if let Some(Scoped { scope, key }) = once.key {
        idempotency::finish(&mut transaction, scope, once.route, key, status.as_u16(), &answer).await?;
    }
    transaction.commit().await.map_err(DbFault)?;
    Ok(HttpResponse::build(status).insert_header((header::CACHE_CONTROL, super::caching::PRIVATE)).json(answer))
}

/// The same for work that is done elsewhere, and leaves nothing in the transaction but its answer: without a key there is nothing to
/// keep, so no connection is held while it lasts.
///
/// # Errors
/// As [`once`].
pub async fn once_elsewhere<T: Serialize>(
    db: &Db,
    request: Once<'_>,
    status: StatusCode,
    work: impl AsyncFnOnce() -> Result<T, ApiError>,
) -> Result<HttpResponse, ApiError> {
    if request.key.is_some() {
        return once(db, request, status, async |_| work().await).await;
    }
    let answer = work().await?;
    Ok(HttpResponse::build(status).insert_header((header::CACHE_CONTROL, super::caching::PRIVATE)).json(answer))
}
