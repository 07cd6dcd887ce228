//! What the house has sold, and what became of the money.

use std::collections::HashMap;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, get, web};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::super::checkout::Checkout;
use super::super::reports::csv::{self, Line};
use super::super::reports::{
    By, Days, PaymentsKey, PaymentsReport, PaymentsRow, SalesKey, SalesReport, SalesRow, Zones,
};
use super::super::store::{ReportFault, ReportShow};
use super::answer;
use crate::accounts::{Identity, Role};
use crate::http::ApiError;
use crate::http::caching::PRIVATE;
use crate::platform::money::{Currency, Money};

impl From<ReportFault> for ApiError {
    fn from(fault: ReportFault) -> Self {
        match fault {
            ReportFault::Database(fault) => fault.into(),
            ReportFault::TooMany => Self::field("from", "there would be too many rows; ask for fewer days"),
        }
    }
}

/// What a report is to be about.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ReportWanted {
    /// What a row is about: `show` (of sales; else `provider`) unless told.
    #[param(inline)]
    by: Option<By>,
    /// The first day, as the venue has it; thirty days up to the last unless told.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// The last day; today unless told.
    #[param(value_type = Option<String>, format = Date)]
    to: Option<Date>,
    /// `csv` or `json`; what `Accept` says unless told.
    #[param(inline)]
    format: Option<Format>,
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// As everything else.
    Json,
    /// For spreadsheets.
    Csv,
}

impl ReportWanted {
    pub(super) fn by(&self) -> Option<By> {
        self.by
    }

    pub(super) fn days(&self, now: Timestamp, zones: &mut Zones) -> Result<Days, ApiError> {
        let today = zones.day(now, None);
        Days::new(self.from, self.to, today).map_err(|refused| ApiError::field("from", refused.words()))
    }

    pub(super) fn wants_csv(&self, request: &HttpRequest) -> bool {
        let accepts = || {
            let header = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
            header.is_some_and(|accept| accept.split(',').any(|kind| kind.trim().starts_with("text/csv")))
        };
        self.format.map_or_else(accepts, |format| format == Format::Csv)
    }
}

/// A file for a spreadsheet.
pub(super) fn csv_head(name: &str, days: Days) -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CACHE_CONTROL, PRIVATE))
        .insert_header((header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present"))
        .insert_header((
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}-{}-{}.csv\"", days.from, days.to),
        ));
    response
}

/// A show, as reports name it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReportShowJson {
    /// Its id.
    id: Uuid,
    /// What is played.
    title: String,
    /// When it begins.
    #[schema(value_type = String, format = DateTime)]
    starts_at: Timestamp,
    /// The venue's time zone.
    time_zone: String,
}

impl From<&ReportShow> for ReportShowJson {
    fn from(show: &ReportShow) -> Self {
        let ReportShow { id, title, starts_at, zone } = show.clone();
        Self { id, title, starts_at, time_zone: zone }
    }
}

/// What was sold. Figures of money come from the books.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SalesFigures {
    /// Tickets that went out.
    tickets_sold: i64,
    /// Tickets that came back.
    tickets_given_back: i64,
    /// What buyers paid, fees and taxes in it, discounts taken off.
    gross: Money,
    /// What was taken off; gross is without it.
    discounts: Money,
    /// How much of gross is fees.
    fees: Money,
    /// How much of gross is taxes that are booked apart.
    taxes: Money,
    /// What was given back, at the price it was sold for.
    refunds: Money,
    /// What of that was kept.
    kept: Money,
    /// What was lost to buyers' banks.
    chargebacks: Money,
    /// What stays: gross less refunds and chargebacks, and what was kept.
    net: Money,
}

impl SalesFigures {
    fn of(row: &SalesRow, currency: Currency) -> Self {
        let money = |amount| Money::new(amount, currency);
        Self {
            tickets_sold: row.tickets_sold,
            tickets_given_back: row.tickets_given_back,
            gross: money(row.gross),
            discounts: money(row.discounts),
            fees: money(row.fees),
            taxes: money(row.taxes),
            refunds: money(row.refunds),
            kept: money(row.kept),
            chargebacks: money(row.chargebacks),
            net: money(row.net()),
        }
    }
}

/// One row of the report.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SalesRowJson {
    /// Of which show; null elsewhere, and for fees of whole orders.
    show: Option<ReportShowJson>,
    /// Of which day of the venue; null elsewhere.
    #[schema(value_type = Option<String>, format = Date)]
    day: Option<Date>,
    /// At which provider the orders were paid; null elsewhere, and for what was free.
    provider: Option<String>,
    /// What was sold.
    #[serde(flatten)]
    figures: SalesFigures,
}

