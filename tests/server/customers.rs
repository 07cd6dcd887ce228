//! One customer, several browsers: limits are by who buys, not by where.

use aisle::accounts::{Accounts, NewUser, insert_user};
use aisle::platform::db::MIGRATIONS;
use aisle::platform::ids::derived_id;
use serde_json::{Value, json};
use sqlx::postgres::PgPool;
use uuid::Uuid;

use crate::harness::{Answer, Server, new_database, send, spawn};
use crate::house::{hall, on_sale_with};

async fn held(server: &Server, show: Uuid, seats: &[&str]) -> Value {
    server.post(&format!("/shows/{show}/holds"), &json!({"seats": seats})).await.expect(201)["hold"].clone()
}

async fn order(server: &Server, hold: &Value, name: &str, email: &str) -> Answer {
    let owned = json!({"show_id": hold["show_id"], "hold_id": hold["id"], "token": hold["token"]});
    let wish = json!({"holds": [owned], "customer": {"name": name, "email": email}});
    send(server.request(reqwest::Method::POST, "/orders").json(&wish)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_address_in_two_browsers_has_one_limit() {
    let server = spawn().await;
    let show = on_sale_with(&server, &hall(2, 6, 10), json!({"places_per_buyer_max": 3})).await;
    let first = held(&server, show, &["r1-1", "r1-2"]).await;
    order(&server, &first, "Ada Buyer", "Ada@example.org").await.expect(201);

    let second = held(&server, show, &["r2-1", "r2-2"]).await;
    order(&server, &second, "A. Buyer", "ada@EXAMPLE.org").await.refused(409, "seat_limit_reached");
    let third = held(&server, show, &["r1-4"]).await;
    order(&server, &third, "Ada Buyer", "ada@example.org").await.expect(201);
    order(&server, &second, "Ben Buyer", "ben@example.org").await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_first_orders_of_a_new_address_at_once_have_one_limit() {
    let server = spawn().await;
    let show = on_sale_with(&server, &hall(2, 6, 10), json!({"places_per_buyer_max": 3})).await;
    let (here, there) = (held(&server, show, &["r1-1", "r1-2"]).await, held(&server, show, &["r2-1", "r2-2"]).await);
    let (one, other) = tokio::join!(
        order(&server, &here, "Ada Buyer", "ada@example.org"),
        order(&server, &there, "A. Buyer", "Ada@example.org")
    );
    let (made, refused) = if one.status == 201 { (one, other) } else { (other, one) };
    made.expect(201);
    refused.refused(409, "seat_limit_reached");
    let rows: Vec<Uuid> = sqlx::query_scalar("SELECT buyer_id FROM customer").fetch_all(&server.db).await.unwrap();
    assert_eq!(rows.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_types_somebodys_address_renames_no_order_but_their_own() {
    let server = spawn().await;
    let show = on_sale_with(&server, &hall(2, 6, 10), json!({})).await;
    let mut tokens = vec![];
    for email in ["ada@example.org", "eve@example.org"] {
        let user =
            NewUser { name: "Account".to_owned(), email: email.to_owned(), password_hash: None, is_admin: false };
        let user = insert_user(&mut server.db.acquire().await.unwrap(), &user).await.unwrap();
        sqlx::query("UPDATE app_user SET email_verified_at = now() WHERE id = $1")
            .bind(user)
            .execute(&server.db)
            .await
            .unwrap();
        tokens.push(Accounts::new(server.db.clone()).make_bearer(user, "test").await.unwrap());
    }
    let (ada, eve) = (tokens[0].as_str(), tokens[1].as_str());
    // Who orders, as whom, and how the house knows the customer afterwards.
    let orders = [
        ("r1-1", None, "Ada Buyer", "Ada Buyer"),
        ("r1-2", None, "Donald Duck", "Ada Buyer"),
        ("r1-3", Some(eve), "Eve", "Ada Buyer"),
        ("r1-4", Some(ada), "Ada Lovelace", "Ada Lovelace"),
        ("r1-5", None, "Ada Buyer", "Ada Lovelace"),
    ];
    let mut made = vec![];
    for (seat, who, name, known_as) in orders {
        let hold = held(&server, show, &[seat]).await;
        let owned = json!({"show_id": show, "hold_id": hold["id"], "token": hold["token"]});
        let wish = json!({"holds": [owned], "customer": {"name": name, "email": "ada@example.org"}});
        let mut request = server.request(reqwest::Method::POST, "/orders");
        if let Some(token) = who {
            request = request.bearer_auth(token);
        }
        made.push(send(request.json(&wish)).await.expect(201)["order"]["id"].as_str().unwrap().to_owned());
        let known: Vec<String> = sqlx::query_scalar("SELECT name FROM customer").fetch_all(&server.db).await.unwrap();
        assert_eq!(known, [known_as], "after {name}");
    }
    let read = async |path: String| server.admin(reqwest::Method::GET, &path, &Value::Null).await.expect(200);
    for (order, (_, _, name, _)) in made.iter().zip(orders) {
        assert_eq!(read(format!("/admin/orders/{order}")).await["order"]["customer"]["name"], name);
    }
    let found = async |query: &str| read(format!("/admin/orders?{query}")).await["items"].as_array().unwrap().len();
    assert_eq!(found("q=donald").await, 1);
    assert_eq!(found(&format!("q=donald&show={show}")).await, 1);
    // An order from before orders had a name goes by its customer's.
    sqlx::query("UPDATE orders SET buyer_name = NULL WHERE id = $1::text::uuid")
        .bind(&made[1])
        .execute(&server.db)
        .await
        .unwrap();
    assert_eq!(read(format!("/admin/orders/{}", made[1])).await["order"]["customer"]["name"], "Ada Lovelace");
    assert_eq!(found("q=donald").await, 0);
}

/// The number by which journals know a customer.
pub async fn buyer_of(db: &PgPool, customer: &str) -> Uuid {
    sqlx::query_scalar("SELECT buyer_id FROM customer WHERE id = $1::text::uuid")
        .bind(customer)
        .fetch_one(db)
        .await
        .unwrap()
}

/// How many facts in all journals name this number.
pub async fn facts_of(db: &PgPool, buyer: Uuid) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM journal WHERE event::text LIKE '%' || $1::text || '%'")
        .bind(buyer)
        .fetch_one(db)
        .await
        .unwrap()
}

/// The number as it was computed once.
fn computed(organizer: Uuid, email: &str) -> Uuid {
    derived_id(&[b"customer", organizer.as_bytes(), email.as_bytes()])
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_finds_an_address_in_a_journal_by_guessing_it() {
    let server = spawn().await;
    let show = on_sale_with(&server, &hall(2, 6, 10), json!({})).await;
    let hold = held(&server, show, &["r1-1"]).await;
    let made = order(&server, &hold, "Ada Buyer", "ada@example.org").await.expect(201);
    let customer = made["order"]["customer"]["id"].as_str().unwrap();
    let buyer = buyer_of(&server.db, customer).await;
    assert!(facts_of(&server.db, buyer).await > 0, "it is known by this number");
    assert_eq!(buyer.get_version_num(), 4, "which is random");
    let organizer: Uuid = sqlx::query_scalar("SELECT organizer_id FROM show WHERE id = $1")
        .bind(show)
        .fetch_one(&server.db)
        .await
        .unwrap();
    for guess in [computed(organizer, "ada@example.org"), customer.parse().unwrap()] {
        assert_eq!(facts_of(&server.db, guess).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_leaves_customers_the_number_that_journals_know_and_the_erased_none() {
    let db = PgPool::connect(&new_database().await).await.unwrap();
    let run = async |sql: String| sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&db).await.map(|_| ()).unwrap();
    let (before, since): (Vec<_>, Vec<_>) = MIGRATIONS.iter().partition(|migration| migration.version < 17);
    for migration in before {
        run(migration.sql.as_str().to_owned()).await;
    }
    let (house, other) = (Uuid::from_u128(7), Uuid::from_u128(u128::MAX / 3));
    run(format!("INSERT INTO organizer (id, name) VALUES ('{house}', 'House'), ('{other}', 'Other')")).await;
    let addresses =
        ["ada@example.org", "zoë.łódź@beispiel.example", "a@b", &format!("{}@example.org", "x".repeat(300))];
    for (organizer, email) in [house, other].into_iter().flat_map(|house| addresses.map(|email| (house, email))) {
        let values = format!("gen_random_uuid(), '{organizer}', '{email}', '{email}', 'Name'");
        run(format!("INSERT INTO customer (id, organizer_id, email, email_normalized, name) VALUES ({values})")).await;
    }
    let gone = format!("gen_random_uuid(), '{house}', '', 'erased:x', '', now()");
    run(format!("INSERT INTO customer (id, organizer_id, email, email_normalized, name, erased_at) VALUES ({gone})"))
        .await;
    for migration in since.into_iter().filter(|migration| migration.version == 17) {
        run(migration.sql.as_str().to_owned()).await;
    }

    let rows: Vec<(Uuid, String, Uuid)> =
        sqlx::query_as("SELECT organizer_id, email_normalized, buyer_id FROM customer").fetch_all(&db).await.unwrap();
    assert_eq!(rows.len(), 9);
    for (organizer, email, buyer) in rows {
        let as_before = buyer == computed(organizer, &email);
        assert_eq!(as_before, email != "erased:x", "{email} of {organizer} is {buyer}");
    }
}
