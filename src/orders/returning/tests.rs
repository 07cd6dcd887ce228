//! What comes back, by policies that a house manager would write.

use jiff::SignedDuration;
use proptest::prelude::*;

use super::super::saga::{Attempt, AttemptStatus, Disputes, OrderState, Part, PartState, Review, Saga};
use super::*;
use crate::catalog::CancellationStep;
use crate::payments::MethodKind;
use crate::platform::money::{Currency, Money};

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn euro() -> Currency {
    "EUR".parse().unwrap()
}

fn starts() -> Timestamp {
    "2030-05-08T17:00:00Z".parse().unwrap()
}

fn days_before(days: i64) -> Timestamp {
    starts() - SignedDuration::from_hours(24 * days)
}

fn line(number: u128, kind: LineKind, of: Option<u128>, show: Option<u128>, amount: i64) -> Line {
    let is_ticket = kind == LineKind::Ticket;
    Line {
        id: id(number),
        kind,
        of: of.map(id),
        show: show.map(id),
        hold: show.filter(|_| is_ticket).map(|show| id(show + 1_000)),
        seat: is_ticket.then(|| format!("s-{number}")),
        area: None,
        quantity: 1,
        amount,
        tax: 0,
        kept: 0,
        giving_back: false,
        cancelled: false,
    }
}

/// A paid order of these lines.
fn order(lines: Vec<Line>) -> Saga {
    let total = lines.iter().map(|line| line.amount).sum();
    let attempt = Attempt {
        id: id(9),
        number: 1,
        provider: "sandbox".to_owned(),
        account: "default".to_owned(),
        method: "card".to_owned(),
        kind: MethodKind::PaidAtOnce,
        status: AttemptStatus::Captured,
        amount: Money::new(total, euro()),
        provider_ref: Some("x".to_owned()),
        checkout_url: None,
        paid_at: Some(days_before(30)),
        instrument: None,
        next_check_at: None,
        problem: None,
    };
    let part = |show: Uuid| Part {
        show,
        hold: Uuid::from_u128(show.as_u128() + 1_000),
        booking: Uuid::from_u128(show.as_u128() + 2_000),
        state: PartState::Booked,
        seats: Vec::new(),
        areas: Vec::new(),
    };
    let mut shows: Vec<Uuid> = lines.iter().filter(|line| line.hold.is_some()).filter_map(|line| line.show).collect();
    shows.dedup();
    Saga {
        order: id(1),
        customer: id(2),
        number: "A-222222".to_owned(),
        state: OrderState::Confirmed,
        total,
        currency: euro(),
        pay_by: Some(days_before(30)),
        pay_within_ms: 60_000,
        accept_equal: false,
        paid_with: Some(id(9)),
        review: Review::unjudged(),
        confirmed_at: Some(days_before(30)),
        parts: shows.into_iter().map(part).collect(),
        attempts: vec![attempt],
        disputes: Disputes::default(),
        exchanges: Vec::new(),
        refunds: Vec::new(),
        lines,
    }
}

fn policy(steps: &[(i64, i32)], fee_kept: i64, fees_back: bool) -> Cancellation {
    let step = |(days, back_bp): &(i64, i32)| CancellationStep {
        until_s: i32::try_from(days * 86_400).unwrap(),
        back_bp: *back_bp,
    };
    Cancellation { steps: steps.iter().map(step).collect(), fee_kept, fees_back }
}

fn offer(show: u128, bought_under: Cancellation) -> Offer {
    Offer {
        show: id(show),
        title: "The Play".to_owned(),
        starts_at: starts(),
        sold_for: Some(starts()),
        fate: Fate::Stands,
        bought_under: Some(bought_under.clone()),
        today: bought_under,
        transfer_until: None,
        exchange: Vec::new(),
    }
}

fn two_tickets() -> Saga {
    order(vec![
        line(11, LineKind::Ticket, None, Some(50), 4_500),
        line(12, LineKind::Fee, Some(11), Some(50), 250),
        line(13, LineKind::Ticket, None, Some(50), 3_001),
        line(14, LineKind::Fee, Some(13), Some(50), 250),
        line(15, LineKind::Fee, None, None, 199),
    ])
}

