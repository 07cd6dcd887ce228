//! People of a house: who works there, what they are, and that somebody always runs it.

mod invitations;
mod joining;
mod users;

use aisle::accounts::{Role, insert_membership};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::accounts::credentials::mails;
use crate::accounts::{PASSWORD, login, somebody, text};
use crate::catalog::house::{by, make, staff};
use crate::harness::{Answer, Server, spawn};

/// A house without anything in it.
pub async fn empty_house(server: &Server, name: &str) -> String {
    make(server, "organizers", &json!({"name": name})).await
}

/// Somebody with an account, a password and this part in this house, signed in: their id and access token.
pub async fn worker(server: &Server, house: &str, role: &str, email: &str) -> (Uuid, String) {
    let user = somebody(server, email).await;
    let role = Role::from_name(role).unwrap();
    insert_membership(&mut server.db.acquire().await.unwrap(), user, house.parse().unwrap(), role).await.unwrap();
    (user, text(&login(server, email, PASSWORD).await.expect(200), "access_token"))
}

/// What the newest entries of the audit log say was done, the newest first.
pub async fn done(server: &Server, count: i64) -> Vec<String> {
    sqlx::query_scalar("SELECT action FROM audit_log ORDER BY number DESC LIMIT $1")
        .bind(count)
        .fetch_all(&server.db)
        .await
        .unwrap()
}

pub async fn number_of(db: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(db).await.unwrap()
}

/// Two requests that meet for certain: the rows of `lock` are held until both wait for a row. The smaller status first.
pub async fn meet(
    server: &Server,
    lock: &'static str,
    one: impl Future<Output = Answer>,
    two: impl Future<Output = Answer>,
) -> [Answer; 2] {
    let mut held = server.db.begin().await.unwrap();
    sqlx::query(lock).fetch_all(&mut *held).await.unwrap();
    let release = async {
        let waiting =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while number_of(&server.db, waiting).await < 2 {
            tokio::task::yield_now().await;
        }
        held.commit().await.unwrap();
    };
    let (one, two, ()) = tokio::join!(one, two, release);
    let mut both = [one, two];
    both.sort_by_key(|answer| answer.status);
    both
}

const HOUSES: &str = "SELECT id FROM organizer FOR UPDATE";

fn member(house: &str, user: Uuid) -> String {
    format!("/admin/organizers/{house}/members/{user}")
}

