//! Every id of the API is replaced in turn, by one of the other house, by one that nobody has, by none at all; in addresses, queries
//! and bodies. The caller may do the thing with the right id, so only the id is wrong. That another house has it must not show.

use std::collections::BTreeSet;

use aisle::accounts::needs::{Need, ROUTES};
use aisle::accounts::{Role, Scope};
use serde_json::Value;
use uuid::Uuid;

use super::line::{Line, Shown, names};
use super::lines;
use super::verdict::can_be_without_proof;
use super::world::{Actor, Request, Things, Which, Who, World};
use crate::harness::Answer;

const NONE: [&str; 4] = ["not-an-id", "00000000-0000-0000-0000-00000000000", "%27%20OR%201%3D1", "1"];

fn document() -> Value {
    serde_json::to_value(aisle::startup::openapi_document()).unwrap()
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return resolved(document, &document["components"]["schemas"][name]);
    }
    let ways = ["oneOf", "anyOf", "allOf"].into_iter().flat_map(|word| schema[word].as_array().into_iter().flatten());
    let mut all: Vec<_> = ways.flat_map(|way| resolved(document, way)).collect();
    all.push(schema);
    all
}

/// The names of a body's fields that are ids, at any depth.
fn ids_in(document: &Value, schema: &Value, name: &str, found: &mut BTreeSet<String>) {
    for schema in resolved(document, schema) {
        if schema["format"] == "uuid" {
            found.insert(name.to_owned());
        }
        if !schema["items"].is_null() {
            ids_in(document, &schema["items"], name, found);
        }
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            ids_in(document, field, name, found);
        }
    }
}

fn operation<'a>(document: &'a Value, route: &str) -> &'a Value {
    let (method, pattern) = route.split_once(' ').unwrap();
    &document["paths"][format!("/api/v1{pattern}")][method.to_lowercase()]
}

fn body_schema(operation: &Value) -> Option<&Value> {
    operation.pointer("/requestBody/content/application~1json/schema")
}

/// The field's name, and then one of our things.
fn is_named(text: &str, field: &str) -> bool {
    [format!("\"{field}\": \"$"), format!("\"{field}\": [\"$"), format!("{field}=$")]
        .iter()
        .any(|way| text.contains(way))
}

/// Ids of queries and bodies that no line names, and that nobody would try therefore.
pub fn without_line() -> Vec<String> {
    let (document, lines) = (document(), lines::all());
    let mut missing = Vec::new();
    for route in ROUTES {
        let route = format!("{} {}", route.method, route.pattern);
        let (operation, of_route): (_, Vec<_>) =
            (operation(&document, &route), lines.iter().filter(|line| line.route == route).collect());
        let mut ids = BTreeSet::new();
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            if parameter["in"] == "query" && parameter["schema"]["format"] == "uuid" {
                ids.insert(parameter["name"].as_str().unwrap().to_owned());
            }
        }
        if let Some(schema) = body_schema(operation) {
            ids_in(&document, schema, "", &mut ids);
        }
        let named = |id: &String| of_route.iter().any(|line| is_named(line.body, id) || is_named(line.query, id));
        missing.extend(ids.iter().filter(|id| !named(id)).map(|id| format!("{route}: {id}")));
    }
    missing
}

#[test]
fn a_line_sends_what_the_document_describes() {
    let document = document();
    for line in lines::all().iter().filter(|line| line.body.starts_with('{')) {
        let Some(schema) = body_schema(operation(&document, line.route)) else {
            panic!("{} takes no body", line.route)
        };
        let sent: Value = serde_json::from_str(&line.body.replace("$plan_json", "{}")).unwrap();
        for schema in resolved(&document, schema).iter().filter(|schema| schema["properties"].is_object()) {
            for name in sent.as_object().unwrap().keys() {
                assert!(
                    !schema["properties"][name].is_null(),
                    "{}: the document knows no {name}: {schema}",
                    line.route
                );
            }
            for name in schema["required"].as_array().into_iter().flatten() {
                assert!(!sent[name.as_str().unwrap()].is_null(), "{}: {name} is missing", line.route);
            }
        }
    }
}

/// Whoever may do it in the own house, and nothing in the other.
fn callers(world: &World, line: &Line) -> Vec<(Actor, bool)> {
    let route = line.declared().unwrap();
    let who = |name: &str| world.actor(name).clone();
    let scopes = vec![Scope::InventoryRead, Scope::InventoryHold, Scope::InventoryBook, Scope::OrdersRead];
    let key = Actor {
        name: "key with every scope".to_owned(),
        who: Who::Machine { scopes },
        token: Some(world.own.key.clone()),
        user: None,
    };
    let mut callers = match line.asks.unwrap_or(route.need) {
        Need::Public => vec![(who("stranger"), true)],
        Need::Proof(_, role) => {
            let mut some = vec![(who("stranger"), true)];
            if can_be_without_proof(route, line) {
                some.push((who("stranger"), false));
                some.extend(role.map(|_| (who("organizer"), false)));
            }
            some
        }
        Need::SignedIn => vec![(who("customer"), true)],
        Need::Staff(Role::Scanner) => vec![(who("scanner"), true), (who("organizer"), true)],
        Need::Staff(Role::BoxOffice) => vec![(who("box office"), true), (who("organizer"), true)],
        Need::Staff(Role::Organizer) => vec![(who("organizer"), true)],
        Need::Admin => vec![(who("admin"), true)],
        Need::Machine => vec![],
    };
    if !route.scopes.is_empty() {
        callers.push((key, true));
    }
    callers
}

