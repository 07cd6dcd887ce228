//! The money desk: what somebody must look at, what it means and what to do about it. The list follows from the data (the view
//! `money_work`); only that somebody has looked is kept.

/// Why something is on the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WorkKind {
    /// More was paid than the order costs.
    Overpaid,
    /// Less was paid than the order costs.
    Underpaid,
    /// The order was paid more than once.
    Duplicate,
    /// A provider speaks of money of which no order knows.
    CapturedWithoutOrder,
    /// Money should have gone back and didn't.
    RefundFailed,
    /// Somebody gave money back at the provider, and its tickets are good.
    RefundedElsewhere,
    /// A buyer's bank has taken the money until it has decided.
    DisputeOpen,
    /// A buyer's bank keeps the money, and the seats are still booked.
    DisputeLost,
    /// A provider has not answered for too long.
    ProviderSilent,
    /// An order doesn't get on.
    OrderStuck,
    /// A transaction of the books does not come to zero.
    LedgerUnbalanced,
}

impl WorkKind {
    /// All of them, the worst first.
    pub const ALL: [Self; 11] = [
        Self::LedgerUnbalanced,
        Self::CapturedWithoutOrder,
        Self::RefundFailed,
        Self::RefundedElsewhere,
        Self::Duplicate,
        Self::Overpaid,
        Self::Underpaid,
        Self::DisputeOpen,
        Self::DisputeLost,
        Self::ProviderSilent,
        Self::OrderStuck,
    ];

    /// Its word in the API, in the view and in metrics.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Overpaid => "overpaid",
            Self::Underpaid => "underpaid",
            Self::Duplicate => "duplicate",
            Self::CapturedWithoutOrder => "captured_without_order",
            Self::RefundFailed => "refund_failed",
            Self::RefundedElsewhere => "refunded_elsewhere",
            Self::DisputeOpen => "dispute_open",
            Self::DisputeLost => "dispute_lost",
            Self::ProviderSilent => "provider_silent",
            Self::OrderStuck => "order_stuck",
            Self::LedgerUnbalanced => "ledger_unbalanced",
        }
    }

    /// The one with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// What it means.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Overpaid => {
                "A buyer paid more than the order costs, so nothing was sold for it, and the money is still here."
            }
            Self::Underpaid => {
                "A buyer paid less than the order costs, or in another currency, so nothing was sold for it, and the money is \
                 still here."
            }
            Self::Duplicate => "The order was paid more than once, and the second payment is still here.",
            Self::CapturedWithoutOrder => {
                "A provider says that money was paid to this house under a payment that no order here knows."
            }
            Self::RefundFailed => {
                "The provider would not make this refund, or it failed afterwards: the buyer should have had this money back."
            }
            Self::RefundedElsewhere => {
                "Somebody gave money of this order back at the provider, past this server. Its tickets still admit."
            }
            Self::DisputeOpen => {
                "The buyer has claimed the payment back at their bank, which holds the money until it has decided."
            }
            Self::DisputeLost => {
                "The bank gave the money to the buyer. The tickets admit nobody any more; the seats are still booked."
            }
            Self::ProviderSilent => {
                "The provider has not said for a long time what became of this payment or refund, or news of its own could not be \
                 settled for an hour."
            }
            Self::OrderStuck => {
                "The next step of this order has failed many times in a row. It is tried again by itself."
            }
            Self::LedgerUnbalanced => {
                "The entries of this transaction do not come to zero. The database refuses that, so it was written past it."
            }
        }
    }

    /// What to do.
    #[must_use]
    pub fn to_do(self) -> &'static str {
        match self {
            Self::Overpaid | Self::Underpaid | Self::Duplicate => {
                "The refund is made by itself. Where it has failed, give the money back at the provider or by bank transfer, \
                 then close this with what you did."
            }
            Self::CapturedWithoutOrder => {
                "Look the payment up at the provider by its name. Give it back there, or find whose it is; then close this."
            }
            Self::RefundFailed => {
                "Cancel the tickets again to try anew, or give the money back by bank transfer and close this with the date of \
                 it."
            }
            Self::RefundedElsewhere => {
                "Decide about the tickets. Should some go back, give them back with an amount of 0, because their money is gone \
                 already; should all stay good, close this."
            }
            Self::DisputeOpen => {
                "Answer the claim at the provider, with the order, its mails and the scans at the door, before its date. Refund \
                 nothing meanwhile."
            }
            Self::DisputeLost => {
                "Cancel the order to put its seats on sale again, which refunds nothing that was lost; or close this to keep \
                 them."
            }
            Self::ProviderSilent => {
                "Look at the provider's status page and at the payment there. It is asked again by itself, about news for a day (then \
                 whoever runs the server has it settled again); when it answers, this goes away."
            }
            Self::OrderStuck => {
                "Read the last problem. Is the provider or the show unreachable, this goes away with it; else it needs whoever \
                 runs the server."
            }
            Self::LedgerUnbalanced => {
                "Find out who writes to the database past the server. Never change entries: book what is missing, with whoever \
                 keeps the accounts."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_word() {
        for kind in WorkKind::ALL {
            assert_eq!(WorkKind::from_word(kind.word()), Some(kind));
        }
        assert_eq!(WorkKind::from_word("other"), None);
    }
}