async fn organizers(server: &Server) -> i64 {
    number_of(&server.db, "SELECT count(*) FROM membership WHERE role = 'organizer'").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_house_sees_its_own_people_and_nobody_elses() {
    let server = spawn().await;
    let (ours, theirs) = (empty_house(&server, "Ours").await, empty_house(&server, "Theirs").await);
    let (runs, token) = worker(&server, &ours, "organizer", "ada@example.org").await;
    let (sells, seller) = worker(&server, &ours, "box_office", "bob@example.org").await;
    let foreign = staff(&server, &theirs, "organizer").await;
    let path = format!("/admin/organizers/{ours}/members");
    let list = async |token: &str, path: &str| by(&server, token, Method::GET, path, &Value::Null).await;

    let all = list(&token, &path).await.expect(200);
    let told: Vec<_> = all["items"].as_array().unwrap().iter().map(|one| (&one["user_id"], &one["role"])).collect();
    assert_eq!(told, [(&json!(runs), &json!("organizer")), (&json!(sells), &json!("box_office"))]);
    assert_eq!((&all["next"], &all["invitations"]), (&Value::Null, &json!([])));
    let first = &all["items"][0];
    assert_eq!((&first["email"], &first["second_factor"]), (&json!("ada@example.org"), &json!(false)));
    assert_eq!((&first["second_factor_required"], &first["disabled_at"]), (&json!(false), &Value::Null));
    assert!(first["last_sign_in_at"].is_string(), "{first}");

    list(&foreign, &path).await.refused(404, "not_found");
    list(&seller, &path).await.refused(403, "forbidden");
    server.get(&path).await.refused(401, "unauthenticated");
    let unknown = format!("/admin/organizers/{}/members", Uuid::nil());
    server.admin(Method::GET, &unknown, &Value::Null).await.refused(404, "not_found");
    assert_eq!(server.admin(Method::GET, &path, &Value::Null).await.expect(200)["items"], all["items"]);

    let needed = json!({"mfa_required_for": ["box_office"]});
    by(&server, &token, Method::PUT, &format!("/admin/organizers/{ours}/mfa"), &needed).await.expect(200);
    sqlx::query("INSERT INTO totp (user_id, sealed, confirmed_at) VALUES ($1, '', now())")
        .bind(runs)
        .execute(&server.db)
        .await
        .unwrap();
    // Page by page they are the same people, once each.
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let page = list(&token, &format!("{path}?limit=1{after}")).await.expect(200);
        seen.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    let factors: Vec<_> = seen.iter().map(|one| (&one["second_factor"], &one["second_factor_required"])).collect();
    assert_eq!(factors, [(&json!(true), &json!(false)), (&json!(false), &json!(true))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_is_given_another_part_at_once_and_told_of_it() {
    let server = spawn().await;
    let (ours, theirs) = (empty_house(&server, "Ours").await, empty_house(&server, "Theirs").await);
    let (_, runs) = worker(&server, &ours, "organizer", "ada@example.org").await;
    let (user, token) = worker(&server, &ours, "scanner", "bob@example.org").await;
    let foreign = staff(&server, &theirs, "organizer").await;
    let change = async |token: &str, body: Value| by(&server, token, Method::PATCH, &member(&ours, user), &body).await;
    let wish = json!({"role": "box_office"});

    change(&token, wish.clone()).await.refused(403, "forbidden");
    change(&foreign, wish.clone()).await.refused(404, "not_found");
    for wrong in
        [json!({}), json!({"role": "admin"}), json!({"role": null}), json!({"role": "scanner", "is_admin": true})]
    {
        change(&runs, wrong).await.refused(422, "validation_failed");
    }
    by(&server, &runs, Method::PATCH, &member(&ours, Uuid::nil()), &wish).await.refused(404, "not_found");
    by(&server, &token, Method::GET, "/admin/orders", &Value::Null).await.refused(403, "forbidden");

    assert_eq!(change(&runs, wish.clone()).await.expect(200)["role"], "box_office");
    by(&server, &token, Method::GET, "/admin/orders", &Value::Null).await.expect(200);
    assert_eq!(done(&server, 1).await, ["member.changed"]);
    // The same again is the same, and no news.
    assert_eq!(change(&runs, wish.clone()).await.expect(200)["role"], "box_office");
    let sent = mails(&server).await;
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert_eq!((&*sent[0].0, &*sent[0].1), ("bob@example.org", "Your part in Ours was changed (Aisle)"));
    assert!(sent[0].2.contains("box office (sells at the counter)"), "{sent:?}");
    assert_eq!(number_of(&server.db, "SELECT count(*) FROM audit_log WHERE action = 'member.changed'").await, 1);
    // Who was raised by somebody else raises nobody, and themselves neither.
    change(&token, json!({"role": "organizer"})).await.refused(403, "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_is_taken_away_at_once_and_told_of_it() {
    let server = spawn().await;
    let (ours, theirs) = (empty_house(&server, "Ours").await, empty_house(&server, "Theirs").await);
    let (_, runs) = worker(&server, &ours, "organizer", "ada@example.org").await;
    let (user, token) = worker(&server, &ours, "box_office", "bob@example.org").await;
    sqlx::query("UPDATE app_user SET locale = 'de-AT' WHERE id = $1").bind(user).execute(&server.db).await.unwrap();
    let foreign = staff(&server, &theirs, "organizer").await;
    let remove = async |token: &str| by(&server, token, Method::DELETE, &member(&ours, user), &Value::Null).await;

    by(&server, &token, Method::GET, "/admin/orders", &Value::Null).await.expect(200);
    remove(&token).await.refused(403, "forbidden");
    remove(&foreign).await.refused(404, "not_found");
    assert_eq!(remove(&runs).await.status, 204);
    by(&server, &token, Method::GET, "/admin/orders", &Value::Null).await.refused(403, "forbidden");
    by(&server, &token, Method::GET, "/me", &Value::Null).await.expect(200);
    remove(&runs).await.refused(404, "not_found");
    assert_eq!(done(&server, 1).await, ["member.removed"]);
    let sent = mails(&server).await;
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert_eq!((&*sent[0].0, &*sent[0].1), ("bob@example.org", "Sie arbeiten nicht mehr bei Ours mit (Aisle)"));
    let kept: String =
        sqlx::query_scalar("SELECT string_agg(payload::text, ' ') FROM outbox").fetch_one(&server.db).await.unwrap();
    assert!(!kept.contains("example.org"), "the outbox has ids alone: {kept}");
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_runs_a_house_until_it_is_put_away() {
    let server = spawn().await;
    let house = empty_house(&server, "Ours").await;
    let (ada, token) = worker(&server, &house, "organizer", "ada@example.org").await;
    let lower = json!({"role": "scanner"});
    by(&server, &token, Method::PATCH, &member(&house, ada), &lower).await.refused(409, "last_organizer");
    by(&server, &token, Method::DELETE, &member(&house, ada), &Value::Null).await.refused(409, "last_organizer");
    server.admin(Method::DELETE, &member(&house, ada), &Value::Null).await.refused(409, "last_organizer");
    by(&server, &token, Method::DELETE, "/me", &json!({})).await.refused(409, "last_organizer");
    assert_eq!(organizers(&server).await, 1, "nothing was changed");
    assert_eq!(done(&server, 1).await, ["session.begun"]);

    // Who may not sign in runs nothing.
    let (bob, _) = worker(&server, &house, "organizer", "bob@example.org").await;
    let closed = "UPDATE app_user SET disabled_at = CASE WHEN $2 THEN now() END WHERE id = $1";
    sqlx::query(closed).bind(bob).bind(true).execute(&server.db).await.unwrap();
    by(&server, &token, Method::DELETE, &member(&house, ada), &Value::Null).await.refused(409, "last_organizer");
    sqlx::query(closed).bind(bob).bind(false).execute(&server.db).await.unwrap();
    by(&server, &token, Method::PATCH, &member(&house, ada), &lower).await.expect(200);
    by(&server, &token, Method::DELETE, "/me", &json!({})).await.expect(200);

    let (_, last) = worker(&server, &empty_house(&server, "Closed").await, "organizer", "eve@example.org").await;
    by(&server, &last, Method::DELETE, "/me", &json!({})).await.refused(409, "last_organizer");
    sqlx::query("UPDATE organizer SET archived_at = now() WHERE name = 'Closed'").execute(&server.db).await.unwrap();
    by(&server, &last, Method::DELETE, "/me", &json!({})).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_take_each_other_away_at_once_leave_one() {
    let server = spawn().await;
    let house = empty_house(&server, "Ours").await;
    let (ada, of_ada) = worker(&server, &house, "organizer", "ada@example.org").await;
    let (bob, of_bob) = worker(&server, &house, "organizer", "bob@example.org").await;
    let (at_ada, at_bob) = (member(&house, ada), member(&house, bob));
    let [first, second] = meet(
        &server,
        HOUSES,
        by(&server, &of_ada, Method::DELETE, &at_bob, &Value::Null),
        by(&server, &of_bob, Method::DELETE, &at_ada, &Value::Null),
    )
    .await;
    assert_eq!(first.status, 204, "{}", first.text);
    // Whoever was taken away while they waited takes nobody away.
    second.refused(404, "not_found");
    assert_eq!(organizers(&server).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_lower_themselves_or_leave_at_once_leave_one() {
    let server = spawn().await;
    let house = empty_house(&server, "Ours").await;
    let (ada, of_ada) = worker(&server, &house, "organizer", "ada@example.org").await;
    let (bob, of_bob) = worker(&server, &house, "organizer", "bob@example.org").await;
    let (at_ada, at_bob, lower) = (member(&house, ada), member(&house, bob), json!({"role": "scanner"}));
    let [first, second] = meet(
        &server,
        HOUSES,
        by(&server, &of_ada, Method::PATCH, &at_ada, &lower),
        by(&server, &of_bob, Method::PATCH, &at_bob, &lower),
    )
    .await;
    first.expect(200);
    second.refused(409, "last_organizer");
    assert_eq!(organizers(&server).await, 1);

    sqlx::query("UPDATE membership SET role = 'organizer'").execute(&server.db).await.unwrap();
    let leave = json!({});
    let [first, second] = meet(
        &server,
        HOUSES,
        by(&server, &of_ada, Method::DELETE, "/me", &leave),
        by(&server, &of_bob, Method::DELETE, "/me", &leave),
    )
    .await;
    first.expect(200);
    second.refused(409, "last_organizer");
    assert_eq!(organizers(&server).await, 1);
}
