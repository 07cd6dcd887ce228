//! Bookings: selling, selling late, giving back.

use crate::scene::{check, play};
use aisle_core::testing;

#[test]
fn a_shop_that_takes_the_money_itself_books_an_open_hold() {
    check(
        "
        hold H1 A-1 A-2 floor=3
        book H1 B1 O1                   -> refused hold_not_open        # that order is not paying
        book H1 B1                      -> booked B1 A-1 A-2 floor=3
        book H1 B1                      -> the same again
        book H1 B2                      -> refused hold_not_open        # sold once
        book H1 B1 O1                   -> the same again               # its id is all its identity
        map                             -> bbaaaa aaaaaa
        free floor                      -> 7
        see B1                          -> booking A-1 A-2 floor=3
        see H1                          -> booked at 0s A-1 A-2 floor=3
    ",
    );
}

#[test]
fn a_lapsed_hold_cannot_be_booked_at_its_very_deadline() {
    check(
        "
        hold H1 A-1
        hold H2 A-2
        tick 9m59s999ms
        book H1 B1                      -> booked B1 A-1
        tick 10m                        -> lapsed H2
        book H2 B2                      -> refused hold_lapsed at 10m
        book H1 B1                      -> the same again
        tick 25m
        hold H3 A-3
        see H1                          -> unknown
        book H1 B1                      -> the same again               # a booking is known for ever
    ",
    );
}

#[test]
fn cancelling_twice_gives_the_seats_back_once() {
    check(
        "
        hold H1 A-1 A-2 floor=4
        book H1 B1
        cancel B1                       -> given back A-1 A-2 floor=4
        hold H2 A-1                     -> held A-1 until 10m
        cancel B1                       -> nothing
        map                             -> haaaaa aaaaaa
        free floor                      -> 10
        book H1 B1                      -> refused booking_cancelled
        see B1                          -> booking cancelled
        cancel B1 A-1                   -> nothing                      # it is back already
        cancel B9 A-1                   -> refused not_found
        cancel B9                       -> given back                   # before it was made: it never is
        book H2 B9                      -> refused booking_cancelled
    ",
    );
}

#[test]
fn a_part_of_a_booking_is_given_back() {
    check(
        "
        hold H1 A-1 A-2 A-3 floor=4
        book H1 B1
        cancel B1 A-2                   -> given back A-2
        cancel B1 A-2                   -> nothing
        cancel B1 A-2 A-3               -> given back A-3
        cancel B1 A-1 A-4               -> refused validation_failed not in booking
        cancel B1 ?9=1                  -> refused validation_failed area
        cancel B1 A-1 A-1               -> refused validation_failed twice
        cancel B1 floor=5               -> nothing                      # it keeps four, which is less
        cancel B1 floor=1               -> given back floor=3           # what it keeps is named,
        cancel B1 floor=1               -> nothing                      # so that twice is once
        see B1                          -> booking A-1 floor=1
        book H1 B1                      -> the same again
        cancel B1 floor=0               -> given back floor=1
        cancel B1 floor=1               -> nothing
        map                             -> baaaaa aaaaaa
        cancel B1                       -> given back A-1
        see B1                          -> booking cancelled
        book H1 B1                      -> refused booking_cancelled
        free floor                      -> 10
    ",
    );
}

#[test]
fn late_money_for_a_hold_that_stands_books_it_as_it_is() {
    check(
        "
        hold H1 A-1 floor=1
        pay H1 O1
        late H1 B1 O2 A-1               -> refused hold_not_open        # somebody else is paying
        late H1 B1 O1 A-6               -> booked B1 A-1 floor=1
        late H1 B1 O1 A-6               -> the same again
        hold H2 A-2
        late H2 B2 O3 A-2               -> booked B2 A-2                # open again, and never given away
        late H2 B3 O4 A-2               -> refused hold_not_open
    ",
    );
}

#[test]
fn late_money_finds_its_seats_still_free() {
    check(
        "
        hold H1 A-1 floor=2
        pay H1 O1
        endpay H1 O1
        late H1 B1 O1 A-1 floor=2       -> booked B1 A-1 floor=2
        late H1 B1 O1 A-1 floor=2       -> the same again
        late H1 B1 O2 A-1 floor=2       -> the same again
        map                             -> baaaaa aaaaaa
        cancel B1                       -> given back A-1 floor=2
        late H1 B1 O1 A-1 floor=2       -> refused booking_cancelled
    ",
    );
}

#[test]
fn late_money_never_takes_what_somebody_else_has() {
    check(
        "
        hold H1 A-1 A-2
        pay H1 O1
        endpay H1 O1
        hold H2 A-2
        late H1 B1 O1 A-1 A-2           -> refused seats_taken A-2
        late H1 B1 O1 A-1 A-1           -> refused validation_failed twice
        late H1 B1 O1                   -> refused validation_failed nothing wanted
        late H1 B1 O1 ?99               -> refused validation_failed ?99
        hold H3 floor=10
        late H1 B1 O1 A-1 floor=1       -> refused area_full 0 left
        map                             -> ahaaaa aaaaaa
    ",
    );
}

#[test]
fn equal_seats_are_side_by_side_no_worse_and_agreed_to() {
    play(
        testing::hall(4, 6),
        "
        hold H1 B-1 B-2
        tick 10m                        -> lapsed H1
        hold H2 B-2
        late H1 B1 O1 B-1 B-2           -> refused seats_taken B-2      # not without having been asked
        late H1 B1 O1 B-1 B-2 equal     -> booked B1 A-3 A-4
        hold H3 A-1 A-2 A-5 A-6 B-3 B-4 -> held A-1 A-2 A-5 A-6 B-3 B-4 until 20m
        late H1 B2 O2 B-1 B-2 equal     -> booked B2 B-5 B-6            # as far from the stage on the other side
        late H1 B3 O3 B-1 B-2 equal     -> refused seats_taken B-2      # the next rows are cheaper
    ",
    );
}

#[test]
fn late_money_for_a_forgotten_hold_is_judged_by_its_seats() {
    check(
        "
        hold H1 A-1
        tick 10m                        -> lapsed H1
        tick 3h
        late H1 B1 O1 A-1               -> booked B1 A-1
        late H9 B2 O2 A-1               -> refused seats_taken A-1
    ",
    );
}
