//! A connection that is kept: HTTP/1.1 as thin as it can be, so that the machine's time goes to the server.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The largest answer that is waited for: a hold is under a kilobyte.
const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// One connection.
#[derive(Debug)]
pub struct Wire {
    stream: TcpStream,
    kept: Vec<u8>,
    filled: usize,
}

/// What came back.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer<'a> {
    /// Its status.
    pub status: u16,
    /// Its body.
    pub body: &'a [u8],
}

/// Where the head ends, what the status is, and how long the body.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    body_at: usize,
    body_bytes: usize,
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

/// Where `wanted` begins in `text`.
pub fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|part| part == wanted)
}

/// Reads a head, where all of it is there.
fn head(bytes: &[u8]) -> io::Result<Option<Head>> {
    let Some(end) = find(bytes, b"\r\n\r\n") else { return Ok(None) };
    let text = std::str::from_utf8(&bytes[..end]).map_err(|_| wrong("a head that is no text"))?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| wrong("an answer without a status"))?;
    let mut body_bytes = 0;
    for line in lines {
        let Some((name, value)) = line.split_once(':') else { continue };
        if name.eq_ignore_ascii_case("content-length") {
            body_bytes = value.trim().parse().map_err(|_| wrong("a length that is no number"))?;
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            return Err(wrong("an answer in pieces"));
        }
    }
    if body_bytes > ANSWER_BYTES_MAX {
        return Err(wrong("an answer that is too long"));
    }
    Ok(Some(Head { status, body_at: end + 4, body_bytes }))
}

impl Wire {
    /// Connects.
    ///
    /// # Errors
    /// Where nobody listens.
    pub async fn open(to: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(to).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, kept: vec![0; 4096], filled: 0 })
    }

    /// Sends a request and waits for its answer.
    ///
    /// # Errors
    /// Where the connection ends, or what comes is no answer.
    pub async fn ask(&mut self, request: &[u8]) -> io::Result<Answer<'_>> {
        self.filled = 0;
        self.stream.write_all(request).await?;
        let head = loop {
            self.more().await?;
            if let Some(head) = head(&self.kept[..self.filled])? {
                break head;
            }
        };
        let end = head.body_at + head.body_bytes;
        while self.filled < end {
            self.more().await?;
        }
        Ok(Answer { status: head.status, body: &self.kept[head.body_at..end] })
    }

    async fn more(&mut self) -> io::Result<()> {
        if self.filled == self.kept.len() {
            self.kept.resize(self.kept.len() * 2, 0);
        }
        match self.stream.read(&mut self.kept[self.filled..]).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                self.filled += read;
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_whole_or_not_yet() {
        let whole = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\nx: y\r\n\r\n{}";
        for end in 0..whole.len() - 2 {
            assert_eq!(head(&whole[..end]).expect("no error"), None, "{end}");
        }
        assert_eq!(head(whole).expect("a head"), Some(Head { status: 201, body_at: 49, body_bytes: 2 }));
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        for bytes in ["nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"] {
            assert!(head(bytes.as_bytes()).is_err(), "{bytes}");
        }
        assert!(head(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").is_err());
        assert!(head(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n").is_err());
    }
}
