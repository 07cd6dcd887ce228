//! `/admin/organizers/{id}/payment-accounts`: where a house's money is collected. Keys come in and never go out.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpResponse, delete, get, patch, post};
use aisle_actors::Clock;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::desk::{gone, seen, shown, told};
use crate::accounts::{Identity, Role};
use crate::catalog::Catalog;
use crate::http::{ApiError, Code, IdempotencyKey, IfMatch, Json, Once, once};
use crate::payments::{
    ACCOUNTS_MAX, ChangePaymentAccount, Fields, GatewayError, Gateways, KeyTest, NewPaymentAccount, NoGateway,
    PaymentAccount, PaymentAccounts, Provider, Secrets, Tested, check_methods,
};
use crate::platform::db::DbFault;
use crate::platform::{audit, ids, time};

fn missing() -> ApiError {
    ApiError::not_found("payment account")
}

/// Which accounts.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AccountsWanted {
    /// Also what is put away.
    archived: Option<bool>,
}

/// A house's accounts.
#[derive(Serialize, ToSchema)]
struct PaymentAccountList {
    /// By what is offered first.
    items: Vec<PaymentAccount>,
}

async fn house(catalog: &Catalog, identity: &Identity, organizer: Uuid) -> Result<(), ApiError> {
    identity.must(Role::Organizer, organizer, "organizer")?;
    catalog.organizer(organizer).await?.map(|_| ()).ok_or_else(|| ApiError::not_found("organizer"))
}

fn check(provider: Provider, secrets: &Secrets, methods: &[String]) -> Result<(), ApiError> {
    secrets.check(provider).map_err(|(field, message)| ApiError::field(field, message))?;
    check_methods(provider, methods).map_err(|(at, message)| ApiError::field(format!("methods[{at}]"), message))
}

/// A house's accounts at payment providers, by what buyers are offered first.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), AccountsWanted),
    responses((status = 200, body = PaymentAccountList)),
    security(("session" = []), ("bearer" = []))
)]
#[get("/admin/organizers/{id}/payment-accounts")]
async fn admin_list_payment_accounts(
    catalog: Data<Catalog>,
    accounts: Data<PaymentAccounts>,
    identity: Identity,
    id: Path<Uuid>,
    wanted: Query<AccountsWanted>,
) -> Result<HttpResponse, ApiError> {
    house(&catalog, &identity, *id).await?;
    let items = accounts.list(*id, wanted.archived.unwrap_or(false)).await?;
    Ok(told(&PaymentAccountList { items }))
}

/// Connects an account. Its keys are sealed, and nobody is shown them again.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = NewPaymentAccount,
    responses((status = 201, body = PaymentAccount)),
    security(("session" = []), ("bearer" = []))
)]
#[post("/admin/organizers/{id}/payment-accounts")]
async fn admin_make_payment_account(
    catalog: Data<Catalog>,
    accounts: Data<PaymentAccounts>,
    identity: Identity,
    key: IdempotencyKey,
    id: Path<Uuid>,
    body: Json<NewPaymentAccount>,
) -> Result<HttpResponse, ApiError> {
    house(&catalog, &identity, *id).await?;
    let Json { value: new, hash } = body;
    let secrets = Secrets { key_id: new.key_id, secret_key: new.secret_key, webhook_secret: new.webhook_secret };
    check(new.provider, &secrets, &new.methods)?;
    let key = key.of(identity.caller())?;
    let account = key.as_ref().map_or_else(ids::new_id, |key| key.id(&format!("payment-accounts:{id}")));
    let sealed = accounts.seal(account, &secrets).map_err(|error| ApiError::fault(&error))?;
    let fields = Fields {
        name: new.name.trim(),
        secrets: &secrets,
        sealed: &sealed,
        methods: &new.methods,
        enabled: new.enabled,
        position: new.position,
    };
    let request = Once { key: key.as_ref(), route: "POST /admin/organizers/payment-accounts", hash };
    once(accounts.db(), request, StatusCode::CREATED, async |transaction| {
        if accounts.count(transaction, *id).await? >= ACCOUNTS_MAX {
            let detail = format!("A house has at most {ACCOUNTS_MAX} payment accounts; put one away first.");
            return Err(ApiError::new(Code::WrongState, detail));
        }
        accounts.insert(transaction, *id, (account, new.provider), &fields).await?;
        let entry = identity.did("payment_account.made").of(*id).on("payment_account", account);
        audit::record(transaction, entry.with("provider", new.provider.word())).await?;
        accounts.read(transaction, *id, account).await?.ok_or_else(missing)
    })
    .await
}

