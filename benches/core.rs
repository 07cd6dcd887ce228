//! How fast the pure show is: `cargo bench --bench core`.
//!
//! One thread, a stadium of 60,000 seats, no journal: what is left when everything around it is taken away.

#![allow(missing_docs, clippy::unwrap_used, reason = "a bench that cannot go on may stop")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use aisle_core::{
    BestAvailable, BookingId, BuyerId, Channel, Command, Event, HoldId, HoldSeats, OrderId, Origin, OrphanRule, Plan,
    REMEMBERED_MS, SeatNo, Settings, Show, ShowId, StateChange, Timestamp, Touched, testing,
};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use uuid::Uuid;

const SEATS: u32 = 60_000;
const REPLAYED: u32 = 1_000_000;
const SIZES: [u32; 3] = [1_000, 12_000, SEATS];
const SOLD_PERCENT: [u64; 3] = [10, 90, 99];

/// A show on sale, and a clock and a row of ids to go with it.
struct House {
    show: Show,
    touched: Touched,
    now: Timestamp,
    id: u128,
}

impl House {
    fn open(plan: &Arc<Plan>) -> Self {
        let show = Show::new(ShowId(Uuid::from_u128(1)), plan.clone());
        let mut house = Self { show, touched: Touched::default(), now: Timestamp(0), id: 1 };
        house.turn(&Command::Change(StateChange::Publish));
        house
    }

    /// A turn as the actor does it: time first, then the command, then its answer.
    fn turn(&mut self, command: &Command) -> usize {
        self.touched.clear();
        for event in self.show.expire(self.now) {
            self.show.apply(self.now, &event, &mut self.touched);
        }
        let events = self.show.decide(self.now, command).unwrap();
        for event in &events {
            self.show.apply(self.now, event, &mut self.touched);
        }
        black_box(self.show.answer(command));
        events.len()
    }

    fn next_id(&mut self) -> Uuid {
        self.id += 1;
        self.now.0 += 5;
        Uuid::from_u128(self.id)
    }

    fn hold(&mut self, seats: &[SeatNo]) -> HoldId {
        self.hold_for(None, seats)
    }

    fn hold_for(&mut self, buyer: Option<BuyerId>, seats: &[SeatNo]) -> HoldId {
        let hold = HoldId(self.next_id());
        let mut command = hold_of(hold, seats.to_vec(), None);
        if let Command::Hold(wanted) = &mut command {
            wanted.origin.buyer = buyer;
        }
        self.turn(&command);
        hold
    }

    fn sell(&mut self, seats: &[SeatNo]) {
        self.sell_to(None, seats);
    }

    fn sell_to(&mut self, buyer: Option<BuyerId>, seats: &[SeatNo]) {
        let hold = self.hold_for(buyer, seats);
        let (order, booking) = (OrderId(hold.0), BookingId(hold.0));
        self.turn(&Command::StartPayment { hold, order, pay_within_ms: None, customer: None });
        self.turn(&Command::Book { hold, booking, order: Some(order) });
    }
}

fn hold_of(hold: HoldId, seats: Vec<SeatNo>, best: Option<BestAvailable>) -> Command {
    Command::Hold(HoldSeats {
        hold,
        origin: Origin { channel: Channel::Public, buyer: None, code: None },
        seats,
        best,
        areas: Vec::new(),
        allocation: None,
        request: Some(1),
    })
}

/// A group of many: each for a second, which is enough for what takes microseconds.
fn group_of_many<'a>(criterion: &'a mut Criterion, name: &str) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1)).sample_size(50);
    group
}

/// What this machine is: a thousand steps, each waiting for the one before it. To compare figures of two machines divide by this.
fn calibration(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("calibration");
    group.throughput(Throughput::Elements(1_000));
    group.bench_function("a thousand multiplications, one after the other", |bencher| {
        bencher
            .iter(|| (0..1_000_u64).fold(black_box(1_u64), |at, step| (at ^ step).wrapping_mul(0x9e37_79b9_7f4a_7c15)));
    });
    group.finish();
}

/// Two seats side by side nowhere in particular: the first that are free.
fn two_free(house: &House) -> Vec<SeatNo> {
    let letters = house.show.letters();
    let free = letters.bytes().zip(house.show.plan().order()).filter(|&(letter, _)| letter == b'a');
    free.map(|(_, &seat)| seat).take(2).collect()
}

fn decide_and_apply(criterion: &mut Criterion) {
    for (name, applied) in
        [("decide, a hold of two seats", false), ("decide and apply, hold and release two seats", true)]
    {
        let mut group = group_of_many(criterion, name);
        group.throughput(Throughput::Elements(if applied { 2 } else { 1 }));
        for seats in SIZES {
            let plan = testing::stadium(seats);
            for percent in SOLD_PERCENT {
                let mut house = scattered(&plan, percent);
                let wanted = two_free(&house);
                let id = BenchmarkId::from_parameter(format!("{seats} seats, {percent}% sold"));
                if applied {
                    group.bench_function(id, |bencher| {
                        bencher.iter(|| {
                            let hold = house.hold(&wanted);
                            house.turn(&Command::ReleaseHold { hold })
                        });
                    });
                } else {
                    let command = hold_of(HoldId(Uuid::from_u128(0)), wanted, None);
                    group.bench_function(id, |bencher| {
                        bencher.iter(|| house.show.decide(house.now, black_box(&command)));
                    });
                }
            }
        }
        group.finish();
    }
}

