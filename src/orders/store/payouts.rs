//! Payout files: kept with what became of each line, and booked, in one transaction. A file that was kept is never kept again,
//! and a line that was booked is never booked again, in whatever file it comes.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use sqlx::{Connection as _, PgConnection};
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::ledger::{self, Transaction};
use super::super::payouts::{Compared, OurClaim, OurPayment, OurRefund, Ours, PayoutFile, compare};
use super::{Orders, books, currency};
use crate::platform::audit::{self, Entry};
use crate::platform::db::DbFault;
use crate::platform::ids;
use crate::platform::money::{Currency, Money};
use crate::platform::time::sql;

/// What a file may lack is listed up to so many.
const MISSING_MAX: i64 = 50_000;

/// A file to be kept.
#[derive(Clone, Debug)]
pub struct NewPayouts<'a> {
    /// Whose payments it is about.
    pub organizer: Uuid,
    /// Who brought it.
    pub by: Uuid,
    /// What they call it.
    pub name: &'a str,
    /// The hash of its bytes.
    pub hash: [u8; 32],
    /// What it says.
    pub file: &'a PayoutFile,
}

/// How many lines came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct PayoutCounts {
    /// What the provider says is what we have.
    #[schema(minimum = 0)]
    pub matched: i64,
    /// We have another amount.
    #[schema(minimum = 0)]
    pub different: i64,
    /// We know of nothing like it.
    #[schema(minimum = 0)]
    pub unknown: i64,
    /// We have it, of these days, and neither this file nor an earlier one does.
    #[schema(minimum = 0)]
    pub missing: i64,
    /// An earlier file had the line.
    #[schema(minimum = 0)]
    pub known: i64,
}

/// A file that was kept, and what came of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PayoutRun {
    /// Its id.
    pub id: Uuid,
    /// Whose payments it is about.
    pub organizer_id: Uuid,
    /// What it was called.
    pub file_name: String,
    /// Whose columns it has.
    #[schema(pattern = "^(generic|stripe|razorpay)$")]
    pub format: String,
    /// Of which provider.
    pub provider: String,
    /// The first day of its lines.
    #[schema(value_type = String, format = Date)]
    pub first_day: Date,
    /// The last day of its lines.
    #[schema(value_type = String, format = Date)]
    pub last_day: Date,
    /// When it was brought.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// How many lines came to what.
    pub counts: PayoutCounts,
    /// What the provider kept by the new lines, by currency.
    pub fees: Vec<Money>,
    /// What went to the bank by the new lines, by currency.
    pub paid_out: Vec<Money>,
}

/// One line of a file, and what came of it; or what the file lacks.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PayoutLineRow {
    /// Its place among the lines; what the file lacks comes after them.
    pub position: i32,
    /// What came of it.
    #[schema(pattern = "^(matched|different|unknown|missing|known)$")]
    pub result: String,
    /// What it is about.
    #[schema(pattern = "^(payment|refund|dispute|dispute_won|fee|payout|other)$")]
    pub kind: String,
    /// The provider's name for that.
    pub reference: String,
    /// What moved, as the file says; of what the file lacks, zero.
    pub gross: Money,
    /// What the provider kept.
    pub fee: Money,
    /// What is left.
    pub net: Money,
    /// What we have; null where we have nothing like it.
    pub ours: Option<Money>,
    /// On which day.
    #[schema(value_type = String, format = Date)]
    pub day: Date,
    /// Of which order.
    pub order_id: Option<Uuid>,
    /// What people call that order.
    pub order_number: Option<String>,
}

fn day(date: Date) -> jiff_sqlx::Date {
    date.into()
}

