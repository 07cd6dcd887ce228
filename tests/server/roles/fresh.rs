//! Things that are made for one request: a hold to be released, a venue to be put away, a link to be followed.

use aisle::accounts::links::{Kind, Links};
use aisle::accounts::{NewUser, Role, insert_membership, insert_user};
use aisle::platform::ids::new_id;
use aisle::platform::keys::Purpose;
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;
use uuid::Uuid;

use super::world::{Actor, House, PASSWORD, Things, Which, Who, World, text};
use crate::harness::{Server, send};
use crate::house::hall;

impl World {
    /// Makes what `$name` stands for, and what belongs to it. A new kind of thing is a new arm, here or in [`House::make`].
    pub async fn make(&self, name: &str, actor: &Actor, which: Which, things: &mut Things) {
        let value = match name {
            "password" => PASSWORD.to_owned(),
            "plan_json" => hall(1, 2, 5).to_string(),
            // Needs the body; see `World::request`.
            "signature" => "$signature".to_owned(),
            "no_id" => new_id().to_string(),
            "some_email" => format!("{}@example.org", new_id()),
            "some_person_email" => {
                let (user, _) = self.somebody(&Who::Person { is_admin: false, own: None, foreign: None }).await;
                self.email(user).await
            }
            "some_refresh_token" => {
                let (user, _) = self.somebody(&Who::Person { is_admin: false, own: None, foreign: None }).await;
                self.session(user).await.2
            }
            "some_verify_token" => self.link(Kind::Register, &format!("{}@example.org", new_id())).await,
            "some_reset_token" => {
                let (user, _) = self.somebody(&Who::Person { is_admin: false, own: None, foreign: None }).await;
                self.link(Kind::ResetPassword, &self.email(user).await).await
            }
            "my_session" | "my_passkey" | "my_link" => self.own_thing(name, actor).await,
            _ => return self.house(which).make(&self.server, name, things).await,
        };
        things.insert(name.to_owned(), value);
    }

    async fn email(&self, user: Uuid) -> String {
        let email = "SELECT email FROM app_user WHERE id = $1";
        sqlx::query_scalar(email).bind(user).fetch_one(&self.server.db).await.unwrap()
    }

    /// Something of the caller's own; of a customer's where the caller is no person.
    async fn own_thing(&self, name: &str, actor: &Actor) -> String {
        let user = actor.user.or(self.actor("customer").user).unwrap();
        let id = new_id();
        let sql = match name {
            "my_session" => return self.session(user).await.0.to_string(),
            "my_passkey" => {
                "INSERT INTO passkey (id, user_id, credential_id, credential, name)
                 VALUES ($1, $2, uuid_send($1), '{}', 'Phone')"
            }
            _ => "INSERT INTO linked_account (id, user_id, provider, subject) VALUES ($1, $2, 'club', $1::text)",
        };
        sqlx::query(sql).bind(id).bind(user).execute(&self.server.db).await.unwrap();
        id.to_string()
    }

    /// The token of a link that was asked for just now; its mail is not sent.
    async fn link(&self, kind: Kind, email: &str) -> String {
        let (word, name, hash) = match kind {
            Kind::Register => ("register", Some("Ada Walker"), Some(self.hash.as_str())),
            Kind::ResetPassword => ("reset_password", None, None),
            Kind::ChangeEmail => ("change_email", None, None),
        };
        let id = new_id();
        let insert = "INSERT INTO mail_link (id, kind, email, email_normalized, name, password_hash, expires_at)
                      VALUES ($1, $2, $3, $3, $4, $5, now() + interval '1 hour')";
        let insert = sqlx::query(insert).bind(id).bind(word).bind(email).bind(name).bind(hash);
        insert.execute(&self.server.db).await.unwrap();
        let links = Links::new(self.server.db.clone(), self.server.running.parts.keys.clone());
        let address = links.address("", kind, id);
        address.split_once("#t=").unwrap().1.to_owned()
    }

