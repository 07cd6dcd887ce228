//! CSV as RFC 4180 has it, that no spreadsheet takes for a program.

use crate::platform::money::{Currency, Money};

/// A line of CSV, while it is written.
#[derive(Clone, Debug, Default)]
pub struct Line(String);

impl Line {
    fn next(&mut self) {
        if !self.0.is_empty() {
            self.0.push(',');
        }
    }

    /// Text that people wrote: quoted, and with a `'` before it where a spreadsheet would take it for a formula.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        self.next();
        let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
        self.0.push('"');
        if formula {
            self.0.push('\'');
        }
        self.0.push_str(&text.replace('"', "\"\""));
        self.0.push('"');
        self
    }

    /// A number.
    #[must_use]
    pub fn number(mut self, number: i64) -> Self {
        self.next();
        self.0.push_str(&number.to_string());
        self
    }

    /// An amount with its currency's decimals, without the currency: `-0.05`.
    #[must_use]
    pub fn amount(mut self, amount: i64, currency: Currency) -> Self {
        self.next();
        let shown = Money::new(amount, currency).display();
        self.0.push_str(shown.split_once(' ').map_or(shown.as_str(), |(_, digits)| digits));
        self
    }

    /// The line, with its end.
    #[must_use]
    pub fn end(mut self) -> String {
        self.0.push_str("\r\n");
        self.0
    }
}

/// The first line: what the columns are called.
#[must_use]
pub fn header(names: &[&str]) -> String {
    names.iter().fold(Line::default(), |line, name| line.text(name)).end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_quoted_and_no_formula_and_numbers_are_numbers() {
        let euro: Currency = "EUR".parse().unwrap();
        let yen: Currency = "JPY".parse().unwrap();
        let line =
            Line::default().text("Hamlet, \"uncut\"\nacts").text("").number(-3).amount(-5, euro).amount(4500, yen);
        assert_eq!(line.end(), "\"Hamlet, \"\"uncut\"\"\nacts\",\"\",-3,-0.05,4500\r\n");
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(Line::default().text(formula).end(), format!("\"'{formula}\"\r\n"));
        }
        assert_eq!(header(&["day", "net"]), "\"day\",\"net\"\r\n");
    }
}
