//! What a show does with a journal, a snapshot or commands that nobody in their right mind wrote. A journal row may have been
//! edited by hand and a snapshot half overwritten: the show may then be wrong, but it must not fall, and its counts must not.

mod mutate;

use std::sync::Arc;

use aisle_core::*;
use mutate::{Chance, is_whole, rounds};
use uuid::Uuid;

use crate::audit::Audited;

const GOLDEN: &str = include_str!("../golden_events.jsonl");

fn plan() -> Arc<Plan> {
    testing::hall_with(2, 6, &[("floor", 10)], |_| {})
}

/// What must be true of every show, however it came about: it can be asked everything, and no place is counted twice.
fn must_stand(show: &Show, now: Timestamp) {
    let letters = show.letters();
    assert_eq!(letters.len(), show.plan().seat_count());
    assert!(letters.bytes().all(|letter| b"ahbx".contains(&letter)), "{letters}");
    let capacity: u32 = show.plan().areas().iter().map(|area| area.capacity).sum();
    let free = letters.bytes().filter(|&letter| letter == b'a').count();
    let free_in_areas: u32 = show.areas_available().iter().map(|&(_, free)| free).sum();
    assert!(free_in_areas <= capacity);
    assert_eq!(show.places_available(), u32::try_from(free).unwrap() + free_in_areas);
    let counted: u32 = show.counts_by_category().iter().map(|counts| counts.available).sum();
    assert_eq!(counted, show.places_available());
    let _due = (show.next_deadline(), show.expire(now), show.expire(Timestamp(i64::MAX)));
    let _all = show.allocations();
}

/// A show that has lived through the golden journal.
fn lived() -> (Show, Timestamp) {
    let mut show = Show::new(ShowId(Uuid::from_u128(7)), plan());
    let mut now = Timestamp(0);
    for line in GOLDEN.lines() {
        let entry: Entry = serde_json::from_str(line).unwrap();
        now = now.max(entry.at);
        show.apply(entry.at, &entry.event, &mut Touched::default());
    }
    (show, now)
}

#[test]
fn a_spoilt_journal_is_refused_by_its_reader_or_borne_by_its_show() {
    let lines: Vec<&str> = GOLDEN.lines().collect();
    let worth = rounds("journal rows", 1_500, |chance| {
        let mut show = Show::new(ShowId(Uuid::from_u128(7)), plan());
        let mut spoilt = 0;
        for _ in 0..24 {
            // A whole journal with its lines shuffled, some of them spoilt.
            let line = chance.one_of(&lines).as_bytes();
            let row = if chance.below(3) == 0 { chance.spoil(line) } else { line.to_vec() };
            let Ok(entry) = serde_json::from_slice::<Entry>(&row) else { continue };
            spoilt += usize::from(row != line);
            show.apply(entry.at, &entry.event, &mut Touched::default());
            must_stand(&show, entry.at);
        }
        let image = show.image();
        let kept = postcard::to_stdvec(&image).unwrap();
        if let Ok(restored) = Show::from_image(show.plan().clone(), postcard::from_bytes(&kept).unwrap()) {
            must_stand(&restored, Timestamp(0));
        }
        spoilt > 0
    });
    assert!(!is_whole() || worth > 100, "hardly any spoilt row could be read: {worth}");
}

#[test]
fn a_spoilt_snapshot_is_refused_or_is_a_show_that_stands() {
    let (show, now) = lived();
    let right = postcard::to_stdvec(&show.image()).unwrap();
    let worth = rounds("snapshots", 10_000, |chance| {
        let Ok(image) = postcard::from_bytes::<Image>(&chance.spoil(&right)) else { return false };
        let Ok(restored) = Show::from_image(plan(), image) else { return false };
        must_stand(&restored, now);
        true
    });
    assert!(!is_whole() || worth > 300, "hardly any spoilt snapshot could be read: {worth}");
}

#[test]
fn no_commands_bring_a_show_to_fall_or_out_of_its_books() {
    let worth = rounds("commands", 80, |chance| {
        let mut show = Audited::new(plan());
        let mut now = 0;
        let mut accepted = 0;
        for turn in 0..60 {
            now = strange_moment(chance, now);
            show.expire(Timestamp(now));
            let wish = if turn == 0 { Command::Change(StateChange::Publish) } else { command(chance, now) };
            accepted += usize::from(show.turn(Timestamp(now), &wish).is_ok_and(|events| !events.is_empty()));
        }
        accepted > 8
    });
    assert!(!is_whole() || worth > 20, "hardly any command was taken: {worth}");
}

/// Mostly a little later, sometimes the same, now and then very late.
fn strange_moment(chance: &mut Chance, now: i64) -> i64 {
    match chance.below(12) {
        0 => now,
        1 => now.saturating_add(3_600_000),
        2 if chance.below(20) == 0 => i64::MAX - 1,
        _ => now.saturating_add(i64::try_from(chance.below(60_000)).unwrap()),
    }
}

fn number(chance: &mut Chance) -> u32 {
    match chance.below(8) {
        0 => *chance.one_of(&[u32::MAX, u32::MAX - 1, 1 << 31, 0]),
        _ => u32::try_from(chance.below(5)).unwrap(),
    }
}

fn seats(chance: &mut Chance) -> Vec<SeatNo> {
    (0..chance.below(4))
        .map(|_| SeatNo(if chance.below(30) == 0 { number(chance) } else { u32::try_from(chance.below(12)).unwrap() }))
        .collect()
}

