//! A show's price table: ticket types, price levels, and what each costs for whom, and when.

mod timed;

use std::collections::{HashMap, HashSet};

use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor};
use utoipa::ToSchema;
use uuid::Uuid;

pub(super) use timed::read as read_list;
pub use timed::{Period, TimedPrice, TimedPrices, periods};

use super::price_from::{self, Whose};
use super::{Catalog, CatalogError};
use crate::platform::db::DbFault;
use crate::platform::{ids, time};

/// A price table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceTable {
    /// For whom tickets are, in the order in which they are offered.
    #[garde(length(min = 1, max = 50), dive)]
    #[schema(min_items = 1, max_items = 50)]
    pub ticket_types: Vec<TicketType>,
    /// What the categories of the plan cost, best first.
    #[garde(length(min = 1, max = 100), dive)]
    #[schema(min_items = 1, max_items = 100)]
    pub price_levels: Vec<PriceLevel>,
    /// Prices that are valid for a while in place of these: early birds, the last minute. Of two lists that are valid at once
    /// and price the same ticket, the first counts.
    #[garde(length(max = 20), dive)]
    #[serde(default)]
    #[schema(max_items = 20)]
    pub timed: Vec<TimedPrices>,
}

/// For whom a ticket is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketType {
    /// Its id, which it keeps while its key stays; not taken from requests.
    #[garde(skip)]
    #[serde(default)]
    pub id: Uuid,
    /// What requests say.
    #[garde(custom(is_key))]
    #[schema(min_length = 1, max_length = 40, pattern = "^[a-z0-9_-]{1,40}$", example = "adult")]
    pub key: String,
    /// What buyers read.
    #[garde(length(chars, min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100, example = "Adult")]
    pub name: String,
    /// Who may have it.
    #[garde(length(chars, max = 500))]
    #[serde(default)]
    #[schema(max_length = 500)]
    pub description: String,
    /// What a seat is until the buyer says otherwise. Exactly one is; where none says so, the first.
    #[garde(skip)]
    #[serde(default)]
    pub default: bool,
}

/// What one category of the plan costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceLevel {
    /// What requests say.
    #[garde(custom(is_key))]
    #[schema(min_length = 1, max_length = 40, pattern = "^[a-z0-9_-]{1,40}$", example = "premium")]
    pub key: String,
    /// What buyers read.
    #[garde(length(chars, min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100, example = "Premium")]
    pub name: String,
    /// The plan's category.
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200, example = "Premium")]
    pub category: String,
    /// `#rrggbb`.
    #[garde(custom(is_color))]
    #[schema(pattern = "^#[0-9a-fA-F]{6}$", example = "#8e3b8a")]
    pub color: String,
    /// For each ticket type that may sit there; the default type must.
    #[garde(length(min = 1, max = 50), dive)]
    #[schema(min_items = 1, max_items = 50)]
    pub prices: Vec<LevelPrice>,
}

/// What a ticket of one type costs at one level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LevelPrice {
    /// The ticket type's key.
    #[garde(custom(is_key))]
    #[schema(min_length = 1, max_length = 40, pattern = "^[a-z0-9_-]{1,40}$", example = "adult")]
    pub ticket_type: String,
    /// In minor units of the show's currency. The fees of the house come on top, and the taxes that it adds.
    #[garde(range(min = 0, max = 100_000_000_000))]
    #[schema(minimum = 0, maximum = 100_000_000_000_i64, example = 4500)]
    pub amount: i64,
}

fn is_key(key: &str, (): &()) -> garde::Result {
    let known = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_' || c == b'-';
    if (1..=40).contains(&key.len()) && key.bytes().all(known) {
        Ok(())
    } else {
        Err(garde::Error::new("must be 1 to 40 of a-z, 0-9, _ and -"))
    }
}

fn is_color(color: &str, (): &()) -> garde::Result {
    match color.strip_prefix('#') {
        Some(digits) if digits.len() == 6 && digits.bytes().all(|c| c.is_ascii_hexdigit()) => Ok(()),
        Some(_) | None => Err(garde::Error::new("must be a color such as #8e3b8a")),
    }
}

