//! Who may come near which route: one table, in which every route of the API declares its need. A route that is not in it is
//! answered as if it did not exist. Whose *thing* it is, the handler asks with the thing at hand ([`Identity::must`]).

mod describe;
mod table;

use std::collections::HashMap;
use std::sync::LazyLock;

use super::identity::{Principal, Role};
use super::machine::Scope;
use crate::http::{ApiError, Code};

pub use describe::{describe, matrix};
pub use table::ROUTES;

/// Where the routes of the table begin.
pub const ROOT: &str = "/api/v1";

/// What a route asks of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing.
    Public,
    /// What proves a right to the thing that is named; its handler checks it. Who has the role in the thing's house, where one
    /// is named, needs none.
    Proof(Proof, Option<Role>),
    /// Somebody who has signed in.
    SignedIn,
    /// Somebody with this role in a house. In which one it must be, the handler asks.
    Staff(Role),
    /// An administrator.
    Admin,
    /// No person: a key or a device.
    Machine,
}

/// What proves a right to one thing, whoever shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// `Aisle-Hold-Token`: made the hold.
    HoldToken,
    /// `Aisle-Order-Token`: made the order.
    OrderToken,
    /// `Aisle-Order-Token`, or `?t=` signed for this ticket.
    TicketLink,
    /// The provider's signature over the body.
    Signature,
    /// A token in the body, out of a link that was mailed or printed.
    Link,
}

impl Proof {
    /// What it is called, for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::HoldToken => "the hold's token",
            Self::OrderToken => "the order's token or owns it",
            Self::TicketLink => "the order's token or the ticket's link or owns the order",
            Self::Signature => "the provider's signature",
            Self::Link => "a link's token",
        }
    }
}

/// A route's declaration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// Its method.
    pub method: &'static str,
    /// Its address below [`ROOT`], as the router has it.
    pub pattern: &'static str,
    /// What it asks of people and strangers.
    pub need: Need,
    /// Keys and devices with one of these scopes come in too. Where none is named they are strangers on a route that is
    /// everybody's, and refused elsewhere.
    pub scopes: &'static [Scope],
}

impl Route {
    const fn new(method: &'static str, pattern: &'static str, need: Need) -> Self {
        Self { method, pattern, need, scopes: &[] }
    }

    /// The same, open to machines with one of these scopes.
    const fn or(self, scopes: &'static [Scope]) -> Self {
        Self { scopes, ..self }
    }

    /// Whether the guard must know who asks before the handler is asked. Where it need not, nobody is looked up for those who
    /// only look at seats.
    #[must_use]
    pub fn asks_who(&self) -> bool {
        match self.need {
            Need::Public | Need::Proof(..) => false,
            Need::SignedIn | Need::Staff(_) | Need::Admin | Need::Machine => true,
        }
    }

    /// Whether this caller comes as far as the handler.
    ///
    /// # Errors
    /// `unauthenticated` for strangers, `forbidden` for who lacks the need.
    pub fn admit(&self, who: Option<&Principal>) -> Result<(), ApiError> {
        match who {
            Some(Principal::Machine(machine)) if !self.scopes.is_empty() => {
                let words = || self.scopes.iter().map(|scope| scope.word()).collect::<Vec<_>>().join(" or ");
                if self.scopes.iter().any(|scope| machine.scopes.contains(scope)) {
                    Ok(())
                } else {
                    Err(ApiError::new(Code::Forbidden, format!("This needs a key with the scope {}.", words())))
                }
            }
            Some(Principal::Machine(_)) => match self.need {
                Need::Public | Need::Proof(..) | Need::Machine => Ok(()),
                Need::SignedIn | Need::Staff(_) | Need::Admin => {
                    Err(ApiError::new(Code::Forbidden, "This is for people, not for keys."))
                }
            },
            Some(Principal::Person(person)) => match self.need {
                Need::Public | Need::Proof(..) | Need::SignedIn => Ok(()),
                Need::Staff(role) => person.must_be_staff(role),
                Need::Admin => person.must_be_admin(),
                Need::Machine => Err(ApiError::new(Code::Forbidden, "This is for keys, not for people.")),
            },
            None if self.asks_who() => Err(ApiError::plain(Code::Unauthenticated)),
            None => Ok(()),
        }
    }
}

/// One part of an address: literal text, or text around a parameter.
enum Part {
    Word(&'static str),
    Parameter { after: &'static str },
}

impl Part {
    fn parse(text: &'static str) -> Self {
        match text.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            Some((_, after)) => Self::Parameter { after },
            None => Self::Word(text),
        }
    }

    fn fits(&self, text: &str) -> bool {
        match self {
            Self::Word(word) => *word == text,
            Self::Parameter { after } => text.strip_suffix(after).is_some_and(|value| !value.is_empty()),
        }
    }
}

type Shelf = Vec<(Vec<Part>, &'static Route)>;

/// The table by method and number of parts: an address is compared with a handful, not with a hundred.
static INDEX: LazyLock<HashMap<(&'static str, usize), Shelf>> = LazyLock::new(|| {
    let mut index: HashMap<_, Shelf> = HashMap::new();
    for route in ROUTES {
        let parts: Vec<_> = route.pattern.split('/').map(Part::parse).collect();
        index.entry((route.method, parts.len())).or_default().push((parts, route));
    }
    index
});

/// The declaration of the route at this address below [`ROOT`]; `path` is decoded as the router decodes it.
#[must_use]
pub fn find(method: &str, path: &str) -> Option<&'static Route> {
    let parts = path.split('/').count();
    let shelf = INDEX.get(&(method, parts))?;
    let fits = |pattern: &[Part]| pattern.iter().zip(path.split('/')).all(|(part, text)| part.fits(text));
    shelf.iter().find(|(pattern, _)| fits(pattern)).map(|(_, route)| *route)
}

