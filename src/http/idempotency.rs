//! `Idempotency-Key`: whose key it is, and what a repeated request is answered.
//!
//! The key belongs to its caller and route. A show's own commands remember it in the journal (the hold's id is derived
//! from it); everything else uses [`crate::platform::idempotency`] in the transaction of the work.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use uuid::Uuid;

use super::error::ApiError;
use crate::platform::ids;

/// A caller who has no secret of their own must bring a key that no stranger can guess or meet: 22 characters are 128 bits
/// in base64.
const STRANGERS_KEY_MIN: usize = 22;

/// The key of a request, where it has one: 1 to 255 printable ASCII characters.
#[derive(Clone, Debug)]
pub struct IdempotencyKey(Option<String>);

/// Whose key it is.
#[derive(Clone, Copy, Debug)]
pub enum Caller {
    /// A signed-in user or their bearer token.
    User(Uuid),
    /// A key or a device.
    Machine(Uuid),
    /// Whoever proved to own this hold.
    Holder(Uuid),
    /// Whoever proved to have made this order.
    Guest(Uuid),
    /// Anybody.
    Stranger,
}

/// A key with its caller: strangers' keys don't meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scoped {
    /// The caller.
    pub scope: String,
    /// The key as it was sent.
    pub key: String,
}

impl Scoped {
    /// The id that this key gives to what is made by it on `route`: always the same, so that a lost answer can be asked
    /// for again.
    #[must_use]
    pub fn id(&self, route: &str) -> Uuid {
        ids::derived_id(&[b"idempotency", route.as_bytes(), self.scope.as_bytes(), self.key.as_bytes()])
    }
}

impl IdempotencyKey {
    /// The key as this caller's; `None` where the request has no key.
    ///
    /// # Errors
    /// When a stranger's key is shorter than 22 characters.
    pub fn of(self, caller: Caller) -> Result<Option<Scoped>, ApiError> {
        let Some(key) = self.0 else { return Ok(None) };
        let scope = match caller {
            Caller::User(id) => format!("user:{id}"),
            Caller::Machine(id) => format!("machine:{id}"),
            Caller::Holder(id) => format!("hold:{id}"),
            Caller::Guest(id) => format!("order:{id}"),
            Caller::Stranger if key.len() < STRANGERS_KEY_MIN => {
                let message = format!(
                    "needs at least {STRANGERS_KEY_MIN} characters without an account or token, so that strangers can't meet"
                );
                return Err(ApiError::field("Idempotency-Key", message));
            }
            Caller::Stranger => "stranger".to_owned(),
        };
        Ok(Some(Scoped { scope, key }))
    }
}

impl FromRequest for IdempotencyKey {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let wrong = || ApiError::field("Idempotency-Key", "must have 1 to 255 printable characters, once");
        let mut headers = request.headers().get_all("idempotency-key");
        let first = headers.next();
        if headers.next().is_some() {
            return ready(Err(wrong()));
        }
        ready(match first {
            None => Ok(Self(None)),
            Some(value) => match value.to_str() {
                Ok(key) if (1..=255).contains(&key.len()) && key.bytes().all(|byte| (0x20..0x7f).contains(&byte)) => {
                    Ok(Self(Some(key.to_owned())))
                }
                Ok(_) | Err(_) => Err(wrong()),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stranger_needs_a_key_that_nobody_meets() {
        let short = || IdempotencyKey(Some("a".repeat(21)));
        assert!(short().of(Caller::Stranger).is_err());
        assert!(short().of(Caller::User(Uuid::nil())).unwrap().is_some());
        assert!(IdempotencyKey(Some("a".repeat(22))).of(Caller::Stranger).unwrap().is_some());
        assert!(IdempotencyKey(None).of(Caller::Stranger).unwrap().is_none());
    }

    #[test]
    fn one_key_of_two_callers_or_on_two_routes_makes_two_things() {
        let of = |caller| IdempotencyKey(Some("k".repeat(22))).of(caller).unwrap().unwrap();
        let a = of(Caller::User(Uuid::from_u128(1)));
        let b = of(Caller::User(Uuid::from_u128(2)));
        assert_ne!(a.id("x"), b.id("x"));
        assert_ne!(a.id("x"), a.id("y"));
        assert_eq!(a.id("x"), a.id("x"));
    }
}
