//! How many places an address or a browser holds at this moment, over all shows.
//!
//! A show knows its holds and nothing of addresses, and its journal never shall. So this process remembers who asked for which
//! hold, and its shows tell it what became of each ([`Witness`]), whoever did that: the buyer, an order, the house, or time. A
//! place is claimed here before the show is asked for it, so that many requests at once don't slip past together. A process that
//! begins anew knows of nobody; several each count for themselves.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aisle_actors::Witness;
use aisle_actors::core::{AreaCount, HoldId, HoldState, HoldView, SeatNo, ShowId, Timestamp};
use uuid::Uuid;

use super::churn::Churn;
use crate::platform::config::{AbuseLimits, Config};

/// So long a claim is kept of which nobody heard whether the show agreed: longer than any answer takes.
const CLAIM_MS: u64 = 60_000;
/// So long after its deadline a hold is forgotten of which no show told that it ended, because another process woke it. A payment
/// that is under way at its deadline is over by then.
const UNTOLD_MS: u64 = 15 * 60_000;

/// A browser, by the hash of what its cookie says.
pub type Device = [u8; 32];

/// By what somebody is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Who {
    /// A network address, as limits count it.
    Address(IpAddr),
    /// A browser.
    Device(Device),
    /// An account.
    Account(Uuid),
}

/// Who asks for a hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holder {
    /// Where they are; nothing for this machine.
    pub address: Option<IpAddr>,
    /// Their browser.
    pub device: Option<Device>,
    /// It has only just been given its cookie, and may never show it: its first hold is as large as its show lets it be, and how it
    /// ends is not remembered.
    pub is_new: bool,
    /// Their account.
    pub account: Option<Uuid>,
}

impl Holder {
    fn every(&self) -> impl Iterator<Item = Who> + use<> {
        let (device, account) = (self.device.map(Who::Device), self.account.map(Who::Account));
        self.address.map(Who::Address).into_iter().chain(device).chain(account)
    }

    /// By whom it is remembered how their holds end: a browser that is new each time must not fill the memory of all others.
    fn judged(&self) -> impl Iterator<Item = Who> + use<> {
        let is_new = self.is_new;
        self.every().filter(move |who| !is_new || !matches!(who, Who::Device(_)))
    }

    /// An account's places are its show's business: see the limits by buyer.
    fn capped(&self) -> impl Iterator<Item = Who> + use<> {
        self.every().filter(|who| !matches!(who, Who::Account(_)))
    }
}

/// Why somebody gets no hold now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Their address holds as many places as it may.
    AddressFull {
        /// So many.
        max: u32,
    },
    /// Their browser does.
    DeviceFull {
        /// So many.
        max: u32,
    },
    /// They held often and bought nearly nothing.
    Unbought {
        /// When the next hold may come.
        wait_ms: u64,
    },
}

impl Refused {
    /// Its word in metrics and in the audit log.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::AddressFull { .. } => "address_full",
            Self::DeviceFull { .. } => "device_full",
            Self::Unbought { .. } => "unbought",
        }
    }
}

/// What a change makes of a hold.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Seats it gets.
    pub add: Vec<SeatNo>,
    /// Seats it gives back.
    pub remove: Vec<SeatNo>,
    /// New totals of areas.
    pub areas: Vec<AreaCount>,
}

#[derive(Debug)]
struct Held {
    show: ShowId,
    holder: Holder,
    /// Its show has told of it.
    is_known: bool,
    seats: Vec<SeatNo>,
    areas: Vec<AreaCount>,
    /// Requests on their way to the show, and what it may have by them.
    asking: u32,
    target: u64,
    /// When it is forgotten if nobody tells anything more.
    until: Timestamp,
}

impl Held {
    fn places(&self) -> u64 {
        self.seats.len() as u64 + self.areas.iter().map(|area| u64::from(area.quantity)).sum::<u64>()
    }

    fn counted(&self) -> u64 {
        self.places().max(self.target)
    }

    fn places_after(&self, change: &Change) -> u64 {
        let kept = self.seats.iter().filter(|seat| !change.remove.contains(seat) && !change.add.contains(seat)).count();
        let mut areas = self.areas.clone();
        for wanted in &change.areas {
            areas.retain(|area| area.area != wanted.area);
            areas.push(*wanted);
        }
        (kept + change.add.len()) as u64 + areas.iter().map(|area| u64::from(area.quantity)).sum::<u64>()
    }
}

#[derive(Debug, Default)]
struct State {
    holds: HashMap<HoldId, Held>,
    due: BTreeSet<(Timestamp, HoldId)>,
    places: HashMap<Who, u64>,
    churn: Churn,
}

impl State {
    fn of(&self, who: Who) -> u64 {
        self.places.get(&who).copied().unwrap_or_default()
    }

