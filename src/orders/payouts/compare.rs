//! Whether what a provider says is what we have.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::{LineKind, PayoutFile, PayoutLine};
use crate::platform::money::Money;

/// A payment of ours that a line may be about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OurPayment {
    /// Its id.
    pub id: Uuid,
    /// Of which order.
    pub order: Uuid,
    /// The provider's name for it.
    pub provider_ref: String,
    /// How much was collected.
    pub amount: Money,
}

/// A refund of ours that no file has had yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OurRefund {
    /// Its id.
    pub id: Uuid,
    /// Of which payment.
    pub payment: Uuid,
    /// How much.
    pub amount: Money,
}

/// A claim that we know of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OurClaim {
    /// The provider's name for it.
    pub provider_ref: String,
    /// Against which payment.
    pub payment: Uuid,
    /// How much.
    pub amount: Money,
    /// What the provider asked for it, and was booked when it said so.
    pub fee: i64,
}

/// What we have.
#[derive(Clone, Debug, Default)]
pub struct Ours {
    /// Payments.
    pub payments: Vec<OurPayment>,
    /// Refunds.
    pub refunds: Vec<OurRefund>,
    /// Claims.
    pub claims: Vec<OurClaim>,
    /// Lines that no file had before, by their keys; anything else was booked already.
    pub fresh: HashSet<String>,
}

/// How a line agrees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It does.
    Matched,
    /// We know of nothing like it.
    Unknown,
    /// We have another amount.
    Different,
    /// An earlier file had it.
    Known,
}

impl Verdict {
    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::Unknown => "unknown",
            Self::Different => "different",
            Self::Known => "known",
        }
    }
}

/// What became of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// How it agrees.
    pub verdict: Verdict,
    /// The amount that we have, signed as the file does.
    pub ours: Option<i64>,
    /// Of which order.
    pub order: Option<Uuid>,
    /// About which payment.
    pub payment: Option<Uuid>,
    /// About which refund.
    pub refund: Option<Uuid>,
    /// How much of its fee is still to be booked.
    pub fee: i64,
}

/// A verdict on every line, in the file's order. Each refund of ours answers for one line.
#[must_use]
pub fn compare(file: &PayoutFile, ours: &Ours) -> Vec<Compared> {
    let payments: HashMap<String, &OurPayment> = ours
        .payments
        .iter()
        .flat_map(|payment| [(payment.provider_ref.clone(), payment), (payment.id.to_string(), payment)])
        .collect();
    let mut used: HashSet<Uuid> = HashSet::new();
    file.lines
        .iter()
        .map(|line| {
            let payment = line.names.iter().find_map(|name| payments.get(name.as_str()).copied());
            one(line, payment, ours, &mut used)
        })
        .collect()
}

