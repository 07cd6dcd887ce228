//! Any commands at any times: the show does what the naive model does, and every turn passes the audit.

mod met;

use aisle_core::*;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestRunner};

use crate::audit::Audited;
use crate::model::house::{self, House};
use crate::model::{self, Model, State};
use crate::scene::id;
use met::Met;

#[derive(Clone, Debug)]
enum Step {
    Wait(i64),
    Do(Command),
    Configure(Rules),
    ChangePlan(usize),
}

impl Step {
    /// What is asked of the show at this time, or how long nothing is.
    fn at(self, now: Timestamp) -> Result<Command, i64> {
        match self {
            Self::Wait(ms) => Err(ms),
            Self::Do(command) => Ok(command),
            Self::Configure(rules) => Ok(rules.at(now)),
            Self::ChangePlan(version) => Ok(Command::ChangePlan(NewPlan(house::plan(version)))),
        }
    }
}

/// Times are told from the moment at which it is done.
#[derive(Clone, Debug)]
struct Rules {
    on_sale_in: Option<i64>,
    sales_end_in: Option<i64>,
    orphan_rule: OrphanRule,
    ends_before_ms: u64,
    /// One of several mistakes.
    spoilt: Option<u8>,
}

impl Rules {
    fn at(&self, now: Timestamp) -> Command {
        let at = |ms: Option<i64>| ms.map(|ms| Timestamp(now.0 + ms));
        let mut settings = Settings {
            on_sale_at: at(self.on_sale_in),
            sales_end_at: at(self.sales_end_in),
            orphan_rule: self.orphan_rule,
            orphan_rule_ends_before_ms: self.ends_before_ms,
            ..model::settings()
        };
        match self.spoilt {
            Some(0) => settings.hold_ttl_ms = 999,
            Some(1) => settings.extend_max_ms = settings.hold_ttl_ms - 1,
            Some(2) => settings.pay_within_ms = 32 * 24 * 3_600_000,
            Some(3) => settings.places_per_hold_max = 0,
            Some(4) => settings.holds_per_buyer_max = Some(0),
            Some(_) => settings.sales_end_at = settings.on_sale_at.or(Some(now)),
            None => {}
        }
        Command::Configure(settings)
    }
}

fn hold_id() -> impl Strategy<Value = HoldId> {
    (0..5u8).prop_map(|n| HoldId(id(&format!("H{n}"))))
}

fn booking_id() -> impl Strategy<Value = BookingId> {
    (0..4u8).prop_map(|n| BookingId(id(&format!("B{n}"))))
}

fn order_id() -> impl Strategy<Value = OrderId> {
    (0..2u8).prop_map(|n| OrderId(id(&format!("O{n}"))))
}

fn customer() -> impl Strategy<Value = Option<BuyerId>> {
    option::of((0..2u8).prop_map(|n| BuyerId(id(&format!("K{n}")))))
}

fn allocation_id() -> impl Strategy<Value = AllocationId> {
    (0..2u8).prop_map(|n| AllocationId(id(&format!("X{n}"))))
}

fn origin() -> impl Strategy<Value = Origin> {
    let channel = prop_oneof![
        4 => Just(Channel::Public),
        2 => Just(Channel::AccessCode),
        2 => Just(Channel::Allocation),
        2 => Just(Channel::Staff),
    ];
    let buyer = option::of((0..2u8).prop_map(|n| BuyerId(id(&format!("P{n}")))));
    let code = (0..2u8, option::of(2..6u32))
        .prop_map(|(n, places_max)| AccessCode { id: AccessCodeId(id(&format!("C{n}"))), places_max });
    (channel, buyer, option::weighted(0.4, code)).prop_map(|(channel, buyer, code)| Origin { channel, buyer, code })
}

