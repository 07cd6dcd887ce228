//! What a run of the property came across: a kind of command that never was refused, or never was done, proves nothing.

use std::cell::RefCell;
use std::collections::BTreeMap;

use aisle_core::*;

use crate::model::Model;

type Kind = &'static str;

/// How often each kind of command had which outcome: `done`, or the word of its refusal.
#[derive(Default)]
pub struct Met(RefCell<BTreeMap<(Kind, &'static str), u32>>);

impl Met {
    pub fn note(&self, kinds: &[Kind], outcome: &'static str) {
        let mut met = self.0.borrow_mut();
        kinds.iter().for_each(|&kind| *met.entry((kind, outcome)).or_default() += 1);
    }

    /// What was expected and not met often enough, with all that was met.
    pub fn missing(&self) -> Option<String> {
        let met = self.0.borrow();
        let mut all =
            EXPECTED.iter().flat_map(|(kind, outcomes)| outcomes.iter().map(move |outcome| (*kind, *outcome)));
        let (kind, outcome) = all.find(|kind| met.get(kind).is_none_or(|&times| times < LEAST))?;
        let table: String = met.iter().map(|((kind, outcome), times)| format!("{kind}: {outcome} {times}\n")).collect();
        Some(format!("{kind}: {outcome} fewer than {LEAST} times\n{table}"))
    }
}

/// In all runs together.
const LEAST: u32 = 3;

const EXPECTED: &[(Kind, &[&str])] = &[
    ("hold", &["done", "idempotency_key_reused", "not_found", "validation_failed", "table_sold_whole", "seats_taken"]),
    ("hold", &["seat_limit_reached", "sales_paused"]),
    ("hold, lenient", &["done", "strands_a_seat"]),
    ("hold, strict", &["done", "strands_a_seat"]),
    ("best", &["done", "none_available", "seat_limit_reached"]),
    ("best of a price level", &["done", "none_available"]),
    ("best of a section", &["done", "none_available"]),
    ("best with accessible", &["done", "none_available"]),
    ("best with companions", &["done", "none_available"]),
    ("best of an allocation", &["done", "none_available"]),
    ("best under a rule", &["done", "none_available"]),
    ("public, early", &["not_on_sale"]),
    ("code, early", &["done"]),
    ("allocation, early", &["done", "not_found"]),
    ("staff, early", &["done"]),
    ("public, late", &["sales_ended"]),
    ("code, late", &["sales_ended"]),
    ("allocation, late", &["sales_ended"]),
    ("staff, late", &["done"]),
    ("change", &["done", "not_on_sale", "sales_ended", "seat_limit_reached", "seats_taken", "strands_a_seat"]),
    ("change", &["table_sold_whole", "hold_not_open", "hold_lapsed"]),
    ("extend", &["done", "hold_lapsed", "hold_not_open"]),
    ("extend after the end", &["sales_ended"]),
    ("release", &["done", "hold_not_open"]),
    ("start payment", &["done", "hold_lapsed", "hold_not_open", "sales_ended"]),
    ("reopen", &["done", "hold_lapsed", "hold_not_open"]),
    ("end payment", &["done", "hold_not_open"]),
    ("book", &["done", "booking_cancelled", "hold_lapsed", "hold_not_open", "sales_ended"]),
    ("sell late", &["done", "booking_cancelled", "seats_taken", "table_sold_whole", "sales_ended"]),
    ("cancel booking", &["done", "not_found", "validation_failed"]),
    ("block", &["done", "seats_taken", "validation_failed", "area_full"]),
    ("unblock", &["done", "not_found", "validation_failed"]),
    ("configure", &["done", "validation_failed"]),
    ("change show", &["done", "wrong_state"]),
    ("change plan", &["done", "plan_lacks_places", "wrong_state"]),
];

/// What a command is, and under which circumstances it comes.
pub fn kinds(command: &Command, model: &Model) -> Vec<Kind> {
    let (kind, origin) = match command {
        Command::Hold(wanted) => return kinds_of_hold(wanted, model),
        Command::ChangeHold { hold, .. } => ("change", model.holds.get(hold).map(|hold| hold.origin)),
        Command::ExtendHold { hold } => ("extend", model.holds.get(hold).map(|hold| hold.origin)),
        Command::ReleaseHold { .. } => ("release", None),
        Command::StartPayment { .. } => ("start payment", None),
        Command::ReopenHold { .. } => ("reopen", None),
        Command::EndPayment { .. } => ("end payment", None),
        Command::Book { .. } => ("book", None),
        Command::SellLate(_) => ("sell late", None),
        Command::CancelBooking { .. } => ("cancel booking", None),
        Command::Block { .. } => ("block", None),
        Command::Unblock { .. } => ("unblock", None),
        Command::Configure(_) => ("configure", None),
        Command::Change(_) => ("change show", None),
        Command::ChangePlan(_) => ("change plan", None),
    };
    let mut kinds = vec![kind];
    if origin.is_some_and(|origin| origin.channel != Channel::Staff) && model.is_after_the_end() {
        kinds.extend((kind == "extend").then_some("extend after the end"));
    }
    kinds
}

fn kinds_of_hold(wanted: &HoldSeats, model: &Model) -> Vec<Kind> {
    let Some(best) = wanted.best.as_ref().filter(|best| best.quantity > 0) else {
        let under = match model.rules.orphan_rule {
            OrphanRule::Off => "hold",
            OrphanRule::Lenient => "hold, lenient",
            OrphanRule::Strict => "hold, strict",
        };
        return [vec![under], times(wanted.origin, model)].concat();
    };
    let special = [
        (best.category.is_some(), "best of a price level"),
        (best.section.is_some(), "best of a section"),
        (best.accessible > 0, "best with accessible"),
        (best.accessible > 0 && best.companions > 0, "best with companions"),
        (wanted.allocation.is_some(), "best of an allocation"),
        (model.rules.orphan_rule != OrphanRule::Off, "best under a rule"),
    ];
    let special = special.into_iter().filter_map(|(is, kind)| is.then_some(kind));
    ["best"].into_iter().chain(special).chain(times(wanted.origin, model)).collect()
}

/// The doors, before the sale and after it.
fn times(origin: Origin, model: &Model) -> Vec<Kind> {
    let when = if model.is_before_the_sale() {
        ["public, early", "code, early", "allocation, early", "staff, early"]
    } else if model.is_after_the_end() {
        ["public, late", "code, late", "allocation, late", "staff, late"]
    } else {
        return Vec::new();
    };
    vec![match origin.channel {
        Channel::Public => when[0],
        Channel::AccessCode => when[1],
        Channel::Allocation => when[2],
        Channel::Staff => when[3],
    }]
}
