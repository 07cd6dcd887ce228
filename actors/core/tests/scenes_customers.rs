//! Customers: who they are is known at checkout, and what they have counts together, whatever browser they used.

use crate::scene::check;

#[test]
fn a_customer_may_not_pay_for_more_than_one_may_have() {
    check(
        "
        configure buyer_places=3
        hold H1 A-1 A-2
        hold H2 B-1 B-2
        hold H3 floor=1
        pay H1 O1 customer=anna         -> paying by 10m
        pay H1 O1 customer=anna         -> the same again
        pay H2 O2 customer=anna         -> refused seat_limit_reached max 3     # what is being paid for counts
        pay H2 O2 customer=ben          -> paying by 10m
        pay H3 O3 customer=anna         -> paying by 10m                        # just three
        book H1 B1 O1                   -> booked B1 A-1 A-2
        hold H4 floor=1
        pay H4 O4 customer=anna         -> refused seat_limit_reached max 3     # what is booked counts
        reopen H3 O3                    -> open until 10m
        pay H4 O4 customer=anna         -> paying by 10m
        endpay H4 O4                    -> payment ended H4
        pay H3 O5 customer=anna         -> paying by 10m
        cancel B1 A-1                   -> given back A-1
        hold H5 A-1
        pay H5 O6 customer=anna         -> paying by 10m
    ",
    );
}

#[test]
fn the_customers_limit_is_the_last_question_before_paying() {
    check(
        "
        configure buyer_places=1
        hold H1 A-1 A-2
        pay H9 O1 customer=anna         -> refused not_found
        pay H1 O1 customer=anna         -> refused seat_limit_reached max 1
        pause soon
        pay H1 O1 customer=anna         -> refused sales_paused soon
        resume
        tick 9m59s999ms
        pay H1 O1 customer=anna         -> refused seat_limit_reached max 1
        tick 10m                        -> lapsed H1
        pay H1 O1 customer=anna         -> refused hold_lapsed at 10m
        hold H2 by=staff A-1 A-2
        pay H2 O2 customer=anna         -> paying by 20m                        # the counter sells to groups
        hold H3 B-1
        pay H3 O3 customer=anna         -> refused seat_limit_reached max 1     # but that counts
        pay H3 O3                       -> paying by 20m                        # nobody is known
    ",
    );
}

#[test]
fn late_money_counts_for_its_customer_and_does_not_pass_the_limit() {
    check(
        "
        configure buyer_places=2
        hold H1 A-1 A-2
        pay H1 O1 customer=anna
        endpay H1 O1
        hold H2 B-1
        pay H2 O2 customer=anna                 -> paying by 10m
        late H1 B1 O1 customer=anna A-1 A-2     -> refused seat_limit_reached max 2
        late H2 B2 O2 customer=anna B-1         -> booked B2 B-1                # it stands, and counts already
        late H1 B1 O1 customer=anna A-1         -> booked B1 A-1
        late H1 B1 O1 customer=anna A-1         -> the same again
        hold H3 floor=1
        pay H3 O3 customer=anna                 -> refused seat_limit_reached max 2
        hold H4 B-3
        late H4 B4 O4 customer=anna B-3         -> refused seat_limit_reached max 2
        late H4 B4 O4 customer=ben B-3          -> booked B4 B-3
    ",
    );
}

#[test]
fn late_money_finds_its_places_in_the_allocation_they_went_back_to() {
    check(
        "
        block X1 A-1 A-2 floor=3
        hold H1 by=staff from=X1 A-1 floor=2
        pay H1 O1
        endpay H1 O1                            -> payment ended H1
        see X1                                  -> allocation A-1 A-2 floor=3
        late H9 B9 O9 A-1                       -> refused seats_taken A-1      # of whom the show knows nothing
        late H1 B1 O1 A-1 floor=2               -> booked B1 A-1 floor=2
        see X1                                  -> allocation A-2 floor=1
        map                                     -> bxaaaa aaaaaa
        free floor                              -> 7
        hold H2 by=staff from=X1 A-2
        release H2
        unblock X1                              -> unblocked A-2 floor=1
        late H2 B2 O2 A-2                       -> booked B2 A-2                # on sale again meanwhile
        cancel B1                               -> given back A-1 floor=2
        free floor                              -> 10
    ",
    );
}
