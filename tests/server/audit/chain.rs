//! The chain of the audit log, on a database alone.

use aisle::platform::audit::chain::{Fault, Head, Verified, head, verify};
use aisle::platform::audit::{Actor, Entry, Severity, record, security};
use aisle::platform::db;
use aisle::platform::ids::new_id;
use sqlx::PgPool;

use crate::harness::new_database;

/// A migrated database with as many entries as asked, every other one with a person beside it.
async fn log_of(rows: usize) -> PgPool {
    let pool = empty_log().await;
    for at in 0..rows {
        append(&pool, at).await;
    }
    pool
}

async fn empty_log() -> PgPool {
    let url = new_database().await;
    let pool = db::pool(url.parse().expect("an address"), 70);
    db::migrate(&pool).await.expect("it migrates");
    pool
}

async fn append(pool: &PgPool, at: usize) {
    let mut tx = pool.begin().await.expect("a transaction");
    let entry = Entry::new(Actor::User(new_id()), "show.changed").of(new_id()).on("show", new_id());
    let entry = entry.with("places", i64::try_from(at).expect("small")).with("archived", at.is_multiple_of(3));
    if at.is_multiple_of(2) {
        let entry =
            entry.name("Ada Ärlig").email("Ada@Example.org").address("192.0.2.7".parse::<std::net::IpAddr>().ok());
        security(&mut tx, Severity::Warning, entry).await.expect("it is recorded");
    } else {
        record(&mut tx, entry).await.expect("it is recorded");
    }
    tx.commit().await.expect("it is kept");
}

async fn whole(pool: &PgPool) -> Verified {
    verify(pool, None).await.expect("the database answers").expect("the log is whole")
}

async fn fault(pool: &PgPool, anchor: Option<&Head>) -> Fault {
    verify(pool, anchor).await.expect("the database answers").expect_err("the log was tampered with")
}

/// What somebody does who owns the database: no trigger, no foreign key stands in the way.
async fn tamper(pool: &PgPool, statements: &str) {
    let mut tx = pool.begin().await.expect("a transaction");
    let sql = format!("SET LOCAL session_replication_role = replica; {statements}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut *tx).await.expect("the owner may");
    tx.commit().await.expect("it is kept");
}

#[tokio::test]
async fn an_untouched_log_is_whole_and_its_person_is_kept_beside_it() {
    let pool = log_of(7).await;
    let verified = whole(&pool).await;
    assert_eq!((verified.head.number, verified.erased), (7, 0));
    assert_eq!(verified.head, head(&pool).await.expect("the database answers"));
    let kept: Vec<(i64, String, String, String)> =
        sqlx::query_as("SELECT number, name, email, address FROM audit_person ORDER BY number")
            .fetch_all(&pool)
            .await
            .unwrap();
    let person = |number| (number, "Ada Ärlig".to_owned(), "ada@example.org".to_owned(), "192.0.2.7".to_owned());
    assert_eq!(kept, [1, 3, 5, 7].map(person));
    let waiting: i64 = sqlx::query_scalar("SELECT count(*) FROM audit_pending").fetch_one(&pool).await.unwrap();
    assert_eq!(waiting, 0, "what was chained waits no more");
}

#[tokio::test]
async fn an_empty_log_is_whole_too() {
    let pool = empty_log().await;
    assert_eq!(whole(&pool).await.head.number, 0);
    let anchor = head(&pool).await.expect("the database answers");
    append(&pool, 0).await;
    assert!(verify(&pool, Some(&anchor)).await.expect("the database answers").is_ok());
}

#[tokio::test]
async fn work_that_is_undone_leaves_no_entry() {
    let pool = log_of(1).await;
    let mut tx = pool.begin().await.unwrap();
    record(&mut tx, Entry::new(Actor::Server, "show.changed")).await.unwrap();
    tx.rollback().await.unwrap();
    append(&pool, 1).await;
    assert_eq!(whole(&pool).await.head.number, 2);
}

#[tokio::test]
async fn every_changed_field_is_found_in_its_row() {
    let changes = [
        "at = at + interval '1 microsecond'",
        "severity = 'alarm'",
        "severity = NULL",
        "actor_kind = 'server'",
        "actor_id = NULL",
        "actor_id = gen_random_uuid()",
        "action = 'show.made'",
        "organizer_id = NULL",
        "object_kind = 'shoe'",
        "object_id = 'another'",
        "detail = replace(detail, 'archived', 'achieved')",
        "person = sha256('other')",
        "person = NULL",
        "hash = sha256('other')",
    ];
    let pool = log_of(5).await;
    for change in changes {
        let mut tx = pool.begin().await.unwrap();
        let sql =
            format!("SET LOCAL session_replication_role = replica; UPDATE audit_log SET {change} WHERE number = 3");
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut *tx).await.expect(change);
        tx.commit().await.unwrap();
        assert_eq!(fault(&pool, None).await, Fault::Changed(3), "{change}");
        // The row as it was, for the next one.
        tamper(&pool, "DELETE FROM audit_log; DELETE FROM audit_person").await;
        for at in 0..5 {
            append(&pool, at).await;
        }
    }
    assert_eq!(whole(&pool).await.head.number, 5);
}

