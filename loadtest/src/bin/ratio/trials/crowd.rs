//! Many at once who ask little: viewers of one show, and shows at rest.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::{Bench, Server};
use crate::buyer::{Buyer, Outcome, Play, Scene, Show};
use crate::cpu;
use crate::house::{House, Office};
use crate::report::{Line, Verdict};
use crate::run::{Failed, timed};
use crate::tally::Kind;
use crate::viewers::{MARKS_MAX, Marks, Viewers};

/// Holds a second while viewers watch.
const HOLDS_A_SECOND: f64 = 500.0;
/// So often the yardstick of a feed says something, or as soon as all have what it said last: a little longer than that takes ten
/// thousand of them on a fast machine.
const TOLD_EVERY_MS: u64 = 100;
/// Seats of the show that is watched.
const WATCHED_SEATS: usize = 5_000;
/// Seats of a show at rest.
const RESTING_SEATS: usize = 5_000;

impl Bench<'_> {
    pub(super) async fn viewers(&mut self, office: &Office, house: &House) -> Result<(), Failed> {
        let count = self.options.viewers;
        let show = office.shows(house, 1, WATCHED_SEATS).await?.remove(0);
        let marks = Arc::new(Marks::of(show.seats.len()));
        let marked = Show { id: show.id.clone(), seats: show.seats[show.seats.len() - MARKS_MAX..].to_vec() };
        let others = Show { id: show.id.clone(), seats: show.seats[..show.seats.len() - MARKS_MAX].to_vec() };
        let Server { target, watched } = self.aisle.clone();
        let empty = self.options.server_pid.and_then(cpu::resident);
        let viewers = Viewers::arrive(&target, &format!("/api/v1/shows/{}/live", show.id), count, &marks).await?;
        let full = self.options.server_pid.and_then(cpu::resident);

        self.run += 1;
        let mark =
            Scene { target: target.clone(), shows: [marked].into(), play: Play::InTurn, buyers: 1, run: self.run };
        let mut marker = Buyer::arrive(Arc::new(mark), 0).await?;
        let (asked, length) = (Arc::clone(&marks), Duration::from_secs(self.options.viewer_seconds));
        // A pair at a time, kept; the marks are used up over the whole time.
        let pairs = MARKS_MAX / 2;
        let pause = length / u32::try_from(pairs).unwrap_or(u32::MAX);
        let marking = tokio::spawn(async move {
            let mut wrong = None;
            for pair in 0..pairs {
                tokio::time::sleep(pause).await;
                asked.asked(pair * 2);
                asked.asked(pair * 2 + 1);
                match marker.hold_on().await {
                    Ok(Outcome::Done(Kind::Held)) => {}
                    Ok(Outcome::Done(kind)) => wrong = Some(format!("a mark was {kind:?}")),
                    Ok(Outcome::Wrong(what)) => wrong = Some(what),
                    Err(error) => wrong = Some(error.to_string()),
                }
            }
            wrong
        });
        let scene = self.scene(&target, &[others].into(), Play::Apart, 64);
        let run = timed(scene, HOLDS_A_SECOND * 2.0, length, watched).await?;
        self.report.fault(run.tally.faults, run.tally.first_fault.as_ref());
        if let Some(wrong) = marking.await? {
            self.report.fault(1, Some(&wrong));
        }
        let heard = viewers.leave().await?;
        let expected = (count * MARKS_MAX) as u64;
        let (p50, p99) = (heard.after_us.value_at_quantile(0.5) / 1000, heard.after_us.value_at_quantile(0.99) / 1000);
        let bytes = heard.bytes.checked_div(heard.messages).unwrap_or(0);
        let bare = self.listeners(count, bytes, &marks).await?;
        self.report.line(Line {
            what: format!("{count} viewers of one show under {HOLDS_A_SECOND} holds a second"),
            seen: format!(
                "a change is with p50 of them after {p50} ms, p99 {p99} ms, the last after {} ms; {} of {expected} were heard, {} messages, {} sockets lost; a hold took p99 {} ms",
                heard.after_us.max() / 1000,
                heard.after_us.len(),
                heard.messages,
                heard.lost,
                run.tally.of(Kind::Held).value_at_quantile(0.99) / 1000,
            ),
            target: Some((
                "p99 within 250 ms, all heard".to_owned(),
                // Where not all were heard it is missed, whatever others do.
                if heard.after_us.len() < expected { Verdict::Missed } else { Verdict::beside(p99 <= 250, Some(bare <= 250)) },
            )),
            figures: json!({"p50_ms": p50, "p99_ms": p99, "heard": heard.after_us.len(), "expected": expected, "lost": heard.lost}),
        });
        if let (Some(empty), Some(full)) = (empty, full) {
            let each = full.saturating_sub(empty) / count.max(1) as u64;
            self.report.line(Line {
                what: "memory of the server for each of them".to_owned(),
                seen: format!("{each} bytes ({} MB before, {} MB with all)", empty >> 20, full >> 20),
                target: Some(("under 16 kB".to_owned(), Verdict::of(each < 16 * 1024))),
                figures: json!({"bytes": each}),
            });
        }
        Ok(())
    }

    /// As many sockets of a handler that only says the same to all, as much as a delta, and as often as serves them best, while nobody
    /// holds anything: what a server that does more can hardly be quicker than. Its p99 in milliseconds.
    async fn listeners(&mut self, count: usize, bytes: u64, marks: &Arc<Marks>) -> Result<u64, Failed> {
        let path = format!("/live?bytes={bytes}&every_ms={TOLD_EVERY_MS}");
        let listeners = Viewers::arrive(&self.yardstick.target, &path, count, marks).await?;
        // What was told while they came is still being heard.
        tokio::time::sleep(Duration::from_secs(2)).await;
        marks.all_here();
        tokio::time::sleep(Duration::from_secs(self.options.viewer_seconds.div_ceil(3))).await;
        let heard = listeners.leave().await?;
        let (p50, p99) = (heard.after_us.value_at_quantile(0.5) / 1000, heard.after_us.value_at_quantile(0.99) / 1000);
        self.report.line(Line {
            what: format!("{count} sockets of a handler that only says {bytes} bytes, {TOLD_EVERY_MS} ms after it said the last"),
            seen: format!(
                "a change would be with p50 of them after {p50} ms, p99 {p99} ms, the last after {} ms; {} messages, {} sockets lost",
                heard.after_us.max() / 1000,
                heard.messages,
                heard.lost
            ),
            target: None,
            figures: json!({"p50_ms": p50, "p99_ms": p99, "bytes": bytes}),
        });
        Ok(p99)
    }

    pub(super) async fn memory(&mut self, office: &Office, house: &House) -> Result<(), Failed> {
        let Some(pid) = self.options.server_pid else {
            return Err("the memory of shows needs --server-pid".into());
        };
        let count = self.options.shows;
        let empty = cpu::resident(pid).ok_or("the server has no memory to read")?;
        office.shows(house, count, RESTING_SEATS).await?;
        let full = cpu::resident(pid).ok_or("the server has no memory to read")?;
        let more = full.saturating_sub(empty) >> 20;
        self.report.line(Line {
            what: format!("{count} shows of {RESTING_SEATS} seats, on sale and at rest"),
            seen: format!("{more} MB more than before ({} MB)", empty >> 20),
            target: Some(("under 150 MB".to_owned(), Verdict::of(more < 150))),
            figures: json!({"mb": more}),
        });
        Ok(())
    }
}
