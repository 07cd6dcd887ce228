//! The show, from outside.

use std::sync::Arc;

use aisle_core::*;
use uuid::Uuid;

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

#[test]
fn a_hold_lapses_and_its_seats_return_to_sale() {
    let mut builder = PlanBuilder::new(id(1).into(), ["A"]);
    builder.section("stalls");
    builder.row();
    for n in 0..10u32 {
        builder.seat(Seat {
            number: SeatNo(n),
            guid: format!("A-{n}").into(),
            section: SectionNo(0),
            row: 0,
            category: CategoryNo(0),
            position: Point { x: n as f32, y: 0.0 },
            accessible: false,
            companion: false,
        });
    }
    let mut show = Show::new(id(2).into(), Arc::new(builder.build().unwrap()));
    let mut touched = Touched::default();
    let publish = show.decide(Timestamp(0), &Command::Change(StateChange::Publish)).unwrap();
    show.apply(Timestamp(0), &publish[0], &mut touched);
    let hold = Command::Hold(HoldSeats {
        hold: id(3).into(),
        origin: Origin { channel: Channel::Public, buyer: None },
        seats: vec![],
        best: Some(BestAvailable { quantity: 2, category: None, section: None, accessible: 0, companions: 0 }),
        areas: vec![],
        allocation: None,
        request: Some(7),
    });
    let held = show.decide(Timestamp(0), &hold).unwrap();
    show.apply(Timestamp(0), &held[0], &mut touched);
    assert_eq!(show.letters(), "aaaahhaaaa");
    assert_eq!(show.decide(Timestamp(1), &hold), Ok(vec![]));
    assert_eq!(show.next_deadline(), Some(Timestamp(480_000)));
    assert_eq!(show.expire(Timestamp(479_999)), vec![]);
    let lapsed = show.expire(Timestamp(480_000));
    show.apply(Timestamp(480_000), &lapsed[0], &mut touched);
    assert_eq!(show.letters(), "aaaaaaaaaa");
    let bytes = postcard::to_stdvec(&show.image()).unwrap();
    let again = Show::from_image(show.plan().clone(), postcard::from_bytes(&bytes).unwrap()).unwrap();
    assert_eq!(again.image(), show.image());
}
