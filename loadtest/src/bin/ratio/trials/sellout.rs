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
/// One comes after the other: all at once they would hold at once and then book at once, in waves, and each wave has another rate.
const COME_EACH: Duration = Duration::from_micros(500);
/// Tenths, so that noise is not taken for a trend.
const PARTS: usize = 10;
/// The first steps come while connections still do, and the last ones are bookings alone, which cost more than holds: other things'
/// rates. The tenths are of what lies between, where holds and bookings are asked for as often: holds to the last seat, and
/// bookings nearly from the first.
const EDGE: usize = CONNECTIONS;

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
    /// When each of its steps, a hold or a booking, was answered, in microseconds since the beginning.
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

/// Steps a second.
#[allow(clippy::cast_precision_loss, reason = "rates")]
fn rate(steps: usize, us: u64) -> f64 {
    steps as f64 / (us.max(1) as f64 / 1_000_000.0)
}

/// Steps a second of the first ones, of each tenth of those between, and of the last ones. `moments` are sorted.
fn rates(moments: &[u64], edge: usize) -> Option<(f64, Vec<f64>, f64)> {
    let between = moments.len().checked_sub(2 * edge).filter(|between| *between >= PARTS && edge > 0)?;
    let at = |step: usize| moments[step - 1];
    let ends: Vec<usize> = (0..=PARTS).map(|part| edge + part * between / PARTS).collect();
    let parts = ends.windows(2).map(|part| rate(part[1] - part[0], at(part[1]) - at(part[0]))).collect();
    Some((rate(edge, at(edge)), parts, rate(edge, at(moments.len()) - at(edge + between))))
}

/// What one sale of the whole house came to.
struct Sold {
    seconds: f64,
    first: f64,
    rates: Vec<f64>,
    last: f64,
    seats: usize,
    left: usize,
    busy: usize,
}

/// Of each tenth the sale in the middle: one that the machine has slowed down for a moment says nothing about the others.
fn middle_of_each(sales: &[Sold]) -> Vec<f64> {
    (0..PARTS).map(|part| middle_of(sales, |sale| sale.rates[part])).collect()
}

fn middle_of(sales: &[Sold], figure: impl Fn(&Sold) -> f64) -> f64 {
    median(&sales.iter().map(figure).collect::<Vec<_>>())
}