#[tokio::test]
async fn removed_swapped_renumbered_and_invented_rows_are_found() {
    let tricks: [(&str, Fault); 6] = [
        ("DELETE FROM audit_log WHERE number = 3", Fault::Missing(3)),
        ("DELETE FROM audit_log WHERE number = 1", Fault::Missing(1)),
        ("DELETE FROM audit_log WHERE number = 3; UPDATE audit_log SET number = number - 1 WHERE number > 3", Fault::Changed(3)),
        (
            "UPDATE audit_log SET number = 100 WHERE number = 2; UPDATE audit_log SET number = 2 WHERE number = 4;
             UPDATE audit_log SET number = 4 WHERE number = 100",
            Fault::Changed(2),
        ),
        (
            "INSERT INTO audit_log SELECT 7, at, severity, actor_kind, actor_id, action, organizer_id, object_kind, object_id,
                    detail, person, hash FROM audit_log WHERE number = 6",
            Fault::Changed(7),
        ),
        (
            // Two neighbours change places and keep their hashes in place.
            "UPDATE audit_log a SET at = b.at, actor_id = b.actor_id, detail = b.detail, object_id = b.object_id
             FROM audit_log b WHERE (a.number, b.number) IN ((2, 4), (4, 2))",
            Fault::Changed(2),
        ),
    ];
    for (trick, expected) in tricks {
        let pool = log_of(6).await;
        tamper(&pool, trick).await;
        assert_eq!(fault(&pool, None).await, expected, "{trick}");
    }
}

#[tokio::test]
async fn a_person_is_erased_with_the_chain_still_whole_but_never_exchanged() {
    let pool = log_of(4).await;
    let before = head(&pool).await.unwrap();
    sqlx::query("DELETE FROM audit_person WHERE number = 1").execute(&pool).await.expect("a person may be forgotten");
    let verified = verify(&pool, Some(&before)).await.unwrap().expect("the chain does not need them");
    assert_eq!((verified.head, verified.erased), (before, 1));

    let refused = sqlx::query("UPDATE audit_person SET name = 'Eve'").execute(&pool).await.unwrap_err().to_string();
    assert!(refused.contains("only ever appended"), "{refused}");
    tamper(&pool, "UPDATE audit_person SET name = 'Eve' WHERE number = 3").await;
    assert_eq!(fault(&pool, None).await, Fault::OtherPerson(3));
    let pool = log_of(2).await;
    tamper(&pool, "INSERT INTO audit_person (number, salt, name) VALUES (2, 'salt', 'Eve')").await;
    assert_eq!(fault(&pool, None).await, Fault::StrangePerson(2));
}

#[tokio::test]
async fn a_cut_off_end_and_a_rewritten_log_are_found_by_a_head_that_was_kept() {
    let pool = log_of(6).await;
    let anchor = head(&pool).await.unwrap();
    append(&pool, 6).await;
    assert!(verify(&pool, Some(&anchor)).await.unwrap().is_ok(), "a log that has grown is the same log");
    tamper(&pool, "DELETE FROM audit_log WHERE number > 4; DELETE FROM audit_person WHERE number > 4").await;
    assert_eq!(whole(&pool).await.head.number, 4, "without a head nothing tells");
    assert_eq!(fault(&pool, Some(&anchor)).await, Fault::Missing(5));
    for at in 0..4 {
        append(&pool, at).await;
    }
    assert_eq!(whole(&pool).await.head.number, 8, "a rewritten log is a chain, too");
    assert_eq!(fault(&pool, Some(&anchor)).await, Fault::OtherHead(6));
}

