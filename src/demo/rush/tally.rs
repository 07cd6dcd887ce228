//! What a rush has come to, counted while it runs.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use aisle_actors::Stopwatch;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Where a rush stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RushState {
    /// There was none yet.
    None,
    /// Buyers are at it.
    Running,
    /// It is over.
    Done,
}

/// A rush, as the demo's page shows it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RushJson {
    /// Where it stands.
    pub state: RushState,
    /// The show that is rushed at.
    pub show_id: Option<Uuid>,
    /// Its production's title.
    pub title: Option<String>,
    /// Simulated buyers.
    pub buyers: u32,
    /// How long they come back for more.
    pub seconds: u64,
    /// Seconds since it began.
    pub elapsed_s: f64,
    /// Requests sent.
    pub requests: u64,
    /// Holds got.
    pub held: u64,
    /// Orders confirmed.
    pub sold: u64,
    /// Tickets in them.
    pub tickets_sold: u64,
    /// Refusals: somebody else was faster.
    pub refused: u64,
    /// Answers that should not have been.
    pub errors: u64,
    /// Seats that two tickets name.
    pub twice: u64,
    /// Milliseconds within which half of the requests were answered.
    pub p50_ms: f64,
    /// Milliseconds within which 99 of 100 requests were answered.
    pub p99_ms: f64,
    /// What it has shown, once it is over.
    pub verdict: Option<String>,
}

impl RushJson {
    pub(super) fn none() -> Self {
        Self {
            state: RushState::None,
            show_id: None,
            title: None,
            buyers: 0,
            seconds: 0,
            elapsed_s: 0.0,
            requests: 0,
            held: 0,
            sold: 0,
            tickets_sold: 0,
            refused: 0,
            errors: 0,
            twice: 0,
            p50_ms: 0.0,
            p99_ms: 0.0,
            verdict: None,
        }
    }
}

/// Counts what buyers report.
pub(super) struct Tally {
    show: Uuid,
    title: String,
    since: Stopwatch,
    ended: AtomicBool,
    elapsed: Mutex<f64>,
    pub(super) held: AtomicU64,
    pub(super) sold: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) errors: AtomicU64,
    places_without_number: AtomicU64,
    millis: Mutex<Vec<f32>>,
    /// How many tickets name each seat.
    seats: Mutex<HashMap<String, u64>>,
    verdict: Mutex<Option<String>>,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Tally {
    pub(super) fn new(show: Uuid, title: String) -> Self {
        Self {
            show,
            title,
            since: Stopwatch::start(),
            ended: AtomicBool::new(false),
            elapsed: Mutex::default(),
            held: AtomicU64::new(0),
            sold: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            places_without_number: AtomicU64::new(0),
            millis: Mutex::default(),
            seats: Mutex::default(),
            verdict: Mutex::default(),
        }
    }

    pub(super) fn is_running(&self) -> bool {
        !self.ended.load(Ordering::Acquire)
    }

    /// A request was answered after so many seconds.
    pub(super) fn answered(&self, seconds: f64) {
        locked(&self.millis).push((seconds * 1000.0) as f32);
    }

    /// A ticket was given out; `None` where it names no seat.
    pub(super) fn ticket(&self, seat: Option<String>) {
        match seat {
            Some(seat) => *locked(&self.seats).entry(seat).or_default() += 1,
            None => {
                self.places_without_number.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// The rush is over; `letters` are the seats as the server says they are, by guid.
    pub(super) fn end(&self, letters: Option<&HashMap<String, u8>>) {
        let seats = locked(&self.seats);
        let twice = seats.values().filter(|&&count| count > 1).count();
        let not_booked = letters.map(|letters| seats.keys().filter(|seat| letters.get(*seat) != Some(&b'b')).count());
        let tickets = seats.values().sum::<u64>() + self.places_without_number.load(Ordering::Relaxed);
        let verdict = match (twice, not_booked) {
            (0, Some(0)) => {
                format!("No seat was sold twice: {tickets} tickets, and each of their seats is booked once on the map.")
            }
            (0, None) => {
                format!("No seat was sold twice among {tickets} tickets; the map could not be read for comparison.")
            }
            (0, Some(missing)) => {
                format!("No seat was sold twice, but {missing} sold seats are not booked on the map.")
            }
            (twice, _) => format!("{twice} seats were sold twice. This is a bug of Aisle; please report it."),
        };
        drop(seats);
        *locked(&self.elapsed) = self.since.seconds();
        *locked(&self.verdict) = Some(verdict);
        self.ended.store(true, Ordering::Release);
    }

    pub(super) fn read(&self, buyers: u32, seconds: u64) -> RushJson {
        let running = self.is_running();
        let mut millis = locked(&self.millis).clone();
        millis.sort_by(f32::total_cmp);
        let at = |part: f64| {
            let place = ((millis.len() as f64 * part) as usize).min(millis.len().saturating_sub(1));
            millis.get(place).map_or(0.0, |&ms| (f64::from(ms) * 10.0).round() / 10.0)
        };
        let seats = locked(&self.seats);
        let elapsed = if running { self.since.seconds() } else { *locked(&self.elapsed) };
        RushJson {
            state: if running { RushState::Running } else { RushState::Done },
            show_id: Some(self.show),
            title: Some(self.title.clone()),
            buyers,
            seconds,
            elapsed_s: (elapsed * 10.0).round() / 10.0,
            requests: millis.len() as u64,
            held: self.held.load(Ordering::Relaxed),
            sold: self.sold.load(Ordering::Relaxed),
            tickets_sold: seats.values().sum::<u64>() + self.places_without_number.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            errors: self.errors.load(Ordering::Relaxed),
            twice: seats.values().filter(|&&count| count > 1).count() as u64,
            p50_ms: at(0.5),
            p99_ms: at(0.99),
            verdict: locked(&self.verdict).clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(tickets: &[&str], booked: &[&str]) -> RushJson {
        let tally = Tally::new(Uuid::nil(), "Title".to_owned());
        for ticket in tickets {
            tally.ticket(Some((*ticket).to_owned()));
        }
        let letters = booked.iter().map(|seat| ((*seat).to_owned(), b'b')).collect();
        tally.end(Some(&letters));
        tally.read(2, 60)
    }

    #[test]
    fn a_seat_on_two_tickets_is_found() {
        let fine = ended(&["A-1", "A-2"], &["A-1", "A-2"]);
        assert_eq!((fine.twice, fine.tickets_sold, fine.state), (0, 2, RushState::Done));
        assert!(fine.verdict.unwrap().starts_with("No seat was sold twice: 2 tickets"));
        let twice = ended(&["A-1", "A-1"], &["A-1"]);
        assert_eq!(twice.twice, 1);
        assert!(twice.verdict.unwrap().contains("bug"));
        let missing = ended(&["A-1"], &[]);
        assert!(missing.verdict.unwrap().contains("1 sold seats are not booked"));
    }
}