#[test]
fn everything_goes_back_in_the_simple_case_to_the_very_moment() {
    let (saga, offers) = (two_tickets(), [offer(50, Cancellation::simple(Some(86_400)))]);
    let just_before = days_before(1) - SignedDuration::from_millis(1);
    let all = plan(&saga, &offers, None, just_before).unwrap();
    assert_eq!((all.returning.back(), all.returning.kept(), all.rest), (saga.total, 0, (199, 199)));
    assert_eq!(all.until(), Some(days_before(1)));
    let late = plan(&saga, &offers, None, days_before(1)).unwrap();
    assert_eq!((late.closed().map(|it| it.line), late.returning.back()), (Some(id(11)), 0));
}

#[test]
fn a_step_keeps_its_share_and_the_fees() {
    let (saga, offers) = (two_tickets(), [offer(50, policy(&[(7, 10_000), (1, 5_000)], 100, false))]);
    let one = plan(&saga, &offers, Some(&[id(13)]), days_before(3)).unwrap();
    // Half of 30.01, half a cent to the buyer, less one euro; its fee stays, and what is the order's too.
    assert_eq!((one.tickets[0].paid, one.tickets[0].back), (3_251, 1_401));
    assert_eq!((one.returning.back(), one.returning.kept(), one.rest), (1_401, 1_850, (0, 0)));
    let all = plan(&saga, &offers, None, days_before(3)).unwrap();
    assert_eq!((all.returning.back(), all.rest), (1_401 + 2_150, (199, 0)));
}

#[test]
fn of_two_policies_the_one_that_gives_more_counts() {
    let mut generous_today = offer(50, policy(&[(7, 5_000)], 0, true));
    generous_today.today = policy(&[(2, 10_000)], 0, true);
    let saga = two_tickets();
    let back = |offer: &Offer, days| plan(&saga, std::slice::from_ref(offer), None, days_before(days)).unwrap();
    assert_eq!(back(&generous_today, 10).returning.back(), saga.total);
    assert_eq!(back(&generous_today, 3).returning.back(), saga.total, "also where the one it was bought under is over");
    let mut strict_today = offer(50, policy(&[(2, 10_000)], 0, true));
    strict_today.today = Cancellation::simple(None);
    assert_eq!(back(&strict_today, 3).returning.back(), saga.total, "what was sold holds");
    assert_eq!(strict_today.ends_at(days_before(3)), Some(days_before(2)));
}

#[test]
fn a_show_that_was_cancelled_or_moved_gives_all_back_whatever_the_policy() {
    let saga = two_tickets();
    for fate in [Fate::Cancelled, Fate::Moved] {
        let offers = [Offer { fate, ..offer(50, Cancellation::simple(None)) }];
        let after = starts() + SignedDuration::from_hours(1_000);
        let all = plan(&saga, &offers, None, after).unwrap();
        assert_eq!((all.returning.back(), all.until()), (saga.total, None));
    }
    let begins = |hours: i64, minutes: i64| {
        let sold_for = Some(starts() - SignedDuration::from_mins(hours * 60 + minutes));
        let offers = [Offer { sold_for, ..offer(50, Cancellation::simple(None)) }];
        plan(&saga, &offers, None, days_before(0) - SignedDuration::from_mins(1)).unwrap().returning.back()
    };
    assert_eq!((begins(0, 59), begins(1, 0), begins(-1, 0), begins(-1, 1)), (0, saga.total, saga.total, 0));
}

#[test]
fn two_shows_have_a_policy_each() {
    let saga = order(vec![
        line(11, LineKind::Ticket, None, Some(50), 1_000),
        line(12, LineKind::Ticket, None, Some(51), 2_000),
        line(13, LineKind::Fee, None, None, 100),
    ]);
    let offers = [offer(50, policy(&[(1, 5_000)], 0, true)), offer(51, Cancellation::simple(None))];
    let both = plan(&saga, &offers, None, days_before(2)).unwrap();
    assert_eq!(both.closed().map(|it| it.line), Some(id(12)));
    assert_eq!((both.returning.back(), both.rest), (500, (0, 0)), "a ticket stays, and with it what is the order's");
    assert_eq!(of_show(&saga, id(50)), [id(11)]);
    let mut rest = saga.clone();
    rest.lines[1].cancelled = true;
    assert_eq!(of_show(&rest, id(50)), [id(11), id(13)]);
    assert_eq!(of_show(&rest, id(51)), Vec::<Uuid>::new());
}

