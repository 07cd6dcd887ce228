//! Fills an empty database with the demo house: who sells, venues with their plans, productions, shows on sale, some of
//! their seats sold. Everything goes the way that a house's own people go: the shows are published and sold by commands.

use aisle_actors::core::{
    AreaCount, BookingId, Channel, Command, HoldId, HoldSeats, Origin, Plan, SeatNo, ShowId, StateChange,
};
use aisle_actors::{AskError, Shows};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use sqlx::PgConnection;
use uuid::Uuid;

use super::house::{self, DemoProduction, DemoShow, DemoVenue, OnSale, PRODUCTIONS, TICKET_TYPES, VENUES};
use super::plans::to_json;
use crate::accounts::{AccountsError, NewUser, PasswordError, Passwords, Role};
use crate::accounts::{insert_membership, insert_organizer, insert_user};
use crate::catalog::plan::{PlanDocument, PlanProblems};
use crate::catalog::{
    CatalogError, Credit, LevelPrice, NewVersion, Orphans, PlanInput, PriceLevel, PriceTable, ProductionInput,
    ShowInput, TicketType, VenueInput, plans, prices, productions, settings, shows, stands, venues,
};
use crate::platform::db::{Db, DbFault};
use crate::platform::house::House;
use crate::platform::ids;
use crate::platform::money::Currency;

/// Addresses of the demo's logins; all have the password that the caller chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoLogins {
    /// May do everything.
    pub administrator: &'static str,
    /// Runs the house.
    pub organizer: &'static str,
    /// Sells at the counter.
    pub box_office: &'static str,
}

/// The demo's logins.
pub const LOGINS: DemoLogins = DemoLogins {
    administrator: "admin@aisle.example",
    organizer: "organizer@aisle.example",
    box_office: "box-office@aisle.example",
};

