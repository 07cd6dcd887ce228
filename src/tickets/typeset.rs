//! The fonts of the ticket page, and how text is made to fit: smaller, then on more lines, then cut. Never over the edge.

use std::sync::LazyLock;

use krilla::text::Font;
use rustybuzz::{GlyphBuffer, UnicodeBuffer};

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

/// Letters of a text that are looked at: more than the narrowest of them fill any place of ours. Shaping is not asked to
/// measure novels.
const LETTERS_MAX: usize = 1_200;

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

    fn shaped(&self, face: Face, text: &str) -> GlyphBuffer {
        #[cfg(test)]
        tests::count(text);
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.guess_segment_properties();
        rustybuzz::shape(self.shaper(face), &[], buffer)
    }

    /// How wide a line is in the font's units, shaped as it will be drawn.
    fn advance(&self, face: Face, text: &str) -> i64 {
        self.shaped(face, text).glyph_positions().iter().map(|position| i64::from(position.x_advance)).sum()
    }

    /// How wide a line is, shaped as it will be drawn.
    pub fn width(&self, face: Face, text: &str, size: f32) -> f32 {
        self.advance(face, text) as f32 * size / self.shaper(face).units_per_em() as f32
    }

    fn measured<'t>(&self, face: Face, text: &'t str) -> Measured<'t> {
        let shaped = self.shaped(face, text);
        let mut before = vec![0; text.len() + 1];
        for (glyph, position) in shaped.glyph_infos().iter().zip(shaped.glyph_positions()) {
            // A cluster is named by its first byte: its width lies behind that.
            if let Some(behind) = before.get_mut(glyph.cluster as usize + 1) {
                *behind += i64::from(position.x_advance);
            }
        }
        let mut sum = 0;
        for at in &mut before {
            sum += *at;
            *at = sum;
        }
        Measured { text, before }
    }

    /// The text in the first of `sizes` in which it needs at most `lines_max` lines of `width`; in the last, cut, where it
    /// needs more in each. Work grows with the text's length, whatever its words: a buyer chooses what they are called.
    pub fn fit(&self, face: Face, text: &str, sizes: &[f32], width: f32, lines_max: usize) -> Block {
        let text = self.printable(face, text);
        let measured = self.measured(face, &text);
        let mut room = 0;
        let mut block = Block { lines: vec![String::new()], size: 10.0 };
        let mut last = "";
        for &size in sizes {
            room = (width * self.shaper(face).units_per_em() as f32 / size) as i64;
            // One line more than there may be says that it does not fit.
            let mut lines = self.wrap(face, &measured, room, lines_max + 1);
            let fits = lines.len() <= lines_max;
            lines.truncate(lines_max);
            last = lines.last().copied().unwrap_or_default();
            block = Block { lines: lines.into_iter().map(str::to_owned).collect(), size };
            if fits {
                return block;
            }
        }
        if let Some(cut) = block.lines.last_mut() {
            let measured = self.measured(face, last);
            let ends = measured.letters(0, last.len());
            let end = self.longest(face, &measured, 0, &ends, "…", room).unwrap_or_default();
            *cut = format!("{}…", last[..end].trim_end());
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
                .take(LETTERS_MAX)
                .collect::<String>()
        });
        let line = kept.filter(|word| !word.is_empty()).take(LETTERS_MAX).collect::<Vec<_>>().join(" ");
        line.chars().take(LETTERS_MAX).collect()
    }

    /// The first `lines_max` lines of `room` font units: as many words as fit, or of a word that is wider than a line as many
    /// letters.
    fn wrap<'t>(&self, face: Face, measured: &Measured<'t>, room: i64, lines_max: usize) -> Vec<&'t str> {
        let text = measured.text;
        let mut lines = Vec::new();
        let mut from = 0;
        while lines.len() < lines_max {
            let words: Vec<_> = text[from..].match_indices(' ').map(|(at, _)| from + at).chain([text.len()]).collect();
            let to = self.longest(face, measured, from, &words, "", room).unwrap_or_else(|| {
                let letters = measured.letters(from, words[0]);
                // One letter may be wider than the narrowest of columns.
                self.longest(face, measured, from, &letters, "", room).unwrap_or(letters[0])
            });
            lines.push(&text[from..to]);
            if to == text.len() {
                break;
            }
            from = if words.contains(&to) { to + 1 } else { to };
        }
        lines
    }

    /// The last of `ends` up to which what begins at `from`, with `suffix` behind it, fits into `room` font units; `None`: not
    /// even the first. Kerning and ligatures end where a line does, so what the whole text's shape says is only where to look.
    fn longest(
        &self,
        face: Face,
        measured: &Measured<'_>,
        from: usize,
        ends: &[usize],
        suffix: &str,
        room: i64,
    ) -> Option<usize> {
        let up_to = |advance: i64| ends.partition_point(|&end| measured.advance(from, end) <= advance);
        let excess = |end: usize| self.advance(face, &format!("{}{suffix}", &measured.text[from..end])) - room;
        let mut count = up_to(room);
        if count == 0 {
            // More than an em over is over, whatever kerning gives back: so a long word is not shaped for each of its lines.
            let em = i64::from(self.shaper(face).units_per_em());
            if measured.advance(from, *ends.first()?) > room + em {
                return None;
            }
            count = 1;
        }
        // Each turn leaves or takes all ends of one width, so that marks without a width cost nothing.
        loop {
            let end = *ends.get(count - 1)?;
            let over = excess(end);
            if over <= 0 {
                break;
            }
            count = up_to(measured.advance(from, end) - over);
            if count == 0 {
                return None;
            }
        }
        while let Some(&next) = ends.get(count) {
            let more = up_to(measured.advance(from, next));
            if excess(ends[more - 1]) > 0 {
                break;
            }
            count = more;
        }
        ends.get(count - 1).copied()
    }
}

