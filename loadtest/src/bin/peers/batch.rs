//! One statement for all that ask at once, on one connection: while one commit is on its way the next batch fills. Within a batch whoever
//! came first has a seat; the others of the batch that want it are refused without being asked.

use std::collections::HashSet;

use sqlx::{Connection as _, PgConnection};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::rows::LIVES_S;

const WAITING_MAX: usize = 8_192;
const BATCH_MAX: usize = 1_024;

struct Ask {
    seats: Vec<i32>,
    hold: Uuid,
    release: bool,
    reply: oneshot::Sender<Result<bool, sqlx::Error>>,
}

/// The way to the one connection.
pub struct Batcher {
    asks: mpsc::Sender<Ask>,
}

impl Batcher {
    /// Connects; the table is there already.
    ///
    /// # Errors
    /// Where the database cannot be reached.
    pub async fn open(url: &str) -> Result<Self, sqlx::Error> {
        let connection = PgConnection::connect(url).await?;
        let (asks, waiting) = mpsc::channel(WAITING_MAX);
        tokio::spawn(work(connection, waiting));
        Ok(Self { asks })
    }

    async fn ask(&self, seats: &[i32], hold: Uuid, release: bool) -> Result<bool, sqlx::Error> {
        let (reply, answer) = oneshot::channel();
        let ask = Ask { seats: seats.to_vec(), hold, release, reply };
        self.asks.send(ask).await.map_err(|_| sqlx::Error::WorkerCrashed)?;
        answer.await.map_err(|_| sqlx::Error::WorkerCrashed)?
    }

    /// Whether all were free.
    ///
    /// # Errors
    /// What the database says.
    pub async fn hold(&self, seats: &[i32], hold: Uuid) -> Result<bool, sqlx::Error> {
        self.ask(seats, hold, false).await
    }

    /// Gives back what this hold has of these.
    ///
    /// # Errors
    /// What the database says.
    pub async fn release(&self, seats: &[i32], hold: Uuid) -> Result<bool, sqlx::Error> {
        self.ask(seats, hold, true).await
    }
}

async fn work(mut connection: PgConnection, mut waiting: mpsc::Receiver<Ask>) {
    let mut batch = Vec::new();
    while waiting.recv_many(&mut batch, BATCH_MAX).await > 0 {
        let done = commit(&mut connection, &batch).await;
        for ask in batch.drain(..) {
            let _ = ask.reply.send(match &done {
                Ok(won) => Ok(ask.release || won.contains(&ask.hold)),
                Err(error) => Err(sqlx::Error::Protocol(error.to_string())),
            });
        }
    }
}

/// Releases first, then holds, in one transaction. Which holds have all their seats.
async fn commit(connection: &mut PgConnection, batch: &[Ask]) -> Result<HashSet<Uuid>, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    let flat = |release: bool, mine: &dyn Fn(&Ask) -> bool| {
        let (mut seats, mut holds) = (Vec::new(), Vec::new());
        for ask in batch.iter().filter(|ask| ask.release == release && mine(ask)) {
            for seat in &ask.seats {
                seats.push(*seat);
                holds.push(ask.hold);
            }
        }
        (seats, holds)
    };
    let (seats, holds) = flat(true, &|_| true);
    if !seats.is_empty() {
        sqlx::query(
            "update peer_seat p set hold = null, expires_at = null
             from unnest($1::int[], $2::uuid[]) as b(seat, hold) where p.seat = b.seat and p.hold = b.hold",
        )
        .bind(seats)
        .bind(holds)
        .execute(&mut *transaction)
        .await?;
    }
    let mut wanted = HashSet::new();
    let mut first = HashSet::new();
    for ask in batch.iter().filter(|ask| !ask.release) {
        if ask.seats.iter().all(|seat| !wanted.contains(seat)) {
            wanted.extend(ask.seats.iter().copied());
            first.insert(ask.hold);
        }
    }
    let (seats, holds) = flat(false, &|ask| first.contains(&ask.hold));
    let mut won: HashSet<Uuid> = HashSet::new();
    if !seats.is_empty() {
        // A hold gets all its seats or none: those of which one is taken are left out as a whole.
        let got: Vec<Uuid> = sqlx::query_scalar(
            "with wish as (select * from unnest($1::int[], $2::uuid[]) as b(seat, hold)),
                  state as (select w.hold, w.seat, p.hold is null or p.expires_at <= now() as free
                            from wish w join peer_seat p on p.seat = w.seat),
                  whole as (select hold from state group by hold having bool_and(free))
             update peer_seat p set hold = s.hold, expires_at = now() + make_interval(secs => $3)
             from state s join whole using (hold) where p.seat = s.seat
             returning s.hold",
        )
        .bind(seats)
        .bind(holds)
        .bind(LIVES_S)
        .fetch_all(&mut *transaction)
        .await?;
        won.extend(got);
    }
    transaction.commit().await?;
    Ok(won)
}
