//! What is measured, one thing after the other.

mod crowd;
mod journeys;
mod sellout;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde_json::json;

use super::Options;
use super::buyer::{Play, Scene, Show, Target};
use super::commits::Commits;
use super::house::Office;
use super::report::{Line, Report, Verdict, median};
use super::run::{Failed, Run, Watched, closed, timed};
use super::tally::Kind;

/// One thing that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Trial {
    /// Holds on one show, beside the yardstick.
    Hot,
    /// The same beside servers that keep a row for each seat.
    Peers,
    /// Sixty-four who all want a hundred places.
    Contended,
    /// A thousand shows instead of one.
    Spread,
    /// Latencies at half of the best rate.
    Half,
    /// Ten thousand who watch.
    Viewers,
    /// A thousand shows at rest.
    Memory,
    /// A house from its first seat to its last.
    Sellout,
}

/// What all trials share.
struct Bench<'a> {
    options: &'a Options,
    aisle: Server,
    yardstick: Server,
    /// The least that is durable, where it was started.
    append: Option<Server>,
    run: u64,
    report: Report,
}

/// Measures everything that is wanted.
///
/// # Errors
/// Where a server cannot be reached, or refuses what is needed for measuring.
pub async fn all(options: &Options) -> Result<Report, Failed> {
    let seed = options.seed.unwrap_or_else(|| u64::from(std::process::id()));
    eprintln!("ratio: seed {seed} (repeat with --seed {seed})");
    let office = Office::at(&options.aisle, &options.token)?;
    let house = office.house().await?;
    let one: Arc<[Show]> = office.shows(&house, 1, options.seats).await?.into();
    let beside = Watched { server: options.peers_pid, postgres: options.postgres_pid };
    let append = match &options.append {
        Some(url) => Some(Server { target: Target::parse(url)?, watched: beside }),
        None => None,
    };
    let mut bench = Bench {
        options,
        aisle: Server {
            target: Target::parse(&options.aisle)?,
            watched: Watched { server: options.server_pid, postgres: options.postgres_pid },
        },
        yardstick: Server { target: Target::parse(&options.yardstick)?, watched: beside },
        append,
        run: seed << 16,
        report: Report::default(),
    };
    let mut best: Option<Best> = None;
    for trial in &options.only {
        match trial {
            Trial::Hot => best = Some(bench.hot(&one).await?),
            Trial::Peers => bench.peers(&one, best).await?,
            Trial::Contended => bench.contended(&one).await?,
            Trial::Spread => {
                let many: Arc<[Show]> = office.shows(&house, options.shows, 200).await?.into();
                bench.spread(&one, &many, best).await?;
            }
            Trial::Half => {
                let best = match best {
                    Some(best) => best,
                    None => bench.hot(&one).await?,
                };
                bench.half(&one, best).await?;
            }
            Trial::Viewers => bench.viewers(&office, &house).await?,
            Trial::Memory => bench.memory(&office, &house).await?,
            Trial::Sellout => bench.sellout(&office, &house).await?,
        }
    }
    if let Some(file) = &options.journeys {
        bench.journeys(file)?;
    }
    let seats = office.seats(&one[0].id).await?;
    let left = seats.bytes().filter(|&letter| letter != b'a').count();
    // Each connection may have ended with two places in hand.
    eprintln!("ratio: {left} places of the one show are still held at the end");
    Ok(bench.report)
}

/// A server, and the processes whose use of the processors is told.
#[derive(Clone, Debug)]
struct Server {
    target: Target,
    watched: Watched,
}

/// A server, and the shows there.
type Side<'a> = (&'a Server, &'a Arc<[Show]>);

/// The most that was reached: how many requests a second, at how many connections; and what the least that is durable had there.
#[derive(Clone, Copy, Debug)]
struct Best {
    connections: usize,
    rate: f64,
    append: Option<f64>,
}

