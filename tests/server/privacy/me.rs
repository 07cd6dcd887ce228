//! Somebody with an account is told what is known of them, and leaves.

use aisle::accounts::{Accounts, NewUser, Passwords, Role, insert_membership, insert_user};
use aisle::platform::audit::{Actor, Entry, Severity, chain, security};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::erase::{EMAIL, NAME, TRACES, buy, leave_traces};
use super::everywhere::{found, print};
use crate::catalog::house::by;
use crate::harness::{Server, spawn};

const PASSWORD: &str = "seven quiet herons wade";

/// An account with a password; the id.
async fn account(server: &Server, email: &str, verified: bool, is_admin: bool) -> Uuid {
    let password_hash = Some(Passwords::default().hash(PASSWORD.to_owned()).await.unwrap());
    let user = NewUser { name: NAME.to_owned(), email: email.to_owned(), password_hash, is_admin };
    let id = insert_user(&mut server.db.acquire().await.unwrap(), &user).await.unwrap();
    let sql = "UPDATE app_user SET email_verified_at = CASE WHEN $2 THEN now() END WHERE id = $1";
    sqlx::query(sql).bind(id).bind(verified).execute(&server.db).await.unwrap();
    id
}

async fn sign_in(server: &Server, email: &str) -> String {
    let signed_in = server.post("/auth/login", &json!({"email": email, "password": PASSWORD})).await.expect(200);
    signed_in["access_token"].as_str().unwrap().to_owned()
}

