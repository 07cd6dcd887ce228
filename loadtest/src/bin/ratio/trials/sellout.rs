//! A house that sells out, from its first seat to its last: is the last one as quick as the first?

use std::io::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::Bench;
use crate::buyer::Target;
use crate::clock;
use crate::house::{House, Office};
use crate::report::{Line, Verdict, median};
use crate::run::Failed;
use crate::wire::{Wire, find};

/// Places of the house.
const SEATS: usize = 60_000;
/// What each buyer wants, side by side.
const PARTY: usize = 3;
/// Connections at a time, over which buyers come one after the other.
const CONNECTIONS: usize = 2_000;
/// Connections that are opened at once: a queue of them is as long as the kernel makes it.
const ARRIVE_AT_ONCE: usize = 64;
/// A buyer who is told that the server is busy asks again so often.
const TRIES: usize = 200;
/// After so long.
const BUSY: Duration = Duration::from_millis(250);
/// Tenths, so that noise is not taken for a trend.
const PARTS: usize = 10;

/// What all buyers share.
struct Sale {
    target: Target,
    show: String,
    key: String,
    next: AtomicUsize,
    begun: Instant,
}

/// What one connection saw.
#[derive(Default)]
struct Seen {
    /// When each of its steps, a hold or a booking, was answered, in microseconds since the beginning. Parties alone would say that
    /// a sale begins slowly and ends fast, because its first thousands of answers are all holds and its last ones all bookings.
    steps_us: Vec<u64>,
    sold: usize,
    busy: usize,
    faults: usize,
    first_fault: Option<String>,
}

impl Seen {
    fn fault(&mut self, what: impl FnOnce() -> String) {
        self.faults += 1;
        self.first_fault.get_or_insert_with(what);
    }
}

/// One text field of an answer.
fn field<'a>(body: &'a [u8], name: &[u8]) -> Option<&'a str> {
    let begin = find(body, name)? + name.len();
    let end = begin + body[begin..].iter().position(|&byte| byte == b'"')?;
    std::str::from_utf8(&body[begin..end]).ok()
}

impl Sale {
    /// Asks until it is answered something else than "busy".
    async fn ask(&self, wire: &mut Wire, seen: &mut Seen, head: &str, body: &str) -> io::Result<(u16, Vec<u8>)> {
        let mut request = Vec::with_capacity(512);
        write!(
            request,
            "POST {}/api/v1/shows/{}/holds{head}\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.target.prefix,
            self.show,
            self.target.addr,
            body.len(),
        )?;
        for _ in 0..TRIES {
            let answer = wire.ask(&request).await?;
            if answer.status != 503 && answer.status != 429 {
                return Ok((answer.status, answer.body.to_vec()));
            }
            seen.busy += 1;
            tokio::time::sleep(BUSY).await;
        }
        Err(io::Error::new(io::ErrorKind::TimedOut, "busy each time"))
    }