/// Where each stands in what was measured by turns.
/// Whoever sells seats does something besides appending: looks for them, and whether they may be had. A tenth is little for it (it takes
/// ours more than all of appending), and without it a target beside which appending alone stands is within reach in one run and
/// out of it in the next.
const BESIDES: f64 = 1.1;

/// Whether what only appends is so far above the target that something which does more could hold it.
fn leaves_room(append: f64, target: f64) -> bool {
    append >= target * BESIDES
}

const OURS: usize = 0;
const THEIRS: usize = 1;
const APPEND: usize = 2;
const APPEND_TO_ONE: usize = 3;

impl Bench<'_> {
    fn scene(&mut self, target: &Target, shows: &Arc<[Show]>, play: Play, buyers: usize) -> Scene {
        self.run += 1;
        Scene { target: target.clone(), shows: Arc::clone(shows), play, buyers, run: self.run }
    }

    async fn closed(&mut self, (server, shows): Side<'_>, play: Play, buyers: usize) -> Result<Run, Failed> {
        let scene = self.scene(&server.target, shows, play, buyers);
        let run = closed(scene, Duration::from_secs(self.options.seconds), server.watched).await?;
        self.report.fault(run.tally.faults, run.tally.first_fault.as_ref());
        Ok(run)
    }

    async fn timed(&mut self, server: &Server, shows: &Arc<[Show]>, play: Play, pace: Pace) -> Result<Run, Failed> {
        let scene = self.scene(&server.target, shows, play, pace.buyers);
        let run = timed(scene, pace.rate, pace.length, server.watched).await?;
        self.report.fault(run.tally.faults, run.tally.first_fault.as_ref());
        Ok(run)
    }

    /// All of them by turns, round after round.
    async fn by_turns(&mut self, sides: &[Side<'_>], play: Play, buyers: usize) -> Result<Turns, Failed> {
        let mut rounds = Vec::new();
        for _ in 0..self.options.rounds.max(1) {
            let mut round = Vec::new();
            for side in sides {
                round.push(self.closed(*side, play, buyers).await?);
            }
            rounds.push(round);
        }
        Ok(Turns { rounds })
    }

    /// Ours, the yardstick, and the least that is durable where there is one.
    fn sides<'s>(&self, shows: &'s Arc<[Show]>) -> Vec<(Server, &'s Arc<[Show]>)> {
        let all = [Some(&self.aisle), Some(&self.yardstick), self.append.as_ref()];
        all.into_iter().flatten().map(|server| (server.clone(), shows)).collect()
    }

    async fn hot(&mut self, one: &Arc<[Show]>) -> Result<Best, Failed> {
        let mut best: Option<Best> = None;
        let (mut best_ratio, mut of_append): (f64, Option<f64>) = (0.0, None);
        let sides = self.sides(one);
        let sides: Vec<Side<'_>> = sides.iter().map(|(server, shows)| (server, *shows)).collect();
        for connections in self.options.connections.clone() {
            let turns = self.by_turns(&sides, Play::Apart, connections).await?;
            best_ratio = best_ratio.max(turns.ratio(OURS, THEIRS));
            let append = (sides.len() > APPEND).then(|| turns.rate(APPEND));
            if best.is_none_or(|best| best.rate < turns.rate(OURS)) {
                best = Some(Best { connections, rate: turns.rate(OURS), append });
            }
            self.report.line(Line {
                what: format!("holds and releases, one show, {connections} connections, beside the yardstick"),
                seen: turns.words(OURS, THEIRS),
                target: None,
                figures: turns.figures(OURS, THEIRS),
            });
            if append.is_some() {
                of_append = Some(of_append.unwrap_or(0.0).max(turns.ratio(APPEND, THEIRS)));
                self.report.line(Line {
                    what: format!("one that only appends, {connections} connections, beside the yardstick"),
                    seen: turns.words(APPEND, THEIRS),
                    target: None,
                    figures: turns.figures(APPEND, THEIRS),
                });
            }
        }
        self.report.line(Line {
            what: "the best of these".to_owned(),
            seen: format!(
                "{best_ratio:.2}{}",
                less(of_append, |append| format!("{append:.2}, of which ours is {:.2}", best_ratio / append))
            ),
            target: Some((
                "at least 0.65".to_owned(),
                Verdict::beside(best_ratio >= 0.65, of_append.map(|append| leaves_room(append, 0.65))),
            )),
            figures: json!({"ratio": best_ratio, "append_ratio": of_append}),
        });
        best.ok_or_else(|| "no number of connections was given".into())
    }

    async fn peers(&mut self, one: &Arc<[Show]>, best: Option<Best>) -> Result<(), Failed> {
        let connections = best.map_or(128, |best| best.connections);
        let mut least: Option<(f64, f64)> = None;
        for (name, url) in self.options.peers.clone() {
            let peer = Server { target: Target::parse(&url)?, watched: self.yardstick.watched };
            let aisle = self.aisle.clone();
            let turns = self.by_turns(&[(&aisle, one), (&peer, one)], Play::Apart, connections).await?;
            let ratio = turns.ratio(OURS, THEIRS);
            if name.starts_with("row-") && least.is_none_or(|(least, _)| ratio < least) {
                least = Some((ratio, turns.rate(THEIRS)));
            }
            self.report.line(Line {
                what: format!("the same beside {name}, {connections} connections"),
                seen: turns.words(OURS, THEIRS),
                target: None,
                figures: turns.figures(OURS, THEIRS),
            });
        }
        if let Some((least, rate)) = least {
            let of_append = best.and_then(|best| best.append).map(|append| append / rate.max(1.0));
            self.report.line(Line {
                what: "beside the best of those with a row for each seat".to_owned(),
                seen: format!("{least:.1} times{}", less(of_append, |append| format!("{append:.1} times"))),
                target: Some((
                    "at least 5 times the best row peer".to_owned(),
                    Verdict::beside(least >= 5.0, of_append.map(|append| leaves_room(append, 5.0))),
                )),
                figures: json!({"ratio": least, "append_ratio": of_append}),
            });
        }
        Ok(())
    }

    async fn contended(&mut self, one: &Arc<[Show]>) -> Result<(), Failed> {
        let sides = self.sides(one);
        let sides: Vec<Side<'_>> = sides.iter().map(|(server, shows)| (server, *shows)).collect();
        let turns = self.by_turns(&sides, Play::Contended(100), 64).await?;
        let ratio = turns.ratio(OURS, THEIRS);
        let of_append = (sides.len() > APPEND).then(|| turns.ratio(APPEND, THEIRS));
        let tally = &turns.last(OURS).tally;
        self.report.line(Line {
            what: "64 connections at 100 places, beside the yardstick".to_owned(),
            seen: format!(
                "{}; {} held, {} refused in the last round{}",
                turns.words(OURS, THEIRS),
                tally.of(Kind::Held).len(),
                tally.of(Kind::Refused).len(),
                less(of_append, |append| format!("{append:.2}")),
            ),
            target: Some((
                "at least 0.80".to_owned(),
                Verdict::beside(ratio >= 0.80, of_append.map(|append| leaves_room(append, 0.80))),
            )),
            figures: turns.figures(OURS, THEIRS),
        });
        let length = Duration::from_secs(self.options.half_seconds.div_ceil(2));
        let pace = Pace { rate: turns.rate(OURS) / 2.0, length, buyers: 64 };
        let aisle = self.aisle.clone();
        let mut p99 = [0, 0];
        for (at, play) in [Play::Contended(100), Play::Apart].into_iter().enumerate() {
            let run = self.timed(&aisle, one, play, pace).await?;
            p99[at] = run.tally.asked().value_at_quantile(0.99);
        }
        self.report.line(Line {
            what: format!("the same at half of that, {:.0} requests a second for {} s", pace.rate, length.as_secs()),
            seen: format!(
                "a wish is answered, held or refused, with p99 {} us; where nobody else wants the places, {} us",
                p99[0], p99[1]
            ),
            target: Some(("at most 3 times".to_owned(), Verdict::of(p99[0] <= 3 * p99[1]))),
            figures: json!({"rate": pace.rate, "contended_p99": p99[0], "uncontended_p99": p99[1]}),
        });
        Ok(())
    }

    async fn spread(&mut self, one: &Arc<[Show]>, many: &Arc<[Show]>, best: Option<Best>) -> Result<(), Failed> {
        let connections = best.map_or(256, |best| best.connections);
        let (aisle, append) = (self.aisle.clone(), self.append.clone());
        let mut sides: Vec<Side<'_>> = vec![(&aisle, many), (&aisle, one)];
        if let Some(append) = &append {
            sides.extend([(append, many), (append, one)]);
        }
        let turns = self.by_turns(&sides, Play::Apart, connections).await?;
        let ratio = turns.ratio(OURS, THEIRS);
        let of_append = append.is_some().then(|| turns.ratio(APPEND, APPEND_TO_ONE));
        self.report.line(Line {
            what: format!("{} shows instead of one, {connections} connections", many.len()),
            seen: turns.words(OURS, THEIRS),
            target: Some((
                "within 15 %".to_owned(),
                Verdict::beside(ratio >= 0.85, of_append.map(|append| leaves_room(append, 0.85))),
            )),
            figures: turns.figures(OURS, THEIRS),
        });
        if append.is_some() {
            self.report.line(Line {
                what: format!("the same of one that only appends, {connections} connections"),
                seen: turns.words(APPEND, APPEND_TO_ONE),
                target: None,
                figures: turns.figures(APPEND, APPEND_TO_ONE),
            });
        }
        Ok(())
    }

    async fn half(&mut self, one: &Arc<[Show]>, best: Best) -> Result<(), Failed> {
        let length = Duration::from_secs(self.options.half_seconds);
        let pace = Pace { rate: best.rate / 2.0, length, buyers: 256 };
        let (aisle, yardstick, append) = (self.aisle.clone(), self.yardstick.clone(), self.append.clone());
        let theirs = Tail::of(&self.timed(&yardstick, one, Play::Apart, pace).await?);
        let append = match &append {
            Some(append) => Some(Tail::of(&self.timed(append, one, Play::Apart, pace).await?)),
            None => None,
        };
        let commits = match &self.options.database_url {
            Some(url) => Some(Commits::begin(url).await?),
            None => None,
        };
        let ours = Tail::of(&self.timed(&aisle, one, Play::Apart, pace).await?);
        let commits = match commits {
            Some(commits) => Some(commits.end().await?),
            None => None,
        };
        let commit = commits.as_ref().map(|commits| commits.value_at_quantile(0.99));
        let bound = commit.map(|commit| theirs.p99 + 3 * commit);
        self.report.line(Line {
            what: format!("a hold at half load, {:.0} requests a second for {} s", pace.rate, length.as_secs()),
            seen: format!(
                "{ours}; yardstick p99 {} us; a commit of one row p99 {}{}",
                theirs.p99,
                commit.map_or_else(|| "not asked for".to_owned(), |commit| format!("{commit} us")),
                less(append, |append| format!("p99 {} us", append.p99)),
            ),
            target: bound.map(|bound| {
                let verdict = Verdict::beside(ours.p99 <= bound, append.map(|append| append.p99 <= bound));
                (format!("p99 at most {bound} us"), verdict)
            }),
            figures: json!({"rate": pace.rate, "p50": ours.p50, "p99": ours.p99, "p999": ours.p999, "yardstick_p99": theirs.p99,
                            "commit_p99": commit, "append_p99": append.map(|append| append.p99)}),
        });
        self.report.line(Line {
            what: "its tail".to_owned(),
            seen: format!(
                "p99.9 is {:.1} times p50{}{}",
                ours.long(),
                commits.map_or_else(String::new, |commits| {
                    let of = Tail::from(&commits);
                    format!("; of a commit of one row {} us are {:.1} times {} us", of.p999, of.long(), of.p50)
                }),
                less(append, |append| format!("{} us are {:.1} times {} us", append.p999, append.long(), append.p50)),
            ),
            target: Some((
                "at most 10 times".to_owned(),
                Verdict::beside(ours.long() <= 10.0, append.map(|append| append.long() <= 10.0)),
            )),
            figures: json!({"p50": ours.p50, "p999": ours.p999, "append_p50": append.map(|append| append.p50),
                            "append_p999": append.map(|append| append.p999)}),
        });
        Ok(())
    }
}

