//! Orders that the house looks at before it takes the money, each scene played in every way that orders are.

use aisle_actors::core::{Command, HoldId, Rejection};
use uuid::Uuid;

use super::super::{Effect, OrderState, Outcome, ReviewState, Step, WishRefused, ends_unsold};
use super::dice::Dice;
use super::scenes::{act, check, play};
use super::world::{Trouble, World};
use crate::platform::time::to_core;

#[test]
fn who_is_accepted_has_bought_by_the_time_of_payment() {
    check(
        2,
        1000,
        "0s rules_hold until 90s -> awaiting_payment haa haa
                    0s ordered -> awaiting_payment haa haa
                   59s buyer pays -> in_review haa haa
                   70s nothing -> in_review haa haa
                   80s accepted -> confirmed baa baa
                   81s accepted -> confirmed baa baa
                   82s refused -> confirmed baa baa
                   99s nothing -> confirmed baa baa",
    );
}

#[test]
fn who_waits_for_a_look_that_nobody_has_time_for_hears_that_it_has_ended() {
    let order = |state, review: ReviewState| {
        let mut saga = World::new(1, 1000, Trouble::default(), 7).kept;
        (saga.state, saga.review.state) = (state, review);
        saga.review.by = (review != ReviewState::Unjudged).then_some(jiff::Timestamp::UNIX_EPOCH);
        saga
    };
    use OrderState::{AwaitingPayment, Confirmed, Expired, InReview};
    use ReviewState::{Accepted, Flagged, Lapsed, Unjudged, Wanted};
    for (before, after, hears) in [
        ((InReview, Wanted), (Expired, Lapsed), true),
        ((AwaitingPayment, Unjudged), (Expired, Lapsed), true),
        // It had ended for want of a payment, and news of it came past the time for a look.
        ((Expired, Unjudged), (Expired, Lapsed), true),
        ((Expired, Lapsed), (Expired, Lapsed), false),
        ((AwaitingPayment, Unjudged), (Expired, Unjudged), false),
        ((AwaitingPayment, Unjudged), (Expired, Flagged), false),
        ((InReview, Wanted), (Confirmed, Accepted), false),
    ] {
        let told = ends_unsold(&order(before.0, before.1), &order(after.0, after.1));
        assert_eq!(told, hears, "{before:?} to {after:?}");
    }
}

#[test]
fn who_is_refused_keeps_the_money_and_the_seats_are_free() {
    check(
        2,
        1000,
        "0s rules_hold until 90s -> awaiting_payment haa haa
                    0s ordered -> awaiting_payment haa haa
                    9s buyer pays -> in_review haa haa
                   80s refused -> expired aaa aaa
                   81s refused -> expired aaa aaa
                   82s accepted -> expired aaa aaa
                   83s buyer pays -> expired aaa aaa",
    );
}

#[test]
fn an_order_on_which_nobody_decides_is_refused_by_itself() {
    check(
        1,
        1000,
        "0s rules_hold until 90s -> awaiting_payment haa
                    0s ordered -> awaiting_payment haa
                    9s buyer pays -> in_review haa
                   89s nothing -> in_review haa
                   90s nothing -> expired aaa
                   91s accepted -> expired aaa",
    );
}

#[test]
fn a_decision_at_the_very_moment_of_its_end_is_too_late() {
    let scene = |decided: &str| {
        format!(
            "0s rules_hold until 90s -> awaiting_payment haa
             0s ordered -> awaiting_payment haa
             9s buyer pays -> in_review haa
             {decided}"
        )
    };
    check(1, 1000, &scene("90s accepted -> expired aaa"));
    check(1, 1000, &scene("89s accepted -> confirmed baa"));
}

