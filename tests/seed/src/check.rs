//! What foreign keys and triggers would have refused row by row, looked for in whole tables.

use sqlx::postgres::PgPool;
use sqlx::{AssertSqlSafe, Row as _};

use crate::Fault;

/// For each foreign key a query for rows that point nowhere.
const FOREIGN_KEYS: &str = "
SELECT c.conname::text, format('SELECT count(*) FROM %s a WHERE %s AND NOT EXISTS (SELECT 1 FROM %s b WHERE %s)', c.conrelid::regclass,
       string_agg(format('a.%I IS NOT NULL', f.attname), ' AND '), c.confrelid::regclass,
       string_agg(format('b.%I = a.%I', t.attname, f.attname), ' AND '))
FROM pg_constraint c
CROSS JOIN LATERAL UNNEST(c.conkey, c.confkey) AS k(from_no, to_no)
JOIN pg_attribute f ON f.attrelid = c.conrelid AND f.attnum = k.from_no
JOIN pg_attribute t ON t.attrelid = c.confrelid AND t.attnum = k.to_no
WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace
GROUP BY c.oid, c.conname, c.conrelid, c.confrelid";

/// The triggers that speak of what was written: `ledger_balances`, `payment_is_idle`.
const TRIGGERS: [(&str, &str); 2] = [
    (
        "ledger_balances",
        "SELECT count(*) FROM (SELECT transaction_id FROM ledger_entry GROUP BY transaction_id, currency HAVING sum(amount) <> 0) wrong",
    ),
    (
        "payment_is_idle",
        "SELECT count(*) FROM payment p JOIN orders o ON o.id = p.order_id
         WHERE p.idle <> (p.status IN ('captured', 'refunded') AND p.id IS DISTINCT FROM o.paid_with)",
    ),
];

pub(crate) async fn everything(pool: &PgPool) -> Result<(), Fault> {
    for row in sqlx::query(FOREIGN_KEYS).fetch_all(pool).await? {
        let (name, sql): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        must_be_none(pool, &name, sql).await?;
    }
    for (name, sql) in TRIGGERS {
        must_be_none(pool, name, sql.to_owned()).await?;
    }
    Ok(())
}

async fn must_be_none(pool: &PgPool, name: &str, sql: String) -> Result<(), Fault> {
    let wrong: i64 = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(pool).await?;
    if wrong == 0 { Ok(()) } else { Err(format!("{wrong} rows break {name}").into()) }
}
