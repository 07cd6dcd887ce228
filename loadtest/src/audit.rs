//! What buyers were given, written down while the rush runs, and compared with the map when it is over.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use crate::map::{self, Failed};

#[derive(Default)]
struct Book {
    /// Which orders' tickets name each seat.
    seats: BTreeMap<String, Vec<String>>,
    refused: u64,
    troubles: Vec<String>,
}

static BOOK: Mutex<Option<Book>> = Mutex::new(None);
static SEED: LazyLock<u64> = LazyLock::new(|| {
    let given = std::env::var("AISLE_LOAD_SEED").ok().and_then(|seed| seed.parse().ok());
    // A process id is variety enough where nobody asked for a certain run.
    let seed = given.unwrap_or_else(|| u64::from(std::process::id()));
    println!("rush: seed {seed} (repeat with AISLE_LOAD_SEED={seed})");
    seed
});

/// The seed of this run.
pub fn seed() -> u64 {
    *SEED
}

fn book() -> MutexGuard<'static, Option<Book>> {
    BOOK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A ticket of `order` names this seat.
pub fn ticket(_show: &str, seat: &str, order: &str) {
    book().get_or_insert_default().seats.entry(seat.to_owned()).or_default().push(order.to_owned());
}

/// Somebody else was faster.
pub fn refused() {
    book().get_or_insert_default().refused += 1;
}

/// Something happened that should not have.
pub fn trouble(what: String) {
    book().get_or_insert_default().troubles.push(what);
}

/// What the audit found.
pub struct Verdict {
    tickets: usize,
    refused: u64,
    twice: Vec<String>,
    not_booked: Vec<String>,
    troubles: Vec<String>,
}

impl Verdict {
    /// Tickets were sold, none twice, each of them booked, and nothing went wrong on the way.
    pub fn passed(&self) -> bool {
        self.tickets > 0 && self.twice.is_empty() && self.not_booked.is_empty() && self.troubles.is_empty()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "audit: {} tickets sold, {} holds refused because somebody was faster",
            self.tickets, self.refused
        )?;
        writeln!(f, "audit: {} seats sold twice {:?}", self.twice.len(), self.twice)?;
        writeln!(f, "audit: {} sold seats not booked on the map {:?}", self.not_booked.len(), self.not_booked)?;
        for (at, trouble) in self.troubles.iter().take(10).enumerate() {
            writeln!(f, "audit: trouble {} of {}: {trouble}", at + 1, self.troubles.len())?;
        }
        write!(f, "audit: {}", if self.passed() { "passed" } else { "FAILED" })
    }
}

/// Compares what was given out with the map.
pub async fn judge() -> Result<Verdict, Failed> {
    let book = book().take().unwrap_or_default();
    let map = map::known().ok_or("no buyer ever saw the map")?;
    let answer = map::get(&format!("{}/api/v1/shows/{}/seats", map.base, map.show)).await?;
    let letters = answer["seats"].as_str().ok_or("no seats string")?.as_bytes();
    let booked: std::collections::HashSet<&str> =
        map.guids.iter().zip(letters).filter(|&(_, &letter)| letter == b'b').map(|(guid, _)| guid.as_str()).collect();
    Ok(Verdict {
        tickets: book.seats.values().map(Vec::len).sum(),
        refused: book.refused,
        twice: book.seats.iter().filter(|(_, orders)| orders.len() > 1).map(|(seat, _)| seat.clone()).collect(),
        not_booked: book.seats.keys().filter(|seat| !booked.contains(seat.as_str())).cloned().collect(),
        troubles: book.troubles,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict() -> Verdict {
        Verdict { tickets: 1, refused: 0, twice: vec![], not_booked: vec![], troubles: vec![] }
    }

    #[test]
    fn a_rush_passes_only_when_nothing_is_wrong_and_something_was_sold() {
        assert!(verdict().passed());
        assert!(!Verdict { tickets: 0, ..verdict() }.passed());
        assert!(!Verdict { twice: vec!["A-1".to_owned()], ..verdict() }.passed());
        assert!(!Verdict { not_booked: vec!["A-1".to_owned()], ..verdict() }.passed());
        assert!(!Verdict { troubles: vec!["x".to_owned()], ..verdict() }.passed());
    }
}
