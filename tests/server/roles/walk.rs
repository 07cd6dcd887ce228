//! The walk itself. First everybody who may not: all of them are refused, and no table has changed. Then everybody who may.

use std::collections::{BTreeMap, BTreeSet};

use aisle::accounts::needs::{Need, ROUTES, Route};
use futures_util::{StreamExt as _, stream};

use super::line::{Line, Shown};
use super::lines;
use super::verdict::{Verdict, can_be_without_proof, is_of_a_house, verdict};
use super::world::{Actor, Request, Which, Who, World};
use crate::harness::Answer;

/// Requests that are under way at a time.
const AT_ONCE: usize = 6;

/// What was tried, for the report.
#[derive(Default)]
struct Report {
    refused: BTreeMap<u16, usize>,
    allowed: usize,
    problems: Vec<String>,
}

impl Report {
    fn note(&mut self, outcome: Result<(), String>) {
        self.problems.extend(outcome.err());
    }
}

/// Routes that nobody has said how to ask, and lines of no route.
pub fn without_line() -> (Vec<String>, Vec<&'static str>) {
    let lines = lines::all();
    let walked: BTreeSet<&str> = lines.iter().map(|line| line.route).collect();
    let declared: Vec<String> = ROUTES.iter().map(|route| format!("{} {}", route.method, route.pattern)).collect();
    let gone = walked.iter().filter(|route| !declared.iter().any(|known| known == *route)).copied().collect();
    let without = declared.into_iter().filter(|route| !walked.contains(route.as_str())).collect();
    (without, gone)
}

fn said(line: &Line, actor: &Actor, which: Which, answer: &Answer) -> String {
    format!(
        "{} {:?} as {} of the {which:?} house: {} {}",
        line.route, line.query, actor.name, answer.status, answer.text
    )
}

/// An answer that refuses tells so with the word that belongs to its status.
fn is_refused(line: &Line, actor: &Actor, which: Which, statuses: &[u16], answer: &Answer) -> Result<(), String> {
    let code = answer.body["code"].as_str().unwrap_or_default();
    let known: &[&str] = match answer.status.as_u16() {
        401 => &["unauthenticated"],
        403 => &["forbidden", "hold_token_invalid", "order_token_invalid", "signature_invalid", "link_invalid"],
        404 => &["not_found"],
        _ => &["validation_failed"],
    };
    let right = statuses.contains(&answer.status.as_u16()) && known.contains(&code);
    if right { Ok(()) } else { Err(format!("{}\n  wanted: {statuses:?}", said(line, actor, which, answer))) }
}

fn is_let_in(line: &Line, actor: &Actor, which: Which, verdict: Verdict, answer: &Answer) -> Result<(), String> {
    let status = answer.status.as_u16();
    let code = answer.body["code"].as_str().unwrap_or_default();
    let refused = verdict == Verdict::MayOr401 && status == 401;
    if status == line.gives || line.or.contains(&code) || refused {
        return Ok(());
    }
    Err(format!("{}\n  wanted: {} or {:?}", said(line, actor, which, answer), line.gives, line.or))
}

/// What is another house's, in an answer to somebody who has no part there.
fn tells_nothing_of_others(
    world: &World,
    line: &Line,
    actor: &Actor,
    request: &Request,
    answer: &Answer,
) -> Result<(), String> {
    let need = line.declared().unwrap().need;
    let parts = match &actor.who {
        _ if !matches!(need, Need::Staff(_) | Need::Machine | Need::SignedIn) => return Ok(()),
        // Who has signed in, and proves a right to one thing of a house, is told of that.
        _ if need == Need::SignedIn && line.things().iter().any(|name| is_of_a_house(name)) => return Ok(()),
        // One's own orders are one's own in every house.
        _ if line.route == "GET /me/orders" => return Ok(()),
        Who::Person { is_admin: true, .. } => return Ok(()),
        Who::Person { own, foreign, .. } => [own.is_some(), foreign.is_some()],
        Who::Machine { .. } => [true, false],
        Who::Stranger | Who::Ended => [false, false],
    };
    for (house, _) in [&world.own, &world.foreign].into_iter().zip(parts).filter(|(_, has_part)| !has_part) {
        for (name, thing) in &house.things {
            // A name that both houses have tells nothing; what the request named it may be told back.
            let known = thing.len() < 20 || request.things.values().any(|named| named == thing);
            if !known && answer.text.contains(thing) {
                return Err(format!("{} tells {} of another's ${name}: {}", line.route, actor.name, answer.text));
            }
        }
    }
    Ok(())
}

fn without_proof(line: &Line, request: &Request) -> Request {
    let mut bare = request.clone();
    match line.proof {
        Shown::Headers => bare.headers.clear(),
        Shown::Query => bare.query.clear(),
        Shown::Body => {}
    }
    bare
}

/// A line, its request with things of a house, and whether that shows its proof.
struct Ready {
    line: Line,
    which: Which,
    request: Request,
    proof: bool,
}

