//! `docs/PRIVACY.md` has a line for every table.

use std::collections::BTreeSet;

use crate::harness::spawn;

const PRIVACY: &str = include_str!("../../../docs/PRIVACY.md");

/// The names in the first cell of each row of the document's tables; several stand there in backquotes.
fn named() -> BTreeSet<String> {
    let cells = PRIVACY.lines().filter_map(|line| line.strip_prefix("| `")?.split(" |").next());
    cells.flat_map(|cell| cell.split(", ").map(|name| name.trim_matches(['`', ' ']).to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_is_named_and_no_other() {
    let server = spawn().await;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT table_name::text FROM information_schema.tables
         WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name <> '_sqlx_migrations'",
    )
    .fetch_all(&server.db)
    .await
    .unwrap();
    let tables: BTreeSet<String> = tables.into_iter().collect();
    let named = named();
    assert_eq!(tables.difference(&named).collect::<Vec<_>>(), Vec::<&String>::new(), "not named in docs/PRIVACY.md");
    assert_eq!(named.difference(&tables).collect::<Vec<_>>(), Vec::<&String>::new(), "no such table");
}

/// An account that is deleted takes with it what hangs on it, or the deletion fails: then somebody has made a table and
/// said nothing of what becomes of it.
#[tokio::test(flavor = "multi_thread")]
async fn what_hangs_on_an_account_goes_with_it() {
    let server = spawn().await;
    let hanging: Vec<String> = sqlx::query_scalar(
        "SELECT conrelid::regclass::text || '.' || a.attname::text
         FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
         WHERE c.contype = 'f' AND c.confrelid = 'app_user'::regclass AND c.confdeltype NOT IN ('c', 'n') ORDER BY 1",
    )
    .fetch_all(&server.db)
    .await
    .unwrap();
    // These two are deleted by hand.
    assert_eq!(hanging, ["access_token.user_id", "membership.user_id"]);
}
