//! What the journeys saw that ran before: their report's figures, in this table.

use std::path::Path;

use serde_json::{Value, json};

use super::Bench;
use crate::report::{Line, Verdict};
use crate::run::Failed;

impl Bench<'_> {
    /// The lines of this report of `aisle-loadtest`.
    pub(super) fn journeys(&mut self, file: &Path) -> Result<(), Failed> {
        let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let told: Value = serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?;
        let number = |name: &str| -> Result<f64, Failed> {
            let pointer = format!("/{name}");
            told.pointer(&pointer)
                .and_then(Value::as_f64)
                .ok_or_else(|| format!("the report says nothing of {name}").into())
        };
        let (mean, success) = (number("rates/mean_answer_ms")?, number("rates/success_percent")?);
        let (users, confirmed) = (number("users")?, number("classes/confirmed")?);
        let steady = told.pointer("/rates/confirmed_per_s_steady").and_then(Value::as_f64);
        self.report.line(Line {
            what: format!("{users:.0} people at a time, each the whole way from the list to the ticket"),
            seen: format!(
                "an answer after {mean:.0} ms in the mean; {confirmed:.0} of {:.0} purchases confirmed, {success:.1} % of the valid ones; {:.1} purchases a second{}",
                number("attempts")?,
                number("rates/confirmed_per_s")?,
                steady.map_or_else(String::new, |steady| format!(", {steady:.1} while everybody was there")),
            ),
            target: Some(("under 150 ms, at least 98.5 %".to_owned(), Verdict::of(mean < 150.0 && success >= 98.5))),
            figures: json!({"mean_ms": mean, "success_percent": success, "rates": told["rates"], "classes": told["classes"], "latencies": told["latencies"]}),
        });
        let passed = told["passed"].as_bool().ok_or("the report has no verdict")?;
        self.report.fault(u64::from(!passed), Some(&"the audit after the journeys found something".to_owned()));
        self.report.line(Line {
            what: "the audit after them: no seat twice, no acknowledged hold lost, the books balance".to_owned(),
            seen: if passed { "passed" } else { "FAILED" }.to_owned(),
            target: Some(("passed".to_owned(), Verdict::of(passed))),
            figures: told["verdict"].clone(),
        });
        Ok(())
    }
}