/// As if they had signed in a while ago.
async fn grow_old(server: &Server, user: Uuid) {
    let sql = "UPDATE session SET created_at = created_at - interval '11 minutes' WHERE user_id = $1";
    sqlx::query(sql).bind(user).execute(&server.db).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_told_everything_and_then_forgotten_everywhere() {
    let server = spawn().await;
    let ours = buy(&server, "r1-1").await;
    let theirs = buy(&server, "r1-2").await;
    let user = account(&server, EMAIL, true, false).await;
    let token = sign_in(&server, EMAIL).await;
    for purchase in [&ours, &theirs] {
        leave_traces(&server, purchase).await;
    }
    insert_membership(&mut server.db.acquire().await.unwrap(), user, ours.organizer, Role::Scanner).await.unwrap();
    Accounts::new(server.db.clone()).make_bearer(user, "Ottilie's laptop").await.unwrap();
    // One that she accepted under an address that she had then, and one that waits for her.
    for (email, accepted_by) in [("zwiebelfisch.before@example.org", Some(user)), (EMAIL, None)] {
        sqlx::query(
            "INSERT INTO invitation (id, organizer_id, email, email_normalized, role, expires_at, accepted_by, accepted_at)
             VALUES (gen_random_uuid(), $1, $2, lower($2), 'scanner', now() + interval '1 day', $3, CASE WHEN $3::uuid IS NOT NULL THEN now() END)",
        )
        .bind(ours.organizer)
        .bind(email)
        .bind(accepted_by)
        .execute(&server.db)
        .await
        .unwrap();
    }
    let entry = Entry::new(Actor::User(user), "profile.changed").on("user", user);
    let entry = entry.address("198.51.100.77".parse::<std::net::IpAddr>().ok());
    security(&mut server.db.acquire().await.unwrap(), Severity::Notice, entry).await.unwrap();
    sqlx::query("UPDATE session SET address = '198.51.100.77' WHERE user_id = $1")
        .bind(user)
        .execute(&server.db)
        .await
        .unwrap();

    let told = by(&server, &token, Method::GET, "/me/export", &Value::Null).await.expect(200);
    assert_eq!((&told["account"]["name"], &told["account"]["houses"][0]["role"]), (&json!(NAME), &json!("scanner")));
    let invited: Vec<_> = told["invitations"].as_array().unwrap().iter().map(|one| &one["email"]).collect();
    assert_eq!(invited.len(), 2, "{invited:?}");
    assert!(invited.contains(&&json!(EMAIL)) && invited.contains(&&json!("zwiebelfisch.before@example.org")));
    assert_eq!(told["account"]["sessions"][0]["address"], "198.51.100.77");
    assert_eq!(told["orders"].as_array().unwrap().len(), 2, "both houses");
    assert_eq!(told["orders"][0]["orders"][0]["lines"][0]["amount"], 4500);
    assert!(
        told["mails"].as_array().unwrap().iter().all(|mail| mail["to"] == EMAIL)
            && told["mails"][0]["text"].is_string()
    );
    assert!(told["audit"].as_array().unwrap().iter().any(|entry| entry["address"] == "198.51.100.77"));
    server.get("/me/export").await.refused(401, "unauthenticated");

    let anchor = chain::head(&server.db).await.unwrap();
    let before = found(&server.db, &TRACES).await;
    print("before", &before);
    for home in [
        "app_user.name",
        "app_user.email",
        "session.address",
        "invitation.email",
        "customer.name",
        "mail.text_body",
        "webhook_in.body",
        "audit_person.address",
        "access_token.label",
    ] {
        assert!(before.contains_key(home), "the search finds what is there: {home}");
    }
    let left = by(&server, &token, Method::DELETE, "/me", &json!({"password": PASSWORD, "at_once": true})).await;
    assert_eq!(left.headers.get_all("set-cookie").iter().count(), 2, "the browser forgets, too");
    assert_eq!(left.expect(200), json!({"later": []}));
    let after = found(&server.db, &TRACES).await;
    print("after", &after);
    assert_eq!(after.keys().collect::<Vec<_>>(), Vec::<&String>::new(), "nothing is left of them");

    by(&server, &token, Method::GET, "/me", &Value::Null).await.refused(401, "unauthenticated");
    let again = server.post("/auth/login", &json!({"email": EMAIL, "password": PASSWORD})).await;
    assert_eq!(again.status, StatusCode::UNAUTHORIZED);
    chain::verify(&server.db, Some(&anchor)).await.unwrap().expect("the chain is whole");
    let report = server.admin(Method::GET, "/admin/reports/ledger", &Value::Null).await.expect(200);
    assert_eq!(report["balanced"], true);
    let valid: i64 =
        sqlx::query_scalar("SELECT count(*) FROM ticket WHERE status = 'valid'").fetch_one(&server.db).await.unwrap();
    assert_eq!(valid, 2, "their tickets admit");
    let events = server.admin(Method::GET, "/admin/system/security-events", &Value::Null).await.expect(200);
    let entry =
        events["items"].as_array().unwrap().iter().find(|event| event["action"] == "person.erased").unwrap().clone();
    assert_eq!(
        (&entry["object"]["id"], &entry["actor"]["name"], &entry["address"]),
        (&json!(user), &Value::Null, &Value::Null)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_takes_a_password_or_a_fresh_sign_in() {
    let server = spawn().await;
    let user = account(&server, EMAIL, true, false).await;
    let token = sign_in(&server, EMAIL).await;
    let leave = async |token: &str, body: Value| by(&server, token, Method::DELETE, "/me", &body).await;
    let bearer = Accounts::new(server.db.clone()).make_bearer(user, "x").await.unwrap();
    leave(&bearer, json!({})).await.refused(403, "sign_in_again");
    leave(&token, json!({"password": "not this one"})).await.refused(422, "validation_failed");
    grow_old(&server, user).await;
    leave(&token, json!({})).await.refused(403, "sign_in_again");
    by(&server, &token, Method::GET, "/me", &Value::Null).await.expect(200);
    let fresh = sign_in(&server, EMAIL).await;
    leave(&fresh, json!({})).await.expect(200);
    by(&server, &token, Method::GET, "/me", &Value::Null).await.refused(401, "unauthenticated");
    by(&server, &bearer, Method::GET, "/me", &Value::Null).await.refused(401, "unauthenticated");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_was_never_shown_to_be_theirs_gives_no_right_to_what_was_bought_under_it() {
    let server = spawn().await;
    let bought = buy(&server, "r1-1").await;
    account(&server, EMAIL, false, false).await;
    let token = sign_in(&server, EMAIL).await;
    let told = by(&server, &token, Method::GET, "/me/export", &Value::Null).await.expect(200);
    assert_eq!((&told["orders"], &told["mails"]), (&json!([]), &json!([])));
    by(&server, &token, Method::DELETE, "/me", &json!({"at_once": true})).await.expect(200);
    let left = found(&server.db, &TRACES).await;
    assert!(left.contains_key("customer.name") && !left.contains_key("app_user.name"), "{left:?}");
    assert_eq!(bought.customer.len(), 36);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_administrator_stays() {
    let server = spawn().await;
    account(&server, EMAIL, true, true).await;
    let token = sign_in(&server, EMAIL).await;
    // The tests' own administrator leaves first.
    sqlx::query("UPDATE app_user SET disabled_at = now() WHERE name = 'Admin'").execute(&server.db).await.unwrap();
    by(&server, &token, Method::DELETE, "/me", &json!({})).await.refused(409, "last_administrator");
    sqlx::query("UPDATE app_user SET disabled_at = NULL WHERE name = 'Admin'").execute(&server.db).await.unwrap();
    by(&server, &token, Method::DELETE, "/me", &json!({})).await.expect(200);
}
