//! What was seen, as a table for people and as JSON for machines.

use std::fmt;

use serde_json::{Value, json};

/// One line of the table.
#[derive(Clone, Debug)]
pub struct Line {
    /// What was measured.
    pub what: String,
    /// The figures, in words.
    pub seen: String,
    /// What was aimed at, and whether it holds; where anything was.
    pub target: Option<(String, bool)>,
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
                let target = line.target.as_ref().map(|(target, holds)| json!({"target": target, "holds": holds}));
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
            let (target, holds) = match &line.target {
                None => ("", ""),
                Some((target, true)) => (target.as_str(), "holds"),
                Some((target, false)) => (target.as_str(), "MISSED"),
            };
            writeln!(f, "| {} | {} | {target} | {holds} |", line.what, line.seen)?;
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
    fn a_missed_target_and_a_fault_are_said() {
        let mut report = Report::default();
        report.line(Line {
            what: "holds".to_owned(),
            seen: "1".to_owned(),
            target: Some(("2".to_owned(), false)),
            figures: Value::Null,
        });
        report.fault(0, Some(&"nothing".to_owned()));
        report.fault(2, Some(&"503".to_owned()));
        let text = report.to_string();
        assert!(text.contains("| holds | 1 | 2 | MISSED |") && text.ends_with("faults: 2, the first: 503"), "{text}");
        assert_eq!(report.json()["lines"][0]["target"]["holds"], false);
    }
}
