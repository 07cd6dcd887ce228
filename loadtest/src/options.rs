//! The command line: what is rushed at, by whom, how they behave; then goose's own options.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::Parser;
use goose::config::GooseConfiguration;
use serde::Serialize;

use crate::menu::Journey;

/// Journeys of many buyers against any Aisle server, and the audit after them.
///
/// The exit code is the audit's verdict: 0 where no seat was sold twice, no acknowledged hold was lost, every ticket's seat is booked,
/// and the money agrees with the tickets.
#[derive(Parser)]
#[command(name = "aisle-loadtest", after_long_help = JOURNEYS_HELP)]
pub struct CommandLine {
    /// Whom and what.
    #[command(flatten)]
    pub own: Options,
    /// How many, how long: goose's.
    #[command(flatten)]
    pub goose: GooseConfiguration,
}

const JOURNEYS_HELP: &str = "Journeys (--journeys):
  browse    looks around: what is on, a production, a show, its plan, its seats
  rush      buys on the one show, where everybody wants the best third of the house; no dawdling
  spread    buys like that, each time on another of the shows on sale
  purchase  the whole way at a person's pace: what is on, show, plan, seats, hold, quote, order, payment, tickets, the ticket's page
  hoarders  hold, extend, let go or walk away; they never buy
  viewers   follow the live feed and check that its deltas follow on each other

With --accept-invalid-certs viewers still want a certificate that everybody believes.

Example: aisle-loadtest --host https://tickets.example --journeys rush=8,viewers=2 --users 500 --increase-rate 50 --run-time 2m";

/// What is ours of it.
#[derive(clap::Args, Clone, Debug, Serialize)]
pub struct Options {
    /// The show to rush at [default: the one on sale with the most free places]
    #[arg(help_heading = "Journeys", long, value_name = "ID", env = "AISLE_LOAD_SHOW")]
    pub show: Option<String>,
    /// Who comes, and in which proportion
    ///
    /// A list of journeys with their weights; without a weight it is 1. The journeys are listed below.
    #[arg(help_heading = "Journeys", long, value_name = "LIST", default_value = "rush=8,browse=1,viewers=1")]
    pub journeys: Mix,
    /// Over how many shows `spread` spreads
    #[arg(help_heading = "Journeys", long, value_name = "N", default_value_t = 20)]
    pub shows: usize,
    /// Repeats a run's choices [default: another each time; it is printed]
    ///
    /// What buyers choose repeats; who is faster does not.
    #[arg(help_heading = "Journeys", long, value_name = "N", env = "AISLE_LOAD_SEED")]
    pub seed: Option<u64>,

    /// Seats that a buyer wants at most
    #[arg(help_heading = "Buyers", long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=50))]
    pub party: u8,
    /// How long a buyer thinks before each step, in the mean
    ///
    /// Between a half and one and a half of it: over the map, over the hold, at the payment page.
    #[arg(help_heading = "Buyers", long, value_name = "SECONDS", default_value = "1.5", value_parser = seconds)]
    #[serde(serialize_with = "in_seconds")]
    pub think: Duration,
    /// How often a buyer looks for other seats when somebody was faster, before giving up
    #[arg(help_heading = "Buyers", long, value_name = "N", default_value_t = 6)]
    pub tries: u32,
    /// Of a hundred buyers, who leave the choice of seats to the house
    #[arg(help_heading = "Buyers", long, value_name = "PERCENT", default_value_t = 20.0, value_parser = percent)]
    pub best_available: f64,
    /// Of a hundred payments, those that the sandbox is told to decline
    #[arg(help_heading = "Buyers", long, value_name = "PERCENT", default_value_t = 3.0, value_parser = percent)]
    pub decline: f64,
    /// Of a hundred buyers who were declined, those who try again
    #[arg(help_heading = "Buyers", long, value_name = "PERCENT", default_value_t = 70.0, value_parser = percent)]
    pub again: f64,
    /// How long a buyer obeys "come again later" within one purchase, before giving up
    #[arg(help_heading = "Buyers", long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    #[serde(serialize_with = "in_seconds")]
    pub patience: Duration,
    /// How soon after the payment an order must be confirmed; later is a failure
    #[arg(help_heading = "Buyers", long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    #[serde(serialize_with = "in_seconds")]
    pub confirm_within: Duration,
    /// How long one request may take; longer is a failure
    #[arg(help_heading = "Buyers", long, value_name = "SECONDS", default_value = "20", value_parser = seconds)]
    #[serde(serialize_with = "in_seconds")]
    pub answer_within: Duration,

