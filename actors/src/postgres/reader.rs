//! Reading journals, one's own and others': nothing here owns, locks or writes.

use aisle_core::{Seq, ShowId, Timestamp};
use sqlx::postgres::PgPool;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

use super::store::Store;
use super::{fault, page};
use crate::journal::{JournalError, Line, Recovered, Snapshot, entries_of};

pub(super) async fn load(store: &Store, show: ShowId, with_snapshot: bool) -> Result<Recovered, JournalError> {
    let until = if with_snapshot { Seq(i64::MAX.cast_unsigned()) } else { Seq(0) };
    let (snapshot, newest, lines) = read(&store.pool, show, until).await.map_err(|error| fault(show, error))?;
    let after = snapshot.as_ref().map_or(Seq(0), |snapshot| snapshot.seq);
    if after > newest {
        let what = format!("its snapshot stands at {} and its journal ends at {}", after.0, newest.0);
        return Err(JournalError::Damaged { show, what });
    }
    let entries = entries_of(show, after, lines)?;
    Ok(Recovered { snapshot, entries })
}

/// Not in one transaction. After `acquire` nobody but us may write; and who reads another's show reads the snapshot first, which
/// is never ahead of the journal, and then pages, each of which is a whole append.
async fn read(pool: &PgPool, show: ShowId, until: Seq) -> Result<(Option<Snapshot>, Seq, Vec<Line>), sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let snapshot = newest_snapshot(&mut connection, show, until).await?;
    let newest = sqlx::query("SELECT coalesce(max(seq), 0) FROM journal_page WHERE show_id = $1")
        .bind(show.0)
        .fetch_one(&mut *connection)
        .await?
        .try_get::<i64, _>(0)?;
    let after = snapshot.as_ref().map_or(Seq(0), |snapshot| snapshot.seq);
    let lines = lines_after(&mut connection, show, after, usize::MAX).await?;
    Ok((snapshot, Seq(newest.cast_unsigned()), lines))
}

pub(super) async fn lines(store: &Store, show: ShowId, after: Seq, max: usize) -> Result<Vec<Line>, JournalError> {
    let read = async {
        let mut connection = store.pool.acquire().await?;
        lines_after(&mut connection, show, after, max).await
    };
    read.await.map_err(|error| fault(show, error))
}

pub(super) async fn snapshot(store: &Store, show: ShowId, until: Seq) -> Result<Option<Snapshot>, JournalError> {
    let read = async { newest_snapshot(&mut *store.pool.acquire().await?, show, until).await };
    read.await.map_err(|error| fault(show, error))
}

pub(super) async fn heads(store: &Store, shows: Vec<ShowId>) -> Result<Vec<(ShowId, Seq)>, sqlx::Error> {
    // One look at the end of each show's own part of the key.
    let rows = sqlx::query(
        "SELECT w.show_id, newest.seq FROM UNNEST($1::uuid[]) AS w(show_id)
         CROSS JOIN LATERAL (SELECT seq FROM journal_page p WHERE p.show_id = w.show_id ORDER BY seq DESC LIMIT 1) newest",
    )
    .bind(shows.iter().map(|show| show.0).collect::<Vec<Uuid>>())
    .fetch_all(&store.pool)
    .await?;
    rows.iter().map(|row| Ok((ShowId(row.try_get(0)?), Seq(row.try_get::<i64, _>(1)?.cast_unsigned())))).collect()
}

async fn newest_snapshot(
    connection: &mut PgConnection,
    show: ShowId,
    until: Seq,
) -> Result<Option<Snapshot>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT seq, (extract(epoch FROM taken_at) * 1000)::bigint, image FROM snapshot
         WHERE show_id = $1 AND seq <= $2 ORDER BY seq DESC LIMIT 1",
    )
    .bind(show.0)
    .bind(until.0.cast_signed())
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        let (seq, taken_at, image): (i64, i64, Vec<u8>) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        Ok(Snapshot { seq: Seq(seq.cast_unsigned()), taken_at: Timestamp(taken_at), image: image.into() })
    })
    .transpose()
}

/// Pages in one answer: some megabytes of a rush.
const PAGES_MAX: i64 = 256;

async fn lines_after(
    connection: &mut PgConnection,
    show: ShowId,
    after: Seq,
    max: usize,
) -> Result<Vec<Line>, sqlx::Error> {
    let (mut lines, mut newest) = (Vec::new(), after);
    while lines.len() < max {
        // None is empty, so there is no use in more of them than lines are wanted.
        let pages = i64::try_from(max - lines.len()).unwrap_or(PAGES_MAX).min(PAGES_MAX);
        let rows = sqlx::query(
            "SELECT first, seq, (extract(epoch FROM at) * 1000)::bigint, events FROM journal_page
             WHERE show_id = $1 AND seq > $2 ORDER BY seq LIMIT $3",
        )
        .bind(show.0)
        .bind(newest.0.cast_signed())
        .bind(pages)
        .fetch_all(&mut *connection)
        .await?;
        for row in &rows {
            let (first, seq, at): (i64, i64, i64) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            newest = Seq(seq.cast_unsigned());
            let page = page::read(Seq(first.cast_unsigned()), newest, Timestamp(at), row.try_get(3)?);
            lines.extend(page.into_iter().filter(|line| line.seq > after));
        }
        if i64::try_from(rows.len()).unwrap_or(pages) < pages {
            break;
        }
    }
    lines.truncate(max);
    Ok(lines)
}
