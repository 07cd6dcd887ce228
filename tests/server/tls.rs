//! TLS of our own: the certificate that is in the files is shown, the next one as soon as it is there; old protocols are not
//! spoken; plain HTTP leads over. And TLS to Postgres, by the names in the address.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use aisle::platform::config::Config;
use aisle::startup;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::{Server, spawn_with};
use crate::process::until;

/// Somebody who signs certificates.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate of `localhost`, into these files. Its number tells it from others.
    fn sign(&self, number: u64, cert: &Path, key: &Path) {
        let pair = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        params.serial_number = Some(number.into());
        // The key first: a server that looks in between sees two that don't fit, and goes on with what it has.
        fs::write(key, pair.serialize_pem()).unwrap();
        fs::write(cert, params.signed_by(&pair, &self.0).unwrap().pem()).unwrap();
    }
}

fn client(authority: &Authority) -> reqwest::ClientBuilder {
    let root = reqwest::Certificate::from_pem(authority.pem().as_bytes()).unwrap();
    reqwest::Client::builder().tls_certs_only([root]).redirect(reqwest::redirect::Policy::none())
}

async fn with_tls(dir: &Path, change: impl FnOnce(&mut Config)) -> Server {
    spawn_with(|config| {
        config.tls_cert = Some(dir.join("aisle.crt"));
        config.tls_key = Some(dir.join("aisle.key"));
        change(config);
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_certificate_of_the_files_is_shown_and_the_next_one_without_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let (cert, key) = (dir.path().join("aisle.crt"), dir.path().join("aisle.key"));
    let (first, second) = (Authority::new("First"), Authority::new("Second"));
    first.sign(1, &cert, &key);
    let server = with_tls(dir.path(), |_| {}).await;
    assert!(server.running.url().starts_with("https://"));
    let url = format!("https://localhost:{}/healthz", server.running.addr.port());
    let kept = client(&first).build().unwrap();
    let answer = kept.get(&url).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["strict-transport-security"], "max-age=31536000");
    assert!(client(&second).build().unwrap().get(&url).send().await.is_err(), "nobody knows the other one yet");

    second.sign(2, &cert, &key);
    until("new connections are shown the new certificate", async || {
        // A new client has new connections.
        client(&second).build().unwrap().get(&url).send().await.ok().map(|answer| assert_eq!(answer.status(), 200))
    })
    .await;
    assert!(client(&first).build().unwrap().get(&url).send().await.is_err(), "and the old one no more");
    // Half a renewal changes nothing.
    fs::write(&key, "nonsense").unwrap();
    server.running.reload_certificate();
    assert_eq!(client(&second).build().unwrap().get(&url).send().await.unwrap().status(), 200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_do_not_fit_stop_the_start_and_say_why() {
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::new("Somebody");
    authority.sign(1, &dir.path().join("a.crt"), &dir.path().join("a.key"));
    authority.sign(2, &dir.path().join("b.crt"), &dir.path().join("b.key"));
    let refused = async |cert: &str, key: &str| {
        let config = Config {
            listen: ([127, 0, 0, 1], 0).into(),
            data_dir: dir.path().join("data"),
            tls_cert: Some(dir.path().join(cert)),
            tls_key: Some(dir.path().join(key)),
            ..Config::default()
        };
        match startup::start(config).await {
            Ok(_) => panic!("it started with {cert} and {key}"),
            Err(error) => aisle::http::error::chain(&error),
        }
    };
    assert!(refused("a.crt", "b.key").await.contains("don't fit together"));
    assert!(refused("a.crt", "none.key").await.contains("none.key cannot be read"));
    assert!(refused("a.key", "a.key").await.contains("holds no certificate"));
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_leads_over_and_old_protocols_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::new("Somebody");
    authority.sign(1, &dir.path().join("aisle.crt"), &dir.path().join("aisle.key"));
    let server = with_tls(dir.path(), |config| {
        config.redirect_listen = Some(([127, 0, 0, 1], 0).into());
        config.public_url = Some("https://tickets.example.org".to_owned());
    })
    .await;
    let plain = server.running.redirect_addr.expect("it listens there too");
    let asked = server.http.get(format!("http://{plain}/shows/1?a=b%0d%0a")).header("host", "evil.example");
    let answer = asked.send().await.unwrap();
    assert_eq!(answer.status(), 308);
    assert_eq!(answer.headers()["location"], "https://tickets.example.org/shows/1?a=b%0d%0a");

    let mut stream = TcpStream::connect(server.running.addr).await.unwrap();
    stream.write_all(&hello(0x0302)).await.unwrap();
    let mut alert = Vec::new();
    let _closed = stream.read_to_end(&mut alert).await;
    // An alert, fatal: handshake_failure or protocol_version.
    assert_eq!((alert[0], alert[5]), (21, 2), "{alert:?}");
    assert!([40, 70].contains(&alert[6]), "{alert:?}");
    // Who speaks plain HTTP at a door with TLS gets no page.
    let mut stream = TcpStream::connect(server.running.addr).await.unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let mut said = Vec::new();
    let _closed = stream.read_to_end(&mut said).await;
    assert!(!String::from_utf8_lossy(&said).contains("alive"), "{said:?}");
    server.stop().await;
}

/// The first message of a client that speaks nothing newer than this version.
fn hello(version: u16) -> Vec<u8> {
    let mut body = version.to_be_bytes().to_vec();
    body.extend([7; 32]);
    body.push(0);
    // Two suites of TLS 1.0 and 1.1, and no compression.
    body.extend([0, 4, 0xc0, 0x13, 0x00, 0x2f, 1, 0]);
    let mut handshake = vec![1, 0];
    handshake.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
    handshake.extend(body);
    let mut record = vec![22, 3, 1];
    record.extend(u16::try_from(handshake.len()).unwrap().to_be_bytes());
    record.extend(handshake);
    record
}

/// A Postgres with a certificate of `authority`, on a port of loopback; ended when dropped.
struct Postgres {
    dir: tempfile::TempDir,
    port: u16,
    bin: std::path::PathBuf,
}

impl Postgres {
    fn run(&self, program: &str, arguments: &[&str]) {
        // Postgres refuses to be root; the tests' user may be.
        let as_root = own_uid() == 0;
        let mut command = if as_root {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"]).arg(self.bin.join(program));
            command
        } else {
            Command::new(self.bin.join(program))
        };
        let done = command.args(arguments).stdout(Stdio::null()).current_dir(self.dir.path()).status();
        assert!(done.expect("it can be started").success(), "{program} {arguments:?}");
    }

    fn start(authority: &Authority) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let found = Command::new("scripts/postgres-bin").output().expect("the script that finds Postgres");
        let bin = String::from_utf8(found.stdout).unwrap().trim().into();
        let this = Self { dir: tempfile::tempdir().unwrap(), port, bin };
        fs::set_permissions(this.dir.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let data = this.dir.path().join("data");
        let data_text = data.to_str().unwrap();
        this.run("initdb", &["-D", data_text, "-U", "aisle", "-A", "trust", "--no-sync"]);
        let (cert, key) = (this.dir.path().join("server.crt"), this.dir.path().join("server.key"));
        authority.sign(3, &cert, &key);
        // The key must belong to whom Postgres runs as, and be nobody else's: written by them.
        fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
        this.copy(&cert, &data.join("server.crt"));
        this.copy(&key, &data.join("server.key"));
        let options = format!("-p {port} -k '' -c listen_addresses=127.0.0.1 -c ssl=on -c fsync=off");
        let log = this.dir.path().join("log");
        this.run("pg_ctl", &["-D", data_text, "-w", "-o", &options, "-l", log.to_str().unwrap(), "start"]);
        this
    }

    /// Copies a file as the user whom Postgres runs as, readable by them alone.
    fn copy(&self, from: &Path, to: &Path) {
        let mut command = if own_uid() == 0 {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", "install"]);
            command
        } else {
            Command::new("install")
        };
        assert!(command.args(["-m", "600"]).arg(from).arg(to).status().unwrap().success());
    }

    fn address(&self, tail: &str) -> String {
        format!("postgres://aisle@localhost:{}/postgres?{tail}", self.port)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let data = self.dir.path().join("data");
        self.run("pg_ctl", &["-D", data.to_str().unwrap(), "-m", "immediate", "stop"]);
    }
}

/// Who runs this test.
fn own_uid() -> u32 {
    std::os::unix::fs::MetadataExt::uid(&fs::metadata("/proc/self").unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_is_reached_by_tls_and_by_nobody_elses_certificate() {
    let (right, wrong) = (Authority::new("Right"), Authority::new("Wrong"));
    let postgres = Postgres::start(&right);
    let (right_pem, wrong_pem) = (postgres.dir.path().join("right.pem"), postgres.dir.path().join("wrong.pem"));
    fs::write(&right_pem, right.pem()).unwrap();
    fs::write(&wrong_pem, wrong.pem()).unwrap();
    let full = |root: &Path| postgres.address(&format!("sslmode=verify-full&sslrootcert={}", root.display()));

    let options: PgConnectOptions = full(&right_pem).parse().unwrap();
    let mut connection = options.connect().await.expect("the certificate is the right one");
    let sealed: bool = sqlx::query_scalar("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert!(sealed);
    connection.close().await.unwrap();
    let options: PgConnectOptions = full(&wrong_pem).parse().unwrap();
    assert!(matches!(options.connect().await, Err(sqlx::Error::Tls(_) | sqlx::Error::Io(_))));
    // The same certificate under another name is another's.
    let other_name = full(&right_pem).replace("@localhost:", "@127.0.0.2:");
    let options: PgConnectOptions = other_name.parse().unwrap();
    assert!(options.connect().await.is_err());

    // The server as a whole, journal and lease included: every one of its connections is sealed.
    let dir = tempfile::tempdir().unwrap();
    let config = |url: String| Config {
        listen: ([127, 0, 0, 1], 0).into(),
        data_dir: dir.path().to_owned(),
        database_url: Some(url),
        stop_grace_s: 1,
        ..Config::default()
    };
    assert!(startup::start(config(full(&wrong_pem))).await.is_err(), "it must not start on a stranger's database");
    let running = startup::start(config(full(&right_pem))).await.unwrap_or_else(|error| panic!("{error}"));
    let open = "SELECT count(*) FROM pg_stat_activity JOIN pg_stat_ssl USING (pid) WHERE backend_type = 'client backend' AND NOT ssl";
    let bare: i64 = sqlx::query_scalar(open).fetch_one(&running.parts.workers_db).await.unwrap();
    assert_eq!(bare, 0);
    running.stop().await;
}
