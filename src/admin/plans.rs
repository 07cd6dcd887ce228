//! `/admin/plans`: seat plans. The body of an import is the open seating-plan JSON itself, with what else there is to say in
//! the query, so that a file can be sent as it is; or an object that has it as `plan`, beside what else there is to say.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Bytes, Data, Path, Payload, Query};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, delete, get, patch, post};
use garde::Validate as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::desk::{ListQuery, gone, listed, shown};
use crate::accounts::{Identity, Role};
use crate::catalog::plan::{PlanDocument, PlanProblems};
use crate::catalog::{Catalog, NewVersion, PlanInput, PlanRecord, PlanVersion, plans};
use crate::http::extract::{self, Page};
use crate::http::{ApiError, Code, FieldProblem, IdempotencyKey, IfMatch, Json, Listing, Once, Patch, caching, once};
use crate::platform::{audit, ids};

/// How many bytes an imported plan may have.
#[derive(Clone, Copy, Debug)]
pub struct PlanBytesMax(pub usize);

fn missing() -> ApiError {
    ApiError::not_found("plan")
}

fn wrong(problems: PlanProblems, within: &str) -> ApiError {
    let path = |field: String| match (within, field.as_str()) {
        ("", _) => field,
        (_, "") => within.to_owned(),
        (_, _) => format!("{within}.{field}"),
    };
    let mut errors: Vec<FieldProblem> = problems
        .problems
        .into_iter()
        .map(|one| FieldProblem { field: path(one.field), message: one.message })
        .collect();
    if problems.more > 0 {
        errors.push(FieldProblem { field: String::new(), message: format!("and {} more problems", problems.more) });
    }
    ApiError::fields(errors)
}

/// A plan and all its versions.
#[derive(Serialize, ToSchema)]
pub struct PlanPage {
    #[serde(flatten)]
    plan: PlanRecord,
    /// The names of the newest version's categories; a price table has a level for each.
    categories: Vec<String>,
    /// Newest first.
    versions: Vec<PlanVersion>,
}

/// Plans that the caller has a part in.
#[utoipa::path(
    tag = "back office",
    params(ListQuery, Listing),
    responses((status = 200, body = Page<PlanRecord>)),
    security(("session" = []), ("bearer" = []))
)]
#[get("/admin/plans")]
async fn admin_list_plans(
    catalog: Data<Catalog>,
    identity: Identity,
    query: Query<ListQuery>,
    listing: Query<Listing>,
) -> Result<HttpResponse, ApiError> {
    let records = query.records(&identity, &listing)?;
    let found = catalog.plans(&records).await?;
    Ok(listed(Page::cut(found, records.limit - 1, |plan| (plan.created_at, plan.id))))
}

/// What the document does not say.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Import {
    /// Whose plan it is; for a new plan.
    organizer_id: Option<Uuid>,
    /// Makes a new version of this plan instead of a new plan.
    plan_id: Option<Uuid>,
    /// What the house calls it; the document's own name unless told.
    #[param(min_length = 1, max_length = 200)]
    name: Option<String>,
    /// The venue that it is of.
    venue_id: Option<Uuid>,
}

/// A body that has the plan within it.
#[derive(Deserialize)]
struct Wrapped {
    #[serde(flatten)]
    import: Import,
    plan: Value,
}

/// What was sent: the document as it is kept, and as it was understood.
struct Sent {
    import: Import,
    json: Bytes,
    document: PlanDocument,
}

fn understood(query: Import, body: Bytes) -> Result<Sent, ApiError> {
    /// A plan has no such field, and what has it is no plan.
    #[derive(Deserialize)]
    struct Peek {
        plan: Option<serde::de::IgnoredAny>,
    }
    let wrapped = serde_json::from_slice::<Peek>(&body).is_ok_and(|peek| peek.plan.is_some());
    if !wrapped {
        let document = PlanDocument::parse(&body).map_err(|problems| wrong(problems, ""))?;
        return Ok(Sent { import: query, json: body, document });
    }
    let Wrapped { import, plan } =
        serde_json::from_slice(&body).map_err(|error| ApiError::field("", error.to_string()))?;
    let json = Bytes::from(plan.to_string());
    let document = PlanDocument::parse(&json).map_err(|problems| wrong(problems, "plan"))?;
    Ok(Sent { import, json, document })
}

/// Imports a plan, or a new version of one. Shows that stand keep the version that they have.
#[utoipa::path(
    tag = "back office",
    params(Import),
    request_body(content = Object, content_type = "application/json"),
    responses((status = 201, body = PlanRecord)),
    security(("session" = []), ("bearer" = []))
)]
#[post("/admin/plans")]
#[allow(clippy::too_many_arguments, reason = "each is something else that the request says")]
async fn admin_import_plan(
    catalog: Data<Catalog>,
    limit: Data<PlanBytesMax>,
    identity: Identity,
    key: IdempotencyKey,
    query: Query<Import>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    identity.must_be_staff(Role::Organizer)?;
    if !request.content_type().eq_ignore_ascii_case("application/json") {
        return Err(ApiError::new(Code::UnsupportedMediaType, "Send the body as application/json."));
    }
    let declared = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let body = Bytes::from(extract::read(payload.into_inner(), declared, limit.0).await?);
    let hash = ids::request_hash(&body) ^ ids::request_hash(request.query_string().as_bytes());
    // A stadium takes a while to read; the thread goes on serving others.
    let query = query.into_inner();
    let Sent { import, json, document } =
        actix_web::web::block(move || understood(query, body)).await.map_err(|error| ApiError::fault(&error))??;
    let json = std::str::from_utf8(&json).map_err(|_| ApiError::field("", "is not UTF-8"))?;
    let key = key.of(identity.caller())?;
    let (id, organizer, new) = match import.plan_id {
        Some(id) => {
            let plan = catalog.plan(id).await?.filter(|plan| plan.archived_at.is_none()).ok_or_else(missing)?;
            identity.must(Role::Organizer, plan.organizer_id, "plan")?;
            (id, plan.organizer_id, None)
        }
        None => {
            let (organizer, fields) = new_plan(&catalog, &identity, import, &document).await?;
            (key.as_ref().map_or_else(ids::new_id, |key| key.id("plans")), organizer, Some(fields))
        }
    };
    let request = Once { key: key.as_ref(), route: "POST /admin/plans", hash };
    once(catalog.db(), request, StatusCode::CREATED, async |transaction| {
        if let Some(fields) = &new {
            plans::insert(transaction, id, organizer, fields).await?;
        }
        plans::import(transaction, NewVersion { plan: id, document: &document, json }).await?;
        audit::record(transaction, identity.did("plan.imported").of(organizer).on("plan", id)).await?;
        plans::read(transaction, id).await?.ok_or_else(missing)
    })
    .await
}

