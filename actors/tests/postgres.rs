//! A database of a test's own, and what only Postgres does.

use std::future::Future;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use aisle_actors::core::{Entry, Event, Seq, ShowId};
use aisle_actors::{Epoch, Journal, JournalError, NodeId, PostgresJournal};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, Row};

use crate::support::{START, node, show, some_events};

const VARIABLE: &str = "AISLE_TEST_DATABASE_URL";

pub fn entries(from: u64, events: Vec<Event>) -> Arc<[Entry]> {
    (from..).zip(events).map(|(seq, event)| Entry { seq: Seq(seq), at: START.plus_ms(seq * 7), event }).collect()
}

/// One database, with the whole schema.
pub struct Database {
    pub options: PgConnectOptions,
    pub admin: tokio::sync::Mutex<PgConnection>,
}

impl Database {
    pub async fn connection(&self) -> PgConnection {
        self.options.connect().await.unwrap()
    }

    pub async fn run(&self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut *self.admin.lock().await).await.unwrap();
    }

    pub async fn number(&self, sql: &str) -> i64 {
        let row = sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_one(&mut *self.admin.lock().await).await.unwrap();
        row.get(0)
    }

    /// A node whose lease lives for the whole test, unless the test ends it.
    pub async fn add_node(&self, node: NodeId) {
        self.run(&format!(
            "INSERT INTO node (id, name, lease_until) VALUES ('{node}', 'test', now() + interval '1 hour')"
        ))
        .await;
    }

    pub async fn end_lease(&self, node: NodeId) {
        self.run(&format!("UPDATE node SET lease_until = clock_timestamp() WHERE id = '{node}'")).await;
    }

    pub async fn journal(&self, node: NodeId) -> Arc<PostgresJournal> {
        Arc::new(PostgresJournal::connect(self.options.clone(), node).await.unwrap())
    }

    /// Returns once so many backends of this database wait for a lock.
    pub async fn until_waiting(&self, backends: i64) {
        let waiting =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while self.number(waiting).await < backends {
            tokio::task::yield_now().await;
        }
    }
}

/// Runs `test` on a database of its own, and drops the database whatever comes of it.
pub async fn with_database<F: Future<Output = ()> + Send + 'static>(
    test: impl FnOnce(Arc<Database>) -> F + Send + 'static,
) {
    let Ok(url) = std::env::var(VARIABLE) else {
        panic!("{VARIABLE} is not set: the Postgres tests need a server on which they may create databases");
    };
    let server = PgConnectOptions::from_str(&url).unwrap();
    let mut admin = server.connect().await.unwrap();
    let stamp: i64 = sqlx::query("SELECT (random() * 1e15)::bigint").fetch_one(&mut admin).await.unwrap().get(0);
    let name = format!("aisle_actors_{stamp}");
    sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut admin).await.unwrap();
    let options = server.database(&name);
    let mut connection = options.connect().await.unwrap();
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations");
    sqlx::migrate::Migrator::new(migrations).await.unwrap().run(&mut connection).await.unwrap();
    let ran = tokio::spawn(async move {
        test(Arc::new(Database { options, admin: tokio::sync::Mutex::new(connection) })).await;
    })
    .await;
    let drop = format!("DROP DATABASE {name} WITH (FORCE)");
    sqlx::raw_sql(AssertSqlSafe(drop)).execute(&mut admin).await.unwrap();
    admin.close().await.unwrap();
    if let Err(failed) = ran {
        std::panic::resume_unwind(failed.into_panic());
    }
}

/// Inserts a page of the journal in a transaction that stays open: an append that ends at the same number waits for its end, with
/// its owner row locked.
async fn in_the_way(database: &Database, show: ShowId, seq: usize) -> PgConnection {
    let mut other = database.connection().await;
    let insert = format!(
        "BEGIN; INSERT INTO journal_page (show_id, seq, first, epoch, at, events)
         VALUES ('{show}', {seq}, 1, 0, now(), '[[0,{{\"type\":\"published\"}}]]')"
    );
    sqlx::raw_sql(AssertSqlSafe(insert)).execute(&mut other).await.unwrap();
    other
}

async fn finish(mut connection: PgConnection, how: &'static str) {
    sqlx::raw_sql(how).execute(&mut connection).await.unwrap();
}

#[tokio::test]
async fn acquire_and_load_wait_for_an_append_that_is_on_its_way() {
    with_database(|database| async move {
        database.add_node(node(1)).await;
        database.add_node(node(2)).await;
        let (first, second) = (database.journal(node(1)).await, database.journal(node(2)).await);
        let epoch = first.acquire(show(1)).await.unwrap();
        let blocker = in_the_way(&database, show(1), some_events().len()).await;
        let append = tokio::spawn(async move { first.append(show(1), epoch, entries(1, some_events())).await });
        database.until_waiting(1).await;
        database.end_lease(node(1)).await;
        let next = tokio::spawn(async move {
            let epoch = second.acquire(show(1)).await?;
            Ok::<_, JournalError>((epoch, second.load(show(1)).await?))
        });
        database.until_waiting(2).await;
        assert!(!next.is_finished());
        finish(blocker, "ROLLBACK").await;
        append.await.unwrap().unwrap();
        let (epoch, recovered) = next.await.unwrap().unwrap();
        assert_eq!(epoch, Epoch(2));
        assert_eq!(recovered.entries, entries(1, some_events()).to_vec());
    })
    .await;
}

