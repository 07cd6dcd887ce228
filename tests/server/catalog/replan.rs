//! The plan of a show changes while people have its seats.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::house::{act, house, make, plan, show};
use crate::harness::{Server, spawn};
use crate::live::Window;

/// The next version: row B loses its second seat and row A gets a third; the floor has another capacity.
fn next(floor: u32) -> Value {
    let mut plan = plan();
    let rows = &mut plan["zones"][0]["rows"];
    rows[1]["seats"].as_array_mut().unwrap().pop();
    let third = json!({"seat_guid": "A-3", "seat_number": "A-3", "position": {"x": 40, "y": 0}, "category": "Near"});
    rows[0]["seats"].as_array_mut().unwrap().push(third);
    plan["zones"][0]["areas"][0]["capacity"] = json!(floor);
    plan
}

/// Imports a version of the house's plan.
async fn version(server: &Server, plan_id: &str, plan: &Value) -> String {
    make(server, "plans", &json!({"plan_id": plan_id, "plan": plan})).await;
    let page = server.admin(Method::GET, &format!("/admin/plans/{plan_id}"), &Value::Null).await.expect(200);
    page["versions"][0]["id"].as_str().unwrap().to_owned()
}

async fn seats(server: &Server, show: &str) -> Value {
    server.get(&format!("/shows/{show}/seats")).await.expect(200)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_show_on_sale_gets_another_plan_and_everybody_keeps_their_seats() {
    let server = spawn().await;
    let house = house(&server).await;
    let show = show(&server, &house, "2031-03-01T18:30:00Z").await;
    act(&server, &show, "publish").await;
    let holds = format!("/shows/{show}/holds");
    let wanted = json!({"seats": ["A-2"], "areas": [{"area": "floor", "quantity": 4}]});
    let held = server.post(&holds, &wanted).await.expect(201)["hold"].clone();
    let in_the_way = server.post(&holds, &json!({"seats": ["B-2"]})).await.expect(201)["hold"].clone();
    let before = seats(&server, &show).await;
    assert_eq!(before["seats"], "ahah");

    let second = version(&server, &house.plan, &next(8)).await;
    let path = format!("/admin/shows/{show}/plan");
    let preview = format!("{path}?plan_version={second}");
    let told = server.admin(Method::GET, &preview, &Value::Null).await.expect(200);
    assert_eq!(told["possible"], false);
    assert_eq!(told["in_the_way"], json!({"count": 1, "seats": ["B-2"]}));
    assert_eq!(told["added"], json!({"count": 1, "seats": ["A-3"]}));
    assert_eq!(told["areas"], json!([{"area": "floor", "from": 10, "to": 8, "taken": 4}]));
    let change = json!({"plan_version": second});
    let refused = server.admin(Method::PUT, &path, &change).await.refused(409, "plan_lacks_places");
    assert_eq!(refused["seats"], json!(["B-2"]));
    assert_eq!(seats(&server, &show).await, before, "a preview and a refusal change nothing");

    let id = in_the_way["id"].as_str().unwrap();
    let token = in_the_way["token"].as_str().unwrap();
    let release = server.request(Method::DELETE, &format!("{holds}/{id}")).header("Aisle-Hold-Token", token);
    assert_eq!(crate::harness::send(release).await.status, 204);
    assert_eq!(server.admin(Method::GET, &preview, &Value::Null).await.expect(200)["possible"], true);
    let mut window = Window::open(&server, Uuid::parse_str(&show).unwrap(), "").await;
    assert_eq!(window.next("snapshot").await["seats"], "ahaa");
    server.admin(Method::PUT, &path, &change).await.expect(200);
    assert_eq!(window.next("plan").await, json!({"t": "plan"}), "who looks on is told to load the plan again");
    server.admin(Method::PUT, &path, &change).await.expect(200);
    let after = seats(&server, &show).await;
    assert_eq!((&after["seats"], &after["plan_version"]), (&json!("ahaa"), &json!(second)));
    assert_eq!(after["areas"], json!([{"area": "floor", "available": 4}]));
    let page = server.get(&format!("/shows/{show}")).await.expect(200);
    assert_eq!(page["plan_version"], json!(second));
    assert!(server.get(&format!("/shows/{show}/plan")).await.expect(200).to_string().contains("A-3"));
    // The hold is there as before, and the new seat can be had; the one that went cannot.
    let (id, token) = (held["id"].as_str().unwrap(), held["token"].as_str().unwrap());
    let read = server.request(Method::GET, &format!("{holds}/{id}")).header("Aisle-Hold-Token", token);
    let now = crate::harness::send(read).await.expect(200)["hold"].clone();
    assert_eq!((&now["seats"], &now["expires_at"]), (&json!(["A-2"]), &held["expires_at"]));
    server.post(&holds, &json!({"seats": ["A-3"]})).await.expect(201);
    server.post(&holds, &json!({"seats": ["B-2"]})).await.refused(422, "validation_failed");
    let journal = server.admin(Method::GET, &format!("/admin/shows/{show}/journal"), &Value::Null).await.expect(200);
    assert!(journal["items"].to_string().contains("plan_changed"), "{journal}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_with_an_unpriced_category_or_of_another_house_is_refused() {
    let server = spawn().await;
    let house = house(&server).await;
    let show = show(&server, &house, "2031-03-01T18:30:00Z").await;
    act(&server, &show, "publish").await;
    let path = format!("/admin/shows/{show}/plan");
    let mut dearer = plan();
    dearer["categories"].as_array_mut().unwrap().push(json!({"name": "Box", "color": "#33aa33"}));
    dearer["zones"][0]["rows"][0]["seats"][0]["category"] = json!("Box");
    let second = version(&server, &house.plan, &dearer).await;
    let preview = server.admin(Method::GET, &format!("{path}?plan_version={second}"), &Value::Null).await.expect(200);
    assert_eq!((&preview["possible"], &preview["unpriced"]), (&json!(false), &json!(["Box"])));
    assert_eq!(preview["recategorised"], json!({"count": 1, "seats": ["A-1"]}));
    let change = json!({"plan_version": second});
    server.admin(Method::PUT, &path, &change).await.refused(422, "validation_failed");
    for wrong in [json!({"plan_version": Uuid::from_u128(7)}), json!({"plan_version": "x"}), json!({})] {
        server.admin(Method::PUT, &path, &wrong).await.refused(422, "validation_failed");
    }
    server.get(&format!("/admin/shows/{show}/plan?plan_version={second}")).await.refused(401, "unauthenticated");
    let nowhere = format!("/admin/shows/{}/plan", Uuid::from_u128(7));
    server.admin(Method::PUT, &nowhere, &change).await.refused(404, "not_found");
    let cancelled = version(&server, &house.plan, &next(10)).await;
    act(&server, &show, "cancel").await;
    server.admin(Method::PUT, &path, &json!({"plan_version": cancelled})).await.refused(409, "wrong_state");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_journal_is_believed_when_the_catalogue_was_never_told() {
    let server = spawn().await;
    let house = house(&server).await;
    let show = show(&server, &house, "2031-03-01T18:30:00Z").await;
    act(&server, &show, "publish").await;
    let first = seats(&server, &show).await["plan_version"].as_str().unwrap().to_owned();
    let second = version(&server, &house.plan, &next(10)).await;
    let path = format!("/admin/shows/{show}/plan");
    server.admin(Method::PUT, &path, &json!({"plan_version": second})).await.expect(200);
    // As if the process had died in between.
    let id = Uuid::parse_str(&show).unwrap();
    let shows = server.running.parts.shows.clone();
    shows.passivate(aisle_actors::core::ShowId(id)).await;
    sqlx::query("UPDATE show SET plan_version_id = $2 WHERE id = $1")
        .bind(id)
        .bind(Uuid::parse_str(&first).unwrap())
        .execute(&server.db)
        .await
        .unwrap();
    server.post(&format!("/shows/{show}/holds"), &json!({"seats": ["A-3"]})).await.expect(201);
    assert_eq!(seats(&server, &show).await["plan_version"], json!(second));
    assert_eq!(server.get(&format!("/shows/{show}")).await.expect(200)["plan_version"], json!(second));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_show_is_looked_back_at_on_the_plan_that_it_had_by_the_command_line_too() {
    let server = spawn().await;
    let house = house(&server).await;
    let show = show(&server, &house, "2031-03-01T18:30:00Z").await;
    act(&server, &show, "publish").await;
    server.post(&format!("/shows/{show}/holds"), &json!({"seats": ["B-1"]})).await.expect(201);
    let before = seats(&server, &show).await;
    let second = version(&server, &house.plan, &next(10)).await;
    let change = json!({"plan_version": second});
    server.admin(Method::PUT, &format!("/admin/shows/{show}/plan"), &change).await.expect(200);
    let after = seats(&server, &show).await;
    assert_eq!((&before["seats"], &after["seats"]), (&json!("aaha"), &json!("aaah")));

    let run = async |arguments: &[&str]| {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_aisle"));
        command.arg("journal").args(arguments).args(["--database-url", &server.database_url]).env("AISLE_LOG", "warn");
        let output = command.output().await.unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let forget = "UPDATE journal_page SET events = (
            SELECT jsonb_agg(CASE WHEN it#>>'{1,type}' = 'plan_changed' THEN it #- '{1,from}' ELSE it END ORDER BY number)::text
            FROM jsonb_array_elements(events::jsonb) WITH ORDINALITY AS line(it, number)
        ) WHERE events LIKE '%plan_changed%'";
    for spoil in ["SELECT 1", forget] {
        // An old journal does not say which plan it began on; the catalogue remembers.
        sqlx::query(spoil).execute(&server.db).await.unwrap();
        for seen in [&before, &after] {
            let seq = seen["seq"].to_string();
            let path = format!("/admin/shows/{show}/journal?at={seq}");
            let then = server.admin(Method::GET, &path, &Value::Null).await.expect(200);
            for field in ["seq", "plan_version", "seats", "areas"] {
                assert_eq!(then[field], seen[field], "{field} at {seq}");
            }
            let (code, said) = run(&["show", &show, "--at", &seq]).await;
            assert_eq!((code, serde_json::from_str::<Value>(&said).unwrap()), (Some(0), then));
        }
        let (code, said) = run(&["verify", &show]).await;
        assert!(code == Some(0) && said.trim().ends_with(" 0 faults"), "{said}");
    }
    assert_eq!(run(&["show", &show, "--at", "yesterday"]).await.0, Some(1));
    assert_eq!(run(&["show", &Uuid::nil().to_string(), "--at", "1"]).await.0, Some(1));
    server.stop().await;
}
