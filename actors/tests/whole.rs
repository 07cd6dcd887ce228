//! The whole way on a real database: asked, journaled, killed, taken over.

use std::sync::Arc;

use aisle_actors::core::Seq;
use aisle_actors::{AskError, Clock, NodeId, NodeLease, PostgresJournal, Shows, ShowsConfig};

use crate::postgres::{Database, with_database};
use crate::support::{OnePlan, booking, hold, node, publish, show, take};

struct Process {
    lease: NodeLease,
    journal: Arc<PostgresJournal>,
    shows: Shows,
}

async fn process(database: &Database, id: NodeId) -> Process {
    let clock = Arc::new(Clock::system());
    let lease = NodeLease::join(database.options.clone(), id, "test", Arc::clone(&clock)).await.unwrap();
    let journal = database.journal(id).await;
    let config = ShowsConfig { node: id, ..ShowsConfig::default() };
    let summaries = Arc::new(journal.summaries());
    let shows = Shows::start(config, Arc::clone(&journal) as _, OnePlan::new(), summaries, clock).unwrap();
    Process { lease, journal, shows }
}

impl Process {
    async fn stop(self) {
        self.shows.stop().await;
        self.journal.close().await;
        self.lease.leave().await;
    }
}

#[tokio::test]
async fn what_was_acknowledged_outlives_the_process() {
    with_database(|database| async move {
        let first = process(&database, node(1)).await;
        let handle = first.shows.get(show(1)).await.unwrap();
        handle.ask(publish()).await.unwrap();
        handle.ask(take(1, &[0, 1])).await.unwrap();
        handle.ask(crate::support::book(1)).await.unwrap();
        handle.ask(take(2, &[5])).await.unwrap();
        // A restart that knows the one before to be dead; the dead one is not stopped, it only can't write any more.
        let second = process(&database, node(2)).await;
        assert_eq!(second.shows.get(show(1)).await.unwrap_err(), AskError::Fenced);
        second.lease.supersede(node(1)).await.unwrap();
        let taken_over = second.shows.get(show(1)).await.unwrap();
        assert!(taken_over.ask(take(2, &[5])).await.unwrap().replayed);
        assert!(taken_over.booking(booking(1)).await.unwrap().is_some());
        assert_eq!(taken_over.feed().snapshot().seq, Seq(4));
        assert_eq!(handle.ask(take(3, &[7])).await, Err(AskError::Fenced));
        taken_over.ask(take(3, &[7])).await.unwrap();
        second.stop().await;
        let summary = "SELECT seq FROM show_summary WHERE state = 'published' AND available = 116";
        assert_eq!(database.number(summary).await, 5);
        assert_eq!(database.number("SELECT seq FROM snapshot").await, 5);
        assert_eq!(database.number("SELECT count(*) FROM show_owner WHERE handed_over").await, 1);
        first.stop().await;
        // And once more, from the snapshot.
        let third = process(&database, node(3)).await;
        let handle = third.shows.get(show(1)).await.unwrap();
        assert!(handle.hold(hold(3)).await.unwrap().is_some());
        third.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_rush_on_many_shows_is_answered_and_every_number_is_there_once() {
    with_database(|database| async move {
        let one = process(&database, node(1)).await;
        let mut asked = Vec::new();
        for number in 0..8 {
            let handle = one.shows.get(show(number)).await.unwrap();
            handle.ask(publish()).await.unwrap();
            for seat in 0..40_u32 {
                let handle = handle.clone();
                asked.push(tokio::spawn(async move { handle.ask(take(u128::from(seat), &[seat % 20])).await }));
            }
        }
        let (mut held, mut refused) = (0, 0);
        for answer in asked {
            match answer.await.unwrap() {
                Ok(_) => held += 1,
                Err(AskError::Rejected(_)) => refused += 1,
                Err(other) => panic!("{other:?}"),
            }
        }
        assert_eq!((held, refused), (160, 160));
        one.stop().await;
        let per_show =
            "SELECT count(*) FROM (SELECT 1 FROM journal GROUP BY show_id HAVING count(*) = 21 AND max(seq) = 21) s";
        assert_eq!(database.number(per_show).await, 8);
    })
    .await;
}
