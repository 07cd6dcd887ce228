//! Machines beside people: keys of other shops, and scanners at the door.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::{ApiError, Caller};
use crate::platform::audit::{Actor, Entry};

/// What a machine may do in its organiser's house.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
pub enum Scope {
    /// Read its holds and its house's bookings by key.
    #[serde(rename = "inventory:read")]
    InventoryRead,
    /// Hold places, change and release what it holds.
    #[serde(rename = "inventory:hold")]
    InventoryHold,
    /// Book what it holds, and cancel its house's bookings by key.
    #[serde(rename = "inventory:book")]
    InventoryBook,
    /// Read its house's orders.
    #[serde(rename = "orders:read")]
    OrdersRead,
    /// Work at the door. Every device has this one, and no key.
    #[serde(rename = "check_in")]
    CheckIn,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 5] =
        [Self::InventoryRead, Self::InventoryHold, Self::InventoryBook, Self::OrdersRead, Self::CheckIn];

    /// Its word in the database and in answers.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::InventoryRead => "inventory:read",
            Self::InventoryHold => "inventory:hold",
            Self::InventoryBook => "inventory:book",
            Self::OrdersRead => "orders:read",
            Self::CheckIn => "check_in",
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

impl Kind {
    /// Its name in the database and in the audit log's actions.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Device => "device",
        }
    }

    // The column's CHECK knows these two.
    pub(super) fn from_name(name: &str) -> Self {
        if name == "device" { Self::Device } else { Self::Key }
    }

    /// With what its tokens begin.
    #[must_use]
    pub fn mark(self) -> &'static str {
        match self {
            Self::Key => "aislek",
            Self::Device => "aisled",
        }
    }

    /// Whether this token looks like a machine's.
    #[must_use]
    pub fn marks(token: &str) -> bool {
        [Self::Key, Self::Device]
            .iter()
            .any(|kind| token.strip_prefix(kind.mark()).is_some_and(|rest| rest.starts_with('_')))
    }
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

    /// An entry of the audit log: it did this.
    pub fn did(&self, action: &'static str) -> Entry {
        let actor = match self.kind {
            Kind::Key => Actor::Key(self.id),
            Kind::Device => Actor::Device(self.id),
        };
        Entry::new(actor, action).of(self.organizer)
    }

    /// The thing is in its house. Whether the route is open to it was asked before: machines have scopes, not roles.
    ///
    /// # Errors
    /// `not_found` (of `what`) in any other house.
    pub fn must_be_of(&self, organizer: Uuid, what: &str) -> Result<(), ApiError> {
        if self.organizer == organizer { Ok(()) } else { Err(ApiError::not_found(what)) }
    }
}