impl Orders {
    /// Keeps a file and books it. `false` beside the id: the same file was kept before, and nothing was done.
    ///
    /// # Errors
    /// When the database does not answer: then nothing was kept and nothing booked.
    pub async fn keep_payouts(&self, new: &NewPayouts<'_>, entry: Entry) -> Result<(Uuid, bool), DbFault> {
        let mut connection = self.pool.acquire().await?;
        let mut transaction = connection.begin().await?;
        let (organizer, file) = (new.organizer, new.file);
        // Two files of one house at once would each take what both lack for missing.
        sqlx::query!(
            "SELECT pg_advisory_xact_lock(hashtextextended('payouts ' || $1::text, 0))",
            organizer.to_string()
        )
        .execute(&mut *transaction)
        .await?;
        let before = sqlx::query_scalar!(
            "SELECT id FROM payout_run WHERE organizer_id = $1 AND file_hash = $2",
            organizer,
            &new.hash[..]
        )
        .fetch_optional(&mut *transaction)
        .await?;
        if let Some(before) = before {
            return Ok((before, false));
        }
        let Some((first, last)) = file.days() else { return Err(super::unknown("day of a payout file")) };
        let run = ids::new_id();
        sqlx::query!(
            "INSERT INTO payout_run (id, organizer_id, file_hash, file_name, format, provider, first_day, last_day, by_user)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            run,
            organizer,
            &new.hash[..],
            new.name,
            file.format.word(),
            file.provider,
            day(first) as jiff_sqlx::Date,
            day(last) as jiff_sqlx::Date,
            new.by
        )
        .execute(&mut *transaction)
        .await?;
        let ours = ours(&mut transaction, organizer, run, file).await?;
        let compared = compare(file, &ours);
        write_lines(&mut transaction, run, file, &compared).await?;
        write_missing(&mut transaction, organizer, run, &file.provider, (first, last), file.lines.len()).await?;
        for booked in transactions(run, file, &compared, &ours.fresh) {
            books::book(&mut transaction, organizer, None, &booked).await?;
        }
        let lines = i64::try_from(file.lines.len()).unwrap_or(i64::MAX);
        audit::record(&mut transaction, entry.on("payout_run", run).with("lines", lines)).await?;
        transaction.commit().await?;
        Ok((run, true))
    }

