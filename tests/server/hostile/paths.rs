//! Addresses that try to lead somewhere else, and hosts that are not ours.

use reqwest::Method;
use serde_json::json;

use super::wire::get;
use crate::harness::{send, spawn, spawn_with};
use crate::house::{hall, on_sale};

#[tokio::test(flavor = "multi_thread")]
async fn no_way_of_writing_a_path_leads_out_of_the_website_or_around_a_door() {
    let server = spawn().await;
    let outside = [
        "/../../../../etc/passwd",
        "/assets/../../Cargo.toml",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/assets/..%2f..%2f..%2fetc%2fpasswd",
        "/assets/..%5c..%5cetc%5cpasswd",
        "/assets/%252e%252e/secret.key",
        "/..%00/secret.key",
        "/secret.key%00.svg",
        "/%c0%ae%c0%ae/%c0%ae%c0%ae/etc/passwd",
        "/%ff%fe",
        "/api/docs/../../secret.key",
        "/api/docs/%2e%2e%2f%2e%2e%2fsecret.key",
        "/./././secret.key",
        "//evil.example/%2e%2e",
        "/\\evil.example",
        "/%",
        "/%zz",
    ];
    for target in outside {
        let said = get(&server, target, "a").await;
        let status: u16 = said.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        assert!(matches!(status, 200 | 400 | 404), "{target}: {said}");
        for leak in ["root:", "[workspace]", "YWlzbGU"] {
            assert!(!said.contains(leak), "{target}: {said}");
        }
        assert!(!said.to_lowercase().contains("\nlocation:"), "{target}: {said}");
    }
    // A guarded address stays guarded however it is written.
    for target in [
        "/api/v1/admin/organizers",
        "/api/v1//admin/organizers",
        "/api/v1/admin//organizers",
        "/api/v1/./admin/organizers",
        "/api/v1/shows/../admin/organizers",
        "/api/v1/%61dmin/organizers",
        "/api/v1/admin/organizers/",
        "/api/v1/admin/organizers%00",
        "/API/V1/admin/organizers",
        "//api/v1/admin/organizers",
        "http://a/api/v1/admin/organizers",
    ] {
        let said = get(&server, target, "a").await;
        let refused = ["400", "401", "404"].iter().any(|status| said.starts_with(&format!("HTTP/1.1 {status} ")));
        // What is no address of the API is the website's business, and that has no organisers.
        assert!(refused || !said.contains("\"items\""), "{target}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_not_ours_comes_back_nowhere() {
    let server = spawn_with(|config| config.public_url = Some("http://tickets.example.org".to_owned())).await;
    for target in ["/api/docs", "/api/v1/site", "/", "/nowhere.txt", "http://evil.example/api/docs"] {
        for host in ["evil.example", "evil.example:80", "evil.example/x", "tickets.example.org@evil.example"] {
            let said = get(&server, target, host).await;
            assert!(!said.contains("evil.example"), "{target} of {host}: {said}");
        }
    }
    // Two hosts, or none, are one too many or few to say whose answer it is: it must not matter.
    let said = super::wire::say(
        &server,
        b"GET /api/docs HTTP/1.1\r\nHost: a\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert!(!said.contains("evil.example"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn links_in_mails_and_to_the_till_are_never_made_of_the_requests_host() {
    let server = spawn_with(|config| config.public_url = Some("http://tickets.example.org".to_owned())).await;
    let show = on_sale(&server, &hall(2, 4, 0)).await;
    let lies = |request: reqwest::RequestBuilder| {
        request
            .header("host", "evil.example")
            .header("x-forwarded-host", "evil.example")
            .header("forwarded", "host=evil.example;proto=https")
            .header("x-forwarded-proto", "https")
            .header("referer", "http://evil.example/")
            .header("x-original-url", "/admin/organizers")
    };
    let held = send(
        lies(server.request(Method::POST, &format!("/shows/{show}/holds"))).json(&json!({"seats": ["r2-1", "r2-2"]})),
    );
    let hold = held.await.expect(201)["hold"].clone();
    let order = json!({"holds": [{"show_id": show, "hold_id": hold["id"], "token": hold["token"]}],
        "customer": {"name": "Ada Example", "email": "ada@example.org"}});
    let made = send(lies(server.request(Method::POST, "/orders")).json(&order)).await;
    assert!(!made.text.contains("evil.example"), "{}", made.text);
    assert_eq!(made.status, 201, "{}", made.text);
    let path = made.body["payment"]["checkout_url"].as_str().expect("the till's address").to_owned();
    assert!(path.starts_with("/sandbox/checkout/"), "{path}");
    let paid = send(lies(server.request(Method::POST, &path)).form(&[("outcome", "succeed")])).await;
    assert_eq!(paid.status, 303, "{}", paid.text);
    assert!(!format!("{:?}", paid.headers).contains("evil.example"), "{:?}", paid.headers);
    let mail = crate::process::until("the mail is there", async || {
        let rows = sqlx::query_scalar::<_, String>("SELECT text_body || html_body FROM mail");
        let rows = rows.fetch_all(&server.db).await.unwrap().join("\n");
        rows.contains("http://tickets.example.org/").then_some(rows)
    })
    .await;
    assert!(!mail.contains("evil.example"), "{mail}");
}
