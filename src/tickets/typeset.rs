//! The fonts of the ticket page, and how text is made to fit: smaller, then on more lines, then cut. Never over the edge.

use std::sync::LazyLock;

use krilla::text::Font;
use rustybuzz::UnicodeBuffer;

/// Inter, under the SIL Open Font License; see `assets/fonts/LICENSE-Inter.txt`. A PDF carries only the glyphs it uses.
static REGULAR: &[u8] = include_bytes!("../../assets/fonts/Inter-Regular.ttf");
static BOLD: &[u8] = include_bytes!("../../assets/fonts/Inter-Bold.ttf");

/// A weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Face {
    Regular,
    Bold,
}

#[cfg(test)]
impl Face {
    const ALL: [Self; 2] = [Self::Regular, Self::Bold];
}

/// Both weights, opened once.
pub(super) struct Faces {
    regular: (Font, rustybuzz::Face<'static>),
    bold: (Font, rustybuzz::Face<'static>),
}

/// Stands for a letter that the fonts do not have.
const BOX: char = '□';

/// Lines of one size.
pub(super) struct Block {
    pub lines: Vec<String>,
    pub size: f32,
}

impl Block {
    pub fn line(text: String, size: f32) -> Self {
        Self { lines: vec![text], size }
    }

    /// From one baseline to the next.
    pub fn leading(&self) -> f32 {
        self.size * 1.18
    }
}

static FACES: LazyLock<Option<Faces>> = LazyLock::new(|| {
    let open =
        |bytes: &'static [u8]| Some((Font::new(bytes.to_vec().into(), 0)?, rustybuzz::Face::from_slice(bytes, 0)?));
    Some(Faces { regular: open(REGULAR)?, bold: open(BOLD)? })
});

impl Faces {
    pub fn get() -> Option<&'static Self> {
        FACES.as_ref()
    }

    pub fn font(&self, face: Face) -> &Font {
        match face {
            Face::Regular => &self.regular.0,
            Face::Bold => &self.bold.0,
        }
    }

    fn shaper(&self, face: Face) -> &rustybuzz::Face<'static> {
        match face {
            Face::Regular => &self.regular.1,
            Face::Bold => &self.bold.1,
        }
    }

    /// How wide a line is, shaped as it will be drawn.
    pub fn width(&self, face: Face, text: &str, size: f32) -> f32 {
        let shaper = self.shaper(face);
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.guess_segment_properties();
        let advance: i64 = rustybuzz::shape(shaper, &[], buffer)
            .glyph_positions()
            .iter()
            .map(|position| i64::from(position.x_advance))
            .sum();
        advance as f32 * size / shaper.units_per_em() as f32
    }

    /// The text in the first of `sizes` in which it needs at most `lines_max` lines of `width`; in the last, cut, where it
    /// needs more in each.
    pub fn fit(&self, face: Face, text: &str, sizes: &[f32], width: f32, lines_max: usize) -> Block {
        let text = self.printable(face, text);
        let mut block = Block { lines: vec![String::new()], size: 10.0 };
        for &size in sizes {
            block = Block { lines: self.wrap(face, &text, size, width), size };
            if block.lines.len() <= lines_max {
                return block;
            }
        }
        block.lines.truncate(lines_max);
        if let Some(last) = block.lines.last_mut() {
            while !last.is_empty() && self.width(face, &format!("{last}…"), block.size) > width {
                last.pop();
            }
            *last = format!("{}…", last.trim_end());
        }
        block
    }

    /// Without what would print as an empty box and means little: controls, emoji and what joins them. Letters of scripts
    /// that the font does not have become boxes, one each: a name must not silently become another.
    fn printable(&self, face: Face, text: &str) -> String {
        let shaper = self.shaper(face);
        let words = text.split(|c: char| c.is_whitespace() || c.is_control());
        let kept = words.map(|word| {
            word.chars()
                .filter(|&c| !is_ornament(c) || (shaper.glyph_index(c).is_some() && c as u32 > 0x20ff))
                .map(|c| if shaper.glyph_index(c).is_some() { c } else { BOX })
                // Enough for any line of ours; shaping is not asked to measure novels.
                .take(300)
                .collect::<String>()
        });
        kept.filter(|word| !word.is_empty()).take(200).collect::<Vec<_>>().join(" ")
    }

    fn wrap(&self, face: Face, text: &str, size: f32, width: f32) -> Vec<String> {
        let fits = |line: &str| self.width(face, line, size) <= width;
        let mut lines = Vec::new();
        let mut line = String::new();
        for word in text.split(' ') {
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if fits(&longer) {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            // A word that is wider than a line is broken where it must be.
            for c in word.chars() {
                line.push(c);
                if !fits(&line) && line.chars().count() > 1 {
                    line.pop();
                    lines.push(std::mem::take(&mut line));
                    line.push(c);
                }
            }
            // Nobody asks for more lines than a page has.
            if lines.len() > 12 {
                return lines;
            }
        }
        lines.push(line);
        lines
    }
}

fn is_ornament(c: char) -> bool {
    matches!(c as u32,
        0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0x20d0..=0x20ff | 0x2600..=0x27bf | 0x2b00..=0x2bff
        | 0xfe00..=0xfe0f | 0xfeff | 0xfff0..=0xffff | 0x1f000..=0x1faff | 0xe000..=0xf8ff | 0xe0000..=0x10_ffff)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_title_shrinks_then_wraps_then_ends_in_dots() {
        let faces = Faces::get().unwrap();
        let fit = |text: &str| faces.fit(Face::Bold, text, &[34.0, 20.0], 350.0, 2);
        assert_eq!((fit("Hamlet").lines.len(), fit("Hamlet").size), (1, 34.0));
        assert_eq!(fit("The Tragical History of Hamlet, Prince of Denmark").size, 20.0);
        let cut = fit(&"Hamlet ".repeat(60));
        assert_eq!((cut.lines.len(), cut.size), (2, 20.0));
        assert!(cut.lines[1].ends_with('…'), "{:?}", cut.lines);
        assert_eq!(fit("").lines, [""]);
    }

    #[test]
    fn emoji_are_left_out_and_letters_stay() {
        let faces = Faces::get().unwrap();
        let fit = |text: &str| faces.fit(Face::Regular, text, &[10.0], 1000.0, 1).lines[0].clone();
        assert_eq!(fit("Łódź 🎭👩‍👩‍👧 Ωmega\u{7}\n Привет ❤️"), "Łódź Ωmega Привет ❤", "the font has a heart");
        assert_eq!(fit("李雷 שלום"), "□□ □□□□", "as boxes, but not as somebody else");
        assert!(Face::ALL.into_iter().all(|face| faces.shaper(face).glyph_index(BOX).is_some()));
    }

    proptest! {
        // Shaping takes milliseconds without optimisation.
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn no_line_is_wider_than_it_may_be(text in "\\PC{0,60}", width in 40.0_f32..400.0, lines in 1_usize..4) {
            let faces = Faces::get().unwrap();
            let block = faces.fit(Face::Bold, &text, &[20.0, 14.0], width, lines);
            prop_assert!(block.lines.len() <= lines);
            for line in &block.lines {
                // One character may be wider than the narrowest of columns.
                prop_assert!(line.chars().count() <= 2 || faces.width(Face::Bold, line, block.size) <= width + 0.01);
            }
        }
    }
}
