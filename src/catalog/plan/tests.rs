//! Plans that are wrong in every way, and some that are right.

use aisle_core::{AreaNo, PlanError, PlanVersionId, SeatNo};
use serde_json::{Value, json};
use uuid::Uuid;

use super::format::{NumberPosition, RowKind, Shape};
use super::*;

/// A small hall: five seats in two rows, a table for two, a floor of 800, a stage.
fn hall() -> Value {
    json!({
        "name": "Hall",
        "categories": [{"name": "Front", "color": "#8E3B8A"}, {"name": "Rear"}],
        "size": {"width": 300, "height": 200},
        "focal_point": {"x": 150, "y": 20},
        "zones": [
            {"name": "Stalls", "zone_id": "stalls", "position": {"x": 10, "y": 20}, "rows": [
                {"row_number": "A", "row_label": "Row A", "seat_label": "Seat %s", "row_number_position": "both",
                 "position": {"x": 1, "y": 2}, "seats": [
                    {"seat_guid": "A-1", "seat_number": "1", "position": {"x": 0, "y": 0}, "category": "Front", "accessible": true},
                    {"seat_guid": "A-2", "seat_number": "2", "position": {"x": 20, "y": 0}, "category": "Front", "companion": true},
                    {"seat_guid": "A-3", "seat_number": "3", "position": {"x": 40.5, "y": 0}, "category": "Front", "radius": 8,
                     "restricted_view": true, "note": "Pillar on the left", "start_direction": "<>"}]},
                {"row_number": "B", "row_number_position": null, "seats": [
                    {"seat_guid": "B-1", "seat_number": "1", "position": {"x": 0, "y": 30}, "category": "Rear"},
                    {"seat_guid": "B-2", "seat_number": "2", "position": {"x": 20, "y": 30}, "category": "Rear"}]}],
             "areas": [
                {"shape": "rectangle", "rotation": 0, "position": {"x": 0, "y": -20}, "color": "#dddddd", "border_color": "#888",
                 "rectangle": {"width": 100, "height": 16}, "text": {"text": "Stage", "size": 16, "position": {"x": 50, "y": 8}}}]},
            {"name": "Floor", "zone_id": "floor", "position": {"x": 0, "y": 0}, "rows": [
                {"row_number": "T1", "kind": "table", "sold_whole": true, "seats": [
                    {"seat_guid": "T1-1", "seat_number": "1", "position": {"x": 200, "y": 30}, "category": "Front"},
                    {"seat_guid": "T1-2", "seat_number": "2", "position": {"x": 230, "y": 30}, "category": "Front"}]}],
             "areas": [
                {"shape": "circle", "circle": {"radius": 40}, "position": {"x": 100, "y": 140}, "rotation": 0,
                 "text": {"text": "Dance floor", "position": {"x": 0, "y": 0}},
                 "area_id": "floor", "capacity": 800, "category": "Rear"}]}]
    })
}

fn parse(plan: &Value) -> Result<PlanDocument, PlanProblems> {
    PlanDocument::parse(plan.to_string().as_bytes())
}

/// The hall, with what stands at a JSON pointer put to something else (`null` is as good as nothing).
fn hall_with(changes: &[(&str, Value)]) -> Value {
    let mut plan = hall();
    for (pointer, value) in changes {
        match plan.pointer_mut(pointer) {
            Some(place) => *place = value.clone(),
            None => {
                let (above, key) = pointer.rsplit_once('/').unwrap();
                plan.pointer_mut(above).unwrap()[key] = value.clone();
            }
        }
    }
    plan
}

fn problems(changes: &[(&str, Value)]) -> Vec<String> {
    match parse(&hall_with(changes)) {
        Ok(_) => Vec::new(),
        Err(found) => found.problems.iter().map(ToString::to_string).collect(),
    }
}

const SEAT: &str = "/zones/0/rows/0/seats/1";
const ROW: &str = "/zones/0/rows/0";
const STAGE: &str = "/zones/0/areas/0";
const FLOOR: &str = "/zones/1/areas/0";

