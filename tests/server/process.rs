//! The binary as it is run: killed in the middle, started again, started twice.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use crate::harness::{new_database, send, spawn_on};
use crate::house::{hall, on_sale, on_sale_with};

/// `aisle serve` as a process of its own; killed hard when dropped.
pub struct Process {
    child: Child,
    pub url: String,
}

impl Process {
    /// Starts it; `Err` is what it said on standard error where it ended instead of listening.
    pub fn start(data_dir: &Path, database_url: Option<&str>) -> Result<Self, String> {
        Self::start_with(data_dir, database_url, &[])
    }

    /// The same, with other settings.
    fn start_with(data_dir: &Path, database_url: Option<&str>, settings: &[(&str, &str)]) -> Result<Self, String> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aisle"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(data_dir);
        command.env_remove("DATABASE_URL").env("AISLE_LOG", "warn").envs(settings.iter().copied());
        if let Some(url) = database_url {
            command.args(["--database-url", url]);
        }
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        let mut out = BufReader::new(child.stdout.take().expect("it has a standard output"));
        let mut line = String::new();
        out.read_line(&mut line).expect("it says something");
        match line.trim().strip_prefix("listening on ") {
            Some(url) => {
                // Whoever is not read blocks in the end: the rest is thrown away.
                std::thread::spawn(move || out.lines().map_while(Result::ok).for_each(drop));
                Ok(Self { url: url.to_owned(), child })
            }
            None => {
                let output = child.wait_with_output().expect("it ended");
                assert!(!output.status.success(), "it ended well without listening");
                Err(String::from_utf8_lossy(&output.stderr).into_owned())
            }
        }
    }

    pub fn kill_hard(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it is dead");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Already dead where the test killed it.
        let _dead = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// A folder that also the user can enter to whom root drops for Postgres.
fn open_dir() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    dir
}

/// Asks again until there is an answer that counts. The bound is only there so that a fault ends the test.
pub async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        let mut pace = tokio::time::interval(Duration::from_millis(50));
        loop {
            pace.tick().await;
            if let Some(answer) = ask().await {
                return answer;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), asking).await.unwrap_or_else(|_| panic!("never came true: {what}"))
}

/// A client that speaks to whatever process is there.
#[derive(Clone)]
struct Client(reqwest::Client, String);

impl Client {
    fn of(url: &str) -> Self {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(20)).build().unwrap();
        Self(client, format!("{url}/api/v1"))
    }

    /// An acknowledged hold on one seat; `None` where it was refused or the server is gone.
    async fn hold(&self, show: Uuid, seat: &str) -> Result<Option<Value>, reqwest::Error> {
        let request = self.0.post(format!("{}/shows/{show}/holds", self.1)).json(&json!({"seats": [seat]}));
        let response = request.send().await?;
        if response.status() != 201 {
            return Ok(None);
        }
        let mut body: Value = response.json().await?;
        Ok(Some(body["hold"].take()))
    }

    async fn seats(&self, show: Uuid) -> Option<String> {
        let response = self.0.get(format!("{}/shows/{show}/seats", self.1)).send().await.ok()?;
        let body: Value = response.error_for_status().ok()?.json().await.ok()?;
        body["seats"].as_str().map(str::to_owned)
    }

    async fn read(&self, hold: &Value) -> Option<(u16, Value)> {
        let path = format!("{}/shows/{}/holds/{}", self.1, text(&hold["show_id"]), text(&hold["id"]));
        let response = self.0.get(path).header("aisle-hold-token", text(&hold["token"])).send().await.ok()?;
        let status = response.status().as_u16();
        let body = response.json().await.ok()?;
        // A show that is just being taken over says so.
        (status != 503).then_some((status, body))
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Sixteen clients take seats until `enough` were acknowledged and the server is killed under them.
async fn fight(process: Process, show: Uuid, rows: usize, per_row: usize, enough: usize) -> Vec<Value> {
    let client = Client::of(&process.url);
    let acknowledged = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..16)
        .map(|number| {
            let (client, acknowledged) = (client.clone(), Arc::clone(&acknowledged));
            tokio::spawn(async move {
                let mut mine = Vec::new();
                for turn in 0..rows * per_row {
                    let place = (number * 97 + turn * 61) % (rows * per_row);
                    let seat = format!("r{}-{}", place / per_row + 1, place % per_row + 1);
                    match client.hold(show, &seat).await {
                        Ok(Some(hold)) => {
                            acknowledged.fetch_add(1, Ordering::Relaxed);
                            mine.push(hold);
                        }
                        Ok(None) => {}
                        Err(_) => break,
                    }
                }
                mine
            })
        })
        .collect();
    until("enough holds", async || (acknowledged.load(Ordering::Relaxed) >= enough).then_some(())).await;
    process.kill_hard();
    let mut all = Vec::new();
    for client in clients {
        all.extend(client.await.unwrap());
    }
    all
}

