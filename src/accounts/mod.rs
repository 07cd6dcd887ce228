//! People of the house: organisers, users, and what proves who somebody is. No account is needed to buy.

mod guard;
mod identity;
mod machine;
pub mod needs;
mod password;
pub mod routes;
mod store;

pub use guard::guard;
pub use identity::{Identity, MaybeIdentity, MaybePrincipal, Principal, Role};
pub use machine::{Kind, Machine, Scope};
pub use password::{PasswordError, Passwords};
pub use store::{
    Accounts, AccountsError, NewUser, Organizer, User, insert_membership, insert_organizer, insert_user, normalized,
};
