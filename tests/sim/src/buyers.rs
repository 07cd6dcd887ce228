//! Buyers who order: they hold places in one show or in two, order them, pay in every way there is, ask twice, change their
//! minds, and give tickets back.

use aisle_actors::core::{
    Answer, BestAvailable, Channel, Command, HoldId, HoldSeats, HoldView, Origin, SeatNo, ShowId,
};
use aisle_actors::turn::{Said, Wish};
use jiff::SignedDuration;
use uuid::Uuid;

use crate::auditor::Verdict;
use crate::bank::{Late, PROVIDERS};
use crate::client::{Wanted, some_areas, some_seats};
use crate::house::{House, NODES};
use crate::jobs::{Errand, guids};
use crate::orders::asking::area_ids;
use crate::orders::saga::{
    Attempt, AttemptStatus, Disputes, Line, LineKind, OrderState, Part, PartState, Review, Saga,
};
use crate::platform::ids::derived_id;
use crate::platform::money::{Currency, Money};
use crate::platform::time::from_core;

const BUYERS_MAX: usize = 10;
/// Whoever hears nothing for so long leaves.
const PATIENCE_MS: i64 = 90_000;

enum Stage {
    /// So many of the shows are held; the number of the wish that is out.
    Holding(Option<u64>),
    Ordering(Box<Saga>),
    Paying,
    Holder,
}

pub struct Buyer {
    order: Uuid,
    shows: Vec<ShowId>,
    holds: Vec<(ShowId, HoldView)>,
    stage: Stage,
    at: i64,
    leaves_at: i64,
    /// The attempt at which something was done.
    acted_on: Option<Uuid>,
    given_back: u32,
}

/// Money that comes when nobody waits for it any more.
pub struct Straggler {
    payment: Uuid,
    at: i64,
}

/// What a buyer does next.
enum Then {
    Wait(u64),
    Leave,
}

impl House {
    pub fn buyers_act(&mut self) -> Verdict {
        self.stragglers()?;
        if self.buyers.len() < BUYERS_MAX && self.rng.chance(300) {
            self.new_buyer();
        }
        let due: Vec<u64> = self.buyers.iter().filter(|(_, it)| it.at <= self.now).map(|(number, _)| *number).collect();
        for number in due {
            let Some(mut buyer) = self.buyers.remove(&number) else { continue };
            if buyer.leaves_at <= self.now {
                continue;
            }
            let then = match &mut buyer.stage {
                Stage::Holding(_) => self.hold_next(&mut buyer)?,
                Stage::Ordering(saga) => {
                    let saga = saga.clone();
                    self.order(&mut buyer, *saga)
                }
                Stage::Paying => self.pay(&mut buyer)?,
                Stage::Holder => self.give_back(&mut buyer),
            };
            if let Then::Wait(ms) = then {
                buyer.at = self.now + ms.cast_signed();
                self.buyers.insert(number, buyer);
            }
        }
        Ok(())
    }

    fn new_buyer(&mut self) {
        let number = self.number();
        let mut shows: Vec<ShowId> = Vec::new();
        for _ in 0..self.rng.between(1, 2) {
            if let Some(&show) = self.rng.pick(&self.shows)
                && !shows.contains(&show)
            {
                shows.push(show);
            }
        }
        let buyer = Buyer {
            order: Uuid::from_u128(7 << 64 | u128::from(number)),
            shows,
            holds: Vec::new(),
            stage: Stage::Holding(None),
            at: self.now,
            leaves_at: self.now + PATIENCE_MS,
            acted_on: None,
            given_back: 0,
        };
        self.buyers.insert(number, buyer);
    }

    pub fn any_node(&mut self) -> usize {
        usize::try_from(self.rng.below(NODES as u64)).unwrap_or(0)
    }

    fn hold_next(&mut self, buyer: &mut Buyer) -> Result<Then, String> {
        let Stage::Holding(out) = &mut buyer.stage else { return Ok(Then::Leave) };
        let show = buyer.shows[buyer.holds.len()];
        match out {
            None => {
                let wish = self.wish_to_hold();
                let number = self.number();
                self.wanted.insert(number, Wanted { show, wish, tries: 0, again_at: 0 });
                self.heard.insert(number, None);
                *out = Some(number);
                Ok(Then::Wait(50))
            }
            Some(number) => match self.heard.get(number) {
                Some(None) => Ok(Then::Wait(200)),
                None => Ok(Then::Leave),
                Some(Some(said)) => {
                    let said = said.clone();
                    self.heard.remove(number);
                    let Said::Answered(answered) = said else { return Ok(Then::Leave) };
                    let Answer::Hold(view) = answered.answer else { return Ok(Then::Leave) };
                    buyer.holds.push((show, view));
                    if buyer.holds.len() < buyer.shows.len() {
                        buyer.stage = Stage::Holding(None);
                    } else {
                        buyer.stage = Stage::Ordering(Box::new(self.intent(buyer)?));
                    }
                    Ok(Then::Wait(self.rng.between(0, 2_000)))
                }
            },
        }
    }

