//! What every answer tells a browser to keep to, and which other sites' pages may read the API.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{send, spawn, spawn_with};

const ADDRESSES: [&str; 9] = [
    "/healthz",
    "/metrics",
    "/api/openapi.json",
    "/api/docs/",
    "/api/v1/site",
    "/api/v1/shows",
    "/api/v1/nowhere",
    "/api/v1/me",
    "/sandbox/checkout/00000000-0000-0000-0000-000000000007",
];

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_says_what_a_browser_may_do_with_it() {
    let server = spawn().await;
    for path in ADDRESSES {
        let headers = server.get(path).await.headers;
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert!(!policy.contains("script-src 'unsafe") && !policy.contains("unsafe-eval"), "{path}: {policy}");
        assert!(path == "/api/docs/" || !policy.contains("unsafe"), "{path}: {policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(headers[name], value, "{path}");
        }
        assert!(headers["permissions-policy"].to_str().unwrap().contains("geolocation=()"), "{path}");
        assert!(!headers.contains_key("strict-transport-security"), "{path}");
        assert!(!headers.contains_key("server") && !headers.contains_key("x-powered-by"), "{path}");
        assert!(!headers.contains_key("access-control-allow-origin"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_trusted_proxy_makes_a_request_one_by_https() {
    let trusting = spawn_with(|config| config.trusted_proxies = "127.0.0.0/8".parse().unwrap()).await;
    let cautious = spawn().await;
    for (server, believed) in [(&trusting, true), (&cautious, false)] {
        let answer = send(server.request(Method::GET, "/site").header("x-forwarded-proto", "https")).await;
        assert_eq!(answer.headers.contains_key("strict-transport-security"), believed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_sites_page_reads_the_api_only_by_configuration_and_never_with_our_cookies() {
    let named = spawn_with(|config| config.cors_origins.0 = vec!["https://shop.example.org".to_owned()]).await;
    let everybody = spawn_with(|config| config.cors_origins.0 = vec!["*".to_owned()]).await;
    let nobody = spawn().await;
    let asked = async |server: &crate::harness::Server, origin: &str| {
        let preflight = server.request(Method::OPTIONS, "/orders").header("origin", origin);
        let preflight = preflight.header("access-control-request-method", "POST");
        let preflight = send(preflight.header("access-control-request-headers", "content-type,idempotency-key")).await;
        let real = send(server.request(Method::GET, "/site").header("origin", origin)).await;
        assert_eq!(real.status, 200, "what a browser does with the answer is the browser's business");
        for headers in [&preflight.headers, &real.headers] {
            assert!(!headers.contains_key("access-control-allow-credentials"), "{headers:?}");
        }
        let told = |headers: &reqwest::header::HeaderMap| {
            headers.get("access-control-allow-origin").map(|value| value.to_str().unwrap().to_owned())
        };
        assert_eq!(preflight.status.is_success() && told(&preflight.headers).is_some(), told(&real.headers).is_some());
        told(&real.headers)
    };
    assert_eq!(asked(&named, "https://shop.example.org").await.as_deref(), Some("https://shop.example.org"));
    for stranger in ["https://evil.example", "https://shop.example.org.evil.example", "http://shop.example.org", "null"]
    {
        assert_eq!(asked(&named, stranger).await, None, "{stranger}");
        assert_eq!(asked(&nobody, stranger).await, None, "{stranger}");
        assert_eq!(asked(&everybody, stranger).await.as_deref(), Some("*"), "{stranger}");
    }
    // Our own pages send their origin with what they change, and are not another site.
    let own = named.request(Method::POST, "/quotes").header("origin", named.url.clone()).json(&json!({}));
    assert_eq!(send(own).await.body["code"], Value::from("validation_failed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_made_to_be_framed_is_framed_and_only_by_whom_the_house_names() {
    let server =
        spawn_with(|config| config.embed_allowed_origins.0 = vec!["https://shop.example.org".to_owned()]).await;
    let read = async |path: &str| {
        let answer = server.http.get(format!("{}{path}", server.url)).send().await.unwrap();
        let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
        (policy, answer.headers().contains_key("x-frame-options"))
    };
    let (policy, denied) = read("/embed/shows/1").await;
    assert!(policy.contains("frame-ancestors https://shop.example.org") && !denied, "{policy}");
    for path in ["/", "/shows/1", "/embedded", "/admin", "/api/v1/site"] {
        let (policy, denied) = read(path).await;
        assert!(policy.contains("frame-ancestors 'none'") && denied, "{path}: {policy}");
    }
}
