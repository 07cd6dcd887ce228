//! What every journal promises: the one in memory, so that it may stand in for the one in Postgres.

use std::sync::Arc;

use aisle_actors::core::{Seq, ShowState};
use aisle_actors::{
    CategoryCounts, Epoch, Fault, Journal, JournalError, MemoryHouse, NodeId, ShowSummary, Snapshot, Summaries,
    entries_of,
};

use crate::postgres::{Database, entries, with_database};
use crate::support::{START, node, show, some_events};

enum Site {
    Memory(MemoryHouse),
    Postgres(Arc<Database>),
}

impl Site {
    async fn journal(&self, of: NodeId) -> Arc<dyn Journal> {
        match self {
            Self::Memory(memory) => Arc::new(memory.journal(of)),
            Self::Postgres(database) => database.journal(of).await,
        }
    }

    async fn summaries(&self, of: NodeId) -> Arc<dyn Summaries> {
        match self {
            Self::Memory(memory) => Arc::new(memory.summaries(of)),
            Self::Postgres(database) => Arc::new(database.journal(of).await.summaries()),
        }
    }

    async fn end_lease(&self, of: NodeId) {
        match self {
            Self::Memory(memory) => memory.end_lease(of),
            Self::Postgres(database) => database.end_lease(of).await,
        }
    }

    async fn forget_entry(&self, seq: u64) {
        match self {
            Self::Memory(memory) => memory.damage(show(1), |entries, _| entries.retain(|entry| entry.seq != Seq(seq))),
            // Its page becomes one for each of its other lines.
            Self::Postgres(database) => {
                let forget = format!(
                    "WITH page AS (DELETE FROM journal_page WHERE {seq} BETWEEN first AND seq RETURNING *)
                     INSERT INTO journal_page (show_id, seq, first, epoch, at, events)
                     SELECT show_id, first + line.number - 1, first + line.number - 1, epoch, at, jsonb_build_array(line.it)::text
                     FROM page, jsonb_array_elements(events::jsonb) WITH ORDINALITY AS line(it, number)
                     WHERE first + line.number - 1 <> {seq}"
                );
                database.run(&forget).await;
            }
        }
    }
}

fn snapshot(seq: u64) -> Snapshot {
    Snapshot { seq: Seq(seq), taken_at: START.plus_ms(seq), image: vec![0, 1, 255].into() }
}

fn is_fenced(outcome: &Result<(), JournalError>) -> bool {
    matches!(outcome, Err(JournalError::Fenced { .. }))
}

macro_rules! on_both {
    ($($name:ident)*) => {
        mod memory {
            $(#[tokio::test]
            async fn $name() {
                super::$name(super::Site::Memory(Default::default())).await;
            })*
        }
        mod postgres {
            $(#[tokio::test]
            async fn $name() {
                crate::postgres::with_database(|database| async move {
                    database.add_node(crate::support::node(1)).await;
                    database.add_node(crate::support::node(2)).await;
                    super::$name(super::Site::Postgres(database)).await;
                })
                .await;
            })*
        }
    };
}

on_both! {
    entries_come_back_as_they_were_written
    a_second_node_waits_for_the_end_of_the_lease_and_fences_the_first
    a_show_that_was_handed_over_may_be_acquired_at_once
    the_same_node_may_acquire_again_and_fences_itself
    a_node_whose_lease_has_ended_acquires_nothing
    the_same_number_twice_is_a_definite_no
    a_snapshot_stands_for_what_is_before_it
    a_snapshot_newer_than_its_journal_is_refused
    who_owns_nothing_may_read_a_journal_as_it_stands
    a_gap_is_refused
    a_summary_that_is_older_changes_nothing
    shows_whose_time_has_come_are_due_unless_another_living_node_has_them
}