    /// One buyer: the best places for a party, then the booking. `false` where nothing is left.
    async fn buy(&self, wire: &mut Wire, buyer: usize, seen: &mut Seen) -> io::Result<bool> {
        let wish = format!(r#"{{"best_available":{{"quantity":{PARTY}}}}}"#);
        let (status, body) = self.ask(wire, seen, " HTTP/1.1", &wish).await?;
        if status == 409 {
            return Ok(false);
        }
        let hold = (field(&body, br#""id":""#), field(&body, br#""token":""#));
        let (201, (Some(id), Some(token))) = (status, hold) else {
            seen.fault(|| format!("a hold was answered {status}: {}", String::from_utf8_lossy(&body)));
            return Ok(true);
        };
        seen.steps_us.push(clock::since_us(self.begun));
        let head = format!("/{id}/book HTTP/1.1\r\naisle-hold-token: {token}\r\nauthorization: Bearer {}", self.key);
        let (status, body) = self.ask(wire, seen, &head, &format!(r#"{{"reference":"buyer-{buyer}"}}"#)).await?;
        if status == 201 {
            seen.steps_us.push(clock::since_us(self.begun));
            seen.sold += 1;
        } else {
            seen.fault(|| format!("a booking was answered {status}: {}", String::from_utf8_lossy(&body)));
        }
        Ok(true)
    }

    /// Buyers one after the other, until there are no more of them or nothing is left.
    async fn serve(self: Arc<Self>, mut wire: Wire) -> Seen {
        let mut seen = Seen::default();
        loop {
            let buyer = self.next.fetch_add(1, Ordering::Relaxed);
            if buyer >= SEATS / PARTY {
                return seen;
            }
            match self.buy(&mut wire, buyer, &mut seen).await {
                Ok(true) => {}
                Ok(false) => return seen,
                Err(error) => {
                    seen.fault(|| format!("buyer {buyer}: {error}"));
                    return seen;
                }
            }
        }
    }
}

/// Steps a second in each tenth of the sale. `moments` are sorted.
#[allow(clippy::cast_precision_loss, reason = "rates")]
fn rates(moments: &[u64]) -> Vec<f64> {
    let each = moments.len() / PARTS;
    let ends = (1..=PARTS).map(|part| moments[(part * each).saturating_sub(1).min(moments.len() - 1)]);
    let mut before = 0;
    let mut rates = Vec::with_capacity(PARTS);
    for end in ends {
        rates.push(each as f64 / ((end - before).max(1) as f64 / 1_000_000.0));
        before = end;
    }
    rates
}

impl Bench<'_> {
    pub(super) async fn sellout(&mut self, office: &Office, house: &House) -> Result<(), Failed> {
        let show = office.shows(house, 1, SEATS).await?.remove(0).id;
        let key = office.key(house).await?;
        let target = self.aisle.target.clone();
        let mut wires = Vec::with_capacity(CONNECTIONS);
        while wires.len() < CONNECTIONS {
            let mut some = JoinSet::new();
            for _ in 0..ARRIVE_AT_ONCE.min(CONNECTIONS - wires.len()) {
                some.spawn(Wire::open(target.addr));
            }
            while let Some(wire) = some.join_next().await {
                wires.push(wire??);
            }
        }
        let sale = Arc::new(Sale { target, show: show.clone(), key, next: AtomicUsize::new(0), begun: clock::now() });
        let mut tasks = JoinSet::new();
        for wire in wires {
            tasks.spawn(Arc::clone(&sale).serve(wire));
        }
        let (mut moments, mut sold, mut busy) = (Vec::new(), 0, 0);
        while let Some(seen) = tasks.join_next().await {
            let seen = seen?;
            self.report.fault(seen.faults as u64, seen.first_fault.as_ref());
            moments.extend(seen.steps_us);
            sold += seen.sold * PARTY;
            busy += seen.busy;
        }
        moments.sort_unstable();
        let Some(&last) = moments.last().filter(|_| moments.len() >= PARTS) else {
            return Err("nearly nothing was sold".into());
        };
        let letters = office.seats(&show).await?;
        let free = letters.bytes().filter(|&letter| letter == b'a').count();
        self.report.fault(u64::from(free > 0), Some(&format!("{free} places are left over")));
        let rates = rates(&moments);
        let middle = median(&rates);
        let (least, most) =
            rates.iter().fold((f64::MAX, 0_f64), |(least, most), &rate| (least.min(rate), most.max(rate)));
        let words: Vec<String> = rates.iter().map(|rate| format!("{rate:.0}")).collect();
        #[allow(clippy::cast_precision_loss, reason = "a rate")]
        let seconds = last as f64 / 1_000_000.0;
        self.report.line(Line {
            what: format!("{SEATS} seats to {} parties of {PARTY} by best available, held and booked, over {CONNECTIONS} connections", SEATS / PARTY),
            seen: format!(
                "{sold} sold in {seconds:.1} s, {free} left; steps (a hold, a booking) a second in each tenth of the sale: {}; {busy} answers were \"busy\"",
                words.join(" ")
            ),
            target: Some(("every tenth within 20 % of the one in the middle".to_owned(), Verdict::of(least >= 0.8 * middle && most <= 1.2 * middle))),
            figures: json!({"sold": sold, "left": free, "seconds": seconds, "rates": rates, "busy": busy}),
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::float_cmp, reason = "these are exact")]
    fn a_tenth_that_took_twice_as_long_has_half_the_rate() {
        // A step each millisecond, and in the last tenth each two milliseconds.
        let moments: Vec<u64> =
            (1..=100_u64).map(|n| if n <= 90 { n * 1_000 } else { 90_000 + (n - 90) * 2_000 }).collect();
        let rates = rates(&moments);
        assert_eq!(rates.len(), PARTS);
        assert_eq!((rates[0], rates[8], rates[9]), (1_000.0, 1_000.0, 500.0));
    }

    #[test]
    fn a_field_is_read_where_it_is() {
        let body = br#"{"hold":{"id":"x1","token":"t"}}"#;
        assert_eq!((field(body, br#""id":""#), field(body, br#""token":""#)), (Some("x1"), Some("t")));
        assert_eq!(field(body, br#""none":""#), None);
    }
}
