//! Who works for a house, who is asked to, and what administrators change of accounts.
//!
//! Whoever changes who works for a house holds the house's row until the end of the transaction ([`rules`]); so a house keeps an
//! organizer whoever takes away whom at the same moment.

mod invitations;
mod joining;
pub mod privacy;
mod rules;
mod store;
mod users;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use uuid::Uuid;

pub use invitations::{
    DAYS, Invitation, Invited, OPEN_MAX, invite, open_invitations, read_invitation, resend, withdraw,
};
pub use joining::{Joined, Joiner, accept};
pub use rules::{Refused, may_leave};
pub use store::{Member, MembersWanted, read_members, remove, set_role};
pub use users::{Account, Part, UsersWanted, Wished, end_sessions, read_users, set_roles};

use super::identity::Role;
use crate::platform::keys::{Keys, Purpose};

/// Asks somebody into a house.
pub(super) const INVITED: &str = "member_invited";
/// Tells somebody that they have a part in a house now.
pub(super) const ADDED: &str = "member_added";
/// Tells somebody that they have another part in a house.
pub(super) const CHANGED: &str = "member_changed";
/// Tells somebody that they have no part in a house any more.
pub(super) const REMOVED: &str = "member_removed";

/// What the outbox keeps of an invitation's mail: nothing that proves anything.
#[derive(Serialize, Deserialize)]
pub(super) struct AboutInvitation {
    pub(super) invitation: Uuid,
}

/// What the outbox keeps of a mail about somebody's part in a house.
#[derive(Serialize, Deserialize)]
pub(super) struct AboutPart {
    pub(super) user: Uuid,
    pub(super) organizer: Uuid,
    /// Which part they have from now on; none: they are taken away.
    pub(super) role: Option<Role>,
}

/// Members and invitations, in the database.
#[derive(Clone)]
pub struct Members {
    pool: PgPool,
    keys: Arc<Keys>,
}

impl Members {
    /// Members behind this pool.
    #[must_use]
    pub fn new(pool: PgPool, keys: Arc<Keys>) -> Self {
        Self { pool, keys }
    }

    /// The pool, for a transaction that begins here and goes on elsewhere.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// The address of an invitation's page. What stands after `#` never reaches a server, so it is in no log.
    #[must_use]
    pub fn address(&self, public_url: &str, invitation: Uuid) -> String {
        // Its first word keeps it from proving what any other link proves, though one key signs them all.
        let proof = self.keys.token(Purpose::Link, &[b"invitation", invitation.as_bytes()]);
        format!("{public_url}/invitation#t={}.{proof}", invitation.simple())
    }

    /// Which invitation a token stands for; `None`: it is none of ours.
    #[must_use]
    pub fn read(&self, token: &str) -> Option<Uuid> {
        let (id, proof) = token.split_once('.')?;
        let id = Uuid::try_parse(id).ok()?;
        self.keys.proves(Purpose::Link, &[b"invitation", id.as_bytes()], proof).then_some(id)
    }
}
