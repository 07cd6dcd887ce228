//! The table, told to people: in the OpenAPI document, and as the role matrix of `docs/ROLES.md`.

use std::fmt::Write as _;

use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{OpenApi, RefOr};

use super::super::identity::Role;
use super::{Need, Proof, ROOT, ROUTES, Route};

impl Need {
    /// One word for machines that read the OpenAPI document.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Proof(..) => "proof",
            Self::SignedIn => "signed_in",
            Self::Staff(role) => role.name(),
            Self::Admin => "admin",
            Self::Machine => "machine",
        }
    }

    /// One sentence for people.
    #[must_use]
    pub fn sentence(self) -> String {
        match self {
            Self::Public => "Anybody.".to_owned(),
            Self::Proof(proof, None) => format!("Whoever shows {}.", proof.words()),
            Self::Proof(proof, Some(role)) => {
                format!("Whoever shows {}, and the role {} in its house.", proof.words(), role.name())
            }
            Self::SignedIn => "Whoever has signed in, for what is theirs.".to_owned(),
            Self::Staff(role) => format!("The role {} in the house that it belongs to.", role.name()),
            Self::Admin => "Administrators.".to_owned(),
            Self::Machine => "Keys and devices only.".to_owned(),
        }
    }
}

/// Tells each operation of the document what it needs: `x-aisle-need`, `security`, and a line of its description.
pub fn describe(document: &mut OpenApi) {
    let machine = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
    let machine =
        machine.description(Some("An API key (`aislek_…`) or a device token (`aisled_…`) with one of the scopes"));
    let components = document.components.get_or_insert_default();
    components.security_schemes.insert("machine".to_owned(), RefOr::T(SecurityScheme::Http(machine.build())));
    for route in ROUTES {
        let Some(item) = document.paths.paths.get_mut(&format!("{ROOT}{}", route.pattern)) else { continue };
        let operation = match route.method {
            "GET" => &mut item.get,
            "POST" => &mut item.post,
            "PUT" => &mut item.put,
            "PATCH" => &mut item.patch,
            _ => &mut item.delete,
        };
        if let Some(operation) = operation {
            tell(route, operation);
        }
    }
}

fn tell(route: &Route, operation: &mut Operation) {
    let scopes: Vec<_> = route.scopes.iter().map(|scope| scope.word()).collect();
    let mut told = format!("Who may: {}", route.need.sentence());
    if !scopes.is_empty() {
        let _ = write!(told, " A machine with the scope {}.", scopes.join(" or "));
    }
    operation.description = Some(match operation.description.take() {
        Some(text) => format!("{text}\n\n{told}"),
        None => told,
    });
    // One only: several would be written in another order each time.
    operation.extensions = Some(ExtensionsBuilder::new().add("x-aisle-need", route.need.word()).build());
    let none = || SecurityRequirement::default();
    let plain = |name: &str| SecurityRequirement::new(name, Vec::<String>::new());
    let people = || vec![plain("session"), plain("bearer")];
    let proof = |proof| match proof {
        Proof::HoldToken => plain("hold_token"),
        Proof::OrderToken => plain("order_token"),
        Proof::TicketLink => plain("order_token"),
        Proof::Signature | Proof::Link => none(),
    };
    let mut security = match route.need {
        Need::Public => vec![none()],
        Need::Proof(Proof::TicketLink, _) => [vec![none(), proof(Proof::TicketLink)], people()].concat(),
        Need::Proof(what, None) => vec![proof(what)],
        Need::Proof(what, Some(_)) => [vec![proof(what)], people()].concat(),
        Need::SignedIn | Need::Staff(_) | Need::Admin => people(),
        Need::Machine if scopes.is_empty() => vec![plain("machine")],
        Need::Machine => vec![],
    };
    security.extend(scopes.iter().map(|scope| SecurityRequirement::new("machine", [*scope])));
    let only_nobody = security.len() == 1 && security[0] == none();
    operation.security = (!only_nobody).then_some(security);
}

/// The role matrix, in Markdown.
#[must_use]
pub fn matrix() -> String {
    let mut text = String::from(
        "| route | stranger | customer | scanner | box office | organizer | admin | machine |\n|---|---|---|---|---|---|---|---|\n",
    );
    for route in ROUTES {
        let _ = write!(text, "| {} {} |", route.method, route.pattern);
        for person in
            [None, Some(None), Some(Some(Role::Scanner)), Some(Some(Role::BoxOffice)), Some(Some(Role::Organizer))]
        {
            let _ = write!(text, " {} |", of_person(route.need, person));
        }
        let admin = match route.need {
            Need::Machine => "",
            Need::Proof(_, None) => "proof",
            Need::Public | Need::Proof(_, Some(_)) | Need::SignedIn | Need::Staff(_) | Need::Admin => "●",
        };
        let scopes: Vec<_> = route.scopes.iter().map(|scope| scope.word()).collect();
        let machine = match route.need {
            _ if !scopes.is_empty() => scopes.join(", "),
            Need::Public | Need::Machine => "●".to_owned(),
            Need::Proof(..) => "proof".to_owned(),
            Need::SignedIn | Need::Staff(_) | Need::Admin => String::new(),
        };
        let _ = writeln!(text, " {admin} | {machine} |");
    }
    text
}

/// What a person may who is nobody, nobody's staff, or has a role in one house.
fn of_person(need: Need, person: Option<Option<Role>>) -> &'static str {
    let has = |wanted: Role| person.flatten().is_some_and(|role| role >= wanted);
    match need {
        Need::Public => "●",
        Need::Proof(_, Some(role)) if has(role) => "house",
        Need::Proof(..) => "proof",
        Need::SignedIn if person.is_some() => "●",
        Need::Staff(role) if has(role) => "house",
        Need::SignedIn | Need::Staff(_) | Need::Admin | Need::Machine => "",
    }
}
