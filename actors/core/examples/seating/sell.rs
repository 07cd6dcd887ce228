//! The same people, seated in different ways.

use std::collections::BTreeMap;

use aisle_core::{
    BestAvailable, Channel, Command, HoldId, HoldSeats, Origin, OrphanRule, Placement, Plan, SeatNo, SeatState,
    Settings, Show, ShowId, StateChange, Timestamp, Touched,
};
use uuid::Uuid;

use super::demand::{Party, demand};
use super::rng::Rng;
use super::venues::Venue;

/// Who chooses the seats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chooser {
    /// The house, by best available.
    Best,
    /// The next free seats in the plan's order.
    PlanOrder,
    /// The guests, anywhere side by side if they can.
    Random,
}

pub const WAYS: [(&str, Chooser, OrphanRule); 7] = [
    ("best available, rule off", Chooser::Best, OrphanRule::Off),
    ("best available, lenient", Chooser::Best, OrphanRule::Lenient),
    ("best available, strict", Chooser::Best, OrphanRule::Strict),
    ("first come, plan order", Chooser::PlanOrder, OrphanRule::Off),
    ("random choice, rule off", Chooser::Random, OrphanRule::Off),
    ("random choice, lenient", Chooser::Random, OrphanRule::Lenient),
    ("random choice, strict", Chooser::Random, OrphanRule::Strict),
];

/// What came of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outcome {
    pub seats: usize,
    pub sold: usize,
    /// Parties that got seats, whether or not they kept them; and those that did not.
    pub seated: usize,
    pub turned_away: usize,
    /// Free seats with nobody free beside them: when nine of ten seats were sold, and at the end.
    pub singles_late: usize,
    pub singles_at_end: usize,
    /// Parties of two and more.
    pub one_row: usize,
    pub stacked: usize,
    pub split: usize,
    /// On average, of the seats of the first half that was sold.
    pub distance: f64,
}

impl Outcome {
    pub fn together(&self) -> usize {
        self.one_row + self.stacked
    }
}

/// One evening, sold in one way until everybody has been served.
pub fn evening(venue: &Venue, seed: u64, chooser: Chooser, rule: OrphanRule) -> Outcome {
    let mut house = House::new(venue, rule, seed);
    let parties = demand(&venue.plan, seed);
    let mut outcome = Outcome { seats: venue.plan.seat_count(), ..Outcome::default() };
    let mut leaving: BTreeMap<usize, Vec<HoldId>> = BTreeMap::new();
    let (mut far, mut counted) = (0.0, 0_u32);
    let mut late = None;
    for (at, party) in parties.iter().enumerate() {
        for hold in leaving.remove(&at).unwrap_or_default() {
            house.turn(&Command::ReleaseHold { hold });
        }
        let hold = HoldId(Uuid::from_u128(at as u128 + 1));
        let Some(seats) = house.seat(hold, party, chooser) else {
            outcome.turned_away += 1;
            continue;
        };
        outcome.seated += 1;
        match venue.plan.placement(&seats).filter(|_| seats.len() > 1) {
            None => {}
            Some(Placement::OneRow) => outcome.one_row += 1,
            Some(Placement::Stacked) => outcome.stacked += 1,
            Some(Placement::Split) => outcome.split += 1,
        }
        if let Some(after) = party.leaves_after {
            leaving.entry(at + after).or_default().push(hold);
        }
        let free = house.free().count();
        if free * 2 >= outcome.seats {
            far += seats.iter().map(|&seat| venue.plan.distance(seat)).sum::<f64>();
            counted += u32::try_from(seats.len()).unwrap_or(0);
        }
        if late.is_none() && free * 10 <= outcome.seats {
            late = Some(house.singles());
        }
    }
    outcome.sold = outcome.seats - house.free().count();
    outcome.singles_at_end = house.singles();
    outcome.singles_late = late.unwrap_or(outcome.singles_at_end);
    outcome.distance = far / f64::from(counted.max(1));
    outcome
}

struct House<'a> {
    show: Show,
    plan: &'a Plan,
    rng: Rng,
    touched: Touched,
}

impl<'a> House<'a> {
    fn new(venue: &'a Venue, rule: OrphanRule, seed: u64) -> Self {
        let show = Show::new(ShowId(Uuid::from_u128(1)), venue.plan.clone());
        let mut house = Self { show, plan: &venue.plan, rng: Rng::new(seed ^ 0xA151E), touched: Touched::default() };
        house.turn(&Command::Configure(Settings { orphan_rule: rule, ..Settings::default() }));
        house.turn(&Command::Change(StateChange::Publish));
        house
    }

    /// Whether it was done.
    fn turn(&mut self, command: &Command) -> bool {
        let Ok(events) = self.show.decide(Timestamp(0), command) else { return false };
        for event in &events {
            self.show.apply(Timestamp(0), event, &mut self.touched);
        }
        true
    }

