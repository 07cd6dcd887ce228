//! The orphan rule.

use aisle_core::{Point, testing};

use crate::scene::play;

#[test]
fn strict_refuses_wherever_the_same_party_could_sit_better_in_the_house() {
    play(
        testing::hall(1, 7),
        "
        configure orphans=strict
        hold H1 A-2                     -> refused strands_a_seat A-1
        hold H1 A-1 A-3                 -> refused strands_a_seat A-2
        hold H1 A-6 A-2                 -> refused strands_a_seat A-1 A-7
        hold H1 A-3 A-4                 -> held A-3 A-4 until 10m
        hold H2 A-1                     -> refused strands_a_seat A-2
        hold H2 A-1 A-2                 -> held A-1 A-2 until 10m
        hold H3 A-5                     -> held A-5 until 10m
        hold H4 A-7                     -> held A-7 until 10m           # one of the last two is alone anyhow
        hold H5 A-6                     -> held A-6 until 10m           # the last single is sold
    ",
    );
}

#[test]
fn the_counter_knows_what_it_does() {
    play(
        testing::hall(1, 7),
        "
        configure orphans=strict
        hold H1 by=allocation A-2       -> refused strands_a_seat A-1
        hold H1 by=staff A-2            -> held A-2 until 10m
    ",
    );
}

#[test]
fn two_of_three_may_be_taken_where_three_is_all_that_is_left_anywhere() {
    // B is as dear as A, C costs less: it is no other way for who wants A.
    play(
        testing::hall(3, 6),
        "
        hold H1 by=staff A-4 A-5 A-6 B-1 B-2 B-3
        configure orphans=off
        hold H2 A-1 A-2                 -> held A-1 A-2 until 10m
        release H2
        configure orphans=lenient
        hold H3 A-1 A-2                 -> held A-1 A-2 until 10m       # in this block there is no other way
        release H3
        configure orphans=strict
        hold H4 A-1 A-2                 -> held A-1 A-2 until 10m       # B-4 B-5 B-6 would be no better
        hold H5 by=staff B-4
        hold H6 B-5                     -> refused strands_a_seat B-6   # one may have A-3
        hold H6 B-5 B-6                 -> held B-5 B-6 until 10m
    ",
    );
}

#[test]
fn strict_and_lenient_differ_where_another_block_has_room() {
    play(
        testing::hall(4, 4),
        "
        hold H1 by=staff A-4
        configure orphans=strict
        hold H2 A-1 A-2                 -> refused strands_a_seat A-3   # B has room for two
        configure orphans=lenient
        hold H2 A-1 A-2                 -> held A-1 A-2 until 10m       # A had not
    ",
    );
}

#[test]
fn an_accessible_seat_has_no_other_way_but_another_accessible_seat() {
    let plan = testing::hall_with(4, 4, &[], |seat| seat.accessible = matches!(&*seat.guid, "A-2" | "B-1"));
    play(
        plan,
        "
        configure orphans=strict
        hold H1 A-2                     -> refused strands_a_seat A-1   # B-1 would strand nobody
        hold H1 B-1                     -> held B-1 until 10m
        hold H2 A-2                     -> held A-2 until 10m
    ",
    );
}

#[test]
fn lenient_refuses_only_where_the_same_party_could_sit_better_in_the_block() {
    play(
        testing::hall(2, 3),
        "
        configure orphans=lenient
        hold H1 A-2                     -> refused strands_a_seat A-1 A-3   # one could sit at the end
        hold H1 A-1 A-2                 -> held A-1 A-2 until 10m           # two of three always leave one
        hold H2 B-1                     -> held B-1 until 10m
    ",
    );
}

#[test]
fn the_final_set_is_judged_and_only_where_seats_are_added() {
    play(
        testing::hall(1, 8),
        "
        hold H1 A-1 A-2 A-3 A-4
        configure orphans=strict
        change H1 -A-2                  -> changed -A-2                 # giving back is never refused
        change H1 +A-5                  -> changed +A-5                 # A-2 was alone before
        change H1 +A-7                  -> refused strands_a_seat A-6 A-8
        change H1 +A-6 -A-5 -A-4        -> changed +A-6 -A-5 -A-4
        change H1 +A-7 -A-6             -> refused strands_a_seat A-8
        change H1 +A-7 +A-8             -> changed +A-7 +A-8
    ",
    );
}

#[test]
fn the_rule_ends_near_the_end_of_the_sale() {
    play(
        testing::hall(1, 6),
        "
        configure orphans=strict until=2h orphans_end=30m
        tick 1h29m59s999ms
        hold H1 A-2                     -> refused strands_a_seat A-1
        tick 1h30m
        hold H1 A-2                     -> held A-2 until 1h40m
    ",
    );
}

#[test]
fn a_rule_without_an_end_of_sale_never_ends() {
    play(
        testing::hall(1, 6),
        "
        configure orphans=strict orphans_end=30m
        tick 1000h
        hold H1 A-2                     -> refused strands_a_seat A-1
        hold H1 by=code A-2             -> refused strands_a_seat A-1
    ",
    );
}

#[test]
fn people_on_both_sides_of_an_aisle_strand_nobody_across_it() {
    let with_an_aisle = testing::hall_with(1, 6, &[], |seat| {
        if seat.number.0 >= 3 {
            seat.position.x += 5.0;
        }
    });
    play(
        with_an_aisle,
        "
        configure orphans=strict
        hold H1 A-3                     -> held A-3 until 10m
        hold H2 A-5                     -> refused strands_a_seat A-4 A-6
        hold H2 A-4                     -> held A-4 until 10m
    ",
    );
}

#[test]
fn best_available_keeps_the_rule() {
    play(
        testing::hall(2, 3),
        "
        hold H1 best=2                  -> held A-1 A-2 until 10m       # no other way
        hold H2 best=1                  -> held A-3 until 10m
        configure orphans=strict
        hold H3 best=1                  -> held B-1 until 10m           # B-2 is nearer, but would strand two
        hold H4 best=1                  -> held B-2 until 10m           # no other way
        hold H5 best=1                  -> held B-3 until 10m
        release H3
        release H4
        release H5
        hold H6 best=2                  -> held B-1 B-2 until 10m       # no other way here either
    ",
    );
}

#[test]
fn best_available_in_one_section_is_bound_by_the_whole_house() {
    let section = |id: &str, x: f32| testing::DrawnSection {
        id: id.into(),
        focal_point: None,
        rows: vec![testing::DrawnRow {
            name: id.into(),
            category: 0,
            seats: [0.0, 1.0, 2.0, 3.0].map(|at| Point { x: x + at, y: 5.0 }).to_vec(),
            accessible: vec![],
        }],
    };
    play(
        testing::drawn(&[section("left", -5.0), section("right", 2.0)]),
        "
        hold H1 by=staff left-1
        configure orphans=strict
        hold H2 best=2 section=left     -> refused none_available       # two would sit well on the right
        configure orphans=lenient
        hold H2 best=2 section=left     -> held left-3 left-4 until 10m
    ",
    );
}
