//! Shows and venues as the public may see them: no drafts, nothing that is put away.

use jiff::Timestamp;
use sqlx::types::Json;
use uuid::Uuid;

use super::Catalog;
use crate::platform::db::DbFault;
use crate::platform::time;

/// Which shows.
#[derive(Clone, Debug, Default)]
pub struct ShowFilter {
    /// Of this production.
    pub production: Option<Uuid>,
    /// At this venue.
    pub venue: Option<Uuid>,
    /// Beginning not before.
    pub from: Option<Timestamp>,
    /// Beginning before.
    pub to: Option<Timestamp>,
    /// Beginning on this day, as it is at the venue.
    pub date: Option<jiff::civil::Date>,
    /// After this one, in the list's order.
    pub after: Option<(Timestamp, Uuid)>,
    /// One more than the page has.
    pub limit: i64,
}

/// A show with all that its card and its page say beside the price table.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "each field is a column of the show, its production, its venue or its summary")]
pub struct PublicShow {
    pub id: Uuid,
    pub production_id: Uuid,
    pub production_title: String,
    pub production_version: i32,
    pub organizer_id: Uuid,
    pub organizer_name: String,
    pub venue_id: Uuid,
    pub venue_name: String,
    pub city: String,
    pub country: String,
    pub time_zone: String,
    pub starts_at: Timestamp,
    pub doors_at: Option<jiff_sqlx::Timestamp>,
    pub on_sale_at: Option<jiff_sqlx::Timestamp>,
    pub sales_end_at: Option<jiff_sqlx::Timestamp>,
    pub state: String,
    pub public_message: Option<String>,
    pub available: i64,
    pub places: i64,
    pub currency: String,
    /// The cheapest ticket of the default type now, all fees and taxes in it.
    pub price_from: Option<i64>,
    pub plan_version_id: Uuid,
    pub seats_per_hold_max: i32,
    pub holds_per_buyer_max: Option<i32>,
    pub places_per_buyer_max: Option<i32>,
    pub presale: bool,
    pub access_codes: bool,
    pub hold_ttl_s: i32,
    pub extend_max_s: i32,
    pub pay_within_s: i32,
}

/// A venue, as its card says it.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "each field is a column of the venue or a count over its plans and shows")]
pub struct PublicVenue {
    pub id: Uuid,
    pub name: String,
    pub city: String,
    pub country: String,
    pub address: String,
    pub time_zone: String,
    /// Places of its largest plan.
    pub seats: i32,
    /// Shows to come.
    pub shows: i64,
}

/// Shows as a buyer sees them, and which of them. One statement for all wishes would be planned for none of them once its connection
/// has asked it five times, and read every show for the one whose page is open.
macro_rules! shown {
    ($which:tt, $($asked:tt)*) => {
        sqlx::query_as!(
            PublicShow,
            "SELECT s.id, s.production_id, p.title AS production_title, p.version AS production_version, s.organizer_id,
                    o.name AS organizer_name, s.venue_id, v.name AS venue_name, v.city, v.time_zone, s.starts_at, s.doors_at,
                    s.on_sale_at, coalesce(s.sales_end_at, s.starts_at) AS sales_end_at, m.state, m.public_message,
                    m.available, m.places, s.currency,
                    (SELECT f.amount FROM show_price_from f WHERE f.show_id = s.id AND (f.valid_from IS NULL OR f.valid_from <= now())
                       AND (f.valid_until IS NULL OR now() < f.valid_until)) AS price_from, v.country,
                    s.plan_version_id, s.seats_per_hold_max, s.holds_per_buyer_max, s.places_per_buyer_max, s.hold_ttl_s,
                    s.extend_max_s, s.pay_within_s, c.any AS \"access_codes!\",
                    c.presale AND s.on_sale_at IS NOT NULL AND now() < s.on_sale_at AS \"presale!\"
             FROM show s
             CROSS JOIN LATERAL (
                 SELECT count(*) > 0 AS any, count(*) FILTER (WHERE allocation_id IS NULL) > 0 AS presale FROM access_code
                 WHERE show_id = s.id AND ended_at IS NULL AND valid_from <= now()
                   AND (valid_until IS NULL OR now() < valid_until)) c
             JOIN show_summary m ON m.show_id = s.id AND m.state <> 'draft'
             JOIN production p ON p.id = s.production_id AND p.archived_at IS NULL
             JOIN organizer o ON o.id = s.organizer_id
             JOIN venue v ON v.id = s.venue_id
             WHERE s.archived_at IS NULL AND " + $which,
            $($asked)*
        )
    };
}