fn turns(criterion: &mut Criterion) {
    let plan = testing::stadium(SEATS);
    let pairs: Vec<&[SeatNo]> = plan.order().chunks_exact(2).collect();
    let mut group = criterion.benchmark_group("turns");

    group.throughput(Throughput::Elements(2));
    group.bench_function("hold, release", |bencher| {
        let mut house = House::open(&plan);
        let mut pairs = pairs.iter().cycle();
        bencher.iter(|| {
            let hold = house.hold(pairs.next().unwrap());
            house.turn(&Command::ReleaseHold { hold })
        });
    });

    group.throughput(Throughput::Elements(3));
    group.bench_function("hold, pay, book", |bencher| {
        let mut house = House::open(&plan);
        let mut left = pairs.iter();
        bencher.iter(|| {
            let pair = left.next().unwrap_or_else(|| {
                // Sold out: the next night. One in 30,000 pays for it.
                house = House::open(&plan);
                left = pairs.iter();
                left.next().unwrap()
            });
            house.sell(pair);
        });
    });
    group.finish();
}

/// A buyer's limit counts what they have booked, in a house where 10,000 bookings of as many buyers stand.
fn limited(criterion: &mut Criterion) {
    let plan = testing::stadium(SEATS);
    let mut house = House::open(&plan);
    house.turn(&Command::Configure(Settings { places_per_buyer_max: Some(10), ..Settings::default() }));
    let (sold, free) = plan.order().split_at(20_000);
    for pair in sold.chunks_exact(2) {
        let buyer = BuyerId(house.next_id());
        house.sell_to(Some(buyer), pair);
    }
    let known = BuyerId(Uuid::from_u128(house.id - 1_000));
    let mut pairs = free.chunks_exact(2).cycle();
    let mut group = criterion.benchmark_group("hold, release, limited, 10,000 bookings");
    for (who, buyer) in [("new buyer", BuyerId(Uuid::from_u128(0))), ("who has booked", known)] {
        group.bench_function(who, |bencher| {
            bencher.iter(|| {
                let hold = house.hold_for(Some(buyer), pairs.next().unwrap());
                house.turn(&Command::ReleaseHold { hold })
            });
        });
    }
    group.finish();
}

/// So many of a hundred pairs are sold, scattered over the whole stadium.
fn scattered(plan: &Arc<Plan>, percent: u64) -> House {
    let mut house = House::open(plan);
    let mut chance: u64 = 8812;
    for pair in plan.order().chunks_exact(2) {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        if (chance >> 33) % 100 < percent {
            house.sell(pair);
        }
    }
    house
}

fn best(quantity: u32) -> Command {
    let best = BestAvailable { quantity, category: None, section: None, accessible: 0, companions: 0 };
    hold_of(HoldId(Uuid::from_u128(0)), Vec::new(), Some(best))
}

fn best_available(criterion: &mut Criterion) {
    let mut group = group_of_many(criterion, "best available");
    for seats in SIZES {
        let plan = testing::stadium(seats);
        for percent in SOLD_PERCENT {
            let house = scattered(&plan, percent);
            for quantity in [1, 4, 8] {
                let command = best(quantity);
                let name = format!("{seats} seats, {percent}% sold, {quantity} wanted");
                group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
                    bencher.iter(|| house.show.decide(house.now, black_box(&command)));
                });
            }
        }
    }
    group.finish();
}

/// A stadium in which the seats are sold that a pattern says: by row and place in it.
fn patterned(is_sold: impl Fn(usize, usize) -> bool) -> House {
    let plan = testing::stadium(SEATS);
    let mut house = House::open(&plan);
    for (row, at) in plan.rows().iter().zip(0..) {
        let seats: Vec<SeatNo> = row.blocks.iter().flatten().copied().collect();
        for (place, seat) in seats.iter().enumerate() {
            if is_sold(at, place) {
                house.sell(&[*seat]);
            }
        }
    }
    house
}

/// The worst that the climb of `examples/seating` found, and what comes to mind: every second seat is sold, so that a pair must
/// be split, and the whole house is read for it.
fn best_available_at_worst(criterion: &mut Criterion) {
    const FOUND: [u32; 3] = [154, 38, 420];
    let mut group = criterion.benchmark_group("best available at worst");
    let house = patterned(|row, place| FOUND[row % FOUND.len()] >> (place % 8) & 1 == 1);
    let command = best(6);
    group.bench_function("six, as found by search", |bencher| {
        bencher.iter(|| house.show.decide(house.now, black_box(&command)).unwrap());
    });
    let house = patterned(|_, place| place % 2 == 0);
    let command = best(2);
    group.bench_function("no two together", |bencher| {
        bencher.iter(|| house.show.decide(house.now, black_box(&command)).unwrap());
    });
    group.finish();
}

