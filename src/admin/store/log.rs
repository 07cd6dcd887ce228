//! SQL of reading the audit log.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Office;
use crate::platform::db::DbFault;
use crate::platform::time;

/// Which entries.
#[derive(Clone, Debug)]
pub struct LogWanted {
    /// In these houses; `None`: everywhere.
    pub organizers: Option<Vec<Uuid>>,
    /// Security events alone.
    pub security: bool,
    /// Of this severity.
    pub severity: Option<String>,
    /// By this account, key or device.
    pub actor: Option<Uuid>,
    /// This action, or all that begin with it and a dot.
    pub action: Option<String>,
    /// To this thing.
    pub object: Option<String>,
    /// Not before.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
    /// Older than this entry.
    pub after: Option<i64>,
    /// How many at most.
    pub limit: i64,
    /// Tell the network and e-mail addresses too.
    pub addresses: bool,
}

/// Who did it.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogActor {
    /// `user`, `key`, `device`, `guest`, `stranger`, `operator` or `server`.
    pub kind: String,
    /// The account, key or device.
    pub id: Option<Uuid>,
    /// What the account is called; null when there is none any more.
    pub name: Option<String>,
}

/// To what it was done.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogObject {
    /// `show`, `venue`, …
    pub kind: String,
    /// Its id.
    pub id: String,
}

/// An entry of the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub struct LogEntry {
    /// Its number: from 1, without gaps in the whole log.
    #[schema(minimum = 1)]
    pub number: i64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Of a security event: `notice`, `warning` or `alarm`.
    pub severity: Option<String>,
    /// Who.
    pub actor: LogActor,
    /// Did what: two words.
    pub action: String,
    /// In whose house.
    pub organizer_id: Option<Uuid>,
    /// To what.
    pub object: Option<LogObject>,
    /// What else there is to say: ids, words, numbers.
    #[schema(value_type = Object)]
    pub detail: Value,
    /// From which network address; null where it was not kept, is no longer kept, or is not the reader's business.
    pub address: Option<String>,
    /// Under which e-mail address a stranger tried; null as before.
    pub email: Option<String>,
    /// The chain's hash, in hexadecimal digits.
    pub hash: String,
}

impl Office {
    /// Entries of the audit log, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn log(&self, wanted: &LogWanted) -> Result<Vec<LogEntry>, DbFault> {
        let rows = sqlx::query!(
            "SELECT l.number, l.at, l.severity, l.actor_kind, l.actor_id, l.action, l.organizer_id, l.object_kind, l.object_id,
                    l.detail, encode(l.hash, 'hex') AS \"hash!\", u.name AS \"name?\", p.address, p.email
             FROM audit_log l
             LEFT JOIN app_user u ON u.id = l.actor_id AND l.actor_kind = 'user'
             LEFT JOIN audit_person p ON p.number = l.number AND $10
             WHERE ($1::uuid[] IS NULL OR l.organizer_id = ANY($1))
               AND (NOT $2 OR l.severity IS NOT NULL)
               AND ($3::text IS NULL OR l.severity = $3)
               AND ($4::uuid IS NULL OR l.actor_id = $4)
               AND ($5::text IS NULL OR l.action = $5 OR starts_with(l.action, $5 || '.'))
               AND ($6::text IS NULL OR l.object_id = $6)
               AND ($7::timestamptz IS NULL OR l.at >= $7)
               AND ($8::timestamptz IS NULL OR l.at < $8)
               AND ($9::bigint IS NULL OR l.number < $9)
             ORDER BY l.number DESC LIMIT $11",
            wanted.organizers.as_deref() as Option<&[Uuid]>,
            wanted.security,
            wanted.severity,
            wanted.actor,
            wanted.action,
            wanted.object,
            wanted.from.map(time::sql) as Option<jiff_sqlx::Timestamp>,
            wanted.to.map(time::sql) as Option<jiff_sqlx::Timestamp>,
            wanted.after,
            wanted.addresses,
            wanted.limit
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| LogEntry {
                number: row.number,
                at: row.at.to_jiff(),
                severity: row.severity,
                actor: LogActor { kind: row.actor_kind, id: row.actor_id, name: row.name },
                action: row.action,
                organizer_id: row.organizer_id,
                object: row.object_kind.zip(row.object_id).map(|(kind, id)| LogObject { kind, id }),
                detail: serde_json::from_str(&row.detail).unwrap_or(Value::Null),
                address: row.address,
                email: row.email,
                hash: row.hash,
            })
            .collect())
    }
}
