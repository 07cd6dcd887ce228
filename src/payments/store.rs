//! SQL of payment accounts.

use sqlx::PgConnection;
use uuid::Uuid;

use super::accounts::{KeyTest, PaymentAccount, PaymentAccounts, Provider, Secrets};
use crate::platform::db::DbFault;

/// An account's keys, as they are stored.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub provider: Provider,
    pub version: i32,
    /// `None`: who asks has this version's already.
    pub sealed: Option<String>,
}

/// What one account offers.
#[derive(Clone, Debug)]
pub(super) struct Offered {
    pub account: Uuid,
    pub provider: Provider,
    pub methods: Vec<String>,
}

/// What a house offers.
#[derive(Clone, Debug)]
pub(super) struct House {
    /// It has, or had, an account that takes real money.
    pub takes_money: bool,
    /// It is there for trying things out.
    pub is_demo: bool,
    /// By what is offered first.
    pub offered: Vec<Offered>,
}

/// An account's own fields, checked.
pub struct Fields<'a> {
    /// What the house calls it.
    pub name: &'a str,
    /// Its keys.
    pub secrets: &'a Secrets,
    /// The same, sealed.
    pub sealed: &'a str,
    /// The methods that buyers are offered.
    pub methods: &'a [String],
    /// Whether buyers are offered it.
    pub enabled: bool,
    /// The smallest is offered first.
    pub position: i32,
}

fn provider(word: &str) -> Result<Provider, DbFault> {
    Provider::from_word(word).ok_or_else(|| DbFault(sqlx::Error::Decode("unknown payment provider".into())))
}

