//! The house's look at an order before its money is taken: what the rules found, and what came of it.
//!
//! An order is judged once, when its money is set aside and the most is known of it. What the rules want looked at waits: its
//! seats stay with it, nothing is collected, and staff decide until [`Review::by`]. Money that moved at once cannot wait; such
//! an order is sold and only marked.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::words;
use super::{Attempt, AttemptStatus, OrderState, Saga, WishRefused};
use crate::payments::MethodKind;

words! {
    /// How far the look at an order is.
    ReviewState {
        /// The rules have not been asked.
        Unjudged "unjudged",
        /// They found nothing.
        Clear "none",
        /// They found something that holds no sale.
        Flagged "flagged",
        /// Staff are to decide before the money is taken.
        Wanted "wanted",
        /// Staff let it go on.
        Accepted "accepted",
        /// Staff would not sell to this buyer.
        Refused "refused",
        /// Nobody decided in time.
        Lapsed "lapsed",
        /// The buyer gave it up first.
        Withdrawn "withdrawn",
        /// The bank let go of the amount before anybody decided.
        LetGo "let_go",
    }
}

words! {
    /// A rule of the house.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    Rule {
        /// One buyer tries too often, or wants too much.
        Velocity "velocity",
        /// The card comes from elsewhere than the house's buyers do.
        Mismatch "mismatch",
        /// One card pays for many.
        Reuse "reuse",
    }
}

words! {
    /// What a rule found.
    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    Fact {
        /// More attempts to pay under one e-mail address.
        AttemptsByEmail "attempts_by_email",
        /// More places under one e-mail address.
        PlacesByEmail "places_by_email",
        /// More attempts from one browser.
        AttemptsByDevice "attempts_by_device",
        /// More places from one browser.
        PlacesByDevice "places_by_device",
        /// More attempts from one network address.
        AttemptsByAddress "attempts_by_address",
        /// More places from one network address.
        PlacesByAddress "places_by_address",
        /// A card of a country that is not among the house's.
        CardCountry "card_country",
        /// More e-mail addresses that one card paid for.
        EmailsByInstrument "emails_by_instrument",
    }
}

/// One thing that a rule found. Counts stop one past what is allowed, so "more than" is all that is said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Which rule.
    pub rule: Rule,
    /// Whether it wants the order held, or only noted.
    pub holds: bool,
    /// What it found.
    pub fact: Fact,
    /// More than so many; none for what is not counted.
    pub max: Option<i64>,
    /// Within so many seconds.
    pub window_s: Option<i64>,
    /// The card's country, where that is it.
    pub country: Option<String>,
}

/// What the rules say of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What they found.
    pub findings: Vec<Finding>,
    /// Until when staff may decide, should they have to.
    pub by: Timestamp,
}

/// The house's look at an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// How far it is.
    pub state: ReviewState,
    /// Until when staff decide; set once the order was held.
    pub by: Option<Timestamp>,
    /// What the rules found.
    pub findings: Vec<Finding>,
    /// Why staff decided so, in their words.
    pub reason: String,
}

impl Review {
    /// Of an order that nobody has judged.
    #[must_use]
    pub fn unjudged() -> Self {
        Self { state: ReviewState::Unjudged, by: None, findings: Vec::new(), reason: String::new() }
    }
}

impl ReviewState {
    /// Whether money can still buy the seats. A look that ended without a yes has ended the order.
    #[must_use]
    pub fn lets_sell(self) -> bool {
        match self {
            Self::Unjudged | Self::Clear | Self::Flagged | Self::Wanted | Self::Accepted => true,
            Self::Refused | Self::Lapsed | Self::Withdrawn | Self::LetGo => false,
        }
    }
}

/// Whether with this change a look of the house has ended without a sale, which its buyer is to hear of. An order that has ended for
/// want of a payment ends once more where news of it come so late that the time for a look has passed too.
#[must_use]
pub fn ends_unsold(before: &Saga, after: &Saga) -> bool {
    let ends = before.state != OrderState::Expired || before.review.state != after.review.state;
    let looked_at = after.review.by.is_some() && after.review.state != ReviewState::Flagged;
    after.state == OrderState::Expired && ends && looked_at
}

