//! Orders that are paid with a voucher: in part, wholly, given back, and never sold once they have ended.

use uuid::Uuid;

use super::super::{OrderState, RefundStatus, Way, WishRefused};
use super::scenes::{act, give_back_keeping};
use super::world::{Trouble, World, first_payment};

/// Two seats at 10.00, so much of them by voucher, confirmed.
fn confirmed(voucher: i64) -> World {
    let mut world = World::new(2, 1000, Trouble::default(), 7);
    world.add_voucher(voucher);
    act(&mut world, &["ordered"]);
    if voucher < 2000 {
        act(&mut world, &["buyer", "pays"]);
    }
    assert_eq!(world.kept.state, OrderState::Confirmed);
    world
}

/// What went back, and where: whether it was the payment's.
fn back(world: &World) -> Vec<(bool, i64, RefundStatus)> {
    let refunds = world.kept.refunds.iter();
    refunds.map(|refund| (refund.payment == first_payment(), refund.amount.amount, refund.status)).collect()
}

#[test]
fn what_a_voucher_pays_is_taken_from_what_the_house_owes_for_it() {
    let world = confirmed(600);
    assert_eq!((world.books["vouchers"], world.books["sales"], world.books["deposits"]), (600, -2000, 0));
    world.must_agree("sold");
    let world = confirmed(2000);
    assert_eq!((world.books["vouchers"], world.books["sales"]), (2000, -2000));
    assert!(world.kept.attempts.is_empty());
    assert_eq!(world.kept.left(), 2000);
}

#[test]
fn money_goes_back_to_the_payment_first_and_what_that_had_not_brought_onto_the_voucher() {
    let mut world = confirmed(600);
    act(&mut world, &["given_back", "first"]);
    assert_eq!(back(&world), [(true, 1000, RefundStatus::Succeeded)]);
    assert_eq!((world.kept.state, world.kept.left()), (OrderState::PartiallyRefunded, 1000));
    act(&mut world, &["given_back"]);
    assert_eq!(back(&world)[1..], [(true, 400, RefundStatus::Succeeded), (false, 600, RefundStatus::Succeeded)]);
    assert_eq!((world.kept.state, world.kept.left(), world.books["vouchers"]), (OrderState::Refunded, 0, 0));
    assert_eq!((world.books["sales"], world.books["deposits"]), (0, 0));
    world.must_agree("all back");
    assert_eq!(world.kept.clone().give_back(world.now, None, ""), Err(WishRefused::NothingToGiveBack));
}

#[test]
fn what_the_policy_keeps_is_kept_of_the_voucher_too() {
    let mut world = confirmed(1800);
    act(&mut world, &["given_back", "all", "keeping", "450"]);
    assert_eq!(back(&world), [(true, 200, RefundStatus::Succeeded), (false, 900, RefundStatus::Succeeded)]);
    assert_eq!((world.books["cancellation_fees"], world.books["vouchers"]), (-900, 900));
    world.must_agree("a part is kept");
    let mut world = confirmed(2000);
    act(&mut world, &["given_back", "all", "keeping", "1000"]);
    assert_eq!((world.kept.state, back(&world).len()), (OrderState::Refunded, 0), "all of it is kept");
    world.must_agree("all is kept");
}

#[test]
fn a_refund_that_the_provider_refuses_leaves_the_tickets_and_the_voucher_as_they_were() {
    let mut world = confirmed(600);
    act(&mut world, &["refunds_fail"]);
    act(&mut world, &["given_back"]);
    assert_eq!(back(&world), [(true, 1400, RefundStatus::Failed), (false, 600, RefundStatus::Failed)]);
    assert_eq!((world.kept.state, world.kept.left(), world.books["vouchers"]), (OrderState::Confirmed, 2000, 600));
    act(&mut world, &["refunds_work"]);
    act(&mut world, &["given_back"]);
    assert_eq!(back(&world)[2..], [(true, 1400, RefundStatus::Succeeded), (false, 600, RefundStatus::Succeeded)]);
    world.must_agree("refused once");
}

#[test]
fn while_the_provider_is_silent_nothing_is_on_the_voucher_yet() {
    let mut world = confirmed(600);
    act(&mut world, &["provider", "silent"]);
    act(&mut world, &["given_back"]);
    assert_eq!(back(&world), [(true, 1400, RefundStatus::Pending), (false, 600, RefundStatus::Pending)]);
    assert_eq!((world.kept.state, world.books["vouchers"]), (OrderState::Refunding, 600));
    act(&mut world, &["provider", "speaks"]);
    assert_eq!((world.kept.state, world.books["vouchers"]), (OrderState::Refunded, 0));
    world.must_agree("it has spoken");
}

#[test]
fn by_hand_only_what_the_payment_brought_is_handed_out() {
    let mut world = confirmed(600);
    act(&mut world, &["given_back", "by_hand"]);
    assert_eq!(back(&world), [(true, 1400, RefundStatus::ByHand), (false, 600, RefundStatus::Succeeded)]);
    assert_eq!((world.books["by_hand"], world.books["vouchers"]), (-1400, 0));
    world.must_agree("by hand");
}

#[test]
fn a_kindness_goes_onto_the_voucher_where_nothing_else_was_paid_and_once() {
    let mut world = confirmed(2000);
    for _ in 0..2 {
        act(&mut world, &["goodwill", "300"]);
        assert_eq!(back(&world), [(false, 300, RefundStatus::Succeeded)]);
    }
    let more = world.kept.clone().goodwill(world.now, Uuid::from_u128(9), 1701, &Way::Provider, "");
    assert_eq!(more, Err(WishRefused::TooMuch { left: 1700 }));
    act(&mut world, &["given_back"]);
    assert_eq!(back(&world)[1..], [(false, 1700, RefundStatus::Succeeded)]);
    world.must_agree("a kindness first");
}

#[test]
fn the_line_of_a_voucher_is_nothing_that_could_be_given_back_by_itself() {
    let world = confirmed(600);
    let voucher = world.kept.credits().next().unwrap().id;
    assert_eq!(world.kept.wanted_back(Some(&[voucher])), Err(WishRefused::NotItsLines));
    assert!(!world.kept.wanted_back(None).unwrap().contains(&voucher));
    let mut saga = world.kept.clone();
    give_back_keeping(&mut saga, world.now, None, 0, &Way::Provider).unwrap();
    assert!(saga.credits().all(|line| !line.giving_back));
}

#[test]
fn an_order_with_a_voucher_that_has_ended_is_never_sold_after_all() {
    for late in ["59s", "190s"] {
        let mut world = World::new(2, 1000, Trouble::default(), 7);
        world.add_voucher(600);
        act(&mut world, &["ordered"]);
        world.now = world.at(181);
        act(&mut world, &["nothing"]);
        assert_eq!(world.kept.state, OrderState::Expired);
        world.now = world.at(190);
        act(&mut world, &["money", "of", late]);
        assert_eq!(back(&world), [(true, 1400, RefundStatus::Succeeded)]);
        assert_eq!((world.kept.state, world.seats().as_str()), (OrderState::Expired, "aaa aaa"));
        world.must_agree("late");
    }
}