    /// Files that were kept, newest first; one more than asked for where there are more.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn payout_runs(
        &self,
        organizers: Option<&[Uuid]>,
        only: Option<Uuid>,
        after: Option<(Timestamp, Uuid)>,
        limit: i64,
    ) -> Result<Vec<PayoutRun>, DbFault> {
        let (at, id) = after.unzip();
        let rows = sqlx::query!(
            "SELECT r.id, r.organizer_id, r.file_name, r.format, r.provider, r.first_day, r.last_day, r.at,
                    count(*) FILTER (WHERE l.result = 'matched') AS \"matched!\",
                    count(*) FILTER (WHERE l.result = 'different') AS \"different!\",
                    count(*) FILTER (WHERE l.result = 'unknown') AS \"unknown!\",
                    count(*) FILTER (WHERE l.result = 'missing') AS \"missing!\",
                    count(*) FILTER (WHERE l.result = 'known') AS \"known!\"
             FROM (SELECT * FROM payout_run
                   WHERE ($1::uuid[] IS NULL OR organizer_id = ANY ($1)) AND ($2::uuid IS NULL OR id = $2)
                     AND ($3::timestamptz IS NULL OR (at, id) < ($3, $4::uuid))
                   ORDER BY at DESC, id DESC LIMIT $5) r
             JOIN payout_line l ON l.run_id = r.id
             GROUP BY r.id, r.organizer_id, r.file_name, r.format, r.provider, r.first_day, r.last_day, r.at
             ORDER BY r.at DESC, r.id DESC",
            organizers,
            only,
            at.map(sql) as Option<jiff_sqlx::Timestamp>,
            id,
            limit + 1
        )
        .fetch_all(&self.pool)
        .await?;
        let ids: Vec<String> = rows.iter().map(|row| row.id.to_string()).collect();
        let mut sums: BTreeMap<(String, String), Vec<Money>> = BTreeMap::new();
        let booked = sqlx::query!(
            "SELECT t.source, e.account, e.currency, sum(e.amount)::bigint AS \"amount!\"
             FROM ledger_transaction t JOIN ledger_entry e ON e.transaction_id = t.id
             WHERE t.source IN (SELECT kind || ':' || run FROM unnest($1::text[]) run, unnest(ARRAY['provider_fee', 'payout']) kind)
               AND e.account IN ('provider_fees', 'bank')
             GROUP BY t.source, e.account, e.currency ORDER BY e.currency",
            &ids
        )
        .fetch_all(&self.pool)
        .await?;
        for row in booked {
            let run = row.source.split_once(':').map_or("", |(_, run)| run).to_owned();
            sums.entry((run, row.account)).or_default().push(Money::new(row.amount, currency(&row.currency)?));
        }
        let mut sum = |id: Uuid, account: &str| sums.remove(&(id.to_string(), account.to_owned())).unwrap_or_default();
        Ok(rows
            .into_iter()
            .map(|row| PayoutRun {
                id: row.id,
                organizer_id: row.organizer_id,
                file_name: row.file_name,
                format: row.format,
                provider: row.provider,
                first_day: row.first_day.to_jiff(),
                last_day: row.last_day.to_jiff(),
                at: row.at.to_jiff(),
                counts: PayoutCounts {
                    matched: row.matched,
                    different: row.different,
                    unknown: row.unknown,
                    missing: row.missing,
                    known: row.known,
                },
                fees: sum(row.id, "provider_fees"),
                paid_out: sum(row.id, "bank"),
            })
            .collect())
    }

    /// The lines of a file, in its order; one more than asked for where there are more.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn payout_lines(
        &self,
        run: Uuid,
        result: Option<&str>,
        after: Option<i32>,
        limit: i64,
    ) -> Result<Vec<PayoutLineRow>, DbFault> {
        let rows = sqlx::query!(
            "SELECT l.position, l.result, l.kind, l.reference, l.gross, l.fee, l.net, l.ours, l.currency, l.day, l.order_id,
                    o.number AS \"number?\"
             FROM payout_line l LEFT JOIN orders o ON o.id = l.order_id
             WHERE l.run_id = $1 AND ($2::text IS NULL OR l.result = $2) AND ($3::integer IS NULL OR l.position > $3)
             ORDER BY l.position LIMIT $4",
            run,
            result,
            after,
            limit + 1
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                let code = currency(&row.currency)?;
                let money = |amount| Money::new(amount, code);
                Ok(PayoutLineRow {
                    position: row.position,
                    result: row.result,
                    kind: row.kind,
                    reference: row.reference,
                    gross: money(row.gross),
                    fee: money(row.fee),
                    net: money(row.net),
                    ours: row.ours.map(money),
                    day: row.day.to_jiff(),
                    order_id: row.order_id,
                    order_number: row.number,
                })
            })
            .collect()
    }
}

