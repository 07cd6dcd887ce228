//! Every step of every story goes wrong in every way, for every kind of method: the product is written out, played whole, and
//! counted.

use super::super::{OrderState, RefundStatus};
use super::scenes::act;
use super::world::{Fault, Trouble, World};
use crate::payments::MethodKind;

/// Stories of two shows at 10.00 each. Each act with its second.
const STORIES: [(&str, &str); 18] = [
    ("bought", "0 ordered; 9 buyer pays"),
    ("nobody pays", "0 ordered; 60 nothing; 181 nothing"),
    ("declined, then paid", "0 ordered; 5 buyer is_declined; 6 again; 9 buyer pays"),
    ("paid twice", "0 ordered; 9 buyer pays_twice"),
    ("given up, paid all the same", "0 ordered; 5 given_up; 9 buyer pays; 10 money of 8s"),
    ("late, and the seats are free", "0 ordered; 60 nothing; 190 money of 59s"),
    ("late, and the seats are gone", "0 ordered; 60 nothing; 182 somebody_holds 0; 190 money of 59s"),
    ("the show is cancelled", "0 ordered; 5 show_cancelled; 9 buyer pays"),
    ("captures fail", "0 ordered; 1 captures_fail; 9 buyer pays"),
    ("held and accepted", "0 rules_hold until 90s; 0 ordered; 9 buyer pays; 80 accepted"),
    ("held and refused", "0 rules_hold until 90s; 0 ordered; 9 buyer pays; 80 refused"),
    ("given back in part, then the rest", "0 ordered; 9 buyer pays; 20 given_back first keeping 350; 30 given_back"),
    ("kindness, then all of it back", "0 ordered; 9 buyer pays; 20 goodwill 300; 30 given_back all keeping 100"),
    ("refunds fail later", "0 ordered; 9 buyer pays; 20 given_back first; 25 refunds fail later; 30 goodwill 50"),
    (
        "partly by voucher, given back",
        "0 voucher 600; 0 ordered; 9 buyer pays; 20 given_back first keeping 350; 25 goodwill 900; 30 given_back",
    ),
    ("all by voucher, given back", "0 voucher 2000; 0 ordered; 20 given_back first keeping 100; 30 given_back"),
    ("partly by voucher, late", "0 voucher 600; 0 ordered; 60 nothing; 190 money of 59s"),
    (
        "by voucher, refunds fail later",
        "0 voucher 1500; 0 ordered; 9 buyer pays; 20 given_back all keeping 100; 25 refunds fail later",
    ),
];

/// What a provider's "cancelled" is worth, and how it takes the money.
const METHODS: [(MethodKind, bool); 4] = [
    (MethodKind::AuthoriseThenCapture, false),
    (MethodKind::AuthoriseThenCapture, true),
    (MethodKind::PaidAtOnce, false),
    (MethodKind::PaidAtOnce, true),
];

fn tell((kind, best_effort): (MethodKind, bool), story: &str, trouble: Trouble, seed: u64) -> World {
    let mut world = World::paid_by(kind, 2, 1000, trouble, seed);
    world.provider.best_effort = best_effort;
    let mut second = 0;
    for line in story.split(';').map(str::trim) {
        let (at, said) = line.split_once(' ').expect("a second and an act");
        second = at.parse().expect("a second");
        world.now = world.at(second);
        let words: Vec<&str> = said.split_whitespace().collect();
        if words[0] == "somebody_holds" {
            // Whoever comes for the seat may find it not free yet, where something went wrong before.
            let _ = world.hold(0, uuid::Uuid::from_u128(555), 0);
        } else {
            act(&mut world, &words);
        }
    }
    // Time goes on, all news come, staff look at what failed.
    world.now = world.at(second + 100_000);
    for _ in 0..3 {
        world.drive();
        world.news();
    }
    for _ in 0..3 {
        act(&mut world, &["staff", "try", "again"]);
        world.drive();
    }
    world
}

#[test]
fn whatever_step_goes_wrong_in_whatever_way_money_and_seats_agree() {
    let (mut played, mut steps) = (0_u32, 0_u64);
    for method in METHODS {
        for (name, story) in STORIES {
            let plain = tell(method, story, Trouble::default(), 1);
            plain.must_agree(&format!("{name} by {method:?}, plainly"));
            let effects = plain.effects;
            assert!(effects > 0, "{name}");
            steps += effects;
            for number in 1..=effects {
                for fault in Fault::ALL {
                    let trouble = Trouble { fault: Some((number, fault)), ..Trouble::default() };
                    let world = tell(method, story, trouble, number);
                    world.must_agree(&format!("{name} by {method:?}: {fault:?} at step {number}"));
                    played += 1;
                }
            }
        }
    }
    let (stories, methods, faults) = (STORIES.len(), METHODS.len(), Fault::ALL.len());
    println!(
        "{stories} stories by {methods} methods have {steps} steps; with {faults} faults at each {played} were played"
    );
    assert!(steps > 400, "only {steps} steps");
    assert_eq!(u64::from(played), steps * u64::try_from(faults).unwrap());
}

#[test]
fn the_stories_end_as_they_are_called() {
    let end = |name: &str, method| {
        let (_, story) = STORIES.into_iter().find(|(it, _)| *it == name).expect("a story");
        tell(method, story, Trouble::default(), 1)
    };
    for method in METHODS {
        let is = |name: &str, state: OrderState| {
            let world = end(name, method);
            assert_eq!(world.kept.state, state, "{name} by {method:?}: {:#?}", world.kept);
        };
        is("bought", OrderState::Confirmed);
        is("nobody pays", OrderState::Expired);
        is("declined, then paid", OrderState::Confirmed);
        is("paid twice", OrderState::Confirmed);
        is("given up, paid all the same", OrderState::Cancelled);
        is("late, and the seats are free", OrderState::Confirmed);
        is("late, and the seats are gone", OrderState::Expired);
        is("the show is cancelled", OrderState::Expired);
        is("given back in part, then the rest", OrderState::Refunded);
        is("kindness, then all of it back", OrderState::Refunded);
        is("refunds fail later", OrderState::PartiallyRefunded);
        is("partly by voucher, given back", OrderState::Refunded);
        is("all by voucher, given back", OrderState::Refunded);
        is("partly by voucher, late", OrderState::Expired);
        is("by voucher, refunds fail later", OrderState::Refunded);
        let owed = end("refunds fail later", method);
        assert!(owed.kept.refunds.iter().any(|refund| refund.status == RefundStatus::Again));
    }
    let at_once = (MethodKind::PaidAtOnce, false);
    assert_eq!(end("held and refused", at_once).kept.state, OrderState::Confirmed, "what moved at once is only marked");
    let set_aside = (MethodKind::AuthoriseThenCapture, false);
    assert_eq!(end("held and refused", set_aside).kept.state, OrderState::Expired);
    assert_eq!(end("captures fail", set_aside).kept.state, OrderState::Expired);
}
