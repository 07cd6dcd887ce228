//! The back office's books, for who has a token that may read them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::map::{self, Failed};
use crate::verdict::Check;
use crate::world::World;

/// Amounts in minor units by currency.
pub type Sums = BTreeMap<String, i64>;

/// The books at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Books {
    balance: Sums,
    gross: Sums,
    refunds: Sums,
    tickets: i64,
}

/// The books before the rush.
pub struct Office {
    token: String,
    before: Books,
}

fn add(sums: &mut Sums, money: &Value) -> Option<()> {
    *sums.entry(money["currency"].as_str()?.to_owned()).or_insert(0) += money["amount"].as_i64()?;
    Some(())
}

impl Books {
    async fn read(world: &World, token: &str) -> Result<Self, Failed> {
        let report = async |name: &str| {
            map::get(&world.client, &format!("{}/api/v1/admin/reports/{name}", world.base), Some(token)).await
        };
        let (ledger, sales) = (report("ledger").await?, report("sales?by=show").await?);
        Self::of(&ledger, &sales).ok_or_else(|| "the reports are not what they should be".into())
    }

    fn of(ledger: &Value, sales: &Value) -> Option<Self> {
        let mut books = Self::default();
        for account in ledger["accounts"].as_array()? {
            add(&mut books.balance, &account["balance"])?;
        }
        for total in sales["totals"].as_array()? {
            add(&mut books.gross, &total["gross"])?;
            add(&mut books.refunds, &total["refunds"])?;
            books.tickets += total["tickets_sold"].as_i64()?;
        }
        Some(books)
    }

    /// What is wrong with the books after the rush, by what buyers counted as paid.
    fn wrong(&self, before: &Self, paid: &Sums, tickets: i64) -> Vec<Check> {
        let balance = self.balance.iter().filter(|&(_, &sum)| sum != 0);
        let balance = balance.map(|(currency, sum)| format!("{sum} {currency}")).collect();
        let grown = |now: &Sums, then: &Sums| {
            let mut grown = now.clone();
            for (currency, sum) in then {
                *grown.entry(currency.clone()).or_insert(0) -= sum;
            }
            grown.retain(|_, sum| *sum != 0);
            grown
        };
        let (sold, back) = (grown(&self.gross, &before.gross), grown(&self.refunds, &before.refunds));
        let mut paid = paid.clone();
        paid.retain(|_, sum| *sum != 0);
        let sales = (sold != paid).then(|| format!("the books say {sold:?}, the buyers {paid:?}"));
        let booked = self.tickets - before.tickets;
        let count = (booked != tickets).then(|| format!("the books say {booked}, the buyers {tickets}"));
        let back = back.iter().map(|(currency, sum)| format!("{sum} {currency}")).collect();
        vec![
            Check::new("currencies in which the ledger does not balance", self.balance.len(), balance),
            Check::new("sums of sales that are not what buyers paid", paid.len(), sales.into_iter().collect()),
            Check::new("counts of tickets sold that are not what buyers have", 1, count.into_iter().collect()),
            Check::new("currencies in which money went back", self.refunds.len(), back),
        ]
    }
}

impl Office {
    /// Reads the books before the rush.
    ///
    /// # Errors
    /// Where this token may not.
    pub async fn open(world: &World, token: &str) -> Result<Self, Failed> {
        Ok(Self { token: token.to_owned(), before: Books::read(world, token).await? })
    }

    /// Reads them again. Nobody else may have sold anything meanwhile.
    pub async fn judge(&self, world: &World, paid: &Sums, tickets: usize) -> Vec<Check> {
        match Books::read(world, &self.token).await {
            Ok(books) => books.wrong(&self.before, paid, i64::try_from(tickets).unwrap_or(i64::MAX)),
            Err(error) => vec![Check::new("books that could not be read", 0, vec![error.to_string()])],
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn books(balance: [i64; 2], gross: i64, refunds: i64, tickets: i64) -> Books {
        let eur = |amount: i64| json!({"amount": amount, "currency": "EUR"});
        let accounts = balance.map(|sum| json!({"account": "a", "balance": eur(sum), "entries": 1}));
        let total = json!({"gross": eur(gross), "refunds": eur(refunds), "tickets_sold": tickets});
        Books::of(&json!({"accounts": accounts}), &json!({"totals": [total]})).expect("books")
    }

    fn found(now: &Books, paid: i64, tickets: i64) -> Vec<usize> {
        let before = books([500, -500], 500, 40, 5);
        let paid = Sums::from([("EUR".to_owned(), paid)]);
        now.wrong(&before, &paid, tickets).iter().map(|check| check.wrong.len()).collect()
    }

    #[test]
    fn books_that_agree_with_the_buyers_are_right() {
        assert_eq!(found(&books([900, -900], 900, 40, 9), 400, 4), [0, 0, 0, 0]);
        assert_eq!(found(&books([500, -500], 500, 40, 5), 0, 0), [0, 0, 0, 0]);
    }

    #[test]
    fn each_disagreement_is_found_by_its_own_check() {
        assert_eq!(found(&books([900, -899], 900, 40, 9), 400, 4), [1, 0, 0, 0]);
        assert_eq!(found(&books([900, -900], 900, 40, 9), 300, 4), [0, 1, 0, 0]);
        assert_eq!(found(&books([900, -900], 900, 40, 9), 400, 5), [0, 0, 1, 0]);
        assert_eq!(found(&books([900, -900], 900, 140, 9), 400, 4), [0, 0, 0, 1]);
    }

    #[test]
    fn a_report_of_another_shape_is_no_book() {
        assert_eq!(Books::of(&json!({}), &json!({"totals": []})), None);
        assert_eq!(Books::of(&json!({"accounts": [{}]}), &json!({"totals": []})), None);
    }
}
