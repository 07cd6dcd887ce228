//! Posters, drawn by code: one designed series for all productions that bring no picture of their own.
//!
//! A few large forms above, the words below on a common grid; the colours say what kind of evening it is, the seed
//! chooses the picture. The same words and seed give the same bytes.

mod chance;
mod palette;
mod pictures;
#[cfg(test)]
mod tests;
mod type_setting;

use std::fmt::Write as _;

use chance::Chance;
use pictures::{FAMILIES, Field};
use type_setting::{Anchor, Face, Room, SANS, draw, escape, set};

/// The words on a poster. Anything may stand in them; what doesn't fit is set smaller, and at last cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PosterText<'a> {
    /// The production's title.
    pub title: &'a str,
    /// Its subtitle; may be empty.
    pub subtitle: &'a str,
    /// Its kind, which chooses the colours: `theatre`, `concert`, `opera`, `dance`, `family`, `comedy`, or another.
    pub kind: &'a str,
    /// The house that plays it; may be empty.
    pub house: &'a str,
    /// When, as people say it: "3 to 19 December"; may be empty.
    pub dates: &'a str,
}

/// The poster's width in its own units.
pub const WIDTH: f64 = 600.0;
/// The poster's height in its own units: two to three.
pub const HEIGHT: f64 = 900.0;

const MARGIN: f64 = 40.0;
/// Where the picture ends and the words begin.
const FIELD: f64 = 560.0;
/// House and dates stand on this line.
const FOOT: f64 = HEIGHT - MARGIN;

/// The poster as a complete SVG document.
#[must_use]
pub fn poster(text: &PosterText<'_>, seed: u64) -> String {
    let mut chance = Chance::new(seed);
    let colors = palette::of_kind(text.kind, chance.next());
    let family = FAMILIES[chance.below(FAMILIES.len() as u64) as usize];
    compose(text, family, colors, &mut chance)
}

fn compose(text: &PosterText<'_>, family: pictures::Family, colors: palette::Palette, chance: &mut Chance) -> String {
    let mut svg = String::with_capacity(8_000);
    let title = escape(text.title);
    let _ = writeln!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="{title}" font-family="{SANS}">"#
    );
    let _ = writeln!(svg, "<title>{title}</title>");
    let _ = writeln!(svg, r#"<clipPath id="field"><rect width="{WIDTH}" height="{FIELD}"/></clipPath>"#);
    let _ = writeln!(svg, r#"<rect width="{WIDTH}" height="{HEIGHT}" fill="{}"/>"#, colors.ground);
    let _ = writeln!(svg, r#"<g clip-path="url(#field)">"#);
    pictures::draw(&mut svg, family, Field { width: WIDTH, height: FIELD }, colors, chance);
    svg.push_str("</g>\n");
    words(&mut svg, text, colors.ink);
    svg.push_str("</svg>\n");
    svg
}

fn words(svg: &mut String, text: &PosterText<'_>, ink: &str) {
    let width = WIDTH - MARGIN * 2.0;
    let face = |weight, anchor| Face { color: ink, weight, anchor };
    let small =
        Room { width: width * 0.5 - 10.0, height: 40.0, size_max: 17.0, size_min: 11.0, leading: 1.25, tracking: 0.01 };
    let house = set(text.house, small);
    let dates = set(text.dates, small);
    let foot = house.height().max(dates.height());
    draw(svg, &house, (MARGIN, FOOT - house.height()), face(600, Anchor::Start));
    draw(svg, &dates, (WIDTH - MARGIN, FOOT - dates.height()), face(400, Anchor::End));
    let line = FOOT - foot - 18.0;
    let _ = writeln!(svg, r#"<rect x="{MARGIN}" y="{line:.1}" width="{width}" height="2" fill="{ink}"/>"#);

    let top = FIELD + 34.0;
    let room = line - 22.0 - top;
    let subtitle =
        set(text.subtitle, Room { width, height: 54.0, size_max: 23.0, size_min: 14.0, leading: 1.22, tracking: 0.0 });
    let below = if subtitle.lines.is_empty() { 0.0 } else { subtitle.height() + 20.0 };
    let title = set(
        text.title,
        Room { width, height: room - below, size_max: 84.0, size_min: 15.0, leading: 0.98, tracking: -0.015 },
    );
    draw(svg, &title, (MARGIN, top), face(800, Anchor::Start));
    draw(svg, &subtitle, (MARGIN, top + title.height() + 20.0), face(400, Anchor::Start));
}
