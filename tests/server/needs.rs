//! Who may come near which route: every route of the server is declared, and does as its declaration says.

use std::collections::BTreeSet;

use aisle::accounts::needs::{ROOT, ROUTES, matrix};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{send, spawn};

/// What the server itself says that it has.
fn operations() -> BTreeSet<String> {
    let document = serde_json::to_value(aisle::startup::openapi_document()).unwrap();
    let paths = document["paths"].as_object().unwrap().clone();
    let operations = paths.iter().flat_map(|(path, item)| {
        let methods = ["get", "post", "put", "patch", "delete", "head", "options", "trace"];
        let here = methods.into_iter().filter(|method| !item[method].is_null());
        here.map(move |method| format!("{} {path}", method.to_uppercase()))
    });
    operations.collect()
}

#[test]
fn every_route_is_declared_and_every_declaration_has_its_route() {
    let declared: BTreeSet<String> =
        ROUTES.iter().map(|route| format!("{} {ROOT}{}", route.method, route.pattern)).collect();
    assert_eq!(declared.len(), ROUTES.len(), "a route is declared twice");
    let there = operations();
    let undeclared: Vec<_> = there.difference(&declared).collect();
    let gone: Vec<_> = declared.difference(&there).collect();
    assert!(undeclared.is_empty(), "declare in src/accounts/needs/table.rs who may use: {undeclared:#?}");
    assert!(gone.is_empty(), "declared, but no route: {gone:#?}");
}

#[test]
fn every_route_and_every_id_has_a_line_in_the_walk_over_the_roles() {
    let (without, gone) = crate::roles::walk::without_line();
    assert!(without.is_empty(), "say in tests/server/roles/lines how these are asked (docs/TESTING.md): {without:#?}");
    assert!(gone.is_empty(), "lines of no route: {gone:#?}");
    let unnamed = crate::roles::ids::without_line();
    assert!(unnamed.is_empty(), "name these ids by a line in tests/server/roles/lines: {unnamed:#?}");
}

#[test]
fn every_operation_of_the_document_says_what_it_needs() {
    let document = serde_json::to_value(aisle::startup::openapi_document()).unwrap();
    for route in ROUTES {
        let operation = &document["paths"][format!("{ROOT}{}", route.pattern)][route.method.to_lowercase()];
        assert_eq!(operation["x-aisle-need"], route.need.word(), "{} {}", route.method, route.pattern);
        assert!(operation["description"].as_str().unwrap().contains("Who may: "), "{}", route.pattern);
    }
    assert_eq!(document["paths"]["/api/v1/me"]["get"]["security"], json!([{"session": []}, {"bearer": []}]));
}

/// `AISLE_TEST_WRITE=1 cargo nextest run the_role_matrix` writes it anew.
#[test]
fn the_role_matrix_of_the_documents_is_the_tables_own() {
    let (begin, end) = ("<!-- the matrix begins -->\n", "<!-- the matrix ends -->");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/ROLES.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (head, rest) = text.split_once(begin).unwrap();
    let (written, tail) = rest.split_once(end).unwrap();
    if std::env::var_os("AISLE_TEST_WRITE").is_some() {
        std::fs::write(path, format!("{head}{begin}{}{end}{tail}", matrix())).unwrap();
        return;
    }
    assert!(written == matrix(), "docs/ROLES.md is stale: AISLE_TEST_WRITE=1 cargo nextest run the_role_matrix");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_declared_does_not_exist() {
    let server = spawn().await;
    let ask = |method: Method, path: &str| send(server.request(method, path).bearer_auth(&server.admin));
    ask(Method::GET, "/nothing/here").await.refused(404, "not_found");
    ask(Method::PUT, "/shows").await.refused(405, "method_not_allowed");
    // However an address is written, it is the same address.
    send(server.request(Method::GET, "/%61dmin/shows")).await.refused(401, "unauthenticated");
    send(server.request(Method::GET, "/admin%2Fshows")).await.refused(404, "not_found");
    send(server.request(Method::GET, "//admin/shows")).await.refused(404, "not_found");
    send(server.request(Method::GET, "/admin/shows/")).await.refused(404, "not_found");
    server.admin(Method::GET, "/admin/shows", &Value::Null).await.expect(200);
}
