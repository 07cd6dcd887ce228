//! Who may import what. The rooms of `src/` stand on floors; each imports only from below its own, so there is no circle.

use crate::none_of;
use crate::source::{SourceFile, paths_in, tree};

/// The floor of each room in `src/`. A new room is given its floor here before it imports anything.
const FLOORS: [(&str, u8); 16] = [
    ("startup", 9),
    ("admin", 8),
    ("demo", 8),
    ("orders", 7),
    ("holds", 6),
    ("tickets", 6),
    ("catalog", 5),
    ("accounts", 4),
    ("notify", 3),
    ("payments", 3),
    ("http", 2),
    ("cluster", 2),
    ("platform", 1),
    // Above the house: the command line and the library's table of contents.
    ("cli", 10),
    ("main", 10),
    ("lib", 10),
];

/// What `actors/core` may depend on: nothing that reads a clock, a disk or the network.
const CORE_CRATES: [&str; 3] = ["serde", "thiserror", "uuid"];

const CORE_NEVER: [&str; 14] = [
    "tokio::",
    "actix::",
    "sqlx::",
    "tracing::",
    "rand::",
    "getrandom::",
    "std::fs",
    "std::net",
    "std::thread",
    "std::env",
    "std::process",
    "std::time::SystemTime",
    "std::time::Instant",
    "std::io",
];

fn floor(room: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}

/// `src/orders/store.rs` is in the room `orders`, `src/startup.rs` in `startup`.
fn room_of(path: &str) -> Option<&str> {
    let inside = path.strip_prefix("src/")?.strip_suffix(".rs")?;
    Some(inside.split('/').next().unwrap_or(inside))
}

/// `src/orders/routes.rs` and `src/orders/routes/refunds.rs` are both the door `routes` of their room.
fn is_door(path: &str, door: &str) -> bool {
    path.strip_suffix(".rs").unwrap_or(path).split('/').nth(2) == Some(door)
}

fn begins_with(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix.trim_end_matches("::")).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// The rooms and floors of `src/`, and the doors within a room.
fn rooms(files: &[SourceFile]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files {
        let Some(room) = room_of(&file.path) else { continue };
        let Some(own_floor) = floor(room) else {
            complaints.push(format!("{}: the room `{room}` has no floor in tests/tidy/imports.rs", file.path));
            continue;
        };
        for path in paths_in(&file.text) {
            complaints
                .extend(wrong_path(file, room, own_floor, &path).map(|why| format!("{}: {path}: {why}", file.path)));
        }
    }
    complaints
}

fn wrong_path(file: &SourceFile, room: &str, own_floor: u8, path: &str) -> Option<String> {
    let mut segments = path.split("::");
    let (first, second, third) = (segments.next(), segments.next(), segments.next());
    let routes = is_door(&file.path, "routes");
    let store = is_door(&file.path, "store");
    if first == Some("crate")
        && let Some(other) = second
        && other != room
        && let Some(other_floor) = floor(other)
    {
        if other_floor >= own_floor {
            return Some(format!(
                "`{room}` (floor {own_floor}) imports only from below, not `{other}` ({other_floor})"
            ));
        }
        if routes && third == Some("store") {
            return Some("handlers do not reach into another room's store".to_owned());
        }
        if store && other == "http" {
            return Some("a store knows no HTTP".to_owned());
        }
    }
    if routes && first == Some("sqlx") {
        return Some("handlers hold no SQL; it lives in the room's store".to_owned());
    }
    if store && matches!(first, Some("actix_web" | "actix_ws")) {
        return Some("a store knows no HTTP".to_owned());
    }
    if (store || room == "platform") && first == Some("aisle_actors") && second != Some("core") {
        return Some("only the core's words may be used here, not the actors".to_owned());
    }
    None
}

/// What the crates beside the server may name in their code.
fn crates(files: &[SourceFile]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with(".rs")) {
        let never: &[&str] = if file.path.starts_with("actors/core/src/") {
            &CORE_NEVER
        } else if file.path.starts_with("actors/src/postgres") {
            &["actix_web", "aisle"]
        } else if file.path.starts_with("actors/src/") {
            &["sqlx", "actix_web", "aisle"]
        } else if file.path.starts_with("benches/") {
            &["actix_web", "reqwest", "aisle::http", "aisle::startup"]
        } else if file.path.starts_with("tests/sim/") {
            &["sqlx", "tokio", "actix", "actix_web", "aisle"]
        } else if file.path.starts_with("tests/seed/") {
            &["actix", "actix_web", "aisle"]
        } else if file.path.starts_with("loadtest/") {
            &["aisle", "aisle_actors", "aisle_core"]
        } else {
            continue;
        };
        for path in paths_in(&file.text) {
            if let Some(ban) = never.iter().find(|ban| begins_with(&path, ban)) {
                complaints.push(format!(
                    "{}: {path}: `{}` is not for this crate",
                    file.path,
                    ban.trim_end_matches("::")
                ));
            }
        }
    }
    complaints
}

