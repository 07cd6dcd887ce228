//! People of the house: organisers, users, and what proves who somebody is. No account is needed to buy.

mod access_jwt;
pub mod cookies;
mod credentials;
mod device;
mod factors;
mod guard;
mod guessable;
mod identity;
mod language;
pub mod links;
mod machine;
pub mod mail_gate;
pub mod mails;
pub mod members;
pub mod needs;
mod oidc;
mod passkeys;
mod password;
pub mod privacy;
pub mod routes;
pub mod sessions;
pub mod sign_in;
mod store;
mod throttle;

pub use access_jwt::{AUDIENCE, AccessKeyError, AccessTokens, Proven};
pub use factors::{Factors, WaysIn};
pub use guard::guard;
pub use guessable::Weakness;
pub use identity::{CameBy, Identity, MaybeIdentity, MaybeMachine, MaybePrincipal, Principal, Role};
pub use language::Language;
pub use machine::{Kind, Machine, Scope};
pub use mail_gate::MayAskForMail;
pub use oidc::{Houses, LinkedAccounts, Provider, ProviderError, Wire};
pub use passkeys::{Passkeys, RelyingParty};
pub use password::{Cost, PasswordError, Passwords, Verdict};
pub use sessions::{How, Sessions};
pub use store::{
    Accounts, AccountsError, NewUser, Organizer, User, insert_membership, insert_organizer, insert_user, normalized,
};
pub use throttle::{Throttle, Throttled};
