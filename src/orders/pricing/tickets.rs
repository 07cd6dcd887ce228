//! The tickets of an order: one line a place, priced by its level, its ticket type and the moment.

use std::collections::HashMap;

use jiff::Timestamp;
use uuid::Uuid;

use super::super::saga::{Line, LineKind};
use super::super::store::NewLine;
use super::super::wire::WantedTicket;
use super::{Priced, ToPrice};
use crate::catalog::PriceLevel;
use crate::catalog::price_rules::Place;
use crate::http::ApiError;
use crate::platform::ids::derived_id;

/// A ticket, and where it is sold: what fees, taxes and discounts go by.
#[derive(Clone, Debug)]
pub(super) struct Ticket<'a> {
    pub priced: Priced,
    show: Uuid,
    country: &'a str,
    level: String,
    kind: String,
}

#[cfg(test)]
impl Ticket<'static> {
    /// A ticket that needs no plan: the `position`th of this order.
    pub fn of_test(
        (order, position): (Uuid, usize),
        country: &'static str,
        (level, kind): (&str, &str),
        amount: i64,
    ) -> Self {
        let show = Uuid::from_u128(1);
        let line = Line {
            id: derived_id(&[b"line", order.as_bytes(), &position.to_be_bytes()]),
            kind: LineKind::Ticket,
            of: None,
            show: Some(show),
            hold: Some(Uuid::from_u128(2)),
            seat: None,
            area: None,
            quantity: 1,
            amount,
            tax: 0,
            kept: 0,
            giving_back: false,
            cancelled: false,
        };
        let priced = Priced { line, said: NewLine::labelled(kind.to_owned()) };
        Self { priced, show, country, level: level.to_owned(), kind: kind.to_owned() }
    }
}

impl Ticket<'_> {
    pub fn place(&self) -> Place<'_> {
        Place { show: self.show, country: self.country, price_level: &self.level, ticket_type: &self.kind }
    }

    pub fn price(&self) -> i64 {
        self.priced.line.amount
    }
}

/// The buyer's wishes, as they are used up.
struct Wishes {
    seats: HashMap<String, String>,
    areas: HashMap<String, Vec<(String, u32)>>,
}

impl Wishes {
    fn new(wanted: &[WantedTicket]) -> Result<Self, ApiError> {
        let mut wishes = Self { seats: HashMap::new(), areas: HashMap::new() };
        for (at, wish) in wanted.iter().enumerate() {
            let quantity = wish.quantity.unwrap_or(1);
            match (&wish.seat, &wish.area) {
                (Some(seat), None) if quantity == 1 => {
                    if wishes.seats.insert(seat.clone(), wish.ticket_type.clone()).is_some() {
                        return Err(ApiError::field(format!("tickets[{at}].seat"), "is named twice"));
                    }
                }
                (Some(_), None) => {
                    return Err(ApiError::field(format!("tickets[{at}].quantity"), "a seat is one place"));
                }
                (None, Some(area)) => {
                    wishes.areas.entry(area.clone()).or_default().push((wish.ticket_type.clone(), quantity));
                }
                (Some(_), Some(_)) | (None, None) => {
                    return Err(ApiError::field(format!("tickets[{at}]"), "names either a seat or an area"));
                }
            }
        }
        Ok(wishes)
    }

    fn of_area(&mut self, area: &str) -> Option<String> {
        let (kind, left) = self.areas.get_mut(area)?.iter_mut().find(|(_, left)| *left > 0)?;
        *left -= 1;
        Some(kind.clone())
    }
}

