//! Searching productions: by words, by what they are, where and when; with facets that count what else there is.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Catalog;
use super::listing::{Named, NamedVenue};
use crate::platform::db::DbFault;
use crate::platform::time;

/// In which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// What begins next comes first.
    #[default]
    Date,
    /// By title.
    Title,
    /// The cheapest first.
    Price,
    /// What fits the words best first.
    Relevance,
}

impl Sort {
    fn name(self) -> &'static str {
        match self {
            Self::Date => "date",
            Self::Title => "title",
            Self::Price => "price",
            Self::Relevance => "relevance",
        }
    }
}

/// Where a production stands in the list's order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SortKey(pub f64, pub String, pub Uuid);

/// Which productions. A production is found by a public show that fits all of it; its card speaks of the shows that fit.
#[derive(Clone, Debug, Default)]
pub struct ProductionFilter {
    /// This one, with all its public shows, also those that are over.
    pub id: Option<Uuid>,
    /// Words, each the beginning of one in the production's texts or its venue.
    pub words: Vec<String>,
    /// Exactly this kind.
    pub kind: Option<String>,
    /// Exactly this genre.
    pub genre: Option<String>,
    /// Exactly this language.
    pub language: Option<String>,
    /// Exactly this city.
    pub city: Option<String>,
    /// This venue.
    pub venue: Option<Uuid>,
    /// A show beginning not before.
    pub from: Option<Timestamp>,
    /// A show beginning before.
    pub to: Option<Timestamp>,
    /// A ticket of the default type for at most so many minor units.
    pub price_max: Option<i64>,
    /// Places left.
    pub available: bool,
    /// In which order.
    pub sort: Sort,
    /// After this one, in the list's order.
    pub after: Option<SortKey>,
    /// One more than the page has.
    pub limit: i64,
}

/// A production with what its shows have in common.
#[derive(Clone, Debug)]
#[allow(
    missing_docs,
    reason = "each field is a column of the production or an aggregate over its shows, named after it"
)]
pub struct FoundProduction {
    pub id: Uuid,
    pub version: i32,
    pub title: String,
    pub subtitle: String,
    pub kind: String,
    pub genre: String,
    pub language: String,
    pub summary: String,
    pub cities: Vec<String>,
    pub venues: Vec<NamedVenue>,
    pub first_show_at: Timestamp,
    pub next_show_at: Option<Timestamp>,
    pub time_zone: String,
    pub show_count: i64,
    pub price_from: Option<i64>,
    pub price_currency: String,
    /// Of each show, side by side with `places`.
    pub available: Vec<i64>,
    pub places: Vec<i64>,
    pub key: SortKey,
}

/// One value that productions can be narrowed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Facet {
    /// What to ask for.
    pub value: String,
    /// What people read, where it differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub label: Option<String>,
    /// How many productions there are with it, under all the other filters.
    pub count: i64,
}

/// What the productions found can be narrowed to. Each counts under all filters but its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[allow(missing_docs, reason = "each field is the filter of its name")]
pub struct Facets {
    pub kind: Vec<Facet>,
    pub genre: Vec<Facet>,
    pub city: Vec<Facet>,
    pub language: Vec<Facet>,
    pub venue: Vec<Facet>,
}

/// The words of a search as Postgres wants them: each the beginning of a word, all of them. Only letters and digits are
/// left in it, so that nothing can be smuggled into the query's own language.
fn tsquery(words: &[String]) -> Option<String> {
    let words: Vec<String> = words.iter().filter(|word| !word.is_empty()).map(|word| format!("{word}:*")).collect();
    (!words.is_empty()).then(|| words.join(" & "))
}

/// What somebody typed, as words of letters and digits. More than sixteen words find nothing that sixteen don't.
#[must_use]
pub fn words(typed: &str) -> Vec<String> {
    let parts = typed.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    parts.take(16).map(str::to_lowercase).collect()
}

