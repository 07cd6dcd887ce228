//! Posters of titles that nobody would print, and of some that people would.

use super::pictures::Family;
use super::*;

fn nasty() -> Vec<String> {
    vec![
        String::new(),
        "   ".into(),
        "<script>alert(\"it's\")</script> & more".into(),
        "]]> --> <!-- &amp; &#0;".into(),
        "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft".into(),
        "W".repeat(200),
        "The longest title that the house allows ".repeat(5),
        "👩‍👩‍👧‍👦🎭 夜のプラットホーム Ночь в театре".into(),
        "a\u{0}b\u{7}c\u{ffff}d\u{1b}[31m\u{202e}e".into(),
        "Zwei\nZeilen\tund Tab".into(),
    ]
}

/// A tiny check of XML: tags are balanced, attributes quoted, no stray markup or entity. Gives every text with its size.
fn well_formed(svg: &str) -> Vec<(f64, String)> {
    let mut open: Vec<String> = Vec::new();
    let mut texts = Vec::new();
    let mut size = 0.0;
    let mut rest = svg.trim();
    while !rest.is_empty() {
        if let Some(tag) = rest.strip_prefix('<') {
            let (inside, after) = tag.split_once('>').expect("a tag ends");
            assert!(!inside.contains('<'), "{inside}");
            assert_eq!(inside.matches('"').count() % 2, 0, "{inside}");
            let name = inside.trim_start_matches('/').split([' ', '/']).next().unwrap().to_owned();
            assert!(name.chars().all(char::is_alphanumeric), "{name}");
            if inside.starts_with('/') {
                assert_eq!(open.pop().as_deref(), Some(name.as_str()));
            } else if !inside.ends_with('/') {
                open.push(name);
            }
            if let Some((_, value)) = inside.split_once("font-size=\"") {
                size = value.split('"').next().unwrap().parse().unwrap();
            }
            rest = after;
        } else {
            let end = rest.find('<').expect("text is inside of something");
            let text = &rest[..end];
            assert!(!text.contains('>'), "{text}");
            for entity in text.split('&').skip(1) {
                let name = entity.split(';').next().unwrap();
                assert!(["lt", "gt", "amp", "quot", "#39"].contains(&name), "&{name}");
            }
            assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
            if open.last().is_some_and(|name| name == "text") {
                texts.push((size, text.to_owned()));
            }
            rest = &rest[end..];
        }
    }
    assert!(open.is_empty(), "{open:?}");
    texts
}

#[test]
fn nasty_words_leave_a_poster_whole_and_inside_of_its_edges() {
    for text in nasty() {
        for kind in ["theatre", "concert", "opera", "dance", "family", "comedy", "séance", &text] {
            let words = PosterText { title: &text, subtitle: &text, kind, house: &text, dates: &text };
            for seed in [0, 1, 7, u64::MAX] {
                let svg = poster(&words, seed);
                well_formed(&svg);
                for line in svg.lines().filter(|line| line.starts_with("<text")) {
                    let y: f64 = line.split(" y=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap();
                    assert!((FIELD..=FOOT + 1.0).contains(&y), "seed {seed}: {line}");
                }
            }
        }
    }
}

#[test]
fn a_title_is_set_large_and_a_long_one_smaller() {
    let size = |title: &str| {
        let svg = poster(&PosterText { title, kind: "theatre", ..PosterText::default() }, 3);
        well_formed(&svg).first().map(|(size, _)| *size).unwrap()
    };
    assert_eq!(size("Tide"), 84.0);
    assert!(size("The Weight of Small Weather") < 84.0);
    assert!(size(&"A title of a hundred words and more ".repeat(6)) < size("The Weight of Small Weather"));
}

#[test]
fn words_are_broken_between_words_as_long_as_they_fit() {
    let svg = poster(&PosterText { title: "The Cartographer’s Daughter", ..PosterText::default() }, 3);
    let lines: Vec<_> = well_formed(&svg).into_iter().map(|(_, text)| text).collect();
    assert_eq!(lines.join(" "), "The Cartographer’s Daughter");
}

#[test]
fn the_same_seed_is_the_same_poster_and_seeds_differ() {
    let words = PosterText { title: "Tide", subtitle: "A play", kind: "theatre", house: "H", dates: "May" };
    assert_eq!(poster(&words, 42), poster(&words, 42));
    let all: std::collections::HashSet<String> = (0..100).map(|seed| poster(&words, seed)).collect();
    assert!(all.len() > 95, "{} different posters of 100 seeds", all.len());
}

#[test]
fn every_family_is_drawn_by_some_seed_and_fills_its_field() {
    let mut seen = [false; FAMILIES.len()];
    for seed in 0..200 {
        let mut chance = Chance::new(seed);
        let colors = palette::of_kind("opera", chance.next());
        let pick = chance.below(FAMILIES.len() as u64) as usize;
        seen[pick] = true;
        let family: Family = FAMILIES[pick];
        let svg = compose(&PosterText::default(), family, colors, &mut chance);
        well_formed(&svg);
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "seed {seed}: {family:?}");
        assert!(svg.matches("fill=").count() > 4, "seed {seed}: {family:?} is empty");
    }
    assert_eq!(seen, [true; FAMILIES.len()]);
}
