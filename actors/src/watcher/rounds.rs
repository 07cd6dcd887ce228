//! What the watcher does once a second: lists are told, sleepers looked for, deadlines and the lease watched.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use aisle_core::Timestamp;

use super::{Errand, Watcher};
use crate::actor::{Fence, Summarise, chain};
use crate::handle::ShowHandle;
use crate::metrics;

impl Watcher {
    pub(super) fn round(&mut self) {
        let handles: Vec<ShowHandle> = self.registry.awake.iter().map(|entry| entry.value().clone()).collect();
        metrics::awake(handles.len(), self.house.feeds.subscribers());
        let now = self.house.clock.now();
        let idle_ms = self.house.config.idle_passivate_ms;
        let lease = self.house.clock.lease_mark();
        let lost = !self.house.clock.lease_live() || std::mem::replace(&mut self.lease, lease) != lease;
        for handle in &handles {
            // Each actor knows the lease that it was acquired under, and stops where that one has ended.
            if lost {
                let _ = handle.addr().try_send(Fence);
            }
            let shared = handle.shared();
            let used = Timestamp(shared.last_used.load(Ordering::Relaxed));
            let nobody = shared.waiting.load(Ordering::Acquire) == 0 && handle.feed().subscribers() == 0;
            if nobody && now.ms_since(used) >= idle_ms {
                self.sleep(handle.id(), None);
            }
        }
        if self.round_running || !self.stopping.is_empty() {
            return;
        }
        self.round_running = true;
        let (house, errands) = (Arc::clone(&self.house), self.errands.clone());
        actix::spawn(async move {
            let mut rows = Vec::new();
            for handle in handles {
                if let Ok(Some(row)) = handle.addr().send(Summarise).await {
                    rows.push(row);
                }
            }
            if !rows.is_empty()
                && let Err(error) = house.summaries.write(rows).await
            {
                tracing::warn!(error = chain(&error), "Could not write the summaries of the shows");
            }
            match house.summaries.due(now).await {
                Ok(due) => {
                    let _ = errands.send(Errand::Due(due));
                }
                Err(error) => tracing::warn!(error = chain(&error), "Could not look for shows whose time has come"),
            }
            let _ = errands.send(Errand::RoundDone);
        });
    }
}
