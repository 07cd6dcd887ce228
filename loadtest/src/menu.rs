//! The journeys by name, and how they are handed to goose.

use std::sync::Arc;
use std::time::Duration;

use goose::prelude::*;
use serde::Serialize;

use crate::options::Mix;
use crate::world::World;
use crate::{browse, buy, hoard, person, watch};

/// What somebody comes for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Journey {
    /// To look around.
    Browse,
    /// To have the best seats of the one show, like everybody else.
    Rush,
    /// To have seats of one of many shows.
    Spread,
    /// To buy in peace, with all that belongs to it.
    Purchase,
    /// To hold and let go.
    Hoarders,
    /// To watch.
    Viewers,
}

impl Journey {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Browse, Self::Rush, Self::Spread, Self::Purchase, Self::Hoarders, Self::Viewers];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Browse => "browse",
            Self::Rush => "rush",
            Self::Spread => "spread",
            Self::Purchase => "purchase",
            Self::Hoarders => "hoarders",
            Self::Viewers => "viewers",
        }
    }

    /// What it does, in a line.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Self::Browse => "looks around: what is on, a production, a show, its plan, its seats",
            Self::Rush => "buys on the one show, where everybody wants the best third of the house; no dawdling",
            Self::Spread => "buys like that, each time on another of the shows on sale",
            Self::Purchase => {
                "the whole way at a person's pace: what is on, show, plan, seats, hold, quote, order, payment, tickets, the ticket's page"
            }
            Self::Hoarders => "hold, extend, let go or walk away; they never buy",
            Self::Viewers => "follow the live feed and check that its deltas follow on each other",
        }
    }

    /// The journey of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|journey| journey.name() == name)
    }

    /// Whether it means to buy.
    #[must_use]
    pub fn buys(self) -> bool {
        match self {
            Self::Rush | Self::Spread | Self::Purchase => true,
            Self::Browse | Self::Hoarders | Self::Viewers => false,
        }
    }

    /// How long somebody rests between two visits, from and to.
    fn rest(self) -> (Duration, Duration) {
        let (from, to) = match self {
            Self::Rush | Self::Spread => (200, 2_000),
            Self::Browse | Self::Purchase | Self::Hoarders => (500, 3_000),
            Self::Viewers => (0, 500),
        };
        (Duration::from_millis(from), Duration::from_millis(to))
    }

    fn transaction(self) -> Transaction {
        match self {
            Self::Browse => transaction!(look_around),
            Self::Rush => transaction!(rush),
            Self::Spread => transaction!(spread),
            Self::Purchase => transaction!(purchase),
            Self::Hoarders => transaction!(hoarders),
            Self::Viewers => transaction!(viewers),
        }
    }
}

macro_rules! visits {
    ($($name:ident $visit:path, $about:literal;)+) => {$(
        #[doc = $about]
        async fn $name(user: &mut GooseUser) -> TransactionResult {
            if let Some(mut person) = person::Person::of(user) {
                $visit(&mut person).await;
                person.goes();
            }
            Ok(())
        }
    )+};
}

visits! {
    look_around browse::look_around, "One look around.";
    rush buy::rush, "One attempt in the rush.";
    spread buy::spread, "One attempt at some show.";
    purchase buy::purchase, "One attempt in peace.";
    hoarders hoard::hold_and_let_go, "One hold that is not bought.";
    viewers watch::watch, "One look at the live feed.";
}

/// Registers the journeys of this mix.
///
/// # Errors
/// Where goose refuses a weight.
pub fn register(mut attack: GooseAttack, mix: &Mix, world: &Arc<World>) -> Result<GooseAttack, GooseError> {
    for &(journey, weight) in &mix.0 {
        let (from, to) = journey.rest();
        let world = Arc::clone(world);
        let arrive = Transaction::new(Arc::new(move |user| {
            person::arrives(user, &world);
            Box::pin(async { Ok(()) })
        }));
        attack = attack.register_scenario(
            Scenario::new(journey.name())
                .set_weight(weight)?
                .set_wait_time(from, to)?
                .register_transaction(arrive.set_on_start())
                .register_transaction(journey.transaction().set_name(journey.name())),
        );
    }
    Ok(attack)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_journey_is_found_by_its_own_name() {
        for journey in Journey::ALL {
            assert_eq!(Journey::from_name(journey.name()), Some(journey));
        }
        assert_eq!(Journey::from_name("Rush"), None);
    }
}
