//! Bugs on purpose: each must be found, and soon.

use aisle_core::planted::Bug;

#[test]
fn every_planted_bug_is_found_within_a_few_days() {
    for bug in Bug::ALL {
        assert!(!aisle_sim::hunt(bug, 3, 3_000).is_empty(), "{bug} was not found");
    }
}