/// Every acknowledged hold is there, on a seat of its own, and the map shows each of them.
async fn all_are_there(client: &Client, show: Uuid, holds: &[Value]) {
    let mut by_seat = HashMap::new();
    for hold in holds {
        let (status, body) = until("the hold can be read", async || client.read(hold).await).await;
        assert_eq!(status, 200, "an acknowledged hold was lost: {body}");
        assert_eq!(body["hold"]["seats"], hold["seats"]);
        *by_seat.entry(text(&hold["seats"][0]).to_owned()).or_insert(0) += 1;
    }
    assert!(by_seat.values().all(|&count| count == 1), "a seat was given twice: {by_seat:?}");
    let map = until("the map can be read", async || client.seats(show).await).await;
    let held = map.bytes().filter(|&letter| letter == b'h').count();
    assert!(held >= by_seat.len(), "{held} held on the map, {} acknowledged", by_seat.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_it_comes_back_with_every_acknowledged_hold_and_no_seat_twice() {
    let dir = open_dir();
    let data_dir = dir.path().join("data");
    // The house is built by a server in this process, on the Postgres that the binary will find.
    let builder = spawn_on(String::new(), |config| {
        config.database_url = None;
        config.secret_key = None;
        config.data_dir.clone_from(&data_dir);
    })
    .await;
    let show = on_sale(&builder, &hall(20, 20, 0)).await;
    let brief = on_sale_with(&builder, &hall(1, 4, 0), json!({"hold_ttl_s": 1, "extend_max_s": 1})).await;
    builder.stop().await;

    let first = Process::start(&data_dir, None).expect("it listens");
    let lapsing = Client::of(&first.url).hold(brief, "r1-1").await.unwrap().expect("it is free");
    let refused = Process::start(&data_dir, None).err().expect("one data directory, one process");
    assert!(refused.contains("in use by another process"), "{refused}");

    let acknowledged = fight(first, show, 20, 20, 60).await;
    let second = Process::start(&data_dir, None).expect("it comes back, and its Postgres with it");
    let client = Client::of(&second.url);
    all_are_there(&client, show, &acknowledged).await;
    // Time went on while nobody was there.
    until("the lapsed hold's seat is free", async || client.seats(brief).await.filter(|seats| seats == "aaaa")).await;
    let (status, body) =
        until("it is over", async || client.read(&lapsing).await.filter(|(status, _)| *status != 200)).await;
    assert_eq!((status, text(&body["code"])), (410, "hold_lapsed"));
    stop(second);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_one_database_never_both_own_a_show() {
    let database = new_database().await;
    let builder = spawn_on(database.clone(), |_| {}).await;
    let show = on_sale(&builder, &hall(10, 10, 0)).await;
    builder.stop().await;

    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("secret.key"), "YWlzbGUtdGVzdHMtYWlzbGUtdGVzdHMtYWlzbGUtMzI=").unwrap();
    let first = Process::start(dir.path(), Some(&database)).expect("it listens");
    let client = Client::of(&first.url);
    let held = client.hold(show, "r1-1").await.unwrap().expect("it is free");

    let second = spawn_on(database, |_| {}).await;
    let other = Client::of(&second.url);
    let wish = || second.request(Method::POST, &format!("/shows/{show}/holds")).json(&json!({"seats": ["r1-2"]}));
    send(wish()).await.refused(503, "busy");
    let acknowledged = fight(first, show, 10, 10, 20).await;
    // The first one's lease ends, and the second takes over what was durable.
    all_are_there(&other, show, &acknowledged).await;
    all_are_there(&other, show, &[held]).await;
    let free = until("it sells", async || other.seats(show).await)
        .await
        .find('a')
        .map(|at| format!("r{}-{}", at / 10 + 1, at % 10 + 1));
    if let Some(seat) = free {
        other.hold(show, &seat).await.unwrap().expect("the new owner sells");
    }
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_lapses_while_its_show_sleeps_and_the_process_is_down_is_free_when_it_starts() {
    let database = new_database().await;
    let builder = spawn_on(database.clone(), |_| {}).await;
    let show = on_sale_with(&builder, &hall(1, 4, 0), json!({"hold_ttl_s": 8, "extend_max_s": 8})).await;
    let db = sqlx::PgPool::connect(&database).await.unwrap();
    builder.stop().await;

    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("secret.key"), "YWlzbGUtdGVzdHMtYWlzbGUtdGVzdHMtYWlzbGUtMzI=").unwrap();
    let first = Process::start_with(dir.path(), Some(&database), &[("AISLE_SHOW_IDLE_S", "1")]).expect("it listens");
    Client::of(&first.url).hold(show, "r1-1").await.unwrap().expect("it is free");
    let truth = async |question: &'static str| -> bool {
        sqlx::query_scalar(question).bind(show).fetch_one(&db).await.expect("Postgres answers")
    };
    let asleep = "SELECT handed_over FROM show_owner WHERE show_id = $1";
    until("the show sleeps", async || truth(asleep).await.then_some(())).await;
    first.kill_hard();
    let written = "SELECT EXISTS (SELECT 1 FROM journal WHERE show_id = $1 AND event->>'type' = 'hold_lapsed')";
    assert!(!truth(written).await, "it was killed before the deadline");
    let over = "SELECT next_deadline < clock_timestamp() FROM show_summary WHERE show_id = $1";
    until("the deadline passes", async || truth(over).await.then_some(())).await;
    assert!(!truth(written).await, "nobody was there to write it");

    let second = Process::start(dir.path(), Some(&database)).expect("it comes back");
    // The very first answer says so, and the first who wants the seat has it.
    assert_eq!(Client::of(&second.url).seats(show).await.as_deref(), Some("aaaa"));
    until("the waker has written it down", async || truth(written).await.then_some(())).await;
    Client::of(&second.url).hold(show, "r1-1").await.unwrap().expect("it is free again");
    let late_ms: i64 = sqlx::query_scalar(
        "SELECT (extract(epoch FROM j.at - n.started_at) * 1000)::bigint FROM journal j, node n
         WHERE j.show_id = $1 AND j.event->>'type' = 'hold_lapsed' ORDER BY n.started_at DESC LIMIT 1",
    )
    .bind(show)
    .fetch_one(&db)
    .await
    .unwrap();
    println!("written down {late_ms} ms after the process joined");
    db.close().await;
    stop(second);
}

/// Ends it as an operator does, Postgres included.
pub fn stop(mut process: Process) {
    let pid = process.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(process.child.wait().unwrap().success(), "it stops in order");
}
