//! Between the house and its providers: questions that are lost, answers that never come, news that comes twice, late and in
//! another order.

use aisle_actors::core::Timestamp as CoreTime;
use jiff::Timestamp;

use crate::auditor::{Verdict, must};
use crate::bank::method;
use crate::house::{House, NODES};
use crate::orders::saga::{Effect, Outcome, Saga};
use crate::payments::{Cancelled, Charge, RefundWish, Report, Start};
use crate::platform::time::from_core;

/// One copy of a piece of news on its way.
pub struct Copy {
    pub report: Report,
    pub at: i64,
}

/// In what mood the providers are.
#[derive(Default)]
pub struct Moods {
    pub silent_until: i64,
    /// When a day passes at once, in the middle of a silence.
    pub day_passes_at: Option<i64>,
}

impl House {
    fn today(&self) -> Timestamp {
        from_core(CoreTime(self.now))
    }

    /// What a provider makes of a question, and after how long its answer is there.
    pub fn ask_provider(&mut self, saga: &Saga, effect: &Effect) -> Result<(Outcome, i64), String> {
        let later = |reason: &str| Outcome::Later { reason: reason.to_owned() };
        if self.now < self.moods.silent_until {
            self.report.count("fault: provider silent");
            return Ok((later("the provider is silent"), 5_000));
        }
        let fate = if self.calm { 100 } else { self.rng.below(100) };
        if fate < 2 {
            self.report.count("fault: question to a provider lost");
            return Ok((later("the question was lost"), 2_000));
        }
        let outcome = self.provider_does(saga, effect)?;
        self.audit(saga.order)?;
        self.post();
        Ok(match fate {
            2 | 3 => {
                self.report.count("fault: answer of a provider lost");
                (later("the answer was lost"), 5_000)
            }
            4 | 5 => {
                self.report.count("fault: provider slow");
                (outcome, self.rng.between(2_000, 30_000).cast_signed())
            }
            _ => (outcome, self.rng.between(20, 400).cast_signed()),
        })
    }

    fn provider_does(&mut self, saga: &Saga, effect: &Effect) -> Result<Outcome, String> {
        let now = self.today();
        let no = |reason: &str| Outcome::No { reason: reason.to_owned() };
        let attempt = |id| saga.attempt(id).ok_or("an effect is about a payment that the order has not got");
        Ok(match effect {
            Effect::Start { payment } => {
                let attempt = attempt(*payment)?;
                let start = Start {
                    payment: *payment,
                    method: attempt.method.clone(),
                    amount: attempt.amount,
                    description: String::new(),
                    return_path: String::new(),
                    pay_by: saga.pay_by.ok_or("a payment began without its end")?,
                    pay_within_ms: saga.pay_within_ms,
                };
                match self.bank.start(&start, method(&attempt.provider)) {
                    Some(name) => Outcome::Started { provider_ref: Some(name), checkout_url: None },
                    None => no("it was cancelled before it began"),
                }
            }
            Effect::Cancel { payment } => {
                let attempt = attempt(*payment)?;
                match self.bank.cancel(*payment, method(&attempt.provider), attempt.amount, now) {
                    Cancelled::Confirmed => Outcome::Done,
                    Cancelled::AlreadyPaid => {
                        self.report.count("provider: paid before it was cancelled");
                        Outcome::AlreadyPaid
                    }
                }
            }
            Effect::LookUp { payment } => {
                self.report.count("provider: looked up");
                Outcome::Reports(self.bank.look_up(*payment, now))
            }
            Effect::Void { payment } => {
                self.report.count("provider: voided");
                if self.bank.void(*payment, now) { Outcome::Done } else { no("it was captured") }
            }
            Effect::Capture { payment } => {
                if !self.calm && self.bank.is_set_aside(*payment) && self.rng.chance(100) {
                    self.report.count("fault: capture refused");
                    let let_go = self.rng.chance(500);
                    self.bank.refuse_capture(*payment, let_go);
                    return Ok(no("the amount is no longer set aside"));
                }
                if self.bank.is_set_aside(*payment) {
                    self.may_capture(saga)?;
                }
                if self.bank.capture(*payment, now) { Outcome::Done } else { no("no amount is set aside") }
            }
            Effect::Refund { refund, look_first } => {
                let wanted = saga.refunds.iter().find(|it| it.id == *refund).ok_or("no such refund")?;
                let of = attempt(wanted.payment)?;
                let charge = Charge { payment: of.id, provider_ref: of.provider_ref.clone() };
                let wish = RefundWish { refund: *refund, charge, amount: wanted.amount };
                if *look_first {
                    self.report.count("provider: a refund was looked for");
                    if self.bank.refunds.contains_key(refund) {
                        return Ok(Outcome::Done);
                    }
                }
                let new = !self.bank.refunds.contains_key(refund);
                if new && (self.bank.refused.contains(refund) || (!self.calm && self.rng.chance(40))) {
                    self.report.count("fault: refund refused");
                    self.bank.refused.insert(*refund);
                    return Ok(no("the account is closed"));
                }
                let done = self.bank.refund(&wish, now);
                must(done, || format!("order {} wants back what it has not paid: {wish:?}", saga.order))?;
                self.report.count("provider: refunded");
                Outcome::Done
            }
            Effect::StartPayment { .. }
            | Effect::Reopen { .. }
            | Effect::EndPayment { .. }
            | Effect::Book { .. }
            | Effect::SellLate { .. }
            | Effect::CancelBooking { .. }
            | Effect::GiveBack { .. }
            | Effect::Judge { .. }
            | Effect::Confirm => return Err(format!("{effect:?} was asked of a provider")),
        })
    }

