//! SQL of gift vouchers. What an order is paid with a voucher is taken from it in the transaction that makes the order, and comes
//! back in the one that keeps that it ended without a sale, or that its tickets were given back. Whoever wants the same voucher
//! waits for its row and sees what is left then.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::ledger::{self, Transaction};
use super::super::pricing::{Voucher, VoucherRefusal};
use super::super::saga::{LineKind, RefundStatus, Saga};
use super::promo::counts;
use super::{Orders, books, currency, jiff as moment};
use crate::catalog::CatalogError;
use crate::platform::db::DbFault;
use crate::platform::ids;
use crate::platform::money::Money;
use crate::platform::time::sql;

/// How many characters a code has: 99 bits, of which 79 stay secret beside the prefix.
const CODE_LENGTH: usize = 20;
/// So many of them are kept, for people to recognise it by.
const PREFIX_LENGTH: usize = 4;
/// More vouchers of one house with something left on them would be a bank.
const STANDING_MAX: i64 = 100_000;

/// A voucher, as the back office sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VoucherRecord {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub organizer_id: Uuid,
    /// The first characters of its code.
    #[schema(example = "7F3K")]
    pub prefix: String,
    /// For how much it was issued.
    pub amount: Money,
    /// What is left of it.
    pub balance: Money,
    /// Until this moment, which is not part of it; null: for good.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub valid_until: Option<Timestamp>,
    /// What it is for; the house's own.
    pub reason: String,
    /// Since when it pays nothing any more.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub voided_at: Option<Timestamp>,
    /// Grows with every change; what `If-Match` compares.
    pub version: i32,
    /// When it was issued.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// What has changed a voucher's balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MovementKind {
    /// It was issued.
    Issued,
    /// An order was made with it.
    Taken,
    /// That order ended without a sale.
    Returned,
    /// What was bought with it was given back.
    GivenBack,
    /// The house voided what was left.
    Voided,
}

impl MovementKind {
    const ALL: [Self; 5] = [Self::Issued, Self::Taken, Self::Returned, Self::GivenBack, Self::Voided];

    fn word(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::Taken => "taken",
            Self::Returned => "returned",
            Self::GivenBack => "given_back",
            Self::Voided => "voided",
        }
    }
}

/// One movement of a voucher's balance.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Movement {
    /// Its id.
    pub id: Uuid,
    /// What happened.
    pub kind: MovementKind,
    /// By how much the balance changed; negative where it became less.
    pub amount: Money,
    /// By which order.
    pub order_id: Option<Uuid>,
    /// What people call that.
    pub order_number: Option<String>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// Which vouchers.
#[derive(Clone, Debug, Default)]
pub struct VoucherRecords {
    /// This one.
    pub id: Option<Uuid>,
    /// Of these houses; `None` is all.
    pub of: Option<Vec<Uuid>>,
    /// Whose code begins so.
    pub prefix: Option<String>,
    /// Where the page before ended.
    pub after: Option<(Timestamp, Uuid)>,
    /// One more than the page has.
    pub limit: i64,
}

/// A voucher to be issued.
#[derive(Clone, Debug)]
pub struct NewVoucher {
    /// Its id.
    pub id: Uuid,
    /// Whose it is.
    pub organizer: Uuid,
    /// For how much.
    pub amount: Money,
    /// Until when.
    pub valid_until: Option<Timestamp>,
    /// What it is for.
    pub reason: String,
}

/// A code as it is compared: upper case, without spaces and hyphens. `None` where it can be none.
fn normal(told: &str) -> Option<String> {
    let kept: String = told.chars().filter(|letter| !letter.is_whitespace() && *letter != '-').collect();
    let kept = kept.to_ascii_uppercase();
    let is_code = kept.len() == CODE_LENGTH && kept.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_code.then_some(kept)
}

fn hash(organizer: Uuid, code: &str) -> Vec<u8> {
    Sha256::new().chain_update(b"voucher").chain_update(organizer.as_bytes()).chain_update(code).finalize().to_vec()
}

