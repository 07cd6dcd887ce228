//! SQL of what a house adds to its prices, and which taxes are in them.

use std::collections::BTreeSet;

use sqlx::PgConnection;
use uuid::Uuid;

use super::super::price_rules::{Only, PriceRules};
use super::price_from::{self, Whose};
use super::{Catalog, CatalogError};
use crate::platform::audit::{self, Entry};
use crate::platform::db::DbFault;

/// A house's rules, and how often they were changed.
#[derive(Clone, Debug)]
pub struct KeptPriceRules {
    /// They.
    pub rules: PriceRules,
    /// Zero where the house has set none.
    pub version: i32,
}

fn read(rules: serde_json::Value) -> Result<PriceRules, sqlx::Error> {
    // Nothing stands in for them: to sell at other prices than the house has set is worse than not to sell.
    serde_json::from_value(rules).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

/// A house's rules, as this transaction sees them.
pub(super) async fn of_house(connection: &mut PgConnection, organizer: Uuid) -> Result<PriceRules, CatalogError> {
    let row = sqlx::query_scalar!("SELECT rules FROM price_rules WHERE organizer_id = $1", organizer)
        .fetch_optional(connection)
        .await?;
    Ok(row.map(read).transpose()?.unwrap_or_default())
}

/// All shows that are named somewhere belong to this house.
///
/// # Errors
/// `field` names the first list with one that doesn't.
pub async fn must_own_shows(
    connection: &mut PgConnection,
    organizer: Uuid,
    scopes: &[(String, &Only)],
) -> Result<(), CatalogError> {
    let named: BTreeSet<Uuid> = scopes.iter().flat_map(|(_, scope)| scope.shows.iter().copied()).collect();
    if named.is_empty() {
        return Ok(());
    }
    let named: Vec<Uuid> = named.into_iter().collect();
    let own = sqlx::query_scalar!("SELECT id FROM show WHERE id = ANY ($1) AND organizer_id = $2", &named, organizer)
        .fetch_all(connection)
        .await?;
    let own: BTreeSet<Uuid> = own.into_iter().collect();
    match scopes.iter().find(|(_, scope)| scope.shows.iter().any(|show| !own.contains(show))) {
        Some((field, _)) => {
            Err(CatalogError::field(format!("{field}.shows"), "names a show that is none of this house"))
        }
        None => Ok(()),
    }
}

impl Catalog {
    /// A house's rules; `None`: there is no such house.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn price_rules(&self, organizer: Uuid) -> Result<Option<KeptPriceRules>, DbFault> {
        let row = sqlx::query!(
            "SELECT r.rules AS \"rules?\", r.version AS \"version?\"
             FROM organizer g LEFT JOIN price_rules r ON r.organizer_id = g.id WHERE g.id = $1",
            organizer
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let rules = row.rules.map(read).transpose()?.unwrap_or_default();
        Ok(Some(KeptPriceRules { rules, version: row.version.unwrap_or(0) }))
    }

    /// Sets a house's rules, says anew what its shows cost, and records who did, at once; their version now.
    ///
    /// # Errors
    /// `Conflict` where they are no longer those that were seen; a show of another house is named.
    pub async fn set_price_rules(
        &self,
        organizer: Uuid,
        rules: &PriceRules,
        seen: i32,
        entry: Entry,
    ) -> Result<i32, CatalogError> {
        let mut transaction = self.pool.begin().await?;
        let fees = rules.fees.iter().enumerate().map(|(at, fee)| (format!("fees[{at}].only"), &fee.only));
        let taxes = rules.taxes.iter().enumerate().map(|(at, tax)| (format!("taxes[{at}].only"), &tax.only));
        must_own_shows(&mut transaction, organizer, &fees.chain(taxes).collect::<Vec<_>>()).await?;
        let version = sqlx::query_scalar!(
            "INSERT INTO price_rules AS r (organizer_id, rules) VALUES ($1, $2)
             ON CONFLICT (organizer_id) DO UPDATE SET rules = EXCLUDED.rules, version = r.version + 1, updated_at = now()
             WHERE r.version = $3 RETURNING version",
            organizer,
            serde_json::to_value(rules).unwrap_or_default(),
            seen
        )
        .fetch_optional(&mut *transaction)
        .await?;
        let version = version.ok_or(CatalogError::Conflict)?;
        price_from::rebuild(&mut transaction, Whose::House(organizer)).await?;
        audit::record(&mut transaction, entry.with("version", version)).await?;
        transaction.commit().await?;
        Ok(version)
    }
}
