//! The protocol of ownership as a small model of one show, checked in every order in which its steps can happen: leases on the
//! database's clock, acquiring in a transaction that commits before anything is loaded, appends that lock the owner's row and
//! may hang there, processes that fall, sleep and wake (whoever takes no step sleeps), clocks that are wrong within bounds.
//!
//! A model that only passes proves nothing: each rule is also taken away, and what it is there for must then be found broken.

use std::ops::ControlFlow;

use stateright::{Checker, Expectation, HasDiscoveries, Model, Property};

/// What is checked: how many nodes, how far, and with which rules.
#[derive(Clone, Copy, Debug)]
struct Protocol {
    nodes: usize,
    time_max: u8,
    entries_max: usize,
    epoch_max: u8,
    /// An append holds the owner's row until it commits, and an acquire waits for it.
    lock: bool,
    /// The journal has one entry for each number.
    unique: bool,
    /// An answer waits until its entry is durable.
    gate: bool,
    /// A node trusts its lease so much less long than the database does.
    margin: u8,
    /// A node notes which lease it has before it acquires, and not once it has loaded.
    lease_noted_first: bool,
}

/// How long a lease lasts.
const LEASE: u8 = 2;
/// A node's clock is late by so much at most.
const SKEW: u8 = 1;

const SOUND: Protocol = Protocol {
    nodes: 2,
    time_max: 5,
    entries_max: 2,
    epoch_max: 3,
    lock: true,
    unique: true,
    gate: true,
    margin: SKEW,
    lease_noted_first: true,
};

/// An entry is its number and the epoch that wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Entry {
    seq: u8,
    epoch: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Owner {
    node: usize,
    epoch: u8,
    handed_over: bool,
}

