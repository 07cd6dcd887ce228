//! The one place that wires concrete types together: from a configuration to a running server, and back down in order.

mod api;
mod doors;
mod error;
mod greeting;
mod privacy;
pub mod tls;
mod workers;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use aisle_actors::{Clock, NodeId, NodeLease, PostgresJournal, Shows, ShowsConfig};
use sqlx::postgres::PgConnectOptions;
use tokio::task::JoinHandle;

pub use api::openapi_document;
pub use error::StartError;
pub use greeting::greeting;
pub use privacy::{people, retention};
pub use workers::Workers;

use self::doors::Doors;
use self::tls::Certificate;
use crate::accounts::links::Links;
use crate::accounts::members::Members;
use crate::accounts::{AccessTokens, Houses, Kind, Passwords, Provider, RelyingParty, Sessions, Throttle, Wire, mails};
use crate::admin::{Office, Setup};
use crate::catalog::{Catalog, Shelf};
use crate::demo::fill::{DemoLogins, fill};
use crate::holds::{Guesses, Hoards, Intents, SocketLimits, Sockets};
use crate::http::health::Readiness;
use crate::http::limits::Limits;
use crate::http::{Challenges, Notices};
use crate::notify::{Composers, Delivery, Outbox};
use crate::orders::{Checkout, Orders, Outside};
use crate::payments::sandbox::Sandbox;
use crate::payments::{Addresses, Gateways, PaymentAccounts};
use crate::platform::config::{AbuseLimits, Config};
use crate::platform::embedded::{self, Embedded, EmbeddedConfig, EmbeddedError};
use crate::platform::keys::{InstallationSecret, Keys};
use crate::platform::{db, ids, telemetry, time};
use crate::tickets::Tickets;
use crate::tickets::mail::Writer;

/// A database, and the Postgres of our own behind it where there is one.
pub struct Database {
    /// How to connect.
    pub options: PgConnectOptions,
    /// Ours, to be stopped last.
    pub embedded: Option<Embedded>,
}

impl Database {
    /// The database of this configuration: `database_url`, or a Postgres started in the data directory.
    ///
    /// # Errors
    /// When the address cannot be understood or the embedded Postgres does not start.
    pub async fn open(config: &Config) -> Result<Self, StartError> {
        if let Some(url) = &config.database_url {
            return Ok(Self { options: url.parse().map_err(StartError::DatabaseUrl)?, embedded: None });
        }
        let mut wanted = EmbeddedConfig::new(&config.data_dir);
        wanted.bin_dir = std::env::var_os("AISLE_PG_BIN").map(Into::into);
        let embedded = Embedded::start(&wanted).await?;
        Ok(Self { options: embedded.connect_options(), embedded: Some(embedded) })
    }

    /// The same for a command beside a server that may be running on the data directory already.
    ///
    /// # Errors
    /// As [`Database::open`].
    pub async fn borrow(config: &Config) -> Result<Self, StartError> {
        match Self::open(config).await {
            Err(StartError::Embedded(error @ EmbeddedError::InUse { .. })) => match embedded::running(&config.data_dir)
            {
                Some(options) => Ok(Self { options, embedded: None }),
                None => Err(error.into()),
            },
            opened => opened,
        }
    }

    /// Stops the Postgres of our own, where there is one.
    pub async fn close(self) {
        if let Some(embedded) = self.embedded
            && let Err(error) = embedded.stop().await
        {
            tracing::warn!(
                error = crate::http::error::chain(&error),
                "The embedded Postgres did not stop as it should"
            );
        }
    }
}

/// Everything that requests and workers are made of.
#[derive(Clone)]
pub struct Parts {
    /// As it was given.
    pub config: Arc<Config>,
    /// For HTTP handlers.
    pub http_db: db::Db,
    /// For workers, on the runtime that outlives the HTTP server.
    pub workers_db: db::Db,
    /// What signs tokens and tickets.
    pub keys: Arc<Keys>,
    /// To whom passkeys are bound.
    pub relying_party: RelyingParty,
    /// Other houses by which people sign in.
    pub houses: Houses,
    /// Signs and verifies access tokens.
    pub access: Arc<AccessTokens>,
    /// All the shows of this process.
    pub shows: Shows,
    /// The time, as the database tells it.
    pub clock: Arc<Clock>,
    /// What `GET /metrics` renders.
    pub metrics: metrics_exporter_prometheus::PrometheusHandle,
    /// Whether this process wants more requests.
    pub readiness: Readiness,
    /// Places for live feeds.
    pub sockets: Sockets,
    /// Writes what shops mean to book.
    pub intents: Intents,
    /// Wrong access codes that were tried here.
    pub guesses: Arc<Guesses>,
    /// Who holds how many places.
    pub hoards: Arc<Hoards>,
    /// What people pass more easily than programs.
    pub challenges: Arc<Challenges>,
    /// Tells administrators of abuse.
    pub notices: Arc<Notices>,
    /// The seat plans in use.
    pub shelf: Shelf,
    /// Says what must be said; wake it after committing something to say.
    pub outbox: Outbox,
    /// Hashes passwords, a few at a time.
    pub passwords: Passwords,
    /// What one address may ask for in a minute.
    pub limits: Arc<Limits>,
    /// How often somebody may try to sign in.
    pub throttle: Arc<Throttle>,
    /// The gateway for trying things out.
    pub sandbox: Sandbox,
    /// How this process reaches itself over HTTP.
    pub own_url: String,
    /// How the outside reaches it.
    public_url: String,
}

