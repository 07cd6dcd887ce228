//! The orphan rule: no choice leaves a single seat that nobody wants.
//!
//! A seat is stranded when it is free and both its neighbours in the block are taken, or are none. The final set is judged:
//! what the hold will have counts as taken, what it gives back counts as free. A seat that was alone before is nobody's fault.

use std::collections::HashSet;

use super::Show;
use super::check::Pool;
use crate::command::Channel;
use crate::ids::SeatNo;
use crate::rejection::Rejection;
use crate::settings::OrphanRule;
use crate::time::Timestamp;

impl Show {
    /// The rule as it binds this channel at this time.
    pub(super) fn orphan_rule(&self, now: Timestamp, channel: Channel) -> OrphanRule {
        let over = self.settings.sales_end_at.is_some_and(|end| {
            let ends_before = i64::try_from(self.settings.orphan_rule_ends_before_ms).unwrap_or(i64::MAX);
            now >= Timestamp(end.0.saturating_sub(ends_before))
        });
        match channel {
            Channel::Staff => OrphanRule::Off,
            Channel::Public | Channel::AccessCode | Channel::Allocation if over => OrphanRule::Off,
            Channel::Public | Channel::AccessCode | Channel::Allocation => self.settings.orphan_rule,
        }
    }

    /// Refuses a choice that strands a seat. `kept` are seats that the hold already has, `removed` those it gives back; a
    /// command that adds nothing is never refused.
    pub(super) fn must_not_strand(
        &self,
        rule: OrphanRule,
        pool: Pool,
        added: &[SeatNo],
        kept: &[SeatNo],
        removed: &[SeatNo],
    ) -> Result<(), Rejection> {
        if rule == OrphanRule::Off || added.is_empty() {
            return Ok(());
        }
        let choice = Choice {
            show: self,
            pool,
            mine: added.iter().chain(kept).copied().collect(),
            removed: removed.iter().copied().collect(),
        };
        let blocks: HashSet<usize> = choice.mine.iter().filter_map(|&seat| self.plan.block_of(seat)).collect();
        let mut stranded: Vec<SeatNo> = blocks.into_iter().flat_map(|block| choice.refused_in(rule, block)).collect();
        if stranded.is_empty() {
            return Ok(());
        }
        stranded.sort_unstable();
        Err(Rejection::StrandsASeat { seats: stranded })
    }

    /// Whether taking the seats `from..to` of a block of free and taken seats would leave a single one beside them.
    pub(super) fn strands(free: &[bool], from: usize, to: usize) -> bool {
        let is_free = |at: usize| free.get(at).copied().unwrap_or(false);
        let left = from > 0 && is_free(from - 1) && (from < 2 || !is_free(from - 2));
        let right = is_free(to) && !is_free(to + 1);
        left || right
    }
}

struct Choice<'a> {
    show: &'a Show,
    pool: Pool,
    mine: HashSet<SeatNo>,
    removed: HashSet<SeatNo>,
}

impl Choice<'_> {
    fn refused_in(&self, rule: OrphanRule, block: usize) -> Vec<SeatNo> {
        let plan = &self.show.plan;
        let Some(seats) = plan.blocks().get(block).map(|block| plan.seats_of(block)) else {
            return Vec::new();
        };
        let stranded = self.stranded(seats);
        match rule {
            OrphanRule::Strict => stranded,
            OrphanRule::Lenient if !stranded.is_empty() && self.could_sit_otherwise(seats) => stranded,
            OrphanRule::Off | OrphanRule::Lenient => Vec::new(),
        }
    }

    /// Single seats that the choice leaves and that were not single before.
    fn stranded(&self, seats: &[SeatNo]) -> Vec<SeatNo> {
        let before: Vec<bool> = seats.iter().map(|&seat| self.show.is_in(self.pool, seat)).collect();
        let after: Vec<bool> = seats
            .iter()
            .zip(&before)
            .map(|(seat, &free)| (free || self.removed.contains(seat)) && !self.mine.contains(seat))
            .collect();
        (0..seats.len()).filter(|&at| is_single(&after, at) && !is_single(&before, at)).map(|at| seats[at]).collect()
    }

    /// Whether as many people could sit side by side in this block without stranding a seat.
    fn could_sit_otherwise(&self, seats: &[SeatNo]) -> bool {
        let party = seats.iter().filter(|seat| self.mine.contains(seat)).count();
        let free: Vec<bool> = seats
            .iter()
            .map(|seat| self.show.is_in(self.pool, *seat) || self.mine.contains(seat) || self.removed.contains(seat))
            .collect();
        (0..=seats.len() - party)
            .any(|from| free[from..from + party].iter().all(|&free| free) && !Show::strands(&free, from, from + party))
    }
}

fn is_single(free: &[bool], at: usize) -> bool {
    free[at] && (at == 0 || !free[at - 1]) && free.get(at + 1).is_none_or(|&next| !next)
}
