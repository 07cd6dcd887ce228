//! How the seats of a party lie to each other.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Plan;
use crate::ids::SeatNo;

/// How a party sits: from together to apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Placement {
    /// All side by side in one row, with no aisle between them. One person does, too.
    OneRow,
    /// In two or more rows directly behind each other: in each row side by side, at least two, and each group behind another.
    Stacked,
    /// Not so: with an aisle or strangers between them, or in rows that are apart.
    Split,
}

impl Plan {
    /// How these seats lie to each other; `None` where there are none in this plan.
    #[must_use]
    pub fn placement(&self, seats: &[SeatNo]) -> Option<Placement> {
        let by_block = self.stretches(seats);
        if by_block.is_empty() {
            return None;
        }
        if by_block.values().any(|stretches| stretches.len() > 1) {
            return Some(Placement::Split);
        }
        let groups: Vec<(usize, Range<usize>)> =
            by_block.into_iter().filter_map(|(block, mut stretches)| Some((block, stretches.pop()?))).collect();
        if groups.len() == 1 {
            return Some(Placement::OneRow);
        }
        Some(if self.are_stacked(&groups) { Placement::Stacked } else { Placement::Split })
    }

    /// Whether one group in each row stands behind the group of another row, so that they form one line from front to back.
    fn are_stacked(&self, groups: &[(usize, Range<usize>)]) -> bool {
        if groups.iter().any(|(_, places)| places.len() < 2) {
            return false;
        }
        let mut backs = BTreeMap::new();
        for (at, (block, places)) in groups.iter().enumerate() {
            let is_behind = |(other, there): &(usize, Range<usize>)| {
                other != block && {
                    let columns = self.columns_behind(places.clone(), &self.blocks()[*other]);
                    columns.is_some_and(|(first, last)| first < there.end && last >= there.start)
                }
            };
            let mut behind = (0..groups.len()).filter(|&other| is_behind(&groups[other]));
            if let Some(back) = behind.next() {
                if behind.next().is_some() {
                    return false;
                }
                backs.insert(at, back);
            }
        }
        // One line: all but the last have somebody behind them, and nobody is behind two.
        let mut behind: Vec<usize> = backs.values().copied().collect();
        behind.sort_unstable();
        behind.dedup();
        backs.len() + 1 == groups.len() && behind.len() == backs.len()
    }
}
