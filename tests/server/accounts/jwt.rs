//! Access tokens that are none: each trick over HTTP, beside a token made by hand that is right.

use aisle::accounts::AUDIENCE;
use aisle::platform::keys::{self, InstallationSecret, Purpose, SETTLING_S};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, SigningKey};
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;
use uuid::Uuid;

use super::{PASSWORD, login, somebody, text};
use crate::harness::{Server, send, spawn};

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn parts_of(token: &str) -> (Value, Value) {
    let read = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    let mut parts = token.split('.');
    (read(parts.next().unwrap()), read(parts.next().unwrap()))
}

fn signed(header: &Value, claims: &Value, seed: &[u8; 32]) -> String {
    let said = format!("{}.{}", part(header), part(claims));
    let signature = SigningKey::from_bytes(seed).sign(said.as_bytes());
    format!("{said}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

/// `value` with one field changed; null takes it away.
fn with(value: &Value, name: &str, to: Value) -> Value {
    let mut changed = value.clone();
    if to.is_null() {
        changed.as_object_mut().unwrap().remove(name);
    } else {
        changed[name] = to;
    }
    changed
}

async fn status(server: &Server, token: &str) -> u16 {
    send(server.request(Method::GET, "/me").bearer_auth(token)).await.status.as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_says_who_when_and_for_whom_and_anybody_can_verify_it() {
    let server = spawn().await;
    let user = somebody(&server, "ada@example.org").await;
    let token = text(&login(&server, "ada@example.org", PASSWORD).await.expect(200), "access_token");
    let (header, claims) = parts_of(&token);
    assert_eq!((&header["alg"], &header["typ"]), (&json!("EdDSA"), &json!("at+jwt")));
    assert_eq!((&claims["sub"], &claims["aud"], &claims["iss"]), (&json!(user), &json!(AUDIENCE), &json!("urn:aisle")));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 600);
    let named: Vec<_> = claims.as_object().unwrap().keys().cloned().collect();
    assert_eq!(named, ["aud", "exp", "iat", "iss", "sid", "sub"], "no name, no address, no role");

    let response = server.http.get(format!("{}/.well-known/jwks.json", server.url)).send().await.unwrap();
    let keys: Value = response.json().await.unwrap();
    let key = keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == header["kid"]).unwrap().clone();
    assert!(key.get("d").is_none() && key["kty"] == "OKP" && key["crv"] == "Ed25519", "{key}");
    let point: [u8; 32] = URL_SAFE_NO_PAD.decode(key["x"].as_str().unwrap()).unwrap().try_into().unwrap();
    let (said, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let public = ed25519_dalek::VerifyingKey::from_bytes(&point).unwrap();
    public.verify_strict(said.as_bytes(), &signature.as_slice().try_into().unwrap()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_trick_makes_a_token() {
    let server = spawn().await;
    somebody(&server, "ada@example.org").await;
    let bob = somebody(&server, "bob@example.org").await;
    let token = text(&login(&server, "ada@example.org", PASSWORD).await.expect(200), "access_token");
    let (header, claims) = parts_of(&token);
    let keys = &server.running.parts.keys;
    let seed = keys.secret(Purpose::Access).unwrap().1;
    let sign = |header: &Value, claims: &Value| signed(header, claims, &seed);
    // Made by hand it is right: so each of the others is refused for the one thing that is wrong with it.
    assert_eq!(status(&server, &sign(&header, &claims)).await, 200);

    let said = |header: &Value, claims: &Value| format!("{}.{}", part(header), part(claims));
    let mut tricks: Vec<(String, String)> = Vec::new();
    let mut trick = |what: &str, token: String| tricks.push((what.to_owned(), token));
    for none in ["none", "None", "NONE", ""] {
        let header = with(&header, "alg", json!(none));
        trick("alg none, no signature", format!("{}.", said(&header, &claims)));
        trick("alg none, the right signature", sign(&header, &claims));
    }
    let public = SigningKey::from_bytes(&seed).verifying_key();
    for (what, secret) in [
        ("the public key", public.as_bytes().to_vec()),
        ("the public key's text", URL_SAFE_NO_PAD.encode(public.as_bytes()).into_bytes()),
        ("nothing", vec![]),
    ] {
        let header = with(&header, "alg", json!("HS256"));
        let mut mac = Hmac::<Sha256>::new_from_slice(&secret).unwrap();
        mac.update(said(&header, &claims).as_bytes());
        let mac = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
        trick(&format!("HS256 with {what} as the secret"), format!("{}.{mac}", said(&header, &claims)));
    }
    for alg in ["HS256", "RS256", "ES256", "PS512", "EdDSA2"] {
        trick(&format!("alg {alg}"), sign(&with(&header, "alg", json!(alg)), &claims));
    }
    let own = [7; 32];
    trick("another key under our name", signed(&header, &claims, &own));
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(SigningKey::from_bytes(&own).verifying_key().as_bytes())});
    trick("its own key in the header", signed(&with(&header, "jwk", jwk), &claims, &own));
    trick(
        "an address of keys in the header",
        signed(&with(&header, "jku", json!(format!("{}/keys.json", server.url))), &claims, &own),
    );
    trick("a critical extension", sign(&with(&header, "crit", json!(["b64"])), &claims));
    for kid in
        ["", "unknown", "../../../dev/null", "/dev/null", "' OR 1=1 --", "x' UNION SELECT 'AAAA", "k\u{0}", "urn:aisle"]
    {
        trick(&format!("kid {kid:?}"), sign(&with(&header, "kid", json!(kid)), &claims));
        trick(&format!("kid {kid:?}, empty key"), signed(&with(&header, "kid", json!(kid)), &claims, &[0; 32]));
    }
    trick("no kid", sign(&with(&header, "kid", Value::Null), &claims));
    // A key of ours, but for something else; and the right key's signature over something else than an access token.
    for purpose in [Purpose::Ticket, Purpose::Link, Purpose::HoldToken, Purpose::Refresh] {
        let (kid, secret) = keys.secret(purpose).unwrap();
        trick("a key of another purpose", signed(&with(&header, "kid", json!(kid)), &claims, &secret));
        trick("a key of another purpose under our name", signed(&header, &claims, &secret));
    }
    for typ in [json!("JWT"), json!("id+jwt"), Value::Null] {
        trick(&format!("typ {typ}"), sign(&with(&header, "typ", typ), &claims));
    }
    for (name, wrong) in [
        ("aud", json!("another")),
        ("aud", json!([])),
        ("aud", Value::Null),
        ("iss", json!("https://evil.example")),
        ("iss", Value::Null),
        ("sub", json!(bob)),
        ("sub", json!("ada' OR true --")),
        ("sub", Value::Null),
        ("sid", json!(Uuid::nil())),
        ("sid", Value::Null),
        ("exp", json!(claims["iat"].as_i64().unwrap() - 6)),
        ("exp", json!("never")),
        ("exp", json!(1e300)),
        ("exp", Value::Null),
        ("iat", json!(claims["iat"].as_i64().unwrap() + 3_600)),
        ("iat", Value::Null),
    ] {
        trick(&format!("{name} {wrong}"), sign(&header, &with(&claims, name, wrong)));
    }
    let right = sign(&header, &claims);
    let (said_right, signature) = right.rsplit_once('.').unwrap();
    trick(
        "another user in the signed text",
        format!("{}.{signature}", said(&header, &with(&claims, "sub", json!(bob)))),
    );
    trick("no signature", said_right.to_owned());
    trick("an empty signature", format!("{said_right}."));
    trick("a short signature", format!("{said_right}.{}", &signature[..40]));
    trick("a fourth part", format!("{right}.{signature}"));
    trick("padding", format!("{right}="));
    trick("nothing", "..".to_owned());

    for (what, token) in &tricks {
        assert_eq!(status(&server, token).await, 401, "{what}: {token}");
        // In a cookie it is nobody's, which is the same.
        let by_cookie = server.request(Method::GET, "/me").header("cookie", format!("aisle_session={token}"));
        assert_eq!(send(by_cookie).await.status, 401, "{what}: {token}");
    }
    assert_eq!(status(&server, &right).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_past_its_end_is_refused_and_a_second_of_difference_between_clocks_is_not() {
    let server = spawn().await;
    somebody(&server, "ada@example.org").await;
    let token = text(&login(&server, "ada@example.org", PASSWORD).await.expect(200), "access_token");
    let (header, claims) = parts_of(&token);
    let seed = server.running.parts.keys.secret(Purpose::Access).unwrap().1;
    let iat = claims["iat"].as_i64().unwrap();
    let aged = |by: i64| {
        let claims = with(&with(&claims, "iat", json!(iat - by)), "exp", json!(iat - by + 600));
        signed(&header, &claims, &seed)
    };
    assert_eq!(status(&server, &aged(590)).await, 200);
    assert_eq!(status(&server, &aged(-2)).await, 200);
    assert_eq!(status(&server, &aged(606)).await, 401);
    assert_eq!(status(&server, &aged(-3_600)).await, 401);
}

async fn published(server: &Server) -> Vec<String> {
    let keys = send(server.http.get(format!("{}/.well-known/jwks.json", server.url))).await.expect(200);
    keys["keys"].as_array().unwrap().iter().map(|key| text(key, "kid")).collect()
}

fn kid(token: &str) -> String {
    text(&parts_of(token).0, "kid")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_server_follows_the_rotation_of_its_key_and_what_was_signed_before_is_good_until_its_end() {
    let server = spawn().await;
    somebody(&server, "ada@example.org").await;
    let sign_in = async || text(&login(&server, "ada@example.org", PASSWORD).await.expect(200), "access_token");
    let time_passes = async |what: &str, seconds: i32| {
        sqlx::query(sqlx::AssertSqlSafe(format!("UPDATE server_key SET {what} = {what} - make_interval(secs => $1)")))
            .bind(f64::from(seconds))
            .execute(&server.db)
            .await
            .unwrap();
        server.running.parts.keys.reload(&server.db).await.unwrap();
    };
    let before = sign_in().await;
    let secret = InstallationSecret::parse(server.running.parts.config.secret_key.as_deref().unwrap()).unwrap();
    let next = keys::rotate(&server.db, Purpose::Access, &secret).await.unwrap();

    // Whoever shows a key that is not known here has it looked for; until then it is nobody's.
    assert_eq!(published(&server).await, [kid(&before)]);
    server.running.parts.keys.reload(&server.db).await.unwrap();
    assert_eq!(kid(&sign_in().await), kid(&before), "not all processes may know the new one yet");
    let both = published(&server).await;
    assert!(both.len() == 2 && both.contains(&next) && both.contains(&kid(&before)), "{both:?}");

    time_passes("created_at", SETTLING_S).await;
    let after = sign_in().await;
    assert_eq!(kid(&after), next);
    assert_eq!((status(&server, &before).await, status(&server, &after).await), (200, 200));
    assert_eq!(published(&server).await.len(), 2);

    // Ended by hand, because it was stolen: at once.
    keys::retire(&server.db, &kid(&before)).await.unwrap();
    server.running.parts.keys.reload(&server.db).await.unwrap();
    assert_eq!((status(&server, &before).await, status(&server, &after).await), (401, 200));
    assert_eq!(published(&server).await, std::slice::from_ref(&next));

    // Ended by itself, an hour after its successor came: its last token is long past its end.
    let last = keys::rotate(&server.db, Purpose::Access, &secret).await.unwrap();
    time_passes("created_at", SETTLING_S).await;
    time_passes("retired_at", 3_590).await;
    assert_eq!(status(&server, &after).await, 200);
    time_passes("retired_at", 20).await;
    assert_eq!(status(&server, &after).await, 401);
    assert_eq!(published(&server).await, [last]);
}