impl PaymentAccounts {
    /// A house's accounts, by what is offered first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn list(&self, organizer: Uuid, archived: bool) -> Result<Vec<PaymentAccount>, DbFault> {
        self.select(&self.pool, organizer, None, archived).await
    }

    /// One of them, also when it is put away, as this transaction sees it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn read(
        &self,
        connection: &mut PgConnection,
        organizer: Uuid,
        id: Uuid,
    ) -> Result<Option<PaymentAccount>, DbFault> {
        Ok(self.select(connection, organizer, Some(id), true).await?.pop())
    }

    /// The same, outside of any transaction.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn one(&self, organizer: Uuid, id: Uuid) -> Result<Option<PaymentAccount>, DbFault> {
        Ok(self.select(&self.pool, organizer, Some(id), true).await?.pop())
    }

    async fn select(
        &self,
        executor: impl sqlx::PgExecutor<'_>,
        organizer: Uuid,
        id: Option<Uuid>,
        archived: bool,
    ) -> Result<Vec<PaymentAccount>, DbFault> {
        let rows = sqlx::query!(
            "SELECT id, provider, name, key_shown, live, has_webhook_secret, methods, enabled, position, last_test, version,
                    archived_at, created_at, updated_at FROM payment_account
             WHERE organizer_id = $1 AND ($2::uuid IS NULL OR id = $2) AND ($3 OR archived_at IS NULL)
             ORDER BY position, created_at, id LIMIT 200",
            organizer,
            id,
            archived
        )
        .fetch_all(executor)
        .await?;
        rows.into_iter()
            .map(|row| {
                let provider = provider(&row.provider)?;
                Ok(PaymentAccount {
                    id: row.id,
                    organizer_id: organizer,
                    provider,
                    name: row.name,
                    key_shown: row.key_shown,
                    live: row.live,
                    has_webhook_secret: row.has_webhook_secret,
                    webhook_url: self.webhook_url(provider, row.id),
                    methods: row.methods,
                    enabled: row.enabled,
                    position: row.position,
                    last_test: row.last_test.and_then(|test| serde_json::from_value(test).ok()),
                    version: row.version,
                    archived_at: row.archived_at.map(jiff_sqlx::Timestamp::to_jiff),
                    created_at: row.created_at.to_jiff(),
                    updated_at: row.updated_at.to_jiff(),
                })
            })
            .collect()
    }

    /// How many accounts of a house are not put away. Who makes another waits here for who is making one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn count(&self, connection: &mut PgConnection, organizer: Uuid) -> Result<i64, DbFault> {
        sqlx::query!("SELECT id FROM organizer WHERE id = $1 FOR UPDATE", organizer)
            .fetch_optional(&mut *connection)
            .await?;
        Ok(sqlx::query_scalar!(
            "SELECT count(*) AS \"count!\" FROM payment_account WHERE organizer_id = $1 AND archived_at IS NULL",
            organizer
        )
        .fetch_one(connection)
        .await?)
    }

    /// Makes an account.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn insert(
        &self,
        connection: &mut PgConnection,
        organizer: Uuid,
        (id, provider): (Uuid, Provider),
        fields: &Fields<'_>,
    ) -> Result<(), DbFault> {
        sqlx::query!(
            "INSERT INTO payment_account (id, organizer_id, provider, name, sealed, key_shown, live, has_webhook_secret, methods,
                                          enabled, position)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            id,
            organizer,
            provider.word(),
            fields.name,
            fields.sealed,
            fields.secrets.shown(),
            fields.secrets.is_live(),
            fields.secrets.webhook_secret.is_some(),
            fields.methods,
            fields.enabled,
            fields.position
        )
        .execute(connection)
        .await?;
        Ok(())
    }

    /// Changes an account that still has this version. False: it hasn't.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn update(
        &self,
        connection: &mut PgConnection,
        (id, version): (Uuid, i32),
        fields: &Fields<'_>,
    ) -> Result<bool, DbFault> {
        let done = sqlx::query!(
            "UPDATE payment_account SET name = $3, sealed = $4, key_shown = $5, live = $6, has_webhook_secret = $7, methods = $8,
                    enabled = $9, position = $10, version = version + 1, updated_at = now()
             WHERE id = $1 AND version = $2 AND archived_at IS NULL",
            id,
            version,
            fields.name,
            fields.sealed,
            fields.secrets.shown(),
            fields.secrets.is_live(),
            fields.secrets.webhook_secret.is_some(),
            fields.methods,
            fields.enabled,
            fields.position
        )
        .execute(connection)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Puts an account away; once more changes nothing, and says false.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn archive(&self, connection: &mut PgConnection, id: Uuid) -> Result<bool, DbFault> {
        let done = sqlx::query!(
            "UPDATE payment_account SET archived_at = now(), version = version + 1, updated_at = now()
             WHERE id = $1 AND archived_at IS NULL",
            id
        )
        .execute(connection)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Notes what came of a test; the account itself is the same.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn note_test(&self, connection: &mut PgConnection, id: Uuid, test: &KeyTest) -> Result<(), DbFault> {
        let test = serde_json::to_value(test).unwrap_or_default();
        sqlx::query!("UPDATE payment_account SET last_test = $2 WHERE id = $1", id, test).execute(connection).await?;
        Ok(())
    }

    /// The sealed keys of an account as this transaction sees it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sealed(&self, connection: &mut PgConnection, id: Uuid) -> Result<Option<String>, DbFault> {
        Ok(sqlx::query_scalar!("SELECT sealed FROM payment_account WHERE id = $1", id)
            .fetch_optional(connection)
            .await?)
    }

    /// An account by its id, also when it is put away; without its keys where `known` is its version.
    pub(super) async fn stored(&self, id: Uuid, known: Option<i32>) -> Result<Option<Stored>, DbFault> {
        let row = sqlx::query!(
            "SELECT provider, version, CASE WHEN version = $2 THEN NULL ELSE sealed END AS sealed
             FROM payment_account WHERE id = $1",
            id,
            known
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Stored { provider: provider(&row.provider)?, version: row.version, sealed: row.sealed }))
    }

    /// What a house offers its buyers.
    pub(super) async fn house(&self, organizer: Uuid) -> Result<House, DbFault> {
        let facts = sqlx::query!(
            "SELECT EXISTS (SELECT 1 FROM payment_account WHERE organizer_id = $1 AND live) AS \"takes_money!\",
                    coalesce((SELECT (value->>'demo')::boolean FROM setting WHERE key = 'house'), false) AS \"is_demo!\"",
            organizer
        )
        .fetch_one(&self.pool)
        .await?;
        let mut house = House { takes_money: facts.takes_money, is_demo: facts.is_demo, offered: Vec::new() };
        let rows = sqlx::query!(
            "SELECT id, provider, methods FROM payment_account
             WHERE organizer_id = $1 AND enabled AND archived_at IS NULL ORDER BY position, created_at, id",
            organizer
        )
        .fetch_all(&self.pool)
        .await?;
        for row in rows {
            let provider = provider(&row.provider)?;
            house.offered.push(Offered { account: row.id, provider, methods: row.methods });
        }
        Ok(house)
    }
}
