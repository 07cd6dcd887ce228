//! How many events a second the Postgres journal takes, at commits of 1 to 1,024 events of one show, and of one event each of 1 to
//! 1,024 shows: `cargo bench --bench journal`.
//!
//! On a database of its own on the server of `AISLE_TEST_DATABASE_URL`. The numbers say as much about that server's disk as
//! about the journal: with fsync off they are the price of the round trip and of the statement.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a bench that cannot go on may stop")]

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use aisle_actors::core::{Channel, Entry, Event, HoldId, Origin, SeatNo, Seq, ShowId, Timestamp};
use aisle_actors::{Epoch, Journal, NodeId, PostgresJournal};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use futures_util::future::join_all;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Row};
use tokio::runtime::Runtime;
use uuid::Uuid;

const VARIABLE: &str = "AISLE_TEST_DATABASE_URL";
const NODE: NodeId = NodeId(Uuid::from_u128(1));

/// A database that is dropped when the bench is done.
struct Database {
    server: PgConnectOptions,
    name: String,
}

impl Database {
    async fn create() -> Self {
        let Ok(url) = std::env::var(VARIABLE) else {
            panic!("{VARIABLE} is not set: the journal's bench needs a Postgres")
        };
        let server = PgConnectOptions::from_str(&url).unwrap();
        let mut admin = server.connect().await.unwrap();
        let stamp: i64 = sqlx::query("SELECT (random() * 1e15)::bigint").fetch_one(&mut admin).await.unwrap().get(0);
        let name = format!("aisle_bench_{stamp}");
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut admin).await.unwrap();
        let mut own = server.clone().database(&name).connect().await.unwrap();
        let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations");
        sqlx::migrate::Migrator::new(migrations).await.unwrap().run(&mut own).await.unwrap();
        let node = "INSERT INTO node (id, name, lease_until) VALUES ($1, 'bench', now() + interval '1 day')";
        sqlx::query(node).bind(NODE.0).execute(&mut own).await.unwrap();
        Self { server, name }
    }

    async fn drop(self) {
        let mut admin = self.server.connect().await.unwrap();
        let drop = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        sqlx::raw_sql(AssertSqlSafe(drop)).execute(&mut admin).await.unwrap();
    }
}

/// What a hold of two seats writes.
fn held(number: u64) -> Event {
    Event::SeatsHeld {
        hold: HoldId(Uuid::from_u128(u128::from(number))),
        origin: Origin { channel: Channel::Public, buyer: None, code: None },
        seats: vec![SeatNo(17), SeatNo(18)],
        areas: Vec::new(),
        allocation: None,
        expires_at: Timestamp(1_800_000_480_000),
        extendable_until: Timestamp(1_800_001_200_000),
        request: Some(number),
    }
}

struct Owned {
    show: ShowId,
    epoch: Epoch,
    newest: Seq,
}

/// The next events of a show.
fn next(of: &mut Owned, events: u64) -> Arc<[Entry]> {
    let first = of.newest.0 + 1;
    of.newest = Seq(of.newest.0 + events);
    let entry = |seq| Entry { seq: Seq(seq), at: Timestamp(1_800_000_000_000), event: held(seq) };
    (first..first + events).map(entry).collect()
}

fn events(c: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let database = runtime.block_on(Database::create());
    let options = database.server.clone().database(&database.name);
    let journal = runtime.block_on(PostgresJournal::connect(options, NODE)).unwrap();
    let mut next_show = 0_u128;
    let mut own = || {
        next_show += 1;
        let show = ShowId(Uuid::from_u128(next_show));
        let epoch = runtime.block_on(journal.acquire(show)).unwrap();
        Owned { show, epoch, newest: Seq(0) }
    };
    const SIZES: [u64; 6] = [1, 4, 16, 64, 256, 1_024];

    let mut group = c.benchmark_group("journal, events of one show a commit");
    for size in SIZES {
        let mut of = own();
        group.throughput(Throughput::Elements(size));
        group.bench_function(BenchmarkId::from_parameter(size), |b| {
            b.iter(|| {
                let (show, epoch, entries) = (of.show, of.epoch, next(&mut of, size));
                runtime.block_on(journal.append(show, epoch, entries)).unwrap();
            });
        });
    }
    group.finish();

    let mut group = c.benchmark_group("journal, shows with an event each a commit");
    for size in SIZES {
        let mut owned: Vec<Owned> = (0..size).map(|_| own()).collect();
        group.throughput(Throughput::Elements(size));
        group.bench_function(BenchmarkId::from_parameter(size), |b| {
            b.iter(|| {
                let appends = owned.iter_mut().map(|of| {
                    let (show, epoch, entries) = (of.show, of.epoch, next(of, 1));
                    journal.append(show, epoch, entries)
                });
                for outcome in runtime.block_on(join_all(appends)) {
                    outcome.unwrap();
                }
            });
        });
    }
    group.finish();
    runtime.block_on(journal.close());
    runtime.block_on(database.drop());
}

criterion_group!(benches, events);
criterion_main!(benches);