    /// What the sandbox would write over this body.
    pub fn signature(&self, body: &str) -> String {
        let parts = &self.server.running.parts;
        let (kid, secret) = parts.keys.secret(Purpose::SandboxWebhook).unwrap();
        let at = parts.clock.now().0 / 1000;
        let mut mac = Hmac::<Sha256>::new_from_slice(&secret).unwrap();
        mac.update(format!("{at}.{body}").as_bytes());
        let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("t={at},kid={kid},v1={hex}")
    }
}

impl House {
    /// Makes something new of this house.
    pub async fn make(&self, server: &Server, name: &str, things: &mut Things) {
        let of = |name: &str| self.things[name].clone();
        let made = match name {
            "new_organizer" => self.made(server, "organizers", json!({"name": "Another house"})).await,
            "new_venue" => {
                let venue = json!({"organizer_id": of("organizer"), "name": "Attic", "city": "Lund", "time_zone": "Europe/Stockholm"});
                self.made(server, "venues", venue).await
            }
            "new_plan" => {
                let plan = json!({"organizer_id": of("organizer"), "plan": hall(1, 2, 5)});
                self.made(server, "plans", plan).await
            }
            "new_production" => {
                let production = json!({"organizer_id": of("organizer"), "title": "Faust", "kind": "theatre"});
                self.made(server, "productions", production).await
            }
            "new_draft" | "new_show" => {
                let id = self.draft(server).await;
                if name == "new_show" {
                    crate::catalog::house::act(server, &id, "publish").await;
                }
                id
            }
            "new_allocation" => {
                let places = json!({"areas": [{"area": "floor", "quantity": 3}], "reason": "The press"});
                self.made(server, &format!("shows/{}/allocations", of("show")), places).await
            }
            "new_code" => {
                self.made(server, &format!("shows/{}/access-codes", of("show")), json!({"note": "Friends"})).await
            }
            "new_promo" => {
                let code = json!({"organizer_id": of("organizer"), "discount": {"percent_bp": 1000}});
                self.made(server, "promo-codes", code).await
            }
            "new_voucher" => {
                let amount = json!({"amount": 5000, "currency": "EUR"});
                let voucher = json!({"organizer_id": of("organizer"), "amount": amount, "reason": "Sold"});
                self.made(server, "vouchers", voucher).await
            }
            "new_key" => {
                let key = json!({"organizer_id": of("organizer"), "name": "A shop", "scopes": ["orders:read"]});
                self.made(server, "api-keys", key).await
            }
            "new_device" => {
                let device = json!({"organizer_id": of("organizer"), "name": "Door", "show_id": of("show")});
                self.made(server, "devices", device).await
            }
            "new_account" => {
                let account = json!({"provider": "stripe", "name": "Ours", "secret_key": "sk_test_walkwalkwalk1",
                                     "methods": ["card"], "enabled": false});
                self.made(server, &format!("organizers/{}/payment-accounts", of("organizer")), account).await
            }
            "new_customer" => self.customer(server).await.to_string(),
            "new_hold" | "new_hold_token" => {
                let (hold, token) = self.hold(server, None).await;
                things.insert("new_hold_token".to_owned(), token);
                things.insert("new_hold".to_owned(), hold);
                return;
            }
            "new_member" => self.member(server).await.to_string(),
            "new_invitation" | "new_invitation_token" => {
                let id = self.invitation(server).await;
                let proof = server.running.parts.keys.token(Purpose::Link, &[b"invitation", id.as_bytes()]);
                things.insert("new_invitation_token".to_owned(), format!("{}.{proof}", id.simple()));
                things.insert("new_invitation".to_owned(), id.to_string());
                return;
            }
            "new_booking" => self.booking(server).await,
            "new_order" | "new_order_token" => return self.order(server, things).await,
            other => panic!("nothing is called ${other}; say in roles/fresh.rs how it is made"),
        };
        things.insert(name.to_owned(), made);
    }

    async fn made(&self, server: &Server, room: &str, body: Value) -> String {
        text(&server.admin(Method::POST, &format!("/admin/{room}"), &body).await.expect(201)["id"])
    }

