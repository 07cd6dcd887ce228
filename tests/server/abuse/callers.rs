//! Accounts and keys have measures of their own.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{believing, from, login, noted, wait};
use crate::accounts::{PASSWORD, somebody, text};
use crate::harness::{Answer, Server, send};
use crate::house::{hall, on_sale};

/// An API key of the house of this show.
pub async fn key(server: &Server, show: Uuid) -> String {
    let organizer: Uuid = sqlx::query_scalar("SELECT organizer_id FROM show WHERE id = $1")
        .bind(show)
        .fetch_one(&server.db)
        .await
        .unwrap();
    let wish =
        json!({"organizer_id": organizer, "name": "The town's shop", "scopes": ["inventory:read", "inventory:hold"]});
    text(&server.admin(Method::POST, "/admin/api-keys", &wish).await.expect(201), "key")
}

/// Somebody new who has signed in, by their token.
pub async fn signed_in(server: &Server, address: &str, email: &str) -> String {
    somebody(server, email).await;
    text(&login(server, address, email, PASSWORD).await.expect(200), "access_token")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_counted_wherever_it_asks_from() {
    let server = believing(|config| config.person_requests_per_min_max = 3).await;
    let (ada, bob) = (
        signed_in(&server, "192.0.2.1", "ada@example.org").await,
        signed_in(&server, "192.0.2.1", "bob@example.org").await,
    );
    let me =
        async |who: &str, address: &str| send(from(server.request(Method::GET, "/me"), address).bearer_auth(who)).await;
    for address in ["192.0.2.1", "192.0.2.2", "2001:db8::1"] {
        me(&ada, address).await.expect(200);
    }
    for _ in 0..2 {
        let refused = me(&ada, "192.0.2.4").await;
        assert!((1..=20).contains(&wait(&refused)), "{:?}", refused.headers);
        refused.refused(429, "too_many_requests");
    }
    me(&bob, "192.0.2.4").await.expect(200);
    // A page that asks nobody who they are counts nobody, and this machine is not counted at all.
    for _ in 0..4 {
        let request = from(server.request(Method::GET, "/productions"), "192.0.2.4").bearer_auth(&ada);
        send(request).await.expect(200);
        send(server.request(Method::GET, "/me").bearer_auth(&ada)).await.expect(200);
    }
    assert_eq!(noted(&server, "requests.limited").await, 1);
    assert!(server.get("/metrics").await.text.contains(r#"aisle_requests_limited_total{class="person"}"#));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_has_a_measure_of_its_own_whatever_its_address_has_spent() {
    let server = believing(|config| {
        config.hold_requests_per_min_max = 2;
        config.read_requests_per_min_max = 2;
        config.key_requests_per_min_max = 4;
    })
    .await;
    let show = on_sale(&server, &hall(2, 12, 0)).await;
    let (shop, other) = (key(&server, show).await, key(&server, show).await);
    let at = "192.0.2.1";
    let hold = async |key: Option<&str>, seat: u32| {
        let request = from(server.request(Method::POST, &format!("/shows/{show}/holds")), at);
        let request = key.iter().fold(request, |request, key| request.bearer_auth(key));
        send(request.json(&json!({"seats": [format!("r1-{seat}")]}))).await
    };
    for seat in [1, 2] {
        hold(None, seat).await.expect(201);
    }
    hold(None, 3).await.refused(429, "too_many_requests");
    // Strangers at its address have spent everything: the shop is not met by it.
    for seat in 3..=7 {
        hold(Some(&shop), seat).await.expect(201);
    }
    let refused = hold(Some(&shop), 8).await;
    assert!((1..=15).contains(&wait(&refused)));
    refused.refused(429, "too_many_requests");
    hold(Some(&other), 8).await.expect(201);
    // Its own measure counts it on public pages too, where nobody is asked who they are.
    let look = || send(from(server.request(Method::GET, &format!("/shows/{show}/seats")), at).bearer_auth(&shop));
    look().await.refused(429, "too_many_requests");
}

#[tokio::test(flavor = "multi_thread")]
async fn made_up_keys_come_past_no_measure() {
    let server = believing(|config| config.hold_requests_per_min_max = 2).await;
    let show = on_sale(&server, &hall(1, 12, 0)).await;
    let shop = key(&server, show).await;
    let hold = async |key: &str, seat: u32| -> Answer {
        let request = from(server.request(Method::POST, &format!("/shows/{show}/holds")), "192.0.2.1");
        send(request.bearer_auth(key).json(&json!({"seats": [format!("r1-{seat}")]}))).await
    };
    hold(&shop, 1).await.expect(201);
    let mut looked_up = 0;
    let refused = loop {
        let answer = hold(&format!("aislek_made_up_{looked_up}"), 2).await;
        if answer.status == 429 {
            break answer;
        }
        answer.refused(401, "unauthenticated");
        looked_up += 1;
        assert!(looked_up < 200, "nobody was told to wait");
    };
    assert!(wait(&refused) >= 1);
    // Who made them up keeps no true key out that was seen before.
    hold(&shop, 2).await.expect(201);
    // A revoked one is nobody's again.
    let id: Uuid = sqlx::query_scalar("SELECT id FROM machine").fetch_one(&server.db).await.unwrap();
    let revoked = server.admin(Method::DELETE, &format!("/admin/api-keys/{id}"), &Value::Null).await;
    assert!(revoked.status.is_success(), "{}", revoked.text);
    hold(&shop, 3).await.refused(401, "unauthenticated");
    hold(&shop, 3).await.refused(429, "too_many_requests");
}
