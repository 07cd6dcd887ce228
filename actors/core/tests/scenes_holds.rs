//! Holds: taking, keeping, changing, giving back, forgetting.

use crate::scene::check;

#[test]
fn a_hold_lapses_and_its_seats_return_to_sale() {
    check(
        "
        hold H1 A-1 A-2                 -> held A-1 A-2 until 10m
        hold H2 A-2 A-3                 -> refused seats_taken A-2
        map                             -> hhaaaa aaaaaa
        tick 9m59s999ms                 -> nothing
        hold H2 A-2 A-3                 -> refused seats_taken A-2
        tick 10m                        -> lapsed H1
        map                             -> aaaaaa aaaaaa
        hold H2 A-2 A-3                 -> held A-2 A-3 until 20m
        book H1 B1                      -> refused hold_lapsed at 10m
        extend H1                       -> refused hold_lapsed at 10m
        pay H1 O1                       -> refused hold_lapsed at 10m
        change H1 +A-6                  -> refused hold_lapsed at 10m
        release H1                      -> nothing                      # nobody presses 'back' wrongly
    ",
    );
}

#[test]
fn all_or_nothing_and_every_offender_is_named() {
    check(
        "
        configure places=20
        hold H1 A-1 A-3                 -> held A-1 A-3 until 10m
        hold H2 A-1 A-2 A-3 B-1         -> refused seats_taken A-1 A-3
        hold H2 A-2 floor=11            -> refused area_full 10 left
        map                             -> hahaaa aaaaaa
        hold H2 A-2 floor=10            -> held A-2 floor=10 until 10m
        hold H3 floor=1                 -> refused area_full 0 left
        free floor                      -> 0
        release H2                      -> released H2
        free floor                      -> 10
        map                             -> hahaaa aaaaaa
    ",
    );
}

#[test]
fn a_wish_must_make_sense() {
    check(
        "
        hold H1                         -> refused validation_failed nothing wanted
        hold H1 floor=0                 -> refused validation_failed nothing wanted
        hold H1 best=0                  -> refused validation_failed nothing wanted
        hold H1 ?99 A-1 ?12             -> refused validation_failed ?12 ?99
        hold H1 ?9=1                    -> refused validation_failed area
        hold H1 A-1 A-1                 -> refused validation_failed twice
        hold H1 floor=1 floor=2         -> refused validation_failed twice
        hold H1 A-1 best=2              -> refused validation_failed twice
        map                             -> aaaaaa aaaaaa
    ",
    );
}

#[test]
fn the_first_reason_is_the_one_that_is_told() {
    check(
        "
        configure places=2 buyer_holds=1 from=1m until=30m orphans=strict
        hold H0 by=staff A-1 key=a      -> held A-1 until 10m
        hold H0 by=staff A-2 key=b      -> refused idempotency_key_reused
        hold H0 by=staff A-1            -> refused idempotency_key_reused   # no key: not the same request
        hold H1 ?99                     -> refused not_on_sale at 1m
        tick 1m                         -> nothing
        hold H1 ?99 ?9=1 A-1 A-1        -> refused validation_failed ?99
        hold H1 ?9=1 A-1 A-1            -> refused validation_failed area
        hold H1 A-1 A-1 A-1             -> refused validation_failed twice
        hold H1 A-1 A-2 A-3             -> refused seat_limit_reached max 2
        hold H1 buyer=anna B-1 B-2      -> held B-1 B-2 until 11m
        hold H2 buyer=anna A-1          -> refused hold_limit_reached max 1
        hold H2 A-1 floor=11            -> refused seat_limit_reached max 2
        hold H2 A-1 floor=1             -> refused seats_taken A-1
        hold H2 A-3                     -> refused strands_a_seat A-2
        tick 30m                        -> lapsed H0, lapsed H1
        hold H2 ?99                     -> refused sales_ended
        pause soon                      -> paused
        hold H2 ?99                     -> refused sales_paused soon
    ",
    );
}

#[test]
fn the_same_request_twice_is_the_same_answer_once() {
    check(
        "
        hold H1 key=a A-1               -> held A-1 until 10m
        hold H1 key=a A-1               -> the same again
        hold H1 key=bb A-1              -> refused idempotency_key_reused
        release H1                      -> released H1
        hold H1 key=a A-1               -> the same again               # its seats are not taken again
        map                             -> aaaaaa aaaaaa
        tick 9m59s999ms
        hold H1 key=a A-1               -> the same again
        see H1                          -> released at 0s A-1
        tick 10m
        hold H1 key=a A-1               -> held A-1 until 20m           # forgotten: a new hold
        hold H1 key=a A-1               -> the same again
    ",
    );
}

