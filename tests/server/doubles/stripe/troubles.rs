//! What happens to payments at Stripe that nobody asked for by its API: claims of banks, refunds by hand at the dashboard.

use serde_json::json;

use super::{DISPUTE_FEE, Dispute, Refund, Stripe};

impl Stripe {
    /// A buyer's bank claims so much of our attempt; with `warning_needs_response` it only asks. Its name.
    pub fn dispute(&mut self, payment: &str, amount: i64, status: &str) -> String {
        let intent = self.intent_of(payment);
        let (id, created) = (self.id("du"), self.now());
        self.later += 1;
        let asks = status.starts_with("warning_");
        let moved = if asks { Vec::new() } else { vec![(-amount, DISPUTE_FEE)] };
        let dispute = Dispute { id: id.clone(), intent, amount, status: status.to_owned(), moved, created };
        let object = self.dispute_json(&dispute);
        self.disputes.push(dispute);
        self.tell("charge.dispute.created", object.clone());
        if !asks {
            self.tell("charge.dispute.funds_withdrawn", object);
        }
        id
    }

    /// A claim that Stripe speaks of, against a payment that was not made by any page.
    pub fn dispute_elsewhere(&mut self, amount: i64) -> String {
        let (id, intent, created) = (self.id("du"), self.id("pi"), self.now());
        let (status, moved) = ("needs_response".to_owned(), vec![(-amount, DISPUTE_FEE)]);
        let dispute = Dispute { id: id.clone(), intent, amount, status, moved, created };
        let object = self.dispute_json(&dispute);
        self.disputes.push(dispute);
        self.tell("charge.dispute.created", object);
        id
    }

    /// The claim goes on: `needs_response`, `under_review`, `won`, `lost`, `warning_closed`.
    pub fn dispute_becomes(&mut self, id: &str, status: &str) {
        self.later += 1;
        let at = self.disputes.iter().position(|dispute| dispute.id == id).unwrap();
        let was_open = !matches!(self.disputes[at].status.as_str(), "won" | "lost");
        self.disputes[at].status = status.to_owned();
        let amount = self.disputes[at].amount;
        let held: i64 = self.disputes[at].moved.iter().map(|(amount, _)| amount).sum();
        match status {
            "won" if held < 0 => self.disputes[at].moved.push((amount, 0)),
            "needs_response" | "lost" if held == 0 => {
                // The fee is asked for once.
                let fee = if self.disputes[at].moved.is_empty() { DISPUTE_FEE } else { 0 };
                self.disputes[at].moved.push((-amount, fee));
            }
            _ => {}
        }
        let object = self.dispute_json(&self.disputes[at].clone());
        match status {
            "won" => {
                self.tell("charge.dispute.closed", object.clone());
                self.tell("charge.dispute.funds_reinstated", object);
            }
            "lost" | "warning_closed" if was_open => self.tell("charge.dispute.closed", object),
            _ => self.tell("charge.dispute.updated", object),
        }
    }

    /// Somebody gives so much of our attempt back at the dashboard. Its name.
    pub fn refund_by_hand(&mut self, payment: &str, amount: i64) -> String {
        let intent = self.intent_of(payment);
        let currency = self.intents[&intent].currency.clone();
        let id = self.id("re");
        let refund = Refund { id: id.clone(), intent, amount, currency, metadata: json!({}), status: "succeeded" };
        let made = self.refund_json(&refund);
        self.refunds.push(refund);
        self.tell("refund.created", made);
        id
    }

    /// A refund comes to nothing after all.
    pub fn refund_fails(&mut self, id: &str) {
        let at = self.refunds.iter().position(|refund| refund.id == id).unwrap();
        self.refunds[at].status = "failed";
        let failed = self.refund_json(&self.refunds[at].clone());
        self.tell("refund.failed", failed);
    }
}
