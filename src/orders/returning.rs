//! What giving tickets back would bring, under what they were bought under and what holds today. Pure: it is asked before anybody
//! presses, and again, at one moment, when somebody does.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::saga::{Line, LineKind, Returning, Saga, WishRefused};
use crate::catalog::Cancellation;
use crate::catalog::cancellation::{MOVED, Terms, WHOLE_BP};

/// What has become of a show, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It takes place, or did.
    Stands,
    /// It will not.
    Cancelled,
    /// It has another date, or none yet.
    Moved,
}

impl Fate {
    /// By the word of the show's state.
    #[must_use]
    pub fn of_state(state: Option<&str>) -> Self {
        match state {
            Some("cancelled") => Self::Cancelled,
            Some("moved") => Self::Moved,
            Some(_) | None => Self::Stands,
        }
    }
}

/// Under what tickets of a show may be exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExchangePolicy {
    /// Until so many seconds before the start.
    pub until_s: i32,
    /// What is kept of each ticket.
    pub fee_kept: i64,
}

/// What a show says of giving its tickets back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Which show.
    pub show: Uuid,
    /// What is played.
    pub title: String,
    /// When it begins.
    pub starts_at: Timestamp,
    /// When it was to begin, as it was sold.
    pub sold_for: Option<Timestamp>,
    /// What has become of it.
    pub fate: Fate,
    /// The policy that the tickets were bought under.
    pub bought_under: Option<Cancellation>,
    /// The policy of today.
    pub today: Cancellation,
    /// Until when its tickets may be passed on by who bought them; `None`: never.
    pub transfer_until: Option<Timestamp>,
    /// Under what its tickets may be exchanged: by what they were bought under, and by what holds today, where either allows it.
    pub exchange: Vec<ExchangePolicy>,
}

impl Offer {
    /// The house does not do what it had sold, and gives everything back for it.
    fn broken(&self, now: Timestamp) -> Option<Terms> {
        let another_time = self.sold_for.is_some_and(|sold| self.starts_at.duration_since(sold).abs() >= MOVED);
        match self.fate {
            Fate::Cancelled | Fate::Moved => Some(Terms::whole(None)),
            Fate::Stands if another_time && now < self.starts_at => Some(Terms::whole(Some(self.starts_at))),
            Fate::Stands => None,
        }
    }

    /// What holds at `now` for a ticket of this price with these fees: of the policy that it was bought under and the one of
    /// today, the one that gives more back; where they give the same, the one that lasts longer.
    #[must_use]
    pub fn terms(&self, now: Timestamp, price: i64, fees: i64, places: u32) -> Option<Terms> {
        if let Some(whole) = self.broken(now) {
            return Some(whole);
        }
        let policies = self.bought_under.iter().chain([&self.today]);
        let held = policies.filter_map(|policy| policy.at(self.starts_at, now));
        let back = |terms: &Terms| terms.back_of(price, places) + if terms.fees_back { fees } else { 0 };
        held.max_by_key(|terms| (back(terms), terms.until))
    }

    /// What holds for an exchange at `now`: of the policies that still allow it the one that keeps less; where they keep the same,
    /// the one that lasts longer. The house itself may always, but for a show that was cancelled: its tickets are given back.
    #[must_use]
    pub fn exchange_terms(&self, now: Timestamp, by_house: bool) -> Option<Terms> {
        if self.fate == Fate::Cancelled {
            return None;
        }
        let open = self.exchange.iter().filter(|policy| by_house || now < self.exchange_end(policy));
        let best = open.min_by_key(|policy| (policy.fee_kept, policy.until_s));
        if best.is_none() && !by_house {
            return None;
        }
        // Nobody pays for it that the house does not play what it had sold.
        let fee_kept = if self.broken(now).is_some() { 0 } else { best.map_or(0, |policy| policy.fee_kept) };
        let until = best.filter(|_| !by_house).map(|policy| self.exchange_end(policy));
        Some(Terms { fee_kept, ..Terms::whole(until) })
    }

    /// Until when its tickets may be exchanged at all; `None`: never.
    #[must_use]
    pub fn exchange_ends(&self) -> Option<Timestamp> {
        self.exchange.iter().map(|policy| self.exchange_end(policy)).max()
    }

    fn exchange_end(&self, policy: &ExchangePolicy) -> Timestamp {
        self.starts_at - SignedDuration::from_secs(i64::from(policy.until_s))
    }

    /// Until when anything goes back at all; `None`: never, or not any more and never again.
    #[must_use]
    pub fn ends_at(&self, now: Timestamp) -> Option<Timestamp> {
        if let Some(whole) = self.broken(now) {
            return Some(whole.until.unwrap_or(Timestamp::MAX));
        }
        self.bought_under.iter().chain([&self.today]).filter_map(|policy| policy.ends_at(self.starts_at)).max()
    }
}