    fn wish_to_hold(&mut self) -> Wish {
        let hold = HoldId(Uuid::from_u128(8 << 64 | u128::from(self.number())));
        let best = self.rng.chance(300).then(|| BestAvailable {
            quantity: u32::try_from(self.rng.between(1, 3)).unwrap_or(1),
            category: None,
            section: None,
            accessible: 0,
            companions: 0,
        });
        let mut seats = if best.is_some() { Vec::new() } else { some_seats(&mut self.rng, 3) };
        seats.dedup();
        let mut areas = some_areas(&mut self.rng, 3);
        areas.retain(|count| count.quantity > 0);
        if seats.is_empty() && best.is_none() && areas.is_empty() {
            seats.push(SeatNo(0));
        }
        let origin = Origin { channel: Channel::Public, buyer: None, code: None };
        let request = Some(self.rng.next());
        Wish::Command(Command::Hold(HoldSeats { hold, origin, seats, best, areas, allocation: None, request }))
    }

    /// The order as it is before anybody but its buyer knows of it.
    fn intent(&mut self, buyer: &Buyer) -> Result<Saga, String> {
        let currency: Currency = "EUR".parse().map_err(|_| "no such currency")?;
        let order = buyer.order;
        // Now and then the house gives places away.
        let price = if self.rng.chance(60) { 0 } else { 1_000 };
        let (mut parts, mut lines) = (Vec::new(), Vec::new());
        for (show, view) in &buyer.holds {
            let (seats, areas) = (guids(&self.plan, &view.seats), area_ids(&self.plan, &view.areas));
            let places = seats.iter().map(|seat| (Some(seat.clone()), None, 1));
            let places = places.chain(areas.iter().map(|(area, quantity)| (None, Some(area.clone()), *quantity)));
            for (seat, area, quantity) in places {
                lines.push(Line {
                    id: derived_id(&[b"line", order.as_bytes(), &lines.len().to_be_bytes()]),
                    kind: LineKind::Ticket,
                    of: None,
                    show: Some(show.0),
                    hold: Some(view.hold.0),
                    seat,
                    area,
                    quantity,
                    amount: price * i64::from(quantity),
                    tax: 0,
                    kept: 0,
                    giving_back: false,
                    cancelled: false,
                });
            }
            parts.push(Part {
                show: show.0,
                hold: view.hold.0,
                booking: derived_id(&[b"booking", order.as_bytes(), view.hold.0.as_bytes()]),
                state: PartState::Intended,
                seats,
                areas,
            });
        }
        if price > 0 {
            self.add_charges(order, &mut lines);
        }
        self.give_tickets(order, &mut lines);
        let total: i64 = lines.iter().map(|line| line.amount).sum();
        let mut attempts = Vec::new();
        if total > 0 {
            let (provider, method) = PROVIDERS[usize::try_from(self.rng.below(3)).unwrap_or(0)];
            attempts.push(Attempt {
                id: derived_id(&[b"payment", order.as_bytes(), b"1"]),
                number: 1,
                provider: provider.to_owned(),
                account: "default".to_owned(),
                method: "card".to_owned(),
                kind: method.kind,
                status: AttemptStatus::Starting,
                amount: Money::new(total, currency),
                provider_ref: None,
                checkout_url: None,
                paid_at: None,
                instrument: None,
                next_check_at: None,
                problem: None,
            });
        }
        Ok(Saga {
            order,
            customer: Uuid::from_u128(6 << 64 | u128::from(self.rng.below(12))),
            number: String::new(),
            state: OrderState::AwaitingPayment,
            total,
            currency,
            pay_by: None,
            pay_within_ms: self.rng.between(2_000, 60_000),
            accept_equal: false,
            paid_with: None,
            review: Review::unjudged(),
            confirmed_at: None,
            parts,
            attempts,
            refunds: Vec::new(),
            disputes: Disputes::default(),
            exchanges: Vec::new(),
            lines,
        })
    }

