//! The outbox and its crashes: what was said once is not said again, what could not be said is tried again and given up at
//! last. The mail server is a stand-in of a page of code, so that these tests run on any machine.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use aisle::notify::outbox::ATTEMPTS_MAX;
use aisle::notify::{Attachment, Composers, Delivery, Message, Outbox, put};
use aisle::platform::config::Config;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::sync::Mutex;

use crate::harness::new_database;

async fn database() -> PgPool {
    let db = aisle::platform::db::pool(new_database().await.parse().unwrap(), 8);
    aisle::platform::db::migrate(&db).await.unwrap();
    db
}

async fn ask(db: &PgPool, dedup: &str, payload: &Value) -> bool {
    let mut connection = db.acquire().await.unwrap();
    put(&mut connection, "greeting", dedup, payload).await.unwrap()
}

fn greeting(payload: &Value) -> Message {
    Message {
        organizer: None,
        name: "Ada\r\nBcc: everybody@example.org".to_owned(),
        to: payload["to"].as_str().unwrap_or("ada@example.org").to_owned(),
        subject: "Hello\r\nBcc: everybody@example.org".to_owned(),
        text: "Hello, Ada.\n.\nStill the same mail.".to_owned(),
        html: "<p>Hello, Ada.</p>".to_owned(),
        attachments: vec![Attachment {
            name: "a/b.pdf".to_owned(),
            content_type: "application/pdf".to_owned(),
            body: b"%PDF".to_vec(),
        }],
    }
}

fn composers() -> Composers {
    Composers::default().with("greeting", |payload| async move { Ok(Some(greeting(&payload))) })
}

fn keeping(db: &PgPool) -> Outbox {
    Outbox::new(db.clone(), composers(), Delivery::Mailbox)
}

/// Makes everything due that waits for its next try.
async fn let_time_pass(db: &PgPool) {
    sqlx::query("UPDATE outbox SET next_try_at = now() WHERE done_at IS NULL").execute(db).await.unwrap();
}

async fn statuses(db: &PgPool) -> Vec<String> {
    sqlx::query_scalar("SELECT status FROM mail ORDER BY created_at").fetch_all(db).await.unwrap()
}

/// Its tries, whether it is over, and what was the matter.
async fn row(db: &PgPool) -> (i32, bool, Option<String>) {
    sqlx::query_as("SELECT attempts, done_at IS NOT NULL, last_problem FROM outbox").fetch_one(db).await.unwrap()
}

/// A mail server that takes every mail, or says `answer` to each recipient. It notes what it took.
struct MailServer {
    url: String,
    taken: Arc<Mutex<Vec<String>>>,
    recipients: Arc<AtomicUsize>,
}

async fn mail_server(answer: &'static str) -> MailServer {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let (taken, recipients) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)));
    let server = MailServer { url, taken: Arc::clone(&taken), recipients: Arc::clone(&recipients) };
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let (taken, recipients) = (Arc::clone(&taken), Arc::clone(&recipients));
            tokio::spawn(async move {
                let (read, mut write) = socket.into_split();
                let mut lines = BufReader::new(read).lines();
                write.write_all(b"220 here\r\n").await.unwrap();
                let mut mail: Option<String> = None;
                while let Ok(Some(line)) = lines.next_line().await {
                    let reply = match (&mut mail, line.split([' ', ':']).next().unwrap_or_default()) {
                        (Some(text), _) if line == "." => {
                            taken.lock().await.push(std::mem::take(text));
                            mail = None;
                            "250 taken"
                        }
                        (Some(text), _) => {
                            text.push_str(line.strip_prefix('.').unwrap_or(&line));
                            text.push('\n');
                            continue;
                        }
                        (None, "EHLO") => "250 here",
                        (None, "RCPT") => {
                            recipients.fetch_add(1, SeqCst);
                            answer
                        }
                        (None, "DATA") => {
                            mail = Some(String::new());
                            "354 go on"
                        }
                        (None, _) => "250 fine",
                    };
                    write.write_all(format!("{reply}\r\n").as_bytes()).await.unwrap();
                }
            });
        }
    });
    server
}

