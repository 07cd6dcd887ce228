//! A row for each seat.

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, Executor as _, PgPool};
use uuid::Uuid;

/// How long a hold lives, in seconds.
pub const LIVES_S: f64 = 86_400.0;

/// Makes the table, full of free seats. Rows are changed in place: no index has what changes, and a page is half empty.
pub async fn make(pool: &PgPool, seats: u32) -> Result<(), sqlx::Error> {
    let mut connection = pool.acquire().await?;
    connection
        .execute(
            "drop table if exists peer_seat;
             create table peer_seat (seat int primary key, hold uuid, expires_at timestamptz) with (fillfactor = 50)",
        )
        .await?;
    let fill = format!("insert into peer_seat (seat) select generate_series(0, {})", seats.saturating_sub(1));
    connection.execute(AssertSqlSafe(fill)).await?;
    connection.execute("vacuum analyze peer_seat").await?;
    Ok(())
}

/// Seats in a table.
pub struct Rows {
    pool: PgPool,
}

impl Rows {
    /// Connects, and makes the table anew.
    ///
    /// # Errors
    /// Where the database refuses it.
    pub async fn open(url: &str, connections: u32, seats: u32) -> Result<Self, sqlx::Error> {
        let options: PgConnectOptions = url.parse()?;
        let pool = PgPoolOptions::new().min_connections(connections).max_connections(connections);
        let pool = pool.test_before_acquire(false).connect_with(options).await?;
        make(&pool, seats).await?;
        Ok(Self { pool })
    }

    /// Locks the rows in their order, looks, and writes. Whether all were free.
    ///
    /// # Errors
    /// What the database says.
    pub async fn lock(&self, seats: &[i32], hold: Uuid) -> Result<bool, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        let free: Vec<bool> = sqlx::query_scalar(
            "select hold is null or expires_at <= now() from peer_seat where seat = any($1) order by seat for update",
        )
        .bind(seats)
        .fetch_all(&mut *transaction)
        .await?;
        if free.len() != seats.len() || free.contains(&false) {
            transaction.rollback().await?;
            return Ok(false);
        }
        sqlx::query(
            "update peer_seat set hold = $2, expires_at = now() + make_interval(secs => $3) where seat = any($1)",
        )
        .bind(seats)
        .bind(hold)
        .bind(LIVES_S)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Writes where it may, in one statement, which changes all or nothing.
    ///
    /// # Errors
    /// What the database says.
    pub async fn guess(&self, seats: &[i32], hold: Uuid) -> Result<bool, sqlx::Error> {
        let done = sqlx::query(
            "with free as (
                 select seat from peer_seat where seat = any($1) and (hold is null or expires_at <= now()) order by seat for update
             )
             update peer_seat p set hold = $2, expires_at = now() + make_interval(secs => $3)
             from free where p.seat = free.seat and (select count(*) from free) = cardinality($1)",
        )
        .bind(seats)
        .bind(hold)
        .bind(LIVES_S)
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() == seats.len() as u64)
    }

    /// Gives back what this hold has of these.
    ///
    /// # Errors
    /// What the database says.
    pub async fn release(&self, seats: &[i32], hold: Uuid) -> Result<(), sqlx::Error> {
        sqlx::query("update peer_seat set hold = null, expires_at = null where seat = any($1) and hold = $2")
            .bind(seats)
            .bind(hold)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}