#[test]
fn a_small_hall_is_read_to_its_last_detail() {
    let plan = parse(&hall()).unwrap();
    assert_eq!(plan.stats(), PlanStats { seats: 7, areas: 1, places: 807, categories: 2, sections: 2 });
    assert_eq!(plan.guids().collect::<Vec<_>>(), ["A-1", "A-2", "A-3", "B-1", "B-2", "T1-1", "T1-2"]);
    assert_eq!(plan.area_ids().collect::<Vec<_>>(), ["floor"]);
    let document = plan.document();
    assert_eq!(document.categories[0].color, "#8e3b8a");
    assert_eq!(document.categories[1].color.len(), 7, "a category without a colour is given one");
    let stalls = &document.zones[0];
    assert_eq!(stalls.rows[0].row_number_position, Some(NumberPosition::Both));
    assert_eq!(stalls.rows[1].row_number_position, None);
    assert_eq!(stalls.rows[0].seats[2].radius, Some(8.0));
    assert_eq!(stalls.areas[0].border_color.as_deref(), Some("#888"));
    assert!(matches!(stalls.areas[0].shape, Shape::Rectangle { rectangle } if rectangle.width == 100.0));
    assert!(document.zones[1].rows[0].sold_whole);
}

#[test]
fn a_ticket_says_where_its_seat_is() {
    let plan = parse(&hall()).unwrap();
    let seat = plan.describe("A-3").unwrap();
    assert_eq!((seat.section, seat.row, seat.seat.as_str(), seat.category), ("Stalls", "Row A", "Seat 3", "Front"));
    assert_eq!((seat.restricted_view, seat.note), (true, Some("Pillar on the left")));
    let seat = plan.describe("B-2").unwrap();
    assert_eq!((seat.section, seat.row, seat.seat.as_str(), seat.category), ("Stalls", "B", "2", "Rear"));
    assert!(plan.describe("A-1").unwrap().accessible && plan.describe("A-2").unwrap().companion);
    assert_eq!(plan.describe("T1-1").unwrap().kind, RowKind::Table);
    assert_eq!(plan.describe("A-4"), None);
    let floor = plan.describe_area("floor").unwrap();
    assert_eq!((floor.section, floor.name, floor.category, floor.capacity), ("Floor", "Dance floor", "Rear", 800));
    assert_eq!(plan.describe_area("stage"), None);
}

#[test]
fn what_is_written_out_is_read_back_the_same() {
    let plan = parse(&hall()).unwrap();
    let written = serde_json::to_value(plan.document()).unwrap();
    let again = parse(&written).unwrap();
    assert_eq!(again.document(), plan.document());
    assert_eq!(PlanDocument::from_value(&written).unwrap().document(), plan.document());
}