/// One account.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), ("account" = Uuid, Path)),
    responses((status = 200, body = PaymentAccount)),
    security(("session" = []), ("bearer" = []))
)]
#[get("/admin/organizers/{id}/payment-accounts/{account}")]
async fn admin_read_payment_account(
    catalog: Data<Catalog>,
    accounts: Data<PaymentAccounts>,
    identity: Identity,
    path: Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, ApiError> {
    let (id, account) = path.into_inner();
    house(&catalog, &identity, id).await?;
    let found = accounts.one(id, account).await?.ok_or_else(missing)?;
    Ok(shown(&found, found.version))
}

/// Changes an account: what is left out stays. A new key is used from the next question on, by every process.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), ("account" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    request_body = ChangePaymentAccount,
    responses((status = 200, body = PaymentAccount)),
    security(("session" = []), ("bearer" = []))
)]
#[patch("/admin/organizers/{id}/payment-accounts/{account}")]
async fn admin_change_payment_account(
    catalog: Data<Catalog>,
    accounts: Data<PaymentAccounts>,
    identity: Identity,
    path: Path<(Uuid, Uuid)>,
    seen: IfMatch,
    body: Json<ChangePaymentAccount>,
) -> Result<HttpResponse, ApiError> {
    let (id, account) = path.into_inner();
    house(&catalog, &identity, id).await?;
    let found = accounts.one(id, account).await?.ok_or_else(missing)?;
    seen.check(found.version)?;
    if found.archived_at.is_some() {
        return Err(ApiError::new(Code::WrongState, "The payment account is put away."));
    }
    let Json { value: change, hash } = body;
    let request = Once { key: None, route: "PATCH /admin/organizers/payment-accounts", hash };
    once(accounts.db(), request, StatusCode::OK, async |transaction| {
        changed(&accounts, transaction, &found, &change).await?;
        let keys = change.secret_key.is_some() || change.key_id.is_some() || change.webhook_secret.is_some();
        let entry = identity.did("payment_account.changed").of(id).on("payment_account", account);
        audit::record(transaction, entry.with("version", found.version).with("keys", keys)).await?;
        accounts.read(transaction, id, account).await?.ok_or_else(missing)
    })
    .await
}

