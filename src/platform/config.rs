//! Configuration: defaults, then a file, then `AISLE_*`, then the command line. Every limit has its unit in its name.

mod challenge;
mod names;
mod oauth;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use self::names::{FIELDS, OTHERS_VARIABLES};
use super::network::{Networks, Words};
pub use challenge::ChallengeProvider;
pub use oauth::{OauthProvider, OauthProviders};

/// Everything that can be set. `aisle serve --help` and `docs/OPERATIONS.md` explain each.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where to listen. Port 0 takes a free one and says which.
    pub listen: SocketAddr,
    /// Where this installation keeps its secret and, without `database_url`, its Postgres.
    pub data_dir: PathBuf,
    /// A Postgres of yours; without it one is started in `data_dir`.
    pub database_url: Option<String>,
    /// How the outside reaches this server, without a slash at the end: for links in mails and webhook addresses.
    pub public_url: Option<String>,
    /// Proxies in front of this server, as networks: what they say of a client's address and scheme is believed.
    pub trusted_proxies: Networks,
    /// In which header they say it; the other one comes from whoever likes to write it.
    pub proxy_header: ProxyHeader,
    /// A certificate with its chain, in PEM: `listen` then speaks TLS. Read again when the file changes.
    pub tls_cert: Option<PathBuf>,
    /// Its key, in PEM.
    pub tls_key: Option<PathBuf>,
    /// Plain HTTP here leads to `public_url`; only beside TLS of our own.
    pub redirect_listen: Option<SocketAddr>,
    /// For so long browsers come by https alone, once they did; 0 says nothing. A year is what everybody takes.
    pub hsts_max_age_s: u64,
    /// Other sites whose pages may call the API, without our cookies; `*` alone is all of them.
    pub cors_origins: Words,
    /// Other sites that may frame what is below `/embed/`.
    pub embed_allowed_origins: Words,
    /// Fill an empty database with a demo house.
    pub demo: bool,
    /// The password of the demo's logins; without it a random one is printed once.
    pub demo_password: Option<String>,
    /// `text` for people, `json` for machines.
    pub log_format: LogFormat,
    /// Which log lines are written, as tracing's filter has it.
    pub log: String,
    /// Seals the server keys in the database: 32 bytes in base64. Without it `data_dir/secret.key` is made.
    pub secret_key: Option<String>,
    /// `smtp://user:password@host:587` (STARTTLS, which `?tls=none` leaves out) or `smtps://…`; without it mails are kept in
    /// the mailbox.
    pub smtp_url: Option<String>,
    /// From whom mails come.
    pub mail_from: String,
    /// Other houses by which people may sign in.
    #[serde(deserialize_with = "oauth::providers")]
    pub oauth: OauthProviders,
    /// `observe` evaluates rate limits and per-buyer caps and enforces none of them; for load tests.
    pub abuse_limits: AbuseLimits,
    /// HTTP worker threads. Two suffice for thousands of requests a second, because the shows' work is done elsewhere.
    pub workers: usize,
    /// Connections that HTTP handlers share.
    pub database_connections_max: u32,
    /// Connections at a time, over all workers; past it new ones wait in the kernel's queue.
    pub connections_max: usize,
    /// Connections of one address at a time (an IPv6 customer's /64 is one), beside trusted proxies. A quarter of all: whole
    /// towns share one address behind some providers.
    pub connections_per_address_max: usize,
    /// Requests of one address in a minute that sign in or change an account: each costs a password's hash or a mail.
    pub account_requests_per_min_max: u32,
    /// Those that take, change or give back seats. A phone network may have thousands of customers behind one address.
    pub hold_requests_per_min_max: u32,
    /// Those that order and pay.
    pub order_requests_per_min_max: u32,
    /// Those that change something in the back office or at the door.
    pub work_requests_per_min_max: u32,
    /// Those that only look.
    pub read_requests_per_min_max: u32,
    /// Requests of one API key or device in a minute, instead of its address's: fifty a second, and the morning of a sale four times
    /// that, would be a large shop.
    pub key_requests_per_min_max: u32,
    /// Requests of one account in a minute, beside its address's: a page asks a few at each click, a script of somebody's more.
    pub person_requests_per_min_max: u32,
    /// Places that one address holds at a time, over all shows: an office or a school behind one address buys its outing. Keys and
    /// staff are not counted.
    pub held_places_per_address_max: u32,
    /// Places that one browser holds at a time: two holds of the largest size that shows usually allow.
    pub held_places_per_device_max: u32,
    /// Holds of one address that may end unbought in an hour before a purchase in ten is asked for.
    pub unbought_holds_per_address_max: u32,
    /// The same of one browser, or of one account: more than anybody needs to make up their mind.
    pub unbought_holds_per_device_max: u32,
    /// Whose challenge stands before who was refused too often; without one nobody else is ever asked.
    pub challenge_provider: Option<ChallengeProvider>,
    /// What the provider calls this site; browsers are told it.
    pub challenge_site_key: Option<String>,
    /// What proves to the provider that we are this site.
    pub challenge_secret: Option<String>,
    /// A file with it.
    pub challenge_secret_file: Option<PathBuf>,
    /// Where tokens are verified, where it is not the provider's own address.
    pub challenge_verify_url: Option<String>,
    /// A request's address and headers together. Browsers stay below 8 KiB.
    pub head_bytes_max: usize,
    /// How long a connection's first request may take to say what it wants.
    pub head_patience_s: u64,
    /// How long a body may take to arrive: a plan of 32 MiB needs 5 Mbit/s.
    pub body_patience_s: u64,
    /// How long a connection may be silent between two requests.
    pub keep_alive_s: u64,
    /// A request's body, unless its route says otherwise. An order of ten seats is two kilobytes.
    pub body_bytes_max: usize,
    /// A seat plan's body: 150,000 seats with all their extras stay below it.
    pub plan_bytes_max: usize,
    /// Commands waiting for one show; past it callers get 503 with `Retry-After`.
    pub mailbox_commands_max: usize,
    /// Shows in memory; past it the least used sleeps first, and who wants another waits for it.
    pub active_shows_max: usize,
    /// A show that nobody has asked for so long goes to sleep; those who watch it stay.
    pub show_idle_s: u64,
    /// How long a command waits for room where `active_shows_max` are awake; past it 503 with `Retry-After`.
    pub wake_wait_ms: u64,
    /// Copies of sleeping shows that were read lately.
    pub sleeping_kept_max: usize,
    /// What they may take together.
    pub sleeping_bytes_max: usize,
    /// WebSockets at a time in this process; past it 503.
    pub sockets_max: usize,
    /// How long a client may leave unread what it was sent; then its connection is cut. Long enough for a phone in a tunnel,
    /// which comes back by itself; short enough that a thousand who never read cost nothing for long.
    pub unread_max_s: u64,
    /// How often a live feed's client is asked whether it is there. Often enough that a phone's network keeps the connection,
    /// and that a dead one is noticed within a minute.
    pub ping_every_s: u64,
    /// Mails, and what the outbox said, are kept for so many days: as long as somebody asks where their ticket is.
    pub retain_mails_days: u32,
    /// What providers told us of payments: a year in which a payment can be disputed, and a month.
    pub retain_provider_news_days: u32,
    /// Sessions and tokens after their end, for who looks where they were signed in.
    pub retain_sessions_days: u32,
    /// Names and addresses beside the audit log.
    pub retain_audit_persons_days: u32,
    /// Customers, after their last show: as long as claims last in most countries.
    pub retain_customers_days: u32,
    /// Where the law wants the buyer's name and address in the books: for so long after their newest paid order an erased
    /// customer is kept there, out of use. 0: it does not.
    pub books_customers_days: u32,
    /// Where orders came from, as keyed hashes: as far back as the rules of a house look, and a week to look into it.
    pub retain_order_traces_days: u32,
    /// How long the sandbox's bank keeps an amount set aside: as long as most cards' banks do.
    pub sandbox_authorisation_s: u32,
    /// Where Stripe is, where it is not where it says: for tests, and for a house with a gateway of its own in between.
    pub stripe_url: Option<String>,
    /// The same for Razorpay.
    pub razorpay_url: Option<String>,
    /// How long a stopping server waits for requests under way.
    pub stop_grace_s: u64,
    /// Variables named `AISLE_…` that mean nothing here; said at start.
    #[serde(skip)]
    pub unknown_variables: Vec<String>,
}

