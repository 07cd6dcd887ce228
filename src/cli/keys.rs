//! `aisle keys list`, `rotate`, `retire`, `reseal`.

use std::path::PathBuf;

use clap::Subcommand;

use super::Failure;
use crate::platform::config::Config;
use crate::platform::db::Db;
use crate::platform::keys::{self, InstallationSecret, Purpose, Standing};

#[derive(Subcommand)]
pub(super) enum Keys {
    /// List the server keys: id, purpose, where they stand, since when.
    List,
    /// Make the next key of a purpose. Servers sign with it two minutes later; what the old one signed goes on being good.
    Rotate {
        /// As `aisle keys list` has it.
        purpose: String,
    },
    /// End a rotated key: what it signed is good no more, and its bytes are gone.
    Retire {
        /// Its id, which may begin with a dash.
        #[arg(allow_hyphen_values = true)]
        kid: String,
    },
    /// Seal all keys with another installation's secret: all or none, and again where it was interrupted.
    Reseal {
        /// A file with the new secret: 32 bytes in base64.
        #[arg(long, value_name = "FILE")]
        new_secret_file: PathBuf,
    },
}

pub(super) async fn run(command: Keys, db: Db, config: &Config) -> Result<(), Failure> {
    let failed = |error: keys::KeysError| Failure::of(&error);
    let secret = || match &config.secret_key {
        Some(text) => InstallationSecret::parse(text),
        None => InstallationSecret::from_data_dir(&config.data_dir),
    };
    match command {
        Keys::List => {
            for key in keys::list(&db).await.map_err(failed)? {
                let standing = match key.standing {
                    Standing::Current => "current",
                    Standing::Verifies => "verifies",
                    Standing::Retired => "retired",
                };
                println!("{:<10} {:<16} {standing:<9} {}", key.kid, key.purpose, key.created_at);
            }
        }
        Keys::Rotate { purpose } => {
            let words = || Purpose::ALL.map(Purpose::name).join(", ");
            let purpose = Purpose::from_name(&purpose)
                .ok_or_else(|| Failure::saying(format!("{purpose:?} is no purpose; there are {}", words())))?;
            let kid = keys::rotate(&db, purpose, &secret().map_err(failed)?).await.map_err(failed)?;
            println!("{kid}");
            eprintln!("Running servers sign with it in {} seconds.", keys::SETTLING_S);
        }
        Keys::Retire { kid } => {
            keys::retire(&db, &kid).await.map_err(failed)?;
            eprintln!("Running servers forget it within a minute.");
        }
        Keys::Reseal { new_secret_file } => reseal(&db, config, &secret().map_err(failed)?, &new_secret_file).await?,
    }
    Ok(())
}

async fn reseal(db: &Db, config: &Config, old: &InstallationSecret, file: &std::path::Path) -> Result<(), Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| Failure::of(&error))?;
    let new = InstallationSecret::parse(&text).map_err(|error| Failure::of(&error))?;
    let done = keys::reseal(db, old, &new).await.map_err(|error| Failure::of(&error))?;
    println!("{} keys sealed anew, {} were already", done.moved, done.already);
    if config.secret_key.is_some() {
        eprintln!("From now on servers start with the new AISLE_SECRET_KEY only.");
    } else {
        new.replace_in(&config.data_dir).map_err(|error| Failure::of(&error))?;
        eprintln!("It is the data directory's secret.key now. Keep a copy apart from the database's.");
    }
    Ok(())
}