/// What was sold.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SalesReportJson {
    /// The first day.
    #[schema(value_type = String, format = Date)]
    from: Date,
    /// The last day.
    #[schema(value_type = String, format = Date)]
    to: Date,
    /// Its rows; each in one currency.
    rows: Vec<SalesRowJson>,
    /// Their sums, by currency.
    totals: Vec<SalesFigures>,
}

const SALES_COLUMNS: [&str; 14] = [
    "show",
    "show_id",
    "starts_at",
    "day",
    "provider",
    "currency",
    "tickets_sold",
    "tickets_given_back",
    "gross",
    "discounts",
    "fees",
    "taxes",
    "refunds",
    "kept",
];

/// What was sold and given back: by show, by day of the venue, or by provider. JSON, or CSV for spreadsheets.
#[utoipa::path(tag = "back office", params(ReportWanted),
    responses((status = 200, content((SalesReportJson = "application/json"), (String = "text/csv")))),
    security(("session" = []), ("bearer" = [])))]
#[get("/admin/reports/sales")]
pub async fn sales_report(
    request: HttpRequest,
    checkout: web::Data<Checkout>,
    identity: Identity,
    wanted: web::Query<ReportWanted>,
) -> Result<HttpResponse, ApiError> {
    identity.must_be_staff(Role::Organizer)?;
    let mut zones = Zones::new(&checkout.store.home_zone().await?);
    let days = wanted.days(checkout.now(), &mut zones)?;
    let report = SalesReport::new(wanted.by().unwrap_or_default(), days, zones);
    let sees = identity.sees(Role::Organizer);
    let (mut rows, totals) = checkout.store.fill_sales(sees.as_deref(), days, report).await?.done();
    let ids: Vec<Uuid> = rows
        .iter()
        .filter_map(|(key, _, _)| match key {
            SalesKey::Show(show) => *show,
            SalesKey::Day(_) | SalesKey::Provider(_) => None,
        })
        .collect();
    let shows: HashMap<Uuid, ReportShow> =
        checkout.store.report_shows(&ids).await?.into_iter().map(|show| (show.id, show)).collect();
    let show_of = |key: &SalesKey| match key {
        SalesKey::Show(Some(id)) => shows.get(id),
        SalesKey::Show(None) | SalesKey::Day(_) | SalesKey::Provider(_) => None,
    };
    // Shows by their start, what belongs to none of them last.
    rows.sort_by_cached_key(|(key, currency, _)| {
        let starts = show_of(key).map(|show| (show.starts_at, show.id));
        (starts.is_none(), starts, key.clone(), *currency)
    });
    if wanted.wants_csv(&request) {
        let mut columns = SALES_COLUMNS.to_vec();
        columns.extend(["chargebacks", "net"]);
        let mut body = csv::header(&columns);
        for (key, currency, row) in &rows {
            body.push_str(&sales_line(key, show_of(key), *currency, row));
        }
        return Ok(csv_head("sales", days).body(body));
    }
    let rows = rows
        .iter()
        .map(|(key, currency, row)| SalesRowJson {
            show: show_of(key).map(ReportShowJson::from),
            day: match key {
                SalesKey::Day(day) => Some(*day),
                SalesKey::Show(_) | SalesKey::Provider(_) => None,
            },
            provider: match key {
                SalesKey::Provider(provider) => provider.clone(),
                SalesKey::Show(_) | SalesKey::Day(_) => None,
            },
            figures: SalesFigures::of(row, *currency),
        })
        .collect();
    let totals = totals.iter().map(|(currency, row)| SalesFigures::of(row, *currency)).collect();
    Ok(answer(StatusCode::OK, false, &SalesReportJson { from: days.from, to: days.to, rows, totals }))
}

fn sales_line(key: &SalesKey, show: Option<&ReportShow>, currency: Currency, row: &SalesRow) -> String {
    let (mut day, mut provider) = (String::new(), "");
    match key {
        SalesKey::Day(date) => day = date.to_string(),
        SalesKey::Provider(name) => provider = name.as_deref().unwrap_or(""),
        SalesKey::Show(_) => {}
    }
    let text = |of: fn(&ReportShow) -> String| show.map(of).unwrap_or_default();
    let line = Line::default()
        .text(&text(|show| show.title.clone()))
        .text(&text(|show| show.id.to_string()))
        .text(&text(|show| show.starts_at.to_string()))
        .text(&day)
        .text(provider)
        .text(currency.as_str())
        .number(row.tickets_sold)
        .number(row.tickets_given_back);
    let amounts = [row.gross, row.discounts, row.fees, row.taxes, row.refunds, row.kept, row.chargebacks, row.net()];
    amounts.into_iter().fold(line, |line, amount| line.amount(amount, currency)).end()
}

