//! The sandbox's page, as a provider outside would have one, and the page that leads to Razorpay's: plain HTML and a form, no
//! script.

use std::sync::LazyLock;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::{Environment, context};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::gateways::{Gateways, NoGateway};
use super::sandbox::{Card, Choice, Sandbox, TEST_CARDS, Trouble};
use crate::http::ApiError;

const PAGE: &str = include_str!("sandbox/page.html");

/// Nothing is loaded and nothing runs; the form leads to our own address only. Of styles the page's own is let through, named
/// by its hash.
static CONTENT_SECURITY_POLICY: LazyLock<String> = LazyLock::new(|| {
    let style =
        PAGE.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>")).map_or("", |(style, _)| style);
    let hash = STANDARD.encode(Sha256::digest(style));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
});

/// What the page's buttons post.
#[derive(Deserialize)]
pub struct Chosen {
    outcome: String,
    /// The test card, where one is to be told of.
    #[serde(default)]
    card: String,
}

/// The sandbox's checkout page.
#[get("/sandbox/checkout/{payment}")]
async fn checkout_page(sandbox: web::Data<Sandbox>, payment: web::Path<Uuid>) -> Result<HttpResponse, ApiError> {
    page(&sandbox, *payment, StatusCode::OK, None).await
}

/// The buyer's choice; leads back to the order.
#[post("/sandbox/checkout/{payment}")]
async fn checkout_choice(
    sandbox: web::Data<Sandbox>,
    payment: web::Path<Uuid>,
    chosen: Result<web::Form<Chosen>, actix_web::Error>,
) -> Result<HttpResponse, ApiError> {
    let chosen = chosen.ok().and_then(|chosen| {
        let card = if chosen.card.is_empty() { None } else { Some(Card::parse(&chosen.card)?) };
        Some((Choice::from_word(&chosen.outcome)?, card))
    });
    let Some((choice, card)) = chosen else {
        let problem = "That is not one of the choices.";
        return page(&sandbox, *payment, StatusCode::UNPROCESSABLE_ENTITY, Some(problem)).await;
    };
    let Some(back) = sandbox.choose(*payment, choice, card.as_ref()).await? else {
        return Err(ApiError::not_found("payment"));
    };
    Ok(HttpResponse::SeeOther().insert_header(("location", back)).insert_header(("cache-control", "no-store")).finish())
}

/// What happens at the bank afterwards: a claim, its verdict, refunds that fail.
#[post("/sandbox/checkout/{payment}/bank")]
async fn bank_acts(
    sandbox: web::Data<Sandbox>,
    payment: web::Path<Uuid>,
    chosen: Result<web::Form<Chosen>, actix_web::Error>,
) -> Result<HttpResponse, ApiError> {
    let Some(trouble) = chosen.ok().and_then(|chosen| Trouble::from_word(&chosen.outcome)) else {
        let problem = "That is not one of the choices.";
        return page(&sandbox, *payment, StatusCode::UNPROCESSABLE_ENTITY, Some(problem)).await;
    };
    let Some(back) = sandbox.cause(*payment, trouble).await? else { return Err(ApiError::not_found("payment")) };
    Ok(HttpResponse::SeeOther().insert_header(("location", back)).insert_header(("cache-control", "no-store")).finish())
}

async fn page(
    sandbox: &Sandbox,
    payment: Uuid,
    status: StatusCode,
    problem: Option<&str>,
) -> Result<HttpResponse, ApiError> {
    let Some(shown) = sandbox.show(payment).await? else { return Err(ApiError::not_found("payment")) };
    let choices: Vec<_> = Choice::ALL
        .into_iter()
        .map(|choice| context! { word => choice.word(), label => choice.label(), explanation => choice.explanation() })
        .collect();
    let troubles: Vec<_> = Trouble::ALL
        .into_iter()
        .map(|it| context! { word => it.word(), label => it.label(), explanation => it.explanation() })
        .collect();
    let bank = format!("/sandbox/checkout/{payment}/bank");
    let cards: Vec<_> = TEST_CARDS.into_iter().map(|(word, label)| context! { word => word, label => label }).collect();
    let values = context! {
        amount => shown.amount.display(),
        description => shown.description,
        open => shown.open,
        back => shown.return_path,
        pay_by => shown.pay_by.strftime("%H:%M:%S UTC").to_string(),
        choices => choices,
        cards => cards,
        captured => shown.captured,
        troubles => troubles,
        bank => bank,
        problem => problem,
    };
    let mut templates = Environment::new();
    // The name's ending is what turns escaping on.
    let html = templates
        .add_template("page.html", PAGE)
        .and_then(|()| templates.get_template("page.html")?.render(values))
        .map_err(|error| ApiError::fault(&error))?;
    Ok(HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header(("cache-control", "no-store"))
        .insert_header(("content-security-policy", CONTENT_SECURITY_POLICY.as_str()))
        .body(html))
}

/// Where a buyer goes on to Razorpay.
#[get("/razorpay/checkout/{payment}")]
async fn razorpay_page(gateways: web::Data<Gateways>, payment: web::Path<Uuid>) -> Result<HttpResponse, ApiError> {
    let page = match gateways.razorpay_page(*payment).await {
        Ok(page) => page.ok_or_else(|| ApiError::not_found("payment"))?,
        Err(NoGateway::Database(fault)) => return Err(fault.into()),
        Err(error @ (NoGateway::Sealed { .. } | NoGateway::Client { .. })) => return Err(ApiError::fault(&error)),
    };
    let html = page.html().map_err(|error| ApiError::fault(&error))?;
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header(("cache-control", "no-store"))
        .insert_header(("content-security-policy", page.content_security_policy()))
        .body(html))
}

/// The room's pages, outside the API. Needs `web::Data<Sandbox>` and `web::Data<Gateways>`.
pub fn pages(config: &mut web::ServiceConfig) {
    config.service(checkout_page).service(checkout_choice).service(bank_acts).service(razorpay_page);
}
