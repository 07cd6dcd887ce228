//! A studio theatre: three banks of seats around a thrust stage, and four café tables in front.

use crate::catalog::plan::format::{Area, Circle, Document, Position, Row, RowKind, Shape, Size, Zone};

use super::draw::{
    ROW_STEP, SPACING, at, document, label, letter, outline, rectangle, row, stage, wheelchair_pair, zone,
};

const CENTRE: &str = "Centre bank";
const SIDE: &str = "Side bank";
const TABLES: &str = "Café tables";

const CATEGORIES: [(&str, &str); 3] = [(CENTRE, "#2f5d8c"), (SIDE, "#2e7d6b"), (TABLES, "#c4572e")];

const MIDDLE: f64 = 420.0;

pub(super) fn plan() -> Document {
    let zones = vec![centre(), side("Left bank", "left", -1.0), side("Right bank", "right", 1.0), tables()];
    let size = Size { width: 840, height: 720 };
    document("Estúdio Forno", &CATEGORIES, zones, size, at(MIDDLE, 200.0))
}

fn centre() -> Zone {
    let mut rows: Vec<Row> = (0..7)
        .map(|back| {
            let y = 450.0 + ROW_STEP * f64::from(back);
            // Every other row stands half a seat aside, so that nobody sits behind a head.
            let count = 12 + back % 2;
            let left = MIDDLE - SPACING * f64::from(count - 1) / 2.0;
            row("centre", &letter(back as usize), CENTRE, (0..count).map(|n| at(left + SPACING * f64::from(n), y)))
        })
        .collect();
    if let Some(front) = rows.first_mut() {
        wheelchair_pair(front, 0, false);
        wheelchair_pair(front, 0, true);
    }
    let scene =
        vec![at(250.0, 50.0), at(590.0, 50.0), at(590.0, 300.0), at(510.0, 340.0), at(330.0, 340.0), at(250.0, 300.0)];
    let areas = vec![
        stage(scene, "Stage", at(MIDDLE, 190.0), 26.0),
        rectangle(at(MIDDLE, 537.0), 340.0, 214.0, 0.0),
        label("Centre", at(MIDDLE, 668.0), 18.0),
    ];
    zone("Centre", "centre", rows, areas)
}

/// A bank that looks across the stage.
fn side(name: &str, id: &str, side: f64) -> Zone {
    let rows = (0..4)
        .map(|back| {
            let x = MIDDLE + side * (230.0 + ROW_STEP * f64::from(back));
            let mut row = row(id, &letter(back as usize), SIDE, (0..8).map(|n| at(x, 90.0 + SPACING * f64::from(n))));
            row.row_number_position = None;
            row
        })
        .collect();
    let middle = at(MIDDLE + side * (230.0 + ROW_STEP * 1.5), 90.0 + SPACING * 3.5);
    let areas = vec![rectangle(middle, 130.0, 205.0, 0.0), label(name, at(middle.x, 295.0), 16.0)];
    zone(name, id, rows, areas)
}

fn table_top(middle: Position, number: &str) -> Area {
    let text = label(number, Position::default(), 14.0).text;
    Area { shape: Shape::Circle { circle: Circle { radius: 15.0 } }, position: middle, text, ..outline(Vec::new()) }
}

/// Four chairs around each table. They are sold by the chair; whoever takes four has the table.
fn tables() -> Zone {
    let mut rows = Vec::new();
    let mut areas = Vec::new();
    for n in 0..4_i32 {
        let middle = at(MIDDLE - 150.0 + 100.0 * f64::from(n), 392.0);
        let number = (n + 1).to_string();
        let chairs = [(-26.0, -6.0), (26.0, -6.0), (-15.0, 24.0), (15.0, 24.0)];
        let places = chairs.map(|(x, y)| at(middle.x + x, middle.y + y - 8.0));
        let mut chairs = row("tables", &number, TABLES, places);
        chairs.kind = RowKind::Table;
        chairs.row_label = Some(format!("Table {number}"));
        chairs.row_number_position = None;
        rows.push(chairs);
        areas.push(table_top(at(middle.x, middle.y - 8.0), &number));
    }
    zone("Café tables", "tables", rows, areas)
}
