//! What Aisle is measured beside, on the same HTTP stack: a handler that reads a hold, answers it and does nothing, and one that only
//! says the same to all who listen (`/yardstick`), and
//! the usual ways to keep seats in a database, one row for each: `/row-lock` (`SELECT … FOR UPDATE`, then `UPDATE`),
//! `/row-guess` (one `UPDATE` that finds out whether it may), `/row-batch` (one `UPDATE … FROM UNNEST` for all that ask at once); and
//! in Redis, a key for each seat that is taken, by a script: `/redis` at a server that may forget what it was told last, and
//! `/redis-fsync` at one that writes before it answers. `/append` knows no seats: it only keeps what it was told in Postgres before
//! it answers, which is what the others cannot be quicker than.
//!
//! They are tuned in good faith: one short transaction, prepared statements, rows of few bytes with room to be changed in place, no
//! index but the primary key, and a token that says which rows a release is about. They check nobody's rights and keep no history.

mod append;
mod batch;
mod live;
mod redis_keys;
mod rows;
mod shapes;

use std::process::ExitCode;
use std::sync::Arc;

use actix_web::{App, HttpResponse, HttpServer, web};
use clap::Parser;

use append::Appender;
use batch::Batcher;
use live::Teller;
use redis_keys::Keys;
use rows::Rows;
use shapes::{Wish, given, held, refused};

/// Serves the yardstick and the peers.
#[derive(Debug, Parser)]
#[command(name = "aisle-peers", version, about)]
struct Options {
    /// Where to listen; port 0 takes a free one, and says which.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: String,
    /// Where the peers keep their rows; without it there is the yardstick alone.
    #[arg(long, env = "AISLE_PEERS_DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// A Redis that keeps what it is told in memory.
    #[arg(long, env = "AISLE_PEERS_REDIS_URL")]
    redis_url: Option<String>,
    /// A Redis that writes to its disk before it answers: `appendfsync always`.
    #[arg(long, env = "AISLE_PEERS_REDIS_FSYNC_URL")]
    redis_fsync_url: Option<String>,
    /// How many seats there are.
    #[arg(long, default_value_t = 60_000)]
    seats: u32,
    /// Connections to the database.
    #[arg(long, default_value_t = 16)]
    pool: u32,
    /// Threads that serve.
    #[arg(long, default_value_t = 2)]
    workers: usize,
}

async fn yardstick_hold(show: web::Path<String>, wish: web::Json<Wish>) -> HttpResponse {
    held(&show, &wish, "a-token-as-long-as-any-other-token-in-this-house-is.0123456789abcdef")
}

async fn yardstick_release(_path: web::Path<(String, String)>) -> HttpResponse {
    HttpResponse::NoContent().finish()
}

async fn row_hold(rows: web::Data<Rows>, show: web::Path<String>, wish: web::Json<Wish>, lock: bool) -> HttpResponse {
    let Some(seats) = wish.numbers() else { return HttpResponse::UnprocessableEntity().finish() };
    let hold = shapes::new_id();
    let taken = if lock { rows.lock(&seats, hold).await } else { rows.guess(&seats, hold).await };
    answer(taken, &show, &wish, &seats, hold)
}

async fn batch_hold(batcher: web::Data<Batcher>, show: web::Path<String>, wish: web::Json<Wish>) -> HttpResponse {
    let Some(seats) = wish.numbers() else { return HttpResponse::UnprocessableEntity().finish() };
    let hold = shapes::new_id();
    answer(batcher.hold(&seats, hold).await, &show, &wish, &seats, hold)
}

async fn append_hold(
    appender: web::Data<Appender>,
    show: web::Path<uuid::Uuid>,
    wish: web::Json<Wish>,
) -> HttpResponse {
    let Some(Ok(seats)) = wish.numbers().map(<[i32; 2]>::try_from) else {
        return HttpResponse::UnprocessableEntity().finish();
    };
    let hold = shapes::new_id();
    answer(appender.append(*show, hold, seats).await.map(|()| true), &show.to_string(), &wish, &seats, hold)
}

async fn append_release(
    appender: web::Data<Appender>,
    path: web::Path<(uuid::Uuid, uuid::Uuid)>,
    request: actix_web::HttpRequest,
) -> HttpResponse {
    let Some(Ok(seats)) = shapes::token_of(&request).map(<[i32; 2]>::try_from) else {
        return HttpResponse::Forbidden().finish();
    };
    released(appender.append(path.0, path.1, seats).await)
}

/// One of the Redis servers: both are behind the same handlers.
struct Shelf(Keys);

async fn key_hold(shelf: web::Data<Shelf>, show: web::Path<String>, wish: web::Json<Wish>) -> HttpResponse {
    let Some(seats) = wish.numbers() else { return HttpResponse::UnprocessableEntity().finish() };
    let hold = shapes::new_id();
    answer(shelf.0.hold(&seats, hold).await, &show, &wish, &seats, hold)
}

