//! A proof is of one thing, of one kind, and where it is a link's, good once.

use aisle::accounts::needs::{Need, Proof};
use reqwest::Method;
use serde_json::json;

use super::line::Shown;
use super::lines;
use super::world::{PASSWORD, Things, Which, Who, World, text};
use crate::harness::send;

/// The names of what proves something, in either house.
const PROOFS: [&str; 4] = ["hold_token", "order_token", "ticket_link", "key"];

#[tokio::test(flavor = "multi_thread")]
async fn no_proof_of_another_thing_or_another_kind_proves_this_one() {
    let world = World::new().await;
    let stranger = world.actor("stranger").clone();
    let mut wrong: Vec<(String, String)> = vec![
        ("nothing".to_owned(), String::new()),
        ("a letter".to_owned(), "x".to_owned()),
        ("an access token".to_owned(), world.actor("organizer").token.clone().unwrap()),
    ];
    for (whose, house) in [("the other house's", &world.foreign), ("its own house's", &world.own)] {
        for name in PROOFS {
            wrong.push((format!("{whose} {name}"), house.things[name].clone()));
        }
    }
    let mut all = Vec::new();
    for line in lines::all() {
        let need = line.declared().unwrap().need;
        if matches!(need, Need::Proof(..)) && line.proof != Shown::Body {
            let right = world.request(&line, &stranger, Which::Own).await;
            all.push((line, need, right));
        }
    }
    world.settle().await;
    let before = world.digest().await;
    let mut refused = 0;
    for (line, need, right) in &all {
        let code = match need {
            Need::Proof(Proof::HoldToken, _) => "hold_token_invalid",
            Need::Proof(Proof::Signature, _) => "signature_invalid",
            _ => "order_token_invalid",
        };
        let proof = match line.proof {
            Shown::Headers => right.headers.split_once(": ").unwrap().1,
            _ => right.query.split_once('=').unwrap().1,
        };
        let mut tries = wrong.clone();
        let mut turned = proof.to_owned();
        let last = if turned.pop() == Some('A') { 'B' } else { 'A' };
        tries.push(("cut short".to_owned(), turned.clone()));
        tries.push(("with its last letter turned".to_owned(), format!("{turned}{last}")));
        tries.push(("twice".to_owned(), format!("{proof}{proof}")));
        for (what, value) in tries {
            // The order's own token opens its ticket too, but not as a link.
            if value == proof {
                continue;
            }
            let mut request = right.clone();
            match line.proof {
                Shown::Headers => request.headers = request.headers.replace(proof, &value),
                _ => request.query = request.query.replace(proof, &value),
            }
            let answer = world.send(&request, &stranger).await;
            assert_eq!(
                (answer.status.as_u16(), answer.body["code"].as_str()),
                (403, Some(code)),
                "{} by {what}: {}",
                line.route,
                answer.text
            );
            refused += 1;
        }
        // And the right one is right.
        if line.route.starts_with("GET ") {
            assert_eq!(world.send(right, &stranger).await.status, 200, "{}", line.route);
        }
    }
    assert_eq!(world.changed_since(&before).await, Vec::<String>::new());
    println!("{} ways to show a proof, {refused} wrong ones refused", all.len());
    assert!(refused > 150, "only {refused}");
    world.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_good_once_and_for_what_it_was_mailed_for() {
    let world = World::new().await;
    let customer = world.actor("customer").clone();
    let fresh = async |name: &str| {
        let mut things = Things::new();
        world.make(name, &customer, Which::Own, &mut things).await;
        things[name].clone()
    };
    let verify = async |token: &str| world.server.post("/auth/verify-email", &json!({"token": token})).await;
    let reset = async |token: &str| {
        let body = json!({"token": token, "password": "another velvet otter piano"});
        world.server.post("/auth/reset-password", &body).await
    };
    let (to_verify, to_reset) = (fresh("some_verify_token").await, fresh("some_reset_token").await);
    for wrong in [
        &to_reset,
        &world.own.things["hold_token"],
        &world.own.things["ticket_link"],
        &fresh("some_refresh_token").await,
    ] {
        verify(wrong).await.refused(403, "link_invalid");
    }
    for wrong in [&to_verify, &world.own.things["order_token"], &fresh("some_refresh_token").await] {
        reset(wrong).await.refused(403, "link_invalid");
    }
    // One link's id under another link's proof.
    let other = fresh("some_reset_token").await;
    let mixed = format!("{}.{}", to_reset.split_once('.').unwrap().0, other.split_once('.').unwrap().1);
    reset(&mixed).await.refused(403, "link_invalid");
    assert_eq!(verify(&to_verify).await.status, 204);
    assert_eq!(reset(&to_reset).await.status, 204);
    verify(&to_verify).await.refused(403, "link_invalid");
    reset(&to_reset).await.refused(403, "link_invalid");
    // Past its end: the other one was never used.
    let late = "UPDATE mail_link SET expires_at = now() WHERE replace(id::text, '-', '') = $1";
    world.run(late, other.split_once('.').unwrap().0).await;
    reset(&other).await.refused(403, "link_invalid");
    world.server.stop().await;
}

/// Whichever way somebody signs in: what the browser brought along is neither used nor changed.
#[tokio::test(flavor = "multi_thread")]
async fn no_way_of_signing_in_takes_over_a_session_from_before() {
    let world = World::new().await;
    let nobody = Who::Person { is_admin: false, own: None, foreign: None };
    let (eve, _) = world.somebody(&nobody).await;
    let (_, access, refresh) = world.session(eve).await;
    let planted = format!("aisle_session={access}; aisle_refresh={refresh}; aisle_device=x");
    let sent = |method: Method, path: &str| {
        world.server.request(method, path).header("cookie", &planted).header("aisle-csrf", "1")
    };
    let (ada, _) = world.somebody(&nobody).await;
    let email: String = sqlx::query_scalar("SELECT email FROM app_user WHERE id = $1")
        .bind(ada)
        .fetch_one(&world.server.db)
        .await
        .unwrap();
    let body = json!({"email": email, "password": PASSWORD});
    let by_password = send(sent(Method::POST, "/auth/login").json(&body)).await.expect(200);
    let (_, _, own) = world.session(ada).await;
    let by_refresh = send(sent(Method::POST, "/auth/refresh").json(&json!({"refresh_token": own}))).await.expect(200);
    for signed_in in [&by_password, &by_refresh] {
        assert_eq!(signed_in["user"]["id"], json!(ada));
        for planted in [&access, &refresh] {
            assert!(text(&signed_in["access_token"]) != *planted && text(&signed_in["refresh_token"]) != *planted);
        }
    }
    let me = send(world.server.request(Method::GET, "/me").bearer_auth(&access)).await.expect(200);
    assert_eq!(me["user"]["id"], json!(eve), "her session is hers still");
    let next = json!({"refresh_token": refresh});
    assert_eq!(world.server.post("/auth/refresh", &next).await.expect(200)["user"]["id"], json!(eve));
    world.server.stop().await;
}
