//! Orders that the house looks at before it takes their money: what its rules say, and what its staff decide, or don't.

use aisle_actors::core::Timestamp as CoreTime;
use jiff::SignedDuration;
use uuid::Uuid;

use crate::house::House;
use crate::jobs::Errand;
use crate::orders::saga::{AttemptStatus, Fact, Finding, OrderState, Outcome, Rule, Verdict};
use crate::platform::time::from_core;

impl House {
    /// The rules of the house, by chance: one asked twice may say two things, and the first that is kept counts.
    pub fn rules_say(&mut self, node: usize) -> Outcome {
        let holds = match self.rng.below(100) {
            0..55 => None,
            55..65 => Some(false),
            _ => Some(true),
        };
        let (rule, fact) = (Rule::Reuse, Fact::EmailsByInstrument);
        let finding = |holds| Finding { rule, holds, fact, max: Some(3), window_s: Some(3_600), country: None };
        let within = SignedDuration::from_millis(self.rng.between(2_000, 90_000).cast_signed());
        Outcome::Judged(Verdict { findings: holds.map(finding).into_iter().collect(), by: self.stamp(node) + within })
    }

    /// Somebody at the box office accepts, refuses, does both at once with a colleague, or is at lunch. And banks let go of
    /// amounts that lie about.
    pub fn staff_decide(&mut self) {
        if self.calm {
            return;
        }
        let held = self.desk.rows.values().filter(|row| row.saga.state == OrderState::InReview);
        let held: Vec<Uuid> = held.map(|row| row.saga.order).collect();
        for order in held {
            let node = self.any_node();
            match self.rng.below(1_000) {
                0..4 => {
                    self.errand(node, order, Errand::Decide(true));
                }
                4..9 => {
                    self.errand(node, order, Errand::Decide(false));
                }
                9..14 => {
                    self.report.count("review: decided by two at once");
                    let other = self.any_node();
                    self.errand(node, order, Errand::Decide(true));
                    self.errand(other, order, Errand::Decide(false));
                }
                14..21 => self.bank_lets_go(order),
                _ => {}
            }
        }
    }

    fn bank_lets_go(&mut self, order: Uuid) {
        let set_aside = |row: &crate::desk::Row| {
            let mut attempts = row.saga.attempts.iter();
            attempts.find(|attempt| attempt.status == AttemptStatus::Authorized).map(|attempt| attempt.id)
        };
        let now = from_core(CoreTime(self.now));
        if let Some(payment) = self.desk.rows.get(&order).and_then(set_aside)
            && self.bank.let_go(payment, now)
        {
            self.post();
        }
    }
}