    fn count(&mut self, holder: &Holder, before: u64, after: u64) {
        for who in holder.capped() {
            let count = self.places.entry(who).or_default();
            *count = count.saturating_sub(before).saturating_add(after);
            if *count == 0 {
                self.places.remove(&who);
            }
        }
    }

    /// Changes a hold, and what its holder has by it.
    fn change(&mut self, hold: HoldId, change: impl FnOnce(&mut Held)) {
        let Some(held) = self.holds.get_mut(&hold) else { return };
        let (before, was_due, holder) = (held.counted(), held.until, held.holder);
        change(held);
        let (after, due) = (held.counted(), held.until);
        if was_due != due {
            self.due.remove(&(was_due, hold));
            self.due.insert((due, hold));
        }
        self.count(&holder, before, after);
    }

    fn remove(&mut self, hold: HoldId) -> Option<Held> {
        let held = self.holds.remove(&hold)?;
        self.due.remove(&(held.until, hold));
        self.count(&held.holder, held.counted(), 0);
        Some(held)
    }

    fn remove_all(&mut self, which: impl Fn(HoldId, &Held) -> bool) {
        let gone: Vec<HoldId> =
            self.holds.iter().filter(|(hold, held)| which(**hold, held)).map(|(&hold, _)| hold).collect();
        for hold in gone {
            self.remove(hold);
        }
    }

    fn forget_what_is_over(&mut self, now: Timestamp) {
        while let Some(&(until, hold)) = self.due.first()
            && until <= now
        {
            self.remove(hold);
        }
    }

    /// What its show says of a hold.
    fn told(&mut self, view: &HoldView) {
        let (deadline, ended) = match view.state {
            HoldState::Open { expires_at } => (expires_at, None),
            HoldState::Paying { order: _, pay_by } => (pay_by, None),
            HoldState::Released { at } | HoldState::Lapsed { at } | HoldState::PaymentEnded { at } => {
                (at, Some((at, false)))
            }
            HoldState::Booked { booking: _, at } => (at, Some((at, true))),
        };
        match ended {
            Some((at, bought)) => {
                let Some(held) = self.remove(view.hold) else { return };
                for who in held.holder.judged() {
                    self.churn.ended(at, who, bought);
                }
            }
            None => self.change(view.hold, |held| {
                held.is_known = true;
                held.seats.clone_from(&view.seats);
                held.areas.clone_from(&view.areas);
                held.until = deadline.plus_ms(UNTOLD_MS);
            }),
        }
    }
}

/// Who holds what, in this process.
#[derive(Debug)]
pub struct Hoards {
    enforced: bool,
    address_max: u32,
    device_max: u32,
    unbought_of_address_max: u32,
    unbought_max: u32,
    state: Mutex<State>,
}

impl Hoards {
    /// As configured; nobody holds anything yet.
    #[must_use]
    pub fn from_config(config: &Config) -> Self {
        Self {
            enforced: config.abuse_limits == AbuseLimits::Enforce,
            address_max: config.held_places_per_address_max,
            device_max: config.held_places_per_device_max,
            unbought_of_address_max: config.unbought_holds_per_address_max,
            unbought_max: config.unbought_holds_per_device_max,
            state: Mutex::default(),
        }
    }

