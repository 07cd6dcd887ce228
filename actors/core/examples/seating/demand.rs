//! Who comes, and what they want: the same people for every way to sell.

use aisle_core::{CategoryNo, Plan, SectionNo};

use super::rng::Rng;

/// A party of guests.
#[derive(Clone, Debug)]
pub struct Party {
    pub quantity: u32,
    pub category: Option<CategoryNo>,
    pub section: Option<SectionNo>,
    /// One of them needs a place for a wheelchair, with company beside it.
    pub accessible: bool,
    /// They give their seats back when so many others have come.
    pub leaves_after: Option<usize>,
}

/// How often parties of 1, 2, 3, … come, of a hundred.
const SIZES: [usize; 10] = [11, 43, 12, 19, 5, 5, 1, 2, 1, 1];
/// Of a hundred parties so many want one price level, one section, a wheelchair place; and so many do not pay.
const WITH_CATEGORY: usize = 20;
const WITH_SECTION: usize = 10;
const WITH_WHEELCHAIR: usize = 1;
const WHO_LEAVE: usize = 12;
/// So many people come for a hundred seats.
const PEOPLE_PER_CENT: usize = 115;

pub fn demand(plan: &Plan, seed: u64) -> Vec<Party> {
    let mut rng = Rng::new(seed);
    let mut parties = Vec::new();
    let mut people = 0;
    while people * 100 < plan.seat_count() * PEOPLE_PER_CENT {
        let mut drawn = rng.below(100);
        let size = SIZES.iter().position(|&share| {
            let here = drawn < share;
            drawn = drawn.saturating_sub(share);
            here
        });
        let quantity = u32::try_from(size.unwrap_or(1) + 1).unwrap_or(1);
        people += quantity as usize;
        let category = rng.below(plan.categories().len());
        let section = rng.below(plan.sections().len());
        parties.push(Party {
            quantity,
            category: rng.percent(WITH_CATEGORY).then(|| CategoryNo(u16::try_from(category).unwrap_or(0))),
            section: rng.percent(WITH_SECTION).then(|| SectionNo(u16::try_from(section).unwrap_or(0))),
            accessible: rng.percent(WITH_WHEELCHAIR) && quantity > 1,
            leaves_after: rng.percent(WHO_LEAVE).then(|| 5 + rng.below(40)),
        });
    }
    parties
}
