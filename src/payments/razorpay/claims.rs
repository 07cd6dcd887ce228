//! Claims of buyers' banks at Razorpay. A claim names the payment, that its order, and the order has our id as its receipt. The
//! money is taken when a claim is lost; from accounts that agreed to it, when it is made.

use jiff::Timestamp;

use super::super::gateway::{DisputeState, GatewayError, Report, What};
use super::answers::Dispute;
use super::api::{Api, Problem};
use crate::platform::money::Money;

/// What Razorpay knows of a claim, of which it spoke `at` that time.
pub async fn look_up(api: &Api, claim: &str, at: Timestamp) -> Result<Option<Report>, GatewayError> {
    let dispute = api.dispute(claim).await.map_err(Problem::unheard)?;
    let paid = api.payment(&dispute.payment_id).await.map_err(Problem::unheard)?;
    // A payment without one is none of ours.
    let Some(order) = &paid.order_id else { return Ok(None) };
    let order = api.order(order).await.map_err(Problem::unheard)?;
    let Some(payment) = order.receipt.and_then(|receipt| receipt.parse().ok()) else { return Ok(None) };
    let Some((what, at, amount)) = what(&dispute, at)? else { return Ok(None) };
    Ok(Some(Report {
        event_id: format!("claim:{}", dispute.id),
        payment,
        provider_ref: paid.id,
        what,
        at,
        amount: Money::new(amount, dispute.currency.parse().map_err(GatewayError::unknown)?),
        instrument: None,
    }))
}

/// What became of it, when, and how much it is about; `None` where no money is claimed.
fn what(dispute: &Dispute, said_at: Timestamp) -> Result<Option<(What, Timestamp, i64)>, GatewayError> {
    let taken = dispute.amount_deducted > 0;
    // The bank only suspects or asks; should it claim the money, that is said.
    let asks = matches!(dispute.phase.as_deref(), Some("fraud" | "retrieval")) && !taken;
    let state = match dispute.status.as_str() {
        "open" | "under_review" | "won" | "closed" if asks => return Ok(None),
        "open" | "under_review" => DisputeState::Opened,
        "won" => DisputeState::Won,
        "lost" => DisputeState::Lost,
        // Over without a verdict: what was taken stays taken.
        "closed" if taken => DisputeState::Lost,
        "closed" => DisputeState::Won,
        status => return Err(GatewayError::unknown(format!("a claim in a state that is not known: {status}"))),
    };
    let opened = Timestamp::from_second(dispute.created_at).map_err(GatewayError::unknown)?;
    let at = if state == DisputeState::Opened { opened } else { opened.max(said_at) };
    // A claim may be lost in part.
    let amount = if taken { dispute.amount_deducted } else { dispute.amount };
    // What Razorpay asks for its trouble stands on its invoices alone.
    let what = What::Disputed { dispute: dispute.id.clone(), state, taken, fee: 0 };
    Ok(Some((what, at, amount)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: &str, phase: &str, amount_deducted: i64) -> Option<(DisputeState, bool, i64, i64)> {
        let dispute = Dispute {
            id: "disp_1".to_owned(),
            payment_id: "pay_1".to_owned(),
            amount: 4500,
            currency: "INR".to_owned(),
            amount_deducted,
            status: status.to_owned(),
            phase: Some(phase.to_owned()),
            created_at: 1_800_000_000,
        };
        let read = what(&dispute, Timestamp::from_second(1_800_000_500).unwrap()).unwrap();
        read.map(|(what, at, amount)| match what {
            What::Disputed { state, taken, fee: 0, .. } => (state, taken, amount, at.as_second() - 1_800_000_000),
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn money_is_taken_when_a_claim_is_lost_or_when_the_account_agreed_to_it_before() {
        use DisputeState::{Lost, Opened, Won};
        for phase in ["chargeback", "pre_arbitration", "arbitration"] {
            assert_eq!(read("open", phase, 0), Some((Opened, false, 4500, 0)));
            assert_eq!(read("under_review", phase, 4500), Some((Opened, true, 4500, 0)));
            assert_eq!(read("won", phase, 0), Some((Won, false, 4500, 500)));
            assert_eq!(read("lost", phase, 4500), Some((Lost, true, 4500, 500)));
            assert_eq!(read("lost", phase, 2000), Some((Lost, true, 2000, 500)));
            assert_eq!(read("closed", phase, 0), Some((Won, false, 4500, 500)));
            assert_eq!(read("closed", phase, 4500), Some((Lost, true, 4500, 500)));
        }
        for phase in ["fraud", "retrieval"] {
            for status in ["open", "under_review", "won", "closed"] {
                assert_eq!(read(status, phase, 0), None, "{phase} {status}");
            }
            assert_eq!(read("open", phase, 4500), Some((Opened, true, 4500, 0)));
        }
    }
}