    /// What belongs to tickets, and goes back with them: a discount, a fee, an added tax. Now and then a fee of the whole order,
    /// a discount that leaves nothing to be paid, or a voucher that pays.
    fn add_charges(&mut self, order: Uuid, lines: &mut Vec<Line>) {
        let line = |kind: LineKind, ticket: Option<&Line>, amount: i64, tax: i64| Line {
            id: derived_id(&[b"line of", ticket.map_or(order, |it| it.id).as_bytes(), kind.word().as_bytes()]),
            kind,
            of: ticket.map(|it| it.id),
            show: ticket.and_then(|it| it.show),
            hold: None,
            seat: None,
            area: None,
            quantity: 1,
            amount,
            tax,
            kept: 0,
            giving_back: false,
            cancelled: false,
        };
        let mut belonging = Vec::new();
        let comp = self.rng.chance(40);
        for ticket in &mut *lines {
            ticket.tax = ticket.amount / 11;
            if comp {
                belonging.push(line(LineKind::Discount, Some(&*ticket), -ticket.amount, -ticket.tax));
                continue;
            }
            if self.rng.chance(200) {
                belonging.push(line(LineKind::Discount, Some(&*ticket), -100, -9));
            }
            if self.rng.chance(300) {
                belonging.push(line(LineKind::Fee, Some(&*ticket), 120, 20));
            }
            if self.rng.chance(200) {
                belonging.push(line(LineKind::Tax, Some(&*ticket), 80, 80));
            }
        }
        lines.append(&mut belonging);
        if !comp && self.rng.chance(400) {
            lines.push(line(LineKind::Fee, None, 150, 0));
        }
        // A voucher pays a part of it, or all.
        if !comp && self.rng.chance(250) {
            let cost: i64 = lines.iter().map(|line| line.amount).sum();
            let part = if self.rng.chance(200) { cost } else { cost / 3 };
            lines.push(line(LineKind::Voucher, None, -part, 0));
        }
    }

    fn order(&mut self, buyer: &mut Buyer, saga: Saga) -> Then {
        if let Some(row) = self.desk.rows.get(&buyer.order) {
            let heard = row.saga.parts.iter().all(|part| part.state != PartState::Intended);
            if row.saga.was_refused() {
                self.report.count("refused: order of a hold that has ended");
                return Then::Leave;
            }
            // Now and then the answer is lost, and the same request comes again.
            if heard && !self.rng.chance(100) {
                buyer.stage = Stage::Paying;
                buyer.leaves_at = self.now + 2 * PATIENCE_MS;
                return Then::Wait(50);
            }
        } else if self.rng.chance(40) {
            // The hold is changed between its price and its payment.
            self.report.count("order: of a hold that was changed meanwhile");
            let (show, view) = &buyer.holds[0];
            let remove = view.seats.iter().copied().take(1).collect();
            let wish = Command::ChangeHold { hold: view.hold, add: Vec::new(), remove, areas: Vec::new() };
            let wanted = Wanted { show: *show, wish: Wish::Command(wish), tries: 0, again_at: 0 };
            let number = self.number();
            self.wanted.insert(number, wanted);
        }
        let node = self.any_node();
        self.of_bookings.extend(saga.parts.iter().map(|part| (part.booking, saga.order)));
        self.errand(node, buyer.order, Errand::Make(Box::new(saga)));
        Then::Wait(self.rng.between(300, 4_000))
    }

