//! Shows on sale and their places, fetched once before the rush for all buyers.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::Client;
use serde_json::Value;

use crate::dice::Dice;

/// What went wrong before the rush could begin, or after it.
pub type Failed = Box<dyn std::error::Error + Send + Sync>;

/// A show's places.
#[derive(Debug, PartialEq, Eq)]
pub struct Map {
    /// The show's id.
    pub show: String,
    /// What is played.
    pub production: String,
    /// Which version of the plan this is.
    pub plan_version: String,
    /// Each row's seats by their place in the plan's order.
    pub rows: Vec<Vec<usize>>,
    /// Every seat's guid, in the plan's order.
    pub guids: Vec<String>,
    /// Areas without numbers.
    pub areas: Vec<String>,
}

/// What is free of a show, as somebody saw it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Free {
    /// A letter for each seat.
    pub letters: Vec<u8>,
    /// Places left in each area.
    pub areas: Vec<(String, u64)>,
}

impl Free {
    /// From the answer of a show's seats.
    #[must_use]
    pub fn of(seats: &Value) -> Option<Self> {
        let letters = seats["seats"].as_str()?.as_bytes().to_vec();
        let areas = seats["areas"].as_array().into_iter().flatten();
        let areas = areas.filter_map(|area| Some((area["area"].as_str()?.to_owned(), area["available"].as_u64()?)));
        Some(Self { letters, areas: areas.collect() })
    }

    /// Whether some numbered seat is.
    #[must_use]
    pub fn has_seats(&self) -> bool {
        self.letters.contains(&b'a')
    }

    /// All free places.
    #[must_use]
    pub fn places(&self) -> u64 {
        let seated = self.letters.iter().filter(|&&letter| letter == b'a').count();
        seated as u64 + self.areas.iter().map(|(_, left)| left).sum::<u64>()
    }
}

/// What a buyer asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// These seats, by guid.
    Seats(Vec<String>),
    /// So many, wherever the house thinks best.
    Best(usize),
    /// So many places of an area.
    Area(String, usize),
}

impl Wish {
    /// Places that are wanted.
    #[must_use]
    pub fn places(&self) -> usize {
        match self {
            Self::Seats(seats) => seats.len(),
            Self::Best(count) | Self::Area(_, count) => *count,
        }
    }
}

/// Of a hundred buyers, who would rather stand where one can.
const STANDS: f64 = 20.0;
/// Asks over and over for as long as a server needs that is told to come again later.
const TRIES: usize = 5;

/// Gets JSON, outside of any journey.
///
/// # Errors
/// Where there is no answer, or one that says no.
pub async fn get(client: &Client, url: &str, token: Option<&str>) -> Result<Value, Failed> {
    for attempt in 1.. {
        let mut request = client.get(url);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await?;
        let status = response.status();
        if matches!(status.as_u16(), 429 | 503) && attempt < TRIES {
            let named = response.headers().get("retry-after").and_then(|at| at.to_str().ok()?.parse().ok());
            tokio::time::sleep(Duration::from_secs(named.unwrap_or(1).min(30))).await;
            continue;
        }
        if !status.is_success() {
            return Err(format!("{url}: answered {status}").into());
        }
        return Ok(response.json().await?);
    }
    Err("asked too often".into())
}

impl Map {
    /// The map of this show.
    ///
    /// # Errors
    /// Where it cannot be had, or the show has no places.
    pub async fn fetch(client: &Client, base: &str, show: &str) -> Result<Self, Failed> {
        let found = get(client, &format!("{base}/api/v1/shows/{show}"), None).await?;
        let plan = get(client, &format!("{base}/api/v1/shows/{show}/plan"), None).await?;
        let mut map = Self::of_plan(show, &plan)?;
        found["production"]["id"].as_str().unwrap_or_default().clone_into(&mut map.production);
        found["plan_version"].as_str().unwrap_or_default().clone_into(&mut map.plan_version);
        Ok(map)
    }

    /// The places of a plan, in its own order.
    ///
    /// # Errors
    /// Where it has none, or one without a name.
    pub fn of_plan(show: &str, plan: &Value) -> Result<Self, Failed> {
        let mut map = Self {
            show: show.to_owned(),
            production: String::new(),
            plan_version: String::new(),
            rows: Vec::new(),
            guids: Vec::new(),
            areas: Vec::new(),
        };
        for zone in plan["zones"].as_array().into_iter().flatten() {
            for row in zone["rows"].as_array().into_iter().flatten() {
                let mut places = Vec::new();
                for seat in row["seats"].as_array().into_iter().flatten() {
                    places.push(map.guids.len());
                    map.guids.push(seat["seat_guid"].as_str().ok_or("a seat without a seat_guid")?.to_owned());
                }
                map.rows.push(places);
            }
            for area in zone["areas"].as_array().into_iter().flatten() {
                if area["capacity"].as_u64().is_some_and(|capacity| capacity > 0) {
                    map.areas.extend(area["area_id"].as_str().map(str::to_owned));
                }
            }
        }
        if map.guids.is_empty() && map.areas.is_empty() {
            return Err(format!("show {show} has no places").into());
        }
        Ok(map)
    }

