//! Asking somebody into a house: who may, whom, how often, and until when it is good.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{done, empty_house, number_of, worker};
use crate::accounts::credentials::{mails, token};
use crate::accounts::somebody;
use crate::catalog::house::{by, staff};
use crate::harness::{Answer, Server, send, spawn};

fn members(house: &str) -> String {
    format!("/admin/organizers/{house}/members")
}

async fn invite(server: &Server, by_whom: &str, house: &str, email: &str, role: &str) -> Answer {
    by(server, by_whom, Method::POST, &members(house), &json!({"email": email, "role": role})).await
}

async fn look(server: &Server, token: &str) -> Answer {
    server.post("/auth/invitations/look", &json!({"token": token})).await
}

/// The token of the only mail.
async fn mailed(server: &Server) -> String {
    let sent = mails(server).await;
    assert_eq!(sent.len(), 1, "{sent:?}");
    token(&sent[0].2)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_runs_the_house_invites_and_nobody_else() {
    let server = spawn().await;
    let (ours, theirs) = (empty_house(&server, "Ours").await, empty_house(&server, "Theirs").await);
    let (_, runs) = worker(&server, &ours, "organizer", "ada@example.org").await;
    let sells = staff(&server, &ours, "box_office").await;
    let foreign = staff(&server, &theirs, "organizer").await;
    invite(&server, &sells, &ours, "new@example.org", "scanner").await.refused(403, "forbidden");
    invite(&server, &foreign, &ours, "new@example.org", "scanner").await.refused(404, "not_found");
    let body = json!({"email": "new@example.org", "role": "scanner"});
    server.post(&members(&ours), &body).await.refused(401, "unauthenticated");
    for (email, role) in
        [("no address", "scanner"), ("a@b.org\r\nBcc: c@d.org", "scanner"), ("", "scanner"), ("a@b.org", "admin")]
    {
        invite(&server, &runs, &ours, email, role).await.refused(422, "validation_failed");
    }
    invite(&server, &runs, &ours, " ADA@example.org", "scanner").await.refused(422, "validation_failed");
    invite(&server, &runs, &ours, "ADA@example.org", "scanner").await.refused(409, "already_member");
    let unknown = Uuid::nil().to_string();
    invite(&server, &server.admin, &unknown, "new@example.org", "scanner").await.refused(404, "not_found");
    sqlx::query("UPDATE organizer SET archived_at = now() WHERE name = 'Theirs'").execute(&server.db).await.unwrap();
    invite(&server, &foreign, &theirs, "new@example.org", "scanner").await.refused(404, "not_found");
    assert!(mails(&server).await.is_empty());
    assert_eq!(number_of(&server.db, "SELECT count(*) FROM invitation").await, 0);

    let made = invite(&server, &runs, &ours, "New@example.org", "box_office").await.expect(201);
    assert_eq!((&made["email"], &made["role"]), (&json!("New@example.org"), &json!("box_office")));
    assert_eq!(made["invited_by"], "Ada Lovelace");
    assert_eq!(done(&server, 1).await, ["member.invited"]);
    let listed = by(&server, &runs, Method::GET, &members(&ours), &Value::Null).await.expect(200);
    assert_eq!(listed["invitations"], json!([made]));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_tells_the_house_whether_an_address_has_an_account() {
    let server = spawn().await;
    let house = empty_house(&server, "Ours").await;
    let (_, runs) = worker(&server, &house, "organizer", "ada@example.org").await;
    somebody(&server, "bob@example.org").await;
    let told = |answer: Answer| {
        let mut body = answer.expect(201);
        for differs in ["id", "email", "created_at", "expires_at"] {
            assert!(body[differs].is_string(), "{body}");
            body[differs] = Value::Null;
        }
        body
    };
    let known = told(invite(&server, &runs, &house, "bob@example.org", "scanner").await);
    let unknown = told(invite(&server, &runs, &house, "eve@example.org", "scanner").await);
    assert_eq!(known, unknown);
    // The mails differ; they reach the owners of the addresses alone.
    let mut sent = mails(&server).await;
    sent.sort();
    assert!(sent[0].2.contains("sign in with the account that you have"), "{sent:?}");
    assert!(sent[1].2.contains("You have no account with us yet"), "{sent:?}");
    // In the mailbox they are for administrators: who reads such a link comes in as whom it went to.
    invite(&server, &runs, &house, "eve@example.org", "scanner").await.expect(201);
    while server.running.parts.outbox.run_once().await.unwrap() {}
    let seen = by(&server, &runs, Method::GET, "/admin/mailbox", &Value::Null).await.expect(200);
    assert_eq!(seen["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_house_writes_in_its_own_language() {
    let server = spawn().await;
    let house = empty_house(&server, "Das Kleine Haus").await;
    let (_, runs) = worker(&server, &house, "organizer", "ada@example.org").await;
    let setting = json!({"name": "Bühnen", "currency": "EUR", "locale": "de", "time_zone": "Europe/Berlin"});
    sqlx::query("INSERT INTO setting (key, value) VALUES ('house', $1)")
        .bind(setting)
        .execute(&server.db)
        .await
        .unwrap();
    invite(&server, &runs, &house, "neu@example.org", "organizer").await.expect(201);
    let sent = mails(&server).await;
    assert_eq!(sent[0].1, "Einladung zur Mitarbeit bei Das Kleine Haus (Bühnen)");
    assert!(sent[0].2.contains("Leitung (führt das Haus)") && sent[0].2.contains("/invitation#t="), "{sent:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_good_for_a_week_and_can_be_sent_again_or_withdrawn() {
    let server = spawn().await;
    let (house, other) = (empty_house(&server, "Ours").await, empty_house(&server, "Other").await);
    let (_, runs) = worker(&server, &house, "organizer", "ada@example.org").await;
    let (_, foreign) = worker(&server, &other, "organizer", "fay@example.org").await;
    let made = invite(&server, &runs, &house, "new@example.org", "scanner").await.expect(201);
    let link = mailed(&server).await;
    let week = "SELECT extract(epoch FROM expires_at - created_at)::bigint FROM invitation";
    assert_eq!(number_of(&server.db, week).await, 7 * 24 * 3_600);
    look(&server, &link).await.expect(200);
    sqlx::query("UPDATE invitation SET expires_at = now()").execute(&server.db).await.unwrap();
    look(&server, &link).await.refused(403, "link_invalid");
    let accept = json!({"token": link, "name": "New", "password": "wobbly trombone in the cellar"});
    server.post("/auth/invitations/accept", &accept).await.refused(403, "link_invalid");

    let at = format!("/admin/organizers/{house}/invitations/{}", made["id"].as_str().unwrap());
    let elsewhere = format!("/admin/organizers/{other}/invitations/{}", made["id"].as_str().unwrap());
    let again =
        async |token: &str, at: &str| by(&server, token, Method::POST, &format!("{at}/resend"), &Value::Null).await;
    again(&foreign, &at).await.refused(404, "not_found");
    again(&foreign, &elsewhere).await.refused(404, "not_found");
    again(&runs, &at).await.expect(200);
    assert_eq!(done(&server, 1).await, ["invitation.resent"]);
    assert_eq!(mailed(&server).await, link, "it is the same invitation");
    look(&server, &link).await.expect(200);

    let withdraw = async |token: &str, at: &str| by(&server, token, Method::DELETE, at, &Value::Null).await;
    withdraw(&foreign, &at).await.refused(404, "not_found");
    withdraw(&foreign, &elsewhere).await.refused(404, "not_found");
    for _ in 0..2 {
        assert_eq!(withdraw(&runs, &at).await.status, 204);
    }
    assert_eq!(number_of(&server.db, "SELECT count(*) FROM audit_log WHERE action = 'invitation.withdrawn'").await, 1);
    look(&server, &link).await.refused(403, "link_invalid");
    server.post("/auth/invitations/accept", &accept).await.refused(403, "link_invalid");
    again(&runs, &at).await.refused(404, "not_found");
    // What was withdrawn before its mail went out is not said.
    let made = invite(&server, &runs, &house, "late@example.org", "scanner").await.expect(201);
    mailed(&server).await;
    let at = format!("/admin/organizers/{house}/invitations/{}", made["id"].as_str().unwrap());
    assert_eq!(withdraw(&runs, &at).await.status, 204);
    let unsaid = "UPDATE outbox SET done_at = NULL, next_try_at = now() WHERE kind = 'member_invited'";
    sqlx::query(unsaid).execute(&server.db).await.unwrap();
    assert!(mails(&server).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newer_of_two_invitations_counts() {
    let server = spawn().await;
    let house = empty_house(&server, "Ours").await;
    let (_, runs) = worker(&server, &house, "organizer", "ada@example.org").await;
    invite(&server, &runs, &house, "new@example.org", "organizer").await.expect(201);
    let older = mailed(&server).await;
    invite(&server, &runs, &house, "NEW@example.org", "scanner").await.expect(201);
    let newer = mailed(&server).await;
    look(&server, &older).await.refused(403, "link_invalid");
    assert_eq!(look(&server, &newer).await.expect(200)["role"], "scanner");
    let listed = by(&server, &runs, Method::GET, &members(&house), &Value::Null).await.expect(200);
    assert_eq!(listed["invitations"].as_array().unwrap().len(), 1);

    // The same request twice is one invitation and one mail.
    let wish = json!({"email": "key@example.org", "role": "scanner"});
    let once = || {
        send(
            server
                .request(Method::POST, &members(&house))
                .bearer_auth(&runs)
                .header("idempotency-key", "one")
                .json(&wish),
        )
    };
    let first = once().await;
    let second = once().await;
    assert_eq!(second.headers["idempotent-replayed"], "true");
    assert_eq!(first.expect(201), second.expect(201));
    mailed(&server).await;
    let other = json!({"email": "other@example.org", "role": "scanner"});
    let request = server.request(Method::POST, &members(&house)).bearer_auth(&runs).header("idempotency-key", "one");
    send(request.json(&other)).await.refused(409, "idempotency_key_reused");
}

#[tokio::test(flavor = "multi_thread")]
async fn invitations_have_their_limits() {
    let server = spawn().await;
    let house = empty_house(&server, "Ours").await;
    let (_, runs) = worker(&server, &house, "organizer", "ada@example.org").await;
    let many = "INSERT INTO invitation (id, organizer_id, email, email_normalized, role, expires_at)
                SELECT gen_random_uuid(), $1, n || '@x.org', n || '@x.org', 'scanner', now() + interval '1 day' FROM generate_series(1, $2) n";
    let house_id: Uuid = house.parse().unwrap();
    let fill = async |count: i32| sqlx::query(many).bind(house_id).bind(count).execute(&server.db).await.unwrap();
    fill(49).await;
    invite(&server, &runs, &house, "last@example.org", "scanner").await.expect(201);
    invite(&server, &runs, &house, "more@example.org", "scanner").await.refused(409, "too_many_invitations");
    // One who is asked already may be asked again.
    invite(&server, &runs, &house, "last@example.org", "box_office").await.expect(201);
    sqlx::query("UPDATE invitation SET withdrawn_at = now() WHERE email = '1@x.org'")
        .execute(&server.db)
        .await
        .unwrap();
    invite(&server, &runs, &house, "more@example.org", "scanner").await.expect(201);

    // Ten mails with links to one address in an hour; what is not sent is not kept either.
    mails(&server).await;
    for _ in 0..9 {
        invite(&server, &runs, &house, "more@example.org", "scanner").await.expect(201);
    }
    let kept = "SELECT count(*) FROM invitation WHERE email = 'more@example.org'";
    let before = number_of(&server.db, kept).await;
    let refused = invite(&server, &runs, &house, "more@example.org", "organizer").await;
    assert!(refused.headers.contains_key("retry-after"));
    refused.refused(429, "too_many_requests");
    assert_eq!(number_of(&server.db, kept).await, before);
}
