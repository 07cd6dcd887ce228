//! The six families of pictures. Each fills the field above the type with a few large forms.

use std::f64::consts::TAU;
use std::fmt::Write as _;

use super::chance::Chance;
use super::palette::Palette;

/// The picture's field: the full width of the poster, from the top to where the type begins.
#[derive(Clone, Copy)]
pub(super) struct Field {
    pub width: f64,
    pub height: f64,
}

/// The family of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// A sun, and waves beneath it.
    Horizon,
    /// Quarter circles on a grid.
    Tiles,
    /// Rings around one point, cut by the edge.
    Rings,
    /// A beam of light that falls on a disc.
    Beam,
    /// Bars of growing length, like pipes or a curtain.
    Bars,
    /// Rows of seats, and one of them taken.
    Rows,
    /// Two large forms that overlap.
    Pair,
    /// Steps that climb from corner to corner.
    Stairs,
}

pub(super) const FAMILIES: [Family; 8] = [
    Family::Horizon,
    Family::Tiles,
    Family::Rings,
    Family::Beam,
    Family::Bars,
    Family::Rows,
    Family::Pair,
    Family::Stairs,
];

pub(super) fn draw(svg: &mut String, family: Family, field: Field, colors: Palette, chance: &mut Chance) {
    match family {
        Family::Horizon => horizon(svg, field, colors, chance),
        Family::Tiles => tiles(svg, field, colors, chance),
        Family::Rings => rings(svg, field, colors, chance),
        Family::Beam => beam(svg, field, colors, chance),
        Family::Bars => bars(svg, field, colors, chance),
        Family::Rows => rows(svg, field, colors, chance),
        Family::Pair => pair(svg, field, colors, chance),
        Family::Stairs => stairs(svg, field, colors, chance),
    }
}