/// What another house calls by this name and the public does not see.
async fn foreign(world: &World, line: &Line, name: &str, actor: &Actor) -> Option<String> {
    let is_public =
        line.declared()?.need == Need::Public && line.asks.is_none() && !matches!(actor.who, Who::Machine { .. });
    let hidden = match name {
        "show" if is_public => "draft",
        "production" if is_public => "new_production",
        // The public sees every venue that there is.
        "venue" if is_public => return None,
        other => other,
    };
    if line.declared()?.need == Need::Admin {
        return None;
    }
    if name.starts_with("my_") {
        let other = Actor { user: world.actor("scanner").user, ..actor.clone() };
        let mut made = Things::new();
        world.make(name, &other, Which::Foreign, &mut made).await;
        return made.remove(name);
    }
    if let Some(value) = world.foreign.things.get(hidden) {
        return Some(value.clone());
    }
    let mut made = Things::new();
    world.make(hidden, actor, Which::Foreign, &mut made).await;
    made.remove(hidden)
}

fn with(line: &Line, right: &Request, name: &str, value: &str, proof: bool) -> Request {
    let mut things = right.things.clone();
    things.insert(name.to_owned(), value.to_owned());
    let mut request = Request::of(line, things);
    request.headers.clone_from(&right.headers);
    if !proof {
        match line.proof {
            Shown::Headers => request.headers.clear(),
            Shown::Query => request.query.clear(),
            Shown::Body => {}
        }
    }
    request
}

/// The answer as it would be for any id: all that may differ is the id itself, when it was said and under which number.
fn plain(answer: &Answer, id: &str) -> String {
    // Who is refused before their file was read is hung up on or not, as it had come by then or not.
    let apart = ["date", "x-request-id", "connection"];
    let headers = answer.headers.iter().filter(|(name, _)| !apart.contains(&name.as_str()));
    let mut headers: Vec<_> = headers.map(|(name, value)| format!("{name}: {value:?}")).collect();
    headers.sort();
    format!("{} {headers:?} {}", answer.status, answer.text.replace(id, "ID"))
}

/// Where the id stands, and with that how its refusal may look.
fn statuses(line: &Line, name: &str, proof: bool) -> &'static [u16] {
    let need = line.declared().unwrap().need;
    let in_path = names(&line.path()).iter().any(|one| one == name);
    let in_query = names(line.query).iter().any(|one| one == name);
    match need {
        Need::Proof(..) if in_path => &[403, 404],
        Need::Proof(..) if !proof => &[403, 404, 422],
        // The token is another hold's.
        Need::Machine if in_path && line.headers.contains("token") => &[403, 404],
        // The order is proved, and the ticket is none of its.
        _ if name == "ticket" && line.body.contains("\"exchange\"") => &[422],
        // Whoever names a hold proves it.
        _ if !in_path && line.body.contains("\"token\": \"$") => &[403],
        Need::Public if in_query && line.route.starts_with("GET ") => &[200, 304, 404, 101],
        _ if line.narrows && !in_path => &[200],
        _ if line.gives == 404 || in_path => &[404],
        _ if in_query && line.query.contains("actor=") && name == "member" => &[200],
        _ => &[404, 422],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_id_of_another_house_is_told_from_one_that_nobody_has() {
    let world = World::new().await;
    // Everything is made before, so that what comes after must leave no trace.
    let mut tries = Vec::new();
    for line in lines::all() {
        for (caller, proof) in callers(&world, &line) {
            let right = world.request(&line, &caller, Which::Own).await;
            // A ticket type's id is read and never taken: which one it is, its key says.
            let is_taken =
                |name: &String| name != "no_id" && !(name == "ticket_type" && line.route.ends_with("/prices"));
            let is_id = |name: &String| is_taken(name) && Uuid::try_parse(&right.things[name]).is_ok();
            for name in line.things().into_iter().filter(is_id) {
                let theirs = foreign(&world, &line, &name, &caller).await;
                tries.push((line, caller.clone(), proof, name, theirs, right.clone()));
            }
        }
    }
    world.settle().await;
    let before = world.digest().await;
    let (mut sent, mut alike, mut problems) = (0, 0, Vec::new());
    for (line, caller, proof, name, theirs, right) in &tries {
        let ask = async |value: &str| world.send(&with(line, right, name, value, *proof), caller).await;
        let at = format!("{} {:?} ${name} as {}, proof {proof}", line.route, line.query, caller.name);
        let nobodys = aisle::platform::ids::new_id().to_string();
        let unknown = ask(&nobodys).await;
        let wanted = statuses(line, name, *proof);
        if !wanted.contains(&unknown.status.as_u16()) {
            problems.push(format!("{at}: {} {}\n  wanted: {wanted:?}", unknown.status, unknown.text));
        }
        if let Some(theirs) = theirs {
            let (foreign, unknown) = (plain(&ask(theirs).await, theirs), plain(&unknown, &nobodys));
            if foreign != unknown {
                problems.push(format!("{at}:\n  foreign: {foreign}\n  unknown: {unknown}"));
            }
            alike += 1;
        }
        for none in NONE {
            let answer = ask(none).await;
            if !matches!(answer.status.as_u16(), 400 | 403 | 404 | 422) {
                problems.push(format!("{at} = {none:?}: {} {}", answer.status, answer.text));
            }
        }
        sent += 1 + NONE.len();
    }
    problems.extend(world.changed_since(&before).await);
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
    let ids: BTreeSet<_> = tries.iter().map(|(line, _, _, name, ..)| (line.route, name)).collect();
    println!(
        "{} ids of the API, {alike} pairs of a foreign and an unknown one answered alike, {} requests",
        ids.len(),
        sent + alike
    );
    assert!(ids.len() > 80 && alike > 100);
    world.server.stop().await;
}
