//! A show that is put on another version of its plan while people have its seats.

use std::sync::{Arc, Mutex};

use aisle_actors::core::{Command, Event, NewPlan, Plan, PlanVersionId, Rejection, SeatNo, Seq, ShowId, testing};
use aisle_actors::{
    AskError, BoxFuture, Clock, Journal, MemoryHouse, Moment, Plans, Shows, ShowsConfig, StoreError, verify,
};
use uuid::Uuid;

use crate::house::config;
use crate::support::{START, book, node, plan, publish, show, take};

/// The catalogue: all versions, and the one that it believes the show to be on.
struct Drawer {
    versions: Vec<Arc<Plan>>,
    believed: Mutex<PlanVersionId>,
}

impl Drawer {
    /// The first plan; one without the last two seats and with a new one; one with a larger floor.
    fn new() -> Arc<Self> {
        let first = plan();
        let second = testing::revised(&first, 2, &["1-8", "1-9"], &[("0-10", SeatNo(40))], &[]);
        let third = testing::revised(&second, 3, &[], &[], &[("floor", 150)]);
        let believed = Mutex::new(first.version());
        Arc::new(Self { versions: vec![first, second, third], believed })
    }

    fn believes(&self) -> Uuid {
        self.believed.lock().unwrap().0
    }
}

impl Plans for Drawer {
    fn plan_of(&self, wanted: ShowId) -> BoxFuture<'_, Result<Option<Arc<Plan>>, StoreError>> {
        let believed = *self.believed.lock().unwrap();
        Box::pin(async move { if wanted == show(1) { self.version(believed).await } else { Ok(None) } })
    }

    fn version(&self, version: PlanVersionId) -> BoxFuture<'_, Result<Option<Arc<Plan>>, StoreError>> {
        let found = self.versions.iter().find(|plan| plan.version() == version).cloned();
        Box::pin(async move { Ok(found) })
    }

    fn first_of(&self, _: ShowId) -> BoxFuture<'_, Result<Option<PlanVersionId>, StoreError>> {
        let first = self.versions[0].version();
        Box::pin(async move { Ok(Some(first)) })
    }

    fn correct(&self, _: ShowId, version: PlanVersionId) -> BoxFuture<'_, Result<(), StoreError>> {
        *self.believed.lock().unwrap() = version;
        Box::pin(async { Ok(()) })
    }
}

struct House {
    memory: MemoryHouse,
    clock: Arc<Clock>,
    drawer: Arc<Drawer>,
    shows: Shows,
}

impl House {
    fn start() -> Self {
        Self::open(config(node(1)), MemoryHouse::default(), Drawer::new())
    }

    fn open(config: ShowsConfig, memory: MemoryHouse, drawer: Arc<Drawer>) -> Self {
        let clock = Arc::new(Clock::manual(START));
        let (journal, summaries) = (Arc::new(memory.journal(config.node)), Arc::new(memory.summaries(config.node)));
        let plans = Arc::clone(&drawer);
        let shows = Shows::start(config, journal, plans, summaries, Arc::clone(&clock)).unwrap();
        Self { memory, clock, drawer, shows }
    }

    fn on(&self, version: usize) -> Command {
        Command::ChangePlan(NewPlan(Arc::clone(&self.drawer.versions[version])))
    }

    /// Asks the show as it is now.
    async fn ask(&self, command: Command) -> Result<Seq, AskError> {
        self.shows.get(show(1)).await?.ask(command).await.map(|answered| answered.seq)
    }

    async fn letters(&self) -> String {
        self.shows.read(show(1)).await.unwrap().state().0.letters.to_string()
    }
}

