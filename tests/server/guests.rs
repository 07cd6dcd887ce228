//! Buying without an account: the link in the mail, what ends it, how it is found again, and whose the order is in the end.

mod claims;
mod links;
mod lookup;

use std::time::Duration;

use aisle::tickets::access::order_token;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::accounts::{PASSWORD, login};
use crate::harness::{Answer, Server, send, spawn};
use crate::house::{hall, on_sale};

pub const EMAIL: &str = "ada@example.org";

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A house with a show on sale.
pub struct Shop {
    pub server: Server,
    pub show: Uuid,
}

/// An order, and what its buyer was given with it.
pub struct Bought {
    pub id: Uuid,
    pub number: String,
    pub token: String,
    pub payment: Value,
}

/// A mail: to whom, about what, its text.
pub type Mail = (String, String, String);

pub async fn shop() -> Shop {
    let server = spawn().await;
    let show = on_sale(&server, &hall(2, 6, 10)).await;
    Shop { server, show }
}

impl Shop {
    pub async fn wish(&self, show: Uuid, seat: &str, email: &str, locale: &str) -> Value {
        let hold = self.server.post(&format!("/shows/{show}/holds"), &json!({"seats": [seat]})).await.expect(201);
        json!({"holds": [{"show_id": show, "hold_id": hold["hold"]["id"], "token": hold["hold"]["token"]}],
               "customer": {"name": "Ada Buyer", "email": email, "locale": locale}})
    }

    /// Somebody orders, signed in or not, and has not paid.
    pub async fn order_as(&self, session: Option<&str>, seat: &str, email: &str) -> Bought {
        let wish = self.wish(self.show, seat, email, "en").await;
        let request = self.server.request(Method::POST, "/orders").json(&wish);
        let made =
            send(session.iter().fold(request, |request, session| request.bearer_auth(session))).await.expect(201);
        bought(&made)
    }

    /// The same, and pays.
    pub async fn buy_as(&self, session: Option<&str>, seat: &str, email: &str) -> Bought {
        let order = self.order_as(session, seat, email).await;
        self.pay(&order).await;
        order
    }

    pub async fn buy(&self, seat: &str) -> Bought {
        self.buy_as(None, seat, EMAIL).await
    }

    pub async fn pay(&self, order: &Bought) {
        let page = self.server.request(Method::POST, text(&order.payment["checkout_url"]));
        send(page.form(&[("outcome", "succeed")])).await;
        let waiting = async {
            let state = "SELECT state FROM orders WHERE id = $1";
            while sqlx::query_scalar::<_, String>(state).bind(order.id).fetch_one(&self.server.db).await.unwrap()
                != "confirmed"
            {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), waiting).await.expect("the order is confirmed");
    }

    pub fn with(&self, method: Method, path: &str, token: &str) -> RequestBuilder {
        self.server.request(method, path).header("aisle-order-token", token)
    }

    pub async fn read(&self, order: &Bought, token: &str) -> Answer {
        send(self.with(Method::GET, &format!("/orders/{}", order.id), token)).await
    }

    pub async fn by(&self, session: &str, method: Method, path: &str, body: &Value) -> Answer {
        crate::catalog::house::by(&self.server, session, method, path, body).await
    }

    pub async fn revoke(&self, order: &Bought, token: &str) -> Answer {
        send(self.with(Method::POST, &format!("/orders/{}/revoke-links", order.id), token)).await
    }

    /// The token that is good now, as only the mail has it.
    pub async fn newest_token(&self, order: &Bought) -> String {
        let version: i32 = sqlx::query_scalar("SELECT link_version FROM orders WHERE id = $1")
            .bind(order.id)
            .fetch_one(&self.server.db)
            .await
            .unwrap();
        order_token(&self.server.running.parts.keys, order.id, version)
    }

    /// Says everything that is due, and gives the mails since the last look, oldest first.
    pub async fn mails(&self) -> Vec<Mail> {
        let waiting = "SELECT count(*) FROM outbox WHERE done_at IS NULL";
        let saying = async {
            while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&self.server.db).await.unwrap() > 0 {
                self.server.running.parts.outbox.run_once().await.unwrap();
            }
        };
        tokio::time::timeout(Duration::from_secs(60), saying).await.expect("everything is said");
        let mut transaction = self.server.db.begin().await.unwrap();
        let mails = sqlx::query_as("SELECT recipient, subject, text_body FROM mail ORDER BY created_at, id")
            .fetch_all(&mut *transaction)
            .await
            .unwrap();
        sqlx::query("DELETE FROM mail").execute(&mut *transaction).await.unwrap();
        transaction.commit().await.unwrap();
        mails
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.server.db).await.unwrap()
    }

    pub async fn run(&self, sql: &'static str) {
        sqlx::query(sql).execute(&self.server.db).await.unwrap();
    }

    /// Somebody registers, confirms their address by the mail, and signs in.
    pub async fn registered(&self, email: &str) -> String {
        let wish = json!({"name": "Ada Lovelace", "email": email, "password": PASSWORD});
        self.server.post("/auth/register", &wish).await.expect(202);
        self.confirmed(email).await;
        self.signed_in(email).await
    }

    /// Follows the link of the newest mail to this address.
    pub async fn confirmed(&self, email: &str) {
        let mails = self.mails().await;
        let ours = |mail: &&Mail| mail.0 == email && mail.2.contains("/verify-email#t=");
        let mail = mails.iter().find(ours).unwrap_or_else(|| panic!("no mail to {email}"));
        let token = link_of(&mail.2).1;
        assert_eq!(self.server.post("/auth/verify-email", &json!({"token": token})).await.status, 204);
    }

    pub async fn signed_in(&self, email: &str) -> String {
        text(&login(&self.server, email, PASSWORD).await.expect(200)["access_token"]).to_owned()
    }

    /// The numbers of somebody's orders, as their list has them.
    pub async fn mine(&self, session: &str) -> Vec<String> {
        let page = self.by(session, Method::GET, "/me/orders", &Value::Null).await.expect(200);
        page["items"].as_array().unwrap().iter().map(|order| text(&order["number"]).to_owned()).collect()
    }

    pub async fn claim(&self, session: &str, order: &Bought, token: &str) -> Answer {
        let wish = json!({"order_id": order.id, "token": token});
        self.by(session, Method::POST, "/me/orders/claim", &wish).await
    }
}

pub fn bought(made: &Value) -> Bought {
    Bought {
        id: text(&made["order"]["id"]).parse().unwrap(),
        number: text(&made["order"]["number"]).to_owned(),
        token: text(&made["order"]["token"]).to_owned(),
        payment: made["payment"].clone(),
    }
}

/// The path of the first link in a mail, and the token behind it.
#[track_caller]
pub fn link_of(mail: &str) -> (String, String) {
    let line = mail.lines().find(|line| line.contains("#t=")).unwrap_or_else(|| panic!("no link in {mail}"));
    let (address, token) = line.trim().split_once("#t=").unwrap();
    (address.to_owned(), token.to_owned())
}
