//! Chance that a seed repeats.

use uuid::{Builder, Uuid};

/// A small generator (SplitMix64): a history needs variety, not secrecy. Each show has its own, so that what one throws does not
/// depend on which of them was played first.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// The dice of this number, in the history with this seed.
    #[must_use]
    pub fn new(seed: u64, number: u64) -> Self {
        let mut dice = Self(seed.wrapping_mul(0x9e6c_63d0_876a_9a43) ^ number.wrapping_mul(0xd134_2543_de82_ef95));
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
    pub fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 1) % end.max(1)
    }

    /// An id like those that the server derives: random in all of its bits, so that an index of them is as scattered.
    pub fn id(&mut self) -> Uuid {
        let (high, low) = (u128::from(self.next()), u128::from(self.next()));
        Builder::from_custom_bytes((high << 64 | low).to_be_bytes()).into_uuid()
    }

    /// An id like those that the server makes anew: by the time at which it was made.
    pub fn id_at(&mut self, at_ms: i64) -> Uuid {
        let mut random = [0; 10];
        random.copy_from_slice(&(u128::from(self.next()) << 64 | u128::from(self.next())).to_be_bytes()[..10]);
        Builder::from_unix_timestamp_millis(u64::try_from(at_ms).unwrap_or(0), &random).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_number_throw_the_same() {
        let throws = |seed, number| {
            let mut dice = Dice::new(seed, number);
            (dice.below(1_000_000), dice.id(), dice.id_at(1_800_000_000_000))
        };
        assert_eq!(throws(7, 3), throws(7, 3));
        assert_ne!(throws(7, 3), throws(7, 4));
        assert_ne!(throws(7, 3), throws(8, 3));
    }
}