    fn free(&self) -> impl Iterator<Item = SeatNo> {
        self.plan.order().iter().copied().filter(|&seat| self.show.seat(seat) == Some(SeatState::Available))
    }

    fn singles(&self) -> usize {
        let is_free = |seat: SeatNo| self.show.seat(seat) == Some(SeatState::Available);
        let blocks = self.plan.rows().iter().flat_map(|row| &row.blocks);
        let runs = blocks.flat_map(|block| block.chunk_by(move |&a, &b| is_free(a) == is_free(b)));
        runs.filter(|run| run.len() == 1 && is_free(run[0])).count()
    }

    fn seat(&mut self, hold: HoldId, party: &Party, chooser: Chooser) -> Option<Vec<SeatNo>> {
        let done = match chooser {
            Chooser::Best => {
                let accessible = u32::from(party.accessible);
                self.ask(
                    hold,
                    Vec::new(),
                    Some(BestAvailable {
                        quantity: party.quantity,
                        category: party.category,
                        section: party.section,
                        accessible,
                        companions: accessible,
                    }),
                )
            }
            Chooser::PlanOrder => {
                let seats = self.special(party)?;
                let seats = self.fill(party, seats, self.suitable(party))?;
                self.ask(hold, seats, None)
            }
            Chooser::Random => self.wander(hold, party),
        };
        done.then(|| self.show.hold(hold)).flatten().map(|view| view.seats)
    }

    fn ask(&mut self, hold: HoldId, seats: Vec<SeatNo>, best: Option<BestAvailable>) -> bool {
        let origin = Origin { channel: Channel::Public, buyer: None, code: None };
        self.turn(&Command::Hold(HoldSeats {
            hold,
            origin,
            seats,
            best,
            areas: vec![],
            allocation: None,
            request: None,
        }))
    }

    /// The seats that guests without special needs may take.
    fn suitable(&self, party: &Party) -> Vec<SeatNo> {
        let suits = |seat: &SeatNo| {
            self.plan.seat(*seat).is_some_and(|seat| {
                !seat.accessible
                    && !seat.companion
                    && party.category.is_none_or(|category| seat.category == category)
                    && party.section.is_none_or(|section| seat.section == section)
            })
        };
        self.free().filter(suits).collect()
    }

    /// Where one of the party needs a place for a wheelchair: the first that is free, and one beside it.
    fn special(&self, party: &Party) -> Option<Vec<SeatNo>> {
        if !party.accessible {
            return Some(Vec::new());
        }
        let in_wish = |seat: &SeatNo| {
            self.plan.seat(*seat).is_some_and(|seat| {
                party.category.is_none_or(|category| seat.category == category)
                    && party.section.is_none_or(|section| seat.section == section)
            })
        };
        let free: Vec<SeatNo> = self.free().filter(in_wish).collect();
        let is = |seat: SeatNo, what: fn(&aisle_core::Seat) -> bool| self.plan.seat(seat).is_some_and(what);
        let chair = free.iter().copied().find(|&seat| is(seat, |seat| seat.accessible))?;
        let beside =
            free.iter().copied().find(|&seat| seat.0.abs_diff(chair.0) == 1 && is(seat, |seat| seat.companion));
        Some([Some(chair), beside].into_iter().flatten().collect())
    }

    fn fill(&self, party: &Party, mut seats: Vec<SeatNo>, from: Vec<SeatNo>) -> Option<Vec<SeatNo>> {
        let missing = (party.quantity as usize).checked_sub(seats.len())?;
        (from.len() >= missing).then(|| {
            seats.extend(&from[..missing]);
            seats
        })
    }

    /// Looks at windows side by side in any order until the house agrees; then at any seats.
    fn wander(&mut self, hold: HoldId, party: &Party) -> bool {
        const SPLITS_TRIED: usize = 50;
        let Some(special) = self.special(party) else { return false };
        let mut suitable = self.suitable(party);
        if special.is_empty() {
            let mut windows: Vec<Vec<SeatNo>> = Vec::new();
            for block in self.plan.rows().iter().flat_map(|row| &row.blocks) {
                let all_suit = |window: &&[SeatNo]| {
                    // Seats are numbered in the plan's order, so what suits is sorted.
                    window.iter().all(|seat| suitable.binary_search(seat).is_ok())
                };
                windows.extend(block.windows(party.quantity as usize).filter(all_suit).map(<[SeatNo]>::to_vec));
            }
            self.rng.shuffle(&mut windows);
            for window in windows {
                if self.ask(hold, window, None) {
                    return true;
                }
            }
        }
        for _ in 0..SPLITS_TRIED {
            self.rng.shuffle(&mut suitable);
            let Some(seats) = self.fill(party, special.clone(), suitable.clone()) else { return false };
            if self.ask(hold, seats, None) {
                return true;
            }
        }
        false
    }
}