fn circle(svg: &mut String, (x, y): (f64, f64), radius: f64, fill: &str) {
    let _ = writeln!(svg, r#"<circle cx="{x:.1}" cy="{y:.1}" r="{radius:.1}" fill="{fill}"/>"#);
}

fn rect(svg: &mut String, (x, y): (f64, f64), (width, height): (f64, f64), fill: &str) {
    let _ = writeln!(svg, r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" fill="{fill}"/>"#);
}

fn path(svg: &mut String, d: &str, fill: &str) {
    let _ = writeln!(svg, r#"<path d="{d}" fill="{fill}"/>"#);
}

fn horizon(svg: &mut String, field: Field, colors: Palette, chance: &mut Chance) {
    let Field { width, height } = field;
    let radius = chance.between(150.0, 205.0);
    let x = if chance.percent(50) { width * 0.36 } else { width * 0.64 };
    let line = height * chance.between(0.55, 0.62);
    circle(svg, (x, line - radius * chance.between(0.15, 0.45)), radius, colors.lead);
    let waves = 7;
    let step = (height - line) / f64::from(waves);
    let length = width / [1.5, 2.0, 2.5][chance.below(3) as usize];
    for wave in 0..waves {
        let y = line + step * f64::from(wave);
        // Never as high as the water between two waves.
        let swing = step * 0.36;
        let shift = length * f64::from(wave % 2) / 2.0 + length;
        let mut d = format!("M {:.1} {y:.1}", -shift);
        let mut at = -shift;
        while at < width + length {
            let _ =
                write!(d, " q {:.1} {:.1} {:.1} 0 t {:.1} 0", length / 4.0, -swing * 2.0, length / 2.0, length / 2.0);
            at += length;
        }
        let _ = write!(d, " V {height:.1} H {:.1} Z", -shift);
        path(svg, &d, if wave % 2 == 0 { colors.second } else { colors.ground });
    }
}

fn tiles(svg: &mut String, field: Field, colors: Palette, chance: &mut Chance) {
    let across = [3_u32, 4][chance.below(2) as usize];
    let side = field.width / f64::from(across);
    let down = (field.height / side).ceil() as u32;
    // What does not fit bleeds over the upper edge, as print does.
    let bleed = field.height - side * f64::from(down);
    let fills = [colors.lead, colors.second, colors.lead, colors.ink];
    for row in 0..down {
        for column in 0..across {
            let (x, y) = (f64::from(column) * side, bleed + f64::from(row) * side);
            let fill = fills[chance.below(4) as usize];
            match chance.below(6) {
                0 => circle(svg, (x + side / 2.0, y + side / 2.0), side / 2.0, fill),
                1 => {
                    rect(svg, (x, y), (side, side), fill);
                    circle(svg, (x + side / 2.0, y + side / 2.0), side / 4.0, colors.ground);
                }
                // A quarter circle around one of the four corners.
                _ => {
                    let (right, low) = (chance.percent(50), chance.percent(50));
                    let (cx, cy) = (x + if right { side } else { 0.0 }, y + if low { side } else { 0.0 });
                    let (dx, dy) = (if right { -side } else { side }, if low { -side } else { side });
                    let sweep = u8::from(right == low);
                    let d =
                        format!("M {cx:.1} {cy:.1} l {dx:.1} 0 a {side:.1} {side:.1} 0 0 {sweep} {:.1} {dy:.1} Z", -dx);
                    path(svg, &d, fill);
                }
            }
        }
    }
}

fn rings(svg: &mut String, field: Field, colors: Palette, chance: &mut Chance) {
    let Field { width, height } = field;
    let x = [0.0, width * 0.5, width][chance.below(3) as usize];
    let y = [0.0, height * 0.45, height][chance.below(3) as usize];
    let mut radius = if x == width * 0.5 { 430.0 } else { 640.0 };
    let step = chance.between(44.0, 62.0);
    let accent = 3 + chance.below(3);
    let mut ring = 0;
    while radius > 20.0 {
        let fill = if ring % 2 == 1 {
            colors.ground
        } else if ring / 2 == accent / 2 {
            colors.second
        } else {
            colors.lead
        };
        circle(svg, (x, y), radius, fill);
        radius -= if ring % 2 == 0 { step } else { step * 0.62 };
        ring += 1;
    }
}

fn beam(svg: &mut String, field: Field, colors: Palette, chance: &mut Chance) {
    let Field { width, height } = field;
    let left = chance.percent(50);
    let source = if left { width * 0.12 } else { width * 0.88 };
    let middle = if left { width * 0.60 } else { width * 0.40 };
    let wide = chance.between(165.0, 215.0);
    let floor = height * 0.80;
    let d = format!(
        "M {:.1} -10 L {:.1} -10 L {:.1} {floor:.1} L {:.1} {floor:.1} Z",
        source - 26.0,
        source + 26.0,
        middle + wide,
        middle - wide
    );
    path(svg, &d, colors.second);
    let _ = writeln!(
        svg,
        r#"<ellipse cx="{middle:.1}" cy="{floor:.1}" rx="{wide:.1}" ry="{:.1}" fill="{}"/>"#,
        wide * 0.26,
        colors.lead
    );
    let head = chance.between(44.0, 60.0);
    let body = chance.between(150.0, 190.0);
    circle(svg, (middle, floor - body - head * 0.6), head, colors.ink);
    let d = format!(
        "M {middle:.1} {:.1} L {:.1} {floor:.1} L {:.1} {floor:.1} Z",
        floor - body,
        middle + head,
        middle - head
    );
    path(svg, &d, colors.ink);
}

fn bars(svg: &mut String, field: Field, colors: Palette, chance: &mut Chance) {
    let count = [9_u32, 11, 13][chance.below(3) as usize];
    let step = field.width / f64::from(count);
    let turns = chance.between(0.6, 1.6);
    let phase = chance.between(0.0, TAU);
    let accent = chance.below(u64::from(count)) as u32;
    for n in 0..count {
        let wave = (phase + TAU * turns * f64::from(n) / f64::from(count)).sin();
        let length = field.height * (0.58 + 0.36 * wave);
        let fill = if n == accent { colors.second } else { colors.lead };
        let width = step * 0.66;
        let x = step * f64::from(n) + step * 0.17;
        rect(svg, (x, 0.0), (width, length - width / 2.0), fill);
        circle(svg, (x + width / 2.0, length - width / 2.0), width / 2.0, fill);
    }
}

fn rows(svg: &mut String, field: Field, colors: Palette, chance: &mut Chance) {
    let across = [7_u32, 8, 9][chance.below(3) as usize];
    let margin = 48.0;
    let step = (field.width - margin * 2.0) / f64::from(across);
    let down = ((field.height - margin) / step).floor() as u32;
    let (column, line) =
        (1 + chance.below(u64::from(across - 2)) as u32, 1 + chance.below(u64::from(down.max(4) - 3)) as u32);
    for y in 0..down {
        for x in 0..across {
            let center = (margin + step * (f64::from(x) + 0.5), margin + step * (f64::from(y) + 0.5));
            if (x, y) == (column, line) {
                circle(svg, center, step * 0.62, colors.second);
                continue;
            }
            let far = f64::from(x).mul_add(1.0, -f64::from(column)).hypot(f64::from(y) - f64::from(line));
            circle(svg, center, (step * 0.13 + far * step * 0.045).min(step * 0.44), colors.lead);
        }
    }
}

fn pair(svg: &mut String, field: Field, colors: Palette, chance: &mut Chance) {
    let Field { width, height } = field;
    let radius = chance.between(170.0, 205.0);
    let apart = radius * chance.between(0.95, 1.2);
    let tilt = chance.between(-0.9, 0.9);
    let (cx, cy) = (width / 2.0, height * 0.5);
    let (dx, dy) = (apart / 2.0 * tilt.cos(), apart / 2.0 * tilt.sin());
    circle(svg, (cx - dx, cy - dy), radius, colors.lead);
    circle(svg, (cx + dx, cy + dy), radius, colors.second);
    // Where both are: the lens between the circles' two crossings.
    let reach = (radius * radius - apart * apart / 4.0).sqrt();
    let (nx, ny) = (-tilt.sin() * reach, tilt.cos() * reach);
    let d = format!(
        "M {:.1} {:.1} A {radius:.1} {radius:.1} 0 0 1 {:.1} {:.1} A {radius:.1} {radius:.1} 0 0 1 {:.1} {:.1} Z",
        cx + nx,
        cy + ny,
        cx - nx,
        cy - ny,
        cx + nx,
        cy + ny
    );
    path(svg, &d, colors.ink);
}

fn stairs(svg: &mut String, field: Field, colors: Palette, chance: &mut Chance) {
    let count = [5_u32, 6, 7][chance.below(3) as usize];
    let (wide, high) = (field.width / f64::from(count), (field.height * 0.86) / f64::from(count));
    let rising = chance.percent(50);
    for n in 0..count {
        let column = if rising { n } else { count - 1 - n };
        let top = field.height - high * f64::from(n + 1);
        let fill = if n % 2 == 0 { colors.lead } else { colors.ink };
        rect(svg, (wide * f64::from(column), top), (wide + 0.5, field.height - top), fill);
    }
    let radius = wide * chance.between(0.9, 1.15);
    let x = if rising { radius + 56.0 } else { field.width - radius - 56.0 };
    circle(svg, (x, radius + 62.0), radius, colors.second);
}
