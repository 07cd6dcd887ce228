//! What an order costs: one line a place, priced by its level and its ticket type.

use std::collections::HashMap;

use uuid::Uuid;

use super::saga::{Line, LineKind};
use super::store::{LineView, NewLine};
use super::wire::WantedTicket;
use crate::catalog::plan::PlanDocument;
use crate::catalog::{PriceLevel, PriceTable};
use crate::http::ApiError;
use crate::platform::ids::derived_id;
use crate::platform::money::{Currency, Money};

/// A hold with what is needed to price it.
#[derive(Clone, Copy, Debug)]
pub struct ToPrice<'a> {
    /// Of which show.
    pub show: Uuid,
    /// Which hold.
    pub hold: Uuid,
    /// Its seats, by guid.
    pub seats: &'a [String],
    /// Its places of areas, by id.
    pub areas: &'a [(String, u32)],
    /// The show's prices.
    pub table: &'a PriceTable,
    /// What the plan says of its places.
    pub document: &'a PlanDocument,
}

/// A line with all that it says.
#[derive(Clone, Debug)]
pub struct Priced {
    /// For the saga.
    pub line: Line,
    /// For people.
    pub said: NewLine,
}

impl Priced {
    /// As an order shows it.
    #[must_use]
    pub fn view(&self, currency: Currency) -> LineView {
        let (line, said) = (&self.line, self.said.clone());
        LineView {
            id: line.id,
            kind: line.kind.word().to_owned(),
            of: line.of,
            label: said.label,
            show_id: line.show,
            seat: line.seat.clone(),
            section: said.section,
            row: said.row,
            number: said.number,
            area: line.area.clone(),
            price_level: said.price_level,
            ticket_type: said.ticket_type,
            quantity: line.quantity,
            amount: Money::new(line.amount, currency),
        }
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

/// Prices an order: a line for each place, in the order of holds, seats, areas. `order` gives the lines their ids.
///
/// # Errors
/// A wish for a place that is in none of the holds, or for a ticket type that is not sold there; a place that has no price.
pub fn price(order: Uuid, holds: &[ToPrice<'_>], wanted: &[WantedTicket]) -> Result<Vec<Priced>, ApiError> {
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
            let (level, kind, amount) = amount(hold.table, said.category, wishes.seats.get(seat).cloned(), seat)?;
            lines.push(Priced {
                line: line(order, lines.len(), hold, amount, Some(seat.clone()), None),
                said: NewLine {
                    label: format!("{section}, {row}, {number}"),
                    section: Some(section),
                    row: Some(row),
                    number: Some(number),
                    price_level: Some(level),
                    ticket_type: Some(kind),
                },
            });
        }
        for (area, quantity) in hold.areas {
            let said = hold.document.describe_area(area).ok_or_else(|| unpriced(area))?;
            let (section, name) = (said.section.to_owned(), said.name.to_owned());
            // A line a place here too: each can be given back by itself.
            for _ in 0..*quantity {
                let (level, kind, amount) = amount(hold.table, said.category, wishes.of_area(area), area)?;
                lines.push(Priced {
                    line: line(order, lines.len(), hold, amount, None, Some(area.clone())),
                    said: NewLine {
                        label: name.clone(),
                        section: Some(section.clone()),
                        row: None,
                        number: None,
                        price_level: Some(level),
                        ticket_type: Some(kind),
                    },
                });
            }
        }
    }
    if wishes.areas.values().flatten().any(|(_, left)| *left > 0) {
        return Err(ApiError::field("tickets", "more places of an area than the holds have"));
    }
    Ok(lines)
}

fn line(
    order: Uuid,
    position: usize,
    hold: &ToPrice<'_>,
    amount: i64,
    seat: Option<String>,
    area: Option<String>,
) -> Line {
    Line {
        id: derived_id(&[b"line", order.as_bytes(), &position.to_be_bytes()]),
        kind: LineKind::Ticket,
        of: None,
        show: Some(hold.show),
        hold: Some(hold.hold),
        seat,
        area,
        quantity: 1,
        amount,
        tax: 0,
        kept: 0,
        giving_back: false,
        cancelled: false,
    }
}

fn amount(
    table: &PriceTable,
    category: &str,
    wished: Option<String>,
    place: &str,
) -> Result<(String, String, i64), ApiError> {
    let level: &PriceLevel = table.level(category).ok_or_else(|| unpriced(place))?;
    let is_wish = wished.is_some();
    let kind = wished.or_else(|| table.default_type().map(|kind| kind.key.clone())).ok_or_else(|| unpriced(place))?;
    match level.amount(&kind) {
        Some(amount) => Ok((level.key.clone(), kind, amount)),
        None if is_wish => Err(ApiError::field("tickets", format!("{place} is not sold as {kind}"))),
        None => Err(unpriced(place)),
    }
}

fn unpriced(place: &str) -> ApiError {
    ApiError::field("holds", format!("{place} has no price"))
}
