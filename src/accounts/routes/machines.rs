//! `/admin/api-keys`, `/admin/devices`: machines of a house; and `/machine`, by which a machine learns what it is.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpResponse, delete, get, post};
use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::accounts::machine::{Kind, Machine, Scope};
use crate::accounts::store::machines::{
    MachineRecord, MachinesWanted, NewMachine, insert_machine, read_machines, revoke_machine,
};
use crate::accounts::{Accounts, Identity, Role};
use crate::http::caching::PRIVATE;
use crate::http::extract::Page;
use crate::http::{ApiError, IdempotencyKey, Json, Listing, Once, once};
use crate::platform::audit::{self, Severity};
use crate::platform::db::DbFault;
use crate::platform::ids;

/// A key to be made.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// Whose it is.
    #[garde(skip)]
    organizer_id: Uuid,
    /// Its name: which shop uses it.
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200, example = "The town's ticket shop")]
    name: String,
    /// What it may do.
    #[garde(length(min = 1, max = 8))]
    #[schema(min_items = 1, max_items = 8)]
    scopes: Vec<Scope>,
    /// When it ends by itself; without it, when it is revoked.
    #[garde(skip)]
    #[schema(value_type = Option<String>, format = DateTime, nullable = false)]
    expires_at: Option<Timestamp>,
}

/// A scanner to be let in.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDevice {
    /// Whose it is.
    #[garde(skip)]
    organizer_id: Uuid,
    /// Its name: which door, or who carries it.
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200, example = "Main door")]
    name: String,
    /// Only at this show.
    #[garde(skip)]
    #[schema(nullable = false)]
    show_id: Option<Uuid>,
    /// When it ends by itself; without it, when it is revoked.
    #[garde(skip)]
    #[schema(value_type = Option<String>, format = DateTime, nullable = false)]
    expires_at: Option<Timestamp>,
}

/// A key that was just made.
#[derive(Serialize, ToSchema)]
pub struct MadeKey {
    /// What is kept of it.
    #[serde(flatten)]
    record: MachineRecord,
    /// The key itself. Only in this answer; a repeated request gets none, because nothing that makes it is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    key: Option<String>,
}

/// A device that was just let in.
#[derive(Serialize, ToSchema)]
pub struct MadeDevice {
    /// What is kept of it.
    #[serde(flatten)]
    record: MachineRecord,
    /// Its token. Only in this answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    token: Option<String>,
}

/// Which machines.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Of this organiser; without it, of all that the caller runs.
    organizer_id: Option<Uuid>,
}

/// What a machine is.
#[derive(Serialize, ToSchema)]
pub struct MachineJson {
    /// Its id.
    id: Uuid,
    /// Its kind.
    kind: Kind,
    /// In whose house.
    organizer_id: Uuid,
    /// Only at this show.
    show_id: Option<Uuid>,
    /// What it may do.
    scopes: Vec<Scope>,
}

async fn list(
    accounts: &Accounts,
    identity: &Identity,
    wanted: &Wanted,
    listing: &Listing,
    kind: Kind,
) -> Result<HttpResponse, ApiError> {
    let of = match wanted.organizer_id {
        Some(organizer) => {
            identity.must(Role::Organizer, organizer, "organizer")?;
            Some(vec![organizer])
        }
        None => identity.sees(Role::Organizer),
    };
    let limit = listing.limit()?;
    let wanted = MachinesWanted { id: None, kind, of, after: listing.after()?, limit: limit + 1 };
    let page = Page::cut(accounts.machines(&wanted).await?, limit, |one| (one.created_at, one.id));
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, PRIVATE)).json(page))
}

/// Makes it, and gives what it shows beside its record; what is shown is not kept with the answer of the idempotency key.
async fn make<T: Serialize>(
    accounts: &Accounts,
    identity: &Identity,
    key: IdempotencyKey,
    hash: u64,
    mut new: NewMachine,
    route: &'static str,
    shown: impl FnOnce(MachineRecord, Option<String>) -> T,
) -> Result<HttpResponse, ApiError> {
    identity.must(Role::Organizer, new.organizer, "organizer")?;
    if !accounts.has_organizer(new.organizer).await? {
        return Err(ApiError::not_found("organizer"));
    }
    if let Some(show) = new.show
        && !accounts.has_show(new.organizer, show).await?
    {
        return Err(ApiError::field("show_id", "there is no such show in this house"));
    }
    let key = key.of(identity.caller())?;
    new.id = key.as_ref().map_or_else(ids::new_id, |key| key.id(route));
    let request = Once { key: key.as_ref(), route, hash };
    let mut made = None;
    let answer = once(accounts.pool(), request, StatusCode::CREATED, async |transaction| {
        let token = insert_machine(transaction, &new).await?;
        let action = match new.kind {
            Kind::Key => "key.made",
            Kind::Device => "device.made",
        };
        let entry = identity.did(action).of(new.organizer).on(new.kind.name(), new.id);
        audit::security(transaction, Severity::Notice, entry).await?;
        let wanted = MachinesWanted { id: Some(new.id), kind: new.kind, of: None, after: None, limit: 1 };
        let record = read_machines(transaction, &wanted).await?.pop().ok_or_else(|| ApiError::not_found("machine"))?;
        made = Some((record.clone(), token));
        Ok(record)
    })
    .await?;
    Ok(match made {
        Some((record, token)) => {
            HttpResponse::Created().insert_header((header::CACHE_CONTROL, "no-store")).json(shown(record, Some(token)))
        }
        None => answer,
    })
}

