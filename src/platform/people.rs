//! What the rooms know of a person: told to them, and forgotten; and that somebody has shown an address to be theirs. Each room that
//! keeps personal data registers in `startup` how it does that; nobody else knows its tables.

use std::pin::Pin;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};
use sqlx::PgConnection;
use uuid::Uuid;

use super::db::DbFault;

/// A person: who has an account, or who bought under an address, or both.
#[derive(Clone, Debug, Default)]
pub struct Person {
    /// Their account.
    pub user: Option<Uuid>,
    /// Addresses that were shown to be theirs, as addresses are compared.
    pub emails: Vec<String>,
    /// What this house knows of them; `None`: what every house does.
    pub organizer: Option<Uuid>,
}

/// How to forget.
#[derive(Clone, Copy, Debug)]
pub struct Forgetting {
    /// The time.
    pub now: Timestamp,
    /// Also who still has a show to come: nobody could tell them any more that it is cancelled.
    pub at_once: bool,
}

/// Why something stays for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// They have tickets for a show that is still to come.
    ShowToCome,
    /// The law keeps it with the books.
    Books,
}

impl Why {
    /// Its word in answers.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::ShowToCome => "show_to_come",
            Self::Books => "books",
        }
    }
}

/// Something that is forgotten later, by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Later {
    /// In whose house.
    pub organizer: Uuid,
    /// When at the earliest.
    pub until: Timestamp,
    /// Why not now.
    pub why: Why,
}

/// What a room is asked to do with its own tables.
pub type Asked<'a, T> = Pin<Box<dyn Future<Output = Result<T, DbFault>> + Send + 'a>>;

/// A room that keeps personal data.
pub trait PersonalData: Send + Sync {
    /// Its name, over its part of an export.
    fn room(&self) -> &'static str;

    /// Somebody has just shown that their account's address is theirs: what this room keeps under it may belong to them now.
    fn welcome<'a>(&'a self, connection: &'a mut PgConnection, user: Uuid) -> Asked<'a, ()> {
        let _ = (connection, user);
        Box::pin(async { Ok(()) })
    }

    /// Addresses that were this account's and have nobody else's things under them since, as addresses are compared.
    fn addresses<'a>(&'a self, connection: &'a mut PgConnection, user: Uuid) -> Asked<'a, Vec<String>> {
        let _ = (connection, user);
        Box::pin(async { Ok(Vec::new()) })
    }

    /// Everything it has of them, as JSON.
    fn export<'a>(&'a self, connection: &'a mut PgConnection, person: &'a Person) -> Asked<'a, Value>;

    /// Whether something of theirs is under way that ends by itself within minutes, and would not without them.
    fn under_way<'a>(&'a self, connection: &'a mut PgConnection, person: &'a Person) -> Asked<'a, bool> {
        let _ = (connection, person);
        Box::pin(async { Ok(false) })
    }

    /// Forgets them, and says what must wait.
    fn erase<'a>(
        &'a self,
        connection: &'a mut PgConnection,
        person: &'a Person,
        how: Forgetting,
    ) -> Asked<'a, Vec<Later>>;
}

/// Why a person was not forgotten.
#[derive(Debug, thiserror::Error)]
pub enum NotForgotten {
    /// A payment or a refund of theirs is under way; nothing was changed.
    #[error("a payment or a refund of theirs is under way")]
    UnderWay,
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] DbFault),
}

/// All rooms that keep personal data.
#[derive(Clone, Default)]
pub struct People(Arc<Vec<Arc<dyn PersonalData>>>);

impl People {
    /// These rooms. What an earlier one needs to find its rows, a later one forgets.
    #[must_use]
    pub fn new(rooms: Vec<Arc<dyn PersonalData>>) -> Self {
        Self(Arc::new(rooms))
    }

    /// Tells every room that this account's address was shown to be theirs, in the transaction of `connection`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn welcome(&self, connection: &mut PgConnection, user: Uuid) -> Result<(), DbFault> {
        for room in self.0.iter() {
            room.welcome(connection, user).await?;
        }
        Ok(())
    }

    /// The same person with the addresses that they had before.
    async fn whole(&self, connection: &mut PgConnection, person: &Person) -> Result<Person, DbFault> {
        let mut whole = person.clone();
        if let Some(user) = person.user {
            for room in self.0.iter() {
                for address in room.addresses(connection, user).await? {
                    if !whole.emails.contains(&address) {
                        whole.emails.push(address);
                    }
                }
            }
        }
        Ok(whole)
    }

    /// Everything that is known of them, by room.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn export(&self, connection: &mut PgConnection, person: &Person) -> Result<Map<String, Value>, DbFault> {
        let person = &self.whole(connection, person).await?;
        let mut all = Map::new();
        for room in self.0.iter() {
            all.insert(room.room().to_owned(), room.export(connection, person).await?);
        }
        Ok(all)
    }

    /// Forgets them in the transaction of `connection`, and says what must wait.
    ///
    /// # Errors
    /// `UnderWay` before anything is changed.
    pub async fn forget(
        &self,
        connection: &mut PgConnection,
        person: &Person,
        how: Forgetting,
    ) -> Result<Vec<Later>, NotForgotten> {
        let person = &self.whole(connection, person).await?;
        for room in self.0.iter() {
            if room.under_way(connection, person).await? {
                return Err(NotForgotten::UnderWay);
            }
        }
        let mut later = Vec::new();
        for room in self.0.iter() {
            later.extend(room.erase(connection, person, how).await?);
        }
        Ok(later)
    }
}