fn areas(chance: &mut Chance) -> Vec<AreaCount> {
    let wild = chance.below(30) == 0;
    (0..chance.below(2) + usize::from(wild))
        .map(|_| AreaCount { area: AreaNo(u16::from(wild) * 9), quantity: number(chance) })
        .collect()
}

fn some_id(chance: &mut Chance, kinds: u128) -> Uuid {
    Uuid::from_u128(kinds * 100 + chance.below(5) as u128)
}

fn duration(chance: &mut Chance) -> u64 {
    *chance.one_of(&[0, 1, 999, 1_000, 60_000, 600_000, 31 * 24 * 3_600_000, u64::MAX, u64::MAX / 2])
}

fn moment(chance: &mut Chance, now: i64) -> Option<Timestamp> {
    match chance.below(5) {
        0 => None,
        1 => Some(Timestamp(*chance.one_of(&[i64::MIN, i64::MAX, 0, -1]))),
        _ => Some(Timestamp(now.saturating_add(i64::try_from(chance.below(120_000)).unwrap()))),
    }
}

fn origin(chance: &mut Chance) -> Origin {
    let channel =
        *chance.one_of(&[Channel::Public, Channel::Public, Channel::AccessCode, Channel::Allocation, Channel::Staff]);
    let buyer = (chance.below(2) == 0).then(|| BuyerId(some_id(chance, 5)));
    let code = (chance.below(3) == 0).then(|| AccessCode {
        id: AccessCodeId(some_id(chance, 6)),
        places_max: (chance.below(2) == 0).then(|| number(chance)),
    });
    Origin { channel, buyer, code }
}

fn settings(chance: &mut Chance, now: i64) -> Settings {
    let most = |chance: &mut Chance| (chance.below(2) == 0).then(|| number(chance));
    Settings {
        hold_ttl_ms: duration(chance),
        extend_max_ms: duration(chance),
        pay_within_ms: duration(chance),
        places_per_hold_max: number(chance),
        holds_per_buyer_max: most(chance),
        places_per_buyer_max: most(chance),
        on_sale_at: moment(chance, now),
        sales_end_at: moment(chance, now),
        orphan_rule: *chance.one_of(&[OrphanRule::Off, OrphanRule::Lenient, OrphanRule::Strict]),
        orphan_rule_ends_before_ms: duration(chance),
    }
}

fn command(chance: &mut Chance, now: i64) -> Command {
    let hold = HoldId(some_id(chance, 1));
    let booking = BookingId(some_id(chance, 2));
    let order = OrderId(some_id(chance, 3));
    let allocation = AllocationId(some_id(chance, 4));
    let words = || Some("later".to_owned());
    match chance.below(24) {
        0..=7 => Command::Hold(HoldSeats {
            hold: HoldId(Uuid::from_u128(100 + chance.below(20) as u128)),
            origin: origin(chance),
            seats: seats(chance),
            best: (chance.below(4) == 0).then(|| BestAvailable {
                quantity: number(chance),
                category: (chance.below(3) == 0).then_some(CategoryNo(chance.below(4) as u16)),
                section: (chance.below(3) == 0).then_some(SectionNo(chance.below(3) as u16)),
                accessible: number(chance) % 3,
                companions: number(chance) % 3,
            }),
            areas: areas(chance),
            allocation: (chance.below(5) == 0).then_some(allocation),
            request: (chance.below(3) == 0).then(|| chance.below(2) as u64),
        }),
        8 | 9 => Command::ChangeHold { hold, add: seats(chance), remove: seats(chance), areas: areas(chance) },
        10 => Command::ExtendHold { hold },
        11 => Command::ReleaseHold { hold },
        12 => Command::StartPayment {
            hold,
            order,
            customer: (chance.below(2) == 0).then(|| BuyerId(some_id(chance, 5))),
            pay_within_ms: (chance.below(2) == 0).then(|| duration(chance)),
        },
        13 => Command::ReopenHold { hold, order },
        14 => Command::EndPayment { hold, order },
        15 | 16 => Command::Book { hold, booking, order: (chance.below(2) == 0).then_some(order) },
        17 => Command::SellLate(LateSale {
            customer: (chance.below(2) == 0).then(|| BuyerId(some_id(chance, 5))),
            booking,
            order,
            hold,
            seats: seats(chance),
            areas: areas(chance),
            accept_equal: chance.below(2) == 0,
            origin: origin(chance),
        }),
        18 => Command::CancelBooking { booking, seats: seats(chance), areas: areas(chance) },
        19 => Command::Block {
            allocation,
            seats: seats(chance),
            areas: areas(chance),
            reason: "press".to_owned(),
            release_at: moment(chance, now),
        },
        20 => Command::Unblock { allocation, seats: seats(chance), areas: areas(chance) },
        21 => Command::Configure(settings(chance, now)),
        _ => Command::Change(match chance.below(60) {
            0 => StateChange::Cancel { reason: String::new(), public_message: words() },
            1 => StateChange::End,
            2..=5 => StateChange::Move { reason: String::new(), public_message: words() },
            6..=16 => StateChange::Pause { reason: String::new(), public_message: words() },
            17..=36 => StateChange::Resume,
            _ => StateChange::Publish,
        }),
    }
}
