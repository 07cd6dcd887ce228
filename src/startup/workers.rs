//! What runs beside the requests: each worker pulls its work from the database, so a crash loses none of it.

use std::future::Future;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::{Parts, privacy};
use crate::accounts::Factors;
use crate::admin::tell_untold;
use crate::catalog::Catalog;
use crate::orders::{OrdersWorker, RefundJobs};
use crate::platform::idempotency;
use crate::platform::time::from_core;

/// The workers of this process.
pub struct Workers {
    stopping: watch::Sender<bool>,
    running: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Starts all of them on the current runtime.
    pub(super) fn start(parts: &Parts) -> Self {
        let mut workers = Self { stopping: watch::Sender::new(false), running: Vec::new() };
        let db = parts.workers_db.clone();
        workers.every("idempotency", Duration::from_secs(600), move || {
            let db = db.clone();
            async move {
                let mut connection = db.acquire().await?;
                idempotency::forget_old(&mut connection).await.map_err(|fault| fault.0)?;
                Ok(())
            }
        });
        let retention = privacy::retention(&parts.config, parts.workers_db.clone());
        let clock = std::sync::Arc::clone(&parts.clock);
        workers.every("retention", Duration::from_secs(3_600), move || {
            let (retention, now) = (retention.clone(), from_core(clock.now()));
            async move { retention.run(now).await.map_err(|fault| fault.0) }
        });
        let (keys, db) = (parts.keys.clone(), parts.workers_db.clone());
        workers.until_stopped(|stop| keys.follow(db, stop));
        let (catalog, shows) = (Catalog::new(parts.workers_db.clone()), parts.shows.clone());
        workers.every("rules", Duration::from_secs(2), move || {
            let (catalog, shows) = (catalog.clone(), shows.clone());
            async move { tell_untold(&catalog, &shows).await.map_err(|fault| fault.0) }
        });
        let db = parts.workers_db.clone();
        workers.every("ceremonies", Duration::from_secs(600), move || {
            let db = db.clone();
            async move { Factors::forget_old(&db).await.map_err(|fault| fault.0) }
        });
        workers.running.push(tokio::spawn(parts.outbox.clone().run(workers.stopping.subscribe())));
        workers.until_stopped(|stop| OrdersWorker::new(parts.checkout(&parts.workers_db)).run(stop));
        workers.until_stopped(|stop| RefundJobs::new(parts.checkout(&parts.workers_db)).run(stop));
        match parts.sandbox.delivery(parts.workers_db.clone(), &parts.own_url) {
            Ok(delivery) => workers.until_stopped(|stop| delivery.run(stop)),
            Err(error) => {
                tracing::error!(error = crate::http::error::chain(&error), "The sandbox's news cannot be delivered");
            }
        }
        workers
    }

    /// Runs something that stops when it is told.
    pub(super) fn until_stopped<W>(&mut self, work: impl FnOnce(watch::Receiver<bool>) -> W)
    where
        W: Future<Output = ()> + Send + 'static,
    {
        self.running.push(tokio::spawn(work(self.stopping.subscribe())));
    }

    /// Does something now and then until the server stops; a failure is logged and tried again at the next turn.
    fn every<F, W>(&mut self, name: &'static str, pause: Duration, work: F)
    where
        F: Fn() -> W + Send + 'static,
        W: Future<Output = Result<(), sqlx::Error>> + Send,
    {
        let mut stopping = self.stopping.subscribe();
        self.running.push(tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = stopping.wait_for(|stop| *stop) => return,
                    () = tokio::time::sleep(pause) => {}
                }
                if let Err(error) = work().await {
                    tracing::warn!(
                        worker = name,
                        error = crate::http::error::chain(&error),
                        "A worker's turn failed; it tries again"
                    );
                }
            }
        }));
    }

    /// Ends after what is under way, or in the midst of it when the grace is over: whoever comes next takes it up, and until the shows
    /// have been handed over nobody else can sell them.
    pub(super) async fn stop(self, grace: Duration) {
        self.stopping.send_replace(true);
        let until = tokio::time::Instant::now() + grace;
        let mut left = 0_u32;
        for mut worker in self.running {
            match tokio::time::timeout_at(until, &mut worker).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(error = crate::http::error::chain(&error), "A worker had died"),
                Err(_) => {
                    worker.abort();
                    left += 1;
                }
            }
        }
        if left > 0 {
            tracing::warn!(workers = left, "Workers were stopped in the midst of something; it is taken up again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_does_not_come_to_an_end_keeps_the_others_from_nothing() {
        let mut workers = Workers { stopping: watch::Sender::new(false), running: Vec::new() };
        let (ended, was_ended) = tokio::sync::oneshot::channel();
        workers.until_stopped(|_| std::future::pending());
        workers.until_stopped(|mut stop| async move {
            let _ = stop.wait_for(|stop| *stop).await;
            let _ = ended.send(());
        });
        workers.stop(Duration::from_millis(20)).await;
        assert_eq!(was_ended.await, Ok(()));
    }
}