impl Parts {
    /// The gateways of this server, over the connections of one runtime.
    fn gateways(&self, db: &db::Db) -> Gateways {
        let addresses =
            Addresses { stripe: self.config.stripe_url.clone(), razorpay: self.config.razorpay_url.clone() };
        Gateways::new(Arc::new(self.sandbox.over(db.clone())), self.payment_accounts(db), addresses)
    }

    /// The houses' accounts at payment providers, over the connections of one runtime.
    fn payment_accounts(&self, db: &db::Db) -> PaymentAccounts {
        PaymentAccounts::new(db.clone(), Arc::clone(&self.keys), &self.public_url)
    }

    /// The sessions of people, over the connections of one runtime.
    #[must_use]
    pub fn sessions(&self, db: &db::Db) -> Sessions {
        Sessions::new(db.clone(), Arc::clone(&self.access), Arc::clone(&self.keys), Arc::clone(&self.clock))
    }

    /// What drives orders, over the connections of one runtime.
    fn checkout(&self, db: &db::Db) -> Checkout {
        let outside = Outside { shows: self.shows.clone(), gateways: self.gateways(db) };
        let holds = self.config.abuse_limits == AbuseLimits::Enforce;
        Checkout::new(Orders::new(db.clone()), outside, Arc::clone(&self.clock), holds)
    }
}

/// A server that runs.
pub struct Running {
    /// Where it listens.
    pub addr: SocketAddr,
    /// Where plain HTTP is led over to TLS, where it is.
    pub redirect_addr: Option<SocketAddr>,
    /// Its parts, for whoever lives in the same process: the demo, tests.
    pub parts: Parts,
    /// How the first person gets in, where nobody has been in yet.
    pub welcome: Welcome,
    certificate: Option<Arc<Certificate>>,
    http: Vec<ServerHandle>,
    serving: JoinHandle<std::io::Result<()>>,
    workers: Workers,
    lease: NodeLease,
    journal: Arc<PostgresJournal>,
    database: Database,
}

/// Starts everything: database, shows, workers, HTTP. Returns when requests are answered. Must be called on the runtime that
/// outlives the server.
///
/// # Errors
/// Names the first thing that did not start.
pub async fn start(config: Config) -> Result<Running, StartError> {
    config.check()?;
    // Bound first: a second server on the same address must not touch anything before it learns so.
    let doors = Doors::open(&config)?;
    let local =
        |door: &TcpListener| door.local_addr().map_err(|source| StartError::Listen { addr: config.listen, source });
    let addr = local(&doors.main)?;
    let own_addr = doors.own.as_ref().map(local).transpose()?;
    let redirect_addr = doors.redirect.as_ref().map(local).transpose()?;
    let database = Database::open(&config).await?;
    match up(config, addr, own_addr, &database).await {
        Ok((parts, lease, journal, welcome)) => {
            let mut workers = Workers::start(&parts);
            let certificate = doors.certificate.clone();
            if let Some(certificate) = certificate.clone() {
                workers.until_stopped(|stop| doors::follow(certificate, stop));
            }
            let (http, serving) = api::serve(&parts, doors)?;
            Ok(Running {
                addr,
                redirect_addr,
                certificate,
                parts,
                welcome,
                http,
                serving,
                workers,
                lease,
                journal,
                database,
            })
        }
        Err(error) => {
            database.close().await;
            Err(error)
        }
    }
}

/// How the first person gets in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Welcome {
    /// Somebody has been in: nothing to say.
    Known,
    /// The house is empty: the token of the set-up link, which works once.
    SetUp(String),
    /// The demo was built just now: its logins and their password.
    Demo(DemoLogins, String),
}

