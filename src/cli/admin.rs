//! `aisle admin create`.

use clap::Subcommand;

use super::Failure;
use crate::accounts::{Accounts, NewUser, Passwords, insert_user};
use crate::platform::audit::{self, Actor, Entry, Severity};
use crate::platform::db::Db;

#[derive(Subcommand)]
pub(super) enum Admin {
    /// Make an administrator and print a bearer token for the API; it is shown this once.
    Create {
        /// Their address.
        #[arg(long)]
        email: String,
        /// Their name.
        #[arg(long, default_value = "Administrator")]
        name: String,
        /// Read a password for the website from standard input; without it the account has the token alone.
        #[arg(long)]
        password_stdin: bool,
    },
}

pub(super) async fn run(command: Admin, db: Db) -> Result<(), Failure> {
    match command {
        Admin::Create { email, name, password_stdin } => create(db, email, name, password_stdin).await,
    }
}

async fn create(db: Db, email: String, name: String, password_stdin: bool) -> Result<(), Failure> {
    if !email.contains('@') || email.len() > 320 {
        return Err(Failure::saying(format!("{email:?} is not an e-mail address")));
    }
    let password_hash = if password_stdin {
        let mut password = String::new();
        std::io::stdin().read_line(&mut password).map_err(|error| Failure::of(&error))?;
        let password = password.trim_end_matches(['\r', '\n']).to_owned();
        let passwords = Passwords::default();
        let about = vec![name.clone(), email.clone()];
        let weakness = passwords.weakness(password.clone(), about).await.map_err(|error| Failure::of(&error))?;
        if let Some(weakness) = weakness {
            return Err(Failure::saying(format!("the password {weakness}")));
        }
        Some(passwords.hash(password).await.map_err(|error| Failure::of(&error))?)
    } else {
        None
    };
    let accounts = Accounts::new(db);
    let mut transaction = accounts.pool().begin().await.map_err(|error| Failure::of(&error))?;
    let user = NewUser { name, email, password_hash, is_admin: true };
    let id = insert_user(&mut transaction, &user).await.map_err(|error| Failure::of(&error))?;
    let entry = Entry::new(Actor::Operator, "administrator.made").on("user", id);
    audit::security(&mut transaction, Severity::Notice, entry).await.map_err(|error| Failure::of(&error))?;
    transaction.commit().await.map_err(|error| Failure::of(&error))?;
    let token = accounts.make_bearer(id, "made on the command line").await.map_err(|error| Failure::of(&error))?;
    println!("{token}");
    eprintln!("This token is shown once. Send it as: Authorization: Bearer …");
    Ok(())
}