#[test]
fn a_discount_is_taken_from_what_goes_back_too() {
    let saga = order(vec![
        line(11, LineKind::Ticket, None, Some(50), 5_000),
        line(12, LineKind::Discount, Some(11), Some(50), -1_000),
        line(13, LineKind::Discount, None, None, -500),
    ]);
    let all = plan(&saga, &[offer(50, policy(&[(1, 5_000)], 0, true))], None, days_before(2)).unwrap();
    assert_eq!((all.tickets[0].paid, all.tickets[0].back, all.rest), (4_000, 2_000, (-500, -250)));
    assert_eq!((all.returning.back(), all.returning.kept()), (1_750, 1_750));
}

#[test]
fn staff_name_the_amount_and_never_more_than_there_is() {
    let mut saga = two_tickets();
    assert_eq!(exactly(&saga, Some(&[id(11)]), 4_751), Err(WishRefused::TooMuch { left: 4_750 }));
    let part = exactly(&saga, Some(&[id(11)]), 1_000).unwrap();
    assert_eq!((part.back(), part.kept()), (1_000, 3_750));
    assert_eq!(exactly(&saga, None, saga.total).unwrap().kept(), 0);
    // What goodwill gave is not given twice.
    saga.goodwill(starts(), id(77), 8_000, &super::super::saga::Way::Provider, "sorry").unwrap();
    assert_eq!(exactly(&saga, None, 201), Err(WishRefused::TooMuch { left: 200 }));
    let all = plan(&saga, &[offer(50, Cancellation::simple(Some(0)))], None, days_before(1)).unwrap();
    assert_eq!((all.returning.back(), all.returning.kept()), (200, 8_000));
}

#[test]
fn nothing_is_kept_of_what_was_free() {
    // A child comes for nothing, and its line is the first.
    let saga = order(vec![
        line(11, LineKind::Ticket, None, Some(50), 0),
        line(12, LineKind::Ticket, None, Some(50), 4_500),
        line(13, LineKind::Ticket, None, Some(50), 4_500),
        line(14, LineKind::Fee, None, None, 150),
    ]);
    for back in [0, 1, 1_001, 3_000, 9_149, 9_150] {
        let returning = exactly(&saga, None, back).unwrap();
        assert_eq!((returning.back(), returning.kept()), (back, 9_150 - back));
        assert_eq!((returning.lines[0].back, returning.lines[0].kept), (0, 0), "{back}");
    }
    // Whatever the books are asked to keep of it, they balance.
    for kept in [-1, 0, 1] {
        let left: i64 = crate::orders::ledger::left_of(&saga.lines[0], kept).iter().map(|(.., amount)| *amount).sum();
        assert_eq!(left, kept);
    }
}

#[test]
fn with_the_last_ticket_goes_what_is_the_whole_orders() {
    let saga = two_tickets();
    assert_eq!(wholly(&saga, Some(&[id(11)])).unwrap().back(), 4_750);
    assert_eq!(wholly(&saga, Some(&[id(11), id(13)])).unwrap().back(), saga.total, "named one by one");
    assert_eq!(wholly(&saga, None).unwrap().back(), saga.total);
}

fn some_lines() -> impl Strategy<Value = Vec<Line>> {
    let ticket = (0_i64..10_000, 0_i64..500, 0_i64..3_000, 0_u128..2);
    proptest::collection::vec(ticket, 1..6).prop_map(|tickets| {
        let mut lines = Vec::new();
        for (at, (price, fee, discount, show)) in (0_u128..).zip(tickets) {
            let (head, show) = (100 + at * 3, 50 + show);
            lines.push(line(head, LineKind::Ticket, None, Some(show), price));
            lines.push(line(head + 1, LineKind::Fee, Some(head), Some(show), fee));
            lines.push(line(head + 2, LineKind::Discount, Some(head), Some(show), -discount.min(price)));
        }
        lines.push(line(99, LineKind::Fee, None, None, 150));
        lines
    })
}