/// One ticket line with what belongs to it, as it would go back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TicketBack {
    /// The ticket's line.
    pub line: Uuid,
    /// What it cost, with its fees, taxes and discounts.
    pub paid: i64,
    /// How much of that goes back.
    pub back: i64,
    /// What holds for it; `None`: it cannot be given back any more.
    pub terms: Option<Terms>,
}

/// What giving back would bring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Each ticket that was asked about.
    pub tickets: Vec<TicketBack>,
    /// What belongs to the whole order and goes with its last tickets: what it cost, and how much of that goes back.
    pub rest: (i64, i64),
    /// Line by line, without the tickets that cannot be given back.
    pub returning: Returning,
}

impl Plan {
    /// Until when all of this holds; `None`: no end is set.
    #[must_use]
    pub fn until(&self) -> Option<Timestamp> {
        self.tickets.iter().filter_map(|ticket| ticket.terms.and_then(|terms| terms.until)).min()
    }

    /// The first ticket that cannot be given back.
    #[must_use]
    pub fn closed(&self) -> Option<&TicketBack> {
        self.tickets.iter().find(|ticket| ticket.terms.is_none())
    }
}

/// Shares what goes back out over lines, in proportion to what each cost, rounded half up; the first that cost anything bears the rest.
/// What is kept of each: of a free one nothing, for it has no accounts from which anything could be kept.
fn share_out(lines: &[&Line], back: i64) -> Vec<(Uuid, i64)> {
    let total: i128 = lines.iter().map(|line| i128::from(line.amount)).sum();
    let mut kept = Vec::with_capacity(lines.len());
    let mut others = 0;
    let bearer = lines.iter().position(|line| line.amount != 0).unwrap_or(0);
    for (_, line) in lines.iter().enumerate().filter(|(at, _)| *at != bearer) {
        let share = if total > 0 {
            (i128::from(line.amount) * i128::from(back) * 2 + total).div_euclid(total * 2)
        } else {
            i128::from(line.amount)
        };
        let share = i64::try_from(share).unwrap_or(line.amount);
        kept.push((line.id, line.amount - share));
        others += share;
    }
    if let Some(bearer) = lines.get(bearer) {
        kept.insert(0, (bearer.id, bearer.amount - (back - others)));
    }
    kept
}

/// What would come back of these tickets' lines, or of all that are left, at `now`.
///
/// # Errors
/// As [`Saga::wanted_back`]; a ticket that cannot be given back any more is none, but in the plan.
pub fn plan(saga: &Saga, offers: &[Offer], lines: Option<&[Uuid]>, now: Timestamp) -> Result<Plan, WishRefused> {
    planned(saga, lines, |ticket, cost, fee| {
        let offer = offers.iter().find(|offer| Some(offer.show) == ticket.show)?;
        offer.terms(now, cost, fee, ticket.quantity)
    })
}

/// What these tickets' lines, or all that are left, would be worth in an exchange at `now`.
///
/// # Errors
/// As [`plan`].
pub fn plan_exchange(
    saga: &Saga,
    offers: &[Offer],
    lines: Option<&[Uuid]>,
    now: Timestamp,
    by_house: bool,
) -> Result<Plan, WishRefused> {
    planned(saga, lines, |ticket, _, _| {
        let offer = offers.iter().find(|offer| Some(offer.show) == ticket.show)?;
        offer.exchange_terms(now, by_house)
    })
}