    /// Chooses among what is free: up to `want` neighbours, in the best third of the rows where `best` and possible, now and then
    /// places of an area. `None` where nothing is free.
    pub fn choose(&self, free: &Free, want: usize, best: bool, dice: &mut Dice) -> Option<Wish> {
        let (seats, standing) = (free.has_seats(), free.areas.iter().any(|&(_, left)| left > 0));
        if standing && (!seats || dice.chance(STANDS)) {
            let open: Vec<&(String, u64)> = free.areas.iter().filter(|(_, left)| *left > 0).collect();
            let (area, left) = dice.one_of(&open)?;
            return Some(Wish::Area(area.clone(), want.min(usize::try_from(*left).unwrap_or(want))));
        }
        if !seats {
            return None;
        }
        let reach = if best { self.rows.len().div_ceil(3) } else { self.rows.len() };
        for _ in 0..40 {
            if let Some(seats) = self.neighbours(self.rows.get(dice.below(reach))?, &free.letters, want, dice) {
                return Some(Wish::Seats(seats));
            }
        }
        // Who finds nothing at a glance looks row by row, from somewhere on, and then for fewer.
        let first = dice.below(self.rows.len());
        (1..=want).rev().find_map(|want| {
            let mut rows = self.rows.iter().cycle().skip(first).take(self.rows.len());
            rows.find_map(|row| self.neighbours(row, &free.letters, want, dice)).map(Wish::Seats)
        })
    }

    fn neighbours(&self, row: &[usize], letters: &[u8], want: usize, dice: &mut Dice) -> Option<Vec<String>> {
        let free = |places: &[usize]| places.iter().all(|&place| letters.get(place) == Some(&b'a'));
        let runs: Vec<&[usize]> = row.windows(want.max(1)).filter(|run| free(run)).collect();
        Some(dice.one_of(&runs)?.iter().map(|&place| self.guids[place].clone()).collect())
    }
}

/// What is on sale now.
///
/// # Errors
/// Where the server does not say.
pub async fn on_sale(client: &Client, base: &str) -> Result<Vec<String>, Failed> {
    let site = get(client, &format!("{base}/api/v1/site"), None).await?;
    let now: Timestamp = site["server_time"].as_str().ok_or("the server tells no time")?.parse()?;
    let mut shows = Vec::new();
    let mut after = String::new();
    loop {
        let page = get(client, &format!("{base}/api/v1/shows?limit=100{after}"), None).await?;
        shows.extend(
            page["items"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|show| is_on_sale(show, now))
                .filter_map(|show| show["id"].as_str().map(str::to_owned)),
        );
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return Ok(shows),
        }
    }
}

fn is_on_sale(show: &Value, now: Timestamp) -> bool {
    let moment = |field: &str| show[field].as_str().and_then(|at| at.parse::<Timestamp>().ok());
    show["state"] == "published"
        && show["availability"] != "sold_out"
        && moment("on_sale_at").is_none_or(|at| at <= now)
        && moment("sales_end_at").is_none_or(|at| now < at)
}

/// Free places of a show.
///
/// # Errors
/// Where the server does not say.
pub async fn free(client: &Client, base: &str, show: &str) -> Result<Free, Failed> {
    let seats = get(client, &format!("{base}/api/v1/shows/{show}/seats"), None).await?;
    Free::of(&seats).ok_or_else(|| format!("show {show}: a map without seats").into())
}

