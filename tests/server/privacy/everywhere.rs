//! A search over everything that a database holds.

use std::collections::BTreeMap;

use sqlx::PgPool;

/// Where any of these words stands, whatever its case, in whatever kind of column, as text or as bytes: `table.column` and
/// in how many rows.
pub async fn found(db: &PgPool, words: &[&str]) -> BTreeMap<String, i64> {
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT c.table_name::text, c.column_name::text
         FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
         WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' ORDER BY 1, 2",
    )
    .fetch_all(db)
    .await
    .unwrap();
    assert!(columns.len() > 200, "every column of every table: {}", columns.len());
    // Bytes are written as hexadecimal digits; what is in them may be written either way.
    let hex = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    let needles: Vec<String> =
        words.iter().flat_map(|word| [word.to_lowercase(), hex(word), hex(&word.to_lowercase())]).collect();
    let mut found = BTreeMap::new();
    for (table, column) in columns {
        let sql = format!(
            "SELECT count(*) FROM \"{table}\" WHERE EXISTS
                (SELECT 1 FROM unnest($1::text[]) needle WHERE strpos(lower(\"{column}\"::text), needle) > 0)"
        );
        let rows: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(&needles).fetch_one(db).await.unwrap();
        if rows > 0 {
            found.insert(format!("{table}.{column}"), rows);
        }
    }
    found
}

/// The same as a table, for people who read the test's output.
pub fn print(title: &str, found: &BTreeMap<String, i64>) {
    println!("{title}: {}", if found.is_empty() { "nothing" } else { "" });
    for (place, rows) in found {
        println!("    {place:<40} {rows:>3}");
    }
}