async fn entries_come_back_as_they_were_written(site: Site) {
    let journal = site.journal(node(1)).await;
    let epoch = journal.acquire(show(1)).await.unwrap();
    assert_eq!(epoch, Epoch(1));
    assert_eq!(journal.load(show(1)).await.unwrap().entries, []);
    let all = entries(1, some_events());
    journal.append(show(1), epoch, all[..1].into()).await.unwrap();
    journal.append(show(1), epoch, all[1..].into()).await.unwrap();
    // Another show's entries are another's.
    let other = journal.acquire(show(2)).await.unwrap();
    journal.append(show(2), other, all[..2].into()).await.unwrap();
    let recovered = journal.load(show(1)).await.unwrap();
    assert_eq!(recovered.entries, all.to_vec());
    assert_eq!(recovered.snapshot, None);
}

async fn a_second_node_waits_for_the_end_of_the_lease_and_fences_the_first(site: Site) {
    let (first, second) = (site.journal(node(1)).await, site.journal(node(2)).await);
    let ours = first.acquire(show(1)).await.unwrap();
    first.append(show(1), ours, entries(1, some_events())).await.unwrap();
    assert!(matches!(second.acquire(show(1)).await, Err(JournalError::Fenced { .. })));
    site.end_lease(node(1)).await;
    let theirs = second.acquire(show(1)).await.unwrap();
    assert_eq!(theirs, Epoch(2));
    assert!(is_fenced(&first.append(show(1), ours, entries(5, some_events())).await));
    assert!(is_fenced(&first.save_snapshot(show(1), ours, snapshot(4)).await));
    // Nor with a number that it has guessed.
    assert!(is_fenced(&first.append(show(1), theirs, entries(5, some_events())).await));
    second.append(show(1), theirs, entries(5, some_events())).await.unwrap();
    assert_eq!(second.load(show(1)).await.unwrap().entries.len(), 8);
}

async fn a_show_that_was_handed_over_may_be_acquired_at_once(site: Site) {
    let (first, second) = (site.journal(node(1)).await, site.journal(node(2)).await);
    let old = first.acquire(show(1)).await.unwrap();
    let ours = first.acquire(show(1)).await.unwrap();
    // With an epoch of before, nothing is handed over.
    first.hand_over(show(1), old).await.unwrap();
    second.hand_over(show(1), ours).await.unwrap();
    assert!(matches!(second.acquire(show(1)).await, Err(JournalError::Fenced { .. })));
    first.hand_over(show(1), ours).await.unwrap();
    let theirs = second.acquire(show(1)).await.unwrap();
    assert!(matches!(first.acquire(show(1)).await, Err(JournalError::Fenced { .. })));
    second.append(show(1), theirs, entries(1, some_events())).await.unwrap();
}

async fn the_same_node_may_acquire_again_and_fences_itself(site: Site) {
    let journal = site.journal(node(1)).await;
    let before = journal.acquire(show(1)).await.unwrap();
    let after = journal.acquire(show(1)).await.unwrap();
    assert!(after > before);
    assert!(is_fenced(&journal.append(show(1), before, entries(1, some_events())).await));
    journal.append(show(1), after, entries(1, some_events())).await.unwrap();
}

async fn a_node_whose_lease_has_ended_acquires_nothing(site: Site) {
    let journal = site.journal(node(1)).await;
    site.end_lease(node(1)).await;
    assert!(matches!(journal.acquire(show(1)).await, Err(JournalError::Fenced { .. })));
}

async fn the_same_number_twice_is_a_definite_no(site: Site) {
    let journal = site.journal(node(1)).await;
    let epoch = journal.acquire(show(1)).await.unwrap();
    journal.append(show(1), epoch, entries(1, some_events())).await.unwrap();
    let again = journal.append(show(1), epoch, entries(4, some_events())).await;
    assert!(matches!(again, Err(JournalError::Refused { .. })), "{again:?}");
    // All of it or none.
    assert_eq!(journal.load(show(1)).await.unwrap().entries.len(), 4);
}

