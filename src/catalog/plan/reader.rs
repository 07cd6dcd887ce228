//! The small steps of checking: one value at a time, and every problem kept.

use super::format::Position;
use super::limits::PlanLimits;
use super::loose::{Kind, Loose};
use super::problems::{Path, PlanProblems};
use super::raw::{List, Object, RawPosition};

pub(super) struct Reader<'l> {
    pub limits: &'l PlanLimits,
    pub problems: PlanProblems,
}

impl Reader<'_> {
    pub fn add(&mut self, at: &Path<'_>, message: impl FnOnce() -> String) {
        self.problems.add(at, message);
    }

    /// A value that may be left out.
    pub fn may<T: Kind>(&mut self, above: &Path<'_>, key: &str, value: Loose<T>) -> Option<T> {
        match value {
            Loose::Missing => None,
            Loose::Good(value) => Some(value),
            Loose::Bad(what) => {
                self.add(&above.key(key), || format!("should be {} but is {what}", T::NAME));
                None
            }
        }
    }

    /// A value that must be there.
    pub fn must<T: Kind>(&mut self, above: &Path<'_>, key: &str, value: Loose<T>) -> Option<T> {
        if let Loose::Missing = value {
            self.add(&above.key(key), || "is missing".to_owned());
        }
        self.may(above, key, value)
    }

    /// An element of a list.
    pub fn element<T: Kind>(&mut self, at: &Path<'_>, value: Loose<T>) -> Option<T> {
        let what = match value {
            Loose::Good(value) => return Some(value),
            Loose::Missing => "null",
            Loose::Bad(what) => what,
        };
        self.add(at, || format!("should be {} but is {what}", T::NAME));
        None
    }

    /// A list that may be left out, cut where it is too long.
    pub fn list<T: Kind>(&mut self, above: &Path<'_>, key: &str, list: List<T>, max: usize) -> Vec<Loose<T>> {
        let mut list = self.may(above, key, list).unwrap_or_default();
        if list.len() > max {
            self.add(&above.key(key), || format!("has {} entries; at most {max} are allowed", list.len()));
            list.truncate(max);
        }
        list
    }

    /// A text that may be left out or empty.
    pub fn text(&mut self, above: &Path<'_>, key: &str, value: Loose<String>) -> Option<String> {
        let text = self.may(above, key, value)?;
        self.short(&above.key(key), text)
    }

    /// A text that must be there and say something.
    pub fn name(&mut self, above: &Path<'_>, key: &str, value: Loose<String>) -> Option<String> {
        let text = self.must(above, key, value)?;
        let at = above.key(key);
        if text.trim().is_empty() {
            self.add(&at, || "is empty".to_owned());
            return None;
        }
        self.short(&at, text)
    }

    fn short(&mut self, at: &Path<'_>, text: String) -> Option<String> {
        let max = self.limits.text_chars_max;
        // A text has at least a quarter as many characters as bytes, so most need no counting.
        if text.len() > max && text.chars().count() > max {
            self.add(at, || format!("has {} characters; at most {max} are allowed", text.chars().count()));
            return None;
        }
        if text.chars().any(char::is_control) {
            self.add(at, || "has a control character".to_owned());
            return None;
        }
        Some(text)
    }

    /// A coordinate, an angle, a length: finite and within bounds.
    pub fn coordinate(&mut self, above: &Path<'_>, key: &str, value: Loose<f64>) -> Option<f64> {
        let number = self.must(above, key, value)?;
        self.bounded(&above.key(key), number)
    }

    pub fn bounded(&mut self, at: &Path<'_>, number: f64) -> Option<f64> {
        let max = self.limits.coordinate_max;
        // Also false for what is not a number.
        if number.abs() <= max {
            return Some(number);
        }
        self.add(at, || format!("{number} is out of bounds; between -{max} and {max} is allowed"));
        None
    }

    /// A length that must be there: more than nothing.
    pub fn length(&mut self, above: &Path<'_>, key: &str, value: Loose<f64>) -> Option<f64> {
        let number = self.coordinate(above, key, value)?;
        self.positive(&above.key(key), number)
    }

    /// A length that may be left out.
    pub fn length_if_any(&mut self, above: &Path<'_>, key: &str, value: Loose<f64>) -> Option<f64> {
        let number = self.may(above, key, value)?;
        let at = above.key(key);
        let number = self.bounded(&at, number)?;
        self.positive(&at, number)
    }

    fn positive(&mut self, at: &Path<'_>, number: f64) -> Option<f64> {
        if number > 0.0 {
            return Some(number);
        }
        self.add(at, || format!("{number} should be more than 0"));
        None
    }

    /// A whole number from 1 to `max`.
    pub fn count(&mut self, at: &Path<'_>, number: f64, max: u32) -> Option<u32> {
        if number >= 1.0 && number <= f64::from(max) && number.fract() == 0.0 {
            return Some(number as u32);
        }
        self.add(at, || format!("{number} should be a whole number from 1 to {max}"));
        None
    }

    /// A position that may be left out: then nothing is added to what it is counted from.
    pub fn offset(&mut self, above: &Path<'_>, value: Object<RawPosition>) -> Position {
        match self.may(above, "position", value) {
            Some(raw) => self.point(&above.key("position"), *raw),
            None => Position::default(),
        }
    }

    /// A position that must be there.
    pub fn position(&mut self, above: &Path<'_>, key: &str, value: Object<RawPosition>) -> Position {
        match self.must(above, key, value) {
            Some(raw) => self.point(&above.key(key), *raw),
            None => Position::default(),
        }
    }

    /// Its two numbers. Where they are wrong the problem is kept and the place does not matter any more.
    pub fn point(&mut self, at: &Path<'_>, raw: RawPosition) -> Position {
        let x = self.coordinate(at, "x", raw.x).unwrap_or_default();
        let y = self.coordinate(at, "y", raw.y).unwrap_or_default();
        Position { x, y }
    }

    /// A colour for SVG, which may be left out. Only characters that colours are made of, because it ends in markup.
    pub fn paint(&mut self, above: &Path<'_>, key: &str, value: Loose<String>) -> Option<String> {
        let color = self.text(above, key, value)?;
        let of_colors = |c: char| c.is_ascii_alphanumeric() || "#(),.% -".contains(c);
        if color.chars().all(of_colors) && color.len() <= 64 {
            return Some(color).filter(|color| !color.is_empty());
        }
        self.add(&above.key(key), || format!("{color:?} is not a colour"));
        None
    }
}
