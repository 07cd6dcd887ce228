//! Shows, as the house wishes them. What is in force is in each show's own journal.

mod defaults;
mod wishes;

use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use super::prices::PriceTable;
use super::{Catalog, CatalogError, Records, changed_one, object};
use crate::catalog::cancellation::Cancellation;
use crate::catalog::card::{ShownProduction, ShownVenue, poster_url};
use crate::catalog::settings::Orphans;
use crate::platform::db::DbFault;
use crate::platform::money::Currency;
use crate::platform::time;

/// A show's own fields.
#[derive(Clone, Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowInput {
    /// What is played. Cannot be changed.
    #[garde(skip)]
    pub production_id: Uuid,
    /// Where. Cannot be changed.
    #[garde(skip)]
    pub venue_id: Uuid,
    /// The seat plan: the show gets its newest version when it is made, and keeps it. Cannot be changed.
    #[garde(skip)]
    pub plan_id: Uuid,
    /// Of all its prices; the house's own unless told. Cannot be changed.
    #[garde(skip)]
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 3, max_length = 3, pattern = "^[A-Z]{3}$")]
    pub currency: Option<Currency>,
    /// When it begins.
    #[garde(skip)]
    #[schema(value_type = String, format = DateTime)]
    pub starts_at: Timestamp,
    /// When the doors open.
    #[garde(skip)]
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub doors_at: Option<Timestamp>,
    /// When the public sale begins; null: as soon as it is published.
    #[garde(skip)]
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub on_sale_at: Option<Timestamp>,
    /// When the public sale ends; null: when it begins.
    #[garde(skip)]
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub sales_end_at: Option<Timestamp>,
    /// How long a hold lives, in seconds.
    #[garde(range(min = 1, max = 86_400))]
    #[serde(default = "defaults::hold_ttl_s")]
    #[schema(minimum = 1, maximum = 86_400)]
    pub hold_ttl_s: i32,
    /// How far a hold may be extended, in seconds from its first grab.
    #[garde(range(min = 1, max = 86_400))]
    #[serde(default = "defaults::extend_max_s")]
    #[schema(minimum = 1, maximum = 86_400)]
    pub extend_max_s: i32,
    /// How long a buyer has to pay, in seconds.
    #[garde(range(min = 1, max = 86_400))]
    #[serde(default = "defaults::pay_within_s")]
    #[schema(minimum = 1, maximum = 86_400)]
    pub pay_within_s: i32,
    /// Places in one hold.
    #[garde(range(min = 1, max = 1000))]
    #[serde(default = "defaults::seats_per_hold_max")]
    #[schema(minimum = 1, maximum = 1000)]
    pub seats_per_hold_max: i32,
    /// Open and paying holds of one buyer; null is no limit.
    #[garde(inner(range(min = 1, max = 100_000)))]
    #[serde(default)]
    #[schema(minimum = 1, maximum = 100_000)]
    pub holds_per_buyer_max: Option<i32>,
    /// Places that one buyer may have held and booked together; null is no limit.
    #[garde(inner(range(min = 1, max = 100_000)))]
    #[serde(default)]
    #[schema(minimum = 1, maximum = 100_000)]
    pub places_per_buyer_max: Option<i32>,
    /// Whether a choice may leave a single seat.
    #[garde(skip)]
    #[serde(default)]
    pub orphan_rule: Orphans,
    /// The rule ends so many seconds before the sale does, so that the last single seats sell.
    #[garde(range(min = 0, max = 31_536_000))]
    #[serde(default)]
    #[schema(minimum = 0, maximum = 31_536_000)]
    pub orphan_rule_ends_before_s: i32,
    /// Customers may cancel until so many seconds before it begins, and get all back; null: never. Where `cancellation` is set
    /// it is the end of its last step.
    #[garde(inner(range(min = 0, max = 31_536_000)))]
    #[serde(default)]
    #[schema(minimum = 0, maximum = 31_536_000)]
    pub cancel_until_s: Option<i32>,
    /// Under what customers may cancel, where it is not the simple case. An order keeps what it was bought under; a later one
    /// that gives more back counts too.
    #[garde(dive)]
    #[serde(default)]
    pub cancellation: Option<Cancellation>,
    /// Tickets may be passed on to somebody else until so many seconds before it begins; null: never.
    #[garde(inner(range(min = 0, max = 31_536_000)))]
    #[serde(default)]
    #[schema(minimum = 0, maximum = 31_536_000)]
    pub transfer_until_s: Option<i32>,
    /// Tickets may be exchanged for others of the house until so many seconds before it begins; null: never. An order keeps what it
    /// was bought under; a later one that is better for its buyer counts too.
    #[garde(inner(range(min = 0, max = 31_536_000)))]
    #[serde(default)]
    #[schema(minimum = 0, maximum = 31_536_000)]
    pub exchange_until_s: Option<i32>,
    /// What is kept of each ticket that is exchanged, in minor units of the show's currency; never more than it is worth.
    #[garde(range(min = 0, max = 100_000_000))]
    #[serde(default)]
    #[schema(minimum = 0, maximum = 100_000_000)]
    pub exchange_fee_kept: i64,
    /// Its id in another system.
    #[garde(inner(length(chars, min = 1, max = 200)))]
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    pub external_id: Option<String>,
    /// Whatever integrations want to keep here.
    #[garde(skip)]
    #[serde(default)]
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
    /// The price table, to set it with the show; read it at `/admin/shows/{id}/prices`.
    #[garde(dive)]
    #[serde(default, skip_serializing)]
    #[schema(write_only)]
    pub prices: Option<PriceTable>,
}

