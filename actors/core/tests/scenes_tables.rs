//! Tables and boxes. The cabaret has table T1 (four seats, sold whole), T2 (four, by the seat), box B1 (two, sold whole), row A.

use aisle_core::testing::cabaret;

use crate::scene::play;

#[test]
fn a_table_that_is_sold_whole_is_held_whole_or_not_at_all() {
    play(
        cabaret(),
        "
        hold H1 T1-1 T1-2               -> refused table_sold_whole T1-3 T1-4
        hold H1 T1-1 B1-2 A-1           -> refused table_sold_whole T1-2 T1-3 T1-4 B1-1
        hold H1 by=code T1-1            -> refused table_sold_whole T1-2 T1-3 T1-4
        hold H1 T1-1 T1-2 T1-3 T1-4     -> held T1-1 T1-2 T1-3 T1-4 until 10m
        hold H2 T2-1 A-1                -> held T2-1 A-1 until 10m          # T2 is sold by the seat
        map                             -> hhhh haaa aa haaaaa
    ",
    );
}

#[test]
fn a_change_judges_what_the_hold_will_have() {
    play(
        cabaret(),
        "
        hold H1 A-1
        change H1 +B1-1                 -> refused table_sold_whole B1-2
        change H1 +B1-1 +B1-2           -> changed +B1-1 +B1-2
        change H1 -B1-1                 -> refused table_sold_whole B1-1
        change H1 -B1-1 -B1-2           -> changed -B1-1 -B1-2
        change H1 +T2-1 -A-1            -> changed +T2-1 -A-1
        change H1 -T2-1                 -> released H1
    ",
    );
}

#[test]
fn the_refusals_about_tables_have_their_place_in_the_order() {
    play(
        cabaret(),
        "
        configure places=2
        hold H1 T1-1 T1-1               -> refused validation_failed twice
        hold H1 T1-1 ?99                -> refused validation_failed ?99
        hold H1 T1-1                    -> refused table_sold_whole T1-2 T1-3 T1-4
        hold H1 T1-1 T1-2 T1-3 T1-4     -> refused seat_limit_reached max 2     # larger than the limit: only the counter sells it
        hold H2 by=staff T1-4           -> held T1-4 until 10m
        hold H1 T1-1 T1-4               -> refused table_sold_whole T1-2 T1-3   # before whether they are free
        configure places=4
        hold H1 T1-1 T1-2 T1-3 T1-4     -> refused seats_taken T1-4
    ",
    );
}

#[test]
fn the_counter_sells_a_table_by_the_seat_and_the_public_waits_for_the_rest() {
    play(
        cabaret(),
        "
        hold H1 by=staff T1-1 T1-2      -> held T1-1 T1-2 until 10m
        change H1 -T1-2                 -> changed -T1-2
        book H1 B1                      -> booked B1 T1-1
        hold H2 T1-2 T1-3 T1-4          -> refused table_sold_whole T1-1
        hold H2 T1-1 T1-2 T1-3 T1-4     -> refused seats_taken T1-1
        block X1 B1-1                   -> blocked B1-1                     # the house may keep a part
        hold H2 B1-2                    -> refused table_sold_whole B1-1
        hold H2 B1-1 B1-2               -> refused seats_taken B1-1
        hold H2 by=allocation from=X1 B1-1  -> refused table_sold_whole B1-2
        unblock X1                      -> unblocked B1-1
        block X2 T2-1 B1-1 B1-2         -> blocked T2-1 B1-1 B1-2
        hold H2 by=allocation from=X2 B1-1 B1-2  -> held B1-1 B1-2 until 10m
        cancel B1                       -> given back T1-1
        hold H3 T1-1 T1-2 T1-3 T1-4     -> held T1-1 T1-2 T1-3 T1-4 until 10m
    ",
    );
}

#[test]
fn the_best_seats_are_never_a_part_of_a_whole_table() {
    play(
        cabaret(),
        "
        hold H1 best=2                  -> held T2-1 T2-2 until 10m         # T1 is nearer, and larger
        hold H9 best=4                  -> held T1-1 T1-2 T1-3 T1-4 until 10m
        hold H2 by=staff best=2 section=circle  -> held B1-1 B1-2 until 10m
        hold H3 best=5 section=circle   -> held A-1 A-2 A-3 A-4 A-5 until 10m
        release H2
        hold H4 best=2 section=circle   -> held B1-1 B1-2 until 10m
        release H4
        hold H6 best=1 section=circle   -> held A-6 until 10m
        hold H5 best=1 section=circle   -> refused none_available           # two seats are left, both in the box
    ",
    );
}

#[test]
fn late_money_buys_a_table_whole_or_not_at_all() {
    play(
        cabaret(),
        "
        hold H1 T1-1 T1-2 T1-3 T1-4
        pay H1 O1
        endpay H1 O1
        late H1 B1 O1 T1-1 T1-2 T1-3 T1-4       -> booked B1 T1-1 T1-2 T1-3 T1-4
        late H9 B2 O2 B1-1                      -> refused table_sold_whole B1-2
        late H9 B2 O2 by=staff B1-1             -> booked B2 B1-1
        late H9 B3 O3 B1-1 B1-2                 -> refused seats_taken B1-1
        late H9 B3 O3 equal B1-1 B1-2           -> booked B3 T2-1 T2-2
        hold H2 by=staff B1-2
        pay H2 O4
        endpay H2 O4
        late H2 B4 O4 B1-2                      -> booked B4 B1-2               # the counter had held it
    ",
    );
}
