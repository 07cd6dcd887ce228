//! What the house does with the state of a show that stands.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, post};
use aisle_actors::core::{Command, ShowId, StateChange};
use aisle_actors::{ShowHandle, Shows};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::rules::bring_in_line;
use super::shows::{missing, must_be_priced, show_for};
use crate::accounts::{Identity, Role};
use crate::catalog::{Catalog, Show, prices, shows, stands};
use crate::http::rejection::{asked, unasked};
use crate::http::{ApiError, Code, IdempotencyKey, Json, Once, once};
use crate::platform::{audit, ids};

/// What to do with a show.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Put it on sale within its times; every category of its plan must have a price.
    Publish,
    /// Stop the sale for a while; open holds keep their remaining time.
    Pause,
    /// Go on after a pause.
    Resume,
    /// It will not take place.
    Cancel,
    /// It has another date: no sale until it is published again.
    Move,
    /// It has taken place.
    End,
}

impl Action {
    /// What the audit log calls it.
    fn done(self) -> &'static str {
        match self {
            Self::Publish => "show.published",
            Self::Pause => "show.paused",
            Self::Resume => "show.resumed",
            Self::Cancel => "show.cancelled",
            Self::Move => "show.moved",
            Self::End => "show.ended",
        }
    }
}

/// A change of a show's state.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeState {
    #[garde(skip)]
    action: Action,
    /// Why, for the house's own record.
    #[garde(inner(length(chars, max = 1000)))]
    #[serde(default)]
    #[schema(max_length = 1000)]
    reason: Option<String>,
    /// What the public is told.
    #[garde(inner(length(chars, max = 1000)))]
    #[serde(default)]
    #[schema(max_length = 1000)]
    public_message: Option<String>,
}

impl ChangeState {
    fn into_change(self) -> StateChange {
        let (reason, public_message) = (self.reason.unwrap_or_default(), self.public_message);
        match self.action {
            Action::Publish => StateChange::Publish,
            Action::Pause => StateChange::Pause { reason, public_message },
            Action::Resume => StateChange::Resume,
            Action::Cancel => StateChange::Cancel { reason, public_message },
            Action::Move => StateChange::Move { reason, public_message },
            Action::End => StateChange::End,
        }
    }
}

/// A show, awake.
pub(super) async fn handle(all: &Shows, id: Uuid) -> Result<ShowHandle, ApiError> {
    all.get(ShowId(id)).await.map_err(|error| unasked(&error))
}

/// Publishes, pauses, resumes, cancels, moves or ends a show.
#[utoipa::path(
    tag = "back office",
    params(("id" = Uuid, Path)),
    request_body = ChangeState,
    responses((status = 200, body = Show)),
    security(("session" = []), ("bearer" = []))
)]
#[post("/admin/shows/{id}/state")]
async fn admin_change_state(
    catalog: Data<Catalog>,
    all: Data<Shows>,
    identity: Identity,
    key: IdempotencyKey,
    id: Path<Uuid>,
    body: Json<ChangeState>,
) -> Result<HttpResponse, ApiError> {
    let show = show_for(&catalog, &identity, Role::Organizer, *id).await?;
    if show.archived_at.is_some() {
        return Err(ApiError::new(Code::WrongState, "The show is archived."));
    }
    let Json { value, hash } = body;
    let key = key.of(identity.caller())?;
    let request = Once { key: key.as_ref(), route: "POST /admin/shows/state", hash: hash ^ show_hash(*id) };
    if matches!(value.action, Action::Publish) {
        bring_in_line(&catalog, &all, *id).await?;
    }
    once(catalog.db(), request, StatusCode::OK, async |transaction| {
        let done = value.action.done();
        audit::record(transaction, identity.did(done).of(show.organizer_id).on("show", *id)).await?;
        if matches!(value.action, Action::Publish) {
            must_be_priced(prices::unpriced(transaction, *id).await?)?;
        }
        let running = handle(&all, *id).await?;
        let change = Command::Change(value.into_change());
        running.ask(change).await.map_err(|error| asked(error, running.plan()))?;
        let facts = running.facts().await.map_err(|error| asked(error, running.plan()))?;
        shows::note(transaction, *id, &stands(&facts)).await?;
        shows::read(transaction, *id).await?.ok_or_else(missing)
    })
    .await
}

/// One key is one request of one show: the address is part of what it asks.
pub(super) fn show_hash(id: Uuid) -> u64 {
    ids::request_hash(id.as_bytes())
}

/// The addresses.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(admin_change_state);
}