/// Builds the demo where it is wanted and the database empty; else prepares the set-up of an empty house.
async fn house(parts: &Parts) -> Result<Welcome, StartError> {
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| StartError::House(error);
    if parts.config.demo {
        let password = match &parts.config.demo_password {
            Some(password) => password.clone(),
            None => ids::random_secret().map_err(|error| failed(Box::new(error)))?.chars().take(16).collect(),
        };
        let now = time::from_core(parts.clock.now());
        let filled = fill(&parts.workers_db, &parts.shows, &parts.passwords, &password, now).await;
        if let Some(logins) = filled.map_err(|error| failed(Box::new(error)))? {
            return Ok(Welcome::Demo(logins, password));
        }
    }
    let setup = Setup::new(Office::new(parts.workers_db.clone()));
    let token = setup.token_for_printing().await.map_err(|error| failed(Box::new(error)))?;
    Ok(token.map_or(Welcome::Known, Welcome::SetUp))
}

/// Bytes of one connection that the kernel keeps unsent. Past it writing waits, and what is said later can still be merged.
#[cfg(target_os = "linux")]
const UNSENT_BYTES_MAX: u32 = 128 * 1024;

/// A listener whose connections end when their client leaves unread for `unread_max` what it was sent. Nobody else would end
/// them: such a client's kernel answers for it, for ever.
fn listen(addr: SocketAddr, unread_max: Duration) -> Result<TcpListener, StartError> {
    let failed = |source| StartError::Listen { addr, source };
    let listener = TcpListener::bind(addr).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    // Connections inherit both.
    #[cfg(target_os = "linux")]
    {
        let socket = socket2::SockRef::from(&listener);
        socket.set_tcp_user_timeout(Some(unread_max)).map_err(failed)?;
        socket.set_tcp_notsent_lowat(UNSENT_BYTES_MAX).map_err(failed)?;
    }
    // Elsewhere only live feeds notice it, by their own clock.
    #[cfg(not(target_os = "linux"))]
    let _ = unread_max;
    Ok(listener)
}

async fn up(
    config: Config,
    addr: SocketAddr,
    own_addr: Option<SocketAddr>,
    database: &Database,
) -> Result<(Parts, NodeLease, Arc<PostgresJournal>, Welcome), StartError> {
    let secret = match &config.secret_key {
        Some(text) => InstallationSecret::parse(text)?,
        None => InstallationSecret::from_data_dir(&config.data_dir)?,
    };
    let options = &database.options;
    let workers_db = db::pool(options.clone(), WORKERS_CONNECTIONS_MAX);
    db::migrate(&workers_db).await?;
    let keys = Arc::new(Keys::open(&workers_db, secret).await?);
    let access = Arc::new(AccessTokens::new(Arc::clone(&keys), config.public_url.as_deref())?);
    let metrics = telemetry::metrics()?;

    let clock = Arc::new(Clock::system());
    let node = NodeId(ids::new_id());
    let failed = |error: aisle_actors::StoreError| StartError::Shows(Box::new(error));
    let lease = NodeLease::join(options.clone(), node, &addr.to_string(), Arc::clone(&clock)).await.map_err(failed)?;
    if database.embedded.is_some() {
        // The data directory is locked by us, so whoever else holds a lease in it is dead: their shows need not wait for it.
        for old in db::other_nodes(&workers_db, node.0).await? {
            lease.supersede(NodeId(old)).await.map_err(failed)?;
        }
    }
    let journal = Arc::new(PostgresJournal::connect(options.clone(), node).await.map_err(failed)?);
    let hoards = Arc::new(Hoards::from_config(&config));
    let limits = ShowsConfig {
        node,
        witness: Some(Arc::clone(&hoards) as _),
        mailbox_commands_max: config.mailbox_commands_max,
        active_shows_max: config.active_shows_max,
        idle_passivate_ms: config.show_idle_s.saturating_mul(1_000),
        wake_wait_ms: config.wake_wait_ms,
        sleeping_kept_max: config.sleeping_kept_max,
        sleeping_bytes_max: config.sleeping_bytes_max,
        ..ShowsConfig::default()
    };
    // The shows' plans are read on the runtime that outlives the HTTP server, over its own connections.
    let plans = Shelf::new(Catalog::new(workers_db.clone()));
    let summaries = Arc::new(journal.summaries());
    let shows = Shows::start(limits, Arc::clone(&journal) as _, Arc::new(plans.clone()), summaries, Arc::clone(&clock))
        .map_err(|error| StartError::Shows(Box::new(error)))?;

    let own_url = format!("http://{}", own_addr.unwrap_or_else(|| reachable(addr)));
    let scheme = if own_addr.is_some() { "https" } else { "http" };
    let public_url = config.public_url.clone().unwrap_or_else(|| format!("{scheme}://{}", reachable(addr)));
    let http_db = db::pool(options.clone(), config.database_connections_max);
    let writer = Writer::new(Tickets::new(workers_db.clone()), Arc::clone(&keys), &public_url);
    let members = Members::new(workers_db.clone(), Arc::clone(&keys));
    let letters = mails::Writer::new(Links::new(workers_db.clone(), Arc::clone(&keys)), members, &public_url);
    let composers = letters.register(writer.register(Composers::default()));
    let outbox = Outbox::new(workers_db.clone(), composers, Delivery::from_config(&config)?);
    let providers = config.oauth.iter().map(|(key, written)| Provider::new(key, written));
    let wire = Wire::new().map_err(StartError::HttpClient)?;
    let intents = Intents::start(workers_db.clone());
    let houses = Houses::new(wire, providers.collect::<Result<_, _>>()?, &public_url);
    let lasts = jiff::SignedDuration::from_secs(i64::from(config.sandbox_authorisation_s));
    let parts = Parts {
        relying_party: RelyingParty::of(&public_url, "Aisle"),
        houses,
        shelf: plans.over(Catalog::new(http_db.clone())),
        sandbox: Sandbox::new(http_db.clone(), Arc::clone(&keys), lasts),
        hoards,
        challenges: Arc::new(Challenges::from_config(&config)?),
        notices: Arc::new(Notices::new(http_db.clone())),
        http_db,
        workers_db,
        keys,
        access,
        shows,
        clock,
        metrics,
        readiness: Readiness::default(),
        sockets: Sockets::new(SocketLimits {
            sockets_max: config.sockets_max,
            unread_max: Duration::from_secs(config.unread_max_s),
            ping_every: Duration::from_secs(config.ping_every_s),
        }),
        intents,
        guesses: Arc::new(Guesses::new(config.abuse_limits == AbuseLimits::Enforce)),
        passwords: Passwords::default(),
        limits: Arc::new(Limits::from_config(&config, Kind::marks)),
        throttle: Arc::new(Throttle::from_config(&config)),
        outbox,
        own_url,
        public_url,
        config: Arc::new(config),
    };
    let welcome = house(&parts).await?;
    Ok((parts, lease, journal, welcome))
}

