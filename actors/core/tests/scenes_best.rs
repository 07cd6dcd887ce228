//! The best that the house has.

use std::sync::Arc;

use aisle_core::{Plan, testing};

use crate::scene::play;

fn with_wheelchairs() -> Arc<Plan> {
    testing::hall_with(3, 6, &[], |seat| {
        seat.accessible = matches!(&*seat.guid, "B-1" | "C-1" | "C-6");
        seat.companion = matches!(&*seat.guid, "B-2" | "C-2" | "C-5");
    })
}

#[test]
fn side_by_side_and_nearest_to_the_stage() {
    play(
        testing::hall(3, 6),
        "
        hold H1 best=2                  -> held A-3 A-4 until 10m
        hold H2 best=2                  -> held A-1 A-2 until 10m       # of equals, the first of the plan
        hold H3 best=2                  -> held A-5 A-6 until 10m
        hold H4 best=3                  -> held B-1 B-2 B-3 until 10m   # in the middle they would strand somebody
        hold H5 best=6                  -> held C-1 C-2 C-3 C-4 C-5 C-6 until 10m
        hold H6 best=1                  -> held B-4 until 10m
        map                             -> hhhhhh hhhhaa hhhhhh
        release H1
        hold H7 best=2                  -> held A-3 A-4 until 10m
    ",
    );
}

#[test]
fn in_a_category_in_a_section_with_a_place_on_the_floor() {
    play(
        testing::hall_with(2, 4, &[("floor", 3)], |_| {}),
        "
        hold H1 best=2 category=Standard floor=1    -> held B-1 B-2 floor=1 until 10m
        hold H2 best=2 section=stalls               -> held A-1 A-2 until 10m
        hold H3 best=3 category=Standard            -> refused none_available
        hold H3 best=1 floor=3                      -> refused area_full 2 left
        hold H3 best=9                              -> refused none_available
    ",
    );
}

#[test]
fn a_party_that_cannot_sit_together_is_split_over_as_few_rows_as_possible() {
    play(
        testing::hall(3, 4),
        "
        hold H1 best=6                  -> held A-1 A-2 A-3 B-1 B-2 B-3 until 10m   # three and three, nobody alone
        map                             -> hhha hhha aaaa
        hold H2 best=5                  -> held C-1 C-2 C-3 C-4 B-4 until 10m
        hold H3 best=2                  -> refused none_available
        hold H3 best=1                  -> held A-4 until 10m
        hold H4 best=1                  -> refused none_available
    ",
    );
}

#[test]
fn one_row_with_a_gap_is_better_than_two_rows() {
    play(
        testing::hall(2, 5),
        "
        hold H1 by=staff A-3
        hold H2 by=staff B-1 B-3 B-5
        hold H3 best=4                  -> held A-1 A-2 A-4 A-5 until 10m
    ",
    );
}

#[test]
fn accessible_seats_are_left_to_those_who_need_them() {
    play(
        with_wheelchairs(),
        "
        hold H1 best=6                              -> held A-1 A-2 A-3 A-4 A-5 A-6 until 10m
        hold H2 best=4                              -> held B-3 B-4 B-5 B-6 until 10m
        hold H3 best=3                              -> refused none_available
        hold H3 best=2 accessible=1 companions=1    -> held B-1 B-2 until 10m
        hold H4 best=3 accessible=1 companions=1    -> held C-1 C-2 C-3 until 10m
        hold H5 best=2 accessible=2                 -> refused none_available
        hold H5 best=1 accessible=2                 -> refused none_available
        hold H5 best=1 accessible=1                 -> held C-6 until 10m
        hold H6 best=1 companions=1                 -> held C-5 until 10m
        hold H7 best=1                              -> held C-4 until 10m
    ",
    );
}

#[test]
fn two_wheelchairs_and_their_company_are_seated_near_each_other() {
    play(
        with_wheelchairs(),
        "
        hold H1 best=4 accessible=2 companions=2    -> held C-1 C-6 C-2 C-5 until 10m
    ",
    );
}