#[test]
fn every_problem_is_told_with_its_place() {
    let at = |above: &str, key: &str| format!("{above}/{key}");
    let long = "x".repeat(201);
    let table: Vec<(String, Value, &str)> = vec![
        ("/name".into(), Value::Null, "name: is missing"),
        ("/name".into(), json!(7), "name: should be a text but is a number"),
        ("/name".into(), json!("  "), "name: is empty"),
        ("/name".into(), json!(long), "name: has 201 characters; at most 200 are allowed"),
        ("/name".into(), json!("a\u{7}b"), "name: has a control character"),
        ("/size".into(), json!(3), "size: should be an object but is a number"),
        ("/size/width".into(), json!(0), "size.width: 0 should be more than 0"),
        ("/size/height".into(), Value::Null, "size.height: is missing"),
        ("/focal_point/x".into(), json!(true), "focal_point.x: should be a number but is true or false"),
        ("/zones/0/focal_point".into(), json!(3), "zones[0].focal_point: should be an object but is a number"),
        ("/categories/1".into(), json!([]), "categories[1]: should be an object but is a list"),
        (
            "/categories/1/name".into(),
            json!("Front"),
            "categories[1].name: \"Front\" stands a second time, first at categories[0].name",
        ),
        (
            "/categories/0/color".into(),
            json!("mauve"),
            "categories[0].color: \"mauve\" is not a colour of the form #rrggbb",
        ),
        ("/zones/1".into(), Value::Null, "zones[1]: should be an object but is null"),
        (
            "/zones/1/zone_id".into(),
            json!("stalls"),
            "zones[1].zone_id: \"stalls\" stands a second time, first at zones[0].zone_id",
        ),
        ("/zones/1/rows".into(), Value::Null, "zones[1].rows: is missing"),
        ("/zones/1/rows".into(), json!({}), "zones[1].rows: should be a list but is an object"),
        ("/zones/1/position".into(), json!({"x": 1}), "zones[1].position.y: is missing"),
        (at(ROW, "row_number"), Value::Null, "zones[0].rows[0].row_number: is missing"),
        (at(ROW, "row_number"), json!(1), "zones[0].rows[0].row_number: should be a text but is a number"),
        (
            at(ROW, "row_number_position"),
            json!("left"),
            "zones[0].rows[0].row_number_position: \"left\" should be \"start\", \"end\" or \"both\"",
        ),
        (at(ROW, "seats"), Value::Null, "zones[0].rows[0].seats: is missing"),
        (at(ROW, "kind"), json!("sofa"), "zones[0].rows[0].kind: \"sofa\" should be \"table\" or \"box\""),
        (
            at(ROW, "sold_whole"),
            json!(true),
            "zones[0].rows[0].sold_whole: only a table or a box can be sold whole; \"kind\" says which",
        ),
        (at(SEAT, "seat_guid"), Value::Null, "zones[0].rows[0].seats[1].seat_guid: is missing"),
        (at(SEAT, "seat_guid"), json!(""), "zones[0].rows[0].seats[1].seat_guid: is empty"),
        (
            at(SEAT, "seat_guid"),
            json!("A-1"),
            "zones[0].rows[0].seats[1].seat_guid: \"A-1\" stands a second time, first at zones[0].rows[0].seats[0].seat_guid",
        ),
        (
            at(SEAT, "seat_guid"),
            json!(long),
            "zones[0].rows[0].seats[1].seat_guid: has 201 characters; at most 200 are allowed",
        ),
        (at(SEAT, "seat_number"), Value::Null, "zones[0].rows[0].seats[1].seat_number: is missing"),
        (
            at(SEAT, "start_direction"),
            json!("^"),
            "zones[0].rows[0].seats[1].start_direction: \"^\" should be \"<\", \">\" or \"<>\"",
        ),
        (at(SEAT, "radius"), json!(-1), "zones[0].rows[0].seats[1].radius: -1 should be more than 0"),
        (at(SEAT, "position"), Value::Null, "zones[0].rows[0].seats[1].position: is missing"),
        (
            at(SEAT, "position/x"),
            json!(1.0e7),
            "zones[0].rows[0].seats[1].position.x: 10000000 is out of bounds; between -1000000 and 1000000 is allowed",
        ),
        (at(SEAT, "position/x"), json!("4"), "zones[0].rows[0].seats[1].position.x: should be a number but is a text"),
        (at(SEAT, "category"), json!("Gods"), "zones[0].rows[0].seats[1].category: the plan has no category \"Gods\""),
        (at(SEAT, "category"), Value::Null, "zones[0].rows[0].seats[1].category: is missing"),
        (
            at(SEAT, "accessible"),
            json!(true),
            "zones[0].rows[0].seats[1].companion: a seat is either accessible or its companion's, not both",
        ),
        (
            at(SEAT, "accessible"),
            json!("yes"),
            "zones[0].rows[0].seats[1].accessible: should be true or false but is a text",
        ),
        (SEAT.into(), json!("A-2"), "zones[0].rows[0].seats[1]: should be an object but is a text"),
        (
            at(STAGE, "shape"),
            json!("star"),
            "zones[0].areas[0].shape: \"star\" should be \"polygon\", \"rectangle\", \"ellipse\", \"circle\" or \"text\"",
        ),
        (at(STAGE, "shape"), json!("polygon"), "zones[0].areas[0].polygon: is missing"),
        (at(STAGE, "rectangle/width"), json!(-5), "zones[0].areas[0].rectangle.width: -5 should be more than 0"),
        (at(STAGE, "color"), json!("\"><script>"), "zones[0].areas[0].color: \"\\\"><script>\" is not a colour"),
        (at(STAGE, "rotation"), json!("45deg"), "zones[0].areas[0].rotation: should be a number but is a text"),
        (at(STAGE, "text"), json!("Stage"), "zones[0].areas[0].text: should be an object but is a text"),
        (at(STAGE, "text/text"), Value::Null, "zones[0].areas[0].text.text: is missing"),
        (at(STAGE, "category"), json!("Gods"), "zones[0].areas[0].category: the plan has no category \"Gods\""),
        (at(FLOOR, "category"), json!("Gods"), "zones[1].areas[0].category: the plan has no category \"Gods\""),
        (at(FLOOR, "category"), Value::Null, "zones[1].areas[0].category: is missing"),
        (at(FLOOR, "area_id"), Value::Null, "zones[1].areas[0].area_id: is missing"),
        (at(FLOOR, "capacity"), json!(0), "zones[1].areas[0].capacity: 0 should be a whole number from 1 to 150000"),
        (
            at(FLOOR, "capacity"),
            json!(1.5),
            "zones[1].areas[0].capacity: 1.5 should be a whole number from 1 to 150000",
        ),
        (
            at(FLOOR, "capacity"),
            json!(150_001),
            "zones[1].areas[0].capacity: 150001 should be a whole number from 1 to 150000",
        ),
        (at(FLOOR, "capacity"), json!("800"), "zones[1].areas[0].capacity: should be a number but is a text"),
        (at(FLOOR, "circle"), json!({}), "zones[1].areas[0].circle.radius: is missing"),
    ];
    for (pointer, value, expected) in table {
        let found = problems(&[(&pointer, value.clone())]);
        // A category that is lost is missed by its seats as well.
        let told = if pointer.starts_with("/categories") { &found[..1] } else { &found[..] };
        assert_eq!(told, [expected], "{pointer} = {value}");
    }
}

