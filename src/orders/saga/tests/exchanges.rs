//! Orders that are paid with tickets of another: dearer, cheaper, never paid, given back; and each step of it going wrong in every
//! way. The order's own provider and shows are those of the one whose tickets are given.

use uuid::Uuid;

use super::super::{ExchangeState, OrderState, RefundStatus, Way, WishRefused};
use super::disputes::hear;
use super::scenes::act;
use super::world::{Fault, Trouble, World};
use crate::payments::{DisputeState, MethodKind};

/// Two seats of two shows at 10.00 each, which are given for others. `old` is about the order whose tickets are given; all else,
/// once there is another order, about that.
const STORIES: [(&str, &str); 16] = [
    ("dearer", "0 ordered; 9 buyer pays; 20 exchange all at 1500; 20 ordered; 29 buyer pays"),
    ("for the same price", "0 ordered; 9 buyer pays; 20 exchange all at 1000; 20 ordered"),
    ("cheaper", "0 ordered; 9 buyer pays; 20 exchange all at 600; 20 ordered"),
    ("for nothing", "0 ordered; 9 buyer pays; 20 exchange all at 0; 20 ordered"),
    ("one of two", "0 ordered; 9 buyer pays; 20 exchange first at 1500; 20 ordered; 29 buyer pays; 40 old given_back"),
    ("a fee is kept", "0 ordered; 9 buyer pays; 20 exchange all at 1500 keeping 150; 20 ordered; 29 buyer pays"),
    ("nobody pays", "0 ordered; 9 buyer pays; 20 exchange all at 1500; 20 ordered; 200 nothing; 210 old given_back"),
    (
        "paid too late",
        "0 ordered; 9 buyer pays; 20 exchange all at 1500; 20 ordered; 200 nothing; 210 late money of 75s",
    ),
    (
        "given up, and for others",
        "0 ordered; 9 buyer pays; 20 exchange all at 1500; 20 ordered; 25 given_up; 30 again for 700",
    ),
    ("captures fail", "0 ordered; 9 buyer pays; 20 exchange all at 1500; 20 ordered; 21 captures_fail; 29 buyer pays"),
    (
        "given back in part, then the rest",
        "0 ordered; 9 buyer pays; 20 exchange all at 1500; 20 ordered; 29 buyer pays; 40 given_back first keeping 100; 50 given_back",
    ),
    (
        "cheaper, then given back",
        "0 ordered; 9 buyer pays; 20 exchange all at 600; 20 ordered; 40 given_back all keeping 100",
    ),
    (
        "cheaper, and refunds fail later",
        "0 ordered; 9 buyer pays; 20 exchange all at 600; 20 ordered; 40 old refunds fail later; 50 given_back first",
    ),
    (
        "what a voucher had paid",
        "0 voucher 1500; 0 ordered; 9 buyer pays; 20 exchange all at 600; 20 ordered; 40 given_back all keeping 100",
    ),
    (
        "all by voucher, and a kindness",
        "0 voucher 2000; 0 ordered; 15 goodwill 300; 20 exchange all at 1000; 20 ordered; 29 buyer pays; 40 goodwill 200; 50 given_back",
    ),
    (
        "somebody wants them back meanwhile",
        "0 ordered; 9 buyer pays; 20 exchange first at 1500; 20 ordered; 22 old given_back; 23 old goodwill 1001; 29 buyer pays",
    ),
];

const METHODS: [(MethodKind, bool); 2] = [(MethodKind::AuthoriseThenCapture, false), (MethodKind::PaidAtOnce, true)];

fn happens(world: &mut World, words: &[&str]) {
    let there = world.beside.is_some();
    match words {
        ["exchange", which, "at", price] => world.exchange(1, *which == "first", price.parse().unwrap(), 0),
        ["exchange", _, "at", price, "keeping", kept] => {
            world.exchange(1, false, price.parse().unwrap(), kept.parse().unwrap());
        }
        // The same tickets once more, for seats that nobody has.
        ["again", "for", price] if there => {
            world.swap();
            world.beside = None;
            world.exchange(2, false, price.parse().unwrap(), 0);
            world.drive();
        }
        ["late", "money", "of", at] if there => {
            let at = at.strip_suffix('s').and_then(|at| at.parse().ok()).unwrap();
            let payment = world.kept.attempts[0].id;
            world.money_moved(payment, world.at(at));
            world.news();
        }
        ["old", acts @ ..] if there => {
            world.swap();
            act(world, acts);
            world.swap();
        }
        // Where the tickets could not be given, because something had gone wrong before, nothing of it happens.
        ["again", ..] | ["late", ..] | ["old", ..] => {}
        _ if !there && world.now >= world.at(20) => {}
        ["buyer", ..] if world.kept.attempts.is_empty() => {}
        words => act(world, words),
    }
}

