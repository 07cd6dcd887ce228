//! Coming into a house by an invitation.

use reqwest::Method;
use serde_json::{Value, json};

use super::{done, empty_house, meet, number_of, worker};
use crate::accounts::credentials::{mails, token};
use crate::accounts::{PASSWORD, login, somebody, text};
use crate::catalog::house::by;
use crate::harness::{Answer, Server, send, spawn};

/// A house, somebody who runs it, and the token of an invitation to this address.
async fn invited(server: &Server, email: &str, role: &str) -> (String, String, String) {
    let house = empty_house(server, "The Grand").await;
    let (_, runs) = worker(server, &house, "organizer", "ada@example.org").await;
    let link = invite(server, &house, &runs, email, role).await;
    (house, runs, link)
}

async fn invite(server: &Server, house: &str, runs: &str, email: &str, role: &str) -> String {
    let wish = json!({"email": email, "role": role});
    by(server, runs, Method::POST, &format!("/admin/organizers/{house}/members"), &wish).await.expect(201);
    let sent = mails(server).await;
    assert_eq!((sent.len(), &*sent[0].0), (1, email), "{sent:?}");
    token(&sent[0].2)
}

async fn look(server: &Server, link: &str) -> Answer {
    server.post("/auth/invitations/look", &json!({"token": link})).await
}

fn wish(link: &str) -> Value {
    json!({"token": link, "name": "New Person", "password": PASSWORD, "locale": "de"})
}

