//! How the naive model looks for seats: it tries everything, and counts on its fingers.

use std::collections::BTreeSet;

use aisle_core::*;

use super::house::{Line, Place};
use super::{Model, Outcome, Pocket};

/// Rounding.
const AS_FAR: f32 = 1.001;

type Seats = BTreeSet<u32>;

/// Side by side in one line.
struct Window {
    seats: Seats,
    /// What is worse: whether somebody is left alone, then whether a companion's seat is missing.
    class: (bool, bool),
    far: f32,
}

/// The free seats of a line with nobody free beside them.
fn alone(line: &Line, free: &Seats) -> Seats {
    let is_free = |at: Option<usize>| at.and_then(|at| line.places.get(at)).is_some_and(|p| free.contains(&p.number));
    let single = |&at: &usize| is_free(Some(at)) && !is_free(at.checked_sub(1)) && !is_free(Some(at + 1));
    (0..line.places.len()).filter(single).map(|at| line.places[at].number).collect()
}

fn accessible(places: &[&Place]) -> usize {
    places.iter().filter(|place| place.accessible).count()
}

fn companions(places: &[&Place]) -> usize {
    places.iter().filter(|place| place.companion).count()
}

impl Model {
    fn free_for(&self, from: Option<AllocationId>) -> Seats {
        let is_free = |&seat: &u32| self.can_take(from, &Pocket { seats: [seat].into(), floor: 0 }).is_ok();
        self.house.places().map(|place| place.number).filter(is_free).collect()
    }

    pub(super) fn orphan_rule(&self, origin: Origin) -> OrphanRule {
        let ends_before = self.rules.orphan_rule_ends_before_ms as i64;
        let over = self.rules.sales_end_at.is_some_and(|end| self.now >= end.0 - ends_before);
        if over || origin.channel == Channel::Staff { OrphanRule::Off } else { self.rules.orphan_rule }
    }

    /// Whoever adds seats leaves nobody alone who was not alone before, if as many as sit in that line could sit elsewhere
    /// without leaving anybody alone.
    pub(super) fn must_not_strand(
        &self,
        rule: OrphanRule,
        from: Option<AllocationId>,
        added: &Seats,
        kept: &Seats,
        removed: &Seats,
    ) -> Outcome {
        if rule == OrphanRule::Off || added.is_empty() {
            return Ok(());
        }
        let mine: Seats = added | kept;
        let before = self.free_for(from);
        let after: Seats = &(&before | removed) - &mine;
        let free: Seats = &(&before | removed) | &mine;
        for line in &self.house.lines {
            let party: Vec<&Place> = line.places.iter().filter(|place| mine.contains(&place.number)).collect();
            if party.is_empty() || alone(line, &after).is_subset(&alone(line, &before)) {
                continue;
            }
            let alike = party.iter().all(|place| place.category == party[0].category);
            let wish = BestAvailable {
                quantity: party.len() as u32,
                category: alike.then(|| CategoryNo(party[0].category)),
                section: None,
                accessible: accessible(&party) as u32,
                companions: companions(&party) as u32,
            };
            let lines = if rule == OrphanRule::Lenient { std::slice::from_ref(line) } else { &self.house.lines };
            if windows(lines, &free, &wish).iter().any(|window| !window.class.0) {
                return Err("strands_a_seat");
            }
        }
        Ok(())
    }