impl Catalog {
    /// Public shows in the order in which they begin.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn public_shows(&self, filter: &ShowFilter) -> Result<Vec<PublicShow>, DbFault> {
        let rows = shown!(
            "($1::uuid IS NULL OR s.production_id = $1)
               AND ($2::uuid IS NULL OR s.venue_id = $2)
               AND ($3::timestamptz IS NULL OR s.starts_at >= $3)
               AND ($4::timestamptz IS NULL OR s.starts_at < $4)
               AND ($5::date IS NULL OR (s.starts_at AT TIME ZONE v.time_zone)::date = $5)
               AND ($6::timestamptz IS NULL OR (s.starts_at, s.id) > ($6, $7))
             ORDER BY s.starts_at, s.id LIMIT $8",
            filter.production,
            filter.venue,
            filter.from.map(time::sql) as Option<jiff_sqlx::Timestamp>,
            filter.to.map(time::sql) as Option<jiff_sqlx::Timestamp>,
            filter.date.map(jiff_sqlx::Date::from) as Option<jiff_sqlx::Date>,
            filter.after.map(|(at, _)| time::sql(at)) as Option<jiff_sqlx::Timestamp>,
            filter.after.map(|(_, id)| id),
            filter.limit
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows)
    }

    /// The database's time, by which lists are cut.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn now(&self) -> Result<Timestamp, DbFault> {
        let now = sqlx::query_scalar!("SELECT now() AS \"now!\"").fetch_one(&self.pool).await?;
        Ok(now.to_jiff())
    }

    /// Half a day ago: from then on a show is not over yet.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn today(&self) -> Result<Timestamp, DbFault> {
        let then = sqlx::query_scalar!("SELECT now() - interval '12 hours' AS \"then!\"").fetch_one(&self.pool).await?;
        Ok(then.to_jiff())
    }

    /// One public show.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn public_show(&self, id: Uuid) -> Result<Option<PublicShow>, DbFault> {
        Ok(shown!("s.id = $1", id).fetch_optional(&self.pool).await?)
    }

    /// Which plan version a public show has; `None` also for a draft.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn public_plan_version(&self, show: Uuid) -> Result<Option<Uuid>, DbFault> {
        Ok(sqlx::query_scalar!(
            "SELECT s.plan_version_id FROM show s JOIN show_summary m ON m.show_id = s.id AND m.state <> 'draft'
             JOIN production p ON p.id = s.production_id AND p.archived_at IS NULL
             WHERE s.id = $1 AND s.archived_at IS NULL",
            show
        )
        .fetch_optional(&self.pool)
        .await?)
    }

    /// Venues by name; one of them where `id` says so.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn public_venues(
        &self,
        id: Option<Uuid>,
        after: Option<(String, Uuid)>,
        limit: i64,
    ) -> Result<Vec<PublicVenue>, DbFault> {
        let (after_name, after_id) = after.unzip();
        let rows = sqlx::query_as!(
            PublicVenue,
            "SELECT v.id, v.name, v.city, v.country, v.address, v.time_zone,
                    coalesce((SELECT max(n.places) FROM plan p JOIN plan_version n ON n.plan_id = p.id
                              WHERE p.venue_id = v.id AND p.archived_at IS NULL), 0) AS \"seats!\",
                    (SELECT count(*) FROM show s JOIN show_summary m ON m.show_id = s.id
                     JOIN production p ON p.id = s.production_id AND p.archived_at IS NULL
                     WHERE s.venue_id = v.id AND s.archived_at IS NULL AND s.starts_at >= now()
                       AND m.state IN ('published', 'paused')) AS \"shows!\"
             FROM venue v
             WHERE v.archived_at IS NULL AND ($1::uuid IS NULL OR v.id = $1)
               AND ($2::text IS NULL OR (v.name, v.id) > ($2, $3))
             ORDER BY v.name, v.id LIMIT $4",
            id,
            after_name,
            after_id,
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows)
    }

    /// What a public production's poster is drawn from; `None` where nobody of the public may see it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn public_poster(&self, production: Uuid) -> Result<Option<super::Production>, DbFault> {
        let public = sqlx::query_scalar!(
            "SELECT EXISTS (SELECT 1 FROM show s JOIN show_summary m ON m.show_id = s.id AND m.state <> 'draft'
                            JOIN production p ON p.id = s.production_id
                            WHERE p.id = $1 AND p.archived_at IS NULL AND s.archived_at IS NULL) AS \"public!\"",
            production
        )
        .fetch_one(&self.pool)
        .await?;
        if public { self.production(production).await } else { Ok(None) }
    }
}

/// The venues of a production, as `jsonb_agg` writes them.
pub(super) type Named = Json<Vec<NamedVenue>>;

/// A venue's id and name.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct NamedVenue {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
}
