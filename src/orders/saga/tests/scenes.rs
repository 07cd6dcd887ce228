//! Scenes that a house manager can read, each played plainly, with a crash at every step, with every step done twice, and
//! with answers lost; then scenes that chance writes.

use aisle_actors::core::{Command, HoldId, HoldState, SeatNo, StateChange};
use uuid::Uuid;

use super::super::{AttemptStatus, OrderState, RefundStatus, Saga, Step, Way, WishRefused};
use super::dice::Dice;
use super::world::{Trouble, World, first_payment};
use crate::payments::MethodKind;

/// Plays one scene. Each line: the second, what happens, and what the order and the seats of its shows are then.
pub fn play(shows: usize, amount: i64, scene: &str, trouble: Trouble) -> World {
    let mut world = World::new(shows, amount, trouble, 7);
    for line in scene.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (said, expected) = line.split_once("->").expect("a line says what is expected");
        let mut words = said.split_whitespace();
        let second = words.next().and_then(|at| at.strip_suffix('s')).and_then(|at| at.parse().ok());
        world.now = world.at(second.expect("a line begins with its second"));
        act(&mut world, &words.collect::<Vec<_>>());
        let mut expected = expected.split_whitespace();
        assert_eq!(Some(world.kept.state.word()), expected.next(), "{line} {trouble:?} {:#?}", world.kept);
        let seats = expected.collect::<Vec<_>>().join(" ");
        assert_eq!(world.seats(), seats, "{line} {trouble:?} {:#?}", world.kept);
    }
    world
}

pub fn act(world: &mut World, words: &[&str]) {
    match words {
        ["nothing" | "ordered"] => world.drive(),
        ["buyer", acts] => {
            world.buyer(newest(world), acts);
            world.news();
        }
        ["buyer", acts, "unheard"] => {
            world.buyer(newest(world), acts);
            world.drive();
        }
        ["money", "of", at] => {
            let at = at.strip_suffix('s').and_then(|at| at.parse().ok()).expect("a second");
            world.money_moved(first_payment(), world.at(at));
            world.news();
        }
        ["voucher", amount] => world.add_voucher(amount.parse().expect("minor units")),
        ["again"] => wish(world, |saga, now| {
            let kind = saga.attempts.first().map_or(MethodKind::AuthoriseThenCapture, |attempt| attempt.kind);
            let _ = saga.try_again(now, Uuid::from_u128(77), ("sandbox", "default", "card"), kind);
        }),
        ["given_up"] => wish(world, |saga, _| {
            let _ = saga.give_up();
        }),
        ["given_back"] => wish(world, |saga, now| {
            let _ = saga.give_back(now, None, "");
        }),
        ["given_back", "first"] => wish(world, |saga, now| {
            let first = saga.lines[0].id;
            let _ = saga.give_back(now, Some(&[first]), "");
        }),
        ["given_back", which, "keeping", kept] => {
            let kept: i64 = kept.parse().expect("minor units");
            wish(world, |saga, now| {
                let first = [saga.lines[0].id];
                let _ = give_back_keeping(saga, now, (*which == "first").then_some(&first[..]), kept, &Way::Provider);
            });
        }
        ["given_back", "by_hand"] => wish(world, |saga, now| {
            let _ = give_back_keeping(saga, now, None, 0, &Way::ByHand { note: "cash".to_owned() });
        }),
        ["goodwill", amount] => {
            let amount: i64 = amount.parse().expect("minor units");
            wish(world, |saga, now| {
                let _ =
                    saga.goodwill(now, Uuid::from_u128(amount.unsigned_abs().into()), amount, &Way::Provider, "sorry");
            });
        }
        ["refunds_work"] => world.provider.no_refund = false,
        ["staff", "try", "again"] => wish(world, |saga, now| {
            for id in failed(saga) {
                let _ = saga.refund_again(now, id);
            }
        }),
        ["staff", "pay", "themselves"] => wish(world, |saga, _| {
            for id in failed(saga) {
                let _ = saga.refunded_by_hand(id, "cash");
            }
        }),
        ["refunds", "fail", "later"] => world.refunds_fail_later(),
        ["somebody_holds", seat] => {
            let seat = seat.parse().expect("a seat's number");
            world.hold(0, Uuid::from_u128(555), seat).expect("the seat is free");
        }
        ["show_cancelled"] => {
            let cancel = StateChange::Cancel { reason: "fire".to_owned(), public_message: None };
            world.ask(0, &Command::Change(cancel)).expect("it can be cancelled");
        }
        ["captures_fail"] => world.provider.no_capture = true,
        ["refunds_fail"] => world.provider.no_refund = true,
        ["provider", "silent"] => world.provider.silent = true,
        ["provider", "speaks"] => {
            world.provider.silent = false;
            world.drive();
        }
        ["rules_hold", "until", at] => {
            let at = at.strip_suffix('s').and_then(|at| at.parse().ok()).expect("a second");
            world.rules = Some((true, at));
        }
        ["rules_mark"] => world.rules = Some((false, 0)),
        ["accepted"] => wish(world, |saga, now| {
            let _ = saga.decide(now, true, "");
        }),
        ["refused"] => wish(world, |saga, now| {
            let _ = saga.decide(now, false, "");
        }),
        ["bank_lets_go"] => {
            world.let_go();
            world.news();
        }
        ["bank_lets_go", "unheard"] => world.let_go(),
        other => panic!("nobody knows how to {other:?}"),
    }
}

