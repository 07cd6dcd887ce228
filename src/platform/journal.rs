//! Reading a show's journal without waking the show: for staff and for the command line.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::db::{Db, DbFault};

/// One line of a show's journal, as it stands in the database.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Line {
    /// Its number, from 1 without gaps.
    pub seq: i64,
    /// When it was decided.
    #[schema(value_type = String, format = DateTime)]
    pub at: jiff::Timestamp,
    /// Under which ownership it was written.
    pub epoch: i64,
    /// What happened; its `type` says which event it is.
    #[schema(value_type = Object)]
    pub event: Value,
}

/// At most `limit` lines after `after`, in order.
///
/// # Errors
/// When the database does not answer.
pub async fn lines(db: &Db, show: Uuid, after: i64, limit: i64) -> Result<Vec<Line>, DbFault> {
    let rows = sqlx::query!(
        "SELECT seq AS \"seq!\", at AS \"at!\", epoch AS \"epoch!\", event AS \"event!\" FROM journal
         WHERE show_id = $1 AND page > $2 AND seq > $2 ORDER BY page, seq LIMIT $3",
        show,
        after,
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Line { seq: row.seq, at: row.at.to_jiff(), epoch: row.epoch, event: row.event })
        .collect())
}

/// Every show that has a journal, in no particular order.
///
/// # Errors
/// When the database does not answer.
pub async fn shows(db: &Db) -> Result<Vec<Uuid>, DbFault> {
    Ok(sqlx::query_scalar!("SELECT DISTINCT show_id FROM journal_page").fetch_all(db).await?)
}