fn tell((kind, best_effort): (MethodKind, bool), story: &str, trouble: Trouble, seed: u64) -> World {
    let mut world = World::paid_by(kind, 2, 1000, trouble, seed);
    world.provider.best_effort = best_effort;
    let mut second = 0;
    for line in story.split(';').map(str::trim) {
        let (at, said) = line.split_once(' ').unwrap();
        second = at.parse().unwrap();
        world.now = world.at(second);
        happens(&mut world, &said.split_whitespace().collect::<Vec<_>>());
    }
    // Time goes on, all news come, staff look at what failed, of both orders.
    world.now = world.at(second + 100_000);
    for _ in 0..4 {
        for _ in 0..2 {
            world.drive();
            world.news();
            world.swap();
        }
    }
    for _ in 0..3 {
        for _ in 0..2 {
            act(&mut world, &["staff", "try", "again"]);
            world.drive();
            world.swap();
        }
    }
    world
}

#[test]
fn whatever_step_of_an_exchange_goes_wrong_both_orders_agree() {
    let (mut played, mut steps) = (0_u32, 0_u64);
    for method in METHODS {
        for (name, story) in STORIES {
            let plain = tell(method, story, Trouble::default(), 1);
            plain.both_must_agree(&format!("{name} by {method:?}, plainly"));
            assert!(plain.beside.is_some(), "{name}: nothing was exchanged");
            steps += plain.effects;
            let twice = Trouble { twice: true, ..Trouble::default() };
            tell(method, story, twice, 1).both_must_agree(&format!("{name} by {method:?}, each step twice"));
            for number in 1..=plain.effects {
                for fault in Fault::ALL {
                    let trouble = Trouble { fault: Some((number, fault)), ..Trouble::default() };
                    let world = tell(method, story, trouble, number);
                    world.both_must_agree(&format!("{name} by {method:?}: {fault:?} at step {number}"));
                    played += 1;
                }
            }
        }
    }
    println!(
        "{} exchanges by {} methods have {steps} steps; {played} faults were played",
        STORIES.len(),
        METHODS.len()
    );
    assert!(steps > 200, "only {steps} steps");
}

fn told(name: &str) -> World {
    let (_, story) = STORIES.into_iter().find(|(it, _)| *it == name).expect("a story");
    tell(METHODS[0], story, Trouble::default(), 1)
}

/// What went back of an order: its cause, and how much.
type Back = Vec<(String, i64)>;

/// How the order whose tickets are given ended, how the other one, and what went back of each.
fn ends(name: &str) -> (OrderState, OrderState, Back, Back) {
    let world = told(name);
    let old = world.beside.as_ref().expect("an exchange");
    let back = |saga: &super::super::Saga| {
        let there = saga.refunds.iter().filter(|refund| refund.takes_money());
        let cause = |cause: &str| cause.split(':').next().unwrap_or_default().to_owned();
        there.map(|refund| (cause(&refund.cause), refund.amount.amount)).collect()
    };
    (old.state, world.kept.state, back(old), back(&world.kept))
}

fn causes(said: &[(&str, i64)]) -> Back {
    said.iter().map(|(cause, amount)| ((*cause).to_owned(), *amount)).collect()
}

