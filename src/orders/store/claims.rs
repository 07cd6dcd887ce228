//! To whose account an order belongs, and what ends its links.

use jiff::Timestamp;
use sqlx::PgConnection;
use uuid::Uuid;

use super::super::returning::Offer;
use super::super::saga::OrderState;
use super::view::{ShowView, poster_url};
use super::{Orders, currency, jiff as moment, unknown};
use crate::platform::audit::{self, Entry};
use crate::platform::db::DbFault;
use crate::platform::money::Money;
use crate::platform::time::sql;
use crate::tickets::access::Standing;
use crate::tickets::{mail, store as tickets};

/// How many accounts may have claimed an order by its link. A family has some; more are not a family.
const CLAIMED_BY_LINK_MAX: i64 = 10;
/// So long after links were ended they cannot be ended again: each time a mail goes out. It names an interval in the statement
/// below, too.
pub const LINKS_REST_S: u64 = 600;

/// Whether the links of an order were ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinksEnded {
    /// They were, now.
    Now,
    /// Somebody else was first: the link that was shown is an old one.
    Before,
    /// They were ended a moment ago.
    JustNow,
}

/// Whether an order was claimed by its link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// It is theirs, perhaps since before.
    Theirs,
    /// The link that was shown has ended meanwhile.
    Ended,
    /// Too many have done so.
    TooMany,
}

/// One of somebody's orders, as a list shows it.
#[derive(Clone, Debug)]
pub struct Owned {
    /// Its id.
    pub id: Uuid,
    /// What people call it.
    pub number: String,
    /// Who sells.
    pub organizer: String,
    /// How far it is.
    pub state: OrderState,
    /// What it costs.
    pub total: Money,
    /// Its places, and in which show, that were not given back.
    pub places: Vec<(Uuid, String, u32)>,
    /// Its shows, by their start.
    pub shows: Vec<ShowView>,
    /// What its shows say of giving its tickets back.
    pub offers: Vec<Offer>,
    /// A cancellation of it is under way.
    pub giving_back: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its tickets were issued.
    pub confirmed_at: Option<Timestamp>,
}

