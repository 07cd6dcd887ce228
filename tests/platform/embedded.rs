//! The embedded Postgres: started, stopped, killed, orphaned, refused.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use aisle::platform::embedded::{Embedded, EmbeddedConfig, EmbeddedError};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection, Executor};
use tempfile::TempDir;

/// Set for the child process that owns a server until it is killed: the data directory.
const OWNED_DIR: &str = "AISLE_TEST_OWNED_DIR";

/// A folder that also the user can enter to whom root drops.
fn open_dir() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    dir
}

fn config(dir: &TempDir) -> EmbeddedConfig {
    EmbeddedConfig { connections_max: 10, ..EmbeddedConfig::new(dir.path().join("data")) }
}

async fn one(options: &PgConnectOptions, sql: &'static str) -> Result<String, sqlx::Error> {
    let mut connection = PgConnection::connect_with(options).await?;
    sqlx::query_scalar(sql).fetch_one(&mut connection).await
}

fn postmaster_pid(config: &EmbeddedConfig) -> String {
    let text = fs::read_to_string(config.data_dir.join("postgres/postmaster.pid")).unwrap();
    text.lines().next().unwrap().to_owned()
}

fn kill_hard(pid: &str) {
    assert!(Command::new("kill").args(["-9", pid]).status().unwrap().success());
}

/// Asks again until it is so. The bound is only there so that a fault ends the test.
async fn until<F: AsyncFnMut() -> bool>(what: &str, mut so: F) {
    let asking = async {
        let mut pace = tokio::time::interval(Duration::from_millis(50));
        while !so().await {
            pace.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), asking).await.unwrap_or_else(|_| panic!("never came true: {what}"));
}

#[tokio::test]
async fn it_starts_durably_and_privately_and_keeps_what_it_was_told() {
    let dir = open_dir();
    let config = config(&dir);
    let first = Embedded::start(&config).await.unwrap();
    assert!(!first.adopted());
    let options = first.connect_options();
    for (setting, expected) in [
        ("show fsync", "on"),
        ("show full_page_writes", "on"),
        ("show synchronous_commit", "on"),
        ("show data_checksums", "on"),
        ("show listen_addresses", ""),
        ("show unix_socket_permissions", "0700"),
        ("show server_encoding", "UTF8"),
        ("show max_connections", "10"),
        ("select current_database()::text", "aisle"),
        ("select datcollate::text from pg_database where datname = 'aisle'", "C.UTF-8"),
    ] {
        assert_eq!(one(&options, setting).await.unwrap(), expected, "{setting}");
    }
    let mut connection = PgConnection::connect_with(&options).await.unwrap();
    connection.execute("create table told (what text); insert into told values ('kept')").await.unwrap();
    first.stop().await.unwrap();
    assert!(!config.data_dir.join("postgres/postmaster.pid").exists());

    let second = Embedded::start(&config).await.unwrap();
    assert!(!second.adopted());
    assert_eq!(one(&second.connect_options(), "select what from told").await.unwrap(), "kept");
    second.stop().await.unwrap();
}

#[tokio::test]
async fn a_data_directory_serves_one_process_at_a_time() {
    let dir = open_dir();
    let config = config(&dir);
    let first = Embedded::start(&config).await.unwrap();
    let refused = Embedded::start(&config).await.unwrap_err();
    assert!(matches!(refused, EmbeddedError::InUse { .. }), "{refused}");
    assert!(refused.to_string().contains(&format!("pid {}", std::process::id())), "{refused}");
    // The refusal changed nothing for the one that runs.
    assert_eq!(one(&first.connect_options(), "select 'here'").await.unwrap(), "here");
    first.stop().await.unwrap();
}

#[tokio::test]
async fn a_killed_server_comes_back_by_itself() {
    let dir = open_dir();
    let config = config(&dir);
    let embedded = Embedded::start(&config).await.unwrap();
    let options = embedded.connect_options();
    let mut connection = PgConnection::connect_with(&options).await.unwrap();
    connection.execute("create table told (what text); insert into told values ('kept')").await.unwrap();

    let killed = postmaster_pid(&config);
    kill_hard(&killed);
    until("another server answers", async || one(&options, "select what from told").await.is_ok_and(|it| it == "kept"))
        .await;
    assert_ne!(postmaster_pid(&config), killed);
    embedded.stop().await.unwrap();
}

