//! Limits: per hold, per buyer.

use crate::scene::check;

#[test]
fn one_hold_has_at_most_so_many_places() {
    check(
        "
        configure places=4
        hold H1 A-1 A-2 A-3 A-4 A-5     -> refused seat_limit_reached max 4
        hold H1 A-1 A-2 floor=3         -> refused seat_limit_reached max 4
        hold H1 best=5                  -> refused seat_limit_reached max 4
        hold H1 A-1 A-2 floor=2         -> held A-1 A-2 floor=2 until 10m
        change H1 +A-3                  -> refused seat_limit_reached max 4
        change H1 +A-3 -A-1             -> changed +A-3 -A-1
        change H1 +A-4 floor=1          -> changed +A-4 floor=1
        hold H2 by=staff floor=9        -> held floor=9 until 10m       # the counter sells to groups
    ",
    );
}

#[test]
fn a_smaller_limit_does_not_punish_those_who_are_over_it() {
    check(
        "
        hold H1 A-1 A-2 A-3 A-4
        configure places=2
        change H1 +B-1 -A-1             -> changed +B-1 -A-1
        change H1 -A-2                  -> changed -A-2
        change H1 +A-2                  -> refused seat_limit_reached max 2
    ",
    );
}

#[test]
fn one_buyer_has_at_most_so_many_holds() {
    check(
        "
        configure buyer_holds=2
        hold H1 buyer=anna A-1
        hold H2 buyer=anna A-2
        hold H3 buyer=anna A-3          -> refused hold_limit_reached max 2
        hold H3 buyer=bela A-3          -> held A-3 until 10m
        hold H4 A-4                     -> held A-4 until 10m           # nobody knows who it is
        hold H5 buyer=anna by=staff A-5 -> held A-5 until 10m
        release H1                      -> released H1
        release H5
        hold H6 buyer=anna A-6          -> held A-6 until 10m
        pay H2 O2                       -> paying by 10m
        hold H7 buyer=anna B-1          -> refused hold_limit_reached max 2   # a paying hold counts
        book H2 B2 O2
        hold H7 buyer=anna B-1          -> held B-1 until 10m           # a booking is no hold
        tick 10m
        hold H8 buyer=anna B-2          -> held B-2 until 20m
    ",
    );
}

#[test]
fn one_buyer_has_at_most_so_many_places_booked_and_held_together() {
    check(
        "
        configure buyer_places=4
        hold H1 buyer=anna A-1 floor=1
        book H1 B1                      -> booked B1 A-1 floor=1
        hold H2 buyer=anna A-2 A-3 A-4  -> refused seat_limit_reached max 4
        hold H2 buyer=anna A-2          -> held A-2 until 10m
        change H2 +A-3                  -> changed +A-3
        change H2 +A-4                  -> refused seat_limit_reached max 4
        change H2 +A-4 -A-3             -> changed +A-4 -A-3
        hold H3 buyer=anna A-5          -> refused seat_limit_reached max 4
        cancel B1 A-1                   -> given back A-1
        hold H3 buyer=anna A-5          -> held A-5 until 10m
        hold H4 buyer=anna best=1       -> refused seat_limit_reached max 4
        release H3
        cancel B1                       -> given back floor=1
        hold H4 buyer=anna A-1 A-5      -> held A-1 A-5 until 10m
    ",
    );
}
