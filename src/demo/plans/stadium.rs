//! A stadium of any size: three tiers of blocks around a pitch, straight along its sides and bent at its corners.

use crate::catalog::plan::format::{Document, Position, Size, Zone};

use super::draw::{at, document, label, outline, row, stage, wheelchair_pair, zone};

const CATEGORIES: [(&str, &str); 5] = [
    ("Category 1", "#9c2f4b"),
    ("Category 2", "#2f5d8c"),
    ("Category 3", "#2e7d6b"),
    ("Category 4", "#b5832a"),
    ("Family", "#6b4a8f"),
];

/// The first row runs so far from the pitch's middle, to the sides and up.
const HALF_WIDTH: f64 = 1_700.0;
const HALF_HEIGHT: f64 = 1_200.0;
const CORNER: f64 = 420.0;
const STEP: f64 = 25.0;
const AISLE: f64 = 30.0;
const MIDDLE: Position = Position { x: 3_600.0, y: 3_100.0 };

/// Rows, and how far behind the first row of all the tier begins.
const TIERS: [(usize, f64); 3] = [(22, 0.0), (14, 640.0), (24, 1_080.0)];

/// One way around, from the upper left corner: straight pieces and corners, with their number of blocks.
#[derive(Clone, Copy)]
enum Piece {
    /// From its first point in the direction of the angle, blocks side by side; outwards is to the left of it.
    Side { from: Position, angle: f64, length: f64, blocks: usize, long: bool },
    /// A quarter turn around its middle, beginning at the angle of its outward direction.
    Corner { middle: Position, angle: f64, blocks: usize },
}

fn pieces(tier: usize) -> [Piece; 8] {
    let (w, h) = (HALF_WIDTH - CORNER, HALF_HEIGHT - CORNER);
    let spot = |x: f64, y: f64| Position { x: MIDDLE.x + x, y: MIDDLE.y + y };
    let side = |from, angle, length, blocks, long| Piece::Side { from, angle, length, blocks, long };
    // A corner grows with its distance, and its blocks with it.
    let corner = |middle, angle| Piece::Corner { middle, angle, blocks: tier + 2 };
    [
        side(spot(-w, -HALF_HEIGHT), 0.0, 2.0 * w, 7, true),
        corner(spot(w, -h), -90.0),
        side(spot(HALF_WIDTH, -h), 90.0, 2.0 * h, 5, false),
        corner(spot(w, h), 0.0),
        side(spot(w, HALF_HEIGHT), 180.0, 2.0 * w, 7, true),
        corner(spot(-w, h), 90.0),
        side(spot(-HALF_WIDTH, h), 270.0, 2.0 * h, 5, false),
        corner(spot(-w, -h), 180.0),
    ]
}

impl Piece {
    fn blocks(self) -> usize {
        match self {
            Self::Side { blocks, .. } | Self::Corner { blocks, .. } => blocks,
        }
    }

    /// How long a block is at this distance behind the first row.
    fn block_length(self, back: f64) -> f64 {
        match self {
            Self::Side { length, blocks, .. } => length / blocks as f64,
            Self::Corner { blocks, .. } => (CORNER + back) * std::f64::consts::FRAC_PI_2 / blocks as f64,
        }
    }

    /// The place so far along a block, so far behind the first row.
    fn place(self, block: usize, along: f64, back: f64) -> Position {
        let along = along + self.block_length(back) * block as f64;
        match self {
            Self::Side { from, angle, .. } => {
                let (sin, cos) = angle.to_radians().sin_cos();
                at(from.x + along * cos + back * sin, from.y + along * sin - back * cos)
            }
            Self::Corner { middle, angle, .. } => {
                let radius = CORNER + back;
                let (sin, cos) = (angle.to_radians() + along / radius).sin_cos();
                at(middle.x + radius * cos, middle.y + radius * sin)
            }
        }
    }

    fn seats(self, back: f64, spacing: f64) -> usize {
        ((self.block_length(back) - AISLE) / spacing).floor().max(0.0) as usize
    }

    fn category(self, tier: usize) -> &'static str {
        let place = match (self, tier) {
            (Self::Side { long: true, .. }, 0 | 1) => 0,
            (Self::Side { long: true, .. }, _) | (Self::Side { long: false, .. }, 1) => 1,
            (Self::Side { long: false, .. }, 0) => 4,
            (Self::Corner { .. }, 0 | 1) => 2,
            (Self::Side { long: false, .. } | Self::Corner { .. }, _) => 3,
        };
        CATEGORIES[place].0
    }
}