/// What one process has of the show.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Life {
    Absent,
    /// Acquired, and not yet loaded.
    Acquired {
        epoch: u8,
        under_this_lease: bool,
    },
    /// In memory. `durable`: how many of its entries the journal has confirmed.
    Awake {
        epoch: u8,
        memory: Vec<Entry>,
        durable: usize,
        under_this_lease: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Stage {
    Sent,
    /// The owner's row was found to be ours; with the lock, it stays so.
    Checked,
    Written,
}

/// An append on its way. It goes on in the database when the process that sent it has fallen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Append {
    entry: Entry,
    stage: Stage,
    awaited: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Node {
    lease_until: u8,
    life: Life,
    append: Option<Append>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct House {
    now: u8,
    owner: Option<Owner>,
    /// Who is acquiring, with the row locked and nothing committed; and whether its lease is still the one it noted.
    acquiring: Option<(usize, bool)>,
    journal: Vec<Entry>,
    acknowledged: Vec<Entry>,
    nodes: Vec<Node>,
    seen: Seen,
}

/// What has happened on the way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Seen {
    /// Somebody was told what is not durable.
    told_too_early: bool,
    /// Somebody was told less than another had been told before.
    told_too_little: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Step {
    Tick,
    Renew(usize),
    BeginAcquire(usize),
    CommitAcquire(usize),
    Load(usize),
    Decide(usize),
    Check(usize),
    Write(usize),
    Answer(usize),
    LoseAnswer(usize),
    Speak(usize),
    HandOver(usize),
    Fall(usize),
}

impl House {
    fn lease_lives(&self, node: usize) -> bool {
        self.now < self.nodes[node].lease_until
    }

    fn appends(&self) -> impl Iterator<Item = (usize, Append)> {
        self.nodes.iter().enumerate().filter_map(|(at, node)| Some((at, node.append?)))
    }

    fn may_acquire(&self, node: usize) -> bool {
        let free = |owner: Owner| owner.node == node || owner.handed_over || !self.lease_lives(owner.node);
        self.lease_lives(node) && self.owner.is_none_or(free)
    }

    fn is_owner(&self, node: usize, epoch: u8) -> bool {
        self.owner.is_some_and(|owner| owner.node == node && owner.epoch == epoch)
    }

    /// What was begun under the lease before is nobody's.
    fn another_lease(&mut self, node: usize) {
        if let Some((at, under_this_lease)) = &mut self.acquiring
            && *at == node
        {
            *under_this_lease = false;
        }
        match &mut self.nodes[node].life {
            Life::Absent => {}
            Life::Acquired { under_this_lease, .. } | Life::Awake { under_this_lease, .. } => *under_this_lease = false,
        }
    }

    fn trusts_its_lease(&self, node: usize, margin: u8) -> bool {
        let Node { lease_until, life, .. } = &self.nodes[node];
        let noted = matches!(life, Life::Awake { under_this_lease: true, .. });
        noted && self.now + margin < *lease_until + SKEW
    }

    /// The process drops what it has; what it has sent goes on.
    fn drop_life(&mut self, node: usize) {
        let node = &mut self.nodes[node];
        node.life = Life::Absent;
        if let Some(append) = &mut node.append {
            append.awaited = false;
        }
    }
}

impl Protocol {
    /// `Break`: this step cannot be taken now.
    fn take(&self, house: &mut House, step: Step) -> ControlFlow<()> {
        let only_if = |so: bool| if so { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
        match step {
            Step::Tick => {
                only_if(house.now < self.time_max)?;
                house.now += 1;
            }
            Step::Renew(at) => {
                // Whoever looks at this lease in order to acquire has locked it.
                let looked_at = house.acquiring.is_some() && house.owner.is_some_and(|owner| owner.node == at);
                let until = house.now + LEASE;
                only_if(!looked_at && house.nodes[at].lease_until < until)?;
                let ended = !house.lease_lives(at);
                house.nodes[at].lease_until = until;
                if ended {
                    house.another_lease(at);
                }
            }
            Step::BeginAcquire(at) => {
                let held = house.nodes.iter().any(|node| node.append.is_some_and(|it| it.stage == Stage::Checked));
                let epoch = house.owner.map_or(0, |owner| owner.epoch);
                only_if(house.acquiring.is_none() && house.nodes[at].life == Life::Absent)?;
                only_if(epoch < self.epoch_max && house.may_acquire(at) && !(self.lock && held))?;
                house.acquiring = Some((at, true));
            }
            Step::CommitAcquire(at) => {
                let Some((_, under_this_lease)) = house.acquiring.filter(|(by, _)| *by == at) else {
                    return ControlFlow::Break(());
                };
                let epoch = house.owner.map_or(0, |owner| owner.epoch) + 1;
                house.owner = Some(Owner { node: at, epoch, handed_over: false });
                house.acquiring = None;
                house.nodes[at].life = Life::Acquired { epoch, under_this_lease };
            }
            Step::Load(at) => {
                let Life::Acquired { epoch, under_this_lease } = house.nodes[at].life else {
                    return ControlFlow::Break(());
                };
                let under_this_lease = under_this_lease || !self.lease_noted_first;
                let (memory, durable) = (house.journal.clone(), house.journal.len());
                house.nodes[at].life = Life::Awake { epoch, memory, durable, under_this_lease };
            }
            Step::Decide(at) => {
                let node = &mut house.nodes[at];
                only_if(node.append.is_none())?;
                let Life::Awake { epoch, memory, .. } = &mut node.life else { return ControlFlow::Break(()) };
                let seq = memory.last().map_or(1, |last| last.seq + 1);
                only_if(usize::from(seq) <= self.entries_max)?;
                let entry = Entry { seq, epoch: *epoch };
                memory.push(entry);
                node.append = Some(Append { entry, stage: Stage::Sent, awaited: true });
                if !self.gate {
                    house.acknowledged.push(entry);
                }
            }
            Step::Check(at) => {
                let Some(append) = house.nodes[at].append else { return ControlFlow::Break(()) };
                only_if(append.stage == Stage::Sent && !(self.lock && house.acquiring.is_some()))?;
                if house.is_owner(at, append.entry.epoch) {
                    house.nodes[at].append = Some(Append { stage: Stage::Checked, ..append });
                } else {
                    self.refused(house, at);
                }
            }
            Step::Write(at) => {
                let Some(append) = house.nodes[at].append else { return ControlFlow::Break(()) };
                only_if(append.stage == Stage::Checked)?;
                if self.unique && house.journal.iter().any(|entry| entry.seq == append.entry.seq) {
                    self.refused(house, at);
                } else {
                    house.journal.push(append.entry);
                    let written = Append { stage: Stage::Written, ..append };
                    house.nodes[at].append = append.awaited.then_some(written);
                }
            }
            Step::Answer(at) => {
                let node = &mut house.nodes[at];
                let Some(append) = node.append else { return ControlFlow::Break(()) };
                only_if(append.stage == Stage::Written)?;
                node.append = None;
                if let Life::Awake { memory, durable, .. } = &mut node.life {
                    *durable = memory.len();
                }
                if !house.acknowledged.contains(&append.entry) {
                    house.acknowledged.push(append.entry);
                }
            }
            // Unknown: memory is not to be trusted, and it is read anew.
            Step::LoseAnswer(at) => {
                only_if(house.nodes[at].append.is_some_and(|append| append.awaited))?;
                house.drop_life(at);
                house.nodes[at].append = house.nodes[at].append.filter(|append| append.stage != Stage::Written);
            }
            Step::Speak(at) => self.speak(house, at)?,
            Step::HandOver(at) => {
                let Life::Awake { epoch, ref memory, durable, .. } = house.nodes[at].life else {
                    return ControlFlow::Break(());
                };
                only_if(memory.len() == durable && house.acquiring.is_none() && house.is_owner(at, epoch))?;
                house.drop_life(at);
                house.owner = Some(Owner { node: at, epoch, handed_over: true });
            }
            Step::Fall(at) => {
                let acquires = house.acquiring.is_some_and(|(by, _)| by == at);
                only_if(house.nodes[at].life != Life::Absent || acquires)?;
                if acquires {
                    house.acquiring = None;
                }
                house.drop_life(at);
                house.nodes[at].append = house.nodes[at].append.filter(|append| append.stage != Stage::Written);
            }
        }
        ControlFlow::Continue(())
    }

    /// A definite no.
    fn refused(&self, house: &mut House, at: usize) {
        if house.nodes[at].append.take().is_some_and(|append| append.awaited) {
            house.drop_life(at);
        }
    }

    /// A read, out of memory: the lease is asked, by the node's own clock.
    fn speak(&self, house: &mut House, at: usize) -> ControlFlow<()> {
        let Life::Awake { memory, durable, .. } = &house.nodes[at].life else { return ControlFlow::Break(()) };
        if house.trusts_its_lease(at, self.margin) {
            let told = if self.gate { &memory[..*durable] } else { &memory[..] };
            house.seen.told_too_early |= told.iter().any(|entry| !house.journal.contains(entry));
            house.seen.told_too_little |= house.acknowledged.iter().any(|entry| !told.contains(entry));
        }
        ControlFlow::Continue(())
    }
}

impl Model for Protocol {
    type State = House;
    type Action = Step;

    fn init_states(&self) -> Vec<House> {
        let node = Node { lease_until: LEASE, life: Life::Absent, append: None };
        vec![House {
            now: 0,
            owner: None,
            acquiring: None,
            journal: Vec::new(),
            acknowledged: Vec::new(),
            nodes: vec![node; self.nodes],
            seen: Seen::default(),
        }]
    }

    fn actions(&self, _: &House, steps: &mut Vec<Step>) {
        steps.push(Step::Tick);
        for at in 0..self.nodes {
            steps.extend([
                Step::Renew(at),
                Step::BeginAcquire(at),
                Step::CommitAcquire(at),
                Step::Load(at),
                Step::Decide(at),
                Step::Check(at),
                Step::Write(at),
                Step::Answer(at),
                Step::LoseAnswer(at),
                Step::Speak(at),
                Step::HandOver(at),
                Step::Fall(at),
            ]);
        }
    }

    fn next_state(&self, before: &House, step: Step) -> Option<House> {
        let mut house = before.clone();
        match self.take(&mut house, step) {
            ControlFlow::Continue(()) => (house != *before).then_some(house),
            ControlFlow::Break(()) => None,
        }
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(ONE_NUMBER, |_, house: &House| {
                let mut numbers: Vec<u8> = house.journal.iter().map(|entry| entry.seq).collect();
                numbers.sort_unstable();
                numbers.windows(2).all(|pair| pair[0] != pair[1])
            }),
            Property::always(NOTHING_LOST, |_, house: &House| {
                house.acknowledged.iter().all(|entry| house.journal.contains(entry))
            }),
            Property::always(DURABLE_FIRST, |_, house: &House| !house.seen.told_too_early),
            Property::always(NOTHING_STALE, |_, house: &House| !house.seen.told_too_little),
            Property::sometimes("another owner writes on", |_, house: &House| {
                house.journal.windows(2).any(|pair| pair[0].epoch != pair[1].epoch)
            }),
            Property::sometimes("an append is about to be fenced", |_, house: &House| {
                let fenced = |(at, append): (usize, Append)| {
                    append.stage == Stage::Sent && append.awaited && !house.is_owner(at, append.entry.epoch)
                };
                house.appends().any(fenced)
            }),
            Property::sometimes("an append is about to land without its process", |_, house: &House| {
                house.appends().any(|(_, append)| append.stage == Stage::Checked && !append.awaited)
            }),
            Property::sometimes("a sleeper wakes and says nothing", |protocol, house: &House| {
                let silent = |(at, node): (usize, &Node)| {
                    matches!(node.life, Life::Awake { .. }) && !house.trusts_its_lease(at, protocol.margin)
                };
                house.nodes.iter().enumerate().any(silent)
            }),
        ]
    }
}

const ONE_NUMBER: &str = "no two durable entries have one number";
const NOTHING_LOST: &str = "what was acknowledged is durable";
const DURABLE_FIRST: &str = "nobody is told what is not durable";
const NOTHING_STALE: &str = "nobody is told less than was acknowledged before";

/// Looks at every state there is; what was found, and how many states there are.
fn check(protocol: Protocol) -> (Vec<&'static str>, usize) {
    let checker = protocol.checker().spawn_bfs().join();
    let found = checker.discoveries();
    let broken = [ONE_NUMBER, NOTHING_LOST, DURABLE_FIRST, NOTHING_STALE];
    let mut broken: Vec<&str> = broken.into_iter().filter(|name| found.contains_key(name)).collect();
    for property in protocol.properties() {
        if matches!(property.expectation, Expectation::Sometimes) && !found.contains_key(property.name) {
            broken.push(property.name);
        }
    }
    println!("{protocol:?}: {} states", checker.unique_state_count());
    (broken, checker.unique_state_count())
}

/// How the first promise that is broken comes to be broken.
fn counterexample(protocol: Protocol, promise: &'static str) -> Vec<Step> {
    let found = HasDiscoveries::AnyOf([promise].into());
    let checker = protocol.checker().finish_when(found).spawn_bfs().join();
    let path = checker.discoveries().remove(promise);
    path.map(stateright::Path::into_actions).unwrap_or_default()
}

#[test]
fn two_nodes_keep_every_promise_in_every_order_of_steps() {
    let (broken, states) = check(SOUND);
    assert!(broken.is_empty(), "{broken:?}");
    assert!(states > 100_000, "only {states} states: the model does not go far enough to say anything");
}

#[test]
fn three_nodes_keep_every_promise_in_every_order_of_steps() {
    let (broken, states) = check(Protocol { nodes: 3, time_max: 3, ..SOUND });
    assert!(broken.is_empty(), "{broken:?}");
    assert!(states > 100_000, "only {states} states: the model does not go far enough to say anything");
}

#[test]
fn without_the_lock_an_append_lands_behind_the_back_of_the_next_owner() {
    let steps = counterexample(Protocol { lock: false, ..SOUND }, NOTHING_STALE);
    println!("{steps:#?}");
    assert!(steps.contains(&Step::Speak(0)) || steps.contains(&Step::Speak(1)), "{steps:?}");
    // And without the second fence too, the journal has two entries with one number.
    let steps = counterexample(Protocol { lock: false, unique: false, ..SOUND }, ONE_NUMBER);
    assert!(!steps.is_empty());
}

#[test]
fn without_the_gate_somebody_is_told_what_is_never_durable() {
    let early = Protocol { gate: false, ..SOUND };
    assert!(!counterexample(early, DURABLE_FIRST).is_empty());
    assert!(!counterexample(early, NOTHING_LOST).is_empty());
}

#[test]
fn without_the_margin_a_late_clock_lets_a_sleeper_speak() {
    assert!(!counterexample(Protocol { margin: 0, ..SOUND }, NOTHING_STALE).is_empty());
}

#[test]
fn with_the_lease_noted_last_whoever_slept_while_loading_speaks_for_a_lease_that_is_not_its_own() {
    assert!(!counterexample(Protocol { lease_noted_first: false, ..SOUND }, NOTHING_STALE).is_empty());
}
