//! Big histories, for whoever wants to know how Aisle starts, wakes and reads on a database that has seen years.
//!
//! The shows are played by the turn that the server plays them by and written through its journal, so pages, snapshots and summaries are
//! what the server itself would have written. What orders leave behind is written in bulk, as one finished sale leaves it.

mod check;
mod dice;
mod hall;
mod history;
mod house;
mod sales;

use std::sync::Arc;

use aisle_actors::{Clock, NodeId, NodeLease, PostgresJournal, Stopwatch};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use uuid::Uuid;

use dice::Dice;
use hall::Hall;
pub use history::Sale;
use history::Story;

/// Why it could not be written: for people, nobody acts on it.
pub type Fault = Box<dyn std::error::Error + Send + Sync>;

/// What is wanted.
#[derive(Clone, Debug, clap::Args)]
pub struct Wanted {
    /// Shows, three quarters of them over.
    #[arg(long, default_value_t = 10_000)]
    pub shows: u32,
    /// Seats of each.
    #[arg(long, default_value_t = 500)]
    pub seats: u32,
    /// Bookings of all shows together, each an order with its tickets, its payment and its books; one to four seats, two on average.
    #[arg(long, default_value_t = 1_000_000)]
    pub bookings: u64,
    /// What chance begins with. The same again on one database is refused: it would be the same orders.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Two shows more with this many events in their journals, mostly holds that came and went. One fell asleep; of the other the newest
    /// snapshot is the last that was taken in the rush, as where its process died.
    #[arg(long, default_value_t = 0)]
    pub deep: u64,
    /// Events in one page of the journal. In life that is one on a quiet day, and dozens in a rush.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..))]
    pub page: u64,
}

/// What was written.
#[derive(Clone, Debug)]
pub struct Seeded {
    /// The house that has it all.
    pub organizer: Uuid,
    /// Its shows, those with deep journals last.
    pub shows: Vec<Uuid>,
    /// Events in all journals.
    pub events: u64,
    /// What was sold, by the time of the order.
    pub sales: Vec<Sale>,
}

/// Shows that are played at a time: so many appends share a commit.
const AT_A_TIME: usize = 128;
/// Connections that write orders at a time.
const WRITERS: u32 = 2;
/// Sales written in one transaction.
const SALES_AT_A_TIME: usize = 5_000;

/// Writes it into a database that has this version's tables. `say` is told how far it is.
///
/// # Errors
/// The database does not answer or refuses, or the wish contradicts itself.
pub async fn seed(options: PgConnectOptions, wanted: &Wanted, mut say: impl FnMut(String)) -> Result<Seeded, Fault> {
    let places = u64::from(wanted.shows) * u64::from(wanted.seats);
    if wanted.seats < 50 || wanted.bookings > places {
        return Err(format!(
            "{} bookings do not fit into {places} seats, or a hall has fewer than 50",
            wanted.bookings
        )
        .into());
    }
    let watch = Stopwatch::start();
    let pool = PgPoolOptions::new().max_connections(2).connect_with(options.clone()).await?;
    // Who loses this begins again. And nothing is known yet of the tables that are filled: by their indices is never far wrong.
    let unchecked = [
        ("synchronous_commit", "off"),
        ("session_replication_role", "replica"),
        ("enable_seqscan", "off"),
        ("jit", "off"),
    ];
    let writers = PgPoolOptions::new().max_connections(WRITERS).connect_with(options.clone().options(unchecked)).await;
    let writers = writers.map_err(|error| format!("writing in bulk needs a superuser of the database: {error}"))?;
    let mut dice = Dice::new(wanted.seed, u64::MAX);
    let clock = Arc::new(Clock::system());
    let node = NodeId(dice.id());
    let lease = NodeLease::join(options.clone(), node, "aisle-dev seed", Arc::clone(&clock)).await?;
    let now = clock.now();
    let hall = Arc::new(Hall::new(wanted.seats, dice.id()));
    let house = house::build(&pool, &hall, wanted, now, &mut dice).await?;
    say(format!("house    {} shows of {} seats, {:.1} s", house.shows.len(), wanted.seats, watch.seconds()));

    let since = watch.seconds();
    // The journal's commits need not be durable either; with them each of the four transactions of a show waits for the disk.
    let journal = PostgresJournal::connect(options.options([("synchronous_commit", "off")]), node).await?;
    let summaries = journal.summaries();
    let stories = house
        .shows
        .iter()
        .zip(0_u32..)
        .map(|(show, number)| Story::new(*show, number, wanted, &hall, now, &house.buyers));
    let mut played = stream::iter(stories)
        .map(|story| story.map(|story| history::play(story, &journal, &summaries, wanted.page)))
        .map(|playing| async move { playing?.await })
        .buffer_unordered(AT_A_TIME);
    let (mut events, mut sales, mut shows) = (0, Vec::new(), 0_u32);
    while let Some(one) = played.try_next().await? {
        events += one.events;
        sales.extend(one.sales);
        shows += 1;
        if shows % 1_000 == 0 {
            say(format!("journal  {shows} shows, {}", rate(events, "events", watch.seconds() - since)));
        }
    }
    drop(played);
    journal.close().await;
    lease.leave().await;
    say(format!("journal  all, {}", rate(events, "events", watch.seconds() - since)));

    let since = watch.seconds();
    // As a house fills: rows that were written together lie together.
    sales.sort_by_key(|sale| (sale.at, sale.order));
    sales::prepare(&pool, &hall).await?;
    let mut written = stream::iter(sales.chunks(SALES_AT_A_TIME).zip(0_u64..))
        .map(|(part, number)| sales::write(&writers, &house, part, number * SALES_AT_A_TIME as u64, wanted.seed))
        .buffer_unordered(WRITERS as usize);
    let (mut done, mut told) = (0_u64, 0);
    while let Some(more) = written.try_next().await? {
        done += more;
        if done / 50_000 > told {
            told = done / 50_000;
            say(format!("orders   {done}, {}", rate(done, "orders", watch.seconds() - since)));
        }
    }
    drop(written);
    say(format!("orders   all, {}", rate(done, "orders", watch.seconds() - since)));
    writers.close().await;
    let since = watch.seconds();
    sales::finish(&pool).await?;
    let vacuumed = watch.seconds();
    check::everything(&pool).await?;
    say(format!("vacuum   {:.1} s, every constraint checked in {:.1} s", vacuumed - since, watch.seconds() - vacuumed));
    pool.close().await;
    say(format!("done     {:.1} s", watch.seconds()));
    Ok(Seeded { organizer: house.organizer, shows: house.shows.iter().map(|show| show.id).collect(), events, sales })
}

#[allow(clippy::cast_precision_loss, reason = "a rate")]
fn rate(count: u64, what: &str, seconds: f64) -> String {
    format!("{count} {what} in {seconds:.1} s, {:.0} a second", count as f64 / seconds.max(0.001))
}