/// The code as people read it: `7F3K-2M9P-…`.
fn said(code: &str) -> String {
    let letters: Vec<char> = code.chars().collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

impl Orders {
    /// Vouchers, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn vouchers(&self, records: &VoucherRecords) -> Result<Vec<VoucherRecord>, DbFault> {
        select(&self.pool, records).await
    }

    /// One voucher.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn voucher(&self, id: Uuid) -> Result<Option<VoucherRecord>, DbFault> {
        let records = VoucherRecords { id: Some(id), limit: 1, ..VoucherRecords::default() };
        Ok(select(&self.pool, &records).await?.pop())
    }

    /// What has changed a voucher's balance, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn voucher_movements(
        &self,
        voucher: Uuid,
        after: Option<(Timestamp, Uuid)>,
        limit: i64,
    ) -> Result<Vec<Movement>, DbFault> {
        let (at, id) = after.unzip();
        let rows = sqlx::query!(
            "SELECT m.id, m.kind, m.amount, v.currency, m.order_id, o.number AS \"number?\", m.at
             FROM voucher_movement m JOIN voucher v ON v.id = m.voucher_id LEFT JOIN orders o ON o.id = m.order_id
             WHERE m.voucher_id = $1 AND ($2::timestamptz IS NULL OR (m.at, m.id) > ($2, $3::uuid))
             ORDER BY m.at, m.id LIMIT $4",
            voucher,
            at.map(sql) as Option<jiff_sqlx::Timestamp>,
            id,
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                let kind = MovementKind::ALL.into_iter().find(|kind| kind.word() == row.kind);
                Ok(Movement {
                    id: row.id,
                    kind: kind.ok_or_else(|| super::unknown("movement"))?,
                    amount: Money::new(row.amount, currency(&row.currency)?),
                    order_id: row.order_id,
                    order_number: row.number,
                    at: row.at.to_jiff(),
                })
            })
            .collect()
    }

    /// The voucher of this house whose code somebody has typed; `None`: it has none.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn voucher_typed(&self, organizer: Uuid, typed: &str) -> Result<Option<Voucher>, DbFault> {
        let Some(code) = normal(typed) else { return Ok(None) };
        let row = sqlx::query!(
            "SELECT id, prefix, balance, currency, valid_until, voided_at IS NOT NULL AS \"voided!\" FROM voucher
             WHERE organizer_id = $1 AND hash = $2",
            organizer,
            hash(organizer, &code)
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Voucher {
            id: row.id,
            prefix: row.prefix,
            balance: Money::new(row.balance, currency(&row.currency)?),
            valid_until: moment(row.valid_until),
            voided: row.voided,
        }))
    }
}

async fn select(executor: impl sqlx::PgExecutor<'_>, records: &VoucherRecords) -> Result<Vec<VoucherRecord>, DbFault> {
    let rows = sqlx::query!(
        "SELECT id, organizer_id, prefix, amount, balance, currency, valid_until, reason, voided_at, version, created_at
         FROM voucher
         WHERE ($1::uuid IS NULL OR id = $1) AND ($2::uuid[] IS NULL OR organizer_id = ANY ($2))
           AND ($3::text IS NULL OR prefix = $3)
           AND ($4::timestamptz IS NULL OR (created_at, id) > ($4, $5))
         ORDER BY created_at, id LIMIT $6",
        records.id,
        records.of.as_deref(),
        records.prefix,
        records.after.map(|(at, _)| sql(at)) as Option<jiff_sqlx::Timestamp>,
        records.after.map(|(_, id)| id),
        records.limit
    )
    .fetch_all(executor)
    .await?;
    let vouchers = rows.into_iter().map(|row| {
        let currency = currency(&row.currency)?;
        Ok(VoucherRecord {
            id: row.id,
            organizer_id: row.organizer_id,
            prefix: row.prefix,
            amount: Money::new(row.amount, currency),
            balance: Money::new(row.balance, currency),
            valid_until: moment(row.valid_until),
            reason: row.reason,
            voided_at: moment(row.voided_at),
            version: row.version,
            created_at: row.created_at.to_jiff(),
        })
    });
    vouchers.collect()
}

/// The first characters that staff look for, as they are kept.
#[must_use]
pub fn normal_prefix(told: &str) -> String {
    let kept = told.chars().filter(char::is_ascii_alphanumeric).take(PREFIX_LENGTH);
    kept.collect::<String>().to_ascii_uppercase()
}

