//! Best available against every possible choice, in houses with seats sold at random.

use std::collections::{BTreeMap, BTreeSet};

use aisle_core::*;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::scene::id;

pub const ROWS: u32 = 4;
pub const SEATS: u32 = 8;

pub fn house(sold: &[bool], rule: OrphanRule) -> Show {
    house_in_order(sold, rule, false)
}

fn house_in_order(sold: &[bool], rule: OrphanRule, backwards: bool) -> Show {
    hall_sold((ROWS as usize, SEATS as usize), sold, rule, backwards)
}

/// A hall in which these seats were sold, in this order or the other.
pub fn hall_sold((rows, seats): (usize, usize), sold: &[bool], rule: OrphanRule, backwards: bool) -> Show {
    let mut show = Show::new(ShowId(id("S1")), testing::hall(rows as u32, seats as u32));
    let mut seats: Vec<SeatNo> = (0..rows * seats).filter(|&seat| sold[seat]).map(|seat| SeatNo(seat as u32)).collect();
    if backwards {
        seats.reverse();
    }
    let booked = Event::Booked {
        booking: BookingId(id("B1")),
        hold: None,
        order: None,
        origin: Origin { channel: Channel::Staff, buyer: None, code: None },
        customer: None,
        allocation: None,
        seats,
        areas: vec![],
    };
    let settings = Settings { orphan_rule: rule, places_per_hold_max: 100, ..Settings::default() };
    for event in [Event::Configured { settings }, Event::Published, booked] {
        show.apply(Timestamp(0), &event, &mut Touched::default());
    }
    show
}

fn hold(show: &Show, seats: Vec<SeatNo>, best: Option<BestAvailable>) -> Result<Vec<SeatNo>, Rejection> {
    let command = Command::Hold(HoldSeats {
        hold: HoldId(id("H1")),
        origin: Origin { channel: Channel::Public, buyer: None, code: None },
        seats,
        best,
        areas: vec![],
        allocation: None,
        request: None,
    });
    let events = show.decide(Timestamp(0), &command)?;
    let [Event::SeatsHeld { seats, .. }] = &events[..] else { panic!("one hold is made: {events:?}") };
    Ok(seats.clone())
}

pub fn name(show: &Show, seats: &[SeatNo]) -> Result<Vec<SeatNo>, Rejection> {
    hold(show, seats.to_vec(), None)
}

pub fn ask(show: &Show, quantity: u32, category: Option<u16>) -> Result<Vec<SeatNo>, Rejection> {
    let category = category.map(CategoryNo);
    hold(show, vec![], Some(BestAvailable { quantity, category, section: None, accessible: 0, companions: 0 }))
}

fn is_free(sold: &[bool], row: u32, place: i64) -> bool {
    (0..i64::from(SEATS)).contains(&place) && !sold[(row * SEATS) as usize + place as usize]
}

/// Free seats side by side.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    pub row: u32,
    pub from: u32,
    pub count: u32,
    /// Where the free stretch around it begins.
    run: u32,
    pub strands: bool,
    /// Together, not on average.
    far: f32,
}

/// All windows of so many free seats.
pub fn windows(show: &Show, sold: &[bool], count: u32) -> Vec<Window> {
    let focus = show.plan().focal_point();
    let far = |seat: u32| {
        let at = show.plan().seat(SeatNo(seat)).unwrap().position;
        (at.x - focus.x).hypot(at.y - focus.y)
    };
    let mut all = Vec::new();
    for row in 0..ROWS {
        for from in 0..(SEATS + 1).saturating_sub(count) {
            let (first, last) = (i64::from(from), i64::from(from + count) - 1);
            if !(first..=last).all(|place| is_free(sold, row, place)) {
                continue;
            }
            let left = is_free(sold, row, first - 1) && !is_free(sold, row, first - 2);
            let right = is_free(sold, row, last + 1) && !is_free(sold, row, last + 2);
            let run = (0..=from).rev().take_while(|&at| is_free(sold, row, i64::from(at))).last().unwrap();
            let start = row * SEATS + from;
            let far = (start..start + count).map(far).sum::<f32>();
            all.push(Window { row, from, count, run, strands: left || right, far });
        }
    }
    all
}