impl Bench<'_> {
    pub(super) async fn sellout(&mut self, office: &Office, house: &House) -> Result<(), Failed> {
        let key = office.key(house).await?;
        let mut sales = Vec::new();
        for show in office.shows(house, self.options.sales.max(1), SEATS).await? {
            sales.push(self.sale(office, &show.id, &key).await?);
        }
        let rates = middle_of_each(&sales);
        let middle = median(&rates);
        let (least, most) =
            rates.iter().fold((f64::MAX, 0_f64), |(least, most), &rate| (least.min(rate), most.max(rate)));
        let words = |rates: &[f64]| rates.iter().map(|rate| format!("{rate:.0}")).collect::<Vec<_>>().join(" ");
        let seconds: Vec<String> = sales.iter().map(|sale| format!("{:.1}", sale.seconds)).collect();
        let (first, last) = (middle_of(&sales, |sale| sale.first), middle_of(&sales, |sale| sale.last));
        let sum = |of: fn(&Sold) -> usize| sales.iter().map(of).sum::<usize>();
        self.report.line(Line {
            what: format!(
                "{} times {SEATS} seats to {} parties of {PARTY} by best available, held and booked, over {CONNECTIONS} connections",
                sales.len(),
                SEATS / PARTY
            ),
            seen: format!(
                "{} sold in {} s, {} left; steps (a hold, a booking) a second in each tenth of the sale, the middle one of them: {} (before them {first:.0} in {EDGE} while the connections come, after them {last:.0} in {EDGE} that are bookings alone); {} answers were \"busy\"",
                sum(|sale| sale.seats),
                seconds.join(", "),
                sum(|sale| sale.left),
                words(&rates),
                sum(|sale| sale.busy),
            ),
            target: Some((
                "every tenth within 20 % of the one in the middle".to_owned(),
                Verdict::of(least >= 0.8 * middle && most <= 1.2 * middle),
            )),
            figures: json!({
                "sold": sum(|sale| sale.seats), "left": sum(|sale| sale.left), "busy": sum(|sale| sale.busy), "rates": rates,
                "first": first, "last": last, "sales": sales.iter().map(|sale| json!({
                    "seconds": sale.seconds, "first": sale.first, "rates": sale.rates, "last": sale.last, "busy": sale.busy,
                })).collect::<Vec<_>>(),
            }),
        });
        Ok(())
    }

    /// One show from its first seat to its last.
    async fn sale(&mut self, office: &Office, show: &str, key: &str) -> Result<Sold, Failed> {
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
        let (show, key) = (show.to_owned(), key.to_owned());
        let sale = Arc::new(Sale { target, show, key, next: AtomicUsize::new(0), begun: clock::now() });
        let mut tasks = JoinSet::new();
        for (wire, number) in wires.into_iter().zip(0_u32..) {
            let sale = Arc::clone(&sale);
            tasks.spawn(async move {
                tokio::time::sleep_until(sale.begun + COME_EACH * number).await;
                sale.serve(wire).await
            });
        }
        let (mut moments, mut seats, mut busy) = (Vec::new(), 0, 0);
        while let Some(seen) = tasks.join_next().await {
            let seen = seen?;
            self.report.fault(seen.faults as u64, seen.first_fault.as_ref());
            moments.extend(seen.steps_us);
            seats += seen.sold * PARTY;
            busy += seen.busy;
        }
        moments.sort_unstable();
        let (first, rates, last) = rates(&moments, EDGE).ok_or("nearly nothing was sold")?;
        let letters = office.seats(&sale.show).await?;
        let left = letters.bytes().filter(|&letter| letter == b'a').count();
        self.report.fault(u64::from(left > 0), Some(&format!("{left} places are left over")));
        #[allow(clippy::cast_precision_loss, reason = "a rate")]
        let seconds = moments[moments.len() - 1] as f64 / 1_000_000.0;
        Ok(Sold { seconds, first, rates, last, seats, left, busy })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::float_cmp, reason = "these are exact")]
    fn a_tenth_that_took_twice_as_long_has_half_the_rate_and_the_edges_have_their_own() {
        // Ten steps each half a millisecond, then each a millisecond, in the last tenth two, and ten more each four.
        let mut now = 0;
        let paces = [(10, 500), (90, 1_000), (10, 2_000), (10, 4_000)];
        let moments: Vec<u64> = paces
            .into_iter()
            .flat_map(|(steps, us)| vec![us; steps])
            .map(|us| {
                now += us;
                now
            })
            .collect();
        let (first, between, last) = rates(&moments, 10).unwrap();
        assert_eq!(between.len(), PARTS);
        assert_eq!((first, between[0], between[8], between[9], last), (2_000.0, 1_000.0, 1_000.0, 500.0, 250.0));
        assert_eq!(rates(&moments[..29], 10), None);
    }

    #[test]
    #[allow(clippy::float_cmp, reason = "these are exact")]
    fn a_tenth_that_one_sale_alone_was_slow_in_is_not_slow() {
        let sale = |rates: [f64; PARTS]| Sold {
            seconds: 1.0,
            first: 1.0,
            rates: rates.to_vec(),
            last: 1.0,
            seats: 0,
            left: 0,
            busy: 0,
        };
        let mut slow = [100.0; PARTS];
        slow[3] = 10.0;
        let sales = [sale([100.0; PARTS]), sale(slow), sale([101.0; PARTS])];
        assert_eq!(middle_of_each(&sales), vec![100.0; PARTS]);
        assert_eq!(middle_of_each(&sales[1..2]), slow);
    }

    #[test]
    fn a_field_is_read_where_it_is() {
        let body = br#"{"hold":{"id":"x1","token":"t"}}"#;
        assert_eq!((field(body, br#""id":""#), field(body, br#""token":""#)), (Some("x1"), Some("t")));
        assert_eq!(field(body, br#""none":""#), None);
    }
}
