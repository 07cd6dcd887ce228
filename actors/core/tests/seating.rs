//! Best available beside two worse ways to seat the same people: what must hold on every seed. The table is in docs/SEATING.md.

#![allow(dead_code, reason = "the table shows more than is asked here")]

#[path = "../examples/seating/demand.rs"]
pub mod demand;
#[path = "../examples/seating/rng.rs"]
mod rng;
#[path = "../examples/seating/sell.rs"]
mod sell;
#[path = "../examples/seating/venues.rs"]
mod venues;

use aisle_core::OrphanRule;
use sell::{Chooser, Outcome, evening};

const SEEDS: [u64; 2] = [1, 2];

fn evenings(chooser: Chooser, rule: OrphanRule) -> Vec<(String, Outcome)> {
    let of_seed = |seed| venues::venues().into_iter().map(move |venue| (seed, venue));
    let all = SEEDS.into_iter().flat_map(of_seed);
    all.map(|(seed, venue)| (format!("{}, seed {seed}", venue.name), evening(&venue, seed, chooser, rule))).collect()
}

fn sum(evenings: &[(String, Outcome)], what: impl Fn(&Outcome) -> usize) -> usize {
    evenings.iter().map(|(_, outcome)| what(outcome)).sum()
}

#[test]
fn best_available_keeps_more_parties_together_and_nearer_than_the_other_ways() {
    for rule in [OrphanRule::Off, OrphanRule::Lenient, OrphanRule::Strict] {
        let best = evenings(Chooser::Best, rule);
        for other in [Chooser::PlanOrder, Chooser::Random] {
            for ((evening, best), (_, other)) in best.iter().zip(evenings(other, OrphanRule::Off)) {
                assert!(best.together() >= other.together(), "{rule:?}, {evening}: {best:?} beside {other:?}");
                // The plan's order begins in front: who is seated by it is as near, and seldom together.
                assert!(best.distance < other.distance * 1.02, "{rule:?}, {evening}: {best:?} beside {other:?}");
            }
        }
    }
}

#[test]
fn the_stricter_the_rule_the_fewer_singles_do_guests_strand_who_choose_themselves() {
    let [off, lenient, strict] = [OrphanRule::Off, OrphanRule::Lenient, OrphanRule::Strict]
        .map(|rule| sum(&evenings(Chooser::Random, rule), |outcome| outcome.singles_late));
    assert!(strict <= lenient && lenient < off, "off {off}, lenient {lenient}, strict {strict}");
    let best = sum(&evenings(Chooser::Best, OrphanRule::Strict), |outcome| outcome.singles_late);
    assert!(best <= strict, "best available {best}, guests under the strict rule {strict}");
}
