//! The least that a server does which keeps what it tells: each request is some bytes that are in the database before it is answered,
//! one row for each show and commit, on one connection. While one commit is on its way the next fills. It knows no seats, refuses
//! nothing and looks nothing up: whoever decides something too can hardly be quicker.

use std::collections::HashMap;

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

const WAITING_MAX: usize = 8_192;
const COMMIT_MAX: usize = 1_024;
/// An event of a hold: its id, two seats, and until when.
const EVENT_BYTES: usize = 32;

struct Told {
    show: Uuid,
    bytes: [u8; EVENT_BYTES],
    kept: oneshot::Sender<Result<(), sqlx::Error>>,
}

/// The way to the one connection.
pub struct Appender {
    told: mpsc::Sender<Told>,
}

impl Appender {
    /// Connects, and makes the table anew.
    ///
    /// # Errors
    /// Where the database refuses it.
    pub async fn open(url: &str) -> Result<Self, sqlx::Error> {
        let mut connection = PgConnection::connect(url).await?;
        connection
            .execute(AssertSqlSafe(
                "drop table if exists peer_page;
                 create table peer_page (show uuid not null, seq bigint not null, page bytea not null, primary key (show, seq))",
            ))
            .await?;
        let (told, waiting) = mpsc::channel(WAITING_MAX);
        tokio::spawn(work(connection, waiting));
        Ok(Self { told })
    }

    /// Keeps that this happened to a hold of this show.
    ///
    /// # Errors
    /// What the database says.
    pub async fn append(&self, show: Uuid, hold: Uuid, seats: [i32; 2]) -> Result<(), sqlx::Error> {
        let mut bytes = [0; EVENT_BYTES];
        bytes[..16].copy_from_slice(hold.as_bytes());
        bytes[16..20].copy_from_slice(&seats[0].to_be_bytes());
        bytes[20..24].copy_from_slice(&seats[1].to_be_bytes());
        let (kept, answer) = oneshot::channel();
        self.told.send(Told { show, bytes, kept }).await.map_err(|_| sqlx::Error::WorkerCrashed)?;
        answer.await.map_err(|_| sqlx::Error::WorkerCrashed)?
    }
}

async fn work(mut connection: PgConnection, mut waiting: mpsc::Receiver<Told>) {
    let (mut batch, mut ends) = (Vec::new(), HashMap::new());
    while waiting.recv_many(&mut batch, COMMIT_MAX).await > 0 {
        let done = commit(&mut connection, &batch, &mut ends).await;
        for told in batch.drain(..) {
            let _ = told.kept.send(match &done {
                Ok(()) => Ok(()),
                Err(error) => Err(sqlx::Error::Protocol(error.to_string())),
            });
        }
    }
}

/// A page for each show, after the last one of that show.
async fn commit(
    connection: &mut PgConnection,
    batch: &[Told],
    ends: &mut HashMap<Uuid, i64>,
) -> Result<(), sqlx::Error> {
    let mut pages: HashMap<Uuid, Vec<u8>> = HashMap::new();
    for told in batch {
        pages.entry(told.show).or_default().extend_from_slice(&told.bytes);
    }
    let (mut shows, mut seqs, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
    for (show, page) in pages {
        let end = ends.entry(show).or_default();
        *end += i64::try_from(page.len() / EVENT_BYTES).unwrap_or(i64::MAX);
        shows.push(show);
        seqs.push(*end);
        bytes.push(page);
    }
    sqlx::query("insert into peer_page select * from unnest($1::uuid[], $2::bigint[], $3::bytea[])")
        .bind(shows)
        .bind(seqs)
        .bind(bytes)
        .execute(connection)
        .await?;
    Ok(())
}
