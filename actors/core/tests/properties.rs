//! Any commands at any times: the show does what the naive model does, and every turn passes the audit.

use std::sync::Arc;

use aisle_core::*;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::audit::Audited;
use crate::model::{self, FLOOR, Model, SEATS, State};
use crate::scene::id;

#[derive(Clone, Debug)]
enum Step {
    Wait(i64),
    Do(Command),
}

fn plan() -> Arc<Plan> {
    testing::hall_with_box(SEATS - 2, FLOOR)
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
        1 => Just(Channel::AccessCode),
        1 => Just(Channel::Allocation),
        2 => Just(Channel::Staff),
    ];
    let buyer = option::of((0..2u8).prop_map(|n| BuyerId(id(&format!("P{n}")))));
    let code = (0..2u8, option::of(2..6u32))
        .prop_map(|(n, places_max)| AccessCode { id: AccessCodeId(id(&format!("C{n}"))), places_max });
    (channel, buyer, option::weighted(0.4, code)).prop_map(|(channel, buyer, code)| Origin { channel, buyer, code })
}

/// Mostly distinct seats of the plan; sometimes one twice, or one that it hasn't.
fn seats(most: usize) -> impl Strategy<Value = Vec<SeatNo>> {
    vec(prop_oneof![60 => 0..SEATS, 1 => Just(99)].prop_map(SeatNo), 0..=most)
}

fn areas() -> impl Strategy<Value = Vec<AreaCount>> {
    let count = (0..4u32).prop_map(|quantity| AreaCount { area: AreaNo(0), quantity });
    prop_oneof![3 => Just(vec![]), 3 => count.clone().prop_map(|count| vec![count]), 1 => vec![count.clone(), count]]
}

fn hold() -> impl Strategy<Value = Command> {
    let best = prop_oneof![
        3 => Just(None),
        1 => (0..5u32).prop_map(|quantity| {
            Some(BestAvailable { quantity, category: None, section: None, accessible: 0, companions: 0 })
        }),
    ];
    let from = prop_oneof![3 => Just(None), 2 => allocation_id().prop_map(Some)];
    let key = option::of(0..2u64);
    (hold_id(), origin(), seats(3), best, areas(), from, key).prop_map(
        |(hold, origin, seats, best, areas, allocation, request)| {
            // Both together are refused; that is seen often enough with one seat.
            let seats = if best.is_some() { seats.into_iter().skip(2).collect() } else { seats };
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
    let release_at = option::of((0..60_000i64).prop_map(Timestamp));
    prop_oneof![
        8 => hold(),
        4 => (hold_id(), seats(2), seats(2), areas())
            .prop_map(|(hold, add, remove, areas)| Command::ChangeHold { hold, add, remove, areas }),
        2 => hold_id().prop_map(|hold| Command::ExtendHold { hold }),
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
        3 => (allocation_id(), seats(3), areas(), release_at).prop_map(|(allocation, seats, areas, release_at)| {
            Command::Block { allocation, seats, areas, reason: "press".into(), release_at }
        }),
        2 => (allocation_id(), seats(2), areas())
            .prop_map(|(allocation, seats, areas)| Command::Unblock { allocation, seats, areas }),
        2 => prop_oneof![
            8 => Just(StateChange::Pause { reason: "r".into(), public_message: None }),
            8 => Just(StateChange::Resume),
            2 => Just(StateChange::Publish),
            1 => Just(StateChange::End),
        ]
        .prop_map(Command::Change),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => command().prop_map(Step::Do),
        2 => (0..6_000i64).prop_map(Step::Wait),
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
    let letters: String = (0..SEATS).map(|seat| char::from(model.letter(seat))).collect();
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn the_show_does_what_the_naive_model_does(steps in vec(step(), 1..80)) {
        let mut show = Audited::new(plan());
        let mut model = Model::new();
        let mut now = Timestamp(0);
        let opening = [Command::Configure(model::settings()), Command::Change(StateChange::Publish)];
        let all = opening.into_iter().map(Step::Do).chain(steps);
        for step in all {
            match step {
                Step::Wait(ms) => {
                    now.0 += ms;
                    show.expire(now);
                    model.tick(now.0);
                }
                Step::Do(command) => {
                    // What lapses in the very moment in which it was reopened or blocked is gone before the next command.
                    show.expire(now);
                    model.tick(now.0);
                    let result = show.turn(now, &command);
                    let expected = model.step(&command, &chosen(&result));
                    let outcome = result.map(|_| ()).map_err(|refusal| refusal.code());
                    prop_assert_eq!(outcome, expected, "at {} {:?}", now.0, command);
                }
            }
            compare(&show, &model);
        }
    }

    #[test]
    fn what_was_carried_out_is_answered_again(steps in vec(step(), 1..60)) {
        let mut show = Audited::new(plan());
        let mut now = Timestamp(0);
        let opening = [Command::Configure(model::settings()), Command::Change(StateChange::Publish)];
        for step in opening.into_iter().map(Step::Do).chain(steps) {
            match step {
                Step::Wait(ms) => {
                    now.0 += ms;
                    show.expire(now);
                }
                Step::Do(command) => {
                    show.expire(now);
                    let Ok(events) = show.turn(now, &command) else { continue };
                    let answer = show.answer(&command);
                    let repeats = match &command {
                        Command::Hold(wanted) => wanted.request.is_some(),
                        Command::Book { .. } | Command::SellLate(_) | Command::Block { .. } => true,
                        Command::ReleaseHold { .. } | Command::EndPayment { .. } => true,
                        Command::StartPayment { .. } => true,
                        _ => false,
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
    }
}
