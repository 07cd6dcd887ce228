//! Four colours for each kind of production: a ground, an ink, and two that carry the picture.

/// The colours of one poster.
#[derive(Clone, Copy, Debug)]
pub(super) struct Palette {
    /// The paper.
    pub ground: &'static str,
    /// Letters and thin lines on the paper.
    pub ink: &'static str,
    /// The large form.
    pub lead: &'static str,
    /// Its counterpart.
    pub second: &'static str,
}

const fn of(ground: &'static str, ink: &'static str, lead: &'static str, second: &'static str) -> Palette {
    Palette { ground, ink, lead, second }
}

const PAPER: &str = "#f2ece0";
const NIGHT: &str = "#17181c";

const THEATRE: [Palette; 3] = [
    of(PAPER, "#1d1b19", "#d2402a", "#1d1b19"),
    of("#d2402a", "#fbf3e6", "#1d1b19", "#f2b632"),
    of(NIGHT, PAPER, "#e2583e", "#d9cdb8"),
];
const CONCERT: [Palette; 3] = [
    of(PAPER, "#16243b", "#1f4e9c", "#e7a92c"),
    of("#16305e", "#f5eddd", "#f0b93a", "#5f8fd6"),
    of("#e9b23a", "#1b1a17", "#16305e", "#f7efdf"),
];
const OPERA: [Palette; 3] = [
    of("#4a1530", "#f8e9dc", "#e0803c", "#c43b5c"),
    of("#f3e4dc", "#3a1226", "#b32b50", "#e8a13a"),
    of(NIGHT, "#f3e4dc", "#c43b5c", "#d9a441"),
];
const DANCE: [Palette; 3] = [
    of("#0f4c4a", "#f3eee1", "#f08a6c", "#8fd0c0"),
    of("#f4e9df", "#123a3a", "#e9694a", "#1d7a74"),
    of("#f0a48c", "#17302f", "#0f4c4a", "#fbf2e6"),
];
const FAMILY: [Palette; 3] = [
    of("#f6cf4b", "#22201c", "#e4572e", "#2a6f97"),
    of("#2a7f9e", "#fdf6e6", "#f6cf4b", "#e4572e"),
    of(PAPER, "#23324a", "#2f9e77", "#f0b429"),
];
const COMEDY: [Palette; 3] = [
    of("#f29bb0", "#241a2b", "#4b2a7b", "#fbe9d0"),
    of("#4b2a7b", "#fbeee0", "#f2788f", "#f5c945"),
    of("#fbe9d0", "#2c1b45", "#ea5f7a", "#4b2a7b"),
];
const OTHER: [Palette; 3] = [
    of("#e6e4dd", "#1e2326", "#34605a", "#c9a24a"),
    of("#22322f", "#ece7da", "#c9a24a", "#6fa399"),
    of("#c9b48a", "#1e2326", "#22322f", "#f3ecdc"),
];

/// The colours for a kind of production; a kind that the house has invented gets its own quiet ones.
pub(super) fn of_kind(kind: &str, pick: u64) -> Palette {
    let family = match kind.to_lowercase().as_str() {
        "theatre" | "theater" | "play" | "drama" => &THEATRE,
        "concert" | "music" | "classical" | "jazz" => &CONCERT,
        "opera" | "musical" => &OPERA,
        "dance" | "ballet" | "circus" => &DANCE,
        "family" | "children" | "puppetry" => &FAMILY,
        "comedy" | "cabaret" => &COMEDY,
        _ => &OTHER,
    };
    family[(pick % 3) as usize]
}