/// A text, and how much of its width lies before each of its bytes: shaped once, whatever sizes and lines are tried.
struct Measured<'t> {
    text: &'t str,
    before: Vec<i64>,
}

impl Measured<'_> {
    /// The width of a part, as it is in the midst of the whole.
    fn advance(&self, from: usize, to: usize) -> i64 {
        self.before[to] - self.before[from]
    }

    /// Where each letter of a part ends; of an empty one, its end.
    fn letters(&self, from: usize, to: usize) -> Vec<usize> {
        let starts = self.text[from..to].char_indices().skip(1).map(|(at, _)| from + at);
        starts.chain([to]).collect()
    }
}

fn is_ornament(c: char) -> bool {
    matches!(c as u32,
        0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0x20d0..=0x20ff | 0x2600..=0x27bf | 0x2b00..=0x2bff
        | 0xfe00..=0xfe0f | 0xfeff | 0xfff0..=0xffff | 0x1f000..=0x1faff | 0xe000..=0xf8ff | 0xe0000..=0x10_ffff)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use proptest::prelude::*;

    use super::*;

    thread_local! {
        /// How often this thread has shaped, and how many letters.
        static SHAPED: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
    }

    pub(super) fn count(text: &str) {
        SHAPED.with(|shaped| shaped.set((shaped.get().0 + 1, shaped.get().1 + text.chars().count())));
    }

    fn shaped_by(work: impl FnOnce()) -> (usize, usize) {
        SHAPED.with(|shaped| shaped.set((0, 0)));
        work();
        SHAPED.with(Cell::get)
    }

    /// The same, letter by letter: each beginning of each line is shaped.
    fn naive(faces: &Faces, text: &str, sizes: &[f32], width: f32, lines_max: usize) -> (Vec<String>, f32) {
        let text = faces.printable(Face::Bold, text);
        let (mut lines, mut room, mut at) = (vec![], 0, 0.0);
        for &size in sizes {
            room = (width * faces.shaper(Face::Bold).units_per_em() as f32 / size) as i64;
            at = size;
            let fits = |line: &str| faces.advance(Face::Bold, line) <= room;
            lines = vec![];
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
                for c in word.chars() {
                    line.push(c);
                    if !fits(&line) && line.chars().count() > 1 {
                        line.pop();
                        lines.push(std::mem::take(&mut line));
                        line.push(c);
                    }
                }
            }
            lines.push(line);
            if lines.len() <= lines_max {
                return (lines, size);
            }
        }
        lines.truncate(lines_max);
        if let Some(last) = lines.last_mut() {
            while !last.is_empty() && faces.advance(Face::Bold, &format!("{last}…")) > room {
                last.pop();
            }
            *last = format!("{}…", last.trim_end());
        }
        (lines, at)
    }

    #[test]
    fn an_unbreakable_name_is_shaped_a_few_times_and_no_more_for_being_longer() {
        let faces = Faces::get().unwrap();
        let sizes = [40.0, 32.0, 26.0, 20.0, 16.0, 13.0];
        let cost = |text: &str| shaped_by(|| drop(faces.fit(Face::Bold, text, &sizes, 350.0, 2)));
        for letter in ["W", "i", "a\u{301}", "fi", "ﬃ"] {
            let (short, long) = (cost(&letter.repeat(200)), cost(&letter.repeat(1_200)));
            assert!(long.0 <= 120, "{letter}: {} shapings", long.0);
            // The whole is shaped once more for being longer; lines are no longer than they were.
            assert!(long.1 <= short.1 + 1_200 + 2_000, "{letter}: {short:?}, {long:?}");
        }
        // What has no width at all is one line however long it is.
        let marks = cost(&format!("a{}", "\u{301}".repeat(1_199)));
        assert!(marks.0 <= 120 && marks.1 <= 20_000, "{marks:?}");
        let words = cost(&"ab ".repeat(400));
        assert!(words.0 <= 120 && words.1 <= 20_000, "{words:?}");
    }

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

        #[test]
        fn lines_are_those_that_shaping_every_beginning_would_find(
            words in prop::collection::vec("[A-Za-zÄÖÜßŁ.,’-]{1,14}", 0..7), width in 40.0_f32..300.0, lines in 1_usize..4,
        ) {
            let faces = Faces::get().unwrap();
            let text = words.join(" ");
            let block = faces.fit(Face::Bold, &text, &[20.0, 14.0], width, lines);
            let (naively, size) = naive(faces, &text, &[20.0, 14.0], width, lines);
            prop_assert_eq!((block.lines, block.size), (naively, size));
        }
    }
}