/// Mostly distinct seats of the plan; sometimes one twice, or one that it hasn't.
fn seats(most: usize) -> impl Strategy<Value = Vec<SeatNo>> {
    vec(prop_oneof![70 => 0..7u32, 50 => 8..15u32, 1 => Just(7), 1 => Just(99)].prop_map(SeatNo), 0..=most)
}

fn areas() -> impl Strategy<Value = Vec<AreaCount>> {
    let count = (0..4u32).prop_map(|quantity| AreaCount { area: AreaNo(0), quantity });
    prop_oneof![3 => Just(vec![]), 3 => count.clone().prop_map(|count| vec![count]), 1 => vec![count.clone(), count]]
}

fn best() -> impl Strategy<Value = BestAvailable> {
    let category = option::weighted(0.4, (0..2u16).prop_map(CategoryNo));
    let section = option::weighted(0.3, (0..2u16).prop_map(SectionNo));
    let special = prop_oneof![4 => Just((0, 0)), 1 => (0..3u32, 0..3u32)];
    (0..5u32, category, section, special).prop_map(|(quantity, category, section, (accessible, companions))| {
        BestAvailable { quantity, category, section, accessible, companions }
    })
}

fn hold() -> impl Strategy<Value = Command> {
    let best = option::weighted(0.4, best());
    let from = option::of((allocation_id(), prop::bool::weighted(0.1)));
    let key = option::of(0..2u64);
    (hold_id(), origin(), seats(4), best, areas(), from, key).prop_map(
        |(hold, origin, seats, best, areas, from, request)| {
            // Both together are refused; that is seen often enough with one seat.
            let seats = if best.is_some() { seats.into_iter().skip(3).collect() } else { seats };
            // Nor may the public name an allocation.
            let may_name = matches!(origin.channel, Channel::Staff | Channel::Allocation);
            let allocation = from.filter(|&(_, anybody)| may_name || anybody).map(|(allocation, _)| allocation);
            Command::Hold(HoldSeats { hold, origin, seats, best, areas, allocation, request })
        },
    )
}

fn late_sale() -> impl Strategy<Value = Command> {
    (booking_id(), order_id(), hold_id(), seats(3), areas(), origin(), customer(), any::<bool>()).prop_map(
        |(booking, order, hold, seats, areas, origin, customer, accept_equal)| {
            Command::SellLate(LateSale { booking, order, hold, seats, areas, accept_equal, origin, customer })
        },
    )
}

fn command() -> impl Strategy<Value = Command> {
    let within = || Just(None);
    let release_at = option::weighted(0.3, (0..1_000_000i64).prop_map(Timestamp));
    prop_oneof![
        24 => hold(),
        14 => (hold_id(), seats(3), prop_oneof![2 => Just(vec![]), 1 => seats(1)], areas())
            .prop_map(|(hold, add, remove, areas)| Command::ChangeHold { hold, add, remove, areas }),
        4 => hold_id().prop_map(|hold| Command::ExtendHold { hold }),
        2 => hold_id().prop_map(|hold| Command::ReleaseHold { hold }),
        4 => (hold_id(), order_id(), within(), customer()).prop_map(|(hold, order, pay_within_ms, customer)| {
            Command::StartPayment { hold, order, pay_within_ms, customer }
        }),
        2 => (hold_id(), order_id()).prop_map(|(hold, order)| Command::ReopenHold { hold, order }),
        2 => (hold_id(), order_id()).prop_map(|(hold, order)| Command::EndPayment { hold, order }),
        4 => (hold_id(), booking_id(), option::of(order_id()))
            .prop_map(|(hold, booking, order)| Command::Book { hold, booking, order }),
        2 => late_sale(),
        2 => (booking_id(), seats(2), areas())
            .prop_map(|(booking, seats, areas)| Command::CancelBooking { booking, seats, areas }),
        4 => (allocation_id(), seats(4), areas(), release_at).prop_map(|(allocation, seats, areas, release_at)| {
            Command::Block { allocation, seats, areas, reason: "press".into(), release_at }
        }),
        2 => (allocation_id(), seats(2), areas())
            .prop_map(|(allocation, seats, areas)| Command::Unblock { allocation, seats, areas }),
        2 => prop_oneof![
            10 => Just(StateChange::Pause { reason: "r".into(), public_message: None }),
            20 => Just(StateChange::Resume),
            8 => Just(StateChange::Publish),
            3 => Just(StateChange::Move { reason: "r".into(), public_message: None }),
            1 => prop_oneof![
                Just(StateChange::Cancel { reason: "r".into(), public_message: None }),
                Just(StateChange::End)
            ],
        ]
        .prop_map(Command::Change),
    ]
}

