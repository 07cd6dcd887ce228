//! Every plan of the demo house passes the door it will come in by.

use std::collections::HashSet;

use aisle_core::{AreaNo, PlanVersionId, SeatNo};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::catalog::plan::{PlanDocument, PlanStats};

fn parsed(document: &Document) -> PlanDocument {
    let json = to_json(document).unwrap();
    PlanDocument::parse(json.as_bytes()).unwrap_or_else(|found| panic!("{:#?}", found.problems))
}

/// Counted without the parser's help.
fn counted(document: &Document) -> PlanStats {
    let seats = document.zones.iter().flat_map(|zone| &zone.rows).map(|row| row.seats.len()).sum::<usize>();
    let areas: Vec<_> =
        document.zones.iter().flat_map(|z| &z.areas).filter_map(|a| a.general_admission.as_ref()).collect();
    PlanStats {
        seats,
        areas: areas.len(),
        places: seats + areas.iter().map(|area| area.capacity as usize).sum::<usize>(),
        categories: document.categories.len(),
        sections: document.zones.len(),
    }
}

#[test]
fn every_plan_is_read_back_as_it_was_drawn() {
    for name in NAMES {
        let document = by_name(name).unwrap();
        let plan = parsed(&document);
        assert_eq!(plan.document(), &document, "{name}");
        assert_eq!(plan.stats(), counted(&document), "{name}");
        let guids: HashSet<_> = plan.guids().collect();
        assert_eq!(guids.len(), plan.stats().seats, "{name}: every guid is another");
    }
    assert!(by_name("opera").is_none());
}

#[test]
fn the_houses_have_the_size_they_say() {
    let seats = |document: &Document| counted(document).seats;
    assert!((850..=950).contains(&seats(&theatre())), "{}", seats(&theatre()));
    assert!((3_800..=4_200).contains(&seats(&concert_hall())), "{}", seats(&concert_hall()));
    assert!((120..=180).contains(&seats(&studio())), "{}", seats(&studio()));
    assert_eq!(seats(&stadium(60_000)), 60_000);
    assert_eq!(counted(&concert_hall()).areas, 2);
}

#[test]
fn drawing_twice_draws_the_same() {
    for name in NAMES {
        assert_eq!(by_name(name), by_name(name), "{name}");
    }
    let theatre = parsed(&theatre());
    for guid in ["stalls-A-1", "circle-A-1", "balcony-F-1", "boxes-8-4"] {
        assert!(theatre.describe(guid).is_some(), "{guid} is what tests and bookmarks call it");
    }
    assert_eq!(theatre.describe("boxes-8-4").unwrap().row, "Box 8");
}

#[test]
fn no_two_seats_stand_on_each_other_and_all_stand_on_the_paper() {
    for name in ["theatre", "concert-hall", "studio"] {
        let plan = parsed(&by_name(name).unwrap());
        let size = plan.document().size;
        let all: Vec<_> = plan.seats().map(|(_, _, seat)| seat).collect();
        for (n, seat) in all.iter().enumerate() {
            let at = seat.position;
            assert!(at.x >= 20.0 && at.y >= 20.0, "{name}: {} at {at:?}", seat.seat_guid);
            let (right, bottom) = (f64::from(size.width) - 20.0, f64::from(size.height) - 20.0);
            assert!(at.x <= right && at.y <= bottom, "{name}: {} at {at:?}", seat.seat_guid);
            for other in &all[n + 1..] {
                let apart = (at.x - other.position.x).hypot(at.y - other.position.y);
                assert!(apart >= 20.0, "{name}: {} and {} are {apart} apart", seat.seat_guid, other.seat_guid);
            }
        }
    }
}

#[test]
fn every_category_has_places_and_every_house_has_room_for_wheelchairs() {
    for name in NAMES {
        let plan = parsed(&by_name(name).unwrap());
        let mut used: HashSet<&str> = plan.seats().map(|(_, _, seat)| seat.category.as_str()).collect();
        used.extend(plan.general_admission().map(|(_, area)| area.category.as_str()));
        let named: HashSet<&str> = plan.document().categories.iter().map(|category| category.name.as_str()).collect();
        assert_eq!(used, named, "{name}");
        let accessible = plan.seats().filter(|(_, _, seat)| seat.accessible).count();
        let companions = plan.seats().filter(|(_, _, seat)| seat.companion).count();
        assert!(accessible >= 2 && accessible == companions, "{name}: {accessible} and {companions}");
    }
}

#[test]
fn the_core_cuts_the_theatres_rows_at_its_aisles() {
    let plan = parsed(&theatre());
    let number = |guid: &str| plan.guids().position(|own| own == guid).map(|n| SeatNo(u32::try_from(n).unwrap()));
    let topology = plan.topology(PlanVersionId(Uuid::nil()), number, |_| Some(AreaNo(0))).unwrap();
    let stalls = topology.section_of("stalls").unwrap();
    for row in topology.rows().iter().filter(|row| row.section == stalls) {
        assert_eq!(row.blocks.len(), 3, "two aisles");
    }
    let circle = topology.section_of("circle").unwrap();
    for row in topology.rows().iter().filter(|row| row.section == circle) {
        assert_eq!(row.blocks.len(), 4, "three aisles");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn a_stadium_has_exactly_the_seats_asked_for(seats in 1_usize..4_000) {
        let document = stadium(seats);
        let plan = parsed(&document);
        prop_assert_eq!(plan.stats().seats, seats);
        prop_assert_eq!(plan.document(), &document);
    }
}

#[test]
fn a_stadium_is_never_larger_than_a_plan_may_be() {
    assert_eq!(counted(&stadium(0)).seats, 1);
    assert_eq!(counted(&stadium(usize::MAX)).seats, STADIUM_SEATS_MAX);
}
