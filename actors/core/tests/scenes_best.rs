//! The best that the house has.

use std::sync::Arc;

use aisle_core::testing::{self, DrawnRow, DrawnSection};
use aisle_core::{Plan, Point};

use crate::scene::play;

/// One row of seats with this name, at these places across and this far back.
fn row(name: &str, back: f32, across: &[f32]) -> DrawnRow {
    let seats = across.iter().map(|&x| Point { x, y: back }).collect();
    DrawnRow { name: name.into(), category: 0, seats, accessible: vec![] }
}

fn section(id: &str, rows: &[DrawnRow]) -> DrawnSection {
    DrawnSection { id: id.into(), focal_point: None, rows: rows.to_vec() }
}

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
fn a_party_too_large_for_a_row_sits_in_two_rows_behind_each_other() {
    play(
        testing::hall(3, 8),
        "
        hold H1 by=staff A-5 A-6 A-7 A-8 B-5 B-6 B-7 B-8 C-1 C-5 C-6
        map                             -> aaaahhhh aaaahhhh haaahhaa
        hold H2 best=8                  -> held A-1 A-2 A-3 A-4 B-1 B-2 B-3 B-4 until 10m      # four and four
        release H2
        hold H3 best=7                  -> held B-1 B-2 B-3 B-4 C-2 C-3 C-4 until 10m          # in A one would be stranded
        release H3
        hold H4 best=5                  -> held B-3 B-4 C-2 C-3 C-4 until 10m
    ",
    );
}

#[test]
fn three_rows_only_where_two_do_not_do() {
    play(
        testing::hall(4, 3),
        "
        hold H1 best=5                  -> held A-1 A-2 A-3 B-1 B-2 until 10m
        release H1
        hold H2 best=8                  -> held A-1 A-2 A-3 B-1 B-2 B-3 C-1 C-2 until 10m
        release H2
        hold H3 best=11                 -> refused seat_limit_reached max 10
        hold H3 best=10                 -> held A-1 A-2 A-3 B-1 B-2 B-3 C-1 C-2 D-1 D-2 until 10m
    ",
    );
}

#[test]
fn behind_each_other_is_told_by_where_the_seats_are() {
    // Row B is longer than A and bent around it; row C is behind a gangway.
    let bent = |name: &str, radius: f32, seats: u8| DrawnRow {
        seats: (0..seats)
            .map(|at| (f32::from(at) - f32::from(seats - 1) / 2.0) / radius)
            .map(|angle| Point { x: radius * angle.sin(), y: radius * angle.cos() })
            .collect(),
        ..row(name, 0.0, &[])
    };
    play(
        testing::drawn(&[section(
            "stalls",
            &[bent("A", 6.0, 5), bent("B", 7.0, 9), bent("C", 8.0, 9), bent("D", 10.5, 9)],
        )]),
        "
        hold H1 best=10                 -> held A-1 A-2 A-3 A-4 A-5 B-3 B-4 B-5 B-6 B-7 until 10m
        sit H1                          -> in rows behind each other
        hold H2 B-1 C-1 C-2             # C-1 is behind B-1, but B-1 is alone
        sit H2                          -> apart
        hold H3 C-7 C-8 D-7 D-8
        sit H3                          -> apart
        hold H4 C-3 C-4
        sit H4                          -> in one row
        release H2
        hold H5 B-1 B-2 C-1 C-2
        sit H5                          -> in rows behind each other
        change H5 -B-1 -B-2 -C-1
        sit H5                          -> in one row
    ",
    );
}

#[test]
fn without_rows_behind_each_other_a_party_is_split_over_as_few_rows_as_possible() {
    play(
        testing::hall(3, 6),
        "
        hold H1 by=staff A-4 A-5 A-6 B-1 B-2 B-3 C-4 C-5 C-6
        map                             -> aaahhh hhhaaa aaahhh
        hold H2 best=6                  -> held A-1 A-2 A-3 C-1 C-2 C-3 until 10m   # three and three, nobody alone
        hold H3 best=2                  -> held B-4 B-5 until 10m
        hold H4 best=2                  -> refused none_available
        hold H4 best=1                  -> held B-6 until 10m
    ",
    );
}

#[test]
fn two_groups_of_one_row_are_of_equal_size() {
    play(
        testing::hall(2, 8),
        "
        hold H1 by=staff A-4 A-5 B-2 B-4 B-6 B-8
        hold H2 best=4                  -> held A-2 A-3 A-6 A-7 until 10m           # not three and one
        sit H2                          -> apart
    ",
    );
}

#[test]
fn across_the_aisle_is_nearer_than_another_section() {
    play(
        testing::drawn(&[
            section("near", &[row("A", 1.0, &[-1.0, 0.0, 1.0, 2.0])]),
            section("other", &[row("X", 2.0, &[-1.0, 0.0, 1.0, 2.0, 5.0, 6.0, 7.0, 8.0])]),
        ]),
        "
        hold H1 by=staff A-1
        hold H2 by=staff X-1
        hold H3 best=6                  -> held X-2 X-3 X-4 X-5 X-6 X-7 until 10m
        release H3
        hold H4 best=3                  -> held A-2 A-3 A-4 until 10m
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

/// A section to the right of the stage: its first seat is nearest to it.
fn side(middle: Option<f32>) -> Arc<Plan> {
    let mut side = section("side", &[row("S", 5.0, &[10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0])]);
    side.focal_point = middle.map(|x| Point { x, y: 5.0 });
    testing::drawn(&[side])
}

#[test]
fn a_section_with_a_focal_point_of_its_own_is_best_in_its_middle() {
    play(
        side(None),
        "
        hold H1 best=2                  -> held S-1 S-2 until 10m
    ",
    );
    play(
        side(Some(13.5)),
        "
        hold H1 best=2                  -> held S-4 S-5 until 10m
        hold H2 best=2                  -> held S-2 S-3 until 10m
        hold H3 best=2                  -> held S-6 S-7 until 10m
    ",
    );
}