/// A show, as the back office sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Show {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub organizer_id: Uuid,
    /// Its own fields.
    #[serde(flatten)]
    pub fields: ShowInput,
    /// The version of its plan.
    pub plan_version_id: Uuid,
    /// What is played.
    pub production: ShownProduction,
    /// Where.
    pub venue: ShownVenue,
    /// In which its times are read.
    pub time_zone: String,
    /// How many places are what; null while nobody has asked the show yet.
    pub counts: Option<Counts>,
    /// `draft`, `published`, `paused`, `cancelled`, `moved` or `ended`.
    pub state: String,
    /// Grows with every change; what `If-Match` compares.
    pub version: i32,
    /// Since when its rules are another than what the show has been told; null as soon as it knows them.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub rules_due_at: Option<jiff_sqlx::Timestamp>,
    /// Since when it is put away.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub archived_at: Option<jiff_sqlx::Timestamp>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

/// How many places of a show are what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Counts {
    /// Anyone may hold them.
    #[schema(minimum = 0)]
    pub available: i64,
    /// Set aside for buyers.
    #[schema(minimum = 0)]
    pub held: i64,
    /// Sold.
    #[schema(minimum = 0)]
    pub booked: i64,
    /// Kept from sale.
    #[schema(minimum = 0)]
    pub blocked: i64,
}

fn counts(by_category: Value) -> Option<Counts> {
    let by_category: std::collections::BTreeMap<String, Counts> = serde_json::from_value(by_category).ok()?;
    let sum = |all: Counts, one: &Counts| Counts {
        available: all.available + one.available,
        held: all.held + one.held,
        booked: all.booked + one.booked,
        blocked: all.blocked + one.blocked,
    };
    Some(by_category.values().fold(Counts::default(), sum))
}

impl Catalog {
    /// One show.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn show(&self, id: Uuid) -> Result<Option<Show>, DbFault> {
        Ok(select(&self.pool, Some(id), &Records::of_one()).await?.pop())
    }

    /// A page of shows, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn shows(&self, records: &Records) -> Result<Vec<Show>, DbFault> {
        select(&self.pool, None, records).await
    }
}

