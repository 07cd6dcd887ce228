//! A buyer on one connection: sets two places aside, gives them back, and so on. Every request is written by hand, and nothing
//! is read of an answer but what the next request needs.

use std::io::{self, Write as _};
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;

use super::tally::Kind;
use super::wire::{Wire, find};

/// Where requests go: an address, and what stands before every path there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its socket.
    pub addr: SocketAddr,
    /// What stands before `/api/v1`.
    pub prefix: String,
}

impl Target {
    /// From `http://127.0.0.1:8080` or `http://127.0.0.1:8080/prefix`.
    ///
    /// # Errors
    /// Where it is no such address.
    pub fn parse(url: &str) -> Result<Self, String> {
        let rest = url.strip_prefix("http://").ok_or_else(|| format!("{url} does not begin with http://"))?;
        let (host, prefix) = rest.split_once('/').map_or((rest, ""), |(host, prefix)| (host, prefix));
        let addr = host.to_socket_addrs().map_err(|error| format!("{url}: {error}"))?.next();
        let prefix = prefix.trim_end_matches('/');
        Ok(Self {
            addr: addr.ok_or_else(|| format!("{url} is nowhere"))?,
            prefix: if prefix.is_empty() { String::new() } else { format!("/{prefix}") },
        })
    }
}

/// A show, as far as buyers need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Show {
    /// Its id.
    pub id: String,
    /// Its seats by guid, neighbours one after the other.
    pub seats: Vec<String>,
}

/// Which places are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Play {
    /// Each buyer has places of their own: nothing is refused.
    Apart,
    /// All want two of the first so many.
    Contended(usize),
    /// One buyer takes one pair after the other.
    InTurn,
}

/// SplitMix64: variety that a seed repeats.
#[derive(Clone, Debug)]
pub struct Dice(pub u64);

impl Dice {
    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) >> 33).unwrap_or(0) % end.max(1)
    }
}

/// What a run is about, for all its buyers.
#[derive(Debug)]
pub struct Scene {
    /// Where.
    pub target: Target,
    /// At which shows.
    pub shows: Arc<[Show]>,
    /// Which places.
    pub play: Play,
    /// How many buyers there are.
    pub buyers: usize,
    /// What makes the keys of one run others than those of the next.
    pub run: u64,
}

struct Held {
    show: usize,
    id: [u8; 36],
    token: Vec<u8>,
}

/// A buyer.
pub struct Buyer {
    scene: Arc<Scene>,
    wire: Wire,
    number: usize,
    turns: usize,
    dice: Dice,
    held: Option<Held>,
    request: Vec<u8>,
    body: Vec<u8>,
}

/// What a request came to.
pub enum Outcome {
    /// As it should be.
    Done(Kind),
    /// An answer that should not be.
    Wrong(String),
}

impl Buyer {
    /// Connects.
    ///
    /// # Errors
    /// Where nobody listens.
    pub async fn arrive(scene: Arc<Scene>, number: usize) -> io::Result<Self> {
        let wire = Wire::open(scene.target.addr).await?;
        let dice = Dice(scene.run ^ ((number as u64) << 32));
        Ok(Self { scene, wire, number, turns: 0, dice, held: None, request: Vec::new(), body: Vec::new() })
    }

    /// The next request: gives back what is held, else asks for two places.
    ///
    /// # Errors
    /// Where the connection ended.
    pub async fn act(&mut self) -> io::Result<Outcome> {
        match self.held.take() {
            Some(held) => self.release(&held).await,
            None => self.hold().await,
        }
    }

    /// Asks for two places and keeps them, whatever is held already.
    ///
    /// # Errors
    /// Where the connection ended.
    pub async fn hold_on(&mut self) -> io::Result<Outcome> {
        let outcome = self.hold().await;
        self.held = None;
        outcome
    }

    /// Connects again, holding nothing.
    ///
    /// # Errors
    /// Where nobody listens.
    pub async fn come_back(&mut self) -> io::Result<()> {
        self.held = None;
        self.wire = Wire::open(self.scene.target.addr).await?;
        Ok(())
    }