/// What became of money at providers.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PaymentsFigures {
    /// Collected from buyers.
    captured: Money,
    /// Given back.
    refunded: Money,
    /// Refunds that came to nothing afterwards.
    refunds_failed: Money,
    /// Taken back by buyers' banks.
    disputed: Money,
    /// Won back from them.
    disputes_won: Money,
    /// Kept by the providers, as far as it is known: from claims and payout files.
    fees: Money,
    /// Paid out to the house's bank, by the payout files.
    paid_out: Money,
    /// Anything else that was booked.
    other: Money,
    /// By how much more the providers have for the house.
    net: Money,
}

impl PaymentsFigures {
    fn of(row: &PaymentsRow, currency: Currency) -> Self {
        let money = |amount| Money::new(amount, currency);
        Self {
            captured: money(row.captured),
            refunded: money(row.refunded),
            refunds_failed: money(row.refunds_failed),
            disputed: money(row.disputed),
            disputes_won: money(row.disputes_won),
            fees: money(row.fees),
            paid_out: money(row.paid_out),
            other: money(row.other),
            net: money(row.net()),
        }
    }
}

/// One row of the report.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PaymentsRowJson {
    /// Of which day; null elsewhere.
    #[schema(value_type = Option<String>, format = Date)]
    day: Option<Date>,
    /// At which provider; null elsewhere.
    provider: Option<String>,
    /// What became of it.
    #[serde(flatten)]
    figures: PaymentsFigures,
}

/// What became of money at providers.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PaymentsReportJson {
    /// The first day.
    #[schema(value_type = String, format = Date)]
    from: Date,
    /// The last day.
    #[schema(value_type = String, format = Date)]
    to: Date,
    /// Its rows; each in one currency.
    rows: Vec<PaymentsRowJson>,
    /// Their sums, by currency.
    totals: Vec<PaymentsFigures>,
}

const PAYMENTS_COLUMNS: [&str; 12] = [
    "day",
    "provider",
    "currency",
    "captured",
    "refunded",
    "refunds_failed",
    "disputed",
    "disputes_won",
    "fees",
    "paid_out",
    "other",
    "net",
];

/// What providers have collected, given back, kept and paid out: by provider, or by day.
#[utoipa::path(tag = "back office", params(ReportWanted),
    responses((status = 200, content((PaymentsReportJson = "application/json"), (String = "text/csv")))),
    security(("session" = []), ("bearer" = [])))]
#[get("/admin/reports/payments")]
pub async fn payments_report(
    request: HttpRequest,
    checkout: web::Data<Checkout>,
    identity: Identity,
    wanted: web::Query<ReportWanted>,
) -> Result<HttpResponse, ApiError> {
    identity.must_be_staff(Role::Organizer)?;
    let by = wanted.by().unwrap_or(By::Provider);
    if by == By::Show {
        return Err(ApiError::field("by", "a payment may be for several shows; ask by provider or by day"));
    }
    let mut zones = Zones::new(&checkout.store.home_zone().await?);
    let days = wanted.days(checkout.now(), &mut zones)?;
    let report = PaymentsReport::new(by, days, zones);
    let sees = identity.sees(Role::Organizer);
    let (rows, totals) = checkout.store.fill_payments(sees.as_deref(), days, report).await?.done();
    let about = |key: &PaymentsKey| match key {
        PaymentsKey::Day(day) => (Some(*day), None),
        PaymentsKey::Provider(provider) => (None, Some(provider.clone())),
    };
    if wanted.wants_csv(&request) {
        let mut body = csv::header(&PAYMENTS_COLUMNS);
        for (key, currency, row) in &rows {
            let (day, provider) = about(key);
            let line = Line::default()
                .text(&day.map(|day| day.to_string()).unwrap_or_default())
                .text(&provider.unwrap_or_default())
                .text(currency.as_str());
            let amounts = [
                row.captured,
                row.refunded,
                row.refunds_failed,
                row.disputed,
                row.disputes_won,
                row.fees,
                row.paid_out,
                row.other,
                row.net(),
            ];
            body.push_str(&amounts.into_iter().fold(line, |line, amount| line.amount(amount, *currency)).end());
        }
        return Ok(csv_head("payments", days).body(body));
    }
    let rows = rows
        .iter()
        .map(|(key, currency, row)| {
            let (day, provider) = about(key);
            PaymentsRowJson { day, provider, figures: PaymentsFigures::of(row, *currency) }
        })
        .collect();
    let totals = totals.iter().map(|(currency, row)| PaymentsFigures::of(row, *currency)).collect();
    Ok(answer(StatusCode::OK, false, &PaymentsReportJson { from: days.from, to: days.to, rows, totals }))
}
