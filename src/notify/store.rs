//! SQL of the outbox and the mailbox.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::{PgConnection, PgPool};
use utoipa::ToSchema;
use uuid::Uuid;

use super::message::Message;
use crate::platform::db::DbFault;
use crate::platform::{ids, time};

/// What became of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MailStatus {
    /// Kept here and not sent, because no mail server is configured.
    Kept,
    /// The mail server took it.
    Sent,
    /// It could not be delivered.
    Failed,
}

impl MailStatus {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }

    // The column's CHECK knows these three.
    fn from_name(name: &str) -> Self {
        match name {
            "kept" => Self::Kept,
            "sent" => Self::Sent,
            _ => Self::Failed,
        }
    }
}

/// A row of the outbox, claimed.
pub(super) struct Job {
    pub id: Uuid,
    pub kind: String,
    pub payload: Value,
    /// Which try this is, from 1.
    pub attempts: i32,
    pub created_at: Timestamp,
}

/// How a saying ended for good.
pub(super) enum Ended<'a> {
    Said { message: &'a Message, status: MailStatus },
    NothingToSay,
    GaveUp { problem: &'a str, message: Option<&'a Message> },
}

/// The outbox's rows, as its worker sees them.
#[derive(Clone)]
pub(super) struct Jobs {
    pool: PgPool,
}