fn sending(db: &PgPool, url: &str) -> Outbox {
    let config = Config {
        smtp_url: Some(url.to_owned()),
        mail_from: "Box office <box@example.org>".to_owned(),
        ..Config::default()
    };
    Outbox::new(db.clone(), composers(), Delivery::from_config(&config).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_became_true_is_never_said() {
    let db = database().await;
    let mut transaction = db.begin().await.unwrap();
    assert!(put(&mut transaction, "greeting", "one", &json!({})).await.unwrap());
    transaction.rollback().await.unwrap();
    assert!(!keeping(&db).run_once().await.unwrap());
    assert!(statuses(&db).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_is_kept_exactly_once_by_however_many_workers() {
    let db = database().await;
    for wish in 0..10 {
        assert!(ask(&db, &format!("wish:{wish}"), &json!({})).await);
        assert!(!ask(&db, &format!("wish:{wish}"), &json!({})).await, "the second time");
    }
    let workers = (0..4).map(|_| {
        let worker = keeping(&db);
        tokio::spawn(async move { while worker.run_once().await.unwrap() {} })
    });
    for worker in workers.collect::<Vec<_>>() {
        worker.await.unwrap();
    }
    assert_eq!(statuses(&db).await, vec!["kept"; 10]);
    let subject: String = sqlx::query_scalar("SELECT DISTINCT subject FROM mail").fetch_one(&db).await.unwrap();
    assert_eq!(subject, "Hello Bcc: everybody@example.org");
    let file: String = sqlx::query_scalar("SELECT DISTINCT name FROM mail_attachment").fetch_one(&db).await.unwrap();
    assert_eq!(file, "a-b.pdf");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_goes_out_by_smtp_whole_and_with_no_other_recipient() {
    let db = database().await;
    let server = mail_server("250 fine").await;
    ask(&db, "one", &json!({})).await;
    assert!(sending(&db, &server.url).run_once().await.unwrap());
    assert_eq!(statuses(&db).await, ["sent"]);
    assert_eq!(server.recipients.load(SeqCst), 1);
    let taken = server.taken.lock().await;
    assert_eq!(taken.len(), 1);
    let mail = &taken[0];
    assert!(mail.contains("Subject: Hello Bcc: everybody@example.org"), "{mail}");
    assert!(!mail.lines().any(|line| line.starts_with("Bcc")), "{mail}");
    assert!(mail.contains("\n.\n") && mail.contains("Still the same mail."), "{mail}");
    assert!(mail.contains("Auto-Submitted: auto-generated") && mail.contains("a-b.pdf"), "{mail}");

    // A mail server that somebody else wrote may be named, to hear its opinion too.
    if let Ok(url) = std::env::var("AISLE_TEST_SMTP_URL") {
        ask(&db, "two", &json!({})).await;
        assert!(sending(&db, &url).run_once().await.unwrap());
        assert_eq!(statuses(&db).await, ["sent", "sent"], "{:?}", row(&db).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_after_sending_sends_again_under_the_same_name_and_keeps_one() {
    let db = database().await;
    let server = mail_server("250 fine").await;
    ask(&db, "one", &json!({})).await;
    // The server dies after the mail server's yes: its note of it is not there after the restart.
    sqlx::raw_sql(
        "CREATE FUNCTION crash() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'crash'; END $$;
         CREATE TRIGGER crash BEFORE INSERT ON mail FOR EACH ROW EXECUTE FUNCTION crash()",
    )
    .execute(&db)
    .await
    .unwrap();
    let outbox = sending(&db, &server.url);
    assert!(outbox.run_once().await.is_err());
    assert!(!outbox.run_once().await.unwrap(), "it stays claimed for a while");
    sqlx::raw_sql("DROP TRIGGER crash ON mail").execute(&db).await.unwrap();
    let_time_pass(&db).await;
    assert!(sending(&db, &server.url).run_once().await.unwrap());
    let_time_pass(&db).await;
    assert!(!outbox.run_once().await.unwrap());
    assert_eq!(statuses(&db).await, ["sent"]);
    let taken = server.taken.lock().await;
    let name = |mail: &String| mail.lines().find(|line| line.starts_with("Message-ID:")).map(str::to_owned);
    assert_eq!(taken.len(), 2, "at least once, by SMTP");
    assert!(
        name(&taken[0]).is_some() && name(&taken[0]) == name(&taken[1]),
        "{:?}",
        taken.iter().map(name).collect::<Vec<_>>()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_that_is_down_is_tried_again_and_given_up_at_last() {
    let db = database().await;
    let nobody = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("smtp://{}", nobody.local_addr().unwrap());
    drop(nobody);
    ask(&db, "one", &json!({})).await;
    let outbox = sending(&db, &url);
    for attempt in 1..ATTEMPTS_MAX {
        assert!(outbox.run_once().await.unwrap());
        let (attempts, over, problem) = row(&db).await;
        assert_eq!((attempts, over), (attempt, false));
        assert!(problem.unwrap().starts_with("the mail server did not take the mail"));
        assert!(!outbox.run_once().await.unwrap(), "it rests before the next try");
        assert!(statuses(&db).await.is_empty());
        let_time_pass(&db).await;
    }
    assert!(outbox.run_once().await.unwrap());
    let (attempts, over, problem) = row(&db).await;
    assert_eq!((attempts, over, problem.is_some()), (ATTEMPTS_MAX, true, true));
    assert_eq!(statuses(&db).await, ["failed"], "it can be read in the mailbox all the same");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_who_does_not_exist_is_not_tried_twice() {
    let db = database().await;
    let server = mail_server("550 5.1.1 no such user").await;
    ask(&db, "one", &json!({})).await;
    ask(&db, "two", &json!({"to": "ada@example.org\r\nRCPT TO:<everybody@example.org>"})).await;
    let outbox = sending(&db, &server.url);
    while outbox.run_once().await.unwrap() {}
    assert_eq!(statuses(&db).await, ["failed", "failed"]);
    assert_eq!(server.recipients.load(SeqCst), 1, "what is no address is never said to a mail server");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_that_asks_for_patience_gets_it() {
    let db = database().await;
    let server = mail_server("451 come again later").await;
    ask(&db, "one", &json!({})).await;
    let outbox = sending(&db, &server.url);
    assert!(outbox.run_once().await.unwrap());
    assert_eq!((row(&db).await.0, row(&db).await.1), (1, false));
    let server = mail_server("250 fine").await;
    let_time_pass(&db).await;
    assert!(sending(&db, &server.url).run_once().await.unwrap());
    assert_eq!(statuses(&db).await, ["sent"]);
    assert_eq!(row(&db).await.2, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn composers_may_fail_panic_or_have_nothing_to_say() {
    let db = database().await;
    ask(&db, "one", &json!({})).await;
    let with = |composers| Outbox::new(db.clone(), composers, Delivery::Mailbox);
    let said = |part: &'static str| {
        let db = db.clone();
        async move {
            let (_, over, problem) = row(&db).await;
            assert!(!over && problem.as_deref().is_some_and(|problem| problem.contains(part)), "{problem:?}");
            let_time_pass(&db).await;
        }
    };
    assert!(with(Composers::default()).run_once().await.unwrap());
    said("nobody here composes greeting").await;
    let fails = Composers::default().with("greeting", |_| async { Err("the order\0cannot be read".into()) });
    assert!(with(fails).run_once().await.unwrap());
    said("cannot be read").await;
    let panics = Composers::default().with("greeting", |_| async { panic!("a bug") });
    assert!(with(panics).run_once().await.unwrap());
    said("panicked").await;
    let silent = Composers::default().with("greeting", |_| async { Ok(None) });
    assert!(with(silent).run_once().await.unwrap());
    assert_eq!((row(&db).await.1, row(&db).await.2), (true, None));
    assert!(statuses(&db).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_kills_its_server_every_time_is_given_up_too() {
    let db = database().await;
    ask(&db, "one", &json!({})).await;
    // So many tries were begun, and none came to an end.
    sqlx::query("UPDATE outbox SET attempts = $1").bind(ATTEMPTS_MAX).execute(&db).await.unwrap();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let deadly = Composers::default().with("greeting", move |_| {
        counted.fetch_add(1, SeqCst);
        async { Ok(None) }
    });
    assert!(Outbox::new(db.clone(), deadly, Delivery::Mailbox).run_once().await.unwrap());
    assert_eq!(calls.load(SeqCst), 0);
    assert_eq!(row(&db).await.2.as_deref(), Some("no try came to an end"));
}
