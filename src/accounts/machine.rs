//! Machines beside people: keys of other shops, and scanners at the door.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::Caller;

/// What a machine may do in its organiser's house.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
pub enum Scope {
    /// Hold places, change and release what it holds.
    #[serde(rename = "inventory:hold")]
    InventoryHold,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 1] = [Self::InventoryHold];

    /// Its word in the database and in answers.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::InventoryHold => "inventory:hold",
        }
    }

    /// The scope with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.word() == word)
    }
}

/// What kind of machine it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Another shop, by its API key.
    Key,
    /// A scanner at the door, by its device token.
    Device,
}

/// A machine that asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Its id.
    pub id: Uuid,
    /// Its kind.
    pub kind: Kind,
    /// In whose house.
    pub organizer: Uuid,
    /// Only at this show, where one is named.
    pub show: Option<Uuid>,
    /// What it may do there.
    pub scopes: Vec<Scope>,
}

impl Machine {
    /// The caller to whom an idempotency key belongs.
    #[must_use]
    pub fn caller(&self) -> Caller {
        Caller::Machine(self.id)
    }
}