async fn select(
    executor: impl sqlx::PgExecutor<'_>,
    id: Option<Uuid>,
    records: &Records,
) -> Result<Vec<Show>, DbFault> {
    let rows = sqlx::query!(
        "SELECT s.id, s.organizer_id, s.production_id, s.venue_id, s.plan_version_id, v.plan_id, s.currency, s.starts_at,
                s.doors_at, s.on_sale_at, s.sales_end_at, s.hold_ttl_s, s.extend_max_s, s.pay_within_s,
                s.seats_per_hold_max, s.holds_per_buyer_max, s.places_per_buyer_max, s.orphan_rule, s.orphan_rule_ends_before_s,
                s.cancel_until_s, s.cancellation, s.transfer_until_s, s.exchange_until_s, s.exchange_fee_kept,
                s.external_id, s.metadata, s.version, s.rules_due_at, s.archived_at, s.created_at, s.updated_at,
                coalesce(m.state, 'draft') AS \"state!\", m.counts AS \"counts?\", p.title, p.version AS production_version,
                h.name AS venue_name, h.city, h.time_zone
         FROM show s JOIN plan_version v ON v.id = s.plan_version_id JOIN production p ON p.id = s.production_id
         JOIN venue h ON h.id = s.venue_id LEFT JOIN show_summary m ON m.show_id = s.id
         WHERE ($1::uuid IS NULL OR s.id = $1) AND ($2::uuid[] IS NULL OR s.organizer_id = ANY($2))
           AND ($3 OR s.archived_at IS NULL) AND ($4::timestamptz IS NULL OR (s.created_at, s.id) > ($4, $5))
         ORDER BY s.created_at, s.id LIMIT $6",
        id,
        records.of.as_deref(),
        records.archived,
        records.after_at() as Option<jiff_sqlx::Timestamp>,
        records.after_id(),
        records.limit
    )
    .fetch_all(executor)
    .await?;
    let moment = |at: Option<jiff_sqlx::Timestamp>| at.map(jiff_sqlx::Timestamp::to_jiff);
    Ok(rows
        .into_iter()
        .map(|row| Show {
            id: row.id,
            organizer_id: row.organizer_id,
            fields: ShowInput {
                production_id: row.production_id,
                venue_id: row.venue_id,
                plan_id: row.plan_id,
                currency: row.currency.parse().ok(),
                starts_at: row.starts_at.to_jiff(),
                doors_at: moment(row.doors_at),
                on_sale_at: moment(row.on_sale_at),
                sales_end_at: moment(row.sales_end_at),
                hold_ttl_s: row.hold_ttl_s,
                extend_max_s: row.extend_max_s,
                pay_within_s: row.pay_within_s,
                seats_per_hold_max: row.seats_per_hold_max,
                holds_per_buyer_max: row.holds_per_buyer_max,
                places_per_buyer_max: row.places_per_buyer_max,
                orphan_rule: Orphans::from_name(&row.orphan_rule),
                orphan_rule_ends_before_s: row.orphan_rule_ends_before_s,
                cancel_until_s: row.cancel_until_s,
                cancellation: row.cancellation.map(|kept| Cancellation::of_row(Some(kept), None)),
                transfer_until_s: row.transfer_until_s,
                exchange_until_s: row.exchange_until_s,
                exchange_fee_kept: row.exchange_fee_kept,
                external_id: row.external_id,
                metadata: object(row.metadata),
                prices: None,
            },
            plan_version_id: row.plan_version_id,
            production: ShownProduction {
                id: row.production_id,
                title: row.title,
                poster_url: poster_url(row.production_id, row.production_version),
            },
            venue: ShownVenue { id: row.venue_id, name: row.venue_name, city: row.city },
            time_zone: row.time_zone,
            counts: row.counts.and_then(counts),
            state: row.state,
            version: row.version,
            rules_due_at: row.rules_due_at,
            archived_at: row.archived_at,
            created_at: row.created_at.to_jiff(),
            updated_at: row.updated_at.to_jiff(),
        })
        .collect())
}