impl Saga {
    /// The attempt whose money can buy the seats. Money that is here comes before an amount that is set aside.
    pub(super) fn candidate(&self) -> Option<&Attempt> {
        let mut able = self.attempts.iter().filter(|attempt| self.can_sell(attempt));
        let first = able.next()?;
        if first.status == AttemptStatus::Captured {
            return Some(first);
        }
        able.find(|attempt| attempt.status == AttemptStatus::Captured).or(Some(first))
    }

    /// The payment that counts: the one that the seats are sold for, or are kept for while staff look at it.
    pub(super) fn counts(&self) -> Option<Uuid> {
        self.paid_with.or_else(|| {
            let looked_at = self.candidate().filter(|_| self.state == OrderState::InReview);
            looked_at.map(|attempt| attempt.id)
        })
    }

    /// The payment that the rules are to be asked about.
    pub(super) fn to_be_judged(&self) -> Option<Uuid> {
        self.candidate().filter(|_| self.review.state == ReviewState::Unjudged).map(|attempt| attempt.id)
    }

    /// Takes in what the rules say. The first verdict stays, whoever asked too.
    pub(super) fn judged(&mut self, payment: Uuid, verdict: Verdict) {
        if self.to_be_judged() != Some(payment) {
            return;
        }
        self.review.state = match verdict.findings.as_slice() {
            [] => ReviewState::Clear,
            found if found.iter().any(|finding| finding.holds) => ReviewState::Wanted,
            _ => ReviewState::Flagged,
        };
        if self.review.state == ReviewState::Wanted {
            self.review.by = Some(verdict.by);
        }
        self.review.findings = verdict.findings;
    }

    /// Money that can buy the seats buys them, unless staff want to look at it first.
    pub(super) fn choose_payment(&mut self) {
        let Some(candidate) = self.candidate() else { return };
        let (id, status, kind) = (candidate.id, candidate.status, candidate.kind);
        let waits = status == AttemptStatus::Authorized && kind == MethodKind::AuthoriseThenCapture;
        match self.review.state {
            ReviewState::Unjudged => return,
            ReviewState::Wanted if waits => {
                self.state = OrderState::InReview;
                return;
            }
            // It moved at once, and giving it back is all that is left to those who would rather not have sold.
            ReviewState::Wanted => self.review.state = ReviewState::Flagged,
            ReviewState::Clear
            | ReviewState::Flagged
            | ReviewState::Accepted
            | ReviewState::Refused
            | ReviewState::Lapsed
            | ReviewState::Withdrawn
            | ReviewState::LetGo => {}
        }
        self.paid_with = Some(id);
        self.state = OrderState::Authorized;
    }

    /// A look that nobody brought to its end ends by itself: at its time, or with the amount that was looked at.
    pub(super) fn end_review(&mut self, now: Timestamp) {
        if self.state != OrderState::InReview {
            return;
        }
        let too_late = self.review.by.is_none_or(|by| now >= by);
        let ended = match self.review.state {
            ReviewState::Wanted if self.candidate().is_none() => ReviewState::LetGo,
            ReviewState::Wanted if too_late => ReviewState::Lapsed,
            ReviewState::Wanted => return,
            // Decided, and yet there is nothing left to sell it for.
            decided => decided,
        };
        self.review.state = ended;
        self.state = OrderState::Expired;
    }

    /// Staff decide. The same decision again changes nothing.
    ///
    /// # Errors
    /// `Decided` where nobody waits for it: not held, decided otherwise, given up, or too late.
    pub fn decide(&mut self, now: Timestamp, accepted: bool, reason: &str) -> Result<(), WishRefused> {
        let decision = if accepted { ReviewState::Accepted } else { ReviewState::Refused };
        if self.review.state == decision {
            return Ok(());
        }
        let in_time = self.review.by.is_some_and(|by| now < by);
        if self.state != OrderState::InReview || self.review.state != ReviewState::Wanted || !in_time {
            return Err(WishRefused::Decided);
        }
        self.review.state = decision;
        reason.clone_into(&mut self.review.reason);
        if !accepted {
            self.state = OrderState::Expired;
        }
        Ok(())
    }
}
