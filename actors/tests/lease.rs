//! The node's lease on the database's clock, and the clock that it feeds.

use std::sync::Arc;

use aisle_actors::core::Timestamp;
use aisle_actors::{Clock, Journal, JournalError, LeaseConfig, NodeLease, Ticks};

use crate::postgres::with_database;
use crate::support::{START, node, show};

const BRISK: LeaseConfig = LeaseConfig { lease_ms: 60_000, renew_every_ms: 5 };

#[tokio::test]
async fn a_node_that_joins_may_own_shows_and_one_that_left_may_not() {
    with_database(|database| async move {
        let clock = Arc::new(Clock::system());
        let lease =
            NodeLease::join_with(database.options.clone(), node(1), "one", Arc::clone(&clock), BRISK).await.unwrap();
        assert!(clock.lease_live());
        let journal = database.journal(node(1)).await;
        journal.acquire(show(1)).await.unwrap();
        lease.leave().await;
        assert!(!clock.lease_live());
        assert!(matches!(journal.acquire(show(1)).await, Err(JournalError::Fenced { .. })));
        lease.leave().await;
        assert!(lease.supersede(node(2)).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn a_restarted_process_ends_the_lease_of_the_one_before() {
    with_database(|database| async move {
        database.add_node(node(1)).await;
        let before = database.journal(node(1)).await;
        before.acquire(show(1)).await.unwrap();
        let clock = Arc::new(Clock::system());
        let lease = NodeLease::join_with(database.options.clone(), node(2), "two", clock, BRISK).await.unwrap();
        let after = database.journal(node(2)).await;
        assert!(matches!(after.acquire(show(1)).await, Err(JournalError::Fenced { .. })));
        lease.supersede(node(1)).await.unwrap();
        after.acquire(show(1)).await.unwrap();
        // A node that never was is superseded without complaint.
        lease.supersede(node(7)).await.unwrap();
        lease.leave().await;
    })
    .await;
}

#[tokio::test]
async fn a_lease_that_had_ended_is_not_renewed_but_begun_anew() {
    with_database(|database| async move {
        let clock = Arc::new(Clock::system());
        let lease =
            NodeLease::join_with(database.options.clone(), node(1), "one", Arc::clone(&clock), BRISK).await.unwrap();
        for ended in [
            "UPDATE node SET lease_until = clock_timestamp()",
            // After more than a day, by somebody who joined meanwhile.
            "DELETE FROM node",
        ] {
            let mark = clock.lease_mark();
            assert!(clock.lease_holds(mark), "{ended}");
            database.run(ended).await;
            while clock.lease_mark() == mark {
                tokio::task::yield_now().await;
            }
            while !clock.lease_live() {
                tokio::task::yield_now().await;
            }
            // Alive again, and yet what was acquired before is not ours any more.
            assert!(!clock.lease_holds(mark), "{ended}");
        }
        lease.leave().await;
    })
    .await;
}

#[tokio::test]
async fn a_lost_connection_is_replaced_before_the_lease_ends() {
    with_database(|database| async move {
        let clock = Arc::new(Clock::system());
        let lease =
            NodeLease::join_with(database.options.clone(), node(1), "one", Arc::clone(&clock), BRISK).await.unwrap();
        let mark = clock.lease_mark();
        database
            .number(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
            )
            .await;
        let until = "SELECT (extract(epoch FROM lease_until) * 1000)::bigint FROM node";
        let before = database.number(until).await;
        while database.number(until).await == before {
            tokio::task::yield_now().await;
        }
        assert!(clock.lease_holds(mark));
        lease.leave().await;
    })
    .await;
}

#[test]
fn a_small_drift_is_corrected_at_once_and_a_step_slowly() {
    let clock = Clock::manual(START);
    let sync = |db_now: Timestamp| clock.synced(db_now, clock.ticks(), clock.ticks());
    // The first word of the database counts, however far it is from the wall clock.
    sync(Timestamp(START.0 - 3_600_000));
    assert_eq!(clock.now(), Timestamp(START.0 - 3_600_000));
    let at = clock.now();
    clock.advance_ms(1_000);
    sync(at.plus_ms(1_900));
    assert_eq!(clock.now(), at.plus_ms(1_900));
    // Ten seconds ahead: a tenth of the way at most.
    sync(at.plus_ms(11_900));
    assert_eq!(clock.now(), at.plus_ms(1_900));
    clock.advance_ms(10_000);
    assert_eq!(clock.now(), at.plus_ms(12_900));
    clock.advance_ms(90_000);
    assert_eq!(clock.now(), at.plus_ms(111_900));
}

#[test]
fn time_never_goes_back() {
    let clock = Clock::manual(START);
    clock.synced(START, Ticks(0), Ticks(0));
    clock.advance_ms(5_000);
    assert_eq!(clock.now(), START.plus_ms(5_000));
    clock.synced(START.plus_ms(4_500), clock.ticks(), clock.ticks());
    assert_eq!(clock.now(), START.plus_ms(5_000));
    clock.advance_ms(400);
    assert_eq!(clock.now(), START.plus_ms(5_000));
    clock.advance_ms(200);
    assert_eq!(clock.now(), START.plus_ms(5_100));
}

#[test]
fn the_database_spoke_between_the_question_and_the_answer() {
    let clock = Clock::manual(START);
    let asked = clock.ticks();
    clock.advance_ms(100);
    clock.synced(START, asked, clock.ticks());
    assert_eq!(clock.now(), START.plus_ms(50));
}

#[test]
fn a_lease_lives_until_its_tick_and_not_at_it() {
    let clock = Clock::manual(START);
    assert!(clock.lease_live());
    let mark = clock.lease_mark();
    clock.lease_renewed(Ticks(1_000));
    clock.advance_ms(999);
    assert!(clock.lease_holds(mark));
    clock.advance_ms(1);
    assert!(!clock.lease_holds(mark));
    clock.lease_lost();
    clock.lease_renewed(Ticks(9_000));
    assert!(clock.lease_live() && !clock.lease_holds(mark));
}
