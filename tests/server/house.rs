//! A small house to test in: one organiser, one venue, plans drawn here, shows on sale.

use aisle::catalog::plan::PlanDocument;
use aisle::catalog::{NewVersion, PriceTable, plans, prices, productions, shows, venues};
use aisle::platform::ids::new_id;
use aisle_actors::core::{Command, ShowId, StateChange};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::Server;

/// A hall of `rows` rows of `seats` seats (`r1-1`, `r1-2`, …) and a floor of `floor` places where that is not zero.
pub fn hall(rows: u32, seats: u32, floor: u32) -> Value {
    let row = |r: u32| {
        let seats: Vec<Value> = (1..=seats)
            .map(|s| {
                json!({"seat_guid": format!("r{r}-{s}"), "seat_number": s.to_string(), "category": if r == 1 { "Best" } else { "Good" },
                       "position": {"x": f64::from(s) * 20.0, "y": 0.0}})
            })
            .collect();
        json!({"row_number": r.to_string(), "position": {"x": 0.0, "y": f64::from(r) * 30.0}, "seats": seats})
    };
    let rows: Vec<Value> = (1..=rows).map(row).collect();
    let area = json!({"shape": "rectangle", "color": "#cccccc", "border_color": "#000000", "rotation": 0.0,
                      "position": {"x": 0.0, "y": 0.0}, "rectangle": {"width": 100.0, "height": 50.0},
                      "text": {"position": {"x": 0.0, "y": 0.0}, "color": "#000000", "text": "Floor"},
                      "area_id": "floor", "capacity": floor, "category": "Good"});
    let areas = if floor == 0 { vec![] } else { vec![area] };
    json!({"name": "Hall", "size": {"width": 1000.0, "height": 1000.0},
           "categories": [{"name": "Best", "color": "#8e3b8a"}, {"name": "Good", "color": "#3b8a8e"}],
           "zones": [{"name": "Stalls", "zone_id": "stalls", "position": {"x": 0.0, "y": 0.0}, "rows": rows, "areas": areas}]})
}

/// A show in the house, published, with adult and child tickets: 45.00 and 20.00 in the first row, 30.00 and 15.00 behind it.
pub async fn on_sale(server: &Server, plan: &Value) -> Uuid {
    on_sale_with(server, plan, json!({})).await
}

/// The same with other fields of the show.
pub async fn on_sale_with(server: &Server, plan: &Value, fields: Value) -> Uuid {
    let show = draft_with(server, plan, fields).await;
    publish(server, show).await;
    show
}

/// Publishes a show.
pub async fn publish(server: &Server, show: Uuid) {
    ask(server, show, Command::Change(StateChange::Publish)).await;
}

/// Has a show do something that no route is needed for.
pub async fn ask(server: &Server, show: Uuid, command: Command) {
    let handle = server.running.parts.shows.get(ShowId(show)).await.expect("the show wakes");
    handle.ask(command).await.expect("the show does it");
}

/// A show in the house that nobody of the public sees yet; its rules are in force.
pub async fn draft_with(server: &Server, plan: &Value, fields: Value) -> Uuid {
    let (organizer, venue, production, plan_id, show) = (new_id(), new_id(), new_id(), new_id(), new_id());
    let mut tx = server.db.begin().await.expect("a transaction");
    aisle::accounts::insert_organizer(&mut tx, organizer, "The House").await.expect("an organiser");
    let input = json!({"organizer_id": organizer, "name": "The Hall", "city": "Lund", "time_zone": "Europe/Stockholm", "address": "Main Street 1"});
    venues::insert(&mut tx, venue, &read(input)).await.expect("a venue");
    let input = json!({"organizer_id": organizer, "title": "The Play", "kind": "theatre", "genre": "comedy", "language": "en", "summary": "Two people wait."});
    productions::insert(&mut tx, production, &read(input)).await.expect("a production");
    plans::insert(&mut tx, plan_id, organizer, &read(json!({"name": "Hall", "venue_id": venue})))
        .await
        .expect("a plan");
    let json = plan.to_string();
    let document = PlanDocument::parse(json.as_bytes()).unwrap_or_else(|problems| panic!("{problems}"));
    plans::import(&mut tx, NewVersion { plan: plan_id, document: &document, json: &json }).await.expect("a version");
    let mut input = json!({"production_id": production, "venue_id": venue, "plan_id": plan_id, "starts_at": "2030-05-04T17:00:00Z",
                           "cancel_until_s": 3600});
    for (name, value) in fields.as_object().expect("fields are an object") {
        input[name] = value.clone();
    }
    let input: aisle::catalog::ShowInput = read(input);
    shows::insert(&mut tx, show, organizer, &input, "EUR".parse().expect("a currency")).await.expect("a show");
    prices::replace(&mut tx, show, read::<PriceTable>(price_table())).await.expect("prices");
    tx.commit().await.expect("it is kept");
    ask(server, show, Command::Configure(aisle::catalog::settings(&input))).await;
    show
}

fn price_table() -> Value {
    let level = |key: &str, name: &str, adult: i64, child: i64| {
        json!({"key": key, "name": name, "category": name, "color": "#8e3b8a",
               "prices": [{"ticket_type": "adult", "amount": adult}, {"ticket_type": "child", "amount": child}]})
    };
    json!({"ticket_types": [{"key": "adult", "name": "Adult", "default": true}, {"key": "child", "name": "Child"}],
           "price_levels": [level("best", "Best", 4500, 2000), level("good", "Good", 3000, 1500)]})
}

fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("the input is right")
}
