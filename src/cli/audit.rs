//! `aisle audit verify` and `aisle audit head`: reading, beside a running server too.

use clap::Subcommand;

use super::Failure;
use crate::platform::audit::chain::{self, Head, Verified};
use crate::platform::db::Db;

#[derive(Subcommand)]
pub(super) enum Audit {
    /// Check that every row of the audit log is there and as it was written. Names the first that is not, and exit 1.
    Verify {
        /// What `aisle audit head` printed earlier: the log must still have that row, with that hash.
        #[arg(long, value_name = "NUMBER:HASH")]
        head: Option<Head>,
    },
    /// Print the number and hash of the newest row. Kept elsewhere, it shows later that nothing up to it was touched.
    Head,
}

pub(super) async fn run(command: Audit, db: Db) -> Result<(), Failure> {
    match command {
        Audit::Verify { head } => verify(head.as_ref(), &db).await,
        Audit::Head => {
            println!("{}", chain::head(&db).await.map_err(|error| Failure::of(&error))?);
            Ok(())
        }
    }
}

async fn verify(anchor: Option<&Head>, db: &Db) -> Result<(), Failure> {
    match chain::verify(db, anchor).await.map_err(|error| Failure::of(&error))? {
        Ok(Verified { head, erased }) => {
            println!("ok: {} rows, {erased} without their person, head {head}", head.number);
            Ok(())
        }
        Err(fault) => Err(Failure::saying(format!("the audit log is not what it should be: {fault}"))),
    }
}
