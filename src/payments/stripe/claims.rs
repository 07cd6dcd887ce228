//! Claims of buyers' banks at Stripe. A claim names the payment, and a payment of ours is known by its checkout page, whose name is
//! that of the attempt: so that page is looked for, and our id read from it.

use jiff::Timestamp;

use super::super::gateway::{DisputeState, GatewayError, Report, What};
use super::amount::from_stripe;
use super::answers::{Dispute, Moved};
use super::api::{Api, Problem};
use super::news::PAYMENT;

/// What Stripe knows of a claim, of which it spoke `at` that time.
pub async fn look_up(api: &Api, claim: &str, at: Timestamp) -> Result<Option<Report>, GatewayError> {
    let dispute = api.dispute(claim).await.map_err(Problem::unheard)?;
    // A payment that was begun without one is none of ours.
    let Some(intent) = &dispute.payment_intent else { return Ok(None) };
    let Some(session) = api.session_of(intent).await.map_err(Problem::unheard)? else { return Ok(None) };
    let Some(payment) = session.metadata.as_ref().and_then(|it| it.get(PAYMENT)?.parse().ok()) else { return Ok(None) };
    let Some((what, at)) = what(&dispute, at)? else { return Ok(None) };
    let amount = from_stripe(dispute.amount, &dispute.currency);
    Ok(Some(Report {
        event_id: format!("claim:{}", dispute.id),
        payment,
        provider_ref: session.id,
        what,
        at,
        amount: amount.ok_or_else(|| GatewayError::unknown("an amount that is not known"))?,
        instrument: None,
    }))
}

/// What became of it, and when; `None` where no money is claimed.
fn what(dispute: &Dispute, said_at: Timestamp) -> Result<Option<(What, Timestamp)>, GatewayError> {
    let moved = dispute.balance_transactions.as_deref().unwrap_or_default();
    let taken = moved.iter().any(|moved| moved.amount < 0);
    let state = match dispute.status.as_str() {
        "needs_response" | "under_review" => DisputeState::Opened,
        "won" => DisputeState::Won,
        "lost" => DisputeState::Lost,
        // Settled between the banks before it became one; what was taken for it is gone.
        "prevented" if kept(moved) => DisputeState::Lost,
        "prevented" => return Ok(None),
        // The bank only asks; should it claim the money, the same claim says so.
        status if status.starts_with("warning_") => return Ok(None),
        status => return Err(GatewayError::unknown(format!("a claim in a state that is not known: {status}"))),
    };
    let opened = Timestamp::from_second(dispute.created).map_err(GatewayError::unknown)?;
    // Stripe does not say when it was decided, but when it spoke of it: of two verdicts the later was spoken of later.
    let at = if state == DisputeState::Opened { opened } else { opened.max(said_at) };
    Ok(Some((What::Disputed { dispute: dispute.id.clone(), state, taken, fee: fee(dispute) }, at)))
}

fn kept(moved: &[Moved]) -> bool {
    moved.iter().map(|moved| moved.amount).sum::<i64>() < 0
}

/// What Stripe keeps for it; nothing is known of it where the account counts in another currency.
fn fee(dispute: &Dispute) -> i64 {
    let moved = dispute.balance_transactions.as_deref().unwrap_or_default().iter();
    let here = moved.filter(|it| it.currency.as_deref().is_none_or(|code| code == dispute.currency));
    let fee = here.filter_map(|moved| moved.fee).sum();
    from_stripe(fee, &dispute.currency).map_or(0, |fee| fee.amount.max(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: &str, moved: &[(i64, i64, &str)]) -> Result<Option<(What, Timestamp)>, GatewayError> {
        let moved = moved.iter().map(|&(amount, fee, currency)| Moved {
            amount,
            fee: Some(fee),
            currency: Some(currency.to_owned()),
        });
        let dispute = Dispute {
            id: "du_1".to_owned(),
            status: status.to_owned(),
            amount: 4500,
            currency: "eur".to_owned(),
            created: 1_800_000_000,
            payment_intent: None,
            balance_transactions: Some(moved.collect()),
        };
        what(&dispute, Timestamp::from_second(1_800_000_500).unwrap())
    }

    fn claim(state: DisputeState, taken: bool, fee: i64, at: i64) -> (What, Timestamp) {
        let what = What::Disputed { dispute: "du_1".to_owned(), state, taken, fee };
        (what, Timestamp::from_second(at).unwrap())
    }

    #[test]
    fn a_claim_is_what_has_moved_and_a_question_is_none() {
        let taken = (-4500, 1500, "eur");
        let back = (4500, 0, "eur");
        let opened = |taken, fee| Some(claim(DisputeState::Opened, taken, fee, 1_800_000_000));
        let decided = |state, taken, fee| Some(claim(state, taken, fee, 1_800_000_500));
        assert_eq!(read("needs_response", &[]).unwrap(), opened(false, 0));
        assert_eq!(read("needs_response", &[taken]).unwrap(), opened(true, 1500));
        assert_eq!(read("under_review", &[taken]).unwrap(), opened(true, 1500));
        assert_eq!(read("won", &[taken, back]).unwrap(), decided(DisputeState::Won, true, 1500));
        assert_eq!(read("won", &[taken, (4500, -1500, "eur")]).unwrap(), decided(DisputeState::Won, true, 0));
        assert_eq!(read("lost", &[taken]).unwrap(), decided(DisputeState::Lost, true, 1500));
        assert_eq!(read("lost", &[(-5000, 1700, "usd")]).unwrap(), decided(DisputeState::Lost, true, 0));
        assert_eq!(read("prevented", &[taken]).unwrap(), decided(DisputeState::Lost, true, 1500));
        for (status, moved) in [("prevented", vec![]), ("prevented", vec![taken, back]), ("warning_closed", vec![])] {
            assert_eq!(read(status, &moved).unwrap(), None, "{status}");
        }
        assert!(read("odd", &[taken]).is_err(), "it is asked again, when we may know it");
    }
}
