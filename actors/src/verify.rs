//! Verifying a journal: everything that must be true of it, read line by line. Owns nothing, writes nothing.

mod owners;

use std::sync::Arc;

use aisle_core::{Entry, Plan, Seq, ShowId, Timestamp, Touched};

use crate::chain;
use crate::journal::{Journal, JournalError, Snapshot};
use crate::past::same;
use crate::recall::Recalled;
use owners::Owners;

/// Lines read at a time.
const PAGE: usize = 2_000;
/// A journal that is wrong in a thousand places is wrong.
const FAULTS_MAX: usize = 1_000;

/// What came of it.
#[derive(Debug)]
pub struct Verified {
    /// Lines read.
    pub lines: u64,
    /// What is wrong, in the order of the journal; none where everything is right.
    pub faults: Vec<String>,
}

/// Replays a show's journal from its first line and from its newest snapshot. Numbers have no gaps, times never go back, every
/// line can be read, no seat is given to two, and the snapshot is what the replay says; also while its server goes on with it.
///
/// # Errors
/// The journal did not answer.
pub async fn verify(journal: &dyn Journal, show: ShowId, plan: Arc<Plan>) -> Result<Verified, JournalError> {
    let snapshot = journal.snapshot(show, Seq(i64::MAX.cast_unsigned())).await?;
    let mut reading = Reading {
        verified: Verified { lines: 0, faults: Vec::new() },
        owners: Owners::default(),
        whole: Recalled::begin(show, Arc::clone(&plan)),
        shorter: None,
        last: (Seq(0), Timestamp(i64::MIN)),
        is_broken: false,
    };
    loop {
        let lines = journal.lines(show, reading.last.0, PAGE).await?;
        let is_last = lines.len() < PAGE;
        for line in lines {
            reading.number(line.seq, line.at);
            match line.event {
                Ok(event) => reading.entry(&Entry { seq: line.seq, at: line.at, event }),
                Err(why) => reading.unreadable(line.seq, &why),
            }
            if let Some(snapshot) = snapshot.as_ref().filter(|snapshot| snapshot.seq == line.seq) {
                reading.snapshot(show, &plan, snapshot);
            }
        }
        if is_last || reading.verified.faults.len() >= FAULTS_MAX {
            break;
        }
    }
    Ok(reading.end(snapshot.map(|snapshot| snapshot.seq)))
}

struct Reading {
    verified: Verified,
    owners: Owners,
    /// From the first line on.
    whole: Recalled,
    /// From the snapshot on.
    shorter: Option<Recalled>,
    last: (Seq, Timestamp),
    /// A line is missing: what follows cannot be compared with a snapshot.
    is_broken: bool,
}

impl Reading {
    fn fault(&mut self, what: String) {
        self.verified.faults.push(what);
    }

    fn number(&mut self, seq: Seq, at: Timestamp) {
        let (last, last_at) = self.last;
        if seq != last.next() {
            self.is_broken = true;
            self.fault(format!("line {} follows {}", seq.0, last.0));
        }
        if at < last_at {
            self.fault(format!("line {}: its time is {} ms before the line before it", seq.0, last_at.0 - at.0));
        }
        self.last = (seq, last_at.max(at));
        self.verified.lines += 1;
    }

    fn unreadable(&mut self, seq: Seq, why: &str) {
        self.is_broken = true;
        self.fault(format!("line {}: it cannot be read: {why}", seq.0));
    }

    fn entry(&mut self, entry: &Entry) {
        for (seat, owner) in self.owners.take(&entry.event) {
            self.fault(format!("line {}: seat {seat} is given away while {owner} has it", entry.seq.0));
        }
        let mut touched = Touched::default();
        self.whole.go_on(entry, &mut touched);
        if let Some(shorter) = &mut self.shorter {
            shorter.go_on(entry, &mut touched);
        }
    }

    fn snapshot(&mut self, show: ShowId, plan: &Arc<Plan>, snapshot: &Snapshot) {
        let at = snapshot.seq.0;
        match Recalled::from_snapshot(show, plan, snapshot) {
            Ok(recalled) if self.is_broken || same(&recalled.show, &self.whole.show) => self.shorter = Some(recalled),
            Ok(_) => self.fault(format!("the snapshot at {at} is not what the journal says")),
            Err(error) => self.fault(format!("the snapshot at {at} cannot be read: {}", chain(&error))),
        }
    }

    fn end(mut self, snapshot: Option<Seq>) -> Verified {
        if let Some(at) = snapshot.filter(|at| *at > self.last.0) {
            self.fault(format!("the snapshot stands at {} and the journal ends at {}", at.0, self.last.0.0));
        }
        let differs = self.shorter.as_ref().is_some_and(|shorter| !same(&shorter.show, &self.whole.show));
        if differs && !self.is_broken {
            self.fault("replayed from its snapshot the show is another than replayed from its first line".to_owned());
        }
        self.verified
    }
}
