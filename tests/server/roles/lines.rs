//! A line for each route, and often two. Without one the walk fails with the route's name. `TESTING.md` says how one is written.

mod accounts;
mod office;
mod sale;

use super::line::Line;

/// All of them.
pub fn all() -> Vec<Line> {
    [accounts::LINES, sale::LINES, office::LINES].concat()
}