/// Whether limits against abuse bind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AbuseLimits {
    /// They do.
    Enforce,
    /// They are evaluated and counted only.
    Observe,
}

/// Where a trusted proxy writes whom it speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProxyHeader {
    /// `X-Forwarded-For`, and the scheme in `X-Forwarded-Proto`.
    XForwardedFor,
    /// `Forwarded`, as RFC 7239 has it.
    Forwarded,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            data_dir: PathBuf::from("aisle-data"),
            database_url: None,
            public_url: None,
            trusted_proxies: Networks::default(),
            proxy_header: ProxyHeader::XForwardedFor,
            tls_cert: None,
            tls_key: None,
            redirect_listen: None,
            hsts_max_age_s: 365 * 24 * 3_600,
            cors_origins: Words::default(),
            embed_allowed_origins: Words::default(),
            demo: false,
            demo_password: None,
            log_format: LogFormat::Text,
            log: "info,sqlx=warn,actix_server=warn".to_owned(),
            secret_key: None,
            smtp_url: None,
            mail_from: "Box office <box-office@localhost>".to_owned(),
            oauth: OauthProviders::new(),
            abuse_limits: AbuseLimits::Enforce,
            workers: 2,
            database_connections_max: 16,
            connections_max: 20_000,
            connections_per_address_max: 5_000,
            account_requests_per_min_max: 300,
            hold_requests_per_min_max: 6_000,
            order_requests_per_min_max: 3_000,
            work_requests_per_min_max: 6_000,
            read_requests_per_min_max: 60_000,
            key_requests_per_min_max: 12_000,
            person_requests_per_min_max: 3_000,
            held_places_per_address_max: 60,
            held_places_per_device_max: 20,
            unbought_holds_per_address_max: 200,
            unbought_holds_per_device_max: 20,
            challenge_provider: None,
            challenge_site_key: None,
            challenge_secret: None,
            challenge_secret_file: None,
            challenge_verify_url: None,
            head_bytes_max: 16 * 1024,
            head_patience_s: 10,
            body_patience_s: 60,
            keep_alive_s: 5,
            body_bytes_max: 64 * 1024,
            plan_bytes_max: 32 * 1024 * 1024,
            mailbox_commands_max: 512,
            active_shows_max: 2_000,
            show_idle_s: 600,
            wake_wait_ms: 2_000,
            sleeping_kept_max: 2_000,
            sleeping_bytes_max: 64 * 1024 * 1024,
            sockets_max: 10_000,
            unread_max_s: 30,
            ping_every_s: 20,
            retain_mails_days: 90,
            retain_provider_news_days: 395,
            retain_sessions_days: 30,
            retain_audit_persons_days: 365,
            retain_customers_days: 3 * 365,
            books_customers_days: 0,
            retain_order_traces_days: 14,
            sandbox_authorisation_s: 7 * 24 * 3_600,
            stripe_url: None,
            razorpay_url: None,
            stop_grace_s: 10,
            unknown_variables: Vec::new(),
        }
    }
}

