//! Between the three ways of telling time: the core's milliseconds, `jiff` in the server, `timestamptz` in Postgres.

use aisle_actors::core::Timestamp as CoreTime;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;

/// A core moment as a `jiff` one; moments beyond what `jiff` knows are its last.
#[must_use]
pub fn from_core(at: CoreTime) -> Timestamp {
    Timestamp::from_millisecond(at.0).unwrap_or(if at.0 < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

/// A `jiff` moment as the core counts it.
#[must_use]
pub fn to_core(at: Timestamp) -> CoreTime {
    CoreTime(at.as_millisecond())
}

/// A `jiff` moment for a query's argument.
#[must_use]
pub fn sql(at: Timestamp) -> jiff_sqlx::Timestamp {
    at.to_sqlx()
}
