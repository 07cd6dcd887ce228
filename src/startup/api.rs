//! The HTTP server: every room's addresses below `/api/v1`, what watches the server, the docs page, the website.

use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App, HttpResponse, HttpServer, web};
use tokio::task::JoinHandle;
use tracing_actix_web::TracingLogger;
use utoipa::openapi::OpenApi;
use utoipa_actix_web::AppExt as _;
use utoipa_actix_web::service_config::ServiceConfig;
use utoipa_swagger_ui::{Config as DocsConfig, SwaggerUi};

use super::doors::{Doors, lead_over};
use super::{Parts, StartError, privacy};
use crate::accounts::links::Links;
use crate::accounts::members::Members;
use crate::accounts::{self, Accounts, Factors, LinkedAccounts, Passkeys, needs};
use crate::admin::{self, Mails, Office, PlanBytesMax, SiteFacts};
use crate::catalog::{self, Answers, Catalog};
use crate::demo;
use crate::demo::routes::Demo;
use crate::demo::rush::Rush;
use crate::holds;
use crate::http::access::Access;
use crate::http::client_address::Proxies;
use crate::http::extract::BodyLimit;
use crate::http::headers::{self, Wall};
use crate::http::limits;
use crate::http::visitors::Visitors;
use crate::http::{cors, extract, health, openapi, page};
use crate::notify::Mailbox;
use crate::tickets::{self, Tickets};
use crate::{orders, payments};

/// Every address below `/api/v1`, room by room.
fn rooms(config: &mut ServiceConfig) {
    config.configure(accounts::routes::routes);
    config.configure(catalog::routes::routes);
    config.configure(holds::routes);
    config.configure(tickets::routes::routes);
    config.configure(orders::routes::routes);
    config.configure(admin::routes);
    config.configure(demo::routes::routes);
}

/// The same rooms in another order: the router goes through its addresses one after the other, and what a rush asks for is not to
/// wait for a hundred others.
fn rooms_by_haste(config: &mut ServiceConfig) {
    config.configure(holds::routes);
    config.configure(orders::routes::routes);
    config.configure(catalog::routes::routes);
    config.configure(tickets::routes::routes);
    config.configure(accounts::routes::routes);
    config.configure(admin::routes);
    config.configure(demo::routes::routes);
}

/// What the handlers are given, room by room.
fn given(config: &mut web::ServiceConfig, parts: &Parts) {
    let db = &parts.http_db;
    let checkout = parts.checkout(db);
    config
        .app_data(BodyLimit(parts.config.body_bytes_max))
        .app_data(Proxies::from_config(&parts.config))
        .app_data(web::Data::new(Wall::from_config(&parts.config)))
        .app_data(web::Data::new(db.clone()))
        .app_data(web::Data::from(parts.keys.clone()))
        .app_data(web::Data::from(parts.clock.clone()))
        .app_data(web::Data::new(parts.shows.clone()))
        .app_data(web::Data::new(parts.metrics.clone()))
        .app_data(web::Data::new(parts.readiness.clone()))
        .app_data(web::Data::new(parts.sockets.clone()))
        .app_data(web::Data::new(parts.intents.clone()))
        .app_data(web::Data::from(parts.guesses.clone()))
        .app_data(web::Data::from(parts.hoards.clone()))
        .app_data(web::Data::from(parts.challenges.clone()))
        .app_data(web::Data::from(parts.notices.clone()))
        .app_data(web::Data::new(parts.passwords.clone()))
        .app_data(web::Data::new(Accounts::new(db.clone())))
        .app_data(web::Data::new(parts.sessions(db)))
        .app_data(web::Data::new(Links::new(db.clone(), parts.keys.clone())))
        .app_data(web::Data::new(Members::new(db.clone(), parts.keys.clone())))
        .app_data(web::Data::from(parts.limits.clone()))
        .app_data(web::Data::from(parts.throttle.clone()))
        .app_data(web::Data::new(Factors::new(db.clone(), parts.keys.clone())))
        .app_data(web::Data::new(Passkeys::new(db.clone())))
        .app_data(web::Data::new(LinkedAccounts::new(db.clone())))
        .app_data(web::Data::new(parts.relying_party.clone()))
        .app_data(web::Data::new(parts.houses.clone()))
        .app_data(web::Data::new(Catalog::new(db.clone())))
        .app_data(web::Data::new(parts.shelf.clone()))
        .app_data(web::Data::new(Tickets::new(db.clone())))
        .app_data(web::Data::new(Mailbox::new(db.clone())))
        .app_data(web::Data::new(parts.outbox.clone()))
        .app_data(web::Data::new(parts.sandbox.clone()))
        .app_data(web::Data::new(checkout.outside.gateways.clone()))
        .app_data(web::Data::new(parts.payment_accounts(db)))
        .app_data(web::Data::new(checkout))
        .app_data(web::Data::new(Office::new(db.clone())))
        .app_data(web::Data::new(privacy::people(&parts.config)))
        .app_data(web::Data::new(privacy::retention(&parts.config, db.clone())))
        .app_data(web::Data::new(PlanBytesMax(parts.config.plan_bytes_max)))
        .app_data(web::Data::new(SiteFacts {
            mail: if parts.config.smtp_url.is_some() { Mails::Smtp } else { Mails::Mailbox },
            providers: vec!["sandbox".to_owned()],
        }));
}

