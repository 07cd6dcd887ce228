//! People of the house: organisers, users, and what proves who somebody is. No account is needed to buy.

mod identity;
mod password;
pub mod routes;
mod store;

pub use identity::{Identity, MaybeIdentity, Role};
pub use password::{PasswordError, Passwords};
pub use store::{
    Accounts, AccountsError, NewUser, Organizer, User, insert_membership, insert_organizer, insert_user, normalized,
};
