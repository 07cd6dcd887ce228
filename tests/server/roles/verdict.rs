//! What the table says of who asks: read off the declaration alone, and told again in words that a test can hold an answer against.

use aisle::accounts::needs::{Need, Route};
use aisle::accounts::{Role, Scope};

use super::line::{Line, Shown};
use super::world::{Actor, Which, Who};

/// What the answer must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Never 401, 403, or 404: they may.
    May,
    /// One of these statuses.
    Refused(&'static [u16]),
    /// A credential that has ended is nobody's: where nobody needs to be known it is as good as none, or refused.
    MayOr401,
}

const STRANGER: Verdict = Verdict::Refused(&[401]);
const TOO_SMALL: Verdict = Verdict::Refused(&[403]);
const NOT_THERE: Verdict = Verdict::Refused(&[404]);
/// A body or a query that names what is not there is told that its field is wrong.
const NAMES_NOTHING: Verdict = Verdict::Refused(&[404, 422]);
/// The handler asks, after the guard: who has no part in the house is told that it isn't there, who has too small a one why.
const NOT_FOR_THEM: Verdict = Verdict::Refused(&[403, 404]);

/// What a line is about.
struct Asked {
    need: Need,
    /// It names something of a house.
    of_a_house: bool,
    /// It is in the address.
    in_path: bool,
    by_handler: bool,
}

impl Asked {
    fn elsewhere(&self) -> Verdict {
        match (self.by_handler, self.in_path) {
            (true, _) => NOT_FOR_THEM,
            (false, true) => NOT_THERE,
            (false, false) => NAMES_NOTHING,
        }
    }

    fn at(&self, house: Which) -> Option<Which> {
        self.of_a_house.then_some(house)
    }
}

/// Whether a name is of somebody's own things, of nobody's, or of a house's.
pub fn is_of_a_house(name: &str) -> bool {
    !["my_", "some_", "no_"].iter().any(|of| name.starts_with(of))
        && !["password", "signature", "plan_json"].contains(&name)
}

/// What the declaration says of this line, asked by `actor` with things of `house`; with its proof, or without.
pub fn verdict(route: &Route, line: &Line, actor: &Actor, house: Which, proof: bool) -> Verdict {
    let in_path = super::line::names(&line.path()).iter().any(|name| is_of_a_house(name));
    let asked = Asked {
        need: line.asks.unwrap_or(route.need),
        of_a_house: (!line.narrows || in_path) && line.things().iter().any(|name| is_of_a_house(name)),
        in_path,
        by_handler: line.asks.is_some(),
    };
    let known = route.asks_who() || !route.scopes.is_empty();
    match &actor.who {
        Who::Stranger => match asked.need {
            Need::Public => Verdict::May,
            Need::Proof(..) if proof => Verdict::May,
            // What they should have shown is said, and whether there is such a thing is not.
            Need::Proof(..) => TOO_SMALL,
            Need::SignedIn | Need::Staff(_) | Need::Admin | Need::Machine => STRANGER,
        },
        Who::Ended if known || asked.by_handler => STRANGER,
        Who::Ended => match asked.need {
            Need::Proof(..) if !proof => Verdict::Refused(&[401, 403]),
            _ => Verdict::MayOr401,
        },
        Who::Machine { scopes } => machine(route, &asked, scopes, house, proof),
        Who::Person { is_admin, own, foreign } => person(&asked, *is_admin, [*own, *foreign], house, proof),
    }
}

fn machine(route: &Route, asked: &Asked, has: &[Scope], house: Which, proof: bool) -> Verdict {
    if !route.scopes.is_empty() {
        if !route.scopes.iter().any(|scope| has.contains(scope)) {
            return TOO_SMALL;
        }
        return match asked.at(house) {
            Some(Which::Foreign) => asked.elsewhere(),
            // What another buyer holds is not the machine's, unless it shows the token.
            _ if matches!(route.need, Need::Proof(..)) && !proof => NOT_THERE,
            _ => Verdict::May,
        };
    }
    match asked.need {
        Need::Public | Need::Machine => Verdict::May,
        Need::Proof(..) if proof => Verdict::May,
        Need::Proof(..) | Need::SignedIn | Need::Staff(_) | Need::Admin => TOO_SMALL,
    }
}

fn person(asked: &Asked, is_admin: bool, roles: [Option<Role>; 2], house: Which, proof: bool) -> Verdict {
    let there = match house {
        Which::Own => roles[0],
        Which::Foreign => roles[1],
    };
    let wanted = match asked.need {
        Need::Public | Need::SignedIn => return Verdict::May,
        Need::Proof(..) if proof => return Verdict::May,
        Need::Proof(_, None) | Need::Machine => return TOO_SMALL,
        Need::Admin => return if is_admin { Verdict::May } else { TOO_SMALL },
        Need::Proof(_, Some(role)) | Need::Staff(role) => role,
    };
    if is_admin {
        return Verdict::May;
    }
    // The guard has no thing at hand: it looks for the role in any house.
    let guarded = matches!(asked.need, Need::Staff(_)) && !asked.by_handler;
    if guarded && roles.iter().flatten().all(|has| *has < wanted) {
        return TOO_SMALL;
    }
    match (asked.at(house), there) {
        (None, _) => Verdict::May,
        (Some(_), Some(has)) if has >= wanted => Verdict::May,
        (Some(_), Some(_)) => {
            if asked.in_path {
                TOO_SMALL
            } else {
                Verdict::Refused(&[403, 404, 422])
            }
        }
        (Some(_), None) => asked.elsewhere(),
    }
}

/// Whether a line can be asked without its proof.
pub fn can_be_without_proof(route: &Route, line: &Line) -> bool {
    matches!(route.need, Need::Proof(..)) && line.proof != Shown::Body
}