/// A line for each place, in the order of holds, seats, areas. `order` gives the lines their ids.
pub(super) fn tickets<'a>(
    order: Uuid,
    holds: &[ToPrice<'a>],
    wanted: &[WantedTicket],
    now: Timestamp,
) -> Result<Vec<Ticket<'a>>, ApiError> {
    let mut wishes = Wishes::new(wanted)?;
    for (at, wish) in wanted.iter().enumerate() {
        let seat = wish.seat.as_ref().is_some_and(|seat| !holds.iter().any(|hold| hold.seats.contains(seat)));
        let in_area = |hold: &ToPrice<'_>, area: &String| hold.areas.iter().any(|(id, _)| id == area);
        let area = wish.area.as_ref().is_some_and(|area| !holds.iter().any(|hold| in_area(hold, area)));
        if seat || area {
            return Err(ApiError::field(format!("tickets[{at}]"), "this place is in none of the holds"));
        }
    }
    let mut lines = Vec::new();
    for hold in holds {
        for seat in hold.seats {
            let said = hold.document.describe(seat).ok_or_else(|| unpriced(seat))?;
            let (section, row, number) = (said.section.to_owned(), said.row.to_owned(), said.seat.clone());
            let sold = sold(hold, said.category, wishes.seats.get(seat).cloned(), seat, now)?;
            let said = NewLine {
                section: Some(section.clone()),
                row: Some(row.clone()),
                number: Some(number.clone()),
                ..NewLine::labelled(format!("{section}, {row}, {number}"))
            };
            lines.push(ticket((order, lines.len()), hold, sold, (Some(seat.clone()), None), said));
        }
        for (area, quantity) in hold.areas {
            let said = hold.document.describe_area(area).ok_or_else(|| unpriced(area))?;
            let (section, name) = (said.section.to_owned(), said.name.to_owned());
            // A line a place here too: each can be given back by itself.
            for _ in 0..*quantity {
                let sold = sold(hold, said.category, wishes.of_area(area), area, now)?;
                let said = NewLine { section: Some(section.clone()), ..NewLine::labelled(name.clone()) };
                lines.push(ticket((order, lines.len()), hold, sold, (None, Some(area.clone())), said));
            }
        }
    }
    if wishes.areas.values().flatten().any(|(_, left)| *left > 0) {
        return Err(ApiError::field("tickets", "more places of an area than the holds have"));
    }
    Ok(lines)
}

/// As what a place is sold, and for how much.
struct Sold {
    level: String,
    kind: String,
    amount: i64,
    list: Option<String>,
}

fn ticket<'a>(
    (order, position): (Uuid, usize),
    hold: &ToPrice<'a>,
    sold: Sold,
    (seat, area): (Option<String>, Option<String>),
    said: NewLine,
) -> Ticket<'a> {
    let line = Line {
        id: derived_id(&[b"line", order.as_bytes(), &position.to_be_bytes()]),
        kind: LineKind::Ticket,
        of: None,
        show: Some(hold.show),
        hold: Some(hold.hold),
        seat,
        area,
        quantity: 1,
        amount: sold.amount,
        tax: 0,
        kept: 0,
        giving_back: false,
        cancelled: false,
    };
    let said = NewLine {
        price_level: Some(sold.level.clone()),
        ticket_type: Some(sold.kind.clone()),
        price_list: sold.list,
        ..said
    };
    let priced = Priced { line, said };
    Ticket { priced, show: hold.show, country: hold.country, level: sold.level, kind: sold.kind }
}

fn sold(
    hold: &ToPrice<'_>,
    category: &str,
    wished: Option<String>,
    place: &str,
    now: Timestamp,
) -> Result<Sold, ApiError> {
    let table = hold.table;
    let level: &PriceLevel = table.level(category).ok_or_else(|| unpriced(place))?;
    let is_wish = wished.is_some();
    let kind = wished.or_else(|| table.default_type().map(|kind| kind.key.clone())).ok_or_else(|| unpriced(place))?;
    match table.price_at(level, &kind, now) {
        Some((amount, list)) => {
            let list = list.map(|list| list.name.clone());
            Ok(Sold { level: level.key.clone(), kind, amount, list })
        }
        None if is_wish => Err(ApiError::field("tickets", format!("{place} is not sold as {kind}"))),
        None => Err(unpriced(place)),
    }
}

fn unpriced(place: &str) -> ApiError {
    ApiError::field("holds", format!("{place} has no price"))
}