#[tokio::test]
async fn an_append_that_waited_for_an_acquire_is_fenced() {
    with_database(|database| async move {
        database.add_node(node(1)).await;
        let journal = database.journal(node(1)).await;
        let epoch = journal.acquire(show(1)).await.unwrap();
        // An acquire that has its lock, and has not committed.
        let mut acquirer = database.connection().await;
        let take = format!(
            "BEGIN; SELECT 1 FROM show_owner WHERE show_id = '{0}' FOR UPDATE;
             UPDATE show_owner SET epoch = epoch + 1 WHERE show_id = '{0}'",
            show(1)
        );
        sqlx::raw_sql(AssertSqlSafe(take)).execute(&mut acquirer).await.unwrap();
        let writer = Arc::clone(&journal);
        let append = tokio::spawn(async move { writer.append(show(1), epoch, entries(1, some_events())).await });
        database.until_waiting(1).await;
        finish(acquirer, "COMMIT").await;
        assert!(matches!(append.await.unwrap(), Err(JournalError::Fenced { .. })));
        assert_eq!(database.number("SELECT count(*) FROM journal").await, 0);
    })
    .await;
}

#[tokio::test]
async fn one_bad_show_in_a_commit_hurts_no_other() {
    with_database(|database| async move {
        database.add_node(node(1)).await;
        let journal = database.journal(node(1)).await;
        let mut epochs = Vec::new();
        for number in 0..5 {
            epochs.push(journal.acquire(show(number)).await.unwrap());
        }
        let refuse = format!(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not this one'; END $$;
             CREATE TRIGGER refuse BEFORE INSERT ON journal_page FOR EACH ROW WHEN (NEW.show_id = '{}') EXECUTE FUNCTION refuse()",
            show(4)
        );
        database.run(&refuse).await;
        // The first append is held, so that the others gather into one commit.
        let blocker = in_the_way(&database, show(0), some_events().len()).await;
        let mut appends = Vec::new();
        for (number, epoch) in (0..5).zip(epochs) {
            // Show 2 repeats a number that it has already; show 3 is no longer ours; show 4's row is refused, and with it the commit.
            let epoch = if number == 3 { Epoch(epoch.0 - 1) } else { epoch };
            if number == 2 {
                database
                    .run(&format!(
                        "INSERT INTO journal_page VALUES ('{}', 1, 1, 1, now(), '[[0,{{\"type\":\"published\"}}]]')",
                        show(2)
                    ))
                    .await;
            }
            let journal = Arc::clone(&journal);
            appends.push(tokio::spawn(
                async move { journal.append(show(number), epoch, entries(1, some_events())).await },
            ));
            if number == 0 {
                database.until_waiting(1).await;
            }
        }
        tokio::task::yield_now().await;
        finish(blocker, "ROLLBACK").await;
        let mut outcomes = Vec::new();
        for append in appends {
            outcomes.push(append.await.unwrap());
        }
        assert!(matches!(
            outcomes.as_slice(),
            [
                Ok(()),
                Ok(()),
                Err(JournalError::Refused { .. }),
                Err(JournalError::Fenced { .. }),
                Err(JournalError::Refused { .. })
            ]
        ));
        assert_eq!(database.number("SELECT count(*) FROM journal").await, 4 + 4 + 1);
    })
    .await;
}

#[tokio::test]
async fn a_lost_connection_is_unknown_and_the_next_append_has_another() {
    with_database(|database| async move {
        database.add_node(node(1)).await;
        let journal = database.journal(node(1)).await;
        let epoch = journal.acquire(show(1)).await.unwrap();
        let blocker = in_the_way(&database, show(1), some_events().len()).await;
        let writer = Arc::clone(&journal);
        let append = tokio::spawn(async move { writer.append(show(1), epoch, entries(1, some_events())).await });
        database.until_waiting(1).await;
        let kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event_type = 'Lock'";
        assert_eq!(database.number(kill).await, 1);
        assert!(matches!(append.await.unwrap(), Err(JournalError::Unknown { .. })));
        finish(blocker, "ROLLBACK").await;
        let epoch = journal.acquire(show(1)).await.unwrap();
        assert_eq!(journal.load(show(1)).await.unwrap().entries, []);
        journal.append(show(1), epoch, entries(1, some_events())).await.unwrap();
        journal.close().await;
        assert!(matches!(journal.acquire(show(1)).await, Err(JournalError::Unknown { .. })));
        let more = entries(5, some_events());
        assert!(matches!(journal.append(show(1), epoch, more).await, Err(JournalError::Unknown { .. })));
    })
    .await;
}

#[tokio::test]
async fn two_nodes_who_meet_at_a_new_show_agree_on_one_owner() {
    with_database(|database| async move {
        database.add_node(node(1)).await;
        database.add_node(node(2)).await;
        let (first, second) = (database.journal(node(1)).await, database.journal(node(2)).await);
        for number in 0..20 {
            let (one, other) = tokio::join!(first.acquire(show(number)), second.acquire(show(number)));
            match (one, other) {
                (Ok(Epoch(1)), Err(JournalError::Fenced { .. })) | (Err(JournalError::Fenced { .. }), Ok(Epoch(1))) => {
                }
                both => panic!("{both:?}"),
            }
        }
    })
    .await;
}