async fn changed(
    accounts: &PaymentAccounts,
    transaction: &mut PgConnection,
    found: &PaymentAccount,
    change: &ChangePaymentAccount,
) -> Result<(), ApiError> {
    let fault = |error: &(dyn std::error::Error + 'static)| ApiError::fault(error);
    let sealed = accounts.sealed(transaction, found.id).await?.ok_or_else(missing)?;
    let mut secrets = accounts.open(found.id, &sealed).map_err(|error| fault(&error))?;
    if change.key_id.is_some() && change.secret_key.is_none() {
        return Err(ApiError::field("secret_key", "belongs to a new key id"));
    }
    if let Some(secret_key) = &change.secret_key {
        secrets.secret_key.clone_from(secret_key);
    }
    if change.key_id.is_some() {
        secrets.key_id.clone_from(&change.key_id);
    }
    if change.webhook_secret.is_some() {
        secrets.webhook_secret.clone_from(&change.webhook_secret);
    }
    let methods = change.methods.as_deref().unwrap_or(&found.methods);
    check(found.provider, &secrets, methods)?;
    let sealed = accounts.seal(found.id, &secrets).map_err(|error| fault(&error))?;
    let fields = Fields {
        name: change.name.as_deref().unwrap_or(&found.name).trim(),
        secrets: &secrets,
        sealed: &sealed,
        methods,
        enabled: change.enabled.unwrap_or(found.enabled),
        position: change.position.unwrap_or(found.position),
    };
    if accounts.update(transaction, (found.id, found.version), &fields).await? {
        Ok(())
    } else {
        Err(ApiError::plain(Code::EditConflict))
    }
}

/// Puts an account away: nothing new is paid by it. What was paid by it can still be collected and given back. Once more
/// changes nothing.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), ("account" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204)),
    security(("session" = []), ("bearer" = []))
)]
#[delete("/admin/organizers/{id}/payment-accounts/{account}")]
async fn admin_archive_payment_account(
    catalog: Data<Catalog>,
    accounts: Data<PaymentAccounts>,
    identity: Identity,
    path: Path<(Uuid, Uuid)>,
    seen: IfMatch,
) -> Result<HttpResponse, ApiError> {
    let (id, account) = path.into_inner();
    house(&catalog, &identity, id).await?;
    let found = accounts.one(id, account).await?.ok_or_else(missing)?;
    seen.check(found.version)?;
    let mut transaction = accounts.db().begin().await.map_err(DbFault)?;
    if accounts.archive(&mut transaction, account).await? {
        let entry = identity.did("payment_account.archived").of(id).on("payment_account", account);
        audit::record(&mut transaction, entry).await?;
    }
    transaction.commit().await.map_err(DbFault)?;
    Ok(gone())
}

/// Asks the provider something harmless with the account's keys, and says what came of it.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), ("account" = Uuid, Path)),
    responses((status = 200, body = KeyTest)),
    security(("session" = []), ("bearer" = []))
)]
#[post("/admin/organizers/{id}/payment-accounts/{account}/test")]
async fn admin_test_payment_account(
    catalog: Data<Catalog>,
    accounts: Data<PaymentAccounts>,
    gateways: Data<Gateways>,
    clock: Data<Clock>,
    identity: Identity,
    path: Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, ApiError> {
    let (id, account) = path.into_inner();
    house(&catalog, &identity, id).await?;
    let found = accounts.one(id, account).await?.ok_or_else(missing)?;
    let (outcome, detail) = match gateways.find(found.provider.word(), &account.to_string()).await {
        Ok(Some(gateway)) => match gateway.try_keys().await {
            Ok(detail) => (Tested::Works, detail),
            Err(GatewayError::Declined { reason } | GatewayError::Refused { reason }) => (Tested::Refused, reason),
            Err(error @ GatewayError::Unknown { .. }) => {
                tracing::info!(account = %account, error = crate::http::error::chain(&error), "A test of keys was not answered");
                (Tested::Unanswered, "The provider did not answer, or not so that it can be understood.".to_owned())
            }
        },
        Ok(None) => return Err(missing()),
        Err(NoGateway::Database(fault)) => return Err(fault.into()),
        Err(error @ (NoGateway::Sealed { .. } | NoGateway::Client { .. })) => return Err(ApiError::fault(&error)),
    };
    let test = KeyTest { outcome, detail, at: time::from_core(clock.now()) };
    let mut transaction = accounts.db().begin().await.map_err(DbFault)?;
    accounts.note_test(&mut transaction, account, &test).await?;
    let entry = identity.did("payment_account.tested").of(id).on("payment_account", account);
    audit::record(&mut transaction, entry.with("works", outcome == Tested::Works)).await?;
    transaction.commit().await.map_err(DbFault)?;
    Ok(seen(&test))
}

/// The addresses.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(admin_list_payment_accounts)
        .service(admin_make_payment_account)
        .service(admin_read_payment_account)
        .service(admin_change_payment_account)
        .service(admin_archive_payment_account)
        .service(admin_test_payment_account);
}
