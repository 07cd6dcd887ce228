//! Scenes: a table that a house manager can read, played on a show.
//!
//! A line is `command -> outcome`; what stands after `#` is for the reader. Times are absolute: `tick 10m` goes to ten minutes
//! after the beginning and says what time alone has brought. Ids are words: `H1`, `B1`, `O1`, `X1`. A seat is `A-1`, three places
//! of the floor are `floor=3`. A hold may say `by=staff|code|allocation`, `buyer=`, `code=VIP gives=4`, `key=`, `from=X1`,
//! or `best=2 category= section= accessible= companions=`; `sit H1` says how its people sit. After every line the whole show is
//! audited.

use std::sync::Arc;

use aisle_core::*;
use uuid::Uuid;

use crate::audit::Audited;

pub fn check(table: &str) {
    play(testing::hall_with(2, 6, &[("floor", 10)], |_| {}), table);
}

/// Plays a table on a published show with holds of 10 minutes that may be extended to 20, and 10 minutes to pay.
pub fn play(plan: Arc<Plan>, table: &str) {
    let mut scene = Scene::new(plan);
    scene.line("configure ttl=10m extend=20m pay=10m");
    scene.line("publish");
    scene.table(table);
}

/// Plays a table on a draft.
pub fn play_draft(table: &str) {
    Scene::new(testing::hall_with(2, 6, &[("floor", 10)], |_| {})).table(table);
}

pub struct Scene {
    show: Audited,
    now: Timestamp,
}

impl Scene {
    pub fn new(plan: Arc<Plan>) -> Self {
        Self { show: Audited::new(plan), now: Timestamp(0) }
    }

