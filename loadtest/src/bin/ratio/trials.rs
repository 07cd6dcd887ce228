//! What is measured, one thing after the other.

mod crowd;
mod journeys;
mod sellout;

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::Options;
use super::buyer::{Play, Scene, Show, Target};
use super::commits::Commits;
use super::house::Office;
use super::report::{Line, Report, median};
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
    aisle: Target,
    yardstick: Target,
    watched: Watched,
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
    let mut bench = Bench {
        options,
        aisle: Target::parse(&options.aisle)?,
        yardstick: Target::parse(&options.yardstick)?,
        watched: Watched { server: options.server_pid, postgres: options.postgres_pid },
        run: seed << 16,
        report: Report::default(),
    };
    let mut best = None;
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

/// A server, and the shows there.
type Side<'a> = (&'a Target, &'a Arc<[Show]>);

/// The most that was reached: how many requests a second, at how many connections.
#[derive(Clone, Copy, Debug)]
struct Best {
    connections: usize,
    rate: f64,
}

impl Bench<'_> {
    fn scene(&mut self, target: &Target, shows: &Arc<[Show]>, play: Play, buyers: usize) -> Scene {
        self.run += 1;
        Scene { target: target.clone(), shows: Arc::clone(shows), play, buyers, run: self.run }
    }

    async fn closed(&mut self, target: &Target, shows: &Arc<[Show]>, play: Play, buyers: usize) -> Result<Run, Failed> {
        let scene = self.scene(target, shows, play, buyers);
        let run = closed(scene, Duration::from_secs(self.options.seconds), self.watched).await?;
        self.report.fault(run.tally.faults, run.tally.first_fault.as_ref());
        Ok(run)
    }

    /// Ours and another by turns; the medians of both, with the last run of each.
    async fn by_turns(
        &mut self,
        (ours, theirs): (Side<'_>, Side<'_>),
        play: Play,
        buyers: usize,
    ) -> Result<Pair, Failed> {
        let (mut a, mut b, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        let mut last = None;
        for _ in 0..self.options.rounds {
            let one = self.closed(ours.0, ours.1, play, buyers).await?;
            let two = self.closed(theirs.0, theirs.1, play, buyers).await?;
            a.push(one.rate());
            b.push(two.rate());
            ratios.push(one.rate() / two.rate().max(1.0));
            last = Some((one, two));
        }
        let (ours, theirs) = last.ok_or("no round was asked for")?;
        Ok(Pair { rates: (median(&a), median(&b)), ratio: median(&ratios), ratios, ours, theirs })
    }

    async fn hot(&mut self, one: &Arc<[Show]>) -> Result<Best, Failed> {
        let (aisle, yardstick) = (self.aisle.clone(), self.yardstick.clone());
        let mut best: Option<Best> = None;
        let mut best_ratio: f64 = 0.0;
        for connections in self.options.connections.clone() {
            let pair = self.by_turns(((&aisle, one), (&yardstick, one)), Play::Apart, connections).await?;
            best_ratio = best_ratio.max(pair.ratio);
            if best.is_none_or(|best| best.rate < pair.rates.0) {
                best = Some(Best { connections, rate: pair.rates.0 });
            }
            self.report.line(Line {
                what: format!("holds and releases, one show, {connections} connections, beside the yardstick"),
                seen: pair.words(),
                target: None,
                figures: pair.figures(),
            });
        }
        self.report.line(Line {
            what: "the best of these".to_owned(),
            seen: format!("{best_ratio:.2}"),
            target: Some(("at least 0.65".to_owned(), best_ratio >= 0.65)),
            figures: json!({"ratio": best_ratio}),
        });
        best.ok_or_else(|| "no number of connections was given".into())
    }

    async fn peers(&mut self, one: &Arc<[Show]>, best: Option<Best>) -> Result<(), Failed> {
        let connections = best.map_or(128, |best| best.connections);
        let mut least: Option<f64> = None;
        for (name, url) in self.options.peers.clone() {
            let (aisle, peer) = (self.aisle.clone(), Target::parse(&url)?);
            let pair = self.by_turns(((&aisle, one), (&peer, one)), Play::Apart, connections).await?;
            if name.starts_with("row-") {
                least = Some(least.map_or(pair.ratio, |least| least.min(pair.ratio)));
            }
            self.report.line(Line {
                what: format!("the same beside {name}, {connections} connections"),
                seen: pair.words(),
                target: None,
                figures: pair.figures(),
            });
        }
        if let Some(least) = least {
            self.report.line(Line {
                what: "beside the best of those with a row for each seat".to_owned(),
                seen: format!("{least:.1} times"),
                target: Some(("at least 5 times the best row peer".to_owned(), least >= 5.0)),
                figures: json!({"ratio": least}),
            });
        }
        Ok(())
    }

    async fn contended(&mut self, one: &Arc<[Show]>) -> Result<(), Failed> {
        let (aisle, yardstick) = (self.aisle.clone(), self.yardstick.clone());
        let pair = self.by_turns(((&aisle, one), (&yardstick, one)), Play::Contended(100), 64).await?;
        self.report.line(Line {
            what: "64 connections at 100 places, beside the yardstick".to_owned(),
            seen: format!(
                "{}; {} held, {} refused in the last round",
                pair.words(),
                pair.ours.tally.of(Kind::Held).len(),
                pair.ours.tally.of(Kind::Refused).len()
            ),
            target: Some(("at least 0.80".to_owned(), pair.ratio >= 0.80)),
            figures: pair.figures(),
        });
        let (rate, length) = (pair.rates.0 / 2.0, Duration::from_secs(self.options.half_seconds.div_ceil(2)));
        let mut p99 = [0, 0];
        for (at, play) in [Play::Contended(100), Play::Apart].into_iter().enumerate() {
            let scene = self.scene(&aisle, one, play, 64);
            let run = timed(scene, rate, length, self.watched).await?;
            self.report.fault(run.tally.faults, run.tally.first_fault.as_ref());
            p99[at] = run.tally.asked().value_at_quantile(0.99);
        }
        self.report.line(Line {
            what: format!("the same at half of that, {rate:.0} requests a second for {} s", length.as_secs()),
            seen: format!(
                "a wish is answered, held or refused, with p99 {} us; where nobody else wants the places, {} us",
                p99[0], p99[1]
            ),
            target: Some(("at most 3 times".to_owned(), p99[0] <= 3 * p99[1])),
            figures: json!({"rate": rate, "contended_p99": p99[0], "uncontended_p99": p99[1]}),
        });
        Ok(())
    }

    async fn spread(&mut self, one: &Arc<[Show]>, many: &Arc<[Show]>, best: Option<Best>) -> Result<(), Failed> {
        let connections = best.map_or(256, |best| best.connections);
        let aisle = self.aisle.clone();
        let pair = self.by_turns(((&aisle, many), (&aisle, one)), Play::Apart, connections).await?;
        self.report.line(Line {
            what: format!("{} shows instead of one, {connections} connections", many.len()),
            seen: pair.words(),
            target: Some(("within 15 %".to_owned(), pair.ratio >= 0.85)),
            figures: pair.figures(),
        });
        Ok(())
    }

    async fn half(&mut self, one: &Arc<[Show]>, best: Best) -> Result<(), Failed> {
        let (rate, length) = (best.rate / 2.0, Duration::from_secs(self.options.half_seconds));
        let (aisle, yardstick) = (self.aisle.clone(), self.yardstick.clone());
        let scene = self.scene(&yardstick, one, Play::Apart, 256);
        let theirs = timed(scene, rate, length, self.watched).await?;
        let commits = match &self.options.database_url {
            Some(url) => Some(Commits::begin(url).await?),
            None => None,
        };
        let scene = self.scene(&aisle, one, Play::Apart, 256);
        let ours = timed(scene, rate, length, self.watched).await?;
        self.report.fault(ours.tally.faults, ours.tally.first_fault.as_ref());
        let commits = match commits {
            Some(commits) => Some(commits.end().await?),
            None => None,
        };
        let commit = commits.as_ref().map(|commits| commits.value_at_quantile(0.99));
        let at = |run: &Run, quantile| run.tally.of(Kind::Held).value_at_quantile(quantile);
        let (p50, p99, p999) = (at(&ours, 0.5), at(&ours, 0.99), at(&ours, 0.999));
        let bound = commit.map(|commit| at(&theirs, 0.99) + 3 * commit);
        self.report.line(Line {
            what: format!("a hold at half load, {rate:.0} requests a second for {} s", length.as_secs()),
            seen: format!(
                "p50 {p50} us, p99 {p99} us, p99.9 {p999} us, longest {} us; yardstick p99 {} us; a commit of one row p99 {}",
                ours.tally.of(Kind::Held).max(),
                at(&theirs, 0.99),
                commit.map_or_else(|| "not asked for".to_owned(), |commit| format!("{commit} us")),
            ),
            target: bound.map(|bound| (format!("p99 at most {bound} us"), p99 <= bound)),
            figures: json!({"rate": rate, "p50": p50, "p99": p99, "p999": p999, "yardstick_p99": at(&theirs, 0.99), "commit_p99": commit}),
        });
        self.report.line(Line {
            what: "its tail".to_owned(),
            #[allow(clippy::cast_precision_loss, reason = "a ratio")]
            seen: format!(
                "p99.9 is {:.1} times p50{}",
                p999 as f64 / p50.max(1) as f64,
                commits.map_or_else(String::new, |commits| {
                    let (p50, p999) = (commits.value_at_quantile(0.5), commits.value_at_quantile(0.999));
                    format!(
                        "; of a commit of one row {p999} us are {:.1} times {p50} us",
                        p999 as f64 / p50.max(1) as f64
                    )
                })
            ),
            target: Some(("at most 10 times".to_owned(), p999 <= 10 * p50)),
            figures: json!({"p50": p50, "p999": p999}),
        });
        Ok(())
    }
}

/// Two by turns.
struct Pair {
    rates: (f64, f64),
    ratio: f64,
    ratios: Vec<f64>,
    ours: Run,
    theirs: Run,
}

impl Pair {
    fn words(&self) -> String {
        let used = self.ours.used;
        let rounds: Vec<String> = self.ratios.iter().map(|ratio| format!("{ratio:.2}")).collect();
        format!(
            "{:.0} against {:.0} requests a second: {:.2} ({}); {:.0} us of the server, {:.0} of Postgres, {:.0} of the generator for each, against {:.0} of it",
            self.rates.0,
            self.rates.1,
            self.ratio,
            rounds.join(" "),
            self.ours.each(used.server),
            self.ours.each(used.postgres),
            self.ours.each(used.generator),
            self.theirs.each(self.theirs.used.generator),
        )
    }

    fn figures(&self) -> serde_json::Value {
        json!({"rate": self.rates.0, "other_rate": self.rates.1, "ratio": self.ratio, "ratios": self.ratios,
               "p99_us": self.ours.tally.of(Kind::Held).value_at_quantile(0.99)})
    }
}
