//! Where the server listens: one door for everybody, with TLS or without, and two small ones beside a door with TLS.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::http::header;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use tokio::sync::watch;

use super::tls::Certificate;
use super::{StartError, listen};
use crate::http::error::chain;
use crate::platform::config::Config;

/// Where the server listens.
pub(super) struct Doors {
    /// The door that everybody knows.
    pub main: TcpListener,
    /// What is shown there; without it that door is plain.
    pub certificate: Option<Arc<Certificate>>,
    /// Beside a door with TLS, this process reaches itself here: its certificate is made out to another name.
    pub own: Option<TcpListener>,
    /// Plain, and leads to the main one.
    pub redirect: Option<TcpListener>,
}

impl Doors {
    /// Opens them all, so that a second server on the same address learns of it before it touches anything.
    ///
    /// # Errors
    /// When an address is taken, or the certificate's files are not as they should be.
    pub fn open(config: &Config) -> Result<Self, StartError> {
        let unread_max = Duration::from_secs(config.unread_max_s);
        let certificate = match (&config.tls_cert, &config.tls_key) {
            (Some(cert), Some(key)) => Some(Certificate::load(cert, key)?),
            _ => None,
        };
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Ok(Self {
            main: listen(config.listen, unread_max)?,
            own: certificate.as_ref().map(|_| listen(loopback, unread_max)).transpose()?,
            redirect: config.redirect_listen.map(|addr| listen(addr, unread_max)).transpose()?,
            certificate,
        })
    }
}

/// Leads whoever comes without TLS to the public address. Never to what the request calls its host: that is anybody's word.
pub(super) fn lead_over(listener: TcpListener, public_url: String) -> Result<ServerHandle, StartError> {
    async fn lead(request: HttpRequest, public_url: web::Data<String>) -> HttpResponse {
        let rest = request.uri().path_and_query().map_or("/", |rest| rest.as_str());
        HttpResponse::PermanentRedirect()
            .insert_header((header::LOCATION, format!("{}{rest}", **public_url)))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .finish()
    }
    let addr = listener.local_addr().unwrap_or_else(|_| SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)));
    let public_url = web::Data::new(public_url);
    let server = HttpServer::new(move || App::new().app_data(public_url.clone()).default_service(web::to(lead)))
        .workers(1)
        .disable_signals()
        .listen(listener)
        .map_err(|source| StartError::Listen { addr, source })?
        .run();
    let handle = server.handle();
    tokio::spawn(server);
    Ok(handle)
}

/// How often the certificate's files are looked at: who renews it need not tell us.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Shows what the certificate's files hold as soon as they hold something else.
pub(super) async fn follow(certificate: Arc<Certificate>, mut stopping: watch::Receiver<bool>) {
    // A renewal that is half done is a failure each time we look; it is said once.
    let mut said = false;
    loop {
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        match certificate.reload() {
            Ok(changed) => {
                if changed {
                    tracing::info!("New connections are shown the new certificate");
                }
                said = false;
            }
            Err(error) => {
                if !said {
                    tracing::error!(
                        error = chain(&error),
                        "The new certificate cannot be used; the one from before is shown"
                    );
                }
                said = true;
            }
        }
    }
}
