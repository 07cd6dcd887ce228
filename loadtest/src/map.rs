//! The show that is rushed at: its rows of seats, fetched once for all buyers.

use serde_json::Value;
use tokio::sync::OnceCell;

/// A show's seats.
#[derive(Debug)]
pub struct Map {
    /// The show's id.
    pub show: String,
    /// Each row's seats by their place in the plan's order.
    pub rows: Vec<Vec<usize>>,
    /// Every seat's guid, in the plan's order.
    pub guids: Vec<String>,
    /// Where the server is.
    pub base: String,
}

static MAP: OnceCell<Map> = OnceCell::const_new();

/// What went wrong before the rush could begin.
pub type Failed = Box<dyn std::error::Error + Send + Sync>;

/// The map, where some buyer has fetched it.
pub fn known() -> Option<&'static Map> {
    MAP.get()
}

/// The map; the first buyer who asks fetches it.
pub async fn of(base: &str) -> Result<&'static Map, Failed> {
    MAP.get_or_try_init(|| fetch(base)).await
}

/// Gets JSON.
pub async fn get(url: &str) -> Result<Value, Failed> {
    Ok(reqwest::get(url).await?.error_for_status()?.json().await?)
}

async fn fetch(base: &str) -> Result<Map, Failed> {
    let base = base.trim_end_matches('/').to_owned();
    let show = match std::env::var("AISLE_LOAD_SHOW") {
        Ok(show) => show,
        Err(_) => roomiest(&base).await?,
    };
    let plan = get(&format!("{base}/api/v1/shows/{show}/plan")).await?;
    let mut map = Map { show, rows: Vec::new(), guids: Vec::new(), base };
    for zone in plan["zones"].as_array().into_iter().flatten() {
        for row in zone["rows"].as_array().into_iter().flatten() {
            let mut places = Vec::new();
            for seat in row["seats"].as_array().into_iter().flatten() {
                places.push(map.guids.len());
                map.guids.push(seat["seat_guid"].as_str().ok_or("a seat without a seat_guid")?.to_owned());
            }
            map.rows.push(places);
        }
    }
    if map.guids.is_empty() {
        return Err("this show has no numbered seats".into());
    }
    println!("rush: show {} with {} seats", map.show, map.guids.len());
    Ok(map)
}

async fn roomiest(base: &str) -> Result<String, Failed> {
    let shows = get(&format!("{base}/api/v1/shows?limit=200")).await?;
    let mut best: Option<(usize, String)> = None;
    for show in shows["items"].as_array().into_iter().flatten().filter(|show| show["state"] == "published") {
        let Some(id) = show["id"].as_str() else { continue };
        let seats = get(&format!("{base}/api/v1/shows/{id}/seats")).await?;
        let free = seats["seats"].as_str().map_or(0, |seats| seats.bytes().filter(|&letter| letter == b'a').count());
        if best.as_ref().is_none_or(|(most, _)| free > *most) {
            best = Some((free, id.to_owned()));
        }
    }
    best.map(|(_, id)| id).ok_or_else(|| "there is no show on sale".into())
}
