//! What all who come to a rush share: where it is, what is on sale, how people behave, and what is written down.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::Client;

use crate::book::Book;
use crate::clock::{self, Stopwatch};
use crate::latency::Table;
use crate::map::{self, Failed, Map};
use crate::menu::Journey;
use crate::options::Options;
use crate::outcome::Tally;

/// A browser keeps its connections shorter than the server does; else a request now and then meets one that has just been closed.
const IDLE_MAX: Duration = Duration::from_secs(3);

/// All of it.
pub struct World {
    /// How people behave.
    pub options: Options,
    /// The server, without a slash at its end.
    pub base: String,
    /// Repeats the run's choices.
    pub seed: u64,
    /// A name of this run, that no other has: the same seed again must not be the same wishes again.
    pub run: String,
    /// Runs since the rush began.
    pub watch: Stopwatch,
    /// Asks without waiting for redirects; its connections are kept, as many as buyers need.
    pub client: Client,
    /// The show that is rushed at.
    pub target: Arc<Map>,
    /// The shows over which `spread` spreads.
    pub shows: Vec<Arc<Map>>,
    /// Places that areas had before the rush, by show and area.
    pub standing: BTreeMap<(String, String), u64>,
    tally: Mutex<Tally>,
    book: Mutex<Book>,
    latencies: Mutex<Table>,
}

fn open<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    // What was counted before a panic is as true after it.
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    /// Looks what is on sale at `host`; `any_certificate` believes whoever answers there.
    ///
    /// # Errors
    /// Where the server does not answer, or nothing is on sale.
    pub async fn prepare(options: Options, host: &str, seed: u64, any_certificate: bool) -> Result<Self, Failed> {
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(options.answer_within)
            .danger_accept_invalid_certs(any_certificate)
            .pool_idle_timeout(IDLE_MAX)
            .pool_max_idle_per_host(usize::MAX)
            .user_agent(concat!("aisle-loadtest/", env!("CARGO_PKG_VERSION")))
            .build()?;
        let base = host.trim_end_matches('/').to_owned();
        let spreads = options.journeys.0.iter().any(|&(journey, _)| journey == Journey::Spread);
        let on_sale = if spreads || options.show.is_none() { map::on_sale(&client, &base).await? } else { Vec::new() };
        let target = map::target(&client, &base, options.show.as_deref(), &on_sale).await?;
        let mut shows = vec![Arc::clone(&target)];
        if spreads {
            for show in on_sale.iter().filter(|&show| *show != target.show) {
                if shows.len() >= options.shows {
                    break;
                }
                shows.push(Arc::new(Map::fetch(&client, &base, show).await?));
            }
        }
        let mut standing = BTreeMap::new();
        for map in shows.iter().filter(|map| !map.areas.is_empty()) {
            let free = map::free(&client, &base, &map.show).await?;
            standing.extend(free.areas.into_iter().map(|(area, left)| ((map.show.clone(), area), left)));
        }
        Ok(Self {
            options,
            base,
            seed,
            run: format!("{:x}-{:x}", clock::now().as_microsecond(), std::process::id()),
            watch: Stopwatch::start(),
            client,
            target,
            shows,
            standing,
            tally: Mutex::default(),
            book: Mutex::default(),
            latencies: Mutex::default(),
        })
    }

    /// A world with a server at `base` and nothing on sale.
    #[cfg(test)]
    pub fn alone(base: &str, args: &[&str]) -> Self {
        use clap::Parser as _;

        let parsed = crate::options::CommandLine::try_parse_from(["aisle-loadtest"].iter().chain(args));
        let target = Map::of_plan("s", &serde_json::json!({"zones": [{"rows": [{"seats": [{"seat_guid": "A-1"}]}]}]}));
        Self {
            options: parsed.unwrap_or_else(|error| panic!("{error}")).own,
            base: base.to_owned(),
            seed: 1,
            run: "run".to_owned(),
            watch: Stopwatch::start(),
            client: Client::new(),
            target: Arc::new(target.expect("a map")),
            shows: Vec::new(),
            standing: BTreeMap::new(),
            tally: Mutex::default(),
            book: Mutex::default(),
            latencies: Mutex::default(),
        }
    }

    /// What is counted.
    pub fn tally(&self) -> MutexGuard<'_, Tally> {
        open(&self.tally)
    }

    /// What was given out.
    pub fn book(&self) -> MutexGuard<'_, Book> {
        open(&self.book)
    }

    /// How long things took.
    pub fn latencies(&self) -> MutexGuard<'_, Table> {
        open(&self.latencies)
    }

    /// The map of this show, where it is one that is rushed at.
    #[must_use]
    pub fn map_of(&self, show: &str) -> Option<&Arc<Map>> {
        self.shows.iter().find(|map| map.show == show)
    }
}
