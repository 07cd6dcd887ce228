//! Setting type without knowing the font: widths are taken from a wide grotesque, and every line is told its largest
//! width, so that it fits also where the reader's machine has a wider one.

use std::fmt::Write as _;

/// How wide a character is, in parts of the size. Generous: the bold of the widest common sans serif.
fn advance(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | '’' => 0.36,
        ' ' | 'f' | 't' | 'r' | '(' | ')' | '-' | '/' | '"' => 0.43,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '&' => 0.98,
        'A'..='Z' => 0.76,
        '0'..='9' => 0.65,
        _ if c.is_ascii() => 0.63,
        // Letters with accents are as wide as their own kind; ideographs and emoji are square and more.
        '\u{a0}'..='\u{24f}' => {
            if c.is_uppercase() {
                0.78
            } else {
                0.66
            }
        }
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{fe00}'..='\u{fe0f}' => 0.0,
        '\u{250}'..='\u{10ff}' | '\u{2000}'..='\u{206f}' => 0.8,
        _ => 1.25,
    }
}

/// How wide a line is at size 1, with this much tracking between characters.
fn measure(line: &str, tracking: f64) -> f64 {
    line.chars().map(|c| advance(c) + tracking).sum()
}

/// A block of type: lines, and the size at which all of them fit.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Block {
    pub lines: Vec<String>,
    pub size: f64,
    pub leading: f64,
    pub tracking: f64,
}

/// What a block may take.
#[derive(Clone, Copy)]
pub(super) struct Room {
    pub width: f64,
    pub height: f64,
    pub size_max: f64,
    pub size_min: f64,
    /// From line to line, in parts of the size.
    pub leading: f64,
    pub tracking: f64,
}

impl Block {
    /// From the top of the first line's letters to the foot of the last.
    pub fn height(&self) -> f64 {
        self.size * (0.74 + self.leading * self.lines.len().saturating_sub(1) as f64)
    }
}

/// The largest setting that fits. A text that fits at no size is cut at the smallest, with an ellipsis.
pub(super) fn set(text: &str, room: Room) -> Block {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut size = room.size_max;
    loop {
        let lines = break_lines(&words, room.width / size, room.tracking, size <= room.size_min);
        let block = Block { lines, size, leading: room.leading, tracking: room.tracking };
        let fits = block.height() <= room.height
            && block.lines.iter().all(|line| measure(line, room.tracking) * size <= room.width);
        if fits {
            return block;
        }
        if size <= room.size_min {
            return cut(block, room);
        }
        size = (size * 0.96).max(room.size_min);
    }
}

/// Greedy lines; a word that is wider than a line stands alone, and is broken only where nothing smaller can be set.
fn break_lines(words: &[&str], width: f64, tracking: f64, break_words: bool) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        let joined = lines.last().map(|line| format!("{line} {word}"));
        match joined {
            Some(joined) if measure(&joined, tracking) <= width => {
                if let Some(line) = lines.last_mut() {
                    *line = joined;
                }
            }
            _ if break_words && measure(word, tracking) > width => lines.extend(pieces(word, width, tracking)),
            _ => lines.push((*word).to_owned()),
        }
    }
    lines
}

fn pieces(word: &str, width: f64, tracking: f64) -> Vec<String> {
    let mut all = vec![String::new()];
    for c in word.chars() {
        let last = all.len() - 1;
        if !all[last].is_empty() && measure(&all[last], tracking) + advance(c) + tracking > width {
            all.push(c.to_string());
        } else {
            all[last].push(c);
        }
    }
    all
}

fn cut(mut block: Block, room: Room) -> Block {
    let most = ((room.height / block.size - 0.74) / block.leading).floor().max(0.0) as usize + 1;
    if block.lines.len() > most {
        block.lines.truncate(most);
        if let Some(last) = block.lines.last_mut() {
            while !last.is_empty() && (measure(last, room.tracking) + advance('…')) * block.size > room.width {
                last.pop();
            }
            last.truncate(last.trim_end().len());
            last.push('…');
        }
    }
    block
}

/// Where a line begins or ends.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    End,
}

/// How a block is drawn.
#[derive(Clone, Copy)]
pub(super) struct Face<'a> {
    pub color: &'a str,
    pub weight: u16,
    pub anchor: Anchor,
}

/// Names from the widest range of machines; all end in the generic family.
pub(super) const SANS: &str = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', sans-serif";

/// Draws a block with the top of its letters at `y`.
pub(super) fn draw(svg: &mut String, block: &Block, (x, y): (f64, f64), face: Face<'_>) {
    let anchor = match face.anchor {
        Anchor::Start => "start",
        Anchor::End => "end",
    };
    for (n, line) in block.lines.iter().enumerate() {
        let base = y + block.size * (0.74 + block.leading * n as f64);
        let _ = writeln!(
            svg,
            r#"<text x="{x:.1}" y="{base:.1}" font-size="{:.1}" font-weight="{}" letter-spacing="{:.2}" text-anchor="{anchor}" fill="{}">{}</text>"#,
            block.size,
            face.weight,
            block.tracking * block.size,
            face.color,
            escape(line),
        );
    }
}

/// Text for XML: markup is escaped, and what XML 1.0 cannot carry at all is left out.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => {}
            _ => out.push(c),
        }
    }
    out
}