proptest! {
    #[test]
    fn line_by_line_what_goes_back_and_what_is_kept_is_what_was_paid(
        lines in some_lines(), back_bp in 1_i32..=10_000, fee_kept in 0_i64..2_000, fees_back in any::<bool>(),
    ) {
        let saga = order(lines);
        let offers = [50, 51].map(|show| offer(show, policy(&[(1, back_bp)], fee_kept, fees_back)));
        let whole = plan(&saga, &offers, None, days_before(2)).unwrap();
        prop_assert_eq!(whole.returning.back() + whole.returning.kept(), saga.total);
        prop_assert!((0..=saga.total).contains(&whole.returning.back()));
        prop_assert_eq!(whole.tickets.iter().map(|it| it.back).sum::<i64>() + whole.rest.1, whole.returning.back());
        for ticket in &whole.tickets {
            prop_assert!((0..=ticket.paid).contains(&ticket.back), "{:?}", ticket);
            // One after the other brings no more than all at once does.
            let alone = plan(&saga, &offers, Some(&[ticket.line]), days_before(2)).unwrap();
            prop_assert_eq!(alone.tickets[0].back, ticket.back);
        }
        for returned in &whole.returning.lines {
            let line = saga.lines.iter().find(|line| line.id == returned.line).unwrap();
            prop_assert_eq!(returned.back + returned.kept, line.amount);
        }
    }

    #[test]
    fn staff_get_the_amount_that_they_name(lines in some_lines(), part in 0_i64..=100) {
        let saga = order(lines);
        let back = saga.total * part / 100;
        let returning = exactly(&saga, None, back).unwrap();
        prop_assert_eq!((returning.back(), returning.back() + returning.kept()), (back, saga.total));
        for it in &returning.lines {
            let line = saga.lines.iter().find(|line| line.id == it.line).unwrap();
            prop_assert!(line.amount != 0 || it.kept == 0, "{:?}", it);
        }
    }
}

#[test]
fn an_exchange_is_worth_all_that_was_paid_less_what_the_kinder_policy_keeps() {
    let saga = two_tickets();
    let kind = |until_s, fee_kept| ExchangePolicy { until_s, fee_kept };
    let offer = |exchange| Offer { exchange, ..offer(50, Cancellation::simple(None)) };
    let starts = offer(Vec::new()).starts_at;
    let before = |seconds: i64| starts - jiff::SignedDuration::from_secs(seconds);
    let terms = |exchange, now| offer(exchange).exchange_terms(now, false).map(|terms| (terms.fee_kept, terms.until));
    assert_eq!(terms(Vec::new(), before(9_000)), None);
    assert_eq!(terms(vec![kind(3_600, 200)], before(3_601)), Some((200, Some(before(3_600)))));
    assert_eq!(terms(vec![kind(3_600, 200)], before(3_600)), None, "its end is not part of it");
    // What was bought under, and what holds today: the one that keeps less, as long as it lasts.
    let both = vec![kind(3_600, 200), kind(7_200, 50)];
    assert_eq!(terms(both.clone(), before(7_201)), Some((50, Some(before(7_200)))));
    assert_eq!(terms(both.clone(), before(7_200)), Some((200, Some(before(3_600)))));
    // The house itself always may; nobody may where the show was cancelled, and nothing is kept where it was moved.
    let late = offer(both.clone()).exchange_terms(starts, true).unwrap();
    assert_eq!((late.fee_kept, late.until), (50, None));
    assert_eq!(offer(Vec::new()).exchange_terms(starts, true).unwrap().fee_kept, 0);
    let gone = Offer { fate: Fate::Cancelled, ..offer(both.clone()) };
    assert_eq!(gone.exchange_terms(before(9_000), true), None);
    let moved = Offer { fate: Fate::Moved, ..offer(both.clone()) };
    assert_eq!(moved.exchange_terms(before(9_000), false).unwrap().fee_kept, 0);

    let all: i64 = saga.lines.iter().map(|line| line.amount).sum();
    let plan = plan_exchange(&saga, &[offer(both)], None, before(9_000), false).unwrap();
    assert_eq!((plan.returning.back(), plan.returning.kept()), (all - 100, 100));
}
