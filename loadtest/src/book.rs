//! What buyers were given, written down while the rush runs, for the audit after it.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use crate::chain::Chain;

/// A hold that was acknowledged and not given up.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Of which show.
    pub show: String,
    /// Its token.
    pub token: String,
    /// Its seats, by guid.
    pub seats: Vec<String>,
    /// Good until then, from the beginning of the run: counted from before it was asked for, so never too late.
    pub until: Duration,
    /// An order was made of it.
    pub ordered: bool,
}

/// An order that a buyer made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ordered {
    /// Its id.
    pub id: String,
    /// Its token.
    pub token: String,
    /// What it costs, in minor units.
    pub total: i64,
    /// Of which currency.
    pub currency: String,
    /// For how many places.
    pub places: usize,
    /// How long it could be paid for when it was made.
    pub pay_in: Duration,
    /// How long its buyer had thought until then.
    pub idle: Duration,
}

/// Feeds that are looked at again: each keeps a whole map.
const FEEDS_MAX: usize = 200;
/// A hold that ends within this may have ended by the time that another is acknowledged.
const MARGIN: Duration = Duration::from_secs(2);

/// All of it.
#[derive(Debug, Default)]
pub struct Book {
    /// Which orders' tickets name each seat of each show.
    pub tickets: BTreeMap<(String, String), Vec<String>>,
    /// Tickets of areas, by show and area.
    pub standing: BTreeMap<(String, String), u64>,
    /// Holds by id.
    pub holds: HashMap<String, Kept>,
    /// Who holds each seat, as far as buyers were told.
    held_by: HashMap<(String, String), String>,
    /// Seats that two holds were given at the same time.
    pub held_twice: Vec<String>,
    /// Holds that were said to have ended before their time.
    pub lost: Vec<String>,
    /// Orders whose buyers saw them confirmed.
    pub confirmed: Vec<Ordered>,
    /// Orders that were paid, as far as the buyer knows, and were not seen confirmed.
    pub uncertain: Vec<Ordered>,
    /// Orders whose payment was declined, and whose buyers gave up.
    pub unpaid: Vec<Ordered>,
    /// What the live feed said that cannot be.
    pub nonsense: Vec<String>,
    /// The last that each viewer knew, by their number, with the show.
    pub feeds: BTreeMap<u64, (String, Chain)>,
}

impl Book {
    /// A hold was acknowledged, so long after the run began.
    pub fn held(&mut self, id: &str, kept: Kept, now: Duration) {
        for seat in &kept.seats {
            let place = (kept.show.clone(), seat.clone());
            let before = self.held_by.insert(place, id.to_owned()).filter(|before| before != id);
            if let Some((other, standing)) = before.as_ref().and_then(|before| self.holds.get_key_value(before))
                && standing.until > now + MARGIN
            {
                self.held_twice.push(format!("{seat}: holds {other} and {id}"));
            }
        }
        self.holds.insert(id.to_owned(), kept);
    }

    /// It is good until then now; `ordered` where an order was made of it.
    pub fn goes_on(&mut self, id: &str, until: Duration, ordered: bool) {
        if let Some(kept) = self.holds.get_mut(id) {
            kept.until = until;
            kept.ordered |= ordered;
        }
    }

    /// It is given up, or nobody knows any more. Said before the server is asked, so that the next holder is no second one.
    pub fn gone(&mut self, id: &str) {
        self.holds.remove(id);
    }

    /// A ticket of `order` names this seat.
    pub fn ticket(&mut self, show: &str, seat: &str, order: &str) {
        self.tickets.entry((show.to_owned(), seat.to_owned())).or_default().push(order.to_owned());
    }

    /// A ticket of this area.
    pub fn standing(&mut self, show: &str, area: &str) {
        *self.standing.entry((show.to_owned(), area.to_owned())).or_default() += 1;
    }

    /// A viewer went, and knew this.
    pub fn knows(&mut self, viewer: u64, show: &str, chain: &Chain) {
        if !chain.is_known() {
            self.feeds.remove(&viewer);
        } else if self.feeds.len() < FEEDS_MAX || self.feeds.contains_key(&viewer) {
            self.feeds.insert(viewer, (show.to_owned(), chain.clone()));
        }
    }

    /// Tickets that were given out.
    #[must_use]
    pub fn tickets_sold(&self) -> u64 {
        self.tickets.values().map(|orders| orders.len() as u64).sum::<u64>() + self.standing.values().sum::<u64>()
    }

    /// Seats that more than one ticket names.
    #[must_use]
    pub fn twice(&self) -> Vec<String> {
        let twice = self.tickets.iter().filter(|(_, orders)| orders.len() > 1);
        twice.map(|((show, seat), orders)| format!("{seat} of show {show}: orders {}", orders.join(", "))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(seat: &str, until_s: u64) -> Kept {
        Kept {
            show: "s".to_owned(),
            token: String::new(),
            seats: vec![seat.to_owned()],
            until: Duration::from_secs(until_s),
            ordered: false,
        }
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_seat_that_two_were_given_at_once_is_found() {
        let mut book = Book::default();
        book.held("h1", kept("A-1", 480), at(0));
        book.held("h2", kept("A-1", 490), at(10));
        assert_eq!(book.held_twice, ["A-1: holds h1 and h2"]);
    }

    #[test]
    fn a_seat_that_one_had_after_the_other_is_not() {
        let mut book = Book::default();
        book.held("h1", kept("A-1", 480), at(0));
        book.gone("h1");
        book.held("h2", kept("A-1", 20), at(10));
        // At the edge nobody knows which came first.
        book.held("h3", kept("A-1", 500), at(18));
        book.held("h3", kept("A-1", 500), at(19));
        book.held("h4", kept("A-2", 500), at(19));
        assert_eq!(book.held_twice, Vec::<String>::new());
    }

    #[test]
    fn an_extended_hold_stands_longer() {
        let mut book = Book::default();
        book.held("h1", kept("A-1", 20), at(0));
        book.goes_on("h1", at(40), true);
        book.goes_on("nobody's", at(40), true);
        book.held("h2", kept("A-1", 60), at(30));
        assert_eq!(book.held_twice.len(), 1);
        assert!(book.holds["h1"].ordered);
    }

    #[test]
    fn a_seat_on_two_tickets_is_found_in_its_own_show_only() {
        let mut book = Book::default();
        book.ticket("s", "A-1", "o1");
        book.ticket("t", "A-1", "o2");
        book.standing("s", "floor");
        book.standing("s", "floor");
        assert_eq!(book.twice(), Vec::<String>::new());
        book.ticket("s", "A-1", "o3");
        assert_eq!(book.twice(), ["A-1 of show s: orders o1, o3"]);
        assert_eq!(book.tickets_sold(), 5);
    }

    #[test]
    fn feeds_that_never_knew_anything_are_not_compared() {
        let mut book = Book::default();
        let known = Chain { plan_version: "p".to_owned(), ..Chain::default() };
        book.knows(1, "s", &known);
        book.knows(1, "s", &Chain { seq: 2, ..known });
        assert_eq!(book.feeds[&1].1.seq, 2);
        book.knows(1, "s", &Chain::default());
        book.knows(2, "s", &Chain::default());
        assert!(book.feeds.is_empty());
    }
}
