//! What tickets of another order pay of an order, that they are given for. As a voucher they change no price, fee or tax.

use uuid::Uuid;

use super::super::saga::LineKind;
use super::{Bill, Of};

/// So many places are named in a line; more are counted.
const NAMED_MAX: usize = 3;

impl Bill {
    /// Pays with tickets of the order of this number, which are worth so much: before a voucher does. How much they pay.
    pub fn exchange(&mut self, order: Uuid, number: &str, places: &[String], worth: i64) -> i64 {
        let pays = worth.min(self.total()).max(0);
        let mut named = places.iter().take(NAMED_MAX).map(String::as_str).collect::<Vec<_>>().join("; ");
        if places.len() > NAMED_MAX {
            named.push_str(&format!(" and {} more", places.len() - NAMED_MAX));
        }
        let label = format!("In exchange for {named} ({number})");
        let of = Of { order, ticket: None, show: None };
        self.lines.push(of.line((LineKind::Exchange, 0), label, -pays, 0));
        pays
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bill(fee: i64) -> Bill {
        let mut bill = Bill { lines: Vec::new(), taxes: Vec::new(), refused: None };
        let of = Of { order: Uuid::nil(), ticket: None, show: None };
        bill.lines.push(of.line((LineKind::Fee, 0), "Fee".to_owned(), fee, 50));
        bill
    }

    #[test]
    fn tickets_pay_what_they_are_worth_and_never_more_than_is_to_be_paid() {
        for (worth, pays) in [(200, 200), (300, 300), (900, 300), (0, 0)] {
            let mut bill = bill(300);
            assert_eq!(bill.exchange(Uuid::nil(), "A-7F3K2M", &["Stalls A-1".to_owned()], worth), pays);
            assert_eq!((bill.total(), bill.of_kind(LineKind::Fee)), (300 - pays, 300));
            assert_eq!(
                (bill.lines[1].line.amount, bill.lines[1].line.tax),
                (-pays, 0),
                "the line is there whatever they pay"
            );
        }
    }

    #[test]
    fn the_line_names_some_places_and_counts_the_others() {
        let mut bill = bill(300);
        let places: Vec<String> = (1..=5).map(|seat| format!("A-{seat}")).collect();
        bill.exchange(Uuid::nil(), "A-7F3K2M", &places, 100);
        assert_eq!(bill.lines[1].said.label, "In exchange for A-1; A-2; A-3 and 2 more (A-7F3K2M)");
    }
}
