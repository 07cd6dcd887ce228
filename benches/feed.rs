//! What comes after a decision: the gate that keeps answers until they are durable, and the feed that tells everybody:
//! `cargo bench --bench feed`.
//!
//! One thread, no journal and no sockets. Sizes are in the names: how many commands wait for one commit, how many seats a delta
//! names, how large the house is.

#![allow(missing_docs, clippy::unwrap_used, reason = "a bench that cannot go on may stop")]

use std::hint::black_box;
use std::sync::Arc;

use aisle_actors::core::{
    Channel, Command, HoldId, HoldSeats, Origin, Plan, SeatNo, Seq, ShowId, StateChange, Timestamp, testing,
};
use aisle_actors::turn::{Effect, Turn, Wish};
use aisle_actors::{Feed, PublicChange, Recovered};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use uuid::Uuid;

const SHOW: ShowId = ShowId(Uuid::from_u128(1));
/// Never, here: how large a snapshot is, the core's bench says.
const NO_SNAPSHOTS: u64 = u64::MAX;

fn hold(number: u32) -> Wish {
    Wish::Command(Command::Hold(HoldSeats {
        hold: HoldId(Uuid::from_u128(u128::from(number) + 1)),
        origin: Origin { channel: Channel::Public, buyer: None, code: None },
        seats: vec![SeatNo(number * 2), SeatNo(number * 2 + 1)],
        best: None,
        areas: vec![],
        allocation: None,
        request: None,
    }))
}

/// A show on sale, with nothing on its way to the journal.
fn on_sale(plan: &Arc<Plan>) -> Turn<()> {
    let recovered = Recovered { snapshot: None, entries: vec![] };
    let (mut turn, _) = Turn::recover(SHOW, plan, recovered, NO_SNAPSHOTS, None).unwrap();
    black_box(turn.wish(Timestamp(0), &Wish::Command(Command::Change(StateChange::Publish)), ()));
    black_box(turn.durable(Timestamp(0)));
    turn
}

/// One commit is on its way, and so many commands come and wait for the next; then both are durable, and everybody is answered.
fn gate(criterion: &mut Criterion) {
    let plan = testing::stadium(60_000);
    let mut group = criterion.benchmark_group("gate");
    for waiting in [1_u32, 64, 1_024] {
        let wishes: Vec<Wish> = (0..=waiting).map(hold).collect();
        group.throughput(Throughput::Elements(u64::from(waiting)));
        group.bench_function(BenchmarkId::new("hold_and_answer", waiting), |bencher| {
            bencher.iter_batched(
                || on_sale(&plan),
                |mut turn| {
                    for wish in &wishes {
                        black_box(turn.wish(Timestamp(1), wish, ()));
                    }
                    let first = turn.durable(Timestamp(2));
                    let second = turn.durable(Timestamp(3));
                    let said = first.iter().chain(&second).filter(|effect| matches!(effect, Effect::Say(..))).count();
                    assert_eq!(said, wishes.len());
                    turn
                },
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

/// A delta of so many seats: gathered, encoded once, and given to whoever stands where it begins.
fn encoding(criterion: &mut Criterion) {
    let plan = testing::stadium(60_000);
    let state = on_sale(&plan).public_state();
    let mut group = criterion.benchmark_group("feed");
    for seats in [2_u32, 64, 1_024] {
        let feed = Feed::new(SHOW, plan.clone(), 512, state.clone());
        let _listener = feed.subscribe();
        let mut seq = feed.seq();
        group.throughput(Throughput::Elements(u64::from(seats)));
        group.bench_function(BenchmarkId::new("publish_seats", seats), |bencher| {
            bencher.iter_batched(
                || {
                    vec![PublicChange {
                        seats: (0..seats).map(|seat| (seat, b'h')).collect(),
                        ..PublicChange::default()
                    }]
                },
                |changes| {
                    seq = Seq(seq.0 + 1);
                    feed.publish(seq, changes);
                },
                BatchSize::SmallInput,
            );
        });
        let newest = feed.since(Seq(seq.0 - 1)).unwrap();
        group.bench_function(BenchmarkId::new("text_for_who_is_there", seats), |bencher| {
            bencher.iter(|| black_box(newest.text_for(newest.from)));
        });
    }
    group.finish();
    let mut group = criterion.benchmark_group("snapshot");
    for size in [1_000_u32, 12_000, 60_000] {
        let plan = testing::stadium(size);
        let feed = Feed::new(SHOW, plan.clone(), 512, on_sale(&plan).public_state());
        let mut seq = feed.seq();
        // After each change the letters are made anew for the first who asks.
        group.bench_function(BenchmarkId::new("letters_after_a_change", size), |bencher| {
            bencher.iter(|| {
                seq = Seq(seq.0 + 1);
                feed.publish(seq, vec![PublicChange { seats: vec![(0, b'h')], ..PublicChange::default() }]);
                black_box(feed.snapshot())
            });
        });
    }
    group.finish();
}

criterion_group!(benches, gate, encoding);
criterion_main!(benches);