/// What we have of what a file is about. Lines that no file had before are taken for this run.
async fn ours(connection: &mut PgConnection, organizer: Uuid, run: Uuid, file: &PayoutFile) -> Result<Ours, DbFault> {
    let keys: Vec<String> = file.lines.iter().map(|line| line.key.clone()).collect();
    let names: Vec<String> = file.lines.iter().flat_map(|line| line.names.iter().cloned()).collect();
    let fresh: HashSet<String> = sqlx::query_scalar!(
        "INSERT INTO payout_booked (organizer_id, provider, key, run_id) SELECT $1, $2, key, $4 FROM unnest($3::text[]) key
         ON CONFLICT DO NOTHING RETURNING key",
        organizer,
        file.provider,
        &keys,
        run
    )
    .fetch_all(&mut *connection)
    .await?
    .into_iter()
    .collect();
    let payments = sqlx::query!(
        "SELECT p.id, p.order_id, coalesce(p.provider_ref, '') AS \"provider_ref!\", p.amount, p.currency
         FROM payment p JOIN orders o ON o.id = p.order_id
         WHERE o.organizer_id = $1 AND p.provider = $2 AND p.status IN ('captured', 'refunded')
           AND (p.provider_ref = ANY ($3) OR p.id::text = ANY ($3)
                OR p.id IN (SELECT payment_id FROM refund WHERE id::text = ANY ($3)))",
        organizer,
        file.provider,
        &names
    )
    .fetch_all(&mut *connection)
    .await?;
    let ids: Vec<Uuid> = payments.iter().map(|row| row.id).collect();
    let refunds = sqlx::query!(
        "SELECT r.id, r.payment_id AS \"payment_id!\", r.amount, r.currency FROM refund r
         WHERE r.payment_id = ANY ($1) AND r.status = 'succeeded'
           AND NOT EXISTS (SELECT 1 FROM payout_line l WHERE l.refund_id = r.id AND l.result IN ('matched', 'different'))
         ORDER BY r.created_at, r.id",
        &ids
    )
    .fetch_all(&mut *connection)
    .await?;
    let claims = sqlx::query!(
        "SELECT d.provider_ref, d.payment_id, d.amount, d.currency, d.fee FROM dispute d JOIN orders o ON o.id = d.order_id
         JOIN payment p ON p.id = d.payment_id
         WHERE o.organizer_id = $1 AND p.provider = $2 AND (d.payment_id = ANY ($3) OR d.provider_ref = ANY ($4))",
        organizer,
        file.provider,
        &ids,
        &names
    )
    .fetch_all(connection)
    .await?;
    let mut ours = Ours { fresh, ..Ours::default() };
    for row in payments {
        let amount = Money::new(row.amount, currency(&row.currency)?);
        ours.payments.push(OurPayment { id: row.id, order: row.order_id, provider_ref: row.provider_ref, amount });
    }
    for row in refunds {
        let amount = Money::new(row.amount, currency(&row.currency)?);
        ours.refunds.push(OurRefund { id: row.id, payment: row.payment_id, amount });
    }
    for row in claims {
        let amount = Money::new(row.amount, currency(&row.currency)?);
        ours.claims.push(OurClaim { provider_ref: row.provider_ref, payment: row.payment_id, amount, fee: row.fee });
    }
    Ok(ours)
}

