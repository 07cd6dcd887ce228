//! The workload: buyers, a box office and a house manager who want too much, too late, and twice.

use std::collections::BTreeMap;

use aisle_actors::core::{
    AllocationId, AreaCount, AreaNo, BestAvailable, BookingId, BuyerId, CategoryNo, Channel, Command, HoldId,
    HoldSeats, LateSale, OrderId, Origin, OrphanRule, SeatNo, Settings, ShowId, StateChange, Timestamp,
};
use aisle_actors::turn::Wish;
use uuid::Uuid;

use crate::house::{FLOOR, SEATS};
use crate::rng::Rng;

/// One wish, which is repeated until it is answered.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub show: ShowId,
    pub wish: Wish,
    pub tries: u32,
    /// The tick at which whoever wants it loses patience and asks again.
    pub again_at: u64,
}

/// Whether it asks for places that the house keeps: what is free to others is taken to it.
pub fn in_allocation(wish: &Wish) -> bool {
    matches!(wish, Wish::Command(Command::Hold(wanted)) if wanted.allocation.is_some())
}

/// What the world remembers having asked of one show.
#[derive(Default)]
struct Known {
    holds: Vec<(HoldId, Vec<SeatNo>)>,
    orders: BTreeMap<HoldId, OrderId>,
    bookings: Vec<(BookingId, HoldId)>,
    allocations: Vec<AllocationId>,
}

pub struct Clients {
    known: BTreeMap<ShowId, Known>,
    ids: u128,
}

impl Clients {
    pub fn new() -> Self {
        Self { known: BTreeMap::new(), ids: 0 }
    }

    fn id(&mut self) -> Uuid {
        self.ids += 1;
        Uuid::from_u128(self.ids)
    }

    /// A hold was refused: nobody asks for it again.
    pub fn refused(&mut self, show: ShowId, wish: &Wish) {
        if let (Wish::Command(Command::Hold(wanted)), Some(known)) = (wish, self.known.get_mut(&show)) {
            known.holds.retain(|(hold, _)| *hold != wanted.hold);
        }
    }

    pub fn next(&mut self, show: ShowId, now: Timestamp, rng: &mut Rng) -> Wish {
        let kind = rng.below(1_000);
        let known = self.known.entry(show).or_default();
        let hold = match rng.chance(20) {
            true => HoldId(Uuid::from_u128(u128::MAX - u128::from(rng.below(9)))),
            // Mostly one of the last: the others have ended long ago.
            false => {
                let recent = known.holds.len().saturating_sub(5);
                rng.pick(&known.holds[recent..]).map_or(HoldId(Uuid::nil()), |(hold, _)| *hold)
            }
        };
        let order = known.orders.get(&hold).copied();
        let begins = known.holds.is_empty() || known.bookings.is_empty() && (780..840).contains(&kind);
        let recent_bookings = known.bookings.len().saturating_sub(6);
        let booking = rng.pick(&known.bookings[recent_bookings..]).copied();
        let allocation = rng.pick(&known.allocations).copied();
        // Where there is nothing yet to change or to give back, something is begun, or the show is put on sale.
        if begins && kind < 925 {
            return if kind.is_multiple_of(4) {
                Wish::Command(Command::Change(StateChange::Publish))
            } else {
                self.hold(show, rng)
            };
        }
        match kind {
            0..340 => self.hold(show, rng),
            340..400 => Wish::Command(Command::ChangeHold {
                hold,
                add: some_seats(rng, 2),
                remove: some_seats(rng, 3),
                areas: some_areas(rng, 4),
            }),
            400..430 => Wish::Command(Command::ExtendHold { hold }),
            430..490 => Wish::Command(Command::ReleaseHold { hold }),
            490..580 => {
                let order = order.filter(|_| rng.chance(800)).unwrap_or_else(|| OrderId(self.id()));
                self.known.entry(show).or_default().orders.entry(hold).or_insert(order);
                let pay_within_ms = rng.chance(500).then(|| rng.between(1_000, 60_000));
                Wish::Command(Command::StartPayment { hold, order, pay_within_ms, customer: None })
            }
            600..620 => Wish::Command(Command::ReopenHold { hold, order: order.unwrap_or_else(|| OrderId(self.id())) }),
            620..650 => Wish::Command(Command::EndPayment { hold, order: order.unwrap_or_else(|| OrderId(self.id())) }),
            650..760 => {
                let id = match booking.filter(|_| rng.chance(200)) {
                    Some((booking, _)) => booking,
                    None => BookingId(self.id()),
                };
                self.known.entry(show).or_default().bookings.push((id, hold));
                Wish::Command(Command::Book { hold, booking: id, order: order.filter(|_| rng.chance(900)) })
            }
            760..780 => self.late(show, hold, order, rng),
            780..840 => {
                let (booking, _) = booking.unwrap_or((BookingId(Uuid::nil()), hold));
                let seats = if rng.chance(700) { Vec::new() } else { some_seats(rng, 2) };
                Wish::Command(Command::CancelBooking { booking, seats, areas: Vec::new() })
            }
            840..875 => {
                let allocation = allocation.filter(|_| rng.chance(300)).unwrap_or_else(|| AllocationId(self.id()));
                self.known.entry(show).or_default().allocations.push(allocation);
                Wish::Command(Command::Block {
                    allocation,
                    seats: some_seats(rng, 3),
                    areas: some_areas(rng, 9),
                    reason: "a camera".into(),
                    release_at: rng.chance(600).then(|| now.plus_ms(rng.between(0, 60_000))),
                })
            }
            875..905 => Wish::Command(Command::Unblock {
                allocation: allocation.unwrap_or(AllocationId(Uuid::nil())),
                seats: if rng.chance(800) { Vec::new() } else { some_seats(rng, 1) },
                areas: Vec::new(),
            }),
            905..925 => Wish::Command(Command::Configure(settings(now, rng))),
            925..950 => Wish::Command(Command::Change(change(rng))),
            950..975 => Wish::Hold(hold),
            975..985 => Wish::Booking(booking.map_or(BookingId(Uuid::nil()), |(booking, _)| booking)),
            985..993 => Wish::Facts,
            _ => Wish::Allocations,
        }
    }

