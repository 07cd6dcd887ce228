//! Bringing a show back: acquire, load, replay.

use std::sync::Arc;

use aisle_core::{HoldView, Plan, Seq, ShowId};

use crate::actor::{Awake, Ending, House, chain};
use crate::feed::Feed;
use crate::handle::Reply;
use crate::journal::{JournalError, Recovered};
use crate::turn::{ReplayError, Turn};

/// Makes this process the show's owner and gives back what its journal has.
pub(crate) async fn load(house: Arc<House>, show: ShowId, plan: Arc<Plan>) -> Result<Awake, Ending> {
    // Taken first: a lease that ends while we load is not the one we loaded under.
    let lease = house.clock.lease_mark();
    let journal = &house.journal;
    let epoch = journal.acquire(show).await.map_err(|error| ending_of(&error))?;
    let recovered = journal.load(show).await.map_err(|error| ending_of(&error))?;
    let known = house.feeds.known(show, &plan);
    let seq = known.as_ref().map(Feed::seq);
    let every = house.config.snapshot_every;
    let first = replay(show, Arc::clone(&plan), recovered, every, seq).await?;
    let (turn, holds) = match first {
        Ok(recovered) => recovered,
        Err(error) => {
            let error = chain(&error);
            tracing::warn!(show.id = %show, error, "The snapshot of show {show} cannot be read; replaying its whole journal");
            let whole = journal.load_whole(show).await.map_err(|error| ending_of(&error))?;
            replay(show, Arc::clone(&plan), whole, every, seq).await?.map_err(|_| Ending::BadReplay)?
        }
    };
    let feed = match known {
        Some(feed) => {
            feed.catch_up(turn.public_state(), holds);
            feed
        }
        None => house.feeds.begin(show, plan, house.config.ring_max, turn.public_state()),
    };
    Ok(Awake { turn, epoch, feed, lease })
}

type Replayed = Result<(Turn<Reply>, Vec<HoldView>), ReplayError>;

/// Replays away from the actors' thread: a long journal must not stop the other shows, and a panic in it is only an answer.
async fn replay(
    show: ShowId,
    plan: Arc<Plan>,
    recovered: Recovered,
    snapshot_every: u64,
    known: Option<Seq>,
) -> Result<Replayed, Ending> {
    tokio::task::spawn_blocking(move || Turn::recover(show, &plan, recovered, snapshot_every, known)).await.map_err(
        |error| {
            tracing::error!(show.id = %show, error = %error, "Replaying show {show} panicked");
            Ending::BadReplay
        },
    )
}

fn ending_of(error: &JournalError) -> Ending {
    let show = error.show();
    let told = chain(error);
    match error {
        JournalError::Fenced { .. } => {
            tracing::info!(show.id = %show, "Another process owns show {show}");
            Ending::Fenced
        }
        JournalError::Refused { .. } | JournalError::Unknown { .. } => {
            tracing::error!(show.id = %show, error = told, "Could not load show {show}");
            Ending::Lost
        }
        JournalError::Damaged { .. } => {
            tracing::error!(show.id = %show, error = told, "The journal of show {show} is damaged");
            Ending::BadReplay
        }
    }
}