async fn new_plan(
    catalog: &Catalog,
    identity: &Identity,
    import: Import,
    document: &PlanDocument,
) -> Result<(Uuid, PlanInput), ApiError> {
    let organizer = import.organizer_id.ok_or_else(|| ApiError::field("organizer_id", "is needed for a new plan"))?;
    if !identity.may(Role::Organizer, organizer) || catalog.organizer(organizer).await?.is_none() {
        return Err(ApiError::field("organizer_id", "is not an organizer of yours"));
    }
    let name = import.name.unwrap_or_else(|| document.document().name.chars().take(200).collect());
    let fields = PlanInput { name, venue_id: import.venue_id };
    fields.validate().map_err(|_| ApiError::field("name", "must have 1 to 200 characters"))?;
    Ok((organizer, fields))
}

/// A plan and its versions.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = PlanPage)),
    security(("session" = []), ("bearer" = []))
)]
#[get("/admin/plans/{id}")]
async fn admin_read_plan(catalog: Data<Catalog>, identity: Identity, id: Path<Uuid>) -> Result<HttpResponse, ApiError> {
    let plan = catalog.plan(*id).await?.ok_or_else(missing)?;
    identity.must(Role::Scanner, plan.organizer_id, "plan")?;
    let (versions, version) = (catalog.plan_versions(*id).await?, plan.version);
    let categories = catalog.plan_categories(plan.newest.id).await?;
    Ok(shown(&PlanPage { plan, categories, versions }, version))
}

/// Which version.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DocumentQuery {
    /// The version's id; the newest unless told.
    v: Option<Uuid>,
}

/// A plan's document, as it was imported.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), DocumentQuery),
    responses((status = 200, body = Object)),
    security(("session" = []), ("bearer" = []))
)]
#[get("/admin/plans/{id}/document")]
async fn admin_read_plan_document(
    catalog: Data<Catalog>,
    identity: Identity,
    id: Path<Uuid>,
    query: Query<DocumentQuery>,
) -> Result<HttpResponse, ApiError> {
    let plan = catalog.plan(*id).await?.ok_or_else(missing)?;
    identity.must(Role::Scanner, plan.organizer_id, "plan")?;
    let version = query.v.unwrap_or(plan.newest.id);
    if !catalog.plan_versions(*id).await?.iter().any(|one| one.id == version) {
        return Err(missing());
    }
    let json = catalog.plan_json(version).await?.ok_or_else(missing)?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, caching::PRIVATE))
        .content_type("application/json")
        .body(json))
}

/// Changes a plan's name or venue: what is left out stays.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    request_body = Patch<PlanInput>,
    responses((status = 200, body = PlanRecord)),
    security(("session" = []), ("bearer" = []))
)]
#[patch("/admin/plans/{id}")]
async fn admin_change_plan(
    catalog: Data<Catalog>,
    identity: Identity,
    id: Path<Uuid>,
    seen: IfMatch,
    body: Json<Patch<PlanInput>>,
) -> Result<HttpResponse, ApiError> {
    let plan = catalog.plan(*id).await?.ok_or_else(missing)?;
    identity.must(Role::Organizer, plan.organizer_id, "plan")?;
    seen.check(plan.version)?;
    let fields = body.value.onto(&plan.fields)?;
    let request = Once { key: None, route: "PATCH /admin/plans", hash: body.hash };
    once(catalog.db(), request, StatusCode::OK, async |transaction| {
        plans::update(transaction, &plan, &fields).await?;
        let entry = identity.did("plan.changed").of(plan.organizer_id).on("plan", *id);
        audit::record(transaction, entry.with("version", plan.version)).await?;
        plans::read(transaction, *id).await?.ok_or_else(missing)
    })
    .await
}

/// Puts a plan away; once more changes nothing.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204)),
    security(("session" = []), ("bearer" = []))
)]
#[delete("/admin/plans/{id}")]
async fn admin_archive_plan(
    catalog: Data<Catalog>,
    identity: Identity,
    id: Path<Uuid>,
    seen: IfMatch,
) -> Result<HttpResponse, ApiError> {
    let plan = catalog.plan(*id).await?.ok_or_else(missing)?;
    identity.must(Role::Organizer, plan.organizer_id, "plan")?;
    seen.check(plan.version)?;
    let entry = identity.did("plan.archived").of(plan.organizer_id).on("plan", *id);
    catalog.archive(entry, |transaction| Box::pin(plans::archive(transaction, *id))).await?;
    Ok(gone())
}

/// The addresses.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(admin_list_plans)
        .service(admin_import_plan)
        .service(admin_read_plan)
        .service(admin_read_plan_document)
        .service(admin_change_plan)
        .service(admin_archive_plan);
}
