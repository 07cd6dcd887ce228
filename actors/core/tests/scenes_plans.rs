//! The plan changes while the show is on sale. The hall has rows `A` and `B` of six seats and a floor of ten.

use aisle_core::*;

use crate::scene::{check, play_draft};

#[test]
fn seats_are_added_and_what_people_have_stays_theirs() {
    check(
        "
        hold H1 A-1 A-2                 -> held A-1 A-2 until 10m
        hold H2 B-5 floor=3             -> held B-5 floor=3 until 10m
        pay H2 O2                       -> paying by 10m
        book H2 B2 O2                   -> booked B2 B-5 floor=3
        plan V2 with=A-7,A-8 floor=12   -> on plan V2
        map                             -> hhaaaaaa aaaaba
        free floor                      -> 9
        see H1                          -> open until 10m A-1 A-2
        hold H3 A-7 A-8                 -> held A-7 A-8 until 10m
        cancel B2                       -> given back B-5 floor=3
        free floor                      -> 12
        tick 10m                        -> lapsed H1, lapsed H3
        map                             -> aaaaaaaa aaaaaa
        plan V2                         -> nothing                        # it is there already
    ",
    );
}

#[test]
fn held_and_sold_seats_cannot_vanish() {
    check(
        "
        hold H1 A-1 A-2                 -> held A-1 A-2 until 10m
        hold H2 A-3                     -> held A-3 until 10m
        book H2 B2                      -> booked B2 A-3
        plan V2 without=A-1,A-3,A-6     -> refused plan_lacks_places A-1 A-3
        map                             -> hhbaaa aaaaaa
        release H1                      -> released H1
        plan V2 without=A-1,A-6         -> on plan V2
        map                             -> abaa aaaaaa
        hold H3 A-2 A-4                 -> held A-2 A-4 until 10m
        hold H4 ?0                      -> refused validation_failed ?0   # A-1 is no seat any more
        cancel B2                       -> given back A-3
        plan V3 without=A-3             -> on plan V3
        map                             -> hha aaaaaa
    ",
    );
}

#[test]
fn an_area_cannot_become_smaller_than_what_is_taken_of_it() {
    check(
        "
        hold H1 floor=4                 -> held floor=4 until 10m
        hold H2 floor=2                 -> held floor=2 until 10m
        book H2 B2                      -> booked B2 floor=2
        block X1 floor=2                -> blocked floor=2
        plan V2 floor=7                 -> refused plan_lacks_places floor
        plan V2 floor=8                 -> on plan V2
        free floor                      -> 0
        hold H3 floor=1                 -> refused area_full 0 left
        release H1                      -> released H1
        free floor                      -> 4
    ",
    );
}

#[test]
fn seats_of_an_allocation_may_be_taken_out_of_the_plan() {
    check(
        "
        block X1 A-1 A-2 A-6 until=1h   -> blocked A-1 A-2 A-6
        plan V2 without=A-6             -> on plan V2 -?5
        see X1                          -> allocation A-1 A-2 until 1h
        map                             -> xxaaa aaaaaa
        tick 1h                         -> unblocked A-1 A-2 by time
        map                             -> aaaaa aaaaaa
    ",
    );
}

#[test]
fn a_hold_out_of_an_allocation_counts_as_held() {
    check(
        "
        block X1 A-1 A-2                -> blocked A-1 A-2
        hold H1 A-1 by=staff from=X1    -> held A-1 until 10m
        plan V2 without=A-1             -> refused plan_lacks_places A-1
        release H1                      -> released H1
        plan V2 without=A-1             -> on plan V2 -?0
    ",
    );
}

#[test]
fn in_which_states_the_plan_may_change() {
    play_draft(
        "
        plan V2 with=A-7                -> on plan V2
        publish                         -> published
        plan V3 with=A-8                -> on plan V3
        pause                           -> paused
        plan V4 without=A-8             -> on plan V4
        resume                          -> resumed after 0s
        move                            -> moved
        plan V5 without=A-7             -> on plan V5
        publish                         -> published
        end                             -> ended
        plan V6 without=A-6             -> refused wrong_state
        map                             -> aaaaaa aaaaaa
    ",
    );
    check(
        "
        cancelshow                      -> show cancelled
        plan V2 without=A-6             -> refused wrong_state
    ",
    );
}

#[test]
fn a_show_that_is_read_on_another_plan_remembers_which_one_it_is_on() {
    let plan = testing::hall(1, 4);
    let show = Show::new(ShowId(crate::scene::id("S1")), plan.clone());
    let next = testing::revised(&plan, 9, &[], &[], &[]);
    let elsewhere = Show::from_image(next.clone(), show.image()).unwrap();
    assert_eq!(elsewhere.plan().version(), next.version());
    assert_eq!(elsewhere.plan_version(), plan.version());
    assert_eq!(elsewhere.image(), show.image());
}

#[test]
fn the_seat_with_the_highest_number_may_be_taken_out_too() {
    // The new plan is read from the first line of the journal on, where this seat still had owners.
    check(
        "
        block X1 B-5 B-6                -> blocked B-5 B-6
        plan V2 without=B-6             -> on plan V2 -?11
        see X1                          -> allocation B-5
        unblock X1 B-5                  -> unblocked B-5
        map                             -> aaaaaa aaaaa
    ",
    );
}