    /// A token that may read the back office: the books are audited too
    #[arg(help_heading = "Audit", long, value_name = "TOKEN", env = "AISLE_LOAD_ADMIN_TOKEN", hide_env_values = true)]
    #[serde(skip)]
    pub admin_token: Option<String>,
    /// Orders, holds and feeds that are read again, of each at most so many
    #[arg(help_heading = "Audit", long, value_name = "N", default_value_t = 5_000)]
    pub audit_max: usize,
    /// Fail where fewer of a hundred valid purchases succeeded
    #[arg(help_heading = "Audit", long, value_name = "PERCENT", value_parser = percent)]
    pub success_min: Option<f64>,
    /// Where to leave `goose.html` and `rush.json`
    #[arg(help_heading = "Audit", long, value_name = "DIR")]
    pub report: Option<PathBuf>,
}

/// Journeys with their weights.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub struct Mix(pub Vec<(Journey, usize)>);

impl FromStr for Mix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut mix = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, weight) = part.split_once('=').unwrap_or((part, "1"));
            let journey = Journey::from_name(name.trim()).ok_or_else(|| {
                let names: Vec<&str> = Journey::ALL.iter().map(|journey| journey.name()).collect();
                format!("there is no journey `{name}`; there are {}", names.join(", "))
            })?;
            let weight = weight.trim().parse::<usize>().map_err(|_| format!("`{weight}` is no weight for {name}"))?;
            if mix.iter().any(|&(known, _)| known == journey) {
                return Err(format!("{name} is named twice"));
            }
            if weight > 0 {
                mix.push((journey, weight));
            }
        }
        if mix.is_empty() { Err("nobody would come".to_owned()) } else { Ok(Self(mix)) }
    }
}

impl From<Mix> for String {
    fn from(mix: Mix) -> Self {
        let parts: Vec<Self> = mix.0.iter().map(|(journey, weight)| format!("{}={weight}", journey.name())).collect();
        parts.join(",")
    }
}

impl Mix {
    /// Whether anybody in it buys.
    #[must_use]
    pub fn buys(&self) -> bool {
        self.0.iter().any(|(journey, _)| journey.buys())
    }
}

fn in_seconds<S: serde::Serializer>(long: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64(long.as_secs_f64())
}

fn percent(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.0..=100.0).contains(&share) => Ok(share),
        _ => Err("a number from 0 to 100".to_owned()),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.strip_suffix('s').unwrap_or(text);
    match seconds.parse::<f64>() {
        Ok(seconds) if (0.0..=86_400.0).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
        _ => Err("a number of seconds, from 0 to a day".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<CommandLine, clap::Error> {
        CommandLine::try_parse_from(["aisle-loadtest"].iter().chain(args))
    }

    #[test]
    fn a_mix_is_names_and_weights() {
        let mix: Mix = "rush=8, viewers , hoarders=0".parse().expect("a mix");
        assert_eq!(mix.0, [(Journey::Rush, 8), (Journey::Viewers, 1)]);
        assert!(mix.buys());
        assert!(!"viewers,hoarders".parse::<Mix>().expect("a mix").buys());
    }

    #[test]
    fn a_report_says_options_as_they_are_given() {
        let parsed =
            parse(&["--journeys", "rush=8,viewers", "--think", "0.5"]).unwrap_or_else(|error| panic!("{error}"));
        let told = serde_json::to_value(&parsed.own).expect("JSON");
        assert_eq!((&told["journeys"], &told["think"]), (&"rush=8,viewers=1".into(), &0.5.into()));
    }

    #[test]
    fn a_mix_that_means_nothing_is_refused_with_its_reason() {
        for (text, why) in [
            ("", "nobody"),
            ("rush=0", "nobody"),
            ("rush,rush=2", "twice"),
            ("dance", "there are browse"),
            ("rush=many", "no weight"),
            ("rush=-1", "no weight"),
        ] {
            let error = text.parse::<Mix>().expect_err(text);
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn own_options_and_gooses_stand_side_by_side() {
        let parsed =
            parse(&["--host", "http://x", "--show", "s", "--users", "9", "--decline", "12.5", "--think", "0.2s"])
                .unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(parsed.goose.users, Some(9));
        assert_eq!((parsed.own.decline, parsed.own.think), (12.5, Duration::from_millis(200)));
        assert_eq!(parsed.own.journeys, "rush=8,browse=1,viewers=1".parse().expect("a mix"));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for args in [
            ["--decline", "101"],
            ["--decline", "-1"],
            ["--think", "soon"],
            ["--think", "-1"],
            ["--party", "0"],
            ["--journeys", "dance"],
            ["--success-min", "NaN"],
        ] {
            assert!(parse(&args).is_err(), "{args:?}");
        }
    }

    #[test]
    fn the_help_names_every_journey_and_the_token_is_in_no_report() {
        for journey in Journey::ALL {
            assert!(JOURNEYS_HELP.contains(&format!("\n  {:<10}{}", journey.name(), journey.about())), "{journey:?}");
        }
        let parsed = parse(&["--admin-token", "secret"]).unwrap_or_else(|error| panic!("{error}"));
        assert!(!serde_json::to_string(&parsed.own).expect("JSON").contains("secret"));
    }
}