    /// The seats that a party is given, if any: `chosen` is what the show says, and it is looked at whether nothing is better.
    /// Only where the party cannot sit side by side the show is believed about which seats it takes.
    pub(super) fn best(
        &self,
        wanted: &HoldSeats,
        best: &BestAvailable,
        chosen: &[SeatNo],
    ) -> Result<Pocket, &'static str> {
        if best.accessible > best.quantity {
            return Err("none_available");
        }
        let wish = BestAvailable { companions: best.companions.min(best.quantity - best.accessible), ..best.clone() };
        let (free, rule) = (self.free_for(wanted.allocation), self.orphan_rule(wanted.origin));
        let is_refused =
            |seats: &Seats| self.must_not_strand(rule, wanted.allocation, seats, &Seats::new(), &Seats::new()).is_err();
        let together = windows(&self.house.lines, &free, &wish);
        let given: Seats = chosen.iter().map(|seat| seat.0).collect();
        if let Some(class) = together.iter().map(|window| window.class).min() {
            let of_class = || together.iter().filter(|window| window.class == class);
            let nearest = of_class().map(|window| window.far).fold(f32::MAX, f32::min);
            let mut best = of_class().filter(|window| window.far <= nearest * AS_FAR);
            if given.is_empty() {
                assert!(best.any(|window| is_refused(&window.seats)), "the best window was free for the asking");
                return Err("none_available");
            }
            assert!(best.any(|window| window.seats == given), "{given:?} is not the best window");
        } else {
            let ways = self.scattered(&free, &wish);
            if given.is_empty() {
                assert!(ways.is_empty() || ways.iter().any(is_refused), "they could have been seated apart");
                return Err("none_available");
            }
            assert!(ways.contains(&given), "{given:?} is not what was wished");
        }
        assert!(!is_refused(&given), "{given:?} leaves somebody alone");
        Ok(Pocket { seats: given, floor: 0 })
    }

    /// All ways to give a party what it wants anywhere, with as many companions' seats as there are; never in a box that is
    /// sold whole.
    fn scattered(&self, free: &Seats, wish: &BestAvailable) -> Vec<Seats> {
        let lines = self.house.lines.iter().filter(|line| !line.sold_whole);
        let places = lines.flat_map(|line| &line.places);
        let suiting: Vec<&Place> = places.filter(|place| free.contains(&place.number) && suits(place, wish)).collect();
        let company = companions(&suiting).min(wish.companions as usize);
        let is_wished =
            |party: &[&Place]| accessible(party) == wish.accessible as usize && companions(party) == company;
        let mut ways = Vec::new();
        for some in 0..1_u32 << suiting.len() {
            if some.count_ones() != wish.quantity {
                continue;
            }
            let party: Vec<&Place> =
                (0..suiting.len()).filter(|at| some >> at & 1 == 1).map(|at| suiting[at]).collect();
            if is_wished(&party) {
                ways.push(party.iter().map(|place| place.number).collect());
            }
        }
        ways
    }

    /// Other seats instead of those that were paid for: of the same categories, and none of them farther on average.
    pub(super) fn must_be_equal(&self, paid: &Seats, other: &Seats) {
        for category in 0..2 {
            let of = |seats: &Seats| -> Vec<f32> {
                let places = seats.iter().map(|&seat| self.house.place(seat).expect("a seat of the house"));
                places.filter(|place| place.category == category).map(Place::far).collect()
            };
            let (paid, other) = (of(paid), of(other));
            assert_eq!(paid.len(), other.len(), "as many of category {category}");
            assert!(other.iter().sum::<f32>() <= paid.iter().sum::<f32>() * AS_FAR, "farther than what was paid for");
        }
    }
}

fn suits(place: &Place, wish: &BestAvailable) -> bool {
    wish.category.is_none_or(|category| category.0 == place.category)
        && wish.section.is_none_or(|section| section.0 == place.section)
}

/// All ways to sit side by side in one of these lines, as wished; in a box that is sold whole only if it is filled.
fn windows(lines: &[Line], free: &Seats, wish: &BestAvailable) -> Vec<Window> {
    let count = wish.quantity as usize;
    let mut all = Vec::new();
    for line in lines.iter().filter(|line| !line.sold_whole || line.places.len() == count) {
        for window in line.places.windows(count) {
            let party: Vec<&Place> = window.iter().collect();
            let fits = party.iter().all(|place| free.contains(&place.number) && suits(place, wish))
                && accessible(&party) == wish.accessible as usize
                && companions(&party) <= wish.companions as usize;
            if !fits {
                continue;
            }
            let seats: Seats = party.iter().map(|place| place.number).collect();
            let strands = !alone(line, &(free - &seats)).is_subset(&alone(line, free));
            let class = (strands, companions(&party) < wish.companions as usize);
            all.push(Window { seats, class, far: party.iter().map(|place| place.far()).sum() });
        }
    }
    all
}
