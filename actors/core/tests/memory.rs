//! What a show takes in memory when it rests: nobody holds anything, and what was held is forgotten.

use aisle_core::*;
use uuid::Uuid;

use crate::seating::demand::demand;

const SEATS: u32 = 12_000;

/// A stadium sold out in parties of these sizes, ten minutes later; in tenths of a byte a seat.
fn tenths_a_seat(sizes: &[usize], customers: bool) -> usize {
    let plan = testing::stadium(SEATS);
    let mut show = Show::new(ShowId(Uuid::from_u128(1)), plan.clone());
    let mut turn = |now: i64, command: &Command| {
        for event in show.decide(Timestamp(now), command).unwrap() {
            show.apply(Timestamp(now), &event, &mut Touched::default());
        }
    };
    turn(0, &Command::Configure(Settings { places_per_buyer_max: Some(10), ..Settings::default() }));
    turn(0, &Command::Change(StateChange::Publish));
    let mut left = plan.order();
    for (number, &size) in (1_u64..).zip(sizes.iter().cycle()) {
        let (seats, others) = left.split_at(size.min(left.len()));
        left = others;
        if seats.is_empty() {
            break;
        }
        // As ids are: in the order of time at first, then anything.
        let id = Uuid::from_u64_pair(number, number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let (hold, order) = (HoldId(id), OrderId(id));
        turn(
            1,
            &Command::Hold(HoldSeats {
                hold,
                origin: Origin { channel: Channel::Public, buyer: None, code: None },
                seats: seats.to_vec(),
                best: None,
                areas: vec![],
                allocation: None,
                request: Some(1),
            }),
        );
        let customer = customers.then_some(BuyerId(id));
        turn(2, &Command::StartPayment { hold, order, pay_within_ms: None, customer });
        turn(3, &Command::Book { hold, booking: BookingId(id), order: Some(order) });
    }
    turn(4 + REMEMBERED_MS as i64, &Command::Change(StateChange::End));
    assert!(show.letters().bytes().all(|letter| letter == b'b'), "sold out");
    show.bytes() * 10 / SEATS as usize
}

#[test]
fn a_resting_show_is_small() {
    let mixed: Vec<usize> = demand(&testing::stadium(SEATS), 1).iter().map(|party| party.quantity as usize).collect();
    let mut table = String::from("parties of  nobody known  each customer known (tenths of a byte a seat)\n");
    for (parties, sizes, anonymous_max, known_max) in
        [("1", &[1][..], 205, 270), ("2", &[2], 130, 160), ("4", &[4], 90, 105), ("all sizes", &mixed, 110, 130)]
    {
        let (anonymous, known) = (tenths_a_seat(sizes, false), tenths_a_seat(sizes, true));
        table += &format!("{parties:>10}  {anonymous:>12}  {known:>13}\n");
        assert!(anonymous <= anonymous_max && known <= known_max, "{table}");
    }
    println!("{table}");
}

#[test]
fn of_a_rush_the_holds_that_ended_last_are_remembered() {
    let plan = testing::stadium(100);
    let seat = plan.order()[0];
    let mut show = Show::new(ShowId(Uuid::from_u128(1)), plan);
    let turn = |show: &mut Show, command: &Command| {
        for event in show.decide(Timestamp(0), command).unwrap() {
            show.apply(Timestamp(0), &event, &mut Touched::default());
        }
    };
    turn(&mut show, &Command::Change(StateChange::Publish));
    let id = |number: usize| HoldId(Uuid::from_u128(number as u128));
    let hold = |number| {
        Command::Hold(HoldSeats {
            hold: id(number),
            origin: Origin { channel: Channel::Public, buyer: None, code: None },
            seats: vec![seat],
            best: None,
            areas: vec![],
            allocation: None,
            request: Some(1),
        })
    };
    let standing = REMEMBERED_HOLDS_MAX + 2;
    for number in 0..standing {
        turn(&mut show, &hold(number));
        turn(&mut show, &Command::ReleaseHold { hold: id(number) });
    }
    turn(&mut show, &hold(standing));
    assert_eq!(show.hold(id(0)), None, "the first made room for the last");
    assert_eq!(
        show.decide(Timestamp(0), &Command::ReleaseHold { hold: id(0) }),
        Err(Rejection::UnknownHold { hold: id(0) })
    );
    let state = |number| show.hold(id(number)).map(|view| view.state);
    assert_eq!(state(2), Some(HoldState::Released { at: Timestamp(0) }));
    assert_eq!(state(standing - 1), Some(HoldState::Released { at: Timestamp(0) }));
    assert!(matches!(state(standing), Some(HoldState::Open { .. })), "one that stands is never forgotten");
}