/// The show that is rushed at: the one that was asked for, else the one of `shows` with the most free places.
///
/// # Errors
/// Where there is none.
pub async fn target(client: &Client, base: &str, asked: Option<&str>, shows: &[String]) -> Result<Arc<Map>, Failed> {
    let show = match asked {
        Some(show) => show.to_owned(),
        None => {
            let mut best: Option<(u64, &String)> = None;
            for show in shows {
                let free = free(client, base, show).await?.places();
                if best.is_none_or(|(most, _)| free > most) {
                    best = Some((free, show));
                }
            }
            best.ok_or("there is no show on sale; name one with --show")?.1.clone()
        }
    };
    Ok(Arc::new(Map::fetch(client, base, &show).await?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn small() -> Map {
        let seat = |guid: &str| json!({"seat_guid": guid});
        let plan = json!({"zones": [
            {"rows": [{"seats": [seat("A-1"), seat("A-2"), seat("A-3")]}, {"seats": [seat("B-1"), seat("B-2")]}], "areas": []},
            {"rows": [{"seats": [seat("C-1")]}], "areas": [{"area_id": "floor", "capacity": 9}, {"area_id": "stage"}]},
        ]});
        Map::of_plan("s", &plan).expect("a map")
    }

    fn seated() -> Map {
        Map { areas: Vec::new(), ..small() }
    }

    fn chosen(map: &Map, letters: &[u8], want: usize, best: bool) -> Vec<Option<Wish>> {
        chosen_of(map, &Free { letters: letters.to_vec(), areas: Vec::new() }, want, best)
    }

    fn chosen_of(map: &Map, free: &Free, want: usize, best: bool) -> Vec<Option<Wish>> {
        (0..60).map(|seed| map.choose(free, want, best, &mut Dice::new(seed, 0))).collect()
    }

    #[test]
    fn rows_and_guids_are_in_the_plans_order_over_all_zones() {
        let map = small();
        assert_eq!(map.rows, [vec![0, 1, 2], vec![3, 4], vec![5]]);
        assert_eq!(map.guids, ["A-1", "A-2", "A-3", "B-1", "B-2", "C-1"]);
        assert_eq!(map.areas, ["floor"]);
    }

    #[test]
    fn a_plan_without_places_is_no_show_to_rush_at() {
        assert!(Map::of_plan("s", &json!({"zones": []})).is_err());
        assert!(Map::of_plan("s", &json!({"zones": [{"rows": [{"seats": [{}]}]}]})).is_err());
    }

    #[test]
    fn chosen_seats_are_free_neighbours() {
        for wish in chosen(&seated(), b"haahaa", 2, false) {
            assert_eq!(wish, Some(Wish::Seats(vec!["A-2".to_owned(), "A-3".to_owned()])));
        }
    }

    #[test]
    fn the_best_third_comes_first_and_the_rest_where_it_is_full() {
        for wish in chosen(&seated(), b"aaaaaa", 2, true) {
            let Some(Wish::Seats(seats)) = wish else { panic!("{wish:?}") };
            assert!(seats.iter().all(|seat| seat.starts_with("A-")), "{seats:?}");
        }
        for wish in chosen(&seated(), b"bbbaab", 2, true) {
            assert_eq!(wish, Some(Wish::Seats(vec!["B-1".to_owned(), "B-2".to_owned()])));
        }
    }

    #[test]
    fn who_finds_no_neighbours_takes_fewer_and_who_finds_nothing_goes() {
        for wish in chosen(&seated(), b"hahhah", 3, false) {
            assert_eq!(wish.map(|wish| wish.places()), Some(1));
        }
        assert!(chosen(&seated(), b"hbxhbx", 3, false).iter().all(Option::is_none));
        // Letters of an older plan: what they don't name is not free.
        assert!(chosen(&seated(), b"", 1, false).iter().all(Option::is_none));
    }

    #[test]
    fn areas_are_chosen_where_they_have_places_and_only_up_to_those() {
        let free = |letters: &[u8], left| Free { letters: letters.to_vec(), areas: vec![("floor".to_owned(), left)] };
        let floor = |count| Some(Wish::Area("floor".to_owned(), count));
        assert!(chosen_of(&small(), &free(b"bbbbbb", 9), 3, true).iter().all(|wish| *wish == floor(3)));
        assert!(chosen_of(&small(), &free(b"bbbbbb", 2), 3, true).iter().all(|wish| *wish == floor(2)));
        assert!(chosen_of(&small(), &free(b"bbbbbb", 0), 3, true).iter().all(Option::is_none));
        let either = chosen_of(&small(), &free(b"aaaaaa", 9), 2, false);
        assert!(either.contains(&floor(2)) && either.iter().any(|wish| matches!(wish, Some(Wish::Seats(_)))));
    }

    #[test]
    fn what_is_free_is_counted_over_seats_and_areas() {
        let free = Free::of(&json!({"seats": "ahba", "areas": [{"area": "floor", "available": 7}]})).expect("a map");
        assert_eq!((free.places(), free.has_seats()), (9, true));
        assert_eq!(Free::of(&json!({})), None);
    }

    #[test]
    fn a_show_is_on_sale_from_its_first_moment_until_before_its_last() {
        let show = json!({"state": "published", "availability": "few", "on_sale_at": "2026-05-01T10:00:00Z", "sales_end_at": "2026-05-02T10:00:00Z"});
        let at = |text: &str| is_on_sale(&show, text.parse().expect("a time"));
        assert!(!at("2026-05-01T09:59:59Z"));
        assert!(at("2026-05-01T10:00:00Z"));
        assert!(at("2026-05-02T09:59:59Z"));
        assert!(!at("2026-05-02T10:00:00Z"));
        for (field, value) in [("state", "paused"), ("availability", "sold_out")] {
            let mut other = show.clone();
            other[field] = json!(value);
            assert!(!is_on_sale(&other, "2026-05-01T12:00:00Z".parse().expect("a time")), "{field}");
        }
    }
}
