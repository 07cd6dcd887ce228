//! Sign-in by other houses: Google, Facebook, any OpenID Connect provider. Who they are there is their issuer's own id of them;
//! an address never takes over an account.

mod flow;
mod house;
mod linked;
mod provider;
mod wire;

pub use flow::{FLOW_S, Flow, own_path};
pub use house::{Answer, Houses, Person, VisitError};
pub use linked::{Arrival, Linked, LinkedAccounts};
pub use provider::{Provider, ProviderError};
pub use wire::Wire;