    pub fn table(&mut self, table: &str) {
        for (number, line) in table.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            let (wish, expected) = line.split_once("->").unwrap_or((line, ""));
            let outcome = self.line(wish.trim());
            let expected = expected.split_whitespace().collect::<Vec<_>>().join(" ");
            if !expected.is_empty() {
                assert_eq!(outcome, expected, "line {number}: {line}\n{table}");
            }
        }
    }

    fn line(&mut self, wish: &str) -> String {
        let words: Vec<&str> = wish.split_whitespace().collect();
        match words[0] {
            "tick" => {
                self.now = time(words[1]);
                let events = self.show.expire(self.now);
                self.outcome(&events)
            }
            "map" => {
                let letters = self.show.letters();
                let rows = self.show.plan().rows();
                let mut from = 0;
                let rows = rows.iter().map(|row| {
                    let to = from + row.blocks.iter().map(Vec::len).sum::<usize>();
                    let part = letters[from..to].to_owned();
                    from = to;
                    part
                });
                rows.collect::<Vec<_>>().join(" ")
            }
            "free" => {
                let area = self.show.plan().area_of(words[1]).unwrap().number;
                self.show.area_available(area).unwrap().to_string()
            }
            "due" => self.show.next_deadline().map_or("never".into(), show_time),
            "state" => match self.show.state() {
                ShowState::Draft => "draft".into(),
                ShowState::Published => "published".into(),
                ShowState::Paused { since, public_message } => {
                    format!("paused since {} {}", show_time(*since), public_message.as_deref().unwrap_or("-"))
                }
                ShowState::Cancelled { .. } => "cancelled".into(),
                ShowState::Moved { .. } => "moved".into(),
                ShowState::Ended => "ended".into(),
            },
            "see" => self.see(words[1]),
            "sit" => match self.show.hold(id(words[1]).into()).and_then(|hold| self.show.plan().placement(&hold.seats))
            {
                Some(Placement::OneRow) => "in one row".into(),
                Some(Placement::Stacked) => "in rows behind each other".into(),
                Some(Placement::Split) => "apart".into(),
                None => "nowhere".into(),
            },
            _ => {
                let command = self.command(&words);
                let replayed = self.show.would_replay(self.now, &command);
                match self.show.turn(self.now, &command) {
                    Ok(events) if events.is_empty() && replayed => "the same again".into(),
                    Ok(events) => self.outcome(&events),
                    Err(refusal) => self.refusal(&refusal),
                }
            }
        }
    }

    fn see(&self, name: &str) -> String {
        if let Some(booking) = self.show.booking(id(name).into()) {
            let cancelled = if booking.cancelled { " cancelled" } else { "" };
            return format!("booking{}{cancelled}", self.places(&booking.seats, &booking.areas));
        }
        if let Some(allocation) = self.show.allocation(id(name).into()) {
            let until = allocation.release_at.map_or(String::new(), |at| format!(" until {}", show_time(at)));
            return format!("allocation{}{until}", self.places(&allocation.seats, &allocation.areas));
        }
        let Some(hold) = self.show.hold(id(name).into()) else {
            return "unknown".into();
        };
        let state = match hold.state {
            HoldState::Open { expires_at } => format!("open until {}", show_time(expires_at)),
            HoldState::Paying { pay_by, .. } => format!("paying by {}", show_time(pay_by)),
            HoldState::Released { at } => format!("released at {}", show_time(at)),
            HoldState::Lapsed { at } => format!("lapsed at {}", show_time(at)),
            HoldState::PaymentEnded { at } => format!("payment ended at {}", show_time(at)),
            HoldState::Booked { at, .. } => format!("booked at {}", show_time(at)),
        };
        format!("{state}{}", self.places(&hold.seats, &hold.areas))
    }

    fn command(&self, words: &[&str]) -> Command {
        let args = Args { plan: self.show.plan(), words };
        let hold = || HoldId(id(words[1]));
        match words[0] {
            "hold" => Command::Hold(HoldSeats {
                hold: hold(),
                origin: args.origin(),
                seats: args.seats(""),
                best: args.number("best").map(|quantity| BestAvailable {
                    quantity,
                    category: args.value("category").map(|name| args.plan.category_of(name).unwrap()),
                    section: args.value("section").map(|name| args.plan.section_of(name).unwrap()),
                    accessible: args.number("accessible").unwrap_or(0),
                    companions: args.number("companions").unwrap_or(0),
                }),
                areas: args.areas(),
                allocation: args.value("from").map(|name| id(name).into()),
                request: args.value("key").map(|key| key.len() as u64 * 1000 + u64::from(key.as_bytes()[0])),
            }),
            "change" => {
                Command::ChangeHold { hold: hold(), add: args.seats("+"), remove: args.seats("-"), areas: args.areas() }
            }
            "extend" => Command::ExtendHold { hold: hold() },
            "release" => Command::ReleaseHold { hold: hold() },
            "pay" => Command::StartPayment {
                hold: hold(),
                order: id(words[2]).into(),
                pay_within_ms: args.value("within").map(|length| time(length).0 as u64),
                customer: args.value("customer").map(|name| id(name).into()),
            },
            "reopen" => Command::ReopenHold { hold: hold(), order: id(words[2]).into() },
            "endpay" => Command::EndPayment { hold: hold(), order: id(words[2]).into() },
            "book" => Command::Book {
                hold: hold(),
                booking: id(words[2]).into(),
                order: words.get(3).map(|order| id(order).into()),
            },
            "late" => Command::SellLate(LateSale {
                hold: hold(),
                booking: id(words[2]).into(),
                order: id(words[3]).into(),
                seats: args.seats(""),
                areas: args.areas(),
                accept_equal: words.contains(&"equal"),
                origin: args.origin(),
                customer: args.value("customer").map(|name| id(name).into()),
            }),
            "cancel" => {
                Command::CancelBooking { booking: id(words[1]).into(), seats: args.seats(""), areas: args.areas() }
            }
            "block" => Command::Block {
                allocation: id(words[1]).into(),
                seats: args.seats(""),
                areas: args.areas(),
                reason: args.value("reason").unwrap_or("camera").into(),
                release_at: args.value("until").map(time),
            },
            "unblock" => {
                Command::Unblock { allocation: id(words[1]).into(), seats: args.seats(""), areas: args.areas() }
            }
            "configure" => Command::Configure(args.settings(self.show.settings().clone())),
            "publish" => Command::Change(StateChange::Publish),
            "pause" => Command::Change(StateChange::Pause { reason: "r".into(), public_message: args.message() }),
            "resume" => Command::Change(StateChange::Resume),
            "cancelshow" => Command::Change(StateChange::Cancel { reason: "r".into(), public_message: args.message() }),
            "move" => Command::Change(StateChange::Move { reason: "r".into(), public_message: args.message() }),
            "end" => Command::Change(StateChange::End),
            "plan" => Command::ChangePlan(NewPlan(args.revised())),
            other => panic!("no such line: {other}"),
        }
    }

    fn outcome(&self, events: &[Event]) -> String {
        if events.is_empty() {
            return "nothing".into();
        }
        events.iter().map(|event| self.event(event)).collect::<Vec<_>>().join(", ")
    }

    fn event(&self, event: &Event) -> String {
        match event {
            Event::SeatsHeld { seats, areas, expires_at, .. } => {
                format!("held{} until {}", self.places(seats, areas), show_time(*expires_at))
            }
            Event::HoldChanged { added, removed, areas, .. } => {
                let list = |sign: char, seats: &[SeatNo]| -> String {
                    seats.iter().map(|&seat| format!(" {sign}{}", self.seat(seat))).collect()
                };
                format!("changed{}{}{}", list('+', added), list('-', removed), self.places(&[], areas))
            }
            Event::HoldExtended { expires_at, .. } => format!("extended until {}", show_time(*expires_at)),
            Event::HoldReleased { hold } => format!("released {}", name(hold.0)),
            Event::HoldLapsed { hold } => format!("lapsed {}", name(hold.0)),
            Event::PaymentStarted { pay_by, .. } => format!("paying by {}", show_time(*pay_by)),
            Event::PaymentGivenUp { expires_at, .. } => format!("open until {}", show_time(*expires_at)),
            Event::PaymentEnded { hold, .. } => format!("payment ended {}", name(hold.0)),
            Event::Booked { booking, seats, areas, .. } => {
                format!("booked {}{}", name(booking.0), self.places(seats, areas))
            }
            Event::BookingCancelled { seats, areas, .. } => format!("given back{}", self.places(seats, areas)),
            Event::SeatsBlocked { seats, areas, .. } => format!("blocked{}", self.places(seats, areas)),
            Event::SeatsUnblocked { seats, areas, by_time, .. } => {
                format!("unblocked{}{}", self.places(seats, areas), if *by_time { " by time" } else { "" })
            }
            Event::Configured { .. } => "configured".into(),
            Event::Published => "published".into(),
            Event::Paused { .. } => "paused".into(),
            Event::Resumed { holds_shifted_by_ms } => {
                format!("resumed after {}", show_time(Timestamp(*holds_shifted_by_ms as i64)))
            }
            Event::Cancelled { .. } => "show cancelled".into(),
            Event::Moved { .. } => "moved".into(),
            Event::Ended => "ended".into(),
            Event::PlanChanged { from: _, version, dropped } => {
                let dropped: String = dropped.iter().map(|seat| format!(" -?{seat}")).collect();
                format!("on plan {}{dropped}", name(version.0))
            }
        }
    }

    fn refusal(&self, refusal: &Rejection) -> String {
        let detail = match refusal {
            Rejection::NotOnSale { on_sale_at } => format!(" at {}", show_time(*on_sale_at)),
            Rejection::HoldLapsed { lapsed_at } => format!(" at {}", show_time(*lapsed_at)),
            Rejection::UnknownSeats { seats }
            | Rejection::SeatsTaken { seats }
            | Rejection::StrandsASeat { seats }
            | Rejection::TableSoldWhole { seats }
            | Rejection::NotInAllocation { seats } => self.places(seats, &[]),
            Rejection::SeatLimitReached { max }
            | Rejection::HoldLimitReached { max }
            | Rejection::AccessCodeUsedUp { max } => format!(" max {max}"),
            Rejection::AreaFull { available, .. } => format!(" {available} left"),
            Rejection::NothingWanted => " nothing wanted".into(),
            Rejection::UnknownArea { .. } => " area".into(),
            Rejection::NamedTwice => " twice".into(),
            Rejection::PlanLacksPlaces { seats, areas } => {
                let areas: Vec<_> = areas.iter().map(|&area| AreaCount { area, quantity: 0 }).collect();
                self.places(seats, &areas).replace("=0", "")
            }
            Rejection::NotInBooking => " not in booking".into(),
            Rejection::BadSettings { why } => format!(" {why}"),
            Rejection::SalesPaused { public_message } => format!(" {}", public_message.as_deref().unwrap_or("-")),
            Rejection::KeyReused
            | Rejection::BookingCancelled
            | Rejection::NotPublished
            | Rejection::SalesEnded
            | Rejection::UnknownHold { .. }
            | Rejection::HoldNotOpen
            | Rejection::UnknownBooking { .. }
            | Rejection::UnknownAllocation { .. }
            | Rejection::WrongState
            | Rejection::NoneAvailable => String::new(),
        };
        format!("refused {}{detail}", refusal.code())
    }

    fn places(&self, seats: &[SeatNo], areas: &[AreaCount]) -> String {
        let area = |count: &AreaCount| self.show.plan().area(count.area).map_or("?", |area| &area.id).to_owned();
        let seats = seats.iter().map(|&seat| format!(" {}", self.seat(seat)));
        seats.chain(areas.iter().map(|count| format!(" {}={}", area(count), count.quantity))).collect()
    }

    fn seat(&self, seat: SeatNo) -> String {
        self.show.plan().seat(seat).map_or_else(|| format!("?{seat}"), |seat| seat.guid.to_string())
    }
}