impl Catalog {
    /// Productions in the filter's order.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn find_productions(&self, filter: &ProductionFilter) -> Result<Vec<FoundProduction>, DbFault> {
        let (after_number, after_text, after_id) = match &filter.after {
            Some(SortKey(number, text, id)) => (Some(*number), Some(text.as_str()), Some(*id)),
            None => (None, None, None),
        };
        let rows = sqlx::query!(
            "WITH fitting AS (
                 SELECT s.production_id, s.starts_at, s.currency, v.id AS venue_id, v.name AS venue_name, v.city, v.time_zone,
                        m.available, m.places,
                        (SELECT f.amount FROM show_price_from f
                         WHERE f.show_id = s.id AND (f.valid_from IS NULL OR f.valid_from <= now())
                           AND (f.valid_until IS NULL OR now() < f.valid_until)) AS price_from
                 FROM show s JOIN show_summary m ON m.show_id = s.id
                 JOIN production p ON p.id = s.production_id AND p.archived_at IS NULL
                 JOIN venue v ON v.id = s.venue_id
                 WHERE s.archived_at IS NULL
                   AND CASE WHEN $1::uuid IS NULL THEN m.state IN ('published', 'paused') AND s.starts_at >= now()
                            ELSE p.id = $1 AND m.state <> 'draft' END
                   AND ($2::text IS NULL
                        OR (p.search || to_tsvector('simple', v.name || ' ' || v.city)) @@ to_tsquery('simple', $2))
                   AND ($3::text IS NULL OR p.kind = $3) AND ($4::text IS NULL OR p.genre = $4)
                   AND ($5::text IS NULL OR p.language = $5) AND ($6::text IS NULL OR v.city = $6)
                   AND ($7::uuid IS NULL OR v.id = $7)
                   AND ($8::timestamptz IS NULL OR s.starts_at >= $8) AND ($9::timestamptz IS NULL OR s.starts_at < $9)
                   AND (NOT $11::bool OR m.available > 0)),
             found AS (
                 SELECT production_id, min(starts_at) AS first_show_at, min(starts_at) FILTER (WHERE starts_at >= now()) AS next_show_at,
                        count(*) AS show_count, array_agg(DISTINCT city ORDER BY city) AS cities,
                        jsonb_agg(DISTINCT jsonb_build_object('id', venue_id, 'name', venue_name)) AS venues,
                        (array_agg(time_zone ORDER BY starts_at < now(), starts_at))[1] AS time_zone,
                        (array_agg(price_from ORDER BY price_from))[1] AS price_from,
                        (array_agg(currency ORDER BY price_from))[1] AS price_currency,
                        array_agg(available ORDER BY starts_at) AS available, array_agg(places ORDER BY starts_at) AS places
                 FROM fitting WHERE $10::bigint IS NULL OR price_from <= $10 GROUP BY production_id),
             keyed AS (
                 SELECT f.*,
                        CASE $12::text WHEN 'date' THEN extract(epoch FROM coalesce(f.next_show_at, f.first_show_at))::float8
                             WHEN 'price' THEN coalesce(f.price_from, 9e15)::float8
                             WHEN 'relevance' THEN -ts_rank(p.search, to_tsquery('simple', coalesce($2, '')))::float8
                             ELSE 0 END AS number,
                        CASE $12 WHEN 'title' THEN lower(p.title) ELSE '' END AS text
                 FROM found f JOIN production p ON p.id = f.production_id)
             SELECT p.id, p.version, p.title, p.subtitle, p.kind, p.genre, p.language, p.summary, k.cities AS \"cities!\",
                    k.venues AS \"venues!: Named\", k.first_show_at AS \"first_show_at!\", k.next_show_at, k.time_zone AS \"time_zone!\",
                    k.show_count AS \"show_count!\", k.price_from, k.price_currency AS \"price_currency!\",
                    k.available AS \"available!\", k.places AS \"places!\", k.number AS \"number!\", k.text AS \"text!\"
             FROM keyed k JOIN production p ON p.id = k.production_id
             WHERE $13::float8 IS NULL OR (k.number, k.text, p.id) > ($13, $14::text, $15::uuid)
             ORDER BY k.number, k.text, p.id LIMIT $16",
            filter.id,
            tsquery(&filter.words),
            filter.kind,
            filter.genre,
            filter.language,
            filter.city,
            filter.venue,
            filter.from.map(time::sql) as Option<jiff_sqlx::Timestamp>,
            filter.to.map(time::sql) as Option<jiff_sqlx::Timestamp>,
            filter.price_max,
            filter.available,
            filter.sort.name(),
            after_number,
            after_text,
            after_id,
            filter.limit
        )
        .fetch_all(&self.pool)
        .await?;
        let found = rows.into_iter().map(|row| {
            let Json(venues) = row.venues;
            FoundProduction {
                key: SortKey(row.number, row.text, row.id),
                id: row.id,
                version: row.version,
                title: row.title,
                subtitle: row.subtitle,
                kind: row.kind,
                genre: row.genre,
                language: row.language,
                summary: row.summary,
                cities: row.cities,
                venues,
                first_show_at: row.first_show_at.to_jiff(),
                next_show_at: row.next_show_at.map(jiff_sqlx::Timestamp::to_jiff),
                time_zone: row.time_zone,
                show_count: row.show_count,
                price_from: row.price_from,
                price_currency: row.price_currency,
                available: row.available,
                places: row.places,
            }
        });
        Ok(found.collect())
    }

    /// What these productions can be narrowed to.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn facets(&self, filter: &ProductionFilter) -> Result<Facets, DbFault> {
        let rows = sqlx::query!(
            "WITH fitting AS (
                 SELECT s.production_id, p.kind, p.genre, p.language, v.city, v.id AS venue_id, v.name AS venue_name,
                        $2::text IS NULL OR p.kind = $2 AS by_kind, $3::text IS NULL OR p.genre = $3 AS by_genre,
                        $4::text IS NULL OR p.language = $4 AS by_language, $5::text IS NULL OR v.city = $5 AS by_city,
                        $6::uuid IS NULL OR v.id = $6 AS by_venue
                 FROM show s JOIN show_summary m ON m.show_id = s.id AND m.state IN ('published', 'paused')
                 JOIN production p ON p.id = s.production_id AND p.archived_at IS NULL
                 JOIN venue v ON v.id = s.venue_id
                 WHERE s.archived_at IS NULL AND s.starts_at >= now()
                   AND ($1::text IS NULL
                        OR (p.search || to_tsvector('simple', v.name || ' ' || v.city)) @@ to_tsquery('simple', $1))
                   AND ($7::timestamptz IS NULL OR s.starts_at >= $7) AND ($8::timestamptz IS NULL OR s.starts_at < $8)
                   AND (NOT $10::bool OR m.available > 0)
                   AND ($9::bigint IS NULL OR $9 >= (
                        SELECT f.amount FROM show_price_from f WHERE f.show_id = s.id AND (f.valid_from IS NULL OR f.valid_from <= now())
                          AND (f.valid_until IS NULL OR now() < f.valid_until)))),
             counted AS (
                 SELECT 'kind' AS facet, kind AS value, kind AS label, count(DISTINCT production_id) AS count
                 FROM fitting WHERE by_genre AND by_language AND by_city AND by_venue GROUP BY kind
                 UNION ALL SELECT 'genre', genre, genre, count(DISTINCT production_id)
                 FROM fitting WHERE by_kind AND by_language AND by_city AND by_venue GROUP BY genre
                 UNION ALL SELECT 'language', language, language, count(DISTINCT production_id)
                 FROM fitting WHERE by_kind AND by_genre AND by_city AND by_venue GROUP BY language
                 UNION ALL SELECT 'city', city, city, count(DISTINCT production_id)
                 FROM fitting WHERE by_kind AND by_genre AND by_language AND by_venue GROUP BY city
                 UNION ALL SELECT 'venue', venue_id::text, venue_name, count(DISTINCT production_id)
                 FROM fitting WHERE by_kind AND by_genre AND by_language AND by_city GROUP BY venue_id, venue_name)
             SELECT facet AS \"facet!\", value AS \"value!\", label AS \"label!\", count AS \"count!\"
             FROM counted WHERE value <> '' ORDER BY facet, count DESC, label",
            tsquery(&filter.words),
            filter.kind,
            filter.genre,
            filter.language,
            filter.city,
            filter.venue,
            filter.from.map(time::sql) as Option<jiff_sqlx::Timestamp>,
            filter.to.map(time::sql) as Option<jiff_sqlx::Timestamp>,
            filter.price_max,
            filter.available
        )
        .fetch_all(&self.pool)
        .await?;
        let mut facets = Facets::default();
        for row in rows {
            let label = (row.label != row.value).then_some(row.label);
            let facet = Facet { value: row.value, label, count: row.count };
            match row.facet.as_str() {
                "kind" => facets.kind.push(facet),
                "genre" => facets.genre.push(facet),
                "city" => facets.city.push(facet),
                "language" => facets.language.push(facet),
                _ => facets.venue.push(facet),
            }
        }
        Ok(facets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_becomes_beginnings_of_words_and_nothing_else() {
        assert_eq!(tsquery(&words("Ham  let's")).unwrap(), "ham:* & let:* & s:*");
        assert_eq!(tsquery(&words("a' | !b & (c:*) \\")).unwrap(), "a:* & b:* & c:*");
        assert_eq!(tsquery(&words("  '&|! ")), None);
        assert_eq!(tsquery(&words("Ö 東京")).unwrap(), "ö:* & 東京:*");
        assert_eq!(words(&"x ".repeat(100)).len(), 16);
    }
}