/// How far the middles of two windows are from each other, in a hall.
fn apart(front: &Window, back: &Window) -> f32 {
    let middle = |window: &Window| window.from as f32 + window.count as f32 / 2.0;
    (middle(front) - middle(back)).hypot(front.row.abs_diff(back.row) as f32)
}

/// A party in two windows, one directly behind the other.
struct Pair {
    runs: [(u32, u32); 2],
    strands: bool,
    unfair: u32,
    far: f32,
}

fn pairs(show: &Show, sold: &[bool], quantity: u32) -> Vec<Pair> {
    let mut all = Vec::new();
    for count in 2..=quantity.saturating_sub(2) {
        let behind = windows(show, sold, quantity - count);
        for front in windows(show, sold, count) {
            let touches = |back: &&Window| {
                back.row == front.row + 1 && back.from < front.from + front.count && front.from < back.from + back.count
            };
            all.extend(behind.iter().filter(touches).map(|back| Pair {
                runs: [(front.row, front.run), (back.row, back.run)],
                strands: front.strands || back.strands,
                unfair: front.count.abs_diff(back.count),
                far: (front.far + back.far) / quantity as f32 + apart(&front, back),
            }));
        }
    }
    all
}

/// Of each two runs the fairest shares, and of these the nearest.
fn nearest_fair(pairs: &[Pair], strands: bool) -> Option<f32> {
    let mut by_runs: BTreeMap<[(u32, u32); 2], Vec<&Pair>> = BTreeMap::new();
    pairs
        .iter()
        .filter(|pair| pair.strands == strands)
        .for_each(|pair| by_runs.entry(pair.runs).or_default().push(pair));
    let of_two_runs = |pairs: &Vec<&Pair>| {
        let fairest = pairs.iter().map(|pair| pair.unfair).min().unwrap();
        pairs.iter().filter(|pair| pair.unfair == fairest).map(|pair| pair.far).fold(f32::MAX, f32::min)
    };
    by_runs.values().map(of_two_runs).reduce(f32::min)
}

fn rows_of(seats: &[SeatNo]) -> BTreeMap<u32, Vec<u32>> {
    let mut rows: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    let sorted: BTreeSet<u32> = seats.iter().map(|seat| seat.0).collect();
    sorted.into_iter().for_each(|seat| rows.entry(seat / SEATS).or_default().push(seat % SEATS));
    rows
}

/// What the seats of a hall without aisles are to each other, said naively.
fn naive_placement(seats: &[SeatNo]) -> Option<Placement> {
    let rows = rows_of(seats);
    let together = |places: &Vec<u32>| places.last().unwrap() - places[0] + 1 == places.len() as u32;
    let all: Vec<(&u32, &Vec<u32>)> = rows.iter().collect();
    let behind = |pair: &[(&u32, &Vec<u32>)]| {
        let ((front, a), (back, b)) = (pair[0], pair[1]);
        *back == front + 1 && a.iter().any(|place| (b[0]..=*b.last().unwrap()).contains(place))
    };
    match rows.len() {
        0 => None,
        _ if !rows.values().all(together) => Some(Placement::Split),
        1 => Some(Placement::OneRow),
        _ if rows.values().all(|places| places.len() > 1) && all.windows(2).all(behind) => Some(Placement::Stacked),
        _ => Some(Placement::Split),
    }
}

pub fn far_of(show: &Show, seats: &[SeatNo]) -> f32 {
    seats.iter().map(|&seat| show.plan().distance(seat) as f32).sum()
}

