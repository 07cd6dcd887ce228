//! Chance that a seed repeats.

use std::time::Duration;

/// A small generator (SplitMix64): a rush needs variety, not secrecy. Each buyer has their own, so that what one throws does not
/// depend on how the others were scheduled.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// The dice of the buyer with this number, in the run with this seed.
    #[must_use]
    pub fn new(seed: u64, buyer: u64) -> Self {
        let mut dice = Self(seed ^ buyer.wrapping_mul(0xd134_2543_de82_ef95));
        // Neighbours' first throws would otherwise be neighbours too.
        dice.next();
        dice
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`; 0 where there is none.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap_or(0) % end.max(1)
    }

    /// True in so many of a hundred throws.
    pub fn chance(&mut self, percent: f64) -> bool {
        // 53 bits are what a fraction can tell apart.
        ((self.next() >> 11) as f64) < percent / 100.0 * (1_u64 << 53) as f64
    }

    /// One of them.
    pub fn one_of<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.below(of.len()))
    }

    /// Between a half and one and a half of `mean`, as people think.
    pub fn around(&mut self, mean: Duration) -> Duration {
        mean / 2 + mean.mul_f64(self.below(1_001) as f64 / 1_000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_buyer_throw_the_same() {
        let throws = |seed, buyer| {
            let mut dice = Dice::new(seed, buyer);
            (0..8).map(|_| dice.below(1_000_000)).collect::<Vec<_>>()
        };
        assert_eq!(throws(7, 3), throws(7, 3));
        assert_ne!(throws(7, 3), throws(7, 4));
        assert_ne!(throws(7, 3), throws(8, 3));
    }

    #[test]
    fn never_and_always_are_meant() {
        let mut dice = Dice::new(1, 1);
        for _ in 0..10_000 {
            assert!(!dice.chance(0.0));
            assert!(dice.chance(100.0));
        }
    }

    #[test]
    fn a_share_comes_out_about_as_asked() {
        let mut dice = Dice::new(2, 9);
        let hits = (0..100_000).filter(|_| dice.chance(3.0)).count();
        assert!((2_500..3_500).contains(&hits), "{hits}");
    }

    #[test]
    fn nothing_can_be_drawn_from_nothing() {
        let mut dice = Dice::new(3, 3);
        assert_eq!(dice.below(0), 0);
        assert_eq!(dice.one_of::<u8>(&[]), None);
    }

    #[test]
    fn people_think_between_a_half_and_one_and_a_half() {
        let mut dice = Dice::new(4, 4);
        for _ in 0..1_000 {
            let long = dice.around(Duration::from_millis(1_000)).as_millis();
            assert!((500..=1_500).contains(&long), "{long}");
        }
    }
}