#[tokio::test]
async fn what_people_have_stays_theirs_and_new_seats_can_be_had() {
    let house = House::start();
    house.ask(publish()).await.unwrap();
    house.ask(take(1, &[0])).await.unwrap();
    house.ask(take(2, &[3])).await.unwrap();
    house.ask(book(2)).await.unwrap();
    assert_eq!(house.letters().await, "haabaaaaaaaaaaaaaaaa");
    let old = house.shows.get(show(1)).await.unwrap();
    assert_eq!(house.ask(house.on(1)).await, Ok(Seq(5)));
    let new = house.shows.get(show(1)).await.unwrap();
    assert_eq!(new.plan().version(), house.drawer.versions[1].version());
    assert_eq!(house.letters().await, "haabaaaaaaaaaaaaaaa", "one seat more in the first row, two fewer in the second");
    assert_eq!(new.hold(crate::support::hold(1)).await.unwrap().unwrap().seats, [SeatNo(0)]);
    assert_eq!(house.ask(take(3, &[40])).await, Ok(Seq(6)));
    assert_eq!(&house.letters().await[10..11], "h");
    let gone = Err(AskError::Rejected(Rejection::UnknownSeats { seats: vec![SeatNo(19)] }));
    assert_eq!(house.ask(take(4, &[19])).await, gone);
    // Who still speaks in the old plan's numbers is to look at the new one first.
    assert_eq!(old.ask(take(5, &[1])).await.unwrap_err(), AskError::Unavailable);
    assert_eq!(old.plan().version(), house.drawer.versions[0].version());
    house.shows.stop().await;
}

#[tokio::test]
async fn whoever_comes_while_the_plan_changes_waits_for_the_new_one() {
    let house = House::start();
    house.ask(publish()).await.unwrap();
    let handle = house.shows.get(show(1)).await.unwrap();
    let change = handle.ask(house.on(1));
    let beside = async {
        let mut told = Vec::new();
        for number in 0..5_u32 {
            // The old handle may say "look again"; the show itself never says anything that is not so.
            loop {
                match house.ask(take(u128::from(number), &[number])).await {
                    Ok(_) => break told.push(number),
                    Err(AskError::Unavailable) => tokio::task::yield_now().await,
                    Err(error) => panic!("{error}"),
                }
            }
        }
        told
    };
    let (changed, told) = tokio::join!(change, beside);
    changed.unwrap();
    assert_eq!(told, [0, 1, 2, 3, 4]);
    assert_eq!(house.letters().await, "hhhhhaaaaaaaaaaaaaa");
    house.shows.stop().await;
}

#[tokio::test]
async fn seats_that_somebody_has_cannot_vanish() {
    let house = House::start();
    house.ask(publish()).await.unwrap();
    house.ask(take(1, &[18])).await.unwrap();
    let refused = Rejection::PlanLacksPlaces { seats: vec![SeatNo(18)], areas: vec![] };
    assert_eq!(house.ask(house.on(1)).await, Err(AskError::Rejected(refused)));
    // Nothing has happened, and the show is not disturbed.
    assert_eq!(house.letters().await, "aaaaaaaaaaaaaaaaaaha");
    assert_eq!(house.ask(take(2, &[19])).await, Ok(Seq(3)));
    house.shows.stop().await;
}

#[tokio::test]
async fn the_journal_says_which_plan_it_is_whatever_the_catalogue_believes() {
    let house = House::start();
    house.ask(publish()).await.unwrap();
    house.ask(take(1, &[0])).await.unwrap();
    house.ask(house.on(1)).await.unwrap();
    house.shows.passivate(show(1)).await;
    house.shows.stop().await;
    let House { memory, drawer, .. } = house;
    // The process died before the catalogue was told.
    *drawer.believed.lock().unwrap() = drawer.versions[0].version();
    let next = House::open(config(node(2)), memory.clone(), Arc::clone(&drawer));
    assert_eq!(next.letters().await, "haaaaaaaaaaaaaaaaaa", "in its sleep too");
    assert_eq!(drawer.believes(), Uuid::from_u128(1), "a read corrects nothing");
    assert_eq!(next.ask(take(2, &[40])).await, Ok(Seq(4)));
    assert_eq!(drawer.believes(), Uuid::from_u128(2));
    // And without its snapshot, from the first entry on.
    next.shows.stop().await;
    let all = memory.journal(node(3)).load_whole(show(1)).await.unwrap();
    assert!(all.snapshot.is_none());
    assert!(matches!(all.entries[2].event, Event::PlanChanged { .. }));
    memory.damage(show(1), |_, snapshots| snapshots.clear());
    *drawer.believed.lock().unwrap() = drawer.versions[0].version();
    let again = House::open(config(node(3)), memory, drawer);
    assert_eq!(again.letters().await, "haaaaaaaaahaaaaaaaa");
    again.shows.stop().await;
}

