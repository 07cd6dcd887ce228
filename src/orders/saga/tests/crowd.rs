//! A thousand orders at the same shows, each with a story that chance writes: in the end each seat is free or has one paid owner,
//! each payment is settled or went back once, and the books balance.

use std::collections::{BTreeMap, BTreeSet};

use aisle_actors::core::{Command, StateChange};
use uuid::Uuid;

use super::super::{OrderState, Part, PartState, Review, Saga, Way};
use super::dice::Dice;
use super::scenes::{act, failed, give_back_keeping, wish};
use super::world::{Trouble, World, attempt, credit, line, seat_name};
use crate::payments::MethodKind;

const ORDERS: usize = 1_000;
const SHOWS: usize = 3;
/// Fewer than are wanted, so that orders are in each other's way.
const SEATS: u32 = 300;

struct Crowd {
    world: World,
    orders: Vec<Saga>,
    dice: Dice,
    second: i64,
}

fn order_id(number: usize, kind: u128) -> Uuid {
    Uuid::from_u128((kind << 96) | (u128::try_from(number).unwrap() + 1))
}

impl Crowd {
    fn new(seed: u64) -> Self {
        let world = World::of_halls(SHOWS, 10, SEATS / 10, seed);
        Self { world, orders: Vec::new(), dice: Dice::new(seed), second: 0 }
    }

    fn roll(&mut self, sides: u64) -> u64 {
        self.dice.roll(sides)
    }

    fn below(&mut self, sides: usize) -> usize {
        usize::try_from(self.dice.roll(u64::try_from(sides).unwrap())).unwrap()
    }

    /// Somebody holds one to three seats in one or two shows and orders them; `None`: they were too slow.
    fn arrives(&mut self, number: usize) -> Option<Saga> {
        let kind = if self.roll(2) == 0 { MethodKind::AuthoriseThenCapture } else { MethodKind::PaidAtOnce };
        let first_show = self.below(SHOWS);
        let shows = 1 + self.below(2);
        let mut saga = self.world.kept.clone();
        (saga.order, saga.customer) = (order_id(number, 9), order_id(number, 8));
        (saga.state, saga.pay_by, saga.paid_with, saga.confirmed_at) = (OrderState::AwaitingPayment, None, None, None);
        (saga.parts, saga.attempts, saga.refunds, saga.lines) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        saga.review = Review::unjudged();
        saga.accept_equal = false;
        for at in 0..shows {
            let show = (first_show + at) % SHOWS;
            let wanted: BTreeSet<u32> =
                (0..1 + self.roll(3)).map(|_| u32::try_from(self.dice.roll(SEATS.into())).unwrap()).collect();
            let hold = order_id(number * 2 + at, 2);
            let seats: Vec<u32> = wanted.into_iter().collect();
            if self.world.hold_seats(show, hold, &seats).is_err() {
                continue;
            }
            let show_id = self.world.shows[show].id().0;
            let names: Vec<String> = seats.iter().map(|seat| seat_name(&self.world.shows[show], *seat)).collect();
            for name in &names {
                let id = order_id(number * 100 + saga.lines.len(), 5);
                let amount = i64::try_from(500 + self.dice.roll(4_000)).unwrap();
                saga.lines.push(line(id, show_id, hold, name, amount));
            }
            let booking = order_id(number * 2 + at, 3);
            let (seats, areas) = (names, Vec::new());
            saga.parts.push(Part { show: show_id, hold, booking, state: PartState::Intended, seats, areas });
        }
        if saga.lines.is_empty() {
            return None;
        }
        if self.roll(4) == 0 {
            let cost: i64 = saga.lines.iter().map(|line| line.amount).sum();
            let part = 1 + i64::try_from(self.roll(u64::try_from(cost - 1).unwrap())).unwrap();
            saga.lines.push(credit(order_id(number, 6), part));
        }
        saga.total = saga.lines.iter().map(|line| line.amount).sum();
        saga.attempts = vec![attempt(order_id(number, 4), kind, saga.total)];
        Some(saga)
    }

    /// One order is looked at; whatever is done to it is done to it alone.
    fn with<T>(&mut self, number: usize, what: impl FnOnce(&mut World) -> T) -> T {
        std::mem::swap(&mut self.world.kept, &mut self.orders[number]);
        self.world.confirmed = 0;
        self.world.provider.best_effort = number.is_multiple_of(3);
        self.world.now = self.world.at(self.second);
        let told = what(&mut self.world);
        std::mem::swap(&mut self.world.kept, &mut self.orders[number]);
        told
    }

