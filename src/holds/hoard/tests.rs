//! Claims, what shows tell, and both edges of everything that ends.

use aisle_actors::core::{AreaNo, BookingId, Channel, OrderId, Origin};

use super::*;

const NOW: Timestamp = Timestamp(1_767_225_600_000);
const TTL_MS: u64 = 480_000;
const SHOW: ShowId = ShowId(Uuid::from_u128(1));
const OTHER: ShowId = ShowId(Uuid::from_u128(2));

fn hoards(change: impl FnOnce(&mut Config)) -> Hoards {
    let mut config = Config {
        held_places_per_address_max: 6,
        held_places_per_device_max: 4,
        unbought_holds_per_address_max: 5,
        unbought_holds_per_device_max: 3,
        ..Config::default()
    };
    change(&mut config);
    Hoards::from_config(&config)
}

fn hold(n: u128) -> HoldId {
    HoldId(Uuid::from_u128(n))
}

fn address(n: u8) -> Holder {
    Holder { address: Some(IpAddr::from([192, 0, 2, n])), ..Holder::default() }
}

fn browser(n: u8) -> Holder {
    Holder { device: Some([n; 32]), ..Holder::default() }
}

fn view(n: u128, seats: std::ops::Range<u32>, state: HoldState) -> HoldView {
    HoldView {
        hold: hold(n),
        state,
        origin: Origin { channel: Channel::Public, buyer: None, code: None },
        seats: seats.map(SeatNo).collect(),
        areas: vec![],
        extendable_until: NOW.plus_ms(TTL_MS),
        still_since: None,
        request: None,
    }
}

fn open(n: u128, seats: std::ops::Range<u32>) -> HoldView {
    view(n, seats, HoldState::Open { expires_at: NOW.plus_ms(TTL_MS) })
}

/// A hold as a request makes it: claimed, made, told, answered.
fn made(hoards: &Hoards, n: u128, holder: Holder, seats: u32) -> Result<(), Refused> {
    hoards.claim(NOW, (SHOW, hold(n)), holder, u64::from(seats))?;
    hoards.touched(SHOW, &[open(n, 0..seats)]);
    hoards.settle(hold(n));
    Ok(())
}

fn counted(hoards: &Hoards, holder: &Holder) -> u64 {
    let state = hoards.untimed();
    let whole = state.holds.values().filter(|held| held.holder == *holder).map(Held::counted).sum();
    for who in holder.capped() {
        assert_eq!(state.of(who), whole, "what is added up is what there is");
    }
    assert_eq!(state.due.len(), state.holds.len());
    whole
}

const ADDRESS_FULL: Refused = Refused::AddressFull { max: 6 };
const DEVICE_FULL: Refused = Refused::DeviceFull { max: 4 };

#[test]
fn an_address_and_a_browser_hold_so_many_places_and_not_one_more() {
    let hoards = hoards(|_| {});
    made(&hoards, 1, address(1), 4).unwrap();
    assert_eq!(made(&hoards, 2, address(1), 3), Err(ADDRESS_FULL));
    made(&hoards, 2, address(1), 2).unwrap();
    assert_eq!(made(&hoards, 3, address(1), 1), Err(ADDRESS_FULL));
    made(&hoards, 3, address(2), 6).unwrap();
    made(&hoards, 4, browser(1), 4).unwrap();
    assert_eq!(made(&hoards, 5, browser(1), 1), Err(DEVICE_FULL));
    // The first hold of a browser is as large as its show lets it be, and counts for the next.
    made(&hoards, 7, Holder { is_new: true, ..browser(2) }, 5).unwrap();
    assert_eq!(made(&hoards, 8, browser(2), 1), Err(DEVICE_FULL));
    // An account's places are its show's business.
    let account = Holder { account: Some(Uuid::from_u128(7)), ..Holder::default() };
    made(&hoards, 6, account, 50).unwrap();
}

#[test]
fn a_place_is_given_back_however_its_hold_ends() {
    let (at, order, booking) = (NOW, OrderId(Uuid::nil()), BookingId(Uuid::nil()));
    for end in [
        HoldState::Released { at },
        HoldState::Lapsed { at },
        HoldState::PaymentEnded { at },
        HoldState::Booked { booking, at },
    ] {
        let hoards = hoards(|_| {});
        made(&hoards, 1, address(1), 6).unwrap();
        hoards.touched(SHOW, &[view(1, 0..6, HoldState::Paying { order, pay_by: NOW.plus_ms(1) })]);
        assert_eq!(made(&hoards, 2, address(1), 1), Err(ADDRESS_FULL), "who pays still holds");
        hoards.touched(SHOW, &[view(1, 0..6, end)]);
        assert_eq!(counted(&hoards, &address(1)), 0);
        made(&hoards, 2, address(1), 6).unwrap();
    }
}