/// The methods that are declared at this address.
#[must_use]
pub fn methods(path: &str) -> Vec<&'static str> {
    ["GET", "POST", "PUT", "PATCH", "DELETE"].into_iter().filter(|method| find(method, path).is_some()).collect()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::identity::{CameBy, Identity};
    use super::super::machine::{Kind, Machine};
    use super::*;

    #[test]
    fn an_address_is_found_by_its_method_and_parts() {
        let pattern = |method, path| find(method, path).map(|route| route.pattern);
        assert_eq!(pattern("GET", "/shows/1/seats"), Some("/shows/{show_id}/seats"));
        assert_eq!(pattern("GET", "/tickets/1.pdf"), Some("/tickets/{id}.pdf"));
        assert_eq!(pattern("GET", "/tickets/.pdf"), None);
        assert_eq!(pattern("GET", "/shows//seats"), None);
        assert_eq!(pattern("GET", "/shows/1/seats/"), None);
        assert_eq!(pattern("TRACE", "/shows"), None);
        assert_eq!(methods("/shows"), ["GET"]);
    }

    /// Then it does not matter in which order the router and the table look.
    #[test]
    fn no_address_fits_two_declarations() {
        for (at, one) in ROUTES.iter().enumerate() {
            for other in &ROUTES[..at] {
                let (a, b): (Vec<_>, Vec<_>) = (one.pattern.split('/').collect(), other.pattern.split('/').collect());
                let meet = |(a, b): (&&'static str, &&'static str)| match (Part::parse(a), Part::parse(b)) {
                    (Part::Word(a), Part::Word(b)) => a == b,
                    (Part::Word(word), parameter) | (parameter, Part::Word(word)) => parameter.fits(word),
                    (Part::Parameter { after: a }, Part::Parameter { after: b }) => a.ends_with(b) || b.ends_with(a),
                };
                let both = one.method == other.method && a.len() == b.len() && a.iter().zip(&b).all(meet);
                assert!(!both, "{} {} and {}", one.method, one.pattern, other.pattern);
            }
        }
    }

    #[test]
    fn nobody_comes_further_than_their_need() {
        let house = Uuid::from_u128(1);
        let person = |is_admin, memberships| {
            let came_by = CameBy::Token(Uuid::nil());
            let user = Uuid::nil();
            Principal::Person(Identity { user, came_by, lacks_factor: false, is_admin, memberships, address: None })
        };
        let machine = |scopes: &[Scope]| {
            let scopes = scopes.to_vec();
            Principal::Machine(Machine { id: Uuid::nil(), kind: Kind::Key, organizer: house, show: None, scopes })
        };
        let (stranger, customer, seller) = (None, person(false, vec![]), person(false, vec![(house, Role::BoxOffice)]));
        let (admin, none, holds) = (person(true, vec![]), machine(&[]), machine(&[Scope::InventoryHold]));
        let says = |need, scopes, who: Option<&Principal>| {
            Route { scopes, ..Route::new("GET", "/", need) }.admit(who).err().map(|error| error.code())
        };
        let (no, forbidden, unknown) = (None, Some(Code::Forbidden), Some(Code::Unauthenticated));
        // Public, signed in, scanner, organizer, administrator, machine; then a route of everybody's and one of staff with a scope.
        let rows = [
            (stranger, [no, unknown, unknown, unknown, unknown, unknown, no, unknown]),
            (Some(&customer), [no, no, forbidden, forbidden, forbidden, forbidden, no, forbidden]),
            (Some(&seller), [no, no, no, forbidden, forbidden, forbidden, no, no]),
            (Some(&admin), [no, no, no, no, no, forbidden, no, no]),
            (Some(&none), [no, forbidden, forbidden, forbidden, forbidden, no, forbidden, forbidden]),
            (Some(&holds), [no, forbidden, forbidden, forbidden, forbidden, no, no, no]),
        ];
        let scoped: &[Scope] = &[Scope::InventoryHold];
        let columns = [
            (Need::Public, &[] as &[Scope]),
            (Need::SignedIn, &[]),
            (Need::Staff(Role::Scanner), &[]),
            (Need::Staff(Role::Organizer), &[]),
            (Need::Admin, &[]),
            (Need::Machine, &[]),
            (Need::Public, scoped),
            (Need::Staff(Role::Scanner), scoped),
        ];
        for (who, expected) in rows {
            for ((need, scopes), expected) in columns.into_iter().zip(expected) {
                assert_eq!(says(need, scopes, who), expected, "{need:?} {scopes:?} {who:?}");
            }
        }
    }
}