async fn write_lines(
    connection: &mut PgConnection,
    run: Uuid,
    file: &PayoutFile,
    compared: &[Compared],
) -> Result<(), DbFault> {
    let lines = &file.lines;
    let of = |number: fn(&super::super::payouts::PayoutLine) -> i64| lines.iter().map(number).collect::<Vec<_>>();
    let text = |word: fn(&super::super::payouts::PayoutLine) -> String| lines.iter().map(word).collect::<Vec<_>>();
    let positions: Vec<i32> = (1_i32..).take(lines.len()).collect();
    let results: Vec<String> = compared.iter().map(|it| it.verdict.word().to_owned()).collect();
    let ours: Vec<Option<i64>> = compared.iter().map(|it| it.ours).collect();
    let orders: Vec<Option<Uuid>> = compared.iter().map(|it| it.order).collect();
    let payments: Vec<Option<Uuid>> = compared.iter().map(|it| it.payment).collect();
    let refunds: Vec<Option<Uuid>> = compared.iter().map(|it| it.refund).collect();
    sqlx::query!(
        "INSERT INTO payout_line (run_id, position, result, key, kind, reference, gross, fee, net, paid_out, ours, currency, day,
                                  order_id, payment_id, refund_id)
         SELECT $1, x.position, x.result, x.key, x.kind, x.reference, x.gross, x.fee, x.net, x.paid_out, x.ours, x.currency,
                x.day::date, x.order_id, x.payment_id, x.refund_id
         FROM unnest($2::integer[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::bigint[],
                     $10::bigint[], $11::bigint[], $12::text[], $13::text[], $14::uuid[], $15::uuid[], $16::uuid[])
              AS x (position, result, key, kind, reference, gross, fee, net, paid_out, ours, currency, day, order_id, payment_id,
                    refund_id)",
        run,
        &positions,
        &results,
        &text(|line| line.key.clone()),
        &text(|line| line.kind.word().to_owned()),
        &text(|line| line.reference.clone()),
        &of(|line| line.gross),
        &of(|line| line.fee),
        &of(|line| line.net),
        &of(|line| line.paid_out),
        &ours as &[Option<i64>],
        &text(|line| line.currency.as_str().to_owned()),
        &text(|line| line.day.to_string()),
        &orders as &[Option<Uuid>],
        &payments as &[Option<Uuid>],
        &refunds as &[Option<Uuid>]
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What we have of the file's days, in UTC, and no file had.
async fn write_missing(
    connection: &mut PgConnection,
    organizer: Uuid,
    run: Uuid,
    provider: &str,
    (first, last): (Date, Date),
    lines: usize,
) -> Result<(), DbFault> {
    sqlx::query!(
        "INSERT INTO payout_line (run_id, position, result, kind, reference, gross, fee, net, ours, currency, day, order_id,
                                  payment_id, refund_id)
         SELECT $1, $2 + (row_number() OVER (ORDER BY x.at, x.reference))::integer, 'missing', x.kind, x.reference, 0, 0, 0, x.ours,
                x.currency, (x.at AT TIME ZONE 'UTC')::date, x.order_id, x.payment_id, x.refund_id
         FROM (
            SELECT 'payment' AS kind, coalesce(p.provider_ref, p.id::text) AS reference, p.amount AS ours, p.currency, t.at,
                   p.order_id, p.id AS payment_id, NULL::uuid AS refund_id
            FROM ledger_transaction t JOIN payment p ON t.source = 'capture:' || p.id
            WHERE t.organizer_id = $3 AND t.kind = 'capture' AND p.provider = $4
              AND t.at >= $5::date::timestamp AT TIME ZONE 'UTC' AND t.at < ($6::date + 1)::timestamp AT TIME ZONE 'UTC'
              AND NOT EXISTS (SELECT 1 FROM payout_line l WHERE l.payment_id = p.id AND l.kind = 'payment' AND l.result <> 'missing')
            UNION ALL
            SELECT 'refund', coalesce(p.provider_ref, p.id::text), -r.amount, r.currency, t.at, r.order_id, p.id, r.id
            FROM ledger_transaction t JOIN refund r ON t.source = 'refund:' || r.id JOIN payment p ON p.id = r.payment_id
            WHERE t.organizer_id = $3 AND t.kind = 'refund' AND p.provider = $4
              AND t.at >= $5::date::timestamp AT TIME ZONE 'UTC' AND t.at < ($6::date + 1)::timestamp AT TIME ZONE 'UTC'
              AND NOT EXISTS (SELECT 1 FROM payout_line l WHERE l.refund_id = r.id AND l.result <> 'missing')
            LIMIT $7) x",
        run,
        i32::try_from(lines).unwrap_or(i32::MAX / 2),
        organizer,
        provider,
        day(first) as jiff_sqlx::Date,
        day(last) as jiff_sqlx::Date,
        MISSING_MAX
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What the new lines book: what the provider kept, and what went to the bank.
fn transactions(run: Uuid, file: &PayoutFile, compared: &[Compared], fresh: &HashSet<String>) -> Vec<Transaction> {
    let mut sums: BTreeMap<Currency, (i64, i64)> = BTreeMap::new();
    for (line, it) in file.lines.iter().zip(compared) {
        if fresh.contains(&line.key) {
            let sum = sums.entry(line.currency).or_default();
            *sum = (sum.0.saturating_add(it.fee), sum.1.saturating_add(line.paid_out));
        }
    }
    let provider = format!("provider:{}", file.provider);
    let booked = |kind: &'static str, account: &str, of: fn(&(i64, i64)) -> i64| {
        let moved = sums.iter().map(|(currency, sum)| (*currency, of(sum))).filter(|(_, amount)| *amount != 0);
        let entries: Vec<ledger::Entry> = moved
            .flat_map(|(currency, amount)| {
                let entry =
                    |account: &str, amount| ledger::Entry { account: account.to_owned(), show: None, amount, currency };
                [entry(account, amount), entry(&provider, -amount)]
            })
            .collect();
        Transaction { kind, source: format!("{kind}:{run}"), entries }
    };
    let both = [booked("provider_fee", "provider_fees", |sum| sum.0), booked("payout", "bank", |sum| sum.1)];
    both.into_iter().filter(|transaction| !transaction.entries.is_empty()).collect()
}