/// Gives lines back, and so much of each ticket's price is kept.
pub fn give_back_keeping(
    saga: &mut Saga,
    now: jiff::Timestamp,
    lines: Option<&[Uuid]>,
    kept: i64,
    way: &Way,
) -> Result<(), WishRefused> {
    let wanted = saga.wanted_back(lines)?;
    let places = saga.lines.iter().filter(|line| wanted.contains(&line.id) && line.hold.is_some());
    let kept = places.map(|line| (line.id, kept.min(line.amount))).collect();
    let returning = saga.returning(&wanted, &kept);
    saga.give_back_as(now, &returning, way, "")
}

/// The refunds that wait for staff.
pub fn failed(saga: &Saga) -> Vec<Uuid> {
    saga.refunds.iter().filter(|refund| saga.waits_for_staff(refund)).map(|refund| refund.id).collect()
}

fn newest(world: &World) -> Uuid {
    world.kept.newest().expect("an attempt").id
}

pub fn wish(world: &mut World, wish: impl Fn(&mut Saga, jiff::Timestamp)) {
    let mut saga = world.kept.clone();
    wish(&mut saga, world.now);
    world.keep(&saga);
    world.drive();
}

/// Plays a scene in every way; in the end money, seats and books must agree.
pub fn check(shows: usize, amount: i64, scene: &str) {
    let agree = |trouble| play(shows, amount, scene, trouble).must_agree(scene);
    agree(Trouble::default());
    agree(Trouble { twice: true, ..Trouble::default() });
    for step in 1..90 {
        agree(Trouble { crash_at: Some(step), ..Trouble::default() });
        agree(Trouble { crash_at: Some(step), twice: true, ..Trouble::default() });
    }
    agree(Trouble { silent_one_in: Some(2), ..Trouble::default() });
}

#[test]
fn a_payment_in_time_becomes_tickets() {
    check(
        2,
        1000,
        "0s ordered -> awaiting_payment haa haa
                    9s buyer pays -> confirmed baa baa
                   99s nothing -> confirmed baa baa",
    );
}

#[test]
fn what_costs_nothing_is_confirmed_at_once() {
    check(2, 0, "0s ordered -> confirmed baa baa");
}

#[test]
fn nobody_pays_and_the_seats_return_at_pay_by() {
    check(
        2,
        1000,
        "0s ordered -> awaiting_payment haa haa
                   59s nothing -> awaiting_payment haa haa
                   60s nothing -> expired aaa aaa",
    );
}