#[test]
fn what_the_bank_lets_go_of_meanwhile_ends_the_order() {
    check(
        2,
        1000,
        "0s rules_hold until 90s -> awaiting_payment haa haa
                    0s ordered -> awaiting_payment haa haa
                    9s buyer pays -> in_review haa haa
                   30s bank_lets_go -> expired aaa aaa
                   31s accepted -> expired aaa aaa",
    );
    // Nobody was told: it shows when the money is to be taken.
    check(
        2,
        1000,
        "0s rules_hold until 90s -> awaiting_payment haa haa
                    0s ordered -> awaiting_payment haa haa
                    9s buyer pays -> in_review haa haa
                   30s bank_lets_go unheard -> in_review haa haa
                   31s accepted -> expired aaa aaa",
    );
}

/// Whoever booked them never heard so, and nobody goes on until the show has forgotten the hold, or nearly.
#[test]
fn seats_booked_for_an_amount_that_the_bank_let_go_of_come_back_though_the_hold_is_forgotten() {
    for second in [9 + 599, 9 + 600] {
        let mut world = World::new(1, 1000, Trouble::default(), 7);
        act(&mut world, &["rules_hold", "until", "90s"]);
        act(&mut world, &["ordered"]);
        world.now = world.at(9);
        act(&mut world, &["buyer", "pays"]);
        let mut saga = world.kept.clone();
        saga.decide(world.now, true, "").unwrap();
        let Step::Do(book @ Effect::Book { hold }) = saga.next(world.now) else { panic!("not booked: {saga:#?}") };
        world.keep(&saga);
        world.perform(&saga, &book);
        assert_eq!(world.seats(), "baa");

        world.now = world.at(second);
        let remembered = world.shows[0].decide(to_core(world.now), &Command::ReleaseHold { hold: HoldId(hold) });
        let expected =
            if second < 9 + 600 { Rejection::HoldNotOpen } else { Rejection::UnknownHold { hold: HoldId(hold) } };
        assert_eq!(remembered, Err(expected), "{second}s");
        act(&mut world, &["bank_lets_go"]);
        assert_eq!((world.kept.state, world.seats().as_str()), (OrderState::Expired, "aaa"), "{second}s");
        // And who books them only now comes too late.
        assert_eq!(world.perform(&saga, &book), Outcome::Refused(Rejection::BookingCancelled));
        world.must_agree("a booking whose answer was lost");
    }
}

#[test]
fn a_buyer_who_gives_up_meanwhile_has_the_hold_again() {
    check(
        2,
        1000,
        "0s rules_hold until 90s -> awaiting_payment haa haa
                    0s ordered -> awaiting_payment haa haa
                    9s buyer pays -> in_review haa haa
                   20s given_up -> cancelled haa haa
                   21s given_up -> cancelled haa haa
                   22s accepted -> cancelled haa haa",
    );
}

#[test]
fn a_show_that_is_cancelled_meanwhile_sells_nothing_to_who_is_accepted() {
    check(
        1,
        1000,
        "0s rules_hold until 90s -> awaiting_payment haa
                    0s ordered -> awaiting_payment haa
                    9s buyer pays -> in_review haa
                   20s show_cancelled -> in_review haa
                   30s accepted -> expired aaa",
    );
}

#[test]
fn money_that_moved_at_once_is_sold_for_and_only_marked() {
    let scene = "0s rules_hold until 90s -> awaiting_payment haa
                    0s ordered -> awaiting_payment haa
                    9s money of 9s -> confirmed baa";
    check(1, 1000, scene);
    assert_eq!(play(1, 1000, scene, Trouble::default()).kept.review.state, ReviewState::Flagged);
}

#[test]
fn a_second_payment_that_moved_at_once_ends_the_look_at_the_first() {
    check(
        1,
        1000,
        "0s rules_hold until 90s -> awaiting_payment haa
                    0s ordered -> awaiting_payment haa
                    9s buyer pays_twice -> confirmed baa",
    );
}

