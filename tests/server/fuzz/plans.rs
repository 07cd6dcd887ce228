//! Plan files.

use std::collections::HashMap;

use aisle::catalog::plan::{PROBLEMS_MAX, PlanDocument};
use aisle_actors::core::{AreaNo, PlanVersionId, SeatNo};
use serde_json::json;
use uuid::Uuid;

use super::mutate::{is_whole, rounds};
use crate::house::hall;

/// Everything that a plan may have.
fn rich() -> String {
    let at = |x: f64, y: f64| json!({"x": x, "y": y});
    json!({
        "name": "Cabaret", "size": {"width": 400, "height": 300}, "focal_point": at(200.0, -10.5),
        "categories": [{"name": "A", "color": "#aa3333"}, {"name": "B"}],
        "zones": [
            {"name": "Floor", "zone_id": "floor", "uuid": "z-1", "position": at(10.25, 20.0), "focal_point": at(0.5, 0.5), "rows": [
                {"row_number": "T1", "row_label": "Table 1", "seat_label": "Chair %s", "kind": "table", "sold_whole": true,
                 "row_number_position": "both", "position": at(0.1, 0.2), "seats": [
                    {"seat_guid": "t-1", "seat_number": "1", "position": at(1.0, 2.0), "category": "A", "accessible": true, "radius": 8.5},
                    {"seat_guid": "t-2", "seat_number": "2", "position": at(21.0, 2.0), "category": "A", "companion": true}]},
                {"row_number": "B", "kind": "box", "position": at(0.0, 40.0), "seats": [
                    {"seat_guid": "b-1", "seat_number": "1", "position": at(0.0, 0.0), "category": "B", "start_direction": ">",
                     "restricted_view": true, "note": "Pillar on the left"}]}],
             "areas": [
                {"shape": "polygon", "position": at(0.0, 90.0), "polygon": {"points": [at(0.0, 0.0), at(9.0, 0.0), at(9.0, 9.0)]},
                 "color": "#cccccc", "border_color": "black", "rotation": 45.0, "area_id": "bar", "capacity": 12, "category": "B",
                 "text": {"text": "Bar", "position": at(4.0, 4.0), "color": "#000", "size": 12}},
                {"shape": "ellipse", "position": at(5.0, 5.0), "ellipse": {"radius": at(3.0, 4.0)}},
                {"shape": "circle", "position": at(5.0, 5.0), "circle": {"radius": 3.0}},
                {"shape": "text", "position": at(5.0, 5.0), "text": {"text": "Stage", "position": at(0.0, 0.0)}}]},
            {"name": "Circle", "position": at(0.0, 0.0), "rows": [
                {"row_number": "A", "position": at(0.0, 0.0), "seats": [
                    {"seat_guid": "c-1", "seat_number": "1", "position": at(0.0, 0.0), "category": "B"}]}], "areas": []}]
    })
    .to_string()
}

/// What is taken is a whole plan: it says of each place what it is, and a show can be played on it.
fn must_be_whole(plan: &PlanDocument) {
    let guids: Vec<&str> = plan.guids().collect();
    assert_eq!(guids.len(), plan.stats().seats);
    assert!(guids.iter().all(|guid| plan.describe(guid).is_some()));
    assert!(plan.area_ids().all(|id| plan.describe_area(id).is_some()));
    let seats: HashMap<&str, SeatNo> = guids.iter().copied().zip((0..).map(SeatNo)).collect();
    let areas: HashMap<&str, AreaNo> = plan.area_ids().zip((0..).map(AreaNo)).collect();
    let version = PlanVersionId(Uuid::from_u128(1));
    let played = plan.topology(version, |guid| seats.get(guid).copied(), |id| areas.get(id).copied()).unwrap();
    assert_eq!(played.seat_count(), guids.len());
}

#[test]
fn a_spoilt_plan_is_refused_with_its_faults_or_is_printed_and_read_again_the_same() {
    let examples = [hall(2, 4, 9).to_string(), rich()];
    for right in &examples {
        must_be_whole(&PlanDocument::parse(right.as_bytes()).unwrap());
    }
    let worth = rounds("plan files", 6_000, |chance| {
        let right = chance.one_of(&examples).as_bytes();
        let spoilt = if chance.below(2) == 0 { chance.spoil(right) } else { chance.spoil_value(right) };
        match PlanDocument::parse(&spoilt) {
            Err(found) => {
                assert!((1..=PROBLEMS_MAX).contains(&found.problems.len()), "{found}");
                assert!(found.problems.iter().all(|problem| !problem.message.is_empty()), "{found}");
                false
            }
            Ok(plan) => {
                must_be_whole(&plan);
                let printed = serde_json::to_vec(plan.document()).unwrap();
                let again = PlanDocument::parse(&printed).unwrap_or_else(|problems| panic!("{problems}"));
                assert_eq!(again.document(), plan.document());
                spoilt != right
            }
        }
    });
    assert!(!is_whole() || worth > 100, "hardly any spoilt plan could be read: {worth}");
}
