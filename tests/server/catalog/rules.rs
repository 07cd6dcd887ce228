//! A show keeps the rules that its house wishes, wherever a process died between the two.

use std::time::Duration;

use aisle_actors::core::ShowId;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::house::{act, house, show};
use crate::harness::{Server, spawn, spawn_on};

async fn published(server: &Server) -> Uuid {
    let house = house(server).await;
    let show = show(server, &house, "2031-03-01T18:30:00Z").await;
    act(server, &show, "publish").await;
    show.parse().unwrap()
}

/// What a process leaves that died after the wish was kept and before the show was told.
async fn leave_untold(server: &Server, show: Uuid, places_max: i32) {
    sqlx::query(
        "UPDATE show SET seats_per_hold_max = $2, version = version + 1, rules_due_at = now() - interval '1 minute' WHERE id = $1",
    )
    .bind(show)
    .bind(places_max)
    .execute(&server.db)
    .await
    .unwrap();
}

/// Waits until the show has been told. The worker comes by itself, so there is nothing to wait on but the row.
async fn until_told(server: &Server, show: Uuid) {
    let told = async {
        loop {
            let due: bool = sqlx::query_scalar("SELECT rules_due_at IS NOT NULL FROM show WHERE id = $1")
                .bind(show)
                .fetch_one(&server.db)
                .await
                .unwrap();
            if !due {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), told).await.expect("the show is told");
}

async fn configured(server: &Server, show: Uuid) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM journal WHERE show_id = $1 AND event->>'type' = 'configured'")
        .bind(show)
        .fetch_one(&server.db)
        .await
        .unwrap()
}

async fn take_two(server: &Server, show: Uuid) -> crate::harness::Answer {
    server.post(&format!("/shows/{show}/holds"), &json!({"seats": ["A-1", "A-2"]})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_in_force_when_it_is_answered_and_leaves_no_mark() {
    let server = spawn().await;
    let show = published(&server).await;
    let before = configured(&server, show).await;
    let path = format!("/admin/shows/{show}");
    let changed = server.admin(Method::PATCH, &path, &json!({"seats_per_hold_max": 1})).await.expect(200);
    assert_eq!((&changed["seats_per_hold_max"], &changed["rules_due_at"]), (&json!(1), &Value::Null));
    assert_eq!(configured(&server, show).await, before + 1);
    take_two(&server, show).await.refused(409, "seat_limit_reached");
    // What changes no rule tells the show nothing new.
    server.admin(Method::PATCH, &path, &json!({"external_id": "x-1"})).await.expect(200);
    assert_eq!(configured(&server, show).await, before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_show_that_was_left_untold_is_told_awake_asleep_and_by_the_next_process() {
    let first = spawn().await;
    let show = published(&first).await;
    let before = configured(&first, show).await;
    leave_untold(&first, show, 1).await;
    until_told(&first, show).await;
    take_two(&first, show).await.refused(409, "seat_limit_reached");
    assert_eq!(configured(&first, show).await, before + 1);

    first.running.parts.shows.passivate(ShowId(show)).await;
    leave_untold(&first, show, 2).await;
    until_told(&first, show).await;
    assert_eq!(configured(&first, show).await, before + 2);

    // The process may also have died after the show was told: then there is nothing to tell it.
    leave_untold(&first, show, 2).await;
    until_told(&first, show).await;
    assert_eq!(configured(&first, show).await, before + 2);

    let database = first.database_url.clone();
    leave_untold(&first, show, 1).await;
    first.stop().await;
    let second = spawn_on(database, |_| {}).await;
    until_told(&second, show).await;
    take_two(&second, show).await.refused(409, "seat_limit_reached");
    let now = second.admin(Method::GET, &format!("/admin/shows/{show}"), &Value::Null).await.expect(200);
    assert_eq!((&now["seats_per_hold_max"], &now["rules_due_at"]), (&json!(1), &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_changes_that_come_together_the_last_that_was_kept_is_the_one_in_force() {
    let server = spawn().await;
    let show = published(&server).await;
    let path = format!("/admin/shows/{show}");
    let changes = (1..=6).map(|max| {
        let (server, path) = (&server, &path);
        async move { server.admin(Method::PATCH, path, &json!({"seats_per_hold_max": max})).await }
    });
    let answers = futures_util::future::join_all(changes).await;
    assert!(answers.iter().any(|answer| answer.status == 200));
    for refused in answers.into_iter().filter(|answer| answer.status != 200) {
        refused.refused(412, "edit_conflict");
    }
    until_told(&server, show).await;
    let kept = server.admin(Method::GET, &path, &Value::Null).await.expect(200)["seats_per_hold_max"].clone();
    let told: Value = sqlx::query_scalar(
        "SELECT event->'settings'->'places_per_hold_max' FROM journal WHERE show_id = $1 AND event->>'type' = 'configured'
         ORDER BY seq DESC LIMIT 1",
    )
    .bind(show)
    .fetch_one(&server.db)
    .await
    .unwrap();
    assert_eq!(told, kept);
}