/// The same under whatever terms each ticket's line has, for its price and its fees.
fn planned(
    saga: &Saga,
    lines: Option<&[Uuid]>,
    terms: impl Fn(&Line, i64, i64) -> Option<Terms>,
) -> Result<Plan, WishRefused> {
    let wanted = saga.wanted_back(lines)?;
    let is_wanted = |line: &&Line| wanted.contains(&line.id);
    let mut kept = BTreeMap::new();
    let mut tickets = Vec::new();
    let mut goes = Vec::new();
    for ticket in saga.lines.iter().filter(is_wanted).filter(|line| line.hold.is_some()) {
        let with_it = |line: &&Line| line.of == Some(ticket.id) && !line.cancelled;
        let (fees, others): (Vec<&Line>, Vec<&Line>) =
            saga.lines.iter().filter(with_it).partition(|line| line.kind == LineKind::Fee);
        let price: Vec<&Line> = [ticket].into_iter().chain(others).collect();
        let sum = |lines: &[&Line]| lines.iter().map(|line| line.amount).sum::<i64>();
        let (cost, fee) = (sum(&price), sum(&fees));
        let terms = terms(ticket, cost, fee);
        let back = terms.map_or(0, |terms| {
            let of_price = if terms.back_bp == WHOLE_BP && terms.fee_kept == 0 {
                cost
            } else {
                terms.back_of(cost, ticket.quantity)
            };
            kept.extend(share_out(&price, of_price));
            kept.extend(share_out(&fees, if terms.fees_back { fee } else { 0 }));
            goes.extend(price.iter().chain(&fees).map(|line| line.id));
            of_price + if terms.fees_back { fee } else { 0 }
        });
        tickets.push(TicketBack { line: ticket.id, paid: cost + fee, back, terms });
    }
    // What is the whole order's goes with the last of its tickets.
    let stays = |line: &Line| line.hold.is_some() && !line.cancelled && !goes.contains(&line.id);
    let last = !saga.lines.iter().any(stays);
    let whole = |line: &&Line| line.hold.is_none() && line.of.is_none() && !line.cancelled && !line.kind.is_credit();
    let rest: Vec<&Line> = saga.lines.iter().filter(whole).filter(|line| last || wanted.contains(&line.id)).collect();
    let rest = if last { rest } else { Vec::new() };
    let mut of_rest = (0, 0);
    for line in rest {
        let fees_back = !tickets.is_empty() && tickets.iter().all(|it| it.terms.is_some_and(|terms| terms.fees_back));
        let share = tickets.iter().filter_map(|it| it.terms).map(|terms| terms.back_bp).max().unwrap_or(WHOLE_BP);
        let back = match line.kind {
            LineKind::Fee if fees_back => line.amount,
            LineKind::Fee | LineKind::Voucher | LineKind::Exchange => 0,
            // A discount is taken from what goes back as it was taken from what was paid.
            LineKind::Ticket | LineKind::Tax | LineKind::Discount => {
                line.amount.signum() * Terms { back_bp: share, ..Terms::whole(None) }.back_of(line.amount.abs(), 1)
            }
        };
        kept.insert(line.id, line.amount - back);
        goes.push(line.id);
        of_rest = (of_rest.0 + line.amount, of_rest.1 + back);
    }
    if tickets.is_empty() && goes.is_empty() {
        return Err(WishRefused::NothingToGiveBack);
    }
    Ok(Plan { tickets, rest: of_rest, returning: saga.returning(&goes, &kept) })
}

/// These lines; and where no ticket stays with the buyer, what is the whole order's too.
fn with_the_rest(saga: &Saga, lines: Option<&[Uuid]>) -> Result<Vec<Uuid>, WishRefused> {
    let wanted = saga.wanted_back(lines)?;
    let stays = |line: &Line| line.hold.is_some() && !line.cancelled && !wanted.contains(&line.id);
    if saga.lines.iter().any(stays) { Ok(wanted) } else { saga.wanted_back(None) }
}

/// Gives all of these lines' money back, whatever the policy says.
///
/// # Errors
/// As [`Saga::wanted_back`].
pub fn wholly(saga: &Saga, lines: Option<&[Uuid]>) -> Result<Returning, WishRefused> {
    Ok(saga.returning(&with_the_rest(saga, lines)?, &BTreeMap::new()))
}

/// Gives so much of these lines' money back, whatever the policy says.
///
/// # Errors
/// As [`Saga::wanted_back`]; `TooMuch` past what they cost or what is left of what was paid.
pub fn exactly(saga: &Saga, lines: Option<&[Uuid]>, back: i64) -> Result<Returning, WishRefused> {
    let wanted = with_the_rest(saga, lines)?;
    let lines: Vec<&Line> = saga.lines.iter().filter(|line| wanted.contains(&line.id)).collect();
    let cost: i64 = lines.iter().map(|line| line.amount).sum();
    let left = cost.min(saga.left());
    if back > left {
        return Err(WishRefused::TooMuch { left });
    }
    let kept = share_out(&lines, back).into_iter().collect();
    Ok(saga.returning(&wanted, &kept))
}

/// The lines of one show that are left, and what is the whole order's where nothing else is left of it.
#[must_use]
pub fn of_show(saga: &Saga, show: Uuid) -> Vec<Uuid> {
    let left = || saga.lines.iter().filter(|line| !line.cancelled && !line.kind.is_credit());
    let places: Vec<Uuid> =
        left().filter(|line| line.hold.is_some() && line.show == Some(show)).map(|line| line.id).collect();
    if places.is_empty() {
        return places;
    }
    let last = !left().any(|line| line.hold.is_some() && line.show != Some(show));
    let of_it = |line: &&Line| line.hold.is_none() && line.of.is_none() && (last || line.show == Some(show));
    let rest = left().filter(of_it).map(|line| line.id);
    places.iter().copied().chain(rest).collect()
}

#[cfg(test)]
mod tests;