#[test]
fn several_problems_are_told_in_one_answer_and_in_order() {
    let found = problems(&[
        ("/name", json!(1)),
        ("/zones/0/rows/1/seats/0/seat_guid", json!("A-1")),
        (FLOOR, json!({"capacity": 5})),
    ]);
    assert_eq!(
        found,
        [
            "name: should be a text but is a number",
            "zones[0].rows[1].seats[0].seat_guid: \"A-1\" stands a second time, first at zones[0].rows[0].seats[0].seat_guid",
            "zones[1].areas[0].category: is missing",
            "zones[1].areas[0].area_id: is missing",
        ]
    );
}

#[test]
fn a_category_that_is_missing_is_named_by_each_of_its_seats_up_to_fifty() {
    let seats: Vec<Value> = (0..60)
        .map(|n| json!({"seat_guid": format!("C-{n}"), "seat_number": "1", "position": {"x": n, "y": 0}, "category": "?"}))
        .collect();
    let found = parse(&hall_with(&[("/zones/0/rows/0/seats", json!(seats))])).unwrap_err();
    assert_eq!((found.problems.len(), found.more), (50, 10));
    assert_eq!(found.problems[49].field, "zones[0].rows[0].seats[49].category");
    assert_eq!(
        found.to_string(),
        "the seat plan has 60 problems, first zones[0].rows[0].seats[0].category: the plan has no category \"?\""
    );
}

#[test]
fn each_limit_is_reached_at_its_edge() {
    let most = PlanLimits {
        seats_max: 7,
        areas_max: 1,
        shapes_max: 2,
        zones_max: 2,
        rows_max: 3,
        categories_max: 2,
        text_chars_max: 18,
        ..PlanLimits::default()
    };
    let hall = hall().to_string();
    let parse = |limits: &PlanLimits| PlanDocument::parse_within(hall.as_bytes(), limits).map(|plan| plan.stats());
    assert!(parse(&most).is_ok(), "{:?}", parse(&most));
    let bytes = hall.len();
    assert!(parse(&PlanLimits { document_bytes_max: bytes, ..most }).is_ok());
    let table = [
        (
            PlanLimits { seats_max: 6, ..most },
            "zones[1].rows[0].seats[1]: is one too many; a plan has at most 6 seats".to_owned(),
        ),
        (
            PlanLimits { areas_max: 0, ..most },
            "zones[1].areas[0]: is one too many; a plan has at most 0 general-admission areas".to_owned(),
        ),
        (
            PlanLimits { shapes_max: 1, ..most },
            "zones[1].areas[0]: is one too many; a plan has at most 1 shapes".to_owned(),
        ),
        (PlanLimits { zones_max: 1, ..most }, "zones: has 2 entries; at most 1 are allowed".to_owned()),
        (PlanLimits { rows_max: 2, ..most }, "zones[1].rows: are too many; a plan has at most 2 rows".to_owned()),
        (
            PlanLimits { text_chars_max: 17, ..most },
            "zones[0].rows[0].seats[2].note: has 18 characters; at most 17 are allowed".to_owned(),
        ),
        (
            PlanLimits { document_bytes_max: bytes - 1, ..most },
            format!("has {bytes} bytes; at most {} are allowed", bytes - 1),
        ),
        (
            PlanLimits { objects_max: 10, ..most },
            "has more objects or values than a plan of the largest size".to_owned(),
        ),
        (
            PlanLimits { commas_max: 10, ..most },
            "has more objects or values than a plan of the largest size".to_owned(),
        ),
    ];
    for (limits, expected) in table {
        let found = parse(&limits).unwrap_err();
        assert_eq!(found.problems.iter().map(ToString::to_string).collect::<Vec<_>>(), [expected]);
    }
    // A category beyond the limit isn't known to its seats either.
    let found = parse(&PlanLimits { categories_max: 1, ..most }).unwrap_err();
    assert_eq!(found.problems[0].to_string(), "categories: has 2 entries; at most 1 are allowed");
}