// By hand, because passwords stand in the URLs and the keys.
impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config").field("listen", &self.listen).field("data_dir", &self.data_dir).finish_non_exhaustive()
    }
}

/// Why a configuration was refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file or variable that cannot be read or has the wrong type or name.
    #[error("the configuration cannot be read: {0}")]
    Unreadable(#[from] config::ConfigError),
    /// A value that makes no sense.
    #[error("{field}: {problem}")]
    Impossible {
        /// Which setting.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
}

impl Config {
    /// Reads `file`, or `aisle.toml` here where there is one, then `AISLE_*`, then `DATABASE_URL`.
    ///
    /// # Errors
    /// When a file that was named is missing, or a value has the wrong type, name or size.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let file = match file {
            Some(path) => config::File::from(path).required(true),
            None => config::File::from(Path::new("aisle.toml")).required(false),
        };
        let environment =
            config::Environment::with_prefix("AISLE").prefix_separator("_").try_parsing(true).ignore_empty(true);
        // A cluster's scheduler may put variables of its own under our name, so an unknown one must not stop the server; but a
        // misspelt one must not pass in silence either.
        let (values, unknown): (Vec<_>, Vec<_>) = std::env::vars()
            .filter(|(name, _)| {
                name.starts_with("AISLE_") && !OTHERS_VARIABLES.iter().any(|other| name.starts_with(other))
            })
            .partition(|(name, _)| FIELDS.contains(&name["AISLE_".len()..].to_lowercase().as_str()));
        let mut config: Self = config::Config::builder()
            .add_source(file)
            .add_source(environment.source(Some(values.into_iter().collect())))
            .build()?
            .try_deserialize()?;
        config.unknown_variables = unknown.into_iter().map(|(name, _)| name).collect();
        if config.database_url.is_none() {
            config.database_url = std::env::var("DATABASE_URL").ok().filter(|url| !url.is_empty());
        }
        config.check()?;
        Ok(config)
    }

    /// Whether the values make sense together.
    ///
    /// # Errors
    /// Names the first that doesn't.
    pub fn check(&self) -> Result<(), ConfigError> {
        let positive = [
            ("workers", self.workers),
            ("connections_max", self.connections_max),
            ("mailbox_commands_max", self.mailbox_commands_max),
            ("active_shows_max", self.active_shows_max),
            ("database_connections_max", self.database_connections_max as usize),
            ("body_bytes_max", self.body_bytes_max),
            ("head_bytes_max", self.head_bytes_max),
            ("connections_per_address_max", self.connections_per_address_max),
            ("account_requests_per_min_max", self.account_requests_per_min_max as usize),
            ("hold_requests_per_min_max", self.hold_requests_per_min_max as usize),
            ("order_requests_per_min_max", self.order_requests_per_min_max as usize),
            ("work_requests_per_min_max", self.work_requests_per_min_max as usize),
            ("read_requests_per_min_max", self.read_requests_per_min_max as usize),
            ("key_requests_per_min_max", self.key_requests_per_min_max as usize),
            ("person_requests_per_min_max", self.person_requests_per_min_max as usize),
            ("held_places_per_address_max", self.held_places_per_address_max as usize),
            ("held_places_per_device_max", self.held_places_per_device_max as usize),
            ("unbought_holds_per_address_max", self.unbought_holds_per_address_max as usize),
            ("unbought_holds_per_device_max", self.unbought_holds_per_device_max as usize),
            ("plan_bytes_max", self.plan_bytes_max),
            ("retain_mails_days", self.retain_mails_days as usize),
            ("retain_provider_news_days", self.retain_provider_news_days as usize),
            ("retain_sessions_days", self.retain_sessions_days as usize),
            ("retain_audit_persons_days", self.retain_audit_persons_days as usize),
            ("retain_customers_days", self.retain_customers_days as usize),
            ("retain_order_traces_days", self.retain_order_traces_days as usize),
            ("sandbox_authorisation_s", self.sandbox_authorisation_s as usize),
        ];
        let seconds = [
            ("unread_max_s", self.unread_max_s),
            ("ping_every_s", self.ping_every_s),
            ("head_patience_s", self.head_patience_s),
            ("body_patience_s", self.body_patience_s),
            ("keep_alive_s", self.keep_alive_s),
        ];
        let zero = positive.into_iter().find(|&(_, value)| value == 0).map(|(field, _)| field);
        if let Some(field) = zero.or_else(|| seconds.into_iter().find(|&(_, value)| value == 0).map(|(field, _)| field))
        {
            return Err(ConfigError::Impossible { field, problem: "must be at least 1".to_owned() });
        }
        if let Some(url) = &self.public_url
            && (!(url.starts_with("http://") || url.starts_with("https://")) || url.ends_with('/'))
        {
            let problem = "must begin with http:// or https:// and not end with a slash".to_owned();
            return Err(ConfigError::Impossible { field: "public_url", problem });
        }
        self.check_challenge()?;
        for (field, url) in [("stripe_url", &self.stripe_url), ("razorpay_url", &self.razorpay_url)] {
            let origin = |url: &str| is_origin(url.strip_suffix('/').unwrap_or(url));
            if url.as_ref().is_some_and(|url| !origin(url)) {
                let problem = "must be an origin such as https://pay.example.org".to_owned();
                return Err(ConfigError::Impossible { field, problem });
            }
        }
        self.check_doors()
    }

    fn check_doors(&self) -> Result<(), ConfigError> {
        let impossible = |field, problem: &str| Err(ConfigError::Impossible { field, problem: problem.to_owned() });
        if self.tls_cert.is_some() != self.tls_key.is_some() {
            return impossible("tls_key", "tls_cert and tls_key belong together");
        }
        if self.redirect_listen.is_some() {
            if self.tls_cert.is_none() {
                return impossible("redirect_listen", "leads to TLS of our own, and there is no tls_cert");
            }
            if !self.public_url.as_ref().is_some_and(|url| url.starts_with("https://")) {
                return impossible("redirect_listen", "leads to public_url, which must begin with https://");
            }
        }
        let all = self.cors_origins.0.as_slice() == ["*"];
        let named = (!all).then_some(&self.cors_origins.0).into_iter().flatten().map(|origin| ("cors_origins", origin));
        let framing = self.embed_allowed_origins.0.iter().map(|origin| ("embed_allowed_origins", origin));
        for (field, origin) in named.chain(framing) {
            if !is_origin(origin) {
                return impossible(field, &format!("{origin:?} is not an origin such as https://shop.example.org"));
            }
        }
        Ok(())
    }
}

