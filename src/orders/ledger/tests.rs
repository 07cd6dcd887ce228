//! What sales and refunds write into the books. That any bill is booked and given back to the last unit is shown with the bills
//! (`orders/pricing/tests.rs`).

use super::*;
use crate::platform::ids::derived_id;

fn line(number: u8, kind: LineKind, of: Option<u8>, show: Option<u8>, amount: i64, tax: i64) -> Line {
    let id = |number: u8| derived_id(&[b"line", &[number]]);
    Line {
        id: id(number),
        kind,
        of: of.map(id),
        show: show.map(|show| Uuid::from_u128(u128::from(show))),
        hold: None,
        seat: None,
        area: None,
        quantity: 1,
        amount,
        tax,
        kept: 0,
        giving_back: false,
        cancelled: false,
    }
}

/// Two tickets of two shows, a discount and a fee of the first, an added tax of the second, a fee of the whole order.
fn lines() -> Vec<Line> {
    vec![
        line(1, LineKind::Ticket, None, Some(1), 4500, 900),
        line(2, LineKind::Ticket, None, Some(2), 2000, 0),
        line(3, LineKind::Discount, Some(1), Some(1), -500, -100),
        line(4, LineKind::Fee, Some(1), Some(1), 150, 30),
        line(5, LineKind::Tax, Some(2), Some(2), 200, 200),
        line(6, LineKind::Fee, None, None, 250, 50),
    ]
}

fn told(entries: &[Entry]) -> Vec<(&str, Option<u128>, i64)> {
    entries.iter().map(|entry| (entry.account.as_str(), entry.show.map(|show| show.as_u128()), entry.amount)).collect()
}

#[test]
fn tax_is_booked_apart_and_a_discount_is_less_sales() {
    let lines = lines();
    let sold: Vec<_> = accounts(&lines)
        .into_iter()
        .map(|(account, show, amount)| (account, show.map(|show| show.as_u128()), amount))
        .collect();
    assert_eq!(
        sold,
        [
            ("fees", None, 200),
            ("fees", Some(1), 120),
            ("sales", Some(1), 3200),
            ("sales", Some(2), 2000),
            ("taxes", None, 50),
            ("taxes", Some(1), 830),
            ("taxes", Some(2), 200),
        ]
    );
    assert_eq!(sold.iter().map(|(.., amount)| amount).sum::<i64>(), 6600);
}

#[test]
fn a_ticket_that_is_given_back_takes_what_belongs_to_it() {
    let lines = lines();
    let currency = "EUR".parse().unwrap();
    let first: Vec<&Line> = lines.iter().filter(|one| one.id == lines[0].id || one.of == Some(lines[0].id)).collect();
    assert_eq!(
        told(&reversal(first.iter().copied(), 4150, currency)),
        [("fees", Some(1), 120), ("sales", Some(1), 3200), ("taxes", Some(1), 830)]
    );
    // Half of it is half of each, to the cent.
    assert_eq!(
        told(&reversal(first.iter().copied(), 2075, currency)),
        [("fees", Some(1), 60), ("sales", Some(1), 1600), ("taxes", Some(1), 415)]
    );
    // Of a cent nobody gets a half.
    assert_eq!(told(&reversal(first, 1, currency)), [("sales", Some(1), 1)]);
}

#[test]
fn what_was_sold_for_nothing_comes_out_of_the_houses_own() {
    let free =
        [line(1, LineKind::Ticket, None, Some(1), 2000, 0), line(2, LineKind::Discount, Some(1), Some(1), -2000, 0)];
    assert_eq!(told(&reversal(&free, 500, "EUR".parse().unwrap())), [("sales", None, 500)]);
}

#[test]
fn a_part_of_a_line_and_what_is_left_of_it_are_the_line() {
    for line in lines() {
        for kept in [0, 1, line.amount / 3, line.amount / 2, line.amount] {
            let mut sums: BTreeMap<(&str, Option<Uuid>), i64> = BTreeMap::new();
            let (taken, left) = (accounts_of([(&line, line.amount - kept)]), left_of(&line, kept));
            assert_eq!(taken.iter().map(|(.., amount)| amount).sum::<i64>(), line.amount - kept, "{line:?}");
            assert_eq!(left.iter().map(|(.., amount)| amount).sum::<i64>(), kept, "{line:?}");
            for (account, show, amount) in taken.into_iter().chain(left) {
                *sums.entry((account, show)).or_default() += amount;
            }
            let sums: Vec<_> = sums.into_iter().map(|((account, show), amount)| (account, show, amount)).collect();
            assert_eq!(sums, accounts([&line]), "{line:?}");
        }
    }
    let first = &lines()[0];
    assert_eq!(accounts_of([(first, 2250)]), [("sales", first.show, 1800), ("taxes", first.show, 450)]);
}