/// Workers sleep most of the time; the saga's, the outbox's and the sandbox's rarely want one at once.
const WORKERS_CONNECTIONS_MAX: u32 = 12;

/// An address at which this machine reaches a listener: one that listens everywhere is reached by loopback.
fn reachable(addr: SocketAddr) -> SocketAddr {
    let mut reachable = addr;
    if addr.ip().is_unspecified() {
        reachable.set_ip(match addr {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    reachable
}

impl Running {
    /// `http://…` or `https://…`: how the server is spoken to where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.addr)
    }

    /// Reads the certificate's files again, as SIGHUP asks for. What cannot be used is said, and changes nothing.
    pub fn reload_certificate(&self) {
        match self.certificate.as_ref().map(|certificate| certificate.reload()) {
            Some(Ok(true)) => tracing::info!("New connections are shown the new certificate"),
            Some(Ok(false)) | None => {}
            Some(Err(error)) => {
                tracing::error!(error = crate::http::error::chain(&error), "The certificate cannot be read again");
            }
        }
    }

    /// Returns when the server ended by itself, which it only does on a failure.
    pub async fn ended(&mut self) {
        if let Ok(Err(error)) = (&mut self.serving).await {
            tracing::error!(error = crate::http::error::chain(&error), "The HTTP server ended");
        }
    }

    /// Stops in order: listeners, sockets, workers, shows, journal, Postgres. What was begun is finished, or taken up by whoever comes next.
    pub async fn stop(self) {
        self.parts.readiness.stop();
        self.parts.sockets.stop();
        futures_util::future::join_all(self.http.iter().map(|door| door.stop(true))).await;
        self.workers.stop(Duration::from_secs(self.parts.config.stop_grace_s)).await;
        self.parts.shows.stop().await;
        self.journal.close().await;
        self.lease.leave().await;
        self.parts.http_db.close().await;
        self.parts.workers_db.close().await;
        self.database.close().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_listens_everywhere_reaches_itself_by_loopback() {
        assert_eq!(reachable("0.0.0.0:80".parse().unwrap()).to_string(), "127.0.0.1:80");
        assert_eq!(reachable("[::]:80".parse().unwrap()).to_string(), "[::1]:80");
        assert_eq!(reachable("10.0.0.1:80".parse().unwrap()).to_string(), "10.0.0.1:80");
    }
}