async fn a_snapshot_stands_for_what_is_before_it(site: Site) {
    let journal = site.journal(node(1)).await;
    let epoch = journal.acquire(show(1)).await.unwrap();
    let all = entries(1, some_events());
    journal.append(show(1), epoch, all.clone()).await.unwrap();
    for seq in [1, 2, 3] {
        journal.save_snapshot(show(1), epoch, snapshot(seq)).await.unwrap();
    }
    let recovered = journal.load(show(1)).await.unwrap();
    assert_eq!(recovered.snapshot, Some(snapshot(3)));
    assert_eq!(recovered.entries, all[3..].to_vec());
    let whole = journal.load_whole(show(1)).await.unwrap();
    assert_eq!((whole.snapshot, whole.entries), (None, all.to_vec()));
}

async fn a_snapshot_newer_than_its_journal_is_refused(site: Site) {
    let journal = site.journal(node(1)).await;
    let epoch = journal.acquire(show(1)).await.unwrap();
    journal.append(show(1), epoch, entries(1, some_events())).await.unwrap();
    let early = journal.save_snapshot(show(1), epoch, snapshot(5)).await;
    assert!(matches!(early, Err(JournalError::Refused { .. })), "{early:?}");
    journal.save_snapshot(show(1), epoch, snapshot(4)).await.unwrap();
    site.forget_entry(4).await;
    let loaded = journal.load(show(1)).await;
    assert!(matches!(loaded, Err(JournalError::Damaged { .. })), "{loaded:?}");
}

async fn a_gap_is_refused(site: Site) {
    let journal = site.journal(node(1)).await;
    let epoch = journal.acquire(show(1)).await.unwrap();
    journal.append(show(1), epoch, entries(1, some_events())).await.unwrap();
    site.forget_entry(2).await;
    assert!(matches!(journal.load(show(1)).await, Err(JournalError::Damaged { .. })));
    assert!(matches!(journal.load_whole(show(1)).await, Err(JournalError::Damaged { .. })));
}

async fn who_owns_nothing_may_read_a_journal_as_it_stands(site: Site) {
    let (journal, reader) = (site.journal(node(1)).await, site.journal(node(2)).await);
    let epoch = journal.acquire(show(1)).await.unwrap();
    let all = entries(1, some_events());
    journal.append(show(1), epoch, all.clone()).await.unwrap();
    for seq in [2, 4] {
        journal.save_snapshot(show(1), epoch, snapshot(seq)).await.unwrap();
    }
    let lines = reader.lines(show(1), Seq(1), 2).await.unwrap();
    let read: Vec<_> = lines.into_iter().map(|line| (line.seq, line.at, line.event.unwrap())).collect();
    assert_eq!(read, [(Seq(2), all[1].at, all[1].event.clone()), (Seq(3), all[2].at, all[2].event.clone())]);
    assert_eq!(reader.lines(show(1), Seq(4), 10).await.unwrap(), []);
    assert_eq!(reader.snapshot(show(1), Seq(3)).await.unwrap(), Some(snapshot(2)));
    assert_eq!(reader.snapshot(show(1), Seq(4)).await.unwrap(), Some(snapshot(4)));
    assert_eq!(reader.snapshot(show(1), Seq(1)).await.unwrap(), None);
    assert_eq!(reader.heads(vec![show(1), show(2)]).await.unwrap(), [(show(1), Seq(4))]);
    assert_eq!(reader.load(show(1)).await.unwrap().snapshot, Some(snapshot(4)));
    // A gap is shown as it is, and is nothing that entries may have.
    site.forget_entry(2).await;
    let lines = reader.lines(show(1), Seq(0), 10).await.unwrap();
    assert_eq!(lines.iter().map(|line| line.seq.0).collect::<Vec<_>>(), [1, 3, 4]);
    assert!(matches!(entries_of(show(1), Seq(0), lines), Err(JournalError::Damaged { .. })));
    // It is still the owner's.
    journal.append(show(1), epoch, entries(5, some_events())).await.unwrap();
}

fn summary(number: u128, seq: u64, deadline_ms: Option<u64>) -> ShowSummary {
    let counts = CategoryCounts { category: "Best".into(), available: 7, held: 1, booked: 2, blocked: 0 };
    ShowSummary {
        show: show(number),
        seq: Seq(seq),
        state: ShowState::Paused { since: START, public_message: Some("Back at eight.".into()) },
        next_deadline: deadline_ms.map(|ms| START.plus_ms(ms)),
        counts: vec![counts],
    }
}

