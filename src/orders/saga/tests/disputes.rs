//! Claims of buyers' banks: in any order, any number of times, with refunds on their way.

use super::super::{Admission, OrderState, RefundStatus, WishRefused};
use super::dice::Dice;
use super::scenes::act;
use super::world::{Trouble, World, euro, first_payment};
use crate::payments::{DisputeState, Report, What};
use crate::platform::money::Money;

/// An order of two shows at 10.00 each, paid.
fn paid() -> World {
    let mut world = World::new(2, 1000, Trouble::default(), 7);
    act(&mut world, &["ordered"]);
    act(&mut world, &["buyer", "pays"]);
    assert_eq!(world.kept.state, OrderState::Confirmed);
    world
}

fn claim(world: &World, state: DisputeState, at: i64, amount: i64) -> Report {
    Report {
        event_id: String::new(),
        payment: first_payment(),
        provider_ref: format!("{}/1", first_payment()),
        what: What::Disputed { dispute: "dp_1".to_owned(), state, taken: true, fee: 15 },
        at: world.at(at),
        amount: Money::new(amount, euro()),
        instrument: None,
    }
}

pub fn hear(world: &mut World, state: DisputeState, at: i64, amount: i64) {
    let report = claim(world, state, at, amount);
    let mut saga = world.kept.clone();
    saga.report(&report);
    world.keep(&saga);
    world.drive();
}

fn books(world: &World, account: &str) -> i64 {
    world.books.get(account).copied().unwrap_or(0)
}

fn admissions(world: &World) -> Vec<Admission> {
    world.kept.lines.iter().map(|line| world.kept.admission(line)).collect()
}

#[test]
fn an_open_claim_marks_the_order_or_suspends_its_tickets_as_the_house_wishes() {
    for (suspend, expected) in [(false, Admission::Valid), (true, Admission::Suspended)] {
        let mut world = paid();
        world.kept.disputes.suspend = suspend;
        hear(&mut world, DisputeState::Opened, 100, 2000);
        assert_eq!(admissions(&world), [expected; 2]);
        // The house changes its mind: that is for other claims.
        world.kept.disputes.suspend = !suspend;
        hear(&mut world, DisputeState::Opened, 100, 2000);
        assert_eq!(admissions(&world), [expected; 2]);
        assert_eq!((books(&world, "disputed"), books(&world, "provider:sandbox")), (2000, -15));
        assert_eq!(books(&world, "provider_fees"), 15);
        hear(&mut world, DisputeState::Won, 200, 2000);
        assert_eq!(admissions(&world), [Admission::Valid; 2]);
        assert_eq!((books(&world, "disputed"), books(&world, "provider:sandbox")), (0, 1985));
    }
}

#[test]
fn a_lost_claim_revokes_the_tickets_and_is_a_loss_and_the_seats_stay_booked() {
    let mut world = paid();
    hear(&mut world, DisputeState::Opened, 100, 2000);
    hear(&mut world, DisputeState::Lost, 200, 2000);
    assert_eq!(admissions(&world), [Admission::Revoked; 2]);
    assert_eq!((books(&world, "chargebacks"), books(&world, "disputed")), (2000, 0));
    assert_eq!(books(&world, "provider:sandbox"), -15);
    assert_eq!(world.seats(), "baa baa");
    // Staff put the seats on sale again: nothing is refunded, because the bank has done that.
    act(&mut world, &["given_back"]);
    assert_eq!((world.seats().as_str(), world.kept.state), ("aaa aaa", OrderState::Refunded));
    assert!(world.kept.refunds.is_empty() && world.provider.refunds.is_empty());
    // The bank thinks again; the places are gone, so the tickets stay what they are.
    hear(&mut world, DisputeState::Won, 300, 2000);
    assert_eq!(admissions(&world), [Admission::Revoked; 2]);
    assert_eq!((books(&world, "chargebacks"), books(&world, "provider:sandbox")), (0, 1985));
}

#[test]
fn nothing_is_refunded_while_a_bank_has_the_money() {
    let mut world = paid();
    hear(&mut world, DisputeState::Opened, 100, 2000);
    let mut saga = world.kept.clone();
    assert_eq!(saga.give_back(world.now, None, ""), Err(WishRefused::Disputed));
    assert_eq!(saga, world.kept);
    hear(&mut world, DisputeState::Won, 200, 2000);
    act(&mut world, &["given_back"]);
    assert_eq!(world.kept.state, OrderState::Refunded);
    assert_eq!(books(&world, "provider:sandbox"), -15);
}

