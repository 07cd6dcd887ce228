//! `aisle webhooks replay`: a provider's news, settled once more. What was settled before changes nothing.

use clap::Subcommand;

use super::Failure;
use crate::orders::Orders;
use crate::platform::db::Db;

#[derive(Subcommand)]
pub(super) enum Webhooks {
    /// Have news settled again by the running server: one piece by its name, or all that nobody could settle.
    Replay {
        /// The provider's name for it, such as `evt_1QJ…`.
        #[arg(value_name = "EVENT")]
        event: Option<String>,
    },
}

pub(super) async fn run(command: Webhooks, db: Db) -> Result<(), Failure> {
    let Webhooks::Replay { event } = command;
    let count = Orders::new(db).replay(event.as_deref()).await.map_err(|error| Failure::of(&error))?;
    match (count, event) {
        (0, Some(event)) => Err(Failure::saying(format!("there is no news called {event}"))),
        (1, _) => {
            println!("1 piece of news is settled again");
            Ok(())
        }
        (count, _) => {
            println!("{count} pieces of news are settled again");
            Ok(())
        }
    }
}
