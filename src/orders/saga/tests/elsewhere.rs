//! Refunds that somebody made at the provider: in any order, any number of times, before and after tickets go back.

use super::super::{OrderState, RefundStatus, Way, WishRefused};
use super::dice::Dice;
use super::scenes::act;
use super::world::{Trouble, World, euro, first_payment};
use crate::payments::{Report, What};
use crate::platform::money::Money;

/// An order of two shows at 10.00 each, paid.
fn paid() -> World {
    let mut world = World::new(2, 1000, Trouble::default(), 7);
    act(&mut world, &["ordered"]);
    act(&mut world, &["buyer", "pays"]);
    assert_eq!(world.kept.state, OrderState::Confirmed);
    world
}

fn hear(world: &mut World, refund: &str, failed: bool, amount: i64) {
    let report = Report {
        event_id: String::new(),
        payment: first_payment(),
        provider_ref: format!("{}/1", first_payment()),
        what: What::GivenBack { refund: refund.to_owned(), failed },
        at: world.at(100),
        amount: Money::new(amount, euro()),
        instrument: None,
    };
    let mut saga = world.kept.clone();
    saga.report(&report);
    world.keep(&saga);
    world.drive();
}

fn books(world: &World, account: &str) -> i64 {
    world.books.get(account).copied().unwrap_or(0)
}

#[test]
fn it_counts_against_what_may_go_back_and_takes_no_ticket() {
    let mut world = paid();
    hear(&mut world, "re_1", false, 1500);
    hear(&mut world, "re_1", false, 1500);
    assert_eq!((world.kept.left(), world.kept.state, world.seats().as_str()), (500, OrderState::Confirmed, "baa baa"));
    assert_eq!((books(&world, "refunded_elsewhere"), books(&world, "provider:sandbox")), (1500, 500));
    let mut saga = world.kept.clone();
    let wish = uuid::Uuid::from_u128(5);
    assert_eq!(saga.goodwill(world.now, wish, 501, &Way::Provider, ""), Err(WishRefused::TooMuch { left: 500 }));
    act(&mut world, &["given_back"]);
    let ours: Vec<i64> = world.provider.refunds.values().map(|(_, amount)| *amount).collect();
    assert_eq!((ours, world.seats().as_str(), world.kept.state), (vec![500], "aaa aaa", OrderState::Refunded));
    for account in ["refunded_elsewhere", "cancellation_fees", "provider:sandbox", "sales", "deposits"] {
        assert_eq!(books(&world, account), 0, "{account}");
    }
}

/// The same news in whatever order, with tickets going back somewhere between: the books say what is.
#[test]
fn it_is_learned_in_any_order() {
    let story = [("re_1", false, 700), ("re_1", true, 700), ("re_2", false, 500)];
    for seed in 0..300 {
        let mut dice = Dice::new(seed);
        let mut world = paid();
        let mut left: Vec<_> = story.iter().chain(&story).copied().map(Some).chain([None]).collect();
        while !left.is_empty() {
            let at = usize::try_from(dice.roll(left.len() as u64)).unwrap();
            match left.remove(at) {
                Some((refund, failed, amount)) => hear(&mut world, refund, failed, amount),
                None => act(&mut world, &["given_back"]),
            }
        }
        let elsewhere: Vec<_> = world.kept.refunds.iter().filter(|refund| refund.is_elsewhere()).collect();
        assert_eq!(elsewhere.len(), 2, "seed {seed}");
        let failed = elsewhere.iter().filter(|refund| refund.status == RefundStatus::Failed).count();
        assert_eq!((failed, world.kept.gone_elsewhere()), (1, 500), "seed {seed}");
        let ours: i64 = world.provider.refunds.values().map(|(_, amount)| amount).sum();
        let kept: i64 = world.kept.lines.iter().filter(|line| line.cancelled).map(|line| line.kept).sum();
        assert_eq!(books(&world, "provider:sandbox"), 2000 - 500 - ours, "seed {seed}");
        let settled = kept.min(500);
        assert_eq!(books(&world, "refunded_elsewhere"), 500 - settled, "seed {seed}");
        assert_eq!(books(&world, "cancellation_fees"), settled - kept, "seed {seed}");
        assert_eq!((books(&world, "sales"), books(&world, "deposits")), (0, 0), "seed {seed}");
        assert_eq!(ours + kept, 2000, "seed {seed}");
    }
}
