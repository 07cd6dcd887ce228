//! What came of requests, and how long each took.

use hdrhistogram::Histogram;

/// Longer than a minute is a minute.
const LONGEST_US: u64 = 60_000_000;

/// What a request was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Places were set aside.
    Held,
    /// They were given back.
    Released,
    /// Somebody else had them.
    Refused,
}

/// Latencies in microseconds by what came of it; and what went wrong.
#[derive(Clone, Debug)]
pub struct Tally {
    kinds: [Histogram<u64>; 3],
    /// Answers that nobody should get, and connections that ended.
    pub faults: u64,
    /// The first of them.
    pub first_fault: Option<String>,
}

impl Tally {
    /// Nothing yet.
    ///
    /// # Errors
    /// Never with these bounds; the histogram's constructor says it may.
    pub fn new() -> Result<Self, hdrhistogram::CreationError> {
        let one = Histogram::new_with_bounds(1, LONGEST_US, 3)?;
        Ok(Self { kinds: [one.clone(), one.clone(), one], faults: 0, first_fault: None })
    }

    /// A request ended so after so long.
    pub fn count(&mut self, kind: Kind, us: u64) {
        self.kinds[kind as usize].saturating_record(us.clamp(1, LONGEST_US));
    }

    /// Something went wrong.
    pub fn fault(&mut self, what: impl FnOnce() -> String) {
        self.faults += 1;
        self.first_fault.get_or_insert_with(what);
    }

    /// Both together.
    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.kinds.iter_mut().zip(&other.kinds) {
            // Their bounds are the same, so that there is nothing that could not be added.
            let _ = mine.add(theirs);
        }
        self.faults += other.faults;
        if let Some(fault) = &other.first_fault {
            self.first_fault.get_or_insert_with(|| fault.clone());
        }
    }

    /// The latencies of one kind.
    pub fn of(&self, kind: Kind) -> &Histogram<u64> {
        &self.kinds[kind as usize]
    }

    /// The latencies of all wishes for places, whether they were granted or not.
    pub fn asked(&self) -> Histogram<u64> {
        let mut all = self.of(Kind::Held).clone();
        // Their bounds are the same.
        let _ = all.add(self.of(Kind::Refused));
        all
    }

    /// All that were answered.
    pub fn answered(&self) -> u64 {
        self.kinds.iter().map(Histogram::len).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_tallies_are_one() {
        let (mut one, mut two) = (Tally::new().expect("one"), Tally::new().expect("two"));
        one.count(Kind::Held, 10);
        two.count(Kind::Held, 0);
        two.count(Kind::Refused, u64::MAX);
        two.fault(|| "first".to_owned());
        two.fault(|| "second".to_owned());
        one.add(&two);
        assert_eq!((one.answered(), one.of(Kind::Held).len(), one.of(Kind::Released).len()), (3, 2, 0));
        assert_eq!(one.asked().len(), 3);
        assert_eq!((one.faults, one.first_fault.as_deref()), (2, Some("first")));
        assert!(one.of(Kind::Refused).max() >= 59_000_000);
    }
}
