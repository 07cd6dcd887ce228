//! The website, out of the binary. Its files are named by their content, so they are cached for ever; `index.html` never is.

use actix_web::http::header;
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};
use rust_embed::Embed;

use super::error::{ApiError, Code};

#[derive(Embed)]
#[folder = "frontend/dist"]
#[allow_missing = true]
struct Website;

/// Everything that no route knows: a file of the website, its front page for addresses that it routes itself, or a problem.
pub async fn website(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let path = request.path();
    if path.starts_with("/api/") || path == "/api" {
        return Err(ApiError::new(Code::NotFound, "There is no such address; see /api/docs."));
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(ApiError::plain(Code::MethodNotAllowed));
    }
    let name = path.trim_start_matches('/');
    if let Some(file) = Website::get(name).filter(|_| !name.is_empty() && name != "index.html") {
        let forever = name.starts_with("assets/");
        return Ok(answer(&request, &file, forever));
    }
    // An address with a dot names a file that isn't there; anything else is the page's own business.
    if name.rsplit('/').next().is_some_and(|last| last.contains('.')) {
        return Err(ApiError::not_found("file"));
    }
    match Website::get("index.html") {
        Some(file) => Ok(answer(&request, &file, false)),
        None => Ok(HttpResponse::build(StatusCode::OK)
            .content_type("text/plain; charset=utf-8")
            .body("This server was built without its website. The API is at /api/docs; `make build` builds both.\n")),
    }
}

fn answer(request: &HttpRequest, file: &rust_embed::EmbeddedFile, forever: bool) -> HttpResponse {
    let tag = format!(
        "\"{}\"",
        file.metadata.sha256_hash().iter().take(12).map(|byte| format!("{byte:02x}")).collect::<String>()
    );
    let known = request.headers().get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let fresh = known.is_some_and(|known| known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag));
    let mut response = if fresh { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    let caching = if forever { "public, max-age=31536000, immutable" } else { "no-cache" };
    response
        .insert_header((header::ETAG, tag))
        .insert_header((header::CACHE_CONTROL, caching))
        .content_type(file.metadata.mimetype());
    if fresh { response.finish() } else { response.body(file.data.clone().into_owned()) }
}
