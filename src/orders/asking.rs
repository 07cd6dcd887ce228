//! What a step of an order asks of a show. Plain: the server asks it, and so does the simulator.

use std::collections::HashSet;

use aisle_actors::core::{
    AreaCount, BookingId, BookingView, BuyerId, Channel, Command, HoldId, LateSale, OrderId, Origin, Plan, Rejection,
    SeatNo,
};

use super::saga::{Effect, Part, Saga};

/// What to ask of a part's show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// This command.
    Command(Command),
    /// Its booking; then [`to_give_back`].
    Booking(BookingId),
    /// Nothing: the plan has not these places any more.
    Impossible(Rejection),
    /// Nothing: no show's business.
    Elsewhere,
}

/// What this effect asks of the show of `part`.
#[must_use]
pub fn question(saga: &Saga, part: &Part, effect: &Effect, plan: &Plan) -> Question {
    let (hold, order, booking) = (HoldId(part.hold), OrderId(saga.order), BookingId(part.booking));
    Question::Command(match effect {
        Effect::StartPayment { .. } => {
            let customer = Some(BuyerId(saga.customer));
            Command::StartPayment { hold, order, pay_within_ms: Some(saga.pay_within_ms), customer }
        }
        Effect::Reopen { .. } => Command::ReopenHold { hold, order },
        Effect::EndPayment { .. } => Command::EndPayment { hold, order },
        Effect::Book { .. } => Command::Book { hold, booking, order: Some(order) },
        Effect::SellLate { .. } => match late(saga, part, plan) {
            Ok(sale) => Command::SellLate(sale),
            Err(rejection) => return Question::Impossible(rejection),
        },
        Effect::CancelBooking { .. } => Command::CancelBooking { booking, seats: Vec::new(), areas: Vec::new() },
        Effect::GiveBack { .. } => return Question::Booking(booking),
        Effect::Start { .. }
        | Effect::Cancel { .. }
        | Effect::LookUp { .. }
        | Effect::Void { .. }
        | Effect::Capture { .. }
        | Effect::Refund { .. }
        | Effect::Judge { .. }
        | Effect::Confirm => return Question::Elsewhere,
    })
}

/// Areas by their ids.
pub fn area_ids(plan: &Plan, areas: &[AreaCount]) -> Vec<(String, u32)> {
    let named = |count: &AreaCount| Some((plan.area(count.area)?.id.to_string(), count.quantity));
    areas.iter().filter_map(named).collect()
}

fn late(saga: &Saga, part: &Part, plan: &Plan) -> Result<LateSale, Rejection> {
    let seats: Vec<SeatNo> = part.seats.iter().filter_map(|guid| plan.number_of(guid)).collect();
    let areas: Vec<AreaCount> = part
        .areas
        .iter()
        .filter_map(|(id, quantity)| Some(AreaCount { area: plan.area_of(id)?.number, quantity: *quantity }))
        .collect();
    // The plan was changed meanwhile, and has not all of these places any more.
    if seats.len() != part.seats.len() || areas.len() != part.areas.len() {
        return Err(Rejection::UnknownSeats { seats: Vec::new() });
    }
    Ok(LateSale {
        booking: BookingId(part.booking),
        order: OrderId(saga.order),
        hold: HoldId(part.hold),
        seats,
        areas,
        // Other seats would need other lines and tickets than were ordered.
        accept_equal: false,
        origin: Origin { channel: Channel::Public, buyer: None, code: None },
        customer: Some(BuyerId(saga.customer)),
    })
}

/// What is still booked and wanted back: seats by name, areas by what the order keeps of them, so that asking again takes
/// nothing twice.
#[must_use]
pub fn to_give_back(saga: &Saga, part: &Part, view: &BookingView, plan: &Plan) -> Option<Command> {
    let kept = || saga.lines.iter().filter(|line| line.hold == Some(part.hold) && !line.cancelled && !line.giving_back);
    let seats_kept: HashSet<SeatNo> = kept().filter_map(|line| plan.number_of(line.seat.as_deref()?)).collect();
    let seats: Vec<SeatNo> = view.seats.iter().copied().filter(|seat| !seats_kept.contains(seat)).collect();
    let areas: Vec<AreaCount> = view
        .areas
        .iter()
        .filter_map(|count| {
            let id = plan.area(count.area).map(|area| &*area.id);
            let keeps: u32 = kept().filter(|line| line.area.as_deref() == id).map(|line| line.quantity).sum();
            (count.quantity > keeps).then_some(AreaCount { area: count.area, quantity: keeps })
        })
        .collect();
    // Both lists empty would mean the whole booking.
    (!seats.is_empty() || !areas.is_empty()).then_some(Command::CancelBooking {
        booking: BookingId(part.booking),
        seats,
        areas,
    })
}