/// Why the demo house could not be built.
#[derive(Debug, thiserror::Error)]
pub enum FillError {
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] DbFault),
    /// The catalogue refused something of it.
    #[error("the demo house does not fit the catalogue")]
    Catalog(#[from] CatalogError),
    /// A login could not be made.
    #[error("the demo's logins could not be made")]
    Accounts(#[from] AccountsError),
    /// A password could not be hashed.
    #[error("the demo's password could not be hashed")]
    Password(#[from] PasswordError),
    /// A plan of the demo is none.
    #[error("a plan of the demo cannot be read")]
    Plan(#[from] PlanProblems),
    /// A show refused what the demo wants of it.
    #[error("a show of the demo refused")]
    Show(#[from] AskError),
    /// What the demo's data names is not there.
    #[error("the demo's data has no {0}")]
    Missing(&'static str),
}

impl From<sqlx::Error> for FillError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(DbFault(error))
    }
}

/// A show that was made, and how much of it is to be sold before anybody comes.
struct Made {
    id: Uuid,
    wish: ShowInput,
    presold_percent: u8,
}

/// Fills the database behind `db` where it has no organiser; `None` where it has one: nothing is changed then. Two processes
/// that start at once wait for each other, and one of them fills.
///
/// # Errors
/// When the database does not answer, or a show refuses. What was committed before stays: the house stands, and shows that
/// were not reached are drafts.
pub async fn fill(
    db: &Db,
    all: &Shows,
    passwords: &Passwords,
    password: &str,
    now: Timestamp,
) -> Result<Option<DemoLogins>, FillError> {
    let hash = passwords.hash(password.to_owned()).await?;
    let mut transaction = db.begin().await?;
    // Held until the commit: whoever comes second sees the house of the first.
    sqlx::query!("LOCK TABLE organizer IN SHARE ROW EXCLUSIVE MODE").execute(&mut *transaction).await?;
    let taken = sqlx::query_scalar!("SELECT EXISTS (SELECT 1 FROM organizer) AS \"taken!\"")
        .fetch_one(&mut *transaction)
        .await?;
    if taken {
        return Ok(None);
    }
    let made = build(&mut transaction, &hash, now).await?;
    transaction.commit().await?;
    for show in &made {
        open(db, all, show).await?;
    }
    Ok(Some(LOGINS))
}

fn currency() -> Result<Currency, FillError> {
    house::CURRENCY.parse().map_err(|_| FillError::Missing("currency"))
}

async fn build(transaction: &mut PgConnection, hash: &str, now: Timestamp) -> Result<Vec<Made>, FillError> {
    let organizer = ids::new_id();
    insert_organizer(transaction, organizer, house::ORGANIZER).await?;
    logins(transaction, organizer, hash).await?;
    let first = VENUES.first().ok_or(FillError::Missing("venue"))?;
    let house = House {
        name: house::ORGANIZER.to_owned(),
        currency: currency()?,
        locale: "en".to_owned(),
        time_zone: first.time_zone.to_owned(),
        demo: true,
    };
    crate::platform::house::found(transaction, &house).await?;
    let mut places = Vec::new();
    for venue in &VENUES {
        places.push((venue, build_venue(transaction, organizer, venue).await?));
    }
    let mut played = Vec::new();
    for production in &PRODUCTIONS {
        let id = ids::new_id();
        productions::insert(transaction, id, &fields_of(organizer, production)).await?;
        played.push((production, id));
    }
    let mut made = Vec::new();
    let today = now.to_zoned(zone(first)?).date();
    for show in house::shows_from(today) {
        let (production, production_id) =
            played.iter().find(|(one, _)| one.key == show.production).ok_or(FillError::Missing("production"))?;
        let (venue, (venue_id, plan_id)) =
            places.iter().find(|(one, _)| one.key == show.venue).ok_or(FillError::Missing("venue"))?;
        let wish = wish_of(&show, venue, production, *production_id, *venue_id, *plan_id)?;
        let id = ids::new_id();
        shows::insert(transaction, id, organizer, &wish, currency()?).await?;
        prices::replace(transaction, id, table_of(production)).await?;
        made.push(Made { id, wish, presold_percent: show.presold_percent });
    }
    Ok(made)
}

async fn logins(transaction: &mut PgConnection, organizer: Uuid, hash: &str) -> Result<(), FillError> {
    let people = [
        ("Administrator", LOGINS.administrator, None),
        ("Organiser", LOGINS.organizer, Some(Role::Organizer)),
        ("Box office", LOGINS.box_office, Some(Role::BoxOffice)),
    ];
    for (name, email, role) in people {
        let user = NewUser {
            name: name.to_owned(),
            email: email.to_owned(),
            password_hash: Some(hash.to_owned()),
            is_admin: role.is_none(),
        };
        let id = insert_user(transaction, &user).await?;
        if let Some(role) = role {
            insert_membership(transaction, id, organizer, role).await?;
        }
    }
    Ok(())
}

async fn build_venue(
    transaction: &mut PgConnection,
    organizer: Uuid,
    venue: &DemoVenue,
) -> Result<(Uuid, Uuid), FillError> {
    let (venue_id, plan_id) = (ids::new_id(), ids::new_id());
    let fields = VenueInput {
        organizer_id: organizer,
        name: venue.name.to_owned(),
        address: venue.address.to_owned(),
        city: venue.city.to_owned(),
        country: venue.country.to_owned(),
        time_zone: venue.time_zone.to_owned(),
        external_id: Some(venue.key.to_owned()),
        metadata: serde_json::Map::new(),
    };
    venues::insert(transaction, venue_id, &fields).await?;
    let drawn = venue.document().ok_or(FillError::Missing("plan"))?;
    let json = to_json(&drawn).map_err(|_| FillError::Missing("plan"))?;
    let document = PlanDocument::parse(json.as_bytes())?;
    let name = PlanInput { name: drawn.name.clone(), venue_id: Some(venue_id) };
    plans::insert(transaction, plan_id, organizer, &name).await?;
    plans::import(transaction, NewVersion { plan: plan_id, document: &document, json: &json }).await?;
    Ok((venue_id, plan_id))
}

fn fields_of(organizer: Uuid, production: &DemoProduction) -> ProductionInput {
    let credit = |&(role, name): &(&str, &str)| Credit { role: role.to_owned(), name: name.to_owned() };
    ProductionInput {
        organizer_id: organizer,
        title: production.title.to_owned(),
        subtitle: production.subtitle.to_owned(),
        kind: production.kind.to_owned(),
        genre: production.genre.to_owned(),
        language: production.language.to_owned(),
        summary: production.summary.to_owned(),
        description: production.description.to_owned(),
        duration_min: Some(production.duration_min),
        age_min: production.age_min,
        credits: production.credits.iter().map(credit).collect(),
        poster_seed: production.poster_seed.cast_signed(),
        external_id: Some(production.key.to_owned()),
        metadata: serde_json::Map::new(),
    }
}

fn zone(venue: &DemoVenue) -> Result<TimeZone, FillError> {
    TimeZone::get(venue.time_zone).map_err(|_| FillError::Missing("time zone"))
}

fn wish_of(
    show: &DemoShow,
    venue: &DemoVenue,
    production: &DemoProduction,
    production_id: Uuid,
    venue_id: Uuid,
    plan_id: Uuid,
) -> Result<ShowInput, FillError> {
    let zone = zone(venue)?;
    let moment =
        |at: DateTime| at.to_zoned(zone.clone()).map(|at| at.timestamp()).map_err(|_| FillError::Missing("such hour"));
    let on_sale_at = match show.on_sale {
        OnSale::Already => None,
        OnSale::On(date) => Some(moment(date.at(10, 0, 0, 0))?),
    };
    let mut wish = ShowInput {
        production_id,
        venue_id,
        plan_id,
        currency: Some(currency()?),
        starts_at: moment(show.starts_at)?,
        doors_at: Some(moment(show.doors_at)?),
        on_sale_at,
        sales_end_at: None,
        hold_ttl_s: 480,
        extend_max_s: 1200,
        pay_within_s: 600,
        seats_per_hold_max: 10,
        holds_per_buyer_max: None,
        places_per_buyer_max: None,
        orphan_rule: Orphans::Off,
        orphan_rule_ends_before_s: 0,
        cancel_until_s: Some(86_400),
        cancellation: None,
        transfer_until_s: Some(0),
        exchange_until_s: Some(7_200),
        exchange_fee_kept: 0,
        external_id: Some(show.key.clone()),
        metadata: serde_json::Map::new(),
        prices: None,
    };
    // A musical evening is over before the last buyer has found the door.
    if production.kind == "concert" {
        wish.sales_end_at = wish.starts_at.checked_sub(15.minutes()).ok();
    }
    Ok(wish)
}

fn table_of(production: &DemoProduction) -> PriceTable {
    let ticket_types = TICKET_TYPES.iter().map(|kind| TicketType {
        id: Uuid::nil(),
        key: kind.key.to_owned(),
        name: kind.name.to_owned(),
        description: kind.description.to_owned(),
        default: kind.default,
    });
    let price_levels = house::prices(production).into_iter().map(|level| PriceLevel {
        key: level.key.to_owned(),
        name: level.category.to_owned(),
        category: level.category.to_owned(),
        color: level.color,
        prices: level
            .prices
            .into_iter()
            .map(|(ticket_type, amount)| LevelPrice { ticket_type: ticket_type.to_owned(), amount })
            .collect(),
    });
    PriceTable { ticket_types: ticket_types.collect(), price_levels: price_levels.collect(), timed: Vec::new() }
}

/// Publishes a show, sells what is to be sold, and notes for the lists where it stands.
async fn open(db: &Db, all: &Shows, made: &Made) -> Result<(), FillError> {
    let show = all.get(ShowId(made.id)).await?;
    show.ask(Command::Configure(settings(&made.wish))).await?;
    show.ask(Command::Change(StateChange::Publish)).await?;
    for (number, (seats, areas)) in (0_u64..).zip(parties(show.plan(), made.presold_percent)) {
        let part = |what: &[u8]| ids::derived_id(&[what, made.id.as_bytes(), &number.to_be_bytes()]);
        let hold = HoldId(part(b"demo hold"));
        let wanted = HoldSeats {
            hold,
            origin: Origin { channel: Channel::Staff, buyer: None, code: None },
            seats,
            best: None,
            areas,
            allocation: None,
            request: None,
        };
        show.ask(Command::Hold(wanted)).await?;
        show.ask(Command::Book { hold, booking: BookingId(part(b"demo booking")), order: None }).await?;
    }
    let facts = show.facts().await?;
    let mut connection = db.acquire().await?;
    shows::note(&mut connection, made.id, &stands(&facts)).await?;
    Ok(())
}

/// So many percent of a plan's places, as the parties that bought them: neighbours in a row, spread over the house so that
/// every section has both free seats and taken ones. The same every time.
fn parties(plan: &Plan, percent: u8) -> Vec<(Vec<SeatNo>, Vec<AreaCount>)> {
    let mut parties: Vec<(Vec<SeatNo>, Vec<AreaCount>)> = Vec::new();
    let mut together: Vec<SeatNo> = Vec::new();
    for (place, block) in (0_u64..).zip(plan.rows().iter().flat_map(|row| &row.blocks)) {
        for (at, party) in (0_u64..).zip(block.chunks(size(place))) {
            if scattered(place, at) < u64::from(percent) {
                together.extend(party);
            }
        }
        // One command for many parties: each costs a turn of the show, and nobody looks at the demo's bookings.
        if together.len() >= BATCH {
            parties.push((std::mem::take(&mut together), Vec::new()));
        }
    }
    if !together.is_empty() {
        parties.push((together, Vec::new()));
    }
    let areas: Vec<AreaCount> = plan
        .areas()
        .iter()
        .map(|area| AreaCount { area: area.number, quantity: area.capacity * u32::from(percent) / 100 })
        .filter(|count| count.quantity > 0)
        .collect();
    if !areas.is_empty() {
        parties.push((Vec::new(), areas));
    }
    parties
}

/// Seats sold by one command.
const BATCH: usize = 200;

/// People come in twos and threes, seldom in fours.
fn size(place: u64) -> usize {
    match place % 5 {
        0..=2 => 2,
        3 => 3,
        _ => 4,
    }
}

/// A number below 100 that looks like chance and is none.
fn scattered(place: u64, at: u64) -> u64 {
    let bytes = ids::request_hash(&[place.to_be_bytes(), at.to_be_bytes()].concat());
    bytes % 100
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn about_as_many_places_are_sold_as_the_programme_says() {
        for venue in &VENUES {
            let json = to_json(&venue.document().unwrap()).unwrap();
            let document = PlanDocument::parse(json.as_bytes()).unwrap();
            let numbers: std::collections::HashMap<String, u32> =
                document.guids().map(str::to_owned).zip(0..).collect();
            let areas: std::collections::HashMap<String, u16> =
                document.area_ids().map(str::to_owned).zip(0..).collect();
            let plan = document
                .topology(
                    aisle_actors::core::PlanVersionId(Uuid::nil()),
                    |guid| numbers.get(guid).copied().map(SeatNo),
                    |id| areas.get(id).copied().map(aisle_actors::core::AreaNo),
                )
                .unwrap();
            assert!(parties(&plan, 0).is_empty(), "{}", venue.key);
            let sold: usize = parties(&plan, 40).iter().map(|(seats, _)| seats.len()).sum();
            let share = sold * 100 / plan.seat_count();
            assert!((25..=55).contains(&share), "{}: {share} %", venue.key);
            let mut seats: Vec<SeatNo> = parties(&plan, 100).into_iter().flat_map(|(seats, _)| seats).collect();
            assert_eq!(seats.len(), plan.seat_count());
            seats.sort_unstable();
            seats.dedup();
            assert_eq!(seats.len(), plan.seat_count(), "nobody's seat is sold twice");
        }
    }

    #[test]
    fn every_production_has_a_price_for_every_category_of_its_plan() {
        for production in &PRODUCTIONS {
            let mut table = table_of(production);
            table.check().unwrap();
            let plan = house::venue(production.venue).unwrap().document().unwrap();
            for category in &plan.categories {
                assert!(table.level(&category.name).is_some(), "{}: {}", production.key, category.name);
            }
        }
    }
}
