//! The books: what each account holds, of all time or of some days, and every entry for a spreadsheet.

use std::collections::{BTreeMap, HashMap};

use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, get, web};
use futures_util::stream::try_unfold;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::checkout::Checkout;
use super::super::reports::csv::{self, Line};
use super::super::reports::{By, Days, ROWS_MAX, TooMany, Zones};
use super::super::store::{EntryCursor, EntryRow, LedgerBalance, Orders};
use super::answer;
use super::reports::{ReportWanted, csv_head};
use crate::accounts::{Identity, Role};
use crate::http::ApiError;
use crate::platform::db::DbFault;
use crate::platform::money::{Currency, Money};

/// So many entries are read at a time; whoever reads slowly holds no connection meanwhile.
const CHUNK: i64 = 1_000;

/// What one account holds of one show or one day.
#[derive(Serialize, ToSchema)]
pub struct LedgerRow {
    /// Of which day; null elsewhere.
    #[schema(value_type = Option<String>, format = Date)]
    day: Option<Date>,
    /// Of which show; null elsewhere, and for what belongs to none.
    show_id: Option<Uuid>,
    /// Which account.
    account: String,
    /// Debit is positive, credit negative.
    balance: Money,
    /// How many entries it has.
    #[schema(minimum = 0)]
    entries: i64,
}

/// The books: what each account holds, and the proof that they balance.
#[derive(Serialize, ToSchema)]
pub struct LedgerReport {
    /// Every account, of all time; empty where rows were asked for.
    accounts: Vec<LedgerBalance>,
    /// Every account of each show or day that was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rows: Vec<LedgerRow>,
    /// The sum over all accounts, by currency: zero, or something is very wrong.
    balanced: bool,
}

/// What each account of the books holds: of all time, or by show or by day of these days. As CSV, every entry of these days.
#[utoipa::path(tag = "back office", params(ReportWanted),
    responses((status = 200, content((LedgerReport = "application/json"), (String = "text/csv")))),
    security(("session" = []), ("bearer" = [])))]
#[get("/admin/reports/ledger")]
pub async fn ledger_report(
    request: HttpRequest,
    checkout: web::Data<Checkout>,
    identity: Identity,
    wanted: web::Query<ReportWanted>,
) -> Result<HttpResponse, ApiError> {
    identity.must_be_staff(Role::Organizer)?;
    let sees = identity.sees(Role::Organizer);
    let mut zones = Zones::new(&checkout.store.home_zone().await?);
    let days = wanted.days(checkout.now(), &mut zones)?;
    if wanted.wants_csv(&request) {
        return Ok(csv_head("ledger", days).streaming(lines(checkout.store.clone(), sees, days, zones)));
    }
    let Some(by) = wanted.by() else {
        let accounts = checkout.store.balances(sees.as_deref()).await?;
        let balanced = balanced(accounts.iter().map(|account| account.balance));
        return Ok(answer(StatusCode::OK, false, &LedgerReport { accounts, rows: Vec::new(), balanced }));
    };
    if by == By::Provider {
        return Err(ApiError::field("by", "each provider is an account; ask by show or by day"));
    }
    let mut sums: BTreeMap<Of, (i64, i64)> = BTreeMap::new();
    let each = |fact: &super::super::store::BalanceFact| {
        let day = zones.day(fact.at, fact.zone.as_deref());
        if !days.has(day) {
            return Ok(());
        }
        let (day, show) = if by == By::Day { (Some(day), None) } else { (None, fact.show) };
        let key = (day, show, fact.currency, fact.account.clone());
        if sums.len() >= ROWS_MAX && !sums.contains_key(&key) {
            return Err(TooMany);
        }
        let sum = sums.entry(key).or_default();
        *sum = (sum.0 + fact.amount, sum.1 + fact.entries);
        Ok(())
    };
    checkout.store.balance_facts(sees.as_deref(), days, each).await?;
    let balanced = balanced(sums.iter().map(|((_, _, currency, _), (sum, _))| Money::new(*sum, *currency)));
    let rows = sums
        .into_iter()
        .map(|((day, show_id, currency, account), (sum, entries))| LedgerRow {
            day,
            show_id,
            account,
            balance: Money::new(sum, currency),
            entries,
        })
        .collect();
    Ok(answer(StatusCode::OK, false, &LedgerReport { accounts: Vec::new(), rows, balanced }))
}

fn balanced(sums: impl Iterator<Item = Money>) -> bool {
    let mut by_currency = HashMap::new();
    for sum in sums {
        *by_currency.entry(sum.currency).or_insert(0_i64) += sum.amount;
    }
    by_currency.values().all(|sum| *sum == 0)
}

/// What a sum is of: a day or a show, a currency, an account.
type Of = (Option<Date>, Option<Uuid>, Currency, String);

const COLUMNS: [&str; 12] = [
    "at",
    "day",
    "transaction",
    "position",
    "kind",
    "source",
    "order",
    "show",
    "show_id",
    "account",
    "amount",
    "currency",
];

enum Next {
    Head,
    After(Option<EntryCursor>),
    Over,
}

/// Every entry, a chunk at a time.
fn lines(
    store: Orders,
    sees: Option<Vec<Uuid>>,
    days: Days,
    zones: Zones,
) -> impl futures_util::Stream<Item = Result<Bytes, DbFault>> {
    try_unfold((store, sees, zones, Next::Head), move |(store, sees, mut zones, next)| async move {
        let after = match next {
            Next::Head => {
                return Ok(Some((Bytes::from(csv::header(&COLUMNS)), (store, sees, zones, Next::After(None)))));
            }
            Next::Over => return Ok(None),
            Next::After(after) => after,
        };
        let entries = store.entries(sees.as_deref(), days, after, CHUNK).await?;
        let last = entries.last().map(|entry| EntryCursor(entry.at, entry.transaction, entry.position));
        let whole = i64::try_from(entries.len()).is_ok_and(|read| read < CHUNK);
        let mut text = String::new();
        for entry in &entries {
            let day = zones.day(entry.at, entry.zone.as_deref());
            if days.has(day) {
                text.push_str(&line(entry, day));
            }
        }
        let next = if whole { Next::Over } else { Next::After(last) };
        Ok(Some((Bytes::from(text), (store, sees, zones, next))))
    })
}

fn line(entry: &EntryRow, day: Date) -> String {
    let (show_id, show) = entry.show.clone().map_or_else(Default::default, |(id, title)| (id.to_string(), title));
    Line::default()
        .text(&entry.at.to_string())
        .text(&day.to_string())
        .text(&entry.transaction.to_string())
        .number(i64::from(entry.position))
        .text(&entry.kind)
        .text(&entry.source)
        .text(entry.order.as_deref().unwrap_or(""))
        .text(&show)
        .text(&show_id)
        .text(&entry.account)
        .amount(entry.amount, entry.currency)
        .text(entry.currency.as_str())
        .end()
}
