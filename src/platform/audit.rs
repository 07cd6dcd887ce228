//! The audit log: who did what to what, as ids and words, in a chain of hashes. Names and addresses lie beside it and can be
//! erased with the chain still valid.
//!
//! An entry is written in the transaction of the work and joins the chain when that commits; where the work is undone, so is
//! the entry. All who commit with an entry wait for each other for the length of one commit: record what people and machines do on
//! purpose, not each of a thousand refused requests (count those, and record the first).

pub mod chain;
pub mod person;

use std::net::IpAddr;

use serde_json::{Map, Value};
use sqlx::PgConnection;
use uuid::Uuid;

use super::db::DbFault;

/// Who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Somebody with an account.
    User(Uuid),
    /// A machine, by its API key.
    Key(Uuid),
    /// A scanner at the door, by its token.
    Device(Uuid),
    /// Somebody without an account, who proved a hold or an order to be theirs.
    Guest,
    /// Nobody that we know: who was refused at the door.
    Stranger,
    /// Whoever has the machine: the command line.
    Operator,
    /// The server by itself.
    Server,
}

impl Actor {
    /// The kind's word in the log.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Key(_) => "key",
            Self::Device(_) => "device",
            Self::Guest => "guest",
            Self::Stranger => "stranger",
            Self::Operator => "operator",
            Self::Server => "server",
        }
    }

    fn id(self) -> Option<Uuid> {
        match self {
            Self::User(id) | Self::Key(id) | Self::Device(id) => Some(id),
            Self::Guest | Self::Stranger | Self::Operator | Self::Server => None,
        }
    }
}

/// How much an administrator should care about a security event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// As it should be, and good to know afterwards: a key was made.
    Notice,
    /// Often innocent: a sign-in was refused.
    Warning,
    /// Hardly ever innocent: a used refresh token was shown again.
    Alarm,
}

impl Severity {
    /// Its word in the log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Alarm => "alarm",
        }
    }
}

/// A detail of an entry: an id, a word of ours, a number. Never what somebody typed, because the log is never erased.
#[derive(Clone, Debug)]
pub struct Fact(Value);

impl From<Uuid> for Fact {
    fn from(id: Uuid) -> Self {
        Self(Value::String(id.to_string()))
    }
}

impl From<&'static str> for Fact {
    fn from(word: &'static str) -> Self {
        Self(Value::from(word))
    }
}

impl From<i64> for Fact {
    fn from(number: i64) -> Self {
        Self(Value::from(number))
    }
}

impl From<i32> for Fact {
    fn from(number: i32) -> Self {
        Self(Value::from(number))
    }
}

impl From<bool> for Fact {
    fn from(truth: bool) -> Self {
        Self(Value::from(truth))
    }
}

/// One entry, to be recorded.
#[derive(Clone, Debug)]
#[must_use = "an entry says nothing until it is recorded"]
pub struct Entry {
    actor: Actor,
    action: &'static str,
    organizer: Option<Uuid>,
    object: Option<(&'static str, String)>,
    detail: Map<String, Value>,
    name: Option<String>,
    email: Option<String>,
    address: Option<IpAddr>,
}

impl Entry {
    /// Somebody did this: `session.begun`, `member.invited`; two words of small letters, what and what became of it.
    pub fn new(actor: Actor, action: &'static str) -> Self {
        Self {
            actor,
            action,
            organizer: None,
            object: None,
            detail: Map::new(),
            name: None,
            email: None,
            address: None,
        }
    }

    /// In this organiser's house: its own people may read the entry.
    pub fn of(mut self, organizer: impl Into<Option<Uuid>>) -> Self {
        self.organizer = organizer.into();
        self
    }

    /// To this thing, by an id of ours.
    pub fn on(mut self, kind: &'static str, id: impl std::fmt::Display) -> Self {
        self.object = Some((kind, id.to_string()));
        self
    }

    /// With this detail.
    pub fn with(mut self, name: &'static str, fact: impl Into<Fact>) -> Self {
        self.detail.insert(name.to_owned(), fact.into().0);
        self
    }

    /// From this network address. Personal: kept beside the log.
    pub fn address(mut self, address: impl Into<Option<IpAddr>>) -> Self {
        self.address = address.into();
        self
    }

    /// Under this e-mail address, where there is no account to name: a sign-in that was refused. Personal.
    pub fn email(mut self, email: &str) -> Self {
        self.email = Some(email.trim().to_lowercase());
        self
    }

    /// Under this name. Personal.
    pub fn name(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }
}

/// Records an act in the transaction of `connection`. Outside a transaction it is one of its own.
///
/// # Errors
/// When the database does not answer.
pub async fn record(connection: &mut PgConnection, entry: Entry) -> Result<(), DbFault> {
    append(connection, None, entry).await
}

/// Records a security event, for administrators.
///
/// # Errors
/// When the database does not answer.
pub async fn security(connection: &mut PgConnection, severity: Severity, entry: Entry) -> Result<(), DbFault> {
    append(connection, Some(severity), entry).await
}

async fn append(connection: &mut PgConnection, severity: Option<Severity>, entry: Entry) -> Result<(), DbFault> {
    let (kind, object) = entry.object.unzip();
    sqlx::query!(
        "INSERT INTO audit_pending
            (severity, actor_kind, actor_id, action, organizer_id, object_kind, object_id, detail, name, email, address)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        severity.map(Severity::name),
        entry.actor.kind(),
        entry.actor.id(),
        entry.action,
        entry.organizer,
        kind,
        object,
        Value::Object(entry.detail).to_string(),
        entry.name,
        entry.email,
        entry.address.map(|address| address.to_string())
    )
    .execute(connection)
    .await?;
    Ok(())
}