#[test]
fn a_refund_on_its_way_waits_for_the_bank() {
    for (verdict, refunded) in [(DisputeState::Won, true), (DisputeState::Lost, false)] {
        let mut world = paid();
        act(&mut world, &["provider", "silent"]);
        act(&mut world, &["given_back"]);
        assert_eq!(world.kept.refunds[0].status, RefundStatus::Pending);
        hear(&mut world, DisputeState::Opened, 100, 2000);
        act(&mut world, &["provider", "speaks"]);
        assert!(world.provider.refunds.is_empty(), "it would go back twice");
        assert_eq!((world.kept.state, world.seats().as_str()), (OrderState::Refunding, "baa baa"));
        hear(&mut world, verdict, 200, 2000);
        let status = if refunded { RefundStatus::Succeeded } else { RefundStatus::Failed };
        assert_eq!(world.kept.refunds[0].status, status);
        assert_eq!(world.provider.refunds.len(), usize::from(refunded));
        let (state, seats) =
            if refunded { (OrderState::Refunded, "aaa aaa") } else { (OrderState::Confirmed, "baa baa") };
        assert_eq!((world.kept.state, world.seats().as_str()), (state, seats));
        assert_eq!(books(&world, "provider:sandbox"), -15);
    }
}

#[test]
fn a_claim_against_a_second_payment_touches_no_ticket_and_is_what_we_owed() {
    let mut world = World::new(1, 1000, Trouble::default(), 7);
    act(&mut world, &["ordered"]);
    world.provider.no_refund = true;
    act(&mut world, &["buyer", "pays_twice"]);
    let mut report = claim(&world, DisputeState::Opened, 100, 1000);
    report.provider_ref = format!("{}/2", first_payment());
    let mut saga = world.kept.clone();
    saga.disputes.suspend = true;
    saga.report(&report);
    report.what = What::Disputed { dispute: "dp_1".to_owned(), state: DisputeState::Lost, taken: true, fee: 15 };
    saga.report(&report);
    world.keep(&saga);
    world.drive();
    assert_eq!(admissions(&world), [Admission::Valid]);
    assert_eq!((books(&world, "deposits"), books(&world, "chargebacks")), (0, 0));
    assert_eq!(books(&world, "provider:sandbox"), 1000 - 15);
}

#[test]
fn a_part_of_the_payment_can_be_lost_and_the_rest_refunded() {
    let mut world = paid();
    hear(&mut world, DisputeState::Lost, 200, 501);
    assert_eq!(books(&world, "chargebacks"), 501);
    act(&mut world, &["given_back"]);
    assert_eq!(world.kept.refunds[0].amount.amount, 1499);
    assert_eq!((world.kept.state, books(&world, "provider:sandbox")), (OrderState::Refunded, -15));
}

/// The same news in whatever order, whatever of it twice: the same claim, tickets and books in the end.
#[test]
fn claims_are_learned_in_any_order() {
    let story =
        [(DisputeState::Opened, 100), (DisputeState::Lost, 200), (DisputeState::Won, 300), (DisputeState::Opened, 250)];
    for seed in 0..300 {
        let mut dice = Dice::new(seed);
        let mut world = paid();
        let mut left: Vec<_> = story.iter().chain(&story).copied().collect();
        while !left.is_empty() {
            let at = usize::try_from(dice.roll(left.len() as u64)).unwrap();
            let (state, second) = left.remove(at);
            hear(&mut world, state, second, 2000);
        }
        let claim = &world.kept.disputes.claims[0];
        assert_eq!(world.kept.disputes.claims.len(), 1, "seed {seed}");
        assert_eq!((claim.state, claim.decided_at), (DisputeState::Won, Some(world.at(300))), "seed {seed}");
        assert_eq!(claim.opened_at, world.at(100), "seed {seed}");
        assert_eq!(admissions(&world), [Admission::Valid; 2], "seed {seed}");
        let sums = ["disputed", "chargebacks", "provider_fees", "provider:sandbox", "deposits"];
        assert_eq!(sums.map(|account| books(&world, account)), [0, 0, 15, 1985, 0], "seed {seed}");
    }
}
