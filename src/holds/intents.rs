//! What shops mean to book is written before the show is asked; under a rush many intents share one commit. Each in a commit of its
//! own, a sale of bookings waits for the disk as often as it sells, and the journal of the show waits in the same queue.

use sqlx::PgPool;
use tokio::sync::{mpsc, oneshot};

use super::store::{self, KeyBooking};
use crate::platform::db::{Db, DbFault};

/// At most so many in one statement.
const TOGETHER_MAX: usize = 256;

/// One that waits to be written.
struct Waiting {
    intent: KeyBooking,
    /// Told that it was written; dropped when somebody else's stands already, or when nothing could be written.
    written: oneshot::Sender<()>,
}

/// Writes intents, those that come while a commit is on its way together in the next one.
#[derive(Clone, Debug)]
pub struct Intents {
    waiting: mpsc::UnboundedSender<Waiting>,
}

impl Intents {
    /// Writes over connections of the current runtime until it and its clones are gone.
    #[must_use]
    pub fn start(db: Db) -> Self {
        let (waiting, mut come) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            let mut some = Vec::new();
            while come.recv_many(&mut some, TOGETHER_MAX).await > 0 {
                write(&db, std::mem::take(&mut some)).await;
            }
        });
        Self { waiting }
    }

    /// Writes that it shall be made; returns what stands of this hold, which may be what somebody wrote before.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(super) async fn intend(&self, db: &PgPool, new: KeyBooking) -> Result<KeyBooking, DbFault> {
        let (written, told) = oneshot::channel();
        if self.waiting.send(Waiting { intent: new.clone(), written }).is_ok() && told.await.is_ok() {
            return Ok(new);
        }
        // Alone it is seen what stands already; and where one of many was refused, the others are not.
        store::intend(db, new).await
    }
}

/// Writes some of them in one commit, and tells those that were written.
async fn write(db: &PgPool, mut some: Vec<Waiting>) {
    // Nobody waits for these any more.
    some.retain(|waiting| !waiting.written.is_closed());
    // Two servers that write the same rows do it in the same order, so that neither waits for the other.
    some.sort_by_key(|waiting| waiting.intent.booking);
    // Of two intents of one hold the first is written.
    some.dedup_by_key(|waiting| waiting.intent.booking);
    match store::intend_all(db, some.iter().map(|waiting| &waiting.intent)).await {
        Ok(written) => {
            for waiting in some.into_iter().filter(|waiting| written.contains(&waiting.intent.booking)) {
                let _ = waiting.written.send(());
            }
        }
        Err(error) => {
            tracing::warn!(error = crate::http::error::chain(&error), "Intents could not be written together")
        }
    }
}
