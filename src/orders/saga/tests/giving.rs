//! Giving back: with a part kept, as a kindness, by hand, and what staff do with refunds that failed.

use uuid::Uuid;

use super::super::{OrderState, RefundStatus, Way, WishRefused};
use super::scenes::{act, check, failed, play};
use super::world::{Trouble, World};

fn confirmed(shows: usize) -> World {
    let mut world = World::new(shows, 1000, Trouble::default(), 7);
    act(&mut world, &["ordered"]);
    act(&mut world, &["buyer", "pays"]);
    assert_eq!(world.kept.state, OrderState::Confirmed);
    world
}

#[test]
fn what_is_kept_of_a_ticket_stays_with_the_house_and_its_seat_returns() {
    check(
        2,
        1000,
        "0s ordered -> awaiting_payment haa haa
                    9s buyer pays -> confirmed baa baa
                   20s given_back first keeping 350 -> partially_refunded aaa baa
                   21s given_back first keeping 350 -> partially_refunded aaa baa
                   30s given_back all keeping 100 -> refunded aaa aaa",
    );
}

#[test]
fn a_ticket_of_which_all_is_kept_goes_back_without_a_refund() {
    let scene = "0s ordered -> awaiting_payment haa
                 9s buyer pays -> confirmed baa
                20s given_back all keeping 1000 -> refunded aaa";
    check(1, 1000, scene);
    let world = play(1, 1000, scene, Trouble::default());
    assert!(world.kept.refunds.is_empty());
    assert_eq!(world.books["cancellation_fees"], -1000);
}

#[test]
fn a_kindness_leaves_the_tickets_as_they_are_and_is_not_given_twice() {
    check(
        2,
        1000,
        "0s ordered -> awaiting_payment haa haa
                    9s buyer pays -> confirmed baa baa
                   20s goodwill 300 -> confirmed baa baa
                   21s goodwill 300 -> confirmed baa baa
                   22s goodwill 1701 -> confirmed baa baa
                   30s given_back first -> partially_refunded aaa baa
                   40s given_back -> refunded aaa aaa",
    );
    let mut world = confirmed(1);
    act(&mut world, &["goodwill", "300"]);
    assert_eq!(world.kept.left(), 700);
    let mut saga = world.kept.clone();
    let more = saga.goodwill(world.now, Uuid::from_u128(9), 701, &Way::Provider, "");
    assert_eq!(more, Err(WishRefused::TooMuch { left: 700 }));
    // All of it goes back: what the kindness had given is not there any more.
    act(&mut world, &["given_back"]);
    let amounts: Vec<i64> = world.kept.refunds.iter().map(|refund| refund.amount.amount).collect();
    assert_eq!((amounts, world.kept.state), (vec![300, 700], OrderState::Refunded));
    world.must_agree("a kindness first");
}

#[test]
fn tickets_may_go_back_for_money_that_the_house_hands_out_itself() {
    check(
        2,
        1000,
        "0s ordered -> awaiting_payment haa haa
                    9s buyer pays -> confirmed baa baa
                   15s refunds_fail -> confirmed baa baa
                   20s given_back by_hand -> refunded aaa aaa",
    );
}

#[test]
fn a_refund_that_fails_after_it_was_recorded_is_owed_until_staff_have_paid_it() {
    for (staff, status) in [("try again", RefundStatus::Again), ("pay themselves", RefundStatus::ByHand)] {
        let mut world = confirmed(1);
        act(&mut world, &["given_back", "first", "keeping", "100"]);
        act(&mut world, &["refunds", "fail", "later"]);
        assert_eq!((world.kept.state, world.books["refunds_due"]), (OrderState::Refunded, -900));
        assert_eq!(failed(&world.kept).len(), 1);
        assert_eq!(world.kept.left(), 100, "what is owed is not there to be given otherwise");
        let words: Vec<&str> = ["staff"].into_iter().chain(staff.split(' ')).collect();
        for _ in 0..2 {
            act(&mut world, &words);
        }
        assert_eq!((world.kept.refunds[0].status, failed(&world.kept).len()), (status, 0));
        world.must_agree(staff);
    }
}

#[test]
fn a_failed_kindness_is_tried_again_and_a_ticket_whose_refund_was_refused_is_given_back_again() {
    let mut world = confirmed(1);
    act(&mut world, &["refunds_fail"]);
    act(&mut world, &["goodwill", "200"]);
    act(&mut world, &["given_back"]);
    assert_eq!(world.kept.state, OrderState::Confirmed, "no money back, so the ticket stays");
    assert_eq!(failed(&world.kept).len(), 1, "the kindness; the ticket is good again");
    let of_tickets = world.kept.refunds[1].id;
    assert_eq!(world.kept.clone().refund_again(world.now, of_tickets), Err(WishRefused::NotFailed));
    act(&mut world, &["refunds_work"]);
    act(&mut world, &["staff", "try", "again"]);
    act(&mut world, &["given_back"]);
    assert_eq!(world.kept.state, OrderState::Refunded);
    world.must_agree("refused once");
}

#[test]
fn a_refusal_of_the_provider_forgets_what_was_to_be_kept() {
    let mut world = confirmed(2);
    act(&mut world, &["refunds_fail"]);
    act(&mut world, &["given_back", "first", "keeping", "400"]);
    assert!(world.kept.lines.iter().all(|line| line.kept == 0 && !line.giving_back));
    act(&mut world, &["refunds_work"]);
    act(&mut world, &["given_back", "first"]);
    let back: Vec<_> = world.kept.refunds.iter().map(|it| (it.amount.amount, it.status)).collect();
    assert_eq!(back, [(600, RefundStatus::Failed), (1000, RefundStatus::Succeeded)]);
    world.must_agree("first refused, then in full");
}

#[test]
fn a_failed_refund_whose_money_went_elsewhere_meanwhile_is_not_tried_again() {
    let mut world = confirmed(1);
    act(&mut world, &["refunds_fail"]);
    act(&mut world, &["goodwill", "600"]);
    act(&mut world, &["refunds_work"]);
    act(&mut world, &["given_back"]);
    let refused = world.kept.clone().refund_again(world.now, world.kept.refunds[0].id);
    assert_eq!(refused, Err(WishRefused::TooMuch { left: 0 }));
    assert_eq!(
        world.kept.clone().refunded_by_hand(world.kept.refunds[0].id, "cash"),
        Err(WishRefused::TooMuch { left: 0 })
    );
}