#[test]
fn the_exchanges_end_as_they_are_called() {
    use OrderState::{Cancelled, Confirmed, Expired, PartiallyRefunded, Refunded};
    for (name, old, new, of_old, of_new) in [
        ("dearer", Refunded, Confirmed, &[][..], &[][..]),
        ("for the same price", Refunded, Confirmed, &[], &[]),
        ("cheaper", Refunded, Confirmed, &[("exchange", 800)], &[]),
        ("for nothing", Refunded, Confirmed, &[("exchange", 2000)], &[]),
        ("one of two", Refunded, Confirmed, &[("cancel", 1000)], &[]),
        ("a fee is kept", Refunded, Confirmed, &[], &[]),
        ("nobody pays", Refunded, Expired, &[("cancel", 2000)], &[]),
        ("paid too late", Confirmed, Expired, &[], &[("late", 1000)]),
        ("captures fail", Confirmed, Expired, &[], &[]),
        (
            "given back in part, then the rest",
            Refunded,
            Refunded,
            &[("exchanged_back", 400), ("exchanged_back", 1500)],
            &[("cancel", 1000), ("cancel", 400), ("cancel", 1500)],
        ),
        (
            "cheaper, then given back",
            Refunded,
            Refunded,
            &[("exchange", 800), ("exchanged_back", 1000)],
            &[("cancel", 1000)],
        ),
        // The payment had brought 5.00: it has them back first, and the voucher the rest.
        (
            "what a voucher had paid",
            Refunded,
            Refunded,
            &[("exchange", 500), ("exchange", 300), ("exchanged_back", 1000)],
            &[("cancel", 1000)],
        ),
        // While one ticket is promised, the other's money is all that can go back.
        ("somebody wants them back meanwhile", PartiallyRefunded, Confirmed, &[], &[]),
    ] {
        assert_eq!(ends(name), (old, new, causes(of_old), causes(of_new)), "{name}");
    }
    let again = told("given up, and for others");
    let old = again.beside.as_ref().unwrap();
    assert_eq!((old.state, again.kept.state), (Refunded, Confirmed));
    assert_eq!(old.exchanges.iter().map(|it| it.state).collect::<Vec<_>>(), [ExchangeState::Off, ExchangeState::Done]);
    assert_ne!(again.kept.state, Cancelled);
}

/// An order whose first ticket is promised for another that is not paid yet; `kept` is the one that gives.
fn promised() -> World {
    let mut world = World::new(2, 1000, Trouble::default(), 7);
    act(&mut world, &["ordered"]);
    act(&mut world, &["buyer", "pays"]);
    world.exchange(1, true, 1500, 0);
    act(&mut world, &["ordered"]);
    world.swap();
    world
}

#[test]
fn tickets_that_are_promised_are_neither_given_back_nor_promised_again() {
    let mut world = promised();
    let saga = &mut world.kept;
    let (first, second) = (saga.lines[0].id, saga.lines[1].id);
    assert_eq!(saga.wanted_back(None), Err(WishRefused::Promised));
    assert_eq!(saga.wanted_back(Some(&[first])), Err(WishRefused::Promised));
    assert_eq!(saga.wanted_back(Some(&[second])), Ok(vec![second]));
    assert_eq!(saga.left(), 1000, "what is promised is spoken for");
    let more = saga.goodwill(world.now, Uuid::from_u128(9), 1001, &Way::Provider, "");
    assert_eq!(more, Err(WishRefused::TooMuch { left: 1000 }));
    let before = world.beside.as_ref().unwrap().exchanges.len();
    world.exchange(2, true, 1500, 0);
    assert_eq!((world.kept.exchanges.len(), before), (1, 0), "not twice");
}

#[test]
fn what_a_bank_took_meanwhile_is_not_given_back_beside() {
    let mut world = World::new(2, 1000, Trouble::default(), 7);
    act(&mut world, &["ordered"]);
    act(&mut world, &["buyer", "pays"]);
    world.exchange(1, false, 600, 0);
    world.swap();
    hear(&mut world, DisputeState::Lost, 15, 2000);
    world.swap();
    act(&mut world, &["ordered"]);
    assert_eq!(world.kept.state, OrderState::Confirmed);
    let old = world.beside.as_ref().unwrap();
    assert_eq!((old.refunds.len(), old.left()), (0, 0), "the bank has given all of it back: {old:#?}");
    assert_eq!((world.books["exchanges"], world.books["cancellation_fees"]), (0, -800));
    // What comes back of the other order later is somebody's work: this payment has nothing left.
    act(&mut world, &["given_back"]);
    let refunds = &world.beside.as_ref().unwrap().refunds;
    assert_eq!(
        refunds.iter().map(|it| (it.amount.amount, it.status)).collect::<Vec<_>>(),
        [(1200, RefundStatus::Failed)]
    );
    assert!(world.beside.as_ref().unwrap().waits_for_staff(&refunds[0]));
}
