//! A show that is paused, cancelled, moved or ended: what its holds, seats, lists and sockets then say, and what is refused.

use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::house::{act, house, show};
use crate::harness::{Answer, Server, send, spawn};
use crate::live::Window;

/// A published show with one hold on `A-1` and `A-2`, whose owner looks on.
struct Scene {
    server: Server,
    show: String,
    production: String,
    held: Value,
    window: Window,
}

fn moment(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

async fn scene() -> Scene {
    let server = spawn().await;
    let house = house(&server).await;
    let show = show(&server, &house, "2031-03-01T18:30:00Z").await;
    act(&server, &show, "publish").await;
    let held = server.post(&format!("/shows/{show}/holds"), &json!({"seats": ["A-1", "A-2"]})).await.expect(201);
    let held = held["hold"].clone();
    let mut window = Window::open(&server, show.parse::<Uuid>().unwrap(), "").await;
    window.next("snapshot").await;
    window.say(&json!({"t": "hold", "id": held["id"], "token": held["token"]})).await;
    assert_eq!(window.next("hold").await["hold"]["paused"], false);
    Scene { server, show, production: house.production, held, window }
}

impl Scene {
    async fn change(&self, body: Value) -> Answer {
        self.server.admin(Method::POST, &format!("/admin/shows/{}/state", self.show), &body).await
    }

    /// The owner's own request.
    async fn own(&self, method: Method, tail: &str, body: Value) -> Answer {
        let path = format!("/shows/{}/holds/{}{tail}", self.show, self.held["id"].as_str().unwrap());
        let request =
            self.server.request(method, &path).header("aisle-hold-token", self.held["token"].as_str().unwrap());
        send(if body.is_null() { request } else { request.json(&body) }).await
    }

    async fn read(&self) -> Value {
        self.own(Method::GET, "", Value::Null).await.expect(200)["hold"].clone()
    }

    async fn take(&self, seats: &[&str]) -> Answer {
        self.server.post(&format!("/shows/{}/holds", self.show), &json!({"seats": seats})).await
    }

    async fn seats(&self) -> Value {
        self.server.get(&format!("/shows/{}/seats", self.show)).await.expect(200)["seats"].clone()
    }

    /// Every list that has the show says this of it.
    async fn lists_say(&self, state: &str, message: Value) {
        let page = self.server.get(&format!("/shows/{}", self.show)).await.expect(200);
        assert_eq!((&page["state"], &page["public_message"]), (&json!(state), &message));
        let listed = self
            .server
            .get(&format!("/shows?production={}&from=2031-01-01T00:00:00Z", self.production))
            .await
            .expect(200);
        assert_eq!((&listed["items"][0]["id"], &listed["items"][0]["state"]), (&json!(self.show), &json!(state)));
        let office =
            self.server.admin(Method::GET, &format!("/admin/shows/{}", self.show), &Value::Null).await.expect(200);
        assert_eq!(office["state"], state);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_of_a_hold_stands_still_in_a_pause_and_comes_back_with_the_sale() {
    let mut scene = scene().await;
    let pause = json!({"action": "pause", "reason": "alarm", "public_message": "Back soon"});
    scene.change(pause.clone()).await.expect(200);
    let told = scene.window.next("show").await;
    assert_eq!((&told["state"], &told["public_message"]), (&json!("paused"), &json!("Back soon")));
    let told = scene.window.next("hold").await["hold"].clone();
    assert_eq!((&told["id"], &told["paused"]), (&scene.held["id"], &json!(true)));
    let left = told["expires_in_ms"].clone();

    scene.lists_say("paused", json!("Back soon")).await;
    let first = scene.read().await;
    scene.change(pause).await.expect(200);
    let second = scene.read().await;
    for seen in [&first, &second] {
        assert_eq!((&seen["paused"], &seen["expires_in_ms"]), (&json!(true), &left), "not a millisecond goes by");
        // As if the sale went on now: the two deadlines move together.
        let apart = moment(&seen["extendable_until"]).duration_since(moment(&seen["expires_at"]));
        let was = moment(&scene.held["extendable_until"]).duration_since(moment(&scene.held["expires_at"]));
        assert_eq!(apart, was);
        assert!(moment(&seen["expires_at"]) >= moment(&scene.held["expires_at"]));
    }
    assert!(moment(&second["expires_at"]) >= moment(&first["expires_at"]));

    // What takes or lengthens is refused; what gives back is not.
    scene.take(&["B-1"]).await.refused(409, "sales_paused");
    scene.own(Method::POST, "/extend", Value::Null).await.refused(409, "sales_paused");
    scene.own(Method::PATCH, "", json!({"add": ["B-1"]})).await.refused(409, "sales_paused");
    let fewer = scene.own(Method::PATCH, "", json!({"remove": ["A-2"]})).await.expect(200)["hold"].clone();
    assert_eq!((&fewer["seats"], &fewer["paused"], &fewer["expires_in_ms"]), (&json!(["A-1"]), &json!(true), &left));
    assert_eq!(scene.seats().await, "haaa");
    scene.change(json!({"action": "publish"})).await.refused(409, "wrong_state");

    scene.change(json!({"action": "resume"})).await.expect(200);
    while scene.window.next("show").await["state"] != "published" {}
    let told = scene.window.next("hold").await["hold"].clone();
    assert_eq!(told["paused"], false);
    assert!(told["expires_in_ms"].as_u64() <= left.as_u64());
    let path = format!("/admin/shows/{}/journal", scene.show);
    let journal = scene.server.admin(Method::GET, &path, &Value::Null).await.expect(200);
    let lines = journal["items"].as_array().unwrap();
    let resumed = lines.iter().find(|line| line["event"]["type"] == "resumed").unwrap();
    let shift = jiff::SignedDuration::from_millis(resumed["event"]["holds_shifted_by_ms"].as_i64().unwrap());
    let after = scene.read().await;
    for deadline in ["expires_at", "extendable_until"] {
        assert_eq!(
            moment(&after[deadline]),
            moment(&scene.held[deadline]) + shift,
            "{deadline}: the pause, and not more"
        );
    }
    scene.lists_say("published", Value::Null).await;
    scene.change(json!({"action": "resume"})).await.expect(200);
    scene.own(Method::PATCH, "", json!({"add": ["A-2"]})).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_show_that_is_called_off_moved_or_over_sells_nothing_and_takes_everything_back() {
    let (yes, no) = (200, 409);
    for (action, state, allowed) in [
        ("cancel", "cancelled", [("publish", no), ("pause", no), ("resume", no), ("move", no), ("end", no)]),
        ("end", "ended", [("publish", no), ("pause", no), ("resume", no), ("move", no), ("cancel", no)]),
        // One that was moved is on sale again once it is published with its new date.
        ("move", "moved", [("pause", no), ("resume", no), ("move", yes), ("publish", yes), ("end", yes)]),
    ] {
        let mut scene = scene().await;
        let message = if action == "end" { Value::Null } else { json!("Sorry") };
        let wish = json!({"action": action, "reason": "flu", "public_message": "Sorry"});
        assert_eq!(scene.change(wish.clone()).await.expect(200)["state"], state);
        assert_eq!(scene.change(wish).await.expect(200)["state"], state, "twice is once");
        let told = scene.window.next("show").await;
        assert_eq!((&told["state"], &told["public_message"]), (&json!(state), &message));
        let mut late = Window::open(&scene.server, scene.show.parse().unwrap(), "").await;
        assert_eq!(late.next("show").await["state"], state, "who comes later is told too");
        scene.lists_say(state, message).await;

        scene.take(&["B-1"]).await.refused(409, "sales_ended");
        scene.own(Method::POST, "/extend", Value::Null).await.refused(409, "sales_ended");
        scene.own(Method::PATCH, "", json!({"add": ["B-1"]})).await.refused(409, "sales_ended");
        let order = json!({"holds": [{"show_id": scene.show, "hold_id": scene.held["id"], "token": scene.held["token"]}],
                           "customer": {"name": "Ada Buyer", "email": "ada@example.org"}});
        scene.server.post("/orders", &order).await.refused(409, "sales_ended");
        assert_eq!((&scene.read().await["paused"], scene.seats().await), (&json!(false), json!("hhaa")));
        assert_eq!(scene.own(Method::DELETE, "", Value::Null).await.status, 204);
        assert_eq!(scene.window.next("hold_ended").await["why"], "released");
        assert_eq!(scene.seats().await, "aaaa", "and the map is there to be seen");

        for (next, status) in allowed {
            let answer = scene.change(json!({"action": next})).await;
            assert_eq!(answer.status.as_u16(), status, "{next} after {action}: {}", answer.text);
        }
        scene.server.stop().await;
    }
}
