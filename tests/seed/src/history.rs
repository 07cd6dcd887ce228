//! What happened at one show: told by a dice, decided by the show, written by the journal.

use std::sync::Arc;

use aisle_actors::turn::{Effect, Said, Turn, Wish};
use aisle_actors::{Epoch, Journal as _, PostgresJournal, PostgresSummaries, Recovered, Snapshot, Summaries as _};
use aisle_core::{
    BookingId, Channel, Command, Entry, HoldId, HoldSeats, OrderId, Origin, SeatNo, Settings, ShowId, StateChange,
    Timestamp,
};
use uuid::Uuid;

use crate::dice::Dice;
use crate::hall::Hall;
use crate::house::{Buyer, DAY_MS, Night, SALE_DAYS};
use crate::{Fault, Wanted};

/// A sale as it ended: neighbours in one row, paid for and booked.
#[derive(Clone, Debug)]
pub struct Sale {
    /// Its show.
    pub show: Uuid,
    /// When the show begins.
    pub starts_at: Timestamp,
    /// The order.
    pub order: Uuid,
    /// The hold that it paid for.
    pub hold: Uuid,
    /// The booking that came of it.
    pub booking: Uuid,
    /// Who bought.
    pub customer: Uuid,
    /// When the order was made.
    pub at: Timestamp,
    /// The number of its first seat.
    pub first: u32,
    /// How many seats.
    pub seats: u32,
    /// What they cost.
    pub total: i64,
}

/// What is to happen at a show, in order.
#[derive(Debug)]
pub(crate) struct Story {
    show: Uuid,
    plan: Arc<aisle_core::Plan>,
    acts: Vec<(Timestamp, Command)>,
    sales: Vec<Sale>,
    /// One long rush: its pages are large.
    is_deep: bool,
    /// The last snapshot is one of the rush.
    dies: bool,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Played {
    pub(crate) events: u64,
    pub(crate) sales: Vec<Sale>,
}

/// The server's own: `ShowsConfig::snapshot_every`.
const SNAPSHOT_EVERY: u64 = 1_000;
/// Events in a page of a rush.
const RUSH_PAGE: u64 = 32;
/// The server's own: a show that nobody asks sleeps after so long.
const IDLE_MS: i64 = 10 * 60_000;

const ORIGIN: Origin = Origin { channel: Channel::Public, buyer: None, code: None };

fn hold(hold: Uuid, first: u32, seats: u32) -> Command {
    Command::Hold(HoldSeats {
        hold: HoldId(hold),
        origin: ORIGIN,
        seats: (first..first + seats).map(SeatNo).collect(),
        best: None,
        areas: Vec::new(),
        allocation: None,
        request: Some(u64::from(first)),
    })
}

impl Story {
    /// The story of the show with this number.
    pub(crate) fn new(
        night: Night,
        number: u32,
        wanted: &Wanted,
        hall: &Hall,
        now: Timestamp,
        buyers: &[Buyer],
    ) -> Result<Self, Fault> {
        let plan = hall.plan.clone().ok_or("the hall is no plan")?;
        let mut dice = Dice::new(wanted.seed, u64::from(number));
        let opens = night.starts_at.0 - SALE_DAYS * DAY_MS;
        let closes = (night.starts_at.0 - 3_600_000).min(now.0 - 3_600_000);
        let mut acts = vec![
            (Timestamp(opens), Command::Configure(Settings::default())),
            (Timestamp(opens), Command::Change(StateChange::Publish)),
        ];
        let is_deep = number >= wanted.shows;
        let quota = if is_deep {
            u64::from(wanted.seats) / 4
        } else {
            // What does not divide goes to the first.
            wanted.bookings / u64::from(wanted.shows)
                + u64::from(u64::from(number) < wanted.bookings % u64::from(wanted.shows))
        };
        // A deep journal is one long rush, ended some hours ago.
        let begins =
            if is_deep { (closes - i64::try_from(wanted.deep)? * 400).max(opens + 300_000) } else { opens + 300_000 };
        let mut sales = Vec::new();
        let mut next = 0;
        for left in (1..=quota).rev() {
            let wish = [1, 1, 2, 2, 2, 2, 2, 3, 4, 4].get(usize::try_from(dice.below(10))?).copied().unwrap_or(1);
            let free = u64::from(wanted.seats - next);
            let seats = hall.in_row(next, wish).min(u32::try_from(free.saturating_sub(left - 1))?).max(1);
            let at = begins + dice.below((closes - begins).cast_unsigned()).cast_signed();
            let buyer = buyers.get(usize::try_from(dice.below(buyers.len() as u64))?).ok_or("nobody buys")?;
            let sale = Sale {
                show: night.id,
                starts_at: night.starts_at,
                order: dice.id(),
                hold: dice.id(),
                booking: dice.id(),
                customer: buyer.id,
                at: Timestamp(at),
                first: next,
                seats,
                total: hall.price(next, seats),
            };
            let order = OrderId(sale.order);
            acts.push((Timestamp(at - 60_000 - dice.below(60_000).cast_signed()), hold(sale.hold, next, seats)));
            acts.push((
                Timestamp(at),
                Command::StartPayment {
                    hold: HoldId(sale.hold),
                    order,
                    pay_within_ms: None,
                    customer: Some(buyer.number),
                },
            ));
            acts.push((
                Timestamp(at + 20_000 + dice.below(60_000).cast_signed()),
                Command::Book { hold: HoldId(sale.hold), booking: BookingId(sale.booking), order: Some(order) },
            ));
            next += seats;
            sales.push(sale);
        }
        if is_deep {
            let pairs = (wanted.deep - 2).saturating_sub(quota * 3) / 2;
            let free = wanted.seats - next;
            for pair in 0..pairs {
                let at = begins + (closes - begins) * i64::try_from(pair)? / i64::try_from(pairs)?;
                let id = dice.id();
                // Held for some seconds: the seat is free again long before its turn comes round.
                acts.push((Timestamp(at), hold(id, next + u32::try_from(pair % u64::from(free))?, 1)));
                acts.push((Timestamp(at + 5_000), Command::ReleaseHold { hold: HoldId(id) }));
            }
        }
        let over = night.starts_at.0 + 3 * 3_600_000;
        if over < now.0 {
            acts.push((Timestamp(over), Command::Change(StateChange::End)));
        }
        // A sale near the end is finished all the same.
        acts.sort_by_key(|act| act.0);
        Ok(Self { show: night.id, plan, acts, sales, is_deep, dies: is_deep && number == wanted.shows + 1 })
    }
}

/// The show while it is played.
struct Playing<'a> {
    journal: &'a PostgresJournal,
    show: ShowId,
    epoch: Epoch,
    turn: Turn<()>,
    leaving: Option<Arc<[Entry]>>,
    keep: Vec<Snapshot>,
}

