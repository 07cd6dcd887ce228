//! What was seen, as a table for people and as JSON for machines.

use std::fmt;

use serde_json::{Value, json};

/// What became of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    Holds,
    /// It does not, and the least that could be done in its stead would have held it.
    Missed,
    /// It does not, nor does the least that could be done in its stead, measured in the same run.
    OutOfReach,
}

impl Verdict {
    /// Of a target to which nothing is compared.
    pub fn of(holds: bool) -> Self {
        if holds { Self::Holds } else { Self::Missed }
    }

    /// Of a target that something which does less holds or does not; `None` where that was not measured.
    pub fn beside(holds: bool, less_holds: Option<bool>) -> Self {
        match (holds, less_holds) {
            (true, _) => Self::Holds,
            (false, Some(false)) => Self::OutOfReach,
            (false, _) => Self::Missed,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Holds => "holds",
            Self::Missed => "MISSED",
            Self::OutOfReach => "OUT OF REACH",
        })
    }
}

/// One line of the table.
#[derive(Clone, Debug)]
pub struct Line {
    /// What was measured.
    pub what: String,
    /// The figures, in words.
    pub seen: String,
    /// What was aimed at, and what became of it; where anything was.
    pub target: Option<(String, Verdict)>,
    /// The figures.
    pub figures: Value,
}

/// All of it.
#[derive(Debug, Default)]
pub struct Report {
    lines: Vec<Line>,
    faults: u64,
    first_fault: Option<String>,
}

impl Report {
    /// One more line, which is printed at once too: a run is long.
    pub fn line(&mut self, line: Line) {
        eprintln!("ratio: {}: {}", line.what, line.seen);
        self.lines.push(line);
    }

    /// Answers that nobody should get.
    pub fn fault(&mut self, count: u64, first: Option<&String>) {
        self.faults += count;
        if let Some(first) = first.filter(|_| count > 0) {
            self.first_fault.get_or_insert_with(|| first.clone());
        }
    }

    /// How many of these there were.
    pub fn faults(&self) -> u64 {
        self.faults
    }

    /// For machines.
    pub fn json(&self) -> Value {
        let lines: Vec<Value> = self
            .lines
            .iter()
            .map(|line| {
                let target = line.target.as_ref().map(|(target, verdict)| {
                    json!({"target": target, "holds": *verdict == Verdict::Holds, "verdict": verdict.to_string()})
                });
                json!({"what": line.what, "seen": line.seen, "target": target, "figures": line.figures})
            })
            .collect();
        json!({"lines": lines, "faults": self.faults, "first_fault": self.first_fault})
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| what | seen | target | |")?;
        writeln!(f, "|---|---|---|---|")?;
        for line in &self.lines {
            let (target, verdict) =
                line.target.as_ref().map_or(("", String::new()), |(target, verdict)| (target, verdict.to_string()));
            writeln!(f, "| {} | {} | {target} | {verdict} |", line.what, line.seen)?;
        }
        write!(f, "faults: {}", self.faults)?;
        if let Some(fault) = &self.first_fault {
            write!(f, ", the first: {fault}")?;
        }
        Ok(())
    }
}

/// The one in the middle.
pub fn median(of: &[f64]) -> f64 {
    let mut sorted = of.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::float_cmp, reason = "these are exact")]
    fn the_median_is_in_the_middle() {
        assert_eq!([median(&[]), median(&[3.0]), median(&[9.0, 1.0, 2.0]), median(&[4.0, 1.0])], [0.0, 3.0, 2.0, 2.5]);
    }

    #[test]
    fn what_nobody_reaches_is_not_called_missed_and_what_holds_holds() {
        let words = [(true, Some(false)), (true, None), (false, Some(true)), (false, None), (false, Some(false))]
            .map(|(holds, less)| Verdict::beside(holds, less).to_string());
        assert_eq!(words, ["holds", "holds", "MISSED", "MISSED", "OUT OF REACH"]);
    }

    #[test]
    fn a_missed_target_and_a_fault_are_said() {
        let mut report = Report::default();
        report.line(Line {
            what: "holds".to_owned(),
            seen: "1".to_owned(),
            target: Some(("2".to_owned(), Verdict::of(false))),
            figures: Value::Null,
        });
        report.fault(0, Some(&"nothing".to_owned()));
        report.fault(2, Some(&"503".to_owned()));
        let text = report.to_string();
        assert!(text.contains("| holds | 1 | 2 | MISSED |") && text.ends_with("faults: 2, the first: 503"), "{text}");
        assert_eq!(report.json()["lines"][0]["target"]["holds"], false);
    }
}