impl PriceTable {
    /// Puts the default in its place and looks for contradictions.
    ///
    /// # Errors
    /// Names the first field that contradicts another.
    pub fn check(&mut self) -> Result<(), CatalogError> {
        let mut keys = HashSet::new();
        for (at, kind) in self.ticket_types.iter().enumerate() {
            if !keys.insert(kind.key.as_str()) {
                return Err(CatalogError::field(format!("ticket_types[{at}].key"), "stands twice"));
            }
        }
        let mut level_keys = HashSet::new();
        let mut categories = HashSet::new();
        for (at, level) in self.price_levels.iter().enumerate() {
            if !level_keys.insert(level.key.as_str()) {
                return Err(CatalogError::field(format!("price_levels[{at}].key"), "stands twice"));
            }
            if !categories.insert(level.category.as_str()) {
                return Err(CatalogError::field(format!("price_levels[{at}].category"), "has a price level already"));
            }
            let mut priced = HashSet::new();
            for (place, price) in level.prices.iter().enumerate() {
                let field = || format!("price_levels[{at}].prices[{place}].ticket_type");
                if !keys.contains(price.ticket_type.as_str()) {
                    return Err(CatalogError::field(field(), "is not a ticket type of this table"));
                }
                if !priced.insert(price.ticket_type.as_str()) {
                    return Err(CatalogError::field(field(), "stands twice"));
                }
            }
        }
        timed::check(&self.timed, &level_keys, &keys)?;
        match self.ticket_types.iter().filter(|kind| kind.default).count() {
            0 => self.ticket_types.iter_mut().take(1).for_each(|kind| kind.default = true),
            1 => {}
            _ => return Err(CatalogError::field("ticket_types", "only one of them can be the default")),
        }
        let Some(default) = self.ticket_types.iter().find(|kind| kind.default) else { return Ok(()) };
        let unpriced = |level: &PriceLevel| level.prices.iter().all(|price| price.ticket_type != default.key);
        match self.price_levels.iter().position(unpriced) {
            Some(at) => Err(CatalogError::field(
                format!("price_levels[{at}].prices"),
                format!("has no price for the default ticket type {}", default.key),
            )),
            None => Ok(()),
        }
    }

    /// The level of a category.
    #[must_use]
    pub fn level(&self, category: &str) -> Option<&PriceLevel> {
        self.price_levels.iter().find(|level| level.category == category)
    }

    /// What a ticket of this type costs at this level at that moment, in minor units, and by which list where it isn't the table
    /// itself; `None` where it is not sold.
    #[must_use]
    pub fn price_at(
        &self,
        level: &PriceLevel,
        ticket_type: &str,
        now: Timestamp,
    ) -> Option<(i64, Option<&TimedPrices>)> {
        let valid = self.timed.iter().filter(|list| list.is_valid(now));
        let timed = valid.filter_map(|list| Some((list.amount(&level.key, ticket_type)?, Some(list)))).next();
        timed.or_else(|| level.amount(ticket_type).map(|amount| (amount, None)))
    }

    /// The ticket type that a place has until the buyer says otherwise.
    #[must_use]
    pub fn default_type(&self) -> Option<&TicketType> {
        self.ticket_types.iter().find(|kind| kind.default)
    }
}

impl PriceLevel {
    /// What a ticket of this type costs, in minor units; `None` where it is not sold at this level.
    #[must_use]
    pub fn amount(&self, ticket_type: &str) -> Option<i64> {
        self.prices.iter().find(|price| price.ticket_type == ticket_type).map(|price| price.amount)
    }
}

impl Catalog {
    /// A show's price table; empty where it has none yet.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn price_table(&self, show: Uuid) -> Result<PriceTable, DbFault> {
        Ok(table(&self.pool, show).await?)
    }
}

/// In one statement: its parts are of one moment, and a rush asks for it with each quote and each order.
async fn table(connection: impl PgExecutor<'_>, show: Uuid) -> Result<PriceTable, sqlx::Error> {
    let table = sqlx::query_scalar!(
        "SELECT json_build_object(
             'ticket_types', (
                 SELECT coalesce(json_agg(json_build_object(
                            'id', id, 'key', key, 'name', name, 'description', description, 'default', is_default
                        ) ORDER BY position), '[]')
                 FROM ticket_type WHERE show_id = $1),
             'price_levels', (
                 SELECT coalesce(json_agg(json_build_object(
                            'key', l.key, 'name', l.name, 'category', l.category, 'color', l.color, 'prices', (
                                SELECT coalesce(json_agg(json_build_object(
                                           'ticket_type', p.ticket_type, 'amount', p.amount
                                       ) ORDER BY t.position), '[]')
                                FROM price p JOIN ticket_type t ON t.show_id = p.show_id AND t.key = p.ticket_type
                                WHERE p.show_id = l.show_id AND p.price_level = l.key)
                        ) ORDER BY l.position), '[]')
                 FROM price_level l WHERE l.show_id = $1),
             'timed', (
                 SELECT coalesce(json_agg(json_build_object(
                            'name', name, 'valid_from', valid_from, 'valid_until', valid_until, 'prices', prices
                        ) ORDER BY position), '[]')
                 FROM price_list WHERE show_id = $1)
         ) AS \"table!: Json<PriceTable>\"",
        show
    )
    .fetch_one(connection)
    .await?;
    Ok(table.0)
}

