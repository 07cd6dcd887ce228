//! How Postgres goes about an append, on a database where there was none yet: that is when the statement is planned, for as long as the
//! connection lasts.

use std::path::Path;
use std::str::FromStr as _;

use sqlx::AssertSqlSafe;

use super::*;

type Failed = Box<dyn std::error::Error>;

/// The lines of the plan, on a connection like the writer's.
async fn planned(empty: PgConnectOptions) -> Result<Vec<String>, Failed> {
    let mut connection = empty.connect().await?;
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations");
    sqlx::migrate::Migrator::new(migrations).await?.run(&mut connection).await?;

    let mut connection = empty.options(PLANNED).connect().await?;
    sqlx::raw_sql(AssertSqlSafe(format!("PREPARE append AS {APPEND}"))).execute(&mut connection).await?;
    let none = "'{}'";
    let explain = format!("EXPLAIN EXECUTE append({none}, {none}, {none}, {none}, {none}, {none}, '{}')", Uuid::nil());
    let rows = sqlx::raw_sql(AssertSqlSafe(explain)).fetch_all(&mut connection).await?;
    Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
}

#[tokio::test]
async fn each_owner_and_each_end_is_looked_up_by_its_show_also_when_planned_for_empty_tables() -> Result<(), Failed> {
    let url = std::env::var("AISLE_TEST_DATABASE_URL").map_err(|_| "a Postgres on which databases may be created")?;
    let server = PgConnectOptions::from_str(&url)?;
    let mut admin = server.connect().await?;
    let stamp: i64 = sqlx::query("SELECT (random() * 1e15)::bigint").fetch_one(&mut admin).await?.try_get(0)?;
    let name = format!("aisle_actors_plan_{stamp}");
    sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut admin).await?;
    let planned = planned(server.database(&name)).await;
    sqlx::raw_sql(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).execute(&mut admin).await?;

    let lines = planned?;
    let text = lines.join("\n");
    // One way to each table that is read, and behind it the show that is wanted; neither all owners nor all of a node's.
    let ways = |table: &str| {
        lines
            .iter()
            .enumerate()
            .filter(|(_, line)| line.contains(&format!(" on {table} ")))
            .map(|(at, _)| at)
            .collect::<Vec<_>>()
    };
    for (table, way, key) in [
        ("show_owner", "Index Scan using show_owner_pkey", "Index Cond: (show_id = "),
        ("journal_page", "using journal_page_pkey", "Index Cond: (show_id = "),
    ] {
        let read: Vec<usize> = ways(table).into_iter().filter(|&at| !lines[at].contains("Insert on")).collect();
        assert_eq!(read.len(), 1, "{table}:\n{text}");
        assert!(lines[read[0]].contains(way) && lines[read[0] + 1].contains(key), "{table}:\n{text}");
    }
    Ok(())
}
