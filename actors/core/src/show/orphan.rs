//! The orphan rule: no choice leaves a single seat that nobody wants, unless there is no other way to seat the party.
//!
//! A seat is stranded when it is free and both its neighbours in the block are taken, or are none. The final set is judged:
//! what the hold will have counts as taken, what it gives back counts as free. A seat that was alone before is nobody's fault.
//! Nor is one that as many people, wanting as many special seats in the same category, could not help stranding either: in this
//! block, where the rule is lenient; in the whole house, where it is strict.

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

use super::Show;
use super::check::Pool;
use super::search::Wish;
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
        let mine: HashSet<SeatNo> = added.iter().chain(kept).copied().collect();
        let choice = Choice { show: self, pool, mine: &mine, removed: removed.iter().copied().collect() };
        let blocks: BTreeSet<usize> = mine.iter().filter_map(|&seat| self.plan.block_of(seat)).collect();
        let mut stranded: Vec<SeatNo> = blocks.into_iter().flat_map(|block| choice.refused_in(rule, block)).collect();
        if stranded.is_empty() {
            return Ok(());
        }
        stranded.sort_unstable();
        Err(Rejection::StrandsASeat { seats: stranded })
    }
}

struct Choice<'a> {
    show: &'a Show,
    pool: Pool,
    mine: &'a HashSet<SeatNo>,
    removed: HashSet<SeatNo>,
}

impl Choice<'_> {
    fn refused_in(&self, rule: OrphanRule, block: usize) -> Vec<SeatNo> {
        let places = self.show.plan.blocks()[block].places.clone();
        let stranded = self.stranded(places.clone());
        if stranded.is_empty() {
            return stranded;
        }
        let otherwise = match rule {
            OrphanRule::Off => false,
            OrphanRule::Lenient => self.could_sit_otherwise(places, std::iter::once(block)),
            OrphanRule::Strict => self.could_sit_otherwise(places, self.show.plan.blocks_nearest_first()),
        };
        if otherwise { stranded } else { Vec::new() }
    }

    /// Single seats that the choice leaves and that were not single before.
    fn stranded(&self, places: Range<usize>) -> Vec<SeatNo> {
        let seats: Vec<SeatNo> = places.map(|place| self.show.plan.seat_at(place)).collect();
        let before: Vec<bool> = seats.iter().map(|&seat| self.show.is_in(self.pool, seat)).collect();
        let after: Vec<bool> = seats
            .iter()
            .zip(&before)
            .map(|(seat, &free)| (free || self.removed.contains(seat)) && !self.mine.contains(seat))
            .collect();
        (0..seats.len()).filter(|&at| is_single(&after, at) && !is_single(&before, at)).map(|at| seats[at]).collect()
    }

    /// Whether those of the party that sit in these places could sit side by side in one of the blocks without stranding a seat.
    fn could_sit_otherwise(&self, places: Range<usize>, blocks: impl Iterator<Item = usize>) -> bool {
        let plan = &self.show.plan;
        let seats = places.filter_map(|place| plan.seat(plan.seat_at(place)));
        let party: Vec<_> = seats.filter(|seat| self.mine.contains(&seat.number)).collect();
        let first = party.first().map(|seat| seat.category);
        let wish = Wish {
            category: first.filter(|&first| party.iter().all(|seat| seat.category == first)),
            section: None,
            accessible: party.iter().filter(|seat| seat.accessible).count(),
            companions: party.iter().filter(|seat| seat.companion && !seat.accessible).count(),
        };
        let free = self.mine.iter().chain(&self.removed).copied();
        let mut search = self.show.look_with(self.pool, wish, free);
        search.whole = Some(party.len());
        search.has_harmless_window(blocks, party.len())
    }
}

fn is_single(free: &[bool], at: usize) -> bool {
    free[at] && (at == 0 || !free[at - 1]) && free.get(at + 1).is_none_or(|&next| !next)
}
