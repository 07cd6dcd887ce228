//! Paying: a hold that is being paid for never lapses by itself.

use crate::scene::{check, play};
use aisle_core::testing;

#[test]
fn a_paying_hold_outlives_its_deadline() {
    check(
        "
        hold H1 A-1
        tick 9m
        pay H1 O1                       -> paying by 19m
        pay H1 O1                       -> the same again
        pay H1 O2                       -> refused hold_not_open
        due                             -> never
        tick 5h                         -> nothing
        see H1                          -> paying by 19m A-1
        book H1 B1                      -> refused hold_not_open        # not without its order
        book H1 B1 O2                   -> refused hold_not_open
        book H1 B1 O1                   -> booked B1 A-1
        pay H1 O1                       -> refused hold_not_open
    ",
    );
}

#[test]
fn payment_starts_until_the_last_moment_and_no_later() {
    check(
        "
        hold H1 A-1
        hold H2 A-2
        tick 9m59s999ms
        pay H1 O1 within=1m             -> paying by 10m59s999ms
        tick 10m                        -> lapsed H2
        pay H2 O2                       -> refused hold_lapsed at 10m
    ",
    );
}

#[test]
fn while_paying_a_hold_cannot_be_changed() {
    check(
        "
        hold H1 A-1 floor=1
        pay H1 O1
        change H1 +A-2                  -> refused hold_not_open
        change H1 -A-1 floor=0          -> refused hold_not_open
        change H1                       -> refused hold_not_open
        extend H1                       -> refused hold_not_open
        release H1                      -> refused hold_not_open
        see H1                          -> paying by 10m A-1 floor=1
    ",
    );
}

#[test]
fn a_payment_that_was_given_up_before_it_began_never_begins() {
    check(
        "
        hold H1 A-1
        reopen H1 O1                    -> open until 10m                # nothing has begun yet
        reopen H1 O1                    -> nothing
        pay H1 O1                       -> refused hold_not_open        # somebody slept, and woke too late
        endpay H1 O2                    -> open until 10m
        pay H1 O2                       -> refused hold_not_open
        pay H1 O3                       -> paying by 10m
        reopen H1 O3                    -> open until 10m
        pay H1 O3                       -> refused hold_not_open
        tick 10m                        -> lapsed H1
    ",
    );
}

#[test]
fn a_payment_given_up_opens_the_hold_again() {
    check(
        "
        hold H1 A-1
        tick 5m
        pay H1 O1                       -> paying by 15m
        tick 8m
        reopen H1 O2                    -> refused hold_not_open
        reopen H1 O1                    -> open until 18m
        reopen H1 O1                    -> nothing                      # it is open already
        pay H1 O2                       -> paying by 18m
        tick 15m
        reopen H1 O2                    -> open until 20m               # the cap of the first grab
        tick 20m                        -> lapsed H1
        reopen H1 O2                    -> refused hold_lapsed at 20m
    ",
    );
}

#[test]
fn past_the_cap_there_is_still_a_minute_but_not_for_ever() {
    check(
        "
        hold H1 A-1
        tick 9m
        pay H1 O1 within=20m            -> paying by 29m
        tick 25m
        reopen H1 O1                    -> open until 26m
        pay H1 O2                       -> paying by 35m
        tick 30m30s
        reopen H1 O2                    -> open until 31m               # one payment after the cap is the end
        pay H1 O3                       -> paying by 40m30s
        tick 40m
        reopen H1 O3                    -> open until 40m
        tick 40m                        -> lapsed H1
    ",
    );
}

#[test]
fn where_holds_are_short_the_minute_is_short_too() {
    check(
        "
        configure ttl=2s extend=3s pay=2s
        hold H1 A-1                     -> held A-1 until 2s
        pay H1 O1                       -> paying by 2s
        tick 10s
        reopen H1 O1                    -> open until 12s
    ",
    );
}

#[test]
fn a_payment_that_did_not_come_frees_its_seats() {
    check(
        "
        hold H1 key=a A-1 floor=2
        endpay H1 O2                    -> open until 10m               # nobody is paying
        pay H1 O1                       -> paying by 10m
        tick 11m
        endpay H1 O2                    -> refused hold_not_open
        map                             -> haaaaa aaaaaa
        endpay H1 O1                    -> payment ended H1
        endpay H1 O1                    -> nothing
        map                             -> aaaaaa aaaaaa
        free floor                      -> 10
        see H1                          -> payment ended at 11m A-1 floor=2
        book H1 B1 O1                   -> refused hold_not_open
        pay H1 O1                       -> refused hold_not_open
        hold H1 key=a A-1 floor=2       -> the same again
    ",
    );
}

#[test]
fn what_is_booked_cannot_be_ended_released_or_reopened() {
    check(
        "
        hold H1 A-1
        pay H1 O1
        book H1 B1 O1                   -> booked B1 A-1
        endpay H1 O1                    -> refused hold_not_open
        reopen H1 O1                    -> refused hold_not_open
        release H1                      -> refused hold_not_open
        map                             -> baaaaa aaaaaa
    ",
    );
}

#[test]
fn nobody_keeps_a_stadium_by_extending_and_paying_in_turns() {
    play(
        testing::hall(1, 4),
        "
        hold H1 A-1
        tick 9m
        extend H1                       -> extended until 19m
        tick 18m
        extend H1                       -> extended until 20m
        pay H1 O1                       -> paying by 28m
        tick 28m
        reopen H1 O1                    -> open until 29m
        extend H1                       -> nothing
        tick 29m                        -> lapsed H1
    ",
    );
}
