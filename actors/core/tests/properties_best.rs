//! Best available against every possible choice, in houses with seats sold at random.

use std::collections::BTreeSet;

use aisle_core::*;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::scene::id;

const ROWS: u32 = 4;
const SEATS: u32 = 8;

fn house(sold: &[bool]) -> Show {
    let mut show = Show::new(ShowId(id("S1")), testing::hall(ROWS, SEATS));
    let seats: Vec<SeatNo> = (0..ROWS * SEATS).filter(|&seat| sold[seat as usize]).map(SeatNo).collect();
    let booked = Event::Booked {
        booking: BookingId(id("B1")),
        hold: None,
        order: None,
        origin: Origin { channel: Channel::Staff, buyer: None, code: None },
        seats,
        areas: vec![],
    };
    for event in [Event::Published, booked] {
        show.apply(Timestamp(0), &event, &mut Touched::default());
    }
    show
}

fn ask(show: &Show, quantity: u32) -> Result<Vec<SeatNo>, Rejection> {
    let command = Command::Hold(HoldSeats {
        hold: HoldId(id("H1")),
        origin: Origin { channel: Channel::Public, buyer: None, code: None },
        seats: vec![],
        best: Some(BestAvailable { quantity, category: None, section: None, accessible: 0, companions: 0 }),
        areas: vec![],
        allocation: None,
        request: None,
    });
    let events = show.decide(Timestamp(0), &command)?;
    let [Event::SeatsHeld { seats, .. }] = &events[..] else { panic!("one hold is made: {events:?}") };
    Ok(seats.clone())
}

fn is_free(sold: &[bool], row: u32, place: i64) -> bool {
    (0..i64::from(SEATS)).contains(&place) && !sold[(row * SEATS) as usize + place as usize]
}

/// All windows of so many free seats: where they begin, whether they strand a seat, how far they are.
fn windows(show: &Show, sold: &[bool], quantity: u32) -> Vec<(u32, bool, f32)> {
    let focus = show.plan().focal_point();
    let far = |seat: u32| {
        let at = show.plan().seat(SeatNo(seat)).unwrap().position;
        (at.x - focus.x).hypot(at.y - focus.y)
    };
    let mut all = Vec::new();
    for row in 0..ROWS {
        for from in 0..=SEATS.saturating_sub(quantity) {
            let (first, last) = (i64::from(from), i64::from(from + quantity) - 1);
            if !(first..=last).all(|place| is_free(sold, row, place)) {
                continue;
            }
            let left = is_free(sold, row, first - 1) && !is_free(sold, row, first - 2);
            let right = is_free(sold, row, last + 1) && !is_free(sold, row, last + 2);
            let start = row * SEATS + from;
            let mean = (start..start + quantity).map(far).sum::<f32>() / quantity as f32;
            all.push((start, left || right, mean));
        }
    }
    all
}

fn rows_of(seats: &[SeatNo]) -> BTreeSet<u32> {
    seats.iter().map(|seat| seat.0 / SEATS).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn nothing_better_is_left(sold in vec(prop::bool::weighted(0.5), (ROWS * SEATS) as usize), quantity in 1..7u32) {
        let show = house(&sold);
        let free = sold.iter().filter(|&&sold| !sold).count();
        let seats = match ask(&show, quantity) {
            Ok(seats) => seats,
            Err(refusal) => {
                prop_assert_eq!(refusal, Rejection::NoneAvailable);
                prop_assert!(free < quantity as usize, "there were {} free", free);
                return Ok(());
            }
        };
        let distinct: BTreeSet<SeatNo> = seats.iter().copied().collect();
        prop_assert_eq!(distinct.len(), quantity as usize);
        prop_assert!(distinct.iter().all(|seat| !sold[seat.index()]));
        let all = windows(&show, &sold, quantity);
        if all.is_empty() {
            // Split: over as few rows as are needed when the emptiest rows are taken first.
            let mut room: Vec<usize> = sold.chunks(SEATS as usize).map(|row| row.iter().filter(|&&s| !s).count()).collect();
            room.sort_unstable_by(|a, b| b.cmp(a));
            let needed = (1..=room.len()).find(|&rows| room[..rows].iter().sum::<usize>() >= quantity as usize).unwrap();
            prop_assert_eq!(rows_of(&seats).len(), needed, "{:?}", seats);
            return Ok(());
        }
        let first = distinct.first().unwrap().0;
        let chosen = all.iter().find(|(start, ..)| *start == first);
        let Some(&(_, strands, far)) = chosen.filter(|_| distinct.last().unwrap().0 == first + quantity - 1) else {
            return Err(TestCaseError::fail(format!("{seats:?} are not side by side")));
        };
        let harmless = all.iter().any(|(_, strands, _)| !strands);
        prop_assert_eq!(strands, !harmless, "nobody is stranded where that is possible");
        let nearest = all.iter().filter(|(_, other, _)| *other == strands).map(|(.., far)| *far).fold(f32::MAX, f32::min);
        prop_assert!(far <= nearest * 1.001, "{} is farther than {}", far, nearest);
    }
}
