//! A ticket for tests.

use uuid::Uuid;

use super::access::Standing;
use super::store::{Status, Ticket};

pub fn ticket() -> Ticket {
    Ticket {
        id: Uuid::from_u128(0x0198_7654_3210_8abc_8def_0123_4567_89ab),
        order_id: Uuid::from_u128(2),
        order_number: "A-7F3K2M".to_owned(),
        standing: Standing { organizer: Uuid::from_u128(3), link_version: 0, owners: vec![] },
        organizer: "The Aisle Houses".to_owned(),
        show_id: Uuid::from_u128(4),
        booking_id: Uuid::from_u128(5),
        seat: Some("stalls-A-12".to_owned()),
        area: None,
        section: Some("Stalls".to_owned()),
        row: Some("A".to_owned()),
        number: Some("12".to_owned()),
        label: "Stalls A-12".to_owned(),
        ticket_type: Some("adult".to_owned()),
        ticket_type_name: Some("Adult".to_owned()),
        price_level: Some("premium".to_owned()),
        price_level_name: Some("Premium".to_owned()),
        status: Status::Valid,
        issue: 0,
        passed_on_to: None,
        holder: "Ada Lovelace".to_owned(),
        production: "The Cherry Orchard".to_owned(),
        subtitle: "A comedy in four acts by Anton Chekhov".to_owned(),
        duration_min: Some(150),
        venue: "Grand Theatre".to_owned(),
        address: "1 High Street".to_owned(),
        city: "Lund".to_owned(),
        country: "Sweden".to_owned(),
        time_zone: "Europe/Stockholm".to_owned(),
        starts_at: "2026-12-12T18:30:00Z".parse().unwrap(),
        doors_at: Some("2026-12-12T18:00:00Z".parse().unwrap()),
        issued_at: "2026-11-22T12:00:00Z".parse().unwrap(),
    }
}