    fn hold(&mut self, show: ShowId, rng: &mut Rng) -> Wish {
        let known = self.known.entry(show).or_default();
        // Now and then somebody's key again, for something else.
        let used = rng.pick(&known.holds).filter(|_| rng.chance(15)).map(|(hold, _)| *hold);
        let allocation = rng.pick(&known.allocations).copied().filter(|_| rng.chance(80));
        let hold = used.unwrap_or_else(|| HoldId(self.id()));
        let channel = match (allocation, rng.below(10)) {
            (Some(_), _) | (None, 0) => Channel::Staff,
            (None, 1) => Channel::AccessCode,
            (None, _) => Channel::Public,
        };
        let buyer = rng.chance(700).then(|| BuyerId(Uuid::from_u128(u128::from(rng.below(5)))));
        let best = (rng.chance(250)).then(|| BestAvailable {
            quantity: u32::try_from(rng.between(1, 6)).unwrap_or(1),
            category: rng.chance(500).then_some(CategoryNo(u16::from(rng.chance(500)))),
            section: None,
            accessible: 0,
            companions: 0,
        });
        let seats = if best.is_some() { Vec::new() } else { some_seats(rng, 4) };
        if used.is_none() {
            self.known.entry(show).or_default().holds.push((hold, seats.clone()));
        }
        Wish::Command(Command::Hold(HoldSeats {
            hold,
            origin: Origin { channel, buyer, code: None },
            seats,
            best,
            areas: some_areas(rng, 30),
            allocation,
            request: rng.chance(950).then(|| rng.next()),
        }))
    }

    fn late(&mut self, show: ShowId, hold: HoldId, order: Option<OrderId>, rng: &mut Rng) -> Wish {
        let known = self.known.entry(show).or_default();
        let seats = known.holds.iter().find(|(id, _)| *id == hold).map(|(_, seats)| seats.clone()).unwrap_or_default();
        let order = order.unwrap_or_else(|| OrderId(self.id()));
        let booking = BookingId(self.id());
        self.known.entry(show).or_default().bookings.push((booking, hold));
        Wish::Command(Command::SellLate(LateSale {
            booking,
            order,
            hold,
            seats,
            areas: Vec::new(),
            accept_equal: rng.chance(500),
            origin: Origin { channel: Channel::Public, buyer: None, code: None },
            customer: None,
        }))
    }
}

pub fn some_seats(rng: &mut Rng, max: u64) -> Vec<SeatNo> {
    let mut first = rng.below(u64::from(SEATS) + 1);
    (0..rng.between(0, max))
        .map(|_| {
            // Mostly neighbours, sometimes the same seat twice, rarely one that the house hasn't.
            first = if rng.chance(900) { first + 1 } else { first } % (u64::from(SEATS) + 1);
            if rng.chance(950) && first >= u64::from(SEATS) { SeatNo(0) } else { SeatNo(first as u32) }
        })
        .collect()
}

pub fn some_areas(rng: &mut Rng, max: u64) -> Vec<AreaCount> {
    if rng.chance(700) {
        return Vec::new();
    }
    let quantity = u32::try_from(rng.between(0, max)).unwrap_or(FLOOR);
    vec![AreaCount { area: AreaNo(u16::from(rng.chance(20))), quantity }]
}

fn settings(now: Timestamp, rng: &mut Rng) -> Settings {
    Settings {
        hold_ttl_ms: rng.between(900, 60_000),
        extend_max_ms: rng.between(60_000, 120_000),
        pay_within_ms: rng.between(1_000, 60_000),
        places_per_hold_max: u32::try_from(rng.between(5, 40)).unwrap_or(10),
        holds_per_buyer_max: rng.chance(500).then(|| u32::try_from(rng.between(1, 4)).unwrap_or(1)),
        places_per_buyer_max: rng.chance(300).then(|| u32::try_from(rng.between(4, 60)).unwrap_or(9)),
        on_sale_at: rng.chance(100).then(|| now.plus_ms(rng.between(0, 5_000))),
        sales_end_at: rng.chance(60).then(|| now.plus_ms(rng.between(5_000, 30_000))),
        orphan_rule: match rng.below(3) {
            0 => OrphanRule::Off,
            1 => OrphanRule::Lenient,
            _ => OrphanRule::Strict,
        },
        orphan_rule_ends_before_ms: 0,
    }
}

fn change(rng: &mut Rng) -> StateChange {
    let reason = || "as the house wants".to_owned();
    let public_message = || Some("Soon.".to_owned());
    match rng.below(100) {
        0..25 => StateChange::Publish,
        25..35 => StateChange::Pause { reason: reason(), public_message: public_message() },
        35..92 => StateChange::Resume,
        92..95 => StateChange::Move { reason: reason(), public_message: None },
        95..97 => StateChange::Cancel { reason: reason(), public_message: public_message() },
        _ => StateChange::End,
    }
}
