//! A house to measure in, made by the back office's own routes: a plan, a production, shows on sale without the orphan rule.

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use super::buyer::Show;
use super::run::Failed;

/// Seats of a row: an even number, so that pairs are neighbours.
const ROW: usize = 100;

/// The back office of a server.
pub struct Office {
    client: Client,
    base: String,
    token: String,
}

/// What shows are made of.
pub struct House {
    organizer: String,
    venue: String,
    production: String,
}

/// So many seats in rows.
fn plan(seats: usize) -> (Value, Vec<String>) {
    let mut guids = Vec::with_capacity(seats);
    let mut rows = Vec::new();
    for row in 1..=seats.div_ceil(ROW) {
        let places: Vec<Value> = (1..=ROW.min(seats - (row - 1) * ROW))
            .map(|seat| {
                let guid = format!("r{row}-{seat}");
                guids.push(guid.clone());
                #[allow(clippy::cast_precision_loss, reason = "a position")]
                let x = seat as f64 * 20.0;
                json!({"seat_guid": guid, "seat_number": seat.to_string(), "category": "Good", "position": {"x": x, "y": 0.0}})
            })
            .collect();
        #[allow(clippy::cast_precision_loss, reason = "a position")]
        let y = row as f64 * 30.0;
        rows.push(json!({"row_number": row.to_string(), "position": {"x": 0.0, "y": y}, "seats": places}));
    }
    let plan = json!({
        "name": format!("Measured hall of {seats}"), "size": {"width": 2200.0, "height": 20000.0},
        "categories": [{"name": "Good", "color": "#3b8a8e"}],
        "zones": [{"name": "Stalls", "zone_id": "stalls", "position": {"x": 0.0, "y": 0.0}, "rows": rows, "areas": []}],
    });
    (plan, guids)
}

fn id_of(answer: &Value) -> Result<String, Failed> {
    let id = answer["id"].as_str().ok_or_else(|| format!("an answer without an id: {answer}"))?;
    Ok(id.to_owned())
}

impl Office {
    /// At this server, as whoever has this token.
    ///
    /// # Errors
    /// Where no HTTP client can be made.
    pub fn at(base: &str, token: &str) -> Result<Self, Failed> {
        let base = base.trim_end_matches('/').to_owned();
        Ok(Self { client: Client::builder().build()?, base, token: token.to_owned() })
    }

    async fn send(&self, request: RequestBuilder) -> Result<Value, Failed> {
        let answer = request.bearer_auth(&self.token).send().await?;
        let (status, url) = (answer.status(), answer.url().path().to_owned());
        let text = answer.text().await?;
        if !status.is_success() {
            return Err(format!("{url} answered {status}: {text}").into());
        }
        Ok(serde_json::from_str(&text)?)
    }

    async fn make(&self, path: &str, body: &Value) -> Result<Value, Failed> {
        self.send(self.client.post(format!("{}/api/v1{path}", self.base)).json(body)).await
    }

    /// A venue and a production, for shows.
    ///
    /// # Errors
    /// What the server refused.
    pub async fn house(&self) -> Result<House, Failed> {
        let organizer = id_of(&self.make("/admin/organizers", &json!({"name": "The measured house"})).await?)?;
        let venue = json!({"organizer_id": organizer, "name": "Measured", "city": "Lund", "country": "Sweden", "time_zone": "Europe/Stockholm"});
        let venue = id_of(&self.make("/admin/venues", &venue).await?)?;
        let production = json!({"organizer_id": organizer, "title": "A rush", "kind": "concert"});
        let production = id_of(&self.make("/admin/productions", &production).await?)?;
        Ok(House { organizer, venue, production })
    }

    /// So many shows of so many seats each, on sale.
    ///
    /// # Errors
    /// What the server refused.
    pub async fn shows(&self, house: &House, count: usize, seats: usize) -> Result<Vec<Show>, Failed> {
        let (plan, guids) = plan(seats);
        let plan = json!({"organizer_id": house.organizer, "plan": plan});
        let plan = id_of(&self.make("/admin/plans", &plan).await?)?;
        let mut shows = Vec::with_capacity(count);
        for _ in 0..count {
            let show = json!({
                "production_id": house.production, "venue_id": house.venue, "plan_id": plan, "currency": "EUR", "starts_at": "2100-01-01T19:00:00Z",
                "orphan_rule": "off", "hold_ttl_s": 86_400, "extend_max_s": 86_400,
            });
            let id = id_of(&self.make("/admin/shows", &show).await?)?;
            let url = format!("{}/api/v1/admin/shows/{id}/prices", self.base);
            let prices = json!({
                "ticket_types": [{"key": "adult", "name": "Adult", "default": true}],
                "price_levels": [{"key": "good", "name": "Good", "category": "Good", "color": "#3b8a8e",
                                  "prices": [{"ticket_type": "adult", "amount": 3000}]}],
            });
            let version = self.send(self.client.get(&url)).await?["version"].clone();
            self.send(self.client.put(&url).header("if-match", format!("\"{version}\"")).json(&prices)).await?;
            self.make(&format!("/admin/shows/{id}/state"), &json!({"action": "publish"})).await?;
            shows.push(Show { id, seats: guids.clone() });
        }
        Ok(shows)
    }

    /// A key that books in this house.
    ///
    /// # Errors
    /// What the server refused.
    pub async fn key(&self, house: &House) -> Result<String, Failed> {
        let wish = json!({"organizer_id": house.organizer, "name": "Measures", "scopes": ["inventory:hold", "inventory:book"]});
        let made = self.make("/admin/api-keys", &wish).await?;
        Ok(made["key"].as_str().ok_or("a key without its letters")?.to_owned())
    }

    /// The letters of a show's seats, as everybody may see them.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn seats(&self, show: &str) -> Result<String, Failed> {
        let answer = self.send(self.client.get(format!("{}/api/v1/shows/{show}/seats", self.base))).await?;
        Ok(answer["seats"].as_str().ok_or("no seats")?.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_has_as_many_seats_as_wanted_each_with_a_name_of_its_own() {
        for seats in [1, 99, 100, 101, 250] {
            let (plan, mut guids) = plan(seats);
            assert_eq!(guids.len(), seats);
            let rows = plan["zones"][0]["rows"].as_array().expect("rows");
            assert_eq!(rows.iter().map(|row| row["seats"].as_array().map_or(0, Vec::len)).sum::<usize>(), seats);
            guids.sort();
            guids.dedup();
            assert_eq!(guids.len(), seats);
        }
    }
}
