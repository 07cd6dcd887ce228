//! What administrators are told of abuse: the first refusal of a kind and an address, then nothing for a while. The rest is
//! counted in metrics; an attack must not fill the audit log.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use super::client_address::ClientAddress;
use super::error::chain;
use crate::platform::audit::{self, Entry, Severity};
use crate::platform::db::{Db, DbFault};
use crate::platform::rates::Rate;

const QUARTER: Duration = Duration::from_secs(15 * 60);
/// Of one kind and one address.
const ONCE: NonZeroU32 = NonZeroU32::MIN;
/// Of one kind from everywhere: who has a whole network of addresses fills no more than this.
const OF_A_KIND: NonZeroU32 = NonZeroU32::new(100).unwrap();

/// Tells them.
pub struct Notices {
    db: Db,
    of_address: Rate<(&'static str, IpAddr)>,
    of_kind: Rate<&'static str>,
}

impl Notices {
    /// Over these connections; nothing was told yet.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self { db, of_address: Rate::new(ONCE, QUARTER), of_kind: Rate::new(OF_A_KIND, QUARTER) }
    }

    /// Somebody at `from` was refused, as `entry` says; `kind` is its action and what else makes it another kind. Who was
    /// refused is answered so whether or not this can be written.
    pub async fn tell(&self, severity: Severity, kind: &'static str, from: IpAddr, entry: Entry) {
        if self.of_address.ask(&(kind, ClientAddress(from).group())).is_err() || self.of_kind.ask(&kind).is_err() {
            return;
        }
        let told = async {
            let mut connection = self.db.acquire().await?;
            audit::security(&mut connection, severity, entry.address(from)).await
        };
        if let Err::<(), DbFault>(fault) = told.await {
            tracing::warn!(error = chain(&fault), "A security event could not be recorded");
        }
    }
}