/// One show, as this transaction sees it.
///
/// # Errors
/// When the database does not answer.
pub async fn read(connection: &mut PgConnection, id: Uuid) -> Result<Option<Show>, CatalogError> {
    Ok(select(connection, Some(id), &Records::of_one()).await?.pop())
}

/// Where a show stands, told by itself.
#[derive(Clone, Debug)]
pub struct ShowStands {
    /// The number in its journal that this rests on.
    pub seq: i64,
    /// Its state's word.
    pub state: &'static str,
    /// What the public is told.
    pub public_message: Option<String>,
    /// When time will next change something by itself.
    pub next_deadline: Option<Timestamp>,
    /// Counts by category.
    pub counts: Value,
    /// Places that anyone may hold.
    pub available: i64,
    /// All places.
    pub places: i64,
}

/// Notes where a show stands, unless something newer is noted: who has just changed a show's state finds it changed in every
/// list, without waiting for the show to write its own summary.
///
/// # Errors
/// When the database does not answer.
pub async fn note(connection: &mut PgConnection, show: Uuid, stands: &ShowStands) -> Result<(), CatalogError> {
    sqlx::query!(
        "INSERT INTO show_summary (show_id, seq, state, public_message, next_deadline, counts, available, places)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (show_id) DO UPDATE
            SET seq = excluded.seq, state = excluded.state, public_message = excluded.public_message,
                next_deadline = excluded.next_deadline, counts = excluded.counts, available = excluded.available,
                places = excluded.places, updated_at = now()
            WHERE show_summary.seq <= excluded.seq",
        show,
        stands.seq,
        stands.state,
        stands.public_message,
        stands.next_deadline.map(time::sql) as Option<jiff_sqlx::Timestamp>,
        stands.counts,
        stands.available,
        stands.places
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Makes a show of this organiser, with the newest version of its plan. Its prices are set apart.
///
/// # Errors
/// A production, venue or plan that this organiser hasn't is named.
pub async fn insert(
    connection: &mut PgConnection,
    id: Uuid,
    organizer: Uuid,
    fields: &ShowInput,
    currency: Currency,
) -> Result<(), CatalogError> {
    let found = sqlx::query!(
        "SELECT EXISTS (SELECT 1 FROM production WHERE id = $2 AND organizer_id = $1 AND archived_at IS NULL) AS \"production!\",
                EXISTS (SELECT 1 FROM venue WHERE id = $3 AND organizer_id = $1 AND archived_at IS NULL) AS \"venue!\",
                (SELECT v.id FROM plan p JOIN plan_version v ON v.plan_id = p.id
                 WHERE p.id = $4 AND p.organizer_id = $1 AND p.archived_at IS NULL ORDER BY v.number DESC LIMIT 1) AS version",
        organizer,
        fields.production_id,
        fields.venue_id,
        fields.plan_id
    )
    .fetch_one(&mut *connection)
    .await?;
    if !found.production {
        return Err(CatalogError::field("production_id", "is not a production of this organizer"));
    }
    if !found.venue {
        return Err(CatalogError::field("venue_id", "is not a venue of this organizer"));
    }
    let Some(version) = found.version else {
        return Err(CatalogError::field("plan_id", "is not a plan of this organizer"));
    };
    let sql = |at: Option<Timestamp>| at.map(time::sql);
    sqlx::query!(
        "INSERT INTO show (id, organizer_id, production_id, venue_id, plan_version_id, currency, starts_at, doors_at, on_sale_at,
                           sales_end_at, hold_ttl_s, extend_max_s, pay_within_s, seats_per_hold_max, holds_per_buyer_max,
                           places_per_buyer_max, orphan_rule, cancel_until_s, external_id, metadata, orphan_rule_ends_before_s,
                           cancellation, transfer_until_s, exchange_until_s, exchange_fee_kept)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)",
        id,
        organizer,
        fields.production_id,
        fields.venue_id,
        version,
        currency.as_str(),
        time::sql(fields.starts_at) as jiff_sqlx::Timestamp,
        sql(fields.doors_at) as Option<jiff_sqlx::Timestamp>,
        sql(fields.on_sale_at) as Option<jiff_sqlx::Timestamp>,
        sql(fields.sales_end_at) as Option<jiff_sqlx::Timestamp>,
        fields.hold_ttl_s,
        fields.extend_max_s,
        fields.pay_within_s,
        fields.seats_per_hold_max,
        fields.holds_per_buyer_max,
        fields.places_per_buyer_max,
        fields.orphan_rule.name(),
        fields.cancel_until(),
        fields.external_id,
        Value::Object(fields.metadata.clone()),
        fields.orphan_rule_ends_before_s,
        fields.policy_json(),
        fields.transfer_until_s,
        fields.exchange_until_s,
        fields.exchange_fee_kept
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Changes a show that still has this version, and marks it as not told of its rules yet.
///
/// # Errors
/// `Conflict` where it hasn't; a field that cannot be changed is named.
pub async fn update(connection: &mut PgConnection, show: &Show, fields: &ShowInput) -> Result<(), CatalogError> {
    let fixed = [
        ("production_id", show.fields.production_id == fields.production_id),
        ("venue_id", show.fields.venue_id == fields.venue_id),
        ("plan_id", show.fields.plan_id == fields.plan_id),
        ("currency", show.fields.currency == fields.currency),
    ];
    if let Some((field, _)) = fixed.into_iter().find(|(_, same)| !same) {
        return Err(CatalogError::field(field, "cannot be changed"));
    }
    let sql = |at: Option<Timestamp>| at.map(time::sql);
    let done = sqlx::query!(
        "UPDATE show SET starts_at = $3, doors_at = $4, on_sale_at = $5, sales_end_at = $6, hold_ttl_s = $7, extend_max_s = $8,
                pay_within_s = $9, seats_per_hold_max = $10, holds_per_buyer_max = $11, places_per_buyer_max = $12,
                orphan_rule = $13, cancel_until_s = $14, external_id = $15, metadata = $16, orphan_rule_ends_before_s = $17,
                cancellation = $18, transfer_until_s = $19, exchange_until_s = $20, exchange_fee_kept = $21,
                rules_due_at = now(), version = version + 1, updated_at = now()
         WHERE id = $1 AND version = $2",
        show.id,
        show.version,
        time::sql(fields.starts_at) as jiff_sqlx::Timestamp,
        sql(fields.doors_at) as Option<jiff_sqlx::Timestamp>,
        sql(fields.on_sale_at) as Option<jiff_sqlx::Timestamp>,
        sql(fields.sales_end_at) as Option<jiff_sqlx::Timestamp>,
        fields.hold_ttl_s,
        fields.extend_max_s,
        fields.pay_within_s,
        fields.seats_per_hold_max,
        fields.holds_per_buyer_max,
        fields.places_per_buyer_max,
        fields.orphan_rule.name(),
        fields.cancel_until(),
        fields.external_id,
        Value::Object(fields.metadata.clone()),
        fields.orphan_rule_ends_before_s,
        fields.policy_json(),
        fields.transfer_until_s,
        fields.exchange_until_s,
        fields.exchange_fee_kept
    )
    .execute(connection)
    .await?;
    changed_one(&done)
}

/// Puts a show away.
///
/// # Errors
/// `InUse` while it is on sale or paused: people may hold its seats.
pub async fn archive(connection: &mut PgConnection, id: Uuid) -> Result<(), CatalogError> {
    let live = sqlx::query_scalar!(
        "SELECT EXISTS (SELECT 1 FROM show_summary WHERE show_id = $1 AND state IN ('published', 'paused', 'moved')) AS \"live!\"",
        id
    )
    .fetch_one(&mut *connection)
    .await?;
    if live {
        return Err(CatalogError::InUse("The show must be a draft, or cancelled or ended first."));
    }
    sqlx::query!(
        "UPDATE show SET archived_at = now(), version = version + 1, updated_at = now() WHERE id = $1 AND archived_at IS NULL",
        id
    )
    .execute(connection)
    .await?;
    Ok(())
}
