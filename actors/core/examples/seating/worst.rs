//! The worst that can be asked: a climb over what is sold and what is wished, by the time that deciding takes.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aisle_core::{
    BestAvailable, BookingId, Channel, Command, Event, HoldId, HoldSeats, Origin, OrphanRule, Plan, SeatNo, Settings,
    Show, ShowId, Timestamp, Touched, testing,
};
use uuid::Uuid;

use super::rng::Rng;

const SEATS: u32 = 60_000;
/// Times each candidate is asked; the shortest counts, because only that is the candidate's own.
const ASKED: usize = 5;

/// What is sold, as a pattern that is repeated along and across the rows, and what is wished.
#[derive(Clone, Debug)]
pub struct Case {
    /// By row of the pattern: which of its places are sold.
    pub sold: Vec<u16>,
    /// So many places until the pattern begins again.
    pub period: u32,
    /// Of a thousand seats so many are the other way round.
    pub noise: usize,
    pub quantity: u32,
    pub rule: OrphanRule,
}

impl Case {
    fn begin() -> Self {
        Self { sold: vec![0b01], period: 2, noise: 0, quantity: 2, rule: OrphanRule::Off }
    }

    fn changed(&self, rng: &mut Rng) -> Self {
        let mut case = self.clone();
        for _ in 0..=rng.below(2) {
            let row = rng.below(case.sold.len());
            match rng.below(6) {
                0 | 1 => case.sold[row] ^= 1 << rng.below(case.period as usize),
                2 => case.period = 1 + u32::try_from(rng.below(16)).unwrap_or(0),
                3 if case.sold.len() < 4 => case.sold.push(case.sold[row].rotate_left(1)),
                3 => case.sold.truncate(1),
                4 => case.quantity = 1 + u32::try_from(rng.below(10)).unwrap_or(0),
                _ if rng.percent(50) => case.noise = [0, 0, 2, 20, 100][rng.below(5)],
                _ => case.rule = [OrphanRule::Off, OrphanRule::Lenient, OrphanRule::Strict][rng.below(3)],
            }
        }
        case
    }

    fn is_sold(&self, row: u32, place: u32) -> bool {
        let pattern = self.sold[row as usize % self.sold.len()];
        pattern >> (place % self.period) & 1 == 1
    }

    fn show(&self, plan: &Arc<Plan>) -> Show {
        let mut show = Show::new(ShowId(Uuid::from_u128(1)), plan.clone());
        let mut rng = Rng::new(7);
        let mut seats: Vec<SeatNo> = Vec::new();
        for (row, at) in plan.rows().iter().zip(0..) {
            for (&seat, place) in row.blocks.iter().flatten().zip(0..) {
                if self.is_sold(at, place) != (rng.below(1000) < self.noise) {
                    seats.push(seat);
                }
            }
        }
        let origin = Origin { channel: Channel::Staff, buyer: None, code: None };
        let settings = Settings { orphan_rule: self.rule, ..Settings::default() };
        let booking = BookingId(Uuid::from_u128(2));
        let booked = Event::Booked {
            booking,
            hold: None,
            order: None,
            origin,
            seats,
            areas: vec![],
            allocation: None,
            customer: None,
        };
        for event in [Event::Configured { settings }, Event::Published, booked] {
            show.apply(Timestamp(0), &event, &mut Touched::default());
        }
        show
    }

    fn command(&self) -> Command {
        Command::Hold(HoldSeats {
            hold: HoldId(Uuid::from_u128(1)),
            origin: Origin { channel: Channel::Public, buyer: None, code: None },
            seats: vec![],
            best: Some(BestAvailable {
                quantity: self.quantity,
                category: None,
                section: None,
                accessible: 0,
                companions: 0,
            }),
            areas: vec![],
            allocation: None,
            request: None,
        })
    }
}

#[allow(clippy::disallowed_methods, reason = "this example measures; nothing is decided by it")]
fn time_of(case: &Case, plan: &Arc<Plan>) -> Duration {
    let show = case.show(plan);
    let command = case.command();
    (0..ASKED)
        .map(|_| {
            let begin = Instant::now();
            let _ = std::hint::black_box(show.decide(Timestamp(0), std::hint::black_box(&command)));
            begin.elapsed()
        })
        .min()
        .unwrap_or_default()
}

/// Climbs so many steps, and begins anew from the first case whenever a hill is done.
pub fn climb(seed: u64, steps: usize) -> (Case, Duration) {
    const PATIENCE: usize = 40;
    let plan = testing::stadium(SEATS);
    let mut rng = Rng::new(seed);
    let mut here = Case::begin();
    let mut height = time_of(&here, &plan);
    let (mut worst, mut most) = (here.clone(), height);
    let mut in_vain = 0;
    for _ in 0..steps {
        let next = here.changed(&mut rng);
        let time = time_of(&next, &plan);
        in_vain += 1;
        if time > height {
            (here, height, in_vain) = (next, time, 0);
        }
        if height > most {
            (worst, most) = (here.clone(), height);
        }
        if in_vain > PATIENCE {
            here = (0..8).fold(Case::begin(), |case, _| case.changed(&mut rng));
            height = time_of(&here, &plan);
            in_vain = 0;
        }
    }
    (worst, most)
}

/// One section of the stadium as it is sold, and in another colour the first that the answer gives.
pub fn picture(case: &Case) -> String {
    const STEP: u32 = 10;
    let plan = testing::stadium(SEATS);
    let show = case.show(&plan);
    let given: Vec<SeatNo> = match show.decide(Timestamp(0), &case.command()).as_deref() {
        Ok([Event::SeatsHeld { seats, .. }]) => seats.clone(),
        _ => Vec::new(),
    };
    let section = given.first().and_then(|&seat| plan.seat(seat)).map_or(0, |seat| seat.section.0);
    let mut marks = String::new();
    let rows = plan.rows().iter().filter(|row| row.section.0 == section).zip(0_u32..);
    for (row, down) in rows {
        let mut right = 0;
        for block in &row.blocks {
            for seat in block {
                let state = if given.contains(seat) {
                    "g"
                } else if show.letter(*seat) == b'a' {
                    "f"
                } else {
                    "s"
                };
                let _ = writeln!(marks, r##"<use href="#{state}" x="{}" y="{}"/>"##, right * STEP, down * STEP);
                right += 1;
            }
            right += 2;
        }
    }
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="-10 -10 460 270" width="690" height="405" role="img">
<title>Sold, free and given seats of one section in the worst case</title>
<rect x="-10" y="-10" width="460" height="270" fill="#ffffff"/>
<defs><circle id="s" r="4" fill="#c9c9c9"/><circle id="f" r="3.5" fill="#ffffff" stroke="#2f6fb0"/><circle id="g" r="4.5" fill="#b0362f"/></defs>
{marks}</svg>
"##
    )
}
