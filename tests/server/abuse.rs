//! What one client alone, and many together, cannot do to the others.

mod callers;
mod challenges;
mod hoarders;

use aisle::platform::config::Config;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::accounts::{PASSWORD, cookies, somebody};
use crate::harness::{Answer, Server, send, spawn_with};

const EMAIL: &str = "ada@example.org";

/// A server that believes who says where they come from.
async fn spawn() -> Server {
    believing(|_| {}).await
}

/// The same, with another configuration.
async fn believing(change: impl FnOnce(&mut Config)) -> Server {
    spawn_with(|config| {
        config.trusted_proxies = "127.0.0.1".parse().unwrap();
        change(config);
    })
    .await
}

/// How long a refusal says to wait.
#[track_caller]
fn wait(answer: &Answer) -> u64 {
    answer.headers["retry-after"].to_str().unwrap().parse().unwrap()
}

fn from(request: RequestBuilder, address: &str) -> RequestBuilder {
    request.header("x-forwarded-for", address)
}

async fn login(server: &Server, address: &str, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password});
    send(from(server.request(Method::POST, "/auth/login"), address).json(&body)).await
}

/// The security events of this action.
async fn noted(server: &Server, action: &str) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM audit_log WHERE action = $1")
        .bind(action)
        .fetch_one(&server.db)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn however_many_guess_at_an_account_its_owner_gets_in() {
    let server = spawn().await;
    somebody(&server, EMAIL).await;
    // Ten seconds of twenty wrong ones a second, from as many addresses, at once.
    let wrong = (0..200).map(|n| {
        let server = &server;
        async move { login(server, &format!("198.51.100.{n}"), EMAIL, "open sesame, please").await }
    });
    for answer in futures_util::future::join_all(wrong).await {
        answer.refused(401, "unauthenticated");
    }
    login(&server, "203.0.113.9", EMAIL, PASSWORD).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_guesses_from_one_address_is_told_to_wait_and_the_owners_browser_there_is_not() {
    let server = spawn().await;
    somebody(&server, EMAIL).await;
    let known = login(&server, "192.0.2.1", EMAIL, PASSWORD).await;
    let device = cookies(&known).into_iter().find(|cookie| cookie.starts_with("aisle_device=")).unwrap();
    let device = device.split(';').next().unwrap().to_owned();
    let mut refused = None;
    for _ in 0..30 {
        let answer = login(&server, "192.0.2.1", EMAIL, "open sesame, please").await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
        answer.refused(401, "unauthenticated");
    }
    let refused = refused.expect("nobody was told to wait");
    let wait: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=45).contains(&wait), "{wait}");
    refused.refused(429, "too_many_requests");
    // The right password is refused there too, so that nothing is learnt; and an address without an account the same way.
    login(&server, "192.0.2.1", EMAIL, PASSWORD).await.refused(429, "too_many_requests");
    assert_eq!(noted(&server, "sign_in.limited").await, 1);
    login(&server, "192.0.2.2", EMAIL, PASSWORD).await.expect(200);
    let by_device = |cookie: &str| {
        let body = json!({"email": EMAIL, "password": PASSWORD});
        let request = from(server.request(Method::POST, "/auth/login"), "192.0.2.1").header("cookie", cookie);
        send(request.json(&body))
    };
    by_device(&device).await.expect(200);
    // Proofs that were made up, or made for somebody else, prove nothing.
    by_device("aisle_device=made.up.entirely").await.refused(429, "too_many_requests");
    somebody(&server, "bob@example.org").await;
    let bobs = login(&server, "192.0.2.3", "bob@example.org", PASSWORD).await;
    let bobs = cookies(&bobs).into_iter().find(|cookie| cookie.starts_with("aisle_device=")).unwrap();
    by_device(bobs.split(';').next().unwrap()).await.refused(429, "too_many_requests");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_address_is_refused_after_as_many_tries_as_a_known_one() {
    let server = spawn().await;
    somebody(&server, EMAIL).await;
    for (email, address) in [(EMAIL, "192.0.2.1"), ("nobody@example.org", "192.0.2.2")] {
        let mut statuses = Vec::new();
        for _ in 0..22 {
            statuses.push(login(&server, address, email, "open sesame, please").await.status.as_u16());
        }
        let tried = statuses.iter().filter(|status| **status == 401).count();
        assert!((20..22).contains(&tried), "{email}: {statuses:?}");
        assert_eq!(statuses[..tried], vec![401; tried], "{email}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_is_not_flooded_and_who_asks_is_told_nothing_of_it() {
    let server = spawn().await;
    let ask = async |email: &str| server.post("/auth/forgot-password", &json!({"email": email})).await.status.as_u16();
    for _ in 0..30 {
        assert_eq!(ask(EMAIL).await, 202);
    }
    assert_eq!(ask("bob@example.org").await, 202);
    let asked: Vec<(String, i64)> =
        sqlx::query_as("SELECT email, count(*) FROM mail_link GROUP BY email ORDER BY email")
            .fetch_all(&server.db)
            .await
            .unwrap();
    let (ada, bob) = (&asked[0], &asked[1]);
    assert!(ada.0 == EMAIL && (10..13).contains(&ada.1), "{asked:?}");
    assert_eq!(bob.1, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_route_has_its_own_measure_for_each_address() {
    let server = spawn_with(|config| {
        config.trusted_proxies = "127.0.0.1".parse().unwrap();
        config.hold_requests_per_min_max = 2;
        config.read_requests_per_min_max = 3;
    })
    .await;
    let nowhere = uuid::Uuid::nil();
    let hold = async |address: &str| {
        let request = server.request(Method::POST, &format!("/shows/{nowhere}/holds"));
        send(from(request, address).json(&json!({"seats": ["A-1"]}))).await
    };
    let read = async |address: &str| send(from(server.request(Method::GET, "/productions"), address)).await;
    for _ in 0..2 {
        hold("2001:db8:1:2::7").await.refused(404, "not_found");
    }
    let refused = hold("2001:db8:1:2:ffff::8").await;
    assert!(refused.headers.contains_key("retry-after"));
    refused.refused(429, "too_many_requests");
    hold("2001:db8:1:3::7").await.refused(404, "not_found");
    for _ in 0..3 {
        read("2001:db8:1:2::7").await.expect(200);
    }
    read("2001:db8:1:2::7").await.refused(429, "too_many_requests");
    // Whoever comes without a proxy from this machine is not counted.
    for _ in 0..5 {
        server.get("/productions").await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_to_sign_in_is_counted_as_one_kind() {
    use aisle::accounts::needs::ROUTES;
    let server = spawn_with(|config| {
        config.trusted_proxies = "127.0.0.1".parse().unwrap();
        config.account_requests_per_min_max = 3;
    })
    .await;
    let ask = async |method: Method, path: &str, address: &str| {
        let request = from(server.request(method.clone(), path), address);
        send(if method == Method::GET { request } else { request.json(&json!({})) }).await
    };
    // The browser that comes back from another house comes by a GET.
    let callback = "/auth/oauth/club/callback?code=x&state=y";
    let exhausted = async |address: &str| {
        for _ in 0..3 {
            ask(Method::GET, callback, address).await.refused(404, "not_found");
        }
    };
    exhausted("198.51.100.1").await;
    let ways = ROUTES.iter().filter(|route| route.pattern.starts_with("/auth/") || route.pattern == "/setup");
    let ways: Vec<_> =
        ways.map(|way| (way.method, way.pattern.replace("{provider}", "club").replace("{id}", "1"))).collect();
    assert!(ways.len() > 15, "{ways:?}");
    for (method, path) in ways {
        let refused = ask(method.parse().unwrap(), &path, "198.51.100.1").await;
        assert!(refused.headers.contains_key("retry-after"), "{path}");
        refused.refused(429, "too_many_requests");
    }
    // Neither is anybody else, nor looking around, the worse for it.
    ask(Method::GET, callback, "198.51.100.2").await.refused(404, "not_found");
    ask(Method::GET, "/productions", "198.51.100.1").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_limits_are_only_observed_nobody_is_refused() {
    let server = spawn_with(|config| {
        config.trusted_proxies = "127.0.0.1".parse().unwrap();
        config.abuse_limits = aisle::platform::config::AbuseLimits::Observe;
        config.read_requests_per_min_max = 1;
    })
    .await;
    for _ in 0..3 {
        let answer: Value = send(from(server.request(Method::GET, "/productions"), "192.0.2.1")).await.expect(200);
        assert!(answer["items"].is_array());
    }
}

/// Waits until there are so many security events of this action: they are written while the answer is on its way.
async fn until_noted(server: &Server, action: &str, count: i64) {
    let waiting = async {
        while noted(server, action).await < count {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), waiting).await.expect("it is recorded");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_flood_of_wrong_passwords_the_log_keeps_one_line_for_each_address_and_account() {
    let server = spawn().await;
    let ada = somebody(&server, EMAIL).await;
    let mut connection = server.db.acquire().await.unwrap();
    let new = aisle::accounts::NewUser {
        name: "No password".to_owned(),
        email: "eve@example.org".to_owned(),
        password_hash: None,
        is_admin: false,
    };
    let eve = aisle::accounts::insert_user(&mut connection, &new).await.unwrap();
    drop(connection);
    let wrong = async |address: &str, email: &str| {
        login(&server, address, email, "open sesame, please").await.refused(401, "unauthenticated");
    };
    for _ in 0..5 {
        wrong("192.0.2.1", EMAIL).await;
    }
    wrong("192.0.2.1", " ADA@example.org").await;
    wrong("192.0.2.1", "nobody@example.org").await;
    wrong("192.0.2.1", "eve@example.org").await;
    login(&server, "192.0.2.3", EMAIL, PASSWORD).await.expect(200);
    wrong("192.0.2.2", EMAIL).await;
    until_noted(&server, "sign_in.refused", 3).await;
    let lines: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT l.object_id, p.address, l.severity FROM audit_log l JOIN audit_person p ON p.number = l.number
         WHERE l.action = 'sign_in.refused' AND l.actor_kind = 'stranger' AND p.email IS NULL ORDER BY 1, 2",
    )
    .fetch_all(&server.db)
    .await
    .unwrap();
    let line = |user: uuid::Uuid, address: &str| (user.to_string(), address.to_owned(), "warning".to_owned());
    let mut expected = vec![line(ada, "192.0.2.1"), line(ada, "192.0.2.2"), line(eve, "192.0.2.1")];
    expected.sort();
    assert_eq!(lines, expected);
    // Whose account it was may have it forgotten: perhaps it was they who mistyped.
    let body = login(&server, "192.0.2.3", EMAIL, PASSWORD).await.expect(200);
    let leave = server.request(Method::DELETE, "/me").bearer_auth(body["access_token"].as_str().unwrap());
    send(leave.json(&json!({"password": PASSWORD}))).await.expect(200);
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM audit_person WHERE address = '192.0.2.2'")
        .fetch_one(&server.db)
        .await
        .unwrap();
    assert_eq!((left, noted(&server, "sign_in.refused").await), (0, 3));
}