fn rules() -> impl Strategy<Value = Rules> {
    let on_sale_in = option::weighted(0.4, -2_000..30_000i64);
    let sales_end_in = option::weighted(0.5, prop_oneof![-2_000..10_000i64, 10_000..1_000_000i64]);
    let orphan_rule =
        prop::sample::select(vec![OrphanRule::Off, OrphanRule::Lenient, OrphanRule::Strict, OrphanRule::Strict]);
    let spoilt = option::weighted(0.1, 0..6u8);
    (on_sale_in, sales_end_in, orphan_rule, prop_oneof![Just(0), 0..10_000u64], spoilt).prop_map(
        |(on_sale_in, sales_end_in, orphan_rule, ends_before_ms, spoilt)| Rules {
            on_sale_in,
            sales_end_in,
            orphan_rule,
            ends_before_ms,
            spoilt,
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        46 => command().prop_map(Step::Do),
        2 => rules().prop_map(Step::Configure),
        1 => (0..House::VERSIONS).prop_map(Step::ChangePlan),
        6 => (0..6_000i64).prop_map(Step::Wait),
        1 => Just(Step::Wait(5_000)),
        1 => Just(Step::Wait(600_000)),
    ]
}

fn chosen(result: &Result<Vec<Event>, Rejection>) -> Vec<SeatNo> {
    match result.as_deref() {
        Ok([Event::SeatsHeld { seats, .. } | Event::Booked { seats, .. }]) => seats.clone(),
        Ok(_) | Err(_) => Vec::new(),
    }
}

fn compare(show: &Audited, model: &Model) {
    let letters: String = model.house.places().map(|place| char::from(model.letter(place.number))).collect();
    assert_eq!(show.letters(), letters);
    assert_eq!(show.area_available(AreaNo(0)), Some(model.floor()));
    for (&id, hold) in model.holds.iter().filter(|(_, hold)| hold.stands()) {
        let view = show.hold(id).expect("a hold that stands is known");
        match hold.state {
            State::Open(until) => assert_eq!(view.state, HoldState::Open { expires_at: Timestamp(until) }),
            State::Paying(order) => {
                assert!(matches!(view.state, HoldState::Paying { order: paying, .. } if paying == order));
            }
            State::Lapsed(_) | State::Ended(_) | State::Booked(_) => unreachable!("it stands"),
        }
        assert!(view.seats.iter().map(|seat| seat.0).eq(sorted_as(&view.seats, &hold.has.seats)));
    }
    for (&id, booking) in &model.bookings {
        let view = show.booking(id).expect("a booking is known for ever");
        assert_eq!(view.cancelled, booking.has.seats.is_empty() && booking.has.floor == 0);
        assert_eq!(view.seats.len(), booking.has.seats.len());
    }
    let standing = model.allocations.values().filter(|kept| kept.open).count();
    assert_eq!(show.allocations().len(), standing);
}

/// The model's seats in the order of the show's, which is the order in which they came.
fn sorted_as<'a>(order: &'a [SeatNo], seats: &'a std::collections::BTreeSet<u32>) -> impl Iterator<Item = u32> + 'a {
    assert_eq!(order.len(), seats.len());
    order.iter().map(|seat| seat.0).filter(|seat| seats.contains(seat))
}

/// What is done in one run: at first the show is put on sale, often with other rules at once.
fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    let opening = [Command::Configure(model::settings()), Command::Change(StateChange::Publish)].map(Step::Do).to_vec();
    let rules = option::weighted(0.7, rules().prop_map(Step::Configure));
    (rules, vec(step(), 1..most))
        .prop_map(move |(rules, steps)| [opening.clone(), rules.into_iter().collect(), steps].concat())
}

