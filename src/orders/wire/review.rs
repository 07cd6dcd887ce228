//! The house's look at an order, as its staff are told of it.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::fraud::in_words;
use super::super::saga::{Finding, Review, ReviewState};

/// One thing that a rule of the house found.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FindingJson {
    /// Which rule.
    #[schema(value_type = String, pattern = "^(velocity|mismatch|reuse)$")]
    pub rule: &'static str,
    /// Whether it wants the order held, or only marked.
    pub holds: bool,
    /// What it found, as a word.
    #[schema(example = "emails_by_instrument")]
    pub fact: &'static str,
    /// More than so many; null for what is not counted.
    pub max: Option<i64>,
    /// Within so long.
    pub window_s: Option<i64>,
    /// The card's country, where that is it.
    pub country: Option<String>,
    /// The same in words.
    pub text: String,
}

impl From<&Finding> for FindingJson {
    fn from(finding: &Finding) -> Self {
        Self {
            rule: finding.rule.word(),
            holds: finding.holds,
            fact: finding.fact.word(),
            max: finding.max,
            window_s: finding.window_s,
            country: finding.country.clone(),
            text: in_words(finding),
        }
    }
}

/// The house's look at an order.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReviewJson {
    /// How far it is.
    #[schema(value_type = String, pattern = "^(flagged|wanted|accepted|refused|lapsed|withdrawn|let_go)$")]
    pub state: &'static str,
    /// Until when staff decide; null for an order that was never held.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub by: Option<Timestamp>,
    /// What the rules found.
    pub findings: Vec<FindingJson>,
    /// Why staff decided so.
    pub reason: String,
}

impl ReviewJson {
    /// The look, where the rules found anything to look at.
    #[must_use]
    pub fn of(review: &Review) -> Option<Self> {
        match review.state {
            ReviewState::Unjudged | ReviewState::Clear => None,
            ReviewState::Flagged
            | ReviewState::Wanted
            | ReviewState::Accepted
            | ReviewState::Refused
            | ReviewState::Lapsed
            | ReviewState::Withdrawn
            | ReviewState::LetGo => Some(Self {
                state: review.state.word(),
                by: review.by,
                findings: review.findings.iter().map(FindingJson::from).collect(),
                reason: review.reason.clone(),
            }),
        }
    }
}