/// One voucher, as this transaction sees it; nobody else changes it meanwhile.
///
/// # Errors
/// When the database does not answer.
pub async fn read(connection: &mut PgConnection, id: Uuid) -> Result<Option<VoucherRecord>, CatalogError> {
    sqlx::query_scalar!("SELECT id FROM voucher WHERE id = $1 FOR UPDATE", id).fetch_optional(&mut *connection).await?;
    let records = VoucherRecords { id: Some(id), limit: 1, ..VoucherRecords::default() };
    Ok(select(connection, &records).await?.pop())
}

/// Issues a voucher, and gives its code, which nobody can give again.
///
/// # Errors
/// Where the house has as many as it may have.
pub async fn issue(connection: &mut PgConnection, new: &NewVoucher) -> Result<String, CatalogError> {
    let secret = ids::random_bytes::<32>()
        .map_err(|_| CatalogError::InUse("There is no randomness for a code just now; try again."))?;
    let code = ids::readable_code(&secret, CODE_LENGTH);
    let standing = sqlx::query_scalar!(
        "SELECT count(*) AS \"count!\" FROM voucher WHERE organizer_id = $1 AND balance > 0",
        new.organizer
    )
    .fetch_one(&mut *connection)
    .await?;
    if standing >= STANDING_MAX {
        return Err(CatalogError::InUse("The house has as many vouchers as it may have; void some first."));
    }
    sqlx::query!(
        "INSERT INTO voucher (id, organizer_id, hash, prefix, amount, balance, currency, valid_until, reason)
         VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8)",
        new.id,
        new.organizer,
        hash(new.organizer, &code),
        &code[..PREFIX_LENGTH],
        new.amount.amount,
        new.amount.currency.as_str(),
        new.valid_until.map(sql) as Option<jiff_sqlx::Timestamp>,
        new.reason
    )
    .execute(&mut *connection)
    .await?;
    let issued = ids::derived_id(&[b"voucher issued", new.id.as_bytes()]);
    moves(connection, issued, new.id, MovementKind::Issued, new.amount.amount, None).await?;
    let booked = ledger::vouchers::issued(new.id, new.amount);
    books::book(connection, new.organizer, None, &booked).await?;
    Ok(said(&code))
}

/// Changes until when a voucher pays and what it is for, where it still has this version.
///
/// # Errors
/// `Conflict` where it hasn't.
pub async fn update(
    connection: &mut PgConnection,
    before: &VoucherRecord,
    valid_until: Option<Timestamp>,
    reason: &str,
) -> Result<(), CatalogError> {
    let done = sqlx::query!(
        "UPDATE voucher SET valid_until = $3, reason = $4, version = version + 1, updated_at = now()
         WHERE id = $1 AND version = $2 AND voided_at IS NULL",
        before.id,
        before.version,
        valid_until.map(sql) as Option<jiff_sqlx::Timestamp>,
        reason
    )
    .execute(connection)
    .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(CatalogError::Conflict) }
}

/// Voids what is left of a voucher that was [`read`]: it pays nothing any more. What comes back onto it later lies there until it is
/// voided too. False: there was nothing to do.
///
/// # Errors
/// When the database does not answer.
pub async fn void(connection: &mut PgConnection, voucher: &VoucherRecord) -> Result<bool, CatalogError> {
    let left = voucher.balance;
    if voucher.voided_at.is_some() && left.amount == 0 {
        return Ok(false);
    }
    sqlx::query!(
        "UPDATE voucher SET balance = 0, voided_at = coalesce(voided_at, now()), version = version + 1, updated_at = now()
         WHERE id = $1",
        voucher.id
    )
    .execute(&mut *connection)
    .await?;
    if left.amount > 0 {
        // Of each version once: what came back since is voided as another.
        let id = ids::derived_id(&[b"voucher voided", voucher.id.as_bytes(), &voucher.version.to_be_bytes()]);
        moves(connection, id, voucher.id, MovementKind::Voided, -left.amount, None).await?;
        let booked: Transaction = ledger::vouchers::voided(id, left);
        books::book(connection, voucher.organizer_id, None, &booked).await?;
    }
    Ok(true)
}

