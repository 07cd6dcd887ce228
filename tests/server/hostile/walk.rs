//! Over every operation that takes a body or changes something: fields that nobody offered, and requests that another site made.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::document::{Api, cookies};
use crate::harness::{send, spawn_with};
use aisle::platform::config::AbuseLimits;

/// What a caller might like to decide for themselves.
const WISHES: [(&str, Value); 6] = [
    ("is_admin", Value::Bool(true)),
    ("role", Value::Null),
    ("id", Value::Null),
    ("state", Value::Null),
    ("total", Value::Null),
    ("__proto__", Value::Null),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_nobody_offered_is_refused_by_every_route() {
    let server = spawn_with(|config| config.abuse_limits = AbuseLimits::Observe).await;
    let api = Api::of(&server).await;
    let mut named = 0;
    for operation in api.operations() {
        let Some(schema) = &operation.body else { continue };
        // A provider's own news has whatever fields it has; only its signature counts. A plan is a document by others' format.
        if operation.pattern.contains("/webhooks/") || operation.pattern.ends_with("/admin/plans") {
            continue;
        }
        let body = api.sample(schema, "");
        for (field, wish) in WISHES {
            if schema_has(&body, field) || api.texts(schema).contains(&format!("/{field}")) {
                continue;
            }
            let mut wished = body.clone();
            wished[field] = if wish.is_null() { json!("admin") } else { wish };
            let request = server.request(operation.method.clone(), &operation.path).bearer_auth(&server.admin);
            let answer = send(request.json(&wished)).await;
            assert!(
                answer.status.is_client_error(),
                "{} {} took {field}: {}",
                operation.method,
                operation.pattern,
                answer.text
            );
            // An administrator's token is not every route's key; but what is refused for another reason proves nothing.
            if answer.status == StatusCode::UNPROCESSABLE_ENTITY {
                assert!(
                    answer.text.contains(field) || answer.text.contains("unknown"),
                    "{} {field}: {}",
                    operation.pattern,
                    answer.text
                );
                named += 1;
            }
        }
    }
    assert!(named > 60, "only {named} refusals were about the field");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_site_cannot_use_a_visitors_cookie() {
    let server = spawn_with(|config| config.abuse_limits = AbuseLimits::Observe).await;
    let api = Api::of(&server).await;
    let cookie = cookies(&server).await;
    let mut refused = 0;
    for operation in api.operations() {
        if !operation.needs_session || operation.method == Method::GET {
            continue;
        }
        let body = operation.body.as_ref().map(|schema| api.sample(schema, ""));
        let from = |headers: &[(&str, &str)]| {
            let mut request = server.request(operation.method.clone(), &operation.path).header("cookie", &cookie);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            if let Some(body) = &body { request.json(body) } else { request }
        };
        // A form of another site brings the cookie and nothing more; a script of it may not bring our header along.
        for headers in [&[][..], &[("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")]] {
            let answer = send(from(headers)).await;
            assert!(
                matches!(answer.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN),
                "{} {} {headers:?}: {} {}",
                operation.method,
                operation.pattern,
                answer.status,
                answer.text
            );
            refused += 1;
        }
    }
    assert!(refused > 40, "only {refused} requests were tried");
    // The cookie itself is good: it was the other site that was refused.
    send(server.request(Method::GET, "/me").header("cookie", &cookie)).await.expect(200);
}

fn schema_has(body: &Value, field: &str) -> bool {
    body.get(field).is_some()
}