async fn a_summary_that_is_older_changes_nothing(site: Site) {
    let summaries = site.summaries(node(1)).await;
    summaries.write(vec![summary(1, 5, Some(10)), summary(2, 1, None)]).await.unwrap();
    summaries.write(vec![summary(1, 4, Some(1_000))]).await.unwrap();
    assert_eq!(summaries.due(START.plus_ms(9)).await.unwrap(), []);
    assert_eq!(summaries.due(START.plus_ms(10)).await.unwrap(), [show(1)]);
    summaries.write(vec![summary(1, 5, None)]).await.unwrap();
    assert_eq!(summaries.due(START.plus_ms(10)).await.unwrap(), []);
}

async fn shows_whose_time_has_come_are_due_unless_another_living_node_has_them(site: Site) {
    let summaries = site.summaries(node(1)).await;
    let (first, second) = (site.journal(node(1)).await, site.journal(node(2)).await);
    let due = || async {
        let mut due = summaries.due(START).await.unwrap();
        due.sort_unstable();
        due
    };
    // One sleeps with a deadline, one is the other's with a deadline, one is the other's and has no summary yet.
    summaries.write(vec![summary(1, 1, Some(0)), summary(2, 1, Some(0))]).await.unwrap();
    second.acquire(show(2)).await.unwrap();
    let theirs = second.acquire(show(3)).await.unwrap();
    assert_eq!(due().await, [show(1)]);
    second.hand_over(show(3), theirs).await.unwrap();
    assert_eq!(due().await, [show(1)]);
    second.acquire(show(3)).await.unwrap();
    site.end_lease(node(2)).await;
    assert_eq!(due().await, [show(1), show(2), show(3)]);
    let ours = first.acquire(show(3)).await.unwrap();
    assert_eq!(due().await, [show(1), show(2), show(3)]);
    first.hand_over(show(3), ours).await.unwrap();
    assert_eq!(due().await, [show(1), show(2)]);
}

/// The same as in Postgres, where the row that is in the way is another connection's.
#[tokio::test]
async fn in_memory_too_an_acquire_waits_for_an_append_on_its_way() {
    let memory = MemoryHouse::default();
    let (first, second) = (memory.journal(node(1)), memory.journal(node(2)));
    let epoch = first.acquire(show(1)).await.unwrap();
    memory.fail_next(Fault::HeldWithLock);
    let append = tokio::spawn(async move { first.append(show(1), epoch, entries(1, some_events())).await });
    memory.arrived(1).await;
    memory.end_lease(node(1));
    let next = tokio::spawn(async move {
        second.acquire(show(1)).await.unwrap();
        second.load(show(1)).await.unwrap().entries.len()
    });
    tokio::task::yield_now().await;
    assert!(!next.is_finished());
    memory.release();
    append.await.unwrap().unwrap();
    assert_eq!(next.await.unwrap(), 4);
}

#[tokio::test]
async fn in_memory_too_an_append_that_arrives_late_is_fenced() {
    let memory = MemoryHouse::default();
    let (first, second) = (memory.journal(node(1)), memory.journal(node(2)));
    let epoch = first.acquire(show(1)).await.unwrap();
    memory.fail_next(Fault::HeldBeforeLock);
    let append = tokio::spawn(async move { first.append(show(1), epoch, entries(1, some_events())).await });
    memory.arrived(1).await;
    memory.end_lease(node(1));
    second.acquire(show(1)).await.unwrap();
    memory.release();
    assert!(is_fenced(&append.await.unwrap()));
    assert_eq!(memory.entries(show(1)), []);
}

/// The helper that the Postgres half stands on must not pass by doing nothing.
#[tokio::test]
async fn every_test_has_a_database_of_its_own() {
    with_database(|database| async move {
        assert_eq!(database.number("SELECT count(*) FROM journal").await, 0);
    })
    .await;
}
