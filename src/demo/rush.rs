//! The demo's rush: simulated buyers over loopback HTTP, who want the same seats for a minute. They use nothing but the public
//! API, so what they prove is true of it; at the end the seats that their tickets name are counted.

mod buyer;
mod tally;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aisle_actors::Stopwatch;
use tokio::task::JoinSet;
use uuid::Uuid;

pub use tally::{RushJson, RushState};

use buyer::{Buyer, Map};
use tally::Tally;

use crate::platform::ids;

/// Simulated buyers. A small theatre's on-sale morning; one laptop carries it beside the browser that watches.
const BUYERS: u32 = 300;
/// How long buyers come back for more.
const SECONDS: u64 = 60;
/// How long those who are paying at the end may take to finish.
const FINISH_S: u64 = 20;

/// Why a rush did not start.
#[derive(Debug, thiserror::Error)]
pub enum RushError {
    /// One runs already.
    #[error("a rush is running already")]
    Running,
    /// No show to rush at.
    #[error("there is no show on sale to rush at")]
    NoShow,
    /// The server does not answer itself.
    #[error("the server does not answer its own requests")]
    Unreachable(#[source] reqwest::Error),
}

/// The rush of this process: none, running or done.
#[derive(Clone)]
pub struct Rush {
    own_url: Arc<str>,
    runtime: tokio::runtime::Handle,
    tally: Arc<Mutex<Option<Arc<Tally>>>>,
}

impl Rush {
    /// No rush yet. Buyers will come to `own_url`, on the current runtime.
    #[must_use]
    pub fn new(own_url: &str) -> Self {
        Self { own_url: own_url.into(), runtime: tokio::runtime::Handle::current(), tally: Arc::default() }
    }

    /// How it stands.
    #[must_use]
    pub fn read(&self) -> RushJson {
        let tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner).clone();
        tally.map_or_else(RushJson::none, |tally| tally.read(BUYERS, SECONDS))
    }

    /// Starts one at `show`, or at the show on sale with the most free places.
    ///
    /// # Errors
    /// See [`RushError`].
    pub async fn start(&self, show: Option<Uuid>) -> Result<RushJson, RushError> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(10))
            .pool_max_idle_per_host(BUYERS as usize)
            .build()
            .map_err(RushError::Unreachable)?;
        let map =
            Map::fetch(&client, &self.own_url, show).await.map_err(RushError::Unreachable)?.ok_or(RushError::NoShow)?;
        let seed = ids::random_bytes::<8>().map_or(1, u64::from_be_bytes);
        let tally = Arc::new(Tally::new(map.show, map.title.clone()));
        {
            let mut current = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
            if current.as_ref().is_some_and(|tally| tally.is_running()) {
                return Err(RushError::Running);
            }
            *current = Some(Arc::clone(&tally));
        }
        tracing::info!(show.id = %map.show, seed, buyers = BUYERS, seconds = SECONDS, "A rush begins");
        self.runtime.spawn(run(client, Arc::clone(&self.own_url), map, seed, tally));
        Ok(self.read())
    }
}

async fn run(client: reqwest::Client, own_url: Arc<str>, map: Map, seed: u64, tally: Arc<Tally>) {
    let map = Arc::new(map);
    let clock = Stopwatch::start();
    let mut buyers = JoinSet::new();
    for number in 0..BUYERS {
        let buyer =
            Buyer::new(client.clone(), Arc::clone(&own_url), Arc::clone(&map), Arc::clone(&tally), seed, number);
        buyers.spawn(buyer.shop(clock, SECONDS as f64));
    }
    let finish = tokio::time::sleep(Duration::from_secs(SECONDS + FINISH_S));
    tokio::pin!(finish);
    loop {
        tokio::select! {
            left = buyers.join_next() => if left.is_none() { break },
            () = &mut finish => break,
        }
    }
    buyers.shutdown().await;
    let sold = map.letters(&client, &own_url).await;
    tally.end(sold.as_ref());
    let end = tally.read(BUYERS, SECONDS);
    tracing::info!(tickets = end.tickets_sold, refused = end.refused, twice = end.twice, "The rush is over");
}