/// Scheme, host and perhaps a port, as a browser's `Origin` has them; nothing that would end a header's directive.
fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| {
        !host.is_empty()
            && host.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b':' | b'[' | b']'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_values_are_named() {
        let wrong = Config { workers: 0, ..Config::default() };
        assert_eq!(wrong.check().unwrap_err().to_string(), "workers: must be at least 1");
        let wrong = Config { public_url: Some("example.org/".to_owned()), ..Config::default() };
        assert!(wrong.check().unwrap_err().to_string().starts_with("public_url: "));
        Config::default().check().unwrap();
        for origins in
            [&["*", "https://a.example"][..], &["https://a.example/"], &["a.example"], &["https://a; script-src *"]]
        {
            let words = Words(origins.iter().map(|&origin| origin.to_owned()).collect());
            let wrong = Config { cors_origins: words, ..Config::default() };
            assert!(wrong.check().unwrap_err().to_string().starts_with("cors_origins: "), "{origins:?}");
        }
        let half = Config { tls_cert: Some("a.crt".into()), ..Config::default() };
        assert!(half.check().unwrap_err().to_string().starts_with("tls_key: "));
        let nowhere = Config { redirect_listen: Some(Config::default().listen), ..Config::default() };
        assert!(nowhere.check().unwrap_err().to_string().starts_with("redirect_listen: "));
    }

    #[test]
    fn every_setting_can_be_set_by_the_environment() {
        let text = FIELDS.iter().map(|field| format!("{field} = [[]]\n"));
        for line in text {
            let file = config::File::from_str(&line, config::FileFormat::Toml);
            let refused = config::Config::builder().add_source(file).build().unwrap().try_deserialize::<Config>();
            // Of the wrong type, but known.
            assert!(!refused.unwrap_err().to_string().contains("unknown field"), "{line}");
        }
        let file = config::File::from_str("nonsense = 1", config::FileFormat::Toml);
        let refused = config::Config::builder().add_source(file).build().unwrap().try_deserialize::<Config>();
        let known = refused.unwrap_err().to_string();
        assert_eq!(known.matches('`').count() / 2, (FIELDS.len() + 1) * known.matches("nonsense").count(), "{known}");
    }

    #[test]
    fn secrets_do_not_appear_in_debug_output() {
        let config = Config {
            database_url: Some("postgres://a:geheim@h/d".to_owned()),
            secret_key: Some("geheim".to_owned()),
            challenge_secret: Some("geheim".to_owned()),
            ..Config::default()
        };
        assert!(!format!("{config:?}").contains("geheim"));
    }
}
