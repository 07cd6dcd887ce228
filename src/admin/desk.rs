//! What all the desks of the back office share: whose records a list has, and how answers leave.

use actix_web::HttpResponse;
use actix_web::http::header;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use uuid::Uuid;

use crate::accounts::{Identity, Role};
use crate::catalog::Records;
use crate::http::caching::PRIVATE;
use crate::http::extract::Page;
use crate::http::{ApiError, Listing};

/// Which records.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// Of this organiser; without it, of all that the caller has a part in.
    organizer_id: Option<Uuid>,
    /// Also what is put away.
    archived: Option<bool>,
}

impl ListQuery {
    pub(super) fn records(&self, identity: &Identity, listing: &Listing) -> Result<Records, ApiError> {
        identity.must_be_staff(Role::Scanner)?;
        let of = match self.organizer_id {
            Some(organizer) => {
                identity.must(Role::Scanner, organizer, "organizer")?;
                Some(vec![organizer])
            }
            None => identity.sees(Role::Scanner),
        };
        let limit = listing.limit()? + 1;
        Ok(Records { of, archived: self.archived.unwrap_or(false), limit, after: listing.after()? })
    }
}

/// A page of records.
pub(super) fn listed<T: Serialize>(page: Page<T>) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, PRIVATE)).json(page)
}

/// What is this organiser's own business, and no list.
pub(super) fn told<T: Serialize>(body: &T) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, PRIVATE)).json(body)
}

/// A record, with its version for `If-Match`.
pub(super) fn shown<T: Serialize>(record: &T, version: i32) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, PRIVATE))
        .insert_header((header::ETAG, format!("\"{version}\"")))
        .json(record)
}

/// Something that has no version of its own.
pub(super) fn seen<T: Serialize>(thing: &T) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, PRIVATE)).json(thing)
}

/// Done, and nothing to show.
pub(super) fn gone() -> HttpResponse {
    HttpResponse::NoContent().insert_header((header::CACHE_CONTROL, PRIVATE)).finish()
}