#[test]
fn a_payment_at_the_last_moment_that_nobody_told_us_of_is_found_by_asking() {
    check(
        1,
        1000,
        "0s ordered -> awaiting_payment haa
                   59s buyer pays unheard -> confirmed baa",
    );
}

#[test]
fn after_a_decline_another_attempt_may_pay() {
    check(
        1,
        1000,
        "0s ordered -> awaiting_payment haa
                    5s buyer is_declined -> awaiting_payment haa
                    6s again -> awaiting_payment haa
                    9s buyer pays -> confirmed baa",
    );
}

#[test]
fn money_dated_before_pay_by_buys_seats_that_are_still_free() {
    check(
        2,
        1000,
        "0s ordered -> awaiting_payment haa haa
                   60s nothing -> expired aaa aaa
                   70s money of 59s -> confirmed baa baa",
    );
}

#[test]
fn money_dated_at_pay_by_goes_back() {
    check(
        1,
        1000,
        "0s ordered -> awaiting_payment haa
                   60s nothing -> expired aaa
                   70s money of 60s -> expired aaa",
    );
}

#[test]
fn money_for_seats_that_somebody_else_has_goes_back_whole() {
    check(
        2,
        1000,
        "0s ordered -> awaiting_payment haa haa
                   60s nothing -> expired aaa aaa
                   65s somebody_holds 0 -> expired haa aaa
                   70s money of 59s -> expired haa aaa",
    );
}

#[test]
fn who_pays_twice_gets_one_payment_back() {
    check(
        1,
        1000,
        "0s ordered -> awaiting_payment haa
                    9s buyer pays_twice -> confirmed baa",
    );
}

#[test]
fn a_failed_capture_undoes_the_booking() {
    check(
        2,
        1000,
        "0s ordered -> awaiting_payment haa haa
                    1s captures_fail -> awaiting_payment haa haa
                    9s buyer pays -> expired aaa aaa",
    );
}

#[test]
fn a_cancelled_show_sells_nothing_and_lets_the_amount_go() {
    check(
        1,
        1000,
        "0s ordered -> awaiting_payment haa
                    5s show_cancelled -> awaiting_payment haa
                    9s buyer pays -> expired aaa",
    );
}

#[test]
fn who_gives_the_payment_up_has_the_hold_again_and_late_money_goes_back() {
    check(
        2,
        1000,
        "0s ordered -> awaiting_payment haa haa
                    5s given_up -> cancelled haa haa
                    9s money of 8s -> cancelled haa haa",
    );
}

#[test]
fn tickets_given_back_bring_money_and_seats_back() {
    check(
        2,
        1000,
        "0s ordered -> awaiting_payment haa haa
                    9s buyer pays -> confirmed baa baa
                   20s given_back first -> partially_refunded aaa baa
                   21s given_back first -> partially_refunded aaa baa
                   30s given_back -> refunded aaa aaa",
    );
    check(
        1,
        0,
        "0s ordered -> confirmed baa
                 5s given_back -> cancelled aaa",
    );
}

#[test]
fn a_silent_provider_is_borne_for_its_grace_and_then_the_seats_return() {
    check(
        1,
        1000,
        "0s ordered -> awaiting_payment haa
                    5s provider silent -> awaiting_payment haa
                  179s nothing -> awaiting_payment haa
                  180s nothing -> expired aaa
                  300s provider speaks -> expired aaa",
    );
}

#[test]
fn a_refund_that_is_refused_leaves_the_tickets_valid() {
    let world = play(
        1,
        1000,
        "0s ordered -> awaiting_payment haa
         9s buyer pays -> confirmed baa
        10s refunds_fail -> confirmed baa
        20s given_back -> confirmed baa",
        Trouble::default(),
    );
    assert_eq!(world.kept.refunds[0].status, RefundStatus::Failed);
    assert!(world.kept.lines.iter().all(|line| !line.cancelled && !line.giving_back));
}