/// Writes a movement down, once. False: it was written before.
async fn moves(
    connection: &mut PgConnection,
    id: Uuid,
    voucher: Uuid,
    kind: MovementKind,
    amount: i64,
    order: Option<Uuid>,
) -> Result<bool, DbFault> {
    let done = sqlx::query!(
        "INSERT INTO voucher_movement (id, voucher_id, kind, amount, order_id) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (id) DO NOTHING",
        id,
        voucher,
        kind.word(),
        amount,
        order
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes what an order is paid with a voucher. Its row is locked until the transaction ends, so that nothing of it is spent twice.
pub(super) async fn take(
    connection: &mut PgConnection,
    voucher: Uuid,
    saga: &Saga,
) -> Result<Result<(), VoucherRefusal>, DbFault> {
    let Some(line) = saga.lines.iter().find(|line| line.kind == LineKind::Voucher) else { return Ok(Ok(())) };
    let amount = -line.amount;
    let taken = sqlx::query!(
        "UPDATE voucher SET balance = balance - $2, updated_at = now()
         WHERE id = $1 AND balance >= $2 AND voided_at IS NULL AND (valid_until IS NULL OR valid_until > now())",
        voucher,
        amount
    )
    .execute(&mut *connection)
    .await?;
    if taken.rows_affected() == 0 {
        return Ok(Err(VoucherRefusal::LessLeft));
    }
    sqlx::query!(
        "INSERT INTO voucher_use (line_id, order_id, voucher_id, amount) VALUES ($1, $2, $3, $4)",
        line.id,
        saga.order,
        voucher,
        amount
    )
    .execute(&mut *connection)
    .await?;
    let id = ids::derived_id(&[b"voucher taken", line.id.as_bytes()]);
    moves(connection, id, voucher, MovementKind::Taken, -amount, Some(saga.order)).await?;
    Ok(Ok(()))
}

/// What an order's voucher had paid goes back onto it: all of it where the order ends without a sale, which it then never becomes
/// again; else what was given back.
pub(super) async fn settle(connection: &mut PgConnection, before: &Saga, after: &Saga) -> Result<(), DbFault> {
    let Some(line) = after.lines.iter().find(|line| line.kind == LineKind::Voucher) else { return Ok(()) };
    if counts(before) && !counts(after) {
        sqlx::query!("UPDATE voucher_use SET returned_at = coalesce(returned_at, now()) WHERE line_id = $1", line.id)
            .execute(&mut *connection)
            .await?;
        let id = ids::derived_id(&[b"voucher returned", line.id.as_bytes()]);
        comes_back(connection, (line.id, after.order), id, MovementKind::Returned, -line.amount).await?;
    }
    let done =
        |refund: &&super::super::saga::Repayment| refund.payment == line.id && refund.status == RefundStatus::Succeeded;
    for refund in after.refunds.iter().filter(done).filter(|refund| !before.refunds.contains(refund)) {
        let of = (line.id, after.order);
        comes_back(connection, of, refund.id, MovementKind::GivenBack, refund.amount.amount).await?;
    }
    Ok(())
}

async fn comes_back(
    connection: &mut PgConnection,
    (line, order): (Uuid, Uuid),
    id: Uuid,
    kind: MovementKind,
    amount: i64,
) -> Result<(), DbFault> {
    let voucher = sqlx::query_scalar!(
        "SELECT v.id FROM voucher v JOIN voucher_use u ON u.voucher_id = v.id WHERE u.line_id = $1 FOR UPDATE OF v",
        line
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(voucher) = voucher else { return Ok(()) };
    if moves(&mut *connection, id, voucher, kind, amount, Some(order)).await? {
        sqlx::query!("UPDATE voucher SET balance = balance + $2, updated_at = now() WHERE id = $1", voucher, amount)
            .execute(connection)
            .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_written_and_by_one_house_alone() {
        let code = normal(" 7f3k-2m9p 8hjw\tqq23-4567 ").unwrap();
        assert_eq!((code.as_str(), said(&code).as_str()), ("7F3K2M9P8HJWQQ234567", "7F3K-2M9P-8HJW-QQ23-4567"));
        assert_eq!(normal("7F3K-2M9P-8HJW-QQ23-456"), None, "one is missing");
        assert_eq!(normal("7F3K-2M9P-8HJW-QQ23-456ß"), None);
        assert_eq!(normal_prefix("7f3k-2m"), "7F3K");
        let (ours, theirs) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert_ne!(hash(ours, &code), hash(theirs, &code));
    }
}