/// What the manifests may depend on.
fn manifests(files: &[SourceFile]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with("Cargo.toml")) {
        for name in dependencies(&file.text) {
            let allowed = match file.path.as_str() {
                "actors/core/Cargo.toml" => CORE_CRATES.contains(&name.as_str()),
                "actors/Cargo.toml" => name != "actix-web" && name != "aisle",
                "loadtest/Cargo.toml" => !name.starts_with("aisle"),
                _ => true,
            };
            if !allowed {
                complaints.push(format!("{}: this crate does not depend on `{name}`", file.path));
            }
        }
    }
    complaints
}

/// The names in `[dependencies]`; what tests use is their own affair.
fn dependencies(manifest: &str) -> Vec<String> {
    let mut within = false;
    let mut names = Vec::new();
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            within = line == "[dependencies]";
        } else if within && let Some((name, _)) = line.split_once(['.', '=', ' ']) {
            names.push(name.to_owned());
        }
    }
    names
}

#[test]
fn each_room_imports_only_from_below() {
    none_of(rooms(&tree()));
}

#[test]
fn each_crate_keeps_to_its_own_kind() {
    let files = tree();
    none_of(crates(&files));
    none_of(manifests(&files));
}

#[test]
fn a_planted_import_is_found() {
    let planted = [
        ("src/payments/gateway.rs", "use crate::orders::Order;"),
        ("src/payments/gateway.rs", "use crate::notify::outbox;"),
        ("src/platform/config.rs", "fn f() -> crate::http::Problem {}"),
        ("src/platform/keys.rs", "use aisle_actors::{Shows, core::ShowId};"),
        ("src/orders/routes.rs", "use sqlx::PgPool;"),
        ("src/orders/routes/refunds.rs", "use sqlx::PgPool;"),
        ("src/orders/routes.rs", "use crate::{catalog::store::price_table};"),
        ("src/orders/store.rs", "use actix_web::HttpResponse;"),
        ("src/orders/store.rs", "use crate::http::Problem;"),
        ("src/orders/store/lines.rs", "use aisle_actors::ShowHandle;"),
        ("src/cellar.rs", ""),
    ];
    for (path, text) in planted {
        assert_eq!(rooms(&[SourceFile::planted(path, text)]).len(), 1, "{path}: {text}");
    }
    let proper = [
        (
            "src/orders/routes.rs",
            "use crate::{http::Json, payments::Gateway, orders::store}; use aisle_actors::ShowHandle;",
        ),
        ("src/orders/store.rs", "use sqlx::PgPool; use crate::platform::ids; use aisle_actors::core::ShowId;"),
        ("src/startup.rs", "use crate::admin; use crate::platform::config::Config;"),
        ("src/platform/config.rs", "// crate::http is above us"),
    ];
    for (path, text) in proper {
        none_of(rooms(&[SourceFile::planted(path, text)]));
    }
}

#[test]
fn a_planted_crate_is_found() {
    let planted = [
        ("actors/core/src/show.rs", "let now = std::time::SystemTime::now();"),
        ("actors/core/src/show.rs", "use std::{collections::BTreeMap, fs::File};"),
        ("actors/core/src/show.rs", "tracing::info!(1);"),
        ("actors/src/turn.rs", "use sqlx::PgPool;"),
        ("actors/src/postgres/journal.rs", "use actix_web::web;"),
        ("benches/journal.rs", "use aisle::http::Problem;"),
        ("tests/sim/src/house.rs", "use aisle::orders::Checkout;"),
        ("tests/seed/src/house.rs", "use aisle::catalog::Catalog;"),
        ("loadtest/src/main.rs", "use aisle_core::SeatNo;"),
    ];
    for (path, text) in planted {
        assert_eq!(crates(&[SourceFile::planted(path, text)]).len(), 1, "{path}: {text}");
    }
    none_of(crates(&[SourceFile::planted("actors/src/postgres/journal.rs", "use sqlx::PgPool; use aisle_core::Seq;")]));

    let manifest =
        "[dependencies]\nserde.workspace = true\ntokio = \"1\"\n[dev-dependencies]\nproptest.workspace = true\n";
    assert_eq!(manifests(&[SourceFile::planted("actors/core/Cargo.toml", manifest)]).len(), 1);
    none_of(manifests(&[SourceFile::planted("actors/Cargo.toml", manifest)]));
}
