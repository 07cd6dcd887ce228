//! Server keys while servers run: rotated, retired, sealed under another secret.

use std::path::Path;
use std::process::{Command, Output};

use aisle::platform::keys::{Purpose, SETTLING_S};

use crate::harness::{new_database, spawn_on};
use crate::process::Process;

const OLD: &str = "YWlzbGUtdGVzdHMtYWlzbGUtdGVzdHMtYWlzbGUtMzI=";
const NEW: &str = "bmV3LXNlY3JldC1uZXctc2VjcmV0LW5ldy1zZWNyZTI=";

/// `aisle keys …` on this database, with this data directory's secret.
fn keys(database: &str, data_dir: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aisle"));
    command.arg("keys").args(arguments).args(["--database-url", database, "--data-dir"]).arg(data_dir);
    command.env_remove("DATABASE_URL").env_remove("AISLE_SECRET_KEY").output().expect("the binary runs")
}

#[track_caller]
fn said(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[track_caller]
fn complained(output: Output) -> String {
    assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr).unwrap()
}

/// What was done from the command line, and to which key.
async fn operators(db: &sqlx::PgPool) -> Vec<(String, Option<String>)> {
    sqlx::query_as("SELECT action, object_id FROM audit_log WHERE actor_kind = 'operator' ORDER BY number")
        .fetch_all(db)
        .await
        .unwrap()
}

fn kid(token: &str) -> &str {
    token.split('.').next().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_key_is_known_everywhere_before_it_signs_and_the_old_one_verifies_until_it_is_retired() {
    let database = new_database().await;
    let (here, there) = (spawn_on(database.clone(), |_| {}).await, spawn_on(database.clone(), |_| {}).await);
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("secret.key"), OLD).unwrap();
    let about: &[&[u8]] = &[b"an order"];
    let (a, b) = (&here.running.parts.keys, &there.running.parts.keys);
    let reload = async || {
        a.reload(&here.db).await.unwrap();
        b.reload(&there.db).await.unwrap();
    };
    let before = a.token(Purpose::OrderToken, about);
    let sealed = a.seal(about, b"geheim").unwrap();

    let next = said(keys(&database, dir.path(), &["rotate", "order_token"]));
    said(keys(&database, dir.path(), &["rotate", "seal"]));
    reload().await;
    assert_eq!(kid(&a.token(Purpose::OrderToken, about)), kid(&before), "not all may know the new one yet");
    // Time passes for the new keys.
    sqlx::query("UPDATE server_key SET created_at = created_at - make_interval(secs => $1)")
        .bind(f64::from(SETTLING_S))
        .execute(&here.db)
        .await
        .unwrap();
    a.reload(&here.db).await.unwrap();
    let after = a.token(Purpose::OrderToken, about);
    assert_eq!(kid(&after), next);
    // The other process has not looked again since the key came to be known to it.
    assert!(b.proves(Purpose::OrderToken, about, &after) && b.proves(Purpose::OrderToken, about, &before));
    assert_eq!(b.open_sealed(about, &sealed).unwrap(), b"geheim");
    assert!(a.is_sealed_by_an_old_key(&sealed));
    assert!(!a.is_sealed_by_an_old_key(&a.seal(about, b"geheim").unwrap()));

    let list = said(keys(&database, dir.path(), &["list"]));
    let standing = |kid: &str| {
        let line = list.lines().find(|line| line.starts_with(kid)).unwrap_or_else(|| panic!("{kid} in {list}"));
        line.split_whitespace().nth(2).unwrap().to_owned()
    };
    assert_eq!((standing(&next), standing(kid(&before))), ("current".to_owned(), "verifies".to_owned()));
    assert!(complained(keys(&database, dir.path(), &["retire", &next])).contains("is in use"));
    assert!(complained(keys(&database, dir.path(), &["retire", kid(&sealed)])).contains("seals other secrets"));
    assert!(complained(keys(&database, dir.path(), &["retire", "nonsense"])).contains("no key nonsense"));
    assert!(complained(keys(&database, dir.path(), &["rotate", "nonsense"])).contains("order_token"));
    said(keys(&database, dir.path(), &["retire", kid(&before)]));
    reload().await;
    for keys in [a, b] {
        assert!(!keys.proves(Purpose::OrderToken, about, &before), "who has the old key has nothing");
        assert!(keys.proves(Purpose::OrderToken, about, &after));
    }
    let left: i32 = sqlx::query_scalar("SELECT length(sealed) FROM server_key WHERE kid = $1")
        .bind(kid(&before))
        .fetch_one(&here.db)
        .await
        .unwrap();
    assert_eq!(left, 0, "its bytes are gone");
    // What was refused is not among what was done.
    assert_eq!(
        operators(&here.db).await,
        [
            ("server_key.rotated".to_owned(), Some(next)),
            ("server_key.rotated".to_owned(), Some(a.secret(Purpose::Seal).unwrap().0)),
            ("server_key.retired".to_owned(), Some(kid(&before).to_owned())),
        ]
    );
    here.stop().await;
    there.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_keys_move_under_another_secret_or_none_and_a_second_attempt_finds_them_moved() {
    let database = new_database().await;
    let server = spawn_on(database.clone(), |_| {}).await;
    let token = server.running.parts.keys.token(Purpose::OrderToken, &[b"an order"]);
    let db = sqlx::PgPool::connect(&database).await.unwrap();
    server.stop().await;
    let dir = tempfile::tempdir().unwrap();
    let (old_file, new_file) = (dir.path().join("secret.key"), dir.path().join("new"));
    std::fs::write(&new_file, NEW).unwrap();
    std::fs::write(&old_file, NEW).unwrap();
    let reseal = || keys(&database, dir.path(), &["reseal", "--new-secret-file", new_file.to_str().unwrap()]);

    // One key that opens with neither: nothing has moved.
    std::fs::write(&old_file, OLD).unwrap();
    let spoil =
        "UPDATE server_key SET sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1) WHERE purpose = 'ticket'";
    sqlx::query(spoil).execute(&db).await.unwrap();
    assert!(complained(reseal()).contains("sealed with another secret"));
    sqlx::query(spoil).execute(&db).await.unwrap();
    Process::start(dir.path(), Some(&database)).expect("the old secret is good still").kill_hard();

    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM server_key").fetch_one(&db).await.unwrap();
    assert_eq!(said(reseal()), format!("{count} keys sealed anew, 0 were already"));
    assert_eq!(std::fs::read_to_string(&old_file).unwrap(), NEW, "the data directory has the new one");
    // As after a crash between the database and the file: the file is the old one still.
    std::fs::write(&old_file, OLD).unwrap();
    let refused = Process::start(dir.path(), Some(&database)).err().expect("the old secret opens nothing");
    assert!(refused.contains("sealed with another secret"), "{refused}");
    assert_eq!(said(reseal()), format!("0 keys sealed anew, {count} were already"));
    assert_eq!(operators(&db).await, [("server_keys.resealed".to_owned(), None)], "what moved nothing is no act");
    let again = spawn_on(database, |config| config.secret_key = Some(NEW.to_owned())).await;
    assert!(again.running.parts.keys.proves(Purpose::OrderToken, &[b"an order"], &token), "the keys are the same");
    again.stop().await;
}
