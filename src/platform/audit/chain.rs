//! Walking the chain of the audit log: is every row what it was when it was written, and is every row there?

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};
use sqlx::PgPool;

use crate::platform::db::DbFault;

/// Rows read at a time: a long log is verified without being in memory.
const ROWS_AT_A_TIME: i64 = 1_000;

/// The newest row and its hash. Kept elsewhere (printed, mailed, signed), it proves later that the log up to it is the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The row's number; 0 of an empty log.
    pub number: i64,
    /// Its hash; empty of an empty log.
    pub hash: Vec<u8>,
}

impl fmt::Display for Head {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:", self.number)?;
        self.hash.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

/// A head is a number, a colon and the hash in hexadecimal digits.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a head is what `aisle audit head` prints: a number, a colon, 64 hexadecimal digits")]
pub struct NoHead;

impl FromStr for Head {
    type Err = NoHead;

    fn from_str(text: &str) -> Result<Self, NoHead> {
        let (number, hash) = text.trim().split_once(':').ok_or(NoHead)?;
        let number = number.parse().map_err(|_| NoHead)?;
        let proper = if number == 0 { hash.is_empty() } else { number > 0 && hash.len() == 64 && hash.is_ascii() };
        let hash = (0..hash.len() / 2).map(|at| u8::from_str_radix(&hash[2 * at..2 * at + 2], 16)).collect();
        match hash {
            Ok(hash) if proper => Ok(Self { number, hash }),
            Ok(_) | Err(_) => Err(NoHead),
        }
    }
}

/// The first thing that is wrong with the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Numbers have no gaps.
    #[error("row {0} is missing")]
    Missing(i64),
    /// The row, or the one before it, is not as it was written.
    #[error("row {0} is not what its hash says: it, or its place in the chain, was changed")]
    Changed(i64),
    /// The name or the addresses beside the row are others.
    #[error("the person beside row {0} is not the one of its hash")]
    OtherPerson(i64),
    /// There is a person beside a row that had none.
    #[error("there is a person beside row {0}, which had none")]
    StrangePerson(i64),
    /// A log that was whole once, and is another now.
    #[error("row {0} has another hash than the head that was kept")]
    OtherHead(i64),
}

/// A log that is as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Its newest row.
    pub head: Head,
    /// Rows whose person was erased.
    pub erased: i64,
}

/// The newest row.
///
/// # Errors
/// When the database does not answer.
pub async fn head(db: &PgPool) -> Result<Head, DbFault> {
    let row =
        sqlx::query!("SELECT number, hash FROM audit_log ORDER BY number DESC LIMIT 1").fetch_optional(db).await?;
    Ok(row.map_or(Head { number: 0, hash: Vec::new() }, |row| Head { number: row.number, hash: row.hash }))
}

/// A field as it is hashed: its length and its bytes, or -1.
fn field(hash: &mut Sha256, value: Option<&str>) {
    match value {
        None => hash.update((-1_i32).to_be_bytes()),
        Some(value) => {
            // What Postgres keeps in a field is far below 2 GiB.
            hash.update(i32::try_from(value.len()).unwrap_or(i32::MAX).to_be_bytes());
            hash.update(value);
        }
    }
}

/// Walks the whole log, in pages, beside those who append to it. `anchor`: a head that was kept.
///
/// # Errors
/// When the database does not answer. What is wrong with the log is the inner answer.
pub async fn verify(db: &PgPool, anchor: Option<&Head>) -> Result<Result<Verified, Fault>, DbFault> {
    let mut head = Head { number: 0, hash: Vec::new() };
    let mut erased = 0;
    loop {
        let rows = sqlx::query!(
            "SELECT l.number, (extract(epoch FROM l.at) * 1000000)::bigint AS \"at!\", l.severity, l.actor_kind,
                    l.actor_id::text, l.action, l.organizer_id::text, l.object_kind, l.object_id, l.detail, l.person, l.hash,
                    p.salt AS \"salt?\", p.name, p.email, p.address
             FROM audit_log l LEFT JOIN audit_person p ON p.number = l.number
             WHERE l.number > $1 ORDER BY l.number LIMIT $2",
            head.number,
            ROWS_AT_A_TIME
        )
        .fetch_all(db)
        .await?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            if row.number != head.number + 1 {
                return Ok(Err(Fault::Missing(head.number + 1)));
            }
            let mut hash = Sha256::new();
            hash.update(&head.hash);
            field(&mut hash, Some(&row.number.to_string()));
            field(&mut hash, Some(&row.at.to_string()));
            field(&mut hash, row.severity.as_deref());
            field(&mut hash, Some(&row.actor_kind));
            field(&mut hash, row.actor_id.as_deref());
            field(&mut hash, Some(&row.action));
            field(&mut hash, row.organizer_id.as_deref());
            field(&mut hash, row.object_kind.as_deref());
            field(&mut hash, row.object_id.as_deref());
            field(&mut hash, Some(&row.detail));
            let person = row.person.as_deref().map(hex);
            field(&mut hash, person.as_deref());
            if row.hash != hash.finalize().as_slice() {
                return Ok(Err(Fault::Changed(row.number)));
            }
            match (row.person, row.salt) {
                (None, None) => {}
                (Some(_), None) => erased += 1,
                (None, Some(_)) => return Ok(Err(Fault::StrangePerson(row.number))),
                (Some(said), Some(salt)) => {
                    let mut hash = Sha256::new();
                    hash.update(salt);
                    field(&mut hash, row.name.as_deref());
                    field(&mut hash, row.email.as_deref());
                    field(&mut hash, row.address.as_deref());
                    if said != hash.finalize().as_slice() {
                        return Ok(Err(Fault::OtherPerson(row.number)));
                    }
                }
            }
            if anchor.is_some_and(|anchor| anchor.number == row.number && anchor.hash != row.hash) {
                return Ok(Err(Fault::OtherHead(row.number)));
            }
            head = Head { number: row.number, hash: row.hash };
        }
    }
    // What was cut off at the end leaves a chain that is whole; only a head that was kept tells.
    if anchor.is_some_and(|anchor| anchor.number > head.number) {
        return Ok(Err(Fault::Missing(head.number + 1)));
    }
    Ok(Ok(Verified { head, erased }))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_as_it_is_printed_and_nothing_else_is_one() {
        let head = Head { number: 17, hash: vec![0xab; 32] };
        assert_eq!(head.to_string().parse::<Head>(), Ok(head.clone()));
        let empty = Head { number: 0, hash: Vec::new() };
        assert_eq!(empty.to_string().parse::<Head>(), Ok(empty));
        let cut = &head.to_string()[..20];
        for wrong in ["", "17", "17:", "-1:", ":ab", "x:ab", "17:zz", cut, &format!("17:{}", "é".repeat(32))] {
            assert_eq!(wrong.parse::<Head>(), Err(NoHead), "{wrong}");
        }
    }
}
