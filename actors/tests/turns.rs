//! The turn by itself: what waits for what.

use aisle_actors::core::{Command, HoldState, Rejection, Seq, Settings};
use aisle_actors::turn::{Effect, Said, Standing, Turn, Wish};
use aisle_actors::{Recovered, ShowFacts};

use crate::support::{START, hold, plan, publish, show, take};

type Ticket = &'static str;

fn fresh(snapshot_every: u64) -> Turn<Ticket> {
    Turn::recover(show(1), &plan(), Recovered::default(), snapshot_every, None).unwrap().0
}

fn ask(turn: &mut Turn<Ticket>, at: u64, command: Command, ticket: Ticket) -> Vec<String> {
    told(turn.wish(START.plus_ms(at), &Wish::Command(command), ticket))
}

fn told(effects: Vec<Effect<Ticket>>) -> Vec<String> {
    effects
        .into_iter()
        .map(|effect| match effect {
            Effect::Append(entries) => {
                format!("append {}-{}", entries.first().unwrap().seq.0, entries.last().unwrap().seq.0)
            }
            Effect::Publish(seq, _) => format!("publish {}", seq.0),
            Effect::Say(ticket, Said::Answered(answered), standing) => {
                let again = if answered.replayed { " again" } else { "" };
                let basis = if standing == Standing::Journaled { "" } else { " believed" };
                format!("{ticket} done{again}{basis}")
            }
            Effect::Say(ticket, Said::Refused(rejection), standing) => {
                assert_eq!(standing, Standing::Believed);
                format!("{ticket} refused {}", rejection.code())
            }
            Effect::Say(ticket, Said::Hold(_) | Said::Booking(_) | Said::Allocations(_) | Said::Facts(_), standing) => {
                assert_eq!(standing, Standing::Believed);
                format!("{ticket} read")
            }
            Effect::Keep(snapshot) => format!("keep {}", snapshot.seq.0),
        })
        .collect()
}

#[test]
fn answers_refusals_and_reads_wait_for_what_they_rest_on() {
    let mut turn = fresh(1_000);
    assert_eq!(ask(&mut turn, 0, take(1, &[0]), "early"), ["early refused not_on_sale"]);
    assert_eq!(ask(&mut turn, 0, publish(), "house"), ["append 1-1"]);
    // One append is on its way; the next batch grows meanwhile, and nobody hears anything.
    assert_eq!(ask(&mut turn, 1, take(1, &[0]), "anna"), [] as [&str; 0]);
    assert_eq!(ask(&mut turn, 2, take(2, &[0]), "bert"), [] as [&str; 0]);
    assert_eq!(told(turn.wish(START.plus_ms(3), &Wish::Hold(hold(1)), "anna's map")), [] as [&str; 0]);
    assert_eq!(ask(&mut turn, 4, take(3, &[1]), "carl"), [] as [&str; 0]);
    assert_eq!((turn.newest_seq(), turn.durable_seq(), turn.waiting()), (Seq(3), Seq(0), 8));
    assert_eq!(told(turn.durable(START.plus_ms(5))), ["publish 1", "house done", "append 2-3"]);
    let all = ["publish 3", "anna done", "bert refused seats_taken", "anna's map read", "carl done"];
    assert_eq!(told(turn.durable(START.plus_ms(6))), all);
    assert!(turn.is_settled());
    // Confirmed once too often is harmless.
    assert_eq!(told(turn.durable(START.plus_ms(7))), [] as [&str; 0]);
    assert_eq!(ask(&mut turn, 8, take(1, &[0]), "anna"), ["anna done again believed"]);
    assert_eq!(told(turn.wish(START.plus_ms(9), &Wish::Allocations, "house")), ["house read"]);
}

#[test]
fn time_is_served_first_and_never_goes_back() {
    let mut turn = fresh(1_000);
    ask(&mut turn, 0, publish(), "house");
    turn.durable(START);
    ask(&mut turn, 0, take(1, &[0]), "anna");
    turn.durable(START);
    let deadline = turn.deadline().unwrap();
    assert_eq!(deadline, START.plus_ms(Settings::default().hold_ttl_ms));
    // At the very millisecond of the deadline the seat is free, without any timer.
    let ttl = Settings::default().hold_ttl_ms;
    assert_eq!(ask(&mut turn, ttl - 1, take(2, &[0]), "bert"), ["bert refused seats_taken"]);
    assert_eq!(ask(&mut turn, ttl, take(2, &[0]), "bert"), ["append 3-4"]);
    assert_eq!(told(turn.durable(START)), ["publish 4", "bert done"]);
    // The clock is behind: the turn is not.
    let effects = turn.wish(START, &Wish::Facts, "house");
    let [Effect::Say(_, Said::Facts(ShowFacts { now, seq, .. }), _)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!((*now, *seq), (deadline, Seq(4)));
    // An early timer does nothing.
    assert_eq!(told(turn.time(deadline)), [] as [&str; 0]);
}

#[test]
fn a_snapshot_is_taken_at_the_end_of_a_batch_and_kept_when_it_is_durable() {
    let mut turn = fresh(2);
    assert_eq!(ask(&mut turn, 0, publish(), "house"), ["append 1-1"]);
    ask(&mut turn, 1, take(1, &[0]), "anna");
    assert_eq!(told(turn.durable(START)), ["publish 1", "house done", "append 2-2"]);
    // The rush goes on: memory is ahead of what the snapshot has.
    ask(&mut turn, 2, take(2, &[1]), "bert");
    assert_eq!(turn.snapshot(START), None);
    assert_eq!(told(turn.durable(START)), ["publish 2", "anna done", "keep 2", "append 3-3"]);
    turn.durable(START);
    let rest = turn.snapshot(START).unwrap();
    // Not before its newest event, whatever the clock says.
    assert_eq!((rest.seq, rest.taken_at), (Seq(3), START.plus_ms(2)));
    assert_eq!(turn.snapshot(START), None);
    let recovered = Recovered { snapshot: Some(rest), entries: Vec::new() };
    let (mut again, _) = Turn::<Ticket>::recover(show(1), &plan(), recovered, 2, None).unwrap();
    assert_eq!(again.show().image(), turn.show().image());
    assert_eq!(ask(&mut again, 0, take(2, &[1]), "bert"), ["bert done again believed"]);
}

#[test]
fn giving_up_names_everybody_who_waits() {
    let mut turn = fresh(1_000);
    ask(&mut turn, 0, publish(), "house");
    ask(&mut turn, 0, take(1, &[0]), "anna");
    ask(&mut turn, 0, take(2, &[0]), "bert");
    assert_eq!(turn.give_up(), ["house", "anna", "bert"]);
}

#[test]
fn a_replay_names_the_holds_that_a_feed_has_missed() {
    let mut turn = fresh(1_000);
    let mut entries = Vec::new();
    for (number, command) in [publish(), take(1, &[0]), take(2, &[1])].into_iter().enumerate() {
        for effect in turn.wish(START.plus_ms(number as u64), &Wish::Command(command), "any") {
            if let Effect::Append(batch) = effect {
                entries.extend(batch.iter().cloned());
            }
        }
        turn.durable(START);
    }
    let recovered = Recovered { snapshot: None, entries };
    let (_, missed) = Turn::<Ticket>::recover(show(1), &plan(), recovered, 9, Some(Seq(2))).unwrap();
    assert_eq!(missed.len(), 1);
    assert_eq!(missed[0].hold, hold(2));
    assert!(matches!(missed[0].state, HoldState::Open { .. }));
    assert_eq!(Rejection::NothingWanted.code(), "validation_failed");
}