#[test]
fn what_a_show_refuses_is_given_back_and_what_nobody_answered_ends_by_itself() {
    let hoards = hoards(|_| {});
    hoards.claim(NOW, (SHOW, hold(1)), address(1), 6).unwrap();
    assert_eq!(hoards.claim(NOW, (SHOW, hold(2)), address(1), 1), Err(ADDRESS_FULL), "claimed is counted");
    hoards.settle(hold(1));
    assert_eq!(counted(&hoards, &address(1)), 0);
    hoards.claim(NOW, (SHOW, hold(2)), address(1), 6).unwrap();
    hoards.lose_sight(hold(2));
    let late = NOW.plus_ms(CLAIM_MS - 1);
    assert_eq!(hoards.claim(late, (SHOW, hold(3)), address(1), 1), Err(ADDRESS_FULL));
    hoards.claim(NOW.plus_ms(CLAIM_MS), (SHOW, hold(3)), address(1), 6).unwrap();
    // Unless the show made a hold of it after all.
    let hoards = self::hoards(|_| {});
    hoards.claim(NOW, (SHOW, hold(1)), address(1), 6).unwrap();
    hoards.lose_sight(hold(1));
    hoards.loaded(SHOW, &[open(1, 0..6)]);
    assert!(hoards.claim(NOW.plus_ms(CLAIM_MS), (SHOW, hold(2)), address(1), 1).is_err());
}

#[test]
fn a_hold_of_which_nobody_tells_any_more_is_forgotten_after_its_deadline() {
    let hoards = hoards(|_| {});
    made(&hoards, 1, address(1), 6).unwrap();
    let end = NOW.plus_ms(TTL_MS + UNTOLD_MS);
    assert!(hoards.claim(NOW.plus_ms(TTL_MS + UNTOLD_MS - 1), (SHOW, hold(2)), address(1), 1).is_err());
    hoards.claim(end, (SHOW, hold(2)), address(1), 6).unwrap();
    // An extended one later.
    let hoards = self::hoards(|_| {});
    made(&hoards, 1, address(1), 6).unwrap();
    hoards.touched(SHOW, &[view(1, 0..6, HoldState::Open { expires_at: NOW.plus_ms(2 * TTL_MS) })]);
    assert!(hoards.claim(end, (SHOW, hold(2)), address(1), 1).is_err());
}

#[test]
fn a_show_that_was_loaded_says_what_stands_and_one_that_is_elsewhere_nothing() {
    let hoards = hoards(|_| {});
    for n in 1..=3 {
        made(&hoards, n, address(1), 2).unwrap();
    }
    hoards.loaded(OTHER, &[]);
    assert_eq!(counted(&hoards, &address(1)), 6);
    // The second ended, the third is not known any more; what was claimed meanwhile is still on its way.
    hoards.claim(NOW, (SHOW, hold(4)), address(2), 2).unwrap();
    hoards.loaded(SHOW, &[open(1, 0..2), view(2, 2..4, HoldState::Lapsed { at: NOW })]);
    assert_eq!((counted(&hoards, &address(1)), counted(&hoards, &address(2))), (2, 2));
    hoards.lost(OTHER);
    assert_eq!(counted(&hoards, &address(1)), 2);
    hoards.lost(SHOW);
    assert_eq!((counted(&hoards, &address(1)), counted(&hoards, &address(2))), (0, 0));
}

#[test]
fn the_same_request_twice_is_one_hold() {
    let hoards = hoards(|_| {});
    hoards.claim(NOW, (SHOW, hold(1)), address(1), 4).unwrap();
    hoards.claim(NOW, (SHOW, hold(1)), address(1), 4).unwrap();
    hoards.settle(hold(1));
    assert_eq!(counted(&hoards, &address(1)), 4, "the other one is still on its way");
    hoards.touched(SHOW, &[open(1, 0..4)]);
    hoards.settle(hold(1));
    assert_eq!(counted(&hoards, &address(1)), 4);
    // Repeated after this process began anew: the show knows it, we do not.
    let hoards = self::hoards(|_| {});
    hoards.claim(NOW, (SHOW, hold(1)), address(1), 4).unwrap();
    hoards.met_again(&open(1, 0..3));
    hoards.settle(hold(1));
    assert_eq!(counted(&hoards, &address(1)), 3);
    // And one that has ended since holds nothing.
    hoards.claim(NOW, (SHOW, hold(2)), address(2), 4).unwrap();
    hoards.met_again(&view(2, 0..4, HoldState::Lapsed { at: NOW }));
    hoards.settle(hold(2));
    assert_eq!(counted(&hoards, &address(2)), 0);
}

