//! `GET /healthz`, `GET /readyz`, `GET /metrics`: for whoever watches the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::{HttpResponse, web};
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;

use crate::platform::db::{self, Db};

/// Whether this process wants more requests; set to false when it begins to stop, so that a load balancer looks elsewhere.
#[derive(Clone, Debug)]
pub struct Readiness(Arc<AtomicBool>);

impl Default for Readiness {
    fn default() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }
}

impl Readiness {
    /// From now on, not ready.
    pub fn stop(&self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

#[derive(Serialize)]
struct Ready {
    ready: bool,
    database: &'static str,
    journal: &'static str,
}

async fn alive() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(("cache-control", "no-store"))
        .content_type("text/plain; charset=utf-8")
        .body("alive\n")
}

async fn ready(
    db: web::Data<Db>,
    readiness: web::Data<Readiness>,
    clock: web::Data<aisle_actors::Clock>,
) -> HttpResponse {
    let database = db::answers(&db).await;
    let journal = clock.lease_live();
    let ready = readiness.0.load(Ordering::Relaxed) && database && journal;
    let word = |fine| if fine { "ok" } else { "unavailable" };
    let mut response = if ready { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    response.insert_header(("cache-control", "no-store")).json(Ready {
        ready,
        database: word(database),
        journal: word(journal),
    })
}

async fn metrics(handle: web::Data<PrometheusHandle>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(("cache-control", "no-store"))
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(handle.render())
}

/// Adds the three addresses.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/healthz", web::get().to(alive))
        .route("/readyz", web::get().to(ready))
        .route("/metrics", web::get().to(metrics));
}
