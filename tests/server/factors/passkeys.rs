//! Passkeys, made and shown by an authenticator in software.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::soft_key::SoftKey;
use super::{Person, question, subjects};
use crate::accounts::{PASSWORD, login, somebody, text};
use crate::harness::{Answer, Server, spawn, spawn_with};

const ORIGIN: &str = "https://tickets.example.org";

async fn house() -> Server {
    spawn_with(|config| config.public_url = Some(ORIGIN.to_owned())).await
}

async fn begin_making(server: &Server, person: &Person) -> Value {
    person.post(server, "/auth/passkeys/register/start", &json!({"password": PASSWORD})).await.expect(200)
}

async fn made(server: &Server, person: &Person, begun: &Value, credential: &Value) -> Answer {
    let body = json!({"ceremony": begun["ceremony"], "name": "Phone", "credential": credential});
    person.post(server, "/auth/passkeys/register/finish", &body).await
}

/// A passkey of theirs, and the answer to its making.
async fn passkey(server: &Server, person: &Person) -> (SoftKey, Value) {
    let begun = begin_making(server, person).await;
    let (key, credential) = SoftKey::make(&begun["options"], ORIGIN);
    (key, made(server, person, &begun, &credential).await.expect(201))
}

async fn begin_showing(server: &Server, challenge: Option<&str>) -> Value {
    let body = challenge.map_or_else(|| json!({}), |challenge| json!({"challenge": challenge}));
    server.post("/auth/passkeys/login/start", &body).await.expect(200)
}