#[test]
fn a_fee_can_be_given_back_when_no_ticket_is_left() {
    let mut world = World::new(1, 1000, Trouble::default(), 7);
    world.add_fee(150);
    act(&mut world, &["ordered"]);
    act(&mut world, &["buyer", "pays"]);
    act(&mut world, &["given_back", "first"]);
    assert_eq!(world.kept.state, OrderState::PartiallyRefunded);
    act(&mut world, &["given_back"]);
    assert_eq!(world.kept.state, OrderState::Refunded, "{:#?}", world.kept);
    world.must_agree("a fee");
}

#[test]
fn what_could_not_be_captured_is_let_go_of_without_being_told() {
    let mut world = World::new(1, 1000, Trouble::default(), 7);
    act(&mut world, &["ordered"]);
    act(&mut world, &["captures_fail"]);
    act(&mut world, &["buyer", "pays", "unheard"]);
    world.hear_once();
    assert_eq!(world.kept.state, OrderState::Expired);
    world.must_agree("a failed capture");
}

#[test]
fn a_closed_payment_is_not_looked_up_any_more() {
    let mut world = World::new(1, 1000, Trouble::default(), 7);
    act(&mut world, &["ordered"]);
    act(&mut world, &["given_up"]);
    let saga = &mut world.kept;
    assert_eq!(saga.attempts[0].status, AttemptStatus::Cancelled);
    saga.attempts[0].next_check_at = Some(world.now);
    assert_eq!(saga.next(world.now), Step::Rest { until: None });
}

/// Chance writes the scene: whatever happens in whatever order, captured money ends in tickets or goes back once.
#[test]
fn whatever_happens_money_and_seats_agree() {
    for seed in 0..2_000 {
        let mut dice = Dice::new(seed);
        let trouble = Trouble {
            crash_at: (dice.roll(2) == 0).then(|| dice.roll(60) + 1),
            twice: dice.roll(3) == 0,
            silent_one_in: (dice.roll(3) == 0).then(|| 2 + dice.roll(4)),
            ..Trouble::default()
        };
        let mut world = World::new(1 + usize::try_from(dice.roll(3)).unwrap(), 1000, trouble, seed);
        let mut story = format!("seed {seed} {trouble:?}:");
        let mut second = 0;
        for _ in 0..12 {
            second += i64::try_from(dice.roll(25)).unwrap();
            world.now = world.at(second);
            let acts: &[&str] = match dice.roll(15) {
                0 | 1 => &["nothing"],
                2 | 3 => &["buyer", "pays"],
                4 => &["buyer", "pays", "unheard"],
                5 => &["buyer", "is_declined"],
                6 => &["buyer", "pays_twice"],
                7 => &["again"],
                8 => &["given_up"],
                9 if dice.roll(2) == 0 => &["given_back"],
                9 => &["given_back", "first"],
                11 => &["given_back", "first", "keeping", "350"],
                12 => &["given_back", "all", "keeping", "999"],
                13 => &["goodwill", "120"],
                14 => &["refunds", "fail", "later"],
                _ => &["money", "of", "30s"],
            };
            story.push_str(&format!(" {second}s {}", acts.join(" ")));
            act(&mut world, acts);
        }
        world.now = world.at(second + 1_000);
        for _ in 0..10 {
            world.drive();
            world.news();
        }
        act(&mut world, &["staff", "try", "again"]);
        world.must_agree(&story);
    }
}

/// Its buyer took another seat in a second window just before the order came.
#[test]
fn a_hold_that_changed_since_it_was_priced_is_given_back_and_the_same_wish_is_judged_anew() {
    let mut world = World::new(1, 1000, Trouble::default(), 7);
    let hold = world.kept.parts[0].hold;
    world
        .ask(0, &Command::ChangeHold { hold: HoldId(hold), add: vec![SeatNo(1)], remove: vec![], areas: vec![] })
        .unwrap();
    world.drive();
    assert_eq!((world.kept.state, world.kept.was_refused()), (OrderState::Cancelled, true), "{:#?}", world.kept);
    assert!(world.shows[0].hold(HoldId(hold)).is_some_and(|view| matches!(view.state, HoldState::Open { .. })));
    assert_eq!(world.seats(), "hha", "and the buyer has what they chose");
}