/// So many requests a second, for so long, over so many connections.
#[derive(Clone, Copy, Debug)]
struct Pace {
    rate: f64,
    length: Duration,
    buyers: usize,
}

/// What the least that is durable came to, behind what ours did; nothing where it was not started.
fn less<T>(append: Option<T>, words: impl FnOnce(T) -> String) -> String {
    append.map_or_else(String::new, |append| format!("; one that only appends: {}", words(append)))
}

/// Some latencies, in microseconds.
#[derive(Clone, Copy, Debug)]
struct Tail {
    p50: u64,
    p99: u64,
    p999: u64,
    longest: u64,
}

impl Tail {
    /// Of the holds of a run.
    fn of(run: &Run) -> Self {
        Self::from(run.tally.of(Kind::Held))
    }

    fn from(seen: &Histogram<u64>) -> Self {
        let at = |quantile| seen.value_at_quantile(quantile);
        Self { p50: at(0.5), p99: at(0.99), p999: at(0.999), longest: seen.max() }
    }

    /// How many times its middle its slowest thousandth takes at least.
    #[allow(clippy::cast_precision_loss, reason = "a ratio")]
    fn long(self) -> f64 {
        self.p999 as f64 / self.p50.max(1) as f64
    }
}

impl fmt::Display for Tail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p50 {} us, p99 {} us, p99.9 {} us, longest {} us", self.p50, self.p99, self.p999, self.longest)
    }
}