struct Args<'a> {
    plan: &'a Plan,
    words: &'a [&'a str],
}

impl Args<'_> {
    fn value(&self, key: &str) -> Option<&str> {
        self.words.iter().find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
    }

    fn number(&self, key: &str) -> Option<u32> {
        self.value(key).map(|value| value.parse().unwrap())
    }

    fn message(&self) -> Option<String> {
        self.words.get(1).map(|&word| word.to_owned())
    }

    fn origin(&self) -> Origin {
        let channel = match self.value("by") {
            None => Channel::Public,
            Some("code") => Channel::AccessCode,
            Some("allocation") => Channel::Allocation,
            Some("staff") => Channel::Staff,
            Some(other) => panic!("no such channel: {other}"),
        };
        let code = self.value("code").map(|name| AccessCode { id: id(name).into(), places_max: self.number("gives") });
        Origin { channel, buyer: self.value("buyer").map(|name| id(name).into()), code }
    }

    /// Seats with this sign before them. A seat that the plan hasn't is `?99`.
    fn seats(&self, sign: &str) -> Vec<SeatNo> {
        let seat = |word: &&str| {
            let word = word.strip_prefix(sign)?;
            let beyond = || word.strip_prefix('?').and_then(|number| number.parse().ok()).map(SeatNo);
            self.plan.number_of(word).or_else(beyond)
        };
        self.words.iter().filter_map(seat).collect()
    }

    /// `floor=2`; an area that the plan hasn't is `?9=2`.
    fn areas(&self) -> Vec<AreaCount> {
        let count = |word: &&str| {
            let (name, quantity) = word.split_once('=')?;
            let beyond = || name.strip_prefix('?').and_then(|number| number.parse().ok()).map(AreaNo);
            let area = self.plan.area_of(name).map(|area| area.number).or_else(beyond)?;
            Some(AreaCount { area, quantity: quantity.parse().unwrap() })
        };
        self.words.iter().filter_map(count).collect()
    }

    /// `plan V2 without=A-6,B-6 with=A-7 floor=8`; numbers of new seats begin beyond those that ever were.
    fn revised(&self) -> Arc<Plan> {
        let list = |key: &str| self.value(key).into_iter().flat_map(|names| names.split(',')).collect::<Vec<_>>();
        let end = 12 + u32::try_from(self.plan.numbers_end()).unwrap();
        let with: Vec<_> = list("with").into_iter().zip(end..).map(|(guid, number)| (guid, SeatNo(number))).collect();
        let areas: Vec<_> = self
            .plan
            .areas()
            .iter()
            .filter_map(|area| self.number(&area.id).map(|capacity| (&*area.id, capacity)))
            .collect();
        testing::revised(self.plan, id(self.words[1]).as_u128(), &list("without"), &with, &areas)
    }

    fn settings(&self, mut settings: Settings) -> Settings {
        let ms = |key: &str| self.value(key).map(|length| time(length).0 as u64);
        settings.hold_ttl_ms = ms("ttl").unwrap_or(settings.hold_ttl_ms);
        settings.extend_max_ms = ms("extend").unwrap_or(settings.extend_max_ms);
        settings.pay_within_ms = ms("pay").unwrap_or(settings.pay_within_ms);
        settings.places_per_hold_max = self.number("places").unwrap_or(settings.places_per_hold_max);
        settings.holds_per_buyer_max = self.number("buyer_holds").or(settings.holds_per_buyer_max);
        settings.places_per_buyer_max = self.number("buyer_places").or(settings.places_per_buyer_max);
        settings.on_sale_at = self.value("from").map(time).or(settings.on_sale_at);
        settings.sales_end_at = self.value("until").map(time).or(settings.sales_end_at);
        settings.orphan_rule = match self.value("orphans") {
            None => settings.orphan_rule,
            Some("off") => OrphanRule::Off,
            Some("lenient") => OrphanRule::Lenient,
            Some("strict") => OrphanRule::Strict,
            Some(other) => panic!("no such rule: {other}"),
        };
        settings.orphan_rule_ends_before_ms = ms("orphans_end").unwrap_or(settings.orphan_rule_ends_before_ms);
        settings
    }
}