impl Jobs {
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Takes the row that has been due for longest, for `seconds`. The try is counted before it begins, so that one which
    /// kills its process is not tried for ever.
    pub async fn claim(&self, seconds: f64) -> Result<Option<Job>, DbFault> {
        let row = sqlx::query!(
            "UPDATE outbox SET attempts = attempts + 1, next_try_at = now() + make_interval(secs => $1)
             WHERE id = (
                 SELECT id FROM outbox WHERE done_at IS NULL AND next_try_at <= now()
                 ORDER BY next_try_at LIMIT 1 FOR UPDATE SKIP LOCKED
             )
             RETURNING id, kind, payload, attempts, created_at",
            seconds
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| Job {
            id: row.id,
            kind: row.kind,
            payload: row.payload,
            attempts: row.attempts,
            created_at: row.created_at.to_jiff(),
        }))
    }

    /// Ends a saying, and keeps its mail in the same transaction. Does nothing when somebody else ended it meanwhile. A row
    /// with both `done_at` and `last_problem` was given up. Ids of what was said stay with it; an address was needed to say it.
    pub async fn end(&self, job: &Job, ended: Ended<'_>) -> Result<(), DbFault> {
        let (message, status, problem) = match ended {
            Ended::Said { message, status } => (Some(message), status, None),
            Ended::NothingToSay => (None, MailStatus::Kept, None),
            Ended::GaveUp { problem, message } => (message, MailStatus::Failed, Some(storable(problem))),
        };
        let mut transaction = self.pool.begin().await?;
        let done = sqlx::query!(
            "UPDATE outbox SET done_at = now(), last_problem = $2,
                    payload = CASE jsonb_typeof(payload) WHEN 'object' THEN payload - '{email,to}'::text[] ELSE payload END
             WHERE id = $1 AND done_at IS NULL",
            job.id,
            problem
        )
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() == 1
            && let Some(message) = message
        {
            keep(&mut transaction, job.id, message, status).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Lets a saying rest for `seconds`.
    pub async fn put_off(&self, job: &Job, problem: &str, seconds: f64) -> Result<(), DbFault> {
        sqlx::query!(
            "UPDATE outbox SET last_problem = $2, next_try_at = now() + make_interval(secs => $3)
             WHERE id = $1 AND done_at IS NULL AND attempts = $4",
            job.id,
            storable(problem),
            seconds,
            job.attempts
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

/// Postgres keeps no U+0000, and a mail server may say anything.
fn storable(problem: &str) -> String {
    problem.chars().filter(|&c| c != '\0').take(2_000).collect()
}

async fn keep(
    connection: &mut PgConnection,
    outbox: Uuid,
    message: &Message,
    status: MailStatus,
) -> Result<(), DbFault> {
    let id = ids::new_id();
    sqlx::query!(
        "INSERT INTO mail (id, outbox_id, organizer_id, recipient, subject, text_body, html_body, status)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        id,
        outbox,
        message.organizer,
        message.to,
        message.subject,
        message.text,
        message.html,
        status.name()
    )
    .execute(&mut *connection)
    .await?;
    for attachment in &message.attachments {
        sqlx::query!(
            "INSERT INTO mail_attachment (mail_id, name, content_type, body) VALUES ($1, $2, $3, $4)",
            id,
            attachment.name,
            attachment.content_type,
            attachment.body
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// The mails that were sent or kept.
#[derive(Clone)]
pub struct Mailbox {
    pool: PgPool,
}

/// A mail without its words.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// Its id.
    pub id: Uuid,
    /// Whose people may read it.
    pub organizer: Option<Uuid>,
    /// Its recipient's address.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// What became of it.
    pub status: MailStatus,
    /// When it was sent or kept.
    pub created_at: Timestamp,
    /// What came with it.
    pub attachments: Vec<AttachmentInfo>,
}

/// A file that came with a mail, without what is in it.
#[derive(Clone, Debug)]
pub struct AttachmentInfo {
    /// Its name.
    pub name: String,
    /// Its media type.
    pub content_type: String,
    /// How long it is.
    pub bytes: i64,
}

/// Where a page of the mailbox begins: after this mail, newest first.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Cursor {
    /// The last mail's moment, in microseconds since 1970.
    pub at: i64,
    /// Its id.
    pub id: Uuid,
}

impl Mailbox {
    /// Over this pool.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Newest first: of these organisers, or all (`None`). One more than `limit`, where there are more.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn list(
        &self,
        organizers: Option<&[Uuid]>,
        after: Option<Cursor>,
        limit: i64,
    ) -> Result<Vec<Envelope>, DbFault> {
        let at = after.and_then(|cursor| Timestamp::from_microsecond(cursor.at).ok()).unwrap_or(Timestamp::MAX);
        let id = after.map_or(Uuid::nil(), |cursor| cursor.id);
        let rows = sqlx::query!(
            "SELECT id, organizer_id, recipient, subject, status, created_at FROM mail
             WHERE ($1::uuid[] IS NULL OR organizer_id = ANY ($1))
               AND (NOT $2 OR created_at < $3 OR (created_at = $3 AND id > $4))
             ORDER BY created_at DESC, id LIMIT $5",
            organizers,
            after.is_some(),
            time::sql(at) as _,
            id,
            limit + 1
        )
        .fetch_all(&self.pool)
        .await?;
        let mut mails: Vec<Envelope> = rows
            .into_iter()
            .map(|row| Envelope {
                id: row.id,
                organizer: row.organizer_id,
                to: row.recipient,
                subject: row.subject,
                status: MailStatus::from_name(&row.status),
                created_at: row.created_at.to_jiff(),
                attachments: Vec::new(),
            })
            .collect();
        let ids: Vec<Uuid> = mails.iter().map(|mail| mail.id).collect();
        let files = sqlx::query!(
            r#"SELECT mail_id, name, content_type, length(body)::bigint AS "bytes!" FROM mail_attachment
               WHERE mail_id = ANY ($1) ORDER BY name"#,
            &ids
        )
        .fetch_all(&self.pool)
        .await?;
        for file in files {
            if let Some(mail) = mails.iter_mut().find(|mail| mail.id == file.mail_id) {
                mail.attachments.push(AttachmentInfo {
                    name: file.name,
                    content_type: file.content_type,
                    bytes: file.bytes,
                });
            }
        }
        Ok(mails)
    }

    /// One mail with its text and its HTML.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn one(&self, id: Uuid) -> Result<Option<(Envelope, String, String)>, DbFault> {
        let Some(row) = sqlx::query!(
            "SELECT id, organizer_id, recipient, subject, status, created_at, text_body, html_body FROM mail WHERE id = $1",
            id
        )
        .fetch_optional(&self.pool)
        .await?
        else {
            return Ok(None);
        };
        let attachments = sqlx::query_as!(
            AttachmentInfo,
            r#"SELECT name, content_type, length(body)::bigint AS "bytes!" FROM mail_attachment
               WHERE mail_id = $1 ORDER BY name"#,
            id
        )
        .fetch_all(&self.pool)
        .await?;
        let envelope = Envelope {
            id: row.id,
            organizer: row.organizer_id,
            to: row.recipient,
            subject: row.subject,
            status: MailStatus::from_name(&row.status),
            created_at: row.created_at.to_jiff(),
            attachments,
        };
        Ok(Some((envelope, row.text_body, row.html_body)))
    }

    /// What is in one attachment, with the organiser whose mail it came with and its media type.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn attachment(&self, mail: Uuid, name: &str) -> Result<Option<(Option<Uuid>, String, Vec<u8>)>, DbFault> {
        // Postgres keeps no U+0000 and refuses to compare with it: such a name names nothing.
        if name.contains('\0') {
            return Ok(None);
        }
        let row = sqlx::query!(
            "SELECT m.organizer_id, a.content_type, a.body FROM mail_attachment a JOIN mail m ON m.id = a.mail_id
             WHERE a.mail_id = $1 AND a.name = $2",
            mail,
            name
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|row| (row.organizer_id, row.content_type, row.body)))
    }
}