/// Some by turns: the runs of each round, in the order in which they were asked for.
struct Turns {
    rounds: Vec<Vec<Run>>,
}

impl Turns {
    /// The rate of one of them.
    fn rate(&self, of: usize) -> f64 {
        median(&self.rounds.iter().map(|round| round[of].rate()).collect::<Vec<_>>())
    }

    fn ratios(&self, of: usize, beside: usize) -> Vec<f64> {
        self.rounds.iter().map(|round| round[of].rate() / round[beside].rate().max(1.0)).collect()
    }

    /// The ratio of two of them, round by round, the one in the middle.
    fn ratio(&self, of: usize, beside: usize) -> f64 {
        median(&self.ratios(of, beside))
    }

    /// The last run of one of them.
    fn last(&self, of: usize) -> &Run {
        &self.rounds[self.rounds.len() - 1][of]
    }

    fn words(&self, of: usize, beside: usize) -> String {
        let (it, other) = (self.last(of), self.last(beside));
        let rounds: Vec<String> = self.ratios(of, beside).iter().map(|ratio| format!("{ratio:.2}")).collect();
        format!(
            "{:.0} against {:.0} requests a second: {:.2} ({}); {:.0} us of the server, {:.0} of Postgres, {:.0} of the generator for each, against {:.0} of it",
            self.rate(of),
            self.rate(beside),
            self.ratio(of, beside),
            rounds.join(" "),
            it.each(it.used.server),
            it.each(it.used.postgres),
            it.each(it.used.generator),
            other.each(other.used.generator),
        )
    }

    fn figures(&self, of: usize, beside: usize) -> serde_json::Value {
        json!({"rate": self.rate(of), "other_rate": self.rate(beside), "ratio": self.ratio(of, beside), "ratios": self.ratios(of, beside),
               "p99_us": self.last(of).tally.of(Kind::Held).value_at_quantile(0.99)})
    }
}