/// A word as an id, up to 16 letters.
pub fn id(word: &str) -> Uuid {
    let mut bytes = [0; 16];
    bytes[..word.len()].copy_from_slice(word.as_bytes());
    Uuid::from_bytes(bytes)
}

fn name(id: Uuid) -> String {
    id.as_bytes().iter().take_while(|&&byte| byte != 0).map(|&byte| char::from(byte)).collect()
}

/// `1h2m3s4ms`.
fn time(text: &str) -> Timestamp {
    let (mut total, mut number, mut rest) = (0, 0, text);
    while let Some(letter) = rest.chars().next() {
        if let Some(digit) = letter.to_digit(10) {
            number = number * 10 + i64::from(digit);
            rest = &rest[1..];
            continue;
        }
        let units = [("ms", 1), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)];
        let (unit, factor) = units.into_iter().find(|(unit, _)| rest.starts_with(unit)).unwrap();
        total += number * factor;
        number = 0;
        rest = &rest[unit.len()..];
    }
    Timestamp(total)
}

fn show_time(at: Timestamp) -> String {
    let mut rest = at.0;
    let mut text = String::new();
    for (unit, factor) in [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)] {
        if rest >= factor {
            text += &format!("{}{unit}", rest / factor);
            rest %= factor;
        }
    }
    if text.is_empty() { "0s".into() } else { text }
}