#[tokio::test]
async fn the_log_refuses_to_be_changed_or_emptied() {
    let pool = log_of(3).await;
    for statement in [
        "UPDATE audit_log SET action = 'nothing.done'",
        "DELETE FROM audit_log",
        "DELETE FROM audit_log WHERE number = 3",
        "TRUNCATE audit_log CASCADE",
    ] {
        let error = sqlx::raw_sql(statement).execute(&pool).await.expect_err(statement).to_string();
        assert!(error.contains("only ever appended"), "{statement}: {error}");
    }
    assert_eq!(whole(&pool).await.head.number, 3);
}

#[tokio::test]
async fn many_at_once_on_two_processes_keep_one_chain() {
    let pool = empty_log().await;
    // Another process: other connections to the same database.
    let other = db::pool((*pool.connect_options()).clone(), 40);
    let all = (0..64).map(|at| {
        let pool = if at % 2 == 0 { pool.clone() } else { other.clone() };
        tokio::spawn(async move { append(&pool, at).await })
    });
    for one in all.collect::<Vec<_>>() {
        one.await.expect("each is recorded");
    }
    let verified = whole(&pool).await;
    assert_eq!((verified.head.number, verified.erased), (64, 0));
}

#[tokio::test]
async fn several_entries_of_one_transaction_keep_their_order() {
    let pool = log_of(1).await;
    let mut tx = pool.begin().await.unwrap();
    for action in ["show.made", "show.changed", "show.archived"] {
        record(&mut tx, Entry::new(Actor::Operator, action)).await.unwrap();
    }
    tx.commit().await.unwrap();
    let actions: Vec<String> = sqlx::query_scalar("SELECT action FROM audit_log WHERE number > 1 ORDER BY number")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(actions, ["show.made", "show.changed", "show.archived"]);
    assert_eq!(whole(&pool).await.head.number, 4);
}

#[tokio::test]
async fn a_log_longer_than_a_page_is_walked_to_its_end() {
    let pool = empty_log().await;
    let mut tx = pool.begin().await.unwrap();
    for _ in 0..2_001 {
        record(&mut tx, Entry::new(Actor::Server, "show.changed")).await.unwrap();
    }
    tx.commit().await.unwrap();
    assert_eq!(whole(&pool).await.head.number, 2_001);
    tamper(&pool, "UPDATE audit_log SET action = 'show.made' WHERE number = 2001").await;
    assert_eq!(fault(&pool, None).await, Fault::Changed(2_001));
}

#[tokio::test]
async fn the_command_line_says_whole_or_names_the_row_and_fails() {
    let pool = log_of(3).await;
    let options = pool.connect_options();
    let url = format!(
        "postgres://{}@{}:{}/{}",
        options.get_username(),
        options.get_host(),
        options.get_port(),
        options.get_database().expect("it has a name")
    );
    let run = async |arguments: &[&str]| {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_aisle"));
        let output =
            command.arg("audit").args(arguments).args(["--database-url", &url]).output().await.expect("it runs");
        let said = String::from_utf8_lossy(if output.status.success() { &output.stdout } else { &output.stderr });
        (output.status.code(), said.trim().to_owned())
    };
    let (code, anchor) = run(&["head"]).await;
    assert_eq!((code, anchor.as_str()), (Some(0), head(&pool).await.unwrap().to_string().as_str()));
    let (code, said) = run(&["verify", "--head", &anchor]).await;
    assert_eq!((code, said), (Some(0), format!("ok: 3 rows, 0 without their person, head {anchor}")));
    tamper(&pool, "DELETE FROM audit_log WHERE number = 3").await;
    assert_eq!(run(&["verify"]).await.0, Some(0));
    let (code, said) = run(&["verify", "--head", &anchor]).await;
    assert_eq!((code, said.as_str()), (Some(1), "error: the audit log is not what it should be: row 3 is missing"));
    tamper(&pool, "UPDATE audit_log SET actor_kind = 'guest' WHERE number = 2").await;
    let (code, said) = run(&["verify"]).await;
    assert_eq!(code, Some(1));
    assert!(said.contains("row 2 is not what its hash says"), "{said}");
    assert_eq!(run(&["verify", "--head", "nonsense"]).await.0, Some(2));
}