    /// News goes out: at least once, not at once, in no order.
    pub fn post(&mut self) {
        for report in std::mem::take(&mut self.bank.news) {
            let copies = if self.calm { 1 } else { self.rng.between(1, 3) };
            for copy in 0..copies {
                let delay = match self.rng.below(100) {
                    0..4 if !self.calm => {
                        self.report.count("fault: news late");
                        self.rng.between(60_000, 900_000)
                    }
                    0..30 => self.rng.between(500, 20_000),
                    _ => self.rng.between(10, 500),
                };
                if copy > 0 {
                    self.report.count("fault: news twice");
                }
                self.copies.push(Copy { report: report.clone(), at: self.now + delay.cast_signed() });
            }
        }
    }

    /// News arrives: stored first, then thanked for, then settled.
    pub fn deliver(&mut self) -> Verdict {
        self.refunds_fail()?;
        self.post();
        let due: Vec<Copy> = self.copies.extract_if(.., |copy| copy.at <= self.now).collect();
        for mut copy in due {
            let node = usize::try_from(self.rng.below(NODES as u64)).unwrap_or(0);
            if !self.is_up(node) {
                // Nobody thanked for it, so it is sent again.
                copy.at = self.now + 3_000;
                self.copies.push(copy);
                continue;
            }
            let number: u64 = copy.report.event_id.parse().unwrap_or(0);
            if number < self.newest_news {
                self.report.count("fault: news out of order");
            }
            self.newest_news = self.newest_news.max(number);
            if self.desk.receive(&copy.report, self.today()) {
                // Now and then the process has other things to do, and leaves it to the worker.
                if self.calm || !self.rng.chance(50) {
                    self.learn(node, copy.report);
                }
            } else {
                self.report.count("order: news that was known");
            }
        }
        Ok(())
    }

    /// A refund that was recorded comes back from the buyer's bank.
    fn refunds_fail(&mut self) -> Verdict {
        if self.calm || !self.rng.chance(4) {
            return Ok(());
        }
        let recorded: Vec<uuid::Uuid> =
            self.bank.refunds.iter().filter(|(_, it)| !it.failed).map(|(id, _)| *id).collect();
        let recent = recorded.len().saturating_sub(4);
        if let Some(id) = self.rng.pick(&recorded[recent..]).copied() {
            self.report.count("fault: refund failed after it was recorded");
            self.bank.fail_refund(id, self.today());
        }
        Ok(())
    }

    /// Providers have bad days.
    pub fn moods(&mut self) {
        if self.moods.day_passes_at.is_some_and(|at| at <= self.now) {
            self.moods.day_passes_at = None;
            self.report.count("fault: provider silent for a day");
            self.now += 24 * 3_600_000;
        }
        match self.rng.below(1_000) {
            0 => self.moods.silent_until = self.now + self.rng.between(5_000, 60_000).cast_signed(),
            // A day of silence: the keys of refunds that are under way are forgotten.
            1 => {
                self.moods.silent_until = self.now + 24 * 3_600_000 + 40_000;
                self.moods.day_passes_at = Some(self.now + 20_000);
            }
            _ => {}
        }
    }
}