fn one(line: &PayoutLine, payment: Option<&OurPayment>, ours: &Ours, used: &mut HashSet<Uuid>) -> Compared {
    let mut compared = Compared {
        verdict: Verdict::Unknown,
        ours: None,
        order: payment.map(|payment| payment.order),
        payment: payment.map(|payment| payment.id),
        refund: None,
        fee: line.fee,
    };
    if !ours.fresh.contains(&line.key) {
        return Compared { verdict: Verdict::Known, fee: 0, ..compared };
    }
    let said = |amount: i64| Money::new(amount, line.currency);
    let judge = |have: Money| if have == said(line.gross) { Verdict::Matched } else { Verdict::Different };
    match line.kind {
        LineKind::Payment => {
            if let Some(payment) = payment {
                compared.ours = Some(payment.amount.amount);
                compared.verdict = judge(payment.amount);
            }
        }
        LineKind::Refund => {
            let named = |refund: &&OurRefund| line.names.contains(&refund.id.to_string());
            let of_it = |refund: &&OurRefund| Some(refund.payment) == compared.payment && !used.contains(&refund.id);
            let wanted = said(line.gross.saturating_neg());
            let found = ours.refunds.iter().find(named).or_else(|| {
                let exact = ours.refunds.iter().filter(of_it).find(|refund| refund.amount == wanted);
                exact.or_else(|| ours.refunds.iter().find(of_it))
            });
            if let Some(refund) = found {
                used.insert(refund.id);
                let have = Money::new(-refund.amount.amount, refund.amount.currency);
                compared.ours = Some(have.amount);
                compared.refund = Some(refund.id);
                compared.payment = Some(refund.payment);
                compared.verdict = judge(have);
            }
        }
        LineKind::Dispute | LineKind::DisputeWon => {
            let named = |claim: &&OurClaim| line.names.contains(&claim.provider_ref);
            let of_it = |claim: &&OurClaim| Some(claim.payment) == compared.payment;
            if let Some(claim) = ours.claims.iter().find(named).or_else(|| ours.claims.iter().find(of_it)) {
                let sign = if line.kind == LineKind::Dispute { -1 } else { 1 };
                let have = Money::new(sign * claim.amount.amount, claim.amount.currency);
                compared.ours = Some(have.amount);
                compared.payment = Some(claim.payment);
                compared.verdict = judge(have);
                if line.kind == LineKind::Dispute {
                    compared.fee = line.fee - claim.fee;
                }
            }
        }
        // Nothing of ours is to agree with these: they are only booked.
        LineKind::Fee | LineKind::Payout => compared.verdict = Verdict::Matched,
        LineKind::Other => {}
    }
    compared
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    fn ours(file: &PayoutFile) -> Ours {
        let euro = |amount| Money::new(amount, "EUR".parse().unwrap());
        let id = Uuid::from_u128;
        let payment = |n: u128, name: &str| OurPayment {
            id: id(n),
            order: id(n + 100),
            provider_ref: name.to_owned(),
            amount: euro(4500),
        };
        Ours {
            payments: vec![payment(1, "sb_1"), payment(2, "sb_2")],
            refunds: vec![
                OurRefund { id: id(11), payment: id(1), amount: euro(1000) },
                OurRefund { id: id(12), payment: id(1), amount: euro(2000) },
            ],
            claims: vec![OurClaim { provider_ref: "dp_2".to_owned(), payment: id(2), amount: euro(4500), fee: 1500 }],
            fresh: file.lines.iter().map(|line| line.key.clone()).collect(),
        }
    }

    #[test]
    fn each_line_is_judged_by_what_we_have() {
        let file = read(
            b"provider,reference,kind,gross,fee,net,currency,date\n\
              s,sb_1,payment,45.00,1.00,44.00,EUR,2026-11-01\n\
              s,sb_2,payment,40.00,1.00,39.00,EUR,2026-11-01\n\
              s,sb_2,payment,45.00,1.00,44.00,SEK,2026-11-01\n\
              s,sb_3,payment,45.00,1.00,44.00,EUR,2026-11-01\n\
              s,sb_1,refund,-20.00,0,-20.00,EUR,2026-11-01\n\
              s,sb_1,refund,-10.00,0,-10.00,EUR,2026-11-01\n\
              s,sb_1,refund,-10.00,0,-10.00,EUR,2026-11-01\n\
              s,dp_2,dispute,-45.00,15.00,-60.00,EUR,2026-11-01\n\
              s,po,payout,-1.00,0,-1.00,EUR,2026-11-01\n\
              s,what,other,-1.00,0,-1.00,EUR,2026-11-01\n",
        )
        .unwrap();
        let mut ours = ours(&file);
        let found = compare(&file, &ours);
        let verdicts: Vec<_> = found.iter().map(|it| it.verdict.word()).collect();
        assert_eq!(
            verdicts,
            [
                "matched",
                "different",
                "different",
                "unknown",
                "matched",
                "matched",
                "unknown",
                "matched",
                "matched",
                "unknown"
            ]
        );
        assert_eq!((found[1].ours, found[4].refund), (Some(4500), Some(Uuid::from_u128(12))));
        assert_eq!(found[7].fee, 0, "the claim's fee was booked when it was opened");
        // The same file once more: nothing is new, nothing is booked.
        ours.fresh.clear();
        assert!(compare(&file, &ours).iter().all(|it| it.verdict == Verdict::Known && it.fee == 0));
    }
}
