//! Starting and asking shows on a journal in memory.

use std::sync::Arc;
use std::time::Duration;

use aisle_actors::core::{Command, ShowId};
use aisle_actors::{Answered, AskError, Clock, MemoryHouse, NodeId, ShowHandle, Shows, ShowsConfig};

use crate::support::{OnePlan, START, node, publish};

pub struct House {
    pub memory: MemoryHouse,
    pub clock: Arc<Clock>,
    pub shows: Shows,
}

/// Feeds don't rest, so that a test sees each step.
pub fn config(node: NodeId) -> ShowsConfig {
    ShowsConfig { node, idle_passivate_ms: 600_000, feed_rest: Duration::ZERO, ..ShowsConfig::default() }
}

impl House {
    pub fn start() -> Self {
        Self::start_with(config(node(1)), MemoryHouse::default(), Arc::new(Clock::manual(START)))
    }

    pub fn start_with(config: ShowsConfig, memory: MemoryHouse, clock: Arc<Clock>) -> Self {
        let journal = Arc::new(memory.journal(config.node));
        let summaries = Arc::new(memory.summaries(config.node));
        let shows = Shows::start(config, journal, OnePlan::new(), summaries, Arc::clone(&clock)).unwrap();
        Self { memory, clock, shows }
    }

    /// Another process on the same database and the same clock.
    pub fn beside(&self, node: NodeId) -> Self {
        Self::start_with(config(node), self.memory.clone(), Arc::clone(&self.clock))
    }

    /// A show that is on sale.
    pub async fn on_sale(&self, show: ShowId) -> ShowHandle {
        let handle = self.shows.get(show).await.unwrap();
        handle.ask(publish()).await.unwrap();
        handle
    }

    /// Asks until the show is there again: while it is rebuilt it says so.
    pub async fn ask_until_there(&self, show: ShowId, command: Command) -> Result<Answered, AskError> {
        loop {
            let asked = match self.shows.get(show).await {
                Ok(handle) => handle.ask(command.clone()).await,
                Err(error) => Err(error),
            };
            match asked {
                Err(AskError::Unavailable) => {
                    // Little by little, so that no hold lapses meanwhile.
                    self.clock.advance_ms(20);
                    tokio::task::yield_now().await;
                }
                other => return other,
            }
        }
    }
}