#[tokio::test]
async fn a_reader_elsewhere_goes_on_with_the_new_plan() {
    let owner = House::start();
    owner.ask(publish()).await.unwrap();
    let reader = House::open(config(node(2)), owner.memory.clone(), Arc::clone(&owner.drawer));
    let before = reader.shows.read(show(1)).await.unwrap();
    owner.ask(owner.on(2)).await.unwrap();
    owner.ask(take(1, &[40])).await.unwrap();
    reader.clock.advance_ms(501);
    let after = reader.shows.read(show(1)).await.unwrap();
    assert_eq!(after.plan().version(), owner.drawer.versions[2].version());
    assert_eq!(&after.state().0.letters[10..11], "h");
    assert_ne!(before.plan().version(), after.plan().version());
    owner.shows.stop().await;
    reader.shows.stop().await;
}

#[tokio::test]
async fn a_plan_that_is_not_there_keeps_the_show_shut_and_no_other() {
    let house = House::start();
    let lost = testing::revised(&plan(), 9, &[], &[], &[]);
    house.ask(Command::ChangePlan(NewPlan(lost))).await.unwrap();
    let quarantined = loop {
        match house.shows.get(show(1)).await {
            Err(AskError::Quarantined) => break true,
            Err(AskError::Unavailable | AskError::Busy { .. }) => house.clock.advance_ms(20),
            Err(_) | Ok(_) => break false,
        }
        tokio::task::yield_now().await;
    };
    assert!(quarantined);
    assert_eq!(house.shows.get(show(2)).await.unwrap_err(), AskError::NotFound);
    house.shows.stop().await;
}

#[tokio::test]
async fn a_show_is_seen_on_the_plan_that_it_was_on_and_its_journal_has_no_fault() {
    let house = House::start();
    house.ask(publish()).await.unwrap();
    house.ask(take(1, &[0])).await.unwrap();
    house.ask(house.on(1)).await.unwrap();
    house.ask(take(2, &[40])).await.unwrap();
    house.ask(house.on(2)).await.unwrap();
    house.shows.passivate(show(1)).await;
    let House { memory, drawer, shows, .. } = house;
    let newest = Arc::clone(&drawer.versions[2]);
    let seen = async |moment| {
        let past = shows.past(show(1), Arc::clone(&newest), moment).await.unwrap();
        (past.show.plan().version().0.as_u128(), past.show.letters().len(), past.show.letters().matches('h').count())
    };
    let expected = [(1, 20, 0), (1, 20, 0), (1, 20, 1), (2, 19, 1), (2, 19, 2), (3, 19, 2)];
    for (seq, expected) in (0..).zip(expected) {
        assert_eq!(seen(Moment::Seq(Seq(seq))).await, expected, "{seq}");
    }
    assert_eq!(seen(Moment::Time(START)).await, (3, 19, 2));
    let whole = async || verify(&memory.journal(node(9)), &*drawer, show(1), Arc::clone(&newest)).await.unwrap();
    assert_eq!(whole().await.faults, [""; 0]);

    // An old journal does not say from where its plan was changed: then the catalogue's memory goes.
    memory.damage(show(1), |entries, snapshots| {
        snapshots.clear();
        for entry in entries {
            if let Event::PlanChanged { from, .. } = &mut entry.event {
                assert!(from.take().is_some());
            }
        }
    });
    for (seq, expected) in (0..).zip(expected) {
        assert_eq!(seen(Moment::Seq(Seq(seq))).await, expected, "{seq}");
    }
    assert_eq!(whole().await.faults, [""; 0]);
    // And a plan that nobody has is named.
    memory.damage(show(1), |entries, _| {
        if let Event::PlanChanged { version, .. } = &mut entries[2].event {
            *version = PlanVersionId(Uuid::from_u128(77));
        }
    });
    let lost = PlanVersionId(Uuid::from_u128(77));
    assert_eq!(whole().await.faults, [format!("line 3: it names version {lost} of its plan, which is not there")]);
    shows.stop().await;
}