/// Show and model do the same, step by step.
fn beside_the_model(steps: Vec<Step>, met: &Met) -> Result<(), TestCaseError> {
    let mut show = Audited::new(house::plan(0));
    let mut model = Model::new();
    let mut now = Timestamp(0);
    for step in steps {
        let command = match step.at(now) {
            Ok(command) => command,
            Err(ms) => {
                now.0 += ms;
                show.expire(now);
                model.tick(now.0);
                compare(&show, &model);
                continue;
            }
        };
        // What lapses in the very moment in which it was reopened or blocked is gone before the next command.
        show.expire(now);
        model.tick(now.0);
        let kinds = met::kinds(&command, &model);
        let result = show.turn(now, &command);
        let expected = model.step(&command, &chosen(&result));
        let outcome = result.map(|_| ()).map_err(|refusal| refusal.code());
        prop_assert_eq!(outcome, expected, "at {} {:?}", now.0, command);
        met.note(&kinds, expected.err().unwrap_or("done"));
        compare(&show, &model);
    }
    Ok(())
}

const ROUNDS_MAX: u32 = 10;

#[test]
fn the_show_does_what_the_naive_model_does() {
    let met = Met::default();
    // Goes on until every kind of command was done and refused, for a while at most.
    for _ in 0..ROUNDS_MAX {
        let config = ProptestConfig {
            cases: 300,
            max_shrink_iters: 20_000,
            source_file: Some(file!()),
            ..ProptestConfig::default()
        };
        let found = TestRunner::new(config).run(&steps(100), |steps| beside_the_model(steps, &met));
        if let Err(found) = found {
            panic!("{found}");
        }
        if met.missing().is_none() {
            return;
        }
    }
    panic!("{}", met.missing().unwrap_or_default());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn what_was_carried_out_is_answered_again(steps in steps(60)) {
        let mut show = Audited::new(house::plan(0));
        let mut now = Timestamp(0);
        for step in steps {
            let command = match step.at(now) {
                Ok(command) => command,
                Err(ms) => {
                    now.0 += ms;
                    show.expire(now);
                    continue;
                }
            };
            show.expire(now);
            let Ok(events) = show.turn(now, &command) else { continue };
            let answer = show.answer(&command);
            let repeats = match &command {
                Command::Hold(wanted) => wanted.request.is_some(),
                // A hold that was changed to nothing is gone; and what left an allocation is no longer in it.
                Command::ChangeHold { .. } => !matches!(events[..], [Event::HoldReleased { .. }]),
                Command::Unblock { seats, areas, .. } => seats.is_empty() && areas.is_empty(),
                // One that came too late lapses at once.
                Command::ReopenHold { .. } => show.next_deadline().is_none_or(|at| at > now),
                Command::ExtendHold { .. }
                | Command::ReleaseHold { .. }
                | Command::StartPayment { .. }
                | Command::EndPayment { .. }
                | Command::Book { .. }
                | Command::SellLate(_)
                | Command::CancelBooking { .. }
                | Command::Block { .. }
                | Command::Configure(_)
                | Command::Change(_)
                | Command::ChangePlan(_) => true,
            };
            if repeats {
                let again = show.turn(now, &command);
                prop_assert_eq!(again, Ok(vec![]), "{:?}", command);
                prop_assert_eq!(show.answer(&command), answer);
                if !events.is_empty() && matches!(&command, Command::Hold(_) | Command::Book { .. }) {
                    prop_assert!(show.would_replay(now, &command));
                }
            }
        }
    }
}
