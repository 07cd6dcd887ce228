//! How a route is asked rightly. A line is text with things of a house in it: `$show` is the house's show, `$new_show` one that is
//! made for this request alone, `$my_session` the caller's own.

use aisle::accounts::needs::{Need, ROUTES, Route};

/// One way to ask one route.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// As the table has it: `GET /admin/shows/{id}`.
    pub route: &'static str,
    /// What stands for the parameters of its address, in their order.
    pub ids: &'static str,
    /// The query, without its question mark.
    pub query: &'static str,
    /// The body.
    pub body: &'static str,
    /// Headers, `name: value`, one a line.
    pub headers: &'static str,
    /// Where the proof is, if the route is open to proofs.
    pub proof: Shown,
    /// The status of its answer.
    pub gives: u16,
    /// Refusals that are about the thing rather than about who asks: the second of two who archive it may find it archived.
    pub or: &'static [&'static str],
    /// Whoever may, does it as somebody new of the same part: it ends what they came by.
    pub anew: bool,
    /// What the handler asks where this way of asking needs more than the route.
    pub asks: Option<Need>,
    /// What it names only narrows what the caller sees anyway: of another house that is nothing.
    pub narrows: bool,
}

/// Where a request shows what proves a right to its thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// In a header.
    Headers,
    /// In the query.
    Query,
    /// In the body, or nowhere.
    Body,
}

pub const fn line(route: &'static str, ids: &'static str) -> Line {
    Line {
        route,
        ids,
        query: "",
        body: "",
        headers: "",
        proof: Shown::Body,
        gives: 200,
        or: &[],
        anew: false,
        asks: None,
        narrows: false,
    }
}

impl Line {
    pub const fn query(self, query: &'static str) -> Self {
        Self { query, ..self }
    }

    pub const fn sends(self, body: &'static str) -> Self {
        Self { body, ..self }
    }

    pub const fn with(self, headers: &'static str) -> Self {
        Self { headers, ..self }
    }

    /// The proof is a header.
    pub const fn proves(self, headers: &'static str) -> Self {
        Self { headers, proof: Shown::Headers, ..self }
    }

    /// The proof is the query.
    pub const fn linked(self, query: &'static str) -> Self {
        Self { query, proof: Shown::Query, ..self }
    }

    pub const fn gives(self, status: u16) -> Self {
        Self { gives: status, ..self }
    }

    pub const fn or(self, codes: &'static [&'static str]) -> Self {
        Self { or: codes, ..self }
    }

    pub const fn anew(self) -> Self {
        Self { anew: true, ..self }
    }

    pub const fn asks(self, need: Need) -> Self {
        Self { asks: Some(need), ..self }
    }

    pub const fn narrows(self) -> Self {
        Self { narrows: true, ..self }
    }

    /// The route's declaration.
    pub fn declared(&self) -> Option<&'static Route> {
        ROUTES.iter().find(|route| self.route.split_once(' ') == Some((route.method, route.pattern)))
    }

    /// Its address, with `$things` in it.
    pub fn path(&self) -> String {
        let pattern = self.route.split_once(' ').map_or("", |(_, pattern)| pattern);
        let mut ids = self.ids.split_whitespace();
        let mut path = String::new();
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once('{') {
            let (_, behind) = after.split_once('}').unwrap_or_default();
            let id = ids.next().unwrap_or_else(|| panic!("{}: its line names too few ids", self.route));
            path.push_str(before);
            path.push_str(id);
            rest = behind;
        }
        assert_eq!(ids.next(), None, "{}: its line names too many ids", self.route);
        path + rest
    }

    /// Every thing that it names, each once.
    pub fn things(&self) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for text in [self.path().as_str(), self.query, self.body, self.headers] {
            for name in names(text) {
                if !found.contains(&name) {
                    found.push(name);
                }
            }
        }
        found
    }
}

/// The names after `$` in a text.
pub fn names(text: &str) -> Vec<String> {
    let word = |rest: &str| rest.chars().take_while(|letter| letter.is_ascii_lowercase() || *letter == '_').collect();
    text.split('$').skip(1).map(word).collect()
}

/// The text with each `$name` replaced.
pub fn filled(text: &str, value: impl Fn(&str) -> String) -> String {
    let mut parts = text.split('$');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|letter: char| !letter.is_ascii_lowercase() && letter != '_').unwrap_or(part.len());
        out.push_str(&value(&part[..end]));
        out.push_str(&part[end..]);
    }
    out
}

#[test]
fn a_line_names_its_things() {
    let one = line("GET /shows/{id}/holds/{hold}.pdf", "$show $new_hold").query("a=$show&b=1").sends("{\"c\": \"$d\"}");
    assert_eq!(one.path(), "/shows/$show/holds/$new_hold.pdf");
    assert_eq!(one.things(), ["show", "new_hold", "d"]);
    assert_eq!(filled(&one.path(), str::to_uppercase), "/shows/SHOW/holds/NEW_HOLD.pdf");
}
