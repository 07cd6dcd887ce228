//! The OpenAPI document: what the routes say of themselves, with what they all share added.

use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, InfoBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder};

/// Adds the title, the ways to prove who one is, and the problem answer that every operation can give.
pub fn finish(document: &mut OpenApi) {
    document.info = InfoBuilder::new()
        .title("Aisle")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Seat inventory and ticketing. Errors are RFC 9457 problems with a stable `code`; every mutating call takes an \
             `Idempotency-Key`.",
        ))
        .build();
    let components = document.components.get_or_insert_default();
    let schemes = [
        ("bearer", SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build())),
        ("session", SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new("aisle_session")))),
        ("hold_token", SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("Aisle-Hold-Token")))),
        ("order_token", SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("Aisle-Order-Token")))),
    ];
    for (name, scheme) in schemes {
        components.security_schemes.insert(name.to_owned(), RefOr::T(scheme));
    }
    components.schemas.insert("Problem".to_owned(), <super::Problem as utoipa::PartialSchema>::schema());
    components.schemas.insert("FieldProblem".to_owned(), <super::FieldProblem as utoipa::PartialSchema>::schema());
    components.schemas.insert("Code".to_owned(), <super::Code as utoipa::PartialSchema>::schema());
    for item in document.paths.paths.values_mut() {
        let operations = [
            &mut item.get,
            &mut item.put,
            &mut item.post,
            &mut item.delete,
            &mut item.patch,
            &mut item.head,
            &mut item.options,
        ];
        for operation in operations.into_iter().flatten() {
            operation.responses.responses.entry("default".to_owned()).or_insert_with(|| RefOr::T(problem()));
        }
    }
}

fn problem() -> Response {
    ResponseBuilder::new()
        .description("A problem: see `code`")
        .content(
            "application/problem+json",
            ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build(),
        )
        .build()
}