    /// At the provider's page.
    fn pay(&mut self, buyer: &mut Buyer) -> Result<Then, String> {
        let Some(row) = self.desk.rows.get(&buyer.order) else {
            return Err("an order that was made is gone".to_owned());
        };
        let (state, pay_by, total) = (row.saga.state, row.saga.pay_by, row.saga.total);
        let newest = row.saga.newest().map(|attempt| (attempt.id, attempt.status, attempt.number));
        match state {
            OrderState::AwaitingPayment => {}
            OrderState::InReview => {
                // Who comes back to look often would rather have their money back.
                if self.rng.chance(120) {
                    self.report.count("buyer: gives up while staff look");
                    let node = self.any_node();
                    self.errand(node, buyer.order, Errand::GiveUp);
                }
                return Ok(Then::Wait(1_000));
            }
            OrderState::Authorized | OrderState::Booked | OrderState::Captured => {
                return Ok(Then::Wait(1_000));
            }
            OrderState::Confirmed => {
                buyer.stage = Stage::Holder;
                return Ok(Then::Wait(self.rng.between(500, 60_000)));
            }
            OrderState::Expired
            | OrderState::Refunding
            | OrderState::Refunded
            | OrderState::PartiallyRefunded
            | OrderState::Cancelled => return Ok(Then::Leave),
        }
        let Some((payment, status, number)) = newest else { return Ok(Then::Wait(1_000)) };
        let node = self.any_node();
        if buyer.acted_on == Some(payment) {
            if status != AttemptStatus::Declined && !self.rng.chance(20) {
                return Ok(Then::Wait(1_000));
            }
            // Declined, or out of patience: another way to pay.
            let (provider, method) = PROVIDERS[usize::try_from(self.rng.below(3)).unwrap_or(0)];
            let id = derived_id(&[b"payment", buyer.order.as_bytes(), (number + 1).to_string().as_bytes()]);
            self.report.count("order: another attempt to pay");
            self.errand(node, buyer.order, Errand::TryAgain(id, provider, method.kind));
            return Ok(Then::Wait(self.rng.between(200, 2_000)));
        }
        if status != AttemptStatus::Pending {
            return Ok(Then::Wait(300));
        }
        buyer.acted_on = Some(payment);
        let now = from_core(aisle_actors::core::Timestamp(self.now));
        let short_by = if self.rng.chance(80) { 100.min(total / 2) } else { 0 };
        let act = self.rng.below(100);
        let (what, done) = match act {
            0..55 => ("buyer: pays", self.bank.pay(payment, now, false, short_by)),
            55..65 => ("buyer: is declined", self.bank.decline(payment, now)),
            65..72 => ("buyer: pays twice", self.bank.pay(payment, now, true, 0)),
            72..76 => ("buyer: pays too late", self.bank.pay_unheard(payment, Late::TooLate)),
            76..84 => {
                let before = pay_by.map_or(now, |pay_by| now.min(pay_by - SignedDuration::from_millis(1)));
                ("buyer: pays in time and unheard", self.bank.pay_unheard(payment, Late::InTime(before)))
            }
            84..90 => {
                self.errand(node, buyer.order, Errand::GiveUp);
                ("buyer: gives the payment up", true)
            }
            _ => ("buyer: walks away", true),
        };
        if done {
            self.report.count(what);
        }
        if act >= 84 {
            // Some pay all the same, when nobody waits for it any more.
            let at = self.now + self.rng.between(100, 200_000).cast_signed();
            self.stragglers.push(Straggler { payment, at });
        }
        self.audit(buyer.order)?;
        Ok(if act < 90 { Then::Wait(500) } else { Then::Leave })
    }

    fn stragglers(&mut self) -> Verdict {
        let due: Vec<Straggler> = self.stragglers.extract_if(.., |it| it.at <= self.now).collect();
        let now = from_core(aisle_actors::core::Timestamp(self.now));
        for straggler in due {
            if self.rng.chance(600) && self.bank.pay(straggler.payment, now, false, 0) {
                self.report.count("buyer: pays when nobody waits for it any more");
            }
        }
        Ok(())
    }

    fn give_back(&mut self, buyer: &mut Buyer) -> Then {
        let Some(row) = self.desk.rows.get(&buyer.order) else { return Then::Leave };
        let with_places: Vec<Uuid> =
            row.saga.lines.iter().filter(|line| line.hold.is_some()).map(|line| line.id).collect();
        buyer.given_back += 1;
        if buyer.given_back > 3 || self.rng.chance(400) {
            return Then::Leave;
        }
        let node = self.any_node();
        if self.rng.chance(60) {
            // Too late for that.
            self.errand(node, buyer.order, Errand::GiveUp);
            return Then::Wait(500);
        }
        let lines = match self.rng.below(10) {
            0..5 => None,
            5..9 => with_places.first().map(|line| vec![*line]),
            // Somebody else's.
            _ => Some(vec![buyer.order]),
        };
        if self.rng.chance(400) {
            self.report.count("buyer: gives tickets back, and the house keeps a part");
            self.errand(node, buyer.order, Errand::GiveBackPart(lines));
        } else {
            self.report.count("buyer: gives tickets back");
            self.errand(node, buyer.order, Errand::GiveBack(lines));
        }
        buyer.leaves_at = self.now + PATIENCE_MS;
        Then::Wait(self.rng.between(20, 20_000))
    }
}