async fn ready(world: &World) -> Vec<Ready> {
    let mut all = Vec::new();
    for line in lines::all() {
        let route = line.declared().unwrap();
        for which in [Which::Own, Which::Foreign] {
            let request = world.request(&line, world.actor("customer"), which).await;
            if can_be_without_proof(route, &line) {
                all.push(Ready { line, which, request: without_proof(&line, &request), proof: false });
            }
            all.push(Ready { line, which, request, proof: true });
        }
    }
    world.settle().await;
    all
}

async fn refuse_everybody(world: &World, report: &mut Report) {
    let all = ready(world).await;
    let mut before = world.digest().await;
    for actor in &world.actors {
        let refused = all.iter().filter_map(|ready| {
            let route = ready.line.declared()?;
            match verdict(route, &ready.line, actor, ready.which, ready.proof) {
                Verdict::Refused(statuses) => Some((ready, statuses)),
                Verdict::May | Verdict::MayOr401 => None,
            }
        });
        let answers = stream::iter(refused).map(|(ready, statuses)| async move {
            let answer = world.send(&ready.request, actor).await;
            let outcome = is_refused(&ready.line, actor, ready.which, statuses, &answer)
                .and_then(|()| tells_nothing_of_others(world, &ready.line, actor, &ready.request, &answer));
            (answer.status.as_u16(), outcome)
        });
        let answers: Vec<_> = answers.buffer_unordered(AT_ONCE).collect().await;
        for (status, outcome) in answers {
            *report.refused.entry(status).or_default() += 1;
            report.note(outcome);
        }
        let changed = world.changed_since(&before).await;
        if !changed.is_empty() {
            report.problems.push(format!("what {} asked was refused and changed {changed:#?}", actor.name));
            before = world.digest().await;
        }
    }
}

async fn let_everybody_in(world: &World, report: &mut Report) {
    for line in lines::all() {
        let route = line.declared().unwrap();
        let mut as_it_should = false;
        for which in [Which::Own, Which::Foreign] {
            for actor in &world.actors {
                let proofs = if can_be_without_proof(route, &line) { &[true, false][..] } else { &[true] };
                for &proof in proofs {
                    let verdict = verdict(route, &line, actor, which, proof);
                    if matches!(verdict, Verdict::Refused(_)) || (proof && is_enough(route, &line, actor, which)) {
                        continue;
                    }
                    let (answer, told) = let_in(world, &line, actor, which, verdict, proof).await;
                    as_it_should |= answer.status == line.gives;
                    report.note(is_let_in(&line, actor, which, verdict, &answer).and(told));
                    report.allowed += 1;
                }
            }
        }
        if !as_it_should {
            report.problems.push(format!("{} never gave {}", line.route, line.gives));
        }
    }
}

/// Where everybody may alike, the other house is shown to a stranger, and that is enough.
fn is_enough(route: &Route, line: &Line, actor: &Actor, which: Which) -> bool {
    let alike = matches!(route.need, Need::Public | Need::SignedIn | Need::Proof(..));
    let alike = alike && route.scopes.is_empty() && line.asks.is_none();
    alike && which == Which::Foreign && !matches!(actor.who, Who::Stranger)
}

async fn let_in(
    world: &World,
    line: &Line,
    actor: &Actor,
    which: Which,
    verdict: Verdict,
    proof: bool,
) -> (Answer, Result<(), String>) {
    let mut actor = actor.clone();
    if let (true, Verdict::May, Who::Person { .. }) = (line.anew, verdict, &actor.who) {
        let (user, token) = world.somebody(&actor.who).await;
        (actor.user, actor.token) = (Some(user), Some(token));
    }
    let request = world.request(line, &actor, which).await;
    let request = if proof { request } else { without_proof(line, &request) };
    let answer = world.send(&request, &actor).await;
    let in_path = !super::line::names(&line.path()).is_empty();
    let is_own = which == Which::Own || (line.narrows && !in_path);
    let told = if is_own { tells_nothing_of_others(world, line, &actor, &request, &answer) } else { Ok(()) };
    (answer, told)
}

/// `cargo nextest run -p aisle --test server roles:: --no-capture` prints what was tried.
#[tokio::test(flavor = "multi_thread")]
async fn everybody_walks_the_whole_table_and_comes_as_far_as_it_says() {
    let world = World::new().await;
    let mut report = Report::default();
    refuse_everybody(&world, &mut report).await;
    let_everybody_in(&world, &mut report).await;
    let refused: usize = report.refused.values().sum();
    println!(
        "{} routes, {} lines, {} who ask, two houses: {refused} refused without a trace ({}), {} let in",
        ROUTES.len(),
        lines::all().len(),
        world.actors.len(),
        report.refused.iter().map(|(status, times)| format!("{status}: {times}")).collect::<Vec<_>>().join(", "),
        report.allowed
    );
    assert!(report.problems.is_empty(), "{} problems:\n{}", report.problems.len(), report.problems.join("\n"));
    // A walk that meets nobody would please everybody.
    assert!(refused > 10 * ROUTES.len() && report.allowed > 5 * ROUTES.len());
    for status in [401, 403, 404] {
        assert!(report.refused.get(&status).is_some_and(|times| *times > 100), "hardly any {status}");
    }
    world.server.stop().await;
}