    /// Which show, and which of its places.
    fn choose(&mut self) -> (usize, usize) {
        let shows = self.scene.shows.len();
        let show = if shows == 1 { 0 } else { self.dice.below(shows) };
        let pairs = self.scene.shows[show].seats.len() / 2;
        let pair = match self.scene.play {
            Play::InTurn => (self.turns - 1) % pairs.max(1),
            Play::Contended(places) => self.dice.below((places / 2).min(pairs)),
            Play::Apart => {
                // A stripe of the house for each; in it one pair after the other.
                let (buyers, own) = (self.scene.buyers, self.number);
                let stripe = (pairs / buyers).max(1);
                (own + (self.turns % stripe) * buyers) % pairs.max(1)
            }
        };
        (show, pair * 2)
    }

    async fn hold(&mut self) -> io::Result<Outcome> {
        self.turns += 1;
        let (show, at) = self.choose();
        let scene = Arc::clone(&self.scene);
        let seats = &scene.shows[show].seats;
        self.body.clear();
        write!(self.body, r#"{{"seats":["{}","{}"]}}"#, seats[at], seats[at + 1])?;
        self.request.clear();
        write!(
            self.request,
            "POST {}/api/v1/shows/{}/holds HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n\
             idempotency-key: {:016x}-{:06x}-{:08x}\r\ncontent-length: {}\r\n\r\n",
            scene.target.prefix,
            scene.shows[show].id,
            scene.target.addr,
            scene.run,
            self.number,
            self.turns,
            self.body.len()
        )?;
        self.request.extend_from_slice(&self.body);
        let answer = self.wire.ask(&self.request).await?;
        match answer.status {
            201 => {
                let text = |name: &[u8]| {
                    let begin = find(answer.body, name)? + name.len();
                    let end = begin + answer.body[begin..].iter().position(|&byte| byte == b'"')?;
                    Some(&answer.body[begin..end])
                };
                let id = text(br#""id":""#).and_then(|id| <[u8; 36]>::try_from(id).ok());
                let (Some(id), Some(token)) = (id, text(br#""token":""#)) else {
                    return Ok(wrong("a hold without id or token", answer.body));
                };
                self.held = Some(Held { show, id, token: token.to_vec() });
                Ok(Outcome::Done(Kind::Held))
            }
            409 => Ok(Outcome::Done(Kind::Refused)),
            other => Ok(wrong(&format!("a hold was answered {other}"), answer.body)),
        }
    }

    async fn release(&mut self, held: &Held) -> io::Result<Outcome> {
        let scene = &self.scene;
        self.request.clear();
        write!(self.request, "DELETE {}/api/v1/shows/{}/holds/", scene.target.prefix, scene.shows[held.show].id)?;
        self.request.extend_from_slice(&held.id);
        write!(self.request, " HTTP/1.1\r\nhost: {}\r\naisle-hold-token: ", scene.target.addr)?;
        self.request.extend_from_slice(&held.token);
        self.request.extend_from_slice(b"\r\n\r\n");
        let answer = self.wire.ask(&self.request).await?;
        match answer.status {
            204 => Ok(Outcome::Done(Kind::Released)),
            other => Ok(wrong(&format!("a release was answered {other}"), answer.body)),
        }
    }
}

fn wrong(what: &str, body: &[u8]) -> Outcome {
    let said = String::from_utf8_lossy(&body[..body.len().min(300)]);
    Outcome::Wrong(format!("{what}: {said}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_an_address_and_a_prefix() {
        let target = Target::parse("http://127.0.0.1:80/row-lock/").expect("a target");
        assert_eq!((target.addr.port(), target.prefix.as_str()), (80, "/row-lock"));
        assert_eq!(Target::parse("http://127.0.0.1:81").expect("a target").prefix, "");
        assert!(Target::parse("https://127.0.0.1:81").is_err());
        assert!(Target::parse("http://127.0.0.1").is_err());
    }

    #[test]
    fn dice_are_repeated_by_their_seed_and_reach_everything() {
        let (mut one, mut two) = (Dice(7), Dice(7));
        let thrown: Vec<usize> = (0..1_000).map(|_| one.below(50)).collect();
        assert_eq!(thrown, (0..1_000).map(|_| two.below(50)).collect::<Vec<_>>());
        assert!((0..50).all(|wanted| thrown.contains(&wanted)));
    }
}
