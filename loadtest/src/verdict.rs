//! What an audit found.

use std::fmt;

use serde::Serialize;

/// Lines that are printed of what one check found; the report has all of them.
const LINES_MAX: usize = 10;

/// One thing that must hold.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// What would be wrong.
    pub what: &'static str,
    /// How many were looked at.
    pub looked_at: u64,
    /// Each that was wrong.
    pub wrong: Vec<String>,
    /// What could not be looked at, and why.
    pub not_seen: Option<String>,
}

impl Check {
    /// So many were looked at, and these were wrong.
    #[must_use]
    pub fn new(what: &'static str, looked_at: usize, wrong: Vec<String>) -> Self {
        Self { what, looked_at: looked_at as u64, wrong, not_seen: None }
    }

    /// The same, with what could not be looked at.
    #[must_use]
    pub fn not_seen(mut self, why: Option<String>) -> Self {
        self.not_seen = why;
        self
    }
}

/// All that was found.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    /// Each thing that must hold.
    pub checks: Vec<Check>,
    /// Tickets that were given out.
    pub tickets: u64,
    /// Whether somebody came to buy: then something must have been sold.
    pub must_sell: bool,
    /// What is worth knowing, and no fault.
    pub remarks: Vec<String>,
}

impl Verdict {
    /// Nothing was wrong, and something was sold where somebody came to buy.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.checks.iter().all(|check| check.wrong.is_empty()) && (!self.must_sell || self.tickets > 0)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "audit: {} tickets given out", self.tickets)?;
        for check in &self.checks {
            writeln!(f, "audit: {:>6} {}, of {} looked at", check.wrong.len(), check.what, check.looked_at)?;
            for line in check.wrong.iter().take(LINES_MAX) {
                writeln!(f, "audit:        {line}")?;
            }
            if check.wrong.len() > LINES_MAX {
                writeln!(f, "audit:        and {} more", check.wrong.len() - LINES_MAX)?;
            }
            if let Some(why) = &check.not_seen {
                writeln!(f, "audit:        not looked at: {why}")?;
            }
        }
        if self.must_sell && self.tickets == 0 {
            writeln!(f, "audit: nothing was sold, though somebody came to buy")?;
        }
        for remark in &self.remarks {
            writeln!(f, "audit: {remark}")?;
        }
        write!(f, "audit: {}", if self.passed() { "passed" } else { "FAILED" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict() -> Verdict {
        Verdict {
            checks: vec![Check::new("seats sold twice", 9, Vec::new())],
            tickets: 9,
            must_sell: true,
            remarks: Vec::new(),
        }
    }

    #[test]
    fn a_rush_passes_only_when_nothing_is_wrong_and_something_was_sold() {
        assert!(verdict().passed());
        let unsold = Verdict { tickets: 0, ..verdict() };
        assert!(!unsold.passed() && unsold.to_string().contains("nothing was sold"));
        assert!(Verdict { tickets: 0, must_sell: false, ..verdict() }.passed());
        let wrong = Check::new("seats sold twice", 9, vec!["A-1".to_owned()]);
        assert!(!Verdict { checks: vec![wrong], ..verdict() }.passed());
    }

    #[test]
    fn what_was_wrong_is_told_up_to_a_measure() {
        let wrong = (0..12).map(|number| format!("A-{number}")).collect();
        let told = Verdict { checks: vec![Check::new("seats sold twice", 20, wrong)], ..verdict() }.to_string();
        assert!(told.contains("    12 seats sold twice, of 20 looked at"), "{told}");
        assert!(told.contains("A-9\n") && !told.contains("A-10") && told.contains("and 2 more"), "{told}");
        assert!(told.ends_with("FAILED"), "{told}");
    }
}
