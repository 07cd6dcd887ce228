//! Claims that the sandbox's bank makes, for trying out what the house does about them; and refunds that come to nothing.

use sqlx::PgPool;
use uuid::Uuid;

use super::super::gateway::{DisputeState, What};
use super::news::tell;
use super::payments::{first_ref, locked};
use crate::platform::db::DbFault;

/// What happens at the bank after the payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The buyer has the bank take the money back.
    Opened,
    /// The bank decides for the house.
    Won,
    /// The bank decides for the buyer.
    Lost,
    /// The refunds that were recorded come to nothing.
    RefundsFail,
}

impl Trouble {
    /// All of them, in the page's order.
    pub const ALL: [Self; 4] = [Self::Opened, Self::Won, Self::Lost, Self::RefundsFail];

    /// Its word in the page's form.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Opened => "dispute_opened",
            Self::Won => "dispute_won",
            Self::Lost => "dispute_lost",
            Self::RefundsFail => "refunds_fail",
        }
    }

    /// The one with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|trouble| trouble.word() == word)
    }

    /// What stands on its button.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Opened => "Dispute the payment",
            Self::Won => "Decide for the house",
            Self::Lost => "Decide for the buyer",
            Self::RefundsFail => "Have the refunds fail",
        }
    }

    /// What it tries out.
    #[must_use]
    pub fn explanation(self) -> &'static str {
        match self {
            Self::Opened => "The buyer has the bank take the money back until it has decided.",
            Self::Won => "The bank gives the money back to the house.",
            Self::Lost => "The bank gives the money to the buyer.",
            Self::RefundsFail => "Refunds that were recorded come to nothing after all.",
        }
    }

    fn verdict(self) -> Option<DisputeState> {
        match self {
            Self::Opened => Some(DisputeState::Opened),
            Self::Won => Some(DisputeState::Won),
            Self::Lost => Some(DisputeState::Lost),
            Self::RefundsFail => None,
        }
    }
}

/// What the sandbox asks for a claim, in minor units.
const FEE: i64 = 1500;

/// Where the buyer goes; `None`: there is no such attempt. Without a charge nothing happens.
pub async fn cause(pool: &PgPool, payment: Uuid, trouble: Trouble) -> Result<Option<String>, DbFault> {
    let mut transaction = pool.begin().await?;
    let Some(attempt) = locked(&mut transaction, payment).await? else { return Ok(None) };
    let back = attempt.return_path.clone();
    if attempt.status != "captured" {
        return Ok(Some(back));
    }
    let provider_ref = first_ref(payment);
    match trouble.verdict() {
        Some(state) => {
            let dispute = format!("sbd_{}", payment.simple());
            sqlx::query!(
                "INSERT INTO sandbox_dispute (id, payment_id, provider_ref, amount, state) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (id) DO UPDATE SET state = EXCLUDED.state, updated_at = now()",
                dispute,
                payment,
                provider_ref,
                attempt.amount.amount,
                state.word()
            )
            .execute(&mut *transaction)
            .await?;
            let what = What::Disputed { dispute, state, taken: true, fee: FEE };
            tell(&mut transaction, &attempt.report(what, provider_ref, attempt.now)).await?;
        }
        None => {
            let failed = sqlx::query!(
                "DELETE FROM sandbox_refund WHERE payment_id = $1 RETURNING id, provider_ref, amount",
                payment
            )
            .fetch_all(&mut *transaction)
            .await?;
            for refund in failed {
                let what = What::RefundFailed { refund: refund.id };
                let mut news = attempt.report(what, refund.provider_ref, attempt.now);
                news.amount.amount = refund.amount;
                tell(&mut transaction, &news).await?;
            }
        }
    }
    transaction.commit().await?;
    Ok(Some(back))
}
