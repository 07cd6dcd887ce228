//! Those who only watch: sockets on one show, and how long after somebody took a place each of them has heard of it.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::buyer::Target;
use super::clock;
use super::run::Failed;
use super::wire::find;

/// The most places that are marks.
pub const MARKS_MAX: usize = 100;
/// So many connect at a time: a queue of connections is as long as the kernel makes it.
const ARRIVE_AT_ONCE: usize = 64;
/// A frame as long as the largest house's snapshot is read, and no longer.
const FRAME_BYTES_MAX: usize = 1 << 20;

/// Places whose taking is timed: the last ones of the show.
#[derive(Debug)]
pub struct Marks {
    begun: Instant,
    first: usize,
    /// When each was asked for, in microseconds since the beginning; zero: not yet.
    asked_us: Vec<AtomicU64>,
    /// What the yardstick told before this, in microseconds since 1970, does not count: not everybody was there yet.
    all_here_us: AtomicU64,
}

impl Marks {
    /// The last places of a show of so many.
    pub fn of(seats: usize) -> Self {
        let asked_us = (0..MARKS_MAX).map(|_| AtomicU64::new(0)).collect();
        Self { begun: clock::now(), first: seats - MARKS_MAX, asked_us, all_here_us: AtomicU64::new(u64::MAX) }
    }

    /// This one is about to be asked for.
    pub fn asked(&self, mark: usize) {
        self.asked_us[mark].store(clock::since_us(self.begun).max(1), Ordering::Relaxed);
    }

    /// From now on what the yardstick tells counts.
    pub fn all_here(&self) {
        self.all_here_us.store(clock::unix_us(), Ordering::Relaxed);
    }

    /// The marks that a delta tells as held, with how long ago they were asked for. Ten thousand hear the same: it is read once.
    fn heard(&self, text: &[u8], tell: &mut dyn FnMut(u64)) {
        thread_local! {
            static LAST: RefCell<(Vec<u8>, Vec<usize>)> = const { RefCell::new((Vec::new(), Vec::new())) };
        }
        LAST.with_borrow_mut(|(last, marks)| {
            if last != text {
                last.clear();
                last.extend_from_slice(text);
                marks.clear();
                self.read(text, marks);
            }
            for &mark in &*marks {
                let asked = self.asked_us.get(mark).map_or(0, |asked| asked.load(Ordering::Relaxed));
                if asked > 0 {
                    tell(clock::since_us(self.begun).saturating_sub(asked));
                }
            }
        });
    }

    /// The marks that a delta tells as held.
    fn read(&self, text: &[u8], marks: &mut Vec<usize>) {
        let Some(at) = find(text, b"\"seats\":[") else { return };
        let mut rest = &text[at + 9..];
        while let Some(number) = rest.strip_prefix(b"[").or_else(|| rest.strip_prefix(b",[")) {
            let digits = number.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let seat = number[..digits].iter().fold(0_usize, |sum, digit| sum * 10 + usize::from(digit - b'0'));
            let Some(end) = number.iter().position(|&byte| byte == b']') else { return };
            if seat >= self.first && number[digits..end].starts_with(b",\"h\"") {
                marks.push(seat - self.first);
            }
            rest = &number[end + 1..];
        }
    }
}

/// What all viewers together have heard.
#[derive(Debug)]
pub struct Heard {
    /// How long after a mark was asked for each viewer had it, in microseconds; of the yardstick, how long after changes that would
    /// have come between its last word and this one.
    pub after_us: Histogram<u64>,
    /// Messages in all.
    pub messages: u64,
    /// Their bytes, of deltas alone.
    pub bytes: u64,
    /// Viewers whose socket ended before its time.
    pub lost: u64,
}

/// What one has heard; how long after is kept for all of them together, for ten thousand histograms would not stay in a cache.
struct Ear {
    messages: u64,
    bytes: u64,
    lost: bool,
}

type AfterUs = Arc<Mutex<Histogram<u64>>>;

/// Adds latencies; whoever panicked meanwhile left a histogram that counts as well.
fn record(all: &AfterUs, tell: impl FnOnce(&mut dyn FnMut(u64))) {
    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
    tell(&mut |us| all.saturating_record(us.max(1)));
}