async fn revoke(accounts: &Accounts, identity: &Identity, id: Uuid, kind: Kind) -> Result<HttpResponse, ApiError> {
    let what = match kind {
        Kind::Key => "key",
        Kind::Device => "device",
    };
    let mut transaction = accounts.pool().begin().await.map_err(DbFault)?;
    let wanted = MachinesWanted { id: Some(id), kind, of: None, after: None, limit: 1 };
    let found = read_machines(&mut transaction, &wanted).await?.pop().ok_or_else(|| ApiError::not_found(what))?;
    identity.must(Role::Organizer, found.organizer_id, what)?;
    if revoke_machine(&mut transaction, id).await? {
        let action = match kind {
            Kind::Key => "key.revoked",
            Kind::Device => "device.revoked",
        };
        let entry = identity.did(action).of(found.organizer_id).on(kind.name(), id);
        audit::security(&mut transaction, Severity::Notice, entry).await?;
    }
    transaction.commit().await.map_err(DbFault)?;
    Ok(HttpResponse::NoContent().insert_header((header::CACHE_CONTROL, PRIVATE)).finish())
}

/// The API keys of a house, also revoked ones. What they show is not among it.
#[utoipa::path(tag = "machines", params(Wanted, Listing), responses((status = 200, body = Page<MachineRecord>)))]
#[get("/admin/api-keys")]
async fn list_keys(
    accounts: Data<Accounts>,
    identity: Identity,
    wanted: Query<Wanted>,
    listing: Query<Listing>,
) -> Result<HttpResponse, ApiError> {
    list(&accounts, &identity, &wanted, &listing, Kind::Key).await
}

/// Makes an API key. It is shown once.
#[utoipa::path(tag = "machines", params(("Idempotency-Key" = Option<String>, Header)), request_body = NewKey,
    responses((status = 201, body = MadeKey)))]
#[post("/admin/api-keys")]
async fn make_key(
    accounts: Data<Accounts>,
    identity: Identity,
    key: IdempotencyKey,
    body: Json<NewKey>,
) -> Result<HttpResponse, ApiError> {
    let Json { value, hash } = body;
    let mut scopes = value.scopes;
    scopes.sort_unstable();
    scopes.dedup();
    if scopes.contains(&Scope::CheckIn) {
        return Err(ApiError::field("scopes", "check_in is for devices"));
    }
    let (organizer, expires_at) = (value.organizer_id, value.expires_at);
    let new = NewMachine {
        id: Uuid::nil(),
        kind: Kind::Key,
        organizer,
        name: value.name,
        scopes,
        show: None,
        expires_at,
        made_by: identity.user,
    };
    let shown = |record, key| MadeKey { record, key };
    make(&accounts, &identity, key, hash, new, "POST /admin/api-keys", shown).await
}

/// Revokes an API key: from now on it proves nothing. Once more changes nothing.
#[utoipa::path(tag = "machines", params(("id" = Uuid, Path)), responses((status = 204)))]
#[delete("/admin/api-keys/{id}")]
async fn revoke_key(accounts: Data<Accounts>, identity: Identity, id: Path<Uuid>) -> Result<HttpResponse, ApiError> {
    revoke(&accounts, &identity, *id, Kind::Key).await
}

/// The scanners of a house, also revoked ones.
#[utoipa::path(tag = "machines", params(Wanted, Listing), responses((status = 200, body = Page<MachineRecord>)))]
#[get("/admin/devices")]
async fn list_devices(
    accounts: Data<Accounts>,
    identity: Identity,
    wanted: Query<Wanted>,
    listing: Query<Listing>,
) -> Result<HttpResponse, ApiError> {
    list(&accounts, &identity, &wanted, &listing, Kind::Device).await
}

/// Lets a scanner in. Its token is shown once.
#[utoipa::path(tag = "machines", params(("Idempotency-Key" = Option<String>, Header)), request_body = NewDevice,
    responses((status = 201, body = MadeDevice)))]
#[post("/admin/devices")]
async fn make_device(
    accounts: Data<Accounts>,
    identity: Identity,
    key: IdempotencyKey,
    body: Json<NewDevice>,
) -> Result<HttpResponse, ApiError> {
    let Json { value, hash } = body;
    let new = NewMachine {
        id: Uuid::nil(),
        kind: Kind::Device,
        organizer: value.organizer_id,
        name: value.name,
        scopes: vec![Scope::CheckIn],
        show: value.show_id,
        expires_at: value.expires_at,
        made_by: identity.user,
    };
    let shown = |record, token| MadeDevice { record, token };
    make(&accounts, &identity, key, hash, new, "POST /admin/devices", shown).await
}

/// Revokes a scanner: from now on its token proves nothing.
#[utoipa::path(tag = "machines", params(("id" = Uuid, Path)), responses((status = 204)))]
#[delete("/admin/devices/{id}")]
async fn revoke_device(accounts: Data<Accounts>, identity: Identity, id: Path<Uuid>) -> Result<HttpResponse, ApiError> {
    revoke(&accounts, &identity, *id, Kind::Device).await
}

/// What the machine that asks is and may do.
#[utoipa::path(tag = "machines", responses((status = 200, body = MachineJson)))]
#[get("/machine")]
async fn this_machine(machine: Machine) -> HttpResponse {
    let Machine { id, kind, organizer, show, scopes } = machine;
    let body = MachineJson { id, kind, organizer_id: organizer, show_id: show, scopes };
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, PRIVATE)).json(body)
}

/// The addresses.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(list_keys)
        .service(make_key)
        .service(revoke_key)
        .service(list_devices)
        .service(make_device)
        .service(revoke_device)
        .service(this_machine);
}