async fn accept(server: &Server, body: &Value) -> Answer {
    server.post("/auth/invitations/accept", body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_makes_an_account_by_the_link_and_works_at_once() {
    let server = spawn().await;
    let (house, _, link) = invited(&server, "New@example.org", "box_office").await;
    let shown = look(&server, &link).await.expect(200);
    assert_eq!(shown["organizer"], json!({"id": house, "name": "The Grand"}));
    assert_eq!(
        (&shown["role"], &shown["email"], &shown["next"]),
        (&json!("box_office"), &json!("New@example.org"), &json!("make_account"))
    );

    let refused = accept(&server, &json!({"token": link})).await.refused(422, "validation_failed");
    assert_eq!((&refused["errors"][0]["field"], &refused["errors"][1]["field"]), (&json!("name"), &json!("password")));
    for (field, wrong) in [
        ("password", json!("password1234")),
        ("password", json!("new@example.org")),
        ("name", json!("")),
        ("role", json!("organizer")),
        ("is_admin", json!(true)),
    ] {
        let mut body = wish(&link);
        body[field] = wrong;
        accept(&server, &body).await.refused(422, "validation_failed");
    }
    assert_eq!(
        number_of(&server.db, "SELECT count(*) FROM app_user WHERE email_normalized = 'new@example.org'").await,
        0
    );

    let made = accept(&server, &wish(&link)).await;
    assert_eq!(made.headers.get_all("set-cookie").iter().count(), 3, "a browser is signed in");
    let made = made.expect(201);
    assert_eq!(
        (&made["user"]["role"], &made["user"]["email_verified"], &made["user"]["locale"]),
        (&json!("box_office"), &json!(true), &json!("de"))
    );
    let access = text(&made, "access_token");
    by(&server, &access, Method::GET, "/admin/orders", &Value::Null).await.expect(200);
    assert_eq!(done(&server, 3).await, ["session.begun", "member.joined", "account.registered"]);
    let sessions = by(&server, &access, Method::GET, "/me/sessions", &Value::Null).await.expect(200);
    assert_eq!(sessions["items"][0]["how"], "invitation");
    login(&server, "new@example.org", PASSWORD).await.expect(200);

    // Good once.
    look(&server, &link).await.refused(403, "link_invalid");
    accept(&server, &wish(&link)).await.refused(403, "link_invalid");
    let again = send(
        server.request(Method::POST, "/auth/invitations/accept").bearer_auth(&access).json(&json!({"token": link})),
    )
    .await;
    again.refused(403, "link_invalid");
    aisle::platform::audit::chain::verify(&server.db, None).await.unwrap().expect("the chain is whole");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_an_account_signs_in_with_it_and_comes_in() {
    let server = spawn().await;
    somebody(&server, "bob@example.org").await;
    somebody(&server, "eve@example.org").await;
    let (house, runs, link) = invited(&server, "Bob@example.org", "box_office").await;
    let signed = async |email: &str| text(&login(&server, email, PASSWORD).await.expect(200), "access_token");
    let (bob, eve) = (signed("bob@example.org").await, signed("eve@example.org").await);
    let as_whom = async |token: &str, path: &str, body: Value| {
        send(server.request(Method::POST, path).bearer_auth(token).json(&body)).await
    };
    let (looked, accepted) = ("/auth/invitations/look", "/auth/invitations/accept");

    assert_eq!(look(&server, &link).await.expect(200)["next"], "sign_in");
    accept(&server, &wish(&link)).await.refused(401, "unauthenticated");
    assert_eq!(as_whom(&eve, looked, json!({"token": link})).await.expect(200)["next"], "sign_out");
    as_whom(&eve, accepted, json!({"token": link})).await.refused(403, "invitation_for_another");
    assert_eq!(as_whom(&bob, looked, json!({"token": link})).await.expect(200)["next"], "accept");
    by(&server, &bob, Method::GET, "/admin/orders", &Value::Null).await.refused(403, "forbidden");
    let joined = as_whom(&bob, accepted, json!({"token": link})).await.expect(200);
    assert_eq!((&joined["user"]["role"], &joined["user"]["email_verified"]), (&json!("box_office"), &json!(true)));
    by(&server, &bob, Method::GET, "/admin/orders", &Value::Null).await.expect(200);
    as_whom(&bob, accepted, json!({"token": link})).await.refused(403, "link_invalid");

    // An invitation that was overtaken lowers nobody.
    let link = invite(&server, &house, &runs, "eve@example.org", "scanner").await;
    let user = by(&server, &eve, Method::GET, "/me", &Value::Null).await.expect(200)["user"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let roles = json!({"memberships": [{"organizer_id": house, "role": "organizer"}]});
    server.admin(Method::PUT, &format!("/admin/users/{user}/roles"), &roles).await.expect(200);
    assert_eq!(as_whom(&eve, accepted, json!({"token": link})).await.expect(200)["user"]["role"], "organizer");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_of_one_kind_proves_nothing_of_another() {
    let server = spawn().await;
    let (_, _, link) = invited(&server, "new@example.org", "scanner").await;
    let registration = json!({"name": "New", "email": "other@example.org", "password": PASSWORD});
    server.post("/auth/register", &registration).await;
    let confirms = token(&mails(&server).await[0].2);
    for wrong in [
        &*confirms,
        "x",
        &link[..link.len() - 1],
        &format!("{}{}", uuid::Uuid::nil().simple(), &link[32..]),
        &format!("{}{}", &confirms[..32], &link[32..]),
    ] {
        look(&server, wrong).await.refused(403, "link_invalid");
        accept(&server, &wish(wrong)).await.refused(403, "link_invalid");
    }
    server.post("/auth/verify-email", &json!({"token": link})).await.refused(403, "link_invalid");
    let reset = json!({"token": link, "password": "wobbly trombone in the cellar"});
    server.post("/auth/reset-password", &reset).await.refused(403, "link_invalid");
    look(&server, "").await.refused(422, "validation_failed");
    look(&server, &link).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_accept_at_once_are_one() {
    let server = spawn().await;
    let (_, _, link) = invited(&server, "new@example.org", "scanner").await;
    let body = wish(&link);
    let both =
        meet(&server, "SELECT id FROM organizer FOR UPDATE", accept(&server, &body), accept(&server, &body)).await;
    let [first, second] = both;
    first.expect(201);
    second.refused(403, "link_invalid");
    assert_eq!(number_of(&server.db, "SELECT count(*) FROM audit_log WHERE action = 'member.joined'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_accepting_and_withdrawing_at_once_one_happens() {
    let server = spawn().await;
    let (house, runs, link) = invited(&server, "new@example.org", "scanner").await;
    let id: uuid::Uuid = sqlx::query_scalar("SELECT id FROM invitation").fetch_one(&server.db).await.unwrap();
    let at = format!("/admin/organizers/{house}/invitations/{id}");
    let (body, nothing) = (wish(&link), Value::Null);
    let withdraw = by(&server, &runs, Method::DELETE, &at, &nothing);
    let [first, second] = meet(&server, "SELECT id FROM organizer FOR UPDATE", accept(&server, &body), withdraw).await;
    let joined = number_of(&server.db, "SELECT count(*) FROM membership WHERE role = 'scanner'").await;
    match first.status.as_u16() {
        201 => assert_eq!((second.status.as_u16(), joined), (404, 1), "accepted: there is nothing to withdraw"),
        204 => assert_eq!((second.status.as_u16(), joined), (403, 0), "withdrawn: the link is good no more"),
        other => panic!("{other}: {}", first.text),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_taken_out_of_the_house_does_not_come_back_by_an_invitation_of_their_own() {
    let server = spawn().await;
    let house = empty_house(&server, "The Grand").await;
    let (_, ada) = worker(&server, &house, "organizer", "ada@example.org").await;
    let (bob, bobs) = worker(&server, &house, "organizer", "bob@example.org").await;
    let back_door = invite(&server, &house, &bobs, "bob.again@example.org", "organizer").await;
    let adas = invite(&server, &house, &ada, "new@example.org", "scanner").await;
    let path = format!("/admin/organizers/{house}/members/{bob}");
    assert_eq!(by(&server, &ada, Method::PATCH, &path, &json!({"role": "scanner"})).await.status, 200);
    accept(&server, &wish(&back_door)).await.refused(403, "link_invalid");
    accept(&server, &wish(&adas)).await.expect(201);
}