/// The OpenAPI document, without a server.
#[must_use]
pub fn openapi_document() -> OpenApi {
    let (_, mut document) =
        App::new().into_utoipa_app().service(utoipa_actix_web::scope(needs::ROOT).configure(rooms)).split_for_parts();
    openapi::finish(&mut document);
    needs::describe(&mut document);
    document
}

/// Serves at all doors, in threads of their own. The first handle is the main door's.
pub(super) fn serve(
    parts: &Parts,
    doors: Doors,
) -> Result<(Vec<ServerHandle>, JoinHandle<std::io::Result<()>>), StartError> {
    let document = openapi_document();
    let text = web::Bytes::from(document.to_json().unwrap_or_default());
    let own = parts.clone();
    let demo = web::Data::new(Demo(parts.config.demo.then(|| Rush::new(&parts.own_url))));
    let addr = parts.config.listen;
    let visitors = Arc::new(Visitors::from_config(&parts.config));
    let answers = web::Data::new(Answers::default());
    let server = HttpServer::new(move || {
        let text = text.clone();
        let demo = demo.clone();
        let rooms = utoipa_actix_web::scope(needs::ROOT)
            .configure(rooms_by_haste)
            .wrap(from_fn(catalog::forget_after_edits))
            .wrap(from_fn(accounts::guard))
            .wrap(from_fn(limits::limit));
        let (app, _) = App::new().into_utoipa_app().service(rooms).split_for_parts();
        app.configure(|config| given(config, &own))
            .app_data(demo)
            .app_data(answers.clone())
            .configure(extract::configure)
            .configure(health::routes)
            .configure(payments::routes::pages)
            .configure(orders::routes::pages)
            .configure(accounts::routes::well_known)
            .route(
                "/api/openapi.json",
                web::get().to(move || {
                    let text = text.clone();
                    async move {
                        HttpResponse::Ok()
                            .content_type("application/json")
                            .insert_header(("cache-control", "no-cache"))
                            .body(text)
                    }
                }),
            )
            .service(web::redirect("/api/docs", "/api/docs/"))
            .service(SwaggerUi::new("/api/docs/{_:.*}").config(DocsConfig::new(["/api/openapi.json"])))
            .default_service(web::to(page::website))
            .wrap(Compress::default())
            .wrap(cors::from_config(&own.config))
            .wrap(from_fn(headers::wall))
            .wrap(TracingLogger::<Access>::new())
    })
    .workers(parts.config.workers)
    .max_connections(parts.config.connections_max)
    .backlog(4096)
    .shutdown_timeout(parts.config.stop_grace_s)
    .client_request_timeout(Duration::from_secs(parts.config.head_patience_s))
    .tls_handshake_timeout(Duration::from_secs(parts.config.head_patience_s))
    // The end of an answer that is longer than a packet would else wait for a client that is in no hurry to say it had the rest.
    .tcp_nodelay(true)
    .keep_alive(Duration::from_secs(parts.config.keep_alive_s))
    .on_connect(move |connection, kept| visitors.meet(connection, kept))
    .disable_signals();
    let failed = |source| StartError::Listen { addr, source };
    let mut server = match &doors.certificate {
        None => server.listen(doors.main),
        Some(certificate) => server.listen_rustls_0_23(doors.main, certificate.server_config()?),
    }
    .map_err(failed)?;
    if let Some(own) = doors.own {
        server = server.listen(own).map_err(failed)?;
    }
    let server = server.run();
    let mut handles = vec![server.handle()];
    if let Some(listener) = doors.redirect {
        handles.push(lead_over(listener, parts.public_url.clone())?);
    }
    Ok((handles, tokio::spawn(server)))
}