#[test]
fn a_change_claims_what_it_adds() {
    let hoards = hoards(|_| {});
    made(&hoards, 1, address(1), 4).unwrap();
    let change = |add: &[u32], remove: &[u32], floor: Option<u32>| Change {
        add: add.iter().copied().map(SeatNo).collect(),
        remove: remove.iter().copied().map(SeatNo).collect(),
        areas: floor.map(|quantity| AreaCount { area: AreaNo(1), quantity }).into_iter().collect(),
    };
    assert_eq!(hoards.claim_more(NOW, hold(1), &change(&[4, 5, 6], &[], None)), Err(ADDRESS_FULL));
    assert_eq!(hoards.claim_more(NOW, hold(1), &change(&[], &[], Some(3))), Err(ADDRESS_FULL));
    // As many as are given back cost nothing, nor do those that it has.
    assert_eq!(hoards.claim_more(NOW, hold(1), &change(&[4, 5, 6], &[0, 1, 2], None)), Ok(false));
    assert_eq!(hoards.claim_more(NOW, hold(1), &change(&[0, 1, 2], &[], None)), Ok(false));
    assert_eq!(hoards.claim_more(NOW, hold(9), &change(&[0, 1, 2], &[], None)), Ok(false), "not counted here");
    // Two at once do not slip past together.
    assert_eq!(hoards.claim_more(NOW, hold(1), &change(&[4], &[], None)), Ok(true));
    assert_eq!(hoards.claim_more(NOW, hold(1), &change(&[5], &[], None)), Ok(true));
    assert_eq!(hoards.claim_more(NOW, hold(1), &change(&[6], &[], None)), Err(ADDRESS_FULL));
    assert_eq!(counted(&hoards, &address(1)), 6);
    // One was carried out, one refused.
    hoards.touched(SHOW, &[open(1, 0..5)]);
    hoards.settle(hold(1));
    hoards.settle(hold(1));
    assert_eq!(counted(&hoards, &address(1)), 5);
}

#[test]
fn many_at_once_get_no_more_than_one_after_the_other() {
    let hoards = hoards(|config| config.held_places_per_address_max = 10);
    let granted = std::sync::atomic::AtomicU32::new(0);
    std::thread::scope(|scope| {
        for thread in 0..8_u128 {
            let (hoards, granted) = (&hoards, &granted);
            scope.spawn(move || {
                for n in 0..50 {
                    if made(hoards, thread * 100 + n, address(1), 1).is_ok() {
                        granted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    }
                }
            });
        }
    });
    assert_eq!((granted.into_inner(), counted(&hoards, &address(1))), (10, 10));
}

/// A hold that ends at once.
fn ended(hoards: &Hoards, n: u128, holder: Holder, state: HoldState) -> Result<(), Refused> {
    made(hoards, n, holder, 1)?;
    hoards.touched(SHOW, &[view(n, 0..1, state)]);
    Ok(())
}

const LAPSED: HoldState = HoldState::Lapsed { at: NOW };

#[test]
fn who_holds_again_and_again_and_never_buys_waits_and_who_buys_does_not() {
    let hoards = hoards(|_| {});
    for n in 0..3 {
        ended(&hoards, n, browser(1), LAPSED).unwrap();
    }
    assert_eq!(made(&hoards, 3, browser(1), 1), Err(Refused::Unbought { wait_ms: 10_000 }));
    made(&hoards, 3, browser(2), 1).unwrap();
    let booked = HoldState::Booked { booking: BookingId(Uuid::nil()), at: NOW };
    for n in 10..15 {
        ended(&hoards, n, browser(3), if n == 12 { booked } else { LAPSED }).unwrap();
    }
    made(&hoards, 16, browser(3), 1).unwrap();
    // The hold with which a browser gets its cookie is not held against it, nor are they remembered who never show theirs.
    for n in 100..110 {
        ended(&hoards, n, Holder { is_new: true, ..browser(4) }, LAPSED).unwrap();
    }
    made(&hoards, 110, browser(4), 1).unwrap();
    // A hold that is changed a hundred times is one, and one that stands is none.
    for _ in 0..100 {
        hoards.touched(SHOW, &[open(16, 0..2)]);
    }
    assert_eq!(hoards.claim_more(NOW, hold(16), &Change { add: vec![SeatNo(9)], ..Change::default() }), Ok(true));
}

#[test]
fn an_address_is_held_against_nobody_who_has_shown_to_be_somebody() {
    let hoards = hoards(|_| {});
    for n in 0..5 {
        ended(&hoards, n, address(1), LAPSED).unwrap();
    }
    let both = Holder { device: Some([1; 32]), ..address(1) };
    assert!(matches!(made(&hoards, 6, both, 1), Err(Refused::Unbought { .. })));
    hoards.forgive(NOW, &both);
    made(&hoards, 6, both, 1).unwrap();
    assert!(matches!(made(&hoards, 7, address(1), 1), Err(Refused::Unbought { .. })), "only they were forgiven");
    hoards.forgive(NOW, &address(1));
    made(&hoards, 7, address(1), 1).unwrap();
}

#[test]
fn observed_only_nobody_is_refused_and_all_is_counted() {
    let hoards = hoards(|config| config.abuse_limits = AbuseLimits::Observe);
    for n in 0..20 {
        ended(&hoards, n, address(1), LAPSED).unwrap();
    }
    made(&hoards, 21, address(1), 50).unwrap();
    assert_eq!(counted(&hoards, &address(1)), 50);
}
