//! Access codes: what they open, and how much of it.

use crate::scene::check;

#[test]
fn a_code_opens_the_presale_and_not_the_time_after_the_sale() {
    check(
        "
        configure from=1h until=2h
        hold H1 A-1                                 -> refused not_on_sale at 1h
        hold H1 by=code code=VIP A-1                -> held A-1 until 10m
        change H1 +A-2                              -> changed +A-2
        tick 59m59s999ms                            -> lapsed H1
        hold H2 A-1                                 -> refused not_on_sale at 1h
        tick 1h
        hold H2 A-1                                 -> held A-1 until 1h10m
        tick 1h59m59s999ms                          -> lapsed H2
        hold H3 by=code code=VIP A-1                -> held A-1 until 2h9m59s999ms
        tick 2h
        hold H4 by=code code=VIP A-2                -> refused sales_ended
        change H3 +A-2                              -> refused sales_ended
    ",
    );
}

#[test]
fn a_code_for_an_allocation_opens_its_places_and_no_others() {
    check(
        "
        configure from=1h until=2h
        block X1 A-1 A-2 A-3 floor=2
        hold H1 by=allocation code=PRESS A-4                    -> refused not_on_sale at 1h
        hold H1 by=allocation code=PRESS from=X1 A-4            -> refused validation_failed A-4
        hold H1 by=allocation code=PRESS from=X1 A-1 floor=1    -> held A-1 floor=1 until 10m
        change H1 +A-2                                          -> changed +A-2
        unblock X1                                              -> unblocked A-3 floor=1
        change H1 +A-3                                          -> refused not_on_sale at 1h     # it is everybody's now
        change H1 -A-2                                          -> changed -A-2
        tick 1h                                                 -> lapsed H1
        hold H2 by=allocation code=PRESS A-4                    -> held A-4 until 1h10m
    ",
    );
}

#[test]
fn a_code_gives_so_many_places_to_all_who_know_it_together() {
    check(
        "
        hold H1 by=code buyer=anna code=VIP gives=4 A-1 A-2         -> held A-1 A-2 until 10m
        hold H2 by=code buyer=ben code=VIP gives=4 A-3 floor=2      -> refused access_code_used_up max 4
        hold H2 by=code buyer=ben code=VIP gives=4 A-3 floor=1      -> held A-3 floor=1 until 10m
        change H2 +A-4                                              -> refused access_code_used_up max 4
        change H2 +A-4 -A-3                                         -> changed +A-4 -A-3
        hold H3 by=code code=FAN gives=4 B-1 B-2 B-3 B-4            -> held B-1 B-2 B-3 B-4 until 10m
        book H1 B1                                                  -> booked B1 A-1 A-2
        release H2                                                  -> released H2
        hold H4 by=code code=VIP gives=4 floor=3                    -> refused access_code_used_up max 4
        hold H4 by=code code=VIP gives=4 floor=2                    -> held floor=2 until 10m
        cancel B1 A-1                                               -> given back A-1
        hold H5 by=code code=VIP gives=4 floor=2                    -> refused access_code_used_up max 4
        hold H5 by=code code=VIP gives=4 floor=1                    -> held floor=1 until 10m
        hold H6 by=code code=VIP gives=5 floor=1                    -> held floor=1 until 10m   # the house gave it one more
        hold H7 by=code code=VIP floor=1                            -> held floor=1 until 10m   # and then took the limit away
        tick 10m                                                    -> lapsed H3, lapsed H4, lapsed H5, lapsed H6, lapsed H7
        hold H8 by=code code=VIP gives=2 A-3                        -> held A-3 until 20m
        hold H9 by=code code=VIP gives=2 A-4                        -> refused access_code_used_up max 2
    ",
    );
}

#[test]
fn the_codes_limit_comes_after_the_buyers_and_before_the_places() {
    check(
        "
        configure places=4 buyer_places=3 buyer_holds=1
        hold H1 A-1
        hold H2 by=code code=VIP gives=1 A-1 A-2 A-3 A-4 A-5            -> refused seat_limit_reached max 4
        hold H2 by=code buyer=anna code=VIP gives=1 A-1 A-2 A-3 A-4     -> refused seat_limit_reached max 3
        hold H2 by=code buyer=anna code=VIP gives=1 A-1 A-2             -> refused access_code_used_up max 1
        hold H2 by=code buyer=anna code=VIP gives=1 A-1                 -> refused seats_taken A-1
        hold H2 by=code buyer=anna code=VIP gives=1 A-2                 -> held A-2 until 10m
        hold H3 by=code buyer=anna code=VIP gives=1 A-3                 -> refused hold_limit_reached max 1
        hold H4 by=staff code=VIP gives=1 A-3                           -> held A-3 until 10m       # the counter is not bound
        hold H5 by=code code=VIP gives=2 A-4                            -> refused access_code_used_up max 2    # but it counts
    ",
    );
}

#[test]
fn late_money_counts_under_the_code_of_its_hold() {
    check(
        "
        hold H1 by=code code=VIP gives=2 A-1 A-2
        pay H1 O1
        endpay H1 O1
        late H1 B1 O1 A-1 A-2                                           -> booked B1 A-1 A-2
        hold H2 by=code code=VIP gives=2 A-3                            -> refused access_code_used_up max 2
        cancel B1                                                       -> given back A-1 A-2
        hold H2 by=code code=VIP gives=2 A-3                            -> held A-3 until 10m
    ",
    );
}