#[test]
fn an_ended_hold_is_remembered_for_ten_minutes() {
    check(
        "
        hold H1 key=a A-1
        tick 10m                        -> lapsed H1
        tick 19m59s999ms
        extend H1                       -> refused hold_lapsed at 10m
        tick 20m
        extend H1                       -> refused not_found
        release H1                      -> refused not_found
        see H1                          -> lapsed at 10m A-1            # nothing happened since
        hold H2 A-2                     -> held A-2 until 30m
        see H1                          -> unknown
    ",
    );
}

#[test]
fn a_hold_that_was_never_made_is_not_found() {
    check(
        "
        change H9 +A-1                  -> refused not_found
        change H9                       -> refused not_found
        extend H9                       -> refused not_found
        release H9                      -> refused not_found
        pay H9 O1                       -> refused not_found
        reopen H9 O1                    -> refused not_found
        endpay H9 O1                    -> refused not_found
        book H9 B1                      -> refused not_found
    ",
    );
}

#[test]
fn a_hold_is_extended_up_to_its_cap_and_no_further() {
    check(
        "
        hold H1 A-1                     -> held A-1 until 10m
        extend H1                       -> nothing                      # no time has passed
        tick 4m
        extend H1                       -> extended until 14m
        due                             -> 14m
        tick 13m59s999ms
        extend H1                       -> extended until 20m           # the cap
        extend H1                       -> nothing
        tick 19m59s999ms                -> nothing
        extend H1                       -> nothing
        tick 20m                        -> lapsed H1
        extend H1                       -> refused hold_lapsed at 20m
    ",
    );
}

#[test]
fn a_shorter_setting_never_takes_time_away() {
    check(
        "
        hold H1 A-1                     -> held A-1 until 10m
        configure ttl=1m                -> configured
        tick 1m
        extend H1                       -> nothing
        hold H2 A-2                     -> held A-2 until 2m
        tick 9m59s                      -> lapsed H2
        tick 10m                        -> lapsed H1
    ",
    );
}

#[test]
fn changing_a_hold_keeps_its_deadline() {
    check(
        "
        hold H1 A-1 A-2 floor=2         -> held A-1 A-2 floor=2 until 10m
        hold H2 A-3
        tick 5m
        change H1 +A-3 -A-1             -> refused seats_taken A-3
        map                             -> hhhaaa aaaaaa
        change H1 +A-4 -A-1             -> changed +A-4 -A-1
        change H1 +A-4 -A-1             -> nothing                      # it is so already
        change H1 floor=3               -> changed floor=3
        change H1 floor=13              -> refused seat_limit_reached max 10
        change H1 -A-2 floor=0          -> changed -A-2 floor=0
        see H1                          -> open until 10m A-4
        free floor                      -> 10
        change H1 +A-5 -A-5             -> refused validation_failed twice
        change H1 +A-5 +A-5             -> refused validation_failed twice
        change H1 +?99                  -> refused validation_failed ?99
        change H1 ?9=1                  -> refused validation_failed area
        change H1 -A-4                  -> released H1                  # an empty result releases
        see H1                          -> released at 5m A-4
        change H1 +A-4                  -> refused hold_not_open
        map                             -> aahaaa aaaaaa
    ",
    );
}

#[test]
fn a_change_may_take_only_what_the_area_has() {
    check(
        "
        hold H1 floor=4                 -> held floor=4 until 10m
        hold H2 floor=5
        change H1 floor=6               -> refused area_full 1 left
        change H1 floor=5               -> changed floor=5
        free floor                      -> 0
        change H1 floor=1               -> changed floor=1
        free floor                      -> 4
    ",
    );
}

#[test]
fn the_millisecond_of_the_deadline_belongs_to_what_comes_after_it() {
    check(
        "
        hold H1 A-1
        hold H2 A-2
        hold H3 A-3
        tick 9m59s999ms                 -> nothing
        extend H1                       -> extended until 19m59s999ms
        book H2 B2                      -> booked B2 A-2
        tick 10m                        -> lapsed H3
        map                             -> hbaaaa aaaaaa
    ",
    );
}