    /// Something happens to one of the orders.
    fn happens(&mut self, number: usize) {
        let (what, amount) = (self.roll(20), i64::try_from(self.roll(3_000)).unwrap());
        let which = self.roll(2) == 0;
        let goodwill = Uuid::from_u128(u128::from(self.roll(1_000_000)));
        let trouble = Trouble {
            silent_one_in: (self.roll(6) == 0).then_some(3),
            twice: self.roll(6) == 0,
            crash_at: None,
            fault: None,
        };
        self.with(number, |world| {
            world.trouble(trouble);
            let Some(newest) = world.kept.newest().map(|attempt| attempt.id) else { return };
            match what {
                0..6 => act(world, &["buyer", "pays"]),
                6 => act(world, &["buyer", "pays_twice"]),
                7 => act(world, &["buyer", "is_declined"]),
                8 => wish(world, |saga, now| {
                    let again = order_id(usize::try_from(goodwill.as_u128()).unwrap(), 7);
                    let kind = saga.attempts[0].kind;
                    let _ = saga.try_again(now, again, ("sandbox", "default", "card"), kind);
                }),
                9 => act(world, &["given_up"]),
                10 => {
                    let at = world.start + world.now.duration_since(world.start) / 2;
                    world.money_moved(newest, at);
                    world.news();
                }
                11 => wish(world, |saga, now| {
                    let _ = saga.give_back(now, None, "");
                }),
                12 | 13 => wish(world, |saga, now| {
                    let first = [saga.lines[0].id];
                    let _ = give_back_keeping(saga, now, which.then_some(&first[..]), amount, &Way::Provider);
                }),
                14 => wish(world, |saga, now| {
                    let note = "cash".to_owned();
                    let _ = give_back_keeping(saga, now, None, amount, &Way::ByHand { note });
                }),
                15 | 16 => wish(world, |saga, now| {
                    let _ = saga.goodwill(now, goodwill, amount + 1, &Way::Provider, "");
                }),
                17 => world.refunds_fail_later(),
                18 => {
                    world.provider.no_refund = which;
                    act(world, &["given_back"]);
                    world.provider.no_refund = false;
                }
                _ => act(world, &["nothing"]),
            }
        });
    }

    fn settle(&mut self) {
        self.second += 100_000;
        for number in 0..self.orders.len() {
            self.with(number, |world| {
                world.trouble(Trouble::default());
                for _ in 0..3 {
                    world.drive();
                    world.news();
                }
                // Staff try again what failed; where its money went elsewhere meanwhile, there is nothing left to try.
                wish(world, |saga, now| {
                    for id in failed(saga) {
                        let _ = saga.refund_again(now, id);
                    }
                });
            });
        }
        for show in 0..SHOWS {
            // What was held and not bought has lapsed by now.
            let end = Command::Change(StateChange::Pause { reason: "over".to_owned(), public_message: None });
            self.world.ask(show, &end).unwrap();
        }
    }

    fn audit(&self, story: &str) {
        let mut owners: BTreeMap<(Uuid, String), Uuid> = BTreeMap::new();
        let mut books: BTreeMap<&str, i64> = BTreeMap::new();
        for saga in &self.orders {
            let story = format!("{story}, order {}", saga.order);
            let sums = self.world.sums(saga);
            self.world.order_must_agree(saga, sums, &story);
            assert!(sums.by_hand + sums.refunded <= sums.captured, "{story}: more went back than came: {sums:?}");
            *books.entry("provider:sandbox").or_default() += sums.captured - sums.refunded;
            *books.entry("by_hand").or_default() -= sums.by_hand;
            *books.entry("sales").or_default() -= sums.sold;
            *books.entry("cancellation_fees").or_default() -= sums.kept;
            *books.entry("goodwill").or_default() += sums.goodwill;
            *books.entry("vouchers").or_default() += sums.credit;
            if saga.confirmed_at.is_none() {
                continue;
            }
            for line in saga.lines.iter().filter(|line| !line.cancelled && !line.kind.is_credit()) {
                let seat = (line.show.unwrap(), line.seat.clone().unwrap());
                let other = owners.insert(seat, saga.order);
                assert_eq!(other, None, "{story}: a seat has two owners");
            }
        }
        for (account, sum) in &self.world.books {
            assert_eq!(*sum, books.get(account.as_str()).copied().unwrap_or(0), "{story}: {account}");
        }
        assert_eq!(self.world.books.values().sum::<i64>(), 0, "{story}: the ledger balances");
        let mut booked = 0;
        for show in &self.world.shows {
            for (letter, seat) in show.letters().chars().zip(0..) {
                let owned = owners.contains_key(&(show.id().0, seat_name(show, seat)));
                assert!(matches!(letter, 'a' | 'b'), "{story}: seat {seat} is still {letter}");
                assert_eq!(letter == 'b', owned, "{story}: seat {seat} of show {}", show.id().0);
                booked += u32::from(letter == 'b');
            }
        }
        assert_eq!(booked, u32::try_from(owners.len()).unwrap());
    }
}

#[test]
fn a_thousand_orders_of_random_stories_leave_each_seat_and_each_payment_in_one_place() {
    for seed in 1..=3_u64 {
        let story = format!("seed {seed}");
        println!("a thousand random orders: seed {seed}");
        let mut crowd = Crowd::new(seed);
        let mut came = 0;
        while crowd.orders.len() < ORDERS {
            came += 1;
            assert!(came < 20 * ORDERS, "{story}: nobody finds a seat any more");
            crowd.second += i64::try_from(crowd.roll(3)).unwrap();
            crowd.world.now = crowd.world.at(crowd.second);
            if let Some(saga) = crowd.arrives(came) {
                crowd.orders.push(saga);
                let newest = crowd.orders.len() - 1;
                crowd.with(newest, |world| {
                    world.trouble(Trouble::default());
                    world.drive();
                });
            }
            // Meanwhile something happens to some of the newest.
            for _ in 0..4 {
                if !crowd.orders.is_empty() {
                    let back = crowd.below(crowd.orders.len().min(40));
                    crowd.happens(crowd.orders.len() - 1 - back);
                }
            }
        }
        crowd.settle();
        crowd.audit(&story);
        let ended = |state| crowd.orders.iter().filter(|saga| saga.state == state).count();
        for state in [
            OrderState::Confirmed,
            OrderState::PartiallyRefunded,
            OrderState::Refunded,
            OrderState::Expired,
            OrderState::Cancelled,
        ] {
            println!("    {:<20} {}", state.word(), ended(state));
            assert!(ended(state) > 5, "{story}: hardly any order ended {}", state.word());
        }
    }
}
