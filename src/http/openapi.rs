//! The OpenAPI document: what the routes say of themselves, with what they all share added.

use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, InfoBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder, Schema};

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
    let challenge = <super::challenge::ChallengeJson as utoipa::PartialSchema>::schema();
    components.schemas.insert("ChallengeJson".to_owned(), challenge);
    let provider = <crate::platform::config::ChallengeProvider as utoipa::PartialSchema>::schema();
    components.schemas.insert("ChallengeProvider".to_owned(), provider);
    name_operations(document);
    open_what_is_extended(document);
}

/// A name for each operation that no other has, made of its method and path, and the problem answer that it can always give.
fn name_operations(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        let tail = path.trim_start_matches("/api/v1/").replace(['{', '}'], "").replace(['/', '-', '.'], "_");
        let operations = [
            ("get", &mut item.get),
            ("put", &mut item.put),
            ("post", &mut item.post),
            ("delete", &mut item.delete),
            ("patch", &mut item.patch),
            ("head", &mut item.head),
            ("options", &mut item.options),
        ];
        for (method, operation) in operations {
            if let Some(operation) = operation {
                operation.operation_id = Some(format!("{method}_{tail}"));
                operation.responses.responses.entry("default".to_owned()).or_insert_with(|| RefOr::T(problem()));
            }
        }
    }
}

/// What a request may say is closed to unknown fields; an answer that has those fields and its own beside them would
/// contradict itself by naming the closed schema as a part.
fn open_what_is_extended(document: &mut OpenApi) {
    let Some(components) = &mut document.components else { return };
    let mut parts = Vec::new();
    for schema in components.schemas.values() {
        if let RefOr::T(Schema::AllOf(all)) = schema {
            parts.extend(all.items.iter().filter_map(|item| match item {
                RefOr::Ref(part) => part.ref_location.rsplit('/').next().map(str::to_owned),
                RefOr::T(_) => None,
            }));
        }
    }
    for part in parts {
        if let Some(RefOr::T(Schema::Object(object))) = components.schemas.get_mut(&part) {
            object.additional_properties = None;
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