/// A show's price table, as this transaction sees it.
///
/// # Errors
/// When the database does not answer.
pub async fn read(connection: &mut PgConnection, show: Uuid) -> Result<PriceTable, CatalogError> {
    Ok(table(connection, show).await?)
}

/// Categories of a show's plan that have no price yet.
///
/// # Errors
/// When the database does not answer.
pub async fn unpriced(connection: &mut PgConnection, show: Uuid) -> Result<Vec<String>, CatalogError> {
    Ok(sqlx::query_scalar!(
        "SELECT c ->> 'name' AS \"name!\"
         FROM show s JOIN plan_version v ON v.id = s.plan_version_id, jsonb_array_elements(v.document -> 'categories') c
         WHERE s.id = $1 AND NOT EXISTS (SELECT 1 FROM price_level l WHERE l.show_id = s.id AND l.category = c ->> 'name')",
        show
    )
    .fetch_all(connection)
    .await?)
}

/// Gives a show this price table in place of the one it has. Ticket types keep their ids while their keys stay.
///
/// # Errors
/// Contradictions and categories that the plan hasn't are named.
pub async fn replace(connection: &mut PgConnection, show: Uuid, mut table: PriceTable) -> Result<(), CatalogError> {
    table.check()?;
    let categories = sqlx::query_scalar!(
        "SELECT c ->> 'name' AS \"name!\"
         FROM show s JOIN plan_version v ON v.id = s.plan_version_id, jsonb_array_elements(v.document -> 'categories') c
         WHERE s.id = $1",
        show
    )
    .fetch_all(&mut *connection)
    .await?;
    if let Some(at) = table.price_levels.iter().position(|level| !categories.contains(&level.category)) {
        return Err(CatalogError::field(format!("price_levels[{at}].category"), "is not a category of the plan"));
    }
    let known =
        sqlx::query!("SELECT key, id FROM ticket_type WHERE show_id = $1", show).fetch_all(&mut *connection).await?;
    let known: HashMap<String, Uuid> = known.into_iter().map(|row| (row.key, row.id)).collect();
    // Levels and types take their prices with them.
    sqlx::query!("DELETE FROM price_level WHERE show_id = $1", show).execute(&mut *connection).await?;
    sqlx::query!("DELETE FROM ticket_type WHERE show_id = $1", show).execute(&mut *connection).await?;
    for (position, kind) in (0..).zip(&table.ticket_types) {
        sqlx::query!(
            "INSERT INTO ticket_type (show_id, key, id, name, description, is_default, position)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            show,
            kind.key,
            known.get(&kind.key).copied().unwrap_or_else(ids::new_id),
            kind.name,
            kind.description,
            kind.default,
            position
        )
        .execute(&mut *connection)
        .await?;
    }
    for (position, level) in (0..).zip(&table.price_levels) {
        sqlx::query!(
            "INSERT INTO price_level (show_id, key, name, category, color, position) VALUES ($1, $2, $3, $4, $5, $6)",
            show,
            level.key,
            level.name,
            level.category,
            level.color,
            position
        )
        .execute(&mut *connection)
        .await?;
        let types: Vec<String> = level.prices.iter().map(|price| price.ticket_type.clone()).collect();
        let amounts: Vec<i64> = level.prices.iter().map(|price| price.amount).collect();
        sqlx::query!(
            "INSERT INTO price (show_id, price_level, ticket_type, amount)
             SELECT $1, $2, new.ticket_type, new.amount FROM unnest($3::text[], $4::bigint[]) AS new (ticket_type, amount)",
            show,
            level.key,
            &types,
            &amounts
        )
        .execute(&mut *connection)
        .await?;
    }
    sqlx::query!("DELETE FROM price_list WHERE show_id = $1", show).execute(&mut *connection).await?;
    let sql = |at: Option<Timestamp>| at.map(time::sql);
    for (position, list) in (0_i32..).zip(&table.timed) {
        sqlx::query!(
            "INSERT INTO price_list (show_id, position, name, valid_from, valid_until, prices) VALUES ($1, $2, $3, $4, $5, $6)",
            show,
            position,
            list.name,
            sql(list.valid_from) as Option<jiff_sqlx::Timestamp>,
            sql(list.valid_until) as Option<jiff_sqlx::Timestamp>,
            serde_json::to_value(&list.prices).unwrap_or_default()
        )
        .execute(&mut *connection)
        .await?;
    }
    sqlx::query!("UPDATE show SET version = version + 1, updated_at = now() WHERE id = $1", show)
        .execute(&mut *connection)
        .await?;
    price_from::rebuild(connection, Whose::Show(show)).await
}
