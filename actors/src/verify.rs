//! Verifying a journal: everything that must be true of it, read line by line. Owns nothing, writes nothing.

mod owners;

use std::sync::Arc;

use aisle_core::{Entry, Plan, Seq, ShowId, Timestamp, Touched};

use crate::chain;
use crate::journal::{Journal, JournalError, Snapshot};
use crate::past::{first_plan, plan_of_snapshot, same};
use crate::recall::Recalled;
use crate::summary::Plans;
use crate::view;
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
    /// What is worth knowing and no fault.
    pub notes: Vec<String>,
}

/// Replays a show's journal from its first line and from its newest snapshot. Numbers have no gaps, times never go back, every
/// line can be read, no seat is given to two, and the snapshot is what the replay says; also while its server goes on with it.
/// Each line is read on the plan that its show was on. `plan` is the one that the catalogue says.
///
/// # Errors
/// The journal did not answer.
pub async fn verify(
    journal: &dyn Journal,
    plans: &dyn Plans,
    show: ShowId,
    plan: Arc<Plan>,
) -> Result<Verified, JournalError> {
    let snapshot = journal.snapshot(show, Seq(i64::MAX.cast_unsigned())).await?;
    let first = first_plan(journal, plans, show, &plan).await?;
    let mut reading = Reading {
        lines: 0,
        faults: Vec::new(),
        notes: Vec::new(),
        owners: Owners::default(),
        whole: Recalled::begin(show, first),
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
                Ok(event) => {
                    reading.entry(&Entry { seq: line.seq, at: line.at, event });
                    reading.follow_plan(plans, line.seq).await?;
                }
                Err(why) => reading.unreadable(line.seq, &why),
            }
            if let Some(snapshot) = snapshot.as_ref().filter(|snapshot| snapshot.seq == line.seq) {
                match plan_of_snapshot(plans, show, &plan, snapshot).await {
                    Ok(plan) => reading.snapshot(show, &plan, snapshot),
                    Err(JournalError::Damaged { what, .. }) => {
                        reading.fault(format!("the snapshot at {} cannot be read: {what}", snapshot.seq.0));
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        if is_last || reading.faults.len() >= FAULTS_MAX {
            break;
        }
    }
    Ok(reading.end(snapshot.map(|snapshot| snapshot.seq)))
}

struct Reading {
    lines: u64,
    faults: Vec<String>,
    notes: Vec<String>,
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
        self.faults.push(what);
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
        self.lines += 1;
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

    /// A plan that is not there is a fault; the rest is read on the one before.
    async fn follow_plan(&mut self, plans: &dyn Plans, at: Seq) -> Result<(), JournalError> {
        for show in std::iter::once(&mut self.whole).chain(&mut self.shorter) {
            match show.follow_plan(plans).await {
                Ok(()) => {}
                Err(JournalError::Damaged { what, .. }) => {
                    if !self.is_broken {
                        self.faults.push(format!("line {}: {what}", at.0));
                    }
                    self.is_broken = true;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn snapshot(&mut self, show: ShowId, plan: &Arc<Plan>, snapshot: &Snapshot) {
        let at = snapshot.seq.0;
        if view::is_older_layout(&snapshot.image) {
            self.notes.push(format!("the snapshot at {at} is of an older layout: the whole journal is replayed"));
            return;
        }
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
        Verified { lines: self.lines, faults: self.faults, notes: self.notes }
    }
}