impl Playing<'_> {
    fn take(&mut self, effects: Vec<Effect<()>>) -> Result<(), Fault> {
        for effect in effects {
            match effect {
                Effect::Append(entries) => self.leaving = Some(entries),
                Effect::Say((), Said::Refused(why), _) => {
                    return Err(format!("show {} refused: {why}", self.show).into());
                }
                Effect::Keep(snapshot) => self.keep.push(snapshot),
                Effect::Publish(..) | Effect::Say(..) | Effect::Summarise(_) => {}
            }
        }
        Ok(())
    }

    /// Makes durable what is on its way; what was decided meanwhile is on its way then.
    async fn flush(&mut self, now: Timestamp) -> Result<bool, Fault> {
        let Some(entries) = self.leaving.take() else { return Ok(false) };
        self.journal.append(self.show, self.epoch, entries).await?;
        let effects = self.turn.durable(now);
        self.take(effects)?;
        for snapshot in self.keep.drain(..) {
            self.journal.save_snapshot(self.show, self.epoch, snapshot).await?;
        }
        Ok(true)
    }
}

/// Plays it, as an actor would: one append on its way, the next page growing meanwhile.
pub(crate) async fn play(
    story: Story,
    journal: &PostgresJournal,
    summaries: &PostgresSummaries,
    page: u64,
) -> Result<Played, Fault> {
    let show = ShowId(story.show);
    let page = if story.is_deep { page.max(RUSH_PAGE) } else { page };
    let epoch = journal.acquire(show).await?;
    let (turn, _) = Turn::recover(show, &story.plan, Recovered::default(), SNAPSHOT_EVERY, None)?;
    let mut playing = Playing { journal, show, epoch, turn, leaving: None, keep: Vec::new() };
    let mut now = Timestamp(0);
    for (at, command) in story.acts {
        now = at;
        let effects = playing.turn.wish(now, &Wish::Command(command), ());
        playing.take(effects)?;
        // What is on its way was a page of its own before.
        let grown = playing.turn.newest_seq().0 - playing.turn.durable_seq().0;
        if grown > page {
            playing.flush(now).await?;
        }
    }
    while playing.flush(now).await? {}
    let end = Timestamp(now.0 + IDLE_MS);
    let effects = playing.turn.time(end);
    playing.take(effects)?;
    while playing.flush(end).await? {}
    if !story.dies
        && let Some(snapshot) = playing.turn.snapshot(end)
    {
        journal.save_snapshot(show, epoch, snapshot).await?;
    }
    summaries.write(vec![playing.turn.summary()]).await?;
    journal.hand_over(show, epoch).await?;
    Ok(Played { events: playing.turn.durable_seq().0, sales: story.sales })
}
