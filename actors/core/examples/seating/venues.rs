//! Three houses to seat people in.

use std::sync::Arc;

use aisle_core::testing::{DrawnRow, DrawnSection, drawn};
use aisle_core::{Plan, Point};

pub struct Venue {
    pub name: &'static str,
    pub plan: Arc<Plan>,
}

pub fn venues() -> Vec<Venue> {
    vec![
        Venue { name: "cinema", plan: cinema() },
        Venue { name: "theatre", plan: theatre() },
        Venue { name: "arena", plan: arena() },
    ]
}

/// Straight rows of 20 with two aisles; wheelchairs at the ends of the last row.
fn cinema() -> Arc<Plan> {
    let row = |back: u8| DrawnRow {
        name: format!("A{back}"),
        category: u16::from(back < 4),
        seats: (0..20u8)
            .map(|at| {
                let aisles = if at < 4 {
                    -1.5
                } else if at < 16 {
                    0.0
                } else {
                    1.5
                };
                Point { x: f32::from(at) - 9.5 + aisles, y: 4.0 + 1.8 * f32::from(back) }
            })
            .collect(),
        accessible: if back == 13 { vec![5, 14] } else { vec![] },
    };
    drawn(&[DrawnSection { id: "hall".into(), focal_point: None, rows: (0..14).map(row).collect() }])
}

/// Curved stalls with rows that grow, and a circle above them.
fn theatre() -> Arc<Plan> {
    let bent = |name: String, category: u16, radius: f32, seats: u8, accessible: Vec<usize>| DrawnRow {
        name,
        category,
        seats: (0..seats)
            .map(|at| (f32::from(at) - f32::from(seats - 1) / 2.0) / radius)
            .map(|angle| Point { x: radius * angle.sin(), y: radius * angle.cos() })
            .collect(),
        accessible,
    };
    let stalls = (0..16u8).map(|back| {
        let accessible = if back == 15 { vec![1, 28] } else { vec![] };
        bent(format!("S{back}"), u16::from(back > 8), 9.0 + 1.6 * f32::from(back), 16 + back, accessible)
    });
    let circle = (0..6u8).map(|back| bent(format!("C{back}"), 2, 38.0 + 1.6 * f32::from(back), 34 + 2 * back, vec![]));
    let section = |id: &str, rows| DrawnSection { id: id.into(), focal_point: None, rows };
    drawn(&[section("stalls", stalls.collect()), section("circle", circle.collect())])
}

/// Three blocks of 20 rows; those at the sides say themselves where they are best.
fn arena() -> Arc<Plan> {
    let block = |id: &str, left: f32, best: Option<f32>| DrawnSection {
        id: id.into(),
        focal_point: best.map(|x| Point { x, y: 10.0 }),
        rows: (0..20u8)
            .map(|back| DrawnRow {
                name: format!("{id}{back}"),
                category: u16::from(back / 7),
                seats: (0..18u8).map(|at| Point { x: left + f32::from(at), y: 10.0 + 1.7 * f32::from(back) }).collect(),
                accessible: if back == 0 { vec![1, 16] } else { vec![] },
            })
            .collect(),
    };
    drawn(&[block("L", -29.0, Some(-20.5)), block("M", -8.5, None), block("R", 12.0, Some(20.5))])
}
