//! A house of two rows, made through the back office.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Server, send};

/// Ids of what was made.
pub struct House {
    pub organizer: String,
    pub venue: String,
    pub plan: String,
    pub production: String,
}

/// A plan with two rows of two and an area for ten.
pub fn plan() -> Value {
    let seat = |guid: &str, x: i32, category: &str| json!({"seat_guid": guid, "seat_number": guid, "position": {"x": x, "y": 0}, "category": category});
    json!({
        "name": "Small hall", "size": {"width": 200, "height": 200},
        "categories": [{"name": "Near", "color": "#aa3333"}, {"name": "Far", "color": "#3333aa"}],
        "zones": [{
            "name": "Stalls", "zone_id": "stalls", "position": {"x": 0, "y": 0},
            "rows": [
                {"row_number": "A", "position": {"x": 0, "y": 0}, "seats": [seat("A-1", 0, "Near"), seat("A-2", 20, "Near")]},
                {"row_number": "B", "position": {"x": 0, "y": 20}, "seats": [seat("B-1", 0, "Far"), seat("B-2", 20, "Far")]},
            ],
            "areas": [{"shape": "rectangle", "position": {"x": 0, "y": 60}, "rectangle": {"width": 100, "height": 40},
                       "area_id": "floor", "capacity": 10, "category": "Far"}],
        }],
    })
}

pub fn prices() -> Value {
    let level = |key: &str, category: &str, amount: i64| {
        json!({"key": key, "name": category, "category": category, "color": "#aa3333",
               "prices": [{"ticket_type": "adult", "amount": amount}, {"ticket_type": "child", "amount": amount / 2}]})
    };
    json!({
        "ticket_types": [{"key": "adult", "name": "Adult", "default": true}, {"key": "child", "name": "Child"}],
        "price_levels": [level("near", "Near", 5000), level("far", "Far", 3000)],
    })
}

/// Makes something, and gives its id.
pub async fn make(server: &Server, room: &str, body: &Value) -> String {
    let made = server.admin(Method::POST, &format!("/admin/{room}"), body).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

pub async fn house(server: &Server) -> House {
    let organizer = make(server, "organizers", &json!({"name": "House"})).await;
    let venue = make(
        server,
        "venues",
        &json!({"organizer_id": organizer, "name": "Hall", "city": "Lund", "time_zone": "Europe/Stockholm"}),
    )
    .await;
    let plan = make(server, "plans", &json!({"organizer_id": organizer, "venue_id": venue, "plan": plan()})).await;
    let production = production(server, &organizer, "Hamlet", "theatre").await;
    House { organizer, venue, plan, production }
}

pub async fn production(server: &Server, organizer: &str, title: &str, kind: &str) -> String {
    make(server, "productions", &json!({"organizer_id": organizer, "title": title, "kind": kind})).await
}

/// A draft.
pub async fn show(server: &Server, house: &House, starts_at: &str) -> String {
    show_of(server, house, &house.production, starts_at).await
}

pub async fn show_of(server: &Server, house: &House, production: &str, starts_at: &str) -> String {
    let body = json!({
        "production_id": production, "venue_id": house.venue, "plan_id": house.plan, "currency": "EUR",
        "starts_at": starts_at, "prices": prices(),
    });
    make(server, "shows", &body).await
}

pub async fn act(server: &Server, show: &str, action: &str) -> Value {
    server.admin(Method::POST, &format!("/admin/shows/{show}/state"), &json!({"action": action})).await.expect(200)
}

/// A bearer token of somebody with this part in this house.
pub async fn staff(server: &Server, organizer: &str, role: &str) -> String {
    let email = format!("{}@example.org", aisle::platform::ids::new_id());
    let user = aisle::accounts::NewUser { name: role.to_owned(), email, password_hash: None, is_admin: false };
    let mut connection = server.db.acquire().await.unwrap();
    let id = aisle::accounts::insert_user(&mut connection, &user).await.unwrap();
    let role = aisle::accounts::Role::from_name(role).unwrap();
    aisle::accounts::insert_membership(&mut connection, id, organizer.parse().unwrap(), role).await.unwrap();
    drop(connection);
    aisle::accounts::Accounts::new(server.db.clone()).make_bearer(id, "test").await.unwrap()
}

/// Any method by whoever has this token.
pub async fn by(server: &Server, token: &str, method: Method, path: &str, body: &Value) -> crate::harness::Answer {
    let request = server.request(method, path).bearer_auth(token);
    send(if body.is_null() { request } else { request.json(body) }).await
}