/// Sockets that are open.
pub struct Viewers {
    over: watch::Sender<bool>,
    after_us: AfterUs,
    tasks: JoinSet<io::Result<Ear>>,
}

struct Socket {
    stream: TcpStream,
    kept: Vec<u8>,
    filled: usize,
}

impl Socket {
    async fn open(to: SocketAddr, path: &str) -> io::Result<Self> {
        let mut stream = TcpStream::connect(to).await?;
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {to}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut socket = Self { stream, kept: vec![0; 2048], filled: 0 };
        loop {
            socket.more().await?;
            if let Some(end) = find(&socket.kept[..socket.filled], b"\r\n\r\n") {
                if !socket.kept.starts_with(b"HTTP/1.1 101") {
                    let said = String::from_utf8_lossy(&socket.kept[..socket.filled.min(300)]).into_owned();
                    return Err(io::Error::other(format!("no live feed: {said}")));
                }
                socket.forget(end + 4);
                return Ok(socket);
            }
        }
    }

    async fn more(&mut self) -> io::Result<()> {
        if self.filled == self.kept.len() {
            self.kept.resize((self.kept.len() * 2).min(FRAME_BYTES_MAX + 16), 0);
        }
        match self.stream.read(&mut self.kept[self.filled..]).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                self.filled += read;
                Ok(())
            }
        }
    }

    fn forget(&mut self, bytes: usize) {
        self.kept.copy_within(bytes..self.filled, 0);
        self.filled -= bytes;
        // What the snapshot needed is not kept by ten thousand.
        if self.kept.len() > 4096 && self.filled < 2048 {
            self.kept.truncate(2048);
            self.kept.shrink_to_fit();
        }
    }

    /// The next frame's opcode and where its payload lies, where all of it is there.
    fn frame(&self) -> io::Result<Option<(u8, std::ops::Range<usize>)>> {
        let bytes = &self.kept[..self.filled];
        let (Some(first), Some(second)) = (bytes.first(), bytes.get(1)) else { return Ok(None) };
        let (begin, length) = match second & 0x7f {
            126 => match bytes.get(2..4) {
                Some(length) => (4, usize::from(length[0]) << 8 | usize::from(length[1])),
                None => return Ok(None),
            },
            127 => match bytes.get(2..10) {
                Some(length) => (10, length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte))),
                None => return Ok(None),
            },
            short => (2, usize::from(short)),
        };
        if length > FRAME_BYTES_MAX {
            return Err(io::Error::other("a frame that is too long"));
        }
        Ok((bytes.len() >= begin + length).then(|| (first & 0x0f, begin..begin + length)))
    }

    /// Answers a ping; a client masks what it says, and a mask of zeros is one.
    async fn pong(&mut self, payload: std::ops::Range<usize>) -> io::Result<()> {
        let payload = self.kept[payload].to_vec();
        let mut frame = vec![0x8a, 0x80 | u8::try_from(payload.len().min(125)).unwrap_or(0), 0, 0, 0, 0];
        frame.extend_from_slice(&payload[..payload.len().min(125)]);
        self.stream.write_all(&frame).await
    }
}

/// So many changes, one after the other at even distances, are taken to have waited for a word of the yardstick.
const TOLD_CHANGES: u64 = 8;

