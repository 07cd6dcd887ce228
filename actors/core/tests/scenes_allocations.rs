//! Places kept by the house.

use crate::scene::{check, play_draft};

#[test]
fn blocking_names_everybody_who_is_in_the_way() {
    check(
        "
        hold H1 A-1
        hold H2 A-2
        book H2 B2
        block X1 B-1                    -> blocked B-1
        block X2 A-1 A-2 A-3 B-1        -> refused seats_taken A-1 A-2 B-1
        block X2 ?99                    -> refused validation_failed ?99
        block X2 ?9=1                   -> refused validation_failed area
        block X2 A-3 A-3                -> refused validation_failed twice
        block X2                        -> refused validation_failed nothing wanted
        block X2 floor=11               -> refused area_full 10 left
        hold H3 B-1                     -> refused seats_taken B-1
        map                             -> hbaaaa xaaaaa
    ",
    );
}

#[test]
fn the_same_block_twice_is_one_block() {
    check(
        "
        block X1 A-1 A-2 floor=3        -> blocked A-1 A-2 floor=3
        block X1 A-1 A-2 floor=3        -> nothing
        block X1 A-2 A-3 floor=4        -> blocked A-3 floor=1          # what was missing
        see X1                          -> allocation A-1 A-2 A-3 floor=4
        block X1 until=1h               -> blocked                      # other terms
        see X1                          -> allocation A-1 A-2 A-3 floor=4 until 1h
        free floor                      -> 6
    ",
    );
}

#[test]
fn unblocking_gives_back_what_is_named_or_all() {
    check(
        "
        block X1 A-1 A-2 A-3 floor=5
        unblock X1 A-1 floor=2          -> unblocked A-1 floor=2
        unblock X1 A-1 A-2              -> refused validation_failed A-1
        unblock X1 floor=4              -> refused validation_failed
        unblock X1 A-2 A-2              -> refused validation_failed twice
        unblock X1                      -> unblocked A-2 A-3 floor=3
        unblock X1                      -> nothing
        unblock X9                      -> refused not_found
        map                             -> aaaaaa aaaaaa
        free floor                      -> 10
        block X1 A-1                    -> blocked A-1                  # begins again
        see X1                          -> allocation A-1
    ",
    );
}

#[test]
fn an_allocation_ends_at_its_hour() {
    check(
        "
        tick 1m
        block X1 A-1 floor=2 until=1m   -> refused validation_failed release_at has already passed
        block X1 A-1 floor=2 until=5m   -> blocked A-1 floor=2
        block X2 A-2 until=6m           -> blocked A-2
        block X2 A-2 until=1h           -> blocked
        due                             -> 5m
        tick 4m59s999ms                 -> nothing
        tick 5m                         -> unblocked A-1 floor=2 by time
        due                             -> 1h
        map                             -> axaaaa aaaaaa
        free floor                      -> 10
        unblock X1                      -> nothing
    ",
    );
}

#[test]
fn what_was_held_out_of_an_allocation_goes_back_into_it() {
    check(
        "
        block X1 A-1 A-2 A-3 floor=5
        hold H1 by=staff from=X1 A-1 A-2 floor=2    -> held A-1 A-2 floor=2 until 10m
        see X1                                      -> allocation A-3 floor=3
        map                                         -> hhxaaa aaaaaa
        free floor                                  -> 5
        change H1 -A-2 +A-3 floor=5                 -> changed +A-3 -A-2 floor=5
        change H1 +A-4                              -> refused validation_failed A-4
        change H1 floor=6                           -> refused area_full 0 left
        see X1                                      -> allocation A-2
        tick 10m                                    -> lapsed H1
        see X1                                      -> allocation A-1 A-2 A-3 floor=5
        map                                         -> xxxaaa aaaaaa
        free floor                                  -> 5
        hold H2 by=staff from=X1 A-1 floor=1
        book H2 B2                                  -> booked B2 A-1 floor=1
        see X1                                      -> allocation A-2 A-3 floor=4
        cancel B2                                   -> given back A-1 floor=1
        map                                         -> axxaaa aaaaaa    # a cancelled booking goes to sale
        free floor                                  -> 6
    ",
    );
}

#[test]
fn only_those_for_whom_it_was_kept_take_from_an_allocation() {
    check(
        "
        block X1 A-1 A-2 floor=1
        hold H1 from=X1 A-1                         -> refused not_found
        hold H1 by=code from=X1 A-1                 -> refused not_found
        hold H1 by=staff from=X9 A-1                -> refused not_found
        hold H1 by=staff A-1                        -> refused seats_taken A-1
        hold H1 by=staff from=X1 A-1 A-3 B-1        -> refused validation_failed A-3 B-1
        hold H1 by=staff from=X1 floor=2            -> refused area_full 1 left
        hold H1 by=allocation from=X1 A-1           -> held A-1 until 10m
        hold H2 by=allocation from=X1 A-1           -> refused seats_taken A-1
        hold H2 by=allocation from=X1 best=1        -> held A-2 until 10m
        hold H3 by=allocation from=X1 best=1        -> refused none_available
    ",
    );
}

#[test]
fn when_the_allocation_is_over_its_seats_go_to_sale() {
    check(
        "
        block X1 A-1 A-2 until=5m
        hold H1 by=staff from=X1 A-1 A-2            -> held A-1 A-2 until 10m
        tick 5m                                     -> unblocked by time
        hold H2 by=staff from=X1 A-1                -> refused not_found
        tick 10m                                    -> lapsed H1
        map                                         -> aaaaaa aaaaaa
        block X2 B-1 B-2 until=20m
        hold H2 by=staff from=X2 B-1                -> held B-1 until 20m
        tick 20m                                    -> unblocked B-2 by time, lapsed H2
        map                                         -> aaaaaa aaaaaa
        block X3 B-1 floor=1
        hold H3 by=staff from=X3 B-1
        unblock X3                                  -> unblocked floor=1
        release H3                                  -> released H3
        map                                         -> aaaaaa aaaaaa
        free floor                                  -> 10
    ",
    );
}

#[test]
fn seats_are_blocked_before_anybody_may_buy() {
    play_draft(
        "
        block X1 A-1                    -> blocked A-1
        hold H1 A-2                     -> refused not_on_sale
        hold H1 by=staff from=X1 A-1    -> refused not_on_sale
        configure ttl=1m                -> configured
        publish                         -> published
        hold H1 A-1                     -> refused seats_taken A-1
        hold H1 A-2                     -> held A-2 until 1m
    ",
    );
}
