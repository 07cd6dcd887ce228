//! The command line: `aisle serve`, `migrate`, `admin create`, `plan check`, `journal show`, `audit verify`, `keys rotate`,
//! `openapi`.

mod admin;
mod audit;
mod journal;
mod keys;
mod plan;
mod serve;
mod webhooks;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::http::error::chain;
use crate::platform::config::{Config, ConfigError};
use crate::platform::{db, telemetry};
use crate::startup::{Database, StartError, openapi_document};

/// Seat inventory and ticketing server.
#[derive(Parser)]
#[command(name = "aisle", version, about, max_term_width = 110)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// What every command needs to find the installation.
#[derive(clap::Args)]
struct Common {
    /// A configuration file; without it `aisle.toml` here, where there is one.
    #[arg(long, env = "AISLE_CONFIG", global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where this installation keeps its secret and, without a database of yours, its Postgres.
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// A Postgres of yours; also DATABASE_URL.
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    /// Start the server.
    Serve {
        /// Where to listen; port 0 takes a free one.
        #[arg(long, value_name = "ADDR")]
        listen: Option<SocketAddr>,
        /// Fill an empty database with a demo house.
        #[arg(long)]
        demo: bool,
    },
    /// Bring the database's schema up to this version, and stop.
    Migrate,
    /// Administrators.
    #[command(subcommand)]
    Admin(admin::Admin),
    /// Seat plans.
    #[command(subcommand)]
    Plan(plan::Plan),
    /// The journals of shows.
    #[command(subcommand)]
    Journal(journal::Journal),
    /// The audit log.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// The server keys: list, rotate, retire, seal under another secret.
    #[command(subcommand)]
    Keys(keys::Keys),
    /// What payment providers told.
    #[command(subcommand)]
    Webhooks(webhooks::Webhooks),
    /// Print the OpenAPI document.
    Openapi,
}

/// Why a command failed: something to say, and what to exit with.
struct Failure {
    message: String,
    code: u8,
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        Self { message: chain(&error), code: error.exit_code() }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self { message: chain(&error), code: 2 }
    }
}

impl Failure {
    fn of(error: &(dyn std::error::Error + 'static)) -> Self {
        Self { message: chain(error), code: 1 }
    }

    fn saying(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 1 }
    }
}

/// Runs the command that the process was started with.
#[must_use]
pub fn main() -> ExitCode {
    // Two providers in the tree would make rustls panic at the first connection; naming ours makes sure.
    let _already_installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let cli = Cli::parse();
    let done = match tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("aisle-workers").build() {
        Ok(runtime) => runtime.block_on(run(cli)),
        Err(error) => Err(Failure::of(&error)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {}", failure.message);
            ExitCode::from(failure.code)
        }
    }
}

async fn run(cli: Cli) -> Result<(), Failure> {
    if let Command::Openapi = cli.command {
        println!("{}", openapi_document().to_pretty_json().map_err(|error| Failure::of(&error))?);
        return Ok(());
    }
    if let Command::Plan(command) = cli.command {
        return plan::run(&command);
    }
    let mut config = Config::load(cli.common.config.as_deref())?;
    if let Some(dir) = cli.common.data_dir {
        config.data_dir = dir;
    }
    if cli.common.database_url.is_some() {
        config.database_url = cli.common.database_url;
    }
    match cli.command {
        Command::Serve { listen, demo } => {
            config.listen = listen.unwrap_or(config.listen);
            config.demo |= demo;
            telemetry::logs(&config);
            serve::run(config).await
        }
        Command::Migrate => {
            with_database(&config, async |_| {
                println!("The database is at this version.");
                Ok(())
            })
            .await
        }
        Command::Admin(command) => with_database(&config, async |db| admin::run(command, db).await).await,
        Command::Keys(command) => with_database(&config, async |db| keys::run(command, db, &config).await).await,
        Command::Journal(command) => with_database(&config, async |db| journal::run(command, db).await).await,
        Command::Audit(command) => with_database(&config, async |db| audit::run(command, db).await).await,
        Command::Webhooks(command) => with_database(&config, async |db| webhooks::run(command, db).await).await,
        Command::Plan(_) | Command::Openapi => Ok(()),
    }
}

/// Does something with the migrated database of this installation, whether its server runs or not.
async fn with_database(config: &Config, work: impl AsyncFnOnce(db::Db) -> Result<(), Failure>) -> Result<(), Failure> {
    let database = Database::borrow(config).await?;
    let pool = db::pool(database.options.clone(), 2);
    let done = match db::migrate(&pool).await {
        Ok(()) => work(pool.clone()).await,
        Err(error) => Err(StartError::from(error).into()),
    };
    pool.close().await;
    database.close().await;
    done
}