/// A new order belongs to who was signed in when it was made (`buyer`), and to whose address was shown to be the one that it was
/// ordered with. In the transaction that makes it.
pub(super) async fn claim_new(
    connection: &mut PgConnection,
    order: Uuid,
    buyer: Option<Uuid>,
    email_normalized: &str,
) -> Result<(), DbFault> {
    sqlx::query!(
        "INSERT INTO order_claim (order_id, user_id, how)
         SELECT $1, u.id, CASE WHEN u.email_normalized = $3 AND u.email_verified_at IS NOT NULL THEN 'address' ELSE 'ordered' END
         FROM app_user u
         WHERE u.disabled_at IS NULL AND (u.id = $2 OR (u.email_normalized = $3 AND u.email_verified_at IS NOT NULL))",
        order,
        buyer,
        email_normalized
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Everything that was bought with an account's address, which was just shown to be theirs, belongs to it from now on; but for
/// what belongs by its address to somebody who had the address before.
pub(in crate::orders) async fn claim_by_address(connection: &mut PgConnection, user: Uuid) -> Result<(), DbFault> {
    sqlx::query!(
        "INSERT INTO order_claim (order_id, user_id, how)
         SELECT o.id, u.id, 'address'
         FROM app_user u JOIN customer c ON c.email_normalized = u.email_normalized JOIN orders o ON o.customer_id = c.id
         WHERE u.id = $1 AND u.email_verified_at IS NOT NULL AND c.erased_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM order_claim k WHERE k.order_id = o.id AND k.how = 'address' AND k.user_id <> u.id)
         ON CONFLICT (order_id, user_id) DO UPDATE SET how = EXCLUDED.how",
        user
    )
    .execute(connection)
    .await?;
    Ok(())
}

impl Orders {
    /// Who may come near an order; `None`: there is no such order.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn standing(&self, order: Uuid) -> Result<Option<Standing>, DbFault> {
        tickets::standing(&self.pool, order).await
    }

    /// Makes an order belong to an account whose owner has shown its link of this version, and records it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn claim(&self, order: Uuid, user: Uuid, version: i32, entry: Entry) -> Result<Claimed, DbFault> {
        let mut transaction = self.pool.begin().await?;
        // Who ends the links at the same moment comes before it or after it.
        let now = sqlx::query_scalar!("SELECT link_version FROM orders WHERE id = $1 FOR UPDATE", order)
            .fetch_optional(&mut *transaction)
            .await?;
        if now != Some(version) {
            return Ok(Claimed::Ended);
        }
        let claims = sqlx::query!(
            "SELECT count(*) FILTER (WHERE user_id = $2) AS \"theirs!\", count(*) FILTER (WHERE how = 'link') AS \"by_link!\"
             FROM order_claim WHERE order_id = $1",
            order,
            user
        )
        .fetch_one(&mut *transaction)
        .await?;
        if claims.theirs > 0 {
            return Ok(Claimed::Theirs);
        }
        if claims.by_link >= CLAIMED_BY_LINK_MAX {
            return Ok(Claimed::TooMany);
        }
        sqlx::query!("INSERT INTO order_claim (order_id, user_id, how) VALUES ($1, $2, 'link')", order, user)
            .execute(&mut *transaction)
            .await?;
        audit::record(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(Claimed::Theirs)
    }

    /// Ends every link of an order, and what accounts have claimed by one; mails a newer link to the order's address, and to
    /// nobody else. Who ends them by a link shows its version, so that of two who come at once with one link the second finds it
    /// ended.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn end_links(&self, order: Uuid, shown: Option<i32>, entry: Entry) -> Result<LinksEnded, DbFault> {
        let mut transaction = self.pool.begin().await?;
        let row = sqlx::query!(
            "SELECT link_version, coalesce(links_ended_at > now() - interval '600 seconds', false) AS \"rests!\"
             FROM orders WHERE id = $1 FOR UPDATE",
            order
        )
        .fetch_one(&mut *transaction)
        .await?;
        if shown.is_some_and(|version| version != row.link_version) {
            return Ok(LinksEnded::Before);
        }
        if row.rests {
            return Ok(LinksEnded::JustNow);
        }
        sqlx::query!("UPDATE orders SET link_version = link_version + 1, links_ended_at = now() WHERE id = $1", order)
            .execute(&mut *transaction)
            .await?;
        sqlx::query!("DELETE FROM order_claim WHERE order_id = $1 AND how = 'link'", order)
            .execute(&mut *transaction)
            .await?;
        mail::send_newer_link(&mut transaction, order, row.link_version + 1).await?;
        audit::record(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(LinksEnded::Now)
    }

    /// Writes down that somebody looks for an order by this address and number, or for all of the address.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ask_for_links(&self, email_normalized: &str, number: Option<&str>) -> Result<(), DbFault> {
        mail::ask_for_links(&mut *self.pool.acquire().await?, email_normalized, number).await
    }

    /// Somebody's orders, newest first; one more than asked for where there are more.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn of_owner(
        &self,
        user: Uuid,
        after: Option<(Timestamp, Uuid)>,
        limit: i64,
    ) -> Result<Vec<Owned>, DbFault> {
        let (at, id) = after.unzip();
        let heads = sqlx::query!(
            "SELECT o.id, o.number, g.name AS organizer, o.state, o.total, o.currency, o.created_at, o.confirmed_at
             FROM order_claim k JOIN orders o ON o.id = k.order_id JOIN organizer g ON g.id = o.organizer_id
             WHERE k.user_id = $1 AND ($2::timestamptz IS NULL OR (o.created_at, o.id) < ($2, $3::uuid))
             ORDER BY o.created_at DESC, o.id DESC LIMIT $4",
            user,
            at.map(sql) as Option<jiff_sqlx::Timestamp>,
            id,
            limit + 1
        )
        .fetch_all(&self.pool)
        .await?;
        let mut owned = Vec::with_capacity(heads.len());
        for head in heads {
            let currency = currency(&head.currency)?;
            owned.push(Owned {
                id: head.id,
                number: head.number,
                organizer: head.organizer,
                state: OrderState::from_word(&head.state).ok_or_else(|| unknown("order state"))?,
                total: Money::new(head.total, currency),
                places: Vec::new(),
                shows: Vec::new(),
                offers: Vec::new(),
                giving_back: false,
                created_at: head.created_at.to_jiff(),
                confirmed_at: moment(head.confirmed_at),
            });
        }
        self.fill(&mut owned).await?;
        Ok(owned)
    }

    /// Their shows, what these say, and places: three questions for all of a page.
    async fn fill(&self, owned: &mut [Owned]) -> Result<(), DbFault> {
        let ids: Vec<Uuid> = owned.iter().map(|order| order.id).collect();
        let shows = sqlx::query!(
            "SELECT h.order_id, s.id, s.production_id, p.version, p.title, v.name, v.city, v.time_zone, s.starts_at, s.doors_at
             FROM (SELECT DISTINCT order_id, show_id FROM order_hold WHERE order_id = ANY ($1)) h
             JOIN show s ON s.id = h.show_id JOIN production p ON p.id = s.production_id JOIN venue v ON v.id = s.venue_id
             ORDER BY s.starts_at, s.id",
            &ids
        )
        .fetch_all(&self.pool)
        .await?;
        for row in shows {
            let Some(order) = owned.iter_mut().find(|order| order.id == row.order_id) else { continue };
            let starts_at = row.starts_at.to_jiff();
            order.shows.push(ShowView {
                id: row.id,
                title: row.title,
                poster_url: poster_url(row.production_id, row.version),
                venue: row.name,
                city: row.city,
                starts_at,
                doors_at: moment(row.doors_at),
                time_zone: row.time_zone,
            });
        }
        let mut offers = self.offers_of(&ids).await?;
        for order in owned.iter_mut() {
            order.offers = offers.remove(&order.id).unwrap_or_default();
        }
        let lines = sqlx::query!(
            "SELECT order_id, show_id AS \"show_id!\", label, quantity, giving_back FROM order_line
             WHERE order_id = ANY ($1) AND kind = 'ticket' AND show_id IS NOT NULL AND cancelled_at IS NULL
             ORDER BY position",
            &ids
        )
        .fetch_all(&self.pool)
        .await?;
        for row in lines {
            let Some(order) = owned.iter_mut().find(|order| order.id == row.order_id) else { continue };
            order.places.push((row.show_id, row.label, u32::try_from(row.quantity).unwrap_or(1)));
            order.giving_back |= row.giving_back;
        }
        Ok(())
    }
}