    async fn draft(&self, server: &Server) -> String {
        let path = format!("/admin/shows/{}/prices", self.things["show"]);
        let prices = server.admin(Method::GET, &path, &Value::Null).await.expect(200);
        let types = prices["ticket_types"].as_array().unwrap();
        let types: Vec<_> = types
            .iter()
            .map(|one| json!({"key": one["key"], "name": one["name"], "default": one["default"]}))
            .collect();
        let show = json!({
            "production_id": self.things["production"], "venue_id": self.things["venue"], "plan_id": self.things["plan"],
            "currency": "EUR", "starts_at": "2030-06-01T18:00:00Z",
            "prices": {"ticket_types": types, "price_levels": prices["price_levels"]},
        });
        self.made(server, "shows", show).await
    }

    /// A hold of one place on the floor: its id and its token.
    async fn hold(&self, server: &Server, key: Option<&str>) -> (String, String) {
        let path = format!("/shows/{}/holds", self.things["show"]);
        let request = server.request(Method::POST, &path).json(&json!({"areas": [{"area": "floor", "quantity": 1}]}));
        let request = match key {
            Some(key) => request.bearer_auth(key),
            None => request,
        };
        let hold = send(request).await.expect(201)["hold"].clone();
        (text(&hold["id"]), text(&hold["token"]))
    }

    async fn booking(&self, server: &Server) -> String {
        let (hold, _) = self.hold(server, Some(&self.key)).await;
        let path = format!("/shows/{}/holds/{hold}/book", self.things["show"]);
        let book = server.request(Method::POST, &path).bearer_auth(&self.key).json(&json!({"reference": hold}));
        text(&send(book).await.expect(201)["booking"]["id"])
    }

    /// An order that waits to be paid.
    async fn order(&self, server: &Server, things: &mut Things) {
        let (hold, token) = self.hold(server, None).await;
        let email = format!("{hold}@example.org");
        let wish = json!({
            "holds": [{"show_id": self.things["show"], "hold_id": hold, "token": token}],
            "customer": {"name": "Grace Buyer", "email": email},
        });
        let made = server.post("/orders", &wish).await.expect(201);
        let order = &made["order"];
        for (name, value) in [
            ("new_order", &order["id"]),
            ("new_order_token", &order["token"]),
            ("new_order_number", &order["number"]),
            ("new_customer_of_order", &order["customer"]["id"]),
            ("new_checkout", &made["payment"]["checkout_url"]),
        ] {
            things.insert(name.to_owned(), text(value));
        }
        things.insert("new_order_email".to_owned(), email);
    }

    async fn member(&self, server: &Server) -> Uuid {
        let email = format!("{}@example.org", new_id());
        let user = NewUser { name: "Grace Usher".to_owned(), email, password_hash: None, is_admin: false };
        let mut connection = server.db.acquire().await.unwrap();
        let user = insert_user(&mut connection, &user).await.unwrap();
        let organizer = self.things["organizer"].parse().unwrap();
        insert_membership(&mut connection, user, organizer, Role::Scanner).await.unwrap();
        user
    }

    async fn invitation(&self, server: &Server) -> Uuid {
        let (id, organizer) = (new_id(), self.things["organizer"].parse::<Uuid>().unwrap());
        let insert = "INSERT INTO invitation (id, organizer_id, email, email_normalized, role, expires_at)
                      VALUES ($1, $2, $3, $3, 'scanner', now() + interval '1 day')";
        let email = format!("{id}@example.org");
        sqlx::query(insert).bind(id).bind(organizer).bind(email).execute(&server.db).await.unwrap();
        id
    }

    async fn customer(&self, server: &Server) -> Uuid {
        let (id, organizer) = (new_id(), self.things["organizer"].parse::<Uuid>().unwrap());
        let insert = "INSERT INTO customer (id, organizer_id, email, email_normalized, name) VALUES ($1, $2, $3, $3, 'Grace Buyer')";
        let email = format!("{id}@example.org");
        sqlx::query(insert).bind(id).bind(organizer).bind(email).execute(&server.db).await.unwrap();
        id
    }
}