/// Free pairs everywhere: one seat of a pair strands the other. Strict looks through the house for a seat that strands nobody.
fn orphan_rule(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("orphan rule");
    let mut house = patterned(|_, place| place % 3 == 0);
    let seat = house.show.plan().order()[1];
    let command = hold_of(HoldId(Uuid::from_u128(0)), vec![seat], None);
    for orphan_rule in [OrphanRule::Off, OrphanRule::Lenient, OrphanRule::Strict] {
        house.turn(&Command::Configure(Settings { orphan_rule, ..Settings::default() }));
        group.bench_function(format!("{orphan_rule:?}"), |bencher| {
            bencher.iter(|| house.show.decide(house.now, black_box(&command)));
        });
    }
    group.finish();

    let mut group = group_of_many(criterion, "orphan rule, two seats");
    for seats in SIZES {
        let plan = testing::stadium(seats);
        for percent in SOLD_PERCENT {
            let mut house = scattered(&plan, percent);
            let command = hold_of(HoldId(Uuid::from_u128(0)), two_free(&house), None);
            for orphan_rule in [OrphanRule::Lenient, OrphanRule::Strict] {
                house.turn(&Command::Configure(Settings { orphan_rule, ..Settings::default() }));
                let name = format!("{seats} seats, {percent}% sold, {orphan_rule:?}");
                group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
                    bencher.iter(|| house.show.decide(house.now, black_box(&command)));
                });
            }
        }
    }
    group.finish();
}

fn replay(criterion: &mut Criterion) {
    let plan = testing::stadium(SEATS);
    let pairs: Vec<&[SeatNo]> = plan.order().chunks_exact(2).collect();
    let settings = Settings::default();
    let journal: Vec<(Timestamp, Event)> = (0..REPLAYED)
        .map(|at| {
            let hold = HoldId(Uuid::from_u128(u128::from(at / 2) + 2));
            let now = Timestamp(i64::from(at) * 5);
            if at % 2 == 1 {
                return (now, Event::HoldReleased { hold });
            }
            let held = Event::SeatsHeld {
                hold,
                origin: Origin { channel: Channel::Public, buyer: None, code: None },
                seats: pairs[(at / 2) as usize % pairs.len()].to_vec(),
                areas: Vec::new(),
                allocation: None,
                expires_at: now.plus_ms(settings.hold_ttl_ms),
                extendable_until: now.plus_ms(settings.extend_max_ms),
                request: Some(1),
            };
            (now, held)
        })
        .collect();
    let mut group = criterion.benchmark_group("replay");
    group.sample_size(10);
    group.throughput(Throughput::Elements(u64::from(REPLAYED)));
    group.bench_function("a million events", |bencher| {
        bencher.iter(|| {
            let mut show = Show::new(ShowId(Uuid::from_u128(1)), plan.clone());
            let mut touched = Touched::default();
            for (at, event) in &journal {
                touched.clear();
                show.apply(*at, event, &mut touched);
            }
            show
        });
    });
    group.finish();
}

fn memory(criterion: &mut Criterion) {
    let plan = testing::stadium(SEATS);
    let resting = House::open(&plan).show.bytes();
    let mut sold = House::open(&plan);
    for pair in plan.order().chunks_exact(2) {
        sold.sell(pair);
    }
    let rush = sold.show.bytes();
    let mut group = criterion.benchmark_group("image of a stadium in the rush");
    group.sample_size(20);
    group.bench_function("write", |bencher| bencher.iter(|| postcard::to_stdvec(&sold.show.image_ref()).unwrap()));
    group.bench_function("copy, then write", |bencher| {
        bencher.iter(|| postcard::to_stdvec(&sold.show.image()).unwrap());
    });
    group.finish();
    // Ten minutes later the holds of the rush are forgotten.
    sold.now = sold.now.plus_ms(REMEMBERED_MS);
    sold.turn(&Command::Change(StateChange::End));
    let a_seat = |bytes: usize| f64::from(u32::try_from(bytes).unwrap()) / f64::from(SEATS);
    println!("memory, bytes a seat: {:.1} before the sale", a_seat(resting));
    println!("memory, bytes a seat: {:.1} when all are sold in pairs", a_seat(sold.show.bytes()));
    println!("memory, bytes a seat: {:.1} in the rush, holds of the last ten minutes included", a_seat(rush));

    let mut group = criterion.benchmark_group("image of a sold-out stadium");
    group.sample_size(20);
    group.bench_function("write", |bencher| bencher.iter(|| postcard::to_stdvec(&sold.show.image_ref()).unwrap()));
    group.bench_function("read", |bencher| {
        let image = sold.show.image();
        bencher.iter(|| Show::from_image(plan.clone(), image.clone()).unwrap());
    });
    group.bench_function("letters", |bencher| bencher.iter(|| sold.show.letters()));
    group.finish();
}

criterion_group!(
    benches,
    calibration,
    turns,
    decide_and_apply,
    limited,
    best_available,
    best_available_at_worst,
    orphan_rule,
    replay,
    memory
);
criterion_main!(benches);