#[test]
fn what_is_only_marked_is_sold_and_what_costs_nothing_is_not_even_judged() {
    let scene = "0s rules_mark -> awaiting_payment haa
                    0s ordered -> awaiting_payment haa
                    9s buyer pays -> confirmed baa";
    check(1, 1000, scene);
    assert_eq!(play(1, 1000, scene, Trouble::default()).kept.review.state, ReviewState::Flagged);
    let free = "0s rules_hold until 90s -> awaiting_payment haa
                   0s ordered -> confirmed baa";
    check(1, 0, free);
    assert_eq!(play(1, 0, free, Trouble::default()).kept.review.state, ReviewState::Unjudged);
}

#[test]
fn the_first_verdict_stays() {
    let mut world = World::new(1, 1000, Trouble::default(), 7);
    act(&mut world, &["rules_hold", "until", "90s"]);
    act(&mut world, &["ordered"]);
    act(&mut world, &["buyer", "pays"]);
    let held = world.kept.clone();
    world.rules = None;
    act(&mut world, &["nothing"]);
    assert_eq!((world.kept.state, &world.kept.review), (OrderState::InReview, &held.review));
}

#[test]
fn who_decides_second_is_told_that_it_was_decided() {
    let mut world = World::new(1, 1000, Trouble::default(), 7);
    act(&mut world, &["rules_hold", "until", "90s"]);
    act(&mut world, &["ordered"]);
    assert_eq!(world.kept.clone().decide(world.now, true, ""), Err(WishRefused::Decided), "nobody asked");
    act(&mut world, &["buyer", "pays"]);
    let mut both = world.kept.clone();
    both.decide(world.now, true, "They are known here.").unwrap();
    let once = both.clone();
    both.decide(world.now, true, "Another reason.").unwrap();
    assert_eq!(both, once, "the same decision again changes nothing");
    assert_eq!(both.decide(world.now, false, ""), Err(WishRefused::Decided));
    assert_eq!(
        both.try_again(world.now, Uuid::from_u128(5), ("sandbox", "default", "card"), once.attempts[0].kind),
        Err(WishRefused::NotOpen)
    );
}

/// Chance writes the scene: whoever decides what and when, captured money ends in tickets or goes back once.
#[test]
fn whatever_is_decided_money_and_seats_agree() {
    let mut ended = std::collections::BTreeMap::new();
    for seed in 0..2_000 {
        let mut dice = Dice::new(seed);
        let trouble = Trouble {
            crash_at: (dice.roll(2) == 0).then(|| dice.roll(60) + 1),
            twice: dice.roll(3) == 0,
            silent_one_in: (dice.roll(3) == 0).then(|| 2 + dice.roll(4)),
            ..Trouble::default()
        };
        let mut world = World::new(1 + usize::try_from(dice.roll(3)).unwrap(), 1000, trouble, seed);
        world.rules = Some((dice.roll(4) > 0, 40 + i64::try_from(dice.roll(100)).unwrap()));
        let mut story = format!("seed {seed} {trouble:?} {:?}:", world.rules);
        let mut second = 0;
        for _ in 0..12 {
            second += i64::try_from(dice.roll(20)).unwrap();
            world.now = world.at(second);
            let acts: &[&str] = match dice.roll(14) {
                0 | 1 => &["nothing"],
                2..=4 => &["buyer", "pays"],
                5 => &["buyer", "pays", "unheard"],
                6 => &["buyer", "pays_twice"],
                7 => &["again"],
                8 => &["given_up"],
                9 => &["given_back"],
                10 => &["accepted"],
                11 => &["refused"],
                12 if dice.roll(2) == 0 => &["bank_lets_go"],
                12 => &["bank_lets_go", "unheard"],
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
        assert_ne!(world.kept.state, OrderState::InReview, "{story}");
        world.must_agree(&story);
        *ended.entry(world.kept.review.state.word()).or_insert(0) += 1;
    }
    for state in ["flagged", "accepted", "refused", "lapsed", "withdrawn", "let_go"] {
        assert!(ended.contains_key(state), "never seen: {state} in {ended:?}");
    }
}