async fn release_keys(
    shelf: web::Data<Shelf>,
    path: web::Path<(String, uuid::Uuid)>,
    request: actix_web::HttpRequest,
) -> HttpResponse {
    let Some(seats) = shapes::token_of(&request) else { return HttpResponse::Forbidden().finish() };
    released(shelf.0.release(&seats, path.1).await)
}

fn answer<E: std::fmt::Display>(
    taken: Result<bool, E>,
    show: &str,
    wish: &Wish,
    seats: &[i32],
    hold: uuid::Uuid,
) -> HttpResponse {
    match taken {
        Ok(true) => shapes::held_as(show, wish, hold, &given(seats)),
        Ok(false) => refused(),
        Err(error) => {
            eprintln!("peers: {error}");
            HttpResponse::InternalServerError().finish()
        }
    }
}

async fn release_rows(
    rows: web::Data<Rows>,
    path: web::Path<(String, uuid::Uuid)>,
    request: actix_web::HttpRequest,
) -> HttpResponse {
    let Some(seats) = shapes::token_of(&request) else { return HttpResponse::Forbidden().finish() };
    released(rows.release(&seats, path.1).await)
}

async fn release_batch(
    batcher: web::Data<Batcher>,
    path: web::Path<(String, uuid::Uuid)>,
    request: actix_web::HttpRequest,
) -> HttpResponse {
    let Some(seats) = shapes::token_of(&request) else { return HttpResponse::Forbidden().finish() };
    released(batcher.release(&seats, path.1).await.map(|_| ()))
}

fn released<E: std::fmt::Display>(done: Result<(), E>) -> HttpResponse {
    match done {
        Ok(()) => HttpResponse::NoContent().finish(),
        Err(error) => {
            eprintln!("peers: {error}");
            HttpResponse::InternalServerError().finish()
        }
    }
}

const HOLDS: &str = "/api/v1/shows/{show}/holds";
const HOLD: &str = "/api/v1/shows/{show}/holds/{hold}";

#[actix_web::main]
async fn main() -> ExitCode {
    match serve(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(options: Options) -> Result<(), Box<dyn std::error::Error>> {
    let rows = match &options.database_url {
        Some(url) => Some(web::Data::from(Arc::new(Rows::open(url, options.pool, options.seats).await?))),
        None => None,
    };
    let batcher = match &options.database_url {
        Some(url) => Some(web::Data::from(Arc::new(Batcher::open(url).await?))),
        None => None,
    };
    let appender = match &options.database_url {
        Some(url) => Some(web::Data::from(Arc::new(Appender::open(url).await?))),
        None => None,
    };
    let mut shelves = Vec::new();
    for (name, url) in [("/redis", &options.redis_url), ("/redis-fsync", &options.redis_fsync_url)] {
        if let Some(url) = url {
            shelves.push((name, web::Data::new(Shelf(Keys::open(url).await?))));
        }
    }
    let teller = web::Data::new(Teller::new());
    let telling = teller.clone();
    actix_web::rt::spawn(async move { telling.tell().await });
    let server = HttpServer::new(move || {
        let mut app = App::new().app_data(teller.clone()).service(
            web::scope("/yardstick")
                .route("/live", web::get().to(live::live))
                .route(HOLDS, web::post().to(yardstick_hold))
                .route(HOLD, web::delete().to(yardstick_release)),
        );
        if let (Some(rows), Some(batcher)) = (&rows, &batcher) {
            app = app
                .app_data(rows.clone())
                .app_data(batcher.clone())
                .service(
                    web::scope("/row-lock")
                        .route(HOLDS, web::post().to(|rows, show, wish| row_hold(rows, show, wish, true)))
                        .route(HOLD, web::delete().to(release_rows)),
                )
                .service(
                    web::scope("/row-guess")
                        .route(HOLDS, web::post().to(|rows, show, wish| row_hold(rows, show, wish, false)))
                        .route(HOLD, web::delete().to(release_rows)),
                )
                .service(
                    web::scope("/row-batch")
                        .route(HOLDS, web::post().to(batch_hold))
                        .route(HOLD, web::delete().to(release_batch)),
                );
        }
        if let Some(appender) = &appender {
            app = app.service(
                web::scope("/append")
                    .app_data(appender.clone())
                    .route(HOLDS, web::post().to(append_hold))
                    .route(HOLD, web::delete().to(append_release)),
            );
        }
        for (name, shelf) in &shelves {
            app = app.service(
                web::scope(name)
                    .app_data(shelf.clone())
                    .route(HOLDS, web::post().to(key_hold))
                    .route(HOLD, web::delete().to(release_keys)),
            );
        }
        app
    })
    .workers(options.workers)
    .backlog(4096)
    .tcp_nodelay(true)
    .bind(&options.listen)?;
    for addr in server.addrs() {
        println!("listening on http://{addr}");
    }
    server.run().await?;
    Ok(())
}
