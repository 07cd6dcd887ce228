//! The orphan rule against one who looks at every seat.

use aisle_core::*;
use proptest::prelude::*;

use crate::properties_best::{ROWS, SEATS, ask, house, name, some_sold, windows};

fn any_rule() -> impl Strategy<Value = OrphanRule> {
    prop::sample::select(vec![OrphanRule::Off, OrphanRule::Lenient, OrphanRule::Strict])
}

fn is_single(taken: &[bool], seat: u32) -> bool {
    let row = seat / SEATS * SEATS;
    let is_taken = |at: Option<u32>| at.is_none_or(|at| !(row..row + SEATS).contains(&at) || taken[at as usize]);
    !taken[seat as usize] && is_taken(seat.checked_sub(1)) && is_taken(Some(seat + 1))
}

/// The seats that the rule names, looked for without haste.
fn refused(show: &Show, sold: &[bool], chosen: &[SeatNo], rule: OrphanRule) -> Vec<SeatNo> {
    let mut after = sold.to_vec();
    chosen.iter().for_each(|seat| after[seat.index()] = true);
    let mut all = Vec::new();
    for row in 0..ROWS {
        let party = chosen.iter().filter(|seat| seat.0 / SEATS == row).count() as u32;
        let single = (row * SEATS..(row + 1) * SEATS).filter(|&seat| is_single(&after, seat) && !is_single(sold, seat));
        let single: Vec<SeatNo> = single.map(SeatNo).collect();
        // Rows of the same half have the same category.
        let counts = |other: u32| match rule {
            OrphanRule::Off => false,
            OrphanRule::Lenient => other == row,
            OrphanRule::Strict => other / (ROWS / 2) == row / (ROWS / 2),
        };
        let otherwise = || windows(show, sold, party).iter().any(|window| !window.strands && counts(window.row));
        if party > 0 && !single.is_empty() && otherwise() {
            all.extend(single);
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, ..ProptestConfig::default() })]

    #[test]
    fn it_refuses_what_can_be_avoided_and_nothing_else(sold in some_sold(), first in 0..ROWS * SEATS, more in 0..16u32, rule in any_rule()) {
        let show = house(&sold, rule);
        let near = (0..5).filter(|at| at == &0 || more >> (at - 1) & 1 == 1).map(|at| first + at);
        let chosen: Vec<SeatNo> = near.filter(|&seat| seat < ROWS * SEATS && !sold[seat as usize]).map(SeatNo).collect();
        // A house that is sold out leaves nothing to choose, which is often; thousands of others are looked at.
        if chosen.is_empty() {
            return Ok(());
        }
        match name(&show, &chosen) {
            Ok(held) => {
                prop_assert_eq!(&held, &chosen);
                prop_assert_eq!(refused(&show, &sold, &chosen, rule), vec![]);
            }
            Err(refusal) => {
                prop_assert_eq!(refusal, Rejection::StrandsASeat { seats: refused(&show, &sold, &chosen, rule) });
            }
        }
    }

    #[test]
    fn what_is_refused_leniently_is_refused_strictly_too(sold in some_sold(), chosen in some_sold()) {
        let chosen: Vec<SeatNo> = (0..ROWS * SEATS)
            .filter(|&seat| !sold[seat as usize] && !chosen[seat as usize])
            .map(SeatNo)
            .collect();
        // A house that is sold out leaves nothing to choose, which is often; thousands of others are looked at.
        if chosen.is_empty() {
            return Ok(());
        }
        if name(&house(&sold, OrphanRule::Lenient), &chosen).is_err() {
            prop_assert!(name(&house(&sold, OrphanRule::Strict), &chosen).is_err());
        }
    }

    #[test]
    fn what_best_available_gives_could_have_been_named(sold in some_sold(), quantity in 1..9u32, rule in any_rule()) {
        let show = house(&sold, rule);
        if let Ok(seats) = ask(&show, quantity, None) {
            prop_assert_eq!(name(&show, &seats), Ok(seats));
        } else if let Ok(seats) = ask(&house(&sold, OrphanRule::Off), quantity, None) {
            prop_assert!(name(&show, &seats).is_err(), "{:?} could have been given", seats);
        }
    }
}