fn count(spacing: f64) -> usize {
    let tiers = TIERS.iter().enumerate();
    let rows = tiers.flat_map(|(tier, &(rows, first))| (0..rows).map(move |row| (tier, first + STEP * row as f64)));
    rows.flat_map(|(tier, back)| pieces(tier).map(|piece| piece.blocks() * piece.seats(back, spacing))).sum()
}

/// The widest seats of which at least so many fit.
fn spacing_for(seats: usize) -> f64 {
    let (mut fits, mut too_wide) = (1.0, 1_000.0);
    for _ in 0..60 {
        let middle = f64::midpoint(fits, too_wide);
        if count(middle) >= seats {
            fits = middle;
        } else {
            too_wide = middle;
        }
    }
    fits
}

/// Exactly so many seats; what is too much is taken from the ends of the last rows of the upper tier.
pub(super) fn plan(seats: usize) -> Document {
    let spacing = spacing_for(seats);
    let radius = (spacing.min(STEP) * 0.44).max(1.0).round();
    let mut surplus = count(spacing) - seats;
    let mut zones = Vec::new();
    // From the top, so that what is too much is missed where it is missed least.
    for (tier, &(row_count, first)) in TIERS.iter().enumerate().rev() {
        let mut number = (tier + 1) * 100;
        let mut blocks = Vec::new();
        for piece in pieces(tier) {
            for block in 0..piece.blocks() {
                number += 1;
                blocks.push(block_of(piece, block, tier, number, (row_count, first), spacing));
            }
        }
        surplus -= trim(&mut blocks, surplus);
        zones.splice(0..0, blocks);
    }
    zones.push(pitch());
    for seat in zones.iter_mut().flat_map(|zone| &mut zone.rows).flat_map(|row| &mut row.seats) {
        seat.radius = Some(radius);
    }
    let size = Size { width: 7_200, height: 6_200 };
    document(&format!("Stadium of {seats}"), &CATEGORIES, zones, size, MIDDLE)
}

/// Takes seats from the ends of the last rows, one from each block in turn; says how many.
fn trim(blocks: &mut [Zone], wanted: usize) -> usize {
    let mut taken = 0;
    while taken < wanted {
        let before = taken;
        for block in blocks.iter_mut() {
            if taken == wanted {
                break;
            }
            if let Some(row) = block.rows.iter_mut().rev().find(|row| !row.seats.is_empty()) {
                row.seats.pop();
                taken += 1;
            }
        }
        if taken == before {
            break;
        }
    }
    taken
}

fn block_of(piece: Piece, block: usize, tier: usize, number: usize, (rows, first): (usize, f64), spacing: f64) -> Zone {
    let name = number.to_string();
    let category = piece.category(tier);
    let mut lines = Vec::with_capacity(rows);
    for n in 0..rows {
        let back = first + STEP * n as f64;
        let count = piece.seats(back, spacing);
        let start = (piece.block_length(back) - spacing * count.saturating_sub(1) as f64) / 2.0;
        let places = (0..count).map(|seat| piece.place(block, start + spacing * seat as f64, back));
        let mut line = row(&name, &(n + 1).to_string(), category, places);
        line.row_number_position = None;
        lines.push(line);
    }
    // The lower tier is entered from behind, on the level.
    if let Some(last) = lines.last_mut().filter(|_| tier == 0) {
        wheelchair_pair(last, 0, false);
    }
    let last = first + STEP * rows.saturating_sub(1) as f64;
    let edge = |back: f64, share: f64| {
        let length = piece.block_length(back);
        piece.place(block, 6.0 + (length - 12.0) * share, back)
    };
    let shares = [0.0, 0.25, 0.5, 0.75, 1.0];
    let far = shares.iter().map(|&share| edge(last + 14.0, share));
    let near = shares.iter().rev().map(|&share| edge(first - 14.0, share));
    let middle = edge(f64::midpoint(first, last), 0.5);
    let areas = vec![outline(far.chain(near).collect()), label(&name, middle, 64.0)];
    zone(&format!("Block {number}"), &format!("block-{number}"), lines, areas)
}

fn pitch() -> Zone {
    let corner = |x: f64, y: f64| at(MIDDLE.x + x * (HALF_WIDTH - 130.0), MIDDLE.y + y * (HALF_HEIGHT - 130.0));
    let mut area =
        stage(vec![corner(-1.0, -1.0), corner(1.0, -1.0), corner(1.0, 1.0), corner(-1.0, 1.0)], "Pitch", MIDDLE, 140.0);
    area.color = Some("#3f7a4d".to_owned());
    area.border_color = Some("#ffffff".to_owned());
    zone("Pitch", "pitch", Vec::new(), vec![area])
}
