//! Runs: as fast as the connections go, or so many a second whether the server keeps up or not.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::buyer::{Buyer, Outcome, Scene};
use super::clock;
use super::cpu::{self, Used};
use super::tally::Tally;

/// The processes whose use of the processors is counted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Watched {
    /// The server's.
    pub server: Option<u32>,
    /// Its Postgres's first.
    pub postgres: Option<u32>,
}

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Run {
    /// Its answers.
    pub tally: Tally,
    /// How long it took.
    pub seconds: f64,
    /// What it used.
    pub used: Used,
}

impl Run {
    /// Requests answered in a second.
    #[allow(clippy::cast_precision_loss, reason = "a rate")]
    pub fn rate(&self) -> f64 {
        self.tally.answered() as f64 / self.seconds
    }

    /// Microseconds of a processor for each request.
    #[allow(clippy::cast_precision_loss, reason = "a mean")]
    pub fn each(&self, used: u64) -> f64 {
        used as f64 / self.tally.answered().max(1) as f64
    }
}

/// What may go wrong before a run.
pub type Failed = Box<dyn std::error::Error + Send + Sync>;

async fn buyers(scene: &Arc<Scene>) -> io::Result<Vec<Buyer>> {
    let mut buyers = Vec::with_capacity(scene.buyers);
    for number in 0..scene.buyers {
        buyers.push(Buyer::arrive(Arc::clone(scene), number).await?);
    }
    Ok(buyers)
}

/// One request, measured from `due`.
async fn one(buyer: &mut Buyer, tally: &mut Tally, due: Instant) {
    match buyer.act().await {
        Ok(Outcome::Done(kind)) => tally.count(kind, clock::since_us(due)),
        Ok(Outcome::Wrong(what)) => tally.fault(|| what),
        Err(error) => {
            tally.fault(|| format!("the connection: {error}"));
            if let Err(error) = buyer.come_back().await {
                tally.fault(|| format!("connecting again: {error}"));
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Everybody asks again as soon as they were answered.
///
/// # Errors
/// Where not all can connect.
pub async fn closed(scene: Scene, length: Duration, watched: Watched) -> Result<Run, Failed> {
    let scene = Arc::new(scene);
    let buyers = buyers(&scene).await?;
    let over = Arc::new(AtomicBool::new(false));
    let (begun, before) = (clock::now(), cpu::used(watched.server, watched.postgres));
    let mut tasks = JoinSet::new();
    for mut buyer in buyers {
        let over = Arc::clone(&over);
        let mut tally = Tally::new()?;
        tasks.spawn(async move {
            while !over.load(Ordering::Relaxed) {
                one(&mut buyer, &mut tally, clock::now()).await;
            }
            tally
        });
    }
    tokio::time::sleep(length).await;
    over.store(true, Ordering::Relaxed);
    let mut tally = Tally::new()?;
    while let Some(done) = tasks.join_next().await {
        tally.add(&done?);
    }
    let used = cpu::used(watched.server, watched.postgres).since(before);
    Ok(Run { tally, seconds: begun.elapsed().as_secs_f64(), used })
}

/// So many requests a second are due, in ticks of a millisecond, whoever is free sends them, and each is measured from when it was due:
/// a server that stops for a second makes a thousand slow requests, not one.
///
/// # Errors
/// Where not all can connect.
pub async fn timed(scene: Scene, rate: f64, length: Duration, watched: Watched) -> Result<Run, Failed> {
    let scene = Arc::new(scene);
    let buyers = buyers(&scene).await?;
    let (due, waiting) = mpsc::unbounded_channel::<Instant>();
    let waiting = Arc::new(Mutex::new(waiting));
    let mut tasks = JoinSet::new();
    for mut buyer in buyers {
        let waiting = Arc::clone(&waiting);
        let mut tally = Tally::new()?;
        tasks.spawn(async move {
            loop {
                let next = waiting.lock().await.recv().await;
                let Some(due) = next else { return tally };
                one(&mut buyer, &mut tally, due).await;
            }
        });
    }
    let (begun, before) = (clock::now(), cpu::used(watched.server, watched.postgres));
    let mut ticks = interval(Duration::from_millis(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut sent = 0_u64;
    loop {
        let tick = ticks.tick().await;
        let since = tick.duration_since(begun);
        if since >= length {
            break;
        }
        // The timer counts whole milliseconds: what it is late beyond one counts as the server's, for it may have kept the processor.
        let moment = clock::now().min(tick + Duration::from_millis(1));
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count, and never negative")]
        let should = (since.as_secs_f64() * rate) as u64;
        while sent < should {
            due.send(moment)?;
            sent += 1;
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    drop(due);
    let mut tally = Tally::new()?;
    while let Some(done) = tasks.join_next().await {
        tally.add(&done?);
    }
    let used = cpu::used(watched.server, watched.postgres).since(before);
    Ok(Run { tally, seconds, used })
}