async fn shown(server: &Server, begun: &Value, credential: &Value) -> Answer {
    let body = json!({"ceremony": begun["ceremony"], "credential": credential});
    server.post("/auth/passkeys/login/finish", &body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_signs_in_by_itself_and_answers_the_question() {
    let server = house().await;
    somebody(&server, "ada@example.org").await;
    let ada = Person::sign_in(&server, "ada@example.org").await;
    let (mut key, answer) = passkey(&server, &ada).await;
    assert_eq!(answer["recovery_codes"].as_array().map(Vec::len), Some(10), "codes for who had none");

    let begun = begin_showing(&server, None).await;
    let credential = key.show(&begun["options"]);
    let body = shown(&server, &begun, &credential).await.expect(200);
    assert_eq!(body["user"]["email"], "ada@example.org");
    // The same answer again finds nothing to answer.
    shown(&server, &begun, &credential).await.refused(404, "not_found");

    // A password alone does not do any more; with the passkey it does, once.
    let asked = question(&server, "ada@example.org").await;
    let begun = begin_showing(&server, Some(&asked)).await;
    assert_eq!(begun["options"]["publicKey"]["allowCredentials"].as_array().map(Vec::len), Some(1));
    let credential = key.show(&begun["options"]);
    shown(&server, &begun, &credential).await.expect(200);
    server.post("/auth/passkeys/login/start", &json!({"challenge": asked})).await.refused(404, "not_found");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_is_listed_renamed_and_removed_by_its_owner_alone() {
    let server = house().await;
    somebody(&server, "ada@example.org").await;
    somebody(&server, "eve@example.org").await;
    let (ada, eve) =
        (Person::sign_in(&server, "ada@example.org").await, Person::sign_in(&server, "eve@example.org").await);
    let (mut key, answer) = passkey(&server, &ada).await;
    let path = format!("/auth/passkeys/{}", text(&answer, "id"));
    let again = passkey(&server, &ada).await.1;
    assert_eq!(again["recovery_codes"], Value::Null, "who has codes keeps them");
    for (method, body) in [(Method::PATCH, json!({"name": "Mine"})), (Method::DELETE, json!({"password": PASSWORD}))] {
        eve.ask(&server, method, &path, &body).await.refused(404, "not_found");
    }
    assert_eq!(ada.ask(&server, Method::PATCH, &path, &json!({"name": "Tablet"})).await.status, 204);
    let list = ada.ask(&server, Method::GET, "/auth/passkeys", &Value::Null).await.expect(200);
    let names: Vec<_> = list["items"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Tablet", "Phone"]);
    ada.ask(&server, Method::DELETE, &path, &json!({})).await.refused(422, "validation_failed");
    ada.ask(&server, Method::DELETE, &path, &json!({"password": "wrong"})).await.refused(403, "forbidden");
    let proof = json!({"password": PASSWORD});
    assert_eq!(ada.ask(&server, Method::DELETE, &path, &proof).await.status, 204);
    ada.ask(&server, Method::DELETE, &path, &proof).await.refused(404, "not_found");
    let told = subjects(&server, "ada@example.org").await;
    assert_eq!(told, ["A passkey was added", "A passkey was added", "A passkey was removed"]);
    let begun = begin_showing(&server, None).await;
    let credential = key.show(&begun["options"]);
    shown(&server, &begun, &credential).await.refused(401, "unauthenticated");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_made_here_by_its_verified_owner_is_refused() {
    let server = house().await;
    somebody(&server, "ada@example.org").await;
    somebody(&server, "eve@example.org").await;
    let (ada, eve) =
        (Person::sign_in(&server, "ada@example.org").await, Person::sign_in(&server, "eve@example.org").await);
    ada.post(&server, "/auth/passkeys/register/start", &json!({})).await.refused(422, "validation_failed");
    ada.post(&server, "/auth/passkeys/register/start", &json!({"password": "wrong"})).await.refused(403, "forbidden");

    // Made in another page; by somebody else's ceremony.
    let begun = begin_making(&server, &ada).await;
    let (_, credential) = SoftKey::make(&begun["options"], "https://evil.example");
    made(&server, &ada, &begun, &credential).await.refused(403, "forbidden");
    let begun = begin_making(&server, &ada).await;
    let (_, credential) = SoftKey::make(&begun["options"], ORIGIN);
    made(&server, &eve, &begun, &credential).await.refused(404, "not_found");
    made(&server, &ada, &begun, &json!({"id": 7})).await.refused(422, "validation_failed");

    let (mut key, _) = passkey(&server, &ada).await;
    let try_with = async |change: &dyn Fn(&mut SoftKey), key: &mut SoftKey| {
        let begun = begin_showing(&server, None).await;
        change(key);
        let credential = key.show(&begun["options"]);
        shown(&server, &begun, &credential).await
    };
    // Shown in another page.
    try_with(&|key| key.origin = "https://evil.example".to_owned(), &mut key).await.refused(401, "unauthenticated");
    // Without finger or face: that is one factor only.
    key.origin = ORIGIN.to_owned();
    try_with(&|key| key.verifies = false, &mut key).await.refused(401, "unauthenticated");
    // For an account that it does not belong to.
    key.verifies = true;
    try_with(&|key| key.claims_to_be_of(Uuid::nil().as_bytes()), &mut key).await.refused(401, "unauthenticated");
    // By an answer to an earlier question.
    let (one, other) = (begin_showing(&server, None).await, begin_showing(&server, None).await);
    let credential = key.show(&one["options"]);
    shown(&server, &other, &credential).await.refused(401, "unauthenticated");
    // By a passkey that nobody knows here.
    let begun = begin_making(&server, &eve).await;
    let (mut unknown, _) = SoftKey::make(&begun["options"], ORIGIN);
    try_with(&|_| (), &mut unknown).await.refused(401, "unauthenticated");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_that_counts_backwards_is_a_copy() {
    let server = house().await;
    let ada_id = somebody(&server, "ada@example.org").await;
    let ada = Person::sign_in(&server, "ada@example.org").await;
    let (mut key, _) = passkey(&server, &ada).await;
    key.counter = 40;
    let mut show = async |counter: u32| {
        let begun = begin_showing(&server, None).await;
        key.counter = counter;
        key.claims_to_be_of(ada_id.as_bytes());
        let credential = key.show(&begun["options"]);
        shown(&server, &begun, &credential).await
    };
    show(40).await.expect(200);
    show(40).await.refused(401, "unauthenticated");
    show(3).await.refused(401, "unauthenticated");
    show(41).await.expect(200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_passkey_does_not_answer_my_question() {
    let server = house().await;
    somebody(&server, "ada@example.org").await;
    somebody(&server, "eve@example.org").await;
    let (ada, eve) =
        (Person::sign_in(&server, "ada@example.org").await, Person::sign_in(&server, "eve@example.org").await);
    passkey(&server, &ada).await;
    let (mut eves, _) = passkey(&server, &eve).await;
    let asked = question(&server, "ada@example.org").await;
    let begun = begin_showing(&server, Some(&asked)).await;
    let credential = eves.show(&begun["options"]);
    shown(&server, &begun, &credential).await.refused(401, "unauthenticated");
    login(&server, "ada@example.org", PASSWORD).await.expect(200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_passkey_can_be_the_reason_is_told() {
    let server = spawn_with(|config| config.public_url = Some("https://192.0.2.7".to_owned())).await;
    somebody(&server, "ada@example.org").await;
    let ada = Person::sign_in(&server, "ada@example.org").await;
    let refused = ada.post(&server, "/auth/passkeys/register/start", &json!({"password": PASSWORD})).await;
    let problem = refused.refused(409, "passkeys_unavailable");
    assert!(text(&problem, "detail").contains("https://192.0.2.7"), "{problem}");
    server.post("/auth/passkeys/login/start", &json!({})).await.refused(409, "passkeys_unavailable");
    server.stop().await;
    // A server on this machine alone is `localhost`.
    let server = spawn().await;
    let begun = begin_showing(&server, None).await;
    assert_eq!(begun["options"]["publicKey"]["rpId"], "localhost");
    server.stop().await;
}