/// The body of the child process below; without its variable there is nothing to own.
#[tokio::test]
async fn child_that_owns_a_server_until_it_is_killed() {
    let Some(data_dir) = std::env::var_os(OWNED_DIR) else { return };
    let _embedded = Embedded::start(&EmbeddedConfig::new(PathBuf::from(data_dir))).await.unwrap();
    println!("owned");
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_server_whose_owner_was_killed_is_adopted_and_still_supervised() {
    let dir = open_dir();
    let config = config(&dir);
    let mut owner = Command::new(std::env::current_exe().unwrap())
        .args(["embedded::child_that_owns_a_server_until_it_is_killed", "--exact", "--nocapture"])
        .env(OWNED_DIR, &config.data_dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(owner.stdout.take().unwrap()).lines();
    assert!(said.map_while(Result::ok).any(|line| line.contains("owned")), "the child never owned a server");
    let orphan = postmaster_pid(&config);
    owner.kill().unwrap();
    owner.wait().unwrap();

    let heir = Embedded::start(&config).await.unwrap();
    assert!(heir.adopted());
    assert_eq!(postmaster_pid(&config), orphan);
    let options = heir.connect_options();
    assert_eq!(one(&options, "select 'here'").await.unwrap(), "here");

    kill_hard(&orphan);
    until("another server answers", async || one(&options, "select 'here'").await.is_ok()).await;
    assert_ne!(postmaster_pid(&config), orphan);
    heir.stop().await.unwrap();
    assert!(!config.data_dir.join("postgres/postmaster.pid").exists());
}

#[tokio::test]
async fn a_cluster_of_a_major_that_is_not_installed_is_left_alone() {
    let dir = open_dir();
    let config = config(&dir);
    fs::create_dir_all(config.data_dir.join("postgres")).unwrap();
    fs::write(config.data_dir.join("postgres/PG_VERSION"), "9\n").unwrap();
    let refused = Embedded::start(&config).await.unwrap_err();
    assert!(matches!(refused, EmbeddedError::MissingMajor { major: 9, .. }), "{refused}");
    assert_eq!(refused.exit_code(), 3);
    assert!(refused.to_string().contains("postgresql-9"), "{refused}");
    assert_eq!(fs::read_dir(config.data_dir.join("postgres")).unwrap().count(), 1);
}

#[tokio::test]
async fn a_cluster_half_made_by_a_crash_is_made_anew() {
    let dir = open_dir();
    let config = config(&dir);
    fs::create_dir_all(config.data_dir.join("postgres.new/base")).unwrap();
    fs::write(config.data_dir.join("postgres.new/PG_VERSION"), "15\n").unwrap();
    let embedded = Embedded::start(&config).await.unwrap();
    assert!(!config.data_dir.join("postgres.new").exists());
    embedded.stop().await.unwrap();
}

#[tokio::test]
async fn a_stale_pid_that_belongs_to_another_program_does_not_stop_the_start() {
    let dir = open_dir();
    let config = config(&dir);
    Embedded::start(&config).await.unwrap().stop().await.unwrap();
    let stale = config.data_dir.join("postgres/postmaster.pid");
    let socket = config.data_dir.join("socket");
    let (ours, cluster) = (std::process::id(), config.data_dir.join("postgres"));
    fs::write(&stale, format!("{ours}\n{}\n0\n5432\n{}\n\n0 0\nready\n", cluster.display(), socket.display())).unwrap();
    let embedded = Embedded::start(&config).await.unwrap();
    assert!(!embedded.adopted());
    embedded.stop().await.unwrap();
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_gets_a_short_one() {
    let dir = open_dir();
    let deep = dir.path().join("a-house-with-a-very-long-name").join("x".repeat(90));
    let config = EmbeddedConfig { connections_max: 10, ..EmbeddedConfig::new(deep) };
    let embedded = Embedded::start(&config).await.unwrap();
    let socket = one(&embedded.connect_options(), "show unix_socket_directories").await.unwrap();
    assert!(socket.len() < 85, "{socket}");
    let mode = fs::metadata(Path::new(&socket)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    embedded.stop().await.unwrap();
    fs::remove_dir(&socket).unwrap();
}

#[tokio::test]
async fn root_is_told_which_folder_closes_the_way() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    fs::create_dir(&home).unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(&home, fs::Permissions::from_mode(0o700)).unwrap();
    let config = EmbeddedConfig { connections_max: 10, ..EmbeddedConfig::new(home.join("data")) };
    match Embedded::start(&config).await {
        // Only root drops to another user; for everybody else a private home is just the place.
        Ok(embedded) => embedded.stop().await.unwrap(),
        Err(refused) => {
            assert!(
                matches!(&refused, EmbeddedError::NotEnterable { blocked, .. } if *blocked == home.canonicalize().unwrap())
            );
            assert!(refused.to_string().contains("/var/lib/aisle"), "{refused}");
        }
    }
}
