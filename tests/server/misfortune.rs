//! A bad network on loopback: between a client and the server stands a proxy that cuts, stalls and closes by half, at places
//! that a seed chooses.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Chance with a seed (splitmix64).
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).expect("it is below a usize")
    }

    pub fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    /// Another chance for another hand, so that one hand's draws don't move the other's.
    pub fn fork(&mut self) -> Self {
        Self(self.next())
    }
}

/// What befalls one direction of a connection after some bytes.
#[derive(Clone, Copy, Debug)]
enum Fate {
    /// Nothing.
    Spared,
    /// Both directions end at once.
    Cut(usize),
    /// This direction is closed, the other goes on.
    HalfClosed(usize),
    /// Nothing passes any more, and nobody is told.
    Stalled(usize),
}

impl Fate {
    fn draw(chance: &mut Chance, bytes_max: usize) -> Self {
        let at = chance.below(bytes_max);
        match chance.below(10) {
            0 => Self::Spared,
            1..=7 => Self::Cut(at),
            8 => Self::HalfClosed(at),
            _ => Self::Stalled(at),
        }
    }

    /// How many more bytes may pass.
    fn left(self) -> usize {
        match self {
            Self::Spared => usize::MAX,
            Self::Cut(left) | Self::HalfClosed(left) | Self::Stalled(left) => left,
        }
    }
}

/// What the network has done, so that a test can say that it was bad.
#[derive(Debug, Default)]
pub struct Done {
    pub connections: AtomicU64,
    pub cut: AtomicU64,
    pub half_closed: AtomicU64,
    pub stalled: AtomicU64,
}

/// A way to the server on which much goes wrong until it is calmed.
pub struct BadNetwork {
    pub url: String,
    pub done: Arc<Done>,
    calm: watch::Sender<bool>,
}

impl BadNetwork {
    /// Between whoever comes and `server`, an address like `http://127.0.0.1:1234`.
    pub async fn before(server: &str, mut chance: Chance) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let target = server.trim_start_matches("http://").to_owned();
        let done = Arc::new(Done::default());
        let (calm, calmed) = watch::channel(false);
        let count = Arc::clone(&done);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                count.connections.fetch_add(1, Ordering::Relaxed);
                let mut chance = chance.fork();
                let (target, calmed, count) = (target.clone(), calmed.clone(), Arc::clone(&count));
                tokio::spawn(async move {
                    // A server that takes nobody more is part of the weather.
                    let Ok(server) = TcpStream::connect(target).await else { return };
                    let (up, down) = if *calmed.borrow() {
                        (Fate::Spared, Fate::Spared)
                    } else {
                        (Fate::draw(&mut chance, 1_500), Fate::draw(&mut chance, 2_500))
                    };
                    connection(client, server, [up, down], chance, calmed, &count).await;
                });
            }
        });
        Self { url, done, calm }
    }

    /// From now on nothing happens to anybody; what hangs is cut.
    pub fn calm_down(&self) {
        self.calm.send_replace(true);
    }
}

async fn connection(
    client: TcpStream,
    server: TcpStream,
    [up, down]: [Fate; 2],
    mut chance: Chance,
    mut calmed: watch::Receiver<bool>,
    done: &Done,
) {
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let there = pass(from_client, to_server, up, chance.fork(), calmed.clone(), done);
    let back = pass(from_server, to_client, down, chance, calmed.clone(), done);
    let was_calm = *calmed.borrow();
    tokio::pin!(there, back);
    let (mut there_open, mut back_open) = (true, true);
    while there_open || back_open {
        tokio::select! {
            how = &mut there, if there_open => match how {
                Passed::Over => break,
                Passed::HalfOver => there_open = false,
            },
            how = &mut back, if back_open => match how {
                Passed::Over => break,
                Passed::HalfOver => back_open = false,
            },
            // What the bad time left behind ends with it.
            _ = calmed.changed(), if !was_calm => break,
        }
    }
}

enum Passed {
    Over,
    HalfOver,
}

/// One direction, in pieces of random size.
async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    fate: Fate,
    mut chance: Chance,
    mut calmed: watch::Receiver<bool>,
    done: &Done,
) -> Passed {
    let mut left = fate.left();
    let mut piece = [0; 512];
    loop {
        if left == 0 {
            break;
        }
        let wanted = (1 + chance.below(piece.len())).min(left);
        match from.read(&mut piece[..wanted]).await {
            Ok(0) | Err(_) => return Passed::Over,
            Ok(read) => {
                left -= read;
                if to.write_all(&piece[..read]).await.is_err() {
                    return Passed::Over;
                }
            }
        }
    }
    match fate {
        Fate::Spared => Passed::Over,
        Fate::Cut(_) => {
            done.cut.fetch_add(1, Ordering::Relaxed);
            Passed::Over
        }
        Fate::HalfClosed(_) => {
            done.half_closed.fetch_add(1, Ordering::Relaxed);
            let _gone = to.shutdown().await;
            Passed::HalfOver
        }
        Fate::Stalled(_) => {
            done.stalled.fetch_add(1, Ordering::Relaxed);
            let _calm = calmed.changed().await;
            Passed::Over
        }
    }
}