pub fn some_sold() -> impl Strategy<Value = Vec<bool>> {
    (0.1..0.9).prop_flat_map(|part| vec(prop::bool::weighted(part), (ROWS * SEATS) as usize))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, ..ProptestConfig::default() })]

    #[test]
    fn nothing_better_is_left(sold in some_sold(), quantity in 1..13u32) {
        let show = house(&sold, OrphanRule::Off);
        let free = sold.iter().filter(|&&sold| !sold).count();
        let seats = match ask(&show, quantity, None) {
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
        prop_assert_eq!(&ask(&house_in_order(&sold, OrphanRule::Off, true), quantity, None).unwrap(), &seats);

        let placement = show.plan().placement(&seats).unwrap();
        let far = far_of(&show, &seats);
        let all = windows(&show, &sold, quantity);
        if !all.is_empty() {
            prop_assert_eq!(placement, Placement::OneRow);
            let harmless = all.iter().any(|window| !window.strands);
            let first = distinct.first().unwrap().0;
            let chosen = all.iter().find(|window| window.row * SEATS + window.from == first).unwrap();
            prop_assert_eq!(chosen.strands, !harmless, "nobody is stranded where that is possible");
            let class = all.iter().filter(|window| window.strands == chosen.strands);
            let nearest = class.map(|window| window.far).fold(f32::MAX, f32::min);
            prop_assert!(far <= nearest * 1.001, "{} is farther than {}", far, nearest);
            return Ok(());
        }
        let pairs = pairs(&show, &sold, quantity);
        if let Some(nearest) = nearest_fair(&pairs, false).or(nearest_fair(&pairs, true)) {
            prop_assert_eq!(placement, Placement::Stacked);
            let groups: Vec<Window> = rows_of(&seats).iter().map(|(&row, places)| Window {
                row, from: places[0], count: places.len() as u32, run: 0, strands: false, far: 0.0,
            }).collect();
            prop_assert_eq!(groups.len(), 2);
            let far = far / quantity as f32 + apart(&groups[0], &groups[1]);
            prop_assert!(far <= nearest * 1.001, "{} is farther than {}", far, nearest);
            return Ok(());
        }
        if placement == Placement::Split {
            // Over as few rows as are needed when the emptiest rows are taken first.
            let mut room: Vec<usize> = sold.chunks(SEATS as usize).map(|row| row.iter().filter(|&&s| !s).count()).collect();
            room.sort_unstable_by(|a, b| b.cmp(a));
            let needed = (1..=room.len()).find(|&rows| room[..rows].iter().sum::<usize>() >= quantity as usize).unwrap();
            prop_assert_eq!(rows_of(&seats).len(), needed, "{:?}", seats);
        }
    }

    #[test]
    fn a_category_is_kept_to(sold in some_sold(), quantity in 1..9u32, category in 0..2u16) {
        let show = house(&sold, OrphanRule::Off);
        let in_it = |seat: u32| show.plan().seat(SeatNo(seat)).unwrap().category.0 == category;
        let free = (0..ROWS * SEATS).filter(|&seat| !sold[seat as usize] && in_it(seat)).count();
        match ask(&show, quantity, Some(category)) {
            Ok(seats) => prop_assert!(seats.iter().all(|seat| in_it(seat.0))),
            Err(_) => prop_assert!(free < quantity as usize),
        }
    }

    #[test]
    fn the_word_for_a_placement_is_what_a_naive_look_says(chosen in some_sold()) {
        let plan = testing::hall(ROWS, SEATS);
        let seats: Vec<SeatNo> = (0..ROWS * SEATS).filter(|&seat| !chosen[seat as usize]).map(SeatNo).collect();
        prop_assert_eq!(plan.placement(&seats), naive_placement(&seats));
    }

    #[test]
    fn a_party_that_is_given_seats_in_few_rows_is_told_so(from in 0..(ROWS * SEATS), shape in vec(1..4u32, 1..4)) {
        // Small groups below each other, sometimes touching and sometimes not.
        let seats: BTreeSet<u32> = shape
            .iter()
            .zip(0..)
            .flat_map(|(&count, row)| (0..count).map(move |at| from + row * SEATS + (row * (count % 3)) + at))
            .filter(|&seat| seat < ROWS * SEATS)
            .collect();
        let seats: Vec<SeatNo> = seats.into_iter().map(SeatNo).collect();
        prop_assert_eq!(testing::hall(ROWS, SEATS).placement(&seats), naive_placement(&seats));
    }
}