#[test]
fn what_is_no_plan_at_all_is_refused_without_a_panic() {
    let deep = "[".repeat(100_000);
    let table: [(&[u8], &str); 10] = [
        (b"", "cannot be read: EOF"),
        (b"nonsense", "cannot be read: expected"),
        (b"\xff\xfe", "cannot be read: expected value"),
        (b"{\"name\": \"\xff\"}", "cannot be read: invalid unicode"),
        (b"{\"name\": \"a\", \"name\": \"b\"}", "cannot be read: duplicate field `name`"),
        (b"{\"name\": 1e999}", "cannot be read: number out of range"),
        (b"[]", "should be an object but is a list"),
        (b"null", "should be an object but is null"),
        (b"\"plan\"", "should be an object but is a text"),
        (deep.as_bytes(), "cannot be read: EOF while parsing a list"),
    ];
    for (json, expected) in table {
        let found = PlanDocument::parse(json).unwrap_err();
        let said = found.problems[0].to_string();
        assert!(said.starts_with(expected), "{said}");
    }
    let found = PlanDocument::parse(b"{}").unwrap_err();
    let found: Vec<_> = found.problems.iter().map(ToString::to_string).collect();
    assert_eq!(found, ["name: is missing", "categories: is missing", "zones: is missing"]);
    let found = PlanDocument::parse(br#"{"name": "Empty", "categories": [], "zones": []}"#).unwrap_err();
    assert_eq!(found.problems[0].to_string(), "zones: hold neither seats nor general-admission areas");
}

#[test]
fn any_single_wrong_value_is_a_problem_or_harmless_but_never_a_panic() {
    fn pointers(value: &Value, at: &str, all: &mut Vec<String>) {
        all.push(at.to_owned());
        match value {
            Value::Object(object) => {
                object.iter().for_each(|(key, value)| pointers(value, &format!("{at}/{key}"), all))
            }
            Value::Array(list) => {
                list.iter().enumerate().for_each(|(n, value)| pointers(value, &format!("{at}/{n}"), all))
            }
            _ => {}
        }
    }
    let mut all = Vec::new();
    pointers(&hall(), "", &mut all);
    for pointer in &all {
        for wrong in [
            json!(null),
            json!(true),
            json!(-1),
            json!(1e300),
            json!(""),
            json!("é".repeat(300)),
            json!([]),
            json!([1]),
            json!({}),
            json!({"x": []}),
        ] {
            let mut plan = hall();
            *plan.pointer_mut(pointer).unwrap() = wrong;
            if let Err(found) = parse(&plan) {
                assert!(!found.problems.is_empty(), "{pointer}");
            }
        }
    }
}

#[test]
fn older_documents_without_zone_ids_get_them_from_the_names() {
    let nameless = hall_with(&[
        ("/zones/0/zone_id", Value::Null),
        ("/zones/1/zone_id", Value::Null),
        ("/zones/1/name", json!("Stalls")),
    ]);
    let plan = parse(&nameless).unwrap();
    let ids: Vec<_> = plan.document().zones.iter().map(|zone| zone.zone_id.as_str()).collect();
    assert_eq!(ids, ["Stalls", "Stalls-2"]);
    let bare = hall_with(&[("/zones/0/zone_id", Value::Null), ("/zones/0/name", Value::Null), ("/size", Value::Null)]);
    let plan = parse(&bare).unwrap();
    assert_eq!(plan.document().zones[0].zone_id, "Zone 1");
    assert_eq!((plan.document().size.width, plan.document().size.height), (270, 90), "large enough for every seat");
}

#[test]
fn a_sections_focal_point_moves_with_the_section() {
    let plan = parse(&hall_with(&[("/zones/0/focal_point", json!({"x": 5, "y": 6}))])).unwrap();
    let topology = plan.topology(PlanVersionId(Uuid::from_u128(7)), numbers(&plan), |_| Some(AreaNo(4))).unwrap();
    let point = topology.sections()[0].focal_point.unwrap();
    assert_eq!((point.x, point.y), (15.0, 26.0));
    assert!(topology.sections()[1].focal_point.is_none());
    let again = parse(&serde_json::to_value(plan.document()).unwrap()).unwrap();
    assert_eq!(again.document(), plan.document(), "what is written is what was read");
}

/// Numbers in the plan's order.
fn numbers(plan: &PlanDocument) -> impl Fn(&str) -> Option<SeatNo> {
    let guids: Vec<String> = plan.guids().map(str::to_owned).collect();
    move |guid| guids.iter().position(|own| own == guid).map(|n| SeatNo(n as u32))
}

#[test]
fn the_core_gets_the_same_places_in_the_same_order() {
    let plan = parse(&hall()).unwrap();
    let version = PlanVersionId(Uuid::from_u128(7));
    let guids: Vec<String> = plan.guids().map(str::to_owned).collect();
    // Numbers run against the plan's order, as they may after an edit.
    let number = |guid: &str| guids.iter().rev().position(|own| own == guid).map(|n| SeatNo(n as u32 + 3));
    let topology = plan.topology(version, number, |_| Some(AreaNo(4))).unwrap();
    assert_eq!(topology.version(), version);
    assert_eq!(topology.seat_count(), 7);
    let order: Vec<_> = topology.order().iter().map(|&n| &*topology.seat(n).unwrap().guid).collect();
    assert_eq!(order, guids);
    let seat = topology.seat(topology.number_of("A-3").unwrap()).unwrap();
    assert_eq!((seat.position.x, seat.position.y), (51.5, 22.0), "zone, row and seat add up");
    assert!(topology.seat(topology.number_of("A-1").unwrap()).unwrap().accessible);
    assert_eq!(&*topology.categories()[seat.category.index()], "Front");
    assert_eq!(topology.section_of("floor").unwrap().0, 1);
    assert_eq!((topology.focal_point().x, topology.focal_point().y), (150.0, 20.0));
    let floor = topology.area_of("floor").unwrap();
    assert_eq!((floor.number, floor.capacity, floor.category.0), (AreaNo(4), 800, 1));
}

#[test]
fn numbers_that_are_missing_or_double_are_refused() {
    let plan = parse(&hall()).unwrap();
    let version = PlanVersionId(Uuid::nil());
    let refused = plan.topology(version, |guid| (guid != "B-1").then_some(SeatNo(1)), |_| None).unwrap_err();
    assert_eq!(refused, TopologyError::SeatWithoutNumber { guid: "B-1".into() });
    let refused = plan.topology(version, |_| Some(SeatNo(1)), |_| Some(AreaNo(1))).unwrap_err();
    assert_eq!(refused, TopologyError::Plan(PlanError::NumberTwice { number: 1 }));
    let number = |guid: &str| plan.guids().position(|own| own == guid).map(|n| SeatNo(n as u32));
    let refused = plan.topology(version, number, |_| None).unwrap_err();
    assert_eq!(refused, TopologyError::AreaWithoutNumber { area_id: "floor".into() });
}

#[test]
fn a_show_knows_its_tables_and_which_of_them_are_sold_whole() {
    let plan = parse(&hall()).unwrap();
    let numbers: Vec<&str> = plan.guids().collect();
    let number = |guid: &str| numbers.iter().position(|&known| known == guid).map(|at| SeatNo(at as u32));
    let show = plan.topology(PlanVersionId(Uuid::nil()), number, |_| Some(AreaNo(0))).unwrap();
    let table = show.whole_table_of(number("T1-2").unwrap()).unwrap();
    assert_eq!((&*table.id, table.seats.len()), ("floor-T1", 2));
    assert!(show.table_of(number("A-1").unwrap()).is_none(), "a line of seats is no table");
}