    // Every section under this lock leaves the counts whole.
    fn state(&self, now: Timestamp) -> MutexGuard<'_, State> {
        let mut state = self.untimed();
        state.forget_what_is_over(now);
        state
    }

    fn untimed(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn full(&self, state: &State, mut capped: impl Iterator<Item = Who>, more: u64) -> Option<Refused> {
        capped.find_map(|who| {
            let (max, refused) = match who {
                Who::Address(_) => (self.address_max, Refused::AddressFull { max: self.address_max }),
                Who::Device(_) | Who::Account(_) => (self.device_max, Refused::DeviceFull { max: self.device_max }),
            };
            (state.of(who).saturating_add(more) > u64::from(max)).then_some(refused)
        })
    }

    fn unbought(&self, state: &mut State, now: Timestamp, holder: &Holder) -> Option<Refused> {
        let known = [holder.device.map(Who::Device), holder.account.map(Who::Account)];
        let left_alone = known.into_iter().flatten().any(|who| state.churn.is_left_alone(now, who));
        let waits = holder.every().filter_map(|who| match who {
            Who::Address(_) if left_alone => None,
            Who::Address(_) => state.churn.wait_ms(now, who, self.unbought_of_address_max),
            Who::Device(_) | Who::Account(_) => state.churn.wait_ms(now, who, self.unbought_max),
        });
        waits.max().map(|wait_ms| Refused::Unbought { wait_ms })
    }

    fn refuse(&self, refused: Refused) -> Result<(), Refused> {
        metrics::counter!("aisle_holds_limited_total", "why" => refused.word()).increment(1);
        if self.enforced { Err(refused) } else { Ok(()) }
    }

    /// Claims places for a hold before its show is asked for it; to be settled afterwards. The same hold again, as a repeated
    /// request asks for it, claims nothing more.
    ///
    /// # Errors
    /// Why they get none.
    pub fn claim(
        &self,
        now: Timestamp,
        (show, hold): (ShowId, HoldId),
        holder: Holder,
        places: u64,
    ) -> Result<(), Refused> {
        let mut state = self.state(now);
        if state.holds.contains_key(&hold) {
            state.change(hold, |held| held.asking += 1);
            return Ok(());
        }
        let judged = holder.judged().filter(|who| !matches!(who, Who::Account(_)));
        if let Some(refused) = self.full(&state, judged, places) {
            self.refuse(refused)?;
        }
        if let Some(refused) = self.unbought(&mut state, now, &holder) {
            self.refuse(refused)?;
        }
        for who in holder.every() {
            state.churn.let_through(now, who);
        }
        let until = now.plus_ms(CLAIM_MS);
        let held = Held {
            show,
            holder,
            is_known: false,
            seats: Vec::new(),
            areas: Vec::new(),
            asking: 1,
            target: places,
            until,
        };
        state.count(&holder, 0, places);
        state.due.insert((until, hold));
        state.holds.insert(hold, held);
        Ok(())
    }

    /// The same for a change of a hold. False where nothing is claimed: the hold is not counted here, or gets no larger.
    ///
    /// # Errors
    /// Why it may not get larger.
    pub fn claim_more(&self, now: Timestamp, hold: HoldId, change: &Change) -> Result<bool, Refused> {
        let mut state = self.state(now);
        let Some(held) = state.holds.get(&hold) else { return Ok(false) };
        let more = held.places_after(change).saturating_sub(held.places());
        let holder = held.holder;
        if more == 0 {
            return Ok(false);
        }
        if let Some(refused) = self.full(&state, holder.capped(), more) {
            self.refuse(refused)?;
        }
        state.change(hold, |held| {
            held.asking += 1;
            held.target = held.counted() + more;
        });
        Ok(true)
    }

    /// The show has answered what was claimed for; by then it has told what became of the hold.
    pub fn settle(&self, hold: HoldId) {
        let mut state = self.untimed();
        let Some(held) = state.holds.get(&hold) else { return };
        let (is_last, is_known) = (held.asking <= 1, held.is_known);
        if is_last && !is_known {
            state.remove(hold);
            return;
        }
        state.change(hold, |held| {
            held.asking = held.asking.saturating_sub(1);
            if is_last {
                held.target = 0;
            }
        });
    }

    /// Nobody knows what the show made of it. Where it has made a hold of it, it will tell; else the claim ends by itself.
    pub fn lose_sight(&self, hold: HoldId) {
        let is_known = self.untimed().holds.get(&hold).is_some_and(|held| held.is_known);
        if is_known {
            self.settle(hold);
        }
    }

    /// The show answers with a hold that it had made before, for the same request: before this process began, perhaps.
    pub fn met_again(&self, view: &HoldView) {
        let mut state = self.untimed();
        if state.holds.get(&view.hold).is_none_or(|held| held.is_known) {
            return;
        }
        if view.state.ended_at().is_some() {
            // Its end was told when it came.
            state.remove(view.hold);
        } else {
            state.told(view);
        }
    }

    /// Somebody has shown to be somebody: what they held before is forgotten. Without a browser of theirs it is their address's.
    pub fn forgive(&self, now: Timestamp, holder: &Holder) {
        let mut state = self.state(now);
        let own = [holder.device.map(Who::Device), holder.account.map(Who::Account)];
        let mut any = false;
        for who in own.into_iter().flatten() {
            any = true;
            state.churn.forgive(now, who);
        }
        if let Some(address) = holder.address.filter(|_| !any) {
            state.churn.forgive(now, Who::Address(address));
        }
    }
}

impl Witness for Hoards {
    fn touched(&self, _: ShowId, holds: &[HoldView]) {
        let mut state = self.untimed();
        for view in holds {
            state.told(view);
        }
    }

    fn loaded(&self, show: ShowId, holds: &[HoldView]) {
        let mut state = self.untimed();
        for view in holds {
            state.told(view);
        }
        let stand: HashSet<HoldId> = holds.iter().map(|view| view.hold).collect();
        // What was claimed is on its way to the show that was just loaded.
        state.remove_all(|hold, held| held.show == show && held.is_known && !stand.contains(&hold));
    }

    fn lost(&self, show: ShowId) {
        self.untimed().remove_all(|_, held| held.show == show);
    }
}

#[cfg(test)]
mod tests;