/// When the yardstick said its last word, and when it said this one, in microseconds since 1970. `None` where it is no word of its.
fn told(text: &[u8]) -> Option<(u64, u64)> {
    let number = |bytes: &[u8]| {
        let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit());
        digits.fold(0_u64, |sum, digit| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0')))
    };
    let since = text.strip_prefix(br#"{"t":"told","since":"#)?;
    let at = since.get(find(since, br#""at":"#)? + 5..)?;
    let (since, at) = (number(since), number(at));
    (since <= at).then_some((since, at))
}

/// Listens until it is over, or the socket ends.
async fn listen(
    mut socket: Socket,
    marks: Arc<Marks>,
    after_us: AfterUs,
    mut over: watch::Receiver<bool>,
) -> io::Result<Ear> {
    let mut ear = Ear { messages: 0, bytes: 0, lost: false };
    let mut is_over = std::pin::pin!(over.changed());
    loop {
        while let Some((opcode, payload)) = socket.frame()? {
            match opcode {
                1 => {
                    ear.messages += 1;
                    let text = &socket.kept[payload.clone()];
                    if text.starts_with(br#"{"t":"delta""#) {
                        ear.bytes += text.len() as u64;
                        record(&after_us, |tell| marks.heard(text, tell));
                    } else if let Some((since, at)) = told(text)
                        && since >= marks.all_here_us.load(Ordering::Relaxed)
                    {
                        let now = clock::unix_us();
                        record(&after_us, |tell| {
                            for step in 1..=TOLD_CHANGES {
                                let change = since + (at - since) * step / TOLD_CHANGES;
                                tell(now.saturating_sub(change));
                            }
                        });
                    }
                }
                8 => return Ok(Ear { lost: true, ..ear }),
                9 => socket.pong(payload.clone()).await?,
                _ => {}
            }
            socket.forget(payload.end);
        }
        tokio::select! {
            biased;
            read = socket.more() => if read.is_err() { return Ok(Ear { lost: true, ..ear }) },
            _ = &mut is_over => return Ok(ear),
        }
    }
}

impl Viewers {
    /// Opens so many sockets at a path.
    ///
    /// # Errors
    /// Where one of them is refused.
    pub async fn arrive(target: &Target, path: &str, count: usize, marks: &Arc<Marks>) -> Result<Self, Failed> {
        let path = format!("{}{path}", target.prefix);
        let after_us: AfterUs = Arc::new(Mutex::new(Histogram::new_with_bounds(1, 60_000_000, 3)?));
        let (over, is_over) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let next = Arc::new(AtomicUsize::new(0));
        let mut arriving: JoinSet<io::Result<Vec<Socket>>> = JoinSet::new();
        for _ in 0..ARRIVE_AT_ONCE.min(count) {
            let (next, path, addr) = (Arc::clone(&next), path.clone(), target.addr);
            arriving.spawn(async move {
                let mut sockets = Vec::new();
                while next.fetch_add(1, Ordering::Relaxed) < count {
                    sockets.push(Socket::open(addr, &path).await?);
                }
                Ok(sockets)
            });
        }
        while let Some(arrived) = arriving.join_next().await {
            for socket in arrived?? {
                tasks.spawn(listen(socket, Arc::clone(marks), Arc::clone(&after_us), is_over.clone()));
            }
        }
        Ok(Self { over, after_us, tasks })
    }

    /// Waits until what is on its way has come, then ends all and tells what they heard.
    ///
    /// # Errors
    /// Where a socket said what is no frame.
    pub async fn leave(mut self) -> Result<Heard, Failed> {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let _ = self.over.send(true);
        let (mut messages, mut bytes, mut lost) = (0, 0, 0);
        while let Some(done) = self.tasks.join_next().await {
            let ear = done??;
            messages += ear.messages;
            bytes += ear.bytes;
            lost += u64::from(ear.lost);
        }
        let after_us = self.after_us.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(Heard { after_us, messages, bytes, lost })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_heard_when_it_is_held_and_others_are_passed_over() {
        let marks = Marks::of(1_000);
        marks.asked(0);
        marks.asked(99);
        let heard = |text: &str| {
            let mut count = 0;
            marks.heard(text.as_bytes(), &mut |_| count += 1);
            count
        };
        let delta = r#"{"t":"delta","from":1,"seq":2,"seats":[[17,"h"],[900,"h"],[999,"h"],[901,"h"]],"areas":[]}"#;
        assert_eq!(heard(delta), 2, "901 was not asked for");
        assert_eq!(heard(r#"{"t":"delta","seats":[[900,"a"]],"areas":[]}"#), 0);
        assert_eq!(heard(r#"{"t":"delta","seats":[],"areas":[["floor",900]]}"#), 0);
        assert_eq!(heard(r#"{"t":"delta","seats":[[900"#), 0);
    }

    #[test]
    fn a_word_of_the_yardstick_says_since_when_changes_wait_for_it() {
        assert_eq!(told(br#"{"t":"told","since":17,"at":42,"more":"xx"}"#), Some((17, 42)));
        for other in
            [r#"{"t":"delta","since":17,"at":42}"#, r#"{"t":"told","since":17"#, r#"{"t":"told","since":43,"at":42}"#]
        {
            assert_eq!(told(other.as_bytes()), None, "{other}");
        }
    }
}
